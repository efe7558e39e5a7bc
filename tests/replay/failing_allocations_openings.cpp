// SPDX-License-Identifier: MIT
// Openings, told while memory or entropy fails: handshakes from octets, and openings from parsed
// fields, in both roles; accepted, rejected, refused, redirected.
#include "replay/failing_allocations.hpp"
#include "replay/failing_allocations_heads.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test::replay::failing {

namespace {

// A handshake object and the host's side of its transport.
template <typename Handshake>
class Opening {
public:
    explicit Opening(Attempt& attempt)
        : attempt_(attempt), handshake_(attempt.config, attempt.now) {}

    Handshake* operator->() { return &handshake_; }
    std::function<void(const HandshakeEvent&)> on_event = [](const HandshakeEvent&) {};

    /// A call without which it cannot go on.
    template <typename Call>
    void call(const char* name, const Call& make) {
        const Refusal refusal = attempt_.call(name, handshake_, make);
        if (refusal != attempt_.lack() || attempt_.is_stopped()) return;
        attempt_.gave_up = true;
        handshake_.abort(attempt_.now);
    }
    void feed(std::string_view octets, std::size_t step) {
        while (!octets.empty() && !attempt_.stops()) {
            const std::string piece(octets.substr(0, step));  // gone when all is pulled
            octets.remove_prefix(piece.size());
            const std::size_t taken = handshake_.receive(as_bytes(piece), attempt_.now);
            left_ += piece.substr(taken);
            pull();
        }
    }
    void pull() {
        while (const HandshakeEvent event = handshake_.next_event()) {
            attempt_.tell(in_words(event));
            on_event(event);
        }
        write();
    }
    void end() {
        if (attempt_.stops()) return;
        if (handshake_.wants().end_write()) handshake_.write_ended(attempt_.now);
        handshake_.receive_end(TransportEnd::orderly, attempt_.now);
        pull();
        attempt_.note("left " + quoted(as_bytes(left_)) + " wants " +
                      std::to_string(handshake_.wants().bits()));
    }
    void pass(Duration duration) {
        if (attempt_.stops()) return;
        attempt_.now = attempt_.now + duration;
        handshake_.advance(attempt_.now);
        pull();
    }

private:
    void write() {
        std::array<Slice, 3> slices;
        while (const std::size_t count = handshake_.gather(slices)) {
            for (const Slice& slice : std::span<const Slice>(slices).first(count))
                append(attempt_.output, slice.bytes());
            handshake_.wrote(SIZE_MAX, attempt_.now);
        }
        const Octets body = [&] {
            if constexpr (requires { handshake_.response(); })
                return copy_of(handshake_.response().body);
            return Octets{};
        }();
        attempt_.body = body;
    }

    Attempt& attempt_;
    Handshake handshake_;
    std::string left_ = {};
};

// Servers.

template <std::size_t step>
void accept_request(Attempt& attempt) {
    Opening<ServerHandshake> opening(attempt);
    const Field fields[] = {{"Set-Cookie", long_cookie}, {"Server", "replay"}};
    opening.on_event = [&](const HandshakeEvent& event) {
        if (event.kind == HandshakeEventKind::request)
            attempt.tell("request " + in_words(opening->request()));
        if (event.kind == HandshakeEventKind::opened) {
            attempt.tell(in_words(opening->agreement()));
            attempt.tell("early " + quoted(opening->take_early()));
        }
    };
    opening.feed(long_request() + std::string(400, 'e'), step);
    opening.feed(std::string(700, 'f'), 300);
    opening.call("accept", [&] {
        return opening->accept({.subprotocol = "chat.v2",
                                .fields = fields,
                                .relayed_extensions = "foo; a=1, bar",
                                .reserved_bits = rsv1_bit});
    });
    opening.pull();
}

void reject_request(Attempt& attempt) {
    Opening<ServerHandshake> opening(attempt);
    const std::string body(700, 'b');
    const Field fields[] = {{"Set-Cookie", long_cookie}};
    opening.feed(long_request() + "early", 90);
    opening.call("reject", [&] {
        return opening->reject({.status = 403, .fields = fields, .body = as_bytes(body)});
    });
    opening.pull();
    opening.feed("and more", 3);
    opening.end();
}

// The first fault comes late, so that much is held when it does.
void refuse_request(Attempt& attempt) {
    Opening<ServerHandshake> opening(attempt);
    std::string request = long_request();
    request.insert(request.size() - 2, "Sec-WebSocket-Key: twice\r\n");
    opening.feed(request, 70);
    opening.end();
}

void wait_for_request(Attempt& attempt) {
    Opening<ServerHandshake> opening(attempt);
    opening.feed(std::string_view(long_request()).substr(0, 700), 70);
    opening.pass(seconds(10));
    opening.end();
}

// Clients.

template <std::size_t step>
void be_accepted(Attempt& attempt) {
    Opening<ClientHandshake> opening(attempt);
    const LongRequest request;
    opening.on_event = [&](const HandshakeEvent& event) {
        if (event.kind == HandshakeEventKind::response)
            attempt.tell("response " + in_words(opening->response().fields));
        if (event.kind == HandshakeEventKind::opened) attempt.tell(in_words(opening->agreement()));
    };
    opening.call("start", [&] { return opening->start(request.value); });
    opening.pull();
    opening.feed("HTTP/1.1 103 Early Hints\r\nLink: " + std::string(300, 'l') + "\r\n\r\n" +
                     accepting_response() + "frames",
                 step);
    opening.end();
}

template <bool chunked>
void be_redirected(Attempt& attempt) {
    Opening<ClientHandshake> opening(attempt);
    const LongRequest request;
    opening.on_event = [&](const HandshakeEvent& event) {
        if (event.kind == HandshakeEventKind::response)
            attempt.tell("response " + in_words(opening->response().fields));
    };
    opening.call("start", [&] { return opening->start(request.value); });
    opening.pull();
    const std::string body(1500, 'b');
    opening.feed(
        "HTTP/1.1 302 Found\r\nLocation: wss://elsewhere.example/" + std::string(300, 'l') +
            (chunked ? "\r\nTransfer-Encoding: chunked\r\n\r\n5dc\r\n" + body + "\r\n0\r\n\r\n"
                     : "\r\nContent-Length: 1500\r\n\r\n" + body),
        110);
    opening.end();
}

void be_lied_to(Attempt& attempt) {
    Opening<ClientHandshake> opening(attempt);
    const LongRequest request;
    opening.call("start", [&] { return opening->start(request.value); });
    opening.pull();
    std::string response = accepting_response();
    response.insert(response.size() - 2, "Sec-WebSocket-Accept: twice\r\n");
    opening.feed(response, 70);
    opening.end();
}

// From parsed fields.

std::vector<Field> asking_fields(Transport transport) {
    std::vector<Field> fields;
    if (transport == Transport::http1)
        fields = {{"Host", "server.example"},
                  {"Upgrade", "websocket"},
                  {"Connection", "Upgrade"},
                  {"Sec-WebSocket-Key", sample_nonce}};
    else
        fields = {{":method", "CONNECT"},
                  {":protocol", "websocket"},
                  {":scheme", "https"},
                  {":path", "/path"},
                  {":authority", "server.example"}};
    fields.insert(fields.end(), {{"Sec-WebSocket-Version", "13"},
                                 {"Sec-WebSocket-Protocol", "chat.v1, chat.v2"},
                                 {"Sec-WebSocket-Extensions", "foo; a=1, bar"}});
    return fields;
}

template <Transport transport>
void accept_fields(Attempt& attempt) {
    attempt.ends = false;
    ServerOpening opening(attempt.config);
    const auto asked = asking_fields(transport);
    if (attempt.stops()) return;
    const Violation fault = opening.judge(
        {.method = "GET", .target = "/path", .fields = asked, .transport = transport});
    attempt.tell(describe(fault).name);
    const Field fields[] = {{"Set-Cookie", long_cookie}, {"Server", "replay"}};
    const Refusal refusal = attempt.call("accept", opening, [&] {
        return opening.accept({.subprotocol = "chat.v1",
                               .fields = fields,
                               .relayed_extensions = "foo; a=1",
                               .reserved_bits = rsv1_bit});
    });
    attempt.gave_up = refusal == attempt.lack();
    if (refusal != Refusal::none) return;
    attempt.tell(std::to_string(opening.status()) + ' ' + in_words(opening.fields()) + ' ' +
                 in_words(opening.agreement()));
}

template <Transport transport>
void ask_by_fields(Attempt& attempt) {
    attempt.ends = false;
    ClientOpening opening(attempt.config);
    const LongRequest request;
    const Refusal refusal =
        attempt.call("start", opening, [&] { return opening.start(request.value, transport); });
    attempt.gave_up = refusal == attempt.lack();
    if (refusal != Refusal::none) return;
    attempt.tell(std::string(opening.method()) + ' ' + quoted(as_bytes(opening.target())) + ' ' +
                 in_words(opening.fields()));
    std::vector<Field> answered;
    if (transport == Transport::http1)
        answered = {{"Upgrade", "websocket"},
                    {"Connection", "Upgrade"},
                    {"Sec-WebSocket-Accept", sample_accept}};
    else
        answered = {{":status", "200"}};
    answered.insert(answered.end(), {{"Sec-WebSocket-Protocol", "chat.v2"},
                                     {"Sec-WebSocket-Extensions", long_extension},
                                     {"Sec-WebSocket-Extensions", "bar"}});
    if (attempt.stops()) return;
    const std::uint16_t status = transport == Transport::http1 ? 101 : 0;
    const HandshakeEvent event =
        opening.judge({.status = status, .fields = answered, .transport = transport});
    attempt.tell(in_words(event));
    if (event.kind == HandshakeEventKind::opened) attempt.tell(in_words(opening.agreement()));
    // One answer is judged once.
    attempt.expect(!opening.judge({.status = status, .fields = answered, .transport = transport}),
                   "a second answer is judged");
}

constexpr std::array scenarios = {
    Scenario{"a request accepted", accept_request<SIZE_MAX>, Roles::server},
    Scenario{"a request accepted, cut", accept_request<41>, Roles::server},
    Scenario{"a request rejected", reject_request, Roles::server},
    Scenario{"a request refused", refuse_request, Roles::server},
    Scenario{"a request that does not end", wait_for_request, Roles::server},
    Scenario{"a response that opens", be_accepted<SIZE_MAX>, Roles::client},
    Scenario{"a response that opens, cut", be_accepted<41>, Roles::client},
    Scenario{"a response that redirects", be_redirected<false>, Roles::client},
    Scenario{"a response that redirects, in chunks", be_redirected<true>, Roles::client},
    Scenario{"a response that breaks a rule", be_lied_to, Roles::client},
    Scenario{"fields accepted, HTTP/1", accept_fields<Transport::http1>, Roles::server},
    Scenario{"fields accepted, HTTP/2", accept_fields<Transport::http2>, Roles::server},
    Scenario{"fields accepted, HTTP/3", accept_fields<Transport::http3>, Roles::server},
    Scenario{"fields asked, HTTP/1", ask_by_fields<Transport::http1>, Roles::client},
    Scenario{"fields asked, HTTP/2", ask_by_fields<Transport::http2>, Roles::client},
    Scenario{"fields asked, HTTP/3", ask_by_fields<Transport::http3>, Roles::client},
};

}  // namespace

std::span<const Scenario> scenarios_of_openings() { return scenarios; }

}  // namespace hawse::test::replay::failing
