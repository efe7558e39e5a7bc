// SPDX-License-Identifier: MIT
// DEFLATE written by hand: bits, fixed codes, and blocks with codes of their own that are given as
// lengths, right or wrong. RFC 1951
#pragma once

#include "support/octets.hpp"

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace hawse::test {

class DeflateWriter {
public:
    /// `count` bits of a number, the lowest first.
    DeflateWriter& bits(unsigned value, unsigned count) {
        for (unsigned index = 0; index < count; ++index) bit(value >> index & 1);
        return *this;
    }
    /// `count` bits of a code, the highest first.
    DeflateWriter& code(unsigned value, unsigned count) {
        for (unsigned index = count; index-- > 0;) bit(value >> index & 1);
        return *this;
    }
    /// Fills the octet with ones or zeros.
    DeflateWriter& to_octet(unsigned filling = 0) {
        while (used_ % 8 != 0) bit(filling);
        return *this;
    }
    DeflateWriter& raw(ConstBytes octets) {
        to_octet();
        append(octets_, octets);
        used_ = octets_.size() * 8;
        return *this;
    }

    DeflateWriter& header(bool final, unsigned type) { return bits(final, 1).bits(type, 2); }
    DeflateWriter& stored(ConstBytes octets, bool final = false) {
        const auto size = static_cast<unsigned>(octets.size());
        return header(final, 0).to_octet().bits(size, 16).bits(size ^ 0xFFFF, 16).raw(octets);
    }
    DeflateWriter& fixed(bool final = false) { return header(final, 1); }
    /// RFC 1951 §3.2.6
    DeflateWriter& literal(unsigned value) {
        if (value < 144) return code(0x30 + value, 8);
        if (value < 256) return code(0x190 + value - 144, 9);
        if (value < 280) return code(value - 256, 7);
        return code(0xC0 + value - 280, 8);
    }
    DeflateWriter& text(ConstBytes octets) {
        for (const std::byte octet : octets) literal(std::to_integer<unsigned>(octet));
        return *this;
    }
    DeflateWriter& match(unsigned size, unsigned distance) {
        unsigned symbol = 257, least = 3, extra = 0;
        if (size == 258) {
            literal(285);
        } else {
            while (least + (1U << extra) <= size) {
                least += 1U << extra;
                ++symbol;
                extra = symbol < 265 ? 0 : (symbol - 261) / 4;
            }
            literal(symbol).bits(size - least, extra);
        }
        return far(distance);
    }
    /// A distance in the fixed code.
    DeflateWriter& far(unsigned distance) {
        const auto [symbol, least, extra] = distance_symbol(distance);
        return code(symbol, 5).bits(distance - least, extra);
    }
    DeflateWriter& end() { return literal(256); }
    /// What Z_SYNC_FLUSH ends a message with, without the four octets that RFC 7692 removes.
    DeflateWriter& flush() { return header(false, 0).to_octet(); }

    /// The head of a dynamic block: all lengths as they are, each in a precode of 4 bits a length. `hlit`
    /// and `hdist` as they stand.
    DeflateWriter& dynamic(const std::vector<unsigned>& literals,
                           const std::vector<unsigned>& distances, bool final = false) {
        counts(static_cast<unsigned>(literals.size()), static_cast<unsigned>(distances.size()),
               final);
        for (const unsigned length : literals) code(length, 4);
        for (const unsigned length : distances) code(length, 4);
        return *this;
    }
    /// The same up to the lengths: the precode gives 0 to 15 four bits, and 16 to 18 none.
    DeflateWriter& counts(unsigned literals, unsigned distances, bool final = false) {
        header(final, 2).bits(literals - 257, 5).bits(distances - 1, 5).bits(19 - 4, 4);
        for (unsigned index = 0; index < 19; ++index) bits(index < 3 ? 0 : 4, 3);
        return *this;
    }

    /// The least block with codes of its own, for one `a`: 103 bits.
    DeflateWriter& least_dynamic() {
        header(false, 2).bits(0, 5).bits(0, 5).bits(18 - 4, 4);
        for (unsigned index = 0; index < 18;
             ++index)  // 18 has one bit; 0 and 1, fourth and last, two
            bits(index == 2 ? 1 : index == 3 || index == 17 ? 2 : 0, 3);
        code(0, 1).bits(97 - 11, 7).code(3, 2);  // the literals before `a`, and itself
        code(0, 1).bits(127, 7).code(0, 1).bits(20 - 11, 7).code(3, 2);  // to the end of the block
        return code(2, 2).code(0, 1).code(1, 1);  // no distance; `a`, the end
    }
    /// A block of zeros that says 1032 octets with each of its own, all of them 0, behind the first few:
    /// its head, `count` times 258 octets and one, and the end.
    DeflateWriter& zeros(std::size_t count) {
        std::vector<unsigned> literals(286, 0);
        literals[0] = literals[256] = 2;
        literals[285] = 1;
        dynamic(literals, {1}).code(2, 2);
        for (; count != 0 && used_ % 8 != 0; --count) bits(0, 2);
        octets_.resize(octets_.size() + count / 4);
        used_ += count / 4 * 8;
        return bits(0, 2 * static_cast<unsigned>(count % 4)).code(3, 2);
    }

    struct DistanceSymbol {
        unsigned symbol, least, extra;
    };
    static DistanceSymbol distance_symbol(unsigned distance) {
        DistanceSymbol found = {0, 1, 0};
        while (found.least + (1U << found.extra) <= distance) {
            found.least += 1U << found.extra;
            ++found.symbol;
            found.extra = found.symbol < 4 ? 0 : (found.symbol - 2) / 2;
        }
        return found;
    }

    [[nodiscard]] const Octets& octets() const { return octets_; }

private:
    void bit(unsigned value) {
        if (used_ % 8 == 0) octets_.push_back(std::byte{0});
        octets_.back() |= static_cast<std::byte>(value << used_ % 8);
        ++used_;
    }

    Octets octets_;
    std::size_t used_ = 0;
};

}  // namespace hawse::test
