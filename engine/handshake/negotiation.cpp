// SPDX-License-Identifier: MIT
#include "handshake/negotiation.hpp"

#include "deflate/compressor.hpp"

#include <algorithm>

namespace hawse::handshake {

namespace {

constexpr std::uint8_t bits_min = 8;
constexpr std::uint8_t bits_max = 15;  // and what is agreed where nobody limits it

constexpr std::string_view server_window = "server_max_window_bits";
constexpr std::string_view server_takeover = "server_no_context_takeover";
constexpr std::string_view client_window = "client_max_window_bits";
constexpr std::string_view client_takeover = "client_no_context_takeover";

std::uint8_t within(std::uint8_t bits) noexcept { return std::clamp(bits, bits_min, bits_max); }

Violation read_flag(const http::ExtensionParameter& parameter, bool& flag) noexcept {
    if (flag) return Violation::response_repeated_deflate_parameter;
    flag = true;
    return parameter.has_value ? Violation::response_invalid_deflate_parameter : Violation::none;
}

// Exactly "8" to "15": no other digits, no sign, no leading zero. RFC 7692 §7.1.2
Violation read_bits(const http::ExtensionParameter& parameter, bool needs_value,
                    std::uint8_t& bits) noexcept {
    if (bits != 0) return Violation::response_repeated_deflate_parameter;
    bits = bits_max;
    if (!parameter.has_value)
        return needs_value ? Violation::response_invalid_deflate_parameter : Violation::none;
    std::array<char, 2> digits;
    const std::size_t size = parameter.read_value(digits);
    if (size == 1 && (digits[0] == '8' || digits[0] == '9'))
        bits = static_cast<std::uint8_t>(digits[0] - '0');
    else if (size == 2 && digits[0] == '1' && digits[1] >= '0' && digits[1] <= '5')
        bits = static_cast<std::uint8_t>(10 + digits[1] - '0');
    else
        return Violation::response_invalid_deflate_parameter;
    return Violation::none;
}

void write_flag(TextWriter& writer, std::string_view name, bool flag) noexcept {
    if (!flag) return;
    writer.put("; ");
    writer.put(name);
}

void write_bits(TextWriter& writer, std::string_view name, std::uint8_t bits) noexcept {
    if (bits == 0) return;
    writer.put("; ");
    writer.put(name);
    writer.put("=");
    writer.put_number(bits);
}

// What the server is asked to keep to, it must promise; the rest it may add. The client's own window is
// a hint, which a server may ignore: ws, as configured, answers with its own number whatever was offered.
// We keep to both. RFC 7692 §7.1, §7.1.2.2
bool answers(DeflateElement answer, DeflateElement offered) noexcept {
    if (offered.server_no_context_takeover && !answer.server_no_context_takeover) return false;
    if (answer.client_max_window_bits != 0 && offered.client_max_window_bits == 0) return false;
    return offered.server_max_window_bits == 0 ||
           (answer.server_max_window_bits != 0 &&
            answer.server_max_window_bits <= offered.server_max_window_bits);
}

// The next offer that can be read.
bool next_offer(http::ExtensionReader& offers, DeflateElement& element) noexcept {
    for (http::Extension one; offers.next(one) == http::Reading::found;)
        if (one.name == deflate_name &&
            read_element(one.parameters, ElementKind::offer, element) == Violation::none)
            return true;
    return false;
}

}  // namespace

bool negotiates_deflate(const Config& config, std::string_view relayed_extensions) noexcept {
    return config.deflate.enabled && config.delivery != Delivery::frames &&
           relayed_extensions.empty() && deflate::can_compress();
}

Violation read_element(http::ParameterReader parameters, ElementKind kind,
                       DeflateElement& element) noexcept {
    element = {};
    for (http::ExtensionParameter one; parameters.next(one) == http::Reading::found;) {
        Violation fault = Violation::response_unknown_deflate_parameter;
        if (one.name == server_window)
            fault = read_bits(one, true, element.server_max_window_bits);
        else if (one.name == server_takeover)
            fault = read_flag(one, element.server_no_context_takeover);
        else if (one.name == client_window)
            fault = read_bits(one, kind == ElementKind::answer, element.client_max_window_bits);
        else if (one.name == client_takeover)
            fault = read_flag(one, element.client_no_context_takeover);
        if (fault != Violation::none) return fault;
    }
    return Violation::none;
}

void write_element(TextWriter& writer, DeflateElement element, ElementKind kind) noexcept {
    writer.put(deflate_name);
    write_bits(writer, server_window, element.server_max_window_bits);
    write_flag(writer, server_takeover, element.server_no_context_takeover);
    if (kind == ElementKind::offer && element.client_max_window_bits == bits_max)
        write_flag(writer, client_window, true);
    else
        write_bits(writer, client_window, element.client_max_window_bits);
    write_flag(writer, client_takeover, element.client_no_context_takeover);
}

DeflateAgreement agreement_by(DeflateElement answer) noexcept {
    const auto window = [](std::uint8_t bits) noexcept { return bits == 0 ? bits_max : bits; };
    return {.agreed = true,
            .client = {window(answer.client_max_window_bits), !answer.client_no_context_takeover},
            .server = {window(answer.server_max_window_bits), !answer.server_no_context_takeover}};
}

// The client's own hints bind nobody, but cost nothing to take up, and a smaller window saves us memory.
// A window without a value, or of 15 bits, says only that we may ask.
bool can_accept(DeflateElement offered, const DeflatePolicy& policy,
                DeflateElement& answer) noexcept {
    const std::uint8_t send_bits = within(policy.send.window_bits);
    const std::uint8_t receive_bits = within(policy.receive.window_bits);
    answer = {};
    if (receive_bits < bits_max && offered.client_max_window_bits == 0 && policy.insist)
        return false;
    const std::uint8_t client_bits = std::min(receive_bits, offered.client_max_window_bits);
    if (client_bits < bits_max) answer.client_max_window_bits = client_bits;
    if (offered.server_max_window_bits != 0)
        answer.server_max_window_bits = std::min(send_bits, offered.server_max_window_bits);
    else if (send_bits < bits_max)
        answer.server_max_window_bits = send_bits;
    answer.server_no_context_takeover = offered.server_no_context_takeover || !policy.send.takeover;
    answer.client_no_context_takeover =
        offered.client_no_context_takeover || !policy.receive.takeover;
    return true;
}

bool choose_offer(http::ExtensionReader offers, const DeflatePolicy& policy,
                  DeflateElement& answer) noexcept {
    for (DeflateElement offered; next_offer(offers, offered);)
        if (can_accept(offered, policy, answer)) return true;
    return false;
}

DeflateOffer offer_by(const DeflatePolicy& policy) noexcept {
    const std::uint8_t receive_bits = within(policy.receive.window_bits);
    const bool limits_server = receive_bits < bits_max || !policy.receive.takeover;
    DeflateElement undemanding;
    undemanding.client_max_window_bits = within(policy.send.window_bits);
    undemanding.client_no_context_takeover = !policy.send.takeover;
    DeflateElement demanding = undemanding;
    demanding.server_max_window_bits = receive_bits < bits_max ? receive_bits : std::uint8_t{0};
    demanding.server_no_context_takeover = !policy.receive.takeover;
    const bool twice = limits_server && !policy.insist;
    return {{demanding, undemanding}, static_cast<std::uint8_t>(twice ? 2 : 1)};
}

void write_offer(TextWriter& writer, const DeflateOffer& offer) noexcept {
    for (std::size_t index = 0; index < offer.count; ++index) {
        if (index != 0) writer.put(", ");
        write_element(writer, offer.elements[index], ElementKind::offer);
    }
}

Violation judge_answer(http::ParameterReader answer, http::ExtensionReader offers,
                       DeflateAgreement& agreement) noexcept {
    DeflateElement element;
    if (const Violation fault = read_element(answer, ElementKind::answer, element);
        fault != Violation::none)
        return fault;
    for (DeflateElement offered; next_offer(offers, offered);) {
        if (!answers(element, offered)) continue;
        agreement = agreement_by(element);
        return Violation::none;
    }
    return Violation::response_unsupported_deflate;
}

}  // namespace hawse::handshake
