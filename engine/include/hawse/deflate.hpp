// SPDX-License-Identifier: MIT
// permessage-deflate: what a host decides beforehand, and what two sides have agreed. RFC 7692
#pragma once

#include <cstddef>
#include <cstdint>

namespace hawse {

/// How one side compresses what it sends.
struct DeflateDirection {
    std::uint8_t window_bits = 15;  ///< 8 to 15: it refers back by at most 2^window_bits octets
    bool takeover = true;           ///< a message may refer to those before it
    friend constexpr bool operator==(DeflateDirection, DeflateDirection) = default;
};

/// What was agreed of permessage-deflate; nothing, as it stands. RFC 7692 §7.1
struct DeflateAgreement {
    bool agreed = false;
    DeflateDirection client = {};  ///< how the client compresses, and the server inflates
    DeflateDirection server = {};
    friend constexpr bool operator==(const DeflateAgreement&, const DeflateAgreement&) = default;
};

/// What this side offers, accepts and prefers. Compressing secrets together with what an attacker
/// chooses tells him of them by the length, also through TLS: it is off until a host has decided.
/// RFC 7692 §7.1, §8
struct DeflatePolicy {
    bool enabled = false;
    /// The most that we use to compress, whatever the peer would bear. 8 to 15 window bits; values
    /// outside count as the nearest.
    DeflateDirection send = {};
    /// What we ask the peer to keep to, so that inflating costs less memory.
    DeflateDirection receive = {};
    /// Without compression rather than with a peer that does not keep to `receive`. It is a wish only,
    /// when false: a client offers twice, and a server accepts what cannot ask for less.
    bool insist = false;

    std::uint8_t level = 6;         ///< 1 is fast, 9 small
    std::uint8_t memory_level = 8;  ///< 1 to 9: of the compressor alone, see deflate_budget()
    /// Messages below it go out plain, unless Compression::always is asked for.
    std::size_t threshold = 128;
    /// With Delivery::parts, the octets of one part of a compressed message, at most. 0 counts as 1.
    std::size_t part_size_max = 4096;
};

/// Whether one message is compressed, where that was agreed. Empty messages never are, nor what does
/// not become smaller, nor any while the pool has no compressor.
enum class Compression : std::uint8_t {
    automatic,  ///< from DeflatePolicy::threshold on
    none,       ///< for secrets beside what an attacker chooses
    always,     ///< whatever its size
};

}  // namespace hawse
