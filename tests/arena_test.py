#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The arena example in arenas that are too small, of every size there is: it says what was refused or
failed and exits with 1, never otherwise, and is content from some size on.

    tests/arena_test.py ARENA
"""

import subprocess
import sys

ARENA_SIZE, STEP = 64 * 1024, 256  # no lease is smaller than 256 octets


def main():
    said = {}
    for size in range(0, ARENA_SIZE + STEP, STEP):
        run = subprocess.run([sys.argv[1], str(size)], stdout=subprocess.PIPE, timeout=60)
        lines = run.stdout.decode().splitlines()
        assert run.returncode in (0, 1) and len(lines) == 1, (size, run)
        said.setdefault((run.returncode, lines[0]), []).append(size)
    for (code, line), sizes in said.items():
        print(f'{min(sizes):6} to {max(sizes):6}: {code}: {line}')
    enough = [size for (code, _), sizes in said.items() if code == 0 for size in sizes]
    assert len(enough) == (ARENA_SIZE - min(enough)) // STEP + 1, 'a larger arena does worse'
    refused = [line for code, line in said if code == 1]
    assert any('allocator' in line for line in refused), 'no call was refused'
    assert any('no memory' in line for line in refused), 'no conversation failed'


if __name__ == '__main__':
    main()
