// SPDX-License-Identifier: MIT
// Groups 5 and 10: messages in frames, with pings between them, and frames that are no message.
#include "autobahn/fuzzer.hpp"

using namespace hawse;
using namespace hawse::test;
using namespace hawse::test::autobahn;

namespace {

const std::string first = "fragment1";
const std::string second = "fragment2";

Script fragmented_control(unsigned opcode) {
    return Script().say({{opcode, first}, ends(second)}).hear({closes(1002)});
}

Script message(Cut cut) {
    return Script().say({begins_text(first), ends(second)}, cut).hear({text(first + second)});
}

Script message_around_ping(Cut cut) {
    return Script()
        .say({begins_text(first), ping("ping"), ends(second)}, cut)
        .hear({pong("ping"), text(first + second)});
}

Script nothing_to_continue(Frame continuation, Cut cut) {
    return Script().say({std::move(continuation), text(second)}, cut).hear({closes(1002)});
}

Script nothing_to_continue_twice(Frame continuation) {
    const Frames once = {continuation, begins_text("fragment2"), ends("fragment3")};
    Frames frames = once;
    frames.insert(frames.end(), once.begin(), once.end());
    return Script().say(std::move(frames)).hear({closes(1002)});
}

/// The first pong comes at once, while the fuzzer waits.
Script message_around_two_pings(Cut cut) {
    return Script()
        .say({begins_text("fragment1"), goes_on("fragment2"), ping("ping 1")}, cut)
        .hear({pong("ping 1")})
        .wait()
        .say({goes_on("fragment3"), goes_on("fragment4"), ping("ping 2"), ends("fragment5")}, cut)
        .hear({pong("ping 2"), text("fragment1fragment2fragment3fragment4fragment5")});
}

std::vector<Case> rows(Role /*testee*/) {
    const Ending fragmented = fails(1002, "fragmented_control");
    const Ending unexpected = fails(1002, "unexpected_continuation");
    return {
        {"5.1", fragmented_control(0x9), fragmented},
        {"5.2", fragmented_control(0xA), fragmented},
        {"5.3", message(at_once), clean()},
        {"5.4", message(by_frame), clean()},
        {"5.5", message(by_octet), clean()},
        {"5.6", message_around_ping(at_once), clean()},
        {"5.7", message_around_ping(by_frame), clean()},
        {"5.8", message_around_ping(by_octet), clean()},
        {"5.9", nothing_to_continue(ends(first), at_once), unexpected},
        {"5.10", nothing_to_continue(ends(first), by_frame), unexpected},
        {"5.11", nothing_to_continue(ends(first), by_octet), unexpected},
        {"5.12", nothing_to_continue(goes_on(first), at_once), unexpected},
        {"5.13", nothing_to_continue(goes_on(first), by_frame), unexpected},
        {"5.14", nothing_to_continue(goes_on(first), by_octet), unexpected},
        {"5.15",
         Script()
             .say({begins_text(first), ends(second), goes_on("fragment3"), text("fragment4")})
             .hear({text(first + second), closes(1002)}),
         unexpected},
        {"5.16", nothing_to_continue_twice(goes_on("fragment1")), unexpected},
        {"5.17", nothing_to_continue_twice(ends("fragment1")), unexpected},
        {"5.18", Script().say({begins_text(first), text(second)}).hear({closes(1002)}),
         fails(1002, "interleaved_message")},
        {"5.19", message_around_two_pings(at_once), clean()},
        {"5.20", message_around_two_pings(by_frame), clean()},
    };
}

std::vector<Case> automatic_rows(Role /*testee*/) {
    const std::string payload(65536, '*');
    return {{"10.1.1",
             Script()
                 .say(in_frames(MessageKind::text, payload, 1300))  // 51 of them
                 .hear({text(payload)}),
             clean()}};
}

Group group({"5"}, rows);
Group automatic({"10.1"}, automatic_rows);

}  // namespace

TEST_CASE("5: a message may come in frames with pings between them, and nothing else may",
          "[6455-5.4-02][6455-5.4-03][6455-5.4-04][6455-5.4-05][6455-5.4-08][6455-5.4-09]"
          "[6455-5.4-12][6455-5.5.2-03]") {
    group.judge();
}

TEST_CASE("10: a message that its sender split comes back whole", "[6455-5.4-05][6455-5.4-14]") {
    CHECK(in_frames(MessageKind::text, std::string(65536, '*'), 1300).size() == 51);
    automatic.judge();
}
