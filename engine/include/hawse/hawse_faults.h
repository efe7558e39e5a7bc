// SPDX-License-Identifier: MIT
// In C: the three ways in which something goes wrong other than by the library's fault, what each is
// called, and what to tell people. docs/behaviour.md says when.
#pragma once

#include "hawse/export.hpp"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Why a conversation ended other than by both sides' wish.
typedef uint8_t hawse_cause;
enum {
    HAWSE_CAUSE_NONE,              ///< nothing went wrong
    HAWSE_CAUSE_VIOLATION,         ///< the peer broke a rule: see hawse_violation
    HAWSE_CAUSE_TRANSPORT_ENDED,   ///< the stream ended before the closing handshake was complete
    HAWSE_CAUSE_TRANSPORT_BROKEN,  ///< the transport failed
    HAWSE_CAUSE_OPENING_TIMEOUT,   ///< opening_wait passed before the conversation was open
    HAWSE_CAUSE_CLOSE_TIMEOUT,     ///< close_wait passed before the peer's Close arrived
    HAWSE_CAUSE_PONG_TIMEOUT,      ///< pong_wait passed after a ping, and no octet came
    HAWSE_CAUSE_IDLE_TIMEOUT,      ///< idle_wait passed, and no octet came
    HAWSE_CAUSE_MESSAGE_TIMEOUT,   ///< message_wait passed inside a message
    HAWSE_CAUSE_WRITE_STALLED,     ///< write_stall_wait passed, and the transport took no octet
    HAWSE_CAUSE_OUT_OF_MEMORY,     ///< the allocator answered null while the peer was being served
    HAWSE_CAUSE_NO_INFLATER,       ///< as many messages are being inflated as the pool allows
    HAWSE_CAUSE_NO_ENTROPY,        ///< a frame could not be masked
    HAWSE_CAUSE_REFUSED,           ///< the server answered the handshake with a status that refuses
    HAWSE_CAUSE_REJECTED,          ///< the host rejected the request
    HAWSE_CAUSE_ABORTED,           ///< the host called abort()
};

/// One English sentence; empty for none and for what this library does not know. And the name in C++:
/// `idle_timeout`; "unknown" for what it does not know.
HAWSE_API const char* hawse_describe_cause(hawse_cause cause);
HAWSE_API const char* hawse_name_of_cause(hawse_cause cause);

/// How the caller can be wrong. A call that is refused has changed nothing.
typedef uint8_t hawse_refusal;
enum {
    HAWSE_REFUSAL_NONE,          ///< the call was carried out
    HAWSE_REFUSAL_UNREAD_INPUT,  ///< octets of the last receive() are still lent: pull, or unread()
    HAWSE_REFUSAL_TRANSPORT_ENDED,      ///< receive() after receive_end()
    HAWSE_REFUSAL_NOT_OPEN,             ///< the conversation is closing, failed or closed
    HAWSE_REFUSAL_MESSAGE_IN_PROGRESS,  ///< send_begin() was called and its last part not yet sent
    HAWSE_REFUSAL_NO_MESSAGE_IN_PROGRESS,  ///< send_part() without send_begin()
    HAWSE_REFUSAL_INVALID_TEXT,            ///< the text is not UTF-8
    HAWSE_REFUSAL_CONTROL_TOO_LONG,        ///< more than 125 octets for a ping
    HAWSE_REFUSAL_REASON_TOO_LONG,         ///< more than 123 octets of close reason
    HAWSE_REFUSAL_INVALID_CLOSE_CODE,      ///< a code that must not be sent, or not in this role
    HAWSE_REFUSAL_INVALID_FRAME,  ///< no data frame, out of order, or not the piece that must follow
    HAWSE_REFUSAL_PLACE_TOO_SMALL,  ///< smaller than the message that was announced
    HAWSE_REFUSAL_CLOSE_COMMITTED,  ///< a Close frame is on its way already; it cannot be replaced
    HAWSE_REFUSAL_OUTPUT_FULL,      ///< output_max would be passed: drain, then send again
    HAWSE_REFUSAL_OUT_OF_MEMORY,    ///< the allocator answered null, or there is no pool
    HAWSE_REFUSAL_NO_ENTROPY,       ///< the entropy source failed, or there is none
    HAWSE_REFUSAL_WRONG_ROLE,       ///< a server has nothing to start
    HAWSE_REFUSAL_ALREADY_STARTED,  ///< start() was called before
    HAWSE_REFUSAL_NOT_DECIDING,     ///< accept() or reject() without a request to decide
    HAWSE_REFUSAL_PLAIN_REQUEST,    ///< accept() of a request that asked for no upgrade
    HAWSE_REFUSAL_INVALID_HOST,     ///< host or port breaks its grammar
    HAWSE_REFUSAL_INVALID_TARGET,   ///< target breaks its grammar
    HAWSE_REFUSAL_INVALID_ORIGIN,   ///< origin breaks its grammar
    HAWSE_REFUSAL_INVALID_SUBPROTOCOL,      ///< not a token, named twice, or more than 256
    HAWSE_REFUSAL_SUBPROTOCOL_NOT_OFFERED,  ///< the client did not offer it
    HAWSE_REFUSAL_EXTENSION_NOT_OFFERED,    ///< not all offered by the client, or more than 64
    HAWSE_REFUSAL_INVALID_FIELD,  ///< a field name that is no token, or a value that breaks its grammar
    HAWSE_REFUSAL_RESERVED_FIELD,    ///< a field that the engine writes itself
    HAWSE_REFUSAL_INVALID_STATUS,    ///< not a final status for a refusal: 200 to 599
    HAWSE_REFUSAL_INVALID_URL,       ///< not a ws:// or wss:// URL
    HAWSE_REFUSAL_NOTHING_PREPARED,  ///< the prepared message is null
};

/// The same for a refusal: the sentence says what to do.
HAWSE_API const char* hawse_describe_refusal(hawse_refusal refusal);
HAWSE_API const char* hawse_name_of_refusal(hawse_refusal refusal);

/// How the peer can be wrong.
typedef uint8_t hawse_violation;
enum {
    HAWSE_VIOLATION_NONE,

    // Frames: answered with a close code.
    HAWSE_VIOLATION_RESERVED_BIT,
    HAWSE_VIOLATION_RESERVED_OPCODE,
    HAWSE_VIOLATION_FRAGMENTED_CONTROL,
    HAWSE_VIOLATION_UNEXPECTED_CONTINUATION,
    HAWSE_VIOLATION_INTERLEAVED_MESSAGE,
    HAWSE_VIOLATION_MISSING_MASK,
    HAWSE_VIOLATION_UNEXPECTED_MASK,
    HAWSE_VIOLATION_OVERSIZED_CONTROL,
    HAWSE_VIOLATION_NON_MINIMAL_LENGTH,
    HAWSE_VIOLATION_LENGTH_HIGH_BIT,
    HAWSE_VIOLATION_FRAME_TOO_LARGE,
    HAWSE_VIOLATION_MESSAGE_TOO_LARGE,
    HAWSE_VIOLATION_TOO_MANY_FRAGMENTS,
    HAWSE_VIOLATION_INVALID_UTF8,
    HAWSE_VIOLATION_TRUNCATED_UTF8,
    HAWSE_VIOLATION_MALFORMED_DEFLATE,
    HAWSE_VIOLATION_TRUNCATED_DEFLATE,
    HAWSE_VIOLATION_DISTANCE_TOO_FAR,
    HAWSE_VIOLATION_INFLATION_RATIO,
    HAWSE_VIOLATION_TRUNCATED_CLOSE_CODE,
    HAWSE_VIOLATION_UNDEFINED_CLOSE_CODE,
    HAWSE_VIOLATION_RESERVED_CLOSE_CODE,
    HAWSE_VIOLATION_INVALID_CLOSE_REASON,

    // Heads, in a request or a response.
    HAWSE_VIOLATION_MALFORMED_REQUEST_LINE,
    HAWSE_VIOLATION_MALFORMED_STATUS_LINE,
    HAWSE_VIOLATION_BARE_LINE_FEED,
    HAWSE_VIOLATION_BARE_CARRIAGE_RETURN,
    HAWSE_VIOLATION_MALFORMED_FIELD,
    HAWSE_VIOLATION_SPACE_BEFORE_COLON,
    HAWSE_VIOLATION_FOLDED_FIELD,
    HAWSE_VIOLATION_FORBIDDEN_OCTET,
    HAWSE_VIOLATION_TARGET_TOO_LONG,
    HAWSE_VIOLATION_HEAD_TOO_LARGE,
    HAWSE_VIOLATION_TOO_MANY_FIELDS,
    HAWSE_VIOLATION_MALFORMED_LIST,

    // Requests: answered with an HTTP status.
    HAWSE_VIOLATION_UNSUPPORTED_HTTP_VERSION,
    HAWSE_VIOLATION_OUTDATED_HTTP_VERSION,
    HAWSE_VIOLATION_METHOD_NOT_GET,
    HAWSE_VIOLATION_MALFORMED_TARGET,
    HAWSE_VIOLATION_MISSING_HOST,
    HAWSE_VIOLATION_REPEATED_HOST,
    HAWSE_VIOLATION_INVALID_HOST,
    HAWSE_VIOLATION_UNEXPECTED_CONTENT,
    HAWSE_VIOLATION_MISSING_UPGRADE,
    HAWSE_VIOLATION_MISSING_CONNECTION_OPTION,
    HAWSE_VIOLATION_MISSING_VERSION,
    HAWSE_VIOLATION_MALFORMED_VERSION,
    HAWSE_VIOLATION_UNSUPPORTED_VERSION,
    HAWSE_VIOLATION_MISSING_KEY,
    HAWSE_VIOLATION_REPEATED_KEY,
    HAWSE_VIOLATION_MALFORMED_KEY,
    HAWSE_VIOLATION_REPEATED_ORIGIN,
    HAWSE_VIOLATION_MALFORMED_SUBPROTOCOLS,
    HAWSE_VIOLATION_MALFORMED_EXTENSIONS,
    HAWSE_VIOLATION_EARLY_OCTETS,

    // Requests over HTTP/2 and HTTP/3 alone.
    HAWSE_VIOLATION_LATE_PSEUDO_FIELD,
    HAWSE_VIOLATION_UNKNOWN_PSEUDO_FIELD,
    HAWSE_VIOLATION_REPEATED_PSEUDO_FIELD,
    HAWSE_VIOLATION_MISSING_PSEUDO_FIELD,
    HAWSE_VIOLATION_METHOD_NOT_CONNECT,
    HAWSE_VIOLATION_INVALID_SCHEME,
    HAWSE_VIOLATION_MISSING_AUTHORITY,
    HAWSE_VIOLATION_INVALID_AUTHORITY,
    HAWSE_VIOLATION_DIFFERING_HOST,
    HAWSE_VIOLATION_MISSING_PROTOCOL,
    HAWSE_VIOLATION_UNSUPPORTED_PROTOCOL,
    HAWSE_VIOLATION_CONNECTION_SPECIFIC_FIELD,

    // Responses: nobody to answer, the client ends the transport.
    HAWSE_VIOLATION_RESPONSE_OUTDATED_HTTP_VERSION,
    HAWSE_VIOLATION_RESPONSE_MISSING_UPGRADE,
    HAWSE_VIOLATION_RESPONSE_WRONG_UPGRADE,
    HAWSE_VIOLATION_RESPONSE_MISSING_CONNECTION_OPTION,
    HAWSE_VIOLATION_RESPONSE_MISSING_ACCEPT,
    HAWSE_VIOLATION_RESPONSE_REPEATED_ACCEPT,
    HAWSE_VIOLATION_RESPONSE_WRONG_ACCEPT,
    HAWSE_VIOLATION_RESPONSE_UNOFFERED_EXTENSION,
    HAWSE_VIOLATION_RESPONSE_MALFORMED_EXTENSIONS,
    HAWSE_VIOLATION_RESPONSE_REPEATED_EXTENSION,
    HAWSE_VIOLATION_RESPONSE_UNKNOWN_DEFLATE_PARAMETER,
    HAWSE_VIOLATION_RESPONSE_INVALID_DEFLATE_PARAMETER,
    HAWSE_VIOLATION_RESPONSE_REPEATED_DEFLATE_PARAMETER,
    HAWSE_VIOLATION_RESPONSE_UNSUPPORTED_DEFLATE,
    HAWSE_VIOLATION_RESPONSE_REPEATED_SUBPROTOCOL,
    HAWSE_VIOLATION_RESPONSE_UNOFFERED_SUBPROTOCOL,
    HAWSE_VIOLATION_RESPONSE_MISSING_SUBPROTOCOL,
    HAWSE_VIOLATION_RESPONSE_MALFORMED_PSEUDO_FIELDS,
    HAWSE_VIOLATION_RESPONSE_CONNECTION_SPECIFIC_FIELD,
};

/// Of any violation but none: a sentence for people, which never holds an octet of the peer's; the
/// name in C++; the row of docs/requirements.md that is broken; and the close code sent (frames), the
/// status answered (requests; 426 is 400 over HTTP/2 and HTTP/3, where there is no Upgrade), or 1006
/// (responses). Of one that this library does not know: "", "unknown", "" and 0.
HAWSE_API const char* hawse_describe_violation(hawse_violation violation);
HAWSE_API const char* hawse_name_of_violation(hawse_violation violation);
HAWSE_API const char* hawse_requirement_of_violation(hawse_violation violation);
HAWSE_API uint16_t hawse_code_of_violation(hawse_violation violation);

#ifdef __cplusplus
}
#endif
