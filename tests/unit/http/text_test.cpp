// SPDX-License-Identifier: MIT
#include "http/text.hpp"

#include "support/catch.hpp"

using hawse::http::cut;

TEST_CASE("a cut of text holds what there is of it, wherever it begins and ends") {
    CHECK(cut("cable", 0, 2) == "ca");
    CHECK(cut("cable", 2) == "ble");
    CHECK(cut("cable", 1, 3) == "abl");
    CHECK(cut("cable", 4, 9) == "e");
    CHECK(cut("cable", 5).empty());
    CHECK(cut("cable", 6, 1).empty());
    CHECK(cut("cable", 0, 0).empty());
    CHECK(cut("", 0).empty());
    CHECK(cut("cable", 5).data()[-1] == 'e');
}
