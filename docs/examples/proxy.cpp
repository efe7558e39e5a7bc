// SPDX-License-Identifier: MIT
#include "proxy.hpp"

#include "hawse/backoff.hpp"
#include "hawse/posix.hpp"
#include "hawse/url.hpp"
#include "percent.hpp"
#include "printable.hpp"
#include "transport.hpp"

#include <cstddef>
#include <poll.h>
#include <sys/socket.h>

namespace examples {

namespace {

constexpr std::size_t answer_size_max = 8192;

std::string base64(std::string_view text) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string encoded;
    for (std::size_t index = 0; index < text.size(); index += 3) {
        const auto group = text.substr(index, 3);
        std::uint32_t bits = 0;
        for (std::size_t octet = 0; octet < 3; ++octet)
            bits =
                bits << 8 | (octet < group.size() ? static_cast<unsigned char>(group[octet]) : 0U);
        for (std::size_t digit = 0; digit < 4; ++digit)
            encoded += digit <= group.size() ? digits[bits >> (18 - 6 * digit) & 63] : '=';
    }
    return encoded;
}

/// Waits until `descriptor` is ready for `events`, no longer than until `deadline`.
bool wait_for(int descriptor, short events, hawse::Time deadline) noexcept {
    const auto now = hawse::posix_now();
    pollfd ready{descriptor, events, 0};
    return deadline > now && ::poll(&ready, 1, milliseconds_until(deadline, now)) != 0;
}

/// Sends all of `text`, or as much as goes before `deadline`; a proxy that is gone shows when read.
bool send_all(int descriptor, std::string_view text, hawse::Time deadline) noexcept {
    while (!text.empty() && wait_for(descriptor, POLLOUT, deadline)) {
        const auto size = ::send(descriptor, text.data(), text.size(), 0);
        if (size < 0 && !would_block(errno)) return true;
        if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
    }
    return text.empty();
}

/// The answer's head with its empty line; without one, `problem` says why. Whoever is at the other end
/// of the tunnel waits for our first word, so nothing may follow.
std::string read_answer(int descriptor, hawse::Time deadline, std::string& problem) {
    std::string answer;
    while (problem.empty()) {
        char piece[1024];
        if (!wait_for(descriptor, POLLIN, deadline)) {
            problem = "the proxy did not answer in time";
            break;
        }
        const auto size = ::recv(descriptor, piece, sizeof piece, 0);
        if (size < 0 && would_block(errno)) continue;
        if (size > 0) answer.append(piece, static_cast<std::size_t>(size));
        const auto end = answer.find("\r\n\r\n");
        if (end != std::string::npos && end + 4 == answer.size()) return answer;
        if (end != std::string::npos)
            problem = "the proxy says more than it was asked";
        else if (size <= 0)
            problem = "the proxy ended the connection without an answer";
        else if (answer.size() > answer_size_max)
            problem = "the proxy's answer has no end";
    }
    return {};
}

/// The status of "HTTP/1.x NNN reason"; 0 when it is none.
std::uint16_t status_of(std::string_view line) noexcept {
    const auto is_digit = [](char character) { return character >= '0' && character <= '9'; };
    if (!line.starts_with("HTTP/1.") || line.size() < 12 || !is_digit(line[7]) || line[8] != ' ')
        return 0;
    unsigned status = 0;
    for (const char digit : line.substr(9, 3)) {
        if (!is_digit(digit)) return 0;
        status = status * 10 + static_cast<unsigned>(digit - '0');
    }
    const bool ends = line.size() == 12 || line[12] == ' ';
    return ends ? static_cast<std::uint16_t>(status) : std::uint16_t{0};
}

Ending judge(std::string_view answer) {
    const auto line = answer.substr(0, answer.find("\r\n"));
    const auto status = status_of(line);
    if (status >= 200 && status < 300) return {};
    if (status < 100) return {"the proxy does not answer in HTTP" + in_brackets(line)};
    if (status == 407)
        return {"the proxy demands other credentials: --proxy @FILE, and in FILE "
                "USER:PASSWORD@HOST:PORT" +
                in_brackets(line)};
    return {"the proxy refused" + in_brackets(line), !hawse::is_worth_reconnecting(status)};
}

}  // namespace

bool read_proxy(std::string_view text, Proxy& proxy) {
    constexpr std::string_view scheme = "http://";
    if (text.starts_with(scheme)) text.remove_prefix(scheme.size());
    if (text.ends_with('/')) text.remove_suffix(1);
    if (const auto at = text.rfind('@'); at != std::string_view::npos) {
        const auto user = text.substr(0, at);
        if (user.find(':') == std::string_view::npos) return false;
        proxy.credentials = base64(percent_decoded(user));
        text.remove_prefix(at + 1);
    }
    const std::string as_url = "ws://" + std::string(text);
    hawse::Url url;
    if (hawse::parse_url(as_url, url) != hawse::Refusal::none || !url.target.empty()) return false;
    proxy.host = url.host;
    proxy.port = url.port;
    return text.size() > url.host.size() + 1;  // a proxy has no default port that all agree on
}

Ending open_tunnel(int descriptor, const Proxy& proxy, std::string_view host, std::uint16_t port,
                   hawse::Time deadline) {
    const auto authority = std::string(host) + ":" + std::to_string(port);
    std::string request = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
    if (!proxy.credentials.empty())
        request += "Proxy-Authorization: Basic " + proxy.credentials + "\r\n";
    request += "\r\n";
    std::string problem;
    if (!send_all(descriptor, request, deadline)) problem = "the proxy did not answer in time";
    const auto answer = read_answer(descriptor, deadline, problem);
    return problem.empty() ? judge(answer) : Ending{problem, false};
}

}  // namespace examples
