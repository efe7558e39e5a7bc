# SPDX-License-Identifier: MIT
"""Breaks each rule of catalogue.py once and expects to be told, and expects nothing of the tree as it is."""

import pathlib
import re
import sys

import catalogue

TABLE = catalogue.CATALOGUE
TESTS = 'tests/property/catalogue_receiving_test.cpp'

# What is broken: file, pattern, what stands there instead, a part of what must be said.
BREAKS = [
    (TABLE, r'^id\tarea', 'id\tplace', 'the columns are not'),
    (TABLE, r'^HDR-01\t.*\n', '', 'there are 322 cases'),
    (TABLE, r'^HDR-01\t.*\n', '', 'HDR-01 of a vector is no case'),
    (TABLE, r'^HDR-03\t', 'HDR-01\t', 'HDR-01 is there twice'),
    (TABLE, r'^HDR-03\tHDR', 'HDR-03\tFRAG', 'HDR-03 is no id of FRAG'),
    (TABLE, r'^(HDR-03\tHDR)\tboth', r'\1\tall', 'all is no role'),
    (TABLE, r'^(HDR-03\tHDR\tboth)\t[^\t]*', r'\1\t', 'says nothing of the case'),
    (TABLE, r'^(HDR-03\t.*)\tvector\t-$', r'\1\tvector', 'a row has not 6 columns'),
    (TABLE, r'^(HDR-03\t.*)\tvector\t', r'\1\ttest\t', 'there is no test of HDR-03'),
    (TABLE, r'^(HDR-03\t.*)\tvector\t', r'\1\treplay:vectors\t', 'HDR-03 has a vector: say so'),
    (TABLE, r'^(LIM-13\t.*)\ttest\t', r'\1\tnot-run\t', 'not-run stands alone'),
    (TABLE, r'^(SIM-04\t.*)\tnot-run\t', r'\1\tnot-run test\t', 'not-run stands alone'),
    (TABLE, r'\twork:output\t', '\twork:input\t', 'work:input does not exist'),
    (TABLE, r'\tplatform:gcc_release ', '\tplatform:gcc_relaese ', 'gcc_relaese does not exist'),
    (TABLE, r'\treplay:vectors ', '\treplay:victors ', 'replay:victors does not exist'),
    (catalogue.VECTORS, r'^\{"id": "HDR-01", "role": "client".*\n', '',
     'is not run in the role of client'),
    (catalogue.VECTORS, r'"HDR-03"', '"HDR-02"', 'HDR-02 of a vector is no case'),
    (catalogue.HANDSHAKES, r'^HSS-01\t.*\n', '', 'there is no handshake of HSS-01'),
    (TESTS, r'\[LIM-09\]', '[LIM-08]', 'there is no test of LIM-09'),
    (TESTS, r'\[LIM-09\]', '[LIM-08]', 'LIM-08 of a test is no case'),
    (TESTS, r'\[LIM-09\](.*\n.*\n.*)both_roles', r'[LIM-09]\1one_role',
     'is not run in the role of client and server'),
]


def main():
    tree = catalogue.read_tree(pathlib.Path(__file__).resolve().parent.parent)
    missed = [f'as it is: {what}' for _, what in catalogue.findings(tree)]
    for path, pattern, replacement, expected in BREAKS:
        broken, count = re.subn(pattern, replacement, tree[path], count=1, flags=re.M)
        found = [what for _, what in catalogue.findings({**tree, path: broken})]
        if count == 0 or not any(expected in what for what in found):
            missed.append(f'{path}: {pattern} gave {found}, not "{expected}"')
    print('\n'.join(missed) or f'{len(BREAKS)} breaks were told')
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main())
