// SPDX-License-Identifier: MIT
// What a server over nghttp2 has anyway, whatever its streams carry: a listener with a thread for
// each TCP connection, a session that keeps its streams and takes its turns on a socket, and streams
// with their requests, windows and ends. It knows no WebSocket.
#pragma once

#include "hawse/field.hpp"
#include "hawse/posix.hpp"
#include "hawse/time.hpp"
#include "arguments.hpp"
#include "sockets.hpp"
#include "threads.hpp"
#include "transport.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <map>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace examples {

/// One stream, and what a server does with it.
class Http2Stream {
public:
    Http2Stream(nghttp2_session* session, std::int32_t id) : session_(session), id_(id) {}
    Http2Stream(const Http2Stream&) = delete;
    Http2Stream& operator=(const Http2Stream&) = delete;

    /// Answers; nghttp2 asks `body` for what follows, or ends the stream at once without one.
    void respond(std::span<const hawse::Field> fields, const nghttp2_data_provider* body) {
        std::vector<nghttp2_nv> views;
        const auto octets = [](std::string_view text) {  // nghttp2 only reads them
            return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
        };
        for (const auto& [name, value] : fields)
            views.push_back({octets(name), octets(value), name.size(), value.size(), 0});
        (void)nghttp2_submit_response(session_, id_, views.data(), views.size(), body);
    }
    /// A body that was deferred has more, or has ended.
    void resume() { (void)nghttp2_session_resume_data(session_, id_); }
    /// What was received may be sent again.
    void open_window() {
        (void)nghttp2_session_consume_stream(session_, id_, std::exchange(window_debt_, 0));
    }
    /// Ends what the peer has not ended.
    void reset(std::uint32_t code = NGHTTP2_CANCEL) {
        if (!std::exchange(is_over_, true))
            (void)nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id_, code);
    }

private:
    template <typename Stream>
    friend class Http2Session;

    nghttp2_session* session_;
    std::int32_t id_;
    std::vector<std::pair<std::string, std::string>> fields_ = {};  // until it is asked
    std::size_t fields_size_ = 0;
    std::size_t window_debt_ = 0;
    bool is_asked_ = false;
    bool is_over_ = false;
};

/// The streams of one TCP connection. Each `Stream` is an Http2Stream and is told of its request
/// (on_request), octets that it may change (on_data) and its end (on_end); settle() is called after
/// every turn and answers when to call it again at the latest.
template <typename Stream>
class Http2Session {
public:
    explicit Http2Session(int descriptor) : descriptor_(descriptor) {
        nghttp2_session_callbacks* callbacks = nullptr;
        nghttp2_option* option = nullptr;
        (void)nghttp2_session_callbacks_new(&callbacks);
        (void)nghttp2_option_new(&option);
        nghttp2_session_callbacks_set_send_callback(callbacks, send_octets);
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
        nghttp2_option_set_no_auto_window_update(option, 1);
        (void)nghttp2_session_server_new2(&session_, callbacks, this, option);
        nghttp2_option_del(option);
        nghttp2_session_callbacks_del(callbacks);
    }
    Http2Session(const Http2Session&) = delete;
    Http2Session& operator=(const Http2Session&) = delete;
    ~Http2Session() { nghttp2_session_del(session_); }

    /// Serves until the session or its transport is over.
    void run(std::span<const nghttp2_settings_entry> settings) {
        (void)nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(),
                                      settings.size());
        while (turn()) {
        }
    }

private:
    static Http2Session& from(void* user) { return *static_cast<Http2Session*>(user); }
    Stream* stream(std::int32_t id) {
        const auto found = streams_.find(id);
        return found == streams_.end() ? nullptr : &found->second;
    }

    /// Writes what there is, settles, waits for octets, for room or for a deadline, and reads what
    /// came. Writing moves deadlines, and settling has more to write: then there is room at once.
    bool turn() {
        if (nghttp2_session_send(session_) != 0) return false;
        auto deadline = hawse::never;
        bool is_asked = false;
        for (auto& [id, stream] : streams_) {
            deadline = std::min(deadline, stream.settle());
            is_asked = is_asked || stream.is_asked_;
        }
        const bool writes = nghttp2_session_want_write(session_) != 0;
        if (!writes && nghttp2_session_want_read(session_) == 0) return false;
        const auto now = hawse::posix_now();
        if (is_asked) idle_at_ = now + idle_wait;
        if (!writes) stalled_at_ = now + stall_wait;
        const auto end = std::min(is_asked ? hawse::never : idle_at_, stalled_at_);
        if (end <= now) return say_goodbye();
        pollfd ready{descriptor_, static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN), 0};
        (void)::poll(&ready, 1, milliseconds_until(std::min(deadline, end), now));
        std::uint8_t octets[16384];
        const auto size = ::recv(descriptor_, octets, sizeof octets, 0);
        if (size <= 0) return size < 0 && would_block(errno);
        return nghttp2_session_mem_recv(session_, octets, static_cast<std::size_t>(size)) >= 0;
    }

    bool say_goodbye() {
        (void)nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
        (void)nghttp2_session_send(session_);
        return false;
    }

    static ssize_t send_octets(nghttp2_session*, const std::uint8_t* octets, std::size_t size, int,
                               void* user) {
        const auto sent = ::send(from(user).descriptor_, octets, size, MSG_NOSIGNAL);
        if (sent >= 0) from(user).stalled_at_ = hawse::posix_now() + stall_wait;
        if (sent >= 0) return sent;
        return would_block(errno) ? NGHTTP2_ERR_WOULDBLOCK : NGHTTP2_ERR_CALLBACK_FAILURE;
    }

    static int on_begin(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
        const auto id = frame->hd.stream_id;
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
            from(user).streams_.try_emplace(id, session, id);
        return 0;
    }

    // A field of one octet may be an entry of the table that has thousands: what counts is what is kept.
    static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                         std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                         std::uint8_t, void* user) {
        auto* const stream = from(user).stream(frame->hd.stream_id);
        if (stream == nullptr || stream->is_asked_ || stream->is_over_) return 0;
        stream->fields_size_ += name_size + value_size;
        if (stream->fields_size_ > fields_size_max || stream->fields_.size() == 100) {
            stream->fields_ = {};
            stream->reset(NGHTTP2_ENHANCE_YOUR_CALM);
            return 0;
        }
        stream->fields_.emplace_back(std::string(name, name + name_size),
                                     std::string(value, value + value_size));
        return 0;
    }

    static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        const auto type = frame->hd.type;
        if (type != NGHTTP2_HEADERS && type != NGHTTP2_DATA) return 0;
        auto* const found = from(user).stream(frame->hd.stream_id);
        if (found == nullptr || found->is_over_) return 0;
        auto& stream = *found;
        if (!std::exchange(stream.is_asked_, true)) {
            std::vector<hawse::Field> fields;
            for (const auto& [name, value] : stream.fields_) fields.push_back({name, value});
            stream.on_request(fields);
            stream.fields_ = {};
        }
        if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
        stream.is_over_ = true;
        stream.on_end();
        return 0;
    }

    // An answer without a body is a refusal: nothing that the peer may still send is wanted.
    static int on_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
        auto* const stream = from(user).stream(frame->hd.stream_id);
        const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        if (frame->hd.type == NGHTTP2_HEADERS && ends && stream != nullptr)
            stream->reset(NGHTTP2_NO_ERROR);
        return 0;
    }

    static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t id,
                       const std::uint8_t* octets, std::size_t size, void* user) {
        (void)nghttp2_session_consume_connection(session, size);  // one that waits stops no other
        auto* const stream = from(user).stream(id);
        if (stream == nullptr) return 0;
        stream->window_debt_ += size;
        const auto view = std::as_bytes(std::span(octets, size));
        std::vector<std::byte> copy(view.begin(), view.end());  // nghttp2's are const
        stream->on_data(copy);
        return 0;
    }

    static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
        from(user).streams_.erase(id);
        return 0;
    }

    static constexpr std::size_t fields_size_max = 16384;     // of one request, names and values
    static constexpr auto opening_wait = hawse::seconds(10);  // for the first request
    static constexpr auto idle_wait = hawse::seconds(60);     // for another one, when there is none
    static constexpr auto stall_wait = hawse::seconds(30);    // for room to write

    int descriptor_;
    nghttp2_session* session_ = nullptr;
    hawse::Time idle_at_ = hawse::posix_now() + opening_wait;
    hawse::Time stalled_at_ = hawse::posix_now() + stall_wait;
    std::map<std::int32_t, Stream> streams_;
};

/// Listens on 127.0.0.1 and calls `serve` with each connection, in a thread of its own.
inline int serve_all(int count, char** values, const char* tool, void (*serve)(int descriptor)) {
    Arguments arguments(count, values, tool, "options: --port N   0, the default, picks one\n");
    std::uint64_t port = 0;
    for (std::string_view value; arguments.next();) {
        if (!arguments.option("--port", value)) arguments.unknown();
        port = arguments.number("--port", value, 0, 65535);
    }
    const auto listener = listen_on("127.0.0.1", static_cast<std::uint16_t>(port));
    if (listener.descriptor < 0) {
        std::fprintf(stderr, "%s: %s\n", tool, listener.problem.c_str());
        return EXIT_FAILURE;
    }
    std::printf("listening on 127.0.0.1:%u\n", unsigned{listener.port});
    (void)std::fflush(stdout);
    (void)::fcntl(listener.descriptor, F_SETFL, 0);  // accept() waits
    static Threads threads;
    for (;;) {
        const int descriptor =
            !threads.has_room()
                ? -1
                : ::accept4(listener.descriptor, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) {
            (void)::poll(nullptr, 0, 100);  // there is no room or no descriptor: later
            continue;
        }
        const int on = 1;  // a frame leaves at once; nghttp2 joins what belongs together
        (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        threads.start(descriptor, [serve](int socket) {
            serve(socket);
            (void)::close(socket);
        });
    }
}

}  // namespace examples
