// SPDX-License-Identifier: MIT
// How an attempt to talk to a server ended.
#pragma once

#include "hawse/time.hpp"

#include <string>

namespace examples {

struct Ending {
    std::string problem;            ///< a sentence; empty when all went well
    bool is_final = true;           ///< another attempt would end the same way
    bool was_open = false;          ///< the conversation had begun
    hawse::Duration open_for = {};  ///< and lasted so long
};

}  // namespace examples
