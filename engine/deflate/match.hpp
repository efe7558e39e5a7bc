// SPDX-License-Identifier: MIT
// A match says what was said before: `size` octets that begin `distance` octets before the end, and it
// may run into what it writes. RFC 1951 §2, §3.2.3
#pragma once

#include "hawse/bytes.hpp"
#include "deflate/bits.hpp"
#include "deflate/history.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hawse::deflate {

struct Match {
    std::uint16_t size = 0;
    std::uint16_t distance = 0;
};

/// What lies before the room that is written to.
class Past {
public:
    Past(const History& history, unsigned window_bits) noexcept
        : pieces_(history.pieces()), size_(history.size()), window_(std::size_t{1} << window_bits) {
    }

    /// Whether there is an octet so far back, and the window holds it. `position` is where in the room.
    [[nodiscard]] bool reaches(std::size_t distance, std::size_t position) const noexcept {
        return distance <= window_ && distance <= position + size_;
    }
    /// What begins so many octets before the room, and lies in one piece.
    [[nodiscard]] ConstBytes from(std::size_t distance) const noexcept {
        const auto& [older, newer] = pieces_;
        return distance <= newer.size() ? newer.last(distance)
                                        : older.last(distance - newer.size());
    }

private:
    std::array<ConstBytes, 2> pieces_;
    std::size_t size_;
    std::size_t window_;
};

/// The copies below write whole strides: up to so many octets behind the match's last.
constexpr std::size_t stride = 16;

/// Reads as far as it writes.
inline void copy_strides(std::byte* into, const std::byte* from, std::size_t size) noexcept {
    const std::byte* const end = into + size;
    do {
        std::memcpy(into, from, stride);
        into += stride;
        from += stride;
    } while (into < end);
}

/// A match at a distance below a stride, of octets that lie before `into`, `position` of them there.
inline void copy_repeated(std::byte* into, std::size_t position, Match match) noexcept {
    const std::size_t distance = match.distance;
    const std::byte* const end = into + match.size;
    if (distance >= 8) {
        for (; into < end; into += 8) std::memcpy(into, into - distance, 8);
    } else if (position >= 8) {
        // The octets repeat: a word is filled with them, and goes on where a whole number of them ends.
        constexpr std::array<std::uint64_t, 8> repeat = {0,
                                                         0x0101010101010101,
                                                         0x0001000100010001,
                                                         1 | 1ULL << 24 | 1ULL << 48,
                                                         1 | 1ULL << 32,
                                                         1 | 1ULL << 40,
                                                         1 | 1ULL << 48,
                                                         1 | 1ULL << 56};
        constexpr std::array<std::uint8_t, 8> steps = {0, 8, 8, 6, 8, 5, 6, 7};
        const std::uint64_t octets = load_word(into - 8) >> (8 * (8 - distance));
        const std::uint64_t word = octets * repeat[distance];
        for (; into < end; into += steps[distance]) store_word(into, word);
    } else {
        for (; into < end; ++into) *into = *(into - distance);
    }
}

/// Copies a match that past.reaches() to `into`, where `capacity` octets have room and `position` lie
/// before. Reads none that come behind those. False, and nothing done, where that takes more care: the
/// room is short, or the octets are in several pieces.
inline bool copy_match(std::byte* into, std::size_t position, std::size_t capacity, Match match,
                       const Past& past) noexcept {
    if (match.size + stride > capacity) return false;
    if (match.distance <= position) {
        if (match.distance >= stride)
            copy_strides(into, into - match.distance, match.size);
        else
            copy_repeated(into, position, match);
        return true;
    }
    const ConstBytes from = past.from(match.distance - position);
    if (match.size > from.size()) return false;
    if (match.size + stride <= from.size())
        copy_strides(into, from.data(), match.size);
    else
        std::memcpy(into, from.data(), match.size);
    return true;
}

/// A match of octets that lie before `into`, and not one octet more.
inline void copy_match_exactly(std::byte* into, std::size_t distance, std::size_t size) noexcept {
    for (const std::byte* const from = into - distance; size != 0;) {
        const std::size_t piece = std::min(static_cast<std::size_t>(into - from), size);
        std::memcpy(into, from, piece);  // twice as much each time
        into += piece;
        size -= piece;
    }
}

}  // namespace hawse::deflate
