#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the library's symbols promise to C: every function that the headers declare is there, in the
shared library as well, which exports nothing that is not of the face. What the archive needs of others,
tests/symbols says."""

import argparse
import pathlib
import re
import subprocess
import sys


def symbols(options, path, *arguments):
    listed = subprocess.run([options.nm, '-C', *arguments, path], capture_output=True, text=True,
                            check=True, timeout=60).stdout
    return [match.groups() for match in re.finditer(r'^[0-9a-f ]*\b([A-Za-z]) (.+)$', listed, re.M)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ('nm', 'archive', 'headers'):
        parser.add_argument('--' + name, required=True)
    parser.add_argument('--library', dest='shared', help='the shared one')
    options = parser.parse_args()
    failures = []

    declared = {name for header in pathlib.Path(options.headers).glob('*.h')
                for name in re.findall(r'\bHAWSE_API\b[^;()]*?\b(hawse_\w+)\s*\(', header.read_text())}
    found = symbols(options, options.archive)
    defined = {name for kind, name in found if kind not in 'Uw'}
    failures += [f'{name} is declared and not there' for name in sorted(declared - defined)]
    if options.shared:
        exported = {name.split('@')[0] for _, name in symbols(options, options.shared, '-D',
                                                             '--defined-only')}
        failures += [f'{name} is not exported' for name in sorted(declared - exported)]
        inner = {name for name in exported if re.match(r'hawse::[a-z]\w*::', name)}
        failures += [f'{name} is exported, but not of the face' for name in sorted(inner)]

    print(*failures, f'{len(declared)} functions in C, {len(failures)} failures', sep='\n')
    return 1 if failures or not declared else 0


if __name__ == '__main__':
    sys.exit(main())
