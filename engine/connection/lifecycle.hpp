// SPDX-License-Identifier: MIT
// How a conversation ends, as a table: phase and moment give the next phase. Everything that decides
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
    last = closed,
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
    last = we_abort,
};

inline constexpr std::size_t phase_count = static_cast<std::size_t>(Phase::last) + 1;
inline constexpr std::size_t moment_count = static_cast<std::size_t>(Moment::last) + 1;

using Transitions = std::array<std::array<Phase, moment_count>, phase_count>;

namespace lifecycle_table {

using enum Phase;

// clang-format off
inline constexpr Transitions transitions = {{
//                   we_close      peer_closes   we_fail       drained_to_end  drained_to_await  drained_to_close  write_ended   input_ends    transport_breaks  time_runs_out  we_abort
/* open         */ {{close_sent,   exchanged,    failed,       open,           open,             open,             open,         closed,       closed,           closed,        closed}},
/* close_sent   */ {{close_sent,   exchanged,    failed,       close_sent,     close_sent,       close_sent,       close_sent,   closed,       closed,           closed,        closed}},
/* exchanged    */ {{exchanged,    exchanged,    exchanged,    ending,         awaiting_end,     closed,           exchanged,    exchanged,    closed,           closed,        closed}},
/* failed       */ {{failed,       failed,       failed,       ending,         failed,           closed,           failed,       failed,       closed,           closed,        closed}},
/* ending       */ {{ending,       ending,       ending,       ending,         ending,           ending,           lingering,    closed,       closed,           closed,        closed}},
/* lingering    */ {{lingering,    lingering,    lingering,    lingering,      lingering,        lingering,        lingering,    closed,       closed,           closed,        closed}},
/* awaiting_end */ {{awaiting_end, awaiting_end, awaiting_end, awaiting_end,   awaiting_end,     awaiting_end,     awaiting_end, closed,       closed,           closed,        closed}},
/* closed       */ {{closed,       closed,       closed,       closed,         closed,           closed,           closed,       closed,       closed,           closed,        closed}},
}};
// clang-format on

}  // namespace lifecycle_table

constexpr Phase after(Phase phase, Moment moment) noexcept {
    return lifecycle_table::transitions[static_cast<std::size_t>(phase)]
                                       [static_cast<std::size_t>(moment)];
}

/// The names in the table above.
const char* name_of(Phase phase) noexcept;
const char* name_of(Moment moment) noexcept;

/// Whether input is still read as frames.
constexpr bool is_receiving(Phase phase) noexcept {
    return phase == Phase::open || phase == Phase::close_sent;
}

}  // namespace hawse::connection
