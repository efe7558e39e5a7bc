// SPDX-License-Identifier: MIT
// Messages that are compressed, either way: what RFC 7692 §6 and §7.2 say of them, through the face.
#include "support/catch.hpp"
#include "support/deflate_writer.hpp"
#include "support/drive.hpp"
#include "support/every_cut.hpp"
#include "support/inflate_model.hpp"
#include "support/pair.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test {
namespace {

constexpr std::array both_roles = {Role::server, Role::client};

Role other(Role role) { return role == Role::server ? Role::client : Role::server; }

DeflateAgreement agreed(DeflateDirection client = {}, DeflateDirection server = {}) {
    return {true, client, server};
}

Replay replaying(Role role, const DeflateAgreement& deflate = agreed()) {
    Replay replay;
    replay.role = role;
    replay.deflate = deflate;
    return replay;
}

/// Frames that the peer of `role` sends, one payload each: the first with `first`, all in one message.
Octets compressed(Role role, std::string_view digits, unsigned first = 0xC1) {
    return frame(other(role), first, unhex(digits));
}

std::string text_of(std::size_t size, unsigned seed = 1) {
    constexpr std::string_view words[] = {"alpha", "beta", "gamma", "delta", "{\"id\":", "true", ",",
                                          "\"name\":", "null", "}"};
    std::minstd_rand random(seed);
    std::string text;
    while (text.size() < size) text += words[random() % std::size(words)];
    text.resize(size);
    return text;
}

std::string noise_of(std::size_t size, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::string noise(size, '\0');
    for (char& one : noise) one = static_cast<char>(random());
    return noise;
}

/// One data frame as it was written.
struct Sent {
    unsigned first;
    Octets payload;
};

/// The frames in `output`, unmasked.
std::vector<Sent> frames_in(ConstBytes output) {
    std::vector<Sent> frames;
    while (!output.empty()) {
        FrameHeader header;
        const FrameHeaderRead read = read_frame_header(output, header);
        REQUIRE(read.size != 0);
        Octets payload = copy_of(output.subspan(read.size, std::size_t(header.payload_size)));
        if (header.masked()) apply_mask(payload, header.key);
        output = output.subspan(read.size + payload.size());
        frames.push_back({header.first, std::move(payload)});
    }
    return frames;
}

/// What a message of these octets says to someone who has heard `past`.
reference::Inflated inflated(ConstBytes message, ConstBytes past = {}, unsigned window_bits = 15) {
    return reference::InflateModel(past, window_bits).whole(message);
}

TEST_CASE("the examples of RFC 7692 are heard as they are meant, at any cut",
          "[7692-6-02][7692-6-03][7692-6.2-01][7692-6.1-05][7692-7.2.1-06][7692-7.2.2-01]"
          "[7692-7.2.3.3-01][7692-5-19][6455-5.2-12][6455-6.2-07][7692-4-01]") {
    for (const Role role : both_roles) {
        const auto told = [&](std::string_view digits) {
            return at_every_cut(replaying(role), compressed(role, digits)).story;
        };
        CHECK(told("f248cdc9c90700") == "text \"Hello\"");
        CHECK(told("000500faff48656c6c6f00") == "text \"Hello\"");
        CHECK(told("f348cdc9c9070000") == "text \"Hello\"");
        CHECK(told("f248050000 00ffffcac9c90700") == "text \"Hello\"");
        CHECK(told("00") == "text \"\"");

        Octets fragments = frame(other(role), 0x41, unhex("f248cd"));
        append(fragments, frame(other(role), 0x80, unhex("c9c90700")));
        CHECK(at_every_cut(replaying(role), fragments).story == "text \"Hello\"");
    }
}

TEST_CASE("a message refers to those before it only where takeover was agreed",
          "[7692-7.1.1.1-04][7692-7.1.1.2-04][7692-7.2.2-03][7692-7.2.2-05][7692-7.2.2-02]"
          "[7692-7.2.2-04][7692-7.2.2-06]") {
    for (const Role role : both_roles) {
        Octets twice = compressed(role, "f248cdc9c90700");
        append(twice, compressed(role, "f200110000"));
        CHECK(at_every_cut(replaying(role), twice).story == "text \"Hello\"\ntext \"Hello\"");

        const DeflateDirection without{15, false};
        const DeflateAgreement peer_without =
            role == Role::server ? agreed(without) : agreed({}, without);
        CHECK(at_every_cut(replaying(role, peer_without), twice).story ==
              "text \"Hello\"\nfailed 1007 distance_too_far");
        const DeflateAgreement ours_without =
            role == Role::client ? agreed(without) : agreed({}, without);
        CHECK(at_every_cut(replaying(role, ours_without), twice).story ==
              "text \"Hello\"\ntext \"Hello\"");
    }
}

TEST_CASE("plain messages between compressed ones leave the window alone",
          "[7692-7.2.3.2-01][7692-6.2-02][7692-6-02]") {
    for (const Role role : both_roles) {
        Octets input = compressed(role, "f248cdc9c90700");
        append(input, frame(other(role), 0x81, "plain"));
        append(input, frame(other(role), 0x89, "f248"));
        append(input, compressed(role, "f200110000"));
        CHECK(at_every_cut(replaying(role), input).story ==
              "text \"Hello\"\ntext \"plain\"\nping \"f248\"\ntext \"Hello\"");
    }
}

TEST_CASE("what does not inflate fails with 1007, whatever the cut", "[7692-7.2.2-01]") {
    struct Case {
        std::string_view digits;
        std::string_view fault;
    };
    const Case cases[] = {
        {"", "truncated_deflate"},
        {"f248cd", "truncated_deflate"},
        {"06", "malformed_deflate"},
        {"0005000000", "malformed_deflate"},
        {"fc0000", "malformed_deflate"},
        {"f348cdc9c90700ff", "malformed_deflate"},
    };
    for (const Role role : both_roles)
        for (const Delivery delivery : {Delivery::messages, Delivery::parts})
            for (const Case& one : cases) {
                CAPTURE(one.digits, delivery);
                Replay replay = replaying(role);
                replay.configure = [&](Config& config) { config.delivery = delivery; };
                const std::string story =
                    at_every_cut(replay, compressed(role, one.digits, 0xC2)).story;
                CHECK(story.substr(story.rfind("failed")) ==
                      "failed 1007 " + std::string(one.fault));
            }
}

TEST_CASE("RSV1 means compression on the first frame of a message and nowhere else",
          "[7692-6.1-04][7692-6.1-03][7692-6-01]") {
    for (const Role role : both_roles) {
        CHECK(at_every_cut(replaying(role), frame(other(role), 0xC9, "x")).story ==
              "failed 1002 reserved_bit");
        Octets fragments = frame(other(role), 0x41, unhex("f248cd"));
        append(fragments, frame(other(role), 0xC0, unhex("c9c90700")));
        CHECK(at_every_cut(replaying(role), fragments).story == "failed 1002 reserved_bit");
        CHECK(at_every_cut(replaying(role), frame(other(role), 0xA1, "x")).story ==
              "failed 1002 reserved_bit");
        CHECK(at_every_cut(replaying(role, {}), compressed(role, "f248cdc9c90700")).story ==
              "failed 1002 reserved_bit");
    }
}

TEST_CASE("text is judged as it was inflated, at the octet that is wrong", "[7692-6.1-06]") {
    for (const Role role : both_roles)
        for (const Delivery delivery : {Delivery::messages, Delivery::parts}) {
            Replay replay = replaying(role);
            replay.configure = [&](Config& config) {
                config.delivery = delivery;
                config.deflate.part_size_max = 3;
            };
            const auto story_of = [&](ConstBytes text) {
                const Octets message = DeflateWriter().fixed().text(text).end().flush().octets();
                return at_every_cut(replay, frame(other(role), 0xC1, message)).story;
            };
            const bool parts = delivery == Delivery::parts;
            CHECK(story_of(octets_of("gr\xC3\xBC\xC3\x9F")) ==
                  (parts ? "first last part of text " : "text ") +
                      quoted(octets_of("gr\xC3\xBC\xC3\x9F")));
            const std::string invalid = story_of(octets_of("ab\xFFz"));
            CHECK(invalid == (parts ? "first part of text \"ab\"\nfailed 1007 invalid_utf8"
                                    : "failed 1007 invalid_utf8"));
            const std::string truncated = story_of(octets_of("abc\xC3"));
            CHECK(truncated.substr(truncated.rfind("failed")) == "failed 1007 truncated_utf8");
        }
}

TEST_CASE("a message is measured as inflated: the limit is delivered and one more is not") {
    const std::string text = text_of(1000);
    const Octets message =
        DeflateWriter().fixed().text(as_bytes(text)).end().flush().octets();
    for (const Role role : both_roles)
        for (const Delivery delivery : {Delivery::messages, Delivery::parts})
            for (const std::uint64_t size_max : {999U, 1000U, 1001U, 1U}) {
                CAPTURE(size_max, delivery);
                Replay replay = replaying(role);
                replay.configure = [&](Config& config) {
                    config.delivery = delivery;
                    config.limits.message_size_max = size_max;
                    config.deflate.part_size_max = 100;
                };
                const std::string story =
                    at_every_cut(replay, frame(other(role), 0xC1, message)).story;
                const bool fails = story.find("failed 1009 message_too_large") != std::string::npos;
                CHECK(fails == (size_max < 1000));
                const bool whole = story.find(quoted(as_bytes(text))) != std::string::npos;
                CHECK(whole == (size_max >= 1000));
            }
}

TEST_CASE("parts of every size, at every cut, join to the same message") {
    const std::string text = text_of(700);
    const Octets message = DeflateWriter().stored(as_bytes(text)).flush().octets();
    const Octets input = frame(Role::client, 0xC1, message);
    for (std::size_t size = 0; size <= 64; ++size) {
        CAPTURE(size);
        Replay replay = replaying(Role::server);
        replay.configure = [&](Config& config) {
            config.delivery = Delivery::parts;
            config.deflate.part_size_max = size;
        };
        CHECK(replay.run(input).story == "first last part of text " + quoted(as_bytes(text)));
        if (size % 13 == 1)
            CHECK(at_every_cut(replay, input).story == "first last part of text " + quoted(as_bytes(text)));
    }
}

TEST_CASE("what is sent compressed can be inflated, and is marked on its first frame alone",
          "[compressor]"
          "[7692-6.1-01][7692-6.1-02][7692-6.1-03][7692-7.2.1-01][7692-7.2.1-10][7692-7.2.1-13]") {
    for (const Role role : both_roles)
        for (const std::uint64_t frame_size_max : {0U, 7U}) {
            Rig rig;
            rig.config.limits.send_frame_size_max = frame_size_max;
            Drive drive(rig, Agreement{.role = role, .deflate = agreed()});
            const std::string text = text_of(1000);
            Octets past;
            std::size_t sizes[2] = {};
            for (std::size_t& size : sizes) {
                drive.output.clear();
                REQUIRE(drive->send(MessageKind::text, as_bytes(text)) == Refusal::none);
                drive.drain();
                Octets message;
                const std::vector<Sent> frames = frames_in(drive.output);
                for (std::size_t index = 0; index < frames.size(); ++index) {
                    const bool last = index + 1 == frames.size();
                    CHECK(frames[index].first ==
                          ((index == 0 ? 0x41U : 0x00U) | (last ? 0x80U : 0U)));
                    append(message, frames[index].payload);
                }
                CHECK((frame_size_max == 0) == (frames.size() == 1));
                const reference::Inflated said = inflated(message, past);
                CHECK(said.octets == octets_of(text));
                CHECK(said.fault == Violation::none);
                append(past, as_bytes(text));
                size = message.size();
            }
            CHECK(sizes[0] < text.size() / 2);
            CHECK(sizes[1] < 30);  // it is what was sent before
        }
}

TEST_CASE("without takeover every message begins anew, and nothing is kept between them",
          "[compressor][7692-7.2.1-09][7692-7.2.1-12]") {
    for (const Role role : both_roles)
        for (const bool by_policy : {false, true}) {
            Rig rig;
            rig.config.deflate.send.takeover = !by_policy;
            const DeflateDirection own{15, by_policy};
            Drive drive(rig, Agreement{.role = role,
                                       .deflate = role == Role::client ? agreed(own)
                                                                       : agreed({}, own)});
            const std::string text = text_of(1000);
            for (int round = 0; round < 3; ++round) {
                drive.output.clear();
                REQUIRE(drive->send(MessageKind::text, as_bytes(text)) == Refusal::none);
                drive.drain();
                CHECK(inflated(frames_in(drive.output)[0].payload).octets == octets_of(text));
                CHECK(rig.pool.leased_size() == 0);
            }
        }
}

TEST_CASE("no message goes further back than the window that was agreed",
          "[compressor][7692-7.2.1-15][7692-7.1.2.2-03][7692-7.2.2-11][7692-5-07]") {
    for (const Role role : both_roles)
        for (std::uint8_t bits = 8; bits <= 15; ++bits)
            for (const bool by_policy : {false, true}) {
                CAPTURE(bits, by_policy);
                Rig rig;
                DeflateDirection own{bits, true};
                if (by_policy) std::swap(rig.config.deflate.send, own);
                Drive drive(rig, Agreement{.role = role,
                                           .deflate = role == Role::client ? agreed(own)
                                                                           : agreed({}, own)});
                Octets past;
                for (unsigned round = 0; round < 12; ++round) {
                    const std::string text = text_of(900, 1 + round % 3);
                    drive.output.clear();
                    REQUIRE(drive->send(MessageKind::binary, as_bytes(text)) == Refusal::none);
                    drive.drain();
                    const Sent sent = frames_in(drive.output)[0];
                    CHECK(sent.first == 0xC2);
                    const reference::Inflated said = inflated(sent.payload, past, bits);
                    REQUIRE(said.fault == Violation::none);
                    CHECK(said.octets == octets_of(text));
                    append(past, as_bytes(text));
                }
            }
}

TEST_CASE("empty messages and those that do not shrink go out plain", "[compressor][7692-7.3-02]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, Agreement{.role = role, .deflate = agreed()});
        const std::string noise = noise_of(2000);
        const std::string text = text_of(500);
        REQUIRE(drive->send(MessageKind::text, {}, {.compression = Compression::always}) ==
                Refusal::none);
        REQUIRE(drive->send(MessageKind::binary, as_bytes(noise)) == Refusal::none);
        REQUIRE(drive->send(MessageKind::text, as_bytes(text)) == Refusal::none);
        REQUIRE(drive->send(MessageKind::text, as_bytes(text)) == Refusal::none);
        drive.drain();
        const std::vector<Sent> frames = frames_in(drive.output);
        REQUIRE(frames.size() == 4);
        CHECK(frames[0].first == 0x81);
        CHECK(frames[1].first == 0x82);
        CHECK(frames[1].payload == octets_of(noise));
        CHECK(frames[2].first == 0xC1);
        CHECK(inflated(frames[2].payload).octets == octets_of(text));  // nothing of the noise
        CHECK(inflated(frames[3].payload, as_bytes(text)).octets == octets_of(text));
    }
}

TEST_CASE("compression: a message says for itself whether it is compressed",
          "[compressor][7692-8-01]") {
    Rig rig;
    rig.config.deflate.threshold = 100;
    Drive drive(rig, Agreement{.role = Role::server, .deflate = agreed()});
    const auto first_octet_of = [&](std::size_t size, Compression choice) {
        drive.output.clear();
        REQUIRE(drive->send(MessageKind::text, as_bytes(std::string(size, 'a')),
                            {.compression = choice}) == Refusal::none);
        drive.drain();
        return frames_in(drive.output)[0].first;
    };
    CHECK(first_octet_of(99, Compression::automatic) == 0x81);
    CHECK(first_octet_of(100, Compression::automatic) == 0xC1);
    CHECK(first_octet_of(99, Compression::always) == 0xC1);
    CHECK(first_octet_of(5000, Compression::none) == 0x81);
}

TEST_CASE("a streamed message is compressed part by part, each readable at once",
          "[compressor][7692-7.2.1-07]") {
    for (const Role role : both_roles)
        for (const bool takeover : {true, false}) {
            Rig rig;
            Drive drive(rig, Agreement{.role = role,
                                       .deflate = agreed({15, takeover}, {15, takeover})});
            for (int round = 0; round < 2; ++round) {
                drive.output.clear();
                REQUIRE(drive->send_begin(MessageKind::text) == Refusal::none);
                const std::string part = text_of(300);
                for (int index = 0; index < 3; ++index)
                    REQUIRE(drive->send_part(as_bytes(part), false) == Refusal::none);
                REQUIRE(drive->send_part({}, true) == Refusal::none);
                drive.drain();
                const std::vector<Sent> frames = frames_in(drive.output);
                REQUIRE(frames.size() == 4);
                CHECK(frames[0].first == 0x41);
                CHECK(frames[1].first == 0x00);
                CHECK(frames[3].first == 0x80);
                for (std::size_t index = 0; index < 3; ++index)
                    CHECK(hex(ConstBytes(frames[index].payload).last(4)) == "0000ffff");
                Octets message;
                for (const Sent& sent : frames) append(message, sent.payload);
                Octets past;
                if (takeover && round == 1) past = octets_of(part + part + part);
                const reference::Inflated said = inflated(message, past);
                CHECK(said.octets == octets_of(part + part + part));
                CHECK(said.fault == Violation::none);
                CHECK(frames[1].payload.size() < 20);  // it refers to the part before
            }
        }
}

TEST_CASE("without a pool a compressed message cannot be inflated") {
    for (const Role role : both_roles)
        for (const Delivery delivery : {Delivery::messages, Delivery::parts}) {
            Rig rig;
            rig.config.delivery = delivery;
            rig.config.pool = nullptr;
            Drive drive(rig, Agreement{.role = role, .deflate = agreed()});
            drive.feed(frame(other(role), 0xC1, unhex("f248cdc9c90700")));
            CHECK(drive.story.lines().front().find("out_of_memory") != std::string::npos);
        }
}

TEST_CASE("a streamed message of one part is sent as a message is", "[compressor]") {
    const std::string noise = noise_of(1000, 1), text = text_of(1000);
    for (const Role role : both_roles) {
        const auto first_octet_of = [&](std::string_view part, bool last, std::size_t threshold) {
            Rig rig;
            rig.config.deflate.threshold = threshold;
            Drive drive(rig, Agreement{.role = role, .deflate = agreed()});
            REQUIRE(drive->send_begin(MessageKind::binary) == Refusal::none);
            REQUIRE(drive->send_part(as_bytes(part), last) == Refusal::none);
            return frames_in(drive.drain().output).front().first;
        };
        CHECK(first_octet_of(text, true, 128) == 0xC2);
        CHECK(first_octet_of(text, true, 1001) == 0x82);
        CHECK(first_octet_of(noise, true, 128) == 0x82);  // it would not become smaller
        CHECK(first_octet_of("", true, 0) == 0x82);
        // One that goes on may become any size, and shrink yet.
        CHECK(first_octet_of(text, false, 1001) == 0x42);
        CHECK(first_octet_of(noise, false, 128) == 0x42);
        CHECK(first_octet_of(text, false, SIZE_MAX) == 0x02);
    }
}

TEST_CASE("thousands of messages pass between two sides, at any cut of the stream") {
    for (const bool takeover : {true, false})
        for (const std::uint8_t bits : std::array<std::uint8_t, 4>{8, 9, 12, 15}) {
            CAPTURE(takeover, bits);
            std::minstd_rand random(bits);
            Pair pair([](Config& config) { config.deflate.threshold = 1; },
                      [&](std::size_t available) { return 1 + random() % available; },
                      agreed({bits, takeover}, {15, takeover}));
            std::vector<std::string> heard;
            pair.server.host = [&](Connection& server, const Event& event) {
                if (event.is_message())
                    (void)server.send(event.message_kind(), event.payload());
            };
            pair.client.host = [&](Connection&, const Event& event) {
                if (event.is_message()) heard.emplace_back(event.text());
            };
            for (unsigned round = 0; round < 300; ++round) {
                const std::size_t size = random() % (round % 10 == 0 ? 40000 : 400);
                const std::string said = round % 7 == 0 ? noise_of(size, round) : text_of(size, round);
                heard.clear();
                REQUIRE(pair.client->send(MessageKind::binary, as_bytes(said)) == Refusal::none);
                pair.run();
                REQUIRE(heard == std::vector{said});
                pair.client.story.forget();
                pair.server.story.forget();
            }
            CHECK(pair.client->state() == State::open);
        }
}

TEST_CASE("between messages a side keeps what may be referred to, and no more", "[compressor]") {
    Rig rig;
    Drive drive(rig, Agreement{.role = Role::server, .deflate = agreed()});
    const std::string text = text_of(1000);
    const Octets message =
        DeflateWriter().fixed().text(as_bytes(text)).end().flush().octets();
    drive.feed(frame(Role::client, 0xC1, message));
    REQUIRE(drive->send(MessageKind::text, as_bytes(text)) == Refusal::none);
    drive.drain();
    CHECK(rig.pool.leased_size() == 2 * (256 + 1024));
}

TEST_CASE("without an inflater the connection fails with 1013, and gets one when there is one") {
    CountingAllocator allocator;
    {
        Pool pool(allocator.face(), 0, {.inflater_count_max = 1});
        Config config;
        config.pool = &pool;
        const Agreement agreement{.role = Role::server, .deflate = agreed()};
        Connection first(config, agreement, Time{0});
        Connection second(config, agreement, Time{0});
        Octets begun = frame(Role::client, 0x41, unhex("f248cd"));
        Octets whole = frame(Role::client, 0xC1, unhex("f248cdc9c90700"));
        REQUIRE(first.receive(begun, Time{0}) == Refusal::none);
        REQUIRE_FALSE(first.next_event());
        REQUIRE(second.receive(whole, Time{0}) == Refusal::none);
        const Event failed = second.next_event();
        CHECK(failed.cause() == Cause::no_inflater);
        CHECK(failed.code_sent() == CloseCode::try_again_later);
        Octets rest = frame(Role::client, 0x80, unhex("c9c90700"));
        REQUIRE(first.receive(rest, Time{0}) == Refusal::none);
        CHECK(first.next_event().text() == "Hello");
    }
    CHECK(allocator.live_size() == 0);
}

TEST_CASE("where there is no compressor, messages go out plain") {
    CountingAllocator allocator;
    {
        Pool pool(allocator.face(), 0, {.compressor_count_max = 0});
        Config config;
        config.pool = &pool;
        Connection connection(config, {.role = Role::server, .deflate = agreed()}, Time{0});
        REQUIRE(connection.send(MessageKind::text, as_bytes(text_of(1000))) == Refusal::none);
        Octets output(2000);
        output.resize(connection.write_output(output, Time{0}));
        CHECK(frames_in(output)[0].first == 0x81);
    }
    CHECK(allocator.live_size() == 0);
}

TEST_CASE("a compressor that another connection had is never taken for our own", "[compressor]") {
    const std::string first = text_of(1000, 1), other = text_of(1000, 2), last = text_of(1000, 3);
    for (std::size_t failing = 0; failing < 12; ++failing) {
        CAPTURE(failing);
        CountingAllocator allocator;
        {
            Pool pool(allocator.face(), 0, {.compressor_count_max = 1});
            Config config;
            config.pool = &pool;
            const Agreement agreement{.role = Role::server, .deflate = agreed()};
            Connection ours(config, agreement, Time{0});
            Connection theirs(config, agreement, Time{0});
            Octets past;
            const auto send = [&](Connection& connection, const std::string& text) {
                const Refusal refusal = connection.send(MessageKind::text, as_bytes(text));
                Octets output(4000);
                output.resize(connection.write_output(output, Time{0}));
                if (&connection != &ours || refusal != Refusal::none) return;
                const Sent sent = frames_in(output)[0];
                if (sent.first != 0xC1) return;
                const reference::Inflated said = inflated(sent.payload, past);
                CHECK(said.octets == octets_of(text));
                CHECK(said.fault == Violation::none);
                append(past, as_bytes(text));
            };
            send(ours, first);
            send(theirs, other);
            allocator.fail(failing, CountingAllocator::Failure::once);
            send(ours, last);
            allocator.fail_never();
            send(ours, other);
            send(ours, last);
            CHECK(past.size() >= 3000);
        }
        CHECK(allocator.live_size() == 0);
    }
}

TEST_CASE("a compressed message is nothing to those who pass frames on", "[7692-6-02]") {
    Replay replay = replaying(Role::server);
    replay.reserved_bits = rsv1_bit;
    replay.configure = [](Config& config) { config.delivery = Delivery::frames; };
    CHECK(at_every_cut(replay, compressed(Role::server, "f248cdc9c90700")).story ==
          "frame c1 <f248cdc9c90700>");
}

}  // namespace
}  // namespace hawse::test
