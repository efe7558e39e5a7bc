// SPDX-License-Identifier: MIT
// Any way of cutting the input gives the same events, output and state: the catalogue's vectors and a
// corpus of our own, whole, octet by octet, at every cut, and behind random harmless frames. What
// the vectors must give was worked out from the catalogue by a model that is not the engine.
#include "support/catch.hpp"
#include "support/drive.hpp"

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

using namespace hawse;
using namespace hawse::test;

namespace {

struct Row {
    std::string id, role, limit, input, calls, events, output;
};

std::vector<std::string> split(const std::string& line, const std::string& separator) {
    std::vector<std::string> pieces;
    std::size_t from = 0;
    for (std::size_t at; (at = line.find(separator, from)) != std::string::npos;) {
        pieces.push_back(line.substr(from, at - from));
        from = at + separator.size();
    }
    pieces.push_back(line.substr(from));
    return pieces;
}

std::string json_value(const std::string& line, const std::string& key) {
    const std::string opening = '"' + key + "\": \"";
    const std::size_t from = line.find(opening) + opening.size();
    return line.substr(from, line.find('"', from) - from);
}

std::vector<std::string> lines_of(const std::string& name) {
    std::string path = HAWSE_TEST_DATA "/";
    path += name;
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    REQUIRE_FALSE(lines.empty());
    return lines;
}

// Both files have their rows in the same order.
std::vector<Row> read_rows() {
    const auto vectors = lines_of("vectors_open.jsonl");
    const auto expected = lines_of("expected_open.tsv");
    REQUIRE(vectors.size() + 1 == expected.size());
    std::vector<Row> rows;
    for (std::size_t index = 0; index < vectors.size(); ++index) {
        const auto columns = split(expected[index + 1], "\t");
        const std::string& vector = vectors[index];
        REQUIRE(columns.size() == 5);
        REQUIRE(json_value(vector, "id") == columns[0]);
        REQUIRE(json_value(vector, "role") == columns[1]);
        rows.push_back({columns[0], columns[1], json_value(vector, "cfg"),
                        json_value(vector, "hex"), columns[2], columns[3], columns[4]});
    }
    return rows;
}

std::uint64_t limit_of(const std::string& configuration) {
    if (configuration == "dflt") return Limits{}.message_size_max;
    const std::string value = configuration.substr(std::string("max=").size());
    return value == "SIZE_MAX" ? SIZE_MAX : std::stoull(value);
}

Replay replay_of(const Row& row) {
    Replay replay;
    replay.role = row.role == "server" ? Role::server : Role::client;
    const std::uint64_t limit = limit_of(row.limit);
    replay.configure = [limit](Config& config) { config.limits.message_size_max = limit; };
    if (row.calls == "close")
        replay.before = [](Drive& drive) { REQUIRE(drive->close() == Refusal::none); };
    if (row.calls == "end") replay.after = [](Drive& drive) { drive.end(); };
    return replay;
}

// `failed 1002 reserved_bit` fits `failed 1002`: the catalogue names codes, not violations.
std::string without_violation(const std::string& line) {
    return line.rfind("failed ", 0) == 0 ? line.substr(0, std::string("failed 1000").size()) : line;
}

std::vector<std::string> events_of(const std::string& story) {
    std::vector<std::string> events;
    if (story.empty()) return events;
    for (const std::string& line : split(story, "\n")) events.push_back(without_violation(line));
    return events;
}

std::vector<std::string> column(const std::string& text) {
    return text == "-" ? std::vector<std::string>{} : split(text, " | ");
}

void check(const Row& row, const Outcome& outcome) {
    CHECK(events_of(outcome.story) == column(row.events));
    const std::string frames = frames_in_words(unhex(outcome.output));
    CHECK((frames.empty() ? std::vector<std::string>{} : split(frames, "\n")) ==
          column(row.output));
}

// Frames that change nothing: whole and fragmented messages, pings, pongs.
Octets random_prefix(Role from, std::size_t message_size_max, std::minstd_rand& random) {
    Octets octets;
    const std::size_t room = std::min<std::size_t>(message_size_max, 300);
    for (std::size_t count = 1 + random() % 4; count != 0; --count) {
        const std::string text(random() % (room + 1), static_cast<char>('a' + random() % 26));
        const std::string_view view = text;
        const std::size_t half = text.size() / 2;
        switch (random() % 4) {
            case 0: append(octets, frame(from, 0x81, view)); break;
            case 1: append(octets, frame(from, 0x89, view.substr(0, 125))); break;
            case 2: append(octets, frame(from, 0x8A, view.substr(0, 125))); break;
            default:
                append(octets, frame(from, 0x02, view.substr(0, half)));
                append(octets, frame(from, 0x89, view.substr(0, 5)));
                append(octets, frame(from, 0x80, view.substr(half)));
        }
    }
    return octets;
}

}  // namespace

TEST_CASE("each vector of the catalogue gives the outcome it names, at every cut",
          "[6455-6.2-01][6455-5.2-01][6455-5.2-05][6455-5.2-08][6455-10.7-01]") {
    const auto rows = read_rows();
    CHECK(rows.size() == 190);
    for (const Row& row : rows) {
        INFO(row.id << ' ' << row.role);
        check(row, at_every_cut(replay_of(row), unhex(row.input)));
    }
}

TEST_CASE("harmless frames before a vector change nothing about it", "[6455-6.2-05]") {
    std::minstd_rand random(7);
    for (const Row& row : read_rows()) {
        if (row.calls == "close") continue;
        Replay replay = replay_of(row);
        const Octets prefix =
            random_prefix(other(replay.role), std::size_t(limit_of(row.limit)), random);
        Replay silent = replay;
        silent.after = [](Drive&) {};
        const std::size_t prefix_events = events_of(silent.run(prefix).story).size();
        const Outcome outcome = at_every_cut(replay, joined({prefix, unhex(row.input)}));
        auto events = events_of(outcome.story);
        INFO(row.id << ' ' << row.role << ' ' << hex(prefix));
        REQUIRE(events.size() >= prefix_events);
        events.erase(events.begin(), events.begin() + std::ptrdiff_t(prefix_events));
        CHECK(events == column(row.events));
    }
}

TEST_CASE("in parts, each vector gives the same messages and the same end, at every cut",
          "[6455-5.4-20]") {
    const std::string whole_part = "first last part of ";
    for (const Row& row : read_rows()) {
        Replay replay = replay_of(row);
        replay.configure = [base = replay.configure](Config& config) {
            base(config);
            config.delivery = Delivery::parts;
        };
        std::vector<std::string> events;
        for (const std::string& line : events_of(at_every_cut(replay, unhex(row.input)).story)) {
            if (line.rfind(whole_part, 0) == 0)
                events.push_back(line.substr(whole_part.size()));
            else if (line.find(" part of ") == std::string::npos)
                events.push_back(line);
        }
        INFO(row.id << ' ' << row.role);
        // A message with a control frame inside it stays in two parts, and is left out of both.
        auto expected = column(row.events);
        if (row.id == "CTRL-10") expected.pop_back();
        CHECK(events == expected);
    }
}

TEST_CASE("random octets give the same outcome at every cut", "[6455-10.7-01]") {
    std::minstd_rand random(20);
    for (unsigned round = 0; round < 120; ++round) {
        Replay replay;
        replay.role = round % 2 == 0 ? Role::server : Role::client;
        if (round % 3 == 0)
            replay.configure = [](Config& config) { config.delivery = Delivery::parts; };
        Octets input = random_prefix(other(replay.role), 300, random);
        append(input, random_prefix(other(replay.role), 300, random));
        for (auto flips = random() % 3; flips != 0; --flips)
            input[random() % input.size()] ^= static_cast<std::byte>(1U << random() % 8);
        INFO("round " << round);
        (void)at_every_cut(replay, input, round);
    }
}
