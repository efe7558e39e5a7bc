// SPDX-License-Identifier: MIT
// Group 1: messages of every form of length come back as they went.
#include "autobahn/fuzzer.hpp"

using namespace hawse;
using namespace hawse::test;
using namespace hawse::test::autobahn;

namespace {

std::vector<Case> rows(Role /*testee*/) {
    std::vector<Case> rows;
    for (const bool is_text : {true, false}) {
        const std::string group = is_text ? "1.1." : "1.2.";
        const auto row = [&](std::size_t number, std::size_t size, Cut cut) {
            const std::string payload(size, is_text ? '*' : '\xFE');
            const Frame message = is_text ? text(payload) : binary(payload);
            rows.push_back({group + std::to_string(number),
                            Script().say({message}, cut).hear({message}), clean()});
        };
        std::size_t number = 0;
        for (const std::size_t size : {0U, 125U, 126U, 127U, 128U, 65535U, 65536U})
            row(++number, size, at_once);
        row(++number, 65536, by(997));
    }
    return rows;
}

Group group({"1.1", "1.2"}, rows);

}  // namespace

TEST_CASE("1: messages of every form of length come back as they went",
          "[6455-5.2-02][6455-5.2-09][6455-5.2-10]") {
    group.judge();
}
