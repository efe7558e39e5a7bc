// SPDX-License-Identifier: MIT
// The opening handshakes of the public vector catalogue, octet for octet, and what is expected of each
// when the host accepts: tests/data/handshake_vectors.tsv. Octets are written as in C; "\(ab\)7;"
// stands for seven times "ab".
#pragma once

#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace support {

struct HandshakeVector {
    std::string name;
    std::string role;
    std::string events;
    std::string octets;
};

inline std::string repeated(std::string_view unit, int count) {
    std::string joined;
    for (; count > 0; --count) joined += unit;
    return joined;
}

inline std::string read_octets(std::string_view text) {
    std::string octets;
    for (std::size_t index = 0; index < text.size(); ++index) {
        if (text[index] != '\\') {
            octets += text[index];
            continue;
        }
        const char kind = text[++index];
        if (kind == 'x') {
            octets +=
                static_cast<char>(std::stoi(std::string(text.substr(index + 1, 2)), nullptr, 16));
            index += 2;
        } else if (kind == '(') {
            const std::size_t end = text.find("\\)", index);
            const std::string unit = read_octets(text.substr(index + 1, end - index - 1));
            index = text.find(';', end);
            octets += repeated(unit, std::stoi(std::string(text.substr(end + 2))));
        } else {
            octets += kind == 'r' ? '\r' : kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
        }
    }
    return octets;
}

inline std::vector<HandshakeVector> handshake_vectors(std::string_view role) {
    std::ifstream file(HAWSE_TEST_DATA "/handshake_vectors.tsv");
    std::vector<HandshakeVector> vectors;
    HandshakeVector one;
    std::string octets;
    while (std::getline(file, one.name, '\t') && std::getline(file, one.role, '\t') &&
           std::getline(file, one.events, '\t') && std::getline(file, octets)) {
        one.octets = read_octets(octets);
        if (one.role == role) vectors.push_back(one);
    }
    return vectors;
}

}  // namespace support
