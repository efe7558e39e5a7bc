// SPDX-License-Identifier: MIT
// C: prepared messages. What C holds is the counted block itself.
#include "hawse/prepared_message.hpp"

#include "hawse/connection.hpp"
#include "capi/objects.hpp"
#include "capi/values.hpp"
#include "memory/counted.hpp"
#include "prepared/content.hpp"

#include <cstddef>
#include <new>

using namespace hawse;

namespace {

// A function of C is not one of C++, whose type says noexcept. So those that were given lie before the
// block, for whoever releases it; the context is theirs only while it is made.
constexpr std::size_t before_size = (sizeof(hawse_allocator) + alignof(std::max_align_t) - 1) /
                                    alignof(std::max_align_t) * alignof(std::max_align_t);

void* allocate(void* given, std::size_t size) noexcept {
    const auto* const allocator = static_cast<const hawse_allocator*>(given);
    void* const block = allocator->allocate(allocator->context, before_size + size);
    if (block == nullptr) return nullptr;
    new (block) hawse_allocator(*allocator);
    return static_cast<std::byte*>(block) + before_size;
}

void release(void*, void* octets, std::size_t size) noexcept {
    std::byte* const block = static_cast<std::byte*>(octets) - before_size;
    const hawse_allocator allocator = *std::launder(reinterpret_cast<hawse_allocator*>(block));
    allocator.release(allocator.context, block, before_size + size);
}

prepared::Content* content_of(hawse_prepared_message* message) noexcept {
    return reinterpret_cast<prepared::Content*>(message);
}

}  // namespace

hawse_refusal hawse_prepare(hawse_message_kind kind, const uint8_t* octets, size_t size,
                            const hawse_agreement* agreements, size_t agreement_count,
                            const hawse_allocator* allocator, const hawse_config* config,
                            const hawse_send* choice, hawse_prepared_message** made) {
    constexpr Config no_config;
    const Config& used = config == nullptr ? no_config : config->config;
    prepared::Windows windows;
    const auto* at = reinterpret_cast<const std::byte*>(agreements);
    for (size_t index = 0; index < agreement_count; ++index, at += agreements->size)
        windows.add(used.deflate, capi::agreement_of(reinterpret_cast<const hawse_agreement*>(at)));

    hawse_allocator given = capi::taken(allocator);
    const Allocator face =
        given.allocate == nullptr ? Allocator{} : Allocator{allocate, release, &given};
    prepared::Content* content = nullptr;
    const Refusal refusal =
        prepared::make_content(MessageKind{kind}, capi::bytes(octets, size), windows, face, used,
                               capi::choice_of(choice), content);
    if (refusal == Refusal::none) *made = reinterpret_cast<hawse_prepared_message*>(content);
    return capi::code(refusal);
}

hawse_prepared_message* hawse_prepared_message_retain(hawse_prepared_message* message) {
    if (message != nullptr) memory::retain(*content_of(message));
    return message;
}

void hawse_prepared_message_release(hawse_prepared_message* message) {
    if (message != nullptr) memory::let_go(*content_of(message));
}

hawse_refusal hawse_connection_send_prepared(hawse_connection* connection,
                                             hawse_prepared_message* message) {
    PreparedMessage handle;  // no owner of its own: the caller is one
    prepared::Access::content_of(handle) = content_of(message);
    const Refusal refusal = reinterpret_cast<Connection*>(connection)->send(handle);
    prepared::Access::content_of(handle) = nullptr;
    return capi::code(refusal);
}
