// SPDX-License-Identifier: MIT
// Compression through the C face: how many codecs a pool has, and what they cost.
#include "hawse/deflate_budget.hpp"

#include "capi/objects.hpp"
#include "memory/inflaters.hpp"
#include "memory/shelf.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace hawse::test {
namespace {

constexpr hawse_allocator heap = {sizeof heap,
                                  [](void*, std::size_t size) { return std::malloc(size); },
                                  [](void*, void* octets, std::size_t) { std::free(octets); },
                                  nullptr};

// A thing that owns nothing else.
void destroy(memory::Shelved& thing) noexcept {
    thing.pool->give_back(reinterpret_cast<std::byte*>(&thing), sizeof thing);
}

// Fills a pool up and empties it again.
CodecLimits counted(hawse_pool* pool) {
    CodecLimits limits{0, 0};
    while (memory::Inflaters::acquire(pool->pool)) ++limits.inflater_count_max;
    for (std::uint32_t left = limits.inflater_count_max; left != 0; --left)
        memory::Inflaters::release(pool->pool);
    memory::Shelf shelf(pool->pool);
    memory::Shelved* holders[100] = {};
    for (memory::Shelved*& holder : holders) {
        if (shelf.lend(7, holder) || !shelf.make_room()) break;
        auto* const thing = new (pool->pool.lease(sizeof(memory::Shelved))) memory::Shelved;
        thing->pool = &pool->pool;
        thing->destroy = destroy;
        thing->tag = 7;
        shelf.add(*thing, 256, holder);
        ++limits.compressor_count_max;
    }
    pool->pool.trim();
    hawse_pool_destroy(pool);
    return limits;
}

bool same(CodecLimits one, CodecLimits other) {
    return one.compressor_count_max == other.compressor_count_max &&
           one.inflater_count_max == other.inflater_count_max;
}

TEST_CASE("a pool made in C has the codecs it was told, and without limits as many as in C++") {
    CHECK(same(counted(hawse_pool_create(&heap, 0, nullptr)), CodecLimits{}));
    hawse_codec_limits limits;
    hawse_codec_limits_init(&limits, sizeof limits);
    CHECK(limits.size == sizeof limits);
    CHECK(same(counted(hawse_pool_create(&heap, 0, &limits)), CodecLimits{}));
    limits.compressor_count_max = 3;
    limits.inflater_count_max = 5;
    CHECK(same(counted(hawse_pool_create(&heap, 0, &limits)), {3, 5}));
    limits.size = offsetof(hawse_codec_limits, inflater_count_max);  // of an older program
    CHECK(same(counted(hawse_pool_create(&heap, 0, &limits)),
               {3, CodecLimits{}.inflater_count_max}));
    alignas(std::uint64_t) std::byte place[HAWSE_POOL_SIZE];
    limits.size = sizeof limits;
    limits.inflater_count_max = 0;
    hawse_pool* const pool = hawse_pool_init(place, sizeof place, &heap, 0, &limits);
    CHECK_FALSE(memory::Inflaters::acquire(pool->pool));
    hawse_pool_deinit(pool);
}

TEST_CASE("limits are filled in no further than they reach") {
    hawse_codec_limits limits;
    std::memset(&limits, 0xA5, sizeof limits);
    hawse_codec_limits_init(&limits, offsetof(hawse_codec_limits, inflater_count_max));
    CHECK(limits.size == offsetof(hawse_codec_limits, inflater_count_max));
    CHECK(limits.compressor_count_max == 16);
    CHECK(limits.inflater_count_max == 0xA5A5A5A5);
    std::memset(&limits, 0xA5, sizeof limits);
    hawse_codec_limits_init(&limits, sizeof limits.size - 1);  // no room for a size: only zeros
    CHECK(limits.size >> (8 * (sizeof limits.size - 1)) == 0xA5);
    CHECK(limits.compressor_count_max == 0xA5A5A5A5);
}

TEST_CASE("the budget in C is that in C++") {
    hawse_options options;
    hawse_options_init(&options, sizeof options);
    hawse_config config(options);
    config.config.deflate.enabled = true;
    const DeflateBudget expected = deflate_budget(config.config);
    hawse_deflate_budget budget = {sizeof budget, 1, 2, 3, 4};
    hawse_deflate_budget_of(&config, nullptr, &budget);
    CHECK(budget.size == sizeof budget);
    CHECK(budget.connection == expected.connection);
    CHECK(budget.inflater == expected.inflater);
    CHECK(budget.compressor == expected.compressor);
    CHECK(budget.streamed_send == expected.streamed_send);

    hawse_agreement agreement{};
    agreement.size = sizeof agreement;
    hawse_deflate_budget_of(&config, &agreement, &budget);
    CHECK(budget.connection + budget.inflater + budget.compressor + budget.streamed_send == 0);

    budget = {offsetof(hawse_deflate_budget, inflater), 1, 2, 3, 4};
    hawse_deflate_budget_of(&config, nullptr, &budget);
    CHECK(budget.connection == expected.connection);
    CHECK(budget.inflater == 2);
}

}  // namespace
}  // namespace hawse::test
