// SPDX-License-Identifier: MIT
// The arithmetic of waiting before the next attempt. It knows nothing of what is attempted.
#include "hawse/backoff.hpp"

#include <algorithm>
#include <cstddef>

namespace hawse {

namespace {

BackoffOptions in_bounds(BackoffOptions options) noexcept {
    // Waits of nothing would never grow, and a host that waits for nothing spins.
    options.first = std::max(options.first, milliseconds(1));
    options.most = std::max(options.most, options.first);
    options.factor = std::max(options.factor, std::uint32_t{2});
    return options;
}

/// `share` of 2^32 parts of `duration`, which is not negative.
Duration part_of(Duration duration, std::uint32_t share) noexcept {
    const auto whole = static_cast<std::uint64_t>(duration.nanoseconds);
    const std::uint64_t high = (whole >> 32) * share;
    const std::uint64_t low = (whole & UINT32_MAX) * share;
    return {static_cast<std::int64_t>(high + (low >> 32))};
}

}  // namespace

Backoff::Backoff(const BackoffOptions& options, Entropy entropy) noexcept
    : options_(in_bounds(options)), entropy_(entropy), longest_(options_.first) {}

bool Backoff::next(Duration& wait) noexcept {
    if (options_.attempt_count_max != 0 && attempt_count_ >= options_.attempt_count_max)
        return false;
    const Duration shortest{attempt_count_ == 0 ? 0 : longest_.nanoseconds / options_.factor};
    const Duration range{longest_.nanoseconds - shortest.nanoseconds};
    std::byte drawn[4];
    if (entropy_.fill != nullptr && entropy_.fill(entropy_.context, drawn, sizeof drawn)) {
        std::uint32_t share = 0;
        for (const auto octet : drawn) share = share << 8 | std::to_integer<std::uint32_t>(octet);
        wait = {shortest.nanoseconds + part_of(range, share).nanoseconds};
    } else {
        wait = longest_;
    }
    longest_ = std::min(options_.most,
                        {detail::multiply_saturated(longest_.nanoseconds, options_.factor)});
    if (attempt_count_ != UINT32_MAX) ++attempt_count_;
    return true;
}

void Backoff::succeeded() noexcept {
    attempt_count_ = 0;
    longest_ = options_.first;
}

}  // namespace hawse
