// SPDX-License-Identifier: MIT
// The shelf: who is lent what, from whom it is taken, and what the pool's accounts say meanwhile. The
// things are no codecs: the shelf knows no difference.
#include "memory/shelf.hpp"

#include "memory/inflaters.hpp"
#include "support/catch.hpp"
#include "support/counting_allocator.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <random>
#include <vector>

namespace hawse::test {
namespace {

using memory::Shelf;
using memory::Shelved;

// Two leases, and a number by which it is known again.
struct Thing : Shelved {
    std::byte* octets = nullptr;
    int number = 0;
};
constexpr std::size_t octets_size = 1000;
constexpr std::size_t thing_size = 256 + 1024;

void destroy(Shelved& shelved) noexcept {
    auto& thing = static_cast<Thing&>(shelved);
    Pool& pool = *thing.pool;
    pool.give_back(thing.octets, octets_size);
    pool.give_back(reinterpret_cast<std::byte*>(&thing), sizeof(Thing));
}

// Answers whether there was memory.
bool make(Pool& pool, std::uint32_t tag, int number, Shelved*& holder) {
    std::byte* const storage = pool.lease(sizeof(Thing));
    std::byte* const octets = pool.lease(octets_size);
    if (storage == nullptr || octets == nullptr) {
        pool.give_back(storage, sizeof(Thing));
        pool.give_back(octets, octets_size);
        return false;
    }
    auto* const thing = new (storage) Thing;
    thing->pool = &pool;
    thing->destroy = destroy;
    thing->tag = tag;
    thing->octets = octets;
    thing->number = number;
    Shelf(pool).add(*thing, thing_size, holder);
    return true;
}

int number_of(const Shelved* thing) { return static_cast<const Thing*>(thing)->number; }

struct Fixture {
    explicit Fixture(std::uint32_t count_max, std::size_t kept_size_max = std::size_t{1} << 20)
        : pool(allocator.face(), kept_size_max, {count_max, 0}), shelf(pool) {}
    // As whoever needs a thing does it.
    bool borrow(std::size_t who, std::uint32_t tag) {
        Shelved*& holder = holders[who];
        if (holder != nullptr) {
            shelf.touch(*holder);
            return true;
        }
        if (shelf.lend(tag, holder)) return true;
        return shelf.make_room() && make(pool, tag, next_number++, holder);
    }

    CountingAllocator allocator;
    std::array<Shelved*, 8> holders = {};  // a pool that goes writes to them
    Pool pool;
    Shelf shelf;
    int next_number = 0;
};

TEST_CASE("what is shelved counts as kept by the pool, and not as leased") {
    Fixture one(4);
    CHECK(one.borrow(0, 7));
    CHECK(one.pool.leased_size() == 0);
    CHECK(one.pool.kept_size() == thing_size);
    CHECK(one.borrow(1, 7));
    CHECK(one.pool.kept_size() == 2 * thing_size);
    one.shelf.leave(*one.holders[0]);  // it stays
    CHECK(one.holders[0] == nullptr);
    CHECK(one.pool.leased_size() == 0);
    CHECK(one.pool.kept_size() == 2 * thing_size);
    CHECK(one.allocator.live_size() == 2 * thing_size);
}

TEST_CASE("what is shelved has its own bound: a pool that keeps no blocks keeps it") {
    Fixture one(2, 0);
    CHECK(one.borrow(0, 7));
    CHECK(one.pool.kept_size() == thing_size);
    one.pool.give_back(one.pool.lease(300), 300);
    CHECK(one.pool.kept_size() == thing_size);
    CHECK(one.allocator.live_size() == thing_size);
    one.pool.trim();
    CHECK(one.allocator.live_size() == 0);
}

TEST_CASE("trimming a pool destroys what is shelved, and whoever held it knows") {
    Fixture one(4);
    CHECK(one.borrow(0, 7));
    CHECK(one.borrow(1, 8));
    one.shelf.leave(*one.holders[1]);
    one.pool.trim();
    CHECK(one.holders[0] == nullptr);
    CHECK(one.pool.kept_size() == 0);
    CHECK(one.pool.leased_size() == 0);
    CHECK(one.allocator.live_size() == 0);
    CHECK(one.borrow(0, 7));
    CHECK(number_of(one.holders[0]) == 2);
}

TEST_CASE("a pool that goes destroys what is shelved, and whoever held it knows") {
    CountingAllocator allocator;
    Shelved* holder = nullptr;
    {
        Pool pool(allocator.face());
        CHECK(make(pool, 7, 0, holder));
    }
    CHECK(holder == nullptr);
    CHECK(allocator.live_size() == 0);
}

TEST_CASE("a thing is its holder's own until there may be no more of them") {
    Fixture one(2);
    for (int round = 0; round < 3; ++round)
        for (std::size_t who = 0; who < 2; ++who) {
            CHECK(one.borrow(who, 7));
            CHECK(number_of(one.holders[who]) == int(who));
        }
    CHECK(one.borrow(0, 7));
    CHECK(one.borrow(2, 7));  // that of 1, who came last before 0
    CHECK(number_of(one.holders[2]) == 1);
    CHECK(one.holders[1] == nullptr);
    CHECK(one.next_number == 2);
}

TEST_CASE("what nobody holds is lent before anything is made") {
    Fixture one(8);
    CHECK(one.borrow(0, 7));
    CHECK(one.borrow(1, 7));
    one.shelf.leave(*one.holders[0]);
    CHECK(one.borrow(2, 7));
    CHECK(number_of(one.holders[2]) == 0);
    CHECK(number_of(one.holders[1]) == 1);
    CHECK(one.next_number == 2);
    CHECK(one.borrow(3, 7));
    CHECK(number_of(one.holders[3]) == 2);
}

TEST_CASE("what nobody holds is passed over when it is of another tag") {
    Fixture one(8);
    CHECK(one.borrow(0, 7));
    CHECK(one.borrow(1, 8));
    one.shelf.leave(*one.holders[0]);
    one.shelf.leave(*one.holders[1]);
    CHECK(one.borrow(2, 7));
    CHECK(number_of(one.holders[2]) == 0);
    CHECK(one.borrow(3, 9));
    CHECK(number_of(one.holders[3]) == 2);
    CHECK(one.borrow(4, 8));
    CHECK(number_of(one.holders[4]) == 1);
}

TEST_CASE("at the bound what nobody holds goes first, be it ever so new") {
    Fixture one(2);
    CHECK(one.borrow(0, 7));
    CHECK(one.borrow(1, 8));
    one.shelf.leave(*one.holders[1]);
    CHECK(one.borrow(2, 9));  // of a third tag: made where the other one was
    CHECK(number_of(one.holders[0]) == 0);
    CHECK(number_of(one.holders[2]) == 2);
    CHECK(one.pool.kept_size() - 2 * thing_size < thing_size);
    CHECK(one.allocator.live_size() == one.pool.kept_size());
}

TEST_CASE("at the bound a thing of another tag is destroyed, and one is made") {
    Fixture one(1);
    CHECK(one.borrow(0, 7));
    CHECK(one.borrow(1, 8));
    CHECK(one.holders[0] == nullptr);
    CHECK(number_of(one.holders[1]) == 1);
    CHECK(one.pool.kept_size() == thing_size);
}

TEST_CASE("a bound of none means none") {
    Fixture one(0);
    CHECK_FALSE(one.borrow(0, 7));
    CHECK_FALSE(one.shelf.lend_oldest(7, one.holders[0]));
    CHECK_FALSE(one.shelf.drop_oldest());
    CHECK(one.holders[0] == nullptr);
    CHECK(one.allocator.count() == 0);
}

TEST_CASE("what lies idle goes back to the allocator, and what is shelved stays") {
    Fixture one(2);
    CHECK_FALSE(one.shelf.give_back_idle());
    CHECK(one.borrow(0, 7));
    one.pool.give_back(one.pool.lease(5000), 5000);
    CHECK(one.pool.kept_size() == thing_size + 8192);
    CHECK(one.shelf.give_back_idle());
    CHECK(one.pool.kept_size() == thing_size);
    CHECK(number_of(one.holders[0]) == 0);
    CHECK_FALSE(one.shelf.give_back_idle());
}

TEST_CASE("the oldest is dropped, and its blocks lie idle") {
    Fixture one(2);
    CHECK(one.borrow(0, 7));
    CHECK(one.borrow(1, 7));
    CHECK(one.shelf.drop_oldest());
    CHECK(one.holders[0] == nullptr);
    CHECK(number_of(one.holders[1]) == 1);
    CHECK(one.pool.kept_size() == 2 * thing_size);
    CHECK(one.shelf.give_back_idle());
    CHECK(one.pool.kept_size() == thing_size);
}

TEST_CASE("the oldest is lent before the bound, if it is of that tag") {
    Fixture one(8);
    CHECK(one.borrow(0, 7));
    CHECK(one.borrow(1, 8));
    CHECK_FALSE(one.shelf.lend_oldest(8, one.holders[2]));
    CHECK(one.shelf.lend_oldest(7, one.holders[2]));
    CHECK(one.holders[0] == nullptr);
    CHECK(number_of(one.holders[2]) == 0);
    CHECK(one.shelf.lend_oldest(8, one.holders[3]));  // 2 came last
    CHECK(number_of(one.holders[3]) == 1);
}

// The same by a list that is searched.
struct Model {
    struct Entry {
        int number;
        std::uint32_t tag;
        int holder;  // -1: nobody
    };
    std::vector<Entry> entries;  // oldest first, and of those that nobody holds the last to be left
    std::size_t count_max;
    int next_number = 0;

    [[nodiscard]] auto of(int who) {
        return std::find_if(entries.begin(), entries.end(),
                            [=](const Entry& entry) { return entry.holder == who; });
    }
    [[nodiscard]] int number_of(int who) {
        const auto found = of(who);
        return found == entries.end() ? -1 : found->number;
    }
    void leave(int who) {
        Entry entry = *of(who);
        entries.erase(of(who));
        entry.holder = -1;
        entries.insert(entries.begin(), entry);
    }
    void borrow(int who, std::uint32_t tag) {
        auto found = of(who);
        if (found == entries.end())
            found = std::find_if(entries.begin(), entries.end(), [=](const Entry& entry) {
                return entry.holder == -1 && entry.tag == tag;
            });
        if (found == entries.end() && entries.size() == count_max && entries.front().tag == tag)
            found = entries.begin();
        Entry entry = {next_number, tag, who};
        if (found != entries.end()) {
            entry.number = found->number;
            entries.erase(found);
        } else {
            ++next_number;
            if (entries.size() == count_max) entries.erase(entries.begin());
        }
        entries.push_back(entry);
    }
};

TEST_CASE("whoever borrows and leaves in whatever order, the shelf does what its rules say") {
    for (unsigned seed = 0; seed < 200; ++seed) {
        std::mt19937 random(seed);
        const std::uint32_t count_max = 1 + seed % 6;
        Fixture one(count_max);
        Model model{{}, count_max};
        std::size_t mismatches = 0;
        for (int step = 0; step < 400; ++step) {
            const auto who = random() % one.holders.size();
            switch (random() % 8) {
                case 0:
                case 1:
                    if (one.holders[who] == nullptr) break;
                    one.shelf.leave(*one.holders[who]);
                    model.leave(int(who));
                    break;
                case 2:
                    if (random() % 20 != 0) break;
                    one.pool.trim();
                    model.entries.clear();
                    break;
                default:
                    mismatches += !one.borrow(who, std::uint32_t(who % 3));
                    model.borrow(int(who), std::uint32_t(who % 3));
            }
            for (std::size_t other = 0; other < one.holders.size(); ++other)
                mismatches += model.number_of(int(other)) != (one.holders[other] == nullptr
                                                                  ? -1
                                                                  : number_of(one.holders[other]));
            mismatches += one.pool.leased_size() != 0;
            mismatches += one.pool.kept_size() < model.entries.size() * thing_size;
            mismatches += one.pool.kept_size() != one.allocator.live_size();
        }
        CHECK(mismatches == 0);
    }
}

TEST_CASE("inflaters are counted up to their bound") {
    CountingAllocator allocator;
    Pool pool(allocator.face(), 0, {0, 2});
    CHECK(memory::Inflaters::acquire(pool));
    CHECK(memory::Inflaters::acquire(pool));
    CHECK_FALSE(memory::Inflaters::acquire(pool));
    CHECK_FALSE(memory::Inflaters::acquire(pool));
    memory::Inflaters::release(pool);
    CHECK(memory::Inflaters::acquire(pool));
    CHECK_FALSE(memory::Inflaters::acquire(pool));
    memory::Inflaters::release(pool);
    memory::Inflaters::release(pool);
    Pool without(allocator.face(), 0, {0, 0});
    CHECK_FALSE(memory::Inflaters::acquire(without));
    CHECK(allocator.count() == 0);
}

TEST_CASE("a pool that is told nothing else has 16 compressors and 1024 inflaters") {
    CHECK(CodecLimits{}.compressor_count_max == 16);
    CHECK(CodecLimits{}.inflater_count_max == 1024);
    CountingAllocator allocator;
    std::array<Shelved*, 17> holders = {};
    Pool pool(allocator.face());
    std::uint32_t count = 0;
    while (memory::Inflaters::acquire(pool)) ++count;
    CHECK(count == 1024);
    while (count-- != 0) memory::Inflaters::release(pool);
    for (int index = 0; index < 17; ++index) {
        Shelf shelf(pool);
        if (shelf.lend(7, holders[std::size_t(index)])) {
            CHECK(index == 16);
            continue;
        }
        CHECK(shelf.make_room());
        CHECK(make(pool, 7, index, holders[std::size_t(index)]));
    }
    CHECK(pool.kept_size() == 16 * thing_size);
    CHECK(holders[0] == nullptr);
}

}  // namespace
}  // namespace hawse::test
