// SPDX-License-Identifier: MIT
// The block of a prepared message: which forms lie in it, that each is a whole frame, and what is chosen
// for a window.
#include "prepared/content.hpp"

#include "support/catch.hpp"
#include "support/counting_allocator.hpp"
#include "support/octets.hpp"

#include <array>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

namespace hawse::test {
namespace {

using prepared::Content;
using prepared::Variant;
using prepared::Windows;

// Octets that repeat at more distances the larger the window.
Octets repetitive() {
    std::minstd_rand random(7);
    Octets octets;
    for (std::size_t distance = 100; distance < 30000; distance *= 2) {
        for (std::size_t index = 0; index < distance; ++index)
            octets.push_back(static_cast<std::byte>(random() >> 8));
        for (std::size_t index = 0; index < 100; ++index)
            octets.push_back(octets[octets.size() - distance]);
    }
    return octets;
}

Windows windows_of(std::initializer_list<unsigned> all, const DeflatePolicy& policy = {}) {
    Windows windows;
    for (const unsigned bits : all) {
        Agreement agreement;
        agreement.deflate.agreed = true;
        agreement.deflate.server.window_bits = static_cast<std::uint8_t>(bits);
        windows.add(policy, agreement);
    }
    return windows;
}

struct Scene {
    CountingAllocator pooled = {};
    CountingAllocator allocator = {};
    Pool pool{pooled.face(), 0};
    Config config = {};
    Content* content = nullptr;

    Scene() { config.pool = &pool; }
    Scene(const Scene&) = delete;
    ~Scene() {
        if (content != nullptr) memory::let_go(*content);
        CHECK(allocator.live_size() == 0);
    }

    Refusal make(ConstBytes payload, Windows windows, Send choice = {}) {
        return prepared::make_content(MessageKind::binary, payload, windows, allocator.face(),
                                      config, choice, content);
    }
    [[nodiscard]] std::vector<unsigned> window_bits() const {
        std::vector<unsigned> found;
        for (std::size_t index = 0; index < content->variant_count; ++index)
            found.push_back(content->variants()[index].window_bits);
        return found;
    }
};

}  // namespace

TEST_CASE("the forms of a prepared message fill their block, each a whole frame", "[compressor]") {
    const Octets payload = repetitive();
    Scene scene;
    REQUIRE(scene.make(payload, windows_of({15, 11, 9})) == Refusal::none);
    CHECK(scene.allocator.count() == 1);
    CHECK(scene.window_bits() == std::vector<unsigned>{0, 9, 11, 15});
    CHECK(scene.content->payload_size == payload.size());
    CHECK(scene.content->block_size == scene.allocator.live_size());
    const auto* at = reinterpret_cast<const std::byte*>(scene.content->variants() + 4);
    for (std::size_t index = 0; index < 4; ++index) {
        const Variant& variant = scene.content->variants()[index];
        CHECK(variant.frame == at);
        at += variant.octets().size();
        const std::vector<WireFrame> frames = read_frames(variant.octets());
        REQUIRE(frames.size() == 1);
        CHECK(frames[0].first == (index == 0 ? 0x82U : 0xC2U));
        CHECK_FALSE(frames[0].masked);
        CHECK(frames[0].payload == copy_of(variant.payload()));
        CHECK(variant.compressed() == (index != 0));
        if (index != 0) CHECK(variant.payload_size < scene.content->variants()[index - 1].payload_size);
    }
    CHECK(at == reinterpret_cast<const std::byte*>(scene.content) + scene.content->block_size);
}

TEST_CASE("the largest window that is not too large is chosen", "[compressor]") {
    Scene scene;
    REQUIRE(scene.make(repetitive(), windows_of({15, 11, 9})) == Refusal::none);
    const std::array expected = {0U, 0U, 0U,  0U,  0U,  0U,  0U,  0U,
                                 0U, 9U, 9U, 11U, 11U, 11U, 11U, 15U};
    for (unsigned bits = 0; bits < 16; ++bits)
        CHECK(scene.content->choose(bits).window_bits == expected[bits]);
}

TEST_CASE("windows outside the bounds count as the nearest, ours and theirs") {
    const auto found = [](Windows windows) {
        std::vector<unsigned> all;
        for (unsigned bits = 0; bits < 32; ++bits)
            if (windows.has(bits)) all.push_back(bits);
        return all;
    };
    DeflatePolicy policy;
    CHECK(found(windows_of({})).empty());
    CHECK(found(windows_of({0, 200})) == std::vector<unsigned>{8, 15});
    CHECK(found(windows_of({8, 9, 15, 9})) == std::vector<unsigned>{8, 9, 15});
    policy.send.window_bits = 10;
    CHECK(found(windows_of({8, 9, 15}, policy)) == std::vector<unsigned>{8, 9, 10});
    policy.send.window_bits = 0;
    CHECK(found(windows_of({9, 15}, policy)) == std::vector<unsigned>{8});
    Windows none;
    none.add(policy, Agreement{});
    CHECK(found(none).empty());
}

TEST_CASE("a block of which nothing came leaves nothing leased") {
    Scene scene;
    scene.allocator.fail(0, CountingAllocator::Failure::once);
    CHECK(scene.make(repetitive(), windows_of({9, 15})) == Refusal::out_of_memory);
    CHECK(scene.content == nullptr);
    CHECK(scene.pool.leased_size() == 0);
    REQUIRE(scene.make(repetitive(), windows_of({9, 15})) == Refusal::none);
    CHECK(scene.pool.leased_size() == 0);
}

}  // namespace hawse::test
