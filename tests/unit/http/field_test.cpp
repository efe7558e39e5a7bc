// SPDX-License-Identifier: MIT
#include "http/field.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace hawse;
using namespace hawse::http;

namespace {

std::vector<Field> lines(std::initializer_list<std::string_view> values) {
    std::vector<Field> fields = {{"Host", "x"}};
    for (const auto value : values) fields.push_back({"LIST", value});
    return fields;
}

ListShape shape(std::initializer_list<std::string_view> values, std::uint32_t empty_max = 4) {
    return check_list(lines(values), "list", is_token, empty_max);
}

// "a{b=c,d},e{}", with "!" behind it when the list is malformed.
std::string read_extensions(const std::vector<Field>& fields, std::uint32_t empty_max = 4) {
    ExtensionReader reader(fields, "list", empty_max);
    Extension extension;
    std::string text;
    Reading reading = Reading::found;
    while ((reading = reader.next(extension)) == Reading::found) {
        text += std::string(extension.name) + "{";
        ExtensionParameter parameter;
        ParameterReader parameters = extension.parameters;
        while (parameters.next(parameter) == Reading::found) {
            char value[64];
            const std::size_t size = parameter.read_value(value);
            text += std::string(parameter.name);
            if (parameter.has_value) text += "=" + std::string(value, std::min(size, sizeof value));
            text += ";";
        }
        text += "}";
    }
    REQUIRE(reader.next(extension) == reading);  // stays so
    return text + (reading == Reading::malformed ? "!" : "");
}

std::string read_extensions(std::string_view value) {
    const std::vector<char> octets(value.begin(), value.end());  // nothing behind its end
    return read_extensions(lines({{octets.data(), octets.size()}}));
}

}  // namespace

TEST_CASE("a token has no separator, control or octet beyond ASCII", "[9110-5.6.2-01]") {
    const std::string_view token =
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int octet = 0; octet < 256; ++octet) {
        const char character = static_cast<char>(octet);
        const bool expected = token.find(character) != std::string_view::npos;
        REQUIRE(is_token_character(character) == expected);
        REQUIRE(is_token(std::string_view(&character, 1)) == expected);
    }
    REQUIRE(is_token(token));
    REQUIRE_FALSE(is_token(""));
    REQUIRE_FALSE(is_token("a b"));
}

TEST_CASE("a protocol is a token with or without a version") {
    REQUIRE(is_protocol("websocket"));
    REQUIRE(is_protocol("HTTP/2.0"));
    REQUIRE_FALSE(is_protocol("/1"));
    REQUIRE_FALSE(is_protocol("a/"));
    REQUIRE_FALSE(is_protocol("a/b/c"));
    REQUIRE_FALSE(is_protocol(""));
}

TEST_CASE("a field value holds no control character but HTAB", "[9110-5.5-02][9110-5.5-03]") {
    for (int octet = 0; octet < 256; ++octet) {
        const char character = static_cast<char>(octet);
        const bool expected = octet == '\t' || (octet >= 0x20 && octet != 0x7F);
        REQUIRE(is_field_value(std::string_view(&character, 1)) == expected);
    }
    REQUIRE(is_field_value(""));
}

TEST_CASE("letters of ASCII alone are compared without case",
          "[6455-4.1-55][9110-5.1-01][6455-2.1-02]") {
    REQUIRE(equals_ignoring_case("SEC-websocket-KEY", "sec-WebSocket-key"));
    REQUIRE_FALSE(equals_ignoring_case("a", "ab"));
    REQUIRE_FALSE(equals_ignoring_case("[", "{"));
    REQUIRE_FALSE(equals_ignoring_case("\xC4", "\xE4"));
    REQUIRE_FALSE(equals_ignoring_case("@", "`"));
}

TEST_CASE("white space around a value is no part of it", "[9112-5.1-02][9110-5.5-01]") {
    REQUIRE(trim(" \t a b\t ") == "a b");
    REQUIRE(trim(" \t ").empty());
    REQUIRE(trim("").empty());
    REQUIRE(trim("\x0B"
                 "a") == "\x0B"
                         "a");
}

TEST_CASE("a list may stand on several lines and in any white space", "[9110-5.2-01]") {
    REQUIRE(shape({"a"}) == ListShape::well_formed);
    REQUIRE(shape({" a ,\tb", "c"}) == ListShape::well_formed);
    REQUIRE(check_list(lines({}), "list", is_token, 4) == ListShape::absent);
    REQUIRE(has_element(lines({"keep-alive", "x, UPgrade"}), "List", "upgrade"));
    REQUIRE_FALSE(has_element(lines({"notupgrade", "upgrade2"}), "List", "upgrade"));
    const auto none = lines({});
    TokenList elements(none, "list");
    REQUIRE(elements.next().empty());
    const auto fields = lines({",a, ,b ,", "", "c"});
    TokenList three(fields, "list");
    REQUIRE(three.next() == "a");
    REQUIRE(three.next() == "b");
    REQUIRE(three.next() == "c");
    REQUIRE(three.next().empty());
    REQUIRE(three.next().empty());
}

TEST_CASE("empty elements are tolerated up to a bound, counted over all lines",
          "[9110-5.6.1.2-01]") {
    REQUIRE(shape({"a,,b"}, 1) == ListShape::well_formed);
    REQUIRE(shape({"a,,b"}, 0) == ListShape::malformed);
    REQUIRE(shape({", a,"}, 2) == ListShape::well_formed);
    REQUIRE(shape({", a,"}, 1) == ListShape::malformed);
    REQUIRE(shape({"a", "", "b"}, 1) == ListShape::well_formed);
    REQUIRE(shape({"a,", "", "b"}, 1) == ListShape::malformed);
}

TEST_CASE("a list without an element is malformed", "[9110-5.6.1.2-02]") {
    REQUIRE(shape({""}) == ListShape::malformed);
    REQUIRE(shape({" , ,"}) == ListShape::malformed);
    REQUIRE(shape({"", ""}) == ListShape::malformed);
    REQUIRE(shape({"a b"}) == ListShape::malformed);
    REQUIRE(shape({"a", "\"b\""}) == ListShape::malformed);
    REQUIRE(shape({"a;b"}) == ListShape::malformed);
}

TEST_CASE("extensions and their parameters are read in order",
          "[6455-9.1-02][9110-5.6.6-01][9110-5.6.3-01][6455-4.3-07][6455-9.1-03]") {
    REQUIRE(read_extensions("a") == "a{}");
    REQUIRE(read_extensions("a; b; c=d, e") == "a{b;c=d;}e{}");
    REQUIRE(read_extensions(" a\t; b =\t1 ;c , d ") == "a{b=1;c;}d{}");
    REQUIRE(read_extensions("a;b=\"1\"") == "a{b=1;}");
    REQUIRE(read_extensions("a;b=\"1\" , c") == "a{b=1;}c{}");
    REQUIRE(read_extensions(", ,a, ,") == "a{}");
    REQUIRE(read_extensions(lines({"foo", "bar;x"})) == "foo{}bar{x;}");
    REQUIRE(read_extensions(lines({})).empty());
}

TEST_CASE("a quoted value counts as what it says once unescaped", "[9110-5.6.4-01]") {
    REQUIRE(read_extensions("a;b=\"\\1\\0\"") == "a{b=10;}");
    ExtensionParameter parameter{"b", "\\1\\0x", true};
    char two[2];
    REQUIRE(parameter.read_value(two) == 3);  // the whole size, as far as it fits
    REQUIRE(std::string(two, 2) == "10");
    parameter.value = "1\\";  // which no reader has found: there is nothing behind it to mean
    REQUIRE(parameter.read_value(two) == 2);
    REQUIRE(std::string(two, 2) == "1\\");
}

TEST_CASE("a parameter list that is malformed stays so, wherever it could go on") {
    ParameterReader parameters("; =1; b=2");
    ExtensionParameter parameter;
    REQUIRE(parameters.next(parameter) == Reading::malformed);
    REQUIRE(parameters.next(parameter) == Reading::malformed);
}

TEST_CASE("what breaks the extension grammar makes the whole field malformed",
          "[6455-9.1-01][6455-9.1-03][6455-4.3-06]") {
    for (const std::string_view value : {"",
                                         " ",
                                         ",",
                                         "a;",
                                         "a; ",
                                         "a;;b",
                                         "a;b=",
                                         "a;b= ",
                                         "a;=b",
                                         "a b",
                                         "a;b c",
                                         "a;b=c d",
                                         "a;b=\"",
                                         "a;b=\"c",
                                         "a;b=\"\"",
                                         "a;b=\"c d\"",
                                         "a;b=\"c\\\"",
                                         "a;b=\"c\"d",
                                         "a;b=\"\\",
                                         "a;b=\"c,d\"",
                                         "a;b=\"\\\"\"",
                                         "a=b",
                                         "(a)",
                                         "\x80\xFF",
                                         "a;b=\"\x80\"",
                                         ";a",
                                         "a,;b",
                                         "a;b=c=d",
                                         "\"a\"",
                                         "a;\"b\"",
                                         "a/b"}) {
        INFO(value);
        REQUIRE(read_extensions(value).back() == '!');
    }
    REQUIRE(read_extensions("good; x, bad;") == "good{x;}!");
    REQUIRE(read_extensions(lines({"a", "b;"})) == "a{}!");
    REQUIRE(read_extensions(lines({"a,,b"}), 1) == "a{}b{}");
    REQUIRE(read_extensions(lines({"a,,b"}), 0) == "a{}!");
    REQUIRE(read_extensions(lines({"a", ""}), 0) == "a{}!");
}

TEST_CASE("long lists of commas, quotes and backslashes end at once or in linear time",
          "[9110-5.6.1.2-01]") {
    for (const char character : {',', '"', '\\', ';', ' ', 'a'}) {
        const std::string value = "a;b=" + std::string(500'000, character);
        const bool expected = character == 'a';
        REQUIRE((read_extensions(lines({value}), 4).back() != '!') == expected);
        REQUIRE(shape({value}) == ListShape::malformed);
    }
    std::string many = "x";
    for (int index = 0; index < 50'000; ++index) many += ";p" + std::to_string(index) + "=1";
    REQUIRE(read_extensions(many).back() == '}');
}

TEST_CASE("an extension list is searched for a name, octet for octet") {
    const Field fields[] = {{"E", "a;b=c, ,d"}, {"X", "x"}, {"e", "f;g"}};
    for (const std::string_view name : {"a", "d", "f"}) REQUIRE(names_extension(fields, "E", name, 1));
    for (const std::string_view name : {"", "b", "c", "A", "x", "g", "a;b=c"})
        REQUIRE_FALSE(names_extension(fields, "E", name, 1));
    REQUIRE_FALSE(names_extension({}, "E", "a", 1));
    REQUIRE(names_extension(fields, "E", "a", 0));  // before what is malformed then
    REQUIRE_FALSE(names_extension(fields, "E", "d", 0));
}

TEST_CASE("an extension list is absent, malformed or well-formed", "[6455-9.1-01]") {
    const auto shape = [](std::initializer_list<std::string_view> values) {
        std::vector<Field> fields = {{"X", ";"}};
        for (const auto value : values) fields.push_back({"E", value});
        return check_extensions(fields, "e", 1);
    };
    REQUIRE(shape({}) == ListShape::absent);
    REQUIRE(shape({"a"}) == ListShape::well_formed);
    REQUIRE(shape({"a;b, c", "d"}) == ListShape::well_formed);
    REQUIRE(shape({"", "a"}) == ListShape::well_formed);
    for (const std::string_view value : {"", ",", "a;", "a,,,b"})
        REQUIRE(shape({value}) == ListShape::malformed);
    REQUIRE(shape({"a", "b;"}) == ListShape::malformed);
}
