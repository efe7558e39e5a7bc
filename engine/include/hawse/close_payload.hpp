// SPDX-License-Identifier: MIT
// The payload of a Close frame, both ways: nothing, or a code and a reason. RFC 6455 §5.5.1
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/close_code.hpp"
#include "hawse/export.hpp"
#include "hawse/violation.hpp"

#include <cstddef>
#include <string_view>

namespace hawse {

struct ClosePayload {
    CloseCode code = CloseCode::no_code;
    std::string_view reason = {};
};

/// Reads the payload of a Close. `close.reason` views `payload`. Violations: truncated_close_code,
/// undefined_close_code, reserved_close_code, invalid_close_reason.
HAWSE_API Violation read_close_payload(ConstBytes payload, ClosePayload& close) noexcept;

/// Writes `close` and answers its size: 0 for no_code, else 2 and the reason's. `into` has room for
/// 125 octets; the reason has at most close_reason_size_max.
HAWSE_API std::size_t write_close_payload(std::byte* into, const ClosePayload& close) noexcept;

}  // namespace hawse
