// SPDX-License-Identifier: MIT
// Group 7: the closing handshake, what comes behind it, and the codes it may have.
#include "autobahn/fuzzer.hpp"

using namespace hawse;
using namespace hawse::test;
using namespace hawse::test::autobahn;

namespace {

std::vector<Case> rows_of_orders(Role /*testee*/) {
    const Frame hello = text("Hello, world!");
    const Frame longer = text(std::string(262'144, '*'));
    const Ending normal = closed(1000, 1000);
    return {
        {"7.1.1", Script().say({hello}).hear({hello}), clean()},
        {"7.1.2", Script().say({closes(1000), closes()}).hear({closes(1000)}), normal},
        {"7.1.3", Script().say({closes(1000), ping()}).hear({closes(1000)}), normal},
        {"7.1.4", Script().say({closes(1000), hello}).hear({closes(1000)}), normal},
        {"7.1.5",
         Script()
             .say({begins_text("fragment1"), closes(1000), ends("fragment2")})
             .hear({closes(1000)}),
         closed(1000, 1000, "", true)},
        // The suite takes note of whatever happens: here all that came before the Close is echoed.
        {"7.1.6",
         Script().say({longer, hello, closes(1000), ping()}).hear({longer, hello, closes(1000)}),
         normal},
    };
}

std::vector<Case> rows_of_payloads(Role /*testee*/) {
    const std::string longest(123, '*');
    const std::string not_text = "Hello \xED\xA0\x80 world";
    return {
        {"7.3.1", Script().say({closes()}).hear({closes()}), closed(1005, 1005)},
        {"7.3.2", Script().say({{0x88, "a"}}).hear({closes(1002)}),
         fails(1002, "truncated_close_code")},
        {"7.3.3", Script().say({closes(1000)}).hear({closes(1000)}), closed(1000, 1000)},
        {"7.3.4", Script().say({closes(1000, "Hello World!")}).hear({closes(1000)}),
         closed(1000, 1000, "Hello World!")},
        {"7.3.5", Script().say({closes(1000, longest)}).hear({closes(1000)}),
         closed(1000, 1000, longest)},
        {"7.3.6", Script().say({closes(1000, longest + "*")}).hear({closes(1002)}),
         fails(1002, "oversized_control")},
        {"7.5.1", Script().say({closes(1000, not_text)}).hear({closes(1007)}),
         fails(1007, "invalid_close_reason")},
    };
}

// A code comes back as it is, but for 1010, which is not a server's to send.
std::vector<Case> rows_of_codes(Role testee) {
    std::vector<Case> rows;
    std::size_t number = 0;
    for (const unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U,
                                3000U, 3999U, 4000U, 4999U}) {
        const unsigned reply = testee == Role::server && code == 1010 ? 1000 : code;
        rows.push_back({"7.7." + std::to_string(++number),
                        Script().say({closes(code)}).hear({closes(reply)}), closed(code, reply)});
    }
    const auto refused = [&](const std::string& group, std::size_t index, unsigned code) {
        const bool undefined = code < 1000 || code > 4999;
        rows.push_back({group + std::to_string(index),
                        Script().say({closes(code)}).hear({closes(1002)}),
                        fails(1002, undefined ? "undefined_close_code" : "reserved_close_code")});
    };
    number = 0;
    for (const unsigned code : {0U, 999U, 1004U, 1005U, 1006U, 1016U, 1100U, 2000U, 2999U})
        refused("7.9.", ++number, code);
    refused("7.13.", 1, 5000);
    refused("7.13.", 2, 65'535);
    return rows;
}

Group orders({"7.1"}, rows_of_orders);
Group payloads({"7.3", "7.5"}, rows_of_payloads);
Group codes({"7.7", "7.9", "7.13"}, rows_of_codes);

}  // namespace

TEST_CASE("7.1: a Close is answered behind what came before it, and nothing after it is",
          "[6455-5.5.1-07][6455-5.5.2-02][6455-7.1.1-03][6455-7.1.1-06][6455-7.1.4-02]") {
    orders.judge();
}

TEST_CASE("7.3 and 7.5: a Close has no payload, a code, or a code and a reason",
          "[6455-5.5.1-01][6455-5.5.1-02][6455-5.5.1-03][6455-5.5-01][6455-7.1.5-02]"
          "[6455-7.1.6-01][6455-8.1-01]") {
    payloads.judge();
}

TEST_CASE("7.7 to 7.13: every code that may be sent comes back, and every other one fails 1002",
          "[6455-5.5.1-08][6455-7.4.1-04][6455-7.4.1-05][6455-7.4.1-06][6455-7.4.1-11]"
          "[6455-7.4.2-01][6455-7.4.2-03][6455-7.4.2-04]") {
    codes.judge();
}
