// SPDX-License-Identifier: MIT
// What every driver does with what it is told. It knows no socket and no event loop.
#pragma once

#include "hawse/hawse.hpp"

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

}  // namespace examples
