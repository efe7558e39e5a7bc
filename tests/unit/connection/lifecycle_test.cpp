// SPDX-License-Identifier: MIT
// How a conversation ends: every phase and moment against a list of the arrows there are. What the
// list does not name changes nothing.
#include "connection/lifecycle.hpp"

#include "support/catch.hpp"

#include <cstddef>
#include <set>
#include <string_view>

namespace hawse::test {
namespace {

using connection::after;
using connection::Moment;
using connection::Phase;
using enum connection::Phase;
using connection::Moment::drained_to_await;
using connection::Moment::drained_to_close;
using connection::Moment::drained_to_end;
using connection::Moment::input_ends;
using connection::Moment::peer_closes;
using connection::Moment::time_runs_out;
using connection::Moment::transport_breaks;
using connection::Moment::we_abort;
using connection::Moment::we_close;
using connection::Moment::we_fail;
using connection::Moment::write_ended;

struct Arrow {
    Phase from;
    Moment moment;
    Phase to;
};

constexpr Arrow arrows[] = {
    // The closing handshake, begun by us, by the peer, or by both. RFC 6455 §7.1.2
    {open, we_close, close_sent},
    {open, peer_closes, exchanged},
    {close_sent, peer_closes, exchanged},
    // A fault, before or behind our Close; behind the peer's there is none. §7.1.7
    {open, we_fail, failed},
    {close_sent, we_fail, failed},
    // Without a Close from the peer the end of input ends all; with one our reply is still written.
    {open, input_ends, closed},
    {close_sent, input_ends, closed},
    // All output is through. After a fault it is not left to the peer to end the transport. §7.1.1
    {exchanged, drained_to_end, ending},
    {exchanged, drained_to_await, awaiting_end},
    {exchanged, drained_to_close, closed},
    {failed, drained_to_end, ending},
    {failed, drained_to_close, closed},
    // What follows our half-close, and the wait for the peer's.
    {ending, write_ended, lingering},
    {ending, input_ends, closed},
    {lingering, input_ends, closed},
    {awaiting_end, input_ends, closed},
};

constexpr Phase phase_at(std::size_t index) { return static_cast<Phase>(index); }
constexpr Moment moment_at(std::size_t index) { return static_cast<Moment>(index); }

Phase expected_after(Phase phase, Moment moment) {
    if (moment == transport_breaks || moment == time_runs_out || moment == we_abort) return closed;
    for (const Arrow& arrow : arrows)
        if (arrow.from == phase && arrow.moment == moment) return arrow.to;
    return phase;
}

template <typename Visitor>
void for_each_pair(Visitor visit) {
    for (std::size_t phase = 0; phase < connection::phase_count; ++phase)
        for (std::size_t moment = 0; moment < connection::moment_count; ++moment)
            visit(phase_at(phase), moment_at(moment));
}

TEST_CASE("each moment leads where the list of arrows says, and nowhere else",
          "[6455-7.1.1-06][6455-7.1.2-02][6455-7.1.3-01][6455-7.1.4-01][6455-7.1.7-01]") {
    for_each_pair([](Phase phase, Moment moment) {
        INFO(name_of(phase) << " " << name_of(moment));
        CHECK(name_of(after(phase, moment)) ==
              std::string_view(name_of(expected_after(phase, moment))));
    });
}

TEST_CASE("nothing leads out of closed", "[6455-7.1.4-01]") {
    for (std::size_t moment = 0; moment < connection::moment_count; ++moment)
        CHECK(after(closed, moment_at(moment)) == closed);
}

TEST_CASE("a break, a deadline and an abort end every phase", "[6455-7.1.1-02][6455-7.1.4-01]") {
    for (std::size_t phase = 0; phase < connection::phase_count; ++phase)
        for (const Moment moment : {transport_breaks, time_runs_out, we_abort})
            CHECK(after(phase_at(phase), moment) == closed);
}

TEST_CASE("no moment leads back", "[6455-7.1.7-07]") {
    for_each_pair([](Phase phase, Moment moment) {
        INFO(name_of(phase) << " " << name_of(moment));
        CHECK(after(phase, moment) >= phase);
    });
}

TEST_CASE("every phase is reached from open") {
    std::set<Phase> reached = {open};
    for (std::size_t round = 0; round < connection::phase_count; ++round)
        for_each_pair([&](Phase phase, Moment moment) {
            if (reached.count(phase) != 0) reached.insert(after(phase, moment));
        });
    CHECK(reached.size() == connection::phase_count);
}

TEST_CASE("the peer's frames are read until its Close or a fault",
          "[6455-7.1.7-07][6455-5.5.1-12]") {
    for (std::size_t index = 0; index < connection::phase_count; ++index) {
        const Phase phase = phase_at(index);
        INFO(name_of(phase));
        CHECK(is_receiving(phase) == (phase == open || phase == close_sent));
    }
    CHECK_FALSE(is_receiving(after(open, peer_closes)));
    CHECK_FALSE(is_receiving(after(close_sent, we_fail)));
}

TEST_CASE("phases and moments bear the names of their enumerators") {
#define NAMED(name) CHECK(name_of(name) == std::string_view(#name))
    NAMED(open);
    NAMED(close_sent);
    NAMED(exchanged);
    NAMED(failed);
    NAMED(ending);
    NAMED(lingering);
    NAMED(awaiting_end);
    NAMED(closed);
    NAMED(we_close);
    NAMED(peer_closes);
    NAMED(we_fail);
    NAMED(drained_to_end);
    NAMED(drained_to_await);
    NAMED(drained_to_close);
    NAMED(write_ended);
    NAMED(input_ends);
    NAMED(transport_breaks);
    NAMED(time_runs_out);
    NAMED(we_abort);
#undef NAMED
}

}  // namespace
}  // namespace hawse::test
