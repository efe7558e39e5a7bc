// SPDX-License-Identifier: MIT
// The 2 to 14 octets before a payload, read and written. Reading is total: any octets give a header,
// more needed, or the name of what is wrong; whether a header is allowed here and now is not asked.
// RFC 6455 §5.2
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/export.hpp"
#include "hawse/masking.hpp"
#include "hawse/violation.hpp"

#include <cstddef>
#include <cstdint>

namespace hawse {

/// The six that are defined; the other ten values can be read and written as well.
enum class Opcode : std::uint8_t {
    continuation = 0x0,
    text = 0x1,
    binary = 0x2,
    close = 0x8,
    ping = 0x9,
    pong = 0xA,
};

constexpr bool is_defined(Opcode opcode) noexcept {
    const auto value = static_cast<unsigned>(opcode);
    return value <= 0x2 || (value >= 0x8 && value <= 0xA);
}
constexpr bool is_control(Opcode opcode) noexcept {
    return (static_cast<unsigned>(opcode) & 0x8) != 0;
}

/// The bits beside FIN in a header's first octet, whose meaning extensions give them.
inline constexpr std::uint8_t rsv1_bit = 0x40;
inline constexpr std::uint8_t rsv2_bit = 0x20;
inline constexpr std::uint8_t rsv3_bit = 0x10;
inline constexpr std::uint8_t rsv_bits = rsv1_bit | rsv2_bit | rsv3_bit;

/// The most octets a header has, and the most payload of a control frame.
inline constexpr std::size_t frame_header_size_max = 14;
inline constexpr std::size_t control_payload_size_max = 125;

/// The first two octets as they stand, with named bits, and what follows them.
struct FrameHeader {
    std::uint8_t first = 0;
    std::uint8_t second = 0;  ///< written by write_frame_header from masked() and payload_size
    MaskKey key = {};         ///< meaningful when masked()
    std::uint64_t payload_size = 0;

    static constexpr FrameHeader make(Opcode opcode, bool fin,
                                      std::uint64_t payload_size) noexcept {
        FrameHeader header;
        header.first =
            static_cast<std::uint8_t>((fin ? 0x80U : 0U) | static_cast<unsigned>(opcode));
        header.payload_size = payload_size;
        return header;
    }
    /// The same header with a key; a masked frame stays masked when the key is zero.
    [[nodiscard]] constexpr FrameHeader masked_with(MaskKey mask_key) const noexcept {
        FrameHeader header = *this;
        header.second |= 0x80;
        header.key = mask_key;
        return header;
    }

    [[nodiscard]] constexpr bool fin() const noexcept { return (first & 0x80) != 0; }
    [[nodiscard]] constexpr bool rsv1() const noexcept { return (first & 0x40) != 0; }
    [[nodiscard]] constexpr bool rsv2() const noexcept { return (first & 0x20) != 0; }
    [[nodiscard]] constexpr bool rsv3() const noexcept { return (first & 0x10) != 0; }
    [[nodiscard]] constexpr Opcode opcode() const noexcept { return Opcode(first & 0x0F); }
    [[nodiscard]] constexpr bool masked() const noexcept { return (second & 0x80) != 0; }
    /// Octets of extended length that a header as read announces: 0, 2 or 8.
    [[nodiscard]] constexpr std::size_t extended_size() const noexcept {
        const unsigned length = second & 0x7FU;
        return length < 126 ? 0 : length == 126 ? 2 : 8;
    }
    /// Octets this header has on the wire, in the shortest form.
    [[nodiscard]] constexpr std::size_t size() const noexcept {
        const std::size_t length = payload_size < 126 ? 0 : payload_size <= 0xFFFF ? 2 : 8;
        return 2 + length + (masked() ? 4 : 0);
    }
};

/// What read_frame_header() found.
struct [[nodiscard]] FrameHeaderRead {
    /// Octets of the header, 2 to 14; 0 when more are needed or a violation was found.
    std::uint8_t size = 0;
    /// When more are needed: how many there must be before asking again is of use.
    std::uint8_t needed = 0;
    /// non_minimal_length, length_high_bit, or none.
    Violation violation = Violation::none;
};

/// Reads the header at the beginning of `octets`. `header` holds as much as was there: its first two
/// octets as soon as there are two. Judges the length as soon as its last octet is there.
HAWSE_API FrameHeaderRead read_frame_header(ConstBytes octets, FrameHeader& header) noexcept;

/// Writes `header` in the shortest form and answers its size. `into` has room for
/// frame_header_size_max octets; no octet beyond the answer is written.
HAWSE_API std::size_t write_frame_header(std::byte* into, const FrameHeader& header) noexcept;

}  // namespace hawse
