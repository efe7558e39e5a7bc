// SPDX-License-Identifier: MIT
// What a client asked for, kept until its answer is judged, so that nothing of the host's request
// need live. It composes nothing and reads no octets.
#pragma once

#include "hawse/agreement.hpp"
#include "hawse/cause.hpp"
#include "hawse/config.hpp"
#include "hawse/refusal.hpp"
#include "hawse/request.hpp"
#include "hawse/response.hpp"
#include "handshake/negotiation.hpp"
#include "http/leased_bytes.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace hawse::handshake {

class Offered {
public:
    explicit Offered(const Config& config) noexcept
        : config_(config), octets_(config.pool), accepted_(config.pool) {}
    Offered(const Offered&) = delete;
    Offered& operator=(const Offered&) = delete;

    /// Checks the request, draws the key where there is one, and copies what was offered. What is
    /// refused has changed nothing.
    Refusal keep(const ClientRequest& request, Transport transport) noexcept;
    void forget() noexcept;

    [[nodiscard]] const HandshakeKey& key() const noexcept { return key_; }
    /// What is to be offered of compression.
    [[nodiscard]] DeflateOffer deflate() const noexcept {
        return offers_deflate_ ? offer_by(config_.deflate) : DeflateOffer{};
    }

    /// Judges a response that opens: none, `violation` with the fault, or `out_of_memory`. The
    /// agreement views this object.
    [[nodiscard]] Cause judge(const ResponseHead& head, Violation& fault) noexcept;

    [[nodiscard]] const Agreement& agreement() const noexcept { return agreement_; }

private:
    [[nodiscard]] bool copy(const ClientRequest& request) noexcept;
    [[nodiscard]] bool join_extensions(std::span<const Field> fields) noexcept;

    const Config& config_;
    http::LeasedBytes octets_;
    http::LeasedBytes accepted_;  // extensions; nobody leases who relays none
    HandshakeKey key_ = {};
    std::span<const std::string_view> subprotocols_ = {};
    std::string_view extensions_ = {};
    std::uint8_t reserved_bits_ = 0;
    bool offers_deflate_ = false;
    Agreement agreement_ = {.role = Role::client};
};

}  // namespace hawse::handshake
