// SPDX-License-Identifier: MIT
// How the peer can be wrong: one name each, and one row each in engine/vocabulary/violation.cpp with
// the code it is answered with, the requirement it breaks and a sentence for people.
#pragma once

#include "hawse/export.hpp"

#include <cstdint>

namespace hawse {

enum class [[nodiscard]] Violation : std::uint8_t{
    none,

    // Frames: answered with a close code.
    reserved_bit,
    reserved_opcode,
    fragmented_control,
    unexpected_continuation,
    interleaved_message,
    missing_mask,
    unexpected_mask,
    oversized_control,
    non_minimal_length,
    length_high_bit,
    frame_too_large,
    message_too_large,
    too_many_fragments,
    invalid_utf8,
    truncated_utf8,
    malformed_deflate,
    truncated_deflate,
    distance_too_far,
    inflation_ratio,
    truncated_close_code,
    undefined_close_code,
    reserved_close_code,
    invalid_close_reason,

    // Heads, in a request or a response.
    malformed_request_line,
    malformed_status_line,
    bare_line_feed,
    bare_carriage_return,
    malformed_field,
    space_before_colon,
    folded_field,
    forbidden_octet,
    target_too_long,
    head_too_large,
    too_many_fields,
    malformed_list,

    // Requests: answered with an HTTP status.
    unsupported_http_version,
    outdated_http_version,
    method_not_get,
    malformed_target,
    missing_host,
    repeated_host,
    invalid_host,
    unexpected_content,
    missing_upgrade,
    missing_connection_option,
    missing_version,
    malformed_version,
    unsupported_version,
    missing_key,
    repeated_key,
    malformed_key,
    repeated_origin,
    malformed_subprotocols,
    malformed_extensions,
    early_octets,

    // Requests over HTTP/2 and HTTP/3 alone.
    late_pseudo_field,
    unknown_pseudo_field,
    repeated_pseudo_field,
    missing_pseudo_field,
    method_not_connect,
    invalid_scheme,
    missing_authority,
    invalid_authority,
    differing_host,
    missing_protocol,
    unsupported_protocol,
    connection_specific_field,

    // Responses: nobody to answer, the client ends the transport.
    response_outdated_http_version,
    response_missing_upgrade,
    response_wrong_upgrade,
    response_missing_connection_option,
    response_missing_accept,
    response_repeated_accept,
    response_wrong_accept,
    response_unoffered_extension,
    response_malformed_extensions,
    response_repeated_extension,
    response_unknown_deflate_parameter,
    response_invalid_deflate_parameter,
    response_repeated_deflate_parameter,
    response_unsupported_deflate,
    response_repeated_subprotocol,
    response_unoffered_subprotocol,
    response_missing_subprotocol,
    response_malformed_pseudo_fields,
    response_connection_specific_field,
    last = response_connection_specific_field,
};

/// What is known about a violation. All strings have static storage.
struct ViolationRow {
    Violation violation;
    /// The close code sent (frames), the status answered (requests; 426 is 400 over HTTP/2 and
    /// HTTP/3, where there is no Upgrade), or 1006 (responses).
    std::uint16_t code;
    const char* name;         ///< the enumerator
    const char* requirement;  ///< the row of docs/requirements.md that is broken
    const char* sentence;     ///< for people; never holds an octet of the peer's
};

/// The row of a violation; that of none has code 0 and is empty but for its name. O(1).
HAWSE_API const ViolationRow& describe(Violation violation) noexcept;

/// The enumerator's name. Static storage.
HAWSE_API const char* name_of(Violation violation) noexcept;

}  // namespace hawse
