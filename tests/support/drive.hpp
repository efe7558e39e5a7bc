// SPDX-License-Identifier: MIT
// Drives one Connection by its public face: lends octets in given pieces, pulls every event, drains
// the output, and writes down in words what it saw. What it wrote down must not depend on the cuts.
#pragma once

#include "hawse/hawse.hpp"
#include "support/counting_allocator.hpp"
#include "support/octets.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test {

/// Keys that count upwards, written down as they are drawn.
struct ScriptedEntropy {
    std::uint32_t next = 0x37FA213D;
    std::vector<std::uint32_t> drawn = {};
    bool dry = false;

    [[nodiscard]] Entropy face() noexcept { return {fill, this}; }

    static bool fill(void* context, std::byte* into, std::size_t size) noexcept {
        auto& self = *static_cast<ScriptedEntropy*>(context);
        if (self.dry) return false;
        for (std::size_t index = 0; index < size; ++index)
            into[index] = static_cast<std::byte>(self.next >> (8 * (3 - index % 4)));
        self.drawn.push_back(self.next);
        self.next += 0x9E3779B9;
        return true;
    }
};

/// What a Connection needs around it. The pool keeps nothing, so that each use after a release is
/// seen. It outlives the Connection.
struct Rig {
    CountingAllocator allocator = {};
    Pool pool{allocator.face(), 0};
    ScriptedEntropy entropy = {};
    Config config = {};

    Rig() noexcept {
        config.pool = &pool;
        config.entropy = entropy.face();
    }
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;
    ~Rig() {
        pool.trim();  // compressors stay until then
        if (allocator.live_size() != 0) std::abort();  // a leak; a destructor cannot fail a test
    }
};

inline std::string name_of(CloseCode code) { return std::to_string(static_cast<unsigned>(code)); }

/// An event in words. Octets in quotes, those that do not print in hex.
inline std::string in_words(const Event& event) {
    const std::string kind = event.message_kind() == MessageKind::text ? "text " : "binary ";
    switch (event.kind()) {
        case EventKind::none: return "none";
        case EventKind::request:
        case EventKind::response:
        case EventKind::opened: return hawse::name_of(event.kind());
        case EventKind::message: return kind + quoted(event.payload());
        case EventKind::part: return "part of " + kind + quoted(event.payload());
        case EventKind::frame: return "frame " + quoted(event.payload());
        case EventKind::ping: return "ping " + quoted(event.payload());
        case EventKind::pong: return "pong " + quoted(event.payload());
        case EventKind::closing:
            return "closing " + name_of(event.code_received()) + " " + quoted(event.payload()) +
                   (event.message_dropped() ? " dropped" : "");
        case EventKind::failed:
            return "failed " + name_of(event.code_sent()) + " " +
                   (event.cause() == Cause::violation ? describe(event.violation()).name
                                                      : hawse::name_of(event.cause()));
        case EventKind::closed:
            return std::string("closed ") + (event.clean() ? "clean" : "unclean") + " sent " +
                   name_of(event.code_sent()) + " received " + name_of(event.code_received()) +
                   " " + quoted(event.payload()) + " " + hawse::name_of(event.cause());
    }
    return "an unknown event";
}

/// What was told, one line for each event; adjacent parts of one message are joined.
class Story {
public:
    void tell(const Event& event) {
        if (event.is_frame()) return tell_frame(event);
        if (!event.is_part()) {
            write_part();
            lines_.push_back(in_words(event));
            part_open_ = false;
            return;
        }
        begin_part(event, event.first() ? "first " : "next ");
        part_words_ = part_head_ + (event.last() ? "last " : "") + "part of " +
                      (event.message_kind() == MessageKind::text ? "text " : "binary ");
    }

    [[nodiscard]] const std::vector<std::string>& lines() const {
        write_part();
        return lines_;
    }
    [[nodiscard]] std::string text() const {
        std::string joined;
        for (const std::string& line : lines()) joined += joined.empty() ? line : "\n" + line;
        return joined;
    }
    void forget() {
        lines_.clear();
        part_open_ = part_unwritten_ = false;
    }

private:
    // Pieces of one frame: nothing comes between them.
    void tell_frame(const Event& event) {
        begin_part(event, event.first() ? "" : "rest of ");
        const std::array first = {std::byte{event.first_octet()}};
        part_words_ = part_head_ + (event.last() ? "" : "begun ") + "frame " + hex(first) + " ";
    }

    void begin_part(const Event& event, std::string_view head) {
        if (event.first() || !part_open_) {
            write_part();
            lines_.emplace_back();
            part_.clear();
            part_head_ = head;
        }
        append(part_, event.payload());
        part_open_ = !event.last();
        part_unwritten_ = true;
    }

    // Once it is looked at, or over: many small parts would be written down again and again.
    void write_part() const {
        if (part_unwritten_) lines_.back() = part_words_ + quoted(part_);
        part_unwritten_ = false;
    }

    mutable std::vector<std::string> lines_;
    std::string part_head_;
    std::string part_words_;
    Octets part_;
    bool part_open_ = false;
    mutable bool part_unwritten_ = false;
};

/// How a Drive behaves after each event.
enum class Drain : std::uint8_t { all, nothing, by_one, gather };

/// One Connection and the host around it.
class Drive {
public:
    Drive(Rig& rig, Role role, Drain drain = Drain::all, std::uint8_t reserved_bits = 0)
        : Drive(rig, Agreement{.role = role, .reserved_bits = reserved_bits}, drain) {}
    Drive(Rig& rig, const Agreement& agreement, Drain drain = Drain::all)
        : rig_(rig), connection_(rig.config, agreement, now), drain_(drain) {}

    Connection* operator->() noexcept { return &connection_; }
    Connection& operator*() noexcept { return connection_; }

    /// Lends `octets` in memory of exactly their size, which is gone when all is pulled.
    Drive& feed(ConstBytes octets) {
        const std::unique_ptr<std::byte[]> place(new std::byte[octets.size()]);
        if (!octets.empty()) std::memcpy(place.get(), octets.data(), octets.size());
        last_refusal = connection_.receive({place.get(), octets.size()}, now);
        if (last_refusal == Refusal::none && octets.empty()) return pull();
        if (last_refusal == Refusal::none) pull();
        return *this;
    }
    Drive& end(TransportEnd how = TransportEnd::orderly) {
        connection_.receive_end(how, now);
        return pull();
    }
    Drive& pass(Duration duration) {
        now = now + duration;
        connection_.advance(now);
        return pull();
    }
    /// Pulls until there is nothing, draining after each event.
    Drive& pull() {
        settle();
        while (const Event event = connection_.next_event()) {
            story.tell(event);
            if (host) host(connection_, event);
            settle();
        }
        settle();
        return *this;
    }
    Drive& write_ended() {
        connection_.write_ended(now);
        return pull();
    }
    /// Writes all that there is to write.
    Drive& drain() {
        std::array<std::byte, 512> piece;
        while (const std::size_t size = connection_.write_output(piece, now))
            output.insert(output.end(), piece.begin(), piece.begin() + std::ptrdiff_t(size));
        return *this;
    }
    /// Takes what was written since the last call, as hex.
    std::string taken() {
        drain();
        const std::string written = hex(output);
        output.clear();
        return written;
    }
    /// Takes what was told since the last call.
    std::string told() {
        pull();
        const std::string text = story.text();
        story.forget();
        return text;
    }

    Story story = {};
    std::function<void(Connection&, const Event&)> host = {};  ///< what it does with each event
    Octets output = {};
    Time now = {1'000'000'000};
    Refusal last_refusal = Refusal::none;

private:
    void settle() {
        if (drain_ == Drain::all) drain();
        if (drain_ == Drain::by_one) drain_by_one();
        if (drain_ == Drain::gather) drain_by_gather();
    }
    void drain_by_one() {
        std::array<std::byte, 1> piece;
        while (connection_.write_output(piece, now) != 0) output.push_back(piece[0]);
    }
    void drain_by_gather() {
        std::array<Slice, 3> slices;
        while (const std::size_t count = connection_.gather(slices)) {
            std::size_t size = 0;
            for (std::size_t index = 0; index < count; ++index) size += slices[index].size();
            const std::size_t taken = size - size / 3;
            std::size_t left = taken;
            for (std::size_t index = 0; index < count && left != 0; ++index) {
                const ConstBytes bytes = slices[index].bytes();
                const ConstBytes part = bytes.first(std::min(left, bytes.size()));
                output.insert(output.end(), part.begin(), part.end());
                left -= part.size();
            }
            connection_.wrote(taken, now);
        }
    }

    Rig& rig_;
    Connection connection_;
    Drain drain_;
};

/// What may not depend on the cuts.
struct Outcome {
    std::string story;
    std::string output;
    State state = State::open;
    unsigned wants = 0;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

inline std::string in_words(const Outcome& outcome) {
    return outcome.story + "\noutput " + outcome.output + "\nstate " + name_of(outcome.state) +
           " wants " + std::to_string(outcome.wants);
}

/// A conversation that is to be replayed: who we are, how we are set up, and what comes.
struct Replay {
    Role role = Role::server;
    std::function<void(Config&)> configure = [](Config&) {};
    std::function<void(Drive&)> before = [](Drive&) {};  ///< calls before the input
    std::function<void(Drive&)> after = [](Drive&) {};   ///< calls behind it
    Drain drain = Drain::all;
    std::uint8_t reserved_bits = 0;
    DeflateAgreement deflate = {};

    /// Feeds `input`, cut at the given offsets.
    [[nodiscard]] Outcome run(ConstBytes input, std::span<const std::size_t> cuts = {}) const {
        Rig rig;
        configure(rig.config);
        const Agreement agreement{
            .role = role, .reserved_bits = reserved_bits, .deflate = deflate};
        Drive drive(rig, agreement, drain);
        before(drive);
        std::size_t from = 0;
        for (const std::size_t cut : cuts) {
            drive.feed(input.subspan(from, cut - from));
            from = cut;
        }
        drive.feed(input.subspan(from));
        after(drive);
        drive.drain();
        return {drive.story.text(), hex(drive.output), drive->state(), drive->wants().bits()};
    }
};

inline std::vector<std::size_t> random_cuts(std::size_t size, std::minstd_rand& random) {
    std::vector<std::size_t> cuts;
    const std::size_t stride = 1 + random() % 40;
    for (std::size_t at = random() % stride; at < size; at += 1 + random() % stride)
        cuts.push_back(at);
    return cuts;
}

/// What an input gave whole, and where another way to cut or drain it first gave something else.
struct EveryCut {
    Outcome whole;
    std::string difference = {};  ///< empty when there is none

    void compare(const Outcome& cut, std::string_view where) {
        if (whole == cut || !difference.empty()) return;
        difference = std::string(where) + "\n" + in_words(cut) + "\nand whole\n" + in_words(whole);
    }
};

/// Replays `input` whole, octet by octet, at every single cut, at random cuts and with every way to
/// drain.
inline EveryCut run_at_every_cut(Replay replay, ConstBytes input, unsigned seed = 1) {
    EveryCut result{replay.run(input)};
    std::vector<std::size_t> each;
    for (std::size_t at = 1; at < input.size(); ++at) each.push_back(at);
    result.compare(replay.run(input, each), "octet by octet");
    const std::size_t step = 1 + input.size() / 1024;
    for (std::size_t at = 1; at < input.size(); at += step)
        result.compare(replay.run(input, std::array{at}), "cut at " + std::to_string(at));
    std::minstd_rand random(seed);
    for (int round = 0; round < 2; ++round) {
        const auto cuts = random_cuts(input.size(), random);
        result.compare(replay.run(input, cuts), "random cuts " + std::to_string(seed));
        replay.drain = round == 0 ? Drain::by_one : Drain::gather;
        result.compare(replay.run(input, cuts), "another way to drain");
    }
    return result;
}

}  // namespace hawse::test
