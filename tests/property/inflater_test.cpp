// SPDX-License-Identifier: MIT
// The inflater against zlib where there is one, and against the model that reads bit by bit: what zlib
// compresses comes out again, and damaged streams come out as far, with the same verdict. More of it:
//
//     HAWSE_STREAMS=1000000 build/tests/property "[inflater]"
//
// Where zlib says otherwise, and what is done about it here:
// - It ends with a final block. It is begun anew behind one, with what it has said as its dictionary.
// - A window below 32 KiB is exact only when its output is small. It gets 32 KiB, and the model judges the
//   smaller ones.
// - It does not know that a message was cut: a message is complete when zlib stands before a block, with
//   no bit left, behind the four octets or right behind a final block.
// - A precode without codes makes all lengths zero, and is refused for the end of the block that lacks
//   then. The inflater refuses it at once. No octet comes of it either way.
#include "support/catch.hpp"
#include "support/inflate_model.hpp"
#include "support/inflating.hpp"
#include "support/octets.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

#ifdef HAWSE_TESTS_ZLIB
#include <zlib.h>
#endif

namespace hawse::test {
namespace {

using reference::Inflated;
using reference::InflateModel;
using Random = std::mt19937;

unsigned stream_count(unsigned otherwise) {
    const char* const said = std::getenv("HAWSE_STREAMS");
    return said == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(said, nullptr, 10));
}

std::size_t below(Random& random, std::size_t limit) { return random() % limit; }

// Text that repeats itself, noise, long runs, or a mixture.
Octets payload(Random& random, std::size_t size_max) {
    const std::size_t size = below(random, below(random, size_max) + 1);
    const unsigned symbols = 1 + static_cast<unsigned>(below(random, 256));
    const std::size_t repeats = below(random, 4);
    Octets octets;
    while (octets.size() < size) {
        if (!octets.empty() && below(random, 4) < repeats) {
            const std::size_t distance = 1 + below(random, below(random, octets.size()) + 1);
            for (std::size_t left = 3 + below(random, below(random, 300) + 1); left != 0; --left)
                octets.push_back(octets[octets.size() - distance]);
        } else {
            for (std::size_t left = 1 + below(random, 12); left != 0; --left)
                octets.push_back(static_cast<std::byte>(below(random, 1 + below(random, symbols))));
        }
    }
    octets.resize(size);
    return octets;
}

// Some of the ways to cut the input and to give room.
Inflating any_way(Random& random, ConstBytes message, ConstBytes past, unsigned window_bits) {
    constexpr std::array<std::size_t, 8> sizes = {1, 2, 7, 9, 30, 300, 5000, SIZE_MAX};
    return {
        .message = message,
        .past = past,
        .window_bits = window_bits,
        .history_bits = below(random, 2) == 0 ? 15 : window_bits,
        .piece_size =
            sizes[below(random, message.size() < 3000 ? 8 : 4) + (message.size() < 3000 ? 0 : 4)],
        .first_piece_size = 1 + below(random, 40),
        .room_size = sizes[message.size() < 1000 ? below(random, 8) : 5 + below(random, 3)],
        .room_moves = below(random, 2) == 0};
}

Octets damaged(Random& random, Octets octets) {
    for (std::size_t left = 1 + below(random, 3); left != 0 && !octets.empty(); --left) {
        // Most of all where blocks say what they are.
        const std::size_t near =
            below(random, 2) == 0 ? octets.size() : std::min<std::size_t>(octets.size(), 30);
        const std::size_t at = below(random, near);
        const auto where = octets.begin() + static_cast<std::ptrdiff_t>(at);
        switch (below(random, 8)) {
            case 0: octets.resize(at); break;
            case 1: octets.erase(where); break;
            case 2: octets.insert(where, static_cast<std::byte>(random())); break;
            case 3: *where = static_cast<std::byte>(random()); break;
            case 4: octets[0] ^= std::byte{1}; break;  // final or not
            default: *where ^= static_cast<std::byte>(1U << below(random, 8));
        }
    }
    return octets;
}

#ifdef HAWSE_TESTS_ZLIB

unsigned char* zlib_octets(ConstBytes octets) {
    return reinterpret_cast<unsigned char*>(const_cast<std::byte*>(octets.data()));
}

// Compresses messages as zlib's users do, with any of its settings.
class Compressor {
public:
    Compressor(Random& random, unsigned window_bits) {
        constexpr std::array strategies = {Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE,
                                           Z_FIXED};
        const int status =
            ::deflateInit2(&stream_, static_cast<int>(below(random, 10)), Z_DEFLATED,
                           -static_cast<int>(window_bits), 1 + static_cast<int>(below(random, 9)),
                           strategies[below(random, 5)]);
        REQUIRE(status == Z_OK);
    }
    ~Compressor() { (void)::deflateEnd(&stream_); }
    Compressor(const Compressor&) = delete;
    Compressor& operator=(const Compressor&) = delete;

    // A message; a final one ends the stream.
    Octets message(Random& random, ConstBytes octets, bool final) {
        constexpr std::array flushes = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_BLOCK,
                                        Z_PARTIAL_FLUSH};
        Octets compressed;
        while (octets.size() > 20 && below(random, 3) == 0) {
            const ConstBytes piece = octets.first(below(random, octets.size()));
            octets = octets.subspan(piece.size());
            put(compressed, piece, flushes[below(random, flushes.size())]);
        }
        put(compressed, octets, final ? Z_FINISH : Z_SYNC_FLUSH);
        if (compressed.empty()) return unhex("00");  // zlib flushes only what it has not yet
        if (!final) compressed.resize(compressed.size() - 4);
        return compressed;
    }

private:
    void put(Octets& compressed, ConstBytes octets, int flush) {
        stream_.next_in = zlib_octets(octets);
        stream_.avail_in = static_cast<unsigned>(octets.size());
        do {
            std::array<unsigned char, 4096> piece;
            stream_.next_out = piece.data();
            stream_.avail_out = piece.size();
            (void)::deflate(&stream_, flush);
            append(compressed,
                   std::as_bytes(std::span(piece).first(piece.size() - stream_.avail_out)));
        } while (stream_.avail_out == 0);
    }

    z_stream stream_ = {};
};

// What zlib makes of a message.
class ZlibInflate {
public:
    ZlibInflate() { REQUIRE(::inflateInit2(&stream_, -15) == Z_OK); }
    ~ZlibInflate() { (void)::inflateEnd(&stream_); }
    ZlibInflate(const ZlibInflate&) = delete;
    ZlibInflate& operator=(const ZlibInflate&) = delete;

    Inflated whole(ConstBytes message, ConstBytes past) {
        Octets input = copy_of(message);
        append(input, unhex("0000ffff"));
        written_ = copy_of(past);
        begin();
        stream_.next_in = zlib_octets(input);
        stream_.avail_in = static_cast<unsigned>(input.size());
        Inflated result;
        for (;;) {
            const int status = put();
            const std::size_t left = stream_.avail_in;
            if (status == Z_STREAM_END && left != 4 && left != 0) {
                begin();
                continue;
            }
            const bool between = (stream_.data_type & 128) != 0 && (stream_.data_type & 31) == 0;
            result.complete =
                status == Z_STREAM_END || (status != Z_DATA_ERROR && left == 0 && between);
            if (!result.complete) result.fault = fault_of(status, left);
            result.octets.assign(written_.begin() + static_cast<std::ptrdiff_t>(past.size()),
                                 written_.end());
            return result;
        }
    }

private:
    void begin() {
        (void)::inflateReset(&stream_);
        const ConstBytes past =
            ConstBytes(written_).last(std::min<std::size_t>(written_.size(), 32768));
        (void)::inflateSetDictionary(&stream_, zlib_octets(past),
                                     static_cast<unsigned>(past.size()));
    }
    int put() {
        for (;;) {
            stream_.next_out = room_.data();
            stream_.avail_out = static_cast<unsigned>(room_.size());
            const int status = ::inflate(&stream_, Z_SYNC_FLUSH);
            append(written_,
                   std::as_bytes(std::span(room_).first(room_.size() - stream_.avail_out)));
            if (status != Z_OK || stream_.avail_out != 0) return status;
        }
    }
    [[nodiscard]] Violation fault_of(int status, std::size_t left) const {
        if (status != Z_DATA_ERROR || left < 4) return Violation::truncated_deflate;
        return std::string(stream_.msg) == "invalid distance too far back"
                   ? Violation::distance_too_far
                   : Violation::malformed_deflate;
    }

    z_stream stream_ = {};
    std::array<unsigned char, 1 << 16> room_;
    Octets written_;
};

TEST_CASE("what zlib compresses is inflated, message for message",
          "[inflater][7692-7.2.1-02][7692-7.2.1-03]") {
    const unsigned count = stream_count(1500);
    for (unsigned seed = 1; seed <= count; ++seed) {
        Random random(seed);
        const auto window_bits = static_cast<unsigned>(9 + below(random, 7));
        Compressor compressor(random, window_bits);
        Octets past;
        const std::size_t size_max = seed % 50 == 0 ? 200'000 : seed % 5 == 0 ? 20'000 : 1000;
        for (bool final = false; !final;) {
            const Octets octets = payload(random, size_max);
            final = below(random, 4) == 0;
            const Octets message = compressor.message(random, octets, final);
            const Inflated inflated = any_way(random, message, past, window_bits).run();
            if (inflated.fault != Violation::none || inflated.octets != octets) {
                INFO("seed " << seed << ": " << hex(message) << " behind " << quoted(past));
                CHECK(in_words(inflated) == in_words({octets, Violation::none, true}));
            }
            append(past, octets);
        }
    }
}

// Equal but for how a fault is called: where message and tail meet, zlib reads ahead.
bool agree(const Inflated& inflated, const Inflated& zlib) {
    const bool same = inflated.fault == zlib.fault ||
                      (inflated.fault != Violation::none && zlib.fault != Violation::none &&
                       (inflated.fault == Violation::truncated_deflate ||
                        zlib.fault == Violation::truncated_deflate));
    return same && inflated.octets == zlib.octets && inflated.complete == zlib.complete;
}

TEST_CASE("of a damaged stream as much is inflated as by zlib, and it is refused alike",
          "[inflater]") {
    const unsigned count = stream_count(20'000);
    ZlibInflate zlib;
    std::array<std::size_t, 4> verdicts{};
    for (unsigned seed = 1; seed <= count; seed += 20) {
        Random random(seed);
        Compressor compressor(random, static_cast<unsigned>(9 + below(random, 7)));
        const Octets past = payload(random, seed % 100 == 1 ? 70'000 : 300);
        (void)compressor.message(random, past, false);
        Octets octets = payload(random, seed % 60 == 1 ? 10'000 : 300);
        const Octets message = compressor.message(random, octets, below(random, 3) == 0);
        for (unsigned variant = 0; variant < 20; ++variant) {
            Octets bad = damaged(random, message);
            if (variant % 8 == 7) bad = damaged(random, joined({message, bad}));
            const Inflated inflated = any_way(random, bad, past, 15).run();
            const Inflated theirs = zlib.whole(bad, past);
            ++verdicts[inflated.fault == Violation::none                ? 0
                       : inflated.fault == Violation::malformed_deflate ? 1
                       : inflated.fault == Violation::truncated_deflate ? 2
                                                                        : 3];
            if (!agree(inflated, theirs)) {
                INFO("seed " << seed << ": " << hex(bad) << " behind " << quoted(past));
                CHECK(in_words(inflated) == in_words(theirs));
            }
            if (variant % 4 != 0) continue;
            const auto window_bits = static_cast<unsigned>(8 + below(random, 8));
            const Inflated model = InflateModel(past, window_bits).whole(bad);
            if (any_way(random, bad, past, window_bits).run() != model) {
                INFO("seed " << seed << ": " << hex(bad) << " behind " << quoted(past));
                CHECK(in_words(any_way(random, bad, past, window_bits).run()) == in_words(model));
            }
        }
    }
    INFO("right, malformed, truncated, too far: " << verdicts[0] << ' ' << verdicts[1] << ' '
                                                  << verdicts[2] << ' ' << verdicts[3]);
    for (const std::size_t verdict : verdicts) CHECK(verdict > count / 100);
    if (count > 20'000) WARN("of " << count << " streams");
}

#endif

// Any bits, behind the header of a block with codes of its own or with fixed ones.
TEST_CASE("of any octets as much is inflated as the model says", "[inflater]") {
    const unsigned count = stream_count(20'000);
    unsigned refused = 0;
    for (unsigned seed = 1; seed <= count; ++seed) {
        Random random(seed);
        Octets message(1 + below(random, below(random, 200) + 1));
        for (std::byte& octet : message)
            octet = static_cast<std::byte>(random() & (seed % 3 == 0 ? random() : ~0U));
        const unsigned type = seed % 4 == 0 ? 2 : 4;
        message[0] = (message[0] & std::byte{0xF9}) | static_cast<std::byte>(type);
        const Octets past = payload(random, 600);
        const auto window_bits = static_cast<unsigned>(8 + below(random, 8));
        const Inflated model = InflateModel(past, window_bits).whole(message);
        const Inflated inflated = any_way(random, message, past, window_bits).run();
        refused += inflated.fault != Violation::none ? 1 : 0;
        if (inflated != model) {
            INFO("seed " << seed << ": " << hex(message) << " behind " << quoted(past));
            CHECK(in_words(inflated) == in_words(model));
        }
    }
    CHECK(refused > count / 2);
}

}  // namespace
}  // namespace hawse::test
