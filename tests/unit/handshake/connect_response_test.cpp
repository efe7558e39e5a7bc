// SPDX-License-Identifier: MIT
// Responses over HTTP/2 and HTTP/3. What they share with HTTP/1 is proven in response_test.cpp; here
// one example of each rule shows that it holds.
#include "hawse/response.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace hawse;
using enum hawse::Violation;

namespace {

using Fields = std::vector<Field>;
using Names = std::vector<std::string_view>;

std::string chosen;  // by the last response that was judged

Violation judge(const Fields& fields, std::uint16_t status = 0, const Names& names = {},
                const Config& config = {}) {
    Offer offer;
    offer.subprotocols = names;
    Agreement agreement{Role::server, "stale"};
    const ResponseHead head = {status, 9, fields, Transport::http2};
    const Violation fault = judge_response(head, offer, config, agreement);
    chosen = agreement.subprotocol;
    REQUIRE(agreement.role == Role::client);
    ResponseHead other = head;
    other.transport = Transport::http3;
    REQUIRE(judge_response(other, offer, config, agreement) == fault);
    return fault;
}

}  // namespace

TEST_CASE("any status of 200 to 299 opens a stream", "[8441-5-08]") {
    for (const std::string_view status : {"200", "201", "204", "299"})
        REQUIRE(judge({{":status", status}}) == none);
    for (const std::uint16_t status : std::initializer_list<std::uint16_t>{200, 299}) REQUIRE(judge({}, status) == none);
    for (const std::string_view status : {"100", "101", "103", "199", "300", "404", "500", "999"})
        REQUIRE(judge({{":status", status}}) == malformed_status_line);
    for (const std::uint16_t status : std::initializer_list<std::uint16_t>{101, 199, 300, 401})
        REQUIRE(judge({}, status) == malformed_status_line);
}

TEST_CASE("the status of a stream stands in :status, beside it or both", "[8441-5-08]") {
    REQUIRE(judge({{":status", "200"}, {"x", "y"}}, 200) == none);
    REQUIRE(judge({{":status", "200"}}, 204) == response_malformed_pseudo_fields);
    REQUIRE(judge({}) == response_malformed_pseudo_fields);
    for (const std::string_view status : {"", "20", "2000", "+20", "2x0", "020", "200 ", "0x2"})
        REQUIRE(judge({{":status", status}}) == response_malformed_pseudo_fields);
    for (const Fields& fields :
         {Fields{{":status", "200"}, {":status", "200"}}, Fields{{"x", ""}, {":status", "200"}},
          Fields{{":status", "200"}, {":path", "/"}}, Fields{{":Status", "200"}}}) {
        REQUIRE(judge(fields) == response_malformed_pseudo_fields);
        REQUIRE(judge(fields, 200) == response_malformed_pseudo_fields);
    }
}

TEST_CASE("no field of an answer on a stream speaks of the connection", "[8441-5-04]") {
    for (const std::string_view name : {"connection", "upgrade", "transfer-encoding"})
        REQUIRE(judge({{name, "websocket"}}, 200) == response_connection_specific_field);
}

TEST_CASE("an accept value on a stream is neither missed nor looked at", "[8441-5-06]") {
    REQUIRE(judge({{"sec-websocket-accept", "x"}, {"sec-websocket-accept", "y"}}, 200) == none);
}

TEST_CASE("a length on a 2xx means nothing") {
    REQUIRE(judge({{"content-length", "5"}}, 200) == none);
}

TEST_CASE("subprotocol and extensions obey the rules of HTTP/1", "[8441-5-07]") {
    REQUIRE(judge({{"sec-websocket-extensions", "a"}}, 200) == response_unoffered_extension);
    REQUIRE(judge({{"sec-websocket-extensions", "a;"}}, 200) == response_malformed_extensions);
    REQUIRE(judge({{"sec-websocket-protocol", "a"}}, 200, {"a", "b"}) == none);
    REQUIRE(chosen == "a");
    REQUIRE(judge({{"sec-websocket-protocol", "c"}}, 200, {"a"}) == response_unoffered_subprotocol);
    Config config;
    config.require_subprotocol = true;
    REQUIRE(judge({}, 200, {"a"}, config) == response_missing_subprotocol);
}

TEST_CASE("the first fault of an answer on a stream wins", "[8441-5-08]") {
    Fields fields = {{":status", "3"},
                     {"connection", "x"},
                     {"sec-websocket-extensions", "a"},
                     {"sec-websocket-protocol", "b"}};
    REQUIRE(judge(fields) == response_malformed_pseudo_fields);
    fields[0].value = "300";
    REQUIRE(judge(fields) == malformed_status_line);
    fields[0].value = "200";
    REQUIRE(judge(fields) == response_connection_specific_field);
    fields[1].name = "x";
    REQUIRE(judge(fields) == response_unoffered_extension);
    fields[2].name = "x";
    REQUIRE(judge(fields) == response_unoffered_subprotocol);
    REQUIRE(judge(fields, 0, {"b"}) == none);
}
