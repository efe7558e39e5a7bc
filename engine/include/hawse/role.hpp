// SPDX-License-Identifier: MIT
// Who we are, and the two kinds of message either side may send.
#pragma once

#include <cstdint>

namespace hawse {

enum class Role : std::uint8_t { server, client };

/// The opcode of a message's first frame. RFC 6455 §5.6
enum class MessageKind : std::uint8_t { text = 1, binary = 2 };

/// How the receiving side of a transport ended. Without the peer's Close either is the end, and what
/// was not yet written is dropped; behind it an orderly end leaves our output to be written.
enum class TransportEnd : std::uint8_t {
    orderly,  ///< end of stream: TCP FIN, TLS close_notify, HTTP/2 END_STREAM
    broken,   ///< reset, error, or a TLS stream that stopped without close_notify
};

}  // namespace hawse
