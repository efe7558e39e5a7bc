// SPDX-License-Identifier: MIT
// Frame headers against the model that reads them bit by bit: all first two octets, lengths at
// every boundary, every prefix.
#include "hawse/frame_header.hpp"

#include "support/catch.hpp"
#include "support/guard_page.hpp"
#include "support/octets.hpp"
#include "support/reference.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hawse::test {
namespace {

constexpr std::uint64_t lengths[] = {0,
                                     1,
                                     125,
                                     126,
                                     127,
                                     65535,
                                     65536,
                                     1ULL << 31,
                                     1ULL << 32,
                                     1ULL << 62,
                                     (1ULL << 63) - 1,
                                     1ULL << 63,
                                     UINT64_MAX};
constexpr reference::Key sample = {std::byte{0x37}, std::byte{0xFA}, std::byte{0x21},
                                   std::byte{0x3D}};
constexpr std::byte untouched{0xEE};

Octets header_octets(unsigned first, unsigned second, std::uint64_t length) {
    Octets octets = {static_cast<std::byte>(first), static_cast<std::byte>(second)};
    const std::size_t extended = second % 128 < 126 ? 0 : second % 128 == 126 ? 2 : 8;
    for (std::size_t left = extended; left-- > 0;)
        octets.push_back(static_cast<std::byte>(length >> (8 * left)));
    if (second >= 128) append(octets, sample);
    return octets;
}

bool same_fields(const FrameHeader& header, const reference::Header& expected) {
    return header.fin() == (expected.fin != 0) && header.rsv1() == (expected.rsv1 != 0) &&
           header.rsv2() == (expected.rsv2 != 0) && header.rsv3() == (expected.rsv3 != 0) &&
           static_cast<unsigned>(header.opcode()) == expected.opcode &&
           header.masked() == (expected.mask != 0);
}

// Whether the engine reads `octets` as the model does.
bool is_read_right(ConstBytes octets) {
    const reference::HeaderVerdict expected = reference::read_header(octets);
    FrameHeader header;
    const FrameHeaderRead found = read_frame_header(octets, header);
    if (found.size != expected.size || found.needed != expected.needed) return false;
    if (found.violation != expected.violation) return false;
    if (octets.size() >= 2 && !same_fields(header, expected.header)) return false;
    if (expected.size == 0) return true;
    if (header.payload_size != expected.header.payload_size) return false;
    std::array<std::byte, 4> key{};
    header.key.write(key.data());
    return header.size() == expected.size && (!header.masked() || key == expected.header.key);
}

template <typename Visitor>
void for_each_header(Visitor visit) {
    for (unsigned first = 0; first < 256; ++first)
        for (unsigned second = 0; second < 256; ++second) {
            if (second % 128 < 126) {
                visit(header_octets(first, second, 0));
                continue;
            }
            for (const std::uint64_t length : lengths)
                if (second % 128 == 127 || length <= 0xFFFF)
                    visit(header_octets(first, second, length));
        }
}

TEST_CASE("any octets give a header, more needed or a violation, at every prefix",
          "[6455-5.2-01][6455-5.2-07][6455-5.2-08][6455-5.2-09][6455-5.2-10]") {
    std::uint64_t mismatches = 0, count = 0;
    for_each_header([&](const Octets& octets) {
        for (std::size_t size = 0; size <= octets.size(); ++size, ++count)
            mismatches += !is_read_right(ConstBytes(octets).first(size));
    });
    CHECK(mismatches == 0);
    CHECK(count > 65536 * 3);
}

TEST_CASE("a header is read the same whatever lies behind it", "[6455-5.2-01]") {
    std::uint64_t mismatches = 0;
    for_each_header([&](Octets octets) {
        const auto alone = reference::read_header(octets);
        octets.resize(octets.size() + 5, untouched);
        FrameHeader header;
        const FrameHeaderRead found = read_frame_header(octets, header);
        mismatches += found.size != alone.size || found.violation != alone.violation;
    });
    CHECK(mismatches == 0);
}

TEST_CASE("asking again with as many octets as were needed always gets on", "[6455-5.2-01]") {
    std::uint64_t stuck = 0;
    for_each_header([&](const Octets& octets) {
        std::size_t size = 0;
        for (;;) {
            FrameHeader header;
            const auto found = read_frame_header(ConstBytes(octets).first(size), header);
            if (found.size != 0 || found.violation != Violation::none) break;
            if (found.needed <= size || found.needed > octets.size()) {
                ++stuck;
                break;
            }
            size = found.needed;
        }
    });
    CHECK(stuck == 0);
}

TEST_CASE("no form but the one of fewest octets is read", "[6455-5.2-09]") {
    const auto violation_of = [](unsigned second, std::uint64_t length) {
        FrameHeader header;
        const FrameHeaderRead found =
            read_frame_header(header_octets(0x82, second, length), header);
        CHECK((found.size == 0) == (found.violation != Violation::none));
        return found.violation;
    };
    CHECK(violation_of(126, 0) == Violation::non_minimal_length);
    CHECK(violation_of(126, 125) == Violation::non_minimal_length);
    CHECK(violation_of(126, 126) == Violation::none);
    CHECK(violation_of(126, 65535) == Violation::none);
    CHECK(violation_of(127, 0) == Violation::non_minimal_length);
    CHECK(violation_of(127, 126) == Violation::non_minimal_length);
    CHECK(violation_of(127, 65535) == Violation::non_minimal_length);
    CHECK(violation_of(127, 65536) == Violation::none);
}

TEST_CASE("the highest bit of a length is never set", "[6455-5.2-08]") {
    FrameHeader header;
    CHECK(read_frame_header(header_octets(0x82, 127, (1ULL << 63) - 1), header).size == 10);
    CHECK(read_frame_header(header_octets(0x82, 127, 1ULL << 63), header).violation ==
          Violation::length_high_bit);
    CHECK(read_frame_header(header_octets(0x82, 127, UINT64_MAX), header).violation ==
          Violation::length_high_bit);
}

TEST_CASE("a length is judged before the key is there", "[6455-5.2-08][6455-5.2-09]") {
    FrameHeader header;
    const Octets octets = header_octets(0x82, 0x80 | 126, 125);
    CHECK(read_frame_header(ConstBytes(octets).first(3), header).needed == 4);
    CHECK(read_frame_header(ConstBytes(octets).first(4), header).violation ==
          Violation::non_minimal_length);
}

TEST_CASE("the examples of RFC 6455 are read as it says", "[6455-5.2-01][6455-5.2-06]") {
    struct Example {
        const char* octets;
        Opcode opcode;
        bool fin, masked;
        std::uint64_t payload_size;
        std::size_t size;
    };
    constexpr Example examples[] = {
        {"8105 48656c6c6f", Opcode::text, true, false, 5, 2},
        {"8185 37fa213d 7f9f4d5158", Opcode::text, true, true, 5, 6},
        {"0103 48656c", Opcode::text, false, false, 3, 2},
        {"8002 6c6f", Opcode::continuation, true, false, 2, 2},
        {"8905 48656c6c6f", Opcode::ping, true, false, 5, 2},
        {"8a85 37fa213d 7f9f4d5158", Opcode::pong, true, true, 5, 6},
        {"827e 0100", Opcode::binary, true, false, 256, 4},
        {"827f 0000000000010000", Opcode::binary, true, false, 65536, 10},
        {"8800", Opcode::close, true, false, 0, 2},
    };
    for (const Example& example : examples) {
        INFO(example.octets);
        FrameHeader header;
        CHECK(read_frame_header(unhex(example.octets), header).size == example.size);
        CHECK(header.opcode() == example.opcode);
        CHECK(header.fin() == example.fin);
        CHECK(header.masked() == example.masked);
        CHECK(header.payload_size == example.payload_size);
    }
}

// Writes `expected` with the engine and compares: octets, size, nothing beyond, and read back.
bool is_written_right(const reference::Header& expected, std::uint8_t stale) {
    FrameHeader header;
    header.first =
        static_cast<std::uint8_t>(expected.fin << 7 | expected.rsv1 << 6 | expected.rsv2 << 5 |
                                  expected.rsv3 << 4 | expected.opcode);
    header.second = stale;  // the length bits of another header
    header.payload_size = expected.payload_size;
    if (expected.mask != 0) header = header.masked_with(MaskKey::read(expected.key.data()));

    Octets octets(frame_header_size_max + 1, untouched);
    const std::size_t size = write_frame_header(octets.data(), header);
    if (size != header.size() || size > frame_header_size_max) return false;
    for (std::size_t index = size; index < octets.size(); ++index)
        if (octets[index] != untouched) return false;
    octets.resize(size);
    if (octets != reference::write_header(expected)) return false;
    FrameHeader again;
    return read_frame_header(octets, again).size == size && same_fields(again, expected) &&
           again.payload_size == expected.payload_size && again.key == header.key;
}

TEST_CASE("what is written has the fewest octets, and is read back as it was",
          "[6455-5.2-01][6455-5.2-09][6455-5.2-10][6455-5.3-01]") {
    std::uint64_t mismatches = 0;
    for (unsigned first = 0; first < 256; ++first)
        for (unsigned mask = 0; mask < 2; ++mask)
            for (const std::uint64_t length : lengths) {
                if (length >> 63 != 0) continue;
                const reference::Header header{
                    first >> 7,     first >> 6 & 1,
                    first >> 5 & 1, first >> 4 & 1,
                    first & 15,     mask,
                    length,         mask != 0 ? sample : reference::Key{}};
                for (const unsigned stale : {0U, 5U, 126U, 127U})
                    mismatches += !is_written_right(header, static_cast<std::uint8_t>(stale));
            }
    CHECK(mismatches == 0);
}

TEST_CASE("a frame masked with a zero key is still masked", "[6455-5.3-06][6455-5.3-07]") {
    const FrameHeader header = FrameHeader::make(Opcode::text, true, 0).masked_with(MaskKey{});
    Octets octets(frame_header_size_max);
    octets.resize(write_frame_header(octets.data(), header));
    CHECK(hex(octets) == "818000000000");
}

TEST_CASE("a header is made from its opcode, its end and its size", "[6455-5.2-03][6455-5.2-06]") {
    for (unsigned value = 0; value < 16; ++value)
        for (const bool fin : {false, true}) {
            const FrameHeader header = FrameHeader::make(Opcode(value), fin, 70000);
            CHECK(header.first == (fin ? 0x80 : 0) + value);
            CHECK_FALSE(header.masked());
            CHECK(header.payload_size == 70000);
            CHECK(header.size() == 10);
        }
}

TEST_CASE("six opcodes are defined, and the upper half are control frames",
          "[6455-5.2-05][6455-5.2-06][6455-5.5-03]") {
    constexpr unsigned defined[] = {0, 1, 2, 8, 9, 10};
    for (unsigned value = 0; value < 16; ++value) {
        CHECK(is_defined(Opcode(value)) == reference::is_one_of(defined, value));
        CHECK(is_control(Opcode(value)) == (value >= 8));
    }
}

TEST_CASE("reading a header reads nothing beyond the octets there are", "[6455-5.2-01]") {
    const GuardedPages pages(frame_header_size_max);
    std::uint64_t mismatches = 0;
    for (const unsigned first : {0x00U, 0x82U, 0x89U, 0xFFU})
        for (unsigned second = 0; second < 256; ++second)
            for (const std::uint64_t length : {126ULL, 65536ULL}) {
                const Octets octets = header_octets(first, second, length);
                for (std::size_t size = 0; size <= octets.size(); ++size) {
                    const ConstBytes prefix = ConstBytes(octets).first(size);
                    mismatches += !is_read_right(pages.ending(prefix));
                    mismatches += !is_read_right(pages.beginning(prefix));
                }
            }
    CHECK(mismatches == 0);
}

}  // namespace
}  // namespace hawse::test
