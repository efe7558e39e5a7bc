// SPDX-License-Identifier: MIT
// Drives an inflater over one message: input in pieces, room that grows or is moved into the history
// when it is full; and looks after it: what it reads and writes, and whether it waits for a reason.
#pragma once

#include "hawse/heap.hpp"
#include "deflate/history.hpp"
#include "deflate/inflater.hpp"
#include "support/inflate_model.hpp"
#include "support/octets.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace hawse::test {

/// A message, and how it comes and goes.
struct Inflating {
    ConstBytes message = {};
    ConstBytes past = {};  ///< what the stream said before
    unsigned window_bits = 15;
    unsigned history_bits = 0;          ///< 0: as many as the window has
    std::size_t piece_size = SIZE_MAX;  ///< of the input
    std::size_t first_piece_size = SIZE_MAX;
    std::size_t room_size = SIZE_MAX;  ///< added each time that room is needed; SIZE_MAX: plenty
    bool room_moves = false;           ///< full room goes to the history, else it grows

    /// Throws std::logic_error where the inflater does not keep its word.
    [[nodiscard]] reference::Inflated run() const;
};

namespace detail {

class InflateDrive {
public:
    explicit InflateDrive(const Inflating& how)
        : how_(how), history_(how.history_bits != 0 ? how.history_bits : how.window_bits) {
        require(history_.reserve(pool_, std::size_t{1} << 15), "no memory");
        history_.append(how.past);
        grow();
    }
    ~InflateDrive() { history_.give_back(pool_); }
    InflateDrive(const InflateDrive&) = delete;
    InflateDrive& operator=(const InflateDrive&) = delete;

    reference::Inflated run() {
        deflate::Progress progress = deflate::Progress::needs_input;
        std::size_t size = std::min(how_.first_piece_size, how_.piece_size);
        for (ConstBytes left = how_.message;
             !left.empty() && progress != deflate::Progress::faulty;) {
            const Octets piece = copy_of(left.first(std::min(size, left.size())));
            left = left.subspan(piece.size());
            size = how_.piece_size;
            ConstBytes input = piece;
            progress = feed([&] { return inflater_->run(input, room_, history_); });
            if (progress == deflate::Progress::needs_input) require(input.empty(), "input is left");
        }
        if (progress != deflate::Progress::faulty)
            progress = feed([&] { return inflater_->finish(room_, history_); });
        const bool faulty = progress == deflate::Progress::faulty;
        require(faulty == (inflater_->fault() != Violation::none), "a fault without a name");
        append(written_, ConstBytes(room_.octets, room_.size));
        return {std::move(written_), inflater_->fault(), !faulty};
    }

private:
    static void require(bool kept, const char* word) {
        if (!kept) throw std::logic_error(word);
    }

    template <typename Call>
    deflate::Progress feed(Call call) {
        for (bool owes = false;;) {
            const std::size_t before = room_.size;
            const Octets behind(memory_.begin() + static_cast<std::ptrdiff_t>(room_.capacity),
                                memory_.end());
            const deflate::Progress progress = call();
            require(room_.size >= before && room_.size <= room_.capacity, "wrote outside its room");
            require(std::equal(behind.begin(), behind.end(),
                               memory_.begin() + static_cast<std::ptrdiff_t>(room_.capacity)),
                    "wrote behind its room");
            require(!owes || room_.size > before, "needed room for nothing");
            if (progress != deflate::Progress::needs_room) return progress;
            require(room_.size == room_.capacity, "needs room and has some");
            owes = true;
            grow();
        }
    }

    void grow() {
        const std::size_t step = how_.room_size == SIZE_MAX ? 4096 : how_.room_size;
        if (how_.room_moves && room_.size != 0) {
            history_.append({room_.octets, room_.size});
            append(written_, {room_.octets, room_.size});
            memory_.assign(step, std::byte{0xEE});
            room_ = {memory_.data(), 0, step};
            return;
        }
        // Anew each time, so that a sanitizer sees each octet beyond it.
        const std::size_t capacity = how_.room_size == SIZE_MAX
                                         ? std::max<std::size_t>(step, 2 * room_.capacity)
                                         : room_.capacity + step;
        Octets larger(capacity + (how_.room_size == SIZE_MAX ? 0 : 3), std::byte{0xEE});
        std::copy_n(memory_.begin(), room_.size, larger.begin());
        memory_ = std::move(larger);
        room_ = {memory_.data(), room_.size, capacity};
    }

    const Inflating& how_;
    Pool pool_{heap_allocator()};
    deflate::History history_;
    std::unique_ptr<deflate::Inflater> inflater_ =
        std::make_unique<deflate::Inflater>(how_.window_bits);
    Octets memory_;
    deflate::Room room_;
    Octets written_;
};

}  // namespace detail

inline reference::Inflated Inflating::run() const { return detail::InflateDrive(*this).run(); }

inline std::string in_words(const reference::Inflated& inflated) {
    return quoted(inflated.octets) + ' ' + name_of(inflated.fault);
}

}  // namespace hawse::test
