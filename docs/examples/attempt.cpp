// SPDX-License-Identifier: MIT
#include "attempt.hpp"

#include "hawse/posix.hpp"
#include "deflate_parameters.hpp"
#include "hex.hpp"
#include "printable.hpp"
#include "transport.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <poll.h>
#include <string_view>
#include <utility>

namespace examples {

namespace {

using hawse::Bytes;
using hawse::Time;

bool is_timeout(hawse::Cause cause) noexcept {
    using enum hawse::Cause;
    return cause == opening_timeout || cause == close_timeout || cause == pong_timeout ||
           cause == idle_timeout || cause == write_stalled;
}

/// The network's doing, which passes.
bool may_pass(hawse::Cause cause) noexcept {
    return is_timeout(cause) || cause == hawse::Cause::transport_ended ||
           cause == hawse::Cause::transport_broken;
}

std::string describe(hawse::Cause cause, hawse::Violation violation) {
    const auto& row = hawse::describe(violation);
    if (cause == hawse::Cause::violation)
        return std::string(row.sentence) + " [" + row.requirement + "]";
    return (is_timeout(cause) ? "timed out: " : "") + std::string(hawse::describe(cause));
}

std::string place(std::size_t line) {
    return "line " + std::to_string(line) + " of standard input ";
}

void tell_lost(std::size_t first, std::size_t last) {
    std::fprintf(stderr,
                 "hawse-cat: lines %zu to %zu of standard input may have been cut off, and are not "
                 "sent again\n",
                 first, last);
}

void tell_compression(const hawse::DeflateAgreement& agreement) {
    const auto words = agreement.agreed ? deflate_in_words(agreement) : "compression was not";
    std::fprintf(stderr, "hawse-cat: %s agreed\n", words.c_str());
}

}  // namespace

Ending Attempt::run(hawse::ClientHandshake& handshake) {
    const Bytes early = open(handshake);
    if (handshake.state() == hawse::HandshakeState::open) {
        const Time since = hawse::posix_now();
        if (options_.deflate.agreed) tell_compression(handshake.agreement().deflate);
        hawse::Connection connection(config_, handshake.agreement(), since);
        connection.count_into(&statistics_);
        converse(connection, early);
        const auto [line, count] = outgoing_.take_back(statistics_.sent.wire_octets);
        if (count > 0) tell_lost(line, line + count - 1);
        ending_.was_open = true;
        ending_.open_for = hawse::posix_now() - since;
    }
    return std::move(ending_);
}

/// Answers what the server sent behind its response.
Bytes Attempt::open(hawse::ClientHandshake& handshake) {
    drive(handshake);
    const auto is_open = [&] {
        return handshake.state() == hawse::HandshakeState::open && handshake.output_size() == 0;
    };
    while (!is_open() && !handshake.wants().close()) {
        wait(handshake, false);
        drive(handshake);
    }
    return unread_;
}

void Attempt::converse(hawse::Connection& connection, Bytes early) {
    (void)connection.receive(early, hawse::posix_now());
    drive(connection);
    while (!connection.wants().close()) {
        const bool takes_lines = connection.state() == hawse::State::open && !outgoing_.ended() &&
                                 connection.output_size() <= config_.limits.output_high;
        wait(connection, takes_lines);
        drive(connection);
    }
}

// The driving loop, the same for both sides: what happened, what to write, what next.
template <typename Side>
void Attempt::drive(Side& side) {
    for (bool progress = true; progress;) {
        tell(side);
        const auto written = write_some(stream_, side, hawse::posix_now());
        if (written == Written::failed) read_rest(side);
        progress = written != Written::nothing;
        if (side.wants().end_write() && stream_.end_write()) {
            side.write_ended(hawse::posix_now());
            progress = true;
        }
    }
    if (std::fflush(stdout) != 0) {
        blame(std::string("cannot write standard output: ") + std::strerror(errno));
        side.abort(hawse::posix_now());
        tell(side);
    }
}

// Waits for octets, room, a line or the deadline, and hands the side what came.
template <typename Side>
void Attempt::wait(Side& side, bool reads_lines) {
    const auto wants = side.wants();
    const auto interest = stream_.waits_for(wants);
    const bool has_octets = wants.read() && stream_.has_unread();
    const int events = (interest.read() ? POLLIN : 0) | (interest.write() ? POLLOUT : 0);
    pollfd ready[] = {{events != 0 ? stream_.descriptor() : -1, static_cast<short>(events), 0},
                      {reads_lines ? STDIN_FILENO : -1, POLLIN, 0}};
    const Time before = hawse::posix_now();
    (void)::poll(ready, 2, has_octets ? 0 : milliseconds_until(side.deadline(), before));
    const Time now = hawse::posix_now();
    if (wants.read() && (has_octets || ready[0].revents != 0)) {
        const Bytes octets = read_some(stream_, side, scratch_, now);
        if (!octets.empty()) unread_ = octets.subspan(lend(side, octets, now));
        tell(side);
    }
    if (ready[1].revents != 0) outgoing_.read();
    side.advance(now);
}

// A socket that takes no more may still hold what the peer said before it went: its Close, perhaps.
template <typename Side>
void Attempt::read_rest(Side& side) {
    const Time now = hawse::posix_now();
    for (;;) {
        const Bytes octets = read_some(stream_, side, scratch_, now);
        if (octets.empty()) break;
        (void)lend(side, octets, now);
        tell(side);
    }
    side.receive_end(hawse::TransportEnd::broken, now);
}

std::size_t Attempt::lend(hawse::ClientHandshake& handshake, Bytes octets, Time now) {
    return handshake.receive(octets, now);
}

std::size_t Attempt::lend(hawse::Connection& connection, Bytes octets, Time now) {
    (void)connection.receive(octets, now);
    return octets.size();
}

void Attempt::tell(hawse::ClientHandshake& handshake) {
    while (const auto event = handshake.next_event()) {
        if (event.kind != hawse::HandshakeEventKind::closed) continue;
        // Only now is the body of a refusal as whole as it will be.
        if (event.cause == hawse::Cause::refused)
            tell_refused(handshake.response());
        else if (event.cause == hawse::Cause::violation)
            blame("the server's answer is no WebSocket handshake: " +
                  describe(event.cause, event.violation));
        else if (event.cause == hawse::Cause::transport_ended)
            blame("the server ended the connection without an answer", false);
        else
            tell_cause(event.cause, event.violation);
    }
}

void Attempt::tell_refused(const hawse::Response& response) {
    const auto status = "status " + std::to_string(response.status);
    const auto location = response.field("Location");
    if (response.status == 401)
        return blame("the server demands authentication: " + status +
                     in_brackets(response.field("WWW-Authenticate")));
    if (response.status >= 300 && response.status < 400 && !location.empty())
        return blame("the server redirects to " + printable(location) + ": " + status);
    const auto body = hawse::as_text(response.body);
    blame("the server refused: " + status + in_brackets(body.substr(0, body.find_first_of("\r\n"))),
          !hawse::is_worth_reconnecting(response.status));
}

void Attempt::tell(hawse::Connection& connection) {
    while (const hawse::Event event = connection.next_event()) {
        if (event.is_message()) print(event);
        if (event.kind() == hawse::EventKind::closed) tell_closed(event);
    }
    send_lines(connection);
}

void Attempt::print(const hawse::Event& event) {
    output_.clear();
    if (event.message_kind() == hawse::MessageKind::text)
        output_ = event.text();
    else
        append_hex(output_, event.payload());
    output_ += '\n';
    std::fwrite(output_.data(), 1, output_.size(), stdout);
}

void Attempt::tell_closed(const hawse::Event& event) {
    const auto code = event.code_received();
    const auto number = std::to_string(static_cast<unsigned>(code));
    if (event.cause() == hawse::Cause::violation)
        return blame("closed with code " +
                     std::to_string(static_cast<unsigned>(event.code_sent())) + ": " +
                     describe(event.cause(), event.violation()));
    if (code == hawse::CloseCode::abnormal) return tell_cause(event.cause(), event.violation());
    if (code != hawse::CloseCode::normal && code != hawse::CloseCode::no_code)
        return blame("the server closed with code " + number + in_brackets(event.reason()),
                     !hawse::is_worth_reconnecting(code));
    if (!event.clean()) blame(describe(event.cause(), event.violation()));
}

void Attempt::tell_cause(hawse::Cause cause, hawse::Violation violation) {
    auto fault = stream_.fault();
    if (!fault.sentence.empty()) return blame(std::move(fault.sentence), fault.is_final);
    blame(describe(cause, violation), !may_pass(cause));
}

void Attempt::send_lines(hawse::Connection& connection) {
    const auto state = connection.state();
    if (state == hawse::State::open || state == hawse::State::closing)  // else output was dropped
        outgoing_.written(statistics_.sent.wire_octets, connection.output_size());
    if (state != hawse::State::open) return;
    Outgoing::Line line;
    while (connection.output_size() <= config_.limits.output_high && ending_.problem.empty() &&
           outgoing_.next(line))
        send_line(connection, line);
    if (outgoing_.pending_size() > options_.message_size_max)
        blame(place(outgoing_.pending_number()) + "is longer than --max-message");
    // The close clock runs from here on, so all that was said before is sent first.
    const bool all_sent = outgoing_.drained() && connection.output_size() == 0;
    if (all_sent || !ending_.problem.empty()) (void)connection.close();
}

void Attempt::send_line(hawse::Connection& connection, const Outgoing::Line& line) {
    using hawse::MessageKind;
    if (line.text.size() > options_.message_size_max)
        return blame(place(line.number) + "is longer than --max-message");
    const auto kind = options_.binary ? MessageKind::binary : MessageKind::text;
    const auto waiting = connection.output_size();
    const auto refusal = connection.send(kind, hawse::as_bytes(line.text));
    if (refusal == hawse::Refusal::none)
        outgoing_.queued(line, connection.output_size() - waiting);
    else if (refusal == hawse::Refusal::invalid_text)
        blame(place(line.number) + "is not UTF-8: repair it, or use --binary");
    else
        blame(place(line.number) + "was not sent: " + hawse::describe(refusal));
}

void Attempt::blame(std::string problem, bool is_final) {
    if (!ending_.problem.empty()) return;
    ending_.problem = std::move(problem);
    ending_.is_final = is_final;
}

}  // namespace examples
