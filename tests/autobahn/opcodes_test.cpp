// SPDX-License-Identifier: MIT
// Group 4: opcodes that are not defined. The echo of the message before them still goes out.
#include "autobahn/fuzzer.hpp"

using namespace hawse;
using namespace hawse::test;
using namespace hawse::test::autobahn;

namespace {

std::vector<Case> rows(Role /*testee*/) {
    const Ending failed = fails(1002, "reserved_opcode");
    const Frame hello = text("Hello, world!");
    std::vector<Case> rows;
    for (const unsigned least : {3U, 11U}) {
        const std::string group = least == 3 ? "4.1." : "4.2.";
        const auto undefined = [least](unsigned more, std::string payload) {
            return Frame{0x80 | (least + more), std::move(payload)};
        };
        const auto alone = [](Frame frame) {
            return Script().say({std::move(frame)}).hear({closes(1002)});
        };
        const auto between = [&](Frame frame, Cut cut) {
            return Script().say({hello, std::move(frame), ping()}, cut).hear({hello, closes(1002)});
        };
        rows.push_back({group + "1", alone(undefined(0, "")), failed});
        rows.push_back({group + "2", alone(undefined(1, "a payload")), failed});
        rows.push_back({group + "3", between(undefined(2, ""), at_once), failed});
        rows.push_back({group + "4", between(undefined(3, "a payload"), at_once), failed});
        rows.push_back({group + "5", between(undefined(4, "a payload"), by_octet), failed});
    }
    return rows;
}

Group group({"4.1", "4.2"}, rows);

}  // namespace

TEST_CASE("4: an undefined opcode fails the connection, and what came before it is echoed",
          "[6455-5.2-05][6455-7.4.1-06][6455-7.1.7-05]") {
    group.judge();
}
