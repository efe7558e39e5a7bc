// SPDX-License-Identifier: MIT
// The one head that a handshake sends, composed in leased memory, and a lent body behind it. What
// gather() shows stays where it is until destruction. It knows nothing of what is written.
//
// Marks as in the Connection's outbox: released <= handed over <= shown <= end.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/field.hpp"
#include "hawse/slice.hpp"
#include "http/leased_bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace hawse::handshake {

/// Joins texts and field lines; without a place to write to it only counts.
class TextWriter {
public:
    /// With a table it notes there where each field stands. Names go out in lower case over HTTP/2
    /// and HTTP/3.
    explicit TextWriter(char* into, Field* table = nullptr,
                        Transport transport = Transport::http1) noexcept
        : into_(into), table_(table), transport_(transport) {}

    void put(std::string_view text) noexcept {
        if (into_ != nullptr && !text.empty()) std::memcpy(into_ + size_, text.data(), text.size());
        size_ += text.size();
    }
    void put_number(std::size_t number) noexcept;

    /// A field line: its value is what is put between the two.
    void begin_field(std::string_view name) noexcept;
    void end_field() noexcept;
    /// The same for one value, without the white space around it.
    void put_field(std::string_view name, std::string_view value) noexcept;

    [[nodiscard]] Transport transport() const noexcept { return transport_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t field_count() const noexcept { return field_count_; }
    /// What was put from `offset` on; empty while it only counts.
    [[nodiscard]] std::string_view text_from(std::size_t offset) const noexcept {
        return into_ == nullptr ? std::string_view{}
                                : std::string_view(into_ + offset, size_ - offset);
    }

private:
    char* into_;
    Field* table_;
    std::size_t size_ = 0;
    std::size_t field_count_ = 0;
    std::size_t name_start_ = 0;
    std::size_t value_start_ = 0;
    Transport transport_;
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
        end_ = head_.size() + body.size();
        return true;
    }

    /// Shows what was not handed over yet.
    std::size_t gather(std::span<Slice> slices) noexcept;
    // Each answers how many octets it counted: at most those shown, or those handed over.
    std::size_t hand_over(std::size_t size) noexcept;
    std::size_t release(std::size_t size) noexcept;
    // While nothing is in flight.
    /// Both at once.
    std::size_t wrote(std::size_t size) noexcept;
    /// Copies what fits, hands it over and releases it.
    std::size_t write(Bytes into) noexcept;

    /// Octets still to be handed over, and those whose memory somebody may yet read.
    [[nodiscard]] std::size_t unhanded_size() const noexcept {
        return end_ - std::min(end_, handed_);
    }
    [[nodiscard]] std::size_t size() const noexcept { return std::max(end_, shown_) - released_; }
    [[nodiscard]] bool is_in_flight() const noexcept { return handed_ != released_; }
    /// Nothing more is to be written; what was shown may be on its way.
    void drop() noexcept { end_ = std::min(end_, handed_); }

private:
    [[nodiscard]] ConstBytes from(std::size_t offset) const noexcept;

    http::LeasedBytes head_;
    ConstBytes body_ = {};
    std::size_t end_ = 0;
    std::size_t shown_ = 0;
    std::size_t handed_ = 0;
    std::size_t released_ = 0;
};

}  // namespace hawse::handshake
