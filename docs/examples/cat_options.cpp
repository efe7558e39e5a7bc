// SPDX-License-Identifier: MIT
#include "cat_options.hpp"

#include "arguments.hpp"
#include "deflate_parameters.hpp"
#include "secret_file.hpp"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace examples {

namespace {

constexpr std::string_view tool = "hawse-cat";
constexpr std::string_view usage =
    "usage: hawse-cat [--binary] [--subprotocol LIST]... [--header 'NAME: VALUE']...\n"
    "                 [--origin ORIGIN] [--ping-every SECONDS] [--timeout SECONDS]\n"
    "                 [--max-message N] [--deflate[=PARAMETERS]] [--ca FILE] [--insecure]\n"
    "                 [--proxy ADDRESS] [--reconnect[=N]] [--reconnect-first SECONDS]\n"
    "                 [--reconnect-most SECONDS] URL\n"
    "Sends each line of standard input as a message and prints each message that comes.\n"
    "  --binary              send binary messages, not text; those that come are printed in\n"
    "                        hexadecimal either way\n"
    "  --subprotocol LIST    offer these, most wanted first\n"
    "  --header FIELD        a further field of the request\n"
    "  --origin ORIGIN       the Origin field of the request\n"
    "  --ping-every SECONDS  send a ping when nothing came for so long\n"
    "  --timeout SECONDS     how long opening may take (proxy and TLS included), and closing\n"
    "                        (10)\n"
    "  --max-message N       the longest message accepted, and line sent, in octets (16777216)\n"
    "  --deflate[=P]         offer to compress messages (permessage-deflate), and say what was\n"
    "                        agreed. P, if any, holds parameters of RFC 7692, with ';' between\n"
    "                        them: server_max_window_bits=BITS, client_max_window_bits[=BITS],\n"
    "                        server_no_context_takeover, client_no_context_takeover; BITS are 8\n"
    "                        to 15\n"
    "  --ca FILE             wss://: trust the authorities in this PEM file, not the system's\n"
    "  --insecure            wss://: accept any certificate: anyone may listen\n"
    "  --proxy ADDRESS       go through an HTTP proxy: [http://][USER:PASSWORD@]HOST:PORT\n"
    "  --reconnect[=N]       when the connection is lost, or cannot be made, try again, at most\n"
    "                        N times in a row\n"
    "  --reconnect-first S   the longest wait before the first attempt, in seconds; later ones\n"
    "                        double it. A connection that lasts so long counts as a success (5)\n"
    "  --reconnect-most S    the longest wait of all (60)\n"
    "Every user of this machine can see a command line: for secrets --header and --proxy take\n"
    "@FILE as well, and then the first line of FILE.\n"
    "With --reconnect a line goes out once at most: one that was not written through when the\n"
    "connection was lost is sent on the next one, and one that was written is not sent again,\n"
    "although it may have been lost on its way. Where answers to the server's pings may have\n"
    "overtaken lines, those that may have been written are not sent again either, and a sentence\n"
    "names them. It ends when standard input has ended and all of\n"
    "it was sent, when the server closes with 1000 or another code that stands for good, and when\n"
    "it refuses with a status that will not change (401, 403, 404 ...). SIGINT ends at once.\n";

hawse::Duration read_seconds(const Arguments& arguments, std::string_view name,
                             std::string_view value) {
    const std::string text(value);
    char* end = nullptr;
    const double count = std::strtod(text.c_str(), &end);
    constexpr double most = 1e9;  // 30 years; a Duration holds 292
    const bool is_number = !text.empty() && *end == '\0' && std::isfinite(count);
    if (!is_number || count < 0.001 || count > most)
        arguments.fail(std::string(name) + " is a number of seconds, at least 0.001");
    return hawse::nanoseconds(static_cast<std::int64_t>(count * 1e9));
}

hawse::Field read_field(const Arguments& arguments, std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) arguments.fail("--header is 'Name: value'");
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    return {line.substr(0, colon), value};
}

/// `value`, or for @FILE the first line of that file.
std::string_view read_value(const Arguments& arguments, CatOptions& options,
                            std::string_view value) {
    if (!value.starts_with('@')) return value;
    const std::string name(value.substr(1));
    if (!read_secret(name, options.secrets.emplace_back()))
        arguments.fail("cannot read a first line from " + name);
    return options.secrets.back();
}

/// The options that say what is compressed.
bool read_compression(Arguments& arguments, CatOptions& options) {
    std::string_view value;
    if (!arguments.flag("--deflate") && !arguments.option("--deflate", value)) return false;
    const auto problem = read_deflate(value, true, options.deflate);
    if (!problem.empty()) arguments.fail("--deflate: " + problem);
    return true;
}

/// The options that say how to reach the server.
bool read_way(Arguments& arguments, CatOptions& options) {
    std::string_view value;
    if (arguments.option("--ca", value)) {
        if (value.empty()) arguments.fail("--ca is the name of a file");
        options.trust.authorities = value;
    } else if (arguments.flag("--insecure")) {
        options.trust.verify = false;
    } else if (arguments.option("--proxy", value)) {
        if (!read_proxy(read_value(arguments, options, value), options.proxy.emplace()))
            arguments.fail("--proxy is [http://][USER:PASSWORD@]HOST:PORT, or @FILE");
    } else {
        return false;
    }
    return true;
}

/// The options that say when to try again.
bool read_backoff(Arguments& arguments, CatOptions& options) {
    std::string_view value;
    if (arguments.flag("--reconnect")) {
        options.backoff.attempt_count_max = 0;
    } else if (arguments.option("--reconnect", value)) {
        options.backoff.attempt_count_max =
            static_cast<std::uint32_t>(arguments.number("--reconnect", value, 1, UINT32_MAX));
    } else if (arguments.option("--reconnect-first", value)) {
        options.backoff.first = read_seconds(arguments, "--reconnect-first", value);
    } else if (arguments.option("--reconnect-most", value)) {
        options.backoff.most = read_seconds(arguments, "--reconnect-most", value);
    } else {
        return false;
    }
    options.reconnects = true;
    return true;
}

}  // namespace

hawse::ClientRequest CatOptions::request() const noexcept {
    return {.host = url.host,
            .port = url.port,
            .secure = url.secure,
            .target = url.target,
            .origin = origin,
            .subprotocols = subprotocols,
            .fields = fields};
}

CatOptions read_cat_options(int count, char** values) {
    Arguments arguments(count, values, tool, usage);
    CatOptions options;
    std::string_view url;
    for (std::string_view value; arguments.next();) {
        if (arguments.flag("--binary")) {
            options.binary = true;
        } else if (arguments.option("--subprotocol", value)) {
            for_each_element(value,
                             [&](std::string_view name) { options.subprotocols.push_back(name); });
        } else if (arguments.option("--header", value)) {
            options.fields.push_back(read_field(arguments, read_value(arguments, options, value)));
        } else if (arguments.option("--origin", value)) {
            options.origin = value;
        } else if (arguments.option("--ping-every", value)) {
            options.ping_every = read_seconds(arguments, "--ping-every", value);
        } else if (arguments.option("--timeout", value)) {
            options.patience = read_seconds(arguments, "--timeout", value);
        } else if (arguments.option("--max-message", value)) {
            options.message_size_max = arguments.number("--max-message", value, 0, 1U << 31);
        } else if (arguments.operand(value)) {
            if (!url.empty()) arguments.fail("more than one URL");
            url = value;
        } else if (!read_compression(arguments, options) && !read_way(arguments, options) &&
                   !read_backoff(arguments, options)) {
            arguments.unknown();
        }
    }
    if (url.empty()) arguments.fail("the URL is missing");
    if (const auto refusal = hawse::parse_url(url, options.url); refusal != hawse::Refusal::none)
        arguments.fail(hawse::describe(refusal));
    return options;
}

void refuse_cat_options(const char* sentence) { Arguments(0, nullptr, tool, usage).fail(sentence); }

}  // namespace examples
