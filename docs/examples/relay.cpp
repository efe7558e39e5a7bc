// SPDX-License-Identifier: MIT
// hawse-relay: relays conversations to one upstream server, frame by frame and undecoded, so that
// compressed messages pass as they are. Each side is a Session of its own, with its own pings, limits
// and closing; what passes between the two is data frames, close codes and the opening's answer.
#include "hawse/hawse.hpp"
#include "hawse/heap.hpp"
#include "hawse/posix.hpp"
#include "arguments.hpp"
#include "sockets.hpp"
#include "transport.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using examples::Written;
using hawse::EventKind;
using hawse::Role;
using hawse::Time;

constexpr std::string_view usage =
    "usage: hawse-relay [--host HOST] [--port PORT] [--max-message N] ws://UPSTREAM\n"
    "Relays WebSocket conversations to UPSTREAM, frame by frame, extensions included.\n"
    "  --host HOST      the address to listen on (127.0.0.1)\n"
    "  --port PORT      the port; 0 picks one (9002)\n"
    "  --max-message N  the largest message that passes, in octets on the wire (16777216)\n";

struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 9002;
    std::uint64_t message_size_max = std::uint64_t{16} << 20;
    hawse::Url upstream;
};

/// One of the two sides of a relay. Its octets stay lent to its session while the other side is full,
/// so each has a buffer of its own.
struct Side {
    Side(const hawse::Config& config, Role role, int socket)
        : session(config, role, hawse::posix_now()), descriptor(socket) {}
    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;
    ~Side() {
        if (descriptor >= 0) (void)::close(descriptor);
    }

    hawse::Session session;
    int descriptor;
    bool pulled = true;  // nothing is lent
    bool over = false;   // `closed` was told
    std::array<std::byte, 16384> octets;
};

/// Both sides, and what passes from one to the other.
class Relay {
public:
    Relay(const hawse::Config& config, const Options& options, int client)
        : options_(options), config_(config), client_(config, Role::server, client),
          upstream_(config, Role::client, -1) {}

    /// Reads, relays and writes until nothing moves; false when both sides are over.
    bool turn(Time now);
    [[nodiscard]] Time deadline() const;
    void poll_for(std::vector<pollfd>& list) const;

private:
    void read(Side& side, Time now);
    bool pull(Side& from, Side& to);
    bool write(Side& side, Time now);
    void tell(const hawse::Event& event, Side& from, Side& to);
    static void pass(const hawse::Event& event, Side& from, hawse::Connection& to);

    void ask_upstream();
    void answer_client();
    void end(const hawse::Event& event, Side& from, Side& to);

    [[nodiscard]] std::string offered_extensions() const;
    [[nodiscard]] std::vector<hawse::Field> passed_fields() const;

    const Options& options_;
    const hawse::Config& config_;
    Side client_;
    Side upstream_;
};

bool Relay::turn(Time now) {
    for (Side* side : {&client_, &upstream_}) {
        read(*side, now);
        side->session.advance(now);
    }
    for (bool moved = true; moved;) {
        moved = pull(client_, upstream_);
        moved = pull(upstream_, client_) || moved;
        moved = write(client_, now) || moved;
        moved = write(upstream_, now) || moved;
    }
    const bool has_upstream = upstream_.descriptor >= 0;
    return !client_.over || (has_upstream && !upstream_.over);
}

void Relay::read(Side& side, Time now) {
    if (side.descriptor < 0 || !side.pulled || !side.session.wants().read()) return;
    const auto octets = examples::read_some(side.descriptor, side.session, side.octets, now);
    side.pulled = false;
    (void)side.session.receive(octets, now);
}

// Stops while the other side has much to write: what is not pulled is not consumed.
bool Relay::pull(Side& from, Side& to) {
    bool moved = false;
    while (to.session.output_size() <= config_.limits.output_high) {
        const hawse::Event event = from.session.next_event();
        from.pulled = !event;
        if (!event) break;
        tell(event, from, to);
        moved = true;
    }
    return moved;
}

bool Relay::write(Side& side, Time now) {
    if (side.descriptor < 0) return false;
    const auto written = examples::write_some(side.descriptor, side.session, now);
    if (written == Written::failed) side.session.receive_end(hawse::TransportEnd::broken, now);
    if (side.session.wants().end_write()) {
        (void)::shutdown(side.descriptor, SHUT_WR);
        side.session.write_ended(now);
        return true;
    }
    return written != Written::nothing;
}

// A frame that cannot be passed on leaves a gap that only an end can close; one that comes while the
// other side is closing is late.
void Relay::pass(const hawse::Event& event, Side& from, hawse::Connection& to) {
    auto& source = *from.session.connection();
    const auto refusal = to.send_frame(event.first_octet(), event.payload(), source.frame_left());
    if (refusal == hawse::Refusal::none || refusal == hawse::Refusal::not_open) return;
    to.abort(hawse::posix_now());
    (void)source.close(hawse::CloseCode::internal_error);
}

// Pings are not passed on: each side answers its own.
void Relay::tell(const hawse::Event& event, Side& from, Side& to) {
    auto* const connection = to.session.connection();
    if (event.kind() == EventKind::request) ask_upstream();
    if (event.kind() == EventKind::opened && &from == &upstream_) answer_client();
    if (event.is_frame() && connection != nullptr) pass(event, from, *connection);
    if (event.kind() == EventKind::closing && connection != nullptr)
        (void)connection->close(event.code_received(), event.reason());
    if (event.kind() == EventKind::closed) end(event, from, to);
}

void Relay::ask_upstream() {
    const auto& asked = client_.session.request();
    const auto extensions = offered_extensions();
    const auto fields = passed_fields();
    std::vector<std::string_view> subprotocols;
    auto offered = asked.subprotocols();
    for (auto one = offered.next(); !one.empty(); one = offered.next())
        if (std::ranges::find(subprotocols, one) == subprotocols.end()) subprotocols.push_back(one);

    hawse::ClientRequest request;
    request.host = options_.upstream.host;
    request.port = options_.upstream.port;
    request.target = asked.resource;
    request.origin = asked.origin;
    request.subprotocols = subprotocols;
    request.fields = fields;
    request.relayed_extensions = extensions;
    request.reserved_bits = hawse::rsv_bits;  // whatever the two ends agree on
    const auto socket = examples::begin_connect(std::string(request.host), request.port);
    upstream_.descriptor = socket.descriptor;
    if (socket.descriptor < 0) std::fprintf(stderr, "hawse-relay: %s\n", socket.problem.c_str());
    if (socket.descriptor < 0 || upstream_.session.start(request) != hawse::Refusal::none)
        (void)client_.session.reject({.status = 502, .fields = {}, .body = {}});
}

void Relay::answer_client() {
    const auto& agreed = upstream_.session.agreement();
    hawse::Acceptance acceptance;
    acceptance.subprotocol = agreed.subprotocol;
    acceptance.relayed_extensions = agreed.extensions;
    acceptance.reserved_bits = hawse::rsv_bits;
    if (client_.session.accept(acceptance) != hawse::Refusal::none)
        (void)upstream_.session.connection()->close(hawse::CloseCode::going_away);
}

// One side is over, however it came to that; the other hears of it as far as it can still be told.
void Relay::end(const hawse::Event& event, Side& from, Side& to) {
    from.over = true;
    auto* const connection = to.session.connection();
    auto* const ended = from.session.connection();
    if (connection == nullptr && &from == &upstream_) {
        const bool refused = event.cause() == hawse::Cause::refused;
        const auto& response = from.session.response();
        const hawse::Field challenge = {"WWW-Authenticate", response.field("WWW-Authenticate")};
        hawse::Rejection rejection;
        rejection.status = refused ? response.status : std::uint16_t{502};
        if (refused) rejection.body = response.body;
        if (!challenge.value.empty()) rejection.fields = {&challenge, 1};
        if (to.session.reject(rejection) != hawse::Refusal::none)
            to.session.abort(hawse::posix_now());
    } else if (connection == nullptr || (ended != nullptr && ended->frame_left() != 0)) {
        to.session.abort(hawse::posix_now());  // inside a frame there is nothing left to say
    } else {
        (void)connection->close(&from == &upstream_ ? hawse::CloseCode::bad_gateway
                                                    : hawse::CloseCode::going_away);
    }
}

/// All lines of the field are one list. RFC 6455 §9.1
std::string Relay::offered_extensions() const {
    std::string joined;
    for (const auto& field : client_.session.request().fields) {
        std::string name(field.name);
        std::ranges::transform(name, name.begin(), [](char letter) {
            return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
        });
        if (name == "sec-websocket-extensions" && !field.value.empty())
            joined += (joined.empty() ? "" : ", ") + std::string(field.value);
    }
    return joined;
}

/// What a server may want to know of its client.
std::vector<hawse::Field> Relay::passed_fields() const {
    std::vector<hawse::Field> fields;
    for (const std::string_view name : {"Authorization", "Cookie", "User-Agent"})
        if (const auto value = client_.session.request().field(name); !value.empty())
            fields.push_back({name, value});
    return fields;
}

Time Relay::deadline() const {
    Time time = client_.over ? hawse::never : client_.session.deadline();
    if (upstream_.descriptor >= 0 && !upstream_.over)
        time = std::min(time, upstream_.session.deadline());
    return time;
}

void Relay::poll_for(std::vector<pollfd>& list) const {
    for (const Side* side : {&client_, &upstream_}) {
        const auto wants = side->session.wants();
        const bool reads = side->pulled && wants.read();
        const int events = (reads ? POLLIN : 0) | (wants.write() ? POLLOUT : 0);
        const bool waits = events != 0 && side->descriptor >= 0 && !side->over;
        list.push_back({waits ? side->descriptor : -1, static_cast<short>(events), 0});
    }
}

class Proxy {
public:
    Proxy(const Options& options, int listener)
        : options_(options), listener_(listener), pool_(hawse::heap_allocator()) {
        config_.pool = &pool_;
        config_.entropy = hawse::posix_entropy();
        config_.delivery = hawse::Delivery::frames;
        config_.limits.message_size_max = options.message_size_max;
    }

    /// Serves until poll() fails.
    int run() {
        for (std::vector<pollfd> list;;) {
            Time deadline = hawse::never;
            list.assign(1, {listener_, POLLIN, 0});
            for (const auto& relay : relays_) {
                relay.poll_for(list);
                deadline = std::min(deadline, relay.deadline());
            }
            const int wait = hawse::milliseconds_until(deadline, hawse::posix_now());
            if (::poll(list.data(), list.size(), wait) < 0 && errno != EINTR) return EXIT_FAILURE;
            relays_.remove_if([](Relay& relay) { return !relay.turn(hawse::posix_now()); });
            accept();
        }
    }

private:
    void accept() {
        for (;;) {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (socket < 0) return;
            const int on = 1;  // frames leave at once
            (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            relays_.emplace_back(config_, options_, socket);
        }
    }

    const Options& options_;
    int listener_;
    hawse::Pool pool_;
    hawse::Config config_;
    std::list<Relay> relays_;
};

Options read_options(int count, char** values) {
    examples::Arguments arguments(count, values, "hawse-relay", usage);
    Options options;
    std::string_view upstream;
    for (std::string_view value; arguments.next();) {
        if (arguments.option("--host", value))
            options.host = value;
        else if (arguments.option("--port", value))
            options.port =
                static_cast<std::uint16_t>(arguments.number("--port", value, 0, UINT16_MAX));
        else if (arguments.option("--max-message", value))
            options.message_size_max = arguments.number("--max-message", value, 0, 1U << 31);
        else if (arguments.operand(value) && upstream.empty())
            upstream = value;
        else
            arguments.unknown();
    }
    if (hawse::parse_url(upstream, options.upstream) != hawse::Refusal::none ||
        options.upstream.secure)
        arguments.fail("name the upstream server: ws://HOST[:PORT]");
    return options;
}

}  // namespace

int main(int count, char** values) {
    const auto options = read_options(count, values);
    std::signal(SIGPIPE, SIG_IGN);  // a peer who left is an errno, not the end of us
    const auto listener = examples::listen_on(options.host, options.port);
    if (listener.descriptor < 0) {
        std::fprintf(stderr, "hawse-relay: %s\n", listener.problem.c_str());
        return EXIT_FAILURE;
    }
    std::printf("listening on ws://%s:%u\n", options.host.c_str(),
                static_cast<unsigned>(listener.port));
    std::fflush(stdout);
    return Proxy(options, listener.descriptor).run();
}
