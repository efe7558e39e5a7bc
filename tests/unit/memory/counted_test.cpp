// SPDX-License-Identifier: MIT
// What has several owners: the last one to let go releases it, and no other. What threads may do with
// it, tests/threads shows.
#include "memory/counted.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <random>

namespace hawse::test {
namespace {

struct Thing : memory::Counted {
    Thing() noexcept : Counted([](Counted& thing) noexcept {
        ++static_cast<Thing&>(thing).released;
    }) {}
    int released = 0;
};

}  // namespace

TEST_CASE("the last owner releases a counted thing, once") {
    Thing thing;
    memory::retain(thing);
    memory::retain(thing);
    memory::let_go(thing);
    memory::let_go(thing);
    CHECK(thing.released == 0);
    memory::let_go(thing);
    CHECK(thing.released == 1);
}

TEST_CASE("a counted thing is released after as many owners as there were") {
    std::minstd_rand random(1);
    for (int round = 0; round < 100; ++round) {
        Thing thing;
        std::size_t owners = 1;
        for (int step = 0; step < 200 && owners != 0; ++step) {
            if (random() % 2 == 0) {
                memory::retain(thing);
                ++owners;
            } else {
                memory::let_go(thing);
                --owners;
            }
            CHECK(thing.released == (owners == 0 ? 1 : 0));
        }
    }
}

}  // namespace hawse::test
