// SPDX-License-Identifier: MIT
// The parameters of permessage-deflate as people write them: in the words of RFC 7692 §7.1.
#pragma once

#include "hawse/deflate.hpp"

#include <string>
#include <string_view>

namespace examples {

/// Reads such as "client_max_window_bits=9; server_no_context_takeover". An empty answer: all is well;
/// otherwise what is wrong, and what to write instead. Only an offer may leave the value of
/// client_max_window_bits out.
std::string read_deflate(std::string_view text, bool is_offer, hawse::DeflateAgreement& agreement);

/// The element that says so, with its name in front; what is understood is left out.
std::string deflate_in_words(const hawse::DeflateAgreement& agreement);

/// The policy of a client that offers such parameters, and of a server that keeps to them and asks for
/// them.
hawse::DeflatePolicy client_policy(const hawse::DeflateAgreement& wanted) noexcept;
hawse::DeflatePolicy server_policy(const hawse::DeflateAgreement& wanted) noexcept;

}  // namespace examples
