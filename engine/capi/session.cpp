// SPDX-License-Identifier: MIT
// C: a handshake and then a connection as one object. One call here is one call there.
#include "hawse/session.hpp"

#include "capi/objects.hpp"
#include "capi/values.hpp"

using namespace hawse;

namespace {

Session& of(hawse_session* session) noexcept { return *reinterpret_cast<Session*>(session); }

const Session& of(const hawse_session* session) noexcept {
    return *reinterpret_cast<const Session*>(session);
}

hawse_session* handle(Session* session) noexcept {
    return reinterpret_cast<hawse_session*>(session);
}

}  // namespace

hawse_session* hawse_session_create(const hawse_config* config, hawse_role role, int64_t now) {
    return handle(capi::make_with<Session>(config, Role{role}, Time{now}));
}

void hawse_session_destroy(hawse_session* session, const hawse_config* config) {
    if (session != nullptr) capi::end(&of(session), config->config.pool);
}

size_t hawse_session_size(void) { return sizeof(Session); }

hawse_session* hawse_session_init(void* storage, size_t storage_size, const hawse_config* config,
                                  hawse_role role, int64_t now) {
    return handle(
        capi::make_in_with<Session>(storage, storage_size, config, Role{role}, Time{now}));
}

void hawse_session_deinit(hawse_session* session) {
    capi::end_in_place(reinterpret_cast<Session*>(session));
}

// ---- Opening -------------------------------------------------------------------------------------

hawse_refusal hawse_session_start(hawse_session* session, const hawse_client_request* request) {
    return capi::code(of(session).start(capi::request_of(request)));
}

void hawse_session_request(const hawse_session* session, hawse_request* request) {
    capi::show(request, of(session).request());
}

hawse_refusal hawse_session_accept(hawse_session* session, const hawse_acceptance* acceptance) {
    return capi::code(of(session).accept(capi::acceptance_of(acceptance)));
}

hawse_refusal hawse_session_reject(hawse_session* session, const hawse_rejection* rejection) {
    return capi::code(of(session).reject(capi::rejection_of(rejection)));
}

void hawse_session_response(const hawse_session* session, hawse_response* response) {
    capi::show(response, of(session).response());
}

uint16_t hawse_session_status(const hawse_session* session) { return of(session).status(); }

void hawse_session_agreement(const hawse_session* session, hawse_agreement* agreement) {
    capi::show(agreement, of(session).agreement());
}

hawse_connection* hawse_session_connection(hawse_session* session) {
    return reinterpret_cast<hawse_connection*>(of(session).connection());
}

// ---- As in a connection --------------------------------------------------------------------------

hawse_refusal hawse_session_close(hawse_session* session, hawse_close_code close_code,
                                  const char* reason, size_t reason_size) {
    return capi::code(of(session).close(CloseCode{close_code}, {reason, reason_size}));
}

hawse_refusal hawse_session_receive(hawse_session* session, uint8_t* octets, size_t size,
                                    int64_t now) {
    return capi::code(of(session).receive(capi::bytes(octets, size), Time{now}));
}

bool hawse_session_next_event(hawse_session* session, hawse_event* event) {
    return capi::pull(of(session), event);
}

hawse_mutable_octets hawse_session_unread(hawse_session* session) {
    return capi::mutable_octets(of(session).unread());
}

hawse_mutable_octets hawse_session_landing(hawse_session* session) {
    return capi::mutable_octets(of(session).landing());
}

size_t hawse_session_landed(hawse_session* session, size_t size, int64_t now) {
    return of(session).landed(size, Time{now});
}

void hawse_session_receive_end(hawse_session* session, hawse_transport_end end, int64_t now) {
    of(session).receive_end(TransportEnd{end}, Time{now});
}

void hawse_session_abort(hawse_session* session, int64_t now) { of(session).abort(Time{now}); }

size_t hawse_session_gather(hawse_session* session, hawse_slice* slices, size_t count) {
    return of(session).gather(capi::slices(slices, count));
}

void hawse_session_wrote(hawse_session* session, size_t size, int64_t now) {
    of(session).wrote(size, Time{now});
}

void hawse_session_handed_over(hawse_session* session, size_t size, int64_t now) {
    of(session).handed_over(size, Time{now});
}

void hawse_session_reusable(hawse_session* session, size_t size) { of(session).reusable(size); }

size_t hawse_session_write_output(hawse_session* session, uint8_t* into, size_t size, int64_t now) {
    return of(session).write_output(capi::bytes(into, size), Time{now});
}

void hawse_session_write_ended(hawse_session* session, int64_t now) {
    of(session).write_ended(Time{now});
}

size_t hawse_session_output_size(const hawse_session* session) { return of(session).output_size(); }

hawse_wants hawse_session_wants(const hawse_session* session) {
    return static_cast<hawse_wants>(of(session).wants().bits());
}

int64_t hawse_session_deadline(const hawse_session* session) {
    return of(session).deadline().nanoseconds;
}

void hawse_session_advance(hawse_session* session, int64_t now) { of(session).advance(Time{now}); }

static_assert(sizeof(Session) <= HAWSE_SESSION_SIZE);
