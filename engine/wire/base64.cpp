// SPDX-License-Identifier: MIT
#include "wire/base64.hpp"

#include <cstdint>

namespace hawse::wire {

namespace {
constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

void write_base64(char* into, ConstBytes from) noexcept {
    for (std::size_t offset = 0; offset < from.size(); offset += 3) {
        const std::size_t count = from.size() - offset < 3 ? from.size() - offset : 3;
        std::uint32_t bits = 0;
        for (std::size_t index = 0; index < 3; ++index)
            bits = bits << 8 |
                   (index < count ? std::to_integer<std::uint32_t>(from[offset + index]) : 0);
        for (std::size_t index = 0; index < 4; ++index)
            *into++ = index <= count ? alphabet[bits >> (18 - 6 * index) & 0x3F] : '=';
    }
}

bool is_base64_character(char character) noexcept {
    return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z') ||
           (character >= '0' && character <= '9') || character == '+' || character == '/';
}

}  // namespace hawse::wire
