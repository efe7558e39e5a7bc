#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What programs in C were compiled with stays: the value of every enumerator and constant, the size of
every struct and where its members lie, on Linux with addresses of 64 bits. abi.tsv holds them.

A line may be added to it. Until 1.0 a line may change or go as well, but only together with the soname
(soversion in engine/meson.build); from 1.0 on only with a new major version.

    tests/capi/abi_test.py --compiler cc --include FOLDER [--write]
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TABLE = HERE / 'abi.tsv'
COLUMNS = ['name', 'value or offset', 'size']
sys.path.insert(0, str(HERE.parent))
import tidy  # noqa: E402: it reads the names that C headers declare


def lines_of_program(root):
    """A line of C for each name, which prints its line of the table."""
    structs = set()
    for source in tidy.Tree(root).engine():
        if source.layer != 'hawse' or source.suffix != '.h':
            continue
        for _, kind, name in tidy.c_names(source):
            if kind == 'member':
                struct, member = name.split('.')
                if struct not in structs:
                    structs.add(struct)
                    yield f'printf("{struct}\\t\\t%zu\\n", sizeof({struct}));'
                yield (f'printf("{name}\\t%zu\\t%zu\\n", offsetof({struct}, {member}), '
                       f'sizeof((({struct}*)0)->{member}));')
            elif kind == 'enumerator' or (kind == 'constant' and 'VERSION' not in name):
                yield f'printf("{name}\\t%lld\\t\\n", (long long)({name}));'


def table_of(compiler, include):
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder, 'abi.c'), pathlib.Path(folder, 'abi')
        body = '\n    '.join(lines_of_program(HERE.parent.parent))
        source.write_text('#include "hawse/hawse.h"\n#include <stdio.h>\n'
                          f'int main(void) {{\n    {body}\n    return 0;\n}}\n')
        subprocess.run([*compiler, f'-I{include}', source, '-o', program], check=True, timeout=120)
        printed = subprocess.run([program], stdout=subprocess.PIPE, check=True, timeout=60).stdout
    return ['\t'.join(COLUMNS), *sorted(printed.decode().splitlines())]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--compiler', nargs='+', required=True)
    parser.add_argument('--include', required=True)
    parser.add_argument('--write', action='store_true', help='write the table anew')
    options = parser.parse_args()
    found = table_of(options.compiler, options.include)
    if options.write:
        TABLE.write_text('\n'.join(found) + '\n')
    promised = TABLE.read_text().splitlines()
    gone, new = sorted(set(promised) - set(found)), sorted(set(found) - set(promised))
    names = {line.split('\t')[0] for line in promised}
    for line in gone:
        print(f'promised, and no longer so: {line!r}: allowed until 1.0, with a new soname')
    for line in new:
        changed = line.split('\t')[0] in names
        print(f'{"is now" if changed else "new, add it to abi.tsv"}: {line!r}')
    print(f'{len(found) - 1} lines, {len(gone) + len(new)} differ')
    return 1 if gone or new or len(found) < 2 else 0


if __name__ == '__main__':
    sys.exit(main())
