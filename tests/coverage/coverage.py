#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Judges what gcovr found: every line of the engine runs, and every branch that does not is known.

    coverage.py FOUND [--root FOLDER] [--write]

FOUND is what `gcovr --json` wrote. branches.tsv names the branches that no test takes, by their line's
text, with the reason; one that is missing there fails, and so does one that is taken after all. --write
writes the list anew: it keeps the reasons of rows that still hold, and leaves a ? where one is missing.
"""
import argparse
import collections
import json
import pathlib
import sys

HEADING = ['file', 'not taken', 'line', 'reason']


def read_found(path, root):
    """Lines not run, branches not taken by file and text, and how many there are of each."""
    not_run, not_taken, counts = [], collections.Counter(), collections.Counter()
    seen = set()
    for file in json.loads(path.read_text())['files']:
        name = file['file']
        texts = (root / name).read_text().split('\n')
        seen.add(name)
        for line in file['lines']:
            if line.get('gcovr/noncode') or line.get('gcovr/excluded'):
                continue
            text = ' '.join(texts[line['line_number'] - 1].split())
            missed = sum(branch['count'] == 0 for branch in line['branches'])
            counts['lines'] += 1
            counts['branches'] += len(line['branches'])
            counts['branches taken'] += len(line['branches']) - missed
            if line['count'] == 0:
                not_run.append(f'{name}:{line["line_number"]}: not run: {text}')
            elif missed:
                not_taken[name, text] += missed
    sources = {str(path.relative_to(root)) for path in root.glob('engine/**/*.cpp')}
    not_run += [f'{name}: nothing is known of it' for name in sorted(sources - seen)]
    return not_run, not_taken, counts


def read_list(path, faults):
    rows = {}
    lines = path.read_text().splitlines()
    if not lines or lines[0].split('\t') != HEADING:
        faults.append(f'{path}: the heading is not {HEADING}')
    for number, line in enumerate(lines[1:], 2):
        columns = line.split('\t')
        if len(columns) != 4 or not columns[1].isdigit():
            faults.append(f'{path}:{number}: not four columns, the second a number')
            continue
        name, count, text, reason = columns
        if (name, text) in rows:
            faults.append(f'{path}:{number}: stands there twice')
        rows[name, text] = int(count), reason
    return rows


def compare(not_taken, rows):
    faults = []
    for (name, text), count in sorted(not_taken.items()):
        listed, reason = rows.get((name, text), (0, ''))
        if listed != count:
            faults.append(f'{name}: {count} branches not taken, {listed} listed: {text}')
        elif len(reason.split()) < 3:
            faults.append(f'{name}: no reason is given: {text}')
    for name, text in sorted(rows.keys() - not_taken.keys()):
        faults.append(f'{name}: listed, but every branch is taken, or the line is gone: {text}')
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('found', type=pathlib.Path)
    parser.add_argument('--root', type=pathlib.Path, default=pathlib.Path(__file__).parents[2])
    parser.add_argument('--write', action='store_true')
    arguments = parser.parse_args()
    listed = arguments.root / 'tests/coverage/branches.tsv'
    not_run, not_taken, counts = read_found(arguments.found, arguments.root)
    faults = []
    rows = read_list(listed, faults)
    if arguments.write:
        faults = []
        rows = {key: (count, rows.get(key, (0, '?'))[1]) for key, count in sorted(not_taken.items())}
        listed.write_text(''.join('\t'.join(row) + '\n' for row in [HEADING] + [
            [name, str(count), text, reason] for (name, text), (count, reason) in rows.items()]))
    faults += not_run + compare(not_taken, rows)
    for fault in faults:
        print(fault)
    print(f'{counts["lines"] - len(not_run)} of {counts["lines"]} lines run; '
          f'{counts["branches taken"]} of {counts["branches"]} branches taken, '
          f'{sum(count for count, _ in rows.values())} listed with their reason')
    if not counts['lines'] or not counts['branches']:
        faults.append('nothing')
        print('nothing was measured')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
