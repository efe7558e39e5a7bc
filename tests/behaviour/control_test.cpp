// SPDX-License-Identifier: MIT
// Pings and pongs: answered in order, bounded, ahead of data at a frame boundary. RFC 6455 §5.5
#include "support/catch.hpp"
#include "support/drive.hpp"
#include "support/every_cut.hpp"

#include <array>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};

Octets pings(Role from, unsigned count) {
    Octets octets;
    for (unsigned index = 0; index < count; ++index)
        append(octets, frame(from, 0x89, std::string_view(std::to_string(index))));
    return octets;
}

std::string sent_frames(Drive& drive) {
    drive.drain();
    const std::string words = frames_in_words(drive.output);
    drive.output.clear();
    return words;
}

std::string pong_lines(unsigned count) {
    std::string words;
    for (unsigned index = 0; index < count; ++index)
        words += (index == 0 ? "8a \"" : "\n8a \"") + std::to_string(index) + '"';
    return words;
}

}  // namespace

TEST_CASE("every ping is answered in order with its own octets",
          "[6455-5.5.2-02][6455-5.5.3-01][6455-5.5.2-01]") {
    for (const Role role : both_roles) {
        Replay replay;
        replay.role = role;
        std::string story;
        for (unsigned index = 0; index < 40; ++index)
            story += (index == 0 ? "ping \"" : "\nping \"") + std::to_string(index) + '"';
        const Outcome outcome = at_every_cut(replay, pings(other(role), 40));
        CHECK(outcome.story == story);
        CHECK(frames_in_words(unhex(outcome.output)) == pong_lines(40));
    }
}

TEST_CASE("a ping carries 0 to 125 octets of any kind, and no more",
          "[6455-5.5.2-01][6455-5.5-01][6455-5.5.3-01]") {
    for (const Role role : both_roles) {
        Replay replay;
        replay.role = role;
        for (const std::size_t size : {0U, 1U, 124U, 125U}) {
            const std::string payload(size, '\xFF');
            const Outcome outcome =
                at_every_cut(replay, frame(other(role), 0x89, std::string_view(payload)));
            CHECK(outcome.story == "ping " + quoted(as_bytes(payload)));
            CHECK(frames_in_words(unhex(outcome.output)) == "8a " + quoted(as_bytes(payload)));
        }
        const std::string longer(126, 'x');
        for (const unsigned first : {0x88U, 0x89U, 0x8AU})
            CHECK(at_every_cut(replay, frame(other(role), first, std::string_view(longer))).story ==
                  "failed 1002 oversized_control");
    }
}

TEST_CASE("a pong is told, costs nothing and is not answered", "[6455-5.5.3-03][6455-5.5.3-04]") {
    for (const Role role : both_roles) {
        Replay replay;
        replay.role = role;
        const Outcome outcome = at_every_cut(replay, frame(other(role), 0x8A, "unasked"));
        CHECK(outcome.story == "pong \"unasked\"");
        CHECK(outcome.output.empty());
        CHECK(outcome.state == State::open);
        Rig rig;
        Drive drive(rig, role);
        drive.feed(frame(other(role), 0x8A, "unasked"));
        CHECK(rig.allocator.count() == 0);
    }
}

TEST_CASE("our ping carries up to 125 octets, and 126 are refused",
          "[6455-5.5.2-04][6455-5.5-01][6455-5.5-02][API-11]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        const std::string payload(125, '\xFE');
        CHECK(drive->ping(as_bytes(payload)) == Refusal::none);
        CHECK(sent_frames(drive) == "89 " + quoted(as_bytes(payload)));
        CHECK(drive->ping(as_bytes(payload + "x")) == Refusal::control_too_long);
        CHECK(drive->ping() == Refusal::none);
        CHECK(sent_frames(drive) == "89 \"\"");
    }
}

TEST_CASE("pending pongs are bounded, and the newest takes the last one's place",
          "[6455-5.5.3-02]") {
    for (const Role role : both_roles) {
        for (const unsigned bound : {16U, 30U}) {
            Rig rig;
            rig.config.limits.pong_count_max = bound;
            Statistics statistics;
            Drive drive(rig, role, Drain::nothing);
            drive->count_into(&statistics);
            drive.feed(pings(other(role), 100));
            CHECK(drive.story.lines().size() == 100);
            CHECK(statistics.pongs_dropped == 100 - bound);
            CHECK(sent_frames(drive) == pong_lines(bound - 1) + "\n8a \"99\"");
        }
    }
}

TEST_CASE("the bound on pongs is never below ten") {
    for (const unsigned bound : {0U, 1U, 9U, 10U}) {
        Rig rig;
        rig.config.limits.pong_count_max = bound;
        Drive drive(rig, Role::server, Drain::nothing);
        drive.feed(pings(Role::client, 12));
        CHECK(sent_frames(drive) == pong_lines(9) + "\n8a \"11\"");
    }
}

TEST_CASE("the bound counts the pongs that are not yet committed") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    drive.feed(pings(Role::client, 16));
    std::array<Slice, 32> slices;
    CHECK(drive->gather(slices) == 16);
    drive.feed(pings(Role::client, 16));
    CHECK(sent_frames(drive) == pong_lines(16) + "\n" + pong_lines(16));
}

TEST_CASE("a pong that takes another's place may be longer or shorter") {
    Rig rig;
    Drive drive(rig, Role::client, Drain::nothing);
    drive.feed(pings(Role::server, 15));
    for (const std::size_t size : {0U, 125U, 3U, 124U, 7U}) {
        const std::string payload(size, 'z');
        drive.feed(frame(Role::server, 0x89, std::string_view(payload)));
    }
    const std::size_t held = drive->output_size();
    CHECK(drive.drain().output.size() == held);
    CHECK(sent_frames(drive) == pong_lines(15) + "\n8a \"zzzzzzz\"");
}

TEST_CASE("a flood of pings holds no more memory than its bound", "[6455-10.4-01]") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    const std::string payload(125, 'f');
    const Octets flood = frame(Role::client, 0x89, std::string_view(payload));
    for (int count = 0; count < 20; ++count) drive.feed(flood);
    const std::size_t size_before = rig.allocator.live_size();
    std::array<Slice, 64> slices;
    for (int count = 0; count < 2000; ++count) {
        drive.feed(flood);
        if (count % 7 == 0) (void)drive->gather(slices);  // shown, and never taken
    }
    CHECK(rig.allocator.live_size() <= size_before + 40 * 256);
    CHECK(drive->output_size() <= 2 * 16 * 127);
}

TEST_CASE("a ping between our Close and the peer's is answered, or not by an option",
          "[6455-5.5.2-02]") {
    for (const Role role : both_roles) {
        for (const bool answers : {true, false}) {
            Replay replay;
            replay.role = role;
            replay.configure = [answers](Config& config) { config.pong_after_close = answers; };
            replay.before = [](Drive& drive) { CHECK(drive->close() == Refusal::none); };
            const Outcome outcome = at_every_cut(replay, frame(other(role), 0x89, "late"));
            CHECK(outcome.story == "ping \"late\"");
            CHECK(frames_in_words(unhex(outcome.output)) ==
                  (answers ? "88 <03e8>\n8a \"late\"" : "88 <03e8>"));
        }
    }
}

TEST_CASE("a ping behind the peer's Close is not answered", "[6455-5.5.2-02]") {
    for (const Role role : both_roles) {
        Replay replay;
        replay.role = role;
        const Outcome outcome = at_every_cut(
            replay, joined({close_frame(other(role), 1000), frame(other(role), 0x89, "no")}));
        CHECK(outcome.story == "closing 1000 \"\"");
        CHECK(frames_in_words(unhex(outcome.output)) == "88 <03e8>");
    }
}

TEST_CASE("a pong goes ahead of data that is not committed, and behind data that is",
          "[6455-5.5.2-03][6455-5.4-08]") {
    for (const Role role : both_roles)
        for (const bool committed : {false, true}) {
            Rig rig;
            Drive drive(rig, role, Drain::nothing);
            CHECK(drive->send(MessageKind::text, as_bytes("first")) == Refusal::none);
            std::array<Slice, 8> slices;
            if (committed) CHECK(drive->gather(slices) == 1);
            CHECK(drive->send_lent(MessageKind::text, as_bytes("second"), Token{1}) ==
                  Refusal::none);
            drive.feed(frame(other(role), 0x89, "p"));
            CHECK(drive->ping(as_bytes("q")) == Refusal::none);
            CHECK(sent_frames(drive) == (committed
                                             ? "81 \"first\"\n8a \"p\"\n89 \"q\"\n81 \"second\""
                                             : "8a \"p\"\n89 \"q\"\n81 \"first\"\n81 \"second\""));
            CHECK(drive->next_released() == Token{1});
        }
}

TEST_CASE("a pong goes between the frames of a message that is streamed",
          "[6455-5.4-08][6455-5.5.2-03]") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    CHECK(drive->send_begin(MessageKind::text) == Refusal::none);
    CHECK(drive->send_part(as_bytes("He"), false) == Refusal::none);
    std::array<std::byte, 1> piece;
    CHECK(drive->write_output(piece, drive.now) == 1);
    drive.output.push_back(piece[0]);
    drive.feed(frame(Role::client, 0x89, "now"));
    CHECK(drive->send_part(as_bytes("llo"), true) == Refusal::none);
    CHECK(sent_frames(drive) == "01 \"He\"\n8a \"now\"\n80 \"llo\"");
}

TEST_CASE("a pong never enters a frame that is partly written", "[6455-5.5.2-03][6455-5.4-09]") {
    const std::string payload(300, 'x');
    for (std::size_t written = 1; written < 304; written += 7) {
        Rig rig;
        Drive drive(rig, Role::server, Drain::nothing);
        CHECK(drive->send_lent(MessageKind::text, as_bytes(payload), Token{1}) == Refusal::none);
        Octets first(written);
        CHECK(drive->write_output(first, drive.now) == written);
        append(drive.output, first);
        drive.feed(frame(Role::client, 0x89, "p"));
        CHECK(sent_frames(drive) == "81 " + quoted(as_bytes(payload)) + "\n8a \"p\"");
    }
}

TEST_CASE("a cut control payload is kept while it is cut, and given back") {
    Rig rig;
    Drive drive(rig, Role::client);
    const Octets input = frame(Role::server, 0x8A, "pong pong");
    drive.feed(ConstBytes(input).first(5));
    CHECK(rig.allocator.live_size() == 256);
    drive.feed(ConstBytes(input).subspan(5));
    CHECK(drive.story.text() == "pong \"pong pong\"");
    CHECK(rig.allocator.live_size() == 0);
}
