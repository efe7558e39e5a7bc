// SPDX-License-Identifier: MIT
// Two engines and the world between them, from a seed: a link that delays, cuts, joins, stalls and ends,
// applications that do anything a program may do, clocks that are late, jump and step back. Whatever
// happens, it ends, and what must hold held at every step and holds of the whole.
//
//     replay simulation --seed 12345 --tells      one run, step by step
//     replay simulation --seeds 100000            many
#include "replay/groups.hpp"
#include "replay/simulation_application.hpp"
#include "replay/simulation_host.hpp"
#include "replay/simulation_invariants.hpp"
#include "replay/simulation_link.hpp"
#include "replay/simulation_plan.hpp"

#include <algorithm>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

namespace hawse::test::replay {

namespace {

using namespace simulated;

constexpr std::uint64_t fixed_seed_count = 600;
constexpr Time beginning{1'000'000'000};

constexpr std::string_view eager_request =
    "GET /chat HTTP/1.1\r\nHost: server.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

class Run {
public:
    Run(const Plan& plan, bool tells)
        : plan_(plan), dice_(plan.seed ^ 0x5157), client(plan.client, beginning),
          server(plan.server, beginning), client_application(client, plan.client_habits),
          server_application(server, plan.server_habits), up_(plan.upward, plan.seed * 2),
          down_(plan.downward, plan.seed * 2 + 1) {
        client.tells = server.tells = tells;
        if (plan.eager) up_.put(as_bytes(eager_request), now_);
    }

    /// To the end; what did not hold, or nothing.
    std::string go() {
        for (unsigned count = 0; count < plan_.step_count && holds(); ++count) {
            pass_time();
            strike();
            step(false);
        }
        up_.hurry();
        down_.hurry();
        finish();
        if (std::string fault = first_fault(); !fault.empty()) return fault;
        return judge();
    }

    /// What happened, the same on every machine when the plan is exact.
    void record(Report& report) const {
        if (!plan_.exact) return;
        for (const Host* host : {&client, &server}) {
            report.record(host->witness.story.text());
            report.record(as_text(host->witness.output));
        }
        report.record(std::to_string(now_.nanoseconds));
    }
    [[nodiscard]] std::uint64_t digest() const {
        Digest digest;
        for (const Host* host : {&client, &server}) {
            digest.add(host->witness.story.text());
            digest.add(as_text(host->witness.output));
            digest.add(std::to_string(host->allocator().count()));
        }
        digest.add(std::to_string(now_.nanoseconds));
        return digest.value();
    }

    [[nodiscard]] const Host& client_host() const noexcept { return client; }
    [[nodiscard]] const Application& client_side() const noexcept { return client_application; }
    [[nodiscard]] const Application& server_side() const noexcept { return server_application; }
    [[nodiscard]] const Host& server_host() const noexcept { return server; }

private:
    [[nodiscard]] bool holds() const { return client.fault.empty() && server.fault.empty(); }
    [[nodiscard]] std::string first_fault() const {
        return !client.fault.empty() ? client.fault : server.fault;
    }
    [[nodiscard]] bool is_over() const {
        return client_application.is_over() && server_application.is_over();
    }

    void step(bool finishing) {
        client_application.step(now_, down_, up_, finishing);
        server_application.step(now_, up_, down_, finishing);
    }

    [[nodiscard]] Time next_moment() const {
        return std::min({client_application.next_moment(now_), server_application.next_moment(now_),
                         up_.next_moment(now_), down_.next_moment(now_)});
    }

    void pass_time() {
        const std::uint64_t micros = dice_.below(30'000);
        const bool leaps = dice_.chance(10);
        const Time next = next_moment();
        if (leaps && next != never && next > now_)
            now_ = std::min(next, now_ + seconds(20));
        else
            now_ = now_ + nanoseconds(static_cast<std::int64_t>(micros) * 1000);
    }

    // What the world does to them.
    void strike() {
        if (plan_.stalls && dice_.chance(3)) {
            const bool upward = dice_.chance(50);
            const auto length = static_cast<std::int64_t>(dice_.below(plan_.calm ? 3'000 : 40'000));
            (upward ? up_ : down_).stall(now_ + milliseconds(length));
        }
        if (plan_.breaks && dice_.chance(2)) {
            const unsigned how = static_cast<unsigned>(dice_.below(3));
            if (how == 0) {
                up_.end(now_);
                down_.end(now_);
            } else {
                up_.snap(now_);
                down_.snap(now_);
            }
        }
        if (plan_.jumps && dice_.chance(3)) jump();
    }

    void jump() {
        constexpr std::int64_t far[] = {1'000, 70'000, 100'000, 86'400'000, 31'536'000'000};
        const bool clients = dice_.chance(50);
        const auto bound = static_cast<std::uint64_t>(dice_.pick(far));
        const auto length = static_cast<std::int64_t>(dice_.below(bound));
        const bool back = dice_.chance(40);
        Host& host = clients ? client : server;
        const Waits& waits = host.terms().waits;
        const Duration longest = std::max({waits.ping, waits.pong, waits.idle, waits.opening,
                                           waits.close, waits.linger, waits.write_stall});
        const bool late = clients ? plan_.client_habits.late : plan_.server_habits.late;
        if (host.clock_is_steady && !back && !late &&
            milliseconds(length) > Duration{longest.nanoseconds + waits.clock_jump.nanoseconds})
            host.expect_jump();
        host.clock_is_steady = false;
        (clients ? client_application : server_application)
            .shift_clock(milliseconds(back ? -length : length));
        if (host.tells)
            std::printf("            %s's clock %s by %" PRId64 " ms\n", host.side(),
                        back ? "steps back" : "jumps", length);
    }

    // Time goes from one moment at which something is due to the next, until both have closed. Where
    // nothing is waited for, because waits are off, the transport breaks.
    void finish() {
        constexpr unsigned step_count_max = 20000;
        constexpr Duration most = seconds(4000);
        const Time from = now_;
        unsigned idle_count = 0;
        std::size_t moved_size = 0;
        bool snapped = false;
        for (unsigned count = 0; !is_over() && holds(); ++count) {
            step(true);
            if (is_over()) break;
            const Time next = next_moment();
            const bool moved = std::exchange(moved_size, size_moved()) != size_moved();
            idle_count = next == never && !moved ? idle_count + 1 : 0;
            if (idle_count > 30 && !snapped && waits_for_ever()) {
                snapped = true;
                idle_count = 0;
                up_.snap(now_);
                down_.snap(now_);
            }
            const bool lives = count < step_count_max && idle_count <= 60 && now_ - from <= most;
            client.expect(lives, "it does not end");
            const Time soon = now_ + milliseconds(1);
            now_ = moved || next == never ? soon : std::max(soon, std::min(next, now_ + most));
        }
        for (unsigned count = 0; count < 2; ++count) step(true);  // what is in flight comes back
    }

    // Octets, lines and calls so far: what stands still when nothing happens.
    [[nodiscard]] std::size_t size_moved() const {
        std::size_t size = 0;
        for (const Host* host : {&client, &server})
            size += host->witness.input.size() + host->witness.output.size() +
                    host->witness.sent_frame_count + host->witness.event_count +
                    host->witness.sent_size;
        return size;
    }

    [[nodiscard]] bool waits_for_ever() const {
        for (const Waits* waits : {&plan_.client.waits, &plan_.server.waits})
            for (const Duration wait : {waits->opening, waits->close, waits->write_stall})
                if (wait <= Duration{}) return true;
        return plan_.eager;
    }

    std::string judge() {
        const bool flipped = up_.has_flipped() || down_.has_flipped();
        for (const Host* host : {&client, &server}) {
            if (std::string fault = check_input(*host); !fault.empty()) return fault;
            if (std::string fault = check_output(*host); !fault.empty()) return fault;
        }
        if (!flipped) {
            if (std::string fault = check_passage(client, server); !fault.empty()) return fault;
            if (std::string fault = check_passage(server, client); !fault.empty()) return fault;
            if (std::string fault = check_blame(); !fault.empty()) return fault;
        }
        if (plan_.calm)
            for (const Host* host : {&client, &server})
                if (!host->witness.closed.clean())
                    return std::string(host->side()) + ": nothing went wrong, and it is not clean";
        for (const Application* application : {&client_application, &server_application}) {
            const Host& host = application == &client_application ? client : server;
            const Habits& habits =
                application == &client_application ? plan_.client_habits : plan_.server_habits;
            if (!habits.prompt || plan_.starves) continue;
            // Whether octets are early depends on when they come.
            if (plan_.eager && host.terms().reject_early_octets) continue;
            std::string fault = check_cuts(host, application->tape(), beginning, plan_.seed);
            if (!fault.empty()) return fault;
        }
        if (std::string fault = check_end(client, now_); !fault.empty()) return fault;
        return check_end(server, now_);
    }

    // Who keeps the rules is not blamed.
    [[nodiscard]] std::string check_blame() const {
        for (const Host* host : {&client, &server}) {
            const bool other_rude =
                host == &client ? plan_.server_habits.rude : plan_.client_habits.rude;
            const Event& failed = host->witness.failed;
            if (failed.violation() == Violation::early_octets) continue;
            if (failed.cause() == Cause::violation && !other_rude)
                return std::string(host->side()) + ": it blames a peer that kept the rules for " +
                       hawse::name_of(failed.violation());
        }
        return {};
    }

    Plan plan_;
    Dice dice_;
    Host client;
    Host server;
    Application client_application;
    Application server_application;
    Direction up_;
    Direction down_;
    Time now_ = beginning;
};

// One that crashes is to be found again as well.
volatile std::uint64_t seed_in_progress = 0;

extern "C" void tell_seed(int signal) {
    std::fprintf(stderr, "replay simulation --seed %" PRIu64 " --tells\n", seed_in_progress);
    std::signal(signal, SIG_DFL);
    (void)std::raise(signal);
}

// Says on a long run how far it is.
class Progress {
public:
    explicit Progress(std::uint64_t count) : count_(count) {}
    void tell(std::uint64_t done) {
        const std::time_t now = std::time(nullptr);
        if (now - told_ < 10) return;
        told_ = now;
        std::fprintf(stderr, "simulation: %" PRIu64 " of %" PRIu64 " seeds\n", done, count_);
    }

private:
    std::uint64_t count_;
    std::time_t told_ = std::time(nullptr);
};

// I12.
class Depth {
public:
    void measure(Report& report, const Run& run) {
        for (const Application* side : {&run.client_side(), &run.server_side()}) {
            const Host& host = side == &run.client_side() ? run.client_host() : run.server_host();
            const std::size_t size = stack_of(host, side->tape(), beginning);
            most_ = std::max(most_, size);
            report.expect(size <= size_max, "it used " + std::to_string(size) + " octets of stack");
        }
    }
    void tell() const {
        if (most_ != 0)
            std::printf("simulation: the deepest stack, test and all, was %zu octets\n", most_);
    }

private:
    static constexpr std::size_t size_max = std::size_t{16} << 10;
    std::size_t most_ = 0;
};

void run_seed(Report& report, std::uint64_t seed, bool tells, Depth& depth) {
    report.begin("seed " + std::to_string(seed));
    seed_in_progress = seed;
    const Plan plan = draw_plan(seed);
    if (tells) std::printf("%s\n", in_words(plan).c_str());
    Run run(plan, tells);
    std::string fault = run.go();
    if (fault.empty() && !tells) {
        Run again(plan, false);
        (void)again.go();
        if (again.digest() != run.digest()) fault = "the same seed gives two stories";
    }
    run.record(report);
    if (fault.empty() && !plan.starves && seed % 8 == 0) depth.measure(report, run);
    if (fault.empty()) return;
    report.fail(fault + "\n  replay simulation --seed " + std::to_string(seed) + " --tells");
    std::fflush(stdout);  // what comes now may be an assertion
}

}  // namespace

void run_simulation(Report& report, const Wanted& wanted) {
    const std::uint64_t count = wanted.seed_count == 0 ? fixed_seed_count : wanted.seed_count;
    Progress progress(count);
    Depth depth;
    std::signal(SIGABRT, tell_seed);
    for (std::uint64_t index = 0; index < count; ++index) {
        run_seed(report, wanted.first_seed + index, wanted.tells, depth);
        progress.tell(index + 1);
    }
    depth.tell();
    std::signal(SIGABRT, SIG_DFL);
}

}  // namespace hawse::test::replay
