// SPDX-License-Identifier: MIT
// TCP sockets for the examples: a connected one, a listening one, or a sentence that says why not.
// All of them neither block nor leak into children.
#pragma once

#include "hawse/time.hpp"

#include <cstdint>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace examples {

struct Socket {
    int descriptor = -1;
    std::uint16_t port = 0;  ///< of our own end
    std::string problem;     ///< why there is no descriptor
    bool is_final = false;   ///< another attempt would meet the same problem: there is no such name
};

/// Tries every address of `host`, one after the other, for `patience` in all. Resolving the name is
/// not bounded: getaddrinfo() cannot be.
Socket connect_to(const std::string& host, std::uint16_t port, hawse::Duration patience);

struct Address {
    sockaddr_storage octets = {};
    socklen_t size = 0;
};

/// All addresses of `host`, in the order to try them; none, and a sentence in `problem`, when there is
/// none. It may block, as getaddrinfo() does.
std::vector<Address> addresses_of(const std::string& host, std::uint16_t port,
                                  std::string& problem);

/// Begins to connect and does not wait: the descriptor is writable once it is decided, and
/// connect_error() says how. Negative, and errno, when it cannot begin.
int begin_connect(const Address& address) noexcept;

/// 0 when the connection was made, or the errno that says why not.
int connect_error(int descriptor) noexcept;

/// Listens on the first address of `host` that lets us; port 0 picks one.
Socket listen_on(const std::string& host, std::uint16_t port);

}  // namespace examples
