#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Node's `ws` as client of hawse-echo and as server of hawse-cat. The Node side is node_ws.mjs."""

import pathlib
import re
import signal
import subprocess
import sys

import peers
from cat_checks import check_cat
from peers import Checks, Echo, read_line, spawn, stop

SCRIPT = pathlib.Path(__file__).resolve().with_name('node_ws.mjs')


def node(*arguments):
    return spawn(['node', str(SCRIPT), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                 stderr=subprocess.STDOUT)


def run_client(checks, url):
    client = node('client', url)
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


def main():
    chosen = peers.options(__doc__)
    if not peers.have('node'):
        peers.absent('node is not installed (Debian: nodejs)')
    probe = subprocess.run(['node', str(SCRIPT), 'probe'], capture_output=True, text=True, timeout=30)
    if probe.returncode == peers.SKIPPED:
        peers.absent(probe.stdout.strip().removeprefix('SKIPPED: '))
    checks = Checks()
    with Echo(chosen.echo, checks) as echo:
        run_client(checks, echo.url)
    run_stopped(checks, chosen.echo)
    server = node('server')
    port = int(read_line(server.stdout, 20))
    check_cat(checks, chosen.cat, f'ws://127.0.0.1:{port}')
    checks.check(server.poll() is None, 'the Node server still runs at the end')
    stop(server)
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
