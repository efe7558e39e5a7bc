// SPDX-License-Identifier: MIT
#include "http/body.hpp"
#include "support/catch.hpp"
#include "support/watched_pool.hpp"

#include <string>
#include <vector>

using namespace hawse;
using namespace hawse::http;

namespace {

struct Framing {
    std::vector<Field> fields;
    std::uint16_t status = 401;
    std::uint8_t version = 11;
};

std::string collect(const Framing& framing, std::string_view octets, std::size_t size_max,
                    std::size_t step) {
    support::WatchedPool memory;
    BodyReader reader(&memory.pool, size_max);
    reader.begin({framing.status, framing.version, framing.fields});
    std::size_t used = 0;
    for (; used < octets.size() && !reader.is_complete(); used += step)
        reader.take(as_bytes(std::string(octets.substr(used, step))));
    CHECK(memory.largest_size <= 2 * std::max<std::size_t>(octets.size(), 256));
    return std::string(as_text(reader.bytes())) + (reader.is_complete() ? "." : "...");
}

// The body, then "." when it is complete and "..." when more is waited for; the same at every cut.
std::string collect(const Framing& framing, std::string_view octets, std::size_t size_max = 100) {
    const std::string whole = collect(framing, octets, size_max, octets.size() + 1);
    for (const std::size_t step : {1U, 2U, 3U, 5U})
        REQUIRE(collect(framing, octets, size_max, step) == whole);
    return whole;
}

Framing length(std::initializer_list<std::string_view> values) {
    Framing framing;
    for (const auto value : values) framing.fields.push_back({"content-length", value});
    return framing;
}

const Framing chunked = {{{"Transfer-Encoding", "chunked"}}};

}  // namespace

TEST_CASE("Content-Length says where a body ends", "[9110-8.6-02][9112-6.3-04]") {
    REQUIRE(collect(length({"5"}), "hello") == "hello.");
    REQUIRE(collect(length({"5"}), "hello, world") == "hello.");
    REQUIRE(collect(length({"5"}), "hell") == "hell...");
    REQUIRE(collect(length({"0"}), "hell") == ".");
    REQUIRE(collect(length({"5, 5", "5"}), "hello!") == "hello.");
    REQUIRE(collect(length({"18446744073709551616"}), "hello") == "hello...");
    REQUIRE(collect(length({"99999999999999999999999999"}), "hello") == "hello...");
    for (const std::string_view other : {"18446744073709551615", "18446744073709551616"}) {
        REQUIRE(collect(length({other, "5"}), "hello") == "hello...");
        REQUIRE(collect(length({"5", other}), "hello") == "hello...");
    }
}

TEST_CASE("a body whose size says nothing goes on to the end", "[9112-6-01]") {
    for (const std::string_view value : {"", "x", "-1", "+1", "1x", "0x1", "1 1"})
        REQUIRE(collect(length({value}), "hello") == "hello...");
    REQUIRE(collect(length({"1", "2"}), "hello") == "hello...");
    REQUIRE(collect({}, "hello") == "hello...");
    REQUIRE(collect({{{"Transfer-Encoding", "chunked, gzip"}, {"Content-Length", "1"}}}, "hello") ==
            "hello...");
}

TEST_CASE("a body of HTTP/1.0 that says it is chunked is read to the end", "[9112-6.1-05]") {
    REQUIRE(collect({{{"Transfer-Encoding", "chunked"}}, 401, 10}, "1\r\na\r\n0\r\n\r\n") ==
            "1\r\na\r\n0\r\n\r\n...");
}

TEST_CASE("chunks are joined") {
    REQUIRE(collect(chunked, "5\r\nhello\r\n0\r\n\r\n") == "hello.");
    REQUIRE(collect(chunked, "2\r\nhe\r\n00A;x=\"y\"\r\nllo, world\r\n0\r\nT: x\r\n\r\n") ==
            "hello, world.");
    REQUIRE(collect(chunked, "5 \r\nhello\r\n") == "hello...");
    REQUIRE(collect(chunked, "5;\ta\r\nhello\r\n") == "hello...");
    REQUIRE(collect(chunked, "1a\r\nabcdefghijklmnopqrstuvwxyz\r\n") ==
            "abcdefghijklmnopqrstuvwxyz...");
    REQUIRE(collect({{{"Transfer-Encoding", "gzip"}, {"transfer-encoding", "x, CHUNKED"}}},
                    "1\r\na\r\n0\r\n") == "a.");
    REQUIRE(collect({{{"Transfer-Encoding", "chunked"}, {"Content-Length", "3"}}},
                    "1\r\na\r\n0\r\n") == "a.");
}

TEST_CASE("a broken chunk ends the body") {
    for (const std::string_view octets :
         {"x\r\n", "\r\n", ";\r\n", " 5\r\n", "5\n", "5\rx", "5x\r\n", "-5\r\n",
          "11111111111111111\r\n", "ffffffffffffffff\r\n", "5;a\n", "5;\x01"})
        REQUIRE(collect(chunked, octets) == ".");
    REQUIRE(collect(chunked, "2\r\nabc\r\n") == "ab.");
    REQUIRE(collect(chunked, "2\r\nab\rc") == "ab.");
    REQUIRE(collect(chunked, "2\r\nab\n") == "ab.");
    REQUIRE(collect(chunked, "fffffffffffffffe\r\nab") == "ab...");
}

TEST_CASE("a body is kept up to its bound", "[6455-4.1-44]") {
    REQUIRE(collect(length({"6"}), "hello!", 5) == "hello.");
    REQUIRE(collect(length({"6"}), "hello", 5) == "hello.");
    REQUIRE(collect({}, "hell", 5) == "hell...");
    REQUIRE(collect(chunked, "3\r\nhel\r\n3\r\nlo!\r\n", 5) == "hello.");
    REQUIRE(collect({}, "", 0) == ".");
    REQUIRE(collect({}, "hello", 0) == ".");
}

TEST_CASE("some responses have no body at all", "[9112-6.3-01]") {
    REQUIRE(collect({{{"Content-Length", "5"}}, 204}, "hello") == ".");
    REQUIRE(collect({{{"Content-Length", "5"}}, 304}, "hello") == ".");
    REQUIRE(collect({{{"Content-Length", "5"}}, 101}, "hello") == ".");
}

TEST_CASE("a body without memory ends") {
    for (std::size_t fail_from = 0; fail_from < 3; ++fail_from) {
        support::WatchedPool memory;
        memory.fail_from = fail_from;
        BodyReader reader(&memory.pool, 10'000);
        reader.begin({401, 11, {}});
        for (int index = 0; index < 2000 && !reader.is_complete(); ++index)
            reader.take(as_bytes("0123456789"));
        REQUIRE(reader.is_complete());
        REQUIRE(reader.bytes().size() < 1000);
    }
}
