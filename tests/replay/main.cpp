// SPDX-License-Identifier: MIT
// Replays what is known: the catalogue's vectors and handshakes, and the transcripts. Each group is
// checked against what is expected of it, and makes a digest of all that the engine did, which is
// compared with the one in digests.tsv: the same on every machine, with every compiler, at every level
// of optimisation. A build that cannot compress leaves out what negotiates, and digests of the rest have
// rows of their own, as "handshakes/plain".
//
//     replay [GROUP...] [--item NAME] [--seed N | --seeds N] [--tells] [--tests FOLDER] [--write]
//
// ends with 0 when everything holds, 1 when something does not, 2 when it was asked wrongly.
#include "deflate/compressor.hpp"
#include "replay/files.hpp"
#include "replay/groups.hpp"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace hawse::test::replay;

struct Group {
    const char* name;
    void (*run)(Report&, const Wanted&);
    bool negotiates;  ///< some of its items agree on compression
    const char* sentence;
    const char* requirements;
};

constexpr Group groups[] = {
    {"vectors", run_vectors, false,
     "each vector of the catalogue gives what it names, at every cut",
     "[6455-5.2-01][6455-5.2-05][6455-5.2-08][6455-5.4-20][6455-6.2-01][6455-6.2-05][6455-10.7-01]"
     "[7692-6-02][7692-6.1-04][7692-6.2-02][7692-7.2.1-06][7692-7.2.2-01][7692-7.2.2-03][7692-7.2."
     "2-05][7692-7.2.3.2-01][7692-7.2.3.3-01]"},
    {"handshakes", run_handshakes, true,
     "each handshake of the catalogue ends as expected, at every cut",
     "[6455-4.1-43][6455-4.1-54][6455-4.1-56][6455-4.2.1-02][6455-4.2.2-16][6455-4.2.2-22]"},
    {"transcripts", run_transcripts, true, "each transcript goes as it is written, at every cut", ""},
    {"simulation", run_simulation, false,
     "two engines, whatever they do and whatever happens between them, keep every promise", ""},
    {"failing_allocations", run_failing_allocations, false,
     "each allocation and each draw of entropy fails, once and from then on, without harm", ""},
};

struct Arguments {
    std::vector<std::string_view> names;
    Wanted wanted{HAWSE_TESTS_FOLDER};
    bool write = false;
};

[[noreturn]] void refuse(const std::string& what) {
    std::printf("%s\nreplay [GROUP...] [--item NAME] [--seed N | --seeds N] [--tells] "
                "[--tests FOLDER] [--write]\ngroups:\n",
                what.c_str());
    for (const Group& group : groups) std::printf("  %-20s %s\n", group.name, group.sentence);
    std::exit(2);
}

std::uint64_t read_number(const char* text) {
    char* end = nullptr;
    const std::uint64_t number = std::strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || number == 0)
        refuse(std::string(text) + " is not a number above 0");
    return number;
}

Arguments read_arguments(int count, char** values) {
    Arguments arguments;
    Wanted& wanted = arguments.wanted;
    for (int index = 1; index < count; ++index) {
        const std::string_view name = values[index];
        if (name == "--tells") {
            wanted.tells = true;
        } else if (name == "--write") {
            arguments.write = true;
        } else if (!name.starts_with("--")) {
            arguments.names.push_back(name);
        } else {
            if (index + 1 == count) refuse(std::string(name) + " needs a value, or is unknown");
            const char* const value = values[++index];
            if (name == "--item") {
                wanted.item = value;
            } else if (name == "--seed") {
                wanted.first_seed = read_number(value);
                wanted.seed_count = 1;
            } else if (name == "--seeds") {
                wanted.seed_count = read_number(value);
            } else if (name == "--tests") {
                wanted.tests_folder = value;
            } else {
                refuse(std::string(name) + " is no option");
            }
        }
    }
    for (const std::string_view name : arguments.names) {
        bool known = false;
        for (const Group& group : groups) known = known || name == group.name;
        if (!known) refuse(std::string(name) + " is no group");
    }
    return arguments;
}

std::string digest_row(const Report& report) {
    char row[96];
    std::snprintf(row, sizeof row, "%s\t%zu\t%016" PRIx64, report.group().c_str(), report.item_count(),
                  report.digest());
    return row;
}

/// The rows of the tree, one for each group; those that ran are replaced when they are to be written.
class Digests {
public:
    explicit Digests(const std::string& folder)
        : path_(folder + "/replay/digests.tsv"), text_(read_file(path_)) {
        for (const std::string_view line : lines_of(text_)) rows_.emplace_back(line);
    }
    [[nodiscard]] std::string_view row_of(std::string_view group) const {
        for (const std::string& row : rows_)
            if (split(row, "\t")[0] == group) return row;
        return "no row";
    }
    void set(std::string_view group, const std::string& wanted) {
        for (std::string& row : rows_)
            if (split(row, "\t")[0] == group) {
                row = wanted;
                return;
            }
        rows_.push_back(wanted);
    }
    void write() const {
        std::FILE* const file = std::fopen(path_.c_str(), "wb");
        if (file == nullptr) refuse(path_ + " cannot be written");
        for (const std::string& row : rows_) std::fprintf(file, "%s\n", row.c_str());
        std::fclose(file);
    }

private:
    std::string path_;
    std::string text_;
    std::vector<std::string> rows_;
};

/// Runs `group`; true when it holds.
bool run(const Group& group, const Arguments& arguments, Digests& digests) {
    const bool plain = group.negotiates && !hawse::deflate::can_compress();
    const std::string name = std::string(group.name) + (plain ? "/plain" : "");
    if (plain)
        std::fprintf(stderr, "%s: what compresses is left out, as this build cannot\n", group.name);
    Report report(name);
    group.run(report, arguments.wanted);
    const std::string row = digest_row(report);
    if (report.item_count() == 0) report.fail("nothing ran: there is no such item");
    if (arguments.wanted.is_all()) {
        if (arguments.write)
            digests.set(name, row);
        else if (digests.row_of(name) != row)
            report.fail("digest\n  found  " + row + "\n  wanted " +
                        std::string(digests.row_of(name)) +
                        "\n  if what the engine does was meant to change: replay --write");
    }
    // What is told may be kept in a file, without the verdict.
    std::FILE* const out = arguments.wanted.tells ? stderr : stdout;
    std::fprintf(out, "%s\t%s\n", row.c_str(), report.failure_count() == 0 ? "holds" : "FAILS");
    std::fflush(out);
    return report.failure_count() == 0;
}

}  // namespace

int main(int count, char** values) {
    const Arguments arguments = read_arguments(count, values);
    Digests digests(arguments.wanted.tests_folder);
    bool holds = true;
    for (const Group& group : groups) {
        bool wanted = arguments.names.empty();
        for (const std::string_view name : arguments.names) wanted = wanted || name == group.name;
        if (wanted && !run(group, arguments, digests)) holds = false;
    }
    if (arguments.write && holds) digests.write();
    return holds ? 0 : 1;
}
