// SPDX-License-Identifier: MIT
// Any way of cutting the input gives the same events, output and state, whatever the octets are. Those of
// the catalogue are replayed by tests/replay.
#include "support/catch.hpp"
#include "support/drive.hpp"
#include "support/every_cut.hpp"

#include <cstdint>
#include <string>
#include <string_view>

using namespace hawse;
using namespace hawse::test;

namespace {

// Frames that change nothing: whole and fragmented messages, pings, pongs.
Octets random_prefix(Role from, std::size_t message_size_max, std::minstd_rand& random) {
    Octets octets;
    const std::size_t room = std::min<std::size_t>(message_size_max, 300);
    for (std::size_t count = 1 + random() % 4; count != 0; --count) {
        const std::string text(random() % (room + 1), static_cast<char>('a' + random() % 26));
        const std::string_view view = text;
        const std::size_t half = text.size() / 2;
        switch (random() % 4) {
            case 0: append(octets, frame(from, 0x81, view)); break;
            case 1: append(octets, frame(from, 0x89, view.substr(0, 125))); break;
            case 2: append(octets, frame(from, 0x8A, view.substr(0, 125))); break;
            default:
                append(octets, frame(from, 0x02, view.substr(0, half)));
                append(octets, frame(from, 0x89, view.substr(0, 5)));
                append(octets, frame(from, 0x80, view.substr(half)));
        }
    }
    return octets;
}

}  // namespace

TEST_CASE("random octets give the same outcome at every cut", "[6455-10.7-01]") {
    std::minstd_rand random(20);
    for (unsigned round = 0; round < 120; ++round) {
        Replay replay;
        replay.role = round % 2 == 0 ? Role::server : Role::client;
        if (round % 3 == 0)
            replay.configure = [](Config& config) { config.delivery = Delivery::parts; };
        Octets input = random_prefix(other(replay.role), 300, random);
        append(input, random_prefix(other(replay.role), 300, random));
        for (auto flips = random() % 3; flips != 0; --flips)
            input[random() % input.size()] ^= static_cast<std::byte>(1U << random() % 8);
        INFO("round " << round);
        (void)at_every_cut(replay, input, round);
    }
}
