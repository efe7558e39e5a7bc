// SPDX-License-Identifier: MIT
// The public suite's cases in memory: a fuzzer that writes what a case says, an echoing host that is
// tested in either role, and a judgement as strict as the suite's OK: the octets written, in their
// order, who closes, with which code, and who ends the transport. tests/data/autobahn_cases.tsv lists
// the cases; each has a row, and a list that differs from the rows fails.
#pragma once

#include "support/catch.hpp"
#include "support/drive.hpp"
#include "support/octets.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hawse::test::autobahn {

// Frames. The suite's names for them: what begins a message, goes on with it, or ends it.

struct Frame {
    unsigned first = 0;  ///< the first octet
    std::string payload = {};
};
using Frames = std::vector<Frame>;

inline Frame text(std::string payload = {}) { return {0x81, std::move(payload)}; }
inline Frame binary(std::string payload = {}) { return {0x82, std::move(payload)}; }
inline Frame begins_text(std::string payload = {}) { return {0x01, std::move(payload)}; }
inline Frame goes_on(std::string payload = {}) { return {0x00, std::move(payload)}; }
inline Frame ends(std::string payload = {}) { return {0x80, std::move(payload)}; }
inline Frame ping(std::string payload = {}) { return {0x89, std::move(payload)}; }
inline Frame pong(std::string payload = {}) { return {0x8A, std::move(payload)}; }
inline Frame closes() { return {0x88}; }
inline Frame closes(unsigned code, std::string_view reason = {}) {
    std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    return {0x88, payload.append(reason)};
}

inline std::string characters(ConstBytes octets) { return std::string(as_text(octets)); }

/// A message of `kind` cut into frames of `size` octets; an empty one is one frame.
inline Frames in_frames(MessageKind kind, std::string_view payload, std::size_t size) {
    Frames frames;
    do {
        frames.push_back({0x00, std::string(payload.substr(0, size))});
        payload.remove_prefix(frames.back().payload.size());
    } while (!payload.empty());
    frames.front().first |= kind == MessageKind::text ? 0x01 : 0x02;
    frames.back().first |= 0x80;
    return frames;
}

inline Octets octets_of(Role from, const Frames& frames) {
    if (frames.size() == 1)
        return frame(from, frames[0].first, std::string_view(frames[0].payload));
    Octets octets;
    for (const Frame& one : frames)
        append(octets, frame(from, one.first, std::string_view(one.payload)));
    return octets;
}

/// What the fuzzer writes at once.
struct Cut {
    bool by_frame = false;
    std::size_t size = SIZE_MAX;
};
inline constexpr Cut at_once = {};
inline constexpr Cut by_frame = {true, SIZE_MAX};
inline constexpr Cut by_octet = {false, 1};
constexpr Cut by(std::size_t size) { return {false, size}; }

/// How a case is to end.
struct Ending {
    enum class Way : std::uint8_t { fuzzer_closes, closed, failed } way;
    std::string told;   ///< by the events about it, all of them
    unsigned code = 0;  ///< with which it failed
};

/// The fuzzer closes with 1000 when it has heard all, and that comes back.
inline Ending clean() {
    return {Ending::Way::fuzzer_closes,
            "closing 1000 \"\"\nclosed clean sent 1000 received 1000 \"\" none"};
}
/// The Close of the case has been answered with `sent`. `dropped` when it came inside a message.
inline Ending closed(unsigned received, unsigned sent, std::string_view reason = {},
                     bool dropped = false) {
    const std::string why = quoted(as_bytes(reason));
    return {Ending::Way::closed, "closing " + std::to_string(received) + ' ' + why +
                                     (dropped ? " dropped" : "") + "\nclosed clean sent " +
                                     std::to_string(sent) + " received " +
                                     std::to_string(received) + ' ' + why + " none"};
}
/// The testee fails the connection, and does not leave it to the fuzzer.
inline Ending fails(unsigned code, std::string_view violation) {
    const std::string number = std::to_string(code);
    return {Ending::Way::failed,
            "failed " + number + ' ' + std::string(violation) + "\nclosed unclean sent " + number +
                " received 1006 \"\" violation",
            code};
}

/// What an opening says of extensions, nothing as it stands: the fuzzer, in its offer or its answer, and
/// what it must hear; and the echoing host's policy.
struct Spoken {
    std::string by_fuzzer = {};
    std::string by_testee = {};
    DeflatePolicy policy = {};
};

/// One conversation between the fuzzer and an echoing host.
class Fuzzer {
public:
    /// `spoken` is negotiated in an opening handshake, as it stands.
    Fuzzer(Role testee, Drain drain, const Spoken& spoken = {});

    [[nodiscard]] const DeflateAgreement& deflate() const noexcept { return deflate_; }
    [[nodiscard]] Role testee() const noexcept { return testee_; }

    void say(const Frames& frames, Cut cut = at_once);
    void write(ConstBytes octets, std::size_t piece_size = SIZE_MAX);
    void wait() { drive_.pass(seconds(1)); }
    /// The testee has written these since it was last asked, octet for octet, and nothing else.
    void hear(const Frames& frames);
    void hear_ending(const Ending& ending);
    /// The frames that the testee has written since it was last asked.
    [[nodiscard]] std::vector<WireFrame> heard();

private:
    struct EchoRig : Rig {
        explicit EchoRig(const Spoken& spoken) noexcept;
    };
    [[nodiscard]] DeflateAgreement opened(const Spoken& spoken) const;
    static void echo(Connection& connection, const Event& event);
    [[nodiscard]] std::string told_of_ending() const;

    Role testee_;
    EchoRig rig_;
    DeflateAgreement deflate_;
    Drive drive_;
};

/// What a case says and hears, in its order.
class Script {
public:
    using Act = std::function<void(Fuzzer&)>;

    Script&& say(Frames frames, Cut cut = at_once) && {
        return std::move(*this).act(
            [frames = std::move(frames), cut](Fuzzer& fuzzer) { fuzzer.say(frames, cut); });
    }
    Script&& hear(Frames frames) && {
        return std::move(*this).act(
            [frames = std::move(frames)](Fuzzer& fuzzer) { fuzzer.hear(frames); });
    }
    Script&& wait() && {
        return std::move(*this).act([](Fuzzer& fuzzer) { fuzzer.wait(); });
    }
    Script&& act(Act act) && {
        acts_.push_back(std::move(act));
        return std::move(*this);
    }
    void run(Fuzzer& fuzzer) const {
        for (const Act& act : acts_) act(fuzzer);
    }

private:
    std::vector<Act> acts_;
};

struct Case {
    std::string number;
    Script script;
    Ending ending;
    Spoken spoken = {};
};

/// The rows of some groups of cases, known to all of the program.
class Group {
public:
    using Rows = std::vector<Case> (*)(Role testee);

    /// `names` as the data has them, and `rows` in the order of the data.
    Group(std::vector<std::string> names, Rows rows,
          std::vector<Drain> drains = {Drain::all, Drain::nothing});
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

    /// Runs every row in both roles, and compares their numbers with the data.
    void judge();

    [[nodiscard]] bool judged() const noexcept { return judged_; }
    [[nodiscard]] bool has(const std::string& name) const;

    static std::vector<Group*>& all();
    /// "9.1.1 server" for each row that came to its end.
    static std::vector<std::string>& ran();

private:
    std::vector<std::string> names_;
    Rows rows_;
    std::vector<Drain> drains_;
    bool judged_ = false;
};

/// A row of the data.
struct Listed {
    std::string number;
    std::string group;
    std::string title;
};
const std::vector<Listed>& listed();

}  // namespace hawse::test::autobahn
