// SPDX-License-Identifier: MIT
#include "frame/rules.hpp"

namespace hawse::frame {

// clang-format off

Violation check_first_octet(const FrameHeader& header, const Circumstances& now) noexcept {
    const Opcode opcode = header.opcode();
    const bool control = is_control(opcode);
    const bool continuation = opcode == Opcode::continuation;
    const unsigned granted = control ? 0U : now.reserved_bits;

    if ((header.first & rsv_bits & ~granted) != 0)      return Violation::reserved_bit;             // §5.2
    if (header.rsv1() && continuation)                  return Violation::reserved_bit;   // RFC 7692 §6.1
    if (!is_defined(opcode))                            return Violation::reserved_opcode;          // §5.2
    if (control)  // §5.5
        return header.fin() ? Violation::none : Violation::fragmented_control;
    if (continuation && !now.message_in_progress)       return Violation::unexpected_continuation;  // §5.4
    if (!continuation && now.message_in_progress)       return Violation::interleaved_message;      // §5.4
    if (now.fragments_left == 0)                        return Violation::too_many_fragments;       // §10.4
    return Violation::none;
}

Violation check_second_octet(const FrameHeader& header, const Circumstances& now) noexcept {
    const bool too_long = (header.second & 0x7FU) > control_payload_size_max;

    if (now.peer_masks && !header.masked())             return Violation::missing_mask;             // §5.1
    if (!now.peer_masks && header.masked())             return Violation::unexpected_mask;          // §5.1
    if (is_control(header.opcode()) && too_long)        return Violation::oversized_control;        // §5.5
    return Violation::none;
}

Violation check_size(const FrameHeader& header, const Circumstances& now) noexcept {
    if (is_control(header.opcode()))                    return Violation::none;
    if (header.payload_size > now.frame_size_max)       return Violation::frame_too_large;          // §10.4
    if (header.payload_size > now.message_left)         return Violation::message_too_large;        // §10.4
    return Violation::none;
}

// clang-format on

}  // namespace hawse::frame
