// SPDX-License-Identifier: MIT
// Time as the engine knows it: numbers the host hands in. No clock is read here; <chrono> stays out
// of the face because it alone costs a user half a second of compile time (see chrono.hpp).
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace hawse {

/// A span of time. Arithmetic saturates.
struct Duration {
    std::int64_t nanoseconds = 0;
    friend constexpr auto operator<=>(Duration, Duration) = default;
};

/// A moment on the host's monotonic clock; any origin, also negative.
struct Time {
    std::int64_t nanoseconds = 0;
    friend constexpr auto operator<=>(Time, Time) = default;
};

/// The deadline of something that will not happen.
inline constexpr Time never{std::numeric_limits<std::int64_t>::max()};

namespace detail {
constexpr std::int64_t add_saturated(std::int64_t left, std::int64_t right) noexcept {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    if (right > 0 && left > most - right) return most;
    if (right < 0 && left < least - right) return least;
    return left + right;
}
constexpr std::int64_t subtract_saturated(std::int64_t left, std::int64_t right) noexcept {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    if (right < 0 && left > most + right) return most;
    if (right > 0 && left < least + right) return least;
    return left - right;
}
constexpr std::int64_t multiply_saturated(std::int64_t count, std::int64_t unit) noexcept {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    if (count > most / unit) return most;
    if (count < least / unit) return least;
    return count * unit;
}
}  // namespace detail

constexpr Duration nanoseconds(std::int64_t count) noexcept { return {count}; }
constexpr Duration milliseconds(std::int64_t count) noexcept {
    return {detail::multiply_saturated(count, 1'000'000)};
}
constexpr Duration seconds(std::int64_t count) noexcept {
    return {detail::multiply_saturated(count, 1'000'000'000)};
}

constexpr Time operator+(Time time, Duration duration) noexcept {
    return {detail::add_saturated(time.nanoseconds, duration.nanoseconds)};
}
constexpr Duration operator-(Time later, Time earlier) noexcept {
    return {detail::subtract_saturated(later.nanoseconds, earlier.nanoseconds)};
}

}  // namespace hawse
