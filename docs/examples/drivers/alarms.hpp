// SPDX-License-Identifier: MIT
// When to look at which peer again, for a loop that has no timers of its own. It knows numbers and
// moments, and no peer.
#pragma once

#include "hawse/time.hpp"
#include "timers.hpp"
#include "transport.hpp"

#include <cstdint>
#include <optional>
#include <unordered_map>

namespace examples {

class Alarms {
public:
    /// Tell it deadline() after every input: one that moved later costs nothing, because an alarm
    /// that comes too early is harmless.
    void set(std::uint64_t owner, hawse::Time deadline) {
        auto& alarm = alarms_.try_emplace(owner, hawse::never).first->second;
        if (deadline < alarm) timers_.push({alarm = deadline, owner});
    }

    [[nodiscard]] hawse::Time next() const noexcept { return timers_.next(); }
    /// How long epoll_wait() may wait; -1 is for ever.
    [[nodiscard]] int wait(hawse::Time now) const noexcept {
        return milliseconds_until(next(), now);
    }

    /// One whose alarm has come, and is off now.
    std::optional<std::uint64_t> pop(hawse::Time now) {
        while (timers_.next() <= now) {
            const auto [time, owner] = timers_.pop();
            const auto found = alarms_.find(owner);
            if (found == alarms_.end() || found->second != time) continue;  // set earlier since
            alarms_.erase(found);
            return owner;
        }
        return std::nullopt;
    }

    void forget(std::uint64_t owner) { alarms_.erase(owner); }

private:
    Timers timers_;
    std::unordered_map<std::uint64_t, hawse::Time> alarms_;  // the earliest of each
};

}  // namespace examples
