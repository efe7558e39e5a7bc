// SPDX-License-Identifier: MIT
#include "http/body.hpp"

#include "http/field.hpp"

#include <algorithm>
#include <limits>

namespace hawse::http {

namespace {

constexpr std::uint64_t until_the_end = std::numeric_limits<std::uint64_t>::max();

// The last coding decides. A body of HTTP/1.0 that claims one is read to the end. RFC 9112 §6.1
bool is_chunked(const ResponseHead& head) noexcept {
    std::string_view last;
    TokenList codings(head.fields, "Transfer-Encoding");
    for (auto coding = codings.next(); !coding.empty(); coding = codings.next()) last = coding;
    return head.version >= 11 && equals_ignoring_case(last, "chunked");
}

// A size that is none, too large to count, or not always the same says nothing.
std::uint64_t read_content_length(std::span<const Field> fields) noexcept {
    std::uint64_t size = until_the_end;
    TokenList values(fields, "Content-Length");
    for (auto value = values.next(); !value.empty(); value = values.next()) {
        std::uint64_t number = 0;
        for (const char digit : value) {
            if (!is_digit(digit) || number > (until_the_end - 9) / 10) return until_the_end;
            number = number * 10 + static_cast<std::uint64_t>(digit - '0');
        }
        if (size != until_the_end && size != number) return until_the_end;
        size = number;
    }
    return size;
}

int digit_value(char character) noexcept {
    if (is_digit(character)) return character - '0';
    if (character >= 'a' && character <= 'f') return character - 'a' + 10;
    if (character >= 'A' && character <= 'F') return character - 'A' + 10;
    return -1;
}

}  // namespace

void BodyReader::begin(const ResponseHead& head) noexcept {
    const bool has_none = head.status < 200 || head.status == 204 || head.status == 304;
    place_ = Place::data;
    if (count_fields(head.fields, "Transfer-Encoding") == 0)
        size_left_ = read_content_length(head.fields);
    else if (is_chunked(head))
        place_ = Place::chunk_size;
    else
        size_left_ = until_the_end;
    if (has_none || size_max_ == 0 || (place_ == Place::data && size_left_ == 0))
        place_ = Place::complete;
}

void BodyReader::take(ConstBytes octets) noexcept {
    while (!octets.empty() && place_ != Place::complete) {
        std::size_t count = 1;
        if (place_ == Place::data || place_ == Place::chunk_data)
            count = take_data(octets);
        else
            place_ = next_place(static_cast<char>(octets.front()));
        octets = octets.subspan(count);
    }
}

std::size_t BodyReader::take_data(ConstBytes octets) noexcept {
    const std::uint64_t wanted = std::min<std::uint64_t>(size_left_, size_max_ - octets_.size());
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, octets.size()));
    if (!octets_.append(octets.first(count))) {
        place_ = Place::complete;
        return count;
    }
    if (size_left_ != until_the_end) size_left_ -= count;
    if (size_left_ == 0) place_ = place_ == Place::data ? Place::complete : Place::chunk_end;
    if (octets_.size() == size_max_) place_ = Place::complete;
    return count;
}

BodyReader::Place BodyReader::next_place(char octet) noexcept {
    switch (place_) {
        case Place::chunk_size: size_left_ = 0; return add_digit(octet);
        case Place::chunk_digits:
            if (octet == ';' || is_white_space(octet)) return Place::chunk_extension;
            return octet == '\r' ? Place::chunk_line_end : add_digit(octet);
        case Place::chunk_extension:
            if (octet == '\r') return Place::chunk_line_end;
            return is_control(octet) && octet != '\t' ? Place::complete : Place::chunk_extension;
        case Place::chunk_line_end:  // the last chunk is empty; the trailer is nobody's
            return octet == '\n' && size_left_ != 0 ? Place::chunk_data : Place::complete;
        case Place::chunk_end: return octet == '\r' ? Place::chunk_end_feed : Place::complete;
        case Place::chunk_end_feed:
            if (octet == '\n') return Place::chunk_size;
            [[fallthrough]];
        case Place::data:  // nobody asks about these
        case Place::chunk_data:
        case Place::complete: break;
    }
    return Place::complete;
}

// A size that needs more than 64 bits is none. RFC 9112 §7.1
BodyReader::Place BodyReader::add_digit(char octet) noexcept {
    const int digit = digit_value(octet);
    if (digit < 0 || size_left_ >> 60 != 0) return Place::complete;
    size_left_ = size_left_ << 4 | static_cast<std::uint64_t>(digit);
    return size_left_ == until_the_end ? Place::complete : Place::chunk_digits;
}

}  // namespace hawse::http
