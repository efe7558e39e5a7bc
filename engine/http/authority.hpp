// SPDX-License-Identifier: MIT
// A host and a port as URLs and the Host field write them, and the path behind them. It judges
// shapes; it resolves nothing, decodes nothing and knows no scheme. RFC 3986 §3.2
#pragma once

#include <cstdint>
#include <string_view>

namespace hawse::http {

struct Authority {
    std::string_view host;  ///< an IPv6 address keeps its brackets
    std::string_view port;  ///< digits; empty when there are none
};

/// Takes `text` apart; false when it is no host with or without a port of 0 to 65535, which is so
/// for userinfo and for an empty host.
[[nodiscard]] bool read_authority(std::string_view text, Authority& authority) noexcept;

/// A name, an IPv4 address, or an IPv6 address in brackets; never empty.
[[nodiscard]] bool is_host(std::string_view text) noexcept;

/// Reads digits; false when they are none, or a number beyond 65535.
[[nodiscard]] bool read_port(std::string_view digits, std::uint16_t& port) noexcept;

/// 0x21 to 0x7E without "#".
[[nodiscard]] bool is_visible_without_fragment(std::string_view text) noexcept;

/// A path that begins with "/" and its query: 0x21 to 0x7E without "#".
[[nodiscard]] bool is_origin_form(std::string_view text) noexcept;

}  // namespace hawse::http
