// SPDX-License-Identifier: MIT
// What a peer wrote, fit to stand in a sentence on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace examples {

/// The first 200 octets of `text`, control characters replaced.
inline std::string printable(std::string_view text) {
    std::string line(text.substr(0, 200));
    for (char& character : line)
        if (static_cast<unsigned char>(character) < 0x20 || character == 0x7F) character = '?';
    return line;
}

/// " (text)", printable; nothing when there is no text.
inline std::string in_brackets(std::string_view text) {
    return text.empty() ? std::string() : " (" + printable(text) + ")";
}

}  // namespace examples
