// SPDX-License-Identifier: MIT
#include "handshake/offered.hpp"

#include "handshake/request_head.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace hawse::handshake {

Refusal Offered::keep(const ClientRequest& request, Transport transport) noexcept {
    if (const Refusal refusal = check_request(request, transport); refusal != Refusal::none)
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
    offer_.key = key;
    return Refusal::none;
}

void Offered::forget() noexcept {
    offer_ = {};
    octets_.give_back();
}

Cause Offered::judge(const ResponseHead& head, Violation& fault) noexcept {
    fault = judge_response(head, offer_, config_, agreement_);
    if (fault != Violation::none) return Cause::violation;
    if (!agreement_.subprotocol.empty())  // the same characters, but ours
        agreement_.subprotocol = *std::find(offer_.subprotocols.begin(), offer_.subprotocols.end(),
                                            agreement_.subprotocol);
    return Cause::none;
}

// Views first, then the characters they view, in one block.
bool Offered::copy(const ClientRequest& request) noexcept {
    const auto subprotocols = request.subprotocols;
    std::size_t size = subprotocols.size_bytes();
    for (const std::string_view one : subprotocols) size += one.size();
    if (!octets_.resize(size)) return false;
    if (subprotocols.empty()) return true;
    std::byte* view = octets_.bytes().data();
    const auto* const first = reinterpret_cast<const std::string_view*>(view);
    std::byte* characters = view + subprotocols.size_bytes();
    for (const std::string_view one : subprotocols) {
        std::memcpy(characters, one.data(), one.size());
        new (view) std::string_view(reinterpret_cast<const char*>(characters), one.size());
        view += sizeof(std::string_view);
        characters += one.size();
    }
    offer_.subprotocols = {std::launder(first), subprotocols.size()};
    return true;
}

}  // namespace hawse::handshake
