// SPDX-License-Identifier: MIT
// The proof that a server has read a WebSocket handshake. RFC 6455 §1.3, §4.2.2
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/export.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hawse {

/// A nonce of 16 octets has 24 characters in base64; an accept value has 28.
using HandshakeKey = std::array<char, 24>;
using AcceptKey = std::array<char, 28>;

/// base64 of SHA-1 of `key` and the protocol's GUID. `key` is hashed as it stands, undecoded.
[[nodiscard]] HAWSE_API AcceptKey accept_key(std::string_view key) noexcept;

/// base64 of a 16-octet nonce, with zero pad bits.
[[nodiscard]] HAWSE_API HandshakeKey handshake_key(const std::array<std::byte, 16>& nonce) noexcept;

/// Whether `key` is 22 characters of the base64 alphabet and "==". Pad bits may be set: the RFC's
/// own example once had them set.
[[nodiscard]] HAWSE_API bool is_handshake_key(std::string_view key) noexcept;

}  // namespace hawse
