// SPDX-License-Identifier: MIT
// The groups of checks that the program `replay` runs. Plain C++: no test framework, no iostreams, no
// containers of nodes, so that they also run where only the engine and they are instrumented, or under
// an emulator.
#pragma once

#include "replay/report.hpp"

#include <cstdint>
#include <string>

namespace hawse::test::replay {

/// What a run was asked for.
struct Wanted {
    std::string tests_folder;  ///< the folder tests/ of the tree, with data/ in it
    std::string item = {};     ///< only this one: a vector's id, a transcript's file, a scenario
    std::uint64_t first_seed = 1;  ///< of the groups that draw their stories from a seed
    std::uint64_t seed_count = 0;  ///< 0: as many as the digest in the tree was made of
    bool tells = false;            ///< print what happens, for one who looks for a fault

    [[nodiscard]] bool wants(std::string_view name) const { return item.empty() || item == name; }
    /// All that the digest in the tree was made of.
    [[nodiscard]] bool is_all() const { return item.empty() && first_seed == 1 && seed_count == 0; }
};

void run_vectors(Report& report, const Wanted& wanted);
void run_failing_allocations(Report& report, const Wanted& wanted);
void run_handshakes(Report& report, const Wanted& wanted);
void run_transcripts(Report& report, const Wanted& wanted);
void run_simulation(Report& report, const Wanted& wanted);

}  // namespace hawse::test::replay
