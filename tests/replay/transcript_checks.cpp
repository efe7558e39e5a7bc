// SPDX-License-Identifier: MIT
// The notation itself: what cannot be read is told with its line and what was expected there, what is
// written is read again, and what is told of bare inputs is the transcript that they belong to.
#include "replay/transcript_checks.hpp"
#include "replay/files.hpp"
#include "replay/transcript_play.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace hawse::test::replay {

namespace {

struct Faulty {
    std::string_view lines, fault;
};

constexpr Faulty faulty[] = {
    {"", "line 4: expected a line such as 'server connection', found the end"},
    {"connection", "line 4: expected server or client, which is what we are, found 'connection'"},
    {"server", "line 4: expected connection, session or handshake, found the end of the line"},
    {"server connection now", "line 4: expected the end of the line, found 'now'"},
    {"server connection\nwith message_size 5", "line 5: expected a member of Config, found "
                                               "'message_size 5'"},
    {"server connection\nwith message_size_max few", "line 5: expected a number, found 'few'"},
    {"server connection\nwith close 5", "line 5: expected s or ms, found the end of the line"},
    {"server connection\nwith linger 5 s delivery parts",
     "line 5: expected the end of the line, found 'delivery parts'"},
    {"server connection\nwith pong_after_close 1", "line 5: expected yes or no, found '1'"},
    {"server connection\nwith delivery whole",
     "line 5: expected messages, parts or frames, found 'whole'"},
    {"server connection\n\n# a comment\n= ", "line 7: expected words, found the end of the line"},
    {"server connection\nsend text",
     "line 5: expected a line that begins with > < = ! ? or #, found "
     "'send text'"},
    {"server connection\n> ", "line 5: expected octets, found the end of the line"},
    {"server connection\n> 812", "line 5: expected the end of the line, found '812'"},
    {"server connection\n> \"Hello", "line 5: expected a quoted text that ends on its line, found "
                                     "'\"Hello'"},
    {"server connection\n> \"a\\q\"",
     "line 5: expected one of the escapes \\r \\n \\t \\\" \\\\ \\xNN, "
     "found '\\q\"'"},
    {"server connection\n> <8>",
     "line 5: expected pairs of hex digits between < and >, found '<8>'"},
    {"server connection\n> [Text \"Hello\"]",
     "line 5: expected text, binary, close, ping, pong, opcode N or ... in a frame, found "
     "'Text \"Hello\"]'"},
    {"server connection\n> [text \"Hello\"",
     "line 5: expected octets, ... or ] in a frame, found the "
     "end of the line"},
    {"server connection\n> [key 01 ping]", "line 5: expected a key of eight hex digits, found "
                                           "'01 ping]'"},
    {"server connection\n! sent text \"x\"", "line 5: expected a call, as send or close, found "
                                             "'sent text \"x\"'"},
    {"server connection\n! send \"x\"", "line 5: expected text or binary, found '\"x\"'"},
    {"server connection\n! tick",
     "line 5: expected a number of s or ms, found the end of the line"},
    {"server session\n! reject", "line 5: expected a status, found the end of the line"},
    {"server session\n! accept field \"X\"",
     "line 5: expected a colon in a field, found the end of "
     "the line"},
    {"client session\n! start", "line 5: expected a URL in quotes, found the end of the line"},
};

std::string page_of(std::string_view lines) {
    std::string page = "# Title\n\n```transcript\n";
    if (!lines.empty()) (page += lines) += '\n';
    return page + "```\n";
}

void check_faults(Report& report) {
    for (const Faulty& one : faulty) {
        const std::string page = page_of(one.lines);
        report.expect_same(one.lines, read_transcript(page).fault, one.fault);
    }
    const std::string open = "# Title\n```transcript\nserver connection\n";
    report.expect_same("no end", read_transcript(open).fault,
                       "line 3: expected ``` at the end of a block, found the end");
    const std::string none = "# Title\n";
    report.expect_same("no block", read_transcript(none).fault,
                       "line 1: expected a block ```transcript");
}

struct Spelt {
    std::string_view octets, hex;
};

// As a server reads them, which is as a client writes them.
constexpr Spelt spelt[] = {
    {"81 05 48656c6c6f", "810548656c6c6f"},
    {"<81 05>\"Hello\"", "810548656c6c6f"},
    {"2*\"ab\" 3*<00> 2*01 # not these", "616261620000000101"},
    {"\"\\r\\n\\t\\\"\\\\\\x00#é\"", "0d0a09225c0023c3a9"},
    {"[text \"Hello\"]", "818537fa213d7f9f4d5158"},
    {"[unmasked text \"Hel\" ...] [unmasked ... \"lo\"]", "010348656c80026c6f"},
    {"[unmasked ... ...][unmasked ...]", "00008000"},
    {"[key 01020304 binary 01020304 05]", "8285010203040000000004"},
    {"[rsv1 rsv3 unmasked opcode 11 ff]", "db01ff"},
    {"[close]", "888037fa213d"},
    {"[unmasked close 1000 \"b\"]", "880303e862"},
    {"[unmasked close <03>]", "880103"},
    {"2*[unmasked ping]", "89008900"},
    {"[unmasked binary 126*00]", ""},
};

void check_octets(Report& report) {
    for (const Spelt& one : spelt) {
        const std::string page = page_of("server connection\n> " + std::string(one.octets));
        const Transcript transcript = read_transcript(page);
        report.expect_same(one.octets, transcript.fault, "");
        if (!transcript.fault.empty()) continue;
        const Octets octets = transcript.blocks[0].steps[0].octets;
        const std::string wanted =
            one.hex.empty() ? "827e007e" + std::string(252, '0') : std::string(one.hex);
        report.expect_same(one.octets, hex(octets), wanted);
        // Written again, it reads the same.
        std::string lines = "client connection";
        for (const std::string& line : output_in_notation(octets, Role::client))
            lines += '\n' + line;
        const std::string again = page_of(lines);
        const Transcript second = read_transcript(again);
        Octets read;
        for (const Step& step : second.blocks[0].steps) append(read, step.octets);
        report.expect_same(one.octets, hex(read), wanted);
    }
}

}  // namespace

void check_notation(Report& report) {
    report.begin("the notation");
    check_faults(report);
    check_octets(report);
}

void check_telling(Report& report, std::string_view page) {
    std::string bare;
    bool inside = false;
    for (const std::string_view line : lines_of(page)) {
        if (line.starts_with("```")) inside = line == "```transcript";
        if (inside && (line.starts_with('=') || line.starts_with('<'))) continue;
        std::size_t size = line.size();
        if (inside && line.starts_with("? "))
            size = line.find(' ', line.starts_with("? field ") ? 8 : 2);
        if (inside && line.starts_with("! ")) size = line.rfind(" refused ");
        (bare += line.substr(0, size)) += '\n';
    }
    const Transcript transcript = read_transcript(bare);
    report.expect_same("without what is expected", transcript.fault, "");
    if (!transcript.fault.empty()) return;
    const std::string told = told_page(transcript);
    const Transcript again = read_transcript(told);
    report.expect_same("told", again.fault, "");
    if (!again.fault.empty()) return;
    for (const Block& block : again.blocks) {
        const std::vector<Beat> beats = beats_of(block);
        const std::vector<Found> found = play(block, beats, {});
        for (std::size_t index = 0; index < beats.size(); ++index)
            report.expect(found[index] == wanted_of(beats[index]),
                          "what is told does not hold when it is played, line " +
                              std::to_string(beats[index].line) + " of\n" + told);
    }
    report.expect_same("told again", told_page(again), told);
}

}  // namespace hawse::test::replay
