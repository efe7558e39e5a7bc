#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""embed.py PAGE HEADER: writes HEADER, in which the text file PAGE is a std::string_view."""
import pathlib
import sys

page = pathlib.Path(sys.argv[1])
text = page.read_text(encoding='utf-8')
delimiter = 'hawse_page'
if f'){delimiter}"' in text:
    sys.exit(f'{page} holds the delimiter of the literal it becomes')
pathlib.Path(sys.argv[2]).write_text(f'''// Made from {page.name} by embed.py.
#pragma once

#include <string_view>

namespace examples {{

inline constexpr std::string_view page = R"{delimiter}({text}){delimiter}";

}}  // namespace examples
''', encoding='utf-8')
