// SPDX-License-Identifier: MIT
// The outbox against what it promises: what was shown neither moves nor changes, control frames
// enter where a frame ends and behind what was shown, tokens come back once and in order, blocks go
// back. The pool keeps nothing, so that a sanitizer sees every use of memory that was given back.
#include "connection/outbox.hpp"

#include "support/catch.hpp"
#include "support/counting_allocator.hpp"
#include "support/octets.hpp"
#include "support/reference.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test {
namespace {

using connection::ControlFrame;
using connection::Outbox;
using Kind = ControlFrame::Kind;

constexpr std::uint32_t no_bound = UINT32_MAX;
constexpr reference::Key key = {std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}};

Opcode opcode_of(Kind kind) {
    return kind == Kind::close ? Opcode::close : kind == Kind::pong ? Opcode::pong : Opcode::ping;
}

FrameHeader header_of(Opcode opcode, std::size_t size, bool masked) {
    const FrameHeader header = FrameHeader::make(opcode, true, size);
    return masked ? header.masked_with(MaskKey::read(key.data())) : header;
}

// The frame as it goes over the wire.
Octets wire_of(Opcode opcode, ConstBytes payload, bool masked) {
    const reference::Header header{
        1, 0, 0, 0, static_cast<unsigned>(opcode), masked ? 1U : 0U, payload.size(), key};
    Octets octets = reference::write_header(header);
    append(octets, masked ? reference::masked(payload, key) : copy_of(payload));
    return octets;
}

Octets payload_of(std::size_t size, unsigned seed = 1) {
    constexpr std::size_t size_max = 600000, shift_max = 1000;
    static const Octets pattern = [] {
        std::mt19937 random(1);
        Octets octets(size_max + shift_max);
        for (std::byte& octet : octets) octet = static_cast<std::byte>(random());
        return octets;
    }();
    return copy_of(ConstBytes(pattern).subspan(seed % shift_max, size));
}

void fill(ControlFrame& control, ConstBytes wire) {
    std::memcpy(control.octets(), wire.data(), wire.size());
}

// An outbox and what a sender does with it. Takes and gives back everything.
class Held {
public:
    Held() : outbox(Outbox::lease(&pool)) {}
    ~Held() {
        outbox->give_back();
        CHECK(pool.leased_size() == 0);
        CHECK(allocator.live_size() == 0);
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

    Octets send(std::size_t size, bool masked = false) {
        const Octets payload = payload_of(size);
        REQUIRE(outbox->reserve(size, 1));
        outbox->append(header_of(Opcode::binary, size, masked), payload);
        return wire_of(Opcode::binary, payload, masked);
    }
    // `payload` stays where it is.
    Octets lend(ConstBytes payload, std::uint64_t token) {
        REQUIRE(outbox->reserve(0, 2));
        outbox->append_lent(header_of(Opcode::binary, payload.size(), false), payload,
                            Token{token});
        return wire_of(Opcode::binary, payload, false);
    }
    Octets control(Kind kind, std::string_view payload) {
        const Octets wire = wire_of(opcode_of(kind), as_bytes(payload), false);
        ControlFrame* const frame = kind == Kind::close && payload.size() <= 2
                                        ? outbox->close_without_reason()
                                        : outbox->lease_control(kind, payload.size());
        REQUIRE(frame != nullptr);
        fill(*frame, wire);
        frame->size = static_cast<std::uint8_t>(wire.size());
        outbox->add_control(frame);
        return wire;
    }

    // Shows up to `count` slices, joined.
    Octets shown(std::size_t count = 100, std::uint32_t pong_count_max = no_bound) {
        std::vector<Slice> slices(count);
        slices.resize(outbox->gather(slices, pong_count_max));
        Octets octets;
        for (const Slice& slice : slices) append(octets, slice.bytes());
        return octets;
    }
    Octets copied(std::size_t size) {
        Octets octets(size);
        octets.resize(outbox->copy_into(octets, no_bound));
        return octets;
    }
    void write(std::size_t size) {
        (void)outbox->hand_over(size);
        outbox->release(size);
    }
    // Writes until there is no more.
    Octets drained() {
        Octets all;
        for (;;) {
            const Octets octets = shown();
            if (octets.empty()) return all;
            append(all, octets);
            write(octets.size());
        }
    }
    std::vector<std::uint64_t> released() {
        std::vector<std::uint64_t> tokens;
        while (const Token token = outbox->next_released()) tokens.push_back(token.value);
        return tokens;
    }

    CountingAllocator allocator;
    Pool pool{allocator.face(), 0};
    Outbox* outbox;
};

using Tokens = std::vector<std::uint64_t>;

// Filling and draining.

TEST_CASE("a new outbox is empty and shows nothing") {
    Held held;
    CHECK(held.outbox->empty());
    CHECK(held.outbox->held_size() == 0);
    CHECK(held.shown().empty());
    CHECK(held.copied(100).empty());
    CHECK(held.released().empty());
    CHECK_FALSE(held.outbox->holds_close());
    CHECK(held.outbox->last_pending_pong() == nullptr);
    CHECK(held.outbox->take_back_close() == nullptr);
    CHECK(held.pool.leased_size() == Outbox::lease_size);
}

TEST_CASE("there is no outbox without memory") {
    CountingAllocator allocator;
    allocator.fail(0, CountingAllocator::Failure::for_ever);
    Pool pool(allocator.face(), 0);
    CHECK(Outbox::lease(&pool) == nullptr);
    CHECK(Outbox::lease(nullptr) == nullptr);
}

TEST_CASE("frames of any size leave in the order sent, masked when their headers are",
          "[6455-5.3-05][6455-5.4-10]") {
    for (const bool masked : {false, true}) {
        Held held;
        Octets expected;
        for (const std::size_t size : {0U, 1U, 125U, 126U, 500U, 65535U, 65536U, 200001U, 3U})
            append(expected, held.send(size, masked));
        CHECK(held.outbox->unhanded_size() == expected.size());
        CHECK(held.drained() == expected);
        CHECK(held.outbox->empty());
    }
}

TEST_CASE("small frames share a slice", "[6455-2.1-01]") {
    Held held;
    Octets expected;
    for (int count = 0; count < 5; ++count) append(expected, held.send(10));
    CHECK(held.shown(1) == expected);
}

TEST_CASE("lent octets are shown where they lie", "[6455-5.2-11]") {
    Held held;
    const Octets payload = payload_of(5000);
    const Octets expected = held.lend(payload, 0);
    std::array<Slice, 4> slices;
    REQUIRE(held.outbox->gather(slices, no_bound) == 2);
    CHECK(slices[0].size() == 4);
    CHECK(slices[1].data() == payload.data());
    CHECK(slices[1].size() == payload.size());
    CHECK(held.drained() == expected);
}

TEST_CASE("output is copied in pieces of any size") {
    for (const std::size_t size : {1U, 2U, 7U, 1000U, 100000U}) {
        Held held;
        Octets expected = held.send(300);
        const Octets payload = payload_of(700);
        append(expected, held.lend(payload, 9));
        append(expected, held.send(0));
        Octets all = held.control(Kind::ping, "first");
        append(all, expected);
        Octets found;
        for (;;) {
            const Octets piece = held.copied(size);
            CHECK(piece.size() == std::min(size, all.size() - found.size()));
            if (piece.empty()) break;
            append(found, piece);
            held.write(piece.size());
        }
        CHECK(found == all);
        CHECK(held.released() == Tokens{9});
    }
}

TEST_CASE("the marks are counted as they move") {
    Held held;
    const std::size_t size = held.send(1000).size();
    CHECK(held.outbox->committed_size() == 0);
    CHECK(held.shown().size() == size);
    CHECK(held.outbox->committed_size() == size);
    CHECK(held.outbox->unhanded_size() == size);
    (void)held.outbox->hand_over(300);
    CHECK(held.outbox->committed_size() == size - 300);
    CHECK(held.outbox->unhanded_size() == size - 300);
    CHECK(held.outbox->handed_size() == 300);
    CHECK(held.outbox->held_size() == size);
    held.outbox->release(100);
    CHECK(held.outbox->handed_size() == 200);
    CHECK(held.outbox->held_size() == size - 100);
    CHECK(held.shown().size() == size - 300);
    held.outbox->release(200);
    held.write(size - 300);
    CHECK(held.outbox->held_size() == 0);
    CHECK(held.outbox->empty());
}

// What was shown.

TEST_CASE("what was shown neither moves nor changes, whatever else is called") {
    Held held;
    const Octets lent = payload_of(900);
    Octets expected = held.send(200);
    append(expected, held.lend(lent, 1));
    append(expected, held.send(3000));
    std::array<Slice, 16> before;
    const std::size_t count = held.outbox->gather(before, no_bound);
    CHECK(held.shown() == expected);

    (void)held.control(Kind::ping, "later");
    (void)held.control(Kind::close, "\x03\xE8");
    CHECK(held.outbox->take_back_close() != nullptr);
    (void)held.send(100000);
    const Outbox::Mark mark = held.outbox->mark();
    (void)held.send(50000);
    held.outbox->rewind(mark);
    held.allocator.fail(0, CountingAllocator::Failure::for_ever);
    CHECK_FALSE(held.outbox->reserve(1000000, 1));
    held.allocator.fail_never();
    (void)held.copied(17);

    std::array<Slice, 16> after;
    REQUIRE(held.outbox->gather(after, no_bound) >= count);
    Octets found;
    for (std::size_t index = 0; index < count; ++index) {
        CHECK(after[index].data() == before[index].data());
        CHECK(after[index].size() >= before[index].size());
        append(found, before[index].bytes());
    }
    CHECK(found == expected);
}

TEST_CASE("what was handed over stays until it is released") {
    Held held;
    const Octets expected = held.send(3000);
    std::array<Slice, 8> slices;
    const std::size_t count = held.outbox->gather(slices, no_bound);
    (void)held.outbox->hand_over(expected.size());
    (void)held.send(100000);
    (void)held.control(Kind::pong, "later");
    (void)held.shown();
    Octets found;
    for (std::size_t index = 0; index < count; ++index) append(found, slices[index].bytes());
    CHECK(found == expected);
}

// Control frames.

TEST_CASE("a control frame goes before data that nobody has seen", "[6455-5.5.2-03]") {
    Held held;
    const Octets data = held.send(100);
    Octets expected = held.control(Kind::pong, "first");
    append(expected, held.control(Kind::ping, "second"));
    append(expected, data);
    CHECK(held.drained() == expected);
}

TEST_CASE("a control frame goes behind what was shown, and before what was not",
          "[6455-5.4-08][6455-5.5.2-03]") {
    Held held;
    Octets expected = held.send(100);
    CHECK(held.shown() == expected);
    const Octets later = held.send(100);
    append(expected, held.control(Kind::pong, "now"));
    append(expected, later);
    CHECK(held.shown() == expected);
    CHECK(held.drained() == expected);
}

TEST_CASE("a control frame does not enter a frame", "[6455-5.4-09]") {
    Held held;
    Octets expected = held.send(200000);
    CHECK(held.copied(5).size() == 5);
    append(expected, held.control(Kind::ping, "behind"));
    CHECK(held.drained() == expected);

    const Octets payload = payload_of(1000);
    expected = held.lend(payload, 0);
    CHECK(held.shown(1).size() == 4);  // the header alone
    append(expected, held.control(Kind::ping, "behind"));
    CHECK(held.drained() == expected);
}

TEST_CASE("a frame of no octets that was lent ends like any other", "[6455-5.4-08]") {
    Held held;
    Octets expected = held.lend({}, 7);
    CHECK(held.shown() == expected);
    append(expected, held.control(Kind::ping, "behind"));
    append(expected, held.control(Kind::close, "\x03\xE8"));
    CHECK(held.shown() == expected);
    CHECK(held.drained() == expected);
    CHECK(held.outbox->held_size() == 0);
    CHECK(held.released() == Tokens{7});
}

TEST_CASE("a control frame waits for no more than a few small frames", "[6455-5.5.2-03]") {
    Held held;
    const Octets payload = payload_of(100);
    REQUIRE(held.outbox->reserve(20000, 200));
    for (int count = 0; count < 200; ++count)
        held.outbox->append(header_of(Opcode::text, 100, false), payload);
    const std::size_t size = held.shown(2).size();
    CHECK(size > 300);
    CHECK(size < 5000);
    (void)held.control(Kind::ping, "now");
    const Octets all = held.shown();
    const Octets ping = wire_of(Opcode::ping, as_bytes("now"), false);
    CHECK(as_text(all).find(as_text(ping)) == size);
}

TEST_CASE("a close goes behind all data, and other control frames before it",
          "[6455-5.5.1-06][6455-5.5.1-11]") {
    Held held;
    const Octets first = held.send(100);
    const Octets close = held.control(Kind::close, "\x03\xE8 because");
    CHECK(held.outbox->holds_close());
    const Octets ping = held.control(Kind::ping, "still");
    const Octets second = held.send(70000);
    const Octets pong = held.control(Kind::pong, "too");
    CHECK(held.drained() == joined({ping, pong, first, second, close}));
    CHECK_FALSE(held.outbox->holds_close());
}

TEST_CASE("a control frame goes behind a close that was shown", "[6455-5.5.2-02]") {
    Held held;
    Octets expected = held.control(Kind::close, "\x03\xE8");
    CHECK(held.shown() == expected);
    CHECK(held.outbox->take_back_close() == nullptr);
    append(expected, held.control(Kind::pong, "late"));
    CHECK(held.drained() == expected);
}

TEST_CASE("a close that nobody has seen can be taken back and another one put in its place") {
    Held held;
    const Octets ping = held.control(Kind::ping, "one");
    const std::size_t held_size = held.outbox->held_size();
    for (const char* reason : {"\x03\xE8", "\x03\xE9 going", "\x03\xEA"}) {
        (void)held.control(Kind::close, reason);
        ControlFrame* const close = held.outbox->take_back_close();
        REQUIRE(close != nullptr);
        CHECK(close->kind == Kind::close);
        held.outbox->give_back_control(close);
        CHECK(held.outbox->held_size() == held_size);
        CHECK_FALSE(held.outbox->holds_close());
    }
    const Octets pong = held.control(Kind::pong, "two");
    const Octets close = held.control(Kind::close, "\x03\xEB");
    CHECK(held.drained() == joined({ping, pong, close}));
}

TEST_CASE("a close without a reason needs no memory", "[6455-7.1.7-05]") {
    Held held;
    held.allocator.fail(0, CountingAllocator::Failure::for_ever);
    CHECK(held.outbox->lease_control(Kind::close, 10) == nullptr);
    const Octets close = held.control(Kind::close, "\x03\xE8");
    CHECK(held.drained() == close);
}

TEST_CASE("the last pong that nobody has seen is the one a newer replaces", "[6455-5.5.3-02]") {
    Held held;
    const Octets shown = held.control(Kind::pong, "shown");
    CHECK(held.shown() == shown);
    CHECK(held.outbox->pending_pong_count() == 0);
    CHECK(held.outbox->last_pending_pong() == nullptr);
    const Octets first = held.control(Kind::pong, "first");
    (void)held.control(Kind::pong, "old");
    const Octets ping = held.control(Kind::ping, "ping");
    CHECK(held.outbox->pending_pong_count() == 2);

    ControlFrame* const last = held.outbox->last_pending_pong();
    REQUIRE(last != nullptr);
    const Octets newest = wire_of(Opcode::pong, as_bytes(std::string(125, 'n')), false);
    fill(*last, newest);
    held.outbox->resize_control(last, newest.size());
    CHECK(held.outbox->pending_pong_count() == 2);
    const Octets expected = joined({shown, first, newest, ping});
    CHECK(held.outbox->held_size() == expected.size());
    CHECK(held.drained() == expected);
    CHECK(held.outbox->pending_pong_count() == 0);
}

TEST_CASE("no more control frames are committed than the bound, until some are released") {
    constexpr std::uint32_t bound = 10;
    Held held;
    std::vector<Octets> pongs;
    for (int count = 0; count < 15; ++count)
        pongs.push_back(held.control(Kind::pong, std::to_string(100 + count)));
    const Octets data = held.send(100);
    const std::size_t size = pongs[0].size();
    Octets expected = joined({pongs.begin(), pongs.begin() + bound});
    append(expected, data);
    CHECK(held.shown(100, bound) == expected);
    CHECK(held.outbox->pending_pong_count() == 5);
    held.write(3 * size + 1);  // three, and part of a fourth
    CHECK(held.shown(100, bound).size() == expected.size() - 3 * size - 1 + 3 * size);
    CHECK(held.outbox->pending_pong_count() == 2);
    held.write(expected.size() - 3 * size - 1);
    CHECK(held.shown(100, bound) == joined({pongs.begin() + 10, pongs.end()}));
}

TEST_CASE("a close does not wait for pongs to be released", "[6455-5.5.1-09]") {
    constexpr std::uint32_t bound = 10;
    Held held;
    Octets expected;
    for (std::uint32_t count = 0; count < bound; ++count)
        append(expected, held.control(Kind::pong, "pong"));
    append(expected, held.control(Kind::close, "\x03\xE8"));
    CHECK(held.shown(100, bound) == expected);
}

TEST_CASE("a keepalive ping is noticed when its last octet is handed over") {
    Held held;
    const std::size_t ping = held.control(Kind::ping, "host's").size();
    const std::size_t keepalive = held.control(Kind::keepalive, "ours").size();
    const std::size_t pong = held.control(Kind::pong, "pong").size();
    (void)held.shown();
    CHECK_FALSE(held.outbox->hand_over(ping));
    CHECK_FALSE(held.outbox->hand_over(keepalive - 1));
    CHECK(held.outbox->hand_over(1));
    CHECK_FALSE(held.outbox->hand_over(pong));
    (void)held.control(Kind::keepalive, "again");
    const std::size_t size = held.shown().size();
    CHECK(held.outbox->hand_over(size));
}

TEST_CASE("a control frame that was leased and not added goes back") {
    Held held;
    ControlFrame* const control = held.outbox->lease_control(Kind::ping, 125);
    REQUIRE(control != nullptr);
    held.outbox->give_back_control(control);
    held.outbox->give_back_control(held.outbox->close_without_reason());
    CHECK(held.pool.leased_size() == Outbox::lease_size);
}

// Tokens.

TEST_CASE("a token comes back once, when the last octet it stands for is released") {
    Held held;
    const Octets payload = payload_of(1000);
    const std::size_t size = held.lend(payload, 5).size();
    (void)held.shown();
    CHECK(held.released().empty());
    (void)held.outbox->hand_over(size);
    CHECK(held.released().empty());
    held.outbox->release(size - 1);
    CHECK(held.released().empty());
    CHECK_FALSE(held.outbox->empty());
    held.outbox->release(1);
    CHECK(held.outbox->held_size() == 0);
    CHECK_FALSE(held.outbox->empty());
    CHECK(held.released() == Tokens{5});
    CHECK(held.released().empty());
    CHECK(held.outbox->empty());
}

TEST_CASE("tokens come back in the order lent, those of no octets too") {
    Held held;
    const Octets payload = payload_of(100);
    (void)held.lend(payload, 1);
    (void)held.lend({}, 2);
    (void)held.send(10);
    held.outbox->append_token(Token{3});
    (void)held.lend(payload, 0);  // lent without a token
    (void)held.lend({}, 4);
    (void)held.drained();
    CHECK(held.released() == Tokens{1, 2, 3, 4});
    CHECK(held.outbox->empty());
}

TEST_CASE("a token alone comes back when all before it is released") {
    Held held;
    const std::size_t size = held.send(5000).size();
    REQUIRE(held.outbox->reserve(0, 1));
    held.outbox->append_token(Token{8});
    (void)held.shown();
    held.write(size - 1);
    CHECK(held.released().empty());
    held.write(1);
    CHECK(held.released() == Tokens{8});
}

TEST_CASE("an outbox is not empty until the last token is taken") {
    Held held;
    const Octets payload = payload_of(100);
    (void)held.lend(payload, 1);
    (void)held.send(2000);
    (void)held.lend(payload, 2);
    (void)held.drained();
    CHECK(held.outbox->next_released() == Token{1});
    CHECK_FALSE(held.outbox->empty());
    CHECK(held.outbox->next_released() == Token{2});
    CHECK(held.outbox->empty());
}

// Memory.

TEST_CASE("room is made for everything or for nothing") {
    Held held;
    (void)held.send(300);
    const std::size_t leased = held.pool.leased_size();
    CHECK_FALSE(held.outbox->reserve(SIZE_MAX, 1));
    CHECK_FALSE(held.outbox->reserve(1, SIZE_MAX));
    for (std::size_t index = 0; index < 5; ++index) {
        held.allocator.fail(index, CountingAllocator::Failure::for_ever);
        CHECK_FALSE(held.outbox->reserve(400000, 1));
        CHECK(held.pool.leased_size() == leased);
        held.allocator.fail_never();
    }
    CHECK(held.outbox->reserve(400000, 1));
    CHECK(held.pool.leased_size() >= leased + 400000);
}

TEST_CASE("what was reserved is enough, whatever was left before") {
    for (std::size_t filled = 0; filled < 1200; filled += 13)
        for (const std::size_t size : {0U, 1U, 60U, 700U, 20000U}) {
            Held held;
            const Octets payload = payload_of(size);
            Octets expected = held.send(filled);
            REQUIRE(held.outbox->reserve(3 * size, 6));
            held.allocator.fail(0, CountingAllocator::Failure::for_ever);
            for (int count = 0; count < 3; ++count) {
                held.outbox->append(header_of(Opcode::text, size, true), payload);
                append(expected, wire_of(Opcode::text, payload, true));
                held.outbox->append_token(Token{1});
            }
            held.outbox->append_lent(header_of(Opcode::text, size, false), payload, Token{});
            append(expected, wire_of(Opcode::text, payload, false));
            CHECK(held.drained() == expected);
        }
}

TEST_CASE("room that is promised is room enough, however tight") {
    const auto append_without_memory = [](Held& held, std::size_t size) {
        held.allocator.fail(0, CountingAllocator::Failure::for_ever);
        const Octets payload = payload_of(size);
        held.outbox->append(header_of(Opcode::text, size, false), payload);
        return wire_of(Opcode::text, payload, false);
    };
    SECTION("in blocks leased for it") {
        for (const std::size_t blocks : {1U, 8U})
            for (std::size_t more = 0; more < 512; more += 8) {
                Held held;
                const std::size_t size = blocks * 65536 - 256 + more;
                REQUIRE(held.outbox->reserve(size, 1));
                const Octets expected = append_without_memory(held, size);
                CHECK(held.drained() == expected);
            }
    }
    SECTION("in blocks that were there") {
        for (std::size_t filled = 0; filled < 300; ++filled) {
            Held held;
            REQUIRE(held.outbox->reserve(3000, 1));
            Octets expected = held.send(filled);
            held.allocator.fail(0, CountingAllocator::Failure::for_ever);
            std::size_t size = 5000;
            while (size > 0 && !held.outbox->reserve(size, 1)) --size;
            append(expected, append_without_memory(held, size));
            CHECK(held.drained() == expected);
        }
    }
}

TEST_CASE("what is rewound was never there, and its room stays") {
    for (const std::size_t filled : {0U, 10U, 5000U}) {
        Held held;
        Octets expected = held.send(filled);
        (void)held.copied(filled / 2);
        const Octets payload = payload_of(100);
        REQUIRE(held.outbox->reserve(150000, 10));
        const std::size_t held_size = held.outbox->held_size(), leased = held.pool.leased_size();
        const Outbox::Mark mark = held.outbox->mark();
        for (int round = 0; round < 3; ++round) {
            held.outbox->append(header_of(Opcode::text, 140000, false), payload_of(140000));
            held.outbox->append_lent(header_of(Opcode::text, 100, false), payload, Token{4});
            held.outbox->rewind(mark);
            CHECK(held.outbox->held_size() == held_size);
            CHECK(held.pool.leased_size() == leased);
        }
        append(expected, held.send(140000));
        CHECK(held.drained() == expected);
        CHECK(held.released().empty());
    }
}

TEST_CASE("a slow reader holds as much memory as there is to hold, and no more") {
    Held held;
    std::size_t most = 0;
    for (int count = 0; count < 300; ++count) {
        (void)held.send(10000);
        if (count < 3) continue;
        (void)held.shown();
        held.write(10004);
        most = std::max(most, held.pool.leased_size());
    }
    CHECK(held.outbox->held_size() == 3 * 10004);
    CHECK(most < 150000);
    (void)held.drained();
    CHECK(held.pool.leased_size() < 40000);
}

// Dropping.

TEST_CASE("what was shown stays until it is released, and the rest can be dropped") {
    Held held;
    const Octets second = payload_of(3000, 2);
    auto first = std::make_unique<Octets>(payload_of(3000, 1));
    Octets expected = held.control(Kind::ping, "shown");
    append(expected, held.lend(*first, 1));
    std::array<Slice, 8> slices;
    const std::size_t count = held.outbox->gather(slices, no_bound);
    CHECK(count == 3);
    (void)held.outbox->hand_over(100);
    (void)held.lend(second, 2);
    (void)held.send(100000);
    (void)held.control(Kind::ping, "lost");
    (void)held.control(Kind::close, "\x03\xE8 lost");
    held.outbox->drop();
    CHECK(held.outbox->unhanded_size() == 0);
    CHECK(held.outbox->committed_size() == 0);
    CHECK(held.outbox->pending_pong_count() == 0);
    CHECK_FALSE(held.outbox->holds_close());
    CHECK_FALSE(held.outbox->empty());
    CHECK(held.shown().empty());
    CHECK(held.copied(100).empty());
    Octets found;
    for (const Slice& slice : std::span(slices).first(count)) append(found, slice.bytes());
    CHECK(found == expected);
    held.outbox->release(100);
    held.outbox->release(expected.size() - 101);
    CHECK(held.released().empty());
    held.outbox->release(1);
    first.reset();
    CHECK(held.released() == Tokens{1, 2});
    CHECK(held.outbox->held_size() == 0);
    CHECK(held.outbox->empty());
}

TEST_CASE("when nothing was shown, dropping gives back all") {
    Held held;
    const Octets payload = payload_of(50);
    (void)held.send(100000);
    (void)held.lend(payload, 6);
    (void)held.control(Kind::pong, "one");
    (void)held.control(Kind::close, "\x03\xE8");
    held.outbox->drop();
    CHECK(held.outbox->held_size() == 0);
    CHECK(held.outbox->pending_pong_count() == 0);
    CHECK_FALSE(held.outbox->holds_close());
    CHECK(held.released() == Tokens{6});
    CHECK(held.outbox->empty());
    held.outbox->drop();
    CHECK(held.outbox->empty());
}

TEST_CASE("what was copied out is in no write, and its token comes back with a drop") {
    Held held;
    const Octets payload = payload_of(1000);
    (void)held.lend(payload, 4);
    held.write(held.copied(100).size());
    held.outbox->drop();
    CHECK(held.outbox->held_size() == 0);
    CHECK(held.released() == Tokens{4});
    CHECK(held.outbox->empty());
}

TEST_CASE("what was shown and written is in no write any more when the rest is dropped") {
    Held held;
    const Octets payload = payload_of(1000);
    const std::size_t size = held.send(10).size();
    CHECK(held.shown().size() == size);
    held.write(size);
    (void)held.lend(payload, 5);
    held.outbox->drop();
    CHECK(held.released() == Tokens{5});
    CHECK(held.outbox->empty());
}

TEST_CASE("an outbox that dropped all can be filled again") {
    Held held;
    (void)held.send(200000);
    (void)held.copied(10);  // what is committed ends inside a frame
    held.outbox->drop();
    held.outbox->release(held.outbox->handed_size());
    CHECK(held.outbox->empty());
    const Octets payload = payload_of(500);
    Octets expected = held.control(Kind::ping, "anew");
    append(expected, held.lend(payload, 3));
    CHECK(held.shown() == expected);
    CHECK(held.outbox->committed_size() == expected.size());
    (void)held.outbox->hand_over(expected.size());
    held.outbox->release(20);
    CHECK(held.outbox->handed_size() == expected.size() - 20);
    CHECK(held.released().empty());
    held.outbox->release(expected.size() - 20);
    CHECK(held.released() == Tokens{3});
    CHECK(held.outbox->empty());
}

// Any order of calls, against a list of frames.

class Rehearsal {
public:
    explicit Rehearsal(unsigned seed) : random_(seed) {
        constexpr std::uint32_t bounds[] = {no_bound, no_bound, 10, 16};
        bound_ = bounds[below(4)];
    }
    ~Rehearsal() {
        if (outbox_ != nullptr) outbox_->give_back();
    }
    Rehearsal(const Rehearsal&) = delete;
    Rehearsal& operator=(const Rehearsal&) = delete;

    // The first promise that was broken, or nothing.
    std::string run() {
        const std::size_t steps = 20 + below(100);
        for (std::size_t step = 0; step < steps && fault_.empty(); ++step) {
            act();
            check_counts();
        }
        if (fault_.empty()) finish();
        return fault_;
    }

private:
    struct Control {
        Octets wire;
        ControlFrame* frame;
        Kind kind;
    };
    // Octets that were shown: where they are in the stream and in memory. Copied ones are nowhere.
    struct Shown {
        std::uint64_t offset;
        std::size_t size;
        const std::byte* data;
    };
    struct Lent {
        std::uint64_t token;
        std::uint64_t data_end;
    };
    struct Begun {  // a frame of the stream
        std::uint64_t begin, end;
        bool control;
        Kind kind;
    };

    std::size_t below(std::size_t bound) { return std::size_t{random_()} % bound; }
    bool one_in(std::size_t count) { return below(count) == 0; }
    std::size_t random_size() {
        switch (below(12)) {
            case 0: return 0;
            case 1: return 120 + below(12);
            case 2: return 1000 + below(100);
            case 3: return 4000 + below(200);
            case 4: return one_in(8) ? below(140000) : below(9000);
            default: return below(40);
        }
    }
    void expect(bool held, const char* promise) {
        if (!held && fault_.empty()) fault_ = promise;
    }

    void act() {
        switch (below(16)) {
            case 0:
            case 1:
            case 2: return send();
            case 3: return lend();
            case 4:
            case 5: return add(one_in(3) ? Kind::keepalive : one_in(2) ? Kind::ping : Kind::pong);
            case 6: return one_in(8) ? add(Kind::close) : add(Kind::pong);
            case 7: return one_in(2) ? replace_pong() : take_back_close();
            case 8: return send_and_rewind();
            case 9: return one_in(3) ? reserve_in_vain() : poll_tokens();
            case 10:
            case 11: return gather(1 + below(8));
            case 12: return copy(1 + below(300));
            case 13:
            case 14: return hand_over(below(std::size_t(seen_ - handed_) + 1));
            default: return release(below(std::size_t(handed_ - released_) + 1));
        }
    }

    // Filling.

    void send() {
        if (close_shown_) return;
        const std::size_t size = random_size();
        const bool masked = one_in(2), with_token = one_in(4);
        const Octets payload = payload_of(size, ++serial_);
        if (!outbox_->reserve(size, 2)) return expect(false, "there is memory");
        outbox_->append(header_of(Opcode::binary, size, masked), payload);
        queue(wire_of(Opcode::binary, payload, masked));
        if (!with_token) return;
        outbox_->append_token(Token{serial_});
        tokens_.push_back({serial_, data_end_});
    }

    void lend() {
        if (close_shown_) return;
        auto payload = std::make_unique<Octets>(payload_of(random_size(), ++serial_));
        const std::uint64_t token = one_in(4) ? 0 : serial_;
        const Opcode opcode = Opcode::text;
        if (!outbox_->reserve(0, 2)) return expect(false, "there is memory");
        outbox_->append_lent(header_of(opcode, payload->size(), false), *payload, Token{token});
        queue(wire_of(opcode, *payload, false));
        if (token != 0) tokens_.push_back({token, data_end_});
        lent_[serial_] = std::move(payload);
    }

    void queue(Octets wire) {
        data_end_ += wire.size();
        end_ += wire.size();
        data_.push_back(std::move(wire));
    }

    void send_and_rewind() {
        if (close_shown_) return;
        const Octets payload = payload_of(random_size(), 99);
        if (!outbox_->reserve(2 * payload.size(), 4)) return expect(false, "there is memory");
        const Outbox::Mark mark = outbox_->mark();
        outbox_->append(header_of(Opcode::binary, payload.size(), true), payload);
        if (one_in(2))
            outbox_->append_lent(header_of(Opcode::text, payload.size(), false), payload,
                                 Token{77});
        if (one_in(2)) outbox_->append_token(Token{78});
        outbox_->rewind(mark);
    }

    void reserve_in_vain() {
        const std::size_t leased = pool_.leased_size();
        allocator_.fail(below(3), CountingAllocator::Failure::for_ever);
        const bool reserved = outbox_->reserve(600000, 1);
        allocator_.fail_never();
        expect(!reserved, "there is no room without memory");
        expect(pool_.leased_size() == leased, "a reserve that fails changes nothing");
    }

    void add(Kind kind) {
        if (kind == Kind::close && outbox_->holds_close()) return;
        if (kind == Kind::close && close_shown_) return;
        const bool bare = kind == Kind::close && one_in(2);
        const bool masked = one_in(2);
        const Octets payload = payload_of(bare ? 2 : below(126), ++serial_);
        ControlFrame* const frame =
            bare ? outbox_->close_without_reason() : outbox_->lease_control(kind, payload.size());
        if (frame == nullptr) return expect(false, "there is memory");
        if (!bare && one_in(16)) return outbox_->give_back_control(frame);
        Control control{wire_of(opcode_of(kind), payload, masked), frame, kind};
        fill(*frame, control.wire);
        frame->size = static_cast<std::uint8_t>(control.wire.size());

        // Behind what was shown, if a frame has ended there and nothing else waits.
        const bool next = controls_.empty() && kind != Kind::close && seen_ == stream_.size() &&
                          seen_ - handed_ == outbox_->committed_size();
        if (next && bound_ == no_bound) due_at_ = seen_;
        outbox_->add_control(frame);
        end_ += control.wire.size();
        const bool before_close = !controls_.empty() && controls_.back().kind == Kind::close;
        controls_.insert(controls_.end() - (before_close ? 1 : 0), std::move(control));
    }

    void replace_pong() {
        Control* last = nullptr;
        for (Control& control : controls_)
            if (control.kind == Kind::pong) last = &control;
        ControlFrame* const found = outbox_->last_pending_pong();
        expect(found == (last == nullptr ? nullptr : last->frame), "the last pong is found");
        if (found == nullptr || last == nullptr) return;
        const Octets wire = wire_of(Opcode::pong, payload_of(below(126), ++serial_), one_in(2));
        fill(*found, wire);
        outbox_->resize_control(found, wire.size());
        end_ = end_ - last->wire.size() + wire.size();
        last->wire = wire;
    }

    void take_back_close() {
        ControlFrame* const taken = outbox_->take_back_close();
        const bool waits = !controls_.empty() && controls_.back().kind == Kind::close;
        expect((taken != nullptr) == waits, "a close can be taken back until it is shown");
        if (taken == nullptr || !waits) return;
        expect(taken == controls_.back().frame, "the close taken back is the one added");
        if (one_in(2)) return outbox_->add_control(taken);
        end_ -= controls_.back().wire.size();
        controls_.pop_back();
        outbox_->give_back_control(taken);
    }

    // Draining.

    void gather(std::size_t slice_count) {
        std::vector<Slice> slices(slice_count);
        const std::size_t count = outbox_->gather(slices, bound_);
        std::uint64_t offset = handed_;
        for (std::size_t index = 0; index < count; ++index) {
            expect(slices[index].size() != 0, "no slice is empty");
            see(offset, slices[index].data(), slices[index].size(), true);
            offset += slices[index].size();
        }
        if (count < slice_count) expect_all_shown(offset);
    }

    void copy(std::size_t size) {
        Octets into(size);
        const std::size_t copied = outbox_->copy_into(into, bound_);
        expect(copied <= size, "no more is copied than there is room for");
        see(handed_, into.data(), copied, false);
        if (copied < size) expect_all_shown(handed_ + copied);
        if (handed_ != released_ || one_in(4)) return;
        hand_over(copied);
        release(copied);
    }

    // Without a bound nothing may be held back; with one, only control frames.
    void expect_all_shown(std::uint64_t offset) {
        const bool bounded = controls_out() >= bound_ && !controls_.empty();
        if (bounded)
            expect(data_.empty(), "data does not wait for control frames");
        else
            expect(offset == end_, "all that waits is shown");
    }

    // Compares octets shown with the stream as it must be, which grows with them.
    void see(std::uint64_t offset, const std::byte* data, std::size_t size, bool in_place) {
        for (std::size_t done = 0; done < size && fault_.empty();) {
            const std::uint64_t at = offset + done;
            if (at == stream_.size()) begin_frame(data[done]);
            if (!fault_.empty()) return;
            const std::size_t piece =
                std::min<std::size_t>(size - done, stream_.size() - std::size_t(at));
            expect(std::memcmp(stream_.data() + at, data + done, piece) == 0,
                   "octets are those of the next frame");
            done += piece;
        }
        if (in_place) {
            check_places(offset, data, size);
            gathered_ = std::max<std::uint64_t>(gathered_, offset + size);
        }
        if (offset + size <= seen_) return;
        const std::size_t fresh = std::size_t(offset + size - seen_);
        shown_.push_back({seen_, fresh, in_place ? data + (size - fresh) : nullptr});
        seen_ += fresh;
    }

    void begin_frame(std::byte first) {
        const bool control = (first & std::byte{0x08}) != std::byte{0};
        if (due_at_ == stream_.size()) {
            expect(control, "a control frame enters behind what was shown");
            due_at_.reset();
        }
        if (control ? controls_.empty() : data_.empty())
            return expect(false, "there is such a frame to show");
        const std::uint64_t begin = stream_.size();
        const Kind kind = control ? controls_.front().kind : Kind::pong;
        append(stream_, control ? controls_.front().wire : data_.front());
        frames_.push_back({begin, stream_.size(), control, kind});
        if (!control) return data_.pop_front();
        controls_.pop_front();
        if (kind != Kind::close)
            return expect(bound_ == no_bound || controls_out() <= bound_ + 1, "the bound is kept");
        expect(data_.empty(), "a close comes after all data");
        close_shown_ = true;
    }

    // Octets shown before are where they were.
    void check_places(std::uint64_t offset, const std::byte* data, std::size_t size) {
        for (const Shown& shown : shown_) {
            const std::uint64_t begin = std::max(offset, shown.offset);
            const std::uint64_t end = std::min(offset + size, shown.offset + shown.size);
            if (begin < end && shown.data != nullptr)
                expect(data + (begin - offset) == shown.data + (begin - shown.offset),
                       "what was shown does not move");
        }
    }

    // Octets shown and not released are what they were.
    void check_memory() {
        for (const Shown& shown : shown_)
            if (shown.data != nullptr)
                expect(std::memcmp(shown.data, stream_.data() + shown.offset, shown.size) == 0,
                       "what was shown does not change");
    }

    void hand_over(std::size_t size) {
        bool keepalive = false;
        for (const Begun& frame : frames_)
            if (frame.control && frame.kind == Kind::keepalive && frame.end > handed_ &&
                frame.end <= handed_ + size)
                keepalive = true;
        expect(outbox_->hand_over(size) == keepalive, "a keepalive ping is noticed");
        handed_ += size;
    }

    void release(std::size_t size) {
        check_memory();
        outbox_->release(size);
        released_ += size;
        while (!shown_.empty() && shown_.front().offset < released_) {
            Shown& front = shown_.front();
            const auto gone =
                std::min<std::size_t>(front.size, std::size_t(released_ - front.offset));
            front.offset += gone;
            front.size -= gone;
            if (front.data != nullptr) front.data += gone;
            if (front.size == 0) shown_.pop_front();
        }
        while (!frames_.empty() && frames_.front().end <= released_) {
            const Begun& front = frames_.front();
            if (!front.control) data_released_ += front.end - front.begin;
            frames_.pop_front();
        }
        if (one_in(2)) poll_tokens();
    }

    // Data octets released: those of whole frames, and of the one in which the mark stands.
    [[nodiscard]] std::uint64_t data_released() const {
        std::uint64_t sum = data_released_;
        if (!frames_.empty() && !frames_.front().control && frames_.front().begin < released_)
            sum += released_ - frames_.front().begin;
        return sum;
    }

    void poll_tokens() {
        const bool all = dropped_ && released_ == handed_;
        const std::uint64_t released = all ? UINT64_MAX : data_released();
        while (const Token token = outbox_->next_released()) {
            if (tokens_.empty() || tokens_.front().token != token.value)
                return expect(false, "tokens come back once and in order");
            expect(tokens_.front().data_end <= released, "a token waits for its octets");
            tokens_.pop_front();
            lent_.erase(token.value);
        }
        expect(tokens_.empty() || tokens_.front().data_end > released,
               "a token does not wait for more than its octets");
    }

    [[nodiscard]] std::size_t controls_out() const {
        return static_cast<std::size_t>(std::count_if(
            frames_.begin(), frames_.end(), [](const Begun& frame) { return frame.control; }));
    }

    void check_counts() {
        expect(outbox_->held_size() == end_ - released_, "what is held is counted");
        expect(outbox_->unhanded_size() == end_ - handed_, "what is not handed over is counted");
        expect(outbox_->handed_size() == handed_ - released_, "what is handed over is counted");
        expect(outbox_->committed_size() >= seen_ - handed_, "what was shown is committed");
        expect(outbox_->committed_size() <= end_ - handed_, "no more is committed than there is");
        std::size_t pongs = 0;
        bool close = false;
        for (const Control& control : controls_) {
            pongs += control.kind == Kind::pong;
            close = close || control.kind == Kind::close;
        }
        for (const Begun& frame : frames_)
            close = close || (frame.control && frame.kind == Kind::close);
        expect(outbox_->pending_pong_count() == pongs, "pongs are counted");
        expect(outbox_->holds_close() == close, "a close is known of");
        if (!tokens_.empty()) expect(!outbox_->empty(), "it is not empty while a token waits");
        if (one_in(4)) check_memory();
    }

    // To the end, in one of three ways.
    void finish() {
        const std::size_t way = below(4);
        if (way == 0) return;  // given back with all it holds
        if (way == 1) return drop();
        while (fault_.empty() && outbox_->held_size() != 0) {
            gather(1 + below(20));
            hand_over(std::size_t(seen_ - handed_));
            release(1 + below(std::size_t(handed_ - released_)));
            check_counts();
        }
        end();
    }

    void drop() {
        // Only what gather() showed may be in a write; what was copied out is not.
        const bool in_a_write = gathered_ > handed_;
        const std::size_t committed = in_a_write ? outbox_->committed_size() : 0;
        outbox_->drop();
        dropped_ = true;
        expect(outbox_->unhanded_size() == 0, "nothing waits after a drop");
        expect(outbox_->committed_size() == 0, "nothing is committed after a drop");
        std::array<Slice, 4> slices;
        expect(outbox_->gather(slices, bound_) == 0, "nothing is shown after a drop");
        // What was committed counts as handed over. Behind what was shown that is data.
        handed_ += committed;
        due_at_.reset();
        while (stream_.size() < handed_ && !data_.empty()) begin_frame(data_.front().front());
        while (fault_.empty() && handed_ != released_) {
            poll_tokens();
            release(1 + below(std::size_t(handed_ - released_)));
        }
        end();
    }

    void end() {
        poll_tokens();
        expect(tokens_.empty(), "every token comes back");
        expect(outbox_->held_size() == 0, "nothing is held in the end");
        expect(outbox_->empty(), "it is empty in the end");
        outbox_->give_back();
        outbox_ = nullptr;
        expect(pool_.leased_size() == 0, "every block goes back");
        expect(allocator_.live_size() == 0, "the allocator has all back");
    }

    std::mt19937 random_;
    CountingAllocator allocator_;
    Pool pool_{allocator_.face(), 0};
    std::map<std::uint64_t, std::unique_ptr<Octets>> lent_;
    Outbox* outbox_ = Outbox::lease(&pool_);
    std::uint32_t bound_ = no_bound;
    unsigned serial_ = 0;

    std::deque<Octets> data_;       // frames no octet of which was shown
    std::deque<Control> controls_;  // the same, in the order they will come
    Octets stream_;                 // frames of which something was shown, whole
    std::deque<Begun> frames_;      // those of them not wholly released
    std::deque<Shown> shown_;       // what was shown and not released
    std::deque<Lent> tokens_;
    std::optional<std::uint64_t> due_at_;  // where the stream must go on with a control frame
    std::uint64_t released_ = 0, handed_ = 0, seen_ = 0, end_ = 0;
    std::uint64_t data_end_ = 0, data_released_ = 0;
    std::uint64_t gathered_ = 0;  // up to where gather() has shown octets
    bool close_shown_ = false;
    bool dropped_ = false;
    std::string fault_;
};

TEST_CASE("whatever is called in whatever order, every promise is kept",
          "[6455-5.4-09][6455-5.4-10][6455-5.5.1-06]") {
    for (unsigned seed = 0; seed < 2000; ++seed) {
        INFO("seed " << seed);
        const std::string fault = Rehearsal(seed).run();
        CHECK(fault == "");
        if (!fault.empty()) break;
    }
}

}  // namespace
}  // namespace hawse::test
