// SPDX-License-Identifier: MIT
// Group 9: messages up to 16 MiB, of up to 65,536 frames, in pieces of every size, and a thousand in a
// row. The suite looks at sizes and times; here every octet is compared.
#include "autobahn/fuzzer.hpp"

#include <array>

using namespace hawse;
using namespace hawse::test;
using namespace hawse::test::autobahn;

namespace {

constexpr std::size_t kibi = 1024;
constexpr std::size_t mebi = 1024 * kibi;
// A driver's scratch: longer writes reach the engine in such pieces.
constexpr Cut by_read = by(64 * kibi);

/// Text whose characters of one to four octets any size of frame cuts in their midst.
std::string payload_of(MessageKind kind, std::size_t size) {
    const std::string unit = kind == MessageKind::text
                                 ? "0123456789 abcdefghij \xC2\xB5 \xE2\x82\xAC \xF0\x9D\x84\x9E "
                                 : "\xFE\x01\x80\x7F\xC3";
    std::string payload;
    payload.reserve(size);
    while (size - payload.size() >= unit.size()) payload += unit;
    payload.append(size - payload.size(), '*');
    return payload;
}

Frame whole(MessageKind kind, std::string payload) {
    return kind == MessageKind::text ? text(std::move(payload)) : binary(std::move(payload));
}

/// A script that makes its payload only when it runs.
Script echo(MessageKind kind, std::size_t size, std::size_t frame_size, Cut cut) {
    return Script().act([=](Fuzzer& fuzzer) {
        const std::string payload = payload_of(kind, size);
        fuzzer.say(in_frames(kind, payload, frame_size), cut);
        fuzzer.hear({whole(kind, payload)});
    });
}

Script echo_one_after_the_other(MessageKind kind, std::size_t size) {
    return Script().act([=](Fuzzer& fuzzer) {
        const Frame message = whole(kind, payload_of(kind, size));
        for (int left = 1000; left > 0; --left) {
            fuzzer.say({message});
            fuzzer.hear({message});
        }
    });
}

template <typename Make>
void add(std::vector<Case>& rows, unsigned group, Make make) {
    for (const MessageKind kind : {MessageKind::text, MessageKind::binary}) {
        const unsigned number = kind == MessageKind::text ? group : group + 1;
        std::size_t index = 0;
        for (Script& script : make(kind))
            rows.push_back({"9." + std::to_string(number) + '.' + std::to_string(++index),
                            std::move(script), clean()});
    }
}

std::vector<Case> rows_of_sizes(Role /*testee*/) {
    std::vector<Case> rows;
    add(rows, 1, [](MessageKind kind) {
        std::vector<Script> scripts;
        for (const std::size_t size : {64 * kibi, 256 * kibi, mebi, 4 * mebi, 8 * mebi, 16 * mebi})
            scripts.push_back(echo(kind, size, size, by_read));
        return scripts;
    });
    return rows;
}

std::vector<Case> rows_of_frames(Role /*testee*/) {
    std::vector<Case> rows;
    add(rows, 3, [](MessageKind kind) {
        std::vector<Script> scripts;
        for (std::size_t size = 64; size <= 4 * mebi; size *= 4)
            scripts.push_back(echo(kind, 4 * mebi, size, by_read));
        return scripts;
    });
    return rows;
}

std::vector<Case> rows_of_pieces(Role /*testee*/) {
    std::vector<Case> rows;
    add(rows, 5, [](MessageKind kind) {
        std::vector<Script> scripts;
        for (std::size_t size = 64; size <= 2048; size *= 2)
            scripts.push_back(echo(kind, mebi, mebi, by(size)));
        return scripts;
    });
    return rows;
}

std::vector<Case> rows_of_many(Role /*testee*/) {
    std::vector<Case> rows;
    add(rows, 7, [](MessageKind kind) {
        std::vector<Script> scripts;
        for (const std::size_t size : {0U, 16U, 64U, 256U, 1024U, 4096U})
            scripts.push_back(echo_one_after_the_other(kind, size));
        return scripts;
    });
    return rows;
}

// Many octets: one way to drain will do.
Group sizes({"9.1", "9.2"}, rows_of_sizes, {Drain::nothing});
Group frames({"9.3", "9.4"}, rows_of_frames, {Drain::nothing});
Group pieces({"9.5", "9.6"}, rows_of_pieces, {Drain::nothing});
Group many({"9.7", "9.8"}, rows_of_many, {Drain::nothing});

}  // namespace

TEST_CASE("9.1 and 9.2: messages of up to 16 MiB, the limit, come back", "[6455-10.4-02]") {
    sizes.judge();
}

TEST_CASE("9.3 and 9.4: 4 MiB come back in one frame, from up to 65536 of them, the limit",
          "[6455-5.4-05][6455-5.4-10][6455-10.4-02]") {
    frames.judge();
}

TEST_CASE("9.5 and 9.6: a message that trickles in comes back whole") { pieces.judge(); }

TEST_CASE("9.7 and 9.8: a thousand messages come back one after the other") { many.judge(); }
