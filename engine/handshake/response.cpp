// SPDX-License-Identifier: MIT
// What a response must say for the conversation to be open: RFC 6455 §4.1 and RFC 8441 §5 as two
// lists of rules, first fault first. Pure; it neither reads octets nor knows how the request was
// sent.
#include "hawse/response.hpp"

#include "hawse/frame_header.hpp"
#include "handshake/answer.hpp"
#include "handshake/negotiation.hpp"
#include "handshake/status.hpp"
#include "http/field.hpp"
#include "http/stream_fields.hpp"

#include <algorithm>

namespace hawse {

namespace {

using http::ListShape;
using Fields = std::span<const Field>;

Violation check_upgrade(Fields fields) noexcept {
    TokenList elements(fields, "Upgrade");
    const std::string_view first = elements.next();
    if (http::count_fields(fields, "Upgrade") == 0) return Violation::response_missing_upgrade;
    if (!http::equals_ignoring_case(first, "websocket")) return Violation::response_wrong_upgrade;
    if (!elements.next().empty()) return Violation::response_wrong_upgrade;
    return Violation::none;
}

Violation check_connection(Fields fields, const Config& config) noexcept {
    const ListShape shape = http::check_list(fields, "Connection", http::is_token,
                                             config.limits.empty_element_count_max);
    if (shape == ListShape::malformed) return Violation::malformed_list;
    if (!http::has_element(fields, "Connection", "upgrade"))
        return Violation::response_missing_connection_option;
    return Violation::none;
}

Violation check_accept(Fields fields, const HandshakeKey& key) noexcept {
    const std::size_t count = http::count_fields(fields, "Sec-WebSocket-Accept");
    const std::string_view accept = http::find_field(fields, "Sec-WebSocket-Accept");
    const AcceptKey expected = accept_key({key.data(), key.size()});
    if (count == 0) return Violation::response_missing_accept;
    if (count > 1) return Violation::response_repeated_accept;
    if (http::trim(accept) != std::string_view(expected.data(), expected.size()))
        return Violation::response_wrong_accept;
    return Violation::none;
}

constexpr std::string_view extensions_name = "Sec-WebSocket-Extensions";

// Compression is accepted once and alone: RSV1 has one owner. RFC 7692 §5
Violation judge_deflate(const http::Extension& one, const Offer& offer, std::uint32_t empty_max,
                        DeflateAgreement& agreement) noexcept {
    const Field offered = {extensions_name, offer.deflate};
    const http::ExtensionReader offers({&offered, 1}, extensions_name, empty_max);
    if (one.name != handshake::deflate_name) return Violation::response_unoffered_extension;
    if (agreement.agreed) return Violation::response_repeated_extension;
    return handshake::judge_answer(one.parameters, offers, agreement);
}

// By name alone: what parameters mean is known to who relays them, if to anybody.
Violation judge_relayed(const http::Extension& one, const Offer& offer,
                        std::uint32_t empty_max) noexcept {
    const Field offered = {extensions_name, offer.extensions};
    return http::names_extension({&offered, 1}, extensions_name, one.name, empty_max)
               ? Violation::none
               : Violation::response_unoffered_extension;
}

Violation check_extensions(Fields fields, const Offer& offer, const Config& config,
                           DeflateAgreement& deflate) noexcept {
    const std::uint32_t empty_max = config.limits.empty_element_count_max;
    if (http::check_extensions(fields, extensions_name, empty_max) == ListShape::malformed)
        return Violation::response_malformed_extensions;
    http::ExtensionReader accepted(fields, extensions_name, empty_max);
    std::uint32_t count = 0;
    for (http::Extension one; accepted.next(one) == http::Reading::found;) {
        if (++count > handshake::accepted_extension_count_max)
            return Violation::response_malformed_extensions;
        const Violation fault = offer.deflate.empty()
                                    ? judge_relayed(one, offer, empty_max)
                                    : judge_deflate(one, offer, empty_max, deflate);
        if (fault != Violation::none) return fault;
    }
    return Violation::none;
}

// The first line that is not blank.
std::string_view find_extensions(Fields fields) noexcept {
    for (const Field& field : fields)
        if (http::equals_ignoring_case(field.name, extensions_name) &&
            !http::trim(field.value).empty())
            return http::trim(field.value);
    return {};
}

// The field holds one token, no list: what equals an offered one is one. RFC 6455 §4.3
Violation read_subprotocol(Fields fields, const Offer& offer, const Config& config,
                           Agreement& agreement) noexcept {
    const std::size_t count = http::count_fields(fields, "Sec-WebSocket-Protocol");
    const std::string_view chosen = http::find_field(fields, "Sec-WebSocket-Protocol");
    const auto offered = std::find(offer.subprotocols.begin(), offer.subprotocols.end(), chosen);
    const bool required = config.require_subprotocol && !offer.subprotocols.empty();
    if (count > 1) return Violation::response_repeated_subprotocol;
    if (count == 0) return required ? Violation::response_missing_subprotocol : Violation::none;
    if (offered == offer.subprotocols.end()) return Violation::response_unoffered_subprotocol;
    agreement.subprotocol = chosen;
    return Violation::none;
}

Violation judge_switch(const ResponseHead& head, const Offer& offer,
                       const Config& config) noexcept {
    constexpr Violation none = Violation::none;
    Violation fault = none;
    if (head.version < 11 || head.version >= 20) return Violation::response_outdated_http_version;
    if ((fault = check_upgrade(head.fields)) != none) return fault;
    if ((fault = check_connection(head.fields, config)) != none) return fault;
    return check_accept(head.fields, offer.key);
}

// Accept is not looked at: nobody asked for one. RFC 8441 §5
Violation judge_tunnel(const ResponseHead& head) noexcept {
    return http::has_connection_specific(head.fields)
               ? Violation::response_connection_specific_field
               : Violation::none;
}

}  // namespace

Violation judge_response(const ResponseHead& head, const Offer& offer, const Config& config,
                         Agreement& agreement) noexcept {
    constexpr Violation none = Violation::none;
    Violation fault = none;
    std::uint16_t status = 0;
    DeflateAgreement deflate;
    agreement = {.role = Role::client};

    if ((fault = handshake::read_status(head, status)) != none) return fault;
    if (!handshake::is_accepting(status, head.transport)) return Violation::malformed_status_line;
    fault =
        head.transport == Transport::http1 ? judge_switch(head, offer, config) : judge_tunnel(head);
    if (fault != none) return fault;
    if ((fault = check_extensions(head.fields, offer, config, deflate)) != none) return fault;
    if ((fault = read_subprotocol(head.fields, offer, config, agreement)) != none) return fault;
    agreement.deflate = deflate;
    if (!offer.deflate.empty()) return none;
    agreement.extensions = find_extensions(head.fields);
    if (!agreement.extensions.empty()) agreement.reserved_bits = offer.reserved_bits & rsv_bits;
    return none;
}

std::string_view Response::field(std::string_view name) const noexcept {
    return http::find_field(fields, name);
}

}  // namespace hawse
