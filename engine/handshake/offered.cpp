// SPDX-License-Identifier: MIT
#include "handshake/offered.hpp"

#include "handshake/request_head.hpp"
#include "http/field.hpp"
#include "http/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

namespace hawse::handshake {

Refusal Offered::keep(const ClientRequest& request, Transport transport) noexcept {
    if (const Refusal refusal = check_request(request, transport, config_.limits);
        refusal != Refusal::none)
        return refusal;
    HandshakeKey key = {};
    if (transport == Transport::http1) {
        std::array<std::byte, 16> nonce;
        if (config_.entropy.fill == nullptr ||
            !config_.entropy.fill(config_.entropy.context, nonce.data(), nonce.size()))
            return Refusal::no_entropy;
        key = handshake_key(nonce);
    }
    if (!copy(request)) return Refusal::out_of_memory;
    key_ = key;
    reserved_bits_ = request.reserved_bits;
    offers_deflate_ = request.deflate && negotiates_deflate(config_, request.relayed_extensions);
    return Refusal::none;
}

void Offered::forget() noexcept {
    subprotocols_ = {};
    extensions_ = {};
    octets_.give_back();
}

Cause Offered::judge(const ResponseHead& head, Violation& fault) noexcept {
    std::array<char, deflate_offer_size_max> text;
    TextWriter writer(text.data());
    write_offer(writer, deflate());  // as it was sent; kept, it would cost memory
    const Offer offer = {key_, subprotocols_, extensions_, reserved_bits_, writer.text_from(0)};
    fault = judge_response(head, offer, config_, agreement_);
    if (fault != Violation::none) return Cause::violation;
    if (!agreement_.subprotocol.empty())  // the same characters, but ours
        agreement_.subprotocol =
            *std::find(subprotocols_.begin(), subprotocols_.end(), agreement_.subprotocol);
    if (agreement_.extensions.empty() || join_extensions(head.fields)) return Cause::none;
    agreement_ = {.role = Role::client};
    return Cause::out_of_memory;
}

// One line or several say the same. RFC 6455 §9.1
bool Offered::join_extensions(std::span<const Field> fields) noexcept {
    for (const Field& field : fields) {
        const std::string_view line = http::trim(field.value);
        if (!http::equals_ignoring_case(field.name, "Sec-WebSocket-Extensions") || line.empty())
            continue;
        if (accepted_.size() != 0 && !accepted_.append(as_bytes(", "))) return false;
        if (!accepted_.append(as_bytes(line))) return false;
    }
    agreement_.extensions = accepted_.text();
    return true;
}

// Views first, then the characters they view, in one block.
bool Offered::copy(const ClientRequest& request) noexcept {
    const auto subprotocols = request.subprotocols;
    std::size_t size = subprotocols.size_bytes() + request.relayed_extensions.size();
    for (const std::string_view one : subprotocols) size += one.size();
    if (!octets_.resize(size)) return false;
    if (size == 0) return true;
    std::byte* view = octets_.bytes().data();
    const auto* const first = reinterpret_cast<const std::string_view*>(view);
    std::byte* characters = view + subprotocols.size_bytes();
    for (const std::string_view one : subprotocols) {
        std::memcpy(characters, one.data(), one.size());
        new (view) std::string_view(reinterpret_cast<const char*>(characters), one.size());
        view += sizeof(std::string_view);
        characters += one.size();
    }
    if (!subprotocols.empty()) subprotocols_ = {std::launder(first), subprotocols.size()};
    const std::string_view extensions = request.relayed_extensions;
    if (!extensions.empty()) std::memcpy(characters, extensions.data(), extensions.size());
    extensions_ = http::cut(octets_.text(), size - extensions.size());
    return true;
}

}  // namespace hawse::handshake
