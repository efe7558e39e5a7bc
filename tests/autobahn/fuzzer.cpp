// SPDX-License-Identifier: MIT
#include "autobahn/fuzzer.hpp"

#include "replay/files.hpp"
#include "support/handshake_story.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace hawse::test::autobahn {

namespace {

// Always the same key: what a client writes is then known octet for octet. That keys differ, and where
// they come from, is for others to test.
bool fill_with_sample_key(void*, std::byte* into, std::size_t size) noexcept {
    for (std::size_t index = 0; index < size; ++index)
        into[index] = static_cast<std::byte>(sample_key[index % 4]);
    return true;
}

Config with_nonce(Config config) {
    config.entropy = support::sample_entropy();
    return config;
}

}  // namespace

// As much as groups 9 and 10 need, and no more: 9.1.6 and 9.2.6, 9.3.1 and 9.4.1 are exactly at them.
Fuzzer::EchoRig::EchoRig(const Spoken& spoken) noexcept {
    config.deflate = spoken.policy;
    config.entropy = {fill_with_sample_key, nullptr};
    config.limits.message_size_max = std::size_t{16} << 20;
    config.limits.fragment_count_max = 65'536;
}

Fuzzer::Fuzzer(Role testee, Drain drain, const Spoken& spoken)
    : testee_(testee), rig_(spoken), deflate_(opened(spoken)),
      drive_(rig_, Agreement{.role = testee, .deflate = deflate_}, drain) {
    drive_.host = echo;
}

// The testee's handshake with a peer who says what `spoken` has. What it answers, or offers, is compared
// character for character.
DeflateAgreement Fuzzer::opened(const Spoken& spoken) const {
    if (spoken.by_fuzzer.empty()) return {};
    const std::string name = "Sec-WebSocket-Extensions: ";
    const std::string line = name + spoken.by_fuzzer + "\r\n\r\n";
    const std::string common = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    ClientRequest request;
    request.host = "h";
    const support::Story story =
        testee_ == Role::server
            ? support::serve(rig_.config, "GET / HTTP/1.1\r\nHost: h\r\n" + common +
                                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                              "Sec-WebSocket-Version: 13\r\n" +
                                              line)
            : support::ask(with_nonce(rig_.config), request,
                           "HTTP/1.1 101 Switching Protocols\r\n" + common +
                               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" + line);
    CHECK(story.state == HandshakeState::open);
    const std::size_t at = story.output.find(name);
    const std::string said = at == std::string::npos ? "" : story.output.substr(at + name.size());
    CHECK(said.substr(0, said.find("\r\n")) == spoken.by_testee);
    return story.deflate;
}

std::vector<WireFrame> Fuzzer::heard() {
    std::size_t rest = 0;
    auto frames = read_frames(drive_.drain().output, &rest);
    CHECK(rest == 0);
    drive_.output.clear();
    return frames;
}

void Fuzzer::echo(Connection& connection, const Event& event) {
    if (event.is_message())
        CHECK(connection.send(event.message_kind(), event.payload()) == Refusal::none);
}

void Fuzzer::say(const Frames& frames, Cut cut) {
    if (!cut.by_frame) return write(octets_of(other(testee_), frames), cut.size);
    for (const Frame& frame : frames) write(octets_of(other(testee_), {frame}));
}

// The host has written all it can before it reads again, as every driver does.
void Fuzzer::write(ConstBytes octets, std::size_t piece_size) {
    while (!octets.empty()) {
        const std::size_t size = std::min(piece_size, octets.size());
        drive_.feed(octets.first(size)).drain();
        octets = octets.subspan(size);
    }
}

void Fuzzer::hear(const Frames& frames) {
    const Octets expected = octets_of(testee_, frames);
    const bool same = as_text(drive_.drain().output) == as_text(expected);  // quicker than octets
    if (!same) CHECK(frames_in_words(drive_.output) == frames_in_words(expected));
    CHECK(same);
    drive_.output.clear();
}

void Fuzzer::hear_ending(const Ending& ending) {
    const bool failed = ending.way == Ending::Way::failed;
    if (ending.way == Ending::Way::fuzzer_closes) {
        say({closes(1000)});
        hear({closes(1000)});
    }
    if (failed) say({closes(ending.code), ping()});  // nobody reads them any more
    hear({});
    const bool testee_ends = failed || testee_ == Role::server;
    const unsigned end_write = testee_ends ? Wants::end_write_bit : 0;
    CHECK(drive_->wants() == Wants(Wants::read_bit | end_write));
    if (testee_ends) drive_.write_ended();
    drive_.end();
    hear({});
    CHECK(drive_->wants() == Wants(Wants::close_bit));
    CHECK(told_of_ending() == ending.told);
}

std::string Fuzzer::told_of_ending() const {
    std::string told;
    for (const std::string& line : drive_.story.lines())
        for (const std::string_view kind : {"closing ", "failed ", "closed "})
            if (line.compare(0, kind.size(), kind) == 0) told += (told.empty() ? "" : "\n") + line;
    return told;
}

// Groups.

Group::Group(std::vector<std::string> names, Rows rows, std::vector<Drain> drains)
    : names_(std::move(names)), rows_(rows), drains_(std::move(drains)) {
    all().push_back(this);
}

bool Group::has(const std::string& name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
}

void Group::judge() {
    judged_ = true;
    std::vector<Listed> expected;
    for (const Listed& one : listed())
        if (has(one.group)) expected.push_back(one);
    for (const Role role : {Role::server, Role::client}) {
        const std::string as = role == Role::server ? " server" : " client";
        const std::vector<Case> rows = rows_(role);
        for (std::size_t index = 0; index < std::max(rows.size(), expected.size()); ++index) {
            const std::string number = index < rows.size() ? rows[index].number : "";
            REQUIRE(number == (index < expected.size() ? expected[index].number : ""));
            INFO(number << as << ": " << expected[index].title);
            for (const Drain drain : drains_) {
                Fuzzer fuzzer(role, drain, rows[index].spoken);
                rows[index].script.run(fuzzer);
                fuzzer.hear_ending(rows[index].ending);
            }
            ran().push_back(number + as);
        }
    }
}

std::vector<Group*>& Group::all() {
    static std::vector<Group*> groups;
    return groups;
}

std::vector<std::string>& Group::ran() {
    static std::vector<std::string> numbers;
    return numbers;
}

const std::vector<Listed>& listed() {
    static const std::vector<Listed> rows = [] {
        const std::string data = replay::read_file(HAWSE_TESTS_FOLDER "/data/autobahn_cases.tsv");
        std::vector<Listed> read;
        for (const std::string_view line : replay::lines_of(data)) {
            const auto columns = replay::split(line, "\t");
            REQUIRE(columns.size() == 3);
            read.push_back(
                {std::string(columns[0]), std::string(columns[1]), std::string(columns[2])});
        }
        read.erase(read.begin());  // the heading
        return read;
    }();
    return rows;
}

}  // namespace hawse::test::autobahn
