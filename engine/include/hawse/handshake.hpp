// SPDX-License-Identifier: MIT
// The opening handshake over HTTP/1.1, either role: octets in, events and octets out, an Agreement at
// the end. For hosts whose own HTTP has parsed the fields already, see opening.hpp. RFC 6455 §4
#pragma once

#include "hawse/agreement.hpp"
#include "hawse/bytes.hpp"
#include "hawse/config.hpp"
#include "hawse/export.hpp"
#include "hawse/handshake_event.hpp"
#include "hawse/refusal.hpp"
#include "hawse/request.hpp"
#include "hawse/response.hpp"
#include "hawse/role.hpp"
#include "hawse/slice.hpp"
#include "hawse/time.hpp"
#include "hawse/wants.hpp"

#include <cstddef>
#include <span>

namespace hawse {

namespace handshake {
class Server;
class Client;
}  // namespace handshake

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
    /// extension_not_offered, invalid_field, reserved_field, out_of_memory.
    Refusal accept(const Acceptance& acceptance = {}) noexcept;
    /// Rejects with any final status, or answers a plain request. Content-Length and Connection: close
    /// are written by the engine. Refusals: not_deciding, invalid_status, invalid_field, reserved_field,
    /// out_of_memory.
    Refusal reject(const Rejection& rejection) noexcept;

    /// After `opened`. What it views lives as long as this object.
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
    /// After `opened`. What it views lives as long as this object; extensions that came on several
    /// lines are joined.
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
