// SPDX-License-Identifier: MIT
// A whole conversation in C99, both roles in one process: opening, every way of sending, closing, with
// objects leased from the pool and with objects in storage of this program's own. No octet that was
// allocated is still out at the end.
#include "check.h"
#include "host.h"

#include "hawse/hawse.h"

#include <string.h>

// ---- Two sides -----------------------------------------------------------------------------------

enum { place_size = 1 << 18 };

typedef struct side {
    hawse_connection* connection;
    uint8_t* place;     // what arrives lies here until the other side writes again
    hawse_event event;  // the newest
} side;

static bool next(side* from) {
    return hawse_connection_next_event(from->connection, &from->event);
}

// Gathers once into `into`, as a transport would, and answers how many octets there were.
static size_t gather(hawse_connection* from, uint8_t* into) {
    hawse_slice slices[8];
    const size_t count = hawse_connection_gather(from, slices, 8);
    size_t size = 0, index;
    for (index = 0; index < count; ++index) {
        memcpy(into + size, slices[index].data, slices[index].size);
        size += slices[index].size;
    }
    return size;
}

// All output of one side becomes input of the other: through slices, or copied in pieces.
static bool carry(side* from, side* to, bool gathered, int64_t now) {
    size_t size = 0, piece;
    do {
        if (gathered) {
            piece = gather(from->connection, to->place + size);
            hawse_connection_wrote(from->connection, piece, now);
        } else {
            piece = hawse_connection_write_output(from->connection, to->place + size, 1000, now);
        }
        size += piece;
    } while (piece != 0);
    return hawse_connection_receive(to->connection, to->place, size, now) == HAWSE_REFUSAL_NONE;
}

// ---- Opening -------------------------------------------------------------------------------------

static int requests(hawse_client_handshake* client, uint8_t* place, size_t* size, int64_t now) {
    const hawse_view offered[2] = {hawse_view_of("chat", 4), hawse_view_of("superchat", 9)};
    hawse_client_request wanted = {.size = sizeof wanted};
    hawse_field cookie;
    hawse_slice slices[4];

    cookie.name = hawse_view_of("Cookie", 6);
    cookie.value = hawse_view_of("a=1", 3);
    wanted.host = text_of("localhost");
    wanted.port = 9001;
    wanted.target = text_of("/room?2");
    wanted.origin = text_of("http://example.com");
    wanted.subprotocols = offered;
    wanted.subprotocol_count = 2;
    wanted.fields = &cookie;
    wanted.field_count = 1;

    CHECK(hawse_client_handshake_deadline(client) == now + 10 * second);
    CHECK(hawse_client_handshake_start(client, &wanted) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_client_handshake_start(client, &wanted) == HAWSE_REFUSAL_ALREADY_STARTED);
    CHECK(hawse_client_handshake_wants(client) & HAWSE_WANTS_WRITE);
    CHECK(hawse_client_handshake_gather(client, slices, 4) == 1);
    *size = slices[0].size;
    CHECK(*size == hawse_client_handshake_output_size(client));
    memcpy(place, slices[0].data, 10);
    hawse_client_handshake_wrote(client, 10, now);
    CHECK(hawse_client_handshake_write_output(client, place + 10, 20, now) == 20);
    CHECK(hawse_client_handshake_output_size(client) == *size - 30);
    CHECK(hawse_client_handshake_write_output(client, place + 30, 900, now) == *size - 30);
    CHECK(hawse_client_handshake_output_size(client) == 0);
    CHECK(hawse_client_handshake_state(client) == HAWSE_HANDSHAKE_STATE_OPENING);
    return 0;
}

static int is_asked(hawse_server_handshake* server, const uint8_t* place, size_t size,
                    int64_t now) {
    hawse_handshake_event event = {.size = sizeof event};
    hawse_request request = {.size = sizeof request};
    hawse_token_list list;

    CHECK(!hawse_server_handshake_next_event(server, &event));
    CHECK(hawse_server_handshake_receive(server, place, size - 1, now) == size - 1);
    CHECK(hawse_server_handshake_receive(server, place + size - 1, 1, now) == 1);
    CHECK(hawse_server_handshake_next_event(server, &event));
    CHECK(event.kind == HAWSE_HANDSHAKE_EVENT_KIND_REQUEST);

    hawse_server_handshake_request(server, &request);
    CHECK(is_text(request.method, "GET") && is_text(request.target, "/room?2"));
    CHECK(is_text(request.resource, "/room?2") && is_text(request.authority, "localhost:9001"));
    CHECK(is_text(request.origin, "http://example.com") && request.key.size == 24);
    CHECK(!request.plain && !request.expects_continue && request.field_count > 5);
    CHECK(is_text(hawse_request_field(&request, "COOKIE", 6), "a=1"));
    CHECK(hawse_request_field(&request, "None", 4).size == 0);
    CHECK(is_text(hawse_text_of(request.fields[0].name), "Host"));
    list = hawse_request_subprotocols(&request);
    CHECK(is_text(hawse_token_list_next(&list), "chat"));
    CHECK(is_text(hawse_token_list_next(&list), "superchat"));
    CHECK(hawse_token_list_next(&list).size == 0);
    CHECK(hawse_request_offers_subprotocol(&request, "chat", 4));
    CHECK(!hawse_request_offers_subprotocol(&request, "cha", 3));
    return 0;
}

static int opens(hawse_client_handshake* client, hawse_server_handshake* server,
                 hawse_agreement* of_client, hawse_agreement* of_server, int64_t now) {
    hawse_handshake_event event = {.size = sizeof event};
    hawse_acceptance acceptance = {.size = sizeof acceptance};
    hawse_response response = {.size = sizeof response};
    hawse_field program;
    uint8_t place[1024];
    size_t size = 0;

    CHECK(requests(client, place, &size, now) == 0);
    CHECK(is_asked(server, place, size, now) == 0);

    program.name = hawse_view_of("Server", 6);
    program.value = hawse_view_of("small", 5);
    acceptance.subprotocol = text_of("other");
    CHECK(hawse_server_handshake_accept(server, &acceptance) ==
          HAWSE_REFUSAL_SUBPROTOCOL_NOT_OFFERED);
    acceptance.subprotocol = text_of("superchat");
    acceptance.fields = &program;
    acceptance.field_count = 1;
    CHECK(hawse_server_handshake_accept(server, &acceptance) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_server_handshake_accept(server, NULL) == HAWSE_REFUSAL_NOT_DECIDING);
    CHECK(hawse_server_handshake_next_event(server, &event));
    CHECK(event.kind == HAWSE_HANDSHAKE_EVENT_KIND_OPENED);
    hawse_server_handshake_agreement(server, of_server);
    CHECK(of_server->role == HAWSE_ROLE_SERVER && is_text(of_server->subprotocol, "superchat"));
    CHECK(hawse_server_handshake_take_early(server).size == 0);

    size = hawse_server_handshake_write_output(server, place, sizeof place - 2, now);
    CHECK(size > 100 && hawse_server_handshake_output_size(server) == 0);
    memcpy(place + size, "\x89", 2);  // a ping, in the same read as the head
    CHECK(hawse_client_handshake_receive(client, place, size + 2, now) == size);
    CHECK(hawse_client_handshake_next_event(client, &event));
    CHECK(event.kind == HAWSE_HANDSHAKE_EVENT_KIND_RESPONSE && event.status == 101);
    hawse_client_handshake_response(client, &response);
    CHECK(response.status == 101 && response.body.size == 0);
    CHECK(is_text(hawse_response_field(&response, "server", 6), "small"));
    CHECK(hawse_client_handshake_next_event(client, &event));
    CHECK(event.kind == HAWSE_HANDSHAKE_EVENT_KIND_OPENED);
    CHECK(hawse_client_handshake_state(client) == HAWSE_HANDSHAKE_STATE_OPEN);
    CHECK(hawse_client_handshake_deadline(client) == HAWSE_NEVER);
    hawse_client_handshake_agreement(client, of_client);
    CHECK(of_client->role == HAWSE_ROLE_CLIENT && is_text(of_client->subprotocol, "superchat"));
    return 0;
}

// ---- Messages ------------------------------------------------------------------------------------

static int sends_text(side* client, side* server, int64_t now) {
    const hawse_send unchecked = {.size = sizeof unchecked,
                                  .text_check = HAWSE_TEXT_CHECK_UNCHECKED};
    CHECK(hawse_connection_send(client->connection, HAWSE_MESSAGE_KIND_TEXT, octets_of("\xff"), 1,
                                NULL) == HAWSE_REFUSAL_INVALID_TEXT);
    CHECK(hawse_connection_output_size(client->connection) == 0);
    CHECK(hawse_connection_send(client->connection, HAWSE_MESSAGE_KIND_TEXT, octets_of("Hello"), 5,
                                &unchecked) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_connection_wants(client->connection) & HAWSE_WANTS_WRITE);
    CHECK(carry(client, server, false, now));
    CHECK(hawse_connection_receive(server->connection, server->place, 1, now) ==
          HAWSE_REFUSAL_UNREAD_INPUT);
    CHECK(next(server) && server->event.kind == HAWSE_EVENT_KIND_MESSAGE);
    CHECK(server->event.message_kind == HAWSE_MESSAGE_KIND_TEXT && server->event.in_place);
    CHECK(server->event.payload.data == server->place + 6);
    CHECK(is_payload(&server->event, "Hello", 5));

    CHECK(hawse_connection_send(server->connection, server->event.message_kind,
                                server->event.payload.data, server->event.payload.size,
                                NULL) == HAWSE_REFUSAL_NONE);
    CHECK(!next(server) && server->event.kind == HAWSE_EVENT_KIND_NONE);
    CHECK(carry(server, client, false, now));
    CHECK(next(client) && client->event.kind == HAWSE_EVENT_KIND_MESSAGE);
    CHECK(is_payload(&client->event, "Hello", 5) && !next(client));
    return 0;
}

static int sends_binary(side* client, side* server, uint8_t* octets, size_t size, int64_t now) {
    size_t index;
    for (index = 0; index < size; ++index) octets[index] = (uint8_t)(index * 7 + index / 251);
    CHECK(hawse_connection_send(client->connection, HAWSE_MESSAGE_KIND_BINARY, octets, size,
                                NULL) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_connection_output_size(client->connection) == size + 14);
    CHECK(carry(client, server, true, now) && next(server));
    CHECK(server->event.kind == HAWSE_EVENT_KIND_MESSAGE);
    CHECK(server->event.message_kind == HAWSE_MESSAGE_KIND_BINARY);
    CHECK(is_payload(&server->event, octets, size) && !next(server));

    // Lent to the transport as well: the token comes when the last octet is reusable.
    CHECK(hawse_connection_send_lent(server->connection, HAWSE_MESSAGE_KIND_BINARY, octets, size, 7,
                                     NULL) == HAWSE_REFUSAL_NONE);
    CHECK(gather(server->connection, client->place) == size + 10);
    hawse_connection_handed_over(server->connection, size + 10, now);
    CHECK(gather(server->connection, client->place + size + 10) == 0);
    CHECK(hawse_connection_write_output(server->connection, client->place, 0, now) == 0);
    hawse_connection_reusable(server->connection, size + 9);
    CHECK(hawse_connection_next_released(server->connection) == 0);
    hawse_connection_reusable(server->connection, 1);
    CHECK(hawse_connection_next_released(server->connection) == 7);
    CHECK(hawse_connection_next_released(server->connection) == 0);
    CHECK(hawse_connection_receive(client->connection, client->place, size + 10, now) ==
          HAWSE_REFUSAL_NONE);
    CHECK(next(client) && is_payload(&client->event, octets, size) && !next(client));

    // Masked where it lies: what is written is what the host lent.
    memcpy(octets, "mutable", 7);
    CHECK(hawse_connection_send_lent_mutable(client->connection, HAWSE_MESSAGE_KIND_BINARY, octets,
                                             7, 8, NULL) == HAWSE_REFUSAL_NONE);
    CHECK(memcmp(octets, "mutable", 7) != 0);
    CHECK(carry(client, server, true, now));
    CHECK(hawse_connection_next_released(client->connection) == 8);
    CHECK(next(server) && is_payload(&server->event, "mutable", 7) && !next(server));
    return 0;
}

static int streams(side* client, side* server, int64_t now) {
    hawse_connection* const connection = client->connection;
    CHECK(hawse_connection_send_part(connection, octets_of("x"), 1, true) ==
          HAWSE_REFUSAL_NO_MESSAGE_IN_PROGRESS);
    CHECK(hawse_connection_send_begin(connection, HAWSE_MESSAGE_KIND_TEXT, NULL) ==
          HAWSE_REFUSAL_NONE);
    CHECK(hawse_connection_send_part(connection, octets_of("one, "), 5, false) ==
          HAWSE_REFUSAL_NONE);
    CHECK(hawse_connection_send(connection, HAWSE_MESSAGE_KIND_TEXT, octets_of("x"), 1, NULL) ==
          HAWSE_REFUSAL_MESSAGE_IN_PROGRESS);
    CHECK(carry(client, server, true, now) && !next(server));
    CHECK(hawse_connection_ping(connection, octets_of("there?"), 6) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_connection_ping(connection, client->place, 126) == HAWSE_REFUSAL_CONTROL_TOO_LONG);
    CHECK(hawse_connection_send_part(connection, octets_of("two"), 3, true) == HAWSE_REFUSAL_NONE);
    CHECK(carry(client, server, true, now));

    CHECK(next(server) && server->event.kind == HAWSE_EVENT_KIND_PING);
    CHECK(is_payload(&server->event, "there?", 6));
    CHECK(next(server) && server->event.kind == HAWSE_EVENT_KIND_MESSAGE);
    CHECK(server->event.message_kind == HAWSE_MESSAGE_KIND_TEXT && !server->event.in_place);
    CHECK(is_payload(&server->event, "one, two", 8) && !next(server));
    CHECK(carry(server, client, true, now));
    CHECK(next(client) && client->event.kind == HAWSE_EVENT_KIND_PONG);
    CHECK(is_payload(&client->event, "there?", 6) && !next(client));
    return 0;
}

// A train, pulled as one batch of events that are larger than this header's; then a loan ended early.
static int pulls_in_batches(side* client, side* server, int64_t now) {
    struct later_event {
        hawse_event known;
        uint64_t unknown;
    } events[3];
    hawse_mutable_octets untouched;
    size_t index;
    memset(events, 0xEE, sizeof events);
    events[0].known.size = sizeof events[0];
    for (index = 0; index < 5; ++index) {
        const uint8_t digit = (uint8_t)('0' + index);
        CHECK(hawse_connection_send(client->connection, HAWSE_MESSAGE_KIND_TEXT, &digit, 1, NULL) ==
              HAWSE_REFUSAL_NONE);
    }
    CHECK(carry(client, server, false, now));
    CHECK(hawse_connection_next_events(server->connection, &events[0].known, 0) == 0);
    CHECK(hawse_connection_next_events(server->connection, &events[0].known, 3) == 3);
    for (index = 0; index < 3; ++index) {
        const uint8_t digit = (uint8_t)('0' + index);
        CHECK(events[index].known.size == sizeof events[index]);
        CHECK(events[index].known.kind == HAWSE_EVENT_KIND_MESSAGE);
        CHECK(is_payload(&events[index].known, &digit, 1));
        CHECK(events[index].unknown == UINT64_C(0xEEEEEEEEEEEEEEEE));
    }
    untouched = hawse_connection_unread(server->connection);
    CHECK(untouched.size == 2 * 7 && untouched.data == server->place + 3 * 7);
    CHECK(!next(server));
    CHECK(hawse_connection_receive(server->connection, untouched.data, untouched.size, now) ==
          HAWSE_REFUSAL_NONE);
    CHECK(hawse_connection_next_events(server->connection, &events[0].known, 3) == 2);
    CHECK(hawse_connection_next_events(server->connection, &events[0].known, 3) == 0);
    return 0;
}

static int closes(side* client, side* server, int64_t now) {
    hawse_connection* const asks = client->connection;
    hawse_connection* const answers = server->connection;
    CHECK(hawse_connection_state(asks) == HAWSE_STATE_OPEN);
    CHECK(hawse_connection_close(asks, 1005 + 1, NULL, 0) == HAWSE_REFUSAL_INVALID_CLOSE_CODE);
    CHECK(hawse_connection_close(asks, 4001, "done", 4) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_connection_state(asks) == HAWSE_STATE_CLOSING);
    CHECK(hawse_connection_send(asks, HAWSE_MESSAGE_KIND_TEXT, NULL, 0, NULL) ==
          HAWSE_REFUSAL_NOT_OPEN);
    CHECK(carry(client, server, true, now));
    CHECK(hawse_connection_deadline(asks) == now + 10 * second);
    CHECK(next(server) && server->event.kind == HAWSE_EVENT_KIND_CLOSING);
    CHECK(server->event.code_received == 4001 && !server->event.message_dropped);
    CHECK(is_payload(&server->event, "done", 4) && !next(server));
    CHECK(carry(server, client, true, now));
    CHECK(next(client) && client->event.kind == HAWSE_EVENT_KIND_CLOSING && !next(client));

    CHECK(hawse_connection_wants(answers) == (HAWSE_WANTS_READ | HAWSE_WANTS_END_WRITE));
    hawse_connection_write_ended(answers, now);
    hawse_connection_receive_end(asks, HAWSE_TRANSPORT_END_ORDERLY, now);
    CHECK(next(client) && client->event.kind == HAWSE_EVENT_KIND_CLOSED);
    CHECK(client->event.clean && client->event.cause == HAWSE_CAUSE_NONE);
    CHECK(client->event.code_sent == 4001 && client->event.code_received == 4001);
    CHECK(hawse_connection_wants(asks) == HAWSE_WANTS_CLOSE);

    CHECK(hawse_connection_deadline(answers) == now + 2 * second);
    hawse_connection_advance(answers, now + second);
    CHECK(!next(server));
    hawse_connection_advance(answers, now + 2 * second);
    CHECK(next(server) && server->event.kind == HAWSE_EVENT_KIND_CLOSED && server->event.clean);
    CHECK(is_payload(&server->event, "done", 4) && !next(server));
    CHECK(hawse_connection_state(answers) == HAWSE_STATE_CLOSED);
    return 0;
}

static int is_counted(const hawse_counters* of_server) {
    hawse_statistics counted = {.size = sizeof counted};
    hawse_counters_read(of_server, &counted);
    CHECK(counted.received_messages == 9 && counted.received_frames == 12);
    CHECK(counted.received_payload_octets == 5 + 70000 + 7 + 8 + 5);
    CHECK(counted.sent_messages == 2 && counted.sent_payload_octets == 5 + 70000);
    CHECK(counted.sent_frames == 4 && counted.pings_received == 1);
    CHECK(counted.sent_wire_octets == (2 + 5) + (10 + 70000) + (2 + 6) + (2 + 2));
    return 0;
}

static int converse(hawse_connection* of_client, hawse_connection* of_server,
                    hawse_counters* counters, int64_t now) {
    static uint8_t places[2][place_size], octets[70000];
    side client = {.connection = of_client, .place = places[0], .event = {.size = sizeof client.event}};
    side server = {.connection = of_server, .place = places[1], .event = {.size = sizeof server.event}};
    hawse_connection_count_into(of_server, counters);
    hawse_connection_count_into(of_client, counters);
    hawse_connection_count_into(of_client, NULL);  // the server's alone count
    CHECK(sends_text(&client, &server, now) == 0);
    CHECK(sends_binary(&client, &server, octets, sizeof octets, now) == 0);
    CHECK(streams(&client, &server, now) == 0);
    CHECK(pulls_in_batches(&client, &server, now) == 0);
    CHECK(closes(&client, &server, now) == 0);
    CHECK(is_counted(counters) == 0);
    return 0;
}

// ---- The two ways of making objects --------------------------------------------------------------

static int leased(void) {
    const int64_t now = -second;  // any origin
    hawse_agreement agreements[2] = {{.size = sizeof(hawse_agreement)},
                                     {.size = sizeof(hawse_agreement)}};
    hawse_options options;
    uint8_t state = 1;
    hawse_pool* const pool = hawse_pool_create(&allocator, HAWSE_POOL_KEPT_SIZE_MAX, NULL);
    hawse_config* config;
    hawse_client_handshake* client_handshake;
    hawse_server_handshake* server_handshake;
    hawse_connection* client;
    hawse_connection* server;
    hawse_counters* counters;

    CHECK(pool != NULL && memory_out == hawse_pool_size());
    hawse_options_init(&options, sizeof options);
    options.entropy_fill = entropy_fill;
    options.entropy_context = &state;
    CHECK(hawse_config_create(&options) == NULL);  // there is no pool to lease it from
    options.pool = pool;
    config = hawse_config_create(&options);
    client_handshake = hawse_client_handshake_create(config, now);
    server_handshake = hawse_server_handshake_create(config, now);
    counters = hawse_counters_create(pool);
    CHECK(config != NULL && client_handshake != NULL && server_handshake != NULL && counters != NULL);
    CHECK(opens(client_handshake, server_handshake, &agreements[0], &agreements[1], now) == 0);
    client = hawse_connection_create(config, &agreements[0], now);
    server = hawse_connection_create(config, &agreements[1], now);
    CHECK(client != NULL && server != NULL);
    hawse_client_handshake_destroy(client_handshake, config);
    hawse_server_handshake_destroy(server_handshake, config);
    CHECK(converse(client, server, counters, now) == 0);

    hawse_connection_destroy(client, config);
    hawse_pool_trim(pool);
    memory_is_short = true;
    CHECK(hawse_connection_create(config, &agreements[0], now) == NULL);
    CHECK(hawse_client_handshake_create(config, now) == NULL);
    CHECK(hawse_server_handshake_create(config, now) == NULL);
    CHECK(hawse_counters_create(pool) == NULL && hawse_config_create(&options) == NULL);
    CHECK(hawse_pool_create(&allocator, 0, NULL) == NULL && hawse_pool_lease(pool, 1) == NULL);
    memory_is_short = false;

    hawse_connection_destroy(server, config);
    hawse_connection_destroy(NULL, config);
    hawse_counters_destroy(counters, pool);
    hawse_config_destroy(config);
    CHECK(hawse_pool_leased_size(pool) == 0 && hawse_pool_kept_size(pool) != 0);
    hawse_pool_destroy(pool);
    CHECK(memory_out == 0);
    return 0;
}

#define PLACE(name, size) uint64_t name[(size) / sizeof(uint64_t)]

static int in_own_storage(void) {
    PLACE(pool_place, HAWSE_POOL_SIZE);
    PLACE(config_place, HAWSE_CONFIG_SIZE);
    PLACE(counters_place, HAWSE_COUNTERS_SIZE);
    PLACE(client_handshake_place, HAWSE_CLIENT_HANDSHAKE_SIZE);
    PLACE(server_handshake_place, HAWSE_SERVER_HANDSHAKE_SIZE);
    PLACE(client_place, HAWSE_CONNECTION_SIZE);
    PLACE(server_place, HAWSE_CONNECTION_SIZE);
    const int64_t now = 5;
    hawse_agreement of_client = {.size = sizeof of_client}, of_server = {.size = sizeof of_server};
    hawse_options options;
    uint8_t state = 1;
    hawse_pool* const pool = hawse_pool_init(pool_place, sizeof pool_place, &allocator, 0, NULL);
    hawse_counters* const counters = hawse_counters_init(counters_place, sizeof counters_place);
    hawse_config* config;
    hawse_client_handshake* client_handshake;
    hawse_server_handshake* server_handshake;
    hawse_connection* client;
    hawse_connection* server;

    CHECK(pool != NULL && counters != NULL);
    options = options_for(pool, &state);
    CHECK(hawse_counters_init(counters_place, hawse_counters_size() - 1) == NULL);
    CHECK(hawse_config_init(config_place, hawse_config_size() - 1, &options) == NULL);
    config = hawse_config_init(config_place, sizeof config_place, &options);
    CHECK(config != NULL);
    memset(&options, 0xEE, sizeof options);  // nothing keeps them
    CHECK(hawse_client_handshake_init(client_handshake_place, hawse_client_handshake_size() - 1,
                                      config, now) == NULL);
    CHECK(hawse_server_handshake_init(server_handshake_place, hawse_server_handshake_size() - 1,
                                      config, now) == NULL);
    client_handshake = hawse_client_handshake_init(client_handshake_place,
                                                   sizeof client_handshake_place, config, now);
    server_handshake = hawse_server_handshake_init(server_handshake_place,
                                                   sizeof server_handshake_place, config, now);
    CHECK(client_handshake != NULL && server_handshake != NULL && memory_out == 0);
    CHECK(opens(client_handshake, server_handshake, &of_client, &of_server, now) == 0);

    CHECK(hawse_connection_init(client_place, hawse_connection_size() - 1, config, &of_client,
                                now) == NULL);
    CHECK(hawse_connection_init((char*)client_place + 1, sizeof client_place, config, &of_client,
                                now) == NULL);
    client = hawse_connection_init(client_place, sizeof client_place, config, &of_client, now);
    server = hawse_connection_init(server_place, sizeof server_place, config, &of_server, now);
    CHECK(client != NULL && server != NULL);
    hawse_client_handshake_deinit(client_handshake);
    hawse_server_handshake_deinit(server_handshake);
    CHECK(memory_out == 0);  // it kept nothing
    CHECK(converse(client, server, counters, now) == 0);
    hawse_connection_deinit(client);
    hawse_connection_deinit(server);
    hawse_counters_deinit(counters);
    hawse_config_deinit(config);
    CHECK(hawse_pool_leased_size(pool) == 0);
    hawse_pool_deinit(pool);
    CHECK(memory_out == 0);
    return 0;
}

// ---- What goes another way, or wrong -------------------------------------------------------------

static int is_rejected(const hawse_config* config) {
    const int64_t now = 0;
    hawse_client_handshake* const client = hawse_client_handshake_create(config, now);
    hawse_server_handshake* const server = hawse_server_handshake_create(config, now);
    hawse_handshake_event event = {.size = sizeof event};
    hawse_rejection rejection = {.size = sizeof rejection};
    hawse_response response = {.size = sizeof response};
    hawse_field challenge;
    uint8_t place[1024];
    size_t size = 0;

    CHECK(requests(client, place, &size, now) == 0);
    CHECK(is_asked(server, place, size, now) == 0);
    challenge.name = hawse_view_of("WWW-Authenticate", 16);
    challenge.value = hawse_view_of("Basic", 5);
    rejection.fields = &challenge;
    rejection.field_count = 1;
    rejection.body.data = octets_of("no");
    rejection.body.size = 2;
    rejection.status = 101;
    CHECK(hawse_server_handshake_reject(server, &rejection) == HAWSE_REFUSAL_INVALID_STATUS);
    rejection.status = 0;  // the default
    CHECK(hawse_server_handshake_reject(server, &rejection) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_server_handshake_next_event(server, &event));
    CHECK(event.kind == HAWSE_HANDSHAKE_EVENT_KIND_FAILED && event.status == 403);
    CHECK(event.cause == HAWSE_CAUSE_REJECTED && event.violation == HAWSE_VIOLATION_NONE);

    size = hawse_server_handshake_write_output(server, place, sizeof place, now);
    CHECK(hawse_server_handshake_wants(server) & HAWSE_WANTS_END_WRITE);
    hawse_server_handshake_write_ended(server, now);
    CHECK(hawse_client_handshake_receive(client, place, size, now) == size);
    CHECK(hawse_client_handshake_next_event(client, &event));
    CHECK(event.kind == HAWSE_HANDSHAKE_EVENT_KIND_RESPONSE && event.status == 403);
    hawse_client_handshake_response(client, &response);
    CHECK(response.body.size == 2 && memcmp(response.body.data, "no", 2) == 0);
    CHECK(is_text(hawse_response_field(&response, "www-authenticate", 16), "Basic"));
    CHECK(hawse_client_handshake_next_event(client, &event));
    CHECK(event.kind == HAWSE_HANDSHAKE_EVENT_KIND_FAILED && event.cause == HAWSE_CAUSE_REFUSED);
    hawse_client_handshake_receive_end(client, HAWSE_TRANSPORT_END_ORDERLY, now);
    CHECK(hawse_client_handshake_next_event(client, &event));
    CHECK(event.kind == HAWSE_HANDSHAKE_EVENT_KIND_CLOSED);
    CHECK(hawse_client_handshake_wants(client) == HAWSE_WANTS_CLOSE);
    hawse_client_handshake_write_ended(client, now);

    hawse_server_handshake_receive_end(server, HAWSE_TRANSPORT_END_ORDERLY, now);
    CHECK(hawse_server_handshake_next_event(server, &event));
    CHECK(event.kind == HAWSE_HANDSHAKE_EVENT_KIND_CLOSED);
    CHECK(hawse_server_handshake_state(server) == HAWSE_HANDSHAKE_STATE_FAILED);
    hawse_client_handshake_destroy(client, config);
    hawse_server_handshake_destroy(server, config);
    return 0;
}

static int times_out(const hawse_config* config) {
    hawse_client_handshake* const client = hawse_client_handshake_create(config, 0);
    hawse_server_handshake* const server = hawse_server_handshake_create(config, 0);
    hawse_handshake_event event = {.size = sizeof event};
    hawse_slice slice;

    hawse_client_handshake_advance(client, hawse_client_handshake_deadline(client));
    CHECK(hawse_client_handshake_next_event(client, &event));
    CHECK(event.cause == HAWSE_CAUSE_OPENING_TIMEOUT);
    hawse_client_handshake_abort(client, 10 * second);

    hawse_server_handshake_advance(server, hawse_server_handshake_deadline(server));
    CHECK(hawse_server_handshake_next_event(server, &event) && event.status == 408);
    CHECK(hawse_server_handshake_gather(server, &slice, 1) == 1 && slice.size > 20);
    hawse_server_handshake_wrote(server, 1, 10 * second);
    CHECK(hawse_server_handshake_output_size(server) == slice.size - 1);
    hawse_server_handshake_abort(server, 10 * second);
    CHECK(hawse_server_handshake_wants(server) == HAWSE_WANTS_CLOSE);
    hawse_client_handshake_destroy(client, config);
    hawse_server_handshake_destroy(server, config);
    return 0;
}

static int fails(const hawse_config* config) {
    const hawse_agreement as_server = {.size = sizeof as_server, .role = HAWSE_ROLE_SERVER};
    hawse_connection* const connection = hawse_connection_create(config, &as_server, 0);
    hawse_event event = {.size = sizeof event};
    const hawse_send checked = {.size = sizeof checked};
    const hawse_send unchecked = {.size = sizeof unchecked,
                                  .text_check = HAWSE_TEXT_CHECK_UNCHECKED};
    uint8_t unmasked[] = {0x81, 0x01, 'a'};
    CHECK(hawse_connection_send(connection, HAWSE_MESSAGE_KIND_TEXT, octets_of("\xff"), 1,
                                &checked) == HAWSE_REFUSAL_INVALID_TEXT);
    CHECK(hawse_connection_send(connection, HAWSE_MESSAGE_KIND_TEXT, octets_of("\xff"), 1,
                                &unchecked) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_connection_receive(connection, unmasked, sizeof unmasked, 0) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_connection_next_event(connection, &event) && event.kind == HAWSE_EVENT_KIND_FAILED);
    CHECK(event.cause == HAWSE_CAUSE_VIOLATION);
    CHECK(event.violation == HAWSE_VIOLATION_MISSING_MASK);
    CHECK(event.code_sent == HAWSE_CLOSE_CODE_PROTOCOL_ERROR);
    CHECK(hawse_connection_state(connection) == HAWSE_STATE_FAILED);
    hawse_connection_abort(connection, 0);
    CHECK(hawse_connection_next_event(connection, &event) && event.kind == HAWSE_EVENT_KIND_CLOSED);
    CHECK(!event.clean);
    hawse_connection_destroy(connection, config);
    return 0;
}

// ---- One message for many ------------------------------------------------------------------------

// To one who compresses, to one who does not, and to nobody. The agreements are larger than this header's.
static int is_shared(const hawse_config* config) {
    static const char text[] = "one message for many, one message for many, one message for many";
    struct later_agreement {
        hawse_agreement known;
        uint64_t unknown;
    } of_server[2];
    const hawse_send always = {.size = sizeof always, .compression = HAWSE_COMPRESSION_ALWAYS};
    const size_t size = sizeof text - 1;
    hawse_prepared_message* message = NULL;
    size_t index;

    memset(of_server, 0, sizeof of_server);
    for (index = 0; index < 2; ++index) {
        of_server[index].known.size = sizeof of_server[index];
        of_server[index].known.role = HAWSE_ROLE_SERVER;
    }
    of_server[1].known.deflate_agreed = true;
    of_server[1].known.deflate_client.window_bits = 15;
    of_server[1].known.deflate_server.window_bits = 9;
    CHECK(hawse_prepare(HAWSE_MESSAGE_KIND_TEXT, octets_of("\xff"), 1, &of_server[0].known, 2,
                        &allocator, config, NULL, &message) == HAWSE_REFUSAL_INVALID_TEXT);
    CHECK(hawse_prepare(HAWSE_MESSAGE_KIND_TEXT, octets_of(text), size, NULL, 0, NULL, config, NULL,
                        &message) == HAWSE_REFUSAL_OUT_OF_MEMORY);
    memory_is_short = true;
    CHECK(hawse_prepare(HAWSE_MESSAGE_KIND_TEXT, octets_of(text), size, &of_server[0].known, 2,
                        &allocator, config, &always, &message) == HAWSE_REFUSAL_OUT_OF_MEMORY);
    memory_is_short = false;
    CHECK(message == NULL);
    CHECK(hawse_prepare(HAWSE_MESSAGE_KIND_TEXT, octets_of(text), size, &of_server[0].known, 2,
                        &allocator, config, &always, &message) == HAWSE_REFUSAL_NONE);
    CHECK(message != NULL && hawse_prepared_message_retain(message) == message);
    hawse_prepared_message_release(message);

    for (index = 0; index < 2; ++index) {
        static uint8_t place[256];
        hawse_agreement of_client = of_server[index].known;
        side server = {.place = NULL}, client = {.place = place,
                                                 .event = {.size = sizeof client.event}};
        of_client.size = sizeof of_client;
        of_client.role = HAWSE_ROLE_CLIENT;
        server.connection = hawse_connection_create(config, &of_server[index].known, 0);
        client.connection = hawse_connection_create(config, &of_client, 0);
        CHECK(server.connection != NULL && client.connection != NULL);
        CHECK(hawse_connection_send_prepared(server.connection, NULL) ==
              HAWSE_REFUSAL_NOTHING_PREPARED);
        CHECK(hawse_connection_send_prepared(server.connection, message) == HAWSE_REFUSAL_NONE);
        if (index == 1) hawse_prepared_message_release(message);  // the connection owns it now
        CHECK((hawse_connection_output_size(server.connection) < size) == (index == 1));
        CHECK(carry(&server, &client, true, 0) && next(&client));
        CHECK(is_payload(&client.event, text, size) && !next(&client));
        hawse_connection_destroy(server.connection, config);
        hawse_connection_destroy(client.connection, config);
    }

    // Without a config there is no compressor, and without agreements nothing to compress for.
    CHECK(hawse_prepare(HAWSE_MESSAGE_KIND_BINARY, NULL, 0, NULL, 0, &allocator, NULL, NULL,
                        &message) == HAWSE_REFUSAL_NONE);
    hawse_prepared_message_release(message);
    hawse_prepared_message_release(NULL);
    CHECK(hawse_prepared_message_retain(NULL) == NULL);
    return 0;
}

// A page on the port of the WebSockets, and who asks for it in parts.
static int is_plain(const hawse_config* config) {
    static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n";
    hawse_server_handshake* const server = hawse_server_handshake_create(config, 0);
    hawse_handshake_event event = {.size = sizeof event};
    hawse_request request = {.size = sizeof request};
    CHECK(hawse_server_handshake_receive(server, octets_of(head), sizeof head - 1, 0) ==
          sizeof head - 1);
    CHECK(hawse_server_handshake_next_event(server, &event));
    CHECK(event.kind == HAWSE_HANDSHAKE_EVENT_KIND_REQUEST);
    hawse_server_handshake_request(server, &request);
    CHECK(request.plain && request.expects_continue && request.key.size == 0);
    CHECK(hawse_server_handshake_accept(server, NULL) == HAWSE_REFUSAL_PLAIN_REQUEST);
    hawse_server_handshake_destroy(server, config);
    return 0;
}

static int is_secure(const hawse_config* config) {
    hawse_client_handshake* const client = hawse_client_handshake_create(config, 0);
    hawse_client_request wanted = {.size = sizeof wanted, .secure = true, .port = 443};
    static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\n";
    hawse_slice slice;
    wanted.host = text_of("a");
    CHECK(hawse_client_handshake_start(client, &wanted) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_client_handshake_gather(client, &slice, 1) == 1);
    CHECK(memcmp(slice.data, head, sizeof head - 1) == 0);  // 443 is the default
    hawse_client_handshake_destroy(client, config);
    return 0;
}

static int goes_otherwise(void) {
    hawse_pool* const pool = hawse_pool_create(&allocator, 0, NULL);
    hawse_options options;
    hawse_config* config;
    uint8_t state = 1;
    options = options_for(pool, &state);
    options.surface_plain_requests = true;
    config = hawse_config_create(&options);
    CHECK(is_plain(config) == 0);
    CHECK(is_secure(config) == 0);
    CHECK(is_rejected(config) == 0);
    CHECK(times_out(config) == 0);
    CHECK(fails(config) == 0);
    CHECK(is_shared(config) == 0);
    hawse_config_destroy(config);
    hawse_pool_destroy(pool);
    CHECK(memory_out == 0);
    return 0;
}

int main(void) {
    CHECK(leased() == 0);
    CHECK(in_own_storage() == 0);
    CHECK(goes_otherwise() == 0);
    return 0;
}
