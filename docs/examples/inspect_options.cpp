// SPDX-License-Identifier: MIT
#include "inspect_options.hpp"

#include "hawse/accept_key.hpp"
#include "hawse/bytes.hpp"
#include "arguments.hpp"
#include "deflate_parameters.hpp"
#include "hex.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#endif

namespace examples {

namespace {

constexpr std::string_view tool = "hawse-inspect";
constexpr std::string_view usage =
    "usage: hawse-inspect --role server|client [--handshake [--key BASE64] [--subprotocol LIST]]\n"
    "                     [--deflate[=PARAMETERS]] [--max-message N] [--read-size N]\n"
    "                     [--mask-key HEX] [--end] [--hex] [FILE|-]\n"
    "Reads the octets that one side received and prints one JSON object per event.\n"
    "  --role ROLE         the side that received them\n"
    "  --handshake         they begin with the opening handshake\n"
    "  --key BASE64        the key a client sent (dGhlIHNhbXBsZSBub25jZQ==)\n"
    "  --subprotocol LIST  what a client offered, or a server accepts\n"
    "  --deflate[=P]       messages may be compressed (permessage-deflate): they are shown "
    "inflated,\n"
    "                      with their octets on the wire and what those became. P holds "
    "parameters\n"
    "                      of RFC 7692, with ';' between them: server_max_window_bits=BITS,\n"
    "                      client_max_window_bits=BITS, server_no_context_takeover,\n"
    "                      client_no_context_takeover; BITS are 8 to 15, and 15 where P is "
    "silent.\n"
    "                      They are what was agreed; with --handshake they are what a client\n"
    "                      offers (client_max_window_bits may then do without BITS) or a server\n"
    "                      keeps to and asks for, and what the handshake agrees on counts\n"
    "  --max-message N     the largest message accepted, in octets (1048576)\n"
    "  --read-size N       octets given to the engine at a time (all)\n"
    "  --mask-key HEX      the key of every frame a client sends (37fa213d)\n"
    "  --end               after the octets, the transport ends\n"
    "  --hex               the octets are written in hexadecimal, white space ignored\n";

constexpr std::string_view sample_key = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455 §1.3

/// The nonce that a client sends as `key`; none when no client would send it so.
std::optional<Nonce> read_key(std::string_view key) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!hawse::is_handshake_key(key)) return std::nullopt;
    Nonce nonce;
    std::uint32_t bits = 0;
    std::size_t bit_count = 0;
    std::size_t size = 0;
    for (const char character : key.substr(0, 22)) {
        bits = bits << 6 | static_cast<std::uint32_t>(alphabet.find(character));
        bit_count += 6;
        if (bit_count < 8) continue;
        bit_count -= 8;
        nonce[size++] = static_cast<std::byte>(bits >> bit_count & 0xFF);
    }
    // A key with pad bits stands for a nonce, but is not what that nonce is sent as.
    const auto sent = hawse::handshake_key(nonce);
    if (std::string_view(sent.data(), sent.size()) != key) return std::nullopt;
    return nonce;
}

}  // namespace

/// What `parameters` say; ends the program when they say it wrong.
hawse::DeflateAgreement read_parameters(const Arguments& arguments, std::string_view parameters,
                                        bool is_offer) {
    hawse::DeflateAgreement agreement;
    const auto problem = read_deflate(parameters, is_offer, agreement);
    if (!problem.empty()) arguments.fail("--deflate: " + problem);
    return agreement;
}

InspectOptions read_inspect_options(int count, char** values) {
    Arguments arguments(count, values, tool, usage);
    InspectOptions options;
    options.nonce = *read_key(sample_key);
    bool has_path = false;
    bool needs_handshake = false;
    std::optional<std::string_view> parameters;  // judged when it is known what they stand for
    for (std::string_view value; arguments.next();) {
        if (arguments.option("--role", value)) {
            if (value != "server" && value != "client")
                arguments.fail("--role is server or client");
            options.role = value == "server" ? hawse::Role::server : hawse::Role::client;
        } else if (arguments.flag("--handshake")) {
            options.handshake = true;
        } else if (arguments.option("--key", value)) {
            const auto nonce = read_key(value);
            if (!nonce) arguments.fail("--key is 16 octets in base64");
            options.nonce = *nonce;
            needs_handshake = true;
        } else if (arguments.option("--subprotocol", value)) {
            for_each_element(value,
                             [&](std::string_view name) { options.subprotocols.push_back(name); });
            if (options.subprotocols.empty()) arguments.fail("--subprotocol names none");
            needs_handshake = true;
        } else if (arguments.flag("--deflate")) {
            parameters = "";
        } else if (arguments.option("--deflate", value)) {
            parameters = value;
        } else if (arguments.option("--max-message", value)) {
            options.message_size_max = arguments.number("--max-message", value, 0, UINT64_MAX);
        } else if (arguments.option("--read-size", value)) {
            options.read_size = arguments.number("--read-size", value, 1, SIZE_MAX);
        } else if (arguments.option("--mask-key", value)) {
            options.mask_key.clear();
            if (value.size() != 8 || !read_hex(value, options.mask_key) ||
                options.mask_key.size() != 4)
                arguments.fail("--mask-key is 8 hexadecimal digits");
        } else if (arguments.flag("--end")) {
            options.end = true;
        } else if (arguments.flag("--hex")) {
            options.hex = true;
        } else if (arguments.operand(value)) {
            if (has_path) arguments.fail("more than one file");
            has_path = true;
            options.path = value;
        } else {
            arguments.unknown();
        }
    }
    if (!options.role) arguments.fail("--role is missing");
    if (needs_handshake && !options.handshake)
        arguments.fail("--key and --subprotocol belong to --handshake");
    if (parameters) options.deflate = read_parameters(arguments, *parameters, options.handshake);
    return options;
}

void refuse_inspect_options(const char* sentence) {
    Arguments(0, nullptr, tool, usage).fail(sentence);
}

std::optional<std::vector<std::byte>> read_inspect_input(const InspectOptions& options) {
    const std::string path(options.path);
    std::FILE* const file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
    std::vector<std::byte> octets;
    bool is_read = file != nullptr;
    if (file != nullptr) {
#ifdef _WIN32
        _setmode(_fileno(file), _O_BINARY);
#endif
        std::array<std::byte, 65536> piece;
        while (const auto size = std::fread(piece.data(), 1, piece.size(), file))
            octets.insert(octets.end(), piece.data(), piece.data() + size);
        is_read = std::ferror(file) == 0;
    }
    if (!is_read) {
        std::fprintf(stderr, "hawse-inspect: cannot read %s: %s\n", path.c_str(),
                     std::strerror(errno));
        return std::nullopt;
    }
    if (file != stdin) std::fclose(file);
    if (!options.hex) return octets;
    std::vector<std::byte> decoded;
    if (!read_hex(hawse::as_text(octets), decoded)) {
        std::fprintf(stderr, "hawse-inspect: %s is not pairs of hexadecimal digits\n",
                     path == "-" ? "standard input" : path.c_str());
        return std::nullopt;
    }
    return decoded;
}

}  // namespace examples
