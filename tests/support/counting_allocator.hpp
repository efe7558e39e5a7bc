// SPDX-License-Identifier: MIT
// An allocator that counts what it gives and fails when told to. Every block is its own malloc, so
// that a sanitizer sees each octet beyond it and each use after its release.
#pragma once

#include "hawse/memory.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace hawse::test {

class CountingAllocator {
public:
    enum class Failure : std::uint8_t { never, once, for_ever };

    [[nodiscard]] Allocator face() noexcept { return {allocate, release, this}; }

    /// The `index`-th allocation from now on answers null, or it and all behind it do.
    void fail(std::size_t index, Failure how) noexcept {
        failing_at_ = count_ + index;
        failure_ = how;
    }
    void fail_never() noexcept { failure_ = Failure::never; }

    /// Allocations asked for, and those of them that were refused.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] std::size_t failed_count() const noexcept { return failed_count_; }
    /// Octets out now, the most that ever were, and the largest single block.
    [[nodiscard]] std::size_t live_size() const noexcept { return live_size_; }
    [[nodiscard]] std::size_t peak_size() const noexcept { return peak_size_; }
    [[nodiscard]] std::size_t largest_size() const noexcept { return largest_size_; }

    void forget_peaks() noexcept {
        peak_size_ = live_size_;
        largest_size_ = 0;
    }

private:
    [[nodiscard]] bool fails_now(std::size_t index) const noexcept {
        if (failure_ == Failure::once) return index == failing_at_;
        return failure_ == Failure::for_ever && index >= failing_at_;
    }

    static void* allocate(void* context, std::size_t size) noexcept {
        auto& self = *static_cast<CountingAllocator*>(context);
        if (self.fails_now(self.count_++)) {
            ++self.failed_count_;
            return nullptr;
        }
        void* const octets = std::malloc(size);
        if (octets == nullptr) return nullptr;
        std::memset(octets, 0xA5, size);
        self.live_size_ += size;
        self.peak_size_ = std::max(self.peak_size_, self.live_size_);
        self.largest_size_ = std::max(self.largest_size_, size);
        return octets;
    }

    static void release(void* context, void* octets, std::size_t size) noexcept {
        std::memset(octets, 0x5A, size);  // a wrong size is seen by the sanitizer
        static_cast<CountingAllocator*>(context)->live_size_ -= size;
        std::free(octets);
    }

    std::size_t count_ = 0;
    std::size_t failed_count_ = 0;
    std::size_t failing_at_ = 0;
    std::size_t live_size_ = 0;
    std::size_t peak_size_ = 0;
    std::size_t largest_size_ = 0;
    Failure failure_ = Failure::never;
};

}  // namespace hawse::test
