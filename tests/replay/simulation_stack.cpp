// SPDX-License-Identifier: MIT
#include "replay/simulation_stack.hpp"

#include <cstdlib>
#include <cstring>
#include <string_view>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAWSE_STACK_IS_SHARED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
    __has_feature(thread_sanitizer)
#define HAWSE_STACK_IS_SHARED 1
#endif
#endif

#if defined(__linux__) && !defined(HAWSE_STACK_IS_SHARED)
#include <pthread.h>
#include <sys/mman.h>

namespace hawse::test::replay::simulated {

namespace {

constexpr std::size_t stack_size = std::size_t{1} << 20;
constexpr unsigned char paint = 0xC7;

struct Task {
    void (*run)(void*);
    void* context;
    const unsigned char* top = nullptr;
};

void* run_task(void* argument) {
    auto& task = *static_cast<Task*>(argument);
    unsigned char here = 0;
    task.top = &here;
    task.run(task.context);
    return nullptr;
}

bool is_under_valgrind() {
    const char* const preloaded = std::getenv("LD_PRELOAD");
    return preloaded != nullptr &&
           std::string_view(preloaded).find("vgpreload") != std::string_view::npos;
}

// Kept for all runs: a stack that is not painted anew beyond what was used last is as good.
unsigned char* painted_stack() {
    static unsigned char* const stack = [] {
        void* const memory =
            mmap(nullptr, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return memory == MAP_FAILED ? nullptr : static_cast<unsigned char*>(memory);
    }();
    if (stack != nullptr) std::memset(stack, paint, stack_size);
    return stack;
}

}  // namespace

std::size_t stack_used_by(void (*run)(void* context), void* context) {
    static const bool can_be_seen = !is_under_valgrind();
    unsigned char* const stack = can_be_seen ? painted_stack() : nullptr;
    Task task{run, context};
    pthread_attr_t attributes;
    pthread_t thread;
    if (stack == nullptr || pthread_attr_init(&attributes) != 0) return 0;
    const bool ran = pthread_attr_setstack(&attributes, stack, stack_size) == 0 &&
                     pthread_create(&thread, &attributes, run_task, &task) == 0 &&
                     pthread_join(thread, nullptr) == 0;
    pthread_attr_destroy(&attributes);
    if (!ran) return 0;
    std::size_t untouched = 0;
    while (untouched < stack_size && stack[untouched] == paint) ++untouched;
    return static_cast<std::size_t>(task.top - (stack + untouched));
}

}  // namespace hawse::test::replay::simulated

#else

namespace hawse::test::replay::simulated {

std::size_t stack_used_by(void (*)(void*), void*) { return 0; }

}  // namespace hawse::test::replay::simulated

#endif
