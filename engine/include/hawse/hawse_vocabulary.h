// SPDX-License-Identifier: MIT
// In C: the values that everything else speaks in, and the names and sentences of those that say
// what went wrong. The conventions stand in hawse.h.
#pragma once

#include "hawse/export.hpp"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The version of these headers.
#define HAWSE_VERSION_MAJOR 0
#define HAWSE_VERSION_MINOR 1
#define HAWSE_VERSION_PATCH 0
#define HAWSE_VERSION_STRING "0.1.0"

/// The version of the library itself, as "major.minor.patch"; differs from HAWSE_VERSION_STRING when
/// a program was compiled against other headers.
HAWSE_API const char* hawse_library_version(void);

// ---- Views: octets and text that somebody else owns ----------------------------------------------

typedef struct hawse_octets {
    const uint8_t* data;
    size_t size;
} hawse_octets;

typedef struct hawse_mutable_octets {
    uint8_t* data;
    size_t size;
} hawse_mutable_octets;

/// Characters, not terminated.
typedef struct hawse_text {
    const char* data;
    size_t size;
} hawse_text;

/// A text as an element of a list, in the library's own order, so that lists go in and out uncopied:
/// made by hawse_view_of(), read by hawse_text_of(). Copied at will.
typedef union hawse_view {
    unsigned char opaque[2 * sizeof(void*)];
    void* alignment;
} hawse_view;

HAWSE_API hawse_view hawse_view_of(const char* text, size_t size);
HAWSE_API hawse_text hawse_text_of(hawse_view view);

/// One field line of a head; the value without the white space around it. Over HTTP/2 and HTTP/3 also
/// a pseudo-field, whose name begins with ":".
typedef struct hawse_field {
    hawse_view name;
    hawse_view value;
} hawse_field;

typedef struct hawse_fields {
    const hawse_field* data;
    size_t count;
} hawse_fields;

/// One piece of output, laid out as iovec on POSIX and WSABUF on Windows: an array of them is an
/// array of those.
typedef struct hawse_slice {
#ifdef _WIN32
    unsigned long size;
    uint8_t* data;
#else
    uint8_t* data;
    size_t size;
#endif
} hawse_slice;

/// The deadline of something that will not happen.
#define HAWSE_NEVER INT64_MAX

// ---- Roles, messages, states ---------------------------------------------------------------------

typedef uint8_t hawse_role;
enum { HAWSE_ROLE_SERVER, HAWSE_ROLE_CLIENT };

/// The opcode of a message's first frame. RFC 6455 §5.6
typedef uint8_t hawse_message_kind;
enum { HAWSE_MESSAGE_KIND_TEXT = 1, HAWSE_MESSAGE_KIND_BINARY = 2 };

/// How the receiving side of a transport ended.
typedef uint8_t hawse_transport_end;
enum {
    HAWSE_TRANSPORT_END_ORDERLY,  ///< end of stream: TCP FIN, TLS close_notify, END_STREAM
    HAWSE_TRANSPORT_END_BROKEN,   ///< reset, error, or a TLS stream without close_notify
};

/// How data reaches the host.
typedef uint8_t hawse_delivery;
enum {
    HAWSE_DELIVERY_MESSAGES,  ///< whole messages; one that arrives cut is assembled, bounded
    HAWSE_DELIVERY_PARTS,   ///< octets as they arrive, no buffer; text may end inside a character.
                            ///< Of a compressed message at most deflate_part_size_max, leased
    HAWSE_DELIVERY_FRAMES,  ///< data frames undecoded, no buffer: for relays. Text is not validated;
                            ///< limits, control frames and closing stay the library's
};

/// Whether outgoing text is checked before it is taken.
typedef uint8_t hawse_text_check;
enum {
    HAWSE_TEXT_CHECK_CHECKED,
    HAWSE_TEXT_CHECK_UNCHECKED,  ///< the caller has proof that it is UTF-8
};

/// Whether one message is compressed, where that was agreed. Empty messages never are, nor what does
/// not become smaller, nor any while the pool has no compressor.
typedef uint8_t hawse_compression;
enum {
    HAWSE_COMPRESSION_AUTOMATIC,  ///< from deflate_threshold on
    HAWSE_COMPRESSION_NONE,       ///< for secrets beside what an attacker chooses
    HAWSE_COMPRESSION_ALWAYS,     ///< whatever its size
};

/// How one side compresses what it sends. RFC 7692 §7.1
typedef struct hawse_deflate_direction {
    uint8_t window_bits;  ///< 8 to 15: it refers back by at most 2^window_bits octets
    bool takeover;        ///< a message may refer to those before it
} hawse_deflate_direction;

/// Where a conversation stands.
typedef uint8_t hawse_state;
enum {
    HAWSE_STATE_OPEN,     ///< messages flow
    HAWSE_STATE_CLOSING,  ///< a Close was sent or received
    HAWSE_STATE_CLOSED,   ///< `closed` was told, or waits to be pulled
    HAWSE_STATE_FAILED,   ///< a fault ended it; stays so
};

/// The name in C++: `closing`; "unknown" for what this library does not know.
HAWSE_API const char* hawse_name_of_state(hawse_state state);

/// Which HTTP carries the fields of an opening handshake.
typedef uint8_t hawse_transport;
enum {
    HAWSE_TRANSPORT_HTTP1,  ///< GET with Upgrade, answered with 101. RFC 6455 §4
    HAWSE_TRANSPORT_HTTP2,  ///< extended CONNECT on one stream, answered with 2xx. RFC 8441
    HAWSE_TRANSPORT_HTTP3,  ///< the same. RFC 9220
};

/// Where an opening handshake stands.
typedef uint8_t hawse_handshake_state;
enum {
    HAWSE_HANDSHAKE_STATE_OPENING,  ///< reading, deciding or answering
    HAWSE_HANDSHAKE_STATE_OPEN,     ///< the agreement stands
    HAWSE_HANDSHAKE_STATE_FAILED,   ///< refused, rejected, timed out or broken; stays so
    HAWSE_HANDSHAKE_STATE_CLOSED,   ///< the transport ended before anything else did
};

/// What a driver should do next: any of these bits.
typedef uint8_t hawse_wants;
enum {
    HAWSE_WANTS_READ = 1,       ///< lend octets as they arrive
    HAWSE_WANTS_WRITE = 2,      ///< there is output: gather or write_output
    HAWSE_WANTS_END_WRITE = 4,  ///< shut the sending side, then say write_ended
    HAWSE_WANTS_CLOSE = 8,      ///< close the transport; the object may be destroyed
};

typedef uint8_t hawse_event_kind;
enum {
    HAWSE_EVENT_KIND_NONE,  ///< nothing to tell until more happens

    // Of a session, while it opens.
    HAWSE_EVENT_KIND_REQUEST,   ///< a server's to accept or reject: see hawse_session_request()
    HAWSE_EVENT_KIND_RESPONSE,  ///< what a client was answered: see hawse_session_response()
    HAWSE_EVENT_KIND_OPENED,    ///< the conversation begins: see hawse_session_connection()

    HAWSE_EVENT_KIND_MESSAGE,  ///< a whole message: message_kind, payload
    HAWSE_EVENT_KIND_PART,     ///< octets of a message: message_kind, first, last, payload
    HAWSE_EVENT_KIND_FRAME,    ///< of a data frame: first_octet, first, last, payload, message_kind
    HAWSE_EVENT_KIND_PING,     ///< payload; its pong is queued already
    HAWSE_EVENT_KIND_PONG,     ///< payload
    HAWSE_EVENT_KIND_CLOSING,  ///< the peer's Close: code_received, the reason, message_dropped
    HAWSE_EVENT_KIND_FAILED,   ///< cause, violation, code_sent; a `closed` follows
    HAWSE_EVENT_KIND_CLOSED,   ///< the end, exactly once: clean, both codes, the reason, cause
};

/// The name in C++: `message`; "unknown" for what this library does not know.
HAWSE_API const char* hawse_name_of_event_kind(hawse_event_kind kind);

typedef uint8_t hawse_handshake_event_kind;
enum {
    HAWSE_HANDSHAKE_EVENT_KIND_NONE,
    HAWSE_HANDSHAKE_EVENT_KIND_REQUEST,   ///< server: accept or reject it, when you like
    HAWSE_HANDSHAKE_EVENT_KIND_RESPONSE,  ///< client: 101, or a final status that refuses
    HAWSE_HANDSHAKE_EVENT_KIND_OPENED,    ///< write the output, then the connection begins
    HAWSE_HANDSHAKE_EVENT_KIND_FAILED,    ///< cause, violation, status; a `closed` follows
    HAWSE_HANDSHAKE_EVENT_KIND_CLOSED,    ///< the end of what did not open, exactly once
};

// ---- Close codes ---------------------------------------------------------------------------------

/// RFC 6455 §7.4 and the IANA registry. 3000 to 4999 have no name here.
typedef uint16_t hawse_close_code;
enum {
    HAWSE_CLOSE_CODE_NORMAL = 1000,
    HAWSE_CLOSE_CODE_GOING_AWAY = 1001,
    HAWSE_CLOSE_CODE_PROTOCOL_ERROR = 1002,
    HAWSE_CLOSE_CODE_UNSUPPORTED_DATA = 1003,
    HAWSE_CLOSE_CODE_NO_CODE = 1005,   ///< local only: the Close frame had no body
    HAWSE_CLOSE_CODE_ABNORMAL = 1006,  ///< local only: there was no Close frame
    HAWSE_CLOSE_CODE_INVALID_DATA = 1007,
    HAWSE_CLOSE_CODE_POLICY_VIOLATION = 1008,
    HAWSE_CLOSE_CODE_MESSAGE_TOO_LARGE = 1009,
    HAWSE_CLOSE_CODE_EXTENSION_REQUIRED = 1010,  ///< a client's to send
    HAWSE_CLOSE_CODE_INTERNAL_ERROR = 1011,
    HAWSE_CLOSE_CODE_SERVICE_RESTART = 1012,
    HAWSE_CLOSE_CODE_TRY_AGAIN_LATER = 1013,
    HAWSE_CLOSE_CODE_BAD_GATEWAY = 1014,
    HAWSE_CLOSE_CODE_TLS_FAILED = 1015,  ///< local only: the TLS handshake failed
};

/// The longest reason that fits behind a code in one control frame. RFC 6455 §5.5
#define HAWSE_CLOSE_REASON_SIZE_MAX 123

/// Whether a received Close may carry `code`: 1000-1003, 1007-1014, 3000-4999.
HAWSE_API bool hawse_is_close_code_on_wire(hawse_close_code code);

/// Whether an application in `role` may send `code`: the same set, without 1010 for a server.
HAWSE_API bool hawse_is_close_code_sendable(hawse_close_code code, hawse_role role);

#ifdef __cplusplus
}
#endif
