// SPDX-License-Identifier: MIT
// Two ways to read the same symbols: one that looks at every bit and octet before it takes it, which is
// the specification; and one for the long middle of a stream, where there is plenty of both.
#include "deflate/symbols.hpp"

namespace hawse::deflate {

namespace {

// What one turn of take_plenty() may read and write without looking again: two fills, and literals.
constexpr std::size_t input_plenty = 2 * BitReader::plenty;
constexpr std::size_t room_plenty = stride;

// What the bits at hand say, and the bits of a longer code before those that its entry tells of.
struct Found {
    Entry entry;
    unsigned skipped_bits;
};

inline Found find(Code code, std::uint64_t word) noexcept {
    const Entry entry = code.primary(word);
    if (!entry.is_subtable()) return {entry, 0};
    return {code.secondary(entry, word), code.primary_bits};
}

// All of a match or nothing, given its length.
inline Halt take_match(BitReader& shared_bits, Found length, Code distances,
                       Match& match) noexcept {
    BitReader bits = shared_bits;
    if (length.skipped_bits + length.entry.taken_bits() > bits.count()) return Halt::needs_input;
    bits.drop(length.skipped_bits);
    match.size = static_cast<std::uint16_t>(length.entry.value(bits.word()));
    bits.drop(length.entry.taken_bits());

    const auto [entry, skipped_bits] = find(distances, bits.word());
    if (skipped_bits + entry.code_bits() > bits.count()) return Halt::needs_input;
    if (entry.is_exceptional()) return Halt::malformed;
    if (skipped_bits + entry.taken_bits() > bits.count()) return Halt::needs_input;
    bits.drop(skipped_bits);
    match.distance = static_cast<std::uint16_t>(entry.value(bits.word()));
    bits.drop(entry.taken_bits());
    shared_bits = bits;
    return Halt::none;
}

// The entry of a longer code, whose first bits are taken.
inline Entry take_secondary(Code code, Entry subtable, BitReader& bits) noexcept {
    const Entry entry = code.secondary(subtable, bits.word());
    bits.drop(code.primary_bits);
    return entry;
}

}  // namespace

Halt SymbolReader::run() noexcept {
    for (;;) {
        copy_rest();
        if (rest_.size != 0) return Halt::needs_room;
        const Halt halt = has_plenty() ? take_plenty() : take_carefully();
        if (halt != Halt::none) return halt;
    }
}

bool SymbolReader::has_plenty() const noexcept {
    return bits_.unread_size() >= input_plenty && room_.capacity - room_.size >= room_plenty;
}

// Takes nothing of a symbol before all that it says is known. A match that copy_match() cannot copy is
// left in rest_.
Halt SymbolReader::take_carefully() noexcept {
    BitReader bits = bits_;
    const Codes codes = codes_;
    const Past past = past_;  // a copy, which what is written cannot change
    std::size_t size = room_.size;
    Halt halt = Halt::none;
    for (;;) {
        bits.fill();
        const Found found = find(codes.literals, bits.word());
        const Entry entry = found.entry;
        if (found.skipped_bits + entry.code_bits() > bits.count()) {
            halt = Halt::needs_input;
            break;
        }
        if (entry.is_literal()) {
            if (size == room_.capacity) {
                halt = Halt::needs_room;
                break;
            }
            bits.drop(found.skipped_bits + entry.taken_bits());
            room_.octets[size++] = static_cast<std::byte>(entry.value());
            continue;
        }
        if (entry.is_exceptional()) {
            bits.drop(found.skipped_bits + entry.taken_bits());
            halt = entry.is_end_of_block() ? Halt::end_of_block : Halt::malformed;
            break;
        }
        Match match;
        halt = take_match(bits, found, codes.distances, match);
        if (halt == Halt::none && !past.reaches(match.distance, size))
            halt = Halt::distance_too_far;
        if (halt != Halt::none) break;
        if (!copy_match(room_.octets + size, size, room_.capacity - size, match, past)) {
            rest_ = match;
            break;
        }
        size += match.size;
    }
    bits_ = bits;
    room_.size = size;
    return halt;
}

// As much of the match as there is room for, piece by piece.
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
    const Codes codes = codes_;
    const Past past = past_;  // a copy, which what is written cannot change
    std::byte* const begin = room_.octets;
    std::byte* out = begin + room_.size;
    std::byte* const end = begin + room_.capacity;
    const auto put = [&](Entry literal) {
        *out++ = static_cast<std::byte>(literal.value());
        bits.drop(literal.taken_bits());
    };
    Halt halt = Halt::none;
    while (bits.unread_size() >= input_plenty &&
           static_cast<std::size_t>(end - out) >= room_plenty) {
        // Three literals of the primary table take 30 bits of at least 56, so what follows them can be
        // looked up; a length and a distance take up to 48.
        bits.fill_from_plenty();
        Entry entry = codes.literals.primary(bits.word());
        if (entry.is_literal()) {
            put(entry);
            entry = codes.literals.primary(bits.word());
            if (entry.is_literal()) {
                put(entry);
                entry = codes.literals.primary(bits.word());
                if (entry.is_literal()) {
                    put(entry);
                    continue;
                }
            }
        }
        if (entry.is_exceptional()) {
            if (entry.is_subtable()) entry = take_secondary(codes.literals, entry, bits);
            if (entry.is_literal()) {
                put(entry);
                continue;
            }
            if (entry.is_exceptional()) {
                bits.drop(entry.taken_bits());
                halt = entry.is_end_of_block() ? Halt::end_of_block : Halt::malformed;
                break;
            }
        }
        Match match;
        match.size = static_cast<std::uint16_t>(entry.value(bits.word()));
        bits.drop(entry.taken_bits());
        bits.fill_from_plenty();
        entry = codes.distances.primary(bits.word());
        if (entry.is_subtable()) entry = take_secondary(codes.distances, entry, bits);
        if (entry.is_exceptional()) {
            halt = Halt::malformed;
            break;
        }
        match.distance = static_cast<std::uint16_t>(entry.value(bits.word()));
        bits.drop(entry.taken_bits());
        if (const auto position = static_cast<std::size_t>(out - begin);
            !past.reaches(match.distance, position)) {
            halt = Halt::distance_too_far;
            break;
        } else if (!copy_match(out, position, static_cast<std::size_t>(end - out), match, past)) {
            rest_ = match;
            break;
        }
        out += match.size;
    }
    bits_ = bits;
    room_.size = static_cast<std::size_t>(out - begin);
    return halt;
}

}  // namespace hawse::deflate
