// SPDX-License-Identifier: MIT
// Where OpenSSL was not found when the examples were built.
#include "tls.hpp"

namespace examples {

std::unique_ptr<Tls> Tls::for_client(const Trust& /*trust*/, std::string& problem) {
    problem = "wss:// needs TLS, which is not built in: use ws://";
    return nullptr;
}

std::unique_ptr<Tls> Tls::for_server(const std::string& /*certificate*/, const std::string& /*key*/,
                                     std::string& problem) {
    problem = "--tls needs TLS, which is not built in: install OpenSSL, and build again";
    return nullptr;
}

}  // namespace examples
