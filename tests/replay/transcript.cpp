// SPDX-License-Identifier: MIT
#include "replay/transcript.hpp"

#include "hawse/close_code.hpp"
#include "hawse/utf8.hpp"
#include "replay/files.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace hawse::test::replay {

namespace {

constexpr std::string_view kinds[] = {"continuation", "text", "binary", "close", "ping", "pong"};
constexpr unsigned kind_opcodes[] = {0, 1, 2, 8, 9, 10};

bool is_hex(std::string_view text) {
    for (const char digit : text)
        if ((digit < '0' || digit > '9') && (digit < 'a' || digit > 'f') &&
            (digit < 'A' || digit > 'F'))
            return false;
    return !text.empty() && text.size() % 2 == 0;
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() < 19 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::uint64_t number_of(std::string_view text) {
    return std::strtoull(std::string(text).c_str(), nullptr, 10);
}

/// Reads one line from left to right. The first fault stays.
class Scanner {
public:
    Scanner(std::string_view line, Role from) : rest_(line), from_(from) { skip(); }

    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] const std::string& fault() const { return fault_; }

    void expected(std::string_view what) {
        if (!fault_.empty()) return;
        fault_ = "expected " + std::string(what) + ", found " +
                 (at_end() ? "the end of the line" : "'" + std::string(rest_) + "'");
        rest_ = {};
    }
    void expect_end() {
        if (!at_end()) expected("the end of the line");
    }

    /// The next word without taking it; empty where none stands.
    [[nodiscard]] std::string_view peek() const {
        return rest_.substr(0, rest_.find_first_of(" \t\"<[],"));
    }
    std::string_view word(std::string_view what) {
        const std::string_view taken = peek();
        if (taken.empty()) expected(what);
        take(taken.size());
        return taken;
    }
    bool take_word(std::string_view wanted) {
        if (peek() != wanted) return false;
        take(wanted.size());
        return true;
    }
    bool take_comma() {
        if (!rest_.starts_with(',')) return false;
        take(1);
        return true;
    }
    std::uint64_t number(std::string_view what) {
        if (!is_number(peek())) {
            expected(what);
            return 0;
        }
        return number_of(word(what));
    }
    Duration duration() {
        const auto count = static_cast<std::int64_t>(number("a number of s or ms"));
        if (take_word("s")) return seconds(count);
        if (take_word("ms")) return milliseconds(count);
        expected("s or ms");
        return {};
    }

    /// Whether octets stand here that are no plain word: quoted, in angle brackets, or repeated.
    [[nodiscard]] bool sees_marked_octets() const {
        if (rest_.starts_with('"') || rest_.starts_with('<')) return true;
        return is_number(rest_.substr(0, rest_.find('*'))) &&
               rest_.find('*') != std::string_view::npos;
    }
    [[nodiscard]] bool sees_octets() const { return sees_marked_octets() || is_hex(peek()); }

    /// All octets that stand here, frames too when `with_frames`.
    Octets octets(bool with_frames) {
        Octets all;
        while (sees_octets() || (with_frames && rest_.starts_with('[')))
            append(all, term(with_frames));
        return all;
    }
    std::string text(std::string_view what) {
        if (!sees_marked_octets()) expected(what);
        return std::string(as_text(octets(false)));
    }

private:
    void skip() {
        const std::size_t from = rest_.find_first_not_of(" \t");
        rest_.remove_prefix(std::min(from, rest_.size()));
        if (rest_.starts_with('#')) rest_ = {};
    }
    void take(std::size_t size) {
        rest_.remove_prefix(size);
        skip();
    }

    Octets term(bool with_frames) {
        std::uint64_t count = 1;
        const std::string_view digits = rest_.substr(0, rest_.find('*'));
        if (is_number(digits) && digits.size() < rest_.size()) {
            count = std::min(number_of(digits), std::uint64_t{1} << 24);
            rest_.remove_prefix(digits.size() + 1);
        }
        Octets one;
        if (rest_.starts_with('"'))
            one = quoted_octets();
        else if (rest_.starts_with('<'))
            one = bracketed_octets();
        else if (rest_.starts_with('[') && with_frames)
            one = frame_octets();
        else if (is_hex(peek()))
            one = unhex(word("octets"));
        else
            expected("octets");
        Octets all;
        for (; count != 0 && fault_.empty(); --count) append(all, one);
        return all;
    }

    Octets quoted_octets() {
        Octets octets;
        std::size_t index = 1;
        for (; index < rest_.size() && rest_[index] != '"'; ++index) {
            char character = rest_[index];
            if (character == '\\') {
                const std::string_view digits = rest_.substr(index + 1).substr(0, 3);
                if (digits.size() == 3 && digits[0] == 'x' && is_hex(digits.substr(1))) {
                    append(octets, unhex(digits.substr(1)));
                    index += 3;
                    continue;
                }
                const std::size_t which = std::string_view("rnt\"\\").find(
                    index + 1 < rest_.size() ? rest_[index + 1] : '?');
                if (which == std::string_view::npos) {
                    rest_.remove_prefix(index);
                    expected("one of the escapes \\r \\n \\t \\\" \\\\ \\xNN");
                    return octets;
                }
                character = "\r\n\t\"\\"[which];
                ++index;
            }
            octets.push_back(static_cast<std::byte>(character));
        }
        if (index >= rest_.size()) expected("a quoted text that ends on its line");
        if (fault_.empty()) take(index + 1);
        return octets;
    }

    Octets bracketed_octets() {
        const std::size_t end = rest_.find('>');
        std::string digits(rest_.substr(1, end == std::string_view::npos ? end : end - 1));
        digits.erase(std::remove(digits.begin(), digits.end(), ' '), digits.end());
        if (end == std::string_view::npos || (!digits.empty() && !is_hex(digits))) {
            expected("pairs of hex digits between < and >");
            return {};
        }
        take(end + 1);
        return unhex(digits);
    }

    // [text "Hel" ...] is begun and [... "lo"] ends it; [close 1000 "bye"], [opcode 3].
    Octets frame_octets() {
        take(1);
        bool masked = from_ == Role::client;
        std::uint32_t key = 0x37FA213D;
        unsigned first = 0x80;
        for (;;) {
            if (take_word("rsv1"))
                first |= 0x40;
            else if (take_word("rsv2"))
                first |= 0x20;
            else if (take_word("rsv3"))
                first |= 0x10;
            else if (take_word("masked"))
                masked = true;
            else if (take_word("unmasked"))
                masked = false;
            else if (take_word("key"))
                key = read_key(masked);
            else
                break;
        }
        Octets payload;
        first |= frame_opcode(payload);
        append(payload, octets(false));
        if (take_word("...")) first &= ~0x80U;
        if (!rest_.starts_with(']')) {
            expected("octets, ... or ] in a frame");
            return {};
        }
        take(1);
        return masked_frame(masked, key, first, payload);
    }
    std::uint32_t read_key(bool& masked) {
        masked = true;
        if (!is_hex(peek()) || peek().size() != 8) expected("a key of eight hex digits");
        return static_cast<std::uint32_t>(
            std::strtoul(std::string(word("a key")).c_str(), nullptr, 16));
    }
    unsigned frame_opcode(Octets& payload) {
        if (take_word("...")) return 0;
        if (take_word("opcode")) return static_cast<unsigned>(number("an opcode of 0 to 15")) & 15;
        for (std::size_t index = 1; index < std::size(kinds); ++index) {
            if (!take_word(kinds[index])) continue;
            if (kinds[index] == "close" && is_number(peek())) {
                const auto code = number("a code");
                payload = {static_cast<std::byte>(code >> 8), static_cast<std::byte>(code)};
            }
            return kind_opcodes[index];
        }
        expected("text, binary, close, ping, pong, opcode N or ... in a frame");
        return 0;
    }
    static Octets masked_frame(bool masked, std::uint32_t key, unsigned first, ConstBytes payload) {
        Octets octets = frame(masked ? Role::client : Role::server, first, payload);
        if (!masked) return octets;
        // frame() masks with the sample key: out with it, in with the other.
        const std::size_t from = octets.size() - payload.size();
        for (std::size_t index = 0; index < 4; ++index)
            octets[from - 4 + index] = static_cast<std::byte>(key >> (24 - 8 * index));
        for (std::size_t index = 0; index < payload.size(); ++index)
            octets[from + index] = payload[index] ^ octets[from - 4 + index % 4];
        return octets;
    }

    std::string_view rest_;
    Role from_;
    std::string fault_;
};

// ---- The setup ----

enum class Unit : std::uint8_t { number, time, yes_or_no, delivery };

struct Setting {
    std::string_view name;
    Unit unit;
    void (*set)(Config& config, std::uint64_t value);
};

template <auto group, auto member>
void set_member(Config& config, std::uint64_t value) {
    auto& place = config.*group.*member;
    using Type = std::remove_reference_t<decltype(place)>;
    if constexpr (std::is_same_v<Type, Duration>)
        place = nanoseconds(static_cast<std::int64_t>(value));
    else
        place = static_cast<Type>(value);
}
template <auto member>
void set_direct(Config& config, std::uint64_t value) {
    config.*member = value != 0;
}
void set_delivery(Config& config, std::uint64_t value) {
    config.delivery = static_cast<Delivery>(value);
}

#define LIMIT(name) \
    { #name, Unit::number, set_member < &Config::limits, &Limits::name> }
#define WAIT(name) \
    { #name, Unit::time, set_member < &Config::waits, &Waits::name> }
#define CHOICE(name) \
    { #name, Unit::yes_or_no, set_direct < &Config::name> }

constexpr Setting settings[] = {
    {"delivery", Unit::delivery, set_delivery},
    LIMIT(message_size_max),
    LIMIT(frame_size_max),
    LIMIT(fragment_count_max),
    LIMIT(pong_count_max),
    LIMIT(output_high),
    LIMIT(output_max),
    LIMIT(send_frame_size_max),
    LIMIT(head_size_max),
    LIMIT(field_count_max),
    LIMIT(empty_element_count_max),
    LIMIT(early_size_max),
    LIMIT(response_body_size_max),
    LIMIT(interim_count_max),
    WAIT(ping),
    WAIT(pong),
    WAIT(idle),
    WAIT(opening),
    WAIT(close),
    WAIT(linger),
    WAIT(write_stall),
    WAIT(clock_jump),
    CHOICE(pong_after_close),
    CHOICE(deliver_after_close),
    CHOICE(surface_plain_requests),
    CHOICE(reject_early_octets),
    CHOICE(require_subprotocol),
};
#undef LIMIT
#undef WAIT
#undef CHOICE

std::uint64_t read_value(Scanner& scanner, Unit unit) {
    switch (unit) {
        case Unit::number: return scanner.number("a number");
        case Unit::time: return static_cast<std::uint64_t>(scanner.duration().nanoseconds);
        case Unit::yes_or_no:
            if (scanner.take_word("yes")) return 1;
            if (!scanner.take_word("no")) scanner.expected("yes or no");
            return 0;
        case Unit::delivery: break;
    }
    if (scanner.take_word("messages")) return static_cast<std::uint64_t>(Delivery::messages);
    if (scanner.take_word("parts")) return static_cast<std::uint64_t>(Delivery::parts);
    if (!scanner.take_word("frames")) scanner.expected("messages, parts or frames");
    return static_cast<std::uint64_t>(Delivery::frames);
}

void read_settings(Scanner& scanner, Config& config) {
    do {
        const Setting* found = nullptr;
        for (const Setting& setting : settings)
            if (scanner.peek() == setting.name) found = &setting;
        if (found == nullptr) return scanner.expected("a member of Config");
        (void)scanner.word("a member of Config");
        found->set(config, read_value(scanner, found->unit));
    } while (scanner.take_comma());
}

void read_roles(Scanner& scanner, Block& block) {
    if (scanner.take_word("client"))
        block.role = Role::client;
    else if (!scanner.take_word("server"))
        return scanner.expected("server or client, which is what we are");
    if (scanner.take_word("session"))
        block.driven = Driven::session;
    else if (scanner.take_word("handshake"))
        block.driven = Driven::handshake;
    else if (!scanner.take_word("connection"))
        scanner.expected("connection, session or handshake");
}

// ---- The steps ----

constexpr std::string_view verbs[] = {"start", "accept", "reject", "send", "begin",  "part",
                                      "last",  "ping",   "close",  "end",  "broken", "write_ended",
                                      "abort", "tick",   "stall",  "flow", "write",  "gather"};

void read_fields(Scanner& scanner, Call& call) {
    for (;;) {
        if (scanner.take_word("origin")) {
            call.origin = scanner.text("an origin in quotes");
        } else if (scanner.take_word("subprotocol")) {
            call.subprotocols.push_back(scanner.text("a subprotocol in quotes"));
        } else if (scanner.take_word("field")) {
            std::string name = scanner.text("a name and a value: \"Name: value\"");
            const std::size_t colon = name.find(':');
            if (colon == std::string::npos) return scanner.expected("a colon in a field");
            const std::size_t from = name.find_first_not_of(' ', colon + 1);
            std::string value = from == std::string::npos ? std::string() : name.substr(from);
            name.resize(colon);
            call.fields.emplace_back(std::move(name), std::move(value));
        } else if (scanner.take_word("body")) {
            call.octets = scanner.octets(false);
        } else {
            return;
        }
    }
}

void read_kind(Scanner& scanner, Call& call) {
    call.is_text = scanner.take_word("text");
    if (!call.is_text && !scanner.take_word("binary")) scanner.expected("text or binary");
}

void read_code(Scanner& scanner, Call& call) {
    call.number = static_cast<std::uint64_t>(CloseCode::normal);
    if (scanner.take_word("no_code"))
        call.number = static_cast<std::uint64_t>(CloseCode::no_code);
    else if (is_number(scanner.peek()))
        call.number = scanner.number("a code");
    call.octets = scanner.octets(false);
}

Call read_call(Scanner& scanner) {
    Call call;
    const auto* const verb = std::find(std::begin(verbs), std::end(verbs), scanner.peek());
    if (verb == std::end(verbs)) {
        scanner.expected("a call, as " + std::string(verbs[3]) + " or " + std::string(verbs[8]));
        return call;
    }
    (void)scanner.word("a call");
    call.verb = static_cast<Verb>(verb - std::begin(verbs));
    switch (call.verb) {
        case Verb::start: call.url = scanner.text("a URL in quotes"); break;
        case Verb::reject: call.number = scanner.number("a status"); break;
        case Verb::begin: read_kind(scanner, call); break;
        case Verb::send: read_kind(scanner, call); [[fallthrough]];
        case Verb::part:
        case Verb::last:
        case Verb::ping: call.octets = scanner.octets(false); break;
        case Verb::close: read_code(scanner, call); break;
        case Verb::tick:
            call.number = static_cast<std::uint64_t>(scanner.duration().nanoseconds);
            break;
        case Verb::write: call.number = scanner.number("a number of octets"); break;
        case Verb::accept:
        case Verb::end:
        case Verb::broken:
        case Verb::write_ended:
        case Verb::abort:
        case Verb::stall:
        case Verb::flow:
        case Verb::gather: break;
    }
    if (call.verb <= Verb::reject) read_fields(scanner, call);
    if (scanner.take_word("refused")) call.refusal = scanner.word("the name of a refusal");
    return call;
}

// Words as they stand, octets as quoted() writes them, one space between.
std::string read_words(Scanner& scanner) {
    std::string words;
    while (!scanner.at_end() && scanner.fault().empty()) {
        if (!words.empty()) words += ' ';
        words += scanner.sees_marked_octets() ? quoted(scanner.octets(false))
                                              : std::string(scanner.word("an event"));
        if (scanner.take_comma()) words += ',';
    }
    if (words.empty()) scanner.expected("words");
    return words;
}

// A line that is text as it stands: ">| GET / HTTP/1.1".
Octets text_line(std::string_view text) {
    text.remove_prefix(text.starts_with(' ') ? 1 : 0);
    return octets_of(std::string(text) + "\r\n");
}

std::string read_step(std::string_view line, Block& block, Step& step) {
    step.sign = line.front();
    step.source = line;
    line.remove_prefix(1);
    const Role from =
        (step.sign == '>') == (block.role == Role::server) ? Role::client : Role::server;
    Scanner scanner(line, from);
    switch (step.sign) {
        case '>':
        case '<':
            if (line.starts_with('|')) {
                step.octets = text_line(line.substr(1));
                return {};
            }
            step.octets = scanner.octets(true);
            if (step.octets.empty() && scanner.at_end()) scanner.expected("octets");
            break;
        case '=':
        case '?': step.words = read_words(scanner); break;
        case '!': step.call = read_call(scanner); break;
        default:
            return "expected a line that begins with > < = ! ? or #, found '" +
                   std::string(step.source) + "'";
    }
    scanner.expect_end();
    return scanner.fault();
}

std::string_view trimmed(std::string_view line) {
    const std::size_t from = line.find_first_not_of(" \t");
    if (from == std::string_view::npos) return {};
    return line.substr(from, line.find_last_not_of(" \t\r") + 1 - from);
}

// One line of a block; answers what is wrong with it.
std::string read_line(std::string_view line, std::size_t number, bool& has_roles, Block& block) {
    const std::string_view seen = trimmed(line);
    if (seen.empty() || seen.starts_with('#')) return {};
    const bool is_setting = seen.starts_with("with ");
    if (!has_roles || (is_setting && block.steps.empty())) {
        Scanner scanner(is_setting ? seen.substr(4) : seen, Role::client);
        if (is_setting && has_roles)
            read_settings(scanner, block.config);
        else
            read_roles(scanner, block);
        scanner.expect_end();
        has_roles = true;
        block.setup.push_back(line);
        return scanner.fault();
    }
    Step step;
    step.line = number;
    const std::string fault = read_step(seen, block, step);
    block.steps.push_back(std::move(step));
    return fault;
}

}  // namespace

Transcript read_transcript(std::string_view text) {
    Transcript transcript;
    transcript.lines = lines_of(text);
    bool inside = false, has_roles = false, shows_notation = false;
    for (std::size_t index = 0; index < transcript.lines.size(); ++index) {
        const std::string_view line = transcript.lines[index];
        const std::size_t number = index + 1;
        if (!inside && line.starts_with("````")) shows_notation = !shows_notation;
        if (shows_notation) continue;  // a block within a longer fence is shown, not played
        if (!inside && line.starts_with("# ") && transcript.title.empty())
            transcript.title = trimmed(line.substr(2));
        if (!inside && trimmed(line) == "```transcript") {
            inside = true;
            has_roles = false;
            transcript.blocks.emplace_back().line = number + 1;
            continue;
        }
        if (!inside) continue;
        Block& block = transcript.blocks.back();
        std::string fault;
        if (trimmed(line) == "```") {
            inside = false;
            block.end_line = number;
            if (!has_roles) fault = "expected a line such as 'server connection', found the end";
        } else {
            fault = read_line(line, number, has_roles, block);
        }
        if (fault.empty()) continue;
        transcript.fault = "line " + std::to_string(number) + ": " + fault;
        return transcript;
    }
    const std::string last = "line " + std::to_string(transcript.lines.size()) + ": ";
    if (inside) transcript.fault = last + "expected ``` at the end of a block, found the end";
    if (transcript.blocks.empty()) transcript.fault = last + "expected a block ```transcript";
    return transcript;
}

// ---- Writing ----

namespace {

bool prints(std::byte octet) { return octet >= std::byte{0x20} && octet < std::byte{0x7F}; }

// Letters beyond ASCII stand as they are, where nobody can take them for something else.
bool stands_as_text(ConstBytes octets) {
    return is_utf8(octets) && std::none_of(octets.begin(), octets.end(), [](std::byte octet) {
               return octet < std::byte{0x20} || octet >= std::byte{0xE0} ||
                      octet == std::byte{0xC2};
           });
}

std::string escaped(ConstBytes octets) {
    const bool stands = stands_as_text(octets);
    std::string text = "\"";
    for (const std::byte octet : octets) {
        const char character = static_cast<char>(octet);
        const std::size_t which = std::string_view("\r\n\t\"\\").find(character);
        if (which != std::string_view::npos)
            (text += '\\') += "rnt\"\\"[which];
        else if (prints(octet) || (stands && octet >= std::byte{0x80}))
            text += character;
        else
            text += "\\x" + hex(std::array{octet});
    }
    return text += '"';
}

std::string frame_in_notation(const WireFrame& frame) {
    std::string text = "[";
    if (frame.first & 0x40) text += "rsv1 ";
    if (frame.first & 0x20) text += "rsv2 ";
    if (frame.first & 0x10) text += "rsv3 ";
    const auto* const known =
        std::find(std::begin(kind_opcodes), std::end(kind_opcodes), frame.first & 15);
    const auto which = static_cast<std::size_t>(known - std::begin(kind_opcodes));
    if (which == std::size(kinds))
        text += "opcode " + std::to_string(frame.first & 15);
    else
        text += which == 0 ? std::string_view("...") : kinds[which];
    ConstBytes payload = frame.payload;
    if ((frame.first & 15) == 8 && payload.size() >= 2) {
        text += ' ' + std::to_string(std::to_integer<unsigned>(payload[0]) << 8 |
                                     std::to_integer<unsigned>(payload[1]));
        payload = payload.subspan(2);
    }
    if (!payload.empty()) text += ' ' + in_notation(payload);
    return text + ((frame.first & 0x80) != 0 ? "]" : " ...]");
}

// The frames that `octets` are, when a line says all of each; else nothing.
std::vector<std::string> frames_in_notation(ConstBytes octets, Role from) {
    std::size_t rest = 0;
    std::vector<std::string> lines;
    for (const WireFrame& frame : read_frames(octets, &rest)) {
        const std::string line = "< " + frame_in_notation(frame);
        Scanner scanner(std::string_view(line).substr(1), from);
        const Octets again = scanner.octets(true);
        const std::size_t size = frame.header_size + frame.payload.size();
        if (size > octets.size() || again != copy_of(octets.first(size))) return {};
        octets = octets.subspan(size);
        lines.push_back(line);
    }
    return rest == 0 ? lines : std::vector<std::string>{};
}

}  // namespace

std::string in_notation(ConstBytes octets) {
    const bool same = std::all_of(octets.begin(), octets.end(),
                                  [&](std::byte octet) { return octet == octets.front(); });
    if (same && octets.size() > 8)
        return std::to_string(octets.size()) + '*' + in_notation(octets.first(1));
    const auto printing = std::count_if(octets.begin(), octets.end(), prints);
    const bool is_text = static_cast<std::size_t>(printing) * 2 >= octets.size();
    return is_text || stands_as_text(octets) ? escaped(octets) : '<' + hex(octets) + '>';
}

std::vector<std::string> output_in_notation(ConstBytes octets, Role from) {
    std::vector<std::string> lines;
    const std::string_view text = as_text(octets);
    if (text.starts_with("HTTP/1.1 ") || text.starts_with("GET ")) {
        for (bool head = true; head && !octets.empty();) {
            const std::string_view left = as_text(octets);
            const std::size_t size = left.find("\r\n");
            const ConstBytes line = octets.first(std::min(size, octets.size()));
            if (size == std::string_view::npos) break;
            const bool stands =
                std::all_of(line.begin(), line.end(), prints) && !as_text(line).ends_with(' ');
            lines.push_back(size == 0 ? "<|"
                            : stands  ? "<| " + std::string(as_text(line))
                                      : "< " + escaped(octets.first(size + 2)));
            octets = octets.subspan(size + 2);
            head = size != 0 || as_text(octets).starts_with("HTTP/1.1 ");
        }
    }
    if (octets.empty()) return lines;
    auto frames = frames_in_notation(octets, from);
    if (frames.empty()) frames.push_back("< " + in_notation(octets));
    lines.insert(lines.end(), frames.begin(), frames.end());
    return lines;
}

std::string event_in_notation(std::string_view words) {
    const std::size_t from = words.find_first_of("\"<");
    if (from == std::string_view::npos) return std::string(words);
    const std::size_t to = words.find_last_of("\">");
    const std::string_view inside = words.substr(from + 1, to - from - 1);
    const Octets octets = words[from] == '<' ? unhex(inside) : octets_of(inside);
    return std::string(words.substr(0, from)) + in_notation(octets) +
           std::string(words.substr(to + 1));
}

std::string in_notation(Duration duration) {
    const std::int64_t count = duration.nanoseconds;
    if (count % 1'000'000'000 == 0) return std::to_string(count / 1'000'000'000) + " s";
    return std::to_string(count / 1'000'000) + " ms";
}

}  // namespace hawse::test::replay
