// SPDX-License-Identifier: MIT
// What a prepared message consists of: one block with the frame as it is, the same compressed for
// smaller and larger windows, and a table of them. It knows frames and windows; it does not change, and
// it knows no connection.
#pragma once

#include "hawse/agreement.hpp"
#include "hawse/bytes.hpp"
#include "hawse/config.hpp"
#include "hawse/connection.hpp"
#include "hawse/event.hpp"
#include "hawse/memory.hpp"
#include "hawse/prepared_message.hpp"
#include "hawse/refusal.hpp"
#include "memory/counted.hpp"

#include <cstddef>
#include <cstdint>

namespace hawse::prepared {

/// The message in one form: a whole frame that is not masked.
struct Variant {
    const std::byte* frame;
    std::size_t payload_size;
    std::uint8_t header_size;
    std::uint8_t window_bits;  ///< how far back it refers; 0: it is not compressed

    [[nodiscard]] ConstBytes octets() const noexcept { return {frame, header_size + payload_size}; }
    [[nodiscard]] ConstBytes payload() const noexcept {
        return {frame + header_size, payload_size};
    }
    [[nodiscard]] bool compressed() const noexcept { return window_bits != 0; }
};

/// The block begins with it; its variants lie behind it, and their octets behind those.
struct Content : memory::Counted {
    Content(const Allocator& allocator_of, std::size_t block, std::size_t payload) noexcept;

    /// The smallest one that a window of so many bits can inflate; with 0 bits none is compressed. There
    /// always is one.
    [[nodiscard]] const Variant& choose(unsigned window_bits) const noexcept;

    Allocator allocator;
    std::size_t block_size;
    std::size_t payload_size;  // not compressed
    std::size_t variant_count = 0;

    // By window, those of smaller ones larger: the first is not compressed.
    [[nodiscard]] Variant* variants() noexcept { return reinterpret_cast<Variant*>(this + 1); }
    [[nodiscard]] const Variant* variants() const noexcept {
        return reinterpret_cast<const Variant*>(this + 1);
    }
};

/// Which windows a message is to be compressed for.
class Windows {
public:
    /// That of our direction of `agreement`, when `policy` leaves it any. None when nothing was agreed.
    void add(const DeflatePolicy& policy, const Agreement& agreement) noexcept;
    [[nodiscard]] bool has(unsigned window_bits) const noexcept {
        return (bits_ >> window_bits & 1U) != 0;
    }

private:
    std::uint32_t bits_ = 0;
};

/// invalid_text or out_of_memory; else `made` has one owner, the caller.
Refusal make_content(MessageKind kind, ConstBytes payload, Windows windows,
                     const Allocator& allocator, const Config& config, Send choice,
                     Content*& made) noexcept;

/// What a handle owns, for those inside who make one and look into one.
struct Access {
    static Content*& content_of(PreparedMessage& message) noexcept { return message.content_; }
    static Content* content_of(const PreparedMessage& message) noexcept { return message.content_; }
};

}  // namespace hawse::prepared
