// SPDX-License-Identifier: MIT
// Prepared messages between threads: 10,000 connections, half of them of each of two threads, which have
// a pool of their own and nothing in common but the messages. Whoever lets go last, on whichever thread,
// releases. Handles and connections go in any order, and output is written in pieces of any size. A plain
// program, for a sanitizer to look at: what it says itself is that every octet came out right, and that
// no message is left.
//
// Nothing here but a mailbox, which is seldom visited, orders what the threads do: each further lock, and
// each counter that is more than relaxed, would hide what the engine has forgotten.
#include "hawse/hawse.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace hawse;

namespace {

constexpr std::size_t thread_count = 2;
constexpr std::size_t connection_count = 10000;
constexpr std::size_t round_count = 150000;  // of each thread
constexpr std::size_t message_count_max = 1000;
constexpr std::uint16_t own_message = UINT16_MAX;
constexpr Time now = {1};

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

std::atomic<std::size_t> live_count = 0;  // of messages
std::atomic<std::size_t> made_count = 0;

Allocator message_allocator() {
    return {[](void*, std::size_t size) noexcept {
                live_count.fetch_add(1, std::memory_order_relaxed);
                made_count.fetch_add(1, std::memory_order_relaxed);
                return std::malloc(size);
            },
            [](void*, void* octets, std::size_t size) noexcept {
                std::memset(octets, 0xDD, size);
                live_count.fetch_sub(1, std::memory_order_relaxed);
                std::free(octets);
            },
            nullptr};
}

Allocator pool_allocator() {
    return {[](void*, std::size_t size) noexcept { return std::malloc(size); },
            [](void*, void* octets, std::size_t) noexcept { std::free(octets); }, nullptr};
}

/// Half of the connections compress.
Agreement agreement_of(bool compresses) {
    Agreement agreement{.role = Role::server};
    agreement.deflate = {compresses, {12, true}, {12, true}};
    return agreement;
}

/// A message, and its frames as either kind of connection writes them.
struct Message {
    PreparedMessage handle;
    std::uint16_t id = 0;
};
using Frames = std::array<std::vector<std::byte>, 2>;
std::array<Frames, message_count_max> known;  // written by who prepares, before it is posted
const std::array own_frame = {std::byte{0x82}, std::byte{0x03}, std::byte{'o'}, std::byte{'w'},
                              std::byte{'n'}};

/// Where the threads find each other's messages.
class Mailbox {
public:
    void post(Message message, std::size_t slot) {
        const std::lock_guard guard(mutex_);
        std::swap(slots_[slot % slots_.size()], message);
    }
    Message take(std::size_t slot, bool leave_it) {
        const std::lock_guard guard(mutex_);
        Message& message = slots_[slot % slots_.size()];
        return leave_it ? message : std::exchange(message, {});
    }

private:
    std::mutex mutex_;
    std::array<Message, 8> slots_;
};

/// A connection, and what it has still to write.
struct Peer {
    Peer(const Config& config, bool compresses_own)
        : connection(config, agreement_of(compresses_own), now), compresses(compresses_own) {}

    [[nodiscard]] ConstBytes frame(std::uint16_t id) const {
        return id == own_message ? ConstBytes(own_frame) : ConstBytes(known[id][compresses]);
    }
    void send(const Message& message) {
        if (connection.send(message.handle) == Refusal::none) queued.push_back(message.id);
    }
    void send_own() {
        if (connection.send(MessageKind::binary, ConstBytes(own_frame).subspan(2)) == Refusal::none)
            queued.push_back(own_message);
    }
    void check(ConstBytes octets) {
        while (!octets.empty()) {
            require(next < queued.size(), "more was shown than was sent");
            const ConstBytes rest = frame(queued[next]).subspan(within);
            const std::size_t size = std::min(rest.size(), octets.size());
            require(std::memcmp(rest.data(), octets.data(), size) == 0, "octets are not as sent");
            octets = octets.subspan(size);
            within += size;
            if (size != rest.size()) continue;
            within = 0;
            ++next;
        }
    }
    /// Writes some of what is shown; octets that went before may be given back later.
    void write(std::minstd_rand& random) {
        std::array<Slice, 4> slices;
        const std::size_t count = connection.gather(std::span(slices).first(1 + random() % 4));
        std::size_t shown = 0;
        for (std::size_t index = 0; index < count; ++index) shown += slices[index].size();
        if (shown == 0) return connection.reusable(SIZE_MAX);
        std::size_t left = random() % 3 == 0 ? shown : random() % (shown + 1);
        const std::size_t taken = left;
        for (std::size_t index = 0; index < count && left != 0; ++index) {
            const ConstBytes octets = slices[index].bytes();
            const ConstBytes written = octets.first(std::min(left, octets.size()));
            check(written);
            left -= written.size();
        }
        if (random() % 2 == 0) return connection.wrote(taken, now);
        connection.handed_over(taken, now);
        connection.reusable(random() % (taken + 1));
    }

    Connection connection;
    bool compresses;
    std::vector<std::uint16_t> queued = {};
    std::size_t next = 0;    // of them
    std::size_t within = 0;  // octets of its frame
};

class Thread {
public:
    Thread(std::size_t index, Mailbox& mailbox)
        : index_(index), mailbox_(mailbox), random_(static_cast<unsigned>(index + 1)),
          peers_(connection_count / thread_count) {
        config_.pool = &pool_;
        config_.deflate.enabled = true;
    }

    void run() {
        for (std::optional<Peer>& peer : peers_) open(peer);
        prepare();
        broadcast(0, peers_.size());
        for (std::size_t round = 0; round < round_count; ++round) step();
        end();
    }

private:
    std::size_t draw(std::size_t count) { return random_() % count; }
    std::optional<Peer>& any_peer() { return peers_[draw(peers_.size())]; }
    Message& any_message() { return messages_[draw(messages_.size())]; }

    void open(std::optional<Peer>& peer) { peer.emplace(config_, draw(2) == 0); }

    void step() {
        const std::size_t choice = draw(1000);
        if (choice < 4) prepare();
        if (choice < 8) visit();
        else if (choice < 20) any_message() = {};
        else if (choice < 60) any_peer()->connection.abort(now);
        else if (choice < 120) open(any_peer());
        else if (choice < 140) any_peer()->send_own();
        else if (choice < 160) broadcast(draw(peers_.size()), draw(200));
        else if (choice < 500) any_peer()->send(any_message());
        else any_peer()->write(random_);
    }

    /// Some repeat themselves, some do not.
    void prepare() {
        if (prepared_count_ == message_count_max / thread_count) return;
        Message message;
        message.id = static_cast<std::uint16_t>(prepared_count_++ * thread_count + index_);
        std::string text(draw(draw(10) == 0 ? 20000 : 500), 'a');
        for (char& character : text)
            if (message.id % 2 == 0 || draw(8) == 0)
                character = static_cast<char>('0' + draw(64));
        require(hawse::prepare(MessageKind::text, as_bytes(text), std::array{agreement_of(true)},
                               message_allocator(), config_, message.handle) == Refusal::none,
                "no message could be prepared");
        for (const bool compresses : {false, true}) {
            Connection probe(config_, agreement_of(compresses), now);
            require(probe.send(message.handle) == Refusal::none, "a message could not be sent");
            std::vector<std::byte>& frame = known[message.id][compresses];
            frame.resize(probe.output_size());
            require(probe.write_output(frame, now) == frame.size(), "it is not written whole");
        }
        require(known[message.id][0].size() >= known[message.id][1].size(), "it has grown");
        any_message() = message;
        mailbox_.post(std::move(message), random_());
    }

    void visit() {
        if (draw(2) == 0)
            mailbox_.post(any_message(), random_());
        else
            any_message() = mailbox_.take(random_(), draw(2) == 0);
    }

    void broadcast(std::size_t from, std::size_t count) {
        Message message = any_message();
        for (; from < peers_.size() && count != 0; ++from, --count) {
            peers_[from]->send(message);
            if (draw(100) == 0) any_message() = {};
        }
    }

    /// Handles and connections go in any order, written or not.
    void end() {
        std::vector<std::size_t> order(peers_.size() + messages_.size());
        for (std::size_t at = 0; at < order.size(); ++at) order[at] = at;
        std::shuffle(order.begin(), order.end(), random_);
        for (const std::size_t at : order) {
            if (at >= peers_.size()) {
                messages_[at - peers_.size()] = {};
                continue;
            }
            for (std::size_t left = draw(4); left != 0; --left) peers_[at]->write(random_);
            peers_[at].reset();
        }
        require(pool_.leased_size() == 0, "not all was given back to the pool");
    }

    std::size_t index_;
    Mailbox& mailbox_;
    std::minstd_rand random_;
    Pool pool_{pool_allocator()};
    Config config_;
    std::array<Message, 12> messages_;
    std::vector<std::optional<Peer>> peers_;
    std::size_t prepared_count_ = 0;
};

}  // namespace

int main() {
    {
        Mailbox mailbox;
        std::vector<std::thread> threads;
        for (std::size_t index = 0; index < thread_count; ++index)
            threads.emplace_back([index, &mailbox] { Thread(index, mailbox).run(); });
        for (std::thread& thread : threads) thread.join();
    }
    require(live_count == 0, "a message is left");
    require(made_count > 900, "hardly anything was prepared");
    std::printf("%zu messages for %zu connections on %zu threads\n", made_count.load(),
                connection_count, thread_count);
    return 0;
}
