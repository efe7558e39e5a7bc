// SPDX-License-Identifier: MIT
// Text files of the tree, read whole, and their lines and columns.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace hawse::test::replay {

/// What `path` holds. Ends the program when it cannot be read: there is nothing to check then.
inline std::string read_file(const std::string& path) {
    std::FILE* const file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) {
        std::printf("%s cannot be read: give --tests FOLDER, the folder tests/ of the tree\n",
                    path.c_str());
        std::exit(2);
    }
    std::string text;
    char piece[4096];
    while (const std::size_t size = std::fread(piece, 1, sizeof piece, file))
        text.append(piece, size);
    std::fclose(file);
    return text;
}

inline std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
    std::vector<std::string_view> pieces;
    for (std::size_t at; (at = text.find(separator)) != std::string_view::npos;) {
        pieces.push_back(text.substr(0, at));
        text.remove_prefix(at + separator.size());
    }
    pieces.push_back(text);
    return pieces;
}

std::vector<std::string_view> split(std::string&& gone, std::string_view separator) = delete;

/// Without the empty one behind the last line feed.
inline std::vector<std::string_view> lines_of(std::string_view text) {
    auto lines = split(text, "\n");
    if (lines.back().empty()) lines.pop_back();
    return lines;
}

std::vector<std::string_view> lines_of(std::string&& gone) = delete;

inline std::string joined(const std::vector<std::string>& pieces, std::string_view separator) {
    std::string text;
    for (const std::string& piece : pieces) {
        if (&piece != &pieces.front()) text += separator;
        text += piece;
    }
    return text;
}

}  // namespace hawse::test::replay
