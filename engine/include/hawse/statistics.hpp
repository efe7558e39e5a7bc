// SPDX-License-Identifier: MIT
// Counters that a host owns and a connection adds to; one per connection, or one for many that
// share a thread.
#pragma once

#include <cstdint>

namespace hawse {

struct Statistics {
    struct Direction {
        std::uint64_t messages = 0;
        std::uint64_t frames = 0;  ///< data and control
        std::uint64_t wire_octets =
            0;  ///< headers, masks and payload; sent: taken by the transport
        std::uint64_t payload_octets =
            0;  ///< of data frames; received: also of one that then fails
        // Of messages that were compressed; the quotient of the last two is what that saves.
        std::uint64_t deflated_messages = 0;
        std::uint64_t deflated_octets = 0;  ///< of payload on the wire
        std::uint64_t inflated_octets = 0;  ///< what they stand for
    };
    Direction received = {};
    Direction sent = {};
    std::uint64_t pings_received = 0;
    std::uint64_t pongs_received = 0;
    std::uint64_t pings_sent = 0;
    std::uint64_t pongs_dropped = 0;  ///< replaced by a newer one, see Limits::pong_count_max
    /// From the newest keepalive ping handed to the transport to its pong; 0 before the first.
    std::int64_t round_trip_nanoseconds = 0;
};

}  // namespace hawse
