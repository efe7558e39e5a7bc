// SPDX-License-Identifier: MIT
// A slow and obvious model of the receiving side of a conversation: all the octets that came, in, and
// the story that a host must have been told, out. Written from the RFC with the references alone; it
// shares no code with the engine, keeps no state between octets, and never meets a cut.
#pragma once

#include "hawse/config.hpp"
#include "hawse/role.hpp"
#include "hawse/violation.hpp"
#include "support/octets.hpp"
#include "support/reference.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hawse::test {

/// Who listens, and to what.
struct ModelTerms {
    Role role = Role::server;
    Delivery delivery = Delivery::messages;
    Limits limits = {};
    std::uint8_t reserved_bits = 0;
};

class Model {
public:
    Model(const ModelTerms& terms, ConstBytes octets) : terms_(terms), rest_(octets) {
        while (!closed_ && violation_ == Violation::none && take_frame()) {
        }
        consumed_ = octets.size() - rest_.size();
        flush(false);
    }

    /// Lines as Story writes them: messages, pings, pongs, the Close. Of a message that is not whole what
    /// was told of it, in parts and in frames.
    [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }
    /// What the peer did wrong behind the last line.
    [[nodiscard]] Violation violation() const noexcept { return violation_; }
    /// The peer's Close is the last line.
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    /// Octets of whole frames; what is behind a Close or a fault is not among them.
    [[nodiscard]] std::size_t consumed() const noexcept { return consumed_; }
    [[nodiscard]] std::uint64_t header_octets() const noexcept { return header_octets_; }
    [[nodiscard]] std::uint64_t control_octets() const noexcept { return control_octets_; }

    std::uint64_t frames = 0, messages = 0, payload_octets = 0, pings = 0, pongs = 0;

private:
    [[nodiscard]] bool peer_masks() const noexcept { return terms_.role == Role::server; }
    [[nodiscard]] unsigned octet(std::size_t index) const {
        return std::to_integer<unsigned>(rest_[index]);
    }

    // The next frame, or as much of it as is there; false when that is not all of it.
    bool take_frame() {
        if (rest_.empty()) return false;
        if (const Violation fault = judge_first_octet(); fault != Violation::none)
            return fail(fault);
        if (rest_.size() < 2) return false;
        const unsigned first = octet(0) & 0x8F;
        const reference::Conversation now{peer_masks(), in_message_, false};
        if (const Violation fault = reference::first_broken_rule(first, octet(1), now);
            fault != Violation::none)
            return fail(fault);
        const reference::HeaderVerdict read = reference::read_header(rest_);
        if (read.violation != Violation::none) return fail(read.violation);
        const std::size_t length_size = (octet(1) & 127) == 127   ? 8
                                        : (octet(1) & 127) == 126 ? 2
                                                                  : 0;
        if (rest_.size() < 2 + length_size) return false;
        if (const Violation fault = judge_size(read.header.payload_size); fault != Violation::none)
            return fail(fault);
        if (read.size == 0) return false;
        return is_control() ? take_control(read) : take_data(read);
    }

    [[nodiscard]] bool is_control() const { return (octet(0) & 8) != 0; }

    // FIN, reserved bits and opcode, as if the mask were right; then how many frames there may be.
    [[nodiscard]] Violation judge_first_octet() const {
        const unsigned first = octet(0);
        const bool frames_delivered = terms_.delivery == Delivery::frames;
        const unsigned granted = is_control() || !frames_delivered ? 0U : terms_.reserved_bits;
        if ((first & 0x70 & ~granted) != 0) return Violation::reserved_bit;
        if ((first & 0x40) != 0 && (first & 15) == 0) return Violation::reserved_bit;
        const reference::Conversation now{peer_masks(), in_message_, false};
        const unsigned masked = peer_masks() ? 0x80 : 0;
        const Violation fault = reference::first_broken_rule(first & 0x8F, masked, now);
        if (fault != Violation::none || is_control()) return fault;
        const bool too_many = (in_message_ ? frame_count_ : 0) >= terms_.limits.fragment_count_max;
        return too_many ? Violation::too_many_fragments : Violation::none;
    }

    [[nodiscard]] Violation judge_size(std::uint64_t size) const {
        if (is_control()) return Violation::none;
        if (size > terms_.limits.frame_size_max) return Violation::frame_too_large;
        const std::uint64_t before = in_message_ ? message_size_ : 0;
        const bool too_large = size > terms_.limits.message_size_max - before;
        return too_large ? Violation::message_too_large : Violation::none;
    }

    bool take_control(const reference::HeaderVerdict& read) {
        const auto size = static_cast<std::size_t>(read.header.payload_size);
        if (rest_.size() < read.size + size) return false;
        const Octets payload = payload_of(read, size);
        const unsigned opcode = octet(0) & 15;
        if (opcode == 8) return take_close(read, payload);
        flush(false);
        lines_.push_back((opcode == 9 ? "ping " : "pong ") + quoted(payload));
        ++(opcode == 9 ? pings : pongs);
        pass(read, size, true);
        return true;
    }

    bool take_close(const reference::HeaderVerdict& read, ConstBytes payload) {
        if (payload.size() == 1) return fail(Violation::truncated_close_code);
        unsigned code = 1005;
        if (!payload.empty()) {
            code =
                std::to_integer<unsigned>(payload[0]) * 256 + std::to_integer<unsigned>(payload[1]);
            payload = payload.subspan(2);
            if (code < 1000 || code > 4999) return fail(Violation::undefined_close_code);
            if (!reference::is_close_code(code)) return fail(Violation::reserved_close_code);
            const reference::Utf8Verdict text = reference::utf8(payload);
            if (text.taken != payload.size() || !text.complete)
                return fail(Violation::invalid_close_reason);
        }
        flush(false);
        lines_.push_back("closing " + std::to_string(code) + ' ' + quoted(payload) +
                         (in_message_ ? " dropped" : ""));
        closed_ = true;
        pass(read, static_cast<std::size_t>(read.header.payload_size), true);
        return false;
    }

    bool take_data(const reference::HeaderVerdict& read) {
        if ((octet(0) & 15) != 0) {
            in_message_ = true;
            text_ = (octet(0) & 15) == 1;
            told_ = false;
            message_.clear();
            message_size_ = character_ = shown_ = 0;
            frame_count_ = 0;
        }
        ++frame_count_;
        message_size_ += read.header.payload_size;
        const std::size_t there = rest_.size() - read.size;
        const bool whole = there >= read.header.payload_size;
        const auto size = whole ? static_cast<std::size_t>(read.header.payload_size) : there;
        const Octets payload = payload_of(read, size);
        const bool ends_message = whole && (octet(0) & 0x80) != 0;
        if (terms_.delivery == Delivery::frames) {
            const std::array first = {rest_[0]};
            if (whole || size != 0)
                lines_.push_back((whole ? "frame " : "begun frame ") + hex(first) + ' ' +
                                 quoted(payload));
        } else {
            append(message_, payload);
            if (text_ && !judge_text(ends_message)) return false;
        }
        payload_octets += size;
        if (ends_message) {
            if (terms_.delivery == Delivery::messages)
                lines_.push_back(kind() + quoted(message_));
            else if (terms_.delivery == Delivery::parts)
                flush(true);
            in_message_ = false;
            ++messages;
        }
        if (!whole) return false;
        pass(read, size, false);
        return true;
    }

    // From the last character that was not whole yet.
    bool judge_text(bool ends_message) {
        const ConstBytes open = ConstBytes(message_).subspan(character_);
        const reference::Utf8Verdict verdict = reference::utf8(open);
        if (verdict.taken != open.size()) {
            message_.resize(character_ + verdict.taken);
            return fail(Violation::invalid_utf8);
        }
        if (ends_message && !verdict.complete) return fail(Violation::truncated_utf8);
        character_ = message_.size();
        while (!verdict.complete &&
               (std::to_integer<unsigned>(message_[--character_]) & 0xC0) == 0x80) {
        }
        return true;
    }

    [[nodiscard]] Octets payload_of(const reference::HeaderVerdict& read, std::size_t size) const {
        return reference::masked(rest_.subspan(read.size, size), read.header.key);
    }

    void pass(const reference::HeaderVerdict& read, std::size_t size, bool control) {
        ++frames;
        header_octets_ += read.size;
        if (control) control_octets_ += size;
        rest_ = rest_.subspan(read.size + size);
    }

    [[nodiscard]] std::string kind() const { return text_ ? "text " : "binary "; }

    // In parts: what of the message was not told yet.
    void flush(bool last) {
        if (terms_.delivery != Delivery::parts || !in_message_) return;
        if (shown_ == message_.size() && !last) return;
        lines_.push_back(std::string(told_ ? "next " : "first ") + (last ? "last " : "") +
                         "part of " + kind() + quoted(ConstBytes(message_).subspan(shown_)));
        shown_ = message_.size();
        told_ = true;
    }

    bool fail(Violation violation) {
        violation_ = violation;
        return false;
    }

    ModelTerms terms_;
    ConstBytes rest_;
    std::vector<std::string> lines_;
    Octets message_;
    std::uint64_t message_size_ = 0;
    std::uint64_t header_octets_ = 0;
    std::uint64_t control_octets_ = 0;
    std::size_t character_ = 0;  // of the message: where its last character begins, or its end
    std::size_t shown_ = 0;      // of the message: octets told in parts
    std::size_t consumed_ = 0;
    std::uint32_t frame_count_ = 0;
    Violation violation_ = Violation::none;
    bool in_message_ = false;
    bool text_ = false;
    bool told_ = false;
    bool closed_ = false;
};

}  // namespace hawse::test
