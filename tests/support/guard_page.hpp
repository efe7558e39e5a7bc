// SPDX-License-Identifier: MIT
// Memory between two pages that nobody may touch. Octets that end where the second begins, or begin
// where the first ends, kill a program that reads or writes one octet too far. POSIX.
#pragma once

#include "hawse/bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <sys/mman.h>
#include <unistd.h>

namespace hawse::test {

class GuardedPages {
public:
    /// Room for `capacity` octets.
    explicit GuardedPages(std::size_t capacity)
        : page_size_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))),
          usable_size_((std::max<std::size_t>(capacity, 1) + page_size_ - 1) / page_size_ *
                       page_size_) {
        void* const memory = ::mmap(nullptr, usable_size_ + 2 * page_size_, PROT_NONE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) throw std::runtime_error("mmap failed");
        mapping_ = static_cast<std::byte*>(memory);
        if (::mprotect(mapping_ + page_size_, usable_size_, PROT_READ | PROT_WRITE) != 0)
            throw std::runtime_error("mprotect failed");
    }
    ~GuardedPages() { (void)::munmap(mapping_, usable_size_ + 2 * page_size_); }
    GuardedPages(const GuardedPages&) = delete;
    GuardedPages& operator=(const GuardedPages&) = delete;

    /// `size` octets that begin right behind the first guard.
    [[nodiscard]] Bytes beginning(std::size_t size) const noexcept {
        return {mapping_ + page_size_, size};
    }
    /// `size` octets that end right before the second guard.
    [[nodiscard]] Bytes ending(std::size_t size) const noexcept {
        return {mapping_ + page_size_ + usable_size_ - size, size};
    }
    /// The same with a copy of `octets` in them.
    [[nodiscard]] Bytes beginning(ConstBytes octets) const noexcept {
        return filled(beginning(octets.size()), octets);
    }
    [[nodiscard]] Bytes ending(ConstBytes octets) const noexcept {
        return filled(ending(octets.size()), octets);
    }

    /// Whether the octet at `address` can be read, found out without dying.
    [[nodiscard]] static bool is_readable(const std::byte* address) {
        int ends[2];
        if (::pipe(ends) != 0) throw std::runtime_error("pipe failed");
        const bool readable = ::write(ends[1], address, 1) == 1;
        (void)::close(ends[0]);
        (void)::close(ends[1]);
        return readable;
    }

private:
    static Bytes filled(Bytes place, ConstBytes octets) noexcept {
        std::copy(octets.begin(), octets.end(), place.begin());
        return place;
    }

    std::size_t page_size_;
    std::size_t usable_size_;
    std::byte* mapping_ = nullptr;
};

}  // namespace hawse::test
