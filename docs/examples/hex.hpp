// SPDX-License-Identifier: MIT
// Octets as lowercase hexadecimal text, and back.
#pragma once

#include "hawse/bytes.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace examples {

inline void append_hex(std::string& text, hawse::ConstBytes octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const auto octet : octets) {
        text += digits[std::to_integer<std::size_t>(octet >> 4)];
        text += digits[std::to_integer<std::size_t>(octet & std::byte{15})];
    }
}

/// -1 when `character` is no hexadecimal digit.
constexpr int hex_digit(char character) noexcept {
    if (character >= '0' && character <= '9') return character - '0';
    if (character >= 'a' && character <= 'f') return character - 'a' + 10;
    if (character >= 'A' && character <= 'F') return character - 'A' + 10;
    return -1;
}

/// Reads pairs of digits; white space is ignored anywhere. False, and `octets` unusable, for any
/// other character or an odd number of digits.
inline bool read_hex(std::string_view text, std::vector<std::byte>& octets) {
    int high = -1;
    for (const char character : text) {
        if (std::string_view(" \t\r\n\f\v").find(character) != std::string_view::npos) continue;
        const int digit = hex_digit(character);
        if (digit < 0) return false;
        if (high >= 0) octets.push_back(static_cast<std::byte>(high * 16 + digit));
        high = high >= 0 ? -1 : digit;
    }
    return high < 0;
}

}  // namespace examples
