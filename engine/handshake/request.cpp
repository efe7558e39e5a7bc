// SPDX-License-Identifier: MIT
// What a request must say to be accepted: RFC 6455 §4.2.1 and RFC 8441 §4, §5 as two lists of rules,
// first fault first. Pure; it neither reads octets nor answers.
#include "hawse/request.hpp"

#include "hawse/accept_key.hpp"
#include "http/authority.hpp"
#include "http/field.hpp"
#include "http/stream_fields.hpp"
#include "http/text.hpp"

#include <algorithm>

namespace hawse {

namespace {

using http::ListShape;
using Fields = std::span<const Field>;

// The authority of an http or https URI stands for Host, its path for the target. RFC 9112 §3.2.2
Violation read_target(Request& request) noexcept {
    std::string_view rest = request.target;
    if (http::cut(rest, 0, 1) != "/") {
        const std::size_t scheme = rest.find("://");
        const std::string_view name = http::cut(rest, 0, scheme);
        if (scheme == std::string_view::npos || !(http::equals_ignoring_case(name, "http") ||
                                                  http::equals_ignoring_case(name, "https")))
            return Violation::malformed_target;
        rest.remove_prefix(scheme + 3);
        const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
        http::Authority authority;
        if (!http::read_authority(http::cut(rest, 0, end), authority))
            return Violation::malformed_target;
        request.authority = http::cut(rest, 0, end);
        rest.remove_prefix(end);
        if (rest.empty()) rest = "/";
        // "http://host?query" has no path to view: the query stands alone. RFC 9110 §4.2.3
        if (rest.front() == '?' && http::is_visible_without_fragment(rest)) {
            request.resource = rest;
            return Violation::none;
        }
    }
    if (!http::is_origin_form(rest)) return Violation::malformed_target;
    request.resource = rest;
    return Violation::none;
}

Violation read_host(Request& request) noexcept {
    const std::size_t count = http::count_fields(request.fields, "Host");
    const std::string_view host = http::find_field(request.fields, "Host");
    http::Authority authority;
    if (count == 0) return Violation::missing_host;
    if (count > 1) return Violation::repeated_host;
    if (!http::read_authority(host, authority)) return Violation::invalid_host;
    if (request.authority.empty()) request.authority = host;
    return Violation::none;
}

// Content would be read as frames. No content may be announced as 0, also repeatedly. RFC 9112 §6.3
Violation check_content(Fields fields) noexcept {
    for (const Field& field : fields) {
        if (http::equals_ignoring_case(field.name, "Transfer-Encoding"))
            return Violation::unexpected_content;
        if (!http::equals_ignoring_case(field.name, "Content-Length")) continue;
        for (std::size_t start = 0; start <= field.value.size();) {
            const std::size_t comma = std::min(field.value.find(',', start), field.value.size());
            const std::string_view size = http::trim(http::cut(field.value, start, comma - start));
            if (size.empty() || size.find_first_not_of('0') != std::string_view::npos)
                return Violation::unexpected_content;
            start = comma + 1;
        }
    }
    return Violation::none;
}

Violation check_upgrade(Request& request, const Config& config) noexcept {
    const ListShape shape = http::check_list(request.fields, "Upgrade", http::is_protocol,
                                             config.limits.empty_element_count_max);
    request.plain = shape == ListShape::absent && config.surface_plain_requests;
    if (request.plain) return Violation::none;
    if (shape == ListShape::malformed) return Violation::malformed_list;
    if (!http::has_element(request.fields, "Upgrade", "websocket"))
        return Violation::missing_upgrade;
    return Violation::none;
}

Violation check_connection(Fields fields, const Config& config) noexcept {
    const ListShape shape = http::check_list(fields, "Connection", http::is_token,
                                             config.limits.empty_element_count_max);
    if (shape == ListShape::malformed) return Violation::malformed_list;
    if (!http::has_element(fields, "Connection", "upgrade"))
        return Violation::missing_connection_option;
    return Violation::none;
}

// One number of 0 to 255 without leading zeros. RFC 6455 §4.3
bool is_version(std::string_view text) noexcept {
    const bool leading_zero = text.size() > 1 && text.front() == '0';
    std::uint16_t number = 0;
    return !leading_zero && http::read_port(text, number) && number <= 255;
}

Violation check_version(Fields fields) noexcept {
    const std::size_t count = http::count_fields(fields, "Sec-WebSocket-Version");
    const std::string_view version = http::find_field(fields, "Sec-WebSocket-Version");
    if (count == 0) return Violation::missing_version;
    if (count > 1 || !is_version(version)) return Violation::malformed_version;
    if (version != "13") return Violation::unsupported_version;
    return Violation::none;
}

Violation read_key(Request& request) noexcept {
    const std::size_t count = http::count_fields(request.fields, "Sec-WebSocket-Key");
    const std::string_view key = http::find_field(request.fields, "Sec-WebSocket-Key");
    if (count == 0) return Violation::missing_key;
    if (count > 1) return Violation::repeated_key;
    if (!is_handshake_key(key)) return Violation::malformed_key;
    request.key = key;
    return Violation::none;
}

Violation check_rest(Fields fields, const Config& config) noexcept {
    const std::uint32_t empty_max = config.limits.empty_element_count_max;
    if (http::count_fields(fields, "Origin") > 1) return Violation::repeated_origin;
    if (http::check_list(fields, "Sec-WebSocket-Protocol", http::is_token, empty_max) ==
        ListShape::malformed)
        return Violation::malformed_subprotocols;
    if (http::check_extensions(fields, "Sec-WebSocket-Extensions", empty_max) ==
        ListShape::malformed)
        return Violation::malformed_extensions;
    return Violation::none;
}

enum Pseudo : std::size_t { method, scheme, path, authority, protocol, pseudo_count };

struct PseudoFields {
    const Field* found[pseudo_count] = {};

    // Null when it is absent, which is another thing than empty.
    const Field* operator[](Pseudo name) const noexcept { return found[name]; }
};

Violation read_pseudo_fields(Fields fields, PseudoFields& pseudo) noexcept {
    constexpr std::string_view names[pseudo_count] = {":method", ":scheme", ":path", ":authority",
                                                      ":protocol"};
    switch (http::find_pseudo_fields(fields, names, pseudo.found)) {
        case http::PseudoShape::well_formed: return Violation::none;
        case http::PseudoShape::late: return Violation::late_pseudo_field;
        case http::PseudoShape::unknown: return Violation::unknown_pseudo_field;
        case http::PseudoShape::repeated: break;
    }
    return Violation::repeated_pseudo_field;
}

Violation check_method(const PseudoFields& pseudo) noexcept {
    if (pseudo[method] == nullptr) return Violation::missing_pseudo_field;
    return pseudo[method]->value == "CONNECT" ? Violation::none : Violation::method_not_connect;
}

Violation read_path(const PseudoFields& pseudo, Request& request) noexcept {
    if (pseudo[scheme] == nullptr || pseudo[path] == nullptr)
        return Violation::missing_pseudo_field;
    if (!http::equals_ignoring_case(pseudo[scheme]->value, "http") &&
        !http::equals_ignoring_case(pseudo[scheme]->value, "https"))
        return Violation::invalid_scheme;
    request.target = pseudo[path]->value;
    if (!http::is_origin_form(request.target)) return Violation::malformed_target;
    request.resource = request.target;
    return Violation::none;
}

// A Host beside :authority, as gateways may leave it, must name the same. RFC 9113 §8.3.1
Violation read_authority(const PseudoFields& pseudo, Request& request) noexcept {
    if (pseudo[authority] == nullptr) return Violation::missing_authority;
    const std::string_view value = pseudo[authority]->value;
    http::Authority parts;
    if (!http::read_authority(value, parts)) return Violation::invalid_authority;
    for (const Field& field : request.fields)
        if (http::equals_ignoring_case(field.name, "Host") &&
            !http::equals_ignoring_case(field.value, value))
            return Violation::differing_host;
    request.authority = value;
    return Violation::none;
}

// In any case: gateways copy it from an Upgrade field, where case does not matter.
Violation check_protocol(const PseudoFields& pseudo) noexcept {
    if (pseudo[protocol] == nullptr) return Violation::missing_protocol;
    return http::equals_ignoring_case(pseudo[protocol]->value, "websocket")
               ? Violation::none
               : Violation::unsupported_protocol;
}

Violation judge_upgrade(const RequestHead& head, const Config& config, Request& request) noexcept {
    constexpr Violation none = Violation::none;
    Violation fault = none;
    if (head.version < 11) return Violation::outdated_http_version;
    if (head.version >= 20) return Violation::unsupported_http_version;
    if (head.method != "GET") return Violation::method_not_get;
    if ((fault = read_target(request)) != none) return fault;
    if ((fault = read_host(request)) != none) return fault;
    if ((fault = check_content(head.fields)) != none) return fault;
    if ((fault = check_upgrade(request, config)) != none) return fault;
    if (request.plain) return none;
    if ((fault = check_connection(head.fields, config)) != none) return fault;
    if ((fault = check_version(head.fields)) != none) return fault;
    if ((fault = read_key(request)) != none) return fault;
    return check_rest(head.fields, config);
}

Violation judge_connect(const RequestHead& head, const Config& config, Request& request) noexcept {
    constexpr Violation none = Violation::none;
    Violation fault = none;
    PseudoFields pseudo;
    if ((fault = read_pseudo_fields(head.fields, pseudo)) != none) return fault;
    if (pseudo[method] != nullptr) request.method = pseudo[method]->value;
    if ((fault = check_method(pseudo)) != none) return fault;
    if ((fault = read_path(pseudo, request)) != none) return fault;
    if ((fault = read_authority(pseudo, request)) != none) return fault;
    if ((fault = check_content(head.fields)) != none) return fault;
    if ((fault = check_protocol(pseudo)) != none) return fault;
    if (http::has_connection_specific(head.fields)) return Violation::connection_specific_field;
    if ((fault = check_version(head.fields)) != none) return fault;
    return check_rest(head.fields, config);
}

}  // namespace

Violation judge_request(const RequestHead& head, const Config& config, Request& request) noexcept {
    request = {};
    request.fields = head.fields;
    request.origin = http::find_field(head.fields, "Origin");
    request.expects_continue = http::has_element(head.fields, "Expect", "100-continue");
    if (head.transport != Transport::http1) return judge_connect(head, config, request);
    request.method = head.method;
    request.target = head.target;
    return judge_upgrade(head, config, request);
}

TokenList Request::subprotocols() const noexcept { return {fields, "Sec-WebSocket-Protocol"}; }

bool Request::offers_subprotocol(std::string_view subprotocol) const noexcept {
    TokenList offered = subprotocols();
    for (auto one = offered.next(); !one.empty(); one = offered.next())
        if (one == subprotocol) return true;
    return false;
}

std::string_view Request::field(std::string_view name) const noexcept {
    return http::find_field(fields, name);
}

}  // namespace hawse
