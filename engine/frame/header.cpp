// SPDX-License-Identifier: MIT
// Frame headers, read and written. It knows octets and shapes; whether a header is allowed here and
// now is rules.cpp's. RFC 6455 §5.2
#include "hawse/frame_header.hpp"

namespace hawse {

namespace {

std::uint64_t read_length(const std::byte* octets, std::size_t size) noexcept {
    std::uint64_t length = 0;
    for (std::size_t index = 0; index < size; ++index)
        length = length << 8 | std::to_integer<std::uint64_t>(octets[index]);
    return length;
}

constexpr Violation check_length(std::uint64_t length, std::size_t octets) noexcept {
    if (octets == 2 && length < 126) return Violation::non_minimal_length;
    if (octets == 8 && length <= 0xFFFF) return Violation::non_minimal_length;
    if (octets == 8 && (length >> 63) != 0) return Violation::length_high_bit;
    return Violation::none;
}

}  // namespace

FrameHeaderRead read_frame_header(ConstBytes octets, FrameHeader& header) noexcept {
    if (octets.size() < 2) return {0, 2, Violation::none};
    header.first = std::to_integer<std::uint8_t>(octets[0]);
    header.second = std::to_integer<std::uint8_t>(octets[1]);
    const std::size_t extended = header.extended_size();
    if (octets.size() < 2 + extended)
        return {0, static_cast<std::uint8_t>(2 + extended), Violation::none};
    header.payload_size =
        extended == 0 ? header.second & 0x7FU : read_length(octets.data() + 2, extended);
    if (const Violation fault = check_length(header.payload_size, extended);
        fault != Violation::none)
        return {0, 0, fault};
    const std::size_t size = 2 + extended + (header.masked() ? 4 : 0);
    if (octets.size() < size) return {0, static_cast<std::uint8_t>(size), Violation::none};
    if (header.masked()) header.key = MaskKey::read(octets.data() + 2 + extended);
    return {static_cast<std::uint8_t>(size), 0, Violation::none};
}

std::size_t write_frame_header(std::byte* into, const FrameHeader& header) noexcept {
    const std::uint64_t size = header.payload_size;
    const std::size_t extended = size < 126 ? 0 : size <= 0xFFFF ? 2 : 8;
    const unsigned length = extended == 0 ? static_cast<unsigned>(size) : extended == 2 ? 126 : 127;
    into[0] = std::byte{header.first};
    into[1] = static_cast<std::byte>((header.masked() ? 0x80U : 0U) | length);
    for (std::size_t index = 0; index < extended; ++index)
        into[2 + index] = static_cast<std::byte>(size >> (8 * (extended - 1 - index)));
    if (!header.masked()) return 2 + extended;
    header.key.write(into + 2 + extended);
    return 6 + extended;
}

}  // namespace hawse
