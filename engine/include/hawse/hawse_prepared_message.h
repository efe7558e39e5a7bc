// SPDX-License-Identifier: MIT
// In C: one message for many connections, on any threads: put into frames and compressed once, and
// written from where it lies.
#pragma once

#include "hawse/export.hpp"
#include "hawse/hawse_connection.h"
#include "hawse/hawse_faults.h"
#include "hawse/hawse_memory.h"
#include "hawse/hawse_opening.h"
#include "hawse/hawse_vocabulary.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A prepared message, which does not change and counts its owners. They may be on any threads: those
/// who prepared or retained it, and each connection until its octets are reusable. The last owner to go
/// gives it back to its allocator.
typedef struct hawse_prepared_message hawse_prepared_message;

/// Prepares a message that hawse_connection_send_prepared takes any number of times, for connections
/// that started from one of `agreements` or from any other: it always goes out, if need be uncompressed.
/// The agreements all have the `size` of the first, which is also the distance between them.
///
/// It is compressed once for each of the windows with which our side compresses by these agreements, with
/// an empty memory, and kept so where that makes it smaller. `config` is used during the call only, on the
/// thread of its pool: its policy, and a compressor. Without a compressor, memory for one, or a config,
/// the message stays uncompressed.
///
/// `allocator` is asked once for all of it, and may be called by the last owner on whatever thread that
/// is: it locks, as malloc does, and its context outlives the message. `made` is the caller's to release,
/// and is written only when nothing is refused. Refusals: invalid_text, out_of_memory. O(size) for each
/// window.
HAWSE_API hawse_refusal hawse_prepare(hawse_message_kind kind, const uint8_t* octets, size_t size,
                                      const hawse_agreement* agreements, size_t agreement_count,
                                      const hawse_allocator* allocator, const hawse_config* config,
                                      const hawse_send* choice, hawse_prepared_message** made);

/// One owner more, and one less. Null is allowed; the first answers what it was given.
HAWSE_API hawse_prepared_message* hawse_prepared_message_retain(hawse_prepared_message* message);
HAWSE_API void hawse_prepared_message_release(hawse_prepared_message* message);

/// Sends it in the smallest form that our window allows, as one frame whatever send_frame_size_max is. A
/// server writes it from where it lies, and owns it until its octets are reusable or dropped; a client
/// copies it through the mask. `message` may be released at once. Refusals: not_open, nothing_prepared
/// (it is null), message_in_progress, output_full, out_of_memory, no_entropy. A server's is O(1).
HAWSE_API hawse_refusal hawse_connection_send_prepared(hawse_connection* connection,
                                                       hawse_prepared_message* message);

#ifdef __cplusplus
}
#endif
