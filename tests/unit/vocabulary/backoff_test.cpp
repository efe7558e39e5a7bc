// SPDX-License-Identifier: MIT
// Backoff: random at first, growing, bounded, and in a defined way without entropy.
#include "hawse/backoff.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

namespace hawse::test {
namespace {

static_assert(std::is_trivially_copyable_v<Backoff>);

constexpr Duration longest_of_all{std::numeric_limits<std::int64_t>::max()};

/// Gives the same four octets each time, the most significant first, and counts.
struct Dice {
    std::uint32_t share = 0;
    bool dry = false;
    std::size_t octet_count = 0;

    Entropy face() noexcept { return {roll, this}; }

    static bool roll(void* context, std::byte* into, std::size_t size) noexcept {
        auto& self = *static_cast<Dice*>(context);
        if (self.dry) return false;
        self.octet_count += size;
        for (std::size_t index = 0; index < size; ++index)
            into[index] = static_cast<std::byte>(self.share >> (24 - 8 * (index % 4)));
        return true;
    }
};

Duration next_of(Backoff& backoff) {
    Duration wait{-1};
    REQUIRE(backoff.next(wait));
    return wait;
}

std::vector<std::int64_t> milliseconds_of(Backoff backoff, std::size_t count) {
    std::vector<std::int64_t> waits;
    while (waits.size() < count) waits.push_back(next_of(backoff).nanoseconds / 1'000'000);
    return waits;
}

using Waits = std::vector<std::int64_t>;

TEST_CASE("a first wait lies between nothing and five seconds, and later ones grow to a minute",
          "[6455-7.2.3-01][6455-7.2.3-02][6455-7.2.3-03][6455-7.2.3-04]") {
    Dice dice;
    CHECK(milliseconds_of(Backoff({}, dice.face()), 7) ==
          Waits{0, 5000, 10000, 20000, 30000, 30000, 30000});
    dice.share = UINT32_MAX;
    CHECK(milliseconds_of(Backoff({}, dice.face()), 7) ==
          Waits{4999, 9999, 19999, 39999, 59999, 59999, 59999});
    dice.share = UINT32_MAX / 4 + 1;
    CHECK(milliseconds_of(Backoff({}, dice.face()), 7) ==
          Waits{1250, 6250, 12500, 25000, 37500, 37500, 37500});
    CHECK(dice.octet_count == std::size_t{3} * 7 * 4);
}

TEST_CASE("the host chooses where waits begin, how they grow and where they end",
          "[6455-7.2.3-03]") {
    Dice dice{.share = UINT32_MAX};
    const BackoffOptions options{
        .first = milliseconds(100), .most = milliseconds(5000), .factor = 10};
    CHECK(milliseconds_of(Backoff(options, dice.face()), 4) == Waits{99, 999, 4999, 4999});
    dice.share = 0;
    CHECK(milliseconds_of(Backoff(options, dice.face()), 4) == Waits{0, 100, 500, 500});
}

TEST_CASE("waits are spread evenly over their range", "[6455-7.2.3-02]") {
    std::mt19937 source(7);
    const Entropy entropy{[](void* context, std::byte* into, std::size_t size) noexcept {
                              auto& random = *static_cast<std::mt19937*>(context);
                              for (std::size_t index = 0; index < size; ++index)
                                  into[index] = static_cast<std::byte>(random());
                              return true;
                          },
                          &source};
    std::vector<std::size_t> first_waits(10);
    std::vector<std::size_t> fifth_waits(10);
    constexpr std::size_t rounds = 20000;
    for (std::size_t round = 0; round < rounds; ++round) {
        Backoff backoff({}, entropy);
        const std::int64_t first = next_of(backoff).nanoseconds;
        for (int skipped = 0; skipped < 3; ++skipped) (void)next_of(backoff);
        const std::int64_t fifth = next_of(backoff).nanoseconds;
        ++first_waits.at(static_cast<std::size_t>(first / 500'000'000));
        ++fifth_waits.at(static_cast<std::size_t>((fifth - 30'000'000'000) / 3'000'000'000));
    }
    for (const auto* counts : {&first_waits, &fifth_waits})
        for (const auto count : *counts) {
            CHECK(count > rounds / 10 * 9 / 10);
            CHECK(count < rounds / 10 * 11 / 10);
        }
}

TEST_CASE("without entropy a wait is the whole of its range", "[6455-7.2.3-04]") {
    Dice dice{.dry = true};
    const Waits whole{5000, 10000, 20000, 40000, 60000, 60000};
    CHECK(milliseconds_of(Backoff({}, dice.face()), 6) == whole);
    CHECK(milliseconds_of(Backoff(), 6) == whole);
}

TEST_CASE("attempts are used up, and a success gives them back") {
    Backoff backoff({.attempt_count_max = 2});
    CHECK(next_of(backoff) == seconds(5));
    CHECK(next_of(backoff) == seconds(10));
    for (int again = 0; again < 2; ++again) {
        Duration untouched{42};
        CHECK_FALSE(backoff.next(untouched));
        CHECK(untouched == Duration{42});
        CHECK(backoff.attempt_count() == 2);
    }
    backoff.succeeded();
    CHECK(backoff.attempt_count() == 0);
    CHECK(next_of(backoff) == seconds(5));
    CHECK(next_of(backoff) == seconds(10));
}

TEST_CASE("a copy goes on from where it was taken, by itself") {
    Backoff backoff;
    (void)next_of(backoff);
    Backoff copy = backoff;
    CHECK(next_of(copy) == seconds(10));
    CHECK(next_of(copy) == seconds(20));
    CHECK(next_of(backoff) == seconds(10));
}

TEST_CASE("waits grow to the end of time and never wrap around") {
    for (const std::uint32_t share : {std::uint32_t{0}, UINT32_MAX}) {
        Dice dice{.share = share};
        Backoff backoff({.first = longest_of_all, .most = longest_of_all, .factor = UINT32_MAX},
                        dice.face());
        Duration least{0};
        for (int attempt = 0; attempt < 100; ++attempt) {
            const auto wait = next_of(backoff);
            CHECK(wait >= least);
            CHECK(wait < longest_of_all);
            least = {longest_of_all.nanoseconds / UINT32_MAX};
        }
    }
    Backoff plain({.first = seconds(1), .most = longest_of_all});
    Duration before{0};
    for (int attempt = 0; attempt < 200; ++attempt) {
        const auto wait = next_of(plain);
        CHECK(wait >= before);
        before = wait;
    }
    CHECK(before == longest_of_all);
}

TEST_CASE("options that make no sense never make a host spin or wait backwards") {
    CHECK(milliseconds_of(Backoff({.first = seconds(0), .most = seconds(0)}), 3) == Waits{1, 1, 1});
    CHECK(milliseconds_of(Backoff({.first = seconds(-5), .most = seconds(-9)}), 2) == Waits{1, 1});
    CHECK(milliseconds_of(Backoff({.first = seconds(9), .most = seconds(3)}), 2) ==
          Waits{9000, 9000});
    CHECK(milliseconds_of(Backoff({.first = seconds(1), .factor = 0}), 3) ==
          Waits{1000, 2000, 4000});
    CHECK(milliseconds_of(Backoff({.first = seconds(1), .factor = 1}), 3) ==
          Waits{1000, 2000, 4000});
}

TEST_CASE("connecting again makes sense where the next time may be better", "[6455-7.2.3-01]") {
    const std::vector<unsigned> codes{1001, 1006, 1011, 1012, 1013, 1014};
    for (unsigned code = 0; code <= UINT16_MAX; ++code) {
        const bool expected = std::find(codes.begin(), codes.end(), code) != codes.end();
        if (is_worth_reconnecting(CloseCode{static_cast<std::uint16_t>(code)}) != expected)
            FAIL("close code " << code);
    }
    const std::vector<unsigned> statuses{408, 425, 429, 500, 502, 503, 504};
    for (unsigned status = 0; status <= UINT16_MAX; ++status) {
        const bool expected = std::find(statuses.begin(), statuses.end(), status) != statuses.end();
        if (is_worth_reconnecting(static_cast<std::uint16_t>(status)) != expected)
            FAIL("status " << status);
    }
}

}  // namespace
}  // namespace hawse::test
