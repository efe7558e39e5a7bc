# SPDX-License-Identifier: MIT
"""Work that a peer chooses the size of is linear in that size.

    tests/growth/work.py --work PROGRAM --valgrind PROGRAM [--ratio-only] [--only NAME]

Counts the instructions that the engine takes for each piece of work at a size and at twice that size. Twice
the size may take at most 2.3 times as many, and each unit of the size (an octet, a frame, a field) at most so
many as WORKS says. Instructions are counted, never time, so the figures are the same on a busy machine.
"""

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys

RATIO_MAX = 2.3
LONGEST_SECONDS = 300  # each takes some seconds; this only ends what would never end

# Name, the smaller size, and instructions for each unit of size: half as many again as gcc 12 at -O2 needs.
# Sizes are such that moving all that is held with each octet, 32 octets an instruction, passes the ratio.
WORKS = {
    'octet_by_octet': (65536, 1800),    # an octet received, once by each role, as in those that follow
    'whole': (100000, 80),
    'fragments': (16000, 2000),
    'text_fragments': (16000, 3000),
    'empty_frames': (8000, 900),
    'pings': (4000, 3200),
    'landing': (16384, 800),
    'unread': (4000, 800),
    'inflate': (100000, 27),             # an octet of the message
    'inflate_octet_by_octet': (50000, 3800),
    'inflate_by_one': (20000, 3700),     # in parts of one octet
    'inflate_bomb': (2000, 12700),       # an octet that says 1032
    'empty_blocks': (20000, 620),        # of five octets
    'tables': (2000, 13200),             # a block with tables of its own, of 103 bits
    'output': (16000, 4600),            # a frame of three octets, each written alone
    'gathered_output': (8000, 16000),   # one of seven
    'lent_output': (2000, 19000),
    'commas': (4000, 3200),             # in 24 heads
    'quotes': (4000, 2200),
    'backslashes': (4000, 2200),
    'spaces': (4096, 2400),
    'protocol_spaces': (16000, 90),
    'parameters': (450, 1500),
    'offers': (450, 9000),              # one of compression, and a parameter of the last
    'subprotocols': (500, 14000),       # each compared with the hundred of the host
    'endless_line': (32768, 650),
    'many_fields': (4000, 4700),
    'folds': (8000, 1300),
    'interim': (2000, 5300),
    'chunks': (32000, 1500),
    'early': (16384, 190),
}


def count_instructions(options, name, size):
    try:
        run = subprocess.run(
            [options.valgrind, '--tool=callgrind', '--callgrind-out-file=/dev/null',
             '--toggle-collect=measured_work', options.work, name, str(size)],
            capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS,
            env={**os.environ, 'MALLOC_PERTURB_': '0'})  # whoever runs tests may have memory filled
    except subprocess.TimeoutExpired:
        sys.exit(f'{name} {size} has not ended after {LONGEST_SECONDS} seconds: far from linear')
    collected = re.search(r'Collected : (\d+)', run.stderr)
    if run.returncode != 0 or collected is None or int(collected[1]) == 0:
        sys.exit(f'{name} {size} gave no count:\n{run.stdout}{run.stderr}')
    return int(collected[1])


def judge(name, once, twice, ratio_only):
    """What is wrong with the counts, or an empty string."""
    size, unit_max = WORKS[name]
    if twice > RATIO_MAX * once:
        return f'not linear: at most {RATIO_MAX} times'
    if not ratio_only and twice > unit_max * 2 * size:
        return f'too many: at most {unit_max} a unit'
    return ''


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--work', required=True)
    parser.add_argument('--valgrind', required=True)
    parser.add_argument('--ratio-only', action='store_true')
    parser.add_argument('--only', choices=WORKS)
    options = parser.parse_args()
    names = [options.only] if options.only else list(WORKS)
    faults = 0
    print(f'{"work":22} {"size":>7} {"instructions":>13} {"at twice":>13} {"ratio":>6} {"a unit":>8}')
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        counts = [(name, pool.submit(count_instructions, options, name, WORKS[name][0]),
                   pool.submit(count_instructions, options, name, 2 * WORKS[name][0]))
                  for name in names]
        for name, once, twice in counts:
            size, once, twice = WORKS[name][0], once.result(), twice.result()
            fault = judge(name, once, twice, options.ratio_only)
            faults += fault != ''
            print(f'{name:22} {size:7} {once:13,} {twice:13,} {twice / once:6.2f} '
                  f'{twice / 2 / size:8.0f}  {fault}', flush=True)
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
