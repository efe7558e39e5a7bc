// SPDX-License-Identifier: MIT
// What a host counts: absent unless asked for, added to and never reset.
#include "support/catch.hpp"
#include "support/drive.hpp"

#include <array>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {
constexpr std::array both_roles = {Role::server, Role::client};
}

TEST_CASE("what is received is counted alike at every cut") {
    for (const Role role : both_roles)
        for (const std::size_t step : {1U, 2U, 5U, 1000U}) {
            const Octets input =
                joined({frame(other(role), 0x81, "Hello"), frame(other(role), 0x02, "ab"),
                        frame(other(role), 0x89, "p"), frame(other(role), 0x80, "cd"),
                        frame(other(role), 0x8A), frame(other(role), 0x81)});
            Rig rig;
            Statistics statistics;
            Drive drive(rig, role);
            drive->count_into(&statistics);
            for (std::size_t at = 0; at < input.size(); at += step)
                drive.feed(ConstBytes(input).subspan(at, std::min(step, input.size() - at)));
            CHECK(statistics.received.messages == 3);
            CHECK(statistics.received.frames == 6);
            CHECK(statistics.received.wire_octets == input.size());
            CHECK(statistics.received.payload_octets == 9);
            CHECK(statistics.pings_received == 1);
            CHECK(statistics.pongs_received == 1);
            CHECK(statistics.sent.frames == 1);
            CHECK(statistics.sent.wire_octets == drive.output.size());
        }
}

TEST_CASE("what is sent is counted") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.config.limits.send_frame_size_max = 4;
        Statistics statistics;
        Drive drive(rig, role, Drain::nothing);
        drive->count_into(&statistics);
        CHECK(drive->send(MessageKind::text, as_bytes("Hello")) == Refusal::none);
        CHECK(drive->send_begin(MessageKind::binary) == Refusal::none);
        CHECK(drive->send_part(as_bytes("ab"), false) == Refusal::none);
        CHECK(drive->send_part(as_bytes("cd"), true) == Refusal::none);
        CHECK(drive->ping(as_bytes("p")) == Refusal::none);
        CHECK(drive->send(MessageKind::text, as_bytes("\xFF")) == Refusal::invalid_text);
        CHECK(drive->close() == Refusal::none);
        CHECK(statistics.sent.wire_octets == 0);
        drive.drain();
        CHECK(statistics.sent.messages == 2);
        CHECK(statistics.sent.frames == 6);
        CHECK(statistics.sent.payload_octets == 9);
        CHECK(statistics.sent.wire_octets == drive.output.size());
        CHECK(statistics.pings_sent == 1);
    }
}

TEST_CASE("octets that are unread are not counted until they are lent again") {
    Rig rig;
    Statistics statistics;
    Drive drive(rig, Role::client);
    drive->count_into(&statistics);
    Octets input = joined({frame(Role::server, 0x81, "a"), frame(Role::server, 0x81, "b")});
    CHECK(drive->receive(input, drive.now) == Refusal::none);
    CHECK(drive->next_event().text() == "a");
    CHECK(drive->unread().size() == 3);
    CHECK(statistics.received.wire_octets == 3);
    CHECK(statistics.received.messages == 1);
}

TEST_CASE("the round trip is that of the newest keepalive ping") {
    Rig rig;
    rig.config.waits.ping = seconds(10);
    Statistics statistics;
    Drive drive(rig, Role::server);
    drive->count_into(&statistics);
    drive.pass(seconds(10));
    const auto pings = read_frames(drive.output);
    REQUIRE(pings.size() == 1);
    CHECK(statistics.pings_sent == 1);
    CHECK(statistics.round_trip_nanoseconds == 0);
    drive.pass(milliseconds(30));
    drive.feed(frame(Role::client, 0x8A, "another"));
    CHECK(statistics.round_trip_nanoseconds == 0);
    drive.pass(milliseconds(12));
    drive.feed(frame(Role::client, 0x8A, pings[0].payload));
    CHECK(statistics.round_trip_nanoseconds == milliseconds(42).nanoseconds);
    drive.pass(milliseconds(12));
    drive.feed(frame(Role::client, 0x8A, pings[0].payload));
    CHECK(statistics.round_trip_nanoseconds == milliseconds(42).nanoseconds);
}

TEST_CASE("counting may begin late and stop, and many connections may share the counters") {
    Rig rig;
    Statistics statistics;
    Drive first(rig, Role::server), second(rig, Role::client);
    first.feed(frame(Role::client, 0x81, "uncounted"));
    first->count_into(&statistics);
    second->count_into(&statistics);
    first.feed(frame(Role::client, 0x81, "counted"));
    second.feed(frame(Role::server, 0x81, "counted"));
    first->count_into(nullptr);
    first.feed(frame(Role::client, 0x81, "uncounted"));
    CHECK(statistics.received.messages == 2);
    CHECK(statistics.received.payload_octets == 14);
}

TEST_CASE("a Close sent without memory is counted as well") {
    Rig rig;
    rig.allocator.fail(0, CountingAllocator::Failure::for_ever);
    Statistics statistics;
    Drive drive(rig, Role::server);
    drive->count_into(&statistics);
    CHECK(drive->close() == Refusal::none);
    CHECK(drive.taken() == "880203e8");
    CHECK(statistics.sent.frames == 1);
    CHECK(statistics.sent.wire_octets == 4);
}
