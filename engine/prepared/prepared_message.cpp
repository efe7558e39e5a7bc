// SPDX-License-Identifier: MIT
// The face: an owner of a Content.
#include "hawse/prepared_message.hpp"

#include "memory/counted.hpp"
#include "prepared/content.hpp"

#include <utility>

namespace hawse {

PreparedMessage::PreparedMessage(const PreparedMessage& other) noexcept : content_(other.content_) {
    if (content_ != nullptr) memory::retain(*content_);
}

PreparedMessage& PreparedMessage::operator=(const PreparedMessage& other) noexcept {
    return *this = PreparedMessage(other);
}

PreparedMessage& PreparedMessage::operator=(PreparedMessage&& other) noexcept {
    PreparedMessage taken(std::move(other));
    std::swap(content_, taken.content_);
    return *this;
}

PreparedMessage::~PreparedMessage() {
    if (content_ != nullptr) memory::let_go(*content_);
}

Refusal prepare(MessageKind kind, ConstBytes octets, std::span<const Agreement> agreements,
                const Allocator& allocator, const Config& config, PreparedMessage& into,
                Send choice) noexcept {
    prepared::Windows windows;
    for (const Agreement& agreement : agreements) windows.add(config.deflate, agreement);
    PreparedMessage made;
    const Refusal refusal = prepared::make_content(kind, octets, windows, allocator, config, choice,
                                                   prepared::Access::content_of(made));
    if (refusal == Refusal::none) into = std::move(made);
    return refusal;
}

}  // namespace hawse
