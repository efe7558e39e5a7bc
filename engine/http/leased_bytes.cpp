// SPDX-License-Identifier: MIT
#include "http/leased_bytes.hpp"

#include <cstring>

namespace hawse::http {

bool LeasedBytes::append(ConstBytes octets) noexcept {
    const std::size_t before = size_;
    if (octets.empty()) return true;
    if (!resize(size_ + octets.size())) return false;
    std::memcpy(octets_ + before, octets.data(), octets.size());
    return true;
}

bool LeasedBytes::resize(std::size_t size) noexcept {
    if (size > capacity_ && !grow(size)) return false;
    size_ = size;
    return true;
}

void LeasedBytes::give_back() noexcept {
    if (octets_ != nullptr) pool_->give_back(octets_, capacity_);
    octets_ = nullptr;
    size_ = capacity_ = 0;
}

// Blocks are powers of two, so that asking for one octet more than a full one doubles it.
bool LeasedBytes::grow(std::size_t size) noexcept {
    if (pool_ == nullptr) return false;
    std::byte* const octets = pool_->lease(size);
    if (octets == nullptr) return false;
    if (octets_ != nullptr) {
        std::memcpy(octets, octets_, size_);
        pool_->give_back(octets_, capacity_);
    }
    octets_ = octets;
    capacity_ = Pool::block_size(size);
    return true;
}

}  // namespace hawse::http
