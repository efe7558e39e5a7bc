// SPDX-License-Identifier: MIT
#include "echo_server.hpp"

#include "hawse/heap.hpp"
#include "hawse/posix.hpp"
#include "page.hpp"
#include "transport.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace examples {

using hawse::Time;

namespace {

constexpr std::string_view statistics_path = "/statistics";

std::string_view request_path(const hawse::Request& request) noexcept {
    return request.resource.substr(0, request.resource.find('?'));
}

}  // namespace

// Peers.

Peer::Peer(std::unique_ptr<Stream> carrier, std::uint64_t number, const hawse::Config& config,
           Time now)
    : stream(std::move(carrier)), serial(number),
      handshake(std::make_unique<hawse::ServerHandshake>(config, now)) {}

template <typename Act>
auto EchoServer::with_side(Peer& peer, Act act) {
    return peer.handshake != nullptr ? act(*peer.handshake) : act(*peer.connection);
}

// The driving loop, the same for both sides: what happened, what to write, what next.
template <typename Side>
void EchoServer::drive(Peer& peer, Side& side) {
    for (bool progress = true; progress;) {
        tell(peer, side);
        const auto written = write_some(*peer.stream, side, now_);
        if (written == Written::failed) side.receive_end(hawse::TransportEnd::broken, now_);
        progress = written != Written::nothing;
        if (side.wants().end_write() && peer.stream->end_write()) {
            side.write_ended(now_);
            progress = true;
        }
    }
}

/// After every input: octets, an end, a tick, room, a close, an answer. May end the peer.
void EchoServer::settle(Peer& peer) {
    hawse::Wants wants;
    for (;;) {
        with_side(peer, [&](auto& side) { drive(peer, side); });
        if (peer.handshake != nullptr && peer.handshake->output_size() == 0 &&
            peer.handshake->state() == hawse::HandshakeState::open)
            converse(peer);
        wants = with_side(peer, [](const auto& side) { return side.wants(); });
        // What TLS has decrypted is at most the rest of one record: nobody waits for long.
        if (!wants.read() || !peer.stream->has_unread()) break;
        on_readable(peer);
    }
    if (wants.close()) return drop(peer.serial);
    arm(peer, wants, with_side(peer, [](const auto& side) { return side.deadline(); }));
}

void EchoServer::drop(std::uint64_t serial) {
    peers_.erase(serial);
    resume_accepting();
}

/// The handshake is open and answered: the conversation begins with what came early.
void EchoServer::converse(Peer& peer) {
    peer.connection.emplace(config_, peer.handshake->agreement(), now_);
    peer.connection->count_into(&statistics_);
    (void)peer.connection->receive(peer.handshake->take_early(), now_);
    drive(peer, *peer.connection);
    peer.handshake.reset();
    if (stop_at_ != hawse::never) {
        (void)peer.connection->close(hawse::CloseCode::going_away);
        drive(peer, *peer.connection);
    }
}

void EchoServer::arm(Peer& peer, hawse::Wants wants, Time deadline) {
    const auto awaited = peer.stream->waits_for(wants);
    const std::uint32_t interest = (awaited.read() ? std::uint32_t{EPOLLIN} : 0) |
                                   (awaited.write() ? std::uint32_t{EPOLLOUT} : 0);
    if (interest != peer.interest &&
        watch(EPOLL_CTL_MOD, peer.stream->descriptor(), peer.serial, interest))
        peer.interest = interest;
    if (deadline >= peer.alarm) return;  // a timer that comes too early is harmless
    peer.alarm = deadline;
    timers_.push({deadline, peer.serial});
}

void EchoServer::tell(Peer& peer, hawse::ServerHandshake& handshake) {
    while (const auto event = handshake.next_event()) {
        if (event.kind != hawse::HandshakeEventKind::request) continue;
        if (handshake.request().plain || gate_.is_open())
            answer(peer, handshake);
        else
            gate_.ask(peer.serial, now_);  // request() lives until it is answered
    }
}

void EchoServer::answer(Peer& peer, hawse::ServerHandshake& handshake) {
    constexpr hawse::Field demand_fields[] = {{"Content-Type", "text/plain; charset=utf-8"},
                                              {"WWW-Authenticate", "Bearer realm=\"hawse-echo\""}};
    const auto& request = handshake.request();
    if (request.plain && request_path(request) != statistics_path)
        answer_plain(handshake);
    else if (!gate_.admits(request))
        (void)handshake.reject({401, demand_fields, hawse::as_bytes("The token is not right.\n")});
    else if (request.plain)
        tell_statistics(peer, handshake);
    else
        (void)handshake.accept();  // anyone may hear an echo: no path or Origin is refused
}

void EchoServer::answer_plain(hawse::ServerHandshake& handshake) {
    constexpr hawse::Field page_fields[] = {
        {"Content-Type", "text/html; charset=utf-8"},
        {"Cache-Control", "no-store"},
        {"Referrer-Policy", "no-referrer"},
        {"Content-Security-Policy",
         "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
         "connect-src 'self' ws: wss:; img-src data:"}};
    constexpr hawse::Field text_fields[] = {{"Content-Type", "text/plain; charset=utf-8"}};
    if (request_path(handshake.request()) == "/")
        (void)handshake.reject({200, page_fields, hawse::as_bytes(page)});
    else
        (void)handshake.reject({404, text_fields, hawse::as_bytes("There is only a / here.\n")});
}

/// What all conversations of this server have counted: messages, their octets as the programs see them,
/// and what they took on the wire. The page makes a ratio of it.
void EchoServer::tell_statistics(Peer& peer, hawse::ServerHandshake& handshake) {
    constexpr hawse::Field fields[] = {{"Content-Type", "application/json"},
                                       {"Cache-Control", "no-store"}};
    const auto add = [&](const char* name, const hawse::Statistics::Direction& direction) {
        const auto saved = direction.inflated_octets - direction.deflated_octets;  // perhaps < 0
        peer.body += std::string("\"") + name +
                     "\":{\"messages\":" + std::to_string(direction.messages) +
                     ",\"deflated_messages\":" + std::to_string(direction.deflated_messages) +
                     ",\"message_octets\":" + std::to_string(direction.payload_octets + saved) +
                     ",\"wire_octets\":" + std::to_string(direction.wire_octets) + "}";
    };
    peer.body = "{";
    add("received", statistics_.received);
    peer.body += ",";
    add("sent", statistics_.sent);
    peer.body += "}\n";
    (void)handshake.reject({200, fields, hawse::as_bytes(peer.body)});
}

void EchoServer::answer_those_who_asked() {
    while (gate_.next() <= now_) {
        const auto found = peers_.find(gate_.pop());
        if (found == peers_.end()) continue;  // it did not wait
        if (found->second.handshake != nullptr) answer(found->second, *found->second.handshake);
        settle(found->second);
    }
}

void EchoServer::tell(Peer& /*peer*/, hawse::Connection& connection) {
    while (const hawse::Event event = connection.next_event())
        if (event.is_message()) echo(connection, event);
}

void EchoServer::echo(hawse::Connection& connection, const hawse::Event& event) {
    const auto refusal = connection.send(event.message_kind(), event.payload());
    if (refusal == hawse::Refusal::none || refusal == hawse::Refusal::not_open) return;
    (void)connection.close(hawse::CloseCode::internal_error, hawse::name_of(refusal));
}

// The loop.

EchoServer::EchoServer(const EchoOptions& options, int listener, Tls* tls)
    : options_(options), pool_(hawse::heap_allocator()), tls_(tls), gate_(options.token),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)), listener_(listener) {
    config_.pool = &pool_;
    config_.surface_plain_requests = true;
    config_.limits.message_size_max = options.message_size_max;
    config_.deflate = options.deflate;
    // A message in progress holds an inflater, of which the pool has so many: whoever begins messages and
    // never ends them would keep the others from compressing.
    config_.waits.message = hawse::seconds(60);
    // What a peer that sends and never reads makes us hold: the mark at which we stop reading, the
    // echo of all that one read held, and that of the message it completed. Compressed messages that
    // are too short for us to compress come back a dozen times as long as they came.
    config_.limits.output_max = config_.limits.output_high +
                                (options.deflate.enabled ? 16 : 4) * scratch_.size() +
                                options.message_size_max;

    std::signal(SIGPIPE, SIG_IGN);  // a peer who left is an errno, not the end of us
    sigset_t set;
    (void)::sigemptyset(&set);
    (void)::sigaddset(&set, SIGINT);
    (void)::sigaddset(&set, SIGTERM);
    (void)::sigprocmask(SIG_BLOCK, &set, nullptr);
    signals_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

EchoServer::~EchoServer() {
    peers_.clear();
    for (const int descriptor : {listener_, signals_, epoll_})
        if (descriptor >= 0) (void)::close(descriptor);
}

int EchoServer::run() {
    if (epoll_ < 0 || signals_ < 0 || !watch(EPOLL_CTL_ADD, signals_, signals_serial, EPOLLIN) ||
        !watch(EPOLL_CTL_ADD, listener_, listener_serial, EPOLLIN)) {
        std::perror("hawse-echo: cannot wait for events");
        return EXIT_FAILURE;
    }
    now_ = hawse::posix_now();
    if (options_.statistics) print_at_ = now_ + hawse::seconds(1);
    std::array<epoll_event, 256> ready;
    while (stop_at_ == hawse::never || (!peers_.empty() && now_ < stop_at_)) {
        const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()),
                                       milliseconds_until(next_moment(), now_));
        now_ = hawse::posix_now();
        for (int index = 0; index < count; ++index) {
            const auto& event = ready[static_cast<std::size_t>(index)];
            on_ready(event.data.u64, event.events);
        }
        run_timers();
    }
    return EXIT_SUCCESS;
}

void EchoServer::on_ready(std::uint64_t serial, std::uint32_t events) {
    if (serial == listener_serial) return accept_peers();
    if (serial == signals_serial) return on_signal();
    const auto found = peers_.find(serial);
    if (found == peers_.end()) return;  // ended by an event before this one
    auto& peer = found->second;
    const bool is_over = (events & (EPOLLERR | EPOLLHUP)) != 0;  // epoll says so unasked
    if (with_side(peer, [](const auto& side) { return side.wants().read(); }))
        on_readable(peer);
    else if (peer.interest == 0 && is_over)
        with_side(peer, [&](auto& side) { side.receive_end(hawse::TransportEnd::broken, now_); });
    settle(peer);
}

void EchoServer::on_readable(Peer& peer) {
    if (peer.connection.has_value()) {
        const auto octets = read_some(*peer.stream, *peer.connection, scratch_, now_);
        (void)peer.connection->receive(octets, now_);
    } else {
        // No more at once than it takes in any case, so that nothing is left to be kept here.
        const auto scratch =
            hawse::Bytes(scratch_).first(std::min(scratch_.size(), config_.limits.early_size_max));
        const auto octets = read_some(*peer.stream, *peer.handshake, scratch, now_);
        (void)peer.handshake->receive(octets, now_);
    }
}

Time EchoServer::next_moment() const noexcept {
    return std::min({timers_.next(), gate_.next(), resume_accepting_at_, stop_at_, print_at_});
}

void EchoServer::run_timers() {
    while (timers_.next() <= now_) {
        const auto entry = timers_.pop();
        const auto found = peers_.find(entry.owner);
        if (found == peers_.end() || found->second.alarm != entry.time) continue;
        found->second.alarm = hawse::never;
        with_side(found->second, [&](auto& side) { side.advance(now_); });
        settle(found->second);
    }
    answer_those_who_asked();
    if (resume_accepting_at_ <= now_) resume_accepting();
    if (print_at_ <= now_) print_statistics();
}

bool EchoServer::watch(int operation, int descriptor, std::uint64_t serial,
                       std::uint32_t events) const noexcept {
    epoll_event event{};
    event.events = events;
    event.data.u64 = serial;
    return ::epoll_ctl(epoll_, operation, descriptor, &event) == 0;
}

// Who comes, and who goes.

void EchoServer::accept_peers() {
    for (int left = 64; left > 0 && listener_ >= 0; --left) {  // those who are here have a turn too
        const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) {
            if (would_block(errno) && errno != EINTR) return;
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                return pause_accepting();
            continue;  // a client who left before its turn
        }
        welcome(descriptor);
    }
}

void EchoServer::welcome(int descriptor) {
    const int on = 1;  // echoes leave at once; the engine joins what belongs together
    (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto stream = std::make_unique<Stream>(descriptor);
    if (tls_ != nullptr) stream = tls_->accept(*stream);
    if (stream == nullptr) return;
    const auto serial = ++last_serial_;
    auto& peer = peers_
                     .emplace(std::piecewise_construct, std::forward_as_tuple(serial),
                              std::forward_as_tuple(std::move(stream), serial, config_, now_))
                     .first->second;
    if (watch(EPOLL_CTL_ADD, descriptor, serial, 0))
        settle(peer);
    else
        peers_.erase(serial);
}

// Without descriptors the listener would stay ready, and the loop would spin. Clients wait in the
// backlog until a peer leaves, or for a second if it was others who took the descriptors.
void EchoServer::pause_accepting() {
    if (!watch(EPOLL_CTL_DEL, listener_, listener_serial, 0)) return;
    if (!std::exchange(has_paused_, true))
        std::fprintf(stderr, "hawse-echo: no more file descriptors: new clients wait\n");
    resume_accepting_at_ = now_ + hawse::seconds(1);
}

void EchoServer::resume_accepting() {
    if (resume_accepting_at_ == hawse::never || listener_ < 0) return;
    resume_accepting_at_ = hawse::never;
    (void)watch(EPOLL_CTL_ADD, listener_, listener_serial, EPOLLIN);
}

void EchoServer::on_signal() {
    signalfd_siginfo signal;
    while (::read(signals_, &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) {
        if (stop_at_ != hawse::never) ::_exit(EXIT_FAILURE);  // asked twice: at once
        stop();
    }
}

// Everyone hears that we go, and has three seconds to answer.
void EchoServer::stop() {
    stop_at_ = now_ + hawse::seconds(3);
    (void)::close(std::exchange(listener_, -1));
    resume_accepting_at_ = hawse::never;
    for (auto next = peers_.begin(); next != peers_.end();) {
        auto& peer = (next++)->second;  // settle() may erase it
        if (peer.connection.has_value())
            (void)peer.connection->close(hawse::CloseCode::going_away);
        else if (peer.handshake->state() == hawse::HandshakeState::opening)
            peer.handshake->abort(now_);
        settle(peer);
    }
}

void EchoServer::print_statistics() {
    print_at_ = std::max(print_at_ + hawse::seconds(1), now_);
    std::size_t held_size = 0;
    for (auto& [serial, peer] : peers_)
        with_side(peer, [&](const auto& side) { held_size += side.output_size(); });
    const auto since = [](std::uint64_t total, std::uint64_t before) {
        return static_cast<unsigned long long>(total - before);
    };
    const auto& [received, sent] = std::tie(statistics_.received, statistics_.sent);
    std::fprintf(stderr,
                 "connections %zu, messages/s %llu in %llu out, octets/s %llu in %llu out, "
                 "output held %zu\n",
                 peers_.size(), since(received.messages, printed_.received.messages),
                 since(sent.messages, printed_.sent.messages),
                 since(received.wire_octets, printed_.received.wire_octets),
                 since(sent.wire_octets, printed_.sent.wire_octets), held_size);
    printed_ = statistics_;
}

}  // namespace examples
