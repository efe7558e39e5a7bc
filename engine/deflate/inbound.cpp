// SPDX-License-Identifier: MIT
#include "deflate/inbound.hpp"

#include "memory/inflaters.hpp"

#include <algorithm>
#include <new>

namespace hawse::deflate {

Inbound::Inbound(Pool* pool, DeflateDirection peer) noexcept
    : pool_(pool), history_(peer.window_bits), peer_(peer) {}

Inbound* Inbound::lease(Pool* pool, DeflateDirection peer) noexcept {
    std::byte* const octets = pool == nullptr ? nullptr : pool->lease(sizeof(Inbound));
    return octets == nullptr ? nullptr : new (octets) Inbound(pool, peer);
}

void Inbound::give_back() noexcept {
    Pool* const pool = pool_;
    if (inflater_ != nullptr) give_back_inflater();
    history_.give_back(*pool);
    pool->give_back(reinterpret_cast<std::byte*>(this), sizeof(Inbound));
}

Cause Inbound::begin() noexcept {
    if (!memory::Inflaters::acquire(*pool_)) return Cause::no_inflater;
    std::byte* const octets = pool_->lease(sizeof(Inflater));
    if (octets == nullptr) {
        memory::Inflaters::release(*pool_);
        return Cause::out_of_memory;
    }
    inflater_ = new (octets) Inflater(peer_.window_bits);
    read_size_ = 0;
    inflated_size_ = 0;
    allowed_size_ = free_size;
    return Cause::none;
}

Progress Inbound::run(ConstBytes& input, Room& room) noexcept {
    const std::size_t before = room.size;
    const std::size_t unread = input.size();
    const Progress progress = inflater_->run(input, room, history_);
    read_size_ += unread - input.size();
    inflated_size_ += room.size - before;
    return progress;
}

Progress Inbound::finish(Room& room) noexcept {
    const std::size_t before = room.size;
    const Progress progress = inflater_->finish(room, history_);
    inflated_size_ += room.size - before;
    return progress;
}

bool Inbound::allow_more(std::uint32_t ratio) noexcept {
    // What follows the message's last octet is read as well, and is none of it.
    const std::uint64_t kept_size = inflater_->kept_bits() / 8;
    const std::uint64_t size = read_size_ - std::min(read_size_, kept_size);
    allowed_size_ = std::min(size, UINT64_MAX / ratio) * ratio;
    return allowed_size_ > inflated_size_;
}

bool Inbound::remember(ConstBytes octets) noexcept {
    if (!history_.reserve(*pool_, octets.size())) return false;
    history_.append(octets);
    return true;
}

bool Inbound::end() noexcept {
    give_back_inflater();
    if (!peer_.takeover) history_.give_back(*pool_);
    return history_.size() != 0;
}

void Inbound::give_back_inflater() noexcept {
    memory::Inflaters::release(*pool_);
    pool_->give_back(reinterpret_cast<std::byte*>(inflater_), sizeof(Inflater));
    inflater_ = nullptr;
}

}  // namespace hawse::deflate
