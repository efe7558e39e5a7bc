// SPDX-License-Identifier: MIT
// Making tables of codes: sorted by their bits, codes come in the order in which they are counted up,
// and a table for one bit more is the same table twice. RFC 1951 §3.2.2
#include "deflate/huffman.hpp"

#include <algorithm>
#include <cassert>
#include <type_traits>

namespace hawse::deflate {

namespace {

constexpr std::size_t symbol_count_max = 288;

// The symbols that have a code, in their order. Most have none: that is found out without a branch for
// each, and what follows is done for the others only.
struct Used {
    std::array<std::uint16_t, symbol_count_max + 1> symbols;
    std::size_t count = 0;

    constexpr explicit Used(std::span<const std::uint8_t> lengths) noexcept {
        if (std::is_constant_evaluated()) symbols = {};
        for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
            symbols[count] = static_cast<std::uint16_t>(symbol);
            count += lengths[symbol] != 0 ? std::size_t{1} : 0;
        }
    }
    [[nodiscard]] constexpr auto begin() const noexcept { return symbols.begin(); }
    [[nodiscard]] constexpr auto end() const noexcept {
        return symbols.begin() + static_cast<std::ptrdiff_t>(count);
    }
};

// How many codes there are of each length.
using Counts = std::array<std::uint16_t, code_bits_max + 1>;

constexpr Counts count_lengths(std::span<const std::uint8_t> lengths, const Used& used) noexcept {
    Counts counts{};
    for (const std::uint16_t symbol : used) ++counts[lengths[symbol]];
    return counts;
}

constexpr unsigned longest_of(const Counts& counts) noexcept {
    unsigned longest = code_bits_max;
    while (longest != 0 && counts[longest] == 0) --longest;
    return longest;
}

// Whether there are as many codes as fit, and no more.
constexpr bool is_code(const Counts& counts, Completeness completeness) noexcept {
    int unused = 1;
    for (unsigned length = 1; length <= code_bits_max; ++length) {
        unused = 2 * unused - counts[length];
        if (unused < 0) return false;
    }
    return unused == 0 ||
           (completeness == Completeness::one_may_stand_alone && longest_of(counts) <= 1);
}

// Codes in their order: by length, and by symbol among those of one length.
struct Sorted {
    std::array<std::uint16_t, symbol_count_max> symbols;
    std::array<std::uint16_t, code_bits_max + 2> begins;  // of each length

    constexpr Sorted(std::span<const std::uint8_t> lengths, const Used& used,
                     const Counts& counts) noexcept
        : begins{} {
        if (std::is_constant_evaluated()) symbols = {};
        for (unsigned length = 1; length <= code_bits_max; ++length)
            begins[length + 1] = static_cast<std::uint16_t>(begins[length] + counts[length]);
        auto ends = begins;
        for (const std::uint16_t symbol : used) symbols[ends[lengths[symbol]]++] = symbol;
    }
};

// The code behind `code`, both with their first bit lowest: the carry runs from the highest bit down.
// Behind the last of them it is `code` again.
constexpr unsigned next_code(unsigned code, unsigned length) noexcept {
    const unsigned zeros = ~code & static_cast<unsigned>(ones(length));
    if (zeros == 0) return code;
    const unsigned carried = std::bit_floor(zeros);
    return (code & (carried - 1)) | carried;
}

// Bits to index the subtable that begins with a code of `length`: as few as hold all that begin alike.
constexpr unsigned subtable_bits(Counts& left, unsigned length, unsigned primary_bits) noexcept {
    unsigned bits = length - primary_bits;
    int unused = (1 << bits) - left[length];
    while (unused > 0 && primary_bits + bits < code_bits_max) {
        ++bits;
        unused = 2 * unused - left[primary_bits + bits];
    }
    return bits;
}

// Codes longer than the primary table's bits, of which `code` is the first.
constexpr void make_subtables(std::span<Entry> entries, unsigned primary_bits, const Sorted& sorted,
                              Counts left, unsigned code, const Entry* symbols) noexcept {
    const auto primary_mask = static_cast<unsigned>(ones(primary_bits));
    std::size_t end = std::size_t{1} << primary_bits;
    std::span<Entry> subtable;
    unsigned prefix = ~0U;
    for (unsigned length = primary_bits + 1; length <= code_bits_max; ++length)
        for (std::size_t at = sorted.begins[length]; at != sorted.begins[length + 1]; ++at) {
            if ((code & primary_mask) != prefix) {
                prefix = code & primary_mask;
                const unsigned bits = subtable_bits(left, length, primary_bits);
                assert(end + (std::size_t{1} << bits) <= entries.size());
                subtable = entries.subspan(end, std::size_t{1} << bits);
                entries[prefix] = Entry::subtable(end, bits, primary_bits);
                end += subtable.size();
            }
            const Entry entry = symbols[sorted.symbols[at]].coded(length - primary_bits);
            const std::size_t step = std::size_t{1} << (length - primary_bits);
            for (std::size_t index = code >> primary_bits; index < subtable.size(); index += step)
                subtable[index] = entry;
            --left[length];
            code = next_code(code, length);
        }
}

constexpr unsigned fill_entries(std::span<Entry> entries, unsigned primary_bits_max,
                                const Sorted& sorted, const Counts& counts,
                                const Entry* symbols) noexcept {
    const unsigned longest = longest_of(counts);
    const unsigned primary_bits = std::min(longest, primary_bits_max);
    if (longest <= 1 && counts[1] < 2) {  // one code, or none: no other bits mean anything
        std::fill_n(entries.begin(), 2, Entry::invalid().coded(longest));
        if (longest == 1) entries[0] = symbols[sorted.symbols[0]].coded(1);
        return primary_bits;
    }
    entries[0] = Entry::invalid();  // until it is written over, so that what is copied is something
    unsigned code = 0;
    std::size_t size = 1;
    for (unsigned length = 1; length <= primary_bits; ++length) {
        std::copy_n(entries.begin(), size, entries.begin() + static_cast<std::ptrdiff_t>(size));
        size *= 2;
        for (std::size_t at = sorted.begins[length]; at != sorted.begins[length + 1]; ++at) {
            entries[code] = symbols[sorted.symbols[at]].coded(length);
            code = next_code(code, length);
        }
    }
    if (longest > primary_bits)
        make_subtables(entries, primary_bits, sorted, counts, code, symbols);
    return primary_bits;
}

// RFC 1951 §3.2.5
consteval std::array<Entry, 288> make_literal_symbols() noexcept {
    std::array<Entry, 288> symbols{};
    for (unsigned value = 0; value < 256; ++value) symbols[value] = Entry::literal(value);
    symbols[end_of_block_symbol] = Entry::end_of_block();
    unsigned least = 3;
    for (unsigned symbol = 257; symbol < 285; ++symbol) {
        const unsigned extra_bits = symbol < 265 ? 0 : (symbol - 261) / 4;
        symbols[symbol] = Entry::range(least, extra_bits);
        least += 1U << extra_bits;
    }
    symbols[285] = Entry::range(258, 0);  // which 284 could say as well
    symbols[286] = symbols[287] = Entry::invalid();
    return symbols;
}

consteval std::array<Entry, 32> make_distance_symbols() noexcept {
    std::array<Entry, 32> symbols{};
    unsigned least = 1;
    for (unsigned symbol = 0; symbol < 30; ++symbol) {
        const unsigned extra_bits = symbol < 4 ? 0 : (symbol - 2) / 2;
        symbols[symbol] = Entry::range(least, extra_bits);
        least += 1U << extra_bits;
    }
    symbols[30] = symbols[31] = Entry::invalid();
    return symbols;
}

// RFC 1951 §3.2.7
consteval std::array<Entry, precode_count_max> make_precode_symbols() noexcept {
    std::array<Entry, precode_count_max> symbols{};
    for (unsigned length = 0; length <= code_bits_max; ++length)
        symbols[length] = Entry::literal(length);
    symbols[16] = Entry::range(repeats_previous | 3, 2);
    symbols[17] = Entry::range(3, 3);
    symbols[18] = Entry::range(11, 7);
    return symbols;
}

// RFC 1951 §3.2.6
consteval std::array<Entry, 512> make_fixed_literals() noexcept {
    std::array<std::uint8_t, 288> lengths{};
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol)
        lengths[symbol] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
    std::array<Entry, 512> entries{};
    const auto symbols = make_literal_symbols();
    const Used used(lengths);
    const Counts counts = count_lengths(lengths, used);
    (void)fill_entries(entries, 9, Sorted(lengths, used, counts), counts, symbols.data());
    return entries;
}

consteval std::array<Entry, 32> make_fixed_distances() noexcept {
    std::array<std::uint8_t, 32> lengths{};
    lengths.fill(5);
    std::array<Entry, 32> entries{};
    const auto symbols = make_distance_symbols();
    const Used used(lengths);
    const Counts counts = count_lengths(lengths, used);
    (void)fill_entries(entries, 5, Sorted(lengths, used, counts), counts, symbols.data());
    return entries;
}

constexpr std::array<Entry, 512> fixed_literals = make_fixed_literals();
constexpr std::array<Entry, 32> fixed_distances = make_fixed_distances();

}  // namespace

constexpr std::array<Entry, 288> literal_symbols = make_literal_symbols();
constexpr std::array<Entry, 32> distance_symbols = make_distance_symbols();
constexpr std::array<Entry, precode_count_max> precode_symbols = make_precode_symbols();

unsigned make_code(std::span<Entry> entries, unsigned primary_bits_max,
                   std::span<const std::uint8_t> lengths, const Entry* symbols,
                   Completeness completeness) noexcept {
    const Used used(lengths);
    const Counts counts = count_lengths(lengths, used);
    if (!is_code(counts, completeness)) return no_code;
    return fill_entries(entries, primary_bits_max, Sorted(lengths, used, counts), counts, symbols);
}

Code fixed_literal_code() noexcept { return {fixed_literals.data(), 9}; }
Code fixed_distance_code() noexcept { return {fixed_distances.data(), 5}; }

}  // namespace hawse::deflate
