// SPDX-License-Identifier: MIT
// The body of a response that refuses: how far it reaches and what stands in it, chunks joined, up
// to a bound. A body that breaks its framing ends there; nobody relies on it. RFC 9112 §6, §7.1
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/response.hpp"
#include "http/leased_bytes.hpp"

#include <cstddef>
#include <cstdint>

namespace hawse::http {

class BodyReader {
public:
    BodyReader(Pool* pool, std::size_t size_max) noexcept : octets_(pool), size_max_(size_max) {}

    /// Reads from `head` how the body ends.
    void begin(const ResponseHead& head) noexcept;

    /// Takes octets; those behind the body, and those of a body that broke, are passed over.
    void take(ConstBytes octets) noexcept;

    /// Nothing more is kept: the end came, or the bound, or a broken chunk, or memory ran out.
    [[nodiscard]] bool is_complete() const noexcept { return place_ == Place::complete; }

    /// What was kept; moves when more is taken.
    [[nodiscard]] ConstBytes bytes() const noexcept { return octets_.bytes(); }

private:
    enum class Place : std::uint8_t {
        data,          // size_left_ octets, or all that come
        chunk_size,    // its first digit
        chunk_digits,  // digits, an extension, or the end of the line
        chunk_extension,
        chunk_line_end,  // the CR has come
        chunk_data,
        chunk_end,       // the CR behind the data
        chunk_end_feed,  // the LF behind it
        complete,
    };

    std::size_t take_data(ConstBytes octets) noexcept;
    [[nodiscard]] Place next_place(char octet) noexcept;
    [[nodiscard]] Place add_digit(char octet) noexcept;

    LeasedBytes octets_;
    std::size_t size_max_;
    std::uint64_t size_left_ = 0;
    Place place_ = Place::complete;
};

}  // namespace hawse::http
