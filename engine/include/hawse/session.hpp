// SPDX-License-Identifier: MIT
// One peer over one transport from its first octet to its last: the opening handshake and then the
// Connection, under one set of verbs and in one stream of events. What a driver needs that has a
// stream of octets and no HTTP of its own. RFC 6455 §4 to §8
#pragma once

#include "hawse/agreement.hpp"
#include "hawse/bytes.hpp"
#include "hawse/config.hpp"
#include "hawse/connection.hpp"
#include "hawse/event.hpp"
#include "hawse/export.hpp"
#include "hawse/handshake.hpp"
#include "hawse/refusal.hpp"
#include "hawse/role.hpp"
#include "hawse/slice.hpp"
#include "hawse/time.hpp"
#include "hawse/wants.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hawse {

namespace session {
class Peer;
}

/// Events come in this order: a server's `request`, which the host accepts or rejects, at once or
/// later; a client's `response`; `opened`; those of the Connection. One that does not open ends with
/// `failed` and `closed`, or `closed` alone. The verbs are those of Connection and are driven by the
/// same rule: after every input pull events until there is none, write what gather() shows, then read
/// wants() and deadline().
///
/// It may be made before the transport is connected, so that Waits::opening covers that as well. What
/// is sent right after accept() goes out behind the 101. The handshake is leased from the pool with its
/// first octet, and given back when it is answered: an open and idle Session is this object. Used by one
/// thread at a time; neither copied nor moved.
class HAWSE_API Session {
public:
    /// `config` outlives the object. Allocates nothing and cannot fail. Waits::opening runs from now.
    Session(const Config& config, Role role, Time now) noexcept;
    Session(Config&&, Role, Time) = delete;
    Session(const Config&&, Role, Time) = delete;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    /// As for Connection.
    ~Session();

    // Opening. What these show lives until next_event() has answered none behind `opened` and the
    // answer is written, or until destruction; before that and after it is empty.

    /// A client's request: see ClientHandshake::start(). Further refusals: wrong_role.
    Refusal start(const ClientRequest& request) noexcept;
    /// What a server is asked, from its event on.
    [[nodiscard]] const Request& request() const noexcept;
    /// See ServerHandshake. Octets that arrive before the decision are kept up to
    /// Limits::early_size_max; more than that are refused as early_octets.
    Refusal accept(const Acceptance& acceptance = {}) noexcept;
    Refusal reject(const Rejection& rejection) noexcept;
    /// What a client was answered, from its event on.
    [[nodiscard]] const Response& response() const noexcept;
    /// The HTTP status that a server answered or a client received, 101 once it is open; 0 before there
    /// is one.
    [[nodiscard]] std::uint16_t status() const noexcept;
    /// What was settled, from `opened` on.
    [[nodiscard]] const Agreement& agreement() const noexcept;

    /// The conversation, from accept() or `opened` on, the same until destruction; null before, and when
    /// it never comes to that. For sending, places and statistics; its transport is driven through the
    /// Session.
    [[nodiscard]] Connection* connection() noexcept;

    /// As Connection::close(). Before there is a conversation it gives the opening up: a request that
    /// waits for its decision is answered 503, and anything else is aborted; never refused then.
    Refusal close(CloseCode code = CloseCode::normal, std::string_view reason = {}) noexcept;

    // As in Connection.

    Refusal receive(Bytes octets, Time now) noexcept;
    Event next_event() noexcept;
    Bytes unread() noexcept;
    Bytes landing() noexcept;
    std::size_t landed(std::size_t size, Time now) noexcept;
    void receive_end(TransportEnd end, Time now) noexcept;
    void abort(Time now) noexcept;

    std::size_t gather(std::span<Slice> slices) noexcept;
    void wrote(std::size_t size, Time now) noexcept;
    void handed_over(std::size_t size, Time now) noexcept;
    void reusable(std::size_t size) noexcept;
    std::size_t write_output(Bytes into, Time now) noexcept;
    void write_ended(Time now) noexcept;
    [[nodiscard]] std::size_t output_size() const noexcept;

    [[nodiscard]] Wants wants() const noexcept;
    [[nodiscard]] Time deadline() const noexcept;
    void advance(Time now) noexcept;

private:
    static constexpr std::size_t storage_size = sizeof(Connection) + 96;
    session::Peer& peer() noexcept;
    [[nodiscard]] const session::Peer& peer() const noexcept;
    alignas(8) std::byte storage_[storage_size];
};

}  // namespace hawse
