#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Judges what gcovr found: every line of the engine runs, and every branch that does not is known.

    coverage.py FOUND [--root FOLDER] [--write]

FOUND is what `gcovr --json` wrote. branches.tsv names the branches that no test takes, by their line's
text, with the reason; one that is missing there fails, and so does one that is taken after all. Which of
several equal lines of a file it is stands beside it as 2/3: one line more, and the reasons of all of them
are asked for again. --write writes the list anew: it keeps the reasons of rows that still hold, and
leaves a ? where one is missing.
"""
import argparse
import collections
import json
import pathlib
import re
import sys

HEADING = ['file', 'not taken', 'line', 'which', 'reason']
LIST = 'tests/coverage/branches.tsv'
# Compiled where they belong, and only there: tests/headers and the stage mingw, and the stage variants,
# see to it.
ELSEWHERE = {'engine/include/hawse/windows.hpp', 'engine/deflate/compressor_none.cpp'}


def keys_of(name, lines):
    """Of each line of a file: its name, its text, and which of the lines with that text it is."""
    texts = [' '.join(line.split()) for line in lines]
    totals, so_far = collections.Counter(texts), collections.Counter()
    for text in texts:
        so_far[text] += 1
        yield name, text, f'{so_far[text]}/{totals[text]}'


def read_found(path, root):
    """Lines not run, branches not taken by file, text and place, and how many there are of each."""
    not_run, not_taken, counts = [], {}, collections.Counter()
    seen = set()
    for file in json.loads(path.read_text())['files']:
        name = file['file']
        keys = list(keys_of(name, (root / name).read_text().split('\n')))
        seen.add(name)
        for line in file['lines']:
            if line.get('gcovr/noncode') or line.get('gcovr/excluded'):
                continue
            key = keys[line['line_number'] - 1]
            # How the compiler compares members is its own.
            branches = [] if key[1].endswith('= default;') else line['branches']
            missed = sum(branch['count'] == 0 for branch in branches)
            counts['lines'] += 1
            counts['lines run'] += line['count'] > 0
            counts['branches'] += len(branches)
            counts['branches taken'] += len(branches) - missed
            if line['count'] == 0:
                not_run.append(f'{name}:{line["line_number"]}: not run: {key[1]}')
            elif missed:
                not_taken[key] = missed
    sources = {str(path.relative_to(root)) for path in root.glob('engine/**/*.cpp')}
    not_run += [f'{name}: nothing is known of it' for name in sorted(sources - seen - ELSEWHERE)]
    return not_run, not_taken, counts


def lonely_headers(root):
    """A header that nothing compiles has no line that could be missed."""
    folders = [root / 'engine', root / 'engine/include', root / 'tests']
    waiting = [*root.glob('engine/**/*.cpp'), *root.glob('tests/**/*.cpp'), *root.glob('tests/**/*.c')]
    reached = set()
    while waiting:
        file = waiting.pop()
        for included in re.findall(r'^#include "(.+)"', file.read_text(), re.M):
            found = [folder / included for folder in [*folders, file.parent]
                     if (folder / included).is_file()]
            waiting += set(found) - reached
            reached.update(found)
    headers = {*root.glob('engine/**/*.hpp'), *root.glob('engine/**/*.h')} - reached
    names = {str(path.relative_to(root)) for path in headers}
    return [f'{name}: nothing includes it' for name in sorted(names - ELSEWHERE)]


def read_list(path, faults):
    rows = {}
    lines = path.read_text().splitlines()
    if not lines or lines[0].split('\t') != HEADING:
        faults.append(f'{path}: the heading is not {HEADING}')
    for number, line in enumerate(lines[1:], 2):
        columns = line.split('\t')
        if len(columns) != 5 or not columns[1].isdigit():
            faults.append(f'{path}:{number}: not five columns, the second a number')
            continue
        name, count, text, which, reason = columns
        if (name, text, which) in rows:
            faults.append(f'{path}:{number}: stands there twice')
        rows[name, text, which] = int(count), reason
    return rows


def write_list(path, not_taken, rows):
    """Answers the rows as they are now."""
    rows = {key: (count, rows.get(key, (0, '?'))[1]) for key, count in sorted(not_taken.items())}
    path.write_text(''.join('\t'.join(row) + '\n' for row in [HEADING] + [
        [name, str(count), text, which, reason] for (name, text, which), (count, reason) in rows.items()]))
    return rows


def compare(not_taken, rows):
    faults = []
    for key, count in sorted(not_taken.items()):
        name, text, which = key
        listed, reason = rows.get(key, (0, ''))
        if listed != count:
            faults.append(f'{name}: {count} branches not taken, {listed} listed: {text} ({which})')
        elif len(reason.split()) < 3:
            faults.append(f'{name}: no reason is given: {text} ({which})')
    for name, text, which in sorted(rows.keys() - not_taken.keys()):
        faults.append(f'{name}: listed, but every branch is taken, or the line is gone: {text} ({which})')
    return faults


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('found', type=pathlib.Path)
    parser.add_argument('--root', type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument('--write', action='store_true')
    arguments = parser.parse_args(words)
    listed = arguments.root / LIST
    not_run, not_taken, counts = read_found(arguments.found, arguments.root)
    faults = []
    rows = read_list(listed, faults)
    if arguments.write:
        faults = []
        rows = write_list(listed, not_taken, rows)
    faults += not_run + lonely_headers(arguments.root) + compare(not_taken, rows)
    if not counts['lines'] or not counts['branches']:
        faults.append('nothing was measured')
    for fault in faults:
        print(fault)
    print(f'{counts["lines run"]} of {counts["lines"]} lines run; '
          f'{counts["branches taken"]} of {counts["branches"]} branches taken, '
          f'{sum(count for count, _ in rows.values())} listed with their reason')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
