// SPDX-License-Identifier: MIT
// Data frames in the order sent: chunks of octets, or of what the host lent, in blocks that never
// move. It knows where frames end; not what was shown, and nothing of control frames.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/connection.hpp"
#include "hawse/frame_header.hpp"
#include "hawse/memory.hpp"
#include "memory/counted.hpp"

#include <cstddef>
#include <cstdint>

namespace hawse::connection {

class DataQueue {
    struct Block;
    struct Chunk;
    struct Lent;

public:
    /// A place in the queue.
    struct Position {
        Block* block;
        std::uint32_t chunk;   // its offset in the block
        std::uint64_t within;  // octets of its content passed
        std::uint64_t offset;  // octets passed in all
    };

    /// `memory`, of `size` octets aligned to eight, is the first block, and stays its owner's.
    DataQueue(Pool* pool, std::byte* memory, std::size_t size) noexcept;

    // Filling.

    /// Makes room for `frame_count` frames that copy `size` octets of payload in all; the appends that
    /// follow cannot fail. False, and nothing changed, when there is no memory.
    bool reserve(std::size_t size, std::size_t frame_count) noexcept;
    /// Appends a frame, its payload copied, and masked when the header is. When `payload` is shorter
    /// than the header says, append_rest() follows.
    void append(const FrameHeader& header, ConstBytes payload) noexcept;
    /// Appends more of the last frame's payload, masked with `key` unless that is zero; `last` says
    /// that the frame is whole.
    void append_rest(ConstBytes payload, MaskKey key, bool last) noexcept;
    /// Appends a frame whose payload, as the wire wants it, stays where it is; a token, if any, comes
    /// back when it is released.
    void append_lent(const FrameHeader& header, ConstBytes payload, Token token) noexcept;
    /// Appends a whole frame that stays where it is, and owns `thing`, in which it lies, until let_go().
    void append_shared(ConstBytes frame, memory::Counted& thing) noexcept;
    /// Appends a token alone, right behind the frame it belongs to: it comes back when all before it is
    /// released.
    void append_token(Token token) noexcept;

    /// Where filling stands; rewind() undoes what was appended since, and keeps what was reserved.
    struct Mark;
    [[nodiscard]] Mark mark() const noexcept;
    void rewind(const Mark& mark) noexcept;

    /// Octets ever appended.
    [[nodiscard]] std::uint64_t end() const noexcept { return end_; }

    // Walking.

    [[nodiscard]] Position begin() const noexcept { return front_; }
    /// The rest of the chunk at `position`, which moves on from a chunk that it has passed; empty at
    /// the end.
    [[nodiscard]] static ConstBytes rest_at(Position& position) noexcept;
    /// Whether the chunk there ends where a frame does.
    [[nodiscard]] static bool ends_frame(const Position& position) noexcept;

    // Releasing.

    /// Gives back the blocks before `released`, up to the first token that nobody has taken yet.
    void release_to(const Position& released) noexcept;
    /// The next token whose octets lie before `released`; zero when there is none.
    Token next_token(const Position& released) noexcept;
    [[nodiscard]] bool token_waits() const noexcept;
    /// Lets go of the things of all frames that lie between two offsets; `from` is not behind `begin`.
    static void let_go(Position from, std::uint64_t begin, std::uint64_t end) noexcept;
    /// Gives back all blocks but the first, and lets go of everything. Tokens are forgotten.
    void give_back() noexcept;

private:
    Block* lease_block(std::size_t size) noexcept;
    void give_back_block(Block* block) noexcept;
    void give_back_after(Block* block) noexcept;
    Chunk* open_chunk(std::size_t room) noexcept;
    Chunk* chunk_to_extend(std::size_t room) noexcept;
    [[nodiscard]] bool last_chunk_takes_more() const noexcept;
    void append_header(const FrameHeader& header, bool ends_frame) noexcept;
    void append_lent_chunk(ConstBytes octets, Token token, memory::Counted* thing) noexcept;

    static Chunk* chunk_at(const Position& position) noexcept;
    static ConstBytes content_of(const Chunk* chunk) noexcept;
    static Lent* lent_in(Chunk* chunk) noexcept;
    static bool enter_next_chunk(Position& position) noexcept;

    Pool* pool_;
    Block* own_block_;  // the first, which was not leased here
    Block* write_block_;
    Chunk* last_chunk_ = nullptr;
    Position front_;  // the first chunk whose memory is still needed
    std::uint64_t end_ = 0;
};

struct DataQueue::Mark {
    Block* write_block;
    std::uint32_t block_end;
    Chunk* last_chunk;
    std::uint32_t chunk_size;
    bool ends_frame;
    std::uint64_t end;
};

}  // namespace hawse::connection
