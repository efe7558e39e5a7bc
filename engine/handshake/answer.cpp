// SPDX-License-Identifier: MIT
#include "handshake/answer.hpp"

#include "hawse/frame_header.hpp"
#include "handshake/status.hpp"
#include "http/field.hpp"
#include "http/stream_fields.hpp"
#include "http/text.hpp"

namespace hawse::handshake {

namespace {

constexpr std::string_view extensions_name = "Sec-WebSocket-Extensions";

struct Reason {
    std::uint16_t status;
    std::string_view text;
};

// Those that refuse an opening handshake in practice; the phrase may be empty. RFC 9112 §4
constexpr Reason reasons[] = {
    {200, "OK"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {410, "Gone"},
    {414, "URI Too Long"},
    {421, "Misdirected Request"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

void write_status_line(TextWriter& writer, std::uint16_t status) noexcept {
    writer.put("HTTP/1.1 ");
    writer.put_number(status);
    writer.put(" ");
    for (const Reason& reason : reasons)
        if (reason.status == status) writer.put(reason.text);
    writer.put("\r\n");
}

// 426 names what to upgrade to, and so the Connection option. RFC 9110 §7.8, RFC 6455 §4.4
void write_connection(TextWriter& writer, std::uint16_t status) noexcept {
    if (status == 426) writer.put_field("Upgrade", "websocket");
    writer.put_field("Connection", status == 426 ? "Upgrade, close" : "close");
}

void write_status(TextWriter& writer, std::uint16_t status) noexcept {
    writer.begin_field(":status");
    writer.put_number(status);
    writer.end_field();
}

void write_content_size(TextWriter& writer, std::size_t size) noexcept {
    writer.begin_field("Content-Length");
    writer.put_number(size);
    writer.end_field();
}

void write_fields(TextWriter& writer, std::span<const Field> fields) noexcept {
    for (const Field& field : fields) writer.put_field(field.name, field.value);
}

bool names_version(Violation violation) noexcept {
    return violation == Violation::missing_version || violation == Violation::malformed_version ||
           violation == Violation::unsupported_version || violation == Violation::missing_upgrade;
}

bool is_reserved(std::string_view name, Role role, Transport transport) noexcept {
    constexpr std::string_view prefix = "Sec-WebSocket-";
    constexpr std::string_view in_both[] = {"Connection", "Upgrade", "Content-Length",
                                            "Transfer-Encoding"};
    constexpr std::string_view in_requests[] = {"Host", "Origin", "Expect", "TE", "Trailer"};
    if (http::equals_ignoring_case(http::cut(name, 0, prefix.size()), prefix)) return true;
    if (transport != Transport::http1 && http::is_connection_specific(name)) return true;
    for (const std::string_view one : in_both)
        if (http::equals_ignoring_case(name, one)) return true;
    for (const std::string_view one : in_requests)
        if (role == Role::client && http::equals_ignoring_case(name, one)) return true;
    return false;
}

// Whether each one that is accepted was offered, and they are not too many; both lists are well-formed.
bool were_offered(const Request& request, const Field& accepted, const Limits& limits) noexcept {
    const std::uint32_t empty_max = limits.empty_element_count_max;
    http::ExtensionReader extensions({&accepted, 1}, accepted.name, empty_max);
    std::uint32_t count = 0;
    for (http::Extension one; extensions.next(one) == http::Reading::found;)
        if (++count > accepted_extension_count_max ||
            !http::names_extension(request.fields, extensions_name, one.name, empty_max))
            return false;
    return true;
}

}  // namespace

bool is_relayable(std::string_view extensions, const Limits& limits) noexcept {
    const Field field = {extensions_name, extensions};
    return extensions.empty() ||
           http::check_extensions({&field, 1}, extensions_name, limits.empty_element_count_max) ==
               http::ListShape::well_formed;
}

Refusal check_fields(std::span<const Field> fields, Role role, Transport transport) noexcept {
    for (const Field& field : fields)
        if (!http::is_token(field.name) || !http::is_field_value(field.value))
            return Refusal::invalid_field;
    for (const Field& field : fields)
        if (is_reserved(field.name, role, transport)) return Refusal::reserved_field;
    return Refusal::none;
}

Refusal check_acceptance(const Request& request, const Acceptance& acceptance, Transport transport,
                         const Config& config, Settled& settled) noexcept {
    const Limits& limits = config.limits;
    std::string_view chosen;
    if (request.plain) return Refusal::plain_request;
    if (!acceptance.subprotocol.empty()) {
        TokenList offered = request.subprotocols();
        do chosen = offered.next();
        while (!chosen.empty() && chosen != acceptance.subprotocol);
        if (chosen.empty()) return Refusal::subprotocol_not_offered;
    }
    if (!is_relayable(acceptance.relayed_extensions, limits)) return Refusal::invalid_field;
    if (!were_offered(request, {extensions_name, acceptance.relayed_extensions}, limits))
        return Refusal::extension_not_offered;
    const Refusal refusal = check_fields(acceptance.fields, Role::server, transport);
    if (refusal != Refusal::none) return refusal;
    settled = {};
    Agreement& agreement = settled.agreement;
    agreement = {.role = Role::server, .subprotocol = chosen};
    if (!acceptance.relayed_extensions.empty())
        agreement.reserved_bits = acceptance.reserved_bits & rsv_bits;
    const http::ExtensionReader offers(request.fields, extensions_name,
                                       limits.empty_element_count_max);
    if (acceptance.deflate && negotiates_deflate(config, acceptance.relayed_extensions) &&
        choose_offer(offers, config.deflate, settled.deflate))
        agreement.deflate = agreement_by(settled.deflate);
    return refusal;
}

std::string_view write_acceptance_fields(TextWriter& writer, const AcceptKey& key,
                                         const Acceptance& acceptance,
                                         const Settled& settled) noexcept {
    if (writer.transport() == Transport::http1) {
        writer.put_field("Upgrade", "websocket");
        writer.put_field("Connection", "Upgrade");
        writer.put_field("Sec-WebSocket-Accept", {key.data(), key.size()});
    } else {
        write_status(writer, accepting_status(writer.transport()));
    }
    if (!acceptance.subprotocol.empty())
        writer.put_field("Sec-WebSocket-Protocol", acceptance.subprotocol);
    std::string_view extensions;
    if (!acceptance.relayed_extensions.empty()) {
        writer.begin_field(extensions_name);
        const std::size_t start = writer.size();
        writer.put(http::trim(acceptance.relayed_extensions));
        extensions = writer.text_from(start);
        writer.end_field();
    }
    if (settled.agreement.deflate.agreed) {
        writer.begin_field(extensions_name);
        write_element(writer, settled.deflate, ElementKind::answer);
        writer.end_field();
    }
    write_fields(writer, acceptance.fields);
    return extensions;
}

std::string_view write_acceptance(TextWriter& writer, const AcceptKey& key,
                                  const Acceptance& acceptance, const Settled& settled,
                                  bool expects_continue) noexcept {
    if (expects_continue) writer.put("HTTP/1.1 100 Continue\r\n\r\n");  // RFC 9110 §7.8
    writer.put("HTTP/1.1 101 Switching Protocols\r\n");
    const std::string_view extensions = write_acceptance_fields(writer, key, acceptance, settled);
    writer.put("\r\n");
    return extensions;
}

void write_rejection(TextWriter& writer, const Rejection& rejection) noexcept {
    write_status_line(writer, rejection.status);
    write_connection(writer, rejection.status);
    if (rejection.status == 426) writer.put_field("Sec-WebSocket-Version", "13");
    write_fields(writer, rejection.fields);
    if (rejection.status != 204 && rejection.status != 304)  // RFC 9110 §8.6
        write_content_size(writer, rejection.body.size());
    writer.put("\r\n");
}

void write_refusal_fields(TextWriter& writer, std::uint16_t status, Violation violation) noexcept {
    if (writer.transport() == Transport::http1)
        write_connection(writer, status);
    else
        write_status(writer, status);
    if (names_version(violation)) writer.put_field("Sec-WebSocket-Version", "13");
    if (violation == Violation::method_not_get) writer.put_field("Allow", "GET");
    if (violation == Violation::method_not_connect) writer.put_field("Allow", "CONNECT");
}

void write_refusal(TextWriter& writer, std::uint16_t status, Violation violation) noexcept {
    std::string_view sentence = describe(violation).sentence;
    if (status == 408) sentence = "The request did not arrive in time.";
    write_status_line(writer, status);
    write_refusal_fields(writer, status, violation);
    writer.put_field("Content-Type", "text/plain");
    write_content_size(writer, sentence.size() + 1);
    writer.put("\r\n");
    writer.put(sentence);
    writer.put("\n");
}

}  // namespace hawse::handshake
