// SPDX-License-Identifier: MIT
// One relayed conversation: two sides, each a Session of its own with its own pings, limits and closing,
// and what passes from one to the other. It knows sockets, and no loop: relay.cpp waits for them.
#pragma once

#include "hawse/hawse.hpp"
#include "sockets.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace examples {

/// Whom to relay to.
struct Upstream {
    std::string host;  ///< as a URL writes it
    std::uint16_t port = 0;
    std::vector<Address> addresses;
};

struct Side {
    Side() = default;
    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;
    ~Side() { drop(); }

    /// Closes the socket, if there is one.
    void drop() noexcept;
    /// What epoll should wait for: EPOLLIN, EPOLLOUT, or 0 for nothing.
    [[nodiscard]] std::uint32_t awaited() const noexcept;

    std::optional<hawse::Session> session;
    int descriptor = -1;
    std::uint32_t interest = 0;  // what epoll was told of the descriptor; 0: it is not in the set
    bool is_connecting = false;
    bool pulled = true;  // nothing is lent
    bool over = false;   // `closed` was told
    // Lent to the session, and that for long while the other side is full; none while nothing is.
    std::unique_ptr<std::array<std::byte, 16384>> octets;
};

class Relay {
public:
    /// Takes `client`, a connected socket. `config` and `to` outlive it.
    Relay(const hawse::Config& config, const Upstream& to, int client, hawse::Time now);

    /// epoll told something of `side`; settle() after it.
    void on_ready(Side& side, hawse::Time now);
    /// Relays and writes until nothing moves; false when both sides are over.
    bool settle(hawse::Time now);
    /// Both sides hear that we go; settle() after it.
    void stop();
    [[nodiscard]] hawse::Time deadline() const noexcept;

    [[nodiscard]] Side& client() noexcept { return client_; }
    [[nodiscard]] Side& upstream() noexcept { return upstream_; }

    hawse::Time alarm = hawse::never;  ///< the earliest of its timers: its owner's

private:
    void read(Side& side);
    bool pull(Side& from, Side& to);
    bool write(Side& side);
    void tell(const hawse::Event& event, Side& from, Side& to);
    void pass(const hawse::Event& event, Side& from, hawse::Connection& to) const;
    void end(const hawse::Event& event, Side& from, Side& to);

    void ask_upstream();
    void connect_next(int error);
    void answer_client();
    void refuse_client(hawse::Cause cause);
    void reject_client(const hawse::Rejection& rejection);
    [[nodiscard]] std::string joined(std::string_view name, std::string_view separator) const;

    const hawse::Config& config_;
    hawse::Config upstream_config_;
    const Upstream& to_;
    std::size_t next_address_ = 0;
    hawse::Time connect_until_ = hawse::never;  // then the next address has its turn
    hawse::Time now_;
    Side client_;
    Side upstream_;
};

}  // namespace examples
