// SPDX-License-Identifier: MIT
#include "replay/simulation_plan.hpp"

#include <algorithm>

namespace hawse::test::replay::simulated {

namespace {

constexpr Duration off = {};
constexpr Duration for_long = seconds(600);

void draw_waits(Dice& dice, Waits& waits, bool calm) {
    constexpr Duration pings[] = {off, off, seconds(2), seconds(10)};
    constexpr Duration pongs[] = {off, seconds(1), seconds(5), seconds(20)};
    constexpr Duration idles[] = {off, off, seconds(5), seconds(60)};
    constexpr Duration openings[] = {seconds(2), seconds(10), seconds(10), off};
    constexpr Duration closes[] = {seconds(1), seconds(10), seconds(10), off};
    constexpr Duration lingers[] = {off, milliseconds(100), seconds(2)};
    constexpr Duration stalls[] = {seconds(1), seconds(30), seconds(30), off};
    constexpr Duration jumps[] = {seconds(1), seconds(60), seconds(60)};
    waits.ping = dice.pick(pings);
    waits.pong = dice.pick(pongs);
    waits.idle = dice.pick(idles);
    waits.opening = dice.pick(openings);
    waits.close = dice.pick(closes);
    waits.linger = dice.pick(lingers);
    waits.write_stall = dice.pick(stalls);
    waits.clock_jump = dice.pick(jumps);
    if (!calm) return;
    waits.pong = waits.idle = off;
    waits.opening = waits.close = waits.write_stall = waits.linger = for_long;
}

void draw_limits(Dice& dice, Limits& limits, const Plan& plan, bool rude_peer) {
    constexpr std::uint64_t messages[] = {std::uint64_t{1} << 20, 70000, 4096, 300, 126, 1};
    constexpr std::uint64_t split[] = {0, 0, 0, 1, 100, 126, 4096, 65536};
    constexpr std::size_t highs[] = {1, 500, 5000, 262144};
    constexpr std::size_t mosts[] = {0, 300, 20000, std::size_t{32} << 20};
    constexpr std::size_t early[] = {0, 20, 4096, 4096};
    limits.message_size_max = dice.pick(messages);
    limits.send_frame_size_max = dice.pick(split);
    limits.pong_count_max = static_cast<std::uint32_t>(dice.between(0, 20));
    limits.early_size_max = dice.pick(early);
    const std::size_t high = dice.pick(highs);
    const std::size_t most = dice.pick(mosts);
    if (!plan.calm) {
        limits.output_high = high;
        if (dice.chance(30)) limits.output_max = most;
    } else {
        limits.output_high = SIZE_MAX;
        limits.early_size_max = 65536;
    }
    if (!rude_peer) return;
    constexpr std::uint64_t frames[] = {UINT64_MAX, UINT64_MAX, 1000, 125};
    constexpr std::uint32_t fragments[] = {1U << 17, 1U << 17, 3, 1};
    limits.frame_size_max = dice.pick(frames);
    limits.fragment_count_max = dice.pick(fragments);
}

void draw_link(Dice& dice, LinkTerms& link, const Plan& plan) {
    constexpr std::size_t windows[] = {1, 50, 1000, 65536, 1 << 20};
    constexpr Duration delays[] = {off, milliseconds(1), milliseconds(40), milliseconds(900)};
    link.window = dice.pick(windows);
    link.delay_max = dice.pick(delays);
    if (plan.calm) link.window = std::max<std::size_t>(link.window, 50);
    if (plan.flips) link.flip_percent = 3;
}

void draw_host(Dice& dice, HostTerms& terms, const Plan& plan, bool rude_peer) {
    constexpr Delivery deliveries[] = {Delivery::messages, Delivery::messages, Delivery::parts,
                                       Delivery::frames};
    constexpr std::size_t kept[] = {0, 0, 4096, std::size_t{4} << 20};
    constexpr std::uint8_t reserved[] = {0, 0x40, 0x70, 0x10};
    terms.delivery = dice.pick(deliveries);
    draw_waits(dice, terms.waits, plan.calm);
    draw_limits(dice, terms.limits, plan, rude_peer);
    terms.pong_after_close = dice.chance(80);
    terms.deliver_after_close = plan.calm || dice.chance(75);
    terms.reject_early_octets = !plan.calm && dice.chance(5);
    terms.kept_size = dice.pick(kept);
    terms.speaks_chat = dice.chance(30);
    terms.decides_at_once = plan.calm || dice.chance(60);
    terms.rejects = !plan.calm && dice.chance(5);
    terms.reserved_bits = dice.pick(reserved);
    terms.seed = dice.next();
    if (plan.starves) terms.failure_permille = 15;
    terms.commits_all = plan.exact || plan.starves;
}

void draw_habits(Dice& dice, Habits& habits, const Plan& plan, const HostTerms& own,
                 const HostTerms& other) {
    constexpr std::size_t sizes[] = {20, 300, 300, 2000};
    constexpr unsigned activities[] = {5, 20, 40, 80};
    habits.prompt = dice.chance(60);
    habits.rude = !plan.calm && dice.chance(15);
    habits.in_flight = dice.chance(30);
    habits.lands = dice.chance(own.delivery == Delivery::messages ? 70 : 10);
    habits.late = !plan.calm && dice.chance(30);
    habits.in_frames = dice.chance(40);
    habits.closes = dice.chance(60);
    habits.aborts = !plan.calm && dice.chance(15);
    habits.resets = !plan.calm;
    habits.activity = dice.pick(activities);
    habits.usual_size = dice.pick(sizes);
    habits.message_size_most =
        static_cast<std::size_t>(std::min<std::uint64_t>(other.limits.message_size_max, 1U << 17));
    if (own.limits.send_frame_size_max == 1)
        habits.message_size_most = std::min<std::size_t>(habits.message_size_most, 1000);
    habits.seed = dice.next();
}

// A Connection alone: both sides have agreed elsewhere. An eager client is one, and its server is not.
void draw_opening(Dice& dice, Plan& plan) {
    const unsigned choice = static_cast<unsigned>(dice.below(100));
    plan.eager = choice >= 60 && choice < 75;
    plan.server.session = choice < 75;
    plan.client.session = choice < 60;
    if (choice < 75) plan.client.reserved_bits = plan.server.reserved_bits = 0;
    const bool both =
        plan.client.delivery == Delivery::frames && plan.server.delivery == Delivery::frames;
    if (!both) plan.client.reserved_bits = plan.server.reserved_bits = 0;
    plan.server.reserved_bits = plan.client.reserved_bits;
    plan.client_habits.never_starts = choice < 1 && !plan.calm;
    plan.client_habits.skips_head = plan.eager;
}

}  // namespace

Plan draw_plan(std::uint64_t seed) {
    Dice dice(seed);
    Plan plan;
    plan.seed = seed;
    plan.calm = dice.chance(30);
    plan.flips = dice.chance(12) && !plan.calm;
    plan.breaks = dice.chance(20) && !plan.calm;
    plan.jumps = dice.chance(20) && !plan.calm;
    plan.starves = dice.chance(8) && !plan.calm;
    plan.stalls = dice.chance(50);
    const bool in_pieces = dice.chance(30);
    plan.exact = !in_pieces && !plan.starves;
    plan.step_count = static_cast<unsigned>(dice.between(10, 150));
    const bool rude = dice.chance(25) && !plan.calm;
    draw_host(dice, plan.client, plan, rude);
    draw_host(dice, plan.server, plan, rude);
    plan.client.role = Role::client;
    plan.server.role = Role::server;
    draw_habits(dice, plan.client_habits, plan, plan.client, plan.server);
    draw_habits(dice, plan.server_habits, plan, plan.server, plan.client);
    plan.client_habits.rude = plan.client_habits.rude || rude;
    plan.server_habits.rude = plan.server_habits.rude || rude;
    for (Habits* habits : {&plan.client_habits, &plan.server_habits}) {
        const unsigned how = static_cast<unsigned>(dice.below(3));
        habits->rude_in_text = habits->rude && how != 0;
        habits->rude_in_size = habits->rude && how == 0;
    }
    draw_link(dice, plan.upward, plan);
    draw_link(dice, plan.downward, plan);
    draw_opening(dice, plan);
    const unsigned echo = static_cast<unsigned>(dice.below(6));
    // An echo breaks no limit.
    const std::uint64_t client_most = plan.client.limits.message_size_max;
    const std::uint64_t server_most = plan.server.limits.message_size_max;
    plan.client.echoes = echo == 0 && (rude || server_most >= client_most);
    plan.server.echoes = echo == 1 && (rude || client_most >= server_most);
    return plan;
}

std::string in_words(const Plan& plan) {
    std::string words = "seed " + std::to_string(plan.seed) + ':';
    const auto add = [&](bool holds, const char* word) {
        if (holds) (words += ' ') += word;
    };
    add(plan.calm, "calm");
    add(plan.eager, "eager");
    add(plan.flips, "flips");
    add(plan.breaks, "breaks");
    add(plan.stalls, "stalls");
    add(plan.jumps, "jumps");
    add(plan.starves, "starves");
    add(plan.exact, "exact");
    for (const HostTerms* terms : {&plan.client, &plan.server}) {
        const Habits& habits = terms == &plan.client ? plan.client_habits : plan.server_habits;
        constexpr const char* deliveries[] = {"messages", "parts", "frames"};
        words += terms == &plan.client ? "; client" : "; server";
        add(terms->session, "session");
        add(true, deliveries[static_cast<std::size_t>(terms->delivery)]);
        add(habits.prompt, "prompt");
        add(habits.rude, "rude");
        add(habits.in_flight, "in-flight");
        add(habits.lands, "lands");
        add(habits.late, "late");
        add(habits.in_frames, "frames");
        add(terms->echoes, "echoes");
        add(terms->rejects, "rejects");
        words += " message<=" + std::to_string(terms->limits.message_size_max) +
                 " high=" + std::to_string(terms->limits.output_high) +
                 " kept=" + std::to_string(terms->kept_size);
    }
    return words + "; window " + std::to_string(plan.upward.window) + " up, " +
           std::to_string(plan.downward.window) + " down";
}

}  // namespace hawse::test::replay::simulated
