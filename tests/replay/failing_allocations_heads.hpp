// SPDX-License-Identifier: MIT
// Heads that are long enough to need memory more than once, for openings told while it fails.
#pragma once

#include "hawse/accept_key.hpp"
#include "hawse/request.hpp"

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace hawse::test::replay::failing {

// The nonce that FailingEntropy gives, and what answers it.
inline constexpr std::string_view sample_nonce = "dGhlIHNhbXBsZSBub25jZQ==";
inline constexpr std::string_view sample_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

inline const std::string long_cookie = "id=" + std::string(600, 'c');
inline const std::string long_extension = "foo; a=" + std::string(300, '1');

/// A server's: a long target, many fields, two subprotocols, two extensions.
inline std::string long_request() {
    std::string request = "GET /path/" + std::string(500, 'p') + " HTTP/1.1\r\n";
    for (const std::string_view line :
         {"Host: server.example", "Upgrade: websocket", "Connection: Upgrade",
          "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: chat.v1, chat.v2",
          "Sec-WebSocket-Extensions: foo; a=1, bar", "Origin: http://server.example"})
        (request += line) += "\r\n";
    ((request += "Sec-WebSocket-Key: ") += sample_nonce) += "\r\n";
    for (char name = 'a'; name <= 'z'; ++name)
        (((request += "X-") += name) += ": ") += std::string(20, name) + "\r\n";
    return request += "\r\n";
}

/// What a server answers to LongRequest.
inline std::string accepting_response() {
    std::string response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Protocol: chat.v2\r\n"
                           "Sec-WebSocket-Extensions: " +
                           long_extension + "\r\nSec-WebSocket-Extensions: bar\r\n";
    ((response += "Sec-WebSocket-Accept: ") += sample_accept) += "\r\nSet-Cookie: ";
    return (response += long_cookie) += "\r\n\r\n";
}

/// A client's.
struct LongRequest {
    LongRequest() {
        value.host = "server.example";
        value.target = target;
        value.origin = "http://server.example";
        value.subprotocols = subprotocols;
        value.fields = fields;
        value.relayed_extensions = extensions;
        value.reserved_bits = 0x40;
    }
    LongRequest(const LongRequest&) = delete;
    LongRequest& operator=(const LongRequest&) = delete;

    const std::string target = "/path/" + std::string(500, 'p');
    const std::string extensions = long_extension + ", bar";
    const std::string first_subprotocol = "chat." + std::string(300, 'v');
    const std::array<std::string_view, 2> subprotocols = {first_subprotocol, "chat.v2"};
    const std::array<Field, 2> fields = {Field{"Cookie", long_cookie}, {"User-Agent", "replay"}};
    ClientRequest value = {};
};

}  // namespace hawse::test::replay::failing
