// SPDX-License-Identifier: MIT
#include "handshake/answer.hpp"

#include "http/field.hpp"
#include "http/text.hpp"

namespace hawse::handshake {

namespace {

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
    writer.put(status == 426 ? "Upgrade: websocket\r\n"
                               "Connection: Upgrade, close\r\n"
                               "Sec-WebSocket-Version: 13\r\n"
                             : "Connection: close\r\n");
}

void write_content_size(TextWriter& writer, std::size_t size) noexcept {
    writer.put("Content-Length: ");
    writer.put_number(size);
    writer.put("\r\n");
}

bool is_reserved(std::string_view name, Role role) noexcept {
    constexpr std::string_view prefix = "Sec-WebSocket-";
    constexpr std::string_view in_both[] = {"Connection", "Upgrade", "Content-Length",
                                            "Transfer-Encoding"};
    constexpr std::string_view in_requests[] = {"Host", "Origin", "Expect", "TE", "Trailer"};
    if (http::equals_ignoring_case(http::cut(name, 0, prefix.size()), prefix)) return true;
    for (const std::string_view one : in_both)
        if (http::equals_ignoring_case(name, one)) return true;
    for (const std::string_view one : in_requests)
        if (role == Role::client && http::equals_ignoring_case(name, one)) return true;
    return false;
}

}  // namespace

Refusal check_fields(std::span<const Field> fields, Role role) noexcept {
    for (const Field& field : fields)
        if (!http::is_token(field.name) || !http::is_field_value(field.value))
            return Refusal::invalid_field;
    for (const Field& field : fields)
        if (is_reserved(field.name, role)) return Refusal::reserved_field;
    return Refusal::none;
}

void write_fields(TextWriter& writer, std::span<const Field> fields) noexcept {
    for (const Field& field : fields) {
        writer.put(field.name);
        writer.put(": ");
        writer.put(field.value);
        writer.put("\r\n");
    }
}

void write_acceptance(TextWriter& writer, const AcceptKey& key, const Acceptance& acceptance,
                      bool expects_continue) noexcept {
    if (expects_continue) writer.put("HTTP/1.1 100 Continue\r\n\r\n");  // RFC 9110 §7.8
    writer.put("HTTP/1.1 101 Switching Protocols\r\n"
               "Upgrade: websocket\r\n"
               "Connection: Upgrade\r\n"
               "Sec-WebSocket-Accept: ");
    writer.put({key.data(), key.size()});
    writer.put("\r\n");
    if (!acceptance.subprotocol.empty()) {
        writer.put("Sec-WebSocket-Protocol: ");
        writer.put(acceptance.subprotocol);
        writer.put("\r\n");
    }
    write_fields(writer, acceptance.fields);
    writer.put("\r\n");
}

void write_rejection(TextWriter& writer, const Rejection& rejection) noexcept {
    write_status_line(writer, rejection.status);
    write_connection(writer, rejection.status);
    write_fields(writer, rejection.fields);
    if (rejection.status != 204 && rejection.status != 304)  // RFC 9110 §8.6
        write_content_size(writer, rejection.body.size());
    writer.put("\r\n");
}

void write_refusal(TextWriter& writer, std::uint16_t status, Violation violation) noexcept {
    const bool wrong_version =
        violation == Violation::missing_version || violation == Violation::malformed_version;
    std::string_view sentence = describe(violation).sentence;
    if (status == 408) sentence = "The request did not arrive in time.";
    write_status_line(writer, status);
    write_connection(writer, status);
    if (wrong_version) writer.put("Sec-WebSocket-Version: 13\r\n");
    if (violation == Violation::method_not_get) writer.put("Allow: GET\r\n");
    writer.put("Content-Type: text/plain\r\n");
    write_content_size(writer, sentence.size() + 1);
    writer.put("\r\n");
    writer.put(sentence);
    writer.put("\n");
}

}  // namespace hawse::handshake
