// SPDX-License-Identifier: MIT
// What an opening handshake settles and a Connection starts from. The two know nothing else of each
// other, so a host with its own HTTP arrives with an Agreement of its own making.
#pragma once

#include "hawse/deflate.hpp"
#include "hawse/role.hpp"

#include <cstdint>
#include <string_view>

namespace hawse {

struct Agreement {
    Role role = Role::server;
    /// Empty when there is none. Lives as long as the handshake object that settled it; a Connection
    /// does not read it.
    std::string_view subprotocol = {};
    /// What was accepted of the extensions that a proxy relays, as one field value; empty without.
    /// Lives as the subprotocol does, and no Connection reads it.
    std::string_view extensions = {};
    /// Which of rsv1_bit, rsv2_bit and rsv3_bit data frames may carry: what those extensions use, as the
    /// host has said. Read by Delivery::frames alone; RSV1 may stand on the first frame of a message
    /// only. RFC 6455 §5.2, §9
    std::uint8_t reserved_bits = 0;
    /// Compression of messages; nothing to Delivery::frames.
    DeflateAgreement deflate = {};
};

}  // namespace hawse
