// SPDX-License-Identifier: MIT
// base64 against RFC 4648 §10 and against a reading that goes bit by bit.
#include "wire/base64.hpp"

#include "support/catch.hpp"
#include "support/octets.hpp"
#include "support/reference.hpp"

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace hawse::test {
namespace {

std::string base64(ConstBytes octets) {
    const std::size_t size = wire::base64_size(octets.size());
    std::string text(size + 1, '#');
    wire::write_base64(text.data(), octets);
    CHECK(text.back() == '#');
    text.pop_back();
    return text;
}

TEST_CASE("the examples of RFC 4648 are written as they stand there", "[6455-4.2.2-19]") {
    constexpr std::pair<std::string_view, std::string_view> examples[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [text, written] : examples) CHECK(base64(as_bytes(text)) == written);
}

TEST_CASE("every string of one or two octets is read back as it was", "[6455-4.2.2-19]") {
    std::size_t mismatches = 0;
    for (unsigned value = 0; value < 0x10000; ++value) {
        const Octets two = {static_cast<std::byte>(value >> 8), static_cast<std::byte>(value)};
        std::string text(4, '#');
        wire::write_base64(text.data(), two);
        mismatches += reference::from_base64(text) != two;
        const Octets one = {two[1]};
        wire::write_base64(text.data(), one);
        mismatches += reference::from_base64(text) != one;
    }
    CHECK(mismatches == 0);
}

TEST_CASE("octets of every size up to a hundred are read back as they were", "[6455-4.2.2-19]") {
    std::mt19937 random(4648);
    for (std::size_t size = 0; size <= 100; ++size) {
        Octets octets(size);
        for (std::byte& octet : octets) octet = static_cast<std::byte>(random());
        const std::string text = base64(octets);
        CHECK(text.size() == (size + 2) / 3 * 4);
        CHECK(reference::from_base64(text) == octets);
    }
}

TEST_CASE("the alphabet has its sixty-four characters and no other", "[6455-4.2.1-11]") {
    for (int value = -128; value < 128; ++value) {
        const auto character = static_cast<char>(value);
        INFO(value);
        CHECK(wire::is_base64_character(character) ==
              (reference::base64_alphabet.find(character) != std::string_view::npos));
    }
}

}  // namespace
}  // namespace hawse::test
