// SPDX-License-Identifier: MIT
// Loans: connections that compress in turn, with fewer compressors than there are of them, and with less
// memory than they would like.
#include "deflate/loan.hpp"

#include "support/catch.hpp"
#include "support/counting_allocator.hpp"
#include "support/deflate_reader.hpp"
#include "support/octets.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace hawse::test {
namespace {

using deflate::Compressor;
using deflate::CompressorSettings;
using deflate::Loan;

constexpr CompressorSettings small = {9, 1, 1};
constexpr CompressorSettings large = {12, 6, 4};

TEST_CASE("a loan is fresh until it is used, and when another one has taken it") {
    CountingAllocator allocator;
    Pool pool(allocator.face(), 0, {1, 0});
    Loan first, second;
    bool fresh = false;
    Compressor* const compressor = first.borrow(pool, small, fresh);
    CHECK(compressor != nullptr);
    CHECK(fresh);
    CHECK(first.borrow(pool, small, fresh) == compressor);
    CHECK_FALSE(fresh);
    CHECK(second.borrow(pool, small, fresh) == compressor);  // there may be no other
    CHECK(fresh);
    CHECK(second.borrow(pool, small, fresh) == compressor);
    CHECK_FALSE(fresh);
    CHECK(first.borrow(pool, small, fresh) == compressor);
    CHECK(fresh);
    CHECK(pool.leased_size() == 0);
    CHECK(pool.kept_size() == deflate::lent_size(small));
    CHECK(allocator.live_size() == deflate::lent_size(small));
}

TEST_CASE("the loan that was used longest ago is taken") {
    CountingAllocator allocator;
    Pool pool(allocator.face(), 0, {2, 0});
    Loan first, second, third;
    bool fresh = false;
    Compressor* const one = first.borrow(pool, small, fresh);
    Compressor* const other = second.borrow(pool, small, fresh);
    CHECK(one != other);
    CHECK(first.borrow(pool, small, fresh) == one);
    CHECK(third.borrow(pool, small, fresh) == other);
    CHECK(first.borrow(pool, small, fresh) == one);
    CHECK_FALSE(fresh);
}

TEST_CASE("a loan that is forgotten, or ends, leaves its compressor to the next one") {
    CountingAllocator allocator;
    Pool pool(allocator.face());
    bool fresh = false;
    Compressor* compressor = nullptr;
    {
        Loan first;
        compressor = first.borrow(pool, small, fresh);
        first.forget();
        first.forget();
        CHECK(first.borrow(pool, small, fresh) == compressor);
        CHECK(fresh);
    }
    CHECK(pool.kept_size() == deflate::lent_size(small));
    const std::size_t count = allocator.count();
    Loan second;
    fresh = false;
    CHECK(second.borrow(pool, small, fresh) == compressor);
    CHECK(fresh);
    CHECK(allocator.count() == count);
}

TEST_CASE("trimming a pool ends what was lent, and the next one is fresh") {
    CountingAllocator allocator;
    Pool pool(allocator.face());
    Loan loan;
    bool fresh = false;
    CHECK(loan.borrow(pool, small, fresh) != nullptr);
    pool.trim();
    CHECK(allocator.live_size() == 0);
    CHECK(loan.borrow(pool, small, fresh) != nullptr);
    CHECK(fresh);
}

TEST_CASE("a loan may outlive its pool when that is at its end") {
    CountingAllocator allocator;
    Loan loan;
    {
        Pool pool(allocator.face());
        bool fresh = false;
        CHECK(loan.borrow(pool, small, fresh) != nullptr);
    }
    CHECK(allocator.live_size() == 0);
}

TEST_CASE("a pool that may have no compressor lends none") {
    CountingAllocator allocator;
    Pool pool(allocator.face(), 0, {0, 9});
    Loan loan;
    bool fresh = false;
    CHECK(loan.borrow(pool, small, fresh) == nullptr);
    CHECK(fresh);
    CHECK(allocator.count() == 0);
}

TEST_CASE("settings that differ in anything do not share a compressor") {
    CountingAllocator allocator;
    Pool pool(allocator.face(), 0, {4, 0});
    for (const CompressorSettings other :
         {CompressorSettings{10, 1, 1}, {9, 2, 1}, {9, 1, 2}}) {
        Loan first, second, third;
        bool fresh = false;
        Compressor* const compressor = first.borrow(pool, small, fresh);
        first.forget();
        CHECK(second.borrow(pool, other, fresh) != compressor);
        CHECK(third.borrow(pool, small, fresh) == compressor);
    }
}

TEST_CASE("policies out of range count as the nearest") {
    DeflatePolicy policy;
    CHECK(deflate::settings_of(policy, {}) == CompressorSettings{15, 6, 8});
    policy.level = 0;
    policy.memory_level = 0;
    CHECK(deflate::settings_of(policy, {7, true}) == CompressorSettings{8, 1, 1});
    policy.level = 10;
    policy.memory_level = 255;
    CHECK(deflate::settings_of(policy, {16, false}) == CompressorSettings{15, 9, 9});
    policy.level = 1;
    policy.memory_level = 9;
    CHECK(deflate::settings_of(policy, {8, true}) == CompressorSettings{8, 1, 9});
}

TEST_CASE("for want of memory idle blocks go back first, and a loan is had") {
    CountingAllocator allocator;
    Pool pool(allocator.face());
    pool.give_back(pool.lease(100000), 100000);
    Loan loan;
    bool fresh = false;
    allocator.fail(1, CountingAllocator::Failure::once);
    CHECK(loan.borrow(pool, small, fresh) != nullptr);
    CHECK(pool.kept_size() == deflate::lent_size(small));  // and nothing idle
    CHECK(pool.leased_size() == 0);
}

TEST_CASE("for want of memory a compressor of the same settings changes hands below the bound") {
    CountingAllocator allocator;
    Pool pool(allocator.face(), 0, {8, 0});  // no block of it would be there again
    Loan first, second;
    bool fresh = false;
    Compressor* const compressor = first.borrow(pool, small, fresh);
    allocator.fail(0, CountingAllocator::Failure::for_ever);
    CHECK(second.borrow(pool, small, fresh) == compressor);
    CHECK(fresh);
    allocator.fail_never();
    CHECK(first.borrow(pool, small, fresh) != compressor);
    CHECK(fresh);
    CHECK(pool.kept_size() == 2 * deflate::lent_size(small));
}

TEST_CASE("for want of memory the oldest of other settings makes room") {
    CountingAllocator allocator;
    Pool pool(allocator.face(), 0, {8, 0});
    Loan first, second, third;
    bool fresh = false;
    CHECK(first.borrow(pool, large, fresh) != nullptr);
    CHECK(second.borrow(pool, large, fresh) != nullptr);
    allocator.fail(0, CountingAllocator::Failure::once);
    CHECK(third.borrow(pool, small, fresh) != nullptr);
    CHECK(fresh);
    CHECK(pool.kept_size() == deflate::lent_size(small) + deflate::lent_size(large));
    CHECK(second.borrow(pool, large, fresh) != nullptr);
    CHECK_FALSE(fresh);
    CHECK(first.borrow(pool, large, fresh) != nullptr);
    CHECK(fresh);
}

TEST_CASE("whichever allocation fails, a loan is had or not, and nothing is leased or lost") {
    for (const auto failure : {CountingAllocator::Failure::once, CountingAllocator::Failure::for_ever})
        for (const std::size_t kept_size_max : {std::size_t{0}, std::size_t{1} << 20})
            for (const std::uint32_t count_max : {1U, 2U, 8U})
                for (std::size_t index = 0; index < 40; ++index) {
                    CountingAllocator allocator;
                    {
                        Pool pool(allocator.face(), kept_size_max, {count_max, 0});
                        std::array<Loan, 4> loans;
                        allocator.fail(index, failure);
                        std::size_t mismatches = 0;
                        for (std::size_t turn = 0; turn < 12; ++turn) {
                            bool fresh = false;
                            const CompressorSettings settings = turn % 4 == 3 ? large : small;
                            Compressor* const lent =
                                loans[turn % 4].borrow(pool, settings, fresh);
                            mismatches += lent == nullptr && allocator.failed_count() == 0;
                            mismatches += pool.leased_size() != 0;
                            mismatches += pool.kept_size() != allocator.live_size();
                            if (lent == nullptr) continue;
                            if (fresh) deflate::restart(*lent, {});
                            Octets output(100);
                            mismatches += deflate::compress(*lent, as_bytes("ahoy"), output) == 0;
                        }
                        allocator.fail_never();
                        for (std::size_t one = 0; one < 4; ++one) {
                            bool fresh = false;
                            mismatches += loans[one].borrow(pool, one == 3 ? large : small,
                                                            fresh) == nullptr;
                        }
                        CHECK(mismatches == 0);
                    }
                    CHECK(allocator.live_size() == 0);
                }
}

// A connection in small: what it has sent, and who reads it.
struct Peer {
    CompressorSettings settings;
    Loan loan = {};
    Octets remembered = {};
    DeflateReader reader = DeflateReader();

    // False when it had to send it plain.
    bool send(Pool& pool, ConstBytes message, std::size_t& mismatches) {
        bool fresh = false;
        Compressor* const compressor = loan.borrow(pool, settings, fresh);
        if (compressor == nullptr) return false;
        const std::size_t window = std::size_t{1} << settings.window_bits;
        const ConstBytes history =
            ConstBytes(remembered).last(std::min(window, remembered.size()));
        const std::array pieces = {history.first(history.size() / 3),
                                   history.subspan(history.size() / 3)};
        if (fresh) deflate::restart(*compressor, pieces);
        Octets output(deflate::compressed_size_max(message.size()));
        output.resize(deflate::compress(*compressor, message, output));
        mismatches += !reader.read(output);
        mismatches += as_text(reader.message()) != as_text(message);
        mismatches += reader.distance_max() > window;
        append(remembered, message);
        return true;
    }
};

TEST_CASE("many connections compress in turn, and each one's peer reads what it was sent") {
    for (unsigned seed = 0; seed < 40; ++seed) {
        std::mt19937 random(seed);
        CountingAllocator allocator;
        std::size_t mismatches = 0, sent = 0;
        {
            Pool pool(allocator.face(), seed % 2 == 0 ? 0 : std::size_t{1} << 17, {1 + seed % 5, 0});
            std::vector<std::unique_ptr<Peer>> peers(9);
            for (int step = 0; step < 300; ++step) {
                std::unique_ptr<Peer>& peer = peers[random() % peers.size()];
                if (peer == nullptr) {
                    const auto bits = static_cast<std::uint8_t>(8 + random() % 3);
                    peer.reset(new Peer{{bits, static_cast<std::uint8_t>(1 + random() % 2 * 5), 1}});
                }
                if (random() % 15 == 0) peer.reset();
                if (random() % 60 == 0) pool.trim();
                if (random() % 10 == 0)
                    allocator.fail(random() % 20, random() % 2 == 0
                                                      ? CountingAllocator::Failure::once
                                                      : CountingAllocator::Failure::for_ever);
                if (random() % 5 == 0) allocator.fail_never();
                if (peer == nullptr) continue;
                std::string message;
                for (auto words = random() % 60; words != 0; --words)
                    message += std::to_string(random() % 50) + " fathoms, ";
                sent += peer->send(pool, as_bytes(message), mismatches);
                mismatches += pool.leased_size() != 0;
                mismatches += pool.kept_size() != allocator.live_size();
            }
        }
        CHECK(mismatches == 0);
        CHECK(sent > 100);
        CHECK(allocator.live_size() == 0);
    }
}

}  // namespace
}  // namespace hawse::test
