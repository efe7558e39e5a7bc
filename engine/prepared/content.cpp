// SPDX-License-Identifier: MIT
#include "prepared/content.hpp"

#include "hawse/frame_header.hpp"
#include "hawse/utf8.hpp"
#include "deflate/compressor.hpp"
#include "deflate/direction.hpp"
#include "deflate/outbound.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

namespace hawse::prepared {

namespace {

constexpr unsigned window_bits_min = 8;
constexpr unsigned window_bits_max = 15;
constexpr std::size_t tail_size = 4;  // 00 00 ff ff, which the receiver adds. RFC 7692 §7.2.1

void release_content(memory::Counted& thing) noexcept {
    auto* const content = static_cast<Content*>(&thing);
    const Allocator allocator = content->allocator;
    const std::size_t size = content->block_size;
    content->~Content();
    allocator.release(allocator.context, content, size);
}

// What is to lie in the block: the payload as it is, and compressed payloads, each smaller than all
// before it and for a larger window. Those lie in memory of the pool meanwhile.
class Forms {
public:
    Forms(MessageKind kind, ConstBytes payload) noexcept
        : opcode_(kind == MessageKind::text ? Opcode::text : Opcode::binary) {
        forms_[0] = {nullptr, payload, 0};
    }
    Forms(const Forms&) = delete;
    Forms& operator=(const Forms&) = delete;
    ~Forms() {
        for (std::size_t index = 1; index < count_; ++index) {
            forms_[index].outbound->reject();
            forms_[index].outbound->give_back();
        }
    }

    void compress(unsigned window_bits, const Config& config) noexcept;
    [[nodiscard]] std::size_t block_size() const noexcept;
    void lay_out(Content& content) const noexcept;

private:
    struct Form {
        deflate::Outbound* outbound;
        ConstBytes octets;
        unsigned window_bits;
    };

    [[nodiscard]] FrameHeader header_of(const Form& form) const noexcept {
        FrameHeader header = FrameHeader::make(opcode_, true, form.octets.size());
        if (form.window_bits != 0) header.first |= rsv1_bit;
        return header;
    }

    std::array<Form, 2 + window_bits_max - window_bits_min> forms_;
    std::size_t count_ = 1;
    Opcode opcode_;
};

// One that comes to nothing less than a form for smaller windows is of no use: those can be sent to
// whoever has a larger one.
void Forms::compress(unsigned window_bits, const Config& config) noexcept {
    const ConstBytes payload = forms_[0].octets;
    const std::size_t size_max = forms_[count_ - 1].octets.size() - 1;
    auto* const outbound = deflate::Outbound::lease(
        config.pool, {static_cast<std::uint8_t>(window_bits), false}, config.deflate);
    if (outbound == nullptr) return;
    const std::size_t most = std::min(size_max, deflate::compressed_size_max(payload.size()));
    const ConstBytes octets = outbound->compress(payload, true, most + tail_size);
    if (octets.size() > tail_size) {
        forms_[count_++] = {outbound, octets.first(octets.size() - tail_size), window_bits};
    } else {
        outbound->reject();
        outbound->give_back();
    }
}

std::size_t Forms::block_size() const noexcept {
    std::size_t size = sizeof(Content) + count_ * sizeof(Variant);
    for (std::size_t index = 0; index < count_; ++index)
        size += header_of(forms_[index]).size() + forms_[index].octets.size();
    return size;
}

void Forms::lay_out(Content& content) const noexcept {
    auto* at = reinterpret_cast<std::byte*>(&content) + sizeof(Content) + count_ * sizeof(Variant);
    content.variant_count = count_;
    for (std::size_t index = 0; index < count_; ++index) {
        const Form& form = forms_[index];
        std::byte header[frame_header_size_max];
        const std::size_t header_size = write_frame_header(header, header_of(form));
        const std::size_t size = form.octets.size();
        new (content.variants() + index) Variant{at, size, static_cast<std::uint8_t>(header_size),
                                                 static_cast<std::uint8_t>(form.window_bits)};
        std::memcpy(at, header, header_size);
        if (size != 0) std::memcpy(at + header_size, form.octets.data(), size);
        at += header_size + size;
    }
}

bool is_compressed(Compression choice, std::size_t size, const DeflatePolicy& policy) noexcept {
    if (choice == Compression::none || size == 0) return false;
    return choice == Compression::always || size >= policy.threshold;
}

}  // namespace

Content::Content(const Allocator& allocator_of, std::size_t block, std::size_t payload) noexcept
    : memory::Counted(release_content), allocator(allocator_of), block_size(block),
      payload_size(payload) {}

const Variant& Content::choose(unsigned window_bits) const noexcept {
    const Variant* chosen = variants() + variant_count - 1;
    while (chosen->window_bits > window_bits) --chosen;
    return *chosen;
}

void Windows::add(const DeflatePolicy& policy, const Agreement& agreement) noexcept {
    const unsigned window_bits = deflate::own_direction(policy, agreement).window_bits;
    if (window_bits != 0) bits_ |= 1U << window_bits;
}

Refusal make_content(MessageKind kind, ConstBytes payload, Windows windows,
                     const Allocator& allocator, const Config& config, Send choice,
                     Content*& made) noexcept {
    const bool checked = choice.text_check == TextCheck::checked;
    if (kind == MessageKind::text && checked && !is_utf8(payload)) return Refusal::invalid_text;
    if (allocator.allocate == nullptr) return Refusal::out_of_memory;
    Forms forms(kind, payload);
    if (is_compressed(choice.compression, payload.size(), config.deflate))
        for (unsigned bits = window_bits_min; bits <= window_bits_max; ++bits)
            if (windows.has(bits)) forms.compress(bits, config);
    const std::size_t size = forms.block_size();
    void* const block = allocator.allocate(allocator.context, size);
    if (block == nullptr) return Refusal::out_of_memory;
    made = new (block) Content(allocator, size, payload.size());
    forms.lay_out(*made);
    return Refusal::none;
}

}  // namespace hawse::prepared
