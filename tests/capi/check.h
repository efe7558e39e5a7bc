// SPDX-License-Identifier: MIT
// A check that says what failed and where, and ends the function with 1.
#pragma once

#include <stdio.h>

#define CHECK(condition)                                                                        \
    do {                                                                                        \
        if (!(condition)) {                                                                     \
            printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);                      \
            return 1;                                                                           \
        }                                                                                       \
    } while (0)
