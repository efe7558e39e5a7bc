// SPDX-License-Identifier: MIT
#include "http/authority.hpp"

#include "http/field.hpp"
#include "http/text.hpp"

#include <algorithm>
#include <cstddef>

namespace hawse::http {

namespace {

constexpr std::size_t npos = std::string_view::npos;

bool is_hexadecimal(char character) noexcept {
    return is_digit(character) || (character >= 'a' && character <= 'f') ||
           (character >= 'A' && character <= 'F');
}

// unreserved and sub-delims
bool is_name_character(char character) noexcept {
    return is_digit(character) || (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z') ||
           std::string_view("-._~!$&'()*+,;=").find(character) != npos;
}

bool is_name(std::string_view text) noexcept {
    for (std::size_t index = 0; index < text.size(); ++index) {
        if (is_name_character(text[index])) continue;
        if (text[index] != '%' || text.size() - index < 3) return false;
        if (!is_hexadecimal(text[index + 1]) || !is_hexadecimal(text[index + 2])) return false;
        index += 2;
    }
    return !text.empty();
}

bool is_ipv4_address(std::string_view text) noexcept {
    for (int part = 0; part < 4; ++part) {
        const std::size_t size = part == 3 ? text.size() : std::min(text.find('.'), text.size());
        const std::string_view digits = cut(text, 0, size);
        std::uint16_t number = 0;
        if (!read_port(digits, number) || number > 255) return false;
        if (digits.size() > 1 && digits.front() == '0') return false;
        if (part < 3 && size == text.size()) return false;
        text.remove_prefix(part == 3 ? size : size + 1);
    }
    return true;
}

// Eight groups, or fewer with one "::"; the last two may be written as an IPv4 address.
bool is_ipv6_address(std::string_view text) noexcept {
    int groups_left = 8;
    bool shortened = false;
    if (cut(text, 0, 2) == "::") {
        shortened = true;
        text.remove_prefix(2);
    }
    while (!text.empty() && groups_left > 0) {
        const std::size_t size = std::min(text.find(':'), text.size());
        const std::string_view group = cut(text, 0, size);
        if (size == text.size() && group.find('.') != npos)
            return is_ipv4_address(group) && (shortened ? groups_left > 2 : groups_left == 2);
        if (group.empty() || group.size() > 4) return false;
        if (!std::all_of(group.begin(), group.end(), is_hexadecimal)) return false;
        --groups_left;
        text.remove_prefix(size);
        if (text.empty()) break;
        text.remove_prefix(1);
        if (text.empty()) return false;  // a colon at the end
        if (text.front() != ':') continue;
        if (shortened) return false;
        shortened = true;
        text.remove_prefix(1);
    }
    return text.empty() && (shortened ? groups_left > 0 : groups_left == 0);
}

}  // namespace

bool read_authority(std::string_view text, Authority& authority) noexcept {
    const std::size_t bracket = cut(text, 0, 1) == "[" ? text.find(']') : 0;
    if (bracket == npos) return false;
    const std::size_t colon = text.find(':', bracket);
    const std::string_view host = cut(text, 0, colon);
    const std::string_view port = colon == npos ? std::string_view{} : cut(text, colon + 1);
    std::uint16_t number = 0;
    if (!is_host(host) || (!port.empty() && !read_port(port, number))) return false;
    authority = {host, port};
    return true;
}

bool is_host(std::string_view text) noexcept {
    if (cut(text, 0, 1) != "[") return is_name(text);
    return text.size() > 2 && text.back() == ']' && is_ipv6_address(cut(text, 1, text.size() - 2));
}

bool read_port(std::string_view digits, std::uint16_t& port) noexcept {
    std::uint32_t number = 0;
    for (const char digit : digits) {
        if (!is_digit(digit)) return false;
        number = number * 10 + static_cast<std::uint32_t>(digit - '0');
        if (number > 65535) return false;
    }
    port = static_cast<std::uint16_t>(number);
    return !digits.empty();
}

bool is_visible_without_fragment(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(),
                       [](char character) { return is_visible(character) && character != '#'; });
}

bool is_origin_form(std::string_view text) noexcept {
    return cut(text, 0, 1) == "/" && is_visible_without_fragment(text);
}

}  // namespace hawse::http
