// SPDX-License-Identifier: MIT
#include "replay/simulation_application.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace hawse::test::replay::simulated {

namespace {

constexpr unsigned invalid_text_percent = 30;
// What no text ends with.
constexpr const char* no_text[] = {"f490", "eda080", "c0", "e282", "f09f90", "c3", "ff", "80"};

}  // namespace

Result Application::perform(Call call) {
    Result result = host_.perform(call);
    if (call.deed == Deed::land) call.octets.resize(result.size);
    const bool lent_in_vain = call.deed == Deed::receive && result.refusal != Refusal::none;
    if (!lent_in_vain) tape_.push_back(std::move(call));
    return result;
}

void Application::step(Time now, Direction& in, Direction& out, bool finishing) {
    now_ = now;
    finishing_ = finishing;
    if (over_) return leave(in, out);
    begin();
    listen(in);
    if (finishing_)
        finish();
    else if (dice_.chance(habits_.activity))
        act();
    settle();
    write(out, in.unread_size() == 0);
    if (finishing_ || dice_.chance(30)) (void)perform({Deed::collect});
    settle();
    keep_time();
    if (host_.wants().close()) {
        over_ = true;
        leave(in, out);
    }
}

Time Application::next_moment(Time) const noexcept {
    const Time deadline = host_.deadline();
    return over_ || deadline == never ? never : Time{deadline.nanoseconds - offset_};
}

void Application::pull_all() {
    const bool batch = dice_.chance(30) && !host_.terms().echoes;  // else an echo comes late
    Call call{Deed::pull};
    call.flag = batch;
    (void)perform(std::move(call));
}

// Behind everything else; one that is not prompt forgets it now and then.
void Application::settle() {
    if (habits_.prompt || finishing_ || dice_.chance(50)) pull_all();
}

// The opening.

void Application::begin() {
    if (!host_.terms().session) return;
    if (host_.terms().role == Role::client && !started_ && !habits_.never_starts) {
        if (!finishing_ && dice_.chance(30)) return;
        started_ = perform({Deed::start}).refusal == Refusal::none;
    }
    if (host_.awaits_decision() && (finishing_ || dice_.chance(20)))
        (void)perform({host_.terms().rejects ? Deed::reject : Deed::accept});
}

// The peer's direction.

void Application::listen(Direction& in) {
    if (host_.is_lending()) return pull_some(in);
    if (deaf_steps_ != 0 && !finishing_) {
        --deaf_steps_;
        return;
    }
    if (!finishing_ && dice_.chance(2)) deaf_steps_ = static_cast<unsigned>(dice_.below(20));
    const bool unasked = dice_.chance(3);
    if (!end_told_ && (host_.wants().read() || unasked)) take(in);
    // A host that reads what is not wanted finds the end as well.
    if (!end_told_ && in.is_over(now_)) {
        Call call{Deed::end_input, clock()};
        call.flag = in.how() == TransportEnd::broken;
        end_told_ = true;
        (void)perform(std::move(call));
        settle();
    }
}

// It did not pull all when it should have.
void Application::pull_some(Direction& in) {
    const unsigned choice = static_cast<unsigned>(dice_.below(4));
    if (choice == 0 && !finishing_) return;
    if (choice == 1 && !end_told_) {  // behind the end nothing can be lent again
        put_back_unread(in);
        return;
    }
    if (choice == 2) {
        (void)perform({Deed::receive, clock()});  // while others are lent
    }
    Call call{Deed::pull};
    call.number = finishing_ ? 0 : 1 + dice_.below(3);
    call.flag = dice_.chance(50);
    (void)perform(std::move(call));
}

void Application::put_back_unread(Direction& in) {
    const Octets input = host_.witness.input;
    const std::size_t size = perform({Deed::unread}).size;
    in.put_back(ConstBytes(input).last(size));
}

void Application::take(Direction& in) {
    const std::size_t arrived = in.arrived_size(now_);
    if (arrived == 0) return;
    const unsigned choice = static_cast<unsigned>(dice_.below(10));
    const std::size_t size = finishing_ || choice < 5 ? arrived
                             : choice < 7             ? 1 + dice_.size_below(arrived)
                             : choice < 9 ? 1 + dice_.size_below(std::min<std::size_t>(arrived, 16))
                                          : 1;
    Octets octets = in.take(size, now_);
    if (!skip_head(octets)) return;
    const std::size_t landed = habits_.lands && dice_.chance(70) ? land(octets) : 0;
    Call call{Deed::receive, clock()};
    call.octets.assign(octets.begin() + static_cast<std::ptrdiff_t>(landed), octets.end());
    const Octets copy = call.octets;
    if (perform(std::move(call)).refusal == Refusal::unread_input) {
        in.put_back(copy);
        return;
    }
    if (habits_.prompt || finishing_ || dice_.chance(60)) return pull_all();
    if (dice_.chance(50)) return;
    Call some{Deed::pull};
    some.number = 1 + dice_.below(2);
    (void)perform(std::move(some));
}

// The octets behind the answer; false when there are none, or when it refuses.
bool Application::skip_head(Octets& octets) {
    if (!habits_.skips_head) return true;
    append(head_, octets);
    const std::string_view text = as_text(head_);
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) return false;
    habits_.skips_head = false;
    octets.assign(head_.begin() + static_cast<std::ptrdiff_t>(end + 4), head_.end());
    if (!text.starts_with("HTTP/1.1 101")) {
        (void)perform({Deed::abort, clock()});
        pull_all();
        return false;
    }
    return !octets.empty();
}

std::size_t Application::land(ConstBytes octets) {
    const Connection* const connection = host_.conversation();
    if (connection != nullptr && connection->announced_size() != 0 && dice_.chance(30)) {
        Call call{Deed::land_in};
        call.number = dice_.below(40);
        call.flag = dice_.chance(20);
        (void)perform(std::move(call));
    }
    if (dice_.chance(10)) {
        Call nothing{Deed::land, clock()};
        nothing.flag = dice_.chance(50);
        (void)perform(std::move(nothing));
    }
    Call call{Deed::land, clock()};
    call.octets = copy_of(octets);
    return perform(std::move(call)).size;
}

// Our direction.

std::size_t Application::draw_size() {
    constexpr std::size_t corners[] = {0, 1, 2, 124, 125, 126, 127, 128};
    constexpr std::size_t large[] = {65534, 65535, 65536, 65537, 70000};
    const unsigned choice = static_cast<unsigned>(dice_.below(100));
    const std::size_t most = habits_.message_size_most;
    const std::size_t size = choice < 20   ? dice_.pick(corners)
                             : choice < 80 ? dice_.size_below(habits_.usual_size)
                             : choice < 96 ? dice_.size_below(4 * habits_.usual_size)
                             : choice < 98 ? most
                                           : dice_.pick(large);
    if (habits_.rude_in_size && choice >= 97) return most + 1;
    return std::min({size, most, std::size_t{70000}});
}

Octets Application::draw_octets(MessageKind kind, std::size_t size) {
    constexpr std::string_view characters[] = {
        "a", "\xC3\xBC",     "\xE2\x82\xAC",    "\xF0\x9F\x90\xA6",
        "Z", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"};
    Octets octets;
    octets.reserve(size);
    if (kind == MessageKind::binary) {
        while (octets.size() < size) {
            const std::uint64_t bits = dice_.next();
            for (unsigned index = 0; index < 8 && octets.size() < size; ++index)
                octets.push_back(static_cast<std::byte>(bits >> (8 * index)));
        }
        return octets;
    }
    while (octets.size() < size) {
        const std::string_view character = dice_.pick(characters);
        append(octets, as_bytes(character.size() <= size - octets.size() ? character : "."));
    }
    return octets;
}

void Application::act() {
    if (host_.conversation() == nullptr ||
        (host_.terms().role == Role::client && !host_.witness.was_opened)) {
        if (dice_.chance(1) && habits_.aborts) close();
        return;
    }
    if (host_.sending() == Sending::parts && dice_.chance(75)) return send_piece();
    if (host_.sending() == Sending::frames && dice_.chance(75)) return send_frame_piece();
    act_otherwise(static_cast<unsigned>(dice_.below(100)));
}

void Application::act_otherwise(unsigned choice) {
    if (choice < 45) return send_message();
    if (choice < 60) return begin_pieces(false);
    if (choice < 72) {
        if (habits_.in_frames) return begin_pieces(true);
        return send_message();
    }
    if (choice < 86) {
        Call call{Deed::ping};
        const std::size_t size = dice_.size_below(126);
        call.octets = draw_octets(MessageKind::binary, size);
        (void)perform(std::move(call));
        return;
    }
    if (choice < 96) return ask_in_vain();
    if (choice < 99) {
        if (habits_.closes) close();
        return;
    }
    if (habits_.aborts) (void)perform({Deed::abort, clock()});
}

void Application::send_message() {
    constexpr Deed ways[] = {Deed::send, Deed::send, Deed::send_lent, Deed::send_lent_mutable};
    Call call{dice_.pick(ways)};
    call.kind = dice_.chance(50) ? MessageKind::text : MessageKind::binary;
    const std::size_t size = draw_size();
    call.octets = draw_octets(call.kind, size);
    call.flag = dice_.chance(10);
    if (habits_.rude_in_text && call.kind == MessageKind::text &&
        dice_.chance(invalid_text_percent)) {
        append(call.octets, unhex(dice_.pick(no_text)));
        call.flag = true;
    }
    (void)perform(std::move(call));
}

void Application::begin_pieces(bool in_frames) {
    if (host_.sending() != Sending::nothing) {
        (void)perform({Deed::send_begin});  // in vain
        return;
    }
    const MessageKind kind = dice_.chance(50) ? MessageKind::text : MessageKind::binary;
    const std::size_t size = draw_size();
    pieces_ = draw_octets(kind, size);
    const bool unchecked = habits_.rude_in_text && dice_.chance(invalid_text_percent);
    if (unchecked) append(pieces_, unhex(dice_.pick(no_text)));
    frame_end_ = 0;
    if (in_frames) {
        Call call{Deed::send_frame};
        call.kind = kind;
        call.first_octet = static_cast<std::uint8_t>(kind);
        if (dice_.chance(50))
            call.first_octet |= static_cast<std::uint8_t>(host_.terms().reserved_bits);
        const std::size_t frame_size = dice_.size_below(pieces_.size() + 1);
        if (frame_size == pieces_.size()) call.first_octet |= 0x80;
        const std::size_t piece = frame_size == 0 ? 0 : 1 + dice_.size_below(frame_size);
        call.octets = copy_of(ConstBytes(pieces_).first(piece));
        call.number = frame_size - piece;
        if (perform(std::move(call)).refusal == Refusal::none)
            pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(piece));
        return;
    }
    Call call{Deed::send_begin};
    call.kind = kind;
    call.flag = unchecked;
    (void)perform(std::move(call));
}

void Application::send_piece() {
    Call call{Deed::send_part};
    const std::size_t size =
        dice_.chance(40) ? pieces_.size() : dice_.size_below(pieces_.size() + 1);
    call.octets = copy_of(ConstBytes(pieces_).first(size));
    call.flag = size == pieces_.size() && (finishing_ || dice_.chance(80));
    if (perform(std::move(call)).refusal == Refusal::none)
        pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(size));
}

// The rest of a frame, or another frame of the message.
void Application::send_frame_piece() {
    Call call{Deed::send_frame};
    const std::uint64_t left = host_.frame_left();
    std::size_t piece = 0;
    if (left != 0) {
        const auto room = static_cast<std::size_t>(left);
        piece = finishing_ ? room : 1 + dice_.size_below(room);
        call.first_octet = host_.frame_first_octet();
        call.number = left - piece;
    } else {
        const std::size_t frame_size =
            finishing_ ? pieces_.size() : dice_.size_below(pieces_.size() + 1);
        piece = frame_size == 0 || finishing_ ? frame_size : 1 + dice_.size_below(frame_size);
        call.first_octet = frame_size == pieces_.size() ? 0x80 : 0x00;
        call.number = frame_size - piece;
    }
    piece = std::min(piece, pieces_.size());
    call.octets = copy_of(ConstBytes(pieces_).first(piece));
    if (perform(std::move(call)).refusal == Refusal::none)
        pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(piece));
}

// Calls that are to be refused, or to do nothing.
void Application::ask_in_vain() {
    const unsigned choice = static_cast<unsigned>(dice_.below(10));
    Call call{Deed::ping};
    if (choice == 0) {
        call.octets = draw_octets(MessageKind::binary, 126);
    } else if (choice == 1) {
        constexpr CloseCode codes[] = {CloseCode{999},  CloseCode::abnormal, CloseCode::tls_failed,
                                       CloseCode{1016}, CloseCode{2999},     CloseCode{5000}};
        call.deed = Deed::close;
        call.code = dice_.pick(codes);
    } else if (choice == 2) {
        call.deed = Deed::close;
        call.octets = draw_octets(MessageKind::text, 124);
    } else if (choice == 3) {
        call.deed = Deed::close;
        call.octets = unhex("c0af");
    } else if (choice == 4) {
        call.deed = Deed::send;
        call.kind = MessageKind::text;
        call.octets = unhex("48eda080");
    } else if (choice == 5) {
        if (host_.sending() == Sending::parts) return;
        call.deed = Deed::send_part;
        call.octets = octets_of("a part of nothing");
    } else if (choice == 6) {
        constexpr std::uint8_t first_octets[] = {0x88, 0x89, 0x83, 0xF3, 0x8F};
        call.deed = Deed::send_frame;
        call.first_octet = dice_.pick(first_octets);
        call.octets = octets_of("no data frame");
        if (host_.frame_left() != 0) {  // nor the rest of the one in progress
            call.first_octet = host_.frame_first_octet();
            call.number = host_.frame_left() + dice_.below(2);
        }
    } else if (choice == 7) {
        call.deed = Deed::send;
        call.octets = Octets(
            host_.terms().limits.output_max < 100000 ? host_.terms().limits.output_max + 1 : 0);
        if (call.octets.empty()) return;
    } else if (choice == 8) {
        if (!host_.terms().session) return;
        call.deed = dice_.chance(50) ? Deed::accept : Deed::start;
        if (call.deed == Deed::accept && host_.awaits_decision()) return;
    } else {
        call.deed = Deed::close;
        call.code = CloseCode::no_code;
        call.octets = octets_of("a reason without a code");
    }
    (void)perform(std::move(call));
}

void Application::close() {
    constexpr CloseCode codes[] = {CloseCode::normal,       CloseCode::going_away,
                                   CloseCode::no_code,      CloseCode{3000},
                                   CloseCode{4999},         CloseCode::bad_gateway,
                                   CloseCode::invalid_data, CloseCode::extension_required};
    Call call{Deed::close};
    call.code = dice_.pick(codes);
    const std::size_t size = dice_.chance(50) ? 0 : dice_.size_below(124);
    call.octets = draw_octets(MessageKind::text, size);
    (void)perform(std::move(call));
}

// What was begun is ended, and then all of it.
void Application::finish() {
    const Connection* const connection = host_.conversation();
    if (connection == nullptr) {
        if (habits_.never_starts && !host_.closed_told()) close();
        return;
    }
    if (host_.terms().role == Role::client && !host_.witness.was_opened) return;
    if (host_.sending() == Sending::frames && host_.frame_left() != 0 &&
        host_.state() != State::failed && !host_.closed_told()) {
        send_frame_piece();
        return;
    }
    if (!host_.is_open()) return;
    if (host_.sending() == Sending::parts && dice_.chance(50)) return send_piece();
    if (host_.sending() == Sending::frames && dice_.chance(50)) return send_frame_piece();
    if (dice_.chance(50)) close();
}

// Output.

void Application::write(Direction& out, bool all_read) {
    if (host_.flight_size() != 0 && (finishing_ || dice_.chance(30))) {
        Call call{Deed::reusable};
        const std::uint64_t flying = host_.flight_size();
        call.number = finishing_ ? flying : 1 + dice_.below(flying);
        (void)perform(std::move(call));
        settle();
    }
    const bool nothing_to_read = all_read || !host_.wants().read();
    if (out.is_ended() && host_.wants().write() && !break_told_ && nothing_to_read) {
        Call call{Deed::end_input, clock()};  // a write has failed
        call.flag = true;
        end_told_ = break_told_ = true;
        (void)perform(std::move(call));
        settle();
    }
    const unsigned rounds = finishing_ ? 8 : 2;
    for (unsigned round = 0; round < rounds && host_.wants().write(); ++round) {
        if (out.room(now_) == 0 || (!finishing_ && dice_.chance(20))) break;
        write_piece(out);
        settle();
    }
    if (host_.wants().end_write() && (finishing_ || dice_.chance(70))) {
        out.end(now_);
        (void)perform({Deed::write_ended, clock()});
        settle();
    }
}

void Application::write_piece(Direction& out) {
    const std::size_t room = out.room(now_);
    Call call{Deed::write, clock()};
    const unsigned choice = static_cast<unsigned>(dice_.below(10));
    call.number = finishing_ || choice < 5 ? room : 1 + dice_.below(room);
    if (choice == 9 && !finishing_) call.number = dice_.below(8);
    call.number = std::min<std::uint64_t>(call.number, room);
    call.slice_count = 1 + dice_.size_below(6);
    call.flag = dice_.chance(20);
    if (habits_.in_flight && dice_.chance(80))
        call.deed = Deed::hand_over;
    else if (dice_.chance(35))
        call.deed = Deed::copy_output;
    out.put(perform(std::move(call)).octets, now_);
}

// Time, and the end.

void Application::keep_time() {
    // Behind a clock that was set back the next deadline is far away, until the engine is told.
    const bool due = clock() >= host_.deadline() || (finishing_ && std::exchange(shifted_, false));
    if (due ? (habits_.late && !finishing_ && dice_.chance(70)) : (finishing_ || !dice_.chance(5)))
        return;
    (void)perform({Deed::advance, clock()});
    settle();
}

void Application::leave(Direction& in, Direction& out) {
    if (host_.flight_size() != 0) {
        Call call{Deed::reusable};
        call.number = host_.flight_size();
        (void)perform(std::move(call));
    }
    if (host_.output_size() != 0) (void)perform({Deed::let_go, clock()});
    if (host_.lent_count() != 0) (void)perform({Deed::collect});
    if (out.is_ended()) return;
    // Over unread input the transport is reset.
    if (habits_.resets && in.unread_size() != 0 && dice_.chance(50)) {
        out.snap(now_);
        return;
    }
    out.end(now_);
}

}  // namespace hawse::test::replay::simulated
