// SPDX-License-Identifier: MIT
// A client and a server that talk over a link in memory: it delivers pieces of chosen sizes, counts
// them, ends in order or breaks, and has a clock of its own. Nothing waits.
#pragma once

#include "support/drive.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace hawse::test {

class Pair {
public:
    /// How many of so many octets move next: at least one, at most all.
    using Knife = std::function<std::size_t(std::size_t available)>;

    Rig client_rig = {};
    Rig server_rig = {};

    explicit Pair(
        const std::function<void(Config&)>& configure = [](Config&) {},
        Knife knife = [](std::size_t available) { return available; },
        const DeflateAgreement& deflate = {})
        : client((configure(client_rig.config), client_rig),
                 Agreement{.role = Role::client, .deflate = deflate}, Drain::nothing),
          server((configure(server_rig.config), server_rig),
                 Agreement{.role = Role::server, .deflate = deflate}, Drain::nothing),
          knife_(std::move(knife)) {}

    Drive client;
    Drive server;

    Drive& side(Role role) noexcept { return role == Role::client ? client : server; }

    /// Moves what can move once in each direction; false when nothing could.
    bool step() {
        const bool upward = move(client, server, upward_);
        const bool downward = move(server, client, downward_);
        return upward || downward;
    }
    /// Until nothing moves any more.
    void run() {
        while (step()) {
        }
    }
    void pass(Duration duration) {
        client.pass(duration);
        server.pass(duration);
    }
    /// The transport is gone, with all that was under way.
    void snap() {
        for (Direction* direction : {&upward_, &downward_}) *direction = {{}, true, true, 0};
        client.end(TransportEnd::broken);
        server.end(TransportEnd::broken);
    }
    /// Octets that left the side in `role`.
    [[nodiscard]] std::size_t sent_size(Role role) const noexcept {
        return (role == Role::client ? upward_ : downward_).size;
    }

private:
    struct Direction {
        Octets under_way = {};
        bool ended = false;  // the writer's side is shut
        bool told = false;   // and the reader knows
        std::size_t size = 0;
    };

    bool move(Drive& from, Drive& to, Direction& direction) {
        from.pull();
        const bool wrote = write(from, direction);
        const bool shut = shut_side(from, direction);
        const bool delivered = deliver(to, direction);
        return wrote || shut || delivered;
    }

    bool write(Drive& from, Direction& direction) {
        if (direction.ended || !from->wants().write()) return false;
        Octets piece(knife_(from->output_size()));
        piece.resize(from->write_output(piece, from.now));
        append(direction.under_way, piece);
        direction.size += piece.size();
        return !piece.empty();
    }

    static bool shut_side(Drive& from, Direction& direction) {
        const bool ends = from->wants().end_write() || from->wants().close();
        if (!ends || direction.ended) return false;
        direction.ended = true;
        if (from->wants().end_write()) from.write_ended();
        return true;
    }

    bool deliver(Drive& to, Direction& direction) {
        if (to->wants().close()) {
            const bool dropped = !direction.under_way.empty();
            direction.under_way.clear();
            return dropped;
        }
        Octets& octets = direction.under_way;
        if (octets.empty()) {
            if (!direction.ended || direction.told) return false;
            direction.told = true;
            to.end();
            return true;
        }
        if (!to->wants().read()) return false;
        const std::size_t size = knife_(octets.size());
        to.feed(ConstBytes(octets).first(size));
        octets.erase(octets.begin(), octets.begin() + std::ptrdiff_t(size));
        return true;
    }

    Knife knife_;
    Direction upward_ = {};
    Direction downward_ = {};
};

}  // namespace hawse::test
