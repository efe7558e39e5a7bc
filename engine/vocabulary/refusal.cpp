// SPDX-License-Identifier: MIT
#include "hawse/refusal.hpp"

#include <cstddef>
#include <iterator>

namespace hawse {

namespace {

using enum Refusal;

struct Row {
    Refusal refusal;
    const char* name;
    const char* sentence;
};

#define ROW(refusal, sentence) \
    { refusal, #refusal, sentence }

constexpr Row table[] = {
    ROW(none, ""),
    ROW(unread_input, "Octets are still lent: pull events until there is none, or call unread()."),
    ROW(transport_ended, "The transport has ended: nothing can be received after receive_end()."),
    ROW(not_open, "The connection is closing or closed: nothing can be sent any more."),
    ROW(message_in_progress, "A message is in progress: send its last part or frame first."),
    ROW(no_message_in_progress, "There is no message in progress to go on with."),
    ROW(invalid_text, "The text is not UTF-8: send it as binary, or repair it."),
    ROW(control_too_long, "A ping holds at most 125 octets: shorten it."),
    ROW(reason_too_long, "A close reason holds at most 123 octets: shorten it."),
    ROW(invalid_close_code,
        "This close code must not be sent: use 1000 to 1003, 1007 to 1014 or 3000 to 4999."),
    ROW(invalid_frame, "This is no data frame in order, nor the piece that must follow: check "
                       "first octet and sizes."),
    ROW(place_too_small, "The place is smaller than announced_size(): give a larger one, or none."),
    ROW(close_committed, "A Close frame is on its way already and cannot be replaced."),
    ROW(output_full, "Too much output is waiting: write it, then send again."),
    ROW(out_of_memory, "The allocator answered null, or the Config has no pool: try again later."),
    ROW(no_entropy, "The entropy source failed or is missing: a client cannot send without one."),
    ROW(wrong_role, "A server starts nothing: it waits for the request event."),
    ROW(already_started, "The handshake was started before: make a new object for a new attempt."),
    ROW(not_deciding, "There is no request to decide: wait for the request event."),
    ROW(plain_request, "The request asked for no upgrade: answer it with reject()."),
    ROW(invalid_host,
        "The host or port breaks its grammar: give a name or address without scheme."),
    ROW(invalid_target, "The target breaks its grammar: give a path and query of visible ASCII."),
    ROW(invalid_origin, "The origin holds an octet that no field value may hold."),
    ROW(invalid_subprotocol,
        "A subprotocol is no token or named twice, or there are more than 256."),
    ROW(subprotocol_not_offered,
        "The client did not offer this subprotocol: choose one it offered."),
    ROW(extension_not_offered,
        "The client did not offer one of these extensions, or there are more than 64."),
    ROW(invalid_field,
        "A field name is no token, a value holds a control character, or extensions are no list."),
    ROW(reserved_field, "The engine writes this field itself: leave it out."),
    ROW(invalid_status, "A rejection needs a final status of 200 to 599."),
    ROW(invalid_url, "The URL is not ws:// or wss:// with a host, without userinfo or fragment."),
    ROW(nothing_prepared, "There is nothing in this message: prepare() it first."),
};

#undef ROW

consteval bool is_in_order() noexcept {
    for (std::size_t index = 0; index < std::size(table); ++index)
        if (static_cast<std::size_t>(table[index].refusal) != index) return false;
    return std::size(table) == static_cast<std::size_t>(last) + 1;
}
static_assert(is_in_order(), "a row of the table is missing or out of place");

}  // namespace

const char* describe(Refusal refusal) noexcept {
    return table[static_cast<std::size_t>(refusal)].sentence;
}

const char* name_of(Refusal refusal) noexcept {
    return table[static_cast<std::size_t>(refusal)].name;
}

}  // namespace hawse
