// SPDX-License-Identifier: MIT
#include "hawse/accept_key.hpp"

#include "http/text.hpp"
#include "wire/base64.hpp"
#include "wire/sha1.hpp"

#include <algorithm>

namespace hawse {

static_assert(wire::base64_size(20) == AcceptKey{}.size());
static_assert(wire::base64_size(16) == HandshakeKey{}.size());

AcceptKey accept_key(std::string_view key) noexcept {
    constexpr std::string_view identifier = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    const auto digest = wire::sha1(as_bytes(key), as_bytes(identifier));
    AcceptKey accept;
    wire::write_base64(accept.data(), digest);
    return accept;
}

HandshakeKey handshake_key(const std::array<std::byte, 16>& nonce) noexcept {
    HandshakeKey key;
    wire::write_base64(key.data(), nonce);
    return key;
}

bool is_handshake_key(std::string_view key) noexcept {
    return key.size() == HandshakeKey{}.size() && http::cut(key, 22) == "==" &&
           std::all_of(key.begin(), key.begin() + 22, wire::is_base64_character);
}

}  // namespace hawse
