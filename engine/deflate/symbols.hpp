// SPDX-License-Identifier: MIT
// The symbols of a block: literals, matches, and its end. RFC 1951 §3.2.3
#pragma once

#include "deflate/bits.hpp"
#include "deflate/huffman.hpp"
#include "deflate/inflater.hpp"
#include "deflate/match.hpp"

#include <cstdint>

namespace hawse::deflate {

struct Codes {
    Code literals;
    Code distances;
};

/// Why no further symbol is taken.
enum class Halt : std::uint8_t {
    none,
    needs_input,
    needs_room,
    end_of_block,
    malformed,
    distance_too_far,
};

/// Reads symbols and writes what they say.
class SymbolReader {
public:
    SymbolReader(BitReader bits, Room& room, const Past& past, Codes codes, Match rest) noexcept
        : bits_(bits), room_(room), past_(past), codes_(codes), rest_(rest) {}

    /// All symbols whose bits are there and whose octets find room, and of the last one what does.
    [[nodiscard]] Halt run() noexcept;

    [[nodiscard]] const BitReader& bits() const noexcept { return bits_; }
    /// Of a match: what has found no room yet.
    [[nodiscard]] Match rest() const noexcept { return rest_; }

private:
    [[nodiscard]] bool has_plenty() const noexcept;
    [[nodiscard]] Halt take_plenty() noexcept;
    [[nodiscard]] Halt take_carefully() noexcept;
    void copy_rest() noexcept;

    BitReader bits_;
    Room& room_;
    const Past& past_;
    Codes codes_;
    Match rest_;
};

}  // namespace hawse::deflate
