// SPDX-License-Identifier: MIT
// A server without a heap: ten conversations inside one static arena, all at once, in pieces of a few
// octets, from the request to the last Close. Prints what they took of it. Give it a smaller size in
// octets to see memory end: a call is refused or a conversation fails; it says which, and exits
// with 1.
#include "arena.hpp"
#include "hawse/hawse.hpp"
#include "arena_script.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace {

using examples::expected, examples::lease, examples::script;
using hawse::Bytes, hawse::Connection, hawse::HandshakeState, hawse::ServerHandshake;

constexpr hawse::Time now{};  // no time passes here
alignas(std::max_align_t) std::byte storage[64 * 1024];
const char* fault = nullptr;  // the first one

void note(const char* what) { fault = fault == nullptr ? what : fault; }
void check(hawse::Refusal refusal) {
    if (refusal != hawse::Refusal::none) note(describe(refusal));
}

struct Peer {
    examples::Leased<ServerHandshake> opening;
    examples::Leased<Connection> ws = {};
    std::size_t sent = 0, heard = 0;
    bool clean = false;

    // A piece in and a piece out, as a serial line would bring and take them.
    void step(const hawse::Config& config) {
        std::array<std::byte, 11> line;
        const auto octets = hawse::as_bytes(script.substr(sent, line.size()));
        const Bytes piece(line.data(), std::copy(octets.begin(), octets.end(), line.begin()));
        sent += opening ? open(config, piece) : talk(piece);
        const std::size_t size =
            opening ? opening->write_output(line, now) : ws->write_output(line, now);
        if (hawse::as_text(line).substr(0, size) != expected.substr(heard, size))
            note("the output is not what it must be");
        heard += size;
        if (!ws || !ws->wants().end_write()) return;
        ws->write_ended(now);
        ws->receive_end(hawse::TransportEnd::orderly, now);  // what a client does then
    }
    std::size_t open(const hawse::Config& config, Bytes octets) {
        const std::size_t taken = opening->receive(octets, now);
        while (const auto event = opening->next_event()) {
            if (event.kind == hawse::HandshakeEventKind::request) check(opening->accept());
            if (event.kind == hawse::HandshakeEventKind::failed) note(describe(event.cause));
        }
        if (opening->state() != HandshakeState::open || opening->output_size() > 0) return taken;
        ws = lease<Connection>(*config.pool, config, opening->agreement(), now);
        if (!ws) return note("there is no place for a connection"), taken;
        talk(opening->take_early());
        opening.reset();
        return taken;
    }
    std::size_t talk(Bytes octets) {
        if (!octets.empty()) check(ws->receive(octets, now));
        while (const hawse::Event event = ws->next_event()) {
            if (event.is_message()) check(ws->send(event.message_kind(), event.payload()));
            if (event.kind() == hawse::EventKind::failed) note(describe(event.cause()));
            if (event.kind() == hawse::EventKind::closed) clean = event.clean();
        }
        return octets.size();
    }
};

}  // namespace

int main(int count, char** arguments) {
    const std::size_t size = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : sizeof storage;
    examples::Arena arena{std::span(storage).first(std::min(size, sizeof storage))};
    hawse::Pool pool{arena.allocator(), sizeof storage};
    hawse::Config config;
    config.pool = &pool;
    std::array<Peer, 10> peers;
    for (Peer& peer : peers)
        if (!(peer.opening = lease<ServerHandshake>(pool, config, now)))
            note("no place for a peer");
    for (std::size_t round = 0; round < script.size() && !fault; ++round)
        for (Peer& peer : peers)
            if (!fault && !peer.clean) peer.step(config);
    for (const Peer& peer : peers)
        if (!peer.clean || peer.heard != expected.size()) note("a conversation did not end well");
    if (fault) return std::puts(fault), 1;
    std::printf("%zu octets used, %zu a conversation\n", arena.used, arena.used / peers.size());
    return 0;
}
