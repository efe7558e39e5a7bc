// SPDX-License-Identifier: MIT
// Drives one opening handshake as a host would and writes down all that could be seen of it, so that
// two runs can be compared: whole, octet by octet, cut in two anywhere.
#pragma once

#include "hawse/handshake.hpp"
#include "support/watched_pool.hpp"

#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace support {

using Cuts = std::vector<std::size_t>;  ///< offsets at which the input is cut

struct Story {
    std::string events;  ///< one word each, with cause, violation and status
    std::string output;
    std::string left;  ///< what the Connection is given: early octets, and those not taken
    std::string body;  ///< a client's: of a response that refuses
    hawse::DeflateAgreement deflate = {};
    unsigned wants = 0;
    hawse::HandshakeState state = hawse::HandshakeState::opening;
    std::size_t largest_size = 0;
    bool operator==(const Story& other) const {
        return events == other.events && output == other.output && left == other.left &&
               body == other.body && deflate == other.deflate && wants == other.wants &&
               state == other.state;
    }
};

inline std::string word_of(const hawse::HandshakeEvent& event) {
    const char* const words[] = {"none", "request", "response", "opened", "failed", "closed"};
    std::string word = words[static_cast<std::size_t>(event.kind)];
    if (event.cause != hawse::Cause::none) word += std::string(":") + name_of(event.cause);
    if (event.violation != hawse::Violation::none)
        word += std::string(":") + describe(event.violation).name;
    if (event.status != 0) word += ":" + std::to_string(event.status);
    return word;
}

inline std::string repeated(std::string_view unit, int count) {
    std::string joined;
    for (; count > 0; --count) joined += unit;
    return joined;
}

/// The nonce of RFC 6455 §1.3, over and over.
inline hawse::Entropy sample_entropy() {
    return {[](void*, std::byte* into, std::size_t size) noexcept {
                std::memcpy(into, "the sample nonce", size < 16 ? size : 16);
                return true;
            },
            nullptr};
}

template <typename Handshake>
std::string drain(Handshake& handshake, hawse::Time now = {}) {
    std::string output;
    hawse::Slice slices[4];
    while (const std::size_t count = handshake.gather(slices)) {
        for (std::size_t index = 0; index < count; ++index)
            output += hawse::as_text(slices[index].bytes());
        handshake.wrote(output.size(), now);
    }
    return output;
}

template <typename Handshake>
std::string pull(Handshake& handshake) {
    std::string events;
    while (const hawse::HandshakeEvent event = handshake.next_event())
        events += (events.empty() ? "" : " ") + word_of(event);
    return events;
}

using Host = std::function<void(hawse::ServerHandshake&)>;
inline void accept_all(hawse::ServerHandshake& server) { (void)server.accept(); }

template <typename Handshake, typename OnEvent>
void feed(Handshake& handshake, std::string_view input, const Cuts& cuts, Story& story,
          const OnEvent& on_event) {
    Cuts ends = cuts;
    ends.push_back(input.size());
    std::size_t offset = 0;
    for (const std::size_t end : ends) {
        const std::string piece(input.substr(offset, end - offset));  // so that ASan sees its ends
        offset = end;
        const std::size_t taken = handshake.receive(hawse::as_bytes(piece), {});
        story.left += piece.substr(taken);
        while (const hawse::HandshakeEvent event = handshake.next_event()) {
            story.events += (story.events.empty() ? "" : " ") + word_of(event);
            on_event(event);
        }
        story.output += drain(handshake);
    }
}

inline Story serve(hawse::Config config, std::string_view input, const Cuts& cuts = {},
                   const Host& host = accept_all) {
    WatchedPool memory;
    config.pool = &memory.pool;
    hawse::ServerHandshake server(config, {});
    Story story;
    feed(server, input, cuts, story, [&](const hawse::HandshakeEvent& event) {
        if (event.kind == hawse::HandshakeEventKind::request) host(server);
    });
    story.left.insert(0, hawse::as_text(server.take_early()));
    story.deflate = server.agreement().deflate;
    story.wants = server.wants().bits();
    story.state = server.state();
    story.largest_size = memory.largest_size;
    return story;
}

inline Story ask(hawse::Config config, const hawse::ClientRequest& request, std::string_view input,
                 const Cuts& cuts = {}) {
    WatchedPool memory;
    config.pool = &memory.pool;
    if (config.entropy.fill == nullptr) config.entropy = sample_entropy();
    hawse::ClientHandshake client(config, {});
    Story story;
    if (client.start(request) != hawse::Refusal::none) return story;
    story.output += drain(client);
    feed(client, input, cuts, story, [](const hawse::HandshakeEvent&) {});
    story.body = hawse::as_text(client.response().body);
    story.deflate = client.agreement().deflate;
    story.wants = client.wants().bits();
    story.state = client.state();
    story.largest_size = memory.largest_size;
    return story;
}

/// Every octet alone, and for inputs that are not too long every cut into two.
template <typename Run, typename Check>
void at_every_cut(std::string_view input, const Run& run, const Check& check) {
    Cuts all;
    for (std::size_t offset = 1; offset < input.size(); ++offset) all.push_back(offset);
    check(run(all));
    const std::size_t step = input.size() / 600 + 1;
    for (std::size_t offset = 0; offset <= input.size(); offset += step) check(run(Cuts{offset}));
}

}  // namespace support
