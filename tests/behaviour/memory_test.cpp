// SPDX-License-Identifier: MIT
// Memory: what an idle connection holds, and what each side is told when there is none. That it is so
// wherever an allocation fails, replay/failing_allocations shows.
#include "support/catch.hpp"
#include "support/drive.hpp"

#include <array>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};
using Failure = CountingAllocator::Failure;

void feed_in_pieces(Drive& drive, const Octets& octets, std::size_t step) {
    for (std::size_t at = 0; at < octets.size(); at += step)
        drive.feed(ConstBytes(octets).subspan(at, std::min(step, octets.size() - at)));
}

}  // namespace

TEST_CASE("no memory for what the peer sends fails 1011, with a Close all the same") {
    for (const Role role : both_roles) {
        const Octets torn = frame(other(role), 0x8A, "a cut pong");
        const std::array<Octets, 4> inputs = {frame(other(role), 0x89, "ping"),
                                              frame(other(role), 0x01, "kept"),
                                              Octets(torn.begin(), torn.end() - 1),
                                              close_frame(other(role), 1000, "a reason to keep")};
        for (const Octets& input : inputs) {
            Rig rig;
            rig.allocator.fail(0, Failure::for_ever);
            Drive drive(rig, role);
            drive.feed(input);
            CHECK(drive.story.text() == "failed 1011 out_of_memory");
            CHECK(frames_in_words(drive.output) == "88 <03f3>");
            CHECK(drive->state() == State::failed);
        }
    }
}

// Found by fuzzing: the place stayed until destruction.
TEST_CASE("a reason whose Close cannot be answered is not kept") {
    Rig rig;
    rig.entropy.dry = true;
    Drive drive(rig, Role::client);
    drive.feed(close_frame(Role::server, 1000, "a reason")).end();
    CHECK(drive.story.lines().front() == "failed 1006 no_entropy");
    CHECK(drive.story.lines().back() ==
          "closed unclean sent 1006 received 1006 \"\" no_entropy");
    CHECK(rig.pool.leased_size() == 0);
}

TEST_CASE("without memory a close is sent and answered, a reason is refused") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.allocator.fail(0, Failure::for_ever);
        Drive drive(rig, role);
        CHECK(drive->close(CloseCode::normal, "reason") == Refusal::out_of_memory);
        CHECK(drive->state() == State::open);
        CHECK(drive->close(CloseCode{4444}) == Refusal::none);
        drive.feed(close_frame(other(role), 4444)).end();
        CHECK(frames_in_words(drive.output) == "88 <115c>");
        CHECK(drive.story.lines().back() == "closed clean sent 4444 received 4444 \"\" none");
    }
}

TEST_CASE("without memory a Close is answered in pieces of one octet, and not changed once shown") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.allocator.fail(0, Failure::for_ever);
        Drive drive(rig, role, Drain::nothing);
        drive.feed(close_frame(other(role), 1000));
        CHECK(drive->close(CloseCode{4000}) == Refusal::none);
        std::array<std::byte, 1> piece;
        CHECK(drive->write_output(piece, drive.now) == 1);
        drive.output.push_back(piece[0]);
        CHECK(drive->close(CloseCode{4001}) == Refusal::close_committed);
        while (drive->write_output(piece, drive.now) == 1) drive.output.push_back(piece[0]);
        CHECK(frames_in_words(drive.output) == "88 <0fa0>");
        drive.end();
        CHECK(drive.story.lines().back() == "closed clean sent 4000 received 1000 \"\" none");
    }
}

TEST_CASE("a Close without memory is not shown where there is no slice for it") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.allocator.fail(0, Failure::for_ever);
        Drive drive(rig, role, Drain::nothing);
        drive.feed(close_frame(other(role), 1000));
        CHECK(drive->gather({}) == 0);
        CHECK(drive->close(CloseCode{4001}) == Refusal::none);  // so that it may yet change
        CHECK(frames_in_words(drive.drain().output) == "88 <0fa1>");
    }
}

TEST_CASE("a Close that had no memory takes a reason, and a pong before it, when there is some") {
    for (const Role role : both_roles) {
        Rig rig;
        Statistics statistics;
        Drive drive(rig, role, Drain::nothing);
        drive->count_into(&statistics);
        rig.allocator.fail(0, Failure::once);
        CHECK(drive->close(CloseCode{4000}) == Refusal::none);
        drive.feed(frame(other(role), 0x89, "ping"));
        CHECK(frames_in_words(drive.drain().output) == "8a \"ping\"\n88 <0fa0>");
        CHECK(statistics.sent.frames == 2);

        Drive second(rig, role, Drain::nothing);
        rig.allocator.fail(0, Failure::once);
        second.feed(close_frame(other(role), 1000));
        CHECK(second->close(CloseCode{4001}, "why") == Refusal::none);
        CHECK(frames_in_words(second.drain().output) == "88 <0fa1776879>");
    }
}

TEST_CASE("without memory a ping behind our Close goes unanswered, and the closing is clean") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.allocator.fail(0, Failure::for_ever);
        Drive drive(rig, role, Drain::nothing);
        CHECK(drive->close(CloseCode{4000}) == Refusal::none);
        drive.feed(frame(other(role), 0x89, "ping")).feed(close_frame(other(role), 4000));
        CHECK(frames_in_words(drive.drain().output) == "88 <0fa0>");
        drive.end();
        CHECK(drive.story.text() == "ping \"ping\"\nclosing 4000 \"\"\n"
                                    "closed clean sent 4000 received 4000 \"\" none");
    }
}

TEST_CASE("a Close that cannot be answered for want of a key was not received") {
    Rig rig;
    Drive drive(rig, Role::client);
    rig.entropy.dry = true;
    drive.feed(close_frame(Role::server, 1000, "a reason")).end();
    CHECK(drive.story.text() == "failed 1006 no_entropy\n"
                                "closed unclean sent 1006 received 1006 \"\" no_entropy");
}

TEST_CASE("a call without memory is refused and changes nothing") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        Octets scratch = octets_of("mutable");
        rig.allocator.fail(0, Failure::for_ever);
        CHECK(drive->send(MessageKind::text, as_bytes("x")) == Refusal::out_of_memory);
        CHECK(drive->send_lent(MessageKind::text, as_bytes("x"), Token{1}) ==
              Refusal::out_of_memory);
        CHECK(drive->send_lent_mutable(MessageKind::text, scratch, Token{1}) ==
              Refusal::out_of_memory);
        CHECK(drive->ping() == Refusal::out_of_memory);
        CHECK(drive->send_begin(MessageKind::text) == Refusal::none);
        CHECK(drive->send_part(as_bytes("x"), true) == Refusal::out_of_memory);
        CHECK(scratch == octets_of("mutable"));
        CHECK(drive->output_size() == 0);
        CHECK(drive->deadline() == never);
        rig.allocator.fail_never();
        CHECK(drive->send_part(as_bytes("x"), true) == Refusal::none);
        CHECK(drive->send(MessageKind::text, as_bytes("y")) == Refusal::none);
        drive.drain();
        CHECK(frames_in_words(drive.output) == "81 \"x\"\n81 \"y\"");
        CHECK_FALSE(drive->next_released());
    }
}

TEST_CASE("without a pool calls that need memory are refused and the peer's needs fail") {
    Rig rig;
    rig.config.pool = nullptr;
    Drive drive(rig, Role::server);
    CHECK(drive->send(MessageKind::text, as_bytes("x")) == Refusal::out_of_memory);
    drive.feed(frame(Role::client, 0x81, "in place"));
    CHECK(drive.story.text() == "text \"in place\"");
    drive.feed(frame(Role::client, 0x89));
    CHECK(drive.story.lines().back() == "failed 1011 out_of_memory");
    CHECK(drive.taken() == "880203f3");

    Drive cut(rig, Role::server);
    feed_in_pieces(cut, frame(Role::client, 0x8A, "a cut pong"), 10);
    CHECK(cut.story.text() == "failed 1011 out_of_memory");

    Drive without_reason(rig, Role::server), with_reason(rig, Role::server);
    without_reason.feed(close_frame(Role::client, 1000));
    CHECK(without_reason.story.text() == "closing 1000 \"\"");
    with_reason.feed(close_frame(Role::client, 1000, "which must be kept"));
    CHECK(with_reason.story.text() == "failed 1011 out_of_memory");
}

TEST_CASE("an idle connection is its own 256 octets and holds no lease", "[LIM-12]") {
    CHECK(sizeof(Connection) <= 256);
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(rig.allocator.count() == 0);
        for (int round = 0; round < 3; ++round) {
            feed_in_pieces(drive, frame(other(role), 0x81, "a message that is cut"), 4);
            feed_in_pieces(drive, frame(other(role), 0x89, "a ping that is cut"), 4);
            CHECK(drive->send(MessageKind::text, as_bytes(std::string(5000, 'x'))) ==
                  Refusal::none);
            CHECK(drive->send_lent(MessageKind::text, as_bytes("lent"), Token{1}) == Refusal::none);
            drive.drain().pull();
            CHECK(drive->next_released() == Token{1});
            CHECK(rig.pool.leased_size() == 0);
        }
    }
}

TEST_CASE("in the steady state the pool answers and the allocator is not asked") {
    CountingAllocator allocator;
    ScriptedEntropy entropy;
    Pool pool(allocator.face());
    Config config{.pool = &pool, .entropy = entropy.face()};
    Connection connection(config, Agreement{.role = Role::client}, Time{});
    std::size_t count_before = 0;
    std::array<std::byte, 4096> into;
    for (int round = 0; round < 100; ++round) {
        if (round == 2) count_before = allocator.count();
        Octets input = frame(Role::server, 0x81, "cut");
        for (std::byte& octet : input) {
            CHECK(connection.receive({&octet, 1}, Time{}) == Refusal::none);
            while (const Event event = connection.next_event())
                CHECK(connection.send(event.message_kind(), event.payload()) == Refusal::none);
        }
        while (connection.write_output(into, Time{}) != 0) {
        }
    }
    CHECK(allocator.count() == count_before);
    CHECK(pool.leased_size() == 0);
}

TEST_CASE("live memory is bounded by what is buffered", "[6455-10.4-01]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        Octets input = frame(other(role), 0x01);
        for (int count = 0; count < 300; ++count) {
            append(input, frame(other(role), 0x00, "0123456789012345678901234567890123456789"));
            append(input, frame(other(role), 0x89, "ping"));
        }
        std::size_t received = 0;
        for (std::size_t at = 0; at < input.size(); at += 100) {
            const std::size_t size = std::min<std::size_t>(100, input.size() - at);
            drive.feed(ConstBytes(input).subspan(at, size));
            received += size;
            const std::size_t pongs = 16 * 256 + 512;
            if (rig.allocator.live_size() > 2 * received + pongs + 512)
                FAIL(rig.allocator.live_size() << " live for " << received);
        }
    }
}
