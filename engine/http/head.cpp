// SPDX-License-Identifier: MIT
#include "http/head.hpp"

#include "http/field.hpp"
#include "http/text.hpp"

#include <cassert>
#include <new>

namespace hawse::http {

namespace {

// "HTTP/" DIGIT "." DIGIT, in capitals. RFC 9112 §2.3
bool read_version(std::string_view text, std::uint8_t& version) noexcept {
    if (text.size() != 8 || cut(text, 0, 5) != "HTTP/" || text[6] != '.') return false;
    if (!is_digit(text[5]) || !is_digit(text[7])) return false;
    version = static_cast<std::uint8_t>((text[5] - '0') * 10 + (text[7] - '0'));
    return true;
}

}  // namespace

bool read_request_line(std::string_view line, RequestLine& request) noexcept {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || last <= first + 1) return false;
    request.method = cut(line, 0, first);
    request.target = cut(line, first + 1, last - first - 1);
    return is_token(request.method) && request.target.find(' ') == std::string_view::npos &&
           read_version(cut(line, last + 1), request.version);
}

// The space behind the status may be missing, as it is in the wild; the reason is not looked at.
bool read_status_line(std::string_view line, StatusLine& response) noexcept {
    if (line.size() < 12 || line[8] != ' ' || (line.size() > 12 && line[12] != ' ')) return false;
    if (!read_version(cut(line, 0, 8), response.version)) return false;
    unsigned status = 0;
    for (const char digit : cut(line, 9, 3)) {
        if (!is_digit(digit)) return false;
        status = status * 10 + static_cast<unsigned>(digit - '0');
    }
    response.status = static_cast<std::uint16_t>(status);
    return status >= 100 && response.version / 10 == 1;
}

std::size_t HeadReader::take(ConstBytes octets) noexcept {
    std::size_t count = 0;
    while (count < octets.size() && progress_ == HeadProgress::reading) {
        const char octet = static_cast<char>(octets[count++]);
        if (skips(octet)) continue;
        const bool ends = place_ == Place::head_end;
        const Violation fault =
            octets_.size() == limits_->head_size_max ? too_large() : judge(octet);
        if (fault != Violation::none)
            fail(fault);
        else if (!octets_.append(static_cast<std::byte>(octet)) || (ends && !list_fields()))
            progress_ = HeadProgress::out_of_memory;
        else if (ends)
            progress_ = HeadProgress::complete;
    }
    return count;
}

std::span<const Field> HeadReader::fields() const noexcept {
    const ConstBytes table = table_.bytes();
    if (table.empty()) return {};
    const auto* const first = std::launder(reinterpret_cast<const Field*>(table.data()));
    return {first, table.size() / sizeof(Field)};
}

void HeadReader::restart() noexcept {
    octets_.clear();
    table_.clear();
    first_line_size_ = 0;
    field_count_ = 0;
    place_ = Place::beginning;
    progress_ = HeadProgress::reading;
    fault_ = Violation::none;
}

void HeadReader::give_back() noexcept {
    octets_.give_back();
    table_.give_back();
}

// One empty line before a request, which is neither kept nor counted. RFC 9112 §2.2
bool HeadReader::skips(char octet) noexcept {
    if (place_ == Place::beginning) {
        const bool empty_line = kind_ == HeadKind::request && octet == '\r';
        place_ = empty_line ? Place::empty_line : Place::first_line;
        return empty_line;
    }
    if (place_ != Place::empty_line) return false;
    if (octet == '\n')
        place_ = Place::first_line;
    else
        fail(Violation::bare_carriage_return);
    return true;
}

Violation HeadReader::judge(char octet) noexcept {
    switch (place_) {
        case Place::first_line: return judge_first_line(octet);
        case Place::line: return judge_line(octet);
        case Place::name: return judge_name(octet);
        case Place::value: return judge_value(octet);
        case Place::beginning:
        case Place::empty_line:
        case Place::first_line_end:
        case Place::value_end:
        case Place::head_end: break;
    }
    if (octet != '\n') return Violation::bare_carriage_return;
    if (place_ == Place::first_line_end) return judge_first_line_end();
    place_ = Place::line;
    return Violation::none;
}

Violation HeadReader::judge_first_line(char octet) noexcept {
    if (octet == '\r') {
        first_line_size_ = octets_.size();
        place_ = Place::first_line_end;
        return Violation::none;
    }
    if (octet == '\n') return Violation::bare_line_feed;
    const bool reason_tab = octet == '\t' && kind_ == HeadKind::response;
    return is_control(octet) && !reason_tab ? Violation::forbidden_octet : Violation::none;
}

Violation HeadReader::judge_first_line_end() noexcept {
    place_ = Place::line;
    RequestLine request;
    StatusLine response;
    if (kind_ == HeadKind::request)
        return read_request_line(first_line(), request) ? Violation::none
                                                        : Violation::malformed_request_line;
    return read_status_line(first_line(), response) ? Violation::none
                                                    : Violation::malformed_status_line;
}

Violation HeadReader::judge_line(char octet) noexcept {
    if (octet == '\r') {
        place_ = Place::head_end;
        return Violation::none;
    }
    if (octet == '\n') return Violation::bare_line_feed;
    if (is_white_space(octet)) return judge_fold();
    if (field_count_ == limits_->field_count_max) return Violation::too_many_fields;
    if (octet == ':') return Violation::malformed_field;
    ++field_count_;
    place_ = Place::name;
    return judge_name(octet);
}

// A client must read a fold as white space; a server may refuse it, and who folds a request means
// to be read in two ways. RFC 9112 §5.2
Violation HeadReader::judge_fold() noexcept {
    if (field_count_ == 0) return Violation::malformed_field;
    if (kind_ == HeadKind::request) return Violation::folded_field;
    const Bytes octets = octets_.bytes();
    octets[octets.size() - 2] = octets[octets.size() - 1] = std::byte{' '};
    place_ = Place::value;
    return Violation::none;
}

Violation HeadReader::judge_name(char octet) noexcept {
    if (is_token_character(octet)) return Violation::none;
    if (octet == ':') {
        place_ = Place::value;
        return Violation::none;
    }
    if (octet == '\n') return Violation::bare_line_feed;
    if (is_white_space(octet)) return Violation::space_before_colon;
    if (octet == '\r') return Violation::malformed_field;  // there is no colon
    return is_control(octet) ? Violation::forbidden_octet : Violation::malformed_field;
}

Violation HeadReader::judge_value(char octet) noexcept {
    if (octet == '\r') {
        place_ = Place::value_end;
        return Violation::none;
    }
    if (octet == '\n') return Violation::bare_line_feed;
    return is_control(octet) && octet != '\t' ? Violation::forbidden_octet : Violation::none;
}

Violation HeadReader::too_large() const noexcept {
    const bool in_first_line = place_ == Place::first_line || place_ == Place::first_line_end;
    return in_first_line && kind_ == HeadKind::request ? Violation::target_too_long
                                                       : Violation::head_too_large;
}

// Only now, because growing would have moved what the table views. Every line has a colon and ends
// in CRLF, and no CR stands anywhere else.
bool HeadReader::list_fields() noexcept {
    if (!table_.resize(field_count_ * sizeof(Field))) return false;
    std::string_view rest = cut(octets_.text(), first_line_size_ + 2);
    for (std::uint32_t index = 0; index < field_count_; ++index) {
        const std::size_t colon = rest.find(':');
        const std::size_t end = rest.find('\r', colon);
        assert(colon < end && end < rest.size());
        new (table_.bytes().data() + index * sizeof(Field))
            Field{cut(rest, 0, colon), trim(cut(rest, colon + 1, end - colon - 1))};
        rest.remove_prefix(end + 2);
    }
    return true;
}

void HeadReader::fail(Violation fault) noexcept {
    fault_ = fault;
    progress_ = HeadProgress::faulty;
}

}  // namespace hawse::http
