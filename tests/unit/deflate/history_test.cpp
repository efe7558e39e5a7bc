// SPDX-License-Identifier: MIT
// The history against a vector that forgets nothing: what is remembered, in which pieces, and how much
// memory that takes.
#include "deflate/history.hpp"

#include "support/catch.hpp"
#include "support/counting_allocator.hpp"
#include "support/octets.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>

namespace hawse::test {
namespace {

using deflate::History;

Octets all_of(const History& history) {
    const auto [older, newer] = history.pieces();
    Octets octets = copy_of(older);
    append(octets, newer);
    return octets;
}

Octets noise(std::size_t size, unsigned seed) {
    std::minstd_rand random(seed);
    Octets octets(size);
    for (std::byte& octet : octets) octet = static_cast<std::byte>(random() >> 8);
    return octets;
}

TEST_CASE("what was appended last is remembered, a window of it") {
    for (unsigned window_bits = 8; window_bits <= 15; ++window_bits) {
        const std::size_t window = std::size_t{1} << window_bits;
        std::minstd_rand random(window_bits);
        CountingAllocator allocator;
        Pool pool(allocator.face());
        History history(window_bits);
        Octets said;
        for (unsigned round = 0; round < 300; ++round) {
            const std::size_t size_max = round % 10 == 0  ? 3 * window
                                         : round % 3 == 0 ? window
                                                          : 99;
            const Octets octets = noise(random() % (size_max + 1), round);
            REQUIRE(history.reserve(pool, octets.size()));
            const std::size_t cut = octets.empty() ? 0 : random() % octets.size();
            history.append(ConstBytes(octets).first(cut));  // what was reserved may come in pieces
            history.append(ConstBytes(octets).subspan(cut));
            append(said, octets);
            const std::size_t size = std::min(said.size(), window);
            const Octets expected(said.end() - static_cast<std::ptrdiff_t>(size), said.end());
            REQUIRE(history.size() == size);
            REQUIRE((all_of(history) == expected));
            CHECK(pool.leased_size() <= std::max<std::size_t>(256, window));

            if (size == 0) continue;
            const std::size_t distance = 1 + random() % size;
            const std::size_t part = random() % (distance + 1);
            Octets copied(part);
            history.copy(copied.data(), distance, part);
            CHECK(std::equal(copied.begin(), copied.end(),
                             expected.end() - static_cast<std::ptrdiff_t>(distance)));
        }
        history.give_back(pool);
        CHECK(pool.leased_size() == 0);
        CHECK(history.size() == 0);
    }
}

TEST_CASE("a history grows with what there is to remember, and no further than its window") {
    CountingAllocator allocator;
    Pool pool(allocator.face());
    History history(12);
    CHECK(history.size() == 0);
    CHECK(all_of(history).empty());
    CHECK(history.reserve(pool, 0));
    CHECK(pool.leased_size() == 0);
    for (std::size_t size = 100; size <= 10'000; size += 100) {
        REQUIRE(history.reserve(pool, 100));
        history.append(noise(100, 1));
        const std::size_t held = std::min<std::size_t>(size, 4096);
        CHECK(pool.leased_size() < std::max<std::size_t>(2 * held, 257));
        CHECK(pool.leased_size() <= 4096);
    }
    const std::size_t count = allocator.count();
    CHECK(history.reserve(pool, SIZE_MAX));
    CHECK(allocator.count() == count);
    history.give_back(pool);
    history.give_back(pool);
    CHECK(pool.leased_size() == 0);
}

TEST_CASE("a history without memory keeps what it has") {
    CountingAllocator allocator;
    Pool pool(allocator.face(), 0);
    History history(15);
    allocator.fail(0, CountingAllocator::Failure::once);
    CHECK_FALSE(history.reserve(pool, 1));
    const Octets first = noise(256, 1), second = noise(1000, 2);
    REQUIRE(history.reserve(pool, first.size()));
    history.append(first);
    allocator.fail(0, CountingAllocator::Failure::for_ever);
    CHECK_FALSE(history.reserve(pool, second.size()));
    CHECK((all_of(history) == first));
    allocator.fail_never();
    REQUIRE(history.reserve(pool, second.size()));
    history.append(second);
    CHECK((all_of(history) == joined({first, second})));
    history.give_back(pool);
}

TEST_CASE("what was cleared is not remembered, and its room is kept") {
    CountingAllocator allocator;
    Pool pool(allocator.face());
    History history(8);
    REQUIRE(history.reserve(pool, 256));
    history.append(noise(200, 1));
    history.clear();
    CHECK(history.size() == 0);
    CHECK(all_of(history).empty());
    history.append(noise(256, 2));
    CHECK((all_of(history) == noise(256, 2)));
    CHECK(allocator.count() == 1);
    history.give_back(pool);
}

}  // namespace
}  // namespace hawse::test
