// SPDX-License-Identifier: MIT
#include "connection/receiver.hpp"

#include "hawse/close_payload.hpp"
#include "frame/rules.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace hawse::connection {

namespace {

Event failure(Violation violation) noexcept {
    return {EventKind::failed, 0, {}, {.cause = Cause::violation, .violation = violation}};
}

Event failure(Cause cause) noexcept { return {EventKind::failed, 0, {}, {.cause = cause}}; }

}  // namespace

Event Receiver::next(const Shared& shared) noexcept {
    if (later_ != Violation::none) return failure(later_);
    while (!stopped_) {
        if (stage_ == Stage::header) {
            if (!holds_input()) break;
            if (const Event event = next_whole_message(shared)) return event;
            if (const Violation fault = take_header(shared.config->limits);
                fault != Violation::none)
                return failure(fault);
            if (stage_ == Stage::header) break;
            begin_frame();
        }
        const Event event = is_control(header_.opcode()) ? take_control(shared) : take_data(shared);
        if (event) return event;
        if (stage_ == Stage::payload) break;
    }
    return {};
}

// The common case, in one place: a message in one frame that lies in the input as a whole. It is
// judged, unmasked, validated and lent out without touching any resumable state. Whatever is not so,
// faults included, is left to the steps below, which find it again.
Event Receiver::next_whole_message(const Shared& shared) noexcept {
    if (header_size_ != 0 || in_message_) return {};
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
    const frame::Circumstances now{
        .peer_masks = peer_masks_,
        .message_in_progress = in_message_,
        .rsv1_has_meaning = false,
        .fragments_left = limits.fragment_count_max - (in_message_ ? fragment_count_ : 0),
        .message_left = limits.message_size_max - (in_message_ ? message_size_ : 0),
        .frame_size_max = limits.frame_size_max,
    };
    if (header_size_ < 1) {
        if (!take_header_octets(1)) return Violation::none;
        header_.first = std::to_integer<std::uint8_t>(header_octets_[0]);
        const Violation fault = frame::check_first_octet(header_, now);
        if (fault != Violation::none) return fault;
    }
    if (header_size_ < 2) {
        if (!take_header_octets(2)) return Violation::none;
        header_.second = std::to_integer<std::uint8_t>(header_octets_[1]);
        const Violation fault = frame::check_second_octet(header_, now);
        if (fault != Violation::none) return fault;
    }
    for (;;) {
        const FrameHeaderRead read = read_frame_header({header_octets_, header_size_}, header_);
        if (read.violation != Violation::none) return read.violation;
        if (header_size_ >= 2 + header_.extended_size()) {
            const Violation fault = frame::check_size(header_, now);
            if (fault != Violation::none) return fault;
        }
        if (read.size != 0) break;
        if (!take_header_octets(read.needed)) return Violation::none;
    }
    stage_ = Stage::payload;
    return Violation::none;
}

void Receiver::begin_frame() noexcept {
    header_size_ = 0;
    frame_left_ = header_.payload_size;
    control_size_ = 0;
    if (is_control(header_.opcode())) return;
    if (header_.opcode() != Opcode::continuation) {
        in_message_ = true;
        text_ = header_.opcode() == Opcode::text;
        part_told_ = false;
        validator_ = {};
        message_size_ = 0;
        fragment_count_ = 0;
        stored_size_ = 0;
    }
    ++fragment_count_;
    message_size_ += header_.payload_size;
}

void Receiver::end_frame(const Shared& shared) noexcept {
    const bool control = is_control(header_.opcode());
    stage_ = Stage::header;
    if (!control && header_.fin()) in_message_ = false;
    if (shared.statistics == nullptr) return;
    ++shared.statistics->received.frames;
    if (control) return;
    shared.statistics->received.payload_octets += header_.payload_size;
    if (header_.fin()) ++shared.statistics->received.messages;
}

// Control frames.

Event Receiver::take_control(const Shared& shared) noexcept {
    const auto size = static_cast<std::size_t>(header_.payload_size);
    const auto input = static_cast<std::size_t>(end_ - at_);
    if (control_size_ == 0 && input >= size) {
        const Bytes payload{at_, size};
        if (peer_masks_) apply_mask(payload, header_.key);
        at_ += size;
        end_frame(shared);
        return control_event(shared, payload, true);
    }
    if (input == 0 || control_shown_) return {};
    if (control_place_ == nullptr && shared.config->pool != nullptr)
        control_place_ = shared.config->pool->lease(control_payload_size_max);
    if (control_place_ == nullptr) return failure(Cause::out_of_memory);
    const std::size_t taken = std::min(size - control_size_, input);
    const MaskKey key = peer_masks_ ? header_.key.advanced(control_size_) : MaskKey{};
    copy_masked(control_place_ + control_size_, {at_, taken}, key);
    at_ += taken;
    control_size_ = static_cast<std::uint8_t>(control_size_ + taken);
    if (control_size_ < size) return {};
    control_shown_ = true;
    end_frame(shared);
    return control_event(shared, {control_place_, size}, false);
}

Event Receiver::control_event(const Shared& shared, ConstBytes payload, bool in_place) noexcept {
    const unsigned flags = in_place ? Event::in_place_flag : 0U;
    if (header_.opcode() == Opcode::pong) {
        if (shared.statistics != nullptr) ++shared.statistics->pongs_received;
        return {EventKind::pong, flags, payload};
    }
    if (header_.opcode() == Opcode::ping) {
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
    const auto input = static_cast<std::size_t>(end_ - at_);
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(input, frame_left_));
    if (taken == 0 && frame_left_ != 0) return {};
    const bool parts = shared.config->delivery == Delivery::parts;
    const bool whole = taken == message_size_ && header_.fin();
    if (!parts && !whole && message_shown_) return {};

    const Bytes octets{at_, taken};
    if (peer_masks_) apply_mask(octets, header_.key.advanced(header_.payload_size - frame_left_));
    at_ += taken;
    frame_left_ -= taken;
    return parts ? take_part(shared, octets) : take_for_message(shared, octets);
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
    const unsigned flags = kind_flag() | Event::in_place_flag |
                           (part_told_ ? 0U : Event::first_flag) | (last ? Event::last_flag : 0U);
    const bool tells = valid != 0 || last;
    const Event part = tells ? Event{EventKind::part, flags, octets.first(valid)} : Event{};
    part_told_ = part_told_ || tells;
    if (invalid) return fail_later(Violation::invalid_utf8, part);
    if (truncated) return fail_later(Violation::truncated_utf8, part);
    if (frame_left_ == 0) end_frame(shared);
    return part;
}

Event Receiver::take_for_message(const Shared& shared, ConstBytes octets) noexcept {
    if (text_ && validator_.take(octets) < octets.size()) return failure(Violation::invalid_utf8);
    const bool last = ends_message();
    if (last && text_ && !validator_.complete()) return failure(Violation::truncated_utf8);
    const bool in_place = last && stored_size_ == 0 && octets.size() == message_size_;
    if (!in_place && !store(shared.config->pool, octets)) return failure(Cause::out_of_memory);
    if (frame_left_ == 0) end_frame(shared);
    if (!last) return {};
    if (in_place) return {EventKind::message, kind_flag() | Event::in_place_flag, octets};
    message_shown_ = true;
    return {EventKind::message, kind_flag(), {message_place_, stored_size_}};
}

// The place grows with the octets received, to at most twice as many; never with a declared length.
bool Receiver::store(Pool* pool, ConstBytes octets) noexcept {
    if (octets.empty()) return true;
    const std::size_t needed = stored_size_ + octets.size();
    if (needed > message_capacity()) {
        std::byte* const place = pool == nullptr ? nullptr : pool->lease(needed);
        if (place == nullptr) return false;
        if (stored_size_ != 0) std::memcpy(place, message_place_, stored_size_);
        give_back_message_place(pool);
        message_place_ = place;
        message_capacity_bits_ =
            static_cast<std::uint8_t>(std::countr_zero(Pool::block_size(needed)));
    }
    std::memcpy(message_place_ + stored_size_, octets.data(), octets.size());
    stored_size_ = needed;
    return true;
}

// The loan and the places.

void Receiver::give_back_message_place(Pool* pool) noexcept {
    if (message_place_ != nullptr) pool->give_back(message_place_, message_capacity());
    message_place_ = nullptr;
}

Bytes Receiver::unread() noexcept {
    const Bytes untouched{at_, end_};
    at_ = end_ = nullptr;
    return untouched;
}

void Receiver::release_views(const Shared& shared) noexcept {
    drop_message(shared);
    if (control_shown_) {
        shared.config->pool->give_back(control_place_, control_payload_size_max);
        control_place_ = nullptr;
        control_shown_ = false;
    }
}

void Receiver::drop_message(const Shared& shared) noexcept {
    if (!message_shown_) return;
    give_back_message_place(shared.config->pool);
    message_shown_ = false;
}

void Receiver::stop(const Shared& shared) noexcept {
    stopped_ = true;
    later_ = Violation::none;
    at_ = end_ = nullptr;
    if (!message_shown_) give_back_message_place(shared.config->pool);
    if (!control_shown_ && control_place_ != nullptr) {
        shared.config->pool->give_back(control_place_, control_payload_size_max);
        control_place_ = nullptr;
    }
}

}  // namespace hawse::connection
