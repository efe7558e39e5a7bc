// SPDX-License-Identifier: MIT
// Two Sessions and a link, driven in random orders: reads of any size, landings, decisions late and
// early, writes taken in halves, clocks that run, allocations that fail, ends and aborts. Whatever the
// order, `closed` comes once and last, octets in flight neither move nor change, a payload in place lies
// in what was lent, events come in their order, and every lease comes back.
#include "hawse/session.hpp"

#include "support/catch.hpp"
#include "support/drive.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace hawse;
using namespace hawse::test;

namespace {

using Random = std::minstd_rand;

/// Octets that were shown and not yet said to be reusable, and what they were.
struct InFlight {
    ConstBytes shown;
    Octets copy;
};

class Side {
public:
    Side(Role role, unsigned seed) : random(seed), role_(role) {
        rig.config.entropy = {[](void* context, std::byte* into, std::size_t size) noexcept {
                                  auto& draw = *static_cast<Random*>(context);
                                  for (std::size_t at = 0; at < size; ++at)
                                      into[at] = static_cast<std::byte>(draw());
                                  return true;
                              },
                              &random};
        rig.config.limits.early_size_max = draw(3) == 0 ? 0 : 4096;
        rig.config.waits.opening = seconds(std::int64_t(1 + draw(20)));
        rig.config.waits.idle = seconds(std::int64_t(draw(30)));
        session = std::make_unique<Session>(rig.config, role, now);
        if (role == Role::client) start();
    }

    void start() {
        ClientRequest request;
        request.host = "example.com";
        (void)session->start(request);
    }

    void step() {
        switch (draw(9)) {
            case 0:
            case 1: return receive();
            case 2: return pull(draw(4));
            case 3: return write();
            case 4: return reuse();
            case 5: return send();
            case 6: return pass();
            case 7:
                if (asked && draw(2) == 0) decide();
                return;
            case 8:
                if (draw(60) == 0) rig.allocator.fail(draw(3), CountingAllocator::Failure::once);
                if (draw(120) == 0) (void)session->close();
                if (draw(200) == 0) session->abort(now);
                if (draw(200) == 0) session->receive_end(TransportEnd(draw(2)), now);
                return;
        }
    }

    // The rest of its life: everything comes back, and the end is told.
    void finish() {
        session->receive_end(TransportEnd::broken, now);
        pull(SIZE_MAX);
        session->abort(now);
        pull(SIZE_MAX);
        check_flight();
        CHECK(session->wants() == Wants(Wants::close_bit));
        CHECK(closed);
        session->reusable(SIZE_MAX);
        flight.clear();
        pull(SIZE_MAX);
        session.reset();
        CHECK(rig.pool.leased_size() == 0);
    }

    void receive() {
        if (inbox.empty() || !lent.empty()) return;
        const std::size_t most = std::min<std::size_t>(inbox.size(), 1 + draw(700));
        Octets octets(inbox.begin(), inbox.begin() + std::ptrdiff_t(most));
        const Bytes landing = session->landing();
        std::size_t landed = std::min(octets.size(), landing.size());
        std::copy_n(octets.begin(), landed, landing.begin());
        const std::size_t taken = session->landed(landed, now);
        CHECK(taken == landed);
        lent.assign(octets.begin() + std::ptrdiff_t(taken), octets.end());
        const Refusal refusal = session->receive(lent, now);
        if (refusal != Refusal::none) lent.clear();
        if (refusal == Refusal::unread_input || refusal == Refusal::not_open)
            most_taken(taken);  // to be lent again later
        else
            most_taken(most);
    }

    void pull(std::size_t most) {
        for (; most != 0; --most) {
            const Event event = session->next_event();
            if (!event) {
                lent.clear();
                lent.shrink_to_fit();  // gone, as a buffer that is used again
                return;
            }
            tell(event);
        }
    }

    void tell(const Event& event) {
        CHECK_FALSE(closed);
        closed = event.kind() == EventKind::closed;
        asked = asked || event.kind() == EventKind::request;
        if (event.kind() == EventKind::opened) opened = true;
        if (event.is_message()) CHECK(opened);
        if (event.is_message() && role_ == Role::client) heard.push_back(std::string(event.text()));
        if (event.in_place() && !event.payload().empty())
            CHECK((event.payload().data() >= lent.data() &&
                   event.payload().data() + event.payload().size() <= lent.data() + lent.size()));
        if (event.is_message() && role_ == Role::server &&
            session->connection()->send(event.message_kind(), event.payload()) != Refusal::none)
            has_gap = true;  // no memory, or closing
        if (event.kind() == EventKind::request && draw(2) == 0) decide();
    }

    void decide() {
        if (session->accept() == Refusal::none) asked = false;
    }

    void send() {
        if (role_ == Role::server || session->connection() == nullptr) return;
        const std::string text = std::to_string(said.size()) + std::string(draw(900), 's');
        if (session->connection()->send(MessageKind::text, as_bytes(text)) == Refusal::none)
            said.push_back(text);
    }

    void write() {
        std::array<Slice, 3> slices;
        const std::size_t count = session->gather(std::span(slices).first(1 + draw(3)));
        CHECK((count != 0) == session->wants().write());
        for (const Slice& slice : std::span(slices).first(count)) {
            const ConstBytes bytes = slice.bytes().first(draw(4) == 0 ? draw(slice.size() + 1)
                                                                      : slice.size());
            session->handed_over(bytes.size(), now);
            outbox.insert(outbox.end(), bytes.begin(), bytes.end());
            flight.push_back({bytes, copy_of(bytes)});
            if (bytes.size() != slice.size()) break;
        }
        check_flight();
    }

    void reuse() {
        check_flight();
        if (flight.empty()) return;
        session->reusable(flight.front().copy.size());
        flight.pop_front();
    }

    void check_flight() const {
        for (const InFlight& one : flight)
            CHECK(std::ranges::equal(one.shown, one.copy));
    }

    void pass() {
        now = now + milliseconds(static_cast<std::int64_t>(draw(draw(10) == 0 ? 9000 : 300)));
        session->advance(now);
        if (session->wants().end_write()) session->write_ended(now);
    }

    std::size_t draw(std::size_t below) { return std::size_t(random()) % below; }
    void most_taken(std::size_t count) {
        inbox.erase(inbox.begin(), inbox.begin() + std::ptrdiff_t(count));
    }

    Rig rig;
    Random random;
    Time now = {1'000'000'000};
    std::unique_ptr<Session> session;
    std::deque<std::byte> inbox;  // on its way to us
    std::vector<std::byte> outbox;
    Octets lent;
    std::deque<InFlight> flight;
    std::vector<std::string> said, heard;
    bool asked = false, opened = false, closed = false, has_gap = false;

private:
    Role role_;
};

}  // namespace

TEST_CASE("in whatever order a session is driven, its promises hold") {
    std::size_t echoes = 0, endings = 0;
    for (unsigned seed = 1; seed <= 1500; ++seed) {
        INFO("seed " << seed);
        Side client(Role::client, seed), server(Role::server, seed + 100'000);
        for (int step = 0; step < 400; ++step) {
            client.step();
            server.step();
            for (auto [from, to] : {std::pair(&client, &server), std::pair(&server, &client)}) {
                to->inbox.insert(to->inbox.end(), from->outbox.begin(), from->outbox.end());
                from->outbox.clear();
            }
        }
        REQUIRE(client.heard.size() <= client.said.size());
        if (!server.has_gap)
            CHECK(std::equal(client.heard.begin(), client.heard.end(), client.said.begin()));
        echoes += client.heard.size();
        endings += client.closed + server.closed;
        client.finish();
        server.finish();
    }
    CHECK(echoes > 1000);
    CHECK(endings > 100);
}
