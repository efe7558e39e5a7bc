// SPDX-License-Identifier: MIT
// In C: one peer over one transport from its first octet to its last: the opening handshake and then the
// conversation, under one set of verbs and in one stream of events. What a driver needs that has a
// stream of octets and no HTTP of its own. RFC 6455 §4 to §8
#pragma once

#include "hawse/export.hpp"
#include "hawse/hawse_connection.h"
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

/// Events come in this order: a server's `request`, which the host accepts or rejects, at once or
/// later; a client's `response`; `opened`; those of the connection. One that does not open ends with
/// `failed` and `closed`, or `closed` alone. The verbs are those of a connection and are driven by the
/// same rule.
///
/// The handshake is leased from the pool with its first octet, and given back when it is answered: an
/// open and idle session is this object.
typedef struct hawse_session hawse_session;

/// `config` outlives the object and, in _destroy, is the same. The opening_wait runs from `now`. The end
/// of the object is as for a connection.
HAWSE_API hawse_session* hawse_session_create(const hawse_config* config, hawse_role role,
                                              int64_t now);
HAWSE_API void hawse_session_destroy(hawse_session* session, const hawse_config* config);

#define HAWSE_SESSION_SIZE 512
HAWSE_API size_t hawse_session_size(void);
HAWSE_API hawse_session* hawse_session_init(void* storage, size_t storage_size,
                                            const hawse_config* config, hawse_role role,
                                            int64_t now);
HAWSE_API void hawse_session_deinit(hawse_session* session);

// ---- Opening -------------------------------------------------------------------------------------

// What these show lives until next_event has answered none behind `opened` and the answer is written, or
// until the end of the object; before that and after it is empty.

/// A client's request: see hawse_client_handshake_start(). Further refusals: wrong_role.
HAWSE_API hawse_refusal hawse_session_start(hawse_session* session,
                                            const hawse_client_request* request);

/// What a server is asked, from its event on.
HAWSE_API void hawse_session_request(const hawse_session* session, hawse_request* request);

/// See hawse_server_handshake_accept() and _reject. Octets that arrive before the decision are kept up to
/// early_size_max; more than that are refused as early_octets.
HAWSE_API hawse_refusal hawse_session_accept(hawse_session* session,
                                             const hawse_acceptance* acceptance);
HAWSE_API hawse_refusal hawse_session_reject(hawse_session* session,
                                             const hawse_rejection* rejection);

/// What a client was answered, from its event on.
HAWSE_API void hawse_session_response(const hawse_session* session, hawse_response* response);

/// The HTTP status that a server answered or a client received; 0 before there is one.
HAWSE_API uint16_t hawse_session_status(const hawse_session* session);

/// What was settled, from `opened` on.
HAWSE_API void hawse_session_agreement(const hawse_session* session, hawse_agreement* agreement);

/// The conversation, from hawse_session_accept() or `opened` on, which the session owns: it is not to be
/// destroyed. Null before, and when it never comes to that. For sending, places and statistics; its
/// transport is driven through the session.
HAWSE_API hawse_connection* hawse_session_connection(hawse_session* session);

/// As hawse_connection_close. Before there is a conversation it gives the opening up: a request that
/// waits for its decision is answered 503, and anything else is aborted; never refused then.
HAWSE_API hawse_refusal hawse_session_close(hawse_session* session, hawse_close_code code,
                                            const char* reason, size_t reason_size);

// ---- As in a connection --------------------------------------------------------------------------

HAWSE_API hawse_refusal hawse_session_receive(hawse_session* session, uint8_t* octets, size_t size,
                                              int64_t now);
HAWSE_API bool hawse_session_next_event(hawse_session* session, hawse_event* event);
HAWSE_API hawse_mutable_octets hawse_session_unread(hawse_session* session);
HAWSE_API hawse_mutable_octets hawse_session_landing(hawse_session* session);
HAWSE_API size_t hawse_session_landed(hawse_session* session, size_t size, int64_t now);
HAWSE_API void hawse_session_receive_end(hawse_session* session, hawse_transport_end end,
                                         int64_t now);
HAWSE_API void hawse_session_abort(hawse_session* session, int64_t now);

HAWSE_API size_t hawse_session_gather(hawse_session* session, hawse_slice* slices, size_t count);
HAWSE_API void hawse_session_wrote(hawse_session* session, size_t size, int64_t now);
HAWSE_API void hawse_session_handed_over(hawse_session* session, size_t size, int64_t now);
HAWSE_API void hawse_session_reusable(hawse_session* session, size_t size);
HAWSE_API size_t hawse_session_write_output(hawse_session* session, uint8_t* into, size_t size,
                                            int64_t now);
HAWSE_API void hawse_session_write_ended(hawse_session* session, int64_t now);
HAWSE_API size_t hawse_session_output_size(const hawse_session* session);

HAWSE_API hawse_wants hawse_session_wants(const hawse_session* session);
HAWSE_API int64_t hawse_session_deadline(const hawse_session* session);
HAWSE_API void hawse_session_advance(hawse_session* session, int64_t now);

#ifdef __cplusplus
}
#endif
