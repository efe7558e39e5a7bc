// SPDX-License-Identifier: MIT
#include "replay/transcript_host.hpp"

#include "hawse/handshake.hpp"
#include "hawse/session.hpp"
#include "hawse/url.hpp"

#include <algorithm>
#include <cstring>

namespace hawse::test::replay {

namespace {

using connection::Moment;
using connection::Phase;

// The nonce of RFC 6455 §1.3, and the key of §5.7 for every frame, so that both can be read.
bool fill_sample(void*, std::byte* into, std::size_t size) noexcept {
    constexpr std::string_view nonce = "the sample nonce";
    for (std::size_t index = 0; index < size; ++index)
        into[index] = size == nonce.size() ? static_cast<std::byte>(nonce[index])
                                           : static_cast<std::byte>(sample_key[index % 4]);
    return true;
}

/// What a call lends while it lasts.
struct Lent {
    explicit Lent(const Call& call) {
        for (const auto& [name, value] : call.fields) fields.push_back({name, value});
        for (const std::string& one : call.subprotocols) subprotocols.emplace_back(one);
    }
    std::vector<Field> fields;
    std::vector<std::string_view> subprotocols;
};

template <typename Server>
std::optional<Refusal> answer_request(Server& server, const Call& call) {
    const Lent lent(call);
    if (call.verb == Verb::reject)
        return server.reject({static_cast<std::uint16_t>(call.number), lent.fields, call.octets});
    Acceptance acceptance;
    if (!lent.subprotocols.empty()) acceptance.subprotocol = lent.subprotocols.front();
    acceptance.fields = lent.fields;
    return server.accept(acceptance);
}

template <typename Client>
std::optional<Refusal> start(Client& client, const Call& call) {
    const Lent lent(call);
    Url url;
    const Refusal refusal = parse_url(call.url, url);
    if (refusal != Refusal::none) return refusal;
    ClientRequest request;
    request.host = url.host;
    request.port = url.port;
    request.secure = url.secure;
    request.target = url.target;
    request.origin = call.origin;
    request.subprotocols = lent.subprotocols;
    request.fields = lent.fields;
    return client.start(request);
}

// What people ask of a request or a response: "field Origin" is the value of a field.
template <typename Head>
std::string answer_of_head(const Head& head, std::string_view question) {
    constexpr std::string_view field = "field ";
    if (question.starts_with(field))
        return quoted(as_bytes(head.field(question.substr(field.size()))));
    return "unknown";
}
std::string answer_of_request(const Request& request, std::string_view question) {
    if (question == "target") return quoted(as_bytes(request.target));
    if (question == "resource") return quoted(as_bytes(request.resource));
    if (question == "authority") return quoted(as_bytes(request.authority));
    if (question == "origin") return quoted(as_bytes(request.origin));
    return answer_of_head(request, question);
}
std::string answer_of_response(const Response& response, std::string_view question) {
    if (question == "body") return quoted(response.body);
    return answer_of_head(response, question);
}

// "client 15 alone, server 9": the bits of each window, and whose messages stand alone.
std::string in_words(const DeflateAgreement& agreement) {
    const auto direction = [](const char* side, DeflateDirection way) {
        return side + std::to_string(way.window_bits) + (way.takeover ? "" : " alone");
    };
    if (!agreement.agreed) return quoted({});
    return quoted(as_bytes(direction("client ", agreement.client) +
                           direction(", server ", agreement.server)));
}

/// What all of them share.
template <typename Object>
class Driving : public Subject {
public:
    template <typename... Arguments>
    explicit Driving(const Arguments&... arguments) : object(arguments...) {}

    void receive_end(TransportEnd end, Time now) override { object.receive_end(end, now); }
    std::size_t gather(std::span<Slice> slices) override { return object.gather(slices); }
    void wrote(std::size_t size, Time now) override { object.wrote(size, now); }
    std::size_t write_output(Bytes into, Time now) override {
        return object.write_output(into, now);
    }
    void write_ended(Time now) override { object.write_ended(now); }
    void abort(Time now) override { object.abort(now); }
    void advance(Time now) override { object.advance(now); }
    Wants wants() const override { return object.wants(); }
    Time deadline() const override { return object.deadline(); }
    std::size_t output_size() const override { return object.output_size(); }

    Object object;
};

/// A Connection, or a Session.
template <typename Object>
class Conversing : public Driving<Object> {
public:
    using Driving<Object>::Driving;
    using Driving<Object>::object;

    Refusal receive(Bytes octets, Time now) override { return object.receive(octets, now); }
    Bytes landing() override { return object.landing(); }
    std::size_t landed(std::size_t size, Time now) override { return object.landed(size, now); }
    EventKind next_event(Told& told) override {
        const Event event = object.next_event();
        if (event) tell(told, event);
        return event.kind();
    }
    std::optional<Refusal> carry_out(const Call& call) override {
        if (call.verb != Verb::close) return std::nullopt;
        return object.close(CloseCode{static_cast<std::uint16_t>(call.number)},
                            as_text(call.octets));
    }
    virtual void tell(Told& told, const Event& event) { told.tell(event); }
};

class DrivenConnection final : public Conversing<Connection> {
public:
    using Conversing::Conversing;
    Connection* conversation() override { return &object; }
};

class DrivenSession final : public Conversing<Session> {
public:
    DrivenSession(const Config& config, Role role, Time now)
        : Conversing(config, role, now), role_(role) {}
    Connection* conversation() override { return object.connection(); }
    void tell(Told& told, const Event& event) override {
        if (event.kind() == EventKind::response)
            told.tell("response " + std::to_string(object.status()));
        else
            told.tell(event);
    }
    std::optional<Refusal> carry_out(const Call& call) override {
        if (call.verb == Verb::start) return start(object, call);
        if (call.verb == Verb::accept || call.verb == Verb::reject)
            return answer_request(object, call);
        return Conversing::carry_out(call);
    }
    std::string answer(std::string_view question) override {
        if (question == "status") return std::to_string(object.status());
        if (question == "subprotocol") return quoted(as_bytes(object.agreement().subprotocol));
        if (question == "deflate") return in_words(object.agreement().deflate);
        return role_ == Role::server ? answer_of_request(object.request(), question)
                                     : answer_of_response(object.response(), question);
    }

private:
    Role role_;
};

std::string in_words(const HandshakeEvent& event) {
    constexpr const char* kinds[] = {"none", "request", "response", "opened", "failed", "closed"};
    std::string words = kinds[static_cast<std::size_t>(event.kind)];
    if (event.status != 0) words += ' ' + std::to_string(event.status);
    if (event.cause == Cause::violation) return words + ' ' + describe(event.violation).name;
    return event.cause == Cause::none ? words : words + ' ' + hawse::name_of(event.cause);
}

EventKind kind_of(HandshakeEventKind kind) {
    constexpr EventKind kinds[] = {EventKind::none,   EventKind::request, EventKind::response,
                                   EventKind::opened, EventKind::failed,  EventKind::closed};
    return kinds[static_cast<std::size_t>(kind)];
}

/// Either side's bare handshake. What it does not take is left for the connection.
template <typename Object>
class Opening : public Driving<Object> {
public:
    using Driving<Object>::Driving;
    using Driving<Object>::object;

    Refusal receive(Bytes octets, Time now) override {
        const std::size_t taken = object.receive(octets, now);
        append(left, ConstBytes(octets).subspan(taken));
        return Refusal::none;
    }
    EventKind next_event(Told& told) override {
        const HandshakeEvent event = object.next_event();
        if (event) told.tell(in_words(event));
        return kind_of(event.kind);
    }
    std::string answer(std::string_view question) override {
        constexpr const char* states[] = {"opening", "open", "failed", "closed"};
        if (question == "state") return states[static_cast<std::size_t>(object.state())];
        if (question == "left") return quoted(left);
        if (question == "subprotocol") return quoted(as_bytes(object.agreement().subprotocol));
        if (question == "deflate") return in_words(object.agreement().deflate);
        return "unknown";
    }
    Octets left;
};

class DrivenServerHandshake final : public Opening<ServerHandshake> {
public:
    using Opening::Opening;
    std::optional<Refusal> carry_out(const Call& call) override {
        if (call.verb != Verb::accept && call.verb != Verb::reject) return std::nullopt;
        return answer_request(object, call);
    }
    std::string answer(std::string_view question) override {
        if (question == "left") {
            Octets early = copy_of(object.take_early());
            append(early, left);
            left = std::move(early);
        }
        const std::string found = Opening::answer(question);
        return found != "unknown" ? found : answer_of_request(object.request(), question);
    }
};

class DrivenClientHandshake final : public Opening<ClientHandshake> {
public:
    using Opening::Opening;
    std::optional<Refusal> carry_out(const Call& call) override {
        if (call.verb != Verb::start) return std::nullopt;
        return start(object, call);
    }
    std::string answer(std::string_view question) override {
        const std::string found = Opening::answer(question);
        return found != "unknown" ? found : answer_of_response(object.response(), question);
    }
};

std::string in_words(Wants wants) {
    std::string words;
    if (wants.read()) words += " read";
    if (wants.write()) words += " write";
    if (wants.end_write()) words += " end_write";
    if (wants.close()) words += " close";
    return words.empty() ? "nothing" : words.substr(1);
}

}  // namespace

void Told::tell(const Event& event) {
    story_.tell(event);
    const auto& lines = story_.lines();
    if (lines.size() > told_)
        lines_.push_back(lines.back());
    else
        lines_.back() = lines.back();
    told_ = lines.size();
}

std::unique_ptr<Subject> subject_of(const Block& block, const Config& config, Time now) {
    Agreement agreement;
    agreement.role = block.role;
    switch (block.driven) {
        case Driven::connection: return std::make_unique<DrivenConnection>(config, agreement, now);
        case Driven::session: return std::make_unique<DrivenSession>(config, block.role, now);
        case Driven::handshake: break;
    }
    if (block.role == Role::server) return std::make_unique<DrivenServerHandshake>(config, now);
    return std::make_unique<DrivenClientHandshake>(config, now);
}

// ---- The phase ----

void PhaseWatch::begin(const Call* call) noexcept {
    call_ = call;
    phase_before_ = phase_;
}

// Which moment took us from where we are. A conversation that came to a phase within one beat, and left
// it in the same, did so because its output was through.
Moment PhaseWatch::moment_to(Phase to) const noexcept {
    switch (to) {
        case Phase::close_sent: return Moment::we_close;
        case Phase::exchanged: return Moment::peer_closes;
        case Phase::failed: return Moment::we_fail;
        case Phase::ending: return Moment::drained_to_end;
        case Phase::awaiting_end: return Moment::drained_to_await;
        case Phase::lingering: return Moment::write_ended;
        case Phase::open:
        case Phase::closed: break;
    }
    if (call_ == nullptr || phase_ != phase_before_) return Moment::drained_to_close;
    if (call_->verb == Verb::broken) return Moment::transport_breaks;
    if (call_->verb == Verb::tick) return Moment::time_runs_out;
    if (call_->verb == Verb::abort) return Moment::we_abort;
    const bool ends = call_->verb == Verb::end && after(phase_, Moment::input_ends) == to;
    return ends ? Moment::input_ends : Moment::drained_to_close;
}

void PhaseWatch::go(Phase to) noexcept {
    if (to == phase_) return;
    arrows_.push_back({phase_, moment_to(to)});
    phase_ = to;
}

void PhaseWatch::see(EventKind kind) noexcept {
    closing_told_ = closing_told_ || kind == EventKind::closing;
    failed_told_ = failed_told_ || kind == EventKind::failed;
    if (kind == EventKind::closing) go(Phase::exchanged);
    if (kind == EventKind::failed) go(Phase::failed);
    if (kind == EventKind::closed) go(Phase::closed);
}

void PhaseWatch::look(const Connection& connection, Role role) noexcept {
    const Wants wants = connection.wants();
    if (wants.close() || phase_ == Phase::closed || connection.state() == State::closed) return;
    if (!closing_told_ && !failed_told_) {
        if (connection.state() == State::closing) go(Phase::close_sent);
    } else if (wants.end_write()) {
        go(Phase::ending);
    } else if (phase_ == Phase::ending && wants.read()) {
        go(Phase::lingering);
    } else if (phase_ == Phase::exchanged && role == Role::client &&
               wants == Wants(Wants::read_bit)) {
        go(Phase::awaiting_end);
    }
}

// ---- The host ----

TranscriptHost::TranscriptHost(const Block& block, Drain drain, bool lands)
    : role_(block.role), driven_(block.driven), drain_(drain), lands_(lands) {
    Config config = block.config;
    config.pool = rig_.config.pool;
    config.entropy = {fill_sample, nullptr};
    rig_.config = config;
    subject_ = subject_of(block, rig_.config, now_);
}

void TranscriptHost::look() noexcept {
    if (driven_ == Driven::connection) watch_.look(*subject_->conversation(), role_);
}

std::size_t TranscriptHost::write(std::size_t size_max) {
    std::array<std::byte, 512> piece;
    std::size_t total = 0;
    const std::size_t stride = drain_ == Drain::by_one ? 1 : piece.size();
    while (total < size_max) {
        const std::size_t room = std::min(stride, size_max - total);
        const std::size_t size = subject_->write_output(Bytes(piece).first(room), now_);
        if (size == 0) break;
        output.insert(output.end(), piece.begin(), piece.begin() + std::ptrdiff_t(size));
        total += size;
    }
    return total;
}

// Two octets of three at a time.
void TranscriptHost::write_by_gather() {
    std::array<Slice, 3> slices;
    while (const std::size_t count = subject_->gather(slices)) {
        Octets shown;
        for (std::size_t index = 0; index < count; ++index) append(shown, slices[index].bytes());
        const std::size_t taken = shown.size() - shown.size() / 3;
        append(output, ConstBytes(shown).first(taken));
        subject_->wrote(taken, now_);
    }
}

void TranscriptHost::settle() {
    look();
    if (stalled_) return;
    if (drain_ == Drain::gather)
        write_by_gather();
    else
        write(SIZE_MAX);
    look();
}

void TranscriptHost::pull() {
    settle();
    for (;;) {
        const EventKind kind = subject_->next_event(told);
        if (kind == EventKind::none) break;
        if (driven_ == Driven::connection) watch_.see(kind);
        settle();
    }
    settle();
}

void TranscriptHost::land(ConstBytes& octets) {
    while (!octets.empty()) {
        const Bytes place = subject_->landing();
        if (place.empty()) return;
        const std::size_t size = std::min(place.size(), octets.size());
        std::memcpy(place.data(), octets.data(), size);
        octets = octets.subspan(subject_->landed(size, now_));
        pull();
    }
}

// Lends `octets` in memory of exactly their size, which is gone when all is pulled.
bool TranscriptHost::feed(ConstBytes octets) {
    if (lands_) land(octets);
    const std::unique_ptr<std::byte[]> place(new std::byte[octets.size()]);
    if (!octets.empty()) std::memcpy(place.get(), octets.data(), octets.size());
    const Refusal refusal = subject_->receive({place.get(), octets.size()}, now_);
    if (refusal != Refusal::none) told.tell(std::string("refused ") + hawse::name_of(refusal));
    pull();
    return refusal == Refusal::none;
}

// What is said to the engine and may be refused.
std::optional<Refusal> TranscriptHost::say(const Call& call) {
    const std::optional<Refusal> refusal = subject_->carry_out(call);
    Connection* const conversation = subject_->conversation();
    if (refusal.has_value() || conversation == nullptr) return refusal;
    const MessageKind kind = call.is_text ? MessageKind::text : MessageKind::binary;
    const Verb verb = call.verb;
    if (verb == Verb::send) return conversation->send(kind, call.octets);
    if (verb == Verb::begin) return conversation->send_begin(kind);
    if (verb == Verb::part) return conversation->send_part(call.octets, false);
    if (verb == Verb::last) return conversation->send_part(call.octets, true);
    if (verb == Verb::ping) return conversation->ping(call.octets);
    return std::nullopt;
}

// What the transport and the clock do; false when it is none of theirs.
bool TranscriptHost::move(const Call& call) {
    std::array<Slice, 8> slices;
    const Verb verb = call.verb;
    if (verb == Verb::end)
        subject_->receive_end(TransportEnd::orderly, now_);
    else if (verb == Verb::broken)
        subject_->receive_end(TransportEnd::broken, now_);
    else if (verb == Verb::write_ended)
        subject_->write_ended(now_);
    else if (verb == Verb::abort)
        subject_->abort(now_);
    else if (verb == Verb::tick)
        subject_->advance(now_ = now_ + nanoseconds(static_cast<std::int64_t>(call.number)));
    else if (verb == Verb::stall || verb == Verb::flow)
        stalled_ = verb == Verb::stall;
    else if (verb == Verb::write)
        write(static_cast<std::size_t>(call.number));
    else if (verb == Verb::gather)
        (void)subject_->gather(slices);
    else
        return false;
    return true;
}

std::string TranscriptHost::carry_out(const Call& call) {
    std::string name = "none";
    if (!move(call)) {
        const std::optional<Refusal> refusal = say(call);
        if (!refusal.has_value()) return "no_such_call";
        name = hawse::name_of(*refusal);
    }
    pull();
    return name;
}

std::string TranscriptHost::answer(std::string_view question) {
    const auto in_seconds = [&] {
        const Time deadline = subject_->deadline();
        if (deadline == never) return std::string("never");
        return in_notation(deadline - now_);
    };
    if (question == "wants") return in_words(subject_->wants());
    if (question == "deadline") return in_seconds();
    if (question == "output_size") return std::to_string(subject_->output_size());
    if (question == "state" && driven_ != Driven::handshake)
        return subject_->conversation() == nullptr
                   ? "opening"
                   : hawse::name_of(subject_->conversation()->state());
    if (question == "phase" && driven_ == Driven::connection)
        return connection::name_of(watch_.phase());
    return subject_->answer(question);
}

}  // namespace hawse::test::replay
