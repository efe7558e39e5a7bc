// SPDX-License-Identifier: MIT
// The compressor: what it writes is read by zlib and by a slow reader that sees every distance; it keeps
// its window, its room and its memory.
#include "deflate/compressor.hpp"

#include "support/catch.hpp"
#include "support/counting_allocator.hpp"
#include "support/deflate_reader.hpp"
#include "support/guard_page.hpp"
#include "support/octets.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>
#include <zlib.h>

namespace hawse::test {
namespace {

using deflate::Compressor;
using deflate::CompressorSettings;

struct Owned {
    explicit Owned(CompressorSettings settings)
        : compressor(deflate::make_compressor(pool, settings)) {}
    ~Owned() { deflate::destroy_compressor(compressor); }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;

    Octets compress(ConstBytes input, std::size_t room) {
        Octets output(room);
        output.resize(deflate::compress(*compressor, input, output));
        return output;
    }
    Octets compress(ConstBytes input) {
        return compress(input, deflate::compressed_size_max(input.size()));
    }
    void restart(std::vector<ConstBytes> pieces = {}) { deflate::restart(*compressor, pieces); }

    CountingAllocator allocator;
    Pool pool{allocator.face()};
    Compressor* compressor;
};

// What zlib makes of it behind `history`.
Octets inflated(ConstBytes history, ConstBytes input, std::size_t size_max) {
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, -15) == Z_OK);
    const auto octets = [](ConstBytes bytes) {
        return reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
    };
    const ConstBytes window = history.last(std::min<std::size_t>(history.size(), 32768));
    if (!window.empty())
        REQUIRE(inflateSetDictionary(&stream, octets(window), uInt(window.size())) == Z_OK);
    Octets output(size_max + 1);
    stream.next_in = octets(input);
    stream.avail_in = uInt(input.size());
    stream.next_out = octets(output);
    stream.avail_out = uInt(output.size());
    const int answer = ::inflate(&stream, Z_SYNC_FLUSH);
    CHECK(answer == Z_OK);
    CHECK(stream.avail_in == 0);
    output.resize(output.size() - stream.avail_out);
    (void)inflateEnd(&stream);
    return output;
}

bool ends_with_empty_block(ConstBytes octets) {
    return octets.size() >= 5 && hex(octets.last(4)) == "0000ffff";
}

Octets noise(std::size_t size, unsigned seed, unsigned kinds = 256) {
    std::mt19937 random(seed);
    Octets octets(size);
    for (std::byte& octet : octets) octet = static_cast<std::byte>(random() % kinds);
    return octets;
}

// Something like JSON.
Octets records(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::string text;
    while (text.size() < size)
        text += "{\"id\":" + std::to_string(random() % 100000) + ",\"port\":\"" +
                (random() % 2 != 0 ? "Rotterdam" : "Singapore") +
                "\",\"depth\":" + std::to_string(random() % 30) + "},";
    return octets_of(std::string_view(text).substr(0, size));
}

// Noise that comes again after `period` octets.
Octets repeated(std::size_t size, std::size_t period, unsigned seed) {
    Octets octets = noise(std::min(size, period), seed);
    octets.resize(size);
    for (std::size_t index = period; index < size; ++index) octets[index] = octets[index - period];
    return octets;
}

CompressorSettings settings(unsigned bits, unsigned level, unsigned memory = 8) {
    return {static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>(level),
            static_cast<std::uint8_t>(memory)};
}

// zlib looks back no further.
std::size_t longest_distance(unsigned bits) {
    return (std::size_t{1} << std::max(bits, 9U)) - 262;
}

template <class Use>
void for_all_settings(Use use) {
    for (unsigned bits = 8; bits <= 15; ++bits)
        for (unsigned level = 1; level <= 9; ++level)
            for (unsigned memory = 1; memory <= 9; ++memory) use(settings(bits, level, memory));
}

TEST_CASE("a build with zlib can compress") { CHECK(deflate::can_compress()); }

TEST_CASE("whatever the settings, messages inflate to what they were, and each ends with an empty block") {
    const std::array messages = {records(3000, 1), noise(700, 2), records(5000, 3), noise(1, 4),
                                 noise(3000, 5, 3)};
    for_all_settings([&](CompressorSettings chosen) {
        Owned owned(chosen);
        REQUIRE(owned.compressor != nullptr);
        Octets before;
        for (const Octets& message : messages) {
            const Octets compressed = owned.compress(message);
            CHECK(ends_with_empty_block(compressed));
            CHECK(inflated(before, compressed, message.size()) == message);
            append(before, message);
        }
    });
}

TEST_CASE("a message may refer to what restart() was told") {
    Owned owned({15, 6, 8});
    const Octets message = noise(1000, 1);
    CHECK(owned.compress(message).size() > 1000);
    CHECK(owned.compress(message).size() < 50);
}

TEST_CASE("no distance is longer than the window, whatever there is to refer to",
          "[7692-7.2.1-08][7692-7.2.1-14][7692-7.2.1-16]") {
    for (unsigned bits = 8; bits <= 15; ++bits) {
        const std::size_t window = std::size_t{1} << bits;
        const std::size_t longest = longest_distance(bits);
        std::size_t seen = 0;  // all that zlib uses, or the test sees nothing
        for (const unsigned level : {1U, 4U, 6U, 9U})
            for (const unsigned memory : {1U, 9U}) {
                Owned owned(settings(bits, level, memory));
                DeflateReader reader;
                for (const std::size_t period :
                     {std::size_t{200}, longest, longest + 1, window, window + 1}) {
                    const Octets message = repeated(window + 1000, period, unsigned(period));
                    REQUIRE(reader.read(owned.compress(message)));
                    CHECK(as_text(reader.message()) == as_text(message));
                }
                seen = std::max(seen, reader.distance_max());
            }
        CHECK(seen == longest);
        CHECK(seen <= window);
    }
}

TEST_CASE("no distance is longer than the window behind a history that fills it",
          "[7692-7.2.1-14][7692-7.2.1-16]") {
    for (unsigned bits = 8; bits <= 15; ++bits) {
        const std::size_t window = std::size_t{1} << bits, longest = longest_distance(bits);
        for (const unsigned level : {1U, 4U, 6U, 9U})
            for (std::size_t cut = 0; cut <= window; cut += window / 4) {
                Owned owned(settings(bits, level));
                const Octets history = noise(window, unsigned(cut));
                // Too far, just within reach, and near.
                for (const std::size_t distance : {window, longest + 1, longest, window / 2}) {
                    owned.restart({ConstBytes(history).first(cut), ConstBytes(history).subspan(cut)});
                    DeflateReader reader(history);
                    Octets message = copy_of(ConstBytes(history).last(distance));
                    append(message, noise(300, 1));
                    REQUIRE(reader.read(owned.compress(message)));
                    CHECK(as_text(reader.message()) == as_text(message));
                    CHECK(reader.distance_max() <= longest);
                    if (distance == longest) CHECK(reader.distance_max() == longest);
                }
            }
    }
}

TEST_CASE("after a restart both pieces can be referred to, and nothing before them") {
    for (const unsigned bits : {8U, 9U, 12U, 15U})
        for (const unsigned level : {1U, 6U, 9U}) {
            Owned owned(settings(bits, level));
            const std::size_t window = std::size_t{1} << bits;
            const std::size_t size = std::min<std::size_t>(window / 4, 4000);
            const Octets forgotten = noise(size, 1), older = noise(size, 2), newer = noise(size, 3);
            (void)owned.compress(forgotten);
            owned.restart({older, newer});
            DeflateReader reader(joined({older, newer}));
            const ConstBytes from_newer = ConstBytes(newer).first(40);
            REQUIRE(reader.read(owned.compress(from_newer)));
            CHECK(as_text(reader.message()) == as_text(from_newer));
            CHECK(reader.reach_max() == size);

            owned.restart({older, newer});
            DeflateReader second(joined({older, newer}));
            const ConstBytes from_older = ConstBytes(older).last(40);
            REQUIRE(second.read(owned.compress(from_older)));
            CHECK(as_text(second.message()) == as_text(from_older));
            CHECK(second.reach_max() == size + 40);

            owned.restart({older, newer});
            const Octets compressed = owned.compress(forgotten);
            CHECK(compressed.size() > size);
            CHECK(inflated(joined({older, newer}), compressed, size) == forgotten);
        }
}

TEST_CASE("after a restart with nothing a message refers to itself alone") {
    for (const unsigned bits : {8U, 15U})
        for (const unsigned level : {1U, 6U, 9U}) {
            Owned owned(settings(bits, level));
            const Octets message = records(5000, 1);
            const Octets first = owned.compress(message);
            const Octets second = owned.compress(message);
            CHECK(second.size() < first.size());
            for (const std::vector<ConstBytes>& pieces :
                 {std::vector<ConstBytes>{}, std::vector<ConstBytes>{{}, {}}}) {
                owned.restart(pieces);
                CHECK(owned.compress(message) == first);
                DeflateReader reader;
                CHECK(reader.read(first));
                CHECK(reader.reach_max() == 0);
            }
        }
}

TEST_CASE("a compressor that was used writes after a restart what a new one does") {
    for (const CompressorSettings chosen :
         {CompressorSettings{8, 1, 1}, {9, 6, 9}, {12, 3, 2}, {15, 1, 9}, {15, 6, 8}, {15, 9, 8}}) {
        const std::size_t window = std::size_t{1} << chosen.window_bits;
        Owned used(chosen);
        for (unsigned seed = 0; seed < 30; ++seed) {
            std::mt19937 random(seed);
            const Octets past = records(random() % 100000, seed);
            if (!past.empty()) (void)used.compress(past, random() % past.size());
            const Octets history = records(random() % (window + 1), seed + 1);
            const std::size_t cut = random() % (history.size() + 1);
            const std::vector pieces = {ConstBytes(history).first(cut),
                                        ConstBytes(history).subspan(cut)};
            Owned fresh(chosen);
            used.restart(pieces);
            fresh.restart(pieces);
            for (const unsigned next : {2U, 3U}) {
                const Octets message = records(1 + random() % 20000, seed + next);
                const Octets compressed = fresh.compress(message);
                CHECK(used.compress(message) == compressed);
            }
        }
    }
}

TEST_CASE("nothing comes to one empty block, as often as it is said") {
    for (const CompressorSettings chosen : {CompressorSettings{8, 1, 1}, {15, 6, 8}}) {
        Owned owned(chosen);
        DeflateReader reader;
        const Octets message = noise(200, 1);
        const auto empty = [&] {
            const Octets compressed = owned.compress({});
            CHECK(hex(compressed) == "000000ffff");
            CHECK(reader.read(compressed));
            CHECK(reader.message().empty());
        };
        const auto full = [&] {
            CHECK(reader.read(owned.compress(message)));
            CHECK(as_text(reader.message()) == as_text(message));
        };
        empty();
        empty();
        full();
        empty();
        empty();
        full();
        CHECK(reader.reach_max() >= message.size() - 1);  // zlib knows no way to the very first
        owned.restart();
        reader = DeflateReader();
        empty();
        full();
        owned.restart({message});
        reader = DeflateReader(message);
        empty();
        full();
        CHECK(reader.reach_max() >= message.size() - 1);
        for (std::size_t room = 0; room < 5; ++room) CHECK(owned.compress({}, room).empty());
        CHECK(owned.compress({}, 5).size() == 5);
    }
}

TEST_CASE("what fits exactly is written, what does not is not, and no octet lies outside") {
    std::vector<Octets> messages = {noise(1, 1), noise(40, 2), records(100, 3), records(3000, 4),
                                    noise(3000, 5), repeated(9000, 1, 6), noise(20, 7, 2)};
    messages.push_back(unhex("0000ffff 000000ffff 0000ffff"));  // what the end looks like
    for (std::size_t size = 1; size < 40; ++size) messages.push_back(noise(size, unsigned(size), 4));
    for (const CompressorSettings chosen : {CompressorSettings{15, 6, 8}, {9, 1, 1}}) {
        Owned owned(chosen);
        const GuardedPages pages(20000);
        for (const Octets& message : messages) {
            owned.restart();
            const Octets expected = owned.compress(message);
            const std::size_t size = expected.size();
            std::size_t mismatches = 0;
            for (std::size_t room = size < 200 ? 0 : size - 200; room < size + 20; ++room) {
                owned.restart();
                const Bytes output = pages.ending(room);
                const std::size_t written =
                    deflate::compress(*owned.compressor, message, output);
                mismatches += written != (room < size ? 0 : size);
                if (written == 0) continue;
                mismatches += as_text(output.first(written)) != as_text(expected);
                DeflateReader reader;  // and what follows is read as well
                mismatches += !reader.read(output.first(written));
                mismatches += !reader.read(owned.compress(message));
                mismatches += as_text(reader.message()) != as_text(message);
            }
            CHECK(mismatches == 0);
        }
    }
}

TEST_CASE("a stream that had no room goes on after a restart as if nothing had been") {
    Owned owned({15, 6, 8});
    const Octets message = records(9000, 1);
    const Octets expected = owned.compress(message);
    for (std::size_t room = 0; room < expected.size(); room += 7) {
        owned.restart();
        CHECK(owned.compress(message, room).empty());
        owned.restart();
        CHECK(owned.compress(message) == expected);
    }
}

TEST_CASE("no message comes to more than compressed_size_max, whatever it says") {
    for (const unsigned level : {1U, 4U, 6U, 9U})
        for (const unsigned bits : {8U, 12U, 15U})
            for (const unsigned memory : {1U, 2U, 8U, 9U}) {
                Owned owned(settings(bits, level, memory));
                std::size_t failures = 0;
                for (std::size_t size = 1; size < 40000; size = size * 7 / 3 + 1)
                    for (const Octets& message :
                         {noise(size, unsigned(size)), noise(size, 3, 200), repeated(size, 300, 7)}) {
                        owned.restart();
                        failures += owned.compress(message).empty();
                        failures += owned.compress(message).empty();
                    }
                CHECK(failures == 0);
            }
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{64} << 20})
        CHECK(deflate::compressed_size_max(size) >= size + 5);
}

// What zlib writes in one call.
Octets at_once(CompressorSettings chosen, ConstBytes input) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, chosen.level, Z_DEFLATED, -chosen.window_bits,
                         chosen.memory_level, Z_DEFAULT_STRATEGY) == Z_OK);
    Octets output(deflate::compressed_size_max(input.size()));
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input.data()));
    stream.avail_in = uInt(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(output.data());
    stream.avail_out = uInt(output.size());
    CHECK(::deflate(&stream, Z_SYNC_FLUSH) == Z_OK);
    output.resize(output.size() - stream.avail_out);
    (void)deflateEnd(&stream);
    return output;
}

TEST_CASE("a message that zlib gets in several pieces comes out as if it were one") {
    const std::size_t mebibyte = std::size_t{1} << 20;
    for (const Octets& message : {records(3 * mebibyte + 77, 1), noise(2 * mebibyte + 77, 2),
                                  noise(mebibyte, 3), records(2 * mebibyte, 4), records(900, 5)})
        for (const CompressorSettings chosen : {settings(15, 1), settings(15, 6)}) {
            Owned owned(chosen);
            const Octets compressed = owned.compress(message);
            CHECK((compressed == at_once(chosen, message)));
            CHECK((inflated({}, compressed, message.size()) == message));
            owned.restart();
            CHECK((owned.compress(message, compressed.size()) == compressed));
            for (const std::size_t room : {compressed.size() - 1, compressed.size() / 2}) {
                owned.restart();
                CHECK(owned.compress(message, room).empty());
            }
        }
}

TEST_CASE("a compressor leases what compressor_size says, and gives it all back") {
    for (unsigned bits = 8; bits <= 15; ++bits)
        for (unsigned memory = 1; memory <= 9; ++memory)
            for (const unsigned level : {1U, 6U, 9U}) {
                CountingAllocator allocator;
                Pool pool(allocator.face());
                const CompressorSettings chosen = settings(bits, level, memory);
                Compressor* const compressor = deflate::make_compressor(pool, chosen);
                REQUIRE(compressor != nullptr);
#ifdef ZLIBNG_VERSION  // its tables are of other sizes
                CHECK(pool.leased_size() != 0);
#else
                CHECK(pool.leased_size() == deflate::compressor_size(chosen));
#endif
                const std::size_t leased = pool.leased_size(), count = allocator.count();
                Octets output(5000);
                deflate::restart(*compressor, {});
                CHECK(deflate::compress(*compressor, records(3000, 1), output) != 0);
                CHECK(pool.leased_size() == leased);
                CHECK(allocator.count() == count);
                deflate::destroy_compressor(compressor);
                CHECK(pool.leased_size() == 0);
            }
    CHECK(deflate::compressor_size({15, 6, 8}) == 256 + 8192 + 4 * 65536);
    CHECK(deflate::compressor_size({8, 6, 1}) == deflate::compressor_size({9, 6, 1}));
}

TEST_CASE("a compressor for which there is no memory is null, and nothing stays leased") {
    std::size_t count = 0;
    {
        Owned owned({15, 6, 8});
        count = owned.allocator.count();
    }
    CHECK(count >= 2);
    for (const auto failure : {CountingAllocator::Failure::once, CountingAllocator::Failure::for_ever})
        for (std::size_t index = 0; index < count; ++index) {
            CountingAllocator allocator;
            Pool pool(allocator.face());
            allocator.fail(index, failure);
            CHECK(deflate::make_compressor(pool, {15, 6, 8}) == nullptr);
            CHECK(pool.leased_size() == 0);
            CHECK(allocator.failed_count() != 0);
            allocator.fail_never();
            Compressor* const compressor = deflate::make_compressor(pool, {15, 6, 8});
            CHECK(compressor != nullptr);
            deflate::destroy_compressor(compressor);
            CHECK(pool.leased_size() == 0);
        }
}

TEST_CASE("a null compressor may be destroyed") { deflate::destroy_compressor(nullptr); }

}  // namespace
}  // namespace hawse::test
