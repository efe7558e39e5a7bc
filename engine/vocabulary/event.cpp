// SPDX-License-Identifier: MIT
#include "hawse/event.hpp"

#include <cstddef>
#include <iterator>

namespace hawse {

namespace {

constexpr const char* names[] = {
    "none",  "request", "response", "opened",  "message", "part",
    "frame", "ping",    "pong",     "closing", "failed",  "closed",
};
static_assert(std::size(names) == static_cast<std::size_t>(EventKind::closed) + 1);

}  // namespace

const char* name_of(EventKind kind) noexcept { return names[static_cast<std::size_t>(kind)]; }

}  // namespace hawse
