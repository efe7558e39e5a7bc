// SPDX-License-Identifier: MIT
// Messages in frames: which sequences are messages, and what stands between their frames.
// RFC 6455 §5.4, §5.6, §6.2
#include "support/catch.hpp"
#include "support/drive.hpp"
#include "support/every_cut.hpp"

#include <array>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};

// `input` as the peer of `role` writes it, replayed at every cut.
Outcome outcome_of(Role role, const std::vector<std::pair<unsigned, std::string>>& frames,
                   Delivery delivery = Delivery::messages) {
    Replay replay;
    replay.role = role;
    replay.configure = [delivery](Config& config) { config.delivery = delivery; };
    Octets input;
    for (const auto& [first, payload] : frames)
        append(input, frame(other(role), first, std::string_view(payload)));
    return at_every_cut(replay, input);
}

}  // namespace

TEST_CASE("a message in one frame is delivered with its type",
          "[6455-5.4-01][6455-5.4-14][6455-5.2-02][6455-6.2-03][6455-6.2-04][6455-5.2-07]"
          "[6455-6.2-08]") {
    for (const Role role : both_roles) {
        CHECK(outcome_of(role, {{0x81, "Hello"}}).story == "text \"Hello\"");
        CHECK(outcome_of(role, {{0x82, "Hello"}}).story == "binary \"Hello\"");
        CHECK(outcome_of(role, {{0x81, ""}, {0x82, ""}}).story == "text \"\"\nbinary \"\"");
    }
}

TEST_CASE("a message in many frames is their payloads in order, of the first one's type",
          "[6455-5.4-02][6455-5.4-05][6455-5.4-10][6455-5.4-19][6455-6.2-03][6455-6.2-04]"
          "[6455-5.4-06][6455-5.4-14]") {
    for (const Role role : both_roles) {
        CHECK(outcome_of(role, {{0x01, "Hel"}, {0x80, "lo"}}).story == "text \"Hello\"");
        CHECK(outcome_of(role, {{0x02, "a"}, {0x00, "b"}, {0x00, "c"}, {0x80, "d"}}).story ==
              "binary \"abcd\"");
    }
}

TEST_CASE("frames without octets are legal anywhere in a message", "[6455-5.4-05][6455-5.6-01]") {
    for (const Role role : both_roles) {
        for (const Delivery delivery : {Delivery::messages, Delivery::parts}) {
            const std::string head = delivery == Delivery::parts ? "first last part of " : "";
            CHECK(outcome_of(role, {{0x01, ""}, {0x00, ""}, {0x80, ""}}, delivery).story ==
                  head + "text \"\"");
            CHECK(outcome_of(role, {{0x02, ""}, {0x00, "x"}, {0x00, ""}, {0x80, ""}}, delivery)
                      .story == head + "binary \"x\"");
            CHECK(outcome_of(role, {{0x01, "x"}, {0x00, ""}, {0x80, "y"}}, delivery).story ==
                  head + "text \"xy\"");
        }
    }
}

TEST_CASE("a continuation without a message fails", "[6455-5.4-03][6455-7.4.1-06]") {
    for (const Role role : both_roles) {
        for (const unsigned first : {0x00U, 0x80U}) {
            CHECK(outcome_of(role, {{first, "x"}}).story == "failed 1002 unexpected_continuation");
            CHECK(outcome_of(role, {{0x81, "a"}, {first, "x"}}).story ==
                  "text \"a\"\nfailed 1002 unexpected_continuation");
            CHECK(outcome_of(role, {{0x01, "a"}, {0x80, ""}, {first, ""}}).story ==
                  "text \"a\"\nfailed 1002 unexpected_continuation");
        }
    }
}

TEST_CASE("a new message inside a message fails, even when nothing of it had octets",
          "[6455-5.4-04][6455-5.4-11][6455-7.4.1-06]") {
    for (const Role role : both_roles)
        for (const unsigned first : {0x01U, 0x02U, 0x81U, 0x82U})
            for (const char* begun : {"", "x"})
                CHECK(outcome_of(role, {{0x01, begun}, {first, "y"}}).story ==
                      "failed 1002 interleaved_message");
}

TEST_CASE("a data frame behind a whole message begins a new one", "[6455-6.2-05]") {
    for (const Role role : both_roles)
        CHECK(outcome_of(role, {{0x01, "a"}, {0x80, "b"}, {0x02, "c"}, {0x80, "d"}, {0x81, "e"}})
                  .story == "text \"ab\"\nbinary \"cd\"\ntext \"e\"");
}

TEST_CASE("control frames inside a message are told and answered before it",
          "[6455-5.4-08][6455-5.4-12][6455-6.2-02][6455-5.5.2-02]") {
    for (const Role role : both_roles) {
        Replay replay;
        replay.role = role;
        const Role peer = other(role);
        const Octets input =
            joined({frame(peer, 0x01, "He"), frame(peer, 0x89, "ping"), frame(peer, 0x00, "ll"),
                    frame(peer, 0x8A, "pong"), frame(peer, 0x80, "o")});
        const Outcome outcome = at_every_cut(replay, input);
        CHECK(outcome.story == "ping \"ping\"\npong \"pong\"\ntext \"Hello\"");
        CHECK(frames_in_words(unhex(outcome.output)) == "8a \"ping\"");
    }
}

TEST_CASE("a control frame in two frames fails",
          "[6455-5.4-09][6455-5.5-02][6455-5.5-03][6455-7.4.1-06]") {
    for (const Role role : both_roles)
        for (const unsigned first : {0x08U, 0x09U, 0x0AU}) {
            CHECK(outcome_of(role, {{first, ""}}).story == "failed 1002 fragmented_control");
            CHECK(outcome_of(role, {{0x01, "a"}, {first, ""}}).story ==
                  "failed 1002 fragmented_control");
        }
}

TEST_CASE("reserved bits without an owner fail on every frame", "[6455-5.2-04]") {
    for (const Role role : both_roles)
        for (const unsigned opcode : {0x1U, 0x2U, 0x8U, 0x9U, 0xAU})
            for (unsigned bits = 0x10; bits <= 0x70; bits += 0x10)
                CHECK(outcome_of(role, {{0x80 | bits | opcode, ""}}).story ==
                      "failed 1002 reserved_bit");
}

TEST_CASE("undefined opcodes fail", "[6455-5.2-05][6455-5.2-06]") {
    for (const Role role : both_roles)
        for (const unsigned opcode : {0x3U, 0x4U, 0x5U, 0x6U, 0x7U, 0xBU, 0xCU, 0xDU, 0xEU, 0xFU})
            CHECK(outcome_of(role, {{0x80 | opcode, ""}}).story == "failed 1002 reserved_opcode");
}

TEST_CASE("a header is judged as early as its octets allow",
          "[6455-5.2-04][6455-5.1-02][6455-5.1-05][6455-5.2-09]") {
    const auto story_of = [](Role role, std::string_view octets) {
        Rig rig;
        Drive drive(rig, role);
        return drive.feed(unhex(octets)).story.text();
    };
    CHECK(story_of(Role::server, "91") == "failed 1002 reserved_bit");
    CHECK(story_of(Role::server, "83") == "failed 1002 reserved_opcode");
    CHECK(story_of(Role::server, "80") == "failed 1002 unexpected_continuation");
    CHECK(story_of(Role::server, "09") == "failed 1002 fragmented_control");
    CHECK(story_of(Role::server, "8101") == "failed 1002 missing_mask");
    CHECK(story_of(Role::client, "8181") == "failed 1002 unexpected_mask");
    CHECK(story_of(Role::server, "89fe") == "failed 1002 oversized_control");
    CHECK(story_of(Role::server, "82fe007d") == "failed 1002 non_minimal_length");
    CHECK(story_of(Role::server, "82ff000000000000ffff") == "failed 1002 non_minimal_length");
    CHECK(story_of(Role::server, "82ff8000000000000000") == "failed 1002 length_high_bit");
    CHECK(story_of(Role::server, "82ff0000000000100001") == "failed 1009 message_too_large");
}

TEST_CASE("an unmasked frame fails a server and a masked one a client, whatever its kind",
          "[6455-5.1-02][6455-5.1-03][6455-5.1-05][6455-5.1-06]") {
    for (const Role role : both_roles)
        for (const unsigned first : {0x81U, 0x82U, 0x88U, 0x89U, 0x8AU}) {
            Replay replay;
            replay.role = role;
            const Outcome outcome = at_every_cut(replay, frame(role, first));
            CHECK(outcome.story == (role == Role::server ? "failed 1002 missing_mask"
                                                         : "failed 1002 unexpected_mask"));
            CHECK(frames_in_words(unhex(outcome.output)) == "88 <03ea>");
        }
}

TEST_CASE("each frame of a message may have its own key, zero included",
          "[6455-5.3-05][6455-5.3-06][6455-5.2-07]") {
    const Octets input = unhex("0183 00000000 616263  0082 ffffffff 9b9a  8081 01020304 67");
    CHECK(at_every_cut(Replay{}, input).story == "text \"abcdef\"");
}

TEST_CASE("lengths of every form are read in network order",
          "[6455-5.2-09][6455-5.2-10][6455-5.2-11]") {
    for (const Role role : both_roles)
        for (const std::size_t size :
             {0U, 1U, 125U, 126U, 127U, 255U, 256U, 65535U, 65536U, 70000U}) {
            const std::string payload(size, 'x');
            Replay replay;
            replay.role = role;
            const Octets input = frame(other(role), 0x82, std::string_view(payload));
            CHECK(replay.run(input).story == "binary " + quoted(as_bytes(payload)));
            CHECK(replay.run(input, std::array{input.size() / 2}).story ==
                  "binary " + quoted(as_bytes(payload)));
        }
}

TEST_CASE("binary octets pass through unchanged and unchecked", "[6455-5.6-02][6455-5.2-13]") {
    for (const Role role : both_roles)
        CHECK(outcome_of(role, {{0x82, "\xFF\xFE\xC3\x28"}}).story == "binary <fffec328>");
}

TEST_CASE("a fault inside a message delivers nothing of it, and parts have no last one",
          "[FRAG-18]") {
    for (const Role role : both_roles) {
        CHECK(outcome_of(role, {{0x02, "abc"}, {0x82, "def"}}).story ==
              "failed 1002 interleaved_message");
        CHECK(outcome_of(role, {{0x02, "abc"}, {0x82, "def"}}, Delivery::parts).story ==
              "first part of binary \"abc\"\nfailed 1002 interleaved_message");
    }
}
