// SPDX-License-Identifier: MIT
// Percent-encoding, as URLs have it. RFC 3986 §2.1
#pragma once

#include "hex.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace examples {

/// `text` with each %XX as the octet it stands for; a % without two digits stays as it is.
inline std::string percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t index = 0; index < text.size(); ++index) {
        const bool is_escape = text[index] == '%' && text.size() - index > 2;
        const int high = is_escape ? hex_digit(text[index + 1]) : -1;
        const int low = is_escape ? hex_digit(text[index + 2]) : -1;
        decoded += high >= 0 && low >= 0 ? static_cast<char>(high * 16 + low) : text[index];
        if (high >= 0 && low >= 0) index += 2;
    }
    return decoded;
}

}  // namespace examples
