// SPDX-License-Identifier: MIT
#include "connection/conversation.hpp"

#include "deflate/direction.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace hawse::connection {

namespace {

constexpr CloseCode code_of(Cause cause) noexcept {
    if (cause == Cause::idle_timeout) return CloseCode::going_away;
    if (cause == Cause::message_timeout) return CloseCode::policy_violation;
    if (cause == Cause::no_inflater) return CloseCode::try_again_later;
    return CloseCode::internal_error;
}

constexpr Cause cause_of(Refusal refusal) noexcept {
    return refusal == Refusal::no_entropy ? Cause::no_entropy : Cause::out_of_memory;
}

std::array<std::byte, 4> keepalive_payload(std::uint32_t serial) noexcept {
    return {static_cast<std::byte>(serial >> 24), static_cast<std::byte>(serial >> 16),
            static_cast<std::byte>(serial >> 8), static_cast<std::byte>(serial)};
}

// Who decodes would have to know what they mean.
std::uint8_t reserved_bits_of(const Config& config, const Agreement& agreement) noexcept {
    return config.delivery == Delivery::frames ? agreement.reserved_bits & rsv_bits
                                               : std::uint8_t{0};
}

// How each side compresses: with a window of 0 bits not at all. Nobody inflates what is passed on
// undecoded.
DeflateDirection peer_direction(const Config& config, const Agreement& agreement) noexcept {
    if (config.delivery == Delivery::frames) return {0, false};
    return deflate::peer_direction(agreement);
}
DeflateDirection own_direction(const Config& config, const Agreement& agreement) noexcept {
    if (config.delivery == Delivery::frames) return {0, false};
    return deflate::own_direction(config.deflate, agreement);
}

}  // namespace

Conversation::Conversation(const Config& config, const Agreement& agreement, Time now) noexcept
    : shared_{&config, nullptr}, receiver_(agreement.role, reserved_bits_of(config, agreement),
                                           peer_direction(config, agreement)),
      sender_(agreement.role, reserved_bits_of(config, agreement),
              own_direction(config, agreement)),
      deadlines_(now), role_(agreement.role) {}

Conversation::~Conversation() {
    receiver_.stop(shared_);
    receiver_.give_back(shared_);
    sender_.give_back();
}

// The peer's direction.

Refusal Conversation::receive(Bytes octets, Time now) noexcept {
    if (receiver_.holds_input()) return Refusal::unread_input;
    if (end_came_) return Refusal::transport_ended;
    deadlines_.touch(waits(), now);
    receiver_.end_landing(shared_);
    if (octets.empty()) return Refusal::none;
    deadlines_.hear();
    if (shared_.statistics != nullptr) shared_.statistics->received.wire_octets += octets.size();
    if (is_receiving(phase_)) receiver_.lend(octets);
    return Refusal::none;
}

std::size_t Conversation::landed(std::size_t size, Time now) noexcept {
    deadlines_.touch(waits(), now);
    size = receiver_.landed(shared_, size);
    watch_message();
    if (size != 0) deadlines_.hear();
    if (shared_.statistics != nullptr) shared_.statistics->received.wire_octets += size;
    return size;
}

Event Conversation::next_event() noexcept {
    receiver_.release_views(shared_);
    return pull();
}

std::size_t Conversation::next_events(std::span<Event> events) noexcept {
    receiver_.release_views(shared_);
    std::size_t count = 0;
    while (count < events.size()) {
        const Event event = pull();
        if (!event) break;
        events[count++] = event;
    }
    return count;
}

Event Conversation::pull() noexcept {
    while (is_receiving(phase_)) {
        Event event = receiver_.next(shared_);
        watch_message();
        if (event) {
            if (act_on(event)) return event;
        } else if (end_came_ && !receiver_.has_more()) {
            end_input();
        } else {
            return {};
        }
    }
    // What was lent before it may have ended the conversation.
    if (end_came_ && !input_ended_) end_input();
    return ending_event();
}

// What follows from an event; false when the host is not to see it, or to see the ending instead.
bool Conversation::act_on(Event& event) noexcept {
    switch (event.kind()) {
        case EventKind::message:
        case EventKind::part:
        case EventKind::frame:
            if (phase_ == Phase::open || shared_.config->deliver_after_close) return true;
            receiver_.drop_message(shared_);
            return false;
        case EventKind::ping: {
            if (phase_ != Phase::open && !shared_.config->pong_after_close) return true;
            const Refusal refusal = sender_.queue_pong(shared_, event.payload());
            if (refusal != Refusal::none) fail(cause_of(refusal));
            watch_output();
            return refusal == Refusal::none;
        }
        case EventKind::pong: take_pong(event.payload()); return true;
        case EventKind::closing:
            take_closing(event);
            event = event.answered_with(code_sent_);
            return !failed_;
        case EventKind::failed:
            if (event.cause() == Cause::violation)
                fail(Cause::violation, event.violation(),
                     CloseCode{describe(event.violation()).code});
            else
                fail(event.cause());
            [[fallthrough]];
        case EventKind::none:  // these do not come from a receiver
        case EventKind::request:
        case EventKind::response:
        case EventKind::opened:
        case EventKind::closed: break;
    }
    return false;
}

void Conversation::take_pong(ConstBytes payload) noexcept {
    const auto expected = keepalive_payload(keepalive_serial_);
    if (keepalive_handed_ == never ||
        !std::equal(payload.begin(), payload.end(), expected.begin(), expected.end()))
        return;
    if (shared_.statistics != nullptr)
        shared_.statistics->round_trip_nanoseconds =
            (deadlines_.clock() - keepalive_handed_).nanoseconds;
    keepalive_handed_ = never;
}

// The peer's Close: its code and reason are kept for the end, and ours follows unless it was sent.
// The code comes back without the reason; 1010 is not a server's to send.
void Conversation::take_closing(const Event& event) noexcept {
    const std::string_view reason = event.reason();
    if (!reason.empty() && !receiver_.keep_reason(shared_, reason))
        return fail(Cause::out_of_memory);
    if (phase_ == Phase::open) {
        const CloseCode code = event.code_received();
        const bool not_ours = role_ == Role::server && code == CloseCode::extension_required;
        const CloseCode reply = not_ours ? CloseCode::normal : code;
        const Refusal refusal = sender_.queue_close(shared_, reply, {});
        if (refusal != Refusal::none) {
            receiver_.forget_reason();
            return fail(cause_of(refusal));
        }
        code_sent_ = reply;
        reply_may_change_ = true;
        deadlines_.ending.start(deadlines_.clock());
    }
    code_received_ = event.code_received();
    reason_size_ = static_cast<std::uint8_t>(reason.size());  // not before: a failure tells neither
    exchanged_ = true;
    phase_ = after(phase_, Moment::peer_closes);
    deadlines_.receiving = false;
    receiver_.stop(shared_);
    watch_output();
    settle();
}

Bytes Conversation::unread() noexcept {
    const Bytes octets = receiver_.unread();
    if (shared_.statistics != nullptr)
        shared_.statistics->received.wire_octets -=
            std::min<std::uint64_t>(octets.size(), shared_.statistics->received.wire_octets);
    return octets;
}

void Conversation::receive_end(TransportEnd end, Time now) noexcept {
    deadlines_.touch(waits(), now);
    // An orderly end may still be followed by a break, found when we write.
    if (end_came_ && (end_broken_ || end == TransportEnd::orderly)) return;
    end_came_ = true;
    end_broken_ = end == TransportEnd::broken;
    if (!is_receiving(phase_) || !receiver_.has_more()) end_input();
}

void Conversation::end_input() noexcept {
    input_ended_ = true;
    if (phase_ == Phase::closed) return;
    const Moment moment = end_broken_ ? Moment::transport_breaks : Moment::input_ends;
    if (after(phase_, moment) == Phase::closed)
        finish(moment, end_broken_ ? Cause::transport_broken : Cause::transport_ended);
    else
        settle();
}

Event Conversation::ending_event() noexcept {
    const Event::Ending ending{code_received_, code_sent_, cause_, violation_};
    if (failed_to_tell_) {
        failed_to_tell_ = false;
        return {EventKind::failed, 0, {}, ending};
    }
    if (closed_to_tell_) {
        closed_to_tell_ = false;
        const ConstBytes reason = as_bytes(receiver_.reason(reason_size_));
        return {EventKind::closed, clean_ ? Event::clean_flag : 0U, reason, ending};
    }
    return {};
}

// Output.

std::size_t Conversation::gather(std::span<Slice> slices) noexcept {
    return sender_.gather(shared_, slices);
}

void Conversation::hand_over(std::size_t size, Time now) noexcept {
    deadlines_.touch(waits(), now);
    take_output(std::min(size, sender_.shown_size()));
}

// The transport has it. Behind the end nothing is shown, and what is acknowledged is memory alone.
void Conversation::take_output(std::size_t size) noexcept {
    if (size == 0) return;
    if (sender_.hand_over(shared_, size)) {
        deadlines_.ping_queued = false;
        deadlines_.pinged.start(deadlines_.clock());
        keepalive_handed_ = deadlines_.clock();
    }
    deadlines_.stalled.start(deadlines_.clock());
}

void Conversation::release(std::size_t size) noexcept {
    size = std::min(size, sender_.handed_size());
    if (size == 0) return;
    sender_.release(size);
    if (phase_ == Phase::closed) return;
    if (awaits_transport())
        deadlines_.stalled.start(deadlines_.clock());
    else
        deadlines_.stalled.stop();
    watch_output();
    settle();
}

// Behind octets that are still in flight nothing is free yet: reusable() will tell of all of them.
void Conversation::wrote(std::size_t size, Time now) noexcept {
    const bool alone = sender_.handed_size() == 0 || phase_ == Phase::closed;
    hand_over(size, now);
    if (alone) release(size);
}

std::size_t Conversation::write_output(Bytes into, Time now) noexcept {
    deadlines_.touch(waits(), now);
    if (sender_.handed_size() != 0) return 0;
    const std::size_t size = sender_.copy_into(shared_, into);
    take_output(size);
    release(size);
    return size;
}

// Output that waits is watched from the next time we are told. While there is too much of it, no
// input is wanted, and the peer cannot be blamed for silence.
void Conversation::watch_output() noexcept {
    if (phase_ == Phase::open) deadlines_.receive(!is_full());
    if (!deadlines_.stalled.runs() && awaits_transport()) deadlines_.stalled.start_soon();
}

// A message in progress is to come to its end in time.
void Conversation::watch_message() noexcept {
    if (!receiver_.is_in_message())
        deadlines_.message.stop();
    else if (!deadlines_.message.runs())
        deadlines_.message.start(deadlines_.clock());
}

// What waits for the host to end a frame does not wait for the transport.
bool Conversation::awaits_transport() const noexcept {
    return sender_.has_output(shared_) || sender_.handed_size() != 0;
}

void Conversation::write_ended(Time now) noexcept {
    deadlines_.touch(waits(), now);
    phase_ = after(phase_, Moment::write_ended);
}

// Endings.

void Conversation::end(Cause cause, Time now) noexcept {
    deadlines_.touch(waits(), now);
    finish(Moment::we_abort, cause);
}

void Conversation::fail(Cause cause) noexcept { fail(cause, Violation::none, code_of(cause)); }

// One failure, at most one Close frame, and nothing more is received. RFC 6455 §7.1.7
void Conversation::fail(Cause cause, Violation violation, CloseCode code) noexcept {
    assert(is_receiving(phase_));
    const bool close_was_sent = phase_ == Phase::close_sent;
    phase_ = after(phase_, Moment::we_fail);
    failed_ = true;
    failed_to_tell_ = true;
    cause_ = cause;
    violation_ = violation;
    if (!close_was_sent && !sender_.is_inside_frame() &&
        sender_.queue_close(shared_, code, {}) == Refusal::none)
        code_sent_ = code;
    if (!deadlines_.ending.runs()) deadlines_.ending.start(deadlines_.clock());
    deadlines_.receiving = false;
    receiver_.stop(shared_);
    watch_output();
    settle();
}

// When all output is through, who ends the transport? The server does, and either side after a
// failure; but not before what the peer still sends was read, or our Close is lost with a reset. A
// client that closed cleanly waits for the server. RFC 6455 §7.1.1
void Conversation::settle() noexcept {
    const bool ends = phase_ == Phase::exchanged || phase_ == Phase::failed;
    if (!ends || awaits_transport()) return;
    // Behind a frame that will not be ended nothing can go out; one that may be is waited for.
    if (sender_.is_inside_frame() && phase_ == Phase::exchanged) return;
    if (input_ended_) return finish(Moment::drained_to_close, Cause::none);
    if (role_ == Role::client && !failed_) {
        phase_ = after(phase_, Moment::drained_to_await);
        return;
    }
    if (waits().linger <= Duration{}) return finish(Moment::drained_to_close, Cause::none);
    phase_ = after(phase_, Moment::drained_to_end);
    deadlines_.lingering = true;
    deadlines_.ending.start(deadlines_.clock());
}

void Conversation::finish(Moment moment, Cause cause) noexcept {
    if (phase_ == Phase::closed) return;
    clean_ = exchanged_ && sender_.held_size() == 0;  // what has failed exchanges nothing
    if (!clean_ && cause_ == Cause::none) cause_ = cause;
    phase_ = after(phase_, moment);
    closed_to_tell_ = true;
    sender_.drop();
    receiver_.stop(shared_);
    deadlines_.receiving = false;
    deadlines_.ending.stop();
    deadlines_.stalled.stop();
}

// What now.

Wants Conversation::wants() const noexcept {
    unsigned bits = 0;
    if (phase_ == Phase::closed) {
        if (!closed_to_tell_) bits |= Wants::close_bit;  // it is told last
        return Wants(bits);
    }
    if (!end_came_ && !is_full()) bits |= Wants::read_bit;
    if (sender_.has_output(shared_)) bits |= Wants::write_bit;
    if (phase_ == Phase::ending) bits |= Wants::end_write_bit;
    return Wants(bits);
}

bool Conversation::is_full() const noexcept {
    return is_receiving(phase_) && sender_.held_size() > shared_.config->limits.output_high;
}

State Conversation::state() const noexcept {
    if (failed_) return State::failed;
    if (phase_ == Phase::open) return State::open;
    return phase_ == Phase::closed ? State::closed : State::closing;
}

void Conversation::advance(Time now) noexcept {
    deadlines_.touch(waits(), now);
    for (Overdue overdue; (overdue = deadlines_.overdue(waits())) != Overdue::nothing;)
        act_on_overdue(overdue);
    deadlines_.touch(waits(), now);  // what that has begun, begins now
}

// Each of these ends its own wait, so that advance() ends.
void Conversation::act_on_overdue(Overdue overdue) noexcept {
    switch (overdue) {
        case Overdue::ping: return send_keepalive();
        case Overdue::pong: return fail(Cause::pong_timeout);
        case Overdue::idle: return fail(Cause::idle_timeout);
        case Overdue::message: return fail(Cause::message_timeout);
        case Overdue::close: return finish(Moment::time_runs_out, Cause::close_timeout);
        case Overdue::write_stall: return finish(Moment::time_runs_out, Cause::write_stalled);
        case Overdue::linger: finish(Moment::time_runs_out, Cause::none); [[fallthrough]];
        case Overdue::nothing: break;
    }
}

void Conversation::send_keepalive() noexcept {
    const auto payload = keepalive_payload(++keepalive_serial_);
    const Refusal refusal = sender_.queue_ping(shared_, ControlFrame::Kind::keepalive, payload);
    if (refusal != Refusal::none) return fail(cause_of(refusal));
    deadlines_.ping_queued = true;
    keepalive_handed_ = never;
    watch_output();
}

}  // namespace hawse::connection
