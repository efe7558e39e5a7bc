// SPDX-License-Identifier: MIT
// Transcripts: conversations written down, octets in and events out. This is the notation, how it is
// read and how it is written; tests/transcripts/README.md tells it to people.
#pragma once

#include "hawse/config.hpp"
#include "hawse/role.hpp"
#include "support/octets.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hawse::test::replay {

/// What a block drives.
enum class Driven : std::uint8_t { connection, session, handshake };

/// What a host may do.
enum class Verb : std::uint8_t {
    // Of the opening.
    start,
    accept,
    reject,
    // Of the conversation.
    send,
    begin,
    part,
    last,
    ping,
    close,
    // Of the transport and the clock.
    end,
    broken,
    write_ended,
    abort,
    tick,
    stall,
    flow,
    write,
    gather,
};

/// One call and what it is given.
struct Call {
    Verb verb = Verb::end;
    bool is_text = false;
    std::uint64_t number = 0;  ///< a code, a status, a size, or nanoseconds
    Octets octets = {};
    std::string url = {}, origin = {};
    std::vector<std::string> subprotocols = {};
    std::vector<std::pair<std::string, std::string>> fields = {};
    std::string refusal = "none";
};

/// One line of a block, behind the setup.
struct Step {
    char sign = ' ';  ///< > < = ! or ?
    std::size_t line = 0;
    std::string_view source = {};
    Octets octets = {};      ///< of > and <
    std::string words = {};  ///< of = and ?, as they are compared
    Call call = {};          ///< of !
};

struct Block {
    std::size_t line = 0;  ///< of its first line
    Role role = Role::server;
    Driven driven = Driven::connection;
    Config config = {};  ///< without pool and entropy
    std::vector<std::string_view> setup = {};
    std::vector<Step> steps = {};
    std::size_t end_line = 0;
};

/// A file; it views the text that it was read from.
struct Transcript {
    std::string_view title = {};
    std::vector<std::string_view> lines = {};
    std::vector<Block> blocks = {};
    std::string fault =
        {};  ///< "line 14: expected an event, found ..."; empty when it can be played
};

Transcript read_transcript(std::string_view text);
Transcript read_transcript(std::string&& gone) = delete;

/// Octets in quotes, with escapes; in hex when fewer than half of them print.
std::string in_notation(ConstBytes octets);

/// What went out as lines that begin with `<`: heads line by line, frames as frames, else in hex.
std::vector<std::string> output_in_notation(ConstBytes octets, Role from);

/// An event in the words of in_words(Event), so that it can be read again.
std::string event_in_notation(std::string_view words);

/// A span of time: "2 s", "1500 ms".
std::string in_notation(Duration duration);

}  // namespace hawse::test::replay
