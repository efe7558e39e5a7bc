// SPDX-License-Identifier: MIT
// The bits of a stream, the lowest of each octet first. RFC 1951 §3.1.1
#pragma once

#include "hawse/bytes.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hawse::deflate {

/// Eight octets as a number, the first one lowest, on every machine.
inline std::uint64_t load_word(const std::byte* octets) noexcept {
    std::uint64_t word = 0;
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(&word, octets, sizeof word);
    } else {
        for (std::size_t index = sizeof word; index-- > 0;)
            word = word << 8 | std::to_integer<std::uint64_t>(octets[index]);
    }
    return word;
}

inline void store_word(std::byte* octets, std::uint64_t word) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(octets, &word, sizeof word);
    } else {
        for (std::size_t index = 0; index < sizeof word; ++index)
            octets[index] = static_cast<std::byte>(word >> (8 * index));
    }
}

/// As many ones, from the lowest bit up; fewer than 64.
constexpr std::uint64_t ones(unsigned count) noexcept { return (std::uint64_t{1} << count) - 1; }

/// Bits that were read from octets and not taken yet; none are set above them.
struct KeptBits {
    std::uint64_t word = 0;
    unsigned count = 0;
};

/// Takes bits from those that were kept, and then from octets.
class BitReader {
public:
    /// fill() makes this many at least, while there are octets: the longest length and distance with
    /// all their bits are 48.
    static constexpr unsigned filled_count = 56;
    /// What can be read before fill_from_plenty() without looking.
    static constexpr std::size_t plenty = 8;

    BitReader(KeptBits kept, ConstBytes octets) noexcept
        : word_(kept.word), count_(kept.count), next_(octets.data()), unread_size_(octets.size()) {}

    /// As filled_count says, or all there are.
    void fill() noexcept {
        if (unread_size_ >= plenty) return fill_from_plenty();
        for (; count_ < filled_count && unread_size_ != 0; count_ += 8, --unread_size_)
            word_ |= std::to_integer<std::uint64_t>(*next_++) << count_;
    }
    /// fill() where `plenty` octets are unread. What does not count yet is there already, above the
    /// bits that do, and will be put there again: the same bits.
    void fill_from_plenty() noexcept {
        word_ |= load_word(next_) << count_;
        const std::size_t size = (63 - count_) / 8;
        next_ += size;
        unread_size_ -= size;
        count_ |= filled_count;
    }

    [[nodiscard]] std::uint64_t word() const noexcept { return word_; }
    [[nodiscard]] unsigned count() const noexcept { return count_; }
    [[nodiscard]] std::size_t unread_size() const noexcept { return unread_size_; }
    [[nodiscard]] ConstBytes unread() const noexcept { return {next_, unread_size_}; }
    [[nodiscard]] KeptBits kept() const noexcept { return {word_ & ones(count_), count_}; }

    /// At most count().
    void drop(unsigned count) noexcept {
        word_ >>= count & 63;
        count_ -= count;
    }
    [[nodiscard]] unsigned take(unsigned count) noexcept {
        const auto value = static_cast<unsigned>(word_ & ones(count));
        drop(count);
        return value;
    }
    /// The rest of the octet that the last bit was taken from.
    void drop_to_octet() noexcept { drop(count_ % 8); }

    /// Whole octets, when no part of one is left: those kept as bits first. At most octets_size().
    [[nodiscard]] std::size_t octets_size() const noexcept { return count_ / 8 + unread_size_; }
    void take_octets(std::byte* into, std::size_t size) noexcept {
        for (; count_ != 0 && size != 0; --size) *into++ = static_cast<std::byte>(take(8));
        if (size == 0) return;
        word_ = 0;  // bits that did not count are behind us now
        std::memcpy(into, next_, size);
        next_ += size;
        unread_size_ -= size;
    }

private:
    std::uint64_t word_;
    unsigned count_;  // at most 63
    const std::byte* next_;
    std::size_t unread_size_;
};

}  // namespace hawse::deflate
