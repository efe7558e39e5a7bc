// SPDX-License-Identifier: MIT
// SHA-1, for the one thing the protocol uses it for: a proof of having read a handshake. It knows
// octets only, and guards no secret. FIPS 180-4 §6.1
#pragma once

#include "hawse/bytes.hpp"

#include <array>
#include <cstddef>

namespace hawse::wire {

/// The digest of `first` and `second` joined. O(octets).
[[nodiscard]] std::array<std::byte, 20> sha1(ConstBytes first, ConstBytes second) noexcept;

}  // namespace hawse::wire
