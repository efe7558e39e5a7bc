// SPDX-License-Identifier: MIT
// What a connection takes: idle, after one message of 1 KiB each way, and after 1 MiB of them; plain and
// compressed, with windows of 15, 12 and 9 bits and without takeover. Each row is a server with
// connections of its own, whose pool keeps nothing idle: what is counted is what the allocator gave.
//
//     memory [--connections COUNT]
//
// `pooled` is what all connections share: their compressors, divided among them. That every message
// comes back as it was said is seen on the way.
#include "hawse/hawse.hpp"
#include "hawse/heap.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace hawse;

namespace {

constexpr Time now = {1};
constexpr std::size_t message_size = 1024;
constexpr std::size_t many = 1024;  // messages of 1 KiB, each way

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "memory: %s\n", what);
    std::exit(1);
}

/// Counts what is out.
struct Counted {
    std::size_t live_size = 0;
    [[nodiscard]] Allocator face() noexcept {
        return {[](void* context, std::size_t size) noexcept {
                    static_cast<Counted*>(context)->live_size += size;
                    return std::malloc(size);
                },
                [](void* context, void* octets, std::size_t size) noexcept {
                    static_cast<Counted*>(context)->live_size -= size;
                    std::free(octets);
                },
                this};
    }
};

std::string text_of(std::minstd_rand& random) {
    std::string text = "[";
    while (text.size() < message_size)
        text += "{\"id\":" + std::to_string(random() % 100000) + ",\"state\":\"" +
                (random() % 2 != 0 ? "open" : "closed") + "\"},";
    text.resize(message_size);
    return text;
}

struct Way {
    const char* name;
    bool compresses;
    DeflateDirection direction;
};

/// The connections of one way, and one client that talks to each of them in turn.
class Server {
public:
    Server(const Way& way, std::size_t count) {
        config_.pool = &pool_;
        agreement_.role = Role::server;
        agreement_.deflate = {way.compresses, way.direction, way.direction};
        for (std::size_t index = 0; index < count; ++index)
            connections_.push_back(std::make_unique<Connection>(config_, agreement_, now));
    }

    /// Every connection echoes `count` messages, which a client of its own sends.
    void echo(std::size_t count) {
        Config config;
        Pool pool(heap_allocator());
        config.pool = &pool;
        config.entropy = {[](void*, std::byte* into, std::size_t size) noexcept {
                              std::fill_n(into, size, std::byte{0x5A});
                              return true;
                          },
                          nullptr};
        Agreement agreement = agreement_;
        agreement.role = Role::client;
        for (std::size_t index = 0; index < connections_.size(); ++index) {
            Connection client(config, agreement, now);
            std::minstd_rand random(static_cast<unsigned>(index + 1));
            for (std::size_t message = 0; message < count; ++message)
                echo_one(client, *connections_[index], text_of(random));
        }
    }

    [[nodiscard]] double kept_size() const {
        return static_cast<double>(counted_.live_size - pool_.kept_size()) /
               static_cast<double>(connections_.size());
    }
    [[nodiscard]] double pooled_size() const {
        return static_cast<double>(pool_.kept_size()) / static_cast<double>(connections_.size());
    }

private:
    void move(Connection& from, Connection& to) {
        octets_.resize(from.output_size());
        octets_.resize(from.write_output(octets_, now));
        require(to.receive(octets_, now) == Refusal::none, "octets were refused");
    }
    void echo_one(Connection& client, Connection& server, const std::string& text) {
        require(client.send(MessageKind::text, as_bytes(text)) == Refusal::none, "a send failed");
        move(client, server);
        while (const Event event = server.next_event())
            require(event.is_message() && server.send(MessageKind::text, event.payload()) ==
                                              Refusal::none,
                    "the server heard no message");
        move(server, client);
        bool heard = false;
        while (const Event event = client.next_event())
            heard = event.is_message() && event.text() == text;
        require(heard, "the echo is not what was said");
    }

    Counted counted_;
    Pool pool_{counted_.face(), 0};
    Config config_;
    Agreement agreement_;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<std::byte> octets_;
};

}  // namespace

int main(int count, char** arguments) {
    std::size_t connection_count = 1000;
    for (int index = 1; index + 1 < count; index += 2)
        if (std::strcmp(arguments[index], "--connections") == 0)
            connection_count = std::strtoull(arguments[index + 1], nullptr, 10);
    require(connection_count != 0 && count % 2 == 1, "--connections COUNT, and nothing else");

    const Way ways[] = {
        {"plain", false, {}},
        {"takeover, 15 bits", true, {15, true}},
        {"takeover, 12 bits", true, {12, true}},
        {"takeover, 9 bits", true, {9, true}},
        {"no takeover", true, {15, false}},
    };
    std::printf("%zu connections; octets for each, %zu of them the object\n", connection_count,
                sizeof(Connection));
    std::printf("%-20s %8s %12s %12s %10s\n", "", "idle", "after 1 KiB", "after 1 MiB", "pooled");
    for (const Way& way : ways) {
        std::fprintf(stderr, "%s ...\n", way.name);
        Server server(way, connection_count);
        const double object = sizeof(Connection);
        const double idle = server.kept_size() + object;
        server.echo(1);
        const double after_one = server.kept_size() + object;
        // Some of them are enough: what is kept no longer grows.
        Server busy(way, std::min<std::size_t>(connection_count, 20));
        busy.echo(many);
        std::printf("%-20s %8.0f %12.0f %12.0f %10.0f\n", way.name, idle, after_one,
                    busy.kept_size() + object, server.pooled_size());
    }
}
