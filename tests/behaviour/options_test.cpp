// SPDX-License-Identifier: MIT
// Every option that a Config holds, by its name and in both positions: as it stands and as a host may
// set it; for a bound exactly the bound and one more. `behaviour 'linger: *'` runs that of one.
#include "hawse/deflate_budget.hpp"
#include "hawse/session.hpp"
#include "support/catch.hpp"
#include "support/deflate_writer.hpp"
#include "support/drive.hpp"
#include "support/handshake_story.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

using namespace hawse;
using namespace hawse::test;
using support::ask;
using support::repeated;
using support::serve;
using OpeningStory = support::Story;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};

std::string sent_frames(Drive& drive) {
    drive.drain();
    const std::string words = frames_in_words(drive.output);
    drive.output.clear();
    return words;
}

// A frame of `size` octets from the peer of `role`.
Octets from_peer(Role role, unsigned first, std::size_t size) {
    return frame(other(role), first, std::string(size, 'x'));
}

// What is told of `input`, when `configure` has set something.
std::string story_of(Role role, const std::function<void(Config&)>& configure,
                     const Octets& input) {
    Rig rig;
    configure(rig.config);
    Drive drive(rig, role);
    return drive.feed(input).story.text();
}

const std::function<void(Config&)> as_it_stands = [](Config&) {};

const std::string key_fields = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                               "Sec-WebSocket-Version: 13\r\n";
const std::string switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

std::string request_with(std::string_view more) {
    return "GET / HTTP/1.1\r\nHost: h\r\n" + key_fields + std::string(more) + "\r\n";
}

OpeningStory ask_with(const Config& config, std::string_view response) {
    ClientRequest request;
    request.host = "h";
    return ask(config, request, response);
}

// How long a conversation in which `before` happened waits for what it then does, in `story`.
void check_wait(Duration Waits::*wait, Duration value, Role role,
                const std::function<void(Drive&)>& before, std::string_view story) {
    for (const bool set : {false, true}) {
        Rig rig;
        if (set) rig.config.waits.*wait = value;
        const Duration expected = rig.config.waits.*wait;
        Drive drive(rig, role, Drain::nothing);
        before(drive);
        drive->advance(drive.now);
        CHECK(drive.told().find(story) == std::string::npos);
        CHECK(drive->deadline() == drive.now + expected);
        drive.pass(nanoseconds(expected.nanoseconds - 1));
        CHECK(drive.told().find(story) == std::string::npos);
        drive.pass(nanoseconds(1));
        CHECK(drive.told().find(story) != std::string::npos);
    }
    Rig rig;
    rig.config.waits = {.close = {}, .write_stall = {}};
    rig.config.waits.*wait = {};
    Drive drive(rig, role, Drain::nothing);
    before(drive);
    drive->advance(drive.now);
    CHECK(drive->deadline() == never);
}

// Compressed messages, where both sides have agreed on all there is.
constexpr DeflateAgreement all_agreed = {.agreed = true};

// Zeros, so many of them, in a message of so many octets at least: stored ones, blocks of nothing behind.
Octets deflated_zeros(std::size_t size, std::size_t wire_size) {
    for (std::size_t stored = wire_size > 1000 ? wire_size - 1000 : 1;; ++stored) {
        DeflateWriter writer;
        writer.stored(Octets(stored)).fixed();
        for (std::size_t left = size - stored; left != 0;) {
            const std::size_t step = left > 261 ? 258 : left > 258 ? left - 3 : left;
            writer.match(static_cast<unsigned>(step), 1);
            left -= step;
        }
        writer.end().flush();
        const std::size_t written = writer.octets().size();
        if (written > wire_size) return writer.octets();
        if ((wire_size - written) % 5 != 0) continue;
        Octets octets = writer.octets();
        while (octets.size() < wire_size) append(octets, unhex("0000ffff00"));
        return octets;
    }
}

// What a connection of the role sends for one text, when `configure` has set something.
Octets sent_of(Role role, const std::function<void(Config&)>& configure, std::string_view text,
               Send choice = {}) {
    Rig rig;
    configure(rig.config);
    Drive drive(rig, {.role = role, .deflate = all_agreed});
    CHECK(drive->send(MessageKind::text, as_bytes(text), choice) == Refusal::none);
    return drive.drain().output;
}
bool is_compressed(ConstBytes frame) {
    return (std::to_integer<unsigned>(frame[0]) & rsv1_bit) != 0;
}

// In a build without zlib all goes out plain.
bool can_compress() {
    Config config;
    config.deflate.enabled = true;
    return deflate_budget(config).compressor != 0;
}

std::string records(std::size_t size) {
    std::string text;
    for (unsigned index = 1; text.size() < size; index = index * 75 % 65'537)
        text +=
            "{\"id\":" + std::to_string(index) + ",\"depth\":" + std::to_string(index % 31) + "},";
    return text.substr(0, size);
}

const std::string extensions_line = "Sec-WebSocket-Extensions: ";

// What a server answers to the offer, the rest of that line behind the name of the field.
std::string answer_of(const std::function<void(Config&)>& configure, std::string_view offer,
                      const support::Host& host = support::accept_all) {
    Config config;
    configure(config);
    const std::string output =
        serve(config, request_with(extensions_line + std::string(offer) + "\r\n"), {}, host).output;
    const std::size_t start = output.find(extensions_line);
    return start == std::string::npos
               ? ""
               : output.substr(start + extensions_line.size(),
                               output.size() - start - 4 - extensions_line.size());
}

// What a client offers, and whether it is open when that is answered so.
struct Asked {
    std::string offer;
    bool open;
};
Asked offer_of(const std::function<void(Config&)>& configure, std::string_view answer,
               ClientRequest request = {}) {
    Config config;
    configure(config);
    request.host = "h";
    const std::string line = answer.empty() ? "" : extensions_line + std::string(answer) + "\r\n";
    const OpeningStory story = ask(config, request, switched + line + "\r\n");
    const std::size_t start = story.output.find(extensions_line);
    const bool open = story.state == HandshakeState::open;
    if (start == std::string::npos) return {"", open};
    return {story.output.substr(start + extensions_line.size(),
                                story.output.size() - start - 4 - extensions_line.size()),
            open};
}

const std::function<void(Config&)> compressing = [](Config& config) {
    config.deflate.enabled = true;
};
const std::string bare = "permessage-deflate";
const std::string limitable = "permessage-deflate; client_max_window_bits";

}  // namespace

// Config.

TEST_CASE("pool: with one messages are sent and kept, and without one they are refused or fail") {
    for (const bool given : {true, false}) {
        Rig rig;
        if (!given) rig.config.pool = nullptr;
        Drive drive(rig, Role::server, Drain::nothing);
        CHECK(drive->send(MessageKind::text, as_bytes("x")) ==
              (given ? Refusal::none : Refusal::out_of_memory));
        drive.feed(ConstBytes(from_peer(Role::server, 0x82, 5)).first(8));
        CHECK(drive.told() == (given ? "" : "failed 1011 out_of_memory"));
    }
    CHECK(Config{}.pool == nullptr);
}

TEST_CASE("entropy: a client masks with it and sends nothing without, and a server needs none") {
    for (const Role role : both_roles)
        for (const bool given : {true, false}) {
            Rig rig;
            if (!given) rig.config.entropy = {};
            Drive drive(rig, role);
            const bool sends = given || role == Role::server;
            CHECK(drive->send(MessageKind::text, as_bytes("x")) ==
                  (sends ? Refusal::none : Refusal::no_entropy));
            CHECK(sent_frames(drive) == (sends ? "81 \"x\"" : ""));
        }
    CHECK(Config{}.entropy.fill == nullptr);
}

TEST_CASE("delivery: a message that comes cut is told whole, in parts, or as its frames") {
    const Octets input =
        joined({from_peer(Role::server, 0x01, 3), from_peer(Role::server, 0x80, 2)});
    const auto told = [&](Delivery delivery) {
        return story_of(
            Role::server, [&](Config& config) { config.delivery = delivery; }, input);
    };
    CHECK(story_of(Role::server, as_it_stands, input) == "text \"xxxxx\"");
    CHECK(told(Delivery::messages) == "text \"xxxxx\"");
    CHECK(told(Delivery::parts) == "first last part of text \"xxxxx\"");
    CHECK(told(Delivery::frames) == "frame 01 \"xxx\"\nframe 80 \"xx\"");
}

TEST_CASE("pong_after_close: a ping behind our Close is answered, or not") {
    for (const Role role : both_roles)
        for (const bool answers : {true, false}) {
            Rig rig;
            CHECK(rig.config.pong_after_close);
            if (!answers) rig.config.pong_after_close = false;
            Drive drive(rig, role);
            CHECK(drive->close() == Refusal::none);
            drive.feed(frame(other(role), 0x89, "p"));
            CHECK(drive.told() == "ping \"p\"");
            CHECK(sent_frames(drive) == (answers ? "88 <03e8>\n8a \"p\"" : "88 <03e8>"));
        }
}

TEST_CASE("deliver_after_close: a message behind our Close is told, or dropped") {
    for (const Role role : both_roles)
        for (const bool delivers : {true, false}) {
            Rig rig;
            CHECK(rig.config.deliver_after_close);
            if (!delivers) rig.config.deliver_after_close = false;
            Drive drive(rig, role);
            CHECK(drive->close() == Refusal::none);
            drive.feed(from_peer(role, 0x81, 1)).feed(close_frame(other(role), 1000));
            CHECK(drive.told() ==
                  (delivers ? "text \"x\"\nclosing 1000 \"\"" : "closing 1000 \"\""));
        }
}

TEST_CASE("surface_plain_requests: a request without Upgrade is the host's, or 426") {
    const std::string plain = "GET /page HTTP/1.1\r\nHost: h\r\n\r\n";
    Config config;
    CHECK(serve(config, plain).events == "failed:violation:missing_upgrade:426");
    config.surface_plain_requests = true;
    const OpeningStory story = serve(config, plain, {}, [](ServerHandshake& server) {
        CHECK(server.request().plain);
        CHECK(server.accept() == Refusal::plain_request);
        CHECK(server.reject({200, {}, as_bytes("page")}) == Refusal::none);
    });
    CHECK(story.events == "request failed:rejected:200");
    CHECK(story.output.ends_with("\r\n\r\npage"));
}

TEST_CASE("reject_early_octets: octets before the answer are kept, or 400") {
    const auto decide_later = [](ServerHandshake&) {};
    Config config;
    const OpeningStory kept = serve(config, request_with("") + "early", {}, decide_later);
    CHECK(kept.events == "request");
    config.reject_early_octets = true;
    CHECK(serve(config, request_with("") + "e", {}, decide_later).events ==
          "request failed:violation:early_octets:400");
}

TEST_CASE("require_subprotocol: an answer without one opens, or fails") {
    const std::string_view names[] = {"chat"};
    ClientRequest request;
    request.host = "h";
    request.subprotocols = names;
    Config config;
    CHECK(ask(config, request, switched + "\r\n").state == HandshakeState::open);
    config.require_subprotocol = true;
    CHECK(ask(config, request, switched + "\r\n").state == HandshakeState::failed);
    CHECK(ask(config, request, switched + "Sec-WebSocket-Protocol: chat\r\n\r\n").state ==
          HandshakeState::open);
}

// Compression: what of it is negotiated.

TEST_CASE("deflate: a request or an acceptance does without what the Config allows, or not",
          "[compressor]") {
    CHECK(Acceptance{}.deflate);
    CHECK(answer_of(compressing, bare) == bare);
    CHECK(answer_of(compressing, bare, [](ServerHandshake& server) {
              CHECK(server.accept({.deflate = false}) == Refusal::none);
              CHECK_FALSE(server.agreement().deflate.agreed);
          }).empty());
    ClientRequest request;
    CHECK(request.deflate);
    CHECK(offer_of(compressing, bare, request).offer == limitable);
    CHECK(offer_of(compressing, bare, request).open);
    request.deflate = false;
    CHECK(offer_of(compressing, "", request).offer.empty());
    CHECK(offer_of(compressing, "", request).open);
    CHECK_FALSE(offer_of(compressing, bare, request).open);
    for (const bool wanted : {true, false})  // and none of them allows what the Config does not
        CHECK(answer_of(as_it_stands, bare, [&](ServerHandshake& server) {
                  CHECK(server.accept({.deflate = wanted}) == Refusal::none);
              }).empty());
}

TEST_CASE("enabled: compression is offered and accepted, or neither; without zlib always neither") {
    const bool can = can_compress();
    CHECK_FALSE(Config{}.deflate.enabled);
    CHECK(answer_of(as_it_stands, bare).empty());
    CHECK(answer_of(compressing, bare) == (can ? bare : ""));
    CHECK(offer_of(as_it_stands, "").offer.empty());
    CHECK_FALSE(offer_of(as_it_stands, bare).open);
    CHECK(offer_of(compressing, "").offer == (can ? limitable : ""));
    CHECK(offer_of(compressing, "").open);
    CHECK(offer_of(compressing, bare).open == can);
}

TEST_CASE("send: how we compress is said to the peer, when it is less than all", "[compressor]") {
    CHECK(Config{}.deflate.send == DeflateDirection{15, true});
    for (const unsigned bits : {8U, 14U}) {
        const auto set = [&](Config& config) {
            compressing(config);
            config.deflate.send = {static_cast<std::uint8_t>(bits), false};
        };
        const std::string number = std::to_string(bits);
        CHECK(answer_of(set, bare) ==
              bare + "; server_max_window_bits=" + number + "; server_no_context_takeover");
        CHECK(offer_of(set, bare).offer ==
              limitable + "=" + number + "; client_no_context_takeover");
        CHECK(offer_of(set, bare).open);
    }
    const auto beyond = [](Config& config) {
        compressing(config);
        config.deflate.send.window_bits = 200;
    };
    CHECK(answer_of(beyond, bare) == bare);
    CHECK(offer_of(beyond, bare).offer == limitable);
}

TEST_CASE("receive: what we ask the peer to keep to is asked for, when it is less than all",
          "[compressor]") {
    CHECK(Config{}.deflate.receive == DeflateDirection{15, true});
    CHECK(answer_of(compressing, limitable) == bare);
    for (const unsigned bits : {8U, 14U}) {
        const auto set = [&](Config& config) {
            compressing(config);
            config.deflate.receive = {static_cast<std::uint8_t>(bits), false};
        };
        const std::string number = std::to_string(bits);
        CHECK(answer_of(set, limitable) ==
              limitable + "=" + number + "; client_no_context_takeover");
        CHECK(offer_of(set, "").offer ==
              bare + "; server_max_window_bits=" + number +
                  "; server_no_context_takeover; client_max_window_bits, " + limitable);
    }
}

TEST_CASE("insist: a peer that cannot keep to less is declined, or taken as it is",
          "[compressor]") {
    CHECK_FALSE(Config{}.deflate.insist);
    for (const bool insists : {false, true}) {
        const auto set = [&](Config& config) {
            compressing(config);
            config.deflate.receive = {9, false};
            config.deflate.insist = insists;
        };
        CHECK(answer_of(set, bare) == (insists ? "" : bare + "; client_no_context_takeover"));
        CHECK(answer_of(set, limitable) == limitable + "=9; client_no_context_takeover");
        const std::string demanding =
            bare + "; server_max_window_bits=9; server_no_context_takeover";
        CHECK(offer_of(set, demanding).offer ==
              demanding + "; client_max_window_bits" + (insists ? "" : ", " + limitable));
        CHECK(offer_of(set, demanding).open);
        CHECK(offer_of(set, bare).open == !insists);
        CHECK(offer_of(set, "").open);
    }
}

TEST_CASE("level: a message is compressed as small as it says, and the least is 1",
          "[compressor]") {
    CHECK(DeflatePolicy{}.level == 6);
    const std::string text = records(20'000);
    const auto size_at = [&](int level) {
        return sent_of(
                   Role::server,
                   [=](Config& config) {
                       if (level >= 0) config.deflate.level = static_cast<std::uint8_t>(level);
                   },
                   text)
            .size();
    };
    CHECK(size_at(1) > size_at(9));
    CHECK(size_at(-1) == size_at(6));
    CHECK(size_at(0) == size_at(1));
    CHECK(size_at(200) == size_at(9));
}

TEST_CASE("memory_level: a compressor costs as much memory as it says, and the least is 1",
          "[compressor]") {
    CHECK(DeflatePolicy{}.memory_level == 8);
    const auto cost_at = [](int level) {
        Rig rig;
        if (level >= 0) rig.config.deflate.memory_level = static_cast<std::uint8_t>(level);
        Drive drive(rig, {.role = Role::server, .deflate = all_agreed});
        CHECK(drive->send(MessageKind::text, as_bytes(records(500))) == Refusal::none);
        drive.drain();
        CHECK(rig.pool.kept_size() ==
              deflate_budget(rig.config, {.deflate = all_agreed}).compressor);
        return rig.pool.kept_size();
    };
    CHECK(cost_at(1) < cost_at(9));
    CHECK(cost_at(-1) == cost_at(8));
    CHECK(cost_at(0) == cost_at(1));
    CHECK(cost_at(200) == cost_at(9));
}

TEST_CASE("threshold: a message of exactly so many octets is compressed, one fewer is not",
          "[compressor]") {
    CHECK(DeflatePolicy{}.threshold == 128);
    for (const Role role : both_roles) {
        const auto set = [](Config& config) { config.deflate.threshold = 20; };
        const auto none = [](Config& config) { config.deflate.threshold = 0; };
        CHECK(is_compressed(sent_of(role, as_it_stands, std::string(128, 'x'))));
        CHECK_FALSE(is_compressed(sent_of(role, as_it_stands, std::string(127, 'x'))));
        CHECK(is_compressed(sent_of(role, set, std::string(20, 'x'))));
        CHECK_FALSE(is_compressed(sent_of(role, set, std::string(19, 'x'))));
        CHECK(is_compressed(sent_of(role, none, std::string(15, 'x'))));
        CHECK_FALSE(is_compressed(sent_of(role, none, "")));
    }
}

TEST_CASE("part_size_max: a part of a compressed message has exactly so many octets, and no more") {
    CHECK(DeflatePolicy{}.part_size_max == 4096);
    for (const Role role : both_roles)
        for (const std::size_t most : {std::size_t{4096}, std::size_t{5}, std::size_t{0}}) {
            Rig rig;
            rig.config.delivery = Delivery::parts;
            if (most != 4096) rig.config.deflate.part_size_max = most;
            Drive drive(rig, {.role = role, .deflate = all_agreed});
            std::vector<std::size_t> sizes;
            drive.host = [&](Connection&, const Event& event) {
                sizes.push_back(event.payload().size());
            };
            drive.feed(frame(other(role), 0xC2, deflated_zeros(10'000, 0)));
            const std::size_t least = std::max<std::size_t>(most, 1);
            CHECK(*std::max_element(sizes.begin(), sizes.end()) == least);
            CHECK(sizes.size() == (10'000 + least - 1) / least);
        }
}

// Limits.

TEST_CASE("message_size_max: a message of exactly so many octets is told, one more fails 1009") {
    for (const Role role : both_roles) {
        const std::size_t most = std::size_t{1} << 20;
        const auto set = [](Config& config) { config.limits.message_size_max = 5; };
        CHECK(story_of(role, as_it_stands, from_peer(role, 0x82, most)).starts_with("binary "));
        CHECK(story_of(role, as_it_stands, from_peer(role, 0x82, most + 1)) ==
              "failed 1009 message_too_large");
        CHECK(story_of(role, set, from_peer(role, 0x82, 5)) == "binary \"xxxxx\"");
        CHECK(story_of(role, set, from_peer(role, 0x82, 6)) == "failed 1009 message_too_large");
        CHECK(story_of(role, set, joined({from_peer(role, 0x02, 5), from_peer(role, 0x80, 1)})) ==
              "failed 1009 message_too_large");
    }
}

TEST_CASE("frame_size_max: a frame of exactly so many octets is told, one more fails 1009") {
    for (const Role role : both_roles) {
        const auto set = [](Config& config) { config.limits.frame_size_max = 5; };
        CHECK(story_of(role, as_it_stands, from_peer(role, 0x82, 6)) == "binary \"xxxxxx\"");
        CHECK(story_of(role, set, joined({from_peer(role, 0x02, 5), from_peer(role, 0x80, 5)})) ==
              "binary \"xxxxxxxxxx\"");
        CHECK(story_of(role, set, from_peer(role, 0x82, 6)) == "failed 1009 frame_too_large");
    }
}

TEST_CASE("fragment_count_max: exactly so many frames are a message, one more fails 1008") {
    const auto frames = [](std::size_t count) {
        Octets input = unhex("0200");
        while (--count > 1) append(input, unhex("0000"));
        append(input, unhex("8000"));
        return input;
    };
    const auto set = [](Config& config) { config.limits.fragment_count_max = 3; };
    CHECK(story_of(Role::client, as_it_stands, frames(131'072)) == "binary \"\"");
    CHECK(story_of(Role::client, as_it_stands, frames(131'073)) ==
          "failed 1008 too_many_fragments");
    CHECK(story_of(Role::client, set, frames(3)) == "binary \"\"");
    CHECK(story_of(Role::client, set, frames(4)) == "failed 1008 too_many_fragments");
}

// Of a compressed frame that announces so many.
Octets beginning(Role from, ConstBytes octets, std::uint64_t announced_size) {
    FrameHeader header = FrameHeader::make(Opcode::binary, true, announced_size);
    header.first |= rsv1_bit;
    MaskKey key;
    key.in_memory_order = 0x12345678;
    if (from == Role::client) header = header.masked_with(key);
    Octets begun(frame_header_size_max + octets.size());
    const std::size_t header_size = write_frame_header(begun.data(), header);
    copy_masked(begun.data() + header_size, octets, header.masked() ? key : MaskKey{});
    begun.resize(header_size + octets.size());
    return begun;
}

TEST_CASE("inflation_ratio_max: a message may become so many times what was read of it, not more") {
    CHECK(Limits{}.inflation_ratio_max == 0);
    enum class Framing { one, two, lie };  // which announces 2^40 octets
    for (const Role role : both_roles)
        for (const Delivery delivery : {Delivery::messages, Delivery::parts})
            for (const Framing framing : {Framing::one, Framing::two, Framing::lie}) {
                // What is told of the message, and how much of it is inflated.
                const auto told_of = [&](std::uint32_t ratio, ConstBytes octets,
                                         std::uint64_t& inflated_size) {
                    Rig rig;
                    rig.config.delivery = delivery;
                    rig.config.limits.inflation_ratio_max = ratio;
                    Statistics counted;
                    Drive drive(rig, {.role = role, .deflate = all_agreed});
                    drive->count_into(&counted);
                    const std::size_t half = framing == Framing::two ? octets.size() / 2 : 0;
                    if (framing == Framing::two)
                        drive.feed(frame(other(role), 0x42, octets.first(half)));
                    if (framing == Framing::lie)
                        drive.feed(beginning(other(role), octets, std::uint64_t{1} << 40));
                    else
                        drive.feed(frame(other(role), framing == Framing::two ? 0x80 : 0xC2,
                                         octets.subspan(half)));
                    inflated_size = counted.received.inflated_octets;
                    return drive.story.lines().empty() ? "" : drive.story.lines().back();
                };
                const auto expect = [&](bool good, std::uint32_t ratio, const Octets& message,
                                        std::uint64_t size) {
                    std::uint64_t inflated_size = 0;
                    const std::string told = told_of(ratio, message, inflated_size);
                    INFO(told);
                    CHECK((told == "failed 1009 inflation_ratio") == !good);
                    CHECK(inflated_size == size);
                };
                const std::uint64_t free = 65'536;
                expect(true, 0, deflated_zeros(1'000'000, 0), 1'000'000);
                expect(true, 1, deflated_zeros(free, 0), free);
                expect(false, 1, deflated_zeros(free + 1, 0), free);
                expect(false, 100, deflated_zeros(free + 1, 0), free);
                expect(true, 1000, deflated_zeros(free + 1, 0), free + 1);
                // About 39,000 octets as they are, and then zeros. What follows these makes nothing more
                // of them.
                expect(true, 2, deflated_zeros(78'000, 40'000), 78'000);
                std::uint64_t inflated_size = 0;
                CHECK(told_of(2, deflated_zeros(80'001, 40'000), inflated_size) ==
                      "failed 1009 inflation_ratio");
                CHECK(inflated_size > 78'000);
                CHECK(inflated_size < 80'000);
            }
}

TEST_CASE("pong_count_max: exactly so many pongs wait, and one more takes the last one's place") {
    for (const unsigned most : {16U, 20U}) {
        Rig rig;
        if (most != 16) rig.config.limits.pong_count_max = most;
        for (const unsigned more : {0U, 1U}) {
            Drive drive(rig, Role::server, Drain::nothing);
            Statistics statistics;
            drive->count_into(&statistics);
            for (unsigned count = 0; count < most + more; ++count)
                drive.feed(frame(Role::client, 0x89, std::string(1, char('a' + count))));
            CHECK(statistics.pongs_dropped == more);
            const std::string words = sent_frames(drive);
            CHECK(words.ends_with("8a \"" + std::string(1, char('a' + most - 1 + more)) + "\""));
            CHECK(std::count(words.begin(), words.end(), '\n') ==
                  static_cast<std::ptrdiff_t>(most) - 1);
        }
    }
}

TEST_CASE("output_high: up to so much held output input is wanted, and beyond it is not") {
    for (const std::size_t most : {std::size_t{256} << 10, std::size_t{100}}) {
        Rig rig;
        if (most == 100) rig.config.limits.output_high = most;
        Drive drive(rig, Role::server, Drain::nothing);
        const std::string first(most == 100 ? 98 : most - 10, 'x');  // and its header
        CHECK(drive->send(MessageKind::text, as_bytes(first)) == Refusal::none);
        CHECK(drive->output_size() == most);
        CHECK(drive->wants().read());
        CHECK(drive->send(MessageKind::text, {}) == Refusal::none);
        CHECK_FALSE(drive->wants().read());
        drive.drain();
        CHECK(drive->wants().read());
    }
}

TEST_CASE("output_max: with so much to hold a message is taken, and one octet more is refused") {
    for (const std::size_t most : {std::size_t{32} << 20, std::size_t{100}}) {
        Rig rig;
        if (most == 100) rig.config.limits.output_max = most;
        const std::string text(most + 1, 'x');
        Drive drive(rig, Role::server, Drain::nothing);
        const ConstBytes octets = as_bytes(text);
        CHECK(drive->send_lent(MessageKind::binary, octets, Token{1}) == Refusal::output_full);
        CHECK(drive->output_size() == 0);
        CHECK(drive->send_lent(MessageKind::binary, octets.first(most), Token{1}) == Refusal::none);
        CHECK(drive->send(MessageKind::binary, {}) == Refusal::output_full);  // its header is more
        CHECK(drive->ping() == Refusal::none);
    }
}

TEST_CASE(
    "send_frame_size_max: a message of exactly the size is one frame, and a longer one is split") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->send(MessageKind::text, as_bytes(std::string(100'000, 'x'))) == Refusal::none);
        CHECK(read_frames(drive.drain().output).size() == 1);
        drive.output.clear();
        rig.config.limits.send_frame_size_max = 4;
        CHECK(drive->send(MessageKind::text, as_bytes("abcd")) == Refusal::none);
        CHECK(sent_frames(drive) == "81 \"abcd\"");
        CHECK(drive->send(MessageKind::text, as_bytes("abcde")) == Refusal::none);
        CHECK(sent_frames(drive) == "01 \"abcd\"\n80 \"e\"");
    }
}

TEST_CASE("head_size_max: a head of exactly so many octets is read, one more is refused") {
    for (const std::size_t most : {std::size_t{16'384}, std::size_t{300}}) {
        Config config;
        if (most == 300) config.limits.head_size_max = most;
        for (const std::size_t more : {0U, 1U}) {
            const std::size_t left = most + more - request_with("X: \r\n").size();
            CHECK(serve(config, request_with("X: " + std::string(left, 'x') + "\r\n")).events ==
                  (more == 0 ? "request opened:101" : "failed:violation:head_too_large:431"));
            const std::size_t rest = most + more - switched.size() - 7;
            CHECK((ask_with(config, switched + "X: " + std::string(rest, 'x') + "\r\n\r\n").state ==
                   HandshakeState::open) == (more == 0));
        }
        CHECK(serve(config, "GET /" + std::string(most, 'a')).events ==
              "failed:violation:target_too_long:414");
    }
}

TEST_CASE("field_count_max: exactly so many fields are read, one more is refused") {
    for (const int most : {100, 7}) {
        Config config;
        if (most == 7) config.limits.field_count_max = 7;
        CHECK(serve(config, request_with(repeated("X: y\r\n", most - 5))).events ==
              "request opened:101");
        CHECK(serve(config, request_with(repeated("X: y\r\n", most - 4))).events ==
              "failed:violation:too_many_fields:431");
        const auto answer = [&](int count) {
            return ask_with(config, switched + repeated("X: y\r\n", count) + "\r\n").state;
        };
        CHECK(answer(most - 3) == HandshakeState::open);
        CHECK(answer(most - 2) == HandshakeState::failed);
    }
}

TEST_CASE("empty_element_count_max: a list with exactly so many empty elements is read") {
    for (const int most : {32, 1}) {
        Config config;
        if (most == 1) config.limits.empty_element_count_max = 1;
        for (const std::string_view name : {"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"}) {
            const auto list = [&](int count) {
                return request_with(std::string(name) + ": a" + repeated(",", count) + "\r\n");
            };
            CHECK(serve(config, list(most)).events == "request opened:101");
            CHECK(serve(config, list(most + 1)).events.starts_with("failed:violation:malformed_"));
        }
    }
}

TEST_CASE("early_size_max: exactly so many octets are kept before the answer") {
    for (const std::size_t most : {std::size_t{4096}, std::size_t{5}}) {
        Rig rig;
        if (most == 5) rig.config.limits.early_size_max = most;
        ServerHandshake server(rig.config, {});
        const std::string octets = request_with("") + std::string(most + 1, 'e');
        CHECK(server.receive(as_bytes(octets), {}) == octets.size() - 1);
        CHECK_FALSE(server.wants().read());
        for (const std::size_t more : {0U, 1U}) {  // and a Session, which keeps no rest, refuses
            Session session(rig.config, Role::server, {});
            Octets input = octets_of(request_with(""));
            CHECK(session.receive(input, {}) == Refusal::none);
            CHECK(session.next_event().kind() == EventKind::request);
            CHECK_FALSE(session.next_event());
            Octets early(most + more);
            CHECK(session.receive(early, {}) == Refusal::none);
            CHECK((session.next_event().violation() == Violation::early_octets) == (more == 1));
            CHECK(session.status() == (more == 1 ? 400 : 0));
        }
    }
}

TEST_CASE(
    "response_body_size_max: exactly so many octets of a refusal are kept, and no more read") {
    for (const std::size_t most : {std::size_t{16'384}, std::size_t{5}}) {
        Config config;
        if (most == 5) config.limits.response_body_size_max = most;
        const std::string head = "HTTP/1.1 403 No\r\n\r\n";
        const OpeningStory less = ask_with(config, head + std::string(most - 1, 'b'));
        CHECK(less.events == "response:403 failed:refused:403");  // more may come
        for (const std::size_t more : {0U, 1U}) {
            const OpeningStory story = ask_with(config, head + std::string(most + more, 'b'));
            CHECK(story.events == "response:403 failed:refused:403 closed:refused:403");
            CHECK(story.body.size() == most);
        }
    }
}

TEST_CASE("interim_count_max: exactly so many interim responses are passed over, one more fails") {
    for (const int most : {8, 1}) {
        Config config;
        if (most == 1) config.limits.interim_count_max = 1;
        const std::string interim = "HTTP/1.1 103 Early Hints\r\n\r\n";
        CHECK(ask_with(config, repeated(interim, most) + switched + "\r\n").state ==
              HandshakeState::open);
        CHECK(ask_with(config, repeated(interim, most + 1) + switched + "\r\n").state ==
              HandshakeState::failed);
    }
}

// Waits.

TEST_CASE("ping: off, nobody is asked; on, a peer that is silent so long is pinged") {
    Rig rig;
    CHECK(Waits{}.ping == Duration{});
    rig.config.waits.ping = seconds(30);
    Drive drive(rig, Role::server);
    drive.pass(nanoseconds(seconds(30).nanoseconds - 1));
    CHECK(sent_frames(drive).empty());
    drive.pass(nanoseconds(1));
    CHECK(sent_frames(drive) == "89 <00000001>");
    Rig other_rig;
    Drive silent(other_rig, Role::server);
    silent.pass(seconds(1'000'000));
    CHECK(sent_frames(silent).empty());
    CHECK(silent->deadline() == never);
}

TEST_CASE("pong: a peer that answers nothing for so long fails, or is pinged for ever") {
    for (const Duration wait : {seconds(20), seconds(3), Duration{}}) {
        Rig rig;
        rig.config.waits.ping = seconds(30);
        if (wait != rig.config.waits.pong) rig.config.waits.pong = wait;
        Drive drive(rig, Role::server);
        drive.pass(seconds(30));  // the ping is handed over at once
        if (wait == Duration{}) {
            for (int count = 0; count < 100; ++count) drive.pass(seconds(30));
            CHECK(read_frames(drive.output).size() == 101);
            CHECK(drive->state() == State::open);
            continue;
        }
        drive.pass(nanoseconds(wait.nanoseconds - 1));
        CHECK(drive.told().empty());
        drive.pass(nanoseconds(1));
        CHECK(drive.told() == "failed 1011 pong_timeout");
    }
}

TEST_CASE("idle: off, silence is no fault; on, a peer that is silent so long fails 1001") {
    for (const Duration wait : {Duration{}, seconds(60)}) {
        Rig rig;
        CHECK(rig.config.waits.idle == Duration{});
        rig.config.waits.idle = wait;
        Drive drive(rig, Role::client);
        drive.pass(nanoseconds(seconds(60).nanoseconds - 1));
        CHECK(drive.told().empty());
        drive.pass(nanoseconds(1));
        CHECK(drive.told() == (wait == Duration{} ? "" : "failed 1001 idle_timeout"));
    }
}

TEST_CASE("message: off, a message may take its time; on, one that takes so long fails 1008") {
    for (const Role role : both_roles)
        for (const unsigned first : {0x02U, 0x42U})
            for (const Duration wait : {Duration{}, seconds(30)}) {
                Rig rig;
                CHECK(rig.config.waits.message == Duration{});
                rig.config.waits.message = wait;
                Drive drive(rig, {.role = role, .deflate = all_agreed});
                drive.pass(seconds(100));
                drive.feed(frame(other(role), first, unhex("f248cd")));
                drive.pass(seconds(20));
                drive.feed(frame(other(role), 0x00, unhex("c9c907")));  // helps it no further
                drive.pass(nanoseconds(seconds(10).nanoseconds - 1));
                CHECK(drive.told().empty());
                drive.pass(nanoseconds(1));
                CHECK(drive.told() == (wait == Duration{} ? "" : "failed 1008 message_timeout"));
            }
}

TEST_CASE("opening: a handshake that takes so long is over, or is waited for for ever") {
    for (const Duration wait : {seconds(10), seconds(2), Duration{}}) {
        Rig rig;
        if (wait != rig.config.waits.opening) rig.config.waits.opening = wait;
        for (const Role role : both_roles) {
            Session session(rig.config, role, {});
            CHECK(session.deadline() == (wait == Duration{} ? never : Time{} + wait));
            if (wait == Duration{}) continue;
            session.advance({wait.nanoseconds - 1});
            CHECK_FALSE(session.next_event());
            session.advance({wait.nanoseconds});
            CHECK(session.next_event().cause() == Cause::opening_timeout);
        }
    }
}

TEST_CASE("close: a peer that does not close within it is left, or is waited for for ever") {
    CHECK(Waits{}.close == seconds(10));
    for (const Role role : both_roles)
        check_wait(
            &Waits::close, seconds(3), role,
            [](Drive& drive) {
                CHECK(drive->close() == Refusal::none);
                drive.drain();
            },
            "close_timeout");
}

TEST_CASE("linger: what the peer still sends is read for so long, or not at all") {
    for (const Duration wait : {seconds(2), seconds(5), Duration{}}) {
        Rig rig;
        if (wait != rig.config.waits.linger) rig.config.waits.linger = wait;
        Drive drive(rig, Role::server);
        drive.feed(close_frame(Role::client, 1000));
        CHECK(drive.told().starts_with("closing 1000"));
        if (wait == Duration{}) {
            CHECK(drive->wants().close());
            continue;
        }
        CHECK(drive->wants().end_write());
        drive.write_ended();
        drive.pass(nanoseconds(wait.nanoseconds - 1));
        CHECK(drive.told().empty());
        drive.pass(nanoseconds(1));
        CHECK(drive.told().starts_with("closed clean"));
    }
}

TEST_CASE("write_stall: output that nobody takes for so long ends it, or waits for ever") {
    CHECK(Waits{}.write_stall == seconds(30));
    for (const Role role : both_roles)
        check_wait(
            &Waits::write_stall, seconds(3), role,
            [](Drive& drive) {
                CHECK(drive->send(MessageKind::text, as_bytes("x")) == Refusal::none);
            },
            "write_stalled");
}

TEST_CASE("clock_jump: a call later than the deadline by so much is late, and by more a jump") {
    for (const Duration wait : {seconds(60), seconds(1)}) {
        Rig rig;
        rig.config.waits.idle = seconds(100);
        if (wait != rig.config.waits.clock_jump) rig.config.waits.clock_jump = wait;
        for (const std::int64_t more : {0, 1}) {
            Drive drive(rig, Role::server);
            drive.pass({seconds(100).nanoseconds + wait.nanoseconds + more});
            CHECK(drive.told() == (more == 0 ? "failed 1001 idle_timeout" : ""));
        }
    }
}

// Choices of one call.

TEST_CASE("text_check: text is checked before it is taken, or trusted") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->send(MessageKind::text, as_bytes("\xFF")) == Refusal::invalid_text);
        CHECK(sent_frames(drive).empty());
        CHECK(drive->send(MessageKind::text, as_bytes("\xFF"), {TextCheck::unchecked}) ==
              Refusal::none);
        CHECK(sent_frames(drive) == "81 <ff>");
    }
}

TEST_CASE("compression: a message is compressed by its size, always, or never", "[7692-8-01]") {
    CHECK(Send{}.compression == Compression::automatic);
    for (const Role role : both_roles) {
        const std::string small(100, 'x'), large(200, 'x');
        const auto compresses = [&](std::string_view text, Send choice) {
            return is_compressed(sent_of(role, as_it_stands, text, choice));
        };
        CHECK_FALSE(compresses(large, {.compression = Compression::none}));
        CHECK_FALSE(compresses(small, {}));
        CHECK(compresses(large, {}) == can_compress());
        CHECK(compresses(small, {.compression = Compression::always}) == can_compress());
    }
}

TEST_CASE("relayed_extensions: an offer is declined, or accepted by who relays") {
    const std::string offer = request_with("Sec-WebSocket-Extensions: foo;a=b\r\n");
    CHECK(serve({}, offer).output == switched + "\r\n");
    const auto accept_foo = [](ServerHandshake& server) {
        CHECK(server.accept({.relayed_extensions = "foo"}) == Refusal::none);
    };
    CHECK(serve({}, offer, {}, accept_foo).output ==
          switched + "Sec-WebSocket-Extensions: foo\r\n\r\n");
    ClientRequest request;
    request.host = "h";
    const std::string answer = switched + "Sec-WebSocket-Extensions: foo\r\n\r\n";
    CHECK(ask({}, request, answer).state == HandshakeState::failed);
    request.relayed_extensions = "foo;a=b";
    CHECK(ask({}, request, answer).state == HandshakeState::open);
}

TEST_CASE("reserved_bits: a reserved bit fails, or passes a relay to which it was granted") {
    for (const std::uint8_t granted : {std::uint8_t{0}, rsv1_bit}) {
        Replay replay;
        replay.role = Role::client;
        replay.reserved_bits = granted;
        replay.configure = [](Config& config) { config.delivery = Delivery::frames; };
        CHECK(replay.run(frame(Role::server, 0xC1, "x")).story ==
              (granted == 0 ? "failed 1002 reserved_bit" : "frame c1 \"x\""));
    }
}

TEST_CASE("kept_size_max: so much is kept for the next who asks, and nothing where it is 0") {
    for (const std::size_t most : {std::size_t{4} << 20, std::size_t{0}}) {
        CountingAllocator allocator;
        Pool as_it_is(allocator.face()), none(allocator.face(), 0);
        Pool& pool = most != 0 ? as_it_is : none;
        std::byte* const block = pool.lease(most != 0 ? most : 256);
        pool.give_back(block, most != 0 ? most : 256);
        CHECK(pool.kept_size() == most);
        std::byte* const small = pool.lease(256);
        pool.give_back(small, 256);  // one block more than may be kept
        CHECK(pool.kept_size() == most);
    }
}

TEST_CASE("compressor_count_max: so many connections keep a compressor, and with 0 all is plain",
          "[compressor]") {
    CHECK(CodecLimits{}.compressor_count_max == 16);
    for (const std::uint32_t most : {16U, 1U, 0U}) {
        CountingAllocator allocator;
        Pool as_it_is(allocator.face(), 0),
            set(allocator.face(), 0, {.compressor_count_max = most});
        Config config;
        config.pool = most == 16 ? &as_it_is : &set;
        const Agreement agreement{.role = Role::server, .deflate = all_agreed};
        std::vector<std::unique_ptr<Connection>> connections;
        for (std::uint32_t count = 0; count < most + 1; ++count) {
            auto& one = connections.emplace_back(new Connection(config, agreement, {}));
            CHECK(one->send(MessageKind::text, as_bytes(records(500))) == Refusal::none);
            std::array<std::byte, 1000> place;
            CHECK(one->write_output(place, {}) != 0);
            CHECK(is_compressed(place) == (most != 0));
        }
        CHECK(config.pool->kept_size() == most * deflate_budget(config, agreement).compressor);
    }
}

TEST_CASE(
    "inflater_count_max: exactly so many messages are inflated at once, one more fails 1013") {
    CHECK(CodecLimits{}.inflater_count_max == 1024);
    for (const Role role : both_roles)
        for (const std::uint32_t most : {1024U, 2U, 0U}) {
            CountingAllocator allocator;
            ScriptedEntropy entropy;
            Pool as_it_is(allocator.face()), set(allocator.face(), 0, {.inflater_count_max = most});
            Config config;
            config.pool = most == 1024 ? &as_it_is : &set;
            config.entropy = entropy.face();
            const Agreement agreement{.role = role, .deflate = all_agreed};
            std::vector<std::unique_ptr<Connection>> connections;
            const auto told_of = [](Connection& connection, Octets input) {
                CHECK(connection.receive(input, {}) == Refusal::none);
                std::string told;
                while (const Event event = connection.next_event()) told += in_words(event);
                return told;
            };
            const Octets begun = frame(other(role), 0x42, unhex("f248cd"));
            const Octets rest = frame(other(role), 0x80, unhex("c9c90700"));
            for (std::uint32_t count = 0; count < most; ++count) {
                connections.emplace_back(new Connection(config, agreement, {}));
                CHECK(told_of(*connections.back(), begun).empty());
            }
            Connection other_one(config, agreement, {});
            CHECK(told_of(other_one, begun) == "failed 1013 no_inflater");
            if (most == 0) continue;
            CHECK(told_of(*connections[0], rest) == "binary \"Hello\"");
            Connection next(config, agreement, {});  // whose turn it is now
            CHECK(told_of(next, begun).empty());
        }
}
