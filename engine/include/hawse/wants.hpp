// SPDX-License-Identifier: MIT
// What a driver should do next, in one octet.
#pragma once

#include <cstdint>

namespace hawse {

class Wants {
public:
    enum Bit : std::uint8_t { read_bit = 1, write_bit = 2, end_write_bit = 4, close_bit = 8 };

    constexpr Wants() noexcept = default;
    explicit constexpr Wants(unsigned bits) noexcept : bits_(static_cast<std::uint8_t>(bits)) {}

    // poll() and epoll tell of a broken transport unasked: while neither read nor write is wanted, take
    // the descriptor out of the set and wait for the deadline.

    /// Lend octets as they arrive.
    [[nodiscard]] constexpr bool read() const noexcept { return (bits_ & read_bit) != 0; }
    /// There is output: gather() or write_output().
    [[nodiscard]] constexpr bool write() const noexcept { return (bits_ & write_bit) != 0; }
    /// All output is written: shut the sending side (shutdown, close_notify, END_STREAM) and say
    /// write_ended(); a transport that cannot end one side alone says write_ended() and closes.
    [[nodiscard]] constexpr bool end_write() const noexcept { return (bits_ & end_write_bit) != 0; }
    /// Close the transport, on a stream with END_STREAM unless our side has ended; the object has nothing
    /// more to say and may be destroyed.
    [[nodiscard]] constexpr bool close() const noexcept { return (bits_ & close_bit) != 0; }

    [[nodiscard]] constexpr unsigned bits() const noexcept { return bits_; }
    friend constexpr bool operator==(Wants, Wants) = default;

private:
    std::uint8_t bits_ = 0;
};

}  // namespace hawse
