// SPDX-License-Identifier: MIT
// How many inflaters the connections of one pool have at this moment. They are leased and given back as
// any memory is; here they are only counted.
#pragma once

#include "hawse/memory.hpp"

#include <cassert>

namespace hawse::memory {

class Inflaters {
public:
    /// Counts one more. False, and nothing changed, when there are CodecLimits::inflater_count_max.
    [[nodiscard]] static bool acquire(Pool& pool) noexcept {
        if (pool.inflater_count_ >= pool.codecs_.inflater_count_max) return false;
        ++pool.inflater_count_;
        return true;
    }

    /// For each that was acquired, once.
    static void release(Pool& pool) noexcept {
        assert(pool.inflater_count_ != 0);
        --pool.inflater_count_;
    }
};

}  // namespace hawse::memory
