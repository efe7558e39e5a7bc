#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""From requirements to the tests that prove them: reads docs/requirements.tsv and the tags in tests/,
and prints docs/requirements.md.

    tests/requirements.py            whether the page is what it should be; exits 1 when it is not
    tests/requirements.py --write    writes it anew; a row `by design` that a test is tagged with
                                     becomes `tested`

What the rows and tags must be is told by the rules of tests/tidy.py, which reads them with this file.
"""

import argparse
import collections
import pathlib
import re
import sys

sys.dont_write_bytecode = True

DATA, PAGE = 'docs/requirements.tsv', 'docs/requirements.md'
COLUMNS = ['id', 'level', 'role', 'owner', 'sentence', 'status', 'reason']
LEVELS = ['MUST', 'MUST NOT', 'SHOULD', 'SHOULD NOT', 'MAY']
OWNERS = ['engine', 'shared', 'embedder']
STATUSES = ['tested', 'by design', 'not ours', 'compression']

TITLES = {
    '6455': 'the protocol', '7692': 'permessage-deflate', '3629': 'UTF-8', '9110': 'HTTP semantics',
    '9112': 'HTTP/1.1', '8441': 'over HTTP/2', '9220': 'over HTTP/3',
    '9931': 'optimistic upgrades in HTTP/1.1', '8307': 'well-known URIs',
}
STANDARDS = '|'.join(TITLES)
ID = re.compile(rf'(?<![\w.-])(?:{STANDARDS})-\d+(?:\.\d+)*-\d+(?![\w-])')
TAG = re.compile(rf'\[((?:{STANDARDS})-[^\]\s]*)\]')

# Two strings behind a name: a sentence and its tags, each perhaps in several pieces.
STRINGS = r'((?:"(?:\\.|[^"\\\n])*"\s*)+)'
CASE = re.compile(rf'\b\w*TEST_CASE\w*\s*\(\s*{STRINGS}(?:,\s*{STRINGS})?')
GROUPS = 'tests/replay/main.cpp'
GROUP = re.compile(rf'\{{\s*"\w+",\s*\w+,\s*\w+,\s*{STRINGS},\s*{STRINGS}\}}')
STORIES = 'tests/transcripts'
STORY = re.compile(r'^Requirements:[ \t]*(.*)$', re.M)

TOLD_MAX = 12  # tests that the page names for one row

Row = collections.namedtuple('Row', 'id level role owner sentence status reason')
Case = collections.namedtuple('Case', 'path line title ids')

HEAD = '''# Requirements

Every normative sentence that hawse answers to, in our own words, and what holds it. This page is made
from [requirements.tsv](requirements.tsv) and from the tags in the tests by
[requirements.py](../tests/requirements.py), and a test fails when it is stale:

```sh
python3 tests/requirements.py --write
```

| status | what it says |
|---|---|
| tested | the tests that are named prove it |
| by design | there is nothing to be observed, or nothing that could break it: the reason says why |
| not ours | the embedder obeys it; the reason says what the engine gives for it |
| compression | it waits for permessage-deflate |

The id is the thread that runs through the project: RFC, section and a number within it. It never changes
and is never used again. A violation (`engine/vocabulary/violation.cpp`) names the requirement that the
peer broke; hosts see it in the `failed` event. A test names what it proves in its tags; a group of
`tests/replay` names it in its row, and a transcript in its line `Requirements:`.

`engine` obeys by itself, an `embedder` alone can obey, and `shared` is what the engine makes possible and
its embedder does. From a requirement to its tests:

```sh
grep -rn '6455-5.4-12' tests                      # where it is proven
build/tests/behaviour '[6455-5.4-12]'             # runs them; so do unit and property
build/tests/behaviour '[6455-5.4-12]' --list-tests
```
'''


def joined(strings):
    """What adjacent string literals say, none being none."""
    pieces = re.findall(r'"((?:\\.|[^"\\\n])*)"', strings or '')
    return re.sub(r'\\(.)', r'\1', ''.join(pieces))


def rows_of(text):
    """The rows of the data that have all their columns."""
    lines = [line.split('\t') for line in text.split('\n')[1:]]
    return [Row(*line) for line in lines if len(line) == len(COLUMNS)]


def cases_of(path, text):
    """The cases of one file of tests that have a title, tagged or not. `text` is without comments."""
    def line_of(offset):
        return text.count('\n', 0, offset) + 1

    if path.endswith('.md'):
        title = re.search(r'^#\s+(.*)$', text, re.M)
        for match in STORY.finditer(text):
            yield Case(path, line_of(match.start()), title[1].strip() if title else path,
                       [one for one in re.split(r'[,\s]+', match[1]) if one])
        return
    for match in (GROUP if path == GROUPS else CASE).finditer(text):
        yield Case(path, line_of(match.start()), joined(match[1]), TAG.findall(joined(match[2])))


def holds_cases(path):
    story = path.startswith(STORIES + '/') and path.endswith('.md') and not path.endswith('/README.md')
    return story or path.startswith('tests/') and path.endswith('.cpp')


def cell(text):
    return text.replace('|', r'\|')


def proof_of(cases):
    """The tests of one row, by file: its name as a link, and the titles."""
    told, files = cases[:TOLD_MAX], {}
    for case in told:
        files.setdefault(case.path, []).append(case.title)
    parts = [f'[{pathlib.PurePosixPath(path).stem}](../{path}): {"; ".join(titles)}'
             for path, titles in files.items()]
    if len(cases) > len(told):
        parts.append(f'and {len(cases) - len(told)} more')
    return '<br>'.join(parts)


def totals(rows):
    yield '| RFC | level | rows | tested | by design | not ours | compression |'
    yield '|---|---|---|---|---|---|---|'
    groups = [(f'{standard} {level}', [row for row in rows if row.id.startswith(standard + '-')
                                       and row.level == level])
              for standard in TITLES for level in LEVELS]
    for name, members in [*groups, ('all ', rows)]:
        if members:
            counts = collections.Counter(row.status for row in members)
            standard, level = name.split(' ', 1)
            yield (f'| {standard} | {level} | {len(members)} | ' +
                   ' | '.join(str(counts[status] or '') for status in STATUSES) + ' |')
    ours = [row for row in rows if row.level in ('MUST', 'MUST NOT') and row.owner != 'embedder']
    counts = collections.Counter(row.status for row in ours)
    yield ''
    yield (f'Of {len(ours)} rows MUST and MUST NOT that the engine owns or shares, {counts["tested"]} are '
           f'tested and {counts["compression"]} wait for permessage-deflate.')


def page(rows, cases):
    """docs/requirements.md."""
    by_id = collections.defaultdict(list)
    for case in cases:
        for one in dict.fromkeys(case.ids):
            by_id[one].append(case)
    lines = [HEAD, '## Totals', '', *totals(rows)]
    section = standard = None
    for row in rows:
        number, place, _ = row.id.split('-')
        if number != standard:
            standard, section = number, None
            lines += ['', f'## RFC {standard}, {TITLES.get(standard, "")}']
        if place != section:
            section = place
            link = f'https://www.rfc-editor.org/rfc/rfc{standard}#section-{section}'
            lines += ['', f'### [{standard} §{section}]({link})', '',
                      '| id | level | owner | status | requirement | tests, or reason |',
                      '|---|---|---|---|---|---|']
        proof = row.reason if row.reason else proof_of(by_id[row.id])
        lines.append(f'| {row.id} | {row.level} | {row.owner} | {row.status} | {cell(row.sentence)} '
                     f'| {cell(proof)} |')
    return '\n'.join(lines) + '\n'


def promoted(text, tagged):
    """The data, in which what was true by design and has a test since is tested."""
    lines = text.split('\n')
    for index, line in enumerate(lines):
        row = line.split('\t')
        if len(row) == len(COLUMNS) and row[5] == 'by design' and row[0] in tagged:
            lines[index] = '\t'.join([*row[:5], 'tested', ''])
    return '\n'.join(lines)


def main():
    import tidy  # it reads the tree, and this file
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--root', default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument('--write', action='store_true', help='write the page anew')
    options = parser.parse_args()
    tree = tidy.Tree(options.root)
    data = tree.by_path[DATA].text
    if options.write:
        data = promoted(data, {one for case in tree.cases for one in case.ids})
        (tree.root / DATA).write_text(data, 'utf-8')
    printed = page(rows_of(data), tree.cases)
    if options.write:
        (tree.root / PAGE).write_text(printed, 'utf-8')
    elif PAGE not in tree.by_path or tree.by_path[PAGE].text != printed:
        print(f'{PAGE} is stale: tests/requirements.py --write')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
