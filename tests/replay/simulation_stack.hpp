// SPDX-License-Identifier: MIT
// How deep a stack gets: something is run on a thread whose stack was painted before, and afterwards one
// looks how far the paint is gone.
#pragma once

#include <cstddef>

namespace hawse::test::replay::simulated {

/// Octets of stack that `run(context)` has used. 0 where that cannot be seen: a sanitizer or valgrind
/// uses the stack as well, and not every platform lets a program choose one.
std::size_t stack_used_by(void (*run)(void* context), void* context);

}  // namespace hawse::test::replay::simulated
