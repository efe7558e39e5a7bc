// SPDX-License-Identifier: MIT
// What a host in C injects, counted and foreseeable, and the few words it needs for texts and payloads.
#pragma once

#include "hawse/hawse.h"

#include <stdlib.h>
#include <string.h>

static const int64_t second = 1000000000;

static size_t memory_out;
static bool memory_is_short;

static inline void* allocate(void* context, size_t size) {
    size_t* const counted = context;
    void* const octets = memory_is_short ? NULL : malloc(size);
    if (octets != NULL) *counted += size;
    return octets;
}

static inline void release(void* context, void* octets, size_t size) {
    size_t* const counted = context;
    *counted -= size;
    free(octets);
}

static inline bool entropy_fill(void* context, uint8_t* into, size_t size) {
    uint8_t* const state = context;
    size_t index;
    for (index = 0; index < size; ++index) into[index] = *state = (uint8_t)(*state * 5 + 113);
    return true;
}

static const hawse_allocator allocator = {
    .size = sizeof(hawse_allocator),
    .allocate = allocate,
    .release = release,
    .context = &memory_out,
};

static inline hawse_options options_for(hawse_pool* pool, uint8_t* state) {
    hawse_options options;
    hawse_options_init(&options, sizeof options);
    options.pool = pool;
    options.entropy_fill = entropy_fill;
    options.entropy_context = state;
    return options;
}

static inline bool is_payload(const hawse_event* event, const void* octets, size_t size) {
    return event->payload.size == size &&
           (size == 0 || memcmp(event->payload.data, octets, size) == 0);
}

static inline bool is_text(hawse_text text, const char* expected) {
    return text.size == strlen(expected) &&
           (text.size == 0 || memcmp(text.data, expected, text.size) == 0);
}

static inline const uint8_t* octets_of(const char* text) { return (const uint8_t*)text; }

static inline hawse_text text_of(const char* text) {
    hawse_text view;
    view.data = text;
    view.size = strlen(text);
    return view;
}
