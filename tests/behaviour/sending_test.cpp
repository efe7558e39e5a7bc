// SPDX-License-Identifier: MIT
// Our direction: copies and loans, streams and splits, what is refused, and what a driver sees of the
// output. RFC 6455 §5.4, §6.1
#include "support/catch.hpp"
#include "support/drive.hpp"

#include <array>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};

std::string sent_frames(Drive& drive) {
    drive.drain();
    const std::string words = frames_in_words(drive.output);
    drive.output.clear();
    return words;
}

}  // namespace

TEST_CASE("a message goes out as one frame of its type, FIN set",
          "[6455-6.1-01][6455-6.1-04][6455-6.1-06][6455-6.1-07][6455-5.2-03][6455-5.4-01]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->send(MessageKind::text, as_bytes("Hello")) == Refusal::none);
        CHECK(drive->send(MessageKind::binary, as_bytes("\xFF")) == Refusal::none);
        CHECK(drive->send(MessageKind::text, {}) == Refusal::none);
        CHECK(sent_frames(drive) == "81 \"Hello\"\n82 <ff>\n81 \"\"");
    }
}

TEST_CASE("a copied message may be changed as soon as the call is over", "[6455-10.3-02]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        std::string text = "first";
        CHECK(drive->send(MessageKind::text, as_bytes(text)) == Refusal::none);
        text = "other";
        CHECK(sent_frames(drive) == "81 \"first\"");
    }
}

TEST_CASE("an event's payload may be sent back from where it lies") {
    for (const Role role : both_roles)
        for (const std::size_t cut : {0U, 7U, 9U}) {
            Rig rig;
            Drive drive(rig, role, Drain::nothing);
            Octets input = frame(other(role), 0x81, "echo me");
            std::size_t from = 0;
            for (const std::size_t to : {cut, input.size()}) {
                CHECK(drive->receive(Bytes(input).subspan(from, to - from), drive.now) ==
                      Refusal::none);
                while (const Event event = drive->next_event())
                    CHECK(drive->send(event.message_kind(), event.payload()) == Refusal::none);
                from = to;
            }
            CHECK(sent_frames(drive) == "81 \"echo me\"");
        }
}

TEST_CASE("lent octets are never changed, and are ours until the token comes") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        const std::string lent = "lent octets";
        std::string kept = lent;
        CHECK(drive->send_lent(MessageKind::text, as_bytes(kept), Token{5}) == Refusal::none);
        CHECK_FALSE(drive->next_released());
        CHECK(sent_frames(drive) == "81 \"lent octets\"");
        CHECK(kept == lent);
        CHECK(drive->next_released() == Token{5});
        CHECK_FALSE(drive->next_released());
        CHECK(drive->output_size() == 0);
    }
}

TEST_CASE("a server lends what it sends and a client copies it through the mask") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        const std::string lent(5000, 'x');
        CHECK(drive->send_lent(MessageKind::text, as_bytes(lent), Token{5}) == Refusal::none);
        std::array<Slice, 8> slices;
        bool shown = false;
        const std::size_t count = drive->gather(slices);
        for (std::size_t index = 0; index < count; ++index)
            shown = shown || slices[index].bytes().data() == as_bytes(lent).data();
        CHECK(shown == (role == Role::server));
    }
}

TEST_CASE("octets lent to be changed are masked where they are, and copied by nobody",
          "[6455-5.3-05]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        Octets lent = octets_of(std::string(5000, 'x'));
        CHECK(drive->send_lent_mutable(MessageKind::text, lent, Token{5}) == Refusal::none);
        CHECK(rig.allocator.live_size() < 2048);
        std::array<Slice, 8> slices;
        REQUIRE(drive->gather(slices) == 2);
        CHECK(slices[1].bytes().data() == lent.data());
        CHECK(sent_frames(drive) == "81 " + quoted(octets_of(std::string(5000, 'x'))));
        CHECK(drive->next_released() == Token{5});
    }
}

TEST_CASE("tokens come back in the order lent, each once, when the transport let go") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        const std::string lent = "lent";
        for (std::uint64_t token = 1; token <= 5; ++token)
            CHECK(drive->send_lent(MessageKind::text, as_bytes(lent), Token{token}) ==
                  Refusal::none);
        std::array<Slice, 32> slices;
        std::size_t size = 0;
        const std::size_t count = drive->gather(slices);
        for (std::size_t index = 0; index < count; ++index) size += slices[index].size();
        drive->handed_over(size, drive.now);
        CHECK(drive->gather(slices) == 0);
        CHECK_FALSE(drive->next_released());
        drive->reusable(size - 1);
        for (std::uint64_t token = 1; token <= 4; ++token)
            CHECK(drive->next_released() == Token{token});
        CHECK_FALSE(drive->next_released());
        drive->reusable(1);
        CHECK(drive->next_released() == Token{5});
        CHECK_FALSE(drive->next_released());
    }
}

TEST_CASE("every token comes back when several wait and nothing else is held") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        for (std::uint64_t token = 1; token <= 3; ++token) {
            CHECK(drive->send_lent(MessageKind::text, as_bytes("lent"), Token{token}) ==
                  Refusal::none);
            CHECK(drive->send(MessageKind::text, as_bytes("copied")) == Refusal::none);
        }
        drive.drain();
        for (std::uint64_t token = 1; token <= 3; ++token)
            CHECK(drive->next_released() == Token{token});
        CHECK_FALSE(drive->next_released());
        CHECK(rig.pool.leased_size() == 0);
    }
}

TEST_CASE("an empty loan gives its token back, and token zero names nothing") {
    CHECK_FALSE(Token{} == Token{3});
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->send_lent(MessageKind::text, {}, Token{3}) == Refusal::none);
        CHECK(drive->send_lent(MessageKind::text, as_bytes("x"), Token{}) == Refusal::none);
        CHECK(sent_frames(drive) == "81 \"\"\n81 \"x\"");
        CHECK(drive->next_released() == Token{3});
        CHECK_FALSE(drive->next_released());
        CHECK(rig.pool.leased_size() == 0);
    }
}

TEST_CASE("an empty loan holds up no control frame behind it") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        Octets nothing;
        CHECK(drive->send_lent_mutable(MessageKind::text, nothing, Token{1}) == Refusal::none);
        CHECK(drive->send_lent(MessageKind::text, nothing, Token{2}) == Refusal::none);
        drive.drain();
        CHECK(drive->ping(as_bytes("ping")) == Refusal::none);
        CHECK(drive->close() == Refusal::none);
        CHECK(sent_frames(drive) == "81 \"\"\n81 \"\"\n89 \"ping\"\n88 <03e8>");
        CHECK(drive->output_size() == 0);
        CHECK(drive->next_released() == Token{1});
        CHECK(drive->next_released() == Token{2});
    }
}

TEST_CASE("tokens come back when the transport breaks, those in flight when they are reusable") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    for (std::uint64_t token = 1; token <= 3; ++token)
        CHECK(drive->send_lent(MessageKind::text, as_bytes("lent"), Token{token}) == Refusal::none);
    std::array<Slice, 2> slices;
    CHECK(drive->gather(slices) == 2);
    drive->handed_over(6, drive.now);
    drive.end(TransportEnd::broken);
    CHECK_FALSE(drive->next_released());
    drive->reusable(6);
    for (std::uint64_t token = 1; token <= 3; ++token)
        CHECK(drive->next_released() == Token{token});
    CHECK_FALSE(drive->next_released());
    CHECK(drive->output_size() == 0);
}

TEST_CASE("a streamed message is one frame for each part, the last with FIN",
          "[6455-5.4-02][6455-5.4-13][6455-6.1-05][6455-6.1-06][6455-6.1-07][OUT-14]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->send_begin(MessageKind::text) == Refusal::none);
        CHECK(drive->send_part(as_bytes("He"), false) == Refusal::none);
        CHECK(drive->send_part({}, false) == Refusal::none);
        CHECK(drive->send_part(as_bytes("llo"), false) == Refusal::none);
        CHECK(drive->send_part({}, true) == Refusal::none);
        CHECK(sent_frames(drive) == "01 \"He\"\n00 \"llo\"\n80 \"\"");
        CHECK(drive->send_begin(MessageKind::binary) == Refusal::none);
        CHECK(drive->send_part(as_bytes("once"), true) == Refusal::none);
        CHECK(sent_frames(drive) == "82 \"once\"");
    }
}

TEST_CASE("no other message enters one that is streamed", "[6455-5.4-11]") {
    Rig rig;
    Drive drive(rig, Role::server);
    Octets mutable_octets = octets_of("m");
    CHECK(drive->send_part({}, true) == Refusal::no_message_in_progress);
    CHECK(drive->send_begin(MessageKind::text) == Refusal::none);
    CHECK(drive->send_begin(MessageKind::text) == Refusal::message_in_progress);
    CHECK(drive->send(MessageKind::text, {}) == Refusal::message_in_progress);
    CHECK(drive->send_lent(MessageKind::text, {}, Token{1}) == Refusal::message_in_progress);
    CHECK(drive->send_lent_mutable(MessageKind::text, mutable_octets, Token{1}) ==
          Refusal::message_in_progress);
    CHECK(drive->ping(as_bytes("but a ping may")) == Refusal::none);
    CHECK(drive->send_part(as_bytes("x"), true) == Refusal::none);
    CHECK(drive->send_part(as_bytes("y"), true) == Refusal::no_message_in_progress);
    CHECK(sent_frames(drive) == "89 \"but a ping may\"\n81 \"x\"");
    CHECK_FALSE(drive->next_released());
}

TEST_CASE("messages above the frame size are split, exactly the size is not",
          "[6455-5.4-13][6455-5.4-02][OUT-14]") {
    for (const Role role : both_roles)
        for (const bool lends : {false, true}) {
            Rig rig;
            rig.config.limits.send_frame_size_max = 3;
            Drive drive(rig, role);
            const auto send = [&](std::string_view text) {
                return lends ? drive->send_lent(MessageKind::text, as_bytes(text), Token{1})
                             : drive->send(MessageKind::text, as_bytes(text));
            };
            CHECK(send("abc") == Refusal::none);
            CHECK(send("abcd") == Refusal::none);
            CHECK(send("abcdefg") == Refusal::none);
            CHECK(send("") == Refusal::none);
            CHECK(sent_frames(drive) ==
                  "81 \"abc\"\n01 \"abc\"\n80 \"d\"\n01 \"abc\"\n00 \"def\"\n80 \"g\"\n81 \"\"");
            for (int count = 0; count < 4; ++count) CHECK(bool(drive->next_released()) == lends);
            CHECK_FALSE(drive->next_released());
        }
}

TEST_CASE("large messages of every size leave as they came", "[6455-5.2-09][6455-5.2-10]") {
    for (const Role role : both_roles)
        for (const std::size_t size : {125U, 126U, 127U, 4095U, 4097U, 65535U, 65536U, 300000U}) {
            std::string text(size, '.');
            for (std::size_t index = 0; index < size; ++index)
                text[index] = static_cast<char>('a' + index % 23);
            Rig rig;
            Drive drive(rig, role, Drain::nothing);
            CHECK(drive->send(MessageKind::text, as_bytes(text)) == Refusal::none);
            CHECK(drive->send_lent(MessageKind::binary, as_bytes(text), Token{1}) == Refusal::none);
            const std::string words = quoted(as_bytes(text));
            CHECK(sent_frames(drive) == "81 " + words + "\n82 " + words);
        }
}

TEST_CASE("beyond output_max sends are refused and control frames are not") {
    Rig rig;
    rig.config.limits.output_max = 100;
    Drive drive(rig, Role::server, Drain::nothing);
    const std::string text(60, 'x');
    CHECK(drive->send(MessageKind::text, as_bytes(text)) == Refusal::none);
    const std::size_t held = drive->output_size();
    CHECK(drive->send(MessageKind::text, as_bytes(text)) == Refusal::output_full);
    CHECK(drive->send_lent(MessageKind::text, as_bytes(text), Token{1}) == Refusal::output_full);
    CHECK(drive->send_begin(MessageKind::text) == Refusal::none);
    CHECK(drive->send_part(as_bytes(text), false) == Refusal::output_full);
    CHECK(drive->output_size() == held);
    CHECK(drive->ping(as_bytes(text)) == Refusal::none);
    drive.feed(frame(Role::client, 0x89, std::string_view(text)));
    CHECK(drive->close() == Refusal::none);
    const std::string words = quoted(as_bytes(text));
    CHECK(sent_frames(drive) == "89 " + words + "\n8a " + words + "\n81 " + words + "\n88 <03e8>");
    CHECK_FALSE(drive->next_released());
}

TEST_CASE("a part that was refused may be sent again when there is room") {
    Rig rig;
    rig.config.limits.output_max = 10;
    Drive drive(rig, Role::client, Drain::nothing);
    CHECK(drive->send_begin(MessageKind::text) == Refusal::none);
    CHECK(drive->send_part(as_bytes("12345678\xC3"), false) == Refusal::none);
    CHECK(drive->send_part(as_bytes("\xA9"), true) == Refusal::output_full);
    CHECK(sent_frames(drive) == "01 <3132333435363738c3>");
    CHECK(drive->send_part(as_bytes("\xA9"), true) == Refusal::none);
    CHECK(sent_frames(drive) == "80 <a9>");
}

TEST_CASE("above output_high reading is no longer wanted, until the output is drained") {
    Rig rig;
    rig.config.limits.output_high = 100;
    Drive drive(rig, Role::server, Drain::nothing);
    CHECK(drive->wants() == Wants(Wants::read_bit));
    CHECK(drive->send(MessageKind::text, as_bytes(std::string(98, 'x'))) == Refusal::none);
    CHECK(drive->output_size() == 100);
    CHECK(drive->wants() == Wants(Wants::read_bit | Wants::write_bit));
    CHECK(drive->send(MessageKind::text, {}) == Refusal::none);
    CHECK(drive->wants() == Wants(Wants::write_bit));
    std::array<Slice, 4> slices;
    CHECK(drive->gather(slices) >= 1);
    drive->handed_over(102, drive.now);
    CHECK(drive->wants() == Wants());
    drive->reusable(2);
    CHECK(drive->wants() == Wants(Wants::read_bit));
    drive->reusable(100);
    CHECK(drive->wants() == Wants(Wants::read_bit));
}

TEST_CASE("more acknowledged than was shown counts as all that was shown") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    CHECK(drive->send(MessageKind::text, as_bytes("first")) == Refusal::none);
    drive->wrote(1000, drive.now);
    CHECK(drive->output_size() == 7);
    std::array<Slice, 4> slices;
    CHECK(drive->gather(slices) == 1);
    CHECK(drive->send_lent(MessageKind::text, as_bytes("unseen"), Token{1}) == Refusal::none);
    drive->wrote(1000, drive.now);
    CHECK(drive->output_size() == 8);
    CHECK(sent_frames(drive) == "81 \"unseen\"");
    drive->reusable(1000);
    drive->wrote(0, drive.now);
    CHECK(drive->output_size() == 0);
}

TEST_CASE("an unacknowledged prefix is shown again octet for octet", "[6455-6.1-09]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        CHECK(drive->send(MessageKind::text, as_bytes("first")) == Refusal::none);
        std::array<Slice, 8> before, after;
        CHECK(drive->gather(before) == 1);
        const Octets shown = copy_of(before[0].bytes());
        CHECK(drive->send(MessageKind::text, as_bytes("second")) == Refusal::none);
        CHECK(drive->ping() == Refusal::none);
        CHECK(drive->gather(after) >= 2);
        CHECK(after[0].data() == before[0].data());
        CHECK(copy_of(before[0].bytes()) == shown);
        drive->wrote(3, drive.now);
        CHECK(drive->gather(after) >= 2);
        CHECK(after[0].data() == before[0].data() + 3);
    }
}

TEST_CASE("write_output in pieces of any size gives what gather gives") {
    const auto fill = [](Drive& drive) {
        CHECK(drive->send(MessageKind::text, as_bytes("copied")) == Refusal::none);
        CHECK(drive->send_lent(MessageKind::text, as_bytes("lent"), Token{1}) == Refusal::none);
        CHECK(drive->ping(as_bytes("ping")) == Refusal::none);
        CHECK(drive->close(CloseCode::normal, "reason") == Refusal::none);
    };
    for (const Role role : both_roles) {
        Rig gathering;
        Drive whole(gathering, role, Drain::gather);
        fill(whole);
        whole.pull();
        for (std::size_t size = 1; size <= whole.output.size() + 1; ++size) {
            Rig rig;
            Drive drive(rig, role, Drain::nothing);
            fill(drive);
            Octets piece(size);
            while (const std::size_t written = drive->write_output(piece, drive.now))
                append(drive.output, ConstBytes(piece).first(written));
            CHECK(hex(drive.output) == hex(whole.output));
        }
    }
}

TEST_CASE("write_output waits while octets are handed over and not reusable") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    CHECK(drive->send(MessageKind::text, as_bytes("x")) == Refusal::none);
    std::array<Slice, 1> slices;
    CHECK(drive->gather(slices) == 1);
    drive->handed_over(1, drive.now);
    Octets piece(10);
    CHECK(drive->write_output(piece, drive.now) == 0);
    drive->reusable(1);
    CHECK(drive->write_output(piece, drive.now) == 2);
}

TEST_CASE("wrote behind octets in flight hands over, and frees nothing out of order") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    for (const std::uint64_t token : {1U, 2U})
        CHECK(drive->send_lent(MessageKind::text, as_bytes("lent"), Token{token}) == Refusal::none);
    std::array<Slice, 4> slices;
    CHECK(drive->gather(slices) == 4);
    drive->handed_over(6, drive.now);
    drive->wrote(6, drive.now);
    CHECK_FALSE(drive->next_released());
    drive->reusable(6);
    CHECK(drive->next_released() == Token{1});
    CHECK_FALSE(drive->next_released());
    drive->reusable(6);
    CHECK(drive->next_released() == Token{2});
}

TEST_CASE("what was shown stays readable through the end, until it is acknowledged") {
    for (int ending = 0; ending < 3; ++ending) {
        Rig rig;
        Drive drive(rig, Role::server, Drain::nothing);
        Octets lent = octets_of("lent");
        CHECK(drive->send(MessageKind::text, as_bytes("copied")) == Refusal::none);
        CHECK(drive->send_lent(MessageKind::text, lent, Token{1}) == Refusal::none);
        std::array<Slice, 4> slices;
        CHECK(drive->gather(slices) == 2);
        if (ending == 0) drive.end(TransportEnd::broken);
        if (ending == 1) drive->abort(drive.now);
        if (ending == 2) drive.pass(seconds(1)).pass(seconds(30));
        drive.pull();
        CHECK(drive->wants() == Wants(Wants::close_bit));
        CHECK_FALSE(drive->next_released());
        CHECK(frames_in_words(slices[0].bytes().first(8)) == "81 \"copied\"");
        CHECK(as_text(slices[1].bytes()) == "lent");
        drive->wrote(slices[0].size() + slices[1].size(), drive.now);
        CHECK(drive->next_released() == Token{1});
        CHECK_FALSE(drive->next_released());
        CHECK(rig.pool.leased_size() == 0);
    }
}

TEST_CASE("small frames share a slice, and gather fills no more slices than it was given") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    for (int count = 0; count < 10; ++count)
        CHECK(drive->send(MessageKind::text, as_bytes("small")) == Refusal::none);
    CHECK(drive->send_lent(MessageKind::text, as_bytes("lent"), Token{1}) == Refusal::none);
    std::array<Slice, 1> one;
    CHECK(drive->gather(one) == 1);
    CHECK(drive->gather(std::span<Slice>{}) == 0);
    std::array<Slice, 8> slices;
    CHECK(drive->gather(slices) == 2);
    CHECK(one[0].size() == slices[0].size());
}

TEST_CASE("`closed` comes once, whatever is acknowledged behind it") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    CHECK(drive->send(MessageKind::text, as_bytes("in flight")) == Refusal::none);
    std::array<Slice, 2> slices;
    REQUIRE(drive->gather(slices) == 1);
    drive->handed_over(4, drive.now);
    drive->abort(drive.now);
    CHECK(drive.told() == "closed unclean sent 1006 received 1006 \"\" aborted");
    drive->handed_over(3, drive.now);
    drive->reusable(1);
    CHECK(drive->deadline() == never);
    drive.pass(seconds(40)).pass(seconds(400));
    CHECK(drive.told().empty());
    CHECK(drive->wants() == Wants(Wants::close_bit));
    drive->reusable(SIZE_MAX);
    CHECK(drive->wants() == Wants(Wants::close_bit));
}

TEST_CASE("wrote() counts what gather() has shown, and no more") {
    Rig rig;
    Drive drive(rig, Role::server, Drain::nothing);
    CHECK(drive->send(MessageKind::text, as_bytes("not yet shown")) == Refusal::none);
    drive->wrote(SIZE_MAX, drive.now);
    CHECK(drive->output_size() == 15);
    std::array<std::byte, 5> piece;
    CHECK(drive->write_output(piece, drive.now) == 5);  // commits the rest, and does not show it
    drive->wrote(SIZE_MAX, drive.now);
    CHECK(drive->output_size() == 10);
    std::array<Slice, 1> slices;
    CHECK(drive->gather(slices) == 1);
    drive->wrote(SIZE_MAX, drive.now);
    CHECK(drive->output_size() == 0);
}
