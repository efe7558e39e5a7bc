// SPDX-License-Identifier: MIT
#include "handshake/client.hpp"

#include "handshake/request_head.hpp"
#include "handshake/status.hpp"

#include <new>

namespace hawse::handshake {

Client::Client(const Config& config, Time now) noexcept
    : config_(config), head_(http::HeadKind::response, config.pool, config.limits),
      body_(config.pool, config.limits.response_body_size_max), offered_(config),
      output_(config.pool), patience_(now, config.waits.opening, config.waits.clock_jump) {}

Refusal Client::start(const ClientRequest& request) noexcept {
    if (phase_ == Phase::ended) return Refusal::not_open;
    if (phase_ != Phase::idle) return Refusal::already_started;
    if (const Refusal refusal = offered_.keep(request, Transport::http1); refusal != Refusal::none)
        return refusal;
    if (!output_.compose([&](TextWriter& writer) {
            write_request(writer, request, offered_.key(), offered_.deflate());
        })) {
        offered_.forget();
        return Refusal::out_of_memory;
    }
    phase_ = Phase::head;
    return Refusal::none;
}

std::size_t Client::receive(ConstBytes octets, Time now) noexcept {
    advance(now);
    switch (phase_) {
        case Phase::idle: return 0;  // there is no key to judge an answer by
        case Phase::head: return receive_heads(octets);
        case Phase::body: receive_body(octets); break;
        case Phase::open: return 0;  // the Connection's
        case Phase::ended: break;
    }
    return octets.size();
}

void Client::receive_end(TransportEnd end_of_input, Time now) noexcept {
    advance(now);
    stop(end_of_input == TransportEnd::orderly ? Cause::transport_ended : Cause::transport_broken);
}

std::size_t Client::hand_over(std::size_t size, Time now) noexcept {
    size = output_.hand_over(size);
    note_progress(now);
    return size;
}

std::size_t Client::wrote(std::size_t size, Time now) noexcept {
    size = output_.wrote(size);
    note_progress(now);
    return size;
}

std::size_t Client::write_output(Bytes into, Time now) noexcept {
    const std::size_t size = output_.write(into);
    note_progress(now);
    return size;
}

void Client::note_progress(Time now) noexcept {
    patience_.observe(now);
    if (phase_ == Phase::open && output_.unhanded_size() == 0) patience_.stop();
}

Wants Client::wants() const noexcept {
    constexpr unsigned read = Wants::read_bit;
    const unsigned write = static_cast<unsigned>(Wants::write_bit) * (output_.unhanded_size() != 0);
    switch (phase_) {
        case Phase::idle: return {};
        case Phase::head: return Wants(read | write);
        case Phase::body: return Wants(read);
        case Phase::open: return Wants(write);
        case Phase::ended: break;
    }
    return Wants(Wants::close_bit);
}

void Client::advance(Time now) noexcept {
    if (!patience_.is_over(now)) return;
    switch (phase_) {
        case Phase::idle:
        case Phase::head:
        case Phase::open:  // the request could not be written
            fail(Cause::opening_timeout, Violation::none, 0);
            end();
            break;
        case Phase::body: end(); [[fallthrough]];
        case Phase::ended: break;
    }
}

void Client::abort(Time now) noexcept {
    advance(now);
    stop(Cause::aborted);
}

std::size_t Client::receive_heads(ConstBytes octets) noexcept {
    std::size_t count = 0;
    while (phase_ == Phase::head) {
        count += head_.take(octets.subspan(count));
        switch (head_.progress()) {
            case http::HeadProgress::reading: return count;
            case http::HeadProgress::complete: receive_head(); break;
            case http::HeadProgress::faulty:
                fail(Cause::violation, head_.fault(), 0);
                end();
                break;
            case http::HeadProgress::out_of_memory:
                fail(Cause::out_of_memory, Violation::none, 0);
                end();
                break;
        }
    }
    if (phase_ == Phase::open) return count;  // what follows is frames
    receive_body(octets.subspan(count));
    return octets.size();
}

void Client::receive_head() noexcept {
    http::StatusLine line;
    (void)http::read_status_line(head_.first_line(), line);  // it was judged when it ended
    if (is_interim(line.status)) {
        // Interim heads without end are a head without end. RFC 9110 §15.2
        if (interim_count_++ < config_.limits.interim_count_max) return head_.restart();
        fail(Cause::violation, Violation::head_too_large, 0);
        return end();
    }
    const ResponseHead head = {line.status, line.version, head_.fields(), Transport::http1};
    response_ = {line.status, head.fields, {}};
    outcome_.set_received(line.status);
    outcome_.tell(HandshakeEventKind::response);
    if (is_accepting(line.status, Transport::http1)) return judge(head);
    fail(Cause::refused, Violation::none, line.status);
    phase_ = Phase::body;
    body_.begin(head);  // one that is complete already ends in receive_body()
}

void Client::judge(const ResponseHead& head) noexcept {
    Violation fault = Violation::none;
    if (const Cause cause = offered_.judge(head, fault); cause != Cause::none) {
        fail(cause, fault, head.status);
        return end();
    }
    phase_ = Phase::open;
    state_ = HandshakeState::open;
    if (output_.unhanded_size() == 0) patience_.stop();
    outcome_.tell(HandshakeEventKind::opened);
}

void Client::receive_body(ConstBytes octets) noexcept {
    if (phase_ != Phase::body) return;
    body_.take(octets);
    response_.body = body_.bytes();
    if (body_.is_complete()) end();
}

// Ends what has not come to its end; a refusal that was told stays the reason.
void Client::stop(Cause cause) noexcept {
    const bool open = phase_ == Phase::open && output_.unhanded_size() == 0;
    if (open || phase_ == Phase::ended) return;
    if (phase_ != Phase::body) state_ = HandshakeState::closed;
    outcome_.end(cause, Violation::none, 0);
    end();
}

void Client::fail(Cause cause, Violation violation, std::uint16_t status) noexcept {
    outcome_.end(cause, violation, status);
    outcome_.tell(HandshakeEventKind::failed);
    state_ = HandshakeState::failed;
    output_.drop();
}

void Client::end() noexcept {
    phase_ = Phase::ended;
    output_.drop();
    patience_.stop();
    outcome_.tell(HandshakeEventKind::closed);
}

}  // namespace hawse::handshake

namespace hawse {

ClientHandshake::ClientHandshake(const Config& config, Time now) noexcept {
    static_assert(sizeof(handshake::Client) <= storage_size);
    static_assert(alignof(handshake::Client) <= 8);
    new (storage_) handshake::Client(config, now);
}
ClientHandshake::~ClientHandshake() { client().~Client(); }

handshake::Client& ClientHandshake::client() noexcept {
    return *std::launder(reinterpret_cast<handshake::Client*>(storage_));
}
const handshake::Client& ClientHandshake::client() const noexcept {
    return *std::launder(reinterpret_cast<const handshake::Client*>(storage_));
}

Refusal ClientHandshake::start(const ClientRequest& request) noexcept {
    return client().start(request);
}
std::size_t ClientHandshake::receive(ConstBytes octets, Time now) noexcept {
    return client().receive(octets, now);
}
void ClientHandshake::receive_end(TransportEnd end, Time now) noexcept {
    client().receive_end(end, now);
}
HandshakeEvent ClientHandshake::next_event() noexcept { return client().next_event(); }
const Response& ClientHandshake::response() const noexcept { return client().response(); }
const Agreement& ClientHandshake::agreement() const noexcept { return client().agreement(); }
std::size_t ClientHandshake::gather(std::span<Slice> slices) noexcept {
    return client().gather(slices);
}
void ClientHandshake::wrote(std::size_t size, Time now) noexcept {
    (void)client().wrote(size, now);
}
std::size_t ClientHandshake::write_output(Bytes into, Time now) noexcept {
    return client().write_output(into, now);
}
void ClientHandshake::write_ended(Time now) noexcept { client().advance(now); }
std::size_t ClientHandshake::output_size() const noexcept { return client().output_size(); }
Wants ClientHandshake::wants() const noexcept { return client().wants(); }
HandshakeState ClientHandshake::state() const noexcept { return client().state(); }
Time ClientHandshake::deadline() const noexcept { return client().deadline(); }
void ClientHandshake::advance(Time now) noexcept { client().advance(now); }
void ClientHandshake::abort(Time now) noexcept { client().abort(now); }

}  // namespace hawse
