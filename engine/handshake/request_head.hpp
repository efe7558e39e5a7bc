// SPDX-License-Identifier: MIT
// What a client asks with: whether a host's wishes fit into a request, and the head or the fields
// they make. It knows no answer. RFC 6455 §4.1, RFC 8441 §5
#pragma once

#include "hawse/accept_key.hpp"
#include "hawse/refusal.hpp"
#include "hawse/request.hpp"
#include "handshake/negotiation.hpp"
#include "handshake/output.hpp"

namespace hawse::handshake {

/// Whether every part obeys its grammar, so that nothing can be injected.
[[nodiscard]] Refusal check_request(const ClientRequest& request, Transport transport,
                                    const Limits& limits) noexcept;

// Of a request that was checked.

/// Path and query.
void write_target(TextWriter& writer, std::string_view target) noexcept;

/// The fields, over the writer's transport; pseudo-fields in front. `deflate` is empty where it is not
/// offered.
void write_request_fields(TextWriter& writer, const ClientRequest& request, const HandshakeKey& key,
                          const DeflateOffer& deflate) noexcept;

/// The whole head of HTTP/1.
void write_request(TextWriter& writer, const ClientRequest& request, const HandshakeKey& key,
                   const DeflateOffer& deflate) noexcept;

}  // namespace hawse::handshake
