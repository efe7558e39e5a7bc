// SPDX-License-Identifier: MIT
#include "replay/simulation_link.hpp"

#include <algorithm>

namespace hawse::test::replay::simulated {

std::size_t Direction::room(Time now) const noexcept {
    if (ended_ || now < stalled_until_) return 0;
    return terms_.window - std::min(terms_.window, unread_size());
}

// Never before what was written earlier.
Time Direction::arrival_of(Time now) {
    const auto most = static_cast<std::uint64_t>(terms_.delay_max.nanoseconds);
    const Time when = now + nanoseconds(static_cast<std::int64_t>(dice_.below(most + 1)));
    return arrivals_.empty() ? when : std::max(when, arrivals_.back().when);
}

void Direction::put(ConstBytes octets, Time now) {
    if (octets.empty() || ended_) return;
    append(octets_, octets);
    if (terms_.flip_percent != 0 && dice_.chance(terms_.flip_percent)) {
        const std::size_t from_end = 1 + dice_.size_below(octets.size());
        const auto bit = static_cast<unsigned>(dice_.below(8));
        octets_[octets_.size() - from_end] ^= static_cast<std::byte>(1U << bit);
        flipped_ = true;
    }
    arrivals_.push_back({octets_.size(), arrival_of(now)});
}

void Direction::end(Time now) {
    if (ended_) return;
    ended_ = true;
    end_when_ = arrival_of(now);
}

void Direction::snap(Time now) {
    if (snapped_) return;
    ended_ = snapped_ = true;
    stalled_until_ = {};
    octets_.resize(at_ + dice_.size_below(unread_size() + 1));
    arrivals_.clear();
    arrivals_.push_back({octets_.size(), now});
    end_when_ = now;
}

std::size_t Direction::arrived_size(Time now) const noexcept {
    if (now < stalled_until_) return 0;
    std::size_t end = at_;
    for (const Arrival& arrival : arrivals_)
        if (arrival.when <= now) end = std::max(end, arrival.end);
    return end - at_;
}

Octets Direction::take(std::size_t size, Time now) {
    size = std::min(size, arrived_size(now));
    const ConstBytes taken = ConstBytes(octets_).subspan(at_, size);
    Octets octets = copy_of(taken);
    at_ += size;
    std::size_t passed = 0;
    while (passed < arrivals_.size() && arrivals_[passed].end < at_) ++passed;
    arrivals_.erase(arrivals_.begin(), arrivals_.begin() + static_cast<std::ptrdiff_t>(passed));
    return octets;
}

void Direction::put_back(ConstBytes octets) {
    at_ -= octets.size();
    std::copy(octets.begin(), octets.end(), octets_.begin() + static_cast<std::ptrdiff_t>(at_));
}

bool Direction::is_over(Time now) const noexcept {
    return ended_ && end_when_ <= now && now >= stalled_until_ && unread_size() == 0;
}

void Direction::hurry() noexcept {
    terms_.window = std::size_t{1} << 20;
    terms_.delay_max = {};
    stalled_until_ = {};
}

Time Direction::next_moment(Time now) const noexcept {
    Time moment = never;
    for (const Arrival& arrival : arrivals_)
        if (arrival.when > now) moment = std::min(moment, arrival.when);
    if (ended_ && end_when_ > now) moment = std::min(moment, end_when_);
    if (stalled_until_ > now) moment = std::min(moment, stalled_until_);
    return moment;
}

}  // namespace hawse::test::replay::simulated
