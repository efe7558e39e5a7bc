// SPDX-License-Identifier: MIT
// A slow and obvious reader of DEFLATE (RFC 1951), which tells how far its input refers back.
#pragma once

#include "hawse/bytes.hpp"
#include "support/octets.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hawse::test {

class DeflateReader {
public:
    /// `history` is what came before the stream.
    explicit DeflateReader(ConstBytes history = {}) : octets_(copy_of(history)) {}

    /// Reads whole blocks, the first of which begins with an octet, to the end of `input`, or behind a
    /// final block. False when that is not DEFLATE, or refers to what never was.
    [[nodiscard]] bool read(ConstBytes input) {
        input_ = input;
        bit_ = 0;
        message_begin_ = octets_.size();
        bool sound = true, final = false;
        while (sound && !final && bit_ + 8 <= 8 * input.size()) {
            final = bits(1) == 1;
            const unsigned kind = bits(2);
            sound = kind == 0 ? stored() : kind == 1 ? fixed() : kind == 2 && dynamic();
        }
        return sound && !short_;
    }

    /// All octets that were read since the reader was made, and those of the last read() alone.
    [[nodiscard]] ConstBytes octets() const { return octets_; }
    [[nodiscard]] ConstBytes message() const { return octets().subspan(message_begin_); }
    /// The greatest distance of all.
    [[nodiscard]] std::size_t distance_max() const { return distance_max_; }
    /// How many octets before its own message one referred to, at most.
    [[nodiscard]] std::size_t reach_max() const { return reach_max_; }

private:
    static constexpr unsigned none = 0xFFFF;
    using Code = std::vector<std::uint16_t>;  // symbols, by their bits behind a 1

    unsigned bits(unsigned count) {
        unsigned value = 0;
        for (unsigned index = 0; index < count; ++index, ++bit_) {
            if (bit_ / 8 >= input_.size()) {
                short_ = true;
                return 0;
            }
            value |= (std::to_integer<unsigned>(input_[bit_ / 8]) >> bit_ % 8 & 1) << index;
        }
        return value;
    }

    static Code code_of(const std::vector<unsigned>& sizes) {
        Code code(std::size_t{1} << 16, none);
        unsigned next = 0;
        for (unsigned size = 1; size <= 15; ++size, next *= 2)
            for (unsigned symbol = 0; symbol < sizes.size(); ++symbol)
                if (sizes[symbol] == size && next >> size == 0)
                    code[1U << size | next++] = static_cast<std::uint16_t>(symbol);
        return code;
    }

    unsigned symbol(const Code& code) {
        unsigned value = 1;
        for (unsigned size = 1; size <= 15 && !short_; ++size) {
            value = value * 2 + bits(1);
            if (code[value] != none) return code[value];
        }
        short_ = true;
        return 256;
    }

    bool stored() {
        bit_ = (bit_ + 7) / 8 * 8;
        const unsigned size = bits(16), complement = bits(16);
        if (short_ || size != (complement ^ 0xFFFF)) return false;
        for (unsigned index = 0; index < size; ++index)
            octets_.push_back(static_cast<std::byte>(bits(8)));
        return !short_;
    }

    bool fixed() {
        std::vector<unsigned> sizes(288, 8);
        std::fill(sizes.begin() + 144, sizes.begin() + 256, 9);
        std::fill(sizes.begin() + 256, sizes.begin() + 280, 7);
        return symbols(code_of(sizes), code_of(std::vector<unsigned>(30, 5)));
    }

    bool dynamic() {
        constexpr std::array<unsigned, 19> order = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                    11, 4,  12, 3, 13, 2, 14, 1, 15};
        const unsigned literal_count = 257 + bits(5), distance_count = 1 + bits(5);
        const unsigned size_count = 4 + bits(4);
        std::vector<unsigned> sizes_of_sizes(19, 0), sizes;
        for (unsigned index = 0; index < size_count; ++index)
            sizes_of_sizes[order[index]] = bits(3);
        const Code code = code_of(sizes_of_sizes);
        while (sizes.size() < literal_count + distance_count && !short_) {
            const unsigned one = symbol(code);
            if (one < 16) {
                sizes.push_back(one);
                continue;
            }
            if (one == 16 && sizes.empty()) return false;
            const unsigned value = one == 16 ? sizes.back() : 0;
            const unsigned count = one == 16   ? 3 + bits(2)
                                   : one == 17 ? 3 + bits(3)
                                               : 11 + bits(7);
            sizes.insert(sizes.end(), count, value);
        }
        if (short_ || sizes.size() != literal_count + distance_count) return false;
        const auto middle = sizes.begin() + literal_count;
        return symbols(code_of({sizes.begin(), middle}), code_of({middle, sizes.end()}));
    }

    bool symbols(const Code& literals, const Code& distances) {
        while (!short_) {
            const unsigned one = symbol(literals);
            if (one == 256) break;
            if (one < 256) {
                octets_.push_back(static_cast<std::byte>(one));
                continue;
            }
            const unsigned size = size_of(one - 257);
            const unsigned distance = distance_of(symbol(distances));
            if (short_ || distance > octets_.size()) return false;
            distance_max_ = std::max<std::size_t>(distance_max_, distance);
            const std::size_t written = octets_.size() - message_begin_;
            if (distance > written) reach_max_ = std::max(reach_max_, distance - written);
            for (unsigned index = 0; index < size; ++index)
                octets_.push_back(octets_[octets_.size() - distance]);
        }
        return !short_;
    }

    // RFC 1951 §3.2.5: the tables, as the rule behind them.
    unsigned size_of(unsigned index) {
        if (index < 8) return 3 + index;
        if (index == 28) return 258;
        const unsigned extra = index / 4 - 1;
        return 3 + ((4 + index % 4) << extra) + bits(extra);
    }
    unsigned distance_of(unsigned index) {
        if (index < 4) return 1 + index;
        const unsigned extra = index / 2 - 1;
        return 1 + ((2 + index % 2) << extra) + bits(extra);
    }

    Octets octets_;
    ConstBytes input_;
    std::size_t bit_ = 0, message_begin_ = 0, distance_max_ = 0, reach_max_ = 0;
    bool short_ = false;
};

}  // namespace hawse::test
