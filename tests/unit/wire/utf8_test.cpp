// SPDX-License-Identifier: MIT
// The UTF-8 kernel against the model that decodes code points: all short strings, whole and cut,
// and long ones with one fault or one character at every place.
#include "hawse/utf8.hpp"
#include "support/catch.hpp"
#include "support/guard_page.hpp"
#include "support/octets.hpp"
#include "support/reference.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace hawse::test {
namespace {

// Optimised and without AddressSanitizer.
#if defined(__has_feature)
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !HAS_FEATURE(address_sanitizer)
constexpr bool fast = true;
#else
constexpr bool fast = false;
#endif
#undef HAS_FEATURE

// What a slow build tries in place of all last octets where little can come of them.
constexpr std::uint8_t samples[] = {0x00, 0x7F, 0x80, 0x8F, 0xA0, 0xBF, 0xC2, 0xF4};

// All strings of one size, each judged whole and cut at every place by one text that goes on.
class EveryString {
public:
    explicit EveryString(std::size_t size) : size_(size) {}

    void judge(unsigned first_lead, unsigned last_lead) {
        for (unsigned lead = first_lead; lead <= last_lead; ++lead) place(0, lead);
    }
    std::uint64_t count = 0;
    std::uint64_t mismatches = 0;

private:
    // Puts `octet` at `index`, then all there are behind it. Only from the octets before it can
    // more follow, so `heads_` has a text for each size that is still alive.
    void place(std::size_t index, unsigned octet) {
        octets_[index] = static_cast<std::byte>(octet);
        const std::size_t size = index + 1;
        const reference::Utf8Verdict before = verdict_;
        if (alive_ == index) {
            verdict_ = reference::utf8(first(size));
            if (verdict_.taken == size) {
                alive_ = size;
                heads_[size] = Utf8Validator();
                mismatches += heads_[size].take(first(size)) != size;
            }
        }
        if (size == size_)
            compare();
        else
            place_next(size);
        if (alive_ == size) alive_ = index;
        verdict_ = before;
    }

    void place_next(std::size_t index) {
        if (fast || index + 1 < size_ || (alive_ == index && is_worth_all())) {
            for (unsigned octet = 0; octet < 256; ++octet) place(index, octet);
        } else {
            for (const unsigned octet : samples) place(index, octet);
        }
    }
    // ASCII before the last octets changes little, and F2 and F3 lead to what F1 does.
    [[nodiscard]] bool is_worth_all() const noexcept {
        return octets_[0] > std::byte{0x7F} && octets_[0] != std::byte{0xF2} &&
               octets_[0] != std::byte{0xF3};
    }

    void compare() {
        ++count;
        const bool is_text = verdict_.taken == size_ && verdict_.complete;
        bool right = true;
        // A slow build looks at the whole and at one cut, another one for each string.
        const std::size_t step = fast ? 1 : 1 + count % (size_ + 1);
        for (std::size_t cut = 0; cut < size_ && cut <= verdict_.taken; cut += step) {
            Utf8Validator text = heads_[cut];
            const std::size_t taken = text.take(first(size_).subspan(cut));
            right = right && taken == verdict_.taken - cut;
            if (taken == size_ - cut) right = right && text.complete() == verdict_.complete;
            if (!fast && cut != 0) break;
        }
        if (count % 16 == 0) right = right && is_utf8(first(size_)) == is_text;
        mismatches += !right;
    }

    [[nodiscard]] ConstBytes first(std::size_t size) const noexcept {
        return ConstBytes(octets_).first(size);
    }

    std::size_t size_;
    std::size_t alive_ = 0;  // octets from the beginning that text may begin with
    reference::Utf8Verdict verdict_ = {0, true};
    std::array<Utf8Validator, 5> heads_ = {};
    std::array<std::byte, 4> octets_ = {};
};

TEST_CASE("all strings of one to three octets are judged right, whole and cut",
          "[3629-4-01][3629-4-02][3629-3-01][3629-3-02][UTF8-34]") {
    for (std::size_t size = 1; size <= 3; ++size) {
        EveryString strings(size);
        strings.judge(0x00, 0xFF);
        CHECK(strings.mismatches == 0);
        if (fast) CHECK(strings.count == std::uint64_t{1} << (8 * size));
    }
}

TEST_CASE("all strings of four octets from F0 to F4 on are judged right, whole and cut",
          "[3629-4-01][3629-4-02][3629-3-01][UTF8-34]") {
    EveryString strings(4);
    strings.judge(0xF0, 0xF4);
    CHECK(strings.mismatches == 0);
    if (fast) CHECK(strings.count == std::uint64_t{5} << 24);
}

// Judges `octets` and says whether the kernel agrees with the model, whole and cut at `cut`.
bool is_judged_right(ConstBytes octets, std::size_t cut) {
    const reference::Utf8Verdict expected = reference::utf8(octets);
    const bool all = expected.taken == octets.size();
    Utf8Validator whole;
    if (whole.take(octets) != expected.taken) return false;
    if (all && whole.complete() != expected.complete) return false;
    if (is_utf8(octets) != (all && expected.complete)) return false;
    if (cut > expected.taken) return true;
    Utf8Validator text;
    if (text.take(octets.first(cut)) != cut) return false;
    if (text.take(octets.subspan(cut)) != expected.taken - cut) return false;
    return !all || text.complete() == expected.complete;
}

Octets repeated(std::string_view character, std::size_t size) {
    Octets octets;
    while (octets.size() + character.size() <= size) append(octets, as_bytes(character));
    while (octets.size() < size) octets.push_back(std::byte{'.'});
    return octets;
}

TEST_CASE("the offending octet is named wherever it stands", "[6455-8.1-01]") {
    constexpr std::size_t position_max = 257, size = position_max + 8;
    const Octets faults[] = {unhex("ff"),   unhex("80"),   unhex("c0"),     unhex("c341"),
                             unhex("e080"), unhex("eda0"), unhex("e28241"), unhex("f48fbf41"),
                             unhex("f490"), unhex("f08f"), unhex("f5")};
    alignas(64) std::array<std::byte, size + 16> memory;
    std::size_t mismatches = 0;
    for (const std::string_view character : {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x92\xA1"})
        for (const Octets& fault : faults)
            for (std::size_t position = 0; position <= position_max; ++position) {
                Octets octets = repeated(character, position);
                append(octets, fault);
                const std::size_t offending = reference::utf8(octets).taken;
                octets.resize(size, std::byte{'z'});
                for (std::size_t alignment = 0; alignment < 16; ++alignment) {
                    std::memcpy(memory.data() + alignment, octets.data(), size);
                    Utf8Validator text;
                    mismatches +=
                        text.take(ConstBytes(memory).subspan(alignment, size)) != offending;
                }
            }
    CHECK(mismatches == 0);
}

TEST_CASE("a character may stand anywhere and be cut anywhere", "[6455-5.6-01][3629-4-02]") {
    constexpr std::string_view characters[] = {std::string_view("\0", 1),
                                               "\x7F",
                                               "\xC2\x80",
                                               "\xDF\xBF",
                                               "\xE0\xA0\x80",
                                               "\xED\x9F\xBF",
                                               "\xEE\x80\x80",
                                               "\xEF\xBB\xBF",
                                               "\xEF\xBF\xBE",
                                               "\xEF\xBF\xBF",
                                               "\xF0\x90\x80\x80",
                                               "\xF4\x8F\xBF\xBF"};
    std::size_t mismatches = 0;
    for (const std::string_view character : characters)
        for (std::size_t position = 0; position <= 130; ++position) {
            Octets octets = repeated("a", position);
            append(octets, as_bytes(character));
            append(octets, repeated("z", 9));
            const ConstBytes all(octets);
            mismatches += !is_utf8(all);
            for (std::size_t cut = position; cut <= position + character.size(); ++cut) {
                mismatches += !is_judged_right(all, cut);
                const bool at_edge = cut == position || cut == position + character.size();
                mismatches += is_utf8(all.first(cut)) != at_edge;
            }
        }
    CHECK(mismatches == 0);
}

TEST_CASE("a text may end between characters and nowhere else", "[6455-5.6-01]") {
    Utf8Validator text;
    CHECK(text.complete());
    CHECK(text.take({}) == 0);
    CHECK(text.complete());
    const Octets character = unhex("f0 9f 92 a1");
    for (std::size_t index = 0; index < 4; ++index) {
        CHECK(text.take({}) == 0);
        CHECK(text.take(ConstBytes(character).subspan(index, 1)) == 1);
        CHECK(text.complete() == (index == 3));
    }
    CHECK(is_utf8({}));
}

TEST_CASE("non-characters, U+0000 and a leading U+FEFF are text", "[3629-4-02][3629-6-01]") {
    CHECK(is_utf8(unhex("efbbbf 68 69")));
    CHECK(is_utf8(unhex("00 efb790 efbfbe efbfbf f09fbfbe f48fbfbf")));
}

TEST_CASE("overlong forms, surrogates and forms of five and six octets are no text",
          "[3629-3-01][3629-3-02][3629-10-01]") {
    for (const char* digits :
         {"c080", "c1bf", "e09fbf", "f08fbfbf", "eda080", "edbfbf", "eda18cedbeb4", "f4908080",
          "f8 88 80 80 80", "fc8480808080", "fe", "ff"}) {
        INFO(digits);
        const Octets octets = unhex(digits);
        Utf8Validator text;
        CHECK_FALSE(is_utf8(octets));
        CHECK(text.take(octets) == reference::utf8(octets).taken);
        CHECK(reference::utf8(octets).taken <= 1);
    }
}

TEST_CASE("judging text reads nothing beyond it", "[6455-8.1-01]") {
    constexpr std::size_t size_max = 140;
    const GuardedPages pages(size_max);
    std::size_t mismatches = 0;
    for (const std::string_view character : {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x92\xA1"})
        for (std::size_t size = 0; size <= size_max; ++size) {
            const Octets whole = repeated(character, size + 3);
            const ConstBytes octets = ConstBytes(whole).first(size);  // the last may be cut
            mismatches += !is_judged_right(pages.ending(octets), size / 2);
            mismatches += !is_judged_right(pages.beginning(octets), size / 2);
        }
    CHECK(mismatches == 0);
}

}  // namespace
}  // namespace hawse::test
