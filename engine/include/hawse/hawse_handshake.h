// SPDX-License-Identifier: MIT
// In C: the opening handshake over HTTP/1.1, either role: octets in, events and octets out, an agreement
// at the end. For hosts whose own HTTP has parsed the fields already, see hawse_opening.h. RFC 6455 §4
#pragma once

#include "hawse/export.hpp"
#include "hawse/hawse_faults.h"
#include "hawse/hawse_memory.h"
#include "hawse/hawse_opening.h"
#include "hawse/hawse_vocabulary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- The server's side ---------------------------------------------------------------------------

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
/// not_deciding, plain_request, subprotocol_not_offered, extension_not_offered, invalid_field,
/// reserved_field, out_of_memory.
HAWSE_API hawse_refusal hawse_server_handshake_accept(hawse_server_handshake* handshake,
                                                      const hawse_acceptance* acceptance);

/// Rejects with any final status, or answers a plain request. Content-Length and Connection: close are
/// written by the library. Refusals: not_deciding, invalid_status, invalid_field, reserved_field,
/// out_of_memory.
HAWSE_API hawse_refusal hawse_server_handshake_reject(hawse_server_handshake* handshake,
                                                      const hawse_rejection* rejection);

/// After `opened`. What it views lives as long as the handshake.
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

/// After `opened`. What it views lives as long as the handshake; extensions that came on several lines
/// are joined.
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
