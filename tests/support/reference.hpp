// SPDX-License-Identifier: MIT
// Slow and obvious models of what the kernels do, written from the RFCs: masking octet by octet,
// UTF-8 by the code points it could become, headers bit by bit, close codes as a list. They know
// nothing of the engine but the names of what they judge.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/violation.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test::reference {

using Octets = std::vector<std::byte>;
using Key = std::array<std::byte, 4>;

// Masking. RFC 6455 §5.3

/// `octets`, the first of which is the payload's octet number `offset`.
inline Octets masked(ConstBytes octets, const Key& key, std::uint64_t offset = 0) {
    Octets result(octets.begin(), octets.end());
    for (std::size_t index = 0; index < result.size(); ++index)
        result[index] ^= key[(offset + index) % 4];
    return result;
}

// UTF-8. RFC 3629 §3

struct Utf8Verdict {
    std::size_t taken;  // all, or the index of the first octet that no text could have there
    bool complete;      // meaningful when all were taken: no character is open
};

/// Octets of the character that `lead` begins, by its leading ones; 0 for none.
inline std::size_t character_size(unsigned lead) {
    if ((lead & 0x80) == 0x00) return 1;
    if ((lead & 0xE0) == 0xC0) return 2;
    if ((lead & 0xF0) == 0xE0) return 3;
    if ((lead & 0xF8) == 0xF0) return 4;
    return 0;
}

/// Whether a character of `size` octets may have a code point in `first` to `last`.
inline bool has_code_point(std::size_t size, std::uint32_t first, std::uint32_t last) {
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    first = std::max(first, least[size]);
    last = std::min<std::uint32_t>(last, 0x10FFFF);
    const bool only_surrogates = first >= 0xD800 && last <= 0xDFFF;
    return first <= last && !only_surrogates;
}

inline Utf8Verdict utf8(ConstBytes octets) {
    std::size_t index = 0;
    while (index < octets.size()) {
        const auto lead = std::to_integer<unsigned>(octets[index]);
        const std::size_t size = character_size(lead);
        if (size == 0) return {index, false};
        std::uint32_t bits = size == 1 ? lead : lead & (0x7FU >> size);
        for (std::size_t count = 1;; ++count) {
            // The octets so far leave the code points from here to there.
            const std::size_t open = 6 * (size - count);
            const std::uint32_t first = bits << open;
            const std::uint32_t last = first + ((std::uint32_t{1} << open) - 1);
            if (!has_code_point(size, first, last)) return {index + count - 1, false};
            if (count == size) break;
            if (index + count == octets.size()) return {octets.size(), false};
            const auto tail = std::to_integer<unsigned>(octets[index + count]);
            if ((tail & 0xC0) != 0x80) return {index + count, false};
            bits = bits << 6 | (tail & 0x3F);
        }
        index += size;
    }
    return {octets.size(), true};
}

// Frame headers. RFC 6455 §5.2

struct Header {
    unsigned fin, rsv1, rsv2, rsv3, opcode, mask;
    std::uint64_t payload_size;
    Key key;
};

struct HeaderVerdict {
    std::size_t size;    // 0: more are needed, or a violation
    std::size_t needed;  // when more are needed
    Violation violation;
    Header header;  // as far as it was there
};

/// `count` bits from the one numbered `first`, as the figure numbers them.
inline std::uint64_t bits_of(ConstBytes octets, std::size_t first, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t bit = first; bit < first + count; ++bit) {
        const auto octet = std::to_integer<unsigned>(octets[bit / 8]);
        value = value * 2 + ((octet >> (7 - bit % 8)) & 1);
    }
    return value;
}

inline HeaderVerdict read_header(ConstBytes octets) {
    HeaderVerdict verdict{0, 2, Violation::none, {}};
    if (octets.size() < 2) return verdict;
    const auto flag = [&](std::size_t bit) {
        return static_cast<unsigned>(bits_of(octets, bit, 1));
    };
    Header& header = verdict.header;
    header = {flag(0), flag(1), flag(2), flag(3), static_cast<unsigned>(bits_of(octets, 4, 4)),
              flag(8), 0,       {}};
    const std::uint64_t short_length = bits_of(octets, 9, 7);
    const std::size_t length_bits = short_length == 127 ? 64 : short_length == 126 ? 16 : 0;
    verdict.needed = 2 + length_bits / 8;
    if (octets.size() < verdict.needed) return verdict;
    header.payload_size = length_bits == 0 ? short_length : bits_of(octets, 16, length_bits);

    const std::uint64_t fits_below = length_bits == 64 ? 0x10000 : length_bits == 16 ? 126 : 0;
    if (header.payload_size < fits_below)
        verdict.violation = Violation::non_minimal_length;
    else if (header.payload_size > 0x7FFFFFFFFFFFFFFF)
        verdict.violation = Violation::length_high_bit;
    if (verdict.violation != Violation::none) {
        verdict.needed = 0;
        return verdict;
    }
    if (header.mask != 0) {
        const std::size_t at = verdict.needed;
        verdict.needed += 4;
        if (octets.size() < verdict.needed) return verdict;
        std::copy_n(octets.begin() + static_cast<std::ptrdiff_t>(at), 4, header.key.begin());
    }
    verdict.size = verdict.needed;
    verdict.needed = 0;
    return verdict;
}

/// The one right way to write `header`.
inline Octets write_header(const Header& header) {
    std::vector<unsigned> bits = {header.fin, header.rsv1, header.rsv2, header.rsv3};
    const auto put = [&](std::uint64_t value, std::size_t count) {
        while (count-- > 0) bits.push_back(static_cast<unsigned>(value >> count & 1));
    };
    put(header.opcode, 4);
    put(header.mask, 1);
    if (header.payload_size <= 125) {
        put(header.payload_size, 7);
    } else if (header.payload_size <= 65535) {
        put(126, 7);
        put(header.payload_size, 16);
    } else {
        put(127, 7);
        put(header.payload_size, 64);
    }
    for (std::size_t index = 0; header.mask != 0 && index < 4; ++index)
        put(std::to_integer<unsigned>(header.key[index]), 8);
    Octets octets;
    for (std::size_t bit = 0; bit < bits.size(); bit += 8) {
        unsigned octet = 0;
        for (std::size_t index = 0; index < 8; ++index) octet = octet * 2 + bits[bit + index];
        octets.push_back(static_cast<std::byte>(octet));
    }
    return octets;
}

// Frames by their first two octets. RFC 6455 §5.1, §5.2, §5.4, §5.5

struct Conversation {
    bool peer_masks;
    bool message_in_progress;
    bool rsv1_has_meaning;
};

template <typename Value, std::size_t count>
constexpr bool is_one_of(const Value (&list)[count], Value value) {
    return std::find(list, list + count, value) != list + count;
}

/// Every first octet there may be, as the RFC's figures have them.
inline bool may_begin_frame(unsigned first, const Conversation& now) {
    constexpr unsigned controls[] = {0x88, 0x89, 0x8A};
    constexpr unsigned continuations[] = {0x00, 0x80};
    constexpr unsigned beginnings[] = {0x01, 0x02, 0x81, 0x82};
    constexpr unsigned compressed[] = {0x41, 0x42, 0xC1, 0xC2};
    if (is_one_of(controls, first)) return true;
    if (now.message_in_progress) return is_one_of(continuations, first);
    return is_one_of(beginnings, first) || (now.rsv1_has_meaning && is_one_of(compressed, first));
}

/// The first rule of this list that a header with these two octets breaks.
inline Violation first_broken_rule(unsigned first, unsigned second, const Conversation& now) {
    struct Rule {
        Violation violation;
        bool broken;
    };
    constexpr unsigned defined[] = {0, 1, 2, 8, 9, 10};
    constexpr unsigned begins_message[] = {1, 2};
    const unsigned opcode = first % 16;
    const unsigned reserved = first / 16 % 8;  // RSV1 counts 4
    const bool control = opcode >= 8;
    const bool rsv1_fits = now.rsv1_has_meaning && opcode >= 1 && opcode <= 7;
    const Rule rules[] = {
        {Violation::reserved_bit, reserved != 0 && !(reserved == 4 && rsv1_fits)},
        {Violation::reserved_opcode, !is_one_of(defined, opcode)},
        {Violation::fragmented_control, control && first < 0x80},
        {Violation::unexpected_continuation, opcode == 0 && !now.message_in_progress},
        {Violation::interleaved_message,
         is_one_of(begins_message, opcode) && now.message_in_progress},
        {Violation::missing_mask, second < 0x80 && now.peer_masks},
        {Violation::unexpected_mask, second >= 0x80 && !now.peer_masks},
        {Violation::oversized_control, control && second % 128 > 125},
    };
    for (const Rule& rule : rules)
        if (rule.broken) return rule.violation;
    return Violation::none;
}

// Close codes. RFC 6455 §7.4 and the IANA registry

/// Whether a Close frame may carry `code`.
inline bool is_close_code(unsigned code) {
    constexpr unsigned registered[] = {1000, 1001, 1002, 1003, 1007, 1008,
                                       1009, 1010, 1011, 1012, 1013, 1014};
    return is_one_of(registered, code) || code / 1000 == 3 || code / 1000 == 4;
}

// base64. RFC 4648 §4

inline constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What `text` stands for; nothing when it breaks the grammar or has pad bits set.
inline std::optional<Octets> from_base64(std::string_view text) {
    const std::size_t pads = static_cast<std::size_t>(std::count(text.begin(), text.end(), '='));
    if (text.size() % 4 != 0 || pads > 2 ||
        text.substr(text.size() - pads) != std::string(pads, '='))
        return {};
    Octets octets;
    unsigned bits = 0;
    unsigned bit_count = 0;
    for (const char character : text.substr(0, text.size() - pads)) {
        const std::size_t value = base64_alphabet.find(character);
        if (value == std::string_view::npos) return {};
        bits = bits * 64 + static_cast<unsigned>(value);
        bit_count += 6;
        if (bit_count < 8) continue;
        bit_count -= 8;
        octets.push_back(static_cast<std::byte>(bits >> bit_count));
        bits %= 1U << bit_count;
    }
    if (bits != 0) return {};
    return octets;
}

// The handshake's proof. RFC 6455 §1.3

inline constexpr std::string_view accept_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
inline constexpr std::string_view sample_handshake_key = "dGhlIHNhbXBsZSBub25jZQ==";
inline constexpr std::string_view sample_accept_digest = "b37a4f2cc0624f1690f64606cf385945b2bec4ea";
inline constexpr std::string_view sample_accept_key = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

}  // namespace hawse::test::reference
