// SPDX-License-Identifier: MIT
// What is waited for: when it is due, what counts as overdue, and what a clock that steps back or
// jumps ahead does to it.
#include "connection/deadlines.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <initializer_list>
#include <limits>

namespace hawse::test {
namespace {

using connection::Deadlines;
using connection::Overdue;
using connection::Since;

constexpr Time at(std::int64_t second) { return Time{} + seconds(second); }

Waits waits() {
    Waits all;
    all.ping = seconds(30);
    all.pong = seconds(20);
    all.idle = seconds(100);
    all.close = seconds(10);
    all.linger = seconds(2);
    all.write_stall = seconds(40);
    all.clock_jump = seconds(60);
    return all;
}

Waits no_waits() {
    Waits none = waits();
    none.ping = none.pong = none.idle = Duration{};
    return none;
}

Overdue overdue_at(Deadlines deadlines, const Waits& waits, Time now) {
    deadlines.touch(waits, now);
    return deadlines.overdue(waits);
}

// Overdue from `due` on and not a nanosecond before, and announced for then.
void check_due(const Deadlines& deadlines, const Waits& waits, Overdue what, Time due) {
    CHECK(deadlines.due(waits) == due);
    CHECK(overdue_at(deadlines, waits, due + nanoseconds(-1)) == Overdue::nothing);
    CHECK(overdue_at(deadlines, waits, due) == what);
    CHECK(overdue_at(deadlines, waits, due + seconds(59)) == what);
}

// All output was written then, and the rest is reading on.
void linger_from(Deadlines& deadlines, Time since) {
    deadlines.lingering = true;
    deadlines.ending.start(since);
}

TEST_CASE("a moment runs from when it began until it is stopped") {
    Since since;
    CHECK_FALSE(since.runs());
    CHECK(since.due(seconds(1), at(7)) == never);
    since.start(at(5));
    CHECK(since.runs());
    CHECK(since.at() == at(5));
    CHECK(since.due(seconds(3), at(7)) == at(8));
    since.touch(at(9));
    since.shift(at(9), at(11));
    CHECK(since.at() == at(7));
    since.stop();
    CHECK_FALSE(since.runs());
    since.touch(at(9));
    since.shift(at(9), at(11));
    CHECK_FALSE(since.runs());
}

TEST_CASE("what begins soon begins with the next time told, and no shift moves it before") {
    Since since;
    since.start_soon();
    CHECK(since.runs());
    CHECK(since.due(seconds(3), at(7)) == at(7));
    CHECK(since.due(seconds(3), never) == never);
    since.shift(at(9), at(1009));
    since.touch(at(9));
    CHECK(since.at() == at(9));
    since.touch(at(11));
    CHECK(since.due(seconds(3), never) == at(12));
}

TEST_CASE("a wait that never ends is not due") {
    Since since;
    since.start(at(5));
    CHECK(since.due(Duration{std::numeric_limits<std::int64_t>::max()}, at(7)) == never);
}

TEST_CASE("nothing is due where nothing is waited for") {
    const Deadlines deadlines(at(0));
    CHECK(deadlines.due(no_waits()) == never);
    CHECK(overdue_at(deadlines, no_waits(), at(1000000)) == Overdue::nothing);
    CHECK(deadlines.clock() == at(0));
}

TEST_CASE("each wait is due after its own time", "[6455-7.1.1-04]") {
    Deadlines deadlines(at(0));
    SECTION("linger") {
        linger_from(deadlines, at(3));
        check_due(deadlines, no_waits(), Overdue::linger, at(5));
    }
    SECTION("close") {
        deadlines.ending.start(at(3));
        check_due(deadlines, no_waits(), Overdue::close, at(13));
    }
    SECTION("message") {
        Waits message = no_waits();
        message.message = seconds(15);
        deadlines.message.start(at(3));
        check_due(deadlines, message, Overdue::message, at(18));
    }
    SECTION("write stall") {
        deadlines.stalled.start(at(3));
        check_due(deadlines, no_waits(), Overdue::write_stall, at(43));
    }
    SECTION("ping") { check_due(deadlines, waits(), Overdue::ping, at(30)); }
    SECTION("pong") {
        deadlines.pinged.start(at(30));
        check_due(deadlines, waits(), Overdue::pong, at(50));
    }
    SECTION("idle") {
        Waits idle = no_waits();
        idle.idle = seconds(100);
        check_due(deadlines, idle, Overdue::idle, at(100));
    }
}

TEST_CASE("an octet received begins ping and idle anew") {
    Deadlines deadlines(at(0));
    deadlines.received.start(at(25));
    check_due(deadlines, waits(), Overdue::ping, at(55));
    Waits idle = no_waits();
    idle.idle = seconds(100);
    check_due(deadlines, idle, Overdue::idle, at(125));
}

TEST_CASE("no ping is due while one waits for the transport or for its answer") {
    Deadlines deadlines(at(0));
    Waits ping = no_waits();
    ping.ping = seconds(30);
    ping.pong = seconds(500);
    CHECK(deadlines.due(ping) == at(30));
    deadlines.ping_queued = true;
    CHECK(deadlines.due(ping) == never);
    CHECK(overdue_at(deadlines, ping, at(40)) == Overdue::nothing);
    deadlines.ping_queued = false;
    deadlines.pinged.start(at(31));
    CHECK(deadlines.due(ping) == at(531));
    CHECK(overdue_at(deadlines, ping, at(100)) == Overdue::nothing);
    deadlines.pinged.stop();
    CHECK(deadlines.due(ping) == at(30));
}

TEST_CASE("when no answer is waited for, pings follow each other") {
    Deadlines deadlines(at(0));
    Waits ping = no_waits();
    ping.ping = seconds(30);
    deadlines.pinged.start(at(31));
    check_due(deadlines, ping, Overdue::ping, at(61));
    deadlines.ping_queued = true;
    CHECK(deadlines.due(ping) == never);
}

TEST_CASE("a wait of zero is off, but for lingering, which is then over at once") {
    Waits none = no_waits();
    none.close = none.write_stall = none.linger = Duration{};
    Deadlines deadlines(at(0));
    deadlines.pinged.start(at(1));
    deadlines.ending.start(at(1));
    deadlines.stalled.start(at(1));
    CHECK(deadlines.due(none) == never);
    CHECK(overdue_at(deadlines, none, at(50)) == Overdue::nothing);
    Waits pong = none;
    pong.pong = seconds(20);
    CHECK(deadlines.due(pong) == at(21));
    linger_from(deadlines, at(3));
    CHECK(deadlines.due(none) == at(3));
    CHECK(overdue_at(deadlines, none, at(3)) == Overdue::linger);
}

TEST_CASE("waits for input begin anew when it is wanted again") {
    Deadlines deadlines(at(0));
    deadlines.pinged.start(at(5));
    deadlines.touch(waits(), at(10));
    deadlines.receive(false);
    CHECK(deadlines.due(waits()) == never);
    deadlines.touch(waits(), at(1000));
    CHECK(deadlines.overdue(waits()) == Overdue::nothing);
    deadlines.receive(true);
    CHECK(deadlines.received.at() == at(1000));
    CHECK(deadlines.pinged.at() == at(1000));
    CHECK(deadlines.overdue(waits()) == Overdue::nothing);
    deadlines.touch(waits(), at(1010));
    deadlines.receive(true);  // as before: nothing begins
    CHECK(deadlines.received.at() == at(1000));
    deadlines.pinged.stop();
    deadlines.receive(false);
    deadlines.receive(true);
    CHECK_FALSE(deadlines.pinged.runs());
}

TEST_CASE("a conversation that ended waits for no ping, pong or octet") {
    Deadlines deadlines(at(0));
    deadlines.pinged.start(at(1));
    deadlines.receiving = false;
    CHECK(deadlines.due(waits()) == never);
    CHECK(overdue_at(deadlines, waits(), at(50)) == Overdue::nothing);
    linger_from(deadlines, at(3));
    CHECK(deadlines.due(waits()) == at(5));
}

TEST_CASE("the earliest of all is announced") {
    Deadlines deadlines(at(0));
    CHECK(deadlines.due(waits()) == at(30));
    deadlines.pinged.start(at(5));
    CHECK(deadlines.due(waits()) == at(25));
    deadlines.ending.start(at(5));
    CHECK(deadlines.due(waits()) == at(15));
    deadlines.stalled.start(at(-30));
    CHECK(deadlines.due(waits()) == at(10));
    linger_from(deadlines, at(5));
    CHECK(deadlines.due(waits()) == at(7));
}

TEST_CASE("of several that are overdue the gravest is told first") {
    Waits all = waits();
    all.clock_jump = seconds(1000);
    Deadlines deadlines(at(0));
    const Time late = at(500);
    linger_from(deadlines, at(0));
    deadlines.stalled.start(at(0));
    deadlines.message.start(at(0));
    deadlines.pinged.start(at(0));
    CHECK(overdue_at(deadlines, all, late) == Overdue::linger);
    deadlines.lingering = false;
    CHECK(overdue_at(deadlines, all, late) == Overdue::close);
    deadlines.ending.stop();
    CHECK(overdue_at(deadlines, all, late) == Overdue::write_stall);
    deadlines.stalled.stop();
    all.message = seconds(100);
    CHECK(overdue_at(deadlines, all, late) == Overdue::message);
    deadlines.message.stop();
    CHECK(overdue_at(deadlines, all, late) == Overdue::pong);
    deadlines.pinged.stop();
    CHECK(overdue_at(deadlines, all, late) == Overdue::idle);
    all.idle = Duration{};
    CHECK(overdue_at(deadlines, all, late) == Overdue::ping);
    deadlines.ping_queued = true;
    CHECK(overdue_at(deadlines, all, late) == Overdue::nothing);
}

TEST_CASE("what began without a time asks to be told it, and then runs in full") {
    Deadlines deadlines(at(0));
    deadlines.touch(no_waits(), at(5));
    deadlines.ending.start_soon();
    CHECK(deadlines.due(no_waits()) == at(5));
    CHECK(deadlines.overdue(no_waits()) == Overdue::nothing);
    deadlines.touch(no_waits(), at(8));
    CHECK(deadlines.overdue(no_waits()) == Overdue::nothing);
    CHECK(deadlines.ending.at() == at(8));
    check_due(deadlines, no_waits(), Overdue::close, at(18));
}

TEST_CASE("what began without a time is no reason to see a jump") {
    Deadlines deadlines(at(0));
    deadlines.stalled.start(at(0));
    deadlines.ending.start_soon();
    deadlines.touch(no_waits(), at(70));  // late for nothing but by less than a jump
    CHECK(deadlines.stalled.at() == at(0));
    CHECK(deadlines.ending.at() == at(70));
    CHECK(deadlines.overdue(no_waits()) == Overdue::write_stall);
}

TEST_CASE("a clock that steps back takes every moment along") {
    Deadlines deadlines(at(1000));
    deadlines.ending.start(at(1004));
    deadlines.touch(waits(), at(1005));
    deadlines.touch(waits(), at(-500));
    CHECK(deadlines.clock() == at(-500));
    CHECK(deadlines.received.at() == at(-505));
    CHECK(deadlines.ending.at() == at(-501));
    CHECK_FALSE(deadlines.pinged.runs());
    CHECK_FALSE(deadlines.lingering);
    check_due(deadlines, waits(), Overdue::close, at(-491));
}

TEST_CASE("a clock that steps back again and again brings nothing nearer") {
    Deadlines deadlines(at(0));
    deadlines.ending.start(at(0));
    for (std::int64_t step = 1; step < 10; ++step) {
        deadlines.touch(no_waits(), at(-step * 1000));
        CHECK(deadlines.due(no_waits()) == at(-step * 1000 + 10));
        CHECK(deadlines.overdue(no_waits()) == Overdue::nothing);
    }
}

TEST_CASE("a clock that jumps ahead causes no storm of timeouts") {
    Deadlines deadlines(at(0));
    deadlines.ending.start(at(2));
    deadlines.stalled.start(at(1));
    deadlines.pinged.start(at(3));
    deadlines.touch(waits(), at(4));
    // The close is due at 12; at 72 it is late, a nanosecond later the clock has jumped.
    CHECK(overdue_at(deadlines, waits(), at(72)) == Overdue::close);
    const Time jumped = at(72) + nanoseconds(1);
    CHECK(overdue_at(deadlines, waits(), jumped) == Overdue::nothing);

    deadlines.touch(waits(), at(1000004));
    CHECK(deadlines.overdue(waits()) == Overdue::nothing);
    CHECK(deadlines.ending.at() == at(1000002));
    CHECK(deadlines.stalled.at() == at(1000001));
    CHECK(deadlines.pinged.at() == at(1000003));
    CHECK(deadlines.received.at() == at(1000000));
    check_due(deadlines, waits(), Overdue::close, at(1000012));
}

TEST_CASE("a second jump is believed until an octet came, and one later is a jump again") {
    Deadlines deadlines(at(0));
    deadlines.ending.start(at(0));
    deadlines.touch(no_waits(), at(1000));
    CHECK(deadlines.overdue(no_waits()) == Overdue::nothing);
    CHECK(deadlines.ending.at() == at(1000));
    deadlines.touch(no_waits(), at(2000));
    CHECK(deadlines.ending.at() == at(1000));
    CHECK(deadlines.overdue(no_waits()) == Overdue::close);
    deadlines.ending.start(at(2000));
    deadlines.touch(no_waits(), at(2001));
    deadlines.hear();
    deadlines.touch(no_waits(), at(3000));
    CHECK(deadlines.overdue(no_waits()) == Overdue::nothing);
}

TEST_CASE("a long silence with nothing to wait for is no jump") {
    Deadlines deadlines(at(0));
    deadlines.touch(no_waits(), at(1000000));
    CHECK(deadlines.received.at() == at(0));
    CHECK(deadlines.clock() == at(1000000));
}

TEST_CASE("a call in time moves nothing but the clock") {
    Deadlines deadlines(at(0));
    deadlines.ending.start(at(2));
    deadlines.touch(waits(), at(4));
    deadlines.touch(waits(), at(4));
    deadlines.touch(waits(), at(11));
    CHECK(deadlines.clock() == at(11));
    CHECK(deadlines.received.at() == at(0));
    CHECK(deadlines.ending.at() == at(2));
}

TEST_CASE("times at either end of what can be said overflow nothing") {
    constexpr Time latest{std::numeric_limits<std::int64_t>::max() - 1};
    constexpr Time earliest{std::numeric_limits<std::int64_t>::min() + 1};
    for (const Time from : {earliest, at(0), latest})
        for (const Time to : {earliest, at(0), latest}) {
            Deadlines deadlines(from);
            deadlines.ending.start(from);
            deadlines.touch(waits(), to);
            deadlines.touch(waits(), from);
            CHECK(deadlines.clock() == from);
            CHECK(deadlines.due(waits()) >= earliest);
        }
    Deadlines deadlines(latest);
    deadlines.ending.start(latest);
    CHECK(deadlines.due(waits()) == never);  // it will not happen within what can be said
    CHECK(deadlines.overdue(waits()) == Overdue::nothing);
    CHECK(overdue_at(Deadlines(at(0)), no_waits(), never) == Overdue::nothing);
}

}  // namespace
}  // namespace hawse::test
