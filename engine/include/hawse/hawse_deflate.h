// SPDX-License-Identifier: MIT
// In C: permessage-deflate (RFC 7692), and what it costs in memory, told before it is used.
#pragma once

#include "hawse/export.hpp"
#include "hawse/hawse_memory.h"
#include "hawse/hawse_opening.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Octets, as the pool rounds them: each is the most that is leased for its purpose from one call to the
/// next. What n connections that share a pool take beside their messages, at most:
///
///     n * (connection + streamed_send) + min(n, compressor_count_max) * compressor
///                                      + min(n, inflater_count_max) * inflater
///
/// Not counted is what one call leases and gives back before it answers: the memory into which it
/// compresses, as docs/limits.md says, and while a window grows the smaller one that it was before.
typedef struct hawse_deflate_budget {
    size_t size;
    /// Octets that a connection keeps from message to message: 512 for the state of its codec, and for
    /// each direction with takeover what is remembered of it, a window. They are leased by and by, as
    /// there comes to be something to remember.
    size_t connection;
    /// Octets for each compressed message on its way in, from its first octets to its last: an inflater,
    /// and with HAWSE_DELIVERY_PARTS the part, and the window where the connection keeps none.
    size_t inflater;
    /// Octets of a compressor. Those of a pool serve its connections in turn. 0 in a build without zlib.
    size_t compressor;
    /// Octets that a message which is sent compressed and in parts takes besides, from the first to the
    /// last: what its parts may refer to, a window, where the connection keeps none.
    size_t streamed_send;
} hawse_deflate_budget;

/// What a connection with this agreement costs, whose own window is never larger than that of
/// deflate_send; with null, the most that an agreement under `config` can come to cost. All 0 when nothing
/// is agreed, or can be.
HAWSE_API void hawse_deflate_budget_of(const hawse_config* config, const hawse_agreement* agreement,
                                       hawse_deflate_budget* budget);

#ifdef __cplusplus
}
#endif
