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

// Each is compared with all others, and whoever relays may have them from a peer.
constexpr std::size_t subprotocol_count_max = 256;

// RFC 6455 §4.1: tokens, all of them distinct.
bool are_subprotocols(std::span<const std::string_view> subprotocols) noexcept {
    if (subprotocols.size() > subprotocol_count_max) return false;
    for (std::size_t index = 0; index < subprotocols.size(); ++index) {
        const auto end = subprotocols.begin() + static_cast<std::ptrdiff_t>(index);
        const bool repeated = std::find(subprotocols.begin(), end, *end) != end;
        if (repeated || !http::is_token(*end)) return false;
    }
    return true;
}

void write_authority(TextWriter& writer, const ClientRequest& request) noexcept {
    const std::uint16_t standard = request.secure ? 443 : 80;
    writer.put(request.host);
    if (request.port != 0 && request.port != standard) {
        writer.put(":");
        writer.put_number(request.port);
    }
}

void write_upgrade_fields(TextWriter& writer, const ClientRequest& request,
                          const HandshakeKey& key) noexcept {
    writer.begin_field("Host");
    write_authority(writer, request);
    writer.end_field();
    writer.put_field("Upgrade", "websocket");
    writer.put_field("Connection", "Upgrade");
    writer.put_field("Sec-WebSocket-Key", {key.data(), key.size()});
}

void write_pseudo_fields(TextWriter& writer, const ClientRequest& request) noexcept {
    writer.put_field(":method", "CONNECT");
    writer.put_field(":protocol", "websocket");
    writer.put_field(":scheme", request.secure ? "https" : "http");
    writer.begin_field(":path");
    write_target(writer, request.target);
    writer.end_field();
    writer.begin_field(":authority");
    write_authority(writer, request);
    writer.end_field();
}

}  // namespace

Refusal check_request(const ClientRequest& request, Transport transport,
                      const Limits& limits) noexcept {
    const std::string_view target = request.target;
    if (!http::is_host(request.host)) return Refusal::invalid_host;
    if (!is_target(target) || !has_only_visible(target) || target.find('#') < target.size())
        return Refusal::invalid_target;
    if (!has_only_visible(request.origin)) return Refusal::invalid_origin;
    if (!are_subprotocols(request.subprotocols)) return Refusal::invalid_subprotocol;
    if (!is_relayable(request.relayed_extensions, limits)) return Refusal::invalid_field;
    return check_fields(request.fields, Role::client, transport);
}

// "/" stands for no path, and a "?" without a query is left out. RFC 6455 §3
void write_target(TextWriter& writer, std::string_view target) noexcept {
    if (http::cut(target, 0, 1) != "/") writer.put("/");
    if (const std::size_t mark = target.find('?'); mark + 1 == target.size())
        target = http::cut(target, 0, mark);
    writer.put(target);
}

void write_request_fields(TextWriter& writer, const ClientRequest& request, const HandshakeKey& key,
                          const DeflateOffer& deflate) noexcept {
    if (writer.transport() == Transport::http1)
        write_upgrade_fields(writer, request, key);
    else
        write_pseudo_fields(writer, request);
    writer.put_field("Sec-WebSocket-Version", "13");
    if (!request.origin.empty()) writer.put_field("Origin", request.origin);
    if (!request.subprotocols.empty()) {
        writer.begin_field("Sec-WebSocket-Protocol");
        for (std::size_t index = 0; index < request.subprotocols.size(); ++index) {
            if (index != 0) writer.put(", ");
            writer.put(request.subprotocols[index]);
        }
        writer.end_field();
    }
    if (!request.relayed_extensions.empty())
        writer.put_field("Sec-WebSocket-Extensions", request.relayed_extensions);
    if (deflate.count != 0) {
        writer.begin_field("Sec-WebSocket-Extensions");
        write_offer(writer, deflate);
        writer.end_field();
    }
    for (const Field& field : request.fields) writer.put_field(field.name, field.value);
}

void write_request(TextWriter& writer, const ClientRequest& request, const HandshakeKey& key,
                   const DeflateOffer& deflate) noexcept {
    writer.put("GET ");
    write_target(writer, request.target);
    writer.put(" HTTP/1.1\r\n");
    write_request_fields(writer, request, key, deflate);
    writer.put("\r\n");
}

}  // namespace hawse::handshake
