// SPDX-License-Identifier: MIT
// The main of every test program under Catch2 v2; v3 brings its own, and this is then empty.
#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
