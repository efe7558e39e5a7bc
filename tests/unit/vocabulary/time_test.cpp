// SPDX-License-Identifier: MIT
// Time: what the arithmetic gives is exact, or the end of what can be said; it never wraps around.
#include "hawse/time.hpp"

#include "hawse/chrono.hpp"
#include "hawse/posix.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace hawse::test {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

// The compiler knows when a result does not fit, on machines of every width.
std::int64_t sum_of(std::int64_t left, std::int64_t right) {
    std::int64_t sum = 0;
    return !__builtin_add_overflow(left, right, &sum) ? sum : right < 0 ? least : most;
}
std::int64_t difference_of(std::int64_t left, std::int64_t right) {
    std::int64_t difference = 0;
    return !__builtin_sub_overflow(left, right, &difference) ? difference : right > 0 ? least : most;
}
std::int64_t product_of(std::int64_t count, std::int64_t unit) {
    std::int64_t product = 0;
    return !__builtin_mul_overflow(count, unit, &product) ? product : count < 0 ? least : most;
}

// Each end, the middle, and what lies a little beside them.
std::vector<std::int64_t> landmarks() {
    std::vector<std::int64_t> values;
    for (const std::int64_t centre :
         {least, least / 2, least / 1'000'000'000, std::int64_t{-1'000'000}, std::int64_t{0},
          std::int64_t{1'000'000}, most / 1'000'000'000, most / 1'000'000, most / 2, most})
        for (std::int64_t beside = -2; beside <= 2; ++beside)
            values.push_back(sum_of(centre, beside));
    return values;
}

TEST_CASE("a time and a duration add up, or stop at the end of time") {
    std::size_t mismatches = 0;
    for (const std::int64_t left : landmarks())
        for (const std::int64_t right : landmarks())
            mismatches += (Time{left} + Duration{right}).nanoseconds != sum_of(left, right);
    CHECK(mismatches == 0);
}

TEST_CASE("the span between two times is exact, or the longest there is") {
    std::size_t mismatches = 0;
    for (const std::int64_t later : landmarks())
        for (const std::int64_t earlier : landmarks())
            mismatches += (Time{later} - Time{earlier}).nanoseconds != difference_of(later, earlier);
    CHECK(mismatches == 0);
    CHECK(Time{least} - Time{least} == Duration{});
    CHECK(Time{-1} - Time{least} == Duration{most});
}

TEST_CASE("milliseconds and seconds are nanoseconds, or the longest there is") {
    for (const std::int64_t count : landmarks()) {
        INFO(count);
        CHECK(nanoseconds(count).nanoseconds == count);
        CHECK(milliseconds(count).nanoseconds == product_of(count, 1'000'000));
        CHECK(seconds(count).nanoseconds == product_of(count, 1'000'000'000));
    }
    CHECK(seconds(2) == milliseconds(2000));
    CHECK(milliseconds(1) == nanoseconds(1'000'000));
}

TEST_CASE("never is later than any time, and stays so") {
    for (const std::int64_t value : landmarks()) CHECK(Time{value} <= never);
    CHECK(never + seconds(1) == never);
    CHECK(Time{most - 1} < never);
    CHECK(Time{least} < Time{0});
    CHECK(seconds(-1) < seconds(0));
}

TEST_CASE("chrono's times and durations are the same as ours") {
    CHECK(to_duration(std::chrono::milliseconds(1500)) == milliseconds(1500));
    CHECK(to_duration(std::chrono::nanoseconds(-3)) == nanoseconds(-3));
    CHECK(to_chrono(seconds(3)) == std::chrono::seconds(3));
    CHECK(to_chrono(to_duration(std::chrono::hours(1))) == std::chrono::hours(1));
    const std::chrono::steady_clock::time_point point(std::chrono::seconds(7));
    CHECK(to_time(point) == Time{} + seconds(7));
    CHECK(to_time(point + std::chrono::milliseconds(5)) - to_time(point) == milliseconds(5));
    CHECK(to_time_point(to_time(point)) == point);
    CHECK(to_time_point(never) == std::chrono::steady_clock::time_point::max());
}

TEST_CASE("the platform's clock goes forward") {
    const Time before = posix_now();
    const Time after = posix_now();
    CHECK(before <= after);
    CHECK(after - before < seconds(60));
    CHECK(before > Time{});
}

// A wait that ended a little early would find nothing to do, and spin.
TEST_CASE("a wait for a deadline is rounded up to milliseconds, and bounded by what poll() takes") {
    const Time now = Time{} + seconds(9);
    CHECK(milliseconds_until(never, now) == -1);
    CHECK(milliseconds_until(now, now) == 0);
    CHECK(milliseconds_until(Time{}, now) == 0);
    CHECK(milliseconds_until(now + nanoseconds(1), now) == 1);
    CHECK(milliseconds_until(now + nanoseconds(1'500'000), now) == 2);
    CHECK(milliseconds_until(now + seconds(7), now) >= 7000);
    constexpr int longest = std::numeric_limits<int>::max();
    CHECK(milliseconds_until(now + milliseconds(longest - 2), now) == longest - 1);
    CHECK(milliseconds_until(now + milliseconds(longest), now) == longest - 1);
    CHECK(milliseconds_until(Time{most - 1}, Time{least}) == longest - 1);
}

}  // namespace
}  // namespace hawse::test
