// SPDX-License-Identifier: MIT
// When to look at which peer again: a heap of moments. Setting one earlier pushes a second entry,
// and the host passes over the older one when it comes up, so that nothing is ever searched.
#pragma once

#include "hawse/time.hpp"

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

namespace examples {

class Timers {
public:
    struct Entry {
        hawse::Time time;
        std::uint64_t owner;
        friend bool operator>(const Entry& left, const Entry& right) noexcept {
            return left.time > right.time;
        }
    };

    void push(Entry entry) { entries_.push(entry); }

    [[nodiscard]] hawse::Time next() const noexcept {
        return entries_.empty() ? hawse::never : entries_.top().time;
    }

    /// Only when next() has passed.
    Entry pop() {
        const Entry entry = entries_.top();
        entries_.pop();
        return entry;
    }

private:
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> entries_;
};

}  // namespace examples
