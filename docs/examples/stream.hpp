// SPDX-License-Identifier: MIT
// A connected, nonblocking socket as its owner sees it: octets in and out, and the end of our side. Here
// they pass as they are; tls.hpp has the stream that encrypts them.
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/slice.hpp"
#include "hawse/wants.hpp"
#include "transport.hpp"

#include <span>
#include <string>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

namespace examples {

class Stream {
public:
    /// Why a stream is broken, where more is known than that it is.
    struct Fault {
        std::string sentence;
        bool is_final = false;  ///< another attempt would meet it again
    };

    /// Takes `descriptor`.
    explicit Stream(int descriptor) noexcept : descriptor_(descriptor) {}
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    virtual ~Stream() {
        if (descriptor_ >= 0) (void)::close(descriptor_);
    }

    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
    /// Gives the socket away.
    int release() noexcept { return std::exchange(descriptor_, -1); }

    /// As recv(): what came, 0 at the orderly end, or -1 and errno. A host reads whenever waits_for()
    /// came true and it wants octets: they may depend on room to write.
    virtual ssize_t read(hawse::Bytes into) noexcept { return PlainSocket{descriptor_}.read(into); }
    /// As writev(). What was not taken is given again, octet for octet; gather() sees to that.
    virtual ssize_t write(std::span<const hawse::Slice> slices) noexcept {
        return PlainSocket{descriptor_}.write(slices);
    }
    /// Ends our side; false when there is no room to say so yet: again when there is.
    virtual bool end_write() noexcept {
        (void)::shutdown(descriptor_, SHUT_WR);
        return true;
    }

    /// Octets wait inside that poll() knows nothing of.
    [[nodiscard]] virtual bool has_unread() const noexcept { return false; }
    /// What to wait for on the socket, so that what `side` wants can go on.
    [[nodiscard]] virtual hawse::Wants waits_for(hawse::Wants side) const noexcept { return side; }
    [[nodiscard]] virtual Fault fault() const { return {}; }

private:
    int descriptor_;
};

}  // namespace examples
