// SPDX-License-Identifier: MIT
#include "hawse/handshake.hpp"
#include "hawse/url.hpp"
#include "support/catch.hpp"
#include "support/handshake_story.hpp"

#include <memory>
#include <string>
#include <vector>

using namespace hawse;
using namespace support;

namespace {

const std::string switched = "HTTP/1.1 101 Switching Protocols\r\n"
                             "Upgrade: websocket\r\n"
                             "Connection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
const std::string sample = switched + "\r\n";

constexpr unsigned reading = Wants::read_bit;
constexpr unsigned closing = Wants::close_bit;

ClientRequest request_to(std::string_view host) {
    ClientRequest request;
    request.host = host;
    return request;
}

Story ask_with(std::string_view input, const Cuts& cuts = {}, Config config = {}) {
    return ask(config, request_to("server.example.com"), input, cuts);
}

// The request's octets; a word when it is refused, and then nothing is to be seen of it.
std::string request_of(const ClientRequest& request) {
    WatchedPool memory;
    Config config;
    config.pool = &memory.pool;
    config.entropy = sample_entropy();
    ClientHandshake client(config, {});
    const Refusal refusal = client.start(request);
    if (refusal == Refusal::none) return drain(client);
    CHECK(client.output_size() == 0);
    CHECK(client.wants().bits() == 0);
    CHECK(client.start(request_to("h")) == Refusal::none);  // nothing has changed
    return name_of(refusal);
}

std::string first_two_lines(const ClientRequest& request) {
    const std::string text = request_of(request);
    return text.substr(0, text.find("\r\nUpgrade"));
}

Time at(std::int64_t count) { return Time{} + seconds(count); }

struct Scene {
    WatchedPool memory;
    Config config = [this] {
        Config made;
        made.pool = &memory.pool;
        made.entropy = sample_entropy();
        return made;
    }();
    std::unique_ptr<ClientHandshake> client = std::make_unique<ClientHandshake>(config, Time{});

    ~Scene() {
        client.reset();
        CHECK(memory.live_count == 0);
    }
    void start() { REQUIRE(client->start(request_to("h")) == Refusal::none); }
    std::string receive(std::string_view octets, Time now = {}) {
        (void)client->receive(as_bytes(octets), now);
        return pull(*client);
    }
    std::string advance(Time now) {
        client->advance(now);
        return pull(*client);
    }
    std::string end(TransportEnd how = TransportEnd::orderly) {
        client->receive_end(how, {});
        return pull(*client);
    }
    unsigned wants() const { return client->wants().bits(); }
};

}  // namespace

TEST_CASE("a request is composed in the golden order",
          "[6455-4.1-18][6455-4.1-19][6455-4.1-20][6455-4.1-21][6455-4.1-24][6455-4.1-25]"
          "[6455-4.1-26][6455-4.1-27][6455-4.1-28][6455-4.1-34][6455-4.1-35][9110-7.2-01]"
          "[9110-7.2-02][6455-4.1-31][6455-4.1-33][6455-4.1-36][6455-4.1-41]"
          "[OUT-13]") {
    ClientRequest request = request_to("server.example.com");
    request.target = "/chat?a=b";
    const std::string head =
        "GET /chat?a=b HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n";
    REQUIRE(request_of(request) == head + "\r\n");
    const std::string_view names[] = {"chat", "superchat"};
    const Field fields[] = {{"Cookie", "a=b"}, {"User-Agent", "\xFFx \ty"}, {"X", ""}};
    request.origin = "http://example.com";
    request.subprotocols = names;
    request.fields = fields;
    REQUIRE(request_of(request) ==
            head + "Origin: http://example.com\r\nSec-WebSocket-Protocol: chat, superchat\r\n"
                   "Cookie: a=b\r\nUser-Agent: \xFFx \ty\r\nX: \r\n\r\n");
}

TEST_CASE("Host leaves a default port out and keeps brackets", "[6455-4.1-23][9112-3.2-04]"
                                                               "[HSC-40]") {
    const auto host = [](std::string_view name, std::uint16_t port, bool secure) {
        ClientRequest request = request_to(name);
        request.port = port;
        request.secure = secure;
        return first_two_lines(request).substr(22);
    };
    REQUIRE(host("h", 0, false) == "h");
    REQUIRE(host("h", 80, false) == "h");
    REQUIRE(host("h", 443, false) == "h:443");
    REQUIRE(host("h", 443, true) == "h");
    REQUIRE(host("h", 80, true) == "h:80");
    REQUIRE(host("h", 65535, false) == "h:65535");
    REQUIRE(host("[::1]", 8080, false) == "[::1]:8080");
    REQUIRE(host("[::1]", 80, false) == "[::1]");
}

TEST_CASE("the target is the resource name of the URL",
          "[6455-3-04][6455-3-06][6455-4.1-22][9112-3.2.1-01][OUT-13]") {
    const auto target = [](std::string_view text) {
        Url url;
        REQUIRE(parse_url(text, url) == Refusal::none);
        ClientRequest request = request_to(url.host);
        request.target = url.target;
        const std::string line = first_two_lines(request);
        return line.substr(4, line.find(" HTTP") - 4);
    };
    REQUIRE(target("ws://h") == "/");
    REQUIRE(target("ws://h/") == "/");
    REQUIRE(target("ws://h?") == "/");
    REQUIRE(target("ws://h/?") == "/");
    REQUIRE(target("ws://h/a?") == "/a");
    REQUIRE(target("ws://h?q") == "/?q");
    REQUIRE(target("ws://h/a??") == "/a??");
    REQUIRE(target("ws://h/a?b?") == "/a?b?");
    REQUIRE(target("ws://h/%23?x=%00") == "/%23?x=%00");
}

TEST_CASE("nothing can be injected into a request, and a refusal leaves no trace",
          "[9112-11.1-01][6455-4.1-04][6455-4.1-37][6455-4.1-38][9112-3.2-01][9110-10.1.1-01]"
          "[6455-4.1-32][6455-4.1-39][6455-11.5-01]"
          "[HSC-39]") {
    const std::string nul("a\0b", 3);
    for (const std::string_view host : std::initializer_list<std::string_view>{
             "", "a b", "a\r\nX: y", "a\n", nul, "a/", "a:80", "u@h", "::1", "[::1", "h\x80", "h?"})
        REQUIRE(request_of(request_to(host)) == "invalid_host");
    for (const std::string_view target :
         std::initializer_list<std::string_view>{"a", "/a b", "/\r\nX: y", "/\n", nul, "/#", "?#",
                                                 "/\x7F", "/\x80", "*", "http://h/", "/\t", " /"}) {
        ClientRequest request = request_to("h");
        request.target = target;
        REQUIRE(request_of(request) == "invalid_target");
    }
    for (const std::string_view origin : std::initializer_list<std::string_view>{
             "a b", "a\r\nX: y", "\n", nul, "a\x80", " a", "\x7F"}) {
        ClientRequest request = request_to("h");
        request.origin = origin;
        REQUIRE(request_of(request) == "invalid_origin");
    }
    for (const std::string_view name : std::initializer_list<std::string_view>{
             "", "a b", "a,b", "a\r\nX: y", nul, "a;b", "\x80", "chat"}) {
        const std::string_view names[] = {"chat", name};
        ClientRequest request = request_to("h");
        request.subprotocols = names;
        REQUIRE(request_of(request) == "invalid_subprotocol");
    }
    for (const Field& field : std::initializer_list<Field>{{"", "x"},
                                                           {"A B", "x"},
                                                           {"A:", "x"},
                                                           {"A\r\nB", "x"},
                                                           {"A\x80", ""},
                                                           {"A", "x\r\nB: c"},
                                                           {"A", "\n"},
                                                           {"A", "\r"},
                                                           {"A", nul},
                                                           {"A", "\x7F"},
                                                           {"A", "\x01"},
                                                           {"Host", "\n"}}) {
        ClientRequest request = request_to("h");
        request.fields = {&field, 1};
        REQUIRE(request_of(request) == "invalid_field");
    }
    for (const std::string_view name :
         {"host", "UPGRADE", "Connection", "Sec-WebSocket-Key", "sec-websocket-protocol",
          "Content-Length", "Sec-WebSocket-", "transfer-encoding", "Origin", "Expect", "TE",
          "Trailer"}) {
        const Field field = {name, "x"};
        ClientRequest request = request_to("h");
        request.fields = {&field, 1};
        REQUIRE(request_of(request) == "reserved_field");
    }
}

TEST_CASE("exactly as many subprotocols as the bound are offered, and no more") {
    std::vector<std::string> tokens;
    for (int count = 0; count < 257; ++count) tokens.push_back("v" + std::to_string(count));
    const std::vector<std::string_view> names(tokens.begin(), tokens.end());
    ClientRequest request = request_to("h");
    request.subprotocols = names;
    REQUIRE(request_of(request) == "invalid_subprotocol");
    request.subprotocols = std::span(names).first(256);
    REQUIRE(request_of(request).ends_with("v254, v255\r\n\r\n"));
}

TEST_CASE("a nonce is drawn for every attempt, and without entropy there is none",
          "[6455-4.1-29][6455-4.1-30]") {
    WatchedPool memory;
    Config config;
    config.pool = &memory.pool;
    unsigned char next = 0;
    config.entropy = {[](void* context, std::byte* into, std::size_t size) noexcept {
                          REQUIRE(size == 16);
                          auto& value = *static_cast<unsigned char*>(context);
                          for (std::size_t index = 0; index < size; ++index)
                              into[index] = std::byte{value};
                          return value++ < 2;
                      },
                      &next};
    std::string requests[2];
    for (std::string& text : requests) {
        ClientHandshake client(config, {});
        REQUIRE(client.start(request_to("h")) == Refusal::none);
        REQUIRE(client.start(request_to("h")) == Refusal::already_started);
        text = drain(client);
    }
    REQUIRE(requests[0].find("Key: AAAAAAAAAAAAAAAAAAAAAA==") != std::string::npos);
    REQUIRE(requests[1].find("Key: AQEBAQEBAQEBAQEBAQEBAQ==") != std::string::npos);
    ClientHandshake client(config, {});
    REQUIRE(client.start(request_to("h")) == Refusal::no_entropy);
    REQUIRE(client.output_size() == 0);
    Config none;
    none.pool = &memory.pool;
    ClientHandshake other(none, {});
    REQUIRE(other.start(request_to("h")) == Refusal::no_entropy);
}

TEST_CASE("the subprotocol agreed outlives what was offered", "[6455-4.1-58]") {
    Scene scene;
    {
        std::string one = "chat", two = "superchat";
        const std::string_view names[] = {one, two};
        ClientRequest request = request_to("h");
        request.subprotocols = names;
        REQUIRE(scene.client->start(request) == Refusal::none);
        one = two = "gone";
    }
    REQUIRE(scene.receive(switched + "Sec-WebSocket-Protocol: superchat\r\n\r\n") ==
            "response:101 opened:101");
    REQUIRE(scene.client->agreement().subprotocol == "superchat");
    REQUIRE(scene.client->wants().write());  // the request was never written
    Scene written;
    written.start();
    (void)drain(*written.client);
    REQUIRE(written.receive(sample) == "response:101 opened:101");
    REQUIRE(written.client->deadline() == never);
    REQUIRE(scene.client->agreement().role == Role::client);
}

TEST_CASE("interim responses are skipped up to a bound", "[9110-15.2-01][HSC-14]") {
    const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    const std::string eight = repeated(interim, 8);
    REQUIRE(ask_with(eight + sample + "frame").events == "response:101 opened:101");
    REQUIRE(ask_with(eight + sample + "frame").left == "frame");
    REQUIRE(ask_with(eight + interim + sample).events ==
            "failed:violation:head_too_large closed:violation:head_too_large");
    Config config;
    config.limits.interim_count_max = 0;
    REQUIRE(ask_with(interim, {}, config).events.starts_with("failed:violation:head_too_large"));
    const std::string input = repeated(interim, 2) + sample + "f";
    const Story whole = ask_with(input);
    at_every_cut(
        input, [&](const Cuts& cuts) { return ask_with(input, cuts); },
        [&](const Story& story) { REQUIRE(story == whole); });
}

TEST_CASE("a response has limits too, exact at their boundary", "[9110-5.4-02]") {
    Config config;
    config.limits.head_size_max = sample.size();
    config.limits.field_count_max = 3;
    REQUIRE(ask_with(sample, {}, config).state == HandshakeState::open);
    config.limits.head_size_max -= 1;
    REQUIRE(ask_with(sample, {}, config).events.starts_with("failed:violation:head_too_large"));
    config.limits.head_size_max += 1;
    config.limits.field_count_max = 2;
    REQUIRE(ask_with(sample, {}, config).events.starts_with("failed:violation:too_many_fields"));
}

TEST_CASE("a fold in a response is white space", "[9112-5.2-03]") {
    std::string folded = sample;
    folded.replace(folded.find("Connection: Upgrade"), 19, "Connection: keep-alive,\r\n\tUpgrade");
    REQUIRE(ask_with(folded).state == HandshakeState::open);
}

TEST_CASE("101 over HTTP/1.0 fails after it was shown", "[6455-4.1-54]") {
    std::string old = sample;
    old.replace(0, 8, "HTTP/1.0");
    REQUIRE(ask_with(old).events ==
            "response:101 failed:violation:response_outdated_http_version:101 "
            "closed:violation:response_outdated_http_version:101");
}

TEST_CASE("a response that refuses shows its fields at once and its body as it comes",
          "[6455-4.1-44][6455-4.1-45][6455-4.1-59][9112-6.3-04]") {
    Scene scene;
    scene.start();
    (void)drain(*scene.client);
    REQUIRE(scene.receive("HTTP/1.1 302 Found\r\nLocation: /x\r\nSet-Cookie: a\r\n"
                          "Content-Length: 10\r\n\r\nhello") == "response:302 failed:refused:302");
    const Response& response = scene.client->response();
    REQUIRE(response.status == 302);
    REQUIRE(response.field("LOCATION") == "/x");
    REQUIRE(response.field("None").empty());
    REQUIRE(response.fields.size() == 3);
    REQUIRE(as_text(response.body) == "hello");
    REQUIRE(scene.wants() == reading);
    REQUIRE(scene.client->state() == HandshakeState::failed);
    REQUIRE(scene.receive("world" + sample) == "closed:refused:302");
    REQUIRE(as_text(response.body) == "helloworld");
    REQUIRE(scene.wants() == closing);
    REQUIRE(scene.client->deadline() == never);
    REQUIRE(scene.receive(sample).empty());
    REQUIRE(scene.end().empty());
    REQUIRE(as_text(response.body) == "helloworld");
}

TEST_CASE("a refusal's body ends where it says, at the bound, at the end or at the deadline",
          "[6455-4.1-44]") {
    const std::string told = "response:403 failed:refused:403";
    const std::string done = told + " closed:refused:403";
    const std::string head = "HTTP/1.1 403 No\r\n";
    REQUIRE(ask_with(head + "Content-Length: 0\r\n\r\n").events == done);
    const std::string chunked =
        head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n";
    const Story whole = ask_with(chunked);
    REQUIRE(whole.events == done);
    REQUIRE(whole.body == "abcde");
    at_every_cut(
        chunked, [&](const Cuts& cuts) { return ask_with(chunked, cuts); },
        [&](const Story& story) { REQUIRE(story == whole); });
    REQUIRE(ask_with(head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcX").events == done);
    Config config;
    config.limits.response_body_size_max = 5;
    REQUIRE(ask_with(head + "\r\nhell", {}, config).events == told);
    REQUIRE(ask_with(head + "\r\nhello", {}, config).events == done);
    REQUIRE(ask_with(head + "\r\nhello, world", {}, config).body == "hello");
    REQUIRE(ask_with("HTTP/1.1 204 No\r\n\r\n").events.ends_with("closed:refused:204"));

    Scene ended;
    ended.start();
    REQUIRE(ended.receive(head + "\r\nhell") == told);
    REQUIRE(ended.end(TransportEnd::broken) == "closed:refused:403");
    REQUIRE(ended.client->state() == HandshakeState::failed);
    Scene late;
    late.start();
    REQUIRE(late.receive(head + "\r\nhell") == told);
    REQUIRE(late.receive("o", at(9)).empty());
    REQUIRE(late.advance(at(10)) == "closed:refused:403");
    REQUIRE(as_text(late.client->response().body) == "hello");
}

TEST_CASE("silence, before or after the request, ends at the deadline", "[6455-4.1-13][HSC-37]") {
    for (const bool started : {false, true}) {
        Scene scene;
        if (started) scene.start();
        REQUIRE(scene.client->deadline() == at(10));
        REQUIRE(scene.advance(at(9)).empty());
        REQUIRE(scene.advance(at(10)) == "failed:opening_timeout closed:opening_timeout");
        REQUIRE(scene.wants() == closing);
        REQUIRE(scene.client->start(request_to("h")) == Refusal::not_open);
    }
}

TEST_CASE("a transport that ends first is told once", "[6455-4.1-13]") {
    for (const std::string_view octets : {"", "HTTP/1.1 1"}) {
        Scene scene;
        scene.start();
        REQUIRE(scene.receive(octets).empty());
        REQUIRE(scene.end() == "closed:transport_ended");
        REQUIRE(scene.client->state() == HandshakeState::closed);
        REQUIRE(scene.wants() == closing);
        REQUIRE(scene.end().empty());
        REQUIRE(scene.receive(sample).empty());
    }
    Scene idle;
    REQUIRE(idle.end(TransportEnd::broken) == "closed:transport_broken");
    REQUIRE(idle.client->start(request_to("h")) == Refusal::not_open);
    Scene aborted;
    aborted.start();
    aborted.client->abort({});
    REQUIRE(pull(*aborted.client) == "closed:aborted");
    REQUIRE(aborted.client->output_size() == 0);
}

TEST_CASE("a response to half a request opens, and the end of the transport closes") {
    Scene scene;
    scene.start();
    std::byte piece[10];
    REQUIRE(scene.client->write_output(piece, {}) == 10);
    REQUIRE(scene.receive(sample) == "response:101 opened:101");
    REQUIRE(scene.end() == "closed:transport_ended");
    REQUIRE(scene.client->state() == HandshakeState::closed);
    REQUIRE(scene.wants() == closing);
    REQUIRE(drain(*scene.client).empty());
}

TEST_CASE("a server that speaks first is judged as usual, once there is a key", "[6455-4.1-42]") {
    Scene scene;
    REQUIRE(scene.client->receive(as_bytes(sample), {}) == 0);  // nothing to judge it by
    REQUIRE(scene.wants() == 0);
    scene.start();
    REQUIRE(scene.wants() == (Wants::read_bit | Wants::write_bit));
    REQUIRE(scene.receive(sample) == "response:101 opened:101");
    REQUIRE(scene.wants() == Wants::write_bit);  // the request is still to be written
    REQUIRE(scene.client->receive(as_bytes("frame"), {}) == 0);
    scene.client->wrote(SIZE_MAX, at(1));  // nothing was shown
    Slice slices[1];
    REQUIRE(scene.client->gather(slices) == 1);
    scene.client->wrote(5, at(1));
    REQUIRE(scene.client->deadline() == at(10));
    scene.client->wrote(SIZE_MAX, at(1));
    REQUIRE(scene.wants() == 0);
    REQUIRE(scene.client->deadline() == never);
    REQUIRE(scene.end().empty());
    scene.client->abort({});
    REQUIRE(pull(*scene.client).empty());
    Scene stuck;
    stuck.start();
    REQUIRE(stuck.receive(sample) == "response:101 opened:101");
    REQUIRE(stuck.advance(at(10)) == "failed:opening_timeout closed:opening_timeout");
    REQUIRE(stuck.client->state() == HandshakeState::failed);
}

TEST_CASE("a client without a pool is refused") {
    Config none;
    none.entropy = sample_entropy();
    ClientHandshake client(none, {});
    REQUIRE(client.start(request_to("h")) == Refusal::out_of_memory);
}

// One extension that fills a block of memory, so that the next one needs another.
TEST_CASE("a client without memory for all extensions fails, and has agreed on nothing") {
    const std::string full = "x;a=" + std::string(252, 'b');
    Scene scene;
    ClientRequest request = request_to("h");
    request.relayed_extensions = full;
    REQUIRE(scene.client->start(request) == Refusal::none);
    const std::string named = "Sec-WebSocket-Extensions: ";
    REQUIRE(scene.receive(switched + named + full + "\r\n" + named).empty());
    scene.memory.fail_from = scene.memory.call_count + 2;  // the table of fields, the first block
    REQUIRE(scene.receive("x\r\n\r\n") ==
            "response:101 failed:out_of_memory:101 closed:out_of_memory:101");
    REQUIRE(scene.client->agreement().extensions.empty());
}

TEST_CASE("a client and a server agree", "[6455-4.1-43][6455-4.2.2-19]") {
    const std::string_view names[] = {"a", "b"};
    ClientRequest request = request_to("h");
    request.subprotocols = names;
    WatchedPool memory;
    Config config;
    config.pool = &memory.pool;
    config.entropy = sample_entropy();
    ClientHandshake client(config, {});
    ServerHandshake server(config, {});
    REQUIRE(client.start(request) == Refusal::none);
    (void)server.receive(as_bytes(drain(client)), {});
    REQUIRE(pull(server) == "request");
    REQUIRE(server.accept({"b", {}}) == Refusal::none);
    (void)client.receive(as_bytes(drain(server)), {});
    REQUIRE(pull(client) == "response:101 opened:101");
    REQUIRE(client.agreement().subprotocol == "b");
    REQUIRE(server.agreement().subprotocol == "b");
    REQUIRE(client.wants().bits() == 0);
    REQUIRE(server.wants().bits() == 0);
}
