# SPDX-License-Identifier: MIT
"""Checks that every case of the catalogue of hostile peers is proven as it says.

    tests/catalogue.py [--root DIRECTORY]

tests/data/catalogue.tsv has one row for each case: how it is proven, and in which roles. A proof is

    vector          octets in tests/data/vectors_open.jsonl, replayed by tests/replay
    handshake       octets in tests/data/handshake_vectors.tsv, replayed by tests/replay
    test            a test case with the case's id as a tag
    replay:GROUP    a group of tests/replay
    work:NAME       a work of tests/growth
    platform:STAGE  a stage of .ci/run
    not-run         nothing, for the reason in the note

Prints what is wrong and ends with 1; or the totals.
"""

import argparse
import collections
import json
import pathlib
import re
import sys

CATALOGUE = 'tests/data/catalogue.tsv'
VECTORS = 'tests/data/vectors_open.jsonl'
HANDSHAKES = 'tests/data/handshake_vectors.tsv'
GROUPS = 'tests/replay/meson.build'
WORKS = 'tests/growth/work.py'
STAGES = '.ci/run'
CASE_COUNT = 323

Row = collections.namedtuple('Row', 'line id area roles case proofs note')
COLUMNS = ['id', 'area', 'roles', 'case', 'proof', 'note']
TEST_CASE = re.compile(r'^TEST_CASE\(.*?^\}', re.M | re.S)


def read_tree(root):
    """path -> text of all that is looked at."""
    paths = [CATALOGUE, VECTORS, HANDSHAKES, GROUPS, WORKS, STAGES]
    paths += [str(path.relative_to(root)) for path in sorted(root.glob('tests/**/*_test.cpp'))]
    return {path: (root / path).read_text(encoding='utf-8') for path in paths}


def read_rows(text):
    for number, line in enumerate(text.splitlines()[1:], 2):
        columns = line.split('\t')
        if len(columns) == len(COLUMNS):
            yield Row(number, *columns[:4], columns[4].split(' '), columns[5])


def roles_in(path, code):
    """The roles that the text of a test case speaks of, or the name of its file."""
    roles = set(re.findall(r'\bRole::(client|server)\b', code))
    if 'both_roles' in code:
        roles |= {'client', 'server'}
    handshake = re.search(r'handshake_(client|server)_test', path)
    return roles | {handshake[1]} if handshake else roles


class Proofs:
    """What there is to prove a case with."""

    def __init__(self, tree):
        self.roles = collections.defaultdict(set)  # id -> roles seen in tests and vectors
        self.there = set()                         # (id, proof) and names of groups and stages
        areas = '|'.join(sorted({row.area for row in read_rows(tree[CATALOGUE])}))
        tag = re.compile(rf'\[((?:{areas})-\d+)\]')
        for path, text in tree.items():
            for test in TEST_CASE.findall(text) if path.endswith('.cpp') else []:
                for identifier in tag.findall(test):
                    self.add(identifier, 'test', roles_in(path, test))
        for line in tree[VECTORS].splitlines():
            vector = json.loads(line)
            self.add(vector['id'], 'vector', {vector['role']})
        for line in tree[HANDSHAKES].splitlines()[1:]:
            identifier, role = line.split('\t')[:2]
            self.add(identifier, 'handshake', {role})
        self.names = {f'replay:{name}' for name in re.findall(r"^  '(\w+)': \[", tree[GROUPS], re.M)}
        self.names |= {f'work:{name}' for name in re.findall(r"^    '(\w+)': \(", tree[WORKS], re.M)}
        self.names |= {f'platform:{name}' for name in re.findall(r'^(\w+)\(\)', tree[STAGES], re.M)}

    def add(self, identifier, proof, roles):
        self.there.add((identifier, proof))
        self.roles[identifier] |= roles


def findings_in(row, proofs):
    if not re.fullmatch(rf'{row.area}-\d+', row.id):
        yield f'{row.id} is no id of {row.area}'
    if row.roles not in ('client', 'server', 'both'):
        yield f'{row.roles} is no role'
    if not row.case:
        yield 'says nothing of the case'
    for proof in row.proofs:
        if proof == 'not-run':
            continue
        if ':' in proof:
            if proof not in proofs.names:
                yield f'{proof} does not exist'
        elif (row.id, proof) not in proofs.there:
            yield f'there is no {proof} of {row.id}'
    if 'not-run' in row.proofs and (row.proofs != ['not-run'] or len(row.note) < 20):
        yield 'not-run stands alone, with a reason'
    # The roles of what names none, such as a kernel, are explained in the note.
    direct = {'vector', 'handshake', 'test'} & set(row.proofs)
    wanted = {'client', 'server'} if row.roles == 'both' else {row.roles}
    if direct and not wanted <= proofs.roles[row.id] and not re.search(r'\broles?\b', row.note):
        yield f'is not run in the role of {" and ".join(sorted(wanted - proofs.roles[row.id]))}'


def findings(tree):
    """(line of the catalogue, what is wrong)"""
    lines = tree[CATALOGUE].splitlines()
    rows = list(read_rows(tree[CATALOGUE]))
    proofs = Proofs(tree)
    if lines[0].split('\t') != COLUMNS:
        yield 1, f'the columns are not {", ".join(COLUMNS)}'
    if len(rows) != len(lines) - 1:
        yield 1, f'a row has not {len(COLUMNS)} columns'
    if len(rows) != CASE_COUNT:
        yield 1, f'there are {len(rows)} cases, not {CASE_COUNT}'
    seen = {}
    for row in rows:
        if row.id in seen:
            yield row.line, f'{row.id} is there twice'
        seen[row.id] = row
        for what in findings_in(row, proofs):
            yield row.line, what
    for identifier, proof in sorted(proofs.there):
        if identifier not in seen:
            yield 1, f'{identifier} of a {proof} is no case'
        elif proof not in seen[identifier].proofs:
            yield seen[identifier].line, f'{identifier} has a {proof}: say so'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--root', type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    tree = read_tree(parser.parse_args().root)
    found = list(findings(tree))
    for line, what in found:
        print(f'{CATALOGUE}:{line}: {what}')
    totals = collections.Counter(proof.split(':')[0] for row in read_rows(tree[CATALOGUE])
                                 for proof in row.proofs)
    print(', '.join(f'{count} {proof}' for proof, count in totals.most_common()))
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
