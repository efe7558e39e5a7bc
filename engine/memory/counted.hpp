// SPDX-License-Identifier: MIT
// Something that has several owners, on any threads: the last one to let go releases it. It knows how
// many there are, and not who, nor what it is that they own.
#pragma once

#include <atomic>
#include <cstddef>

namespace hawse::memory {

/// What a shared thing begins with. It does not change while it is shared. Every owner takes memory of
/// its own, so that their number fits into a size.
struct Counted {
    explicit Counted(void (*release_with)(Counted& thing) noexcept) noexcept
        : release(release_with) {}

    void (*const release)(Counted& thing) noexcept;
    std::atomic<std::size_t> owners = 1;
};

/// One owner more. Whoever asks for it is one already, or acts for one, so there is nothing to wait for.
inline void retain(Counted& thing) noexcept {
    thing.owners.fetch_add(1, std::memory_order_relaxed);
}

/// One owner less. All that any of them has done with it comes before its release.
inline void let_go(Counted& thing) noexcept {
    if (thing.owners.fetch_sub(1, std::memory_order_acq_rel) == 1) thing.release(thing);
}

}  // namespace hawse::memory
