// SPDX-License-Identifier: MIT
// Field lines, as a host's own HTTP or one of our heads has parsed them, and the lists they hold.
// RFC 9110 §5
#pragma once

#include "hawse/export.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace hawse {

/// Which HTTP carries the fields of an opening handshake.
enum class Transport : std::uint8_t {
    http1,  ///< GET with Upgrade, answered with 101. RFC 6455 §4
    http2,  ///< extended CONNECT on one stream, answered with 2xx. RFC 8441
    http3,  ///< the same. RFC 9220
};

/// One field line; the value without the white space around it. Over HTTP/2 and HTTP/3 also a
/// pseudo-field, whose name begins with ":".
struct Field {
    std::string_view name;
    std::string_view value;
};

/// The elements of a list field that may stand on several lines, one by one and in order; empty
/// elements are passed over. Views the fields it was made from.
class HAWSE_API TokenList {
public:
    TokenList() noexcept = default;
    TokenList(std::span<const Field> fields, std::string_view name) noexcept
        : fields_(fields), name_(name) {}

    /// The next element, without white space around it; empty when there is none left. O(its octets
    /// and the fields passed over).
    std::string_view next() noexcept;

private:
    std::span<const Field> fields_ = {};
    std::string_view name_ = {};
    std::string_view rest_ = {};
};

}  // namespace hawse
