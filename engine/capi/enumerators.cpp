// SPDX-License-Identifier: MIT
// C: every enumerator has the value of its twin, and tests/tidy.py sees that none is missing. And what
// they are called.
#include "hawse/hawse.h"
#include "hawse/hawse.hpp"

using namespace hawse;

namespace {

#define SAME(enumerator, constant) \
    static_assert(static_cast<unsigned>(enumerator) == static_cast<unsigned>(constant))

SAME(Cause::none, HAWSE_CAUSE_NONE);
SAME(Cause::violation, HAWSE_CAUSE_VIOLATION);
SAME(Cause::transport_ended, HAWSE_CAUSE_TRANSPORT_ENDED);
SAME(Cause::transport_broken, HAWSE_CAUSE_TRANSPORT_BROKEN);
SAME(Cause::opening_timeout, HAWSE_CAUSE_OPENING_TIMEOUT);
SAME(Cause::close_timeout, HAWSE_CAUSE_CLOSE_TIMEOUT);
SAME(Cause::pong_timeout, HAWSE_CAUSE_PONG_TIMEOUT);
SAME(Cause::idle_timeout, HAWSE_CAUSE_IDLE_TIMEOUT);
SAME(Cause::message_timeout, HAWSE_CAUSE_MESSAGE_TIMEOUT);
SAME(Cause::write_stalled, HAWSE_CAUSE_WRITE_STALLED);
SAME(Cause::out_of_memory, HAWSE_CAUSE_OUT_OF_MEMORY);
SAME(Cause::no_inflater, HAWSE_CAUSE_NO_INFLATER);
SAME(Cause::no_entropy, HAWSE_CAUSE_NO_ENTROPY);
SAME(Cause::refused, HAWSE_CAUSE_REFUSED);
SAME(Cause::rejected, HAWSE_CAUSE_REJECTED);
SAME(Cause::aborted, HAWSE_CAUSE_ABORTED);

SAME(CloseCode::normal, HAWSE_CLOSE_CODE_NORMAL);
SAME(CloseCode::going_away, HAWSE_CLOSE_CODE_GOING_AWAY);
SAME(CloseCode::protocol_error, HAWSE_CLOSE_CODE_PROTOCOL_ERROR);
SAME(CloseCode::unsupported_data, HAWSE_CLOSE_CODE_UNSUPPORTED_DATA);
SAME(CloseCode::no_code, HAWSE_CLOSE_CODE_NO_CODE);
SAME(CloseCode::abnormal, HAWSE_CLOSE_CODE_ABNORMAL);
SAME(CloseCode::invalid_data, HAWSE_CLOSE_CODE_INVALID_DATA);
SAME(CloseCode::policy_violation, HAWSE_CLOSE_CODE_POLICY_VIOLATION);
SAME(CloseCode::message_too_large, HAWSE_CLOSE_CODE_MESSAGE_TOO_LARGE);
SAME(CloseCode::extension_required, HAWSE_CLOSE_CODE_EXTENSION_REQUIRED);
SAME(CloseCode::internal_error, HAWSE_CLOSE_CODE_INTERNAL_ERROR);
SAME(CloseCode::service_restart, HAWSE_CLOSE_CODE_SERVICE_RESTART);
SAME(CloseCode::try_again_later, HAWSE_CLOSE_CODE_TRY_AGAIN_LATER);
SAME(CloseCode::bad_gateway, HAWSE_CLOSE_CODE_BAD_GATEWAY);
SAME(CloseCode::tls_failed, HAWSE_CLOSE_CODE_TLS_FAILED);

SAME(Compression::automatic, HAWSE_COMPRESSION_AUTOMATIC);
SAME(Compression::none, HAWSE_COMPRESSION_NONE);
SAME(Compression::always, HAWSE_COMPRESSION_ALWAYS);

SAME(Delivery::messages, HAWSE_DELIVERY_MESSAGES);
SAME(Delivery::parts, HAWSE_DELIVERY_PARTS);
SAME(Delivery::frames, HAWSE_DELIVERY_FRAMES);

SAME(TextCheck::checked, HAWSE_TEXT_CHECK_CHECKED);
SAME(TextCheck::unchecked, HAWSE_TEXT_CHECK_UNCHECKED);

SAME(State::open, HAWSE_STATE_OPEN);
SAME(State::closing, HAWSE_STATE_CLOSING);
SAME(State::closed, HAWSE_STATE_CLOSED);
SAME(State::failed, HAWSE_STATE_FAILED);

SAME(EventKind::none, HAWSE_EVENT_KIND_NONE);
SAME(EventKind::request, HAWSE_EVENT_KIND_REQUEST);
SAME(EventKind::response, HAWSE_EVENT_KIND_RESPONSE);
SAME(EventKind::opened, HAWSE_EVENT_KIND_OPENED);
SAME(EventKind::message, HAWSE_EVENT_KIND_MESSAGE);
SAME(EventKind::part, HAWSE_EVENT_KIND_PART);
SAME(EventKind::frame, HAWSE_EVENT_KIND_FRAME);
SAME(EventKind::ping, HAWSE_EVENT_KIND_PING);
SAME(EventKind::pong, HAWSE_EVENT_KIND_PONG);
SAME(EventKind::closing, HAWSE_EVENT_KIND_CLOSING);
SAME(EventKind::failed, HAWSE_EVENT_KIND_FAILED);
SAME(EventKind::closed, HAWSE_EVENT_KIND_CLOSED);

SAME(Opcode::continuation, HAWSE_OPCODE_CONTINUATION);
SAME(Opcode::text, HAWSE_OPCODE_TEXT);
SAME(Opcode::binary, HAWSE_OPCODE_BINARY);
SAME(Opcode::close, HAWSE_OPCODE_CLOSE);
SAME(Opcode::ping, HAWSE_OPCODE_PING);
SAME(Opcode::pong, HAWSE_OPCODE_PONG);

SAME(HandshakeEventKind::none, HAWSE_HANDSHAKE_EVENT_KIND_NONE);
SAME(HandshakeEventKind::request, HAWSE_HANDSHAKE_EVENT_KIND_REQUEST);
SAME(HandshakeEventKind::response, HAWSE_HANDSHAKE_EVENT_KIND_RESPONSE);
SAME(HandshakeEventKind::opened, HAWSE_HANDSHAKE_EVENT_KIND_OPENED);
SAME(HandshakeEventKind::failed, HAWSE_HANDSHAKE_EVENT_KIND_FAILED);
SAME(HandshakeEventKind::closed, HAWSE_HANDSHAKE_EVENT_KIND_CLOSED);

SAME(HandshakeState::opening, HAWSE_HANDSHAKE_STATE_OPENING);
SAME(HandshakeState::open, HAWSE_HANDSHAKE_STATE_OPEN);
SAME(HandshakeState::failed, HAWSE_HANDSHAKE_STATE_FAILED);
SAME(HandshakeState::closed, HAWSE_HANDSHAKE_STATE_CLOSED);

SAME(Refusal::none, HAWSE_REFUSAL_NONE);
SAME(Refusal::unread_input, HAWSE_REFUSAL_UNREAD_INPUT);
SAME(Refusal::transport_ended, HAWSE_REFUSAL_TRANSPORT_ENDED);
SAME(Refusal::not_open, HAWSE_REFUSAL_NOT_OPEN);
SAME(Refusal::message_in_progress, HAWSE_REFUSAL_MESSAGE_IN_PROGRESS);
SAME(Refusal::no_message_in_progress, HAWSE_REFUSAL_NO_MESSAGE_IN_PROGRESS);
SAME(Refusal::invalid_text, HAWSE_REFUSAL_INVALID_TEXT);
SAME(Refusal::control_too_long, HAWSE_REFUSAL_CONTROL_TOO_LONG);
SAME(Refusal::reason_too_long, HAWSE_REFUSAL_REASON_TOO_LONG);
SAME(Refusal::invalid_close_code, HAWSE_REFUSAL_INVALID_CLOSE_CODE);
SAME(Refusal::invalid_frame, HAWSE_REFUSAL_INVALID_FRAME);
SAME(Refusal::place_too_small, HAWSE_REFUSAL_PLACE_TOO_SMALL);
SAME(Refusal::close_committed, HAWSE_REFUSAL_CLOSE_COMMITTED);
SAME(Refusal::output_full, HAWSE_REFUSAL_OUTPUT_FULL);
SAME(Refusal::out_of_memory, HAWSE_REFUSAL_OUT_OF_MEMORY);
SAME(Refusal::no_entropy, HAWSE_REFUSAL_NO_ENTROPY);
SAME(Refusal::wrong_role, HAWSE_REFUSAL_WRONG_ROLE);
SAME(Refusal::already_started, HAWSE_REFUSAL_ALREADY_STARTED);
SAME(Refusal::not_deciding, HAWSE_REFUSAL_NOT_DECIDING);
SAME(Refusal::plain_request, HAWSE_REFUSAL_PLAIN_REQUEST);
SAME(Refusal::invalid_host, HAWSE_REFUSAL_INVALID_HOST);
SAME(Refusal::invalid_target, HAWSE_REFUSAL_INVALID_TARGET);
SAME(Refusal::invalid_origin, HAWSE_REFUSAL_INVALID_ORIGIN);
SAME(Refusal::invalid_subprotocol, HAWSE_REFUSAL_INVALID_SUBPROTOCOL);
SAME(Refusal::subprotocol_not_offered, HAWSE_REFUSAL_SUBPROTOCOL_NOT_OFFERED);
SAME(Refusal::extension_not_offered, HAWSE_REFUSAL_EXTENSION_NOT_OFFERED);
SAME(Refusal::invalid_field, HAWSE_REFUSAL_INVALID_FIELD);
SAME(Refusal::reserved_field, HAWSE_REFUSAL_RESERVED_FIELD);
SAME(Refusal::invalid_status, HAWSE_REFUSAL_INVALID_STATUS);
SAME(Refusal::invalid_url, HAWSE_REFUSAL_INVALID_URL);
SAME(Refusal::nothing_prepared, HAWSE_REFUSAL_NOTHING_PREPARED);

SAME(Role::server, HAWSE_ROLE_SERVER);
SAME(Role::client, HAWSE_ROLE_CLIENT);

SAME(MessageKind::text, HAWSE_MESSAGE_KIND_TEXT);
SAME(MessageKind::binary, HAWSE_MESSAGE_KIND_BINARY);

SAME(Transport::http1, HAWSE_TRANSPORT_HTTP1);
SAME(Transport::http2, HAWSE_TRANSPORT_HTTP2);
SAME(Transport::http3, HAWSE_TRANSPORT_HTTP3);

SAME(TransportEnd::orderly, HAWSE_TRANSPORT_END_ORDERLY);
SAME(TransportEnd::broken, HAWSE_TRANSPORT_END_BROKEN);

SAME(Violation::none, HAWSE_VIOLATION_NONE);
SAME(Violation::reserved_bit, HAWSE_VIOLATION_RESERVED_BIT);
SAME(Violation::reserved_opcode, HAWSE_VIOLATION_RESERVED_OPCODE);
SAME(Violation::fragmented_control, HAWSE_VIOLATION_FRAGMENTED_CONTROL);
SAME(Violation::unexpected_continuation, HAWSE_VIOLATION_UNEXPECTED_CONTINUATION);
SAME(Violation::interleaved_message, HAWSE_VIOLATION_INTERLEAVED_MESSAGE);
SAME(Violation::missing_mask, HAWSE_VIOLATION_MISSING_MASK);
SAME(Violation::unexpected_mask, HAWSE_VIOLATION_UNEXPECTED_MASK);
SAME(Violation::oversized_control, HAWSE_VIOLATION_OVERSIZED_CONTROL);
SAME(Violation::non_minimal_length, HAWSE_VIOLATION_NON_MINIMAL_LENGTH);
SAME(Violation::length_high_bit, HAWSE_VIOLATION_LENGTH_HIGH_BIT);
SAME(Violation::frame_too_large, HAWSE_VIOLATION_FRAME_TOO_LARGE);
SAME(Violation::message_too_large, HAWSE_VIOLATION_MESSAGE_TOO_LARGE);
SAME(Violation::too_many_fragments, HAWSE_VIOLATION_TOO_MANY_FRAGMENTS);
SAME(Violation::invalid_utf8, HAWSE_VIOLATION_INVALID_UTF8);
SAME(Violation::truncated_utf8, HAWSE_VIOLATION_TRUNCATED_UTF8);
SAME(Violation::malformed_deflate, HAWSE_VIOLATION_MALFORMED_DEFLATE);
SAME(Violation::truncated_deflate, HAWSE_VIOLATION_TRUNCATED_DEFLATE);
SAME(Violation::distance_too_far, HAWSE_VIOLATION_DISTANCE_TOO_FAR);
SAME(Violation::inflation_ratio, HAWSE_VIOLATION_INFLATION_RATIO);
SAME(Violation::truncated_close_code, HAWSE_VIOLATION_TRUNCATED_CLOSE_CODE);
SAME(Violation::undefined_close_code, HAWSE_VIOLATION_UNDEFINED_CLOSE_CODE);
SAME(Violation::reserved_close_code, HAWSE_VIOLATION_RESERVED_CLOSE_CODE);
SAME(Violation::invalid_close_reason, HAWSE_VIOLATION_INVALID_CLOSE_REASON);
SAME(Violation::malformed_request_line, HAWSE_VIOLATION_MALFORMED_REQUEST_LINE);
SAME(Violation::malformed_status_line, HAWSE_VIOLATION_MALFORMED_STATUS_LINE);
SAME(Violation::bare_line_feed, HAWSE_VIOLATION_BARE_LINE_FEED);
SAME(Violation::bare_carriage_return, HAWSE_VIOLATION_BARE_CARRIAGE_RETURN);
SAME(Violation::malformed_field, HAWSE_VIOLATION_MALFORMED_FIELD);
SAME(Violation::space_before_colon, HAWSE_VIOLATION_SPACE_BEFORE_COLON);
SAME(Violation::folded_field, HAWSE_VIOLATION_FOLDED_FIELD);
SAME(Violation::forbidden_octet, HAWSE_VIOLATION_FORBIDDEN_OCTET);
SAME(Violation::target_too_long, HAWSE_VIOLATION_TARGET_TOO_LONG);
SAME(Violation::head_too_large, HAWSE_VIOLATION_HEAD_TOO_LARGE);
SAME(Violation::too_many_fields, HAWSE_VIOLATION_TOO_MANY_FIELDS);
SAME(Violation::malformed_list, HAWSE_VIOLATION_MALFORMED_LIST);
SAME(Violation::unsupported_http_version, HAWSE_VIOLATION_UNSUPPORTED_HTTP_VERSION);
SAME(Violation::outdated_http_version, HAWSE_VIOLATION_OUTDATED_HTTP_VERSION);
SAME(Violation::method_not_get, HAWSE_VIOLATION_METHOD_NOT_GET);
SAME(Violation::malformed_target, HAWSE_VIOLATION_MALFORMED_TARGET);
SAME(Violation::missing_host, HAWSE_VIOLATION_MISSING_HOST);
SAME(Violation::repeated_host, HAWSE_VIOLATION_REPEATED_HOST);
SAME(Violation::invalid_host, HAWSE_VIOLATION_INVALID_HOST);
SAME(Violation::unexpected_content, HAWSE_VIOLATION_UNEXPECTED_CONTENT);
SAME(Violation::missing_upgrade, HAWSE_VIOLATION_MISSING_UPGRADE);
SAME(Violation::missing_connection_option, HAWSE_VIOLATION_MISSING_CONNECTION_OPTION);
SAME(Violation::missing_version, HAWSE_VIOLATION_MISSING_VERSION);
SAME(Violation::malformed_version, HAWSE_VIOLATION_MALFORMED_VERSION);
SAME(Violation::unsupported_version, HAWSE_VIOLATION_UNSUPPORTED_VERSION);
SAME(Violation::missing_key, HAWSE_VIOLATION_MISSING_KEY);
SAME(Violation::repeated_key, HAWSE_VIOLATION_REPEATED_KEY);
SAME(Violation::malformed_key, HAWSE_VIOLATION_MALFORMED_KEY);
SAME(Violation::repeated_origin, HAWSE_VIOLATION_REPEATED_ORIGIN);
SAME(Violation::malformed_subprotocols, HAWSE_VIOLATION_MALFORMED_SUBPROTOCOLS);
SAME(Violation::malformed_extensions, HAWSE_VIOLATION_MALFORMED_EXTENSIONS);
SAME(Violation::early_octets, HAWSE_VIOLATION_EARLY_OCTETS);
SAME(Violation::late_pseudo_field, HAWSE_VIOLATION_LATE_PSEUDO_FIELD);
SAME(Violation::unknown_pseudo_field, HAWSE_VIOLATION_UNKNOWN_PSEUDO_FIELD);
SAME(Violation::repeated_pseudo_field, HAWSE_VIOLATION_REPEATED_PSEUDO_FIELD);
SAME(Violation::missing_pseudo_field, HAWSE_VIOLATION_MISSING_PSEUDO_FIELD);
SAME(Violation::method_not_connect, HAWSE_VIOLATION_METHOD_NOT_CONNECT);
SAME(Violation::invalid_scheme, HAWSE_VIOLATION_INVALID_SCHEME);
SAME(Violation::missing_authority, HAWSE_VIOLATION_MISSING_AUTHORITY);
SAME(Violation::invalid_authority, HAWSE_VIOLATION_INVALID_AUTHORITY);
SAME(Violation::differing_host, HAWSE_VIOLATION_DIFFERING_HOST);
SAME(Violation::missing_protocol, HAWSE_VIOLATION_MISSING_PROTOCOL);
SAME(Violation::unsupported_protocol, HAWSE_VIOLATION_UNSUPPORTED_PROTOCOL);
SAME(Violation::connection_specific_field, HAWSE_VIOLATION_CONNECTION_SPECIFIC_FIELD);
SAME(Violation::response_outdated_http_version, HAWSE_VIOLATION_RESPONSE_OUTDATED_HTTP_VERSION);
SAME(Violation::response_missing_upgrade, HAWSE_VIOLATION_RESPONSE_MISSING_UPGRADE);
SAME(Violation::response_wrong_upgrade, HAWSE_VIOLATION_RESPONSE_WRONG_UPGRADE);
SAME(Violation::response_missing_connection_option,
     HAWSE_VIOLATION_RESPONSE_MISSING_CONNECTION_OPTION);
SAME(Violation::response_missing_accept, HAWSE_VIOLATION_RESPONSE_MISSING_ACCEPT);
SAME(Violation::response_repeated_accept, HAWSE_VIOLATION_RESPONSE_REPEATED_ACCEPT);
SAME(Violation::response_wrong_accept, HAWSE_VIOLATION_RESPONSE_WRONG_ACCEPT);
SAME(Violation::response_unoffered_extension, HAWSE_VIOLATION_RESPONSE_UNOFFERED_EXTENSION);
SAME(Violation::response_malformed_extensions, HAWSE_VIOLATION_RESPONSE_MALFORMED_EXTENSIONS);
SAME(Violation::response_repeated_extension, HAWSE_VIOLATION_RESPONSE_REPEATED_EXTENSION);
SAME(Violation::response_unknown_deflate_parameter,
     HAWSE_VIOLATION_RESPONSE_UNKNOWN_DEFLATE_PARAMETER);
SAME(Violation::response_invalid_deflate_parameter,
     HAWSE_VIOLATION_RESPONSE_INVALID_DEFLATE_PARAMETER);
SAME(Violation::response_repeated_deflate_parameter,
     HAWSE_VIOLATION_RESPONSE_REPEATED_DEFLATE_PARAMETER);
SAME(Violation::response_unsupported_deflate, HAWSE_VIOLATION_RESPONSE_UNSUPPORTED_DEFLATE);
SAME(Violation::response_repeated_subprotocol, HAWSE_VIOLATION_RESPONSE_REPEATED_SUBPROTOCOL);
SAME(Violation::response_unoffered_subprotocol, HAWSE_VIOLATION_RESPONSE_UNOFFERED_SUBPROTOCOL);
SAME(Violation::response_missing_subprotocol, HAWSE_VIOLATION_RESPONSE_MISSING_SUBPROTOCOL);
SAME(Violation::response_malformed_pseudo_fields, HAWSE_VIOLATION_RESPONSE_MALFORMED_PSEUDO_FIELDS);
SAME(Violation::response_connection_specific_field,
     HAWSE_VIOLATION_RESPONSE_CONNECTION_SPECIFIC_FIELD);

SAME(Wants::read_bit, HAWSE_WANTS_READ);
SAME(Wants::write_bit, HAWSE_WANTS_WRITE);
SAME(Wants::end_write_bit, HAWSE_WANTS_END_WRITE);
SAME(Wants::close_bit, HAWSE_WANTS_CLOSE);

#undef SAME

// A value may come from a library that is newer, and its name is asked of this one.

template <class Enumerator>
const char* name(unsigned value, Enumerator last) noexcept {
    return value > static_cast<unsigned>(last) ? "unknown"
                                               : name_of(static_cast<Enumerator>(value));
}

template <class Enumerator>
const char* sentence(unsigned value) noexcept {
    return value > static_cast<unsigned>(Enumerator::last)
               ? ""
               : describe(static_cast<Enumerator>(value));
}

const ViolationRow& row(hawse_violation violation) noexcept {
    static constexpr ViolationRow unknown{Violation{}, 0, "unknown", "", ""};
    return violation > static_cast<unsigned>(Violation::last) ? unknown
                                                              : describe(Violation{violation});
}

}  // namespace

const char* hawse_library_version(void) { return library_version(); }

const char* hawse_describe_cause(hawse_cause cause) { return sentence<Cause>(cause); }

const char* hawse_name_of_cause(hawse_cause cause) { return name(cause, Cause::last); }

const char* hawse_describe_refusal(hawse_refusal refusal) { return sentence<Refusal>(refusal); }

const char* hawse_name_of_refusal(hawse_refusal refusal) { return name(refusal, Refusal::last); }

const char* hawse_name_of_state(hawse_state state) { return name(state, State::failed); }

const char* hawse_name_of_event_kind(hawse_event_kind kind) {
    return name(kind, EventKind::closed);
}

const char* hawse_describe_violation(hawse_violation violation) { return row(violation).sentence; }

const char* hawse_name_of_violation(hawse_violation violation) { return row(violation).name; }

const char* hawse_requirement_of_violation(hawse_violation violation) {
    return row(violation).requirement;
}

uint16_t hawse_code_of_violation(hawse_violation violation) { return row(violation).code; }

bool hawse_is_close_code_on_wire(hawse_close_code code) { return is_close_code_on_wire(code); }

bool hawse_is_close_code_sendable(hawse_close_code code, hawse_role role) {
    return is_close_code_sendable(CloseCode{code}, Role{role});
}
