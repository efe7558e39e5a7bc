// SPDX-License-Identifier: MIT
// How a conversation closes: who sends what, what is reported, and who ends the transport.
// RFC 6455 §5.5.1, §7
#include "support/catch.hpp"
#include "support/drive.hpp"
#include "support/every_cut.hpp"

#include <array>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};

std::string close_body(unsigned code) {
    return hex(std::array{static_cast<std::byte>(code >> 8), static_cast<std::byte>(code)});
}

std::string sent_frames(Drive& drive) {
    drive.drain();
    const std::string words = frames_in_words(drive.output);
    drive.output.clear();
    return words;
}

bool wants_nothing_but_close(Drive& drive) { return drive->wants() == Wants(Wants::close_bit); }

}  // namespace

TEST_CASE(
    "close sends one Close with its code and reason, masked by a client",
    "[6455-7.1.2-01][6455-5.5.1-01][6455-5.5.1-02][6455-5.5.1-03][6455-5.5.1-05][6455-7.4-01]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->close(CloseCode::going_away, "bye") == Refusal::none);
        CHECK(drive->state() == State::closing);
        drive.drain();
        const auto frames = read_frames(drive.output);
        REQUIRE(frames.size() == 1);
        CHECK(frames[0].first == 0x88);
        CHECK(frames[0].masked == (role == Role::client));
        CHECK(hex(frames[0].payload) == "03e9" + hex(octets_of("bye")));
    }
}

TEST_CASE("close without a code sends an empty Close, and 1005 stands for it",
          "[6455-7.4.1-04][6455-7.1.5-02]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->close(CloseCode::no_code) == Refusal::none);
        CHECK(sent_frames(drive) == "88 \"\"");
        drive.feed(frame(other(role), 0x88)).end();
        CHECK(drive.story.text() ==
              "closing 1005 \"\"\nclosed clean sent 1005 received 1005 \"\" none");
    }
}

TEST_CASE("every code is sendable or refused as the contract lists it",
          "[6455-7.4.1-01][6455-7.4.1-03][6455-7.4.1-04][6455-7.4.1-05][6455-7.4.1-11]"
          "[6455-7.4.1-12][6455-7.4.1-13][6455-7.4.2-01][6455-7.4.2-02][6455-7.4.2-03]"
          "[6455-7.4.2-04]") {
    for (const Role role : both_roles) {
        for (unsigned code = 0; code <= 0xFFFF; ++code) {
            if (code > 5100 && code % 251 != 0) continue;
            if (code == 1005) continue;  // no_code: an empty Close
            const bool listed = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                                (code >= 3000 && code <= 4999);
            const bool sendable = listed && !(role == Role::server && code == 1010);
            Rig rig;
            Drive drive(rig, role);
            const Refusal refusal = drive->close(CloseCode{static_cast<std::uint16_t>(code)});
            if ((refusal == Refusal::none) == sendable &&
                sent_frames(drive) == (sendable ? "88 <" + close_body(code) + ">" : ""))
                continue;
            INFO(code);
            CHECK(refusal == (sendable ? Refusal::none : Refusal::invalid_close_code));
            CHECK(false);
        }
    }
}

TEST_CASE("a refused close changes nothing", "[6455-5.5.1-03][6455-5.5-01]") {
    Rig rig;
    Drive drive(rig, Role::server);
    CHECK(drive->close(CloseCode{1006}) == Refusal::invalid_close_code);
    CHECK(drive->close(CloseCode::no_code, "reason") == Refusal::invalid_close_code);
    CHECK(drive->close(CloseCode::normal, std::string(124, 'r')) == Refusal::reason_too_long);
    CHECK(drive->close(CloseCode::normal, "\xC3\x28") == Refusal::invalid_text);
    CHECK(drive->close(CloseCode::normal, "\xE2\x82") == Refusal::invalid_text);
    CHECK(drive->state() == State::open);
    CHECK(drive->output_size() == 0);
    CHECK(drive->send(MessageKind::text, as_bytes("still open")) == Refusal::none);
    CHECK(sent_frames(drive) == "81 \"still open\"");
}

TEST_CASE("a reason of 123 octets is sent and received", "[6455-5.5.1-03][6455-7.1.6-01]") {
    const std::string reason(123, 'r');
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->close(CloseCode::normal, reason) == Refusal::none);
        drive.drain();
        CHECK(read_frames(drive.output).at(0).payload.size() == 125);
        drive.feed(close_frame(other(role), 1000, reason)).end();
        CHECK(drive.story.text() == "closing 1000 \"" + reason +
                                        "\"\nclosed clean sent 1000 received 1000 \"" + reason +
                                        "\" none");
    }
}

TEST_CASE("every code received is echoed or fails as the contract lists it",
          "[6455-5.5.1-07][6455-5.5.1-08][6455-7.4.2-01][6455-7.4.1-06][6455-7.1.5-01][CLOSE-26]") {
    for (const Role role : both_roles) {
        for (unsigned code = 0; code <= 0xFFFF; ++code) {
            if (code > 5100 && code % 127 != 0) continue;
            const bool listed = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                                (code >= 3000 && code <= 4999);
            const bool not_ours = role == Role::server && code == 1010;
            const unsigned reply = !listed ? 1002 : not_ours ? 1000 : code;
            Rig rig;
            Drive drive(rig, role);
            drive.feed(close_frame(other(role), code, "why"));
            const std::string story =
                listed ? "closing " + std::to_string(code) + " \"why\"" : "failed 1002";
            if (drive.story.text().rfind(story, 0) == 0 && drive.story.lines().size() == 1 &&
                sent_frames(drive) == "88 <" + close_body(reply) + ">")
                continue;
            INFO(code);
            CHECK(drive.story.text() == story);
            CHECK(false);
        }
    }
}

TEST_CASE("a Close body of one octet, or a reason that is not UTF-8, fails",
          "[6455-5.5.1-02][6455-5.5.1-03][6455-8.1-01]") {
    for (const Role role : both_roles) {
        Replay replay;
        replay.role = role;
        const Octets torn = frame(other(role), 0x88, std::string_view("\x03", 1));
        CHECK(at_every_cut(replay, torn).story == "failed 1002 truncated_close_code");
        const Octets bad = close_frame(other(role), 1000, "abc\xFF");
        CHECK(at_every_cut(replay, bad).story == "failed 1007 invalid_close_reason");
        const Octets cut = close_frame(other(role), 1000, "abc\xE2\x82");
        CHECK(at_every_cut(replay, cut).story == "failed 1007 invalid_close_reason");
    }
}

TEST_CASE("the reply may be changed until it is committed", "[6455-5.5.1-08][6455-5.5.1-09]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        drive.feed(close_frame(other(role), 1000));
        CHECK(drive.story.text() == "closing 1000 \"\"");
        CHECK(drive->close(CloseCode{4001}, "ours") == Refusal::none);
        CHECK(drive->close(CloseCode{4002}, "better") == Refusal::none);
        std::array<Slice, 4> slices;
        CHECK(drive->gather(slices) == 1);
        CHECK(drive->close(CloseCode{4003}) == Refusal::close_committed);
        CHECK(sent_frames(drive) == "88 <0fa2" + hex(octets_of("better")) + ">");
        drive.end();
        CHECK(drive.story.lines().back() == "closed clean sent 4002 received 1000 \"\" none");
    }
}

TEST_CASE("a refused change of the reply leaves the reply as it was") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    drive.feed(close_frame(Role::client, 3333));
    CHECK(drive->close(CloseCode::extension_required) == Refusal::invalid_close_code);
    CHECK(drive->close(CloseCode::normal, std::string(124, 'r')) == Refusal::reason_too_long);
    rig.allocator.fail(0, CountingAllocator::Failure::for_ever);
    CHECK(drive->close(CloseCode::normal, "a reason needs memory") == Refusal::out_of_memory);
    CHECK(sent_frames(drive) == "88 <0d05>");
}

TEST_CASE("closing twice sends one Close, whatever the second call says", "[6455-7.1.2-01]"
                                                                          "[CLOSE-37]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        CHECK(drive->close(CloseCode::going_away, "first") == Refusal::none);
        CHECK(drive->close(CloseCode::normal, "second") == Refusal::none);
        CHECK(sent_frames(drive) == "88 <03e9" + hex(octets_of("first")) + ">");
        CHECK(drive->close(CloseCode::normal, "third") == Refusal::none);
        CHECK(sent_frames(drive).empty());
    }
}

TEST_CASE("when both close at once, each reports the code received and sends one Close",
          "[6455-5.5.1-16][6455-7.1.5-01][6455-7.1.3-01]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->close(CloseCode::going_away, "mine") == Refusal::none);
        drive.drain();
        drive.output.clear();
        drive.feed(close_frame(other(role), 1000, "yours"));
        CHECK(sent_frames(drive).empty());
        CHECK(drive->close(CloseCode{4000}) == Refusal::none);
        CHECK(sent_frames(drive).empty());
        drive.end();
        CHECK(drive.story.text() ==
              "closing 1000 \"yours\"\nclosed clean sent 1001 received 1000 \"yours\" none");
    }
}

TEST_CASE("a Close that waits behind data when the peer's comes is still the only one") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    CHECK(drive->send(MessageKind::text, as_bytes("before")) == Refusal::none);
    CHECK(drive->close(CloseCode::going_away) == Refusal::none);
    drive.feed(close_frame(Role::client, 1000));
    CHECK(sent_frames(drive) == "81 \"before\"\n88 <03e9>");
    CHECK(drive->wants().end_write());
}

TEST_CASE("no message follows our Close, and the call says so",
          "[6455-5.5.1-06][6455-6.1-02][6455-5.1-07][CLOSE-38]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        std::array<std::byte, 4> octets = {};
        CHECK(drive->close() == Refusal::none);
        drive.taken();
        CHECK(drive->send(MessageKind::text, {}) == Refusal::not_open);
        CHECK(drive->send_lent(MessageKind::text, {}, Token{1}) == Refusal::not_open);
        CHECK(drive->send_lent_mutable(MessageKind::binary, octets, Token{2}) == Refusal::not_open);
        CHECK(drive->send_begin(MessageKind::text) == Refusal::not_open);
        CHECK(drive->send_part({}, true) == Refusal::not_open);
        CHECK(drive->ping() == Refusal::not_open);
        CHECK(drive.taken().empty());
        CHECK_FALSE(drive->next_released());
        drive.end(TransportEnd::broken);
        CHECK(drive->state() == State::closed);
        CHECK(drive->send(MessageKind::text, {}) == Refusal::not_open);
        CHECK(drive->ping() == Refusal::not_open);
        CHECK(drive.taken().empty());
    }
}

TEST_CASE("a Close ends a message that is being streamed out", "[6455-6.1-03]") {
    Rig rig;
    Drive drive(rig, Role::server);
    CHECK(drive->send_begin(MessageKind::text) == Refusal::none);
    CHECK(drive->send_part(as_bytes("begun"), false) == Refusal::none);
    CHECK(drive->close() == Refusal::none);
    CHECK(drive->send_part(as_bytes("ended"), true) == Refusal::not_open);
    CHECK(sent_frames(drive) == "01 \"begun\"\n88 <03e8>");
}

TEST_CASE("messages between our Close and the peer's are delivered, or dropped by an option") {
    for (const Role role : both_roles) {
        for (const bool deliver : {true, false}) {
            Replay replay;
            replay.role = role;
            replay.configure = [deliver](Config& config) { config.deliver_after_close = deliver; };
            replay.before = [](Drive& drive) { CHECK(drive->close() == Refusal::none); };
            const Octets input =
                joined({frame(other(role), 0x81, "late"), close_frame(other(role), 1000)});
            CHECK(at_every_cut(replay, input).story ==
                  (deliver ? "text \"late\"\nclosing 1000 \"\"" : "closing 1000 \"\""));
        }
    }
}

TEST_CASE("messages after our Close are validated even when they are dropped", "[6455-8.1-01]") {
    Replay replay;
    replay.configure = [](Config& config) { config.deliver_after_close = false; };
    replay.before = [](Drive& drive) { CHECK(drive->close() == Refusal::none); };
    const Outcome outcome = at_every_cut(replay, frame(Role::client, 0x81, "late \xFF"));
    CHECK(outcome.story == "failed 1000 invalid_utf8");
    CHECK(outcome.output == "880203e8");
    CHECK(outcome.state == State::failed);
}

TEST_CASE("octets after the peer's Close are discarded, and the end is still clean",
          "[6455-7.1.1-01][6455-7.1.4-02]") {
    for (const Role role : both_roles) {
        Replay replay;
        replay.role = role;
        replay.after = [](Drive& drive) { drive.end(); };
        const Octets input =
            joined({close_frame(other(role), 1000), unhex("ffffffff"),
                    frame(other(role), 0x81, "no"), close_frame(other(role), 4000)});
        CHECK(at_every_cut(replay, input).story ==
              "closing 1000 \"\"\nclosed clean sent 1000 received 1000 \"\" none");
    }
}

TEST_CASE("a Close inside a message is a normal close that tells of the dropped part",
          "[6455-5.4-12]") {
    for (const Role role : both_roles) {
        Replay replay;
        replay.role = role;
        const Octets input =
            joined({frame(other(role), 0x01, "never whole"), close_frame(other(role), 1001)});
        CHECK(at_every_cut(replay, input).story == "closing 1001 \"\" dropped");
    }
}

TEST_CASE("a server that closed with its peer ends its side, lingers, and then closes",
          "[6455-5.5.1-12][6455-5.5.1-13][6455-7.1.1-03][6455-7.1.1-05][6455-7.1.2-02]") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    drive.feed(close_frame(Role::client, 1000));
    CHECK(drive->wants().write());
    CHECK_FALSE(drive->wants().end_write());
    drive.drain();
    CHECK(drive->wants() == Wants(Wants::read_bit | Wants::end_write_bit));
    CHECK(drive->deadline() == drive.now + seconds(2));
    drive.write_ended();
    CHECK(drive->wants() == Wants(Wants::read_bit));
    drive.feed(octets_of("what the peer still had under way"));
    CHECK(drive.last_refusal == Refusal::none);
    SECTION("at the peer's end") { drive.end(); }
    SECTION("at a break") { drive.end(TransportEnd::broken); }
    SECTION("when linger has passed") { drive.pass(seconds(2)); }
    CHECK(drive.story.text() ==
          "closing 1000 \"\"\nclosed clean sent 1000 received 1000 \"\" none");
    CHECK(wants_nothing_but_close(drive));
    CHECK(drive->deadline() == never);
}

TEST_CASE("with linger 0 a server closes as soon as its output is written") {
    Rig rig;
    rig.config.waits.linger = seconds(0);
    Drive drive(rig, Role::server);
    drive.feed(close_frame(Role::client, 1000));
    CHECK(drive.story.lines().back() == "closed clean sent 1000 received 1000 \"\" none");
    CHECK(wants_nothing_but_close(drive));
}

TEST_CASE("the lingering does not begin anew with what the peer sends") {
    Rig rig;
    Drive drive(rig, Role::server);
    drive.feed(close_frame(Role::client, 1000)).write_ended();
    drive.pass(milliseconds(1500)).feed(octets_of("more"));
    drive.pass(milliseconds(499));
    CHECK(drive->state() == State::closing);
    drive.pass(milliseconds(1));
    CHECK(wants_nothing_but_close(drive));
}

TEST_CASE("a lingering longer than the wait for a Close has all of its time") {
    Rig rig;
    rig.config.waits.linger = seconds(25);
    Drive drive(rig, Role::server);
    drive.feed(close_frame(Role::client, 1000)).write_ended();
    CHECK(drive->deadline() == drive.now + seconds(25));
    drive.pass(milliseconds(24'999));
    CHECK(drive->state() == State::closing);
    drive.pass(milliseconds(1));
    CHECK(wants_nothing_but_close(drive));
}

TEST_CASE("lingering ends on time when the sending side was never shut") {
    Rig rig;
    Drive drive(rig, Role::server);
    drive.feed(close_frame(Role::client, 1000));
    CHECK(drive->wants().end_write());
    drive.pass(seconds(2));
    CHECK(wants_nothing_but_close(drive));
}

TEST_CASE("a client that closed cleanly waits for the server's end, until the close deadline",
          "[6455-5.5.1-14][6455-5.5.1-15][6455-7.1.1-04][6455-7.1.1-06]") {
    Rig rig;
    Drive drive(rig, Role::client);
    CHECK(drive->close() == Refusal::none);
    drive.pass(seconds(3)).feed(close_frame(Role::server, 1000));
    CHECK(drive->wants() == Wants(Wants::read_bit));
    SECTION("the end comes") {
        drive.end();
        CHECK(drive.story.lines().back() == "closed clean sent 1000 received 1000 \"\" none");
    }
    SECTION("the end does not come") {
        CHECK(drive->deadline() == Time{1'000'000'000} + seconds(13));
        drive.pass(seconds(10));
        CHECK(drive.story.lines().back() == "closed clean sent 1000 received 1000 \"\" none");
    }
    CHECK(wants_nothing_but_close(drive));
}

TEST_CASE("after a failure either role ends its side, reads on and discards",
          "[6455-7.1.7-01][6455-7.2.1-01][6455-7.1.7-03][6455-7.1.7-05][6455-7.1.7-07]"
          "[6455-10.7-03][6455-7.1.7-02][6455-7.1.7-04]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        drive.feed(frame(other(role), 0x83, "x"));
        CHECK(drive.story.text() == "failed 1002 reserved_opcode");
        CHECK(sent_frames(drive) == "88 <03ea>");
        CHECK(drive->state() == State::failed);
        CHECK(drive->wants() == Wants(Wants::read_bit | Wants::end_write_bit));
        drive.write_ended();
        drive.feed(frame(other(role), 0x81, "ignored")).feed(close_frame(other(role), 1000));
        CHECK(drive.story.lines().size() == 1);
        drive.end();
        CHECK(drive.story.lines().back() ==
              "closed unclean sent 1002 received 1006 \"\" violation");
        CHECK(drive->state() == State::failed);
        CHECK(wants_nothing_but_close(drive));
        CHECK(sent_frames(drive).empty());
    }
}

TEST_CASE("a failure after our Close sends no second one, and reports what was sent",
          "[6455-7.1.7-05][6455-7.1.5-03]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->close(CloseCode::going_away) == Refusal::none);
        drive.feed(frame(other(role), 0xC1)).end();
        CHECK(drive.story.text() == "failed 1001 reserved_bit\n"
                                    "closed unclean sent 1001 received 1006 \"\" violation");
        CHECK(sent_frames(drive) == "88 <03e9>");
    }
}

TEST_CASE("the end of input without a Close is 1006 and not clean",
          "[6455-7.1.4-01][6455-7.1.4-02][6455-7.1.5-03][6455-7.2.1-02]") {
    for (const Role role : both_roles) {
        for (const TransportEnd how : {TransportEnd::orderly, TransportEnd::broken}) {
            const std::string cause =
                how == TransportEnd::orderly ? "transport_ended" : "transport_broken";
            Rig rig;
            Drive drive(rig, role);
            drive.feed(frame(other(role), 0x81, "hi")).end(how);
            CHECK(drive.story.text() ==
                  "text \"hi\"\nclosed unclean sent 1006 received 1006 \"\" " + cause);
            CHECK(drive->state() == State::closed);
            CHECK(wants_nothing_but_close(drive));
        }
    }
}

TEST_CASE("the end of input after our Close alone is 1006 and not clean", "[6455-7.1.5-03]"
                                                                          "[CLOSE-40]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->close(CloseCode::going_away) == Refusal::none);
        drive.end();
        CHECK(drive.story.text() == "closed unclean sent 1001 received 1006 \"\" transport_ended");
    }
}

TEST_CASE("octets lent before the end are pulled before the end is told") {
    Rig rig;
    Drive drive(rig, Role::server);
    Octets input = joined({frame(Role::client, 0x81, "a"), close_frame(Role::client, 1000)});
    CHECK(drive->receive(input, drive.now) == Refusal::none);
    drive->receive_end(TransportEnd::orderly, drive.now);
    drive.pull();
    CHECK(drive.story.text() ==
          "text \"a\"\nclosing 1000 \"\"\nclosed clean sent 1000 received 1000 \"\" none");
}

TEST_CASE("the reply is still written when the peer ended its side with its Close") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        drive.feed(close_frame(other(role), 1000)).end();
        CHECK(drive.story.text() == "closing 1000 \"\"");
        CHECK(drive->wants() == Wants(Wants::write_bit));
        CHECK(sent_frames(drive) == "88 <03e8>");
        drive.pull();
        CHECK(drive.story.lines().back() == "closed clean sent 1000 received 1000 \"\" none");
    }
}

TEST_CASE("a reply that was never written leaves the closing unclean", "[6455-7.1.4-02]") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    drive.feed(close_frame(Role::client, 1000)).end(TransportEnd::broken);
    CHECK(drive.story.lines().back() ==
          "closed unclean sent 1000 received 1000 \"\" transport_broken");
}

TEST_CASE("the close clock starts when the Close is queued, not when it is written") {
    Rig rig;
    Drive drive(rig, Role::client, Drain::nothing);
    drive->advance(drive.now);
    CHECK(drive->close() == Refusal::none);
    drive.pass(seconds(1));
    drive.pass(seconds(8));
    drive.drain();
    drive.pass(milliseconds(1999));
    CHECK(drive->state() == State::closing);
    drive.pass(milliseconds(1));
    CHECK(drive.story.text() == "closed unclean sent 1000 received 1006 \"\" close_timeout");
}

TEST_CASE("close, end and destruction are legal in every state, and change nothing twice",
          "[API-14]") {
    for (const Role role : both_roles) {
        for (int stage = 0; stage < 8; ++stage) {
            Rig rig;
            Drive drive(rig, role);
            if (stage == 1) CHECK(drive->close() == Refusal::none);
            if (stage == 2) drive.feed(close_frame(other(role), 1000));
            if (stage == 3) drive.feed(frame(other(role), 0x83));
            if (stage == 4) drive.feed(close_frame(other(role), 1000)).write_ended();
            if (stage == 5) drive.end();
            if (stage == 6) drive.feed(close_frame(other(role), 1000)).end();
            if (stage == 7) drive->abort(drive.now);
            for (int round = 0; round < 2; ++round) {
                CHECK(drive->close() == Refusal::none);
                drive.drain();
                drive.write_ended();
                drive.end().end(TransportEnd::broken);
                CHECK(drive->close(CloseCode{4000}, "again") == Refusal::none);
                drive->abort(drive.now);
                drive.pull();
            }
            std::size_t closed = 0, closes = 0;
            for (const std::string& line : drive.story.lines())
                closed += line.rfind("closed", 0) == 0;
            for (const WireFrame& frame : read_frames(drive.output)) closes += frame.first == 0x88;
            INFO("stage " << stage);
            CHECK(closed == 1);
            CHECK(closes <= 1);
            CHECK(drive.story.lines().back().rfind("closed", 0) == 0);
            CHECK(wants_nothing_but_close(drive));
            CHECK(drive->deadline() == never);
        }
    }
}

TEST_CASE("receive after the end is refused, and after the closing handshake discards",
          "[API-14]") {
    Rig rig;
    Drive drive(rig, Role::server);
    drive.feed(close_frame(Role::client, 1000)).feed(octets_of("late"));
    CHECK(drive.last_refusal == Refusal::none);
    drive.end().feed(octets_of("later"));
    CHECK(drive.last_refusal == Refusal::transport_ended);
}

TEST_CASE("abort ends at once, unclean, with no Close", "[6455-7.1.1-02][6455-10.7-02]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        CHECK(drive->send(MessageKind::text, as_bytes("unsent")) == Refusal::none);
        CHECK(drive->send_lent(MessageKind::text, as_bytes("lent"), Token{7}) == Refusal::none);
        drive->abort(drive.now);
        CHECK_FALSE(drive->wants().write());
        drive.pull();
        CHECK(drive.story.text() == "closed unclean sent 1006 received 1006 \"\" aborted");
        CHECK(wants_nothing_but_close(drive));
        CHECK(drive.taken().empty());
        CHECK(drive->next_released() == Token{7});
        CHECK_FALSE(drive->next_released());
    }
}

TEST_CASE("wants is exactly close once closed was pulled, and not before") {
    Rig rig;
    Drive drive(rig, Role::server);
    drive->receive_end(TransportEnd::orderly, drive.now);
    CHECK(drive->wants() == Wants());
    CHECK(drive->state() == State::closed);
    CHECK(drive->next_event().kind() == EventKind::closed);
    CHECK(wants_nothing_but_close(drive));
    CHECK_FALSE(drive->next_event());
}

TEST_CASE("a server may close whenever it wants, and so may a client",
          "[6455-7.3-01][6455-7.3-02][6455-7.4.1-02]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        drive.feed(frame(other(role), 0x82, "binary"));
        CHECK(drive->close(CloseCode::unsupported_data, "text only") == Refusal::none);
        drive.feed(close_frame(other(role), 1003)).end();
        CHECK(drive.story.lines().back() == "closed clean sent 1003 received 1003 \"\" none");
    }
}

TEST_CASE("the reply follows a message that was queued before it", "[6455-5.5.1-10]") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    CHECK(drive->send(MessageKind::text, as_bytes("first")) == Refusal::none);
    drive.feed(close_frame(Role::client, 1000));
    CHECK(sent_frames(drive) == "81 \"first\"\n88 <03e8>");
}

TEST_CASE("the event of the peer's Close names the code of ours, queued or sent before",
          "[6455-5.5.1-07][6455-5.5.1-08]") {
    struct Case {
        bool we_close_first;
        unsigned received;
        CloseCode sent;
    };
    constexpr Case cases[] = {{false, 1000, CloseCode::normal},
                              {false, 1010, CloseCode::normal},  // not a server's to echo
                              {false, 4001, CloseCode{4001}},
                              {true, 1000, CloseCode::going_away}};
    for (const Case& one : cases) {
        Rig rig;
        Drive drive(rig, Role::server);
        if (one.we_close_first) CHECK(drive->close(CloseCode::going_away) == Refusal::none);
        Octets input = close_frame(Role::client, one.received);
        CHECK(drive->receive(input, drive.now) == Refusal::none);
        const Event event = drive->next_event();
        CHECK(event.kind() == EventKind::closing);
        CHECK(event.code_received() == CloseCode{static_cast<std::uint16_t>(one.received)});
        CHECK(event.code_sent() == one.sent);
    }
}
