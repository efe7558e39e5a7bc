// SPDX-License-Identifier: MIT
// C: the conversation. One call here is one call there.
#include "hawse/connection.hpp"

#include "capi/objects.hpp"
#include "capi/values.hpp"

#include <cstddef>

using namespace hawse;

namespace {

Connection& of(hawse_connection* connection) noexcept {
    return *reinterpret_cast<Connection*>(connection);
}

const Connection& of(const hawse_connection* connection) noexcept {
    return *reinterpret_cast<const Connection*>(connection);
}

hawse_connection* handle(Connection* connection) noexcept {
    return reinterpret_cast<hawse_connection*>(connection);
}

}  // namespace

hawse_connection* hawse_connection_create(const hawse_config* config,
                                          const hawse_agreement* agreement, int64_t now) {
    return handle(capi::make_with<Connection>(config, capi::agreement_of(agreement), Time{now}));
}

void hawse_connection_destroy(hawse_connection* connection, const hawse_config* config) {
    if (connection != nullptr) capi::end(&of(connection), config->config.pool);
}

size_t hawse_connection_size(void) { return sizeof(Connection); }

hawse_connection* hawse_connection_init(void* storage, size_t storage_size,
                                        const hawse_config* config,
                                        const hawse_agreement* agreement, int64_t now) {
    return handle(capi::make_in_with<Connection>(storage, storage_size, config,
                                                 capi::agreement_of(agreement), Time{now}));
}

void hawse_connection_deinit(hawse_connection* connection) {
    capi::end_in_place(reinterpret_cast<Connection*>(connection));
}

// ---- The peer's direction ------------------------------------------------------------------------

hawse_refusal hawse_connection_receive(hawse_connection* connection, uint8_t* octets, size_t size,
                                       int64_t now) {
    return capi::code(of(connection).receive(capi::bytes(octets, size), Time{now}));
}

bool hawse_connection_next_event(hawse_connection* connection, hawse_event* event) {
    return capi::pull(of(connection), event);
}

size_t hawse_connection_next_events(hawse_connection* connection, hawse_event* events,
                                    size_t count) {
    if (count == 0 || events->size <= offsetof(hawse_event, kind)) return 0;
    Event batch[16];
    const std::size_t distance = events->size;
    const std::size_t pulled =
        of(connection).next_events(std::span(batch).first(std::min(count, std::size(batch))));
    auto* place = reinterpret_cast<std::byte*>(events);
    for (std::size_t index = 0; index < pulled; ++index, place += distance) {
        auto* event = reinterpret_cast<hawse_event*>(place);
        event->size = distance;
        capi::show(event, batch[index]);
    }
    return pulled;
}

hawse_mutable_octets hawse_connection_unread(hawse_connection* connection) {
    return capi::mutable_octets(of(connection).unread());
}

hawse_mutable_octets hawse_connection_landing(hawse_connection* connection) {
    return capi::mutable_octets(of(connection).landing());
}

size_t hawse_connection_landed(hawse_connection* connection, size_t size, int64_t now) {
    return of(connection).landed(size, Time{now});
}

uint64_t hawse_connection_announced_size(const hawse_connection* connection) {
    return of(connection).announced_size();
}

hawse_refusal hawse_connection_land_in(hawse_connection* connection, uint8_t* place, size_t size) {
    return capi::code(of(connection).land_in(capi::bytes(place, size)));
}

uint64_t hawse_connection_frame_left(const hawse_connection* connection) {
    return of(connection).frame_left();
}

void hawse_connection_receive_end(hawse_connection* connection, hawse_transport_end end,
                                  int64_t now) {
    of(connection).receive_end(TransportEnd{end}, Time{now});
}

// ---- Our direction -------------------------------------------------------------------------------

hawse_refusal hawse_connection_send(hawse_connection* connection, hawse_message_kind kind,
                                    const uint8_t* octets, size_t size, const hawse_send* choice) {
    return capi::code(
        of(connection).send(MessageKind{kind}, capi::bytes(octets, size), capi::choice_of(choice)));
}

hawse_refusal hawse_connection_send_lent(hawse_connection* connection, hawse_message_kind kind,
                                         const uint8_t* octets, size_t size, hawse_token token,
                                         const hawse_send* choice) {
    return capi::code(of(connection)
                          .send_lent(MessageKind{kind}, capi::bytes(octets, size), Token{token},
                                     capi::choice_of(choice)));
}

hawse_refusal hawse_connection_send_lent_mutable(hawse_connection* connection,
                                                 hawse_message_kind kind, uint8_t* octets,
                                                 size_t size, hawse_token token,
                                                 const hawse_send* choice) {
    return capi::code(of(connection)
                          .send_lent_mutable(MessageKind{kind}, capi::bytes(octets, size),
                                             Token{token}, capi::choice_of(choice)));
}

hawse_refusal hawse_connection_send_begin(hawse_connection* connection, hawse_message_kind kind,
                                          const hawse_send* choice) {
    return capi::code(of(connection).send_begin(MessageKind{kind}, capi::choice_of(choice)));
}

hawse_refusal hawse_connection_send_part(hawse_connection* connection, const uint8_t* octets,
                                         size_t size, bool last) {
    return capi::code(of(connection).send_part(capi::bytes(octets, size), last));
}

hawse_refusal hawse_connection_send_frame(hawse_connection* connection, uint8_t first_octet,
                                          const uint8_t* octets, size_t size, uint64_t left) {
    return capi::code(of(connection).send_frame(first_octet, capi::bytes(octets, size), left));
}

hawse_refusal hawse_connection_ping(hawse_connection* connection, const uint8_t* octets,
                                    size_t size) {
    return capi::code(of(connection).ping(capi::bytes(octets, size)));
}

hawse_refusal hawse_connection_close(hawse_connection* connection, hawse_close_code close_code,
                                     const char* reason, size_t reason_size) {
    return capi::code(of(connection).close(CloseCode{close_code}, {reason, reason_size}));
}

void hawse_connection_abort(hawse_connection* connection, int64_t now) {
    of(connection).abort(Time{now});
}

// ---- Output --------------------------------------------------------------------------------------

size_t hawse_connection_gather(hawse_connection* connection, hawse_slice* slices, size_t count) {
    return of(connection).gather(capi::slices(slices, count));
}

void hawse_connection_wrote(hawse_connection* connection, size_t size, int64_t now) {
    of(connection).wrote(size, Time{now});
}

void hawse_connection_handed_over(hawse_connection* connection, size_t size, int64_t now) {
    of(connection).handed_over(size, Time{now});
}

void hawse_connection_reusable(hawse_connection* connection, size_t size) {
    of(connection).reusable(size);
}

size_t hawse_connection_write_output(hawse_connection* connection, uint8_t* into, size_t size,
                                     int64_t now) {
    return of(connection).write_output(capi::bytes(into, size), Time{now});
}

void hawse_connection_write_ended(hawse_connection* connection, int64_t now) {
    of(connection).write_ended(Time{now});
}

hawse_token hawse_connection_next_released(hawse_connection* connection) {
    return of(connection).next_released().value;
}

size_t hawse_connection_output_size(const hawse_connection* connection) {
    return of(connection).output_size();
}

// ---- What now ------------------------------------------------------------------------------------

hawse_wants hawse_connection_wants(const hawse_connection* connection) {
    return static_cast<hawse_wants>(of(connection).wants().bits());
}

hawse_state hawse_connection_state(const hawse_connection* connection) {
    return static_cast<hawse_state>(of(connection).state());
}

int64_t hawse_connection_deadline(const hawse_connection* connection) {
    return of(connection).deadline().nanoseconds;
}

void hawse_connection_advance(hawse_connection* connection, int64_t now) {
    of(connection).advance(Time{now});
}

void hawse_connection_count_into(hawse_connection* connection, hawse_counters* counters) {
    of(connection).count_into(counters == nullptr ? nullptr : &counters->statistics);
}

static_assert(sizeof(Connection) <= HAWSE_CONNECTION_SIZE);
static_assert(never.nanoseconds == HAWSE_NEVER);
