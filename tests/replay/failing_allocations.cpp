// SPDX-License-Identifier: MIT
// Every allocation of every scenario fails once, and from then on; so does every draw of entropy. Never
// a crash, a leak or half an event: a connection fails cleanly or goes on as if nothing had been, a call
// is refused, has changed nothing, and does what it would have done when it is made again.
#include "replay/failing_allocations.hpp"

#include "replay/files.hpp"
#include "replay/groups.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test::replay {

namespace {

using namespace failing;
using Lines = std::vector<std::string>;

constexpr const char* bare_failing_close = "88 <03f3>";

// What was written: heads as text, frames unmasked. A key is one that was drawn, and used once.
Lines written(Attempt& attempt) {
    Lines units;
    ConstBytes rest = attempt.output;
    for (;;) {
        const std::string_view text = as_text(rest);
        const std::size_t end = text.find("\r\n\r\n");
        if ((!text.starts_with("GET ") && !text.starts_with("HTTP/")) ||
            end == std::string_view::npos)
            break;
        std::size_t size = end + 4;
        if (text.substr(0, size).find("Content-Length") != std::string_view::npos)
            size = text.size();
        const auto line = rest.first(std::min<std::size_t>(text.find("\r\n"), 60));
        units.push_back(quoted(line) + ' ' + quoted(rest.first(size)));
        rest = rest.subspan(size);
    }
    std::size_t torn_size = 0;
    for (const WireFrame& frame : read_frames(rest, &torn_size)) {
        units.push_back(hex(std::array{static_cast<std::byte>(frame.first)}) + ' ' +
                        quoted(frame.payload));
        attempt.expect(frame.masked == (attempt.role == Role::client), "a mask bit is wrong");
        attempt.expect(!frame.masked || attempt.entropy.take(frame.key),
                       "a key was not drawn, or is used twice");
    }
    if (torn_size != 0) units.push_back("begun");
    return units;
}

// A fault of the peer's that cannot be told to it: for want of memory the answer to a request, for want
// of a key the Close.
Lines silenced(Lines lines, Source source) {
    bool failed = false;
    for (std::string& line : lines) {
        failed = failed || line.starts_with("failed ");
        if (source == Source::memory)
            line.resize(std::min(line.size(), line.find(" status ")));
        else if (line.starts_with("failed 1"))
            line.replace(7, 4, "1006");
        else if (const std::size_t at = line.find(" sent "); failed && at != std::string::npos)
            line.replace(at + 6, 4, "1006");
    }
    return lines;
}

// One attempt, held against the one in which nothing failed.
class Judge {
public:
    Judge(Attempt& attempt, const Attempt& whole, const Lines& whole_units)
        : attempt_(attempt), whole_(whole), silenced_(silenced(whole.lines, attempt.source)),
          units_(written(attempt)), whole_units_(whole_units) {}

    void judge() {
        const std::string lack = name_of(attempt_.lack());
        std::size_t before = 0;
        while (before < lines().size() && !is_lack(lines()[before], lack)) ++before;
        if (before < lines().size())
            judge_failure(before);
        else if (attempt_.gave_up)
            judge_given_up();
        else if (attempt_.is_stopped())
            expect(is_beginning(lines(), whole_.lines) || is_beginning(lines(), silenced_),
                   "what was told is not what happened");
        else if (silenced_ != whole_.lines && units_.size() < whole_units_.size())
            expect(lines() == silenced_ || lines() == whole_.lines, "a silent failure differs");
        else if (attempt_.how == Failure::once)
            judge_unchanged();
        else
            expect(lines() == whole_.lines, "the peer's direction has noticed a refused call");
        judge_output();
        const Octets& body = attempt_.body;
        expect(body.size() <= whole_.body.size() &&
                   std::equal(body.begin(), body.end(), whole_.body.begin()),
               "a body is not the beginning of what was sent");
    }
    [[nodiscard]] const Lines& units() const { return units_; }

private:
    [[nodiscard]] const Lines& lines() const { return attempt_.lines; }
    void expect(bool holds, const char* what) { attempt_.expect(holds, what); }
    static bool is_beginning(const Lines& beginning, const Lines& of) {
        return beginning.size() <= of.size() &&
               std::equal(beginning.begin(), beginning.end(), of.begin());
    }
    static bool is_lack(const std::string& line, const std::string& lack) {
        return line.starts_with("failed ") && line.find(' ' + lack) != std::string::npos;
    }

    // All that was told before is true, and behind it come only the failure and the end.
    void judge_failure(std::size_t before) {
        expect(
            is_beginning({lines().begin(), lines().begin() + std::ptrdiff_t(before)}, whole_.lines),
            "what was told before the failure is not what happened");
        expect(lines().size() == before + (attempt_.ends ? 2 : 1) ||
                   (attempt_.is_stopped() && lines().size() == before + 1),
               "a failure is not followed by one end");
        const std::string code = lines()[before].substr(7, 4);
        const bool in_conversation = code.find_first_not_of("0123456789") == std::string::npos;
        if (lines().size() > before + 1) {
            const std::string lack = name_of(attempt_.lack());
            const std::string ending =
                in_conversation ? "closed unclean sent " + code + " received 1006 \"\" " + lack
                                : "closed" + lines()[before].substr(6);
            expect(lines()[before + 1] == ending, "the end is not that of the failure");
        }
        if (!in_conversation || attempt_.is_stopped() || attempt_.breaks) return;
        if (code == "1006")
            expect(may_be_silent(), "a Close could have been written");
        else if (code == "1011")
            expect(!units_.empty() && units_.back() == bare_failing_close, "no Close was written");
        else
            expect(closes(), "no Close was written before");
    }
    [[nodiscard]] bool closes() const {
        return std::any_of(units_.begin(), units_.end(),
                           [](const std::string& unit) { return unit.starts_with("88 "); });
    }
    // One Close is enough, and none can be put inside a frame, masked without a key, or into HTTP.
    [[nodiscard]] bool may_be_silent() const {
        const bool dry = attempt_.source == Source::entropy && attempt_.how == Failure::for_ever;
        const bool opens = attempt_.opens && !is_told("opened");
        return closes() || dry || opens || attempt_.config.delivery == Delivery::frames;
    }

    // The host could not go on, and has ended it.
    void judge_given_up() {
        Lines told = lines();
        if (!told.empty() && told.back().starts_with("closed ")) {
            expect(told.back().ends_with("aborted"), "an abort has another cause");
            told.pop_back();
        }
        expect(is_beginning(told, whole_.lines), "what was told before is not what happened");
    }

    void judge_unchanged() {
        expect(lines() == whole_.lines, "nothing failed, and something else was told");
        expect(units_ == whole_units_, "nothing failed, and something else was written");
        expect(attempt_.calls == whole_.calls, "nothing failed, and a call answered otherwise");
        expect(attempt_.rest == whole_.rest, "nothing failed, and something else was counted");
    }

    // Frames are those of the whole story and in its order, though some may be missing. A Close may
    // lack its reason, or be that of the failure; a pong may be one that is replaced later.
    void judge_output() {
        std::size_t next = 0;
        for (const std::string& unit : units_) {
            std::size_t at = next;
            while (at < whole_units_.size() && !is_same(unit, whole_units_[at])) ++at;
            if (at < whole_units_.size()) {
                next = at + 1;
                continue;
            }
            if (unit.starts_with("8a ") && is_told("ping" + unit.substr(2))) continue;
            const bool torn = unit == "begun" && (attempt_.is_stopped() || is_relay());
            expect(torn || (unit == bare_failing_close && &unit == &units_.back()),
                   "a frame was written that belongs nowhere");
        }
    }
    [[nodiscard]] bool is_told(const std::string& line) const {
        return std::find(lines().begin(), lines().end(), line) != lines().end();
    }
    [[nodiscard]] bool is_relay() const { return attempt_.config.delivery == Delivery::frames; }
    static bool is_same(const std::string& unit, const std::string& whole) {
        if (unit == whole) return true;
        return unit.starts_with("88 <") && whole.starts_with(unit.substr(0, unit.size() - 1));
    }

    Attempt& attempt_;
    const Attempt& whole_;
    const Lines silenced_;
    const Lines units_;
    const Lines& whole_units_;
};

constexpr std::size_t kept_much = std::size_t{1} << 20;

const char* name_of_failure(Failure how) { return how == Failure::once ? "once" : "from then on"; }

// A scenario in one role, with a pool that keeps nothing or much.
class Trial {
public:
    /// `endings` gets all ways in which it ends, each once.
    Trial(Report& report, const Scenario& scenario, Role role, std::size_t kept_size, bool tells,
          Lines& endings)
        : report_(report), scenario_(scenario), role_(role), kept_size_(kept_size), tells_(tells),
          whole_(role, kept_size), endings_(endings) {
        tell(whole_);
        whole_units_ = written(whole_);
        blame(whole_, whole_units_, "whole");
        for (const std::string& call : whole_.calls)
            report_.expect(!call.ends_with("out_of_memory") && !call.ends_with("no_entropy"),
                           "a call is refused although nothing fails: " + call);
        for (const Lines* lines : {&whole_.calls, &whole_.lines, &whole_units_})
            report_.record(joined(*lines, "\n"));
        report_.record(whole_.rest + quoted(whole_.body));
        if (tells_) std::printf("%s\n", words_of(whole_, whole_units_, "whole").c_str());
    }

    /// Answers how many points there were.
    std::size_t fail_everything(Source source) {
        std::size_t points = 0;
        for (const Failure how : {Failure::once, Failure::for_ever})
            for (std::size_t index = 0; try_failure(source, index, how, false); ++index) {
                if (how == Failure::once) ++points;
                if (how == Failure::once) (void)try_failure(source, index, how, true);
            }
        return points;
    }
    void destroy_everywhere() {
        for (std::size_t step = 0; step < whole_.step_count; ++step) {
            Attempt attempt(role_, kept_size_);
            attempt.step_end = step;
            judge(attempt, "destroyed after step " + std::to_string(step));
        }
    }

private:
    void tell(Attempt& attempt) { scenario_.tell(attempt); }

    bool try_failure(Source source, std::size_t index, Failure how, bool stops) {
        Attempt attempt(role_, kept_size_);
        attempt.fail(source, index, how);
        attempt.stops_when_failed = stops;
        judge(attempt, std::string(source == Source::memory ? "allocation " : "draw ") +
                           std::to_string(index) + " failing " + name_of_failure(how) +
                           (stops ? ", then destroyed" : ""));
        return attempt.failed_count() != 0;
    }

    void judge(Attempt& attempt, const std::string& where) {
        tell(attempt);
        Judge judge(attempt, whole_, whole_units_);
        judge.judge();
        blame(attempt, judge.units(), where);
        if (!attempt.is_stopped()) add_ending(attempt, judge.units());
        if (tells_) std::printf("%s\n", words_of(attempt, judge.units(), where).c_str());
    }

    // What is wrong whatever happened, and what was found before.
    void blame(Attempt& attempt, const Lines& units, const std::string& where) {
        attempt.expect(attempt.pool.leased_size() == 0, "a lease was not given back");
        attempt.pool.trim();
        attempt.expect(attempt.allocator.live_size() == 0, "memory was not given back");
        const auto ends =
            std::count_if(attempt.lines.begin(), attempt.lines.end(),
                          [](const std::string& line) { return line.starts_with("closed "); });
        attempt.expect(ends <= 1, "more than one end");
        for (const std::string& problem : attempt.problems)
            report_.fail(problem + words_of(attempt, units, where));
    }

    std::string words_of(const Attempt& attempt, const Lines& units, const std::string& where) {
        std::string text = std::string("\n  ") + word_of(role_) + ", pool keeps " +
                           std::to_string(kept_size_) + ", " + where;
        for (const Lines* lines : {&attempt.calls, &attempt.lines, &units}) {
            text += "\n  --";
            for (const std::string& line : *lines) (text += "\n    ") += line;
        }
        return text;
    }

    // Where memory fails differs between machines, how it ends does not.
    void add_ending(const Attempt& attempt, const Lines& units) {
        const Lines& lines = attempt.lines;
        std::string ending = attempt.gave_up ? "given up" : "goes on";
        for (std::size_t index = 0; index < lines.size(); ++index)
            if (lines[index].starts_with("failed "))
                ending = joined({lines.begin() + std::ptrdiff_t(index), lines.end()}, ", ");
        if (!units.empty() && units.back().starts_with("88 ")) ending += " with " + units.back();
        const auto place = std::lower_bound(endings_.begin(), endings_.end(), ending);
        if (place == endings_.end() || *place != ending) endings_.insert(place, ending);
    }

    Report& report_;
    const Scenario& scenario_;
    const Role role_;
    const std::size_t kept_size_;
    const bool tells_;
    Attempt whole_;
    Lines whole_units_;
    Lines& endings_;
};

struct Points {
    std::size_t allocations = 0;
    std::size_t draws = 0;
};

Points run_scenario(Report& report, const Scenario& scenario, const Wanted& wanted) {
    Points points;
    for (const Role role : {Role::server, Role::client}) {
        if (scenario.roles == Roles::server && role == Role::client) continue;
        if (scenario.roles == Roles::client && role == Role::server) continue;
        report.begin(std::string(scenario.name) + ", " + word_of(role));
        Lines endings;
        for (const std::size_t kept_size : {std::size_t{0}, kept_much}) {
            Trial trial(report, scenario, role, kept_size, wanted.tells, endings);
            trial.destroy_everywhere();
            points.allocations += trial.fail_everything(Source::memory);
            points.draws += trial.fail_everything(Source::entropy);
        }
        for (const std::string& ending : endings) {
            report.record(ending);
            if (wanted.tells) std::printf("%s ends: %s\n", scenario.name, ending.c_str());
        }
    }
    std::printf("%-50s %5zu allocations %4zu draws\n", scenario.name, points.allocations,
                points.draws);
    return points;
}

}  // namespace

void run_failing_allocations(Report& report, const Wanted& wanted) {
    Points all;
    for (const auto scenarios : {scenarios_of_conversations(), scenarios_of_openings(),
                                 scenarios_of_sessions(), scenarios_in_c()})
        for (const Scenario& scenario : scenarios) {
            if (!wanted.wants(scenario.name)) continue;
            const Points points = run_scenario(report, scenario, wanted);
            report.expect(points.allocations != 0, "a scenario without an allocation");
            all.allocations += points.allocations;
            all.draws += points.draws;
        }
    std::printf("%zu points: %zu allocations and %zu draws of entropy, once and for ever\n",
                all.allocations + all.draws, all.allocations, all.draws);
}

}  // namespace hawse::test::replay
