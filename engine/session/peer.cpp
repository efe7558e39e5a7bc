// SPDX-License-Identifier: MIT
#include "session/peer.hpp"

#include <cassert>
#include <new>

namespace hawse::session {

namespace {

constexpr std::size_t handshake_size =
    std::max(sizeof(handshake::Server), sizeof(handshake::Client));

constexpr EventKind kind_of(HandshakeEventKind kind) noexcept {
    switch (kind) {
        case HandshakeEventKind::none: break;
        case HandshakeEventKind::request: return EventKind::request;
        case HandshakeEventKind::response: return EventKind::response;
        case HandshakeEventKind::opened: return EventKind::opened;
        case HandshakeEventKind::failed: return EventKind::failed;
        case HandshakeEventKind::closed: return EventKind::closed;
    }
    return EventKind::none;
}

Event ending(EventKind kind, Cause cause, Violation violation) noexcept {
    return {kind, 0, {}, {.cause = cause, .violation = violation}};
}

}  // namespace

// The handshake.

bool Peer::lease_handshake() noexcept {
    if (has_handshake()) return true;
    std::byte* const memory =
        config_->pool == nullptr ? nullptr : config_->pool->lease(handshake_size);
    if (memory == nullptr) return false;
    if (role_ == Role::server)
        server_ = new (memory) handshake::Server(*config_, clock_);
    else
        client_ = new (memory) handshake::Client(*config_, clock_);
    return true;
}

void Peer::give_back_handshake() noexcept {
    if (!has_handshake()) return;
    void* memory = nullptr;
    visit([&](auto& side) {
        memory = &side;
        std::destroy_at(&side);
    });
    server_ = nullptr;
    client_ = nullptr;
    config_->pool->give_back(static_cast<std::byte*>(memory), handshake_size);
}

// Without a handshake there is nothing to answer with, and none is leased for that.
void Peer::end_idle(Cause cause) noexcept {
    cause_ = cause;
    failed_to_tell_ = cause == Cause::out_of_memory;
    closed_to_tell_ = true;
    rest_ = {};
}

// An answer that was not taken in time takes the conversation with it.
void Peer::check_answer() noexcept {
    bool open = true;
    visit([&](const auto& side) { open = side.state() == HandshakeState::open; });
    if (connection_ && !open) connection_->end(Cause::opening_timeout, clock_);
}

Refusal Peer::start(const ClientRequest& request) noexcept {
    if (role_ != Role::client) return Refusal::wrong_role;
    if (cause_ != Cause::none) return Refusal::not_open;
    if (connection_) return Refusal::already_started;
    const bool first = client_ == nullptr;
    if (!lease_handshake()) return Refusal::out_of_memory;
    assert(client_ != nullptr);  // by its role
    const Refusal refusal = client_->start(request);
    if (first && refusal != Refusal::none) give_back_handshake();
    return refusal;
}

const Request& Peer::request() const noexcept {
    static constexpr Request none{};
    return server_ != nullptr ? server_->request() : none;
}

Refusal Peer::accept(const Acceptance& acceptance) noexcept {
    if (server_ == nullptr) return Refusal::not_deciding;
    const Refusal refusal = server_->accept(acceptance);
    if (refusal != Refusal::none) return refusal;
    open();
    connection_->begin_soon();  // the last time that was told may be long ago
    return refusal;
}

Refusal Peer::reject(const Rejection& rejection) noexcept {
    return server_ != nullptr ? server_->reject(rejection) : Refusal::not_deciding;
}

const Response& Peer::response() const noexcept {
    static constexpr Response none{};
    return client_ != nullptr ? client_->response() : none;
}

const Agreement& Peer::agreement() const noexcept {
    static constexpr Agreement servers_none{.role = Role::server};
    static constexpr Agreement clients_none{.role = Role::client};
    if (server_ != nullptr) return server_->agreement();
    if (client_ != nullptr) return client_->agreement();
    return role_ == Role::server ? servers_none : clients_none;
}

Refusal Peer::close(CloseCode code, std::string_view reason) noexcept {
    if (connection_) return connection_->close(code, reason);
    if (reject({.status = 503, .fields = {}, .body = {}}) != Refusal::none) abort(clock_);
    return Refusal::none;
}

// What comes in.

Refusal Peer::receive(Bytes octets, Time now) noexcept {
    if (!rest_.empty()) return Refusal::unread_input;
    if (end_came_) return Refusal::transport_ended;
    if (opened_told_ && !lends_early_) {
        clock_ = now;
        return connection_->receive(octets, now);
    }
    if (octets.empty() || cause_ != Cause::none) return Refusal::none;
    if (role_ == Role::client && (client_ == nullptr || !client_->is_started()))
        return Refusal::not_open;
    if (!lease_handshake()) {
        end_idle(Cause::out_of_memory);
        return Refusal::none;
    }
    clock_ = now;
    rest_ = octets;
    if (opened_told_) return Refusal::none;  // behind what came early
    visit([&](auto& side) { rest_ = octets.subspan(side.receive(octets, now)); });
    check_answer();
    if (client_ != nullptr && client_->state() == HandshakeState::open) open();
    return Refusal::none;
}

Event Peer::next_event() noexcept {
    if (opened_told_) return next_conversation_event();
    if (const Event event = next_opening_event()) return event;
    return next_failure_event();
}

Event Peer::next_opening_event() noexcept {
    HandshakeEvent told;
    visit([&](auto& side) { told = side.next_event(); });
    if (told || rest_.empty()) return event_of(told);
    // More than may be kept came before the decision, and the loan ends here.
    rest_ = {};
    assert(server_ != nullptr);  // a client takes all until it has opened
    server_->refuse_early_octets();
    if (std::exchange(end_waits_, false)) tell_end();
    visit([&](auto& side) { told = side.next_event(); });
    return event_of(told);
}

Event Peer::event_of(const HandshakeEvent& told) noexcept {
    if (told.status != 0) status_ = told.status;
    if (told.kind == HandshakeEventKind::opened) begin_conversation();
    if (told.kind == HandshakeEventKind::closed) closed_told_ = true;
    return ending(kind_of(told.kind), told.cause, told.violation);
}

void Peer::open() noexcept {
    if (!connection_) connection_.emplace(*config_, agreement(), clock_);
}

void Peer::begin_conversation() noexcept {
    opened_told_ = true;
    const Bytes early = server_ != nullptr ? server_->take_early() : Bytes{};
    if (!early.empty()) lends_early_ = connection_->receive(early, clock_) == Refusal::none;
}

// Octets that came early, then what the host lent behind them, then its end.
Event Peer::next_conversation_event() noexcept {
    for (;;) {
        if (const Event event = connection_->next_event())
            return lends_early_ ? event.moved_inside() : event;
        lends_early_ = false;
        if (!rest_.empty())
            (void)connection_->receive(std::exchange(rest_, {}), clock_);
        else if (std::exchange(end_waits_, false))
            tell_end();
        else
            break;
    }
    conversing_ = true;
    end_handshake();
    return {};
}

// Its answer is written, or was never shown, and what it showed of the request was seen.
void Peer::end_handshake() noexcept {
    if (!conversing_) return;
    if (connection_->wants().close()) visit([](auto& side) { side.drop_output(); });
    if (answer_size() == 0) give_back_handshake();
}

Event Peer::next_failure_event() noexcept {
    if (std::exchange(failed_to_tell_, false))
        return ending(EventKind::failed, cause_, Violation::none);
    if (!std::exchange(closed_to_tell_, false)) return {};
    closed_told_ = true;
    return ending(EventKind::closed, cause_, Violation::none);
}

Bytes Peer::unread() noexcept {
    if (!rest_.empty() || lends_early_ || !opened_told_) return std::exchange(rest_, {});
    return connection_->unread();
}

Bytes Peer::landing() noexcept {
    return opened_told_ && rest_.empty() ? connection_->landing() : Bytes{};
}

std::size_t Peer::landed(std::size_t size, Time now) noexcept {
    if (!connection_) return 0;
    clock_ = now;
    return connection_->landed(size, now);
}

void Peer::receive_end(TransportEnd end, Time now) noexcept {
    if (cause_ != Cause::none) return;
    end_came_ = true;
    end_broken_ = end_broken_ || end == TransportEnd::broken;
    if (is_idle()) return end_idle(end_broken_ ? Cause::transport_broken : Cause::transport_ended);
    clock_ = now;
    end_waits_ = !rest_.empty() || (connection_ && !opened_told_);
    if (!end_waits_) tell_end();
}

void Peer::tell_end() noexcept {
    const TransportEnd end = end_broken_ ? TransportEnd::broken : TransportEnd::orderly;
    if (connection_)
        connection_->receive_end(end, clock_);
    else
        visit([&](auto& side) { side.receive_end(end, clock_); });
}

void Peer::abort(Time now) noexcept {
    if (cause_ != Cause::none) return;
    if (is_idle()) return end_idle(Cause::aborted);
    clock_ = now;
    rest_ = {};
    end_waits_ = false;
    if (connection_)
        connection_->abort(now);
    else
        visit([&](auto& side) { side.abort(now); });
}

// What goes out: the handshake's answer, then what the Connection has.

std::size_t Peer::answer_size() const noexcept {
    std::size_t size = 0;
    visit([&](const auto& side) { size = side.output_size(); });
    return size;
}

std::size_t Peer::unhanded_size() const noexcept {
    std::size_t size = 0;
    visit([&](const auto& side) { size = side.unhanded_size(); });
    return size;
}

bool Peer::is_in_flight() const noexcept {
    bool in_flight = false;
    visit([&](const auto& side) { in_flight = side.is_in_flight(); });
    return in_flight;
}

std::size_t Peer::gather(std::span<Slice> slices) noexcept {
    if (wants().close()) return 0;
    std::size_t count = 0;
    visit([&](auto& side) { count = side.gather(slices); });
    const bool whole = size_of(slices.first(count)) == unhanded_size();
    if (connection_ && whole) count += connection_->gather(slices.subspan(count));
    return count;
}

// What waits behind the answer is not stalled while that moves.
void Peer::note_progress(std::size_t answer_size) noexcept {
    if (connection_ && answer_size != 0) connection_->note_progress(clock_);
}

void Peer::hand_over(std::size_t size, Time now) noexcept {
    observe(now);
    std::size_t answer = 0;
    visit([&](auto& side) { answer = side.hand_over(size, now); });
    note_progress(answer);
    if (connection_) connection_->handed_over(size - answer, now);
}

void Peer::release(std::size_t size) noexcept {
    std::size_t answer = 0;
    visit([&](auto& side) { answer = side.release(size); });
    note_progress(answer);
    end_handshake();
    if (connection_) connection_->reusable(size - answer);
}

// Behind an answer that is in flight nothing is free yet, as in Connection.
void Peer::wrote(std::size_t size, Time now) noexcept {
    if (is_in_flight()) return hand_over(size, now);
    observe(now);
    std::size_t answer = 0;
    visit([&](auto& side) { answer = side.wrote(size, now); });
    note_progress(answer);
    end_handshake();
    if (connection_) connection_->wrote(size - answer, now);
}

std::size_t Peer::write_output(Bytes into, Time now) noexcept {
    if (is_in_flight() || wants().close()) return 0;
    observe(now);
    std::size_t size = 0;
    visit([&](auto& side) { size = side.write_output(into, now); });
    note_progress(size);
    end_handshake();
    if (connection_ && unhanded_size() == 0)
        size += connection_->write_output(into.subspan(size), now);
    return size;
}

void Peer::write_ended(Time now) noexcept {
    observe(now);
    if (connection_) return connection_->write_ended(now);
    if (server_ != nullptr) server_->write_ended(now);
}

std::size_t Peer::output_size() const noexcept {
    return answer_size() + (connection_ ? connection_->output_size() : 0);
}

// What now.

Wants Peer::wants() const noexcept {
    if (connection_) {
        const Wants wants = connection_->wants();
        if (wants.close() || unhanded_size() == 0) return wants;
        return Wants((wants.bits() | Wants::write_bit) & ~unsigned{Wants::end_write_bit});
    }
    if (closed_told_) return Wants(Wants::close_bit);
    unsigned bits = is_idle() && role_ == Role::server ? unsigned{Wants::read_bit} : 0U;
    visit([&](const auto& side) { bits = side.wants().bits(); });
    return Wants(bits & ~unsigned{Wants::close_bit});
}

Time Peer::deadline() const noexcept {
    const Duration opening = config_->waits.opening;
    if (is_idle()) return opening > Duration{} ? clock_ + opening : never;
    Time time = connection_ ? connection_->deadline() : never;
    visit([&](const auto& side) { time = std::min(time, side.deadline()); });
    return time;
}

void Peer::advance(Time now) noexcept {
    if (is_idle()) {
        if (now < clock_) clock_ = now;  // the clock stepped back: the wait begins anew
        if (now < deadline()) return;
        if (!lease_handshake()) return end_idle(Cause::out_of_memory);
    }
    clock_ = now;
    visit([&](auto& side) { side.advance(now); });
    check_answer();
    if (connection_) connection_->advance(now);
}

}  // namespace hawse::session
