// SPDX-License-Identifier: MIT
// A driver for libevent, with plain events: one a peer, whose time-out is deadline(). A bufferevent
// would keep input and output in buffers of its own, behind which wants() is heard late, and has no
// way to end one side of a connection alone.
#include "hawse/posix.hpp"
#include "echo.hpp"
#include "host.hpp"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <unordered_map>

using enum hawse::TransportEnd;

struct Peer : hawse::Session {
    using Session::Session;
    event ready = {};
};

struct Loop : examples::Host {
    using Host::Host;

    void run() {
        event acceptable, interrupted, terminated;
        watch(acceptable, listener, EV_READ | EV_ET);
        watch(interrupted, SIGINT, EV_SIGNAL);
        watch(terminated, SIGTERM, EV_SIGNAL);
        event_base_dispatch(base);
        peers.clear();
        event_base_free(base);
    }

    static void on_event(int source, short happened, void* context) {
        auto& loop = *static_cast<Loop*>(context);
        if ((happened & EV_SIGNAL) != 0)
            event_base_loopbreak(loop.base);
        else if (source == loop.listener)
            loop.accept_all();
        else
            loop.turn(source, happened);
    }

    void accept_all() {
        for (int socket; (socket = examples::accept_peer(listener)) >= 0; turn(socket, 0))
            watch(peers.try_emplace(socket, config, hawse::Role::server, hawse::posix_now())
                      .first->second.ready,
                  socket, 0);
    }

    void turn(int socket, int happened) {
        auto& peer = peers.find(socket)->second;
        const auto now = hawse::posix_now();
        if ((happened & EV_READ) != 0) {
            const auto size = ::recv(socket, scratch.data(), scratch.size(), 0);
            if (size > 0) (void)peer.receive({scratch.data(), std::size_t(size)}, now);
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
        const auto interest = (wants.read() ? EV_READ : 0) | (wants.write() ? EV_WRITE : 0);
        const bool is_same = event_get_events(&peer.ready) == (interest | EV_PERSIST);
        if (!is_same || wants.close()) event_del(&peer.ready);
        if (wants.close()) {
            peers.erase(socket);
            (void)::close(socket);
            return accept_all();  // whoever found no descriptor may
        }
        if (!is_same) watch(peer.ready, socket, interest);
        const auto left = std::max(peer.deadline() - now, hawse::Duration{}).nanoseconds;
        const timeval wait{left / 1'000'000'000, left % 1'000'000'000 / 1000};
        event_add(&peer.ready, &wait);
    }

    void watch(event& what, int source, int happening) {
        event_assign(&what, base, source, short(happening | EV_PERSIST), on_event, this);
        event_add(&what, nullptr);
    }

    event_base* base = event_base_new();
    std::unordered_map<int, Peer> peers;
};

int main(int count, char** values) { Loop(count, values).run(); }
