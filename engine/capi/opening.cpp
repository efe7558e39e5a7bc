// SPDX-License-Identifier: MIT
// C: openings from parsed fields, the judgements they make, and the lists in fields.
#include "hawse/opening.hpp"

#include "capi/objects.hpp"
#include "capi/values.hpp"

#include <algorithm>
#include <bit>
#include <type_traits>

using namespace hawse;

namespace {

static_assert(sizeof(hawse_token_list) == sizeof(TokenList));
static_assert(std::is_trivially_copyable_v<TokenList>);

/// What subprotocols(), offers_subprotocol() and field() read of a request.
Request readable(const hawse_request* request) noexcept {
    const hawse_request given = capi::taken(request);
    Request known{};
    known.fields = capi::fields_of(given.fields, given.field_count);
    return known;
}

RequestHead head_of(const hawse_request_head* head) noexcept {
    const hawse_request_head given = capi::taken(head);
    RequestHead known;
    known.method = capi::text(given.method);
    known.target = capi::text(given.target);
    if (given.version != 0) known.version = given.version;
    known.fields = capi::fields_of(given.fields, given.field_count);
    known.transport = Transport{given.transport};
    return known;
}

ResponseHead head_of(const hawse_response_head* head) noexcept {
    const hawse_response_head given = capi::taken(head);
    ResponseHead known;
    known.status = given.status;
    if (given.version != 0) known.version = given.version;
    known.fields = capi::fields_of(given.fields, given.field_count);
    known.transport = Transport{given.transport};
    return known;
}

ServerOpening& of(hawse_server_opening* opening) noexcept {
    return *reinterpret_cast<ServerOpening*>(opening);
}
const ServerOpening& of(const hawse_server_opening* opening) noexcept {
    return *reinterpret_cast<const ServerOpening*>(opening);
}
ClientOpening& of(hawse_client_opening* opening) noexcept {
    return *reinterpret_cast<ClientOpening*>(opening);
}
const ClientOpening& of(const hawse_client_opening* opening) noexcept {
    return *reinterpret_cast<const ClientOpening*>(opening);
}
hawse_server_opening* handle(ServerOpening* opening) noexcept {
    return reinterpret_cast<hawse_server_opening*>(opening);
}
hawse_client_opening* handle(ClientOpening* opening) noexcept {
    return reinterpret_cast<hawse_client_opening*>(opening);
}

}  // namespace

// ---- Judgements, and lists -----------------------------------------------------------------------

hawse_token_list hawse_token_list_of(const hawse_field* fields, size_t field_count,
                                     const char* name, size_t name_size) {
    return std::bit_cast<hawse_token_list>(
        TokenList(capi::fields_of(fields, field_count), {name, name_size}));
}

hawse_text hawse_token_list_next(hawse_token_list* list) {
    auto tokens = std::bit_cast<TokenList>(*list);
    const std::string_view token = tokens.next();
    *list = std::bit_cast<hawse_token_list>(tokens);
    return capi::text(token);
}

hawse_token_list hawse_request_subprotocols(const hawse_request* request) {
    return std::bit_cast<hawse_token_list>(readable(request).subprotocols());
}

bool hawse_request_offers_subprotocol(const hawse_request* request, const char* subprotocol,
                                      size_t size) {
    return readable(request).offers_subprotocol({subprotocol, size});
}

hawse_text hawse_request_field(const hawse_request* request, const char* name, size_t size) {
    return capi::text(readable(request).field({name, size}));
}

hawse_text hawse_response_field(const hawse_response* response, const char* name, size_t size) {
    const hawse_response given = capi::taken(response);
    const Response known{given.status, capi::fields_of(given.fields, given.field_count), {}};
    return capi::text(known.field({name, size}));
}

hawse_violation hawse_judge_request(const hawse_request_head* head, const hawse_config* config,
                                    hawse_request* request) {
    Request judged;
    const Violation violation = judge_request(head_of(head), config->config, judged);
    capi::show(request, judged);
    return capi::code(violation);
}

hawse_violation hawse_judge_response(const hawse_response_head* head, const hawse_offer* offer,
                                     const hawse_config* config, hawse_agreement* agreement) {
    const hawse_offer asked = capi::taken(offer);
    Offer offered;
    std::copy(std::begin(asked.key), std::end(asked.key), offered.key.begin());
    offered.subprotocols = capi::views_of(asked.subprotocols, asked.subprotocol_count);
    offered.extensions = capi::text(asked.extensions);
    offered.reserved_bits = asked.reserved_bits;
    offered.deflate = capi::text(asked.deflate);
    Agreement settled;
    const Violation violation = judge_response(head_of(head), offered, config->config, settled);
    capi::show(agreement, settled);
    return capi::code(violation);
}

// ---- The server's side ---------------------------------------------------------------------------

hawse_server_opening* hawse_server_opening_create(const hawse_config* config) {
    return handle(capi::make_with<ServerOpening>(config));
}

void hawse_server_opening_destroy(hawse_server_opening* opening, const hawse_config* config) {
    if (opening != nullptr) capi::end(&of(opening), config->config.pool);
}

size_t hawse_server_opening_size(void) { return sizeof(ServerOpening); }

hawse_server_opening* hawse_server_opening_init(void* storage, size_t storage_size,
                                                const hawse_config* config) {
    return handle(capi::make_in_with<ServerOpening>(storage, storage_size, config));
}

void hawse_server_opening_deinit(hawse_server_opening* opening) {
    capi::end_in_place(reinterpret_cast<ServerOpening*>(opening));
}

hawse_violation hawse_server_opening_judge(hawse_server_opening* opening,
                                           const hawse_request_head* head) {
    return capi::code(of(opening).judge(head_of(head)));
}

void hawse_server_opening_request(const hawse_server_opening* opening, hawse_request* request) {
    capi::show(request, of(opening).request());
}

hawse_refusal hawse_server_opening_accept(hawse_server_opening* opening,
                                          const hawse_acceptance* acceptance) {
    return capi::code(of(opening).accept(capi::acceptance_of(acceptance)));
}

uint16_t hawse_server_opening_status(const hawse_server_opening* opening) {
    return of(opening).status();
}

hawse_fields hawse_server_opening_fields(const hawse_server_opening* opening) {
    return capi::fields(of(opening).fields());
}

void hawse_server_opening_agreement(const hawse_server_opening* opening,
                                    hawse_agreement* agreement) {
    capi::show(agreement, of(opening).agreement());
}

// ---- The client's side ---------------------------------------------------------------------------

hawse_client_opening* hawse_client_opening_create(const hawse_config* config) {
    return handle(capi::make_with<ClientOpening>(config));
}

void hawse_client_opening_destroy(hawse_client_opening* opening, const hawse_config* config) {
    if (opening != nullptr) capi::end(&of(opening), config->config.pool);
}

size_t hawse_client_opening_size(void) { return sizeof(ClientOpening); }

hawse_client_opening* hawse_client_opening_init(void* storage, size_t storage_size,
                                                const hawse_config* config) {
    return handle(capi::make_in_with<ClientOpening>(storage, storage_size, config));
}

void hawse_client_opening_deinit(hawse_client_opening* opening) {
    capi::end_in_place(reinterpret_cast<ClientOpening*>(opening));
}

hawse_refusal hawse_client_opening_start(hawse_client_opening* opening,
                                         const hawse_client_request* request,
                                         hawse_transport transport) {
    return capi::code(of(opening).start(capi::request_of(request), Transport{transport}));
}

hawse_text hawse_client_opening_method(const hawse_client_opening* opening) {
    return capi::text(of(opening).method());
}

hawse_text hawse_client_opening_target(const hawse_client_opening* opening) {
    return capi::text(of(opening).target());
}

hawse_fields hawse_client_opening_fields(const hawse_client_opening* opening) {
    return capi::fields(of(opening).fields());
}

bool hawse_client_opening_judge(hawse_client_opening* opening, const hawse_response_head* head,
                                hawse_handshake_event* event) {
    return capi::show(event, of(opening).judge(head_of(head)));
}

void hawse_client_opening_agreement(const hawse_client_opening* opening,
                                    hawse_agreement* agreement) {
    capi::show(agreement, of(opening).agreement());
}

static_assert(sizeof(ServerOpening) <= HAWSE_SERVER_OPENING_SIZE);
static_assert(sizeof(ClientOpening) <= HAWSE_CLIENT_OPENING_SIZE);
