// SPDX-License-Identifier: MIT
#include "relaying.hpp"

#include "transport.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace examples {

using hawse::EventKind;
using hawse::Refusal;
using hawse::Time;

namespace {

bool is_named(const hawse::Field& field, std::string_view name) noexcept {
    const auto lower = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
    };
    return std::ranges::equal(field.name, name, {}, lower, lower);
}

}  // namespace

void Side::drop() noexcept {
    if (descriptor >= 0) (void)::close(std::exchange(descriptor, -1));
    interest = 0;
    is_connecting = false;
}

std::uint32_t Side::awaited() const noexcept {
    if (descriptor < 0 || over) return 0;
    if (is_connecting) return EPOLLOUT;
    const auto wants = session->wants();
    return (pulled && wants.read() ? std::uint32_t{EPOLLIN} : 0) |
           (wants.write() ? std::uint32_t{EPOLLOUT} : 0);
}

Relay::Relay(const hawse::Config& config, const Upstream& to, int client, Time now)
    : config_(config), upstream_config_(config), to_(to), now_(now) {
    client_.descriptor = client;
    client_.session.emplace(config_, hawse::Role::server, now);
    upstream_.over = true;  // until it is asked
}

void Relay::on_ready(Side& side, Time now) {
    now_ = now;
    if (!side.is_connecting) return read(side);
    const int error = connect_error(side.descriptor);
    if (error == 0)
        side.is_connecting = false;
    else
        connect_next(error);
}

bool Relay::settle(Time now) {
    now_ = now;
    for (Side* side : {&client_, &upstream_})
        if (side->session) side->session->advance(now);
    if (upstream_.is_connecting && connect_until_ <= now) connect_next(ETIMEDOUT);
    for (bool moved = true; moved;) {
        moved = pull(client_, upstream_);
        moved = pull(upstream_, client_) || moved;
        moved = write(client_) || moved;
        moved = write(upstream_) || moved;
    }
    for (Side* side : {&client_, &upstream_}) {
        if (side->pulled) side->octets.reset();
        if (side->over) side->drop();
    }
    return !client_.over || !upstream_.over;
}

void Relay::stop() {
    for (Side* side : {&client_, &upstream_})
        if (side->session) (void)side->session->close(hawse::CloseCode::going_away);
}

Time Relay::deadline() const noexcept {
    return std::min({client_.over ? hawse::never : client_.session->deadline(),
                     upstream_.over ? hawse::never : upstream_.session->deadline(),
                     upstream_.is_connecting ? connect_until_ : hawse::never});
}

void Relay::read(Side& side) {
    if (side.descriptor < 0 || !side.pulled || !side.session->wants().read()) return;
    if (side.octets == nullptr)
        side.octets = std::make_unique_for_overwrite<std::array<std::byte, 16384>>();
    const auto octets = read_some(side.descriptor, *side.session, *side.octets, now_);
    side.pulled = false;
    (void)side.session->receive(octets, now_);
}

// Stops while the other side has much to write: what is not pulled is not consumed.
bool Relay::pull(Side& from, Side& to) {
    bool moved = false;
    while (from.session && (to.over || to.session->output_size() <= config_.limits.output_high)) {
        const hawse::Event event = from.session->next_event();
        from.pulled = !event;
        if (!event) break;
        tell(event, from, to);
        moved = true;
    }
    return moved;
}

bool Relay::write(Side& side) {
    if (side.descriptor < 0 || side.is_connecting) return false;
    const auto written = write_some(side.descriptor, *side.session, now_);
    if (written == Written::failed) side.session->receive_end(hawse::TransportEnd::broken, now_);
    if (side.session->wants().end_write()) {
        (void)::shutdown(side.descriptor, SHUT_WR);
        side.session->write_ended(now_);
        return true;
    }
    return written != Written::nothing;
}

// Pings are not passed on: each side answers its own.
void Relay::tell(const hawse::Event& event, Side& from, Side& to) {
    auto* const connection = to.session ? to.session->connection() : nullptr;
    if (event.kind() == EventKind::request) ask_upstream();
    if (event.kind() == EventKind::opened && &from == &upstream_) answer_client();
    if (event.is_frame() && connection != nullptr) pass(event, from, *connection);
    if (event.kind() == EventKind::closing && connection != nullptr)
        (void)connection->close(event.code_received(), event.reason());
    if (event.kind() == EventKind::closed) end(event, from, to);
}

// A frame that cannot be passed on leaves a gap that only an end can close; one that comes while the
// other side is closing is late.
void Relay::pass(const hawse::Event& event, Side& from, hawse::Connection& to) const {
    auto& source = *from.session->connection();
    const auto refusal = to.send_frame(event.first_octet(), event.payload(), source.frame_left());
    if (refusal == Refusal::none || refusal == Refusal::not_open) return;
    to.abort(now_);
    (void)source.close(hawse::CloseCode::internal_error);
}

// One side is over, however it came to that; the other hears of it as far as it can still be told.
void Relay::end(const hawse::Event& event, Side& from, Side& to) {
    from.over = true;
    if (to.over) return;
    auto* const connection = to.session->connection();
    auto* const ended = from.session->connection();
    if (connection == nullptr && &from == &upstream_)
        refuse_client(event.cause());
    else if (connection == nullptr || (ended != nullptr && ended->frame_left() != 0))
        to.session->abort(now_);  // inside a frame there is nothing left to say
    else
        (void)connection->close(&from == &upstream_ ? hawse::CloseCode::bad_gateway
                                                    : hawse::CloseCode::going_away);
}

// The opening.

// The upstream has less time than the client has left, so that there is some to say that it took
// too long.
void Relay::ask_upstream() {
    const auto left = std::max<std::int64_t>((client_.session->deadline() - now_).nanoseconds, 3);
    upstream_config_.waits.opening = hawse::nanoseconds(left / 3 * 2);
    upstream_.session.emplace(upstream_config_, hawse::Role::client, now_);
    upstream_.over = false;

    const auto& asked = client_.session->request();
    std::vector<std::string_view> subprotocols;
    auto offered = asked.subprotocols();
    for (auto one = offered.next(); !one.empty(); one = offered.next())
        if (std::ranges::find(subprotocols, one) == subprotocols.end()) subprotocols.push_back(one);
    const auto extensions = joined("sec-websocket-extensions", ", ");
    const auto cookies = joined("cookie", "; ");  // HTTP/2 may have cut them. RFC 9113 §8.2.3
    std::vector<hawse::Field> fields;
    for (const auto& [name, value] : {hawse::Field{"Cookie", cookies},
                                      {"Authorization", asked.field("Authorization")},
                                      {"User-Agent", asked.field("User-Agent")}})
        if (!value.empty()) fields.push_back({name, value});

    hawse::ClientRequest request;
    request.host = to_.host;
    request.port = to_.port;
    request.target = asked.resource;
    request.origin = asked.origin;
    request.subprotocols = subprotocols;
    request.fields = fields;
    request.relayed_extensions = extensions;
    request.reserved_bits = hawse::rsv_bits;  // whatever the two ends agree on
    if (upstream_.session->start(request) == Refusal::none)
        connect_next(0);
    else
        upstream_.session->abort(now_);
}

/// The address before it, if there was one, failed with `error`. One that never answers must not take the
/// time of those behind it; the last has all that is left.
void Relay::connect_next(int error) {
    upstream_.drop();
    while (next_address_ < to_.addresses.size()) {
        const auto left = static_cast<std::int64_t>(to_.addresses.size() - next_address_);
        const auto time = (upstream_.session->deadline() - now_).nanoseconds;
        connect_until_ = left == 1 ? hawse::never : now_ + hawse::nanoseconds(time / left);
        upstream_.descriptor = begin_connect(to_.addresses[next_address_++]);
        upstream_.is_connecting = upstream_.descriptor >= 0;
        if (upstream_.is_connecting) return;
        error = errno;
    }
    std::fprintf(stderr, "hawse-relay: cannot connect to %s port %u: %s\n", to_.host.c_str(),
                 unsigned{to_.port}, std::strerror(error));
    upstream_.session->receive_end(hawse::TransportEnd::broken, now_);
}

void Relay::answer_client() {
    const auto& agreed = upstream_.session->agreement();
    hawse::Acceptance acceptance;
    acceptance.subprotocol = agreed.subprotocol;
    acceptance.relayed_extensions = agreed.extensions;
    acceptance.reserved_bits = hawse::rsv_bits;
    if (client_.session->accept(acceptance) == Refusal::none) return;
    reject_client({.status = 502, .fields = {}, .body = {}});
    (void)upstream_.session->connection()->close(hawse::CloseCode::going_away);
}

void Relay::refuse_client(hawse::Cause cause) {
    hawse::Rejection rejection;
    rejection.status = cause == hawse::Cause::opening_timeout ? 504 : 502;
    if (cause != hawse::Cause::refused) return reject_client(rejection);
    const auto& response = upstream_.session->response();
    std::vector<hawse::Field> fields;
    for (const auto& field : response.fields)
        for (const std::string_view name :
             {"WWW-Authenticate", "Location", "Retry-After", "Content-Type", "Content-Encoding"})
            if (is_named(field, name)) fields.push_back({name, field.value});
    rejection.status = response.status;
    rejection.fields = fields;
    rejection.body = response.body;
    reject_client(rejection);
}

// A client that was answered before, or has left, is not told twice.
void Relay::reject_client(const hawse::Rejection& rejection) {
    const auto refusal = client_.session->reject(rejection);
    if (refusal != Refusal::none && refusal != Refusal::not_deciding) client_.session->abort(now_);
}

/// All lines of the client's field as one.
std::string Relay::joined(std::string_view name, std::string_view separator) const {
    std::string whole;
    for (const auto& field : client_.session->request().fields) {
        if (!is_named(field, name) || field.value.empty()) continue;
        if (!whole.empty()) whole += separator;
        whole += field.value;
    }
    return whole;
}

}  // namespace examples
