// SPDX-License-Identifier: MIT
// hawse-echo: says every message back, and serves a page from which to try it. Here its arguments,
// its port and its share of file descriptors; echo_server.cpp is where the engine is driven.
#include "arguments.hpp"
#include "deflate_parameters.hpp"
#include "echo_server.hpp"
#include "secret_file.hpp"
#include "sockets.hpp"
#include "tls.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <sys/resource.h>

namespace {

constexpr std::string_view usage =
    "usage: hawse-echo [--host HOST] [--port PORT] [--max-message N]\n"
    "                  [--deflate=PARAMETERS] [--deflate-insist] [--no-deflate]\n"
    "                  [--statistics] [--tls CERT KEY] [--token-file FILE | --token SECRET]\n"
    "Echoes every message. A browser that opens the address gets a page to try it with.\n"
    "  --host HOST      the address to listen on (127.0.0.1)\n"
    "  --port PORT      the port; 0 picks one (9001)\n"
    "  --max-message N  the largest message accepted, in octets (16777216)\n"
    "  --deflate=P      how messages are compressed (permessage-deflate): P holds parameters of\n"
    "                   RFC 7692 to keep to and to ask for, with ';' between them:\n"
    "                   server_max_window_bits=BITS, client_max_window_bits=BITS,\n"
    "                   server_no_context_takeover, client_no_context_takeover; BITS are 8 to 15\n"
    "  --deflate-insist  decline to compress with clients that cannot keep to it\n"
    "  --no-deflate     decline to compress messages\n"
    "  --statistics     a line per second on standard error\n"
    "  --tls CERT KEY   speak https and wss: a certificate, those that vouch for it behind it, "
    "and\n"
    "                   its key, in PEM files\n"
    "  --token-file FILE  let only those in who say the first line of FILE, as 'Authorization:\n"
    "                   Bearer SECRET' or with '?token=SECRET' behind the address; anyone may see\n"
    "                   the page\n"
    "  --token SECRET   the same, but every user of this machine can see the secret: for trying\n";

struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 9001;
    std::string certificate;  ///< none: no TLS
    std::string key;
    examples::EchoOptions echo;
};

/// What `parameters` say; ends the program when they say it wrong.
hawse::DeflateAgreement read_parameters(const examples::Arguments& arguments,
                                        std::string_view parameters) {
    hawse::DeflateAgreement wanted;
    const auto problem = examples::read_deflate(parameters, false, wanted);
    if (!problem.empty()) arguments.fail("--deflate: " + problem);
    return wanted;
}

Options read_options(int count, char** values) {
    examples::Arguments arguments(count, values, "hawse-echo", usage);
    Options options;
    hawse::DeflateAgreement wanted = {.agreed = true};
    bool insist = false;
    for (std::string_view value; arguments.next();) {
        if (arguments.option("--host", value)) {
            options.host = value;
        } else if (arguments.option("--port", value)) {
            options.port =
                static_cast<std::uint16_t>(arguments.number("--port", value, 0, UINT16_MAX));
        } else if (arguments.option("--max-message", value)) {
            options.echo.message_size_max = arguments.number("--max-message", value, 0, 1U << 31);
        } else if (arguments.option("--deflate", value)) {
            wanted = read_parameters(arguments, value);
        } else if (arguments.flag("--deflate-insist")) {
            insist = true;
        } else if (arguments.flag("--no-deflate")) {
            wanted.agreed = false;
        } else if (arguments.flag("--statistics")) {
            options.echo.statistics = true;
        } else if (arguments.option("--tls", value)) {
            options.certificate = value;
            options.key = arguments.second_value("--tls");
        } else if (arguments.option("--token", value)) {
            if (value.empty()) arguments.fail("--token is a secret of at least one character");
            options.echo.token = value;
        } else if (arguments.option("--token-file", value)) {
            if (!examples::read_secret(std::string(value), options.echo.token))
                arguments.fail("--token-file is a file whose first line is a secret");
        } else if (arguments.operand(value)) {
            arguments.fail("hawse-echo takes no operand");
        } else {
            arguments.unknown();
        }
    }
    options.echo.deflate = examples::server_policy(wanted);
    options.echo.deflate.insist = insist;
    return options;
}

/// Every connection is a file descriptor, and the usual soft limit allows 1024.
void raise_file_limit() {
    constexpr rlim_t wanted = 16384;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    if (limit.rlim_cur < wanted)
        std::fprintf(stderr,
                     "hawse-echo: the file limit is %llu, and cannot be raised to %llu: no more "
                     "connections than that at once\n",
                     static_cast<unsigned long long>(limit.rlim_cur),
                     static_cast<unsigned long long>(wanted));
}

int fail(const std::string& problem) {
    std::fprintf(stderr, "hawse-echo: %s\n", problem.c_str());
    return EXIT_FAILURE;
}

}  // namespace

int main(int count, char** values) {
    const auto options = read_options(count, values);
    raise_file_limit();
    std::unique_ptr<examples::Tls> tls;
    if (!options.certificate.empty()) {
        std::string problem;
        tls = examples::Tls::for_server(options.certificate, options.key, problem);
        if (tls == nullptr) return fail(problem);
    }
    const auto listener = examples::listen_on(options.host, options.port);
    if (listener.descriptor < 0) return fail(listener.problem);
    examples::EchoServer server(options.echo, listener.descriptor, tls.get());
    const bool is_bare_ipv6 =
        options.host.find(':') != std::string::npos && !options.host.starts_with('[');
    std::printf(is_bare_ipv6 ? "listening on %s://[%s]:%u\n" : "listening on %s://%s:%u\n",
                tls == nullptr ? "http" : "https", options.host.c_str(),
                static_cast<unsigned>(listener.port));
    std::fflush(stdout);
    return server.run();
}
