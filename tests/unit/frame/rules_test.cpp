// SPDX-License-Identifier: MIT
// The rules of RFC 6455 §5 against a list of them written anew, for every first two octets in
// every circumstance; and for each rule one header that breaks it and one beside it that does not.
#include "frame/rules.hpp"

#include "support/catch.hpp"
#include "support/reference.hpp"

#include <cstdint>

namespace hawse::test {
namespace {

using frame::Circumstances;

constexpr std::uint64_t no_limit = UINT64_MAX;

Circumstances circumstances(const reference::Conversation& now) {
    return {now.peer_masks, now.message_in_progress, now.rsv1_has_meaning ? rsv1_bit : std::uint8_t{0},
            1, no_limit, no_limit};
}

FrameHeader header_of(unsigned first, unsigned second, std::uint64_t payload_size = 0) {
    FrameHeader header;
    header.first = static_cast<std::uint8_t>(first);
    header.second = static_cast<std::uint8_t>(second);
    header.payload_size = payload_size;
    return header;
}

Violation check(const FrameHeader& header, const Circumstances& now) {
    Violation violation = check_first_octet(header, now);
    if (violation == Violation::none) violation = check_second_octet(header, now);
    if (violation == Violation::none) violation = check_size(header, now);
    return violation;
}

TEST_CASE("every first two octets are judged as the list of rules has it",
          "[6455-5.1-02][6455-5.1-05][6455-5.2-04][6455-5.2-05][6455-5.4-03][6455-5.4-04]"
          "[6455-5.4-09][6455-5.5-01][6455-5.5-02][HDR-06][HDR-07]") {
    std::uint64_t mismatches = 0, allowed = 0;
    for (unsigned bits = 0; bits < 8; ++bits) {
        const reference::Conversation now{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
        for (unsigned first = 0; first < 256; ++first)
            for (unsigned second = 0; second < 256; ++second) {
                const Violation found = check(header_of(first, second), circumstances(now));
                mismatches += found != reference::first_broken_rule(first, second, now);
                const bool shape = reference::may_begin_frame(first, now) &&
                                   (second >= 128) == now.peer_masks &&
                                   (first % 16 < 8 || second % 128 <= 125);
                mismatches += (found == Violation::none) != shape;
                allowed += found == Violation::none;
            }
    }
    CHECK(mismatches == 0);
    // For each mask: 3 control shapes, 126 lengths; 2, 4 or 8 data shapes, 128 lengths.
    CHECK(allowed == 2 * (4 * 3 * 126 + (2 + 2 + 4 + 8) * 128));
}

TEST_CASE("the first octet is judged without the second, and the second without the first",
          "[6455-5.2-04][6455-5.1-02]") {
    std::uint64_t mismatches = 0;
    for (unsigned bits = 0; bits < 8; ++bits) {
        const reference::Conversation now{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
        for (unsigned octet = 0; octet < 256; ++octet) {
            const auto first = check_first_octet(header_of(octet, 0x00), circumstances(now));
            mismatches += first != check_first_octet(header_of(octet, 0xFF), circumstances(now));
            mismatches += (first == Violation::none) != reference::may_begin_frame(octet, now);
            const auto second = check_second_octet(header_of(0x82, octet), circumstances(now));
            mismatches += (second == Violation::none) != ((octet >= 128) == now.peer_masks);
        }
    }
    CHECK(mismatches == 0);
}

struct Case {
    Violation violation;
    FrameHeader breaking, allowed;
    Circumstances now;
};

const Circumstances at_rest = {true, false, 0, 8, no_limit, no_limit};
const Circumstances in_message = {true, true, 0, 8, no_limit, no_limit};
const Circumstances unmasked = {false, false, 0, 8, no_limit, no_limit};
const Circumstances compressed = {true, false, rsv1_bit, 8, no_limit, no_limit};
const Circumstances compressed_in_message = {true, true, rsv1_bit, 8, no_limit, no_limit};
const Circumstances extended = {true, false, rsv2_bit | rsv3_bit, 8, no_limit, no_limit};
const Circumstances extended_in_message = {true, true, rsv_bits, 8, no_limit, no_limit};
const Circumstances last_fragment = {true, true, 0, 0, no_limit, no_limit};
const Circumstances small_frames = {true, false, 0, 8, no_limit, 1000};
const Circumstances small_messages = {true, false, 0, 8, 1000, no_limit};

TEST_CASE("each rule is broken by one header and not by its neighbour",
          "[6455-5.1-02][6455-5.1-05][6455-5.2-04][6455-5.2-05][6455-5.4-03][6455-5.4-04]"
          "[6455-5.5-01][6455-5.5-02][6455-10.4-01][6455-10.4-02][6455-7.4.1-08]") {
    const Case cases[] = {
        {Violation::reserved_bit, header_of(0xC1, 0x80), header_of(0x81, 0x80), at_rest},
        {Violation::reserved_bit, header_of(0xA1, 0x80), header_of(0xC1, 0x80), compressed},
        {Violation::reserved_bit, header_of(0x91, 0x80), header_of(0xC2, 0x80), compressed},
        {Violation::reserved_bit, header_of(0xC9, 0x80), header_of(0x89, 0x80), compressed},
        {Violation::reserved_bit, header_of(0xC0, 0x80), header_of(0x80, 0x80),
         compressed_in_message},
        {Violation::reserved_bit, header_of(0xC2, 0x80), header_of(0xB2, 0x80), extended},
        {Violation::reserved_bit, header_of(0xB9, 0x80), header_of(0x89, 0x80), extended},
        {Violation::reserved_bit, header_of(0xC0, 0x80), header_of(0xB0, 0x80),
         extended_in_message},
        {Violation::reserved_opcode, header_of(0x83, 0x80), header_of(0x82, 0x80), at_rest},
        {Violation::reserved_opcode, header_of(0x87, 0x80), header_of(0x88, 0x80), at_rest},
        {Violation::reserved_opcode, header_of(0x8B, 0x80), header_of(0x8A, 0x80), at_rest},
        {Violation::fragmented_control, header_of(0x09, 0x80), header_of(0x89, 0x80), in_message},
        {Violation::unexpected_continuation, header_of(0x80, 0x80), header_of(0x81, 0x80), at_rest},
        {Violation::interleaved_message, header_of(0x82, 0x80), header_of(0x80, 0x80), in_message},
        {Violation::missing_mask, header_of(0x81, 0x00), header_of(0x81, 0x80), at_rest},
        {Violation::unexpected_mask, header_of(0x81, 0x80), header_of(0x81, 0x00), unmasked},
        {Violation::oversized_control, header_of(0x89, 0x80 | 126), header_of(0x89, 0x80 | 125),
         at_rest},
        {Violation::oversized_control, header_of(0x88, 0x80 | 127), header_of(0x82, 0x80 | 127),
         at_rest},
        {Violation::too_many_fragments, header_of(0x00, 0x80), header_of(0x89, 0x80),
         last_fragment},
        {Violation::frame_too_large, header_of(0x82, 0x80 | 126, 1001),
         header_of(0x82, 0x80 | 126, 1000), small_frames},
        {Violation::message_too_large, header_of(0x82, 0x80 | 126, 1001),
         header_of(0x82, 0x80 | 126, 1000), small_messages},
    };
    for (const Case& one : cases) {
        INFO(describe(one.violation).name << " by " << unsigned{one.breaking.first});
        CHECK(check(one.breaking, one.now) == one.violation);
        CHECK(check(one.allowed, one.now) == Violation::none);
    }
}

TEST_CASE("one more fragment is allowed while one is left", "[6455-7.4.1-08]") {
    Circumstances now = in_message;
    now.fragments_left = 1;
    CHECK(check_first_octet(header_of(0x00, 0x80), now) == Violation::none);
    now.fragments_left = 0;
    CHECK(check_first_octet(header_of(0x80, 0x80), now) == Violation::too_many_fragments);
    now.message_in_progress = false;
    CHECK(check_first_octet(header_of(0x81, 0x80), now) == Violation::too_many_fragments);
}

TEST_CASE("exactly the limit is allowed, up to the largest size there is",
          "[6455-10.4-01][6455-10.4-02]") {
    constexpr std::uint64_t sizes[] = {0, 1, 125, 65536, (std::uint64_t{1} << 63) - 1};
    for (const std::uint64_t size : sizes) {
        Circumstances now = at_rest;
        now.frame_size_max = size;
        CHECK(check_size(header_of(0x82, 0x80, size), now) == Violation::none);
        CHECK(check_size(header_of(0x82, 0x80, size + 1), now) == Violation::frame_too_large);
        now.message_left = size;
        now.frame_size_max = no_limit;
        CHECK(check_size(header_of(0x82, 0x80, size), now) == Violation::none);
        CHECK(check_size(header_of(0x82, 0x80, size + 1), now) == Violation::message_too_large);
    }
}

TEST_CASE("control frames count towards no limit", "[6455-5.4-08][6455-5.5-01]") {
    const Circumstances nothing_left = {true, true, false, 0, 0, 0};
    for (const unsigned first : {0x88U, 0x89U, 0x8AU})
        CHECK(check(header_of(first, 0x80 | 125, 125), nothing_left) == Violation::none);
}

}  // namespace
}  // namespace hawse::test
