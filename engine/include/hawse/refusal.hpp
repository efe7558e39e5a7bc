// SPDX-License-Identifier: MIT
// How the caller can be wrong. A call that is refused has changed nothing, and the peer sees nothing.
#pragma once

#include "hawse/export.hpp"

#include <cstdint>

namespace hawse {

enum class [[nodiscard]] Refusal : std::uint8_t{
    none,                     ///< the call was carried out
    unread_input,             ///< octets of the last receive() are still lent: pull, or unread()
    transport_ended,          ///< receive() after receive_end()
    not_open,                 ///< the conversation is closing, failed or closed
    message_in_progress,      ///< send_begin() was called and its last part not yet sent
    no_message_in_progress,   ///< send_part() without send_begin()
    invalid_text,             ///< the text is not UTF-8
    control_too_long,         ///< more than 125 octets for a ping
    reason_too_long,          ///< more than 123 octets of close reason
    invalid_close_code,       ///< a code that must not be sent, or not in this role
    invalid_frame,            ///< no data frame, out of order, or not the piece that must follow
    place_too_small,          ///< smaller than the message that was announced
    close_committed,          ///< a Close frame is on its way already; it cannot be replaced
    output_full,              ///< Limits::output_max would be passed: drain, then send again
    out_of_memory,            ///< the allocator answered null, or there is no pool
    no_entropy,               ///< the entropy source failed, or there is none
    wrong_role,               ///< a server has nothing to start
    already_started,          ///< start() was called before
    not_deciding,             ///< accept() or reject() without a request to decide
    plain_request,            ///< accept() of a request that asked for no upgrade
    invalid_host,             ///< host or port breaks its grammar
    invalid_target,           ///< target breaks its grammar
    invalid_origin,           ///< origin breaks its grammar
    invalid_subprotocol,      ///< not a token, named twice, or more than 256
    subprotocol_not_offered,  ///< the client did not offer it
    extension_not_offered,    ///< not all offered by the client, or more than 64
    invalid_field,            ///< a field name that is no token, or a value that breaks its grammar
    reserved_field,           ///< a field that the engine writes itself
    invalid_status,           ///< not a final status for a refusal: 200 to 599
    invalid_url,              ///< not a ws:// or wss:// URL
    nothing_prepared,         ///< the prepared message is empty
    last = nothing_prepared,
};

/// One English sentence that says what to do. Static storage; empty for none.
HAWSE_API const char* describe(Refusal refusal) noexcept;

/// The enumerator's name. Static storage.
HAWSE_API const char* name_of(Refusal refusal) noexcept;

}  // namespace hawse
