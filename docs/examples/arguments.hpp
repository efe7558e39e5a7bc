// SPDX-License-Identifier: MIT
// The command line of an example, walked once: options "--name value" or "--name=value", flags, and
// operands. A wrong argument prints one sentence and the usage, and ends the program with status 2.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

namespace examples {

class Arguments {
public:
    Arguments(int count, char** values, std::string_view tool, std::string_view usage) noexcept
        : count_(count), values_(values), tool_(tool), usage_(usage) {}

    /// Moves to the next argument; false behind the last.
    bool next() {
        if (++index_ >= count_) return false;
        current_ = values_[index_];
        if (current_ != "--help") return true;
        std::fwrite(usage_.data(), 1, usage_.size(), stdout);
        std::exit(EXIT_SUCCESS);
    }

    /// Whether the argument is the flag `name`.
    [[nodiscard]] bool flag(std::string_view name) const noexcept { return current_ == name; }

    /// Whether the argument is the option `name`; `value` is then its value.
    bool option(std::string_view name, std::string_view& value) {
        if (current_ == name) {
            if (index_ + 1 >= count_) fail(std::string(name) + " needs a value");
            value = values_[++index_];
            return true;
        }
        if (!current_.starts_with(name) || current_.substr(name.size(), 1) != "=") return false;
        value = current_.substr(name.size() + 1);
        return true;
    }

    /// The argument behind the value of option `name`: its second one.
    std::string_view second_value(std::string_view name) {
        if (index_ + 1 >= count_) fail(std::string(name) + " needs two values");
        return values_[++index_];
    }

    /// Whether the argument is none of the options; "-" alone counts.
    bool operand(std::string_view& value) const noexcept {
        if (current_.starts_with('-') && current_ != "-") return false;
        value = current_;
        return true;
    }

    /// `value` as a decimal number, within its bounds.
    [[nodiscard]] std::uint64_t number(std::string_view name, std::string_view value,
                                       std::uint64_t least, std::uint64_t most) const {
        std::uint64_t number = 0;
        const auto* const end = value.data() + value.size();
        const auto [stop, error] = std::from_chars(value.data(), end, number);
        if (error != std::errc{} || stop != end || number < least || number > most)
            fail(std::string(name) + " is a number from " + std::to_string(least) + " to " +
                 std::to_string(most));
        return number;
    }

    [[noreturn]] void unknown() const { fail("unknown option " + std::string(current_)); }

    [[noreturn]] void fail(const std::string& sentence) const {
        std::fprintf(stderr, "%.*s: %s\n%.*s", static_cast<int>(tool_.size()), tool_.data(),
                     sentence.c_str(), static_cast<int>(usage_.size()), usage_.data());
        std::exit(2);
    }

private:
    int count_;
    char** values_;
    std::string_view tool_;
    std::string_view usage_;
    int index_ = 0;
    std::string_view current_;
};

/// Calls `take` with each element of a comma-separated list, without the spaces around it; empty
/// elements are passed over.
template <typename Take>
void for_each_element(std::string_view list, Take take) {
    while (!list.empty()) {
        auto element = list.substr(0, list.find(','));
        list.remove_prefix(element.size() == list.size() ? element.size() : element.size() + 1);
        while (element.starts_with(' ')) element.remove_prefix(1);
        while (element.ends_with(' ')) element.remove_suffix(1);
        if (!element.empty()) take(element);
    }
}

}  // namespace examples
