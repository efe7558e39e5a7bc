// SPDX-License-Identifier: MIT
// What compression of messages costs in memory, told before it is used.
#pragma once

#include "hawse/agreement.hpp"
#include "hawse/config.hpp"
#include "hawse/export.hpp"

#include <cstddef>

namespace hawse {

/// Octets, as the pool rounds them: each is the most that is leased for its purpose from one call to the
/// next. What n connections that share a pool take beside their messages, at most:
///
///     n * (connection + streamed_send) + min(n, CodecLimits::compressor_count_max) * compressor
///                                      + min(n, CodecLimits::inflater_count_max) * inflater
///
/// Not counted is what one call leases and gives back before it answers: the memory into which it
/// compresses, as docs/limits.md says, and while a window grows the smaller one that it was before.
struct DeflateBudget {
    /// Octets that a connection keeps from message to message: 512 for the state of its codec, and for
    /// each direction with takeover what is remembered of it, a window. They are leased by and by, as
    /// there comes to be something to remember.
    std::size_t connection = 0;
    /// Octets for each compressed message on its way in, from its first octets to its last: an inflater,
    /// and with Delivery::parts the part, and the window where the connection keeps none.
    std::size_t inflater = 0;
    /// Octets of a compressor. Those of a pool serve its connections in turn. 0 in a build without zlib.
    std::size_t compressor = 0;
    /// Octets that a message which is sent compressed and in parts takes besides, from the first to the
    /// last: what its parts may refer to, a window, where the connection keeps none.
    std::size_t streamed_send = 0;
    friend constexpr bool operator==(const DeflateBudget&, const DeflateBudget&) = default;
};

/// The most that an agreement under `config` can come to cost. All 0 when there can be none.
[[nodiscard]] HAWSE_API DeflateBudget deflate_budget(const Config& config) noexcept;

/// What a connection with this agreement costs, whose own window is never larger than
/// DeflatePolicy::send. All 0 when nothing is agreed.
[[nodiscard]] HAWSE_API DeflateBudget deflate_budget(const Config& config,
                                                     const Agreement& agreement) noexcept;

}  // namespace hawse
