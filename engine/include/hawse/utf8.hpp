// SPDX-License-Identifier: MIT
// UTF-8 as RFC 3629 §4 has it, octet by octet, stopping at the first octet that cannot be part of
// it. U+0000, non-characters and a leading U+FEFF are valid.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/export.hpp"

#include <cstddef>
#include <cstdint>

namespace hawse {

/// Text that arrives in pieces. Four octets of state.
class HAWSE_API Utf8Validator {
public:
    /// Takes `octets`, up to the first that cannot follow what was taken before, and answers how many
    /// it took: all of them, or the index of the offending octet, after which nothing may be taken.
    [[nodiscard]] std::size_t take(ConstBytes octets) noexcept;

    /// Whether the text may end here: no sequence is open.
    [[nodiscard]] bool complete() const noexcept { return missing_ == 0; }

private:
    std::uint8_t missing_ = 0;   // octets the open sequence still lacks
    std::uint8_t least_ = 0x80;  // bounds of the next octet, when one is missing
    std::uint8_t greatest_ = 0xBF;
};

/// Whether `octets` are valid UTF-8 from first to last.
[[nodiscard]] HAWSE_API bool is_utf8(ConstBytes octets) noexcept;

}  // namespace hawse
