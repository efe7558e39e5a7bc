// SPDX-License-Identifier: MIT
#include "hawse/cause.hpp"

#include <cstddef>
#include <iterator>

namespace hawse {

namespace {

using enum Cause;

struct Row {
    Cause cause;
    const char* name;
    const char* sentence;
};

#define ROW(cause, sentence) \
    { cause, #cause, sentence }

constexpr Row table[] = {
    ROW(none, ""),
    ROW(violation, "The peer broke a rule of the protocol."),
    ROW(transport_ended, "The transport ended before the closing handshake was complete."),
    ROW(transport_broken, "The transport failed."),
    ROW(opening_timeout, "The opening handshake took too long."),
    ROW(close_timeout, "The peer did not complete the closing handshake in time."),
    ROW(pong_timeout, "Nothing came from the peer after a ping."),
    ROW(idle_timeout, "Nothing came from the peer for too long."),
    ROW(message_timeout, "A message took too long from its first octets to its last."),
    ROW(write_stalled, "The transport took no output, or gave none back, for too long."),
    ROW(out_of_memory, "There was no memory to serve the peer."),
    ROW(no_inflater, "Too many messages were being inflated at once."),
    ROW(no_entropy, "There was no entropy to mask a frame with."),
    ROW(refused, "The server refused the opening handshake."),
    ROW(rejected, "The host rejected the request."),
    ROW(aborted, "The host aborted the connection."),
};

#undef ROW

consteval bool is_in_order() noexcept {
    for (std::size_t index = 0; index < std::size(table); ++index)
        if (static_cast<std::size_t>(table[index].cause) != index) return false;
    return std::size(table) == static_cast<std::size_t>(last) + 1;
}
static_assert(is_in_order(), "a row of the table is missing or out of place");

}  // namespace

const char* describe(Cause cause) noexcept {
    return table[static_cast<std::size_t>(cause)].sentence;
}

const char* name_of(Cause cause) noexcept { return table[static_cast<std::size_t>(cause)].name; }

}  // namespace hawse
