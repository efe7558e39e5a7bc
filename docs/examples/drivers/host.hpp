// SPDX-License-Identifier: MIT
// What a driver brings besides its loop: its options, a port, a pool, its limits.
#pragma once

#include "hawse/hawse.hpp"
#include "hawse/heap.hpp"
#include "arguments.hpp"
#include "sockets.hpp"
#include "transport.hpp"

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/signalfd.h>
#include <sys/socket.h>

namespace examples {

/// Echoes leave at once; the engine joins what belongs together.
inline void set_no_delay(int descriptor) noexcept {
    const int on = 1;
    (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// The next who waits to be accepted, nonblocking; negative when there is nobody, or no descriptor.
inline int accept_peer(int listener) noexcept {
    const int descriptor = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) set_no_delay(descriptor);
    return descriptor;
}

/// A descriptor that is readable once SIGINT or SIGTERM came, for loops that have no signals.
inline int stop_signals() noexcept {
    sigset_t set;
    (void)::sigemptyset(&set);
    (void)::sigaddset(&set, SIGINT);
    (void)::sigaddset(&set, SIGTERM);
    (void)::sigprocmask(SIG_BLOCK, &set, nullptr);
    return ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

class Host {
public:
    /// Reads `[--port N] [--opening-seconds N]`, listens, and says where. Ends the program when it cannot.
    Host(int count, char** values) {
        Arguments arguments(count, values, values[0], "usage: [--port N] [--opening-seconds N]\n");
        std::uint16_t port = 9001;
        for (std::string_view value; arguments.next();) {
            if (arguments.option("--port", value))
                port = static_cast<std::uint16_t>(arguments.number("--port", value, 0, UINT16_MAX));
            else if (arguments.option("--opening-seconds", value))
                config.waits.opening = hawse::seconds(static_cast<std::int64_t>(
                    arguments.number("--opening-seconds", value, 1, 3600)));
            else
                arguments.unknown();
        }
        config.pool = &pool;
        config.limits.message_size_max = std::size_t{16} << 20;
        // The mark at which input stops, the echo of one more read, and that of the message it ends.
        config.limits.output_max = config.limits.output_high + 4 * scratch.size() +
                                   static_cast<std::size_t>(config.limits.message_size_max);
        const auto socket = listen_on("127.0.0.1", port);
        if (socket.descriptor < 0) {
            std::fprintf(stderr, "%s: %s\n", values[0], socket.problem.c_str());
            std::exit(EXIT_FAILURE);
        }
        listener = socket.descriptor;
        std::signal(SIGPIPE, SIG_IGN);  // a peer who left is an error, not the end of us
        std::printf("listening on 127.0.0.1:%u\n", static_cast<unsigned>(socket.port));
        std::fflush(stdout);
    }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    hawse::Pool pool{hawse::heap_allocator()};
    hawse::Config config;
    int listener;                               // listening, nonblocking; the driver's to close
    std::array<std::byte, 65536> scratch = {};  // one for the thread, not one a peer
};

}  // namespace examples
