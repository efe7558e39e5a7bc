// SPDX-License-Identifier: MIT
// One thing that is waited for, on a clock that may step back and jump. It knows when the waiting
// is over and nothing of what then happens.
#pragma once

#include "hawse/time.hpp"

namespace hawse::handshake {

class Patience {
public:
    Patience(Time now, Duration wait, Duration clock_jump) noexcept
        : last_(now), begun_(now), wait_(wait), clock_jump_(clock_jump) {}

    /// Waits for something else from the last moment known; a wait of nothing is off.
    void begin(Duration wait) noexcept {
        begun_ = last_;
        wait_ = wait;
        renewed_ = false;
    }
    void stop() noexcept { wait_ = {}; }

    /// Whether the waiting is over at `now`. A clock that steps back takes the deadline with it;
    /// one that jumps far beyond it too, once: a second call as late is believed.
    [[nodiscard]] bool is_over(Time now) noexcept {
        observe(now);
        return deadline() != never && now >= deadline();
    }

    /// Takes note of the time and judges nothing.
    void observe(Time now) noexcept {
        const bool late = now > deadline() && now - deadline() > clock_jump_;
        if (now < last_ || (late && !renewed_))
            begun_ = now + nanoseconds(-(last_ - begun_).nanoseconds);
        renewed_ = renewed_ || late;
        last_ = now;
    }

    [[nodiscard]] Time deadline() const noexcept {
        return wait_ > Duration{} ? begun_ + wait_ : never;
    }

private:
    Time last_;
    Time begun_;
    Duration wait_;
    Duration clock_jump_;
    bool renewed_ = false;
};

}  // namespace hawse::handshake
