// SPDX-License-Identifier: MIT
// One JSON object on one line of standard output, its members in the order they are given.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/handshake.hpp"
#include "hawse/utf8.hpp"
#include "hex.hpp"

#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

namespace examples {

class JsonLine {
public:
    explicit JsonLine(std::string_view event) { text("event", event); }

    JsonLine& text(std::string_view name, std::string_view value) {
        begin(name);
        quote(value);
        return *this;
    }
    /// null when `value` is empty.
    JsonLine& text_or_null(std::string_view name, std::string_view value) {
        if (!value.empty()) return text(name, value);
        begin(name);
        line_ += "null";
        return *this;
    }
    JsonLine& hex(std::string_view name, hawse::ConstBytes octets) {
        begin(name);
        line_ += '"';
        append_hex(line_, octets);
        line_ += '"';
        return *this;
    }
    JsonLine& number(std::string_view name, std::uint64_t value) {
        begin(name);
        line_ += std::to_string(value);
        return *this;
    }
    JsonLine& boolean(std::string_view name, bool value) {
        begin(name);
        line_ += value ? "true" : "false";
        return *this;
    }
    /// Pairs of name and value, as they came.
    JsonLine& fields(std::string_view name, std::span<const hawse::Field> fields) {
        begin(name);
        line_ += '[';
        for (const auto& field : fields) {
            if (line_.back() != '[') line_ += ',';
            line_ += '[';
            quote(field.name);
            line_ += ',';
            quote(field.value);
            line_ += ']';
        }
        line_ += ']';
        return *this;
    }

    void print() {
        line_ += "}\n";
        std::fwrite(line_.data(), 1, line_.size(), stdout);
    }

private:
    void begin(std::string_view name) {
        line_ += line_.empty() ? '{' : ',';
        quote(name);
        line_ += ':';
    }

    void quote(std::string_view text) {
        // Field values may hold any octet above 0x7F; those that are not UTF-8 are read as Latin-1,
        // which HTTP once said they were, so that the line stays JSON.
        const bool is_utf8 = hawse::is_utf8(hawse::as_bytes(text));
        line_ += '"';
        for (const char character : text) {
            if (const char letter = escape_letter(character); letter != 0) {
                line_ += '\\';
                line_ += letter;
            } else if (const auto octet = static_cast<unsigned char>(character);
                       octet < 0x20 || (octet > 0x7F && !is_utf8)) {
                line_ += "\\u00";
                append_hex(line_, hawse::as_bytes({&character, 1}));
            } else {
                line_ += character;
            }
        }
        line_ += '"';
    }

    /// What stands behind the backslash of a short escape; 0 when there is none.
    static char escape_letter(char character) noexcept {
        switch (character) {
            case '"': return '"';
            case '\\': return '\\';
            case '\b': return 'b';
            case '\f': return 'f';
            case '\n': return 'n';
            case '\r': return 'r';
            case '\t': return 't';
            default: return 0;
        }
    }

    std::string line_;
};

}  // namespace examples
