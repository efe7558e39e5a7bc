// SPDX-License-Identifier: MIT
// What a group of checks has found: how many things it tried, what went wrong, and a digest of all that
// the engine did, which is the same on every machine and with every compiler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace hawse::test::replay {

/// FNV-1a, 64 bits.
class Digest {
public:
    void add(std::string_view text) noexcept {
        for (const char character : text) add(static_cast<unsigned char>(character));
        add(0);  // so that "ab", "c" differs from "a", "bc"
    }
    [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

private:
    void add(unsigned char octet) noexcept { value_ = (value_ ^ octet) * 0x100000001B3; }

    std::uint64_t value_ = 0xCBF29CE484222325;
};

class Report {
public:
    explicit Report(std::string group) : group_(std::move(group)) {}

    /// What comes now belongs to `item`, which is counted.
    void begin(std::string_view item) {
        item_ = item;
        ++item_count_;
        digest_.add(item);
    }
    /// What the engine did, in words that say the same on every machine.
    void record(std::string_view words) noexcept { digest_.add(words); }

    void fail(std::string_view what) {
        ++failure_count_;
        std::printf("%s %s: %.*s\n", group_.c_str(), item_.c_str(), static_cast<int>(what.size()),
                    what.data());
    }
    void expect(bool holds, std::string_view what) {
        if (!holds) fail(what);
    }
    void expect_same(std::string_view what, std::string_view found, std::string_view wanted) {
        if (found == wanted) return;
        std::string text(what);
        ((text += "\n  found  ") += found) += "\n  wanted ";
        fail(text += wanted);
    }

    [[nodiscard]] const std::string& group() const noexcept { return group_; }
    [[nodiscard]] std::size_t item_count() const noexcept { return item_count_; }
    [[nodiscard]] std::size_t failure_count() const noexcept { return failure_count_; }
    [[nodiscard]] std::uint64_t digest() const noexcept { return digest_.value(); }

private:
    std::string group_;
    std::string item_;
    Digest digest_;
    std::size_t item_count_ = 0;
    std::size_t failure_count_ = 0;
};

}  // namespace hawse::test::replay
