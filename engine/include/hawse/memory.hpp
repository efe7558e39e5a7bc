// SPDX-License-Identifier: MIT
// Where memory comes from: an allocator that the host injects and that may answer null, and the pool
// that keeps what was leased before, so that in the steady state the allocator is not asked.
#pragma once

#include "hawse/export.hpp"

#include <cstddef>
#include <cstdint>

namespace hawse {

namespace memory {  // inside the engine
class Inflaters;
class Shelf;
struct Shelved;
}  // namespace memory

/// Two functions and what they are called with. `allocate` answers null or `size` octets aligned for
/// any fundamental type; `release` gets the same size back. Called on the thread that uses the pool.
/// heap.hpp has one for malloc.
struct Allocator {
    void* (*allocate)(void* context, std::size_t size) noexcept = nullptr;
    void (*release)(void* context, void* octets, std::size_t size) noexcept = nullptr;
    void* context = nullptr;
};

/// How many codecs the connections of one pool have. docs/limits.md says what each one takes.
struct CodecLimits {
    /// Compressors. A connection keeps its own until another one needs it, and gets one anew from what
    /// it remembers; 0 sends everything plain.
    std::uint32_t compressor_count_max = 16;
    /// Compressed messages that are on their way in at one moment: each has an inflater from its first
    /// octets to its last. One more fails its connection with 1013, so see Waits::message.
    std::uint32_t inflater_count_max = 1024;
};

/// Leases blocks whose sizes are powers of two from 256 octets up, and keeps those that come back
/// for the next one who asks. One pool per thread; every connection of that thread shares it, and it
/// outlives them. Neither copied nor moved: connections point to it.
class HAWSE_API Pool {
public:
    /// Blocks that come back are kept until `kept_size_max` octets lie idle; beyond that they go to
    /// the allocator at once. `codecs` bounds compressors and inflaters. Allocates nothing.
    explicit Pool(Allocator allocator, std::size_t kept_size_max = std::size_t{4} << 20,
                  CodecLimits codecs = {}) noexcept;

    /// Gives all that is kept back to the allocator. No lease may be out.
    ~Pool();

    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// What a lease of `size` octets is rounded up to; 0 when no block can be that large.
    [[nodiscard]] static std::size_t block_size(std::size_t size) noexcept;

    /// A block of block_size(size) octets, contents undefined; null when the allocator answers null.
    [[nodiscard]] std::byte* lease(std::size_t size) noexcept;

    /// Takes back what lease(size) gave, for any size of the same block_size. Null is allowed.
    void give_back(std::byte* octets, std::size_t size) noexcept;

    /// Octets out on lease, and octets that are kept here: in idle blocks, at most `kept_size_max`,
    /// and in compressors, whose number CodecLimits bounds. O(1).
    [[nodiscard]] std::size_t leased_size() const noexcept { return leased_size_; }
    [[nodiscard]] std::size_t kept_size() const noexcept { return idle_size_ + shelved_size_; }

    /// Gives all that is kept back to the allocator now, for a host that fell quiet. Connections that
    /// compress get compressors anew.
    void trim() noexcept;

private:
    friend class memory::Inflaters;
    friend class memory::Shelf;

    static constexpr std::size_t size_class_count = 24;  // 256 octets to 2 GiB
    struct Idle {
        Idle* next;
    };

    void release_idle() noexcept;

    Allocator allocator_;
    std::size_t idle_size_max_;
    CodecLimits codecs_;
    std::size_t leased_size_ = 0;
    std::size_t idle_size_ = 0;
    std::size_t shelved_size_ = 0;
    std::uint32_t shelved_count_ = 0;
    std::uint32_t inflater_count_ = 0;
    memory::Shelved* oldest_ = nullptr;
    memory::Shelved* newest_ = nullptr;
    Idle* idle_[size_class_count] = {};
};

}  // namespace hawse
