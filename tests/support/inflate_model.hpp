// SPDX-License-Identifier: MIT
// DEFLATE read bit by bit, as RFC 1951 tells it: no tables, no state that outlives a call, and what was
// written in one vector. It knows nothing of the engine but the names of faults.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/violation.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace hawse::test::reference {

/// What a message says, and what is wrong with it.
struct Inflated {
    std::vector<std::byte> octets;
    Violation fault = Violation::none;
    bool complete = false;  ///< it stands between two blocks and no bit is left
    friend bool operator==(const Inflated&, const Inflated&) = default;
};

class InflateModel {
public:
    /// `past` is what the stream has said before.
    InflateModel(ConstBytes past, unsigned window_bits)
        : written_(past.begin(), past.end()), past_size_(past.size()), window_(1U << window_bits) {}

    /// A whole message: the four octets that RFC 7692 removes are read behind it where it needs them. What
    /// is found wrong only with their help is that the message ended.
    Inflated whole(ConstBytes message) {
        octets_.assign(message.begin(), message.end());
        message_bits_ = octets_.size() * 8;
        for (const unsigned octet : {0x00U, 0x00U, 0xFFU, 0xFFU})
            octets_.push_back(static_cast<std::byte>(octet));
        Inflated result = read();
        if (result.fault != Violation::none && at_ > message_bits_)
            result.fault = Violation::truncated_deflate;
        if (result.fault == Violation::none && !result.complete)
            result.fault = Violation::truncated_deflate;
        return result;
    }
    /// What the first octets of one determine.
    Inflated beginning(ConstBytes octets) {
        octets_.assign(octets.begin(), octets.end());
        message_bits_ = SIZE_MAX;
        return read();
    }

private:
    struct End {};  // of the bits
    struct Fault {
        Violation violation;
    };
    [[noreturn]] static void malformed() { throw Fault{Violation::malformed_deflate}; }

    // A length and bits to a symbol, or to `longer` where they begin a code.
    static constexpr int longer = -1;
    using Code = std::map<std::pair<unsigned, unsigned>, int>;

    Inflated read() {
        Inflated result;
        bool final = false;
        try {
            while (!(at_ == octets_.size() * 8 || (final && at_ == message_bits_))) {
                final = bit() != 0;
                read_block();
                if (final) at_ = (at_ + 7) / 8 * 8;
            }
            result.complete = true;
        } catch (End) {
        } catch (Fault fault) {
            result.fault = fault.violation;
        }
        result.octets.assign(written_.begin() + static_cast<std::ptrdiff_t>(past_size_),
                             written_.end());
        return result;
    }

    unsigned bit() {
        if (at_ == octets_.size() * 8) throw End{};
        const auto octet = std::to_integer<unsigned>(octets_[at_ / 8]);
        return octet >> (at_++ % 8) & 1;
    }
    unsigned number(unsigned count) {
        unsigned value = 0;
        for (unsigned index = 0; index < count; ++index) value |= bit() << index;
        return value;
    }

    void read_block() {
        switch (number(2)) {
            case 0: return read_stored();
            case 1:
                return read_symbols(fixed_literals(), code_of(std::vector<unsigned>(32, 5), false));
            case 2: return read_dynamic();
            default: malformed();
        }
    }

    void read_stored() {
        at_ = (at_ + 7) / 8 * 8;
        const unsigned size = number(16);
        if (number(16) != 0xFFFF - size) malformed();
        for (unsigned index = 0; index < size; ++index)
            written_.push_back(static_cast<std::byte>(number(8)));
    }

    // RFC 1951 §3.2.2. Too many codes are none, and so are too few; `lonely`: but for one of one bit, or
    // none at all.
    static Code code_of(const std::vector<unsigned>& lengths, bool lonely) {
        std::array<unsigned, 16> counts{};
        unsigned used = 0, sum = 0;
        for (const unsigned length : lengths) {
            if (length == 0) continue;
            ++counts[length];
            ++used;
            sum += 1U << (15 - length);
        }
        const bool alone = used == 0 || (used == 1 && counts[1] == 1);
        if (sum > 1U << 15 || (sum < 1U << 15 && !(lonely && alone))) malformed();
        std::array<unsigned, 16> next{};
        for (unsigned length = 1, code = 0; length <= 15; ++length) {
            code = (code + (length == 1 ? 0 : counts[length - 1])) << 1;
            next[length] = code;
        }
        Code code;
        for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
            const unsigned length = lengths[symbol];
            if (length == 0) continue;
            const unsigned bits = next[length]++;
            for (unsigned first = 1; first < length; ++first)
                code[{first, bits >> (length - first)}] = longer;
            code[{length, bits}] = static_cast<int>(symbol);
        }
        return code;
    }
    unsigned symbol(const Code& code) {
        if (code.empty()) malformed();
        unsigned bits = 0;
        for (unsigned length = 1;; ++length) {
            bits = bits << 1 | bit();
            const auto found = code.find({length, bits});
            if (found == code.end()) malformed();
            if (found->second != longer) return static_cast<unsigned>(found->second);
        }
    }

    // RFC 1951 §3.2.6
    static Code fixed_literals() {
        std::vector<unsigned> lengths(288, 8);
        for (std::size_t symbol = 144; symbol < 256; ++symbol) lengths[symbol] = 9;
        for (std::size_t symbol = 256; symbol < 280; ++symbol) lengths[symbol] = 7;
        return code_of(lengths, false);
    }

    // RFC 1951 §3.2.7
    void read_dynamic() {
        const unsigned literals = number(5) + 257, distances = number(5) + 1, count = number(4) + 4;
        if (literals > 286 || distances > 30) malformed();
        constexpr std::array<unsigned, 19> order = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                    11, 4,  12, 3, 13, 2, 14, 1, 15};
        std::vector<unsigned> precode_lengths(19, 0);
        for (unsigned index = 0; index < count; ++index) precode_lengths[order[index]] = number(3);
        const Code precode = code_of(precode_lengths, false);
        if (precode.empty()) malformed();
        std::vector<unsigned> lengths;
        while (lengths.size() < literals + distances) {
            const unsigned length = symbol(precode);
            unsigned times = 1, value = length;
            if (length == 16) times = 3 + number(2);
            if (length == 17) times = 3 + number(3);
            if (length == 18) times = 11 + number(7);
            if (length == 16 && lengths.empty()) malformed();
            if (length >= 16) value = length == 16 ? lengths.back() : 0;
            if (lengths.size() + times > literals + distances) malformed();
            lengths.insert(lengths.end(), times, value);
        }
        if (lengths[256] == 0) malformed();
        const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(literals);
        const Code literal_code = code_of({lengths.begin(), middle}, true);
        read_symbols(literal_code, code_of({middle, lengths.end()}, true));
    }

    // RFC 1951 §3.2.3, §3.2.5
    void read_symbols(const Code& literals, const Code& distances) {
        constexpr std::array<unsigned, 29> sizes = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                    15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                    67, 83, 99, 115, 131, 163, 195, 227, 258};
        constexpr std::array<unsigned, 29> size_bits = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                        2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
        constexpr std::array<unsigned, 30> backs = {
            1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
            193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
        constexpr std::array<unsigned, 30> back_bits = {0, 0, 0,  0,  1,  1,  2,  2,  3,  3,
                                                        4, 4, 5,  5,  6,  6,  7,  7,  8,  8,
                                                        9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
        for (;;) {
            const unsigned said = symbol(literals);
            if (said == 256) return;
            if (said < 256) {
                written_.push_back(static_cast<std::byte>(said));
                continue;
            }
            if (said > 285) malformed();
            const unsigned size = sizes[said - 257] + number(size_bits[said - 257]);
            const unsigned far = symbol(distances);
            if (far > 29) malformed();
            const unsigned back = backs[far] + number(back_bits[far]);
            if (back > window_ || back > written_.size()) throw Fault{Violation::distance_too_far};
            for (unsigned index = 0; index < size; ++index)
                written_.push_back(written_[written_.size() - back]);
        }
    }

    std::vector<std::byte> written_;  // with the past
    std::size_t past_size_;
    std::size_t window_;
    std::vector<std::byte> octets_;
    std::size_t message_bits_ = 0;
    std::size_t at_ = 0;  // which bit is next
};

}  // namespace hawse::test::reference
