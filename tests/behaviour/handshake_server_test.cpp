// SPDX-License-Identifier: MIT
#include "hawse/handshake.hpp"
#include "support/catch.hpp"
#include "support/handshake_story.hpp"

#include <memory>
#include <string>

using namespace hawse;
using namespace support;

namespace {

constexpr std::string_view line = "GET /chat HTTP/1.1\r\n";
constexpr std::string_view fields = "Host: server.example.com\r\n"
                                    "Upgrade: websocket\r\n"
                                    "Connection: Upgrade\r\n"
                                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                    "Sec-WebSocket-Version: 13\r\n";
const std::string sample = std::string(line) + std::string(fields) + "\r\n";
const std::string switched = "HTTP/1.1 101 Switching Protocols\r\n"
                             "Upgrade: websocket\r\n"
                             "Connection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

constexpr unsigned lingering = Wants::read_bit | Wants::end_write_bit;

std::string with(std::string_view more) {
    return std::string(line) + std::string(fields) + std::string(more) + "\r\n";
}

void decide_later(ServerHandshake&) {}

Time at(std::int64_t count) { return Time{} + seconds(count); }

// A server in its own memory, for stories about time and about the host.
struct Scene {
    WatchedPool memory;
    Config config = [this] {
        Config made;
        made.pool = &memory.pool;
        return made;
    }();
    std::unique_ptr<ServerHandshake> server = std::make_unique<ServerHandshake>(config, Time{});

    Scene() = default;
    explicit Scene(const Config& other) : config(other) {
        config.pool = &memory.pool;
        server = std::make_unique<ServerHandshake>(config, Time{});
    }
    ~Scene() {
        server.reset();
        CHECK(memory.live_count == 0);
    }
    std::string receive(std::string_view octets, Time now = {}) {
        (void)server->receive(as_bytes(octets), now);
        return pull(*server);
    }
    std::string advance(Time now) {
        server->advance(now);
        return pull(*server);
    }
    std::string end(TransportEnd how = TransportEnd::orderly) {
        server->receive_end(how, {});
        return pull(*server);
    }
    unsigned wants() const { return server->wants().bits(); }
};

}  // namespace

TEST_CASE("nine hundred parameters of an extension are declined", "[6455-4.2.2-14][EXT-26]") {
    std::string offer = "Sec-WebSocket-Extensions: permessage-deflate";
    for (int index = 0; index < 900; ++index)
        offer += ";p" + std::to_string(index) + "=" + std::to_string(index);
    for (const bool compresses : {false, true}) {
        Config config;
        config.deflate.enabled = compresses;
        REQUIRE(serve(config, with(offer + "\r\n")).output == switched + "\r\n");
    }
}

TEST_CASE("accepting answers 101 in the golden order",
          "[6455-4.2.2-17][6455-4.2.2-18][9110-7.8-03][6455-4.2.2-16][6455-4.2.2-19]"
          "[6455-4.2.2-20][9110-15.2.2-01][9110-8.6-01][9112-6.1-01]") {
    const Field cookie = {"Set-Cookie", "a=b"};
    const Story story = serve(
        {}, with("Sec-WebSocket-Protocol: chat, superchat\r\n"), {}, [&](ServerHandshake& server) {
            REQUIRE(server.accept({"superchat", {&cookie, 1}}) == Refusal::none);
            REQUIRE(server.accept() == Refusal::not_deciding);
            REQUIRE(server.agreement().role == Role::server);
            REQUIRE(server.agreement().subprotocol == "superchat");
        });
    REQUIRE(story.output ==
            switched + "Sec-WebSocket-Protocol: superchat\r\nSet-Cookie: a=b\r\n\r\n");
    REQUIRE(story.state == HandshakeState::open);
}

TEST_CASE("no subprotocol is named unless the host chooses one that was offered",
          "[6455-4.2.2-11][6455-4.2.2-12][6455-4.2.2-13][6455-4.2.2-15][HSS-60][OUT-12]") {
    const std::string offer = with("Sec-WebSocket-Protocol: chat\r\n"
                                   "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    REQUIRE(serve({}, offer).output == switched + "\r\n");
    for (const std::string_view choice : {"other", "CHAT", "chat, chat", " chat"}) {
        const Story story = serve({}, offer, {}, [&](ServerHandshake& server) {
            REQUIRE(server.accept({choice, {}}) == Refusal::subprotocol_not_offered);
            REQUIRE(server.output_size() == 0);
            REQUIRE(server.state() == HandshakeState::opening);
        });
        REQUIRE(story.events == "request");
        REQUIRE(story.output.empty());
    }
    serve({}, sample, {}, [](ServerHandshake& server) {
        REQUIRE(server.accept({"chat", {}}) == Refusal::subprotocol_not_offered);
    });
}

TEST_CASE("a subprotocol's characters live as long as the handshake") {
    Scene scene;
    REQUIRE(scene.receive(with("Sec-WebSocket-Protocol: chat\r\n")) == "request");
    std::string choice = "chat";
    REQUIRE(scene.server->accept({choice, {}}) == Refusal::none);
    choice = "gone";
    REQUIRE(scene.server->agreement().subprotocol == "chat");
}

TEST_CASE("a client that expects 100 gets it before 101", "[9110-7.8-08]") {
    REQUIRE(serve({}, with("Expect: 100-continue\r\n")).output ==
            "HTTP/1.1 100 Continue\r\n\r\n" + switched + "\r\n");
    const Story story =
        serve({}, with("Expect: 100-continue\r\n"), {}, [](ServerHandshake& server) {
            REQUIRE(server.reject({404, {}, {}}) == Refusal::none);
        });
    REQUIRE(story.output.starts_with("HTTP/1.1 404 "));
}

TEST_CASE("refusals say what the client can do",
          "[6455-4.2.2-09][6455-4.4-02][9110-7.8-05][9110-7.8-06][9110-15.5.6-01][9112-9.6-01]"
          "[9110-15.5.22-01][6455-10.7-04]") {
    const std::string version = "Sec-WebSocket-Version: 13\r\n";
    const auto refuse = [](std::string_view from, std::string_view to) {
        std::string request = sample;
        request.replace(request.find(from), from.size(), to);
        return serve({}, request).output;
    };
    const std::string upgrade =
        "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n" +
        version;
    REQUIRE(refuse("Version: 13", "Version: 12").starts_with(upgrade));
    REQUIRE(refuse("Upgrade: websocket\r\n", "").starts_with(upgrade));
    const std::string bad = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n";
    REQUIRE(refuse("Version: 13", "Version: 013").starts_with(bad + version));
    REQUIRE(refuse("Sec-WebSocket-Version", "X").starts_with(bad + version));
    REQUIRE(refuse("GET", "PUT") ==
            "HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nAllow: GET\r\n"
            "Content-Type: text/plain\r\nContent-Length: 23\r\n\r\nThe method is not GET.\n");
    REQUIRE(
        refuse("HTTP/1.1", "HTTP/2.0").starts_with("HTTP/1.1 505 HTTP Version Not Supported\r\n"));
    const std::string closing = refuse("Host", "Hots");
    REQUIRE(closing.starts_with(bad + "Content-Type"));
}

TEST_CASE("every violation of a request fits into 512 octets of answer",
          "[LIM-06]") {
    const std::string long_line = "GET /" + std::string(20'000, 'a');
    REQUIRE(serve({}, long_line).events == "failed:violation:target_too_long:414");
    REQUIRE(serve({}, long_line).output.size() <= 512);
    for (auto value = static_cast<unsigned>(Violation::malformed_request_line);
         value <= static_cast<unsigned>(Violation::early_octets); ++value) {
        const ViolationRow& row = describe(static_cast<Violation>(value));
        REQUIRE(std::string_view(row.sentence).size() < 250);  // its head has at most 200
    }
}

TEST_CASE("after a refusal everything is discarded, and a later request is never read",
          "[9112-9.6-02][9112-9.6-03][9112-9.3-01][9112-9.6-04]") {
    Scene scene;
    REQUIRE(scene.receive("GET / HTTP/1.0\r\n\r\n" + sample) ==
            "failed:violation:outdated_http_version:400");
    REQUIRE(scene.server->state() == HandshakeState::failed);
    REQUIRE(scene.wants() == (Wants::read_bit | Wants::write_bit));
    REQUIRE(scene.receive(sample).empty());
    const std::string output = drain(*scene.server);
    REQUIRE(output.find("HTTP/1.1", 1) == std::string::npos);
    REQUIRE(scene.wants() == lingering);
    REQUIRE(scene.receive(sample).empty());
    scene.server->write_ended({});
    REQUIRE(scene.wants() == Wants::read_bit);
    REQUIRE(scene.server->accept() == Refusal::not_deciding);
    REQUIRE(scene.end() == "closed:violation:outdated_http_version:400");
    REQUIRE(scene.wants() == Wants::close_bit);
    REQUIRE(scene.receive(sample).empty());
    REQUIRE(scene.end().empty());
    REQUIRE(scene.advance(at(1000)).empty());
    scene.server->abort(at(1000));
    REQUIRE(scene.server->next_event().kind == HandshakeEventKind::none);
    REQUIRE(scene.server->output_size() == 0);
}

TEST_CASE("what a host's rejection says is sent as it says it",
          "[6455-4.2.2-04][6455-4.2.2-05][6455-4.2.2-07][6455-4.2.2-10][9110-11.6.1-01]"
          "[9112-4-03][6455-10.2-02][6455-10.5-01]"
          "[API-23]") {
    const Field challenge = {"WWW-Authenticate", "Basic"};
    const std::string body(100'000, 'b');
    const auto reject = [&](const Rejection& rejection) {
        return serve({}, sample, {}, [&](ServerHandshake& server) {
            REQUIRE(server.reject(rejection) == Refusal::none);
            REQUIRE(server.reject(rejection) == Refusal::not_deciding);
        });
    };
    const Story story = reject({401, {&challenge, 1}, as_bytes(body)});
    REQUIRE(story.events == "request failed:rejected:401");
    REQUIRE(story.output == "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n"
                            "WWW-Authenticate: Basic\r\nContent-Length: 100000\r\n\r\n" +
                                body);
    REQUIRE(story.wants == lingering);
    REQUIRE(reject({}).output ==
            "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    const Field elsewhere = {"Location", "wss://other.example.com/"};
    REQUIRE(reject({302, {&elsewhere, 1}, {}}).output ==
            "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: wss://other.example.com/\r\n"
            "Content-Length: 0\r\n\r\n");
    REQUIRE(reject({404, {}, {}}).output ==
            "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    REQUIRE(reject({499, {}, {}}).output.starts_with("HTTP/1.1 499 \r\n"));
    REQUIRE(reject({204, {}, {}}).output == "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    REQUIRE(reject({426, {}, {}}).output.find("Connection: Upgrade, close\r\n") !=
            std::string::npos);
    REQUIRE(reject({503, {}, {}}).left.empty());
}

TEST_CASE("nothing can be injected into an answer", "[9112-11.1-01][9110-5.1-01][API-23]") {
    Scene scene;
    REQUIRE(scene.receive(with("Sec-WebSocket-Protocol: chat\r\n")) == "request");
    ServerHandshake& server = *scene.server;
    const std::string nul("a\0b", 3);
    for (const Field& field : std::initializer_list<Field>{{"", "x"},
                                                           {"A b", "x"},
                                                           {"A:", "x"},
                                                           {"A\r\nB", "x"},
                                                           {"A\x80", "x"},
                                                           {"A", "x\r\nB: c"},
                                                           {"A", "x\n"},
                                                           {"A", "\r"},
                                                           {"A", nul},
                                                           {"A", "\x7F"},
                                                           {"A", "\x1B"}}) {
        REQUIRE(server.accept({{}, {&field, 1}}) == Refusal::invalid_field);
        REQUIRE(server.reject({403, {&field, 1}, {}}) == Refusal::invalid_field);
    }
    for (const std::string_view name :
         {"connection", "UPGRADE", "Sec-WebSocket-Accept", "sec-websocket-extensions",
          "Sec-WebSocket-X", "Content-Length", "transfer-encoding"}) {
        const Field field = {name, "x"};
        REQUIRE(server.accept({{}, {&field, 1}}) == Refusal::reserved_field);
        REQUIRE(server.reject({403, {&field, 1}, {}}) == Refusal::reserved_field);
    }
    REQUIRE(server.accept({"chat\r\nA: b", {}}) == Refusal::subprotocol_not_offered);
    for (const int status : {0, 100, 101, 199, 600, 999})
        REQUIRE(server.reject({static_cast<std::uint16_t>(status), {}, {}}) ==
                Refusal::invalid_status);
    for (const int status : {204, 205, 304})
        REQUIRE(server.reject({static_cast<std::uint16_t>(status), {}, as_bytes("x")}) ==
                Refusal::invalid_status);
    REQUIRE(server.output_size() == 0);
    REQUIRE(server.state() == HandshakeState::opening);
    const Field fine[] = {{"X", "\xFF\t x"}, {"Origin", "only a client's is ours"}};
    REQUIRE(server.accept({"chat", fine}) == Refusal::none);
}

TEST_CASE("a plain request is the host's to answer when it says so", "[9110-7.8-01]") {
    Config config;
    config.surface_plain_requests = true;
    const std::string page(5000, 'p');
    const std::string plain = "GET /page HTTP/1.1\r\nHost: h\r\n\r\n";
    const Story whole = serve(config, plain, {}, [&](ServerHandshake& server) {
        REQUIRE(server.request().plain);
        REQUIRE(server.request().resource == "/page");
        REQUIRE(server.accept() == Refusal::plain_request);
        REQUIRE(server.reject({200, {}, as_bytes(page)}) == Refusal::none);
    });
    REQUIRE(whole.events == "request failed:rejected:200");
    REQUIRE(whole.output ==
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5000\r\n\r\n" + page);
    REQUIRE(serve(config, sample).output == switched + "\r\n");
}

TEST_CASE("the host decides when it likes, and what it was shown lives on",
          "[6455-4.2.2-06][6455-4.2.2-01]") {
    Scene scene;
    {
        const std::string head = with("Origin: http://a\r\n");
        REQUIRE(scene.receive(head) == "request");
    }
    REQUIRE(scene.wants() == Wants::read_bit);
    REQUIRE(scene.advance(at(9)).empty());
    REQUIRE(scene.server->state() == HandshakeState::opening);
    REQUIRE(scene.server->output_size() == 0);
    REQUIRE(scene.server->request().origin == "http://a");
    REQUIRE(scene.server->request().field("host") == "server.example.com");
    REQUIRE(scene.server->accept() == Refusal::none);
    REQUIRE(pull(*scene.server) == "opened:101");
    REQUIRE(scene.wants() == Wants::write_bit);
    REQUIRE(drain(*scene.server, at(9)) == switched + "\r\n");
    REQUIRE(scene.wants() == 0);
    REQUIRE(scene.server->deadline() == never);
    REQUIRE(scene.advance(at(1000)).empty());
    REQUIRE(scene.end().empty());
    REQUIRE(scene.server->state() == HandshakeState::open);
}

TEST_CASE("octets that come before the answer are kept up to a bound") {
    Config config;
    config.limits.early_size_max = 5;
    const std::string early = "\x81\x85"
                              "abcdefg";
    const Story whole = serve(config, sample + early, {}, decide_later);
    REQUIRE(whole.left == early.substr(5));
    REQUIRE(whole.wants == 0);  // it is full
    at_every_cut(
        sample + early,
        [&](const Cuts& cuts) { return serve(config, sample + early, cuts, decide_later); },
        [&](const Story& story) { REQUIRE(story == whole); });

    Scene scene(config);
    REQUIRE(scene.server->receive(as_bytes(sample + early), {}) == sample.size() + 5);
    REQUIRE(scene.server->receive(as_bytes("x"), {}) == 0);
    REQUIRE(scene.server->take_early().empty());  // not yet
    REQUIRE(scene.server->accept() == Refusal::none);
    REQUIRE(scene.server->receive(as_bytes("x"), {}) == 0);
    const Bytes lent = scene.server->take_early();
    REQUIRE(as_text(lent) == early.substr(0, 5));
    lent[0] = std::byte{0};  // they are the Connection's to unmask
    REQUIRE(scene.server->take_early().empty());
}

TEST_CASE("early octets that were taken outlive a failure") {
    Scene scene;
    (void)scene.receive(sample + "early");
    REQUIRE(scene.server->accept() == Refusal::none);
    const Bytes early = scene.server->take_early();
    REQUIRE(scene.advance(at(10)) == "opened:101 failed:opening_timeout closed:opening_timeout");
    REQUIRE(as_text(early) == "early");
}

TEST_CASE("a host may refuse early octets", "[6455-4.1-42]") {
    Config config;
    config.reject_early_octets = true;
    const Story whole = serve(config, sample + "x", {}, decide_later);
    REQUIRE(whole.events == "request failed:violation:early_octets:400");
    at_every_cut(
        sample + "x",
        [&](const Cuts& cuts) { return serve(config, sample + "x", cuts, decide_later); },
        [&](const Story& story) { REQUIRE(story == whole); });
    REQUIRE(serve(config, sample).output == switched + "\r\n");
}

TEST_CASE("an end before the decision is told once and answered by nothing") {
    for (const std::string& octets : {std::string(), sample.substr(0, 60), sample}) {
        for (const TransportEnd how : {TransportEnd::orderly, TransportEnd::broken}) {
            Scene scene;
            const std::string shown = scene.receive(octets);
            REQUIRE(scene.end(how) == (how == TransportEnd::orderly ? "closed:transport_ended"
                                                                    : "closed:transport_broken"));
            REQUIRE(scene.server->state() == HandshakeState::closed);
            REQUIRE(scene.wants() == Wants::close_bit);
            REQUIRE(scene.server->output_size() == 0);
            REQUIRE(scene.server->accept() == Refusal::not_deciding);
            REQUIRE(scene.server->reject({}) == Refusal::not_deciding);
            REQUIRE(shown == (octets == sample ? "request" : ""));
        }
    }
}

TEST_CASE("a transport that ends while an answer is written still gets it, unless it broke") {
    Scene scene;
    (void)scene.receive("x\r\n");
    REQUIRE(scene.end().empty());
    REQUIRE(scene.wants() == Wants::write_bit);
    REQUIRE_FALSE(drain(*scene.server).empty());
    REQUIRE(pull(*scene.server) == "closed:violation:malformed_request_line:400");
    Scene broken;
    (void)broken.receive("x\r\n");
    REQUIRE(broken.end(TransportEnd::broken) == "closed:violation:malformed_request_line:400");
    REQUIRE(broken.server->output_size() == 0);
    Scene opened;
    (void)opened.receive(sample);
    REQUIRE(opened.server->accept() == Refusal::none);
    REQUIRE(opened.end() == "opened:101 closed:transport_ended");
    REQUIRE(opened.wants() == Wants::close_bit);
}

TEST_CASE("a head that does not come in time is answered 408, whatever its progress",
          "[HSS-52]") {
    Scene scene;
    REQUIRE(scene.server->deadline() == at(10));
    REQUIRE(scene.receive("G", at(9)).empty());
    REQUIRE(scene.server->deadline() == at(10));
    REQUIRE(scene.receive("E", at(18)) == "failed:opening_timeout:408");
    REQUIRE(drain(*scene.server, at(18)) ==
            "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: text/plain\r\n"
            "Content-Length: 36\r\n\r\nThe request did not arrive in time.\n");
    REQUIRE(scene.server->state() == HandshakeState::failed);
    REQUIRE(scene.wants() == lingering);
    REQUIRE(scene.server->deadline() == at(20));
    REQUIRE(scene.advance(at(19)).empty());
    REQUIRE(scene.advance(at(20)) == "closed:opening_timeout:408");
    REQUIRE(scene.wants() == Wants::close_bit);
    REQUIRE(scene.server->deadline() == never);
}

TEST_CASE("a host that does not decide, or a client that does not read, is not waited for") {
    Scene scene;
    (void)scene.receive(sample);
    REQUIRE(scene.advance(at(10)) == "failed:opening_timeout closed:opening_timeout");
    REQUIRE(scene.wants() == Wants::close_bit);
    REQUIRE(scene.server->accept() == Refusal::not_deciding);
    Scene stuck;
    (void)stuck.receive(sample);
    REQUIRE(stuck.server->accept() == Refusal::none);
    std::byte ten[10];
    REQUIRE(stuck.server->write_output(ten, at(9)) == 10);
    REQUIRE(stuck.advance(at(9)) == "opened:101");
    REQUIRE(stuck.advance(at(10)) == "failed:opening_timeout closed:opening_timeout");
    REQUIRE(stuck.server->output_size() == 0);
    Scene refused;
    (void)refused.receive("x\r\n", at(5));
    REQUIRE(refused.server->write_output(Bytes(ten).first(1), at(30)) == 1);  // that is progress
    REQUIRE(refused.server->deadline() == at(60));
    REQUIRE(refused.advance(at(59)).empty());
    REQUIRE(refused.advance(at(60)) == "closed:violation:malformed_request_line:400");
}

TEST_CASE("output that is written in time counts, though it is told late", "[6455-4.2.2-22]") {
    Scene scene;
    (void)scene.receive(sample);
    REQUIRE(scene.server->accept() == Refusal::none);
    REQUIRE(pull(*scene.server) == "opened:101");
    Slice slices[2];
    REQUIRE(scene.server->gather(slices) == 1);
    scene.server->wrote(scene.server->output_size(), at(11));
    REQUIRE(scene.server->output_size() == 0);
    REQUIRE(scene.server->deadline() == never);
    REQUIRE(pull(*scene.server).empty());
    REQUIRE(scene.server->state() == HandshakeState::open);
}

TEST_CASE("without linger a refusal closes once it is written", "[9112-9.6-02]") {
    Config config;
    config.waits.linger = seconds(0);
    Scene scene(config);
    (void)scene.receive("x\r\n");
    (void)drain(*scene.server);
    REQUIRE(pull(*scene.server) == "closed:violation:malformed_request_line:400");
    REQUIRE(scene.wants() == Wants::close_bit);
}

TEST_CASE("a clock that jumps or steps back neither ends nor stretches the wait") {
    Scene jumped;
    REQUIRE(jumped.advance(at(10 + 61)).empty());  // waited for anew, once
    REQUIRE(jumped.server->deadline() == at(81));
    REQUIRE(jumped.advance(at(81 + 61)) == "failed:opening_timeout:408");
    Scene late;
    REQUIRE(late.advance(at(10 + 60)) == "failed:opening_timeout:408");
    Scene back;
    REQUIRE(back.advance(at(4)).empty());
    REQUIRE(back.advance(at(-1000)).empty());
    REQUIRE(back.server->deadline() == at(-994));
    REQUIRE(back.advance(at(-994)) == "failed:opening_timeout:408");
    Scene extreme;
    REQUIRE(extreme.advance({INT64_MIN}).empty());
    REQUIRE(extreme.advance({INT64_MAX}).empty());
    REQUIRE(extreme.advance({INT64_MIN}).empty());
}

TEST_CASE("an aborted handshake is closed at once", "[6455-7.2.2-01]") {
    Scene scene;
    (void)scene.receive("GET");
    scene.server->abort({});
    REQUIRE(pull(*scene.server) == "closed:aborted");
    REQUIRE(scene.wants() == Wants::close_bit);
    REQUIRE(scene.server->state() == HandshakeState::closed);
    scene.server->abort({});
    REQUIRE(pull(*scene.server).empty());
    Scene refused;
    (void)refused.receive("x\r\n");
    refused.server->abort({});
    REQUIRE(pull(*refused.server) == "closed:violation:malformed_request_line:400");
    REQUIRE(refused.server->state() == HandshakeState::failed);
    Scene open;
    REQUIRE(open.receive(sample) == "request");
    REQUIRE(open.server->accept() == Refusal::none);
    REQUIRE(drain(*open.server) == switched + "\r\n");
    open.server->abort({});  // it is the Connection's to end
    REQUIRE(pull(*open.server) == "opened:101");
    REQUIRE(open.server->state() == HandshakeState::open);
}

TEST_CASE("output may be taken in any pieces") {
    const std::string body = "nothing here";
    const auto reject = [&](auto write) {
        Scene scene;
        (void)scene.receive(sample);
        REQUIRE(scene.server->reject({404, {}, as_bytes(body)}) == Refusal::none);
        std::string all;
        while (scene.server->output_size() != 0) all += write(*scene.server);
        return all;
    };
    const std::string whole = reject([](ServerHandshake& server) { return drain(server); });
    for (const std::size_t size : {1U, 2U, 7U, 80U, 1000U}) {
        REQUIRE(whole == reject([&](ServerHandshake& server) {
                    std::string piece(size, '?');
                    const auto into = std::as_writable_bytes(std::span(piece));
                    piece.resize(server.write_output(into, {}));
                    return piece;
                }));
        REQUIRE(whole == reject([&](ServerHandshake& server) {
                    Slice slice;  // a prefix that is not acknowledged is shown again
                    REQUIRE(server.gather({&slice, 1}) == 1);
                    REQUIRE(server.gather({&slice, 1}) == 1);
                    const std::size_t count = std::min(size, slice.size());
                    const std::string piece(as_text(slice.bytes().first(count)));
                    server.wrote(count, {});
                    return piece;
                }));
    }
    Scene scene;
    (void)scene.receive("x\r\n");
    Slice slice;
    REQUIRE(scene.server->gather({}) == 0);
    REQUIRE(scene.server->gather({&slice, 1}) == 1);
    scene.server->wrote(SIZE_MAX, {});
    REQUIRE(scene.server->output_size() == 0);
    REQUIRE(scene.server->gather({&slice, 1}) == 0);
}

TEST_CASE("without memory a fault is told and not answered, and no head is read") {
    Scene refused;
    refused.memory.fail_from = 1;
    REQUIRE(refused.receive("x\r\n") ==
            "failed:violation:malformed_request_line closed:violation:malformed_request_line");
    Config none;
    ServerHandshake server(none, {});
    REQUIRE(server.receive(as_bytes("G"), {}) == 1);
    REQUIRE(pull(server) == "failed:out_of_memory closed:out_of_memory");
}

TEST_CASE("memory that a refusal no longer needs goes back") {
    Scene scene;
    (void)scene.receive("GET / HTTP/1.0\r\n\r\n");
    REQUIRE(scene.memory.live_count == 1);  // the answer
}

TEST_CASE("a head that grows to its limit one octet at a time is linear work") {
    Config config;
    config.limits.head_size_max = 4 << 20;
    std::string head = std::string(line) + std::string(fields) + "X: ";
    head += std::string((4 << 20) - head.size() - 4, 'x') + "\r\n\r\n";
    Cuts all;
    for (std::size_t offset = 1; offset < head.size(); offset += 3) all.push_back(offset);
    REQUIRE(serve(config, head, all).events == "request opened:101");
}
