// SPDX-License-Identifier: MIT
// Optional: an Allocator over malloc and free. Compiled into the host, never into the library.
#pragma once

#include "hawse/memory.hpp"

#include <cstddef>
#include <cstdlib>

namespace hawse {

inline Allocator heap_allocator() noexcept {
    return {[](void*, std::size_t size) noexcept { return std::malloc(size); },
            [](void*, void* octets, std::size_t) noexcept { std::free(octets); }, nullptr};
}

}  // namespace hawse
