// SPDX-License-Identifier: MIT
// The client that the public suite's fuzzing server tests: it asks how many cases there are, opens one
// conversation for each and says every message back, asks how each went, and has the report written.
#include "hawse/hawse.hpp"
#include "hawse/heap.hpp"
#include "hawse/posix.hpp"
#include "arguments.hpp"
#include "printable.hpp"
#include "sockets.hpp"
#include "stream.hpp"
#include "transport.hpp"

#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <map>
#include <poll.h>
#include <string>
#include <string_view>

namespace {

using examples::Arguments;
using hawse::Time;

constexpr std::string_view usage =
    "usage: autobahn_testee [--url URL] [--agent NAME] [--case N] [--max-message N]\n"
    "                       [--max-fragments N]\n"
    "Echoes to a fuzzing server of the Autobahn test suite, case by case.\n"
    "  --url URL          where it listens (ws://127.0.0.1:9001)\n"
    "  --agent NAME       what the report calls us (hawse); letters, digits, '.', '_' and '-'\n"
    "  --case N           only the case with this number, counted from 1\n"
    "  --max-message N    the largest message accepted, in octets (16777216)\n"
    "  --max-fragments N  the most frames of one message (65536)\n"
    "Exit status: 0 when every case passed, 1 when one did not, 2 for a wrong argument, 3 when "
    "the\n"
    "fuzzing server cannot be talked to.\n";

struct Options {
    hawse::Url url;
    std::string agent = "hawse";
    unsigned only = 0;  // 0: all
    std::uint64_t message_size_max = std::uint64_t{16} << 20;
    std::uint32_t fragment_count_max = 65'536;
};

bool is_agent(std::string_view name) noexcept {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return !name.empty() && name.find_first_not_of(allowed) == std::string_view::npos;
}

Options read_options(int count, char** values) {
    Arguments arguments(count, values, "autobahn_testee", usage);
    Options options;
    std::string_view url = "ws://127.0.0.1:9001";
    for (std::string_view value; arguments.next();) {
        if (arguments.option("--url", value))
            url = value;
        else if (arguments.option("--agent", value))
            options.agent = value;
        else if (arguments.option("--case", value))
            options.only = static_cast<unsigned>(arguments.number("--case", value, 1, UINT32_MAX));
        else if (arguments.option("--max-message", value))
            options.message_size_max = arguments.number("--max-message", value, 0, 1U << 31);
        else if (arguments.option("--max-fragments", value))
            options.fragment_count_max = static_cast<std::uint32_t>(
                arguments.number("--max-fragments", value, 1, UINT32_MAX));
        else
            arguments.unknown();
    }
    if (!is_agent(options.agent)) arguments.fail("--agent is a word");
    if (hawse::parse_url(url, options.url) != hawse::Refusal::none || options.url.secure ||
        !options.url.target.empty())
        arguments.fail("--url is ws://HOST:PORT");
    return options;
}

hawse::Config make_config(const Options& options, hawse::Pool& pool) {
    hawse::Config config;
    config.pool = &pool;
    config.entropy = hawse::posix_entropy();
    config.deflate.enabled = true;
    config.limits.message_size_max = options.message_size_max;
    config.limits.fragment_count_max = options.fragment_count_max;
    // The mark at which reading stops, the echo of what one more read holds, and of the message it ends.
    config.limits.output_max =
        config.limits.output_high + (std::size_t{1} << 20) + options.message_size_max;
    config.waits.idle = hawse::seconds(60);  // the suite gives up sooner
    return config;
}

/// One conversation with the fuzzing server, over a socket of its own.
class Visit {
public:
    enum class Purpose : std::uint8_t {
        ask,   ///< the server says something and closes
        echo,  ///< the server tests us, and anything may happen
    };

    Visit(const Options& options, const hawse::Config& config, Purpose purpose)
        : options_(options), purpose_(purpose),
          session_(config, hawse::Role::client, hawse::posix_now()) {}

    /// False, and a sentence in problem(), when it was no conversation, or not a whole answer.
    bool run(const std::string& target);

    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
    [[nodiscard]] const std::string& answer() const noexcept { return answer_; }

private:
    void converse(examples::Stream& stream);
    void drive(examples::Stream& stream);
    void tell();
    void tell_closed(const hawse::Event& event);

    const Options& options_;
    Purpose purpose_;
    hawse::Session session_;
    bool opened_ = false;
    std::string answer_;
    std::string problem_;
    std::array<std::byte, 65536> scratch_;
};

bool Visit::run(const std::string& target) {
    const auto& url = options_.url;
    const auto refusal = session_.start({.host = url.host, .port = url.port, .target = target});
    if (refusal != hawse::Refusal::none) {
        problem_ = hawse::describe(refusal);
        return false;
    }
    const auto patience = session_.deadline() - hawse::posix_now();
    const auto socket = examples::connect_to(std::string(url.host), url.port, patience);
    problem_ = socket.problem;
    if (socket.descriptor < 0) return false;
    examples::Stream stream(socket.descriptor);
    converse(stream);
    return problem_.empty();
}

void Visit::converse(examples::Stream& stream) {
    for (drive(stream); !session_.wants().close(); drive(stream)) {
        const auto wants = session_.wants();
        const int events = (wants.read() ? POLLIN : 0) | (wants.write() ? POLLOUT : 0);
        pollfd ready{stream.descriptor(), static_cast<short>(events), 0};
        (void)::poll(&ready, 1, milliseconds_until(session_.deadline(), hawse::posix_now()));
        const Time now = hawse::posix_now();
        if (wants.read() && ready.revents != 0) {
            const auto octets = read_some(stream, session_, scratch_, now);
            if (!octets.empty()) (void)session_.receive(octets, now);
            tell();
        }
        session_.advance(now);
    }
}

void Visit::drive(examples::Stream& stream) {
    for (bool progress = true; progress;) {
        tell();
        const auto written = write_some(stream, session_, hawse::posix_now());
        if (written == examples::Written::failed)
            session_.receive_end(hawse::TransportEnd::broken, hawse::posix_now());
        progress = written != examples::Written::nothing;
        if (session_.wants().end_write() && stream.end_write()) {
            session_.write_ended(hawse::posix_now());
            progress = true;
        }
    }
}

void Visit::tell() {
    while (const auto event = session_.next_event()) {
        if (event.kind() == hawse::EventKind::opened) opened_ = true;
        if (event.kind() == hawse::EventKind::closed) tell_closed(event);
        if (!event.is_message()) continue;
        if (purpose_ == Purpose::ask) {
            answer_ = event.text();
            continue;
        }
        auto& connection = *session_.connection();
        const auto refusal = connection.send(event.message_kind(), event.payload());
        if (refusal == hawse::Refusal::none || refusal == hawse::Refusal::not_open) continue;
        (void)connection.close(hawse::CloseCode::internal_error, hawse::name_of(refusal));
    }
}

// What a case does to the conversation is for the fuzzing server to judge; but for silence.
void Visit::tell_closed(const hawse::Event& event) {
    const bool fine = purpose_ == Purpose::ask
                          ? event.clean()
                          : opened_ && event.cause() != hawse::Cause::idle_timeout;
    if (!fine) problem_ = hawse::describe(event.cause());
    if (!opened_ && session_.status() != 0)
        problem_ += " (status " + std::to_string(session_.status()) + ")";
}

/// All of them, or one, and the report.
class Suite {
public:
    Suite(const Options& options, const hawse::Config& config)
        : options_(options), config_(config) {}

    int run();

private:
    static constexpr int all_passed = 0;
    static constexpr int one_failed = 1;
    static constexpr int no_server = 3;

    bool visit(Visit::Purpose purpose, const std::string& target);
    bool count_cases(unsigned& count);
    bool run_case(unsigned number, unsigned count);
    void print_totals() const;
    [[nodiscard]] std::string agent() const { return "agent=" + options_.agent; }

    const Options& options_;
    const hawse::Config& config_;
    std::string answer_;                      // of the last visit
    std::map<std::string, unsigned> counts_;  // by verdict
    bool passed_ = true;
};

int fail(const std::string& problem, int status) {
    std::fprintf(stderr, "autobahn_testee: %s\n", problem.c_str());
    return status;
}

int Suite::run() {
    unsigned count = 0;
    if (!count_cases(count)) return no_server;
    if (options_.only > count) return fail("there are only " + std::to_string(count) + " cases", 2);
    const unsigned first = options_.only == 0 ? 1 : options_.only;
    const unsigned last = options_.only == 0 ? count : options_.only;
    for (unsigned number = first; number <= last; ++number)
        if (!run_case(number, count)) return no_server;
    if (!visit(Visit::Purpose::ask, "/updateReports?" + agent())) return no_server;
    print_totals();
    return passed_ ? all_passed : one_failed;
}

bool Suite::visit(Visit::Purpose purpose, const std::string& target) {
    Visit visit(options_, config_, purpose);
    const bool fine = visit.run(target);
    answer_ = visit.answer();
    if (!fine) (void)fail(target + ": " + visit.problem(), no_server);
    return fine;
}

bool Suite::count_cases(unsigned& count) {
    if (!visit(Visit::Purpose::ask, "/getCaseCount")) return false;
    const auto* const end = answer_.data() + answer_.size();
    const auto [stop, error] = std::from_chars(answer_.data(), end, count);
    if (error == std::errc{} && stop == end && count > 0) return true;
    (void)fail("/getCaseCount: this is no count of cases:" + examples::in_brackets(answer_),
               no_server);
    return false;
}

/// What {"behavior": "OK"} has; empty when `status` is something else.
std::string_view behavior_in(std::string_view status) noexcept {
    constexpr std::string_view name = "\"behavior\"";
    const auto at = status.find(name);
    if (at == std::string_view::npos) return {};
    status.remove_prefix(at + name.size());
    const auto begin = status.find('"');
    if (begin == std::string_view::npos) return {};
    status.remove_prefix(begin + 1);
    const auto end = status.find('"');
    return end == std::string_view::npos ? std::string_view() : status.substr(0, end);
}

bool Suite::run_case(unsigned number, unsigned count) {
    const auto query = "?case=" + std::to_string(number) + "&" + agent();
    if (!visit(Visit::Purpose::echo, "/runCase" + query)) return false;
    if (!visit(Visit::Purpose::ask, "/getCaseStatus" + query)) return false;
    const std::string verdict = examples::printable(behavior_in(answer_));
    if (verdict.empty()) {
        (void)fail("/getCaseStatus: this is no verdict:" + examples::in_brackets(answer_),
                   no_server);
        return false;
    }
    // NON-STRICT is none of them: the engine is strict.
    if (verdict != "OK" && verdict != "INFORMATIONAL" && verdict != "UNIMPLEMENTED")
        passed_ = false;
    ++counts_[verdict];
    std::printf("case %u of %u: %s\n", number, count, verdict.c_str());
    std::fflush(stdout);
    return true;
}

void Suite::print_totals() const {
    std::string line;
    for (const auto& [verdict, count] : counts_)
        line += (line.empty() ? "" : ", ") + std::to_string(count) + " " + verdict;
    std::printf("%s\n", line.c_str());
}

}  // namespace

int main(int count, char** values) {
    const auto options = read_options(count, values);
    std::signal(SIGPIPE, SIG_IGN);  // a server who left is an errno, not the end of us
    hawse::Pool pool(hawse::heap_allocator());
    const auto config = make_config(options, pool);
    return Suite(options, config).run();
}
