// SPDX-License-Identifier: MIT
// A server's peer from its first octet to its last: the opening handshake, then the Connection, under
// one set of verbs, those of Connection. Like both it does no I/O, and a driver need not know which
// of them is speaking. Every request is accepted. It knows no socket and no event loop.
#pragma once

#include "hawse/hawse.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace examples {

class Session {
public:
    Session(const hawse::Config& config, hawse::Time now)
        : config_(config), now_(now),
          handshake_(std::make_unique<hawse::ServerHandshake>(config, now)) {}

    // As in Connection. Events are the Connection's alone: whoever is refused was never there.

    /// May follow landed() at once, as a scatter read has it.
    void receive(hawse::Bytes octets, hawse::Time now) {
        now_ = now;
        if (!connection_)
            rest_ = octets.subspan(handshake_->receive(octets, now));
        else if (connection_->receive(octets, now) == hawse::Refusal::unread_input)
            rest_ = octets;
    }
    hawse::Bytes landing() {
        const auto place = connection_ ? connection_->landing() : hawse::Bytes();
        landing_size_ = place.size();
        return place;
    }
    /// Answers how many of `size` octets landing() lent room for; the others are received.
    std::size_t landed(std::size_t size, hawse::Time now) {
        size = std::min(size, landing_size_);
        if (connection_) connection_->landed(size, now);
        return size;
    }
    void receive_end(hawse::TransportEnd end, hawse::Time now) {
        connection_ ? connection_->receive_end(end, now) : handshake_->receive_end(end, now);
    }
    hawse::Event next_event() {
        if (!connection_) open();
        while (connection_) {
            if (const auto event = connection_->next_event()) return event;
            if (rest_.empty()) break;
            (void)connection_->receive(std::exchange(rest_, {}), now_);
        }
        if (connection_ && !is_answering()) handshake_.reset();  // what came early is read
        return {};
    }

    hawse::Refusal send(hawse::MessageKind kind, hawse::ConstBytes octets) {
        return connection_ ? connection_->send(kind, octets) : hawse::Refusal::not_open;
    }
    hawse::Refusal close(hawse::CloseCode code) {
        return connection_ ? connection_->close(code) : hawse::Refusal::not_open;
    }

    std::size_t gather(std::span<hawse::Slice> slices) {
        if (handed_size_ != 0) return 0;
        return is_answering() ? handshake_->gather(slices) : connection_->gather(slices);
    }
    void wrote(std::size_t size, hawse::Time now) {
        is_answering() ? handshake_->wrote(size, now) : connection_->wrote(size, now);
    }
    /// A handshake cannot tell the halves of wrote() apart: nothing is shown behind its answer until
    /// all of that is reusable.
    void handed_over(std::size_t size, hawse::Time now) {
        now_ = now;
        is_answering() ? void(handed_size_ += size) : connection_->handed_over(size, now);
    }
    void reusable(std::size_t size) {
        handed_size_ != 0 ? handshake_->wrote(std::exchange(handed_size_, 0), now_)
                          : connection_->reusable(size);
    }
    void write_ended(hawse::Time now) {
        connection_ ? connection_->write_ended(now) : handshake_->write_ended(now);
    }

    [[nodiscard]] hawse::Wants wants() const {
        constexpr unsigned write = hawse::Wants::write_bit;
        const auto bits = (connection_ ? connection_->wants() : handshake_->wants()).bits();
        return hawse::Wants(handed_size_ != 0               ? bits & ~write
                            : is_answering() && connection_ ? bits | write
                                                            : bits);
    }
    [[nodiscard]] hawse::Time deadline() const {
        return std::min(handshake_ ? handshake_->deadline() : hawse::never,
                        connection_ ? connection_->deadline() : hawse::never);
    }
    void advance(hawse::Time now) {
        now_ = now;
        if (handshake_) handshake_->advance(now);
        if (!connection_) return;
        connection_->advance(now);
        if (handshake_ && handshake_->state() != hawse::HandshakeState::open)
            connection_->abort(now);  // the answer was not taken in time
    }

private:
    /// The handshake has output, or is still all there is.
    [[nodiscard]] bool is_answering() const {
        return handshake_ && (!connection_ || handshake_->output_size() != 0);
    }
    void open() {
        while (const auto event = handshake_->next_event()) {
            if (event.kind == hawse::HandshakeEventKind::request &&
                handshake_->accept() != hawse::Refusal::none)
                handshake_->abort(now_);
            if (event.kind != hawse::HandshakeEventKind::opened) continue;
            connection_.emplace(config_, handshake_->agreement(), now_);
            (void)connection_->receive(handshake_->take_early(), now_);
            return;
        }
    }

    const hawse::Config& config_;
    hawse::Time now_;                                    // the last that was told
    std::unique_ptr<hawse::ServerHandshake> handshake_;  // until it is written and read
    std::optional<hawse::Connection> connection_;        // from the moment of acceptance
    hawse::Bytes rest_;                                  // lent, and not to be received yet
    std::size_t landing_size_ = 0;
    std::size_t handed_size_ = 0;  // of the handshake's answer
};

/// The octets that gather() showed, for transports that take all or nothing.
inline std::size_t size_of(std::span<const hawse::Slice> slices) noexcept {
    std::size_t size = 0;
    for (const auto& slice : slices) size += slice.size();
    return size;
}

/// Pulls all there is to tell, and says every message back.
inline void echo(Session& session) {
    while (const auto event = session.next_event())
        if (event.is_message() &&
            session.send(event.message_kind(), event.payload()) != hawse::Refusal::none)
            (void)session.close(hawse::CloseCode::internal_error);
}

}  // namespace examples
