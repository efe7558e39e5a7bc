// SPDX-License-Identifier: MIT
// What compression of messages costs in memory, told before it is used.
#pragma once

#include "hawse/agreement.hpp"
#include "hawse/config.hpp"
#include "hawse/export.hpp"

#include <cstddef>

namespace hawse {

/// Octets, as the pool rounds them: each is the most that is leased for its purpose. What n connections
/// that share a pool take beside their messages, at most:
///
///     n * connection + min(n, CodecLimits::compressor_count_max) * compressor
///                    + min(n, CodecLimits::inflater_count_max) * inflater
///
struct DeflateBudget {
    /// Octets that a connection keeps from message to message: 512 for the state of its codec, and for
    /// each direction with takeover what is remembered of it, a window. They are leased by and by, as
    /// there comes to be something to remember; while that grows, the place before as well. A message
    /// that is sent in parts is remembered until it ends, with takeover or without.
    std::size_t connection = 0;
    /// Octets for each compressed message on its way in, from its first octets to its last: an inflater,
    /// and with Delivery::parts the part, and the window where the connection keeps none.
    std::size_t inflater = 0;
    /// Octets of a compressor. Those of a pool serve its connections in turn. 0 in a build without zlib.
    std::size_t compressor = 0;
    friend constexpr bool operator==(const DeflateBudget&, const DeflateBudget&) = default;
};

/// The most that an agreement under `config` can come to cost. All 0 when there can be none.
[[nodiscard]] HAWSE_API DeflateBudget deflate_budget(const Config& config) noexcept;

/// What a connection with this agreement costs. All 0 when nothing is agreed.
[[nodiscard]] HAWSE_API DeflateBudget deflate_budget(const Config& config,
                                                     const Agreement& agreement) noexcept;

}  // namespace hawse
