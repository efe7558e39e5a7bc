// SPDX-License-Identifier: MIT
// Why a conversation ended other than by both sides' wish. `violation` says that the peer was wrong
// and that a Violation names how; the others are the world's doing.
#pragma once

#include "hawse/export.hpp"

#include <cstdint>

namespace hawse {

enum class Cause : std::uint8_t {
    none,              ///< nothing went wrong
    violation,         ///< the peer broke a rule: see Violation
    transport_ended,   ///< the stream ended before the closing handshake was complete
    transport_broken,  ///< the transport failed
    opening_timeout,   ///< Waits::opening passed before the conversation was open
    close_timeout,     ///< Waits::close passed before the peer's Close arrived
    pong_timeout,      ///< Waits::pong passed after a ping, and no octet came
    idle_timeout,      ///< Waits::idle passed, and no octet came
    message_timeout,   ///< Waits::message passed inside a message
    write_stalled,     ///< Waits::write_stall passed, and the transport took no octet
    out_of_memory,     ///< the allocator answered null while the peer was being served
    no_inflater,       ///< as many messages are being inflated as CodecLimits allows
    no_entropy,        ///< a frame could not be masked
    refused,           ///< the server answered the opening handshake with a status that refuses
    rejected,          ///< the host rejected the request
    aborted,           ///< the host called abort()
    last = aborted,
};

/// One English sentence. Static storage; empty for none.
HAWSE_API const char* describe(Cause cause) noexcept;

/// The enumerator's name. Static storage.
HAWSE_API const char* name_of(Cause cause) noexcept;

}  // namespace hawse
