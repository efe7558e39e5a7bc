// SPDX-License-Identifier: MIT
// The heads a server answers with, composed field by field, and which fields a host may add to the
// heads of either role. It decides nothing about a request.
#pragma once

#include "hawse/handshake.hpp"
#include "handshake/output.hpp"

namespace hawse::handshake {

/// Whether the host may send these fields: names are tokens, values are field values, and none is
/// one that the engine writes itself. `role` is the sender's.
[[nodiscard]] Refusal check_fields(std::span<const Field> fields, Role role) noexcept;

void write_fields(TextWriter& writer, std::span<const Field> fields) noexcept;

/// 101, behind a 100 for a client that expects it. RFC 6455 §4.2.2
void write_acceptance(TextWriter& writer, const AcceptKey& key, const Acceptance& acceptance,
                      bool expects_continue) noexcept;

/// Any final status; the body follows it.
void write_rejection(TextWriter& writer, const Rejection& rejection) noexcept;

/// The engine's own answer to a violation, or to a head that came too late (408); with its body,
/// and at most 512 octets.
void write_refusal(TextWriter& writer, std::uint16_t status, Violation violation) noexcept;

/// Whether a response of that status has no content at all. RFC 9110 §15.3.5
constexpr bool forbids_content(std::uint16_t status) noexcept {
    return status == 204 || status == 205 || status == 304;
}

}  // namespace hawse::handshake
