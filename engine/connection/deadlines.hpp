// SPDX-License-Identifier: MIT
// What is waited for, and since when. It knows durations and moments, not what they mean for the
// conversation. Moments are the host's; a step of its clock moves them along.
#pragma once

#include "hawse/config.hpp"
#include "hawse/time.hpp"

#include <cstdint>
#include <limits>

namespace hawse::connection {

/// The moment a wait began: not at all, at the next time that is told, or then.
class Since {
public:
    constexpr void stop() noexcept { at_ = never; }
    constexpr void start(Time now) noexcept { at_ = now; }
    /// Begins with the next touch(): a call without a time started it.
    constexpr void start_soon() noexcept { at_ = soon; }
    [[nodiscard]] constexpr bool runs() const noexcept { return at_ != never; }
    [[nodiscard]] constexpr Time at() const noexcept { return at_; }

    /// When `wait` is over; `unknown` while it is not known when it began.
    [[nodiscard]] constexpr Time due(Duration wait, Time unknown) const noexcept {
        return !runs() ? never : at_ == soon ? unknown : at_ + wait;
    }
    constexpr void touch(Time now) noexcept {
        if (at_ == soon) at_ = now;
    }
    /// The clock that showed `from` shows `to`. What has passed is short; the step may be longer than a
    /// Duration can be.
    constexpr void shift(Time from, Time to) noexcept {
        if (runs() && at_ != soon) at_ = to + nanoseconds(-(from - at_).nanoseconds);
    }

private:
    static constexpr Time soon{std::numeric_limits<std::int64_t>::min()};
    Time at_ = never;
};

enum class Overdue : std::uint8_t {
    nothing,
    close,
    linger,
    write_stall,
    message,
    pong,
    idle,
    ping
};

class Deadlines {
public:
    explicit Deadlines(Time now) noexcept : clock_(moment(now)) { received.start(clock_); }

    /// Takes notice of the time. Backward steps, and a call later than due() by more than a clock may
    /// be late, move every moment along with the clock; until a wait has ended in time or an octet came,
    /// further such calls are believed.
    void touch(const Waits& waits, Time now) noexcept;

    /// The earliest of all that is waited for.
    [[nodiscard]] Time due(const Waits& waits) const noexcept;

    /// What is overdue at the time last told; the gravest first.
    [[nodiscard]] Overdue overdue(const Waits& waits) const noexcept;

    [[nodiscard]] Time clock() const noexcept { return clock_; }

    /// Octets came.
    void hear() noexcept;

    /// Whether input is wanted; when it is again, its waits begin anew.
    void receive(bool wanted) noexcept;

    Since received;  // the last octet came
    Since pinged;    // a keepalive ping was handed over, and no octet came since
    Since message;   // the first octets of the message in progress came
    Since ending;    // our Close was queued, or, lingering, all output was written after that
    Since stalled;   // output waits, and the transport took none
    bool lingering = false;
    bool ping_queued = false;  // a keepalive ping waits for the transport
    bool receiving = true;     // input is wanted: ping, pong and idle count

private:
    /// `never` is none, but the last one is.
    static constexpr Time moment(Time now) noexcept {
        return now == never ? Time{never.nanoseconds - 1} : now;
    }
    template <typename Visitor>
    void visit(const Waits& waits, Time unknown, Visitor visitor) const noexcept;
    [[nodiscard]] Time earliest(const Waits& waits, Time unknown) const noexcept;

    bool jumped_before_ = false;
    Time clock_;
};

}  // namespace hawse::connection
