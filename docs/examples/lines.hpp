// SPDX-License-Identifier: MIT
// A file descriptor read line by line, by a program that also waits for something else: read() is
// called when poll() says so, and never waits.
#pragma once

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <unistd.h>

namespace examples {

class Lines {
public:
    explicit Lines(int descriptor) noexcept : descriptor_(descriptor) {}

    /// Takes what there is to read, once. Ends the views of earlier lines.
    void read() {
        text_.erase(0, begin_);
        searched_ -= begin_;
        begin_ = 0;
        char piece[65536];
        const auto size = ::read(descriptor_, piece, sizeof piece);
        if (size > 0)
            text_.append(piece, static_cast<std::size_t>(size));
        else if (size == 0 || (errno != EINTR && errno != EAGAIN))
            ended_ = true;
    }

    /// The next line, without its end; false when none is there yet, or none comes any more. The
    /// last line may lack its end.
    bool next(std::string_view& line) {
        const std::string_view text = text_;
        searched_ = text.find('\n', searched_);
        const bool is_whole = searched_ != std::string_view::npos;
        if (!is_whole) searched_ = text.size();
        if (!is_whole && (!ended_ || begin_ == text.size())) return false;
        line = text.substr(begin_, searched_ - begin_);
        if (is_whole) ++searched_;
        begin_ = searched_;
        ++count_;
        return true;
    }

    /// Everything was read. What next() has not given is still there.
    [[nodiscard]] bool ended() const noexcept { return ended_; }
    [[nodiscard]] bool drained() const noexcept { return ended_ && is_empty(); }
    [[nodiscard]] bool is_empty() const noexcept { return begin_ == text_.size(); }
    /// Octets of a line whose end was not seen yet.
    [[nodiscard]] std::size_t pending_size() const noexcept { return searched_ - begin_; }
    /// Lines given.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
    int descriptor_;
    std::string text_;
    std::size_t begin_ = 0;     // of the next line
    std::size_t searched_ = 0;  // no line ends between begin_ and here
    std::size_t count_ = 0;
    bool ended_ = false;
};

}  // namespace examples
