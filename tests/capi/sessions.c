// SPDX-License-Identifier: MIT
// Sessions in C99, both roles in one process: opening and conversation as one object, large messages read
// where they are assembled, frames relayed undecoded. Then openings from the fields of HTTP/2, and the
// waits of a client that comes back.
#include "check.h"
#include "host.h"

#include "hawse/hawse.h"

#include <string.h>

enum { large_size = 100000, wire_size = large_size + 14 };

typedef struct side {
    hawse_session* session;
    hawse_connection* connection;  // from `opened` on
    uint8_t place[4096];           // what arrives lies here until the other side writes again
    hawse_event event;             // the newest
} side;

static side sides(hawse_session* session) {
    side made = {.session = session};
    made.event.size = sizeof made.event;
    return made;
}

static bool next(side* from) { return hawse_session_next_event(from->session, &from->event); }

static bool is_next(side* from, hawse_event_kind kind) { return next(from) && from->event.kind == kind; }

static bool carry(side* from, side* to, int64_t now) {
    const size_t size = hawse_session_write_output(from->session, to->place, sizeof to->place, now);
    return size != 0 && hawse_session_output_size(from->session) == 0 &&
           hawse_session_receive(to->session, to->place, size, now) == HAWSE_REFUSAL_NONE;
}

// ---- Opening -------------------------------------------------------------------------------------

static int asks(side* client, side* server, const char* extensions, int64_t now) {
    const hawse_view offered[2] = {hawse_view_of("chat", 4), hawse_view_of("superchat", 9)};
    hawse_client_request wanted = {.size = sizeof wanted, .reserved_bits = HAWSE_RSV1};
    hawse_request request = {.size = sizeof request};
    wanted.host = text_of("localhost");
    wanted.target = text_of("/room");
    wanted.subprotocols = offered;
    wanted.subprotocol_count = 2;
    wanted.relayed_extensions = text_of(extensions);

    CHECK(hawse_session_wants(server->session) == HAWSE_WANTS_READ);
    CHECK(hawse_session_deadline(server->session) == now + 10 * second);
    CHECK(hawse_session_start(server->session, &wanted) == HAWSE_REFUSAL_WRONG_ROLE);
    CHECK(hawse_session_start(client->session, &wanted) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_session_wants(client->session) & HAWSE_WANTS_WRITE);
    CHECK(hawse_session_connection(client->session) == NULL);
    CHECK(carry(client, server, now));
    CHECK(is_next(server, HAWSE_EVENT_KIND_REQUEST) && !next(server));
    hawse_session_request(server->session, &request);
    CHECK(is_text(request.method, "GET") && is_text(request.resource, "/room"));
    CHECK(is_text(hawse_request_field(&request, "Sec-WebSocket-Extensions", 24), extensions));
    CHECK(hawse_request_offers_subprotocol(&request, "superchat", 9));
    return 0;
}

static int opens(side* client, side* server, const char* extensions, int64_t now) {
    hawse_acceptance acceptance = {.size = sizeof acceptance, .reserved_bits = HAWSE_RSV1};
    hawse_agreement agreement = {.size = sizeof agreement};
    hawse_request request = {.size = sizeof request};
    hawse_response response = {.size = sizeof response};
    hawse_field program;

    CHECK(asks(client, server, extensions, now) == 0);
    program.name = hawse_view_of("Server", 6);
    program.value = hawse_view_of("small", 5);
    acceptance.subprotocol = text_of("superchat");
    acceptance.fields = &program;
    acceptance.field_count = 1;
    acceptance.relayed_extensions = text_of("never-heard-of");
    CHECK(hawse_session_accept(server->session, &acceptance) == HAWSE_REFUSAL_EXTENSION_NOT_OFFERED);
    acceptance.relayed_extensions = text_of(extensions);
    CHECK(hawse_session_connection(server->session) == NULL);
    CHECK(hawse_session_accept(server->session, &acceptance) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_session_connection(server->session) != NULL);
    CHECK(hawse_session_accept(server->session, NULL) == HAWSE_REFUSAL_NOT_DECIDING);
    CHECK(is_next(server, HAWSE_EVENT_KIND_OPENED) && hawse_session_status(server->session) == 101);
    hawse_session_agreement(server->session, &agreement);
    CHECK(agreement.role == HAWSE_ROLE_SERVER && is_text(agreement.subprotocol, "superchat"));
    CHECK(is_text(agreement.extensions, extensions) && agreement.reserved_bits == HAWSE_RSV1);
    CHECK(!next(server) && carry(server, client, now));

    CHECK(is_next(client, HAWSE_EVENT_KIND_RESPONSE) && hawse_session_status(client->session) == 101);
    hawse_session_response(client->session, &response);
    CHECK(response.status == 101 && is_text(hawse_response_field(&response, "server", 6), "small"));
    CHECK(is_next(client, HAWSE_EVENT_KIND_OPENED));
    hawse_session_agreement(client->session, &agreement);
    CHECK(agreement.role == HAWSE_ROLE_CLIENT && is_text(agreement.subprotocol, "superchat"));
    CHECK(is_text(agreement.extensions, extensions) && agreement.reserved_bits == HAWSE_RSV1);
    CHECK(!next(client));

    hawse_session_request(server->session, &request);  // seen, answered, and given back
    CHECK(request.method.size == 0 && request.field_count == 0);
    client->connection = hawse_session_connection(client->session);
    server->connection = hawse_session_connection(server->session);
    CHECK(client->connection != NULL && server->connection != NULL);
    CHECK(hawse_session_deadline(client->session) == HAWSE_NEVER);
    return 0;
}

// ---- A conversation ------------------------------------------------------------------------------

static int converses(side* client, side* server, int64_t now) {
    hawse_mutable_octets untouched;
    hawse_slice slices[4];
    CHECK(hawse_connection_send(client->connection, HAWSE_MESSAGE_KIND_TEXT, octets_of("ahoy"), 4,
                                NULL) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_connection_ping(client->connection, octets_of("?"), 1) == HAWSE_REFUSAL_NONE);
    CHECK(carry(client, server, now));
    CHECK(is_next(server, HAWSE_EVENT_KIND_PING));
    untouched = hawse_session_unread(server->session);
    CHECK(untouched.size == 6 + 4 && !next(server));
    CHECK(hawse_session_receive(server->session, untouched.data, untouched.size, now) ==
          HAWSE_REFUSAL_NONE);
    CHECK(is_next(server, HAWSE_EVENT_KIND_MESSAGE) && is_payload(&server->event, "ahoy", 4));
    CHECK(!next(server));

    CHECK(hawse_session_gather(server->session, slices, 4) == 1 && slices[0].size == 3);
    memcpy(client->place, slices[0].data, 3);
    hawse_session_handed_over(server->session, 3, now);
    CHECK(hawse_session_gather(server->session, slices, 4) == 0);
    CHECK(hawse_session_output_size(server->session) == 3);
    hawse_session_reusable(server->session, 3);
    CHECK(hawse_session_output_size(server->session) == 0);
    CHECK(hawse_session_receive(client->session, client->place, 3, now) == HAWSE_REFUSAL_NONE);
    CHECK(is_next(client, HAWSE_EVENT_KIND_PONG) && is_payload(&client->event, "?", 1));
    CHECK(!next(client));
    return 0;
}

static int closes(side* client, side* server, int64_t now) {
    hawse_slice slice;
    CHECK(hawse_session_close(client->session, HAWSE_CLOSE_CODE_NORMAL, "done", 4) ==
          HAWSE_REFUSAL_NONE);
    CHECK(hawse_session_gather(client->session, &slice, 1) == 1);
    memcpy(server->place, slice.data, slice.size);
    CHECK(hawse_session_receive(server->session, server->place, slice.size, now) ==
          HAWSE_REFUSAL_NONE);
    hawse_session_wrote(client->session, slice.size, now);
    CHECK(hawse_session_output_size(client->session) == 0);
    CHECK(hawse_session_deadline(client->session) == now + 10 * second);
    CHECK(is_next(server, HAWSE_EVENT_KIND_CLOSING) && is_payload(&server->event, "done", 4));
    CHECK(!next(server) && carry(server, client, now));
    CHECK(is_next(client, HAWSE_EVENT_KIND_CLOSING) && !next(client));
    CHECK(hawse_session_wants(server->session) & HAWSE_WANTS_END_WRITE);
    hawse_session_write_ended(server->session, now);
    CHECK(hawse_session_wants(server->session) == HAWSE_WANTS_READ);

    hawse_session_receive_end(client->session, HAWSE_TRANSPORT_END_ORDERLY, now);
    CHECK(is_next(client, HAWSE_EVENT_KIND_CLOSED) && client->event.clean);
    CHECK(hawse_session_wants(client->session) == HAWSE_WANTS_CLOSE);
    hawse_session_advance(server->session, now + 2 * second);
    CHECK(is_next(server, HAWSE_EVENT_KIND_CLOSED) && server->event.clean && !next(server));
    CHECK(hawse_session_wants(server->session) == HAWSE_WANTS_CLOSE);
    return 0;
}

// ---- Landing -------------------------------------------------------------------------------------

// Its first 1000 octets arrive as any do; `wire` is where the rest comes from.
static int announces(side* from, side* to, const uint8_t* octets, uint8_t* wire, int64_t now) {
    CHECK(hawse_connection_send(from->connection, HAWSE_MESSAGE_KIND_BINARY, octets, large_size,
                                NULL) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_session_write_output(from->session, wire, wire_size, now) == large_size + 10);
    CHECK(hawse_session_landing(to->session).size == 0);
    CHECK(hawse_connection_announced_size(to->connection) == 0);
    CHECK(hawse_connection_land_in(to->connection, wire, large_size) ==
          HAWSE_REFUSAL_NO_MESSAGE_IN_PROGRESS);
    memcpy(to->place, wire, 1000);
    CHECK(hawse_session_receive(to->session, to->place, 1000, now) == HAWSE_REFUSAL_NONE);
    CHECK(!next(to) && hawse_connection_announced_size(to->connection) == large_size);
    CHECK(hawse_connection_frame_left(to->connection) == large_size - 990);
    return 0;
}

static int lands(side* from, side* to, int64_t now) {
    static uint8_t octets[large_size], own[large_size], wire[wire_size];
    const uint8_t* const end = wire + large_size + 10;
    const uint8_t* at = wire + 1000;
    hawse_mutable_octets landing;
    size_t index;
    for (index = 0; index < large_size; ++index) octets[index] = (uint8_t)(index * 7 + index / 251);

    CHECK(announces(from, to, octets, wire, now) == 0);
    while (at != end) {
        landing = hawse_session_landing(to->session);
        CHECK(landing.size != 0 && landing.size <= (size_t)(end - at));
        memcpy(landing.data, at, landing.size);
        at += landing.size;
        hawse_session_landed(to->session, landing.size, now);
        CHECK(next(to) == (at == end));
    }
    CHECK(to->event.kind == HAWSE_EVENT_KIND_MESSAGE && !to->event.in_place);
    CHECK(is_payload(&to->event, octets, large_size) && !next(to));

    CHECK(announces(from, to, octets, wire, now) == 0);
    CHECK(hawse_connection_land_in(to->connection, own, large_size - 1) ==
          HAWSE_REFUSAL_PLACE_TOO_SMALL);
    CHECK(hawse_connection_land_in(to->connection, own, large_size) == HAWSE_REFUSAL_NONE);
    landing = hawse_connection_landing(to->connection);
    CHECK(landing.data == own + 990 && landing.size == large_size - 990);
    memcpy(landing.data, wire + 1000, landing.size);
    hawse_connection_landed(to->connection, landing.size, now);
    CHECK(is_next(to, HAWSE_EVENT_KIND_MESSAGE) && to->event.in_place);
    CHECK(to->event.payload.data == own && is_payload(&to->event, octets, large_size) && !next(to));
    return 0;
}

// ---- Relaying ------------------------------------------------------------------------------------

static hawse_refusal passes_on(side* relay) {
    return hawse_connection_send_frame(relay->connection, relay->event.first_octet,
                                       relay->event.payload.data, relay->event.payload.size,
                                       hawse_connection_frame_left(relay->connection));
}

// One frame in two pieces to the server, which passes on what it is told, undecoded, to the client.
static int relays(side* client, side* server, int64_t now) {
    const uint8_t compressed = HAWSE_FIN | HAWSE_RSV1 | HAWSE_OPCODE_TEXT;
    CHECK(hawse_connection_send_frame(client->connection, compressed | HAWSE_RSV2, NULL, 0, 0) ==
          HAWSE_REFUSAL_INVALID_FRAME);
    CHECK(hawse_connection_send_frame(client->connection, compressed, octets_of("\xff\xfe"), 2, 3) ==
          HAWSE_REFUSAL_NONE);
    CHECK(carry(client, server, now));
    CHECK(is_next(server, HAWSE_EVENT_KIND_FRAME) && server->event.first_octet == compressed);
    CHECK(server->event.message_kind == HAWSE_MESSAGE_KIND_TEXT);
    CHECK(server->event.first && !server->event.last && is_payload(&server->event, "\xff\xfe", 2));
    CHECK(hawse_connection_frame_left(server->connection) == 3);
    CHECK(passes_on(server) == HAWSE_REFUSAL_NONE && !next(server));

    CHECK(hawse_connection_send_frame(client->connection, compressed, octets_of("now"), 3, 1) ==
          HAWSE_REFUSAL_INVALID_FRAME);
    CHECK(hawse_connection_send_frame(client->connection, compressed, octets_of("now"), 3, 0) ==
          HAWSE_REFUSAL_NONE);
    CHECK(carry(client, server, now));
    CHECK(is_next(server, HAWSE_EVENT_KIND_FRAME) && server->event.first_octet == compressed);
    CHECK(!server->event.first && server->event.last && is_payload(&server->event, "now", 3));
    CHECK(passes_on(server) == HAWSE_REFUSAL_NONE && !next(server));

    CHECK(carry(server, client, now));
    CHECK(client->place[0] == compressed && client->place[1] == 5);
    CHECK(is_next(client, HAWSE_EVENT_KIND_FRAME) && client->event.first && client->event.last);
    CHECK(is_payload(&client->event, "\xff\xfenow", 5) && client->event.in_place && !next(client));
    return 0;
}

// ---- Both ways of making them --------------------------------------------------------------------

static int in_own_storage(const hawse_config* config) {
    uint64_t client_place[HAWSE_SESSION_SIZE / 8], server_place[HAWSE_SESSION_SIZE / 8];
    const int64_t now = -second;  // any origin
    side client, server;
    CHECK(hawse_session_init(client_place, hawse_session_size() - 1, config, HAWSE_ROLE_CLIENT,
                             now) == NULL);
    client = sides(hawse_session_init(client_place, sizeof client_place, config, HAWSE_ROLE_CLIENT,
                                      now));
    server = sides(hawse_session_init(server_place, sizeof server_place, config, HAWSE_ROLE_SERVER,
                                      now));
    CHECK(client.session != NULL && server.session != NULL);
    CHECK(opens(&client, &server, "bzip", now) == 0);
    CHECK(converses(&client, &server, now) == 0);
    CHECK(lands(&server, &client, now) == 0);
    CHECK(closes(&client, &server, now) == 0);
    hawse_session_deinit(client.session);
    hawse_session_deinit(server.session);
    return 0;
}

static int leased(const hawse_config* config) {
    side client = sides(hawse_session_create(config, HAWSE_ROLE_CLIENT, 0));
    side server = sides(hawse_session_create(config, HAWSE_ROLE_SERVER, 0));
    CHECK(client.session != NULL && server.session != NULL);
    CHECK(opens(&client, &server, "bzip; level=9", 0) == 0);
    CHECK(relays(&client, &server, 0) == 0);
    CHECK(closes(&client, &server, 0) == 0);
    hawse_session_destroy(client.session, config);
    hawse_session_destroy(server.session, config);
    hawse_session_destroy(NULL, config);
    return 0;
}

static int does_not_open(const hawse_config* config) {
    side client = sides(hawse_session_create(config, HAWSE_ROLE_CLIENT, 0));
    side server = sides(hawse_session_create(config, HAWSE_ROLE_SERVER, 0));
    hawse_rejection rejection = {.size = sizeof rejection, .status = 401};
    CHECK(asks(&client, &server, "", 0) == 0);
    rejection.body.data = octets_of("no");
    rejection.body.size = 2;
    CHECK(hawse_session_reject(server.session, &rejection) == HAWSE_REFUSAL_NONE);
    CHECK(is_next(&server, HAWSE_EVENT_KIND_FAILED) && server.event.cause == HAWSE_CAUSE_REJECTED);
    CHECK(carry(&server, &client, 0) && hawse_session_connection(server.session) == NULL);
    CHECK(is_next(&client, HAWSE_EVENT_KIND_RESPONSE) && hawse_session_status(client.session) == 401);
    CHECK(is_next(&client, HAWSE_EVENT_KIND_FAILED) && client.event.cause == HAWSE_CAUSE_REFUSED);
    CHECK(is_next(&client, HAWSE_EVENT_KIND_CLOSED) && !next(&client));
    CHECK(hawse_session_wants(client.session) == HAWSE_WANTS_CLOSE && !next(&server));
    hawse_session_abort(server.session, 0);
    CHECK(is_next(&server, HAWSE_EVENT_KIND_CLOSED) && !next(&server));
    hawse_session_destroy(client.session, config);
    hawse_session_destroy(server.session, config);
    return 0;
}

static int is_given_up(const hawse_config* config) {
    side client = sides(hawse_session_create(config, HAWSE_ROLE_CLIENT, 0));
    side server = sides(hawse_session_create(config, HAWSE_ROLE_SERVER, 0));
    CHECK(asks(&client, &server, "", 0) == 0);
    CHECK(hawse_session_close(server.session, HAWSE_CLOSE_CODE_NO_CODE, "why", 3) ==
          HAWSE_REFUSAL_NONE);  // there is nobody yet whom the reason could be told
    CHECK(carry(&server, &client, 0) && hawse_session_connection(server.session) == NULL);
    CHECK(is_next(&client, HAWSE_EVENT_KIND_RESPONSE) && hawse_session_status(client.session) == 503);
    hawse_session_destroy(client.session, config);
    hawse_session_destroy(server.session, config);
    return 0;
}

// ---- Openings from the fields of HTTP/2 ----------------------------------------------------------

static int asks_over_http2(hawse_client_opening* client, hawse_request_head* head) {
    const hawse_response_head none = {.size = sizeof none};
    hawse_handshake_event event = {.size = sizeof event};
    hawse_client_request wanted = {.size = sizeof wanted, .secure = true};
    hawse_fields fields;
    CHECK(!hawse_client_opening_judge(client, &none, &event));  // nothing was asked
    CHECK(hawse_client_opening_method(client).size == 0);
    wanted.host = text_of("localhost");
    wanted.target = text_of("/room");
    wanted.relayed_extensions = text_of("bzip");
    wanted.reserved_bits = HAWSE_RSV2;
    CHECK(hawse_client_opening_start(client, &wanted, HAWSE_TRANSPORT_HTTP2) == HAWSE_REFUSAL_NONE);
    CHECK(is_text(hawse_client_opening_method(client), "CONNECT"));
    CHECK(is_text(hawse_client_opening_target(client), "/room"));
    fields = hawse_client_opening_fields(client);
    CHECK(fields.count > 5 && is_text(hawse_text_of(fields.data[0].name), ":method"));
    head->transport = HAWSE_TRANSPORT_HTTP2;
    head->fields = fields.data;
    head->field_count = fields.count;
    return 0;
}

static int answers_over_http2(hawse_server_opening* server, const hawse_request_head* head,
                              hawse_response_head* answer) {
    hawse_acceptance acceptance = {.size = sizeof acceptance, .reserved_bits = HAWSE_RSV2};
    hawse_request request = {.size = sizeof request};
    hawse_fields fields;
    CHECK(hawse_server_opening_status(server) == 0);
    CHECK(hawse_server_opening_judge(server, head) == HAWSE_VIOLATION_NONE);
    hawse_server_opening_request(server, &request);
    CHECK(is_text(request.resource, "/room") && is_text(request.authority, "localhost"));
    CHECK(request.key.size == 0);
    acceptance.relayed_extensions = text_of("bzip");
    CHECK(hawse_server_opening_accept(server, &acceptance) == HAWSE_REFUSAL_NONE);
    CHECK(hawse_server_opening_status(server) == 200);
    fields = hawse_server_opening_fields(server);
    CHECK(fields.count == 2 && is_text(hawse_text_of(fields.data[0].name), ":status"));
    answer->transport = HAWSE_TRANSPORT_HTTP2;
    answer->fields = fields.data;
    answer->field_count = fields.count;
    return 0;
}

static int judges_alone(const hawse_config* config, const hawse_request_head* head,
                        const hawse_response_head* answer) {
    hawse_request request = {.size = sizeof request};
    hawse_offer offer = {.size = sizeof offer, .reserved_bits = HAWSE_RSV3};
    hawse_agreement agreement = {.size = sizeof agreement};
    hawse_request_head over_http1 = *head;
    CHECK(hawse_judge_request(head, config, &request) == HAWSE_VIOLATION_NONE);
    over_http1.transport = HAWSE_TRANSPORT_HTTP1;
    over_http1.method = text_of("CONNECT");
    CHECK(hawse_judge_request(&over_http1, config, &request) == HAWSE_VIOLATION_METHOD_NOT_GET);
    CHECK(hawse_judge_response(answer, &offer, config, &agreement) ==
          HAWSE_VIOLATION_RESPONSE_UNOFFERED_EXTENSION);
    offer.extensions = text_of("zip, bzip");
    CHECK(hawse_judge_response(answer, &offer, config, &agreement) == HAWSE_VIOLATION_NONE);
    CHECK(is_text(agreement.extensions, "bzip") && agreement.reserved_bits == HAWSE_RSV3);
    return 0;
}

static int relays_what_was_agreed(const hawse_config* config, const hawse_agreement* agreement) {
    const uint8_t first = HAWSE_FIN | HAWSE_OPCODE_BINARY;
    hawse_connection* const connection = hawse_connection_create(config, agreement, 0);
    CHECK(hawse_connection_send_frame(connection, first | HAWSE_RSV1, NULL, 0, 0) ==
          HAWSE_REFUSAL_INVALID_FRAME);
    CHECK(hawse_connection_send_frame(connection, first | HAWSE_RSV2, NULL, 0, 0) ==
          HAWSE_REFUSAL_NONE);
    hawse_connection_destroy(connection, config);
    return 0;
}

static int opens_over_http2(const hawse_config* config) {
    uint64_t client_place[HAWSE_CLIENT_OPENING_SIZE / 8], server_place[HAWSE_SERVER_OPENING_SIZE / 8];
    hawse_client_opening* const client =
        hawse_client_opening_init(client_place, sizeof client_place, config);
    hawse_server_opening* const server =
        hawse_server_opening_init(server_place, sizeof server_place, config);
    hawse_request_head head = {.size = sizeof head};
    hawse_response_head answer = {.size = sizeof answer}, interim;
    hawse_handshake_event event = {.size = sizeof event};
    hawse_agreement agreements[2] = {{.size = sizeof agreements[0]}, {.size = sizeof agreements[1]}};

    CHECK(hawse_client_opening_init(client_place, hawse_client_opening_size() - 1, config) == NULL);
    CHECK(hawse_server_opening_init(server_place, hawse_server_opening_size() - 1, config) == NULL);
    CHECK(asks_over_http2(client, &head) == 0);
    CHECK(answers_over_http2(server, &head, &answer) == 0);
    CHECK(judges_alone(config, &head, &answer) == 0);
    interim = answer;
    interim.status = 103;
    interim.field_count = 0;
    CHECK(!hawse_client_opening_judge(client, &interim, &event));
    CHECK(event.kind == HAWSE_HANDSHAKE_EVENT_KIND_NONE);
    CHECK(hawse_client_opening_judge(client, &answer, &event));
    CHECK(event.kind == HAWSE_HANDSHAKE_EVENT_KIND_OPENED && event.status == 200);
    hawse_client_opening_agreement(client, &agreements[0]);
    hawse_server_opening_agreement(server, &agreements[1]);
    CHECK(agreements[0].role == HAWSE_ROLE_CLIENT && agreements[1].role == HAWSE_ROLE_SERVER);
    CHECK(agreements[0].reserved_bits == HAWSE_RSV2 && agreements[1].reserved_bits == HAWSE_RSV2);
    CHECK(is_text(agreements[0].extensions, "bzip") && is_text(agreements[1].extensions, "bzip"));
    CHECK(relays_what_was_agreed(config, &agreements[1]) == 0);
    hawse_client_opening_deinit(client);
    hawse_server_opening_deinit(server);
    return 0;
}

static int refuses_over_http2(const hawse_config* config) {
    hawse_client_opening* const client = hawse_client_opening_create(config);
    hawse_server_opening* const server = hawse_server_opening_create(config);
    hawse_request_head head = {.size = sizeof head};
    hawse_response_head answer = {.size = sizeof answer};
    hawse_handshake_event event = {.size = sizeof event};
    hawse_fields fields;
    CHECK(client != NULL && server != NULL && asks_over_http2(client, &head) == 0);
    head.fields += 1;  // without :method
    head.field_count -= 1;
    CHECK(hawse_server_opening_judge(server, &head) == HAWSE_VIOLATION_MISSING_PSEUDO_FIELD);
    CHECK(hawse_server_opening_status(server) == 400);
    CHECK(hawse_server_opening_accept(server, NULL) == HAWSE_REFUSAL_NOT_DECIDING);
    fields = hawse_server_opening_fields(server);
    answer.fields = fields.data;
    answer.field_count = fields.count;
    CHECK(hawse_client_opening_judge(client, &answer, &event));
    CHECK(event.kind == HAWSE_HANDSHAKE_EVENT_KIND_FAILED && event.status == 400);
    CHECK(event.cause == HAWSE_CAUSE_REFUSED);
    hawse_client_opening_destroy(client, config);
    hawse_server_opening_destroy(server, config);
    hawse_client_opening_destroy(NULL, config);
    return 0;
}

// ---- Compression, as it is agreed ----------------------------------------------------------------

// What comes of asking and answering with or without it: whether both sides have agreed, and on the same.
static int compresses(const hawse_config* config, bool asks_without, bool answers_without,
                      hawse_agreement* agreed) {
    hawse_client_opening* const client = hawse_client_opening_create(config);
    hawse_server_opening* const server = hawse_server_opening_create(config);
    hawse_client_request wanted = {.size = sizeof wanted, .no_deflate = asks_without};
    hawse_acceptance acceptance = {.size = sizeof acceptance, .no_deflate = answers_without};
    hawse_request_head head = {.size = sizeof head, .transport = HAWSE_TRANSPORT_HTTP3};
    hawse_response_head answer = {.size = sizeof answer};
    hawse_handshake_event event = {.size = sizeof event};
    hawse_agreement clients = {.size = sizeof clients};
    hawse_fields fields;
    wanted.host = text_of("localhost");
    CHECK(hawse_client_opening_start(client, &wanted, HAWSE_TRANSPORT_HTTP3) == HAWSE_REFUSAL_NONE);
    fields = hawse_client_opening_fields(client);
    head.fields = fields.data;
    head.field_count = fields.count;
    CHECK(hawse_server_opening_judge(server, &head) == HAWSE_VIOLATION_NONE);
    CHECK(hawse_server_opening_accept(server, &acceptance) == HAWSE_REFUSAL_NONE);
    fields = hawse_server_opening_fields(server);
    answer.fields = fields.data;
    answer.field_count = fields.count;
    CHECK(hawse_client_opening_judge(client, &answer, &event));
    CHECK(event.kind == HAWSE_HANDSHAKE_EVENT_KIND_OPENED);
    hawse_client_opening_agreement(client, &clients);
    hawse_server_opening_agreement(server, agreed);
    CHECK(clients.deflate_agreed == agreed->deflate_agreed);
    CHECK(clients.deflate_client.window_bits == agreed->deflate_client.window_bits);
    CHECK(clients.deflate_server.window_bits == agreed->deflate_server.window_bits);
    CHECK(clients.deflate_client.takeover == agreed->deflate_client.takeover);
    CHECK(clients.deflate_server.takeover == agreed->deflate_server.takeover);
    hawse_client_opening_destroy(client, config);
    hawse_server_opening_destroy(server, config);
    return 0;
}

static int agrees_on_compression(hawse_options options) {
    hawse_agreement agreed = {.size = sizeof agreed};
    const hawse_send plain = {.size = sizeof plain, .compression = HAWSE_COMPRESSION_NONE};
    const hawse_field accepted = {
        hawse_view_of("Sec-WebSocket-Extensions", 24),
        hawse_view_of("permessage-deflate; client_max_window_bits=9", 44)};
    const hawse_response_head answer = {.size = sizeof answer,
                                        .status = 200,
                                        .transport = HAWSE_TRANSPORT_HTTP2,
                                        .fields = &accepted,
                                        .field_count = 1};
    hawse_offer offer = {.size = sizeof offer};
    hawse_connection* connection;
    hawse_config* config;
    options.deflate_enabled = true;
    options.deflate_send.window_bits = 12;
    options.deflate_receive.window_bits = 10;
    options.deflate_receive.takeover = false;
    config = hawse_config_create(&options);
    CHECK(compresses(config, false, false, &agreed) == 0 && agreed.deflate_agreed);
    CHECK(agreed.deflate_client.window_bits == 10 && !agreed.deflate_client.takeover);
    CHECK(agreed.deflate_server.window_bits == 10 && !agreed.deflate_server.takeover);
    connection = hawse_connection_create(config, &agreed, 0);
    CHECK(hawse_connection_send(connection, HAWSE_MESSAGE_KIND_TEXT, (const uint8_t*)"x", 1,
                                &plain) == HAWSE_REFUSAL_NONE);
    hawse_connection_destroy(connection, config);
    CHECK(compresses(config, true, false, &agreed) == 0 && !agreed.deflate_agreed);
    CHECK(compresses(config, false, true, &agreed) == 0 && !agreed.deflate_agreed);

    offer.deflate = text_of("permessage-deflate");
    CHECK(hawse_judge_response(&answer, &offer, config, &agreed) ==
          HAWSE_VIOLATION_RESPONSE_UNSUPPORTED_DEFLATE);
    offer.deflate = text_of("permessage-deflate; client_max_window_bits");
    CHECK(hawse_judge_response(&answer, &offer, config, &agreed) == HAWSE_VIOLATION_NONE);
    CHECK(agreed.deflate_agreed && agreed.deflate_client.window_bits == 9);
    hawse_config_destroy(config);
    return 0;
}

// ---- Coming back ---------------------------------------------------------------------------------

static int backs_off(const hawse_config* config) {
    static const int64_t ends[] = {5, 10, 20, 40, 60, 60};
    const hawse_backoff_options all_defaults = {.size = sizeof all_defaults};
    hawse_backoff_options options = {.size = sizeof options};
    hawse_backoff backoff, copied;
    int64_t wait = -1;
    uint32_t index;
    hawse_backoff_init(&backoff, NULL, NULL);
    for (index = 0; index < 6; ++index) {
        CHECK(hawse_backoff_attempt_count(&backoff) == index);
        CHECK(hawse_backoff_next(&backoff, &wait) && wait == ends[index] * second);
    }
    hawse_backoff_succeeded(&backoff);
    CHECK(hawse_backoff_attempt_count(&backoff) == 0);

    options.first = second;
    options.most = 8 * second;
    options.factor = 10;
    options.attempt_count_max = 2;
    hawse_backoff_init(&backoff, &options, NULL);
    copied = backoff;
    CHECK(hawse_backoff_next(&backoff, &wait) && wait == second);
    CHECK(hawse_backoff_next(&backoff, &wait) && wait == 8 * second);
    CHECK(!hawse_backoff_next(&backoff, &wait) && wait == 8 * second);
    CHECK(hawse_backoff_next(&copied, &wait) && wait == second);

    hawse_backoff_init(&backoff, &all_defaults, config);
    CHECK(hawse_backoff_next(&backoff, &wait) && wait > 0 && wait < 5 * second);
    CHECK(hawse_backoff_next(&backoff, &wait) && wait > 5 * second && wait < 10 * second);
    CHECK(hawse_is_code_worth_reconnecting(HAWSE_CLOSE_CODE_ABNORMAL));
    CHECK(!hawse_is_code_worth_reconnecting(HAWSE_CLOSE_CODE_NORMAL));
    CHECK(hawse_is_status_worth_reconnecting(503) && !hawse_is_status_worth_reconnecting(404));
    return 0;
}

static int is_called(void) {
    CHECK(strcmp(hawse_name_of_state(HAWSE_STATE_FAILED), "failed") == 0);
    CHECK(strcmp(hawse_name_of_event_kind(HAWSE_EVENT_KIND_FRAME), "frame") == 0);
    CHECK(strcmp(hawse_name_of_refusal(HAWSE_REFUSAL_WRONG_ROLE), "wrong_role") == 0);
    CHECK(strcmp(hawse_name_of_violation(HAWSE_VIOLATION_DIFFERING_HOST), "differing_host") == 0);
    return 0;
}

int main(void) {
    uint8_t state = 1;
    hawse_pool* const pool = hawse_pool_create(&allocator, HAWSE_POOL_KEPT_SIZE_MAX, NULL);
    hawse_options options = options_for(pool, &state);
    hawse_config* const config = hawse_config_create(&options);
    hawse_config* relay_config;
    options.delivery = HAWSE_DELIVERY_FRAMES;
    relay_config = hawse_config_create(&options);
    CHECK(config != NULL && relay_config != NULL);

    CHECK(in_own_storage(config) == 0);
    CHECK(leased(relay_config) == 0);
    CHECK(does_not_open(config) == 0);
    CHECK(is_given_up(config) == 0);
    CHECK(opens_over_http2(relay_config) == 0);
    CHECK(refuses_over_http2(relay_config) == 0);
    CHECK(agrees_on_compression(options_for(pool, &state)) == 0);
    CHECK(backs_off(config) == 0);
    CHECK(is_called() == 0);

    hawse_config_destroy(relay_config);
    hawse_pool_trim(pool);
    memory_is_short = true;
    CHECK(hawse_session_create(config, HAWSE_ROLE_CLIENT, 0) == NULL);
    CHECK(hawse_client_opening_create(config) == NULL);
    CHECK(hawse_server_opening_create(config) == NULL);
    memory_is_short = false;
    hawse_config_destroy(config);
    CHECK(hawse_pool_leased_size(pool) == 0);
    hawse_pool_destroy(pool);
    CHECK(memory_out == 0);
    return 0;
}
