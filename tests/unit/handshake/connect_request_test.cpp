// SPDX-License-Identifier: MIT
// Requests over HTTP/2 and HTTP/3. What they share with HTTP/1 is proven in request_test.cpp; here
// one example of each rule shows that it holds.
#include "hawse/request.hpp"
#include "support/catch.hpp"

#include <vector>

using namespace hawse;
using enum hawse::Violation;

namespace {

using Fields = std::vector<Field>;

const Fields good_fields = {{":method", "CONNECT"},
                            {":protocol", "websocket"},
                            {":scheme", "https"},
                            {":path", "/chat?a=b"},
                            {":authority", "server.example.com"},
                            {"sec-websocket-version", "13"}};

Fields without(std::string_view name) {
    Fields fields = good_fields;
    std::erase_if(fields, [&](const Field& field) { return field.name == name; });
    return fields;
}

Fields with(std::string_view name, std::string_view value) {
    Fields fields = good_fields;
    for (Field& field : fields)
        if (field.name == name) field.value = value;
    return fields;
}

Fields plus(std::string_view name, std::string_view value) {
    Fields fields = good_fields;
    fields.push_back({name, value});
    return fields;
}

Fields in_front(std::string_view name, std::string_view value) {
    Fields fields = good_fields;
    fields.insert(fields.begin(), {name, value});
    return fields;
}

Violation judge(const Fields& fields) {
    static const Config config;
    Request request, other;
    const Violation fault =
        judge_request({.fields = fields, .transport = Transport::http2}, config, request);
    REQUIRE(judge_request({.fields = fields, .transport = Transport::http3}, config, other) ==
            fault);
    return fault;
}

}  // namespace

TEST_CASE("an extended CONNECT is acceptable and taken apart",
          "[8441-5-01][8441-5-02][8441-5-05][8441-5-06][8441-4-03]") {
    const Config config;
    Fields fields = good_fields;
    fields.push_back({"origin", "http://www.example.com"});
    fields.push_back({"sec-websocket-protocol", "chat, superchat"});
    fields.push_back({"sec-websocket-extensions", "permessage-deflate"});
    for (const Transport transport : {Transport::http2, Transport::http3}) {
        Request request;
        REQUIRE(judge_request({.fields = fields, .transport = transport}, config, request) == none);
        REQUIRE(request.method == "CONNECT");
        REQUIRE(request.target == "/chat?a=b");
        REQUIRE(request.resource == "/chat?a=b");
        REQUIRE(request.authority == "server.example.com");
        REQUIRE(request.origin == "http://www.example.com");
        REQUIRE(request.key.empty());
        REQUIRE(request.fields.size() == fields.size());
        REQUIRE(request.offers_subprotocol("superchat"));
        REQUIRE(request.field(":scheme") == "https");
        REQUIRE_FALSE(request.plain);
    }
}

TEST_CASE("method, target and version of HTTP/1 are not looked at on a stream", "[8441-5-01]") {
    const Config config;
    Request request;
    REQUIRE(judge_request({"POST", "*", 9, good_fields, Transport::http2}, config, request) ==
            none);
    REQUIRE(request.method == "CONNECT");
    REQUIRE(request.target == "/chat?a=b");
}

TEST_CASE("pseudo-fields of a request are known, single and in front", "[8441-4-01]") {
    REQUIRE(judge(in_front(":method", "CONNECT")) == repeated_pseudo_field);
    REQUIRE(judge(in_front(":protocol", "websocket")) == repeated_pseudo_field);
    REQUIRE(judge(in_front(":path", "/")) == repeated_pseudo_field);
    for (const std::string_view name : {":status", ":host", ":Path", ":"})
        REQUIRE(judge(in_front(name, "x")) == unknown_pseudo_field);
    REQUIRE(judge(plus(":path", "/")) == late_pseudo_field);
    REQUIRE(judge(in_front("x", "y")) == late_pseudo_field);
}

TEST_CASE("the method of a stream is CONNECT in capitals", "[8441-5-01]") {
    REQUIRE(judge(without(":method")) == missing_pseudo_field);
    for (const std::string_view method : {"", "GET", "connect", "CONNECTS"})
        REQUIRE(judge(with(":method", method)) == method_not_connect);
}

TEST_CASE("scheme and path stand beside the protocol", "[8441-4-02][8441-5-03]") {
    REQUIRE(judge(without(":scheme")) == missing_pseudo_field);
    REQUIRE(judge(without(":path")) == missing_pseudo_field);
    for (const std::string_view scheme : {"http", "https", "HTTPS"})
        REQUIRE(judge(with(":scheme", scheme)) == none);
    for (const std::string_view scheme : {"", "ws", "wss", "ftp", "httpss"})
        REQUIRE(judge(with(":scheme", scheme)) == invalid_scheme);
    for (const std::string_view path : {"/", "/?", "//x", "/a?b\"<>\\^`{|}~!"})
        REQUIRE(judge(with(":path", path)) == none);
    for (const std::string_view path : {"", "*", "a", "?a", "/a b", "/#", "/\x7F", "/\x80",
                                        "http://h/"})
        REQUIRE(judge(with(":path", path)) == malformed_target);
}

TEST_CASE("the authority is a host and port, and Host may only repeat it", "[8441-5-05]") {
    REQUIRE(judge(without(":authority")) == missing_authority);
    for (const std::string_view authority : {"h", "h:80", "[::1]:9", "1.2.3.4", "h:65535"})
        REQUIRE(judge(with(":authority", authority)) == none);
    for (const std::string_view authority : {"", ":80", "a b", "u@h", "h:65536", "h/", "[::1"})
        REQUIRE(judge(with(":authority", authority)) == invalid_authority);
    REQUIRE(judge(plus("host", "SERVER.example.com")) == none);
    for (const std::string_view host : {"", "h", "server.example.com:443"})
        REQUIRE(judge(plus("host", host)) == differing_host);
    Fields twice = plus("host", "server.example.com");
    twice.push_back({"host", "h"});
    REQUIRE(judge(twice) == differing_host);
    Fields alone = without(":authority");
    alone.push_back({"host", "h"});
    REQUIRE(judge(alone) == missing_authority);
}

TEST_CASE("a request on a stream announces no content", "[9112-6.3-03]") {
    REQUIRE(judge(plus("content-length", "0")) == none);
    REQUIRE(judge(plus("content-length", "1")) == unexpected_content);
    REQUIRE(judge(plus("transfer-encoding", "chunked")) == unexpected_content);
}

TEST_CASE("the protocol is websocket, and another one is not implemented",
          "[8441-5-02][9220-3-02]") {
    REQUIRE(judge(without(":protocol")) == missing_protocol);
    REQUIRE(judge(with(":protocol", "WebSocket")) == none);
    for (const std::string_view protocol :
         {"", "connect-udp", "websockets", "websocket/13", "websocket, h2c", " websocket"})
        REQUIRE(judge(with(":protocol", protocol)) == unsupported_protocol);
}

TEST_CASE("nothing on a stream speaks of the connection", "[8441-5-04]") {
    for (const std::string_view name : {"connection", "upgrade", "keep-alive", "proxy-connection"})
        REQUIRE(judge(plus(name, "x")) == connection_specific_field);
    REQUIRE(judge(plus("te", "gzip")) == connection_specific_field);
    REQUIRE(judge(plus("te", "trailers")) == none);
}

TEST_CASE("version, origin, subprotocols and extensions obey the rules of HTTP/1",
          "[8441-5-07][6455-4.2.2-09]") {
    REQUIRE(judge(without("sec-websocket-version")) == missing_version);
    REQUIRE(judge(plus("sec-websocket-version", "13")) == malformed_version);
    REQUIRE(judge(with("sec-websocket-version", "013")) == malformed_version);
    REQUIRE(judge(with("sec-websocket-version", "14")) == unsupported_version);
    Fields origins = plus("origin", "null");
    REQUIRE(judge(origins) == none);
    origins.push_back({"origin", "null"});
    REQUIRE(judge(origins) == repeated_origin);
    REQUIRE(judge(plus("sec-websocket-protocol", "a, b")) == none);
    REQUIRE(judge(plus("sec-websocket-protocol", "a b")) == malformed_subprotocols);
    REQUIRE(judge(plus("sec-websocket-extensions", "a;b=1")) == none);
    REQUIRE(judge(plus("sec-websocket-extensions", "a;")) == malformed_extensions);
}

TEST_CASE("a key on a stream is not looked at", "[8441-5-06]") {
    REQUIRE(judge(plus("sec-websocket-key", "x")) == none);
}

TEST_CASE("a request on a stream is never plain", "[8441-5-01]") {
    Config config;
    config.surface_plain_requests = true;
    Request request;
    REQUIRE(judge_request({.fields = without(":protocol"), .transport = Transport::http2}, config,
                          request) == missing_protocol);
    REQUIRE_FALSE(request.plain);
}

TEST_CASE("the first fault of a request on a stream wins", "[8441-4-01]") {
    // Every rule is broken at once; each is repaired in turn, and the next one shows.
    Fields fields = {{":x", ""},
                     {":protocol", "x"},
                     {":scheme", "x"},
                     {":path", "x"},
                     {"content-length", "1"},
                     {"connection", "x"},
                     {"sec-websocket-version", "12"},
                     {"origin", "a"},
                     {"origin", "b"},
                     {"sec-websocket-protocol", ""},
                     {"sec-websocket-extensions", ""}};
    REQUIRE(judge(fields) == unknown_pseudo_field);
    fields[0] = {":method", "GET"};
    REQUIRE(judge(fields) == method_not_connect);
    fields[0].value = "CONNECT";
    REQUIRE(judge(fields) == invalid_scheme);
    fields[2].value = "http";
    REQUIRE(judge(fields) == malformed_target);
    fields[3].value = "/";
    REQUIRE(judge(fields) == missing_authority);
    fields.insert(fields.begin(), {":authority", "h"});
    REQUIRE(judge(fields) == unexpected_content);
    fields[5].value = "0";
    REQUIRE(judge(fields) == unsupported_protocol);
    fields[2].value = "websocket";
    REQUIRE(judge(fields) == connection_specific_field);
    fields[6].name = "x";
    REQUIRE(judge(fields) == unsupported_version);
    fields[7].value = "13";
    REQUIRE(judge(fields) == repeated_origin);
    fields[9].name = "x";
    REQUIRE(judge(fields) == malformed_subprotocols);
    fields[10].value = "a";
    REQUIRE(judge(fields) == malformed_extensions);
    fields[11].value = "a";
    REQUIRE(judge(fields) == none);
}
