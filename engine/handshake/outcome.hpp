// SPDX-License-Identifier: MIT
// How a handshake came out, and which events the host has still to pull. Each kind is told at most
// once, in the order of HandshakeEventKind, which is the order in which they can happen.
#pragma once

#include "hawse/handshake.hpp"

#include <bit>
#include <cstdint>

namespace hawse::handshake {

class Outcome {
public:
    /// Has an event told, unless it was told before.
    void tell(HandshakeEventKind kind) noexcept {
        const unsigned bit = bit_of(kind) & ~static_cast<unsigned>(told_);
        waiting_ = static_cast<std::uint8_t>(waiting_ | bit);
        told_ = static_cast<std::uint8_t>(told_ | bit);
    }

    /// Why it ended; the first reason stays.
    void end(Cause cause, Violation violation, std::uint16_t status) noexcept {
        if (cause_ != Cause::none) return;
        cause_ = cause;
        violation_ = violation;
        status_ = status;
    }

    [[nodiscard]] HandshakeEvent next_event() noexcept {
        using enum HandshakeEventKind;
        if (waiting_ == 0) return {};
        const auto kind = static_cast<HandshakeEventKind>(std::countr_zero(waiting_));
        waiting_ = static_cast<std::uint8_t>(waiting_ & ~bit_of(kind));
        if (kind == request) return {kind, Cause::none, Violation::none, 0};
        if (kind == opened) return {kind, Cause::none, Violation::none, 101};
        if (kind == response) return {kind, Cause::none, Violation::none, received_};
        return {kind, cause_, violation_, status_};
    }

    /// A client's: the status of the final response.
    void set_received(std::uint16_t status) noexcept { received_ = status; }

private:
    static unsigned bit_of(HandshakeEventKind kind) noexcept {
        return 1U << static_cast<unsigned>(kind);
    }

    std::uint8_t waiting_ = 0;
    std::uint8_t told_ = 0;
    Cause cause_ = Cause::none;
    Violation violation_ = Violation::none;
    std::uint16_t status_ = 0;
    std::uint16_t received_ = 0;
};

}  // namespace hawse::handshake
