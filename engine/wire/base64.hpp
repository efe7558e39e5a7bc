// SPDX-License-Identifier: MIT
// base64 with padding, written and recognised; nothing in the protocol needs it decoded. RFC 4648 §4
#pragma once

#include "hawse/bytes.hpp"

#include <cstddef>

namespace hawse::wire {

/// Characters that `size` octets take, padding included.
constexpr std::size_t base64_size(std::size_t size) noexcept { return (size + 2) / 3 * 4; }

/// Writes `from` as base64_size(from.size()) characters.
void write_base64(char* into, ConstBytes from) noexcept;

/// Whether `character` is one of the 64; the pad is not.
[[nodiscard]] bool is_base64_character(char character) noexcept;

}  // namespace hawse::wire
