// SPDX-License-Identifier: MIT
// UTF-8, ASCII eight octets at a time and the rest by the table of RFC 3629 §4. The scalar truth:
// faster kernels are proven against this text.
#include "hawse/utf8.hpp"

#include <cstring>

namespace hawse {

namespace {

// What follows a lead octet beyond ASCII: how many octets, and the bounds of the first of them.
struct Sequence {
    std::uint8_t missing, least, greatest;
};

constexpr std::uint8_t not_a_lead = 0xFF;

constexpr Sequence sequence_of(unsigned lead) noexcept {
    if (lead < 0xC2) return {not_a_lead, 0, 0};  // a tail, or C0 and C1: always overlong
    if (lead <= 0xDF) return {1, 0x80, 0xBF};
    if (lead == 0xE0) return {2, 0xA0, 0xBF};  // below: overlong
    if (lead == 0xED) return {2, 0x80, 0x9F};  // above: surrogates
    if (lead <= 0xEF) return {2, 0x80, 0xBF};
    if (lead == 0xF0) return {3, 0x90, 0xBF};  // below: overlong
    if (lead <= 0xF3) return {3, 0x80, 0xBF};
    if (lead == 0xF4) return {3, 0x80, 0x8F};  // above: beyond U+10FFFF
    return {not_a_lead, 0, 0};
}

std::size_t ascii_size(const std::byte* octets, std::size_t size) noexcept {
    std::size_t offset = 0;
    for (; size - offset >= 8; offset += 8) {
        std::uint64_t word;
        std::memcpy(&word, octets + offset, sizeof word);
        if ((word & 0x8080808080808080) != 0) break;
    }
    while (offset < size && std::to_integer<unsigned>(octets[offset]) < 0x80) ++offset;
    return offset;
}

}  // namespace

std::size_t Utf8Validator::take(ConstBytes octets) noexcept {
    for (std::size_t offset = 0;; ++offset) {
        if (missing_ == 0) offset += ascii_size(octets.data() + offset, octets.size() - offset);
        if (offset == octets.size()) return offset;
        const auto octet = std::to_integer<unsigned>(octets[offset]);
        if (missing_ == 0) {
            const Sequence sequence = sequence_of(octet);
            if (sequence.missing == not_a_lead) return offset;
            missing_ = sequence.missing;
            least_ = sequence.least;
            greatest_ = sequence.greatest;
        } else {
            if (octet < least_ || octet > greatest_) return offset;
            --missing_;
            least_ = 0x80;
            greatest_ = 0xBF;
        }
    }
}

bool is_utf8(ConstBytes octets) noexcept {
    Utf8Validator validator;
    return validator.take(octets) == octets.size() && validator.complete();
}

}  // namespace hawse
