// SPDX-License-Identifier: MIT
// Two engines over a link that cuts anywhere: whatever the applications send in whatever way, each
// message arrives once, in order and unchanged, and both sides close clean. A failing seed is told.
#include "support/catch.hpp"
#include "support/pair.hpp"

#include <cstdint>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace hawse;
using namespace hawse::test;

namespace {

// What one application does, driven by a seed.
class Application {
public:
    Application(Drive& drive, std::minstd_rand& random, std::size_t size_count)
        : drive_(drive), random_(random), size_count_(size_count) {}

    void act(bool may_ping) {
        switch (random_() % 8) {
            case 0: send_copy(); break;
            case 1: send_lent(); break;
            case 2: send_lent_mutable(); break;
            case 3:
            case 4: send_part(random_() % 3 == 0); break;
            case 5:
                if (may_ping) ping();
                break;
            default: take_tokens();
        }
    }
    void finish() {
        if (streaming_) send_part(true);
        REQUIRE(drive_->close() == Refusal::none);
    }
    void take_tokens() {
        while (const Token token = drive_->next_released()) {
            REQUIRE(token.value == ++tokens_taken_);
            for (std::byte& octet : lent_.front()) octet = std::byte{0xEE};
            lent_.pop_front();
        }
    }
    [[nodiscard]] bool has_all_tokens() const { return lent_.empty(); }
    [[nodiscard]] const std::vector<std::string>& sent() const { return sent_; }
    [[nodiscard]] std::size_t ping_count() const { return ping_count_; }

private:
    std::string random_text() {
        constexpr std::size_t sizes[] = {0, 1, 5, 125, 126, 127, 1000, 4097, 70000};
        std::string text(sizes[random_() % size_count_], '.');
        for (char& letter : text) letter = static_cast<char>('a' + random_() % 26);
        return text;
    }
    void keep(Refusal refusal, MessageKind kind, const std::string& text) {
        if (refusal == Refusal::message_in_progress) return;
        REQUIRE(refusal == Refusal::none);
        const std::string name = kind == MessageKind::text ? "text " : "binary ";
        sent_.push_back(name + quoted(as_bytes(text)));
    }
    MessageKind random_kind() {
        return random_() % 2 == 0 ? MessageKind::text : MessageKind::binary;
    }

    void send_copy() {
        const std::string text = random_text();
        const MessageKind kind = random_kind();
        keep(drive_->send(kind, as_bytes(text)), kind, text);
    }
    void send_lent() {
        const std::string text = random_text();
        const MessageKind kind = random_kind();
        lent_.push_back(octets_of(text));
        lend(drive_->send_lent(kind, lent_.back(), Token{tokens_given_ + 1}), kind, text);
    }
    void send_lent_mutable() {
        const std::string text = random_text();
        const MessageKind kind = random_kind();
        lent_.push_back(octets_of(text));
        lend(drive_->send_lent_mutable(kind, lent_.back(), Token{tokens_given_ + 1}), kind, text);
    }
    void lend(Refusal refusal, MessageKind kind, const std::string& text) {
        keep(refusal, kind, text);
        if (refusal == Refusal::none)
            ++tokens_given_;
        else
            lent_.pop_back();
    }
    void send_part(bool last) {
        if (!streaming_) {
            kind_ = random_kind();
            REQUIRE(drive_->send_begin(kind_) == Refusal::none);
            streamed_.clear();
        }
        const std::string text = random_text();
        REQUIRE(drive_->send_part(as_bytes(text), last) == Refusal::none);
        streamed_ += text;
        streaming_ = !last;
        if (last) keep(Refusal::none, kind_, streamed_);
    }
    void ping() {
        REQUIRE(drive_->ping(as_bytes("ping")) == Refusal::none);
        ++ping_count_;
    }

    Drive& drive_;
    std::minstd_rand& random_;
    std::size_t size_count_;  // of the sizes, small ones first
    std::vector<std::string> sent_;
    std::list<Octets> lent_;
    std::string streamed_;
    MessageKind kind_ = MessageKind::text;
    std::uint64_t tokens_given_ = 0;
    std::uint64_t tokens_taken_ = 0;
    std::size_t ping_count_ = 0;
    bool streaming_ = false;
};

std::vector<std::string> messages_of(const Story& story) {
    const std::string part = "first last part of ";
    std::vector<std::string> messages;
    for (const std::string& line : story.lines()) {
        if (line.rfind(part, 0) == 0) messages.push_back(line.substr(part.size()));
        if (line.rfind("text", 0) == 0 || line.rfind("binary", 0) == 0) messages.push_back(line);
    }
    return messages;
}

std::size_t count_of(const Story& story, const std::string& kind) {
    std::size_t count = 0;
    for (const std::string& line : story.lines()) count += line.rfind(kind, 0) == 0;
    return count;
}

Pair::Knife knife_of(std::size_t usual, std::minstd_rand& random) {
    return [&random, usual](std::size_t available) {
        const std::size_t size = 1 + random() % usual;
        return std::min(size, available);
    };
}

struct Choices {
    bool parts = false;
    std::uint64_t frame_size_max = 0;
};

void talk(unsigned seed) {
    std::minstd_rand random(seed);
    const Choices choices = {random() % 3 == 0, random() % 3 == 0 ? 1 + random() % 3000 : 0};
    const std::size_t piece_size = std::size_t{1} << random() % 17;
    const std::size_t size_count = piece_size < 16 ? 6 : piece_size < 1024 ? 8 : 9;
    Pair pair(
        [&](Config& config) {
            config.delivery = choices.parts ? Delivery::parts : Delivery::messages;
            config.limits.send_frame_size_max = choices.frame_size_max;
        },
        knife_of(piece_size, random));
    Application client(pair.client, random, size_count), server(pair.server, random, size_count);
    for (auto count = random() % 25; count != 0; --count) {
        client.act(!choices.parts);
        server.act(!choices.parts);
        for (auto steps = random() % 4; steps != 0; --steps) pair.step();
    }
    const auto closers = random() % 3;
    if (closers != 1) client.finish();
    if (closers != 0) server.finish();
    pair.run();
    pair.pass(seconds(10));
    pair.run();
    client.take_tokens();
    server.take_tokens();

    CHECK(messages_of(pair.server.story) == client.sent());
    CHECK(messages_of(pair.client.story) == server.sent());
    CHECK(count_of(pair.server.story, "ping") == client.ping_count());
    CHECK(count_of(pair.client.story, "ping") == server.ping_count());
    CHECK(client.has_all_tokens());
    CHECK(server.has_all_tokens());
    for (const Role role : {Role::client, Role::server}) {
        const auto& lines = pair.side(role).story.lines();
        REQUIRE_FALSE(lines.empty());
        CHECK(lines.back() == "closed clean sent 1000 received 1000 \"\" none");
        CHECK(pair.side(role)->wants() == Wants(Wants::close_bit));
    }
    CHECK(pair.client_rig.pool.leased_size() == 0);
    CHECK(pair.server_rig.pool.leased_size() == 0);
}

}  // namespace

TEST_CASE("whatever two applications send arrives once, in order and unchanged, and closes clean",
          "[6455-5.4-10][6455-6.1-09][6455-6.2-01][6455-7.1.4-02][OUT-07]") {
    for (unsigned seed = 1; seed <= 400; ++seed) {
        INFO("seed " << seed);
        talk(seed);
    }
}

TEST_CASE("a link that snaps anywhere ends both sides once, unclean, with all tokens back") {
    for (unsigned seed = 1; seed <= 200; ++seed) {
        std::minstd_rand random(seed);
        Pair pair([](Config&) {}, knife_of(std::size_t{1} << random() % 17, random));
        Application client(pair.client, random, 7), server(pair.server, random, 7);
        for (auto count = random() % 12; count != 0; --count) {
            client.act(true);
            server.act(true);
            if (random() % 3 == 0) pair.step();
        }
        pair.snap();
        client.take_tokens();
        server.take_tokens();
        INFO("seed " << seed);
        for (const Role role : {Role::client, Role::server}) {
            CHECK(count_of(pair.side(role).story, "closed") == 1);
            CHECK(pair.side(role).story.lines().back() ==
                  "closed unclean sent 1006 received 1006 \"\" transport_broken");
        }
        CHECK(client.has_all_tokens());
        CHECK(server.has_all_tokens());
        CHECK(pair.client_rig.pool.leased_size() == 0);
    }
}

TEST_CASE("output stays within what was sent and received", "[6455-10.4-01]") {
    Pair pair;
    const std::string text(1000, 'x');
    std::size_t sent = 0;
    for (int count = 0; count < 50; ++count) {
        REQUIRE(pair.client->send(MessageKind::text, as_bytes(text)) == Refusal::none);
        REQUIRE(pair.client->ping(as_bytes("ping")) == Refusal::none);
        sent += text.size() + 4;
        pair.run();
    }
    CHECK(pair.sent_size(Role::client) <= sent + 50 * (14 + 6));
    CHECK(pair.sent_size(Role::server) <= pair.sent_size(Role::client) + 512);
}
