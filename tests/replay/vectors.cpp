// SPDX-License-Identifier: MIT
// The catalogue's frames: tests/data/vectors_open.jsonl has the octets, expected_open.tsv what they must
// give, worked out from the catalogue by a model that is not the engine. Each is replayed at every cut,
// behind random harmless frames, and in parts.
#include "replay/files.hpp"
#include "replay/groups.hpp"
#include "support/drive.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test::replay {

namespace {

struct Row {
    std::string_view id, role, configuration, input, calls, events, output;
};

std::string_view json_value(std::string_view line, const std::string& key) {
    const std::string opening = '"' + key + "\": \"";
    const std::size_t from = line.find(opening) + opening.size();
    return line.substr(from, line.find('"', from) - from);
}

// Both files have their rows in the same order.
std::vector<Row> read_rows(std::string_view vectors_text, std::string_view expected_text,
                           Report& report) {
    const auto vectors = lines_of(vectors_text);
    const auto expected = lines_of(expected_text);
    report.expect(vectors.size() == 258 && expected.size() == vectors.size() + 1,
                  "there are not 258 vectors, or not as many expectations");
    std::vector<Row> rows;
    for (std::size_t index = 0; index < std::min(vectors.size(), expected.size() - 1); ++index) {
        const auto columns = split(expected[index + 1], "\t");
        const std::string_view vector = vectors[index];
        if (columns.size() != 5 || json_value(vector, "id") != columns[0] ||
            json_value(vector, "role") != columns[1]) {
            report.fail("the files of vectors and expectations have come apart");
            break;
        }
        rows.push_back({columns[0], columns[1], json_value(vector, "cfg"),
                        json_value(vector, "hex"), columns[2], columns[3], columns[4]});
    }
    return rows;
}

// The words of a configuration: compression as it stands, without takeover, with a window of so many bits;
// messages of so many octets.
struct Setting {
    std::uint64_t message_size_max = Limits{}.message_size_max;
    DeflateAgreement deflate = {};
};

Setting setting_of(std::string_view configuration) {
    const auto number = [](std::string_view digits) {
        return std::strtoull(std::string(digits).c_str(), nullptr, 10);
    };
    Setting setting;
    DeflateDirection direction;
    for (const std::string_view word : split(configuration, ",")) {
        const std::string_view value = word.substr(std::min(word.find('=') + 1, word.size()));
        setting.deflate.agreed = setting.deflate.agreed || word.starts_with("pmd");
        if (word == "pmd-nct") direction.takeover = false;
        if (word.starts_with("bits="))
            direction.window_bits = static_cast<std::uint8_t>(number(value));
        if (word.starts_with("max="))
            setting.message_size_max = value == "SIZE_MAX" ? UINT64_MAX : number(value);
    }
    setting.deflate.client = setting.deflate.server = direction;
    return setting;
}

Replay replay_of(const Row& row) {
    const Setting setting = setting_of(row.configuration);
    Replay replay;
    replay.role = row.role == "server" ? Role::server : Role::client;
    replay.deflate = setting.deflate;
    replay.configure = [limit = setting.message_size_max](Config& config) {
        config.limits.message_size_max = limit;
    };
    if (row.calls == "close") replay.before = [](Drive& drive) { (void)drive->close(); };
    if (row.calls == "end") replay.after = [](Drive& drive) { drive.end(); };
    return replay;
}

// `failed 1002 reserved_bit` fits `failed 1002`: the catalogue names codes, not violations.
std::vector<std::string> events_of(std::string_view story) {
    std::vector<std::string> events;
    if (story.empty()) return events;
    for (const std::string_view line : split(story, "\n"))
        events.emplace_back(line.substr(
            0, line.starts_with("failed ") ? std::string_view("failed 1000").size() : line.size()));
    return events;
}

std::vector<std::string> column(std::string_view text) {
    std::vector<std::string> pieces;
    if (text == "-") return pieces;
    for (const std::string_view piece : split(text, " | ")) pieces.emplace_back(piece);
    return pieces;
}

void expect_events(Report& report, std::string_view what, const std::vector<std::string>& found,
                   const std::vector<std::string>& wanted) {
    report.expect_same(what, joined(found, " | "), joined(wanted, " | "));
}

Outcome at_every_cut(Report& report, std::string_view what, const Replay& replay,
                     ConstBytes input) {
    const EveryCut result = run_at_every_cut(replay, input);
    if (!result.difference.empty()) report.fail(std::string(what) + ", " + result.difference);
    report.record(in_words(result.whole));
    return result.whole;
}

// Besides those that every vector meets: SIM-06 of the catalogue.
void expect_same_at_random_cuts(Report& report, const Row& row, const Outcome& whole) {
    constexpr unsigned count = 32;
    const Octets input = unhex(row.input);
    for (unsigned seed = 1; seed <= count; ++seed) {
        std::minstd_rand random(seed);
        report.expect(replay_of(row).run(input, random_cuts(input.size(), random)) == whole,
                      "random cuts " + std::to_string(seed) + " change what happens");
    }
}

void check_alone(Report& report, const Row& row) {
    const Outcome outcome = at_every_cut(report, "alone", replay_of(row), unhex(row.input));
    expect_same_at_random_cuts(report, row, outcome);
    expect_events(report, "events", events_of(outcome.story), column(row.events));
    std::vector<std::string> frames;
    const std::string words = frames_in_words(unhex(outcome.output));
    for (const std::string_view frame : lines_of(words)) frames.emplace_back(frame);
    expect_events(report, "output", frames, column(row.output));
}

// Frames that change nothing: whole and fragmented messages, pings, pongs.
Octets random_prefix(Role from, std::size_t message_size_max, std::minstd_rand& random) {
    Octets octets;
    const std::size_t room = std::min<std::size_t>(message_size_max, 300);
    for (std::size_t count = 1 + random() % 4; count != 0; --count) {
        const std::size_t size = random() % (room + 1);
        const std::string text(size, static_cast<char>('a' + random() % 26));
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

void check_behind_prefix(Report& report, const Row& row, std::minstd_rand& random) {
    if (row.calls == "close") return;  // what comes before would come behind our Close
    const Replay replay = replay_of(row);
    const std::size_t room =
        std::size_t(std::min<std::uint64_t>(setting_of(row.configuration).message_size_max, 300));
    const Octets prefix = random_prefix(other(replay.role), room, random);
    Replay silent = replay;
    silent.after = [](Drive&) {};
    const std::size_t prefix_events = events_of(silent.run(prefix).story).size();
    const Outcome outcome =
        at_every_cut(report, "behind a prefix", replay, test::joined({prefix, unhex(row.input)}));
    auto events = events_of(outcome.story);
    events.erase(events.begin(),
                 events.begin() + std::ptrdiff_t(std::min(prefix_events, events.size())));
    expect_events(report, "events behind <" + hex(prefix) + ">", events, column(row.events));
}

void check_in_parts(Report& report, const Row& row) {
    constexpr std::string_view whole_part = "first last part of ";
    Replay replay = replay_of(row);
    replay.configure = [base = replay.configure](Config& config) {
        base(config);
        config.delivery = Delivery::parts;
    };
    std::vector<std::string> events;
    for (const std::string& line :
         events_of(at_every_cut(report, "in parts", replay, unhex(row.input)).story)) {
        if (line.starts_with(whole_part))
            events.push_back(line.substr(whole_part.size()));
        else if (line.find(" part of ") == std::string::npos)
            events.push_back(line);
    }
    // A message with a control frame inside it stays in two parts, and is left out of both.
    auto wanted = column(row.events);
    if (row.id == "CTRL-10" || row.id == "CTRL-12") wanted.pop_back();
    expect_events(report, "events in parts", events, wanted);
}

}  // namespace

void run_vectors(Report& report, const Wanted& wanted) {
    const std::string vectors = read_file(wanted.tests_folder + "/data/vectors_open.jsonl");
    const std::string expected = read_file(wanted.tests_folder + "/data/expected_open.tsv");
    for (const Row& row : read_rows(vectors, expected, report)) {
        if (!wanted.wants(row.id)) continue;
        report.begin(std::string(row.id) + ' ' + std::string(row.role));
        check_alone(report, row);
        std::minstd_rand random(static_cast<unsigned>(report.item_count()));
        check_behind_prefix(report, row, random);
        check_in_parts(report, row);
    }
}

}  // namespace hawse::test::replay
