// SPDX-License-Identifier: MIT
// What no way to cut the input, or to drain the output, may change: as a check of the test framework.
#pragma once

#include "support/catch.hpp"
#include "support/drive.hpp"

#include <ostream>

namespace hawse::test {

inline std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
    return out << in_words(outcome);
}

/// Replays `input` whole and in every other way that drive.hpp knows; all must be equal. Answers what
/// it was.
inline Outcome at_every_cut(const Replay& replay, ConstBytes input, unsigned seed = 1) {
    const EveryCut result = run_at_every_cut(replay, input, seed);
    CHECK(result.difference == "");
    return result.whole;
}

}  // namespace hawse::test
