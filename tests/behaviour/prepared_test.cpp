// SPDX-License-Identifier: MIT
// Prepared messages: in which form they go out, what they leave behind in either window, and who owns
// them until when. The allocator of the messages tells: each is one allocation, live while it has owners.
#include "support/catch.hpp"
#include "support/drive.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <string>
#include <utility>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};
constexpr auto never_compressed = Send{TextCheck::checked, Compression::none};
constexpr auto always_compressed = Send{TextCheck::checked, Compression::always};

/// `bits` of window in our direction, whoever we are, and 15 in the other.
Agreement agreed(Role role, unsigned bits, bool takeover = true) {
    Agreement agreement{.role = role};
    agreement.deflate.agreed = true;
    DeflateDirection& own =
        role == Role::client ? agreement.deflate.client : agreement.deflate.server;
    own = {static_cast<std::uint8_t>(bits), takeover};
    return agreement;
}

/// How the peer of one who has `agreement` sees it.
Agreement seen_by_peer(Agreement agreement) {
    agreement.role = other(agreement.role);
    return agreement;
}

/// Characters that repeat at distances up to 25,600, so that each larger window pays.
std::string repetitive() {
    std::minstd_rand random(7);
    std::string text;
    for (std::size_t distance = 100; distance < 30000; distance *= 2) {
        for (std::size_t index = 0; index < distance; ++index)
            text += static_cast<char>('0' + random() % 64);
        text += text.substr(text.size() - distance, std::min<std::size_t>(distance, 500));
    }
    return text;
}

/// Where messages lie: none may be left at the end.
struct Place {
    CountingAllocator allocator = {};
    Place() = default;
    Place(const Place&) = delete;
    ~Place() {
        if (allocator.live_size() != 0) std::abort();
    }
    [[nodiscard]] bool holds_any() const { return allocator.live_size() != 0; }

    PreparedMessage prepare(Rig& rig, std::string_view text, std::span<const Agreement> agreements,
                            Send choice = {}) {
        PreparedMessage message;
        REQUIRE(hawse::prepare(MessageKind::text, as_bytes(text), agreements, allocator.face(),
                               rig.config, message, choice) == Refusal::none);
        return message;
    }
    PreparedMessage prepare(Rig& rig, std::string_view text) { return prepare(rig, text, {}); }
};

/// A connection, and what it writes.
struct Side {
    Side(Rig& rig, const Agreement& agreement) : connection(rig.config, agreement, now) {}

    Octets written() {
        Octets output;
        std::array<std::byte, 700> piece;
        while (const std::size_t size = connection.write_output(piece, now))
            append(output, ConstBytes(piece).first(size));
        return output;
    }
    std::string frames() { return frames_in_words(written()); }
    Octets gathered(std::size_t slice_count = 8) {
        std::array<Slice, 8> slices;
        Octets shown;
        const std::size_t count = connection.gather(std::span(slices).first(slice_count));
        for (std::size_t index = 0; index < count; ++index) append(shown, slices[index].bytes());
        return shown;
    }
    std::string told(ConstBytes octets) {
        Octets input = copy_of(octets);
        Story story;
        CHECK(connection.receive(input, now) == Refusal::none);
        while (const Event event = connection.next_event()) story.tell(event);
        return story.text();
    }

    static constexpr Time now = {1'000'000'000};
    Connection connection;
};

/// What somebody who has heard nothing before makes of it.
std::string told_afresh(Rig& rig, const Agreement& of_sender, ConstBytes octets) {
    Side peer(rig, seen_by_peer(of_sender));
    return peer.told(octets);
}

std::string told_of(std::string_view text) { return "text " + quoted(as_bytes(text)); }

}  // namespace

// What goes out.

TEST_CASE("a prepared message reaches the peer of either role, with and without takeover",
          "[compressor]") {
    const std::string text = repetitive();
    for (const Role role : both_roles)
        for (const bool takeover : {true, false}) {
            Rig rig;
            Place place;
            const Agreement agreement = agreed(role, 15, takeover);
            const PreparedMessage message = place.prepare(rig, text, {{agreement}});
            Side side(rig, agreement);
            Side peer(rig, seen_by_peer(agreement));
            for (int round = 0; round < 3; ++round) {
                REQUIRE(side.connection.send(message) == Refusal::none);
                const Octets wire = side.written();
                const std::vector<WireFrame> frames = read_frames(wire);
                REQUIRE(frames.size() == 1);
                CHECK(frames[0].first == 0xC1);
                CHECK(frames[0].masked == (role == Role::client));
                CHECK(frames[0].payload.size() < text.size() * 9 / 10);
                CHECK(peer.told(wire) == told_of(text));
            }
        }
}

TEST_CASE("where nothing was agreed a prepared message is plain") {
    const std::string text = repetitive();
    for (const Role role : both_roles) {
        Rig rig;
        Place place;
        const PreparedMessage message = place.prepare(rig, text, {{agreed(role, 15)}});
        Side side(rig, {.role = role});
        REQUIRE(side.connection.send(message) == Refusal::none);
        CHECK(side.frames() == "81 " + quoted(as_bytes(text)));
        // Nor is a relay's, who would have to say what RSV1 means.
        rig.config.delivery = Delivery::frames;
        Side relay(rig, agreed(role, 15));
        REQUIRE(relay.connection.send(message) == Refusal::none);
        CHECK(relay.frames() == "81 " + quoted(as_bytes(text)));
    }
}

TEST_CASE("of the windows prepared for, the largest that was agreed is taken, and none larger",
          "[compressor][7692-7.2.1-14][7692-7.2.1-16]") {
    const std::string text = repetitive();
    for (const Role role : both_roles) {
        Rig rig;
        Place place;
        const std::array of = {agreed(role, 12), agreed(role, 9), agreed(role, 15)};
        const PreparedMessage message = place.prepare(rig, text, of);
        std::array<std::size_t, 16> sizes = {};
        for (unsigned bits = 8; bits <= 15; ++bits) {
            Side side(rig, agreed(role, bits));
            REQUIRE(side.connection.send(message) == Refusal::none);
            const Octets wire = side.written();
            sizes[bits] = read_frames(wire).at(0).payload.size();
            CHECK(read_frames(wire)[0].first == (bits == 8 ? 0x81U : 0xC1U));
            CHECK(told_afresh(rig, agreed(role, bits), wire) == told_of(text));  // it is strict
        }
        CHECK(sizes[8] == text.size());
        CHECK(sizes[9] < sizes[8]);
        CHECK((sizes[10] == sizes[9] && sizes[11] == sizes[9]));
        CHECK(sizes[12] < sizes[11]);
        CHECK((sizes[13] == sizes[12] && sizes[14] == sizes[12]));
        CHECK(sizes[15] < sizes[14]);
    }
}

TEST_CASE("a message prepared for all windows can be inflated with each",
          "[compressor][7692-7.2.1-16]") {
    const std::string text = repetitive();
    Rig rig;
    Place place;
    std::array<Agreement, 8> of;
    for (unsigned bits = 8; bits <= 15; ++bits) of[bits - 8] = agreed(Role::server, bits);
    const PreparedMessage message = place.prepare(rig, text, of);
    CHECK(place.allocator.count() == 1);
    for (const Agreement& agreement : of) {
        Side side(rig, agreement);
        REQUIRE(side.connection.send(message) == Refusal::none);
        const Octets wire = side.written();
        CHECK(read_frames(wire).at(0).first == 0xC1);
        CHECK(told_afresh(rig, agreement, wire) == told_of(text));
    }
}

TEST_CASE("DeflatePolicy::send bounds what is prepared, and what is taken", "[compressor]") {
    const std::string text = repetitive();
    for (const Role role : both_roles) {
        Rig rig;
        Place place;
        const std::array of = {agreed(role, 9), agreed(role, 15)};
        const PreparedMessage both = place.prepare(rig, text, of);
        const std::size_t size_of_both = place.allocator.live_size();
        rig.config.deflate.send.window_bits = 9;
        const PreparedMessage small = place.prepare(rig, text, of);
        const std::size_t size_of_small = place.allocator.live_size() - size_of_both;
        CHECK(size_of_small < size_of_both);
        const auto size_of = [&](const PreparedMessage& message) {
            Side side(rig, agreed(role, 15));
            REQUIRE(side.connection.send(message) == Refusal::none);
            return side.connection.output_size();
        };
        const std::size_t bounded = size_of(both);
        CHECK(bounded == size_of(small));
        rig.config.deflate.send.window_bits = 15;
        CHECK(size_of(both) < bounded);
        CHECK(size_of(small) == bounded);
    }
}

TEST_CASE("DeflatePolicy::send bounds what a message may refer to", "[compressor]") {
    const std::string text = repetitive();
    for (const Role role : both_roles)
        for (const bool takeover : {true, false}) {
            Rig rig;
            rig.config.deflate.send.takeover = takeover;
            Side side(rig, agreed(role, 15));
            Side peer(rig, seen_by_peer(agreed(role, 15)));
            std::array<std::size_t, 2> sizes = {};
            for (std::size_t& size : sizes) {
                REQUIRE(side.connection.send(MessageKind::text, as_bytes(text)) == Refusal::none);
                const Octets wire = side.written();
                size = wire.size();
                CHECK(peer.told(wire) == told_of(text));
            }
            CHECK((sizes[1] < sizes[0]) == takeover);
        }
}

TEST_CASE("who sends is looked for in Agreement::role", "[compressor]") {
    const std::string text = repetitive();
    Rig rig;
    Place place;
    Agreement agreement{.role = Role::server};
    agreement.deflate = {true, {15, true}, {9, true}};
    const PreparedMessage of_server = place.prepare(rig, text, {{agreement}});
    const std::size_t size_of_server = place.allocator.live_size();
    agreement.role = Role::client;
    const PreparedMessage of_client = place.prepare(rig, text, {{agreement}});
    CHECK(place.allocator.live_size() - size_of_server < size_of_server);  // a larger window
}

TEST_CASE("a form that is not smaller than one for a smaller window is not kept", "[compressor]") {
    const std::string text(100, 'a');
    Rig rig;
    Place place;
    const std::array of = {agreed(Role::server, 8)};
    const PreparedMessage one = place.prepare(rig, text, of, always_compressed);
    const std::size_t size = place.allocator.live_size();
    const std::array all = {agreed(Role::server, 15), agreed(Role::server, 8),
                            agreed(Role::server, 15), agreed(Role::server, 11)};
    const PreparedMessage same = place.prepare(rig, text, all, always_compressed);
    CHECK(place.allocator.live_size() == 2 * size);
    Side side(rig, agreed(Role::server, 15));
    REQUIRE(side.connection.send(same) == Refusal::none);
    CHECK(read_frames(side.written()).at(0).first == 0xC1);
}

TEST_CASE("what is not to be compressed, or does not become smaller, is kept plain alone",
          "[compressor]") {
    std::string noise;
    std::minstd_rand random(3);
    for (int index = 0; index < 400; ++index) noise += static_cast<char>(' ' + random() % 95);
    struct Case {
        std::string text;
        Send choice;
        bool compressed;
    };
    const std::string letters(200, 'a');
    const Case cases[] = {
        {letters, {}, true},
        {letters, never_compressed, false},
        {std::string(127, 'a'), {}, false},
        {std::string(128, 'a'), {}, true},
        {std::string(127, 'a'), always_compressed, true},
        {"a", always_compressed, false},
        {"", always_compressed, false},
        {"ab", always_compressed, false},
    };
    for (const Case& each : cases) {
        Rig rig;
        Place place;
        const PreparedMessage message =
            place.prepare(rig, each.text, {{agreed(Role::server, 15)}}, each.choice);
        Side side(rig, agreed(Role::server, 15));
        REQUIRE(side.connection.send(message) == Refusal::none);
        const Octets wire = side.written();
        CHECK(read_frames(wire).at(0).first == (each.compressed ? 0xC1U : 0x81U));
        CHECK(told_afresh(rig, agreed(Role::server, 15), wire) == told_of(each.text));
    }
}

TEST_CASE("octets that cannot be made smaller are not made larger") {
    Rig rig;
    Place place;
    Octets noise;
    std::minstd_rand random(3);
    for (int index = 0; index < 4000; ++index) noise.push_back(static_cast<std::byte>(random() >> 8));
    PreparedMessage message;
    REQUIRE(prepare(MessageKind::binary, noise, {{agreed(Role::server, 15)}},
                    place.allocator.face(), rig.config, message,
                    always_compressed) == Refusal::none);
    Side side(rig, agreed(Role::server, 15));
    REQUIRE(side.connection.send(message) == Refusal::none);
    CHECK(side.frames() == "82 " + quoted(noise));
}

TEST_CASE("an empty prepared message is an empty frame") {
    for (const Role role : both_roles) {
        Rig rig;
        Place place;
        PreparedMessage message = place.prepare(rig, "", {{agreed(role, 15)}}, always_compressed);
        Side side(rig, agreed(role, 15));
        REQUIRE(side.connection.send(message) == Refusal::none);
        message = {};
        CHECK(place.holds_any() == (role == Role::server));
        CHECK(side.frames() == "81 \"\"");
        CHECK_FALSE(place.holds_any());
    }
}

TEST_CASE("a prepared message is one frame, however long") {
    const std::string text(300000, 'x');
    for (const Role role : both_roles) {
        Rig rig;
        Place place;
        rig.config.limits.send_frame_size_max = 1000;
        const PreparedMessage message = place.prepare(rig, text);
        Side side(rig, {.role = role});
        REQUIRE(side.connection.send(message) == Refusal::none);
        CHECK(side.frames() == "81 " + quoted(as_bytes(text)));
    }
}

TEST_CASE("each frame of a client's has a key of its own") {
    Rig rig;
    Place place;
    const PreparedMessage message = place.prepare(rig, "Hello");
    Side side(rig, {.role = Role::client});
    for (int round = 0; round < 2; ++round) REQUIRE(side.connection.send(message) == Refusal::none);
    const std::vector<WireFrame> frames = read_frames(side.written());
    REQUIRE(frames.size() == 2);
    CHECK(frames[0].key == rig.entropy.drawn.at(0));
    CHECK(frames[1].key == rig.entropy.drawn.at(1));
    CHECK(frames[0].payload == octets_of("Hello"));
    CHECK(frames[1].payload == octets_of("Hello"));
}

TEST_CASE("prepared text is validated, unless its owner has proof") {
    Rig rig;
    Place place;
    PreparedMessage message = place.prepare(rig, "kept");
    const auto again = [&](MessageKind kind, std::string_view octets, Send choice = {}) {
        return prepare(kind, as_bytes(octets), {}, place.allocator.face(), rig.config, message,
                       choice);
    };
    Side side(rig, {.role = Role::server});
    for (const std::string_view text : {"\xFF", "a\xC3", "\xED\xA0\x80"})
        CHECK(again(MessageKind::text, text) == Refusal::invalid_text);
    REQUIRE(side.connection.send(message) == Refusal::none);
    CHECK(side.frames() == "81 \"kept\"");
    CHECK(again(MessageKind::binary, "\xFF") == Refusal::none);
    REQUIRE(side.connection.send(message) == Refusal::none);
    CHECK(again(MessageKind::text, "\xFF", {TextCheck::unchecked}) == Refusal::none);
    REQUIRE(side.connection.send(message) == Refusal::none);
    CHECK(side.frames() == "82 <ff>\n81 <ff>");
}

// Windows.

TEST_CASE("behind a compressed prepared message, what we compress refers to nothing older",
          "[compressor]") {
    const std::string text = repetitive();
    const std::string own = text.substr(1000, 3000);
    for (const Role role : both_roles)
        for (const bool takeover : {true, false}) {
            Rig rig;
            Place place;
            const Agreement agreement = agreed(role, 15, takeover);
            const PreparedMessage message = place.prepare(rig, text, {{agreement}});
            Side side(rig, agreement);
            Side peer(rig, seen_by_peer(agreement));
            std::size_t first_size = 0;
            for (int round = 0; round < 3; ++round) {
                REQUIRE(side.connection.send(MessageKind::text, as_bytes(own)) == Refusal::none);
                const Octets fresh = side.written();
                if (round == 0) first_size = fresh.size();
                CHECK(fresh.size() == first_size);
                CHECK(told_afresh(rig, agreement, fresh) == told_of(own));
                CHECK(peer.told(fresh) == told_of(own));
                // Without one between them the next one refers to it, where it may.
                REQUIRE(side.connection.send(MessageKind::text, as_bytes(own)) == Refusal::none);
                const Octets next = side.written();
                CHECK((next.size() < first_size / 10) == takeover);
                CHECK(peer.told(next) == told_of(own));
                REQUIRE(side.connection.send(message) == Refusal::none);
                CHECK(peer.told(side.written()) == told_of(text));
            }
        }
}

TEST_CASE("a plain prepared message leaves the windows alone", "[compressor][7692-7.2.3.2-01]") {
    const std::string own = repetitive().substr(1000, 3000);
    for (const Role role : both_roles) {
        Rig rig;
        Place place;
        const Agreement agreement = agreed(role, 15);
        const PreparedMessage message = place.prepare(rig, "plain", {{agreement}});
        Side side(rig, agreement);
        Side peer(rig, seen_by_peer(agreement));
        REQUIRE(side.connection.send(MessageKind::text, as_bytes(own)) == Refusal::none);
        const Octets first = side.written();
        CHECK(peer.told(first) == told_of(own));
        REQUIRE(side.connection.send(message) == Refusal::none);
        REQUIRE(side.connection.send(MessageKind::text, as_bytes(own)) == Refusal::none);
        const Octets behind = side.written();
        CHECK(behind.size() < first.size() / 10);
        CHECK(peer.told(behind) == "text \"plain\"\n" + told_of(own));
    }
}

TEST_CASE("a refused prepared message leaves the windows alone", "[compressor]") {
    const std::string own = repetitive().substr(1000, 3000);
    Rig rig;
    Place place;
    const Agreement agreement = agreed(Role::client, 15);
    const PreparedMessage message = place.prepare(rig, own, {{agreement}});
    Side side(rig, agreement);
    REQUIRE(side.connection.send(MessageKind::text, as_bytes(own)) == Refusal::none);
    const std::size_t first_size = side.written().size();
    rig.entropy.dry = true;
    CHECK(side.connection.send(message) == Refusal::no_entropy);
    rig.entropy.dry = false;
    REQUIRE(side.connection.send(MessageKind::text, as_bytes(own)) == Refusal::none);
    CHECK(side.written().size() < first_size / 10);
}

// Among others.

TEST_CASE("prepared messages keep their place among the others, and let control frames in") {
    for (const Role role : both_roles) {
        Rig rig;
        Place place;
        Side side(rig, {.role = role});
        const PreparedMessage message = place.prepare(rig, "prepared");
        const Octets lent = octets_of("lent");
        Connection& connection = side.connection;
        REQUIRE(connection.send(MessageKind::text, as_bytes("one")) == Refusal::none);
        REQUIRE(connection.send(message) == Refusal::none);
        REQUIRE(connection.send_lent(MessageKind::text, lent, Token{1}) == Refusal::none);
        REQUIRE(connection.send(message) == Refusal::none);
        REQUIRE(connection.send(MessageKind::text, as_bytes("two")) == Refusal::none);
        REQUIRE(connection.send(message) == Refusal::none);
        // The first chunk is shown, so that the ping comes behind it, in front of a prepared one.
        (void)side.gathered(1);
        REQUIRE(connection.ping(as_bytes("p")) == Refusal::none);
        REQUIRE(connection.close() == Refusal::none);
        const std::string first = role == Role::server ? "81 \"one\"\n89 \"p\"\n81 \"prepared\"\n"
                                                       : "81 \"one\"\n81 \"prepared\"\n";
        CHECK(side.frames().starts_with(first));
    }
    Rig rig;
    Place place;
    Side side(rig, {.role = Role::server});
    const PreparedMessage message = place.prepare(rig, "prepared");
    const std::string all =
        "81 \"one\"\n81 \"prepared\"\n81 \"lent\"\n81 \"prepared\"\n81 \"two\"\n81 \"prepared\"\n"
        "88 <03e8>";
    Connection& connection = side.connection;
    const Octets lent = octets_of("lent");
    REQUIRE(connection.send(MessageKind::text, as_bytes("one")) == Refusal::none);
    REQUIRE(connection.send(message) == Refusal::none);
    REQUIRE(connection.send_lent(MessageKind::text, lent, Token{1}) == Refusal::none);
    REQUIRE(connection.send(message) == Refusal::none);
    REQUIRE(connection.send(MessageKind::text, as_bytes("two")) == Refusal::none);
    REQUIRE(connection.send(message) == Refusal::none);
    REQUIRE(connection.close() == Refusal::none);
    CHECK(side.frames() == all);
    CHECK(connection.next_released() == Token{1});
}

TEST_CASE("a control frame does not enter a prepared frame that was shown") {
    Rig rig;
    Place place;
    Side side(rig, {.role = Role::server});
    const PreparedMessage message = place.prepare(rig, "prepared");
    REQUIRE(side.connection.send(message) == Refusal::none);
    REQUIRE(side.connection.send(message) == Refusal::none);
    CHECK(side.gathered(1).size() == 10);
    side.connection.wrote(3, Side::now);
    REQUIRE(side.connection.ping(as_bytes("p")) == Refusal::none);
    Octets rest = octets_of("\x81\x08p");
    append(rest, side.written());
    CHECK(frames_in_words(rest) == "81 \"prepared\"\n89 \"p\"\n81 \"prepared\"");
}

TEST_CASE("a prepared message goes out in any pieces, gathered again octet for octet") {
    const std::string text = repetitive().substr(0, 2000);
    for (const Role role : both_roles)
        for (unsigned seed = 1; seed <= 20; ++seed) {
            Rig rig;
            Place place;
            const Agreement agreement = agreed(role, 10);
            const PreparedMessage message = place.prepare(rig, text, {{agreement}});
            Side side(rig, agreement);
            Side peer(rig, seen_by_peer(agreement));
            std::minstd_rand random(seed);
            Octets wire;
            for (int count = 0; count < 5; ++count)
                REQUIRE(side.connection.send(message) == Refusal::none);
            Octets shown;
            while (!(shown = side.gathered(1 + random() % 8)).empty()) {
                const std::size_t size = 1 + random() % shown.size();
                const Octets again = side.gathered();
                REQUIRE(again.size() >= shown.size());
                REQUIRE(std::equal(shown.begin(), shown.end(), again.begin()));
                append(wire, ConstBytes(shown).first(size));
                side.connection.wrote(size, Side::now);
            }
            std::string expected = told_of(text);
            for (int count = 1; count < 5; ++count) expected += "\n" + told_of(text);
            CHECK(peer.told(wire) == expected);
        }
}

TEST_CASE("a server writes a prepared message from where it lies") {
    Rig rig;
    Place place;
    const PreparedMessage message = place.prepare(rig, std::string(5000, 'x'));
    std::array<const void*, 3> seen = {};
    for (const void*& data : seen) {
        Side side(rig, {.role = Role::server});
        rig.allocator.forget_peaks();
        REQUIRE(side.connection.send(message) == Refusal::none);
        CHECK(rig.allocator.live_size() == 512);  // a record, and nothing of the message
        std::array<Slice, 4> slices;
        REQUIRE(side.connection.gather(slices) == 1);
        CHECK(slices[0].size() == 5004);
        data = slices[0].data();
    }
    CHECK((seen[0] == seen[1] && seen[1] == seen[2]));
}

TEST_CASE("a prepared message can be sent as soon as a session is open") {
    Rig rig;
    Place place;
    Session client(rig.config, Role::client, Side::now);
    Session server(rig.config, Role::server, Side::now);
    const auto carry = [](Session& from, Session& to) {
        Octets octets(4000);
        octets.resize(from.write_output(octets, Side::now));
        CHECK(to.receive(octets, Side::now) == Refusal::none);
        std::string told;
        while (const Event event = to.next_event()) {
            told += in_words(event) + ";";
            if (event.kind() == EventKind::request) CHECK(to.accept() == Refusal::none);
        }
        return told;
    };
    REQUIRE(client.start({.host = "example.com"}) == Refusal::none);
    (void)carry(client, server);
    REQUIRE(server.connection() != nullptr);
    const PreparedMessage message = place.prepare(rig, "at once", {{server.agreement()}});
    REQUIRE(server.connection()->send(message) == Refusal::none);
    const std::string told = carry(server, client);
    CHECK(told.ends_with("opened;text \"at once\";"));
}

// What is refused.

TEST_CASE("a prepared message is refused as any other, and nothing has changed") {
    for (const Role role : both_roles) {
        Rig rig;
        Place place;
        PreparedMessage message = place.prepare(rig, "prepared");
        Side side(rig, {.role = role});
        Connection& connection = side.connection;
        CHECK(connection.send(PreparedMessage{}) == Refusal::nothing_prepared);
        REQUIRE(connection.send_begin(MessageKind::text) == Refusal::none);
        CHECK(connection.send(message) == Refusal::message_in_progress);
        REQUIRE(connection.send_part(as_bytes("a"), false) == Refusal::none);
        CHECK(connection.send(message) == Refusal::message_in_progress);
        REQUIRE(connection.send_part(as_bytes("b"), true) == Refusal::none);
        CHECK(side.frames() == "01 \"a\"\n80 \"b\"");
        REQUIRE(connection.close() == Refusal::none);
        CHECK(connection.send(message) == Refusal::not_open);
        CHECK(connection.send(PreparedMessage{}) == Refusal::not_open);
        message = {};
        CHECK_FALSE(place.holds_any());
        CHECK(side.frames() == "88 <03e8>");
    }
}

TEST_CASE("what a prepared message holds counts as output") {
    for (const Role role : both_roles) {
        Rig rig;
        Place place;
        const std::string text = repetitive();
        const Agreement agreement = agreed(role, 15);
        PreparedMessage message = place.prepare(rig, text, {{agreement}});
        std::size_t wire = 0;
        {
            Side side(rig, agreement);
            REQUIRE(side.connection.send(message) == Refusal::none);
            wire = side.connection.output_size();
            CHECK(wire == side.written().size());
            CHECK(side.connection.output_size() == 0);
        }
        const std::size_t payload = wire - 4 - (role == Role::client ? 4 : 0);
        rig.config.limits.output_high = 2 * wire - 1;
        rig.config.limits.output_max = 2 * wire + payload - 1;
        Side side(rig, agreement);
        Connection& connection = side.connection;
        REQUIRE(connection.send(message) == Refusal::none);
        CHECK(connection.wants().read());
        REQUIRE(connection.send(message) == Refusal::none);
        CHECK_FALSE(connection.wants().read());
        CHECK(connection.send(message) == Refusal::output_full);
        CHECK(connection.output_size() == 2 * wire);
        (void)side.gathered();
        connection.wrote(1, Side::now);
        REQUIRE(connection.send(message) == Refusal::none);
        CHECK(connection.send(message) == Refusal::output_full);
        CHECK(side.written().size() == 3 * wire - 1);
        message = {};
        CHECK_FALSE(place.holds_any());
    }
}

TEST_CASE("a prepared message that is not taken is a write that stalls") {
    for (const Role role : both_roles) {
        Rig rig;
        Place place;
        Side side(rig, {.role = role});
        CHECK(side.connection.deadline() == never);
        REQUIRE(side.connection.send(place.prepare(rig, "prepared")) == Refusal::none);
        side.connection.advance(Side::now);
        CHECK(side.connection.deadline() == Side::now + rig.config.waits.write_stall);
        side.connection.advance(side.connection.deadline());
        CHECK(in_words(side.connection.next_event()).ends_with("write_stalled"));
        CHECK_FALSE(place.holds_any());
    }
}

TEST_CASE("a client without entropy sends no prepared message, and holds none") {
    Rig rig;
    Place place;
    {
        const PreparedMessage message = place.prepare(rig, "prepared");
        Side side(rig, {.role = Role::client});
        REQUIRE(side.connection.send(MessageKind::text, as_bytes("before")) == Refusal::none);
        const std::size_t before = side.connection.output_size();
        rig.entropy.dry = true;
        CHECK(side.connection.send(message) == Refusal::no_entropy);
        CHECK(side.connection.output_size() == before);
        rig.entropy.dry = false;
        REQUIRE(side.connection.send(message) == Refusal::none);
        CHECK(side.frames() == "81 \"before\"\n81 \"prepared\"");
    }
    CHECK_FALSE(place.holds_any());
}

TEST_CASE("without memory a prepared message is refused, and has no owner more") {
    for (const Role role : both_roles)
        for (std::size_t index = 0; index < 40; ++index) {
            Rig rig;
            Place place;
            PreparedMessage message = place.prepare(rig, std::string(700, 'x'));
            Side side(rig, {.role = role});
            rig.allocator.fail(index, CountingAllocator::Failure::once);
            std::size_t sent = 0, refused = 0;
            for (int count = 0; count < 30; ++count) {
                const std::size_t before = side.connection.output_size();
                const Refusal refusal = side.connection.send(message);
                if (refusal == Refusal::none) {
                    ++sent;
                    continue;
                }
                ++refused;
                CHECK(refusal == Refusal::out_of_memory);
                CHECK(side.connection.output_size() == before);
                if (before == 0) CHECK(rig.pool.leased_size() == 0);
            }
            CHECK(refused == rig.allocator.failed_count());
            message = {};
            CHECK(read_frames(side.written()).size() == sent);
            CHECK_FALSE(place.holds_any());
            if (refused == 0) break;
            CHECK(index < 39);
        }
}

TEST_CASE("without memory for its block nothing is prepared, and what was there stays") {
    Rig rig;
    Place place;
    const std::array of = {agreed(Role::server, 15), agreed(Role::server, 9)};
    PreparedMessage message = place.prepare(rig, "kept");
    place.allocator.fail(0, CountingAllocator::Failure::for_ever);
    CHECK(prepare(MessageKind::text, as_bytes(repetitive()), of, place.allocator.face(), rig.config,
                  message) == Refusal::out_of_memory);
    CHECK(rig.pool.leased_size() == 0);
    Side side(rig, agreed(Role::server, 15));
    REQUIRE(side.connection.send(message) == Refusal::none);
    CHECK(side.frames() == "81 \"kept\"");
    CHECK(prepare(MessageKind::text, as_bytes("x"), {}, Allocator{}, rig.config, message) ==
          Refusal::out_of_memory);
}

TEST_CASE("without memory, a pool or a compressor a message is prepared plain") {
    const std::string text = repetitive();
    const std::array of = {agreed(Role::server, 15), agreed(Role::server, 9)};
    bool whole = false;
    for (std::size_t index = 0; !whole; ++index) {
        for (const auto how : {CountingAllocator::Failure::once, CountingAllocator::Failure::for_ever}) {
            Rig rig;
            Place place;
            rig.allocator.fail(index, how);
            const PreparedMessage message = place.prepare(rig, text, of);
            whole = rig.allocator.failed_count() == 0;
            CHECK(rig.pool.leased_size() == 0);
            rig.allocator.fail_never();
            Side side(rig, of[0]);
            REQUIRE(side.connection.send(message) == Refusal::none);
            CHECK(told_afresh(rig, of[0], side.written()) == told_of(text));
        }
        REQUIRE(index < 100);
    }
    Rig rig;
    Place place;
    rig.config.pool = nullptr;
    const PreparedMessage message = place.prepare(rig, text, of);
    rig.config.pool = &rig.pool;
    Side side(rig, of[0]);
    REQUIRE(side.connection.send(message) == Refusal::none);
    CHECK(side.frames() == "81 " + quoted(as_bytes(text)));
}

// Owners.

TEST_CASE("a handle owns what it was made of, was copied from, or has taken over") {
    Rig rig;
    Place place;
    PreparedMessage first = place.prepare(rig, "first");
    CHECK(first);
    PreparedMessage copy = first;
    PreparedMessage moved = std::move(first);
    CHECK(moved);
    moved = place.prepare(rig, "second");
    CHECK(place.allocator.count() == 2);
    PreparedMessage& itself = moved;
    moved = itself;
    moved = std::move(itself);
    CHECK(moved);
    PreparedMessage none;
    CHECK_FALSE(none);
    PreparedMessage copy_of_none = none;
    CHECK_FALSE(copy_of_none);
    Side side(rig, {.role = Role::client});
    REQUIRE(side.connection.send(copy) == Refusal::none);
    REQUIRE(side.connection.send(moved) == Refusal::none);
    CHECK(side.frames() == "81 \"first\"\n81 \"second\"");
    copy = none;
    moved = std::move(copy_of_none);
    CHECK_FALSE(place.holds_any());
}

TEST_CASE("a server owns a prepared message until its last octet is reusable") {
    Rig rig;
    Place place;
    Side side(rig, {.role = Role::server});
    REQUIRE(side.connection.send(MessageKind::text, as_bytes("own")) == Refusal::none);
    REQUIRE(side.connection.send(place.prepare(rig, "first")) == Refusal::none);
    REQUIRE(side.connection.send(place.prepare(rig, "second")) == Refusal::none);
    const std::size_t both = place.allocator.live_size();
    CHECK(side.gathered().size() == 5 + 7 + 8);
    side.connection.handed_over(20, Side::now);
    CHECK(place.allocator.live_size() == both);
    side.connection.reusable(11);
    CHECK(place.allocator.live_size() == both);
    side.connection.reusable(1);
    CHECK(place.allocator.live_size() < both);
    side.connection.reusable(7);
    CHECK(place.holds_any());
    side.connection.reusable(1);
    CHECK_FALSE(place.holds_any());
    CHECK(rig.pool.leased_size() == 0);
}

TEST_CASE("a client owns no prepared message") {
    Rig rig;
    Place place;
    Side side(rig, {.role = Role::client});
    REQUIRE(side.connection.send(place.prepare(rig, "prepared")) == Refusal::none);
    CHECK_FALSE(place.holds_any());
    CHECK(side.frames() == "81 \"prepared\"");
}

TEST_CASE("a token that nobody takes keeps no prepared message") {
    Rig rig;
    Place place;
    Side side(rig, {.role = Role::server});
    const Octets lent = octets_of("lent");
    REQUIRE(side.connection.send_lent(MessageKind::text, lent, Token{1}) == Refusal::none);
    REQUIRE(side.connection.send(place.prepare(rig, "prepared")) == Refusal::none);
    REQUIRE(side.connection.send_lent(MessageKind::text, lent, Token{2}) == Refusal::none);
    REQUIRE(side.connection.send(place.prepare(rig, "another")) == Refusal::none);
    CHECK(side.frames() == "81 \"lent\"\n81 \"prepared\"\n81 \"lent\"\n81 \"another\"");
    CHECK_FALSE(place.holds_any());
    CHECK(side.connection.next_released() == Token{1});
    CHECK(side.connection.next_released() == Token{2});
    CHECK(side.connection.next_released() == Token{});
    CHECK(rig.pool.leased_size() == 0);
}

TEST_CASE("however a conversation ends, what nobody may still read is let go of") {
    enum class How { abort, broken, failure, destruction };
    for (const How how : {How::abort, How::broken, How::failure, How::destruction})
        for (const unsigned shown : {0U, 1U, 2U, 3U})          // slices
            for (const std::size_t written : {0U, 3U, 11U, 17U})  // octets
                for (const bool in_flight : {false, true}) {
                    Rig rig;
                    Place place;
                    std::optional<Side> side(std::in_place, rig, Agreement{.role = Role::server});
                    for (const std::string_view text : {"prepared", "prepared", "prepared", "last"})
                        REQUIRE(side->connection.send(place.prepare(rig, text)) == Refusal::none);
                    const std::size_t all = place.allocator.live_size();
                    const std::size_t size = shown == 0 ? 0 : side->gathered(shown).size();
                    const std::size_t taken = std::min(written, size);
                    side->connection.handed_over(taken, Side::now);
                    if (!in_flight) side->connection.reusable(taken);
                    const std::size_t unread = in_flight ? 0 : taken / 10;  // released frames
                    const std::size_t each = all / 4;
                    CHECK(place.allocator.live_size() <= all - unread * each + 8);
                    Octets wrong = unhex("ff00");
                    switch (how) {
                        case How::abort: side->connection.abort(Side::now); break;
                        case How::broken:
                            side->connection.receive_end(TransportEnd::broken, Side::now);
                            break;
                        case How::failure:
                            CHECK(side->connection.receive(wrong, Side::now) == Refusal::none);
                            break;
                        case How::destruction: break;
                    }
                    while (how != How::destruction && side->connection.next_event()) {
                    }
                    if (how == How::failure) {  // the rest goes out, and then a Close
                        CHECK(place.allocator.live_size() > 0);
                        (void)side->gathered();
                        side->connection.handed_over(SIZE_MAX, Side::now);
                        side->connection.reusable(SIZE_MAX);
                        CHECK_FALSE(place.holds_any());
                    } else if (how != How::destruction) {
                        const bool read = size != taken || (in_flight && taken != 0);
                        CHECK(place.holds_any() == read);
                        CHECK(place.allocator.live_size() < all);
                        side->connection.handed_over(SIZE_MAX, Side::now);
                        side->connection.reusable(SIZE_MAX);
                        CHECK_FALSE(place.holds_any());
                    }
                    side.reset();
                    CHECK_FALSE(place.holds_any());
                    CHECK(rig.pool.leased_size() == 0);
                }
}

TEST_CASE("statistics count a prepared message as any other", "[compressor]") {
    const std::string text = repetitive();
    for (const Role role : both_roles) {
        Rig rig;
        Place place;
        const Agreement agreement = agreed(role, 15);
        const PreparedMessage compressed = place.prepare(rig, text, {{agreement}});
        const PreparedMessage plain = place.prepare(rig, text);
        Statistics counted;
        Side side(rig, agreement);
        side.connection.count_into(&counted);
        REQUIRE(side.connection.send(compressed) == Refusal::none);
        const std::size_t size = counted.sent.payload_octets;
        CHECK(counted.sent.messages == 1);
        CHECK(counted.sent.frames == 1);
        CHECK(counted.sent.deflated_messages == 1);
        CHECK(counted.sent.deflated_octets == size);
        CHECK(counted.sent.inflated_octets == text.size());
        REQUIRE(side.connection.send(plain) == Refusal::none);
        CHECK(counted.sent.messages == 2);
        CHECK(counted.sent.frames == 2);
        CHECK(counted.sent.deflated_messages == 1);
        CHECK(counted.sent.payload_octets == size + text.size());
        CHECK(counted.sent.wire_octets == 0);
        const Octets wire = side.written();
        CHECK(read_frames(wire).at(0).payload.size() == size);
        CHECK(counted.sent.wire_octets == wire.size());
        CHECK(side.connection.send(PreparedMessage{}) == Refusal::nothing_prepared);
        CHECK(counted.sent.messages == 2);
    }
}
