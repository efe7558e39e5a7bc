// SPDX-License-Identifier: MIT
// permessage-deflate while it is negotiated: what one element of a list says, which offer a server
// accepts and how, whether a client can live with an answer. Pure; it knows neither heads nor who
// sends them. RFC 7692 §5, §7.1
#pragma once

#include "hawse/config.hpp"
#include "hawse/deflate.hpp"
#include "hawse/violation.hpp"
#include "handshake/output.hpp"
#include "http/field.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hawse::handshake {

inline constexpr std::string_view deflate_name = "permessage-deflate";

/// Whether this side negotiates it at all, for one opening that relays these extensions. RSV1 has one
/// owner, and whoever relays frames does not read them. RFC 7692 §5
[[nodiscard]] bool negotiates_deflate(const Config& config,
                                      std::string_view relayed_extensions) noexcept;

enum class ElementKind : std::uint8_t { offer, answer };

/// The parameters of one element.
struct DeflateElement {
    std::uint8_t server_max_window_bits = 0;  ///< 0 where it is absent
    /// The same. In an offer 15 stands for a parameter without a value, too: both limit nothing.
    std::uint8_t client_max_window_bits = 0;
    bool server_no_context_takeover = false;
    bool client_no_context_takeover = false;
    friend constexpr bool operator==(DeflateElement, DeflateElement) = default;
};

/// Reads the parameters of an element that is well-formed. What is wrong with them is told of an
/// answer; an offer is declined for it. O(octets).
[[nodiscard]] Violation read_element(http::ParameterReader parameters, ElementKind kind,
                                     DeflateElement& element) noexcept;

/// Name and parameters.
void write_element(TextWriter& writer, DeflateElement element, ElementKind kind) noexcept;

/// What an answer settles, to both sides.
[[nodiscard]] DeflateAgreement agreement_by(DeflateElement answer) noexcept;

// A server's.

/// Whether the policy can accept what is offered, and how.
[[nodiscard]] bool can_accept(DeflateElement offered, const DeflatePolicy& policy,
                              DeflateElement& answer) noexcept;

/// The answer to the first offer that can be accepted; false when there is none.
[[nodiscard]] bool choose_offer(http::ExtensionReader offers, const DeflatePolicy& policy,
                                DeflateElement& answer) noexcept;

// A client's.

/// What is offered, most wanted first.
struct DeflateOffer {
    std::array<DeflateElement, 2> elements = {};
    std::uint8_t count = 0;
};
[[nodiscard]] DeflateOffer offer_by(const DeflatePolicy& policy) noexcept;

/// The elements, as one field value of at most `deflate_offer_size_max` octets.
void write_offer(TextWriter& writer, const DeflateOffer& offer) noexcept;
inline constexpr std::size_t deflate_offer_size_max = 256;

/// Judges an answer against the offer that was made. O(octets).
[[nodiscard]] Violation judge_answer(http::ParameterReader answer, http::ExtensionReader offers,
                                     DeflateAgreement& agreement) noexcept;

}  // namespace hawse::handshake
