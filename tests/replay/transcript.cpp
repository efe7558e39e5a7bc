// SPDX-License-Identifier: MIT
#include "replay/transcript.hpp"

#include "hawse/close_code.hpp"
#include "replay/files.hpp"
#include "replay/transcript_scanner.hpp"

#include <algorithm>
#include <iterator>
#include <type_traits>

namespace hawse::test::replay {

namespace {

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
template <auto member>
void set_policy(Config& config, std::uint64_t value) {
    auto& place = config.deflate.*member;
    place = static_cast<std::remove_reference_t<decltype(place)>>(value);
}
template <auto direction, auto member>
void set_direction(Config& config, std::uint64_t value) {
    auto& place = config.deflate.*direction.*member;
    place = static_cast<std::remove_reference_t<decltype(place)>>(value);
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
    LIMIT(inflation_ratio_max),
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
    WAIT(message),
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
    {"deflate", Unit::yes_or_no, set_policy<&DeflatePolicy::enabled>},
    {"insist", Unit::yes_or_no, set_policy<&DeflatePolicy::insist>},
    {"send_bits", Unit::number,
     set_direction<&DeflatePolicy::send, &DeflateDirection::window_bits>},
    {"send_takeover", Unit::yes_or_no,
     set_direction<&DeflatePolicy::send, &DeflateDirection::takeover>},
    {"receive_bits", Unit::number,
     set_direction<&DeflatePolicy::receive, &DeflateDirection::window_bits>},
    {"receive_takeover", Unit::yes_or_no,
     set_direction<&DeflatePolicy::receive, &DeflateDirection::takeover>},
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

}  // namespace hawse::test::replay
