// SPDX-License-Identifier: MIT
// What compression costs: the sums of what others lease.
#include "hawse/deflate_budget.hpp"

#include "deflate/compressor.hpp"
#include "deflate/direction.hpp"
#include "deflate/inbound.hpp"
#include "deflate/inflater.hpp"
#include "deflate/loan.hpp"
#include "deflate/outbound.hpp"

#include <algorithm>

namespace hawse {

namespace {

constexpr std::size_t state_size = 512;  // two blocks of the pool
constexpr std::size_t inflater_size = 8192;
static_assert(sizeof(deflate::Inflater) <= inflater_size);
static_assert(sizeof(deflate::Inbound) <= 256 && sizeof(deflate::Outbound) <= 256);

std::size_t window_of(DeflateDirection direction) noexcept {
    return std::size_t{1} << std::clamp<unsigned>(direction.window_bits, 8, 15);
}

std::size_t kept_of(DeflateDirection direction) noexcept {
    return direction.takeover ? Pool::block_size(window_of(direction)) : 0;
}

DeflateBudget budget_of(const Config& config, DeflateDirection ours,
                        DeflateDirection theirs) noexcept {
    if (config.delivery == Delivery::frames) return {};
    DeflateBudget budget;
    budget.connection = state_size + kept_of(ours) + kept_of(theirs);
    budget.inflater = inflater_size;
    if (config.delivery == Delivery::parts) {
        budget.inflater += Pool::block_size(config.deflate.part_size_max);
        if (!theirs.takeover) budget.inflater += Pool::block_size(window_of(theirs));
    }
    if (!deflate::can_compress()) return budget;
    budget.compressor = deflate::lent_size(deflate::settings_of(config.deflate, ours));
    if (!ours.takeover) budget.streamed_send = Pool::block_size(window_of(ours));
    return budget;
}

}  // namespace

DeflateBudget deflate_budget(const Config& config) noexcept {
    const DeflatePolicy& policy = config.deflate;
    if (!policy.enabled || !deflate::can_compress()) return {};
    // What is only wished of the peer, it need not do.
    return budget_of(config, policy.send, policy.insist ? policy.receive : DeflateDirection{});
}

DeflateBudget deflate_budget(const Config& config, const Agreement& agreement) noexcept {
    if (!agreement.deflate.agreed) return {};
    return budget_of(config, deflate::own_direction(config.deflate, agreement),
                     deflate::peer_direction(agreement));
}

}  // namespace hawse
