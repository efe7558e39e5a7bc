// SPDX-License-Identifier: MIT
// What a peer wrote, fit to stand in a sentence on a terminal.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/utf8.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace examples {

/// The first 200 octets of `text`, with control characters (those from U+0080 to U+009F as well) and
/// octets that are not UTF-8 replaced.
inline std::string printable(std::string_view text) {
    text = text.substr(0, 200);
    std::string line;
    while (!text.empty()) {
        const auto first = static_cast<unsigned char>(text.front());
        std::size_t size = 1;
        if (first >= 0xC2) size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        const auto character = text.substr(0, size);
        const bool is_whole = hawse::is_utf8(hawse::as_bytes(character));
        const bool is_control =
            first < 0x20 || first == 0x7F ||
            (first == 0xC2 && is_whole && static_cast<unsigned char>(text[1]) < 0xA0);
        if (is_whole && !is_control)
            line += character;
        else
            line += '?';
        text.remove_prefix(is_whole ? character.size() : 1);
    }
    return line;
}

/// " (text)", printable; nothing when there is no text.
inline std::string in_brackets(std::string_view text) {
    return text.empty() ? std::string() : " (" + printable(text) + ")";
}

}  // namespace examples
