// SPDX-License-Identifier: MIT
#include "hawse/url.hpp"

#include "http/authority.hpp"
#include "http/field.hpp"
#include "http/text.hpp"

#include <algorithm>
#include <cstddef>

namespace hawse {

namespace {

// Takes the scheme and "//" off; false when it is neither ws nor wss.
bool take_scheme(std::string_view& text, bool& secure) noexcept {
    for (const std::string_view scheme : {std::string_view("ws://"), std::string_view("wss://")}) {
        if (!http::equals_ignoring_case(http::cut(text, 0, scheme.size()), scheme)) continue;
        secure = scheme.size() == 6;
        text.remove_prefix(scheme.size());
        return true;
    }
    return false;
}

}  // namespace

Refusal parse_url(std::string_view text, Url& url) noexcept {
    Url parsed;
    http::Authority authority;
    if (!take_scheme(text, parsed.secure)) return Refusal::invalid_url;
    const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
    if (!http::read_authority(http::cut(text, 0, end), authority)) return Refusal::invalid_url;
    parsed.host = authority.host;
    parsed.target = http::cut(text, end);
    parsed.port = parsed.secure ? 443 : 80;
    if (!authority.port.empty()) (void)http::read_port(authority.port, parsed.port);  // it is one
    for (const char character : parsed.target)
        if (!http::is_visible(character) || character == '#') return Refusal::invalid_url;
    if (parsed.port == 0) return Refusal::invalid_url;
    url = parsed;
    return Refusal::none;
}

}  // namespace hawse
