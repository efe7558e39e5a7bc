// SPDX-License-Identifier: MIT
// One thing that is waited for, on a clock that may step back and jump. It knows when the waiting
// is over and nothing of what then happens.
#pragma once

#include "hawse/time.hpp"

namespace hawse::handshake {

class Patience {
public:
    Patience(Time now, Duration wait, Duration clock_jump) noexcept
        : last_(now), clock_jump_(clock_jump) {
        begin(wait);
    }

    /// Waits for something else from the last moment known; a wait of nothing is off.
    void begin(Duration wait) noexcept {
        deadline_ = wait > Duration{} ? last_ + wait : never;
        renewed_ = false;
    }
    void stop() noexcept { deadline_ = never; }

    /// Whether the waiting is over at `now`. A clock that steps back takes the deadline with it;
    /// one that jumps far beyond it too, once: a second call as late is believed.
    [[nodiscard]] bool is_over(Time now) noexcept {
        const Duration left = deadline_ - last_;
        observe(now);
        if (now < deadline_ || deadline_ == never) return false;
        if (renewed_ || now - deadline_ <= clock_jump_) return true;
        deadline_ = now + left;
        renewed_ = true;
        return false;
    }

    /// Takes note of the time and judges nothing.
    void observe(Time now) noexcept {
        if (now < last_ && deadline_ != never) deadline_ = now + (deadline_ - last_);
        last_ = now;
    }

    [[nodiscard]] Time deadline() const noexcept { return deadline_; }

private:
    Time last_;
    Duration clock_jump_;
    Time deadline_ = never;
    bool renewed_ = false;
};

}  // namespace hawse::handshake
