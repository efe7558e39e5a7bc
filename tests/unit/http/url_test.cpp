// SPDX-License-Identifier: MIT
#include "hawse/url.hpp"
#include "http/authority.hpp"
#include "support/catch.hpp"

#include <string>

using namespace hawse;

namespace {

std::string parse(std::string_view text) {
    Url url;
    if (parse_url(text, url) != Refusal::none) return "refused";
    return std::string(url.secure ? "secure " : "plain ") + std::string(url.host) + " " +
           std::to_string(url.port) + " " + std::string(url.target);
}

}  // namespace

TEST_CASE("a URL gives host, port, security and target", "[6455-3-01][6455-3-02][6455-3-03]") {
    REQUIRE(parse("ws://example.com") == "plain example.com 80 ");
    REQUIRE(parse("wss://example.com") == "secure example.com 443 ");
    REQUIRE(parse("WSS://Example.com/") == "secure Example.com 443 /");
    REQUIRE(parse("ws://example.com:8080/chat?a=b") == "plain example.com 8080 /chat?a=b");
    REQUIRE(parse("wss://example.com:80?q") == "secure example.com 80 ?q");
    REQUIRE(parse("ws://[::1]:9000/x") == "plain [::1] 9000 /x");
    REQUIRE(parse("ws://[2001:db8::7]/") == "plain [2001:db8::7] 80 /");
    REQUIRE(parse("ws://127.0.0.1:65535/") == "plain 127.0.0.1 65535 /");
    REQUIRE(parse("ws://h:/") == "plain h 80 /");
    REQUIRE(parse("ws://h/a:b@c?d/e") == "plain h 80 /a:b@c?d/e");
    REQUIRE(parse("ws://h/%23") == "plain h 80 /%23");
    REQUIRE(parse("ws://h:080/") == "plain h 80 /");
}

TEST_CASE("what is no ws or wss URL is refused",
          "[6455-3-01][6455-3-05][6455-4.1-03][9110-4.2.4-01][6455-11.1.1-02][6455-11.1.2-02]"
          "[6455-11.1.1-01][6455-11.1.2-01]") {
    for (const std::string_view text : {"",
                                        "ws:",
                                        "ws:/",
                                        "ws://",
                                        "ws:///",
                                        "ws://:80/",
                                        "http://h/",
                                        "wsss://h/",
                                        "w://h",
                                        "ws//h",
                                        " ws://h/",
                                        "ws://h/ ",
                                        "ws://h/a b",
                                        "ws://h/#f",
                                        "ws://h#f",
                                        "ws://h?#",
                                        "ws://u@h/",
                                        "ws://u:p@h/",
                                        "ws://h:0/",
                                        "ws://h:65536/",
                                        "ws://h:99999999999999999999/",
                                        "ws://h:8a/",
                                        "ws://h:-1/",
                                        "ws://h:+1/",
                                        "ws://h:1:2/",
                                        "ws://[::1/",
                                        "ws://[::1]x/",
                                        "ws://[::1]]/",
                                        "ws://::1/",
                                        "ws://[]/",
                                        "ws://h\\x/",
                                        "ws://a b/",
                                        "ws://h/\r\nX: y",
                                        "ws://h\n/",
                                        "ws://h/\x80",
                                        "ws://h/\x7F",
                                        "ws://\x80/",
                                        "ws://h%/",
                                        "ws://h%2/",
                                        "ws://h%zz/",
                                        "ws://h/\t",
                                        "ws://[fe80::1%25eth0]/",
                                        "ws://[1.2.3.4]/"}) {
        INFO(text);
        REQUIRE(parse(text) == "refused");
        const std::string secure = "wss" + std::string(text.substr(text.starts_with("ws") ? 2 : 0));
        REQUIRE(parse(secure) == "refused");
    }
    REQUIRE(parse(std::string_view("ws://h/\0x", 9)) == "refused");
    Url url;
    url.port = 7;
    REQUIRE(parse_url("ws://h:x/", url) == Refusal::invalid_url);
    REQUIRE(url.port == 7);
}

TEST_CASE("the parts of a URL make it again, for whom a proxy's script asks", "[6455-4.1-12]") {
    for (const std::string_view text :
         {"ws://h", "wss://h/", "ws://Example.com:8080/chat?a=b", "wss://[::1]:9000?q",
          "ws://h:443/a%20b", "wss://h:80/", "ws://127.0.0.1/?"}) {
        Url url, again;
        REQUIRE(parse_url(text, url) == Refusal::none);
        const std::string rebuilt = (url.secure ? "wss://" : "ws://") + std::string(url.host) + ":" +
                                    std::to_string(url.port) + std::string(url.target);
        REQUIRE(parse_url(rebuilt, again) == Refusal::none);
        REQUIRE(again.secure == url.secure);
        REQUIRE(again.host == url.host);
        REQUIRE(again.port == url.port);
        REQUIRE(again.target == url.target);
    }
}

TEST_CASE("a host is a name, an IPv4 or an IPv6 address", "[9112-3.2-05]") {
    for (const std::string_view text :
         {"a", "a.b-c_d~e", "1.2.3.4", "999.1", "a%20b", "x!$&'()*+,;=", "[::]", "[::1]", "[1::]",
          "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7::]", "[::2:3:4:5:6:7:8]", "[1::8]", "[1:2::7:8]",
          "[::1.2.3.4]", "[1:2:3:4:5:6:1.2.3.4]", "[::1:2:3:4:5:1.2.3.4]", "[ABCD:ef01::]",
          "[::ffff:255.0.10.255]"}) {
        INFO(text);
        REQUIRE(http::is_host(text));
    }
    for (const std::string_view text : {"",
                                        " ",
                                        "a b",
                                        "a/b",
                                        "a?b",
                                        "a#b",
                                        "a@b",
                                        "a:b",
                                        "a\\b",
                                        "a\"b",
                                        "<a>",
                                        "a%",
                                        "a%1",
                                        "a%1g",
                                        "[",
                                        "]",
                                        "[]",
                                        "[:]",
                                        "[:::]",
                                        "[::1",
                                        "::1",
                                        "[1]",
                                        "[1:2:3:4:5:6:7]",
                                        "[1::2::3]",
                                        "[1:2:3:4:5:6:7:8:9]",
                                        "[1:2:3:4:5:6:7:8:]",
                                        "[:1:2:3:4:5:6:7]",
                                        "[1::2:3:4:5:6:7:8]",
                                        "[12345::]",
                                        "[g::]",
                                        "[1:]",
                                        "[1.2.3.4::]",
                                        "[::1.2.3]",
                                        "[::1.2.3.4.5]",
                                        "[::1.2.3.256]",
                                        "[::01.2.3.4]",
                                        "[::1.2.3.]",
                                        "[::1..3.4]",
                                        "[1:2:3:4:5:6:7:1.2.3.4]",
                                        "[1:2:3:4:5:1.2.3.4]",
                                        "[::1:2:3:4:5:6:1.2.3.4]",
                                        "[v1.x]",
                                        "[::1]x",
                                        "a\x80",
                                        "[1: 2::]"}) {
        INFO(text);
        REQUIRE_FALSE(http::is_host(text));
    }
}
