// SPDX-License-Identifier: MIT
// One engine and the host around it. Everything that is done to the engine is a Call, a value, so that a
// run can be told, and repeated with its input cut otherwise. The host writes down what went in and what
// came out, and checks with each call what must hold at every moment.
#pragma once

#include "hawse/hawse.hpp"
#include "replay/simulation_dice.hpp"
#include "support/counting_allocator.hpp"
#include "support/drive.hpp"
#include "support/octets.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test::replay::simulated {

/// What a seed has drawn for one side.
struct HostTerms {
    Role role = Role::server;
    bool session = true;  ///< or a Connection alone
    Delivery delivery = Delivery::messages;
    Limits limits = {};
    Waits waits = {};
    bool pong_after_close = true;
    bool deliver_after_close = true;
    bool reject_early_octets = false;
    std::uint8_t reserved_bits = 0;
    std::size_t kept_size = 0;      ///< of the pool
    bool speaks_chat = false;       ///< a subprotocol is offered, or chosen
    bool decides_at_once = true;    ///< within the event `request`
    bool rejects = false;           ///< the request
    bool echoes = false;            ///< messages, within their event
    bool commits_all = true;        ///< output is shown as a whole before any of it is written
    std::uint64_t seed = 0;         ///< of its masking keys and failures
    unsigned failure_permille = 0;  ///< of the calls, in which an allocation or the entropy fails
};

enum class Deed : std::uint8_t {
    start,
    accept,
    reject,
    receive,
    land,
    land_in,
    pull,
    unread,
    end_input,
    send,
    send_lent,
    send_lent_mutable,
    send_begin,
    send_part,
    send_frame,
    ping,
    close,
    abort,
    write,
    hand_over,
    copy_output,
    reusable,
    collect,
    let_go,  ///< what was shown: the transport is gone, and reads it no longer
    write_ended,
    advance,
    last = advance,
};

struct Call {
    Deed deed;
    Time now = {};
    Octets octets = {};  ///< that are received or sent; of close() the reason
    MessageKind kind = MessageKind::binary;
    CloseCode code = CloseCode::normal;
    std::uint8_t first_octet = 0;  ///< of send_frame()
    bool flag = false;             ///< the last part; a broken end; unchecked text; pull in batches
    std::uint64_t number = 0;  ///< octets to write, events to pull (0: all), octets left, a status
    std::size_t slice_count = 8;
};

struct Result {
    Refusal refusal = Refusal::none;
    Octets octets = {};    ///< written, or unread
    std::size_t size = 0;  ///< octets landed, or given back
    bool quiet = true;     ///< next_event() has answered none
};

/// A message that calls have sent.
struct SentMessage {
    MessageKind kind = MessageKind::binary;
    Octets octets = {};
    bool whole = false;
    bool begun = false;  ///< a frame of it went out
};

/// The message that calls have begun and not yet ended: by send_begin(), or by send_frame().
enum class Sending : std::uint8_t { nothing, parts, frames };

/// What is known of an engine from outside.
struct Witness {
    Story story = {};
    std::size_t event_count = 0;
    Octets input = {};
    Octets output = {};
    std::vector<SentMessage> sent = {};
    std::vector<Octets> pings_sent = {};
    std::vector<std::string> received = {};  ///< whole messages: kind and octets
    std::vector<Octets> pings_received = {};
    std::vector<Octets> pongs_received = {};
    Octets partial = {};                         ///< of a message that is told in parts or frames
    std::size_t line_count_at_close = SIZE_MAX;  ///< lines told when our Close was queued
    std::size_t output_size_at_end = 0;          ///< written when it failed, or was over
    std::size_t input_size_at_end = 0;           ///< that was looked at until then
    std::size_t sent_size = 0;         ///< payload octets and frames that calls have sent,
    std::size_t sent_frame_count = 0;  ///< the Close and keepalive pings among the frames
    Event closing = {};                ///< without their octets
    Event failed = {};
    Event closed = {};
    std::string reason = {};  ///< of `closing`
    bool was_opened = false;
    bool message_dropped = false;
    bool output_was_through = true;  ///< and reusable, when it was over
};

class Host {
public:
    Host(const HostTerms& terms, Time now);
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    ~Host();

    /// Does it, checks what must hold at any time, and writes down what came of it.
    Result perform(const Call& call);

    [[nodiscard]] Connection* conversation() const noexcept;
    [[nodiscard]] bool is_open() const noexcept;
    [[nodiscard]] State state() const noexcept;
    [[nodiscard]] Wants wants() const noexcept;
    [[nodiscard]] Time deadline() const noexcept;
    [[nodiscard]] std::size_t output_size() const noexcept;
    [[nodiscard]] std::size_t flight_size() const noexcept { return flight_.size(); }
    [[nodiscard]] bool is_lending() const noexcept { return loan_ != nullptr; }
    [[nodiscard]] bool awaits_decision() const noexcept { return undecided_; }
    [[nodiscard]] bool closed_told() const noexcept {
        return witness.closed.kind() == EventKind::closed;
    }
    [[nodiscard]] std::size_t lent_count() const noexcept { return lent_.size(); }
    [[nodiscard]] Sending sending() const noexcept { return sending_; }
    [[nodiscard]] std::uint64_t frame_left() const noexcept { return frame_left_; }
    [[nodiscard]] std::uint8_t frame_first_octet() const noexcept { return frame_first_octet_; }

    [[nodiscard]] const HostTerms& terms() const noexcept { return terms_; }
    [[nodiscard]] const Config& config() const noexcept { return config_; }
    [[nodiscard]] const Statistics& statistics() const noexcept { return statistics_; }
    [[nodiscard]] const Pool& pool() const noexcept { return pool_; }
    [[nodiscard]] const CountingAllocator& allocator() const noexcept { return allocator_; }
    [[nodiscard]] const std::vector<std::uint32_t>& keys() const noexcept { return keys_; }
    [[nodiscard]] const char* side() const noexcept {
        return terms_.role == Role::client ? "client" : "server";
    }

    Witness witness = {};
    bool tells = false;
    bool clock_is_steady = true;  ///< it has neither jumped nor stepped back
    std::string fault = {};       ///< the first thing that did not hold

    void expect(bool holds, std::string_view what);
    /// Its clock is about to jump, further than it may be late, and for the first time.
    void expect_jump() noexcept { jumps_far_ = true; }
    /// Destroys the engine; everything comes back.
    void destroy();

private:
    struct LentPlace {
        std::uint64_t token;
        std::unique_ptr<std::byte[]> place;
        Octets before;  // what it held when it was lent
        bool is_mutable;
    };
    struct Look {
        std::size_t output_size, leased_size, lent_count;
        std::uint64_t announced, frame_left;
        Time deadline;
        unsigned wants;
        State state;
        friend bool operator==(const Look&, const Look&) = default;
    };

    Result carry_out(const Call& call);
    Result start();
    Result receive(const Call& call);
    Result land(const Call& call);
    Result land_in(const Call& call);
    Result pull(const Call& call);
    Result unread();
    Result send(const Call& call);
    Result send_lent(const Call& call);
    Result send_part(const Call& call);
    Result send_frame(const Call& call);
    Result ping(const Call& call);
    Result close(const Call& call);
    Result write(const Call& call);
    Result copy_output(const Call& call);
    Result reusable(const Call& call);
    Result collect();
    Result advance(const Call& call);

    void take(const Event& event);
    void take_data(const Event& event);
    void take_message(const Event& event);
    void take_ending(const Event& event);
    void decide();
    void note_written(ConstBytes octets, Time now);
    void note_sent(MessageKind kind, ConstBytes octets, bool whole, std::size_t frame_count);
    void check_views();
    void check_shown(ConstBytes octets, bool all);
    void check_memory(const Call& call, const Look& before, std::size_t message_input);
    void check_timeout(Cause cause);
    void check_flood();
    void check_deadline(Time now);
    void check_refusal(Refusal found, Refusal wanted);
    [[nodiscard]] Refusal refusal_of_message(const Call& call) const;
    [[nodiscard]] Refusal refusal_of_part(const Call& call) const;
    [[nodiscard]] Refusal refusal_of_frame(const Call& call) const;
    [[nodiscard]] bool is_too_much(std::size_t size) const noexcept;
    void tell(const Call& call, const Result& result) const;
    void arm_failures();
    void begin_counting() noexcept;
    [[nodiscard]] Look look() const noexcept;
    [[nodiscard]] std::size_t frame_count_of(std::size_t size) const noexcept;
    [[nodiscard]] std::size_t outstanding_frame_count() const noexcept;
    static bool fill(void* context, std::byte* into, std::size_t size) noexcept;

    template <typename Act>
    auto visit(const Act& act) const {
        return session_ ? act(*session_) : act(*connection_);
    }

    HostTerms terms_;
    CountingAllocator allocator_;
    Pool pool_;
    Config config_;
    Dice key_dice_;
    Dice failure_dice_;
    std::vector<std::uint32_t> keys_;
    bool entropy_is_dry_ = false;
    Statistics statistics_;
    mutable std::optional<Session> session_;
    mutable std::optional<Connection> connection_;
    bool counts_ = false;

    Time now_;   // of the last call
    Time told_;  // the engine knows it
    Time begun_;
    Time heard_;        // the last octet came
    Time progressed_;   // the transport took an octet, or gave one back, or nothing was waiting
    Time close_began_;  // our Close was queued
    struct Moments {
        Time when, heard, progressed;
    };
    Moments ended_ = {};  // it failed, or was over
    std::unique_ptr<std::byte[]> loan_;
    std::size_t loan_size_ = 0;
    std::size_t events_of_loan_ = 0;
    std::size_t unpulled_size_ = 0;  // octets since nothing was left to pull
    std::size_t message_input_ = 0;  // at most so many octets belong to a message in progress
    std::vector<Slice> slices_;
    Octets shown_;   // the first of the octets shown and not handed over
    Octets flight_;  // handed over, and not reusable
    std::vector<Slice> flight_slices_;
    std::size_t flight_passed_ = 0;  // octets of the first of these slices that are reusable
    std::vector<LentPlace> lent_;
    std::vector<std::unique_ptr<std::byte[]>> landing_places_;
    std::vector<Event> views_;
    std::vector<Octets> view_copies_;
    std::uint64_t next_token_ = 1;
    std::size_t idle_output_size_ = 0;    // octets written when nothing was waiting
    std::size_t output_peak_ = 0;         // that waited since nothing was waiting
    std::uint64_t idle_frame_count_ = 0;  // frames queued when nothing was waiting
    std::uint64_t idle_ping_count_ = 0;
    std::uint64_t dropped_count_ = 0;
    bool jumps_far_ = false;
    bool ended_by_jump_ = false;
    bool input_ended_ = false;
    bool undecided_ = false;
    bool begun_start_ = false;  // start() was carried out
    Sending sending_ = Sending::nothing;
    bool unchecked_ = false;
    std::uint64_t frame_left_ = 0;
    std::uint8_t frame_first_octet_ = 0;
};

const char* name_of(Deed deed) noexcept;

}  // namespace hawse::test::replay::simulated
