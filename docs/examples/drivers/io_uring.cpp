// SPDX-License-Identifier: MIT
// A driver for io_uring: reads into blocks that the kernel picks or, once a message is large, straight
// into its place; sends that keep what they were given until they are done, and copy nothing where
// that pays. A peer lives until nothing of it is in flight.
#include "hawse/posix.hpp"
#include "alarms.hpp"
#include "echo.hpp"
#include "host.hpp"
#include "ring.hpp"

#include <utility>

using examples::Ring;
using enum hawse::TransportEnd;

struct Peer : hawse::Session {
    using Session::Session;
    bool is_receiving = false;
    Ring::Message message;
};

struct Loop : Ring, examples::Host {
    using Host::Host;

    int run() {
        watch(signals);
        accept(listener);
        while (!is_stopping) {
            wait(alarms.wait(hawse::posix_now()), [&](const auto& done) { on_done(done); });
            now = hawse::posix_now();
            while (const auto owner = alarms.pop(now))
                int(*owner) == listener ? accept(listener) : turn(int(*owner));
        }
        cancel_all();  // peers end before the ring
        return EXIT_SUCCESS;
    }

    void on_done(const Ring::Done& done) {
        now = hawse::posix_now();
        if (done.source == signals) return void(is_stopping = true);
        if (done.source == listener) {
            if (done.is_last) alarms.set(std::uint64_t(listener), now + hawse::seconds(1));
            if (done.result < 0) return;  // no descriptor: whoever waits may try again in a second
            examples::set_no_delay(done.result);
            peers.try_emplace(done.result, config, hawse::Role::server, now);
            return turn(done.result);
        }
        auto& peer = peers.find(done.source)->second;
        done.is_send ? on_sent(peer, done) : on_received(peer, done);
        turn(done.source);
    }

    void on_received(Peer& peer, const Ring::Done& done) {
        peer.is_receiving = false;
        if (done.block.empty()) peer.landed(std::size_t(std::max(done.result, 0)), now);
        (void)peer.receive(done.block, now);
        examples::echo(peer);
        give_back(done.block);
        if (done.result <= 0) peer.receive_end(done.result == 0 ? orderly : broken, now);
    }

    void on_sent(Peer& peer, const Ring::Done& done) {
        if (!done.is_notice && done.result != int(peer.message.size)) peer.receive_end(broken, now);
        peer.reusable(peer.message.freed_by(done));
    }

    void turn(int socket) {
        auto& peer = peers.find(socket)->second;
        peer.advance(now);  // before deadline() it does nothing
        examples::echo(peer);
        if (const auto count = peer.message.size == 0 ? peer.gather(peer.message.slices) : 0)
            peer.handed_over(send(socket, peer.message, count), now);
        if (peer.wants().end_write() && ::shutdown(socket, SHUT_WR) == 0) peer.write_ended(now);
        if (peer.wants().close()) {
            const bool is_sending = peer.message.is_in_flight();
            if (is_sending || peer.is_receiving) return end(socket, is_sending);
            alarms.forget(std::uint64_t(socket));
            peers.erase(socket);
            return (void)::close(socket);
        }
        alarms.set(std::uint64_t(socket), peer.deadline());
        if (peer.wants().read() && !std::exchange(peer.is_receiving, true))
            receive(socket, peer.landing());
    }

    int signals = examples::stop_signals();
    bool is_stopping = false;
    hawse::Time now = hawse::posix_now();
    examples::Alarms alarms;
    std::unordered_map<int, Peer> peers;
};

int main(int count, char** values) { return Loop(count, values).run(); }
