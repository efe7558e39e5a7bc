// SPDX-License-Identifier: MIT
// The head a client asks with: whether a host's wishes fit into one, and the one they make. It
// knows no answer. RFC 6455 §4.1
#pragma once

#include "hawse/handshake.hpp"
#include "handshake/output.hpp"

namespace hawse::handshake {

/// Whether every part obeys its grammar, so that nothing can be injected.
[[nodiscard]] Refusal check_request(const ClientRequest& request) noexcept;

/// Of a request that was checked.
void write_request(TextWriter& writer, const ClientRequest& request,
                   const HandshakeKey& key) noexcept;

}  // namespace hawse::handshake
