// SPDX-License-Identifier: MIT
// C: views, and what needs no conversation.
#include "hawse/accept_key.hpp"
#include "hawse/close_payload.hpp"
#include "hawse/frame_header.hpp"
#include "hawse/masking.hpp"
#include "hawse/url.hpp"
#include "hawse/utf8.hpp"
#include "capi/objects.hpp"

#include <array>
#include <bit>
#include <type_traits>

using namespace hawse;

namespace {

static_assert(sizeof(hawse_mask_key) == sizeof(MaskKey));

MaskKey key_of(hawse_mask_key key) noexcept { return std::bit_cast<MaskKey>(key); }

FrameHeader header_of(const hawse_frame_header* header) noexcept {
    const hawse_frame_header given = capi::taken(header);
    return {given.first, given.second, key_of(given.key), given.payload_size};
}

static_assert(sizeof(Utf8Validator) <= sizeof(hawse_utf8_validator));
static_assert(std::is_trivially_copyable_v<Utf8Validator>);

Utf8Validator* of(hawse_utf8_validator* validator) noexcept {
    return std::launder(reinterpret_cast<Utf8Validator*>(validator->opaque));
}

}  // namespace

// ---- Views ---------------------------------------------------------------------------------------

hawse_view hawse_view_of(const char* text, size_t size) {
    return std::bit_cast<hawse_view>(std::string_view(text, size));
}

hawse_text hawse_text_of(hawse_view view) {
    return capi::text(std::bit_cast<std::string_view>(view));
}

// ---- Masks ---------------------------------------------------------------------------------------

hawse_mask_key hawse_mask_key_advanced(hawse_mask_key key, uint64_t offset) {
    return std::bit_cast<hawse_mask_key>(key_of(key).advanced(offset));
}

void hawse_apply_mask(uint8_t* octets, size_t size, hawse_mask_key key) {
    apply_mask(capi::bytes(octets, size), key_of(key));
}

void hawse_copy_masked(uint8_t* into, const uint8_t* from, size_t size, hawse_mask_key key) {
    copy_masked(reinterpret_cast<std::byte*>(into), capi::bytes(from, size), key_of(key));
}

// ---- Frame headers -------------------------------------------------------------------------------

bool hawse_is_defined(hawse_opcode opcode) { return is_defined(Opcode{opcode}); }

bool hawse_is_control(hawse_opcode opcode) { return is_control(Opcode{opcode}); }

size_t hawse_frame_header_extended_size(const hawse_frame_header* header) {
    return header_of(header).extended_size();
}

size_t hawse_frame_header_size(const hawse_frame_header* header) {
    return header_of(header).size();
}

size_t hawse_read_frame_header(const uint8_t* octets, size_t size, hawse_frame_header* header,
                               size_t* needed, hawse_violation* violation) {
    FrameHeader found;
    const FrameHeaderRead read = read_frame_header(capi::bytes(octets, size), found);
    capi::show(header,
               hawse_frame_header{0, found.first, found.second,
                                  std::bit_cast<hawse_mask_key>(found.key), found.payload_size});
    *needed = read.needed;
    *violation = static_cast<hawse_violation>(read.violation);
    return read.size;
}

size_t hawse_write_frame_header(uint8_t* into, const hawse_frame_header* header) {
    return write_frame_header(reinterpret_cast<std::byte*>(into), header_of(header));
}

// ---- The payload of a Close ----------------------------------------------------------------------

hawse_violation hawse_read_close_payload(const uint8_t* payload, size_t size,
                                         hawse_close_payload* close) {
    ClosePayload found;
    const Violation violation = read_close_payload(capi::bytes(payload, size), found);
    capi::show(close, hawse_close_payload{0, static_cast<hawse_close_code>(found.code),
                                          capi::text(found.reason)});
    return static_cast<hawse_violation>(violation);
}

size_t hawse_write_close_payload(uint8_t* into, const hawse_close_payload* close) {
    const hawse_close_payload given = capi::taken(close);
    return write_close_payload(reinterpret_cast<std::byte*>(into),
                               {CloseCode{given.code}, capi::text(given.reason)});
}

// ---- UTF-8 ---------------------------------------------------------------------------------------

bool hawse_is_utf8(const uint8_t* octets, size_t size) {
    return is_utf8(capi::bytes(octets, size));
}

void hawse_utf8_validator_init(hawse_utf8_validator* validator) {
    new (validator->opaque) Utf8Validator;
}

size_t hawse_utf8_validator_take(hawse_utf8_validator* validator, const uint8_t* octets,
                                 size_t size) {
    return of(validator)->take(capi::bytes(octets, size));
}

bool hawse_utf8_validator_complete(const hawse_utf8_validator* validator) {
    hawse_utf8_validator copy = *validator;
    return of(&copy)->complete();
}

// ---- Keys and URLs -------------------------------------------------------------------------------

void hawse_accept_key(const char* key, size_t key_size, char* into) {
    const AcceptKey accepted = accept_key({key, key_size});
    std::copy(accepted.begin(), accepted.end(), into);
}

void hawse_handshake_key(const uint8_t* nonce, char* into) {
    std::array<std::byte, HAWSE_NONCE_SIZE> octets;
    std::memcpy(octets.data(), nonce, octets.size());
    const HandshakeKey key = handshake_key(octets);
    std::copy(key.begin(), key.end(), into);
}

bool hawse_is_handshake_key(const char* key, size_t size) { return is_handshake_key({key, size}); }

hawse_refusal hawse_parse_url(const char* text, size_t size, hawse_url* url) {
    Url parsed;
    const Refusal refusal = parse_url({text, size}, parsed);
    if (refusal == Refusal::none)
        capi::show(url, hawse_url{0, parsed.secure, parsed.port, capi::text(parsed.host),
                                  capi::text(parsed.target)});
    return static_cast<hawse_refusal>(refusal);
}

static_assert(HAWSE_HANDSHAKE_KEY_SIZE == std::tuple_size_v<HandshakeKey>);
static_assert(HAWSE_ACCEPT_KEY_SIZE == std::tuple_size_v<AcceptKey>);
static_assert(HAWSE_RSV1 == rsv1_bit && HAWSE_RSV2 == rsv2_bit && HAWSE_RSV3 == rsv3_bit);
static_assert(HAWSE_RSV_BITS == rsv_bits);
static_assert(HAWSE_FRAME_HEADER_SIZE_MAX == frame_header_size_max);
static_assert(HAWSE_CONTROL_PAYLOAD_SIZE_MAX == control_payload_size_max);
static_assert(HAWSE_CLOSE_REASON_SIZE_MAX == close_reason_size_max);
