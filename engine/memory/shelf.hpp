// SPDX-License-Identifier: MIT
// Things of a pool that cost much to make and are used by many in turn: whoever had one last may come
// back for it, until somebody else needs it more. It knows their order and not what they are.
#pragma once

#include "hawse/memory.hpp"

#include <cstddef>
#include <cstdint>

namespace hawse::memory {

/// What a kept thing begins with. It lies in memory leased from the pool, as all that it owns.
struct Shelved {
    Pool* pool = nullptr;
    void (*destroy)(Shelved& thing) noexcept = nullptr;  ///< gives back every lease of the thing
    std::uint32_t tag = 0;  ///< things of one tag can stand for each other

    // The shelf's own.
    Shelved** holder = nullptr;  // set to null when the thing is taken away
    Shelved* older = nullptr;
    Shelved* newer = nullptr;
    std::size_t size = 0;  // octets leased
};

/// The things of one pool by last use; those that nobody holds come before all others, as the oldest.
/// They count as kept by the pool, not as leased. All is O(1) but where it says so.
class Shelf {
public:
    explicit Shelf(Pool& pool) noexcept : pool_(pool) {}

    /// Lends a thing with this tag that nobody holds, or the least recently used of all, if it has the
    /// tag and there may be no more of them, which is then taken from its holder. False: one is to be
    /// made. O(things that nobody holds).
    [[nodiscard]] bool lend(std::uint32_t tag, Shelved*& holder) noexcept;
    /// The same whether there may be more or not: there is no memory for another one.
    [[nodiscard]] bool lend_oldest(std::uint32_t tag, Shelved*& holder) noexcept;

    /// Destroys the least recently used if there may be no further thing. False: there may be none.
    [[nodiscard]] bool make_room() noexcept;
    /// For the sake of an allocation that failed: gives the pool's idle blocks back to the allocator.
    /// False: there were none. O(blocks).
    [[nodiscard]] bool give_back_idle() noexcept;
    /// The same: destroys the least recently used, whose blocks then lie idle.
    [[nodiscard]] bool drop_oldest() noexcept;
    /// Takes `thing`, just made of `size` octets of leases, and lends it.
    void add(Shelved& thing, std::size_t size, Shelved*& holder) noexcept;

    /// Its holder uses it once more.
    void touch(Shelved& thing) noexcept;
    /// Its holder wants it no longer: it is the first to be lent anew, or destroyed.
    void leave(Shelved& thing) noexcept;
    /// Destroys all. O(things).
    void clear() noexcept;

private:
    void hand_over(Shelved& thing, Shelved*& holder) noexcept;
    void destroy(Shelved& thing) noexcept;
    void unlink(Shelved& thing) noexcept;
    void link_newest(Shelved& thing) noexcept;

    Pool& pool_;
};

}  // namespace hawse::memory
