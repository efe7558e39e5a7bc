// SPDX-License-Identifier: MIT
// Everything that is waited for: when it is due, what puts it off, and what a strange clock does to
// it. Time is an argument; no test sleeps.
#include "support/catch.hpp"
#include "support/drive.hpp"

#include <array>
#include <limits>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};
constexpr Time start{1'000'000'000};

std::string sent_frames(Drive& drive) {
    drive.drain();
    const std::string words = frames_in_words(drive.output);
    drive.output.clear();
    return words;
}

}  // namespace

TEST_CASE("an open connection with the default waits has no deadline") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->deadline() == never);
        drive.pass(seconds(1'000'000));
        CHECK(drive->state() == State::open);
        CHECK(drive.story.text().empty());
    }
}

TEST_CASE("the peer's Close that does not come within the wait ends the connection") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->close(CloseCode::going_away) == Refusal::none);
        drive.drain();
        CHECK(drive->deadline() == start + seconds(10));
        drive.pass(milliseconds(9'999));
        CHECK(drive.story.text().empty());
        drive.pass(milliseconds(1));
        CHECK(drive.story.text() == "closed unclean sent 1001 received 1006 \"\" close_timeout");
        CHECK(drive->wants() == Wants(Wants::close_bit));
    }
}

TEST_CASE("octets of the peer do not put off the close deadline") {
    Rig rig;
    Drive drive(rig, Role::server);
    CHECK(drive->close() == Refusal::none);
    drive.drain();
    for (int count = 0; count < 9; ++count)
        drive.pass(seconds(1)).feed(frame(Role::client, 0x82, "more"));
    CHECK(drive->state() == State::closing);
    drive.pass(seconds(1));
    CHECK(drive.story.lines().back() ==
          "closed unclean sent 1000 received 1006 \"\" close_timeout");
}

TEST_CASE("a wait that a call without a time began is due soon, and counts from the next time") {
    Rig rig;
    Drive drive(rig, Role::client, Drain::nothing);
    CHECK(drive->close() == Refusal::none);
    CHECK(drive->deadline() <= drive.now);
    drive.now = drive.now + seconds(5);
    drive->advance(drive.now);
    CHECK(drive->state() == State::closing);
    CHECK(drive->deadline() == drive.now + seconds(10));
}

TEST_CASE("output that makes no progress ends the connection, and one octet is progress") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        CHECK(drive->send(MessageKind::text, as_bytes("stalled")) == Refusal::none);
        drive->advance(drive.now);
        CHECK(drive->deadline() == start + seconds(30));
        std::array<std::byte, 1> piece;
        for (int count = 0; count < 5; ++count) {
            drive.pass(seconds(29));
            CHECK(drive->write_output(piece, drive.now) == 1);
            CHECK(drive->deadline() == drive.now + seconds(30));
        }
        drive.pass(milliseconds(29'999));
        CHECK(drive->state() == State::open);
        drive.pass(milliseconds(1));
        CHECK(drive.story.text() == "closed unclean sent 1006 received 1006 \"\" write_stalled");
        CHECK(rig.pool.leased_size() == 0);
    }
}

TEST_CASE("a peer that sends but never reads pins nothing for ever") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    int count = 0;
    for (; drive->state() == State::open && count < 100; ++count) {
        drive.feed(frame(Role::client, 0x89, "are you there"));
        drive.pass(seconds(1));
    }
    CHECK(count <= 31);
    CHECK(drive.story.lines().back() ==
          "closed unclean sent 1006 received 1006 \"\" write_stalled");
    CHECK(rig.pool.leased_size() == 0);
}

TEST_CASE("nothing stalls when all is written, nor when new output comes after a long rest") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    CHECK(drive->send(MessageKind::text, as_bytes("a")) == Refusal::none);
    drive->advance(drive.now);
    drive.drain();
    CHECK(drive->deadline() == never);
    drive.pass(seconds(100));
    CHECK(drive->send(MessageKind::text, as_bytes("b")) == Refusal::none);
    drive.pass(milliseconds(1));
    CHECK(drive->state() == State::open);
    CHECK(drive->deadline() == drive.now + seconds(30));
}

TEST_CASE("memory that a transport does not give back is a stall as well") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    CHECK(drive->send(MessageKind::text, as_bytes("a")) == Refusal::none);
    std::array<Slice, 1> slices;
    CHECK(drive->gather(slices) == 1);
    drive->handed_over(3, drive.now);
    drive.pass(milliseconds(29'999));
    CHECK(drive->state() == State::open);
    drive.pass(milliseconds(1));
    CHECK(drive.story.text() == "closed unclean sent 1006 received 1006 \"\" write_stalled");
    drive->reusable(3);
}

TEST_CASE("a connection that hears nothing pings, and fails when nothing answers", "[LIM-15]") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.config.waits.ping = seconds(30);
        Drive drive(rig, role);
        CHECK(drive->deadline() == start + seconds(30));
        drive.pass(milliseconds(29'999));
        CHECK(sent_frames(drive).empty());
        drive.pass(milliseconds(1));
        const auto pings = read_frames(drive.output);
        REQUIRE(pings.size() == 1);
        CHECK(pings[0].first == 0x89);
        CHECK(drive->deadline() == drive.now + seconds(20));
        drive.pass(milliseconds(19'999));
        CHECK(drive->state() == State::open);
        drive.output.clear();
        drive.pass(milliseconds(1));
        CHECK(drive.story.text() == "failed 1011 pong_timeout");
        CHECK(sent_frames(drive) == "88 <03f3>");
    }
}

TEST_CASE("any octet is liveness, a cut header and a slow message included", "[LIM-15]") {
    Rig rig;
    rig.config.waits.ping = seconds(30);
    Drive drive(rig, Role::client);
    const Octets slow = frame(Role::server, 0x82, "a slow message");
    for (std::size_t at = 0; at < slow.size(); ++at) {
        drive.pass(seconds(29));
        drive.feed(ConstBytes(slow).subspan(at, 1));
    }
    CHECK(sent_frames(drive).empty());
    drive.pass(seconds(30));
    CHECK(read_frames(drive.output).size() == 1);
    drive.pass(seconds(19));
    drive.feed(ConstBytes(slow).first(1));
    drive.pass(seconds(19));
    CHECK(drive->state() == State::open);
    CHECK(drive->deadline() == drive.now + seconds(11));
}

TEST_CASE("the pong clock starts when the ping is handed over, not when it is queued") {
    Rig rig;
    rig.config.waits.ping = seconds(10);
    rig.config.waits.pong = seconds(5);
    Drive drive(rig, Role::server, Drain::nothing);
    drive.pass(seconds(10));
    CHECK(drive->wants().write());
    drive.pass(seconds(20));
    CHECK(drive->state() == State::open);
    std::array<Slice, 2> slices;
    CHECK(drive->gather(slices) == 1);
    drive->handed_over(slices[0].size(), drive.now);
    CHECK(drive->deadline() == drive.now + seconds(5));
    drive->reusable(slices[0].size());
    drive.pass(seconds(5));
    CHECK(drive.story.text() == "failed 1011 pong_timeout");
}

TEST_CASE("pong 0 never fails, and ping 0 never pings") {
    Rig rig;
    rig.config.waits.ping = seconds(10);
    rig.config.waits.pong = seconds(0);
    Drive drive(rig, Role::server);
    for (int count = 0; count < 50; ++count) drive.pass(seconds(10));
    CHECK(drive->state() == State::open);
    drive.feed(frame(Role::client, 0x8A));
    drive.output.clear();
    drive.pass(seconds(10));
    CHECK(read_frames(drive.output).size() == 1);
}

TEST_CASE("a connection that hears nothing for the idle wait fails with 1001") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.config.waits.idle = seconds(60);
        Drive drive(rig, role);
        drive.pass(seconds(59)).feed(frame(other(role), 0x8A));
        CHECK(drive->deadline() == drive.now + seconds(60));
        drive.pass(seconds(60));
        CHECK(drive.story.text() == "pong \"\"\nfailed 1001 idle_timeout");
        CHECK(sent_frames(drive) == "88 <03e9>");
        CHECK(drive->state() == State::failed);
    }
}

TEST_CASE("advance before the deadline does nothing, and a late one is as good") {
    Rig rig;
    rig.config.waits.idle = seconds(10);
    Drive drive(rig, Role::server);
    for (int count = 0; count < 9; ++count) drive.pass(seconds(1));
    CHECK(drive->state() == State::open);
    drive.pass(seconds(40));
    CHECK(drive.story.text() == "failed 1001 idle_timeout");
}

TEST_CASE("a clock that jumps forward ends nothing, and waits for everything anew") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.config.waits.idle = seconds(10);
        Drive drive(rig, role, Drain::nothing);
        CHECK(drive->send(MessageKind::text, as_bytes("x")) == Refusal::none);
        drive->advance(drive.now);
        drive.pass(seconds(100'000));
        CHECK(drive->state() == State::open);
        CHECK(drive->deadline() > drive.now);
        CHECK(drive->deadline() <= drive.now + seconds(10));
        drive.pass(seconds(10));
        CHECK(drive->state() == State::failed);
    }
}

TEST_CASE("a second late call before anything came is believed, and ends what is overdue") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.config.waits.idle = seconds(10);
        Drive drive(rig, role);
        drive->advance(drive.now + seconds(1'000));
        CHECK(drive->state() == State::open);
        std::array<std::byte, 8> piece;  // what a driver does after every tick
        CHECK(drive->write_output(piece, drive.now + seconds(1'000)) == 0);
        drive->advance(drive.now + seconds(2'000));
        CHECK(drive->state() == State::failed);
        drive.now = drive.now + seconds(2'000);
        drive.pull();
        CHECK(drive.story.text() == "failed 1001 idle_timeout");
    }
}

TEST_CASE("silence is no fault while no input is wanted, and counts anew when it is") {
    Rig rig;
    rig.config.limits.output_high = 100;
    rig.config.waits.idle = seconds(10);
    rig.config.waits.write_stall = seconds(1'000);
    Drive drive(rig, Role::server, Drain::nothing);
    CHECK(drive->send(MessageKind::text, as_bytes(std::string(200, 'x'))) == Refusal::none);
    CHECK_FALSE(drive->wants().read());
    for (int count = 0; count < 5; ++count) drive.pass(seconds(9));
    CHECK(drive->state() == State::open);
    drive.drain();
    CHECK(drive->wants().read());
    CHECK(drive->deadline() == drive.now + seconds(10));
    drive.pass(seconds(10));
    CHECK(drive.story.text() == "failed 1001 idle_timeout");
}

TEST_CASE("a close wait and a write stall of 0 last for ever") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.config.waits.close = rig.config.waits.write_stall = seconds(0);
        Drive drive(rig, role, Drain::nothing);
        CHECK(drive->close() == Refusal::none);
        drive.pass(seconds(1));
        CHECK(drive->deadline() == never);
        drive.pass(seconds(1'000'000));
        CHECK(drive->state() == State::closing);
    }
}

TEST_CASE("a clock that steps back puts nothing off by more than the step is long") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->close() == Refusal::none);
        drive.drain();
        drive.pass(seconds(4));
        drive.now = {-500'000'000'000};
        drive->advance(drive.now);
        CHECK(drive->state() == State::closing);
        CHECK(drive->deadline() == drive.now + seconds(6));
        drive.pass(seconds(6));
        CHECK(drive.story.text() == "closed unclean sent 1000 received 1006 \"\" close_timeout");
    }
}

TEST_CASE("a clock at the ends of its range overflows nothing") {
    constexpr Time least{std::numeric_limits<std::int64_t>::min()};
    constexpr Time most{std::numeric_limits<std::int64_t>::max()};
    for (const Time first : {least, Time{0}, most})
        for (const Time second : {least, Time{0}, most}) {
            Rig rig;
            rig.config.waits.idle = seconds(std::numeric_limits<std::int64_t>::max());
            rig.config.waits.ping = seconds(1);
            Drive drive(rig, Role::server);
            drive.now = first;
            drive.feed(frame(Role::client, 0x81, "x"));
            CHECK(drive->send(MessageKind::text, as_bytes("x")) == Refusal::none);
            drive.now = second;
            drive->advance(drive.now);
            CHECK(drive->close() == Refusal::none);
            drive.pull();
            drive.now = first;
            drive.pull();
            drive.end();
            CHECK(drive.story.lines().back().rfind("closed", 0) == 0);
        }
}

TEST_CASE("after the end nothing is waited for") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.config.waits.idle = rig.config.waits.ping = seconds(1);
        Drive drive(rig, role);
        drive.end();
        CHECK(drive->deadline() == never);
        drive.pass(seconds(1'000));
        CHECK(drive.story.lines().size() == 1);
        CHECK(drive.taken().empty());
    }
}

TEST_CASE("once the peer has closed, silence is no fault") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.config.waits.idle = rig.config.waits.ping = milliseconds(10);
        Drive drive(rig, role);
        drive.feed(close_frame(other(role), 1000));
        drive.output.clear();
        drive.pass(milliseconds(1'999));
        CHECK(drive.story.text() == "closing 1000 \"\"");
        CHECK(drive.taken().empty());
    }
}

TEST_CASE("no keepalive ping is sent once our Close is queued or sent", "[6455-5.5.2-04]") {
    for (const Role role : both_roles)
        for (const bool drained : {false, true}) {
            Rig rig;
            rig.config.waits.ping = seconds(1);
            Drive drive(rig, role);
            CHECK(drive->close() == Refusal::none);
            if (drained) drive.drain();
            drive.pass(seconds(1)).pass(seconds(4));
            CHECK(sent_frames(drive) == "88 <03e8>");
        }
}
