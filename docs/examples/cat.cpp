// SPDX-License-Identifier: MIT
// hawse-cat: a WebSocket client for people and scripts. One socket, standard input, poll(), and the
// driving loop of hawse.hpp around a ClientHandshake and then a Connection.
#include "hawse/hawse.hpp"
#include "hawse/heap.hpp"
#include "hawse/posix.hpp"
#include "cat_options.hpp"
#include "hex.hpp"
#include "lines.hpp"
#include "sockets.hpp"
#include "transport.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <string>
#include <vector>

namespace {

using examples::CatOptions;
using examples::Written;
using hawse::Bytes;
using hawse::Time;

/// What a server wrote, fit to stand in a sentence on a terminal.
std::string printable(std::string_view text) {
    std::string line(text.substr(0, 200));
    for (char& character : line)
        if (static_cast<unsigned char>(character) < 0x20 || character == 0x7F) character = '?';
    return line;
}

std::string in_brackets(std::string_view text) {
    return text.empty() ? std::string() : " (" + printable(text) + ")";
}

bool is_timeout(hawse::Cause cause) noexcept {
    using enum hawse::Cause;
    return cause == opening_timeout || cause == close_timeout || cause == pong_timeout ||
           cause == idle_timeout || cause == write_stalled;
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

class Cat {
public:
    Cat(const CatOptions& options, const hawse::Config& config, int socket)
        : options_(options), config_(config), socket_(socket), lines_(STDIN_FILENO) {}

    /// Opens, converses and closes. Empty, or why it did not go well.
    std::string run(hawse::ClientHandshake& handshake);

private:
    Bytes open(hawse::ClientHandshake& handshake);
    void converse(hawse::Connection& connection, Bytes early);

    template <typename Side>
    void drive(Side& side);
    template <typename Side>
    void wait(Side& side, bool reads_lines);
    template <typename Side>
    void read_rest(Side& side);
    static std::size_t lend(hawse::ClientHandshake& handshake, Bytes octets, Time now);
    static std::size_t lend(hawse::Connection& connection, Bytes octets, Time now);

    void tell(hawse::ClientHandshake& handshake);
    void tell(hawse::Connection& connection);
    void tell_refused(const hawse::Response& response);
    void tell_closed(const hawse::Event& event);
    void print(const hawse::Event& event);
    void send_lines(hawse::Connection& connection);
    void send_line(hawse::Connection& connection, std::string_view line);

    void blame(std::string problem) {
        if (problem_.empty()) problem_ = std::move(problem);
    }

    const CatOptions& options_;
    const hawse::Config& config_;
    int socket_;
    examples::Lines lines_;
    Bytes unread_;         // what a handshake did not take of the last read
    std::string problem_;  // the first of them
    std::string output_;   // one message, as printed
    std::array<std::byte, 65536> scratch_;
};

std::string Cat::run(hawse::ClientHandshake& handshake) {
    const Bytes early = open(handshake);
    if (handshake.state() == hawse::HandshakeState::open) {
        hawse::Connection connection(config_, handshake.agreement(), hawse::posix_now());
        converse(connection, early);
    }
    return problem_;
}

/// Answers what the server sent behind its response.
Bytes Cat::open(hawse::ClientHandshake& handshake) {
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

void Cat::converse(hawse::Connection& connection, Bytes early) {
    (void)connection.receive(early, hawse::posix_now());
    drive(connection);
    while (!connection.wants().close()) {
        const bool takes_lines = connection.state() == hawse::State::open && !lines_.ended() &&
                                 connection.output_size() <= config_.limits.output_high;
        wait(connection, takes_lines);
        drive(connection);
    }
}

// The driving loop, the same for both sides: what happened, what to write, what next.
template <typename Side>
void Cat::drive(Side& side) {
    for (bool progress = true; progress;) {
        tell(side);
        const auto written = examples::write_some(socket_, side, hawse::posix_now());
        if (written == Written::failed) read_rest(side);
        progress = written != Written::nothing;
        if (side.wants().end_write()) {
            (void)::shutdown(socket_, SHUT_WR);
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
void Cat::wait(Side& side, bool reads_lines) {
    const auto wants = side.wants();
    const int events = (wants.read() ? POLLIN : 0) | (wants.write() ? POLLOUT : 0);
    pollfd ready[] = {{events != 0 ? socket_ : -1, static_cast<short>(events), 0},
                      {reads_lines ? STDIN_FILENO : -1, POLLIN, 0}};
    const Time before = hawse::posix_now();
    (void)::poll(ready, 2, examples::milliseconds_until(side.deadline(), before));
    const Time now = hawse::posix_now();
    if (wants.read() && (ready[0].revents & ~POLLOUT) != 0) {
        const Bytes octets = examples::read_some(socket_, side, scratch_, now);
        if (!octets.empty()) unread_ = octets.subspan(lend(side, octets, now));
        tell(side);
    }
    if (ready[1].revents != 0) lines_.read();
    side.advance(now);
}

// A socket that takes no more may still hold what the peer said before it went: its Close, perhaps.
template <typename Side>
void Cat::read_rest(Side& side) {
    const Time now = hawse::posix_now();
    for (;;) {
        const Bytes octets = examples::read_some(socket_, side, scratch_, now);
        if (octets.empty()) break;
        (void)lend(side, octets, now);
        tell(side);
    }
    side.receive_end(hawse::TransportEnd::broken, now);
}

std::size_t Cat::lend(hawse::ClientHandshake& handshake, Bytes octets, Time now) {
    return handshake.receive(octets, now);
}

std::size_t Cat::lend(hawse::Connection& connection, Bytes octets, Time now) {
    (void)connection.receive(octets, now);
    return octets.size();
}

void Cat::tell(hawse::ClientHandshake& handshake) {
    while (const auto event = handshake.next_event()) {
        if (event.kind != hawse::HandshakeEventKind::closed) continue;
        // Only now is the body of a refusal as whole as it will be.
        if (event.cause == hawse::Cause::refused)
            tell_refused(handshake.response());
        else if (event.cause == hawse::Cause::violation)
            blame("the server's answer is no WebSocket handshake: " +
                  describe(event.cause, event.violation));
        else if (event.cause == hawse::Cause::transport_ended)
            blame("the server ended the connection without an answer");
        else
            blame(describe(event.cause, event.violation));
    }
}

void Cat::tell_refused(const hawse::Response& response) {
    const auto status = "status " + std::to_string(response.status);
    const auto location = response.field("Location");
    if (response.status == 401)
        return blame("the server demands authentication: " + status +
                     in_brackets(response.field("WWW-Authenticate")));
    if (response.status >= 300 && response.status < 400 && !location.empty())
        return blame("the server redirects to " + printable(location) + ": " + status);
    const auto body = hawse::as_text(response.body);
    blame("the server refused: " + status +
          in_brackets(body.substr(0, body.find_first_of("\r\n"))));
}

void Cat::tell(hawse::Connection& connection) {
    while (const hawse::Event event = connection.next_event()) {
        if (event.is_message()) print(event);
        if (event.kind() == hawse::EventKind::closed) tell_closed(event);
    }
    send_lines(connection);
}

void Cat::print(const hawse::Event& event) {
    output_.clear();
    if (event.message_kind() == hawse::MessageKind::text)
        output_ = event.text();
    else
        examples::append_hex(output_, event.payload());
    output_ += '\n';
    std::fwrite(output_.data(), 1, output_.size(), stdout);
}

void Cat::tell_closed(const hawse::Event& event) {
    const auto code = event.code_received();
    const auto number = std::to_string(static_cast<unsigned>(code));
    if (event.cause() == hawse::Cause::violation)
        return blame("closed with code " +
                     std::to_string(static_cast<unsigned>(event.code_sent())) + ": " +
                     describe(event.cause(), event.violation()));
    if (code == hawse::CloseCode::abnormal)
        return blame(describe(event.cause(), event.violation()));
    if (code != hawse::CloseCode::normal && code != hawse::CloseCode::no_code)
        return blame("the server closed with code " + number + in_brackets(event.reason()));
    if (!event.clean()) blame(describe(event.cause(), event.violation()));
}

void Cat::send_lines(hawse::Connection& connection) {
    if (connection.state() != hawse::State::open) return;
    std::string_view line;
    while (connection.output_size() <= config_.limits.output_high && problem_.empty() &&
           lines_.next(line))
        send_line(connection, line);
    if (lines_.pending_size() > options_.message_size_max)
        blame(place(lines_.count() + 1) + "is longer than --max-message");
    // The close clock runs from here on, so all that was said before is sent first.
    const bool all_sent = lines_.drained() && connection.output_size() == 0;
    if (all_sent || !problem_.empty()) (void)connection.close();
}

void Cat::send_line(hawse::Connection& connection, std::string_view line) {
    using hawse::MessageKind;
    if (line.size() > options_.message_size_max)
        return blame(place(lines_.count()) + "is longer than --max-message");
    const auto kind = options_.binary ? MessageKind::binary : MessageKind::text;
    const auto refusal = connection.send(kind, hawse::as_bytes(line));
    if (refusal == hawse::Refusal::invalid_text)
        blame(place(lines_.count()) + "is not UTF-8: repair it, or use --binary");
    else if (refusal != hawse::Refusal::none)
        blame(place(lines_.count()) + "was not sent: " + hawse::describe(refusal));
}

hawse::Config make_config(const CatOptions& options, hawse::Pool& pool) {
    hawse::Config config;
    config.pool = &pool;
    config.entropy = hawse::posix_entropy();
    config.limits.message_size_max = options.message_size_max;
    config.limits.output_max =
        config.limits.output_high + options.message_size_max + (std::size_t{1} << 20);
    config.waits.opening = options.patience;
    config.waits.close = options.patience;
    config.waits.ping = options.ping_every;
    return config;
}

int fail(const std::string& problem) {
    std::fprintf(stderr, "hawse-cat: %s\n", problem.c_str());
    return EXIT_FAILURE;
}

}  // namespace

int main(int count, char** values) {
    const auto options = examples::read_cat_options(count, values);
    if (options.url.secure) return fail("wss:// needs TLS, which is not built in: use ws://");

    std::signal(SIGPIPE, SIG_IGN);  // a reader who left is an errno, not the end of us
    hawse::Pool pool(hawse::heap_allocator());
    const auto config = make_config(options, pool);
    hawse::ClientHandshake handshake(config, hawse::posix_now());
    if (const auto refusal = handshake.start(options.request()); refusal != hawse::Refusal::none)
        examples::refuse_cat_options(hawse::describe(refusal));

    const std::string host(options.url.host);
    const auto socket = examples::connect_to(host, options.url.port, options.patience);
    if (socket.descriptor < 0) return fail(socket.problem);
    Cat cat(options, config, socket.descriptor);
    const auto problem = cat.run(handshake);
    (void)::close(socket.descriptor);
    return problem.empty() ? EXIT_SUCCESS : fail(problem);
}
