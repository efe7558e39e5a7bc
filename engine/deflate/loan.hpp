// SPDX-License-Identifier: MIT
// Compressors are the pool's, and connections borrow them: for a message they need one, and between
// messages only what they remember. RFC 7692 §7.2.1
#pragma once

#include "hawse/deflate.hpp"
#include "hawse/memory.hpp"
#include "deflate/compressor.hpp"
#include "memory/shelf.hpp"

namespace hawse::deflate {

/// What a side that compresses as `ours` needs; values of `policy` outside their range count as the
/// nearest.
[[nodiscard]] CompressorSettings settings_of(const DeflatePolicy& policy,
                                             DeflateDirection ours) noexcept;

/// A connection's hold on the compressor that it used last. Does not move: the pool knows its place.
class Loan {
public:
    Loan() noexcept = default;
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { forget(); }

    /// The compressor that was borrowed last, if nobody has taken it since, as it was left; else one of
    /// which nothing is known: `fresh`, and restart() is due. Null, and `fresh`, when there is none to
    /// be had. It is ours until anybody borrows from the pool or trims it. `settings` are the same in
    /// all calls.
    [[nodiscard]] Compressor* borrow(Pool& pool, CompressorSettings settings, bool& fresh) noexcept;

    /// Leaves it to the others. The next one is fresh.
    void forget() noexcept;

private:
    memory::Shelved* kept_ = nullptr;
};

/// What the pool is asked for to lend one such compressor, at most. O(1).
[[nodiscard]] std::size_t lent_size(CompressorSettings settings) noexcept;

}  // namespace hawse::deflate
