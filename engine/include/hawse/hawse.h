// SPDX-License-Identifier: MIT
//
// hawse: a WebSocket protocol engine (RFC 6455). Octets in, events and octets out. It opens no
// socket, reads no clock, starts no thread and owns no randomness.
//
// This is its face in C99, for C and for whatever calls C. It mirrors the face in C++ (hawse.hpp)
// one to one: `hawse::Connection::send` is `hawse_connection_send`, `hawse::Refusal::not_open` is
// HAWSE_REFUSAL_NOT_OPEN. What C++ has alone is what is written in its own terms: conversions, and the
// malloc, clock and entropy of hawse/heap.hpp and hawse/posix.hpp. tests/capi/mirror.tsv lists both.
//
//   hawse_vocabulary.h   views, roles, states, kinds of event, close codes
//   hawse_faults.h       what goes wrong, by whose fault, and what it is called
//   hawse_codec.h        headers, masks, UTF-8, close payloads, keys, URLs: each useful alone
//   hawse_memory.h       the allocator, the pool, what a host decides beforehand, counters
//   hawse_opening.h      from parsed fields to a hawse_agreement, over HTTP/1, HTTP/2 and HTTP/3
//   hawse_handshake.h    the same from octets, over HTTP/1.1
//   hawse_connection.h   the conversation that follows
//   hawse_prepared_message.h   one message for many connections
//   hawse_session.h      a handshake and then a connection, as one object
//   hawse_deflate.h      compression of messages, and what it costs
//   hawse_backoff.h      how long to wait before connecting again
//
// Conventions, said once
//
//   Octets and text are given as a pointer and a size, null with size 0. They need live only for the
//   call, and so do structs. What is answered lives until the next call on the same object, unless
//   its declaration says more. Text is never terminated by a zero and need not be; a `const char*` that
//   is answered without a size is, and has static storage.
//
//   Sizes are octets, counts are items. Times are nanoseconds of the host's own monotonic clock, from
//   any origin, in int64_t.
//
//   Four kinds of wrong never mix: the peer's (hawse_violation), the caller's (hawse_refusal: nothing
//   has changed), the world's (hawse_cause), the library's (assert). 0 is none of them, always.
//
//   Enumerations are constants, and what holds one is an octet, or two for a close code: the same
//   in every compiler and every language that calls C. A value that a header does not name comes
//   from a library that is newer; a library that does not know it calls it "unknown".
//
//   Structs begin with their own size, which the program that was compiled with them fills in:
//
//       hawse_event event = {.size = sizeof event};
//       hawse_options options;
//       hawse_options_init(&options, sizeof options);
//
//   A library that gets a smaller struct than it knows takes defaults for the rest, and writes no
//   octet beyond `size`; one that gets a larger struct leaves alone what it does not know. So both
//   may grow. Zero is every member's default, but in hawse_options and hawse_codec_limits: their
//   init functions fill those, and what is set to zero then is zero. Views, fields and slices have no
//   size and never grow.
//
//   An event whose size was forgotten has no room for its kind: none is pulled into it, and so none
//   is lost, but next_event answers false for ever.
//
//   Objects are opaque, and are used by one thread at a time. Each comes in two ways:
//
//       hawse_connection* connection = hawse_connection_create(config, &agreement, now);
//       ...
//       hawse_connection_destroy(connection, config);
//
//   leases its place from the pool, and answers null when there is no memory for it; and
//
//       uint64_t place[HAWSE_CONNECTION_SIZE / 8];
//       hawse_connection* connection =
//           hawse_connection_init(place, sizeof place, config, &agreement, now);
//       ...
//       hawse_connection_deinit(connection);
//
//   makes it in the host's own storage, allocates nothing, and answers null only when that is too
//   small or not aligned for uint64_t. A constant is as large as it was where the program was compiled
//   and may grow with the name of the shared library (its soname), not without; what the library at
//   hand takes is hawse_connection_size(). An object stays where it was made, and what it was made
//   from outlives it. From null nothing is made (null is answered), and to end null does nothing.
//
//   No function throws, blocks, or calls back but the injected allocator and entropy. Those return
//   to where they were called from: no longjmp, no exception.
//
// The driving loop, after every input (octets, an end, a tick, a send):
//
//     do {
//         while (hawse_connection_next_event(connection, &event)) ...;      // 1. what happened
//         count = hawse_connection_gather(connection, slices, 16);          // 2. what to write
//         size = write(slices, count);                                      // as much as it takes
//         if (size > 0) hawse_connection_wrote(connection, size, now);
//     } while (size > 0);
//     wants = hawse_connection_wants(connection);                           // 3. what next
//     if (wants & HAWSE_WANTS_END_WRITE) ...
//     if (wants & HAWSE_WANTS_CLOSE) ...
//     wait until octets, room, or hawse_connection_deadline(connection);    // 4. then advance()
#pragma once

#include "hawse/hawse_backoff.h"
#include "hawse/hawse_codec.h"
#include "hawse/hawse_connection.h"
#include "hawse/hawse_deflate.h"
#include "hawse/hawse_faults.h"
#include "hawse/hawse_handshake.h"
#include "hawse/hawse_memory.h"
#include "hawse/hawse_opening.h"
#include "hawse/hawse_prepared_message.h"
#include "hawse/hawse_session.h"
#include "hawse/hawse_vocabulary.h"
