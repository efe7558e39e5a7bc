// SPDX-License-Identifier: MIT
// What one element of permessage-deflate says, which offer is accepted and how, and which answers a
// client can live with, as tables. That all of it agrees with RFC 7692 is tests/property's.
#include "handshake/negotiation.hpp"

#include "support/catch.hpp"
#include "support/handshake_story.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace hawse;
using namespace hawse::handshake;
using enum hawse::Violation;

namespace {

constexpr std::string_view name = "Sec-WebSocket-Extensions";

http::ParameterReader parameters_of(std::string_view text) { return http::ParameterReader(text); }

// The element, or what is wrong with it.
std::pair<Violation, DeflateElement> read(std::string_view text, ElementKind kind) {
    DeflateElement element;
    const Violation fault = read_element(parameters_of(text), kind, element);
    return {fault, element};
}

std::string written(DeflateElement element, ElementKind kind) {
    char text[deflate_offer_size_max];
    TextWriter writer(text);
    write_element(writer, element, kind);
    return std::string(writer.text_from(0));
}

// What a server answers to a field of offers; empty when it declines them all.
std::string answered(std::string_view offers, const DeflatePolicy& policy = {}) {
    const Field field = {name, offers};
    DeflateElement answer;
    return choose_offer({{&field, 1}, name, 32}, policy, answer)
               ? written(answer, ElementKind::answer)
               : "";
}

std::string offered(const DeflatePolicy& policy) {
    char text[deflate_offer_size_max];
    TextWriter writer(text);
    write_offer(writer, offer_by(policy));
    return std::string(writer.text_from(0));
}

DeflateAgreement agreed;  // by the last answer that was judged

Violation judged(std::string_view offers, std::string_view answer) {
    const Field field = {name, offers};
    agreed = {};
    const Violation fault = judge_answer(parameters_of(answer), {{&field, 1}, name, 32}, agreed);
    CHECK(agreed.agreed == (fault == none));
    return fault;
}

DeflatePolicy sending(std::uint8_t bits, bool takeover = true) {
    DeflatePolicy policy;
    policy.send = {bits, takeover};
    return policy;
}
DeflatePolicy receiving(std::uint8_t bits, bool takeover = true, bool insist = false) {
    DeflatePolicy policy;
    policy.receive = {bits, takeover};
    policy.insist = insist;
    return policy;
}

constexpr ElementKind both_kinds[] = {ElementKind::offer, ElementKind::answer};

}  // namespace

TEST_CASE("every parameter of an element is read, in any order",
          "[7692-7.1.1.1-01][7692-7.1.1.2-01][7692-7.1.2.1-01][7692-7.1.2.2-01][7692-5.2-01]") {
    for (const ElementKind kind : both_kinds) {
        CHECK(read("", kind) == std::pair(none, DeflateElement{}));
        CHECK(read("; server_no_context_takeover", kind) ==
              std::pair(none, DeflateElement{0, 0, true, false}));
        CHECK(read("; client_no_context_takeover", kind) ==
              std::pair(none, DeflateElement{0, 0, false, true}));
        for (unsigned bits = 8; bits <= 15; ++bits) {
            const auto number = static_cast<std::uint8_t>(bits);
            const std::string digits = std::to_string(bits);
            for (const std::string& value : {digits, '"' + digits + '"', "\"\\" + digits + '"'}) {
                CHECK(read("; server_max_window_bits=" + value, kind) ==
                      std::pair(none, DeflateElement{number, 0, false, false}));
                CHECK(read("; client_max_window_bits = " + value, kind) ==
                      std::pair(none, DeflateElement{0, number, false, false}));
            }
        }
        const DeflateElement all = {9, 10, true, true};
        CHECK(read(";client_no_context_takeover;server_max_window_bits=9;"
                   "server_no_context_takeover;client_max_window_bits=10",
                   kind) == std::pair(none, all));
        CHECK(read(written(all, kind).substr(deflate_name.size()), kind) == std::pair(none, all));
        CHECK(read("; server_max_window_bits=9, permessage-deflate; nothing", kind) ==
              std::pair(none, DeflateElement{9, 0, false, false}));
    }
}

TEST_CASE("only an offer may leave the client's bits without a value",
          "[7692-7.1.2.2-01][7692-7.1.2.2-06]") {
    CHECK(read("; client_max_window_bits", ElementKind::offer) ==
          std::pair(none, DeflateElement{0, 15, false, false}));
    CHECK(read("; client_max_window_bits", ElementKind::answer).first ==
          response_invalid_deflate_parameter);
    for (const ElementKind kind : both_kinds)
        CHECK(read("; server_max_window_bits", kind).first == response_invalid_deflate_parameter);
    CHECK(written({0, 15, false, false}, ElementKind::offer) ==
          "permessage-deflate; client_max_window_bits");
    CHECK(written({0, 15, false, false}, ElementKind::answer) ==
          "permessage-deflate; client_max_window_bits=15");
}

TEST_CASE("bits are 8 to 15 in plain digits, and nothing else is a number",
          "[7692-7-02][7692-7-07][7692-7.1.2.1-02][7692-7.1.2.1-06][7692-7.1.2.2-02]") {
    for (const ElementKind kind : both_kinds)
        for (const std::string_view parameter :
             {"server_max_window_bits", "client_max_window_bits"})
            for (const std::string_view value : {"0",
                                                 "1",
                                                 "7",
                                                 "16",
                                                 "17",
                                                 "19",
                                                 "20",
                                                 "80",
                                                 "08",
                                                 "015",
                                                 "008",
                                                 "8a",
                                                 "a8",
                                                 "1e1",
                                                 "0x9",
                                                 "+9",
                                                 "-8",
                                                 "8.0",
                                                 "9.",
                                                 "1",
                                                 "1a",
                                                 "1'",
                                                 "x",
                                                 "150",
                                                 "115",
                                                 "256",
                                                 "264",
                                                 "10000000000",
                                                 "99999999999999999999",
                                                 "\"7\"",
                                                 "\"16\"",
                                                 "\"08\"",
                                                 "\"1\\6\"",
                                                 "\"0x9\"",
                                                 "true"}) {
                INFO(parameter << '=' << value);
                CHECK(read("; " + std::string(parameter) + "=" + std::string(value), kind).first ==
                      response_invalid_deflate_parameter);
            }
}

TEST_CASE("a promise of no context takeover has no value",
          "[7692-7.1.1.1-02][7692-7.1.1.2-02][7692-7-02][7692-7-07]") {
    for (const ElementKind kind : both_kinds)
        for (const std::string parameter :
             {"server_no_context_takeover", "client_no_context_takeover"})
            for (const std::string_view value : {"=1", "=true", "=\"x\"", "=0", "=8"})
                CHECK(read("; " + parameter + std::string(value), kind).first ==
                      response_invalid_deflate_parameter);
}

TEST_CASE("a parameter stands once, whatever it says", "[7692-7-03][7692-7-08]") {
    for (const ElementKind kind : both_kinds) {
        for (const std::string_view one :
             {"; server_no_context_takeover", "; client_no_context_takeover",
              "; server_max_window_bits=9", "; client_max_window_bits=9"})
            for (const std::string_view between : {"", "; server_max_window_bits=8"}) {
                const std::string text = std::string(one) + std::string(between) + std::string(one);
                CHECK(read(text, kind).first == response_repeated_deflate_parameter);
            }
        CHECK(read("; server_max_window_bits=9; server_max_window_bits=10", kind).first ==
              response_repeated_deflate_parameter);
    }
    CHECK(read("; client_max_window_bits; client_max_window_bits", ElementKind::offer).first ==
          response_repeated_deflate_parameter);
    CHECK(read("; client_max_window_bits=15; client_max_window_bits", ElementKind::offer).first ==
          response_repeated_deflate_parameter);
}

TEST_CASE("parameters have exactly their names", "[7692-7-01][7692-7-06]") {
    for (const ElementKind kind : both_kinds)
        for (const std::string_view text :
             {"; x", "; foo=bar", "; Server_no_context_takeover", "; CLIENT_MAX_WINDOW_BITS=9",
              "; server_max_window_bit=9", "; server_max_window_bits9", "; no_context_takeover",
              "; max_window_bits=9", "; server_no_context_takeover_", "; permessage-deflate",
              "; client_no_context_takeover; y", "; y; server_max_window_bits=7"}) {
            INFO(text);
            CHECK(read(text, kind).first == response_unknown_deflate_parameter);
        }
}

TEST_CASE("a server answers what was offered, within its policy",
          "[7692-5-08][7692-5-09][7692-5-10][7692-7.1.1.1-03][7692-7.1.1.1-05][7692-7.1.1.1-06]"
          "[7692-7.1.1.2-03][7692-7.1.2.1-05][7692-7.1.2.1-08][7692-7.1.2.2-04][7692-7.1.2.2-05]"
          "[7692-7.1.2.2-07]") {
    const std::string plain = "permessage-deflate";
    struct Row {
        DeflatePolicy policy;
        std::string_view offer, answer;
    };
    const Row rows[] = {
        {{}, "", ""},
        {{}, "; client_max_window_bits", ""},
        {{}, "; client_max_window_bits=10", "; client_max_window_bits=10"},
        {{}, "; client_max_window_bits=15", ""},
        {receiving(12), "; client_max_window_bits=8", "; client_max_window_bits=8"},
        {{}, "; server_no_context_takeover", "; server_no_context_takeover"},
        {{}, "; client_no_context_takeover", "; client_no_context_takeover"},
        {{}, "; server_max_window_bits=8", "; server_max_window_bits=8"},
        {{}, "; server_max_window_bits=\"10\"", "; server_max_window_bits=10"},
        {{}, "; server_max_window_bits=15", "; server_max_window_bits=15"},
        {sending(10), "", "; server_max_window_bits=10"},
        {sending(10), "; server_max_window_bits=11", "; server_max_window_bits=10"},
        {sending(10), "; server_max_window_bits=9", "; server_max_window_bits=9"},
        {sending(8), "", "; server_max_window_bits=8"},
        {sending(0), "", "; server_max_window_bits=8"},
        {sending(7), "; server_max_window_bits=15", "; server_max_window_bits=8"},
        {sending(16), "", ""},
        {sending(255), "; server_max_window_bits=12", "; server_max_window_bits=12"},
        {sending(15, false), "", "; server_no_context_takeover"},
        {receiving(10), "", ""},
        {receiving(10), "; client_max_window_bits", "; client_max_window_bits=10"},
        {receiving(10), "; client_max_window_bits=15", "; client_max_window_bits=10"},
        {receiving(10), "; client_max_window_bits=11", "; client_max_window_bits=10"},
        {receiving(10), "; client_max_window_bits=9", "; client_max_window_bits=9"},
        {receiving(8), "; client_max_window_bits", "; client_max_window_bits=8"},
        {receiving(1), "; client_max_window_bits", "; client_max_window_bits=8"},
        {receiving(99), "; client_max_window_bits", ""},
        {receiving(15, false), "", "; client_no_context_takeover"},
        {receiving(15, true, true), "", ""},
        {receiving(15, false, true), "", "; client_no_context_takeover"},
        {receiving(14, true, true), "; client_max_window_bits", "; client_max_window_bits=14"},
        {{.send = {9, false}, .receive = {10, false}},
         "; client_max_window_bits; server_max_window_bits=12",
         "; server_max_window_bits=9; server_no_context_takeover; client_max_window_bits=10; "
         "client_no_context_takeover"},
    };
    for (const Row& row : rows) {
        INFO(row.offer << " -> " << row.answer);
        CHECK(answered(plain + std::string(row.offer), row.policy) ==
              plain + std::string(row.answer));
    }
    DeflateElement answer = {9, 9, true, true};  // what was there before does not matter
    CHECK(can_accept({}, {}, answer));
    CHECK(answer == DeflateElement{});
    CHECK(answered(plain, receiving(14, true, true)).empty());
    CHECK(answered(plain + "; client_no_context_takeover", receiving(8, true, true)).empty());
}

TEST_CASE("the first offer that can be accepted is",
          "[7692-5-02][7692-5-03][7692-5-04][7692-7-04][7692-7-05][7692-5-12]") {
    const std::string bad = "permessage-deflate; server_max_window_bits=7";
    const std::string ten = "permessage-deflate; server_max_window_bits=10";
    CHECK(answered(ten + ", permessage-deflate") == ten);
    CHECK(answered("permessage-deflate, " + ten) == "permessage-deflate");
    CHECK(answered(bad + ", " + ten) == ten);
    CHECK(answered("foo, x-webkit-deflate-frame, " + bad + "," + bad + ",bar;a=\"b\", " + ten) ==
          ten);
    CHECK(answered(bad + ", permessage-deflate; x, permessage-deflate; server_max_window_bits")
              .empty());
    CHECK(answered("Permessage-Deflate").empty());
    CHECK(answered("permessage-deflate-x, perframe-deflate, permessage-bzip2").empty());
    CHECK(answered("").empty());
    const std::string limitable = "permessage-deflate; client_max_window_bits";
    CHECK(answered("permessage-deflate, " + limitable, receiving(9, true, true)) ==
          limitable + "=9");
    CHECK(answered("permessage-deflate, " + limitable, receiving(9)) == "permessage-deflate");
}

TEST_CASE("a client offers what it can do and asks for what it wants",
          "[7692-5-01][7692-5-05][7692-5-06][7692-7.1.1.1-01][7692-7.1.1.2-01][7692-7.1.2.1-01]"
          "[7692-7.1.2.2-01]") {
    CHECK(offered({}) == "permessage-deflate; client_max_window_bits");
    CHECK(offered(sending(9)) == "permessage-deflate; client_max_window_bits=9");
    CHECK(offered(sending(3)) == "permessage-deflate; client_max_window_bits=8");
    CHECK(offered(sending(16)) == "permessage-deflate; client_max_window_bits");
    CHECK(offered(sending(15, false)) ==
          "permessage-deflate; client_max_window_bits; client_no_context_takeover");
    CHECK(offered(receiving(9, true, true)) ==
          "permessage-deflate; server_max_window_bits=9; client_max_window_bits");
    CHECK(offered(receiving(15, false, true)) ==
          "permessage-deflate; server_no_context_takeover; client_max_window_bits");
    CHECK(offered(receiving(9)) ==
          "permessage-deflate; server_max_window_bits=9; client_max_window_bits, "
          "permessage-deflate; client_max_window_bits");
    CHECK(offered(receiving(15, false)) ==
          "permessage-deflate; server_no_context_takeover; client_max_window_bits, "
          "permessage-deflate; client_max_window_bits");
    CHECK(offered(receiving(255)) == "permessage-deflate; client_max_window_bits");
    const std::string longest = offered({.send = {10, false}, .receive = {0, false}});
    CHECK(longest == "permessage-deflate; server_max_window_bits=8; server_no_context_takeover; "
                     "client_max_window_bits=10; client_no_context_takeover, "
                     "permessage-deflate; client_max_window_bits=10; client_no_context_takeover");
    CHECK(longest.size() < deflate_offer_size_max);
    CHECK(offer_by(sending(9)).count == 1);
}

TEST_CASE("an answer is judged against the offer that was made",
          "[7692-7-06][7692-7-07][7692-7-08][7692-7-09][7692-7.1.1.1-06][7692-7.1.1.2-03]"
          "[7692-7.1.1.2-05][7692-7.1.2.1-07][7692-7.1.2.1-08][7692-7.1.2.2-08][7692-5-11]"
          "[7692-5.1-01]") {
    struct Row {
        std::string_view offer, answer;
        Violation fault;
    };
    const std::string_view plain = "permessage-deflate";
    const std::string_view ten = "permessage-deflate; server_max_window_bits=10";
    const std::string_view ten_or_not = "permessage-deflate; server_max_window_bits=10, "
                                        "permessage-deflate";
    const std::string_view ten_or_twelve = "permessage-deflate; server_max_window_bits=10, "
                                           "permessage-deflate; server_max_window_bits=12";
    const std::string_view fresh = "permessage-deflate; server_no_context_takeover";
    const std::string_view fresh_or_ten = "permessage-deflate; server_no_context_takeover, "
                                          "permessage-deflate; server_max_window_bits=10";
    const std::string_view limited = "permessage-deflate; client_max_window_bits";
    const std::string_view hinted = "permessage-deflate; client_max_window_bits=10";
    const std::string_view limited_or_ten = "permessage-deflate; client_max_window_bits, "
                                            "permessage-deflate; server_max_window_bits=10";
    constexpr Violation unsupported = response_unsupported_deflate;
    const Row rows[] = {
        {plain, "", none},
        {plain, "; server_no_context_takeover", none},
        {plain, "; client_no_context_takeover", none},
        {plain, "; server_max_window_bits=8", none},
        {plain, "; server_max_window_bits=15", none},
        {plain, "; client_max_window_bits=15", unsupported},
        {plain, "; client_max_window_bits=8", unsupported},
        {plain, "; x", response_unknown_deflate_parameter},
        {plain, "; server_max_window_bits=7", response_invalid_deflate_parameter},
        {plain, "; client_max_window_bits", response_invalid_deflate_parameter},
        {plain, "; client_no_context_takeover; client_no_context_takeover",
         response_repeated_deflate_parameter},
        {ten, "; server_max_window_bits=10", none},
        {ten, "; server_max_window_bits=8", none},
        {ten, "; server_max_window_bits=11", unsupported},
        {ten, "; server_max_window_bits=15", unsupported},
        {ten, "", unsupported},
        {ten, "; client_max_window_bits=9; server_max_window_bits=10", unsupported},
        {ten, "; client_max_window_bits=9", unsupported},
        {ten_or_not, "", none},
        {ten_or_not, "; server_max_window_bits=15", none},
        {ten_or_twelve, "; server_max_window_bits=12", none},
        {ten_or_twelve, "; server_max_window_bits=13", unsupported},
        {ten_or_twelve, "", unsupported},
        {fresh, "; server_no_context_takeover", none},
        {fresh, "", unsupported},
        {fresh, "; server_max_window_bits=8", unsupported},
        {fresh_or_ten, "; server_no_context_takeover", none},
        {fresh_or_ten, "; server_max_window_bits=10", none},
        {fresh_or_ten, "; server_max_window_bits=11", unsupported},
        {fresh_or_ten, "", unsupported},
        {limited, "; client_max_window_bits=8", none},
        {limited, "; client_max_window_bits=15", none},
        {limited, "", none},
        {hinted, "; client_max_window_bits=10", none},
        {hinted, "; client_max_window_bits=15", none},  // a hint binds nobody
        {hinted, "", none},
        {limited_or_ten, "; client_max_window_bits=9", none},
        {limited_or_ten, "; server_max_window_bits=10", none},
        {limited_or_ten, "; client_max_window_bits=9; server_max_window_bits=11", none},
        {"permessage-deflate; client_max_window_bits; server_max_window_bits=10, "
         "permessage-deflate",
         "; client_max_window_bits=9; server_max_window_bits=11", unsupported},
        {"foo, permessage-deflate; x, permessage-deflate", "", none},
        {"foo, permessage-deflate; x", "", unsupported},
        {"Permessage-deflate", "", unsupported},
    };
    for (const Row& row : rows) {
        INFO(row.offer << " <- " << row.answer);
        CHECK(judged(row.offer, row.answer) == row.fault);
    }
}

TEST_CASE("what is agreed is what the answer says, and 15 where it says nothing", "[7692-7-10]") {
    const std::string_view offer = "permessage-deflate; client_max_window_bits=9; "
                                   "client_no_context_takeover";
    REQUIRE(judged(offer, "") == none);
    CHECK(agreed == DeflateAgreement{true, {15, true}, {15, true}});
    REQUIRE(judged(offer, "; server_max_window_bits=9; client_max_window_bits=11") == none);
    CHECK(agreed == DeflateAgreement{true, {11, true}, {9, true}});
    REQUIRE(judged(offer, "; server_no_context_takeover") == none);
    CHECK(agreed == DeflateAgreement{true, {15, true}, {15, false}});
    REQUIRE(judged(offer, "; client_no_context_takeover; client_max_window_bits=8") == none);
    CHECK(agreed == DeflateAgreement{true, {8, false}, {15, true}});
    CHECK(agreement_by({8, 15, true, false}) == DeflateAgreement{true, {15, true}, {8, false}});
}

TEST_CASE("compression is negotiated where a host wants it, reads messages, and relays nothing",
          "[compressor][7692-5-14]") {
    Config config;
    CHECK_FALSE(negotiates_deflate(config, ""));
    config.deflate.enabled = true;
    CHECK(negotiates_deflate(config, ""));
    CHECK_FALSE(negotiates_deflate(config, "foo"));
    config.delivery = Delivery::parts;
    CHECK(negotiates_deflate(config, ""));
    config.delivery = Delivery::frames;
    CHECK_FALSE(negotiates_deflate(config, ""));
}
