// SPDX-License-Identifier: MIT
// What gather() showed is committed: every call there is, in every order of three, and still what was
// shown neither moves nor changes nor is overtaken, what was handed over stays readable until it is
// reusable, lent memory is poisoned when its token comes, and the other side reads what was sent.
#include "support/catch.hpp"
#include "support/drive.hpp"

#include <array>
#include <deque>
#include <limits>
#include <list>
#include <string>
#include <vector>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

// A host that writes down what it was shown, octet by octet, and looks at it again and again.
class Host {
public:
    Host(Rig& rig, Role role) : role_(role), drive_(rig, role, Drain::nothing) {}

    void send() { keep(drive_->send(MessageKind::text, text("copied"))); }
    void send_large() {
        const std::string large(1500, 'L');
        if (drive_->send(MessageKind::binary, as_bytes(large)) == Refusal::none)
            sent_.push_back(large);
    }
    void send_lent() {
        const ConstBytes octets = text("lent");
        lend(drive_->send_lent(MessageKind::text, octets, Token{++tokens_given_}), octets);
    }
    void send_lent_mutable() {
        (void)text("mutable");
        scratch_.push_back(octets_of(last_text_));
        const Refusal refusal =
            drive_->send_lent_mutable(MessageKind::text, scratch_.back(), Token{++tokens_given_});
        lend(refusal, scratch_.back());
    }
    void send_empty() {
        if (drive_->send(MessageKind::text, {}) == Refusal::none) sent_.emplace_back();
    }
    void send_lent_empty() {
        texts_kept_.emplace_back();
        last_text_.clear();
        lend(drive_->send_lent(MessageKind::text, {}, Token{++tokens_given_}), texts_kept_.back());
    }
    void send_part() {
        if (!streaming_ && drive_->send_begin(MessageKind::binary) == Refusal::none) {
            streaming_ = true;
            streamed_.clear();
        }
        add_part(false);
    }
    void send_last_part() { add_part(true); }
    void ping() {
        if (drive_->ping(text("ping")) == Refusal::none) pings_.push_back(last_text_);
    }
    void close() { (void)drive_->close(CloseCode{4000}, "reason"); }
    void peer_pings() { feed(frame(other(role_), 0x89, "peer")); }
    void peer_sends() { feed(frame(other(role_), 0x81, "peer")); }
    void peer_closes() { feed(close_frame(other(role_), 1000, "reason")); }
    void peer_fails() { feed(frame(other(role_), 0x83)); }
    void input_ends() { drive_.end(); }
    void transport_breaks() { drive_.end(TransportEnd::broken); }
    void abort() {
        drive_->abort(drive_.now);
        drive_.pull();
    }
    void time_passes() { drive_.pass(seconds(1)); }
    void hand_over(std::size_t size) {
        size = std::min(size, shown_.size());
        for (std::size_t index = 0; index < size; ++index) {
            stream_.push_back(shown_[index].value);
            in_flight_.push_back(shown_[index]);
        }
        shown_.erase(shown_.begin(), shown_.begin() + std::ptrdiff_t(size));
        drive_->handed_over(size, drive_.now);
    }
    void reuse(std::size_t size) {
        size = std::min(size, in_flight_.size());
        in_flight_.erase(in_flight_.begin(), in_flight_.begin() + std::ptrdiff_t(size));
        drive_->reusable(size);
    }
    void write_some() {
        Octets piece(5);
        piece.resize(drive_->write_output(piece, drive_.now));
        const bool in_flight = !in_flight_.empty();
        if (in_flight && !piece.empty()) fault("write_output while octets are in flight");
        for (std::size_t index = 0; index < std::min(piece.size(), shown_.size()); ++index)
            if (piece[index] != shown_[index].value) fault("write_output is not what was shown");
        append(stream_, piece);
        shown_.erase(shown_.begin(),
                     shown_.begin() + std::ptrdiff_t(std::min(piece.size(), shown_.size())));
    }
    void take_tokens() {
        while (const Token token = drive_->next_released()) {
            if (lent_.empty() || token != lent_.front().token) return fault("a token out of order");
            for (std::byte& octet : lent_.front().octets) octet = std::byte{0xEE};
            lent_.pop_front();
        }
    }

    // Looks again: what was shown is still there, at its place, and nothing is before it.
    void look(std::size_t slice_count) {
        std::vector<Slice> slices(slice_count);
        const std::size_t count = drive_->gather(slices);
        std::vector<Shown> now;
        for (std::size_t index = 0; index < count; ++index)
            for (const std::byte& octet : slices[index].bytes()) now.push_back({&octet, octet});
        cut_off_ = cut_off_ || drive_->wants().close();
        if (now.empty() && cut_off_) {
            // It may be in a write right now: it stays readable until it is acknowledged.
            in_flight_.insert(in_flight_.end(), shown_.begin(), shown_.end());
            shown_.clear();
        }
        const std::size_t both = std::min(now.size(), shown_.size());
        for (std::size_t index = 0; index < both; ++index)
            if (now[index].at != shown_[index].at || now[index].value != shown_[index].value)
                return fault("what was shown has changed");
        if (slice_count > 8 && now.size() < shown_.size()) return fault("what was shown is gone");
        if (now.size() > shown_.size()) shown_ = std::move(now);
        for (const Shown& octet : in_flight_)
            if (*octet.at != octet.value) return fault("what is in flight has changed");
    }

    // Drains the rest and answers what is wrong, if anything is.
    std::string finish() {
        if (streaming_ && drive_->state() == State::open) send_last_part();
        for (int round = 0; round < 200 && fault_.empty(); ++round) {
            look(16);
            if (shown_.empty() && in_flight_.empty()) break;
            hand_over(7);
            reuse(5 + (shown_.empty() ? all - 5 : 0));
            if (round > 20) {
                hand_over(all);
                reuse(all);
            }
        }
        drive_->reusable(all);  // after an end: nothing is in a write any more
        take_tokens();
        if (!lent_.empty()) fault("a token did not come back");
        if (drive_->output_size() != 0) fault("output is left");
        check_stream();
        check_mirror();
        return fault_;
    }

private:
    struct Shown {
        const std::byte* at;
        std::byte value;
    };
    struct LentMessage {
        Token token;
        Bytes octets;
    };

    void fault(const std::string& sentence) {
        if (fault_.empty()) fault_ = sentence;
    }
    ConstBytes text(const std::string& word) {
        last_text_ = word + " " + std::to_string(++texts_);
        texts_kept_.push_back(octets_of(last_text_));
        return texts_kept_.back();
    }
    void keep(Refusal refusal) {
        if (refusal == Refusal::none) sent_.push_back(last_text_);
    }
    void lend(Refusal refusal, ConstBytes octets) {
        keep(refusal);
        if (refusal != Refusal::none) return;
        lent_.push_back(
            {Token{tokens_given_}, {const_cast<std::byte*>(octets.data()), octets.size()}});
    }
    void add_part(bool last) {
        if (drive_->send_part(text("part"), last) != Refusal::none) return;
        streamed_ += last_text_;
        if (!last) return;
        sent_.push_back(streamed_);
        streaming_ = false;
    }
    void feed(const Octets& octets) {
        const std::size_t before = drive_.story.lines().size();
        drive_.feed(octets);
        for (std::size_t index = before; index < drive_.story.lines().size(); ++index)
            pongs_ += drive_.story.lines()[index].rfind("ping", 0) == 0;
    }

    void check_stream() {
        std::size_t rest = 0, messages = 0, pings = 0, pongs = 0, closes = 0;
        std::string message;
        for (const WireFrame& frame : read_frames(stream_, &rest)) {
            const std::string payload(as_text(frame.payload));
            if (frame.masked != (role_ == Role::client)) fault("a wrong mask bit");
            if (frame.first == 0x88) {
                ++closes;
            } else if (frame.first == 0x89) {
                if (pings >= pings_.size() || payload != pings_[pings++]) fault("a wrong ping");
            } else if (frame.first == 0x8A) {
                if (payload != "peer") fault("a wrong pong");
                ++pongs;
            } else {
                if (closes != 0) fault("data behind the Close");
                message += payload;
                if ((frame.first & 0x80) == 0) continue;
                if (messages >= sent_.size() || message != sent_[messages++])
                    fault("a wrong message: " + message);
                message.clear();
            }
        }
        if (closes > 1) fault("two Closes");
        if (cut_off_) return;
        if (rest != 0) fault("a torn frame");
        if (messages != sent_.size() || pings != pings_.size()) fault("something was not sent");
        if (pongs != pongs_ && drive_->state() == State::open) fault("a wrong count of pongs");
    }
    void check_mirror() {
        Rig rig;
        Drive mirror(rig, other(role_));
        mirror.feed(stream_);
        if (mirror->state() == State::failed) fault("the mirror engine fails");
    }

    Role role_;
    Drive drive_;
    std::string fault_, last_text_, streamed_;
    std::list<Octets> texts_kept_, scratch_;
    std::vector<std::string> sent_, pings_;
    std::vector<Shown> shown_, in_flight_;
    std::deque<LentMessage> lent_;
    Octets stream_;
    std::uint64_t tokens_given_ = 0;
    std::size_t pongs_ = 0;
    unsigned texts_ = 0;
    bool streaming_ = false;
    bool cut_off_ = false;
};

struct Call {
    const char* name;
    void (*make)(Host&);
};

constexpr std::array calls = {
    Call{"send", [](Host& host) { host.send(); }},
    Call{"send_large", [](Host& host) { host.send_large(); }},
    Call{"send_empty", [](Host& host) { host.send_empty(); }},
    Call{"send_lent_empty", [](Host& host) { host.send_lent_empty(); }},
    Call{"send_lent", [](Host& host) { host.send_lent(); }},
    Call{"send_lent_mutable", [](Host& host) { host.send_lent_mutable(); }},
    Call{"send_part", [](Host& host) { host.send_part(); }},
    Call{"send_last_part", [](Host& host) { host.send_last_part(); }},
    Call{"ping", [](Host& host) { host.ping(); }},
    Call{"close", [](Host& host) { host.close(); }},
    Call{"peer_pings", [](Host& host) { host.peer_pings(); }},
    Call{"peer_sends", [](Host& host) { host.peer_sends(); }},
    Call{"peer_closes", [](Host& host) { host.peer_closes(); }},
    Call{"peer_fails", [](Host& host) { host.peer_fails(); }},
    Call{"input_ends", [](Host& host) { host.input_ends(); }},
    Call{"transport_breaks", [](Host& host) { host.transport_breaks(); }},
    Call{"abort", [](Host& host) { host.abort(); }},
    Call{"time_passes", [](Host& host) { host.time_passes(); }},
    Call{"hand over 1", [](Host& host) { host.hand_over(1); }},
    Call{"hand over 9", [](Host& host) { host.hand_over(9); }},
    Call{"hand over all", [](Host& host) { host.hand_over(all); }},
    Call{"reuse 1", [](Host& host) { host.reuse(1); }},
    Call{"reuse all", [](Host& host) { host.reuse(all); }},
    Call{"write_output", [](Host& host) { host.write_some(); }},
    Call{"take_tokens", [](Host& host) { host.take_tokens(); }},
};

std::string run(Role role, const std::vector<std::size_t>& order, std::size_t slices_first) {
    Rig rig;
    Host host(rig, role);
    host.send();
    host.send_lent();
    host.look(slices_first);
    for (const std::size_t index : order) {
        calls[index].make(host);
        host.look(slices_first);
        host.look(16);
    }
    return host.finish();
}

std::string in_words(const std::vector<std::size_t>& order) {
    std::string words;
    for (const std::size_t index : order) words += std::string(calls[index].name) + ", ";
    return words;
}

}  // namespace

TEST_CASE("what was gathered stays, through every call in every order of three",
          "[6455-6.1-09][6455-10.3-02][6455-2.1-01]") {
    std::size_t count = 0;
    for (const Role role : {Role::server, Role::client})
        for (std::size_t index = 0; index < calls.size() * calls.size() * calls.size(); ++index) {
            ++count;
            const std::vector<std::size_t> order = {index % calls.size(),
                                                    index / calls.size() % calls.size(),
                                                    index / calls.size() / calls.size()};
            const std::string fault = run(role, order, 1 + index % 3);
            if (fault.empty()) continue;
            INFO((role == Role::server ? "server: " : "client: ") << in_words(order));
            CHECK(fault == "");
        }
    CHECK(count == 2 * 25 * 25 * 25);
}

TEST_CASE("what was gathered stays, through long random orders", "[6455-6.1-09]") {
    for (unsigned seed = 1; seed <= 700; ++seed) {
        std::minstd_rand random(seed);
        const Role role = seed % 2 == 0 ? Role::server : Role::client;
        std::vector<std::size_t> order(5 + random() % 60);
        for (std::size_t& index : order) {
            index = random() % calls.size();
            const std::string name = calls[index].name;
            const bool ends = name == "close" || name == "abort" || name == "peer_closes" ||
                              name == "peer_fails" || name == "input_ends" ||
                              name == "transport_breaks";
            if (ends && random() % 8 != 0) index = random() % 8;
        }
        const std::string fault = run(role, order, 1 + random() % 4);
        INFO("seed " << seed << ": " << in_words(order));
        REQUIRE(fault == "");
    }
}
