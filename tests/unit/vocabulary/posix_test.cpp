// SPDX-License-Identifier: MIT
#include "hawse/posix.hpp"
#include "support/catch.hpp"
#include "support/octets.hpp"

#include <algorithm>

namespace hawse::test {

TEST_CASE("posix_entropy fills any number of octets, each time with others", "[6455-10.3-01]") {
    const Entropy entropy = posix_entropy();
    for (const std::size_t size : {0U, 1U, 4U, 255U, 256U, 257U, 1000U}) {
        Octets octets(size + 1, std::byte{0xA5}), others = octets;
        REQUIRE(entropy.fill(entropy.context, octets.data(), size));
        REQUIRE(entropy.fill(entropy.context, others.data(), size));
        CHECK(octets[size] == std::byte{0xA5});
        if (size < 16) continue;
        CHECK(octets != others);
        for (std::size_t at = 0; at + 16 <= size; at += 16)  // no piece was left out
            CHECK(std::any_of(octets.begin() + static_cast<std::ptrdiff_t>(at),
                              octets.begin() + static_cast<std::ptrdiff_t>(at) + 16,
                              [](std::byte octet) { return octet != std::byte{0xA5}; }));
    }
}

}  // namespace hawse::test
