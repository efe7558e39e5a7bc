// SPDX-License-Identifier: MIT
// A driver for a readiness loop: epoll, level-triggered, one thread. It reads when wants() says so
// and the socket has something, writes until the socket is full, and waits no longer than the
// earliest deadline of all peers.
#include "hawse/posix.hpp"
#include "alarms.hpp"
#include "echo.hpp"
#include "host.hpp"

#include <sys/epoll.h>

using enum hawse::TransportEnd;

struct Peer : hawse::Session {
    using Session::Session;
    std::uint32_t interest = 0;  // what epoll was told
};

struct Loop : examples::Host {
    using Host::Host;

    int run() {
        config.deflate.enabled = true;  // messages are compressed where the client offers it
        config.waits.message = hawse::seconds(60);  // or others may find no inflater
        watch(EPOLL_CTL_ADD, signals, EPOLLIN);
        watch(EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLET);
        for (epoll_event ready[64];;) {
            const int count = ::epoll_wait(epoll, ready, 64, alarms.wait(hawse::posix_now()));
            now = hawse::posix_now();
            for (int index = 0; index < count; ++index) {
                const int socket = ready[index].data.fd;
                if (socket == signals) return EXIT_SUCCESS;
                socket == listener ? accept_all() : turn(socket, ready[index].events);
            }
            while (const auto socket = alarms.pop(now)) turn(int(*socket), 0);
        }
    }

    void accept_all() {
        for (int socket; (socket = examples::accept_peer(listener)) >= 0; turn(socket, 0)) {
            watch(EPOLL_CTL_ADD, socket, 0);
            peers.try_emplace(socket, config, hawse::Role::server, now);
        }
    }

    void turn(int socket, std::uint32_t events) {
        auto& peer = peers.find(socket)->second;
        if ((events & ~std::uint32_t{EPOLLOUT}) != 0) {
            const auto place = peer.landing();
            const iovec places[] = {{place.data(), place.size()}, {scratch.data(), scratch.size()}};
            const auto size = ::readv(socket, places, 2);
            const auto landed = peer.landed(size > 0 ? std::size_t(size) : 0, now);
            if (size > 0) (void)peer.receive({scratch.data(), std::size_t(size) - landed}, now);
            if (size == 0) peer.receive_end(orderly, now);
            if (size < 0 && !examples::would_block(errno)) peer.receive_end(broken, now);
        }
        peer.advance(now);  // before deadline() it does nothing
        for (hawse::Slice slices[16];;) {
            examples::echo(peer);
            const auto count = peer.gather(slices);
            if (count == 0) break;
            const auto size = ::writev(socket, hawse::iovecs(slices), int(count));
            if (size < 0 && examples::would_block(errno)) break;
            size < 0 ? peer.receive_end(broken, now) : peer.wrote(std::size_t(size), now);
        }
        if (peer.wants().end_write() && ::shutdown(socket, SHUT_WR) == 0) peer.write_ended(now);
        const auto wants = peer.wants();
        if (wants.close()) {
            peers.erase(socket);
            alarms.forget(std::uint64_t(socket));
            (void)::close(socket);
            return watch(EPOLL_CTL_MOD, listener, EPOLLIN | EPOLLET);  // again, who found no room
        }
        alarms.set(std::uint64_t(socket), peer.deadline());
        const auto interest = (wants.read() ? EPOLLIN : 0U) | (wants.write() ? EPOLLOUT : 0U);
        if (interest != peer.interest) watch(EPOLL_CTL_MOD, socket, peer.interest = interest);
    }

    void watch(int operation, int descriptor, std::uint32_t events) const {
        epoll_event event{events, {.fd = descriptor}};
        (void)::epoll_ctl(epoll, operation, descriptor, &event);
    }

    int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    int signals = examples::stop_signals();
    hawse::Time now = hawse::posix_now();
    std::unordered_map<int, Peer> peers;
    examples::Alarms alarms;
};

int main(int count, char** values) { return Loop(count, values).run(); }
