// SPDX-License-Identifier: MIT
// No octet outside the span lent is read or written, and none outside what is sent: inputs that end,
// or begin, at a page that nobody may touch.
#include "support/guard_page.hpp"
#include "hawse/posix.hpp"
#include "support/catch.hpp"
#include "support/drive.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};

std::vector<Octets> inputs_of(Role from) {
    std::vector<Octets> inputs = {
        frame(from, 0x89, "ping"),
        frame(from, 0x8A),
        close_frame(from, 1000, "a reason"),
        joined({frame(from, 0x01, "He"), frame(from, 0x80, "llo")}),
        frame(from, 0x81, "bad \xE2\x82"),
        frame(from, 0x81, "bad \xFF octet"),
        frame(from, 0x83, "x"),
        unhex("82ff8000000000000000"),
    };
    for (std::size_t size = 0; size <= 140; ++size)
        inputs.push_back(frame(from, 0x81, std::string_view(std::string(size, 'g'))));
    for (const std::size_t size : {4095U, 4096U, 4097U, 65535U, 65536U})
        inputs.push_back(frame(from, 0x82, std::string_view(std::string(size, 'g'))));
    return inputs;
}

// `input`, its first `cut` octets ending at the guard and then the rest of them.
std::string story_at_the_guard(Role role, ConstBytes input, std::size_t cut, bool at_end) {
    const GuardedPages pages(input.size());
    Rig rig;
    Drive drive(rig, role);
    for (const ConstBytes piece : {input.first(cut), input.subspan(cut)}) {
        const Bytes lent = at_end ? pages.ending(piece) : pages.beginning(piece);
        REQUIRE(drive->receive(lent, drive.now) == Refusal::none);
        drive.pull();
    }
    return drive.story.text();
}

}  // namespace

TEST_CASE("no octet beyond the input is touched, wherever it is cut", "[6455-6.2-01]") {
    for (const Role role : both_roles)
        for (const Octets& input : inputs_of(other(role))) {
            const std::string whole = Replay{.role = role}.run(input).story;
            for (std::size_t cut = 0; cut <= input.size(); cut += 1 + cut / 20 * 7) {
                CHECK(story_at_the_guard(role, input, cut, true) == whole);
                CHECK(story_at_the_guard(role, input, cut, false) == whole);
            }
        }
}

TEST_CASE("no octet beyond what is sent is touched, nor any of the output's place") {
    const GuardedPages pages(8192);
    for (const Role role : both_roles)
        for (std::size_t size = 0; size <= 300; ++size) {
            Rig rig;
            Drive drive(rig, role, Drain::nothing);
            const std::string text(size, 'g');
            const Bytes lent = pages.ending(as_bytes(text));
            CHECK(drive->send(MessageKind::text, lent) == Refusal::none);
            CHECK(drive->send_lent(MessageKind::text, lent, Token{1}) == Refusal::none);
            if (size <= 125) CHECK(drive->ping(lent) == Refusal::none);
            if (size <= 123) CHECK(drive->close(CloseCode::normal, as_text(lent)) == Refusal::none);
            Octets output;
            const GuardedPages into(4096);
            while (const std::size_t written =
                       drive->write_output(into.ending(std::size_t{37}), drive.now))
                append(output, into.ending(std::size_t{37}).first(written));
            INFO(size << ' ' << frames_in_words(output));
            CHECK(read_frames(output).size() == 2U + (size <= 125) + (size <= 123));
        }
}

TEST_CASE("the kernel's entropy fills what it is given, and says when it cannot") {
    const GuardedPages pages(1000);
    const Bytes place = pages.ending(1000);
    const Entropy entropy = posix_entropy();
    CHECK(entropy.fill(entropy.context, place.data(), place.size()));
    CHECK(std::count(place.begin(), place.end(), std::byte{}) < 100);  // 4, give or take
    CHECK_FALSE(entropy.fill(entropy.context, place.data() + place.size(), 4));
}
