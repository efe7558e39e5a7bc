// SPDX-License-Identifier: MIT
// Landing: a large message that arrives cut is read where it is assembled, in a place of ours or of
// the host's, and it makes no difference to what is told.
#include "support/catch.hpp"
#include "support/drive.hpp"
#include "support/every_cut.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};

Octets pattern(std::size_t size) {
    Octets octets(size);
    for (std::size_t index = 0; index < size; ++index)
        octets[index] = static_cast<std::byte>(index * 7 + index / 251);
    return octets;
}

/// Hands out what a socket would: octets in order, into whatever is lent.
class Stream {
public:
    explicit Stream(Octets octets) : octets_(std::move(octets)) {}

    std::size_t read(Bytes into) {
        const std::size_t size = std::min(into.size(), octets_.size() - at_);
        std::copy_n(octets_.begin() + std::ptrdiff_t(at_), size, into.begin());
        at_ += size;
        return size;
    }
    [[nodiscard]] std::size_t left() const { return octets_.size() - at_; }

private:
    Octets octets_;
    std::size_t at_ = 0;
};

// One read: into the landing first, `scratch_size` octets behind it at most.
void read_once(Drive& drive, Stream& stream, std::size_t landing_max, std::size_t scratch_size) {
    const Bytes landing = drive->landing();
    const std::size_t landed = stream.read(landing.first(std::min(landing.size(), landing_max)));
    if (!landing.empty()) drive->landed(landed, drive.now);
    drive.pull();
    if (landed < landing.size()) return;
    Octets scratch(scratch_size);
    scratch.resize(stream.read(scratch));
    drive.feed(scratch);
}

}  // namespace

TEST_CASE("a message that arrives cut is read straight into its place") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        const Octets message = pattern(100'000);
        Stream stream(frame(other(role), 0x82, message));
        Octets scratch(1000);
        scratch.resize(stream.read(scratch));
        drive.feed(scratch);
        std::size_t landed = 0, received = scratch.size();
        while (stream.left() != 0) {
            const Bytes landing = drive->landing();
            REQUIRE_FALSE(landing.empty());
            REQUIRE(landing.size() <= stream.left());
            REQUIRE(rig.allocator.largest_size() <= 2 * received);
            const std::size_t size = stream.read(landing);
            landed += size;
            received += size;
            drive->landed(size, drive.now);
            if (stream.left() != 0) REQUIRE_FALSE(drive->next_event());
        }
        const Event event = drive->next_event();
        CHECK(event.is_message());
        CHECK_FALSE(event.in_place());
        CHECK(copy_of(event.payload()) == message);
        CHECK(landed > 99'000);
        CHECK_FALSE(drive->next_event());
        CHECK(rig.pool.leased_size() == 0);
    }
}

TEST_CASE("however octets land, what is told is the same") {
    std::minstd_rand random(11);
    for (unsigned round = 0; round < 60; ++round) {
        const Role role = both_roles[round % 2];
        Octets input;
        std::string text;
        for (std::size_t count = 300 + random() % 3000; count != 0; --count) text += "\u00e9";
        const std::string_view view = text;
        const std::size_t half = view.size() / 3;  // inside a character, perhaps
        append(input, frame(other(role), 0x01, view.substr(0, half)));
        append(input, frame(other(role), 0x89, "ping"));
        append(input, frame(other(role), 0x80, view.substr(half)));
        append(input, frame(other(role), 0x82, pattern(random() % 4000)));
        append(input, close_frame(other(role), 1000));
        if (round % 3 == 0) input[20 + random() % 400] ^= std::byte{0x80};

        Replay replay;
        replay.role = role;
        const Outcome whole = replay.run(input);
        Rig rig;
        Drive drive(rig, role);
        Stream stream(input);
        while (stream.left() != 0)
            read_once(drive, stream, 1 + random() % 2000, 1 + random() % 700);
        INFO("round " << round);
        CHECK(drive.story.text() == whole.story);
        CHECK(hex(drive.output) == whole.output);
        CHECK(drive->state() == whole.state);
    }
}

TEST_CASE("nothing is lent when what comes next is not known to belong to a message") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        const Octets first = frame(other(role), 0x02, pattern(500));
        const Octets rest = frame(other(role), 0x80, pattern(900));
        CHECK(drive->landing().empty());  // no message
        const std::size_t header_size = first.size() - 500;
        drive.feed(ConstBytes(first).first(header_size));
        CHECK(drive->landing().empty());  // and no octet of it yet
        drive.feed(ConstBytes(first).subspan(header_size, 1));
        CHECK(drive->landing().size() == 255);
        drive.feed(ConstBytes(first).subspan(header_size + 1));
        CHECK(drive->landing().empty());  // its frame is over
        const Octets ping = frame(other(role), 0x89, "in between");
        drive.feed(ConstBytes(ping).first(ping.size() - 3));
        CHECK(drive->landing().empty());  // a control frame
        drive.feed(ConstBytes(ping).last(3));
        Octets lent = copy_of(ConstBytes(rest).first(100));
        CHECK(drive->receive(lent, drive.now) == Refusal::none);
        CHECK(drive->landing().empty());  // octets are lent
        CHECK_FALSE(drive->next_event());
        CHECK_FALSE(drive->landing().empty());
        drive->landed(0, drive.now);
        drive->abort(drive.now);
        CHECK(drive->landing().empty());
    }
    for (const Delivery delivery : {Delivery::parts, Delivery::frames}) {
        Rig rig;
        rig.config.delivery = delivery;
        Drive drive(rig, Role::client);
        drive.feed(ConstBytes(frame(Role::server, 0x82, pattern(500))).first(400));
        CHECK(drive->landing().empty());
        Octets place(500);
        CHECK(drive->land_in(place) == Refusal::no_message_in_progress);
    }
}

TEST_CASE("nothing is lent of a place that an event still shows") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        Octets input = frame(other(role), 0x01, "told ");
        append(input, frame(other(role), 0x80, "inside"));
        const Octets next = frame(other(role), 0x82, pattern(900));
        append(input, ConstBytes(next).first(next.size() - 900));
        REQUIRE(drive->receive(input, drive.now) == Refusal::none);
        std::array<Event, 2> events;
        REQUIRE(drive->next_events(events) == 1);
        CHECK(drive->announced_size() == 900);
        CHECK(drive->landing().empty());
        CHECK(events[0].text() == "told inside");
        CHECK_FALSE(drive->next_event());
        drive.feed(ConstBytes(next).last(900));
        CHECK(drive.story.text() == "binary " + quoted(pattern(900)));
    }
}

TEST_CASE("nothing is lent behind text that landed and is none") {
    Rig rig;
    Drive drive(rig, Role::client);
    const Octets input = frame(Role::server, 0x81, std::string(900, 'x'));
    drive.feed(ConstBytes(input).first(304));
    const Bytes landing = drive->landing();
    REQUIRE_FALSE(landing.empty());
    landing[0] = std::byte{0xFF};
    CHECK(drive->landed(1, drive.now) == 1);
    CHECK(drive->landing().empty());
    CHECK(drive.told() == "failed 1007 invalid_utf8");
}

TEST_CASE("what landed counts for as much as was lent, once, and 0 takes it back") {
    Rig rig;
    Statistics statistics;
    Drive drive(rig, Role::client);
    drive->count_into(&statistics);
    const Octets message = pattern(400);
    const Octets input = frame(Role::server, 0x82, message);
    CHECK(drive->landed(50, drive.now) == 0);  // nothing was lent
    drive.feed(ConstBytes(input).first(304));
    CHECK(statistics.received.wire_octets == 304);
    CHECK(drive->announced_size() == 400);
    REQUIRE(drive->landing().size() == 100);
    drive->landed(0, drive.now);
    CHECK_FALSE(drive->next_event());
    CHECK(drive->landed(50, drive.now) == 0);  // it was taken back
    CHECK_FALSE(drive->next_event());
    const Bytes landing = drive->landing();
    std::copy(message.end() - 100, message.end(), landing.begin());
    CHECK(drive->landed(5000, drive.now) == 100);
    CHECK(drive->unread().empty());  // it is ours
    const Event event = drive->next_event();
    CHECK(copy_of(event.payload()) == message);
    CHECK(drive->announced_size() == 0);
    CHECK(statistics.received.wire_octets == 404);
    CHECK(statistics.received.payload_octets == 400);
    CHECK(statistics.received.messages == 1);
}

TEST_CASE("an end told behind a message that landed comes behind it") {
    Rig rig;
    Drive drive(rig, Role::client);
    const Octets message = pattern(400);
    drive.feed(ConstBytes(frame(Role::server, 0x82, message)).first(304));
    const Bytes landing = drive->landing();
    REQUIRE(landing.size() == 100);
    std::copy(message.end() - 100, message.end(), landing.begin());
    CHECK(drive->landed(100, drive.now) == 100);
    drive->receive_end(TransportEnd::orderly, drive.now);
    CHECK(drive->state() == State::open);
    CHECK(copy_of(drive->next_event().payload()) == message);
    CHECK(drive->next_event().kind() == EventKind::closed);
}

TEST_CASE("octets that land are a sign of life") {
    Rig rig;
    rig.config.waits.idle = seconds(5);
    Drive drive(rig, Role::client);
    const Octets input = frame(Role::server, 0x82, pattern(9000));
    drive.feed(ConstBytes(input).first(1000));
    for (int second = 0; second < 20; second += 4) {
        drive.pass(seconds(4));
        const Bytes landing = drive->landing();
        REQUIRE_FALSE(landing.empty());
        drive->landed(10, drive.now);
        drive.pull();
    }
    CHECK(drive->state() == State::open);
    drive.pass(seconds(6));
    CHECK(drive->state() == State::failed);
}

TEST_CASE("what is lent to be read into stays, even when the conversation ends meanwhile") {
    for (const bool told : {true, false}) {
        Rig rig;
        rig.config.waits.idle = seconds(5);
        Drive drive(rig, Role::server);
        drive.feed(ConstBytes(frame(Role::client, 0x82, pattern(9000))).first(1000));
        const Bytes landing = drive->landing();
        REQUIRE_FALSE(landing.empty());
        drive.pass(seconds(6));
        CHECK(drive->state() == State::failed);
        std::fill(landing.begin(), landing.end(), std::byte{1});  // the read that was under way
        CHECK(rig.pool.leased_size() != 0);
        if (!told) continue;  // destruction takes it back as well
        drive->landed(landing.size(), drive.now);
        CHECK(rig.pool.leased_size() == 0);
        CHECK_FALSE(drive->next_event());
    }
}

TEST_CASE("without memory for a larger place nothing is lent, and the message goes on elsewhere") {
    Rig rig;
    Drive drive(rig, Role::client);
    const Octets message = pattern(1000);
    const Octets input = frame(Role::server, 0x82, message);
    drive.feed(ConstBytes(input).first(4 + 256));
    rig.allocator.fail(0, CountingAllocator::Failure::once);
    CHECK(drive->landing().empty());
    CHECK(rig.allocator.failed_count() == 1);
    Octets rest = copy_of(ConstBytes(input).subspan(4 + 256));
    CHECK(drive->receive(rest, drive.now) == Refusal::none);
    CHECK(copy_of(drive->next_event().payload()) == message);
}

TEST_CASE("a message lands in the host's own place, and nothing is allocated or copied for it") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        const Octets message = pattern(20'000);
        Stream stream(frame(other(role), 0x82, message));
        Octets scratch(300);
        (void)stream.read(scratch);
        drive.feed(scratch);
        REQUIRE(drive->announced_size() == message.size());
        Octets place(message.size() + 10, std::byte{0xEE});
        CHECK(drive->land_in(Bytes(place).first(message.size() - 1)) == Refusal::place_too_small);
        CHECK(rig.pool.leased_size() != 0);  // nothing has changed
        REQUIRE(drive->land_in(Bytes(place).first(message.size())) == Refusal::none);
        CHECK(rig.pool.leased_size() == 0);
        const std::size_t allocations = rig.allocator.count();
        scratch.resize(700);
        (void)stream.read(scratch);
        drive.feed(scratch);
        const Bytes landing = drive->landing();
        CHECK(landing.size() == stream.left());
        CHECK(landing.data() + landing.size() == place.data() + message.size());
        drive->landed(stream.read(landing), drive.now);
        const Event event = drive->next_event();
        CHECK(event.is_message());
        CHECK(event.in_place());
        CHECK(event.payload().data() == place.data());
        CHECK(copy_of(event.payload()) == message);
        CHECK(rig.allocator.count() == allocations);
        CHECK(std::all_of(place.end() - 10, place.end(),
                          [](std::byte octet) { return octet == std::byte{0xEE}; }));
        CHECK_FALSE(drive->next_event());
        // The place is forgotten: the next message that is cut gets one of ours.
        drive.feed(ConstBytes(frame(other(role), 0x82, message)).first(500));
        CHECK(rig.pool.leased_size() != 0);
    }
}

TEST_CASE("a message whose rest arrives at once lies in the host's place as well") {
    Rig rig;
    Drive drive(rig, Role::client);
    const Octets input = frame(Role::server, 0x81, "landed");
    drive.feed(ConstBytes(input).first(2));
    Octets place(6);
    REQUIRE(drive->land_in(place) == Refusal::none);
    CHECK(drive->landing().data() == place.data());
    drive->landed(0, drive.now);
    Octets rest = copy_of(ConstBytes(input).subspan(2));
    CHECK(drive->receive(rest, drive.now) == Refusal::none);
    const Event event = drive->next_event();
    CHECK(event.payload().data() == place.data());
    CHECK(event.text() == "landed");
}

TEST_CASE("a message that outgrows the host's place is moved inside") {
    Rig rig;
    Drive drive(rig, Role::client);
    const Octets message = pattern(1500);
    const ConstBytes view = message;
    // The place and the octets lent next lie side by side, which must not be mistaken for landing.
    Octets memory(600 + 904);
    const Octets first = frame(Role::server, 0x02, view.first(600));
    const Octets second = frame(Role::server, 0x80, view.subspan(600));
    drive.feed(ConstBytes(first).first(100));
    REQUIRE(drive->land_in(Bytes(memory).first(600)) == Refusal::none);
    drive.feed(ConstBytes(first).subspan(100));
    CHECK(rig.pool.leased_size() == 0);
    std::copy(second.begin(), second.end(), memory.begin() + 600);
    CHECK(drive->receive(Bytes(memory).subspan(600, second.size()), drive.now) == Refusal::none);
    CHECK(drive->announced_size() == 600);
    const Event event = drive->next_event();
    CHECK_FALSE(event.in_place());
    CHECK(copy_of(event.payload()) == message);
}

TEST_CASE("the host's place is forgotten when the message will never be whole") {
    const auto ending = [](Drive& drive, int way) {
        if (way == 0) drive.feed(close_frame(Role::server, 1000));
        if (way == 1) drive.feed(frame(Role::server, 0x81, "interleaved"));
        if (way == 2) drive.end();
        if (way == 3) drive->abort(drive.now);
    };
    for (int way = 0; way < 4; ++way) {
        Rig rig;
        Drive drive(rig, Role::client);
        drive.feed(frame(Role::server, 0x02, pattern(300)));
        {
            Octets place(1000);
            REQUIRE(drive->land_in(place) == Refusal::none);
            ending(drive, way);
        }
        drive.pull().pass(seconds(60));
        CHECK(drive->land_in({}) == Refusal::no_message_in_progress);
    }
}

TEST_CASE("a scatter read lends what lies behind the landing at once, whatever landed") {
    for (const Role role : both_roles)
        for (const bool in_a_place : {false, true})
            for (const std::string_view text : {"0123456789", "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"})
                for (const std::size_t broken : {std::size_t{0}, std::size_t{5}, std::size_t{9}}) {
                    Octets input = frame(other(role), 0x81, text);
                    const std::size_t header_size = input.size() - 10;
                    if (broken != 0) input[header_size + broken] ^= std::byte{0x80};
                    append(input, frame(other(role), 0x89, "behind"));
                    Replay replay;
                    replay.role = role;
                    const Outcome whole = replay.run(input);

                    Rig rig;
                    Drive drive(rig, role);
                    Octets place(10);
                    drive.feed(ConstBytes(input).first(header_size + 3));
                    if (in_a_place) REQUIRE(drive->land_in(place) == Refusal::none);
                    const Bytes landing = drive->landing();
                    REQUIRE(landing.size() == 7);
                    std::copy_n(input.begin() + std::ptrdiff_t(header_size) + 3, 7,
                                landing.begin());
                    Octets scratch = copy_of(ConstBytes(input).subspan(header_size + 10));
                    const std::size_t size = 7 + scratch.size();
                    const std::size_t landed = drive->landed(size, drive.now);
                    CHECK(landed == 7);
                    CHECK(drive->receive(scratch, drive.now) == Refusal::none);
                    CHECK(drive->landing().empty());
                    CHECK(drive->land_in(place) == Refusal::no_message_in_progress);
                    drive.pull();
                    CHECK(drive.story.text() == whole.story);
                    CHECK(hex(drive.output) == whole.output);
                }
}

TEST_CASE("a message that landed and was not pulled is dropped with the conversation") {
    for (const bool in_a_place : {false, true}) {
        Rig rig;
        Drive drive(rig, Role::client);
        const Octets input = frame(Role::server, 0x82, pattern(300));
        drive.feed(ConstBytes(input).first(290));
        Octets place(300);
        if (in_a_place) REQUIRE(drive->land_in(place) == Refusal::none);
        CHECK(drive->landed(drive->landing().size(), drive.now) == 14);
        drive->abort(drive.now);
        CHECK(drive.told() == "closed unclean sent 1006 received 1006 \"\" aborted");
        CHECK(rig.pool.leased_size() == 0);
    }
}

TEST_CASE("a place is refused without a message, while one is shown, and when it is too small") {
    Rig rig;
    Drive drive(rig, Role::client);
    Octets place(2000);
    CHECK(drive->land_in(place) == Refusal::no_message_in_progress);
    drive.feed(ConstBytes(frame(Role::server, 0x82, pattern(1000))).first(400));
    CHECK(drive->land_in(Bytes(place).first(999)) == Refusal::place_too_small);
    CHECK(drive->land_in(Bytes(place).first(1000)) == Refusal::none);
}

TEST_CASE("text that lands and ends inside a character fails at its end", "[6455-8.1-01]") {
    Rig rig;
    Drive drive(rig, Role::client);
    Statistics statistics;
    drive->count_into(&statistics);
    Octets input = frame(Role::server, 0x81, "0123456789\xc3");
    drive.feed(ConstBytes(input).first(8));
    const Bytes landing = drive->landing();
    REQUIRE(landing.size() == 5);
    std::copy_n(input.begin() + 8, 5, landing.begin());
    CHECK(drive->landed(5, drive.now) == 5);
    CHECK(drive.told() == "failed 1007 truncated_utf8");
    CHECK(statistics.received.messages == 0);  // as when it is received without landing
    CHECK(statistics.received.frames == 0);
}

TEST_CASE("a loan of landing ends with the next octets, with a place, and with none") {
    for (const int way : {0, 1, 2}) {
        Rig rig;
        Drive drive(rig, Role::client);
        const Octets input = frame(Role::server, 0x82, pattern(1000));
        drive.feed(ConstBytes(input).first(300));
        REQUIRE_FALSE(drive->landing().empty());
        Octets place(1000);
        if (way == 0) drive.feed(ConstBytes(input).subspan(300, 10));
        if (way == 1) CHECK(drive->land_in(place) == Refusal::none);
        if (way == 2) CHECK(drive->receive({}, drive.now) == Refusal::none);
        CHECK(drive->landed(50, drive.now) == 0);
        drive.feed(ConstBytes(input).subspan(way == 0 ? 310 : 300));
        CHECK(drive.story.text() == "binary " + quoted(pattern(1000)));
    }
}

TEST_CASE("after a failure the next octets take a landing back, and nothing is announced any more") {
    Rig rig;
    rig.config.waits.idle = seconds(5);
    Drive drive(rig, Role::client);
    drive.feed(ConstBytes(frame(Role::server, 0x82, pattern(1000))).first(300));
    REQUIRE_FALSE(drive->landing().empty());
    drive.pass(seconds(6));
    CHECK(drive->announced_size() == 0);
    CHECK(drive->frame_left() == 704);
    drive.drain();
    CHECK(rig.pool.leased_size() != 0);
    CHECK(drive->receive({}, drive.now) == Refusal::none);
    CHECK(rig.pool.leased_size() == 0);
}

TEST_CASE("a place is refused while an earlier message is shown") {
    Rig rig;
    Drive drive(rig, Role::client);
    const Octets first = frame(Role::server, 0x82, pattern(300));
    const Octets second = frame(Role::server, 0x82, pattern(500));
    drive.feed(ConstBytes(first).first(100));
    Octets rest = joined({copy_of(ConstBytes(first).subspan(100)),
                          copy_of(ConstBytes(second).first(200))});
    CHECK(drive->receive(rest, drive.now) == Refusal::none);
    std::array<Event, 4> events;
    REQUIRE(drive->next_events(events) == 1);
    Octets place(500);
    CHECK(drive->land_in(place) == Refusal::unread_input);
    CHECK(copy_of(events[0].payload()) == pattern(300));
    CHECK_FALSE(drive->next_event());
    CHECK(drive->land_in(place) == Refusal::none);
}

TEST_CASE("a place may be the one before it, grown") {
    Rig rig;
    Drive drive(rig, Role::client);
    const Octets message = pattern(900);
    const Octets first = frame(Role::server, 0x02, ConstBytes(message).first(600));
    const Octets second = frame(Role::server, 0x80, ConstBytes(message).subspan(600));
    drive.feed(ConstBytes(first).first(100));
    Octets memory(1000);
    REQUIRE(drive->land_in(Bytes(memory).subspan(50, 600)) == Refusal::none);
    drive.feed(ConstBytes(first).subspan(100)).feed(ConstBytes(second).first(10));
    REQUIRE(drive->land_in(Bytes(memory).first(900)) == Refusal::none);
    drive.feed(ConstBytes(second).subspan(10));
    CHECK(drive.story.text() == "binary " + quoted(message));
}
