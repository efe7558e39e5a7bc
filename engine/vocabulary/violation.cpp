// SPDX-License-Identifier: MIT
// The table of what a peer can do wrong: the code it is answered with, the requirement that is broken
// (docs/requirements.md) and a sentence for people. A new violation is one line in the enum and one
// here; the order of both is the same, and the compiler checks it.
#include "hawse/violation.hpp"

#include <cstddef>
#include <iterator>

namespace hawse {

namespace {

using enum Violation;

#define ROW(violation, code, requirement, sentence) \
    { violation, code, #violation, requirement, sentence }

// clang-format off
constexpr ViolationRow table[] = {
    ROW(none, 0, "", ""),

    ROW(reserved_bit,            1002, "6455-5.2-04",   "A reserved bit is set that no extension gave a meaning."),
    ROW(reserved_opcode,         1002, "6455-5.2-05",   "The opcode is not defined."),
    ROW(fragmented_control,      1002, "6455-5.5-02",   "A control frame is fragmented."),
    ROW(unexpected_continuation, 1002, "6455-5.4-03",   "A continuation frame came while no message was in progress."),
    ROW(interleaved_message,     1002, "6455-5.4-04",   "A new message began inside another one."),
    ROW(missing_mask,            1002, "6455-5.1-02",   "A client's frame is not masked."),
    ROW(unexpected_mask,         1002, "6455-5.1-05",   "A server's frame is masked."),
    ROW(oversized_control,       1002, "6455-5.5-01",   "A control frame has more than 125 octets of payload."),
    ROW(non_minimal_length,      1002, "6455-5.2-09",   "The payload length is not in its shortest form."),
    ROW(length_high_bit,         1002, "6455-5.2-08",   "The payload length has its highest bit set."),
    ROW(frame_too_large,         1009, "6455-10.4-02",  "A frame is larger than this endpoint accepts."),
    ROW(message_too_large,       1009, "6455-10.4-01",  "A message is larger than this endpoint accepts."),
    ROW(too_many_fragments,      1008, "6455-7.4.1-08", "A message has more fragments than this endpoint accepts."),
    ROW(invalid_utf8,            1007, "6455-8.1-01",   "A text message is not UTF-8."),
    ROW(truncated_utf8,          1007, "6455-5.6-01",   "A text message ends inside a character."),
    ROW(malformed_deflate,       1007, "7692-7.2.2-01", "A compressed message does not inflate."),
    ROW(truncated_deflate,       1007, "7692-7.2.1-01", "A compressed message ends inside a block."),
    ROW(distance_too_far,        1007, "7692-7.2.1-14", "A compressed message refers back beyond the window that was agreed."),
    ROW(inflation_ratio,         1009, "6455-10.4-01",  "A compressed message grows more than this endpoint accepts."),
    ROW(truncated_close_code,    1002, "6455-5.5.1-02", "A Close frame has a body of one octet."),
    ROW(undefined_close_code,    1002, "6455-11.7-01",  "A close code is below 1000 or above 4999."),
    ROW(reserved_close_code,     1002, "6455-7.4.2-02", "A close code is reserved and must not be sent."),
    ROW(invalid_close_reason,    1007, "6455-5.5.1-03", "A close reason is not UTF-8."),

    ROW(malformed_request_line, 400, "9112-3-01",     "The request line is not method, target and HTTP version."),
    ROW(malformed_status_line, 1006, "9112-4-01",     "The status line is not HTTP version and status."),
    ROW(bare_line_feed,         400, "9112-2.1-01",   "A line of the head ends without a carriage return."),
    ROW(bare_carriage_return,   400, "9112-2.2-04",   "A carriage return stands alone in the head."),
    ROW(malformed_field,        400, "9112-5-01",     "A field line is not a name, a colon and a value."),
    ROW(space_before_colon,     400, "9112-5.1-01",   "White space stands between a field name and its colon."),
    ROW(folded_field,           400, "9112-5.2-02",   "A field is folded over several lines."),
    ROW(forbidden_octet,        400, "9110-5.5-02",   "The head holds a control character."),
    ROW(target_too_long,        414, "9112-3-03",     "The request line is longer than this endpoint accepts."),
    ROW(head_too_large,         431, "9110-5.4-01",   "The head is larger than this endpoint accepts."),
    ROW(too_many_fields,        431, "9110-5.4-01",   "The head has more fields than this endpoint accepts."),
    ROW(malformed_list,         400, "9110-5.6.1.2-02", "A list field has no element, too many empty ones, or one that breaks its grammar."),

    ROW(unsupported_http_version,  505, "9112-2.3-01",     "The HTTP version is 2.0 or later in a request line."),
    ROW(outdated_http_version,     400, "6455-4.2.1-06",   "The HTTP version is below 1.1."),
    ROW(method_not_get,            405, "6455-4.2.1-05",   "The method is not GET."),
    ROW(malformed_target,          400, "6455-4.2.1-07",   "The request target is neither a path nor an http or https URI."),
    ROW(missing_host,              400, "6455-4.2.1-08",   "There is no Host field."),
    ROW(repeated_host,             400, "9112-3.2-05",     "There are several Host fields."),
    ROW(invalid_host,              400, "9112-3.2-05",     "The Host field is empty or not a host and port."),
    ROW(unexpected_content,        400, "9112-6.3-03",     "The request announces content."),
    ROW(missing_upgrade,           426, "6455-4.2.1-09",   "The request does not ask for an upgrade to websocket."),
    ROW(missing_connection_option, 400, "6455-4.2.1-10",   "The Connection field lacks the option Upgrade."),
    ROW(missing_version,           400, "6455-4.2.1-12",   "There is no Sec-WebSocket-Version field."),
    ROW(malformed_version,         400, "6455-4.3-04",     "The Sec-WebSocket-Version field is repeated or not one number of 0 to 255."),
    ROW(unsupported_version,       426, "6455-4.2.2-09",   "The WebSocket version is not 13."),
    ROW(missing_key,               400, "6455-4.2.1-11",   "There is no Sec-WebSocket-Key field."),
    ROW(repeated_key,              400, "6455-11.3.1-01",  "There are several Sec-WebSocket-Key fields."),
    ROW(malformed_key,             400, "6455-4.2.1-11",   "The Sec-WebSocket-Key field is not 16 octets in base64."),
    ROW(repeated_origin,           400, "9110-5.3-01",     "There are several Origin fields."),
    ROW(malformed_subprotocols,    400, "6455-4.3-02",     "The Sec-WebSocket-Protocol field is not a list of tokens."),
    ROW(malformed_extensions,      400, "6455-9.1-01",     "The Sec-WebSocket-Extensions field breaks its grammar."),
    ROW(early_octets,              400, "6455-4.1-42",     "The client sent octets before it was answered."),

    ROW(late_pseudo_field,         400, "8441-4-01", "A pseudo-field stands behind an ordinary field."),
    ROW(unknown_pseudo_field,      400, "8441-4-01", "A pseudo-field is none of those that a request may have."),
    ROW(repeated_pseudo_field,     400, "8441-4-01", "A pseudo-field stands there twice."),
    ROW(missing_pseudo_field,      400, "8441-4-02", "The request lacks :method, :scheme or :path."),
    ROW(method_not_connect,        405, "8441-5-01", "The method is not CONNECT."),
    ROW(invalid_scheme,            400, "8441-5-03", "The :scheme is neither http nor https."),
    ROW(missing_authority,         400, "8441-5-05", "There is no :authority."),
    ROW(invalid_authority,         400, "8441-5-05", "The :authority is empty or not a host and port."),
    ROW(differing_host,            400, "8441-5-05", "A Host field differs from :authority."),
    ROW(missing_protocol,          400, "8441-5-01", "There is no :protocol."),
    ROW(unsupported_protocol,      501, "9220-3-02", "The :protocol is not websocket."),
    ROW(connection_specific_field, 400, "8441-5-04", "A field of one stream speaks of the whole connection."),

    ROW(response_outdated_http_version,      1006, "6455-4.1-54",    "The server answered 101 over HTTP/1.0."),
    ROW(response_missing_upgrade,            1006, "6455-4.1-46",    "The response has no Upgrade field."),
    ROW(response_wrong_upgrade,              1006, "6455-4.1-47",    "The response's Upgrade field is not websocket alone."),
    ROW(response_missing_connection_option,  1006, "6455-4.1-49",    "The response's Connection field lacks the option Upgrade."),
    ROW(response_missing_accept,             1006, "6455-4.1-50",    "The response has no Sec-WebSocket-Accept field."),
    ROW(response_repeated_accept,            1006, "6455-11.3.3-01", "The response has several Sec-WebSocket-Accept fields."),
    ROW(response_wrong_accept,               1006, "6455-4.1-51",    "The response's Sec-WebSocket-Accept does not fit the key that was sent."),
    ROW(response_unoffered_extension,        1006, "6455-4.1-52",    "The response names an extension that was not offered."),
    ROW(response_malformed_extensions,       1006, "6455-9.1-01",    "The response's Sec-WebSocket-Extensions field breaks its grammar or names too many."),
    ROW(response_repeated_extension,         1006, "7692-5-15",      "The response accepts permessage-deflate twice."),
    ROW(response_unknown_deflate_parameter,  1006, "7692-7-06",      "The response has a parameter that permessage-deflate does not define."),
    ROW(response_invalid_deflate_parameter,  1006, "7692-7-07",      "The response gives a parameter of permessage-deflate a value that it cannot have, or none."),
    ROW(response_repeated_deflate_parameter, 1006, "7692-7-08",      "The response has a parameter of permessage-deflate twice."),
    ROW(response_unsupported_deflate,        1006, "7692-7-09",      "The response settles permessage-deflate as no offer allowed."),
    ROW(response_repeated_subprotocol,       1006, "6455-11.3.4-02", "The response has several Sec-WebSocket-Protocol fields."),
    ROW(response_unoffered_subprotocol,      1006, "6455-4.1-53",    "The response names a subprotocol that was not offered."),
    ROW(response_missing_subprotocol,        1006, "6455-4.1-58",    "The response names no subprotocol, and the host requires one."),
    ROW(response_malformed_pseudo_fields,    1006, "8441-5-08",      "The response's pseudo-fields are not one :status of three digits, in front."),
    ROW(response_connection_specific_field,  1006, "8441-5-04",      "A field of the response speaks of the whole connection."),
};
// clang-format on

#undef ROW

consteval bool is_in_order() noexcept {
    for (std::size_t index = 0; index < std::size(table); ++index)
        if (static_cast<std::size_t>(table[index].violation) != index) return false;
    return std::size(table) == static_cast<std::size_t>(last) + 1;
}
static_assert(is_in_order(), "a row of the table is missing or out of place");

}  // namespace

const ViolationRow& describe(Violation violation) noexcept {
    return table[static_cast<std::size_t>(violation)];
}

const char* name_of(Violation violation) noexcept { return describe(violation).name; }

}  // namespace hawse
