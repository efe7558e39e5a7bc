// SPDX-License-Identifier: MIT
// Memory of a host that has no heap: an arena that only grows, the engine's pool on it, which keeps
// what comes back, and objects that take their places from that pool. It knows no conversation.
#pragma once

#include "hawse/memory.hpp"

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>

namespace examples {

/// Answers null when it is full; gives nothing back.
struct Arena {
    std::span<std::byte> octets;  ///< aligned for any fundamental type
    std::size_t used = 0;

    /// For a pool that keeps all: its sizes are powers of two, so that every place is aligned.
    hawse::Allocator allocator() noexcept {
        return {[](void* context, std::size_t size) noexcept -> void* {
                    Arena& arena = *static_cast<Arena*>(context);
                    if (size > arena.octets.size() - arena.used) return nullptr;
                    return arena.octets.data() + std::exchange(arena.used, arena.used + size);
                },
                [](void*, void*, std::size_t) noexcept {}, this};
    }
};

struct GiveBack {
    hawse::Pool* pool = nullptr;
    template <typename Object>
    void operator()(Object* object) const noexcept {
        std::destroy_at(object);
        pool->give_back(reinterpret_cast<std::byte*>(object), sizeof(Object));
    }
};
template <typename Object>
using Leased = std::unique_ptr<Object, GiveBack>;

/// An object in a place of its own; null when there is none. A Connection and a handshake object are
/// powers of two, and waste nothing.
template <typename Object, typename... Arguments>
Leased<Object> lease(hawse::Pool& pool, const Arguments&... arguments) {
    std::byte* const place = pool.lease(sizeof(Object));
    return {place == nullptr ? nullptr : new (place) Object(arguments...), {&pool}};
}

}  // namespace examples
