// SPDX-License-Identifier: MIT
// The version of these headers, and of the library they were linked with.
#pragma once

#include "hawse/export.hpp"

#define HAWSE_VERSION_MAJOR 0
#define HAWSE_VERSION_MINOR 1
#define HAWSE_VERSION_PATCH 0
#define HAWSE_VERSION_STRING "0.1.0"

namespace hawse {

/// The version of the library itself, as "major.minor.patch"; differs from HAWSE_VERSION_STRING when
/// a program was compiled against other headers. Static storage.
HAWSE_API const char* library_version() noexcept;

}  // namespace hawse
