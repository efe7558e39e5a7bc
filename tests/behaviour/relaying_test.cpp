// SPDX-License-Identifier: MIT
// Undecoded data frames, for relays: what Delivery::frames tells, what send_frame() takes, and what
// stays the engine's while frames pass: control frames, limits, closing. RFC 6455 §5.4
#include "support/catch.hpp"
#include "support/drive.hpp"
#include "support/every_cut.hpp"

#include <array>
#include <random>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};

/// A Rig whose connections deliver frames.
struct RelayRig : Rig {
    RelayRig() noexcept { config.delivery = Delivery::frames; }
};

Replay relay_replay(Role role, std::uint8_t reserved_bits = rsv1_bit) {
    Replay replay;
    replay.role = role;
    replay.reserved_bits = reserved_bits;
    replay.configure = [](Config& config) { config.delivery = Delivery::frames; };
    return replay;
}

// Passes on what one side tells, as a relay does.
void relay(Drive& from, Drive& to) {
    while (const Event event = from->next_event()) {
        if (!event.is_frame()) continue;
        const Refusal refusal =
            to->send_frame(event.first_octet(), event.payload(), from->frame_left());
        CHECK(refusal == Refusal::none);
    }
}

}  // namespace

TEST_CASE("data frames are told undecoded: header bits as they came, payload unmasked",
          "[6455-5.4-12][6455-5.4-20][6455-5.3-05]") {
    for (const Role role : both_roles) {
        const Role peer = other(role);
        const Octets input = joined({
            frame(peer, 0x41, "\xff\xfe not UTF-8, and not inflated"),
            frame(peer, 0x89, "in between"),
            frame(peer, 0x00, ""),
            frame(peer, 0x80, std::string(4'000, 'x')),
            frame(peer, 0x82, "binary"),
            close_frame(peer, 1000, "bye"),
        });
        const Outcome outcome = at_every_cut(relay_replay(role), input);
        const std::string sum = quoted(octets_of(std::string(4'000, 'x')));
        CHECK(outcome.story.rfind("frame 41 <fffe206e6f74205554462d382c20616e64206e6f7420696e666c61"
                                  "746564>\nping \"in between\"\nframe 00 \"\"\nframe 80 " +
                                      sum + "\nframe 82 \"binary\"\nclosing 1000 \"bye\"",
                                  0) == 0);
    }
}

TEST_CASE("a frame is told as its octets arrive, with no buffer, and how many are to come") {
    for (const Role role : both_roles) {
        RelayRig rig;
        Drive drive(rig, role);
        const Octets input = frame(other(role), 0x02, std::string(1000, 'y'));
        CHECK(drive->frame_left() == 0);
        Octets first = copy_of(ConstBytes(input).first(input.size() - 600));
        CHECK(drive->receive(first, drive.now) == Refusal::none);
        Event event = drive->next_event();
        CHECK(event.is_frame());
        CHECK(event.first_octet() == 0x02);
        CHECK(event.message_kind() == MessageKind::binary);
        CHECK(event.first());
        CHECK_FALSE(event.last());
        CHECK(event.in_place());
        CHECK(event.payload().size() == 400);
        CHECK(drive->frame_left() == 600);
        CHECK_FALSE(drive->next_event());
        Octets rest = copy_of(ConstBytes(input).last(600));
        CHECK(drive->receive(rest, drive.now) == Refusal::none);
        event = drive->next_event();
        CHECK_FALSE(event.first());
        CHECK(event.last());
        CHECK(drive->frame_left() == 0);
        CHECK(rig.allocator.count() == 0);
        CHECK_FALSE(drive->next_event());
    }
}

TEST_CASE("reserved bits pass where they were granted, and nowhere else",
          "[6455-5.2-04][6455-5.8-01][6455-9.1-07]") {
    struct Case {
        std::uint8_t granted;
        unsigned first;
        bool in_message, passes;
    };
    constexpr Case cases[] = {
        {0, 0xC1, false, false},        {rsv1_bit, 0xC1, false, true},
        {rsv1_bit, 0xA1, false, false}, {rsv2_bit, 0xA1, false, true},
        {rsv1_bit, 0xC0, true, false},  {rsv2_bit | rsv3_bit, 0xB0, true, true},
        {rsv_bits, 0xF2, false, true},  {rsv_bits, 0xC9, false, false},
        {0xFF, 0x83, false, false},
    };
    for (const Role role : both_roles)
        for (const Case& one : cases) {
            INFO(one.first);
            Octets input;
            if (one.in_message) append(input, frame(other(role), 0x01, "begun"));
            append(input, frame(other(role), one.first, "x"));
            const Outcome outcome = at_every_cut(relay_replay(role, one.granted), input);
            CHECK((outcome.state == State::open) == one.passes);

            // Our own frames obey the same rule.
            RelayRig rig;
            Drive drive(rig, role, Drain::all, one.granted);
            if (one.in_message) CHECK(drive->send_frame(0x01, {}) == Refusal::none);
            const Refusal refusal =
                drive->send_frame(static_cast<std::uint8_t>(one.first), as_bytes("x"));
            CHECK((refusal == Refusal::none) == one.passes);
            CHECK((refusal == Refusal::invalid_frame) != one.passes);
        }
    // A connection that decodes knows no extension, whatever was granted.
    Replay decoding = relay_replay(Role::client, rsv_bits);
    decoding.configure = [](Config&) {};
    CHECK(decoding.run(frame(Role::server, 0xC1, "x")).state == State::failed);
}

TEST_CASE("limits hold while frames pass", "[6455-10.4-01]") {
    const auto outcome = [](const std::function<void(Config&)>& limit, const Octets& input) {
        Replay replay = relay_replay(Role::client);
        replay.configure = [&limit](Config& config) {
            config.delivery = Delivery::frames;
            limit(config);
        };
        return at_every_cut(replay, input).story;
    };
    const auto failed = [](const std::string& story, const std::string& how) {
        return story.find("failed " + how) != std::string::npos;
    };
    const auto message = [](Config& config) { config.limits.message_size_max = 10; };
    const auto a_frame = [](Config& config) { config.limits.frame_size_max = 10; };
    const auto fragments = [](Config& config) { config.limits.fragment_count_max = 2; };
    const Octets five = frame(Role::server, 0x01, "12345");
    const Octets five_more = frame(Role::server, 0x00, "12345");
    CHECK_FALSE(failed(outcome(message, joined({five, five_more})), ""));
    CHECK(failed(outcome(message, joined({five, five_more, frame(Role::server, 0x80, "1")})),
                 "1009 message_too_large"));
    CHECK(failed(outcome(a_frame, frame(Role::server, 0x82, "12345678901")),
                 "1009 frame_too_large"));
    CHECK(failed(outcome(fragments, joined({five, five_more, five_more})),
                 "1008 too_many_fragments"));
}

TEST_CASE("a frame goes out as it is given, whole or in pieces, masked by a client",
          "[6455-5.3-01][6455-5.4-16][6455-5.4-17]") {
    for (const Role role : both_roles) {
        RelayRig rig;
        Drive drive(rig, role, Drain::all, rsv1_bit);
        const std::string text(1000, 'z');
        const ConstBytes octets = as_bytes(text);
        CHECK(drive->send_frame(0x41, as_bytes("whole")) == Refusal::none);
        CHECK(drive->send_frame(0x00, {}) == Refusal::none);
        CHECK(drive->send_frame(0x80, octets.first(3), 997) == Refusal::none);
        drive.drain();
        CHECK(drive->send_frame(0x80, octets.subspan(3, 502), 495) == Refusal::none);
        CHECK(drive->send_frame(0x80, octets.subspan(505)) == Refusal::none);
        drive.drain();
        std::size_t rest = 1;
        const auto frames = read_frames(drive.output, &rest);
        CHECK(rest == 0);
        REQUIRE(frames.size() == 3);
        CHECK(frames[0].masked == (role == Role::client));
        CHECK(frames_in_words(drive.output) ==
              "41 \"whole\"\n00 \"\"\n80 " + quoted(octets));
        CHECK(rig.entropy.drawn.size() == (role == Role::client ? 3 : 0));  // a key a frame
    }
}

TEST_CASE("a frame out of order, or a piece that does not follow, is refused and changes nothing",
          "[6455-5.4-03][6455-5.4-04][6455-5.5-02][6455-5.4-15]") {
    RelayRig rig;
    Drive drive(rig, Role::server);
    const ConstBytes x = as_bytes("x");
    for (const unsigned first : {0x80U, 0x89U, 0x88U, 0x83U, 0x8BU, 0xC1U})
        CHECK(drive->send_frame(static_cast<std::uint8_t>(first), x) == Refusal::invalid_frame);
    CHECK(drive->send_frame(0x82, {}, 5) == Refusal::invalid_frame);  // a header alone
    CHECK(drive->send_frame(0x82, x, UINT64_MAX) == Refusal::invalid_frame);
    CHECK(drive->send_frame(0x82, x, INT64_MAX) == Refusal::invalid_frame);
    CHECK(drive->send_frame(0x02, x, 4) == Refusal::none);
    CHECK(drive->send_frame(0x82, x, 3) == Refusal::invalid_frame);  // another first octet
    CHECK(drive->send_frame(0x02, x, 2) == Refusal::invalid_frame);  // an octet is missing
    CHECK(drive->send_frame(0x02, {}, 4) == Refusal::invalid_frame);
    CHECK(drive->send_frame(0x02, as_bytes("12345")) == Refusal::invalid_frame);
    CHECK(drive->send(MessageKind::text, x) == Refusal::message_in_progress);
    CHECK(drive->send_begin(MessageKind::text) == Refusal::message_in_progress);
    CHECK(drive->send_part(x, true) == Refusal::no_message_in_progress);
    CHECK(drive->send_frame(0x02, as_bytes("1234")) == Refusal::none);
    CHECK(drive->send_frame(0x82, x) == Refusal::invalid_frame);  // the message goes on
    CHECK(drive->send(MessageKind::text, x) == Refusal::message_in_progress);
    CHECK(drive->send_frame(0x80, x) == Refusal::none);
    CHECK(drive->send_begin(MessageKind::text) == Refusal::none);
    CHECK(drive->send_frame(0x80, x) == Refusal::message_in_progress);
    CHECK(drive->send_part(x, true) == Refusal::none);
    drive.drain();
    CHECK(frames_in_words(drive.output) == "02 \"x1234\"\n80 \"x\"\n81 \"x\"");
}

TEST_CASE("a control frame waits for the end of an unfinished frame, and blames nobody",
          "[6455-5.4-12][6455-5.5.2-02]") {
    for (const Role role : both_roles) {
        RelayRig rig;
        rig.config.waits.write_stall = seconds(1);
        Drive drive(rig, role);
        CHECK(drive->send_frame(0x82, as_bytes("be"), 4) == Refusal::none);
        drive.drain();
        drive.feed(frame(other(role), 0x89, "are you there?"));
        CHECK(drive->output_size() != 0);
        CHECK_FALSE(drive->wants().write());
        std::array<Slice, 4> slices;
        CHECK(drive->gather(slices) == 0);
        drive.pass(seconds(100));
        CHECK(drive->state() == State::open);
        CHECK(drive->send_frame(0x82, as_bytes("gun."), 0) == Refusal::none);
        CHECK(drive->wants().write());
        drive.drain();
        CHECK(frames_in_words(drive.output) == "82 \"begun.\"\n8a \"are you there?\"");
    }
}

TEST_CASE("a Close waits for the end of an unfinished frame, which may still be sent",
          "[6455-7.1.2-01]") {
    const auto finish = [](Drive& drive) {
        CHECK_FALSE(drive->wants().write());
        CHECK(drive->send_frame(0x82, as_bytes("34"), 0) == Refusal::none);
        CHECK(drive->send_frame(0x82, as_bytes("5")) == Refusal::not_open);
        drive.drain();
        CHECK(frames_in_words(drive.output) == "82 \"1234\"\n88 <03e8>");
    };
    for (const Role role : both_roles) {
        RelayRig rig;
        Drive we(rig, role);
        CHECK(we->send_frame(0x82, as_bytes("12"), 2) == Refusal::none);
        we.drain();
        CHECK(we->close() == Refusal::none);
        finish(we);
        RelayRig other_rig;
        Drive they(other_rig, role);
        CHECK(they->send_frame(0x82, as_bytes("12"), 2) == Refusal::none);
        they.drain();
        they.feed(close_frame(other(role), 1000));
        CHECK(they.told() == "closing 1000 \"\"");
        CHECK_FALSE(they->wants().end_write());
        finish(they);
        they.end();
        CHECK(they.told() == "closed clean sent 1000 received 1000 \"\" none");
    }
}

TEST_CASE("when an unfinished frame is never ended, the close wait ends the conversation") {
    for (const bool peer_closes : {true, false}) {
        RelayRig rig;
        Drive drive(rig, Role::client);
        CHECK(drive->send_frame(0x82, as_bytes("12"), 2) == Refusal::none);
        drive.drain();
        if (peer_closes)
            drive.feed(close_frame(Role::server, 1000));
        else
            CHECK(drive->close() == Refusal::none);
        drive.pull().pass(Duration{1}).pass(seconds(11));
        CHECK(drive.told().find("closed unclean") != std::string::npos);
        CHECK(drive->wants().close());
    }
}

TEST_CASE("a failure inside an unfinished frame sends no Close: it would be payload",
          "[6455-7.1.7-01][6455-7.1.7-06]") {
    for (const Role role : both_roles) {
        RelayRig rig;
        Drive drive(rig, role);
        CHECK(drive->send_frame(0x82, as_bytes("12"), 2) == Refusal::none);
        drive.drain();
        drive.feed(frame(other(role), 0x89, "pending"));
        drive.feed(frame(other(role), 0x83, "reserved"));
        CHECK(drive.told() == "ping \"pending\"\nfailed 1006 reserved_opcode");
        CHECK(drive->send_frame(0x82, as_bytes("34")) == Refusal::not_open);
        CHECK(drive->wants().end_write());
        drive.write_ended();
        drive.end();
        CHECK(drive.told().rfind("closed unclean sent 1006 received 1006", 0) == 0);
        CHECK(read_frames(drive.output).empty());
    }
}

TEST_CASE("without memory for a reply behind an unfinished frame, none goes out",
          "[6455-7.1.7-01]") {
    RelayRig rig;
    Drive drive(rig, Role::server);
    CHECK(drive->send_frame(0x82, as_bytes("12"), 2) == Refusal::none);
    drive.drain();
    rig.allocator.fail(0, CountingAllocator::Failure::for_ever);
    drive.feed(close_frame(Role::client, 1000));
    CHECK(drive.told() == "failed 1006 out_of_memory");
    CHECK(drive.output.size() == 4);
    rig.allocator.fail_never();
}

TEST_CASE("a frame that cannot be taken is refused, and can be sent again") {
    RelayRig rig;
    rig.config.limits.output_max = 1000;
    Drive drive(rig, Role::client, Drain::nothing);
    rig.entropy.dry = true;
    CHECK(drive->send_frame(0x82, as_bytes("x"), 2) == Refusal::no_entropy);
    rig.entropy.dry = false;
    rig.allocator.fail(0, CountingAllocator::Failure::once);
    CHECK(drive->send_frame(0x82, as_bytes("x"), 2) == Refusal::out_of_memory);
    CHECK(drive->send_frame(0x82, as_bytes("x"), 3000) == Refusal::none);
    const std::string big(1000, 'b');
    CHECK(drive->send_frame(0x82, as_bytes(big), 2000) == Refusal::output_full);
    drive.drain();
    for (std::uint64_t left = 3000; left != 0; left -= 1000) {
        rig.allocator.fail(0, CountingAllocator::Failure::once);
        CHECK(drive->send_frame(0x82, as_bytes(big), left - 1000) == Refusal::out_of_memory);
        CHECK(drive->send_frame(0x82, as_bytes(big), left - 1000) == Refusal::none);
        drive.drain();
    }
    const auto frames = read_frames(drive.output);
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].payload.size() == 3001);
    CHECK(frames[0].payload.back() == std::byte{'b'});
}

TEST_CASE("frames are counted when they are whole") {
    RelayRig rig;
    Statistics statistics;
    Drive drive(rig, Role::server);
    drive->count_into(&statistics);
    CHECK(drive->send_frame(0x02, as_bytes("12"), 2) == Refusal::none);
    CHECK(statistics.sent.frames == 0);
    CHECK(drive->send_frame(0x02, as_bytes("34")) == Refusal::none);
    CHECK(drive->send_frame(0x80, {}) == Refusal::none);
    CHECK(statistics.sent.frames == 2);
    CHECK(statistics.sent.messages == 1);
    CHECK(statistics.sent.payload_octets == 4);
    drive.feed(joined({frame(Role::client, 0x01, "ab"), frame(Role::client, 0x80, "c")}));
    CHECK(statistics.received.frames == 2);
    CHECK(statistics.received.messages == 1);
    CHECK(statistics.received.payload_octets == 3);
}

TEST_CASE("what passes through a relay comes out frame for frame, however it is cut",
          "[6455-5.4-16][6455-5.4-17][6455-5.4-10]") {
    std::minstd_rand random(31);
    for (unsigned round = 0; round < 80; ++round) {
        const Role near = both_roles[round % 2];  // our role towards the sender
        RelayRig near_rig, far_rig;
        Drive from(near_rig, near, Drain::nothing, rsv1_bit);
        Drive to(far_rig, other(near), Drain::nothing, rsv1_bit);
        Octets input, expected;
        bool in_message = false;
        for (auto count = 1 + random() % 12; count != 0; --count) {
            if (random() % 4 == 0) append(input, frame(other(near), 0x89, "ping"));
            const bool fin = random() % 2 == 0;
            unsigned first = (fin ? 0x80U : 0U) | (in_message ? 0U : 1U + unsigned(random() % 2));
            if (!in_message && random() % 3 == 0) first |= rsv1_bit;
            const std::size_t sizes[] = {0, 1, 125, 126, 700, 5000, 66'000};
            const std::string payload(sizes[random() % 7], static_cast<char>(random() % 256));
            append(input, frame(other(near), first, payload));
            append(expected, frame(Role::server, first, payload));
            in_message = !fin;
        }
        for (std::size_t at = 0; at < input.size();) {
            const std::size_t size = std::min<std::size_t>(1 + random() % 3000, input.size() - at);
            Octets piece = copy_of(ConstBytes(input).subspan(at, size));
            at += size;
            REQUIRE(from->receive(piece, from.now) == Refusal::none);
            relay(from, to);
            if (random() % 2 == 0) to.drain();
            if (random() % 3 == 0) (void)to->ping(as_bytes("own"));
        }
        to.drain();
        Octets passed;
        for (const WireFrame& one : read_frames(to.output))
            if (one.first != 0x89) append(passed, frame(Role::server, one.first, one.payload));
        INFO("round " << round);
        CHECK(frames_in_words(passed) == frames_in_words(expected));
    }
}

TEST_CASE("an unfinished frame is over with its conversation, and no memory stays behind one refused") {
    RelayRig rig;
    Drive drive(rig, Role::server);
    rig.allocator.fail(1, CountingAllocator::Failure::once);  // the outbox is leased, its block is not
    const std::string big(5000, 'b');
    CHECK(drive->send_frame(0x82, as_bytes(big)) == Refusal::out_of_memory);
    CHECK(rig.pool.leased_size() == 0);
    CHECK(drive->send_frame(0x82, as_bytes("x"), 5) == Refusal::none);
    drive->abort(drive.now);
    CHECK(drive->send_frame(0x82, as_bytes("12345")) == Refusal::not_open);
}
