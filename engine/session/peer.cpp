// SPDX-License-Identifier: MIT
#include "session/peer.hpp"

#include <cstring>
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

// Takes `size` octets off the front, and answers how many slices are left.
std::size_t drop_front(std::span<Slice> slices, std::size_t size) noexcept {
    std::size_t count = 0;
    for (const Slice& slice : slices) {
        const ConstBytes bytes = slice.bytes();
        const std::size_t dropped = std::min(size, bytes.size());
        size -= dropped;
        if (dropped != bytes.size()) slices[count++] = Slice(bytes.subspan(dropped));
    }
    return count;
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

void Peer::fail_without_memory() noexcept {
    out_of_memory_ = failed_to_tell_ = closed_to_tell_ = true;
    rest_ = {};
}

Refusal Peer::start(const ClientRequest& request) noexcept {
    if (role_ != Role::client) return Refusal::wrong_role;
    if (connection_ || out_of_memory_) return Refusal::already_started;
    const bool first = client_ == nullptr;
    if (!lease_handshake()) return Refusal::out_of_memory;
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
    if (refusal == Refusal::none) open();
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
    static constexpr Agreement none{};
    if (server_ != nullptr) return server_->agreement();
    return client_ != nullptr ? client_->agreement() : none;
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
    if (opened_told_) {
        clock_ = now;
        return connection_->receive(octets, now);
    }
    if (octets.empty() || out_of_memory_) return Refusal::none;
    if (role_ == Role::client && client_ == nullptr) return Refusal::not_open;
    if (!lease_handshake()) {
        fail_without_memory();
        return Refusal::none;
    }
    clock_ = now;
    visit([&](auto& side) { rest_ = octets.subspan(side.receive(octets, now)); });
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
    if (told || rest_.empty() || connection_) return event_of(told);
    // More than may be kept came before the decision, and the loan ends here.
    rest_ = {};
    if (server_ != nullptr) server_->refuse_early_octets();
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

void Peer::open() noexcept { connection_.emplace(*config_, agreement(), clock_); }

void Peer::begin_conversation() noexcept {
    if (!connection_) open();
    opened_told_ = true;
    const Bytes early = server_ != nullptr ? server_->take_early() : Bytes{};
    lends_early_ = !early.empty();
    if (lends_early_) (void)connection_->receive(early, clock_);
}

// Octets that came early, then what the host lent behind them, then its end.
Event Peer::next_conversation_event() noexcept {
    for (;;) {
        if (const Event event = connection_->next_event()) return event;
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

// Its answer is written, and what it showed was seen.
void Peer::end_handshake() noexcept {
    if (conversing_ && answer_size() == 0) give_back_handshake();
}

Event Peer::next_failure_event() noexcept {
    if (std::exchange(failed_to_tell_, false))
        return ending(EventKind::failed, Cause::out_of_memory, Violation::none);
    if (!std::exchange(closed_to_tell_, false)) return {};
    closed_told_ = true;
    return ending(EventKind::closed, Cause::out_of_memory, Violation::none);
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
    if (out_of_memory_) return;
    if (!lease_if_opening()) return fail_without_memory();
    clock_ = now;
    end_came_ = true;
    end_broken_ = end_broken_ || end == TransportEnd::broken;
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
    if (out_of_memory_) return;
    if (!lease_if_opening()) return fail_without_memory();
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

std::size_t Peer::gather(std::span<Slice> slices) noexcept {
    std::size_t count = 0;
    visit([&](const auto& side) { count = side.gather(slices); });
    count = drop_front(slices.first(count), handed_size_);
    if (connection_) count += connection_->gather(slices.subspan(count));
    return count;
}

void Peer::hand_over(std::size_t size, Time now) noexcept {
    clock_ = now;
    const std::size_t answer = std::min(size, unhanded_size());
    handed_size_ += answer;
    if (connection_) connection_->handed_over(size - answer, now);
}

void Peer::release(std::size_t size) noexcept {
    const std::size_t answer = std::min(size, handed_size_);
    handed_size_ -= answer;
    visit([&](auto& side) { side.wrote(answer, clock_); });
    end_handshake();
    if (connection_) connection_->reusable(size - answer);
}

// Behind an answer that is in flight nothing is free yet, as in Connection.
void Peer::wrote(std::size_t size, Time now) noexcept {
    if (handed_size_ != 0) return hand_over(size, now);
    clock_ = now;
    const std::size_t answer = std::min(size, answer_size());
    visit([&](auto& side) { side.wrote(answer, now); });
    end_handshake();
    if (connection_) connection_->wrote(size - answer, now);
}

std::size_t Peer::write_output(Bytes into, Time now) noexcept {
    if (handed_size_ != 0) return 0;
    clock_ = now;
    std::size_t size = 0;
    visit([&](auto& side) { size = side.write_output(into, now); });
    end_handshake();
    if (connection_ && answer_size() == 0)
        size += connection_->write_output(into.subspan(size), now);
    return size;
}

void Peer::write_ended(Time now) noexcept {
    clock_ = now;
    if (connection_) return connection_->write_ended(now);
    if (server_ != nullptr) server_->write_ended(now);
}

std::size_t Peer::output_size() const noexcept {
    return answer_size() + (connection_ ? connection_->output_size() : 0);
}

// What now.

Wants Peer::wants() const noexcept {
    constexpr unsigned write = Wants::write_bit;
    if (connection_) {
        const Wants wants = connection_->wants();
        if (wants.close() || unhanded_size() == 0) return wants;
        return Wants((wants.bits() | write) & ~unsigned{Wants::end_write_bit});
    }
    if (closed_told_) return Wants(Wants::close_bit);
    unsigned bits = is_idle() && role_ == Role::server ? unsigned{Wants::read_bit} : 0U;
    visit([&](const auto& side) { bits = side.wants().bits(); });
    if (unhanded_size() == 0) bits &= ~write;
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
        if (!lease_handshake()) return fail_without_memory();
    }
    clock_ = now;
    bool open = true;
    visit([&](auto& side) {
        side.advance(now);
        open = side.state() == HandshakeState::open;
    });
    if (!connection_) return;
    connection_->advance(now);
    if (!open) connection_->abort(now);  // the answer was not taken in time
}

}  // namespace hawse::session
