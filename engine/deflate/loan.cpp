// SPDX-License-Identifier: MIT
// Loans: what is on the pool's shelf is a compressor, and how it got there.
#include "deflate/loan.hpp"

#include <algorithm>
#include <cassert>
#include <new>

namespace hawse::deflate {

namespace {

struct Lent : memory::Shelved {
    Compressor* compressor = nullptr;
};

std::uint32_t tag_of(CompressorSettings settings) noexcept {
    return std::uint32_t{settings.window_bits} << 16 | std::uint32_t{settings.level} << 8 |
           std::uint32_t{settings.memory_level};
}

void destroy(memory::Shelved& thing) noexcept {
    Pool& pool = *thing.pool;
    destroy_compressor(static_cast<Lent&>(thing).compressor);
    pool.give_back(reinterpret_cast<std::byte*>(&static_cast<Lent&>(thing)), sizeof(Lent));
}

Lent* make(Pool& pool, CompressorSettings settings) noexcept {
    Compressor* const compressor = make_compressor(pool, settings);
    if (compressor == nullptr) return nullptr;
    std::byte* const storage = pool.lease(sizeof(Lent));
    if (storage == nullptr) {
        destroy_compressor(compressor);
        return nullptr;
    }
    auto* const lent = new (storage) Lent;
    lent->pool = &pool;
    lent->destroy = destroy;
    lent->tag = tag_of(settings);
    lent->compressor = compressor;
    return lent;
}

/// Puts a new one on the shelf, if there is memory for it.
bool add(memory::Shelf& shelf, Pool& pool, CompressorSettings settings,
         memory::Shelved*& holder) noexcept {
    const std::size_t leased_before = pool.leased_size();
    Lent* const lent = make(pool, settings);
    if (lent != nullptr) shelf.add(*lent, pool.leased_size() - leased_before, holder);
    return lent != nullptr;
}

}  // namespace

CompressorSettings settings_of(const DeflatePolicy& policy, DeflateDirection ours) noexcept {
    const auto within = [](std::uint8_t value, std::uint8_t least, std::uint8_t most) {
        return std::clamp(value, least, most);
    };
    return {within(ours.window_bits, 8, 15), within(policy.level, 1, 9),
            within(policy.memory_level, 1, 9)};
}

Compressor* Loan::borrow(Pool& pool, CompressorSettings settings, bool& fresh) noexcept {
    memory::Shelf shelf(pool);
    const std::uint32_t tag = tag_of(settings);
    fresh = kept_ == nullptr;
    if (!fresh) {
        assert(kept_->tag == tag);
        shelf.touch(*kept_);
    } else if (!shelf.lend(tag, kept_)) {
        // Least first of what others lose: what lies idle, a compressor that need not be made, one more.
        const bool found =
            shelf.make_room() && (add(shelf, pool, settings, kept_) ||
                                  (shelf.give_back_idle() && add(shelf, pool, settings, kept_)) ||
                                  shelf.lend_oldest(tag, kept_) ||
                                  (shelf.drop_oldest() && add(shelf, pool, settings, kept_)));
        if (!found) return nullptr;
    }
    return static_cast<Lent*>(kept_)->compressor;
}

void Loan::forget() noexcept {
    if (kept_ != nullptr) memory::Shelf(*kept_->pool).leave(*kept_);
}

std::size_t lent_size(CompressorSettings settings) noexcept {
    return Pool::block_size(sizeof(Lent)) + compressor_size(settings);
}

}  // namespace hawse::deflate
