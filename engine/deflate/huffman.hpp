// SPDX-License-Identifier: MIT
// Prefix codes as tables: as many bits as the table has index bits say the symbol, or where the few
// longer codes that begin like this are told apart. RFC 1951 §3.2
#pragma once

#include "deflate/bits.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hawse::deflate {

constexpr unsigned code_bits_max = 15;

/// What the bits at hand say, packed into one word:
///
///     0-7    the bits to take: those of the code, and the extra bits behind it
///     8-11   the bits of the code alone; of a subtable, the bits that index it
///     12     it is a literal
///     13     it is neither literal, length nor distance: one of the next two, or invalid
///     14     it is a subtable
///     15     it is the end of the block
///     16-31  the literal, the least length or distance, or where the subtable begins
class Entry {
public:
    Entry() = default;

    static consteval Entry literal(unsigned value) noexcept {
        return Entry(value << 16 | literal_flag);
    }
    static consteval Entry range(unsigned least, unsigned extra_bits) noexcept {
        return Entry(least << 16 | extra_bits);
    }
    static constexpr Entry invalid() noexcept { return Entry(exceptional_flag); }
    static consteval Entry end_of_block() noexcept { return Entry(exceptional_flag | end_flag); }
    static constexpr Entry subtable(std::size_t begin, unsigned index_bits,
                                    unsigned primary_bits) noexcept {
        return Entry(static_cast<std::uint32_t>(begin) << 16 | exceptional_flag | subtable_flag |
                     index_bits << 8 | primary_bits);
    }
    /// This symbol, found by a code of `bits`.
    [[nodiscard]] constexpr Entry coded(unsigned bits) const noexcept {
        return Entry(packed_ + bits * 0x101);
    }

    [[nodiscard]] constexpr unsigned taken_bits() const noexcept { return packed_ & 0xFF; }
    [[nodiscard]] constexpr unsigned code_bits() const noexcept { return packed_ >> 8 & 0xF; }
    [[nodiscard]] constexpr bool is_literal() const noexcept {
        return (packed_ & literal_flag) != 0;
    }
    [[nodiscard]] constexpr bool is_exceptional() const noexcept {
        return (packed_ & exceptional_flag) != 0;
    }
    [[nodiscard]] constexpr bool is_subtable() const noexcept {
        return (packed_ & subtable_flag) != 0;
    }
    [[nodiscard]] constexpr bool is_end_of_block() const noexcept {
        return (packed_ & end_flag) != 0;
    }
    [[nodiscard]] constexpr unsigned value() const noexcept { return packed_ >> 16; }

    /// The length or distance, given the bits that begin with its code.
    [[nodiscard]] constexpr unsigned value(std::uint64_t word) const noexcept {
        return value() + static_cast<unsigned>((word & ones(taken_bits())) >> code_bits());
    }

private:
    static constexpr std::uint32_t literal_flag = 1U << 12, exceptional_flag = 1U << 13;
    static constexpr std::uint32_t subtable_flag = 1U << 14, end_flag = 1U << 15;

    explicit constexpr Entry(std::uint32_t packed) noexcept : packed_(packed) {}
    std::uint32_t packed_;
};

/// A code to decode with.
struct Code {
    const Entry* entries;
    unsigned primary_bits;

    [[nodiscard]] Entry primary(std::uint64_t word) const noexcept {
        return entries[word & ones(primary_bits)];
    }
    /// Given what primary() said, and the same bits.
    [[nodiscard]] Entry secondary(Entry subtable, std::uint64_t word) const noexcept {
        return entries[subtable.value() + (word >> primary_bits & ones(subtable.code_bits()))];
    }
};

/// How complete a code has to be. RFC 1951 §3.2.7 lets a block have one distance or none; that the one
/// literal or length, which is then the end of the block, may stand alone as well is what zlib does.
enum class Completeness : std::uint8_t { whole, one_may_stand_alone };

/// The bits that index a code's table at first, and the most entries that any code of 288 or 32 symbols
/// needs then, its subtables included: found by trying all of them. Two symbols less need two less.
constexpr unsigned literal_primary_bits = 10, distance_primary_bits = 8, precode_primary_bits = 7;
constexpr std::size_t literal_entry_count = 1334, distance_entry_count = 402;

/// Makes `entries` from the length of each symbol's code, and `symbols`, which holds what they mean.
/// Answers the bits that index it at first, at most `primary_bits_max`; or no_code when the lengths are
/// those of no code.
constexpr unsigned no_code = ~0U;
[[nodiscard]] unsigned make_code(std::span<Entry> entries, unsigned primary_bits_max,
                                 std::span<const std::uint8_t> lengths, const Entry* symbols,
                                 Completeness completeness) noexcept;

// RFC 1951 §3.2.5, §3.2.7
constexpr std::size_t literal_count_max = 286;
constexpr std::size_t distance_count_max = 30;
constexpr std::size_t precode_count_max = 19;
constexpr std::size_t end_of_block_symbol = 256;

/// What symbols mean. A symbol of the precode is the literal that a length is, or a range of times to
/// repeat; `repeats_previous` is set in its value when it repeats not zero but what came before.
extern const std::array<Entry, 288> literal_symbols;
extern const std::array<Entry, 32> distance_symbols;
extern const std::array<Entry, precode_count_max> precode_symbols;
constexpr unsigned repeats_previous = 0x100;

/// The codes of blocks that bring none. RFC 1951 §3.2.6
[[nodiscard]] Code fixed_literal_code() noexcept;
[[nodiscard]] Code fixed_distance_code() noexcept;

}  // namespace hawse::deflate
