// SPDX-License-Identifier: MIT
#pragma once
#include "deflate/compressor.hpp"
namespace hawse::deflate {
Compressor* borrow(Pool& pool, Compressor*& holder, CompressorSettings settings,
                   bool& fresh) noexcept;
void leave(Compressor*& holder) noexcept;
}  // namespace hawse::deflate
