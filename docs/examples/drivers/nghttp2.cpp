// SPDX-License-Identifier: MIT
// An echo server over HTTP/2, in clear text with prior knowledge. nghttp2 speaks HTTP/2 (http2.hpp);
// a ServerOpening turns an extended CONNECT into an answer, and a Connection takes the stream from
// there: DATA in, DATA out, END_STREAM where a side ends, RST_STREAM where the peer does not end its
// own. A stream's window opens only while its Connection wants to read, and so flow control carries
// backpressure to the peer. RFC 8441
#include "hawse/hawse.hpp"
#include "hawse/heap.hpp"
#include "http2.hpp"

#include <optional>

namespace {

using hawse::posix_now;

// One for each thread, which serves one TCP connection.
thread_local hawse::Pool pool(hawse::heap_allocator());
thread_local const hawse::Config config{.pool = &pool, .waits = {.ping = hawse::seconds(30)}};

struct Stream : examples::Http2Stream {
    using Http2Stream::Http2Stream;

    // The fields as nghttp2 delivers them, pseudo-fields in front; the answer as it sends them.
    void on_request(std::span<const hawse::Field> fields) {
        hawse::ServerOpening opening(config);
        const auto fault = opening.judge({.fields = fields, .transport = hawse::Transport::http2});
        if (fault == hawse::Violation::none && opening.accept() == hawse::Refusal::none)
            ws.emplace(config, opening.agreement(), posix_now());
        const nghttp2_data_provider body{{.ptr = this}, read_output};
        respond(opening.fields(), ws ? &body : nullptr);
    }
    void on_data(hawse::Bytes octets) {
        if (!ws) return;  // behind a request that was refused
        (void)ws->receive(octets, posix_now());
        echo();
    }
    void on_end() {
        if (ws) ws->receive_end(hawse::TransportEnd::orderly, posix_now());
    }

    void echo() {
        while (const hawse::Event event = ws->next_event())
            if (event.is_message() &&
                ws->send(event.message_kind(), event.payload()) != hawse::Refusal::none)
                (void)ws->close(hawse::CloseCode::internal_error);
    }
    hawse::Time settle() {
        if (!ws) return hawse::never;
        ws->advance(posix_now());
        echo();
        const auto wants = ws->wants();
        if (wants.read()) open_window();
        if (wants.write() || wants.end_write() || wants.close()) resume();
        if (wants.close()) reset();
        return ws->deadline();
    }

    // nghttp2 has room: as much as fits, the end of our side, or nothing until resume().
    static ssize_t read_output(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t size,
                               std::uint32_t* flags, nghttp2_data_source* source, void*) {
        auto& ws = *static_cast<Stream*>(source->ptr)->ws;
        const auto count = ws.write_output({reinterpret_cast<std::byte*>(into), size}, posix_now());
        const bool ends = ws.wants().end_write() || ws.wants().close();
        if (!ends && count == 0) return NGHTTP2_ERR_DEFERRED;
        if (ends) ws.write_ended(posix_now());
        if (ends) *flags |= NGHTTP2_DATA_FLAG_EOF;
        return static_cast<ssize_t>(count);
    }

    std::optional<hawse::Connection> ws = {};
};

void serve(int descriptor) {
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
                                               {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100}};
    examples::Http2Session<Stream>(descriptor).run(settings);
}

}  // namespace

int main(int count, char** values) {
    return examples::serve_all(count, values, "driver-nghttp2", serve);
}
