// SPDX-License-Identifier: MIT
// What is refused so that memory and work stay bounded: exactly a limit passes, one more does not,
// and no declared length ever costs memory. RFC 6455 §10.4
#include "support/catch.hpp"
#include "support/drive.hpp"
#include "support/every_cut.hpp"

#include <array>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};
constexpr std::array both_deliveries = {Delivery::messages, Delivery::parts};

Outcome outcome_of(Role role, const Limits& limits, const std::vector<Octets>& frames,
                   Delivery delivery = Delivery::messages) {
    Replay replay;
    replay.role = role;
    replay.configure = [&](Config& config) {
        config.limits = limits;
        config.delivery = delivery;
    };
    return at_every_cut(replay, joined(frames));
}

std::string xs(std::size_t size) { return std::string(size, 'x'); }

Octets binary(Role role, unsigned first, std::size_t size) {
    return frame(other(role), first, std::string_view(xs(size)));
}

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

TEST_CASE("a message of exactly the limit is delivered, one octet more is not",
          "[6455-10.4-01][6455-10.4-02][6455-7.4.1-09]") {
    for (const Role role : both_roles)
        for (const Delivery delivery : both_deliveries)
            for (const std::size_t limit : {1U, 125U, 126U, 300U}) {
                const Limits limits = {.message_size_max = limit};
                const auto fits = outcome_of(role, limits, {binary(role, 0x82, limit)}, delivery);
                CHECK(ends_with(fits.story, "binary " + quoted(as_bytes(xs(limit)))));
                const auto larger =
                    outcome_of(role, limits, {binary(role, 0x82, limit + 1)}, delivery);
                CHECK(larger.story == "failed 1009 message_too_large");
                CHECK(frames_in_words(unhex(larger.output)) == "88 <03f1>");
            }
}

TEST_CASE("the limit counts the sum of a message's frames, and begins anew with each message",
          "[6455-10.4-01][6455-10.4-02]") {
    for (const Role role : both_roles) {
        const Limits limits = {.message_size_max = 100};
        const std::string message = "binary " + quoted(as_bytes(xs(100)));
        const std::vector<Octets> fits = {binary(role, 0x02, 60), binary(role, 0x80, 40),
                                          binary(role, 0x02, 0), binary(role, 0x00, 100),
                                          binary(role, 0x80, 0)};
        CHECK(outcome_of(role, limits, fits).story == message + "\n" + message);
        CHECK(outcome_of(role, limits, {binary(role, 0x02, 60), binary(role, 0x80, 41)}).story ==
              "failed 1009 message_too_large");
        CHECK(outcome_of(role, limits, {binary(role, 0x02, 100), binary(role, 0x80, 1)},
                         Delivery::parts)
                  .story == "first part of binary " + quoted(as_bytes(xs(100))) +
                                "\nfailed 1009 message_too_large");
    }
}

TEST_CASE("the limit is decided on the announced length, before the mask key") {
    Rig rig;
    rig.config.limits.message_size_max = 1000;
    Drive drive(rig, Role::server);
    drive.feed(unhex("82fe03e9"));
    CHECK(drive.story.text() == "failed 1009 message_too_large");
    CHECK(rig.allocator.live_size() == 0);
}

TEST_CASE("a limit of 0 accepts empty messages only, and control frames as ever") {
    for (const Role role : both_roles)
        for (const Delivery delivery : both_deliveries) {
            const Limits limits = {.message_size_max = 0};
            const auto outcome = outcome_of(
                role, limits,
                {binary(role, 0x82, 0), binary(role, 0x89, 125), binary(role, 0x82, 1)}, delivery);
            CHECK(ends_with(outcome.story, "binary \"\"\nping " + quoted(as_bytes(xs(125))) +
                                               "\nfailed 1009 message_too_large"));
        }
}

TEST_CASE("a frame of exactly its limit is delivered, one octet more is not", "[6455-10.4-02]") {
    for (const Role role : both_roles)
        for (const Delivery delivery : both_deliveries) {
            const Limits limits = {.frame_size_max = 50};
            const auto fits = outcome_of(
                role, limits, {binary(role, 0x02, 50), binary(role, 0x80, 50)}, delivery);
            CHECK(ends_with(fits.story, "binary " + quoted(as_bytes(xs(100)))));
            CHECK(outcome_of(role, limits, {binary(role, 0x82, 51)}, delivery).story ==
                  "failed 1009 frame_too_large");
            CHECK(ends_with(
                outcome_of(role, limits, {binary(role, 0x02, 50), binary(role, 0x80, 51)}, delivery)
                    .story,
                "failed 1009 frame_too_large"));
        }
}

TEST_CASE("a message of exactly as many frames as allowed is delivered, one more fails 1008",
          "[6455-7.4.1-08][6455-10.4-02]") {
    for (const Role role : both_roles) {
        const Limits limits = {.fragment_count_max = 3};
        const std::vector<Octets> three = {binary(role, 0x02, 1), binary(role, 0x00, 0),
                                           binary(role, 0x89, 0), binary(role, 0x80, 1)};
        CHECK(outcome_of(role, limits, {joined(three), joined(three)}).story ==
              "ping \"\"\nbinary \"xx\"\nping \"\"\nbinary \"xx\"");
        const auto four = outcome_of(role, limits,
                                     {binary(role, 0x02, 1), binary(role, 0x00, 0),
                                      binary(role, 0x00, 1), binary(role, 0x80, 1)});
        CHECK(four.story == "failed 1008 too_many_fragments");
        CHECK(frames_in_words(unhex(four.output)) == "88 <03f0>");
        CHECK(outcome_of(role, {.fragment_count_max = 1}, {binary(role, 0x82, 1)}).story ==
              "binary \"x\"");
        CHECK(outcome_of(role, {.fragment_count_max = 1},
                         {binary(role, 0x02, 1), binary(role, 0x80, 1)})
                  .story == "failed 1008 too_many_fragments");
        CHECK(outcome_of(role, {.fragment_count_max = 0},
                         {binary(role, 0x89, 0), binary(role, 0x82, 1)})
                  .story == "ping \"\"\nfailed 1008 too_many_fragments");
    }
}

TEST_CASE("the default fragment limit lets 65,536 frames through", "[6455-10.4-02]") {
    Rig rig;
    Drive drive(rig, Role::client);
    Octets input = unhex("0200");
    for (int count = 0; count < 65534; ++count) append(input, unhex("0000"));
    append(input, unhex("800178"));
    drive.feed(input);
    CHECK(drive.story.text() == "binary \"x\"");
}

TEST_CASE("no declared length costs memory", "[6455-10.4-01][HDR-21]") {
    for (const Role role : both_roles)
        for (const std::string_view length :
             {"4000000000000000", "7fffffffffffffff", "0000000100000000", "00000000ffffffff"}) {
            Rig rig;
            rig.config.limits.message_size_max = UINT64_MAX;
            Drive drive(rig, role);
            const std::string mask = role == Role::server ? "00000000" : "";
            const std::string head = role == Role::server ? "82ff" : "827f";
            drive.feed(unhex(head + std::string(length) + mask));
            CHECK(rig.allocator.count() == 0);
            drive.feed(octets_of("0123456789"));
            CHECK(rig.allocator.largest_size() == 256);
            drive.end();
            CHECK(drive.story.text() ==
                  "closed unclean sent 1006 received 1006 \"\" transport_ended");
            CHECK(rig.allocator.live_size() == 0);
        }
}

TEST_CASE("a second declared length that would overflow the sum fails 1009") {
    for (const Role role : both_roles) {
        const Limits limits = {.message_size_max = UINT64_MAX};
        const std::string mask = role == Role::server ? "00000000" : "";
        const std::string longest =
            role == Role::server ? "80ff7fffffffffffffff" : "807f7fffffffffffffff";
        const auto once = outcome_of(role, limits, {binary(role, 0x02, 5), unhex(longest + mask)});
        CHECK(once.story.empty());
        const auto bounded = outcome_of(role, {.message_size_max = 1U << 20},
                                        {binary(role, 0x02, 5), unhex(longest + mask)});
        CHECK(bounded.story == "failed 1009 message_too_large");
    }
}

TEST_CASE("a message place grows with the octets received, to at most twice as many",
          "[6455-10.4-01]") {
    Rig rig;
    Drive drive(rig, Role::client);
    std::size_t received = 0;
    const Octets head = unhex("827f00000000000f4240");
    drive.feed(head);
    while (received < 990'000) {
        const std::size_t size = std::min<std::size_t>(1 + received / 3, 3000);
        rig.allocator.forget_peaks();
        drive.feed(Octets(size, std::byte{1}));
        received += size;
        if (rig.allocator.largest_size() > 2 * std::max<std::size_t>(received, 256))
            FAIL(rig.allocator.largest_size() << " octets for " << received);
        if (rig.allocator.live_size() > 2 * std::max<std::size_t>(received, 256))
            FAIL(rig.allocator.live_size() << " octets live for " << received);
    }
    CHECK(drive->state() == State::open);
}

TEST_CASE("in parts no memory is used, however large the message", "[6455-10.4-01]") {
    Rig rig;
    rig.config.delivery = Delivery::parts;
    rig.config.limits.message_size_max = UINT64_MAX;
    Drive drive(rig, Role::client);
    drive.feed(unhex("827f4000000000000000"));
    for (int count = 0; count < 100; ++count) drive.feed(Octets(1000, std::byte{1}));
    CHECK(rig.allocator.count() == 0);
    CHECK(drive.story.lines().size() == 1);
}
