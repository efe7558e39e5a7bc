// SPDX-License-Identifier: MIT
#include "handshake/request_head.hpp"

#include "handshake/answer.hpp"
#include "http/authority.hpp"
#include "http/field.hpp"
#include "http/text.hpp"

#include <algorithm>

namespace hawse::handshake {

namespace {

// A path, a query, both or neither, without fragment. RFC 6455 §3
bool is_target(std::string_view target) noexcept {
    return http::cut(target, 0, 1) == "/" || http::cut(target, 0, 1) == "?" || target.empty();
}

bool has_only_visible(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), http::is_visible);
}

// RFC 6455 §4.1: tokens, all of them distinct.
bool are_subprotocols(std::span<const std::string_view> subprotocols) noexcept {
    for (std::size_t index = 0; index < subprotocols.size(); ++index) {
        const auto end = subprotocols.begin() + static_cast<std::ptrdiff_t>(index);
        const bool repeated = std::find(subprotocols.begin(), end, *end) != end;
        if (repeated || !http::is_token(*end)) return false;
    }
    return true;
}

// "/" stands for no path, and a "?" without a query is left out. RFC 6455 §3
void write_target(TextWriter& writer, std::string_view target) noexcept {
    if (http::cut(target, 0, 1) != "/") writer.put("/");
    if (const std::size_t mark = target.find('?'); mark + 1 == target.size())
        target = http::cut(target, 0, mark);
    writer.put(target);
}

void write_host(TextWriter& writer, const ClientRequest& request) noexcept {
    const std::uint16_t standard = request.secure ? 443 : 80;
    writer.put("Host: ");
    writer.put(request.host);
    if (request.port != 0 && request.port != standard) {
        writer.put(":");
        writer.put_number(request.port);
    }
    writer.put("\r\n");
}

}  // namespace

Refusal check_request(const ClientRequest& request) noexcept {
    const std::string_view target = request.target;
    if (!http::is_host(request.host)) return Refusal::invalid_host;
    if (!is_target(target) || !has_only_visible(target) || target.find('#') < target.size())
        return Refusal::invalid_target;
    if (!has_only_visible(request.origin)) return Refusal::invalid_origin;
    if (!are_subprotocols(request.subprotocols)) return Refusal::invalid_subprotocol;
    return check_fields(request.fields, Role::client);
}

void write_request(TextWriter& writer, const ClientRequest& request,
                   const HandshakeKey& key) noexcept {
    writer.put("GET ");
    write_target(writer, request.target);
    writer.put(" HTTP/1.1\r\n");
    write_host(writer, request);
    writer.put("Upgrade: websocket\r\n"
               "Connection: Upgrade\r\n"
               "Sec-WebSocket-Key: ");
    writer.put({key.data(), key.size()});
    writer.put("\r\nSec-WebSocket-Version: 13\r\n");
    if (!request.origin.empty()) {
        writer.put("Origin: ");
        writer.put(request.origin);
        writer.put("\r\n");
    }
    for (std::size_t index = 0; index < request.subprotocols.size(); ++index) {
        writer.put(index == 0 ? "Sec-WebSocket-Protocol: " : ", ");
        writer.put(request.subprotocols[index]);
    }
    if (!request.subprotocols.empty()) writer.put("\r\n");
    write_fields(writer, request.fields);
    writer.put("\r\n");
}

}  // namespace hawse::handshake
