// SPDX-License-Identifier: MIT
#include "http/field.hpp"

#include "http/text.hpp"

#include <algorithm>
#include <array>

namespace hawse::http {

namespace {

consteval std::array<bool, 256> list_token_characters() noexcept {
    std::array<bool, 256> table{};
    for (char character = '0'; character <= '9'; ++character)
        table[static_cast<unsigned char>(character)] = true;
    for (char character = 'a'; character <= 'z'; ++character)
        table[static_cast<unsigned char>(character)] = true;
    for (char character = 'A'; character <= 'Z'; ++character)
        table[static_cast<unsigned char>(character)] = true;
    for (const char character : std::string_view("!#$%&'*+-.^_`|~"))
        table[static_cast<unsigned char>(character)] = true;
    return table;
}
constexpr std::array<bool, 256> token_characters = list_token_characters();

void skip_white_space(std::string_view& text) noexcept {
    while (!text.empty() && is_white_space(text.front())) text.remove_prefix(1);
}

// Empty when `text` does not begin with a token.
std::string_view take_token(std::string_view& text) noexcept {
    std::size_t size = 0;
    while (size < text.size() && is_token_character(text[size])) ++size;
    const std::string_view token = cut(text, 0, size);
    text.remove_prefix(size);
    return token;
}

}  // namespace

bool is_token_character(char character) noexcept {
    return token_characters[static_cast<unsigned char>(character)];
}

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_protocol(std::string_view text) noexcept {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return is_token(text);
    return is_token(cut(text, 0, slash)) && is_token(cut(text, slash + 1));
}

bool is_field_value(std::string_view text) noexcept {
    return std::none_of(text.begin(), text.end(),
                        [](char character) { return is_control(character) && character != '\t'; });
}

bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept {
    return left.size() == right.size() &&
           std::equal(left.begin(), left.end(), right.begin(),
                      [](char one, char other) { return lower(one) == lower(other); });
}

std::string_view trim(std::string_view text) noexcept {
    skip_white_space(text);
    while (!text.empty() && is_white_space(text.back())) text.remove_suffix(1);
    return text;
}

std::string_view find_field(std::span<const Field> fields, std::string_view name) noexcept {
    for (const Field& field : fields)
        if (equals_ignoring_case(field.name, name)) return field.value;
    return {};
}

std::size_t count_fields(std::span<const Field> fields, std::string_view name) noexcept {
    std::size_t count = 0;
    for (const Field& field : fields)
        if (equals_ignoring_case(field.name, name)) ++count;
    return count;
}

ListShape check_list(std::span<const Field> fields, std::string_view name,
                     bool (*is_element)(std::string_view) noexcept,
                     std::uint32_t empty_element_count_max) noexcept {
    ListShape shape = ListShape::absent;
    std::uint32_t empty_elements_left = empty_element_count_max;
    for (const Field& field : fields) {
        if (!equals_ignoring_case(field.name, name)) continue;
        if (shape == ListShape::absent) shape = ListShape::malformed;  // until an element is found
        for (std::size_t start = 0; start <= field.value.size();) {
            const std::size_t comma = std::min(field.value.find(',', start), field.value.size());
            const std::string_view element = trim(cut(field.value, start, comma - start));
            start = comma + 1;
            if (!element.empty()) {
                if (!is_element(element)) return ListShape::malformed;
                shape = ListShape::well_formed;
            } else if (empty_elements_left-- == 0) {
                return ListShape::malformed;
            }
        }
    }
    return shape;
}

bool has_element(std::span<const Field> fields, std::string_view name,
                 std::string_view element) noexcept {
    TokenList elements(fields, name);
    for (auto found = elements.next(); !found.empty(); found = elements.next())
        if (equals_ignoring_case(found, element)) return true;
    return false;
}

std::size_t ExtensionParameter::read_value(std::span<char> into) const noexcept {
    std::size_t size = 0;
    for (std::size_t offset = 0; offset < value.size(); ++offset) {
        if (value[offset] == '\\' && offset + 1 < value.size()) ++offset;  // no token has one
        if (size < into.size()) into[size] = value[offset];
        ++size;
    }
    return size;
}

Reading ParameterReader::next(ExtensionParameter& parameter) noexcept {
    if (malformed_) return Reading::malformed;
    skip_white_space(rest_);
    if (rest_.empty() || rest_.front() == ',') return Reading::end;
    malformed_ = true;  // unless it is read to its end
    if (rest_.front() != ';') return Reading::malformed;
    rest_.remove_prefix(1);
    skip_white_space(rest_);
    parameter = {};
    parameter.name = take_token(rest_);
    if (parameter.name.empty()) return Reading::malformed;
    skip_white_space(rest_);
    if (!rest_.empty() && rest_.front() == '=') {
        rest_.remove_prefix(1);
        if (!read_value(parameter)) return Reading::malformed;
    }
    malformed_ = false;
    return Reading::found;
}

// A quoted value must be a token once it is no longer escaped (RFC 6455 §9.1), so that the first
// octet of another kind ends the reading, and nothing is ever read twice.
bool ParameterReader::read_value(ExtensionParameter& parameter) noexcept {
    skip_white_space(rest_);
    parameter.has_value = true;
    if (rest_.empty() || rest_.front() != '"') {
        parameter.value = take_token(rest_);
        return !parameter.value.empty();
    }
    rest_.remove_prefix(1);
    std::size_t size = 0;
    while (size < rest_.size() && rest_[size] != '"') {
        if (rest_[size] == '\\') ++size;
        if (size == rest_.size() || !is_token_character(rest_[size])) return false;
        ++size;
    }
    if (size == 0 || size == rest_.size()) return false;
    parameter.value = cut(rest_, 0, size);
    rest_.remove_prefix(size + 1);
    return true;
}

Reading ExtensionReader::next(Extension& extension) noexcept {
    while (!malformed_) {
        if (!in_line_) {
            if (fields_.empty()) break;
            const Field& field = fields_.front();
            fields_ = fields_.subspan(1);
            if (!equals_ignoring_case(field.name, name_)) continue;
            rest_ = field.value;
            in_line_ = present_ = true;
        }
        if (const Reading reading = read_element(extension); reading == Reading::found)
            return reading;
    }
    if (present_ && !has_element_) malformed_ = true;
    return malformed_ ? Reading::malformed : Reading::end;
}

// Reads one element and the comma behind it; `end` for an empty one.
Reading ExtensionReader::read_element(Extension& extension) noexcept {
    skip_white_space(rest_);
    const bool empty = rest_.empty() || rest_.front() == ',';
    malformed_ = true;  // unless it is read to its end
    if (empty) {
        if (empty_elements_left_-- == 0) return Reading::malformed;
    } else {
        extension.name = take_token(rest_);
        if (extension.name.empty()) return Reading::malformed;
        extension.parameters = ParameterReader(rest_);
        ParameterReader parameters = extension.parameters;
        ExtensionParameter parameter;
        Reading reading = Reading::found;
        while (reading == Reading::found) reading = parameters.next(parameter);
        if (reading == Reading::malformed) return reading;
        rest_ = parameters.rest();
        has_element_ = true;
    }
    malformed_ = false;
    in_line_ = !rest_.empty();
    if (in_line_) rest_.remove_prefix(1);
    return empty ? Reading::end : Reading::found;
}

bool names_extension(std::span<const Field> fields, std::string_view name,
                     std::string_view extension, std::uint32_t empty_element_count_max) noexcept {
    ExtensionReader reader(fields, name, empty_element_count_max);
    for (Extension one; reader.next(one) == Reading::found;)
        if (one.name == extension) return true;
    return false;
}

ListShape check_extensions(std::span<const Field> fields, std::string_view name,
                           std::uint32_t empty_element_count_max) noexcept {
    ExtensionReader reader(fields, name, empty_element_count_max);
    Extension one;
    Reading reading = reader.next(one);
    if (reading == Reading::end) return ListShape::absent;
    while (reading == Reading::found) reading = reader.next(one);
    return reading == Reading::end ? ListShape::well_formed : ListShape::malformed;
}

}  // namespace hawse::http

namespace hawse {

std::string_view TokenList::next() noexcept {
    for (;;) {
        while (rest_.empty()) {
            if (fields_.empty()) return {};
            const Field& field = fields_.front();
            fields_ = fields_.subspan(1);
            if (http::equals_ignoring_case(field.name, name_)) rest_ = field.value;
        }
        const std::size_t comma = std::min(rest_.find(','), rest_.size());
        const std::string_view element = http::trim(http::cut(rest_, 0, comma));
        rest_.remove_prefix(std::min(comma + 1, rest_.size()));
        if (!element.empty()) return element;
    }
}

}  // namespace hawse
