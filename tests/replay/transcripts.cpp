// SPDX-License-Identifier: MIT
// The transcripts of tests/transcripts: each block is played as it is written, octet by octet, cut
// everywhere, with inputs joined, and with every way to drain; what is told, what goes out and what is
// answered to questions must be what the lines say. Together they name every violation that octets can
// cause, and take every arrow of the lifecycle, in the files that the README says.
#include "replay/files.hpp"
#include "replay/groups.hpp"
#include "replay/transcript_host.hpp"

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test::replay {

namespace {

using connection::Moment;
using connection::moment_count;
using connection::Phase;
using connection::phase_count;

/// One input or one call, and what follows from it.
struct Beat {
    std::size_t line = 0;
    bool takes_input = false;
    Octets input = {};
    const Step* call = nullptr;
    std::vector<const Step*> events = {}, outputs = {}, questions = {};
};

/// What happened in one beat.
struct Found {
    std::vector<std::string> events = {};
    Octets output = {};
    std::vector<std::string> answers = {};
    std::string refusal = "none";

    friend bool operator==(const Found&, const Found&) = default;
};

// Lines of input with nothing between them are one input, unless each is to be told alone.
std::vector<Beat> beats_of(const Block& block, bool line_by_line = false) {
    std::vector<Beat> beats(1);
    beats.back().line = block.line;
    for (const Step& step : block.steps) {
        Beat* beat = &beats.back();
        const bool expects =
            line_by_line || !beat->events.empty() || !beat->outputs.empty() || !beat->questions.empty();
        if (step.sign == '!' || (step.sign == '>' && (!beat->takes_input || expects))) {
            beat = &beats.emplace_back();
            beat->line = step.line;
        }
        if (step.sign == '>') {
            beat->takes_input = true;
            append(beat->input, step.octets);
        }
        if (step.sign == '!') beat->call = &step;
        if (step.sign == '=') beat->events.push_back(&step);
        if (step.sign == '<') beat->outputs.push_back(&step);
        if (step.sign == '?') beat->questions.push_back(&step);
    }
    return beats;
}

Found wanted_of(const Beat& beat) {
    Found wanted;
    for (const Step* step : beat.events) wanted.events.push_back(step->words);
    for (const Step* step : beat.outputs) append(wanted.output, step->octets);
    for (const Step* step : beat.questions) wanted.answers.push_back(step->words);
    if (beat.call != nullptr) wanted.refusal = beat.call->call.refusal;
    return wanted;
}

/// One way to play a block.
struct Way {
    std::string name = "as it is written";
    Drain drain = Drain::all;
    std::size_t stride = SIZE_MAX;  ///< size of each piece of input
    std::size_t cut_beat = SIZE_MAX, cut_at = 0;
    unsigned seed = 0;  ///< of random cuts; 0 cuts nothing
    bool lands = false;
};

std::vector<std::size_t> ends_of_pieces(const Way& way, std::size_t beat, std::size_t size,
                                        std::minstd_rand& random) {
    std::vector<std::size_t> ends;
    if (way.seed != 0) ends = random_cuts(size, random);
    if (way.cut_beat == beat) ends.push_back(way.cut_at);
    if (way.stride < size)
        for (std::size_t at = way.stride; at < size; at += way.stride) ends.push_back(at);
    ends.push_back(size);
    return ends;
}

// "wants read" asks for wants, "field Origin "x"" for the field Origin.
std::string_view question_of(std::string_view words) {
    const bool has_argument = words.starts_with("field ");
    return words.substr(0, words.find(' ', has_argument ? 6 : 0));
}

std::vector<Found> play(const Block& block, const std::vector<Beat>& beats, const Way& way,
                        std::vector<Taken>* arrows = nullptr) {
    TranscriptHost host(block, way.drain, way.lands);
    std::minstd_rand random(way.seed);
    std::vector<Found> all;
    for (std::size_t index = 0; index < beats.size(); ++index) {
        const Beat& beat = beats[index];
        Found found;
        host.begin_beat(beat.call == nullptr ? nullptr : &beat.call->call);
        if (beat.takes_input) {
            std::size_t from = 0;
            for (const std::size_t end : ends_of_pieces(way, index, beat.input.size(), random)) {
                if (!host.feed(ConstBytes(beat.input).subspan(from, end - from))) break;
                from = end;
            }
        }
        if (beat.call != nullptr) found.refusal = host.carry_out(beat.call->call);
        found.events = host.told.take();
        found.output = std::move(host.output);
        host.output.clear();
        for (const Step* step : beat.questions) {
            const std::string_view question = question_of(step->words);
            found.answers.push_back(std::string(question) + ' ' + host.answer(question));
        }
        all.push_back(std::move(found));
    }
    if (arrows != nullptr) *arrows = host.watch().arrows();
    return all;
}

// Inputs that only expectations stand between are one input to a host that was slow to read.
std::vector<Beat> joined_beats(const std::vector<Beat>& beats) {
    std::vector<Beat> joined;
    for (const Beat& beat : beats) {
        if (joined.empty() || !beat.takes_input || !joined.back().takes_input ||
            !joined.back().questions.empty()) {
            joined.push_back(beat);
            continue;
        }
        Beat& last = joined.back();
        append(last.input, beat.input);
        last.events.insert(last.events.end(), beat.events.begin(), beat.events.end());
        last.outputs.insert(last.outputs.end(), beat.outputs.begin(), beat.outputs.end());
        last.questions = beat.questions;
    }
    return joined;
}

// ---- What is said about it ----

std::vector<std::string> found_lines(const Found& found, Role role) {
    std::vector<std::string> lines;
    for (const std::string& event : found.events) lines.push_back("= " + event_in_notation(event));
    for (std::string& line : output_in_notation(found.output, role)) lines.push_back(std::move(line));
    for (const std::string& answer : found.answers)
        lines.push_back("? " + event_in_notation(answer));
    return lines;
}

std::string in_words(const Found& found, Role role) {
    auto lines = found_lines(found, role);
    if (found.refusal != "none") lines.insert(lines.begin(), "refused " + found.refusal);
    return lines.empty() ? "nothing" : joined(lines, "\n    ");
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
            for (std::size_t at = 1; at < beats[index].input.size();
                 at += at < 16 ? 1 : input_size > 16384 ? input_size / 50 : step) {
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
        if (event.starts_with("failed ")) violations_.emplace_back(event.substr(event.rfind(' ') + 1));
    }

    Report& report_;
    std::string name_;
    std::vector<Taken> arrows_;
    std::vector<std::string> violations_;
};

// ---- Telling ----

void print(std::string_view line) {
    std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
}

// The source of each line where it holds, else what was found in its place.
void tell_beat(const Block& block, const Beat& beat, const Found& found) {
    const Found wanted = wanted_of(beat);
    Found one;
    one.events = found.events;
    if (found.events == wanted.events)
        for (const Step* step : beat.events) print(step->source);
    else
        for (const std::string& line : found_lines(one, block.role)) print(line);
    if (found.output == wanted.output)
        for (const Step* step : beat.outputs) print(step->source);
    else
        for (const std::string& line : output_in_notation(found.output, block.role)) print(line);
    for (std::size_t index = 0; index < beat.questions.size(); ++index)
        print(found.answers[index] == wanted.answers[index]
                  ? std::string(beat.questions[index]->source)
                  : "? " + event_in_notation(found.answers[index]));
}

void tell_call(const Step& step, const std::string& refusal) {
    std::string line(step.source);
    if (refusal != step.call.refusal) {
        const std::size_t old = line.rfind(" refused ");
        if (step.call.refusal != "none" && old != std::string::npos) line.resize(old);
        if (refusal != "none") line += " refused " + refusal;
    }
    print(line);
}

// Comments stand before the line they stood before, and what happened behind the line that did it.
void tell_block(const Transcript& transcript, const Block& block) {
    const std::vector<Beat> beats = beats_of(block, true);
    const std::vector<Found> found = play(block, beats, {});
    std::size_t line = block.line;
    const auto tell_comments = [&](std::size_t end) {
        for (; line < end; ++line) {
            const std::string_view text = transcript.lines[line - 1];
            const std::size_t from = text.find_first_not_of(" \t");
            if (from == std::string_view::npos || text[from] == '#') print(text);
        }
    };
    for (const std::string_view setup : block.setup) print(setup);
    for (std::size_t index = 0; index < beats.size(); ++index) {
        const Beat& beat = beats[index];
        if (index != 0) tell_comments(beat.line);
        for (const Step& step : block.steps) {
            const bool own = step.line >= beat.line &&
                             (index + 1 == beats.size() || step.line < beats[index + 1].line);
            if (own && step.sign == '>') print(step.source);
        }
        if (beat.call != nullptr) tell_call(*beat.call, found[index].refusal);
        tell_beat(block, beat, found[index]);
    }
    tell_comments(block.end_line);
}

void tell(const Transcript& transcript) {
    std::size_t line = 1;
    for (const Block& block : transcript.blocks) {
        for (; line < block.line; ++line) print(transcript.lines[line - 1]);
        tell_block(transcript, block);
        line = block.end_line;
    }
    for (; line <= transcript.lines.size(); ++line) print(transcript.lines[line - 1]);
}

// ---- All of them together ----

/// What the README says of the files, and what they must show together.
class Index {
public:
    explicit Index(const std::string& folder) : folder_(folder), text_(read_file(folder + "README.md")) {}

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
    // All but those of HTTP/2 and HTTP/3, which are no octets here.
    void check_violations(Report& report) const {
        for (std::size_t value = 1;; ++value) {
            const ViolationRow& row = describe(static_cast<Violation>(value));
            const std::string_view requirement = row.requirement;
            const bool of_fields =
                requirement.starts_with("8441-") || requirement.starts_with("9220-");
            const bool named =
                std::find(violations_.begin(), violations_.end(), row.name) != violations_.end();
            report.expect(named || of_fields,
                          std::string("no transcript shows the violation ") + row.name);
            if (row.violation == Violation::last) break;
        }
    }

    // "| open | we_close | close_sent | [name](name.md) |"
    void check_arrow(Report& report, Phase from, Moment moment) const {
        const Phase to = after(from, moment);
        if (to == from) return;
        const std::string row = "| " + std::string(name_of(from)) + " | " + name_of(moment) + " | " +
                                name_of(to) + " | ";
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
    if (!wanted.item.empty()) names = {path_of(folder, wanted.item)};
    for (const std::string& name : names) {
        const std::string text = read_file(wanted.item.empty() ? folder + name : name);
        const Transcript transcript = read_transcript(text);
        report.begin(name);
        if (!transcript.fault.empty()) {
            report.fail(transcript.fault);
            continue;
        }
        if (wanted.tells) {
            tell(transcript);
            continue;
        }
        report.expect(!transcript.title.empty(), "line 1: expected a title, as '# What is promised'");
        Player player(report, name);
        player.play_all(transcript);
        index.note(name, player, report);
    }
    if (wanted.item.empty() && !wanted.tells) index.check(report);
}

}  // namespace hawse::test::replay
