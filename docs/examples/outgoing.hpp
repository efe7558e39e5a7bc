// SPDX-License-Identifier: MIT
// The lines of a descriptor on their way out, over one connection or several. A line goes out once at
// most: it is kept until the transport has taken all of it, and one that was cut off by the end of a
// connection comes first on the next, since no peer can have had it whole. Pongs and pings overtake
// lines, where is not known: of a line that may have been cut off, or not, it is told that it is lost.
#pragma once

#include "lines.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace examples {

class Outgoing {
public:
    struct Line {
        std::size_t number = 0;
        std::string_view text;
    };

    /// `keeps`: there may be another connection.
    Outgoing(int descriptor, bool keeps) noexcept : lines_(descriptor), keeps_(keeps) {}

    /// Takes what there is to read, once. Ends the views of earlier lines.
    void read() { lines_.read(); }

    /// The next line; false when none is there yet, or none comes any more. Its view lives until the
    /// next call of next() or read().
    bool next(Line& line) {
        if (!again_.empty()) {
            current_ = std::move(again_.front());
            again_.pop_front();
            line = {current_.number, current_.text};
            return true;
        }
        if (!lines_.next(line.text)) return false;
        line.number = lines_.count();
        return true;
    }

    /// `line` was queued on the connection, as a frame of `size` octets.
    void queued(const Line& line, std::size_t size) {
        lines_end_ += size;
        if (keeps_) kept_.push_back({line.number, std::string(line.text), lines_end_});
    }

    /// The transport has taken `size` octets of this connection so far, and `waiting` more wait for it.
    void written(std::uint64_t size, std::size_t waiting) {
        if (waiting == 0) {  // what overtook has passed
            kept_.clear();
            lines_end_ = size;
        }
        overtaking_ = size + waiting - lines_end_;
        drop_written(size);
    }

    /// The connection is gone, and its transport has taken `size` octets. Answers the lines that were
    /// written through or were not, and are not sent again: the first, and how many.
    std::pair<std::size_t, std::size_t> take_back(std::uint64_t size) {
        drop_written(size);
        std::pair<std::size_t, std::size_t> lost{kept_.empty() ? 0 : kept_.front().number, 0};
        for (; !kept_.empty() && kept_.front().end <= size; ++lost.second) kept_.pop_front();
        again_.insert(again_.begin(), std::make_move_iterator(kept_.begin()),
                      std::make_move_iterator(kept_.end()));
        kept_.clear();
        lines_end_ = overtaking_ = 0;
        return lost;
    }

    /// Everything was read; the rest may still wait here.
    [[nodiscard]] bool ended() const noexcept { return lines_.ended(); }
    /// Everything was read and queued.
    [[nodiscard]] bool drained() const noexcept { return again_.empty() && lines_.drained(); }
    [[nodiscard]] bool is_empty() const noexcept { return again_.empty() && lines_.is_empty(); }
    /// Octets of a line whose end was not seen yet, and the line's number.
    [[nodiscard]] std::size_t pending_size() const noexcept { return lines_.pending_size(); }
    [[nodiscard]] std::size_t pending_number() const noexcept { return lines_.count() + 1; }

private:
    struct Kept {
        std::size_t number = 0;
        std::string text;
        std::uint64_t end = 0;  // on the connection, when nothing overtakes it
    };

    void drop_written(std::uint64_t size) {
        while (!kept_.empty() && kept_.front().end + overtaking_ <= size) kept_.pop_front();
    }

    Lines lines_;
    bool keeps_;
    std::deque<Kept> kept_;   // queued, and not yet taken whole
    std::deque<Kept> again_;  // to be queued once more, before all others
    Kept current_;
    std::uint64_t lines_end_ = 0;   // of the last line that was queued, when nothing overtakes it
    std::uint64_t overtaking_ = 0;  // octets that may have gone before any line that waits
};

}  // namespace examples
