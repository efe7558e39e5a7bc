// SPDX-License-Identifier: MIT
#include "hawse/utf8.hpp"
#include "replay/transcript.hpp"
#include "replay/transcript_scanner.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace hawse::test::replay {

namespace {

bool prints(std::byte octet) { return octet >= std::byte{0x20} && octet < std::byte{0x7F}; }

// Letters beyond ASCII stand as they are, where nobody can take them for something else.
bool stands_as_text(ConstBytes octets) {
    return is_utf8(octets) && std::none_of(octets.begin(), octets.end(), [](std::byte octet) {
               return octet < std::byte{0x20} || octet >= std::byte{0xE0} ||
                      octet == std::byte{0xC2};
           });
}

std::string escaped(ConstBytes octets) {
    const bool stands = stands_as_text(octets);
    std::string text = "\"";
    for (const std::byte octet : octets) {
        const char character = static_cast<char>(octet);
        const std::size_t which = std::string_view("\r\n\t\"\\").find(character);
        if (which != std::string_view::npos)
            (text += '\\') += "rnt\"\\"[which];
        else if (prints(octet) || (stands && octet >= std::byte{0x80}))
            text += character;
        else
            text += "\\x" + hex(std::array{octet});
    }
    return text += '"';
}

std::string frame_in_notation(const WireFrame& frame) {
    std::string text = "[";
    if (frame.first & 0x40) text += "rsv1 ";
    if (frame.first & 0x20) text += "rsv2 ";
    if (frame.first & 0x10) text += "rsv3 ";
    const auto* const known =
        std::find(std::begin(kind_opcodes), std::end(kind_opcodes), frame.first & 15);
    const auto which = static_cast<std::size_t>(known - std::begin(kind_opcodes));
    if (which == std::size(kinds))
        text += "opcode " + std::to_string(frame.first & 15);
    else
        text += which == 0 ? std::string_view("...") : kinds[which];
    ConstBytes payload = frame.payload;
    if ((frame.first & 15) == 8 && payload.size() >= 2) {
        text += ' ' + std::to_string(std::to_integer<unsigned>(payload[0]) << 8 |
                                     std::to_integer<unsigned>(payload[1]));
        payload = payload.subspan(2);
    }
    if (!payload.empty()) text += ' ' + in_notation(payload);
    return text + ((frame.first & 0x80) != 0 ? "]" : " ...]");
}

// The frames that `octets` are, when a line says all of each; else nothing.
std::vector<std::string> frames_in_notation(ConstBytes octets, Role from) {
    std::size_t rest = 0;
    std::vector<std::string> lines;
    for (const WireFrame& frame : read_frames(octets, &rest)) {
        const std::string line = "< " + frame_in_notation(frame);
        Scanner scanner(std::string_view(line).substr(1), from);
        const Octets again = scanner.octets(true);
        const std::size_t size = frame.header_size + frame.payload.size();
        if (size > octets.size() || again != copy_of(octets.first(size))) return {};
        octets = octets.subspan(size);
        lines.push_back(line);
    }
    return rest == 0 ? lines : std::vector<std::string>{};
}

}  // namespace

std::string in_notation(ConstBytes octets) {
    const bool same = std::all_of(octets.begin(), octets.end(),
                                  [&](std::byte octet) { return octet == octets.front(); });
    if (same && octets.size() > 8)
        return std::to_string(octets.size()) + '*' + in_notation(octets.first(1));
    const auto printing = std::count_if(octets.begin(), octets.end(), prints);
    const bool is_text = static_cast<std::size_t>(printing) * 2 >= octets.size();
    return is_text || stands_as_text(octets) ? escaped(octets) : '<' + hex(octets) + '>';
}

std::vector<std::string> output_in_notation(ConstBytes octets, Role from) {
    std::vector<std::string> lines;
    const std::string_view text = as_text(octets);
    if (text.starts_with("HTTP/1.1 ") || text.starts_with("GET ")) {
        for (bool head = true; head && !octets.empty();) {
            const std::string_view left = as_text(octets);
            const std::size_t size = left.find("\r\n");
            const ConstBytes line = octets.first(std::min(size, octets.size()));
            if (size == std::string_view::npos) break;
            const bool stands =
                std::all_of(line.begin(), line.end(), prints) && !as_text(line).ends_with(' ');
            lines.push_back(size == 0 ? "<|"
                            : stands  ? "<| " + std::string(as_text(line))
                                      : "< " + escaped(octets.first(size + 2)));
            octets = octets.subspan(size + 2);
            head = size != 0 || as_text(octets).starts_with("HTTP/1.1 ");
        }
    }
    if (octets.empty()) return lines;
    auto frames = frames_in_notation(octets, from);
    if (frames.empty()) frames.push_back("< " + in_notation(octets));
    lines.insert(lines.end(), frames.begin(), frames.end());
    return lines;
}

std::string event_in_notation(std::string_view words) {
    const std::size_t from = words.find_first_of("\"<");
    if (from == std::string_view::npos) return std::string(words);
    const std::size_t to = words.find_last_of("\">");
    const std::string_view inside = words.substr(from + 1, to - from - 1);
    const Octets octets = words[from] == '<' ? unhex(inside) : octets_of(inside);
    return std::string(words.substr(0, from)) + in_notation(octets) +
           std::string(words.substr(to + 1));
}

std::string in_notation(Duration duration) {
    const std::int64_t count = duration.nanoseconds;
    if (count % 1'000'000'000 == 0) return std::to_string(count / 1'000'000'000) + " s";
    return std::to_string(count / 1'000'000) + " ms";
}

}  // namespace hawse::test::replay
