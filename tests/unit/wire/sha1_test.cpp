// SPDX-License-Identifier: MIT
// SHA-1 against the examples of FIPS 180 and digests that another implementation made.
#include "wire/sha1.hpp"

#include "support/catch.hpp"
#include "support/octets.hpp"
#include "support/reference.hpp"
#include "wire/base64.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace hawse::test {
namespace {

std::string digest_of(std::string_view text) { return hex(wire::sha1(as_bytes(text), {})); }

TEST_CASE("the examples of FIPS 180 have the digests it gives them", "[6455-4.2.2-19]") {
    CHECK(digest_of("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    CHECK(digest_of("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(digest_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    CHECK(digest_of(std::string(1000000, 'a')) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

// The digest of the digests of sizes 0 to 259, as Python's hashlib has it.
TEST_CASE("every size around the padding has its digest", "[6455-4.2.2-19]") {
    Octets digests;
    for (std::size_t size = 0; size < 260; ++size) {
        Octets octets;
        for (std::size_t index = 0; index < size; ++index)
            octets.push_back(static_cast<std::byte>(index * 7 + size));
        append(digests, wire::sha1(octets, {}));
    }
    CHECK(hex(wire::sha1(digests, {})) == "d799b7e7763eb5f7d3e5675e93b827a9eda0b713");
}

TEST_CASE("two pieces have the digest of the whole, wherever the cut is", "[6455-4.2.2-19]") {
    Octets octets;
    for (std::size_t index = 0; index < 200; ++index)
        octets.push_back(static_cast<std::byte>(index * 31));
    const auto whole = wire::sha1(octets, {});
    for (std::size_t cut = 0; cut <= octets.size(); ++cut) {
        const ConstBytes all(octets);
        CHECK(wire::sha1(all.first(cut), all.subspan(cut)) == whole);
    }
}

TEST_CASE("the sample key of RFC 6455 has the digest and the accept value given there",
          "[6455-4.2.2-19]") {
    const auto digest =
        wire::sha1(as_bytes(reference::sample_handshake_key), as_bytes(reference::accept_guid));
    CHECK(hex(digest) == reference::sample_accept_digest);
    std::string accept(wire::base64_size(digest.size()), '#');
    wire::write_base64(accept.data(), digest);
    CHECK(accept == reference::sample_accept_key);
}

}  // namespace
}  // namespace hawse::test
