// SPDX-License-Identifier: MIT
// Cases of the catalogue (tests/data/catalogue.tsv) about what leaves: whatever the host calls in whatever
// order, the octets are well-formed frames, none too many, and nobody could have guessed their masks. The
// tags are the catalogue's ids.
#include "hawse/handshake.hpp"
#include "hawse/posix.hpp"
#include "support/catch.hpp"
#include "support/drive.hpp"
#include "support/pair.hpp"

#include <array>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};

std::string sent_frames(Drive& drive) { return frames_in_words(unhex(drive.taken())); }

std::string text_of(std::size_t size) {
    std::string text;
    while (text.size() < size) text += "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x92\xA1";  // 1 to 4 octets
    return text.substr(0, size / 10 * 10);
}

std::string head_of(ClientHandshake& client) {
    std::string head;
    std::array<std::byte, 64> piece;
    while (const std::size_t size = client.write_output(piece, {}))
        head += as_text(ConstBytes(piece).first(size));
    return head;
}

/// A conversation with a bit of everything, as the octets that a client sent for it.
Octets talk_alone() {
    Pair pair([](Config& config) { config.limits.send_frame_size_max = 10; });
    for (int round = 0; round < 50; ++round) {
        (void)pair.client->send(MessageKind::text, as_bytes(std::string_view("from the client")));
        (void)pair.server->send(MessageKind::binary, as_bytes(std::string_view("from the server")));
        (void)pair.server->ping();
        pair.run();
    }
    (void)pair.client->close(CloseCode::normal, "done");
    pair.run();
    Octets told = octets_of(pair.client.story.text());
    append(told, as_bytes(pair.server.story.text()));
    return told;
}

}  // namespace

// Closing.

TEST_CASE("a reason that is too long is refused whole, never cut", "[CLOSE-44]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        const std::string euro = "\xE2\x82\xAC";
        const std::string longest = std::string(120, 'x') + euro;
        for (const std::string& reason : {std::string(124, 'x'), std::string(122, 'x') + euro,
                                          std::string(121, 'x') + euro, std::string(5000, 'x')})
            CHECK(drive->close(CloseCode::normal, reason) == Refusal::reason_too_long);
        CHECK(drive->output_size() == 0);
        CHECK(drive->state() == State::open);
        CHECK(drive->close(CloseCode::normal, longest) == Refusal::none);
        drive.drain();
        const auto frames = read_frames(drive.output);
        REQUIRE(frames.size() == 1);
        CHECK(frames[0].payload.size() == 125);
        CHECK(as_text(ConstBytes(frames[0].payload).subspan(2)) == longest);
    }
}

TEST_CASE("a reason that is not UTF-8 is refused, and nothing is sent", "[CLOSE-45]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        for (const std::string_view reason :
             {"\xC3\x28", "\xE2\x82", "\xED\xA0\x80", "\xF5\x80\x80\x80", "why\xFF", "\xC0\xAF"})
            CHECK(drive->close(CloseCode::normal, reason) == Refusal::invalid_text);
        CHECK(drive->state() == State::open);
        CHECK(drive->output_size() == 0);
        CHECK(rig.allocator.live_size() == 0);
        CHECK(drive->send(MessageKind::text, as_bytes(std::string_view("on"))) == Refusal::none);
        CHECK(sent_frames(drive) == "81 \"on\"");
    }
}

TEST_CASE("behind our Close come pongs until the peer's, and then nothing at all", "[OUT-10]") {
    for (const Role role : both_roles)
        for (const bool pongs : {true, false}) {
            Rig rig;
            rig.config.pong_after_close = pongs;
            rig.config.waits.ping = seconds(1);
            Drive drive(rig, role);
            CHECK(drive->close(CloseCode::going_away) == Refusal::none);
            CHECK(sent_frames(drive) == "88 <03e9>");
            CHECK(drive->ping() == Refusal::not_open);
            CHECK(drive->send(MessageKind::text, {}) == Refusal::not_open);
            drive.feed(frame(other(role), 0x81, "x")).pass(seconds(3));
            CHECK(sent_frames(drive).empty());
            drive.feed(frame(other(role), 0x89, "p"));
            CHECK(sent_frames(drive) == (pongs ? "8a \"p\"" : ""));
            drive.feed(close_frame(other(role), 1000));
            drive.feed(frame(other(role), 0x89, "q")).feed(close_frame(other(role), 1000));
            CHECK(drive->close() == Refusal::none);
            drive.write_ended().pass(seconds(1)).end().pass(seconds(100));
            CHECK(drive->close() == Refusal::none);
            CHECK(sent_frames(drive).empty());
            CHECK(drive->output_size() == 0);
        }
}

// Messages.

TEST_CASE("a ping in the middle of a streamed message goes between two of its frames", "[API-10]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->send_begin(MessageKind::text) == Refusal::none);
        CHECK(drive->send_part(as_bytes(std::string_view("\xE2")), false) == Refusal::none);
        CHECK(sent_frames(drive) == "01 <e2>");
        CHECK(drive->ping(as_bytes(std::string_view("p"))) == Refusal::none);
        CHECK(sent_frames(drive) == "89 \"p\"");
        drive.feed(frame(other(role), 0x89, "q"));
        CHECK(drive->send_part(as_bytes(std::string_view("\x82\xAC")), true) == Refusal::none);
        CHECK(sent_frames(drive) == "8a \"q\"\n80 <82ac>");
    }
}

TEST_CASE("output taken octet by octet, or by chance, while sends go on is the same stream",
          "[API-16]") {
    for (const Role role : both_roles) {
        const auto stream = [role](std::minstd_rand* random, std::size_t piece_size) {
            Rig rig;
            rig.config.limits.send_frame_size_max = 50;
            Drive drive(rig, role, Drain::nothing);
            std::array<std::byte, 64> place;
            const auto write = [&](std::size_t size) {
                const std::size_t written =
                    drive->write_output(Bytes(place).first(size), drive.now);
                drive.output.insert(drive.output.end(), place.begin(),
                                    place.begin() + std::ptrdiff_t(written));
            };
            for (std::size_t count = 0; count < 300; ++count) {
                const std::string text(count * 7 % 131, static_cast<char>('a' + count % 26));
                CHECK(drive->send(MessageKind::text, as_bytes(text)) == Refusal::none);
                if (random != nullptr)
                    for (auto steps = (*random)() % 4; steps != 0; --steps)
                        write(1 + (*random)() % place.size());
                else
                    for (std::size_t steps = 0; steps < 40; ++steps) write(piece_size);
            }
            drive.drain();
            return drive.output;
        };
        const Octets at_once = stream(nullptr, 0);
        CHECK(read_frames(at_once).size() > 300);
        CHECK(stream(nullptr, 1) == at_once);
        for (unsigned seed = 1; seed <= 20; ++seed) {
            std::minstd_rand random(seed);
            CHECK(stream(&random, 0) == at_once);
        }
    }
}

TEST_CASE("no frame of a message is longer than the host has it, and characters may be cut",
          "[OUT-17]") {
    const std::string text = text_of(200'000);
    for (const Role role : both_roles)
        for (const std::size_t frame_size : {1U, 125U, 126U, 65535U, 65536U})
            for (const std::size_t size :
                 {std::size_t{0}, frame_size, frame_size + 1, std::size_t{3000}, text.size()}) {
                if (size / frame_size > 20'000 || size > text.size()) continue;
                Rig rig;
                rig.config.limits.send_frame_size_max = frame_size;
                Drive drive(rig, role);
                const ConstBytes message = as_bytes(text).first(size);
                CHECK(drive->send(MessageKind::binary, message) == Refusal::none);
                drive.drain();
                Octets together;
                const auto frames = read_frames(drive.output);
                bool form_holds =
                    frames.size() == std::max<std::size_t>((size + frame_size - 1) / frame_size, 1);
                for (std::size_t index = 0; index < frames.size(); ++index) {
                    const unsigned opcode = index == 0 ? 2 : 0;
                    const unsigned fin = index + 1 == frames.size() ? 0x80 : 0;
                    form_holds = form_holds && frames[index].first == (fin | opcode) &&
                                 frames[index].payload.size() <= frame_size;
                    append(together, frames[index].payload);
                }
                CHECK(form_holds);
                CHECK(together == copy_of(message));
            }
    // Text that is cut inside a character is one message at the other end.
    Pair pair([](Config& config) { config.limits.send_frame_size_max = 1; });
    CHECK(pair.client->send(MessageKind::text, as_bytes(text).first(1000)) == Refusal::none);
    pair.run();
    CHECK(pair.server.told() == "text " + quoted(as_bytes(text).first(1000)));
}

TEST_CASE("sends are taken up to the bound and refused beyond it, and no octet of either is lost",
          "[LIM-22]") {
    for (const Role role : both_roles)
        for (const std::size_t size : {0U, 1U, 100U, 125U, 126U, 5000U}) {
            Rig rig;
            rig.config.limits.output_max = 20'000;
            Drive drive(rig, role, Drain::nothing);
            const std::string text(size, 't');
            std::size_t taken = 0;
            while (drive->send(MessageKind::text, as_bytes(text)) == Refusal::none) ++taken;
            const std::size_t held = drive->output_size();
            CHECK(held <= 20'000 + 14);  // one frame header more than the bound, at most
            CHECK(held + size + 14 > 20'000);
            for (int count = 0; count < 10; ++count)
                CHECK(drive->send(MessageKind::text, as_bytes(text)) == Refusal::output_full);
            CHECK(drive->output_size() == held);
            drive.drain();
            CHECK(drive->send(MessageKind::text, as_bytes(text)) == Refusal::none);
            drive.drain();
            CHECK(read_frames(drive.output).size() == taken + 1);
        }
}

TEST_CASE("more said to be written than was shown takes no more than was shown", "[API-17]") {
    for (const Role role : both_roles)
        for (const std::size_t shown : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
            Rig rig;
            Drive drive(rig, role, Drain::nothing);
            const auto lend = [&](std::uint64_t token) {
                return drive->send_lent(MessageKind::text, as_bytes(std::string_view("lent")),
                                        Token{token});
            };
            drive->wrote(SIZE_MAX, drive.now);
            drive->handed_over(SIZE_MAX, drive.now);
            drive->reusable(SIZE_MAX);
            CHECK(lend(1) == Refusal::none);
            std::vector<Slice> slices(shown);
            std::size_t size = 0;
            const std::size_t count = drive->gather(slices);
            for (std::size_t index = 0; index < count; ++index) size += slices[index].size();
            const std::size_t held = drive->output_size();
            CHECK(lend(2) == Refusal::none);
            drive->handed_over(size + 1, drive.now);
            drive->reusable(SIZE_MAX);
            CHECK(drive->output_size() == 2 * held - size);
            drive.drain();
            CHECK(drive->output_size() == 0);
            drive->wrote(1, drive.now);
            CHECK(drive->output_size() == 0);
            CHECK(drive->next_released() == Token{1});
            CHECK(drive->next_released() == Token{2});
            CHECK_FALSE(drive->next_released());
        }
}

// Entropy, and what is shared.

TEST_CASE("entropy is asked for some octets each time, and a constant one is used as it is",
          "[API-20]") {
    // It cannot throw: that it does not is part of its type.
    static_assert(
        std::is_nothrow_invocable_v<decltype(Entropy::fill), void*, std::byte*, std::size_t>);
    struct Source {
        std::vector<std::size_t> sizes = {};
    } source;
    Rig rig;
    rig.config.entropy = {[](void* context, std::byte* into, std::size_t size) noexcept {
                              static_cast<Source*>(context)->sizes.push_back(size);
                              for (std::size_t index = 0; index < size; ++index)
                                  into[index] = std::byte{0x5A};
                              return true;
                          },
                          &source};
    ClientRequest request;
    request.host = "h";
    {
        ClientHandshake client(rig.config, {});
        CHECK(client.start(request) == Refusal::none);
        CHECK(head_of(client).find("Key: WlpaWlpaWlpaWlpaWlpaWg==\r\n") != std::string::npos);
        Drive drive(rig, Role::client);
        for (const std::string_view text : {"", "x", "longer than a key"}) {
            CHECK(drive->send(MessageKind::text, as_bytes(text)) == Refusal::none);
            CHECK(drive->ping(as_bytes(text)) == Refusal::none);
        }
        CHECK(drive->close() == Refusal::none);
        drive.drain();
        for (const WireFrame& frame : read_frames(drive.output)) CHECK(frame.key == 0x5A5A5A5A);
    }
    CHECK(source.sizes == std::vector<std::size_t>{16, 4, 4, 4, 4, 4, 4, 4});
    // A server draws none.
    ServerHandshake server(rig.config, {});
    Drive drive(rig, Role::server);
    CHECK(drive->send(MessageKind::text, {}) == Refusal::none);
    CHECK(drive->close() == Refusal::none);
    CHECK(source.sizes.size() == 8);
}

TEST_CASE("clients that begin at the same time have keys and masks of their own", "[OUT-03]") {
    std::set<std::string> heads;
    std::set<std::uint32_t> masks;
    ClientRequest request;
    request.host = "h";
    for (int count = 0; count < 50; ++count) {
        Rig rig;
        rig.config.entropy = posix_entropy();
        ClientHandshake client(rig.config, {});
        REQUIRE(client.start(request) == Refusal::none);
        heads.insert(head_of(client));
        Drive drive(rig, Role::client);
        REQUIRE(drive->send(MessageKind::text, {}) == Refusal::none);
        drive.drain();
        masks.insert(read_frames(drive.output).at(0).key);
    }
    CHECK(heads.size() == 50);
    CHECK(masks.size() >= 49);  // two of 50 masks are the same once in three million runs
}

TEST_CASE("conversations on different threads share nothing", "[API-19]") {
    const Octets alone = talk_alone();
    std::array<Octets, 4> told;
    {
        std::vector<std::thread> threads;
        for (Octets& each : told)
            threads.emplace_back([&each] {
                for (int count = 0; count < 20; ++count) each = talk_alone();
            });
        for (std::thread& thread : threads) thread.join();
    }
    for (const Octets& each : told) CHECK(each == alone);
}
