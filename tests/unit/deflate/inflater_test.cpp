// SPDX-License-Identifier: MIT
// The inflater over streams made by hand: each kind of block, each fault, each boundary; whole and cut at
// every place, into room of every size, and against a model that reads bit by bit.
#include "deflate/inflater.hpp"

#include "support/catch.hpp"
#include "support/deflate_writer.hpp"
#include "support/inflate_model.hpp"
#include "support/inflating.hpp"
#include "support/octets.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace hawse::test {
namespace {

using reference::Inflated;
using reference::InflateModel;

struct Stream {
    const char* what;
    Octets message;
    Octets octets;
    Violation fault;
};

Octets repeated(std::string_view text, std::size_t times) {
    Octets octets;
    for (; times != 0; --times) append(octets, as_bytes(text));
    return octets;
}

// Lengths of codes: `symbols` have them in their order, all others have none.
std::vector<unsigned> lengths(std::size_t count,
                              const std::vector<std::pair<std::size_t, unsigned>>& symbols) {
    std::vector<unsigned> result(count, 0);
    for (const auto& [symbol, length] : symbols) result[symbol] = length;
    return result;
}

// Eight literals of 1 to 8 bits and so on, up to two of 15: every length, so that there are subtables.
// 256 has 15 bits, all of them ones.
std::vector<unsigned> slanted() {
    std::vector<unsigned> result(257, 0);
    for (unsigned index = 0; index < 15; ++index) result['a' + index] = index + 1;
    result[256] = 15;
    return result;
}

std::vector<Stream> right_streams() {
    std::vector<Stream> streams = {
        // RFC 7692 §7.2.3
        {"one block", unhex("f248cdc9c90700"), octets_of("Hello"), Violation::none},
        {"no compression", unhex("000500faff48656c6c6f00"), octets_of("Hello"), Violation::none},
        {"a final block, and 00", unhex("f348cdc9c9070000"), octets_of("Hello"), Violation::none},
        {"two blocks", unhex("f248050000 00ffff cac9c90700"), octets_of("Hello"), Violation::none},
        {"nothing, in one octet", unhex("00"), {}, Violation::none},
        // and near them
        {"a final block, and no more", unhex("f348cdc9c90700"), octets_of("Hello"),
         Violation::none},
        {"a final block that ends with its octet",
         DeflateWriter().stored(as_bytes("stored"), true).octets(), octets_of("stored"),
         Violation::none},
        {"final blocks, one behind the other",
         DeflateWriter()
             .fixed(true)
             .text(as_bytes("He"))
             .end()
             .to_octet()
             .stored(as_bytes("l"), true)
             .fixed(true)
             .text(as_bytes("lo"))
             .end()
             .to_octet()
             .octets(),
         octets_of("Hello"), Violation::none},
        {"the window lives on behind a final block",
         DeflateWriter()
             .fixed(true)
             .text(as_bytes("Hello "))
             .end()
             .to_octet()
             .fixed()
             .match(6, 6)
             .match(258, 1)
             .end()
             .flush()
             .octets(),
         joined({repeated("Hello ", 2), repeated(" ", 258)}), Violation::none},
        {"ones behind a final block are not read",
         DeflateWriter().fixed(true).literal('x').end().to_octet(1).octets(), octets_of("x"),
         Violation::none},
        {"ones before a stored size are not read",
         DeflateWriter()
             .header(false, 0)
             .to_octet(1)
             .bits(1, 16)
             .bits(0xFFFE, 16)
             .raw(as_bytes("x"))
             .header(false, 0)
             .to_octet(1)
             .octets(),
         octets_of("x"), Violation::none},
        {"empty blocks of all types",
         DeflateWriter()
             .stored({})
             .fixed()
             .end()
             .stored({}, true)
             .fixed(true)
             .end()
             .to_octet()
             .fixed()
             .end()
             .flush()
             .octets(),
         {},
         Violation::none},
        {"empty messages of a naive sender", unhex("0000 00ffff 00"), {}, Violation::none},
        {"every distance below a word, and a little above",
         [] {
             DeflateWriter writer;
             writer.fixed().text(as_bytes("abcdefghijklmnopqrst"));
             for (unsigned distance = 1; distance <= 20; ++distance)
                 writer.match(40 + distance, distance);
             return writer.end().flush().octets();
         }(),
         [] {
             Octets octets = octets_of("abcdefghijklmnopqrst");
             for (unsigned distance = 1; distance <= 20; ++distance)
                 for (unsigned size = 40 + distance; size != 0; --size)
                     octets.push_back(octets[octets.size() - distance]);
             return octets;
         }(),
         Violation::none},
        {"258 said in the long way",
         DeflateWriter()
             .fixed()
             .literal('z')
             .literal(284)
             .bits(31, 5)
             .far(1)
             .end()
             .flush()
             .octets(),
         repeated("z", 259), Violation::none},
        {"every literal, fixed",
         [] {
             DeflateWriter writer;
             writer.fixed();
             for (unsigned value = 0; value < 256; ++value) writer.literal(value);
             return writer.end().flush().octets();
         }(),
         [] {
             Octets octets(256);
             for (unsigned value = 0; value < 256; ++value)
                 octets[value] = static_cast<std::byte>(value);
             return octets;
         }(),
         Violation::none},
        {"no distance codes, and none used",
         DeflateWriter()
             .dynamic(lengths(257, {{'a', 1}, {256, 1}}), {0})
             .code(0, 1)
             .code(0, 1)
             .code(1, 1)
             .flush()
             .octets(),
         octets_of("aa"), Violation::none},
        {"one distance code of one bit",
         DeflateWriter()
             .dynamic(lengths(258, {{'a', 1}, {256, 2}, {257, 2}}), {1})
             .code(0, 1)
             .code(3, 2)
             .code(0, 1)
             .code(2, 2)
             .flush()
             .octets(),
         octets_of("aaaa"), Violation::none},
        {"one code, the end of the block",
         DeflateWriter().dynamic(lengths(257, {{256, 1}}), {0}).code(0, 1).flush().octets(),
         {},
         Violation::none},
        {"codes of all lengths",
         [] {
             DeflateWriter writer;
             writer.dynamic(slanted(), {0});
             for (unsigned index = 0; index < 15; ++index)
                 writer.code((1U << (index + 1)) - 2, index + 1);
             return writer.code(0x7FFF, 15).flush().octets();
         }(),
         octets_of("abcdefghijklmno"), Violation::none},
        {"lengths repeated from literals into distances",
         DeflateWriter()
             .header(false, 2)
             .bits(259 - 257, 5)
             .bits(4 - 1, 5)
             .bits(16 - 4, 4)
             .bits(2, 3)
             .bits(0, 3)
             .bits(2, 3)
             .bits(0, 18)
             .bits(0, 18)
             .bits(1, 3)  // 16: 10, 18: 11, 2: 0
             .code(3, 2)
             .bits(97 - 11, 7)
             .code(0, 1)
             .code(3, 2)
             .bits(138 - 11, 7)
             .code(3, 2)
             .bits(20 - 11, 7)
             .code(0, 1)
             .code(2, 2)
             .bits(6 - 3, 2)  // 257 and 258, and four distances
             .code(0, 2)
             .code(2, 2)
             .code(0, 2)
             .code(1, 2)
             .flush()
             .octets(),
         octets_of("aaaa"), Violation::none},
        {"[PMD-28] a long code",
         unhex("05e0819124cbb22c49e20f2e8b9a47569ffbfeecd2ff1f00"),
         {},
         Violation::none},
        {"[PMD-30] a long distance and extra bits",
         unhex("edcfc1b12c4710c430fa6f351d0182593dfbbe2e2afc0f0c00"), Octets(518), Violation::none},
    };
    return streams;
}

std::vector<Stream> wrong_streams() {
    constexpr auto malformed = Violation::malformed_deflate;
    constexpr auto truncated = Violation::truncated_deflate;
    constexpr auto too_far = Violation::distance_too_far;
    const auto ab = [](unsigned a, unsigned end) {
        return lengths(258, {{'a', a}, {256, end}, {257, 2}});
    };
    return {
        {"[PMD-13] no octets", {}, {}, truncated},
        {"[PMD-14] the four octets alone", unhex("0000ffff"), unhex("00ffff"), truncated},
        {"[PMD-15] cut in a symbol", unhex("f248cd"), octets_of("Heh"), truncated},
        {"cut behind a block, two bits before the end of the octet",
         DeflateWriter().fixed().text(as_bytes("\xF0\xF0\xF0\xF0")).end().octets(),
         octets_of("\xF0\xF0\xF0\xF0"), truncated},
        {"cut in a distance symbol that will be 30 or 31",
         DeflateWriter().fixed().literal(0xF0).literal(0xF0).literal(257).code(15, 4).octets(),
         octets_of("\xF0\xF0"), truncated},
        {"cut behind the header of a fixed block", DeflateWriter().fixed().octets(), {}, truncated},
        {"cut in a stored block", unhex("000500faff48656c"),
         joined({octets_of("Hel"), unhex("0000")}), truncated},
        {"cut in the counts", unhex("04"), {}, truncated},
        {"garbage behind a final block", unhex("f348cdc9c9070007"), octets_of("Hello"), malformed},
        {"reserved type", unhex("06"), {}, malformed},
        {"reserved type, final", unhex("07"), {}, malformed},
        {"[PMD-17] stored size and its complement", unhex("0005000000"), {}, malformed},
        {"stored size and itself", unhex("0005000500"), {}, malformed},
        {"[PMD-18] 288 literals and lengths", unhex("fc0000"), {}, malformed},
        {"287 literals and lengths", DeflateWriter().counts(287, 1).octets(), {}, malformed},
        {"31 distances", DeflateWriter().counts(257, 31).octets(), {}, malformed},
        {"32 distances", DeflateWriter().counts(257, 32).octets(), {}, malformed},
        {"[PMD-20] repeats what never was", unhex("0400244900"), {}, malformed},
        {"[PMD-21] repeats beyond the count", unhex("040024e9ffff"), {}, malformed},
        {"no precode", unhex("0400000000000000"), {}, malformed},
        {"a precode of one code",
         DeflateWriter().header(false, 2).bits(0, 14).bits(1, 3).bits(0, 9).bits(0, 32).octets(),
         {},
         malformed},
        {"a precode with too many codes",
         DeflateWriter()
             .header(false, 2)
             .bits(0, 14)
             .bits(1, 3)
             .bits(1, 3)
             .bits(1, 3)
             .bits(0, 3)
             .bits(0, 32)
             .octets(),
         {},
         malformed},
        {"[PMD-23] literals of no code", unhex("048049922449922471ffff931100"), {}, malformed},
        {"[PMD-24] distances of no code", unhex("04804992244992240fb4ffffc384"), {}, malformed},
        {"too many codes for literals",
         DeflateWriter().dynamic(ab(1, 1), {1}).bits(0, 32).octets(),
         {},
         malformed},
        {"too few codes for literals",
         DeflateWriter().dynamic(ab(3, 2), {1}).bits(0, 32).octets(),
         {},
         malformed},
        {"one code of two bits, the end of the block",
         DeflateWriter().dynamic(lengths(257, {{256, 2}}), {0}).bits(0, 32).octets(),
         {},
         malformed},
        {"no end of the block",
         DeflateWriter().dynamic(lengths(257, {{'a', 1}, {'b', 1}}), {0}).bits(0, 32).octets(),
         {},
         malformed},
        {"one distance code of two bits",
         DeflateWriter().dynamic(ab(1, 2), {2}).bits(0, 32).octets(),
         {},
         malformed},
        {"two distance codes that leave one unused",
         DeflateWriter().dynamic(ab(1, 2), {1, 2}).bits(0, 32).octets(),
         {},
         malformed},
        {"three distance codes of one bit",
         DeflateWriter().dynamic(ab(1, 2), {1, 1, 1}).bits(0, 32).octets(),
         {},
         malformed},
        {"no distance codes, and one used",
         DeflateWriter().dynamic(ab(1, 2), {0}).code(0, 1).code(3, 2).octets(), octets_of("a"),
         malformed},
        {"the other bit of a lonely distance code",
         DeflateWriter().dynamic(ab(1, 2), {1}).code(0, 1).code(3, 2).code(1, 1).octets(),
         octets_of("a"), malformed},
        {"the other bit of a lonely end of the block",
         DeflateWriter().dynamic(lengths(257, {{256, 1}}), {0}).code(1, 1).octets(),
         {},
         malformed},
        {"length symbol 286", DeflateWriter().fixed().literal('x').literal(286).octets(),
         octets_of("x"), malformed},
        {"length symbol 287", DeflateWriter().fixed().literal(287).octets(), {}, malformed},
        {"distance symbol 30",
         DeflateWriter().fixed().literal('x').literal(257).code(30, 5).octets(), octets_of("x"),
         malformed},
        {"[PMD-26] distance symbol 31", unhex("027effff"), {}, malformed},
        {"a distance before the first octet",
         DeflateWriter().fixed().match(3, 1).octets(),
         {},
         too_far},
        {"a distance one too far",
         DeflateWriter().fixed().text(as_bytes("abc")).match(3, 3).match(3, 7).octets(),
         octets_of("abcabc"), too_far},
        {"[PMD-27] a distance too far, dynamic", unhex("0cc081000000000090ff6b0400"), {}, too_far},
        {"a distance too far, behind a final block",
         DeflateWriter().fixed(true).literal('x').end().to_octet().fixed().match(3, 2).octets(),
         octets_of("x"), too_far},
    };
}

std::vector<Stream> all_streams() {
    std::vector<Stream> streams = right_streams();
    for (Stream& stream : wrong_streams()) streams.push_back(std::move(stream));
    return streams;
}

TEST_CASE("every stream says what it should",
          "[7692-7.2.1-02][7692-7.2.1-03][7692-7.2.1-04][7692-7.2.1-05][7692-7.2.3.4-01]"
          "[7692-7.2.3.6-01]") {
    for (const Stream& stream : all_streams()) {
        INFO(stream.what << ": " << hex(stream.message));
        const Inflated model = InflateModel({}, 15).whole(stream.message);
        CHECK(in_words(model) == in_words({stream.octets, stream.fault, false}));
        CHECK(in_words(Inflating{stream.message}.run()) == in_words(model));
    }
}

TEST_CASE("neither cuts nor room change what a stream says") {
    for (const Stream& stream : all_streams()) {
        INFO(stream.what << ": " << hex(stream.message));
        const Inflated whole = Inflating{stream.message}.run();
        for (std::size_t cut = 0; cut <= stream.message.size(); ++cut)
            for (const std::size_t room : {std::size_t{1}, std::size_t{7}, SIZE_MAX}) {
                const Inflating how = {
                    .message = stream.message, .first_piece_size = cut, .room_size = room};
                if (cut != 0 && how.run() != whole) FAIL_CHECK("cut " << cut << ", room " << room);
            }
        for (std::size_t room = 1; room <= 64; ++room)
            for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, SIZE_MAX})
                for (const bool moves : {false, true}) {
                    const Inflating how = {.message = stream.message,
                                           .piece_size = piece,
                                           .room_size = room,
                                           .room_moves = moves};
                    if (how.run() != whole)
                        FAIL_CHECK("room " << room << ", pieces of " << piece << ", moves "
                                           << moves);
                }
    }
}

TEST_CASE("all that the first octets determine is written before more are needed") {
    for (const Stream& stream : all_streams()) {
        INFO(stream.what << ": " << hex(stream.message));
        for (std::size_t cut = 0; cut <= stream.message.size(); ++cut) {
            ConstBytes input = ConstBytes(stream.message).first(cut);
            const Inflated model = InflateModel({}, 15).beginning(input);
            deflate::Inflater inflater(15);
            const deflate::History history(15);
            Octets memory(2048);
            deflate::Room room{memory.data(), 0, memory.size()};
            const deflate::Progress progress = inflater.run(input, room, history);
            CHECK(quoted({room.octets, room.size}) == quoted(model.octets));
            CHECK(name_of(inflater.fault()) == std::string(name_of(model.fault)));
            CHECK((progress == deflate::Progress::faulty) == (model.fault != Violation::none));
            if (progress == deflate::Progress::faulty) {
                CHECK(inflater.run(input, room, history) == deflate::Progress::faulty);
                CHECK(inflater.finish(room, history) == deflate::Progress::faulty);
            }
        }
    }
}

TEST_CASE("room is needed only for an octet that is sure to come") {
    const deflate::History history(15);
    deflate::Room none;
    const auto progress_of = [&](const DeflateWriter& writer) {
        deflate::Inflater inflater(15);
        ConstBytes input = writer.octets();
        return inflater.run(input, none, history);
    };
    CHECK(progress_of(DeflateWriter().fixed().end().flush()) == deflate::Progress::needs_input);
    CHECK(progress_of(DeflateWriter().fixed().code(0x30 >> 3, 5)) ==
          deflate::Progress::needs_input);
    CHECK(progress_of(DeflateWriter().fixed().literal('x')) == deflate::Progress::needs_room);
    CHECK(progress_of(DeflateWriter().fixed().match(3, 1)) == deflate::Progress::faulty);
    CHECK(progress_of(DeflateWriter().header(false, 0).to_octet().bits(1, 16).bits(0xFFFE, 16)) ==
          deflate::Progress::needs_input);
    CHECK(progress_of(DeflateWriter().stored(as_bytes("x"))) == deflate::Progress::needs_room);
}

// A message that begins with `before` octets of its own and then refers back.
Octets referring(std::size_t before, unsigned distance) {
    Octets own(before);
    for (std::size_t index = 0; index < before; ++index)
        own[index] = static_cast<std::byte>(index * 7);
    DeflateWriter writer;
    for (std::size_t at = 0; at < before; at += 60'000)
        writer.stored(ConstBytes(own).subspan(at, std::min<std::size_t>(60'000, before - at)));
    return writer.fixed().match(3, distance).match(258, distance).end().flush().octets();
}

TEST_CASE("the window ends exactly where it was agreed") {
    Octets past(40'000);
    for (std::size_t index = 0; index < past.size(); ++index)
        past[index] = static_cast<std::byte>(index * 31 >> 3);
    for (unsigned bits = 8; bits <= 15; ++bits) {
        const unsigned window = 1U << bits;
        // In the history, across both, and in the room alone.
        for (const std::size_t before : {std::size_t{0}, std::size_t{1}, std::size_t{100},
                                         std::size_t{window} - 1, std::size_t{window} + 300})
            for (const unsigned distance : {window - 1, window, window + 1}) {
                if (distance > 32768) continue;  // no code says it
                const Octets message = referring(before, distance);
                const Inflated model = InflateModel(past, bits).whole(message);
                CHECK(model.fault ==
                      (distance > window ? Violation::distance_too_far : Violation::none));
                for (const unsigned history_bits : {bits, 15U})
                    for (const std::size_t room : {std::size_t{1}, std::size_t{100}, SIZE_MAX})
                        for (const bool moves : {false, true}) {
                            const Inflating how = {.message = message,
                                                   .past = past,
                                                   .window_bits = bits,
                                                   .history_bits = history_bits,
                                                   .room_size = room,
                                                   .room_moves = moves};
                            INFO(bits << " bits, " << before << " before, distance " << distance
                                      << ", room " << room << ", moves " << moves);
                            CHECK((how.run() == model));
                        }
            }
    }
}

TEST_CASE("a distance reaches no further than there are octets") {
    for (const std::size_t past_size : {0U, 1U, 5U, 300U})
        for (const std::size_t before : {0U, 1U, 5U, 300U})
            for (const std::size_t more : {0U, 1U}) {
                const Octets past(past_size, std::byte{'p'});
                const auto distance = static_cast<unsigned>(past_size + before + more);
                if (distance == 0) continue;
                const Octets message = referring(before, distance);
                const Inflated model = InflateModel(past, 15).whole(message);
                // The first match gives the second one three octets more.
                CHECK(model.fault == (more == 0 ? Violation::none : Violation::distance_too_far));
                for (const std::size_t room : {std::size_t{1}, std::size_t{5}, SIZE_MAX}) {
                    const Inflating how = {.message = message, .past = past, .room_size = room};
                    CHECK((how.run() == model));
                }
            }
}

// For a sanitizer, which sees the history's block of 256 octets and the room end.
TEST_CASE("no octet beside history and room is read, wherever a match lies in them") {
    const Octets past = repeated("0123456789abcdef", 16);
    for (const bool in_room : {false, true})
        for (unsigned before = 1; before <= 40; ++before)
            for (unsigned distance = 1; distance <= before; ++distance)
                for (const unsigned size : {3U, 8U, 16U, 17U, 40U}) {
                    DeflateWriter writer;
                    writer.fixed();
                    if (in_room) writer.text(ConstBytes(past).first(before));
                    const Octets message = writer.match(size, distance).end().flush().octets();
                    const Inflating how = {.message = message,
                                           .past = in_room ? ConstBytes() : ConstBytes(past),
                                           .window_bits = 8};
                    const Inflated model = InflateModel(how.past, 8).whole(message);
                    if (how.run() != model)
                        FAIL_CHECK(before << " before, " << size << " from " << distance
                                          << " back");
                }
}

TEST_CASE("a message refers to those before it") {
    // RFC 7692 §7.2.3.2
    const Inflating how = {.message = {}, .past = as_bytes("Hello")};
    Inflating second = how;
    const Octets message = unhex("f200110000");
    second.message = message;
    CHECK(in_words(second.run()) == "\"Hello\" none");
}

}  // namespace
}  // namespace hawse::test
