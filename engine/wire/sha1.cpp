// SPDX-License-Identifier: MIT
// SHA-1 by its definition: blocks of 64 octets, 80 rounds, no table.
#include "wire/sha1.hpp"

#include <bit>
#include <cstdint>

namespace hawse::wire {

namespace {

class Sha1 {
public:
    void take(ConstBytes octets) noexcept {
        for (const std::byte octet : octets) put(octet);
        size_ += octets.size();
    }

    std::array<std::byte, 20> finish() noexcept {
        const std::uint64_t bits = size_ * 8;
        put(std::byte{0x80});
        while (filled_ != 56) put(std::byte{0});
        for (int shift = 56; shift >= 0; shift -= 8) put(static_cast<std::byte>(bits >> shift));
        std::array<std::byte, 20> digest{};
        for (std::size_t index = 0; index < digest.size(); ++index)
            digest[index] = static_cast<std::byte>(state_[index / 4] >> (24 - 8 * (index % 4)));
        return digest;
    }

private:
    void put(std::byte octet) noexcept {
        block_[filled_++] = octet;
        if (filled_ < block_.size()) return;
        compress();
        filled_ = 0;
    }

    void compress() noexcept {
        std::array<std::uint32_t, 80> words{};
        for (std::size_t index = 0; index < 64; ++index)
            words[index / 4] =
                words[index / 4] << 8 | std::to_integer<std::uint32_t>(block_[index]);
        for (std::size_t index = 16; index < 80; ++index)
            words[index] = std::rotl(
                words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1);
        auto [a, b, c, d, e] = state_;
        for (std::size_t round = 0; round < 80; ++round) {
            const auto [mixed, constant] = mix(round, b, c, d);
            const std::uint32_t next = std::rotl(a, 5) + mixed + e + constant + words[round];
            e = d;
            d = c;
            c = std::rotl(b, 30);
            b = a;
            a = next;
        }
        const std::array<std::uint32_t, 5> worked = {a, b, c, d, e};
        for (std::size_t index = 0; index < 5; ++index) state_[index] += worked[index];
    }

    struct Mix {
        std::uint32_t mixed, constant;
    };
    static Mix mix(std::size_t round, std::uint32_t b, std::uint32_t c, std::uint32_t d) noexcept {
        if (round < 20) return {(b & c) | (~b & d), 0x5A827999};
        if (round < 40) return {b ^ c ^ d, 0x6ED9EBA1};
        if (round < 60) return {(b & c) | (b & d) | (c & d), 0x8F1BBCDC};
        return {b ^ c ^ d, 0xCA62C1D6};
    }

    std::array<std::uint32_t, 5> state_ = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476,
                                           0xC3D2E1F0};
    std::array<std::byte, 64> block_{};
    std::size_t filled_ = 0;
    std::uint64_t size_ = 0;
};

}  // namespace

std::array<std::byte, 20> sha1(ConstBytes first, ConstBytes second) noexcept {
    Sha1 hash;
    hash.take(first);
    hash.take(second);
    return hash.finish();
}

}  // namespace hawse::wire
