// SPDX-License-Identifier: MIT
// The receiver's steps for a compressed message. Its frames are read like any others; their payload is
// inflated on its way to the place where a message is assembled, or into one part at a time.
// RFC 7692 §6.2, §7.2.2
#include "connection/receiver.hpp"

#include <algorithm>

namespace hawse::connection {

namespace {

using deflate::Progress;

// Octets unmasked at once. Those that found no room are masked again, and that must not cost more than
// to inflate the others did: where there is little room it is a small step.
constexpr std::uint64_t step_size_max = 4096;
constexpr std::uint64_t step_size_min = 64;

std::uint64_t step_size_of(const deflate::Room& room) noexcept {
    return std::min(step_size_max, step_size_min + 4 * std::uint64_t{room.capacity - room.size});
}

}  // namespace

// What the message may become before its ratio is looked at. What its frames have announced is no
// measure: who lies about that would be believed.
std::uint64_t Receiver::inflated_size_max(const Limits& limits) const noexcept {
    if (limits.inflation_ratio_max == 0) return limits.message_size_max;
    return std::min(limits.message_size_max, inbound_->allowed_size());
}

// It has become that, and there is more.
Violation Receiver::check_inflated_size(const Limits& limits) noexcept {
    if (inbound_->inflated_size() == limits.message_size_max) return Violation::message_too_large;
    return inbound_->allow_more(limits.inflation_ratio_max) ? Violation::none
                                                            : Violation::inflation_ratio;
}

// Goes on until there is an event, or what was lent of the frame is read and all of it inflated.
Event Receiver::take_compressed(const Shared& shared) noexcept {
    const bool parts = shared.config->delivery == Delivery::parts;
    while (stage_ == Stage::payload && !message_shown_) {
        if (!holds_input() && frame_left_ != 0 && !inflates_on_) break;
        if (const Cause cause = begin_inflating(shared.config->pool); cause != Cause::none)
            return failure(cause);
        const Event event = parts ? inflate_part(shared) : inflate_for_message(shared);
        if (event) return event;
    }
    return {};
}

Cause Receiver::begin_inflating(Pool* pool) noexcept {
    if (inbound_ == nullptr)
        inbound_ = deflate::Inbound::lease(pool, {peer_window_bits_, peer_takes_over_});
    if (inbound_ == nullptr) return Cause::out_of_memory;
    return inbound_->is_inside_message() ? Cause::none : inbound_->begin();
}

// A step of what is lent, and the end of the message if that was the last of it.
Progress Receiver::inflate(const Shared& shared, deflate::Room& room) noexcept {
    const std::size_t size_before = room.size;
    const std::uint64_t lent = static_cast<std::uint64_t>(end_ - at_);
    const Bytes octets{at_,
                       static_cast<std::size_t>(std::min({lent, frame_left_, step_size_of(room)}))};
    ConstBytes input = octets;
    if (peer_masks_) apply_mask(octets, key_);
    Progress progress = Progress::needs_input;
    if (!octets.empty() || !ends_message()) progress = inbound_->run(input, room);
    const std::size_t read = octets.size() - input.size();
    if (peer_masks_) apply_mask(octets.subspan(read), key_.advanced(read));
    pass(read);
    if (progress == Progress::needs_input && ends_message()) progress = inbound_->finish(room);
    inflates_on_ = progress == Progress::needs_room;
    if (shared.statistics != nullptr) {
        shared.statistics->received.payload_octets += read;
        shared.statistics->received.deflated_octets += read;
        shared.statistics->received.inflated_octets += room.size - size_before;
    }
    return progress;
}

Event Receiver::inflate_for_message(const Shared& shared) noexcept {
    const Limits& limits = shared.config->limits;
    const std::uint64_t size_max = inflated_size_max(limits);
    const std::uint64_t input_size = std::min(static_cast<std::uint64_t>(end_ - at_), frame_left_);
    deflate::Room room{
        message_place_, stored_size_,
        static_cast<std::size_t>(std::min<std::uint64_t>(message_capacity_, size_max))};
    const Progress progress = inflate(shared, room);
    const ConstBytes fresh{stored_end(), room.size - stored_size_};
    stored_size_ = room.size;
    if (text_ && validator_.take(fresh) < fresh.size()) return failure(Violation::invalid_utf8);
    if (progress == Progress::faulty) return failure(inbound_->fault());
    if (progress == Progress::needs_room) {
        if (stored_size_ == size_max) {
            const Violation fault = check_inflated_size(limits);
            return fault == Violation::none ? Event{} : failure(fault);
        }
        // Text shrinks to a quarter or so; from then on the place doubles.
        const std::uint64_t wanted = std::max(std::uint64_t{stored_size_} + 1, 4 * input_size);
        const auto size =
            static_cast<std::size_t>(std::min({wanted, size_max, std::uint64_t{SIZE_MAX}}));
        if (!grow_place(shared.config->pool, size)) return failure(Cause::out_of_memory);
        return {};
    }
    if (!ends_message()) {
        if (frame_left_ == 0) end_frame(shared);
        return {};
    }
    if (text_ && !validator_.complete()) return failure(Violation::truncated_utf8);
    if (peer_takes_over_ && !inbound_->remember({message_place_, stored_size_}))
        return failure(Cause::out_of_memory);
    end_inflating(shared);
    return tell_message(shared.config->pool);
}

Event Receiver::inflate_part(const Shared& shared) noexcept {
    Pool* const pool = shared.config->pool;
    const std::size_t part_size = std::max<std::size_t>(shared.config->deflate.part_size_max, 1);
    const std::uint64_t size_max = inflated_size_max(shared.config->limits);
    const std::uint64_t size_left = size_max - inbound_->inflated_size();
    if (!grow_place(pool, part_size))  // the one before was shown, or given back
        return failure(Cause::out_of_memory);
    deflate::Room room{message_place_, 0,
                       static_cast<std::size_t>(std::min<std::uint64_t>(part_size, size_left))};
    const Progress progress = inflate(shared, room);
    const ConstBytes fresh{message_place_, room.size};
    const std::size_t valid = text_ ? validator_.take(fresh) : fresh.size();

    Violation fault = Violation::none;
    if (valid < fresh.size())
        fault = Violation::invalid_utf8;
    else if (progress == Progress::faulty)
        fault = inbound_->fault();
    else if (progress == Progress::needs_room && inbound_->inflated_size() == size_max)
        fault = check_inflated_size(shared.config->limits);
    else if (progress == Progress::needs_input && ends_message() && text_ && !validator_.complete())
        fault = Violation::truncated_utf8;
    const bool good = fault == Violation::none;
    const bool last = good && progress == Progress::needs_input && ends_message();
    if (good && !inbound_->remember(fresh)) return failure(Cause::out_of_memory);

    const unsigned flags =
        kind_flag() | (told_ ? 0U : Event::first_flag) | (last ? Event::last_flag : 0U);
    const Event part =
        valid != 0 || last ? Event{EventKind::part, flags, fresh.first(valid)} : Event{};
    message_shown_ = static_cast<bool>(part);
    if (message_shown_)
        told_ = true;
    else
        give_back_message_place(pool);
    if (!good) return fail_later(fault, part);
    if (last)
        end_inflating(shared);
    else if (progress == Progress::needs_input && frame_left_ == 0)
        end_frame(shared);
    return part;
}

// The message is whole.
void Receiver::end_inflating(const Shared& shared) noexcept {
    if (shared.statistics != nullptr) ++shared.statistics->received.deflated_messages;
    if (!inbound_->end()) give_back_inbound();
    end_frame(shared);
}

void Receiver::give_back_inbound() noexcept {
    if (inbound_ != nullptr) inbound_->give_back();
    inbound_ = nullptr;
}

}  // namespace hawse::connection
