// SPDX-License-Identifier: MIT
// The masking kernels against the octet-wise model: every small size at every alignment and offset,
// in place and copying, and with a guard page on either side.
#include "hawse/masking.hpp"
#include "support/catch.hpp"
#include "support/guard_page.hpp"
#include "support/octets.hpp"
#include "support/reference.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <random>

namespace hawse::test {
namespace {

constexpr std::size_t size_max = 70;
constexpr std::size_t alignment_count = 16;
constexpr std::byte untouched{0xEE};

constexpr reference::Key keys[] = {
    {std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}},
    {std::byte{0x00}, std::byte{0x00}, std::byte{0x00}, std::byte{0x00}},
    {std::byte{0xFF}, std::byte{0x00}, std::byte{0x80}, std::byte{0x01}},
};

Octets random_octets(std::size_t size) {
    std::mt19937 random(static_cast<unsigned>(size));
    Octets octets(size);
    for (std::byte& octet : octets) octet = static_cast<std::byte>(random());
    return octets;
}

// Octets at a chosen alignment with untouched ones around them.
class Placed {
public:
    Placed(std::size_t alignment, std::size_t size) : begin_(32 + alignment), size_(size) {
        memory_.fill(untouched);
    }
    [[nodiscard]] Bytes octets() noexcept { return Bytes(memory_).subspan(begin_, size_); }
    [[nodiscard]] bool intact_around() const noexcept {
        for (std::size_t index = 0; index < memory_.size(); ++index)
            if ((index < begin_ || index >= begin_ + size_) && memory_[index] != untouched)
                return false;
        return true;
    }

private:
    alignas(64) std::array<std::byte, 32 + alignment_count + size_max + 48> memory_;
    std::size_t begin_, size_;
};

template <typename Visitor>
void for_each_size_key_and_offset(std::size_t sizes, Visitor visit) {
    for (const reference::Key& key : keys)
        for (std::size_t size = 0; size <= sizes; ++size) {
            const Octets plain = random_octets(size);
            for (std::uint64_t offset = 0; offset < 4; ++offset)
                visit(plain, reference::masked(plain, key, offset),
                      MaskKey::read(key.data()).advanced(offset));
        }
}

TEST_CASE("octets are masked in place at any size, alignment and offset", "[6455-5.3-05]") {
    std::size_t mismatches = 0;
    for_each_size_key_and_offset(
        size_max, [&](const Octets& plain, const Octets& masked, MaskKey key) {
            for (std::size_t alignment = 0; alignment < alignment_count; ++alignment) {
                Placed place(alignment, plain.size());
                std::copy(plain.begin(), plain.end(), place.octets().begin());
                apply_mask(place.octets(), key);
                mismatches += copy_of(place.octets()) != masked || !place.intact_around();
            }
        });
    CHECK(mismatches == 0);
}

TEST_CASE("octets are masked while they are copied, at any two alignments", "[6455-5.3-05]") {
    std::size_t mismatches = 0;
    for_each_size_key_and_offset(
        size_max, [&](const Octets& plain, const Octets& masked, MaskKey key) {
            for (std::size_t alignment = 0; alignment < alignment_count; ++alignment) {
                Placed from(alignment, plain.size());
                Placed into((alignment * 7 + plain.size()) % alignment_count, plain.size());
                std::copy(plain.begin(), plain.end(), from.octets().begin());
                copy_masked(into.octets().data(), from.octets(), key);
                mismatches += copy_of(into.octets()) != masked || !into.intact_around();
                mismatches += copy_of(from.octets()) != plain || !from.intact_around();
            }
        });
    CHECK(mismatches == 0);
}

TEST_CASE("masking twice gives back what was there", "[6455-5.3-05]") {
    for (const std::size_t size : {1U, 8U, 125U, 4096U, 70001U}) {
        const Octets plain = random_octets(size);
        Octets octets = plain;
        const MaskKey key = MaskKey::read(keys[0].data());
        apply_mask(octets, key);
        CHECK(octets == reference::masked(plain, keys[0]));
        apply_mask(octets, key);
        CHECK(octets == plain);
    }
}

TEST_CASE("a payload masked in pieces is the payload masked whole", "[6455-5.3-05]") {
    const Octets plain = random_octets(size_max);
    const MaskKey key = MaskKey::read(keys[0].data());
    const Octets whole = reference::masked(plain, keys[0]);
    for (std::size_t cut = 0; cut <= plain.size(); ++cut) {
        Octets octets = plain;
        apply_mask(Bytes(octets).first(cut), key);
        apply_mask(Bytes(octets).subspan(cut), key.advanced(cut));
        CHECK(octets == whole);
    }
}

TEST_CASE("a zero key leaves a payload as it is", "[6455-5.3-06]") {
    const Octets plain = random_octets(size_max);
    Octets octets = plain;
    apply_mask(octets, MaskKey{});
    CHECK(octets == plain);
}

TEST_CASE("a key is read and written as it stands on the wire", "[6455-5.3-05]") {
    Octets wire = unhex("EE 37fa213d EE");
    const MaskKey key = MaskKey::read(wire.data() + 1);
    Octets written(6, untouched);
    key.write(written.data() + 1);
    CHECK(hex(written) == hex(wire));
}

TEST_CASE("a key goes on where the payload does, on any endianness", "[6455-5.3-05]") {
    for (std::uint64_t offset = 0; offset < 9; ++offset) {
        Octets expected, written(4);
        for (std::size_t index = 0; index < 4; ++index)
            expected.push_back(keys[0][(offset + index) % 4]);
        const MaskKey key = MaskKey::read(keys[0].data());
        key.advanced(offset).write(written.data());
        CHECK(hex(written) == hex(expected));
        CHECK(key.advanced(offset).advanced(4 - offset % 4) == key);
        CHECK(key.advanced(UINT64_MAX - 3 + offset % 4) == key.advanced(offset % 4));
    }
}

TEST_CASE("the pages on either side of guarded octets cannot be read") {
    const GuardedPages pages(1);
    const Bytes last = pages.ending(1), first = pages.beginning(1);
    CHECK(GuardedPages::is_readable(last.data()));
    CHECK_FALSE(GuardedPages::is_readable(last.data() + 1));
    CHECK(GuardedPages::is_readable(first.data()));
    CHECK_FALSE(GuardedPages::is_readable(first.data() - 1));
}

TEST_CASE("masking touches nothing beyond its octets", "[6455-5.3-05]") {
    const GuardedPages from(size_max), into(size_max);
    std::size_t mismatches = 0;
    for_each_size_key_and_offset(size_max, [&](const Octets& plain, const Octets& masked,
                                               MaskKey key) {
        for (const Bytes octets : {from.ending(plain), from.beginning(plain)}) {
            apply_mask(octets, key);
            mismatches += copy_of(octets) != masked;
        }
        for (const bool at_end : {true, false}) {
            const Bytes target = at_end ? into.ending(plain.size()) : into.beginning(plain.size());
            copy_masked(target.data(), at_end ? from.ending(plain) : from.beginning(plain), key);
            mismatches += copy_of(target) != masked;
        }
    });
    CHECK(mismatches == 0);
}

}  // namespace
}  // namespace hawse::test
