// SPDX-License-Identifier: MIT
// OpenSSL over the socket itself. It knows certificates and records, and nothing of WebSocket.
#include "tls.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string_view>
#include <utility>

namespace examples {

namespace {

using hawse::Wants;

struct Free {
    void operator()(SSL_CTX* context) const noexcept { ::SSL_CTX_free(context); }
    void operator()(SSL* session) const noexcept { ::SSL_free(session); }
};
using Context = std::unique_ptr<SSL_CTX, Free>;
using Session = std::unique_ptr<SSL, Free>;

constexpr std::string_view protocols = "\x08http/1.1";  // as ALPN writes them

const unsigned char* octets_of(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// What OpenSSL says first: what it says later is what followed from it.
std::string first_error() {
    const auto error = ::ERR_get_error();
    if (ERR_GET_LIB(error) == ERR_LIB_SYS) return std::strerror(ERR_GET_REASON(error));
    const char* const reason = ::ERR_reason_error_string(error);
    return reason != nullptr ? reason : "unknown error";
}

std::string verification_sentence(long result, const std::string& host) {
    constexpr auto all_the_same = ", or connect all the same with --insecure";
    switch (result) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return std::string("the server's certificate has expired: have it renewed") +
                   all_the_same;
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "the server's certificate is not valid yet: set this machine's clock";
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "the server's certificate is not for " + host + ": use the name it is made for" +
                   all_the_same;
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return std::string("no authority that is trusted here vouches for the server's "
                               "certificate: name its authority with --ca FILE") +
                   all_the_same;
        default:
            return std::string("the server's certificate was not accepted: ") +
                   ::X509_verify_cert_error_string(result);
    }
}

class TlsStream final : public Stream {
public:
    TlsStream(int descriptor, Session session, std::string host)
        : Stream(descriptor), session_(std::move(session)), host_(std::move(host)) {}

    ssize_t read(hawse::Bytes into) noexcept override {
        ::ERR_clear_error();
        std::size_t size = 0;
        const int result = ::SSL_read_ex(session_.get(), into.data(), into.size(), &size);
        read_lacks_ = result > 0 ? Lack::nothing : judge(result);
        if (result > 0) return static_cast<ssize_t>(size);
        return read_lacks_ == Lack::peer ? 0 : -1;
    }

    // OpenSSL demands that a write it did not finish be tried again with the same octets, since it
    // has encrypted them already. gather() commits what it shows: the same octets, at the same place,
    // come first until wrote(), whatever was queued since. So partial writes are safe, and no copy of
    // what is under way is kept here.
    ssize_t write(std::span<const hawse::Slice> slices) noexcept override {
        std::size_t total = 0;
        write_lacks_ = Lack::nothing;
        for (const auto& slice : slices) {
            ::ERR_clear_error();
            std::size_t size = 0;
            const int result = ::SSL_write_ex(session_.get(), slice.data(), slice.size(), &size);
            if (result <= 0) write_lacks_ = judge(result);
            total += size;
            if (size < slice.size()) break;
        }
        return total > 0 || slices.empty() ? static_cast<ssize_t>(total) : -1;
    }

    bool end_write() noexcept override {
        // Without a TLS handshake there is no close_notify to send, and after a fault none may be.
        if (is_broken_ || ::SSL_is_init_finished(session_.get()) == 0) return Stream::end_write();
        ::ERR_clear_error();
        const int result = ::SSL_shutdown(session_.get());
        return result >= 0 || judge(result) != Lack::room;
    }

    [[nodiscard]] bool has_unread() const noexcept override {
        return ::SSL_pending(session_.get()) > 0;
    }

    [[nodiscard]] Wants waits_for(Wants side) const noexcept override {
        unsigned bits = side.bits() & ~unsigned{Wants::read_bit | Wants::write_bit};
        if (side.read()) bits |= read_lacks_ == Lack::room ? Wants::write_bit : Wants::read_bit;
        if (side.write()) bits |= write_lacks_ == Lack::octets ? Wants::read_bit : Wants::write_bit;
        if (side.end_write()) bits |= Wants::write_bit;
        return Wants(bits);
    }

    [[nodiscard]] Fault fault() const override { return fault_; }

private:
    /// What an operation lacks to go on.
    enum class Lack { nothing, octets, room, peer, everything };

    /// Sets errno as recv() and writev() do.
    Lack judge(int result) noexcept {
        const int error = ::SSL_get_error(session_.get(), result);
        errno = EAGAIN;
        if (error == SSL_ERROR_WANT_READ) return Lack::octets;
        if (error == SSL_ERROR_WANT_WRITE) return Lack::room;
        errno = EPROTO;
        if (error == SSL_ERROR_ZERO_RETURN) return Lack::peer;  // close_notify
        if (!std::exchange(is_broken_, true)) remember(error);
        return Lack::everything;
    }

    void remember(int error) {
        if (error != SSL_ERROR_SSL) return;  // the socket's own trouble
        const auto verified = ::SSL_get_verify_result(session_.get());
        const int reason = ERR_GET_REASON(::ERR_peek_error());
        if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
            fault_ = {verification_sentence(verified, host_), true};
        else if (reason == SSL_R_WRONG_VERSION_NUMBER)
            fault_ = {"the server does not speak TLS: is its address ws://?", true};
#ifdef SSL_R_UNEXPECTED_EOF_WHILE_READING
        else if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
            fault_ = {"the connection ended without the end of TLS (close_notify)", false};
#endif
        else
            fault_ = {"TLS failed: " + first_error(), true};
    }

    Session session_;
    std::string host_;
    Lack read_lacks_ = Lack::nothing;
    Lack write_lacks_ = Lack::nothing;
    bool is_broken_ = false;
    Fault fault_;
};

class OpenSsl final : public Tls {
public:
    OpenSsl(Context context, bool verify) : context_(std::move(context)), verify_(verify) {}

    std::unique_ptr<Stream> connect(Stream& socket, const std::string& host) override {
        Session session = make_session(socket.descriptor());
        if (session == nullptr || !expect(*session, host)) return nullptr;
        ::SSL_set_connect_state(session.get());
        return std::make_unique<TlsStream>(socket.release(), std::move(session), host);
    }

    std::unique_ptr<Stream> accept(Stream& socket) override {
        Session session = make_session(socket.descriptor());
        if (session == nullptr) return nullptr;
        ::SSL_set_accept_state(session.get());
        return std::make_unique<TlsStream>(socket.release(), std::move(session), std::string());
    }

private:
    Session make_session(int descriptor) noexcept {
        Session session(::SSL_new(context_.get()));
        if (session != nullptr && ::SSL_set_fd(session.get(), descriptor) != 1) session.reset();
        return session;
    }

    /// Whose certificate it has to be. A name is also told to the server, which may have several; an
    /// address is not. RFC 6066 §3
    bool expect(SSL& session, const std::string& host) const noexcept {
        const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
        const auto name = is_bracketed ? host.substr(1, host.size() - 2) : host;
        auto* const rules = ::SSL_get0_param(&session);
        const bool is_address = ::X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1;
        if (!verify_) ::SSL_set_verify(&session, SSL_VERIFY_NONE, nullptr);
        if (is_address) return true;
        ::X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        // As the macro SSL_set_tlsext_host_name has it, but for its casts.
        auto* const told = const_cast<char*>(name.c_str());
        return ::SSL_ctrl(&session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                          told) == 1 &&
               ::SSL_set1_host(&session, name.c_str()) == 1;
    }

    Context context_;
    bool verify_;
};

Context make_context(const SSL_METHOD* method) {
    Context context(::SSL_CTX_new(method));
    if (context == nullptr) return context;
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    ::SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
    // An encrypted key is refused: a server that asks on the terminal is one that does not start.
    ::SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return 0; });
    return context;
}

int choose_protocol(SSL* /*session*/, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void* /*context*/) {
    unsigned char* found = nullptr;
    const int result =
        ::SSL_select_next_proto(&found, size, octets_of(protocols),
                                static_cast<unsigned>(protocols.size()), offered, offered_size);
    *chosen = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

std::unique_ptr<Tls> Tls::for_client(const Trust& trust, std::string& problem) {
    auto context = make_context(::TLS_client_method());
    if (context == nullptr ||
        ::SSL_CTX_set_alpn_protos(context.get(), octets_of(protocols),
                                  static_cast<unsigned>(protocols.size())) != 0) {
        problem = "TLS cannot be used: " + first_error();
        return nullptr;
    }
    ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    const char* const file = trust.authorities.c_str();
    if (trust.authorities.empty()) {
        ::SSL_CTX_set_default_verify_paths(context.get());
    } else if (::SSL_CTX_load_verify_locations(context.get(), file, nullptr) != 1) {
        problem = "cannot use the authorities in " + trust.authorities + ": " + first_error();
        return nullptr;
    }
    return std::make_unique<OpenSsl>(std::move(context), trust.verify);
}

std::unique_ptr<Tls> Tls::for_server(const std::string& certificate, const std::string& key,
                                     std::string& problem) {
    auto context = make_context(::TLS_server_method());
    if (context == nullptr)
        problem = "TLS cannot be used: " + first_error();
    else if (::SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1)
        problem = "cannot use the certificate in " + certificate + ": " + first_error();
    else if (::SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
        problem = "cannot use the key in " + key + " with the certificate in " + certificate +
                  ": " + first_error();
    if (!problem.empty()) return nullptr;
    ::SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
    return std::make_unique<OpenSsl>(std::move(context), false);
}

}  // namespace examples
