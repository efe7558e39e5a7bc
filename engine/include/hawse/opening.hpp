// SPDX-License-Identifier: MIT
// The opening handshake for hosts that have an HTTP of their own: parsed fields in, the fields to
// send and an Agreement out, the same over HTTP/1, HTTP/2 and HTTP/3. It sees no octet of a head and
// no time: how large a head may be and how long one may wait for it are the host's to bound.
// RFC 6455 §4, RFC 8441 §5, RFC 9220 §3
#pragma once

#include "hawse/agreement.hpp"
#include "hawse/config.hpp"
#include "hawse/export.hpp"
#include "hawse/field.hpp"
#include "hawse/handshake_event.hpp"
#include "hawse/refusal.hpp"
#include "hawse/request.hpp"
#include "hawse/response.hpp"
#include "hawse/violation.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hawse {

/// The server's side of one opening. Used by one thread at a time; neither copied nor moved. What
/// fields() and agreement() show lives as long as the object; request() views what was judged.
///
///     hawse::ServerOpening opening(config);
///     if (opening.judge({.fields = fields, .transport = hawse::Transport::http2}) ==
///             hawse::Violation::none &&
///         opening.accept() == hawse::Refusal::none)
///         connection.emplace(config, opening.agreement(), now);
///     answer(opening.status(), opening.fields());
class HAWSE_API ServerOpening {
public:
    /// `config` outlives the object. Allocates nothing and cannot fail.
    explicit ServerOpening(const Config& config) noexcept;
    explicit ServerOpening(Config&&) = delete;
    explicit ServerOpening(const Config&&) = delete;
    ServerOpening(const ServerOpening&) = delete;
    ServerOpening& operator=(const ServerOpening&) = delete;
    ~ServerOpening();

    /// Judges a request, see judge_request(), once per object: later calls answer the same. After a
    /// violation status() and fields() are those of the refusal.
    Violation judge(const RequestHead& head) noexcept;

    /// The request; what `head` viewed lives as long as it is looked at, and until accept().
    [[nodiscard]] const Request& request() const noexcept;

    /// Accepts: status() and fields() are those of the answer, and agreement() stands. Memory is
    /// leased only for what does not fit into the object: long names, and fields of the host's own.
    /// Refusals: not_deciding, plain_request, subprotocol_not_offered, extension_not_offered,
    /// invalid_field, reserved_field, out_of_memory.
    Refusal accept(const Acceptance& acceptance = {}) noexcept;

    /// What to answer: 101 over HTTP/1, 200 over HTTP/2 and HTTP/3, or the status that refuses,
    /// which is describe(violation).code but 400 for 426 where there is no Upgrade. 0 before. A host
    /// that does not want to accept answers as it likes.
    [[nodiscard]] std::uint16_t status() const noexcept;

    /// The fields of that answer, those of the Acceptance among them; over HTTP/2 and HTTP/3 with
    /// :status in front and names in lower case. A refusal over HTTP/1 says Connection: close; its
    /// content is the host's.
    [[nodiscard]] std::span<const Field> fields() const noexcept;

    /// After accept().
    [[nodiscard]] const Agreement& agreement() const noexcept;

private:
    struct State;
    static constexpr std::size_t storage_size = 768;
    State& state() noexcept;
    [[nodiscard]] const State& state() const noexcept;
    alignas(8) std::byte storage_[storage_size];
};

/// The client's side of one opening: one object, one attempt, one nonce. Used by one thread at a
/// time; neither copied nor moved. What it shows lives as long as it does.
class HAWSE_API ClientOpening {
public:
    /// `config` outlives the object. Allocates nothing and cannot fail.
    explicit ClientOpening(const Config& config) noexcept;
    explicit ClientOpening(Config&&) = delete;
    explicit ClientOpening(const Config&&) = delete;
    ClientOpening(const ClientOpening&) = delete;
    ClientOpening& operator=(const ClientOpening&) = delete;
    ~ClientOpening();

    /// Composes the request. Refusals: already_started, invalid_host, invalid_target,
    /// invalid_origin, invalid_subprotocol, invalid_field, reserved_field, no_entropy (HTTP/1 draws
    /// a nonce), out_of_memory. RFC 6455 §4.1, RFC 8441 §5
    Refusal start(const ClientRequest& request, Transport transport) noexcept;

    /// GET over HTTP/1, CONNECT over HTTP/2 and HTTP/3; empty before start().
    [[nodiscard]] std::string_view method() const noexcept;
    /// Path and query.
    [[nodiscard]] std::string_view target() const noexcept;
    /// The fields to send, the host's own among them. Over HTTP/2 and HTTP/3 pseudo-fields stand in
    /// front, method and target in them, and names are in lower case.
    [[nodiscard]] std::span<const Field> fields() const noexcept;

    /// Judges a response, see judge_response(); its transport is that of start(). Answers
    ///   - none for an interim response, which is passed over up to Limits::interim_count_max: give the
    ///     next one,
    ///   - opened when agreement() stands: the Connection begins,
    ///   - failed with the cause `refused` for any other final status, `violation`, or
    ///     `out_of_memory`.
    /// After opened or failed, and before start(), it answers none.
    HandshakeEvent judge(const ResponseHead& head) noexcept;

    /// After `opened`. Extensions that came on several lines are joined.
    [[nodiscard]] const Agreement& agreement() const noexcept;

private:
    struct State;
    static constexpr std::size_t storage_size = 768;
    State& state() noexcept;
    [[nodiscard]] const State& state() const noexcept;
    alignas(8) std::byte storage_[storage_size];
};

}  // namespace hawse
