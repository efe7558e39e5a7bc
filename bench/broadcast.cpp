// SPDX-License-Identifier: MIT
// What it costs to send one message to 100,000 clients: prepared once, or given to each connection,
// plain and compressed. The connections are servers; what they write is taken at once and goes nowhere.
//
//     broadcast [--connections COUNT] [--size OCTETS] [--rounds COUNT]
//
// Prints, for each way, nanoseconds a connection to send and to write, the median of the rounds, and the
// octets of memory a connection holds between the two. That what is written is right is seen before.
#include "hawse/hawse.hpp"
#include "hawse/heap.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace hawse;

namespace {

constexpr Time now = {1};

struct Options {
    std::size_t connection_count = 100000;
    std::size_t size = 1024;
    std::size_t round_count = 5;
};

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broadcast: %s\n", what);
    std::exit(1);
}

/// Something like the messages of a feed.
std::string feed(std::size_t size) {
    std::minstd_rand random(1);
    std::string text = "[";
    while (text.size() < size)
        text += "{\"name\":\"symbol" + std::to_string(random() % 1000) + "\",\"price\":" +
                std::to_string(random() % 100000) + ",\"volume\":" + std::to_string(random() % 900) +
                "},";
    text.resize(size);
    return text;
}

Agreement agreement_of(bool compresses, bool takeover) {
    Agreement agreement{.role = Role::server};
    agreement.deflate = {compresses, {15, takeover}, {15, takeover}};
    return agreement;
}

/// Counts what is out.
struct Counted {
    std::size_t live_size = 0;
    [[nodiscard]] Allocator face() noexcept {
        return {[](void* context, std::size_t size) noexcept {
                    static_cast<Counted*>(context)->live_size += size;
                    return std::malloc(size);
                },
                [](void* context, void* octets, std::size_t size) noexcept {
                    static_cast<Counted*>(context)->live_size -= size;
                    std::free(octets);
                },
                this};
    }
};

struct Way {
    const char* name;
    bool prepared;
    Compression compression;
    bool takeover;
};

struct Cost {
    double send = 0;   // nanoseconds a connection
    double write = 0;  // the same
    double held = 0;   // octets a connection, written not yet
    std::size_t wire_size = 0;
};

class Host {
public:
    Host(const Options& options, const Way& way, std::string_view text)
        : way_(way), text_(as_bytes(text)),
          agreement_(agreement_of(way.compression != Compression::none, way.takeover)) {
        config_.pool = &pool_;
        connections_.reserve(options.connection_count);
        for (std::size_t index = 0; index < options.connection_count; ++index)
            connections_.push_back(std::make_unique<Connection>(config_, agreement_, now));
    }

    /// What a client makes of what each of some connections writes is the message.
    std::size_t verify() {
        std::size_t wire_size = 0;
        for (std::size_t index = 0; index < std::min<std::size_t>(3, connections_.size()); ++index) {
            Agreement of_client = agreement_;
            of_client.role = Role::client;
            Connection server(config_, agreement_, now), client(config_, of_client, now);
            require(send(server, prepare()), "a message was refused");
            std::vector<std::byte> wire(server.output_size());
            wire_size = server.write_output(wire, now);
            require(wire_size == wire.size(), "it is not written whole");
            require(client.receive(wire, now) == Refusal::none, "a client takes nothing");
            const Event event = client.next_event();
            require(event.is_message() && event.payload().size() == text_.size() &&
                        std::memcmp(event.payload().data(), text_.data(), text_.size()) == 0,
                    "it is not the message");
            const bool compressed = (std::to_integer<unsigned>(wire[0]) & rsv1_bit) != 0;
            require(compressed == (way_.compression != Compression::none), "it is not as asked for");
        }
        return wire_size;
    }

    Cost run() {
        Cost cost;
        const std::size_t held_before = memory_.live_size - pool_.kept_size();
        const auto begin = std::chrono::steady_clock::now();
        {
            const PreparedMessage message = prepare();
            for (const auto& connection : connections_)
                if (!send(*connection, message)) require(false, "a message was refused");
        }
        const auto sent = std::chrono::steady_clock::now();
        const auto count = static_cast<double>(connections_.size());
        cost.held = static_cast<double>(memory_.live_size - pool_.kept_size() - held_before) / count;
        const auto writes = std::chrono::steady_clock::now();
        std::size_t written = 0;
        for (const auto& connection : connections_) {
            std::array<Slice, 8> slices;
            while (const std::size_t slice_count = connection->gather(slices)) {
                for (std::size_t index = 0; index < slice_count; ++index)
                    written += slices[index].size();
                connection->wrote(SIZE_MAX, now);
            }
        }
        const auto end = std::chrono::steady_clock::now();
        cost.send = std::chrono::duration<double, std::nano>(sent - begin).count() / count;
        cost.write = std::chrono::duration<double, std::nano>(end - writes).count() / count;
        cost.wire_size = written / connections_.size();
        return cost;
    }

private:
    PreparedMessage prepare() {
        PreparedMessage message;
        if (way_.prepared)
            require(hawse::prepare(MessageKind::text, text_, std::array{agreement_}, memory_.face(),
                                   config_, message,
                                   {TextCheck::checked, way_.compression}) == Refusal::none,
                    "nothing could be prepared");
        return message;
    }
    bool send(Connection& connection, const PreparedMessage& message) {
        if (way_.prepared) return connection.send(message) == Refusal::none;
        return connection.send(MessageKind::text, text_, {TextCheck::checked, way_.compression}) ==
               Refusal::none;
    }

    Way way_;
    ConstBytes text_;
    Agreement agreement_;
    Counted memory_;
    Pool pool_{memory_.face(), std::size_t{1} << 30};
    Config config_;
    std::vector<std::unique_ptr<Connection>> connections_;
};

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + std::ptrdiff_t(values.size() / 2), values.end());
    return values[values.size() / 2];
}

void measure(const Options& options, const Way& way, std::string_view text) {
    std::fprintf(stderr, "\r%-40s\r%s ...", "", way.name);
    Host host(options, way, text);
    const std::size_t wire_size = host.verify();
    std::vector<double> sends, writes;
    Cost last = host.run();  // the pool fills
    for (std::size_t round = 0; round < options.round_count; ++round) {
        last = host.run();
        require(last.wire_size == wire_size || way.takeover, "not all was written");
        sends.push_back(last.send);
        writes.push_back(last.write);
        std::fprintf(stderr, "\r%s: round %zu of %zu", way.name, round + 1, options.round_count);
    }
    std::fprintf(stderr, "\r%-60s\r", "");
    std::printf("%-34s %8zu %10.1f %10.1f %10.1f\n", way.name, last.wire_size, median(sends),
                median(writes), last.held);
}

Options options_of(int count, char** arguments) {
    Options options;
    for (int index = 1; index + 1 < count; index += 2) {
        const std::string_view name = arguments[index];
        const std::size_t value = std::strtoull(arguments[index + 1], nullptr, 10);
        require(value != 0, "an option is followed by a number");
        if (name == "--connections") options.connection_count = value;
        else if (name == "--size") options.size = value;
        else if (name == "--rounds") options.round_count = value;
        else require(false, "the options are --connections, --size and --rounds");
    }
    return options;
}

}  // namespace

int main(int count, char** arguments) {
    const Options options = options_of(count, arguments);
    const std::string text = feed(options.size);
    std::printf("%zu connections, a text of %zu octets, median of %zu rounds\n\n", options.connection_count,
                text.size(), options.round_count);
    std::printf("%-34s %8s %10s %10s %10s\n", "", "octets", "ns to", "ns to", "octets");
    std::printf("%-34s %8s %10s %10s %10s\n", "each connection", "written", "send", "write", "held");
    const Way ways[] = {
        {"prepared, plain", true, Compression::none, false},
        {"send(), plain", false, Compression::none, false},
        {"prepared, compressed", true, Compression::always, true},
        {"send(), compressed, no takeover", false, Compression::always, false},
        {"send(), compressed, takeover", false, Compression::always, true},
    };
    for (const Way& way : ways) measure(options, way, text);
    return 0;
}
