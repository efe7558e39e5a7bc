// SPDX-License-Identifier: MIT
// How a conversation ends, as a list of arrows: phase and moment give the next phase. Everything that decides
// the order of closing is here. It does not know which role we play, which octets move, or what time
// it is: the conversation picks the moment. docs/lifecycle.md is printed from it. RFC 6455 §7
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace hawse::connection {

enum class Phase : std::uint8_t {
    open,          // messages flow both ways
    close_sent,    // our Close is queued or sent; the peer's has not come
    exchanged,     // both Closes are; ours may still wait for the transport
    failed,        // a fault ended it; our Close, if any, may still wait for the transport
    ending,        // all output is written; we ask to end our sending side
    lingering,     // our side has ended; what the peer still sends is discarded
    awaiting_end,  // all output is written; the peer's to end the transport
    closed,        // over
};

enum class Moment : std::uint8_t {
    we_close,          // a Close was queued, by the host
    peer_closes,       // the peer's Close came; the reply is queued unless ours was
    we_fail,           // a fault
    drained_to_end,    // all output is written, and we end our sending side
    drained_to_await,  // all output is written, and the peer ends the transport
    drained_to_close,  // all output is written, and there is nothing to wait for
    write_ended,       // our sending side has ended
    input_ends,        // the peer's sending side has ended in order
    transport_breaks,  // the transport is gone
    time_runs_out,     // the deadline of this phase passed
    we_abort,          // the host wants no more of it
};

inline constexpr std::size_t phase_count = static_cast<std::size_t>(Phase::closed) + 1;
inline constexpr std::size_t moment_count = static_cast<std::size_t>(Moment::we_abort) + 1;

/// A set of phases.
template <typename... Phases>
constexpr std::uint8_t from(Phases... phases) noexcept {
    return static_cast<std::uint8_t>((0U | ... | (1U << static_cast<unsigned>(phases))));
}
inline constexpr std::uint8_t from_any = 0xFF;

/// An arrow: in which phases a moment leads where. What is not named stays where it is.
struct Arrow {
    Moment moment;
    std::uint8_t from;
    Phase to;
};

namespace lifecycle {

using enum Phase;
using enum Moment;

// clang-format off
inline constexpr std::array<Arrow, moment_count> arrows = {{
    {we_close,         from(open),                                               close_sent},
    {peer_closes,      from(open, close_sent),                                   exchanged},
    {we_fail,          from(open, close_sent),                                   failed},
    {drained_to_end,   from(exchanged, failed),                                  ending},
    {drained_to_await, from(exchanged),                                          awaiting_end},
    {drained_to_close, from(exchanged, failed),                                  closed},
    {write_ended,      from(ending),                                             lingering},
    {input_ends,       from(open, close_sent, ending, lingering, awaiting_end),  closed},
    {transport_breaks, from_any,                                                 closed},
    {time_runs_out,    from_any,                                                 closed},
    {we_abort,         from_any,                                                 closed},
}};
// clang-format on

}  // namespace lifecycle

constexpr Phase after(Phase phase, Moment moment) noexcept {
    const Arrow& arrow = lifecycle::arrows[static_cast<std::size_t>(moment)];
    return (arrow.from & from(phase)) != 0 ? arrow.to : phase;
}

/// The enumerators' names.
const char* name_of(Phase phase) noexcept;
const char* name_of(Moment moment) noexcept;

/// Whether input is still read as frames.
constexpr bool is_receiving(Phase phase) noexcept {
    return phase == Phase::open || phase == Phase::close_sent;
}

}  // namespace hawse::connection
