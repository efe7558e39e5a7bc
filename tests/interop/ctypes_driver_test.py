#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The client that drives the shared library from Python, docs/examples/drivers/ctypes_client.py, with
hawse-echo and with python3-websockets' server."""

import subprocess
import sys

import peers
from peers import CLOSE, TEXT, Checks, Echo, RawServer, accept_head, close_payload, text_of
from websockets_test import LibraryServer

WIDE = 'h\u00e9 \u6c34 \U0001F40B'


def client(chosen, url, *texts, lines=b''):
    """What it ends with and prints, given texts as arguments or lines as input."""
    done = subprocess.run([sys.executable, chosen.driver, '--library', chosen.shared, url, *texts],
                          input=lines, capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode('utf-8', 'replace')


def converses(checks, chosen, url):
    checks.equal(client(chosen, url, 'one', WIDE), (0, f'one\n{WIDE}\n'.encode(), ''),
                 'arguments come back')
    checks.equal(client(chosen, url, lines=b'two\n\nthree'), (0, b'two\n\nthree\n', ''),
                 'lines come back, an empty one and one without its end among them')
    checks.equal(client(chosen, url), (0, b'', ''), 'nothing is sent, and all is closed')
    for size in (125, 126, 65535, 65536, 1 << 20):
        line = text_of(size).encode() + b'\n'
        checks.equal(client(chosen, url, lines=line), (0, line, ''), f'a line of {size} comes back')


def is_closed(checks, chosen):
    seen = []

    def script(wire, head):
        seen.append(head.split('\r\n')[0])
        wire.send(accept_head(head) + peers.frame(TEXT, b'early'))
        seen.append(wire.frame())
        seen.append(wire.frame())
        wire.send_frame(CLOSE, close_payload(1000))
        seen.append(wire.end())

    with RawServer(script) as server:
        checks.equal(client(chosen, f'{server.url}room?2', 'hello'), (0, b'early\n', ''),
                     'what comes behind the head is the first answer')
    checks.equal(seen[:1], ['GET /room?2 HTTP/1.1'], 'path and query are asked for')
    checks.equal(seen[1:3], [(True, TEXT, b'hello'), (True, CLOSE, close_payload(1000))],
                 'the text and the Close arrive masked')

    def terminated(wire, head):
        wire.send(accept_head(head))
        wire.frame()

    with RawServer(terminated) as server:
        status, _, errors = client(chosen, server.url, 'hello')
        checks.check(status == 1 and 'closing handshake' in errors, f'an early end: {errors!r}')
    with RawServer(lambda wire, head: wire.send(b'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n')) as server:
        status, _, errors = client(chosen, server.url, 'hello')
        checks.check(status == 1 and 'refused' in errors, f'a refusal: {errors!r}')
    status, _, errors = client(chosen, 'http://127.0.0.1/', 'hello')
    checks.check(status == 2 and 'ws://' in errors, f'another scheme: {errors!r}')


def main():
    def more(parser):
        parser.add_argument('--driver', metavar='PATH', required=True, help='ctypes_client.py')
        parser.add_argument('--library', dest='shared', metavar='PATH', required=True, help='libhawse.so')

    chosen = peers.options(__doc__, cat=False, more=more)
    checks = Checks()
    with Echo(chosen.echo, checks) as echo:
        checks.attempt(converses, checks, chosen, echo.url)
        checks.check(echo.settles_at(echo.idle_descriptors), 'the server keeps no connection')
    with LibraryServer() as server:
        checks.attempt(converses, checks, chosen, f'{server.url}/echo')
        checks.equal(client(chosen, f'{server.url}/fragments', 'abcdefgh'), (0, b'abcdefgh\n', ''),
                     'fragments with a ping inside are one message')
    checks.attempt(is_closed, checks, chosen)
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
