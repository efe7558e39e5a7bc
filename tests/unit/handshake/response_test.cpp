// SPDX-License-Identifier: MIT
#include "hawse/handshake.hpp"
#include "support/catch.hpp"

#include <cstring>
#include <string>
#include <vector>

using namespace hawse;
using enum hawse::Violation;

namespace {

using Fields = std::vector<Field>;
using Names = std::vector<std::string_view>;

const Fields good_fields = {{"Upgrade", "websocket"},
                            {"Connection", "Upgrade"},
                            {"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}};

Fields with(std::string_view name, std::initializer_list<std::string_view> values) {
    Fields fields = good_fields;
    std::erase_if(fields, [&](const Field& field) { return field.name == name; });
    for (const auto value : values) fields.push_back({name, value});
    return fields;
}

std::string chosen;  // by the last response that was judged
std::string_view offered_extensions;
std::string extensions;  // that it accepts

Violation judge(const Fields& fields, const Names& names = {}, const Config& config = {},
                std::uint8_t version = 11, std::uint16_t status = 101) {
    Offer offer;
    std::memcpy(offer.key.data(), "dGhlIHNhbXBsZSBub25jZQ==", offer.key.size());
    offer.subprotocols = names;
    offer.extensions = offered_extensions;
    Agreement agreement{Role::server, "stale", "stale"};
    const Violation fault = judge_response({status, version, fields}, offer, config, agreement);
    chosen = agreement.subprotocol;
    extensions = agreement.extensions;
    REQUIRE(agreement.role == Role::client);
    return fault;
}

}  // namespace

TEST_CASE("the standard's response opens the conversation", "[6455-4.1-43][6455-4.1-56]") {
    REQUIRE(judge(good_fields) == none);
    REQUIRE(chosen.empty());
}

TEST_CASE("101 over HTTP/1.0 fails, and nothing but 101 opens", "[6455-4.1-54][6455-4.1-44]") {
    REQUIRE(judge(good_fields, {}, {}, 10) == response_outdated_http_version);
    REQUIRE(judge(good_fields, {}, {}, 20) == response_outdated_http_version);
    REQUIRE(judge(good_fields, {}, {}, 19) == none);
    REQUIRE(judge(good_fields, {}, {}, 11, 200) == malformed_status_line);
}

TEST_CASE("Upgrade is websocket alone, in any case", "[6455-4.1-46][6455-4.1-47]") {
    REQUIRE(judge(with("Upgrade", {"WebSocket"})) == none);
    REQUIRE(judge(with("Upgrade", {"websocket,"})) == none);  // one element still
    REQUIRE(judge(with("Upgrade", {})) == response_missing_upgrade);
    for (const std::string_view value : {"", "websockets", "websocket/13", "h2c", "websocket, h2c",
                                         "websocket, websocket", "web socket"})
        REQUIRE(judge(with("Upgrade", {value})) == response_wrong_upgrade);
    REQUIRE(judge(with("Upgrade", {"websocket", "h2c"})) == response_wrong_upgrade);
}

TEST_CASE("Connection is searched for upgrade", "[6455-4.1-48][6455-4.1-49]") {
    REQUIRE(judge(with("Connection", {"keep-alive, UPGRADE"})) == none);
    REQUIRE(judge(with("Connection", {"keep-alive", "upgrade"})) == none);
    REQUIRE(judge(with("Connection", {})) == response_missing_connection_option);
    REQUIRE(judge(with("Connection", {"keep-alive"})) == response_missing_connection_option);
    REQUIRE(judge(with("Connection", {"upgrade, a b"})) == malformed_list);
    REQUIRE(judge(with("Connection", {""})) == malformed_list);
}

TEST_CASE("Accept is exact and stands once", "[6455-4.1-50][6455-4.1-51][6455-11.3.3-01]") {
    const std::string_view good = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    REQUIRE(judge(with("Sec-WebSocket-Accept", {})) == response_missing_accept);
    REQUIRE(judge(with("Sec-WebSocket-Accept", {good, good})) == response_repeated_accept);
    REQUIRE(judge(with("Sec-WebSocket-Accept", {" \ts3pPLMBiTxaQ9kYGzzhZRbK+xOo= "})) == none);
    for (const std::string_view value :
         {"", "s3pPLM", "s3pplmbitxaq9kygzzhzrbk+xoo=", "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=",
          "s3pPLMBiTxaQ9kYGzzhZRbK+xOo",
          "s3pPLMBiTxaQ9kYGzzhZRbK+xOo==", "dGhlIHNhbXBsZSBub25jZQ=="})
        REQUIRE(judge(with("Sec-WebSocket-Accept", {value})) == response_wrong_accept);
}

TEST_CASE("an extension that was not offered fails", "[6455-4.1-52]") {
    for (const std::string_view value : {"permessage-deflate", "permessage-bzip2", "a, b;c=d"})
        REQUIRE(judge(with("Sec-WebSocket-Extensions", {value})) == response_unoffered_extension);
    REQUIRE(judge(with("Sec-WebSocket-Extensions", {"a", "b"})) == response_unoffered_extension);
    for (const std::string_view value : {"", ",", "\x80\xFF\xFE", "a;", "a; b="})
        REQUIRE(judge(with("Sec-WebSocket-Extensions", {value})) == response_malformed_extensions);
}

TEST_CASE("of extensions that are relayed any may be accepted, and their parameters are not judged",
          "[6455-4.1-52][6455-4.1-57]") {
    const std::string_view name = "Sec-WebSocket-Extensions";
    offered_extensions = "permessage-deflate; x=\"1\", foo, ,permessage-deflate";
    REQUIRE(judge(good_fields) == none);
    REQUIRE(extensions.empty());
    for (const std::string_view value :
         {"foo", "permessage-deflate;y", "permessage-deflate; x=2, foo;z=\"3\"", "foo, foo", "foo,"}) {
        REQUIRE(judge(with(name, {value})) == none);
        REQUIRE(extensions == value);
    }
    REQUIRE(judge(with(name, {" foo\t"})) == none);
    REQUIRE(extensions == "foo");
    REQUIRE(judge(with(name, {" ", "foo", "permessage-deflate"})) == none);
    REQUIRE(extensions == "foo");  // of several lines the first that is not blank
    for (const std::string_view value : {"fo", "fooo", "Foo", "x", "foo, bar", "y; foo"}) {
        REQUIRE(judge(with(name, {value})) == response_unoffered_extension);
        REQUIRE(extensions.empty());
    }
    REQUIRE(judge(with(name, {"foo", "bar"})) == response_unoffered_extension);
    for (const std::string_view value : {"", "foo;", "bar, foo; b="})
        REQUIRE(judge(with(name, {value})) == response_malformed_extensions);
    Fields fields = with(name, {"foo"});
    fields.push_back({"Sec-WebSocket-Protocol", "chat"});
    REQUIRE(judge(fields) == response_unoffered_subprotocol);
    REQUIRE(extensions.empty());
    offered_extensions = {};
    REQUIRE(judge(with(name, {"foo"})) == response_unoffered_extension);
}

TEST_CASE("a subprotocol is one of those offered, or none",
          "[6455-4.1-53][6455-4.1-58][6455-4.3-03]") {
    const Names two = {"chat", "chat2"};
    REQUIRE(judge(good_fields, two) == none);
    REQUIRE(chosen.empty());
    REQUIRE(judge(with("Sec-WebSocket-Protocol", {"chat2"}), two) == none);
    REQUIRE(chosen == "chat2");
    for (const std::string_view value :
         {"", "CHAT", "chat, chat2", "chat,", "other", "\xFF\x80", "cha"}) {
        REQUIRE(judge(with("Sec-WebSocket-Protocol", {value}), two) ==
                response_unoffered_subprotocol);
        REQUIRE(chosen.empty());
    }
    REQUIRE(judge(with("Sec-WebSocket-Protocol", {"chat"})) == response_unoffered_subprotocol);
    REQUIRE(judge(with("Sec-WebSocket-Protocol", {""})) == response_unoffered_subprotocol);
}

TEST_CASE("a subprotocol is named once", "[6455-11.3.4-02]") {
    REQUIRE(judge(with("Sec-WebSocket-Protocol", {"chat", "chat"}), {"chat"}) ==
            response_repeated_subprotocol);
}

TEST_CASE("a host may require a subprotocol", "[6455-4.1-58]") {
    Config config;
    config.require_subprotocol = true;
    REQUIRE(judge(good_fields, {"chat"}, config) == response_missing_subprotocol);
    REQUIRE(judge(with("Sec-WebSocket-Protocol", {"chat"}), {"chat"}, config) == none);
    REQUIRE(judge(good_fields, {}, config) == none);  // nothing was offered
}

TEST_CASE("a length on a 101 means nothing", "[9112-6.3-01]") {
    Fields fields = good_fields;
    fields.push_back({"Content-Length", "5"});
    fields.push_back({"Transfer-Encoding", "chunked"});
    REQUIRE(judge(fields) == none);
}

TEST_CASE("the first fault of a response wins", "[6455-4.1-54]") {
    Fields fields = {{"X", "websocket"},
                     {"Connection", "close"},
                     {"Sec-WebSocket-Accept", "x"},
                     {"Sec-WebSocket-Extensions", "a"},
                     {"Sec-WebSocket-Protocol", "b"}};
    REQUIRE(judge(fields, {}, {}, 10) == response_outdated_http_version);
    REQUIRE(judge(fields) == response_missing_upgrade);
    fields[0].name = "Upgrade";
    REQUIRE(judge(fields) == response_missing_connection_option);
    fields[1].value = "upgrade";
    REQUIRE(judge(fields) == response_wrong_accept);
    fields[2].value = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    REQUIRE(judge(fields) == response_unoffered_extension);
    fields[3].name = "X";
    REQUIRE(judge(fields) == response_unoffered_subprotocol);
    REQUIRE(judge(fields, {"b"}) == none);
}
