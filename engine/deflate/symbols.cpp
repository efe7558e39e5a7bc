// SPDX-License-Identifier: MIT
// Two ways to read the same symbols: one that looks at every bit and octet before it takes it, which is
// the specification; and one for the long middle of a stream, where there is plenty of both.
#include "deflate/symbols.hpp"

namespace hawse::deflate {

namespace {

// What one turn of take_plenty() may read and write without looking again: two fills, and literals.
constexpr std::size_t input_plenty = 2 * BitReader::plenty;
constexpr std::size_t room_plenty = stride;

}  // namespace

Halt SymbolReader::run() noexcept {
    for (;;) {
        copy_rest();
        if (rest_.size != 0) return Halt::needs_room;
        const Halt halt = has_plenty() ? take_plenty() : take_one();
        if (halt != Halt::none) return halt;
    }
}

bool SymbolReader::has_plenty() const noexcept {
    return bits_.unread_size() >= input_plenty && room_.capacity - room_.size >= room_plenty;
}

// Takes nothing of a symbol before all that it says is known.
Halt SymbolReader::take_one() noexcept {
    bits_.fill();
    Entry entry = codes_.literals.primary(bits_.word());
    unsigned skipped = 0;
    if (entry.is_subtable()) {
        entry = codes_.literals.secondary(entry, bits_.word());
        skipped = codes_.literals.primary_bits;
    }
    if (skipped + entry.code_bits() > bits_.count()) return Halt::needs_input;
    if (entry.is_literal()) {
        if (room_.size == room_.capacity) return Halt::needs_room;
        bits_.drop(skipped + entry.taken_bits());
        room_.octets[room_.size++] = static_cast<std::byte>(entry.value());
        return Halt::none;
    }
    if (!entry.is_exceptional()) return take_match(entry, skipped);
    if (!entry.is_end_of_block()) return Halt::malformed;
    bits_.drop(skipped + entry.taken_bits());
    return Halt::end_of_block;
}

Halt SymbolReader::take_match(Entry length, unsigned skipped) noexcept {
    BitReader bits = bits_;
    if (skipped + length.taken_bits() > bits.count()) return Halt::needs_input;
    bits.drop(skipped);
    const unsigned size = length.value(bits.word());
    bits.drop(length.taken_bits());

    Entry entry = codes_.distances.primary(bits.word());
    skipped = 0;
    if (entry.is_subtable()) {
        entry = codes_.distances.secondary(entry, bits.word());
        skipped = codes_.distances.primary_bits;
    }
    if (skipped + entry.code_bits() > bits.count()) return Halt::needs_input;
    if (entry.is_exceptional()) return Halt::malformed;
    if (skipped + entry.taken_bits() > bits.count()) return Halt::needs_input;
    bits.drop(skipped);
    const unsigned distance = entry.value(bits.word());
    bits.drop(entry.taken_bits());
    if (!past_.reaches(distance, room_.size)) return Halt::distance_too_far;

    bits_ = bits;
    rest_ = {static_cast<std::uint16_t>(size), static_cast<std::uint16_t>(distance)};
    return Halt::none;
}

// As much of the match as there is room for, first what lies before the room.
void SymbolReader::copy_rest() noexcept {
    while (rest_.size != 0 && room_.size != room_.capacity) {
        std::byte* const into = room_.octets + room_.size;
        std::size_t size = std::min<std::size_t>(rest_.size, room_.capacity - room_.size);
        if (rest_.distance > room_.size) {
            const ConstBytes from = past_.from(rest_.distance - room_.size);
            size = std::min(size, from.size());
            std::memcpy(into, from.data(), size);
        } else {
            copy_match_exactly(into, rest_.distance, size);
        }
        room_.size += size;
        rest_.size = static_cast<std::uint16_t>(rest_.size - size);
    }
}

// Symbols while there is plenty. A match that this cannot copy is left in rest_.
Halt SymbolReader::take_plenty() noexcept {
    BitReader bits = bits_;
    const Code literals = codes_.literals, distances = codes_.distances;
    std::byte* const begin = room_.octets;
    std::byte* out = begin + room_.size;
    std::byte* const end = begin + room_.capacity;
    Halt halt = Halt::none;
    while (bits.unread_size() >= input_plenty &&
           static_cast<std::size_t>(end - out) >= room_plenty) {
        bits.fill_from_plenty();
        Entry entry = literals.primary(bits.word());
        // Three literals of the primary table are 30 bits of at least 56: enough are left to look up
        // what comes next, but for a length and a distance only after two fills.
        if (entry.is_literal()) {
            *out++ = static_cast<std::byte>(entry.value());
            bits.drop(entry.taken_bits());
            entry = literals.primary(bits.word());
            if (entry.is_literal()) {
                *out++ = static_cast<std::byte>(entry.value());
                bits.drop(entry.taken_bits());
                entry = literals.primary(bits.word());
                if (entry.is_literal()) {
                    *out++ = static_cast<std::byte>(entry.value());
                    bits.drop(entry.taken_bits());
                    continue;
                }
            }
        }
        if (entry.is_exceptional()) {
            if (entry.is_subtable()) {
                const Entry longer = literals.secondary(entry, bits.word());
                bits.drop(literals.primary_bits);
                entry = longer;
            }
            if (entry.is_literal()) {
                *out++ = static_cast<std::byte>(entry.value());
                bits.drop(entry.taken_bits());
                continue;
            }
            if (entry.is_exceptional()) {
                bits.drop(entry.taken_bits());
                halt = entry.is_end_of_block() ? Halt::end_of_block : Halt::malformed;
                break;
            }
        }
        const unsigned size = entry.value(bits.word());
        bits.drop(entry.taken_bits());
        bits.fill_from_plenty();
        entry = distances.primary(bits.word());
        if (entry.is_exceptional()) {
            if (!entry.is_subtable()) {
                halt = Halt::malformed;
                break;
            }
            const Entry longer = distances.secondary(entry, bits.word());
            bits.drop(distances.primary_bits);
            entry = longer;
        }
        const unsigned distance = entry.value(bits.word());
        bits.drop(entry.taken_bits());
        const auto position = static_cast<std::size_t>(out - begin);
        if (!past_.reaches(distance, position)) {
            halt = Halt::distance_too_far;
            break;
        }
        const Match match = {static_cast<std::uint16_t>(size),
                             static_cast<std::uint16_t>(distance)};
        if (size + stride > static_cast<std::size_t>(end - out) || distance > position) {
            rest_ = match;
            break;
        }
        copy_match(out, position, match);
        out += size;
    }
    bits_ = bits;
    room_.size = static_cast<std::size_t>(out - begin);
    return halt;
}

}  // namespace hawse::deflate
