// SPDX-License-Identifier: MIT
// Groups 12 and 13: compressed messages of five kinds, and with seven agreements, each of which a real
// opening handshake comes to. The fuzzer compresses and inflates with zlib and a stream of its own for
// each direction, as small as what was agreed. Besides what the suite looks at, every character of the
// openings and every octet of the echoes is compared, and what may shrink must come back smaller.
//
// The suite sends a thousand messages in each case. So many of 16 to 256 octets are sent here; of longer
// ones as many as make 128 KiB, but two at least, so that each window is left behind several times.
#include "autobahn/fuzzer.hpp"

#include "hawse/deflate_budget.hpp"
#include "support/deflate_reader.hpp"
#include "support/deflate_writer.hpp"

#include <algorithm>
#include <array>
#include <random>
#ifdef HAWSE_TESTS_ZLIB
#include <zlib.h>
#endif

using namespace hawse;
using namespace hawse::test;
using namespace hawse::test::autobahn;

namespace {

constexpr std::size_t kibi = 1024;

// What the suite sends, in kind.

enum class Matter : std::uint8_t { json, bitmap, german, html, document };
constexpr std::size_t matter_size = 256 * kibi;

constexpr std::array words = {"Habe", "nun",  "ach",   "die",    "Nacht",     "und",   "der",
                              "Wind", "geht", "durch", "Bäume",  "über",      "große", "Städte",
                              "wo",   "kein", "Licht", "brennt", "Schlüssel", "fällt"};

std::string json() {
    std::mt19937 random(1);
    std::string text = "[";
    while (text.size() < matter_size)
        text += "{\"id\": " + std::to_string(random() % 1'000'000) + ", \"name\": \"" +
                words[random() % words.size()] + "\", \"tags\": [\"" +
                words[random() % words.size()] +
                "\", \"\u20AC\"], \"depth\": " + std::to_string(random() % 30) + "." +
                std::to_string(random() % 1000) + "},\n";
    return text;
}

std::string bitmap() {
    std::mt19937 random(2);
    std::string octets = "BM";
    unsigned shade = 128;
    for (std::size_t index = 0; index < matter_size; ++index) {
        if (random() % 4 == 0) shade = (shade + random() % 5 - 2) & 0xFF;
        octets += static_cast<char>(shade);
    }
    return octets;
}

std::string german() {
    std::mt19937 random(3);
    std::string text;
    while (text.size() < matter_size)
        for (auto left = 4 + random() % 5; left != 0; --left)
            (text += words[random() % words.size()]) += left == 1 ? ",\r\n" : " ";
    return text;
}

std::string html() {
    std::mt19937 random(4);
    std::string text = "<!doctype html>\n";
    while (text.size() < matter_size)
        text += "<li class=\"row " + std::to_string(random() % 8) + "\"><a href=\"/port/" +
                std::to_string(random() % 10'000) + "\">" + words[random() % words.size()] +
                "</a>&nbsp;\u2014 " + words[random() % words.size()] + "</li>\n";
    return text;
}

std::string document() {
    std::mt19937 random(5);
    std::string octets = "%PDF-1.4\n";
    while (octets.size() < matter_size) octets += static_cast<char>(random());
    return octets;
}

const std::string& octets_of_matter(Matter matter) {
    static const std::array all = {json(), bitmap(), german(), html(), document()};
    return all[static_cast<std::size_t>(matter)];
}

bool is_text(Matter matter) { return matter == Matter::json || matter == Matter::html; }

/// Slices of the matter, one behind the other and from the front again; of text so many characters.
class Slicer {
public:
    explicit Slicer(Matter matter) : octets_(octets_of_matter(matter)), text_(is_text(matter)) {}

    std::string next(std::size_t count) {
        std::string slice;
        slice.reserve(count + 8);
        for (; count != 0; --count) {
            do {
                slice += octets_[at_];
                at_ = (at_ + 1) % octets_.size();
            } while (text_ && (static_cast<unsigned char>(octets_[at_]) & 0xC0) == 0x80);
        }
        return slice;
    }

private:
    const std::string& octets_;
    std::size_t at_ = 0;
    bool text_;
};

// The fuzzer's codec.

#ifdef HAWSE_TESTS_ZLIB

Bytef* zlib_octets(const char* octets) {
    return reinterpret_cast<Bytef*>(const_cast<char*>(octets));
}

class Codec {
public:
    Codec(DeflateDirection ours, DeflateDirection theirs) : ours_(ours), theirs_(theirs) {
        REQUIRE(deflateInit2(&deflating_, 1, Z_DEFLATED, -int{ours.window_bits}, 8,
                             Z_DEFAULT_STRATEGY) == Z_OK);
        REQUIRE(inflateInit2(&inflating_, -int{theirs.window_bits}) == Z_OK);
    }
    ~Codec() {
        (void)deflateEnd(&deflating_);
        (void)inflateEnd(&inflating_);
    }
    Codec(const Codec&) = delete;
    Codec& operator=(const Codec&) = delete;

    std::string compress(const std::string& message) {
        if (!ours_.takeover) expect(deflateReset(&deflating_) == Z_OK);
        std::string octets(deflateBound(&deflating_, uLong(message.size())) + 16, '\0');
        deflating_.next_in = zlib_octets(message.data());
        deflating_.avail_in = uInt(message.size());
        deflating_.next_out = zlib_octets(octets.data());
        deflating_.avail_out = uInt(octets.size());
        expect(::deflate(&deflating_, Z_SYNC_FLUSH) == Z_OK);
        octets.resize(octets.size() - deflating_.avail_out);
        expect(octets.ends_with(tail));
        octets.resize(octets.size() - 4);
        return octets;
    }
    std::string inflate(std::string octets, std::size_t size) {
        if (!theirs_.takeover) expect(inflateReset(&inflating_) == Z_OK);
        octets += tail;
        std::string message(size + 1, '\0');
        inflating_.next_in = zlib_octets(octets.data());
        inflating_.avail_in = uInt(octets.size());
        inflating_.next_out = zlib_octets(message.data());
        inflating_.avail_out = uInt(message.size());
        expect(::inflate(&inflating_, Z_SYNC_FLUSH) == Z_OK);
        expect(inflating_.avail_in == 0);
        message.resize(message.size() - inflating_.avail_out);
        return message;
    }

    std::size_t fault_count = 0;

private:
    void expect(bool holds) { fault_count += !holds; }

    const std::string tail{"\0\0\xFF\xFF", 4};
    DeflateDirection ours_, theirs_;
    z_stream deflating_ = {};
    z_stream inflating_ = {};
};

#else

/// Without zlib the fuzzer has literals only, and the testee's engine does not compress either.
class Codec {
public:
    Codec(DeflateDirection, DeflateDirection) {}
    std::string compress(const std::string& message) {
        return characters(DeflateWriter().fixed().text(as_bytes(message)).end().flush().octets());
    }
    std::string inflate(const std::string&, std::size_t) { return "a message that was compressed"; }
    std::size_t fault_count = 0;
};

#endif

// In a build without zlib every echo is plain.
bool testee_compresses() {
    Config config;
    config.deflate.enabled = true;
    return deflate_budget(config).compressor != 0;
}

// Cases.

struct Shape {
    std::size_t message_size;
    std::size_t frame_size;  ///< 0: whole
};
constexpr std::array<Shape, 18> shapes = {{{16, 0},
                                           {64, 0},
                                           {256, 0},
                                           {1 * kibi, 0},
                                           {4 * kibi, 0},
                                           {8 * kibi, 0},
                                           {16 * kibi, 0},
                                           {32 * kibi, 0},
                                           {64 * kibi, 0},
                                           {128 * kibi, 0},
                                           {8 * kibi, 256},
                                           {16 * kibi, 256},
                                           {32 * kibi, 256},
                                           {64 * kibi, 256},
                                           {128 * kibi, 256},
                                           {128 * kibi, 1024},
                                           {128 * kibi, 4096},
                                           {128 * kibi, 32768}}};

std::size_t count_of(Shape shape) {
    if (shape.message_size <= 256) return 1000;
    return std::clamp<std::size_t>(128 * kibi / shape.message_size, 2, 1000);
}

/// How each side compresses, as the strings of an opening have it.
struct Directions {
    DeflateDirection fuzzer = {};
    DeflateDirection testee = {};
};

void echo_compressed(Fuzzer& fuzzer, Matter matter, Shape shape, const Directions& expected) {
    const bool server = fuzzer.testee() == Role::server;
    const DeflateAgreement agreed = {true, server ? expected.fuzzer : expected.testee,
                                     server ? expected.testee : expected.fuzzer};
    CHECK(fuzzer.deflate() == agreed);
    Codec codec(expected.fuzzer, expected.testee);
    DeflateReader distances;  // zlib is not strict about them, and this is slow: of one shape alone
    Slicer slicer(matter);
    const MessageKind kind = is_text(matter) ? MessageKind::text : MessageKind::binary;
    const unsigned opcode = kind == MessageKind::text ? 0x81 : 0x82;
    std::size_t size = 0, echoed_size = 0, wrong = 0;  // counted: a check of each is slow
    for (std::size_t left = count_of(shape); left != 0; --left) {
        const std::string message = slicer.next(shape.message_size);
        const std::string octets = codec.compress(message);
        Frames frames =
            in_frames(kind, octets, shape.frame_size == 0 ? octets.size() : shape.frame_size);
        frames[0].first |= 0x40;
        fuzzer.say(frames);
        const std::vector<WireFrame> heard = fuzzer.heard();
        if (heard.size() != 1) FAIL(heard.size() << " frames came back");
        const WireFrame& echo = heard[0];
        const bool compressed = (echo.first & 0x40) != 0;
        std::string back = characters(echo.payload);
        size += message.size();
        echoed_size += back.size();
        if (compressed && shape.message_size == 4 * kibi) {
            if (!expected.testee.takeover) distances = DeflateReader();
            wrong += !distances.read(as_bytes(back + std::string("\0\0\xFF\xFF", 4)));
        }
        if (compressed) back = codec.inflate(std::move(back), message.size());
        const bool masked = fuzzer.testee() == Role::client;
        wrong += (echo.first & ~0x40U) != opcode || echo.masked != masked || back != message;
        // The host has left its threshold as it stands.
        wrong += compressed && message.size() < DeflatePolicy{}.threshold;
    }
    CHECK(wrong == 0);
    CHECK(codec.fault_count == 0);
    CHECK(distances.distance_max() <= std::size_t{1} << expected.testee.window_bits);
    CHECK(echoed_size <= size);
    if (testee_compresses() && matter != Matter::document && shape.message_size >= 256)
        CHECK(echoed_size < size * 9 / 10);
}

Case case_of(const std::string& group, std::size_t index, Matter matter, const Spoken& spoken,
             const Directions& expected) {
    const Shape shape = shapes[index];
    return {group + '.' + std::to_string(index + 1),
            Script().act([=](Fuzzer& fuzzer) { echo_compressed(fuzzer, matter, shape, expected); }),
            clean(), spoken};
}

constexpr DeflateDirection all = {15, true};
constexpr DeflateDirection alone = {15, false};

Spoken spoken_by(std::string fuzzer, std::string testee, DeflateDirection send = all) {
    Spoken spoken{std::move(fuzzer), std::move(testee), {}};
    spoken.policy.enabled = true;
    spoken.policy.send = send;
    return spoken;
}

const std::string name = "permessage-deflate";
const std::string offer = name + "; client_no_context_takeover; client_max_window_bits";

std::vector<Case> rows_of_matters(Role testee) {
    // A client's offer takes no hint; a server takes up the fuzzer's.
    const bool server = testee == Role::server;
    const Spoken spoken = server ? spoken_by(offer, name + "; client_no_context_takeover")
                                 : spoken_by(name, name + "; client_max_window_bits");
    const Directions expected = {server ? alone : all, all};
    std::vector<Case> rows;
    for (unsigned group = 1; group <= 5; ++group)
        for (std::size_t index = 0; index < shapes.size(); ++index)
            rows.push_back(case_of("12." + std::to_string(group), index,
                                   static_cast<Matter>(group - 1), spoken, expected));
    return rows;
}

/// What of the testee's is limited: its takeover, its window, both; the seventh prefers the fifth.
struct Asked {
    bool no_takeover = false;
    unsigned window_bits = 0;  ///< 0: not asked for
};
constexpr std::array<Asked, 7> asked = {
    {{}, {true, 0}, {false, 9}, {false, 15}, {true, 9}, {true, 15}, {true, 9}}};

std::string limits_of(const char* side, const Asked& asked_for) {
    std::string limits;
    if (asked_for.no_takeover) limits += std::string("; ") + side + "_no_context_takeover";
    if (asked_for.window_bits != 0)
        limits +=
            std::string("; ") + side + "_max_window_bits=" + std::to_string(asked_for.window_bits);
    return limits;
}

// The order in which this engine says the same.
std::string said_by_server(const Asked& asked_for) {
    std::string said;
    if (asked_for.window_bits != 0)
        said += "; server_max_window_bits=" + std::to_string(asked_for.window_bits);
    if (asked_for.no_takeover) said += "; server_no_context_takeover";
    return name + said + "; client_no_context_takeover";
}

std::vector<Case> rows_of_parameters(Role testee) {
    std::vector<Case> rows;
    for (std::size_t group = 0; group < asked.size(); ++group) {
        const Asked& one = asked[group];
        const DeflateDirection limited = {
            static_cast<std::uint8_t>(one.window_bits == 0 ? 15 : one.window_bits),
            !one.no_takeover};
        std::string offers = offer + limits_of("server", one);
        if (group == 6) offers += ", " + offer + limits_of("server", asked[1]) + ", " + offer;
        const bool server = testee == Role::server;
        // A client that may be limited says so, as the suite wants it.
        const bool hints = one.no_takeover;
        const Spoken spoken = server ? spoken_by(offers, said_by_server(one))
                                     : spoken_by(name + limits_of("client", one),
                                                 name + "; client_max_window_bits" +
                                                     (hints ? "; client_no_context_takeover" : ""),
                                                 hints ? alone : all);
        for (std::size_t index = 0; index < shapes.size(); ++index)
            rows.push_back(case_of("13." + std::to_string(group + 1), index, Matter::json, spoken,
                                   {server ? alone : all, limited}));
    }
    return rows;
}

// Many octets: one way to drain will do.
Group matters({"12.1", "12.2", "12.3", "12.4", "12.5"}, rows_of_matters, {Drain::nothing});
Group parameters({"13.1", "13.2", "13.3", "13.4", "13.5", "13.6", "13.7"}, rows_of_parameters,
                 {Drain::nothing});

}  // namespace

TEST_CASE("12: compressed messages of every kind come back as they went") { matters.judge(); }

TEST_CASE("13: with whatever was agreed compressed messages come back, and keep to it") {
    parameters.judge();
}
