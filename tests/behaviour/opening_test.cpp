// SPDX-License-Identifier: MIT
// Openings from parsed fields, over each HTTP: a host carries the fields, nothing carries octets of a
// head. What the judgements say is proven in unit/handshake.
#include "hawse/hawse.hpp"
#include "support/catch.hpp"
#include "support/handshake_story.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace hawse;
using support::WatchedPool;

namespace {

constexpr Transport transports[] = {Transport::http1, Transport::http2, Transport::http3};
constexpr Transport streams[] = {Transport::http2, Transport::http3};

// Fields as a peer's HTTP would hand them over: copies that live as long as this.
class Carried {
public:
    Carried() = default;
    explicit Carried(std::span<const Field> fields) {
        for (const Field& field : fields) add(std::string(field.name), std::string(field.value));
    }
    void add(std::string name, std::string value) {
        texts_.push_back(std::make_unique<std::array<std::string, 2>>(
            std::array<std::string, 2>{std::move(name), std::move(value)}));
        fields_.push_back({(*texts_.back())[0], (*texts_.back())[1]});
    }
    void set(std::string_view name, std::string_view value) {
        for (Field& field : fields_)
            if (field.name == name) field.value = value;
    }
    void erase(std::string_view name) {
        std::erase_if(fields_, [&](const Field& field) { return field.name == name; });
    }
    [[nodiscard]] std::span<const Field> view() const { return fields_; }

private:
    std::vector<std::unique_ptr<std::array<std::string, 2>>> texts_;
    std::vector<Field> fields_;
};

std::string text_of(std::span<const Field> fields) {
    std::string text;
    for (const Field& field : fields)
        text += std::string(field.name) + ": " + std::string(field.value) + "\n";
    return text;
}

struct Scene {
    WatchedPool memory;
    Config config = [this] {
        Config made;
        made.pool = &memory.pool;
        made.entropy = support::sample_entropy();
        return made;
    }();
    std::optional<ServerOpening> server_place{std::in_place, config};
    std::optional<ClientOpening> client_place{std::in_place, config};
    ServerOpening& server = *server_place;
    ClientOpening& client = *client_place;

    ~Scene() {
        server_place.reset();
        client_place.reset();
        CHECK(memory.live_count == 0);
    }
};

ClientRequest request_to(std::string_view host) {
    ClientRequest request;
    request.host = host;
    return request;
}

Carried good_request(Transport transport) {
    Scene scene;
    ClientRequest request = request_to("server.example.com");
    const std::string_view names[] = {"chat", "superchat"};
    request.subprotocols = names;
    REQUIRE(scene.client.start(request, transport) == Refusal::none);
    return Carried(scene.client.fields());
}

RequestHead head_of(const Carried& fields, Transport transport) {
    return {"GET", "/", 11, fields.view(), transport};
}

std::string word_of(const HandshakeEvent& event) { return support::word_of(event); }

// All that one side has to say is lent to the other, in one go.
void exchange(Connection& from, Connection& to, Bytes octets) {
    const std::size_t size = from.write_output(octets, {});
    REQUIRE(size != 0);
    REQUIRE(to.receive(octets.first(size), {}) == Refusal::none);
}

}  // namespace

TEST_CASE("fields alone open a conversation over each HTTP, and a message goes both ways",
          "[8441-5-08][8441-5-09][6455-4.1-56]") {
    for (const Transport transport : transports) {
        Scene scene;
        const std::string_view names[] = {"chat", "superchat"};
        ClientRequest request = request_to("server.example.com");
        request.target = "/chat?a=b";
        request.subprotocols = names;
        REQUIRE(scene.client.start(request, transport) == Refusal::none);
        REQUIRE(scene.client.target() == "/chat?a=b");

        const Carried asked(scene.client.fields());
        const bool stream = transport != Transport::http1;
        REQUIRE(scene.client.method() == (stream ? "CONNECT" : "GET"));
        REQUIRE(scene.server.judge({.method = stream ? "" : scene.client.method(),
                                    .target = stream ? "" : scene.client.target(),
                                    .fields = asked.view(),
                                    .transport = transport}) == Violation::none);
        REQUIRE(scene.server.request().resource == "/chat?a=b");
        REQUIRE(scene.server.request().authority == "server.example.com");
        REQUIRE(scene.server.status() == 0);
        REQUIRE(scene.server.fields().empty());
        REQUIRE(scene.server.accept({.subprotocol = "superchat"}) == Refusal::none);
        REQUIRE(scene.server.status() == (stream ? 200 : 101));

        const Carried answered(scene.server.fields());
        const HandshakeEvent event = scene.client.judge(
            {.status = stream ? std::uint16_t{0} : scene.server.status(),
             .fields = answered.view()});
        REQUIRE(word_of(event) == (stream ? "opened:200" : "opened:101"));
        REQUIRE(scene.server.agreement().role == Role::server);
        REQUIRE(scene.client.agreement().role == Role::client);
        REQUIRE(scene.server.agreement().subprotocol == "superchat");
        REQUIRE(scene.client.agreement().subprotocol == "superchat");

        std::array<std::byte, 64> upward, downward;
        Connection server(scene.config, scene.server.agreement(), {});
        Connection client(scene.config, scene.client.agreement(), {});
        REQUIRE(client.send(MessageKind::text, as_bytes("Hello")) == Refusal::none);
        exchange(client, server, upward);
        const Event heard = server.next_event();
        REQUIRE(as_text(heard.payload()) == "Hello");
        REQUIRE(server.send(MessageKind::text, heard.payload()) == Refusal::none);
        REQUIRE_FALSE(server.next_event());
        exchange(server, client, downward);
        REQUIRE(as_text(client.next_event().payload()) == "Hello");
        REQUIRE_FALSE(client.next_event());
    }
}

TEST_CASE("an orderly end asks to end the sending side, an abortive one to close and no more",
          "[8441-5-10][9220-3-04]") {
    Scene scene;
    const Agreement agreement;
    std::array<std::byte, 64> octets;
    Connection server(scene.config, agreement, {});  // END_STREAM, or FIN
    std::string close("\x88\x80\0\0\0\0", 6);
    REQUIRE(server.receive(std::as_writable_bytes(std::span(close)), {}) == Refusal::none);
    REQUIRE(server.next_event().kind() == EventKind::closing);
    REQUIRE_FALSE(server.next_event());
    REQUIRE(server.write_output(octets, {}) == 2);
    REQUIRE(server.wants() == Wants(Wants::read_bit | Wants::end_write_bit));
    server.write_ended({});
    server.receive_end(TransportEnd::orderly, {});  // the peer's, after both Closes
    const Event clean = server.next_event();
    REQUIRE(clean.kind() == EventKind::closed);
    REQUIRE(clean.clean());

    Connection aborted(scene.config, agreement, {});  // CANCEL, or H3_REQUEST_CANCELLED
    REQUIRE(aborted.send(MessageKind::text, as_bytes("unsent")) == Refusal::none);
    aborted.abort({});
    REQUIRE(aborted.next_event().cause() == Cause::aborted);
    REQUIRE(aborted.wants() == Wants(Wants::close_bit));
    for (const TransportEnd end : {TransportEnd::orderly, TransportEnd::broken}) {
        Connection told(scene.config, agreement, {});
        told.receive_end(end, {});
        const Event closed = told.next_event();
        REQUIRE(closed.cause() == (end == TransportEnd::orderly ? Cause::transport_ended
                                                                : Cause::transport_broken));
        REQUIRE_FALSE(closed.clean());
    }
}

TEST_CASE("a client's fields are those of its HTTP, in a settled order",
          "[8441-4-02][8441-5-01][8441-5-02][8441-5-04][8441-5-05][8441-5-06][8441-5-07]") {
    const std::string_view names[] = {"chat", "superchat"};
    const Field fields[] = {{"Cookie", "a=B"}, {"user-agent", "x"}};
    ClientRequest request = request_to("server.example.com");
    request.target = "?q";
    request.port = 8080;
    request.origin = "http://Example.com";
    request.subprotocols = names;
    request.fields = fields;
    for (const Transport transport : streams) {
        Scene scene;
        REQUIRE(scene.client.start(request, transport) == Refusal::none);
        REQUIRE(text_of(scene.client.fields()) == ":method: CONNECT\n"
                                                  ":protocol: websocket\n"
                                                  ":scheme: http\n"
                                                  ":path: /?q\n"
                                                  ":authority: server.example.com:8080\n"
                                                  "sec-websocket-version: 13\n"
                                                  "origin: http://Example.com\n"
                                                  "sec-websocket-protocol: chat, superchat\n"
                                                  "cookie: a=B\n"
                                                  "user-agent: x\n");
    }
    Scene scene;
    REQUIRE(scene.client.start(request, Transport::http1) == Refusal::none);
    REQUIRE(scene.client.target() == "/?q");
    REQUIRE(text_of(scene.client.fields()) == "Host: server.example.com:8080\n"
                                              "Upgrade: websocket\n"
                                              "Connection: Upgrade\n"
                                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n"
                                              "Sec-WebSocket-Version: 13\n"
                                              "Origin: http://Example.com\n"
                                              "Sec-WebSocket-Protocol: chat, superchat\n"
                                              "Cookie: a=B\n"
                                              "user-agent: x\n");
}

TEST_CASE("the scheme of a stream is that of the URL", "[8441-5-03]") {
    Scene scene;
    ClientRequest request = request_to("h");
    request.secure = true;
    request.port = 443;
    REQUIRE(scene.client.start(request, Transport::http2) == Refusal::none);
    const std::string text = text_of(scene.client.fields());
    REQUIRE(text.find(":scheme: https\n") != std::string::npos);
    REQUIRE(text.find(":authority: h\n") != std::string::npos);
}

TEST_CASE("a server's fields are those of its HTTP", "[8441-5-06][8441-5-07][8441-5-08]") {
    const Field fields[] = {{"Set-Cookie", "a=B"}, {"server", "x"}};
    for (const Transport transport : transports) {
        Scene scene;
        const Carried asked = good_request(transport);
        REQUIRE(scene.server.judge(head_of(asked, transport)) == Violation::none);
        REQUIRE(scene.server.accept({.subprotocol = "chat", .fields = fields}) == Refusal::none);
        REQUIRE(text_of(scene.server.fields()) ==
                (transport == Transport::http1
                     ? "Upgrade: websocket\n"
                       "Connection: Upgrade\n"
                       "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n"
                       "Sec-WebSocket-Protocol: chat\nSet-Cookie: a=B\nserver: x\n"
                     : ":status: 200\nsec-websocket-protocol: chat\nset-cookie: a=B\n"
                       "server: x\n"));
    }
}

TEST_CASE("a server that adds little leases nothing, and what it shows is its own") {
    for (const Transport transport : transports) {
        Scene scene;
        std::optional<Carried> asked = good_request(transport);
        std::string chosen = "superchat";
        REQUIRE(scene.server.judge(head_of(*asked, transport)) == Violation::none);
        REQUIRE(scene.server.accept({.subprotocol = chosen}) == Refusal::none);
        chosen = "gone gone";
        asked.reset();
        REQUIRE(scene.server.agreement().subprotocol == "superchat");
        REQUIRE(scene.server.fields().back().value == "superchat");
        REQUIRE(scene.memory.call_count == 0);
    }
}

TEST_CASE("an answer that does not fit into the object leases once, or is refused") {
    const std::string value(1000, 'v');
    const Field field = {"X", value};
    for (const Transport transport : transports) {
        Scene scene;
        const Carried asked = good_request(transport);
        REQUIRE(scene.server.judge(head_of(asked, transport)) == Violation::none);
        scene.memory.fail_from = 0;
        scene.memory.fail_once = true;
        REQUIRE(scene.server.accept({.fields = {&field, 1}}) == Refusal::out_of_memory);
        REQUIRE(scene.server.status() == 0);
        REQUIRE(scene.server.fields().empty());
        REQUIRE(scene.server.accept({.fields = {&field, 1}}) == Refusal::none);
        REQUIRE(scene.server.fields().back().value == value);
        REQUIRE(scene.memory.call_count == 2);
    }
}

TEST_CASE("a request that breaks a rule is refused with a status and what belongs to it",
          "[6455-4.2.1-05][6455-4.2.2-09][9220-3-02][8441-5-07]") {
    struct Case {
        const char* name;
        const char* value;  // null takes the field away
        Violation fault;
        std::uint16_t status;
        const char* fields;
    };
    const auto check = [](Transport transport, const Case& one, std::string_view method) {
        Scene scene;
        Carried asked = good_request(transport);
        if (one.value == nullptr)
            asked.erase(one.name);
        else
            asked.set(one.name, one.value);
        RequestHead head = head_of(asked, transport);
        head.method = method;
        INFO(describe(one.fault).name);
        REQUIRE(scene.server.judge(head) == one.fault);
        REQUIRE(scene.server.status() == one.status);
        REQUIRE(text_of(scene.server.fields()) == one.fields);
        REQUIRE(scene.server.accept() == Refusal::not_deciding);
        REQUIRE(scene.server.status() == one.status);
        REQUIRE(scene.memory.call_count == 0);
    };
    const char* const closes = "Connection: close\n";
    const char* const closes_with_version = "Connection: close\nSec-WebSocket-Version: 13\n";
    const char* const upgrades =
        "Upgrade: websocket\nConnection: Upgrade, close\nSec-WebSocket-Version: 13\n";
    for (const Case& one : std::initializer_list<Case>{
             {"Host", nullptr, Violation::missing_host, 400, closes},
             {"Upgrade", "h2c", Violation::missing_upgrade, 426, upgrades},
             {"Sec-WebSocket-Version", "12", Violation::unsupported_version, 426, upgrades},
             {"Sec-WebSocket-Version", nullptr, Violation::missing_version, 400,
              closes_with_version},
             {"Sec-WebSocket-Version", "x", Violation::malformed_version, 400,
              closes_with_version},
             {"Sec-WebSocket-Key", "x", Violation::malformed_key, 400, closes}})
        check(Transport::http1, one, "GET");
    check(Transport::http1,
          {"", "", Violation::method_not_get, 405, "Connection: close\nAllow: GET\n"}, "POST");
    const char* const bad = ":status: 400\n";
    const char* const bad_version = ":status: 400\nsec-websocket-version: 13\n";
    for (const Transport transport : streams)
        for (const Case& one : std::initializer_list<Case>{
                 {":method", "GET", Violation::method_not_connect, 405,
                  ":status: 405\nallow: CONNECT\n"},
                 {":protocol", "connect-udp", Violation::unsupported_protocol, 501,
                  ":status: 501\n"},
                 {":protocol", nullptr, Violation::missing_protocol, 400, bad},
                 {":authority", nullptr, Violation::missing_authority, 400, bad},
                 {"sec-websocket-version", "12", Violation::unsupported_version, 400, bad_version},
                 {"sec-websocket-version", nullptr, Violation::missing_version, 400, bad_version},
                 {"sec-websocket-version", "x", Violation::malformed_version, 400, bad_version}})
            check(transport, one, "GET");
}

TEST_CASE("a request is judged once") {
    Scene scene;
    const Carried asked = good_request(Transport::http2);
    REQUIRE(scene.server.accept() == Refusal::not_deciding);
    REQUIRE(scene.server.judge(head_of(asked, Transport::http2)) == Violation::none);
    REQUIRE(scene.server.judge({}) == Violation::none);
    REQUIRE(scene.server.accept() == Refusal::none);
    REQUIRE(scene.server.accept() == Refusal::not_deciding);
    REQUIRE(scene.server.judge({}) == Violation::none);
    REQUIRE(scene.server.status() == 200);
    Scene other;
    REQUIRE(other.server.judge({.transport = Transport::http2}) == Violation::missing_pseudo_field);
    REQUIRE(other.server.judge(head_of(asked, Transport::http2)) ==
            Violation::missing_pseudo_field);
}

TEST_CASE("what a host accepts with is checked, and a refusal leaves no trace", "[8441-5-04]") {
    for (const Transport transport : transports) {
        Scene scene;
        const Carried asked = good_request(transport);
        REQUIRE(scene.server.judge(head_of(asked, transport)) == Violation::none);
        const auto refusal = [&](const Field& field) {
            return scene.server.accept({.fields = {&field, 1}});
        };
        REQUIRE(scene.server.accept({.subprotocol = "CHAT"}) == Refusal::subprotocol_not_offered);
        REQUIRE(refusal({":status", "200"}) == Refusal::invalid_field);
        REQUIRE(refusal({"x", "a\r\nb: c"}) == Refusal::invalid_field);
        REQUIRE(refusal({"Upgrade", "x"}) == Refusal::reserved_field);
        REQUIRE(refusal({"sec-websocket-x", "x"}) == Refusal::reserved_field);
        if (transport != Transport::http1) {
            REQUIRE(refusal({"Keep-Alive", "x"}) == Refusal::reserved_field);
            REQUIRE(refusal({"proxy-connection", "x"}) == Refusal::reserved_field);
        }
        REQUIRE(scene.server.status() == 0);
        REQUIRE(scene.server.fields().empty());
        const Field fine = {"Keep-Alive", "x"};
        if (transport == Transport::http1)
            REQUIRE(scene.server.accept({.fields = {&fine, 1}}) == Refusal::none);
        REQUIRE(scene.server.accept() ==
                (transport == Transport::http1 ? Refusal::not_deciding : Refusal::none));
    }
}

TEST_CASE("a plain request can be seen and not accepted") {
    WatchedPool memory;
    Config config;
    config.pool = &memory.pool;
    config.surface_plain_requests = true;
    ServerOpening server(config);
    const Field host = {"Host", "h"};
    REQUIRE(server.judge({.method = "GET", .target = "/page", .fields = {&host, 1}}) ==
            Violation::none);
    REQUIRE(server.request().plain);
    REQUIRE(server.accept() == Refusal::plain_request);
}

TEST_CASE("what a client asks for is checked, and a refusal leaves no trace", "[9112-11.1-01]") {
    for (const Transport transport : transports) {
        Scene scene;
        const auto refused = [&](const ClientRequest& request) {
            const Refusal refusal = scene.client.start(request, transport);
            REQUIRE(scene.client.fields().empty());
            REQUIRE(scene.client.method().empty());
            REQUIRE(scene.client.target().empty());
            REQUIRE_FALSE(scene.client.judge({.status = 200}));
            return refusal;
        };
        ClientRequest request = request_to("a b");
        REQUIRE(refused(request) == Refusal::invalid_host);
        request = request_to("h");
        request.target = "/\r\n";
        REQUIRE(refused(request) == Refusal::invalid_target);
        request = request_to("h");
        const Field field = {":path", "/"};
        request.fields = {&field, 1};
        REQUIRE(refused(request) == Refusal::invalid_field);
        const Field reserved = {"Host", "x"};
        request.fields = {&reserved, 1};
        REQUIRE(refused(request) == Refusal::reserved_field);
        request.fields = {};
        REQUIRE(scene.client.start(request, transport) == Refusal::none);
        REQUIRE(scene.client.start(request, transport) == Refusal::already_started);
    }
}

TEST_CASE("a client without memory is refused, and may try again") {
    const std::string_view names[] = {"chat"};
    const std::string long_target = "/" + std::string(1000, 'a');
    ClientRequest request = request_to("h");
    request.target = long_target;
    request.subprotocols = names;
    for (const Transport transport : transports) {
        for (const std::size_t failing : std::initializer_list<std::size_t>{0, 1}) {
            Scene scene;
            scene.memory.fail_from = failing;
            scene.memory.fail_once = true;
            REQUIRE(scene.client.start(request, transport) == Refusal::out_of_memory);
            REQUIRE(scene.client.fields().empty());
            REQUIRE(scene.memory.live_count == 0);
            REQUIRE(scene.client.start(request, transport) == Refusal::none);
            REQUIRE(scene.client.target() == long_target);
        }
    }
}

TEST_CASE("only HTTP/1 draws a nonce", "[8441-5-06]") {
    WatchedPool memory;
    Config config;
    config.pool = &memory.pool;
    for (const Transport transport : transports) {
        ClientOpening client(config);
        REQUIRE(client.start(request_to("h"), transport) ==
                (transport == Transport::http1 ? Refusal::no_entropy : Refusal::none));
    }
}

TEST_CASE("interim responses are passed over, and another final one refuses",
          "[8441-5-08][9110-15.2-01][6455-4.1-44]") {
    for (const Transport transport : transports) {
        for (const std::uint16_t status :
             std::initializer_list<std::uint16_t>{200, 204, 300, 401, 503}) {
            Scene scene;
            REQUIRE_FALSE(scene.client.judge({.status = 401}));  // nothing was asked
            REQUIRE(scene.client.start(request_to("h"), transport) == Refusal::none);
            for (auto left = Limits{}.interim_count_max; left > 0; --left)
                REQUIRE_FALSE(scene.client.judge({.status = 103}));
            const HandshakeEvent event = scene.client.judge({.status = status});
            const bool opens = transport != Transport::http1 && status < 300;
            REQUIRE(word_of(event) ==
                    (opens ? "opened:" : "failed:refused:") + std::to_string(status));
            REQUIRE_FALSE(scene.client.judge({.status = status}));
        }
    }
}

TEST_CASE("interim responses without end are refused, and 101 is none on a stream",
          "[9110-15.2-01]") {
    for (const Transport transport : transports) {
        Scene scene;
        REQUIRE(scene.client.start(request_to("h"), transport) == Refusal::none);
        for (auto left = Limits{}.interim_count_max; left > 0; --left)
            REQUIRE_FALSE(scene.client.judge({.status = 100}));
        REQUIRE(word_of(scene.client.judge({.status = 100})) ==
                "failed:violation:head_too_large:100");
        if (transport == Transport::http1) continue;
        Scene switching;
        REQUIRE(switching.client.start(request_to("h"), transport) == Refusal::none);
        REQUIRE(word_of(switching.client.judge({.status = 101})) ==
                "failed:violation:malformed_status_line:101");
    }
}

TEST_CASE("an answer that breaks a rule fails the opening", "[6455-4.1-52][8441-5-04]") {
    for (const Transport transport : transports) {
        Scene scene;
        REQUIRE(scene.client.start(request_to("h"), transport) == Refusal::none);
        const Field fields[] = {{"upgrade", "websocket"}, {"connection", "upgrade"}};
        const bool stream = transport != Transport::http1;
        const HandshakeEvent event = scene.client.judge(
            {.status = stream ? std::uint16_t{200} : std::uint16_t{101}, .fields = fields});
        REQUIRE(word_of(event) ==
                (stream ? "failed:violation:response_connection_specific_field:200"
                        : "failed:violation:response_missing_accept:101"));
        REQUIRE_FALSE(scene.client.judge({.status = 200}));
    }
    Scene scene;
    REQUIRE(scene.client.start(request_to("h"), Transport::http3) == Refusal::none);
    REQUIRE(word_of(scene.client.judge({})) ==
            "failed:violation:response_malformed_pseudo_fields");
}

TEST_CASE("the nonce that was sent is the one that is answered", "[6455-4.1-51]") {
    Scene scene;
    REQUIRE(scene.client.start(request_to("h"), Transport::http1) == Refusal::none);
    const Field fields[] = {{"Upgrade", "websocket"},
                            {"Connection", "Upgrade"},
                            {"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}};
    REQUIRE(word_of(scene.client.judge({.status = 101, .version = 10, .fields = fields})) ==
            "failed:violation:response_outdated_http_version:101");
    Scene other;
    REQUIRE(other.client.start(request_to("h"), Transport::http1) == Refusal::none);
    REQUIRE(word_of(other.client.judge({.status = 101, .fields = fields})) == "opened:101");
}
