// SPDX-License-Identifier: MIT
#include "connection/outbox.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

namespace hawse::connection {

// A piece of leased memory: chunks from first_chunk on, each aligned to eight, up to `end`.
struct Outbox::Block {
    Block* next;
    std::uint32_t capacity;
    std::uint32_t end;

    static constexpr std::uint32_t first_chunk = 16;
    std::byte* at(std::uint32_t offset) noexcept {
        return reinterpret_cast<std::byte*>(this) + offset;
    }
};

// Octets that lie behind it, or a Lent.
struct Outbox::Chunk {
    std::uint32_t size;  // of the octets behind it; of a Lent, sizeof(Lent)
    bool lent;
    bool ends_frame;
};

struct Outbox::Lent {
    const std::byte* data;
    std::size_t size;
    Token token;
};

namespace {

constexpr std::size_t block_size_min = 1024;
constexpr std::size_t block_size_max = std::size_t{64} << 10;
// Small frames share a chunk, and so a slice, up to this size; control frames enter between chunks.
constexpr std::uint32_t shared_chunk_size_max = 4096;

constexpr std::uint32_t aligned(std::uint64_t offset) noexcept {
    return static_cast<std::uint32_t>((offset + 7) & ~std::uint64_t{7});
}

}  // namespace

// Leasing.

Outbox* Outbox::lease(Pool* pool) noexcept {
    static_assert(sizeof(Block) == Block::first_chunk || sizeof(void*) == 4);
    static_assert(sizeof(Outbox) + Block::first_chunk + 64 <= lease_size);
    std::byte* const memory = pool == nullptr ? nullptr : pool->lease(lease_size);
    return memory == nullptr ? nullptr : new (memory) Outbox(pool);
}

Outbox::Outbox(Pool* pool) noexcept
    : pool_(pool),
      write_block_(new (inline_block()) Block{
          nullptr, static_cast<std::uint32_t>(lease_size - aligned(sizeof(Outbox))),
          Block::first_chunk}),
      front_{write_block_, Block::first_chunk, 0, 0}, released_{front_, nullptr, 0},
      handed_{front_, nullptr, 0} {}

void Outbox::give_back() noexcept {
    while (first_control_ != nullptr) pop_front_control();
    for (Block* block = front_.block; block != nullptr;) {
        Block* const next = block->next;
        give_back_block(block);
        block = next;
    }
    pool_->give_back(reinterpret_cast<std::byte*>(this), lease_size);
}

Outbox::Block* Outbox::inline_block() noexcept {
    return reinterpret_cast<Block*>(reinterpret_cast<std::byte*>(this) + aligned(sizeof(Outbox)));
}

Outbox::Block* Outbox::lease_block(std::size_t size) noexcept {
    const std::size_t capacity =
        Pool::block_size(std::clamp(size, block_size_min, block_size_max));
    std::byte* const memory = pool_->lease(capacity);
    if (memory == nullptr) return nullptr;
    return new (memory) Block{nullptr, static_cast<std::uint32_t>(capacity), Block::first_chunk};
}

void Outbox::give_back_block(Block* block) noexcept {
    if (block != inline_block())
        pool_->give_back(reinterpret_cast<std::byte*>(block), block->capacity);
}

// Filling.

bool Outbox::reserve(std::size_t size, std::size_t frame_count) noexcept {
    // Of each frame: two chunks (a header and a Lent), a header, a Lent; of each block: what stays
    // unused at its end because a header is never cut.
    constexpr std::size_t frame_cost = 2 * (sizeof(Chunk) + 7) + frame_header_size_max + sizeof(Lent);
    constexpr std::size_t block_cost = Block::first_chunk + frame_cost + 8;
    if (size > SIZE_MAX / 2 || frame_count > SIZE_MAX / 2 / frame_cost) return false;
    const std::size_t needed = size + frame_count * frame_cost;
    std::size_t usable = 0;
    Block* last = write_block_;
    for (Block* block = write_block_; block != nullptr; block = block->next) {
        const std::size_t room = block->capacity - block->end;
        usable += room > frame_cost + 8 ? room - frame_cost - 8 : 0;
        last = block;
    }
    Block* const kept = last;
    while (usable < needed) {
        Block* const block = lease_block(needed - usable + block_cost);
        if (block == nullptr) {
            for (Block* extra = kept->next; extra != nullptr;) {
                Block* const next = extra->next;
                give_back_block(extra);
                extra = next;
            }
            kept->next = nullptr;
            return false;
        }
        last->next = block;
        last = block;
        usable += block->capacity - block_cost;
    }
    return true;
}

// The last chunk when `room` more octets fit behind it and it may grow.
Outbox::Chunk* Outbox::chunk_to_extend(std::size_t room) noexcept {
    if (last_chunk_ == nullptr || last_chunk_->lent || !last_chunk_->ends_frame) return nullptr;
    if (last_chunk_->size >= shared_chunk_size_max) return nullptr;
    return write_block_->capacity - write_block_->end >= room ? last_chunk_ : nullptr;
}

Outbox::Chunk* Outbox::open_chunk(std::size_t room) noexcept {
    while (write_block_->capacity < aligned(write_block_->end) + sizeof(Chunk) + room) {
        assert(write_block_->next != nullptr && "reserve() was too modest");
        write_block_ = write_block_->next;
    }
    const std::uint32_t at = aligned(write_block_->end);
    last_chunk_ = new (write_block_->at(at)) Chunk{0, false, true};
    write_block_->end = at + static_cast<std::uint32_t>(sizeof(Chunk));
    return last_chunk_;
}

void Outbox::append_header(const FrameHeader& header, bool ends_frame) noexcept {
    Chunk* chunk = chunk_to_extend(frame_header_size_max);
    if (chunk == nullptr) chunk = open_chunk(frame_header_size_max);
    const std::size_t size = write_frame_header(write_block_->at(write_block_->end), header);
    write_block_->end += static_cast<std::uint32_t>(size);
    chunk->size += static_cast<std::uint32_t>(size);
    chunk->ends_frame = ends_frame;
    end_ += size;
    unhanded_size_ += size;
}

void Outbox::append(const FrameHeader& header, ConstBytes payload) noexcept {
    append_header(header, payload.empty());
    for (std::size_t done = 0; done < payload.size();) {
        if (write_block_->end == write_block_->capacity) (void)open_chunk(1);
        const std::size_t room = write_block_->capacity - write_block_->end;
        const ConstBytes piece = payload.subspan(done, std::min(room, payload.size() - done));
        std::byte* const into = write_block_->at(write_block_->end);
        if (header.masked())
            copy_masked(into, piece, header.key.advanced(done));
        else
            std::memcpy(into, piece.data(), piece.size());
        done += piece.size();
        write_block_->end += static_cast<std::uint32_t>(piece.size());
        last_chunk_->size += static_cast<std::uint32_t>(piece.size());
        last_chunk_->ends_frame = done == payload.size();
    }
    end_ += payload.size();
    unhanded_size_ += payload.size();
}

void Outbox::append_lent_chunk(ConstBytes payload, Token token) noexcept {
    Chunk* const chunk = open_chunk(sizeof(Lent));
    new (write_block_->at(write_block_->end)) Lent{payload.data(), payload.size(), token};
    write_block_->end += static_cast<std::uint32_t>(sizeof(Lent));
    *chunk = {static_cast<std::uint32_t>(sizeof(Lent)), true, true};
    end_ += payload.size();
    unhanded_size_ += payload.size();
}

void Outbox::append_lent(const FrameHeader& header, ConstBytes payload, Token token) noexcept {
    append_header(header, false);
    append_lent_chunk(payload, token);
}

void Outbox::append_token(Token token) noexcept { append_lent_chunk({}, token); }

Outbox::Mark Outbox::mark() const noexcept {
    const Chunk last = last_chunk_ == nullptr ? Chunk{0, false, true} : *last_chunk_;
    return {write_block_,  write_block_->end, last_chunk_,   last.size,
            last.ends_frame, end_,            unhanded_size_};
}

void Outbox::rewind(const Mark& mark) noexcept {
    for (Block* block = mark.write_block->next; block != nullptr; block = block->next)
        block->end = Block::first_chunk;
    write_block_ = mark.write_block;
    write_block_->end = mark.block_end;
    last_chunk_ = mark.last_chunk;
    if (last_chunk_ != nullptr) {
        last_chunk_->size = mark.chunk_size;
        last_chunk_->ends_frame = mark.ends_frame;
    }
    end_ = mark.end;
    unhanded_size_ = mark.unhanded_size;
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
        pool_->give_back(reinterpret_cast<std::byte*>(control), sizeof(ControlFrame) + control->size);
}

void Outbox::add_control(ControlFrame* control) noexcept {
    using Kind = ControlFrame::Kind;
    const bool behind_close = last_control_ != nullptr && last_control_->kind == Kind::close &&
                              !last_control_->committed && control->kind != Kind::close;
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
        if (last_control_ == control) last_control_ = before;
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

Outbox::Chunk* Outbox::chunk_at(const Position& position) noexcept {
    if (position.chunk >= position.block->end) return nullptr;
    return std::launder(reinterpret_cast<Chunk*>(position.block->at(position.chunk)));
}

// Moves on from a chunk that was passed to the next one, if there is one yet.
bool Outbox::enter_next_chunk(Position& position) noexcept {
    Position next = position;
    if (const Chunk* const chunk = chunk_at(position); chunk != nullptr) {
        next.chunk = aligned(std::uint64_t{position.chunk} + sizeof(Chunk) + chunk->size);
        next.within = 0;
    }
    if (chunk_at(next) == nullptr && next.block->next != nullptr) {
        next.block = next.block->next;
        next.chunk = Block::first_chunk;
    }
    if (chunk_at(next) == nullptr) return false;
    position = next;
    return true;
}

// Moves on to the first chunk that has octets left; false, as far as there are chunks, without one.
bool Outbox::enter_unpassed_chunk(Position& position) noexcept {
    for (;;) {
        const Chunk* const chunk = chunk_at(position);
        if (chunk != nullptr && content_of(chunk).size() != position.within) return true;
        if (!enter_next_chunk(position)) return false;
    }
}

ConstBytes Outbox::content_of(const Chunk* chunk) noexcept {
    const auto* const behind = reinterpret_cast<const std::byte*>(chunk + 1);
    if (!chunk->lent) return {behind, chunk->size};
    const auto* const lent = std::launder(reinterpret_cast<const Lent*>(behind));
    return {lent->data, lent->size};
}

// What comes next at `at`: a piece of a control frame that belongs here, or of data up to where one
// belongs. Empty at the end.
ConstBytes Outbox::piece_at(Cursor& at) noexcept {
    Position& data = at.data;
    const ControlFrame* const control = at.control;
    const bool placed = control != nullptr && control->committed;
    if (placed && control->before == data.offset)
        return {control->octets() + at.within, std::size_t{control->size} - at.within};
    if (!enter_unpassed_chunk(data)) return {};
    Chunk* const chunk = chunk_at(data);
    std::uint64_t limit = placed ? control->before : end_;
    if (control != nullptr && !placed && data.offset < committed_ && committed_at_frame_end_)
        limit = committed_;
    const ConstBytes rest = content_of(chunk).subspan(std::size_t(data.within));
    return rest.first(std::size_t(std::min<std::uint64_t>(rest.size(), limit - data.offset)));
}

void Outbox::pass(Cursor& at, std::size_t size) noexcept {
    if (at.control != nullptr && at.control->committed && at.control->before == at.data.offset) {
        at.within += static_cast<std::uint32_t>(size);
        if (at.within < at.control->size) return;
        at.control = at.control->next;
        at.within = 0;
        return;
    }
    at.data.within += size;
    at.data.offset += size;
}

// Gives the next control frame its place, if this is one: behind all that is committed, where a frame
// has ended. A Close waits for the end of the data.
void Outbox::commit_control(Cursor& at, std::uint32_t pong_count_max) noexcept {
    ControlFrame* const control = at.control;
    if (control == nullptr || control->committed) return;
    if (at.data.offset != committed_ || !committed_at_frame_end_) return;
    const bool is_close = control->kind == ControlFrame::Kind::close;
    if (is_close && committed_ != end_) return;
    if (!is_close && committed_controls_ >= pong_count_max) return;
    control->before = committed_;
    control->committed = true;
    ++committed_controls_;
    if (control->kind == ControlFrame::Kind::pong) --pending_pongs_;
    committed_size_ += control->size;
}

// Data is committed to the end of its chunk, so that it is never shown shorter than before.
void Outbox::commit_piece(const Cursor& at, std::size_t size) noexcept {
    if (at.control != nullptr && at.control->committed && at.control->before == at.data.offset)
        return;
    if (at.data.offset + size <= committed_) return;
    const Chunk* const chunk = chunk_at(at.data);
    const std::uint64_t end =
        at.data.offset + content_of(chunk).size() - at.data.within;
    committed_size_ += std::size_t(end - committed_);
    committed_ = end;
    committed_at_frame_end_ = chunk->ends_frame;
}

// Draining.

std::size_t Outbox::gather(std::span<Slice> slices, std::uint32_t pong_count_max) noexcept {
    Cursor at = handed_;
    std::size_t count = 0;
    while (count < slices.size()) {
        commit_control(at, pong_count_max);
        ConstBytes piece = piece_at(at);
        if (piece.empty()) break;
        if constexpr (sizeof(Slice::Size) < sizeof(std::size_t))
            piece = piece.first(std::min<std::size_t>(piece.size(), ~Slice::Size{0}));
        commit_piece(at, piece.size());
        slices[count++] = Slice(piece);
        pass(at, piece.size());
    }
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
        commit_piece(at, piece.size());
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
    while (size > 0) {
        const std::size_t piece = std::min(piece_at(released_).size(), size);
        pass(released_, piece);
        if (released_.control != first_control_) pop_front_control();
        size -= piece;
    }
    advance_front();
}

void Outbox::drop() noexcept {
    // Control frames without a place go; the others and all data are taken as handed over.
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
    committed_ = end_;
    committed_at_frame_end_ = true;
    committed_size_ = unhanded_size_;
    const std::size_t dropped = unhanded_size_;
    (void)hand_over(dropped);
    dropped_size_ += dropped;
    release(0);
}

// The front: memory and tokens.

bool Outbox::token_waits() const noexcept {
    const Chunk* const chunk = chunk_at(front_);
    return chunk != nullptr && chunk->lent &&
           std::launder(reinterpret_cast<const Lent*>(chunk + 1))->token;
}

// Gives back blocks that are passed, up to the first token that nobody has taken yet.
void Outbox::advance_front() noexcept {
    // Both marks leave what they have passed, so that neither stands on a block that goes.
    enter_unpassed_chunk(handed_.data);
    enter_unpassed_chunk(released_.data);
    const Position& reached = released_.data;
    while (front_.block != reached.block || front_.chunk != reached.chunk) {
        if (token_waits()) return;
        Block* const block = front_.block;
        if (!enter_next_chunk(front_)) return;
        if (front_.block != block) give_back_block(block);
    }
}

Token Outbox::next_released() noexcept {
    advance_front();
    Chunk* const chunk = chunk_at(front_);
    if (chunk == nullptr || !chunk->lent) return {};
    auto* const lent = std::launder(reinterpret_cast<Lent*>(chunk + 1));
    const Position& reached = released_.data;
    const bool here = front_.block == reached.block && front_.chunk == reached.chunk;
    if (here && reached.within < lent->size) return {};
    return std::exchange(lent->token, Token{});
}

}  // namespace hawse::connection
