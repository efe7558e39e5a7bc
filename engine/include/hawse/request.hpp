// SPDX-License-Identifier: MIT
// A request to open a conversation: what a client asks for, what a server sees of it, and the
// judgement of one, pure, from fields that are parsed already. RFC 6455 §4.1, §4.2.1, RFC 8441 §5
#pragma once

#include "hawse/config.hpp"
#include "hawse/export.hpp"
#include "hawse/field.hpp"
#include "hawse/violation.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace hawse {

/// What a client asks for. Read by start() alone.
struct ClientRequest {
    std::string_view host;   ///< a name, an IPv4 address, or an IPv6 address in brackets
    std::uint16_t port = 0;  ///< 0 is the default of the scheme; a default is left out of Host
    bool secure = false;     ///< wss
    std::string_view target = "/";  ///< path and query; empty is "/", "?q" is "/?q"
    std::string_view origin = {};   ///< no field when empty
    std::span<const std::string_view> subprotocols = {};  ///< most wanted first; at most 256
    std::span<const Field> fields = {};                   ///< Authorization, Cookie, User-Agent ...
    /// For proxies that pass data on undecoded: extensions to offer, as the value of
    /// Sec-WebSocket-Extensions. The engine knows none of them; the answer may name those that stand
    /// here, and its parameters are not judged. RFC 6455 §9.1
    std::string_view relayed_extensions = {};
    /// The reserved bits that those extensions use, as in Agreement, which gets them when one is
    /// accepted.
    std::uint8_t reserved_bits = 0;
    bool deflate = true;  ///< false offers no compression, and neither do relayed_extensions
};

/// A request as a host's own parser leaves it. Views only.
struct RequestHead {
    std::string_view method = {};  ///< HTTP/1 alone, as are target and version
    std::string_view target = {};
    /// 10 for HTTP/1.0, 11 for HTTP/1.1 and so on.
    std::uint8_t version = 11;
    /// Over HTTP/2 and HTTP/3 in the order received, pseudo-fields among them.
    std::span<const Field> fields = {};
    Transport transport = Transport::http1;
};

/// A request that may be accepted. Views what it was judged from: see who made it.
struct HAWSE_API Request {
    std::string_view method;
    std::string_view target;     ///< as received; absolute form: see resource
    std::string_view resource;   ///< path and query; begins with "/", or "?" in "http://host?query"
    std::string_view authority;  ///< host and port: of an absolute target, of Host, or :authority
    std::string_view origin;     ///< empty without Origin: not a browser
    std::string_view key;        ///< Sec-WebSocket-Key; empty for a plain request, and on a stream
    std::span<const Field> fields;
    /// No Upgrade: only over HTTP/1 with Config::surface_plain_requests, and for reject() alone.
    bool plain = false;
    bool expects_continue = false;

    /// The subprotocols offered, most wanted first.
    [[nodiscard]] TokenList subprotocols() const noexcept;
    [[nodiscard]] bool offers_subprotocol(std::string_view subprotocol) const noexcept;
    /// The value of the first field of that name, in any case; empty when there is none.
    [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
};

/// Judges a request by every rule of RFC 6455 §4.2.1, first fault first: version, method, target,
/// Host, content, Upgrade, Connection, Sec-WebSocket-Version, key, the rest. Over HTTP/2 and HTTP/3
/// by those of RFC 8441 §4 and §5 in the same order: pseudo-fields, :method, :scheme and :path,
/// :authority, content, :protocol, connection-specific fields, Sec-WebSocket-Version, the rest.
/// `request` views `head`; after a fault it holds what was read before it. Pure. O(octets).
///
/// ServerOpening (opening.hpp) judges by this and has the status and the fields of the answer.
HAWSE_API Violation judge_request(const RequestHead& head, const Config& config,
                                  Request& request) noexcept;

}  // namespace hawse
