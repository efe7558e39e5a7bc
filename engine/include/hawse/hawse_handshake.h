// SPDX-License-Identifier: MIT
// In C: the opening handshake over HTTP/1.1, either role: octets in, events and octets out, an agreement
// at the end. And the same judgements, pure, for hosts whose own HTTP has parsed the fields already.
// RFC 6455 §4
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
    /// Empty when there is none. Lives as long as the handshake object that settled it; a connection
    /// does not read it.
    hawse_text subprotocol;
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

/// A request as a host's own parser leaves it.
typedef struct hawse_request_head {
    size_t size;
    uint8_t version;  ///< 10 for HTTP/1.0, 11 for HTTP/1.1 and so on; 0 counts as 11
    hawse_text method;
    hawse_text target;
    const hawse_field* fields;
    size_t field_count;
} hawse_request_head;

/// A request that may be accepted. Views what it was judged from: see who made it.
typedef struct hawse_request {
    size_t size;
    bool plain;  ///< no Upgrade: only with surface_plain_requests, and for reject alone
    bool expects_continue;
    hawse_text method;
    hawse_text target;     ///< as received; absolute form: see resource
    hawse_text resource;   ///< path and query; begins with "/", or "?" in "http://host?query"
    hawse_text authority;  ///< host and port: of an absolute target, else of Host
    hawse_text origin;     ///< empty without Origin: not a browser
    hawse_text key;        ///< Sec-WebSocket-Key; empty for a plain request
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

/// Judges a request by every rule of RFC 6455 §4.2.1, first fault first. `request` views `head`; after
/// a fault it holds what was read before it. Pure.
///
/// A host answers a good one with 101, Upgrade: websocket, Connection: Upgrade and, as
/// Sec-WebSocket-Accept, the hawse_accept_key() of request->key, and starts a connection as server;
/// a bad one with the status hawse_code_of_violation().
HAWSE_API hawse_violation hawse_judge_request(const hawse_request_head* head,
                                              const hawse_config* config, hawse_request* request);

/// A response as a host's own parser leaves it.
typedef struct hawse_response_head {
    size_t size;
    uint16_t status;
    uint8_t version;  ///< 0 counts as 11
    const hawse_field* fields;
    size_t field_count;
} hawse_response_head;

/// What a client asked for, and checks the answer against.
typedef struct hawse_offer {
    size_t size;
    char key[HAWSE_HANDSHAKE_KEY_SIZE];
    const hawse_view* subprotocols;
    size_t subprotocol_count;
} hawse_offer;

/// Judges a 101 response by every rule of RFC 6455 §4.1; any other status is malformed_status_line.
/// `agreement` views `head`. Pure.
HAWSE_API hawse_violation hawse_judge_response(const hawse_response_head* head,
                                               const hawse_offer* offer, const hawse_config* config,
                                               hawse_agreement* agreement);

// ---- What a handshake tells ----------------------------------------------------------------------

typedef struct hawse_handshake_event {
    size_t size;
    hawse_handshake_event_kind kind;
    hawse_cause cause;
    hawse_violation violation;
    /// Server: the status answered; client: the status received; 0 when there is none.
    uint16_t status;
} hawse_handshake_event;

// ---- The server's side ---------------------------------------------------------------------------

/// What a host says when it accepts.
typedef struct hawse_acceptance {
    size_t size;
    hawse_text subprotocol;     ///< one that was offered, or none
    const hawse_field* fields;  ///< further ones: Set-Cookie, Server ...
    size_t field_count;
} hawse_acceptance;

/// What a host says when it does not, or when it answers a plain request.
typedef struct hawse_rejection {
    size_t size;
    uint16_t status;  ///< any final one; 0 counts as 403
    const hawse_field* fields;
    size_t field_count;
    hawse_octets body;  ///< lent until output_size is 0 or the object is destroyed
} hawse_rejection;

/// The head is copied into leased memory, so a host may reuse its buffer at once; all that the request
/// shows lives until the object ends.
typedef struct hawse_server_handshake hawse_server_handshake;

/// `config` outlives the object and, in _destroy, is the same.
HAWSE_API hawse_server_handshake* hawse_server_handshake_create(const hawse_config* config,
                                                                int64_t now);
HAWSE_API void hawse_server_handshake_destroy(hawse_server_handshake* handshake,
                                              const hawse_config* config);

#define HAWSE_SERVER_HANDSHAKE_SIZE 512
HAWSE_API size_t hawse_server_handshake_size(void);
HAWSE_API hawse_server_handshake* hawse_server_handshake_init(void* storage, size_t storage_size,
                                                              const hawse_config* config,
                                                              int64_t now);
HAWSE_API void hawse_server_handshake_deinit(hawse_server_handshake* handshake);

/// Takes octets and answers how many: all of them, unless more arrived behind the head than
/// early_size_max; the host keeps the rest for the connection. Pull events after it.
HAWSE_API size_t hawse_server_handshake_receive(hawse_server_handshake* handshake,
                                                const uint8_t* octets, size_t size, int64_t now);
HAWSE_API void hawse_server_handshake_receive_end(hawse_server_handshake* handshake,
                                                  hawse_transport_end end, int64_t now);

/// The next event, and whether there was one.
HAWSE_API bool hawse_server_handshake_next_event(hawse_server_handshake* handshake,
                                                 hawse_handshake_event* event);

/// The request, from its event on.
HAWSE_API void hawse_server_handshake_request(const hawse_server_handshake* handshake,
                                              hawse_request* request);

/// Accepts: 101 is queued. `acceptance` may be null: no subprotocol, no further fields. Refusals:
/// not_deciding, plain_request, subprotocol_not_offered, invalid_field, reserved_field, out_of_memory.
HAWSE_API hawse_refusal hawse_server_handshake_accept(hawse_server_handshake* handshake,
                                                      const hawse_acceptance* acceptance);

/// Rejects with any final status, or answers a plain request. Content-Length and Connection: close are
/// written by the library. Refusals: not_deciding, invalid_status, invalid_field, reserved_field,
/// out_of_memory.
HAWSE_API hawse_refusal hawse_server_handshake_reject(hawse_server_handshake* handshake,
                                                      const hawse_rejection* rejection);

/// After `opened`. The subprotocol's characters live as long as the handshake.
HAWSE_API void hawse_server_handshake_agreement(const hawse_server_handshake* handshake,
                                                hawse_agreement* agreement);

/// After `opened`: the octets that came behind the head, to be lent to the connection's first receive.
/// They live as long as the handshake. Empty the second time.
HAWSE_API hawse_mutable_octets hawse_server_handshake_take_early(hawse_server_handshake* handshake);

// As in a connection.
HAWSE_API size_t hawse_server_handshake_gather(hawse_server_handshake* handshake,
                                               hawse_slice* slices, size_t count);
HAWSE_API void hawse_server_handshake_wrote(hawse_server_handshake* handshake, size_t size,
                                            int64_t now);
HAWSE_API size_t hawse_server_handshake_write_output(hawse_server_handshake* handshake,
                                                     uint8_t* into, size_t size, int64_t now);
HAWSE_API void hawse_server_handshake_write_ended(hawse_server_handshake* handshake, int64_t now);
HAWSE_API size_t hawse_server_handshake_output_size(const hawse_server_handshake* handshake);
HAWSE_API hawse_wants hawse_server_handshake_wants(const hawse_server_handshake* handshake);
HAWSE_API hawse_handshake_state
hawse_server_handshake_state(const hawse_server_handshake* handshake);
HAWSE_API int64_t hawse_server_handshake_deadline(const hawse_server_handshake* handshake);
HAWSE_API void hawse_server_handshake_advance(hawse_server_handshake* handshake, int64_t now);
HAWSE_API void hawse_server_handshake_abort(hawse_server_handshake* handshake, int64_t now);

// ---- The client's side ---------------------------------------------------------------------------

/// What a client asks for. Read by start alone.
typedef struct hawse_client_request {
    size_t size;
    bool secure;        ///< wss
    uint16_t port;      ///< 0 is the default of the scheme; a default is left out of Host
    hawse_text host;    ///< a name, an IPv4 address, or an IPv6 address in brackets
    hawse_text target;  ///< path and query; empty is "/", "?q" is "/?q"
    hawse_text origin;  ///< no field when empty
    const hawse_view* subprotocols;  ///< most wanted first
    size_t subprotocol_count;
    const hawse_field* fields;  ///< Authorization, Cookie, User-Agent ...
    size_t field_count;
} hawse_client_request;

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

/// One object, one attempt, one nonce.
typedef struct hawse_client_handshake hawse_client_handshake;

/// `config` outlives the object and, in _destroy, is the same.
HAWSE_API hawse_client_handshake* hawse_client_handshake_create(const hawse_config* config,
                                                                int64_t now);
HAWSE_API void hawse_client_handshake_destroy(hawse_client_handshake* handshake,
                                              const hawse_config* config);

#define HAWSE_CLIENT_HANDSHAKE_SIZE 512
HAWSE_API size_t hawse_client_handshake_size(void);
HAWSE_API hawse_client_handshake* hawse_client_handshake_init(void* storage, size_t storage_size,
                                                              const hawse_config* config,
                                                              int64_t now);
HAWSE_API void hawse_client_handshake_deinit(hawse_client_handshake* handshake);

/// Queues the request. Refusals: already_started, not_open (it timed out or was aborted before),
/// invalid_host, invalid_target, invalid_origin, invalid_subprotocol, invalid_field, reserved_field,
/// no_entropy, out_of_memory. RFC 6455 §4.1
HAWSE_API hawse_refusal hawse_client_handshake_start(hawse_client_handshake* handshake,
                                                     const hawse_client_request* request);

/// Takes octets and answers how many: those behind a 101 are not taken but stay the host's, for the
/// connection's first receive. Pull events after it.
HAWSE_API size_t hawse_client_handshake_receive(hawse_client_handshake* handshake,
                                                const uint8_t* octets, size_t size, int64_t now);
HAWSE_API void hawse_client_handshake_receive_end(hawse_client_handshake* handshake,
                                                  hawse_transport_end end, int64_t now);

/// The next event, and whether there was one.
HAWSE_API bool hawse_client_handshake_next_event(hawse_client_handshake* handshake,
                                                 hawse_handshake_event* event);

/// The response, from its event on.
HAWSE_API void hawse_client_handshake_response(const hawse_client_handshake* handshake,
                                               hawse_response* response);

/// After `opened`. The subprotocol's characters live as long as the handshake.
HAWSE_API void hawse_client_handshake_agreement(const hawse_client_handshake* handshake,
                                                hawse_agreement* agreement);

// As in a connection.
HAWSE_API size_t hawse_client_handshake_gather(hawse_client_handshake* handshake,
                                               hawse_slice* slices, size_t count);
HAWSE_API void hawse_client_handshake_wrote(hawse_client_handshake* handshake, size_t size,
                                            int64_t now);
HAWSE_API size_t hawse_client_handshake_write_output(hawse_client_handshake* handshake,
                                                     uint8_t* into, size_t size, int64_t now);
HAWSE_API void hawse_client_handshake_write_ended(hawse_client_handshake* handshake, int64_t now);
HAWSE_API size_t hawse_client_handshake_output_size(const hawse_client_handshake* handshake);
HAWSE_API hawse_wants hawse_client_handshake_wants(const hawse_client_handshake* handshake);
HAWSE_API hawse_handshake_state
hawse_client_handshake_state(const hawse_client_handshake* handshake);
HAWSE_API int64_t hawse_client_handshake_deadline(const hawse_client_handshake* handshake);
HAWSE_API void hawse_client_handshake_advance(hawse_client_handshake* handshake, int64_t now);
HAWSE_API void hawse_client_handshake_abort(hawse_client_handshake* handshake, int64_t now);

#ifdef __cplusplus
}
#endif
