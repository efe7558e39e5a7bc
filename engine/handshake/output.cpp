// SPDX-License-Identifier: MIT
#include "handshake/output.hpp"

#include "http/field.hpp"
#include "http/text.hpp"

#include <algorithm>
#include <new>

namespace hawse::handshake {

void TextWriter::put_number(std::size_t number) noexcept {
    char digits[20];
    std::size_t start = sizeof digits;
    do {
        digits[--start] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    put({digits + start, sizeof digits - start});
}

void TextWriter::begin_field(std::string_view name) noexcept {
    name_start_ = size_;
    put(name);
    if (into_ != nullptr && transport_ != Transport::http1)
        std::transform(into_ + name_start_, into_ + size_, into_ + name_start_, http::lower);
    put(": ");
    value_start_ = size_;
}

void TextWriter::end_field() noexcept {
    if (table_ != nullptr) {
        const std::size_t name_size = value_start_ - name_start_ - 2;
        new (table_ + field_count_)
            Field{http::cut(text_from(name_start_), 0, name_size), text_from(value_start_)};
    }
    ++field_count_;
    put("\r\n");
}

void TextWriter::put_field(std::string_view name, std::string_view value) noexcept {
    begin_field(name);
    put(http::trim(value));
    end_field();
}

// The rest of the head, or of the body behind it; empty at the end.
ConstBytes Output::from(std::size_t offset) const noexcept {
    const ConstBytes head = head_.bytes();
    const ConstBytes piece =
        offset < head.size() ? head.subspan(offset) : body_.subspan(offset - head.size());
    return piece.first(std::min({piece.size(), end_ - offset, Slice::size_max}));
}

std::size_t Output::gather(std::span<Slice> slices) noexcept {
    std::size_t count = 0;
    std::size_t offset = handed_;
    while (count < slices.size() && offset < end_) {
        slices[count] = Slice(from(offset));
        offset += slices[count++].size();
    }
    shown_ = std::max(shown_, offset);
    return count;
}

std::size_t Output::hand_over(std::size_t size) noexcept {
    size = std::min(size, shown_ - std::min(shown_, handed_));
    handed_ += size;
    return size;
}

std::size_t Output::release(std::size_t size) noexcept {
    size = std::min(size, handed_ - released_);
    released_ += size;
    return size;
}

std::size_t Output::wrote(std::size_t size) noexcept { return release(hand_over(size)); }

std::size_t Output::write(Bytes into) noexcept {
    std::size_t size = 0;
    while (size < into.size() && handed_ < end_) {
        const ConstBytes rest = from(handed_);
        const ConstBytes piece = rest.first(std::min(rest.size(), into.size() - size));
        std::memcpy(into.data() + size, piece.data(), piece.size());
        size += piece.size();
        handed_ += piece.size();
    }
    shown_ = std::max(shown_, handed_);
    released_ = handed_;
    return size;
}

}  // namespace hawse::handshake
