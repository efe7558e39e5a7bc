// SPDX-License-Identifier: MIT
#include "replay/transcript_play.hpp"

#include "replay/files.hpp"

#include <random>

namespace hawse::test::replay {

std::vector<Beat> beats_of(const Block& block, bool line_by_line) {
    std::vector<Beat> beats(1);
    beats.back().line = block.line;
    for (const Step& step : block.steps) {
        Beat* beat = &beats.back();
        const bool expects = line_by_line || !beat->events.empty() || !beat->outputs.empty() ||
                             !beat->questions.empty();
        if (step.sign == '!' || (step.sign == '>' && (!beat->takes_input || expects))) {
            beat = &beats.emplace_back();
            beat->line = step.line;
        }
        if (step.sign == '>') {
            beat->takes_input = true;
            beat->source = step.source;
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

namespace {

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

}  // namespace

std::vector<Found> play(const Block& block, const std::vector<Beat>& beats, const Way& way,
                        std::vector<Taken>* arrows) {
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

std::vector<Beat> joined_beats(const std::vector<Beat>& beats) {
    std::vector<Beat> joined;
    for (const Beat& beat : beats) {
        // What was refused is not read on.
        const auto& events = beat.events;
        const bool refused = !events.empty() && events[0]->words.starts_with("refused ");
        if (joined.empty() || !beat.takes_input || !joined.back().takes_input || refused ||
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

namespace {

std::vector<std::string> found_lines(const Found& found, Role role) {
    std::vector<std::string> lines;
    for (const std::string& event : found.events) lines.push_back("= " + event_in_notation(event));
    for (std::string& line : output_in_notation(found.output, role))
        lines.push_back(std::move(line));
    for (const std::string& answer : found.answers)
        lines.push_back("? " + event_in_notation(answer));
    return lines;
}

}  // namespace

std::string in_words(const Found& found, Role role) {
    auto lines = found_lines(found, role);
    if (found.refusal != "none") lines.insert(lines.begin(), "refused " + found.refusal);
    return lines.empty() ? "nothing" : joined(lines, "\n    ");
}

// ---- Telling ----

namespace {

class Page {
public:
    explicit Page(const Transcript& transcript) : transcript_(transcript) {}

    std::string tell() {
        for (const Block& block : transcript_.blocks) {
            copy_until(block.line);
            tell_block(block);
            line_ = block.end_line;
        }
        copy_until(transcript_.lines.size() + 1);
        return std::move(text_);
    }

private:
    void print(std::string_view line) { (text_ += line) += '\n'; }
    void copy_until(std::size_t end) {
        for (; line_ < end; ++line_) print(transcript_.lines[line_ - 1]);
    }
    // Comments stand before the line they stood before.
    void copy_comments_until(std::size_t end) {
        for (; line_ < end; ++line_) {
            const std::string_view text = transcript_.lines[line_ - 1];
            const std::size_t from = text.find_first_not_of(" \t");
            if (from == std::string_view::npos || text[from] == '#') print(text);
        }
    }

    // What happened stands behind the line that did it.
    void tell_block(const Block& block) {
        const std::vector<Beat> beats = beats_of(block, true);
        const std::vector<Found> found = play(block, beats, {});
        for (const std::string_view setup : block.setup) print(setup);
        for (std::size_t index = 0; index < beats.size(); ++index) {
            const Beat& beat = beats[index];
            if (index != 0) copy_comments_until(beat.line);
            if (beat.takes_input) print(beat.source);
            if (beat.call != nullptr) tell_call(*beat.call, found[index].refusal);
            tell_beat(block, beat, found[index]);
        }
        copy_comments_until(block.end_line);
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

    void tell_beat(const Block& block, const Beat& beat, const Found& found) {
        const Found wanted = wanted_of(beat);
        if (found.events == wanted.events)
            for (const Step* step : beat.events) print(step->source);
        else
            for (const std::string& event : found.events) print("= " + event_in_notation(event));
        if (found.output == wanted.output)
            for (const Step* step : beat.outputs) print(step->source);
        else
            for (const std::string& line : output_in_notation(found.output, block.role))
                print(line);
        for (std::size_t index = 0; index < beat.questions.size(); ++index)
            if (found.answers[index] == wanted.answers[index])
                print(beat.questions[index]->source);
            else
                print("? " + event_in_notation(found.answers[index]));
    }

    const Transcript& transcript_;
    std::size_t line_ = 1;
    std::string text_;
};

}  // namespace

std::string told_page(const Transcript& transcript) { return Page(transcript).tell(); }

}  // namespace hawse::test::replay
