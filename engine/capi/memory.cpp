// SPDX-License-Identifier: MIT
// C: the pool, options and the config made from them, counters.
#include "hawse/memory.hpp"

#include "capi/objects.hpp"
#include "capi/values.hpp"

using namespace hawse;

namespace {

void* allocate(void* self, std::size_t size) noexcept {
    const hawse_allocator& allocator = static_cast<hawse_pool*>(self)->allocator;
    return allocator.allocate(allocator.context, size);
}

void release(void* self, void* octets, std::size_t size) noexcept {
    const hawse_allocator& allocator = static_cast<hawse_pool*>(self)->allocator;
    allocator.release(allocator.context, octets, size);
}

bool fill(void* self, std::byte* into, std::size_t size) noexcept {
    const auto* config = static_cast<hawse_config*>(self);
    return config->entropy_fill(config->entropy_context, reinterpret_cast<std::uint8_t*>(into),
                                size);
}

constexpr CodecLimits codec_limits;
constexpr hawse_codec_limits default_codec_limits = {
    sizeof(hawse_codec_limits), codec_limits.compressor_count_max, codec_limits.inflater_count_max};

void show(hawse_options& options, const DeflatePolicy& policy) noexcept {
    options.deflate_enabled = policy.enabled;
    options.deflate_insist = policy.insist;
    options.deflate_send = capi::direction(policy.send);
    options.deflate_receive = capi::direction(policy.receive);
    options.deflate_level = policy.level;
    options.deflate_memory_level = policy.memory_level;
    options.deflate_threshold = policy.threshold;
    options.deflate_part_size_max = policy.part_size_max;
}

DeflatePolicy policy_of(const hawse_options& options) noexcept {
    DeflatePolicy policy;
    policy.enabled = options.deflate_enabled;
    policy.send = capi::direction_of(options.deflate_send);
    policy.receive = capi::direction_of(options.deflate_receive);
    policy.insist = options.deflate_insist;
    policy.level = options.deflate_level;
    policy.memory_level = options.deflate_memory_level;
    policy.threshold = options.deflate_threshold;
    policy.part_size_max = options.deflate_part_size_max;
    return policy;
}

hawse_options defaults() noexcept {
    constexpr Config config;
    constexpr Limits limits;
    constexpr Waits waits;
    hawse_options options{};
    options.size = sizeof options;
    options.delivery = static_cast<hawse_delivery>(config.delivery);
    options.pong_after_close = config.pong_after_close;
    options.deliver_after_close = config.deliver_after_close;
    options.surface_plain_requests = config.surface_plain_requests;
    options.reject_early_octets = config.reject_early_octets;
    options.require_subprotocol = config.require_subprotocol;
    options.fragment_count_max = limits.fragment_count_max;
    options.pong_count_max = limits.pong_count_max;
    options.inflation_ratio_max = limits.inflation_ratio_max;
    options.message_size_max = limits.message_size_max;
    options.frame_size_max = limits.frame_size_max;
    options.send_frame_size_max = limits.send_frame_size_max;
    options.output_high = limits.output_high;
    options.output_max = limits.output_max;
    options.head_size_max = limits.head_size_max;
    options.early_size_max = limits.early_size_max;
    options.response_body_size_max = limits.response_body_size_max;
    options.field_count_max = limits.field_count_max;
    options.empty_element_count_max = limits.empty_element_count_max;
    options.interim_count_max = limits.interim_count_max;
    options.ping_wait = waits.ping.nanoseconds;
    options.pong_wait = waits.pong.nanoseconds;
    options.idle_wait = waits.idle.nanoseconds;
    options.message_wait = waits.message.nanoseconds;
    options.opening_wait = waits.opening.nanoseconds;
    options.close_wait = waits.close.nanoseconds;
    options.linger_wait = waits.linger.nanoseconds;
    options.write_stall_wait = waits.write_stall.nanoseconds;
    options.clock_jump = waits.clock_jump.nanoseconds;
    show(options, config.deflate);
    return options;
}

Limits limits_of(const hawse_options& options) noexcept {
    Limits limits;
    limits.message_size_max = options.message_size_max;
    limits.frame_size_max = options.frame_size_max;
    limits.fragment_count_max = options.fragment_count_max;
    limits.inflation_ratio_max = options.inflation_ratio_max;
    limits.pong_count_max = options.pong_count_max;
    limits.output_high = options.output_high;
    limits.output_max = options.output_max;
    limits.send_frame_size_max = options.send_frame_size_max;
    limits.head_size_max = options.head_size_max;
    limits.field_count_max = options.field_count_max;
    limits.empty_element_count_max = options.empty_element_count_max;
    limits.early_size_max = options.early_size_max;
    limits.response_body_size_max = options.response_body_size_max;
    limits.interim_count_max = options.interim_count_max;
    return limits;
}

Waits waits_of(const hawse_options& options) noexcept {
    Waits waits;
    waits.ping = {options.ping_wait};
    waits.pong = {options.pong_wait};
    waits.idle = {options.idle_wait};
    waits.message = {options.message_wait};
    waits.opening = {options.opening_wait};
    waits.close = {options.close_wait};
    waits.linger = {options.linger_wait};
    waits.write_stall = {options.write_stall_wait};
    waits.clock_jump = {options.clock_jump};
    return waits;
}

}  // namespace

hawse_pool::hawse_pool(const hawse_allocator& given, std::size_t kept_size_max,
                       const hawse_codec_limits& codecs) noexcept
    : allocator(given), pool({allocate, release, this}, kept_size_max,
                             {codecs.compressor_count_max, codecs.inflater_count_max}) {}

hawse_config::hawse_config(const hawse_options& given) noexcept
    : entropy_fill(given.entropy_fill), entropy_context(given.entropy_context) {
    config.pool = given.pool == nullptr ? nullptr : &given.pool->pool;
    if (entropy_fill != nullptr) config.entropy = {fill, this};
    config.delivery = Delivery{given.delivery};
    config.limits = limits_of(given);
    config.waits = waits_of(given);
    config.deflate = policy_of(given);
    config.pong_after_close = given.pong_after_close;
    config.deliver_after_close = given.deliver_after_close;
    config.surface_plain_requests = given.surface_plain_requests;
    config.reject_early_octets = given.reject_early_octets;
    config.require_subprotocol = given.require_subprotocol;
}

// ---- The pool ------------------------------------------------------------------------------------

void hawse_codec_limits_init(hawse_codec_limits* limits, size_t size) {
    std::memset(limits, 0, size);
    if (size < sizeof limits->size) return;
    limits->size = size;
    capi::show(limits, default_codec_limits);
}

hawse_pool* hawse_pool_create(const hawse_allocator* allocator, size_t kept_size_max,
                              const hawse_codec_limits* codecs) {
    const hawse_allocator given = capi::taken(allocator);
    void* const storage =
        given.allocate == nullptr ? nullptr : given.allocate(given.context, sizeof(hawse_pool));
    if (storage == nullptr) return nullptr;
    return new (storage)
        hawse_pool(given, kept_size_max, capi::taken(codecs, default_codec_limits));
}

void hawse_pool_destroy(hawse_pool* pool) {
    if (pool == nullptr) return;
    const hawse_allocator allocator = pool->allocator;
    pool->~hawse_pool();
    allocator.release(allocator.context, pool, sizeof(hawse_pool));
}

size_t hawse_pool_size(void) { return sizeof(hawse_pool); }

hawse_pool* hawse_pool_init(void* storage, size_t storage_size, const hawse_allocator* allocator,
                            size_t kept_size_max, const hawse_codec_limits* codecs) {
    const hawse_allocator given = capi::taken(allocator);
    if (given.allocate == nullptr) return nullptr;
    return capi::make_in<hawse_pool>(storage, storage_size, given, kept_size_max,
                                     capi::taken(codecs, default_codec_limits));
}

void hawse_pool_deinit(hawse_pool* pool) { capi::end_in_place(pool); }

size_t hawse_pool_block_size(size_t size) { return Pool::block_size(size); }

uint8_t* hawse_pool_lease(hawse_pool* pool, size_t size) {
    return reinterpret_cast<std::uint8_t*>(pool->pool.lease(size));
}

void hawse_pool_give_back(hawse_pool* pool, uint8_t* octets, size_t size) {
    pool->pool.give_back(reinterpret_cast<std::byte*>(octets), size);
}

size_t hawse_pool_leased_size(const hawse_pool* pool) { return pool->pool.leased_size(); }

size_t hawse_pool_kept_size(const hawse_pool* pool) { return pool->pool.kept_size(); }

void hawse_pool_trim(hawse_pool* pool) { pool->pool.trim(); }

// ---- Options and config --------------------------------------------------------------------------

void hawse_options_init(hawse_options* options, size_t size) {
    std::memset(options, 0, size);
    if (size < sizeof options->size) return;
    options->size = size;
    capi::show(options, defaults());
}

hawse_config* hawse_config_create(const hawse_options* options) {
    const hawse_options given = capi::taken(options, defaults());
    return capi::make_from<hawse_config>(given.pool == nullptr ? nullptr : &given.pool->pool,
                                         given);
}

void hawse_config_destroy(hawse_config* config) {
    if (config != nullptr) capi::end(config, config->config.pool);
}

size_t hawse_config_size(void) { return sizeof(hawse_config); }

hawse_config* hawse_config_init(void* storage, size_t storage_size, const hawse_options* options) {
    return capi::make_in<hawse_config>(storage, storage_size, capi::taken(options, defaults()));
}

void hawse_config_deinit(hawse_config* config) { capi::end_in_place(config); }

// ---- Counters ------------------------------------------------------------------------------------

hawse_counters* hawse_counters_create(hawse_pool* pool) {
    return capi::make_from<hawse_counters>(pool == nullptr ? nullptr : &pool->pool);
}

void hawse_counters_destroy(hawse_counters* counters, hawse_pool* pool) {
    if (counters != nullptr) capi::end(counters, &pool->pool);
}

size_t hawse_counters_size(void) { return sizeof(hawse_counters); }

hawse_counters* hawse_counters_init(void* storage, size_t storage_size) {
    return capi::make_in<hawse_counters>(storage, storage_size);
}

void hawse_counters_deinit(hawse_counters* counters) { capi::end_in_place(counters); }

void hawse_counters_read(const hawse_counters* counters, hawse_statistics* statistics) {
    const Statistics& counted = counters->statistics;
    hawse_statistics known{};
    known.received_messages = counted.received.messages;
    known.received_frames = counted.received.frames;
    known.received_wire_octets = counted.received.wire_octets;
    known.received_payload_octets = counted.received.payload_octets;
    known.received_deflated_messages = counted.received.deflated_messages;
    known.received_deflated_octets = counted.received.deflated_octets;
    known.received_inflated_octets = counted.received.inflated_octets;
    known.sent_messages = counted.sent.messages;
    known.sent_frames = counted.sent.frames;
    known.sent_wire_octets = counted.sent.wire_octets;
    known.sent_payload_octets = counted.sent.payload_octets;
    known.sent_deflated_messages = counted.sent.deflated_messages;
    known.sent_deflated_octets = counted.sent.deflated_octets;
    known.sent_inflated_octets = counted.sent.inflated_octets;
    known.pings_received = counted.pings_received;
    known.pongs_received = counted.pongs_received;
    known.pings_sent = counted.pings_sent;
    known.pongs_dropped = counted.pongs_dropped;
    known.round_trip_nanoseconds = counted.round_trip_nanoseconds;
    capi::show(statistics, known);
}

static_assert(sizeof(hawse_pool) <= HAWSE_POOL_SIZE);
static_assert(sizeof(hawse_config) <= HAWSE_CONFIG_SIZE);
static_assert(sizeof(hawse_counters) <= HAWSE_COUNTERS_SIZE);
