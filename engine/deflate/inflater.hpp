// SPDX-License-Identifier: MIT
// Reads the DEFLATE of one message, cut anywhere, into room of any size. Strict: what it says of a
// stream depends on its octets and on the window alone, never on where input or room ended.
// RFC 1951, RFC 7692 §7.2.2
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/violation.hpp"
#include "deflate/bits.hpp"
#include "deflate/history.hpp"
#include "deflate/huffman.hpp"
#include "deflate/match.hpp"

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
    /// Faulty with truncated_deflate when the stream then stands anywhere but between two blocks, and
    /// also when the four octets make no sense where it stood: what is wrong is that it ended there.
    Progress finish(Room& room, const History& history) noexcept;

    /// Bits of what run() has read that nothing was made of yet. Where it answered needs_room, how many
    /// depends on the stream and on what is written alone.
    [[nodiscard]] unsigned kept_bits() const noexcept { return kept_.count; }

    /// malformed_deflate, truncated_deflate or distance_too_far.
    [[nodiscard]] Violation fault() const noexcept { return fault_; }

private:
    /// What comes next in the stream.
    enum class Expected : std::uint8_t {
        block_header,
        stored_size,
        stored_octets,
        code_counts,
        precode_lengths,
        code_lengths,
        symbols,
    };
    /// How a step ended: none has to wait, the next one can be made.
    enum class Wait : std::uint8_t { none, input, room, faulty };

    Wait step(BitReader& bits, Room& room, const Past& past) noexcept;
    Wait take_block_header(BitReader& bits) noexcept;
    Wait take_stored_size(BitReader& bits) noexcept;
    Wait take_stored_octets(BitReader& bits, Room& room) noexcept;
    Wait take_code_counts(BitReader& bits) noexcept;
    Wait take_precode_lengths(BitReader& bits) noexcept;
    Wait take_code_lengths(BitReader& bits) noexcept;
    Wait take_symbols(BitReader& bits, Room& room, const Past& past) noexcept;
    bool make_codes() noexcept;
    Wait end_block(BitReader& bits) noexcept;
    Wait fail(Violation violation) noexcept;

    KeptBits kept_;
    Match rest_;  // of a match that found no room
    std::uint16_t stored_left_ = 0;
    std::uint8_t window_bits_;
    std::uint8_t tail_left_;  // of the four octets that finish() reads
    Expected expected_ = Expected::block_header;
    Violation fault_ = Violation::none;
    bool final_ = false;        // the block at hand, or the last one
    bool fixed_codes_ = false;  // the block has not brought its own
    bool tail_begun_ = false;

    // A block's own codes, and what they are made from: the lengths of literals, then of distances.
    std::uint8_t literal_primary_bits_ = 0, distance_primary_bits_ = 0, precode_primary_bits_ = 0;
    std::uint16_t literal_count_ = 0, distance_count_ = 0, precode_count_ = 0;
    std::uint16_t length_count_ = 0;  // known so far
    std::array<std::uint8_t, literal_count_max + distance_count_max> lengths_;
    std::array<Entry, literal_entry_count> literal_entries_;
    std::array<Entry, distance_entry_count>
        distance_entries_;  // until they are made: the precode's
};

}  // namespace hawse::deflate
