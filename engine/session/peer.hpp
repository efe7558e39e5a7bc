// SPDX-License-Identifier: MIT
// A handshake while there is one, a Connection from the moment it opens, and the octets that pass
// between the two. It decides which of them is meant; what they mean is theirs.
#pragma once

#include "hawse/session.hpp"
#include "handshake/client.hpp"
#include "handshake/server.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace hawse::session {

class Peer {
public:
    Peer(const Config& config, Role role, Time now) noexcept
        : config_(&config), clock_(now), role_(role) {}
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    ~Peer() { give_back_handshake(); }

    Refusal start(const ClientRequest& request) noexcept;
    [[nodiscard]] const Request& request() const noexcept;
    Refusal accept(const Acceptance& acceptance) noexcept;
    Refusal reject(const Rejection& rejection) noexcept;
    [[nodiscard]] const Response& response() const noexcept;
    [[nodiscard]] std::uint16_t status() const noexcept { return status_; }
    [[nodiscard]] const Agreement& agreement() const noexcept;
    [[nodiscard]] Connection* connection() noexcept {
        return connection_ ? &*connection_ : nullptr;
    }

    Refusal close(CloseCode code, std::string_view reason) noexcept;

    Refusal receive(Bytes octets, Time now) noexcept;
    Event next_event() noexcept;
    Bytes unread() noexcept;
    Bytes landing() noexcept;
    std::size_t landed(std::size_t size, Time now) noexcept;
    void receive_end(TransportEnd end, Time now) noexcept;
    void abort(Time now) noexcept;

    std::size_t gather(std::span<Slice> slices) noexcept;
    void hand_over(std::size_t size, Time now) noexcept;
    void release(std::size_t size) noexcept;
    void wrote(std::size_t size, Time now) noexcept;
    std::size_t write_output(Bytes into, Time now) noexcept;
    void write_ended(Time now) noexcept;
    [[nodiscard]] std::size_t output_size() const noexcept;

    [[nodiscard]] Wants wants() const noexcept;
    [[nodiscard]] Time deadline() const noexcept;
    void advance(Time now) noexcept;

private:
    // Calls `act` with the handshake, if there is one.
    template <typename Act>
    void visit(const Act& act) const noexcept {
        if (server_ != nullptr) act(*server_);
        if (client_ != nullptr) act(*client_);
    }
    [[nodiscard]] bool has_handshake() const noexcept {
        return server_ != nullptr || client_ != nullptr;
    }
    /// Octets of the handshake's answer that are not yet reusable, and those not yet handed over.
    [[nodiscard]] std::size_t answer_size() const noexcept;
    [[nodiscard]] std::size_t unhanded_size() const noexcept;
    [[nodiscard]] bool is_in_flight() const noexcept;

    /// Nothing has happened yet.
    [[nodiscard]] bool is_idle() const noexcept {
        return !has_handshake() && !connection_ && cause_ == Cause::none;
    }
    /// Takes note of the time; until something has happened, that is when it all began.
    void observe(Time now) noexcept {
        if (!is_idle()) clock_ = now;
    }
    void note_progress(std::size_t answer_size) noexcept;
    bool lease_handshake() noexcept;
    void end_handshake() noexcept;
    void give_back_handshake() noexcept;
    void end_idle(Cause cause) noexcept;
    void check_answer() noexcept;

    Event next_opening_event() noexcept;
    Event event_of(const HandshakeEvent& told) noexcept;
    void open() noexcept;
    void begin_conversation() noexcept;
    Event next_conversation_event() noexcept;
    Event next_failure_event() noexcept;
    void tell_end() noexcept;

    const Config* config_;
    handshake::Server* server_ = nullptr;  // one of the two, leased, or none
    handshake::Client* client_ = nullptr;
    Bytes rest_ = {};  // lent by the host, and not yet by us
    Time clock_;       // the last that was told; while it is idle, when it began
    std::uint16_t status_ = 0;
    Role role_;
    bool opened_told_ = false;
    bool conversing_ = false;   // nothing of the opening is left to be told
    bool lends_early_ = false;  // the Connection's loan is the handshake's memory
    bool end_came_ = false;
    bool end_waits_ = false;  // an end was told behind octets that still wait
    bool end_broken_ = false;
    bool closed_told_ = false;
    Cause cause_ = Cause::none;  // why it ended without a handshake
    bool failed_to_tell_ = false;
    bool closed_to_tell_ = false;
    std::optional<Connection> connection_ = {};
};

}  // namespace hawse::session
