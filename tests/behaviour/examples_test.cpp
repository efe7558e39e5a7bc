// SPDX-License-Identifier: MIT
// The examples of RFC 6455 §5.7 in both directions, its errata applied, and closings written out.
#include "support/catch.hpp"
#include "support/drive.hpp"
#include "support/every_cut.hpp"

#include <array>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {

std::string story_of(Role role, std::string_view octets) {
    Replay replay;
    replay.role = role;
    return at_every_cut(replay, unhex(octets)).story;
}

std::string counting(std::size_t size) {
    std::string octets(size, '\0');
    for (std::size_t index = 0; index < size; ++index) octets[index] = static_cast<char>(index);
    return octets;
}

}  // namespace

TEST_CASE("a single-frame unmasked text message", "[6455-5.2-01][6455-5.4-01]") {
    CHECK(story_of(Role::client, "81 05 48 65 6c 6c 6f") == "text \"Hello\"");
    Rig rig;
    Drive server(rig, Role::server);
    CHECK(server->send(MessageKind::text, as_bytes("Hello")) == Refusal::none);
    CHECK(server.taken() == "810548656c6c6f");
}

TEST_CASE("a single-frame masked text message", "[6455-5.2-07][6455-5.3-05]") {
    CHECK(story_of(Role::server, "81 85 37 fa 21 3d 7f 9f 4d 51 58") == "text \"Hello\"");
    Rig rig;
    Drive client(rig, Role::client);
    CHECK(client->send(MessageKind::text, as_bytes("Hello")) == Refusal::none);
    CHECK(client.taken() == "818537fa213d7f9f4d5158");
}

TEST_CASE("a fragmented unmasked text message", "[6455-5.4-02]") {
    CHECK(story_of(Role::client, "01 03 48 65 6c  80 02 6c 6f") == "text \"Hello\"");
    Rig rig;
    Drive server(rig, Role::server);
    CHECK(server->send_begin(MessageKind::text) == Refusal::none);
    CHECK(server->send_part(as_bytes("Hel"), false) == Refusal::none);
    CHECK(server->send_part(as_bytes("lo"), true) == Refusal::none);
    CHECK(server.taken() == "010348656c80026c6f");
}

TEST_CASE("an unmasked ping and its masked pong", "[6455-5.5.2-02][6455-5.5.3-01]") {
    Replay client;
    client.role = Role::client;
    const Outcome answered = at_every_cut(client, unhex("89 05 48 65 6c 6c 6f"));
    CHECK(answered.story == "ping \"Hello\"");
    CHECK(answered.output == "8a8537fa213d7f9f4d5158");
    CHECK(story_of(Role::server, "8a 85 37 fa 21 3d 7f 9f 4d 51 58") == "pong \"Hello\"");
    Rig rig;
    Drive server(rig, Role::server);
    CHECK(server->ping(as_bytes("Hello")) == Refusal::none);
    CHECK(server.taken() == "890548656c6c6f");
}

TEST_CASE("256 octets in one unmasked binary frame", "[6455-5.2-09][6455-5.2-10]") {
    const std::string octets = counting(256);
    const std::string wire = "827e0100" + hex(as_bytes(octets));
    CHECK(story_of(Role::client, wire) == "binary " + quoted(as_bytes(octets)));
    Rig rig;
    Drive server(rig, Role::server);
    CHECK(server->send(MessageKind::binary, as_bytes(octets)) == Refusal::none);
    CHECK(server.taken() == wire);
}

TEST_CASE("64 KiB in one unmasked binary frame", "[6455-5.2-09][6455-5.2-10]") {
    const std::string octets = counting(65536);
    const std::string wire = "827f0000000000010000" + hex(as_bytes(octets));
    CHECK(Replay{.role = Role::client}.run(unhex(wire)).story ==
          "binary " + quoted(as_bytes(octets)));
    Rig rig;
    Drive server(rig, Role::server);
    CHECK(server->send(MessageKind::binary, as_bytes(octets)) == Refusal::none);
    CHECK(server.taken() == wire);
}

TEST_CASE("a closing that the client begins, octet for octet", "[6455-7.1.2-01]") {
    Rig client_rig, server_rig;
    Drive client(client_rig, Role::client), server(server_rig, Role::server);
    CHECK(client->close(CloseCode::normal, "done") == Refusal::none);
    const std::string close = client.taken();
    CHECK(close == "888637fa213d34124552599f");
    server.feed(unhex(close));
    const std::string reply = server.taken();
    CHECK(reply == "880203e8");
    CHECK(server->wants().end_write());
    server.write_ended();
    client.feed(unhex(reply)).end();
    server.end();
    CHECK(client.story.text() ==
          "closing 1000 \"\"\nclosed clean sent 1000 received 1000 \"\" none");
    CHECK(server.story.text() ==
          "closing 1000 \"done\"\nclosed clean sent 1000 received 1000 \"done\" none");
}

TEST_CASE("a closing that the server begins, without a code", "[6455-5.5.1-01]") {
    Rig client_rig, server_rig;
    Drive client(client_rig, Role::client), server(server_rig, Role::server);
    CHECK(server->close(CloseCode::no_code) == Refusal::none);
    CHECK(server.taken() == "8800");
    client.feed(unhex("8800"));
    CHECK(client.taken() == "888037fa213d");
    server.feed(unhex("888037fa213d")).write_ended();
    client.end();
    server.end();
    for (Drive* drive : {&client, &server})
        CHECK(drive->story.text() ==
              "closing 1005 \"\"\nclosed clean sent 1005 received 1005 \"\" none");
}
