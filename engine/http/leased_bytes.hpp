// SPDX-License-Identifier: MIT
// Octets that grow in one leased block: by doubling, with what arrived and never with what was
// announced. It knows the pool and nothing of what the octets mean.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/memory.hpp"

#include <cstddef>
#include <string_view>

namespace hawse::http {

class LeasedBytes {
public:
    /// Without a pool every growth fails.
    explicit LeasedBytes(Pool* pool) noexcept : pool_(pool) {}
    LeasedBytes(const LeasedBytes&) = delete;
    LeasedBytes& operator=(const LeasedBytes&) = delete;
    ~LeasedBytes() { give_back(); }

    /// Adds `octets`, or answers false when there is no memory, and has changed nothing then.
    [[nodiscard]] bool append(ConstBytes octets) noexcept;
    [[nodiscard]] bool append(std::byte octet) noexcept {
        if (size_ == capacity_ && !grow(size_ + 1)) return false;
        octets_[size_++] = octet;
        return true;
    }

    /// Makes room for `size` octets in all and calls them contents, undefined so far.
    [[nodiscard]] bool resize(std::size_t size) noexcept;

    /// Forgets the contents and keeps the block.
    void clear() noexcept { size_ = 0; }
    void give_back() noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] Bytes bytes() noexcept { return {octets_, size_}; }
    [[nodiscard]] ConstBytes bytes() const noexcept { return {octets_, size_}; }
    [[nodiscard]] std::string_view text() const noexcept { return as_text(bytes()); }

private:
    [[nodiscard]] bool grow(std::size_t size) noexcept;

    Pool* pool_;
    std::byte* octets_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace hawse::http
