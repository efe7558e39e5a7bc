// SPDX-License-Identifier: MIT
// The opening handshake over HTTP/1.1, either role: octets in, events and octets out, an Agreement at
// the end. And the same judgements, pure, for hosts whose own HTTP has parsed the fields already.
// RFC 6455 §4
#pragma once

#include "hawse/accept_key.hpp"
#include "hawse/agreement.hpp"
#include "hawse/bytes.hpp"
#include "hawse/cause.hpp"
#include "hawse/config.hpp"
#include "hawse/export.hpp"
#include "hawse/refusal.hpp"
#include "hawse/role.hpp"
#include "hawse/slice.hpp"
#include "hawse/time.hpp"
#include "hawse/violation.hpp"
#include "hawse/wants.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hawse {

namespace handshake {
class Server;
class Client;
}  // namespace handshake

/// One field line; the value without the white space around it.
struct Field {
    std::string_view name;
    std::string_view value;
};

/// The elements of a list field that may stand on several lines, one by one and in order; empty
/// elements are passed over. Views the fields it was made from.
class HAWSE_API TokenList {
public:
    TokenList() noexcept = default;
    TokenList(std::span<const Field> fields, std::string_view name) noexcept
        : fields_(fields), name_(name) {}

    /// The next element, without white space around it; empty when there is none left. O(its octets
    /// and the fields passed over).
    std::string_view next() noexcept;

private:
    std::span<const Field> fields_ = {};
    std::string_view name_ = {};
    std::string_view rest_ = {};
};

/// A request as a host's own parser leaves it. Views only.
struct RequestHead {
    std::string_view method;
    std::string_view target;
    /// 10 for HTTP/1.0, 11 for HTTP/1.1 and so on.
    std::uint8_t version = 11;
    std::span<const Field> fields;
};

/// A request that may be accepted. Views what it was judged from: see who made it.
struct HAWSE_API Request {
    std::string_view method;
    std::string_view target;     ///< as received; absolute form: see resource
    std::string_view resource;   ///< path and query; begins with "/", or "?" in "http://host?query"
    std::string_view authority;  ///< host and port: of an absolute target, else of Host
    std::string_view origin;     ///< empty without Origin: not a browser
    std::string_view key;        ///< Sec-WebSocket-Key; empty for a plain request
    std::span<const Field> fields;
    /// No Upgrade: only with Config::surface_plain_requests, and for reject() alone.
    bool plain = false;
    bool expects_continue = false;

    /// The subprotocols offered, most wanted first.
    [[nodiscard]] TokenList subprotocols() const noexcept;
    [[nodiscard]] bool offers_subprotocol(std::string_view subprotocol) const noexcept;
    /// The value of the first field of that name, in any case; empty when there is none.
    [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
};

/// Judges a request by every rule of RFC 6455 §4.2.1, first fault first: version, method, target,
/// Host, content, Upgrade, Connection, Sec-WebSocket-Version, key, the rest. `request` views `head`;
/// after a fault it holds what was read before it. Pure. O(octets).
///
/// A host answers a good one with 101, Upgrade: websocket, Connection: Upgrade and, as
/// Sec-WebSocket-Accept, accept_key(request.key), and starts a Connection from an Agreement with
/// Role::server; a bad one with the status describe(violation).code.
HAWSE_API Violation judge_request(const RequestHead& head, const Config& config,
                                  Request& request) noexcept;

/// A response as a host's own parser leaves it.
struct ResponseHead {
    std::uint16_t status = 0;
    std::uint8_t version = 11;
    std::span<const Field> fields;
};

/// What a client asked for, and checks the answer against.
struct Offer {
    HandshakeKey key = {};
    std::span<const std::string_view> subprotocols = {};
};

/// Judges a 101 response by every rule of RFC 6455 §4.1; any other status is malformed_status_line.
/// `agreement` views `head`. Pure.
HAWSE_API Violation judge_response(const ResponseHead& head, const Offer& offer,
                                   const Config& config, Agreement& agreement) noexcept;

/// What a host says when it accepts.
struct Acceptance {
    std::string_view subprotocol = {};   ///< one that was offered, or none
    std::span<const Field> fields = {};  ///< further ones: Set-Cookie, Server ...
};

/// What a host says when it does not, or when it answers a plain request.
struct Rejection {
    std::uint16_t status = 403;
    std::span<const Field> fields = {};
    ConstBytes body = {};  ///< lent until output_size() is 0 or the object is destroyed
};

enum class HandshakeEventKind : std::uint8_t {
    none,
    request,   ///< server: request() may be accepted or rejected, when the host likes
    response,  ///< client: response() arrived: 101, or a final status that refuses
    opened,    ///< agreement() stands; write the output, then the Connection begins
    failed,    ///< cause(), violation(), status(); a `closed` follows
    closed,    ///< the end of a handshake that did not open, exactly once
};

struct HandshakeEvent {
    HandshakeEventKind kind = HandshakeEventKind::none;
    Cause cause = Cause::none;
    Violation violation = Violation::none;
    /// Server: the status answered; client: the status received; 0 when there is none.
    std::uint16_t status = 0;
    constexpr explicit operator bool() const noexcept { return kind != HandshakeEventKind::none; }
};

enum class HandshakeState : std::uint8_t {
    opening,  ///< reading, deciding or answering
    open,     ///< agreement() stands
    failed,   ///< refused, rejected, timed out or broken; stays so
    closed,   ///< the transport ended before anything else did
};

/// The server's side. Used by one thread at a time; neither copied nor moved. The head is copied into
/// leased memory, so a host may reuse its buffer at once; all that request() shows lives until the
/// object is destroyed.
class HAWSE_API ServerHandshake {
public:
    /// `config` outlives the object. Allocates nothing and cannot fail.
    ServerHandshake(const Config& config, Time now) noexcept;
    ServerHandshake(Config&&, Time) = delete;
    ServerHandshake(const Config&&, Time) = delete;
    ServerHandshake(const ServerHandshake&) = delete;
    ServerHandshake& operator=(const ServerHandshake&) = delete;
    ~ServerHandshake();

    /// Takes octets and answers how many: all of them, unless more arrived behind the head than
    /// Limits::early_size_max; the host keeps the rest for the Connection. A host that reads no more
    /// than that at once, while wants() asks for it, has no rest. Pull events after it.
    std::size_t receive(ConstBytes octets, Time now) noexcept;
    void receive_end(TransportEnd end, Time now) noexcept;
    HandshakeEvent next_event() noexcept;

    /// The request, from its event on.
    [[nodiscard]] const Request& request() const noexcept;

    /// Accepts: 101 is queued. Refusals: not_deciding, plain_request, subprotocol_not_offered,
    /// invalid_field, reserved_field, out_of_memory.
    Refusal accept(const Acceptance& acceptance = {}) noexcept;
    /// Rejects with any final status, or answers a plain request. Content-Length and Connection: close
    /// are written by the engine. Refusals: not_deciding, invalid_status, invalid_field, reserved_field,
    /// out_of_memory.
    Refusal reject(const Rejection& rejection) noexcept;

    /// After `opened`. The subprotocol's characters live as long as this object.
    [[nodiscard]] const Agreement& agreement() const noexcept;
    /// After `opened`: the octets that came behind the head, to be lent to the Connection's first
    /// receive(). They live as long as this object. Empty the second time.
    Bytes take_early() noexcept;

    // As in Connection.
    std::size_t gather(std::span<Slice> slices) noexcept;
    void wrote(std::size_t size, Time now) noexcept;
    std::size_t write_output(Bytes into, Time now) noexcept;
    void write_ended(Time now) noexcept;
    [[nodiscard]] std::size_t output_size() const noexcept;
    [[nodiscard]] Wants wants() const noexcept;
    [[nodiscard]] HandshakeState state() const noexcept;
    [[nodiscard]] Time deadline() const noexcept;
    void advance(Time now) noexcept;
    void abort(Time now) noexcept;

private:
    static constexpr std::size_t storage_size = 512;
    handshake::Server& server() noexcept;
    [[nodiscard]] const handshake::Server& server() const noexcept;
    alignas(8) std::byte storage_[storage_size];
};

/// What a client asks for. Read by start() alone.
struct ClientRequest {
    std::string_view host;   ///< a name, an IPv4 address, or an IPv6 address in brackets
    std::uint16_t port = 0;  ///< 0 is the default of the scheme; a default is left out of Host
    bool secure = false;     ///< wss
    std::string_view target = "/";  ///< path and query; empty is "/", "?q" is "/?q"
    std::string_view origin = {};   ///< no field when empty
    std::span<const std::string_view> subprotocols = {};  ///< most wanted first
    std::span<const Field> fields = {};                   ///< Authorization, Cookie, User-Agent ...
};

/// A response. Views the handshake object's memory.
struct HAWSE_API Response {
    std::uint16_t status = 0;
    std::span<const Field> fields;
    /// Of a final status other than 101: what has arrived of the body, up to
    /// Limits::response_body_size_max; grows until `closed`, so view it anew after each receive().
    /// Chunks are joined.
    ConstBytes body;
    /// The value of the first field of that name, in any case; empty when there is none.
    [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
};

/// The client's side. One object, one attempt, one nonce.
class HAWSE_API ClientHandshake {
public:
    ClientHandshake(const Config& config, Time now) noexcept;
    ClientHandshake(Config&&, Time) = delete;
    ClientHandshake(const Config&&, Time) = delete;
    ClientHandshake(const ClientHandshake&) = delete;
    ClientHandshake& operator=(const ClientHandshake&) = delete;
    ~ClientHandshake();

    /// Queues the request. Refusals: already_started, not_open (it timed out or was aborted before),
    /// invalid_host, invalid_target, invalid_origin, invalid_subprotocol, invalid_field,
    /// reserved_field, no_entropy, out_of_memory. RFC 6455 §4.1
    Refusal start(const ClientRequest& request) noexcept;

    /// Takes octets and answers how many: those behind a 101 are not taken but stay the host's, for
    /// the Connection's first receive(). Pull events after it.
    std::size_t receive(ConstBytes octets, Time now) noexcept;
    void receive_end(TransportEnd end, Time now) noexcept;
    HandshakeEvent next_event() noexcept;

    /// The response, from its event on.
    [[nodiscard]] const Response& response() const noexcept;
    /// After `opened`. The subprotocol's characters live as long as this object.
    [[nodiscard]] const Agreement& agreement() const noexcept;

    // As in Connection.
    std::size_t gather(std::span<Slice> slices) noexcept;
    void wrote(std::size_t size, Time now) noexcept;
    std::size_t write_output(Bytes into, Time now) noexcept;
    void write_ended(Time now) noexcept;
    [[nodiscard]] std::size_t output_size() const noexcept;
    [[nodiscard]] Wants wants() const noexcept;
    [[nodiscard]] HandshakeState state() const noexcept;
    [[nodiscard]] Time deadline() const noexcept;
    void advance(Time now) noexcept;
    void abort(Time now) noexcept;

private:
    static constexpr std::size_t storage_size = 512;
    handshake::Client& client() noexcept;
    [[nodiscard]] const handshake::Client& client() const noexcept;
    alignas(8) std::byte storage_[storage_size];
};

}  // namespace hawse
