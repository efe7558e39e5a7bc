// SPDX-License-Identifier: MIT
// A Connection against a model of it that knows nothing of the engine: frames with one field changed, random
// octets, and a link that flips bits. The model reads all that came from the beginning, with the slow
// references of tests/support/reference.hpp. The tags are ids of tests/data/catalogue.tsv.
#include "support/catch.hpp"
#include "support/drive.hpp"
#include "support/reference.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};
constexpr std::size_t message_size_max = 300;

struct Verdict {
    std::string events;  // one line each; of a failure only its code
    std::string output;  // frames in words
};

/// What one who received `input` must have told and answered, by RFC 6455.
class Model {
public:
    Model(Role role, ConstBytes input) : role_(role), left_(input) {
        while (!over_ && read_frame()) {
        }
    }
    [[nodiscard]] const Verdict& verdict() const { return verdict_; }

private:
    bool read_frame() {
        if (left_.empty()) return false;
        // The first octet is judged alone: beside a second one that is right.
        const unsigned first = octet(0);
        const unsigned second = left_.size() > 1 ? octet(1) : role_ == Role::server ? 0x80 : 0;
        if (reference::first_broken_rule(first, second, {role_ == Role::server, open_, false}) !=
            Violation::none)
            return fail(1002);
        const auto judged = reference::read_header(left_);
        if (judged.violation != Violation::none) return fail(1002);
        const std::size_t length_end = (second & 0x7F) == 127 ? 10 : (second & 0x7F) == 126 ? 4 : 2;
        const bool control = first % 16 >= 8;
        if (left_.size() < length_end) return false;
        const std::uint64_t sum = message_.size();
        if (!control && judged.header.payload_size > message_size_max - sum) return fail(1009);
        if (judged.size == 0) return false;
        const bool whole = left_.size() - judged.size >= judged.header.payload_size;
        Octets payload =
            copy_of(left_.subspan(judged.size, whole ? std::size_t(judged.header.payload_size)
                                                     : left_.size() - judged.size));
        if (judged.header.mask != 0) payload = reference::masked(payload, judged.header.key);
        if (whole) left_ = left_.subspan(judged.size + payload.size());
        if (control) return whole && read_control(first, payload);
        return read_data(first, payload, whole) && whole;
    }

    bool read_data(unsigned first, const Octets& payload, bool whole) {
        if (first % 16 != 0) text_ = first % 16 == 1;
        open_ = true;
        append(message_, payload);
        const auto judged = reference::utf8(message_);
        if (text_ && judged.taken != message_.size()) return fail(1007);
        if (!whole || first < 0x80) return true;
        if (text_ && !judged.complete) return fail(1007);
        tell((text_ ? "text " : "binary ") + quoted(message_));
        message_.clear();
        open_ = false;
        return true;
    }

    bool read_control(unsigned first, const Octets& payload) {
        if (first == 0x8A) tell("pong " + quoted(payload));
        if (first == 0x89) {
            tell("ping " + quoted(payload));
            answer("8a " + quoted(payload));
        }
        if (first == 0x88) return read_close(payload);
        return true;
    }

    bool read_close(const Octets& payload) {
        const std::string dropped = open_ ? " dropped" : "";
        over_ = true;
        if (payload.empty()) {
            tell("closing 1005 \"\"" + dropped);
            answer("88 \"\"");
            return true;
        }
        if (payload.size() == 1) return fail(1002);
        const unsigned code =
            std::to_integer<unsigned>(payload[0]) * 256 + std::to_integer<unsigned>(payload[1]);
        if (!reference::is_close_code(code)) return fail(1002);
        const ConstBytes reason = ConstBytes(payload).subspan(2);
        const auto judged = reference::utf8(reason);
        if (judged.taken != reason.size() || !judged.complete) return fail(1007);
        tell("closing " + std::to_string(code) + ' ' + quoted(reason) + dropped);
        close(role_ == Role::server && code == 1010 ? 1000 : code);
        return true;
    }

    bool fail(unsigned code) {
        over_ = true;
        tell("failed " + std::to_string(code));
        close(code);
        return false;
    }
    void close(unsigned code) {
        const std::array body = {static_cast<std::byte>(code >> 8), static_cast<std::byte>(code)};
        answer("88 " + quoted(body));
    }
    void tell(const std::string& line) { verdict_.events += line + '\n'; }
    void answer(const std::string& line) { verdict_.output += line + '\n'; }
    [[nodiscard]] unsigned octet(std::size_t index) const {
        return std::to_integer<unsigned>(left_[index]);
    }

    Role role_;
    ConstBytes left_;
    Verdict verdict_ = {};
    Octets message_ = {};
    bool open_ = false, text_ = false, over_ = false;
};

/// What the engine told and answered, in the same words.
Verdict judge(Role role, ConstBytes input, std::minstd_rand& random) {
    Replay replay;
    replay.role = role;
    replay.configure = [](Config& config) { config.limits.message_size_max = message_size_max; };
    const Outcome outcome = replay.run(input, random_cuts(input.size(), random));
    Verdict verdict;
    for (std::size_t from = 0; from < outcome.story.size();) {
        const std::size_t end = std::min(outcome.story.find('\n', from), outcome.story.size());
        const std::string line = outcome.story.substr(from, end - from);
        verdict.events += (line.rfind("failed ", 0) == 0 ? line.substr(0, 11) : line) + '\n';
        from = end + 1;
    }
    verdict.output = frames_in_words(unhex(outcome.output));
    if (!verdict.output.empty()) verdict.output += '\n';
    return verdict;
}

void expect_as_modelled(Role role, ConstBytes input, std::minstd_rand& random) {
    const Model model(role, input);
    const Verdict found = judge(role, input, random);
    if (found.events == model.verdict().events && found.output == model.verdict().output) return;
    INFO((role == Role::server ? "to a server " : "to a client ") << hex(input));
    CHECK(found.events == model.verdict().events);
    CHECK(found.output == model.verdict().output);
}

/// A frame by its fields, each of which may be wrong.
struct Fields {
    unsigned fin, reserved, opcode, mask;
    unsigned length_form;  // octets of the length behind the second octet: 0, 2 or 8
    std::uint64_t length;
    Octets payload;
};

unsigned form_of(std::uint64_t length) { return length < 126 ? 0 : length < 65536 ? 2 : 8; }

Octets octets_of(const Fields& fields) {
    Octets octets;
    const auto put = [&](std::uint64_t value, unsigned size) {
        for (; size != 0; --size)
            octets.push_back(static_cast<std::byte>(value >> (8 * (size - 1))));
    };
    put(fields.fin << 7 | fields.reserved << 4 | fields.opcode, 1);
    const std::uint64_t short_length = fields.length_form == 0   ? fields.length & 0x7F
                                       : fields.length_form == 2 ? 126
                                                                 : 127;
    put(fields.mask << 7 | short_length, 1);
    if (fields.length_form != 0) put(fields.length, fields.length_form);
    const reference::Key key = {std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}};
    for (std::size_t index = 0; fields.mask != 0 && index < 4; ++index)
        octets.push_back(key[index]);
    append(octets, fields.mask != 0 ? reference::masked(fields.payload, key) : fields.payload);
    return octets;
}

/// Frames that obey every rule, as one who plays `from` may send them.
class Grammar {
public:
    Grammar(Role from, std::minstd_rand& random) : mask_(from == Role::client), random_(random) {}

    std::vector<Fields> session() {
        std::vector<Fields> frames;
        for (auto count = 1 + random_() % 6; count != 0; --count) frames.push_back(next());
        return frames;
    }

private:
    Fields next() {
        const auto kind = random_() % 8;
        if (kind == 0) return control(9);
        if (kind == 1) return control(10);
        if (kind == 2 && random_() % 3 == 0) return close();
        const bool begins = !open_;
        const bool ends = random_() % 2 == 0;
        if (begins) text_ = random_() % 2 == 0;
        const Octets payload = begins && text_ ? text() : text_ ? text() : any(random_() % 90);
        open_ = !ends;
        return made(ends ? 1 : 0, begins ? text_ ? 1 : 2 : 0, payload);
    }
    Fields made(unsigned fin, unsigned opcode, Octets payload) const {
        const std::uint64_t size = payload.size();
        return {fin, 0, opcode, mask_ ? 1U : 0U, form_of(size), size, std::move(payload)};
    }
    Fields control(unsigned opcode) { return made(1, opcode, any(random_() % 126)); }
    Fields close() {
        constexpr unsigned codes[] = {1000, 1001, 1003, 1010, 1014, 3000, 4999};
        Octets payload;
        if (random_() % 4 != 0) {
            const unsigned code = codes[random_() % 7];
            payload = {static_cast<std::byte>(code >> 8), static_cast<std::byte>(code)};
            append(payload, text());
            payload.resize(std::min<std::size_t>(payload.size(), 125));
            while (!reference::utf8(ConstBytes(payload).subspan(2)).complete) payload.pop_back();
        }
        return made(1, 8, payload);
    }
    Octets text() {
        Octets octets;
        constexpr std::string_view characters[] = {"a", "\xC3\xA9", "\xE2\x82\xAC",
                                                   "\xF0\x9F\x92\xA1"};
        for (auto count = random_() % 40; count != 0; --count)
            append(octets, as_bytes(characters[random_() % 4]));
        return octets;
    }
    Octets any(std::size_t size) {
        Octets octets(size);
        for (std::byte& octet : octets) octet = static_cast<std::byte>(random_());
        return octets;
    }

    bool mask_;
    std::minstd_rand& random_;
    bool open_ = false, text_ = false;
};

/// Changes one field to a value that it may or may not have.
void mutate(Fields& fields, std::minstd_rand& random) {
    switch (random() % 8) {
        case 0: fields.fin ^= 1; break;
        case 1: fields.reserved = 1 + unsigned(random() % 7); break;
        case 2: fields.opcode = unsigned(random() % 16); break;
        case 3: fields.mask ^= 1; break;
        case 4: {
            constexpr unsigned forms[] = {0, 2, 8};
            fields.length_form = forms[random() % 3];
            break;
        }
        case 5: {
            const std::uint64_t lengths[] = {
                0,     fields.length + 1,      125,       126,       300, 301, 65535,
                65536, std::uint64_t{1} << 32, INT64_MAX, UINT64_MAX};
            fields.length = lengths[random() % std::size(lengths)];
            fields.length_form = form_of(fields.length);
            break;
        }
        case 6:
            if (!fields.payload.empty())
                fields.payload[random() % fields.payload.size()] ^=
                    static_cast<std::byte>(1U << random() % 8);
            break;
        default:
            if (fields.opcode == 8 && fields.payload.size() >= 2) {
                const auto code = random() % 5100;
                fields.payload[0] = static_cast<std::byte>(code >> 8);
                fields.payload[1] = static_cast<std::byte>(code);
            } else {
                fields.payload.resize(fields.payload.size() / 2);
            }
    }
}

/// One of two that talk over a link that flips bits.
class Talker {
public:
    Talker(Role role, std::minstd_rand& random)
        : rig_(), drive(configured(rig_), role, Drain::nothing), random_(random) {}

    void act() {
        const std::string_view texts[] = {"", "text", "\xE2\x82\xAC\xF0\x9F\x92\xA1", "more text"};
        switch (random_() % 8) {
            case 0: (void)drive->ping(as_bytes(texts[random_() % 4])); break;
            case 1:
                if (random_() % 8 == 0) (void)drive->close(CloseCode::normal, texts[random_() % 4]);
                break;
            case 2: (void)drive->send_begin(MessageKind::text); break;
            case 3:
                (void)drive->send_part(as_bytes(texts[random_() % 4]), random_() % 2 == 0);
                break;
            default: (void)drive->send(MessageKind::text, as_bytes(texts[random_() % 4]));
        }
    }
    Octets written() {
        Octets octets(random_() % 64);
        octets.resize(drive->write_output(octets, drive.now));
        if (!octets.empty() && random_() % 8 == 0)
            octets[random_() % octets.size()] ^= static_cast<std::byte>(1U << random_() % 8);
        return octets;
    }
    void hear(Octets octets) {
        if (drive->receive(octets, drive.now) == Refusal::none) pull();
    }
    void pass(Duration duration) {
        drive.now = drive.now + duration;
        drive->advance(drive.now);
        pull();
    }
    void end() {
        drive->receive_end(TransportEnd::orderly, drive.now);
        pull();
    }
    void pull() {
        while (const Event event = drive->next_event()) {
            ++event_count;
            failed_count += event.kind() == EventKind::failed;
            closed_count += event.kind() == EventKind::closed;
            messages_behind_the_end += event.is_message() && failed_count + closed_count != 0;
            if (!event.is_message() || event.message_kind() != MessageKind::text) continue;
            const auto judged = reference::utf8(event.payload());
            false_texts += judged.taken != event.payload().size() || !judged.complete;
        }
    }

private:
    static Rig& configured(Rig& rig) {
        rig.config.waits.ping = seconds(20);
        return rig;
    }
    Rig rig_;

public:
    Drive drive;
    std::size_t event_count = 0, failed_count = 0, closed_count = 0;
    std::size_t messages_behind_the_end = 0, false_texts = 0;

private:
    std::minstd_rand& random_;
};

}  // namespace

TEST_CASE("random octets are judged as the model judges them", "[SIM-01]") {
    std::minstd_rand random(1);
    for (unsigned round = 0; round < 50'000; ++round) {  // a 2000th of the case
        const Role role = both_roles[round % 2];
        Octets input(random() % 65);
        for (std::byte& octet : input) octet = static_cast<std::byte>(random() >> 8);
        if (round % 3 != 0 && input.size() > 2) {  // else few get beyond two octets
            constexpr unsigned beginnings[] = {0x81, 0x82, 0x01, 0x02, 0x88, 0x89, 0x8A};
            input[0] = static_cast<std::byte>(beginnings[random() % 7]);
            input[1] = static_cast<std::byte>((role == Role::server ? 0x80 : 0) | random() % 40);
        }
        expect_as_modelled(role, input, random);
    }
}

TEST_CASE("frames with one field changed are judged as the model judges them", "[SIM-02]") {
    std::minstd_rand random(2);
    std::size_t failed = 0;
    constexpr unsigned rounds = 10'000;
    for (unsigned round = 0; round < rounds; ++round) {
        const Role role = both_roles[round % 2];
        auto frames = Grammar(other(role), random).session();
        const bool mutates = round % 8 != 0;
        if (mutates) mutate(frames[random() % frames.size()], random);
        Octets input;
        for (const Fields& fields : frames) append(input, octets_of(fields));
        const bool fails = Model(role, input).verdict().events.find("failed") != std::string::npos;
        if (!mutates && fails)  // the limit alone can be passed by frames that are right
            CHECK(Model(role, input).verdict().events.find("failed 1009") != std::string::npos);
        failed += fails;
        expect_as_modelled(role, input, random);
    }
    CHECK(failed > rounds / 4);  // or nothing was tried
    CHECK(failed < rounds * 3 / 4);
}

TEST_CASE("a link that flips bits ends both sides cleanly, and no false text is told", "[SIM-05]") {
    std::size_t failed = 0;
    constexpr unsigned rounds = 2000;
    for (unsigned seed = 1; seed <= rounds; ++seed) {
        std::minstd_rand random(seed);
        std::array<Talker, 2> talkers = {Talker(Role::client, random),
                                         Talker(Role::server, random)};
        for (int step = 0; step < 60; ++step) {
            talkers[random() % 2].act();
            const std::size_t from = random() % 2;
            talkers[1 - from].hear(talkers[from].written());
            for (Talker& talker : talkers) talker.pass(milliseconds(100));
        }
        for (Talker& talker : talkers) talker.end();
        for (int second = 0; second < 60; ++second)
            for (Talker& talker : talkers) {
                (void)talker.written();
                if (talker.drive->wants().end_write()) talker.drive->write_ended(talker.drive.now);
                talker.pass(seconds(1));
            }
        INFO("seed " << seed);
        for (Talker& talker : talkers) {
            CHECK(talker.closed_count == 1);
            CHECK(talker.failed_count <= 1);
            CHECK(talker.false_texts == 0);
            CHECK(talker.messages_behind_the_end == 0);
            CHECK(talker.event_count < 200);
            CHECK(talker.drive->wants() == Wants(Wants::close_bit));
            failed += talker.failed_count;
        }
    }
    CHECK(failed > rounds / 4);  // or no flip was noticed
}
