// SPDX-License-Identifier: MIT
// Group 6: text comes back when it is UTF-8, and fails the connection at the octet that makes it none.
#include "autobahn/fuzzer.hpp"

#include <array>

using namespace hawse;
using namespace hawse::test;
using namespace hawse::test::autobahn;

namespace {

std::string unhexed(std::string_view digits) { return characters(unhex(digits)); }

const std::string greek = unhexed("cebae1bdb9cf83cebcceb5");
const std::string umlauts = unhexed("48656c6c6f2dc2b540c39fc3b6c3a4c3bcc3a0c3a12d5554462d382121");

Frames by_octets(const std::string& payload) { return in_frames(MessageKind::text, payload, 1); }

std::vector<Case> rows_in_frames(Role /*testee*/) {
    const std::string surrogate = greek + unhexed("eda080656469746564");
    return {
        {"6.1.1", Script().say({text()}).hear({text()}), clean()},
        {"6.1.2", Script().say({begins_text(), goes_on(), ends()}).hear({text()}), clean()},
        {"6.1.3", Script().say({begins_text(), goes_on("middle"), ends()}).hear({text("middle")}),
         clean()},
        {"6.2.1", Script().say({text(umlauts)}).hear({text(umlauts)}), clean()},
        {"6.2.2",
         Script()
             .say({begins_text(umlauts.substr(0, 12)), ends(umlauts.substr(12))})
             .hear({text(umlauts)}),
         clean()},
        {"6.2.3", Script().say(by_octets(umlauts)).hear({text(umlauts)}), clean()},
        {"6.2.4", Script().say(by_octets(greek)).hear({text(greek)}), clean()},
        {"6.3.1", Script().say({text(surrogate)}).hear({closes(1007)}),
         fails(1007, "invalid_utf8")},
        {"6.3.2", Script().say(by_octets(surrogate)).hear({closes(1007)}),
         fails(1007, "invalid_utf8")},
    };
}

// Too long a wait is the fuzzer's to report: the testee survives the first, and has failed before the
// second, while the fuzzer still has octets of the message.

using Parts = std::array<std::string, 3>;

Script three_frames(const Parts& parts) {
    return Script()
        .say({begins_text(parts[0])})
        .hear({})
        .wait()
        .say({goes_on(parts[1])})
        .hear({closes(1007)})
        .wait()
        .say({ends(parts[2])})
        .hear({});
}

Script one_frame(const Parts& parts) {
    return Script().act([parts](Fuzzer& fuzzer) {
        const std::string payload = parts[0] + parts[1] + parts[2];
        const Octets octets = octets_of(other(fuzzer.testee()), {text(payload)});
        const ConstBytes all = octets;
        const std::size_t first = octets.size() - payload.size() + parts[0].size();
        fuzzer.write(all.first(first));
        fuzzer.hear({});
        fuzzer.wait();
        fuzzer.write(all.subspan(first, parts[1].size()));
        fuzzer.hear({closes(1007)});
        fuzzer.wait();
        fuzzer.write(all.subspan(first + parts[1].size()));
        fuzzer.hear({});
    });
}

std::vector<Case> rows_in_time(Role /*testee*/) {
    const Parts by_sequence = {greek, unhexed("f4908080"), "edited"};
    const Parts by_one_octet = {greek + "\xF4", "\x90", unhexed("8080") + "edited"};
    return {
        {"6.4.1", three_frames(by_sequence), fails(1007, "invalid_utf8")},
        {"6.4.2", three_frames(by_one_octet), fails(1007, "invalid_utf8")},
        {"6.4.3", one_frame(by_sequence), fails(1007, "invalid_utf8")},
        {"6.4.4", one_frame(by_one_octet), fails(1007, "invalid_utf8")},
    };
}

// One frame, one message.

enum class Verdict : std::uint8_t { echoed, invalid, truncated };
using enum Verdict;

struct Text {
    const char* number;
    const char* payload;  // in hex
    Verdict verdict;
};

const std::array texts = std::to_array<Text>({
    // characters of one to four octets
    {"6.5.1", "68656c6c6f24776f726c64", echoed},
    {"6.5.2", "68656c6c6fc2a2776f726c64", echoed},
    {"6.5.3", "68656c6c6fe282ac776f726c64", echoed},
    {"6.5.4", "68656c6c6ff0a4ada2776f726c64", echoed},
    {"6.5.5", "cebae1bdb9cf83cebcceb5", echoed},
    // every prefix of a word in Greek
    {"6.6.1", "ce", truncated},
    {"6.6.2", "ceba", echoed},
    {"6.6.3", "cebae1", truncated},
    {"6.6.4", "cebae1bd", truncated},
    {"6.6.5", "cebae1bdb9", echoed},
    {"6.6.6", "cebae1bdb9cf", truncated},
    {"6.6.7", "cebae1bdb9cf83", echoed},
    {"6.6.8", "cebae1bdb9cf83ce", truncated},
    {"6.6.9", "cebae1bdb9cf83cebc", echoed},
    {"6.6.10", "cebae1bdb9cf83cebcce", truncated},
    {"6.6.11", "cebae1bdb9cf83cebcceb5", echoed},
    // the least of each length
    {"6.7.1", "00", echoed},
    {"6.7.2", "c280", echoed},
    {"6.7.3", "e0a080", echoed},
    {"6.7.4", "f0908080", echoed},
    // the least of five and six octets
    {"6.8.1", "f888808080", invalid},
    {"6.8.2", "fc8480808080", invalid},
    // the greatest of each length
    {"6.9.1", "7f", echoed},
    {"6.9.2", "dfbf", echoed},
    {"6.9.3", "efbfbf", echoed},
    {"6.9.4", "f48fbfbf", echoed},
    // lead octets beyond U+10FFFF, and more octets than four
    {"6.10.1", "f7bfbfbf", invalid},
    {"6.10.2", "fbbfbfbfbf", invalid},
    {"6.10.3", "fdbfbfbfbfbf", invalid},
    // borders
    {"6.11.1", "ed9fbf", echoed},
    {"6.11.2", "ee8080", echoed},
    {"6.11.3", "efbfbd", echoed},
    {"6.11.4", "f48fbfbf", echoed},
    {"6.11.5", "f4908080", invalid},
    // continuations without a lead octet
    {"6.12.1", "80", invalid},
    {"6.12.2", "bf", invalid},
    {"6.12.3", "80bf", invalid},
    {"6.12.4", "80bf80", invalid},
    {"6.12.5", "80bf80bf", invalid},
    {"6.12.6", "80bf80bf80", invalid},
    {"6.12.7", "80bf80bf80bf", invalid},
    {"6.12.8",
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3"
     "a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbe",
     invalid},
    // lead octets without continuations
    {"6.13.1",
     "c020c120c220c320c420c520c620c720c820c920ca20cb20cc20cd20ce20cf20d020d120"
     "d220d320d420d520d620d720d820d920da20db20dc20dd20de20",
     invalid},
    {"6.13.2", "e020e120e220e320e420e520e620e720e820e920ea20eb20ec20ed20ee20", invalid},
    {"6.13.3", "f020f120f220f320f420f520f620", invalid},
    {"6.13.4", "f820f920fa20", invalid},
    {"6.13.5", "fc20", invalid},
    // the last continuation is missing
    {"6.14.1", "c0", invalid},
    {"6.14.2", "e080", invalid},
    {"6.14.3", "f08080", invalid},
    {"6.14.4", "f8808080", invalid},
    {"6.14.5", "fc80808080", invalid},
    {"6.14.6", "df", truncated},
    {"6.14.7", "efbf", truncated},
    {"6.14.8", "f7bfbf", invalid},
    {"6.14.9", "fbbfbfbf", invalid},
    {"6.14.10", "fdbfbfbfbf", invalid},
    // all of those in a row
    {"6.15.1", "c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf", invalid},
    // octets that no text has
    {"6.16.1", "fe", invalid},
    {"6.16.2", "ff", invalid},
    {"6.16.3", "fefeffff", invalid},
    // overlong slashes
    {"6.17.1", "c0af", invalid},
    {"6.17.2", "e080af", invalid},
    {"6.17.3", "f08080af", invalid},
    {"6.17.4", "f8808080af", invalid},
    {"6.17.5", "fc80808080af", invalid},
    // the greatest overlong of each length
    {"6.18.1", "c1bf", invalid},
    {"6.18.2", "e09fbf", invalid},
    {"6.18.3", "f08fbfbf", invalid},
    {"6.18.4", "f887bfbfbf", invalid},
    {"6.18.5", "fc83bfbfbfbf", invalid},
    // overlong NUL
    {"6.19.1", "c080", invalid},
    {"6.19.2", "e08080", invalid},
    {"6.19.3", "f0808080", invalid},
    {"6.19.4", "f880808080", invalid},
    {"6.19.5", "fc8080808080", invalid},
    // a surrogate
    {"6.20.1", "eda080", invalid},
    {"6.20.2", "edadbf", invalid},
    {"6.20.3", "edae80", invalid},
    {"6.20.4", "edafbf", invalid},
    {"6.20.5", "edb080", invalid},
    {"6.20.6", "edbe80", invalid},
    {"6.20.7", "edbfbf", invalid},
    // two of them
    {"6.21.1", "eda080edb080", invalid},
    {"6.21.2", "eda080edbfbf", invalid},
    {"6.21.3", "edadbfedb080", invalid},
    {"6.21.4", "edadbfedbfbf", invalid},
    {"6.21.5", "edae80edb080", invalid},
    {"6.21.6", "edae80edbfbf", invalid},
    {"6.21.7", "edafbfedb080", invalid},
    {"6.21.8", "edafbfedbfbf", invalid},
    // non-characters
    {"6.22.1", "efbfbe", echoed},
    {"6.22.2", "efbfbf", echoed},
    {"6.22.3", "f09fbfbe", echoed},
    {"6.22.4", "f09fbfbf", echoed},
    {"6.22.5", "f0afbfbe", echoed},
    {"6.22.6", "f0afbfbf", echoed},
    {"6.22.7", "f0bfbfbe", echoed},
    {"6.22.8", "f0bfbfbf", echoed},
    {"6.22.9", "f18fbfbe", echoed},
    {"6.22.10", "f18fbfbf", echoed},
    {"6.22.11", "f19fbfbe", echoed},
    {"6.22.12", "f19fbfbf", echoed},
    {"6.22.13", "f1afbfbe", echoed},
    {"6.22.14", "f1afbfbf", echoed},
    {"6.22.15", "f1bfbfbe", echoed},
    {"6.22.16", "f1bfbfbf", echoed},
    {"6.22.17", "f28fbfbe", echoed},
    {"6.22.18", "f28fbfbf", echoed},
    {"6.22.19", "f29fbfbe", echoed},
    {"6.22.20", "f29fbfbf", echoed},
    {"6.22.21", "f2afbfbe", echoed},
    {"6.22.22", "f2afbfbf", echoed},
    {"6.22.23", "f2bfbfbe", echoed},
    {"6.22.24", "f2bfbfbf", echoed},
    {"6.22.25", "f38fbfbe", echoed},
    {"6.22.26", "f38fbfbf", echoed},
    {"6.22.27", "f39fbfbe", echoed},
    {"6.22.28", "f39fbfbf", echoed},
    {"6.22.29", "f3afbfbe", echoed},
    {"6.22.30", "f3afbfbf", echoed},
    {"6.22.31", "f3bfbfbe", echoed},
    {"6.22.32", "f3bfbfbf", echoed},
    {"6.22.33", "f48fbfbe", echoed},
    {"6.22.34", "f48fbfbf", echoed},
    // specials
    {"6.23.1", "efbfb9", echoed},
    {"6.23.2", "efbfba", echoed},
    {"6.23.3", "efbfbb", echoed},
    {"6.23.4", "efbfbc", echoed},
    {"6.23.5", "efbfbd", echoed},
    {"6.23.6", "efbfbe", echoed},
    {"6.23.7", "efbfbf", echoed},
});

std::vector<Case> rows_of_texts(Role /*testee*/) {
    std::vector<Case> rows;
    for (const Text& one : texts) {
        const Frame message = text(unhexed(one.payload));
        const bool valid = one.verdict == echoed;
        const Frame answer = valid ? message : closes(1007);
        const Ending failed =
            fails(1007, one.verdict == invalid ? "invalid_utf8" : "truncated_utf8");
        rows.push_back(
            {one.number, Script().say({message}).hear({answer}), valid ? clean() : failed});
    }
    return rows;
}

Group in_frames_group({"6.1", "6.2", "6.3"}, rows_in_frames);
Group in_time({"6.4"}, rows_in_time);
Group sequences({"6.5", "6.6", "6.7", "6.8", "6.9", "6.10", "6.11", "6.12", "6.13", "6.14", "6.15",
                 "6.16", "6.17", "6.18", "6.19", "6.20", "6.21", "6.22", "6.23"},
                rows_of_texts);

}  // namespace

TEST_CASE("6.1 to 6.3: text is judged as a whole, wherever its frames cut it",
          "[6455-5.6-01][6455-8.1-01][6455-7.4.1-07]") {
    in_frames_group.judge();
}

TEST_CASE("6.4: text fails at the octet that breaks it, before its frame or message ends",
          "[6455-8.1-01][6455-7.4.1-07]") {
    in_time.judge();
}

TEST_CASE("6.5 to 6.23: every sequence of UTF-8 comes back, and every other one fails 1007",
          "[6455-5.6-01][6455-8.1-01][6455-7.4.1-07][3629-3-01][3629-3-02][3629-4-01]") {
    sequences.judge();
}
