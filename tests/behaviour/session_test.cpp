// SPDX-License-Identifier: MIT
// A Session from its first octet to its last: what opens, what does not, what comes early, who waits,
// and that it is the same conversation as a handshake and a Connection driven by hand.
#include "hawse/session.hpp"

#include "support/catch.hpp"
#include "support/drive.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::string_view request_head =
    "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: chat, superchat\r\n\r\n";
constexpr std::string_view response_head =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The nonce of RFC 6455 §1.3, then keys.
Entropy sample_entropy() {
    return {[](void*, std::byte* into, std::size_t size) noexcept {
                std::memcpy(into, "the sample nonce", size);
                return true;
            },
            nullptr};
}

/// A Session and a host that accepts, echoes and writes at once.
class Host {
public:
    Host(Rig& rig, Role role) : session(rig.config, role, now) {
        rig.config.entropy = sample_entropy();
    }

    Host& feed(ConstBytes octets) {
        const std::unique_ptr<std::byte[]> place(new std::byte[octets.size()]);
        if (!octets.empty()) std::memcpy(place.get(), octets.data(), octets.size());
        refusal = session.receive({place.get(), octets.size()}, now);
        return pull();
    }
    Host& feed(std::string_view text) { return feed(as_bytes(text)); }
    Host& end(TransportEnd how = TransportEnd::orderly) {
        session.receive_end(how, now);
        return pull();
    }
    Host& pass(Duration duration) {
        now = now + duration;
        session.advance(now);
        return pull();
    }
    Host& pull() {
        while (const Event event = session.next_event()) {
            story += (story.empty() ? "" : "\n") + told(event);
            if (event.kind() == EventKind::request && accepts) decide(session);
            if (event.is_message() && echoes)
                CHECK(session.connection()->send(event.message_kind(), event.payload()) ==
                      Refusal::none);
            drain();
        }
        drain();
        return *this;
    }
    void drain() {
        std::array<std::byte, 97> piece;
        while (writes && session.wants().write()) {
            const std::size_t size = session.write_output(piece, now);
            output.append(as_text(ConstBytes(piece).first(size)));
        }
        if (!session.wants().end_write()) return;
        session.write_ended(now);
        story += "\nend_write";
    }
    std::string told(const Event& event) const {
        const bool opening = session.status() != 0 || event.kind() == EventKind::request;
        if (event.kind() == EventKind::failed || event.kind() == EventKind::closed)
            return in_words(event);
        return in_words(event) + (event.kind() == EventKind::response && opening
                                      ? " " + std::to_string(session.status())
                                      : "");
    }

    Time now = {1'000'000'000};
    Session session;
    std::string story, output;
    Refusal refusal = Refusal::none;
    bool accepts = true, echoes = true, writes = true;
    std::function<void(Session&)> decide = [](Session& asked) { (void)asked.accept(); };
};

struct Seen {
    std::string story, output;
    unsigned wants;
    friend bool operator==(const Seen&, const Seen&) = default;
};

Seen seen(const Host& host) { return {host.story, host.output, host.session.wants().bits()}; }

// Whole, octet by octet, and cut in two everywhere: the same.
template <typename Make>
Seen at_every_cut_of(ConstBytes input, const Make& make) {
    const auto run = [&](std::size_t stride, std::size_t first) {
        Rig rig;
        Host host(rig, Role::server);
        make(rig, host);
        for (std::size_t at = 0; at < input.size();) {
            const std::size_t size = std::min(at == 0 ? first : stride, input.size() - at);
            host.feed(input.subspan(at, size));
            at += size;
        }
        return seen(host);
    };
    const Seen whole = run(input.size(), input.size());
    for (std::size_t cut = 1; cut < input.size(); ++cut)
        if (!(run(input.size(), cut) == whole)) {
            INFO("cut at " << cut);
            CHECK(run(input.size(), cut).story == whole.story);
            CHECK(run(input.size(), cut).output == whole.output);
        }
    CHECK(run(1, 1) == whole);
    return whole;
}

ClientRequest sample_request() {
    ClientRequest request;
    request.host = "example.com";
    return request;
}

}  // namespace

TEST_CASE("a server's session opens, converses and closes in one stream of events, at every cut",
          "[6455-4.2.1-01][6455-4.2.2-13]") {
    Octets input = octets_of(request_head);
    append(input, frame(Role::client, 0x81, "first"));
    append(input, frame(Role::client, 0x01, "sec"));
    append(input, frame(Role::client, 0x89, "?"));
    append(input, frame(Role::client, 0x80, "ond"));
    append(input, close_frame(Role::client, 1000, "bye"));
    const Seen all = at_every_cut_of(input, [](Rig&, Host& host) {
        host.decide = [](Session& session) {
            CHECK(session.request().resource == "/chat");
            CHECK(session.accept({.subprotocol = "chat"}) == Refusal::none);
        };
    });
    CHECK(all.story == "request\nopened\ntext \"first\"\nping \"?\"\ntext \"second\"\n"
                       "closing 1000 \"bye\"\nend_write");
    const std::size_t head_size = all.output.find("\r\n\r\n") + 4;
    CHECK(all.output.find("HTTP/1.1 101 ") == 0);
    CHECK(all.output.find("Sec-WebSocket-Protocol: chat\r\n") < head_size);
    CHECK(frames_in_words(as_bytes(std::string_view(all.output).substr(head_size))) ==
          "81 \"first\"\n8a \"?\"\n81 \"second\"\n88 <03e8>");
}

TEST_CASE("a client's session opens with what came behind the response") {
    for (const std::size_t stride : {std::size_t{1}, std::size_t{7}, std::size_t{5000}}) {
        Rig rig;
        Host host(rig, Role::client);
        host.echoes = false;
        CHECK_FALSE(host.session.wants().read());
        CHECK(host.session.receive({}, host.now) == Refusal::none);
        REQUIRE(host.session.start(sample_request()) == Refusal::none);
        CHECK(host.session.start(sample_request()) == Refusal::already_started);
        host.pull();
        CHECK(host.output.find("GET / HTTP/1.1\r\nHost: example.com\r\n") == 0);
        CHECK(host.session.wants().read());
        Octets input = octets_of(response_head);
        append(input, frame(Role::server, 0x81, "hello"));
        append(input, close_frame(Role::server, 1001));
        for (std::size_t at = 0; at < input.size(); at += stride)
            host.feed(ConstBytes(input).subspan(at, std::min(stride, input.size() - at)));
        host.end();
        CHECK(host.story == "response 101\nopened\ntext \"hello\"\nclosing 1001 \"\"\n"
                            "closed clean sent 1001 received 1001 \"\" none");
        CHECK(host.session.wants() == Wants(Wants::close_bit));
    }
}

TEST_CASE("an open and idle session is its object alone") {
    CHECK(sizeof(Session) <= sizeof(Connection) + 96);
    Rig rig;
    Host host(rig, Role::server);
    CHECK(rig.allocator.count() == 0);
    CHECK(host.session.wants() == Wants(Wants::read_bit));
    host.feed(request_head);
    CHECK(rig.pool.leased_size() == 0);
    CHECK(host.session.connection() != nullptr);
    CHECK(host.session.request().method.empty());
    CHECK(host.session.agreement().subprotocol.empty());
    CHECK(host.session.status() == 101);
}

TEST_CASE("what the handshake shows lives until its answer is written and nothing more is told") {
    Rig rig;
    Host host(rig, Role::server);
    host.writes = false;
    host.decide = [](Session& session) {
        CHECK(session.accept({.subprotocol = "superchat"}) == Refusal::none);
    };
    host.feed(request_head);
    CHECK(host.story == "request\nopened");
    CHECK(host.session.request().resource == "/chat");
    CHECK(host.session.agreement().subprotocol == "superchat");
    host.writes = true;
    host.pull();
    CHECK(rig.pool.leased_size() == 0);
}

TEST_CASE("a decision may come later, and what came early waits for it", "[6455-4.2.2-01]") {
    Rig rig;
    Host host(rig, Role::server);
    host.accepts = false;
    host.feed(request_head);
    CHECK(host.story == "request");
    CHECK(host.session.connection() == nullptr);
    host.feed(frame(Role::client, 0x82, "early"));
    CHECK(host.story == "request");
    CHECK(host.session.accept() == Refusal::none);
    CHECK(host.session.accept() == Refusal::not_deciding);
    host.pull();
    CHECK(host.story == "request\nopened\nbinary \"early\"");
}

TEST_CASE("a host may send as soon as it has accepted, and what comes meanwhile waits for `opened`") {
    for (const bool ends : {false, true}) {
        Rig rig;
        Host host(rig, Role::server);
        host.accepts = host.echoes = false;
        host.feed(request_head).feed(frame(Role::client, 0x81, "early"));
        REQUIRE(host.session.accept() == Refusal::none);
        REQUIRE(host.session.connection() != nullptr);
        CHECK(host.session.connection()->send(MessageKind::text, as_bytes("welcome")) ==
              Refusal::none);
        Octets more = frame(Role::client, 0x81, "later");
        CHECK(host.session.receive(more, host.now) == Refusal::none);
        CHECK(host.session.receive(more, host.now) == Refusal::unread_input);
        CHECK(host.session.landing().empty());
        if (ends) host.session.receive_end(TransportEnd::orderly, host.now);
        host.pull();
        CHECK(host.story == std::string("request\nopened\ntext \"early\"\ntext \"later\"") +
                                (ends ? "\nclosed unclean sent 1006 received 1006 \"\" "
                                        "transport_ended"
                                      : ""));
        CHECK(host.output.find("\r\n\r\n\x81\x07welcome") != std::string::npos);
    }
}

TEST_CASE("more early octets than are kept wait for a decision at once, and are refused for a later") {
    const std::string big(3000, 'e');
    Octets input = octets_of(request_head);
    append(input, frame(Role::client, 0x81, big));
    append(input, frame(Role::client, 0x81, big));
    for (const bool at_once : {true, false}) {
        Rig rig;
        Host host(rig, Role::server);
        host.accepts = at_once;
        host.feed(input);
        if (at_once) {
            const std::string text = quoted(as_bytes(big));
            CHECK(host.story == "request\nopened\ntext " + text + "\ntext " + text);
            continue;
        }
        CHECK(host.story ==
              "request\nfailed 1006 early_octets\nend_write");
        CHECK(host.output.find("HTTP/1.1 400 ") == 0);
        CHECK(host.session.status() == 400);
        host.end();
        CHECK(host.session.wants().close());
    }
    // A decision that rejects is one, and stays the reason.
    Rig rig;
    Host host(rig, Role::server);
    host.decide = [](Session& asked) {
        CHECK(asked.reject({.status = 403, .fields = {}, .body = {}}) == Refusal::none);
    };
    host.feed(input);
    CHECK(host.story == "request\nend_write\nfailed 1006 rejected");
    CHECK(host.output.find("HTTP/1.1 403 ") == 0);
}

TEST_CASE("octets are lent until there is no event, and the tail may be taken back") {
    Rig rig;
    Host host(rig, Role::server);
    Octets head = octets_of(request_head);
    Octets input = joined({head, frame(Role::client, 0x81, "one"), frame(Role::client, 0x81, "two")});
    // With nothing kept, all that comes behind the head stays lent.
    rig.config.limits.early_size_max = 0;
    CHECK(host.session.receive(input, host.now) == Refusal::none);
    CHECK(host.session.receive(head, host.now) == Refusal::unread_input);
    CHECK(host.session.next_event().kind() == EventKind::request);
    CHECK(host.session.accept() == Refusal::none);
    CHECK(host.session.next_event().kind() == EventKind::opened);
    const Event event = host.session.next_event();
    CHECK(event.text() == "one");
    CHECK(event.in_place());
    const Bytes tail = host.session.unread();
    CHECK(copy_of(tail) == frame(Role::client, 0x81, "two"));
    CHECK_FALSE(host.session.next_event());
    CHECK(host.session.receive(tail, host.now) == Refusal::none);
    CHECK(host.session.next_event().text() == "two");
}

TEST_CASE("an end that is told behind octets comes behind their events") {
    for (const std::size_t early_size_max : {std::size_t{0}, std::size_t{4096}}) {
        Rig rig;
        rig.config.limits.early_size_max = early_size_max;
        Host host(rig, Role::server);
        Octets input = joined({octets_of(request_head), frame(Role::client, 0x81, "last words")});
        CHECK(host.session.receive(input, host.now) == Refusal::none);
        CHECK(host.session.next_event().kind() == EventKind::request);
        CHECK(host.session.accept() == Refusal::none);
        CHECK(host.session.next_event().kind() == EventKind::opened);
        host.session.receive_end(TransportEnd::orderly, host.now);
        CHECK(host.session.receive(input, host.now) != Refusal::none);
        host.pull();
        CHECK(host.story == "text \"last words\"\n"
                            "closed unclean sent 1006 received 1006 \"\" transport_ended");
    }
}

TEST_CASE("a request that is refused or rejected ends with its answer, half-closed and lingering",
          "[6455-4.2.2-04]") {
    {
        Rig rig;
        Host host(rig, Role::server);
        host.feed("POST / HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(host.story == "failed 1006 method_not_get\nend_write");
        CHECK(host.output.find("HTTP/1.1 405 ") == 0);
        CHECK_FALSE(host.session.wants().close());
        host.pass(seconds(3));
        CHECK(host.story == "failed 1006 method_not_get\nend_write\n"
                            "closed unclean sent 1006 received 1006 \"\" violation");
        CHECK(host.session.wants() == Wants(Wants::close_bit));
        CHECK(host.session.connection() == nullptr);
    }
    Rig rig;
    Host host(rig, Role::server);
    host.decide = [](Session& session) {
        const std::array fields = {Field{"WWW-Authenticate", "Bearer"}};
        CHECK(session.reject({.status = 401, .fields = fields}) == Refusal::none);
    };
    host.feed(request_head).end();
    CHECK(host.output.find("HTTP/1.1 401 ") == 0);
    CHECK(host.session.status() == 401);
    CHECK(host.story.find("failed 1006 rejected") != std::string::npos);
    CHECK(host.session.wants().close());
}

TEST_CASE("a client that is refused is told the response, its status and its body") {
    Rig rig;
    Host host(rig, Role::client);
    REQUIRE(host.session.start(sample_request()) == Refusal::none);
    host.pull().feed("HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\nnope");
    CHECK(host.session.status() == 403);
    CHECK(as_text(host.session.response().body) == "nope");
    CHECK(host.story == "response 403\nfailed 1006 refused\n"
                        "closed unclean sent 1006 received 1006 \"\" refused");
    CHECK(host.session.wants().close());
}

TEST_CASE("a caller who mistakes the role is refused, and a request may be mended") {
    Rig rig;
    Host server(rig, Role::server);
    CHECK(server.session.start(sample_request()) == Refusal::wrong_role);
    CHECK(server.session.accept() == Refusal::not_deciding);
    CHECK(server.session.response().status == 0);
    Host client(rig, Role::client);
    CHECK(client.session.accept() == Refusal::not_deciding);
    CHECK(client.session.reject({}) == Refusal::not_deciding);
    CHECK(client.session.request().method.empty());
    Octets octet(1);
    CHECK(client.session.receive(octet, client.now) == Refusal::not_open);
    ClientRequest request = sample_request();
    request.host = "not a host";
    CHECK(client.session.start(request) == Refusal::invalid_host);
    CHECK(rig.pool.leased_size() == 0);
    CHECK(client.session.start(sample_request()) == Refusal::none);
}

TEST_CASE("a peer that says nothing costs nothing, and is dropped when the opening wait is over") {
    for (const Role role : {Role::server, Role::client}) {
        Rig rig;
        Host host(rig, role);
        CHECK(host.session.deadline() == host.now + seconds(10));
        host.pass(seconds(9));
        CHECK(rig.allocator.count() == 0);
        CHECK(host.story.empty());
        host.pass(seconds(1));
        CHECK(host.story.find("failed 1006 opening_timeout") == 0);
        if (role == Role::server) CHECK(host.output.find("HTTP/1.1 408 ") == 0);
        host.end();
        CHECK(host.session.wants().close());
    }
    Rig rig;
    rig.config.waits.opening = Duration{};
    Host host(rig, Role::server);
    CHECK(host.session.deadline() == never);
    host.pass(seconds(1'000'000));
    CHECK(host.story.empty());
}

TEST_CASE("the wait for the opening outlives a clock that steps back or jumps") {
    Rig rig;
    Host host(rig, Role::server);
    host.pass(seconds(-5000));
    CHECK(host.session.deadline() == host.now + seconds(10));
    host.pass(seconds(5));
    host.pass(seconds(10'000));  // a laptop slept
    CHECK(host.story.empty());
    host.feed(request_head);
    CHECK(host.story == "request\nopened");

    Host client(rig, Role::client);
    client.pass(seconds(10'000));
    client.feed(response_head);
    CHECK(client.refusal == Refusal::not_open);  // it has asked for nothing yet
    CHECK(client.session.start(sample_request()) == Refusal::none);
    client.pull().feed(response_head);
    CHECK(client.story == "response 101\nopened");
}

TEST_CASE("an answer that the transport does not take in time ends the conversation") {
    Rig rig;
    Host host(rig, Role::server);
    host.writes = false;
    host.feed(request_head);
    CHECK(host.session.wants().write());
    host.pass(seconds(11));
    CHECK(host.story == "request\nopened\nclosed unclean sent 1006 received 1006 \"\" "
                        "opening_timeout");
    CHECK(host.session.wants() == Wants(Wants::close_bit));
}

TEST_CASE("the answer and the first messages leave in one write, whole or in halves") {
    const auto expected = [] {
        Rig rig;
        Host host(rig, Role::server);
        host.feed(request_head);
        CHECK(host.session.connection()->send(MessageKind::text, as_bytes("hi")) == Refusal::none);
        host.pull();
        return host.output;
    }();
    for (const std::size_t step : {std::size_t{1}, std::size_t{50}, expected.size()})
        for (const int way : {0, 1, 2}) {
            Rig rig;
            Host host(rig, Role::server);
            host.writes = false;
            host.feed(request_head);
            REQUIRE(host.session.connection()->send(MessageKind::text, as_bytes("hi")) ==
                    Refusal::none);
            CHECK(host.session.output_size() == expected.size());
            std::string written;
            std::size_t in_flight = 0;
            std::array<Slice, 4> slices;
            while (const std::size_t count = host.session.gather(slices)) {
                if (written.empty()) CHECK(count == 2);
                const ConstBytes piece =
                    slices[0].bytes().first(std::min(step, slices[0].size()));
                written += as_text(piece);
                if (way == 0) {
                    host.session.wrote(piece.size(), host.now);
                    continue;
                }
                in_flight += piece.size();
                // The last way mixes them: wrote() behind what is in flight is handed over alone.
                if (way == 1 || in_flight == piece.size())
                    host.session.handed_over(piece.size(), host.now);
                else
                    host.session.wrote(piece.size(), host.now);
                CHECK(host.session.output_size() == expected.size());
                std::array<std::byte, 8> none;
                CHECK(host.session.write_output(none, host.now) == 0);
            }
            CHECK(written == expected);
            CHECK_FALSE(host.session.wants().write());
            for (; in_flight != 0; --in_flight) host.session.reusable(1);
            CHECK(host.session.output_size() == 0);
            host.pull();
            CHECK(rig.pool.leased_size() == 0);
        }
}

TEST_CASE("without a slice for the answer, nothing behind it is shown") {
    Rig rig;
    Host host(rig, Role::server);
    host.writes = false;
    host.feed(request_head);
    REQUIRE(host.session.connection()->send(MessageKind::text, as_bytes("hi")) == Refusal::none);
    CHECK(host.session.gather({}) == 0);
    host.session.wrote(host.session.output_size(), host.now);  // nothing was shown
    host.writes = true;
    host.pull();
    CHECK(host.output.find("HTTP/1.1 101 ") == 0);
    CHECK(host.output.substr(host.output.size() - 4) == "\x81\x02hi");
}

TEST_CASE("a session without memory fails and is over; a call without memory is refused") {
    for (const bool asked : {true, false}) {
        Rig rig;
        Host host(rig, Role::server);
        rig.allocator.fail(0, CountingAllocator::Failure::once);
        if (asked)
            host.feed(request_head);
        else
            host.pass(seconds(10));
        CHECK(host.story == "failed 1006 out_of_memory\n"
                            "closed unclean sent 1006 received 1006 \"\" out_of_memory");
        CHECK(host.session.wants() == Wants(Wants::close_bit));
        host.feed(request_head).end().pass(seconds(100));
        CHECK(host.session.gather({}) == 0);
    }
    Rig rig;
    Host client(rig, Role::client);
    rig.allocator.fail(0, CountingAllocator::Failure::once);
    CHECK(client.session.start(sample_request()) == Refusal::out_of_memory);
    CHECK(client.session.start(sample_request()) == Refusal::none);
    Rig poor;
    poor.config.pool = nullptr;
    Host without_pool(poor, Role::client);
    CHECK(without_pool.session.start(sample_request()) == Refusal::out_of_memory);
    CHECK(without_pool.session.wants().bits() == 0);
}

TEST_CASE("abort ends an opening as it ends a conversation") {
    for (const bool opened : {false, true}) {
        Rig rig;
        Host host(rig, Role::server);
        host.accepts = opened;
        host.feed(request_head);
        host.session.abort(host.now);
        host.pull();
        CHECK(host.story.find("closed unclean sent 1006 received 1006 \"\" aborted") !=
              std::string::npos);
        CHECK(host.session.wants() == Wants(Wants::close_bit));
    }
}

TEST_CASE("close gives an opening up, and closes a conversation") {
    {
        Rig rig;
        Host host(rig, Role::server);
        host.accepts = false;
        host.feed(request_head);
        CHECK(host.session.close() == Refusal::none);
        host.pull();
        CHECK(host.output.find("HTTP/1.1 503 ") == 0);
        CHECK(host.story.find("failed 1006 rejected") != std::string::npos);
    }
    for (const Role role : {Role::server, Role::client}) {
        Rig rig;
        Host host(rig, role);
        if (role == Role::server) host.feed("GET / HT");
        CHECK(host.session.close(CloseCode::going_away) == Refusal::none);
        host.pull();
        CHECK(host.output.empty());
        CHECK(host.session.wants() == Wants(Wants::close_bit));
    }
    Rig rig;
    Host host(rig, Role::server);
    host.feed(request_head);
    CHECK(host.session.close(CloseCode::no_code, "why") == Refusal::invalid_close_code);
    CHECK(host.session.close(CloseCode::going_away, "bye") == Refusal::none);
    host.pull();
    CHECK(host.output.find("\x88\x05\x03\xe9" "bye") != std::string::npos);
}

TEST_CASE("after its end nothing is received, opened or not") {
    for (const bool opens : {false, true}) {
        Rig rig;
        Host host(rig, Role::server);
        host.feed(opens ? request_head : request_head.substr(0, 20)).end();
        Octets octet(1);
        CHECK(host.session.receive(octet, host.now) == Refusal::transport_ended);
        CHECK(host.session.wants().close());
    }
}

TEST_CASE("a large message lands through a session") {
    Rig rig;
    Host host(rig, Role::server);
    host.feed(request_head);
    CHECK(host.session.landing().empty());
    const std::string text(5000, 'l');
    const Octets input = frame(Role::client, 0x81, text);
    host.feed(ConstBytes(input).first(1008));
    const Bytes landing = host.session.landing();
    REQUIRE_FALSE(landing.empty());
    std::copy_n(input.begin() + 1008, landing.size(), landing.begin());
    host.session.landed(landing.size(), host.now);
    host.pull().feed(ConstBytes(input).subspan(1008 + landing.size()));
    CHECK(host.story == "request\nopened\ntext " + quoted(as_bytes(text)));
}

TEST_CASE("a plain request is answered through a session, and is never a conversation") {
    Rig rig;
    rig.config.surface_plain_requests = true;
    Host host(rig, Role::server);
    host.decide = [](Session& session) {
        CHECK(session.request().plain);
        CHECK(session.accept() == Refusal::plain_request);
        CHECK(session.reject({.status = 200, .body = as_bytes("a page")}) == Refusal::none);
    };
    host.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n").end();
    CHECK(host.output.find("HTTP/1.1 200 OK\r\n") == 0);
    CHECK(host.output.find("\r\n\r\na page") != std::string::npos);
    CHECK(host.session.wants().close());
}

TEST_CASE("two sessions converse through a link") {
    Rig server_rig, client_rig;
    Host server(server_rig, Role::server), client(client_rig, Role::client);
    client.echoes = false;
    REQUIRE(client.session.start(sample_request()) == Refusal::none);
    client.pull();
    const auto move = [](Host& from, Host& to) {
        std::string octets;
        std::swap(octets, from.output);
        if (!octets.empty()) to.feed(octets);
    };
    const auto run = [&] {
        while (!client.output.empty() || !server.output.empty()) {
            move(client, server);
            move(server, client);
        }
    };
    run();
    REQUIRE(client.session.connection() != nullptr);
    CHECK(client.session.connection()->send(MessageKind::text, as_bytes("there")) == Refusal::none);
    client.pull();
    run();
    CHECK(client.session.connection()->close() == Refusal::none);
    client.pull();
    run();
    client.end();
    server.end();
    CHECK(client.story == "response 101\nopened\ntext \"there\"\nclosing 1000 \"\"\n"
                          "closed clean sent 1000 received 1000 \"\" none");
    CHECK(server.story == "request\nopened\ntext \"there\"\nclosing 1000 \"\"\nend_write\n"
                          "closed clean sent 1000 received 1000 \"\" none");
}

TEST_CASE("an end that is told before anything else needs no memory") {
    for (const Role role : {Role::server, Role::client})
        for (const int way : {0, 1, 2}) {
            Rig rig;
            Host host(rig, role);
            rig.allocator.fail(0, CountingAllocator::Failure::for_ever);
            if (way == 0) host.end();
            if (way == 1) host.end(TransportEnd::broken);
            if (way == 2) host.session.abort(host.now);
            host.pull();
            const char* const causes[] = {"transport_ended", "transport_broken", "aborted"};
            CHECK(host.story ==
                  std::string("closed unclean sent 1006 received 1006 \"\" ") + causes[way]);
            CHECK(host.session.wants() == Wants(Wants::close_bit));
            if (role == Role::client) CHECK(host.session.start(sample_request()) == Refusal::not_open);
            CHECK(host.session.agreement().role == role);
            rig.allocator.fail_never();
        }
}

TEST_CASE("a transport that does not come about, as when TLS fails, closes unclean with 1006",
          "[6455-4.1-13][6455-4.1-15][6455-7.1.4-02]") {
    for (const bool started : {false, true}) {
        Rig rig;
        Host host(rig, Role::client);
        host.writes = false;
        if (started) REQUIRE(host.session.start(sample_request()) == Refusal::none);
        host.end(TransportEnd::broken);
        CHECK(host.story == "closed unclean sent 1006 received 1006 \"\" transport_broken");
        CHECK(host.session.output_size() == 0);
        CHECK(host.session.wants() == Wants(Wants::close_bit));
    }
}

TEST_CASE("a client says nothing but its request until it is answered, and sends behind all of it",
          "[6455-4.1-42][9110-7.8-09][9931-6.2-01][6455-6.1-02]") {
    Rig rig;
    Host host(rig, Role::client);
    host.echoes = host.writes = false;
    REQUIRE(host.session.start(sample_request()) == Refusal::none);
    const std::size_t request_size = host.session.output_size();
    for (const char octet : response_head.substr(0, response_head.size() - 1)) {
        CHECK(host.session.connection() == nullptr);  // there is nothing to send with
        host.feed(std::string_view(&octet, 1));
    }
    CHECK(host.session.output_size() == request_size);
    host.feed("\n");  // a server may be so hasty; the request is not written yet
    CHECK(host.story == "response 101\nopened");
    REQUIRE(host.session.connection() != nullptr);
    CHECK(host.session.connection()->send(MessageKind::text, as_bytes("new")) == Refusal::none);
    host.writes = true;
    host.pull();
    CHECK(host.output.find("\r\n\r\n") == request_size - 4);
    CHECK(frames_in_words(as_bytes(std::string_view(host.output).substr(request_size))) ==
          "81 \"new\"");
}

TEST_CASE("a client hears of an end or an abort told between the response and its pull") {
    for (const int way : {0, 1, 2}) {
        Rig rig;
        Host host(rig, Role::client);
        REQUIRE(host.session.start(sample_request()) == Refusal::none);
        host.pull();
        Octets input = joined({octets_of(response_head), frame(Role::server, 0x81, "last")});
        CHECK(host.session.receive(input, host.now) == Refusal::none);
        if (way == 2)
            host.session.abort(host.now);
        else
            host.session.receive_end(way == 0 ? TransportEnd::orderly : TransportEnd::broken,
                                     host.now);
        host.echoes = false;
        host.pull();
        const char* const causes[] = {"transport_ended", "transport_broken", "aborted"};
        CHECK(host.story == std::string("response 101\nopened\n") +
                                (way == 2 ? "" : "text \"last\"\n") +
                                "closed unclean sent 1006 received 1006 \"\" " + causes[way]);
        CHECK(host.session.wants() == Wants(Wants::close_bit));
    }
}

TEST_CASE("an end told behind the response alone comes behind `opened`, and nothing lands before") {
    Rig rig;
    Host host(rig, Role::client);
    REQUIRE(host.session.start(sample_request()) == Refusal::none);
    host.pull();
    CHECK(host.session.landed(5, host.now) == 0);
    Octets input = octets_of(response_head);
    CHECK(host.session.receive(input, host.now) == Refusal::none);
    host.session.receive_end(TransportEnd::orderly, host.now);
    host.pull();
    CHECK(host.story == "response 101\nopened\n"
                        "closed unclean sent 1006 received 1006 \"\" transport_ended");
}

TEST_CASE("an end that broke stays broken, and one behind refused early octets is not lost") {
    Rig rig;
    rig.config.limits.early_size_max = 0;
    Host host(rig, Role::server);
    Octets input = joined({octets_of(request_head), frame(Role::client, 0x81, "early")});
    host.accepts = false;
    CHECK(host.session.receive(input, host.now) == Refusal::none);
    CHECK(host.session.next_event().kind() == EventKind::request);
    host.session.receive_end(TransportEnd::broken, host.now);
    host.session.receive_end(TransportEnd::orderly, host.now);
    host.pull();
    CHECK(host.story.find("failed 1006 early_octets") == 0);
    CHECK(host.session.wants().close());
    CHECK(host.story.find("closed") != std::string::npos);
}

TEST_CASE("what was shown of an answer stays, when the opening wait is over meanwhile") {
    for (const bool handed : {false, true}) {
        Rig rig;
        Host host(rig, Role::server);
        host.writes = false;
        host.feed(request_head);
        std::array<Slice, 4> slices;
        REQUIRE(host.session.gather(slices) == 1);
        const std::string shown(as_text(slices[0].bytes()));
        if (handed) host.session.handed_over(20, host.now);
        host.pass(seconds(11));
        CHECK(host.story.find("closed unclean sent 1006 received 1006 \"\" opening_timeout") !=
              std::string::npos);
        CHECK(as_text(slices[0].bytes()) == shown);
        CHECK_FALSE(host.session.wants().write());
        CHECK(host.session.gather(slices) == 0);
        if (!handed) host.session.handed_over(SIZE_MAX, host.now);
        host.session.reusable(handed ? 20 : SIZE_MAX);
        host.session.wrote(SIZE_MAX, host.now);
        CHECK(rig.pool.leased_size() == 0);
        CHECK(host.session.wants() == Wants(Wants::close_bit));
    }
}

TEST_CASE("an answer that is handed over was taken, however late it is reusable") {
    Rig rig;
    Host host(rig, Role::server);
    host.writes = false;
    host.feed(request_head);
    std::array<Slice, 4> slices;
    REQUIRE(host.session.gather(slices) == 1);
    host.session.handed_over(SIZE_MAX, host.now);
    for (int second = 0; second < 20; ++second) host.pass(seconds(1));
    host.feed(frame(Role::client, 0x81, "still here"));
    CHECK(host.story == "request\nopened\ntext \"still here\"");
    host.session.reusable(SIZE_MAX);
    CHECK(host.session.connection()->state() == State::open);
}

TEST_CASE("a refusal in flight is not overtaken by the end of our side") {
    for (const bool ended : {false, true}) {
        Rig rig;
        Host host(rig, Role::server);
        host.writes = false;
        host.feed("POST / HTTP/1.1\r\nHost: a\r\n\r\n");
        if (ended) host.end();
        std::array<Slice, 4> slices;
        REQUIRE(host.session.gather(slices) == 1);
        const std::size_t size = slices[0].size();
        host.session.handed_over(size, host.now);
        CHECK_FALSE(host.session.wants().write());
        host.pull();
        host.session.reusable(size - 1);
        host.pull();
        CHECK(host.story == "failed 1006 method_not_get");
        CHECK_FALSE(host.session.wants().close());
        host.session.reusable(1);
        host.pull();
        CHECK(host.story == (ended ? "failed 1006 method_not_get\nclosed unclean sent 1006 received "
                                     "1006 \"\" violation"
                                   : "failed 1006 method_not_get\nend_write"));
    }
}

TEST_CASE("an answer half written when its wait is over goes on, until advance() judges") {
    Rig rig;
    Host host(rig, Role::server);
    host.writes = false;
    host.feed(request_head);
    REQUIRE(host.session.connection()->send(MessageKind::text, as_bytes("hello")) == Refusal::none);
    std::array<Slice, 4> slices;
    REQUIRE(host.session.gather(slices) == 2);
    host.session.wrote(50, host.now + seconds(11));
    CHECK(host.session.gather(slices) == 2);
    CHECK(as_text(slices[0].bytes()).substr(0, 4) != "HTTP");
    host.pass(seconds(12));
    CHECK(host.session.gather(slices) == 0);
    CHECK(host.session.wants().close());
}

TEST_CASE("early octets do not lie in the host's buffer, and what is lent behind them waits") {
    Rig rig;
    Host host(rig, Role::server);
    Octets input = joined({octets_of(request_head), frame(Role::client, 0x81, "early")});
    CHECK(host.session.receive(input, host.now) == Refusal::none);
    CHECK(host.session.next_event().kind() == EventKind::request);
    CHECK(host.session.accept() == Refusal::none);
    CHECK(host.session.next_event().kind() == EventKind::opened);
    CHECK(host.session.unread().empty());  // early octets are not the host's to take back
    Octets more = frame(Role::client, 0x81, "later");
    CHECK(host.session.receive(more, host.now) == Refusal::none);
    CHECK(host.session.landing().empty());
    Event event = host.session.next_event();
    CHECK(event.text() == "early");
    CHECK_FALSE(event.in_place());
    event = host.session.next_event();
    CHECK(event.text() == "later");
    CHECK(event.in_place());
    CHECK_FALSE(host.session.next_event());
    more = frame(Role::client, 0x81, "last");
    CHECK(host.session.receive(more, host.now) == Refusal::none);
    CHECK(host.session.unread().size() == more.size());
}

TEST_CASE("verbs of output do not put the opening wait off") {
    Rig rig;
    Host host(rig, Role::server);
    const Time due = host.session.deadline();
    std::array<std::byte, 8> octets;
    for (int second = 0; second < 9; ++second) {
        host.pass(seconds(1));
        CHECK(host.session.write_output(octets, host.now) == 0);
        host.session.wrote(1, host.now);
        host.session.handed_over(1, host.now);
        host.session.write_ended(host.now);
    }
    CHECK(host.session.deadline() == due);
    host.pass(seconds(1));
    CHECK(host.story.find("failed 1006 opening_timeout") == 0);
}

TEST_CASE("idle counts from the decision, not from the request") {
    Rig rig;
    rig.config.waits.idle = seconds(5);
    Host host(rig, Role::server);
    host.accepts = false;
    host.feed(request_head);
    host.now = host.now + seconds(7);
    CHECK(host.session.accept() == Refusal::none);
    host.pass(seconds(0));
    CHECK(host.session.connection()->state() == State::open);
    host.pass(seconds(5));
    CHECK(host.session.connection()->state() == State::failed);
}
