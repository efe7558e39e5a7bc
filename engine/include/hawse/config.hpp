// SPDX-License-Identifier: MIT
// All that a host decides beforehand: what is injected, what is refused, how long anything may take.
// A Config is immutable once used and outlives everything made from it; one serves any number of
// connections of one thread (its pool belongs to that thread).
#pragma once

#include "hawse/deflate.hpp"
#include "hawse/memory.hpp"
#include "hawse/time.hpp"

#include <cstddef>
#include <cstdint>

namespace hawse {

/// Where a client's masking keys and handshake nonce come from. `fill` writes `size` unpredictable
/// octets and answers true, or answers false, and the connection then fails rather than send a
/// frame whose mask could be guessed. Never called by a server. posix.hpp has one. RFC 6455 §5.3,
/// §10.3
struct Entropy {
    bool (*fill)(void* context, std::byte* into, std::size_t size) noexcept = nullptr;
    void* context = nullptr;
};

/// How data reaches the host.
enum class Delivery : std::uint8_t {
    messages,  ///< whole messages; one that arrives cut is assembled, under Limits::message_size_max
    parts,     ///< octets as they arrive, no buffer; a text part may end inside a code point. Of a
               ///< compressed message at most DeflatePolicy::part_size_max, which are leased
    frames,    ///< data frames undecoded, no buffer: for relays. Text is not validated; limits,
               ///< control frames and closing stay the engine's
};

/// What is refused, so that memory and work stay bounded. Sizes in octets; exactly the limit is
/// accepted, one more is not. docs/limits.md says which attack each one answers.
struct Limits {
    /// The payload of one message, inflated if it is compressed; fail(1009). 0 allows empty messages
    /// only.
    std::uint64_t message_size_max = std::uint64_t{1} << 20;
    /// The payload of one data frame; fail(1009).
    std::uint64_t frame_size_max = UINT64_MAX;
    /// Frames of one message; fail(1008).
    std::uint32_t fragment_count_max = std::uint32_t{1} << 17;
    /// Octets that one octet of a compressed message may become, on average over what was read of it so
    /// far; the first 64 KiB of each message are free. fail(1009). 0 is no limit; DEFLATE has one at
    /// 1032.
    std::uint32_t inflation_ratio_max = 0;
    /// Pongs that wait for the transport; when there are more, the newest replaces the last one. A
    /// value below 10 counts as 10.
    std::uint32_t pong_count_max = 16;

    /// Output at which wants() stops asking for input. Two sides that both send on and read no more
    /// hold each other up: one that sends at its own pace, as clients do, stops by output_size(), and
    /// sets this to SIZE_MAX if it wants to hear the other meanwhile.
    std::size_t output_high = std::size_t{256} << 10;
    /// Output beyond which sends are refused; control frames never are. A host that echoes or relays
    /// needs room for output_high, the answers to one read, and the largest message.
    std::size_t output_max = std::size_t{32} << 20;
    /// Messages longer than this are sent in frames of this size; 0 never splits.
    std::uint64_t send_frame_size_max = 0;

    /// The whole head, its empty line included; 431, or 414 when the first line alone is longer.
    std::size_t head_size_max = 16384;
    /// Field lines of a head; 431.
    std::uint32_t field_count_max = 100;
    /// Empty elements tolerated in one list field; 400.
    std::uint32_t empty_element_count_max = 32;
    /// Octets kept that arrive behind a request before accept() or reject() is called. A Session whose
    /// host decides when it pulls the request loses none, however many they are.
    std::size_t early_size_max = 4096;
    /// Octets kept of the body of a response that refuses the client.
    std::size_t response_body_size_max = 16384;
    /// Interim (1xx) responses that a client skips.
    std::uint32_t interim_count_max = 8;
};

/// How long anything may take. 0 is for ever, but for linger. As they stand, nobody notices a peer
/// that vanished while there is nothing to write to it: set ping or idle. Ping, pong and idle run only
/// while wants() asks for input.
struct Waits {
    Duration ping = seconds(0);   ///< send a ping when no octet came for this long
    Duration pong = seconds(20);  ///< then fail when no octet comes for this long
    Duration idle = seconds(0);   ///< fail when no octet came for this long

    /// From the first octets of a message to its last; fail(1008). It bounds how long a peer can hold
    /// the memory of a message in progress, and the inflater of one that is compressed.
    Duration message = seconds(0);

    Duration opening = seconds(10);      ///< the whole opening handshake
    Duration close = seconds(10);        ///< from close(), whatever was queued before, to the end
    Duration linger = seconds(2);        ///< reading on after our side is shut; 0 closes at once
    Duration write_stall = seconds(30);  ///< output pending, and no octet taken or given back

    /// A call that comes later than its deadline by more than this is taken for a jump of the clock,
    /// and every wait goes on as if no time had passed, so that no storm of timeouts follows. A
    /// further such call, before an octet came or a wait ended in time, is believed.
    Duration clock_jump = seconds(60);
};

/// A server needs a pool, a client entropy as well; all else has defaults.
struct Config {
    /// The thread's pool. Without one every call that needs memory is refused, and the peer's needs
    /// fail the connection.
    Pool* pool = nullptr;
    Entropy entropy = {};

    Delivery delivery = Delivery::messages;
    Limits limits = {};
    Waits waits = {};
    DeflatePolicy deflate = {};

    /// Answer pings that arrive between our Close and the peer's (RFC 6455 §5.5.2 demands it; some
    /// browsers count such a pong as an error).
    bool pong_after_close = true;
    /// Deliver messages that arrive between our Close and the peer's; they are validated either way.
    bool deliver_after_close = true;

    /// Server: hand requests without Upgrade to the host, which answers them with reject().
    bool surface_plain_requests = false;
    /// Server: refuse a client that sends octets before it was answered.
    bool reject_early_octets = false;
    /// Client: fail when subprotocols were offered and the server chose none.
    bool require_subprotocol = false;
};

}  // namespace hawse
