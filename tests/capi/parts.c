// SPDX-License-Identifier: MIT
// The parts of the C face that need no conversation, and the growth of its structs: programs and
// libraries of different ages, played with sizes.
#include "check.h"
#include "host.h"

#include "hawse/hawse.h"

#include <stddef.h>
#include <string.h>

// ---- The codec -----------------------------------------------------------------------------------

static int headers(void) {
    const uint8_t octets[] = {0xC2, 0xFE, 0x01, 0x02, 0x0A, 0x0B, 0x0C, 0x0D};
    const uint8_t longer_than_needed[] = {0x82, 0x7E, 0x00, 0x01};
    hawse_frame_header header = {.size = sizeof header};
    uint8_t written[HAWSE_FRAME_HEADER_SIZE_MAX];
    size_t needed = 0;
    hawse_violation violation = HAWSE_VIOLATION_NONE;

    CHECK(hawse_read_frame_header(octets, 2, &header, &needed, &violation) == 0);
    CHECK(needed == 4 && violation == HAWSE_VIOLATION_NONE && header.first == 0xC2);
    CHECK(hawse_read_frame_header(octets, sizeof octets, &header, &needed, &violation) == 8);
    CHECK(header.first == (HAWSE_FIN | HAWSE_RSV1 | HAWSE_OPCODE_BINARY));
    CHECK((header.second & HAWSE_MASKED) && header.payload_size == 0x0102);
    CHECK(memcmp(header.key.octets, octets + 4, 4) == 0);
    CHECK(hawse_frame_header_extended_size(&header) == 2 && hawse_frame_header_size(&header) == 8);
    CHECK(hawse_write_frame_header(written, &header) == 8);
    CHECK(memcmp(written, octets, sizeof octets) == 0);
    CHECK(hawse_read_frame_header(longer_than_needed, 4, &header, &needed, &violation) == 0);
    CHECK(needed == 0 && violation == HAWSE_VIOLATION_NON_MINIMAL_LENGTH);

    CHECK(hawse_is_control(HAWSE_OPCODE_PING) && !hawse_is_control(HAWSE_OPCODE_TEXT));
    CHECK(hawse_is_defined(HAWSE_OPCODE_PONG) && !hawse_is_defined(0xB));
    return 0;
}

static int masks(void) {
    const hawse_mask_key key = {{0x37, 0xFA, 0x21, 0x3D}};
    uint8_t octets[] = {0x7F, 0x9F, 0x4D, 0x51, 0x58};
    uint8_t copied[5];
    hawse_copy_masked(copied, octets, 5, key);
    CHECK(memcmp(copied, "Hello", 5) == 0);
    hawse_apply_mask(octets, 3, key);
    hawse_apply_mask(octets + 3, 2, hawse_mask_key_advanced(key, 3));
    CHECK(memcmp(octets, "Hello", 5) == 0);
    return 0;
}

static int texts(void) {
    hawse_utf8_validator validator;
    CHECK(hawse_is_utf8(octets_of("\xE6\xB0\xB4"), 3) && !hawse_is_utf8(octets_of("\xE6\xB0"), 2));
    hawse_utf8_validator_init(&validator);
    CHECK(hawse_utf8_validator_complete(&validator));
    CHECK(hawse_utf8_validator_take(&validator, octets_of("a\xE6"), 2) == 2);
    CHECK(!hawse_utf8_validator_complete(&validator));
    CHECK(hawse_utf8_validator_take(&validator, octets_of("\xB0\xB4z\xFFz"), 5) == 3);
    return 0;
}

static int closes(void) {
    hawse_close_payload close = {.size = sizeof close};
    uint8_t written[125];
    CHECK(hawse_read_close_payload(octets_of("\x03\xE9" "bye"), 5, &close) == HAWSE_VIOLATION_NONE);
    CHECK(close.code == HAWSE_CLOSE_CODE_GOING_AWAY && is_text(close.reason, "bye"));
    CHECK(hawse_write_close_payload(written, &close) == 5);
    CHECK(memcmp(written, "\x03\xE9" "bye", 5) == 0);
    CHECK(hawse_read_close_payload(NULL, 0, &close) == HAWSE_VIOLATION_NONE);
    CHECK(close.code == HAWSE_CLOSE_CODE_NO_CODE && hawse_write_close_payload(written, &close) == 0);
    CHECK(hawse_read_close_payload(written, 1, &close) == HAWSE_VIOLATION_TRUNCATED_CLOSE_CODE);

    CHECK(hawse_is_close_code_on_wire(1010) && !hawse_is_close_code_on_wire(1005));
    CHECK(hawse_is_close_code_sendable(1010, HAWSE_ROLE_CLIENT));
    CHECK(!hawse_is_close_code_sendable(1010, HAWSE_ROLE_SERVER));
    return 0;
}

static int keys_and_urls(void) {
    const uint8_t nonce[HAWSE_NONCE_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    char key[HAWSE_HANDSHAKE_KEY_SIZE], accepted[HAWSE_ACCEPT_KEY_SIZE];
    hawse_url url = {.size = sizeof url};
    hawse_handshake_key(nonce, key);
    CHECK(memcmp(key, "AQIDBAUGBwgJCgsMDQ4PEA==", sizeof key) == 0);
    CHECK(hawse_is_handshake_key(key, sizeof key) && !hawse_is_handshake_key(key, 23));
    hawse_accept_key("dGhlIHNhbXBsZSBub25jZQ==", 24, accepted);
    CHECK(memcmp(accepted, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", sizeof accepted) == 0);

    CHECK(hawse_parse_url("wss://[::1]/a?b", 15, &url) == HAWSE_REFUSAL_NONE);
    CHECK(url.secure && url.port == 443 && is_text(url.host, "[::1]") && is_text(url.target, "/a?b"));
    CHECK(hawse_parse_url("http://localhost/", 17, &url) == HAWSE_REFUSAL_INVALID_URL);
    CHECK(url.port == 443);
    return 0;
}

static int names(void) {
    CHECK(strcmp(hawse_library_version(), HAWSE_VERSION_STRING) == 0);
    CHECK(strcmp(hawse_name_of_refusal(HAWSE_REFUSAL_OUTPUT_FULL), "output_full") == 0);
    CHECK(strlen(hawse_describe_refusal(HAWSE_REFUSAL_OUTPUT_FULL)) > 10);
    CHECK(strcmp(hawse_name_of_cause(HAWSE_CAUSE_ABORTED), "aborted") == 0);
    CHECK(strlen(hawse_describe_cause(HAWSE_CAUSE_ABORTED)) > 10);
    CHECK(strcmp(hawse_name_of_violation(HAWSE_VIOLATION_INVALID_UTF8), "invalid_utf8") == 0);
    CHECK(strlen(hawse_describe_violation(HAWSE_VIOLATION_INVALID_UTF8)) > 10);
    CHECK(strncmp(hawse_requirement_of_violation(HAWSE_VIOLATION_INVALID_UTF8), "6455-", 5) == 0);
    CHECK(hawse_code_of_violation(HAWSE_VIOLATION_INVALID_UTF8) == HAWSE_CLOSE_CODE_INVALID_DATA);
    return 0;
}

// What a newer library may tell, and this one does not know.
static int unknown_values(void) {
    unsigned value;
    for (value = 200; value <= 255; ++value) {
        CHECK(strcmp(hawse_name_of_refusal((hawse_refusal)value), "unknown") == 0);
        CHECK(strcmp(hawse_describe_refusal((hawse_refusal)value), "") == 0);
        CHECK(strcmp(hawse_name_of_cause((hawse_cause)value), "unknown") == 0);
        CHECK(strcmp(hawse_describe_cause((hawse_cause)value), "") == 0);
        CHECK(strcmp(hawse_name_of_violation((hawse_violation)value), "unknown") == 0);
        CHECK(strcmp(hawse_describe_violation((hawse_violation)value), "") == 0);
        CHECK(strcmp(hawse_requirement_of_violation((hawse_violation)value), "") == 0);
        CHECK(hawse_code_of_violation((hawse_violation)value) == 0);
        CHECK(strcmp(hawse_name_of_state((hawse_state)value), "unknown") == 0);
        CHECK(strcmp(hawse_name_of_event_kind((hawse_event_kind)value), "unknown") == 0);
    }
    CHECK(strcmp(hawse_name_of_state(HAWSE_STATE_FAILED), "failed") == 0);
    CHECK(strcmp(hawse_name_of_state(HAWSE_STATE_FAILED + 1), "unknown") == 0);
    CHECK(strcmp(hawse_name_of_event_kind(HAWSE_EVENT_KIND_CLOSED), "closed") == 0);
    CHECK(strcmp(hawse_name_of_event_kind(HAWSE_EVENT_KIND_CLOSED + 1), "unknown") == 0);
    return 0;
}

// ---- Null ----------------------------------------------------------------------------------------

static int nothing_comes_of_null(void) {
    const hawse_allocator without_allocate = {.size = sizeof without_allocate};
    uint64_t place[HAWSE_SERVER_OPENING_SIZE / 8];
    hawse_options options;
    hawse_options_init(&options, sizeof options);
    CHECK(hawse_pool_create(NULL, 0, NULL) == NULL);
    CHECK(hawse_pool_create(&without_allocate, 0, NULL) == NULL);
    CHECK(hawse_pool_init(place, sizeof place, &without_allocate, 0, NULL) == NULL);
    CHECK(hawse_pool_init(NULL, HAWSE_POOL_SIZE, &allocator, 0, NULL) == NULL);
    CHECK(hawse_config_create(NULL) == NULL && hawse_config_create(&options) == NULL);
    CHECK(hawse_counters_create(NULL) == NULL);
    CHECK(hawse_connection_create(NULL, NULL, 0) == NULL);
    CHECK(hawse_connection_init(place, sizeof place, NULL, NULL, 0) == NULL);
    CHECK(hawse_session_create(NULL, HAWSE_ROLE_SERVER, 0) == NULL);
    CHECK(hawse_session_init(place, sizeof place, NULL, HAWSE_ROLE_SERVER, 0) == NULL);
    CHECK(hawse_server_handshake_create(NULL, 0) == NULL);
    CHECK(hawse_client_handshake_init(place, sizeof place, NULL, 0) == NULL);
    CHECK(hawse_server_opening_create(NULL) == NULL);
    CHECK(hawse_client_opening_init(place, sizeof place, NULL) == NULL);

    hawse_pool_destroy(NULL);
    hawse_pool_deinit(NULL);
    hawse_config_destroy(NULL);
    hawse_config_deinit(NULL);
    hawse_counters_destroy(NULL, NULL);
    hawse_counters_deinit(NULL);
    hawse_connection_destroy(NULL, NULL);
    hawse_connection_deinit(NULL);
    hawse_session_destroy(NULL, NULL);
    hawse_session_deinit(NULL);
    hawse_server_handshake_destroy(NULL, NULL);
    hawse_client_handshake_deinit(NULL);
    hawse_server_opening_destroy(NULL, NULL);
    hawse_client_opening_deinit(NULL);
    return 0;
}

// ---- Parsed fields -------------------------------------------------------------------------------

static hawse_field field_of(const char* name, const char* value) {
    hawse_field field;
    field.name = hawse_view_of(name, strlen(name));
    field.value = hawse_view_of(value, strlen(value));
    return field;
}

static int judges_requests(const hawse_config* config) {
    const hawse_field fields[] = {
        field_of("host", "localhost"),
        field_of("upgrade", "websocket"),
        field_of("connection", "keep-alive, Upgrade"),
        field_of("sec-websocket-version", "13"),
        field_of("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        field_of("sec-websocket-protocol", "a, b"),
    };
    hawse_request_head head = {.size = sizeof head, .fields = fields, .field_count = 6};
    hawse_request request = {.size = sizeof request};
    hawse_token_list list = hawse_token_list_of(fields, 6, "Connection", 10);
    head.method.data = "GET";
    head.method.size = 3;
    head.target.data = "/";
    head.target.size = 1;
    CHECK(hawse_judge_request(&head, config, &request) == HAWSE_VIOLATION_NONE);
    CHECK(is_text(request.key, "dGhlIHNhbXBsZSBub25jZQ==") && request.fields == fields);
    CHECK(hawse_request_offers_subprotocol(&request, "b", 1));
    CHECK(is_text(hawse_token_list_next(&list), "keep-alive"));
    CHECK(is_text(hawse_token_list_next(&list), "Upgrade"));
    head.version = 10;
    CHECK(hawse_judge_request(&head, config, &request) == HAWSE_VIOLATION_OUTDATED_HTTP_VERSION);
    head.version = 11;
    head.field_count = 4;
    CHECK(hawse_judge_request(&head, config, &request) == HAWSE_VIOLATION_MISSING_KEY);
    return 0;
}

static int judges_responses(const hawse_config* config) {
    const hawse_field fields[] = {
        field_of("upgrade", "websocket"),
        field_of("connection", "upgrade"),
        field_of("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        field_of("sec-websocket-protocol", "b"),
    };
    const hawse_view offered[] = {hawse_view_of("a", 1), hawse_view_of("b", 1)};
    hawse_response_head head = {
        .size = sizeof head, .status = 101, .fields = fields, .field_count = 4};
    hawse_offer offer = {.size = sizeof offer, .subprotocols = offered, .subprotocol_count = 2};
    hawse_agreement agreement = {.size = sizeof agreement};
    memcpy(offer.key, "dGhlIHNhbXBsZSBub25jZQ==", sizeof offer.key);
    CHECK(hawse_judge_response(&head, &offer, config, &agreement) == HAWSE_VIOLATION_NONE);
    CHECK(agreement.role == HAWSE_ROLE_CLIENT && is_text(agreement.subprotocol, "b"));
    offer.subprotocol_count = 1;
    CHECK(hawse_judge_response(&head, &offer, config, &agreement) ==
          HAWSE_VIOLATION_RESPONSE_UNOFFERED_SUBPROTOCOL);
    head.version = 10;
    CHECK(hawse_judge_response(&head, &offer, config, &agreement) ==
          HAWSE_VIOLATION_RESPONSE_OUTDATED_HTTP_VERSION);
    return 0;
}

// ---- Structs that grow ---------------------------------------------------------------------------

// What a program gives that was compiled before `delivery` was there: the rest is not read.
static int older_programs_get_defaults(hawse_pool* pool) {
    const hawse_agreement as_client = {.size = sizeof as_client, .role = HAWSE_ROLE_CLIENT};
    const size_t older_size = offsetof(hawse_options, delivery);
    hawse_options options;
    hawse_config* config;
    hawse_connection* connection;
    hawse_event event;
    uint8_t part[] = {0x01, 0x02, 'a', 'b'};

    memset(&options, 0xEE, sizeof options);
    hawse_options_init(&options, older_size);
    CHECK(options.size == older_size && options.pool == NULL && options.entropy_fill == NULL);
    CHECK(options.delivery == 0xEE && options.clock_jump == INT64_C(-0x1111111111111112));
    options.pool = pool;
    config = hawse_config_create(&options);
    connection = hawse_connection_create(config, &as_client, 0);
    CHECK(hawse_connection_receive(connection, part, sizeof part, 0) == HAWSE_REFUSAL_NONE);

    // Whole messages are the default: nothing is told of a part. And nothing behind `kind` is written.
    memset(&event, 0xEE, sizeof event);
    event.size = offsetof(hawse_event, kind) + 1;
    CHECK(!hawse_connection_next_event(connection, &event));
    CHECK(event.size == offsetof(hawse_event, kind) + 1 && event.kind == HAWSE_EVENT_KIND_NONE);
    CHECK(event.message_kind == 0xEE && event.payload.size == (size_t)-1 / 15 * 14);
    hawse_connection_destroy(connection, config);
    hawse_config_destroy(config);
    return 0;
}

static int newer_programs_are_understood(hawse_pool* pool) {
    struct newer_options {
        hawse_options known;
        uint64_t unknown;
    } options;
    struct newer_url {
        hawse_url known;
        uint64_t unknown;
    } url;
    const hawse_agreement as_client = {.size = sizeof as_client, .role = HAWSE_ROLE_CLIENT};
    hawse_config* config;
    hawse_connection* connection;
    hawse_event event = {.size = sizeof event};
    uint8_t part[] = {0x01, 0x02, 'a', 'b'};

    memset(&options, 0xEE, sizeof options);
    hawse_options_init(&options.known, sizeof options);
    CHECK(options.known.size == sizeof options && options.unknown == 0);
    CHECK(options.known.message_size_max == UINT64_C(1) << 20 && options.known.pong_after_close);
    options.known.delivery = HAWSE_DELIVERY_PARTS;
    options.known.pool = pool;
    config = hawse_config_create(&options.known);
    connection = hawse_connection_create(config, &as_client, 0);
    CHECK(hawse_connection_receive(connection, part, sizeof part, 0) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_connection_next_event(connection, &event) && event.kind == HAWSE_EVENT_KIND_PART);
    CHECK(event.first && !event.last && event.payload.size == 2);
    hawse_connection_destroy(connection, config);
    hawse_config_destroy(config);

    memset(&url, 0xEE, sizeof url);
    url.known.size = sizeof url;
    CHECK(hawse_parse_url("ws://a", 6, &url.known) == HAWSE_REFUSAL_NONE && url.known.port == 80);
    CHECK(url.known.size == sizeof url && url.unknown == UINT64_C(0xEEEEEEEEEEEEEEEE));
    return 0;
}

// Its size forgotten, an event has no room to be told in, and waits.
static int no_event_is_lost(const hawse_config* config) {
    const hawse_agreement as_client = {.size = sizeof as_client, .role = HAWSE_ROLE_CLIENT};
    hawse_connection* const connection = hawse_connection_create(config, &as_client, 0);
    hawse_event event;
    uint8_t message[] = {0x81, 0x02, 'a', 'b'};
    memset(&event, 0, sizeof event);
    CHECK(hawse_connection_receive(connection, message, sizeof message, 0) == HAWSE_REFUSAL_NONE);
    CHECK(!hawse_connection_next_event(connection, &event));
    CHECK(hawse_connection_next_events(connection, &event, 1) == 0);
    event.size = sizeof event;
    CHECK(hawse_connection_next_event(connection, &event));
    CHECK(event.kind == HAWSE_EVENT_KIND_MESSAGE && is_payload(&event, "ab", 2));
    hawse_connection_destroy(connection, config);
    return 0;
}

static int pools(hawse_pool* pool) {
    uint8_t* const octets = hawse_pool_lease(pool, 300);
    CHECK(octets != NULL && hawse_pool_block_size(300) == 512);
    CHECK(hawse_pool_leased_size(pool) == 512);
    hawse_pool_give_back(pool, octets, 300);
    CHECK(hawse_pool_leased_size(pool) == 0 && hawse_pool_kept_size(pool) >= 512);
    hawse_pool_trim(pool);
    CHECK(hawse_pool_kept_size(pool) == 0);
    return 0;
}

int main(void) {
    hawse_pool* const pool = hawse_pool_create(&allocator, HAWSE_POOL_KEPT_SIZE_MAX, NULL);
    hawse_options options;
    hawse_config* config;
    hawse_options_init(&options, sizeof options);
    options.pool = pool;
    config = hawse_config_create(&options);
    CHECK(headers() == 0 && masks() == 0 && texts() == 0 && closes() == 0);
    CHECK(keys_and_urls() == 0 && names() == 0 && unknown_values() == 0);
    CHECK(nothing_comes_of_null() == 0 && no_event_is_lost(config) == 0);
    CHECK(judges_requests(config) == 0 && judges_responses(config) == 0);
    CHECK(older_programs_get_defaults(pool) == 0 && newer_programs_are_understood(pool) == 0);
    hawse_config_destroy(config);
    CHECK(pools(pool) == 0);
    hawse_pool_destroy(pool);
    CHECK(memory_out == 0);
    return 0;
}
