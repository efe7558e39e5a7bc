// SPDX-License-Identifier: MIT
// The blocks of a stream, one step for each thing that can be waited for. A step takes nothing before
// all of it is there. RFC 1951 §3.2.3
#include "deflate/inflater.hpp"

#include "deflate/symbols.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <type_traits>

namespace hawse::deflate {

namespace {

// What a sender removes from the end of a message. RFC 7692 §7.2.1
constexpr std::array<std::byte, 4> tail = {std::byte{0x00}, std::byte{0x00}, std::byte{0xFF},
                                           std::byte{0xFF}};

// The order in which the lengths of the precode come. RFC 1951 §3.2.7
constexpr std::array<std::uint8_t, precode_count_max> precode_order = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

}  // namespace

static_assert(std::is_trivially_destructible_v<Inflater> && std::is_trivially_copyable_v<Inflater>);
static_assert(sizeof(Inflater) <= 8192, "one lease of the pool");

// The tables are left as they are: most small messages need none.
Inflater::Inflater(unsigned window_bits) noexcept
    : window_bits_(static_cast<std::uint8_t>(window_bits)), tail_left_(tail.size()) {
    assert(window_bits >= 8 && window_bits <= 15);
}

Progress Inflater::run(ConstBytes& input, Room& room, const History& history) noexcept {
    if (fault_ != Violation::none) return Progress::faulty;
    assert(room.size <= room.capacity);
    const Past past(history, window_bits_);
    BitReader bits(kept_, input);
    Wait wait = Wait::none;
    while (wait == Wait::none) wait = step(bits, room, past);
    kept_ = bits.kept();
    input = bits.unread();
    if (wait == Wait::faulty) return Progress::faulty;
    return wait == Wait::room ? Progress::needs_room : Progress::needs_input;
}

Progress Inflater::finish(Room& room, const History& history) noexcept {
    if (fault_ != Violation::none) return Progress::faulty;
    if (!tail_begun_ && expected_ == Expected::stored_size && kept_.count == 0) {
        // Nearly every message ends so: with a stored block whose sizes are the tail.
        tail_begun_ = true;
        tail_left_ = 0;
        expected_ = Expected::block_header;
        return Progress::needs_input;
    }
    if (!tail_begun_) {
        ConstBytes nothing;
        const Progress progress = run(nothing, room, history);
        if (progress != Progress::needs_input) return progress;
        if (final_ && expected_ == Expected::block_header && kept_.count == 0) return progress;
        tail_begun_ = true;
    }
    ConstBytes left = ConstBytes(tail).last(tail_left_);
    const Progress progress = run(left, room, history);
    tail_left_ = static_cast<std::uint8_t>(left.size());
    if (progress == Progress::needs_room) return progress;
    if (progress == Progress::needs_input && expected_ == Expected::block_header &&
        kept_.count == 0)
        return progress;
    fault_ = Violation::truncated_deflate;
    return Progress::faulty;
}

Inflater::Wait Inflater::step(BitReader& bits, Room& room, const Past& past) noexcept {
    switch (expected_) {
        case Expected::block_header: return take_block_header(bits);
        case Expected::stored_size: return take_stored_size(bits);
        case Expected::stored_octets: return take_stored_octets(bits, room);
        case Expected::code_counts: return take_code_counts(bits);
        case Expected::precode_lengths: return take_precode_lengths(bits);
        case Expected::code_lengths: return take_code_lengths(bits);
        case Expected::symbols: break;
    }
    return take_symbols(bits, room, past);
}

// RFC 1951 §3.2.3
Inflater::Wait Inflater::take_block_header(BitReader& bits) noexcept {
    bits.fill();
    if (bits.count() < 3) return Wait::input;
    final_ = bits.take(1) != 0;
    switch (bits.take(2)) {
        case 0:
            bits.drop_to_octet();  // whatever they are: RFC 1951 §3.2.4 ignores them
            expected_ = Expected::stored_size;
            return Wait::none;
        case 1:
            fixed_codes_ = true;
            expected_ = Expected::symbols;
            return Wait::none;
        case 2: expected_ = Expected::code_counts; return Wait::none;
        default: return fail(Violation::malformed_deflate);  // reserved
    }
}

// RFC 1951 §3.2.4
Inflater::Wait Inflater::take_stored_size(BitReader& bits) noexcept {
    bits.fill();
    if (bits.count() < 32) return Wait::input;
    const unsigned size = bits.take(16);
    if (bits.take(16) != (size ^ 0xFFFF)) return fail(Violation::malformed_deflate);
    stored_left_ = static_cast<std::uint16_t>(size);
    expected_ = Expected::stored_octets;
    return Wait::none;
}

Inflater::Wait Inflater::take_stored_octets(BitReader& bits, Room& room) noexcept {
    const std::size_t there = std::min<std::size_t>(stored_left_, bits.octets_size());
    const std::size_t size = std::min(there, room.capacity - room.size);
    bits.take_octets(room.octets + room.size, size);
    room.size += size;
    stored_left_ = static_cast<std::uint16_t>(stored_left_ - size);
    if (stored_left_ == 0) return end_block(bits);
    return size < there ? Wait::room : Wait::input;
}

// RFC 1951 §3.2.7
Inflater::Wait Inflater::take_code_counts(BitReader& bits) noexcept {
    bits.fill();
    if (bits.count() < 14) return Wait::input;
    literal_count_ = static_cast<std::uint16_t>(257 + bits.take(5));
    distance_count_ = static_cast<std::uint16_t>(1 + bits.take(5));
    precode_count_ = static_cast<std::uint16_t>(4 + bits.take(4));
    if (literal_count_ > literal_count_max || distance_count_ > distance_count_max)
        return fail(Violation::malformed_deflate);
    std::fill_n(lengths_.begin(), precode_count_max, std::uint8_t{0});
    length_count_ = 0;
    expected_ = Expected::precode_lengths;
    return Wait::none;
}

Inflater::Wait Inflater::take_precode_lengths(BitReader& bits) noexcept {
    for (; length_count_ < precode_count_; ++length_count_) {
        if (bits.count() < 3) bits.fill();
        if (bits.count() < 3) return Wait::input;
        lengths_[precode_order[length_count_]] = static_cast<std::uint8_t>(bits.take(3));
    }
    const unsigned primary_bits = make_code(distance_entries_, precode_primary_bits,
                                            std::span(lengths_).first(precode_count_max),
                                            precode_symbols.data(), Completeness::whole);
    if (primary_bits == no_code) return fail(Violation::malformed_deflate);
    precode_primary_bits_ = static_cast<std::uint8_t>(primary_bits);
    length_count_ = 0;
    expected_ = Expected::code_lengths;
    return Wait::none;
}

Inflater::Wait Inflater::take_code_lengths(BitReader& shared_bits) noexcept {
    BitReader bits = shared_bits;
    const Code precode = {distance_entries_.data(), precode_primary_bits_};
    const std::size_t end = std::size_t{literal_count_} + distance_count_;
    std::size_t count = length_count_;
    Wait wait = Wait::none;
    while (count < end) {
        bits.fill();
        const Entry entry = precode.primary(bits.word());
        if (entry.taken_bits() > bits.count()) {
            wait = Wait::input;
            break;
        }
        if (entry.is_literal()) {
            bits.drop(entry.taken_bits());
            lengths_[count++] = static_cast<std::uint8_t>(entry.value());
            continue;
        }
        const unsigned value = entry.value(bits.word());
        const bool previous = (value & repeats_previous) != 0;
        const std::size_t times = value & (repeats_previous - 1);
        bits.drop(entry.taken_bits());
        if ((previous && count == 0) || times > end - count)
            return fail(Violation::malformed_deflate);
        std::fill_n(lengths_.begin() + static_cast<std::ptrdiff_t>(count), times,
                    previous ? lengths_[count - 1] : std::uint8_t{0});
        count += times;
    }
    length_count_ = static_cast<std::uint16_t>(count);
    shared_bits = bits;
    if (wait != Wait::none) return wait;
    if (!make_codes()) return fail(Violation::malformed_deflate);
    fixed_codes_ = false;
    expected_ = Expected::symbols;
    return Wait::none;
}

// A block that could not end is none.
bool Inflater::make_codes() noexcept {
    const std::span<const std::uint8_t> lengths(lengths_);
    if (lengths[end_of_block_symbol] == 0) return false;
    const unsigned literal_bits =
        make_code(literal_entries_, literal_primary_bits, lengths.first(literal_count_),
                  literal_symbols.data(), Completeness::one_may_stand_alone);
    if (literal_bits == no_code) return false;
    const unsigned distance_bits = make_code(
        distance_entries_, distance_primary_bits, lengths.subspan(literal_count_, distance_count_),
        distance_symbols.data(), Completeness::one_may_stand_alone);
    literal_primary_bits_ = static_cast<std::uint8_t>(literal_bits);
    distance_primary_bits_ = static_cast<std::uint8_t>(distance_bits);
    return distance_bits != no_code;
}

Inflater::Wait Inflater::take_symbols(BitReader& bits, Room& room, const Past& past) noexcept {
    const Codes codes = fixed_codes_ ? Codes{fixed_literal_code(), fixed_distance_code()}
                                     : Codes{{literal_entries_.data(), literal_primary_bits_},
                                             {distance_entries_.data(), distance_primary_bits_}};
    SymbolReader symbols(bits, room, past, codes, rest_);
    const Halt halt = symbols.run();
    bits = symbols.bits();
    rest_ = symbols.rest();
    switch (halt) {
        case Halt::none:
        case Halt::needs_input: return Wait::input;
        case Halt::needs_room: return Wait::room;
        case Halt::end_of_block: return end_block(bits);
        case Halt::malformed: return fail(Violation::malformed_deflate);
        case Halt::distance_too_far: break;
    }
    return fail(Violation::distance_too_far);
}

// Behind a final block the stream goes on with the next octet. RFC 7692 §7.2.1, §7.2.3.4
Inflater::Wait Inflater::end_block(BitReader& bits) noexcept {
    if (final_) bits.drop_to_octet();
    expected_ = Expected::block_header;
    return Wait::none;
}

Inflater::Wait Inflater::fail(Violation violation) noexcept {
    fault_ = violation;
    return Wait::faulty;
}

}  // namespace hawse::deflate
