// SPDX-License-Identifier: MIT
// The client's opening handshake: a request is checked and composed, heads are read until one is
// final, and it is judged. All its control flow and time is here; reading, judging and the body of
// a refusal are elsewhere. RFC 6455 §4.1
#pragma once

#include "hawse/handshake.hpp"
#include "handshake/offered.hpp"
#include "handshake/outcome.hpp"
#include "handshake/output.hpp"
#include "handshake/patience.hpp"
#include "http/body.hpp"
#include "http/head.hpp"

namespace hawse::handshake {

class Client {
public:
    Client(const Config& config, Time now) noexcept;

    Refusal start(const ClientRequest& request) noexcept;
    [[nodiscard]] bool is_started() const noexcept { return phase_ != Phase::idle; }

    std::size_t receive(ConstBytes octets, Time now) noexcept;
    void receive_end(TransportEnd end, Time now) noexcept;
    HandshakeEvent next_event() noexcept { return outcome_.next_event(); }

    [[nodiscard]] const Response& response() const noexcept { return response_; }
    [[nodiscard]] const Agreement& agreement() const noexcept { return offered_.agreement(); }

    std::size_t gather(std::span<Slice> slices) noexcept { return output_.gather(slices); }
    // Each answers how many octets it counted.
    std::size_t hand_over(std::size_t size, Time now) noexcept;
    std::size_t release(std::size_t size) noexcept { return output_.release(size); }
    std::size_t wrote(std::size_t size, Time now) noexcept;
    std::size_t write_output(Bytes into, Time now) noexcept;
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
        idle,  // not started
        head,  // heads are read until a final one
        body,  // of a response that refuses
        open,  // the request may still be being written
        ended,
    };

    std::size_t receive_heads(ConstBytes octets) noexcept;
    void receive_head() noexcept;
    void receive_body(ConstBytes octets) noexcept;
    void judge(const ResponseHead& head) noexcept;
    void note_progress(Time now) noexcept;
    void stop(Cause cause) noexcept;
    void fail(Cause cause, Violation violation, std::uint16_t status) noexcept;
    void end() noexcept;

    const Config& config_;
    http::HeadReader head_;
    http::BodyReader body_;
    Offered offered_;
    Output output_;
    Patience patience_;
    Response response_;
    std::uint32_t interim_count_ = 0;
    Outcome outcome_;
    Phase phase_ = Phase::idle;
    HandshakeState state_ = HandshakeState::opening;
};

}  // namespace hawse::handshake
