// SPDX-License-Identifier: MIT
// What hawse-cat was asked to do.
#pragma once

#include "hawse/backoff.hpp"
#include "hawse/deflate.hpp"
#include "hawse/handshake.hpp"
#include "hawse/time.hpp"
#include "hawse/url.hpp"
#include "proxy.hpp"
#include "tls.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace examples {

struct CatOptions {
    hawse::Url url;
    bool binary = false;
    hawse::DeflateAgreement deflate;  ///< what is offered; nothing, as it stands
    std::vector<std::string_view> subprotocols;
    std::vector<hawse::Field> fields;
    std::deque<std::string> secrets;  ///< from files; fields are views of them
    std::string_view origin;
    hawse::Duration ping_every = {};
    hawse::Duration patience = hawse::seconds(10);
    std::size_t message_size_max = std::size_t{16} << 20;
    Tls::Trust trust;
    std::optional<Proxy> proxy;
    bool reconnects = false;
    hawse::BackoffOptions backoff;

    [[nodiscard]] hawse::ClientRequest request() const noexcept;
};

/// Wrong arguments print the usage and end the program with status 2.
CatOptions read_cat_options(int count, char** values);

/// Says why the options make no sense, prints the usage, and ends the program with status 2.
[[noreturn]] void refuse_cat_options(const char* sentence);

}  // namespace examples
