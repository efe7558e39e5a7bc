// SPDX-License-Identifier: MIT
// What each client of the arena example sends, its frames masked with zeros, and what it must hear.
#pragma once

#include <string_view>

namespace examples {

// clang-format off
inline constexpr char script_octets[] =
    "GET /talk HTTP/1.1\r\nHost: arena\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    "\x81\x84\0\0\0\0" "ahoy"
    "\x01\x8f\0\0\0\0" "a message in tw"
    "\x89\x83\0\0\0\0" "you"
    "\x80\x87\0\0\0\0" "o parts"
    "\x88\x82\0\0\0\0" "\x03\xe8";
inline constexpr char expected_octets[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    "\x81\x04" "ahoy"
    "\x8a\x03" "you"
    "\x81\x16" "a message in two parts"
    "\x88\x02" "\x03\xe8";
// clang-format on

inline constexpr std::string_view script(script_octets, sizeof script_octets - 1);
inline constexpr std::string_view expected(expected_octets, sizeof expected_octets - 1);

}  // namespace examples
