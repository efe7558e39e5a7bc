// SPDX-License-Identifier: MIT
// One octet type for the whole face, and the two casts a host needs at its edges.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace hawse {

using Bytes = std::span<std::byte>;
using ConstBytes = std::span<const std::byte>;

/// The octets of `text`, not copied.
inline ConstBytes as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// `bytes` seen as characters, not copied and not checked.
inline std::string_view as_text(ConstBytes bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace hawse
