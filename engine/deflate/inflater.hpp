// SPDX-License-Identifier: MIT
// Reads the DEFLATE of one message, cut anywhere, into room of any size. Strict: what it says of a
// stream depends on its octets and on the window alone, never on where input or room ended.
// RFC 1951, RFC 7692 §7.2.2
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/violation.hpp"
#include "deflate/history.hpp"

#include <cstddef>
#include <cstdint>

namespace hawse::deflate {

/// Where inflated octets go. What lies before `size` belongs to the stream and may be referred to.
struct Room {
    std::byte* octets = nullptr;
    std::size_t size = 0;
    std::size_t capacity = 0;
};

enum class Progress : std::uint8_t {
    needs_input,  ///< all input is read, and all that follows from it is written
    needs_room,   ///< there is at least one more octet to write
    faulty,       ///< see fault(); stays so. What came before the fault is written
};

/// One message. Trivially destructible; lives in leased memory of its size, and points nowhere.
class Inflater {
public:
    /// Distances may be up to 2^window_bits, 8 to 15, and no further than there are octets.
    explicit Inflater(unsigned window_bits) noexcept;

    /// Reads from the front of `input`, which is shortened by what was read, and writes behind
    /// room.size, which grows. The stream before room.octets is `history`; room and history together
    /// hold at least the window, or the whole stream. Writes nothing outside [size, capacity), and reads
    /// nothing outside `input`, room.size octets of room and history. O(octets read and written).
    Progress run(ConstBytes& input, Room& room, const History& history) noexcept;

    /// The message has no more octets: reads the four that its sender has removed, unless it ended
    /// with a final block. To be called again while it answers needs_room; needs_input is the end.
    /// Faulty with truncated_deflate when the stream then stands anywhere but between two blocks.
    Progress finish(Room& room, const History& history) noexcept;

    /// malformed_deflate, truncated_deflate or distance_too_far.
    [[nodiscard]] Violation fault() const noexcept { return fault_; }

private:
    Violation fault_ = Violation::none;
};

}  // namespace hawse::deflate
