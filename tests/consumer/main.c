// SPDX-License-Identifier: MIT
// The same host in C, linked by a C compiler alone: the library asks for nothing of the C++ runtime.
#include "hawse/hawse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void* allocate(void* context, size_t size) {
    (void)context;
    return malloc(size);
}

static void release(void* context, void* octets, size_t size) {
    (void)context;
    (void)size;
    free(octets);
}

int main(void) {
    const hawse_allocator allocator = {
        .size = sizeof allocator, .allocate = allocate, .release = release};
    hawse_pool* const pool = hawse_pool_create(&allocator, HAWSE_POOL_KEPT_SIZE_MAX, NULL);
    hawse_options options;
    hawse_options_init(&options, sizeof options);
    options.pool = pool;
    hawse_config* const config = hawse_config_create(&options);
    const hawse_agreement agreement = {.size = sizeof agreement, .role = HAWSE_ROLE_SERVER};
    hawse_connection* const server = hawse_connection_create(config, &agreement, 0);

    unsigned char received[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
    const char expected[] = "\x81\x05Hello";
    unsigned char output[64];
    hawse_event event = {.size = sizeof event};
    (void)hawse_connection_receive(server, received, sizeof received, 0);
    while (hawse_connection_next_event(server, &event))
        if (event.kind == HAWSE_EVENT_KIND_MESSAGE)
            (void)hawse_connection_send(server, event.message_kind, event.payload.data,
                                        event.payload.size, NULL);
    const size_t size = hawse_connection_write_output(server, output, sizeof output, 0);
    const int echoed = size == sizeof expected - 1 && memcmp(output, expected, size) == 0;
    const int same_version = strcmp(hawse_library_version(), HAWSE_VERSION_STRING) == 0;

    hawse_connection_destroy(server, config);
    hawse_config_destroy(config);
    hawse_pool_destroy(pool);
    printf("hawse %s %s in C\n", hawse_library_version(), echoed ? "echoes" : "does not echo");
    return echoed && same_version ? 0 : 1;
}
