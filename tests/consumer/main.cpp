// SPDX-License-Identifier: MIT
// A host in small, built outside this tree against an installed hawse (pkg-config) and against hawse as
// a subproject: the server's side of the masked "Hello" of RFC 6455 §5.7, echoed.
#include "hawse/hawse.hpp"
#include "hawse/heap.hpp"

#include <array>
#include <cstdio>
#include <cstring>

int main() {
    hawse::Pool pool{hawse::heap_allocator()};
    hawse::Config config;
    config.pool = &pool;
    hawse::Connection server{config, hawse::Agreement{}, hawse::Time{}};

    unsigned char received[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
    const char expected[] = "\x81\x05Hello";
    (void)server.receive(std::as_writable_bytes(std::span{received}), hawse::Time{});
    while (const hawse::Event event = server.next_event())
        if (event.is_message()) (void)server.send(event.message_kind(), event.payload());

    std::array<std::byte, 64> output{};
    const std::size_t size = server.write_output(output, hawse::Time{});
    const bool echoed =
        size == sizeof expected - 1 && std::memcmp(output.data(), expected, size) == 0;
    const bool same_version = std::strcmp(hawse::library_version(), HAWSE_VERSION_STRING) == 0;
    std::printf("hawse %s %s\n", hawse::library_version(), echoed ? "echoes" : "does not echo");
    return echoed && same_version ? 0 : 1;
}
