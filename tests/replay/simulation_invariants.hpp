// SPDX-License-Identifier: MIT
// What must hold of a run that is over, judged from what the hosts wrote down and by models that share
// nothing with the engine. Each answers the first thing that does not hold, or nothing.
#pragma once

#include "replay/simulation_application.hpp"
#include "replay/simulation_host.hpp"

#include <string>
#include <vector>

namespace hawse::test::replay::simulated {

/// What came in is what was told: events, limits, text and counters, by a model of the receiver.
std::string check_input(const Host& host);

/// What went out is well formed, minimal, masked by role under keys of its own, bounded, and the messages
/// that calls have sent.
std::string check_output(const Host& host);

/// Between the two: `receiver` was told what `sender` sent, in order, and all of it at a Close.
std::string check_passage(const Host& sender, const Host& receiver);

/// The end was told once, as it was; nothing is held; and nothing that is called now does anything.
std::string check_end(Host& host, Time now);

/// The same calls give the same, however the input is cut.
std::string check_cuts(const Host& host, const std::vector<Call>& tape, Time begun,
                       std::uint64_t seed);

/// Octets of stack that the same calls take, uncut; 0 where it cannot be measured.
std::size_t stack_of(const Host& host, const std::vector<Call>& tape, Time begun);

}  // namespace hawse::test::replay::simulated
