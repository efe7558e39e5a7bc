// SPDX-License-Identifier: MIT
// hawse-inspect: what the engine makes of octets that one side of a conversation received, one JSON
// object per event. No sockets and no clock: an engine without either needs only octets.
#include "hawse/hawse.hpp"
#include "hawse/heap.hpp"
#include "deflate_parameters.hpp"
#include "inspect_options.hpp"
#include "json_line.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

namespace {

using examples::InspectOptions;
using examples::JsonLine;
using hawse::Bytes;

/// Entropy that is known beforehand: the nonce once, and the mask key for ever.
struct KnownEntropy {
    examples::Nonce nonce;
    bool nonce_wanted;
    std::vector<std::byte> mask_key;

    static bool fill(void* context, std::byte* into, std::size_t size) noexcept {
        auto& known = *static_cast<KnownEntropy*>(context);
        if (known.nonce_wanted && size == known.nonce.size()) {
            std::copy(known.nonce.begin(), known.nonce.end(), into);
            known.nonce_wanted = false;
            return true;
        }
        for (std::size_t index = 0; index < size; ++index)
            into[index] = known.mask_key[index % known.mask_key.size()];
        return true;
    }
};

std::string_view name_of(hawse::HandshakeState state) noexcept {
    switch (state) {
        case hawse::HandshakeState::opening: return "opening";
        case hawse::HandshakeState::open: return "open";
        case hawse::HandshakeState::failed: return "failed";
        case hawse::HandshakeState::closed: return "closed";
    }
    return "";
}

/// Which requirement was broken, if one was, and a sentence for people.
void add_reason(JsonLine& line, hawse::Cause cause, hawse::Violation violation) {
    const auto& row = hawse::describe(violation);
    const bool is_violation = cause == hawse::Cause::violation;
    line.text_or_null("requirement", is_violation ? row.requirement : "")
        .text("message", is_violation ? row.sentence : hawse::describe(cause));
}

std::uint64_t number_of(hawse::CloseCode code) { return static_cast<std::uint16_t>(code); }

class Inspection {
public:
    Inspection(const InspectOptions& options, const hawse::Config& config)
        : options_(options), config_(config) {}

    /// What a server, or a client, made of `octets`. Prints every line but the last.
    void inspect_server(Bytes octets);
    hawse::Refusal inspect_client(Bytes octets);
    void converse(const hawse::Agreement& agreement, Bytes early, Bytes octets);

    /// The last line.
    void print_end() { JsonLine("end").hex("output", output_).text("state", state_).print(); }

private:
    template <typename Side>
    void pull(Side& side);
    template <typename Side>
    bool drain(Side& side);
    template <typename Side>
    void end(Side& side);
    template <typename Handshake>
    void open(Handshake& handshake, Bytes& octets);

    void tell(hawse::ServerHandshake& handshake, const hawse::HandshakeEvent& event);
    void tell(hawse::ClientHandshake& handshake, const hawse::HandshakeEvent& event);
    void tell(hawse::Connection& connection, const hawse::Event& event);
    void tell_opened(const hawse::Agreement& agreement) const;
    void tell_message(const hawse::Event& event);
    static void tell_failed(const hawse::HandshakeEvent& event);
    void tell_closed(const hawse::HandshakeEvent& event) const;

    Bytes next_piece(Bytes octets) const {
        return octets.first(std::min(options_.read_size, octets.size()));
    }

    const InspectOptions& options_;
    const hawse::Config& config_;
    hawse::Time now_ = {};  // moves only behind the end: see end()
    hawse::Statistics statistics_;
    hawse::Statistics::Direction told_;  // what the messages before the next one had counted
    std::vector<std::byte> output_;
    std::string_view state_ = "open";
};

// The driving loop: pull an event, then take all the output there is, until there is neither.
template <typename Side>
void Inspection::pull(Side& side) {
    for (bool more = true; more;) {
        const auto event = side.next_event();
        if (event) tell(side, event);
        more = drain(side) || event;
    }
    state_ = name_of(side.state());
}

template <typename Side>
bool Inspection::drain(Side& side) {
    std::array<std::byte, 16384> scratch;
    const auto size_before = output_.size();
    while (const auto size = side.write_output(scratch, now_))
        output_.insert(output_.end(), scratch.data(), scratch.data() + size);
    return output_.size() != size_before;
}

// Plays a transport that ends as soon as it is asked to, and otherwise lets time pass.
template <typename Side>
void Inspection::end(Side& side) {
    side.receive_end(hawse::TransportEnd::orderly, now_);
    pull(side);
    while (!side.wants().close()) {
        if (side.wants().end_write()) {
            side.write_ended(now_);
        } else if (side.deadline() != hawse::never) {
            now_ = std::max(now_, side.deadline());
            side.advance(now_);
        } else {
            return;
        }
        pull(side);
    }
}

template <typename Handshake>
void Inspection::open(Handshake& handshake, Bytes& octets) {
    while (!octets.empty() && handshake.state() == hawse::HandshakeState::opening) {
        const auto size = handshake.receive(next_piece(octets), now_);
        octets = octets.subspan(size);
        pull(handshake);
        if (size == 0) break;
    }
    state_ = name_of(handshake.state());
    if (options_.end && handshake.state() != hawse::HandshakeState::open) end(handshake);
}

void Inspection::inspect_server(Bytes octets) {
    hawse::ServerHandshake handshake(config_, now_);
    open(handshake, octets);
    if (handshake.state() == hawse::HandshakeState::open)
        converse(handshake.agreement(), handshake.take_early(), octets);
}

hawse::Refusal Inspection::inspect_client(Bytes octets) {
    hawse::ClientHandshake handshake(config_, now_);
    const auto refusal = handshake.start(
        {.host = "server.example.com", .target = "/chat", .subprotocols = options_.subprotocols});
    if (refusal != hawse::Refusal::none) return refusal;
    drain(handshake);
    output_.clear();  // the request was sent before the octets came
    open(handshake, octets);
    if (handshake.state() == hawse::HandshakeState::open)
        converse(handshake.agreement(), {}, octets);
    return hawse::Refusal::none;
}

void Inspection::converse(const hawse::Agreement& agreement, Bytes early, Bytes octets) {
    hawse::Connection connection(config_, agreement, now_);
    connection.count_into(&statistics_);
    for (const auto all : {early, octets}) {
        for (auto rest = all; !rest.empty();) {
            const auto piece = next_piece(rest);
            (void)connection.receive(piece, now_);
            pull(connection);
            rest = rest.subspan(piece.size());
        }
    }
    state_ = hawse::name_of(connection.state());
    if (options_.end) end(connection);
}

void Inspection::tell(hawse::ServerHandshake& handshake, const hawse::HandshakeEvent& event) {
    switch (event.kind) {
        case hawse::HandshakeEventKind::request: {
            const auto& request = handshake.request();
            JsonLine("request")
                .text("method", request.method)
                .text("target", request.target)
                .fields("fields", request.fields)
                .print();
            const auto chosen = std::find_if(
                options_.subprotocols.begin(), options_.subprotocols.end(),
                [&](std::string_view name) { return request.offers_subprotocol(name); });
            (void)handshake.accept(
                {.subprotocol = chosen == options_.subprotocols.end() ? "" : *chosen});
            return;
        }
        case hawse::HandshakeEventKind::opened: return tell_opened(handshake.agreement());
        case hawse::HandshakeEventKind::failed: return tell_failed(event);
        case hawse::HandshakeEventKind::closed: return tell_closed(event);
        case hawse::HandshakeEventKind::response:
        case hawse::HandshakeEventKind::none: return;
    }
}

void Inspection::tell(hawse::ClientHandshake& handshake, const hawse::HandshakeEvent& event) {
    switch (event.kind) {
        case hawse::HandshakeEventKind::response:
            JsonLine("response")
                .number("status", handshake.response().status)
                .fields("fields", handshake.response().fields)
                .print();
            return;
        case hawse::HandshakeEventKind::opened: return tell_opened(handshake.agreement());
        case hawse::HandshakeEventKind::failed:
            return tell_failed({event.kind, event.cause, event.violation, 0});
        case hawse::HandshakeEventKind::closed: return tell_closed(event);
        case hawse::HandshakeEventKind::request:
        case hawse::HandshakeEventKind::none: return;
    }
}

void Inspection::tell_opened(const hawse::Agreement& agreement) const {
    JsonLine line("open");
    line.text_or_null("subprotocol", agreement.subprotocol);
    if (options_.deflate) {
        const auto& deflate = agreement.deflate;
        line.text_or_null("deflate", deflate.agreed ? examples::deflate_in_words(deflate) : "");
    }
    line.print();
}

// A server that answered has refused; all else is a conversation that never began.
void Inspection::tell_failed(const hawse::HandshakeEvent& event) {
    const bool is_refused = event.status != 0;
    JsonLine line(is_refused ? "refused" : "failed");
    line.number(is_refused ? "status" : "code",
                is_refused ? event.status : number_of(hawse::CloseCode::abnormal));
    add_reason(line, event.cause, event.violation);
    line.print();
}

// A client gives up by itself, but what is printed is the end that --end stands for.
void Inspection::tell_closed(const hawse::HandshakeEvent& event) const {
    if (!options_.end) return;
    JsonLine("closed")
        .boolean("clean", false)
        .number("sent", number_of(hawse::CloseCode::abnormal))
        .number("received", number_of(hawse::CloseCode::abnormal))
        .text("cause", hawse::name_of(event.cause))
        .print();
}

void Inspection::tell(hawse::Connection&, const hawse::Event& event) {
    switch (event.kind()) {
        case hawse::EventKind::message: return tell_message(event);
        case hawse::EventKind::ping: return JsonLine("ping").hex("hex", event.payload()).print();
        case hawse::EventKind::pong: return JsonLine("pong").hex("hex", event.payload()).print();
        case hawse::EventKind::closing:
            JsonLine("closing")
                .number("code", number_of(event.code_received()))
                .text("reason", event.reason())
                .print();
            return;
        case hawse::EventKind::failed: {
            JsonLine line("failed");
            line.number("code", number_of(event.code_sent()));
            add_reason(line, event.cause(), event.violation());
            return line.print();
        }
        case hawse::EventKind::closed:
            JsonLine("closed")
                .boolean("clean", event.clean())
                .number("sent", number_of(event.code_sent()))
                .number("received", number_of(event.code_received()))
                .text("cause", hawse::name_of(event.cause()))
                .print();
            return;
        case hawse::EventKind::part:
        case hawse::EventKind::frame:
        case hawse::EventKind::request:
        case hawse::EventKind::response:
        case hawse::EventKind::opened:
        case hawse::EventKind::none: return;
    }
}

void Inspection::tell_message(const hawse::Event& event) {
    const bool is_text = event.message_kind() == hawse::MessageKind::text;
    const auto& counted = statistics_.received;
    JsonLine line(is_text ? "text" : "binary");
    if (is_text)
        line.text("data", event.text());
    else
        line.hex("hex", event.payload());
    if (counted.deflated_messages != told_.deflated_messages)
        line.number("deflated_octets", counted.deflated_octets - told_.deflated_octets)
            .number("inflated_octets", counted.inflated_octets - told_.inflated_octets);
    told_ = counted;
    line.print();
}

}  // namespace

int main(int count, char** values) {
    const auto options = examples::read_inspect_options(count, values);
    auto octets = examples::read_inspect_input(options);
    if (!octets) return EXIT_FAILURE;

    KnownEntropy known{options.nonce, options.handshake, options.mask_key};
    hawse::Pool pool(hawse::heap_allocator());
    hawse::Config config;
    config.pool = &pool;
    config.entropy = {&KnownEntropy::fill, &known};
    config.limits.message_size_max = options.message_size_max;

    const auto deflate = options.deflate.value_or(hawse::DeflateAgreement{});
    config.deflate = *options.role == hawse::Role::server ? examples::server_policy(deflate)
                                                          : examples::client_policy(deflate);

    Inspection inspection(options, config);
    if (!options.handshake) {
        inspection.converse({.role = *options.role, .deflate = deflate}, {}, *octets);
    } else if (*options.role == hawse::Role::server) {
        inspection.inspect_server(*octets);
    } else if (const auto refusal = inspection.inspect_client(*octets);
               refusal != hawse::Refusal::none) {
        examples::refuse_inspect_options(hawse::describe(refusal));
    }
    inspection.print_end();
    return std::fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
