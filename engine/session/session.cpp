// SPDX-License-Identifier: MIT
// The face: an object of published size around a Peer.
#include "hawse/session.hpp"

#include "session/peer.hpp"

#include <new>

namespace hawse {

using session::Peer;

Session::Session(const Config& config, Role role, Time now) noexcept {
    static_assert(sizeof(Peer) <= storage_size, "the published size is too small");
    static_assert(alignof(Peer) <= alignof(Session));
    new (storage_) Peer(config, role, now);
}

Session::~Session() { peer().~Peer(); }

Peer& Session::peer() noexcept { return *std::launder(reinterpret_cast<Peer*>(storage_)); }

const Peer& Session::peer() const noexcept {
    return *std::launder(reinterpret_cast<const Peer*>(storage_));
}

Refusal Session::start(const ClientRequest& request) noexcept { return peer().start(request); }

const Request& Session::request() const noexcept { return peer().request(); }

Refusal Session::accept(const Acceptance& acceptance) noexcept { return peer().accept(acceptance); }

Refusal Session::reject(const Rejection& rejection) noexcept { return peer().reject(rejection); }

const Response& Session::response() const noexcept { return peer().response(); }

std::uint16_t Session::status() const noexcept { return peer().status(); }

const Agreement& Session::agreement() const noexcept { return peer().agreement(); }

Connection* Session::connection() noexcept { return peer().connection(); }

Refusal Session::close(CloseCode code, std::string_view reason) noexcept {
    return peer().close(code, reason);
}

Refusal Session::receive(Bytes octets, Time now) noexcept { return peer().receive(octets, now); }

Event Session::next_event() noexcept { return peer().next_event(); }

Bytes Session::unread() noexcept { return peer().unread(); }

Bytes Session::landing() noexcept { return peer().landing(); }

std::size_t Session::landed(std::size_t size, Time now) noexcept {
    return peer().landed(size, now);
}

void Session::receive_end(TransportEnd end, Time now) noexcept { peer().receive_end(end, now); }

void Session::abort(Time now) noexcept { peer().abort(now); }

std::size_t Session::gather(std::span<Slice> slices) noexcept { return peer().gather(slices); }

void Session::wrote(std::size_t size, Time now) noexcept { peer().wrote(size, now); }

void Session::handed_over(std::size_t size, Time now) noexcept { peer().hand_over(size, now); }

void Session::reusable(std::size_t size) noexcept { peer().release(size); }

std::size_t Session::write_output(Bytes into, Time now) noexcept {
    return peer().write_output(into, now);
}

void Session::write_ended(Time now) noexcept { peer().write_ended(now); }

std::size_t Session::output_size() const noexcept { return peer().output_size(); }

Wants Session::wants() const noexcept { return peer().wants(); }

Time Session::deadline() const noexcept { return peer().deadline(); }

void Session::advance(Time now) noexcept { peer().advance(now); }

}  // namespace hawse
