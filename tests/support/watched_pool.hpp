// SPDX-License-Identifier: MIT
// A pool whose allocator counts, remembers the largest request, and fails when it is told to. It
// keeps nothing, so that every lease reaches the allocator.
#pragma once

#include "hawse/memory.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

namespace support {

class WatchedPool {
public:
    hawse::Pool pool{{&allocate, &release, this}, 0};

    std::size_t call_count = 0;
    std::size_t fail_from = SIZE_MAX;  ///< the first call that answers null
    bool fail_once = false;
    std::size_t largest_size = 0;
    std::size_t live_count = 0;

private:
    static void* allocate(void* context, std::size_t size) noexcept {
        auto& self = *static_cast<WatchedPool*>(context);
        const std::size_t call = self.call_count++;
        if (self.fail_once ? call == self.fail_from : call >= self.fail_from) return nullptr;
        self.largest_size = std::max(self.largest_size, size);
        ++self.live_count;
        return std::malloc(size);
    }
    static void release(void* context, void* octets, std::size_t) noexcept {
        --static_cast<WatchedPool*>(context)->live_count;
        std::free(octets);
    }
};

}  // namespace support
