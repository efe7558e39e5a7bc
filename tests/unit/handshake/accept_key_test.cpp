// SPDX-License-Identifier: MIT
#include "hawse/accept_key.hpp"
#include "support/catch.hpp"

#include <cstring>
#include <string>

using namespace hawse;

namespace {

template <typename Array>
std::string text_of(const Array& array) {
    return {array.data(), array.size()};
}

std::string key_of(std::string_view nonce) {
    std::array<std::byte, 16> octets;
    std::memcpy(octets.data(), nonce.data(), octets.size());
    return text_of(handshake_key(octets));
}

}  // namespace

TEST_CASE("the accept value of the standard's example is the standard's", "[6455-4.2.2-19]") {
    REQUIRE(text_of(accept_key("dGhlIHNhbXBsZSBub25jZQ==")) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("the key is hashed as it stands, pad bits and all", "[6455-4.2.2-08]") {
    REQUIRE(text_of(accept_key("dGhlIHNhbXBsZSBub25jZR==")) !=
            text_of(accept_key("dGhlIHNhbXBsZSBub25jZQ==")));
}

TEST_CASE("a nonce becomes a key of 24 characters with zero pad bits", "[6455-4.1-29]") {
    REQUIRE(key_of("the sample nonce") == "dGhlIHNhbXBsZSBub25jZQ==");
    REQUIRE(key_of(std::string(16, '\0')) == "AAAAAAAAAAAAAAAAAAAAAA==");
    REQUIRE(key_of(std::string(16, '\xFF')) == "/////////////////////w==");
    REQUIRE(is_handshake_key(key_of("the sample nonce")));
}

TEST_CASE("a key is 22 characters of base64 and its padding", "[6455-4.2.1-11][6455-4.3-01]") {
    REQUIRE(is_handshake_key("dGhlIHNhbXBsZSBub25jZR=="));  // pad bits set
    REQUIRE(is_handshake_key("++++++++++//////////AZ=="));
    for (const std::string_view key :
         {"", "==", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ", "AAAAAAAAAAAAAAAAAAAAAAA=",
          "AAAAAAAAAAAAAAAAAAAAAAAA", "dGhlIHNhbXBsZSBub25j*Q==", "dGhlIHNhbXBsZSBub25jZ===",
          "dGhlIHNhbXBsZSBub25jZQ== ", " dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j-_==",
          "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZ\x80=="})
        REQUIRE_FALSE(is_handshake_key(key));
}
