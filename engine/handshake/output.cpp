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

std::size_t Output::gather(std::span<Slice> slices) const noexcept {
    std::size_t count = 0;
    const ConstBytes head = head_.bytes();
    if (size_left_ > body_.size() && count < slices.size())
        slices[count++] = Slice(head.last(size_left_ - body_.size()));
    const ConstBytes body = body_.last(std::min(size_left_, body_.size()));
    if (!body.empty() && count < slices.size())
        slices[count++] = Slice(body.first(std::min(body.size(), Slice::size_max)));
    return count;
}

void Output::wrote(std::size_t size) noexcept { size_left_ -= std::min(size, size_left_); }

std::size_t Output::copy_into(Bytes into) const noexcept {
    Slice slices[2];
    std::size_t size = 0;
    for (const Slice& slice : std::span(slices, gather(slices))) {
        const std::size_t count = std::min(slice.size(), into.size() - size);
        if (count != 0) std::memcpy(into.data() + size, slice.data(), count);
        size += count;
    }
    return size;
}

}  // namespace hawse::handshake
