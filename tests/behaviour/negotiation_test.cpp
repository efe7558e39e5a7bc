// SPDX-License-Identifier: MIT
// permessage-deflate while it is negotiated, in both roles: in the handshakes from octets, the openings
// from fields over each HTTP, and a Session. What is agreed, not what is done with it.
#include "hawse/hawse.hpp"
#include "support/catch.hpp"
#include "support/handshake_story.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

using namespace hawse;
using namespace support;

namespace {

constexpr Transport transports[] = {Transport::http1, Transport::http2, Transport::http3};
constexpr DeflateDirection whole = {15, true};
constexpr DeflateAgreement nothing = {};

const std::string field = "Sec-WebSocket-Extensions: ";
const std::string asked =
    "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n";
const std::string switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

ClientRequest asking() {
    ClientRequest request;
    request.host = "h";
    return request;
}

std::string_view value_of(std::span<const Field> fields, std::string_view name) {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& one) { return one.name == name; });
    return found == fields.end() ? "absent" : found->value;
}
std::string_view name_over(Transport transport) {
    return transport == Transport::http1 ? "Sec-WebSocket-Extensions" : "sec-websocket-extensions";
}

struct Scene {
    WatchedPool memory;
    Config client_config, server_config;

    Scene() {
        for (Config* config : {&client_config, &server_config}) {
            config->pool = &memory.pool;
            config->entropy = sample_entropy();
            config->deflate.enabled = true;
        }
    }
};

struct Served {
    std::string output;
    DeflateAgreement agreement;
    std::string_view value() const {  // of the field that accepts
        const std::size_t start = output.find(field);
        if (start == std::string::npos) return "absent";
        const std::string_view rest = std::string_view(output).substr(start + field.size());
        return rest.substr(0, rest.find("\r\n"));
    }
};

Served serve_lines(const Scene& scene, const std::string& lines,
                   const Acceptance& acceptance = {}) {
    ServerHandshake server(scene.server_config, {});
    (void)server.receive(as_bytes(asked + lines + "\r\n"), {});
    REQUIRE(pull(server) == "request");
    REQUIRE(server.accept(acceptance) == Refusal::none);
    return {drain(server), server.agreement().deflate};
}
Served serve(const Scene& scene, const std::string& offers, const Acceptance& acceptance = {}) {
    return serve_lines(scene, field + offers + "\r\n", acceptance);
}

struct Asked {
    std::string offer, events;
    DeflateAgreement agreement;
};

Asked ask(const Scene& scene, const std::string& lines, const ClientRequest& request = asking()) {
    ClientHandshake client(scene.client_config, {});
    REQUIRE(client.start(request) == Refusal::none);
    Asked made = {drain(client), "", {}};
    const std::size_t start = made.offer.find(field);
    made.offer = start == std::string::npos ? "absent" : made.offer.substr(start + field.size());
    made.offer = made.offer.substr(0, made.offer.find("\r\n"));
    (void)client.receive(as_bytes(switched + lines + "\r\n"), {});
    made.events = pull(client);
    made.agreement = client.agreement().deflate;
    return made;
}
Asked answer(const Scene& scene, const std::string& value) {
    return ask(scene, field + value + "\r\n");
}

std::string failed(Violation violation) {
    const std::string words = std::string(":violation:") + name_of(violation) + ":101";
    return "response:101 failed" + words + " closed" + words;
}

}  // namespace

TEST_CASE("compression is off until a host decides",
          "[7692-5-16][7692-5-17][7692-5-18][7692-7.1.2.1-03]") {
    Scene scene;
    scene.client_config.deflate = scene.server_config.deflate = {};
    const Served served = serve(scene, "permessage-deflate");
    CHECK(served.output == switched + "\r\n");
    CHECK(served.agreement == nothing);
    CHECK(serve(scene, "permessage-deflate; server_max_window_bits=10").value() == "absent");
    const Asked made = answer(scene, "permessage-deflate");
    CHECK(made.offer == "absent");
    CHECK(made.events == failed(Violation::response_unoffered_extension));
    CHECK(made.agreement == nothing);
    CHECK_FALSE(Agreement{}.deflate.agreed);
}

TEST_CASE("what is offered, answered and agreed from octets",
          "[compressor][7692-5-01][7692-5-08][7692-5-11][7692-7-10]") {
    Scene scene;
    CHECK(answer(scene, "permessage-deflate").offer ==
          "permessage-deflate; client_max_window_bits");
    CHECK(serve(scene, "permessage-deflate; client_max_window_bits").output ==
          switched + field + "permessage-deflate\r\n\r\n");

    scene.client_config.deflate.send = {12, false};
    scene.client_config.deflate.receive = {10, false};
    ClientHandshake client(scene.client_config, {});
    ServerHandshake server(scene.server_config, {});
    REQUIRE(client.start(asking()) == Refusal::none);
    const std::string request = drain(client);
    CHECK(request == asked + field +
                         "permessage-deflate; server_max_window_bits=10; "
                         "server_no_context_takeover; client_max_window_bits=12; "
                         "client_no_context_takeover, permessage-deflate; "
                         "client_max_window_bits=12; client_no_context_takeover\r\n\r\n");
    (void)server.receive(as_bytes(request), {});
    REQUIRE(pull(server) == "request");
    CHECK(server.agreement().deflate == nothing);
    REQUIRE(server.accept() == Refusal::none);
    const std::string response = drain(server);
    CHECK(response == switched + field +
                          "permessage-deflate; server_max_window_bits=10; "
                          "server_no_context_takeover; client_max_window_bits=12; "
                          "client_no_context_takeover\r\n\r\n");
    (void)client.receive(as_bytes(response), {});
    REQUIRE(pull(client) == "response:101 opened:101");
    const DeflateAgreement expected = {true, {12, false}, {10, false}};
    CHECK(server.agreement().deflate == expected);
    CHECK(client.agreement().deflate == expected);
    CHECK(server.agreement().extensions.empty());
    CHECK(client.agreement().extensions.empty());
    CHECK(client.agreement().reserved_bits == 0);
}

TEST_CASE("the same from fields, over each HTTP", "[compressor][8441-5-07][7692-5-01][7692-5-08]") {
    for (const Transport transport : transports) {
        Scene scene;
        scene.client_config.deflate.receive = {9, true};
        scene.server_config.deflate.receive = {11, false};
        ClientOpening client(scene.client_config);
        ServerOpening server(scene.server_config);
        REQUIRE(client.start(asking(), transport) == Refusal::none);
        CHECK(value_of(client.fields(), name_over(transport)) ==
              "permessage-deflate; server_max_window_bits=9; client_max_window_bits, "
              "permessage-deflate; client_max_window_bits");
        REQUIRE(server.judge({"GET", "/", 11, client.fields(), transport}) == Violation::none);
        REQUIRE(server.accept() == Refusal::none);
        CHECK(value_of(server.fields(), name_over(transport)) ==
              "permessage-deflate; server_max_window_bits=9; client_max_window_bits=11; "
              "client_no_context_takeover");
        const HandshakeEvent event =
            client.judge({.status = server.status(), .fields = server.fields()});
        CHECK(event.kind == HandshakeEventKind::opened);
        const DeflateAgreement expected = {true, {11, false}, {9, true}};
        CHECK(server.agreement().deflate == expected);
        CHECK(client.agreement().deflate == expected);
    }
}

TEST_CASE("a Session shows what was agreed, and fails with what was wrong",
          "[compressor][7692-5-18][7692-7-07]") {
    for (const bool good : {true, false}) {
        Scene scene;
        scene.server_config.deflate.send = {9, true};
        Session client(scene.client_config, Role::client, {});
        Session server(scene.server_config, Role::server, {});
        REQUIRE(client.start(asking()) == Refusal::none);
        std::string request = drain(client);
        REQUIRE(server.receive({reinterpret_cast<std::byte*>(request.data()), request.size()},
                               {}) == Refusal::none);
        REQUIRE(server.next_event().kind() == EventKind::request);
        REQUIRE(server.accept() == Refusal::none);
        REQUIRE(server.next_event().kind() == EventKind::opened);
        const DeflateAgreement expected = {true, whole, {9, true}};
        CHECK(server.agreement().deflate == expected);
        std::string response = drain(server);
        if (!good) response.replace(response.find("bits=9") + 5, 1, "7");
        REQUIRE(client.receive({reinterpret_cast<std::byte*>(response.data()), response.size()},
                               {}) == Refusal::none);
        REQUIRE(client.next_event().kind() == EventKind::response);
        const Event event = client.next_event();
        CHECK(event.kind() == (good ? EventKind::opened : EventKind::failed));
        CHECK(event.violation() ==
              (good ? Violation::none : Violation::response_invalid_deflate_parameter));
        CHECK(client.agreement().deflate == (good ? expected : nothing));
    }
}

TEST_CASE("offers that cannot be accepted are declined one by one, and the handshake succeeds",
          "[compressor]"
          "[7692-7-01][7692-7-02][7692-7-03][7692-7-05][7692-5-16][7692-5-17][EXT-19]") {
    Scene scene;
    for (const std::string_view bad :
         {"; x", "; foo=bar", "; server_max_window_bits", "; server_max_window_bits=7",
          "; server_max_window_bits=16", "; client_max_window_bits=08",
          "; server_no_context_takeover=1", "; client_no_context_takeover=\"x\"",
          "; server_no_context_takeover; server_no_context_takeover",
          "; client_max_window_bits; client_max_window_bits=9", "; Server_max_window_bits=9"}) {
        INFO(bad);
        const std::string offer = "permessage-deflate" + std::string(bad);
        const Served declined = serve(scene, offer);
        CHECK(declined.output == switched + "\r\n");
        CHECK(declined.agreement == nothing);
        const Served next = serve(scene, offer + ", permessage-deflate; server_max_window_bits=9");
        CHECK(next.value() == "permessage-deflate; server_max_window_bits=9");
        CHECK(next.agreement == DeflateAgreement{true, whole, {9, true}});
    }
    CHECK(serve(scene, "Permessage-Deflate, x-webkit-deflate-frame").value() == "absent");
    CHECK(serve_lines(scene, "").value() == "absent");
}

TEST_CASE("an offer may stand on any line, among others and among empty elements",
          "[compressor][6455-9.1-04][7692-5-02][7692-5-12][EXT-22][EXT-27]") {
    Scene scene;
    CHECK(serve(scene, ", ,permessage-deflate, ,").value() == "permessage-deflate");
    CHECK(serve_lines(scene, field + "foo; a=\"b\"\r\nsec-websocket-extensions: bar,"
                                     "permessage-deflate ; server_max_window_bits = \"1\\0\"\r\n")
              .value() == "permessage-deflate; server_max_window_bits=10");
    CHECK(serve(scene, "permessage-deflate, permessage-deflate").value() == "permessage-deflate");
}

TEST_CASE("a field that breaks its grammar is 400, whatever it offers",
          "[6455-9.1-01][7692-7-05]") {
    Scene scene;
    for (const std::string_view value :
         {"permessage-deflate;", "permessage-deflate; server_max_window_bits=",
          "permessage-deflate; server_max_window_bits=\"10", "permessage-deflate, a b", ",", "",
          "permessage-deflate; server_max_window_bits=\"1 0\""}) {
        ServerHandshake server(scene.server_config, {});
        (void)server.receive(as_bytes(asked + field + std::string(value) + "\r\n\r\n"), {});
        CHECK(pull(server).starts_with("failed:violation:malformed_extensions:400"));
        CHECK(answer(scene, std::string(value)).events ==
              failed(Violation::response_malformed_extensions));
    }
}

TEST_CASE("a client fails on an answer that it cannot live with",
          "[compressor]"
          "[7692-7-06][7692-7-07][7692-7-08][7692-7-09][7692-7.1.2.1-07][7692-5-13][7692-5-15]"
          "[7692-5-18][7692-5.1-01]") {
    using enum Violation;
    const std::pair<std::string_view, Violation> rows[] = {
        {"permessage-deflate; x", response_unknown_deflate_parameter},
        {"permessage-deflate; server_max_window_bits=9; foo=1", response_unknown_deflate_parameter},
        {"permessage-deflate; server_max_window_bits", response_invalid_deflate_parameter},
        {"permessage-deflate; server_max_window_bits=7", response_invalid_deflate_parameter},
        {"permessage-deflate; client_max_window_bits", response_invalid_deflate_parameter},
        {"permessage-deflate; client_max_window_bits=010", response_invalid_deflate_parameter},
        {"permessage-deflate; client_no_context_takeover=1", response_invalid_deflate_parameter},
        {"permessage-deflate; client_no_context_takeover; client_no_context_takeover",
         response_repeated_deflate_parameter},
        {"permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
         response_repeated_deflate_parameter},
        {"permessage-deflate; server_no_context_takeover; server_max_window_bits=11",
         response_unsupported_deflate},
        {"permessage-deflate; server_no_context_takeover", response_unsupported_deflate},
        {"permessage-deflate; server_max_window_bits=10", response_unsupported_deflate},
        {"permessage-deflate", response_unsupported_deflate},
        {"permessage-deflate; server_no_context_takeover; server_max_window_bits=10, "
         "permessage-deflate; server_no_context_takeover; server_max_window_bits=10",
         response_repeated_extension},
        {"permessage-deflate; server_no_context_takeover; server_max_window_bits=10, foo",
         response_unoffered_extension},
        {"foo, permessage-deflate", response_unoffered_extension},
        {"Permessage-Deflate", response_unoffered_extension},
        {"permessage-bzip2", response_unoffered_extension},
    };
    Scene scene;
    scene.client_config.deflate.receive = {10, false};
    scene.client_config.deflate.insist = true;
    for (const auto& [value, violation] : rows) {
        INFO(value);
        const Asked made = answer(scene, std::string(value));
        CHECK(made.events == failed(violation));
        CHECK(made.agreement == nothing);
        for (const Transport transport : transports) {
            const Field fields[] = {{"Upgrade", "websocket"},
                                    {"Connection", "Upgrade"},
                                    {"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
                                    {name_over(transport), value}};
            const bool stream = transport != Transport::http1;
            ClientOpening client(scene.client_config);
            REQUIRE(client.start(asking(), transport) == Refusal::none);
            const HandshakeEvent event =
                client.judge({.status = static_cast<std::uint16_t>(stream ? 200 : 101),
                              .fields = std::span(fields).subspan(stream ? 3 : 0)});
            CHECK(event.violation == violation);
            CHECK(client.agreement().deflate == nothing);
        }
    }
    CHECK(answer(scene, "permessage-deflate; server_max_window_bits=9; server_no_context_takeover")
              .agreement == DeflateAgreement{true, whole, {9, false}});
}

TEST_CASE("a client obeys what it did not ask for, but for a window it did not offer",
          "[compressor]"
          "[7692-7.1.1.1-06][7692-7.1.1.2-05][7692-7.1.2.1-08][7692-7.1.2.2-08][7692-7.1.2.2-06]") {
    Scene scene;
    CHECK(answer(scene, "permessage-deflate; server_no_context_takeover").agreement ==
          DeflateAgreement{true, whole, {15, false}});
    CHECK(answer(scene, "permessage-deflate; client_no_context_takeover").agreement ==
          DeflateAgreement{true, {15, false}, whole});
    CHECK(answer(scene, "permessage-deflate; server_max_window_bits=8").agreement ==
          DeflateAgreement{true, whole, {8, true}});
    CHECK(answer(scene, "permessage-deflate; client_max_window_bits=8").agreement ==
          DeflateAgreement{true, {8, true}, whole});

    const Field answers[] = {
        {"x", "y"}, {"sec-websocket-extensions", "permessage-deflate; client_max_window_bits=15"}};
    const ResponseHead head = {.status = 200, .fields = answers, .transport = Transport::http2};
    Agreement agreement;
    Offer offer;
    offer.deflate = "permessage-deflate";
    CHECK(judge_response(head, offer, {}, agreement) == Violation::response_unsupported_deflate);
    for (const std::string_view hinting :  // a hint, which an answer may pass over
         {"permessage-deflate; client_max_window_bits=8",
          "permessage-deflate, permessage-deflate; client_max_window_bits=8"}) {
        offer.deflate = hinting;
        CHECK(judge_response(head, offer, {}, agreement) == Violation::none);
        CHECK(agreement.deflate == DeflateAgreement{true, whole, whole});
    }
    offer.deflate = {};
    offer.extensions = "permessage-deflate";
    CHECK(judge_response(head, offer, {}, agreement) == Violation::none);
    CHECK(agreement.deflate == nothing);
    CHECK(agreement.extensions == "permessage-deflate; client_max_window_bits=15");
    offer.deflate = "permessage-deflate; client_max_window_bits";
    offer.extensions = "foo";
    const Field relayed = {"sec-websocket-extensions", "foo"};
    CHECK(judge_response({.status = 200, .fields = {&relayed, 1}, .transport = Transport::http2},
                         offer, {}, agreement) == Violation::response_unoffered_extension);
}

TEST_CASE("what a ClientOpening offers is what a host that judges by itself checks answers by",
          "[compressor]") {
    Scene scene;
    scene.client_config.deflate.receive = {10, true};
    scene.client_config.deflate.insist = true;
    for (const Transport transport : {Transport::http2, Transport::http3}) {
        ClientOpening client(scene.client_config);
        REQUIRE(client.start(asking(), transport) == Refusal::none);
        Offer offer;
        offer.deflate = value_of(client.fields(), name_over(transport));
        const auto judged = [&](std::string_view said) {
            const Field answered = {name_over(transport), said};
            Agreement agreement;
            return judge_response({.status = 200, .fields = {&answered, 1}, .transport = transport},
                                  offer, scene.client_config, agreement);
        };
        CHECK(judged("permessage-deflate; server_max_window_bits=10") == Violation::none);
        CHECK(judged("permessage-deflate") == Violation::response_unsupported_deflate);
    }
}

TEST_CASE("no answer, no compression: the conversation opens without, and RSV1 is a reserved bit",
          "[compressor][7692-5-17][7692-5-16]") {
    Scene scene;
    CHECK(ask(scene, "").agreement == nothing);
    Session client(scene.client_config, Role::client, {});
    REQUIRE(client.start(asking()) == Refusal::none);
    REQUIRE(drain(client).find("permessage-deflate") != std::string::npos);
    std::string octets = switched + "\r\n\xC1\x07\xF2\x48\xCD\xC9\xC9\x07";
    octets += '\0';
    REQUIRE(client.receive({reinterpret_cast<std::byte*>(octets.data()), octets.size()}, {}) ==
            Refusal::none);
    REQUIRE(client.next_event().kind() == EventKind::response);
    REQUIRE(client.next_event().kind() == EventKind::opened);
    CHECK(client.agreement().deflate == nothing);
    CHECK(client.next_event().violation() == Violation::reserved_bit);
}

TEST_CASE("compression is not negotiated beside extensions that are relayed, nor to relay frames",
          "[compressor][7692-5-12][7692-5-14]") {
    Scene scene;
    Acceptance relaying;
    relaying.relayed_extensions = "foo";
    const Served served = serve(scene, "permessage-deflate, foo", relaying);
    CHECK(served.value() == "foo");
    CHECK(served.agreement == nothing);
    relaying.relayed_extensions = "permessage-deflate; server_no_context_takeover";
    CHECK(serve(scene, "permessage-deflate", relaying).agreement == nothing);

    ClientRequest request = asking();
    request.relayed_extensions = "permessage-deflate; x";
    const Asked made = ask(scene, field + "permessage-deflate; x; x\r\n", request);
    CHECK(made.offer == "permessage-deflate; x");
    CHECK(made.events == "response:101 opened:101");
    CHECK(made.agreement == nothing);

    scene.client_config.delivery = scene.server_config.delivery = Delivery::frames;
    CHECK(serve(scene, "permessage-deflate").value() == "absent");
    CHECK(ask(scene, "").offer == "absent");
    scene.client_config.delivery = scene.server_config.delivery = Delivery::parts;
    CHECK(serve(scene, "permessage-deflate").value() == "permessage-deflate");
    CHECK(ask(scene, "").offer != "absent");
}

TEST_CASE("compression, a subprotocol and fields of the host's stand side by side",
          "[compressor]") {
    Scene scene;
    const Field cookie = {"Set-Cookie", "a=b"};
    Acceptance acceptance;
    acceptance.subprotocol = "chat";
    acceptance.fields = {&cookie, 1};
    CHECK(serve_lines(scene, "Sec-WebSocket-Protocol: chat\r\n" + field + "permessage-deflate\r\n",
                      acceptance)
              .output == switched + "Sec-WebSocket-Protocol: chat\r\n" + field +
                             "permessage-deflate\r\nSet-Cookie: a=b\r\n\r\n");
    const std::string_view subprotocols[] = {"chat"};
    ClientRequest request = asking();
    request.subprotocols = subprotocols;
    const Asked made =
        ask(scene, "Sec-WebSocket-Protocol: chat\r\n" + field + "permessage-deflate\r\n", request);
    CHECK(made.events == "response:101 opened:101");
    CHECK(made.agreement.agreed);
    CHECK(
        ask(scene, "Sec-WebSocket-Protocol: other\r\n" + field + "permessage-deflate\r\n", request)
            .agreement == nothing);
}

TEST_CASE("an accept() without memory settles nothing, and may be made again") {
    Scene scene;
    ServerHandshake server(scene.server_config, {});
    (void)server.receive(as_bytes(asked + field + "permessage-deflate\r\n\r\n"), {});
    REQUIRE(pull(server) == "request");
    scene.memory.fail_from = scene.memory.call_count;
    REQUIRE(server.accept() == Refusal::out_of_memory);
    CHECK(server.agreement().deflate == nothing);
    scene.memory.fail_from = SIZE_MAX;
    Acceptance declining;
    declining.deflate = false;
    REQUIRE(server.accept(declining) == Refusal::none);
    CHECK(server.agreement().deflate == nothing);
    CHECK(drain(server) == switched + "\r\n");
}

TEST_CASE("judging an answer costs a client no memory", "[compressor]") {
    Scene scene;
    scene.client_config.deflate.receive = {8, false};
    ClientOpening client(scene.client_config);
    REQUIRE(client.start(asking(), Transport::http2) == Refusal::none);
    scene.memory.fail_from = scene.memory.call_count;
    const Field accepted = {"sec-websocket-extensions", "permessage-deflate"};
    CHECK(word_of(client.judge({.status = 200, .fields = {&accepted, 1}})) == "opened:200");
    CHECK(client.agreement().deflate == DeflateAgreement{true, whole, whole});
}
