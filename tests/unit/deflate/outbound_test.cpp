// SPDX-License-Identifier: MIT
// What a connection compresses with: a compressor that may be taken away whenever memory is asked for.
#include "deflate/outbound.hpp"

#include "support/catch.hpp"
#include "support/counting_allocator.hpp"
#include "support/deflate_reader.hpp"
#include "support/octets.hpp"

#include <cstddef>
#include <string>

namespace hawse::test {
namespace {

// Trims its pool at one request for memory, or at all from there on. It may: no call is under way that
// would forbid it.
struct TrimmingAllocator {
    CountingAllocator below = {};
    Pool* pool = nullptr;
    std::size_t count = 0;
    std::size_t trimming_at = 0;
    bool once = true;

    [[nodiscard]] Allocator face() noexcept { return {allocate, release, this}; }

    static void* allocate(void* context, std::size_t size) noexcept {
        auto& self = *static_cast<TrimmingAllocator*>(context);
        const std::size_t index = self.count++;
        if (self.once ? index == self.trimming_at : index >= self.trimming_at) self.pool->trim();
        const Allocator below = self.below.face();
        return below.allocate(below.context, size);
    }
    static void release(void* context, void* octets, std::size_t size) noexcept {
        const Allocator below = static_cast<TrimmingAllocator*>(context)->below.face();
        below.release(below.context, octets, size);
    }
};

TEST_CASE("an allocator may trim the pool at any request, and what is compressed is sound") {
    for (const bool once : {true, false})
        for (const std::size_t kept_size_max : {std::size_t{0}, std::size_t{1} << 20})
            for (std::size_t trimming_at = 0; trimming_at < 40; ++trimming_at) {
                CAPTURE(once, kept_size_max, trimming_at);
                TrimmingAllocator allocator;
                {
                    Pool pool(allocator.face(), kept_size_max);
                    allocator.pool = &pool;
                    allocator.trimming_at = trimming_at;
                    allocator.once = once;
                    auto* const outbound = deflate::Outbound::lease(&pool, {12, true}, {});
                    REQUIRE(outbound != nullptr);
                    DeflateReader reader;
                    std::size_t mismatches = 0;
                    for (std::size_t turn = 0; turn < 6; ++turn) {
                        std::string message;
                        while (message.size() < 100U << turn)
                            message += std::to_string(message.size() * turn % 97) + " fathoms, ";
                        const Bytes octets =
                            outbound->compress(as_bytes(message), true, 2 * message.size());
                        mismatches += octets.empty() || !reader.read(octets);
                        mismatches += as_text(reader.message()) != message;
                        outbound->accept(as_bytes(message), true);
                    }
                    CHECK(mismatches == 0);
                    CHECK(reader.reach_max() > 0);
                    outbound->give_back();
                    CHECK(pool.leased_size() == 0);
                    CHECK(pool.kept_size() == allocator.below.live_size());
                }
                CHECK(allocator.below.live_size() == 0);
            }
}

}  // namespace
}  // namespace hawse::test
