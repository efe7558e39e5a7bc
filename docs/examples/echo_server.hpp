// SPDX-License-Identifier: MIT
// An echo server over epoll: one thread, one scratch buffer, any number of peers. An open and idle
// peer costs its socket, its Connection and a few words around it.
#pragma once

#include "hawse/hawse.hpp"
#include "gate.hpp"
#include "stream.hpp"
#include "timers.hpp"
#include "tls.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace examples {

struct EchoOptions {
    std::size_t message_size_max = std::size_t{16} << 20;
    hawse::DeflatePolicy deflate = {.enabled = true};  ///< how an offer to compress is answered
    bool statistics = false;                           ///< print them
    std::string token;  ///< what a WebSocket request has to carry; empty: nothing
};

/// One stream, and what is said over it: a handshake first, a Connection then.
struct Peer {
    Peer(std::unique_ptr<Stream> carrier, std::uint64_t number, const hawse::Config& config,
         hawse::Time now);
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    std::unique_ptr<Stream> stream;
    std::uint64_t serial;
    std::unique_ptr<hawse::ServerHandshake> handshake;  // until it is open and answered
    std::optional<hawse::Connection> connection;
    std::string body;                  // of an answer that is made for it
    std::uint32_t interest = 0;        // what epoll was told
    hawse::Time alarm = hawse::never;  // the earliest of its timers
};

class EchoServer {
public:
    /// Takes `listener`, a listening socket. Peers speak TLS when `tls` is not null.
    EchoServer(const EchoOptions& options, int listener, Tls* tls);
    EchoServer(const EchoServer&) = delete;
    EchoServer& operator=(const EchoServer&) = delete;
    ~EchoServer();

    /// Serves until SIGINT or SIGTERM, then closes every connection. The program's exit status.
    int run();

private:
    template <typename Side>
    void drive(Peer& peer, Side& side);
    template <typename Act>
    static auto with_side(Peer& peer, Act act);
    void settle(Peer& peer);
    void converse(Peer& peer);
    void drop(std::uint64_t serial);
    void arm(Peer& peer, hawse::Wants wants, hawse::Time deadline);

    void tell(Peer& peer, hawse::ServerHandshake& handshake);
    void tell(Peer& peer, hawse::Connection& connection);
    void answer(Peer& peer, hawse::ServerHandshake& handshake);
    static void answer_plain(hawse::ServerHandshake& handshake);
    void tell_statistics(Peer& peer, hawse::ServerHandshake& handshake);
    void answer_those_who_asked();
    void echo(hawse::Connection& connection, const hawse::Event& event);

    void on_ready(std::uint64_t serial, std::uint32_t events);
    void on_readable(Peer& peer);
    void on_signal();
    void run_timers();
    void accept_peers();
    void welcome(int descriptor);
    void pause_accepting();
    void resume_accepting();
    void stop();
    void print_statistics();
    [[nodiscard]] bool watch(int operation, int descriptor, std::uint64_t serial,
                             std::uint32_t events) const noexcept;
    [[nodiscard]] hawse::Time next_moment() const noexcept;

    static constexpr std::uint64_t listener_serial = 0;
    static constexpr std::uint64_t signals_serial = 1;

    EchoOptions options_;
    hawse::Pool pool_;
    hawse::Statistics statistics_;
    hawse::Statistics printed_;  // what the last line of statistics had counted
    hawse::Config config_;
    Tls* tls_;
    Gate gate_;
    int epoll_ = -1;
    int listener_ = -1;
    int signals_ = -1;
    std::uint64_t last_serial_ = signals_serial;
    hawse::Time now_ = {};                            // of this round of the loop
    hawse::Time resume_accepting_at_ = hawse::never;  // while there are no descriptors
    hawse::Time stop_at_ = hawse::never;
    hawse::Time print_at_ = hawse::never;
    bool has_paused_ = false;  // that accepting stops is said once
    Timers timers_;
    std::unordered_map<std::uint64_t, Peer> peers_;
    std::array<std::byte, 65536> scratch_;
};

}  // namespace examples
