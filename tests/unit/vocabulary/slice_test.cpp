// SPDX-License-Identifier: MIT
// Slices: they show what they were made of, and the platform's gather call takes them as they lie.
#include "hawse/slice.hpp"

#include "hawse/bytes.hpp"
#include "hawse/posix.hpp"
#include "support/catch.hpp"

#include <array>
#include <cstddef>
#include <string_view>
#include <sys/uio.h>
#include <unistd.h>

namespace hawse::test {
namespace {

TEST_CASE("a slice shows the octets it was made of") {
    constexpr std::string_view text = "hawse";
    const Slice slice(as_bytes(text));
    CHECK(slice.data() == as_bytes(text).data());
    CHECK(slice.size() == 5);
    CHECK(as_text(slice.bytes()) == text);
}

TEST_CASE("a slice made of nothing is empty") {
    const Slice slice;
    CHECK(slice.size() == 0);
    CHECK(slice.data() == nullptr);
    CHECK(slice.bytes().empty());
    CHECK(Slice(ConstBytes{}).bytes().empty());
}

TEST_CASE("slices are iovecs, and a gather call writes what they show") {
    const std::array slices = {Slice(as_bytes("ahoy, ")), Slice(), Slice(as_bytes("hawse"))};
    const iovec* const vectors = iovecs(slices);
    for (std::size_t index = 0; index < slices.size(); ++index) {
        CHECK(vectors[index].iov_base == slices[index].data());
        CHECK(vectors[index].iov_len == slices[index].size());
    }
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    CHECK(::writev(ends[1], vectors, static_cast<int>(slices.size())) == 11);
    std::array<char, 16> read{};
    CHECK(::read(ends[0], read.data(), read.size()) == 11);
    CHECK(std::string_view(read.data(), 11) == "ahoy, hawse");
    (void)::close(ends[0]);
    (void)::close(ends[1]);
}

TEST_CASE("text and octets are the same memory") {
    constexpr std::string_view text("h\0\xFF", 3);
    CHECK(as_bytes(text).size() == 3);
    CHECK(as_text(as_bytes(text)).data() == text.data());
    CHECK(as_bytes({}).empty());
}

}  // namespace
}  // namespace hawse::test
