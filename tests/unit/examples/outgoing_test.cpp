// SPDX-License-Identifier: MIT
// Which lines hawse-cat sends again on the next connection.
#include "support/catch.hpp"

#include "outgoing.hpp"

#include <string>
#include <unistd.h>
#include <utility>

using examples::Outgoing;

namespace {

using Lost = std::pair<std::size_t, std::size_t>;

/// Three lines, queued as frames of 100 octets each.
class Three {
public:
    Three() {
        int ends[2] = {-1, -1};
        REQUIRE(::pipe(ends) == 0);
        REQUIRE(::write(ends[1], "a\nb\nc\n", 6) == 6);
        (void)::close(ends[1]);
        outgoing = Outgoing(ends[0], true);
        outgoing.read();
        (void)::close(ends[0]);
        outgoing.written(0, 0);
        Outgoing::Line line;
        while (outgoing.next(line)) outgoing.queued(line, 100);
    }

    /// Those that come again.
    std::string again() {
        std::string texts;
        Outgoing::Line line;
        while (outgoing.next(line)) texts += line.text;
        return texts;
    }

    Outgoing outgoing{-1, true};
};

}  // namespace

TEST_CASE("a line that was written through is not sent again, and one that was not is") {
    Three lines;
    lines.outgoing.written(0, 300);
    CHECK(lines.outgoing.take_back(199) == Lost{2, 0});
    CHECK(lines.again() == "bc");
}

TEST_CASE("a line that a pong may have delayed is neither forgotten nor sent twice") {
    Three lines;
    lines.outgoing.written(0, 310);  // 10 octets of a pong, before or behind any line
    SECTION("the pong may have gone before it") {
        CHECK(lines.outgoing.take_back(205) == Lost{2, 1});
        CHECK(lines.again() == "c");
    }
    SECTION("it was written through all the same") {
        CHECK(lines.outgoing.take_back(210) == Lost{3, 0});
        CHECK(lines.again() == "c");
    }
    SECTION("what has gone no longer counts") {
        lines.outgoing.written(310, 0);
        lines.outgoing.queued({4, "d"}, 100);
        lines.outgoing.written(310, 100);
        SECTION("cut off") {
            CHECK(lines.outgoing.take_back(409) == Lost{4, 0});
            CHECK(lines.again() == "d");
        }
        SECTION("or written") {
            CHECK(lines.outgoing.take_back(410) == Lost{0, 0});
            CHECK(lines.again().empty());
        }
    }
}
