// SPDX-License-Identifier: MIT
// Masking, eight octets at a time. The scalar truth: faster kernels are proven against this text.
#include "hawse/masking.hpp"

namespace hawse {

namespace {

std::uint64_t doubled(MaskKey key) noexcept {
    return std::uint64_t{key.in_memory_order} << 32 | key.in_memory_order;
}

std::uint64_t load(const std::byte* octets) noexcept {
    std::uint64_t word;
    std::memcpy(&word, octets, sizeof word);
    return word;
}

void store(std::byte* octets, std::uint64_t word) noexcept {
    std::memcpy(octets, &word, sizeof word);
}

void mask_scalar(std::byte* into, const std::byte* from, std::size_t size, MaskKey key) noexcept {
    const std::uint64_t pattern = doubled(key);
    std::size_t offset = 0;
    for (; size - offset >= 8; offset += 8) store(into + offset, load(from + offset) ^ pattern);
    std::byte octets[8];
    store(octets, pattern);
    for (std::size_t index = 0; offset < size; ++offset, ++index)
        into[offset] = from[offset] ^ octets[index];
}

}  // namespace

void apply_mask(Bytes octets, MaskKey key) noexcept {
    mask_scalar(octets.data(), octets.data(), octets.size(), key);
}

void copy_masked(std::byte* into, ConstBytes from, MaskKey key) noexcept {
    mask_scalar(into, from.data(), from.size(), key);
}

}  // namespace hawse
