// SPDX-License-Identifier: MIT
#include "replay/simulation_host.hpp"

#include "support/reference.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

namespace hawse::test::replay::simulated {

namespace {

constexpr const char* deed_names[] = {
    "start",       "accept",    "reject",       "receive",  "land",      "land_in",
    "pull",        "unread",    "end of input", "send",     "send lent", "send lent, mutable",
    "send begin",  "send part", "send frame",   "ping",     "close",     "abort",
    "write",       "hand over", "copy output",  "reusable", "collect",   "let go",
    "write ended", "advance",
};
static_assert(std::size(deed_names) == static_cast<std::size_t>(Deed::last) + 1);

constexpr std::size_t shown_size_max = 512;

bool has_time(Deed deed) noexcept {
    switch (deed) {
        case Deed::receive:
        case Deed::land:
        case Deed::end_input:
        case Deed::abort:
        case Deed::write:
        case Deed::hand_over:
        case Deed::copy_output:
        case Deed::let_go:
        case Deed::write_ended:
        case Deed::advance: return true;
        case Deed::start:
        case Deed::accept:
        case Deed::reject:
        case Deed::land_in:
        case Deed::pull:
        case Deed::unread:
        case Deed::send:
        case Deed::send_lent:
        case Deed::send_lent_mutable:
        case Deed::send_begin:
        case Deed::send_part:
        case Deed::send_frame:
        case Deed::ping:
        case Deed::close:
        case Deed::reusable:
        case Deed::collect: break;
    }
    return false;
}

bool is_text(ConstBytes octets) {
    const reference::Utf8Verdict verdict = reference::utf8(octets);
    return verdict.taken == octets.size() && verdict.complete;
}

std::unique_ptr<std::byte[]> place_of(ConstBytes octets) {
    std::unique_ptr<std::byte[]> place(new std::byte[octets.size()]);
    if (!octets.empty()) std::memcpy(place.get(), octets.data(), octets.size());
    return place;
}

}  // namespace

const char* name_of(Deed deed) noexcept { return deed_names[static_cast<std::size_t>(deed)]; }

Host::Host(const HostTerms& terms, Time now)
    : terms_(terms), pool_(allocator_.face(), terms.kept_size), key_dice_(terms.seed),
      failure_dice_(~terms.seed), now_(now), told_(now), begun_(now), heard_(now), progressed_(now),
      close_began_(now), slices_(1024) {
    config_.pool = &pool_;
    config_.entropy = {fill, this};
    config_.delivery = terms.delivery;
    config_.limits = terms.limits;
    config_.waits = terms.waits;
    config_.pong_after_close = terms.pong_after_close;
    config_.deliver_after_close = terms.deliver_after_close;
    config_.reject_early_octets = terms.reject_early_octets;
    if (terms.session) {
        session_.emplace(config_, terms.role, now);
    } else {
        connection_.emplace(config_, Agreement{terms.role, {}, {}, terms.reserved_bits}, now);
        witness.was_opened = true;
    }
    begin_counting();
}

Host::~Host() { destroy(); }

void Host::destroy() {
    session_.reset();
    connection_.reset();
    expect(pool_.leased_size() == 0, "memory is leased when the engine is gone");
}

bool Host::fill(void* context, std::byte* into, std::size_t size) noexcept {
    auto& self = *static_cast<Host*>(context);
    if (std::exchange(self.entropy_is_dry_, false)) return false;
    const std::uint64_t bits = self.key_dice_.next();
    for (std::size_t index = 0; index < size; ++index)
        into[index] = static_cast<std::byte>(bits >> (8 * (index % 8)));
    std::uint32_t key = 0;
    for (std::size_t index = 0; index < 4; ++index)
        key = key << 8 | std::to_integer<std::uint32_t>(into[index]);
    if (size == 4) self.keys_.push_back(key);
    return true;
}

// What is known.

Connection* Host::conversation() const noexcept {
    return session_ ? session_->connection() : &*connection_;
}

State Host::state() const noexcept {
    const Connection* const connection = conversation();
    return connection != nullptr ? connection->state() : State::open;
}

bool Host::is_open() const noexcept { return conversation() != nullptr && state() == State::open; }

Wants Host::wants() const noexcept {
    return visit([](auto& engine) { return engine.wants(); });
}

Time Host::deadline() const noexcept {
    return visit([](auto& engine) { return engine.deadline(); });
}

std::size_t Host::output_size() const noexcept {
    return visit([](auto& engine) { return engine.output_size(); });
}

Host::Look Host::look() const noexcept {
    const Connection* const connection = conversation();
    return {output_size(),
            pool_.leased_size(),
            lent_.size(),
            connection != nullptr ? connection->announced_size() : 0,
            connection != nullptr ? connection->frame_left() : 0,
            deadline(),
            wants().bits(),
            state()};
}

void Host::expect(bool holds, std::string_view what) {
    if (holds || !fault.empty()) return;
    fault = std::string(side()) + ": " + std::string(what);
    if (tells) std::printf("            %s  !!! %s\n", side(), std::string(what).c_str());
}

void Host::begin_counting() noexcept {
    if (counts_ || conversation() == nullptr) return;
    conversation()->count_into(&statistics_);
    counts_ = true;
}

// Calls.

Result Host::perform(const Call& call) {
    if (has_time(call.deed)) now_ = call.now;
    const Look before = look();
    std::size_t message_input = message_input_;
    for (const Event& view : views_)  // a message that is shown still has its place
        if (!view.in_place()) message_input = std::max(message_input, view.payload().size());
    allocator_.forget_peaks();
    arm_failures();
    Result result = carry_out(call);
    allocator_.fail_never();
    entropy_is_dry_ = false;
    begin_counting();
    // A call that was refused has not told the engine what time it is.
    if (has_time(call.deed) && result.refusal == Refusal::none) told_ = call.now;
    if (tells) tell(call, result);

    const Look after = look();
    if (result.refusal != Refusal::none) {
        Look same = before;  // room that was made for a frame without a key stays for the next one
        if (result.refusal == Refusal::no_entropy) same.leased_size = after.leased_size;
        expect(same == after, "a call that was refused has changed something");
    }
    if (before.state == State::open && after.state != State::open) close_began_ = told_;
    // A peer to whom nobody listened was not silent.
    if (!Wants(before.wants).read() && Wants(after.wants).read()) heard_ = told_;
    const auto over = [](State state) { return state == State::failed || state == State::closed; };
    if (over(after.state) && !over(before.state)) {
        ended_ = {now_, heard_, progressed_};
        witness.output_size_at_end = witness.output.size();
        witness.input_size_at_end = is_lending() ? 0 : witness.input.size();
        const bool frees = call.deed == Deed::reusable;
        const std::size_t freed_size = frees ? result.size : result.octets.size();
        witness.output_was_through = flight_.empty() && before.output_size <= freed_size;
    }
    if (before.output_size == 0 && after.output_size != 0) progressed_ = told_;
    expect(after.state != State::open || before.state == State::open, "it has opened again");
    expect(!Wants(after.wants).close() || closed_told(),
           "it asks to close before it told `closed`");
    output_peak_ = std::max(output_peak_, after.output_size);
    check_memory(call, before, std::max(message_input, message_input_));
    check_flood();
    if (has_time(call.deed) && result.refusal == Refusal::none) {
        if (std::exchange(jumps_far_, false))
            ended_by_jump_ = over(after.state) && !over(before.state);
        if (call.deed == Deed::advance) check_deadline(call.now);
    }
    // What is dropped at the end stays in memory until `closed` is told and all tokens were taken.
    const bool drops = after.state == State::closed && before.output_size != 0;
    if (after.output_size == 0 && lent_.empty() && !drops) {
        idle_frame_count_ = statistics_.sent.frames;
        idle_output_size_ = witness.output.size();
        output_peak_ = 0;
    }
    return result;
}

void Host::arm_failures() {
    if (terms_.failure_permille == 0) return;
    if (failure_dice_.below(1000) >= terms_.failure_permille) return;
    const bool entropy = failure_dice_.chance(25);
    const std::size_t index = failure_dice_.size_below(3);
    if (entropy)
        entropy_is_dry_ = true;
    else
        allocator_.fail(index, CountingAllocator::Failure::once);
}

Result Host::carry_out(const Call& call) {
    Result result;
    switch (call.deed) {
        case Deed::start: return start();
        case Deed::accept:
        case Deed::reject: decide(); return result;
        case Deed::receive: return receive(call);
        case Deed::land: return land(call);
        case Deed::land_in: return land_in(call);
        case Deed::pull: return pull(call);
        case Deed::unread: return unread();
        case Deed::end_input:
            visit([&](auto& engine) {
                engine.receive_end(call.flag ? TransportEnd::broken : TransportEnd::orderly,
                                   call.now);
            });
            input_ended_ = true;
            return result;
        case Deed::send: return send(call);
        case Deed::send_lent:
        case Deed::send_lent_mutable: return send_lent(call);
        case Deed::send_begin:
        case Deed::send_part: return send_part(call);
        case Deed::send_frame: return send_frame(call);
        case Deed::ping: return ping(call);
        case Deed::close: return close(call);
        case Deed::abort: visit([&](auto& engine) { engine.abort(call.now); }); return result;
        case Deed::write:
        case Deed::hand_over: return write(call);
        case Deed::copy_output: return copy_output(call);
        case Deed::reusable: return reusable(call);
        case Deed::collect: return collect();
        case Deed::let_go:
            visit([&](auto& engine) { engine.wrote(SIZE_MAX, call.now); });
            shown_.clear();
            return result;
        case Deed::write_ended:
            visit([&](auto& engine) { engine.write_ended(call.now); });
            return result;
        case Deed::advance: return advance(call);
    }
    return result;
}

// The opening.

Result Host::start() {
    ClientRequest request;
    request.host = "server.example";
    request.target = "/chat?room=1";
    constexpr std::string_view names[] = {"chat", "superchat"};
    if (terms_.speaks_chat) request.subprotocols = names;
    const std::string cookie(std::size_t(terms_.seed % 700), 'c');
    const Field fields[] = {{"Cookie", cookie}};
    if (terms_.seed % 3 == 0 && !cookie.empty()) request.fields = fields;
    const Refusal refusal = session_->start(request);
    check_refusal(refusal, terms_.role == Role::server    ? Refusal::wrong_role
                           : refusal == Refusal::not_open ? refusal  // it came too late
                           : begun_start_                 ? Refusal::already_started
                                                          : Refusal::none);
    if (refusal == Refusal::none) begun_start_ = true;
    return {refusal};
}

void Host::decide() {
    const bool pending = std::exchange(undecided_, false);
    Refusal refusal = Refusal::none;
    if (terms_.rejects) {
        refusal = session_->reject({.status = 403, .fields = {}, .body = as_bytes("go away")});
    } else {
        const bool offered = session_->request().offers_subprotocol("chat");
        Acceptance acceptance;
        if (terms_.speaks_chat && offered) acceptance.subprotocol = "chat";
        refusal = session_->accept(acceptance);
    }
    if (refusal == Refusal::out_of_memory) undecided_ = pending;
    if (!pending) expect(refusal == Refusal::not_deciding, "a decision without a request");
}

// The peer's direction.

Result Host::receive(const Call& call) {
    const bool wanted_refusal = loan_ != nullptr;
    check_views();
    std::unique_ptr<std::byte[]> place = place_of(call.octets);
    const Bytes octets{place.get(), call.octets.size()};
    const Refusal refusal = visit([&](auto& engine) { return engine.receive(octets, call.now); });
    if (refusal == Refusal::unread_input || refusal == Refusal::transport_ended) {
        expect(refusal != Refusal::unread_input || wanted_refusal, "it lends what was pulled");
        return {refusal};
    }
    if (refusal != Refusal::none) return {refusal};
    views_.clear();
    view_copies_.clear();
    append(witness.input, octets);
    if (!octets.empty()) heard_ = call.now;
    unpulled_size_ += octets.size();
    message_input_ += octets.size();
    loan_ = std::move(place);
    loan_size_ = octets.size();
    return {};
}

// A scatter read: into the place of the message, as far as that goes.
Result Host::land(const Call& call) {
    const Bytes place = visit([](auto& engine) { return engine.landing(); });
    Result result;
    if (place.empty()) return result;
    expect(!is_lending() || views_.empty(), "it lends a place while octets are lent");
    const std::size_t size = std::min(place.size(), call.octets.size());
    if (size != 0) std::memcpy(place.data(), call.octets.data(), size);
    // A read that failed gives the place back; one that is forgotten leaves that to receive().
    if (size == 0 && call.flag) return result;
    result.size = visit([&](auto& engine) { return engine.landed(size, call.now); });
    expect(result.size == size, "it took less than was landed in its place");
    append(witness.input, ConstBytes(call.octets).first(size));
    if (size != 0) heard_ = call.now;
    unpulled_size_ += size;
    message_input_ += size;
    return result;
}

Result Host::land_in(const Call& call) {
    Connection* const connection = conversation();
    const std::uint64_t announced = connection->announced_size();
    const std::size_t size =
        static_cast<std::size_t>(announced + call.number) - (call.flag ? 1 : 0);
    if (announced == 0) return {connection->land_in({})};
    std::unique_ptr<std::byte[]> place(new std::byte[size]);
    const Refusal refusal = connection->land_in({place.get(), size});
    if (call.flag && call.number == 0)
        expect(refusal != Refusal::none, "a place that is too small was taken");
    if (refusal == Refusal::none) landing_places_.push_back(std::move(place));
    return {refusal};
}

Result Host::pull(const Call& call) {
    check_views();
    Result result;
    result.quiet = false;
    std::array<Event, 4> events;
    for (std::uint64_t count = 0; call.number == 0 || count < call.number;) {
        std::size_t found = 0;
        if (call.flag && connection_) {
            const std::uint64_t most = call.number == 0 ? events.size() : call.number - count;
            const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(most, 4));
            found = connection_->next_events(std::span<Event>(events).first(wanted));
        } else {
            events[0] = visit([](auto& engine) { return engine.next_event(); });
            found = events[0] ? 1 : 0;
        }
        views_.clear();
        view_copies_.clear();
        if (found == 0) {
            result.quiet = true;
            break;
        }
        begin_counting();
        for (std::size_t index = 0; index < found; ++index) {
            views_.push_back(events[index]);
            view_copies_.push_back(copy_of(events[index].payload()));
        }
        for (std::size_t index = 0; index < found; ++index) take(events[index]);
        check_views();
        count += found;
        events_of_loan_ += found;
        const bool accounted = events_of_loan_ <= unpulled_size_ + 2;
        expect(accounted, "more events than the octets can account for");
        if (!accounted) break;
    }
    if (!result.quiet) return result;
    events_of_loan_ = 0;
    if (witness.was_opened) unpulled_size_ = 0;  // else they may wait for a decision
    const Bytes rest = visit([](auto& engine) { return engine.unread(); });
    expect(rest.empty(), "no event, and yet octets are untouched");
    loan_.reset();
    loan_size_ = 0;
    return result;
}

Result Host::unread() {
    check_views();
    const Bytes octets = visit([](auto& engine) { return engine.unread(); });
    Result result;
    result.size = octets.size();
    expect(octets.size() <= loan_size_, "more is unread than was lent");
    if (octets.size() > loan_size_) return result;
    const ConstBytes tail = ConstBytes(witness.input).last(octets.size());
    expect(std::equal(octets.begin(), octets.end(), tail.begin(), tail.end()),
           "what is unread was touched");
    witness.input.resize(witness.input.size() - octets.size());
    views_.clear();
    view_copies_.clear();
    loan_.reset();
    loan_size_ = 0;
    return result;
}

// Views live through every call but the next that pulls.
void Host::check_views() {
    for (std::size_t index = 0; index < views_.size(); ++index) {
        const ConstBytes payload = views_[index].payload();
        const Octets& copy = view_copies_[index];
        expect(std::equal(payload.begin(), payload.end(), copy.begin(), copy.end()),
               "the octets of an event have changed under its view");
    }
}

void Host::take(const Event& event) {
    if (tells) std::printf("            %s    : %s\n", side(), in_words(event).c_str());
    expect(!closed_told(), "an event behind `closed`");
    witness.story.tell(event);
    ++witness.event_count;
    switch (event.kind()) {
        case EventKind::none:
        case EventKind::response: break;
        case EventKind::request:
            undecided_ = true;
            if (terms_.decides_at_once) decide();
            break;
        case EventKind::opened:
            expect(!witness.was_opened, "it opened twice");
            witness.was_opened = true;
            break;
        case EventKind::message:
        case EventKind::part:
        case EventKind::frame: take_data(event); break;
        case EventKind::ping: witness.pings_received.push_back(copy_of(event.payload())); break;
        case EventKind::pong: witness.pongs_received.push_back(copy_of(event.payload())); break;
        case EventKind::closing:
        case EventKind::failed:
        case EventKind::closed: take_ending(event); break;
    }
    expect(event.kind() == EventKind::failed || event.kind() == EventKind::closed ||
               witness.failed.kind() == EventKind::none,
           "an event between `failed` and `closed`");
}

void Host::take_data(const Event& event) {
    const Limits& limits = terms_.limits;
    expect(terms_.deliver_after_close || witness.line_count_at_close == SIZE_MAX,
           "a message behind our Close, which nobody wanted");
    if (event.is_message()) {
        witness.partial = copy_of(event.payload());
    } else {
        append(witness.partial, event.payload());
        expect(!event.payload().empty() || event.last(), "a part of nothing");
    }
    expect(witness.partial.size() <= limits.message_size_max, "a message above its limit");
    const bool whole = event.is_message() || (event.is_part() && event.last()) ||
                       (event.is_frame() && event.last() && (event.first_octet() & 0x80) != 0);
    if (event.is_frame())
        expect((event.first_octet() & 0x70 & ~unsigned{terms_.reserved_bits}) == 0,
               "a frame with a reserved bit that nobody granted");
    message_input_ = loan_size_;
    if (!whole) {
        message_input_ += witness.partial.size();
        return;
    }
    take_message(event);
    witness.partial.clear();
}

void Host::take_message(const Event& event) {
    const bool text = event.message_kind() == MessageKind::text;
    if (text && !event.is_frame())
        expect(is_text(witness.partial), "a text that is not UTF-8 was told");
    witness.received.push_back((text ? "text " : "binary ") + hex(witness.partial));
    if (!terms_.echoes || !event.is_message() || !is_open()) return;
    const Refusal refusal = conversation()->send(event.message_kind(), event.payload());
    check_refusal(refusal, sending_ != Sending::nothing          ? Refusal::message_in_progress
                           : is_too_much(event.payload().size()) ? refusal
                                                                 : Refusal::none);
    if (refusal != Refusal::none) return;
    note_sent(event.message_kind(), event.payload(), true, frame_count_of(event.payload().size()));
}

void Host::take_ending(const Event& event) {
    if (event.kind() == EventKind::closing) {
        expect(witness.closing.kind() == EventKind::none, "the peer closed twice");
        expect(is_text(event.payload()), "a reason that is not UTF-8");
        witness.closing = event;
        const bool ours_was_first = witness.line_count_at_close != SIZE_MAX;
        const bool not_ours =
            terms_.role == Role::server && event.code_received() == CloseCode::extension_required;
        const CloseCode echo = not_ours ? CloseCode::normal : event.code_received();
        expect(ours_was_first || event.code_sent() == echo,
               "the reply is not the echo of the Close");
        witness.reason = std::string(event.reason());
        witness.message_dropped = event.message_dropped();
        return;
    }
    if (event.cause() != Cause::none && witness.failed.kind() == EventKind::none)
        check_timeout(event.cause());
    expect((event.cause() == Cause::violation) == (event.violation() != Violation::none),
           "a violation without a name, or a name without a violation");
    if (event.kind() == EventKind::failed) {
        expect(witness.failed.kind() == EventKind::none, "it failed twice");
        witness.failed = event;
        return;
    }
    witness.closed = event;
    const bool was_closing = witness.closing.kind() == EventKind::closing;
    expect(event.reason() == (was_closing ? std::string_view(witness.reason) : std::string_view{}),
           "`closed` has another reason than `closing`");
    expect(event.code_received() ==
               (was_closing ? witness.closing.code_received() : CloseCode::abnormal),
           "`closed` has another code received than `closing`");
    expect(!event.clean() || (was_closing && witness.failed.kind() == EventKind::none),
           "clean without the peer's Close, or after a failure");
    expect(!event.clean() || event.cause() == Cause::none, "clean, and with a cause");
    if (witness.failed.kind() == EventKind::failed)
        expect(event.cause() == witness.failed.cause() && !event.clean(),
               "`closed` forgot why it failed");
}

// Pongs are left out only when there are too many.
void Host::check_flood() {
    const std::uint64_t pings = statistics_.pings_received;
    if (statistics_.pongs_dropped != dropped_count_)
        expect(pings - idle_ping_count_ > std::max<std::uint64_t>(terms_.limits.pong_count_max, 10),
               "a pong was left out, and there was no flood");
    dropped_count_ = statistics_.pongs_dropped;
    if (output_size() == 0) idle_ping_count_ = pings;
}

// What is waited for has a deadline, and none is further away than its wait is long.
void Host::check_deadline(Time now) {
    const Waits& waits = terms_.waits;
    const Time due = deadline();
    const auto expect_within = [&](bool waited_for, Duration wait, std::string_view what) {
        if (waited_for && wait > Duration{}) expect(due - now <= wait, what);
    };
    const Duration longest = std::max({waits.ping, waits.pong, waits.idle, waits.opening,
                                       waits.close, waits.linger, waits.write_stall});
    expect_within(due != never, longest, "a deadline further away than any wait is long");
    if (conversation() == nullptr || closed_told()) return;
    const bool alone = !session_ || session_->output_size() == conversation()->output_size();
    const bool exchanged = witness.closing.kind() == EventKind::closing;
    expect_within(state() == State::closing && !exchanged && views_.empty(), waits.close,
                  "a Close that is waited for without a deadline");
    expect_within(conversation()->wants().write() && alone, waits.write_stall,
                  "output that waits without a deadline");
    expect_within(is_open() && conversation()->wants().read() && !input_ended_, waits.idle,
                  "silence without a deadline");
}

// Nobody is blamed before the wait was over, by a clock that ran evenly.
void Host::check_timeout(Cause cause) {
    const bool timed_out = cause == Cause::idle_timeout || cause == Cause::pong_timeout ||
                           cause == Cause::write_stalled || cause == Cause::close_timeout ||
                           cause == Cause::opening_timeout;
    expect(!timed_out || !ended_by_jump_, "a clock that jumped ended a wait");
    if (!clock_is_steady) return;
    const Waits& waits = terms_.waits;
    const auto passed = [&](Time since, std::int64_t wait) {
        return (ended_.when - since).nanoseconds >= wait;
    };
    if (cause == Cause::idle_timeout)
        expect(passed(ended_.heard, waits.idle.nanoseconds), "an idle timeout, and octets came");
    if (cause == Cause::pong_timeout)
        expect(passed(ended_.heard, waits.pong.nanoseconds), "a pong timeout, and octets came");
    if (cause == Cause::write_stalled)
        expect(passed(ended_.progressed, waits.write_stall.nanoseconds),
               "a write stall, and octets were taken");
    if (cause == Cause::close_timeout)
        expect(passed(close_began_, waits.close.nanoseconds), "a close timeout before its time");
    if (cause == Cause::opening_timeout)
        expect((now_ - begun_).nanoseconds >= waits.opening.nanoseconds,
               "an opening timeout before its time");
}

// Our direction.

void Host::check_refusal(Refusal found, Refusal wanted) {
    if (found == wanted) return;
    const bool starved = found == Refusal::out_of_memory || found == Refusal::no_entropy;
    if (terms_.failure_permille != 0 && wanted == Refusal::none && starved) return;
    expect(false, std::string("refused with ") + hawse::name_of(found) + " instead of " +
                      hawse::name_of(wanted));
}

bool Host::is_too_much(std::size_t size) const noexcept {
    const std::size_t held = conversation()->output_size();
    const std::size_t most = terms_.limits.output_max;
    return held > most || size > most - held;
}

std::size_t Host::frame_count_of(std::size_t size) const noexcept {
    const std::uint64_t most = terms_.limits.send_frame_size_max;
    return most == 0 || size == 0 ? 1 : static_cast<std::size_t>((size - 1) / most) + 1;
}

void Host::note_sent(MessageKind kind, ConstBytes octets, bool whole, std::size_t frame_count) {
    witness.sent.push_back({kind, copy_of(octets), whole, frame_count != 0});
    witness.sent_size += octets.size();
    witness.sent_frame_count += frame_count;
}

Refusal Host::refusal_of_message(const Call& call) const {
    if (!is_open()) return Refusal::not_open;
    if (sending_ != Sending::nothing) return Refusal::message_in_progress;
    if (call.kind == MessageKind::text && !call.flag && !is_text(call.octets))
        return Refusal::invalid_text;
    return is_too_much(call.octets.size()) ? Refusal::output_full : Refusal::none;
}

Result Host::send(const Call& call) {
    const Refusal wanted = refusal_of_message(call);
    const TextCheck check = call.flag ? TextCheck::unchecked : TextCheck::checked;
    const Refusal refusal = conversation()->send(call.kind, call.octets, {check});
    check_refusal(refusal, wanted);
    if (refusal == Refusal::none)
        note_sent(call.kind, call.octets, true, frame_count_of(call.octets.size()));
    return {refusal};
}

Result Host::send_lent(const Call& call) {
    const Refusal wanted = refusal_of_message(call);
    const TextCheck check = call.flag ? TextCheck::unchecked : TextCheck::checked;
    LentPlace lent{next_token_, place_of(call.octets), call.octets,
                   call.deed == Deed::send_lent_mutable};
    const Bytes octets{lent.place.get(), call.octets.size()};
    const Refusal refusal =
        lent.is_mutable
            ? conversation()->send_lent_mutable(call.kind, octets, {next_token_}, {check})
            : conversation()->send_lent(call.kind, octets, {next_token_}, {check});
    check_refusal(refusal, wanted);
    if (refusal != Refusal::none) {
        expect(std::equal(octets.begin(), octets.end(), call.octets.begin(), call.octets.end()),
               "a refused call has changed what was lent");
        return {refusal};
    }
    ++next_token_;
    lent_.push_back(std::move(lent));
    note_sent(call.kind, call.octets, true, frame_count_of(call.octets.size()));
    return {};
}

Refusal Host::refusal_of_part(const Call& call) const {
    if (!is_open()) return Refusal::not_open;
    if (sending_ != Sending::parts) return Refusal::no_message_in_progress;
    const SentMessage& message = witness.sent.back();
    if (message.kind == MessageKind::text && !unchecked_) {
        const Octets all = joined({message.octets, call.octets});
        const reference::Utf8Verdict verdict = reference::utf8(all);
        if (verdict.taken != all.size() || (call.flag && !verdict.complete))
            return Refusal::invalid_text;
    }
    if (call.octets.empty() && !call.flag) return Refusal::none;
    return is_too_much(call.octets.size()) ? Refusal::output_full : Refusal::none;
}

Result Host::send_part(const Call& call) {
    if (call.deed == Deed::send_begin) {
        const Refusal refusal = conversation()->send_begin(
            call.kind, {call.flag ? TextCheck::unchecked : TextCheck::checked});
        check_refusal(refusal, !is_open()                     ? Refusal::not_open
                               : sending_ != Sending::nothing ? Refusal::message_in_progress
                                                              : Refusal::none);
        if (refusal != Refusal::none) return {refusal};
        sending_ = Sending::parts;
        unchecked_ = call.flag;
        note_sent(call.kind, {}, false, 0);
        return {};
    }
    const Refusal wanted = refusal_of_part(call);
    const Refusal refusal = conversation()->send_part(call.octets, call.flag);
    check_refusal(refusal, wanted);
    if (refusal != Refusal::none || (call.octets.empty() && !call.flag)) return {refusal};
    SentMessage& message = witness.sent.back();
    append(message.octets, call.octets);
    message.whole = call.flag;
    message.begun = true;
    witness.sent_size += call.octets.size();
    witness.sent_frame_count += frame_count_of(call.octets.size());
    if (call.flag) sending_ = Sending::nothing;
    return {};
}

Refusal Host::refusal_of_frame(const Call& call) const {
    const bool ends_frame = frame_left_ != 0 && state() == State::closing;
    if (!is_open() && !ends_frame) return Refusal::not_open;
    if (sending_ == Sending::parts) return Refusal::message_in_progress;
    const std::size_t size = call.octets.size();
    const unsigned opcode = call.first_octet & 15;
    bool legal = size != 0 || (call.number == 0 && frame_left_ == 0);
    if (frame_left_ != 0) {
        legal =
            legal && call.first_octet == frame_first_octet_ && call.number + size == frame_left_;
    } else {
        const bool continuation = opcode == 0;
        legal = legal && opcode <= 2 && continuation == (sending_ == Sending::frames) &&
                (call.first_octet & 0x70 & ~unsigned{terms_.reserved_bits}) == 0 &&
                !(continuation && (call.first_octet & 0x40) != 0);
        if (terms_.delivery != Delivery::frames) legal = legal && (call.first_octet & 0x70) == 0;
    }
    if (!legal) return Refusal::invalid_frame;
    return is_too_much(size) ? Refusal::output_full : Refusal::none;
}

Result Host::send_frame(const Call& call) {
    const Refusal wanted = refusal_of_frame(call);
    const Refusal refusal = conversation()->send_frame(call.first_octet, call.octets, call.number);
    check_refusal(refusal, wanted);
    if (refusal != Refusal::none) return {refusal};
    if (frame_left_ == 0) {
        const unsigned opcode = call.first_octet & 15;
        if (opcode != 0)
            note_sent(opcode == 1 ? MessageKind::text : MessageKind::binary, {}, false, 0);
        ++witness.sent_frame_count;
    }
    SentMessage& message = witness.sent.back();
    append(message.octets, call.octets);
    message.begun = true;
    witness.sent_size += call.octets.size();
    frame_left_ = call.number;
    frame_first_octet_ = call.first_octet;
    message.whole = frame_left_ == 0 && (call.first_octet & 0x80) != 0;
    sending_ = message.whole ? Sending::nothing : Sending::frames;
    return {};
}

Result Host::ping(const Call& call) {
    const Refusal wanted = !is_open()                 ? Refusal::not_open
                           : call.octets.size() > 125 ? Refusal::control_too_long
                                                      : Refusal::none;
    const Refusal refusal = conversation()->ping(call.octets);
    check_refusal(refusal, wanted);
    if (refusal != Refusal::none) return {refusal};
    witness.pings_sent.push_back(call.octets);
    witness.sent_size += call.octets.size();
    ++witness.sent_frame_count;
    return {};
}

Result Host::close(const Call& call) {
    const bool was_open = is_open();
    const bool sendable = reference::is_close_code(static_cast<unsigned>(call.code)) &&
                          (terms_.role == Role::client || call.code != CloseCode{1010});
    const Refusal wanted = (call.code == CloseCode::no_code ? !call.octets.empty() : !sendable)
                               ? Refusal::invalid_close_code
                           : call.octets.size() > 123 ? Refusal::reason_too_long
                           : !is_text(call.octets)    ? Refusal::invalid_text
                                                      : Refusal::none;
    const std::string reason(as_text(call.octets));
    const Refusal refusal = visit([&](auto& engine) { return engine.close(call.code, reason); });
    if (was_open) check_refusal(refusal, wanted);
    if (refusal == Refusal::none) {
        witness.sent_size += 2 + call.octets.size();
        ++witness.sent_frame_count;
        if (was_open) witness.line_count_at_close = witness.story.lines().size();
    }
    return {refusal};
}

// Output.

// What was shown stays where and what it is, until it is handed over.
void Host::check_shown(ConstBytes octets, bool all) {
    const std::size_t size = std::min(octets.size(), shown_.size());
    expect(std::equal(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size),
                      shown_.begin()),
           "what gather() has shown has changed");
    if (all) expect(octets.size() >= shown_.size(), "gather() shows less than before");
    if (octets.size() > shown_.size())
        shown_ = copy_of(octets.first(std::min(octets.size(), shown_size_max)));
}

void Host::note_written(ConstBytes octets, Time now) {
    append(witness.output, octets);
    shown_.erase(shown_.begin(), shown_.begin() + static_cast<std::ptrdiff_t>(
                                                      std::min(octets.size(), shown_.size())));
    if (!octets.empty()) progressed_ = now;
}

Result Host::write(const Call& call) {
    const std::size_t slice_count = terms_.commits_all ? slices_.size() : call.slice_count;
    const bool wanted = wants().write();
    const std::size_t count = visit(
        [&](auto& engine) { return engine.gather(std::span<Slice>(slices_).first(slice_count)); });
    expect((count != 0) == wanted, "gather() and wants() disagree about output");
    const std::span<const Slice> slices = std::span<const Slice>(slices_).first(count);
    const std::size_t shown = size_of(slices);
    Result result;
    Octets beginning;
    std::size_t left = static_cast<std::size_t>(std::min<std::uint64_t>(call.number, shown));
    for (const Slice& slice : slices) {
        expect(slice.size() != 0, "gather() shows an empty slice");
        append(beginning,
               slice.bytes().first(std::min(slice.size(), shown_size_max - beginning.size())));
        const std::size_t size = std::min(left, slice.size());
        append(result.octets, slice.bytes().first(size));
        left -= size;
    }
    const bool over =
        state() == State::closed || state() == State::failed;  // and output is dropped
    check_shown(beginning, wanted && !over && slice_count >= slices_.size());

    const std::size_t size = result.octets.size();
    const std::size_t flying = flight_.size();
    const bool in_flight = call.deed == Deed::hand_over || !flight_.empty();
    if (in_flight) {
        std::size_t flown = 0;
        for (const Slice& slice : slices) {
            const std::size_t piece = std::min(slice.size(), size - flown);
            if (piece != 0) flight_slices_.push_back(Slice(slice.bytes().first(piece)));
            flown += piece;
        }
        append(flight_, result.octets);
    }
    const bool says_all = size == output_size() - flying && size != 0 && call.flag;
    const std::size_t said = says_all ? SIZE_MAX : size;
    visit([&](auto& engine) {
        if (call.deed == Deed::hand_over)
            engine.handed_over(said, call.now);
        else
            engine.wrote(said, call.now);
    });
    note_written(result.octets, call.now);
    return result;
}

Result Host::copy_output(const Call& call) {
    if (terms_.commits_all && flight_.empty())
        (void)visit([&](auto& engine) { return engine.gather(slices_); });
    Result result;
    result.octets.resize(static_cast<std::size_t>(std::min<std::uint64_t>(call.number, 1U << 20)));
    const bool wanted = wants().write() && !result.octets.empty() && flight_.empty();
    const std::size_t size =
        visit([&](auto& engine) { return engine.write_output(result.octets, call.now); });
    expect((size != 0) == wanted, "write_output() and wants() disagree about output");
    result.octets.resize(size);
    check_shown(result.octets, false);
    note_written(result.octets, call.now);
    return result;
}

Result Host::reusable(const Call& call) {
    std::size_t size =
        static_cast<std::size_t>(std::min<std::uint64_t>(call.number, flight_.size()));
    Octets now;
    std::size_t left = size;
    std::size_t passed = 0;
    std::size_t within = flight_passed_;
    while (left != 0) {
        const ConstBytes octets = flight_slices_[passed].bytes().subspan(within);
        const std::size_t piece = std::min(left, octets.size());
        append(now, octets.first(piece));
        left -= piece;
        within += piece;
        if (within != flight_slices_[passed].size()) continue;
        ++passed;
        within = 0;
    }
    expect(std::equal(now.begin(), now.end(), flight_.begin()),
           "octets that the transport still reads have changed");
    visit([&](auto& engine) { engine.reusable(size); });
    flight_.erase(flight_.begin(), flight_.begin() + static_cast<std::ptrdiff_t>(size));
    flight_slices_.erase(flight_slices_.begin(),
                         flight_slices_.begin() + static_cast<std::ptrdiff_t>(passed));
    flight_passed_ = within;
    if (size != 0) progressed_ = told_;
    Result result;
    result.size = size;
    return result;
}

// Each token once, in the order lent; what was lent is unchanged unless that was allowed, and from now
// on it is gone.
Result Host::collect() {
    Result result;
    Connection* const connection = conversation();
    if (connection == nullptr) return result;
    while (const Token token = connection->next_released()) {
        expect(!lent_.empty() && lent_.front().token == token.value,
               "a token came back that was not the next one lent");
        if (lent_.empty()) return result;
        const LentPlace& lent = lent_.front();
        if (!lent.is_mutable)
            expect(std::equal(lent.before.begin(), lent.before.end(), lent.place.get()),
                   "octets that were lent have changed");
        const std::less<const std::byte*> is_before;
        for (const Slice& slice : flight_slices_)
            expect(is_before(slice.bytes().data(), lent.place.get()) ||
                       !is_before(slice.bytes().data(), lent.place.get() + lent.before.size()),
                   "a token came back, and the transport still reads its octets");
        lent_.erase(lent_.begin());
        ++result.size;
    }
    return result;
}

// What now.

Result Host::advance(const Call& call) {
    // Not so when it was due already, and then the clock stepped back.
    const bool early = call.now < deadline() && told_ < deadline() && clock_is_steady;
    const Look before = look();
    visit([&](auto& engine) { engine.advance(call.now); });
    const Look after = look();
    if (early) {
        expect(before.output_size == after.output_size && before.wants == after.wants &&
                   before.state == after.state,
               "advance() did something before the deadline");
    }
    expect(after.deadline > call.now, "after advance() the deadline does not lie ahead");
    return {};
}

// Memory.

std::size_t Host::outstanding_frame_count() const noexcept {
    return static_cast<std::size_t>(statistics_.sent.frames - idle_frame_count_);
}

// At every moment a constant, and what is buffered. No block is larger than twice what arrived, but for
// those of what the host sends.
void Host::check_memory(const Call& call, const Look& before, std::size_t message_input) {
    constexpr std::size_t constant = 6144;
    const std::size_t input = witness.was_opened
                                  ? static_cast<std::size_t>(std::min<std::uint64_t>(
                                        message_input, terms_.limits.message_size_max))
                                  : message_input;
    const std::size_t early = terms_.session ? 2 * terms_.limits.early_size_max : 0;
    const std::size_t echoed = terms_.echoes ? 2 * loan_size_ + 2 * witness.partial.size() : 0;
    // A block stays until all of it is written, and until the tokens in it were taken.
    constexpr std::size_t block_size = 65536;
    const std::size_t waiting = std::max(before.output_size, output_size());
    const std::size_t passed = witness.output.size() - idle_output_size_;
    const std::size_t held = std::max(waiting, output_peak_);
    const bool tokens_wait = before.lent_count != 0 || !lent_.empty();
    const bool all_stays = tokens_wait || state() == State::closed;
    const std::size_t output = (all_stays ? held : std::min(held, waiting + block_size)) +
                               (tokens_wait ? passed : 0) + call.octets.size() + echoed;
    const std::size_t bound =
        constant + early + 4 * input + 2 * output + 1024 +
        320 * (outstanding_frame_count() + frame_count_of(call.octets.size()));
    const std::size_t live = terms_.kept_size == 0 ? allocator_.peak_size() : pool_.leased_size();
    expect(live <= bound, "it holds more memory, " + std::to_string(live) +
                              ", than what is buffered can account for, " + std::to_string(bound));
    const std::size_t control_room = 140 * (outstanding_frame_count() + 1);
    expect(output_size() <= terms_.limits.output_max + control_room + 1024,
           "more output waits than its limit allows");

    const bool takes_input =
        call.deed == Deed::receive || call.deed == Deed::land || call.deed == Deed::pull;
    const std::size_t block = 2 * std::max<std::size_t>(witness.input.size(), 256);
    if (takes_input && !terms_.echoes)
        expect(allocator_.largest_size() <= block, "a block is larger than twice what arrived");
    expect(allocator_.largest_size() <= std::max<std::size_t>(block, 65536),
           "a block is larger than any that is needed");
}

// In words.

void Host::tell(const Call& call, const Result& result) const {
    const auto milliseconds = now_.nanoseconds / 1'000'000;
    std::printf("%10" PRId64 "  %s  %s", milliseconds, side(), name_of(call.deed));
    if (!call.octets.empty()) std::printf(" %s", quoted(call.octets).c_str());
    if (call.deed == Deed::close) std::printf(" %u", static_cast<unsigned>(call.code));
    if (call.deed == Deed::send_frame)
        std::printf(" %02x, %" PRIu64 " left", unsigned{call.first_octet}, call.number);
    if (call.number != 0 && call.deed != Deed::send_frame)
        std::printf(" (%" PRIu64 ")", call.number);
    if (call.flag) std::printf(" [flag]");
    if (result.refusal != Refusal::none)
        std::printf(" refused: %s", hawse::name_of(result.refusal));
    if (!result.octets.empty()) std::printf(" -> %zu octets", result.octets.size());
    if (result.size != 0) std::printf(" -> %zu", result.size);
    const Wants now = wants();
    std::printf("  {%s%s%s%s%s, %zu waiting}\n", name_of(state()), now.read() ? " read" : "",
                now.write() ? " write" : "", now.end_write() ? " end_write" : "",
                now.close() ? " close" : "", output_size());
}

}  // namespace hawse::test::replay::simulated
