// SPDX-License-Identifier: MIT
// In C: the parts that need no conversation, each useful alone: the octets before a payload, masks,
// UTF-8, the payload of a Close, the keys of an opening handshake, URLs. Nothing here allocates.
#pragma once

#include "hawse/export.hpp"
#include "hawse/hawse_faults.h"
#include "hawse/hawse_vocabulary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Masks. RFC 6455 §5.3 ------------------------------------------------------------------------

/// Four octets as they stand on the wire.
typedef struct hawse_mask_key {
    uint8_t octets[4];
} hawse_mask_key;

/// The key for a payload that goes on `offset` octets after its start.
HAWSE_API hawse_mask_key hawse_mask_key_advanced(hawse_mask_key key, uint64_t offset);

/// Masks or unmasks `octets` where they are. `key` is that of the first of them.
HAWSE_API void hawse_apply_mask(uint8_t* octets, size_t size, hawse_mask_key key);

/// Writes `from`, masked, to `into`, which has room for as many octets and does not overlap it.
HAWSE_API void hawse_copy_masked(uint8_t* into, const uint8_t* from, size_t size,
                                 hawse_mask_key key);

// ---- Frame headers. RFC 6455 §5.2 ----------------------------------------------------------------

/// The six that are defined; the other ten values can be read and written as well.
typedef uint8_t hawse_opcode;
enum {
    HAWSE_OPCODE_CONTINUATION = 0x0,
    HAWSE_OPCODE_TEXT = 0x1,
    HAWSE_OPCODE_BINARY = 0x2,
    HAWSE_OPCODE_CLOSE = 0x8,
    HAWSE_OPCODE_PING = 0x9,
    HAWSE_OPCODE_PONG = 0xA,
};

HAWSE_API bool hawse_is_defined(hawse_opcode opcode);
HAWSE_API bool hawse_is_control(hawse_opcode opcode);

/// The bits of a header's first octet, and the one of its second that is no length.
#define HAWSE_FIN 0x80
#define HAWSE_RSV1 0x40
#define HAWSE_RSV2 0x20
#define HAWSE_RSV3 0x10
#define HAWSE_RSV_BITS 0x70
#define HAWSE_OPCODE_BITS 0x0F
#define HAWSE_MASKED 0x80

/// The most octets a header has, and the most payload of a control frame.
#define HAWSE_FRAME_HEADER_SIZE_MAX 14
#define HAWSE_CONTROL_PAYLOAD_SIZE_MAX 125

/// The first two octets as they stand, and what follows them.
typedef struct hawse_frame_header {
    size_t size;
    uint8_t first;       ///< HAWSE_FIN and so on, and a hawse_opcode
    uint8_t second;      ///< written from HAWSE_MASKED in it and payload_size
    hawse_mask_key key;  ///< meaningful when masked
    uint64_t payload_size;
} hawse_frame_header;

/// Octets of extended length that a header as read announces: 0, 2 or 8.
HAWSE_API size_t hawse_frame_header_extended_size(const hawse_frame_header* header);

/// Octets this header has on the wire, in the shortest form.
HAWSE_API size_t hawse_frame_header_size(const hawse_frame_header* header);

/// Reads the header at the beginning of `octets` and answers its size, 2 to 14. 0 when more octets are
/// needed: `needed` is how many there must be before asking again is of use, or 0 and `violation`
/// says what is wrong: non_minimal_length or length_high_bit. `header` holds as much as was there: its
/// first two octets as soon as there are two.
HAWSE_API size_t hawse_read_frame_header(const uint8_t* octets, size_t size,
                                         hawse_frame_header* header, size_t* needed,
                                         hawse_violation* violation);

/// Writes `header` in the shortest form and answers its size. `into` has room for
/// HAWSE_FRAME_HEADER_SIZE_MAX octets; no octet beyond the answer is written.
HAWSE_API size_t hawse_write_frame_header(uint8_t* into, const hawse_frame_header* header);

// ---- The payload of a Close. RFC 6455 §5.5.1 -----------------------------------------------------

typedef struct hawse_close_payload {
    size_t size;
    hawse_close_code code;  ///< HAWSE_CLOSE_CODE_NO_CODE when the payload is empty
    hawse_text reason;
} hawse_close_payload;

/// Reads the payload of a Close. `close->reason` views `payload`. Violations: truncated_close_code,
/// undefined_close_code, reserved_close_code, invalid_close_reason.
HAWSE_API hawse_violation hawse_read_close_payload(const uint8_t* payload, size_t size,
                                                   hawse_close_payload* close);

/// Writes `close` and answers its size: 0 for no_code, else 2 and the reason's. `into` has room for
/// 125 octets; the reason has at most HAWSE_CLOSE_REASON_SIZE_MAX.
HAWSE_API size_t hawse_write_close_payload(uint8_t* into, const hawse_close_payload* close);

// ---- UTF-8. RFC 3629 §4 --------------------------------------------------------------------------

/// Whether `octets` are valid UTF-8 from first to last.
HAWSE_API bool hawse_is_utf8(const uint8_t* octets, size_t size);

/// Text that arrives in pieces. A value, made by _init and copied at will.
typedef union hawse_utf8_validator {
    unsigned char opaque[8];
    uint64_t alignment;
} hawse_utf8_validator;

HAWSE_API void hawse_utf8_validator_init(hawse_utf8_validator* validator);

/// Takes `octets`, up to the first that cannot follow what was taken before, and answers how many it
/// took: all of them, or the index of the offending octet, after which nothing may be taken.
HAWSE_API size_t hawse_utf8_validator_take(hawse_utf8_validator* validator, const uint8_t* octets,
                                           size_t size);

/// Whether the text may end here: no sequence is open.
HAWSE_API bool hawse_utf8_validator_complete(const hawse_utf8_validator* validator);

// ---- The keys of an opening handshake. RFC 6455 §1.3, §4.2.2 -------------------------------------

#define HAWSE_NONCE_SIZE 16
#define HAWSE_HANDSHAKE_KEY_SIZE 24
#define HAWSE_ACCEPT_KEY_SIZE 28

/// Writes base64 of SHA-1 of `key` and the protocol's GUID: HAWSE_ACCEPT_KEY_SIZE characters, no zero.
/// `key` is hashed as it stands, undecoded.
HAWSE_API void hawse_accept_key(const char* key, size_t key_size, char* into);

/// Writes base64 of HAWSE_NONCE_SIZE octets: HAWSE_HANDSHAKE_KEY_SIZE characters, no zero.
HAWSE_API void hawse_handshake_key(const uint8_t* nonce, char* into);

/// Whether `key` is 22 characters of the base64 alphabet and "==". Pad bits may be set.
HAWSE_API bool hawse_is_handshake_key(const char* key, size_t size);

// ---- URLs. RFC 6455 §3 ---------------------------------------------------------------------------

/// Views the text that was parsed.
typedef struct hawse_url {
    size_t size;
    bool secure;        ///< the scheme was wss
    uint16_t port;      ///< as written, or the default of the scheme: 80, 443
    hawse_text host;    ///< as written; an IPv6 address keeps its brackets
    hawse_text target;  ///< as written, maybe empty or only a query: hawse_client_request.target
} hawse_url;

/// Takes `text` apart. Refused as invalid_url: another scheme, no host, userinfo, a fragment, a port
/// that is no number of 1 to 65535 (an empty one is the default), or an octet outside 0x21-0x7E. `url`
/// is untouched then.
HAWSE_API hawse_refusal hawse_parse_url(const char* text, size_t size, hawse_url* url);

#ifdef __cplusplus
}
#endif
