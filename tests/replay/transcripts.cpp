// SPDX-License-Identifier: MIT
// The transcripts of tests/transcripts: each block is played as it is written, octet by octet, cut
// everywhere, with inputs joined, and with every way to drain; what is told, what goes out and what is
// answered to questions must be what the lines say. Together they name every violation that octets can
// cause, and take every arrow of the lifecycle, in the files that the README says.
#include "deflate/compressor.hpp"
#include "replay/files.hpp"
#include "replay/groups.hpp"
#include "replay/transcript_checks.hpp"
#include "replay/transcript_play.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test::replay {

namespace {

using connection::Moment;
using connection::moment_count;
using connection::Phase;
using connection::phase_count;

bool negotiates(const Transcript& transcript) {
    return std::any_of(transcript.blocks.begin(), transcript.blocks.end(),
                       [](const Block& block) { return block.config.deflate.enabled; });
}

/// One file, and what it has shown.
class Player {
public:
    Player(Report& report, std::string name) : report_(report), name_(std::move(name)) {}

    void play_all(const Transcript& transcript) {
        for (const Block& block : transcript.blocks) play_block(block);
    }
    [[nodiscard]] const std::vector<Taken>& arrows() const noexcept { return arrows_; }
    [[nodiscard]] const std::vector<std::string>& violations() const noexcept {
        return violations_;
    }

private:
    void play_block(const Block& block) {
        const std::vector<Beat> beats = beats_of(block);
        std::vector<Taken> arrows;
        const std::vector<Found> whole = play(block, beats, {}, &arrows);
        arrows_.insert(arrows_.end(), arrows.begin(), arrows.end());
        for (std::size_t index = 0; index < whole.size(); ++index) {
            for (const std::string& event : whole[index].events) note_violation(event);
            report_.record(in_words(whole[index], block.role));
            report_.record(hex(whole[index].output));
        }
        if (!holds(block, beats, {}, whole)) return;
        play_ways(block, beats);
        if (block.config.delivery != Delivery::messages) return;  // parts would be joined otherwise
        const std::vector<Beat> joined = joined_beats(beats);
        if (joined.size() == beats.size()) return;
        Way way;
        way.name = "with inputs joined";
        holds(block, joined, way, play(block, joined, way));
    }

    void play_ways(const Block& block, const std::vector<Beat>& beats) {
        std::size_t input_size = 0;
        for (const Beat& beat : beats) input_size += beat.input.size();
        if (input_size == 0) return;
        std::vector<Way> ways(1);
        ways.back().name = "octet by octet";
        ways.back().stride = 1;
        for (const Drain drain : {Drain::by_one, Drain::gather}) {
            Way& way = ways.emplace_back();
            way.name = drain == Drain::by_one ? "drained octet by octet" : "drained by gather()";
            way.drain = drain;
            way.seed = static_cast<unsigned>(block.line);
        }
        Way& landing = ways.emplace_back();
        landing.name = "read into landing()";
        landing.lands = true;
        landing.seed = static_cast<unsigned>(block.line) + 1;
        for (const Way& way : ways) holds(block, beats, way, play(block, beats, way));
        // Every cut, or about a hundred of a long input; its headers are at its beginning.
        const std::size_t step = 1 + input_size / 1500;
        for (std::size_t index = 0; index < beats.size(); ++index) {
            for (std::size_t at = 1; at < beats[index].input.size(); at += at < 16 ? 1
                                                                           : input_size > 16384
                                                                               ? input_size / 50
                                                                               : step) {
                Way way;
                way.name = "cut " + std::to_string(at) + " octets into line " +
                           std::to_string(beats[index].line);
                way.cut_beat = index;
                way.cut_at = at;
                if (!holds(block, beats, way, play(block, beats, way))) return;
            }
        }
    }

    bool holds(const Block& block, const std::vector<Beat>& beats, const Way& way,
               const std::vector<Found>& found) {
        for (std::size_t index = 0; index < beats.size(); ++index) {
            const Found wanted = wanted_of(beats[index]);
            if (found[index] == wanted) continue;
            report_.fail("line " + std::to_string(beats[index].line) + ", " + way.name +
                         "\n  found\n    " + in_words(found[index], block.role) +
                         "\n  wanted\n    " + in_words(wanted, block.role));
            return false;
        }
        return true;
    }

    // "failed 1002 reserved_bit"
    void note_violation(std::string_view event) {
        if (event.starts_with("failed "))
            violations_.emplace_back(event.substr(event.rfind(' ') + 1));
    }

    Report& report_;
    std::string name_;
    std::vector<Taken> arrows_;
    std::vector<std::string> violations_;
};

// ---- All of them together ----

/// What the README says of the files, and what they must show together.
class Index {
public:
    explicit Index(const std::string& folder)
        : folder_(folder), text_(read_file(folder + "README.md")) {}

    // "- [closing](closing.md): what it tells", in this order.
    [[nodiscard]] std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const std::string_view line : lines_of(text_)) {
            if (!line.starts_with("- [")) continue;
            const std::size_t end = line.find("](");
            if (end != std::string_view::npos)
                names.push_back(std::string(line.substr(3, end - 3)) + ".md");
        }
        return names;
    }

    void note(std::string_view file, const Player& player, Report& report) {
        for (const Taken& taken : player.arrows()) {
            const Phase to = after(taken.from, taken.moment);
            if (to == taken.from) report.fail("an arrow was seen that the lifecycle does not have");
            auto& names = taken_[static_cast<std::size_t>(taken.from)]
                                [static_cast<std::size_t>(taken.moment)];
            names.emplace_back(file);
        }
        for (const std::string& name : player.violations()) violations_.push_back(name);
    }

    void check(Report& report) {
        report.begin("all together");
        check_violations(report);
        for (std::size_t from = 0; from < phase_count; ++from)
            for (std::size_t moment = 0; moment < moment_count; ++moment)
                check_arrow(report, static_cast<Phase>(from), static_cast<Moment>(moment));
    }

private:
    // All but those of HTTP/2 and HTTP/3, which are no octets here, and of compression where there is
    // none.
    void check_violations(Report& report) const {
        for (std::size_t value = 1;; ++value) {
            const ViolationRow& row = describe(static_cast<Violation>(value));
            const std::string_view requirement = row.requirement;
            const bool of_fields =
                requirement.starts_with("8441-") || requirement.starts_with("9220-");
            const bool named =
                std::find(violations_.begin(), violations_.end(), row.name) != violations_.end();
            const bool of_compression =
                !deflate::can_compress() && (requirement.starts_with("7692-") ||
                                             row.violation == Violation::inflation_ratio);
            report.expect(named || of_fields || of_compression,
                          std::string("no transcript shows the violation ") + row.name);
            if (row.violation == Violation::last) break;
        }
    }

    // "| open | we_close | close_sent | [name](name.md) |"
    void check_arrow(Report& report, Phase from, Moment moment) const {
        const Phase to = after(from, moment);
        if (to == from) return;
        const std::string row = "| " + std::string(name_of(from)) + " | " + name_of(moment) +
                                " | " + name_of(to) + " | ";
        const auto& names =
            taken_[static_cast<std::size_t>(from)][static_cast<std::size_t>(moment)];
        if (names.empty()) return report.fail("no transcript takes the arrow " + row);
        const std::size_t at = text_.find(row + '[');
        const std::size_t begin = at + row.size() + 1;
        const std::string name = at == std::string::npos
                                     ? std::string()
                                     : text_.substr(begin, text_.find(']', begin) - begin);
        if (std::find(names.begin(), names.end(), name + ".md") == names.end())
            report.fail("the README does not say which file takes the arrow, as in\n" + row + "[" +
                        names.front().substr(0, names.front().size() - 3) + "](" + names.front() +
                        ") |");
    }

    std::string folder_;
    std::string text_;
    std::vector<std::string> taken_[phase_count][moment_count];
    std::vector<std::string> violations_;
};

std::string path_of(const std::string& folder, const std::string& item) {
    const bool is_path = item.find('/') != std::string::npos || item.ends_with(".md");
    if (!is_path) return folder + item + ".md";
    std::FILE* const file = std::fopen(item.c_str(), "rb");
    if (file == nullptr) return folder + item;
    std::fclose(file);
    return item;
}

}  // namespace

void run_transcripts(Report& report, const Wanted& wanted) {
    const std::string folder = wanted.tests_folder + "/transcripts/";
    Index index(folder);
    auto names = index.files();
    names.insert(names.begin(), "README.md");  // its sample is no exception
    if (!wanted.item.empty()) names = {path_of(folder, wanted.item)};
    for (const std::string& name : names) {
        const std::string text = read_file(wanted.item.empty() ? folder + name : name);
        const Transcript transcript = read_transcript(text);
        if (negotiates(transcript) && !deflate::can_compress()) continue;
        report.begin(name);
        if (!transcript.fault.empty()) {
            report.fail(transcript.fault);
            continue;
        }
        if (wanted.tells) {
            const std::string page = told_page(transcript);
            std::fwrite(page.data(), 1, page.size(), stdout);
            continue;
        }
        report.expect(!transcript.title.empty(),
                      "line 1: expected a title, as '# What is promised'");
        Player player(report, name);
        player.play_all(transcript);
        index.note(name, player, report);
        check_telling(report, text);
    }
    if (!wanted.item.empty() || wanted.tells) return;
    index.check(report);
    check_notation(report);
}

}  // namespace hawse::test::replay
