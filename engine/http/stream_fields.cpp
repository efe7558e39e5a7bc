// SPDX-License-Identifier: MIT
#include "http/stream_fields.hpp"

#include "http/field.hpp"
#include "http/text.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace hawse::http {

PseudoShape find_pseudo_fields(std::span<const Field> fields,
                               std::span<const std::string_view> names,
                               std::span<const Field*> found) noexcept {
    assert(names.size() == found.size());
    std::fill(found.begin(), found.end(), nullptr);
    bool in_front = true;
    for (const Field& field : fields) {
        if (cut(field.name, 0, 1) != ":") {
            in_front = false;
            continue;
        }
        if (!in_front) return PseudoShape::late;
        const auto name = std::find(names.begin(), names.end(), field.name);
        if (name == names.end()) return PseudoShape::unknown;
        const Field*& place = found[static_cast<std::size_t>(name - names.begin())];
        if (place != nullptr) return PseudoShape::repeated;
        place = &field;
    }
    return PseudoShape::well_formed;
}

bool is_connection_specific(std::string_view name) noexcept {
    constexpr std::string_view names[] = {"Connection", "Upgrade", "Keep-Alive", "Proxy-Connection",
                                          "Transfer-Encoding"};
    return std::any_of(std::begin(names), std::end(names),
                       [&](std::string_view one) { return equals_ignoring_case(name, one); });
}

bool has_connection_specific(std::span<const Field> fields) noexcept {
    return std::any_of(fields.begin(), fields.end(), [](const Field& field) {
        if (equals_ignoring_case(field.name, "TE"))
            return !equals_ignoring_case(trim(field.value), "trailers");
        return is_connection_specific(field.name);
    });
}

}  // namespace hawse::http
