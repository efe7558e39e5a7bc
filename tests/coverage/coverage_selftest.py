# SPDX-License-Identifier: MIT
"""The test of coverage.py: a small engine whose lines all run and whose one branch is explained, broken
in one way at a time. Each break must be told, and nothing else."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
import coverage  # noqa: E402  (beside this file)

SOURCE, HEADER = 'engine/wire/kernel.cpp', 'engine/wire/kernel.hpp'
LIST, FOUND = 'tests/coverage/branches.tsv', 'found.json'
BRANCH = 'if (left == right) return 0;'
ROW = f'{SOURCE}\t1\t{BRANCH}\t2/2\tthe caller has compared them\n'
HEADING = 'file\tnot taken\tline\twhich\treason\n'

# The line of a source, how often it ran, and how often each of its branches.
RUN = [(2, 4, []), (3, 3, [2, 1]), (4, 2, [0, 2]), (5, 2, [])]


def found(lines):
    return json.dumps({'files': [{'file': SOURCE, 'lines': [
        {'line_number': number, 'count': count, 'branches': [{'count': taken} for taken in branches]}
        for number, count, branches in lines]}]})


CLEAN = {
    SOURCE: f'#include "wire/kernel.hpp"\nint rank(int left, int right) {{\n    {BRANCH}\n'
            f'    {BRANCH}\n    return 1; }}\n',
    HEADER: '#include "hawse/face.hpp"\n',
    'engine/include/hawse/face.hpp': '#pragma once\n',
    LIST: HEADING + ROW,
    FOUND: found(RUN),
}

# What is written instead, and all that must be said. None takes a file away.
BREAKS = [
    ({FOUND: found([(2, 0, []), *RUN[1:]])}, [f'{SOURCE}:2: not run: int rank(int left, int right) {{']),
    ({FOUND: found([*RUN[:1], (3, 0, [0, 0]), *RUN[2:]])}, [f'{SOURCE}:3: not run: {BRANCH}']),
    ({FOUND: found([*RUN[:1], (3, 3, [3, 0]), *RUN[2:]])},
     [f'{SOURCE}: 1 branches not taken, 0 listed: {BRANCH} (1/2)']),
    ({SOURCE: CLEAN[SOURCE].replace('return 1; }', 'bool operator==(int) = default;'),
      FOUND: found([*RUN[:3], (5, 0, [0, 1])])},
     [f'{SOURCE}:5: not run: bool operator==(int) = default;']),
    ({FOUND: found([*RUN[:2], (4, 2, [0, 0]), *RUN[3:]])},
     [f'{SOURCE}: 2 branches not taken, 1 listed: {BRANCH} (2/2)']),
    ({FOUND: found([*RUN[:2], (4, 2, [1, 1]), *RUN[3:]])},
     [f'{SOURCE}: listed, but every branch is taken, or the line is gone: {BRANCH} (2/2)']),
    ({SOURCE: CLEAN[SOURCE] + BRANCH + '\n'},
     [f'{SOURCE}: 1 branches not taken, 0 listed: {BRANCH} (2/3)',
      f'{SOURCE}: listed, but every branch is taken, or the line is gone: {BRANCH} (2/2)']),
    ({FOUND: json.dumps({'files': []}), LIST: HEADING},
     [f'{SOURCE}: nothing is known of it', 'nothing was measured']),
    ({'engine/wire/other.cpp': 'int other = 0;\n'}, ['engine/wire/other.cpp: nothing is known of it']),
    ({HEADER: '#pragma once\n'}, ['engine/include/hawse/face.hpp: nothing includes it']),
    ({'engine/wire/other.hpp': '#include "wire/another.hpp"\n', 'engine/wire/another.hpp': ''},
     ['engine/wire/another.hpp: nothing includes it', 'engine/wire/other.hpp: nothing includes it']),
    ({LIST: HEADING + ROW.replace('the caller has compared them', '?')},
     [f'{SOURCE}: no reason is given: {BRANCH} (2/2)']),
    ({LIST: HEADING + ROW + ROW}, [f'{LIST}:3: stands there twice']),
    ({LIST: HEADING + ROW + 'a\tb\n'}, [f'{LIST}:3: not five columns, the second a number']),
    ({LIST: HEADING + ROW + ROW.replace('\t1\t', '\tone\t')},
     [f'{LIST}:3: not five columns, the second a number']),
    ({LIST: ROW + ROW}, [f'{LIST}: the heading is not [']),
]


def judge(changes, *options):
    """The status, what is said of faults, and the list as it is afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in {**CLEAN, **changes}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            status = coverage.main([str(root / FOUND), '--root', folder, *options])
        told = said.getvalue().replace(f'{folder}/', '').splitlines()
        return status, told[:-1], (root / LIST).read_text()


def main():
    missed = []
    if (told := judge({})) != (0, [], CLEAN[LIST]):
        missed.append(f'as it is: {told}')
    for changes, expected in BREAKS:
        status, said, _ = judge(changes)
        if status != 1 or len(said) != len(expected) or not all(map(str.startswith, said, expected)):
            missed.append(f'{changes} gave {status} and {said}, not {expected}')
    # Written anew: what holds keeps its reason, what is new gets none, what is gone goes.
    gone = ROW.replace(BRANCH, 'return 1;')
    new = found([*RUN[:1], (3, 3, [3, 0]), *RUN[2:]])
    unexplained = f'{SOURCE}\t1\t{BRANCH}\t1/2\t?\n'
    told = judge({LIST: HEADING + ROW + gone, FOUND: new}, '--write')
    if told != (1, [f'{SOURCE}: no reason is given: {BRANCH} (1/2)'], HEADING + unexplained + ROW):
        missed.append(f'--write: {told}')
    print('\n'.join(missed) or f'{len(BREAKS)} breaks were told')
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main())
