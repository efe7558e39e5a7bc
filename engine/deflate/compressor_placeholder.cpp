// SPDX-License-Identifier: MIT
// Until the seam has an implementation: goes when compressor_none.cpp and compressor_zlib.cpp come.
#include "deflate/compressor.hpp"

namespace hawse::deflate {
bool can_compress() noexcept { return true; }
}  // namespace hawse::deflate
