// SPDX-License-Identifier: MIT
// Cases of the catalogue (tests/data/catalogue.tsv) about compressed messages that arrive, those that are
// more than octets to replay; and bombs. The DEFLATE is written by hand. The tags are the catalogue's ids.
#include "hawse/session.hpp"
#include "support/catch.hpp"
#include "support/deflate_writer.hpp"
#include "support/drive.hpp"
#include "support/every_cut.hpp"
#include "support/handshake_story.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};
constexpr std::array both_deliveries = {Delivery::messages, Delivery::parts};
constexpr std::size_t kibi = 1024;
constexpr std::size_t mebi = 1024 * kibi;

DeflateAgreement agreed(unsigned window_bits = 15, bool takeover = true) {
    const DeflateDirection both = {static_cast<std::uint8_t>(window_bits), takeover};
    return {true, both, both};
}

Replay replay_of(Role role, const DeflateAgreement& deflate,
                 const std::function<void(Config&)>& configure) {
    Replay replay;
    replay.role = role;
    replay.deflate = deflate;
    replay.configure = configure;
    return replay;
}

std::function<void(Config&)> in_parts(std::size_t size) {
    return [size](Config& config) {
        config.delivery = Delivery::parts;
        config.deflate.part_size_max = size;
    };
}

std::vector<std::size_t> every_octet(std::size_t size) {
    std::vector<std::size_t> cuts;
    for (std::size_t at = 1; at < size; ++at) cuts.push_back(at);
    return cuts;
}

// Letters that tell where they are, and what stands for so many of them.
std::string letters(std::size_t size) {
    std::string text;
    for (std::size_t index = 0; index < size; ++index)
        text += static_cast<char>('a' + (index + index / 26) % 26);
    return text;
}
Octets deflated_letters(std::size_t size) {
    constexpr std::size_t period = 26 * 26;  // as long as it takes them to come again
    const std::string text = letters(std::min(size, period));
    DeflateWriter writer;
    writer.fixed().text(as_bytes(text));
    for (std::size_t left = size - text.size(); left != 0;) {
        const std::size_t step = left > 261 ? 258 : left > 258 ? left - 3 : left;
        if (step < 3)
            writer.text(as_bytes(letters(size)).last(step));
        else
            writer.match(static_cast<unsigned>(step), period);
        left -= step;
    }
    return writer.end().flush().octets();
}

Octets bomb_of(std::size_t wire_size) {
    // The head of the block and the first octet take 147 octets, its end 1, the empty block 1.
    return DeflateWriter().zeros((wire_size - 160) * 4).flush().octets();
}

}  // namespace

TEST_CASE("a character is whole, or wrong, wherever an inflater's output ends",
          "[UTF8-36][7692-6-03][7692-6.1-06]") {
    const std::string euros = "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC";
    for (const Role role : both_roles)
        for (const std::size_t before : {0U, 1U, 2U})
            for (const std::size_t part_size : {1U, 2U, 3U, 4U, 5U, 7U, 8U}) {
                const std::string text = std::string(before, 'a') + euros;
                const Octets good = DeflateWriter().stored(as_bytes(text)).flush().octets();
                const Replay replay = replay_of(role, agreed(), in_parts(part_size));
                CHECK(at_every_cut(replay, frame(other(role), 0xC1, good)).story ==
                      "first last part of text " + quoted(as_bytes(text)));
                std::string wrong = text;
                wrong[before + 7] = 'x';  // inside the third
                const Octets bad = DeflateWriter().stored(as_bytes(wrong)).flush().octets();
                CHECK(at_every_cut(replay, frame(other(role), 0xC1, bad)).story ==
                      "first part of text " + quoted(as_bytes(text.substr(0, before + 7))) +
                          "\nfailed 1007 invalid_utf8");
            }
    for (const Role role : both_roles)
        for (const std::size_t turn : {4096U, 65536U})
            for (const std::size_t before : {1U, 2U}) {
                const std::string text = std::string(turn - before, 'a') + euros;
                DeflateWriter writer;
                writer.fixed().literal('a');
                for (std::size_t left = turn - before - 1; left != 0;) {
                    const std::size_t step = left > 261 ? 258 : left > 258 ? left - 3 : left;
                    writer.match(static_cast<unsigned>(step), 1);
                    left -= step;
                }
                const Octets octets = writer.text(as_bytes(euros)).end().flush().octets();
                const Octets input = frame(other(role), 0xC1, octets);
                const auto as_it_stands = [](Config&) {};
                for (const auto& configure : {std::function<void(Config&)>(as_it_stands),
                                              in_parts(4096), in_parts(65536)}) {
                    const Replay replay = replay_of(role, agreed(), configure);
                    const std::string story = replay.run(input).story;
                    CHECK(story.ends_with("text " + quoted(as_bytes(text))));
                    CHECK(replay.run(input, every_octet(input.size())).story == story);
                }
            }
}

TEST_CASE("messages of a turn's size, one octet fewer and one more, are all there",
          "[PMD-36][PMD-37][PMD-39][7692-6.2-01][7692-7.2.2-02][7692-7.2.2-04]") {
    for (const Role role : both_roles)
        for (const std::size_t turn : {8192U, 16384U, 65536U}) {
            Octets input;
            std::string told;
            for (const std::size_t size : {turn - 1, turn, turn + 1}) {
                append(input, frame(other(role), 0xC2, deflated_letters(size)));
                told += (told.empty() ? "" : "\n") + std::string("binary ") +
                        quoted(as_bytes(letters(size)));
            }
            const auto cuts = every_octet(input.size());
            const Replay whole = replay_of(role, agreed(15, false), [](Config&) {});
            CHECK(whole.run(input).story == told);
            CHECK(whole.run(input, cuts).story == told);
            for (const std::size_t part_size : {turn - 1, turn, turn + 1}) {
                const Replay parts = replay_of(role, agreed(15, false), in_parts(part_size));
                std::string in_one = parts.run(input).story;
                CHECK(parts.run(input, cuts).story == in_one);
                for (std::size_t at;
                     (at = in_one.find("first last part of ")) != std::string::npos;)
                    in_one.erase(at, std::string_view("first last part of ").size());
                CHECK(in_one == told);
            }
        }
}

TEST_CASE("a distance beyond the window fails alike, however large the parts are",
          "[PMD-47][7692-7.2.2-07][7692-7.2.2-09]") {
    for (const Role role : both_roles)
        for (const unsigned distance : {512U, 513U, 600U}) {
            DeflateWriter writer;
            writer.fixed().text(as_bytes(letters(700))).match(3, distance).end().flush();
            const Octets input = frame(other(role), 0xC2, writer.octets());
            const bool near = distance == 512;
            const std::string told = letters(700) + letters(700).substr(700 - distance, 3);
            const std::string expected =
                near ? "first last part of binary " + quoted(as_bytes(told))
                     : "first part of binary " + quoted(as_bytes(letters(700))) +
                           "\nfailed 1007 distance_too_far";
            for (const std::size_t part_size : {1U, 16U, 256U, 512U, 599U, 1000U, 4096U}) {
                const Replay replay = replay_of(role, agreed(9), in_parts(part_size));
                CHECK(replay.run(input).story == expected);
                CHECK(replay.run(input, every_octet(input.size())).story == expected);
            }
        }
}

TEST_CASE("where no smaller window was agreed both sides inflate with 32,768 octets",
          "[7692-5-07][7692-7.1.1.1-04][7692-7.1.1.2-04][7692-7.1.2.1-04][7692-7.1.2.2-09][7692-7."
          "2.2-08][7692-7.2.2-10]") {
    const std::string text = letters(32'768);
    for (const Role role : both_roles)
        for (const Delivery delivery : both_deliveries) {
            const Octets first = DeflateWriter().stored(as_bytes(text)).flush().octets();
            const Octets next = DeflateWriter().fixed().match(100, 32'768).end().flush().octets();
            Octets input = frame(other(role), 0xC1, first);
            append(input, frame(other(role), 0xC1, next));
            const Replay replay =
                replay_of(role, agreed(), [&](Config& config) { config.delivery = delivery; });
            CHECK(
                replay.run(input).story.ends_with("text " + quoted(as_bytes(text.substr(0, 100)))));
        }
}

TEST_CASE("an inflater with room for one octet says what one with room for all says", "[CPLX-09]") {
    for (const Role role : both_roles) {
        const Octets input = frame(other(role), 0xC2, deflated_letters(20'000));
        const std::string story = replay_of(role, agreed(), in_parts(65536)).run(input).story;
        CHECK(story == "first last part of binary " + quoted(as_bytes(letters(20'000))));
        for (const std::size_t part_size : {0U, 1U})
            CHECK(replay_of(role, agreed(), in_parts(part_size)).run(input).story == story);
    }
}

TEST_CASE("a hundred thousand blocks of nothing are an empty message, and cost no memory",
          "[PMD-41]") {
    Octets blocks;
    for (int count = 0; count < 100'000; ++count) append(blocks, unhex("000000ffff"));
    append(blocks, unhex("00"));
    for (const Role role : both_roles)
        for (const Delivery delivery : both_deliveries) {
            const Octets input = frame(other(role), 0xC2, blocks);
            Rig rig;
            rig.config.delivery = delivery;
            rig.config.limits.message_size_max = 65536;
            Drive drive(rig, {.role = role, .deflate = agreed()});
            drive.feed(input);
            CHECK(drive.story.text().ends_with("binary \"\""));
            CHECK(rig.allocator.peak_size() <= 32 * kibi);
        }
}

TEST_CASE("ten thousand blocks with tables of their own say their octets, and cost no more",
          "[PMD-42]") {
    DeflateWriter writer;
    for (int count = 0; count < 10'000; ++count) writer.least_dynamic();
    writer.flush();
    const std::string told = "binary " + quoted(as_bytes(std::string(10'000, 'a')));
    for (const Role role : both_roles) {
        const Octets input = frame(other(role), 0xC2, writer.octets());
        Rig rig;
        Drive drive(rig, {.role = role, .deflate = agreed()});
        drive.feed(input);
        CHECK(drive.story.text() == told);
        CHECK(rig.allocator.peak_size() <= 4 * input.size() + 64 * kibi);
        CHECK(replay_of(role, agreed(), [](Config&) {}).run(input, every_octet(1000)).story ==
              told);
    }
}

TEST_CASE("the tail that a receiver adds overwrites nothing", "[PMD-46]") {
    const Octets hello = unhex("f248cdc9c90700");
    for (const Role role : both_roles) {
        Octets input = joined({frame(other(role), 0xC1, hello), frame(other(role), 0xC1, hello)});
        append(input, as_bytes("behind"));
        const Octets before = input;
        const std::size_t size = (input.size() - 6) / 2;
        Rig rig;
        Drive drive(rig, {.role = role, .deflate = agreed(15, false)});
        REQUIRE(drive->receive(Bytes(input).first(2 * size), drive.now) == Refusal::none);
        CHECK(in_words(drive->next_event()) == "text \"Hello\"");
        CHECK(hex(ConstBytes(input).subspan(size)) == hex(ConstBytes(before).subspan(size)));
        CHECK(in_words(drive->next_event()) == "text \"Hello\"");
        CHECK_FALSE(drive->next_event());
        CHECK(hex(ConstBytes(input).last(6)) == hex(ConstBytes(before).last(6)));
        if (role == Role::client) CHECK(input == before);  // which never writes
    }
}

TEST_CASE("a client inflates with exactly the window that a server has promised",
          "[compressor][EXT-38]") {
    for (const unsigned distance : {512U, 513U}) {
        Rig rig;
        rig.config.entropy = support::sample_entropy();
        rig.config.deflate.enabled = true;
        Session session(rig.config, Role::client, {});
        ClientRequest request;
        request.host = "h";
        REQUIRE(session.start(request) == Refusal::none);
        std::array<std::byte, 512> place;
        while (session.write_output(place, {}) != 0) {
        }
        Octets input = octets_of("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                                 "Sec-WebSocket-Extensions: permessage-deflate; "
                                 "server_max_window_bits=9\r\n\r\n");
        DeflateWriter writer;
        writer.fixed().text(as_bytes(letters(700))).match(3, distance).end().flush();
        append(input, frame(Role::server, 0xC2, writer.octets()));
        REQUIRE(session.receive(input, {}) == Refusal::none);
        std::string told;
        while (const Event event = session.next_event()) told = in_words(event);
        CHECK(told.starts_with(distance == 512 ? "binary 703 octets"
                                               : "failed 1007 distance_too_far"));
        session.abort({});
        while (session.next_event()) {
        }
    }
}

TEST_CASE("a compressed message lands nowhere, and is inflated into the place that a host gives") {
    const std::string text = letters(1000);
    const Octets octets = deflated_letters(1000);
    const Octets hello = unhex("f200110000");
    for (const Role role : both_roles)
        for (const std::size_t place_size : {2000U, 1000U, 999U, 400U}) {
            Rig rig;
            Drive drive(rig, {.role = role, .deflate = agreed()});
            const Octets input = frame(other(role), 0xC1, octets);
            Octets place(place_size);
            bool in_place = false;
            drive.host = [&](Connection&, const Event& event) {
                in_place = event.payload().data() == place.data();
            };
            drive.feed(ConstBytes(input).first(100));
            CHECK(drive->landing().empty());
            CHECK(drive->announced_size() == octets.size());
            CHECK(drive->land_in(place) == Refusal::none);
            CHECK(drive->landing().empty());
            drive.feed(ConstBytes(input).subspan(100));
            CHECK(drive.told() == "text " + quoted(as_bytes(text)));
            CHECK(in_place == (place_size >= 1000));
            // The window is there, whosever the place was.
            drive.feed(frame(other(role), 0xC1, hello));
            CHECK(drive.told() == "text " + quoted(as_bytes("H" + text.substr(996, 4))));
        }
}

// Bombs.

TEST_CASE("a bomb of 1 MiB that says 1 GiB stops at the limit, and costs no more memory than it",
          "[PMD-31][6455-10.4-01]") {
    const Octets bomb = bomb_of(mebi);
    for (const Role role : both_roles)
        for (const Delivery delivery : both_deliveries) {
            Rig rig;
            rig.config.delivery = delivery;
            Statistics counted;
            Drive drive(rig, {.role = role, .deflate = agreed()});
            drive->count_into(&counted);
            drive.feed(frame(other(role), 0xC2, bomb));
            const bool parts = delivery == Delivery::parts;
            std::printf("a bomb of %zu octets, told %s to a %s: stopped at %llu inflated ones, with "
                        "%zu leased at most, the largest lease %zu\n",
                        bomb.size(), parts ? "in parts" : "whole",
                        role == Role::client ? "client" : "server",
                        static_cast<unsigned long long>(counted.received.inflated_octets),
                        rig.allocator.peak_size(), rig.allocator.largest_size());
            CHECK(drive.story.text().ends_with("failed 1009 message_too_large"));
            CHECK(counted.received.inflated_octets == mebi);
            CHECK(counted.received.deflated_octets <= mebi / 1032 + 8192);
            CHECK(rig.allocator.largest_size() <= (parts ? 64 * kibi : mebi));
            // A place that grows is there twice; the window, the inflater and the outbox beside it.
            CHECK(rig.allocator.peak_size() <= (parts ? 0 : mebi * 3 / 2) + 128 * kibi);
            CHECK(rig.allocator.live_size() <= 4 * kibi);
        }
}

TEST_CASE("a bomb stops at the ratio, whatever a message may be") {
    const Octets bomb = bomb_of(mebi);
    for (const Role role : both_roles)
        for (const Delivery delivery : both_deliveries) {
            Rig rig;
            rig.config.delivery = delivery;
            rig.config.limits.message_size_max = UINT64_MAX;
            rig.config.limits.inflation_ratio_max = 10;
            Statistics counted;
            Drive drive(rig, {.role = role, .deflate = agreed()});
            drive->count_into(&counted);
            drive.feed(frame(other(role), 0xC2, bomb));
            INFO("largest " << rig.allocator.largest_size() << ", peak "
                            << rig.allocator.peak_size());
            CHECK(drive.story.text().ends_with("failed 1009 inflation_ratio"));
            CHECK(counted.received.inflated_octets == 64 * kibi);  // which are free
            CHECK(rig.allocator.largest_size() <= 64 * kibi);
            CHECK(rig.allocator.peak_size() <= 256 * kibi);
            CHECK(rig.allocator.live_size() <= 4 * kibi);
        }
}
