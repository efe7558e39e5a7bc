// SPDX-License-Identifier: MIT
// A ring whose size is a power of two and never more than the window, so that what is forgotten is what
// the window has left behind.
#include "deflate/history.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace hawse::deflate {

namespace {

void copy_octets(std::byte* into, ConstBytes from) noexcept {
    if (!from.empty()) std::memcpy(into, from.data(), from.size());
}

}  // namespace

bool History::reserve(Pool& pool, std::size_t size) noexcept {
    const std::size_t window = std::size_t{1} << window_bits_;
    const std::size_t needed = size < window - size_ ? size_ + size : window;
    if (needed <= capacity_) return true;
    const std::size_t capacity = Pool::block_size(needed);  // all of the block, window permitting
    std::byte* const octets = pool.lease(capacity);
    if (octets == nullptr) return false;
    const auto [older, newer] = pieces();
    copy_octets(octets, older);
    copy_octets(octets + older.size(), newer);
    pool.give_back(octets_, capacity_);
    octets_ = octets;
    capacity_ = static_cast<std::uint32_t>(capacity);
    end_ = size_;
    return true;
}

void History::append(ConstBytes octets) noexcept {
    if (octets.empty()) return;
    assert((size_ + octets.size() <= capacity_ || capacity_ >> window_bits_ == 1) &&
           "not reserved");
    if (octets.size() > capacity_) octets = octets.last(capacity_);
    const std::size_t before_the_edge = std::min<std::size_t>(octets.size(), capacity_ - end_);
    copy_octets(octets_ + end_, octets.first(before_the_edge));
    copy_octets(octets_, octets.subspan(before_the_edge));
    end_ = static_cast<std::uint32_t>(end_ + octets.size()) & (capacity_ - 1);
    size_ = static_cast<std::uint32_t>(std::min<std::size_t>(size_ + octets.size(), capacity_));
}

void History::give_back(Pool& pool) noexcept {
    pool.give_back(octets_, capacity_);
    octets_ = nullptr;
    capacity_ = size_ = end_ = 0;
}

std::array<ConstBytes, 2> History::pieces() const noexcept {
    if (size_ <= end_) return {ConstBytes(octets_ + (end_ - size_), size_), ConstBytes()};
    const std::size_t older = size_ - end_;
    return {ConstBytes(octets_ + (capacity_ - older), older), ConstBytes(octets_, end_)};
}

void History::copy(std::byte* into, std::size_t distance, std::size_t size) const noexcept {
    assert(size <= distance && distance <= size_);
    if (size == 0) return;
    const std::size_t begin = (end_ - distance) & (capacity_ - 1);
    const std::size_t before_the_edge = std::min(size, capacity_ - begin);
    std::memcpy(into, octets_ + begin, before_the_edge);
    if (size > before_the_edge)
        std::memcpy(into + before_the_edge, octets_, size - before_the_edge);
}

}  // namespace hawse::deflate
