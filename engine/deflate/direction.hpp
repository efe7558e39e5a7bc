// SPDX-License-Identifier: MIT
// How each side compresses, of what was agreed. RFC 7692 §7.1
#pragma once

#include "hawse/agreement.hpp"
#include "hawse/deflate.hpp"
#include "hawse/role.hpp"

#include <algorithm>
#include <cstdint>

namespace hawse::deflate {

/// With a window of 0 bits: not at all.
constexpr DeflateDirection direction_of(const Agreement& agreement, Role side) noexcept {
    if (!agreement.deflate.agreed) return {0, false};
    const DeflateDirection agreed =
        side == Role::client ? agreement.deflate.client : agreement.deflate.server;
    return {std::clamp<std::uint8_t>(agreed.window_bits, 8, 15), agreed.takeover};
}

constexpr DeflateDirection peer_direction(const Agreement& agreement) noexcept {
    return direction_of(agreement, agreement.role == Role::client ? Role::server : Role::client);
}

/// No more than the host would have it, whatever was agreed.
constexpr DeflateDirection own_direction(const DeflatePolicy& policy,
                                         const Agreement& agreement) noexcept {
    const DeflateDirection agreed = direction_of(agreement, agreement.role);
    if (agreed.window_bits == 0) return agreed;
    const auto most = std::clamp<std::uint8_t>(policy.send.window_bits, 8, 15);
    return {std::min(agreed.window_bits, most), agreed.takeover && policy.send.takeover};
}

}  // namespace hawse::deflate
