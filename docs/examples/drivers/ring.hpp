// SPDX-License-Identifier: MIT
// io_uring as every program has to set it up: a ring, blocks that the kernel reads into, and the four
// requests that a server of sockets makes. It knows nothing of peers and of WebSocket.
#pragma once

#include "hawse/hawse.hpp"
#include "hawse/posix.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <liburing.h>
#include <memory>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace examples {

class Ring {
public:
    /// What has happened to a request.
    struct Done {
        int source;      ///< the descriptor it was made for
        bool is_send;    ///< it was send(), not receive() or another
        bool is_notice;  ///< a send was done before, and now its memory is free
        bool is_last;    ///< nothing more will come of this request
        int result;      ///< a size, a descriptor, or a negative errno
        /// Where receive() put the octets, until give_back(); without data when it did not.
        hawse::Bytes block;
    };
    /// What send() is given, to stay where it is until that is done; and what the kernel still reads.
    struct Message {
        hawse::Slice slices[16];
        msghdr header = {};
        std::size_t size = 0;       ///< of the send in progress
        std::size_t lent_size = 0;  ///< of those before it whose memory is not free yet
        int notice_count = 0;       ///< that will tell when it is

        [[nodiscard]] bool is_in_flight() const noexcept { return size + lent_size != 0; }
        /// The octets whose memory is free now. Notices may come in any order: the last one counts.
        std::size_t freed_by(const Done& done) noexcept {
            if (!done.is_notice) lent_size += std::exchange(size, 0);
            notice_count += done.is_notice ? -1 : done.is_last ? 0 : 1;
            return notice_count == 0 ? std::exchange(lent_size, 0) : 0;
        }
    };

    /// Says so where the system has none, and ends the program with status 77.
    Ring() {
        io_uring_buf_reg group{};
        group.ring_addr = reinterpret_cast<std::uintptr_t>(places_);
        group.ring_entries = block_count;
        int status = io_uring_queue_init(256, &ring_, 0);
        if (status == 0) status = io_uring_register_buf_ring(&ring_, &group, 0);
        if (status != 0) {
            std::fprintf(stderr, "no io_uring with buffer rings: %s\n", std::strerror(-status));
            std::exit(77);
        }
        for (auto& block : *blocks_) give_back(block);
        io_uring_probe* const probe = io_uring_get_probe_ring(&ring_);
        can_lend_ = probe != nullptr && io_uring_opcode_supported(probe, IORING_OP_SENDMSG_ZC) != 0;
        io_uring_free_probe(probe);
    }
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring() { io_uring_queue_exit(&ring_); }

    /// Nothing is in flight after it, where the kernel can cancel everything at once (6.0).
    void cancel_all() {
        io_uring_sync_cancel_reg everything{};
        everything.flags = IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY;
        everything.timeout = {-1, -1};
        (void)io_uring_register_sync_cancel(&ring_, &everything);
    }

    void watch(int descriptor) { io_uring_prep_poll_add(request(descriptor), descriptor, POLLIN); }
    /// Goes on until it fails. The listener is to block: the ring does the waiting.
    void accept(int listener) {
        (void)::fcntl(listener, F_SETFL, 0);
        io_uring_prep_multishot_accept(request(listener), listener, nullptr, nullptr, SOCK_CLOEXEC);
    }
    /// Into `place` when it is large, else into a block.
    void receive(int socket, hawse::Bytes place) {
        io_uring_sqe* const read = request(socket);
        if (place.size() > block_size)
            return io_uring_prep_recv(read, socket, place.data(), place.size(), 0);
        io_uring_prep_recv(read, socket, nullptr, 0, 0);
        read->flags |= IOSQE_BUFFER_SELECT;
    }
    /// All of the first `count` slices, without a copy where that pays; answers their size.
    std::size_t send(int socket, Message& message, std::size_t count) {
        message.size = hawse::size_of({message.slices, count});
        message.header.msg_iov = const_cast<iovec*>(hawse::iovecs(message.slices));
        message.header.msg_iovlen = count;
        const bool lends = can_lend_ && message.size > 2 * block_size;
        const auto prepare = lends ? io_uring_prep_sendmsg_zc : io_uring_prep_sendmsg;
        prepare(request(socket, send_bit), socket, &message.header, MSG_WAITALL | MSG_NOSIGNAL);
        return message.size;
    }
    /// What is in flight ends soon; a send takes what it was given out of the kernel's hands.
    static void end(int socket, bool is_sending) {
        const sockaddr nowhere{AF_UNSPEC, {}};
        if (is_sending) (void)::connect(socket, &nowhere, sizeof nowhere);
        (void)::shutdown(socket, SHUT_RDWR);
    }

    /// Submits, waits so many milliseconds or for ever (-1), and calls `handle` with what is done.
    template <typename Handle>
    void wait(int milliseconds, Handle handle) {
        __kernel_timespec time{milliseconds / 1000, milliseconds % 1000 * 1'000'000LL};
        auto* const bound = milliseconds < 0 ? nullptr : &time;
        io_uring_cqe* done = nullptr;
        (void)io_uring_submit_and_wait_timeout(&ring_, &done, 1, bound, nullptr);
        for (; io_uring_peek_cqe(&ring_, &done) == 0; io_uring_cqe_seen(&ring_, done)) {
            const auto what = told(*done);
            if (what.result == -ENOBUFS && !what.is_send)
                receive(what.source, {});  // all blocks were full: again, when some were given back
            else
                handle(what);
        }
    }

    void give_back(hawse::Bytes block) {
        if (block.data() == nullptr) return;
        auto* const places = reinterpret_cast<io_uring_buf_ring*>(places_);
        const auto number = (block.data() - blocks_->front().data()) / std::ptrdiff_t(block_size);
        io_uring_buf_ring_add(places, block.data(), block_size, static_cast<unsigned short>(number),
                              io_uring_buf_ring_mask(block_count), 0);
        io_uring_buf_ring_advance(places, 1);
    }

private:
    static constexpr std::size_t block_size = 16384;
    static constexpr unsigned block_count = 64;
    static constexpr std::uint64_t send_bit = std::uint64_t{1} << 32;
    using Blocks = std::array<std::array<std::byte, block_size>, block_count>;

    io_uring_sqe* request(int source, std::uint64_t bit = 0) {
        io_uring_sqe* next = io_uring_get_sqe(&ring_);
        while (next == nullptr) {
            (void)io_uring_submit(&ring_);
            next = io_uring_get_sqe(&ring_);
        }
        next->user_data = bit | static_cast<std::uint32_t>(source);
        return next;
    }

    Done told(const io_uring_cqe& done) {
        const bool in_block = (done.flags & IORING_CQE_F_BUFFER) != 0;
        return {static_cast<int>(done.user_data & UINT32_MAX),
                (done.user_data & send_bit) != 0,
                (done.flags & IORING_CQE_F_NOTIF) != 0,
                (done.flags & IORING_CQE_F_MORE) == 0,
                done.res,
                in_block ? hawse::Bytes((*blocks_)[done.flags >> IORING_CQE_BUFFER_SHIFT])
                               .first(static_cast<std::size_t>(std::max(done.res, 0)))
                         : hawse::Bytes()};
    }

    io_uring ring_ = {};
    bool can_lend_ = false;
    alignas(4096) std::byte places_[block_count * sizeof(io_uring_buf)] = {};
    std::unique_ptr<Blocks> blocks_ = std::make_unique<Blocks>();
};

}  // namespace examples
