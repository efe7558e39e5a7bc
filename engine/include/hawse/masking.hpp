// SPDX-License-Identifier: MIT
// Masking: payload octet i is XORed with key octet i mod 4, however the payload is cut. RFC 6455 §5.3
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/export.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hawse {

/// Four octets as they stand on the wire, held as one integer in memory order.
struct MaskKey {
    std::uint32_t in_memory_order = 0;

    /// Reads four octets at `octets`.
    static MaskKey read(const std::byte* octets) noexcept {
        MaskKey key;
        std::memcpy(&key.in_memory_order, octets, 4);
        return key;
    }
    void write(std::byte* octets) const noexcept { std::memcpy(octets, &in_memory_order, 4); }

    /// The key for a payload that goes on `offset` octets after its start.
    [[nodiscard]] constexpr MaskKey advanced(std::uint64_t offset) const noexcept {
        // Rotated by hand: the count of std::rotr is signed in one C++ library, unsigned in another.
        const unsigned ahead = static_cast<unsigned>(offset % 4) * 8;
        const unsigned right = std::endian::native == std::endian::little ? ahead : 32 - ahead;
        return {in_memory_order >> (right & 31) | in_memory_order << (-right & 31)};
    }
    friend constexpr bool operator==(MaskKey, MaskKey) = default;
};

/// Masks or unmasks `octets` where they are. `key` is that of the first of them: see advanced().
HAWSE_API void apply_mask(Bytes octets, MaskKey key) noexcept;

/// Writes `from`, masked, to `into`, which has room for as many octets and does not overlap it.
HAWSE_API void copy_masked(std::byte* into, ConstBytes from, MaskKey key) noexcept;

}  // namespace hawse
