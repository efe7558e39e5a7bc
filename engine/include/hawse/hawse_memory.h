// SPDX-License-Identifier: MIT
// In C: what a host injects and decides before anything is opened. The allocator and the pool that
// keeps what was leased before; options and the config made from them; counters.
#pragma once

#include "hawse/export.hpp"
#include "hawse/hawse_vocabulary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Memory --------------------------------------------------------------------------------------

/// Two functions and what they are called with. `allocate` answers null or `size` octets aligned for
/// any fundamental type; `release` gets the same size back. Called on the thread that uses the pool.
typedef struct hawse_allocator {
    size_t size;
    void* (*allocate)(void* context, size_t size);
    void (*release)(void* context, void* octets, size_t size);
    void* context;
} hawse_allocator;

/// Leases blocks whose sizes are powers of two from 256 octets up, and keeps those that come back
/// for the next one who asks. One pool per thread; every connection of that thread shares it, and it
/// outlives them.
typedef struct hawse_pool hawse_pool;

/// What kept_size_max is when a host has no opinion.
#define HAWSE_POOL_KEPT_SIZE_MAX 4194304

/// How many codecs the connections of one pool have. docs/limits.md says what each one takes.
typedef struct hawse_codec_limits {
    size_t size;
    /// Compressors. A connection keeps its own until another one needs it, and gets one anew from what
    /// it remembers; 0 sends everything plain: 16.
    uint32_t compressor_count_max;
    /// Compressed messages that are on their way in at one moment: each has an inflater from its first
    /// octets to its last. One more fails its connection with 1013: 1024.
    uint32_t inflater_count_max;
} hawse_codec_limits;

/// Fills the first `size` octets, which is sizeof(hawse_codec_limits) where the program was compiled, with
/// that size, defaults, and zero where this library knows none.
HAWSE_API void hawse_codec_limits_init(hawse_codec_limits* limits, size_t size);

/// Blocks that come back are kept until `kept_size_max` octets lie idle; beyond that they go to the
/// allocator at once. `codecs` bounds compressors and inflaters; null stands for the defaults. No lease
/// may be out when the pool ends. Null without `allocate`, too.
HAWSE_API hawse_pool* hawse_pool_create(const hawse_allocator* allocator, size_t kept_size_max,
                                        const hawse_codec_limits* codecs);
HAWSE_API void hawse_pool_destroy(hawse_pool* pool);

#define HAWSE_POOL_SIZE 512
HAWSE_API size_t hawse_pool_size(void);
HAWSE_API hawse_pool* hawse_pool_init(void* storage, size_t storage_size,
                                      const hawse_allocator* allocator, size_t kept_size_max,
                                      const hawse_codec_limits* codecs);
HAWSE_API void hawse_pool_deinit(hawse_pool* pool);

/// What a lease of `size` octets is rounded up to; 0 when no block can be that large.
HAWSE_API size_t hawse_pool_block_size(size_t size);

/// A block of hawse_pool_block_size(size) octets, contents undefined; null when the allocator answers
/// null.
HAWSE_API uint8_t* hawse_pool_lease(hawse_pool* pool, size_t size);

/// Takes back what lease(size) gave, for any size of the same block_size. Null is allowed.
HAWSE_API void hawse_pool_give_back(hawse_pool* pool, uint8_t* octets, size_t size);

/// Octets out on lease, and octets that are kept here: in idle blocks, at most `kept_size_max`, and in
/// compressors, whose number hawse_codec_limits bounds.
HAWSE_API size_t hawse_pool_leased_size(const hawse_pool* pool);
HAWSE_API size_t hawse_pool_kept_size(const hawse_pool* pool);

/// Gives all that is kept back to the allocator now, for a host that fell quiet. Connections that
/// compress get compressors anew.
HAWSE_API void hawse_pool_trim(hawse_pool* pool);

// ---- Options, and the config made from them ------------------------------------------------------

/// What a host decides. Filled with defaults by hawse_options_init(), changed where the host likes, and
/// read once, when a hawse_config is made from it. docs/limits.md says which attack each bound
/// answers; exactly the limit is accepted, one more is not.
typedef struct hawse_options {
    size_t size;

    /// The thread's pool. Without one every call that needs memory is refused, and the peer's needs
    /// fail the connection.
    hawse_pool* pool;
    /// Where a client's masks and nonce come from: writes `size` unpredictable octets and answers
    /// true, or answers false, and the connection then fails. Never called by a server.
    bool (*entropy_fill)(void* context, uint8_t* into, size_t size);
    void* entropy_context;

    hawse_delivery delivery;
    bool pong_after_close;        ///< answer pings between our Close and the peer's: true
    bool deliver_after_close;     ///< deliver messages between our Close and the peer's: true
    bool surface_plain_requests;  ///< server: requests without Upgrade go to the host: false
    bool reject_early_octets;     ///< server: refuse who sends before the answer: false
    bool require_subprotocol;     ///< client: fail when the server chose none: false

    uint32_t fragment_count_max;  ///< frames of one message; fail(1008): 2^17
    uint32_t pong_count_max;      ///< pongs that wait; below 10 counts as 10: 16
    uint64_t message_size_max;    ///< payload of one message; fail(1009): 1 MiB
    uint64_t frame_size_max;      ///< payload of one data frame; fail(1009): UINT64_MAX
    uint32_t
        inflation_ratio_max;  ///< octets that one compressed may become; fail(1009): 0, no limit
    uint64_t send_frame_size_max;  ///< longer messages are sent in frames of this size: 0, never
    size_t output_high;            ///< output at which wants stops asking for input: 256 KiB
    size_t output_max;             ///< output beyond which sends are refused: 32 MiB

    size_t head_size_max;              ///< the whole head; 431, or 414: 16384
    size_t early_size_max;             ///< octets kept behind an undecided request: 4096
    size_t response_body_size_max;     ///< octets kept of a refusal's body: 16384
    uint32_t field_count_max;          ///< field lines of a head; 431: 100
    uint32_t empty_element_count_max;  ///< empty elements in one list field; 400: 32
    uint32_t interim_count_max;        ///< interim (1xx) responses that a client skips: 8

    // How long anything may take, in nanoseconds. 0 is for ever, but for linger.
    int64_t ping_wait;         ///< send a ping when no octet came for this long: 0
    int64_t pong_wait;         ///< then fail when no octet comes for this long: 20 s
    int64_t idle_wait;         ///< fail when no octet came for this long: 0
    int64_t message_wait;      ///< from the first octets of a message to its last; fail(1008): 0
    int64_t opening_wait;      ///< the whole opening handshake: 10 s
    int64_t close_wait;        ///< from our Close to the end of the transport: 10 s
    int64_t linger_wait;       ///< reading on after our side is shut; 0 closes at once: 2 s
    int64_t write_stall_wait;  ///< output pending, and no octet taken or given back: 30 s
    int64_t clock_jump;        ///< a call later than its deadline by more is no timeout: 60 s

    /// permessage-deflate: what is offered, accepted and preferred. Compressing secrets together with
    /// what an attacker chooses tells him of them by the length, also through TLS. RFC 7692 §7.1, §8
    bool deflate_enabled;  ///< false
    bool
        deflate_insist;  ///< without rather than with a peer that does not keep to `receive`: false
    hawse_deflate_direction deflate_send;     ///< the most that we use to compress: 15, true
    hawse_deflate_direction deflate_receive;  ///< what we ask the peer to keep to: 15, true
    uint8_t deflate_level;                    ///< 1 is fast, 9 small: 6
    uint8_t deflate_memory_level;             ///< 1 to 9, of the compressor alone: 8
    size_t deflate_threshold;                 ///< messages below it go out plain: 128
    size_t deflate_part_size_max;             ///< octets of one part of a compressed message: 4096
} hawse_options;

/// Fills the first `size` octets, which is sizeof(hawse_options) where the program was compiled, with
/// that size, defaults, and zero where this library knows none.
HAWSE_API void hawse_options_init(hawse_options* options, size_t size);

/// Options that no longer change: what every object is made from, and what outlives them. One serves
/// any number of connections of one thread, the thread of its pool. Nothing keeps the hawse_options.
typedef struct hawse_config hawse_config;

/// Leased from the options' pool: null without one, too.
HAWSE_API hawse_config* hawse_config_create(const hawse_options* options);
HAWSE_API void hawse_config_destroy(hawse_config* config);

#define HAWSE_CONFIG_SIZE 512
HAWSE_API size_t hawse_config_size(void);
HAWSE_API hawse_config* hawse_config_init(void* storage, size_t storage_size,
                                          const hawse_options* options);
HAWSE_API void hawse_config_deinit(hawse_config* config);

// ---- Statistics ----------------------------------------------------------------------------------

/// What counters show.
typedef struct hawse_statistics {
    size_t size;
    uint64_t received_messages;
    uint64_t received_frames;          ///< data and control
    uint64_t received_wire_octets;     ///< headers, masks and payload
    uint64_t received_payload_octets;  ///< of data frames
    uint64_t received_deflated_messages;
    uint64_t received_deflated_octets;  ///< payload of compressed messages, on the wire
    uint64_t received_inflated_octets;  ///< what they stand for
    uint64_t sent_messages;
    uint64_t sent_frames;
    uint64_t sent_wire_octets;  ///< taken by the transport
    uint64_t sent_payload_octets;
    uint64_t sent_deflated_messages;
    uint64_t sent_deflated_octets;
    uint64_t sent_inflated_octets;
    uint64_t pings_received;
    uint64_t pongs_received;
    uint64_t pings_sent;
    uint64_t pongs_dropped;  ///< replaced by a newer one, see pong_count_max
    /// From the newest keepalive ping handed to the transport to its pong; 0 before the first.
    int64_t round_trip_nanoseconds;
} hawse_statistics;

/// Counters that connections add to; one per connection, or one for many that share a thread. An
/// object of its own, because a newer library may count more than a hawse_statistics has room for.
/// `pool` is what it is leased from and given back to.
typedef struct hawse_counters hawse_counters;

HAWSE_API hawse_counters* hawse_counters_create(hawse_pool* pool);
HAWSE_API void hawse_counters_destroy(hawse_counters* counters, hawse_pool* pool);

#define HAWSE_COUNTERS_SIZE 256
HAWSE_API size_t hawse_counters_size(void);
HAWSE_API hawse_counters* hawse_counters_init(void* storage, size_t storage_size);
HAWSE_API void hawse_counters_deinit(hawse_counters* counters);

/// Copies what was counted so far.
HAWSE_API void hawse_counters_read(const hawse_counters* counters, hawse_statistics* statistics);

#ifdef __cplusplus
}
#endif
