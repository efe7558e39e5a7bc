// SPDX-License-Identifier: MIT
#include "connection/receiver.hpp"

#include "hawse/close_payload.hpp"
#include "frame/rules.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace hawse::connection {

namespace {

constexpr std::size_t close_code_size = 2;

}  // namespace

Event Receiver::next(const Shared& shared) noexcept {
    if (later_ != Violation::none) return failure(later_);
    if (message_landed_) return tell_message(shared.config->pool);
    for (;;) {
        if (stage_ == Stage::header) {
            if (!holds_input()) break;
            if (const Event event = next_whole_message(shared)) return event;
            if (const Violation fault = take_header(shared.config->limits);
                fault != Violation::none)
                return failure(fault);
            if (stage_ == Stage::header) break;
        }
        const Event event = is_control(opcode()) ? take_control(shared) : take_data(shared);
        if (event) return event;
        if (stage_ == Stage::payload) break;
    }
    return {};
}

// The common case, in one place: a message in one frame that lies in the input as a whole. It is
// judged, unmasked, validated and lent out without touching any resumable state. Whatever is not so,
// faults included, is left to the steps below, which find it again.
Event Receiver::next_whole_message(const Shared& shared) noexcept {
    if (header_size_ != 0 || in_message_ || shared.config->delivery == Delivery::frames) return {};
    const Limits& limits = shared.config->limits;
    const ConstBytes input{at_, end_};
    FrameHeader header;
    const std::size_t size = read_frame_header(input, header).size;
    if (size == 0 || input.size() - size < header.payload_size) return {};
    const bool text = header.first == 0x81;  // FIN, no reserved bit, text
    if (!text && header.first != 0x82) return {};
    if (header.masked() != peer_masks_ || limits.fragment_count_max == 0) return {};
    if (header.payload_size > std::min(limits.message_size_max, limits.frame_size_max)) return {};

    std::byte* const octets = at_ + size;
    const Bytes payload{octets, static_cast<std::size_t>(header.payload_size)};
    if (peer_masks_) apply_mask(payload, header.key);
    if (text && !is_utf8(payload)) {
        if (peer_masks_) apply_mask(payload, header.key);  // undone: the steps below unmask again
        return {};
    }
    at_ = octets + payload.size();
    if (shared.statistics != nullptr) {
        ++shared.statistics->received.frames;
        ++shared.statistics->received.messages;
        shared.statistics->received.payload_octets += payload.size();
    }
    const unsigned kind = text ? Event::text_flag : 0U;
    if (shared.config->delivery == Delivery::messages)
        return {EventKind::message, kind | Event::in_place_flag, payload};
    return {EventKind::part, kind | Event::in_place_flag | Event::first_flag | Event::last_flag,
            payload};
}

// Headers.

// Takes octets until `size` of the header are there.
bool Receiver::take_header_octets(std::size_t size) noexcept {
    const std::size_t input = static_cast<std::size_t>(end_ - at_);
    const std::size_t taken = std::min(size - header_size_, input);
    if (taken != 0) std::memcpy(header_octets_ + header_size_, at_, taken);
    header_size_ = static_cast<std::uint8_t>(header_size_ + taken);
    at_ += taken;
    return header_size_ == size;
}

// Judges a header as early as its octets allow; the stage moves on when all are there.
Violation Receiver::take_header(const Limits& limits) noexcept {
    frame::Circumstances now{
        .peer_masks = peer_masks_,
        .message_in_progress = in_message_,
        .reserved_bits = reserved_bits_,
        .fragments_left = limits.fragment_count_max - (in_message_ ? fragment_count_ : 0),
        .message_left = UINT64_MAX,
        .frame_size_max = limits.frame_size_max,
    };
    FrameHeader header;
    if (header_size_ < 1) {
        (void)take_header_octets(1);  // there is one
        header.first = std::to_integer<std::uint8_t>(header_octets_[0]);
        const Violation fault = frame::check_first_octet(header, now);
        if (fault != Violation::none) return fault;
    }
    if (header_size_ < 2) {
        if (!take_header_octets(2)) return Violation::none;
        (void)read_frame_header({header_octets_, 2}, header);
        const Violation fault = frame::check_second_octet(header, now);
        if (fault != Violation::none) return fault;
    }
    for (;;) {
        const FrameHeaderRead read = read_frame_header({header_octets_, header_size_}, header);
        if (read.violation != Violation::none) return read.violation;
        if (header_size_ >= 2 + header.extended_size()) {
            // A compressed message is measured when it is inflated, and not before.
            if (!will_inflate(header))
                now.message_left = limits.message_size_max - (in_message_ ? message_size_ : 0);
            const Violation fault = frame::check_size(header, now);
            if (fault != Violation::none) return fault;
        }
        if (read.size != 0) break;
        if (!take_header_octets(read.needed)) return Violation::none;
    }
    begin_frame(header);
    return Violation::none;
}

void Receiver::begin_frame(const FrameHeader& header) noexcept {
    stage_ = Stage::payload;
    header_size_ = 0;
    control_size_ = 0;
    first_octet_ = header.first;
    key_ = header.key;
    frame_left_ = header.payload_size;
    if (is_control(opcode())) return;
    if (opcode() != Opcode::continuation) {
        compressed_ = will_inflate(header);
        in_message_ = true;
        text_ = opcode() == Opcode::text;
        told_ = false;
        validator_ = {};
        message_size_ = 0;
        fragment_count_ = 0;
        stored_size_ = 0;
    }
    ++fragment_count_;
    message_size_ = std::min(message_size_, UINT64_MAX - header.payload_size) + header.payload_size;
}

void Receiver::end_frame(const Shared& shared) noexcept {
    const bool control = is_control(opcode());
    stage_ = Stage::header;
    if (!control && fin()) in_message_ = false;
    if (shared.statistics == nullptr) return;
    ++shared.statistics->received.frames;
    if (!control && fin()) ++shared.statistics->received.messages;
}

// Control frames.

Event Receiver::take_control(const Shared& shared) noexcept {
    const auto input = static_cast<std::size_t>(end_ - at_);
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(input, frame_left_));
    if (control_size_ == 0 && taken == frame_left_) {
        const Bytes payload{at_, taken};
        if (peer_masks_) apply_mask(payload, key_);
        at_ += taken;
        end_frame(shared);
        return control_event(shared, payload, true);
    }
    if (input == 0 || control_shown_) return {};
    if (control_place_ == nullptr && shared.config->pool != nullptr)
        control_place_ = shared.config->pool->lease(control_payload_size_max);
    if (control_place_ == nullptr) return failure(Cause::out_of_memory);
    copy_masked(control_place_ + control_size_, {at_, taken}, peer_masks_ ? key_ : MaskKey{});
    pass(taken);
    control_size_ = static_cast<std::uint8_t>(control_size_ + taken);
    if (frame_left_ != 0) return {};
    control_shown_ = true;
    end_frame(shared);
    return control_event(shared, {control_place_, control_size_}, false);
}

// Octets of the frame's payload are taken from the input.
void Receiver::pass(std::size_t size) noexcept {
    at_ += size;
    frame_left_ -= size;
    key_ = key_.advanced(size);
}

Event Receiver::control_event(const Shared& shared, ConstBytes payload, bool in_place) noexcept {
    const unsigned flags = in_place ? Event::in_place_flag : 0U;
    if (opcode() == Opcode::pong) {
        if (shared.statistics != nullptr) ++shared.statistics->pongs_received;
        return {EventKind::pong, flags, payload};
    }
    if (opcode() == Opcode::ping) {
        if (shared.statistics != nullptr) ++shared.statistics->pings_received;
        return {EventKind::ping, flags, payload};
    }
    ClosePayload close;
    if (const Violation fault = read_close_payload(payload, close); fault != Violation::none)
        return failure(fault);
    const unsigned dropped = in_message_ ? Event::message_dropped_flag : 0U;
    return {EventKind::closing, flags | dropped, as_bytes(close.reason), {.received = close.code}};
}

// Data frames.

Event Receiver::take_data(const Shared& shared) noexcept {
    if (compressed_) return take_compressed(shared);
    const auto input = static_cast<std::size_t>(end_ - at_);
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(input, frame_left_));
    if (taken == 0 && frame_left_ != 0) return {};
    const Delivery delivery = shared.config->delivery;
    const bool whole = taken == message_size_ && fin();
    if (delivery == Delivery::messages && !whole && message_shown_) return {};

    const Bytes octets{at_, taken};
    if (peer_masks_) apply_mask(octets, key_);
    pass(taken);
    if (shared.statistics != nullptr) shared.statistics->received.payload_octets += taken;
    switch (delivery) {
        case Delivery::parts: return take_part(shared, octets);
        case Delivery::frames: return take_frame(shared, octets);
        case Delivery::messages: break;
    }
    return take_for_message(shared, octets);
}

Event Receiver::take_frame(const Shared& shared, ConstBytes octets) noexcept {
    const unsigned flags = kind_flag() | Event::in_place_flag | (told_ ? 0U : Event::first_flag) |
                           (frame_left_ == 0 ? Event::last_flag : 0U);
    told_ = frame_left_ != 0;
    if (frame_left_ == 0) end_frame(shared);
    return {flags, octets, first_octet_};
}

// Octets that are good are told before the fault behind them, wherever the input was cut.
Event Receiver::fail_later(Violation violation, Event now) noexcept {
    if (!now) return failure(violation);
    later_ = violation;
    return now;
}

Event Receiver::take_part(const Shared& shared, ConstBytes octets) noexcept {
    const std::size_t valid = text_ ? validator_.take(octets) : octets.size();
    const bool invalid = valid < octets.size();
    const bool truncated = !invalid && ends_message() && text_ && !validator_.complete();
    const bool last = !invalid && !truncated && ends_message();
    const unsigned flags = kind_flag() | Event::in_place_flag | (told_ ? 0U : Event::first_flag) |
                           (last ? Event::last_flag : 0U);
    const bool tells = valid != 0 || last;
    const Event part = tells ? Event{EventKind::part, flags, octets.first(valid)} : Event{};
    told_ = told_ || tells;
    if (invalid) return fail_later(Violation::invalid_utf8, part);
    if (truncated) return fail_later(Violation::truncated_utf8, part);
    if (frame_left_ == 0) end_frame(shared);
    return part;
}

Event Receiver::take_for_message(const Shared& shared, ConstBytes octets) noexcept {
    if (text_ && validator_.take(octets) < octets.size()) return failure(Violation::invalid_utf8);
    const bool last = ends_message();
    if (last && text_ && !validator_.complete()) return failure(Violation::truncated_utf8);
    const bool in_place = last && stored_size_ == 0 && !host_place_;
    if (!in_place && !store(shared.config->pool, octets)) return failure(Cause::out_of_memory);
    if (frame_left_ == 0) end_frame(shared);
    if (!last) return {};
    if (in_place) return {EventKind::message, kind_flag() | Event::in_place_flag, octets};
    return tell_message(shared.config->pool);
}

// From the place it was stored in: the host's, which is forgotten, or ours.
Event Receiver::tell_message(Pool* pool) noexcept {
    const ConstBytes message{message_place_, stored_size_};
    message_landed_ = false;
    message_shown_ = !host_place_;
    if (message_shown_) return {EventKind::message, kind_flag(), message};
    give_back_message_place(pool);
    return {EventKind::message, kind_flag() | Event::in_place_flag, message};
}

bool Receiver::store(Pool* pool, ConstBytes octets) noexcept {
    if (octets.empty()) return true;
    const std::size_t needed = stored_size_ + octets.size();
    if (needed > message_capacity_ && !grow_place(pool, needed)) return false;
    std::memcpy(stored_end(), octets.data(), octets.size());
    stored_size_ = needed;
    return true;
}

// To less than twice the octets that have arrived; never to a declared length.
bool Receiver::grow_place(Pool* pool, std::size_t size) noexcept {
    std::byte* const place = pool == nullptr ? nullptr : pool->lease(size);
    if (place == nullptr) return false;
    if (stored_size_ != 0) std::memcpy(place, message_place_, stored_size_);
    give_back_message_place(pool);
    message_place_ = place;
    message_capacity_ = Pool::block_size(size);
    return true;
}

// Landing.

std::size_t Receiver::landing_size() const noexcept {
    return static_cast<std::size_t>(
        std::min<std::uint64_t>(message_capacity_ - stored_size_, frame_left()));
}

Bytes Receiver::landing(const Shared& shared) noexcept {
    const bool expected =
        in_message_ && !compressed_ && frame_left() != 0 && message_place_ != nullptr;
    if (!expected || message_shown_ || has_more()) return {};
    const bool full = stored_size_ == message_capacity_;
    if (full && !grow_place(shared.config->pool, stored_size_ + 1)) return {};
    landing_lent_ = true;
    return {stored_end(), landing_size()};
}

// Judged at once, as far as that needs no pull, so that other octets may be lent behind these.
std::size_t Receiver::landed(const Shared& shared, std::size_t size) noexcept {
    if (!landing_lent_) return 0;
    size = std::min(size, landing_size());
    end_landing(shared);
    if (stopped_) return size;
    const Bytes octets{stored_end(), size};
    if (peer_masks_) apply_mask(octets, key_);
    key_ = key_.advanced(size);
    frame_left_ -= size;
    stored_size_ += size;
    if (shared.statistics != nullptr) shared.statistics->received.payload_octets += size;
    if (text_ && validator_.take(octets) < size) later_ = Violation::invalid_utf8;
    if (frame_left_ != 0) return size;
    if (fin() && text_ && later_ == Violation::none && !validator_.complete())
        later_ = Violation::truncated_utf8;
    if (later_ != Violation::none) return size;  // as in receive(), it does not count as a message
    message_landed_ = fin();
    end_frame(shared);
    return size;
}

// A place that outlived the conversation for its loan goes with it.
void Receiver::end_landing(const Shared& shared) noexcept {
    if (landing_lent_ && stopped_) give_back_message_place(shared.config->pool);
    landing_lent_ = false;
}

Refusal Receiver::land_in(const Shared& shared, Bytes place) noexcept {
    if (stopped_ || !in_message_ || later_ != Violation::none ||
        shared.config->delivery != Delivery::messages)
        return Refusal::no_message_in_progress;
    if (message_shown_) return Refusal::unread_input;
    if (place.size() < (compressed_ ? stored_size_ : message_size_))
        return Refusal::place_too_small;
    // Place and place before may be one memory.
    if (stored_size_ != 0) std::memmove(place.data(), message_place_, stored_size_);
    give_back_message_place(shared.config->pool);
    message_place_ = place.data();
    message_capacity_ = place.size();
    host_place_ = true;
    landing_lent_ = false;
    return Refusal::none;
}

// The loan and the places.

void Receiver::give_back_message_place(Pool* pool) noexcept {
    if (message_place_ != nullptr && !host_place_)
        pool->give_back(message_place_, message_capacity_);
    message_place_ = nullptr;
    message_capacity_ = 0;
    host_place_ = false;
}

Bytes Receiver::unread() noexcept {
    const Bytes untouched{at_, end_};
    at_ = end_ = nullptr;
    return untouched;
}

void Receiver::release_views(const Shared& shared) noexcept {
    drop_message(shared);
    if (control_shown_) give_back_control_place(shared);
}

void Receiver::drop_message(const Shared& shared) noexcept {
    if (!message_shown_) return;
    give_back_message_place(shared.config->pool);
    message_shown_ = false;
}

void Receiver::stop(const Shared& shared) noexcept {
    stopped_ = true;
    in_message_ = false;
    inflates_on_ = false;
    give_back_inbound();
    later_ = Violation::none;
    at_ = end_ = nullptr;
    // What was lent to be read into may be read into yet.
    if (!message_shown_ && !landing_lent_) give_back_message_place(shared.config->pool);
    if (!control_shown_ && !reason_kept_) give_back_control_place(shared);
}

void Receiver::give_back(const Shared& shared) noexcept {
    end_landing(shared);
    drop_message(shared);
    give_back_control_place(shared);
}

void Receiver::give_back_control_place(const Shared& shared) noexcept {
    if (control_place_ != nullptr)
        shared.config->pool->give_back(control_place_, control_payload_size_max);
    control_place_ = nullptr;
    control_shown_ = false;
}

// No control frame comes behind a Close, so its place serves.
bool Receiver::keep_reason(const Shared& shared, std::string_view reason) noexcept {
    if (control_place_ == nullptr) {
        if (shared.config->pool != nullptr)
            control_place_ = shared.config->pool->lease(control_payload_size_max);
        if (control_place_ == nullptr) return false;
        std::memcpy(control_place_ + close_code_size, reason.data(), reason.size());
    }
    control_shown_ = false;
    reason_kept_ = true;
    return true;
}

std::string_view Receiver::reason(std::size_t size) const noexcept {
    if (!reason_kept_) return {};
    return as_text(ConstBytes{control_place_ + close_code_size, size});
}

}  // namespace hawse::connection
