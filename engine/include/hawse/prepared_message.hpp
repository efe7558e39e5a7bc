// SPDX-License-Identifier: MIT
// One message for many connections, on any threads: put into frames and compressed once, and written
// from where it lies.
#pragma once

#include "hawse/agreement.hpp"
#include "hawse/bytes.hpp"
#include "hawse/config.hpp"
#include "hawse/connection.hpp"
#include "hawse/event.hpp"
#include "hawse/export.hpp"
#include "hawse/memory.hpp"
#include "hawse/refusal.hpp"

#include <span>

namespace hawse {

namespace prepared {
struct Access;
struct Content;
}  // namespace prepared

/// Prepares a message that Connection::send() takes any number of times, for connections that started
/// from one of `agreements` or from any other: it always goes out, if need be uncompressed.
///
/// It is compressed once for each of the windows with which our side compresses by these agreements,
/// with an empty memory, and kept so where that makes it smaller. `config` is used during the call
/// only, on the thread of its pool: its DeflatePolicy, and a compressor. Without a compressor, or memory for
/// one, the message stays uncompressed.
///
/// `allocator` is asked once for all of it, and may be called by the last owner on whatever thread that
/// is: it locks, as malloc does, and outlives the message. `into` may hold another one, which is let
/// go of. Refusals: invalid_text, out_of_memory. O(octets.size()) for each window.
HAWSE_API Refusal prepare(MessageKind kind, ConstBytes octets,
                          std::span<const Agreement> agreements, const Allocator& allocator,
                          const Config& config, PreparedMessage& into, Send choice = {}) noexcept;

/// An owner of a prepared message, or of none when it is false. Copies own it as well, and so does each
/// connection until its octets are reusable; the last owner to go releases it. The message does not
/// change, and its owners may be on any threads; a single one is used by one thread at a time.
class HAWSE_API PreparedMessage {
public:
    PreparedMessage() noexcept = default;
    PreparedMessage(const PreparedMessage& other) noexcept;
    PreparedMessage(PreparedMessage&& other) noexcept : content_(other.content_) {
        other.content_ = nullptr;
    }
    PreparedMessage& operator=(const PreparedMessage& other) noexcept;
    PreparedMessage& operator=(PreparedMessage&& other) noexcept;
    ~PreparedMessage();

    constexpr explicit operator bool() const noexcept { return content_ != nullptr; }

private:
    friend struct prepared::Access;

    prepared::Content* content_ = nullptr;
};

}  // namespace hawse
