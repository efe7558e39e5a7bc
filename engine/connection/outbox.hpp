// SPDX-License-Identifier: MIT
// Octets that wait for the transport: data frames in the order sent, and control frames that enter
// between them. It knows frames' ends and nothing of their meaning. It exists, leased, only while
// there is something to hold.
//
// Two queues and three marks. Data is a DataQueue. Control frames are a list; one that is committed
// carries the data offset before which it goes. Octets are committed when they were shown, handed
// over when the transport took them, released when it no longer reads them:
// released <= handed over <= committed <= end.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/connection.hpp"
#include "hawse/frame_header.hpp"
#include "hawse/memory.hpp"
#include "hawse/slice.hpp"
#include "connection/data_queue.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace hawse::connection {

/// A control frame on its way, its octets behind it.
struct ControlFrame {
    enum class Kind : std::uint8_t { pong, ping, keepalive, close };

    ControlFrame* next = nullptr;
    std::uint64_t before = 0;  // the data offset it precedes, once committed
    Kind kind = Kind::pong;
    bool committed = false;
    bool leased = false;  // given back when released
    std::uint8_t size = 0;

    static constexpr std::size_t size_max = 6 + control_payload_size_max;  // header, key, payload
    std::byte* octets() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
    [[nodiscard]] const std::byte* octets() const noexcept {
        return reinterpret_cast<const std::byte*>(this + 1);
    }
};

class Outbox {
public:
    static constexpr std::size_t lease_size = 512;

    /// An outbox in memory leased from `pool`; null when there is none. What an earlier one has sent
    /// ended inside a frame, or not: then its rest comes before any control frame.
    static Outbox* lease(Pool* pool, bool inside_frame = false) noexcept;
    /// Gives back all it holds, and itself. Tokens not yet taken are forgotten.
    void give_back() noexcept;

    // Filling.

    // As in DataQueue.
    bool reserve(std::size_t size, std::size_t frame_count) noexcept {
        return data_.reserve(size, frame_count);
    }
    void append(const FrameHeader& header, ConstBytes payload) noexcept;
    void append_rest(ConstBytes payload, MaskKey key, bool last) noexcept;
    void append_lent(const FrameHeader& header, ConstBytes payload, Token token) noexcept;
    void append_shared(ConstBytes frame, memory::Counted& thing) noexcept;
    void append_token(Token token) noexcept { data_.append_token(token); }
    using Mark = DataQueue::Mark;
    [[nodiscard]] Mark mark() const noexcept { return data_.mark(); }
    void rewind(const Mark& mark) noexcept;

    /// A control frame of `payload_size` octets to be filled in and added; null when there is no memory.
    /// The one for a Close without reason always exists.
    ControlFrame* lease_control(ControlFrame::Kind kind, std::size_t payload_size) noexcept;
    ControlFrame* close_without_reason() noexcept;
    void give_back_control(ControlFrame* control) noexcept;
    /// Adds `control` behind the others, but before a Close that is not committed.
    void add_control(ControlFrame* control) noexcept;
    /// The last pong not yet committed, and how many there are; null when there is none.
    ControlFrame* last_pending_pong() noexcept;
    [[nodiscard]] std::uint32_t pending_pong_count() const noexcept { return pending_pongs_; }
    [[nodiscard]] bool holds_close() const noexcept;
    /// Takes the Close out again; null when there is none or it is committed.
    ControlFrame* take_back_close() noexcept;
    /// Adjusts what is held when a frame already added has changed its size.
    void resize_control(ControlFrame* control, std::size_t size) noexcept;

    // Draining.

    /// Shows what was not handed over yet, committing it. `pong_count_max` bounds the control frames
    /// that are committed and not released.
    std::size_t gather(std::span<Slice> slices, std::uint32_t pong_count_max) noexcept;
    /// Copies as much as fits, committing it; the caller hands it over and releases it.
    std::size_t copy_into(Bytes into, std::uint32_t pong_count_max) noexcept;
    /// Moves the marks; `size` is at most unhanded_size() of committed octets, or handed_size().
    /// hand_over answers whether a keepalive ping was among the octets.
    bool hand_over(std::size_t size) noexcept;
    void release(std::size_t size) noexcept;
    /// Everything not committed is dropped, and its tokens come back once what was shown before it is
    /// released; things of many owners are let go of at once. What was shown counts as handed over.
    void drop() noexcept;

    Token next_released() noexcept;

    [[nodiscard]] std::size_t held_size() const noexcept { return unhanded_size_ + handed_size_; }
    [[nodiscard]] std::size_t unhanded_size() const noexcept { return unhanded_size_; }
    [[nodiscard]] std::size_t handed_size() const noexcept { return handed_size_; }
    /// Of the octets not handed over, those that are committed, and of these those gather() has shown.
    [[nodiscard]] std::size_t committed_size() const noexcept { return committed_size_; }
    [[nodiscard]] std::size_t shown_size() const noexcept { return shown_size_; }
    /// gather() has something to show. What is left then waits for the rest of a frame, or for the
    /// release of committed control frames.
    [[nodiscard]] bool has_output(std::uint32_t pong_count_max) const noexcept;
    /// Nothing is held and no token waits.
    [[nodiscard]] bool empty() const noexcept { return held_size() == 0 && !data_.token_waits(); }

private:
    // A place in the output: data and control together.
    struct Cursor {
        DataQueue::Position data;
        ControlFrame* control;  // the first not wholly passed
        std::uint32_t within;   // octets of it passed
    };

    Outbox(Pool* pool, bool inside_frame) noexcept;

    [[nodiscard]] bool may_commit(const ControlFrame& control,
                                  std::uint32_t pong_count_max) const noexcept;
    void commit_control(Cursor& at, std::uint32_t pong_count_max) noexcept;
    ConstBytes piece_at(Cursor& at) noexcept;
    void commit_piece(const Cursor& at, ConstBytes piece) noexcept;
    [[nodiscard]] static bool is_in_control(const Cursor& at) noexcept;
    static void pass(Cursor& at, std::size_t size) noexcept;
    void pop_front_control() noexcept;

    Pool* pool_;
    DataQueue data_;
    Cursor released_;
    Cursor handed_;
    ControlFrame* first_control_ = nullptr;
    ControlFrame* last_control_ = nullptr;
    std::uint64_t committed_ = 0;  // data octets ever committed
    std::size_t unhanded_size_ = 0;
    std::size_t handed_size_ = 0;
    std::size_t committed_size_ = 0;  // of the unhanded ones, data and control
    std::size_t shown_size_ = 0;      // of the unhanded ones, those that gather() showed
    std::size_t dropped_size_ = 0;    // of the handed ones, those nobody will acknowledge
    std::uint32_t pending_pongs_ = 0;
    std::uint32_t committed_controls_ = 0;
    bool committed_at_frame_end_;
    alignas(8) std::byte close_place_[sizeof(ControlFrame) + 8];
};

}  // namespace hawse::connection
