// SPDX-License-Identifier: MIT
// Group 2: every ping has its pong, in order, and a pong has nothing.
#include "autobahn/fuzzer.hpp"

using namespace hawse;
using namespace hawse::test;
using namespace hawse::test::autobahn;

namespace {

const std::string not_text("\x00\xFF\xFE\xFD\xFC\xFB\x00\xFF", 8);
const std::string longest(125, '\xFE');

Frames ten(Frame (*kind)(std::string)) {
    Frames frames;
    for (unsigned index = 0; index < 10; ++index)
        frames.push_back(kind("payload-" + std::to_string(index)));
    return frames;
}

std::vector<Case> rows(Role /*testee*/) {
    return {
        {"2.1", Script().say({ping()}).hear({pong()}), clean()},
        {"2.2", Script().say({ping("Hello, world!")}).hear({pong("Hello, world!")}), clean()},
        {"2.3", Script().say({ping(not_text)}).hear({pong(not_text)}), clean()},
        {"2.4", Script().say({ping(longest)}).hear({pong(longest)}), clean()},
        {"2.5", Script().say({ping(longest + "\xFE")}).hear({closes(1002)}),
         fails(1002, "oversized_control")},
        {"2.6", Script().say({ping(longest)}, by_octet).hear({pong(longest)}), clean()},
        {"2.7", Script().say({pong()}).hear({}), clean()},
        {"2.8", Script().say({pong("unsolicited")}).hear({}), clean()},
        {"2.9", Script().say({pong("unsolicited"), ping("ping")}).hear({pong("ping")}), clean()},
        {"2.10", Script().say(ten(ping)).hear(ten(pong)), clean()},
        {"2.11", Script().say(ten(ping), by_octet).hear(ten(pong)), clean()},
    };
}

Group group({"2"}, rows);

}  // namespace

TEST_CASE("2: every ping has its pong, in order, and a pong has nothing",
          "[6455-5.5.2-01][6455-5.5.2-02][6455-5.5.3-01][6455-5.5.3-04][6455-5.5-01]") {
    group.judge();
}
