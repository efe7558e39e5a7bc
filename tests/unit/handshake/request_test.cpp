// SPDX-License-Identifier: MIT
#include "hawse/handshake.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace hawse;
using enum hawse::Violation;

namespace {

using Fields = std::vector<Field>;

const Fields good_fields = {{"Host", "server.example.com"},
                            {"Upgrade", "websocket"},
                            {"Connection", "Upgrade"},
                            {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                            {"Sec-WebSocket-Version", "13"}};

Fields without(std::string_view name) {
    Fields fields = good_fields;
    std::erase_if(fields, [&](const Field& field) { return field.name == name; });
    return fields;
}

Fields with(std::string_view name, std::initializer_list<std::string_view> values) {
    Fields fields = without(name);
    for (const auto value : values) fields.push_back({name, value});
    return fields;
}

Fields plus(std::string_view name, std::string_view value) {
    Fields fields = good_fields;
    fields.push_back({name, value});
    return fields;
}

Violation judge(const Fields& fields, std::string_view target = "/chat",
                std::string_view method = "GET", std::uint8_t version = 11) {
    static const Config config;
    Request request;
    return judge_request({method, target, version, fields}, config, request);
}

Violation judge_target(std::string_view target) { return judge(good_fields, target); }

}  // namespace

TEST_CASE("the standard's request is acceptable and taken apart",
          "[6455-4.2.1-01][6455-4.2.1-13][6455-4.2.1-14][6455-4.4-03]") {
    const Config config;
    Request request;
    REQUIRE(judge_request({"GET", "/chat?a=b", 11, good_fields}, config, request) == none);
    REQUIRE(request.method == "GET");
    REQUIRE(request.target == "/chat?a=b");
    REQUIRE(request.resource == "/chat?a=b");
    REQUIRE(request.authority == "server.example.com");
    REQUIRE(request.origin.empty());
    REQUIRE(request.key == "dGhlIHNhbXBsZSBub25jZQ==");
    REQUIRE(request.fields.size() == 5);
    REQUIRE_FALSE(request.plain);
    REQUIRE_FALSE(request.expects_continue);
    REQUIRE(request.subprotocols().next().empty());
    REQUIRE_FALSE(request.offers_subprotocol("chat"));
    REQUIRE_FALSE(request.offers_subprotocol(""));
    REQUIRE(request.field("UPGRADE") == "websocket");
    REQUIRE(request.field("Cookie").empty());
}

TEST_CASE("the order of fields, unknown ones and the case of names do not matter",
          "[6455-4.2.1-04][6455-4.2.1-15][6455-4.1-55][9110-5.1-02]") {
    Fields fields(good_fields.rbegin(), good_fields.rend());
    fields.insert(fields.begin() + 2, {"X-Unknown", "\xFF;,\"("});
    REQUIRE(judge(fields) == none);
    fields[0].name = "SEC-WEBSOCKET-VERSION";
    REQUIRE(judge(fields) == none);
}

TEST_CASE("the HTTP version is 1.1 or a later one of 1",
          "[6455-4.2.1-06][9112-2.3-01][9110-7.8-07][9110-15.2-02]") {
    for (const int version : {9, 10})
        REQUIRE(judge(good_fields, "/", "GET", static_cast<std::uint8_t>(version)) ==
                outdated_http_version);
    for (const int version : {11, 12, 19})
        REQUIRE(judge(good_fields, "/", "GET", static_cast<std::uint8_t>(version)) == none);
    for (const int version : {20, 30, 99})
        REQUIRE(judge(good_fields, "/", "GET", static_cast<std::uint8_t>(version)) ==
                unsupported_http_version);
}

TEST_CASE("the method is GET in capitals", "[6455-4.2.1-05][9112-3.1-01]") {
    for (const std::string_view method : {"get", "POST", "HEAD", "GETS", "GE"})
        REQUIRE(judge(good_fields, "/", method) == method_not_get);
}

TEST_CASE("a target is a path, or an http or https URI whose authority wins",
          "[6455-4.2.1-07][9112-3.2.2-01][9112-3.2.2-02]") {
    REQUIRE(judge_target("/") == none);
    REQUIRE(judge_target("/a?b\"<>\\^`{|}~!") == none);
    REQUIRE(judge_target("//x") == none);
    for (const std::string_view target : {"",
                                          "*",
                                          "chat",
                                          "?a",
                                          "/a b",
                                          "/a#b",
                                          "/#",
                                          "/\x7F",
                                          "/\x80",
                                          "/\t",
                                          "example.com:80",
                                          "ws://h/",
                                          "wss://h/",
                                          "ftp://h/",
                                          "http:/h",
                                          "http//h",
                                          "http://",
                                          "http:///a",
                                          "http://u@h/",
                                          "http://h/#f",
                                          "http://h#f",
                                          "http://h?a#f",
                                          "http://h:x/",
                                          "http://h:65536/",
                                          "http://[::1/",
                                          "https://a b/",
                                          "http://h/ "}) {
        INFO(target);
        REQUIRE(judge_target(target) == malformed_target);
    }
    const Config config;
    Request request;
    REQUIRE(judge_request({"GET", "HTTPS://other:8443/x?y", 11, good_fields}, config, request) ==
            none);
    REQUIRE(request.target == "HTTPS://other:8443/x?y");
    REQUIRE(request.resource == "/x?y");
    REQUIRE(request.authority == "other:8443");
    REQUIRE(judge_request({"GET", "http://[::1]", 11, good_fields}, config, request) == none);
    REQUIRE(request.resource == "/");
    REQUIRE(request.authority == "[::1]");
    REQUIRE(judge_request({"GET", "http://h?a", 11, good_fields}, config, request) == none);
    REQUIRE(request.resource == "?a");
    REQUIRE(request.authority == "h");
    REQUIRE(judge(without("Host"), "http://h/") == missing_host);
}

TEST_CASE("there is one valid Host", "[6455-4.2.1-08][9112-3.2-05][6455-4.2.1-03]") {
    REQUIRE(judge(without("Host")) == missing_host);
    REQUIRE(judge(plus("host", "server.example.com")) == repeated_host);
    for (const std::string_view host : {"h", "h:80", "h:", "[::1]:9", "1.2.3.4", "h:65535"})
        REQUIRE(judge(with("Host", {host})) == none);
    for (const std::string_view host :
         {"", ":80", "a b", "u@h", "h:65536", "h:x", "h/", "a, b", "[::1", "::1"})
        REQUIRE(judge(with("Host", {host})) == invalid_host);
}

TEST_CASE("a request with content is refused",
          "[9112-6.3-02][9112-6.3-03][9112-6-01][9110-8.6-02]") {
    for (const std::string_view size : {"0", "00", "0, 0", "0 ,0"})
        REQUIRE(judge(plus("Content-Length", size)) == none);
    for (const std::string_view size :
         {"", "1", "5", "-0", "+0", "0x0", "0,5", "0,", ",0", "0 0", "18446744073709551616", "a"})
        REQUIRE(judge(plus("Content-Length", size)) == unexpected_content);
    Fields twice = plus("Content-Length", "0");
    twice.push_back({"content-length", "0"});
    REQUIRE(judge(twice) == none);
    twice.back().value = "1";
    REQUIRE(judge(twice) == unexpected_content);
    for (const std::string_view coding : {"chunked", "identity", "gzip", ""})
        REQUIRE(judge(plus("Transfer-Encoding", coding)) == unexpected_content);
}

TEST_CASE("Upgrade is a list that is searched for websocket",
          "[6455-4.2.1-09][9110-7.8-04][9110-7.8-02]") {
    REQUIRE(judge(with("Upgrade", {"WebSocket"})) == none);
    REQUIRE(judge(with("Upgrade", {"h2c, websocket"})) == none);
    REQUIRE(judge(with("Upgrade", {"h2c", "foo/1,,websocket"})) == none);
    REQUIRE(judge(without("Upgrade")) == missing_upgrade);
    for (const std::string_view upgrade : {"websocket2", "websocket/13", "h2c", "web, socket"})
        REQUIRE(judge(with("Upgrade", {upgrade})) == missing_upgrade);
    for (const std::string_view upgrade : {"", ",", "websocket;x", "web socket", "websocket, a b",
                                           "websocket, /", "\"websocket\"", "websocket, \x80"})
        REQUIRE(judge(with("Upgrade", {upgrade})) == malformed_list);
}

TEST_CASE("Connection is a list that is searched for the option upgrade",
          "[6455-4.2.1-10][9110-7.6.1-01]") {
    REQUIRE(judge(with("Connection", {"keep-alive, Upgrade"})) == none);
    REQUIRE(judge(with("Connection", {"keep-alive", "uPGRADE"})) == none);
    REQUIRE(judge(without("Connection")) == missing_connection_option);
    for (const std::string_view connection : {"notupgrade", "upgrade2", "keep-alive", "close"})
        REQUIRE(judge(with("Connection", {connection})) == missing_connection_option);
    for (const std::string_view connection : {"", " , ", "upgrade, a/b", "upgrade;", "up grade"})
        REQUIRE(judge(with("Connection", {connection})) == malformed_list);
}

TEST_CASE("as many empty elements as the limit are tolerated",
          "[9110-5.6.1.2-01][9110-5.6.1.2-02][6455-4.2.1-03]") {
    const std::string most = "Upgrade" + std::string(32, ',');
    const std::string more = most + ",";
    REQUIRE(judge(with("Connection", {most})) == none);
    REQUIRE(judge(with("Connection", {more})) == malformed_list);
    const std::string protocols = "a" + std::string(32, ',');
    REQUIRE(judge(plus("Sec-WebSocket-Protocol", protocols)) == none);
    REQUIRE(judge(plus("Sec-WebSocket-Protocol", protocols + ",")) == malformed_subprotocols);
    REQUIRE(judge(plus("Sec-WebSocket-Extensions", protocols)) == none);
    REQUIRE(judge(plus("Sec-WebSocket-Extensions", protocols + ",")) == malformed_extensions);
}

TEST_CASE("the version is one number, and 13",
          "[6455-4.2.1-12][6455-4.3-04][6455-4.2.2-09][6455-11.3.5-02][6455-11.6-01]"
          "[6455-4.2.1-03]"
          "[HSS-23]") {
    REQUIRE(judge(without("Sec-WebSocket-Version")) == missing_version);
    REQUIRE(judge(plus("Sec-WebSocket-Version", "13")) == malformed_version);
    for (const std::string_view version : {"", "013", "+13", "-13", "13.0", "1 3", "13, 8", "13,",
                                           "256", "999", "1300", "a", "0x0d", "00"})
        REQUIRE(judge(with("Sec-WebSocket-Version", {version})) == malformed_version);
    for (const std::string_view version : {"0", "8", "12", "14", "130", "255"})
        REQUIRE(judge(with("Sec-WebSocket-Version", {version})) == unsupported_version);
}

TEST_CASE("there is one key of 16 octets", "[6455-4.2.1-11][6455-11.3.1-01][6455-4.2.1-03]") {
    REQUIRE(judge(without("Sec-WebSocket-Key")) == missing_key);
    REQUIRE(judge(plus("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")) == repeated_key);
    REQUIRE(judge(with("Sec-WebSocket-Key", {"dGhlIHNhbXBsZSBub25jZR=="})) == none);
    for (const std::string_view key : {"", "AAAAAAAAAAAAAAAAAAAAAAA=", "dGhlIHNhbXBsZSBub25j*Q=="})
        REQUIRE(judge(with("Sec-WebSocket-Key", {key})) == malformed_key);
}

TEST_CASE("there is at most one Origin", "[9110-5.3-01]") {
    Fields fields = plus("Origin", "null");
    REQUIRE(judge(fields) == none);
    fields.push_back({"ORIGIN", "null"});
    REQUIRE(judge(fields) == repeated_origin);
}

TEST_CASE("subprotocols are a list of tokens, duplicates tolerated",
          "[6455-4.3-02][6455-11.3.4-01][6455-11.5-01][6455-4.2.1-03]") {
    const Fields fields = with("Sec-WebSocket-Protocol", {"chat, superchat", ",chat,x"});
    const Config config;
    Request request;
    REQUIRE(judge_request({"GET", "/", 11, fields}, config, request) == none);
    TokenList offered = request.subprotocols();
    for (const std::string_view one : {"chat", "superchat", "chat", "x", ""})
        REQUIRE(offered.next() == one);
    REQUIRE(request.offers_subprotocol("superchat"));
    REQUIRE_FALSE(request.offers_subprotocol("CHAT"));
    for (const std::string_view value :
         {"", ",", "a b", "chat, CHAT, , chat2;x", "a/b", "\"a\"", "\xFF"})
        REQUIRE(judge(plus("Sec-WebSocket-Protocol", value)) == malformed_subprotocols);
}

TEST_CASE("extensions obey their grammar and are declined",
          "[6455-9.1-01][6455-11.3.2-01][6455-4.2.1-03]") {
    for (const std::string_view value :
         {"permessage-deflate", "x-webkit-deflate-frame, foo; bar=1", ", ,a, ,", "a;b=\"10\""})
        REQUIRE(judge(plus("Sec-WebSocket-Extensions", value)) == none);
    for (const std::string_view value : {"", "a;", "a; b=", "a;b=\"", "\x80\xFF\xFE", "a b"})
        REQUIRE(judge(plus("Sec-WebSocket-Extensions", value)) == malformed_extensions);
}

TEST_CASE("the first fault wins", "[6455-4.2.1-02]") {
    // Every rule is broken at once; each is repaired in turn, and the next one shows.
    Fields fields = {{"Content-Length", "1"},
                     {"Connection", "close"},
                     {"Sec-WebSocket-Version", "12"},
                     {"Sec-WebSocket-Key", "x"},
                     {"Origin", "a"},
                     {"Origin", "b"},
                     {"Sec-WebSocket-Protocol", ""},
                     {"Sec-WebSocket-Extensions", ""}};
    REQUIRE(judge(fields, "*", "POST", 10) == outdated_http_version);
    REQUIRE(judge(fields, "*", "POST", 20) == unsupported_http_version);
    REQUIRE(judge(fields, "*", "POST") == method_not_get);
    REQUIRE(judge(fields, "*") == malformed_target);
    REQUIRE(judge(fields) == missing_host);
    fields.push_back({"Host", "h"});
    REQUIRE(judge(fields) == unexpected_content);
    fields[0].value = "0";
    REQUIRE(judge(fields) == missing_upgrade);
    fields.push_back({"Upgrade", "websocket"});
    REQUIRE(judge(fields) == missing_connection_option);
    fields[1].value = "upgrade";
    REQUIRE(judge(fields) == unsupported_version);
    fields[2].value = "13";
    REQUIRE(judge(fields) == malformed_key);
    fields[3].value = "dGhlIHNhbXBsZSBub25jZQ==";
    REQUIRE(judge(fields) == repeated_origin);
    fields[5].name = "X";
    REQUIRE(judge(fields) == malformed_subprotocols);
    fields[6].value = "a";
    REQUIRE(judge(fields) == malformed_extensions);
    fields[7].value = "a";
    REQUIRE(judge(fields) == none);
}

TEST_CASE("a request without Upgrade is plain when the host serves those", "[9110-7.8-01]") {
    Config config;
    config.surface_plain_requests = true;
    Request request;
    const Fields plain = {{"Host", "h"}};
    REQUIRE(judge_request({"GET", "/page", 11, plain}, config, request) == none);
    REQUIRE(request.plain);
    REQUIRE(request.resource == "/page");
    REQUIRE(request.key.empty());
    const Fields other = {{"Host", "h"}, {"Upgrade", "h2c"}};
    REQUIRE(judge_request({"GET", "/", 11, other}, config, request) == missing_upgrade);
    REQUIRE_FALSE(request.plain);
    REQUIRE(judge_request({"GET", "/", 11, good_fields}, config, request) == none);
    REQUIRE_FALSE(request.plain);
    REQUIRE(judge_request({"POST", "/", 11, plain}, config, request) == method_not_get);
    REQUIRE(judge_request({"GET", "/", 10, plain}, config, request) == outdated_http_version);
}

TEST_CASE("a client that expects 100 is noticed") {
    const Config config;
    Request request;
    for (const auto& [value, expected] :
         std::initializer_list<std::pair<const char*, bool>>{{"100-continue", true},
                                                             {"100-Continue", true},
                                                             {"x, 100-continue", true},
                                                             {"101", false}}) {
        REQUIRE(judge_request({"GET", "/", 11, plus("Expect", value)}, config, request) == none);
        REQUIRE(request.expects_continue == expected);
    }
}
