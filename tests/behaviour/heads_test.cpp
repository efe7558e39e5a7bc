// SPDX-License-Identifier: MIT
// Heads as they are written and as they are taken: whatever is sent is of the strict form, whoever
// asked for it, and what is no head is answered once and never corrected. RFC 9112 §2 to §6
#include "hawse/handshake.hpp"
#include "support/catch.hpp"
#include "support/handshake_story.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace hawse;
using namespace support;

namespace {

const std::string fields = "Host: server.example.com\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                           "Sec-WebSocket-Version: 13\r\n";
const std::string sample = "GET /chat HTTP/1.1\r\n" + fields + "\r\n";
const std::string switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

std::string with(std::string_view more) {
    return "GET /chat HTTP/1.1\r\n" + fields + std::string(more) + "\r\n";
}

ClientRequest request_to(std::string_view host) {
    ClientRequest request;
    request.host = host;
    return request;
}

bool is_token_character(char character) {
    return character > ' ' && character < '\x7F' &&
           std::string_view("\"(),/:;<=>?@[\\]{}").find(character) == std::string_view::npos;
}

// What is wrong with the lines of a head, which end before its empty line; empty when nothing is.
std::string fault_of_lines(std::string_view head) {
    std::vector<std::string> names;
    for (bool first = true; !head.empty(); first = false) {
        const std::size_t end = head.find("\r\n");
        if (end == std::string_view::npos) return "a line without its end";
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(end + 2);
        for (const char character : line) {
            const auto octet = static_cast<unsigned char>(character);
            if ((octet < ' ' && octet != '\t') || octet == 0x7F) return "a control character";
        }
        if (line.empty() || line[0] == ' ' || line[0] == '\t') return "a line that begins in white";
        if (first) continue;
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || colon == 0) return "a field without a name";
        const std::string name(line.substr(0, colon));
        for (const char character : name)
            if (!is_token_character(character)) return "a name that is no token: " + name;
        if (line.substr(colon, 2) != ": ") return "a value that does not follow its colon";
        if (name == "Transfer-Encoding") return "a transfer coding";
        if (name != "Set-Cookie" && std::find(names.begin(), names.end(), name) != names.end())
            return "a field that stands twice: " + name;
        names.push_back(name);
        if (name != "Connection" && name != "Upgrade" && !name.starts_with("Sec-WebSocket-P"))
            continue;
        const std::string list = "," + std::string(line.substr(colon + 2)) + ",";
        if (list.find(",,") != std::string::npos || list.find(", ,") != std::string::npos)
            return "an empty element: " + list;
    }
    return "";
}

// The same of all that was sent: a 100 may stand before a 101, and content behind a final answer.
std::string fault_of(std::string_view sent) {
    const bool interim = sent.starts_with("HTTP/1.1 1");
    const std::size_t end = sent.find("\r\n\r\n");
    if (end == std::string_view::npos) return "no head";
    const std::string_view head = sent.substr(0, end + 2);
    if (interim && head.find("Content-Length") != std::string_view::npos)
        return "a length on an interim answer";
    const std::string fault = fault_of_lines(head);
    sent.remove_prefix(end + 4);
    if (!fault.empty()) return fault;
    if (interim && !sent.empty()) return fault_of(sent);
    return head.starts_with("GET") && !sent.empty() ? "octets behind the request" : "";
}

std::vector<std::string> everything_a_client_sends() {
    const std::string_view names[] = {"chat", "superchat", "x"};
    const Field own[] = {{"Cookie", "a=b"}, {"X", ""}, {"User-Agent", "\xFFx \ty"}};
    std::vector<std::string> sent;
    for (const std::string_view target : {"/", "", "?q", "/chat?a=b"})
        for (const bool more : {false, true}) {
            ClientRequest request = request_to("server.example.com");
            request.target = target;
            if (more) {
                request.port = 8080;
                request.origin = "http://example.com";
                request.subprotocols = names;
                request.fields = own;
                request.relayed_extensions = "foo;a=b, bar";
            }
            sent.push_back(ask({}, request, "").output);
        }
    return sent;
}

std::vector<std::string> refusals() {
    const std::string bad[] = {"x\r\n",
                               "\n",
                               "GET / HTTP/1.0\r\n\r\n",
                               "GET / HTTP/2.0\r\n\r\n",
                               "PUT / HTTP/1.1\r\n\r\n",
                               "GET * HTTP/1.1\r\n\r\n",
                               "GET / HTTP/1.1\r\n\r\n",
                               "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
                               "GET / HTTP/1.1\r\nA : b\r\n",
                               "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n",
                               with("Sec-WebSocket-Version: 13\r\n"),
                               with("Content-Length: 5\r\n"),
                               with("Origin: a\r\nOrigin: b\r\n"),
                               with("X: " + std::string(20'000, 'x') + "\r\n"),
                               "GET /" + std::string(20'000, 'a')};
    std::vector<std::string> sent;
    for (const std::string& request : bad) sent.push_back(serve({}, request).output);
    return sent;
}

std::vector<std::string> everything_a_server_sends() {
    const Field own[] = {
        {"Set-Cookie", "a=b"}, {"Set-Cookie", "c=d"}, {"WWW-Authenticate", "Basic"}};
    std::vector<std::string> sent = refusals();
    for (const int status : {200, 204, 205, 301, 304, 401, 403, 404, 426, 499, 500, 503, 599})
        sent.push_back(serve({}, sample, {}, [&](ServerHandshake& server) {
                           const bool content = status != 204 && status != 205 && status != 304;
                           REQUIRE(server.reject({static_cast<std::uint16_t>(status), own,
                                                  content ? as_bytes("text") : ConstBytes{}}) ==
                                   Refusal::none);
                       }).output);
    for (const std::string_view more : {"", "Expect: 100-continue\r\n"})
        sent.push_back(serve({}, with(std::string(more) + "Sec-WebSocket-Protocol: chat\r\n"), {},
                             [&](ServerHandshake& server) {
                                 REQUIRE(server.accept({"chat", own}) == Refusal::none);
                             })
                           .output);
    return sent;
}

}  // namespace

TEST_CASE("every head that is sent is of the strict form",
          "[9112-2.2-03][9112-2.2-05][9112-2.2-07][9112-5.2-01][9112-6.1-01][9112-6.1-02]"
          "[9112-6.2-01][9110-5.6.1.1-01][9110-8.6-01][9110-5.3-01][6455-4.1-39]") {
    for (const auto& all : {everything_a_client_sends(), everything_a_server_sends()})
        for (const std::string& sent : all) {
            INFO(sent.substr(0, 300));
            REQUIRE(fault_of(sent).empty());
        }
    // What the host adds cannot spoil it: see the tests of what is injected. Framing is not its own.
    serve({}, sample, {}, [](ServerHandshake& server) {
        for (const std::string_view name : {"Content-Length", "Transfer-Encoding"}) {
            const Field field = {name, "1"};
            REQUIRE(server.accept({{}, {&field, 1}}) == Refusal::reserved_field);
            REQUIRE(server.reject({200, {&field, 1}, {}}) == Refusal::reserved_field);
        }
    });
}

TEST_CASE("no refusal is longer than 512 octets, however long what it refuses is") {
    std::size_t largest = 0;
    for (const std::string& sent : refusals()) largest = std::max(largest, sent.size());
    REQUIRE(largest <= 512);
    REQUIRE(largest >= 200);  // they say what is wrong
}

TEST_CASE("octets that are no head are answered 400 and end the connection, never corrected",
          "[9112-2.2-09][9112-3.2-02][9112-3.2-03][9112-5.1-01][9112-5.2-02][9112-2.2-08]") {
    for (const std::string& input : std::initializer_list<std::string>{
             "\x16\x03\x01", "hello\r\n\r\n", "GET /chat\r\n" + fields + "\r\n",
             "GET  /chat HTTP/1.1\r\n" + fields + "\r\n",
             "GET /chat  HTTP/1.1\r\n" + fields + "\r\n",
             "GET /chat HTTP/1.1 \r\n" + fields + "\r\n",
             "GET\t/chat HTTP/1.1\r\n" + fields + "\r\n",
             "GET /ch at HTTP/1.1\r\n" + fields + "\r\n",
             "GET /chat http/1.1\r\n" + fields + "\r\n", "GET /chat HTTP/1.1\n" + fields + "\r\n",
             "GET /chat HTTP/1.1\r\n " + fields + "\r\n", with("A : b\r\n"), with("A\r\n"),
             with("A: b\r\n c\r\n"), with("A: b\rc\r\n"), with(std::string_view("A: \0\r\n", 6))}) {
        INFO(input);
        const Story story = serve({}, input + sample);
        REQUIRE(story.events.starts_with("failed:violation:"));
        REQUIRE(story.events.ends_with(":400"));
        REQUIRE(story.output.starts_with("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"));
        REQUIRE(story.output.find("HTTP/1.1", 1) == std::string::npos);
        REQUIRE(story.wants == (Wants::read_bit | Wants::end_write_bit));
    }
}

TEST_CASE("a request is shown with its last octet, and nothing is answered before",
          "[9110-5.3-02][6455-4.2.2-01]") {
    for (std::size_t size = 0; size < sample.size(); ++size) {
        const Story story = serve({}, sample.substr(0, size));
        REQUIRE(story.events.empty());
        REQUIRE(story.output.empty());
        REQUIRE(story.state == HandshakeState::opening);
    }
    REQUIRE(serve({}, sample).events == "request opened:101");
}

TEST_CASE("a request with two ways to tell its content is refused, and is the last",
          "[9112-6.1-04]") {
    for (const std::string_view more : {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                                        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"}) {
        const Story story = serve({}, with(more) + "0\r\n\r\n" + sample);
        REQUIRE(story.events == "failed:violation:unexpected_content:400");
        REQUIRE(story.output.find("Connection: close\r\n") != std::string::npos);
        REQUIRE(story.output.find("HTTP/1.1", 1) == std::string::npos);
        REQUIRE(story.wants == (Wants::read_bit | Wants::end_write_bit));
    }
}

TEST_CASE("a request of HTTP/1.0 with Transfer-Encoding is refused, and is the last",
          "[9112-6.1-05]") {
    std::string old = with("Transfer-Encoding: chunked\r\n");
    old.replace(old.find("HTTP/1.1"), 8, "HTTP/1.0");
    const Story story = serve({}, old + "0\r\n\r\n" + sample);
    REQUIRE(story.events == "failed:violation:outdated_http_version:400");
    REQUIRE(story.output.find("Connection: close\r\n") != std::string::npos);
    REQUIRE(story.output.find("HTTP/1.1", 1) == std::string::npos);
    REQUIRE(story.wants == (Wants::read_bit | Wants::end_write_bit));
}

TEST_CASE("a head that one side may write the other reads, up to the same limit", "[9110-2.3-01]") {
    const Config config;
    const auto filled = [&](std::size_t other_size, std::size_t more) {
        return std::string(config.limits.head_size_max - other_size - 5 + more,
                           'x');  // "X: " and CRLF
    };
    const std::size_t request_size = ask({}, request_to("h"), "").output.size();
    const std::size_t response_size = serve({}, sample).output.size();
    for (const std::size_t more : {0U, 1U}) {
        const std::string asked = filled(request_size, more),
                          answered = filled(response_size, more);
        const Field field = {"X", asked}, other = {"X", answered};
        ClientRequest request = request_to("h");
        request.fields = {&field, 1};
        const std::string head = ask({}, request, "").output;
        REQUIRE(head.size() == config.limits.head_size_max + more);
        const Story served = serve({}, head);
        REQUIRE(served.events ==
                (more == 0 ? "request opened:101" : "failed:violation:head_too_large:431"));
        const std::string answer = serve({}, sample, {}, [&](ServerHandshake& server) {
                                       REQUIRE(server.accept({{}, {&other, 1}}) == Refusal::none);
                                   }).output;
        REQUIRE(answer.size() == config.limits.head_size_max + more);
        REQUIRE((ask({}, request_to("h"), answer).state == HandshakeState::open) == (more == 0));
    }
}

TEST_CASE("the versions that a server advertises are a list on any number of lines",
          "[6455-4.3-05][6455-4.4-01][6455-11.3.5-01]") {
    for (const std::string_view lines :
         {"Sec-WebSocket-Version: 13, 8, 7\r\n",
          "Sec-WebSocket-Version: 13\r\nX: y\r\nsec-websocket-version: 8 ,7\r\n"}) {
        WatchedPool memory;
        Config config;
        config.pool = &memory.pool;
        config.entropy = sample_entropy();
        ClientHandshake client(config, {});
        REQUIRE(client.start(request_to("h")) == Refusal::none);
        (void)drain(client);
        const std::string answer =
            "HTTP/1.1 426 Upgrade Required\r\n" + std::string(lines) + "Content-Length: 0\r\n\r\n";
        (void)client.receive(as_bytes(answer), {});
        REQUIRE(pull(client) == "response:426 failed:refused:426 closed:refused:426");
        TokenList versions(client.response().fields, "Sec-WebSocket-Version");
        for (const std::string_view version : {"13", "8", "7", ""})
            REQUIRE(versions.next() == version);
    }
}

TEST_CASE("nothing in a head is read as UTF-8: octets beyond ASCII are opaque, or no part of it",
          "[6455-8.1-02][9112-2.2-01][9110-5.5-03]") {
    const std::string value = "\xFF\xC3\x28\xED\xA0\x80 \xC3\xBC";  // Latin, and some UTF-8
    std::string shown;
    const Story story = serve({}, with("X: " + value + "\r\n"), {}, [&](ServerHandshake& server) {
        shown = server.request().field("x");
        REQUIRE(server.accept() == Refusal::none);
    });
    REQUIRE(story.state == HandshakeState::open);
    REQUIRE(shown == value);
    REQUIRE(ask({}, request_to("h"), switched + "X: " + value + "\r\n\r\n").state ==
            HandshakeState::open);
    // Valid UTF-8 or not, a target, a name and a token are ASCII.
    for (const std::string_view octets : {"\xC3\xBC", "\xFF"}) {
        const std::string text(octets);
        REQUIRE(serve({}, "GET /" + text + " HTTP/1.1\r\n" + fields + "\r\n").events ==
                "failed:violation:malformed_target:400");
        REQUIRE(serve({}, with("X" + text + ": y\r\n")).events ==
                "failed:violation:malformed_field:400");
        REQUIRE(serve({}, with("Sec-WebSocket-Protocol: " + text + "\r\n")).events ==
                "failed:violation:malformed_subprotocols:400");
    }
}
