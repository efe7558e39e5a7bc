// SPDX-License-Identifier: MIT
#include "http/head.hpp"
#include "support/catch.hpp"
#include "support/watched_pool.hpp"

#include <string>

using namespace hawse;
using namespace hawse::http;

namespace {

constexpr auto request = HeadKind::request;
constexpr auto response = HeadKind::response;

// What came of `octets` and after how many: "complete@18 {A=b}" or "bare_line_feed@3".
std::string read(HeadKind kind, std::string_view octets, std::size_t step, const Limits& limits) {
    support::WatchedPool memory;
    std::size_t taken = 0;
    HeadReader reader(kind, &memory.pool, limits);
    while (taken < octets.size() && reader.progress() == HeadProgress::reading) {
        const std::string piece(octets.substr(taken, step));
        taken += reader.take(as_bytes(piece));
    }
    const std::string place = "@" + std::to_string(taken);
    CHECK((reader.fields().size() > 16 ||
           memory.largest_size <= 2 * std::max<std::size_t>(taken, 256)));
    switch (reader.progress()) {
        case HeadProgress::reading: return "reading" + place;
        case HeadProgress::out_of_memory: return "out_of_memory" + place;
        case HeadProgress::faulty: return describe(reader.fault()).name + place;
        case HeadProgress::complete: break;
    }
    std::string text = "complete" + place;
    for (const Field& field : reader.fields())
        text += " {" + std::string(field.name) + "=" + std::string(field.value) + "}";
    return text;
}

std::string read(HeadKind kind, std::string_view octets, const Limits& limits = {}) {
    const std::string whole = read(kind, octets, octets.size() + 1, limits);
    for (const std::size_t step : {1U, 2U, 3U, 7U})
        REQUIRE(read(kind, octets, step, limits) == whole);
    return whole;
}

std::string fault(HeadKind kind, std::string_view octets) {
    const std::string text = read(kind, octets);
    return text == "reading@" + std::to_string(octets.size()) ? "reading"
           : text.substr(text.find('@') + 1) == std::to_string(octets.size())
               ? text.substr(0, text.find('@'))
               : text;
}

std::string request_line(std::string_view line) {
    RequestLine parts;
    if (!read_request_line(line, parts)) return "malformed";
    return std::string(parts.method) + "|" + std::string(parts.target) + "|" +
           std::to_string(parts.version);
}

std::string status_line(std::string_view line) {
    StatusLine parts;
    if (!read_status_line(line, parts)) return "malformed";
    return std::to_string(parts.version) + "|" + std::to_string(parts.status);
}

}  // namespace

TEST_CASE("a head is read to its empty line and not beyond", "[9112-2.1-01][9112-5-01]") {
    REQUIRE(read(request, "GET / HTTP/1.1\r\n\r\nmore") == "complete@18");
    REQUIRE(read(request, "GET / HTTP/1.1\r\nA: b\r\nC:\td e \t\r\nF:\r\n\r\n") ==
            "complete@38 {A=b} {C=d e} {F=}");
    REQUIRE(read(request, "GET / HTTP/1.1\r\nA:::b:\x80\xFF\r\n\r\n") ==
            "complete@28 {A=::b:\x80\xFF}");
    REQUIRE(read(response, "HTTP/1.1 200 \xC3\xB6\tk\r\nA: b\r\n\r\n") == "complete@27 {A=b}");
    REQUIRE(read(request, "GET / HTTP/1.1\r\nA: b\r\n") == "reading@22");
}

TEST_CASE("a request line is method, target and version with single spaces",
          "[9112-3-01][9112-2.3-01][9112-3.1-01][HSS-57]") {
    REQUIRE(request_line("GET / HTTP/1.1") == "GET|/|11");
    REQUIRE(request_line("M-SEARCH * HTTP/0.9") == "M-SEARCH|*|9");
    REQUIRE(request_line("get \x80 HTTP/2.0") == "get|\x80|20");
    for (const std::string_view line : {"",
                                        "GET",
                                        "GET /",
                                        "GET / ",
                                        " / HTTP/1.1",
                                        "GET  HTTP/1.1",
                                        "GET  / HTTP/1.1",
                                        "GET /  HTTP/1.1",
                                        "GET / x HTTP/1.1",
                                        "GET / HTTP/1.1 ",
                                        " GET / HTTP/1.1",
                                        "G(T / HTTP/1.1",
                                        "GET / HTTP/1.11",
                                        "GET / HTTP/11",
                                        "GET / HTTP/1.",
                                        "GET / http/1.1",
                                        "GET / HTTP/1.1x",
                                        "GET / HTTP/a.1",
                                        "GET / HTTP/1.a",
                                        "GET / HTTP/1,1",
                                        "GET / HTTPS/1.1",
                                        "GET / HTTP/ 1.1",
                                        "G\x80T / HTTP/1.1",
                                        "GET / HTTP 1.1",
                                        "GET / XTTP/1.1"}) {
        INFO(line);
        REQUIRE(request_line(line) == "malformed");
    }
}

TEST_CASE("a status line is HTTP/1.x and three digits, its reason ignored",
          "[9112-4-01][9112-4-02][HSC-10][HSC-35]") {
    REQUIRE(status_line("HTTP/1.1 101 Switching Protocols") == "11|101");
    REQUIRE(status_line("HTTP/1.1 101 ") == "11|101");
    REQUIRE(status_line("HTTP/1.1 101") == "11|101");
    REQUIRE(status_line("HTTP/1.0 200 OK") == "10|200");
    REQUIRE(status_line("HTTP/1.9 999 \xFF") == "19|999");
    REQUIRE(status_line("HTTP/1.1 100") == "11|100");
    for (const std::string_view line : {"",
                                        "HTTP/1.1",
                                        "HTTP/1.1 ",
                                        "HTTP/1.1 10",
                                        "HTTP/1.1 1010 X",
                                        "HTTP/1.1 0101",
                                        "HTTP/1.1 101x",
                                        "HTTP/1.1  101",
                                        "HTTP/1.1 101\tX",
                                        "HTTP/1.1\t101 X",
                                        "HTTP/2.0 101 X",
                                        "HTTP/0.9 101 X",
                                        "HTTP/1.11 101",
                                        "http/1.1 101 X",
                                        "HTTP/1.1 099 X",
                                        "HTTP/1.1 1 1 X",
                                        "HTTP/1.1 -11 X",
                                        "HTTP/1.1 +11 X",
                                        "SSH-2.0-OpenSSH_9",
                                        "220 ftp",
                                        "HTTP/1.1 1a1 X",
                                        " HTTP/1.1 101 X"}) {
        INFO(line);
        REQUIRE(status_line(line) == "malformed");
    }
    REQUIRE(fault(response, "SSH-2.0-x\r\n") == "malformed_status_line");
    REQUIRE(fault(response, "220 ftp\r\n") == "malformed_status_line");
    REQUIRE(fault(response, "\r\n") == "malformed_status_line");
}

TEST_CASE("every fault of a request's syntax is found at its octet",
          "[9112-2.2-04][9112-5.1-01][9112-5.2-02][9112-2.2-08]") {
    struct Row {
        std::string_view octets;  // the last one is the fault
        const char* fault;
    };
    const std::string nul = std::string("GET / HTTP/1.1\r\nA: b") + '\0';
    for (const Row& row : std::initializer_list<Row>{
             {"\x16", "forbidden_octet"},
             {"GET / HTTP/1.1\n", "bare_line_feed"},
             {"\n", "bare_line_feed"},
             {"GET / HTTP/1.1\r ", "bare_carriage_return"},
             {"GET / HTTP/1.1\r\r", "bare_carriage_return"},
             {"GET\t", "forbidden_octet"},
             {"GET /\x7F", "forbidden_octet"},
             {"GET / HTTP/1.2x\r\n", "malformed_request_line"},
             {"GET / HTTP/1.1\r\n\n", "bare_line_feed"},
             {"GET / HTTP/1.1\r\n\rX", "bare_carriage_return"},
             {"GET / HTTP/1.1\r\n ", "malformed_field"},
             {"GET / HTTP/1.1\r\n\t", "malformed_field"},
             {"GET / HTTP/1.1\r\n:", "malformed_field"},
             {"GET / HTTP/1.1\r\nA: b\r\n:", "malformed_field"},
             {"GET / HTTP/1.1\r\nA: b\r\n ", "folded_field"},
             {"GET / HTTP/1.1\r\nA: b\r\n\t", "folded_field"},
             {"GET / HTTP/1.1\r\nA ", "space_before_colon"},
             {"GET / HTTP/1.1\r\nA\t", "space_before_colon"},
             {"GET / HTTP/1.1\r\nA\r", "malformed_field"},
             {"GET / HTTP/1.1\r\nA\n", "bare_line_feed"},
             {"GET / HTTP/1.1\r\nA(", "malformed_field"},
             {"GET / HTTP/1.1\r\nX\x80", "malformed_field"},
             {"GET / HTTP/1.1\r\n\x80", "malformed_field"},
             {"GET / HTTP/1.1\r\n\x01", "forbidden_octet"},
             {"GET / HTTP/1.1\r\nA\x1F", "forbidden_octet"},
             {"GET / HTTP/1.1\r\nA: b\n", "bare_line_feed"},
             {"GET / HTTP/1.1\r\nA: b\rX", "bare_carriage_return"},
             {"GET / HTTP/1.1\r\nA: b\r\r", "bare_carriage_return"},
             {"GET / HTTP/1.1\r\nA: b\x0B", "forbidden_octet"},
             {"GET / HTTP/1.1\r\nA: b\x7F", "forbidden_octet"},
             {nul, "forbidden_octet"},
         }) {
        INFO(row.octets);
        REQUIRE(fault(request, row.octets) == row.fault);
        REQUIRE(fault(request, row.octets.substr(0, row.octets.size() - 1)) == "reading");
        const std::string more = std::string(row.octets) + "\r\n\r\n";  // changes nothing
        REQUIRE(read(request, more) ==
                std::string(row.fault) + "@" + std::to_string(row.octets.size()));
    }
}

TEST_CASE("one empty line before a request is passed over and not counted", "[9112-2.2-06]") {
    Limits limits;
    limits.head_size_max = 18;
    REQUIRE(read(request, "\r\nGET / HTTP/1.1\r\n\r\n", limits) == "complete@20");
    REQUIRE(fault(request, "\r\n\r\n") == "malformed_request_line");
    REQUIRE(fault(request, "\rG") == "bare_carriage_return");
    REQUIRE(fault(request, "\r\n ") == "reading");
}

TEST_CASE("a client reads a fold as white space", "[9112-5.2-03]") {
    REQUIRE(read(response, "HTTP/1.1 101 x\r\nA: b,\r\n c\r\n\t d\r\nE:\r\n f\r\n\r\n") ==
            "complete@42 {A=b,   c  \t d} {E=f}");
    REQUIRE(read(response, "HTTP/1.1 101 x\r\nA: b\r\n \r\n\r\n") == "complete@27 {A=b}");
    REQUIRE(fault(response, "HTTP/1.1 101 x\r\n ") == "malformed_field");
    REQUIRE(fault(response, "HTTP/1.1 101 x\r\nA: b\r\n \n") == "bare_line_feed");
    REQUIRE(fault(response, "HTTP/1.1 101 x\r\nA ") == "space_before_colon");
}

TEST_CASE("exactly the limit of a head is accepted", "[9110-5.4-01][9112-3-03]") {
    const std::string_view head = "GET / HTTP/1.1\r\nA: b\r\n\r\n";  // 16 and 8
    Limits limits;
    for (std::size_t size = 0; size <= head.size() + 1; ++size) {
        limits.head_size_max = size;
        const std::string expected = size < 16 ? "target_too_long@" + std::to_string(size + 1)
                                     : size < head.size()
                                         ? "head_too_large@" + std::to_string(size + 1)
                                         : "complete@24 {A=b}";
        REQUIRE(read(request, head, limits) == expected);
    }
    limits.head_size_max = 4;
    REQUIRE(read(request, "GET / HTTP/1.1", limits) == "target_too_long@5");
    REQUIRE(read(request, "GET \x01", limits) ==
            "target_too_long@5");  // beyond it nothing is judged
    REQUIRE(read(response, "HTTP/1.1 101", limits) == "head_too_large@5");
}

TEST_CASE("exactly the limit of fields is accepted", "[9110-5.4-01]") {
    Limits limits;
    limits.field_count_max = 2;
    const std::string two = "GET / HTTP/1.1\r\nA: b\r\nC: d\r\n";
    REQUIRE(read(request, two + "\r\n", limits) == "complete@30 {A=b} {C=d}");
    REQUIRE(read(request, two + "E: f\r\n", limits) == "too_many_fields@29");
    limits.field_count_max = 0;
    REQUIRE(read(request, "GET / HTTP/1.1\r\nA", limits) == "too_many_fields@17");
    REQUIRE(read(request, "GET / HTTP/1.1\r\n\r\n", limits) == "complete@18");
}

TEST_CASE("memory grows with the octets that came, and every lease may fail",
          "[6455-10.4-01][9112-3-04]") {
    Limits limits;
    std::string head = "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n";
    for (int index = 0; index < 60; ++index) head += "X" + std::to_string(index) + ": y\r\n";
    head += "\r\n";
    std::size_t call_count = 0;
    for (std::size_t fail_from = 0; fail_from <= call_count; ++fail_from) {
        support::WatchedPool memory;
        memory.fail_from = call_count == 0 ? SIZE_MAX : fail_from;
        HeadReader reader(request, &memory.pool, limits);
        (void)reader.take(as_bytes(head));
        if (call_count == 0) {
            REQUIRE(reader.progress() == HeadProgress::complete);
            call_count = memory.call_count;
            REQUIRE(call_count >= 7);
            REQUIRE(memory.largest_size == 16384);
        } else if (fail_from < call_count) {
            REQUIRE(reader.progress() == HeadProgress::out_of_memory);
            REQUIRE(reader.take(as_bytes("x")) == 0);
        }
        reader.give_back();
        REQUIRE(memory.live_count == 0);
    }
    HeadReader reader(request, nullptr, limits);
    REQUIRE(reader.take(as_bytes("GET")) == 1);
    REQUIRE(reader.progress() == HeadProgress::out_of_memory);
}

TEST_CASE("a reader begins another head in the same memory", "[9110-15.2-01]") {
    support::WatchedPool memory;
    Limits limits;
    HeadReader reader(response, &memory.pool, limits);
    (void)reader.take(as_bytes("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"));
    REQUIRE(reader.fields().size() == 1);
    reader.restart();
    REQUIRE(reader.fields().empty());
    (void)reader.take(as_bytes("HTTP/1.1 101\r\nA: b\r\nC: d\r\n\r\n"));
    REQUIRE(reader.progress() == HeadProgress::complete);
    REQUIRE(reader.first_line() == "HTTP/1.1 101");
    REQUIRE(reader.fields().size() == 2);
    REQUIRE(reader.fields()[1].value == "d");
    REQUIRE(memory.call_count == 2);
}
