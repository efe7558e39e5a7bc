// SPDX-License-Identifier: MIT
// Close payloads: all codes, all sizes, reasons that are text and that are not, both ways.
#include "hawse/close_payload.hpp"

#include "support/catch.hpp"
#include "support/guard_page.hpp"
#include "support/octets.hpp"
#include "support/reference.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hawse::test {
namespace {

constexpr std::byte untouched{0xEE};

Octets payload_of(unsigned code, ConstBytes reason = {}) {
    Octets payload = {static_cast<std::byte>(code >> 8), static_cast<std::byte>(code)};
    append(payload, reason);
    return payload;
}

Violation expected_violation(unsigned code) {
    if (code < 1000 || code > 4999) return Violation::undefined_close_code;
    return reference::is_close_code(code) ? Violation::none : Violation::reserved_close_code;
}

TEST_CASE("every code is accepted or refused as the list has it",
          "[6455-5.5.1-02][6455-7.4.1-03][6455-7.4.1-04][6455-7.4.1-05][6455-7.4.1-13]"
          "[6455-7.4.2-01][6455-7.4.2-02][6455-7.4.2-03][6455-7.4.2-04][6455-11.7-01]") {
    const Octets reason = octets_of("because");
    std::size_t mismatches = 0, accepted = 0;
    for (unsigned code = 0; code < 0x10000; ++code) {
        const Violation expected = expected_violation(code);
        for (const bool with_reason : {false, true}) {
            const Octets payload = payload_of(code, with_reason ? reason : Octets());
            ClosePayload close{CloseCode::tls_failed, "stale"};
            mismatches += read_close_payload(payload, close) != expected;
            const bool right = expected == Violation::none;
            mismatches += close.code != (right ? CloseCode(code) : CloseCode::no_code);
            mismatches += close.reason != (right && with_reason ? "because" : "");
        }
        accepted += expected == Violation::none;
        mismatches += is_close_code_on_wire(static_cast<std::uint16_t>(code)) !=
                      reference::is_close_code(code);
    }
    CHECK(mismatches == 0);
    CHECK(accepted == 12 + 2000);
}

TEST_CASE("what an application may send depends on its role for 1010 alone",
          "[6455-7.4.1-01][6455-7.4.1-11][6455-7.4.1-12]") {
    std::size_t mismatches = 0;
    for (unsigned code = 0; code < 0x10000; ++code) {
        const bool on_wire = reference::is_close_code(code);
        mismatches += is_close_code_sendable(CloseCode(code), Role::client) != on_wire;
        mismatches +=
            is_close_code_sendable(CloseCode(code), Role::server) != (on_wire && code != 1010);
    }
    CHECK(mismatches == 0);
    CHECK(is_close_code_sendable(CloseCode::extension_required, Role::client));
    CHECK_FALSE(is_close_code_sendable(CloseCode::extension_required, Role::server));
}

TEST_CASE("an empty payload is a close without a code", "[6455-5.5.1-01]") {
    ClosePayload close{CloseCode::normal, "stale"};
    CHECK(read_close_payload({}, close) == Violation::none);
    CHECK(close.code == CloseCode::no_code);
    CHECK(close.reason.empty());
}

TEST_CASE("a payload of one octet is half a code", "[6455-5.5.1-02]") {
    for (unsigned octet = 0; octet < 256; ++octet) {
        ClosePayload close{CloseCode::normal, "stale"};
        const Octets payload = {static_cast<std::byte>(octet)};
        CHECK(read_close_payload(payload, close) == Violation::truncated_close_code);
        CHECK(close.code == CloseCode::no_code);
        CHECK(close.reason.empty());
    }
}

TEST_CASE("a reason of any size is shown where it lies", "[6455-5.5.1-03]") {
    for (std::size_t size = 2; size <= 125; ++size) {
        const Octets payload = payload_of(1000, octets_of(std::string(size - 2, 'r')));
        ClosePayload close;
        CHECK(read_close_payload(payload, close) == Violation::none);
        CHECK(close.code == CloseCode::normal);
        CHECK(close.reason == std::string(size - 2, 'r'));
        CHECK(static_cast<const void*>(close.reason.data()) == payload.data() + 2);
    }
}

TEST_CASE("a reason that is not text is refused, wherever it goes wrong",
          "[6455-5.5.1-03][6455-8.1-01]") {
    for (const char* fault : {"ff", "80", "c3", "e282", "eda080", "f0908080ff"})
        for (std::size_t position = 0; position < 120; ++position) {
            Octets reason = octets_of(std::string(position, 'r'));
            append(reason, unhex(fault));
            ClosePayload close{CloseCode::normal, "stale"};
            CHECK(read_close_payload(payload_of(1000, reason), close) ==
                  Violation::invalid_close_reason);
            CHECK(close.code == CloseCode::no_code);
            CHECK(close.reason.empty());
        }
}

TEST_CASE("a reason may hold any character", "[6455-5.5.1-03]") {
    const std::string reason = std::string(1, '\0') + "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x92\xA1";
    ClosePayload close;
    const Octets payload = payload_of(4999, octets_of(reason));
    CHECK(read_close_payload(payload, close) == Violation::none);
    CHECK(close.reason == reason);
}

TEST_CASE("a bad code is told before a bad reason", "[6455-7.4.2-02]") {
    ClosePayload close;
    const Octets bad_reason = unhex("ff");
    CHECK(read_close_payload(payload_of(1005, bad_reason), close) ==
          Violation::reserved_close_code);
    CHECK(read_close_payload(payload_of(999, bad_reason), close) ==
          Violation::undefined_close_code);
}

TEST_CASE("what is written is read back, and nothing is written beyond it",
          "[6455-5.5.1-01][6455-5.5.1-02]") {
    std::size_t mismatches = 0;
    for (const unsigned code : {1000U, 1001U, 1014U, 3000U, 4999U})
        for (std::size_t size = 0; size <= close_reason_size_max; ++size) {
            const std::string reason(size, 'r');
            Octets into(126, untouched);
            const std::size_t written = write_close_payload(into.data(), {CloseCode(code), reason});
            mismatches += written != 2 + size;
            for (std::size_t index = written; index < into.size(); ++index)
                mismatches += into[index] != untouched;
            into.resize(written);
            mismatches += into != payload_of(code, octets_of(reason));
            ClosePayload close;
            mismatches += read_close_payload(into, close) != Violation::none;
            mismatches += close.code != CloseCode(code) || close.reason != reason;
        }
    CHECK(mismatches == 0);
}

TEST_CASE("a close without a code has no payload", "[6455-5.5.1-01][6455-7.4.1-04]") {
    Octets into(125, untouched);
    CHECK(write_close_payload(into.data(), {}) == 0);
    CHECK(into == Octets(125, untouched));
}

TEST_CASE("reading a payload reads nothing beyond it", "[6455-5.5.1-03]") {
    const GuardedPages pages(125);
    for (std::size_t size = 2; size <= 125; ++size) {
        const Octets payload = payload_of(1000, octets_of(std::string(size - 2, 'r')));
        ClosePayload close;
        CHECK(read_close_payload(pages.ending(payload), close) == Violation::none);
        CHECK(read_close_payload(pages.beginning(payload), close) == Violation::none);
    }
    ClosePayload close;
    CHECK(read_close_payload(pages.ending(unhex("03")), close) == Violation::truncated_close_code);
    CHECK(read_close_payload(pages.ending(0), close) == Violation::none);
}

}  // namespace
}  // namespace hawse::test
