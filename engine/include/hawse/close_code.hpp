// SPDX-License-Identifier: MIT
// Close codes: their names, which of them a peer may put on the wire, and which we may.
#pragma once

#include "hawse/role.hpp"

#include <cstdint>

namespace hawse {

/// RFC 6455 §7.4 and the IANA registry. Codes 3000 to 4999 have no name here:
/// write `CloseCode{4001}`.
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,
    no_code = 1005,   ///< local only: the Close frame had no body
    abnormal = 1006,  ///< local only: there was no Close frame
    invalid_data = 1007,
    policy_violation = 1008,
    message_too_large = 1009,
    extension_required = 1010,  ///< a client's to send
    internal_error = 1011,
    service_restart = 1012,
    try_again_later = 1013,
    bad_gateway = 1014,
    tls_failed = 1015,  ///< local only: the TLS handshake failed
};

/// The longest reason that fits behind a code in one control frame, in octets. RFC 6455 §5.5
inline constexpr std::uint8_t close_reason_size_max = 123;

/// Whether a received Close may carry `code`: 1000-1003, 1007-1014, 3000-4999.
constexpr bool is_close_code_on_wire(std::uint16_t code) noexcept {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

/// Whether an application in `role` may send `code`: the same set, without 1010 for a server.
constexpr bool is_close_code_sendable(CloseCode code, Role role) noexcept {
    return is_close_code_on_wire(static_cast<std::uint16_t>(code)) &&
           !(role == Role::server && code == CloseCode::extension_required);
}

}  // namespace hawse
