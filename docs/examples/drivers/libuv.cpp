// SPDX-License-Identifier: MIT
// A driver for libuv. Every read lands in the same scratch buffer. A write keeps what it was given
// until its callback, which is what handed_over() and reusable() are for; one is in progress at a
// time. Handles close later than they are told to, and a peer lives until both of its are closed.
#include "echo.hpp"
#include "host.hpp"

#include <utility>
#include <uv.h>

using enum hawse::TransportEnd;

hawse::Time now() { return {std::int64_t(uv_hrtime())}; }

struct Peer : hawse::Session {
    explicit Peer(uv_stream_t* its) : Peer(its, *static_cast<examples::Host*>(its->loop->data)) {}
    Peer(uv_stream_t* listener, examples::Host& its_host)
        : Session(its_host.config, hawse::Role::server, now()), host(its_host) {
        uv_tcp_init(listener->loop, &tcp.tcp);
        uv_timer_init(listener->loop, &timer.timer);
        tcp.handle.data = timer.handle.data = write.data = this;
        if (uv_accept(listener, &tcp.stream) != 0) receive_end(broken, now());
        uv_tcp_nodelay(&tcp.tcp, 1);
        settle();
    }
    static Peer& of(const auto* handle) { return *static_cast<Peer*>(handle->data); }

    void settle() {  // after every input: octets, an end, a tick, a write that is done
        if (uv_is_closing(&tcp.handle)) return;
        advance(now());  // before deadline() it does nothing
        examples::echo(*this);
        hawse::Slice slices[16];
        if (const auto count = write_size == 0 ? gather(slices) : 0) {
            handed_over(write_size = hawse::size_of({slices, count}), now());
            auto* const pieces = reinterpret_cast<uv_buf_t*>(slices);  // laid out alike
            if (uv_write(&write, &tcp.stream, pieces, unsigned(count), on_written) < 0)
                return on_written(&write, UV_EPIPE);
        }
        if (wants().end_write() && uv_shutdown(&shutdown, &tcp.stream, nullptr) == 0)
            write_ended(now());
        wants().read() ? uv_read_start(&tcp.stream, on_space, on_read) : uv_read_stop(&tcp.stream);
        const auto wait = std::uint64_t(hawse::milliseconds_until(deadline(), now()));
        uv_timer_start(
            &timer.timer, [](uv_timer_t* its) { of(its).settle(); }, wait, 0);
        if (wants().close()) end(&tcp.handle, nullptr), end(&timer.handle, nullptr);
    }

    static void on_space(uv_handle_t* socket, std::size_t, uv_buf_t* space) {
        *space = uv_buf_init(reinterpret_cast<char*>(&of(socket).host.scratch), 65536);
    }
    static void on_read(uv_stream_t* socket, ssize_t size, const uv_buf_t* space) {
        auto* const octets = reinterpret_cast<std::byte*>(space->base);
        if (size > 0) (void)of(socket).receive({octets, std::size_t(size)}, now());
        if (size < 0) of(socket).receive_end(size == UV_EOF ? orderly : broken, now());
        of(socket).settle();
    }
    static void on_written(uv_write_t* write, int status) {
        of(write).reusable(std::exchange(of(write).write_size, 0));
        if (status < 0) of(write).receive_end(broken, now());
        of(write).settle();
    }
    static void on_signal(uv_signal_t* signal, int) { uv_walk(signal->loop, end, nullptr); }
    static void end(uv_handle_t* handle, void*) {
        if (!uv_is_closing(handle))
            uv_close(handle, [](uv_handle_t* closed) {
                if (closed->data != nullptr && ++of(closed).closed_count == 2) delete &of(closed);
            });
    }

    examples::Host& host;
    uv_any_handle tcp, timer;
    uv_write_t write;
    uv_shutdown_t shutdown;
    std::size_t write_size = 0;  // of the write in progress
    int closed_count = 0;
};

int main(int count, char** values) {
    examples::Host host(count, values);
    uv_loop_t* const loop = uv_default_loop();
    uv_any_handle listener = {}, signals[2] = {};
    loop->data = &host;
    uv_tcp_init(loop, &listener.tcp);
    uv_tcp_open(&listener.tcp, host.listener);
    uv_listen(&listener.stream, SOMAXCONN, [](uv_stream_t* its, int) { new Peer(its); });
    for (int index : {0, 1}) {
        uv_signal_init(loop, &signals[index].signal);
        uv_signal_start(&signals[index].signal, Peer::on_signal, index == 0 ? SIGINT : SIGTERM);
    }
    return uv_run(loop, UV_RUN_DEFAULT) != 0 || uv_loop_close(loop) != 0;
}
