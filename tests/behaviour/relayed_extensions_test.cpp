// SPDX-License-Identifier: MIT
// Extensions that a proxy relays and does not know: offered, accepted and agreed by name, in the
// handshakes from octets and in the openings from fields.
#include "hawse/hawse.hpp"
#include "support/catch.hpp"
#include "support/handshake_story.hpp"

#include <algorithm>
#include <memory>
#include <string>

using namespace hawse;
using namespace support;

namespace {

constexpr Transport transports[] = {Transport::http1, Transport::http2, Transport::http3};
constexpr std::string_view offer = "permessage-deflate; client_max_window_bits, foo;a=\"b\"";
constexpr std::string_view answer = "permessage-deflate;server_no_context_takeover";

const std::string request = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                            "Sec-WebSocket-Version: 13\r\n";
const std::string switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

ClientRequest asking(std::string_view extensions) {
    ClientRequest made;
    made.host = "h";
    made.relayed_extensions = extensions;
    made.reserved_bits = rsv1_bit;
    return made;
}
Acceptance accepting(std::string_view extensions) {
    Acceptance made;
    made.relayed_extensions = extensions;
    made.reserved_bits = rsv1_bit;
    return made;
}

struct Scene {
    WatchedPool memory;
    Config config = [this] {
        Config made;
        made.pool = &memory.pool;
        made.entropy = sample_entropy();
        return made;
    }();
    std::unique_ptr<ClientHandshake> client = std::make_unique<ClientHandshake>(config, Time{});
    std::unique_ptr<ServerHandshake> server = std::make_unique<ServerHandshake>(config, Time{});

    ~Scene() {
        client.reset();
        server.reset();
        CHECK(memory.live_count == 0);
    }
    std::string ask(std::string_view lines) {
        (void)server->receive(as_bytes(request + std::string(lines) + "\r\n"), {});
        return pull(*server);
    }
    std::string tell(std::string_view lines) {
        (void)client->receive(as_bytes(switched + std::string(lines) + "\r\n"), {});
        return pull(*client);
    }
};

std::string_view value_of(std::span<const Field> fields, std::string_view name) {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& field) { return field.name == name; });
    return found == fields.end() ? "absent" : found->value;
}

}  // namespace

TEST_CASE("what is relayed goes from client to server and back, over octets",
          "[6455-9.1-02][6455-4.2.2-14][6455-4.1-40][6455-9-01][6455-9-02][6455-9.1-09]") {
    Scene scene;
    REQUIRE(scene.client->start(asking(offer)) == Refusal::none);
    const std::string asked = drain(*scene.client);
    REQUIRE(asked.ends_with("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: " +
                            std::string(offer) + "\r\n\r\n"));
    (void)scene.server->receive(as_bytes(asked), {});
    REQUIRE(pull(*scene.server) == "request");
    REQUIRE(scene.server->request().field("sec-websocket-extensions") == offer);
    std::string chosen(answer);
    REQUIRE(scene.server->accept(accepting(chosen)) == Refusal::none);
    chosen.assign(chosen.size(), 'x');
    const std::string answered = drain(*scene.server);
    REQUIRE(answered == switched + "Sec-WebSocket-Extensions: " + std::string(answer) + "\r\n\r\n");
    REQUIRE(scene.server->agreement().extensions == answer);
    REQUIRE(scene.server->agreement().reserved_bits == rsv1_bit);
    (void)scene.client->receive(as_bytes(answered), {});
    REQUIRE(pull(*scene.client) == "response:101 opened:101");
    REQUIRE(scene.client->agreement().extensions == answer);
    REQUIRE(scene.client->agreement().reserved_bits == rsv1_bit);
}

TEST_CASE("what is relayed goes from client to server and back, over fields",
          "[8441-5-07][6455-9.1-02][6455-9.1-07][6455-9-03]") {
    for (const Transport transport : transports) {
        Scene scene;
        const bool stream = transport != Transport::http1;
        const std::string_view name =
            stream ? "sec-websocket-extensions" : "Sec-WebSocket-Extensions";
        ClientOpening client(scene.config);
        ServerOpening server(scene.config);
        std::string offered = " " + std::string(offer) + "\t";
        REQUIRE(client.start(asking(offered), transport) == Refusal::none);
        offered.assign(offered.size(), 'x');
        REQUIRE(value_of(client.fields(), name) == offer);
        REQUIRE(server.judge({"GET", "/", 11, client.fields(), transport}) == Violation::none);
        REQUIRE(server.accept(accepting("bar")) == Refusal::extension_not_offered);
        REQUIRE(server.accept(accepting("foo;")) == Refusal::invalid_field);
        REQUIRE(server.fields().empty());
        std::string chosen = std::string(answer) + " ";
        REQUIRE(server.accept(accepting(chosen)) == Refusal::none);
        chosen.assign(chosen.size(), 'x');
        REQUIRE(value_of(server.fields(), name) == answer);
        REQUIRE(server.agreement().extensions == answer);
        const HandshakeEvent event =
            client.judge({.status = server.status(), .fields = server.fields()});
        REQUIRE(event.kind == HandshakeEventKind::opened);
        REQUIRE(client.agreement().extensions == answer);
        REQUIRE(client.agreement().reserved_bits == rsv1_bit);

        ServerOpening declining(scene.config);
        REQUIRE(declining.judge({"GET", "/", 11, client.fields(), transport}) == Violation::none);
        REQUIRE(declining.accept(accepting("")) == Refusal::none);
        REQUIRE(declining.agreement().reserved_bits == 0);
        ClientOpening declined(scene.config);
        REQUIRE(declined.start(asking(offer), transport) == Refusal::none);
        (void)declined.judge({.status = declining.status(), .fields = declining.fields()});
        REQUIRE(declined.agreement().extensions.empty());
        REQUIRE(declined.agreement().reserved_bits == 0);
    }
}

TEST_CASE("without relayed extensions offers are declined and answers fail",
          "[6455-4.1-52][6455-4.2.2-14]") {
    Scene scene;
    REQUIRE(scene.ask("Sec-WebSocket-Extensions: foo\r\n") == "request");
    REQUIRE(scene.server->accept() == Refusal::none);
    REQUIRE(drain(*scene.server) == switched + "\r\n");
    REQUIRE(scene.server->agreement().extensions.empty());
    REQUIRE(scene.client->start(asking("")) == Refusal::none);
    REQUIRE(drain(*scene.client).find("Extensions") == std::string::npos);
    REQUIRE(scene.tell("Sec-WebSocket-Extensions: foo\r\n")
                .ends_with("closed:violation:response_unoffered_extension:101"));
    REQUIRE(scene.client->agreement().extensions.empty());
}

TEST_CASE("a server accepts only what was offered, on any line",
          "[6455-4.2.2-14][6455-11.3.2-01][6455-9-03]") {
    Scene scene;
    REQUIRE(scene.ask("Sec-WebSocket-Extensions: a;x, b\r\nX: c\r\n"
                      "sec-websocket-extensions: d, e\r\n") == "request");
    for (const std::string_view value : {"c", "x", "A", "a, c", "c;a, b", "ab", "a;y, b, d, f"})
        REQUIRE(scene.server->accept(accepting(value)) == Refusal::extension_not_offered);
    for (const std::string_view value : {",", " ", "a;", "a b", "a\r\nX: y", "c;", "a;b=\"\""})
        REQUIRE(scene.server->accept(accepting(value)) == Refusal::invalid_field);
    REQUIRE(scene.server->accept(accepting("e;y, b, a, a")) == Refusal::none);
    REQUIRE(scene.server->agreement().extensions == "e;y, b, a, a");
    Scene none;
    REQUIRE(none.ask("") == "request");
    REQUIRE(none.server->accept(accepting("a")) == Refusal::extension_not_offered);
}

TEST_CASE("a client offers a list of extensions, or nothing is sent") {
    Scene scene;
    for (const std::string_view value :
         {",", " ", "a;", "a b", "a\r\nX: y", "a\n", "a; b=", "\x80", "\"a\""})
        REQUIRE(scene.client->start(asking(value)) == Refusal::invalid_field);
    const std::string most = "a" + std::string(scene.config.limits.empty_element_count_max, ',');
    REQUIRE(scene.client->start(asking(most + ",")) == Refusal::invalid_field);
    REQUIRE(scene.memory.call_count == 0);
    REQUIRE(scene.client->start(asking(most)) == Refusal::none);
}

TEST_CASE("an answer accepts as many extensions as the bound, and no more; an offer may name any number") {
    const std::string most = repeated("foo, ", 63) + "foo";
    const std::string more = most + ", foo";
    Scene scene;
    REQUIRE(scene.client->start(asking(more)) == Refusal::none);
    REQUIRE(scene.ask("Sec-WebSocket-Extensions: " + more + "\r\n") == "request");
    REQUIRE(scene.server->accept(accepting(more)) == Refusal::extension_not_offered);
    REQUIRE(scene.server->accept(accepting(most)) == Refusal::none);
    REQUIRE(scene.tell("Sec-WebSocket-Extensions: " + most + "\r\n") == "response:101 opened:101");
    Scene refused;
    REQUIRE(refused.client->start(asking("foo")) == Refusal::none);
    REQUIRE(refused.tell("Sec-WebSocket-Extensions: " + more + "\r\n")
                .ends_with("closed:violation:response_malformed_extensions:101"));
    Scene declined;
    REQUIRE(declined.ask("Sec-WebSocket-Extensions: " + repeated("foo, ", 3000) + "foo\r\n") ==
            "request");
}

TEST_CASE("an answer on several lines is agreed as one",
          "[6455-9.1-04][6455-4.2.2-21][6455-11.3.2-02]") {
    const std::string lines = "Sec-WebSocket-Extensions: foo;x\r\nSEC-WEBSOCKET-EXTENSIONS:\r\n"
                              "Sec-WebSocket-Extensions:  permessage-deflate, \r\n";
    Scene scene;
    REQUIRE(scene.client->start(asking(offer)) == Refusal::none);
    REQUIRE(scene.tell(lines) == "response:101 opened:101");
    REQUIRE(scene.client->agreement().extensions == "foo;x, permessage-deflate,");
    ClientOpening opening(scene.config);
    REQUIRE(opening.start(asking(offer), Transport::http2) == Refusal::none);
    const Field fields[] = {{"sec-websocket-extensions", "foo"},
                            {"x", "y"},
                            {"sec-websocket-extensions", " permessage-deflate;z "}};
    REQUIRE(opening.judge({.status = 200, .fields = fields}).kind == HandshakeEventKind::opened);
    REQUIRE(opening.agreement().extensions == "foo, permessage-deflate;z");
}

TEST_CASE("a subprotocol and extensions are agreed side by side", "[6455-4.1-58]") {
    Scene scene;
    const std::string_view names[] = {"chat", "superchat"};
    ClientRequest made = asking("foo");
    made.subprotocols = names;
    REQUIRE(scene.client->start(made) == Refusal::none);
    REQUIRE(scene.tell("Sec-WebSocket-Protocol: superchat\r\nSec-WebSocket-Extensions: foo\r\n") ==
            "response:101 opened:101");
    REQUIRE(scene.client->agreement().subprotocol == "superchat");
    REQUIRE(scene.client->agreement().extensions == "foo");
}

TEST_CASE("a client that cannot keep what was agreed fails for want of memory") {
    Scene scene;
    REQUIRE(scene.client->start(asking("foo")) == Refusal::none);
    ClientOpening opening(scene.config);
    REQUIRE(opening.start(asking("foo"), Transport::http3) == Refusal::none);
    (void)scene.client->receive(as_bytes(switched), {});
    scene.memory.fail_from = scene.memory.call_count + 1;  // the table of fields is the next
    (void)scene.client->receive(as_bytes("Sec-WebSocket-Extensions: foo\r\n\r\n"), {});
    REQUIRE(pull(*scene.client) ==
            "response:101 failed:out_of_memory:101 closed:out_of_memory:101");
    REQUIRE(scene.client->agreement().extensions.empty());
    const Field field = {"sec-websocket-extensions", "foo"};
    REQUIRE(word_of(opening.judge({.status = 200, .fields = {&field, 1}})) ==
            "failed:out_of_memory:200");
    REQUIRE(opening.agreement().extensions.empty());
}
