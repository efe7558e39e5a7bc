// SPDX-License-Identifier: MIT
// What a status means in an opening handshake, over each HTTP, and where a response has it. It
// looks at nothing else.
#pragma once

#include "hawse/field.hpp"
#include "hawse/response.hpp"
#include "hawse/violation.hpp"

#include <cstdint>

namespace hawse::handshake {

/// The status that accepts. RFC 6455 §4.2.2, RFC 8441 §5
constexpr std::uint16_t accepting_status(Transport transport) noexcept {
    return transport == Transport::http1 ? 101 : 200;
}

/// Whether a response of that status opens, if its fields do.
constexpr bool is_accepting(std::uint16_t status, Transport transport) noexcept {
    return transport == Transport::http1 ? status == 101 : status / 100 == 2;
}

/// Whether a response of that status is not the last one. Nothing is switched on a stream: 101 is no
/// status there. RFC 9110 §15.2, RFC 9113 §8.6
constexpr bool is_interim(std::uint16_t status) noexcept {
    return status / 100 == 1 && status != 101;
}

/// The status that refuses: 426 says what to upgrade to, and where nothing is upgraded it is 400.
[[nodiscard]] std::uint16_t refusing_status(Violation violation, Transport transport) noexcept;

/// The status of a response, which over HTTP/2 and HTTP/3 may stand in :status, alone or as well.
[[nodiscard]] Violation read_status(const ResponseHead& head, std::uint16_t& status) noexcept;

}  // namespace hawse::handshake
