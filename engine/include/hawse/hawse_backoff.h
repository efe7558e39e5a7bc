// SPDX-License-Identifier: MIT
// In C: how long a client waits before it connects again, so that those who lost the same server do not
// all come back at the same moment. It reads no clock and starts no timer: the host waits.
// RFC 6455 §7.2.3
#pragma once

#include "hawse/export.hpp"
#include "hawse/hawse_memory.h"
#include "hawse/hawse_vocabulary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// In nanoseconds and attempts; what is 0 has its default.
typedef struct hawse_backoff_options {
    size_t size;
    int64_t first;  ///< the longest first wait; below 1 ms counts as 1 ms: 5 s
    int64_t most;   ///< the longest wait of all; below `first` counts as `first`: 60 s
    /// By how much the longest wait grows from one attempt to the next; below 2 counts as 2.
    uint32_t factor;
    uint32_t attempt_count_max;  ///< attempts until _succeeded; 0 is no limit
} hawse_backoff_options;

/// Truncated exponential backoff with jitter. With the defaults the first wait is drawn from 0 to 5 s,
/// the next ones from 5 to 10, 10 to 20, 20 to 40, and all others from 30 to 60: each range ends at
/// first * factor^n, but at `most`, and begins at its end divided by `factor`, the first one at 0.
///
/// A value, made by _init and copied at will; allocates nothing. One for each server that is connected
/// to.
typedef union hawse_backoff {
    unsigned char opaque[64];
    uint64_t alignment;
} hawse_backoff;

/// `options` may be null. Jitter is drawn from the entropy of `config`, which outlives the value, 4
/// octets a wait. Where that fails, or `config` is null, a wait is the whole of its range: bounded and
/// growing all the same, but in step with others.
HAWSE_API void hawse_backoff_init(hawse_backoff* backoff, const hawse_backoff_options* options,
                                  const hawse_config* config);

/// Sets `wait` to how long the next attempt is to be put off, from now, and counts it. False, with
/// nothing changed, when the attempts are used up.
HAWSE_API bool hawse_backoff_next(hawse_backoff* backoff, int64_t* wait);

/// The connection has proven stable: the next wait is a first one again. Not as soon as it opens: a
/// server that accepts and leaves would be tried at the pace of first attempts for ever. A host may
/// ask that a connection has lasted as long as `first`.
HAWSE_API void hawse_backoff_succeeded(hawse_backoff* backoff);

/// Attempts counted since the beginning or _succeeded. Stops at its greatest value.
HAWSE_API uint32_t hawse_backoff_attempt_count(const hawse_backoff* backoff);

/// Whether a connection that ended with `code`, received or local, may fare better the next time: 1001,
/// 1006 and 1011 to 1014. Not after a normal end, nor where the same conversation would meet the same
/// answer. What 3000 to 4999 mean, the application knows: false.
HAWSE_API bool hawse_is_code_worth_reconnecting(hawse_close_code code);

/// The same for an opening handshake that was refused with an HTTP status: 408, 425, 429, 500, 502, 503
/// and 504. Others (401, 403, 404, a redirection) stay until somebody changes something.
HAWSE_API bool hawse_is_status_worth_reconnecting(uint16_t status);

#ifdef __cplusplus
}
#endif
