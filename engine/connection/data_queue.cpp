// SPDX-License-Identifier: MIT
#include "connection/data_queue.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

namespace hawse::connection {

// A piece of memory: chunks from first_chunk on, each aligned to eight, up to `end`.
struct DataQueue::Block {
    Block* next;
    std::uint32_t capacity;
    std::uint32_t end;

    static constexpr std::uint32_t first_chunk = 16;
    std::byte* at(std::uint32_t offset) noexcept {
        return reinterpret_cast<std::byte*>(this) + offset;
    }
};

// Octets that lie behind it, or a Lent.
struct DataQueue::Chunk {
    std::uint32_t size;  // of the octets behind it; of a Lent, sizeof(Lent)
    bool lent;
    bool ends_frame;
};

struct DataQueue::Lent {
    alignas(8) const std::byte* data;
    alignas(8) std::size_t size;
    Token token;
    alignas(8) memory::Counted* thing;  // owned here: they lie in it; null: they are the host's
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

DataQueue::DataQueue(Pool* pool, std::byte* memory, std::size_t size) noexcept
    : pool_(pool),
      own_block_(new (memory) Block{nullptr, static_cast<std::uint32_t>(size), Block::first_chunk}),
      write_block_(own_block_), front_{own_block_, Block::first_chunk, 0, 0} {
    static_assert(sizeof(Block) <= Block::first_chunk);
}

void DataQueue::give_back() noexcept {
    let_go(front_, 0, end_);
    give_back_after(front_.block);
    give_back_block(front_.block);
}

DataQueue::Block* DataQueue::lease_block(std::size_t size) noexcept {
    const std::size_t capacity = Pool::block_size(std::clamp(size, block_size_min, block_size_max));
    std::byte* const memory = pool_->lease(capacity);
    if (memory == nullptr) return nullptr;
    return new (memory) Block{nullptr, static_cast<std::uint32_t>(capacity), Block::first_chunk};
}

void DataQueue::give_back_block(Block* block) noexcept {
    if (block != own_block_) pool_->give_back(reinterpret_cast<std::byte*>(block), block->capacity);
}

void DataQueue::give_back_after(Block* block) noexcept {
    Block* extra = std::exchange(block->next, nullptr);
    while (extra != nullptr) {
        Block* const next = extra->next;
        give_back_block(extra);
        extra = next;
    }
}

// Filling.

bool DataQueue::reserve(std::size_t size, std::size_t frame_count) noexcept {
    // Of each frame: two chunks (a header and a Lent), a header, a Lent; of each block: what stays
    // unused at its end because a header is never cut.
    constexpr std::size_t frame_cost =
        2 * (sizeof(Chunk) + 7) + frame_header_size_max + sizeof(Lent);
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
        last->next = lease_block(needed - usable + block_cost);
        if (last->next == nullptr) {
            give_back_after(kept);
            return false;
        }
        last = last->next;
        usable += last->capacity - block_cost;
    }
    return true;
}

// Where a block is full, octets need a chunk of their own. A lent one ends its frame: these are of
// another.
bool DataQueue::last_chunk_takes_more() const noexcept {
    assert(last_chunk_ == nullptr || !last_chunk_->lent);
    return last_chunk_ != nullptr && write_block_->end < write_block_->capacity;
}

// The last chunk when `room` more octets fit behind it and it may grow.
DataQueue::Chunk* DataQueue::chunk_to_extend(std::size_t room) noexcept {
    if (last_chunk_ == nullptr || last_chunk_->lent) return nullptr;
    if (last_chunk_->size >= shared_chunk_size_max) return nullptr;
    return write_block_->capacity - write_block_->end >= room ? last_chunk_ : nullptr;
}

DataQueue::Chunk* DataQueue::open_chunk(std::size_t room) noexcept {
    while (write_block_->capacity < aligned(write_block_->end) + sizeof(Chunk) + room) {
        assert(write_block_->next != nullptr && "reserve() was too modest");
        write_block_ = write_block_->next;
    }
    const std::uint32_t at = aligned(write_block_->end);
    last_chunk_ = new (write_block_->at(at)) Chunk{0, false, true};
    write_block_->end = at + static_cast<std::uint32_t>(sizeof(Chunk));
    return last_chunk_;
}

void DataQueue::append_header(const FrameHeader& header, bool ends_frame) noexcept {
    Chunk* chunk = chunk_to_extend(frame_header_size_max);
    if (chunk == nullptr) chunk = open_chunk(frame_header_size_max);
    const std::size_t size = write_frame_header(write_block_->at(write_block_->end), header);
    write_block_->end += static_cast<std::uint32_t>(size);
    chunk->size += static_cast<std::uint32_t>(size);
    chunk->ends_frame = ends_frame;
    end_ += size;
}

void DataQueue::append(const FrameHeader& header, ConstBytes payload) noexcept {
    append_header(header, header.payload_size == 0);
    append_rest(payload, header.masked() ? header.key : MaskKey{},
                payload.size() == header.payload_size);
}

// A zero key masks nothing.
void DataQueue::append_rest(ConstBytes payload, MaskKey key, bool last) noexcept {
    for (std::size_t done = 0; done < payload.size();) {
        if (!last_chunk_takes_more()) (void)open_chunk(1);
        const std::size_t room = write_block_->capacity - write_block_->end;
        const ConstBytes piece = payload.subspan(done, std::min(room, payload.size() - done));
        std::byte* const into = write_block_->at(write_block_->end);
        if (key != MaskKey{})
            copy_masked(into, piece, key.advanced(done));
        else
            std::memcpy(into, piece.data(), piece.size());
        done += piece.size();
        write_block_->end += static_cast<std::uint32_t>(piece.size());
        last_chunk_->size += static_cast<std::uint32_t>(piece.size());
        last_chunk_->ends_frame = last && done == payload.size();
    }
    end_ += payload.size();
}

void DataQueue::append_lent_chunk(ConstBytes octets, Token token, memory::Counted* thing) noexcept {
    Chunk* const chunk = open_chunk(sizeof(Lent));
    new (write_block_->at(write_block_->end)) Lent{octets.data(), octets.size(), token, thing};
    write_block_->end += static_cast<std::uint32_t>(sizeof(Lent));
    *chunk = {static_cast<std::uint32_t>(sizeof(Lent)), true, true};
    end_ += octets.size();
}

void DataQueue::append_lent(const FrameHeader& header, ConstBytes payload, Token token) noexcept {
    append_header(header, payload.empty());
    append_lent_chunk(payload, token, nullptr);
}

void DataQueue::append_shared(ConstBytes frame, memory::Counted& thing) noexcept {
    memory::retain(thing);
    append_lent_chunk(frame, {}, &thing);
}

void DataQueue::append_token(Token token) noexcept { append_lent_chunk({}, token, nullptr); }

DataQueue::Mark DataQueue::mark() const noexcept {
    const Chunk last = last_chunk_ == nullptr ? Chunk{0, false, true} : *last_chunk_;
    return {write_block_, write_block_->end, last_chunk_, last.size, last.ends_frame, end_};
}

void DataQueue::rewind(const Mark& mark) noexcept {
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
}

// Walking.

DataQueue::Chunk* DataQueue::chunk_at(const Position& position) noexcept {
    if (position.chunk >= position.block->end) return nullptr;
    return std::launder(reinterpret_cast<Chunk*>(position.block->at(position.chunk)));
}

ConstBytes DataQueue::content_of(const Chunk* chunk) noexcept {
    const auto* const behind = reinterpret_cast<const std::byte*>(chunk + 1);
    if (!chunk->lent) return {behind, chunk->size};
    const auto* const lent = std::launder(reinterpret_cast<const Lent*>(behind));
    return {lent->data, lent->size};
}

DataQueue::Lent* DataQueue::lent_in(Chunk* chunk) noexcept {
    if (chunk == nullptr || !chunk->lent) return nullptr;
    return std::launder(reinterpret_cast<Lent*>(chunk + 1));
}

// Moves on from a chunk that was passed to the next one, if there is one yet.
bool DataQueue::enter_next_chunk(Position& position) noexcept {
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

ConstBytes DataQueue::rest_at(Position& position) noexcept {
    for (;;) {
        const Chunk* const chunk = chunk_at(position);
        if (chunk != nullptr) {
            const ConstBytes content = content_of(chunk);
            if (content.size() != position.within)
                return content.subspan(static_cast<std::size_t>(position.within));
        }
        if (!enter_next_chunk(position)) return {};
    }
}

bool DataQueue::ends_frame(const Position& position) noexcept {
    return chunk_at(position)->ends_frame;
}

// Releasing.

// A token that nobody takes keeps its chunk and those behind it, but no thing of many owners.
void DataQueue::let_go(Position from, std::uint64_t begin, std::uint64_t end) noexcept {
    std::uint64_t offset = from.offset - from.within;
    do {
        const Chunk* const chunk = chunk_at(from);
        if (chunk == nullptr) continue;
        const std::size_t size = content_of(chunk).size();
        if (size > end - offset) return;
        Lent* const lent = lent_in(chunk_at(from));
        if (offset >= begin && lent != nullptr && lent->thing != nullptr)
            memory::let_go(*std::exchange(lent->thing, nullptr));
        offset += size;
    } while (enter_next_chunk(from));
}

bool DataQueue::token_waits() const noexcept {
    const Lent* const lent = lent_in(chunk_at(front_));
    return lent != nullptr && lent->token;
}

void DataQueue::release_to(const Position& released) noexcept {
    while (front_.block != released.block || front_.chunk != released.chunk) {
        if (token_waits()) return;
        Block* const block = front_.block;
        [[maybe_unused]] const bool entered = enter_next_chunk(front_);
        assert(entered);  // what is released lies ahead
        if (front_.block != block) give_back_block(block);
    }
}

Token DataQueue::next_token(const Position& released) noexcept {
    release_to(released);
    if (!token_waits()) return {};
    Lent* const lent = lent_in(chunk_at(front_));
    const bool here = front_.block == released.block && front_.chunk == released.chunk;
    if (here && released.within < lent->size) return {};
    return std::exchange(lent->token, Token{});
}

}  // namespace hawse::connection
