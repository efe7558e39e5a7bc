// SPDX-License-Identifier: MIT
// Octets for tests: from hex and text, to hex and words, and frames put together by hand, without
// the engine's help.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/role.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test {

using Octets = std::vector<std::byte>;

/// The octets that `digits` spells, two digits each; spaces are ignored.
inline Octets unhex(std::string_view digits) {
    const auto value = [](char digit) {
        if (digit >= '0' && digit <= '9') return digit - '0';
        return (digit | 0x20) - 'a' + 10;
    };
    Octets octets;
    int high = -1;
    for (const char digit : digits) {
        if (digit == ' ' || digit == '\n') continue;
        if (high < 0) {
            high = value(digit);
            continue;
        }
        octets.push_back(static_cast<std::byte>(high * 16 + value(digit)));
        high = -1;
    }
    return octets;
}

inline std::string hex(ConstBytes octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::byte octet : octets) {
        text += digits[std::to_integer<std::size_t>(octet) >> 4];
        text += digits[std::to_integer<std::size_t>(octet) & 15];
    }
    return text;
}

inline Octets copy_of(ConstBytes octets) { return {octets.begin(), octets.end()}; }
inline Octets octets_of(std::string_view text) { return copy_of(as_bytes(text)); }

/// "Hello" when all of it prints, else <hex>; long ones shortened to their size and a sum.
inline std::string quoted(ConstBytes octets) {
    bool prints = true;
    std::uint32_t sum = 2166136261;
    for (const std::byte octet : octets) {
        prints = prints && octet >= std::byte{0x20} && octet < std::byte{0x7F};
        sum = (sum ^ std::to_integer<std::uint32_t>(octet)) * 16777619;
    }
    if (octets.size() > 200)
        return std::to_string(octets.size()) + " octets, sum " + std::to_string(sum);
    if (prints) return '"' + std::string(as_text(octets)) + '"';
    return '<' + hex(octets) + '>';
}

inline void append(Octets& to, ConstBytes octets) {
    to.insert(to.end(), octets.begin(), octets.end());
}

inline Octets joined(const std::vector<Octets>& pieces) {
    Octets all;
    for (const Octets& piece : pieces) append(all, piece);
    return all;
}

inline constexpr std::array<unsigned, 4> sample_key = {0x37, 0xFA, 0x21, 0x3D};

/// A frame as `from` writes it: masked with the sample key when it is a client. `first` is the first
/// octet as it stands.
inline Octets frame(Role from, unsigned first, ConstBytes payload) {
    const std::size_t size = payload.size();
    const unsigned mask = from == Role::client ? 0x80 : 0;
    const std::size_t extended = size < 126 ? 0 : size <= 0xFFFF ? 2 : 8;
    const std::size_t length = extended == 0 ? size : extended == 2 ? 126 : 127;
    Octets octets;
    octets.reserve(14 + size);
    octets.push_back(static_cast<std::byte>(first));
    octets.push_back(static_cast<std::byte>(mask | length));
    for (std::size_t left = extended; left != 0; --left)
        octets.push_back(static_cast<std::byte>(std::uint64_t{size} >> (8 * (left - 1))));
    if (mask != 0)
        for (const unsigned key : sample_key) octets.push_back(static_cast<std::byte>(key));
    append(octets, payload);
    std::byte* const masked = octets.data() + octets.size() - size;
    for (std::size_t index = 0; mask != 0 && index < size; ++index)
        masked[index] ^= static_cast<std::byte>(sample_key[index % 4]);
    return octets;
}
inline Octets frame(Role from, unsigned first, std::string_view payload = {}) {
    return frame(from, first, as_bytes(payload));
}

/// A Close frame.
inline Octets close_frame(Role from, unsigned code, std::string_view reason = {}) {
    Octets payload = {static_cast<std::byte>(code >> 8), static_cast<std::byte>(code)};
    append(payload, as_bytes(reason));
    return frame(from, 0x88, payload);
}

constexpr Role other(Role role) noexcept {
    return role == Role::server ? Role::client : Role::server;
}

/// A frame as it stands on the wire, its payload unmasked.
struct WireFrame {
    unsigned first = 0;
    bool masked = false;
    std::uint32_t key = 0;
    std::size_t header_size = 0;
    Octets payload;
};

/// Reads frames, trusting nothing of the engine's; a torn last one is left out. `rest`, if given,
/// gets the octets behind the last whole frame.
inline std::vector<WireFrame> read_frames(ConstBytes octets, std::size_t* rest = nullptr) {
    std::vector<WireFrame> frames;
    const auto at = [&](std::size_t index) {
        return std::to_integer<std::uint64_t>(octets[index]);
    };
    while (octets.size() >= 2) {
        WireFrame frame{static_cast<unsigned>(at(0)), (at(1) & 0x80) != 0, 0, 2, {}};
        std::uint64_t size = at(1) & 0x7F;
        const std::size_t extended = size < 126 ? 0 : size == 126 ? 2 : 8;
        frame.header_size = 2 + extended + (frame.masked ? 4 : 0);
        if (octets.size() < frame.header_size) break;
        if (extended != 0) size = 0;
        for (std::size_t index = 0; index < extended; ++index) size = size << 8 | at(2 + index);
        if (octets.size() - frame.header_size < size) break;
        for (std::size_t index = 0; frame.masked && index < 4; ++index)
            frame.key = frame.key << 8 | static_cast<std::uint32_t>(at(2 + extended + index));
        for (std::size_t index = 0; index < size; ++index) {
            const auto mask = static_cast<std::byte>(frame.key >> (8 * (3 - index % 4)));
            frame.payload.push_back(octets[frame.header_size + index] ^ mask);
        }
        octets = octets.subspan(frame.header_size + std::size_t(size));
        frames.push_back(std::move(frame));
    }
    if (rest != nullptr) *rest = octets.size();
    return frames;
}

/// The same in words, one line for each frame: first octet in hex, payload.
inline std::string frames_in_words(ConstBytes octets) {
    std::string text;
    for (const WireFrame& frame : read_frames(octets)) {
        if (!text.empty()) text += '\n';
        text += hex(std::array{static_cast<std::byte>(frame.first)}) + ' ' + quoted(frame.payload);
    }
    return text;
}

}  // namespace hawse::test
