// SPDX-License-Identifier: MIT
// The seam behind which a DEFLATE compressor stands: zlib (compressor_zlib.cpp) or nothing
// (compressor_none.cpp), as the build decides. Another one is another file with these functions: it must
// begin from a window that it is told, and flush and go on. zlib-ng does, libdeflate does not.
// RFC 7692 §7.2.1
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/memory.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace hawse::deflate {

/// Whether this build can compress: without, nothing is offered or accepted.
[[nodiscard]] bool can_compress() noexcept;

struct CompressorSettings {
    std::uint8_t window_bits = 15;  ///< 8 to 15, exactly kept
    std::uint8_t level = 6;         ///< 1 to 9
    std::uint8_t memory_level = 8;  ///< 1 to 9
    friend constexpr bool operator==(CompressorSettings, CompressorSettings) = default;
};

/// What a compressor takes from the pool at most, all its leases together. O(1).
[[nodiscard]] std::size_t compressor_size(CompressorSettings settings) noexcept;

class Compressor;  // opaque: whoever implements the seam

/// Null when there is no memory. The stream is empty.
[[nodiscard]] Compressor* make_compressor(Pool& pool, CompressorSettings settings) noexcept;
void destroy_compressor(Compressor* compressor) noexcept;

/// Makes the stream empty again, as after make_compressor(), and then tells it what it may refer to:
/// `pieces` in their order, not more than a window in all. Cannot fail.
void restart(Compressor& compressor, std::span<const ConstBytes> pieces) noexcept;

/// Compresses all of `input` and ends it with an empty stored block, whose last four octets (00 00 ff
/// ff) are among the output. Answers the octets written, or 0 when they do not fit into `output`: the
/// stream is undefined then, and restart() is due. `input` may be empty: 5 octets or fewer come of it.
[[nodiscard]] std::size_t compress(Compressor& compressor, ConstBytes input, Bytes output) noexcept;

/// What compress() writes of `size` octets at most.
[[nodiscard]] std::size_t compressed_size_max(std::size_t size) noexcept;

}  // namespace hawse::deflate
