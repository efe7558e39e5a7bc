// SPDX-License-Identifier: MIT
#include "connection/lifecycle.hpp"

#include <iterator>

namespace hawse::connection {

namespace {

constexpr const char* phase_names[] = {"open",   "close_sent", "exchanged",    "failed",
                                       "ending", "lingering",  "awaiting_end", "closed"};
constexpr const char* moment_names[] = {"we_close",       "peer_closes",      "we_fail",
                                        "drained_to_end", "drained_to_await", "drained_to_close",
                                        "write_ended",    "input_ends",       "transport_breaks",
                                        "time_runs_out",  "we_abort"};
static_assert(std::size(phase_names) == phase_count);
static_assert(std::size(moment_names) == moment_count);

consteval Phase phase_at(std::size_t index) noexcept { return static_cast<Phase>(index); }
consteval Moment moment_at(std::size_t index) noexcept { return static_cast<Moment>(index); }

consteval bool arrows_are_in_order() noexcept {
    for (std::size_t index = 0; index < moment_count; ++index)
        if (lifecycle::arrows[index].moment != moment_at(index)) return false;
    return true;
}

consteval bool closed_is_the_end() noexcept {
    for (std::size_t moment = 0; moment < moment_count; ++moment)
        if (after(Phase::closed, moment_at(moment)) != Phase::closed) return false;
    return true;
}

consteval bool nothing_reopens() noexcept {
    for (std::size_t phase = 1; phase < phase_count; ++phase)
        for (std::size_t moment = 0; moment < moment_count; ++moment)
            if (after(phase_at(phase), moment_at(moment)) < Phase::close_sent) return false;
    return true;
}

consteval bool every_phase_can_be_ended_by_the_world() noexcept {
    for (std::size_t phase = 0; phase < phase_count; ++phase)
        if (after(phase_at(phase), Moment::transport_breaks) != Phase::closed ||
            after(phase_at(phase), Moment::time_runs_out) != Phase::closed ||
            after(phase_at(phase), Moment::we_abort) != Phase::closed)
            return false;
    return true;
}

static_assert(arrows_are_in_order());
static_assert(closed_is_the_end());
static_assert(nothing_reopens());
static_assert(every_phase_can_be_ended_by_the_world());

}  // namespace

const char* name_of(Phase phase) noexcept { return phase_names[static_cast<std::size_t>(phase)]; }

const char* name_of(Moment moment) noexcept {
    return moment_names[static_cast<std::size_t>(moment)];
}

}  // namespace hawse::connection
