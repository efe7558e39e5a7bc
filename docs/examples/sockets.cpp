// SPDX-License-Identifier: MIT
#include "sockets.hpp"

#include "hawse/posix.hpp"
#include "transport.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace examples {

namespace {

using hawse::Time;

struct FreeAddresses {
    void operator()(addrinfo* addresses) const noexcept { ::freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

/// None, and a sentence in `failure`, when the name has no address.
Addresses resolve(std::string host, std::uint16_t port, int flags, Socket& failure) {
    addrinfo hints{};
    hints.ai_flags = flags | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    // A URL writes an IPv6 address in brackets, getaddrinfo() without.
    const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
    const auto name = is_bracketed ? host.substr(1, host.size() - 2) : host;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (error == 0) return Addresses(found);
    failure.problem = "cannot resolve " + host + ": " +
                      (error == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(error));
    failure.is_final = error == EAI_NONAME;
    return nullptr;
}

int open_socket(int family) noexcept {
    const int descriptor = ::socket(family, SOCK_STREAM, 0);
    if (descriptor < 0) return -1;
    (void)::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    (void)::fcntl(descriptor, F_SETFL, O_NONBLOCK);
    return descriptor;
}

/// Messages leave at once; the engine joins what belongs together.
void set_no_delay(int descriptor) noexcept {
    const int on = 1;
    (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// 0, or the errno that says why the connection was not made before `deadline`.
int finish_connect(int descriptor, Time deadline) noexcept {
    pollfd ready{descriptor, POLLOUT, 0};
    int count = 0;
    do {
        count = ::poll(&ready, 1, milliseconds_until(deadline, hawse::posix_now()));
    } while (count < 0 && errno == EINTR);
    if (count == 0) return ETIMEDOUT;
    return connect_error(descriptor);
}

int connect_one(int descriptor, const addrinfo& address, Time deadline) noexcept {
    if (::connect(descriptor, address.ai_addr, address.ai_addrlen) == 0) return 0;
    return errno == EINPROGRESS ? finish_connect(descriptor, deadline) : errno;
}

int listen_one(int descriptor, const addrinfo& address) noexcept {
    const int on = 1;
    // A server that was just stopped leaves its port in TIME_WAIT, and is started again.
    (void)::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(descriptor, address.ai_addr, address.ai_addrlen) != 0) return errno;
    return ::listen(descriptor, SOMAXCONN) == 0 ? 0 : errno;
}

std::uint16_t port_of(int descriptor) noexcept {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
    return ntohs(address.ss_family == AF_INET6
                     ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                     : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

/// The first address with which `attempt` answers 0, not an errno.
template <typename Attempt>
Socket first_of(const Addresses& addresses, const std::string& failure, Attempt attempt) {
    int error = EADDRNOTAVAIL;
    for (auto address = addresses.get(); address != nullptr; address = address->ai_next) {
        const int descriptor = open_socket(address->ai_family);
        error = descriptor < 0 ? errno : attempt(descriptor, *address);
        if (error == 0) return {descriptor, port_of(descriptor), {}, false};
        if (descriptor >= 0) ::close(descriptor);
    }
    return {-1, 0, failure + std::strerror(error), false};
}

std::string place(const std::string& host, std::uint16_t port) {
    return host + " port " + std::to_string(port) + ": ";
}

}  // namespace

Socket connect_to(const std::string& host, std::uint16_t port, hawse::Duration patience) {
    Socket none;
    const auto addresses = resolve(host, port, 0, none);
    if (addresses == nullptr) return none;
    std::int64_t left = 0;
    for (auto address = addresses.get(); address != nullptr; address = address->ai_next) ++left;
    const auto deadline = hawse::posix_now() + patience;
    const auto attempt = [&](int descriptor, const addrinfo& address) {
        // One address that never answers must not take the time of those behind it.
        const auto now = hawse::posix_now();
        const hawse::Duration share{(deadline - now).nanoseconds / left--};
        return connect_one(descriptor, address, now + share);
    };
    auto socket = first_of(addresses, "cannot connect to " + place(host, port), attempt);
    if (socket.descriptor >= 0) set_no_delay(socket.descriptor);
    return socket;
}

std::vector<Address> addresses_of(const std::string& host, std::uint16_t port,
                                  std::string& problem) {
    Socket none;
    const auto found = resolve(host, port, 0, none);
    problem = none.problem;
    std::vector<Address> addresses;
    for (auto one = found.get(); one != nullptr; one = one->ai_next) {
        auto& address = addresses.emplace_back();
        address.size = one->ai_addrlen;
        std::memcpy(&address.octets, one->ai_addr, one->ai_addrlen);
    }
    return addresses;
}

int begin_connect(const Address& address) noexcept {
    const int descriptor = open_socket(address.octets.ss_family);
    if (descriptor < 0) return -1;
    set_no_delay(descriptor);
    const auto* const name = reinterpret_cast<const sockaddr*>(&address.octets);
    if (::connect(descriptor, name, address.size) == 0 || errno == EINPROGRESS) return descriptor;
    const int error = errno;
    (void)::close(descriptor);
    errno = error;
    return -1;
}

int connect_error(int descriptor) noexcept {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

Socket listen_on(const std::string& host, std::uint16_t port) {
    Socket none;
    const auto addresses = resolve(host, port, AI_PASSIVE, none);
    if (addresses == nullptr) return none;
    return first_of(addresses, "cannot listen on " + place(host, port), listen_one);
}

}  // namespace examples
