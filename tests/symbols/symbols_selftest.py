#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The test of symbols.py: small archives, each with one thing in it that the library must not have,
compiled at every level of optimisation. Each must be reported for that, and the clean ones not at
all.

    tests/symbols/symbols_selftest.py --nm NM --ar AR -- COMPILER...
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import symbols  # noqa: E402  (beside this file)

# What is wrong: the source, and the symbol that must be reported, whatever comes with it.
NEEDS = {
    'malloc': ('extern "C" void* malloc(unsigned long); void* f() { return malloc(8); }', 'malloc'),
    'operator new': ('int* f() { return new int; }', '_Znwm'),
    'operator delete': ('void f(void* one) { ::operator delete(one); }', '_ZdlPv'),
    'a static local': ('int g(); int f() { static const int one = g(); return one; }',
                       '__cxa_guard_acquire'),
    'an exception': ('void f() { throw 1; }', '__cxa_throw'),
    'a handler': ('void used(void*); int f() { try { used(nullptr); } catch (...) { return 1; } '
                  'return 0; }', '__gxx_personality_v0'),
    'stdio': ('extern "C" int puts(const char*); void f() { puts("heave"); }', 'puts'),
    'a clock': ('extern "C" long time(long*); long f() { return time(nullptr); }', 'time'),
    'a lock': ('extern "C" int pthread_mutex_lock(void*); int f(void* m) '
               '{ return pthread_mutex_lock(m); }', 'pthread_mutex_lock'),
    'a socket': ('extern "C" int socket(int, int, int); int f() { return socket(2, 1, 0); }',
                 'socket'),
    'a version of malloc': ('extern "C" void* old(unsigned long);\n'
                            'asm(".symver old, malloc@GLIBC_2.2.5");\n'
                            'void* f() { return old(8); }', 'malloc'),
    'a weak symbol': ('extern "C" [[gnu::weak]] void free(void*); void f(void* one) '
                      '{ if (&free != nullptr) free(one); }', 'free'),
    'zlib': ('extern "C" int deflateReset(void*); int f(void* one) { return deflateReset(one); }',
             'deflateReset'),
    'an assert': ('extern "C" void __assert_fail(); void f() { __assert_fail(); }', '__assert_fail'),
    'a global': ('int state = 1; int f() { return ++state; }', 'state'),
    'a global of zero': ('int state; int f() { return ++state; }', 'state'),
    'a local that stays': ('int f() { static int state = 0; return ++state; }', '_ZZ1fvE5state'),
    'a global that points': ('extern int there; int* state = &there; int* f() { return state++; }',
                             'state'),
    'a global of a thread': ('thread_local int state = 1; int f() { return ++state; }', 'state'),
    'an inline global': ('inline int state = 1; int f() { return ++state; }', 'state'),
}
CLEAN = {
    'its own': 'void used(void*); void f(void* one) { used(one); }',
    'memcpy': 'extern "C" void* memcpy(void*, const void*, unsigned long);\n'
              'void f(void* to, const void* from, unsigned long n) { memcpy(to, from, n); }',
    'a version of memcpy': 'extern "C" void* old(void*, const void*, unsigned long);\n'
                           'asm(".symver old, memcpy@GLIBC_2.2.5");\n'
                           'void f(void* to, const void* from) { old(to, from, 9); }',
    'constants': 'extern const char* const names[]; const char* const names[] = {"port", "star"};\n'
                 'int f(int n) { static constexpr int odds[] = {1, 3, 5, 7}; return odds[n]; }',
}
USED = 'void used(void*) {}'


def build(options, folder, level, source):
    objects = []
    for name, text in (('own', USED), ('case', source)):
        path = folder / f'{name}.cpp'
        path.write_text(text + '\n')
        objects.append(str(path.with_suffix('.o')))
        subprocess.run([*options.compiler, '-std=c++20', level, '-fPIC', '-w', '-c', str(path),
                        '-o', objects[-1]], check=True, timeout=120)
    archive = folder / 'case.a'
    archive.unlink(missing_ok=True)
    subprocess.run([options.ar, 'cr', str(archive), *objects], check=True, timeout=120)
    return str(archive)


def judge(name, found, expected):
    """Whether `expected` was reported, or nothing when there is nothing to report."""
    pattern = rf'(?:needs |: ){re.escape(expected)}(?:, | lies )'
    right = any(re.search(pattern, one) for one in found) if expected else not found
    print(f'{"ok    " if right else "WRONG "} {name}: {"; ".join(found) or "clean"}')
    return right


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--nm', required=True)
    parser.add_argument('--ar', required=True)
    parser.add_argument('compiler', nargs='+')
    options = parser.parse_args()
    text = symbols.ALLOWED.read_text()
    allowed = symbols.read_allowed(text)
    right = '__assert_fail' in symbols.read_allowed(text, 'asserts') - allowed
    right &= symbols.read_allowed(text, 'deflate') - allowed == {
        name for name in symbols.read_allowed(text, 'deflate') if name.startswith('deflate')}
    cases = NEEDS | {what: (source, '') for what, source in CLEAN.items()}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for level in ('-O0', '-O1', '-O2', '-O3'):
            for what, (source, expected) in cases.items():
                archive = build(options, folder, level, source)
                found = list(symbols.findings(options.nm, archive, allowed))
                right &= judge(f'{level} {what}', found, expected)
    return 0 if right else 1


if __name__ == '__main__':
    sys.exit(main())
