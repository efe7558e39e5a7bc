// SPDX-License-Identifier: MIT
#include "connection/outbox.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

namespace hawse::connection {

namespace {

// The same wherever addresses are shorter, as in DataQueue::Lent: where a block ends is where control
// frames may enter.
constexpr std::size_t own_block_size = 224;
constexpr std::size_t own_block_offset = Outbox::lease_size - own_block_size;

}  // namespace

// Leasing.

Outbox* Outbox::lease(Pool* pool, bool inside_frame) noexcept {
    static_assert(sizeof(Outbox) <= own_block_offset && own_block_offset % 8 == 0);
    std::byte* const memory = pool == nullptr ? nullptr : pool->lease(lease_size);
    return memory == nullptr ? nullptr : new (memory) Outbox(pool, inside_frame);
}

Outbox::Outbox(Pool* pool, bool inside_frame) noexcept
    : pool_(pool),
      data_(pool, reinterpret_cast<std::byte*>(this) + own_block_offset, own_block_size),
      released_{data_.begin(), nullptr, 0}, handed_{data_.begin(), nullptr, 0},
      committed_at_frame_end_(!inside_frame) {}

void Outbox::give_back() noexcept {
    while (first_control_ != nullptr) pop_front_control();
    data_.give_back();
    pool_->give_back(reinterpret_cast<std::byte*>(this), lease_size);
}

// Filling.

void Outbox::append(const FrameHeader& header, ConstBytes payload) noexcept {
    const std::uint64_t before = data_.end();
    data_.append(header, payload);
    unhanded_size_ += static_cast<std::size_t>(data_.end() - before);
}

void Outbox::append_rest(ConstBytes payload, MaskKey key, bool last) noexcept {
    data_.append_rest(payload, key, last);
    unhanded_size_ += payload.size();
}

void Outbox::append_lent(const FrameHeader& header, ConstBytes payload, Token token) noexcept {
    const std::uint64_t before = data_.end();
    data_.append_lent(header, payload, token);
    unhanded_size_ += static_cast<std::size_t>(data_.end() - before);
}

void Outbox::append_shared(ConstBytes frame, memory::Counted& thing) noexcept {
    data_.append_shared(frame, thing);
    unhanded_size_ += frame.size();
}

void Outbox::rewind(const Mark& mark) noexcept {
    unhanded_size_ -= static_cast<std::size_t>(data_.end() - mark.end);
    data_.rewind(mark);
}

// Control frames.

ControlFrame* Outbox::lease_control(ControlFrame::Kind kind, std::size_t payload_size) noexcept {
    static_assert(sizeof(ControlFrame) + ControlFrame::size_max <= 256);
    std::byte* const memory = pool_->lease(sizeof(ControlFrame) + payload_size + 6);
    if (memory == nullptr) return nullptr;
    auto* const control = new (memory) ControlFrame;
    control->kind = kind;
    control->leased = true;
    return control;
}

ControlFrame* Outbox::close_without_reason() noexcept {
    auto* const control = new (close_place_) ControlFrame;
    control->kind = ControlFrame::Kind::close;
    return control;
}

void Outbox::give_back_control(ControlFrame* control) noexcept {
    if (control->leased)
        pool_->give_back(reinterpret_cast<std::byte*>(control),
                         sizeof(ControlFrame) + control->size);
}

void Outbox::add_control(ControlFrame* control) noexcept {
    using Kind = ControlFrame::Kind;
    const bool behind_close =
        last_control_ != nullptr && last_control_->kind == Kind::close && !last_control_->committed;
    ControlFrame* const follower = behind_close ? last_control_ : nullptr;
    control->next = follower;
    if (first_control_ == follower) {
        first_control_ = control;
    } else {
        ControlFrame* before = first_control_;
        while (before->next != follower) before = before->next;
        before->next = control;
    }
    if (follower == nullptr) last_control_ = control;
    if (handed_.control == follower) handed_.control = control;
    released_.control = first_control_;
    unhanded_size_ += control->size;
    if (control->kind == Kind::pong) ++pending_pongs_;
}

ControlFrame* Outbox::last_pending_pong() noexcept {
    ControlFrame* found = nullptr;
    for (ControlFrame* control = handed_.control; control != nullptr; control = control->next)
        if (control->kind == ControlFrame::Kind::pong && !control->committed) found = control;
    return found;
}

bool Outbox::holds_close() const noexcept {
    for (const ControlFrame* control = first_control_; control != nullptr; control = control->next)
        if (control->kind == ControlFrame::Kind::close) return true;
    return false;
}

ControlFrame* Outbox::take_back_close() noexcept {
    ControlFrame* before = nullptr;
    for (ControlFrame* control = first_control_; control != nullptr;
         before = control, control = control->next) {
        if (control->kind != ControlFrame::Kind::close) continue;
        if (control->committed) return nullptr;
        (before == nullptr ? first_control_ : before->next) = control->next;
        last_control_ = before;  // until it is committed, all go before it
        if (handed_.control == control) handed_.control = control->next;
        released_.control = first_control_;
        unhanded_size_ -= control->size;
        return control;
    }
    return nullptr;
}

void Outbox::resize_control(ControlFrame* control, std::size_t size) noexcept {
    unhanded_size_ = unhanded_size_ - control->size + size;
    control->size = static_cast<std::uint8_t>(size);
}

void Outbox::pop_front_control() noexcept {
    ControlFrame* const control = first_control_;
    first_control_ = control->next;
    if (first_control_ == nullptr) last_control_ = nullptr;
    if (control->committed) --committed_controls_;
    if (control->kind == ControlFrame::Kind::pong && !control->committed) --pending_pongs_;
    give_back_control(control);
}

// Walking.

// What comes next at `at`: a piece of a control frame that belongs here, or of data up to where one
// belongs. Empty at the end.
ConstBytes Outbox::piece_at(Cursor& at) noexcept {
    const ControlFrame* const control = at.control;
    if (is_in_control(at))
        return {control->octets() + at.within, std::size_t{control->size} - at.within};
    const ConstBytes rest = DataQueue::rest_at(at.data);
    if (rest.empty()) return {};
    std::uint64_t limit = data_.end();
    if (control != nullptr && control->committed)
        limit = control->before;
    else if (control != nullptr && at.data.offset < committed_ && committed_at_frame_end_)
        limit = committed_;
    return rest.first(
        static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), limit - at.data.offset)));
}

bool Outbox::is_in_control(const Cursor& at) noexcept {
    return at.control != nullptr && at.control->committed && at.control->before == at.data.offset;
}

void Outbox::pass(Cursor& at, std::size_t size) noexcept {
    if (is_in_control(at)) {
        at.within += static_cast<std::uint32_t>(size);
        if (at.within < at.control->size) return;
        at.control = at.control->next;
        at.within = 0;
        return;
    }
    at.data.within += size;
    at.data.offset += size;
}

// Behind all that is committed, where a frame has ended. A Close waits for the end of the data.
bool Outbox::may_commit(const ControlFrame& control, std::uint32_t pong_count_max) const noexcept {
    if (!committed_at_frame_end_) return false;
    if (control.kind == ControlFrame::Kind::close) return committed_ == data_.end();
    return committed_controls_ < pong_count_max;
}

bool Outbox::has_output(std::uint32_t pong_count_max) const noexcept {
    if (committed_size_ != 0 || committed_ != data_.end()) return true;
    return handed_.control != nullptr && may_commit(*handed_.control, pong_count_max);
}

// Gives the next control frame its place, if this is one.
void Outbox::commit_control(Cursor& at, std::uint32_t pong_count_max) noexcept {
    ControlFrame* const control = at.control;
    if (control == nullptr || control->committed) return;
    if (at.data.offset != committed_ || !may_commit(*control, pong_count_max)) return;
    control->before = committed_;
    control->committed = true;
    ++committed_controls_;
    if (control->kind == ControlFrame::Kind::pong) --pending_pongs_;
    committed_size_ += control->size;
}

// Data is committed to the end of its chunk, so that it is never shown shorter than before.
void Outbox::commit_piece(const Cursor& at, ConstBytes piece) noexcept {
    if (is_in_control(at) || at.data.offset + piece.size() <= committed_) return;
    DataQueue::Position data = at.data;
    const std::uint64_t end = at.data.offset + DataQueue::rest_at(data).size();
    committed_size_ += static_cast<std::size_t>(end - committed_);
    committed_ = end;
    committed_at_frame_end_ = DataQueue::ends_frame(data);
}

// Draining.

std::size_t Outbox::gather(std::span<Slice> slices, std::uint32_t pong_count_max) noexcept {
    Cursor at = handed_;
    std::size_t count = 0;
    std::size_t size = 0;
    while (count < slices.size()) {
        commit_control(at, pong_count_max);
        ConstBytes piece = piece_at(at);
        if (piece.empty()) break;
        if constexpr (sizeof(Slice::Size) < sizeof(std::size_t))
            piece = piece.first(std::min<std::size_t>(piece.size(), ~Slice::Size{0}));
        commit_piece(at, piece);
        slices[count++] = Slice(piece);
        size += piece.size();
        pass(at, piece.size());
    }
    shown_size_ = std::max(shown_size_, size);
    return count;
}

std::size_t Outbox::copy_into(Bytes into, std::uint32_t pong_count_max) noexcept {
    Cursor at = handed_;
    std::size_t done = 0;
    while (done < into.size()) {
        commit_control(at, pong_count_max);
        ConstBytes piece = piece_at(at);
        if (piece.empty()) break;
        piece = piece.first(std::min(piece.size(), into.size() - done));
        commit_piece(at, piece);
        std::memcpy(into.data() + done, piece.data(), piece.size());
        done += piece.size();
        pass(at, piece.size());
    }
    return done;
}

bool Outbox::hand_over(std::size_t size) noexcept {
    assert(size <= committed_size_);
    bool keepalive = false;
    unhanded_size_ -= size;
    committed_size_ -= size;
    handed_size_ += size;
    shown_size_ -= std::min(shown_size_, size);
    while (size > 0) {
        const ControlFrame* const control = handed_.control;
        const std::size_t piece = std::min(piece_at(handed_).size(), size);
        pass(handed_, piece);
        if (control != handed_.control && control->kind == ControlFrame::Kind::keepalive)
            keepalive = true;
        size -= piece;
    }
    return keepalive;
}

void Outbox::release(std::size_t size) noexcept {
    assert(size <= handed_size_);
    if (size + dropped_size_ >= handed_size_) {
        size = handed_size_;
        dropped_size_ = 0;
    }
    handed_size_ -= size;
    const DataQueue::Position before = released_.data;
    while (size > 0) {
        const std::size_t piece = std::min(piece_at(released_).size(), size);
        pass(released_, piece);
        if (released_.control != first_control_) pop_front_control();
        size -= piece;
    }
    DataQueue::let_go(before, 0, released_.data.offset);
    // Both marks leave what they have passed, so that neither stands on a block that goes.
    (void)DataQueue::rest_at(handed_.data);
    (void)DataQueue::rest_at(released_.data);
    data_.release_to(released_.data);
}

void Outbox::drop() noexcept {
    // Control frames without a place go; the others and all data count as handed over.
    ControlFrame* kept = nullptr;
    for (ControlFrame* control = first_control_; control != nullptr && control->committed;
         control = control->next)
        kept = control;
    ControlFrame* control = kept == nullptr ? first_control_ : kept->next;
    (kept == nullptr ? first_control_ : kept->next) = nullptr;
    last_control_ = kept;
    if (handed_.control == control) handed_.control = nullptr;
    released_.control = first_control_;
    while (control != nullptr) {
        ControlFrame* const next = control->next;
        unhanded_size_ -= control->size;
        give_back_control(control);
        control = next;
    }
    pending_pongs_ = 0;
    // What was shown may be in a write right now: it stays until it is acknowledged, or for good.
    const std::size_t shown = shown_size_ == 0 ? 0 : committed_size_;
    DataQueue::let_go(handed_.data, committed_, data_.end());
    committed_ = data_.end();
    committed_at_frame_end_ = true;
    committed_size_ = unhanded_size_;
    dropped_size_ += unhanded_size_ - shown;
    (void)hand_over(unhanded_size_);
    release(0);
}

Token Outbox::next_released() noexcept {
    const Token token = data_.next_token(released_.data);
    data_.release_to(released_.data);  // to the next token that waits, which empty() must see
    return token;
}

}  // namespace hawse::connection
