// SPDX-License-Identifier: MIT
// Text is UTF-8, judged at the octet that breaks it, in both directions. RFC 6455 §5.6, §8.1; RFC 3629
#include "support/catch.hpp"
#include "support/drive.hpp"
#include "support/every_cut.hpp"

#include <array>
#include <string>

using namespace hawse;
using namespace hawse::test;

namespace {

constexpr std::array both_roles = {Role::server, Role::client};

struct Invalid {
    std::string octets;
    std::size_t offending;  // the index of the octet that is told
};

// Each stands behind valid text and is told at its offending octet, or at the end when there is none.
const std::array<Invalid, 22> invalid_texts = {{
    {"\xC0\x80", 0},
    {"\xC1\xBF", 0},
    {"\xE0\x80\xAF", 1},
    {"\xE0\x9F\xBF", 1},
    {"\xF0\x80\x80\xAF", 1},
    {"\xF0\x8F\xBF\xBF", 1},
    {"\xED\xA0\x80", 1},
    {"\xED\xBF\xBF", 1},
    {"\xED\xA1\x8C\xED\xBE\xB4", 1},
    {"\xF4\x90\x80\x80", 1},
    {"\xF5\x80\x80\x80", 0},
    {"\xF8\x88\x80\x80\x80", 0},
    {"\xFC\x84\x80\x80\x80\x80", 0},
    {"\xFE", 0},
    {"\xFF", 0},
    {"\x80", 0},
    {"\xBF", 0},
    {"\xC3\x28", 1},
    {"\xE2\x82\x28", 2},
    {"\xE2\x28\xA1", 1},
    {"\xF0\x9F\x98\x28", 3},
    {"\xF0\x9F\xC3\xA9", 2},
}};

const std::array<std::string, 12> valid_texts = {
    "",
    "Hello",
    "\xC3\xA9",
    "\xE2\x82\xAC",
    "\xF0\x9F\x98\x80",
    std::string("\0\0", 2),
    "\xEF\xBB\xBF with a mark",
    "\xEF\xBF\xBE\xEF\xBF\xBF\xF0\x9F\xBF\xBE",
    "\xED\x9F\xBF\xEE\x80\x80",
    "\xF4\x8F\xBF\xBF",
    "\xE0\xA0\x80\xF0\x90\x80\x80\xC2\x80\x7F",
    "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5",
};

}  // namespace

TEST_CASE("valid text is delivered untouched, whole and in frames of one octet",
          "[6455-5.6-01][3629-4-01][3629-4-02][3629-6-01]") {
    for (const Role role : both_roles)
        for (const std::string& text : valid_texts) {
            Replay replay;
            replay.role = role;
            const std::string_view view = text;
            CHECK(at_every_cut(replay, frame(other(role), 0x81, view)).story ==
                  "text " + quoted(as_bytes(text)));
            Octets frames = frame(other(role), 0x01);
            for (std::size_t index = 0; index < text.size(); ++index)
                append(frames, frame(other(role), 0x00, view.substr(index, 1)));
            append(frames, frame(other(role), 0x80));
            CHECK(at_every_cut(replay, frames).story == "text " + quoted(as_bytes(text)));
        }
}

TEST_CASE("invalid text fails 1007, whole, in frames, and at every cut",
          "[6455-8.1-01][6455-7.4.1-07][3629-3-01][3629-3-02][3629-4-01][3629-10-01]") {
    for (const Role role : both_roles)
        for (const Invalid& invalid : invalid_texts) {
            Replay replay;
            replay.role = role;
            const std::string text = "ok \xC3\xA9 " + invalid.octets + " behind";
            const Outcome whole =
                at_every_cut(replay, frame(other(role), 0x81, std::string_view(text)));
            CHECK(whole.story == "failed 1007 invalid_utf8");
            CHECK(frames_in_words(unhex(whole.output)) == "88 <03ef>");
            Octets frames = frame(other(role), 0x01);
            for (const char octet : text)
                append(frames, frame(other(role), 0x00, std::string_view(&octet, 1)));
            CHECK(at_every_cut(replay, frames).story == "failed 1007 invalid_utf8");
        }
}

TEST_CASE("the failure comes with the offending octet, inside a frame that goes on",
          "[6455-8.1-01]") {
    for (const Role role : both_roles)
        for (const Invalid& invalid : invalid_texts) {
            const std::string text = "valid " + invalid.octets + std::string(500, 'x');
            const Octets input = frame(other(role), 0x81, std::string_view(text));
            const std::size_t header = input.size() - text.size();
            const std::size_t offending = header + 6 + invalid.offending;
            for (const bool by_one : {true, false}) {
                Rig rig;
                Drive drive(rig, role);
                const ConstBytes octets = input;
                if (!by_one) drive.feed(octets.first(offending));
                for (std::size_t at = 0; by_one && at < offending; ++at)
                    drive.feed(octets.subspan(at, 1));
                CHECK(drive.story.text().empty());
                drive.feed(octets.subspan(offending, 1));
                CHECK(drive.story.text() == "failed 1007 invalid_utf8");
            }
        }
}

TEST_CASE("text that ends inside a sequence fails at its end", "[6455-5.6-01][6455-8.1-01]") {
    for (const Role role : both_roles)
        for (const std::string text : {"\xC3", "a\xE2\x82", "\xF0\x9F\x98", "\xE0", "\xF4\x8F"}) {
            Replay replay;
            replay.role = role;
            const std::string_view view = text;
            CHECK(at_every_cut(replay, frame(other(role), 0x81, view)).story ==
                  "failed 1007 truncated_utf8");
            CHECK(at_every_cut(replay,
                               joined({frame(other(role), 0x01, view), frame(other(role), 0x80)}))
                      .story == "failed 1007 truncated_utf8");
        }
}

TEST_CASE("the judgement of one message does not reach the next") {
    Replay replay;
    const Octets input =
        joined({frame(Role::client, 0x81, "\xE2\x82\xAC"), frame(Role::client, 0x01, "\xE2"),
                frame(Role::client, 0x89, "\xE2"), frame(Role::client, 0x80, "\x82\xAC"),
                frame(Role::client, 0x82, "\xE2\x82"), frame(Role::client, 0x81, "\x82\xAC")});
    CHECK(at_every_cut(replay, input).story ==
          "text <e282ac>\nping <e2>\ntext <e282ac>\nbinary <e282>\nfailed 1007 invalid_utf8");
}

TEST_CASE("in parts the valid octets are told before the fault, and no part is the last",
          "[6455-8.1-01][6455-5.4-20]") {
    for (const Role role : both_roles)
        for (const Invalid& invalid : invalid_texts) {
            Replay replay;
            replay.role = role;
            replay.configure = [](Config& config) { config.delivery = Delivery::parts; };
            const std::string valid = "abc" + invalid.octets.substr(0, invalid.offending);
            const std::string text = "abc" + invalid.octets + "behind";
            CHECK(at_every_cut(replay, frame(other(role), 0x81, std::string_view(text))).story ==
                  "first part of text " + quoted(as_bytes(valid)) + "\nfailed 1007 invalid_utf8");
        }
}

TEST_CASE("in parts a truncated text is told and then fails") {
    Replay replay;
    replay.configure = [](Config& config) { config.delivery = Delivery::parts; };
    CHECK(at_every_cut(replay, frame(Role::client, 0x81, "ab\xE2\x82")).story ==
          "first part of text <6162e282>\nfailed 1007 truncated_utf8");
}

TEST_CASE("outgoing text is checked, and invalid text is refused with nothing sent",
          "[6455-5.6-01][6455-6.1-01]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        for (const Invalid& invalid : invalid_texts) {
            Octets octets = octets_of("valid " + invalid.octets);
            CHECK(drive->send(MessageKind::text, octets) == Refusal::invalid_text);
            CHECK(drive->send_lent(MessageKind::text, octets, Token{1}) == Refusal::invalid_text);
            CHECK(drive->send_lent_mutable(MessageKind::text, octets, Token{1}) ==
                  Refusal::invalid_text);
            CHECK(octets == octets_of("valid " + invalid.octets));
        }
        CHECK(drive->send(MessageKind::text, as_bytes("cut \xE2\x82")) == Refusal::invalid_text);
        CHECK(drive.taken().empty());
        CHECK(drive->state() == State::open);
        CHECK_FALSE(drive->next_released());
        CHECK(rig.allocator.count() == 0);
    }
}

TEST_CASE("binary and text declared unchecked go out as they are") {
    Rig rig;
    Drive drive(rig, Role::server);
    CHECK(drive->send(MessageKind::binary, as_bytes("\xFF")) == Refusal::none);
    CHECK(drive->send(MessageKind::text, as_bytes("\xFF"), {TextCheck::unchecked}) ==
          Refusal::none);
    CHECK(drive.taken() == "8201ff8101ff");
}

TEST_CASE("streamed text is checked across its parts, and a refused part may be replaced",
          "[6455-5.6-01][API-13]") {
    for (const Role role : both_roles) {
        Rig rig;
        Drive drive(rig, role);
        CHECK(drive->send_begin(MessageKind::text) == Refusal::none);
        CHECK(drive->send_part(as_bytes("\xE2\x82"), false) == Refusal::none);
        CHECK(drive->send_part(as_bytes("x"), false) == Refusal::invalid_text);
        CHECK(drive->send_part({}, true) == Refusal::invalid_text);
        CHECK(drive->send_part(as_bytes("\xAC\xC3"), true) == Refusal::invalid_text);
        CHECK(drive->send_part(as_bytes("\xAC\xC3"), false) == Refusal::none);
        CHECK(drive->send_part(as_bytes("\xA9"), true) == Refusal::none);
        drive.drain();
        CHECK(frames_in_words(drive.output) == "01 <e282>\n00 <acc3>\n80 <a9>");
        CHECK(drive->send_begin(MessageKind::text, {TextCheck::unchecked}) == Refusal::none);
        CHECK(drive->send_part(as_bytes("\xFF"), true) == Refusal::none);
    }
}
