// SPDX-License-Identifier: MIT
// What stands behind the opaque objects of the C face, and how its values go in and out. It knows both
// faces and decides nothing.
//
// Whoever adds a member to a struct of the C face puts it behind all of the old struct, its padding
// included: in the padding it would be read from programs that never wrote it.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/config.hpp"
#include "hawse/hawse.h"
#include "hawse/memory.hpp"
#include "hawse/slice.hpp"
#include "hawse/statistics.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string_view>

// A function of C is not one of C++, whose type says noexcept. So the object keeps those it was given,
// and is itself the context of those that call them.
struct hawse_pool {
    hawse_pool(const hawse_allocator& given, std::size_t kept_size_max,
               const hawse_codec_limits& codecs) noexcept;

    hawse_allocator allocator;
    hawse::Pool pool;
};

struct hawse_config {
    explicit hawse_config(const hawse_options& given) noexcept;

    bool (*entropy_fill)(void* context, std::uint8_t* into, std::size_t size);
    void* entropy_context;
    hawse::Config config;
};

struct hawse_counters {
    hawse::Statistics statistics;
};

namespace hawse::capi {

// Structs that begin with their size.

/// What both the program and this library know of `given`, which may be null; the rest of `known` stays.
template <class Struct>
Struct taken(const Struct* given, Struct known = {}) noexcept {
    if (given == nullptr) return known;
    constexpr std::size_t begin = sizeof(std::size_t);
    const std::size_t size = std::min(given->size, sizeof(Struct));
    if (size > begin)
        std::memcpy(reinterpret_cast<std::byte*>(&known) + begin,
                    reinterpret_cast<const std::byte*>(given) + begin, size - begin);
    return known;
}

/// Writes to `into` what it has room for, and leaves its size as it is.
template <class Struct>
void show(Struct* into, const Struct& known) noexcept {
    constexpr std::size_t begin = sizeof(std::size_t);
    const std::size_t size = std::min(into->size, sizeof(Struct));
    if (size > begin)
        std::memcpy(reinterpret_cast<std::byte*>(into) + begin,
                    reinterpret_cast<const std::byte*>(&known) + begin, size - begin);
}

// Objects, in the host's storage and in a pool's.

template <class Object, class... Arguments>
Object* make_in(void* storage, std::size_t size, const Arguments&... arguments) noexcept {
    static_assert(alignof(Object) <= alignof(std::uint64_t), "hawse.h promises it");
    const bool aligned = reinterpret_cast<std::uintptr_t>(storage) % alignof(Object) == 0;
    if (storage == nullptr || size < sizeof(Object) || !aligned) return nullptr;
    return new (storage) Object(arguments...);
}

template <class Object, class... Arguments>
Object* make_from(Pool* pool, const Arguments&... arguments) noexcept {
    void* const storage = pool == nullptr ? nullptr : pool->lease(sizeof(Object));
    return storage == nullptr ? nullptr : new (storage) Object(arguments...);
}

/// Those that are made from a config; without one there is none.
template <class Object, class... Arguments>
Object* make_with(const hawse_config* config, const Arguments&... arguments) noexcept {
    if (config == nullptr) return nullptr;
    return make_from<Object>(config->config.pool, config->config, arguments...);
}

template <class Object, class... Arguments>
Object* make_in_with(void* storage, std::size_t size, const hawse_config* config,
                     const Arguments&... arguments) noexcept {
    if (config == nullptr) return nullptr;
    return make_in<Object>(storage, size, config->config, arguments...);
}

template <class Object>
void end_in_place(Object* object) noexcept {
    if (object != nullptr) object->~Object();
}

template <class Object>
void end(Object* object, Pool* pool) noexcept {
    object->~Object();
    pool->give_back(reinterpret_cast<std::byte*>(object), sizeof(Object));
}

// Views.

inline ConstBytes bytes(const std::uint8_t* octets, std::size_t size) noexcept {
    return {reinterpret_cast<const std::byte*>(octets), size};
}
inline Bytes bytes(std::uint8_t* octets, std::size_t size) noexcept {
    return {reinterpret_cast<std::byte*>(octets), size};
}
inline hawse_octets octets(ConstBytes bytes) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}
inline hawse_mutable_octets mutable_octets(Bytes bytes) noexcept {
    return {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()};
}
inline std::string_view text(hawse_text text) noexcept { return {text.data, text.size}; }
inline hawse_text text(std::string_view text) noexcept { return {text.data(), text.size()}; }

static_assert(sizeof(hawse_slice) == sizeof(Slice));
static_assert(alignof(hawse_slice) == alignof(Slice));

/// A slice is laid out as the platform's own, in both faces.
inline std::span<Slice> slices(hawse_slice* slices, std::size_t count) noexcept {
    return {reinterpret_cast<Slice*>(slices), count};
}

}  // namespace hawse::capi
