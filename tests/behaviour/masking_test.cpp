// SPDX-License-Identifier: MIT
// A client masks every frame with a fresh key from the injected entropy; a server never masks; and
// without entropy nothing goes out. RFC 6455 §5.1, §5.3, §10.3
#include "support/catch.hpp"
#include "support/drive.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {

// Every way in which a frame can leave.
void send_everything(Drive& drive, Role role) {
    Octets scratch = octets_of("mutable");
    CHECK(drive->send(MessageKind::text, as_bytes("copied")) == Refusal::none);
    CHECK(drive->send(MessageKind::text, {}) == Refusal::none);
    CHECK(drive->send(MessageKind::binary, as_bytes("split in frames")) == Refusal::none);
    CHECK(drive->send_lent(MessageKind::text, as_bytes("lent"), Token{1}) == Refusal::none);
    CHECK(drive->send_lent_mutable(MessageKind::text, scratch, Token{2}) == Refusal::none);
    CHECK(drive->send_begin(MessageKind::text) == Refusal::none);
    CHECK(drive->send_part(as_bytes("part"), false) == Refusal::none);
    CHECK(drive->send_part({}, true) == Refusal::none);
    CHECK(drive->ping(as_bytes("ping")) == Refusal::none);
    drive.feed(frame(other(role), 0x89, "answer me"));
    drive.pass(seconds(30));
    CHECK(drive->close(CloseCode::normal, "bye") == Refusal::none);
    drive.drain();
}

}  // namespace

TEST_CASE("a client masks every frame, each with the next key of its entropy",
          "[6455-5.1-01][6455-5.3-01][6455-5.3-02][6455-5.3-03][6455-5.3-04][6455-5.3-07]"
          "[6455-6.1-08][6455-10.3-01][OUT-02]") {
    Rig rig;
    rig.config.limits.send_frame_size_max = 8;
    rig.config.waits.ping = seconds(30);
    Drive drive(rig, Role::client);
    send_everything(drive, Role::client);
    const auto frames = read_frames(drive.output);
    REQUIRE(frames.size() == 12);
    REQUIRE(rig.entropy.drawn.size() == frames.size());
    for (const WireFrame& frame : frames) {
        CHECK(frame.masked);
        const auto count =
            std::count(rig.entropy.drawn.begin(), rig.entropy.drawn.end(), frame.key);
        CHECK(count == 1);
    }
    for (std::size_t left = 0; left < frames.size(); ++left)
        for (std::size_t right = left + 1; right < frames.size(); ++right)
            CHECK(frames[left].key != frames[right].key);
}

TEST_CASE("a server masks nothing and asks for no entropy", "[6455-5.1-04][OUT-05]") {
    Rig rig;
    rig.config.limits.send_frame_size_max = 8;
    rig.config.waits.ping = seconds(30);
    Drive drive(rig, Role::server);
    send_everything(drive, Role::server);
    CHECK(rig.entropy.drawn.empty());
    const auto frames = read_frames(drive.output);
    CHECK(frames.size() == 12);
    for (const WireFrame& frame : frames) CHECK_FALSE(frame.masked);
}

TEST_CASE("what a client masks a server reads", "[6455-5.3-05][6455-6.2-08]") {
    Rig rig;
    for (const std::size_t size : {0U, 1U, 2U, 3U, 4U, 5U, 7U, 8U, 15U, 31U, 64U, 1000U, 5000U}) {
        std::string text(size, '.');
        for (std::size_t index = 0; index < size; ++index)
            text[index] = static_cast<char>('a' + index % 26);
        Drive client(rig, Role::client);
        CHECK(client->send(MessageKind::text, as_bytes(text)) == Refusal::none);
        Octets scratch = octets_of(text);
        CHECK(client->send_lent_mutable(MessageKind::binary, scratch, Token{1}) == Refusal::none);
        client.drain();
        const std::string words = quoted(as_bytes(text));
        CHECK(Replay{}.run(client.output).story == "text " + words + "\nbinary " + words);
    }
}

TEST_CASE("without entropy a client's calls are refused and the wire is unharmed",
          "[6455-5.3-03]") {
    Rig rig;
    rig.config.limits.send_frame_size_max = 4;
    Drive drive(rig, Role::client, Drain::nothing);
    const Octets untouched = octets_of("mutable");
    Octets scratch = untouched;
    CHECK(drive->send(MessageKind::text, as_bytes("one")) == Refusal::none);
    rig.entropy.dry = true;
    CHECK(drive->send(MessageKind::text, as_bytes("two")) == Refusal::no_entropy);
    CHECK(drive->send(MessageKind::text, as_bytes("three in frames")) == Refusal::no_entropy);
    CHECK(drive->send_lent(MessageKind::text, as_bytes("lent"), Token{1}) == Refusal::no_entropy);
    CHECK(drive->send_lent_mutable(MessageKind::text, scratch, Token{1}) == Refusal::no_entropy);
    CHECK(drive->ping() == Refusal::no_entropy);
    CHECK(drive->close() == Refusal::no_entropy);
    CHECK(drive->state() == State::open);
    CHECK(scratch == untouched);
    rig.entropy.dry = false;
    CHECK(drive->send(MessageKind::text, as_bytes("four")) == Refusal::none);
    drive.drain();
    CHECK(frames_in_words(drive.output) == "81 \"one\"\n81 \"four\"");
    CHECK_FALSE(drive->next_released());
}

TEST_CASE("entropy that ends within a split message takes all of it back", "[6455-5.3-03]") {
    struct Ending {
        std::size_t left;
        static bool fill(void* context, std::byte* into, std::size_t size) noexcept {
            auto& self = *static_cast<Ending*>(context);
            if (self.left == 0) return false;
            --self.left;
            std::memset(into, 0x5A, size);
            return true;
        }
    };
    const std::string text(4000, 'x');
    for (std::size_t left = 0; left < 40; ++left) {
        Ending ending{1000};
        Rig rig;
        rig.config.limits.send_frame_size_max = 100;
        rig.config.entropy = {Ending::fill, &ending};
        Drive drive(rig, Role::client, Drain::nothing);
        CHECK(drive->send(MessageKind::text, as_bytes("before")) == Refusal::none);
        ending.left = left;
        CHECK(drive->send(MessageKind::text, as_bytes(text)) == Refusal::no_entropy);
        CHECK(drive->send_lent(MessageKind::text, as_bytes(text), Token{1}) == Refusal::no_entropy);
        ending.left = 1000;
        CHECK(drive->send(MessageKind::text, as_bytes("after")) == Refusal::none);
        drive.drain();
        CHECK(frames_in_words(drive.output) == "81 \"before\"\n81 \"after\"");
        CHECK(rig.pool.leased_size() == 0);
    }
}

TEST_CASE("a client that cannot mask an answer fails, and sends nothing unmasked") {
    const bool has_source = GENERATE(true, false);
    Rig rig;
    if (!has_source) rig.config.entropy = {};
    rig.entropy.dry = true;
    Drive drive(rig, Role::client);
    std::string cause = "no_entropy";
    SECTION("to a ping") { drive.feed(frame(Role::server, 0x89, "ping")); }
    SECTION("to a Close") { drive.feed(close_frame(Role::server, 1000)); }
    SECTION("to a fault") {
        cause = "reserved_opcode";
        drive.feed(frame(Role::server, 0x83));
    }
    drive.end();
    REQUIRE(drive.story.lines().size() == 2);
    CHECK(drive.story.lines()[0] == "failed 1006 " + cause);
    CHECK(drive.story.lines()[1].rfind("closed unclean sent 1006", 0) == 0);
    CHECK(drive.output.empty());
}
