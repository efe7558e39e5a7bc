// SPDX-License-Identifier: MIT
// The table of violations: every row speaks of its enumerator and says everything it has to say.
#include "hawse/violation.hpp"

#include "hawse/close_code.hpp"
#include "support/catch.hpp"
#include "support/reference.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace hawse::test {
namespace {

// The compiler asks for a line here when there is a new enumerator.
std::string_view enumerator(Violation violation) {
    switch (violation) {
#define NAME(name) \
    case Violation::name: return #name
        NAME(none);
        NAME(reserved_bit);
        NAME(reserved_opcode);
        NAME(fragmented_control);
        NAME(unexpected_continuation);
        NAME(interleaved_message);
        NAME(missing_mask);
        NAME(unexpected_mask);
        NAME(oversized_control);
        NAME(non_minimal_length);
        NAME(length_high_bit);
        NAME(frame_too_large);
        NAME(message_too_large);
        NAME(too_many_fragments);
        NAME(invalid_utf8);
        NAME(truncated_utf8);
        NAME(malformed_deflate);
        NAME(truncated_deflate);
        NAME(distance_too_far);
        NAME(inflation_ratio);
        NAME(truncated_close_code);
        NAME(undefined_close_code);
        NAME(reserved_close_code);
        NAME(invalid_close_reason);
        NAME(malformed_request_line);
        NAME(malformed_status_line);
        NAME(bare_line_feed);
        NAME(bare_carriage_return);
        NAME(malformed_field);
        NAME(space_before_colon);
        NAME(folded_field);
        NAME(forbidden_octet);
        NAME(target_too_long);
        NAME(head_too_large);
        NAME(too_many_fields);
        NAME(malformed_list);
        NAME(unsupported_http_version);
        NAME(outdated_http_version);
        NAME(method_not_get);
        NAME(malformed_target);
        NAME(missing_host);
        NAME(repeated_host);
        NAME(invalid_host);
        NAME(unexpected_content);
        NAME(missing_upgrade);
        NAME(missing_connection_option);
        NAME(missing_version);
        NAME(malformed_version);
        NAME(unsupported_version);
        NAME(missing_key);
        NAME(repeated_key);
        NAME(malformed_key);
        NAME(repeated_origin);
        NAME(malformed_subprotocols);
        NAME(malformed_extensions);
        NAME(early_octets);
        NAME(late_pseudo_field);
        NAME(unknown_pseudo_field);
        NAME(repeated_pseudo_field);
        NAME(missing_pseudo_field);
        NAME(method_not_connect);
        NAME(invalid_scheme);
        NAME(missing_authority);
        NAME(invalid_authority);
        NAME(differing_host);
        NAME(missing_protocol);
        NAME(unsupported_protocol);
        NAME(connection_specific_field);
        NAME(response_outdated_http_version);
        NAME(response_missing_upgrade);
        NAME(response_wrong_upgrade);
        NAME(response_missing_connection_option);
        NAME(response_missing_accept);
        NAME(response_repeated_accept);
        NAME(response_wrong_accept);
        NAME(response_unoffered_extension);
        NAME(response_malformed_extensions);
        NAME(response_repeated_extension);
        NAME(response_unknown_deflate_parameter);
        NAME(response_invalid_deflate_parameter);
        NAME(response_repeated_deflate_parameter);
        NAME(response_unsupported_deflate);
        NAME(response_repeated_subprotocol);
        NAME(response_unoffered_subprotocol);
        NAME(response_missing_subprotocol);
        NAME(response_malformed_pseudo_fields);
        NAME(response_connection_specific_field);
#undef NAME
    }
    return "unknown to this list";
}

template <typename Visitor>
void for_each_violation(Visitor visit) {
    for (std::size_t value = 1; value <= static_cast<std::size_t>(Violation::last); ++value) {
        const auto violation = static_cast<Violation>(value);
        INFO(enumerator(violation));
        visit(violation, describe(violation));
    }
}

bool is_of_frames(Violation violation) { return violation <= Violation::invalid_close_reason; }

TEST_CASE("each row bears the name of its enumerator") {
    std::set<std::string_view> names;
    for_each_violation([&](Violation violation, const ViolationRow& row) {
        CHECK(row.violation == violation);
        CHECK(row.name == enumerator(violation));
        CHECK(name_of(violation) == enumerator(violation));
        CHECK(names.insert(row.name).second);
    });
    CHECK(names.size() == static_cast<std::size_t>(Violation::last));
    CHECK(describe(Violation::none).name == std::string_view("none"));
}

// Digits, then a section, then digits: "6455-5.2-04".
bool is_requirement_id(std::string_view id) {
    const std::size_t first = id.find('-'), last = id.rfind('-');
    if (first == std::string_view::npos || first == last) return false;
    const auto is_digit = [](char character) { return character >= '0' && character <= '9'; };
    const auto are_digits = [&](std::string_view text) {
        return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
    };
    std::string_view section = id.substr(first + 1, last - first - 1);
    for (std::size_t dot; (dot = section.find('.')) != std::string_view::npos;
         section.remove_prefix(dot + 1))
        if (!are_digits(section.substr(0, dot))) return false;
    return id.substr(0, first).size() == 4 && are_digits(id.substr(0, first)) &&
           are_digits(section) && are_digits(id.substr(last + 1));
}

TEST_CASE("each violation names the requirement it breaks") {
    for_each_violation([](Violation, const ViolationRow& row) {
        INFO(row.requirement);
        CHECK(is_requirement_id(row.requirement));
    });
}

TEST_CASE("each sentence is one, in ASCII, with a capital and a period") {
    std::set<std::string_view> sentences;
    for_each_violation([&](Violation, const ViolationRow& row) {
        const std::string_view sentence = row.sentence;
        INFO(sentence);
        REQUIRE(sentence.size() > 10);
        CHECK(sentence.size() <= 100);
        CHECK((sentence.front() >= 'A' && sentence.front() <= 'Z'));
        CHECK(sentence.back() == '.');
        CHECK(sentence[sentence.size() - 2] != '.');
        CHECK(sentence.find("  ") == std::string_view::npos);
        CHECK(std::all_of(sentence.begin(), sentence.end(),
                          [](char character) { return character >= ' ' && character <= '~'; }));
        CHECK(sentences.insert(sentence).second);
    });
}

TEST_CASE("a frame is answered with a code that may be sent, a request with a status",
          "[6455-7.4.1-06][6455-7.4.1-07][6455-7.4.1-08][6455-7.4.1-09]") {
    constexpr unsigned statuses[] = {400, 405, 414, 426, 431, 501, 505};
    for_each_violation([&](Violation violation, const ViolationRow& row) {
        const std::string_view name = row.name;
        const bool of_response =
            name.substr(0, 9) == "response_" || violation == Violation::malformed_status_line;
        if (is_of_frames(violation)) {
            CHECK(is_close_code_sendable(CloseCode{row.code}, Role::server));
            CHECK(is_close_code_sendable(CloseCode{row.code}, Role::client));
        } else if (of_response) {
            CHECK(row.code == 1006);
        } else {
            CHECK(reference::is_one_of(statuses, unsigned{row.code}));
        }
    });
}

TEST_CASE("what is no plain protocol error has a code of its own",
          "[6455-7.4.1-06][6455-7.4.1-07][6455-7.4.1-08][6455-7.4.1-09]") {
    constexpr std::pair<Violation, unsigned> special[] = {
        {Violation::frame_too_large, 1009},    {Violation::message_too_large, 1009},
        {Violation::too_many_fragments, 1008}, {Violation::invalid_utf8, 1007},
        {Violation::truncated_utf8, 1007},     {Violation::invalid_close_reason, 1007},
        {Violation::malformed_deflate, 1007},  {Violation::truncated_deflate, 1007},
        {Violation::distance_too_far, 1007},   {Violation::inflation_ratio, 1009},
        {Violation::target_too_long, 414},     {Violation::head_too_large, 431},
        {Violation::too_many_fields, 431},     {Violation::unsupported_http_version, 505},
        {Violation::method_not_get, 405},      {Violation::missing_upgrade, 426},
        {Violation::unsupported_version, 426},   {Violation::method_not_connect, 405},
        {Violation::unsupported_protocol, 501},
    };
    for_each_violation([&](Violation violation, const ViolationRow& row) {
        const auto* const found =
            std::find_if(std::begin(special), std::end(special),
                         [&](const auto& entry) { return entry.first == violation; });
        if (found != std::end(special))
            CHECK(row.code == found->second);
        else if (is_of_frames(violation))
            CHECK(row.code == 1002);
        else if (row.code != 1006)
            CHECK(row.code == 400);
    });
}

}  // namespace
}  // namespace hawse::test
