// SPDX-License-Identifier: MIT
// ws:// and wss:// URLs, taken apart. RFC 6455 §3
#pragma once

#include "hawse/export.hpp"
#include "hawse/refusal.hpp"

#include <cstdint>
#include <string_view>

namespace hawse {

/// Views the text that was parsed.
struct Url {
    bool secure = false;      ///< the scheme was wss
    std::string_view host;    ///< as written; an IPv6 address keeps its brackets
    std::uint16_t port = 80;  ///< as written, or the default of the scheme: 80, 443
    std::string_view target;  ///< as written, maybe empty or only a query: ClientRequest::target
};

/// Takes `text` apart. Refused as invalid_url: another scheme, no host, userinfo, a fragment, a port
/// that is no number of 1 to 65535 (an empty one is the default), or an octet outside 0x21-0x7E.
/// `url` is untouched then.
HAWSE_API Refusal parse_url(std::string_view text, Url& url) noexcept;

}  // namespace hawse
