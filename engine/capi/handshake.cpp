// SPDX-License-Identifier: MIT
// C: the opening handshake over HTTP/1.1, from octets. One call here is one call there.
#include "hawse/handshake.hpp"

#include "capi/objects.hpp"
#include "capi/values.hpp"

using namespace hawse;

namespace {

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

// ---- The server's side ---------------------------------------------------------------------------

hawse_server_handshake* hawse_server_handshake_create(const hawse_config* config, int64_t now) {
    return handle(capi::make_with<ServerHandshake>(config, Time{now}));
}

void hawse_server_handshake_destroy(hawse_server_handshake* handshake, const hawse_config* config) {
    if (handshake != nullptr) capi::end(&of(handshake), config->config.pool);
}

size_t hawse_server_handshake_size(void) { return sizeof(ServerHandshake); }

hawse_server_handshake* hawse_server_handshake_init(void* storage, size_t storage_size,
                                                    const hawse_config* config, int64_t now) {
    return handle(capi::make_in_with<ServerHandshake>(storage, storage_size, config, Time{now}));
}

void hawse_server_handshake_deinit(hawse_server_handshake* handshake) {
    capi::end_in_place(reinterpret_cast<ServerHandshake*>(handshake));
}

hawse_refusal hawse_server_handshake_accept(hawse_server_handshake* handshake,
                                            const hawse_acceptance* acceptance) {
    return capi::code(of(handshake).accept(capi::acceptance_of(acceptance)));
}

hawse_refusal hawse_server_handshake_reject(hawse_server_handshake* handshake,
                                            const hawse_rejection* rejection) {
    return capi::code(of(handshake).reject(capi::rejection_of(rejection)));
}

void hawse_server_handshake_request(const hawse_server_handshake* handshake,
                                    hawse_request* request) {
    capi::show(request, of(handshake).request());
}

hawse_mutable_octets hawse_server_handshake_take_early(hawse_server_handshake* handshake) {
    return capi::mutable_octets(of(handshake).take_early());
}

// ---- The client's side ---------------------------------------------------------------------------

hawse_client_handshake* hawse_client_handshake_create(const hawse_config* config, int64_t now) {
    return handle(capi::make_with<ClientHandshake>(config, Time{now}));
}

void hawse_client_handshake_destroy(hawse_client_handshake* handshake, const hawse_config* config) {
    if (handshake != nullptr) capi::end(&of(handshake), config->config.pool);
}

size_t hawse_client_handshake_size(void) { return sizeof(ClientHandshake); }

hawse_client_handshake* hawse_client_handshake_init(void* storage, size_t storage_size,
                                                    const hawse_config* config, int64_t now) {
    return handle(capi::make_in_with<ClientHandshake>(storage, storage_size, config, Time{now}));
}

void hawse_client_handshake_deinit(hawse_client_handshake* handshake) {
    capi::end_in_place(reinterpret_cast<ClientHandshake*>(handshake));
}

hawse_refusal hawse_client_handshake_start(hawse_client_handshake* handshake,
                                           const hawse_client_request* request) {
    return capi::code(of(handshake).start(capi::request_of(request)));
}

void hawse_client_handshake_response(const hawse_client_handshake* handshake,
                                     hawse_response* response) {
    capi::show(response, of(handshake).response());
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
    return capi::pull(of(handshake), event);
}
void hawse_server_handshake_agreement(const hawse_server_handshake* handshake,
                                      hawse_agreement* agreement) {
    capi::show(agreement, of(handshake).agreement());
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
    return capi::pull(of(handshake), event);
}
void hawse_client_handshake_agreement(const hawse_client_handshake* handshake,
                                      hawse_agreement* agreement) {
    capi::show(agreement, of(handshake).agreement());
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
