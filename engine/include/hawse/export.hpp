// SPDX-License-Identifier: MIT
// What a shared library shows of itself. Define HAWSE_SHARED when linking against the DLL on Windows;
// elsewhere nothing need be defined.
#pragma once

#if defined(_WIN32) && defined(HAWSE_BUILDS_SHARED)
#define HAWSE_API __declspec(dllexport)
#elif defined(_WIN32) && defined(HAWSE_SHARED)
#define HAWSE_API __declspec(dllimport)
#elif defined(_WIN32)
#define HAWSE_API
#else
#define HAWSE_API __attribute__((visibility("default")))
#endif
