// SPDX-License-Identifier: MIT
// The inbound conductor: all resumable state of what the peer sends, and every decision about it.
// What it calls is pure or tiny: header, rules, mask, UTF-8. It knows nothing of output, closing or
// time; it answers with events and leaves what follows from them to the conversation.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/config.hpp"
#include "hawse/event.hpp"
#include "hawse/frame_header.hpp"
#include "hawse/role.hpp"
#include "hawse/statistics.hpp"
#include "hawse/utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace hawse::connection {

/// What every part of a conversation may look at.
struct Shared {
    const Config* config;
    Statistics* statistics;  // null unless the host counts
};

class Receiver {
public:
    explicit Receiver(Role role) noexcept : peer_masks_(role == Role::server) {}

    /// Lends octets; none may be lent.
    void lend(Bytes octets) noexcept {
        at_ = octets.data();
        end_ = at_ + octets.size();
    }
    [[nodiscard]] bool holds_input() const noexcept { return at_ != end_; }
    /// next() has something to tell without further octets, or octets to look at.
    [[nodiscard]] bool has_more() const noexcept {
        return holds_input() || later_ != Violation::none;
    }
    /// Ends the loan; answers what was not touched.
    Bytes unread() noexcept;

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

private:
    enum class Stage : std::uint8_t { header, payload };

    Event next_whole_message(const Shared& shared) noexcept;
    Violation take_header(const Limits& limits) noexcept;
    bool take_header_octets(std::size_t size) noexcept;
    void begin_frame() noexcept;
    void end_frame(const Shared& shared) noexcept;

    Event take_control(const Shared& shared) noexcept;
    Event control_event(const Shared& shared, ConstBytes payload, bool in_place) noexcept;

    Event take_data(const Shared& shared) noexcept;
    Event take_part(const Shared& shared, ConstBytes octets) noexcept;
    Event take_for_message(const Shared& shared, ConstBytes octets) noexcept;
    bool store(Pool* pool, ConstBytes octets) noexcept;
    Event fail_later(Violation violation, Event now) noexcept;

    [[nodiscard]] bool ends_message() const noexcept { return frame_left_ == 0 && header_.fin(); }
    [[nodiscard]] std::size_t message_capacity() const noexcept {
        return message_place_ == nullptr ? 0 : std::size_t{1} << message_capacity_bits_;
    }
    void give_back_message_place(Pool* pool) noexcept;
    [[nodiscard]] unsigned kind_flag() const noexcept { return text_ ? Event::text_flag : 0U; }

    // The loan.
    std::byte* at_ = nullptr;
    std::byte* end_ = nullptr;

    // The frame being read.
    FrameHeader header_ = {};
    std::uint64_t frame_left_ = 0;  // octets of payload still to come
    std::byte header_octets_[frame_header_size_max] = {};
    std::uint8_t header_size_ = 0;   // how many of them are there
    std::uint8_t control_size_ = 0;  // octets of a cut control payload that are there

    // The message in progress.
    std::uint64_t message_size_ = 0;  // announced by its frames so far
    std::uint32_t fragment_count_ = 0;
    Utf8Validator validator_ = {};

    Stage stage_ = Stage::header;
    Violation later_ = Violation::none;  // told after the octets before it
    bool peer_masks_;
    bool in_message_ = false;  // its first frame came, and it is not over
    bool text_ = false;
    bool part_told_ = false;
    bool stopped_ = false;

    // Places, leased when something is cut.
    bool message_shown_ = false;
    bool control_shown_ = false;
    std::uint8_t message_capacity_bits_ = 0;  // the place has 1 << bits octets
    std::byte* message_place_ = nullptr;
    std::byte* control_place_ = nullptr;
    std::size_t stored_size_ = 0;  // octets of the message that lie in its place
};

}  // namespace hawse::connection
