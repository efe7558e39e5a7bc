// SPDX-License-Identifier: MIT
// Whether a frame is allowed here and now: RFC 6455 §5 as a list of sentences, in the order in which
// a header's octets arrive. It keeps no state; what it must know of the conversation it is told.
#pragma once

#include "hawse/frame_header.hpp"
#include "hawse/violation.hpp"

#include <cstdint>

namespace hawse::frame {

/// What the rules depend on.
struct Circumstances {
    bool peer_masks = true;            ///< the peer is a client
    bool message_in_progress = false;  ///< a fragment came, and its last one did not
    std::uint8_t reserved_bits = 0;    ///< RSV bits that an agreed extension gives a meaning
    std::uint32_t fragments_left = 0;  ///< frames this message may still have
    std::uint64_t message_left = 0;    ///< octets this message may still have
    std::uint64_t frame_size_max = 0;
};

/// What the first octet alone can break: reserved bits, opcode, fragmentation.
Violation check_first_octet(const FrameHeader& header, const Circumstances& now) noexcept;

/// What the second octet adds: the mask, and the length of a control frame.
Violation check_second_octet(const FrameHeader& header, const Circumstances& now) noexcept;

/// What the whole length adds: the limits.
Violation check_size(const FrameHeader& header, const Circumstances& now) noexcept;

}  // namespace hawse::frame
