// SPDX-License-Identifier: MIT
// Fields to send, their names and values in one piece of memory: within the object when they are
// few, else leased. It knows nothing of what they say.
#pragma once

#include "hawse/field.hpp"
#include "handshake/output.hpp"
#include "http/leased_bytes.hpp"

#include <cstddef>
#include <span>

namespace hawse::handshake {

class FieldList {
public:
    explicit FieldList(Pool* pool) noexcept : leased_(pool) {}
    FieldList(const FieldList&) = delete;
    FieldList& operator=(const FieldList&) = delete;

    /// Calls `compose` with a TextWriter, first to count and then to write. False without memory,
    /// and nothing is changed then. Once per object.
    template <typename Compose>
    [[nodiscard]] bool compose(Transport transport, const Compose& compose) noexcept {
        TextWriter counter(nullptr, nullptr, transport);
        compose(counter);
        const std::size_t table_size = counter.field_count() * sizeof(Field);
        std::byte* place = place_;
        if (table_size + counter.size() > sizeof place_) {
            if (!leased_.resize(table_size + counter.size())) return false;
            place = leased_.bytes().data();
        }
        table_ = reinterpret_cast<Field*>(place);
        TextWriter writer(reinterpret_cast<char*>(place + table_size), table_, transport);
        compose(writer);
        count_ = counter.field_count();
        return true;
    }

    [[nodiscard]] std::span<const Field> fields() const noexcept { return {table_, count_}; }

private:
    http::LeasedBytes leased_;
    Field* table_ = nullptr;
    std::size_t count_ = 0;
    alignas(Field) std::byte place_[448];
};

}  // namespace hawse::handshake
