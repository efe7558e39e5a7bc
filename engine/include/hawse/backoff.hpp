// SPDX-License-Identifier: MIT
// How long a client waits before it connects again, so that those who lost the same server do not all
// come back at the same moment. It reads no clock and starts no timer: the host waits. RFC 6455 §7.2.3
#pragma once

#include "hawse/close_code.hpp"
#include "hawse/config.hpp"
#include "hawse/export.hpp"
#include "hawse/time.hpp"

#include <cstdint>

namespace hawse {

struct BackoffOptions {
    Duration first = seconds(5);  ///< the longest first wait; below 1 ms counts as 1 ms
    Duration most = seconds(60);  ///< the longest wait of all; below `first` counts as `first`
    /// By how much the longest wait grows from one attempt to the next; below 2 counts as 2.
    std::uint32_t factor = 2;
    /// Attempts until succeeded(); 0 is no limit.
    std::uint32_t attempt_count_max = 0;
};

/// Truncated exponential backoff with jitter. With the defaults the first wait is drawn from 0 to 5 s,
/// the next ones from 5 to 10, 10 to 20, 20 to 40, and all others from 30 to 60: each range ends at
/// first * factor^n, but at `most`, and begins at its end divided by `factor`, the first one at 0.
///
/// A copyable value: allocates nothing, cannot fail, and nothing in it overflows. One for each server
/// that is connected to; used by one thread at a time.
class HAWSE_API Backoff {
public:
    /// Jitter is drawn from `entropy`, 4 octets a wait. Where that fails, or there is none, a wait is the
    /// whole of its range: bounded and growing all the same, but in step with others.
    explicit Backoff(const BackoffOptions& options = {}, Entropy entropy = {}) noexcept;

    /// Sets `wait` to how long the next attempt is to be put off, from now, and counts it. False, with
    /// nothing changed, when the attempts are used up.
    [[nodiscard]] bool next(Duration& wait) noexcept;

    /// The connection has proven stable: the next wait is a first one again. Not as soon as it opens: a
    /// server that accepts and leaves would be tried at the pace of first attempts for ever. A host may
    /// ask that a connection has lasted as long as `first`.
    void succeeded() noexcept;

    /// Attempts counted since the beginning or succeeded(). Stops at its greatest value.
    [[nodiscard]] std::uint32_t attempt_count() const noexcept { return attempt_count_; }

private:
    BackoffOptions options_;
    Entropy entropy_;
    Duration longest_;  // the end of the next range
    std::uint32_t attempt_count_ = 0;
};

/// Whether a connection that ended with `code`, received or local, may fare better the next time:
/// 1001, 1006 and 1011 to 1014. Not after a normal end, nor where the same conversation would meet the
/// same answer. What 3000 to 4999 mean, the application knows: false.
constexpr bool is_worth_reconnecting(CloseCode code) noexcept {
    return code == CloseCode::going_away || code == CloseCode::abnormal ||
           (code >= CloseCode::internal_error && code <= CloseCode::bad_gateway);
}

/// The same for an opening handshake that was refused with an HTTP status: 408, 425, 429, 500, 502, 503
/// and 504. Others (401, 403, 404, a redirection) stay until somebody changes something.
constexpr bool is_worth_reconnecting(std::uint16_t status) noexcept {
    return status == 408 || status == 425 || status == 429 || status == 500 ||
           (status >= 502 && status <= 504);
}

}  // namespace hawse
