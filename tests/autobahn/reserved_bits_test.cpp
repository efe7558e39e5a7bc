// SPDX-License-Identifier: MIT
// Group 3: reserved bits that no extension owns. The echo of the message before them still goes out.
#include "autobahn/fuzzer.hpp"

using namespace hawse;
using namespace hawse::test;
using namespace hawse::test::autobahn;

namespace {

/// `frame` with the bits RSV1, RSV2 and RSV3 as a number of three bits.
Frame with(unsigned bits, Frame frame) {
    frame.first |= bits << 4;
    return frame;
}

std::vector<Case> rows(Role /*testee*/) {
    const Ending failed = fails(1002, "reserved_bit");
    const Frame hello = text("Hello, world!");
    const auto between = [&](unsigned bits, Cut cut) {
        return Script().say({hello, with(bits, hello), ping()}, cut).hear({hello, closes(1002)});
    };
    const auto alone = [](Frame frame) {
        return Script().say({std::move(frame)}).hear({closes(1002)});
    };
    const std::string octets("\x00\xFF\xFE\xFD\xFC\xFB\x00\xFF", 8);
    return {
        {"3.1", alone(with(1, hello)), failed},
        {"3.2", between(2, at_once), failed},
        {"3.3", between(3, by_frame), failed},
        {"3.4", between(4, by_octet), failed},
        {"3.5", alone(with(5, binary(octets))), failed},
        {"3.6", alone(with(6, binary(octets))), failed},
        {"3.7", alone(with(7, closes())), failed},
    };
}

Group group({"3"}, rows);

}  // namespace

TEST_CASE("3: a reserved bit fails the connection, and what came before it is echoed",
          "[6455-5.2-04][6455-7.4.1-06][6455-7.1.7-05]") {
    group.judge();
}
