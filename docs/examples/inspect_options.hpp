// SPDX-License-Identifier: MIT
// What hawse-inspect was asked to do, and the octets it was asked to do it with.
#pragma once

#include "hawse/config.hpp"
#include "hawse/deflate.hpp"
#include "hawse/role.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace examples {

using Nonce = std::array<std::byte, 16>;

struct InspectOptions {
    std::optional<hawse::Role> role;
    bool handshake = false;
    bool end = false;
    bool hex = false;
    Nonce nonce = {};
    std::vector<std::string_view> subprotocols;
    std::optional<hawse::DeflateAgreement> deflate;  ///< wanted in a handshake, agreed without one
    std::uint64_t message_size_max = hawse::Limits{}.message_size_max;
    std::size_t read_size = SIZE_MAX;
    std::vector<std::byte> mask_key = {std::byte{0x37}, std::byte{0xFA}, std::byte{0x21},
                                       std::byte{0x3D}};
    std::string_view path = "-";
};

/// Wrong arguments print the usage and end the program with status 2.
InspectOptions read_inspect_options(int count, char** values);

/// Says why the options make no sense, prints the usage, and ends the program with status 2.
[[noreturn]] void refuse_inspect_options(const char* sentence);

/// The whole input; none, and a sentence on standard error, when it cannot be had.
std::optional<std::vector<std::byte>> read_inspect_input(const InspectOptions& options);

}  // namespace examples
