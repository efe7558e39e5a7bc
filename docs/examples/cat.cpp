// SPDX-License-Identifier: MIT
// hawse-cat: a WebSocket client for people and scripts. Here the way to the server (a socket, perhaps
// a proxy, perhaps TLS), and when to take it again; attempt.cpp is where the engine is driven.
#include "hawse/hawse.hpp"
#include "hawse/heap.hpp"
#include "hawse/posix.hpp"
#include "attempt.hpp"
#include "cat_options.hpp"
#include "deflate_parameters.hpp"
#include "outgoing.hpp"
#include "proxy.hpp"
#include "sockets.hpp"
#include "stream.hpp"
#include "tls.hpp"
#include "transport.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <poll.h>
#include <string>
#include <utility>

namespace {

using examples::CatOptions;
using examples::Ending;
using examples::Outgoing;
using examples::Stream;
using examples::Tls;
using hawse::Time;

hawse::Config make_config(const CatOptions& options, hawse::Pool& pool) {
    hawse::Config config;
    config.pool = &pool;
    config.entropy = hawse::posix_entropy();
    config.deflate = examples::client_policy(options.deflate);
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

/// The way to the server until `deadline`: null, and why.
std::unique_ptr<Stream> dial(const CatOptions& options, Tls* tls, Time deadline, Ending& ending) {
    const std::string host(options.url.host);
    const auto patience = deadline - hawse::posix_now();
    const auto socket =
        options.proxy.has_value()
            ? examples::connect_to(options.proxy->host, options.proxy->port, patience)
            : examples::connect_to(host, options.url.port, patience);
    ending = {socket.problem, socket.is_final};
    if (socket.descriptor < 0) return nullptr;
    auto stream = std::make_unique<Stream>(socket.descriptor);
    if (options.proxy.has_value()) {
        ending = examples::open_tunnel(socket.descriptor, *options.proxy, host, options.url.port,
                                       deadline);
        if (!ending.problem.empty()) return nullptr;
    }
    if (tls == nullptr) return stream;
    stream = tls->connect(*stream, host);
    if (stream == nullptr) ending.problem = "there is no memory for TLS";
    return stream;
}

/// One attempt, from the socket to the end of the conversation.
Ending attempt(const CatOptions& options, const hawse::Config& config, Tls* tls,
               Outgoing& outgoing) {
    hawse::ClientHandshake handshake(config, hawse::posix_now());
    if (const auto refusal = handshake.start(options.request()); refusal != hawse::Refusal::none)
        examples::refuse_cat_options(hawse::describe(refusal));
    Ending ending;
    const auto stream = dial(options, tls, handshake.deadline(), ending);
    if (stream == nullptr) return ending;
    return examples::Attempt(options, config, *stream, outgoing).run(handshake);
}

/// "1.4 s", or "35 ms".
std::string in_words(hawse::Duration duration) {
    char text[32];
    const double count = static_cast<double>(duration.nanoseconds) / 1e9;
    if (count < 1)
        std::snprintf(text, sizeof text, "%.0f ms", count * 1e3);
    else
        std::snprintf(text, sizeof text, "%.1f s", count);
    return text;
}

/// What `ending` lacks to be told in the midst of a sentence.
std::string in_words(const Ending& ending) {
    auto problem = ending.problem;
    if (!ending.was_open) return problem;
    if (problem.ends_with('.')) problem.pop_back();
    return "connection lost (" + problem + ")";
}

/// False when there is nothing left to send, now or during the wait.
bool wait_to_reconnect(hawse::Duration wait, Outgoing& outgoing) {
    const Time until = hawse::posix_now() + wait;
    for (Time now = hawse::posix_now(); now < until && !outgoing.drained();
         now = hawse::posix_now()) {
        const bool reads_lines = outgoing.is_empty() && !outgoing.ended();
        pollfd input{reads_lines ? STDIN_FILENO : -1, POLLIN, 0};
        (void)::poll(&input, 1, hawse::milliseconds_until(until, now));
        if (input.revents != 0) outgoing.read();
    }
    return !outgoing.drained();
}

int run(const CatOptions& options, const hawse::Config& config, Tls* tls) {
    Outgoing outgoing(STDIN_FILENO, options.reconnects);
    hawse::Backoff backoff(options.backoff, config.entropy);
    for (;;) {
        const auto ending = attempt(options, config, tls, outgoing);
        if (ending.problem.empty()) return EXIT_SUCCESS;
        if (!options.reconnects || ending.is_final || outgoing.drained())
            return fail(ending.problem);
        if (ending.was_open && ending.open_for >= options.backoff.first) backoff.succeeded();
        hawse::Duration wait;
        if (!backoff.next(wait))
            return fail(in_words(ending) + ": given up after " +
                        std::to_string(backoff.attempt_count()) +
                        (backoff.attempt_count() == 1 ? " attempt" : " attempts"));
        std::fprintf(stderr, "hawse-cat: %s: trying again in %s (attempt %u)\n",
                     in_words(ending).c_str(), in_words(wait).c_str(), backoff.attempt_count());
        if (!wait_to_reconnect(wait, outgoing)) return fail(ending.problem);
    }
}

}  // namespace

int main(int count, char** values) {
    const auto options = examples::read_cat_options(count, values);
    std::unique_ptr<Tls> tls;
    if (options.url.secure) {
        std::string problem;
        tls = Tls::for_client(options.trust, problem);
        if (tls == nullptr) return fail(problem);
    }
    std::signal(SIGPIPE, SIG_IGN);  // a reader who left is an errno, not the end of us
    hawse::Pool pool(hawse::heap_allocator());
    return run(options, make_config(options, pool), tls.get());
}
