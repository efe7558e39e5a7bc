// SPDX-License-Identifier: MIT
// Reads one line of a transcript: words, numbers, and octets in hex, in quotes, repeated, or as frames.
#pragma once

#include "hawse/time.hpp"
#include "support/octets.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace hawse::test::replay {

/// How frames are named, and their opcodes.
inline constexpr std::string_view kinds[] = {"continuation", "text", "binary",
                                             "close",        "ping", "pong"};
inline constexpr unsigned kind_opcodes[] = {0, 1, 2, 8, 9, 10};

inline bool is_hex(std::string_view text) {
    for (const char digit : text)
        if ((digit < '0' || digit > '9') && (digit < 'a' || digit > 'f') &&
            (digit < 'A' || digit > 'F'))
            return false;
    return !text.empty() && text.size() % 2 == 0;
}

inline bool is_number(std::string_view text) {
    return !text.empty() && text.size() < 19 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

inline std::uint64_t number_of(std::string_view text) {
    return std::strtoull(std::string(text).c_str(), nullptr, 10);
}

/// Reads one line from left to right. The first fault stays.
class Scanner {
public:
    Scanner(std::string_view line, Role from) : rest_(line), from_(from) { skip(); }

    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] const std::string& fault() const { return fault_; }

    void expected(std::string_view what) {
        if (!fault_.empty()) return;
        fault_ = "expected " + std::string(what) + ", found " +
                 (at_end() ? "the end of the line" : "'" + std::string(rest_) + "'");
        rest_ = {};
    }
    void expect_end() {
        if (!at_end()) expected("the end of the line");
    }

    /// The next word without taking it; empty where none stands.
    [[nodiscard]] std::string_view peek() const {
        return rest_.substr(0, rest_.find_first_of(" \t\"<[],"));
    }
    std::string_view word(std::string_view what) {
        const std::string_view taken = peek();
        if (taken.empty()) expected(what);
        take(taken.size());
        return taken;
    }
    bool take_word(std::string_view wanted) {
        if (peek() != wanted) return false;
        take(wanted.size());
        return true;
    }
    bool take_comma() {
        if (!rest_.starts_with(',')) return false;
        take(1);
        return true;
    }
    std::uint64_t number(std::string_view what) {
        if (!is_number(peek())) {
            expected(what);
            return 0;
        }
        return number_of(word(what));
    }
    Duration duration() {
        const auto count = static_cast<std::int64_t>(number("a number of s or ms"));
        if (take_word("s")) return seconds(count);
        if (take_word("ms")) return milliseconds(count);
        expected("s or ms");
        return {};
    }

    /// Whether octets stand here that are no plain word: quoted, in angle brackets, or repeated.
    [[nodiscard]] bool sees_marked_octets() const {
        if (rest_.starts_with('"') || rest_.starts_with('<')) return true;
        return is_number(rest_.substr(0, rest_.find('*'))) &&
               rest_.find('*') != std::string_view::npos;
    }
    [[nodiscard]] bool sees_octets() const { return sees_marked_octets() || is_hex(peek()); }

    /// All octets that stand here, frames too when `with_frames`.
    Octets octets(bool with_frames) {
        Octets all;
        while (sees_octets() || (with_frames && rest_.starts_with('[')))
            append(all, term(with_frames));
        return all;
    }
    std::string text(std::string_view what) {
        if (!sees_marked_octets()) expected(what);
        return std::string(as_text(octets(false)));
    }

private:
    void skip() {
        const std::size_t from = rest_.find_first_not_of(" \t");
        rest_.remove_prefix(std::min(from, rest_.size()));
        if (rest_.starts_with('#')) rest_ = {};
    }
    void take(std::size_t size) {
        rest_.remove_prefix(size);
        skip();
    }

    Octets term(bool with_frames) {
        std::uint64_t count = 1;
        const std::string_view digits = rest_.substr(0, rest_.find('*'));
        if (is_number(digits) && digits.size() < rest_.size()) {
            count = std::min(number_of(digits), std::uint64_t{1} << 24);
            rest_.remove_prefix(digits.size() + 1);
        }
        Octets one;
        if (rest_.starts_with('"'))
            one = quoted_octets();
        else if (rest_.starts_with('<'))
            one = bracketed_octets();
        else if (rest_.starts_with('[') && with_frames)
            one = frame_octets();
        else if (is_hex(peek()))
            one = unhex(word("octets"));
        else
            expected("octets");
        Octets all;
        for (; count != 0 && fault_.empty(); --count) append(all, one);
        return all;
    }

    Octets quoted_octets() {
        Octets octets;
        std::size_t index = 1;
        for (; index < rest_.size() && rest_[index] != '"'; ++index) {
            char character = rest_[index];
            if (character == '\\') {
                const std::string_view digits = rest_.substr(index + 1).substr(0, 3);
                if (digits.size() == 3 && digits[0] == 'x' && is_hex(digits.substr(1))) {
                    append(octets, unhex(digits.substr(1)));
                    index += 3;
                    continue;
                }
                const std::size_t which = std::string_view("rnt\"\\").find(
                    index + 1 < rest_.size() ? rest_[index + 1] : '?');
                if (which == std::string_view::npos) {
                    rest_.remove_prefix(index);
                    expected("one of the escapes \\r \\n \\t \\\" \\\\ \\xNN");
                    return octets;
                }
                character = "\r\n\t\"\\"[which];
                ++index;
            }
            octets.push_back(static_cast<std::byte>(character));
        }
        if (index >= rest_.size()) expected("a quoted text that ends on its line");
        if (fault_.empty()) take(index + 1);
        return octets;
    }

    Octets bracketed_octets() {
        const std::size_t end = rest_.find('>');
        std::string digits(rest_.substr(1, end == std::string_view::npos ? end : end - 1));
        digits.erase(std::remove(digits.begin(), digits.end(), ' '), digits.end());
        if (end == std::string_view::npos || (!digits.empty() && !is_hex(digits))) {
            expected("pairs of hex digits between < and >");
            return {};
        }
        take(end + 1);
        return unhex(digits);
    }

    // [text "Hel" ...] is begun and [... "lo"] ends it; [close 1000 "bye"], [opcode 3].
    Octets frame_octets() {
        take(1);
        bool masked = from_ == Role::client;
        std::uint32_t key = 0x37FA213D;
        unsigned first = 0x80;
        for (;;) {
            if (take_word("rsv1"))
                first |= 0x40;
            else if (take_word("rsv2"))
                first |= 0x20;
            else if (take_word("rsv3"))
                first |= 0x10;
            else if (take_word("masked"))
                masked = true;
            else if (take_word("unmasked"))
                masked = false;
            else if (take_word("key"))
                key = read_key(masked);
            else
                break;
        }
        Octets payload;
        first |= frame_opcode(payload);
        append(payload, octets(false));
        if (take_word("...")) first &= ~0x80U;
        if (!rest_.starts_with(']')) {
            expected("octets, ... or ] in a frame");
            return {};
        }
        take(1);
        return masked_frame(masked, key, first, payload);
    }
    std::uint32_t read_key(bool& masked) {
        masked = true;
        if (!is_hex(peek()) || peek().size() != 8) expected("a key of eight hex digits");
        return static_cast<std::uint32_t>(
            std::strtoul(std::string(word("a key")).c_str(), nullptr, 16));
    }
    unsigned frame_opcode(Octets& payload) {
        if (take_word("...")) return 0;
        if (take_word("opcode")) return static_cast<unsigned>(number("an opcode of 0 to 15")) & 15;
        for (std::size_t index = 1; index < std::size(kinds); ++index) {
            if (!take_word(kinds[index])) continue;
            if (kinds[index] == "close" && is_number(peek())) {
                const auto code = number("a code");
                payload = {static_cast<std::byte>(code >> 8), static_cast<std::byte>(code)};
            }
            return kind_opcodes[index];
        }
        expected("text, binary, close, ping, pong, opcode N or ... in a frame");
        return 0;
    }
    static Octets masked_frame(bool masked, std::uint32_t key, unsigned first, ConstBytes payload) {
        Octets octets = frame(masked ? Role::client : Role::server, first, payload);
        if (!masked) return octets;
        // frame() masks with the sample key: out with it, in with the other.
        const std::size_t from = octets.size() - payload.size();
        for (std::size_t index = 0; index < 4; ++index)
            octets[from - 4 + index] = static_cast<std::byte>(key >> (24 - 8 * index));
        for (std::size_t index = 0; index < payload.size(); ++index)
            octets[from + index] = payload[index] ^ octets[from - 4 + index % 4];
        return octets;
    }

    std::string_view rest_;
    Role from_;
    std::string fault_;
};

}  // namespace hawse::test::replay
