// SPDX-License-Identifier: MIT
// What one connection needs to inflate what it receives: between messages no more than what the next
// one may refer to, and an inflater while one is on its way.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/cause.hpp"
#include "hawse/deflate.hpp"
#include "hawse/memory.hpp"
#include "deflate/history.hpp"
#include "deflate/inflater.hpp"

#include <cstddef>
#include <cstdint>

namespace hawse::deflate {

class Inbound {
public:
    /// In memory leased from `pool`; null when there is none.
    static Inbound* lease(Pool* pool, DeflateDirection peer) noexcept;
    /// Gives back all it holds, and itself.
    void give_back() noexcept;

    /// A message begins. out_of_memory or no_inflater, and nothing changed, or none.
    [[nodiscard]] Cause begin() noexcept;
    [[nodiscard]] bool is_inside_message() const noexcept { return inflater_ != nullptr; }

    // As of Inflater, of the message begun; the history is ours.
    Progress run(ConstBytes& input, Room& room) noexcept;
    Progress finish(Room& room) noexcept;
    [[nodiscard]] Violation fault() const noexcept { return inflater_->fault(); }

    /// Octets of this message inflated so far.
    [[nodiscard]] std::uint64_t inflated_size() const noexcept { return inflated_size_; }

    /// What this message may become before allow_more() is to be asked: of any message, free_size.
    [[nodiscard]] std::uint64_t allowed_size() const noexcept { return allowed_size_; }
    /// What is inflated has allowed_size(), and there is more. It may become `ratio` times the octets that
    /// it was made of; false when it has become that. As those depend on the stream alone, so does this.
    [[nodiscard]] bool allow_more(std::uint32_t ratio) noexcept;

    /// Repetition is the point of compression.
    static constexpr std::uint64_t free_size = std::uint64_t{64} << 10;

    /// Room whose octets lie there no longer will be passed over by run(): so they are remembered. False
    /// when there is no memory.
    [[nodiscard]] bool remember(ConstBytes octets) noexcept;

    /// The message is over. Answers whether anything is remembered that the next one may refer to.
    bool end() noexcept;

private:
    Inbound(Pool* pool, DeflateDirection peer) noexcept;
    void give_back_inflater() noexcept;

    Pool* pool_;
    Inflater* inflater_ = nullptr;
    History history_;
    std::uint64_t read_size_ = 0;
    std::uint64_t inflated_size_ = 0;
    std::uint64_t allowed_size_ = free_size;
    DeflateDirection peer_;
};

}  // namespace hawse::deflate
