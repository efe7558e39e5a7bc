// SPDX-License-Identifier: MIT
// Optional: what a Windows host needs around the engine.
#pragma once

#include "hawse/slice.hpp"

#include <cstddef>
#include <span>
#include <winsock2.h>

namespace hawse {

static_assert(sizeof(Slice) == sizeof(WSABUF) && alignof(Slice) == alignof(WSABUF));
static_assert(offsetof(WSABUF, len) == 0 && offsetof(WSABUF, buf) == sizeof(void*));

/// The same slices as WSASend() wants them.
inline WSABUF* wsabufs(std::span<Slice> slices) noexcept {
    return reinterpret_cast<WSABUF*>(slices.data());
}

}  // namespace hawse
