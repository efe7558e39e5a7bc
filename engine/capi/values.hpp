// SPDX-License-Identifier: MIT
// How the values of the C face become those of C++ and the other way round, for whoever takes or tells
// them: an agreement, what is asked and answered while opening, events. Lists of fields and subprotocols
// go through uncopied: a hawse_field is a Field, a hawse_view a string_view.
#pragma once

#include "hawse/agreement.hpp"
#include "hawse/connection.hpp"
#include "hawse/event.hpp"
#include "hawse/field.hpp"
#include "hawse/handshake_event.hpp"
#include "hawse/refusal.hpp"
#include "hawse/request.hpp"
#include "hawse/response.hpp"
#include "hawse/violation.hpp"
#include "capi/objects.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace hawse::capi {

inline hawse_refusal code(Refusal refusal) noexcept { return static_cast<hawse_refusal>(refusal); }
inline hawse_violation code(Violation violation) noexcept {
    return static_cast<hawse_violation>(violation);
}

static_assert(sizeof(hawse_view) == sizeof(std::string_view));
static_assert(alignof(hawse_view) == alignof(std::string_view));
static_assert(sizeof(hawse_field) == sizeof(Field));
static_assert(alignof(hawse_field) == alignof(Field));
static_assert(offsetof(hawse_field, value) == offsetof(Field, value));

inline std::span<const Field> fields_of(const hawse_field* fields, std::size_t count) noexcept {
    return {reinterpret_cast<const Field*>(fields), count};
}
inline hawse_fields fields(std::span<const Field> fields) noexcept {
    return {reinterpret_cast<const hawse_field*>(fields.data()), fields.size()};
}
inline std::span<const std::string_view> views_of(const hawse_view* views,
                                                  std::size_t count) noexcept {
    return {reinterpret_cast<const std::string_view*>(views), count};
}

// What a host gives.

inline DeflateDirection direction_of(hawse_deflate_direction direction) noexcept {
    return {direction.window_bits, direction.takeover};
}

inline Agreement agreement_of(const hawse_agreement* agreement) noexcept {
    const hawse_agreement given = taken(agreement);
    return {Role{given.role},
            text(given.subprotocol),
            text(given.extensions),
            given.reserved_bits,
            {given.deflate_agreed, direction_of(given.deflate_client),
             direction_of(given.deflate_server)}};
}

inline Send choice_of(const hawse_send* choice) noexcept {
    if (choice == nullptr) return {};
    const hawse_send given = taken(choice);
    return {TextCheck{given.text_check}, Compression{given.compression}};
}

inline ClientRequest request_of(const hawse_client_request* request) noexcept {
    const hawse_client_request given = taken(request);
    ClientRequest known;
    known.host = text(given.host);
    known.port = given.port;
    known.secure = given.secure;
    known.target = text(given.target);
    known.origin = text(given.origin);
    known.subprotocols = views_of(given.subprotocols, given.subprotocol_count);
    known.fields = fields_of(given.fields, given.field_count);
    known.relayed_extensions = text(given.relayed_extensions);
    known.reserved_bits = given.reserved_bits;
    known.deflate = !given.no_deflate;
    return known;
}

/// Null stands for the defaults.
inline Acceptance acceptance_of(const hawse_acceptance* acceptance) noexcept {
    if (acceptance == nullptr) return {};
    const hawse_acceptance given = taken(acceptance);
    return {text(given.subprotocol), fields_of(given.fields, given.field_count),
            text(given.relayed_extensions), given.reserved_bits, !given.no_deflate};
}

inline Rejection rejection_of(const hawse_rejection* rejection) noexcept {
    const hawse_rejection given = taken(rejection);
    Rejection known;
    if (given.status != 0) known.status = given.status;
    known.fields = fields_of(given.fields, given.field_count);
    known.body = bytes(given.body.data, given.body.size);
    return known;
}

// What a host is shown.

inline hawse_deflate_direction direction(DeflateDirection direction) noexcept {
    return {direction.window_bits, direction.takeover};
}

inline void show(hawse_agreement* into, const Agreement& agreement) noexcept {
    hawse_agreement known{};
    known.role = static_cast<hawse_role>(agreement.role);
    known.reserved_bits = agreement.reserved_bits;
    known.subprotocol = text(agreement.subprotocol);
    known.extensions = text(agreement.extensions);
    known.deflate_agreed = agreement.deflate.agreed;
    known.deflate_client = direction(agreement.deflate.client);
    known.deflate_server = direction(agreement.deflate.server);
    show(into, known);
}

inline void show(hawse_request* into, const Request& request) noexcept {
    hawse_request known{};
    known.plain = request.plain;
    known.expects_continue = request.expects_continue;
    known.method = text(request.method);
    known.target = text(request.target);
    known.resource = text(request.resource);
    known.authority = text(request.authority);
    known.origin = text(request.origin);
    known.key = text(request.key);
    known.fields = fields(request.fields).data;
    known.field_count = request.fields.size();
    show(into, known);
}

inline void show(hawse_response* into, const Response& response) noexcept {
    hawse_response known{};
    known.status = response.status;
    known.fields = fields(response.fields).data;
    known.field_count = response.fields.size();
    known.body = octets(response.body);
    show(into, known);
}

/// And answers whether there was one.
inline bool show(hawse_handshake_event* into, const HandshakeEvent& event) noexcept {
    hawse_handshake_event known{};
    known.kind = static_cast<hawse_handshake_event_kind>(event.kind);
    known.cause = static_cast<hawse_cause>(event.cause);
    known.violation = static_cast<hawse_violation>(event.violation);
    known.status = event.status;
    show(into, known);
    return static_cast<bool>(event);
}

/// The same.
inline bool show(hawse_event* into, const Event& event) noexcept {
    hawse_event known{};
    known.kind = static_cast<hawse_event_kind>(event.kind());
    known.message_kind = static_cast<hawse_message_kind>(event.message_kind());
    known.in_place = event.in_place();
    known.first = event.first();
    known.last = event.last();
    known.message_dropped = event.message_dropped();
    known.clean = event.clean();
    known.cause = static_cast<hawse_cause>(event.cause());
    known.violation = static_cast<hawse_violation>(event.violation());
    known.first_octet = event.first_octet();
    known.code_received = static_cast<hawse_close_code>(event.code_received());
    known.code_sent = static_cast<hawse_close_code>(event.code_sent());
    known.payload = octets(event.payload());
    show(into, known);
    return static_cast<bool>(event);
}

/// Pulls an event from `source` and shows it; answers whether there was one. Where not even its kind has
/// room, as when its size was never set, none is pulled: none is lost.
template <class Source, class Struct>
bool pull(Source& source, Struct* into) noexcept {
    return into->size > offsetof(Struct, kind) && show(into, source.next_event());
}

}  // namespace hawse::capi
