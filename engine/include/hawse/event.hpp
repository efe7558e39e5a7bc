// SPDX-License-Identifier: MIT
// What a Connection tells: a small tagged value, cheap to return, that views octets it does not own.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/cause.hpp"
#include "hawse/close_code.hpp"
#include "hawse/export.hpp"
#include "hawse/role.hpp"
#include "hawse/violation.hpp"

#include <cstdint>
#include <string_view>

namespace hawse {

enum class EventKind : std::uint8_t {
    none,  ///< nothing to tell until more happens

    // Of a Session, while it opens.
    request,   ///< a server's to accept or reject: Session::request()
    response,  ///< what a client was answered: Session::response(), status()
    opened,    ///< the conversation begins: Session::connection(), agreement()

    message,  ///< a whole message: message_kind(), payload()
    part,     ///< octets of a message: message_kind(), first(), last(), payload()
    frame,    ///< octets of a data frame: first_octet(), first(), last(), payload(), message_kind()
    ping,     ///< payload(); its pong is queued already
    pong,     ///< payload()
    closing,  ///< the peer's Close: code_received(), reason(), message_dropped(); ours is queued, if it
              ///< was not sent before: code_sent()
    failed,  ///< while there is still something to be told to the peer: cause(), violation(),
             ///< code_sent(); `closed` follows when the transport is over, perhaps after a linger
    closed,  ///< the end, exactly once, with or without a `failed` before it: clean(), code_sent(),
             ///< code_received(), reason(), cause(), violation()
};

/// Views live until the next pull, receive(), unread() or destruction of the object that made the
/// event, and through every other call on it.
class Event {
public:
    constexpr Event() noexcept = default;

    [[nodiscard]] constexpr EventKind kind() const noexcept { return kind_; }
    constexpr explicit operator bool() const noexcept { return kind_ != EventKind::none; }
    [[nodiscard]] constexpr bool is_message() const noexcept { return kind_ == EventKind::message; }
    [[nodiscard]] constexpr bool is_part() const noexcept { return kind_ == EventKind::part; }
    [[nodiscard]] constexpr bool is_frame() const noexcept { return kind_ == EventKind::frame; }

    /// Of a message or part, and of the message that a frame belongs to.
    [[nodiscard]] constexpr MessageKind message_kind() const noexcept {
        return (flags_ & text_flag) != 0 ? MessageKind::text : MessageKind::binary;
    }
    /// The octets of a message, part, frame, ping or pong.
    [[nodiscard]] constexpr ConstBytes payload() const noexcept { return {octets_, size_}; }
    /// The same as characters; valid UTF-8 when it is the whole of a text message.
    [[nodiscard]] std::string_view text() const noexcept { return as_text(payload()); }
    /// The payload lies in the octets that the host lent, which the engine will not write again.
    [[nodiscard]] constexpr bool in_place() const noexcept { return (flags_ & in_place_flag) != 0; }
    /// This part begins, or ends, its message; these octets begin, or end, their frame.
    [[nodiscard]] constexpr bool first() const noexcept { return (flags_ & first_flag) != 0; }
    [[nodiscard]] constexpr bool last() const noexcept { return (flags_ & last_flag) != 0; }
    /// Of a frame: FIN, reserved bits and opcode as they came: FrameHeader{first_octet()} names them.
    [[nodiscard]] constexpr std::uint8_t first_octet() const noexcept {
        return static_cast<std::uint8_t>(code_received_);
    }

    /// The code in the peer's Close: no_code when it had none, abnormal when there was no Close, and
    /// after a failure of ours, whatever the peer answered.
    [[nodiscard]] constexpr CloseCode code_received() const noexcept { return code_received_; }
    /// Of closing, failed and closed: the code of our Close, sent or queued; abnormal when there was
    /// none.
    [[nodiscard]] constexpr CloseCode code_sent() const noexcept { return code_sent_; }
    /// The peer's reason, valid UTF-8, at most 123 octets.
    [[nodiscard]] std::string_view reason() const noexcept { return as_text(payload()); }
    /// The peer's Close came inside a message, which will never be whole.
    [[nodiscard]] constexpr bool message_dropped() const noexcept {
        return (flags_ & message_dropped_flag) != 0;
    }
    /// Both Closes went through before the transport ended, and nothing failed. RFC 6455 §7.1.4
    [[nodiscard]] constexpr bool clean() const noexcept { return (flags_ & clean_flag) != 0; }
    [[nodiscard]] constexpr Cause cause() const noexcept { return cause_; }
    [[nodiscard]] constexpr Violation violation() const noexcept { return violation_; }

    // How the engine makes events; a host's tests may as well.
    static constexpr unsigned text_flag = 1;
    static constexpr unsigned in_place_flag = 2;
    static constexpr unsigned first_flag = 4;
    static constexpr unsigned last_flag = 8;
    static constexpr unsigned message_dropped_flag = 16;
    static constexpr unsigned clean_flag = 32;
    constexpr Event(EventKind kind, unsigned flags, ConstBytes octets) noexcept
        : kind_(kind), flags_(static_cast<std::uint8_t>(flags)), octets_(octets.data()),
          size_(octets.size()) {}
    constexpr Event(unsigned flags, ConstBytes octets, std::uint8_t first_octet) noexcept
        : kind_(EventKind::frame), flags_(static_cast<std::uint8_t>(flags)),
          code_received_(CloseCode{first_octet}), octets_(octets.data()), size_(octets.size()) {}
    /// The same, of a Close that ours answers or has answered.
    [[nodiscard]] constexpr Event answered_with(CloseCode code) const noexcept {
        Event answered = *this;
        answered.code_sent_ = code;
        return answered;
    }
    /// The same, of octets that are not the host's.
    [[nodiscard]] constexpr Event moved_inside() const noexcept {
        Event moved = *this;
        moved.flags_ = static_cast<std::uint8_t>(flags_ & ~in_place_flag);
        return moved;
    }
    struct Ending {
        CloseCode received = CloseCode::abnormal;
        CloseCode sent = CloseCode::abnormal;
        Cause cause = Cause::none;
        Violation violation = Violation::none;
    };
    constexpr Event(EventKind kind, unsigned flags, ConstBytes reason, Ending ending) noexcept
        : kind_(kind), flags_(static_cast<std::uint8_t>(flags)), cause_(ending.cause),
          violation_(ending.violation), code_received_(ending.received), code_sent_(ending.sent),
          octets_(reason.data()), size_(reason.size()) {}

private:
    EventKind kind_ = EventKind::none;
    std::uint8_t flags_ = 0;
    Cause cause_ = Cause::none;
    Violation violation_ = Violation::none;
    CloseCode code_received_ = CloseCode::abnormal;  // of a frame: its first octet
    CloseCode code_sent_ = CloseCode::abnormal;
    const std::byte* octets_ = nullptr;
    std::size_t size_ = 0;
};

/// The enumerator's name. Static storage.
HAWSE_API const char* name_of(EventKind kind) noexcept;

}  // namespace hawse
