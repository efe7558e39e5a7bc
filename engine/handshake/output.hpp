// SPDX-License-Identifier: MIT
// The one head that a handshake sends, composed in leased memory, and a lent body behind it. What
// gather() shows stays where it is until destruction. It knows nothing of what is written.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/slice.hpp"
#include "http/leased_bytes.hpp"

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace hawse::handshake {

/// Joins texts; without a place to write to it only counts.
class TextWriter {
public:
    explicit TextWriter(char* into) noexcept : into_(into) {}

    void put(std::string_view text) noexcept {
        if (into_ != nullptr && !text.empty()) std::memcpy(into_ + size_, text.data(), text.size());
        size_ += text.size();
    }
    void put_number(std::size_t number) noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    char* into_;
    std::size_t size_ = 0;
};

class Output {
public:
    explicit Output(Pool* pool) noexcept : head_(pool) {}

    /// Calls `compose` with a TextWriter, first to count and then to write; `body` follows. False
    /// without memory, and nothing is changed then. Once per object.
    template <typename Compose>
    [[nodiscard]] bool compose(const Compose& compose, ConstBytes body = {}) noexcept {
        TextWriter counter(nullptr);
        compose(counter);
        if (!head_.resize(counter.size())) return false;
        TextWriter writer(reinterpret_cast<char*>(head_.bytes().data()));
        compose(writer);
        body_ = body;
        size_left_ = head_.size() + body.size();
        return true;
    }

    [[nodiscard]] std::size_t gather(std::span<Slice> slices) const noexcept;
    /// More than is left counts as all.
    void wrote(std::size_t size) noexcept;
    /// Copies what fits and answers its size; it is not yet written then.
    [[nodiscard]] std::size_t copy_into(Bytes into) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return size_left_; }
    /// Nothing more is to be written.
    void drop() noexcept { size_left_ = 0; }

    /// The head that was composed, written or not.
    [[nodiscard]] std::string_view text() const noexcept { return head_.text(); }

private:
    http::LeasedBytes head_;
    ConstBytes body_ = {};
    std::size_t size_left_ = 0;
};

}  // namespace hawse::handshake
