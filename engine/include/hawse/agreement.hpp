// SPDX-License-Identifier: MIT
// What an opening handshake settles and a Connection starts from. The two know nothing else of each
// other, so a host with its own HTTP arrives with an Agreement of its own making.
#pragma once

#include "hawse/role.hpp"

#include <string_view>

namespace hawse {

struct Agreement {
    Role role = Role::server;
    /// Empty when there is none. Lives as long as the handshake object that settled it; a Connection
    /// does not read it.
    std::string_view subprotocol = {};
};

}  // namespace hawse
