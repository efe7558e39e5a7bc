// SPDX-License-Identifier: MIT
// In C: what an opening handshake is made of, over HTTP/1, HTTP/2 or HTTP/3, and the openings of hosts
// that have an HTTP of their own: parsed fields in, the fields to send and an agreement out. It sees no
// octet of a head and no time. RFC 6455 §4, RFC 8441 §5, RFC 9220 §3
#pragma once

#include "hawse/export.hpp"
#include "hawse/hawse_codec.h"
#include "hawse/hawse_faults.h"
#include "hawse/hawse_memory.h"
#include "hawse/hawse_vocabulary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What an opening handshake settles and a conversation starts from. A host with its own HTTP makes it
/// itself.
typedef struct hawse_agreement {
    size_t size;
    hawse_role role;
    /// Which of HAWSE_RSV1, HAWSE_RSV2 and HAWSE_RSV3 data frames may carry: what `extensions` use, as
    /// the host has said. Read by HAWSE_DELIVERY_FRAMES alone; RSV1 may stand on the first frame of a
    /// message only. RFC 6455 §5.2, §9
    uint8_t reserved_bits;
    /// Empty when there is none. Lives as long as the object that settled it; a connection does not
    /// read it.
    hawse_text subprotocol;
    /// What was accepted of the extensions that a proxy relays, as one field value; empty without.
    /// Lives as the subprotocol does, and no connection reads it.
    hawse_text extensions;
    /// permessage-deflate, and how each side compresses then; nothing to HAWSE_DELIVERY_FRAMES.
    /// RFC 7692 §7.1
    bool deflate_agreed;
    hawse_deflate_direction deflate_client;
    hawse_deflate_direction deflate_server;
} hawse_agreement;

// ---- Fields and lists of tokens ------------------------------------------------------------------

/// The elements of a list field that may stand on several lines, one by one and in order; empty
/// elements are passed over. Views the fields it was made from. A value, copied at will.
typedef union hawse_token_list {
    unsigned char opaque[6 * sizeof(void*)];
    void* alignment;
} hawse_token_list;

HAWSE_API hawse_token_list hawse_token_list_of(const hawse_field* fields, size_t field_count,
                                               const char* name, size_t name_size);

/// The next element, without white space around it; empty when there is none left.
HAWSE_API hawse_text hawse_token_list_next(hawse_token_list* list);

// ---- Requests and responses that a host's own HTTP has parsed ------------------------------------

/// A request as a host's own parser leaves it. Method, target and version are of HTTP/1 alone.
typedef struct hawse_request_head {
    size_t size;
    hawse_transport transport;
    uint8_t version;  ///< 10 for HTTP/1.0, 11 for HTTP/1.1 and so on; 0 counts as 11
    hawse_text method;
    hawse_text target;
    const hawse_field* fields;  ///< over HTTP/2 and HTTP/3 as received, pseudo-fields among them
    size_t field_count;
} hawse_request_head;

/// A request that may be accepted. Views what it was judged from: see who made it.
typedef struct hawse_request {
    size_t size;
    bool plain;  ///< no Upgrade: HTTP/1 with surface_plain_requests, and for reject alone
    bool expects_continue;
    hawse_text method;
    hawse_text target;     ///< as received; absolute form: see resource
    hawse_text resource;   ///< path and query; begins with "/", or "?" in "http://host?query"
    hawse_text authority;  ///< host and port: of an absolute target, of Host, or :authority
    hawse_text origin;     ///< empty without Origin: not a browser
    hawse_text key;        ///< Sec-WebSocket-Key; empty for a plain request, and on a stream
    const hawse_field* fields;
    size_t field_count;
} hawse_request;

/// The subprotocols offered, most wanted first; and whether one of them is `subprotocol`.
HAWSE_API hawse_token_list hawse_request_subprotocols(const hawse_request* request);
HAWSE_API bool hawse_request_offers_subprotocol(const hawse_request* request,
                                                const char* subprotocol, size_t size);

/// The value of the first field of that name, in any case; empty when there is none.
HAWSE_API hawse_text hawse_request_field(const hawse_request* request, const char* name,
                                         size_t size);

/// Judges a request by every rule of RFC 6455 §4.2.1, or of RFC 8441 §4 and §5, first fault first.
/// `request` views `head`; after a fault it holds what was read before it. Pure. O(octets).
///
/// A hawse_server_opening judges by this, and has the status and the fields of the answer.
HAWSE_API hawse_violation hawse_judge_request(const hawse_request_head* head,
                                              const hawse_config* config, hawse_request* request);

/// A response as a host's own parser leaves it.
typedef struct hawse_response_head {
    size_t size;
    uint16_t
        status;  ///< over HTTP/2 and HTTP/3 it may be 0, and is read from :status among the fields
    hawse_transport transport;
    uint8_t version;  ///< of HTTP/1 alone; 0 counts as 11
    const hawse_field* fields;
    size_t field_count;
} hawse_response_head;

/// What a client asked for, and checks the answer against.
typedef struct hawse_offer {
    size_t size;
    char key[HAWSE_HANDSHAKE_KEY_SIZE];  ///< of HTTP/1 alone
    uint8_t reserved_bits;               ///< that `extensions` use
    const hawse_view* subprotocols;
    size_t subprotocol_count;
    hawse_text extensions;  ///< as one field value
    /// permessage-deflate as it was offered, as one field value: an answer is judged by its elements.
    /// With it no other extension may be accepted, whatever `extensions` says. A hawse_client_opening
    /// writes one by the config, as its Sec-WebSocket-Extensions. RFC 7692 §5, §7.1
    hawse_text deflate;
} hawse_offer;

/// Judges a response that opens, 101 over HTTP/1 or 2xx over HTTP/2 and HTTP/3, by every rule of
/// RFC 6455 §4.1 or RFC 8441 §5; any other status is malformed_status_line. `agreement` views `head`,
/// and of extensions on several lines the first: a hawse_client_opening joins them. Pure. O(octets),
/// but O(accepted times offered) for extensions.
HAWSE_API hawse_violation hawse_judge_response(const hawse_response_head* head,
                                               const hawse_offer* offer, const hawse_config* config,
                                               hawse_agreement* agreement);

/// A response. Views the handshake's memory.
typedef struct hawse_response {
    size_t size;
    uint16_t status;
    const hawse_field* fields;
    size_t field_count;
    /// Of a final status other than 101: what has arrived of the body, up to response_body_size_max;
    /// grows until `closed`, so ask anew after each receive. Chunks are joined.
    hawse_octets body;
} hawse_response;

/// The value of the first field of that name, in any case; empty when there is none.
HAWSE_API hawse_text hawse_response_field(const hawse_response* response, const char* name,
                                          size_t size);

// ---- What an opening tells, and is told ----------------------------------------------------------

typedef struct hawse_handshake_event {
    size_t size;
    hawse_handshake_event_kind kind;
    hawse_cause cause;
    hawse_violation violation;
    /// Server: the status answered; client: the status received; 0 when there is none.
    uint16_t status;
} hawse_handshake_event;

/// What a client asks for. Read by start alone.
typedef struct hawse_client_request {
    size_t size;
    bool secure;        ///< wss
    uint16_t port;      ///< 0 is the default of the scheme; a default is left out of Host
    hawse_text host;    ///< a name, an IPv4 address, or an IPv6 address in brackets
    hawse_text target;  ///< path and query; empty is "/", "?q" is "/?q"
    hawse_text origin;  ///< no field when empty
    const hawse_view* subprotocols;  ///< most wanted first; at most 256
    size_t subprotocol_count;
    const hawse_field* fields;  ///< Authorization, Cookie, User-Agent ...
    size_t field_count;
    /// For proxies that pass data on undecoded: extensions to offer, as the value of
    /// Sec-WebSocket-Extensions. The library knows none of them; the answer may name those that stand
    /// here, and its parameters are not judged. RFC 6455 §9.1
    hawse_text relayed_extensions;
    /// The reserved bits that those extensions use, as in hawse_agreement, which gets them when one is
    /// accepted.
    uint8_t reserved_bits;
    /// True offers no compression, and neither do relayed_extensions. C++ says `deflate`: here a struct of
    /// zeros is the default.
    bool no_deflate;
} hawse_client_request;

/// What a host says when it accepts.
typedef struct hawse_acceptance {
    size_t size;
    uint8_t reserved_bits;      ///< that the relayed extensions use, as in hawse_agreement
    hawse_text subprotocol;     ///< one that was offered, or none
    const hawse_field* fields;  ///< further ones: Set-Cookie, Server ...
    size_t field_count;
    /// For proxies that pass data on undecoded: extensions accepted, as the value of
    /// Sec-WebSocket-Extensions; each has been offered by the client, and they are at most 64. With
    /// them compression is declined, without them everything else.
    hawse_text relayed_extensions;
    /// True declines compression for this one. C++ says `deflate`: here a struct of zeros is the default.
    bool no_deflate;
} hawse_acceptance;

/// What a host says when it does not, or when it answers a plain request.
typedef struct hawse_rejection {
    size_t size;
    uint16_t status;  ///< any final one; 0 counts as 403
    const hawse_field* fields;
    size_t field_count;
    hawse_octets body;  ///< lent until output_size is 0 or the object is destroyed
} hawse_rejection;

// ---- The server's side, from parsed fields -------------------------------------------------------

/// One opening: how large a head may be and how long one may wait for it are the host's to bound. What
/// _fields and _agreement show lives as long as the object; the request views what was judged.
typedef struct hawse_server_opening hawse_server_opening;

/// `config` outlives the object and, in _destroy, is the same.
HAWSE_API hawse_server_opening* hawse_server_opening_create(const hawse_config* config);
HAWSE_API void hawse_server_opening_destroy(hawse_server_opening* opening,
                                            const hawse_config* config);

#define HAWSE_SERVER_OPENING_SIZE 1024
HAWSE_API size_t hawse_server_opening_size(void);
HAWSE_API hawse_server_opening* hawse_server_opening_init(void* storage, size_t storage_size,
                                                          const hawse_config* config);
HAWSE_API void hawse_server_opening_deinit(hawse_server_opening* opening);

/// Judges a request, see hawse_judge_request(), once per object: later calls answer the same. After a
/// violation status and fields are those of the refusal.
HAWSE_API hawse_violation hawse_server_opening_judge(hawse_server_opening* opening,
                                                     const hawse_request_head* head);

/// The request; what `head` viewed lives as long as it is looked at, and until _accept.
HAWSE_API void hawse_server_opening_request(const hawse_server_opening* opening,
                                            hawse_request* request);

/// Accepts: status and fields are those of the answer, and the agreement stands. `acceptance` may be
/// null. Memory is leased only for what does not fit into the object. Refusals: not_deciding,
/// plain_request, subprotocol_not_offered, extension_not_offered, invalid_field, reserved_field,
/// out_of_memory.
HAWSE_API hawse_refusal hawse_server_opening_accept(hawse_server_opening* opening,
                                                    const hawse_acceptance* acceptance);

/// What to answer: 101 over HTTP/1, 200 over HTTP/2 and HTTP/3, or the status that refuses, which is
/// hawse_code_of_violation() but 400 for 426 where there is no Upgrade. 0 before. A host that does not
/// want to accept answers as it likes.
HAWSE_API uint16_t hawse_server_opening_status(const hawse_server_opening* opening);

/// The fields of that answer, those of the acceptance among them; over HTTP/2 and HTTP/3 with :status
/// in front and names in lower case. A refusal over HTTP/1 says Connection: close; its content is the
/// host's.
HAWSE_API hawse_fields hawse_server_opening_fields(const hawse_server_opening* opening);

/// After _accept.
HAWSE_API void hawse_server_opening_agreement(const hawse_server_opening* opening,
                                              hawse_agreement* agreement);

// ---- The client's side, from parsed fields -------------------------------------------------------

/// One object, one attempt, one nonce. What it shows lives as long as it does.
typedef struct hawse_client_opening hawse_client_opening;

/// `config` outlives the object and, in _destroy, is the same.
HAWSE_API hawse_client_opening* hawse_client_opening_create(const hawse_config* config);
HAWSE_API void hawse_client_opening_destroy(hawse_client_opening* opening,
                                            const hawse_config* config);

#define HAWSE_CLIENT_OPENING_SIZE 1024
HAWSE_API size_t hawse_client_opening_size(void);
HAWSE_API hawse_client_opening* hawse_client_opening_init(void* storage, size_t storage_size,
                                                          const hawse_config* config);
HAWSE_API void hawse_client_opening_deinit(hawse_client_opening* opening);

/// Composes the request. Refusals: already_started, invalid_host, invalid_target, invalid_origin,
/// invalid_subprotocol, invalid_field, reserved_field, no_entropy (HTTP/1 draws a nonce),
/// out_of_memory. RFC 6455 §4.1, RFC 8441 §5
HAWSE_API hawse_refusal hawse_client_opening_start(hawse_client_opening* opening,
                                                   const hawse_client_request* request,
                                                   hawse_transport transport);

/// GET over HTTP/1, CONNECT over HTTP/2 and HTTP/3, and the path with the query; empty before _start.
HAWSE_API hawse_text hawse_client_opening_method(const hawse_client_opening* opening);
HAWSE_API hawse_text hawse_client_opening_target(const hawse_client_opening* opening);

/// The fields to send, the host's own among them. Over HTTP/2 and HTTP/3 pseudo-fields stand in front,
/// method and target in them, and names are in lower case.
HAWSE_API hawse_fields hawse_client_opening_fields(const hawse_client_opening* opening);

/// Judges a response, see hawse_judge_response(); its transport is that of _start. Tells `opened` when
/// the agreement stands and the connection begins, `failed` with the cause `refused` for any other
/// final status, `violation`, or `out_of_memory`; and answers false with none for an interim response,
/// which is passed over: give the next one. After either of them, and before _start, there is none.
HAWSE_API bool hawse_client_opening_judge(hawse_client_opening* opening,
                                          const hawse_response_head* head,
                                          hawse_handshake_event* event);

/// After `opened`. Extensions that came on several lines are joined.
HAWSE_API void hawse_client_opening_agreement(const hawse_client_opening* opening,
                                              hawse_agreement* agreement);

#ifdef __cplusplus
}
#endif
