// SPDX-License-Identifier: MIT
// The conversation after the opening handshake, either role: octets in, events and octets out.
// RFC 6455 §5 to §8
#pragma once

#include "hawse/agreement.hpp"
#include "hawse/bytes.hpp"
#include "hawse/cause.hpp"
#include "hawse/close_code.hpp"
#include "hawse/config.hpp"
#include "hawse/deflate.hpp"
#include "hawse/event.hpp"
#include "hawse/export.hpp"
#include "hawse/refusal.hpp"
#include "hawse/role.hpp"
#include "hawse/slice.hpp"
#include "hawse/statistics.hpp"
#include "hawse/time.hpp"
#include "hawse/wants.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hawse {

class PreparedMessage;

namespace connection {
class Conversation;
}
namespace session {
class Peer;
}

/// Names what a host lent, when it is the host's again. 0 names nothing.
struct Token {
    std::uint64_t value = 0;
    constexpr explicit operator bool() const noexcept { return value != 0; }
    friend constexpr bool operator==(Token, Token) = default;
};

/// Whether outgoing text is checked before it is taken.
enum class TextCheck : std::uint8_t {
    checked,
    unchecked,  ///< the caller has proof that it is UTF-8
};

/// Choices for one message.
struct Send {
    TextCheck text_check = TextCheck::checked;
    Compression compression = Compression::automatic;
};

/// Where a conversation stands.
enum class State : std::uint8_t {
    open,     ///< messages flow
    closing,  ///< a Close was sent or received
    closed,   ///< `closed` was told, or waits to be pulled
    failed,   ///< a fault ended it; stays so
};

/// The enumerator's name. Static storage.
HAWSE_API const char* name_of(State state) noexcept;

/// One conversation. Used by one thread at a time; neither copied nor moved, because events and
/// gathered slices may point inside; no call allocates but from the Config's pool, none throws, and
/// no callback runs inside but the allocator's and the entropy source's.
///
/// The rule that makes it safe to drive: after every input (octets, an end, a tick, a send, written
/// output) pull events until there is none, write what gather() shows, then read wants() and
/// deadline().
class HAWSE_API Connection {
public:
    /// `config` outlives the object. Allocates nothing and cannot fail.
    Connection(const Config& config, const Agreement& agreement, Time now) noexcept;
    Connection(Config&&, const Agreement&, Time) = delete;
    Connection(const Config&&, const Agreement&, Time) = delete;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    /// Gives every lease back. Everything lent is the host's again, its token pulled or not. Not while a
    /// transport still reads what was handed over and is not reusable.
    ~Connection();

    // The peer's direction.

    /// Lends `octets`, any number of them (none is legal), cut anywhere, until next_event() answers none
    /// or unread() ends the loan, so that one buffer may serve all connections of a thread. Also while
    /// wants() does not ask for them. A server's are unmasked in place; a client's are never written.
    /// Refused with unread_input while octets are lent, with transport_ended after receive_end(). After
    /// the end of the conversation they are discarded. O(1); the work is done by pulling.
    Refusal receive(Bytes octets, Time now) noexcept;

    /// The next event, or one that is false: nothing more until something happens. O(its octets).
    Event next_event() noexcept;

    /// Pulls up to events.size() at once and answers how many; their views live side by side until
    /// the next pull. Fewer than asked for does not mean that there are no more: ends at 0.
    std::size_t next_events(std::span<Event> events) noexcept;

    /// Ends the loan early and answers the octets not yet touched, which the host keeps and lends
    /// again before any others.
    Bytes unread() noexcept;

    // Landing: a large message that arrives cut is read where it is assembled, and copied no more.
    // Only with Delivery::messages.

    /// Where the octets that come next may be read to: the free tail of the place in which the message
    /// in progress is assembled, and no more than its frame still lacks. Empty when octets are still
    /// lent, or when what comes next does not belong to a message of which octets have arrived. Lent
    /// until landed(), land_in() or receive(), whatever else is called or passes, or destruction. The
    /// place doubles when it is full, and for the time of the copy both are leased; otherwise O(1).
    Bytes landing() noexcept;

    /// `size` octets were read into what landing() lent. Answers how many of them it took: at most as
    /// many as were lent, 0 when nothing was; 0 octets give it back, as after a read that failed. Pull
    /// events after it, and after the receive() that may follow at once. So a scatter read is
    ///
    ///     size = readv({landing(), scratch});                        // 0 or less: landed(0, now)
    ///     receive(scratch.first(size - landed(size, now)), now);
    ///
    /// and hosts that do without never call it. O(size).
    std::size_t landed(std::size_t size, Time now) noexcept;

    /// Octets that the frames of the message in progress have announced, arrived or not; 0 without one.
    /// As they stand on the wire: of a compressed message it says nothing of what that becomes.
    [[nodiscard]] std::uint64_t announced_size() const noexcept;

    /// Gives the message in progress a place of the host's own, which landing() then lends: what has
    /// arrived is copied there, the rest is read there, and the message is told from there, in_place().
    /// The place is the host's again when the message was told, when it will never be whole
    /// (`closing` that dropped it, `failed`, `closed`), when it was not told although whole (see
    /// Config::deliver_after_close: announced_size() is 0 then), or on destruction. A message that
    /// outgrows it is moved inside, and told from there: with further frames, or a compressed one as it
    /// is inflated. Refusals: no_message_in_progress, unread_input (an earlier message is still shown:
    /// pull first), place_too_small (smaller than announced_size(), or than what a compressed message
    /// has become so far). O(octets that arrived).
    Refusal land_in(Bytes place) noexcept;

    /// Octets that the data frame in progress still lacks; 0 between frames. With Delivery::frames it
    /// is what the last frame event leaves to come; it stays when the conversation ends inside a frame.
    [[nodiscard]] std::uint64_t frame_left() const noexcept;

    /// The transport's receiving side has ended, or all of it has broken: also the way to tell that a
    /// write failed, after what can still be read was read, even where wants() does not ask for it: the
    /// peer's Close may be among it. Octets lent before are still pulled first. Without a Close of the
    /// peer's this is the end, and output that was not written is dropped: see TransportEnd. Idempotent.
    void receive_end(TransportEnd end, Time now) noexcept;

    // Our direction. A refused call has changed nothing.

    /// Sends one message, copying it; an event's payload may be given. Refusals: not_open,
    /// message_in_progress, invalid_text, output_full, out_of_memory, no_entropy. O(octets.size()).
    Refusal send(MessageKind kind, ConstBytes octets, Send choice = {}) noexcept;

    /// The same, borrowing `octets` until next_released() gives `token`, which is not zero. They are
    /// never changed: a client, who must mask, copies them through the mask instead.
    Refusal send_lent(MessageKind kind, ConstBytes octets, Token token, Send choice = {}) noexcept;

    /// The same for octets that may be changed: a client masks them where they are, and copies
    /// nothing. What the octets are afterwards is undefined.
    Refusal send_lent_mutable(MessageKind kind, Bytes octets, Token token,
                              Send choice = {}) noexcept;

    /// Sends one message that was prepared for many: in the smallest form that our window allows, as one
    /// frame whatever Limits::send_frame_size_max is. A server writes it from where it lies, and owns it
    /// until its octets are reusable or dropped; a client copies it through the mask. `message` may go
    /// at once. Refusals: not_open, nothing_prepared, message_in_progress, output_full, out_of_memory,
    /// no_entropy. A server's is O(1).
    Refusal send(const PreparedMessage& message) noexcept;

    /// Begins a message of unknown size, which send_part() continues and ends: each call one frame,
    /// or none for an empty part that is not the last. Refusals of send_begin(): not_open,
    /// message_in_progress. Refusals of send_part(): no_message_in_progress,
    /// not_open, invalid_text (the message stays in progress), output_full, out_of_memory, no_entropy.
    Refusal send_begin(MessageKind kind, Send choice = {}) noexcept;
    Refusal send_part(ConstBytes octets, bool last) noexcept;

    /// Sends a data frame, or a piece of one, as a relay does with what Delivery::frames told:
    /// `first_octet` has FIN, reserved bits and opcode, `left` octets of the frame follow in further
    /// calls with the same first octet. Nothing but those can be put behind an unfinished frame, not
    /// even a control frame: when the rest will never come, abort(). Copies, and masks if we are the
    /// client; text is not validated. Still allowed behind close() until the frame is whole. Refusals:
    /// not_open, invalid_frame (no data frame, out of order, a reserved bit that Agreement does not
    /// grant, a piece that does not fit), message_in_progress (by send_begin()), output_full,
    /// out_of_memory, no_entropy. O(octets.size()). RFC 6455 §5.4
    Refusal send_frame(std::uint8_t first_octet, ConstBytes octets,
                       std::uint64_t left = 0) noexcept;

    /// At most 125 octets. Goes out before messages that are not yet committed. Refusals: not_open,
    /// control_too_long, out_of_memory, no_entropy; never output_full. RFC 6455 §5.5.2
    Refusal ping(ConstBytes octets = {}) noexcept;

    /// Starts the closing handshake behind all that was sent; `code` no_code sends an empty Close, which
    /// has no reason.
    /// After the peer's Close it changes the reply, so a host that sweeps over its connections may
    /// leave out those that are closing; close_committed when the reply is on its way. Without effect
    /// when we closed before, and once the conversation has failed or is over. Further refusals:
    /// invalid_close_code, reason_too_long, invalid_text, out_of_memory (a Close without a reason needs
    /// no memory, but behind an unfinished frame), no_entropy. RFC 6455 §7.1.2
    Refusal close(CloseCode code = CloseCode::normal, std::string_view reason = {}) noexcept;

    /// Ends everything now, unclean, with no Close: pull `closed`, then close the transport. wants()
    /// asks for nothing before `closed` was pulled.
    void abort(Time now) noexcept;

    // Output.

    /// Shows what to write next, from the first octet not yet handed over, and answers how many
    /// slices it filled: 8 to 64 are useful, and no more than the transport takes at once. 0 only when
    /// wants() does not ask to write. What it shows is committed: until acknowledged it neither moves
    /// nor changes, and nothing is put before it, whatever else is called or passes. O(slices).
    std::size_t gather(std::span<Slice> slices) noexcept;

    /// The transport has taken `size` octets of what gather() showed, and their memory is free. While
    /// others are handed over and not yet reusable it is handed_over() alone, and reusable() is to be
    /// told of these as well.
    void wrote(std::size_t size, Time now) noexcept;

    /// The two halves of wrote(), for transports that hand memory back later: handed_over() as soon
    /// as the transport has taken the octets (gather() then shows those behind them), reusable() when
    /// it no longer reads them. More than was shown, or more than was handed over, counts as all, so
    /// that a host which writes all that it was shown may say SIZE_MAX. What is reusable is counted from
    /// the front: where notices come in another order, add them up and tell when none is missing.
    void handed_over(std::size_t size, Time now) noexcept;
    void reusable(std::size_t size) noexcept;

    /// Copies as much output as fits, joined, acknowledges it, and answers its size. Not while octets
    /// are handed over and not yet reusable: answers 0 then.
    std::size_t write_output(Bytes into, Time now) noexcept;

    /// The sending side was shut, as wants().end_write() asked; until then it goes on asking, so a
    /// close_notify that finds no room may wait for some.
    void write_ended(Time now) noexcept;

    /// The next token whose octets are the host's again, in the order lent; zero when there is none.
    Token next_released() noexcept;

    /// Octets queued and not yet reusable by us: what a slow peer makes us hold. O(1).
    [[nodiscard]] std::size_t output_size() const noexcept;

    // What now.

    [[nodiscard]] Wants wants() const noexcept;
    [[nodiscard]] State state() const noexcept;

    /// When to call advance() at the latest; `never` when nothing is waited for. It may move later
    /// without notice; when it moves earlier, a driver that asks after every input, and after what that
    /// made it write, sees it. It may
    /// lie in the past: a wait that a call without a time started is counted from the next call with
    /// one, so call advance() at once; afterwards it lies ahead.
    [[nodiscard]] Time deadline() const noexcept;

    /// Time has passed. Before deadline() it does nothing. Pull events after it. Octets that have
    /// arrived are lent before it, or a host that is late blames a peer that was not.
    void advance(Time now) noexcept;

    /// Adds to `statistics` from now on, or no longer when null. They live until then, or as long as
    /// the object.
    void count_into(Statistics* statistics) noexcept;

private:
    /// What one conversation takes, in octets; published so that hosts can budget, fixed so that the
    /// library can change behind it.
    static constexpr std::size_t storage_size = 256;

    // A Session's conversation begins at a moment that nobody has told, waits behind the answer of its
    // opening, and may end with it.
    friend class session::Peer;
    void begin_soon() noexcept;
    void note_progress(Time now) noexcept;
    void end(Cause cause, Time now) noexcept;

    connection::Conversation& conversation() noexcept;
    [[nodiscard]] const connection::Conversation& conversation() const noexcept;

    alignas(8) std::byte storage_[storage_size];
};

}  // namespace hawse
