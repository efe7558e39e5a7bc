// SPDX-License-Identifier: MIT
// Memory: what an idle connection holds, and every allocation failed, once and from then on: never a
// crash, a leak or half an event; the connection fails cleanly or the call is refused and nothing is
// changed.
#include "support/catch.hpp"
#include "support/drive.hpp"

#include <array>
#include <functional>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};
using Failure = CountingAllocator::Failure;

// One story of a connection; what its calls were refused with is added to the log.
struct Scenario {
    const char* name;
    std::function<void(Drive&, Role)> run;
};

void feed_in_pieces(Drive& drive, const Octets& octets, std::size_t step) {
    for (std::size_t at = 0; at < octets.size(); at += step)
        drive.feed(ConstBytes(octets).subspan(at, std::min(step, octets.size() - at)));
}

Octets conversation(Role from) {
    const std::string long_text(700, 't');
    return joined({frame(from, 0x81, "whole"), frame(from, 0x01, "cut "),
                   frame(from, 0x89, "a ping"), frame(from, 0x00, std::string_view(long_text)),
                   frame(from, 0x8A, "a pong"), frame(from, 0x80, "!"),
                   close_frame(from, 1001, "a reason")});
}

void send_everything(Drive& drive) {
    Octets scratch = octets_of("mutable");
    const std::string long_text(3000, 's');
    (void)drive->send(MessageKind::text, as_bytes("copied"));
    (void)drive->send(MessageKind::text, as_bytes(long_text));
    (void)drive->send_lent(MessageKind::text, as_bytes("lent"), Token{1});
    (void)drive->send_lent_mutable(MessageKind::text, scratch, Token{2});
    if (drive->send_begin(MessageKind::text) == Refusal::none) {
        (void)drive->send_part(as_bytes("part"), false);
        for (int count = 0; count < 5; ++count)
            if (drive->send_part(as_bytes("last"), true) == Refusal::none) break;
    }
    (void)drive->ping(as_bytes("ping"));
    drive.pull().drain();
    (void)drive->close(CloseCode::normal, "reason");
    drive.pull().drain();
    while (drive->next_released()) {
    }
}

const std::array<Scenario, 8> scenarios = {{
    {"input in one piece", [](Drive& drive, Role role) { drive.feed(conversation(other(role))); }},
    {"input in small pieces",
     [](Drive& drive, Role role) { feed_in_pieces(drive, conversation(other(role)), 3); }},
    {"input octet by octet, and the end",
     [](Drive& drive, Role role) {
         feed_in_pieces(drive, conversation(other(role)), 1);
         drive.end();
     }},
    {"output", [](Drive& drive, Role) { send_everything(drive); }},
    {"both ways",
     [](Drive& drive, Role role) {
         feed_in_pieces(drive, frame(other(role), 0x81, "a cut message"), 5);
         send_everything(drive);
         feed_in_pieces(drive, conversation(other(role)), 50);
     }},
    {"pings that nobody drains",
     [](Drive& drive, Role role) {
         for (int count = 0; count < 20; ++count) {
             drive.feed(frame(other(role), 0x89, "flood"));
             std::array<Slice, 4> slices;
             (void)drive->gather(slices);
         }
         drive.drain();
     }},
    {"keepalive",
     [](Drive& drive, Role) {
         drive.pass(seconds(30));
         drive.pass(seconds(20));
     }},
    {"a fault",
     [](Drive& drive, Role role) {
         feed_in_pieces(drive, joined({frame(other(role), 0x01, "x"), frame(other(role), 0x83)}),
                        4);
     }},
}};

// What a conversation tells may only be cut off by the failure, never be other than without it.
bool is_prefix_then_failure(const Story& story, const Story& whole) {
    std::size_t index = 0;
    const auto& lines = story.lines();
    while (index < lines.size() && index < whole.lines().size() &&
           lines[index] == whole.lines()[index])
        ++index;
    if (index == lines.size()) return true;
    const std::string& line = lines[index];
    const bool failed = line.find("failed") == 0 && line.find("out_of_memory") != std::string::npos;
    const bool closed = line.find("closed") == 0;
    return (failed && index + 2 >= lines.size()) || (closed && index + 1 == lines.size());
}

void check_frames(Drive& drive, Role role) {
    std::size_t rest = 0, closes = 0;
    for (const WireFrame& frame : read_frames(drive.output, &rest)) {
        closes += frame.first == 0x88;
        if (frame.masked != (role == Role::client)) FAIL("a wrong mask bit");
    }
    CHECK(rest == 0);
    CHECK(closes <= 1);
}

// Runs with the `index`-th allocation failing; false when there was none to fail any more.
bool run_failing(const Scenario& scenario, Role role, std::size_t index, Failure how,
                 const Story& whole) {
    Rig rig;
    rig.config.waits.ping = seconds(30);
    std::size_t failed_count = 0;
    {
        Drive drive(rig, role);
        rig.allocator.fail(index, how);
        scenario.run(drive, role);
        failed_count = rig.allocator.failed_count();
        drive.drain();
        INFO(scenario.name << ", allocation " << index);
        INFO(drive.story.text());
        CHECK(is_prefix_then_failure(drive.story, whole));
        check_frames(drive, role);
    }
    CHECK(rig.allocator.live_size() == 0);
    return failed_count != 0;
}

}  // namespace

TEST_CASE("every allocation may fail, once or from then on, without harm") {
    std::size_t points = 0;
    for (const Role role : both_roles)
        for (const Scenario& scenario : scenarios) {
            Rig rig;
            rig.config.waits.ping = seconds(30);
            Drive whole(rig, role);
            scenario.run(whole, role);
            for (const Failure how : {Failure::once, Failure::for_ever})
                for (std::size_t index = 0; run_failing(scenario, role, index, how, whole.story);
                     ++index)
                    ++points;
        }
    CHECK(points > 100);
}

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

TEST_CASE("destruction gives back everything, in every state of every scenario") {
    for (const Role role : both_roles)
        for (const Scenario& scenario : scenarios)
            for (const Drain drain : {Drain::nothing, Drain::all}) {
                Rig rig;
                rig.config.waits.ping = seconds(30);
                {
                    Drive drive(rig, role, drain);
                    scenario.run(drive, role);
                }
                CHECK(rig.allocator.live_size() == 0);
                CHECK(rig.pool.leased_size() == 0);
            }
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
