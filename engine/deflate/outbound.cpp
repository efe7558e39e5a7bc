// SPDX-License-Identifier: MIT
#include "deflate/outbound.hpp"

#include <new>

namespace hawse::deflate {

Outbound::Outbound(Pool* pool, DeflateDirection own, CompressorSettings settings) noexcept
    : pool_(pool), history_(own.window_bits), settings_(settings), takeover_(own.takeover) {}

Outbound* Outbound::lease(Pool* pool, DeflateDirection own, const DeflatePolicy& policy) noexcept {
    std::byte* const octets = pool == nullptr ? nullptr : pool->lease(sizeof(Outbound));
    if (octets == nullptr) return nullptr;
    return new (octets) Outbound(pool, own, settings_of(policy, own));
}

void Outbound::give_back() noexcept {
    Pool* const pool = pool_;
    loan_.forget();
    history_.give_back(*pool);
    give_back_scratch();
    pool->give_back(reinterpret_cast<std::byte*>(this), sizeof(Outbound));
}

// A compressor is ours until the pool is trimmed, which an allocator may do when it is asked for memory.
// So it is borrowed last.
Bytes Outbound::compress(ConstBytes octets, bool last, std::size_t size_max) noexcept {
    if (remembers(last) && !history_.reserve(*pool_, octets.size())) return {};
    scratch_ = pool_->lease(size_max);
    if (scratch_ == nullptr) return {};
    scratch_size_ = size_max;
    bool fresh = false;
    Compressor* const compressor = loan_.borrow(*pool_, settings_, fresh);
    const bool follows = follows_ && !fresh;
    follows_ = false;
    if (compressor == nullptr) return {};
    if (!follows) restart(*compressor, history_.pieces());
    return {scratch_, deflate::compress(*compressor, octets, {scratch_, size_max})};
}

void Outbound::accept(ConstBytes octets, bool last) noexcept {
    give_back_scratch();
    follows_ = remembers(last);
    if (follows_)
        history_.append(octets);
    else
        history_.give_back(*pool_);
}

void Outbound::reject() noexcept { give_back_scratch(); }

void Outbound::forget() noexcept {
    history_.clear();
    follows_ = false;
}

void Outbound::give_back_scratch() noexcept {
    pool_->give_back(scratch_, scratch_size_);
    scratch_ = nullptr;
}

}  // namespace hawse::deflate
