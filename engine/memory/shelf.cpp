// SPDX-License-Identifier: MIT
// The shelf: one list, oldest to newest.
#include "memory/shelf.hpp"

#include <cassert>

namespace hawse::memory {

bool Shelf::lend(std::uint32_t tag, Shelved*& holder) noexcept {
    for (Shelved* thing = pool_.oldest_; thing != nullptr && thing->holder == nullptr;
         thing = thing->newer) {
        if (thing->tag != tag) continue;
        hand_over(*thing, holder);
        return true;
    }
    return pool_.shelved_count_ >= pool_.codecs_.compressor_count_max && lend_oldest(tag, holder);
}

bool Shelf::lend_oldest(std::uint32_t tag, Shelved*& holder) noexcept {
    if (pool_.oldest_ == nullptr || pool_.oldest_->tag != tag) return false;
    hand_over(*pool_.oldest_, holder);
    return true;
}

bool Shelf::make_room() noexcept {
    const std::uint32_t count_max = pool_.codecs_.compressor_count_max;
    if (count_max == 0) return false;
    if (pool_.shelved_count_ >= count_max) destroy(*pool_.oldest_);
    return true;
}

bool Shelf::give_back_idle() noexcept {
    const bool any = pool_.idle_size_ != 0;
    pool_.release_idle();
    return any;
}

bool Shelf::drop_oldest() noexcept {
    const bool any = pool_.oldest_ != nullptr;
    if (any) destroy(*pool_.oldest_);
    return any;
}

void Shelf::add(Shelved& thing, std::size_t size, Shelved*& holder) noexcept {
    thing.size = size;
    pool_.leased_size_ -= size;
    pool_.shelved_size_ += size;
    ++pool_.shelved_count_;
    thing.holder = &holder;
    holder = &thing;
    link_newest(thing);
}

void Shelf::touch(Shelved& thing) noexcept {
    unlink(thing);
    link_newest(thing);
}

void Shelf::leave(Shelved& thing) noexcept {
    assert(*thing.holder == &thing);
    *thing.holder = nullptr;
    thing.holder = nullptr;
    unlink(thing);
    thing.older = nullptr;
    thing.newer = pool_.oldest_;
    (thing.newer == nullptr ? pool_.newest_ : thing.newer->older) = &thing;
    pool_.oldest_ = &thing;
}

void Shelf::clear() noexcept {
    while (pool_.oldest_ != nullptr) destroy(*pool_.oldest_);
}

void Shelf::hand_over(Shelved& thing, Shelved*& holder) noexcept {
    if (thing.holder != nullptr) *thing.holder = nullptr;
    thing.holder = &holder;
    holder = &thing;
    touch(thing);
}

void Shelf::destroy(Shelved& thing) noexcept {
    if (thing.holder != nullptr) *thing.holder = nullptr;
    unlink(thing);
    pool_.leased_size_ += thing.size;
    pool_.shelved_size_ -= thing.size;
    --pool_.shelved_count_;
    thing.destroy(thing);
}

void Shelf::unlink(Shelved& thing) noexcept {
    (thing.older == nullptr ? pool_.oldest_ : thing.older->newer) = thing.newer;
    (thing.newer == nullptr ? pool_.newest_ : thing.newer->older) = thing.older;
}

void Shelf::link_newest(Shelved& thing) noexcept {
    thing.newer = nullptr;
    thing.older = pool_.newest_;
    (thing.older == nullptr ? pool_.oldest_ : thing.older->newer) = &thing;
    pool_.newest_ = &thing;
}

}  // namespace hawse::memory
