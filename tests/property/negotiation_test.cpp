// SPDX-License-Identifier: MIT
// For every offer and every policy: what a server answers obeys RFC 7692 as an independent model reads
// it, the client that made the offer takes it, and both have agreed on the same. For every answer: the
// client takes exactly those that the model takes. From fields, through the public face.
#include "hawse/hawse.hpp"
#include "support/catch.hpp"
#include "support/negotiation_model.hpp"
#include "support/watched_pool.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace hawse;
using namespace support;

namespace {

constexpr std::string_view field_name = "sec-websocket-extensions";
using Texts = std::vector<std::string>;

// Every element that can be made of these values of the two windows.
Texts elements_of(const Texts& server_windows, const Texts& client_windows) {
    Texts elements;
    for (const std::string& server_window : server_windows)
        for (const std::string& client_window : client_windows)
            for (const std::string_view server : {"", "; server_no_context_takeover"})
                for (const std::string_view client : {"", "; client_no_context_takeover"})
                    elements.push_back("permessage-deflate" + std::string(server) + client_window +
                                       std::string(client) + server_window);
    return elements;
}

Texts windows(const std::string& name, int first, int step, bool may_be_bare) {
    Texts texts = {""};
    if (may_be_bare) texts.push_back("; " + name);
    for (int bits = first; bits <= 15; bits += step)
        texts.push_back("; " + name + "=" + std::to_string(bits));
    return texts;
}

Texts offers_of(int first, int step) {
    return elements_of(windows("server_max_window_bits", first, step, false),
                       windows("client_max_window_bits", first, step, true));
}

std::vector<DeflatePolicy> policies_of(int first, int step) {
    std::vector<DeflatePolicy> policies;
    for (int send = first; send <= 15; send += step)
        for (int receive = first; receive <= 15; receive += step)
            for (unsigned bits = 0; bits < 8; ++bits) {
                DeflatePolicy policy;
                policy.enabled = true;
                policy.send = {static_cast<std::uint8_t>(send), (bits & 1) == 0};
                policy.receive = {static_cast<std::uint8_t>(receive), (bits & 2) == 0};
                policy.insist = (bits & 4) != 0;
                policies.push_back(policy);
            }
    return policies;
}

Config config_of(const DeflatePolicy& policy) {
    Config config;
    config.deflate = policy;
    return config;
}

model::Settled in_words_of_model(const DeflateAgreement& agreement) {
    return {{agreement.client.window_bits, agreement.client.takeover},
            {agreement.server.window_bits, agreement.server.takeover}};
}

struct Served {
    std::string answer;  // empty when there is none
    DeflateAgreement agreement;
};

Served serve(const Config& config, const std::string& offers) {
    const Field fields[] = {{":method", "CONNECT"}, {":protocol", "websocket"},
                            {":scheme", "https"},   {":path", "/"},
                            {":authority", "h"},    {"sec-websocket-version", "13"},
                            {field_name, offers}};
    ServerOpening server(config);
    REQUIRE(server.judge({.fields = fields, .transport = Transport::http2}) == Violation::none);
    REQUIRE(server.accept() == Refusal::none);
    Served served;
    served.agreement = server.agreement().deflate;
    for (const Field& field : server.fields())
        if (field.name == field_name) served.answer = field.value;
    return served;
}

// What the client says that made the offers.
Violation judge(const std::string& offers, const std::string& answer, DeflateAgreement& agreement) {
    const Field field = {field_name, answer};
    Offer offer;
    offer.deflate = offers;
    Agreement settled;
    const Violation fault =
        judge_response({.status = 200, .fields = {&field, 1}, .transport = Transport::http2}, offer,
                       Config{}, settled);
    agreement = settled.deflate;
    return fault;
}

// Which of the offers the policy bears, by the model.
bool is_supported(const model::Element& offer, const DeflatePolicy& policy) {
    const bool must_limit = policy.insist && policy.receive.window_bits < 15;
    return offer.name == "permessage-deflate" && model::is_valid(offer, true) &&
           (!must_limit || offer.has("client_max_window_bits"));
}

// Empty when everything is as it must be.
std::string fault_in(const Served& served, const std::string& offers, const DeflatePolicy& policy) {
    const auto elements = model::read(offers);
    const auto first =
        std::find_if(elements.begin(), elements.end(),
                     [&](const model::Element& one) { return is_supported(one, policy); });
    if (served.answer.empty() || first == elements.end()) {
        if (served.answer.empty() != (first == elements.end())) return "it should have answered";
        return served.agreement.agreed ? "nothing was accepted, and something agreed" : "";
    }
    const auto answered = model::read(served.answer);
    if (answered.size() != 1 || answered[0].name != "permessage-deflate") return "not one element";
    if (!model::is_valid(answered[0], false)) return "the answer is not valid";
    if (!model::accepts(answered[0], *first)) return "the first offer is not accepted";
    if (!model::is_acceptable(served.answer, offers)) return "the model's client fails";

    // Within the policy, and no narrower than that and the offer demand.
    const model::Settled settled = in_words_of_model(served.agreement);
    if (!served.agreement.agreed || !(settled == model::settled_by(served.answer)))
        return "the server has agreed on something else than it answered";
    const int server_window =
        std::min<int>(policy.send.window_bits, first->number_or("server_max_window_bits", 15));
    const int client_window =
        first->has("client_max_window_bits")
            ? std::min<int>(policy.receive.window_bits,
                            first->number_or("client_max_window_bits", 15))
            : 15;
    const bool server_takeover = policy.send.takeover && !first->has("server_no_context_takeover");
    const bool client_takeover =
        policy.receive.takeover && !first->has("client_no_context_takeover");
    const model::Settled expected = {{client_window, client_takeover},
                                     {server_window, server_takeover}};
    return settled == expected ? "" : "not what policy and offer demand";
}

void check(const std::string& offers, const Config& config) {
    const Served served = serve(config, offers);
    std::string fault = fault_in(served, offers, config.deflate);
    if (!served.answer.empty()) {
        DeflateAgreement agreement;
        if (judge(offers, served.answer, agreement) != Violation::none)
            fault = "the client fails";
        else if (agreement != served.agreement)
            fault = "the two sides have agreed on different things";
    }
    if (fault.empty()) return;
    INFO("offered " << offers);
    INFO("answered " << served.answer);
    INFO("send " << int(config.deflate.send.window_bits) << config.deflate.send.takeover
                 << " receive " << int(config.deflate.receive.window_bits)
                 << config.deflate.receive.takeover << " insist " << config.deflate.insist);
    FAIL(fault);
}

// Pieces of elements, most of them wrong.
const std::string_view pieces[] = {
    "; server_no_context_takeover",
    "; client_no_context_takeover",
    "; server_max_window_bits=8",
    "; server_max_window_bits=15",
    "; server_max_window_bits=12",
    "; client_max_window_bits",
    "; client_max_window_bits=9",
    "; client_max_window_bits=15",
    "; server_max_window_bits",
    "; server_max_window_bits=7",
    "; server_max_window_bits=16",
    "; client_max_window_bits=08",
    "; client_max_window_bits=0",
    "; server_no_context_takeover=1",
    "; x",
    "; y=z",
    "; server_max_window_bits=\"10\"",
    "; client_max_window_bits=\"13\"",
};
const std::string_view names[] = {"permessage-deflate", "permessage-deflate", "permessage-deflate",
                                  "foo", "Permessage-Deflate"};

std::string some_element(std::minstd_rand& random, unsigned pieces_max) {
    std::string element(names[random() % std::size(names)]);
    for (auto count = random() % (pieces_max + 1); count > 0; --count)
        element += pieces[random() % std::size(pieces)];
    return element;
}

std::string some_list(std::minstd_rand& random, unsigned elements_max, unsigned pieces_max) {
    std::string list = some_element(random, pieces_max);
    for (auto count = random() % elements_max; count > 0; --count)
        list += ", " + some_element(random, pieces_max);
    return list;
}

}  // namespace

TEST_CASE("for every offer and policy the answer obeys the RFC, and both sides agree on it",
          "[7692-5-08][7692-5-09][7692-5-11][7692-7.1.1.1-03][7692-7.1.2.1-05]"
          "[7692-7.1.2.2-05][7692-7.1.2.2-07][7692-7-04]") {
    const Texts offers = offers_of(8, 1);
    REQUIRE(offers.size() == 360);
    for (const DeflatePolicy& policy : policies_of(8, 1)) {
        const Config config = config_of(policy);
        for (const std::string& offer : offers) check(offer, config);
    }
}

TEST_CASE("of every two offers the first that a policy bears is accepted",
          "[7692-5-03][7692-5-04][7692-7-05]") {
    const Texts offers = offers_of(8, 5);
    for (const DeflatePolicy& policy : policies_of(9, 3)) {
        const Config config = config_of(policy);
        for (const std::string& first : offers)
            for (const std::string& second : offers) check(first + ", " + second, config);
    }
}

TEST_CASE("of offers with anything in them, the first that is right and borne is accepted",
          "[7692-7-01][7692-7-02][7692-7-03][7692-7-05]") {
    const auto policies = policies_of(8, 1);
    std::minstd_rand random(7692);
    for (unsigned count = 0; count < 40'000; ++count)
        check(some_list(random, 4, 3), config_of(policies[random() % policies.size()]));
}

TEST_CASE("a client takes exactly the answers that the RFC lets it take",
          "[7692-7-06][7692-7-07][7692-7-08][7692-7-09][7692-7.1.2.1-07][7692-7.1.2.2-08]"
          "[7692-5-15]") {
    const auto expect = [](const std::string& offers, const std::string& answer) {
        DeflateAgreement agreement;
        const bool takes = judge(offers, answer, agreement) == Violation::none;
        const bool may = model::is_acceptable(answer, offers);
        if (takes == may && (!takes || in_words_of_model(agreement) == model::settled_by(answer)) &&
            agreement.agreed == takes)
            return;
        INFO("offered " << offers);
        INFO("answered " << answer);
        const std::string fault =
            takes ? "it takes what it may not, or agrees on something else" : "it fails";
        FAIL(fault);
    };
    const Texts answers = elements_of(windows("server_max_window_bits", 8, 1, false),
                                      windows("client_max_window_bits", 8, 1, false));
    for (const std::string& offer : offers_of(8, 1))
        for (const std::string& answer : answers) expect(offer, answer);
    const Texts some = offers_of(8, 7);
    const Texts few = elements_of(windows("server_max_window_bits", 7, 4, true),
                                  windows("client_max_window_bits", 7, 4, true));
    for (const std::string& first : some)
        for (const std::string& second : some)
            for (const std::string& answer : few) expect(first + ", " + second, answer);
    std::minstd_rand random(7692);
    for (unsigned count = 0; count < 40'000; ++count)
        expect(some_list(random, 3, 2), some_list(random, 2, 3));
}

TEST_CASE("a client that offers by its policy gets from any server what both can do",
          "[7692-5-05][7692-5-06][7692-5-11][6455-9-04][6455-9.1-05][6455-9.1-06]"
          "[7692-4-02]") {
    const auto policies = policies_of(8, 1);
    std::minstd_rand random(1);
    WatchedPool memory;
    for (const DeflatePolicy& asked : policies) {
        Config client_config = config_of(asked);
        client_config.pool = &memory.pool;
        for (unsigned count = 0; count < 40; ++count) {
            const Config server_config = config_of(policies[random() % policies.size()]);
            const DeflatePolicy& serves = server_config.deflate;
            ClientOpening client(client_config);
            ClientRequest request;
            request.host = "h";
            REQUIRE(client.start(request, Transport::http3) == Refusal::none);
            ServerOpening server(server_config);
            REQUIRE(server.judge({.fields = client.fields(), .transport = Transport::http3}) ==
                    Violation::none);
            REQUIRE(server.accept() == Refusal::none);
            REQUIRE(client.judge({.status = server.status(), .fields = server.fields()}).kind ==
                    HandshakeEventKind::opened);
            const DeflateAgreement& agreed = client.agreement().deflate;
            REQUIRE(agreed == server.agreement().deflate);
            REQUIRE(agreed.agreed);
            REQUIRE(agreed.server ==
                    DeflateDirection{std::min(asked.receive.window_bits, serves.send.window_bits),
                                     asked.receive.takeover && serves.send.takeover});
            REQUIRE(agreed.client ==
                    DeflateDirection{std::min(asked.send.window_bits, serves.receive.window_bits),
                                     asked.send.takeover && serves.receive.takeover});
        }
    }
}
