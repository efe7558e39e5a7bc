// SPDX-License-Identifier: MIT
// The openings from parsed fields, both roles: what was judged, what is to be sent, and in which
// order it may be asked for. Judging and composing are elsewhere.
#include "hawse/opening.hpp"

#include "handshake/answer.hpp"
#include "handshake/field_list.hpp"
#include "handshake/offered.hpp"
#include "handshake/request_head.hpp"
#include "handshake/status.hpp"
#include "http/field.hpp"

#include <cassert>
#include <new>

namespace hawse {

using handshake::TextWriter;

struct ServerOpening::State {
    enum class Phase : std::uint8_t { judging, deciding, accepted, refused };

    explicit State(const Config& made_from) noexcept : config(made_from), answer(made_from.pool) {}

    const Config& config;
    Request request = {};
    Agreement agreement = {};
    handshake::FieldList answer;
    std::uint16_t status = 0;
    Transport transport = Transport::http1;
    Violation fault = Violation::none;
    Phase phase = Phase::judging;
};

ServerOpening::ServerOpening(const Config& config) noexcept {
    static_assert(sizeof(State) <= storage_size && alignof(State) <= 8);
    new (storage_) State(config);
}
ServerOpening::~ServerOpening() { state().~State(); }

ServerOpening::State& ServerOpening::state() noexcept {
    return *std::launder(reinterpret_cast<State*>(storage_));
}
const ServerOpening::State& ServerOpening::state() const noexcept {
    return *std::launder(reinterpret_cast<const State*>(storage_));
}

Violation ServerOpening::judge(const RequestHead& head) noexcept {
    State& self = state();
    if (self.phase != State::Phase::judging) return self.fault;
    self.transport = head.transport;
    self.fault = judge_request(head, self.config, self.request);
    self.phase = State::Phase::deciding;
    if (self.fault == Violation::none) return self.fault;
    self.phase = State::Phase::refused;
    self.status = handshake::refusing_status(self.fault, self.transport);
    const bool composed = self.answer.compose(self.transport, [&](TextWriter& writer) {
        handshake::write_refusal_fields(writer, self.status, self.fault);
    });
    assert(composed);  // no refusal needs more room than the list has within
    (void)composed;
    return self.fault;
}

Refusal ServerOpening::accept(const Acceptance& acceptance) noexcept {
    State& self = state();
    if (self.phase != State::Phase::deciding) return Refusal::not_deciding;
    handshake::Settled settled;
    Agreement& agreement = settled.agreement;
    if (const Refusal refusal = handshake::check_acceptance(self.request, acceptance,
                                                            self.transport, self.config, settled);
        refusal != Refusal::none)
        return refusal;
    AcceptKey key = {};
    if (self.transport == Transport::http1) key = accept_key(self.request.key);
    if (!self.answer.compose(self.transport, [&](TextWriter& writer) {
            agreement.extensions =
                handshake::write_acceptance_fields(writer, key, acceptance, settled);
        }))
        return Refusal::out_of_memory;
    agreement.subprotocol = http::find_field(fields(), "Sec-WebSocket-Protocol");
    self.agreement = agreement;
    self.status = handshake::accepting_status(self.transport);
    self.phase = State::Phase::accepted;
    return Refusal::none;
}

const Request& ServerOpening::request() const noexcept { return state().request; }
std::uint16_t ServerOpening::status() const noexcept { return state().status; }
std::span<const Field> ServerOpening::fields() const noexcept { return state().answer.fields(); }
const Agreement& ServerOpening::agreement() const noexcept { return state().agreement; }

struct ClientOpening::State {
    enum class Phase : std::uint8_t { idle, asking, answered };

    explicit State(const Config& config) noexcept
        : offered(config), question(config.pool),
          interim_count_max(config.limits.interim_count_max) {}

    handshake::Offered offered;
    handshake::FieldList question;
    std::string_view target = {};
    std::uint32_t interim_count_max;
    std::uint32_t interim_count = 0;
    Transport transport = Transport::http1;
    Phase phase = Phase::idle;
};

ClientOpening::ClientOpening(const Config& config) noexcept {
    static_assert(sizeof(State) <= storage_size && alignof(State) <= 8);
    new (storage_) State(config);
}
ClientOpening::~ClientOpening() { state().~State(); }

ClientOpening::State& ClientOpening::state() noexcept {
    return *std::launder(reinterpret_cast<State*>(storage_));
}
const ClientOpening::State& ClientOpening::state() const noexcept {
    return *std::launder(reinterpret_cast<const State*>(storage_));
}

Refusal ClientOpening::start(const ClientRequest& request, Transport transport) noexcept {
    State& self = state();
    if (self.phase != State::Phase::idle) return Refusal::already_started;
    if (const Refusal refusal = self.offered.keep(request, transport); refusal != Refusal::none)
        return refusal;
    if (!self.question.compose(transport, [&](TextWriter& writer) {
            const std::size_t start = writer.size();
            handshake::write_target(writer, request.target);
            self.target = writer.text_from(start);
            handshake::write_request_fields(writer, request, self.offered.key(),
                                            self.offered.deflate());
        })) {
        self.offered.forget();
        return Refusal::out_of_memory;
    }
    self.transport = transport;
    self.phase = State::Phase::asking;
    return Refusal::none;
}

std::string_view ClientOpening::method() const noexcept {
    if (state().phase == State::Phase::idle) return {};
    return state().transport == Transport::http1 ? "GET" : "CONNECT";
}
std::string_view ClientOpening::target() const noexcept { return state().target; }
std::span<const Field> ClientOpening::fields() const noexcept { return state().question.fields(); }

HandshakeEvent ClientOpening::judge(const ResponseHead& head) noexcept {
    constexpr auto failed = HandshakeEventKind::failed;
    State& self = state();
    if (self.phase != State::Phase::asking) return {};
    ResponseHead response = head;
    response.transport = self.transport;
    Violation fault = handshake::read_status(response, response.status);
    if (fault == Violation::none && handshake::is_interim(response.status)) {
        if (self.interim_count++ < self.interim_count_max) return {};
        fault = Violation::head_too_large;
    }
    if (response.status == 101 && self.transport != Transport::http1)
        fault = Violation::malformed_status_line;
    self.phase = State::Phase::answered;
    if (fault != Violation::none) return {failed, Cause::violation, fault, head.status};
    if (!handshake::is_accepting(response.status, self.transport))
        return {failed, Cause::refused, Violation::none, response.status};
    const Cause cause = self.offered.judge(response, fault);
    if (cause != Cause::none) return {failed, cause, fault, response.status};
    return {HandshakeEventKind::opened, Cause::none, Violation::none, response.status};
}

const Agreement& ClientOpening::agreement() const noexcept { return state().offered.agreement(); }

}  // namespace hawse
