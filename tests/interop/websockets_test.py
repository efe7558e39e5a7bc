#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""python3-websockets as client of hawse-echo and as server of hawse-cat; raw sockets where the library
cannot be made to misbehave."""

import asyncio
import contextlib
import http
import json
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import peers
from cat_checks import check_cat, sentence
from peers import (BINARY, CLOSE, CLOSE_CODES, CONTINUATION, PING, PONG, SIZES, TEXT, Cat, Checks,
                   Echo, RawServer, Wire, accept_head, close_payload, connect, frame, octets_of,
                   text_of)

websockets = peers.import_websockets()
PLAIN = {'compression': None, 'max_size': None, 'close_timeout': 20, 'ping_interval': None}


# ---- The library as client of hawse-echo --------------------------------------------------------

async def answer(connection):
    return await asyncio.wait_for(connection.recv(), 60)


async def echoes(checks, echo):
    async with websockets.connect(echo.url, **PLAIN) as client:
        for size in SIZES:
            for sent in (text_of(size), octets_of(size)):
                await client.send(sent)
                checks.check(await answer(client) == sent, f'{type(sent).__name__} of {size} comes back')
        wide = 'h\u00e9 \u6c34 \U0001F40B \u0000 \ufeff \uffff' * 100
        await client.send(wide)
        checks.check(await answer(client) == wide, 'text of every width comes back')

        for parts in ([b'one', b'', b'three'], ['\u00e4' * 10, 'b', ''], ['', '', ''],
                      [octets_of(65536)] * 8, [b'x'] * 1000):
            await client.send(parts)
            checks.check(await answer(client) == parts[0][:0].join(parts),
                         f'{len(parts)} fragments come back as one message')
        for index in range(500):
            await client.send(f'message {index}')
        checks.equal([await answer(client) for _ in range(500)],
                     [f'message {index}' for index in range(500)], 'a train keeps its order')
        for payload in (b'', b'x' * 125):
            answered = await client.ping(payload)
            await asyncio.wait([answered], timeout=20)
            checks.check(answered.done(), f'a ping of {len(payload)} octets is answered')
        checks.equal(client.subprotocol, None, 'no subprotocol is chosen unasked')

    async with websockets.connect(echo.url, subprotocols=['chat', 'superchat'], **PLAIN) as client:
        await client.send('x')
        checks.equal(await answer(client), 'x', 'an offered subprotocol does no harm')


async def closes(checks, echo):
    for code in CLOSE_CODES:
        client = await websockets.connect(echo.url, **PLAIN)
        await client.send('before')
        checks.equal(await answer(client), 'before', f'an echo before {code}')
        await asyncio.wait_for(client.close(code, 'that is all'), 20)
        expected = 1000 if code == 1010 else code
        checks.equal(client.close_code, expected, f'close {code} is echoed')
        checks.equal(client.close_reason, '', f'the echo of {code} has no reason')

    async with websockets.connect(echo.url, **PLAIN) as client:
        with contextlib.suppress(websockets.ConnectionClosed):
            await client.send('a' * (16 << 20) + 'b')
            await answer(client)
        checks.equal(client.close_code, 1009, 'one octet more than --max-message')


async def is_stopped(checks, program):
    """The server closes: every client gets 1001, and the program ends with 0."""
    for how in (signal.SIGTERM, signal.SIGINT):
        echo = Echo(program, checks)
        clients = [await websockets.connect(echo.url, **PLAIN) for _ in range(5)]
        for client in clients:
            await client.send('x')
            await answer(client)
        await asyncio.get_running_loop().run_in_executor(None, echo.terminate, how)
        for client in clients:
            await asyncio.wait_for(client.wait_closed(), 20)
            checks.equal(client.close_code, 1001, f'the close code at {how.name}')


# ---- Raw sockets against hawse-echo -------------------------------------------------------------

def opened(echo):
    wire, status, _ = connect(echo)
    assert status == 101, status
    return wire


def interleaves(checks, echo):
    with opened(echo) as wire:
        for size in (0, 1, 125):
            wire.send_frame(TEXT, b'one ', fin=False)
            wire.send_frame(PING, b'p' * size)
            wire.send_frame(CONTINUATION, b'', fin=False)
            wire.send_frame(PONG, b'unasked')
            wire.send_frame(CONTINUATION, b'two')
            checks.equal(wire.frame(), (True, PONG, b'p' * size), f'a pong of {size} comes first')
            checks.equal(wire.message(), (TEXT, b'one two'), 'then the message')
        for octet in frame(TEXT, 'sl\u00f6w'.encode(), key=b'\x00\xff\x01\x80'):
            wire.send(bytes([octet]))
        checks.equal(wire.message(), (TEXT, 'sl\u00f6w'.encode()), 'octet by octet')
        wire.send(frame(PING, b'1', key=b'abcd') + frame(BINARY, b'2', key=b'efgh') +
                  frame(PING, b'3', key=b'ijkl'))
        answers = [wire.frame()[1:] for _ in range(3)]  # a pong may overtake a message
        checks.equal([answer for answer in answers if answer[0] == PONG],
                     [(PONG, b'1'), (PONG, b'3')], 'three frames in one write: the pongs')
        checks.check((BINARY, b'2') in answers, 'three frames in one write: the message')
        wire.send_frame(TEXT, b'begun', fin=False)
        wire.send_frame(CLOSE, close_payload(1000))
        checks.equal(wire.close_code(), 1000, 'a Close inside a message')
        checks.equal(wire.end(), 'orderly', 'the end after a Close inside a message')


def ends(checks, echo):
    for payload, expected in ((b'', None), (close_payload(1000, 'x' * 123), 1000)):
        with opened(echo) as wire:
            wire.send_frame(CLOSE, payload)
            checks.equal(wire.close_code(), expected, f'the reply to {len(payload)} octets of Close')
            checks.equal(wire.end(), 'orderly', 'the server ends the transport first')
    wrong = [
        ('a reserved bit', frame(TEXT, b'', key=b'abcd', reserved=4), 1002),
        ('a reserved opcode', frame(3, b'', key=b'abcd'), 1002),
        ('no mask', frame(TEXT, b'x'), 1002),
        ('a fragmented ping', frame(PING, b'', fin=False, key=b'abcd'), 1002),
        ('a continuation of nothing', frame(CONTINUATION, b'', key=b'abcd'), 1002),
        ('a message in a message', frame(TEXT, b'', False, b'abcd') + frame(TEXT, b'', key=b'abcd'), 1002),
        ('a length not the shortest', b'\x81\xfe\x00\x01abcdx', 1002),
        ('a length with its highest bit', b'\x81\xff' + b'\xff' * 8 + b'abcd', 1002),
        ('a length beyond the limit', b'\x82\xff' + (1 << 40).to_bytes(8, 'big') + b'abcd', 1009),
        ('a ping of 126', b'\x89\xfe\x00\x7eabcd', 1002),
        ('text that is not UTF-8', frame(TEXT, b'ab\xff', key=b'abcd'), 1007),
        ('text that ends inside a character', frame(TEXT, b'ab\xc3', key=b'abcd'), 1007),
        ('a surrogate', frame(TEXT, b'\xed\xa0\x80', key=b'abcd'), 1007),
        ('a Close of one octet', frame(CLOSE, b'\x03', key=b'abcd'), 1002),
        ('a Close with 1005', frame(CLOSE, close_payload(1005), key=b'abcd'), 1002),
        ('a Close with 999', frame(CLOSE, close_payload(999), key=b'abcd'), 1002),
        ('a Close with 5000', frame(CLOSE, close_payload(5000), key=b'abcd'), 1002),
        ('a reason that is not UTF-8', frame(CLOSE, b'\x03\xe8\xff', key=b'abcd'), 1007),
    ]

    def is_answered(what, octets, code):
        with opened(echo) as wire:
            wire.send(octets + frame(TEXT, b'later', key=b'abcd') * 10)
            checks.equal(wire.close_code(), code, f'{what} is answered')
            checks.equal(wire.end(), 'orderly', f'{what} ends the transport, its Close not lost')
    for what, octets, code in wrong:
        checks.attempt(is_answered, what, octets, code)


def breaks(checks, echo):
    """Abrupt ends cost the server nothing."""
    before = echo.idle_descriptors
    for begun in (b'', b'\x81', frame(TEXT, b'begun', fin=False, key=b'abcd'),
                  frame(BINARY, octets_of(1 << 20), key=b'abcd')):
        wire = opened(echo)
        wire.send(begun)
        wire.reset()
        wire = opened(echo)
        wire.send(begun)
        wire.socket.shutdown(socket.SHUT_WR)
        seen = []
        with contextlib.suppress(peers.Ended):
            while True:
                seen.append(wire.frame()[1])
        checks.check(CLOSE not in seen, 'no Close answers an end without one')
        wire.socket.close()
    for request in ('', 'GET / HTTP/1.1\r\nHos'):
        broken = socket.create_connection((echo.host, echo.port), timeout=20)
        broken.sendall(request.encode())
        broken.close()
    checks.check(echo.settles_at(before), f'{echo.descriptors()} descriptors after abrupt ends, '
                                          f'{before} before')
    with opened(echo) as wire:
        wire.send_frame(TEXT, b'still there')
        checks.equal(wire.message(), (TEXT, b'still there'), 'the server after abrupt ends')


def speaks_http(checks, echo):
    page = urllib.request.urlopen(f'http://{echo.host}:{echo.port}/', timeout=20)
    body = page.read()
    checks.equal(page.status, 200, 'GET /')
    checks.check('text/html' in page.headers['Content-Type'], 'the page is HTML')
    checks.equal(int(page.headers['Content-Length']), len(body), 'the page\'s length')
    for identifier in ('url', 'connect', 'disconnect', 'close-code', 'close-reason', 'text', 'send',
                       'file', 'send-file', 'state', 'log', 'chart', 'rtt-last', 'close-result'):
        checks.check(f'id="{identifier}"'.encode() in body or f'id={identifier}'.encode() in body,
                     f'the page has #{identifier}')
    for outside in (b'src="http', b'href="http', b'@import', b'src="//'):
        checks.check(outside not in body, f'the page is self-contained: no {outside!r}')
    try:
        status = urllib.request.urlopen(f'http://{echo.host}:{echo.port}/nothing', timeout=20).status
    except urllib.error.HTTPError as error:
        status = error.code
    checks.equal(status, 404, 'GET /nothing')

    def refused(status, what, request, **fields):
        wire, seen, answered = connect(echo, request.replace('\n', '\r\n') + '\r\n')
        with wire:
            checks.equal(seen, status, what)
            for name, value in fields.items():
                checks.equal(answered.get(name.replace('_', '-')), value, f'{what}: {name}')
            with contextlib.suppress(peers.Ended, TimeoutError):
                wire.take(1 << 20)
                checks.failed(f'{what}: the transport ends')

    key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n'
    upgrade = 'Upgrade: websocket\nConnection: Upgrade\n'
    host, version = 'Host: x\n', 'Sec-WebSocket-Version: 13\n'
    get = 'GET / HTTP/1.1\n'
    refused(426, 'version 12', get + host + upgrade + key + 'Sec-WebSocket-Version: 12\n',
            sec_websocket_version='13')
    refused(400, 'no version', get + host + upgrade + key)
    refused(400, 'no key', get + host + upgrade + version)
    refused(400, 'a short key', get + host + upgrade + version + 'Sec-WebSocket-Key: abc\n')
    refused(400, 'no Host', get + upgrade + key + version)
    refused(400, 'no Connection', get + host + 'Upgrade: websocket\n' + key + version)
    refused(405, 'POST', 'POST / HTTP/1.1\n' + host + upgrade + key + version, allow='GET')
    refused(400, 'HTTP/1.0', 'GET / HTTP/1.0\n' + host + upgrade + key + version)
    refused(505, 'HTTP/2.0', 'GET / HTTP/2.0\n' + host + upgrade + key + version)
    refused(431, 'a large head', get + host + upgrade + key + version + 'X: ' + 'x' * 20000 + '\n')
    wire, status, _ = connect(echo)
    with wire:
        wire.send_frame(TEXT, b'after all')
        checks.equal(wire.message(), (TEXT, b'after all'), 'the server after refusals')


# ---- The library as server of hawse-cat ---------------------------------------------------------

class LibraryServer:
    """A websockets server in a thread, by the paths of cat_checks.py; over TLS where it has `ssl`."""

    def __init__(self, ssl=None):
        self.ssl = ssl

    async def process(self, path, headers):
        if path == '/refuse':
            return http.HTTPStatus.UNAUTHORIZED, [('WWW-Authenticate', 'Basic')], b'who are you?\n'
        if path == '/redirect':
            return http.HTTPStatus.FOUND, [('Location', 'ws://127.0.0.1/elsewhere')], b''

    async def handle(self, connection, path=None):
        with contextlib.suppress(websockets.ConnectionClosed):
            await self.converse(connection, path or connection.path)

    async def converse(self, connection, path):
        kind, _, value = path[1:].partition('/')
        if kind in ('text', 'binary'):
            await connection.send((text_of if kind == 'text' else octets_of)(int(value)))
        if kind == 'request':
            fields = {name.lower(): text for name, text in connection.request_headers.raw_items()}
            await connection.send(json.dumps(fields))
        async for message in connection:
            if kind == 'close':
                await connection.close(int(value), 'enough')
            elif kind == 'terminate':
                connection.transport.abort()
            elif kind == 'fragments':
                third = len(message) // 3
                await connection.ping()
                await connection.send([message[:third], message[third:2 * third], message[2 * third:]])
            else:
                await connection.send(message)

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        started = threading.Event()

        async def start():
            self.server = await websockets.serve(
                self.handle, '127.0.0.1', 0, process_request=self.process,
                subprotocols=['second'], ssl=self.ssl, **PLAIN)
            started.set()

        def run():
            self.loop.run_until_complete(start())
            self.loop.run_forever()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        assert started.wait(20)
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f'{"wss" if self.ssl else "ws"}://127.0.0.1:{self.port}'
        return self

    def __exit__(self, *failure):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


# ---- Raw servers against hawse-cat --------------------------------------------------------------

def cat_and_raw(checks, program):
    def played(what, script, *words, lines=(), status_zero=False, arguments=(), end_input=True):
        with RawServer(script) as server:
            cat = Cat(program, server.url, *arguments)
            cat.send(b'hello')
            if lines:
                checks.equal(cat.lines(len(lines)), list(lines), f'{what}: what is printed')
            status, _, errors = cat.finish(end_input=end_input)
        if status_zero:
            checks.equal((status, errors), (0, ''), f'{what}: the status')
        else:
            checks.check(status not in (0, 'still running') and status > 0, f'{what}: status {status}')
            sentence(checks, errors, what, *words)
        checks.check(server.failure is None, f'{what}: the server saw {server.failure!r}')

    def open_then(script):
        def whole(wire, head):
            wire.send(accept_head(head))
            checks.equal(wire.frame(), (True, TEXT, b'hello'), 'the line arrives masked')
            script(wire)
        return whole

    def interleaved(wire):
        wire.send_frame(TEXT, b'one ', fin=False)
        wire.send_frame(PING, b'between')
        checks.equal(wire.frame(), (True, PONG, b'between'), 'a ping inside fragments is answered')
        wire.send_frame(CONTINUATION, b'two')
        checks.equal(wire.frame(), (True, CLOSE, b'\x03\xe8'), 'the end of input closes with 1000')
        wire.send_frame(CLOSE, b'\x03\xe8')
    played('a ping inside fragments', open_then(interleaved), lines=[b'one two'], status_zero=True)

    def early(wire, head):  # frames in the same write as the 101
        wire.send(accept_head(head) + frame(TEXT, b'early') + frame(TEXT, b'birds'))
        checks.equal(wire.close_code(), 1000, 'the end of input after early frames')
        wire.send_frame(CLOSE, b'\x03\xe8')
    played('frames behind the 101', early, lines=[b'early', b'birds'], status_zero=True)

    def empty_close(wire):
        wire.send_frame(CLOSE)
        checks.equal(wire.close_code(), None, 'an empty Close is answered by an empty one')
    played('an empty Close', open_then(empty_close), status_zero=True, end_input=False)
    played('the end without a Close', open_then(lambda wire: None), end_input=False)
    played('a reset', open_then(lambda wire: wire.reset()), end_input=False)

    def violates(octets, code):
        def script(wire):
            wire.send(octets)
            checks.equal(wire.close_code(), code, f'{octets!r} is answered')
        return open_then(script)
    played('a masked frame', violates(frame(TEXT, b'x', key=b'abcd'), 1002), 'mask', end_input=False)
    played('text that is not UTF-8', violates(frame(TEXT, b'\xff'), 1007), 'UTF-8', end_input=False)

    def answered(text):
        return lambda wire, head: wire.send(text.replace('\n', '\r\n').encode())
    switching = 'HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\n'
    played('a bad accept', answered(switching + 'Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n'),
           'Accept', end_input=False)
    played('no accept', answered(switching + '\n'), 'Accept', end_input=False)
    played('an extension not offered', lambda wire, head: wire.send(
        accept_head(head)[:-2] + b'Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n'),
        'extension', end_input=False)
    played('a subprotocol not offered', lambda wire, head: wire.send(
        accept_head(head)[:-2] + b'Sec-WebSocket-Protocol: chat\r\n\r\n'), 'subprotocol',
        end_input=False)
    played('no HTTP', answered('SSH-2.0-OpenSSH\n\n'), end_input=False)
    played('the end of the transport instead of an answer', lambda wire, head: None, end_input=False)

    def pinged(wire, head):
        wire.send(accept_head(head))
        kinds = []
        while kinds.count(PING) < 2:
            _, opcode, payload = wire.frame()
            kinds.append(opcode)
            if opcode == PING:
                wire.send_frame(PONG, payload)
        wire.send_frame(CLOSE, b'\x03\xe8')
        checks.equal(wire.close_code(), 1000, 'the reply after pings')
    played('--ping-every', pinged, status_zero=True, arguments=('--ping-every', '1'), end_input=False)

    closed = socket.create_server(('127.0.0.1', 0))
    port = closed.getsockname()[1]
    closed.close()
    for url, words in ((f'ws://127.0.0.1:{port}/', ()), ('ws://host.invalid/', ('host.invalid',))):
        status, _, errors = Cat(program, url).finish()
        checks.check(status not in (0, 2, 'still running') and status > 0, f'{url}: status {status}')
        sentence(checks, errors, url, *words)
    for arguments in ([], ['http://x/'], ['ws://'], ['ws://x/#fragment'], ['--nonsense', 'ws://x/'],
                      ['ws://x/', 'ws://y/'], ['--ping-every', 'soon', 'ws://x/'], ['--header']):
        misused(checks, program, arguments, 2)


def misused(checks, program, arguments, status):
    """Runs a tool with arguments that it cannot use: its status, and nothing on standard output."""
    what = ' '.join([program.rsplit('/', 1)[-1], *arguments])
    try:
        done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=20)
    except subprocess.TimeoutExpired:
        checks.failed(f'{what} goes on running')
        return
    checks.equal(done.returncode, status, f'{what}: the status')
    checks.check(done.stdout == '' and done.stderr.strip(), f'{what}: only standard error, not {done}')
    if status == 1:
        sentence(checks, done.stderr, what)


def echo_and_bad_arguments(checks, program, port):
    for arguments, expected in ((['--nonsense'], 2), (['--port', 'x'], 2), (['--port', '65536'], 2),
                                (['--port'], 2), (['--max-message', '-1'], 2), (['more'], 2),
                                (['--port', str(port)], 1), (['--host', 'host.invalid'], 1)):
        misused(checks, program, arguments, expected)


def in_time(part, *arguments):
    def run():
        asyncio.run(asyncio.wait_for(part(*arguments), 120))
    run.__name__ = part.__name__
    return run


def main():
    chosen = peers.options(__doc__)
    checks = Checks()
    with Echo(chosen.echo, checks) as echo:
        for part in (echoes, closes):
            checks.attempt(in_time(part, checks, echo))
        for part in (interleaves, ends, breaks, speaks_http):
            checks.attempt(part, checks, echo)
        silent = [Wire(socket.create_connection((echo.host, echo.port)), True) for _ in range(2)]
        silent[1].send(b'GET / HTTP/1.1\r\n')
        checks.attempt(echo_and_bad_arguments, checks, chosen.echo, echo.port)
        with LibraryServer() as server:
            check_cat(checks, chosen.cat, server.url)
        checks.attempt(cat_and_raw, checks, chosen.cat)
        for wire in silent:
            checks.check(wire.end() != 'no end', 'a client that never asks is not waited for')
            wire.socket.close()
    checks.attempt(in_time(is_stopped, checks, chosen.echo))
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
