// SPDX-License-Identifier: MIT
// The conversation's calls in our direction: what is still allowed, and what follows for phase and waits.
#include "connection/conversation.hpp"

#include "hawse/utf8.hpp"

namespace hawse::connection {

Refusal Conversation::send(MessageKind kind, ConstBytes octets, Send choice) noexcept {
    if (!may_send()) return Refusal::not_open;
    const Refusal refusal = sender_.send(shared_, kind, octets, choice);
    watch_output();
    return refusal;
}

Refusal Conversation::send_lent(MessageKind kind, ConstBytes octets, Token token,
                                Send choice) noexcept {
    if (!may_send()) return Refusal::not_open;
    const Refusal refusal = sender_.send_lent(shared_, kind, octets, token, choice);
    watch_output();
    return refusal;
}

Refusal Conversation::send_lent_mutable(MessageKind kind, Bytes octets, Token token,
                                        Send choice) noexcept {
    if (!may_send()) return Refusal::not_open;
    const Refusal refusal = sender_.send_lent_mutable(shared_, kind, octets, token, choice);
    watch_output();
    return refusal;
}

Refusal Conversation::send_prepared(prepared::Content* content) noexcept {
    if (!may_send()) return Refusal::not_open;
    if (content == nullptr) return Refusal::nothing_prepared;
    const Refusal refusal = sender_.send_prepared(shared_, *content);
    watch_output();
    return refusal;
}

Refusal Conversation::send_begin(MessageKind kind, Send choice) noexcept {
    return may_send() ? sender_.send_begin(kind, choice) : Refusal::not_open;
}

Refusal Conversation::send_part(ConstBytes octets, bool last) noexcept {
    if (!may_send()) return Refusal::not_open;
    const Refusal refusal = sender_.send_part(shared_, octets, last);
    watch_output();
    return refusal;
}

// A frame that was begun may be ended behind a Close that waits for it.
Refusal Conversation::send_frame(std::uint8_t first_octet, ConstBytes octets,
                                 std::uint64_t left) noexcept {
    const bool ends_frame = sender_.is_inside_frame() && !failed_;
    if (!may_send() && !ends_frame) return Refusal::not_open;
    const Refusal refusal = sender_.send_frame(shared_, first_octet, octets, left);
    watch_output();
    return refusal;
}

Refusal Conversation::ping(ConstBytes octets) noexcept {
    if (!may_send()) return Refusal::not_open;
    if (octets.size() > control_payload_size_max) return Refusal::control_too_long;
    const Refusal refusal = sender_.queue_ping(shared_, ControlFrame::Kind::ping, octets);
    watch_output();
    return refusal;
}

Refusal Conversation::close(CloseCode code, std::string_view reason) noexcept {
    const bool reply = phase_ == Phase::exchanged && reply_may_change_;
    if (phase_ != Phase::open && !reply) return Refusal::none;
    if (code == CloseCode::no_code ? !reason.empty() : !is_close_code_sendable(code, role_))
        return Refusal::invalid_close_code;
    if (reason.size() > close_reason_size_max) return Refusal::reason_too_long;
    if (!is_utf8(as_bytes(reason))) return Refusal::invalid_text;
    const Refusal refusal = sender_.queue_close(shared_, code, reason);
    if (refusal != Refusal::none) return refusal;
    code_sent_ = code;
    if (!reply) {
        phase_ = after(phase_, Moment::we_close);
        deadlines_.ending.start_soon();
        deadlines_.receiving = false;  // from here on the close wait alone counts
    }
    watch_output();
    return refusal;
}

}  // namespace hawse::connection
