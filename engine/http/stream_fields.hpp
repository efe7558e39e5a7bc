// SPDX-License-Identifier: MIT
// What HTTP/2 and HTTP/3 ask of the fields of one stream: pseudo-fields stand in front, each known
// and once, and nothing speaks of the connection. What they must hold is for those who ask.
// RFC 8441 §4, §5
#pragma once

#include "hawse/field.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace hawse::http {

enum class PseudoShape : std::uint8_t {
    well_formed,
    late,     ///< behind an ordinary field
    unknown,  ///< of a name that was not asked for
    repeated,
};

/// Finds the pseudo-fields `names` in `fields`: `found` has a place for each, null when it is
/// absent. Names are compared exactly. The first fault in the order of fields is answered.
[[nodiscard]] PseudoShape find_pseudo_fields(std::span<const Field> fields,
                                             std::span<const std::string_view> names,
                                             std::span<const Field*> found) noexcept;

/// A field that no message of a stream may have, whatever it says; TE is none.
[[nodiscard]] bool is_connection_specific(std::string_view name) noexcept;

/// Whether one of them is there, or a TE that says more than "trailers".
[[nodiscard]] bool has_connection_specific(std::span<const Field> fields) noexcept;

}  // namespace hawse::http
