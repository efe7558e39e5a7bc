// SPDX-License-Identifier: MIT
// Compressed messages that leave: what is compressed, how it stands on the wire, and that a reader who is
// not the engine finds in it what was sent. Most are cases of the catalogue (tests/data/catalogue.tsv);
// those tags are its ids.
#include "hawse/deflate_budget.hpp"
#include "hawse/session.hpp"
#include "support/catch.hpp"
#include "support/deflate_reader.hpp"
#include "support/deflate_writer.hpp"
#include "support/drive.hpp"
#include "support/handshake_story.hpp"
#include "support/pair.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};

DeflateAgreement agreed(unsigned window_bits = 15, bool takeover = true) {
    const DeflateDirection both = {static_cast<std::uint8_t>(window_bits), takeover};
    return {true, both, both};
}

// Something like JSON, of which there is much to say again.
std::string records(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::string text;
    while (text.size() < size)
        text += "{\"id\":" + std::to_string(random() % 100'000) + ",\"port\":\"" +
                (random() % 2 != 0 ? "Rotterdam" : "Singapore") +
                "\",\"depth\":" + std::to_string(random() % 30) + "},";
    text.resize(size);
    return text;
}

Refusal send(Drive& drive, std::string_view text, Send choice = {}) {
    return drive->send(MessageKind::text, as_bytes(text), choice);
}

/// What stands on the wire, message by message, by a reader of its own; "lost" where it cannot be read.
class WireReader {
public:
    explicit WireReader(bool takeover = true) : takeover_(takeover) {}

    std::vector<std::string> read(ConstBytes octets) {
        std::vector<std::string> messages;
        for (const WireFrame& frame : read_frames(octets)) {
            if ((frame.first & 0x08) != 0) continue;
            if ((frame.first & 0x0F) != 0) {
                compressed_ = (frame.first & 0x40) != 0;
                payload_.clear();
                deflated_count += compressed_;
            }
            append(payload_, frame.payload);
            if ((frame.first & 0x80) == 0) continue;
            messages.push_back(compressed_ ? inflated() : std::string(as_text(payload_)));
        }
        return messages;
    }
    [[nodiscard]] const DeflateReader& deflate() const { return reader_; }

    std::size_t deflated_count = 0;

private:
    std::string inflated() {
        append(payload_, unhex("0000ffff"));
        if (!takeover_) reader_ = DeflateReader();
        return reader_.read(payload_) ? std::string(as_text(reader_.message())) : "lost";
    }

    bool takeover_;
    bool compressed_ = false;
    Octets payload_;
    DeflateReader reader_;
};

std::vector<std::string> read_sent(WireReader& reader, Drive& drive) {
    drive.drain();
    const auto messages = reader.read(drive.output);
    drive.output.clear();
    return messages;
}

}  // namespace

TEST_CASE("a thousand messages that share a window come out as they went in",
          "[PMD-50][7692-7.2.1-10][7692-7.2.1-13]") {
    for (const Role role : both_roles) {
        Pair pair([](Config&) {}, [](std::size_t available) { return available; }, agreed());
        std::mt19937 random(50);
        WireReader reader;
        std::size_t deflated = 0;
        for (int count = 0; count < 1000; ++count) {
            const std::string text = random() % 3 == 0
                                         ? std::string(random() % 200, 'x')
                                         : records(random() % 400, unsigned(random() % 20));
            REQUIRE(send(pair.side(role), text, {.compression = Compression::always}) ==
                    Refusal::none);
            Drive& from = pair.side(role);
            from.drain();
            CHECK(reader.read(from.output) == std::vector{text});
            Drive& to = pair.side(other(role));
            to.feed(from.output);
            from.output.clear();
            CHECK(to.told() == "text " + quoted(as_bytes(text)));
            deflated = reader.deflated_count;
        }
        CHECK(deflated > 700);
        CHECK(reader.deflate().reach_max() > 1000);  // to messages before
    }
}

TEST_CASE("an empty message goes out plain, whatever is asked for", "[PMD-51]") {
    for (const Role role : both_roles)
        for (const Compression choice : {Compression::automatic, Compression::always}) {
            Rig rig;
            rig.config.deflate.threshold = 0;
            Drive drive(rig, {.role = role, .deflate = agreed()});
            CHECK(send(drive, "", {.compression = choice}) == Refusal::none);
            CHECK(drive->send(MessageKind::binary, {}, {.compression = choice}) == Refusal::none);
            CHECK(drive->send_begin(MessageKind::text, {.compression = choice}) == Refusal::none);
            CHECK(drive->send_part({}, true) == Refusal::none);
            CHECK(frames_in_words(drive.drain().output) == "81 \"\"\n82 \"\"\n81 \"\"");
        }
}

TEST_CASE("without takeover of ours each message can be read alone",
          "[PMD-53][7692-7.2.1-09][7692-7.2.1-12]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, {.role = role, .deflate = agreed(15, false)});
        WireReader reader(false);
        for (unsigned count = 0; count < 20; ++count) {
            const std::string text = records(500, count % 3);
            CHECK(send(drive, text) == Refusal::none);
            CHECK(read_sent(reader, drive) == std::vector{text});
            CHECK(reader.deflate().reach_max() == 0);
        }
        CHECK(reader.deflated_count == 20);
    }
}

TEST_CASE("no distance passes the window that was agreed, of any size",
          "[PMD-54][7692-5-19][7692-7.2.1-15][7692-7.2.2-11]") {
    for (const Role role : both_roles)
        for (unsigned window_bits = 8; window_bits <= 15; ++window_bits) {
            Rig rig;
            Drive drive(rig, {.role = role, .deflate = agreed(window_bits)});
            WireReader reader;
            const std::size_t size = std::size_t{3} << window_bits;
            for (unsigned count = 0; count < 3; ++count) {
                const std::string text = records(size, 7);  // the same again
                CHECK(send(drive, text) == Refusal::none);
                CHECK(read_sent(reader, drive) == std::vector{text});
            }
            CHECK(reader.deflated_count == 3);
            CHECK(reader.deflate().distance_max() <= std::size_t{1} << window_bits);
            if (window_bits > 9)
                CHECK(reader.deflate().distance_max() > std::size_t{1} << (window_bits - 1));
        }
}

TEST_CASE("what was inflated is sent back from where it lies", "[PMD-56]") {
    for (const Role role : both_roles)
        for (const Delivery delivery : {Delivery::messages, Delivery::parts}) {
            Pair pair([=](Config& config) { config.delivery = delivery; },
                      [](std::size_t available) { return std::min<std::size_t>(available, 700); },
                      agreed());
            Drive& echoing = pair.side(role);
            echoing.host = [](Connection& connection, const Event& event) {
                if (event.is_message())
                    CHECK(connection.send(event.message_kind(), event.payload()) == Refusal::none);
                if (!event.is_part()) return;
                if (event.first())
                    CHECK(connection.send_begin(event.message_kind()) == Refusal::none);
                CHECK(connection.send_part(event.payload(), event.last()) == Refusal::none);
            };
            Drive& asking = pair.side(other(role));
            std::string told;
            for (unsigned count = 0; count < 4; ++count) {
                const std::string text = records(20'000, count);
                CHECK(send(asking, text) == Refusal::none);
                pair.run();
                told += (told.empty() ? "" : "\n") +
                        std::string(delivery == Delivery::parts ? "first last part of " : "") +
                        "text " + quoted(as_bytes(text));
            }
            CHECK(asking.told() == told);
        }
}

TEST_CASE("of a message in frames RSV1 is on the first alone",
          "[OUT-14][7692-6.1-01][7692-6.1-03][7692-6.1-05][7692-7.2.1-01][7692-7.2.1-07]") {
    const std::string text = records(900, 1);
    for (const Role role : both_roles)
        for (const bool in_parts : {false, true}) {
            Rig rig;
            rig.config.limits.send_frame_size_max = 50;
            Drive drive(rig, {.role = role, .deflate = agreed()});
            if (in_parts) {
                CHECK(drive->send_begin(MessageKind::text) == Refusal::none);
                for (std::size_t at = 0; at < text.size(); at += 300)
                    CHECK(drive->send_part(as_bytes(text).subspan(at, 300), at == 600) ==
                          Refusal::none);
            } else {
                CHECK(send(drive, text) == Refusal::none);
            }
            drive.drain();
            const auto frames = read_frames(drive.output);
            REQUIRE(frames.size() > 3);
            for (std::size_t index = 0; index < frames.size(); ++index)
                CHECK(frames[index].first ==
                      ((index == 0 ? 0x41U : 0U) | (index + 1 == frames.size() ? 0x80U : 0U)));
            WireReader reader;
            CHECK(reader.read(drive.output) == std::vector{text});
        }
}

TEST_CASE("what cannot be compressed now is refused, and nothing has happened") {
    const std::string text = records(500, 1);
    for (const Role role : both_roles) {
        Rig rig;
        rig.config.limits.output_max = 100;
        Drive drive(rig, {.role = role, .deflate = agreed()});
        CHECK(drive->ping(as_bytes(text).first(100)) == Refusal::none);  // is never too much
        CHECK(send(drive, text) == Refusal::output_full);
        drive.drain();
        drive.output.clear();
        CHECK(send(drive, text.substr(0, 130)) == Refusal::none);
        WireReader reader;
        CHECK(reader.read(drive.drain().output) == std::vector{text.substr(0, 130)});
    }
    // A message begun compressed must go on so.
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, {.role = role, .deflate = agreed()});
        CHECK(drive->send_begin(MessageKind::text) == Refusal::none);
        CHECK(drive->send_part(as_bytes(text), false) == Refusal::none);
        drive.drain();
        rig.allocator.fail(0, CountingAllocator::Failure::for_ever);
        CHECK(drive->send_part(as_bytes(text), false) == Refusal::out_of_memory);
        CHECK(drive->send_part({}, true) == Refusal::out_of_memory);
        CHECK(drive.output.size() == drive.drain().output.size());
        rig.allocator.fail_never();
        CHECK(drive->send_part(as_bytes(text), true) == Refusal::none);
        WireReader reader;
        CHECK(reader.read(drive.drain().output) == std::vector{text + text});
    }
}

TEST_CASE("control frames and plain messages never have RSV1",
          "[OUT-16][7692-6-01][7692-6.1-02][7692-7.3-02]") {
    std::mt19937 random(16);
    std::string noise(400, ' ');
    for (char& octet : noise) octet = static_cast<char>(random());
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, {.role = role, .deflate = agreed()});
        const std::string text = records(400, 1);
        CHECK(drive->ping(as_bytes(text).first(100)) == Refusal::none);
        CHECK(send(drive, text, {.compression = Compression::none}) == Refusal::none);
        CHECK(send(drive, text.substr(0, 127)) == Refusal::none);  // below the threshold
        CHECK(drive->send(MessageKind::binary, as_bytes(noise)) == Refusal::none);  // never smaller
        CHECK(send(drive, "") == Refusal::none);
        CHECK(send(drive, text) == Refusal::none);
        CHECK(drive->send_begin(MessageKind::text) == Refusal::none);
        CHECK(drive->send_part(as_bytes(text), false) == Refusal::none);
        CHECK(drive->ping(as_bytes(text).first(100)) == Refusal::none);
        drive.feed(frame(other(role), 0x89, text.substr(0, 100)));
        CHECK(drive->send_part(as_bytes(text), true) == Refusal::none);
        CHECK(drive->close(CloseCode::normal, text.substr(0, 100)) == Refusal::none);
        drive.drain();
        std::string firsts;
        for (const WireFrame& frame : read_frames(drive.output))
            firsts += hex(std::array{static_cast<std::byte>(frame.first)}) + ' ';
        CHECK(firsts.find("89 ") != std::string::npos);
        std::string data;  // control frames go where they may
        for (std::size_t at = 0; at < firsts.size(); at += 3)
            if (firsts[at + 1] < '8' || firsts[at + 1] > 'a') data += firsts.substr(at, 3);
        CHECK(data == "81 81 82 81 c1 41 80 ");
        for (std::size_t at = 0; at < firsts.size(); at += 3)
            if (firsts[at + 1] >= '8' && firsts[at + 1] <= 'a') CHECK(firsts[at] == '8');
    }
}

TEST_CASE("without takeover all memory goes back between messages", "[LIM-13]") {
    for (const Role role : both_roles) {
        Pair pair([](Config&) {}, [](std::size_t available) { return available; },
                  agreed(15, false));
        Rig& ours = role == Role::client ? pair.client_rig : pair.server_rig;
        Rig& theirs = role == Role::client ? pair.server_rig : pair.client_rig;
        std::size_t kept = 0;
        for (unsigned count = 0; count < 50; ++count) {
            CHECK(send(pair.side(role), records(5000 + 1000 * count, count)) == Refusal::none);
            pair.run();
            CHECK(theirs.pool.leased_size() == 0);
            CHECK(theirs.allocator.live_size() == 0);
            CHECK(ours.pool.leased_size() <= 512);
            if (count == 0) kept = ours.allocator.live_size();  // a compressor
            CHECK(ours.allocator.live_size() == kept);
        }
        CHECK(ours.pool.kept_size() + ours.pool.leased_size() == kept);
    }
}

TEST_CASE("a running connection leases no more than was told beforehand") {
    const Octets heard = frame(
        Role::client, 0xC1,
        DeflateWriter().fixed().text(as_bytes(records(8000, 9))).end().flush().octets());
    for (const unsigned window_bits : {9U, 15U})
        for (const bool own : {true, false})
            for (const bool peer : {true, false})
                for (const Delivery delivery : {Delivery::messages, Delivery::parts}) {
                    CAPTURE(window_bits, own, peer, delivery);
                    Rig rig;
                    rig.config.delivery = delivery;
                    rig.config.deflate.send = {12, true};
                    const auto bits = static_cast<std::uint8_t>(window_bits);
                    const Agreement agreement{.role = Role::server,
                                              .deflate = {true, {bits, peer}, {bits, own}}};
                    const DeflateBudget budget = deflate_budget(rig.config, agreement);
                    Drive drive(rig, agreement);
                    const auto leased = [&] {
                        drive.drain();
                        drive.output.clear();
                        CHECK(rig.pool.kept_size() <= budget.compressor);
                        return rig.pool.leased_size();
                    };
                    const std::size_t place = delivery == Delivery::messages ? 32768 : 0;
                    for (unsigned turn = 0; turn < 3; ++turn) {
                        CHECK(send(drive, records(50000, turn)) == Refusal::none);
                        CHECK(leased() <= budget.connection);
                        CHECK(drive->send_begin(MessageKind::text) == Refusal::none);
                        for (unsigned part = 0; part < 4; ++part) {
                            const std::string octets = records(9000, part);
                            CHECK(drive->send_part(as_bytes(octets), part == 3) == Refusal::none);
                            CHECK(leased() <= budget.connection + budget.streamed_send);
                            if (!own && part < 3) CHECK(leased() > budget.streamed_send);
                        }
                        CHECK(leased() <= budget.connection);
                        drive.feed(ConstBytes(heard).first(4000));
                        CHECK(leased() <= budget.connection + budget.inflater + place);
                        CHECK(leased() > 8192);  // the inflater itself
                        drive.feed(ConstBytes(heard).subspan(4000));
                        CHECK(leased() <= budget.connection);
                    }
                    CHECK(drive->state() == State::open);
                }
}

TEST_CASE("whichever allocation fails, a message is sent, compressed or plain, or refused",
          "[OOM-06]") {
    using Failure = CountingAllocator::Failure;
    std::vector<std::string> texts;
    for (unsigned count = 0; count < 4; ++count) texts.push_back(records(1500, count));
    for (const Role role : both_roles)
        for (const Failure how : {Failure::once, Failure::for_ever}) {
            bool failed = true;
            for (std::size_t index = 0; failed; ++index) {
                INFO("allocation " << index);
                Rig rig;
                const Agreement agreement{.role = role, .deflate = agreed()};
                const std::size_t most = deflate_budget(rig.config, agreement).connection;
                Drive drive(rig, agreement, Drain::nothing);
                WireReader reader;
                std::vector<std::string> taken, read;
                rig.allocator.fail(index, how);
                for (const std::string& text : texts) {
                    const std::size_t size_before = drive->output_size();
                    const std::size_t leased_before = rig.pool.leased_size();
                    Refusal refusal = send(drive, text);
                    if (refusal == Refusal::out_of_memory) {
                        CHECK(drive->output_size() == size_before);
                        // Room to remember what comes next may stay.
                        CHECK(rig.pool.leased_size() <= leased_before + most);
                        refusal = send(drive, text);
                        CHECK((refusal == Refusal::none) == (how == Failure::once));
                    }
                    if (refusal == Refusal::none) taken.push_back(text);
                    for (const std::string& message : read_sent(reader, drive))
                        read.push_back(message);
                }
                CHECK(read == taken);
                CHECK((how == Failure::for_ever || taken == texts));
                CHECK(drive->state() == State::open);
                failed = rig.allocator.failed_count() != 0;
            }
        }
}

// Agreed in an opening.

namespace {

// What a session sends when it was opened so: two texts, alike, long enough to refer far back.
struct Opened {
    std::string answer;
    Octets output;
};
Opened open_and_send(Role role, std::string_view extensions, std::string_view text) {
    Rig rig;
    rig.config.entropy = support::sample_entropy();
    rig.config.deflate.enabled = true;
    Session session(rig.config, role, {});
    const auto take = [&] {
        Octets all;
        std::array<std::byte, 512> place;
        while (const std::size_t size = session.write_output(place, {}))
            append(all, ConstBytes(place).first(size));
        return all;
    };
    ClientRequest request;
    request.host = "h";
    const std::string common = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    const std::string line = "Sec-WebSocket-Extensions: " + std::string(extensions) + "\r\n\r\n";
    Octets input = octets_of(
        role == Role::client
            ? "HTTP/1.1 101 x\r\n" + common +
                  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" + line
            : "GET / HTTP/1.1\r\nHost: h\r\n" + common +
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
                  line);
    if (role == Role::client) REQUIRE(session.start(request) == Refusal::none);
    if (role == Role::client) (void)take();
    REQUIRE(session.receive(input, {}) == Refusal::none);
    while (const Event event = session.next_event())
        if (event.kind() == EventKind::request) REQUIRE(session.accept() == Refusal::none);
    Opened opened;
    opened.answer = as_text(take());
    REQUIRE(session.connection() != nullptr);
    for (int count = 0; count < 2; ++count)
        REQUIRE(session.connection()->send(MessageKind::text, as_bytes(text)) == Refusal::none);
    opened.output = take();
    session.abort({});
    while (session.next_event()) {
    }
    return opened;
}

}  // namespace

TEST_CASE("a server that agreed to a window of 8 bits refers back by 256 octets at most",
          "[EXT-04]") {
    const std::string text = records(3000, 1);
    const Opened opened =
        open_and_send(Role::server, "permessage-deflate; server_max_window_bits=8", text);
    CHECK(opened.answer.find("server_max_window_bits=8") != std::string::npos);
    WireReader reader;
    CHECK(reader.read(opened.output) == std::vector{text, text});
    CHECK(reader.deflated_count == 2);
    CHECK(reader.deflate().distance_max() <= 256);
}

TEST_CASE("a client keeps to the window that it offered, whatever larger one is answered",
          "[7692-7.1.2.2-03]") {
    Rig rig;
    rig.config.deflate.send.window_bits = 8;
    Drive drive(rig, {.role = Role::client, .deflate = agreed(15)});
    const std::string text = records(3000, 1);
    CHECK(send(drive, text) == Refusal::none);
    WireReader reader;
    CHECK(read_sent(reader, drive) == std::vector{text});
    CHECK(reader.deflated_count == 1);
    CHECK(reader.deflate().distance_max() <= 256);
}

TEST_CASE("a client that was forbidden its takeover starts each message afresh", "[EXT-42]") {
    const std::string text = records(3000, 1);
    WireReader reader(false);
    CHECK(reader.read(
              open_and_send(Role::client, "permessage-deflate; client_no_context_takeover", text)
                  .output) == std::vector{text, text});
    CHECK(reader.deflated_count == 2);
    WireReader sharing;
    CHECK(sharing.read(open_and_send(Role::client, "permessage-deflate", text).output) ==
          std::vector{text, text});
    CHECK(sharing.deflate().reach_max() > 1000);
}
