// SPDX-License-Identifier: MIT
// Checks of the notation of transcripts, and of the program that tells them.
#pragma once

#include "replay/report.hpp"

#include <string_view>

namespace hawse::test::replay {

/// Faults have their line and say what was expected; octets that are written are read again.
void check_notation(Report& report);

/// What is told of a page without its expectations is a page that holds, and stays as it is.
void check_telling(Report& report, std::string_view page);

}  // namespace hawse::test::replay
