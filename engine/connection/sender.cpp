// SPDX-License-Identifier: MIT
#include "connection/sender.hpp"

#include "hawse/close_payload.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hawse::connection {

namespace {

constexpr Opcode opcode_of(MessageKind kind) noexcept {
    return kind == MessageKind::text ? Opcode::text : Opcode::binary;
}

constexpr std::size_t frame_size_of(const Limits& limits, std::size_t message_size) noexcept {
    if (limits.send_frame_size_max == 0 || limits.send_frame_size_max >= message_size)
        return message_size;
    return static_cast<std::size_t>(limits.send_frame_size_max);
}

std::uint32_t pong_bound(const Shared& shared) noexcept {
    return std::max<std::uint32_t>(shared.config->limits.pong_count_max, 10);
}

}  // namespace

// Messages.

Refusal Sender::send(const Shared& shared, MessageKind kind, ConstBytes octets,
                     Send choice) noexcept {
    return send_message(shared, kind, octets, choice, Way::copy, {});
}

Refusal Sender::send_lent(const Shared& shared, MessageKind kind, ConstBytes octets, Token token,
                          Send choice) noexcept {
    return send_message(shared, kind, octets, choice, Way::lend, token);
}

Refusal Sender::send_lent_mutable(const Shared& shared, MessageKind kind, Bytes octets, Token token,
                                  Send choice) noexcept {
    const Way way = role_ == Role::client ? Way::mask_in_place : Way::lend;
    return send_message(shared, kind, octets, choice, way, token);
}

Refusal Sender::send_message(const Shared& shared, MessageKind kind, ConstBytes octets, Send choice,
                             Way way, Token token) noexcept {
    if (in_message_) return Refusal::message_in_progress;
    const bool checked = choice.text_check == TextCheck::checked;
    if (kind == MessageKind::text && checked && !is_utf8(octets)) return Refusal::invalid_text;
    const Piece piece{octets, opcode_of(kind), true, way, token};
    Refusal refusal = Refusal::none;
    if (may_compress(shared.config->deflate, choice.compression, octets.size()) &&
        queue_compressed(shared, piece, octets.size() - 1, refusal))
        return refusal;
    return queue_frames(shared, piece);
}

Refusal Sender::send_begin(MessageKind kind, Send choice) noexcept {
    if (in_message_) return Refusal::message_in_progress;
    in_message_ = true;
    in_frames_ = false;
    part_sent_ = false;
    unchecked_ = kind != MessageKind::text || choice.text_check == TextCheck::unchecked;
    kind_ = kind;
    compression_ = choice.compression;
    validator_ = {};
    return Refusal::none;
}

Refusal Sender::send_part(const Shared& shared, ConstBytes octets, bool last) noexcept {
    if (!in_message_ || in_frames_) return Refusal::no_message_in_progress;
    Utf8Validator validator = validator_;
    if (!unchecked_) {
        if (validator.take(octets) < octets.size()) return Refusal::invalid_text;
        if (last && !validator.complete()) return Refusal::invalid_text;
    }
    if (octets.empty() && !last) return Refusal::none;
    const Opcode opcode = part_sent_ ? Opcode::continuation : opcode_of(kind_);
    const Piece piece{octets, opcode, last, Way::copy, {}};
    // A first part that is followed says nothing of the message's size, nor of how it shrinks.
    const bool whole = last && !part_sent_;
    const std::size_t size = whole ? octets.size() : SIZE_MAX - 1;
    const std::size_t size_max = whole && size != 0 ? size - 1 : SIZE_MAX;
    if (!part_sent_) compressed_ = may_compress(shared.config->deflate, compression_, size);
    Refusal refusal = Refusal::none;
    if (!compressed_ || !queue_compressed(shared, piece, size_max, refusal)) {
        if (compressed_ && part_sent_)
            return Refusal::out_of_memory;  // begun so, and so it must end
        compressed_ = false;
        refusal = queue_frames(shared, piece);
    }
    if (refusal != Refusal::none) return refusal;
    validator_ = validator;
    part_sent_ = true;
    in_message_ = !last;
    return Refusal::none;
}

// A frame begun, of header.payload_size octets, or the piece that must follow.
Refusal Sender::check_frame(const FrameHeader& header, std::size_t size) const noexcept {
    const bool continuation = header.opcode() == Opcode::continuation;
    const unsigned granted = reserved_bits_;
    if (in_message_ && !in_frames_) return Refusal::message_in_progress;
    if (is_inside_frame()) {
        const bool follows =
            header.first == frame_first_octet_ && header.payload_size == frame_left_;
        return follows && size != 0 ? Refusal::none : Refusal::invalid_frame;
    }
    const bool legal = !is_control(header.opcode()) && is_defined(header.opcode()) &&
                       continuation == in_message_ && !(continuation && header.rsv1()) &&
                       (header.first & rsv_bits & ~granted) == 0 &&
                       header.payload_size <= INT64_MAX && (size != 0 || header.payload_size == 0);
    return legal ? Refusal::none : Refusal::invalid_frame;
}

Refusal Sender::send_frame(const Shared& shared, std::uint8_t first_octet, ConstBytes octets,
                           std::uint64_t left) noexcept {
    const std::size_t size = octets.size();
    FrameHeader header;
    header.first = first_octet;
    header.payload_size = left > UINT64_MAX - size ? UINT64_MAX : left + size;
    if (const Refusal refusal = check_frame(header, size); refusal != Refusal::none) return refusal;
    if (is_too_much(shared, size)) return Refusal::output_full;

    const bool begins = !is_inside_frame();
    if (begins && !draw_key(shared, header)) return Refusal::no_entropy;
    if (!open_outbox(shared)) return Refusal::out_of_memory;
    if (!outbox_->reserve(size, 2)) {
        close_outbox_if_empty();
        return Refusal::out_of_memory;
    }
    if (begins)
        outbox_->append(header, octets);
    else
        outbox_->append_rest(octets, frame_key_, left == 0);
    frame_key_ = (begins ? header.key : frame_key_).advanced(size);
    frame_left_ = left;
    frame_first_octet_ = first_octet;
    in_frames_ = true;
    in_message_ = left != 0 || !header.fin();
    if (shared.statistics == nullptr) return Refusal::none;
    shared.statistics->sent.payload_octets += size;
    if (left != 0) return Refusal::none;
    ++shared.statistics->sent.frames;
    if (header.fin()) ++shared.statistics->sent.messages;
    return Refusal::none;
}

bool Sender::is_too_much(const Shared& shared, std::size_t size) const noexcept {
    const std::size_t held = held_size();
    const std::size_t most = shared.config->limits.output_max;
    return held > most || size > most - held;
}

// One frame, which lies whole in the content; a client copies its payload through the mask.
Refusal Sender::queue_prepared(const Shared& shared, prepared::Content& content,
                               const prepared::Variant& variant) noexcept {
    const std::size_t size = variant.payload_size;
    FrameHeader header;
    header.first = std::to_integer<std::uint8_t>(variant.frame[0]);
    header.payload_size = size;
    if (is_too_much(shared, size)) return Refusal::output_full;
    if (!draw_key(shared, header)) return Refusal::no_entropy;
    if (!open_outbox(shared)) return Refusal::out_of_memory;
    if (!outbox_->reserve(role_ == Role::client ? size : 0, 1)) {
        close_outbox_if_empty();
        return Refusal::out_of_memory;
    }
    if (role_ == Role::client)
        outbox_->append(header, variant.payload());
    else
        outbox_->append_shared(variant.octets(), content);
    if (shared.statistics == nullptr) return Refusal::none;
    ++shared.statistics->sent.frames;
    ++shared.statistics->sent.messages;
    shared.statistics->sent.payload_octets += size;
    return Refusal::none;
}

// All or nothing: room is made first, and what was appended is taken back when a key is missing.
Refusal Sender::queue_frames(const Shared& shared, const Piece& piece) noexcept {
    const Limits& limits = shared.config->limits;
    const std::size_t size = piece.octets.size();
    if (is_too_much(shared, size)) return Refusal::output_full;
    // Octets masked where they are cannot be given back unmasked, so they are one frame.
    const std::size_t frame_size =
        piece.way == Way::mask_in_place ? size : frame_size_of(limits, size);
    const std::size_t frame_count = size == 0 ? 1 : size / frame_size + (size % frame_size != 0);
    const bool copies = piece.way == Way::copy || (piece.way == Way::lend && role_ == Role::client);

    if (!open_outbox(shared)) return Refusal::out_of_memory;
    Refusal refusal = Refusal::none;
    if (outbox_->reserve(copies ? size : 0, frame_count + 1)) {
        const Outbox::Mark mark = outbox_->mark();
        if (!append_frames(shared, piece, frame_size)) {
            outbox_->rewind(mark);
            refusal = Refusal::no_entropy;
        }
    } else {
        refusal = Refusal::out_of_memory;
    }
    close_outbox_if_empty();
    if (refusal != Refusal::none || shared.statistics == nullptr) return refusal;
    shared.statistics->sent.frames += frame_count;
    shared.statistics->sent.payload_octets += size;
    if (piece.fin) ++shared.statistics->sent.messages;
    return refusal;
}

bool Sender::append_frames(const Shared& shared, const Piece& piece,
                           std::size_t frame_size) noexcept {
    Piece frame = piece;
    std::size_t done = 0;
    do {
        frame.octets = piece.octets.subspan(done, std::min(frame_size, piece.octets.size() - done));
        done += frame.octets.size();
        const bool last = done == piece.octets.size();
        frame.fin = piece.fin && last;
        frame.token = last ? piece.token : Token{};
        if (!append_frame(shared, frame)) return false;
        frame.opcode = Opcode::continuation;
    } while (done < piece.octets.size());
    return true;
}

bool Sender::append_frame(const Shared& shared, const Piece& piece) noexcept {
    FrameHeader header = FrameHeader::make(piece.opcode, piece.fin, piece.octets.size());
    if (piece.compressed && piece.opcode != Opcode::continuation) header.first |= rsv1_bit;
    if (!draw_key(shared, header)) return false;
    if (piece.way == Way::copy || (piece.way == Way::lend && role_ == Role::client)) {
        outbox_->append(header, piece.octets);
        if (piece.token) outbox_->append_token(piece.token);
    } else {
        if (piece.way == Way::mask_in_place)
            apply_mask({const_cast<std::byte*>(piece.octets.data()), piece.octets.size()},
                       header.key);
        outbox_->append_lent(header, piece.octets, piece.token);
    }
    return true;
}

// A Close for which there was none before moves in, unless it was shown: then it is the last.
bool Sender::open_outbox(const Shared& shared) noexcept {
    const bool bare_close = bare_size_ != bare_released_;
    if (outbox_ != nullptr || (bare_close && bare_shown_)) return outbox_ != nullptr;
    outbox_ = Outbox::lease(shared.config->pool, is_inside_frame());
    if (outbox_ == nullptr) return false;
    if (!bare_close) return true;
    ControlFrame* const control = outbox_->close_without_reason();
    std::memcpy(control->octets(), bare_octets_, bare_size_);
    control->size = std::exchange(bare_size_, std::uint8_t{0});
    outbox_->add_control(control);
    return true;
}

void Sender::close_outbox_if_empty() noexcept {
    if (!outbox_->empty()) return;
    outbox_->give_back();
    outbox_ = nullptr;
}

// A client's frame gets a fresh key. RFC 6455 §5.3
bool Sender::draw_key(const Shared& shared, FrameHeader& header) const noexcept {
    if (role_ == Role::server) return true;
    const Entropy& entropy = shared.config->entropy;
    std::byte octets[4] = {};
    if (entropy.fill == nullptr || !entropy.fill(entropy.context, octets, sizeof octets))
        return false;
    header = header.masked_with(MaskKey::read(octets));
    return true;
}

// Control frames.

namespace {

void compose(ControlFrame& control, const FrameHeader& header, ConstBytes payload) noexcept {
    const std::size_t size = write_frame_header(control.octets(), header);
    copy_masked(control.octets() + size, payload, header.masked() ? header.key : MaskKey{});
    control.size = static_cast<std::uint8_t>(size + payload.size());
}

}  // namespace

Refusal Sender::queue_control(const Shared& shared, ControlFrame::Kind kind, Opcode opcode,
                              ConstBytes payload) noexcept {
    FrameHeader header = FrameHeader::make(opcode, true, payload.size());
    if (!draw_key(shared, header)) return Refusal::no_entropy;
    if (!open_outbox(shared)) return Refusal::out_of_memory;
    ControlFrame* const control = outbox_->lease_control(kind, payload.size());
    if (control == nullptr) {
        close_outbox_if_empty();
        return Refusal::out_of_memory;
    }
    compose(*control, header, payload);
    outbox_->add_control(control);
    if (shared.statistics != nullptr) ++shared.statistics->sent.frames;
    return Refusal::none;
}

Refusal Sender::queue_ping(const Shared& shared, ControlFrame::Kind kind,
                           ConstBytes payload) noexcept {
    const Refusal refusal = queue_control(shared, kind, Opcode::ping, payload);
    if (refusal == Refusal::none && shared.statistics != nullptr) ++shared.statistics->pings_sent;
    return refusal;
}

Refusal Sender::queue_pong(const Shared& shared, ConstBytes payload) noexcept {
    if (bare_size_ != bare_released_ && !open_outbox(shared))
        return Refusal::none;  // our Close is all
    const std::uint32_t bound = pong_bound(shared);
    if (outbox_ == nullptr || outbox_->pending_pong_count() < bound)
        return queue_control(shared, ControlFrame::Kind::pong, Opcode::pong, payload);
    // A flood: the newest takes the place of the last one, which has room for any payload.
    FrameHeader header = FrameHeader::make(Opcode::pong, true, payload.size());
    if (!draw_key(shared, header)) return Refusal::no_entropy;
    ControlFrame* const last = outbox_->last_pending_pong();
    const std::size_t size_before = last->size;
    compose(*last, header, payload);
    const std::size_t size = last->size;
    last->size = static_cast<std::uint8_t>(size_before);
    outbox_->resize_control(last, size);
    if (shared.statistics != nullptr) ++shared.statistics->pongs_dropped;
    return Refusal::none;
}

Refusal Sender::queue_close(const Shared& shared, CloseCode code,
                            std::string_view reason) noexcept {
    std::byte octets[control_payload_size_max];
    const ConstBytes payload{octets, write_close_payload(octets, {code, reason})};
    FrameHeader header = FrameHeader::make(Opcode::close, true, payload.size());
    if (!draw_key(shared, header)) return Refusal::no_entropy;
    if (!open_outbox(shared)) return queue_bare_close(shared, header, payload);

    ControlFrame* control = nullptr;
    if (!reason.empty()) {
        control = outbox_->lease_control(ControlFrame::Kind::close, payload.size());
        if (control == nullptr) {
            close_outbox_if_empty();
            return Refusal::out_of_memory;
        }
    }
    if (outbox_->holds_close()) {
        ControlFrame* const replaced = outbox_->take_back_close();
        if (replaced == nullptr) {
            if (control != nullptr) outbox_->give_back_control(control);
            return Refusal::close_committed;
        }
        outbox_->give_back_control(replaced);
    } else if (shared.statistics != nullptr) {
        ++shared.statistics->sent.frames;
    }
    if (control == nullptr) control = outbox_->close_without_reason();
    compose(*control, header, payload);
    outbox_->add_control(control);
    return Refusal::none;
}

// The last resort: the frame lies in the connection itself.
Refusal Sender::queue_bare_close(const Shared& shared, const FrameHeader& header,
                                 ConstBytes payload) noexcept {
    if (bare_shown_) return Refusal::close_committed;
    if (payload.size() > 2 || is_inside_frame()) return Refusal::out_of_memory;
    if (bare_size_ == 0 && shared.statistics != nullptr) ++shared.statistics->sent.frames;
    const std::size_t size = write_frame_header(bare_octets_, header);
    copy_masked(bare_octets_ + size, payload, header.masked() ? header.key : MaskKey{});
    bare_size_ = static_cast<std::uint8_t>(size + payload.size());
    return Refusal::none;
}

// Output.

std::size_t Sender::gather(const Shared& shared, std::span<Slice> slices) noexcept {
    if (outbox_ != nullptr) return outbox_->gather(slices, pong_bound(shared));
    if (bare_handed_ == bare_size_ || slices.empty()) return 0;
    bare_shown_ = true;
    slices[0] = Slice(ConstBytes{bare_octets_, bare_size_}.subspan(bare_handed_));
    return 1;
}

std::size_t Sender::copy_into(const Shared& shared, Bytes into) noexcept {
    if (outbox_ != nullptr) return outbox_->copy_into(into, pong_bound(shared));
    Slice slice[1];
    if (into.empty() || gather(shared, slice) == 0) return 0;
    const std::size_t size = std::min(into.size(), slice[0].size());
    std::memcpy(into.data(), slice[0].data(), size);
    return size;
}

std::size_t Sender::shown_size() const noexcept {
    if (outbox_ != nullptr) return outbox_->shown_size();
    return bare_shown_ ? std::size_t{bare_size_} - bare_handed_ : 0;
}

std::size_t Sender::handed_size() const noexcept {
    return outbox_ != nullptr ? outbox_->handed_size() : std::size_t{bare_handed_} - bare_released_;
}

bool Sender::hand_over(const Shared& shared, std::size_t size) noexcept {
    if (shared.statistics != nullptr) shared.statistics->sent.wire_octets += size;
    if (outbox_ != nullptr) return outbox_->hand_over(size);
    bare_handed_ = static_cast<std::uint8_t>(bare_handed_ + size);
    return false;
}

void Sender::release(std::size_t size) noexcept {
    if (outbox_ == nullptr) {
        bare_released_ = static_cast<std::uint8_t>(bare_released_ + size);
        return;
    }
    outbox_->release(size);
    close_outbox_if_empty();
}

void Sender::drop() noexcept {
    in_message_ = false;
    frame_left_ = 0;
    bare_handed_ = bare_released_ = bare_size_;
    give_back_outbound();
    if (outbox_ == nullptr) return;
    outbox_->drop();
    close_outbox_if_empty();
}

void Sender::give_back() noexcept {
    give_back_outbound();
    if (outbox_ != nullptr) outbox_->give_back();
    outbox_ = nullptr;
}

Token Sender::next_released() noexcept {
    if (outbox_ == nullptr) return {};
    const Token token = outbox_->next_released();
    close_outbox_if_empty();
    return token;
}

std::size_t Sender::held_size() const noexcept {
    return outbox_ != nullptr ? outbox_->held_size() : std::size_t{bare_size_} - bare_released_;
}

bool Sender::has_output(const Shared& shared) const noexcept {
    return outbox_ != nullptr ? outbox_->has_output(pong_bound(shared))
                              : bare_handed_ != bare_size_;
}

}  // namespace hawse::connection
