// SPDX-License-Identifier: MIT
// What one connection needs to compress what it sends: what the next message may refer to, and a
// compressor as long as nobody else needs it.
//
// A compressor is never the only one that knows something: what it may refer to is remembered here
// once it is on its way, and from that another one starts as well. So it may be taken away between any
// two calls, and what did not go out leaves no trace.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/deflate.hpp"
#include "hawse/memory.hpp"
#include "deflate/compressor.hpp"
#include "deflate/history.hpp"
#include "deflate/loan.hpp"

#include <cstddef>
#include <cstdint>

namespace hawse::deflate {

class Outbound {
public:
    /// In memory leased from `pool`; null when there is none.
    static Outbound* lease(Pool* pool, DeflateDirection own, const DeflatePolicy& policy) noexcept;
    /// Gives back all it holds, and itself.
    void give_back() noexcept;

    /// Compresses the octets of a message, `last` if they are its end, so that they can be inflated
    /// without what follows. Nothing when no compressor or no memory is to be had, or when it comes to
    /// more than `size_max` octets. Lent until accept() or reject(), one of which must follow.
    [[nodiscard]] Bytes compress(ConstBytes octets, bool last, std::size_t size_max) noexcept;
    /// It goes out: what may be referred to is remembered.
    void accept(ConstBytes octets, bool last) noexcept;
    /// It does not.
    void reject() noexcept;

    /// A message went out that was compressed elsewhere, referring to nothing.
    void forget() noexcept;
    /// There is nothing that the next message may refer to.
    [[nodiscard]] bool is_empty() const noexcept { return history_.size() == 0; }

private:
    Outbound(Pool* pool, DeflateDirection own, CompressorSettings settings) noexcept;
    void give_back_scratch() noexcept;
    [[nodiscard]] bool remembers(bool last) const noexcept { return takeover_ || !last; }

    Pool* pool_;
    Loan loan_;
    History history_;
    std::byte* scratch_ = nullptr;
    std::size_t scratch_size_ = 0;
    CompressorSettings settings_;
    bool takeover_;
    bool follows_ = false;  // the compressor knows what is remembered, and nothing else
};

}  // namespace hawse::deflate
