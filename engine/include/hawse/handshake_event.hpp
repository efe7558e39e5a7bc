// SPDX-License-Identifier: MIT
// What comes out of an opening handshake, either role.
#pragma once

#include "hawse/cause.hpp"
#include "hawse/violation.hpp"

#include <cstdint>

namespace hawse {

enum class HandshakeEventKind : std::uint8_t {
    none,
    request,   ///< server: request() may be accepted or rejected, when the host likes
    response,  ///< client: response() arrived: 101, or a final status that refuses
    opened,    ///< agreement() stands; write the output, then the Connection begins
    failed,    ///< cause, violation, status; a handshake's `closed` follows
    closed,    ///< the end of a handshake that did not open, exactly once
};

struct HandshakeEvent {
    HandshakeEventKind kind = HandshakeEventKind::none;
    Cause cause = Cause::none;
    Violation violation = Violation::none;
    /// Server: the status answered; client: the status received; 0 when there is none.
    std::uint16_t status = 0;
    constexpr explicit operator bool() const noexcept { return kind != HandshakeEventKind::none; }
};

enum class HandshakeState : std::uint8_t {
    opening,  ///< reading, deciding or answering
    open,     ///< agreement() stands
    failed,   ///< refused, rejected, timed out or broken; stays so
    closed,   ///< the transport ended before anything else did
};

}  // namespace hawse
