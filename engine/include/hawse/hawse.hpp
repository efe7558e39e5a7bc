// SPDX-License-Identifier: MIT
//
// hawse: a WebSocket protocol engine (RFC 6455). Octets in, events and octets out. It opens no
// socket, reads no clock, starts no thread and owns no randomness.
//
//   session     Session: one peer over a stream of octets, from its first octet to its last
//   handshake   ServerHandshake, ClientHandshake: the opening alone, from octets;
//               ServerOpening, ClientOpening: the same from fields that a host's own HTTP has parsed
//   connection  Connection: the conversation that follows an opening
//   codec       frame_header, masking, utf8, close_payload, accept_key, url
//   backoff     Backoff: how long a client waits before it connects again
//   deflate     what a host decides of compression, and deflate_budget what it costs
//
// Optional headers, which nothing includes: heap (malloc), posix (clock, entropy, iovec), windows, chrono.
//
// Start from Session, or from an opening and a Connection where HTTP is yours. docs/embedding.md says
// which calls matter and who owns which octets until when.
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
// The driving loop, after every input (octets, an end, a tick, a decision, a send, write_ended()):
//
//     do {
//         while (hawse::Event event = session.next_event()) ...;      // 1. what happened
//         count = session.gather(slices);                             // 2. what to write
//         size = write(slices, count);                                // as much as it takes
//         if (size > 0) session.wrote(size, now);
//     } while (size > 0);                                             // else it is full, or broken:
//                                                                     //   then see receive_end()
//     if (session.wants().end_write()) ...                            // 3. what next
//     if (session.wants().close()) ...
//     wait until octets, room, or session.deadline();                 // 4. receive(), then advance(now)
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
#include "hawse/deflate.hpp"
#include "hawse/deflate_budget.hpp"
#include "hawse/event.hpp"
#include "hawse/field.hpp"
#include "hawse/frame_header.hpp"
#include "hawse/handshake.hpp"
#include "hawse/handshake_event.hpp"
#include "hawse/masking.hpp"
#include "hawse/memory.hpp"
#include "hawse/opening.hpp"
#include "hawse/prepared_message.hpp"
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
