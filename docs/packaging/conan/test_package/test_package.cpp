// SPDX-License-Identifier: MIT
#include <hawse/accept_key.hpp>
#include <hawse/version.hpp>

#include <cstdio>
#include <string_view>

int main() {
    const hawse::AcceptKey key = hawse::accept_key("dGhlIHNhbXBsZSBub25jZQ==");
    std::printf("hawse %s\n", hawse::library_version());
    return std::string_view(key.data(), key.size()) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" ? 0 : 1;
}
