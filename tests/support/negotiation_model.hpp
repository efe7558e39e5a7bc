// SPDX-License-Identifier: MIT
// What RFC 7692 §5 and §7.1 say of offers and answers of permessage-deflate, written from its text and
// from nothing of the engine's: it reads the values of Sec-WebSocket-Extensions as they go over the
// wire. Slow and obvious.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace support::model {

/// The parameters of one element by name; no value where it has none.
using Parameters = std::map<std::string, std::optional<std::string>>;

struct Element {
    std::string name;
    Parameters parameters;
    bool repeats = false;  ///< "multiple extension parameters with the same name"

    [[nodiscard]] bool has(const std::string& parameter) const {
        return parameters.contains(parameter);
    }
    /// Of a parameter that has one.
    [[nodiscard]] int number(const std::string& parameter) const {
        return std::stoi(*parameters.at(parameter));
    }
    [[nodiscard]] int number_or(const std::string& parameter, int otherwise) const {
        return has(parameter) && parameters.at(parameter) ? number(parameter) : otherwise;
    }
};

inline std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> pieces(1);
    for (const char one : text) {
        if (one == separator)
            pieces.emplace_back();
        else if (one != ' ' && one != '\t')
            pieces.back() += one;
    }
    return pieces;
}

/// Of a value that is well-formed and whose quoted strings hold no comma, semicolon or equals sign.
inline std::vector<Element> read(const std::string& value) {
    std::vector<Element> elements;
    for (const std::string& text : split(value, ',')) {
        if (text.empty()) continue;
        Element element;
        for (const std::string& parameter : split(text, ';')) {
            if (element.name.empty()) {
                element.name = parameter;
                continue;
            }
            const std::size_t equals = parameter.find('=');
            const std::string name = parameter.substr(0, equals);
            std::optional<std::string> found;
            if (equals != std::string::npos) {
                found = parameter.substr(equals + 1);
                if (found->front() == '"') found = found->substr(1, found->size() - 2);
            }
            if (!element.parameters.emplace(name, found).second) element.repeats = true;
        }
        elements.push_back(element);
    }
    return elements;
}

/// "A decimal integer value without leading zeroes between 8 to 15, inclusive."
inline bool is_window(const std::optional<std::string>& value) {
    for (int bits = 8; bits <= 15; ++bits)
        if (value == std::to_string(bits)) return true;
    return false;
}

/// The first three conditions of §7 under which an offer must be declined, or an answer failed.
inline bool is_valid(const Element& element, bool is_offer) {
    if (element.repeats) return false;
    for (const auto& [name, value] : element.parameters) {
        if (name == "server_no_context_takeover" || name == "client_no_context_takeover") {
            if (value) return false;
        } else if (name == "server_max_window_bits") {
            if (!is_window(value)) return false;
        } else if (name == "client_max_window_bits") {
            if (!is_window(value) && !(is_offer && !value)) return false;
        } else {
            return false;
        }
    }
    return true;
}

/// Whether an answer accepts this offer: §7.1.1.1, §7.1.2.1, §7.1.2.2. Both are valid.
inline bool accepts(const Element& answer, const Element& offer) {
    if (offer.has("server_no_context_takeover") && !answer.has("server_no_context_takeover"))
        return false;
    if (offer.has("server_max_window_bits")) {
        if (!answer.has("server_max_window_bits")) return false;
        if (answer.number("server_max_window_bits") > offer.number("server_max_window_bits"))
            return false;
    }
    return offer.has("client_max_window_bits") || !answer.has("client_max_window_bits");
}

inline bool is_acceptable(const std::string& answer, const std::string& offers) {
    const std::vector<Element> answered = read(answer);
    if (answered.size() != 1 || answered.front().name != "permessage-deflate" ||
        !is_valid(answered.front(), false))
        return false;
    for (const Element& offer : read(offers))
        if (offer.name == "permessage-deflate" && is_valid(offer, true) &&
            accepts(answered.front(), offer))
            return true;
    return false;
}

/// What one side compresses with.
struct Direction {
    int window = 15;
    bool takeover = true;
    bool operator==(const Direction&) const = default;
};
struct Settled {
    Direction client, server;
    bool operator==(const Settled&) const = default;
};

/// What an answer settles: absence is 32,768 octets, and context takeover.
inline Settled settled_by(const std::string& answer) {
    const Element element = read(answer).front();
    return {{element.number_or("client_max_window_bits", 15),
             !element.has("client_no_context_takeover")},
            {element.number_or("server_max_window_bits", 15),
             !element.has("server_no_context_takeover")}};
}

}  // namespace support::model
