// SPDX-License-Identifier: MIT
// Prints docs/lifecycle.md from the arrows in engine/connection/lifecycle.hpp.
#include "connection/lifecycle.hpp"

#include <cstdio>

namespace {

using namespace hawse::connection;

void print_picture() {
    std::printf("```mermaid\nstateDiagram-v2\n    [*] --> open\n");
    for (std::size_t from = 0; from < phase_count; ++from) {
        for (std::size_t to = 0; to < phase_count; ++to) {
            if (from == to) continue;
            bool drawn = false;
            for (std::size_t moment = 0; moment < moment_count; ++moment) {
                if (after(Phase(from), Moment(moment)) != Phase(to)) continue;
                if (!drawn)
                    std::printf("    %s --> %s : ", name_of(Phase(from)), name_of(Phase(to)));
                std::printf("%s%s", drawn ? ", " : "", name_of(Moment(moment)));
                drawn = true;
            }
            if (drawn) std::printf("\n");
        }
    }
    std::printf("    closed --> [*]\n```\n");
}

void print_table() {
    std::printf("\n| phase |");
    for (std::size_t moment = 0; moment < moment_count; ++moment)
        std::printf(" %s |", name_of(Moment(moment)));
    std::printf("\n|---|");
    for (std::size_t moment = 0; moment < moment_count; ++moment) std::printf("---|");
    for (std::size_t phase = 0; phase < phase_count; ++phase) {
        std::printf("\n| **%s** |", name_of(Phase(phase)));
        for (std::size_t moment = 0; moment < moment_count; ++moment) {
            const Phase next = after(Phase(phase), Moment(moment));
            std::printf(" %s |", next == Phase(phase) ? "" : name_of(next));
        }
    }
    std::printf("\n");
}

}  // namespace

int main() {
    std::printf("# The lifecycle of a conversation\n\n"
                "Printed from the arrows in `engine/connection/lifecycle.hpp`; a test compares the two.\n"
                "An empty cell stays where it is. What each phase waits for, and which moment the\n"
                "conversation picks when output is drained, is told in [behaviour.md](behaviour.md).\n\n");
    print_picture();
    print_table();
}
