// SPDX-License-Identifier: MIT
// In C: the conversation after the opening handshake, either role: octets in, events and octets out.
// RFC 6455 §5 to §8
#pragma once

#include "hawse/export.hpp"
#include "hawse/hawse_faults.h"
#include "hawse/hawse_memory.h"
#include "hawse/hawse_opening.h"
#include "hawse/hawse_vocabulary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Names what a host lent, when it is the host's again. 0 names nothing.
typedef uint64_t hawse_token;

/// Choices for one message. Null stands for the defaults.
typedef struct hawse_send {
    size_t size;
    hawse_text_check text_check;
    hawse_compression compression;
} hawse_send;

/// What a conversation tells. The octets live until the next pull, receive, unread or the end of the
/// object, and through every other call on it. Which members mean something: see hawse_event_kind.
typedef struct hawse_event {
    size_t size;
    hawse_event_kind kind;
    hawse_message_kind message_kind;
    bool in_place;         ///< the payload lies in the host's own octets, not written again
    bool first;            ///< this part begins its message; these octets begin their frame
    bool last;             ///< this part ends its message; these octets end their frame
    bool message_dropped;  ///< the peer's Close came inside a message, which will never be whole
    bool clean;  ///< both Closes went through before the transport ended. RFC 6455 §7.1.4
    hawse_cause cause;
    hawse_violation violation;
    uint8_t first_octet;  ///< of a frame: HAWSE_FIN, reserved bits and opcode as they came
    /// The code in the peer's Close: no_code when it had none, abnormal when there was no Close.
    hawse_close_code code_received;
    /// The same for our Close, sent or queued; of closing, failed and closed.
    hawse_close_code code_sent;
    /// Of a message, part, frame, ping or pong; the peer's reason, valid UTF-8, of closing and closed.
    hawse_octets payload;
} hawse_event;

/// One conversation. No call allocates but from the config's pool, and no callback runs inside but the
/// allocator's and the entropy source's.
///
/// The rule that makes it safe to drive: after every input (octets, an end, a tick, a send, written
/// output) pull events until there is none, write what gather shows, then read wants and deadline.
typedef struct hawse_connection hawse_connection;

/// `config` outlives the object and, in _destroy, is the same: so a connection is one block of 256
/// octets. Its end gives every lease back, and everything lent is the host's again, its token pulled
/// or not. Not while a transport still reads what was handed over and is not reusable.
HAWSE_API hawse_connection* hawse_connection_create(const hawse_config* config,
                                                    const hawse_agreement* agreement, int64_t now);
HAWSE_API void hawse_connection_destroy(hawse_connection* connection, const hawse_config* config);

#define HAWSE_CONNECTION_SIZE 256
HAWSE_API size_t hawse_connection_size(void);
HAWSE_API hawse_connection* hawse_connection_init(void* storage, size_t storage_size,
                                                  const hawse_config* config,
                                                  const hawse_agreement* agreement, int64_t now);
HAWSE_API void hawse_connection_deinit(hawse_connection* connection);

// ---- The peer's direction ------------------------------------------------------------------------

/// Lends `octets`, any number of them, cut anywhere, until next_event answers false or unread ends the
/// loan. A server's are unmasked in place; a client's are never written. Refused with unread_input
/// while octets are lent, with transport_ended after receive_end. After the end of the conversation
/// they are discarded. O(1); the work is done by pulling.
HAWSE_API hawse_refusal hawse_connection_receive(hawse_connection* connection, uint8_t* octets,
                                                 size_t size, int64_t now);

/// The next event, and whether there was one: else nothing more until something happens. None is
/// pulled when the size of `event` has no room for its kind. O(its octets).
HAWSE_API bool hawse_connection_next_event(hawse_connection* connection, hawse_event* event);

/// Pulls up to `count` at once and answers how many; their views live side by side until the next
/// pull. All have the `size` of the first, which is also the distance between them. Fewer than asked
/// for does not mean that there are no more: ends at 0.
HAWSE_API size_t hawse_connection_next_events(hawse_connection* connection, hawse_event* events,
                                              size_t count);

/// Ends the loan early and answers the octets not yet touched, which the host keeps and lends again
/// before any others.
HAWSE_API hawse_mutable_octets hawse_connection_unread(hawse_connection* connection);

// Landing: a large message that arrives cut is read where it is assembled, and copied no more. Only with
// HAWSE_DELIVERY_MESSAGES.

/// Where the octets that come next may be read to: the free tail of the place of the message in
/// progress, and no more than its frame still lacks. Empty when octets are still lent, or when what
/// comes next does not belong to a message of which octets have arrived. Lent until landed, land_in
/// or receive, whatever else is called or passes, or the end of the object. The place doubles when it
/// is full: may lease and copy what has arrived; otherwise O(1).
HAWSE_API hawse_mutable_octets hawse_connection_landing(hawse_connection* connection);

/// `size` octets were read into what landing lent. Answers how many of them it took: at most as many as
/// were lent, 0 when nothing was; 0 octets give it back. The others of a scatter read are given to
/// receive at once. Pull events after it. O(size).
HAWSE_API size_t hawse_connection_landed(hawse_connection* connection, size_t size, int64_t now);

/// Octets that the frames of the message in progress have announced, arrived or not; 0 without one. As
/// they stand on the wire: of a compressed message it says nothing of what that becomes.
HAWSE_API uint64_t hawse_connection_announced_size(const hawse_connection* connection);

/// Gives the message in progress a place of the host's own, which landing then lends: what has arrived
/// is copied there, the rest is read there, and the message is told from there, in_place. The place is
/// the host's again when the message was told, when it will never be whole (`closing` that dropped it,
/// `failed`, `closed`), or at the end of the object. A message that outgrows it is moved inside, and
/// told from there: with further frames, or a compressed one as it is inflated. Refusals:
/// no_message_in_progress, unread_input (an earlier message is still shown: pull first), place_too_small
/// (smaller than announced_size, or than what a compressed message has become so far). O(octets that
/// arrived).
HAWSE_API hawse_refusal hawse_connection_land_in(hawse_connection* connection, uint8_t* place,
                                                 size_t size);

/// Octets that the data frame in progress still lacks; 0 between frames. With HAWSE_DELIVERY_FRAMES it
/// is what the last frame event leaves to come.
HAWSE_API uint64_t hawse_connection_frame_left(const hawse_connection* connection);

/// The transport's receiving side has ended, or all of it has broken: also the way to tell that a
/// write failed, after what can still be read was read. Octets lent before are still pulled first.
/// Idempotent.
HAWSE_API void hawse_connection_receive_end(hawse_connection* connection, hawse_transport_end end,
                                            int64_t now);

// ---- Our direction. A refused call has changed nothing -------------------------------------------

/// Sends one message, copying it; an event's payload may be given. Refusals: not_open,
/// message_in_progress, invalid_text, output_full, out_of_memory, no_entropy. O(size).
HAWSE_API hawse_refusal hawse_connection_send(hawse_connection* connection, hawse_message_kind kind,
                                              const uint8_t* octets, size_t size,
                                              const hawse_send* choice);

/// The same, borrowing `octets` until next_released gives `token`, which is not zero. They are never
/// changed: a client, who must mask, copies them through the mask instead.
HAWSE_API hawse_refusal hawse_connection_send_lent(hawse_connection* connection,
                                                   hawse_message_kind kind, const uint8_t* octets,
                                                   size_t size, hawse_token token,
                                                   const hawse_send* choice);

/// The same for octets that may be changed: a client masks them where they are, and copies nothing.
/// What the octets are afterwards is undefined.
HAWSE_API hawse_refusal hawse_connection_send_lent_mutable(hawse_connection* connection,
                                                           hawse_message_kind kind, uint8_t* octets,
                                                           size_t size, hawse_token token,
                                                           const hawse_send* choice);

/// Begins a message of unknown size, which send_part continues and ends: each call one frame, or none
/// for an empty part that is not the last. Refusals of send_part: no_message_in_progress, not_open,
/// invalid_text (the message stays in progress), output_full, out_of_memory, no_entropy.
HAWSE_API hawse_refusal hawse_connection_send_begin(hawse_connection* connection,
                                                    hawse_message_kind kind,
                                                    const hawse_send* choice);
HAWSE_API hawse_refusal hawse_connection_send_part(hawse_connection* connection,
                                                   const uint8_t* octets, size_t size, bool last);

/// Sends a data frame, or a piece of one, as a relay does with what HAWSE_DELIVERY_FRAMES told:
/// `first_octet` has FIN, reserved bits and opcode, `left` octets of the frame follow in further calls
/// with the same first octet. Nothing but those can be put behind an unfinished frame, not even a control
/// frame: when the rest will never come, abort. Copies, and masks if we are the client; text is not
/// validated. Still allowed behind close until the frame is whole. Refusals: not_open, invalid_frame (no
/// data frame, out of order, a reserved bit that the agreement does not grant, a piece that does not
/// fit), message_in_progress (by send_begin), output_full, out_of_memory, no_entropy. O(size).
/// RFC 6455 §5.4
HAWSE_API hawse_refusal hawse_connection_send_frame(hawse_connection* connection,
                                                    uint8_t first_octet, const uint8_t* octets,
                                                    size_t size, uint64_t left);

/// At most 125 octets. Goes out before messages that are not yet committed. RFC 6455 §5.5.2
HAWSE_API hawse_refusal hawse_connection_ping(hawse_connection* connection, const uint8_t* octets,
                                              size_t size);

/// Starts the closing handshake behind all that was sent; `code` no_code sends an empty Close. After
/// the peer's Close it changes the reply; close_committed when that is on its way. Without effect when
/// we closed before, and once the conversation has failed or is over. Further refusals:
/// invalid_close_code, reason_too_long, invalid_text, out_of_memory. RFC 6455 §7.1.2
HAWSE_API hawse_refusal hawse_connection_close(hawse_connection* connection, hawse_close_code code,
                                               const char* reason, size_t reason_size);

/// Ends everything now, unclean, with no Close: pull `closed`, then close the transport.
HAWSE_API void hawse_connection_abort(hawse_connection* connection, int64_t now);

// ---- Output --------------------------------------------------------------------------------------

/// Shows what to write next, from the first octet not yet handed over, and answers how many slices it
/// filled. What it shows is committed: until acknowledged it neither moves nor changes, and nothing
/// is put before it, whatever else is called or passes. O(slices).
HAWSE_API size_t hawse_connection_gather(hawse_connection* connection, hawse_slice* slices,
                                         size_t count);

/// The transport has taken `size` octets of what gather showed, and their memory is free. While others
/// are handed over and not yet reusable it is handed_over alone, and reusable is to be told of these
/// as well.
HAWSE_API void hawse_connection_wrote(hawse_connection* connection, size_t size, int64_t now);

/// The two halves of wrote, for transports that hand memory back later: handed_over as soon as the
/// transport has taken the octets (gather then shows those behind them), reusable when it no longer
/// reads them. More than was shown, or more than was handed over, counts as all.
HAWSE_API void hawse_connection_handed_over(hawse_connection* connection, size_t size, int64_t now);
HAWSE_API void hawse_connection_reusable(hawse_connection* connection, size_t size);

/// Copies as much output as fits, joined, acknowledges it, and answers its size. Not while octets are
/// handed over and not yet reusable: answers 0 then.
HAWSE_API size_t hawse_connection_write_output(hawse_connection* connection, uint8_t* into,
                                               size_t size, int64_t now);

/// The sending side was shut, as HAWSE_WANTS_END_WRITE asked.
HAWSE_API void hawse_connection_write_ended(hawse_connection* connection, int64_t now);

/// The next token whose octets are the host's again, in the order lent; 0 when there is none.
HAWSE_API hawse_token hawse_connection_next_released(hawse_connection* connection);

/// Octets queued and not yet reusable by us: what a slow peer makes us hold.
HAWSE_API size_t hawse_connection_output_size(const hawse_connection* connection);

// ---- What now ------------------------------------------------------------------------------------

HAWSE_API hawse_wants hawse_connection_wants(const hawse_connection* connection);
HAWSE_API hawse_state hawse_connection_state(const hawse_connection* connection);

/// When to call advance at the latest; HAWSE_NEVER when nothing is waited for. It may move later
/// without notice, and it may lie in the past.
HAWSE_API int64_t hawse_connection_deadline(const hawse_connection* connection);

/// Time has passed. Before the deadline it does nothing. Pull events after it. Silence counts for
/// ping, pong and idle only while wants asks for input.
HAWSE_API void hawse_connection_advance(hawse_connection* connection, int64_t now);

/// Adds to `counters` from now on, or no longer when null. They live until then, or as long as the
/// object.
HAWSE_API void hawse_connection_count_into(hawse_connection* connection, hawse_counters* counters);

#ifdef __cplusplus
}
#endif
