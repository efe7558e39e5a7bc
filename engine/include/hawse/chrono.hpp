// SPDX-License-Identifier: MIT
// Optional: from and to <chrono>, for hosts that have it anyway.
#pragma once

#include "hawse/time.hpp"

#include <chrono>

namespace hawse {

constexpr Duration to_duration(std::chrono::nanoseconds duration) noexcept {
    return {static_cast<std::int64_t>(duration.count())};
}
inline Time to_time(std::chrono::steady_clock::time_point time) noexcept {
    return Time{} + to_duration(std::chrono::duration_cast<std::chrono::nanoseconds>(
                        time.time_since_epoch()));
}
/// `never` is the last moment that the clock knows.
inline std::chrono::steady_clock::time_point to_time_point(Time time) noexcept {
    return std::chrono::steady_clock::time_point(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(
            std::chrono::nanoseconds(time.nanoseconds)));
}
constexpr std::chrono::nanoseconds to_chrono(Duration duration) noexcept {
    return std::chrono::nanoseconds(duration.nanoseconds);
}

}  // namespace hawse
