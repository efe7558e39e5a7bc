// SPDX-License-Identifier: MIT
// How events reach the host: whole or in parts, one or many at a time, where their octets lie and how
// long they live, and what becomes of octets not yet read. RFC 6455 §5.4, §6.2
#include "support/catch.hpp"
#include "support/drive.hpp"
#include "support/every_cut.hpp"

#include <array>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};

bool lies_in(ConstBytes inner, ConstBytes outer) {
    return inner.data() >= outer.data() &&
           inner.data() + inner.size() <= outer.data() + outer.size();
}

}  // namespace

TEST_CASE("an event is small, cheap to copy, and false when it is none") {
    static_assert(sizeof(Event) <= 32);
    CHECK_FALSE(Event{});
    Rig rig;
    Drive drive(rig, Role::server);
    CHECK_FALSE(drive->next_event());
    CHECK(drive->next_event().kind() == EventKind::none);
}

TEST_CASE("an uncut message lies in the octets lent, without a copy") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        Octets input = frame(other(role), 0x81, "in place");
        CHECK(drive->receive(input, drive.now) == Refusal::none);
        const Event event = drive->next_event();
        CHECK(event.in_place());
        CHECK(event.text() == "in place");
        CHECK(lies_in(event.payload(), input));
        CHECK(rig.allocator.count() == 0);
    }
}

TEST_CASE("a cut message is assembled inside, and its place is given back at the next pull") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        Octets input = frame(other(role), 0x81, "cut in two");
        CHECK(drive->receive(Bytes(input).first(8), drive.now) == Refusal::none);
        CHECK_FALSE(drive->next_event());
        CHECK(drive->receive(Bytes(input).subspan(8), drive.now) == Refusal::none);
        const Event event = drive->next_event();
        CHECK_FALSE(event.in_place());
        for (std::byte& octet : input) octet = std::byte{0xEE};
        CHECK(drive->send(MessageKind::text, event.payload()) == Refusal::none);
        drive.drain();
        drive.pass(seconds(1));
        CHECK(frames_in_words(drive.output) == "81 \"cut in two\"");
        CHECK_FALSE(drive->next_event());
        CHECK(rig.pool.leased_size() == 0);
    }
}

TEST_CASE("a view lives through every call but pull, receive, unread and destruction", "[API-08]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        Octets input =
            joined({frame(other(role), 0x01, "assem"), frame(other(role), 0x80, "bled")});
        CHECK(drive->receive(Bytes(input), drive.now) == Refusal::none);
        const Event event = drive->next_event();
        CHECK(drive->send(MessageKind::text, as_bytes("x")) == Refusal::none);
        CHECK(drive->ping() == Refusal::none);
        drive->receive_end(TransportEnd::orderly, drive.now);
        CHECK(event.text() == "assembled");
        drive->advance(drive.now + seconds(100));
        std::array<Slice, 2> slices;
        (void)drive->gather(slices);
        drive->wrote(2, drive.now);
        drive->handed_over(1, drive.now);
        drive->reusable(1);
        drive->write_ended(drive.now);
        CHECK(drive->close() == Refusal::none);
        (void)drive->next_released();
        CHECK(event.text() == "assembled");
        drive->abort(drive.now);
        CHECK(event.text() == "assembled");
    }
}

TEST_CASE("a client's input is never written") {
    Rig rig;
    Drive drive(rig, Role::client);
    const Octets input =
        joined({frame(Role::server, 0x01, "He"), frame(Role::server, 0x89, "ping"),
                frame(Role::server, 0x80, "llo"), close_frame(Role::server, 1000, "bye")});
    Octets lent = input;
    CHECK(drive->receive(lent, drive.now) == Refusal::none);
    drive.pull();
    CHECK(lent == input);
}

TEST_CASE("octets in place are not written again by the engine") {
    Rig rig;
    Drive drive(rig, Role::server);
    Octets lent = joined({frame(Role::client, 0x81, "first"), frame(Role::client, 0x82, "second"),
                          frame(Role::client, 0x81, "bad \xFF")});
    CHECK(drive->receive(lent, drive.now) == Refusal::none);
    const Event first = drive->next_event();
    const Event second = drive->next_event();
    CHECK(drive->next_event().kind() == EventKind::failed);
    drive.end();
    CHECK(first.in_place());
    CHECK(first.text() == "first");
    CHECK(second.text() == "second");
}

TEST_CASE("parts come as their octets do, without memory", "[6455-5.4-20]") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.config.delivery = Delivery::parts;
        Drive drive(rig, role);
        Octets input = frame(other(role), 0x82, "0123456789");
        const std::size_t header = input.size() - 10;
        CHECK(drive->receive(Bytes(input).first(header + 4), drive.now) == Refusal::none);
        const Event first = drive->next_event();
        CHECK(first.is_part());
        CHECK((first.first() && !first.last() && first.in_place()));
        CHECK(first.text() == "0123");
        CHECK_FALSE(drive->next_event());
        CHECK(drive->receive(Bytes(input).subspan(header + 4), drive.now) == Refusal::none);
        const Event last = drive->next_event();
        CHECK((!last.first() && last.last()));
        CHECK(last.text() == "456789");
        CHECK(rig.allocator.count() == 0);
    }
}

TEST_CASE("a batch gives the same events as single pulls, and their views stand together") {
    for (const Role role : both_roles) {
        const Role peer = other(role);
        Octets input;
        for (int count = 0; count < 20; ++count) {
            append(input, frame(peer, 0x81, std::string_view(std::to_string(count))));
            append(input, frame(peer, 0x02, "cut "));
            append(input, frame(peer, 0x89, "ping"));
            append(input, frame(peer, 0x80, "message"));
        }
        append(input, close_frame(peer, 1000, "end"));
        const std::string expected = Replay{.role = role}.run(input).story;
        for (const std::size_t batch : {1U, 2U, 3U, 7U, 100U})
            for (const std::size_t step : {1U, 3U, 16U, 5000U}) {
                Rig rig;
                Drive drive(rig, role);
                std::vector<Event> events(batch);
                for (std::size_t at = 0; at < input.size(); at += step) {
                    Octets piece =
                        copy_of(ConstBytes(input).subspan(at, std::min(step, input.size() - at)));
                    CHECK(drive->receive(piece, drive.now) == Refusal::none);
                    while (const std::size_t count = drive->next_events(events))
                        for (std::size_t index = 0; index < count; ++index)
                            drive.story.tell(events[index]);
                }
                CHECK(drive.story.text() == expected);
            }
    }
}

TEST_CASE("an end told behind octets waits while a batch has no place for their message") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        Octets input;
        for (const std::string_view which : {"first", "second"}) {
            append(input, frame(other(role), 0x01, "the "));
            append(input, frame(other(role), 0x80, which));
        }
        CHECK(drive->receive(input, drive.now) == Refusal::none);
        drive->receive_end(TransportEnd::orderly, drive.now);
        std::array<Event, 4> events;
        REQUIRE(drive->next_events(events) == 1);
        CHECK(events[0].text() == "the first");
        CHECK(drive->state() == State::open);
        REQUIRE(drive->next_events(events) == 2);
        CHECK(events[0].text() == "the second");
        CHECK(events[1].kind() == EventKind::closed);
    }
}

// Frames of no octets, behind what a batch still shows.
TEST_CASE("an end told behind a compressed message waits for all that follows from it") {
    const std::string closed = "\nclosed unclean sent 1006 received 1006 \"\" transport_ended";
    const std::string failed = "\nfailed 1007 truncated_deflate";
    const struct {
        const char* octets;  // of a server
        const std::string& end;
    } cases[] = {
        {"4107f248cdc9c90700 8000", closed},
        {"4107f248cdc9c90700 0000 8000", closed},
        {"c107f248cdc9c90700 c200", failed},
    };
    for (const auto& [octets, end] : cases)
        for (const Delivery delivery : {Delivery::messages, Delivery::parts})
            for (const std::size_t batch : {0U, 1U, 2U, 8U}) {
                CAPTURE(octets, batch);
                Rig rig;
                rig.config.delivery = delivery;
                Drive drive(rig, {.role = Role::client, .deflate = {true, {}, {}}});
                Octets input = unhex(octets);
                REQUIRE(drive->receive(input, drive.now) == Refusal::none);
                drive->receive_end(TransportEnd::orderly, drive.now);
                std::vector<Event> events(batch == 0 ? 1 : batch);
                const auto pull = [&]() -> std::size_t {
                    if (batch != 0) return drive->next_events(events);
                    events[0] = drive->next_event();
                    return events[0] ? 1 : 0;
                };
                while (const std::size_t count = pull())
                    for (std::size_t index = 0; index < count; ++index)
                        drive.story.tell(events[index]);
                const bool parts = delivery == Delivery::parts;
                CHECK(drive.story.text() ==
                      (parts ? "first last part of text \"Hello\"" : "text \"Hello\"") + end);
            }
}

TEST_CASE("an end told while there is more of a message than a part has room for waits for it") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.config.delivery = Delivery::parts;
        rig.config.deflate.part_size_max = 2;
        Drive drive(rig, {.role = role, .deflate = {true, {}, {}}});
        Octets input = frame(other(role), 0xC1, unhex("f248cdc9c90700"));
        REQUIRE(drive->receive(input, drive.now) == Refusal::none);
        CHECK(drive->next_event().text() == "He");
        drive->receive_end(TransportEnd::orderly, drive.now);
        CHECK(drive->next_event().text() == "ll");
        const Event last = drive->next_event();
        CHECK(last.text() == "o");
        CHECK(last.last());
        CHECK(drive->next_event().kind() == EventKind::closed);
    }
}

TEST_CASE("a batch of none pulls nothing") {
    Rig rig;
    Drive drive(rig, Role::client);
    Octets input = frame(Role::server, 0x81, "kept");
    CHECK(drive->receive(input, drive.now) == Refusal::none);
    CHECK(drive->next_events({}) == 0);
    CHECK(drive->next_event().text() == "kept");
}

TEST_CASE("receive while octets are unread is refused and changes nothing", "[API-04]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        Octets input = joined({frame(other(role), 0x81, "a"), frame(other(role), 0x81, "b")});
        Octets second = frame(other(role), 0x81, "c");
        CHECK(drive->receive(input, drive.now) == Refusal::none);
        CHECK(drive->receive(second, drive.now) == Refusal::unread_input);
        CHECK(drive->next_event().text() == "a");
        CHECK(drive->receive(second, drive.now) == Refusal::unread_input);
        CHECK(drive->next_event().text() == "b");
        CHECK_FALSE(drive->next_event());
        CHECK(drive->receive(second, drive.now) == Refusal::none);
        CHECK(drive->next_event().text() == "c");
    }
}

TEST_CASE("unread gives back what was not touched, to be lent again") {
    for (const Role role : both_roles)
        for (const Delivery delivery : {Delivery::messages, Delivery::parts}) {
            Octets input;
            for (const char* text : {"first", "second", "third"})
                append(input, frame(other(role), 0x81, text));
            append(input, frame(other(role), 0x01, "begun"));
            Replay replay{.role = role};
            replay.configure = [=](Config& config) { config.delivery = delivery; };
            const Outcome whole = replay.run(input);
            Rig rig;
            rig.config.delivery = delivery;
            Drive drive(rig, role);
            Octets rest = input;
            while (!rest.empty()) {
                CHECK(drive->receive(rest, drive.now) == Refusal::none);
                if (const Event event = drive->next_event()) drive.story.tell(event);
                Octets unread = copy_of(drive->unread());
                REQUIRE(unread.size() < rest.size());
                rest = unread;
            }
            drive.pull();
            CHECK(drive.story.text() == whole.story);
            CHECK(drive->unread().empty());
        }
}

TEST_CASE("unread before any pull gives all back") {
    Rig rig;
    Drive drive(rig, Role::server);
    Octets input = frame(Role::client, 0x81, "untouched");
    const Octets copy = input;
    CHECK(drive->receive(input, drive.now) == Refusal::none);
    const Bytes unread = drive->unread();
    CHECK(unread.data() == input.data());
    CHECK(unread.size() == input.size());
    CHECK(input == copy);
    CHECK_FALSE(drive->next_event());
}

TEST_CASE("what is not pulled is not consumed: no pong, no reply, no failure") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    Octets input = joined({frame(Role::client, 0x89, "p"), frame(Role::client, 0x83)});
    CHECK(drive->receive(input, drive.now) == Refusal::none);
    CHECK(drive->state() == State::open);
    CHECK_FALSE(drive->wants().write());
    CHECK(drive->next_event().kind() == EventKind::ping);
    CHECK(drive->wants().write());
    CHECK(drive->state() == State::open);
}

TEST_CASE("the pong is queued when its ping is told, the reply when the Close is told",
          "[6455-5.5.2-03][6455-5.5.1-09]") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    Octets input = joined({frame(Role::client, 0x89, "p"), close_frame(Role::client, 1000)});
    CHECK(drive->receive(input, drive.now) == Refusal::none);
    CHECK(drive->next_event().kind() == EventKind::ping);
    CHECK(drive.taken() == "8a0170");
    CHECK(drive->next_event().kind() == EventKind::closing);
    CHECK(drive->state() == State::closing);
    CHECK(drive.taken() == "880203e8");
}
