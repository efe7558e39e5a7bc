// SPDX-License-Identifier: MIT
//
// hawse: a WebSocket protocol engine (RFC 6455). Octets in, events and octets out. It opens no
// socket, reads no clock, starts no thread and owns no randomness.
//
//   codec       frame_header, masking, utf8, close_payload, accept_key, url
//   handshake   ServerHandshake, ClientHandshake; from parsed fields ServerOpening, ClientOpening
//   connection  Connection: the conversation that follows
//   backoff     Backoff: how long to wait before connecting again
//
// Conventions, said once
//   - A span that is given need live only for the call; one that is returned lives until the next
//     call on the same object, unless its declaration says more.
//   - Sizes are octets, counts are items. Times are the host's own, from any origin.
//   - Four kinds of wrong never mix: the peer's (Violation), the caller's (Refusal: nothing has
//     changed), the world's (Cause), ours (assert).
//   - No function throws, none blocks, none calls back but the injected allocator and entropy.
//   - An object is used by one thread at a time. Objects on different threads share nothing but an
//     immutable Config whose pool belongs to one of them: give each thread its own.
//
// The driving loop, after every input (octets, an end, a tick, a send):
//
//     do {
//         while (hawse::Event event = connection.next_event()) ...;   // 1. what happened
//         count = connection.gather(slices);                          // 2. what to write
//         size = write(slices, count);                                // as much as it takes
//         if (size > 0) connection.wrote(size, now);
//     } while (size > 0);
//     if (connection.wants().end_write()) ...                         // 3. what next
//     if (connection.wants().close()) ...
//     wait until octets, room, or connection.deadline();              // 4. advance(now) when it passes
#pragma once

#include "hawse/accept_key.hpp"
#include "hawse/agreement.hpp"
#include "hawse/backoff.hpp"
#include "hawse/bytes.hpp"
#include "hawse/cause.hpp"
#include "hawse/close_code.hpp"
#include "hawse/close_payload.hpp"
#include "hawse/config.hpp"
#include "hawse/connection.hpp"
#include "hawse/event.hpp"
#include "hawse/field.hpp"
#include "hawse/frame_header.hpp"
#include "hawse/handshake.hpp"
#include "hawse/handshake_event.hpp"
#include "hawse/masking.hpp"
#include "hawse/memory.hpp"
#include "hawse/opening.hpp"
#include "hawse/refusal.hpp"
#include "hawse/request.hpp"
#include "hawse/response.hpp"
#include "hawse/role.hpp"
#include "hawse/session.hpp"
#include "hawse/slice.hpp"
#include "hawse/statistics.hpp"
#include "hawse/time.hpp"
#include "hawse/url.hpp"
#include "hawse/utf8.hpp"
#include "hawse/version.hpp"
#include "hawse/violation.hpp"
#include "hawse/wants.hpp"
