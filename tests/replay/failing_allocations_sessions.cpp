// SPDX-License-Identifier: MIT
// Sessions, told while memory or entropy fails: a peer's whole life over one stream, in both roles, and
// openings that end early.
#include "replay/failing_allocations.hpp"
#include "replay/failing_allocations_heads.hpp"

#include <array>
#include <string>
#include <string_view>

namespace hawse::test::replay::failing {

namespace {

// A session, and what it shows while it opens.
class Life {
public:
    explicit Life(Attempt& attempt, Way way = Way::copied)
        : attempt_(attempt), session_(attempt.config, attempt.role, attempt.now),
          side(attempt, session_, way), peer(other(attempt.role)) {
        attempt.opens = true;
        side.on_event = [this](const Event& event) { show(event); };
    }
    Life(const Life&) = delete;
    Life& operator=(const Life&) = delete;

    /// A client asks.
    void start() {
        const LongRequest request;
        must("start", [&] { return session_.start(request.value); });
    }
    /// A call without which it cannot go on.
    template <typename Call>
    void must(const char* name, const Call& make) {
        const Refusal refusal = side.call(name, make);
        if (refusal != attempt_.lack() || attempt_.is_stopped()) return;
        attempt_.gave_up = true;
        side.abort();
    }
    void send(std::string_view text) {
        if (Connection* const connection = session_.connection(); connection != nullptr)
            (void)side.call("send",
                            [&] { return connection->send(MessageKind::text, as_bytes(text)); });
    }
    /// Without memory for a reason one closes without; without a key one aborts.
    void close(CloseCode code, std::string_view reason) {
        Refusal refusal = side.call("close", [&] { return session_.close(code, reason); });
        if (refusal == Refusal::out_of_memory && !attempt_.is_stopped())
            refusal = side.call("close", [&] { return session_.close(code); });
        if (refusal != Refusal::no_entropy) return;
        attempt_.gave_up = true;
        side.abort();
    }

private:
    void show(const Event& event) {
        if (event.kind() == EventKind::request)
            attempt_.tell("request " + in_words(session_.request()));
        if (event.kind() == EventKind::response)
            attempt_.tell("response " + std::to_string(session_.status()) + ' ' +
                          in_words(session_.response().fields));
        if (event.kind() == EventKind::opened) attempt_.tell(in_words(session_.agreement()));
        if (event.kind() == EventKind::failed && session_.status() != 0)
            attempt_.lines.back() += " status " + std::to_string(session_.status());
        attempt_.body = copy_of(session_.response().body);
    }

    Attempt& attempt_;
    Session session_;

public:
    Side<Session> side;
    const Role peer;
};

Octets talk_of(Role from) {
    const std::string text(300, 't');
    return joined({frame(from, 0x81, "first"), frame(from, 0x01, text), frame(from, 0x89, "ping"),
                   frame(from, 0x80, text), close_frame(from, 1000, "a reason")});
}

// A server's frames come before its host has decided; a client's behind the response.
template <Way way, std::size_t step>
void live(Attempt& attempt) {
    Life life(attempt, way);
    if (attempt.role == Role::server) {
        life.side.feed(octets_of(long_request()), step);
        life.side.feed(frame(life.peer, 0x81, std::string(500, 'e')), step);
        const Field fields[] = {{"Set-Cookie", long_cookie}};
        life.must("accept",
                  [&] { return life.side->accept({.subprotocol = "chat.v2", .fields = fields}); });
        life.send("at once");
        life.side.pull();
    } else {
        life.start();
        life.side.feed(octets_of(accepting_response()), step);
    }
    life.send(std::string(900, 's'));
    life.side.feed(talk_of(life.peer), step);
    life.side.end();
}

void close_life(Attempt& attempt) {
    Life life(attempt);
    if (attempt.role == Role::server) {
        life.side.feed(octets_of(long_request()), 200);
        life.must("accept", [&] { return life.side->accept({}); });
        life.side.pull();
    } else {
        life.start();
        life.side.feed(octets_of(accepting_response()), 200);
    }
    life.close(CloseCode{4000}, std::string(100, 'r'));
    life.side.feed(close_frame(life.peer, 4000), 3);
    life.side.end();
}

void reject_life(Attempt& attempt) {
    Life life(attempt);
    const std::string body(700, 'b');
    life.side.feed(octets_of(long_request()), 200);
    life.must("reject", [&] { return life.side->reject({.status = 404, .body = as_bytes(body)}); });
    life.side.pull();
    life.side.end();
}

void refuse_life(Attempt& attempt) {
    Life life(attempt);
    life.side.feed(octets_of("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 9);
    life.side.end();
}

// What asks is given up: 503, or without memory nothing at all.
void give_up_life(Attempt& attempt) {
    Life life(attempt);
    life.side.feed(octets_of(long_request()), 200);
    if (!attempt.stops()) {
        const std::size_t failed_before = attempt.failed_count();
        attempt.expect(life.side->close() == Refusal::none, "giving up is refused");
        attempt.gave_up = attempt.failed_count() != failed_before;
    }
    life.side.pull();
    life.side.end();
}

void refused_life(Attempt& attempt) {
    Life life(attempt);
    life.start();
    life.side.feed(
        octets_of("HTTP/1.1 403 Forbidden\r\nContent-Length: 900\r\n\r\n" + std::string(900, 'b')),
        100);
    life.side.end();
}

// Nobody says anything: what tells of it is leased when the time is over.
void wait_in_vain(Attempt& attempt) {
    Life life(attempt);
    life.side.pass(seconds(10));
    life.side.end();
}

constexpr std::array scenarios = {
    Scenario{"a session", live<Way::copied, 60>},
    Scenario{"a session, gathered", live<Way::gathered, 700>},
    Scenario{"a session, given back later", live<Way::later, 300>},
    Scenario{"a session closed", close_life},
    Scenario{"a session rejected", reject_life, Roles::server},
    Scenario{"a session refused", refuse_life, Roles::server},
    Scenario{"a session given up", give_up_life, Roles::server},
    Scenario{"a session that is refused", refused_life, Roles::client},
    Scenario{"a session without a peer", wait_in_vain},
};

}  // namespace

std::span<const Scenario> scenarios_of_sessions() { return scenarios; }

}  // namespace hawse::test::replay::failing
