// SPDX-License-Identifier: MIT
// What goes through the C face by value: each option and each counter arrives as its twin, and structs
// of every age are read and written no further than they reach.
#include "capi/objects.hpp"
#include "support/catch.hpp"
#include "support/guard_page.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace hawse::test {
namespace {

// All that a Config holds beyond pointers, in one order.
std::vector<std::uint64_t> values(const Config& config) {
    const Limits& limits = config.limits;
    const Waits& waits = config.waits;
    const DeflatePolicy& deflate = config.deflate;
    std::vector<std::uint64_t> all = {
        static_cast<std::uint64_t>(config.delivery), config.pong_after_close,
        config.deliver_after_close, config.surface_plain_requests, config.reject_early_octets,
        config.require_subprotocol, deflate.enabled, deflate.insist, deflate.send.takeover,
        deflate.receive.takeover, limits.fragment_count_max, limits.pong_count_max,
        limits.inflation_ratio_max,
        limits.message_size_max, limits.frame_size_max, limits.send_frame_size_max,
        limits.output_high, limits.output_max, limits.head_size_max, limits.early_size_max,
        limits.response_body_size_max, limits.field_count_max, limits.empty_element_count_max,
        limits.interim_count_max, deflate.send.window_bits, deflate.receive.window_bits,
        deflate.level, deflate.memory_level, deflate.threshold, deflate.part_size_max};
    for (const Duration wait : {waits.ping, waits.pong, waits.idle, waits.message, waits.opening,
                                waits.close, waits.linger, waits.write_stall, waits.clock_jump})
        all.push_back(static_cast<std::uint64_t>(wait.nanoseconds));
    return all;
}

// Uses options that end where nobody may read or write, with every size that a struct can have.
template <class Use>
void at_every_size(Use use) {
    constexpr std::size_t step = alignof(hawse_options);
    for (std::size_t size = step; size <= sizeof(hawse_options); size += step) {
        const GuardedPages pages(sizeof(hawse_options));
        const Bytes place = pages.ending(size);
        std::memcpy(place.data(), &size, sizeof size);
        use(place, size);
    }
}

}  // namespace

TEST_CASE("a config that is made of untouched options has every default of a Config") {
    hawse_options options;
    hawse_options_init(&options, sizeof options);
    const hawse_config made(options);
    CHECK(values(made.config) == values(Config{}));
    CHECK(made.config.pool == nullptr);
    CHECK(made.config.entropy.fill == nullptr);
}

TEST_CASE("each option arrives in the config as its twin") {
    hawse_options options{};
    options.size = sizeof options;
    options.delivery = HAWSE_DELIVERY_PARTS;
    std::vector<std::uint64_t> expected = {HAWSE_DELIVERY_PARTS};
    std::uint64_t value = 100;
    const auto set = [&](auto& option) {
        using Option = std::remove_reference_t<decltype(option)>;
        option = static_cast<Option>(++value);
        expected.push_back(value);
    };
    bool* const flags[] = {&options.pong_after_close, &options.deliver_after_close,
                           &options.surface_plain_requests, &options.reject_early_octets,
                           &options.require_subprotocol, &options.deflate_enabled,
                           &options.deflate_insist, &options.deflate_send.takeover,
                           &options.deflate_receive.takeover};
    expected.resize(1 + std::size(flags));
    set(options.fragment_count_max);
    set(options.pong_count_max);
    set(options.inflation_ratio_max);
    set(options.message_size_max);
    set(options.frame_size_max);
    set(options.send_frame_size_max);
    set(options.output_high);
    set(options.output_max);
    set(options.head_size_max);
    set(options.early_size_max);
    set(options.response_body_size_max);
    set(options.field_count_max);
    set(options.empty_element_count_max);
    set(options.interim_count_max);
    set(options.deflate_send.window_bits);
    set(options.deflate_receive.window_bits);
    set(options.deflate_level);
    set(options.deflate_memory_level);
    set(options.deflate_threshold);
    set(options.deflate_part_size_max);
    set(options.ping_wait);
    set(options.pong_wait);
    set(options.idle_wait);
    set(options.message_wait);
    set(options.opening_wait);
    set(options.close_wait);
    set(options.linger_wait);
    set(options.write_stall_wait);
    set(options.clock_jump);
    for (std::size_t index = 0; index < std::size(flags); ++index) {  // one at a time
        *flags[index] = true;
        expected[1 + index] = 1;
        CHECK(values(hawse_config(options).config) == expected);
        *flags[index] = false;
        expected[1 + index] = 0;
    }
}

TEST_CASE("the entropy and the pool of a config are those of its options") {
    const hawse_allocator none{sizeof none, [](void*, std::size_t) -> void* { return nullptr; },
                               [](void*, void*, std::size_t) {}, nullptr};
    hawse_pool pool(none, 0, {});
    CHECK(pool.pool.lease(1) == nullptr);
    int asked = 0;
    hawse_options options{};
    options.size = sizeof options;
    options.pool = &pool;
    options.entropy_context = &asked;
    options.entropy_fill = [](void* context, std::uint8_t* into, std::size_t size) {
        *static_cast<int*>(context) += 1;
        std::memset(into, 7, size);
        return size == 3;
    };
    const hawse_config made(options);
    CHECK(made.config.pool == &pool.pool);
    std::array<std::byte, 4> octets{};
    CHECK(made.config.entropy.fill(made.config.entropy.context, octets.data(), 3));
    CHECK_FALSE(made.config.entropy.fill(made.config.entropy.context, octets.data(), 2));
    CHECK(octets == std::array{std::byte{7}, std::byte{7}, std::byte{7}, std::byte{0}});
    CHECK(asked == 2);
}

TEST_CASE("options are read no further than they reach, and the rest are defaults") {
    alignas(std::uint64_t) std::byte storage[HAWSE_CONFIG_SIZE];
    at_every_size([&](Bytes place, std::size_t size) {
        std::memset(place.data() + sizeof size, 0, size - sizeof size);
        const hawse_config* made = hawse_config_init(
            storage, sizeof storage, reinterpret_cast<const hawse_options*>(place.data()));
        const bool reached = size == sizeof(hawse_options);  // it is the last
        CHECK(made->config.deflate.part_size_max ==
              (reached ? 0 : DeflatePolicy{}.part_size_max));
    });
}

TEST_CASE("options are filled in no further than they reach") {
    hawse_options whole;
    hawse_options_init(&whole, sizeof whole);
    at_every_size([&](Bytes place, std::size_t size) {
        hawse_options_init(reinterpret_cast<hawse_options*>(place.data()), size);
        CHECK(std::memcmp(place.data(), &size, sizeof size) == 0);
        CHECK(std::memcmp(place.data() + sizeof size,
                          reinterpret_cast<const std::byte*>(&whole) + sizeof size,
                          size - sizeof size) == 0);
    });
    whole.size = SIZE_MAX;
    hawse_options_init(&whole, sizeof whole.size - 1);  // no room for a size: nothing but zeros
    std::array<unsigned char, sizeof whole.size> found{}, wanted{};
    std::memcpy(found.data(), &whole.size, sizeof whole.size);
    wanted.back() = 0xFF;
    CHECK(found == wanted);
}

TEST_CASE("each counter is shown as its twin") {
    hawse_counters counters{};
    Statistics& statistics = counters.statistics;
    statistics.received = {1, 2, 3, 4};
    statistics.sent = {5, 6, 7, 8};
    statistics.pings_received = 9;
    statistics.pongs_received = 10;
    statistics.pings_sent = 11;
    statistics.pongs_dropped = 12;
    statistics.round_trip_nanoseconds = 13;
    hawse_statistics shown{};
    shown.size = sizeof shown;
    hawse_counters_read(&counters, &shown);
    CHECK(shown.received_messages == 1);
    CHECK(shown.received_frames == 2);
    CHECK(shown.received_wire_octets == 3);
    CHECK(shown.received_payload_octets == 4);
    CHECK(shown.sent_messages == 5);
    CHECK(shown.sent_frames == 6);
    CHECK(shown.sent_wire_octets == 7);
    CHECK(shown.sent_payload_octets == 8);
    CHECK(shown.pings_received == 9);
    CHECK(shown.pongs_received == 10);
    CHECK(shown.pings_sent == 11);
    CHECK(shown.pongs_dropped == 12);
    CHECK(shown.round_trip_nanoseconds == 13);
}

}  // namespace hawse::test
