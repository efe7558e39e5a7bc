// SPDX-License-Identifier: MIT
// C: the opening handshake, from octets and from parsed fields. Lists of fields and subprotocols go
// through uncopied: a hawse_field is a Field, a hawse_view a string_view.
#include "hawse/handshake.hpp"

#include "capi/objects.hpp"

#include <bit>
#include <type_traits>

using namespace hawse;

namespace {

static_assert(sizeof(hawse_view) == sizeof(std::string_view));
static_assert(alignof(hawse_view) == alignof(std::string_view));
static_assert(sizeof(hawse_field) == sizeof(Field));
static_assert(alignof(hawse_field) == alignof(Field));
static_assert(offsetof(hawse_field, value) == offsetof(Field, value));
static_assert(sizeof(hawse_token_list) == sizeof(TokenList));
static_assert(std::is_trivially_copyable_v<TokenList>);

std::span<const Field> fields_of(const hawse_field* fields, std::size_t count) noexcept {
    return {reinterpret_cast<const Field*>(fields), count};
}

const hawse_field* shown(std::span<const Field> fields) noexcept {
    return reinterpret_cast<const hawse_field*>(fields.data());
}

std::span<const std::string_view> views_of(const hawse_view* views, std::size_t count) noexcept {
    return {reinterpret_cast<const std::string_view*>(views), count};
}

/// What subprotocols(), offers_subprotocol() and field() read of a request.
Request request_of(const hawse_request* request) noexcept {
    const hawse_request given = capi::taken(request);
    Request known{};
    known.fields = fields_of(given.fields, given.field_count);
    return known;
}

void show(hawse_request* into, const Request& request) noexcept {
    hawse_request known{};
    known.plain = request.plain;
    known.expects_continue = request.expects_continue;
    known.method = capi::text(request.method);
    known.target = capi::text(request.target);
    known.resource = capi::text(request.resource);
    known.authority = capi::text(request.authority);
    known.origin = capi::text(request.origin);
    known.key = capi::text(request.key);
    known.fields = shown(request.fields);
    known.field_count = request.fields.size();
    capi::show(into, known);
}

void show(hawse_agreement* into, const Agreement& agreement) noexcept {
    hawse_agreement known{};
    known.role = static_cast<hawse_role>(agreement.role);
    known.subprotocol = capi::text(agreement.subprotocol);
    capi::show(into, known);
}

bool show(hawse_handshake_event* into, const HandshakeEvent& event) noexcept {
    hawse_handshake_event known{};
    known.kind = static_cast<hawse_handshake_event_kind>(event.kind);
    known.cause = static_cast<hawse_cause>(event.cause);
    known.violation = static_cast<hawse_violation>(event.violation);
    known.status = event.status;
    capi::show(into, known);
    return static_cast<bool>(event);
}

hawse_refusal code(Refusal refusal) noexcept { return static_cast<hawse_refusal>(refusal); }

hawse_violation code(Violation violation) noexcept {
    return static_cast<hawse_violation>(violation);
}

ServerHandshake& of(hawse_server_handshake* handshake) noexcept {
    return *reinterpret_cast<ServerHandshake*>(handshake);
}
const ServerHandshake& of(const hawse_server_handshake* handshake) noexcept {
    return *reinterpret_cast<const ServerHandshake*>(handshake);
}
ClientHandshake& of(hawse_client_handshake* handshake) noexcept {
    return *reinterpret_cast<ClientHandshake*>(handshake);
}
const ClientHandshake& of(const hawse_client_handshake* handshake) noexcept {
    return *reinterpret_cast<const ClientHandshake*>(handshake);
}
hawse_server_handshake* handle(ServerHandshake* handshake) noexcept {
    return reinterpret_cast<hawse_server_handshake*>(handshake);
}
hawse_client_handshake* handle(ClientHandshake* handshake) noexcept {
    return reinterpret_cast<hawse_client_handshake*>(handshake);
}

}  // namespace

// ---- Parsed fields -------------------------------------------------------------------------------

hawse_token_list hawse_token_list_of(const hawse_field* fields, size_t field_count,
                                     const char* name, size_t name_size) {
    return std::bit_cast<hawse_token_list>(
        TokenList(fields_of(fields, field_count), {name, name_size}));
}

hawse_text hawse_token_list_next(hawse_token_list* list) {
    auto tokens = std::bit_cast<TokenList>(*list);
    const std::string_view token = tokens.next();
    *list = std::bit_cast<hawse_token_list>(tokens);
    return capi::text(token);
}

hawse_token_list hawse_request_subprotocols(const hawse_request* request) {
    return std::bit_cast<hawse_token_list>(request_of(request).subprotocols());
}

bool hawse_request_offers_subprotocol(const hawse_request* request, const char* subprotocol,
                                      size_t size) {
    return request_of(request).offers_subprotocol({subprotocol, size});
}

hawse_text hawse_request_field(const hawse_request* request, const char* name, size_t size) {
    return capi::text(request_of(request).field({name, size}));
}

hawse_text hawse_response_field(const hawse_response* response, const char* name, size_t size) {
    const hawse_response given = capi::taken(response);
    const Response known{given.status, fields_of(given.fields, given.field_count), {}};
    return capi::text(known.field({name, size}));
}

hawse_violation hawse_judge_request(const hawse_request_head* head, const hawse_config* config,
                                    hawse_request* request) {
    const hawse_request_head given = capi::taken(head);
    RequestHead known;
    known.method = capi::text(given.method);
    known.target = capi::text(given.target);
    if (given.version != 0) known.version = given.version;
    known.fields = fields_of(given.fields, given.field_count);
    Request judged;
    const Violation violation = judge_request(known, config->config, judged);
    show(request, judged);
    return code(violation);
}

hawse_violation hawse_judge_response(const hawse_response_head* head, const hawse_offer* offer,
                                     const hawse_config* config, hawse_agreement* agreement) {
    const hawse_response_head given = capi::taken(head);
    ResponseHead known;
    known.status = given.status;
    if (given.version != 0) known.version = given.version;
    known.fields = fields_of(given.fields, given.field_count);
    const hawse_offer asked = capi::taken(offer);
    Offer offered;
    std::copy(std::begin(asked.key), std::end(asked.key), offered.key.begin());
    offered.subprotocols = views_of(asked.subprotocols, asked.subprotocol_count);
    Agreement settled;
    const Violation violation = judge_response(known, offered, config->config, settled);
    show(agreement, settled);
    return code(violation);
}

// ---- The server's side ---------------------------------------------------------------------------

hawse_server_handshake* hawse_server_handshake_create(const hawse_config* config, int64_t now) {
    return handle(capi::make_from<ServerHandshake>(config->config.pool, config->config, Time{now}));
}

void hawse_server_handshake_destroy(hawse_server_handshake* handshake, const hawse_config* config) {
    if (handshake != nullptr) capi::end(&of(handshake), config->config.pool);
}

size_t hawse_server_handshake_size(void) { return sizeof(ServerHandshake); }

hawse_server_handshake* hawse_server_handshake_init(void* storage, size_t storage_size,
                                                    const hawse_config* config, int64_t now) {
    return handle(capi::make_in<ServerHandshake>(storage, storage_size, config->config, Time{now}));
}

void hawse_server_handshake_deinit(hawse_server_handshake* handshake) {
    of(handshake).~ServerHandshake();
}

hawse_refusal hawse_server_handshake_accept(hawse_server_handshake* handshake,
                                            const hawse_acceptance* acceptance) {
    if (acceptance == nullptr) return code(of(handshake).accept());
    const hawse_acceptance given = capi::taken(acceptance);
    return code(of(handshake).accept(
        {capi::text(given.subprotocol), fields_of(given.fields, given.field_count)}));
}

hawse_refusal hawse_server_handshake_reject(hawse_server_handshake* handshake,
                                            const hawse_rejection* rejection) {
    const hawse_rejection given = capi::taken(rejection);
    Rejection known;
    if (given.status != 0) known.status = given.status;
    known.fields = fields_of(given.fields, given.field_count);
    known.body = capi::bytes(given.body.data, given.body.size);
    return code(of(handshake).reject(known));
}

void hawse_server_handshake_request(const hawse_server_handshake* handshake,
                                    hawse_request* request) {
    show(request, of(handshake).request());
}

hawse_mutable_octets hawse_server_handshake_take_early(hawse_server_handshake* handshake) {
    return capi::mutable_octets(of(handshake).take_early());
}

// ---- The client's side ---------------------------------------------------------------------------

hawse_client_handshake* hawse_client_handshake_create(const hawse_config* config, int64_t now) {
    return handle(capi::make_from<ClientHandshake>(config->config.pool, config->config, Time{now}));
}

void hawse_client_handshake_destroy(hawse_client_handshake* handshake, const hawse_config* config) {
    if (handshake != nullptr) capi::end(&of(handshake), config->config.pool);
}

size_t hawse_client_handshake_size(void) { return sizeof(ClientHandshake); }

hawse_client_handshake* hawse_client_handshake_init(void* storage, size_t storage_size,
                                                    const hawse_config* config, int64_t now) {
    return handle(capi::make_in<ClientHandshake>(storage, storage_size, config->config, Time{now}));
}

void hawse_client_handshake_deinit(hawse_client_handshake* handshake) {
    of(handshake).~ClientHandshake();
}

hawse_refusal hawse_client_handshake_start(hawse_client_handshake* handshake,
                                           const hawse_client_request* request) {
    const hawse_client_request given = capi::taken(request);
    ClientRequest known;
    known.host = capi::text(given.host);
    known.port = given.port;
    known.secure = given.secure;
    known.target = capi::text(given.target);
    known.origin = capi::text(given.origin);
    known.subprotocols = views_of(given.subprotocols, given.subprotocol_count);
    known.fields = fields_of(given.fields, given.field_count);
    return code(of(handshake).start(known));
}

void hawse_client_handshake_response(const hawse_client_handshake* handshake,
                                     hawse_response* response) {
    const Response& received = of(handshake).response();
    hawse_response known{};
    known.status = received.status;
    known.fields = shown(received.fields);
    known.field_count = received.fields.size();
    known.body = capi::octets(received.body);
    capi::show(response, known);
}

// ---- Either side ---------------------------------------------------------------------------------

size_t hawse_server_handshake_receive(hawse_server_handshake* handshake, const uint8_t* octets,
                                      size_t size, int64_t now) {
    return of(handshake).receive(capi::bytes(octets, size), Time{now});
}
void hawse_server_handshake_receive_end(hawse_server_handshake* handshake, hawse_transport_end end,
                                        int64_t now) {
    of(handshake).receive_end(TransportEnd{end}, Time{now});
}
bool hawse_server_handshake_next_event(hawse_server_handshake* handshake,
                                       hawse_handshake_event* event) {
    return show(event, of(handshake).next_event());
}
void hawse_server_handshake_agreement(const hawse_server_handshake* handshake,
                                      hawse_agreement* agreement) {
    show(agreement, of(handshake).agreement());
}
size_t hawse_server_handshake_gather(hawse_server_handshake* handshake, hawse_slice* slices,
                                     size_t count) {
    return of(handshake).gather(capi::slices(slices, count));
}
void hawse_server_handshake_wrote(hawse_server_handshake* handshake, size_t size, int64_t now) {
    of(handshake).wrote(size, Time{now});
}
size_t hawse_server_handshake_write_output(hawse_server_handshake* handshake, uint8_t* into,
                                           size_t size, int64_t now) {
    return of(handshake).write_output(capi::bytes(into, size), Time{now});
}
void hawse_server_handshake_write_ended(hawse_server_handshake* handshake, int64_t now) {
    of(handshake).write_ended(Time{now});
}
size_t hawse_server_handshake_output_size(const hawse_server_handshake* handshake) {
    return of(handshake).output_size();
}
hawse_wants hawse_server_handshake_wants(const hawse_server_handshake* handshake) {
    return static_cast<hawse_wants>(of(handshake).wants().bits());
}
hawse_handshake_state hawse_server_handshake_state(const hawse_server_handshake* handshake) {
    return static_cast<hawse_handshake_state>(of(handshake).state());
}
int64_t hawse_server_handshake_deadline(const hawse_server_handshake* handshake) {
    return of(handshake).deadline().nanoseconds;
}
void hawse_server_handshake_advance(hawse_server_handshake* handshake, int64_t now) {
    of(handshake).advance(Time{now});
}
void hawse_server_handshake_abort(hawse_server_handshake* handshake, int64_t now) {
    of(handshake).abort(Time{now});
}

size_t hawse_client_handshake_receive(hawse_client_handshake* handshake, const uint8_t* octets,
                                      size_t size, int64_t now) {
    return of(handshake).receive(capi::bytes(octets, size), Time{now});
}
void hawse_client_handshake_receive_end(hawse_client_handshake* handshake, hawse_transport_end end,
                                        int64_t now) {
    of(handshake).receive_end(TransportEnd{end}, Time{now});
}
bool hawse_client_handshake_next_event(hawse_client_handshake* handshake,
                                       hawse_handshake_event* event) {
    return show(event, of(handshake).next_event());
}
void hawse_client_handshake_agreement(const hawse_client_handshake* handshake,
                                      hawse_agreement* agreement) {
    show(agreement, of(handshake).agreement());
}
size_t hawse_client_handshake_gather(hawse_client_handshake* handshake, hawse_slice* slices,
                                     size_t count) {
    return of(handshake).gather(capi::slices(slices, count));
}
void hawse_client_handshake_wrote(hawse_client_handshake* handshake, size_t size, int64_t now) {
    of(handshake).wrote(size, Time{now});
}
size_t hawse_client_handshake_write_output(hawse_client_handshake* handshake, uint8_t* into,
                                           size_t size, int64_t now) {
    return of(handshake).write_output(capi::bytes(into, size), Time{now});
}
void hawse_client_handshake_write_ended(hawse_client_handshake* handshake, int64_t now) {
    of(handshake).write_ended(Time{now});
}
size_t hawse_client_handshake_output_size(const hawse_client_handshake* handshake) {
    return of(handshake).output_size();
}
hawse_wants hawse_client_handshake_wants(const hawse_client_handshake* handshake) {
    return static_cast<hawse_wants>(of(handshake).wants().bits());
}
hawse_handshake_state hawse_client_handshake_state(const hawse_client_handshake* handshake) {
    return static_cast<hawse_handshake_state>(of(handshake).state());
}
int64_t hawse_client_handshake_deadline(const hawse_client_handshake* handshake) {
    return of(handshake).deadline().nanoseconds;
}
void hawse_client_handshake_advance(hawse_client_handshake* handshake, int64_t now) {
    of(handshake).advance(Time{now});
}
void hawse_client_handshake_abort(hawse_client_handshake* handshake, int64_t now) {
    of(handshake).abort(Time{now});
}

static_assert(sizeof(ServerHandshake) <= HAWSE_SERVER_HANDSHAKE_SIZE);
static_assert(sizeof(ClientHandshake) <= HAWSE_CLIENT_HANDSHAKE_SIZE);
