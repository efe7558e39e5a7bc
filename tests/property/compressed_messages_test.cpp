// SPDX-License-Identifier: MIT
// Messages of random DEFLATE, right or with flipped bits, one behind the other, in frames cut anywhere:
// what is told is what a slow model of inflating says, and the same at every cut of the input, in parts
// of every size, and in either role.
#include "support/catch.hpp"
#include "support/deflate_writer.hpp"
#include "support/drive.hpp"
#include "support/every_cut.hpp"
#include "support/inflate_model.hpp"

#include <algorithm>
#include <random>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {

using Random = std::minstd_rand;

// A message of some blocks; `past` octets were said before it.
Octets random_deflate(std::size_t past, unsigned window_bits, Random& random) {
    DeflateWriter writer;
    std::size_t said = past;
    for (auto blocks = 1 + random() % 3; blocks != 0; --blocks) {
        const bool final = random() % 6 == 0;
        if (random() % 3 == 0) {
            Octets octets(random() % 40);
            for (std::byte& octet : octets) octet = static_cast<std::byte>('a' + random() % 26);
            writer.stored(octets, final);
            said += octets.size();
        } else {
            writer.fixed(final);
            for (auto symbols = random() % 30; symbols != 0; --symbols) {
                const std::size_t reach = std::min(said, std::size_t{1} << window_bits);
                if (reach == 0 || random() % 2 == 0) {
                    writer.literal(static_cast<unsigned>('a' + random() % 26));
                    ++said;
                } else {
                    const auto size = static_cast<unsigned>(3 + random() % 100);
                    writer.match(size, static_cast<unsigned>(1 + random() % reach));
                    said += size;
                }
            }
            writer.end();
        }
        if (final) writer.to_octet();
        if (final && blocks == 1 && random() % 2 == 0) return writer.octets();  // needs no tail
    }
    return writer.flush().octets();
}

// In frames, with a ping between two of them now and then.
Octets in_frames(Role from, unsigned first, ConstBytes message, Random& random) {
    Octets input;
    for (bool begun = false, ended = false; !ended; begun = true) {
        const std::size_t size =
            random() % 3 == 0 ? message.size() : random() % (message.size() + 1);
        ended = size == message.size();
        append(input,
               frame(from, (begun ? 0U : first) | (ended ? 0x80U : 0U), message.first(size)));
        message = message.subspan(size);
        if (!ended && random() % 8 == 0) append(input, frame(from, 0x89, "p"));
    }
    return input;
}

// The lines that are no pings.
std::string without_pings(const std::string& story) {
    std::string rest;
    for (std::size_t at = 0; at < story.size();) {
        const std::size_t end = std::min(story.find('\n', at), story.size());
        const std::string line = story.substr(at, end - at);
        if (!line.starts_with("ping ")) rest += (rest.empty() ? "" : "\n") + line;
        at = end + 1;
    }
    return rest;
}

}  // namespace

TEST_CASE("whatever comes compressed, what is told is what it says, at every cut",
          "[7692-6.2-01][7692-7.2.2-01]") {
    for (unsigned round = 1; round <= 40; ++round) {
        INFO("round " << round);
        Random random(round);
        const unsigned window_bits = 8 + random() % 8;
        const bool takeover = random() % 3 != 0;
        const Role role = round % 2 == 0 ? Role::server : Role::client;
        Octets past, input;
        std::string told;
        bool failed = false;
        for (auto count = 1 + random() % 4; count != 0; --count) {
            Octets message = random_deflate(past.size(), window_bits, random);
            if (random() % 4 == 0 && !message.empty())
                message[random() % message.size()] ^= static_cast<std::byte>(1U << random() % 8);
            append(input, in_frames(other(role), 0x42, message, random));
            if (failed) continue;
            const auto said = reference::InflateModel(past, window_bits).whole(message);
            failed = said.fault != Violation::none || message.empty();
            const Violation fault = message.empty() ? Violation::truncated_deflate : said.fault;
            told += (told.empty() ? "" : "\n") +
                    (failed ? std::string("failed 1007 ") + describe(fault).name
                            : "binary " + quoted(said.octets));
            if (takeover) append(past, said.octets);
        }
        const DeflateDirection both = {static_cast<std::uint8_t>(window_bits), takeover};
        Replay replay;
        replay.role = role;
        replay.deflate = {true, both, both};
        CHECK(without_pings(at_every_cut(replay, input, round).story) == told);
        for (const std::size_t part_size : {std::size_t{1}, std::size_t{1 + random() % 60}}) {
            replay.configure = [=](Config& config) {
                config.delivery = Delivery::parts;
                config.deflate.part_size_max = part_size;
            };
            const std::string parts = at_every_cut(replay, input, round).story;
            const std::string end = told.substr(told.rfind('\n') + 1);
            if (failed) CHECK(parts.ends_with(end));
        }
    }
}
