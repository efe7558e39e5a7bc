// SPDX-License-Identifier: MIT
// The sender's steps for a compressed message: what is compressed goes into frames as any other octets
// do, and what went out is remembered. RFC 7692 §6.1, §7.2.1
#include "connection/sender.hpp"

#include <algorithm>

namespace hawse::connection {

bool Sender::may_compress(const DeflatePolicy& policy, Compression choice,
                          std::size_t size) const noexcept {
    if (window_bits_ == 0 || choice == Compression::none || size == 0) return false;
    return choice == Compression::always || size >= policy.threshold;
}

// False, and nothing has changed, when it is better sent plain: for want of a compressor, or because it
// comes to more than `size_max` octets.
bool Sender::queue_compressed(const Shared& shared, const Piece& piece, std::size_t size_max,
                              Refusal& refusal) noexcept {
    constexpr std::size_t tail_size = 4;  // 00 00 ff ff, which the receiver adds. RFC 7692 §7.2.1
    if (is_too_much(shared, 0)) {
        refusal = Refusal::output_full;
        return true;
    }
    if (outbound_ == nullptr)
        outbound_ = deflate::Outbound::lease(shared.config->pool, {window_bits_, takes_over_},
                                             shared.config->deflate);
    if (outbound_ == nullptr) return false;
    const std::size_t most = std::min(size_max, deflate::compressed_size_max(piece.octets.size()));
    const Bytes octets = outbound_->compress(piece.octets, piece.fin, most + tail_size);
    const bool queues = !octets.empty();
    if (queues) {
        Piece compressed = piece;
        compressed.octets = octets.first(octets.size() - (piece.fin ? tail_size : 0));
        compressed.way = Way::copy;
        compressed.compressed = true;
        refusal = queue_frames(shared, compressed);
    }
    if (queues && refusal == Refusal::none)
        outbound_->accept(piece.octets, piece.fin);
    else
        outbound_->reject();
    if (queues && refusal == Refusal::none)
        count_compressed(shared, octets.size() - (piece.fin ? tail_size : 0), piece.octets.size(),
                         piece.fin);
    close_outbound_if_empty();
    return queues;
}

void Sender::count_compressed(const Shared& shared, std::size_t deflated_size,
                              std::size_t inflated_size, bool fin) noexcept {
    if (shared.statistics == nullptr) return;
    shared.statistics->sent.deflated_messages += fin;
    shared.statistics->sent.deflated_octets += deflated_size;
    shared.statistics->sent.inflated_octets += inflated_size;
}

// Compressed elsewhere, it refers to nothing; but behind it the peer's window holds what we never had.
Refusal Sender::send_prepared(const Shared& shared, prepared::Content& content) noexcept {
    if (in_message_) return Refusal::message_in_progress;
    const prepared::Variant& variant = content.choose(window_bits_);
    const Refusal refusal = queue_prepared(shared, content, variant);
    if (refusal != Refusal::none || !variant.compressed()) return refusal;
    count_compressed(shared, variant.payload_size, content.payload_size, true);
    if (outbound_ != nullptr) outbound_->forget();
    close_outbound_if_empty();
    return refusal;
}

void Sender::close_outbound_if_empty() noexcept {
    if (outbound_ != nullptr && outbound_->is_empty()) give_back_outbound();
}

void Sender::give_back_outbound() noexcept {
    if (outbound_ != nullptr) outbound_->give_back();
    outbound_ = nullptr;
}

}  // namespace hawse::connection
