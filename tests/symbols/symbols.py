#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the library needs from elsewhere, as a test: every symbol that no member of the archive
defines is in allowed.tsv, and no member holds data that can be written, so that there are no globals.

    tests/symbols/symbols.py [--asserts] [--deflate] --nm NM ARCHIVE
"""

import argparse
import pathlib
import subprocess
import sys

ALLOWED = pathlib.Path(__file__).resolve().parent / 'allowed.tsv'
BUILDS = ('all', 'asserts', 'deflate')
# Written once, by whoever loads the program, before anything runs: constants that hold addresses.
RELOCATED = '.data.rel.ro'
# WebAssembly has none of these, and its data is not looked at.
WRITABLE = ('.data', '.bss', '.tdata', '.tbss', 'COMMON', '*COM*')


def read_allowed(text, *builds):
    """The names that a build may leave undefined."""
    header, *rows = [line.split('\t') for line in text.splitlines()]
    assert header == ['symbol', 'builds', 'reason'], header
    for row in rows:
        assert len(row) == 3 and all(row) and row[1] in BUILDS, row
    return {symbol for symbol, build, _ in rows if build in ('all', *builds)}


def read_symbols(nm, archive):
    """(member, name without its version, class, section) of each symbol."""
    printed = subprocess.run([nm, '--format=sysv', archive], stdout=subprocess.PIPE, check=True,
                             timeout=120).stdout.decode()
    member = archive
    for line in printed.splitlines():
        if line.startswith(('Undefined symbols from ', 'Symbols from ')):
            member = line.replace('[', ' ').split()[-1].rstrip(':]')
        columns = [column.strip() for column in line.split('|')]
        if len(columns) == 7 and columns[0] != 'Name':
            yield member, columns[0].split('@')[0], columns[2], columns[6]


def findings(nm, archive, allowed):
    defined, needed, written = set(), {}, []
    for member, name, kind, section in read_symbols(nm, archive):
        if kind in ('U', 'w', 'v'):
            needed.setdefault(name, member)
        elif name not in ('', section):  # COFF names its sections so
            defined.add(name)
            if section.startswith(WRITABLE) and not section.startswith(RELOCATED):
                written.append((member, name, section))
    if not defined:
        yield f'{archive}: it defines nothing'
    for name, member in sorted(needed.items()):
        if name not in defined | allowed:
            yield f'{member}: needs {name}, which is not in {ALLOWED.name}'
    for member, name, section in sorted(written):
        yield f'{member}: {name} lies in {section}: state belongs to an object'


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--asserts', action='store_true', help='the build has asserts')
    parser.add_argument('--deflate', action='store_true', help='the build has zlib')
    parser.add_argument('--nm', required=True)
    parser.add_argument('archive')
    options = parser.parse_args()
    builds = [build for build in BUILDS[1:] if getattr(options, build)]
    found = list(findings(options.nm, options.archive, read_allowed(ALLOWED.read_text(), *builds)))
    for one in found:
        print(one)
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
