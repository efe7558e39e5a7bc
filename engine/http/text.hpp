// SPDX-License-Identifier: MIT
// The one cut that heads are taken apart with. It knows no grammar. std::string_view::substr() would
// throw, and with it the library would need the C++ runtime.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace hawse::http {

/// `size` characters of `text` from `offset` on, or as many as there are; none behind its end.
constexpr std::string_view cut(std::string_view text, std::size_t offset,
                               std::size_t size = std::string_view::npos) noexcept {
    text.remove_prefix(std::min(offset, text.size()));
    text.remove_suffix(text.size() - std::min(size, text.size()));
    return text;
}

}  // namespace hawse::http
