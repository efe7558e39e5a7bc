// SPDX-License-Identifier: MIT
// A driver for standalone Asio and C++20 coroutines: one coroutine a peer. It waits until the socket
// is ready and then reads and writes without blocking, so that a wait given up loses no octet and one
// scratch buffer serves everyone. A timer that follows deadline() is waited for beside the socket.
#include "hawse/chrono.hpp"
#include "echo.hpp"
#include "host.hpp"

#include <array>
#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>

using asio::use_awaitable;
using asio::ip::tcp;
using namespace asio::experimental::awaitable_operators;
using enum hawse::TransportEnd;

hawse::Time now() { return hawse::to_time(std::chrono::steady_clock::now()); }

void read(tcp::socket& socket, hawse::Session& session, hawse::Bytes scratch) {
    std::error_code error;
    const auto place = session.landing();
    const std::array places = {asio::buffer(place.data(), place.size()),
                               asio::buffer(scratch.data(), scratch.size())};
    const auto size = socket.read_some(places, error);
    const auto landed = session.landed(size, now());
    if (!error) (void)session.receive(scratch.first(size - landed), now());
    if (error && error != asio::error::would_block)
        session.receive_end(error == asio::error::eof ? orderly : broken, now());
}

void settle(tcp::socket& socket, hawse::Session& session) {
    std::error_code error;
    for (hawse::Slice slices[16]; error != asio::error::would_block;) {
        examples::echo(session);
        std::array<asio::const_buffer, 16> buffers;
        const auto count = session.gather(slices);
        if (count == 0) break;
        for (std::size_t index = 0; index < count; ++index)
            buffers[index] = {slices[index].data(), slices[index].size()};
        session.wrote(socket.write_some(buffers, error), now());
        if (error && error != asio::error::would_block) session.receive_end(broken, now());
    }
    if (session.wants().end_write()) {
        socket.shutdown(tcp::socket::shutdown_send, error);
        session.write_ended(now());
    }
}

asio::awaitable<void> converse(tcp::socket socket, examples::Host& host) {
    socket.non_blocking(true);
    socket.set_option(tcp::no_delay(true));
    asio::steady_timer alarm(socket.get_executor());
    const auto ready = [&](bool wanted, tcp::socket::wait_type what) {
        return wanted ? socket.async_wait(what, use_awaitable) : alarm.async_wait(use_awaitable);
    };
    hawse::Session session(host.config, hawse::Role::server, now());
    while (!session.wants().close()) {
        const auto wants = session.wants();
        alarm.expires_at(to_time_point(session.deadline()));
        co_await (ready(wants.read(), tcp::socket::wait_read) ||
                  ready(wants.write(), tcp::socket::wait_write) || ready(false, {}));
        if (wants.read()) read(socket, session, host.scratch);
        session.advance(now());
        settle(socket, session);
    }
}

asio::awaitable<void> accept(tcp::acceptor acceptor, examples::Host& host) {
    asio::steady_timer pause(acceptor.get_executor());
    for (std::error_code error;;) {
        auto socket = co_await acceptor.async_accept(asio::redirect_error(use_awaitable, error));
        if (!error)
            co_spawn(acceptor.get_executor(), converse(std::move(socket), host), asio::detached);
        if (!error) continue;
        pause.expires_after(std::chrono::seconds(1));  // no descriptor: or the loop would spin
        co_await pause.async_wait(use_awaitable);
    }
}

int main(int count, char** values) {
    examples::Host host(count, values);
    asio::io_context context;
    asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&](auto, int) { context.stop(); });
    co_spawn(context, accept({context, tcp::v4(), host.listener}, host), asio::detached);
    context.run();
}
