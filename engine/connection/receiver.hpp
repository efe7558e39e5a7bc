// SPDX-License-Identifier: MIT
// The inbound conductor: all resumable state of what the peer sends, and every decision about it.
// What it calls is pure or tiny: header, rules, mask, UTF-8. It knows nothing of output, closing or
// time; it answers with events and leaves what follows from them to the conversation.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/config.hpp"
#include "hawse/deflate.hpp"
#include "hawse/event.hpp"
#include "hawse/frame_header.hpp"
#include "hawse/refusal.hpp"
#include "hawse/role.hpp"
#include "hawse/statistics.hpp"
#include "hawse/utf8.hpp"
#include "deflate/inbound.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hawse::connection {

/// What every part of a conversation may look at.
struct Shared {
    const Config* config;
    Statistics* statistics;  // null unless the host counts
};

/// What next() answers when the peer, or the world, is wrong.
constexpr Event failure(Violation violation) noexcept {
    return {EventKind::failed, 0, {}, {.cause = Cause::violation, .violation = violation}};
}
constexpr Event failure(Cause cause) noexcept {
    return {EventKind::failed, 0, {}, {.cause = cause}};
}

class Receiver {
public:
    /// `reserved_bits` are those that data frames may carry, beside RSV1 where the peer compresses: with a
    /// window of 0 bits it does not.
    Receiver(Role role, std::uint8_t reserved_bits, DeflateDirection peer) noexcept
        : reserved_bits_(peer.window_bits != 0 ? rsv1_bit : reserved_bits),
          peer_window_bits_(peer.window_bits & 15U), peer_takes_over_(peer.takeover),
          peer_masks_(role == Role::server) {}

    /// Lends octets; none may be lent.
    void lend(Bytes octets) noexcept {
        at_ = octets.data();
        end_ = at_ + octets.size();
    }
    [[nodiscard]] bool holds_input() const noexcept { return at_ != end_; }
    /// next() has something to tell without further octets, or octets to look at.
    [[nodiscard]] bool has_more() const noexcept {
        return holds_input() || later_ != Violation::none || message_landed_ || inflates_on_ ||
               (stage_ == Stage::payload && frame_left_ == 0);
    }
    /// Its first octets came, and it is not over.
    [[nodiscard]] bool is_in_message() const noexcept { return in_message_; }
    /// Ends the loan; answers what was not touched.
    Bytes unread() noexcept;

    // As in Connection.
    Bytes landing(const Shared& shared) noexcept;
    std::size_t landed(const Shared& shared, std::size_t size) noexcept;
    void end_landing(const Shared& shared) noexcept;
    Refusal land_in(const Shared& shared, Bytes place) noexcept;
    [[nodiscard]] std::uint64_t announced_size() const noexcept {
        return in_message_ ? message_size_ : 0;
    }
    [[nodiscard]] std::uint64_t frame_left() const noexcept {
        return stage_ == Stage::payload && !is_control(opcode()) ? frame_left_ : 0;
    }

    /// What the octets lent say next: message, part, ping and pong as the host will see them; closing
    /// with code and reason, failed with violation or cause, for the conversation to act on. None when
    /// the loan is used up; also when the next event needs a place that an earlier one still shows.
    Event next(const Shared& shared) noexcept;

    /// The views of earlier events are over: their places are given back.
    void release_views(const Shared& shared) noexcept;

    /// The host will not see the message that next() has just told.
    void drop_message(const Shared& shared) noexcept;

    /// Nothing is received any more; what is lent is dropped. Places that events show stay until
    /// release_views().
    void stop(const Shared& shared) noexcept;

    /// Keeps the reason of the `closing` that next() has just told, until destruction, where it is
    /// or in a place of ours. False when there is no memory. reason() shows the first octets of it.
    [[nodiscard]] bool keep_reason(const Shared& shared, std::string_view reason) noexcept;
    [[nodiscard]] std::string_view reason(std::size_t size) const noexcept;
    /// It will not be told after all: its place goes with stop().
    void forget_reason() noexcept { reason_kept_ = false; }
    /// After stop(): gives back what is left, shown, lent and kept.
    void give_back(const Shared& shared) noexcept;

private:
    enum class Stage : std::uint8_t { header, payload };

    Event next_whole_message(const Shared& shared) noexcept;
    Violation take_header(const Limits& limits) noexcept;
    bool take_header_octets(std::size_t size) noexcept;
    void begin_frame(const FrameHeader& header) noexcept;
    void end_frame(const Shared& shared) noexcept;

    Event take_control(const Shared& shared) noexcept;
    Event control_event(const Shared& shared, ConstBytes payload, bool in_place) noexcept;

    void pass(std::size_t size) noexcept;
    Event take_data(const Shared& shared) noexcept;
    Event take_part(const Shared& shared, ConstBytes octets) noexcept;
    Event take_frame(const Shared& shared, ConstBytes octets) noexcept;
    Event take_for_message(const Shared& shared, ConstBytes octets) noexcept;
    bool store(Pool* pool, ConstBytes octets) noexcept;
    Event tell_message(Pool* pool) noexcept;

    // Compressed messages: inflating.cpp.
    Event take_compressed(const Shared& shared) noexcept;
    Event inflate_for_message(const Shared& shared) noexcept;
    Event inflate_part(const Shared& shared) noexcept;
    Cause begin_inflating(Pool* pool) noexcept;
    deflate::Progress inflate(const Shared& shared, deflate::Room& room) noexcept;
    [[nodiscard]] std::uint64_t inflated_size_max(const Limits& limits) const noexcept;
    Violation check_inflated_size(const Limits& limits) noexcept;
    void end_inflating(const Shared& shared) noexcept;
    [[nodiscard]] bool will_inflate(const FrameHeader& header) const noexcept {
        return in_message_ ? compressed_ : peer_window_bits_ != 0 && header.rsv1();
    }
    void give_back_inbound() noexcept;
    Event fail_later(Violation violation, Event now) noexcept;

    [[nodiscard]] Opcode opcode() const noexcept { return Opcode(first_octet_ & 0x0F); }
    [[nodiscard]] bool fin() const noexcept { return (first_octet_ & 0x80) != 0; }
    [[nodiscard]] bool ends_message() const noexcept { return frame_left_ == 0 && fin(); }

    bool grow_place(Pool* pool, std::size_t size) noexcept;
    void give_back_message_place(Pool* pool) noexcept;
    void give_back_control_place(const Shared& shared) noexcept;
    [[nodiscard]] std::byte* stored_end() const noexcept { return message_place_ + stored_size_; }
    [[nodiscard]] std::size_t landing_size() const noexcept;
    [[nodiscard]] unsigned kind_flag() const noexcept { return text_ ? Event::text_flag : 0U; }

    // The loan.
    std::byte* at_ = nullptr;
    std::byte* end_ = nullptr;

    // The frame being read.
    std::uint64_t frame_left_ = 0;  // octets of payload still to come
    MaskKey key_ = {};              // of the next of them
    std::uint8_t first_octet_ = 0;
    std::byte header_octets_[frame_header_size_max] = {};
    std::uint8_t header_size_ = 0;   // how many of them are there
    std::uint8_t control_size_ = 0;  // octets of a control payload to come or there, when it is cut

    // The message in progress.
    Utf8Validator validator_ = {};
    std::uint32_t fragment_count_ = 0;
    std::uint64_t message_size_ = 0;  // announced by its frames so far

    // Places, leased when something is cut.
    std::byte* message_place_ = nullptr;
    std::size_t message_capacity_ = 0;
    std::size_t stored_size_ = 0;         // octets of the message that lie in its place
    std::byte* control_place_ = nullptr;  // or of the reason, at the end
    deflate::Inbound* inbound_ = nullptr;

    Stage stage_ = Stage::header;
    Violation later_ = Violation::none;  // told after the octets before it
    std::uint8_t reserved_bits_;
    std::uint8_t peer_window_bits_ : 4;
    bool peer_takes_over_ : 1;
    bool peer_masks_ : 1;
    bool in_message_ : 1 = false;  // its first frame came, and it is not over
    bool text_ : 1 = false;
    bool told_ : 1 = false;  // of this message a part, of this frame octets
    bool stopped_ : 1 = false;
    bool message_shown_ : 1 = false;
    bool control_shown_ : 1 = false;
    bool host_place_ : 1 = false;      // the message's place is the host's
    bool landing_lent_ : 1 = false;    // its free tail is lent
    bool message_landed_ : 1 = false;  // its last octets landed, and it was not told yet
    bool compressed_ : 1 = false;      // the message in progress
    bool inflates_on_ : 1 = false;     // there is more of it than there was room for
    bool reason_kept_ : 1 = false;
};

}  // namespace hawse::connection
