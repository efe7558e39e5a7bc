// SPDX-License-Identifier: MIT
// What every driver does with what it is told, and two sums that every driver needs. It knows no socket
// and no event loop.
#pragma once

#include "hawse/hawse.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace examples {

/// Pulls all there is to tell: lets everybody in, and says every message back.
inline void echo(hawse::Session& session) {
    while (const auto event = session.next_event()) {
        if (event.kind() == hawse::EventKind::request) (void)session.accept();
        if (!event.is_message()) continue;
        auto& connection = *session.connection();
        if (connection.send(event.message_kind(), event.payload()) != hawse::Refusal::none)
            (void)connection.close(hawse::CloseCode::internal_error);
    }
}

/// `size` octets were read into `landing`, which landing() lent, and behind it into `scratch`.
inline void receive_scattered(hawse::Session& session, std::size_t size, hawse::Bytes landing,
                              hawse::Bytes scratch, hawse::Time now) {
    const auto landed = std::min(size, landing.size());
    session.landed(landed, now);
    if (landed == size) return;
    echo(session);  // receive() is refused while what landed was not pulled
    (void)session.receive(scratch.first(size - landed), now);
}

/// The octets that gather() showed, for transports that are told beforehand.
inline std::size_t size_of(std::span<const hawse::Slice> slices) noexcept {
    std::size_t size = 0;
    for (const auto& slice : slices) size += slice.size();
    return size;
}

}  // namespace examples
