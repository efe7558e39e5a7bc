// SPDX-License-Identifier: MIT
// One HTTP/1.1 head, read octet by octet into leased memory: where its lines end, that they are
// lines, and what stands in them. Faults are found at the octet that makes them, however the octets
// are cut. What a head must say is for the handshake to judge. RFC 9112 §2 to §5
#pragma once

#include "hawse/bytes.hpp"
#include "hawse/config.hpp"
#include "hawse/field.hpp"
#include "hawse/violation.hpp"
#include "http/leased_bytes.hpp"
#include "http/text.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hawse::http {

struct RequestLine {
    std::string_view method;
    std::string_view target;
    std::uint8_t version = 0;  ///< 11 for HTTP/1.1
};

struct StatusLine {
    std::uint8_t version = 0;
    std::uint16_t status = 0;
};

/// Take a first line apart, without its CRLF; false when it has another shape. Pure.
[[nodiscard]] bool read_request_line(std::string_view line, RequestLine& request) noexcept;
[[nodiscard]] bool read_status_line(std::string_view line, StatusLine& response) noexcept;

enum class HeadKind : std::uint8_t { request, response };

enum class HeadProgress : std::uint8_t { reading, complete, faulty, out_of_memory };

class HeadReader {
public:
    /// `limits` outlive the reader.
    HeadReader(HeadKind kind, Pool* pool, const Limits& limits) noexcept
        : octets_(pool), table_(pool), limits_(&limits), kind_(kind) {}

    /// Takes octets until the head is complete, faulty or out of memory, and answers how many, the
    /// deciding one among them. Each is looked at once now and once when the head is complete.
    std::size_t take(ConstBytes octets) noexcept;

    [[nodiscard]] HeadProgress progress() const noexcept { return progress_; }
    /// Of a faulty head.
    [[nodiscard]] Violation fault() const noexcept { return fault_; }

    // Of a complete head; the views live until restart(), give_back() or destruction.
    [[nodiscard]] std::string_view first_line() const noexcept {
        return cut(octets_.text(), 0, first_line_size_);
    }
    [[nodiscard]] std::span<const Field> fields() const noexcept;

    /// Begins another head in the same memory.
    void restart() noexcept;
    void give_back() noexcept;

private:
    enum class Place : std::uint8_t {
        beginning,   // of a request: an empty line is tolerated
        empty_line,  // its CR has come
        first_line,
        first_line_end,  // its CR has come
        line,            // a field begins, or the empty line that ends the head
        name,
        value,
        value_end,  // its CR has come
        head_end,   // the CR of the empty line has come
    };

    bool skips(char octet) noexcept;
    [[nodiscard]] Violation judge(char octet) noexcept;
    [[nodiscard]] Violation judge_first_line(char octet) noexcept;
    [[nodiscard]] Violation judge_first_line_end() noexcept;
    [[nodiscard]] Violation judge_line(char octet) noexcept;
    [[nodiscard]] Violation judge_fold() noexcept;
    [[nodiscard]] Violation judge_name(char octet) noexcept;
    [[nodiscard]] Violation judge_value(char octet) noexcept;
    [[nodiscard]] Violation too_large() const noexcept;
    [[nodiscard]] bool list_fields() noexcept;
    void fail(Violation fault) noexcept;

    LeasedBytes octets_;
    LeasedBytes table_;  // of Field; made when the head is complete and its octets stay in place
    const Limits* limits_;
    std::size_t first_line_size_ = 0;
    std::uint32_t field_count_ = 0;
    HeadKind kind_;
    Place place_ = Place::beginning;
    HeadProgress progress_ = HeadProgress::reading;
    Violation fault_ = Violation::none;
};

}  // namespace hawse::http
