// SPDX-License-Identifier: MIT
// Cases of the catalogue (tests/data/catalogue.tsv) that are no single vector: many frames, long silences,
// bounds of memory, and what a host may do between two events. The tags are the catalogue's ids.
#include "hawse/session.hpp"
#include "support/catch.hpp"
#include "support/drive.hpp"
#include "support/every_cut.hpp"

#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};

/// What a connection may lease beside what arrived: two blocks for what waits to be written.
constexpr std::size_t small_size = 8192;

std::size_t count_of(const Story& story, std::string_view head) {
    std::size_t count = 0;
    for (const std::string& line : story.lines()) count += line.rfind(head, 0) == 0;
    return count;
}

/// Pulls every event of `octets`, lent where they lie.
template <typename OnEvent>
void pull_all(Drive& drive, Bytes octets, const OnEvent& on_event) {
    const Refusal refusal = drive->receive(octets, drive.now);
    if (refusal != Refusal::none) REQUIRE(refusal == Refusal::none);  // a million of them take long
    while (const Event event = drive->next_event()) on_event(event);
}

/// Text of `size` octets that is one three-octet character among letters, the first octet of it at
/// `position`.
std::string text_around_euro(std::size_t position, std::size_t size) {
    std::string text(position, 'a');
    text += "\xE2\x82\xAC";
    text.resize(size, 'z');
    return text;
}

}  // namespace

// Headers and masks.

TEST_CASE("a header cut anywhere, before a payload cut anywhere, is the same frame", "[HDR-26]") {
    std::string text;
    for (int count = 0; count < 30; ++count) text += "Hello";
    for (const Role role : both_roles) {
        Replay replay;
        replay.role = role;
        const Octets input = frame(other(role), 0x81, std::string_view(text));
        const std::size_t header_size = input.size() - text.size();
        const Outcome whole = replay.run(input);
        CHECK(whole.story == "text " + quoted(as_bytes(text)));
        std::size_t differences = 0;
        for (std::size_t first = 1; first <= header_size; ++first)
            for (std::size_t second = header_size + 1; second < input.size(); ++second)
                differences += !(replay.run(input, std::array{first, second}) == whole);
        CHECK(differences == 0);
    }
}

TEST_CASE("a key that is cut anywhere unmasks a payload that comes octet by octet", "[MASK-14]") {
    Replay replay;
    const Octets input = frame(Role::client, 0x81, "Hello World");
    for (std::size_t cut = 1; cut <= 3; ++cut) {
        std::vector<std::size_t> cuts = {2 + cut};
        for (std::size_t at = 6; at < input.size(); ++at) cuts.push_back(at);
        CHECK(replay.run(input, cuts).story == "text \"Hello World\"");
    }
}

TEST_CASE("the first octet of a header and then silence is an idle connection", "[HDR-36]") {
    for (const Role role : both_roles)
        for (const bool idle : {false, true}) {
            Rig rig;
            if (idle) rig.config.waits.idle = seconds(30);
            Drive drive(rig, role);
            drive.pass(seconds(20)).feed(unhex("82"));
            // A host that sleeps until deadline() never wakes up in vain.
            CHECK(drive->deadline() == (idle ? drive.now + seconds(30) : never));
            for (int second = 1; second <= 60; ++second) {
                drive.pass(seconds(1));
                CHECK(drive->deadline() > drive.now);
                CHECK(drive.story.lines().empty() == (!idle || second < 30));
            }
            CHECK(drive.story.text() ==
                  (idle ? "failed 1001 idle_timeout\n"
                          "closed unclean sent 1001 received 1006 \"\" idle_timeout"
                        : ""));
        }
}

TEST_CASE("each frame is asked for its mask, the thousand-and-first as well", "[MASK-09]") {
    Rig rig;
    Drive drive(rig, Role::server);
    Octets input;
    for (int count = 0; count < 1000; ++count) append(input, frame(Role::client, 0x82, "good"));
    append(input, frame(Role::server, 0x82, "bad"));
    append(input, frame(Role::client, 0x82, "late"));
    drive.feed(input);
    CHECK(drive.story.lines().size() == 1001);
    CHECK(count_of(drive.story, "binary \"good\"") == 1000);
    CHECK(drive.story.lines().back() == "failed 1002 missing_mask");
}

TEST_CASE("a thousand short frames in one buffer are unmasked at every alignment", "[MASK-13]") {
    Octets input;
    std::string expected;
    for (unsigned count = 0; count < 1000; ++count) {
        const std::string text = std::to_string(100 + count).substr(0, 1 + count % 3);
        append(input, frame(Role::client, 0x81, std::string_view(text)));
        expected += (expected.empty() ? "text \"" : "\ntext \"") + text + '"';
    }
    for (std::size_t alignment = 0; alignment < 8; ++alignment) {
        Rig rig;
        Drive drive(rig, Role::server);
        Octets place(alignment);
        append(place, input);
        pull_all(drive, Bytes(place).subspan(alignment),
                 [&](const Event& event) { drive.story.tell(event); });
        CHECK(drive.story.text() == expected);
    }
}

// Fragments.

TEST_CASE("a message of one-octet fragments takes memory by its octets, not by its frames",
          "[FRAG-11]") {
    constexpr std::size_t size = std::size_t{1} << 20;
    for (const Role role : both_roles) {
        Rig rig;
        rig.config.limits.fragment_count_max = size;
        rig.config.limits.message_size_max = size;
        Drive drive(rig, role);
        std::size_t told_size = 0, worst_excess = 0;
        for (std::size_t count = 1; count <= size; ++count) {
            const unsigned first = (count == 1 ? 0x02U : 0U) | (count == size ? 0x80U : 0U);
            Octets fragment = frame(other(role), first, "x");
            pull_all(drive, fragment, [&](const Event& event) {
                CHECK(event.payload().size() == size);
                told_size += event.payload().size();
            });
            const std::size_t allowed = 2 * count + 256;
            const std::size_t live = rig.allocator.live_size();
            if (live > allowed) worst_excess = std::max(worst_excess, live - allowed);
        }
        CHECK(told_size == size);
        CHECK(worst_excess == 0);
        CHECK(rig.allocator.peak_size() <=
              3 * size);  // a place that doubles, and the one before it
        CHECK(rig.allocator.count() < 30);
    }
}

TEST_CASE("fragments without end fail with the one that passes the limit", "[FRAG-12]") {
    const std::string piece(1000, 'x');
    for (const Role role : both_roles) {
        Rig rig;
        rig.config.limits.message_size_max = 65536;
        rig.config.limits.frame_size_max = 1000;
        Drive drive(rig, role);
        drive.feed(frame(other(role), 0x02, std::string_view(piece)));
        for (std::size_t sum = 1000; sum + 1000 <= 65536; sum += 1000) {
            CHECK(drive->state() == State::open);
            drive.feed(frame(other(role), 0x00, std::string_view(piece)));
        }
        CHECK(drive.told().empty());
        CHECK(rig.allocator.live_size() <= 2 * 65536 + small_size);
        // The header alone decides; its payload never comes.
        drive.feed(ConstBytes(frame(other(role), 0x00, std::string_view(piece))).first(4));
        CHECK(drive.told() == "failed 1009 message_too_large");
        CHECK(rig.allocator.live_size() == 0);
        drive.feed(frame(other(role), 0x80, "x")).feed(frame(other(role), 0x82, "x"));
        CHECK(drive.told().empty());
        CHECK(frames_in_words(drive.output) == "88 <03f1>");
    }
}

// Text.

TEST_CASE("one invalid octet fails wherever it stands in a message and in memory", "[UTF8-35]") {
    constexpr std::size_t size = 258;
    for (const Role role : both_roles) {
        std::size_t missed = 0;
        for (std::size_t position = 0; position < size; ++position) {
            std::string text(size, 'a');
            text[position] = static_cast<char>(position % 2 == 0 ? 0xFF : 0x80);
            const Octets input = frame(other(role), 0x81, std::string_view(text));
            for (std::size_t alignment = 0; alignment < 16; ++alignment) {
                Rig rig;
                Drive drive(rig, role);
                alignas(16) std::array<std::byte, size + 24> place;
                std::memcpy(place.data() + alignment, input.data(), input.size());
                pull_all(drive, Bytes(place).subspan(alignment, input.size()),
                         [&](const Event& event) { drive.story.tell(event); });
                missed += drive.story.text() != "failed 1007 invalid_utf8";
            }
        }
        CHECK(missed == 0);
    }
}

TEST_CASE("a character across any offset at which a kernel works is delivered", "[UTF8-36]") {
    for (const Role role : both_roles) {
        Replay replay;
        replay.role = role;
        for (const std::size_t offset : {8U, 16U, 32U, 64U, 4096U, 65536U})
            for (const std::size_t before : {1U, 2U}) {
                const std::string text = text_around_euro(offset - before, offset + 40);
                const std::string expected = "text " + quoted(as_bytes(text));
                const Octets input = frame(other(role), 0x81, std::string_view(text));
                CHECK(replay.run(input).story == expected);
                const std::size_t at = input.size() - text.size() + offset;
                for (std::size_t cut = at - 3; cut <= at + 3; ++cut)
                    CHECK(replay.run(input, std::array{cut}).story == expected);
                CHECK(replay.run(input, std::array{at - 1, at, at + 1}).story == expected);
            }
    }
}

// Closing.

TEST_CASE("a peer that answers our Close with a stream of messages costs time, not memory",
          "[CLOSE-42]") {
    constexpr std::size_t chunk_size = 65536, chunk_count = 1024;  // 64 MiB: a 16th of the case
    const std::string payload(chunk_size, 'x');
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        REQUIRE(drive->close() == Refusal::none);
        drive.drain().pass({});
        const Octets input = frame(other(role), 0x82, std::string_view(payload));
        const Time end = drive.now + seconds(10);
        std::size_t delivered = 0;
        for (std::size_t count = 0; count < chunk_count; ++count) {
            if (count == chunk_count / 2) {  // now the wait is over
                CHECK(drive->deadline() == end);
                drive.now = end;
                drive->advance(end);
                CHECK(drive->next_event().cause() == Cause::close_timeout);
                CHECK(drive->wants() == Wants(Wants::close_bit));
            }
            Octets place = input;  // half of it at a time, so that each is assembled
            const auto count_it = [&](const Event& event) { delivered += event.payload().size(); };
            pull_all(drive, Bytes(place).first(chunk_size / 2), count_it);
            pull_all(drive, Bytes(place).subspan(chunk_size / 2), count_it);
        }
        CHECK(delivered == chunk_size * chunk_count / 2);
        CHECK(rig.allocator.peak_size() <= 3 * chunk_size + small_size);
        drive.drain();
        CHECK(frames_in_words(drive.output) == "88 <03e8>");
    }
}

// Bounds.

TEST_CASE("a thousand messages that are held back cost what arrived of them", "[LIM-02]") {
    for (const Role role : both_roles) {
        Rig rig;
        std::vector<std::unique_ptr<Drive>> drives;
        const Octets input = frame(other(role), 0x82, std::string_view(std::string(600'000, 'x')));
        std::size_t received = 0;
        for (std::size_t count = 0; count < 1000; ++count) {
            const std::size_t size = 100 + count * 7;
            drives.push_back(std::make_unique<Drive>(rig, role));
            drives.back()->feed(ConstBytes(input).first(size)).pass(seconds(3600));
            received += size;
            CHECK(drives.back()->story.lines().empty());
        }
        CHECK(rig.allocator.live_size() <= 2 * received + 1000 * 256);
        CHECK(rig.allocator.largest_size() <= 2 * 7100);
    }
}

TEST_CASE("empty pings cost three times their octets at most, and no memory", "[LIM-04]") {
    constexpr std::size_t count = 1'000'000;
    Octets input;
    for (std::size_t index = 0; index < 1000; ++index) append(input, frame(Role::server, 0x89));
    Rig drained_rig, held_rig;
    Drive drained(drained_rig, Role::client), held(held_rig, Role::client, Drain::nothing);
    std::size_t output_size = 0, pongs_held = 0;
    std::array<std::byte, 512> place;
    for (std::size_t round = 0; round < count / 1000; ++round) {
        pull_all(drained, input,
                 [&](const Event&) { output_size += drained->write_output(place, drained.now); });
        pull_all(held, input, [](const Event&) {});
        pongs_held = std::max(pongs_held, held->output_size() / 6);
    }
    CHECK(output_size == 3 * 2 * count);
    CHECK(pongs_held == held_rig.config.limits.pong_count_max);
    for (const Rig* rig : {&drained_rig, &held_rig})
        CHECK(rig->allocator.peak_size() <= small_size);
}

TEST_CASE("whatever the fault, one Close is all that follows it", "[LIM-07][OUT-05]") {
    struct Fault {
        const char* name;
        std::function<Octets(Role from)> octets;
    };
    const auto of = [](unsigned first, std::string_view payload = {}) {
        return [=](Role from) { return frame(from, first, payload); };
    };
    const Fault faults[] = {
        {"reserved_bit", of(0xC1)},
        {"reserved_opcode", of(0x83)},
        {"fragmented_control", of(0x09)},
        {"unexpected_continuation", of(0x80)},
        {"interleaved_message",
         [](Role from) {
             return joined({frame(from, 0x01, "a"), frame(from, 0x81, "b")});
         }},
        {"missing_mask or unexpected_mask",
         [](Role from) { return frame(other(from), 0x81, "a"); }},
        {"oversized_control",
         of(0x89, std::string_view("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                                   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                                   "xxxxxxxxxxxxxxxxx"))},
        {"non_minimal_length",
         [](Role from) { return unhex(from == Role::client ? "81fe000100000000" : "817e0001"); }},
        {"length_high_bit",
         [](Role from) {
             return unhex(from == Role::client ? "81ff800000000000000000000000"
                                               : "817f8000000000000000");
         }},
        {"message_too_large",
         [](Role from) {
             return unhex(from == Role::client ? "81ff000000010000000000000000"
                                               : "817f0000000100000000");
         }},
        {"invalid_utf8", of(0x81, "\xFF")},
        {"truncated_utf8", of(0x81, "\xC3")},
        {"truncated_close_code", of(0x88, "x")},
        {"undefined_close_code", [](Role from) { return close_frame(from, 999); }},
        {"invalid_close_reason", [](Role from) { return close_frame(from, 1000, "\xFF"); }},
    };
    for (const Role role : both_roles)
        for (const Fault& fault : faults) {
            INFO(fault.name << (role == Role::server ? " to a server" : " to a client"));
            Rig rig;
            Drive drive(rig, role);
            drive.feed(frame(other(role), 0x89, "before"));
            CHECK(frames_in_words(unhex(drive.taken())) == "8a \"before\"");
            drive.feed(fault.octets(other(role)));
            for (int count = 0; count < 10; ++count)
                drive.feed(frame(other(role), 0x89, "after"))
                    .feed(fault.octets(other(role)))
                    .feed(close_frame(other(role), 1000, "after"));
            CHECK(drive->ping() == Refusal::not_open);
            CHECK(drive->close() == Refusal::none);
            drive.write_ended().pass(seconds(1)).end();
            CHECK(drive.output.size() <= (role == Role::server ? 127 : 131));
            const auto frames = read_frames(drive.output);
            REQUIRE(frames.size() == 1);
            CHECK(frames[0].first == 0x88);
            CHECK(frames[0].masked == (role == Role::client));
            CHECK(count_of(drive.story, "failed") == 1);
            CHECK(count_of(drive.story, "closed") == 1);
            CHECK(drive.story.lines().size() == 3);  // the ping before it, too
        }
}

TEST_CASE("a million empty frames in one loan are told one by one, and kept nowhere", "[LIM-09]") {
    constexpr std::size_t count = 1'000'000;
    for (const Role role : both_roles) {
        const Octets one = frame(other(role), 0x82);
        Octets input;
        input.reserve(count * one.size());
        for (std::size_t index = 0; index < count; ++index) append(input, one);
        Rig rig;
        Drive drive(rig, role);
        std::size_t told = 0;
        pull_all(drive, input, [&](const Event& event) {
            told += event.is_message() && event.payload().empty();
        });
        CHECK(told == count);
        CHECK(rig.allocator.count() == 0);
        CHECK(drive->output_size() == 0);
    }
}

TEST_CASE("lending no octets changes nothing, in whatever state", "[LIM-10]") {
    struct Stage {
        const char* name;
        std::function<void(Drive&, Role)> reach;
    };
    const auto fed = [](unsigned first, std::size_t cut) {
        return [=](Drive& drive, Role role) {
            const Octets input = frame(other(role), first, "payload");
            drive.feed(ConstBytes(input).first(std::min(cut, input.size())));
        };
    };
    const Stage stages[] = {
        {"open", [](Drive&, Role) {}},
        {"inside a header", fed(0x81, 1)},
        {"inside a payload", fed(0x81, 8)},
        {"inside a message", fed(0x01, SIZE_MAX)},
        {"inside a control frame", fed(0x89, 8)},
        {"behind a message", fed(0x81, SIZE_MAX)},
        {"behind our Close",
         [](Drive& drive, Role) {
             (void)drive->close();
             drive.drain().pass({});
         }},
        {"behind the peer's",
         [](Drive& drive, Role role) { drive.feed(close_frame(other(role), 1000)); }},
        {"failed", fed(0x83, SIZE_MAX)},
        {"closed",
         [](Drive& drive, Role) {
             drive->abort(drive.now);
             drive.pull();
         }},
    };
    for (const Role role : both_roles)
        for (const Stage& stage : stages) {
            INFO(stage.name);
            Rig rig;
            Drive drive(rig, role);
            stage.reach(drive, role);
            const std::string before = drive.story.text();
            const auto wants = drive->wants();
            const Time deadline = drive->deadline();
            const std::size_t live = rig.allocator.live_size();
            std::byte some{};
            for (const Bytes none : {Bytes(), Bytes(&some, 0)})
                for (int count = 0; count < 3; ++count) {
                    CHECK(drive->receive(none, drive.now) == Refusal::none);
                    CHECK_FALSE(drive->next_event());
                }
            CHECK(drive.story.text() == before);
            CHECK(drive->wants() == wants);
            CHECK(drive->deadline() == deadline);
            CHECK(rig.allocator.live_size() == live);
            CHECK(drive->frame_left() == (std::string_view(stage.name) == "inside a payload"
                                              ? frame(other(role), 0x81, "payload").size() - 8
                                              : 0));
            drive.end();
            CHECK(drive->receive({}, drive.now) == Refusal::transport_ended);
        }
}

TEST_CASE("what one connection counted is nothing to the next", "[LIM-18]") {
    for (const Role role : both_roles) {
        Rig rig;
        rig.config.limits.message_size_max = 100;
        rig.config.limits.fragment_count_max = 3;
        const std::string half(50, 'x');
        for (int round = 0; round < 3; ++round) {
            Drive drive(rig, role);
            drive.feed(frame(other(role), 0x02, std::string_view(half)));
            drive.feed(frame(other(role), 0x00, std::string_view(half)));
            drive.feed(frame(other(role), 0x80));
            CHECK(drive.told() == "binary " + quoted(as_bytes(half + half)));
            drive.feed(frame(other(role), 0x02, std::string_view(half)));
            drive.feed(frame(other(role), 0x80, std::string_view(half + "x")));
            CHECK(drive.told() == "failed 1009 message_too_large");
        }
    }
}

TEST_CASE("octets of frames do not count towards the limit of a head", "[LIM-19]") {
    std::string input = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Version: 13\r\nX: ";
    Rig rig;
    input += std::string(rig.config.limits.head_size_max - input.size() - 4, 'x') + "\r\n\r\n";
    const std::size_t head_size = input.size();
    const std::string text(100'000, 't');
    input += as_text(frame(Role::client, 0x81, std::string_view(text)));
    for (const std::size_t cut : {std::size_t{0}, head_size - 1, head_size, head_size + 3}) {
        const Time now{1};
        Session session(rig.config, Role::server, now);
        Octets octets = octets_of(input);
        std::string events;
        std::size_t from = 0;
        for (const std::size_t to : {cut, octets.size()}) {
            REQUIRE(session.receive(Bytes(octets).subspan(from, to - from), now) == Refusal::none);
            from = to;
            while (const Event event = session.next_event()) {
                events += std::string(name_of(event.kind())) + ' ';
                if (event.kind() == EventKind::request) CHECK(session.accept() == Refusal::none);
                if (event.is_message()) CHECK(event.text() == text);
            }
        }
        CHECK(events == "request opened message ");
    }
}

TEST_CASE("control frames inside a message count towards none of its limits", "[LIM-20]") {
    std::minstd_rand random(20);
    for (unsigned round = 0; round < 200; ++round) {
        const Role role = both_roles[round % 2];
        Rig rig;
        rig.config.limits.message_size_max = 1000;
        rig.config.limits.fragment_count_max = 11;
        Drive drive(rig, role);
        std::string text;
        std::size_t pings = 0, pongs = 0;
        for (int fragment = 0; fragment < 11; ++fragment) {
            const std::size_t left = 1000 - text.size();
            const std::size_t size = fragment == 10 ? left : random() % (left + 1);
            const std::string piece(size, static_cast<char>('a' + fragment));
            text += piece;
            const unsigned first = (fragment == 0 ? 1U : 0U) | (fragment == 10 ? 0x80U : 0U);
            drive.feed(frame(other(role), first, std::string_view(piece)));
            if (fragment == 10) break;
            for (auto count = random() % 30; count != 0; --count) {
                const bool pings_now = random() % 2 == 0;
                ++(pings_now ? pings : pongs);
                drive.feed(frame(other(role), pings_now ? 0x89 : 0x8A,
                                 std::string_view(std::string(random() % 126, 'c'))));
            }
        }
        INFO("round " << round);
        CHECK(count_of(drive.story, "ping") == pings);
        CHECK(count_of(drive.story, "pong") == pongs);
        CHECK(read_frames(drive.output).size() == pings);
        CHECK(drive.story.lines().back() == "text " + quoted(as_bytes(text)));
        // A Close inside a message ends it, whatever the limits had left.
        drive.feed(frame(other(role), 0x01, "part")).feed(close_frame(other(role), 1000));
        CHECK(drive.story.lines().back() == "closing 1000 \"\" dropped");
    }
}

// What a host may do between two events.

TEST_CASE("a host that closes on a message still gets those behind it, or not by an option",
          "[API-01]") {
    for (const Role role : both_roles)
        for (const bool delivers : {true, false}) {
            Rig rig;
            rig.config.deliver_after_close = delivers;
            Drive drive(rig, role);
            Octets input;
            for (const std::string_view text : {"0", "1", "2", "3", "4", "5"})
                append(input, frame(other(role), 0x81, text));
            append(input, close_frame(other(role), 1000));
            append(input, frame(other(role), 0x81, "behind the Close"));
            pull_all(drive, input, [&](const Event& event) {
                drive.story.tell(event);
                CHECK(drive->close(CloseCode::going_away) == Refusal::none);
                drive.drain();
            });
            CHECK(count_of(drive.story, "text") == (delivers ? 6 : 1));
            CHECK(drive.story.lines().back() == "closing 1000 \"\"");
            CHECK(frames_in_words(drive.output) == "88 <03e9>");
        }
}

TEST_CASE("a connection may be destroyed between any two events of one loan", "[API-02]") {
    for (const Role role : both_roles) {
        const Octets input =
            joined({frame(other(role), 0x02, "assem"), frame(other(role), 0x89, "ping"),
                    frame(other(role), 0x80, "bled"), frame(other(role), 0x81, "whole"),
                    close_frame(other(role), 1000, "reason"), frame(other(role), 0x81, "late")});
        for (std::size_t cut = 0; cut < input.size(); ++cut)
            for (std::size_t pulls = 0; pulls <= 5; ++pulls) {
                Rig rig;  // which aborts when a lease is not given back
                auto drive = std::make_unique<Drive>(rig, role, Drain::nothing);
                auto place = std::make_unique<Octets>(input);
                pull_all(*drive, Bytes(*place).first(cut), [](const Event&) {});
                REQUIRE((*drive)->receive(Bytes(*place).subspan(cut), {}) == Refusal::none);
                for (std::size_t count = 0; count < pulls; ++count) (void)(*drive)->next_event();
                drive.reset();
                // The last frame was behind what was pulled, and nobody has touched it.
                CHECK(std::equal(place->end() - 4, place->end(), input.end() - 4));
                place.reset();
                CHECK(rig.allocator.live_size() == 0);
            }
    }
}

TEST_CASE("a host that throws out of its loop finds every event behind the last, once",
          "[API-05]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role, Drain::nothing);
        Octets input = joined({frame(other(role), 0x81, "one"), frame(other(role), 0x89, "two"),
                               frame(other(role), 0x01, "thr"), frame(other(role), 0x80, "ee")});
        REQUIRE(drive->receive(input, drive.now) == Refusal::none);
        std::size_t thrown = 0;
        for (bool more = true; more;) {
            try {
                while (const Event event = drive->next_event()) {
                    drive.story.tell(event);
                    throw std::string("the host's own trouble");
                }
                more = false;
            } catch (const std::string&) {
                ++thrown;
            }
        }
        CHECK(thrown == 3);
        CHECK(drive.story.text() == "text \"one\"\nping \"two\"\ntext \"three\"");
        drive.drain();
        CHECK(frames_in_words(drive.output) == "8a \"two\"");
        CHECK(rig.allocator.live_size() == 0);
    }
}

TEST_CASE("octets that were lent are not looked at once there is no event", "[API-07]") {
    for (const Role role : both_roles) {
        const Octets input =
            joined({frame(other(role), 0x01, "a text in \xE2"), frame(other(role), 0x89, "a ping"),
                    frame(other(role), 0x80, "\x82\xAC fragments"),
                    close_frame(other(role), 1000, "a reason")});
        Rig whole_rig;
        Drive whole(whole_rig, role);
        whole.feed(input).end();
        for (std::size_t stride = 1; stride < input.size(); ++stride) {
            Rig rig;
            Drive drive(rig, role);
            Octets place;
            for (std::size_t at = 0; at < input.size(); at += stride) {
                place.assign(input.begin() + std::ptrdiff_t(at),
                             input.begin() + std::ptrdiff_t(std::min(at + stride, input.size())));
                pull_all(drive, place, [&](const Event& event) { drive.story.tell(event); });
                std::fill(place.begin(), place.end(), std::byte{0xDE});
                drive.drain();
            }
            drive.end();
            CHECK(drive.story.text() == whole.story.text());
            CHECK(drive.output == whole.output);
        }
    }
}

TEST_CASE("what is said of a fault holds nothing that the peer wrote", "[API-22]") {
    for (const Role role : both_roles) {
        const char* first_sentence = nullptr;
        for (const std::string_view payload : {"%s%n\xFF", "\r\nX: y\xFF", "\x1B[31m\xFF"}) {
            Rig rig;
            Drive drive(rig, role);
            Octets input = frame(other(role), 0x81, payload);
            pull_all(drive, input, [&](const Event& event) {
                const char* const sentence = describe(event.violation()).sentence;
                if (first_sentence == nullptr) first_sentence = sentence;
                CHECK(sentence == first_sentence);  // the same characters, not only equal ones
                CHECK(event.payload().empty());
            });
            REQUIRE(first_sentence != nullptr);
        }
    }
    const auto prints = [](std::string_view text) {
        for (const char character : text)
            if (character < 0x20 || character > 0x7E || character == '%') return false;
        return text.size() < 250;
    };
    for (unsigned value = 0; value <= static_cast<unsigned>(Violation::last); ++value) {
        const ViolationRow& row = describe(static_cast<Violation>(value));
        CHECK(prints(row.name));
        CHECK(prints(row.sentence));
    }
    for (unsigned value = 0; value <= static_cast<unsigned>(Cause::last); ++value)
        CHECK(prints(describe(static_cast<Cause>(value))));
}
