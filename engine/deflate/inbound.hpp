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
    std::uint64_t inflated_size_ = 0;
    DeflateDirection peer_;
};

}  // namespace hawse::deflate
