// SPDX-License-Identifier: MIT
// Everything that is waited for: when it is due, what puts it off, and what a strange clock does to
// it. Time is an argument; no test sleeps.
#include "hawse/handshake.hpp"
#include "hawse/session.hpp"
#include "support/catch.hpp"
#include "support/drive.hpp"

#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};
constexpr Time start{1'000'000'000};
constexpr Time least{std::numeric_limits<std::int64_t>::min()};
constexpr Time most{std::numeric_limits<std::int64_t>::max()};
constexpr std::string_view request_head =
    "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

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

TEST_CASE("a connection whose ping is answered stays open and pings again, counted or not") {
    for (const Role role : both_roles)
        for (const bool counted : {false, true}) {
            Rig rig;
            rig.config.waits.ping = seconds(30);
            Statistics statistics;
            Drive drive(rig, role);
            if (counted) drive->count_into(&statistics);
            for (int round = 0; round < 3; ++round) {
                drive.output.clear();
                drive.pass(seconds(30));
                const auto pings = read_frames(drive.output);
                REQUIRE(pings.size() == 1);
                drive.feed(frame(other(role), 0x8A, pings[0].payload));
            }
            CHECK(drive->state() == State::open);
            CHECK(statistics.pongs_received == (counted ? 3 : 0));
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

TEST_CASE("a pong that nobody reads is not late, and is waited for anew when somebody does") {
    Rig rig;
    rig.config.limits.output_high = 100;
    rig.config.waits.ping = seconds(30);
    rig.config.waits.write_stall = seconds(1'000);
    Drive drive(rig, Role::server, Drain::nothing);
    drive.pass(seconds(30)).drain();
    CHECK(drive->deadline() == drive.now + seconds(20));
    CHECK(drive->send(MessageKind::text, as_bytes(std::string(200, 'x'))) == Refusal::none);
    CHECK_FALSE(drive->wants().read());
    for (int count = 0; count < 5; ++count) drive.pass(seconds(19));
    CHECK(drive->state() == State::open);
    drive.drain();
    CHECK(drive->deadline() == drive.now + seconds(20));
    drive.pass(milliseconds(19'999));
    CHECK(drive->state() == State::open);
    drive.pass(milliseconds(1));
    CHECK(drive.story.text() == "failed 1011 pong_timeout");
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

TEST_CASE("after advance() the deadline lies ahead, behind a ping that it sent as well") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.config.waits.ping = seconds(30);
        Drive drive(rig, role, Drain::nothing);
        drive.now = drive.now + seconds(30);
        drive->advance(drive.now);
        CHECK(drive->wants().write());
        CHECK(drive->deadline() == drive.now + seconds(30));
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

TEST_CASE("one octet of a slow large message in each interval keeps every timeout away") {
    for (const Role role : both_roles)
        for (const bool lands : {false, true}) {
            Rig rig;
            rig.config.waits.idle = seconds(10);
            rig.config.waits.ping = seconds(8);
            rig.config.waits.pong = seconds(4);
            Drive drive(rig, role);
            const Octets slow = frame(other(role), 0x82, std::string(60, 'x'));
            drive.feed(ConstBytes(slow).first(20));
            for (std::size_t at = 20; at < slow.size(); ++at) {
                drive.pass(seconds(8));  // a ping goes out, and no pong ever comes
                drive.pass(milliseconds(1'999));
                if (!lands) {
                    drive.feed(ConstBytes(slow).subspan(at, 1));
                } else {
                    const Bytes place = drive->landing();
                    REQUIRE_FALSE(place.empty());
                    place[0] = slow[at];
                    CHECK(drive->landed(1, drive.now) == 1);
                    drive.pull();
                }
                REQUIRE(drive->state() == State::open);
            }
            CHECK(drive.story.text() == "binary \"" + std::string(60, 'x') + '"');
        }
}

TEST_CASE("the pong clock starts with the last octet of the ping, however slowly it is written") {
    Rig rig;
    rig.config.waits.ping = seconds(10);
    rig.config.waits.pong = seconds(5);
    Drive drive(rig, Role::client, Drain::nothing);
    drive.pass(seconds(10));
    std::array<std::byte, 1> piece;
    const std::size_t size = drive->output_size();
    for (std::size_t count = 0; count < size; ++count) {
        drive.pass(seconds(20));
        REQUIRE(drive->state() == State::open);
        REQUIRE(drive->write_output(piece, drive.now) == 1);
    }
    drive.pass(milliseconds(4'999));
    CHECK(drive->state() == State::open);
    drive.pass(milliseconds(1));
    CHECK(drive.story.text() == "failed 1011 pong_timeout");
}

TEST_CASE("a peer that sends and reads one octet an interval is slow and not stalled") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        std::array<std::byte, 1> piece;
        for (int count = 0; count < 200; ++count) {
            drive.feed(frame(other(role), 0x89, "are you there"));
            drive.pass(milliseconds(29'999));
            REQUIRE(drive->state() == State::open);
            REQUIRE(drive->write_output(piece, drive.now) == 1);
        }
    }
}

TEST_CASE("the close clock runs from the call, whatever was queued before and is written later") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        CHECK(drive->send(MessageKind::binary, as_bytes(std::string(1000, 'x'))) == Refusal::none);
        drive->advance(drive.now);
        CHECK(drive->close() == Refusal::none);
        drive->advance(drive.now);
        std::array<std::byte, 120> piece;
        for (int count = 0; count < 9; ++count) {  // the Close is written last, after nine seconds
            drive.pass(seconds(1));
            CHECK(drive->write_output(piece, drive.now) != 0);
        }
        CHECK_FALSE(drive->wants().write());
        CHECK(drive->deadline() == start + seconds(10));
        drive.pass(seconds(1));
        CHECK(drive.story.text() == "closed unclean sent 1000 received 1006 \"\" close_timeout");
    }
}

TEST_CASE("lingering runs from the last octet written, and no octet of the peer's prolongs it") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    drive.feed(close_frame(Role::client, 1000));
    drive.pass(seconds(5));
    drive.drain();
    CHECK(drive->wants().end_write());
    CHECK(drive->deadline() == drive.now + seconds(2));
    drive.write_ended();
    drive.pass(milliseconds(1'999)).feed(frame(Role::client, 0x82, "late"));
    CHECK(drive->wants() == Wants(Wants::read_bit));
    drive.pass(milliseconds(1));
    CHECK(drive.story.lines().back() == "closed clean sent 1000 received 1000 \"\" none");
}

TEST_CASE("what a session sends behind its answer is not stalled while the answer moves") {
    for (const bool handed_back_late : {false, true}) {
        Rig rig;
        rig.config.waits.opening = seconds(0);
        rig.config.waits.write_stall = seconds(5);
        Session session(rig.config, Role::server, start);
        std::string head(request_head);
        CHECK(session.receive({reinterpret_cast<std::byte*>(head.data()), head.size()}, start) ==
              Refusal::none);
        CHECK(session.next_event().kind() == EventKind::request);
        CHECK(session.accept() == Refusal::none);
        CHECK(session.connection()->send(MessageKind::text, as_bytes("x")) == Refusal::none);
        while (session.next_event()) {
        }
        Time now = start;
        session.advance(now);
        std::array<std::byte, 1> piece;
        std::array<Slice, 4> slices;
        for (std::size_t left = session.output_size(); left != 0; --left) {
            now = now + seconds(4);
            session.advance(now);
            REQUIRE(session.connection()->state() == State::open);
            if (!handed_back_late) {
                REQUIRE(session.write_output(piece, now) == 1);
                continue;
            }
            REQUIRE(session.gather(slices) != 0);
            session.handed_over(1, now);
            session.reusable(1);
        }
        CHECK(session.output_size() == 0);
    }
}

TEST_CASE("a session that is over keeps no answer and no deadline that nobody was shown") {
    Rig rig;
    Session session(rig.config, Role::server, start);
    std::string head(request_head);
    CHECK(session.receive({reinterpret_cast<std::byte*>(head.data()), head.size()}, start) ==
          Refusal::none);
    CHECK(session.next_event().kind() == EventKind::request);
    CHECK(session.accept() == Refusal::none);
    CHECK(session.next_event().kind() == EventKind::opened);
    session.receive_end(TransportEnd::broken, start);
    CHECK(session.next_event().kind() == EventKind::closed);
    CHECK_FALSE(session.next_event());
    CHECK(session.wants() == Wants(Wants::close_bit));
    CHECK(session.output_size() == 0);
    CHECK(session.deadline() == never);
    CHECK(rig.pool.leased_size() == 0);
}

namespace {

/// Something that waits, begun at a given moment, and how one sees that the wait is over.
struct Subject {
    std::function<void(Time)> advance;
    std::function<Time()> deadline;
    std::function<bool()> is_over;
};

struct Scene {
    Rig rig = {};
    std::unique_ptr<Drive> drive = {};
    std::unique_ptr<Session> session = {};
    std::unique_ptr<ServerHandshake> server = {};
    std::unique_ptr<ClientHandshake> client = {};
    std::string head = {};
};

/// All that may be waited for, and for how long.
struct Wait {
    std::string name;
    Duration length;
    std::function<Subject(const std::shared_ptr<Scene>&, Time)> begin;
};

Subject subject_of(const std::shared_ptr<Scene>& scene, Time now, Role role,
                   const std::function<void(Drive&)>& prepare,
                   const std::function<bool(Drive&)>& is_over) {
    scene->drive = std::make_unique<Drive>(scene->rig, role, Drain::nothing);
    Drive& drive = *scene->drive;
    // The clock it began with is another one.
    drive.now = now;
    drive->advance(now);
    drive.feed(frame(other(role), 0x8A));
    prepare(drive);
    drive->advance(now);
    return {[scene](Time later) {
                scene->drive->now = later;
                (*scene->drive)->advance(later);
                scene->drive->pull();
            },
            [scene] { return (*scene->drive)->deadline(); },
            [scene, is_over] { return is_over(*scene->drive); }};
}

bool is_closed(Drive& drive) { return drive->wants().close(); }
bool has_failed(Drive& drive) { return drive->state() == State::failed; }

template <typename Side>
Subject subject_of(const std::shared_ptr<Scene>& scene, std::unique_ptr<Side>& side) {
    Side* const waiting = side.get();
    return {[scene, waiting](Time later) { waiting->advance(later); },
            [scene, waiting] { return waiting->deadline(); },
            [scene, waiting] { return static_cast<bool>(waiting->next_event()); }};
}

std::vector<Wait> every_wait() {
    const auto fill_waits = [](Scene& scene, const std::function<void(Waits&)>& set) {
        scene.rig.config.waits.write_stall = scene.rig.config.waits.close = seconds(0);
        set(scene.rig.config.waits);
    };
    return {
        {"ping", seconds(30),
         [=](const std::shared_ptr<Scene>& scene, Time now) {
             fill_waits(*scene, [](Waits& waits) { waits.ping = seconds(30); });
             return subject_of(
                 scene, now, Role::client, [](Drive&) {},
                 [](Drive& drive) { return drive->wants().write(); });
         }},
        {"pong", seconds(20),
         [=](const std::shared_ptr<Scene>& scene, Time now) {
             fill_waits(*scene, [](Waits& waits) { waits.ping = seconds(5); });
             const auto ping = [](Drive& drive) {
                 drive->advance(drive.now + seconds(5));
                 drive.now = drive.now + seconds(5);
                 drive.drain();
                 drive->advance(drive.now + seconds(-5));  // back to where the table counts from
             };
             return subject_of(scene, now, Role::server, ping, has_failed);
         }},
        {"idle", seconds(60),
         [=](const std::shared_ptr<Scene>& scene, Time now) {
             fill_waits(*scene, [](Waits& waits) { waits.idle = seconds(60); });
             return subject_of(
                 scene, now, Role::server, [](Drive&) {}, has_failed);
         }},
        {"close", seconds(10),
         [=](const std::shared_ptr<Scene>& scene, Time now) {
             fill_waits(*scene, [](Waits& waits) { waits.close = seconds(10); });
             return subject_of(
                 scene, now, Role::client,
                 [](Drive& drive) { CHECK(drive->close() == Refusal::none); }, is_closed);
         }},
        {"linger", seconds(2),
         [=](const std::shared_ptr<Scene>& scene, Time now) {
             fill_waits(*scene, [](Waits&) {});
             const auto end = [](Drive& drive) {
                 drive.feed(close_frame(Role::client, 1000));
                 drive.drain();
             };
             return subject_of(scene, now, Role::server, end, is_closed);
         }},
        {"write_stall", seconds(30),
         [=](const std::shared_ptr<Scene>& scene, Time now) {
             fill_waits(*scene, [](Waits& waits) { waits.write_stall = seconds(30); });
             const auto send = [](Drive& drive) {
                 CHECK(drive->send(MessageKind::text, as_bytes("x")) == Refusal::none);
             };
             return subject_of(scene, now, Role::server, send, is_closed);
         }},
        {"a server's opening", seconds(10),
         [](const std::shared_ptr<Scene>& scene, Time now) {
             scene->server = std::make_unique<ServerHandshake>(scene->rig.config, now);
             return subject_of(scene, scene->server);
         }},
        {"a client's opening", seconds(10),
         [](const std::shared_ptr<Scene>& scene, Time now) {
             scene->client = std::make_unique<ClientHandshake>(scene->rig.config, now);
             CHECK(scene->client->start({.host = "example.com"}) == Refusal::none);
             return subject_of(scene, scene->client);
         }},
        {"a session's opening", seconds(10),
         [](const std::shared_ptr<Scene>& scene, Time now) {
             scene->session = std::make_unique<Session>(scene->rig.config, Role::client, now);
             CHECK(scene->session->start({.host = "example.com"}) == Refusal::none);
             return subject_of(scene, scene->session);
         }},
    };
}

/// Moments of a wait: when it has just begun, in its middle, and when a nanosecond is left.
std::array<Duration, 3> moments_of(const Wait& wait) {
    return {Duration{}, Duration{wait.length.nanoseconds / 2},
            Duration{wait.length.nanoseconds - 1}};
}

constexpr Duration nanosecond{1};
constexpr Duration before(Duration duration) { return {duration.nanoseconds - 1}; }

}  // namespace

TEST_CASE("every wait is over at its deadline, not a nanosecond before, and late is as good") {
    for (const Wait& wait : every_wait())
        for (const Duration late : {Duration{}, nanosecond, seconds(60)}) {
            CAPTURE(wait.name, late.nanoseconds);
            const auto scene = std::make_shared<Scene>();
            const Subject subject = wait.begin(scene, start);
            CHECK(subject.deadline() == start + wait.length);
            subject.advance(start + before(wait.length));
            CHECK_FALSE(subject.is_over());
            subject.advance(start + wait.length + late);
            CHECK(subject.is_over());
        }
}

TEST_CASE("a jump of the clock ends no wait, at whatever moment it comes, and loses none") {
    for (const Wait& wait : every_wait())
        for (const Duration passed : moments_of(wait))
            for (const Duration beyond : {nanosecond, seconds(1'000), seconds(1'000'000'000)}) {
                CAPTURE(wait.name, passed.nanoseconds, beyond.nanoseconds);
                const auto scene = std::make_shared<Scene>();
                const Subject subject = wait.begin(scene, start);
                subject.advance(start + passed);
                const Time now = start + wait.length + seconds(60) + beyond;
                subject.advance(now);
                CHECK_FALSE(subject.is_over());
                const Time due = subject.deadline();
                CHECK(due == now + nanoseconds(wait.length.nanoseconds - passed.nanoseconds));
                subject.advance(due + nanoseconds(-1));
                CHECK_FALSE(subject.is_over());
                subject.advance(due);
                CHECK(subject.is_over());
            }
}

TEST_CASE("a clock that steps back takes every wait along, at whatever moment, again and again") {
    for (const Wait& wait : every_wait())
        for (const Duration passed : moments_of(wait))
            for (const Duration step : {nanosecond, seconds(5), seconds(1'000'000'000)}) {
                CAPTURE(wait.name, passed.nanoseconds, step.nanoseconds);
                const auto scene = std::make_shared<Scene>();
                const Subject subject = wait.begin(scene, start);
                subject.advance(start + passed);
                Time now = start + passed;
                for (int count = 0; count < 3; ++count) {
                    now = now + nanoseconds(-step.nanoseconds);
                    subject.advance(now);
                    CHECK_FALSE(subject.is_over());
                }
                const Time due = now + nanoseconds(wait.length.nanoseconds - passed.nanoseconds);
                CHECK(subject.deadline() == due);
                subject.advance(due + nanoseconds(-1));
                CHECK_FALSE(subject.is_over());
                subject.advance(due);
                CHECK(subject.is_over());
            }
}

TEST_CASE("from one end of time to the other no wait is over, and none is lost") {
    for (const Wait& wait : every_wait())
        for (const Time from : {least + seconds(100), start, most + seconds(-100)})
            for (const Time to : {least + seconds(100), most + seconds(-100)}) {
                CAPTURE(wait.name, from.nanoseconds, to.nanoseconds);
                const auto scene = std::make_shared<Scene>();
                const Subject subject = wait.begin(scene, from);
                subject.advance(to);
                CHECK_FALSE(subject.is_over());
                const Time due = subject.deadline();
                CHECK(due == to + wait.length);
                subject.advance(due);
                CHECK(subject.is_over());
            }
}

TEST_CASE(
    "the last moment is a moment, and what begins then is waited for when the clock is back") {
    for (const Wait& wait : every_wait()) {
        if (wait.name == "pong") continue;  // its ping is not due while time stands still
        CAPTURE(wait.name);
        const auto scene = std::make_shared<Scene>();
        const Subject subject = wait.begin(scene, most);
        subject.advance(most);
        CHECK_FALSE(subject.is_over());
        subject.advance(start);
        CHECK_FALSE(subject.is_over());
        CHECK(subject.deadline() > start);
        CHECK(subject.deadline() <= start + wait.length);
        subject.advance(start + wait.length);
        CHECK(subject.is_over());
    }
}

TEST_CASE("a jump that a write is the first to see ends no opening") {
    for (const bool as_session : {false, true}) {
        Rig rig;
        ClientHandshake handshake(rig.config, start);
        Session session(rig.config, Role::client, start);
        CHECK(handshake.start({.host = "example.com"}) == Refusal::none);
        CHECK(session.start({.host = "example.com"}) == Refusal::none);
        const Time now = start + seconds(100'000);
        std::array<std::byte, 8> piece;
        CHECK((as_session ? session.write_output(piece, now)
                          : handshake.write_output(piece, now)) == 8);
        for (int count = 0; count < 2; ++count) {
            session.advance(now);
            handshake.advance(now);
        }
        CHECK_FALSE((as_session ? static_cast<bool>(session.next_event())
                                : static_cast<bool>(handshake.next_event())));
        CHECK((as_session ? session.deadline() : handshake.deadline()) == now + seconds(10));
    }
}
