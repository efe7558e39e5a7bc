// SPDX-License-Identifier: MIT
// Optional: what a POSIX host needs around the engine. Nothing here is compiled into the library.
#pragma once

#include "hawse/config.hpp"
#include "hawse/slice.hpp"
#include "hawse/time.hpp"

#include <climits>
#include <cstddef>
#include <cstdint>
#include <span>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

namespace hawse {

static_assert(sizeof(Slice) == sizeof(iovec) && alignof(Slice) == alignof(iovec));
static_assert(offsetof(iovec, iov_base) == 0 && offsetof(iovec, iov_len) == sizeof(void*));

/// The same slices as writev() and sendmsg() want them; sendmsg() asks for what it does not write.
inline iovec* iovecs(std::span<const Slice> slices) noexcept {
    return reinterpret_cast<iovec*>(const_cast<Slice*>(slices.data()));
}

/// CLOCK_MONOTONIC.
inline Time posix_now() noexcept {
    timespec time{};
    (void)::clock_gettime(CLOCK_MONOTONIC, &time);
    return Time{} + seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

/// How long poll() or epoll_wait() may wait for `deadline`: rounded up; -1 is for ever.
inline int milliseconds_until(Time deadline, Time now) noexcept {
    if (deadline == never) return -1;
    const std::int64_t left = (deadline - now).nanoseconds;
    if (left <= 0) return 0;
    constexpr std::int64_t most = INT_MAX - 1;
    return static_cast<int>(left / 1'000'000 < most ? left / 1'000'000 + 1 : most);
}

/// The kernel's random octets.
inline Entropy posix_entropy() noexcept {
    return {[](void*, std::byte* into, std::size_t size) noexcept {
                for (std::size_t done = 0; done < size;) {
                    const std::size_t count = size - done < 256 ? size - done : 256;
                    if (::getentropy(into + done, count) != 0) return false;
                    done += count;
                }
                return true;
            },
            nullptr};
}

}  // namespace hawse
