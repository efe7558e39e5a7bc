// SPDX-License-Identifier: MIT
// The last octets of a stream, no more than a window of them: what DEFLATE may refer back to. It grows
// with what there is to remember, and knows nothing of compression.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/memory.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace hawse::deflate {

class History {
public:
    /// At most 2^window_bits octets are remembered; 8 to 15.
    explicit History(unsigned window_bits) noexcept
        : window_bits_(static_cast<std::uint8_t>(window_bits)) {}

    /// Makes room for append() of `size` octets, which then cannot fail. False, and nothing changed, when
    /// there is no memory. Never more than a window, nor more than twice what is remembered then.
    [[nodiscard]] bool reserve(Pool& pool, std::size_t size) noexcept;
    /// What came last; room was reserved. O(the octets remembered of it).
    void append(ConstBytes octets) noexcept;
    /// Nothing is remembered; the room stays.
    void clear() noexcept { size_ = 0; }
    void give_back(Pool& pool) noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// All of it, oldest first; the second piece may be empty.
    [[nodiscard]] std::array<ConstBytes, 2> pieces() const noexcept;
    /// Copies `size` octets that begin `distance` octets before the end: size <= distance <= size().
    void copy(std::byte* into, std::size_t distance, std::size_t size) const noexcept;

private:
    std::byte* octets_ = nullptr;  // a ring
    std::uint32_t capacity_ = 0;   // 0 or a power of two
    std::uint32_t size_ = 0;
    std::uint32_t end_ = 0;  // where the next octet goes
    std::uint8_t window_bits_;
};

}  // namespace hawse::deflate
