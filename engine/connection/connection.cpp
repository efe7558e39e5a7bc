// SPDX-License-Identifier: MIT
// The face: an object of published size around a Conversation.
#include "hawse/connection.hpp"

#include "hawse/prepared_message.hpp"
#include "connection/conversation.hpp"
#include "prepared/content.hpp"

#include <iterator>
#include <new>

namespace hawse {

using connection::Conversation;

const char* name_of(State state) noexcept {
    constexpr const char* names[] = {"open", "closing", "closed", "failed"};
    static_assert(std::size(names) == static_cast<std::size_t>(State::failed) + 1);
    return names[static_cast<std::size_t>(state)];
}

Connection::Connection(const Config& config, const Agreement& agreement, Time now) noexcept {
    static_assert(sizeof(Conversation) <= storage_size, "the published size is too small");
    static_assert(alignof(Conversation) <= alignof(Connection));
    new (storage_) Conversation(config, agreement, now);
}

Connection::~Connection() { conversation().~Conversation(); }

Conversation& Connection::conversation() noexcept {
    return *std::launder(reinterpret_cast<Conversation*>(storage_));
}

const Conversation& Connection::conversation() const noexcept {
    return *std::launder(reinterpret_cast<const Conversation*>(storage_));
}

Refusal Connection::receive(Bytes octets, Time now) noexcept {
    return conversation().receive(octets, now);
}

Event Connection::next_event() noexcept { return conversation().next_event(); }

std::size_t Connection::next_events(std::span<Event> events) noexcept {
    return conversation().next_events(events);
}

Bytes Connection::unread() noexcept { return conversation().unread(); }

Bytes Connection::landing() noexcept { return conversation().landing(); }

std::size_t Connection::landed(std::size_t size, Time now) noexcept {
    return conversation().landed(size, now);
}

std::uint64_t Connection::announced_size() const noexcept {
    return conversation().announced_size();
}

Refusal Connection::land_in(Bytes place) noexcept { return conversation().land_in(place); }

std::uint64_t Connection::frame_left() const noexcept { return conversation().frame_left(); }

void Connection::receive_end(TransportEnd end, Time now) noexcept {
    conversation().receive_end(end, now);
}

Refusal Connection::send(MessageKind kind, ConstBytes octets, Send choice) noexcept {
    return conversation().send(kind, octets, choice);
}

Refusal Connection::send(const PreparedMessage& message) noexcept {
    return conversation().send_prepared(prepared::Access::content_of(message));
}

Refusal Connection::send_lent(MessageKind kind, ConstBytes octets, Token token,
                              Send choice) noexcept {
    return conversation().send_lent(kind, octets, token, choice);
}

Refusal Connection::send_lent_mutable(MessageKind kind, Bytes octets, Token token,
                                      Send choice) noexcept {
    return conversation().send_lent_mutable(kind, octets, token, choice);
}

Refusal Connection::send_begin(MessageKind kind, Send choice) noexcept {
    return conversation().send_begin(kind, choice);
}

Refusal Connection::send_part(ConstBytes octets, bool last) noexcept {
    return conversation().send_part(octets, last);
}

Refusal Connection::send_frame(std::uint8_t first_octet, ConstBytes octets,
                               std::uint64_t left) noexcept {
    return conversation().send_frame(first_octet, octets, left);
}

Refusal Connection::ping(ConstBytes octets) noexcept { return conversation().ping(octets); }

Refusal Connection::close(CloseCode code, std::string_view reason) noexcept {
    return conversation().close(code, reason);
}

void Connection::abort(Time now) noexcept { conversation().end(Cause::aborted, now); }

void Connection::begin_soon() noexcept { conversation().begin_soon(); }

void Connection::note_progress(Time now) noexcept { conversation().note_progress(now); }

void Connection::end(Cause cause, Time now) noexcept { conversation().end(cause, now); }

std::size_t Connection::gather(std::span<Slice> slices) noexcept {
    return conversation().gather(slices);
}

void Connection::wrote(std::size_t size, Time now) noexcept { conversation().wrote(size, now); }

void Connection::handed_over(std::size_t size, Time now) noexcept {
    conversation().hand_over(size, now);
}

void Connection::reusable(std::size_t size) noexcept { conversation().release(size); }

std::size_t Connection::write_output(Bytes into, Time now) noexcept {
    return conversation().write_output(into, now);
}

void Connection::write_ended(Time now) noexcept { conversation().write_ended(now); }

Token Connection::next_released() noexcept { return conversation().next_released(); }

std::size_t Connection::output_size() const noexcept { return conversation().output_size(); }

Wants Connection::wants() const noexcept { return conversation().wants(); }

State Connection::state() const noexcept { return conversation().state(); }

Time Connection::deadline() const noexcept { return conversation().deadline(); }

void Connection::advance(Time now) noexcept { conversation().advance(now); }

void Connection::count_into(Statistics* statistics) noexcept {
    conversation().count_into(statistics);
}

}  // namespace hawse
