// SPDX-License-Identifier: MIT
// The payload of a Close frame, read and written. RFC 6455 §5.5.1, §7.4
#include "hawse/close_payload.hpp"

#include "hawse/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace hawse {

Violation read_close_payload(ConstBytes payload, ClosePayload& close) noexcept {
    close = {};
    if (payload.empty()) return Violation::none;
    if (payload.size() == 1) return Violation::truncated_close_code;
    const auto code = static_cast<std::uint16_t>(std::to_integer<unsigned>(payload[0]) << 8 |
                                                 std::to_integer<unsigned>(payload[1]));
    if (code < 1000 || code > 4999) return Violation::undefined_close_code;
    if (!is_close_code_on_wire(code)) return Violation::reserved_close_code;
    const ConstBytes reason = payload.subspan(2);
    if (!is_utf8(reason)) return Violation::invalid_close_reason;
    close = {CloseCode{code}, as_text(reason)};
    return Violation::none;
}

std::size_t write_close_payload(std::byte* into, const ClosePayload& close) noexcept {
    if (close.code == CloseCode::no_code) return 0;
    const auto code = static_cast<std::uint16_t>(close.code);
    into[0] = static_cast<std::byte>(code >> 8);
    into[1] = static_cast<std::byte>(code & 0xFF);
    if (!close.reason.empty()) std::memcpy(into + 2, close.reason.data(), close.reason.size());
    return 2 + close.reason.size();
}

}  // namespace hawse
