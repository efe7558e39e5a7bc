// SPDX-License-Identifier: MIT
// Who plays a transcript: a connection, a session or a bare handshake in memory of its own, a host
// around it that does what the lines say, and a transport that takes output, or does not.
#pragma once

#include "connection/lifecycle.hpp"
#include "replay/transcript.hpp"
#include "support/drive.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test::replay {

/// What was told, one line for each event.
class Told {
public:
    void tell(const Event& event);
    void tell(std::string line) {
        forget_parts();
        lines_.push_back(std::move(line));
    }
    std::vector<std::string> take() {
        forget_parts();
        return std::move(lines_);
    }

private:
    void forget_parts() {
        story_.forget();
        told_ = 0;
    }
    Story story_;
    std::size_t told_ = 0;
    std::vector<std::string> lines_;
};

/// The verbs that a connection, a session and both handshakes have, with one face.
class Subject {
public:
    virtual ~Subject() = default;
    virtual Refusal receive(Bytes octets, Time now) = 0;
    virtual Bytes landing() { return {}; }
    virtual std::size_t landed(std::size_t, Time) { return 0; }
    virtual EventKind next_event(Told& told) = 0;
    virtual void receive_end(TransportEnd end, Time now) = 0;
    virtual std::size_t gather(std::span<Slice> slices) = 0;
    virtual void wrote(std::size_t size, Time now) = 0;
    virtual std::size_t write_output(Bytes into, Time now) = 0;
    virtual void write_ended(Time now) = 0;
    virtual void abort(Time now) = 0;
    virtual void advance(Time now) = 0;
    [[nodiscard]] virtual Wants wants() const = 0;
    [[nodiscard]] virtual Time deadline() const = 0;
    [[nodiscard]] virtual std::size_t output_size() const = 0;
    /// Of the opening, and close(): nothing when it has no such call.
    virtual std::optional<Refusal> carry_out(const Call&) { return std::nullopt; }
    /// Of what an opening shows; "unknown" when it has no such thing.
    virtual std::string answer(std::string_view) { return "unknown"; }
    virtual Connection* conversation() { return nullptr; }
};

std::unique_ptr<Subject> subject_of(const Block& block, const Config& config, Time now);

/// An arrow of the lifecycle.
struct Taken {
    connection::Phase from;
    connection::Moment moment;
};

/// Where a Connection stands, seen from outside: what it tells, what it wants, and in which state it is.
class PhaseWatch {
public:
    void begin(const Call* call) noexcept;
    void see(EventKind kind) noexcept;
    void look(const Connection& connection, Role role) noexcept;
    [[nodiscard]] connection::Phase phase() const noexcept { return phase_; }
    [[nodiscard]] const std::vector<Taken>& arrows() const noexcept { return arrows_; }

private:
    void go(connection::Phase to) noexcept;
    [[nodiscard]] connection::Moment moment_to(connection::Phase to) const noexcept;

    connection::Phase phase_ = connection::Phase::open;
    connection::Phase phase_before_ = connection::Phase::open;
    const Call* call_ = nullptr;
    bool closing_told_ = false, failed_told_ = false;
    std::vector<Taken> arrows_;
};

/// Plays the lines of one block.
class TranscriptHost {
public:
    TranscriptHost(const Block& block, Drain drain, bool lands);

    /// False when no more can be fed: what refused it was told.
    bool feed(ConstBytes octets);
    /// Answers the refusal's name, or what is wrong with the line.
    std::string carry_out(const Call& call);
    /// The value of a question in the words of a `?` line.
    std::string answer(std::string_view question);
    void begin_beat(const Call* call) noexcept { watch_.begin(call); }

    Told told = {};
    Octets output = {};
    [[nodiscard]] const PhaseWatch& watch() const noexcept { return watch_; }

private:
    void pull();
    void settle();
    void look() noexcept;
    std::size_t write(std::size_t size_max);
    void write_by_gather();
    void land(ConstBytes& octets);
    std::optional<Refusal> say(const Call& call);
    bool move(const Call& call);

    Rig rig_;
    Role role_;
    Driven driven_;
    Drain drain_;
    bool lands_;
    bool stalled_ = false;
    Time now_{1'000'000'000};
    PhaseWatch watch_;
    std::unique_ptr<Subject> subject_;
};

}  // namespace hawse::test::replay
