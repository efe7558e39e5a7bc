// SPDX-License-Identifier: MIT
#include "gate.hpp"

#include "percent.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace examples {

namespace {

/// Takes as long wherever the two differ, so that nobody finds a secret octet by octet with a clock.
bool is_same(std::string_view secret, std::string_view presented) noexcept {
    unsigned difference = secret.size() == presented.size() ? 0 : 1;
    for (std::size_t index = 0; index < presented.size(); ++index)
        difference |= static_cast<unsigned>(
            static_cast<unsigned char>(presented[index] ^ secret[index % secret.size()]));
    return difference == 0;
}

/// What follows "Bearer ", a scheme in any case; empty without it. RFC 6750 §2.1
std::string_view bearer_of(std::string_view authorization) noexcept {
    constexpr std::string_view scheme = "bearer ";
    if (authorization.size() < scheme.size()) return {};
    for (std::size_t index = 0; index < scheme.size(); ++index) {
        const char character = authorization[index];
        const bool is_upper = character >= 'A' && character <= 'Z';
        if ((is_upper ? character - 'A' + 'a' : character) != scheme[index]) return {};
    }
    return authorization.substr(scheme.size());
}

/// The parameter "token" of a query, decoded.
std::string token_of(std::string_view resource) {
    constexpr std::string_view name = "token=";
    const auto mark = resource.find('?');
    auto query = mark == std::string_view::npos ? std::string_view{} : resource.substr(mark + 1);
    while (!query.empty()) {
        const auto parameter = query.substr(0, query.find('&'));
        if (parameter.starts_with(name)) return percent_decoded(parameter.substr(name.size()));
        query.remove_prefix(std::min(parameter.size() + 1, query.size()));
    }
    return {};
}

}  // namespace

bool Gate::admits(const hawse::Request& request) const {
    const auto authorization = request.field("Authorization");
    return is_open() ||
           is_same(secret_, authorization.empty() ? token_of(request.resource)
                                                  : std::string(bearer_of(authorization)));
}

}  // namespace examples
