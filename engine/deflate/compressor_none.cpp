// SPDX-License-Identifier: MIT
// The seam of a build without zlib: there is no compressor.
#include "deflate/compressor.hpp"

namespace hawse::deflate {

bool can_compress() noexcept { return false; }

std::size_t compressor_size(CompressorSettings) noexcept { return 0; }

Compressor* make_compressor(Pool&, CompressorSettings) noexcept { return nullptr; }

void destroy_compressor(Compressor*) noexcept {}

void restart(Compressor&, std::span<const ConstBytes>) noexcept {}

std::size_t compress(Compressor&, ConstBytes, Bytes) noexcept { return 0; }

std::size_t compressed_size_max(std::size_t) noexcept { return 0; }

}  // namespace hawse::deflate
