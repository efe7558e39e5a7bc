// SPDX-License-Identifier: MIT
#include "connection/deadlines.hpp"

#include <initializer_list>

namespace hawse::connection {

// Each thing that may be waited for, once: its name and when it is due.
template <typename Visitor>
void Deadlines::visit(const Waits& waits, Time unknown, Visitor visitor) const noexcept {
    const bool pong_wanted = waits.pong > Duration{} && pinged.runs();
    const bool ping_wanted = waits.ping > Duration{} && !pinged.runs() && !ping_queued;
    visitor(Overdue::linger, lingering.due(waits.linger, unknown));
    visitor(Overdue::close, closing.due(waits.close, unknown));
    visitor(Overdue::write_stall, stalled.due(waits.write_stall, unknown));
    if (!receiving) return;
    if (pong_wanted) visitor(Overdue::pong, pinged.due(waits.pong, unknown));
    if (waits.idle > Duration{}) visitor(Overdue::idle, received.due(waits.idle, unknown));
    if (ping_wanted) visitor(Overdue::ping, received.due(waits.ping, unknown));
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
        if (found == Overdue::nothing && due <= clock_) found = what;
    });
    return found;
}

void Deadlines::touch(const Waits& waits, Time now) noexcept {
    const Time expected = earliest(waits, never);
    const bool stepped_back = now < clock_;
    const bool jumped = now > expected && now - expected > waits.clock_jump;
    const Duration step = now - clock_;
    for (Since* since : {&received, &pinged, &closing, &lingering, &stalled}) {
        if (stepped_back || jumped) since->shift(step);
        since->touch(now);
    }
    clock_ = now;
}

}  // namespace hawse::connection
