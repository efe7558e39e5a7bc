// SPDX-License-Identifier: MIT
// The budget: each member by hand, and beside what is leased.
#include "hawse/deflate_budget.hpp"

#include "deflate/compressor.hpp"
#include "deflate/loan.hpp"
#include "support/catch.hpp"
#include "support/counting_allocator.hpp"

#include <cstddef>
#include <cstdint>

namespace hawse::test {
namespace {

Config compressing() {
    Config config;
    config.deflate.enabled = true;
    return config;
}

Agreement agreed(Role role, DeflateDirection client, DeflateDirection server) {
    Agreement agreement;
    agreement.role = role;
    agreement.deflate = {true, client, server};
    return agreement;
}

const std::size_t compressor_size =  // with its place on the shelf
    deflate::can_compress() ? 256 + deflate::compressor_size({15, 6, 8}) : 0;

TEST_CASE("what is not agreed costs nothing") {
    CHECK(deflate_budget(Config{}) == DeflateBudget{});
    CHECK(deflate_budget(compressing(), Agreement{}) == DeflateBudget{});
    Config relaying = compressing();
    relaying.delivery = Delivery::frames;
    CHECK(deflate_budget(relaying) == DeflateBudget{});
    CHECK(deflate_budget(relaying, agreed(Role::server, {}, {})) == DeflateBudget{});
}

TEST_CASE("a connection keeps a window of each direction with takeover, and 512 octets") {
    const Config config = compressing();
    const auto kept = [&](DeflateDirection client, DeflateDirection server) {
        const DeflateBudget one = deflate_budget(config, agreed(Role::server, client, server));
        const DeflateBudget other = deflate_budget(config, agreed(Role::client, server, client));
        CHECK(one == other);
        return one.connection;
    };
    CHECK(kept({15, true}, {15, true}) == 512 + 2 * 32768);
    CHECK(kept({15, false}, {15, true}) == 512 + 32768);
    CHECK(kept({9, true}, {15, false}) == 512 + 512);
    CHECK(kept({8, true}, {10, true}) == 512 + 256 + 1024);
    CHECK(kept({8, false}, {8, false}) == 512);
    CHECK(kept({0, true}, {255, true}) == 512 + 256 + 32768);  // as the nearest
}

TEST_CASE("a message sent in parts costs a window where the connection keeps none") {
    const auto streamed = [](DeflateDirection ours) {
        return deflate_budget(compressing(), agreed(Role::client, ours, {})).streamed_send;
    };
    const auto window = [](std::size_t size) { return deflate::can_compress() ? size : 0; };
    CHECK(streamed({15, true}) == 0);
    CHECK(streamed({15, false}) == window(32768));
    CHECK(streamed({8, false}) == window(256));
}

TEST_CASE("our own window is no larger than our policy's, whatever was agreed") {
    Config config = compressing();
    config.deflate.send = {9, false};
    const DeflateDirection whole = {15, true};
    CHECK(deflate_budget(config, agreed(Role::client, whole, whole)) ==
          deflate_budget(config, agreed(Role::client, {9, false}, whole)));
    CHECK(deflate_budget(config, agreed(Role::server, whole, whole)) ==
          deflate_budget(config, agreed(Role::server, whole, {9, false})));
    CHECK(deflate_budget(config, agreed(Role::server, whole, whole)).connection == 512 + 32768);
}

TEST_CASE("a message on its way costs an inflater, and in parts the part") {
    Config config = compressing();
    config.deflate.part_size_max = 5000;
    const Agreement taking_over = agreed(Role::server, {12, true}, {});
    const Agreement alone = agreed(Role::server, {12, false}, {});
    CHECK(deflate_budget(config, taking_over).inflater == 8192);
    CHECK(deflate_budget(config, alone).inflater == 8192);
    config.delivery = Delivery::parts;
    CHECK(deflate_budget(config, taking_over).inflater == 8192 + 8192);
    CHECK(deflate_budget(config, alone).inflater == 8192 + 8192 + 4096);  // and what it refers to
    config.deflate.part_size_max = 0;
    CHECK(deflate_budget(config, taking_over).inflater == 8192 + 256);
}

TEST_CASE("a compressor costs what is leased for it, by our own direction and the policy's levels") {
    Config config = compressing();
    for (std::uint8_t bits = 7; bits <= 16; ++bits)
        for (std::uint8_t memory = 0; memory <= 10; ++memory) {
            config.deflate.memory_level = memory;
            const DeflateDirection ours = {bits, false};
            const DeflateBudget budget =
                deflate_budget(config, agreed(Role::client, ours, {11, true}));
            CHECK(budget.compressor ==
                  deflate_budget(config, agreed(Role::server, {11, true}, ours)).compressor);
            CountingAllocator allocator;
            Pool pool(allocator.face());
            deflate::Loan loan;
            bool fresh = false;
            (void)loan.borrow(pool, deflate::settings_of(config.deflate, ours), fresh);
            CHECK(budget.compressor >= pool.kept_size());
            CHECK((budget.compressor != 0) == (pool.kept_size() != 0));
        }
    CHECK(deflate_budget(compressing()).compressor == compressor_size);
}

TEST_CASE("before anything is agreed the peer may do all that it is only asked not to do") {
    Config config = compressing();
    config.deflate.send = {10, true};
    config.deflate.receive = {9, false};
    config.delivery = Delivery::parts;
    const DeflateBudget any = deflate_budget(config);
    config.deflate.insist = true;
    const DeflateBudget insisting = deflate_budget(config);
    if (!deflate::can_compress()) {  // nothing is ever agreed
        CHECK(any == DeflateBudget{});
        CHECK(insisting == DeflateBudget{});
        return;
    }
    CHECK(any == deflate_budget(config, agreed(Role::client, {10, true}, {15, true})));
    CHECK(insisting == deflate_budget(config, agreed(Role::client, {10, true}, {9, false})));
    CHECK(any.connection == 512 + 1024 + 32768);
    CHECK(insisting.connection == 512 + 1024);
    CHECK(insisting.inflater == 8192 + 4096 + 512);
}

}  // namespace
}  // namespace hawse::test
