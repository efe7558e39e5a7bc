// SPDX-License-Identifier: MIT
// The outbound conductor: messages and control frames become octets in the outbox. It knows our role
// and what a frame costs; not what the peer did, what time it is, or whether sending is still
// allowed: the conversation asks only when it is.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/close_code.hpp"
#include "hawse/connection.hpp"
#include "hawse/refusal.hpp"
#include "hawse/role.hpp"
#include "hawse/slice.hpp"
#include "hawse/utf8.hpp"
#include "connection/outbox.hpp"
#include "connection/receiver.hpp"
#include "deflate/outbound.hpp"
#include "prepared/content.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hawse::connection {

class Sender {
public:
    /// `reserved_bits` are those that send_frame() may set; `own` says how we compress: with a window of
    /// 0 bits not at all.
    Sender(Role role, std::uint8_t reserved_bits, DeflateDirection own) noexcept
        : reserved_bits_(reserved_bits), role_(role), window_bits_(own.window_bits & 15U),
          takes_over_(own.takeover) {}

    // Messages.

    Refusal send(const Shared& shared, MessageKind kind, ConstBytes octets, Send choice) noexcept;
    Refusal send_lent(const Shared& shared, MessageKind kind, ConstBytes octets, Token token,
                      Send choice) noexcept;
    Refusal send_lent_mutable(const Shared& shared, MessageKind kind, Bytes octets, Token token,
                              Send choice) noexcept;
    /// Refused, and nothing changed, the content has no owner more.
    Refusal send_prepared(const Shared& shared, prepared::Content& content) noexcept;
    Refusal send_begin(MessageKind kind, Send choice) noexcept;
    Refusal send_part(const Shared& shared, ConstBytes octets, bool last) noexcept;
    Refusal send_frame(const Shared& shared, std::uint8_t first_octet, ConstBytes octets,
                       std::uint64_t left) noexcept;
    /// The rest of a frame is still to come from send_frame().
    [[nodiscard]] bool is_inside_frame() const noexcept { return frame_left_ != 0; }

    // Control frames.

    /// out_of_memory or no_entropy.
    Refusal queue_ping(const Shared& shared, ControlFrame::Kind kind, ConstBytes payload) noexcept;
    Refusal queue_pong(const Shared& shared, ConstBytes payload) noexcept;
    /// Queues the Close behind everything, or puts it in the place of one that is not committed.
    /// Without a reason only entropy can lack: a Close needs no memory. close_committed when it is
    /// too late.
    Refusal queue_close(const Shared& shared, CloseCode code, std::string_view reason) noexcept;

    // Output. As in Connection; hand_over() answers whether a keepalive ping was among the octets.

    std::size_t gather(const Shared& shared, std::span<Slice> slices) noexcept;
    std::size_t copy_into(const Shared& shared, Bytes into) noexcept;
    /// Limit `size` to what was shown, or to what was handed over.
    [[nodiscard]] std::size_t shown_size() const noexcept;
    [[nodiscard]] std::size_t handed_size() const noexcept;
    bool hand_over(const Shared& shared, std::size_t size) noexcept;
    void release(std::size_t size) noexcept;
    /// Nothing is sent any more; tokens come back.
    void drop() noexcept;
    /// Gives everything back, tokens forgotten.
    void give_back() noexcept;
    Token next_released() noexcept;

    [[nodiscard]] std::size_t held_size() const noexcept;
    /// gather() has something to show.
    [[nodiscard]] bool has_output(const Shared& shared) const noexcept;

private:
    enum class Way : std::uint8_t { copy, lend, mask_in_place };

    // A message, or a part of one, on its way into frames.
    struct Piece {
        ConstBytes octets;
        Opcode opcode;
        bool fin;
        Way way;
        Token token;
        bool compressed = false;
    };

    Refusal send_message(const Shared& shared, MessageKind kind, ConstBytes octets, Send choice,
                         Way way, Token token) noexcept;
    Refusal queue_prepared(const Shared& shared, prepared::Content& content,
                           const prepared::Variant& variant) noexcept;
    Refusal queue_frames(const Shared& shared, const Piece& piece) noexcept;
    [[nodiscard]] bool may_compress(const DeflatePolicy& policy, Compression choice,
                                    std::size_t size) const noexcept;
    bool queue_compressed(const Shared& shared, const Piece& piece, std::size_t size_max,
                          Refusal& refusal) noexcept;
    static void count_compressed(const Shared& shared, std::size_t deflated_size,
                                 std::size_t inflated_size, bool fin) noexcept;
    void close_outbound_if_empty() noexcept;
    void give_back_outbound() noexcept;
    bool append_frames(const Shared& shared, const Piece& piece, std::size_t frame_size) noexcept;
    bool append_frame(const Shared& shared, const Piece& piece) noexcept;
    [[nodiscard]] Refusal check_frame(const FrameHeader& header, std::size_t size) const noexcept;
    [[nodiscard]] bool is_too_much(const Shared& shared, std::size_t size) const noexcept;
    bool open_outbox(const Shared& shared) noexcept;
    void close_outbox_if_empty() noexcept;
    bool draw_key(const Shared& shared, FrameHeader& header) const noexcept;
    Refusal queue_control(const Shared& shared, ControlFrame::Kind kind, Opcode opcode,
                          ConstBytes payload) noexcept;
    Refusal queue_bare_close(const Shared& shared, const FrameHeader& header,
                             ConstBytes payload) noexcept;

    Outbox* outbox_ = nullptr;
    deflate::Outbound* outbound_ = nullptr;

    // A frame in progress, by send_frame().
    std::uint64_t frame_left_ = 0;  // octets of its payload still to come
    MaskKey frame_key_ = {};        // of the next of them
    std::uint8_t frame_first_octet_ = 0;
    std::uint8_t reserved_bits_;

    // A message in progress: send_begin() to the last part, or frame to last frame.
    Utf8Validator validator_ = {};
    Role role_;
    MessageKind kind_ = MessageKind::binary;
    bool in_message_ : 1 = false;
    bool in_frames_ : 1 = false;
    bool part_sent_ : 1 = false;
    bool unchecked_ : 1 = false;
    Compression compression_ : 2 = Compression::none;
    bool compressed_ : 1 = false;
    std::uint8_t window_bits_ : 4;
    bool takes_over_ : 1;
    bool bare_shown_ : 1 = false;  // of the Close below

    // A Close for which there is not even an outbox.
    static constexpr std::size_t bare_close_size_max = 8;  // header, key, code
    std::byte bare_octets_[bare_close_size_max] = {};
    std::uint8_t bare_size_ = 0;
    std::uint8_t bare_handed_ = 0;
    std::uint8_t bare_released_ = 0;
};

}  // namespace hawse::connection
