// SPDX-License-Identifier: MIT
// Joins the two directions, the lifecycle and the deadlines: what follows from an event, when output
// is through, and why it ended. It touches no octet itself.
#pragma once

#include "hawse/connection.hpp"
#include "connection/deadlines.hpp"
#include "connection/lifecycle.hpp"
#include "connection/receiver.hpp"
#include "connection/sender.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hawse::connection {

class Conversation {
public:
    Conversation(const Config& config, const Agreement& agreement, Time now) noexcept;
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;
    ~Conversation();

    Refusal receive(Bytes octets, Time now) noexcept;
    Event next_event() noexcept;
    std::size_t next_events(std::span<Event> events) noexcept;
    Bytes unread() noexcept;
    Bytes landing() noexcept { return receiver_.landing(shared_); }
    std::size_t landed(std::size_t size, Time now) noexcept;
    [[nodiscard]] std::uint64_t announced_size() const noexcept {
        return receiver_.announced_size();
    }
    Refusal land_in(Bytes place) noexcept { return receiver_.land_in(shared_, place); }
    [[nodiscard]] std::uint64_t frame_left() const noexcept { return receiver_.frame_left(); }
    void receive_end(TransportEnd end, Time now) noexcept;

    Refusal send(MessageKind kind, ConstBytes octets, Send choice) noexcept;
    Refusal send_lent(MessageKind kind, ConstBytes octets, Token token, Send choice) noexcept;
    Refusal send_lent_mutable(MessageKind kind, Bytes octets, Token token, Send choice) noexcept;
    Refusal send_prepared(prepared::Content* content) noexcept;
    Refusal send_begin(MessageKind kind, Send choice) noexcept;
    Refusal send_part(ConstBytes octets, bool last) noexcept;
    Refusal send_frame(std::uint8_t first_octet, ConstBytes octets, std::uint64_t left) noexcept;
    Refusal ping(ConstBytes octets) noexcept;
    Refusal close(CloseCode code, std::string_view reason) noexcept;
    /// Now, unclean, without a Close; at most once.
    void end(Cause cause, Time now) noexcept;
    /// The waits begin with the next call that has a time.
    void begin_soon() noexcept { deadlines_.received.start_soon(); }

    std::size_t gather(std::span<Slice> slices) noexcept;
    void hand_over(std::size_t size, Time now) noexcept;
    void release(std::size_t size) noexcept;
    void wrote(std::size_t size, Time now) noexcept;
    std::size_t write_output(Bytes into, Time now) noexcept;
    /// The transport has taken, or given back, what stands before all output of ours.
    void note_progress(Time now) noexcept {
        deadlines_.touch(waits(), now);
        if (deadlines_.stalled.runs()) deadlines_.stalled.start(deadlines_.clock());
    }
    void write_ended(Time now) noexcept;
    Token next_released() noexcept { return sender_.next_released(); }
    [[nodiscard]] std::size_t output_size() const noexcept { return sender_.held_size(); }

    [[nodiscard]] Wants wants() const noexcept;
    [[nodiscard]] State state() const noexcept;
    [[nodiscard]] Time deadline() const noexcept { return deadlines_.due(waits()); }
    void advance(Time now) noexcept;
    void count_into(Statistics* statistics) noexcept { shared_.statistics = statistics; }

private:
    [[nodiscard]] const Waits& waits() const noexcept { return shared_.config->waits; }
    [[nodiscard]] bool is_full() const noexcept;
    [[nodiscard]] bool may_send() const noexcept { return phase_ == Phase::open; }
    [[nodiscard]] bool awaits_transport() const noexcept;

    Event pull() noexcept;
    void take_output(std::size_t size) noexcept;
    bool act_on(Event& event) noexcept;
    void take_closing(const Event& event) noexcept;
    void take_pong(ConstBytes payload) noexcept;
    void end_input() noexcept;
    Event ending_event() noexcept;

    void fail(Cause cause, Violation violation, CloseCode code) noexcept;
    void fail(Cause cause) noexcept;
    void send_keepalive() noexcept;
    void act_on_overdue(Overdue overdue) noexcept;
    void settle() noexcept;
    void finish(Moment moment, Cause cause) noexcept;
    void watch_output() noexcept;
    void watch_message() noexcept;

    Shared shared_;
    Receiver receiver_;
    Sender sender_;
    Deadlines deadlines_;

    Time keepalive_handed_ = never;
    std::uint32_t keepalive_serial_ = 0;
    CloseCode code_received_ = CloseCode::abnormal;
    CloseCode code_sent_ = CloseCode::abnormal;
    Role role_;
    Phase phase_ = Phase::open;
    Cause cause_ = Cause::none;
    Violation violation_ = Violation::none;
    std::uint8_t reason_size_ = 0;       // of the peer's, which the receiver keeps
    bool exchanged_ : 1 = false;         // both Closes are sent or queued
    bool reply_may_change_ : 1 = false;  // the peer closed first
    bool failed_ : 1 = false;
    bool failed_to_tell_ : 1 = false;
    bool closed_to_tell_ : 1 = false;
    bool clean_ : 1 = false;
    bool input_ended_ : 1 = false;  // and was acted on
    bool end_came_ : 1 = false;
    bool end_broken_ : 1 = false;
};

}  // namespace hawse::connection
