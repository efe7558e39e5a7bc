// SPDX-License-Identifier: MIT
#include "handshake/status.hpp"

#include "http/authority.hpp"
#include "http/stream_fields.hpp"

namespace hawse::handshake {

std::uint16_t refusing_status(Violation violation, Transport transport) noexcept {
    const std::uint16_t status = describe(violation).code;
    return status == 426 && transport != Transport::http1 ? std::uint16_t{400} : status;
}

Violation read_status(const ResponseHead& head, std::uint16_t& status) noexcept {
    constexpr std::string_view names[] = {":status"};
    const Field* found[1] = {};
    status = head.status;
    if (head.transport == Transport::http1) return Violation::none;
    if (http::find_pseudo_fields(head.fields, names, found) != http::PseudoShape::well_formed)
        return Violation::response_malformed_pseudo_fields;
    if (found[0] == nullptr)
        return status != 0 ? Violation::none : Violation::response_malformed_pseudo_fields;
    const std::string_view digits = found[0]->value;
    const bool is_status = digits.size() == 3 && digits.front() != '0';
    if (!is_status || !http::read_port(digits, status) ||
        (head.status != 0 && head.status != status))
        return Violation::response_malformed_pseudo_fields;
    return Violation::none;
}

}  // namespace hawse::handshake
