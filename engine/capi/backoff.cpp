// SPDX-License-Identifier: MIT
// C: the waits before a client connects again, a value that lies in the host's union.
#include "hawse/backoff.hpp"

#include "capi/objects.hpp"

#include <type_traits>

using namespace hawse;

namespace {

static_assert(sizeof(Backoff) <= sizeof(hawse_backoff));
static_assert(alignof(Backoff) <= alignof(hawse_backoff));
static_assert(std::is_trivially_copyable_v<Backoff>);  // hosts assign the union

Backoff& of(hawse_backoff* backoff) noexcept { return *reinterpret_cast<Backoff*>(backoff); }
const Backoff& of(const hawse_backoff* backoff) noexcept {
    return *reinterpret_cast<const Backoff*>(backoff);
}

BackoffOptions options_of(const hawse_backoff_options* options) noexcept {
    BackoffOptions known;
    if (options == nullptr) return known;
    const hawse_backoff_options given = capi::taken(options);
    if (given.first != 0) known.first = {given.first};
    if (given.most != 0) known.most = {given.most};
    if (given.factor != 0) known.factor = given.factor;
    known.attempt_count_max = given.attempt_count_max;
    return known;
}

}  // namespace

void hawse_backoff_init(hawse_backoff* backoff, const hawse_backoff_options* options,
                        const hawse_config* config) {
    std::memset(backoff, 0, sizeof *backoff);
    new (backoff)
        Backoff(options_of(options), config == nullptr ? Entropy{} : config->config.entropy);
}

bool hawse_backoff_next(hawse_backoff* backoff, int64_t* wait) {
    Duration drawn{};
    if (!of(backoff).next(drawn)) return false;
    *wait = drawn.nanoseconds;
    return true;
}

void hawse_backoff_succeeded(hawse_backoff* backoff) { of(backoff).succeeded(); }

uint32_t hawse_backoff_attempt_count(const hawse_backoff* backoff) {
    return of(backoff).attempt_count();
}

bool hawse_is_code_worth_reconnecting(hawse_close_code code) {
    return is_worth_reconnecting(CloseCode{code});
}

bool hawse_is_status_worth_reconnecting(uint16_t status) { return is_worth_reconnecting(status); }
