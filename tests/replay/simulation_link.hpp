// SPDX-License-Identifier: MIT
// One direction of a simulated transport: a pipe with a bounded window, in which octets take their
// time, run together, are held up, lose bits, and whose end comes behind them, or comes too early and
// takes some of them along. It knows moments and octets, and neither engine.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/role.hpp"
#include "hawse/time.hpp"
#include "replay/simulation_dice.hpp"
#include "support/octets.hpp"

#include <cstddef>
#include <vector>

namespace hawse::test::replay::simulated {

struct LinkTerms {
    std::size_t window = 65536;  ///< octets that may be under way or unread
    Duration delay_max = {};
    unsigned flip_percent = 0;  ///< of the pieces written: one bit of them is turned over
};

class Direction {
public:
    Direction(const LinkTerms& terms, std::uint64_t seed) : terms_(terms), dice_(seed) {}

    // The writer's end.

    /// Octets that it takes now.
    [[nodiscard]] std::size_t room(Time now) const noexcept;
    void put(ConstBytes octets, Time now);
    /// Behind all that was put.
    void end(Time now);
    /// At once: octets that are under way may be lost.
    void snap(Time now);
    [[nodiscard]] bool is_ended() const noexcept { return ended_; }

    // The reader's end.

    [[nodiscard]] std::size_t arrived_size(Time now) const noexcept;
    /// At most `size` of them.
    Octets take(std::size_t size, Time now);
    /// What take() gave last, or its tail.
    void put_back(ConstBytes octets);
    /// Everything was taken, and the end has come.
    [[nodiscard]] bool is_over(Time now) const noexcept;
    [[nodiscard]] TransportEnd how() const noexcept {
        return snapped_ ? TransportEnd::broken : TransportEnd::orderly;
    }
    [[nodiscard]] std::size_t unread_size() const noexcept { return octets_.size() - at_; }
    [[nodiscard]] bool has_flipped() const noexcept { return flipped_; }

    /// Nothing arrives, and nothing can be written, before `until`.
    void stall(Time until) noexcept { stalled_until_ = until; }
    /// When something is next to happen here; `never` when nothing is under way.
    [[nodiscard]] Time next_moment(Time now) const noexcept;
    /// From now on it is as fast as can be.
    void hurry() noexcept;

private:
    struct Arrival {
        std::size_t end;  // of the octets that arrive
        Time when;
    };
    Time arrival_of(Time now);

    LinkTerms terms_;
    Dice dice_;
    Octets octets_;
    std::size_t at_ = 0;
    std::vector<Arrival> arrivals_;
    Time end_when_ = never;
    Time stalled_until_ = {};
    bool ended_ = false;
    bool snapped_ = false;
    bool flipped_ = false;
};

}  // namespace hawse::test::replay::simulated
