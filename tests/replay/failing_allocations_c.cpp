// SPDX-License-Identifier: MIT
// The face in C, told while memory or entropy fails: every object that is leased, and a conversation
// through it, alone and in a session.
#include "hawse/hawse.h"
#include "replay/failing_allocations.hpp"
#include "replay/failing_allocations_heads.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace hawse::test::replay::failing {

namespace {

Event event_of(const hawse_event& event) {
    const unsigned flags = (event.message_kind == HAWSE_MESSAGE_KIND_TEXT ? Event::text_flag : 0U) |
                           (event.in_place ? Event::in_place_flag : 0U) |
                           (event.first ? Event::first_flag : 0U) |
                           (event.last ? Event::last_flag : 0U) |
                           (event.message_dropped ? Event::message_dropped_flag : 0U) |
                           (event.clean ? Event::clean_flag : 0U);
    return {EventKind{event.kind},
            flags,
            {reinterpret_cast<const std::byte*>(event.payload.data), event.payload.size},
            {CloseCode{event.code_received}, CloseCode{event.code_sent}, Cause{event.cause},
             Violation{event.violation}}};
}

std::uint8_t* octets_of(Bytes bytes) { return reinterpret_cast<std::uint8_t*>(bytes.data()); }
const std::uint8_t* octets_of(std::string_view text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
}
hawse_text text_of(std::string_view text) { return {text.data(), text.size()}; }
hawse_slice* slices_of(std::span<Slice> slices) {
    return reinterpret_cast<hawse_slice*>(slices.data());
}

// The verbs of the two objects that a Side drives, each one call.
#define HAWSE_VERBS(object)                                                                       \
    Refusal receive(Bytes octets, Time now) {                                                     \
        return Refusal{                                                                           \
            hawse_##object##_receive(it, octets_of(octets), octets.size(), now.nanoseconds)};     \
    }                                                                                             \
    Event next_event() {                                                                          \
        hawse_event event{};                                                                      \
        event.size = sizeof event;                                                                \
        return hawse_##object##_next_event(it, &event) ? event_of(event) : Event{};               \
    }                                                                                             \
    void receive_end(TransportEnd end, Time now) {                                                \
        hawse_##object##_receive_end(it, static_cast<hawse_transport_end>(end), now.nanoseconds); \
    }                                                                                             \
    void abort(Time now) { hawse_##object##_abort(it, now.nanoseconds); }                         \
    Refusal close(CloseCode code, std::string_view reason) {                                      \
        return Refusal{hawse_##object##_close(it, static_cast<hawse_close_code>(code),            \
                                              reason.data(), reason.size())};                     \
    }                                                                                             \
    std::size_t gather(std::span<Slice> slices) {                                                 \
        return hawse_##object##_gather(it, slices_of(slices), slices.size());                     \
    }                                                                                             \
    void wrote(std::size_t size, Time now) { hawse_##object##_wrote(it, size, now.nanoseconds); } \
    void handed_over(std::size_t size, Time now) {                                                \
        hawse_##object##_handed_over(it, size, now.nanoseconds);                                  \
    }                                                                                             \
    void reusable(std::size_t size) { hawse_##object##_reusable(it, size); }                      \
    std::size_t write_output(Bytes into, Time now) {                                              \
        return hawse_##object##_write_output(it, octets_of(into), into.size(), now.nanoseconds);  \
    }                                                                                             \
    void write_ended(Time now) { hawse_##object##_write_ended(it, now.nanoseconds); }             \
    void advance(Time now) { hawse_##object##_advance(it, now.nanoseconds); }                     \
    [[nodiscard]] std::size_t output_size() const { return hawse_##object##_output_size(it); }    \
    [[nodiscard]] Wants wants() const { return Wants(hawse_##object##_wants(it)); }               \
    [[nodiscard]] Time deadline() const { return {hawse_##object##_deadline(it)}; }

struct CConnection {
    hawse_connection* it;
    HAWSE_VERBS(connection)
    [[nodiscard]] State state() const { return State{hawse_connection_state(it)}; }
};

struct CSession {
    hawse_session* it;
    HAWSE_VERBS(session)
};
#undef HAWSE_VERBS

// What is made of memory: in vain, again, and given up.
template <typename Create>
auto create(Attempt& attempt, const char* name, const Create& make) -> decltype(make()) {
    if (attempt.stops()) return nullptr;
    auto* made = make();
    if (made == nullptr) {
        attempt.expect(attempt.failed_count() != 0, std::string(name) + " is missing for nothing");
        made = make();
        attempt.expect((made == nullptr) == (attempt.how == Failure::for_ever),
                       std::string(name) + " when made again");
        attempt.gave_up = made == nullptr;
    }
    attempt.calls.push_back(std::string(name) + (made == nullptr ? " is missing" : " is made"));
    return made;
}

// A pool over the attempt's allocator and a config made from it.
class House {
public:
    explicit House(Attempt& attempt) {
        const hawse_allocator allocator = {sizeof allocator, attempt.allocator.face().allocate,
                                           attempt.allocator.face().release, &attempt.allocator};
        pool.reset(create(attempt, "pool",
                          [&] { return hawse_pool_create(&allocator, attempt.kept_size, nullptr); }));
        if (pool == nullptr) return;
        hawse_options options;
        hawse_options_init(&options, sizeof options);
        options.pool = pool.get();
        options.entropy_context = &attempt.entropy;
        options.entropy_fill = [](void* context, std::uint8_t* into, std::size_t size) {
            return FailingEntropy::fill(context, reinterpret_cast<std::byte*>(into), size);
        };
        config.reset(create(attempt, "config", [&] { return hawse_config_create(&options); }));
    }

    struct End {
        void operator()(hawse_pool* object) const { hawse_pool_destroy(object); }
        void operator()(hawse_config* object) const { hawse_config_destroy(object); }
    };
    std::unique_ptr<hawse_pool, End> pool;
    std::unique_ptr<hawse_config, End> config;
};

hawse_role role_of(Attempt& attempt) { return static_cast<hawse_role>(attempt.role); }

// The conversation of both scenarios.
template <typename Object>
void converse(Attempt& attempt, Side<Object>& side, hawse_connection* connection) {
    const Role peer = other(attempt.role);
    const std::string lent(500, 'l');
    const auto refusal_of = [](hawse_refusal refusal) { return Refusal{refusal}; };
    (void)side.call("send", [&] {
        const std::string text(800, 's');
        return refusal_of(hawse_connection_send(connection, HAWSE_MESSAGE_KIND_TEXT,
                                                octets_of(text), text.size(), nullptr));
    });
    const Refusal refusal = side.call("send_lent", [&] {
        return refusal_of(hawse_connection_send_lent(connection, HAWSE_MESSAGE_KIND_BINARY,
                                                     octets_of(lent), lent.size(), 9, nullptr));
    });
    (void)side.call("ping",
                    [&] { return refusal_of(hawse_connection_ping(connection, nullptr, 0)); });
    std::size_t released = 0;
    while (!attempt.is_stopped() && hawse_connection_next_released(connection) == 9) ++released;
    attempt.expect(attempt.is_stopped() || released == (refusal == Refusal::none ? 1U : 0U),
                   "lent octets did not come back once");
    side.feed(joined({frame(peer, 0x01, std::string(300, 't')), frame(peer, 0x89, "ping"),
                      frame(peer, 0x80, std::string(300, 't'))}),
              50);
    Refusal closed = side.call("close", [&] { return side->close(CloseCode::normal, "a reason"); });
    if (closed == Refusal::out_of_memory && !attempt.is_stopped())
        closed = side.call("close", [&] { return side->close(CloseCode::normal, {}); });
    if (closed == Refusal::no_entropy) {
        attempt.gave_up = true;
        side.abort();
    }
    side.feed(close_frame(peer, 1000, "theirs"), 5);
    side.end();
}

void converse_in_c(Attempt& attempt) {
    const House house(attempt);
    if (house.config == nullptr) return;
    hawse_agreement agreement{};
    agreement.size = sizeof agreement;
    agreement.role = role_of(attempt);
    hawse_counters* const counters =
        create(attempt, "counters", [&] { return hawse_counters_create(house.pool.get()); });
    hawse_connection* const connection = create(attempt, "connection", [&] {
        return hawse_connection_create(house.config.get(), &agreement, attempt.now.nanoseconds);
    });
    if (connection != nullptr) {
        if (counters != nullptr) hawse_connection_count_into(connection, counters);
        CConnection object{connection};
        Side<CConnection> side(attempt, object);
        converse(attempt, side, connection);
    }
    hawse_connection_destroy(connection, house.config.get());
    hawse_counters_destroy(counters, house.pool.get());
}

Refusal ask_in_c(hawse_session* session) {
    const LongRequest request;
    std::array<hawse_view, 2> subprotocols;
    for (std::size_t index = 0; index < subprotocols.size(); ++index)
        subprotocols[index] =
            hawse_view_of(request.subprotocols[index].data(), request.subprotocols[index].size());
    hawse_client_request asked{};
    asked.size = sizeof asked;
    asked.host = text_of(request.value.host);
    asked.target = text_of(request.target);
    asked.subprotocols = subprotocols.data();
    asked.subprotocol_count = subprotocols.size();
    asked.relayed_extensions = text_of(request.extensions);
    return Refusal{hawse_session_start(session, &asked)};
}

Refusal accept_in_c(hawse_session* session) {
    hawse_acceptance acceptance{};
    acceptance.size = sizeof acceptance;
    acceptance.subprotocol = text_of("chat.v2");
    return Refusal{hawse_session_accept(session, &acceptance)};
}

void live_in_c(Attempt& attempt) {
    attempt.opens = true;
    const House house(attempt);
    if (house.config == nullptr) return;
    hawse_session* const session = create(attempt, "session", [&] {
        return hawse_session_create(house.config.get(), role_of(attempt), attempt.now.nanoseconds);
    });
    if (session != nullptr) {
        CSession object{session};
        Side<CSession> side(attempt, object);
        const bool serves = attempt.role == Role::server;
        const auto open = [&] {
            const Refusal refusal = side.call(serves ? "accept" : "start", [&] {
                return serves ? accept_in_c(session) : ask_in_c(session);
            });
            if (refusal != attempt.lack() || attempt.is_stopped()) return;
            attempt.gave_up = true;
            side.abort();
        };
        if (!serves) open();
        side.feed(test::octets_of(serves ? long_request() : accepting_response()), 300);
        if (serves) open();
        side.pull();
        if (hawse_connection* const connection = hawse_session_connection(session))
            converse(attempt, side, connection);
        else
            side.end();
    }
    hawse_session_destroy(session, house.config.get());
}

// Those that no conversation above needs.
void make_all_in_c(Attempt& attempt) {
    const House house(attempt);
    const hawse_config* const config = house.config.get();
    if (config == nullptr) return;
    auto* const server = create(attempt, "server handshake",
                                [&] { return hawse_server_handshake_create(config, 0); });
    auto* const client = create(attempt, "client handshake",
                                [&] { return hawse_client_handshake_create(config, 0); });
    auto* const answers =
        create(attempt, "server opening", [&] { return hawse_server_opening_create(config); });
    auto* const asks =
        create(attempt, "client opening", [&] { return hawse_client_opening_create(config); });
    hawse_server_handshake_destroy(server, config);
    hawse_client_handshake_destroy(client, config);
    hawse_server_opening_destroy(answers, config);
    hawse_client_opening_destroy(asks, config);
}

constexpr std::array scenarios = {
    Scenario{"objects in C", make_all_in_c, Roles::server},
    Scenario{"a conversation in C", converse_in_c},
    Scenario{"a session in C", live_in_c},
};

}  // namespace

std::span<const Scenario> scenarios_in_c() { return scenarios; }

}  // namespace hawse::test::replay::failing
