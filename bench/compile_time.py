#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What hawse costs whoever includes it: seconds to compile a program that drives a Connection at -O2,
beside an empty one, and one that includes what the face itself includes of the C++ library; median of
interleaved rounds, in processor time, and lines after preprocessing.

    bench/compile_time.py [--rounds 9] [--max SECONDS] COMPILER...
"""

import argparse
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / 'engine' / 'include'
DRIVER = '''#include "hawse/hawse.hpp"

bool settle(hawse::Connection& connection, hawse::Bytes octets, hawse::Time now,
            bool (*write)(std::span<const hawse::Slice>)) {
    (void)connection.receive(octets, now);
    while (const hawse::Event event = connection.next_event())
        if (event.is_message()) (void)connection.send(event.message_kind(), event.payload());
    hawse::Slice slices[16];
    const auto count = connection.gather(slices);
    if (count != 0 && write({slices, count})) connection.wrote(connection.output_size(), now);
    return connection.wants().close();
}
'''


def standard_headers():
    """What hawse.hpp includes of the C++ library, through all of hawse/."""
    names, seen, waiting = set(), set(), ['hawse/hawse.hpp']
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            text = (INCLUDE / name).read_text()
            names.update(re.findall(r'^#include <([^>]+)>', text, re.M))
            waiting += re.findall(r'^#include "([^"]+)"', text, re.M)
    return ''.join(f'#include <{name}>\n' for name in sorted(names))


def processor_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, timeout=600)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--rounds', type=int, default=9)
    parser.add_argument('--max', type=float, help='fail when the driver takes longer than this')
    parser.add_argument('compilers', nargs='*', default=['g++', 'clang++'])
    options = parser.parse_args()
    programs = {'empty': '', 'standard headers': standard_headers(), 'driver': DRIVER}
    slow = False
    with tempfile.TemporaryDirectory() as folder:
        for compiler in options.compilers:
            times = {name: [] for name in programs}
            for name, text in programs.items():
                pathlib.Path(folder, name + '.cpp').write_text(text)
            for _ in range(options.rounds):
                for name in programs:
                    times[name].append(processor_seconds(
                        [compiler, '-std=c++20', '-O2', f'-I{INCLUDE}', '-c', f'{folder}/{name}.cpp',
                         '-o', f'{folder}/out.o']))
            for name in programs:
                lines = subprocess.run([compiler, '-std=c++20', '-O2', f'-I{INCLUDE}', '-E', '-P',
                                        f'{folder}/{name}.cpp'], stdout=subprocess.PIPE, check=True,
                                       timeout=600).stdout.count(b'\n')
                print(f'{compiler:10} {name:18} {statistics.median(times[name]):6.3f} s '
                      f'{lines:7} lines')
            slow |= options.max is not None and statistics.median(times['driver']) > options.max
    return 1 if slow else 0


if __name__ == '__main__':
    sys.exit(main())
