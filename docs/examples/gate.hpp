// SPDX-License-Identifier: MIT
// Who may come in, asked where the answer takes a while: a worked example of asynchronous
// authorisation. Requests wait here, by the numbers of their peers, as they would for a database; the
// loop serves everyone else meanwhile.
#pragma once

#include "hawse/handshake.hpp"
#include "hawse/time.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

namespace examples {

class Gate {
public:
    /// An empty secret lets everyone in.
    explicit Gate(std::string secret) noexcept : secret_(std::move(secret)) {}

    [[nodiscard]] bool is_open() const noexcept { return secret_.empty(); }

    /// The request of peer `serial` waits for its answer from now on.
    void ask(std::uint64_t serial, hawse::Time now) { waiting_.push_back({now + delay, serial}); }

    /// When the next answer is there.
    [[nodiscard]] hawse::Time next() const noexcept {
        return waiting_.empty() ? hawse::never : waiting_.front().answer_at;
    }
    /// Whose it is. Only when next() has passed.
    std::uint64_t pop() {
        const auto serial = waiting_.front().serial;
        waiting_.pop_front();
        return serial;
    }

    /// Whether `request` carries the secret: as "Authorization: Bearer SECRET", or for browsers, whose
    /// WebSocket sends no fields of ours, as "?token=SECRET", percent-encoded.
    [[nodiscard]] bool admits(const hawse::Request& request) const;

private:
    static constexpr hawse::Duration delay = hawse::milliseconds(50);
    struct Waiting {
        hawse::Time answer_at;
        std::uint64_t serial;
    };

    std::string secret_;
    std::deque<Waiting> waiting_;  // in the order of their answers, since all take the same time
};

}  // namespace examples
