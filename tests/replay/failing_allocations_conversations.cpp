// SPDX-License-Identifier: MIT
// Conversations, told while memory or entropy fails: what is received, sent, relayed and landed, pings,
// every order of closing, faults.
#include "replay/failing_allocations.hpp"

#include "support/deflate_writer.hpp"

#include <array>
#include <string>
#include <string_view>

namespace hawse::test::replay::failing {

namespace {

std::string letters(std::size_t size) {
    std::string text(size, 'a');
    for (std::size_t index = 0; index < size; ++index)
        text[index] = static_cast<char>('a' + index * 7 % 26);
    return text;
}

// A conversation with all that is counted of it.
class Talk {
public:
    explicit Talk(Attempt& attempt, Way way = Way::copied, std::uint8_t reserved_bits = 0,
                  const DeflateAgreement& deflate = {})
        : attempt_(attempt),
          connection_(attempt.config, agreement_of(attempt.role, reserved_bits, deflate),
                      attempt.now),
          side(attempt, connection_, way), peer(other(attempt.role)) {
        connection_.count_into(&statistics_);
    }
    Talk(const Talk&) = delete;
    Talk& operator=(const Talk&) = delete;
    ~Talk() {
        const Statistics& counted = statistics_;
        for (const Statistics::Direction& one : {counted.received, counted.sent})
            attempt_.note(std::to_string(one.messages) + " messages " + std::to_string(one.frames) +
                          " frames " + std::to_string(one.wire_octets) + " octets " +
                          std::to_string(one.payload_octets) + " of payload");
        attempt_.note(
            std::to_string(counted.pings_received) + ' ' + std::to_string(counted.pongs_received) +
            ' ' + std::to_string(counted.pings_sent) + ' ' + std::to_string(counted.pongs_dropped));
    }

    Refusal send(std::string_view text) {
        return side.call("send",
                         [&] { return connection_.send(MessageKind::text, as_bytes(text)); });
    }
    Refusal ping(std::string_view text) {
        return side.call("ping", [&] { return connection_.ping(as_bytes(text)); });
    }
    /// Without memory for a reason one closes without; without a key one aborts.
    void close(CloseCode code, std::string_view reason = {}) {
        const auto shut = [&](std::string_view why) {
            return side.call("close", [&] { return connection_.close(code, why); });
        };
        Refusal refusal = shut(reason);
        if (refusal == Refusal::out_of_memory && !attempt_.is_stopped()) {
            refusal = shut({});
            attempt_.expect(refusal != Refusal::out_of_memory,
                            "a Close without reason needs memory");
        }
        if (refusal != Refusal::no_entropy) return;
        attempt_.gave_up = true;
        side.abort();
    }
    void lend(ConstBytes octets, Token token) {
        const Refusal refusal = attempt_.call("send_lent", connection_, [&] {
            return connection_.send_lent(MessageKind::binary, octets, token);
        });
        if (refusal == Refusal::none) attempt_.lend(token);
        side.pull();
    }
    /// `octets` are as they were when the call is refused.
    void lend_mutable(Octets& octets, Token token) {
        const Octets before = octets;
        const Refusal refusal = attempt_.call("send_lent_mutable", connection_, [&] {
            attempt_.expect(octets == before, "a refused call has changed octets that were lent");
            return connection_.send_lent_mutable(MessageKind::binary, octets, token);
        });
        if (refusal == Refusal::none) attempt_.lend(token);
        side.pull();
    }

private:
    static Agreement agreement_of(Role role, std::uint8_t reserved_bits,
                                  const DeflateAgreement& deflate) {
        Agreement agreement;
        agreement.role = role;
        agreement.deflate = deflate;
        agreement.reserved_bits = reserved_bits;
        return agreement;
    }

    Attempt& attempt_;
    Statistics statistics_ = {};
    Connection connection_;

public:
    Side<Connection> side;
    const Role peer;
};

// What is received.

Octets everything(Role from) {
    const std::string longest = letters(125);
    return joined({frame(from, 0x81, "whole"), frame(from, 0x82, letters(300)),
                   frame(from, 0x01, "cut "), frame(from, 0x89, "a ping"),
                   frame(from, 0x00, letters(700)), frame(from, 0x8A, "a pong"),
                   frame(from, 0x80, "!"), frame(from, 0x81, ""), frame(from, 0x89, longest),
                   frame(from, 0x8A, longest), frame(from, 0x81, "last"),
                   close_frame(from, 1001, "a reason")});
}

template <std::size_t step>
void receive_messages(Attempt& attempt) {
    Talk talk(attempt);
    talk.side.feed(everything(talk.peer), step);
    talk.side.end();
}

void receive_parts(Attempt& attempt) {
    attempt.config.delivery = Delivery::parts;
    receive_messages<7>(attempt);
}

// Compressed, each with the window of those before; plain ones and pings between them.
Octets everything_compressed(Role from) {
    DeflateWriter large;
    large.fixed().text(as_bytes(letters(300)));
    for (int count = 0; count < 30; ++count) large.match(200, 290);
    large.match(5, 305 + 6000).end().flush();  // to the message before
    const ConstBytes octets = large.octets();
    return joined({frame(from, 0xC1, unhex("f248cdc9c90700")), frame(from, 0x81, "plain"),
                   frame(from, 0xC1, unhex("f200110000")), frame(from, 0x42, octets.first(100)),
                   frame(from, 0x89, "a ping"), frame(from, 0x00, octets.subspan(100, 150)),
                   frame(from, 0x80, octets.subspan(250)), frame(from, 0xC1, unhex("00")),
                   frame(from, 0xC1, unhex("f200110000")), close_frame(from, 1000)});
}

template <std::size_t step>
void receive_compressed(Attempt& attempt) {
    Talk talk(attempt, Way::copied, 0, {.agreed = true});
    talk.side.feed(everything_compressed(talk.peer), step);
    talk.side.end();
}

template <std::size_t part_size>
void receive_compressed_parts(Attempt& attempt) {
    attempt.config.delivery = Delivery::parts;
    attempt.config.deflate.part_size_max = part_size;
    receive_compressed<50>(attempt);
}

// What is sent.

template <Way way>
void send_messages(Attempt& attempt) {
    Talk talk(attempt, way);
    const Octets lent = octets_of(letters(700));
    Octets changing = octets_of(letters(900));
    (void)talk.send("copied");
    (void)talk.send(letters(3000));
    talk.lend(lent, Token{1});
    talk.lend({}, Token{2});
    talk.lend_mutable(changing, Token{3});
    (void)talk.send("");
    (void)talk.ping(letters(125));
    talk.side.feed(frame(talk.peer, 0x81, "between"), 3);
    (void)talk.send(letters(1500));
    talk.lend(lent, Token{4});
    talk.close(CloseCode::normal, letters(123));
    talk.side.feed(close_frame(talk.peer, 1000));
    talk.side.end();
}

template <Way way>
void send_in_frames(Attempt& attempt) {
    attempt.config.limits.send_frame_size_max = 200;
    send_messages<way>(attempt);
}

// More waits than is wanted; nobody takes it until the end.
void send_behind_backpressure(Attempt& attempt) {
    attempt.config.limits.output_high = 1000;
    attempt.config.limits.output_max = 6000;
    Talk talk(attempt, Way::unwritten);
    for (int count = 0; count < 5; ++count) (void)talk.send(letters(1400));
    talk.side.feed(frame(talk.peer, 0x89, "ping"), 3);
    talk.side.write_all(Way::gathered);
    (void)talk.send(letters(1400));
    talk.side.feed(close_frame(talk.peer, 1000, "bye"), 3);
    talk.side.write_all(Way::later);
    talk.side.end();
}

// Memory for some of it is there, and for the rest is not.
void send_in_blocks(Attempt& attempt) {
    Talk talk(attempt, Way::unwritten);
    (void)talk.send("in front");
    (void)talk.send(letters(140'000));
    (void)talk.send("behind");
    talk.close(CloseCode::normal);
    talk.side.feed(close_frame(talk.peer, 1000));
    talk.side.end();
}

void send_parts(Attempt& attempt) {
    Talk talk(attempt);
    Connection& connection = *talk.side;
    const auto begin = [&] {
        return talk.side.call("send_begin",
                              [&] { return connection.send_begin(MessageKind::text); });
    };
    const auto send = [&](std::string_view text, bool last) {
        return talk.side.call("send_part",
                              [&] { return connection.send_part(as_bytes(text), last); });
    };
    (void)begin();
    (void)send("begins \xC3",
               false);  // a code point is cut: what was checked may not be checked twice
    talk.side.feed(frame(talk.peer, 0x89, "inside"), 3);
    (void)send("\xA4 and goes on " + letters(2000), false);
    (void)talk.ping("own");
    (void)send("", true);
    (void)begin();
    (void)send("never ends", false);
    talk.close(CloseCode::going_away);
    talk.side.feed(close_frame(talk.peer, 1001));
    talk.side.end();
}

// Frames of the peer's go back to it undecoded, as a relay sends them on.
template <Way way>
void relay_frames(Attempt& attempt) {
    attempt.config.delivery = Delivery::frames;
    Talk talk(attempt, way, rsv1_bit);
    Connection& connection = *talk.side;
    talk.side.on_event = [&](const Event& event) {
        if (!event.is_frame() || attempt.gave_up) return;
        const std::uint64_t left = connection.frame_left();
        const Refusal refusal = attempt.call("send_frame", connection, [&] {
            return connection.send_frame(event.first_octet(), event.payload(), left);
        });
        if (refusal != attempt.lack()) return;
        attempt.gave_up = true;
        connection.abort(attempt.now);
    };
    talk.side.feed(
        joined({frame(talk.peer, 0xC1, "compressed"), frame(talk.peer, 0x02, letters(900)),
                frame(talk.peer, 0x89, "ping"), frame(talk.peer, 0x80, letters(20)),
                frame(talk.peer, 0x82, ""), frame(talk.peer, 0x81, letters(30)),
                close_frame(talk.peer, 1000, "relayed")}),
        40);
    talk.side.end();
}

// What lands.

// Into the place of the message; with a scatter read what is over goes into the host's buffer.
enum class Read : std::uint8_t { plain, scatter };

void land(Attempt& attempt, Side<Connection>& side, ConstBytes octets, std::size_t step,
          Read read = Read::scatter) {
    while (!octets.empty() && !attempt.stops()) {
        const Bytes place = side->landing();
        const std::size_t room = read == Read::plain && !place.empty() ? place.size() : step;
        const ConstBytes piece = octets.first(std::min({octets.size(), step, room}));
        octets = octets.subspan(piece.size());
        const std::size_t landed = std::min(place.size(), piece.size());
        if (landed != 0) std::memcpy(place.data(), piece.data(), landed);
        attempt.expect(side->landed(landed, attempt.now) == landed, "not all has landed");
        Octets rest = copy_of(piece.subspan(landed));
        (void)side->receive(rest, attempt.now);
        side.pull();
    }
}

template <Read read>
void land_messages(Attempt& attempt) {
    Talk talk(attempt);
    land(attempt, talk.side,
         joined({frame(talk.peer, 0x01, letters(600)), frame(talk.peer, 0x89, "inside"),
                 frame(talk.peer, 0x80, letters(800)), frame(talk.peer, 0x82, letters(1200)),
                 close_frame(talk.peer, 1000, "landed")}),
         170, read);
    talk.side.end();
}

// The host's place is outgrown by further frames, and the message moves inside.
void land_in_a_place(Attempt& attempt) {
    Talk talk(attempt);
    Octets place(600);
    land(attempt, talk.side, ConstBytes(frame(talk.peer, 0x01, letters(600))).first(200), 100);
    const Refusal refusal = talk.side.call("land_in", [&] { return talk.side->land_in(place); });
    attempt.expect(refusal == Refusal::none || attempt.failed_count() != 0 || attempt.is_stopped(),
                   "land_in() is refused");
    land(attempt, talk.side, ConstBytes(frame(talk.peer, 0x01, letters(600))).subspan(200), 100);
    land(attempt, talk.side,
         joined({frame(talk.peer, 0x00, letters(500)), frame(talk.peer, 0x80, letters(100)),
                 frame(talk.peer, 0x82, letters(20))}),
         150);
    talk.side.end();
}

// Pings.

template <Way way>
void answer_pings(Attempt& attempt) {
    Talk talk(attempt, way);
    for (char count = 'a'; count < 'a' + 20; ++count)
        talk.side.feed(frame(talk.peer, 0x89, std::string(125, count)), 70);
    (void)talk.ping("own");
    talk.side.feed(frame(talk.peer, 0x8A, "own"), 3);
    talk.side.write_all();
    talk.close(CloseCode::normal);
    talk.side.feed(close_frame(talk.peer, 1000));
    talk.side.end();
}

void keep_alive(Attempt& attempt) {
    attempt.config.waits.ping = seconds(30);
    Talk talk(attempt);
    talk.side.pass(seconds(30));
    talk.side.feed(frame(talk.peer, 0x8A, ConstBytes(unhex("00000001"))), 3);
    talk.side.pass(seconds(30));
    talk.side.pass(seconds(20));
    talk.side.feed(frame(talk.peer, 0x81, "too late"));
    talk.side.end();
}

// Closing.

void close_first(Attempt& attempt) {
    Talk talk(attempt);
    (void)talk.send("behind this");
    talk.close(CloseCode{4000}, letters(123));
    talk.side.feed(joined({frame(talk.peer, 0x89, "between"), frame(talk.peer, 0x81, "still read"),
                           close_frame(talk.peer, 4000, letters(123))}),
                   9);
    talk.close(CloseCode::normal, "again");
    talk.side.end();
}

template <bool committed>
void close_second(Attempt& attempt) {
    Talk talk(attempt, Way::unwritten);
    talk.side.feed(close_frame(talk.peer, 1010, letters(123)), 50);
    if (committed) talk.side.show();
    talk.close(CloseCode{4001}, letters(100));
    talk.close(CloseCode{4002}, letters(110));
    talk.side.write_all();
    talk.side.feed(frame(talk.peer, 0x81, "behind a Close"));
    talk.side.end();
}

void close_both(Attempt& attempt) {
    Talk talk(attempt, Way::unwritten);
    (void)talk.send(letters(600));
    talk.close(CloseCode{3000}, letters(60));
    talk.side.feed(joined({frame(talk.peer, 0x01, "dropped"), close_frame(talk.peer, 3001, "too")}),
                   5);
    talk.side.write_all(Way::gathered);
    talk.side.end();
}

void close_late(Attempt& attempt) {
    Talk talk(attempt);
    const Octets lent = octets_of(letters(700));
    talk.close(CloseCode{4000}, "nobody answers");
    talk.side.feed(frame(talk.peer, 0x81, "still"), 3);
    talk.side.pass(seconds(10));
    talk.side.end();
}

template <bool aborts>
void break_off(Attempt& attempt) {
    attempt.breaks = true;
    Talk talk(attempt, Way::unwritten);
    const Octets lent = octets_of(letters(700));
    talk.lend(lent, Token{7});
    talk.side.feed(frame(talk.peer, 0x01, letters(300)), 100);
    talk.lend(lent, Token{8});
    if (aborts)
        talk.side.abort();
    else
        talk.side.end(TransportEnd::broken);
    if (aborts) talk.side.end();
}

// Before the Close is written, so that a pong goes before it.
void close_unwritten(Attempt& attempt) {
    Talk talk(attempt, Way::unwritten);
    talk.close(CloseCode{4000});
    talk.side.feed(frame(talk.peer, 0x89, "between"));
    talk.side.feed(close_frame(talk.peer, 4000));
    talk.close(CloseCode{4001}, "too late");
    talk.side.write_all(Way::gathered);
    talk.side.end();
}

// Faults.

template <unsigned first>
void meet_fault(Attempt& attempt) {
    attempt.config.limits.message_size_max = 400;
    Talk talk(attempt, Way::unwritten);
    (void)talk.send(letters(300));
    talk.side.feed(joined({frame(talk.peer, 0x01, letters(300)), frame(talk.peer, 0x89, "ping"),
                           frame(talk.peer, first, "\xFF" + letters(299)),
                           frame(talk.peer, 0x81, "behind a fault")}),
                   60);
    talk.side.end();
}

constexpr std::array scenarios = {
    Scenario{"messages received whole", receive_messages<SIZE_MAX>},
    Scenario{"messages received in pieces", receive_messages<7>},
    Scenario{"messages received octet by octet", receive_messages<1>},
    Scenario{"messages received in parts", receive_parts},
    Scenario{"compressed messages received whole", receive_compressed<SIZE_MAX>},
    Scenario{"compressed messages received in pieces", receive_compressed<50>},
    Scenario{"compressed messages received in parts", receive_compressed_parts<4096>},
    Scenario{"compressed messages received in small parts", receive_compressed_parts<100>},
    Scenario{"messages sent, copied out", send_messages<Way::copied>},
    Scenario{"messages sent, gathered", send_messages<Way::gathered>},
    Scenario{"messages sent, given back later", send_messages<Way::later>},
    Scenario{"messages sent and not written", send_messages<Way::unwritten>},
    Scenario{"messages sent in frames", send_in_frames<Way::gathered>},
    Scenario{"messages sent in frames, not written", send_in_frames<Way::unwritten>},
    Scenario{"messages sent behind backpressure", send_behind_backpressure},
    Scenario{"messages sent in several blocks", send_in_blocks},
    Scenario{"messages sent in parts", send_parts},
    Scenario{"frames relayed", relay_frames<Way::copied>},
    Scenario{"frames relayed, given back later", relay_frames<Way::later>},
    Scenario{"messages landed", land_messages<Read::plain>},
    Scenario{"messages landed and scattered", land_messages<Read::scatter>},
    Scenario{"messages landed in the host's place", land_in_a_place},
    Scenario{"pings answered", answer_pings<Way::copied>},
    Scenario{"a flood of pings", answer_pings<Way::unwritten>},
    Scenario{"keepalive", keep_alive},
    Scenario{"closing first", close_first},
    Scenario{"closing first, not written", close_unwritten},
    Scenario{"closing second, the answer changed", close_second<false>},
    Scenario{"closing second, the answer on its way", close_second<true>},
    Scenario{"closing both at once", close_both},
    Scenario{"closing, and nobody answers", close_late},
    Scenario{"a broken transport", break_off<false>},
    Scenario{"an abort", break_off<true>},
    Scenario{"a broken rule", meet_fault<0xF0>},
    Scenario{"invalid text", meet_fault<0x80>},
    Scenario{"a message too large", meet_fault<0x00>},
};

}  // namespace

std::span<const Scenario> scenarios_of_conversations() { return scenarios; }

}  // namespace hawse::test::replay::failing
