// SPDX-License-Identifier: MIT
// A thread for each socket, and not more of them than a process can bear. It knows not what they do.
// std::thread throws when there is no further thread, and examples are built without exceptions: so
// pthread_create, which says so.
#pragma once

#include <atomic>
#include <memory>
#include <pthread.h>
#include <unistd.h>
#include <utility>

namespace examples {

/// Outlives its threads: a static object.
class Threads {
public:
    /// Who accepts stops while there is none, and clients wait in the backlog.
    [[nodiscard]] bool has_room() const noexcept { return count_ < 256; }

    /// Calls `act(socket)` in a thread of its own; closes `socket` when there cannot be one.
    template <typename Act>
    void start(int socket, Act act) {
        struct Task {
            std::atomic<int>& count;
            int socket;
            Act act;
        };
        auto task = std::make_unique<Task>(Task{count_, socket, std::move(act)});
        const auto run = [](void* given) -> void* {
            const std::unique_ptr<Task> mine(static_cast<Task*>(given));
            mine->act(mine->socket);
            --mine->count;
            return nullptr;
        };
        ++count_;
        pthread_t thread{};
        if (::pthread_create(&thread, nullptr, run, task.get()) == 0) {
            (void)task.release();  // the thread's now
            (void)::pthread_detach(thread);
        } else {
            --count_;
            (void)::close(socket);
        }
    }

private:
    std::atomic<int> count_ = 0;
};

}  // namespace examples
