// SPDX-License-Identifier: MIT
// Secrets from files: what stands on a command line is seen by everyone on the machine.
#pragma once

#include <fstream>
#include <string>

namespace examples {

/// The first line of the file `name`, without its end; false when it cannot be read or is empty.
inline bool read_secret(const std::string& name, std::string& line) {
    std::ifstream file(name);
    if (!std::getline(file, line)) return false;
    if (line.ends_with('\r')) line.pop_back();
    return !line.empty();
}

}  // namespace examples
