// SPDX-License-Identifier: MIT
// TCP sockets for the examples: a connected one, a listening one, or a sentence that says why not.
// All of them neither block nor leak into children.
#pragma once

#include "hawse/time.hpp"

#include <cstdint>
#include <string>

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

/// Begins to connect to the first address of `host` and does not wait for it: the first read or write
/// that does not block says how it went.
Socket begin_connect(const std::string& host, std::uint16_t port);

/// Listens on the first address of `host` that lets us; port 0 picks one.
Socket listen_on(const std::string& host, std::uint16_t port);

}  // namespace examples
