// SPDX-License-Identifier: MIT
#include "http/stream_fields.hpp"
#include "support/catch.hpp"

#include <array>
#include <vector>

using namespace hawse;
using namespace hawse::http;
using enum hawse::http::PseudoShape;

namespace {

using Fields = std::vector<Field>;

constexpr std::string_view names[] = {":a", ":b"};
std::array<const Field*, 2> found;

PseudoShape find(const Fields& fields) {
    found = {&fields.front(), &fields.front()};  // stale
    return find_pseudo_fields(fields, names, found);
}

}  // namespace

TEST_CASE("pseudo-fields stand in front, each known and once", "[8441-4-01]") {
    REQUIRE(find({{":a", "1"}, {":b", ""}, {"x", ":a"}}) == well_formed);
    REQUIRE(find({{":b", ""}, {":a", "1"}}) == well_formed);
    REQUIRE(find({{"a", "1"}}) == well_formed);
    REQUIRE(find({{"", ""}, {"b:", ""}}) == well_formed);
    REQUIRE(find({{"x", ""}, {":a", ""}}) == late);
    REQUIRE(find({{":a", ""}, {"x", ""}, {":b", ""}}) == late);
    REQUIRE(find({{":a", ""}, {":b", ""}, {":a", ""}}) == repeated);
    for (const std::string_view name : {":", ":A", ":ab", "::a", ":a "})
        REQUIRE(find({{":a", ""}, {name, ""}}) == unknown);
}

TEST_CASE("the first fault in the order of fields is the one that counts", "[8441-4-01]") {
    REQUIRE(find({{":x", ""}, {":a", ""}, {":a", ""}, {"y", ""}, {":b", ""}}) == unknown);
    REQUIRE(find({{":a", ""}, {":a", ""}, {":x", ""}}) == repeated);
    REQUIRE(find({{"y", ""}, {":x", ""}}) == late);
}

TEST_CASE("a pseudo-field that is absent is another thing than an empty one", "[8441-4-02]") {
    const Fields fields = {{":b", ""}, {"a", "1"}};
    REQUIRE(find(fields) == well_formed);
    REQUIRE(found[0] == nullptr);
    REQUIRE(found[1] == fields.data());
}

TEST_CASE("what speaks of the connection is found by its name, in any case", "[8441-5-04]") {
    for (const std::string_view name : {"connection", "upgrade", "keep-alive", "proxy-connection",
                                        "transfer-encoding", "Connection", "UPGRADE"}) {
        REQUIRE(is_connection_specific(name));
        REQUIRE(has_connection_specific(Fields{{"x", ""}, {name, ""}}));
    }
    for (const std::string_view name : {"", "te", "trailer", "connections", "x-upgrade", "host"})
        REQUIRE_FALSE(is_connection_specific(name));
    REQUIRE_FALSE(has_connection_specific(Fields{}));
    REQUIRE_FALSE(has_connection_specific(Fields{{"x", "connection"}, {"te", "trailers"}}));
    REQUIRE_FALSE(has_connection_specific(Fields{{"TE", " Trailers "}}));
    for (const std::string_view value : {"", "gzip", "trailers, gzip", "trailer"})
        REQUIRE(has_connection_specific(Fields{{"te", value}}));
}
