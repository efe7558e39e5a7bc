// SPDX-License-Identifier: MIT
// A host in C, linked by a C compiler alone: the library asks for nothing of the C++ runtime.
#include <stdio.h>
#include <string.h>

// hawse::library_version(), by the name that C++ gives it.
extern const char* library_version(void) __asm__("_ZN5hawse15library_versionEv");

int main(void) {
    printf("hawse %s in C\n", library_version());
    return strlen(library_version()) < 5;
}
