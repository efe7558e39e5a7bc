// SPDX-License-Identifier: MIT
#include "hawse/version.hpp"

namespace hawse {

const char* library_version() noexcept { return HAWSE_VERSION_STRING; }

}  // namespace hawse
