// SPDX-License-Identifier: MIT
#include "connection/deadlines.hpp"

#include <initializer_list>

namespace hawse::connection {

// Each thing that may be waited for, once: its name and when it is due. A wait of nothing is off,
// but for linger, which is then over at once.
template <typename Visitor>
void Deadlines::visit(const Waits& waits, Time unknown, Visitor visitor) const noexcept {
    constexpr Duration off;
    if (lingering)
        visitor(Overdue::linger, ending.due(waits.linger, unknown));
    else if (waits.close > off)
        visitor(Overdue::close, ending.due(waits.close, unknown));
    if (waits.write_stall > off)
        visitor(Overdue::write_stall, stalled.due(waits.write_stall, unknown));
    if (!receiving) return;
    if (waits.message > off) visitor(Overdue::message, message.due(waits.message, unknown));
    if (waits.pong > off) visitor(Overdue::pong, pinged.due(waits.pong, unknown));
    if (waits.idle > off) visitor(Overdue::idle, received.due(waits.idle, unknown));
    if (waits.ping <= off || ping_queued) return;
    if (!pinged.runs()) visitor(Overdue::ping, received.due(waits.ping, unknown));
    if (pinged.runs() && waits.pong <= off) visitor(Overdue::ping, pinged.due(waits.ping, unknown));
}

Time Deadlines::earliest(const Waits& waits, Time unknown) const noexcept {
    Time found = never;
    visit(waits, unknown, [&](Overdue, Time due) {
        if (due < found) found = due;
    });
    return found;
}

Time Deadlines::due(const Waits& waits) const noexcept { return earliest(waits, clock_); }

Overdue Deadlines::overdue(const Waits& waits) const noexcept {
    Overdue found = Overdue::nothing;
    visit(waits, never, [&](Overdue what, Time due) {
        if (found == Overdue::nothing && due != never && due <= clock_) found = what;
    });
    return found;
}

void Deadlines::touch(const Waits& waits, Time now) noexcept {
    now = moment(now);
    const Time expected = earliest(waits, never);
    const bool stepped_back = now < clock_;
    const bool late = now > expected && now - expected > waits.clock_jump;
    const bool jumped = late && !jumped_before_;
    for (Since* since : {&received, &pinged, &message, &ending, &stalled}) {
        if (stepped_back || jumped) since->shift(clock_, now);
        since->touch(now);
    }
    if (late)
        jumped_before_ = true;
    else if (now >= expected)
        jumped_before_ = false;  // a wait that ended when it should
    clock_ = now;
}

void Deadlines::hear() noexcept {
    received.start(clock_);
    pinged.stop();
    jumped_before_ = false;
}

void Deadlines::receive(bool wanted) noexcept {
    if (wanted && !receiving) {
        received.start(clock_);
        if (pinged.runs()) pinged.start(clock_);
        if (message.runs()) message.start(clock_);
    }
    receiving = wanted;
}

}  // namespace hawse::connection
