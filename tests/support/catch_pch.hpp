// SPDX-License-Identifier: MIT
// Precompiled for the test programs: Catch2 v2 is one header of 18,000 lines.
#include "support/catch.hpp"
