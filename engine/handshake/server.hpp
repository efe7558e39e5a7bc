// SPDX-License-Identifier: MIT
// The server's opening handshake: a head is read, judged and shown, the host decides, the answer is
// written. All its control flow and time is here; reading, judging and composing are elsewhere.
// RFC 6455 §4.2
#pragma once

#include "hawse/handshake.hpp"
#include "handshake/outcome.hpp"
#include "handshake/output.hpp"
#include "handshake/patience.hpp"
#include "http/head.hpp"

namespace hawse::handshake {

class Server {
public:
    Server(const Config& config, Time now) noexcept;

    std::size_t receive(ConstBytes octets, Time now) noexcept;
    void receive_end(TransportEnd end, Time now) noexcept;
    HandshakeEvent next_event() noexcept { return outcome_.next_event(); }

    [[nodiscard]] const Request& request() const noexcept { return request_; }
    Refusal accept(const Acceptance& acceptance) noexcept;
    Refusal reject(const Rejection& rejection) noexcept;
    /// Of more octets than could be kept, when they can wait no longer.
    void refuse_early_octets() noexcept {
        if (phase_ == Phase::deciding) refuse(Violation::early_octets);
    }
    [[nodiscard]] const Agreement& agreement() const noexcept { return agreement_; }
    Bytes take_early() noexcept;

    std::size_t gather(std::span<Slice> slices) noexcept { return output_.gather(slices); }
    // Each answers how many octets it counted.
    std::size_t hand_over(std::size_t size, Time now) noexcept;
    std::size_t release(std::size_t size) noexcept;
    std::size_t wrote(std::size_t size, Time now) noexcept;
    std::size_t write_output(Bytes into, Time now) noexcept;
    void write_ended(Time now) noexcept;
    /// Nobody will read what was not shown.
    void drop_output() noexcept { output_.drop(); }
    [[nodiscard]] std::size_t output_size() const noexcept { return output_.size(); }
    [[nodiscard]] std::size_t unhanded_size() const noexcept { return output_.unhanded_size(); }
    [[nodiscard]] bool is_in_flight() const noexcept { return output_.is_in_flight(); }
    [[nodiscard]] Wants wants() const noexcept;
    [[nodiscard]] HandshakeState state() const noexcept { return state_; }
    [[nodiscard]] Time deadline() const noexcept { return patience_.deadline(); }
    void advance(Time now) noexcept;
    void abort(Time now) noexcept;

private:
    enum class Phase : std::uint8_t {
        head,       // octets of the request are read
        deciding,   // the host has the request
        opening,    // accepted: 101 is being written
        open,       // it is written; nothing happens here any more
        refusing,   // refused or rejected: the answer is being written
        lingering,  // it is written: input is discarded until the transport ends
        ended,
    };

    std::size_t receive_head(ConstBytes octets) noexcept;
    std::size_t receive_early(ConstBytes octets) noexcept;
    void refuse(Cause cause, Violation violation, std::uint16_t status) noexcept;
    void refuse(Violation violation) noexcept;
    void fail(Cause cause, Violation violation, std::uint16_t status) noexcept;
    void note_progress(std::size_t unhanded_before, Time now) noexcept;
    void drained() noexcept;
    void end() noexcept;

    const Config& config_;
    http::HeadReader head_;
    http::LeasedBytes early_;
    Output output_;
    Patience patience_;
    Request request_;
    Agreement agreement_;
    Outcome outcome_;
    Phase phase_ = Phase::head;
    HandshakeState state_ = HandshakeState::opening;
    bool receive_ended_ = false;
    bool write_ended_ = false;
    bool early_taken_ = false;
};

}  // namespace hawse::handshake
