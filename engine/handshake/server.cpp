// SPDX-License-Identifier: MIT
#include "handshake/server.hpp"

#include "handshake/answer.hpp"

#include <algorithm>
#include <new>

namespace hawse::handshake {

Server::Server(const Config& config, Time now) noexcept
    : config_(config), head_(http::HeadKind::request, config.pool, config.limits),
      early_(config.pool), output_(config.pool),
      patience_(now, config.waits.opening, config.waits.clock_jump) {}

std::size_t Server::receive(ConstBytes octets, Time now) noexcept {
    advance(now);
    switch (phase_) {
        case Phase::head: return receive_head(octets);
        case Phase::deciding: return receive_early(octets);
        case Phase::opening:
        case Phase::open: return 0;  // the Connection's
        case Phase::refusing:
        case Phase::lingering:
        case Phase::ended: break;
    }
    return octets.size();
}

void Server::receive_end(TransportEnd end_of_input, Time now) noexcept {
    advance(now);
    const bool orderly = end_of_input == TransportEnd::orderly;
    receive_ended_ = true;
    if (phase_ == Phase::open || phase_ == Phase::ended) return;
    if (phase_ == Phase::refusing && orderly) return;  // who has ended sending may still read
    if (phase_ != Phase::refusing && phase_ != Phase::lingering) state_ = HandshakeState::closed;
    outcome_.end(orderly ? Cause::transport_ended : Cause::transport_broken, Violation::none, 0);
    end();
}

Refusal Server::accept(const Acceptance& acceptance) noexcept {
    if (phase_ != Phase::deciding) return Refusal::not_deciding;
    Settled settled;
    if (const Refusal refusal =
            check_acceptance(request_, acceptance, Transport::http1, config_, settled);
        refusal != Refusal::none)
        return refusal;
    const AcceptKey key = accept_key(request_.key);
    if (!output_.compose([&](TextWriter& writer) {
            settled.agreement.extensions =
                write_acceptance(writer, key, acceptance, settled, request_.expects_continue);
        }))
        return Refusal::out_of_memory;
    agreement_ = settled.agreement;
    phase_ = Phase::opening;
    state_ = HandshakeState::open;
    outcome_.tell(HandshakeEventKind::opened);
    return Refusal::none;
}

Refusal Server::reject(const Rejection& rejection) noexcept {
    if (phase_ != Phase::deciding) return Refusal::not_deciding;
    if (rejection.status < 200 || rejection.status > 599) return Refusal::invalid_status;
    if (forbids_content(rejection.status) && !rejection.body.empty())
        return Refusal::invalid_status;
    if (const Refusal refusal = check_fields(rejection.fields, Role::server, Transport::http1);
        refusal != Refusal::none)
        return refusal;
    if (!output_.compose([&](TextWriter& writer) { write_rejection(writer, rejection); },
                         rejection.body))
        return Refusal::out_of_memory;
    fail(Cause::rejected, Violation::none, rejection.status);
    return Refusal::none;
}

Bytes Server::take_early() noexcept {
    if (state_ != HandshakeState::open || early_taken_) return {};
    early_taken_ = true;
    return early_.bytes();
}

std::size_t Server::hand_over(std::size_t size, Time now) noexcept {
    const std::size_t before = output_.unhanded_size();
    size = output_.hand_over(size);
    note_progress(before, now);
    return size;
}

std::size_t Server::wrote(std::size_t size, Time now) noexcept {
    const std::size_t before = output_.unhanded_size();
    size = output_.wrote(size);
    note_progress(before, now);
    return size;
}

std::size_t Server::write_output(Bytes into, Time now) noexcept {
    const std::size_t before = output_.unhanded_size();
    const std::size_t size = output_.write(into);
    note_progress(before, now);
    return size;
}

// One octet is progress. Whether it came in time is for advance() to judge.
void Server::note_progress(std::size_t unhanded_before, Time now) noexcept {
    patience_.observe(now);
    if (output_.unhanded_size() == unhanded_before) return;
    if (phase_ == Phase::refusing) patience_.begin(config_.waits.write_stall);
    if (phase_ == Phase::opening && output_.unhanded_size() == 0) patience_.stop();  // it was taken
    if (output_.size() == 0) drained();
}

// What is in flight must not be overtaken by the end of our side.
std::size_t Server::release(std::size_t size) noexcept {
    size = output_.release(size);
    if (size != 0 && output_.size() == 0) drained();
    return size;
}

void Server::write_ended(Time now) noexcept {
    advance(now);
    write_ended_ = true;
}

Wants Server::wants() const noexcept {
    constexpr unsigned read = Wants::read_bit;
    constexpr unsigned write = Wants::write_bit;
    constexpr unsigned end_write = Wants::end_write_bit;
    const bool early_room = early_.size() < config_.limits.early_size_max;
    switch (phase_) {
        case Phase::head: return Wants(read);
        case Phase::deciding: return Wants(early_room || config_.reject_early_octets ? read : 0);
        case Phase::opening: return Wants(write);  // once all is written it is open
        case Phase::open: return {};
        case Phase::refusing:
            return Wants((receive_ended_ ? 0U : read) | (unhanded_size() != 0 ? write : 0U));
        case Phase::lingering: return Wants(write_ended_ ? read : read | end_write);
        case Phase::ended: break;
    }
    return Wants(Wants::close_bit);
}

void Server::advance(Time now) noexcept {
    if (!patience_.is_over(now)) return;
    switch (phase_) {
        case Phase::head: refuse(Cause::opening_timeout, Violation::none, 408); break;
        case Phase::deciding:
        case Phase::opening:
            output_.drop();
            fail(Cause::opening_timeout, Violation::none, 0);
            break;
        case Phase::refusing:
        case Phase::lingering: end(); [[fallthrough]];
        case Phase::open:  // nobody waits any more
        case Phase::ended: break;
    }
}

void Server::abort(Time now) noexcept {
    advance(now);
    if (phase_ == Phase::open || phase_ == Phase::ended) return;
    if (state_ != HandshakeState::failed) state_ = HandshakeState::closed;
    outcome_.end(Cause::aborted, Violation::none, 0);
    end();
}

std::size_t Server::receive_head(ConstBytes octets) noexcept {
    const std::size_t count = head_.take(octets);
    switch (head_.progress()) {
        case http::HeadProgress::reading: return count;
        case http::HeadProgress::faulty: refuse(head_.fault()); return octets.size();
        case http::HeadProgress::out_of_memory:
            fail(Cause::out_of_memory, Violation::none, 0);
            return octets.size();
        case http::HeadProgress::complete: break;
    }
    http::RequestLine line;
    (void)http::read_request_line(head_.first_line(), line);  // it was judged when it ended
    const RequestHead head = {line.method, line.target, line.version, head_.fields(),
                              Transport::http1};
    if (const Violation fault = judge_request(head, config_, request_); fault != Violation::none) {
        refuse(fault);
        return octets.size();
    }
    phase_ = Phase::deciding;
    outcome_.tell(HandshakeEventKind::request);
    return count + receive_early(octets.subspan(count));
}

// A client sends nothing before it is answered (RFC 6455 §4.1), but some do: those are frames, and
// the Connection's.
std::size_t Server::receive_early(ConstBytes octets) noexcept {
    if (octets.empty()) return 0;
    if (config_.reject_early_octets) {
        refuse(Violation::early_octets);
        return octets.size();
    }
    const std::size_t room = config_.limits.early_size_max - early_.size();
    const std::size_t count = std::min(octets.size(), room);
    if (early_.append(octets.first(count))) return count;
    fail(Cause::out_of_memory, Violation::none, 0);
    return octets.size();
}

void Server::refuse(Violation violation) noexcept {
    refuse(Cause::violation, violation, describe(violation).code);
}

void Server::refuse(Cause cause, Violation violation, std::uint16_t status) noexcept {
    if (phase_ == Phase::head) {  // nothing of the request was shown
        request_ = {};
        head_.give_back();
    }
    const bool answered =
        output_.compose([&](TextWriter& writer) { write_refusal(writer, status, violation); });
    fail(cause, violation, answered ? status : std::uint16_t{0});
}

// Without an answer there is nothing to write and nobody to wait for.
void Server::fail(Cause cause, Violation violation, std::uint16_t status) noexcept {
    outcome_.end(cause, violation, status);
    outcome_.tell(HandshakeEventKind::failed);
    if (state_ != HandshakeState::open) early_.give_back();  // else the host may hold it
    state_ = HandshakeState::failed;
    phase_ = Phase::refusing;
    patience_.begin(config_.waits.write_stall);
    if (output_.unhanded_size() == 0) end();
}

// Closing over unread input would reset the transport and take the answer with it. RFC 9112 §9.6
void Server::drained() noexcept {
    if (phase_ == Phase::opening) {
        phase_ = Phase::open;
        patience_.stop();
    } else if (phase_ != Phase::refusing) {
        return;
    } else if (receive_ended_ || config_.waits.linger <= Duration{0}) {
        end();
    } else {
        phase_ = Phase::lingering;
        patience_.begin(config_.waits.linger);
    }
}

void Server::end() noexcept {
    phase_ = Phase::ended;
    output_.drop();
    patience_.stop();
    outcome_.tell(HandshakeEventKind::closed);
}

}  // namespace hawse::handshake

namespace hawse {

ServerHandshake::ServerHandshake(const Config& config, Time now) noexcept {
    static_assert(sizeof(handshake::Server) <= storage_size);
    static_assert(alignof(handshake::Server) <= 8);
    new (storage_) handshake::Server(config, now);
}
ServerHandshake::~ServerHandshake() { server().~Server(); }

handshake::Server& ServerHandshake::server() noexcept {
    return *std::launder(reinterpret_cast<handshake::Server*>(storage_));
}
const handshake::Server& ServerHandshake::server() const noexcept {
    return *std::launder(reinterpret_cast<const handshake::Server*>(storage_));
}

std::size_t ServerHandshake::receive(ConstBytes octets, Time now) noexcept {
    return server().receive(octets, now);
}
void ServerHandshake::receive_end(TransportEnd end, Time now) noexcept {
    server().receive_end(end, now);
}
HandshakeEvent ServerHandshake::next_event() noexcept { return server().next_event(); }
const Request& ServerHandshake::request() const noexcept { return server().request(); }
Refusal ServerHandshake::accept(const Acceptance& acceptance) noexcept {
    return server().accept(acceptance);
}
Refusal ServerHandshake::reject(const Rejection& rejection) noexcept {
    return server().reject(rejection);
}
const Agreement& ServerHandshake::agreement() const noexcept { return server().agreement(); }
Bytes ServerHandshake::take_early() noexcept { return server().take_early(); }
std::size_t ServerHandshake::gather(std::span<Slice> slices) noexcept {
    return server().gather(slices);
}
void ServerHandshake::wrote(std::size_t size, Time now) noexcept {
    (void)server().wrote(size, now);
}
std::size_t ServerHandshake::write_output(Bytes into, Time now) noexcept {
    return server().write_output(into, now);
}
void ServerHandshake::write_ended(Time now) noexcept { server().write_ended(now); }
std::size_t ServerHandshake::output_size() const noexcept { return server().output_size(); }
Wants ServerHandshake::wants() const noexcept { return server().wants(); }
HandshakeState ServerHandshake::state() const noexcept { return server().state(); }
Time ServerHandshake::deadline() const noexcept { return server().deadline(); }
void ServerHandshake::advance(Time now) noexcept { server().advance(now); }
void ServerHandshake::abort(Time now) noexcept { server().abort(now); }

}  // namespace hawse
