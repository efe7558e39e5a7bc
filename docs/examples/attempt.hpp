// SPDX-License-Identifier: MIT
// hawse-cat's conversation over one stream: the driving loop of hawse.hpp around a ClientHandshake and
// then a Connection, poll(), and lines in and out. It knows nothing of other attempts.
#pragma once

#include "hawse/hawse.hpp"
#include "cat_options.hpp"
#include "ending.hpp"
#include "outgoing.hpp"
#include "stream.hpp"

#include <array>
#include <cstddef>
#include <string>

namespace examples {

class Attempt {
public:
    /// All of them outlive the attempt.
    Attempt(const CatOptions& options, const hawse::Config& config, Stream& stream,
            Outgoing& outgoing)
        : options_(options), config_(config), stream_(stream), outgoing_(outgoing) {}
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    /// Opens, converses and closes. `handshake` was started.
    Ending run(hawse::ClientHandshake& handshake);

private:
    hawse::Bytes open(hawse::ClientHandshake& handshake);
    void converse(hawse::Connection& connection, hawse::Bytes early);

    template <typename Side>
    void drive(Side& side);
    template <typename Side>
    void wait(Side& side, bool reads_lines);
    template <typename Side>
    void read_rest(Side& side);
    static std::size_t lend(hawse::ClientHandshake& handshake, hawse::Bytes octets,
                            hawse::Time now);
    static std::size_t lend(hawse::Connection& connection, hawse::Bytes octets, hawse::Time now);

    void tell(hawse::ClientHandshake& handshake);
    void tell(hawse::Connection& connection);
    void tell_refused(const hawse::Response& response);
    void tell_closed(const hawse::Event& event);
    void tell_cause(hawse::Cause cause, hawse::Violation violation);
    void print(const hawse::Event& event);
    void send_lines(hawse::Connection& connection);
    void send_line(hawse::Connection& connection, const Outgoing::Line& line);
    void blame(std::string problem, bool is_final = true);

    const CatOptions& options_;
    const hawse::Config& config_;
    Stream& stream_;
    Outgoing& outgoing_;
    hawse::Statistics statistics_;
    hawse::Bytes unread_;  // what a handshake did not take of the last read
    Ending ending_;        // the first problem
    std::string output_;   // one message, as printed
    std::array<std::byte, 65536> scratch_;
};

}  // namespace examples
