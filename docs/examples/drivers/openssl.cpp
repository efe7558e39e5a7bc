// SPDX-License-Identifier: MIT
// A driver for TLS that sees no socket: OpenSSL between two memory BIOs. What TCP brings is written into
// one and comes out of SSL in the clear; what the engine writes goes into SSL and comes sealed out of the
// other. The same shape fits any TLS library and any transport. Each peer has a thread here, and a pool.
#include "hawse/posix.hpp"
#include "echo.hpp"
#include "host.hpp"
#include "threads.hpp"

#include <algorithm>
#include <openssl/ssl.h>
#include <poll.h>
#include <string>

using enum hawse::TransportEnd;

struct Peer : hawse::Session {
    Peer(const hawse::Config& config, SSL_CTX* context, int descriptor)
        : Session(config, hawse::Role::server, hawse::posix_now()), socket(descriptor),
          tls(::SSL_new(context)) {
        ::SSL_set_bio(tls, incoming, outgoing);  // and owns them from now on
        ::SSL_set_accept_state(tls);
    }
    ~Peer() { ::SSL_free(tls), (void)::close(socket); }

    void run() {
        while (!wants().close()) {
            const int events = (wants().read() ? POLLIN : 0) | (sealed.empty() ? 0 : POLLOUT);
            pollfd ready{events != 0 ? socket : -1, short(events), 0};
            (void)::poll(&ready, 1, hawse::milliseconds_until(deadline(), hawse::posix_now()));
            if (wants().read() && (ready.revents & ~POLLOUT) != 0) read(hawse::posix_now());
            advance(hawse::posix_now());  // before deadline() it does nothing
            for (bool more = true; more; more = write(hawse::posix_now())) examples::echo(*this);
        }
    }

    void read(hawse::Time now) {  // TCP -> BIO_write -> SSL_read -> receive
        const auto size = ::recv(socket, plain, sizeof plain, 0);
        if (size < 0 && examples::would_block(errno)) return;
        if (size > 0) (void)::BIO_write(incoming, plain, int(size));
        int count = 0;
        for (; (count = ::SSL_read(tls, plain, sizeof plain)) > 0; examples::echo(*this))
            (void)receive({plain, std::size_t(count)}, now);
        const int error = ::SSL_get_error(tls, count);
        if (size > 0 && error == SSL_ERROR_WANT_READ) return;
        // The end of TCP is no end of TLS: a stream that stops without close_notify was cut.
        receive_end(error == SSL_ERROR_ZERO_RETURN ? orderly : broken, now);
    }

    bool write(hawse::Time now) {  // write_output -> SSL_write -> BIO_read -> TCP
        if (sealed.empty()) seal(now);
        const auto size = ::send(socket, sealed.data(), sealed.size(), 0);
        if (size < 0 && !examples::would_block(errno)) receive_end(broken, now);
        if (size > 0) sealed.erase(0, std::size_t(size));
        return size > 0;
    }

    void seal(hawse::Time now) {
        const auto size = ::SSL_is_init_finished(tls) != 0 ? write_output(plain, now) : 0;
        if (size > 0) (void)::SSL_write(tls, plain, int(size));  // a memory BIO takes it all
        if (wants().end_write()) (void)::SSL_shutdown(tls), write_ended(now);  // close_notify
        sealed.resize(::BIO_ctrl_pending(outgoing));
        (void)::BIO_read(outgoing, sealed.data(), int(sealed.size()));
    }

    int socket;
    SSL* tls;
    BIO *incoming = ::BIO_new(::BIO_s_mem()), *outgoing = ::BIO_new(::BIO_s_mem());
    std::byte plain[65536];
    std::string sealed;  // of one write_output(), and not sent yet
};

int main(int count, char** values) {
    SSL_CTX* const context = ::SSL_CTX_new(::TLS_server_method());
    char** const file = std::find(values, values + count, std::string_view("--cert"));
    if (values + count - file < 4 || ::SSL_CTX_use_certificate_chain_file(context, file[1]) != 1 ||
        ::SSL_CTX_use_PrivateKey_file(context, file[3], SSL_FILETYPE_PEM) != 1)
        return std::fputs("usage: --cert FILE --key FILE [--port N]: PEM file\n", stderr), 2;
    std::copy(file + 4, values + count, file);
    examples::Host host(count - 4, values);
    pollfd ready[] = {{host.listener, POLLIN, 0}, {examples::stop_signals(), POLLIN, 0}};
    static examples::Threads threads;
    for (; ready[1].revents == 0; (void)::poll(ready, 2, -1)) {
        for (int peer; threads.has_room() && (peer = examples::accept_peer(host.listener)) >= 0;)
            threads.start(peer, [context, config = host.config](int socket) mutable {
                hawse::Pool pool(hawse::heap_allocator());  // a thread's own
                config.pool = &pool;
                Peer(config, context, socket).run();
            });
        // Without room or descriptors: later.
        if (!threads.has_room() || !examples::would_block(errno)) (void)::poll(nullptr, 0, 100);
    }
    ::SSL_CTX_free(context);
}
