// SPDX-License-Identifier: MIT
// Transcripts in motion: lines become beats, beats are played in one way or another, and what happened
// is written down again.
#pragma once

#include "replay/transcript.hpp"
#include "replay/transcript_host.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test::replay {

/// One input or one call, and what follows from it.
struct Beat {
    std::size_t line = 0;
    bool takes_input = false;
    std::string_view source = {};  ///< the last line of the input
    Octets input = {};
    const Step* call = nullptr;
    std::vector<const Step*> events = {}, outputs = {}, questions = {};
};

/// What happened in one beat.
struct Found {
    std::vector<std::string> events = {};
    Octets output = {};
    std::vector<std::string> answers = {};
    std::string refusal = "none";

    friend bool operator==(const Found&, const Found&) = default;
};

/// One way to play a block.
struct Way {
    std::string name = "as it is written";
    Drain drain = Drain::all;
    std::size_t stride = SIZE_MAX;  ///< size of each piece of input
    std::size_t cut_beat = SIZE_MAX, cut_at = 0;
    unsigned seed = 0;  ///< of random cuts; 0 cuts nothing
    bool lands = false;
};

/// Lines of input with nothing between them are one input, unless each is to be told alone.
std::vector<Beat> beats_of(const Block& block, bool line_by_line = false);

/// Inputs that only expectations stand between are one input to a host that was slow to read.
std::vector<Beat> joined_beats(const std::vector<Beat>& beats);

/// What the lines of a beat say.
Found wanted_of(const Beat& beat);

/// Answers what happened in each beat, and which arrows were taken.
std::vector<Found> play(const Block& block, const std::vector<Beat>& beats, const Way& way,
                        std::vector<Taken>* arrows = nullptr);

std::string in_words(const Found& found, Role role);

/// The page again, with the source of each line where it holds, else what was found in its place.
std::string told_page(const Transcript& transcript);

}  // namespace hawse::test::replay
