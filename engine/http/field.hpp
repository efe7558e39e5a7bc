// SPDX-License-Identifier: MIT
// What field values are made of: tokens, lists of them on one line or several, and the grammar of
// Sec-WebSocket-Extensions. It parses; what a list must hold is for those who ask.
// RFC 9110 §5.6, RFC 6455 §9.1
#pragma once

#include "hawse/field.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hawse::http {

[[nodiscard]] bool is_token_character(char character) noexcept;

/// SP or HTAB.
constexpr bool is_white_space(char character) noexcept {
    return character == ' ' || character == '\t';
}

/// A control character, HTAB and DEL among them.
constexpr bool is_control(char character) noexcept {
    return static_cast<unsigned char>(character) < 0x20 || character == 0x7F;
}

/// 0x21 to 0x7E.
constexpr bool is_visible(char character) noexcept { return character > 0x20 && character < 0x7F; }

constexpr bool is_digit(char character) noexcept { return character >= '0' && character <= '9'; }

[[nodiscard]] bool is_token(std::string_view text) noexcept;

/// A token, alone or with "/" and a version that is one: an element of Upgrade. RFC 9110 §7.8
[[nodiscard]] bool is_protocol(std::string_view text) noexcept;

/// Visible characters, SP, HTAB and octets from 0x80; may be empty. RFC 9110 §5.5
[[nodiscard]] bool is_field_value(std::string_view text) noexcept;

/// A capital of ASCII as its small letter; any other octet as it is.
constexpr char lower(char character) noexcept {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character + ('a' - 'A'))
                                                : character;
}

/// ASCII only: no locale, and octets from 0x80 are equal to themselves alone.
[[nodiscard]] bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept;

/// Without the SP and HTAB around it.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

/// The value of the first field of that name; empty when there is none.
[[nodiscard]] std::string_view find_field(std::span<const Field> fields,
                                          std::string_view name) noexcept;

/// How many field lines have that name.
[[nodiscard]] std::size_t count_fields(std::span<const Field> fields,
                                       std::string_view name) noexcept;

/// What a list field turned out to be, all its lines together.
enum class ListShape : std::uint8_t {
    absent,
    malformed,  ///< no element, too many empty ones, or one that breaks its grammar
    well_formed,
};

/// Judges a list field whose elements hold no quoted strings. RFC 9110 §5.6.1
[[nodiscard]] ListShape check_list(std::span<const Field> fields, std::string_view name,
                                   bool (*is_element)(std::string_view) noexcept,
                                   std::uint32_t empty_element_count_max) noexcept;

/// Whether a list field has that element, in any case.
[[nodiscard]] bool has_element(std::span<const Field> fields, std::string_view name,
                               std::string_view element) noexcept;

/// What a reader's next() found.
enum class Reading : std::uint8_t {
    found,
    end,
    malformed,  ///< stays so
};

/// One parameter of an extension.
struct ExtensionParameter {
    std::string_view name;
    std::string_view value;  ///< a quoted one without its quotes but still escaped: read_value()
    bool has_value = false;

    /// Writes the value, no longer escaped, as far as it fits, and answers its whole size. It is a
    /// token. O(value).
    std::size_t read_value(std::span<char> into) const noexcept;
};

/// The parameters of one extension, in order.
class ParameterReader {
public:
    /// `text` begins behind the extension's name and may go on behind its last parameter.
    explicit ParameterReader(std::string_view text) noexcept : rest_(text) {}

    /// `end` at a comma or where the text ends.
    Reading next(ExtensionParameter& parameter) noexcept;

    /// What has not been read.
    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

private:
    bool read_value(ExtensionParameter& parameter) noexcept;

    std::string_view rest_;
    bool malformed_ = false;
};

/// One extension that was offered or accepted. Its parameters have been found well-formed.
struct Extension {
    std::string_view name;
    ParameterReader parameters{std::string_view()};
};

/// The elements of an extension list on however many lines, in order. White space is tolerated
/// around ";", "=" and ",". O(octets) for the whole of it. RFC 6455 §9.1
class ExtensionReader {
public:
    ExtensionReader(std::span<const Field> fields, std::string_view name,
                    std::uint32_t empty_element_count_max) noexcept
        : fields_(fields), name_(name), empty_elements_left_(empty_element_count_max) {}

    /// `malformed` also at the end, when there was a field and no element in it.
    Reading next(Extension& extension) noexcept;

private:
    Reading read_element(Extension& extension) noexcept;

    std::span<const Field> fields_;
    std::string_view name_;
    std::string_view rest_ = {};
    std::uint32_t empty_elements_left_;
    bool in_line_ = false;
    bool present_ = false;
    bool has_element_ = false;
    bool malformed_ = false;
};

/// Whether an extension list has an element of that name, octet for octet. O(octets).
[[nodiscard]] bool names_extension(std::span<const Field> fields, std::string_view name,
                                   std::string_view extension,
                                   std::uint32_t empty_element_count_max) noexcept;

/// What an extension list turned out to be, all its lines together.
[[nodiscard]] ListShape check_extensions(std::span<const Field> fields, std::string_view name,
                                         std::uint32_t empty_element_count_max) noexcept;

}  // namespace hawse::http
