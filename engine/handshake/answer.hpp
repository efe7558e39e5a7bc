// SPDX-License-Identifier: MIT
// What a server answers with, head or fields: which acceptances and which fields of a host may be
// sent, and what they and the refusals make. It judges no request.
#pragma once

#include "hawse/accept_key.hpp"
#include "hawse/agreement.hpp"
#include "hawse/refusal.hpp"
#include "hawse/request.hpp"
#include "hawse/response.hpp"
#include "hawse/role.hpp"
#include "handshake/negotiation.hpp"
#include "handshake/output.hpp"

#include <cstdint>

namespace hawse::handshake {

/// Whether the host may send these fields: names are tokens, values are field values, and none is
/// one that the engine writes itself. `role` is the sender's.
[[nodiscard]] Refusal check_fields(std::span<const Field> fields, Role role,
                                   Transport transport) noexcept;

/// Extensions that one answer may accept. Each is looked for in the offer, and without a bound two lists
/// that fill their heads would be work for seconds.
inline constexpr std::uint32_t accepted_extension_count_max = 64;

/// Whether extensions that a proxy relays, in either direction, are none or a list of them.
[[nodiscard]] bool is_relayable(std::string_view extensions, const Limits& limits) noexcept;

/// What accepting settles. The subprotocol views the request; of relayed extensions nothing is settled
/// before they are written.
struct Settled {
    Agreement agreement = {};
    DeflateElement deflate = {};  ///< where it is agreed: how that is answered
};

/// Whether a request may be accepted so.
[[nodiscard]] Refusal check_acceptance(const Request& request, const Acceptance& acceptance,
                                       Transport transport, const Config& config,
                                       Settled& settled) noexcept;

/// The fields that accept, over the writer's transport; :status in front. Answers the extensions that
/// are relayed as written. RFC 6455 §4.2.2
std::string_view write_acceptance_fields(TextWriter& writer, const AcceptKey& key,
                                         const Acceptance& acceptance,
                                         const Settled& settled) noexcept;

/// 101, behind a 100 for a client that expects it. Answers the same.
std::string_view write_acceptance(TextWriter& writer, const AcceptKey& key,
                                  const Acceptance& acceptance, const Settled& settled,
                                  bool expects_continue) noexcept;

/// The fields that refuse, without those of a content; :status in front.
void write_refusal_fields(TextWriter& writer, std::uint16_t status, Violation violation) noexcept;

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
