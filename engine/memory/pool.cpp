// SPDX-License-Identifier: MIT
// The pool: one list of idle blocks for each power of two. It knows sizes only, not what lies in them.
#include "hawse/memory.hpp"

#include "memory/shelf.hpp"

#include <bit>
#include <cassert>
#include <new>

namespace hawse {

namespace {

constexpr std::size_t block_size_min = 256;

std::size_t size_class_of(std::size_t block_size) noexcept {
    return static_cast<std::size_t>(std::countr_zero(block_size / block_size_min));
}

}  // namespace

Pool::Pool(Allocator allocator, std::size_t kept_size_max, CodecLimits codecs) noexcept
    : allocator_(allocator), idle_size_max_(kept_size_max), codecs_(codecs) {}

Pool::~Pool() {
    assert(leased_size_ == 0 && "a connection outlives its pool");
    assert(inflater_count_ == 0);
    trim();
}

std::size_t Pool::block_size(std::size_t size) noexcept {
    if (size <= block_size_min) return block_size_min;
    if (size > block_size_min << (size_class_count - 1)) return 0;
    return std::bit_ceil(size);
}

std::byte* Pool::lease(std::size_t size) noexcept {
    const std::size_t block = block_size(size);
    if (block == 0 || allocator_.allocate == nullptr) return nullptr;
    Idle*& idle = idle_[size_class_of(block)];
    void* octets = idle;
    if (idle != nullptr) {
        idle = idle->next;
        idle_size_ -= block;
    } else {
        octets = allocator_.allocate(allocator_.context, block);
    }
    if (octets == nullptr) return nullptr;
    leased_size_ += block;
    return static_cast<std::byte*>(octets);
}

void Pool::give_back(std::byte* octets, std::size_t size) noexcept {
    if (octets == nullptr) return;
    const std::size_t block = block_size(size);
    leased_size_ -= block;
    if (block > idle_size_max_ - idle_size_) {
        allocator_.release(allocator_.context, octets, block);
        return;
    }
    Idle*& idle = idle_[size_class_of(block)];
    idle = new (octets) Idle{idle};
    idle_size_ += block;
}

void Pool::trim() noexcept {
    memory::Shelf(*this).clear();
    release_idle();
}

void Pool::release_idle() noexcept {
    for (std::size_t size_class = 0; size_class < size_class_count; ++size_class) {
        while (Idle* block = idle_[size_class]) {
            idle_[size_class] = block->next;
            allocator_.release(allocator_.context, block, block_size_min << size_class);
        }
    }
    idle_size_ = 0;
}

}  // namespace hawse
