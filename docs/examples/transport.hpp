// SPDX-License-Identifier: MIT
// Between a nonblocking socket and a handshake or a Connection, which have the same face for it:
// one read, one write, and what poll() or epoll should wait for.
#pragma once

#include "hawse/hawse.hpp"
#include "hawse/posix.hpp"

#include <cerrno>
#include <cstddef>
#include <span>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

namespace examples {

inline bool would_block(int error) noexcept {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/// What carries octets: a socket, or a Stream with something between.
struct PlainSocket {
    int descriptor;

    [[nodiscard]] ssize_t read(hawse::Bytes into) const noexcept {
        return ::recv(descriptor, into.data(), into.size(), 0);
    }
    [[nodiscard]] ssize_t write(std::span<const hawse::Slice> slices) const noexcept {
        return ::writev(descriptor, hawse::iovecs(slices), static_cast<int>(slices.size()));
    }
};

template <typename Carrier>
concept Carries = requires(Carrier carrier, hawse::Bytes octets) {
    carrier.read(octets);
};

/// Reads once and answers what came, in `scratch`. An end of the stream goes to `side`.
template <Carries Carrier, typename Side>
hawse::Bytes read_some(Carrier&& carrier, Side& side, hawse::Bytes scratch, hawse::Time now) {
    const auto size = carrier.read(scratch);
    if (size > 0) return scratch.first(static_cast<std::size_t>(size));
    if (size == 0)
        side.receive_end(hawse::TransportEnd::orderly, now);
    else if (!would_block(errno))
        side.receive_end(hawse::TransportEnd::broken, now);
    return {};
}

enum class Written { nothing, some, failed };

/// Writes once what `side` has queued.
template <Carries Carrier, typename Side>
Written write_some(Carrier&& carrier, Side& side, hawse::Time now) {
    hawse::Slice slices[16];
    const auto count = side.gather(slices);
    if (count == 0) return Written::nothing;
    const auto size = carrier.write(std::span(slices).first(count));
    if (size < 0) return would_block(errno) ? Written::nothing : Written::failed;
    side.wrote(static_cast<std::size_t>(size), now);
    return Written::some;
}

/// The same for a socket by its descriptor.
template <typename Side>
hawse::Bytes read_some(int descriptor, Side& side, hawse::Bytes scratch, hawse::Time now) {
    return read_some(PlainSocket{descriptor}, side, scratch, now);
}
template <typename Side>
Written write_some(int descriptor, Side& side, hawse::Time now) {
    return write_some(PlainSocket{descriptor}, side, now);
}

}  // namespace examples
