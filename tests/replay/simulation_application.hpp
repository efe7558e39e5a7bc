// SPDX-License-Identifier: MIT
// The application on one side of a simulation: what it does to its engine, when, and how badly it keeps
// time, all drawn from a seed. It knows its own engine and the transport, and nothing of the other side.
#pragma once

#include "replay/simulation_dice.hpp"
#include "replay/simulation_host.hpp"
#include "replay/simulation_link.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hawse::test::replay::simulated {

/// How it behaves.
struct Habits {
    bool prompt = true;  ///< it pulls all events at once, behind everything that it does
    bool rude =
        false;  ///< it breaks rules where the engine lets it, and limits of the other side's
    bool rude_in_text = false, rude_in_size = false;  ///< in which it does
    bool in_flight = false;  ///< the transport gives memory back later than it takes octets
    bool lands = false;      ///< it reads into the places of messages
    bool late = false;       ///< it comes late to deadlines
    bool in_frames = false;  ///< it sends by send_frame() as well
    bool closes = true;      ///< it may close in the middle of a run; else only at its end
    bool aborts = false;
    bool resets = false;        ///< its transport is reset when it is closed over unread input
    bool never_starts = false;  ///< a client that does not ask
    bool skips_head = false;  ///< a client whose request was written by hand: a head is not its own
    unsigned activity = 20;   ///< percent of the steps in which it does something
    std::size_t message_size_most = 65536;  ///< that the other side accepts
    std::size_t usual_size = 300;
    std::uint64_t seed = 0;
};

class Application {
public:
    Application(Host& host, const Habits& habits)
        : host_(host), habits_(habits), dice_(habits.seed) {}

    /// What it does at `now`. `finishing`: it keeps time, does nothing new, and wants to be over.
    void step(Time now, Direction& in, Direction& out, bool finishing);
    /// Its clock, from here on, shows something else.
    void shift_clock(Duration step) noexcept {
        offset_ = offset_ + step.nanoseconds;
        shifted_ = true;
    }

    /// When it must be woken at the latest, on the clock of the link.
    [[nodiscard]] Time next_moment(Time now) const noexcept;
    /// The transport is closed.
    [[nodiscard]] bool is_over() const noexcept { return over_; }
    /// All that it has done. A tape has what receive() and landed() took, and no more.
    [[nodiscard]] const std::vector<Call>& tape() const noexcept { return tape_; }

private:
    Result perform(Call call);
    [[nodiscard]] Time clock() const noexcept { return {now_.nanoseconds + offset_}; }
    void pull_all();
    void settle();
    void begin();
    void listen(Direction& in);
    void pull_some(Direction& in);
    void put_back_unread(Direction& in);
    void take(Direction& in);
    bool skip_head(Octets& octets);
    std::size_t land(ConstBytes octets);
    void act();
    void act_otherwise(unsigned choice);
    void send_message();
    void send_piece();
    void send_frame_piece();
    void begin_pieces(bool in_frames);
    void ask_in_vain();
    void close();
    void finish();
    void write(Direction& out, bool all_read);
    void write_piece(Direction& out);
    void keep_time();
    void leave(Direction& in, Direction& out);

    [[nodiscard]] std::size_t draw_size();
    Octets draw_octets(MessageKind kind, std::size_t size);

    Host& host_;
    Habits habits_;
    Dice dice_;
    std::vector<Call> tape_;
    Time now_ = {};
    std::int64_t offset_ = 0;
    Octets head_;                  // skipped so far
    Octets pieces_;                // of the message in progress, still to be sent
    std::uint64_t frame_end_ = 0;  // octets of them that belong to the frame in progress
    unsigned deaf_steps_ = 0;
    bool shifted_ = false;
    bool finishing_ = false;
    bool started_ = false;
    bool end_told_ = false;
    bool break_told_ = false;
    bool over_ = false;
};

}  // namespace hawse::test::replay::simulated
