// SPDX-License-Identifier: MIT
// Chance for the simulation: a stream of numbers that a seed determines, the same with every compiler
// and library. Draw one number a statement: the order in which arguments are evaluated is nobody's.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hawse::test::replay::simulated {

/// A counter that strides by the golden ratio, its bits mixed: every state gives another number, and no
/// seed is a bad one.
class Dice {
public:
    explicit Dice(std::uint64_t seed) noexcept : state_(seed) {}

    std::uint64_t next() noexcept {
        state_ += 0x9E3779B97F4A7C15;
        std::uint64_t bits = state_;
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return bits ^ (bits >> 31);
    }
    /// 0 to `count` - 1.
    std::uint64_t below(std::uint64_t count) noexcept { return (next() >> 11) % count; }
    std::size_t size_below(std::size_t count) noexcept {
        return static_cast<std::size_t>(below(count));
    }
    std::uint64_t between(std::uint64_t least, std::uint64_t most) noexcept {
        return least + below(most - least + 1);
    }
    /// True `percent` times in a hundred.
    bool chance(unsigned percent) noexcept { return below(100) < percent; }
    template <typename Value, std::size_t count>
    Value pick(const Value (&values)[count]) noexcept {
        return values[size_below(count)];
    }

private:
    std::uint64_t state_;
};

}  // namespace hawse::test::replay::simulated
