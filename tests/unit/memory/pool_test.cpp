// SPDX-License-Identifier: MIT
// The pool: what a lease is rounded to, what is kept and what goes back, and what happens when
// there is nothing to be had.
#include "hawse/memory.hpp"

#include "hawse/heap.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace hawse::test {
namespace {

constexpr std::size_t gibibyte = std::size_t{1} << 30;

// Knows every block that is out, with its size, and checks what comes back.
struct Ledger {
    std::map<void*, std::size_t> blocks = {};
    std::vector<std::size_t> asked = {};
    std::size_t wrongly_released = 0;
    bool dry = false;

    [[nodiscard]] Allocator face() noexcept { return {allocate, release, this}; }
    [[nodiscard]] std::size_t size() const noexcept {
        std::size_t sum = 0;
        for (const auto& block : blocks) sum += block.second;
        return sum;
    }

    static void* allocate(void* context, std::size_t size) noexcept {
        auto& self = *static_cast<Ledger*>(context);
        self.asked.push_back(size);
        void* const octets = self.dry ? nullptr : std::malloc(size);
        if (octets != nullptr) self.blocks[octets] = size;
        return octets;
    }
    static void release(void* context, void* octets, std::size_t size) noexcept {
        auto& self = *static_cast<Ledger*>(context);
        const auto found = self.blocks.find(octets);
        if (found == self.blocks.end() || found->second != size) {
            ++self.wrongly_released;
            return;
        }
        self.blocks.erase(found);
        std::free(octets);
    }
};

TEST_CASE("a lease is rounded up to a power of two from 256 octets on") {
    CHECK(Pool::block_size(0) == 256);
    CHECK(Pool::block_size(1) == 256);
    CHECK(Pool::block_size(255) == 256);
    for (std::size_t power = 256; power < 2 * gibibyte; power *= 2) {
        CHECK(Pool::block_size(power) == power);
        CHECK(Pool::block_size(power + 1) == 2 * power);
        CHECK(Pool::block_size(2 * power - 1) == 2 * power);
    }
    CHECK(Pool::block_size(2 * gibibyte) == 2 * gibibyte);
    CHECK(Pool::block_size(2 * gibibyte + 1) == 0);
    CHECK(Pool::block_size(SIZE_MAX) == 0);
}

TEST_CASE("every octet of a block is the lessee's, and blocks are aligned for any type") {
    Ledger ledger;
    Pool pool(ledger.face());
    for (std::size_t size = 1; size <= 70000; size = size * 3 + 1) {
        std::byte* const block = pool.lease(size);
        REQUIRE(block != nullptr);
        CHECK(reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t) == 0);
        std::memset(block, 0x5A, Pool::block_size(size));
        pool.give_back(block, size);
        std::byte* const again = pool.lease(size);
        CHECK(again == block);
        std::memset(again, 0xA5, Pool::block_size(size));
        pool.give_back(again, size);
    }
}

TEST_CASE("a pool asks for nothing before something is leased") {
    Ledger ledger;
    {
        Pool pool(ledger.face());
        CHECK(pool.leased_size() == 0);
        CHECK(pool.kept_size() == 0);
        pool.trim();
    }
    CHECK(ledger.asked.empty());
}

TEST_CASE("a block that came back is leased again without asking the allocator") {
    Ledger ledger;
    Pool pool(ledger.face());
    std::byte* const first = pool.lease(1000);
    std::byte* const second = pool.lease(1000);
    CHECK(first != second);
    CHECK(pool.leased_size() == 2048);
    pool.give_back(first, 1000);
    pool.give_back(second, 1000);
    CHECK(pool.leased_size() == 0);
    CHECK(pool.kept_size() == 2048);

    std::byte* const third = pool.lease(513);
    std::byte* const fourth = pool.lease(1024);
    CHECK(ledger.asked.size() == 2);
    CHECK(pool.kept_size() == 0);
    CHECK(std::pair(third, fourth) == std::pair(second, first));
    pool.give_back(third, 1024);  // any size of the same block size
    pool.give_back(fourth, 600);
    CHECK(pool.leased_size() == 0);
    CHECK(pool.kept_size() == 2048);
}

TEST_CASE("a block serves only leases of its own size") {
    Ledger ledger;
    Pool pool(ledger.face());
    pool.give_back(pool.lease(4096), 4096);
    for (const std::size_t size : {256U, 2048U, 8192U}) {
        std::byte* const block = pool.lease(size);
        CHECK(ledger.asked.back() == size);
        CHECK(pool.kept_size() >= 4096);
        pool.give_back(block, size);
    }
    CHECK(pool.kept_size() == 256 + 2048 + 4096 + 8192);
    CHECK(ledger.size() == pool.kept_size());
}

TEST_CASE("no more is kept than allowed, exactly as much is") {
    Ledger ledger;
    Pool pool(ledger.face(), 1024);
    std::byte* blocks[5];
    for (std::byte*& block : blocks) block = pool.lease(256);
    std::byte* const large = pool.lease(1025);
    pool.give_back(large, 1025);
    CHECK(pool.kept_size() == 0);
    CHECK(ledger.size() == 5 * 256);
    for (std::byte* const block : blocks) pool.give_back(block, 256);
    CHECK(pool.kept_size() == 1024);
    CHECK(ledger.size() == 1024);
    std::byte* const whole = pool.lease(1024);
    pool.give_back(whole, 1024);
    CHECK(pool.kept_size() == 1024);
    CHECK(ledger.wrongly_released == 0);
}

TEST_CASE("a pool that may keep nothing gives every block back at once") {
    Ledger ledger;
    Pool pool(ledger.face(), 0);
    std::byte* const block = pool.lease(256);
    CHECK(ledger.size() == 256);
    pool.give_back(block, 256);
    CHECK(ledger.blocks.empty());
    CHECK(pool.kept_size() == 0);
    CHECK(ledger.wrongly_released == 0);
}

TEST_CASE("an allocator that answers null makes a lease null and changes nothing") {
    Ledger ledger;
    Pool pool(ledger.face());
    std::byte* const kept = pool.lease(256);
    pool.give_back(kept, 256);
    ledger.dry = true;
    CHECK(pool.lease(512) == nullptr);
    CHECK(pool.leased_size() == 0);
    CHECK(pool.kept_size() == 256);
    CHECK(pool.lease(256) == kept);  // what lies idle is there all the same
    CHECK(pool.lease(256) == nullptr);
    CHECK(pool.leased_size() == 256);
    ledger.dry = false;
    std::byte* const block = pool.lease(512);
    CHECK(block != nullptr);
    pool.give_back(block, 512);
    pool.give_back(kept, 256);
}

TEST_CASE("a lease beyond the largest block is null, and the allocator is not asked") {
    Ledger ledger;
    ledger.dry = true;
    Pool pool(ledger.face());
    CHECK(pool.lease(2 * gibibyte + 1) == nullptr);
    CHECK(pool.lease(SIZE_MAX) == nullptr);
    CHECK(ledger.asked.empty());
    CHECK(pool.lease(gibibyte + 1) == nullptr);
    CHECK(ledger.asked == std::vector<std::size_t>{2 * gibibyte});
}

TEST_CASE("a pool without an allocator has nothing to lease") {
    Pool pool(Allocator{});
    CHECK(pool.lease(1) == nullptr);
    CHECK(pool.leased_size() == 0);
}

TEST_CASE("null may be given back") {
    Ledger ledger;
    Pool pool(ledger.face());
    pool.give_back(nullptr, 256);
    CHECK(pool.leased_size() == 0);
    CHECK(pool.kept_size() == 0);
}

TEST_CASE("trimming gives back what lies idle and nothing that is out") {
    Ledger ledger;
    Pool pool(ledger.face());
    std::byte* const out = pool.lease(4096);
    for (int round = 0; round < 2; ++round) {
        std::vector<std::pair<std::byte*, std::size_t>> blocks;
        for (std::size_t size = 256; size <= 65536; size *= 2)
            for (int count = 0; count < 3; ++count) blocks.emplace_back(pool.lease(size), size);
        for (const auto& [block, size] : blocks) pool.give_back(block, size);
        CHECK(pool.kept_size() == 3 * (131072 - 256));
        pool.trim();
        CHECK(pool.kept_size() == 0);
        CHECK(pool.leased_size() == 4096);
        CHECK(ledger.blocks == std::map<void*, std::size_t>{{out, 4096}});
    }
    pool.give_back(out, 4096);
    CHECK(ledger.wrongly_released == 0);
}

TEST_CASE("a pool that goes gives back all it kept") {
    Ledger ledger;
    {
        Pool pool(ledger.face());
        for (const std::size_t size : {256U, 1000U, 100000U})
            pool.give_back(pool.lease(size), size);
        CHECK(ledger.blocks.size() == 3);
    }
    CHECK(ledger.blocks.empty());
    CHECK(ledger.wrongly_released == 0);
}

TEST_CASE("whatever is leased and given back, the accounts agree with the allocator's") {
    for (unsigned seed = 0; seed < 50; ++seed) {
        std::mt19937 random(seed);
        const std::size_t kept_size_max = seed % 3 == 0 ? 0 : std::size_t{1} << (10 + seed % 8);
        Ledger ledger;
        Pool pool(ledger.face(), kept_size_max);
        std::vector<std::pair<std::byte*, std::size_t>> out;
        std::size_t out_size = 0, mismatches = 0;
        for (int step = 0; step < 400; ++step) {
            ledger.dry = random() % 8 == 0;
            if (random() % 2 == 0) {
                const std::size_t size = random() % (std::size_t{1} << random() % 17);
                if (std::byte* const block = pool.lease(size); block != nullptr) {
                    std::memset(block, step, Pool::block_size(size));
                    out.emplace_back(block, size);
                    out_size += Pool::block_size(size);
                } else {
                    mismatches += !ledger.dry;
                }
            } else if (!out.empty()) {
                std::swap(out[random() % out.size()], out.back());
                pool.give_back(out.back().first, out.back().second);
                out_size -= Pool::block_size(out.back().second);
                out.pop_back();
            }
            if (random() % 50 == 0) pool.trim();
            mismatches += pool.leased_size() != out_size;
            mismatches += pool.leased_size() + pool.kept_size() != ledger.size();
            mismatches += pool.kept_size() > kept_size_max;
        }
        for (const auto& [block, size] : out) pool.give_back(block, size);
        CHECK(mismatches == 0);
        CHECK(ledger.wrongly_released == 0);
    }
}

TEST_CASE("the heap is an allocator too") {
    Pool pool(heap_allocator(), 256);
    std::byte* const small = pool.lease(1);
    std::byte* const large = pool.lease(5000);
    REQUIRE(small != nullptr);
    REQUIRE(large != nullptr);
    pool.give_back(small, 1);
    pool.give_back(large, 5000);
    CHECK(pool.kept_size() == 256);
}

}  // namespace
}  // namespace hawse::test
