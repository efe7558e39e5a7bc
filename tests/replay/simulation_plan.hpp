// SPDX-License-Identifier: MIT
// What a seed stands for: two engines, two applications, two directions of a link, and which strange
// things may happen to them.
#pragma once

#include "replay/simulation_application.hpp"
#include "replay/simulation_host.hpp"
#include "replay/simulation_link.hpp"

#include <cstdint>
#include <string>

namespace hawse::test::replay::simulated {

struct Plan {
    HostTerms client = {}, server = {};
    Habits client_habits = {}, server_habits = {};
    LinkTerms upward = {}, downward = {};
    std::uint64_t seed = 0;

    bool calm = false;    ///< nothing goes wrong, so all must arrive and both ends be clean
    bool eager = false;   ///< the client's request is written by hand, and frames follow it at once
    bool flips = false;   ///< bits on the wire
    bool breaks = false;  ///< the link may break
    bool stalls = false;  ///< nothing moves for a while
    bool jumps = false;   ///< clocks jump forward and step back
    bool starves = false;  ///< allocations and entropy fail now and then
    /// What it does is the same on every machine. Not so when output is shown in pieces: where a control
    /// frame enters then depends on how memory lies, as does which allocation fails.
    bool exact = true;
    unsigned step_count = 100;
};

Plan draw_plan(std::uint64_t seed);

/// In one line.
std::string in_words(const Plan& plan);

}  // namespace hawse::test::replay::simulated
