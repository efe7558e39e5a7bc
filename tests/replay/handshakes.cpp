// SPDX-License-Identifier: MIT
// The opening handshakes of the catalogue, octet for octet, and what is expected of each when the host
// accepts: tests/data/handshake_vectors.tsv. Octets are written as in C; "\(ab\)7;" stands for seven
// times "ab". Those of extensions meet a host that compresses, and what is agreed is written as "client
// 15 alone, server 9": the bits of each window, and that a message of the client's stands alone.
#include "deflate/compressor.hpp"
#include "hawse/handshake.hpp"
#include "replay/files.hpp"
#include "replay/groups.hpp"
#include "support/handshake_story.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test::replay {

namespace {

using support::Cuts;
using support::Story;

struct Vector {
    std::string_view id, role, events, agreed;
    std::string octets;
};

std::string read_octets(std::string_view text) {
    std::string octets;
    for (std::size_t index = 0; index < text.size(); ++index) {
        if (text[index] != '\\') {
            octets += text[index];
            continue;
        }
        const char kind = text[++index];
        if (kind == 'x') {
            const std::string digits(text.substr(index + 1, 2));
            octets += static_cast<char>(std::strtoul(digits.c_str(), nullptr, 16));
            index += 2;
        } else if (kind == '(') {
            const std::size_t end = text.find("\\)", index);
            const std::string unit = read_octets(text.substr(index + 1, end - index - 1));
            index = text.find(';', end);
            const std::string count(text.substr(end + 2, index - end - 2));
            octets += support::repeated(unit, std::atoi(count.c_str()));
        } else {
            octets += kind == 'r' ? '\r' : kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
        }
    }
    return octets;
}

std::string words_of(const DeflateAgreement& agreement) {
    const auto words = [](std::string_view side, DeflateDirection direction) {
        return std::string(side) + std::to_string(direction.window_bits) +
               (direction.takeover ? "" : " alone");
    };
    if (!agreement.agreed) return "-";
    return words("client ", agreement.client) + words(", server ", agreement.server);
}

bool negotiates(const Vector& vector) { return vector.id.starts_with("EXT-"); }

Config config_for(const Vector& vector) {
    Config config;
    config.deflate.enabled = negotiates(vector);
    config.deflate.insist = vector.role == "client";
    if (vector.id == "EXT-39") config.deflate.receive.window_bits = 10;
    if (vector.id == "EXT-43") config.deflate.receive.takeover = false;
    return config;
}

void record(Report& report, const Story& story) {
    for (const std::string& text :
         {story.events, story.output, story.left, story.body, words_of(story.deflate)})
        report.record(text);
    report.record(std::to_string(story.wants) + ' ' +
                  std::to_string(static_cast<unsigned>(story.state)));
}

/// Besides those that every vector meets: SIM-06 of the catalogue.
constexpr unsigned random_cutting_count = 32;

Cuts random_cuts(std::size_t size, std::minstd_rand& random) {
    Cuts cuts;
    const std::size_t stride = 1 + random() % 80;
    for (std::size_t at = random() % stride; at < size; at += 1 + random() % stride)
        cuts.push_back(at);
    return cuts;
}

template <typename Run>
void expect_same_at_every_cut(Report& report, const Vector& vector, const Story& whole,
                              const Run& run) {
    support::at_every_cut(vector.octets, run, [&](const Story& story) {
        report.expect(story == whole, "a cut changes what happens");
        report.expect(story.largest_size <= 2 * std::max<std::size_t>(vector.octets.size(), 256),
                      "a block is larger than twice what arrived");
    });
    for (unsigned seed = 1; seed <= random_cutting_count; ++seed) {
        std::minstd_rand random(seed);
        report.expect(run(random_cuts(vector.octets.size(), random)) == whole,
                      "random cuts " + std::to_string(seed) + " change what happens");
    }
}

std::string answer_to(std::string_view request, const DeflateAgreement& deflate) {
    const AcceptKey key = accept_key(request.substr(request.find("Key: ") + 5, 24));
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           std::string(key.data(), key.size()) + "\r\n" +
           (!deflate.agreed ? "" : "Sec-WebSocket-Extensions: permessage-deflate") +
           (deflate.server.window_bits == 15
                ? ""
                : "; server_max_window_bits=" + std::to_string(deflate.server.window_bits)) +
           (deflate.agreed ? "\r\n\r\n" : "\r\n");
}

std::string behind_head(std::string_view octets) {
    return std::string(octets.substr(octets.find("\r\n\r\n") + 4));
}

void check_request(Report& report, const Vector& vector) {
    const Config config = config_for(vector);
    const Story whole = support::serve(config, vector.octets);
    record(report, whole);
    report.expect_same("events", whole.events, vector.events);
    report.expect_same("agreed", words_of(whole.deflate), vector.agreed);
    const bool refused = whole.events.starts_with("failed");
    if (refused) {
        report.expect(whole.wants == (Wants::read_bit | Wants::end_write_bit), "it does not end");
        report.expect(whole.output.starts_with("HTTP/1.1 4"), "no status that refuses");
        report.expect(whole.output.size() <= 512, "the refusal is longer than 512 octets");
        report.expect(whole.output.find("HTTP/1.1", 1) == std::string::npos, "two answers");
        report.expect_same("left", whole.left, "");
    } else if (whole.events.empty()) {
        report.expect(whole.wants == Wants::read_bit, "it does not read on");
    } else {
        report.expect(whole.wants == 0, "it wants something when it is open");
        report.expect_same("answer", whole.output, answer_to(vector.octets, whole.deflate));
        report.expect_same("left", whole.left, behind_head(vector.octets));
    }
    expect_same_at_every_cut(report, vector, whole, [&](const Cuts& cuts) {
        return support::serve(config, vector.octets, cuts);
    });
}

void check_response(Report& report, const Vector& vector) {
    ClientRequest request;
    request.host = "server.example.com";
    const std::vector<std::string_view> names = {"chat", "chat2"};
    if (vector.id == "HSC-22") request.subprotocols = names;
    const Config config = config_for(vector);
    const Story whole = support::ask(config, request, vector.octets);
    record(report, whole);
    report.expect_same("events", whole.events, vector.events);
    report.expect_same("agreed", words_of(whole.deflate), vector.agreed);
    const bool open = whole.state == HandshakeState::open;
    const bool refused = whole.events.find("refused") != std::string::npos;
    report.expect(open == whole.events.ends_with("opened:101"),
                  "the state is not that of the event");
    const unsigned wants = refused ? Wants::read_bit : Wants::close_bit;
    report.expect(whole.wants == (open ? 0 : wants), "it wants the wrong thing");
    report.expect_same("left", whole.left, open ? behind_head(vector.octets) : "");
    report.expect_same("body", whole.body, refused ? behind_head(vector.octets) : "");
    expect_same_at_every_cut(report, vector, whole, [&](const Cuts& cuts) {
        return support::ask(config, request, vector.octets, cuts);
    });
}

}  // namespace

void run_handshakes(Report& report, const Wanted& wanted) {
    const std::string text = read_file(wanted.tests_folder + "/data/handshake_vectors.tsv");
    const auto lines = lines_of(text);
    report.expect(lines.size() == 97, "there are not 96 vectors and a line of names");
    for (std::size_t index = 1; index < lines.size(); ++index) {
        const auto columns = split(lines[index], "\t");
        if (columns.size() != 5) {
            report.fail("a row has not five columns");
            continue;
        }
        const Vector vector = {columns[0], columns[1], columns[2], columns[3],
                               read_octets(columns[4])};
        if (!wanted.wants(vector.id)) continue;
        if (negotiates(vector) && !deflate::can_compress()) continue;
        report.begin(vector.id);
        if (vector.role == "server")
            check_request(report, vector);
        else
            check_response(report, vector);
    }
}

}  // namespace hawse::test::replay
