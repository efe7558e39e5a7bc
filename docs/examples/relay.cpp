// SPDX-License-Identifier: MIT
// hawse-relay: relays conversations to one upstream server, frame by frame and undecoded, so that
// compressed messages pass as they are: one thread over epoll, two sides a conversation (relaying.hpp).
// Of a request the path, Origin, subprotocols, extensions, Authorization, Cookie and User-Agent pass;
// the client's Host and all other fields do not, and nobody tells the upstream who its client is. Of
// an answer the subprotocol and the extensions pass, Set-Cookie does not; of a refusal the status, the
// body and the fields that explain them.
#include "hawse/hawse.hpp"
#include "hawse/heap.hpp"
#include "hawse/posix.hpp"
#include "arguments.hpp"
#include "relaying.hpp"
#include "timers.hpp"
#include "transport.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <tuple>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace {

using examples::Relay;
using examples::Side;
using hawse::Time;

constexpr std::string_view usage =
    "usage: hawse-relay [--host HOST] [--port PORT] [--max-message N] [--opening-seconds N]\n"
    "                   ws://UPSTREAM[:PORT]\n"
    "Relays WebSocket conversations to UPSTREAM, frame by frame, extensions included.\n"
    "  --host HOST          the address to listen on (127.0.0.1)\n"
    "  --port PORT          the port; 0 picks one (9002)\n"
    "  --max-message N      the largest message that passes, in octets on the wire (16777216)\n"
    "  --opening-seconds N  how long an opening may take; the upstream has two thirds of it (15)\n";

struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 9002;
    std::uint64_t message_size_max = std::uint64_t{16} << 20;
    std::int64_t opening_seconds = 15;
    hawse::Url upstream;
};

/// As many as there are two descriptors for, and some for ourselves.
std::size_t relay_count_max() noexcept {
    constexpr rlim_t most = 4096, own = 16;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > most * 2 + own) return most;
    return std::max<rlim_t>(limit.rlim_cur > own ? (limit.rlim_cur - own) / 2 : 0, 1);
}

class Proxy {
public:
    /// Takes `listener`.
    Proxy(const Options& options, const examples::Upstream& upstream, int listener)
        : upstream_(upstream), epoll_(::epoll_create1(EPOLL_CLOEXEC)), listener_(listener),
          pool_(hawse::heap_allocator()) {
        config_.pool = &pool_;
        config_.entropy = hawse::posix_entropy();
        config_.delivery = hawse::Delivery::frames;
        config_.limits.message_size_max = options.message_size_max;
        config_.waits.opening = hawse::seconds(options.opening_seconds);
        config_.waits.ping = hawse::seconds(30);  // a side that vanished must not keep the other

        std::signal(SIGPIPE, SIG_IGN);  // a peer who left is an errno, not the end of us
        sigset_t set;
        (void)::sigemptyset(&set);
        (void)::sigaddset(&set, SIGINT);
        (void)::sigaddset(&set, SIGTERM);
        (void)::sigprocmask(SIG_BLOCK, &set, nullptr);
        signals_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    }
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;
    ~Proxy() {
        for (const int descriptor : {listener_, signals_, epoll_})
            if (descriptor >= 0) (void)::close(descriptor);
    }

    /// Serves until SIGINT or SIGTERM, then closes every conversation. The program's exit status.
    int run() {
        if (!watch(EPOLL_CTL_ADD, signals_, signals_token, EPOLLIN) ||
            !watch(EPOLL_CTL_ADD, listener_, listener_token, EPOLLIN))
            return failed();
        now_ = hawse::posix_now();
        std::array<epoll_event, 256> ready;
        while (stop_at_ == hawse::never || (!relays_.empty() && now_ < stop_at_)) {
            const auto next = std::min({timers_.next(), resume_accepting_at_, stop_at_});
            const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()),
                                           hawse::milliseconds_until(next, now_));
            if (count < 0 && errno != EINTR) return failed();
            now_ = hawse::posix_now();
            for (int index = 0; index < count; ++index)
                on_ready(ready[static_cast<std::size_t>(index)].data.u64);
            run_timers();
        }
        return EXIT_SUCCESS;
    }

private:
    static int failed() {
        std::perror("hawse-relay: cannot wait for events");
        return EXIT_FAILURE;
    }

    void on_ready(std::uint64_t token) {
        if (token == listener_token) return accept();
        if (token == signals_token) return on_signal();
        const auto found = relays_.find(token / 2);
        if (found == relays_.end()) return;  // ended by an event before this one
        auto& relay = found->second;
        relay.on_ready(token % 2 == 0 ? relay.client() : relay.upstream(), now_);
        settle(found->first, relay);
    }

    /// After every input; may end the relay.
    void settle(std::uint64_t number, Relay& relay) {
        if (!relay.settle(now_)) {
            relays_.erase(number);
            return resume_accepting();
        }
        arm(relay.client(), number * 2);
        arm(relay.upstream(), number * 2 + 1);
        const auto deadline = relay.deadline();
        if (deadline >= relay.alarm) return;  // a timer that comes too early is harmless
        relay.alarm = deadline;
        timers_.push({deadline, number});
    }

    // epoll tells of a broken socket unasked, so one that nothing is wanted of leaves the set.
    void arm(Side& side, std::uint64_t token) {
        const auto awaited = side.awaited();
        if (awaited == side.interest || side.descriptor < 0) return;
        const int operation = awaited == 0         ? EPOLL_CTL_DEL
                              : side.interest == 0 ? EPOLL_CTL_ADD
                                                   : EPOLL_CTL_MOD;
        if (watch(operation, side.descriptor, token, awaited)) side.interest = awaited;
    }

    void run_timers() {
        while (timers_.next() <= now_) {
            const auto entry = timers_.pop();
            const auto found = relays_.find(entry.owner);
            if (found == relays_.end() || found->second.alarm != entry.time) continue;
            found->second.alarm = hawse::never;
            settle(found->first, found->second);
        }
        if (resume_accepting_at_ <= now_) resume_accepting();
    }

    void accept() {
        for (int left = 64; left > 0 && listener_ >= 0; --left) {  // the others have a turn too
            if (relays_.size() >= count_max_) return pause_accepting("too many conversations");
            const int client = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (client < 0) {
                if (examples::would_block(errno) && errno != EINTR) return;
                if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                    return pause_accepting("no more file descriptors");
                continue;  // a client who left before its turn
            }
            const int on = 1;  // frames leave at once
            (void)::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            const auto number = ++last_number_;
            auto& relay = relays_
                              .emplace(std::piecewise_construct, std::forward_as_tuple(number),
                                       std::forward_as_tuple(config_, upstream_, client, now_))
                              .first->second;
            settle(number, relay);
        }
    }

    // The listener would stay ready, and the loop would spin. Clients wait in the backlog until a relay
    // ends, or for a second if it was others who took the descriptors.
    void pause_accepting(const char* why) {
        if (!watch(EPOLL_CTL_DEL, listener_, listener_token, 0)) return;
        if (!std::exchange(has_paused_, true))
            std::fprintf(stderr, "hawse-relay: %s: new clients wait\n", why);
        resume_accepting_at_ = now_ + hawse::seconds(1);
    }

    void resume_accepting() {
        if (resume_accepting_at_ == hawse::never || listener_ < 0) return;
        resume_accepting_at_ = hawse::never;
        (void)watch(EPOLL_CTL_ADD, listener_, listener_token, EPOLLIN);
    }

    // Everyone hears that we go, and has three seconds to answer.
    void on_signal() {
        if (stop_at_ != hawse::never) ::_exit(EXIT_FAILURE);  // asked twice: at once
        signalfd_siginfo signal;
        (void)!::read(signals_, &signal, sizeof signal);
        stop_at_ = now_ + hawse::seconds(3);
        (void)::close(std::exchange(listener_, -1));
        resume_accepting_at_ = hawse::never;
        for (auto next = relays_.begin(); next != relays_.end();) {
            auto& [number, relay] = *next++;  // settle() may erase it
            relay.stop();
            settle(number, relay);
        }
    }

    [[nodiscard]] bool watch(int operation, int descriptor, std::uint64_t token,
                             std::uint32_t events) const noexcept {
        epoll_event event{};
        event.events = events;
        event.data.u64 = token;
        return ::epoll_ctl(epoll_, operation, descriptor, &event) == 0;
    }

    // A relay's sides are twice its number, and one more.
    static constexpr std::uint64_t listener_token = 0;
    static constexpr std::uint64_t signals_token = 1;

    const examples::Upstream& upstream_;
    const std::size_t count_max_ = relay_count_max();
    int epoll_;
    int listener_;
    int signals_ = -1;
    hawse::Pool pool_;
    hawse::Config config_;
    Time now_ = {};  // of this round of the loop
    Time stop_at_ = hawse::never;
    Time resume_accepting_at_ = hawse::never;
    bool has_paused_ = false;  // that accepting stops is said once
    std::uint64_t last_number_ = 0;
    examples::Timers timers_;
    std::unordered_map<std::uint64_t, Relay> relays_;
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
        else if (arguments.option("--opening-seconds", value))
            options.opening_seconds =
                static_cast<std::int64_t>(arguments.number("--opening-seconds", value, 1, 3600));
        else if (arguments.operand(value) && upstream.empty())
            upstream = value;
        else
            arguments.unknown();
    }
    if (hawse::parse_url(upstream, options.upstream) != hawse::Refusal::none ||
        options.upstream.secure)
        arguments.fail("name the upstream server: ws://HOST[:PORT]");
    if (!options.upstream.target.empty() && options.upstream.target != "/")
        arguments.fail("the path and the query are the client's: name the upstream without");
    return options;
}

int fail(const std::string& problem) {
    std::fprintf(stderr, "hawse-relay: %s\n", problem.c_str());
    return EXIT_FAILURE;
}

}  // namespace

int main(int count, char** values) {
    const auto options = read_options(count, values);
    std::string problem;
    examples::Upstream upstream{std::string(options.upstream.host), options.upstream.port, {}};
    upstream.addresses = examples::addresses_of(upstream.host, upstream.port, problem);
    if (upstream.addresses.empty()) return fail(problem);
    const auto listener = examples::listen_on(options.host, options.port);
    if (listener.descriptor < 0) return fail(listener.problem);
    const bool needs_brackets =
        options.host.find(':') != std::string::npos && options.host[0] != '[';
    std::printf("listening on ws://%s%s%s:%u\n", needs_brackets ? "[" : "", options.host.c_str(),
                needs_brackets ? "]" : "", unsigned{listener.port});
    std::fflush(stdout);
    return Proxy(options, upstream, listener.descriptor).run();
}
