// SPDX-License-Identifier: MIT
// A response to a request to open a conversation: what a host answers, what a client sees of it, and
// the judgement of one, pure, from fields that are parsed already. RFC 6455 §4.2.2, RFC 8441 §5
#pragma once

#include "hawse/accept_key.hpp"
#include "hawse/agreement.hpp"
#include "hawse/bytes.hpp"
#include "hawse/config.hpp"
#include "hawse/export.hpp"
#include "hawse/field.hpp"
#include "hawse/violation.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace hawse {

/// What a host says when it accepts.
struct Acceptance {
    std::string_view subprotocol = {};   ///< one that was offered, or none
    std::span<const Field> fields = {};  ///< further ones: Set-Cookie, Server ...
    /// For proxies that pass data on undecoded: extensions accepted, as the value of
    /// Sec-WebSocket-Extensions; each has been offered by the client, and they are at most 64. With
    /// them compression is declined, without them everything else.
    std::string_view relayed_extensions = {};
    /// The reserved bits that those extensions use, as in Agreement.
    std::uint8_t reserved_bits = 0;
    bool deflate = true;  ///< false declines compression for this one
};

/// What a host says when it does not, or when it answers a plain request.
struct Rejection {
    std::uint16_t status = 403;
    std::span<const Field> fields = {};
    ConstBytes body = {};  ///< lent until output_size() is 0 or the object is destroyed
};

/// A response. Views the handshake object's memory.
struct HAWSE_API Response {
    std::uint16_t status = 0;
    std::span<const Field> fields;
    /// Of a final status other than 101: what has arrived of the body, up to
    /// Limits::response_body_size_max; grows until `closed`, so view it anew after each receive().
    /// Chunks are joined.
    ConstBytes body;
    /// The value of the first field of that name, in any case; empty when there is none.
    [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
};

/// A response as a host's own parser leaves it. Views only.
struct ResponseHead {
    /// Over HTTP/2 and HTTP/3 it may be 0, and is read from :status among the fields then.
    std::uint16_t status = 0;
    std::uint8_t version = 11;  ///< of HTTP/1 alone
    std::span<const Field> fields = {};
    Transport transport = Transport::http1;
};

/// What a client asked for, and checks the answer against.
struct Offer {
    HandshakeKey key = {};  ///< of HTTP/1 alone
    std::span<const std::string_view> subprotocols = {};
    std::string_view extensions = {};  ///< as one field value
    std::uint8_t reserved_bits = 0;    ///< that those extensions use
    /// permessage-deflate as it was offered, as one field value: an answer is judged by its elements.
    /// With it no other extension may be accepted, whatever `extensions` says. A ClientOpening writes
    /// one by Config::deflate, as its Sec-WebSocket-Extensions. RFC 7692 §5, §7.1
    std::string_view deflate = {};
};

/// Judges a response that opens, 101 over HTTP/1 or 2xx over HTTP/2 and HTTP/3, by every rule of
/// RFC 6455 §4.1 or RFC 8441 §5; any other status is malformed_status_line. `agreement` views
/// `head`, and of extensions on several lines the first: ClientHandshake and ClientOpening join
/// them. Pure. O(octets), but O(accepted times offered) for extensions.
HAWSE_API Violation judge_response(const ResponseHead& head, const Offer& offer,
                                   const Config& config, Agreement& agreement) noexcept;

}  // namespace hawse
