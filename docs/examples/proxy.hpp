// SPDX-License-Identifier: MIT
// A tunnel through an HTTP proxy: CONNECT, and an answer of one head. It knows nothing of what passes
// through the tunnel afterwards. RFC 9110 §9.3.6, RFC 7617
#pragma once

#include "hawse/time.hpp"
#include "ending.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace examples {

struct Proxy {
    std::string host;  ///< an IPv6 address in brackets
    std::uint16_t port = 0;
    std::string credentials;  ///< for Proxy-Authorization: Basic; empty when there are none
};

/// Reads [http://][USER:PASSWORD@]HOST:PORT; false, and `proxy` undefined, when it is none.
bool read_proxy(std::string_view text, Proxy& proxy);

/// Asks the proxy at the other end of `descriptor` for a tunnel to `host` and `port`, and waits for it
/// until `deadline`. Without a problem the next octets are those of the server.
Ending open_tunnel(int descriptor, const Proxy& proxy, std::string_view host, std::uint16_t port,
                   hawse::Time deadline);

}  // namespace examples
