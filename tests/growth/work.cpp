// SPDX-License-Identifier: MIT
// One named piece of work of a given size, for work.py to count the instructions of; without arguments every
// one at its full size. Plain C++. Work that a peer chooses the size of must grow with that size, and no
// faster: rows CPLX of tests/data/catalogue.tsv.
//
//     work [NAME SIZE]
#include "hawse/handshake.hpp"
#include "support/deflate_writer.hpp"
#include "support/drive.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace hawse;
using namespace hawse::test;

constexpr Role both_roles[] = {Role::server, Role::client};

[[noreturn]] void refuse(const char* why) {
    std::printf("%s\n", why);
    std::exit(2);
}
void expect(bool holds, const char* what) {
    if (holds) return;
    std::printf("the work went wrong: %s\n", what);
    std::exit(1);
}

/// What is counted: everything below `act`, and nothing that prepares it. work.py knows the name.
using Act = void (*)(void*);
extern "C" [[gnu::noinline]] void measured_work(Act act, void* context) { act(context); }
Act volatile hidden_act = nullptr;  // so that no compiler puts the one into the other

template <typename Body>
void measure(Body&& body) {
    hidden_act = [](void* context) { (*static_cast<std::remove_reference_t<Body>*>(context))(); };
    measured_work(hidden_act, &body);
}

/// A connection whose limits are out of the way.
struct Unlimited : Rig {
    Unlimited() noexcept {
        config.limits.message_size_max = UINT64_MAX;
        config.limits.fragment_count_max = UINT32_MAX;
        config.limits.output_max = SIZE_MAX;
        config.limits.head_size_max = SIZE_MAX;
        config.limits.field_count_max = UINT32_MAX;
        config.limits.empty_element_count_max = UINT32_MAX;
        config.limits.early_size_max = SIZE_MAX;
        config.limits.response_body_size_max = SIZE_MAX;
        config.limits.interim_count_max = UINT32_MAX;
        config.deflate.enabled = config.deflate.insist = true;
        config.deflate.receive.window_bits = 9;
        config.entropy = {[](void*, std::byte* into, std::size_t size) noexcept {
                              std::memcpy(into, "the sample nonce", size < 16 ? size : 16);
                              return true;
                          },
                          nullptr};
    }
};

constexpr Time now{1};

// Messages. A step is how many octets are lent at once.

std::size_t pull_messages(Connection& connection) {
    std::size_t size = 0;
    while (const Event event = connection.next_event()) size += event.payload().size();
    return size;
}

void receive_in_steps(Role role, Octets input, std::size_t step, std::size_t expected) {
    Unlimited rig;
    Drive drive(rig, role);
    std::size_t told = 0;
    measure([&] {
        for (std::size_t at = 0; at < input.size(); at += step) {
            const std::size_t size = std::min(step, input.size() - at);
            (void)drive->receive(Bytes(input).subspan(at, size), now);
            told += pull_messages(*drive);
        }
    });
    expect(told == expected && drive->state() == State::open, "not all was told");
}

std::string text_of(std::size_t size) {
    std::string text;
    while (text.size() + 3 <= size) text += "\xE2\x82\xAC";
    return text + std::string(size - text.size(), 'x');
}

void octet_by_octet(std::size_t size) {
    for (const Role role : both_roles)
        receive_in_steps(role, frame(other(role), 0x81, std::string_view(text_of(size))), 1, size);
}

void whole(std::size_t size) {
    for (const Role role : both_roles)
        receive_in_steps(role, frame(other(role), 0x81, std::string_view(text_of(size))), SIZE_MAX,
                         size);
}

Octets fragments_of(Role from, unsigned opcode, std::string_view text) {
    Octets octets;
    for (std::size_t index = 0; index < text.size(); ++index) {
        const unsigned fin = index + 1 == text.size() ? 0x80 : 0;
        append(octets, frame(from, fin | (index == 0 ? opcode : 0), text.substr(index, 1)));
    }
    return octets;
}

void fragments(std::size_t size) {
    for (const Role role : both_roles)
        receive_in_steps(role, fragments_of(other(role), 2, std::string(size, 'x')), SIZE_MAX,
                         size);
}

void text_fragments(std::size_t size) {
    for (const Role role : both_roles)
        receive_in_steps(role, fragments_of(other(role), 1, text_of(size)),
                         frame(other(role), 0, "x").size(), size);
}

void empty_frames(std::size_t size) {
    for (const Role role : both_roles) {
        Octets input;
        for (std::size_t count = 0; count < size; ++count) append(input, frame(other(role), 0x82));
        receive_in_steps(role, input, SIZE_MAX, 0);
    }
}

/// Nobody writes the pongs.
void pings(std::size_t size) {
    for (const Role role : both_roles) {
        Octets input;
        for (std::size_t count = 0; count < size; ++count)
            append(input, frame(other(role), 0x89, "x"));
        receive_in_steps(role, input, SIZE_MAX, size);
    }
}

void landing(std::size_t size) {
    Unlimited rig;
    Drive drive(rig, Role::client);
    Octets input = frame(Role::server, 0x82, std::string_view(std::string(size, 'x')));
    std::size_t told = 0;
    measure([&] {
        std::size_t at = input.size() - size + 1;
        (void)drive->receive(Bytes(input).first(at), now);
        told += pull_messages(*drive);
        for (; at < input.size(); ++at) {
            drive->landing()[0] = input[at];
            (void)drive->landed(1, now);
            told += pull_messages(*drive);
        }
    });
    expect(told == size, "not all landed");
}

/// A host that takes one message out of each loan and lends the rest again.
void unread(std::size_t size) {
    Unlimited rig;
    Drive drive(rig, Role::client);
    Octets input;
    for (std::size_t count = 0; count < size; ++count)
        append(input, frame(Role::server, 0x82, "x"));
    std::size_t told = 0;
    measure([&] {
        for (Bytes rest = input; !rest.empty(); rest = drive->unread()) {
            (void)drive->receive(rest, now);
            told += drive->next_event().payload().size();
        }
    });
    expect(told == size, "not all was told");
}

// Compressed messages.

/// In parts of so many octets; 0: whole.
void inflate_in_steps(const Octets& message, std::size_t step, std::size_t part_size,
                      std::size_t expected) {
    for (const Role role : both_roles) {
        Octets input = frame(other(role), 0xC2, message);
        Unlimited rig;
        if (part_size != 0) rig.config.delivery = Delivery::parts;
        rig.config.deflate.part_size_max = part_size;
        Drive drive(rig, Agreement{.role = role, .deflate = {.agreed = true}});
        std::size_t told = 0;
        measure([&] {
            for (std::size_t at = 0; at < input.size(); at += step) {
                const std::size_t size = std::min(step, input.size() - at);
                (void)drive->receive(Bytes(input).subspan(at, size), now);
                told += pull_messages(*drive);
            }
        });
        expect(told == expected && drive->state() == State::open, "not all was inflated");
    }
}

/// Literals and repetitions, 100 octets by 100.
Octets deflated_lines(std::size_t size) {
    DeflateWriter writer;
    writer.fixed().text(octets_of(text_of(100)));
    for (std::size_t left = size - 100; left >= 100; left -= 100)
        writer.text(as_bytes(std::string_view("0123456789"))).match(90, 100);
    return writer.end().flush().octets();
}
void inflate(std::size_t size) {
    inflate_in_steps(deflated_lines(size), SIZE_MAX, 0, size / 100 * 100);
}
void inflate_octet_by_octet(std::size_t size) {
    inflate_in_steps(deflated_lines(size), 1, 4096, size / 100 * 100);
}
void inflate_by_one(std::size_t size) {
    inflate_in_steps(deflated_lines(size), SIZE_MAX, 1, size / 100 * 100);
}

/// So many octets that say 1032 times as many.
void inflate_bomb(std::size_t size) {
    inflate_in_steps(DeflateWriter().zeros(4 * size).flush().octets(), 4096, 4096, 1032 * size + 1);
}

void empty_blocks(std::size_t size) {
    Octets blocks;
    for (std::size_t count = 0; count < size; ++count) append(blocks, unhex("000000ffff"));
    append(blocks, unhex("00"));
    inflate_in_steps(blocks, SIZE_MAX, 0, 0);
}

void tables(std::size_t size) {
    DeflateWriter writer;
    for (std::size_t count = 0; count < size; ++count) writer.least_dynamic();
    inflate_in_steps(writer.flush().octets(), SIZE_MAX, 0, size);
}

// Output.

template <typename Write>
void send_and_write(Role role, std::size_t size, const Write& write) {
    Unlimited rig;
    Drive drive(rig, role, Drain::nothing);
    std::size_t written = 0;
    measure([&] {
        for (std::size_t count = 0; count < size; ++count)
            (void)drive->send(MessageKind::binary, as_bytes(std::string_view("x")));
        for (; drive->output_size() != 0; ++written) write(*drive);
    });
    expect(written == size * (role == Role::server ? 3 : 7), "output is missing");
}

/// Small frames, taken octet by octet.
void output(std::size_t size) {
    send_and_write(Role::server, size, [](Connection& connection) {
        std::array<std::byte, 1> place;
        (void)connection.write_output(place, now);
    });
}

void gathered_output(std::size_t size) {
    send_and_write(Role::client, size, [](Connection& connection) {
        std::array<Slice, 8> slices;
        (void)connection.gather(slices);
        connection.wrote(1, now);
    });
}

/// Lent octets, the tokens of which come back.
void lent_output(std::size_t size) {
    Unlimited rig;
    Drive drive(rig, Role::server, Drain::nothing);
    const std::string text = "lent";
    std::size_t released = 0;
    measure([&] {
        for (std::size_t count = 1; count <= size; ++count)
            (void)drive->send_lent(MessageKind::binary, as_bytes(text), Token{count});
        std::array<Slice, 8> slices;
        while (drive->output_size() != 0) {
            (void)drive->gather(slices);
            drive->wrote(1, now);
            while (drive->next_released()) ++released;
        }
    });
    expect(released == size, "tokens are missing");
}

// Heads.

constexpr std::string_view request_fields =
    "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
constexpr std::string_view response_fields =
    "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

template <typename OnRequest>
void serve(const std::string& input, std::size_t step, const OnRequest& on_request) {
    Unlimited rig;
    ServerHandshake server(rig.config, now);
    bool answered = false;
    measure([&] {
        for (std::size_t at = 0; at < input.size(); at += step) {
            const auto piece = as_bytes(input).subspan(at, std::min(step, input.size() - at));
            (void)server.receive(piece, now);
            while (const HandshakeEvent event = server.next_event()) {
                answered = true;
                if (event.kind == HandshakeEventKind::request) on_request(server);
            }
        }
        (void)server.take_early();
    });
    expect(answered, "the request was not judged");
}
void serve(const std::string& input, std::size_t step) {
    serve(input, step, [](ServerHandshake& server) { (void)server.accept(); });
}

void ask(const std::string& input, std::size_t step) {
    Unlimited rig;
    ClientHandshake client(rig.config, now);
    ClientRequest request;
    request.host = "h";
    request.relayed_extensions = "a";
    const std::string_view names[] = {"a", "b"};
    request.subprotocols = names;
    expect(client.start(request) == Refusal::none, "no request");
    bool answered = false;
    measure([&] {
        for (std::size_t at = 0; at < input.size(); at += step) {
            const auto piece = as_bytes(input).subspan(at, std::min(step, input.size() - at));
            (void)client.receive(piece, now);
            while (client.next_event()) answered = true;
        }
    });
    expect(answered, "the response was not judged");
}

/// Every list field of either head, with so many of `character` behind each of some beginnings.
void lists_of(char character, std::size_t size) {
    for (const std::string_view name :
         {"Connection", "Upgrade", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"})
        for (const std::string_view beginning : {"a", "a,", "a;b=\""}) {
            const std::string line = std::string(name) + ": " + std::string(beginning) +
                                     std::string(size, character) + "\r\n\r\n";
            serve(std::string(request_fields) + line, SIZE_MAX);
            ask(std::string(response_fields) + line, SIZE_MAX);
        }
}
void commas(std::size_t size) { lists_of(',', size); }
void quotes(std::size_t size) { lists_of('"', size); }
void backslashes(std::size_t size) { lists_of('\\', size); }
void spaces(std::size_t size) { lists_of(' ', size); }

void protocol_spaces(std::size_t size) {
    serve(std::string(request_fields) + "Sec-WebSocket-Protocol: b" + std::string(size, ' ') +
              "x\r\n\r\n",
          SIZE_MAX);
}

void parameters(std::size_t size) {
    std::string line = "Sec-WebSocket-Extensions: a";
    for (std::size_t index = 0; index < size; ++index) line += ";p" + std::to_string(index);
    serve(std::string(request_fields) + line + "\r\n\r\n", SIZE_MAX);
    ask(std::string(response_fields) + line + "\r\n\r\n", SIZE_MAX);
}

// So many offers of compression that a server looks at and declines, the last for its parameters.
void offers(std::size_t size) {
    std::string line = "Sec-WebSocket-Extensions: ";
    for (std::size_t index = 0; index < size; ++index)
        line += "permessage-deflate; server_max_window_bits=9; client_no_context_takeover, ";
    line += "permessage-deflate; server_max_window_bits=9";
    for (std::size_t index = 0; index < size; ++index) line += ";p" + std::to_string(index);
    serve(std::string(request_fields) + line + "\r\n\r\n", SIZE_MAX, [](ServerHandshake& server) {
        expect(server.accept() == Refusal::none, "refused");
        expect(!server.agreement().deflate.agreed, "accepted");
    });
}

void subprotocols(std::size_t size) {
    constexpr std::size_t supported_count = 100;
    std::string line = "Sec-WebSocket-Protocol: ";
    for (std::size_t index = 0; index < size; ++index)
        line += (index == 0 ? "offer" : ",offer") + std::to_string(index);
    std::vector<std::string> supported;
    for (std::size_t index = 0; index + 1 < supported_count; ++index)
        supported.push_back("other" + std::to_string(index));
    supported.push_back("offer" + std::to_string(size - 1));
    serve(std::string(request_fields) + line + "\r\n\r\n", SIZE_MAX, [&](ServerHandshake& server) {
        std::size_t found = 0;
        for (const std::string& name : supported)
            if (server.request().offers_subprotocol(name)) {
                ++found;
                Acceptance acceptance;
                acceptance.subprotocol = name;
                expect(server.accept(acceptance) == Refusal::none, "refused");
            }
        expect(found == 1, "the one offered was not found");
    });
}

void endless_line(std::size_t size) {
    const std::string line = "X: " + std::string(size, 'x') + "\r\n\r\n";
    serve(std::string(request_fields) + line, 1);
    ask(std::string(response_fields) + line, 1);
}

void many_fields(std::size_t size) {
    std::string lines;
    for (std::size_t count = 0; count < size; ++count) lines += "A: b\r\n";
    serve(std::string(request_fields) + lines + "\r\n", 1);
    ask(std::string(response_fields) + lines + "\r\n", 1);
}

void folds(std::size_t size) {
    std::string line = "X: x";
    for (std::size_t count = 0; count < size; ++count) line += "\r\n x";
    ask(std::string(response_fields) + line + "\r\n\r\n", 1);
}

void interim(std::size_t size) {
    std::string heads;
    for (std::size_t count = 0; count < size; ++count) heads += "HTTP/1.1 100\r\n\r\n";
    ask(heads + std::string(response_fields) + "\r\n", 1);
}

void chunks(std::size_t size) {
    std::string body;
    for (std::size_t count = 0; count < size; ++count) body += "1\r\nx\r\n";
    ask("HTTP/1.1 401 x\r\nTransfer-Encoding: chunked\r\n\r\n" + body + "0\r\n\r\n", 1);
}

/// Octets behind a request that nobody has answered.
void early(std::size_t size) {
    Unlimited rig;
    ServerHandshake server(rig.config, now);
    (void)server.receive(as_bytes(request_fields), now);
    (void)server.receive(as_bytes(std::string_view("\r\n")), now);
    while (server.next_event()) {
    }
    measure([&] {
        for (std::size_t count = 0; count < size; ++count)
            (void)server.receive(as_bytes(std::string_view("x")), now);
    });
    expect(server.accept() == Refusal::none, "refused");
    expect(server.take_early().size() == size, "early octets are missing");
}

struct Work {
    const char* name;
    void (*run)(std::size_t size);
    std::size_t full_size;
};

constexpr std::size_t mebi = std::size_t{1} << 20;
constexpr Work works[] = {
    {"octet_by_octet", octet_by_octet, 16 * mebi},
    {"whole", whole, 16 * mebi},
    {"fragments", fragments, 100'000},
    {"text_fragments", text_fragments, mebi},
    {"empty_frames", empty_frames, mebi},
    {"pings", pings, 100'000},
    {"landing", landing, mebi},
    {"unread", unread, 100'000},
    {"inflate", inflate, 16 * mebi},
    {"inflate_octet_by_octet", inflate_octet_by_octet, mebi},
    {"inflate_by_one", inflate_by_one, mebi},
    {"inflate_bomb", inflate_bomb, 64 * 1024},
    {"empty_blocks", empty_blocks, 100'000},
    {"tables", tables, 10'000},
    {"output", output, 100'000},
    {"gathered_output", gathered_output, 100'000},
    {"lent_output", lent_output, 100'000},
    {"commas", commas, 8000},
    {"quotes", quotes, 8000},
    {"backslashes", backslashes, 8000},
    {"spaces", spaces, 8192},
    {"protocol_spaces", protocol_spaces, 32'000},
    {"parameters", parameters, 900},
    {"offers", offers, 900},
    {"subprotocols", subprotocols, 1000},
    {"endless_line", endless_line, mebi},
    {"many_fields", many_fields, 100'000},
    {"folds", folds, 100'000},
    {"interim", interim, 100'000},
    {"chunks", chunks, 100'000},
    {"early", early, mebi},
};

}  // namespace

int main(int count, char** values) {
    if (count == 1) {
        for (const Work& work : works) work.run(work.full_size);
        return 0;
    }
    if (count != 3) refuse("work [NAME SIZE]");
    const std::size_t size = std::strtoul(values[2], nullptr, 10);
    if (size == 0) refuse("SIZE is a number above 0");
    for (const Work& work : works)
        if (std::string_view(values[1]) == work.name) {
            work.run(size);
            return 0;
        }
    refuse("there is no such work");
}
