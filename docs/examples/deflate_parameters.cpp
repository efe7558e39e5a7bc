// SPDX-License-Identifier: MIT
#include "deflate_parameters.hpp"

#include <cstdint>

namespace examples {

namespace {

std::string_view trim(std::string_view text) noexcept {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

/// Exactly "8" to "15".
bool read_bits(std::string_view text, std::uint8_t& bits) noexcept {
    for (std::uint8_t number = 8; number <= 15; ++number) {
        if (text != std::to_string(number)) continue;
        bits = number;
        return true;
    }
    return false;
}

/// One parameter, found before or not. Empty when it is right.
std::string read_one(std::string_view parameter, bool is_offer, hawse::DeflateAgreement& agreement,
                     unsigned& found) {
    const auto equals = parameter.find('=');
    const bool has_value = equals != std::string_view::npos;
    const std::string name(trim(parameter.substr(0, equals)));
    const auto value = has_value ? trim(parameter.substr(equals + 1)) : std::string_view{};
    const bool is_server = name.starts_with("server_");
    const bool is_window = name.ends_with("_max_window_bits");
    auto& direction = is_server ? agreement.server : agreement.client;

    if (name != "server_max_window_bits" && name != "client_max_window_bits" &&
        name != "server_no_context_takeover" && name != "client_no_context_takeover")
        return "'" + name +
               "' is no parameter of permessage-deflate: they are "
               "server_max_window_bits, client_max_window_bits, server_no_context_takeover and "
               "client_no_context_takeover";
    const unsigned bit = 1U << (2 * unsigned{is_server} + unsigned{is_window});
    if ((found & bit) != 0) return name + " stands there twice: say it once";
    found |= bit;
    if (!is_window) {
        direction.takeover = false;
        return has_value ? name + " takes no value: leave '=' out" : "";
    }
    if (!has_value && is_offer && !is_server) return "";
    if (has_value && read_bits(value, direction.window_bits)) return "";
    return name + " needs a value from 8 to 15" +
           (has_value || is_server ? "" : ": only an offer may leave it out");
}

}  // namespace

std::string read_deflate(std::string_view text, bool is_offer, hawse::DeflateAgreement& agreement) {
    agreement = {.agreed = true};
    unsigned found = 0;
    while (!text.empty()) {
        const auto size = text.find(';');
        auto problem = read_one(trim(text.substr(0, size)), is_offer, agreement, found);
        if (!problem.empty()) return problem;
        text.remove_prefix(size == std::string_view::npos ? text.size() : size + 1);
    }
    return "";
}

std::string deflate_in_words(const hawse::DeflateAgreement& agreement) {
    std::string words = "permessage-deflate";
    const auto add = [&](const char* side, hawse::DeflateDirection direction) {
        if (direction.window_bits != 15)
            words += std::string("; ") + side +
                     "_max_window_bits=" + std::to_string(direction.window_bits);
        if (!direction.takeover) words += std::string("; ") + side + "_no_context_takeover";
    };
    add("server", agreement.server);
    add("client", agreement.client);
    return words;
}

hawse::DeflatePolicy client_policy(const hawse::DeflateAgreement& wanted) noexcept {
    return {.enabled = wanted.agreed, .send = wanted.client, .receive = wanted.server};
}

hawse::DeflatePolicy server_policy(const hawse::DeflateAgreement& wanted) noexcept {
    return {.enabled = wanted.agreed, .send = wanted.server, .receive = wanted.client};
}

}  // namespace examples
