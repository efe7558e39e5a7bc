// SPDX-License-Identifier: MIT
// TLS for the examples: what certificates are trusted or shown, and streams that encrypt. No name of a
// TLS library stands here: tls.cpp is built where OpenSSL is found, tls_absent.cpp elsewhere.
#pragma once

#include "stream.hpp"

#include <memory>
#include <string>

namespace examples {

/// What all connections of a program share. It outlives its streams.
class Tls {
public:
    struct Trust {
        std::string authorities;  ///< a PEM file; empty: those of the system
        bool verify = true;       ///< the chain, its dates, and the name of the host
    };

    /// Null, and a sentence in `problem`, where there is no TLS or a file is of no use.
    static std::unique_ptr<Tls> for_client(const Trust& trust, std::string& problem);
    /// `certificate` with those that vouch for it, and its `key`: PEM files.
    static std::unique_ptr<Tls> for_server(const std::string& certificate, const std::string& key,
                                           std::string& problem);

    /// TLS over a connected socket, which it takes; null when there is no memory. Its handshake runs
    /// within the first reads and writes, so that the host's deadline for opening bounds it as well.
    virtual std::unique_ptr<Stream> connect(Stream& socket, const std::string& host) = 0;
    virtual std::unique_ptr<Stream> accept(Stream& socket) = 0;

    virtual ~Tls() = default;

protected:
    Tls() = default;
};

}  // namespace examples
