// SPDX-License-Identifier: MIT
// One piece of output, laid out as the platform's gather call wants it: iovec on POSIX, WSABUF on
// Windows. posix.hpp and windows.hpp prove the layout and hold the one cast.
#pragma once

#include "hawse/bytes.hpp"

#include <cstddef>

namespace hawse {

class Slice {
public:
    constexpr Slice() noexcept = default;
    explicit Slice(ConstBytes bytes) noexcept {  // in the body: the members' order differs
        data_ = const_cast<std::byte*>(bytes.data());
        size_ = static_cast<Size>(bytes.size());
    }

    [[nodiscard]] const std::byte* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] ConstBytes bytes() const noexcept { return {data_, size_}; }

    /// What the platform counts the octets of a slice in.
#ifdef _WIN32
    using Size = unsigned long;
#else
    using Size = std::size_t;
#endif
    /// The most octets that one slice can show.
    static constexpr std::size_t size_max = static_cast<Size>(-1);

private:
#ifdef _WIN32
    Size size_ = 0;
    std::byte* data_ = nullptr;
#else
    std::byte* data_ = nullptr;
    Size size_ = 0;
#endif
};

}  // namespace hawse
