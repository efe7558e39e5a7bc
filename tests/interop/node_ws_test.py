#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Node's `ws` as client of hawse-echo and as server of hawse-cat. The Node side is node_ws.mjs."""

import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import urllib.parse

import peers
from cat_checks import check_cat
from peers import Checks, Echo, read_line, spawn, stop

SCRIPT = pathlib.Path(__file__).resolve().with_name('node_ws.mjs')


def node(*arguments):
    return spawn(['node', str(SCRIPT), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                 stderr=subprocess.STDOUT)


def run_client(checks, mode, url):
    client = node(mode, url)
    output, _ = client.communicate(timeout=150)
    output = output.decode('utf-8', 'replace')
    print(output, end='', flush=True)
    summary = re.search(r'^(\d+) checks, (\d+) failures$', output, re.M)
    if checks.check(summary and int(summary[1]) > 0, 'the Node client comes to its end'):
        checks.count += int(summary[1])
        checks.failures += int(summary[2])
    checks.equal(client.returncode, 0, 'the Node client\'s status')
    stop(client)


def run_stopped(checks, program):
    for how in (signal.SIGTERM, signal.SIGINT):
        echo = Echo(program, checks)
        clients = node('stopped', echo.url)
        checks.equal(read_line(clients.stdout, 30), 'open\n', 'five Node clients are open')
        echo.terminate(how)
        output, _ = clients.communicate(timeout=30)
        checks.equal(output.decode().split(), ['1001'] * 5, f'the close codes at {how.name}')
        stop(clients)


def cat_compresses(checks, program, url):
    """hawse-cat asks for every window and takeover that `ws` serves, and is asked for one window at a
    time. `ws` says 8 bits and takes 9, because zlib cannot: it is asked for 9 and more."""
    flags, bits = [False, True], [None, *range(9, 16)]
    words = ' '.join(f'fathom {number % 97}' for number in range(300))
    lines = [words, words, '', 'short', '\u6c34' * 500, words[:5000], os.urandom(3000).hex(), words]
    given = ''.join(line + '\n' for line in lines).encode()
    jobs = []
    for server_forgets, client_forgets, server_bits, client_bits in itertools.product(
            flags, flags, bits, [*bits, 8]):
        chosen = {'serverNoContextTakeover': server_forgets, 'clientNoContextTakeover': client_forgets,
                  'serverMaxWindowBits': server_bits, 'clientMaxWindowBits': client_bits, 'threshold': 0}
        options = json.dumps({name: value for name, value in chosen.items() if value is not None})
        said = 'permessage-deflate'
        for side, window, forgets in (('server', server_bits, server_forgets),
                                      ('client', client_bits, client_forgets)):
            said += f'; {side}_max_window_bits={window}' if window not in (None, 15) else ''
            said += f'; {side}_no_context_takeover' if forgets else ''
        if None in (server_bits, client_bits):
            jobs.append((options, '--deflate', said))
        asked = said.partition('; ')[2]
        jobs.append(('{"threshold":0}', f'--deflate={asked}', said))

    def play(job):
        return subprocess.run([program, job[1], f'{url}/deflate/{urllib.parse.quote(job[0])}'],
                              input=given, capture_output=True, timeout=60)
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        for (options, offer, said), done in zip(jobs, threads.map(play, jobs)):
            what = f'hawse-cat {offer} with {options}'
            checks.equal((done.returncode, done.stderr.decode()), (0, f'hawse-cat: {said} agreed\n'), what)
            checks.check(done.stdout == given, f'{what}: all lines come back')
    print(f'hawse-cat: {len(jobs)} compressed conversations, {len(jobs) * len(lines)} messages', flush=True)


def run_asked(checks, program):
    """Servers that ask for less of their own accord, insisting or not."""
    for parameters in ('server_max_window_bits=8;client_max_window_bits=9', 'client_max_window_bits=12',
                       'server_no_context_takeover;client_no_context_takeover',
                       'server_max_window_bits=10;client_max_window_bits=10;client_no_context_takeover'):
        with Echo(program, checks, f'--deflate={parameters}', '--deflate-insist') as echo:
            run_client(checks, 'asked', echo.url)


def main():
    chosen = peers.options(__doc__)
    if not peers.have('node'):
        peers.absent('node is not installed (Debian: nodejs)')
    probe = subprocess.run(['node', str(SCRIPT), 'probe'], capture_output=True, text=True, timeout=30)
    if probe.returncode == peers.SKIPPED:
        peers.absent(probe.stdout.strip().removeprefix('SKIPPED: '))
    checks = Checks()
    with Echo(chosen.echo, checks) as echo:
        run_client(checks, 'client', echo.url)
        if peers.COMPRESSES:
            run_client(checks, 'deflate', echo.url)
    if peers.COMPRESSES:
        run_asked(checks, chosen.echo)
    run_stopped(checks, chosen.echo)
    server = node('server')
    port = int(read_line(server.stdout, 20))
    check_cat(checks, chosen.cat, f'ws://127.0.0.1:{port}')
    if peers.COMPRESSES:
        checks.attempt(cat_compresses, checks, chosen.cat, f'ws://127.0.0.1:{port}')
    checks.check(server.poll() is None, 'the Node server still runs at the end')
    stop(server)
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
