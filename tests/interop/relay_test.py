#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hawse-relay between real peers: python3-websockets on both ends, compressed; and raw sockets where
every frame is looked at. What passes is what was sent, frame for frame; what is each side's own stays
its own: pings, closing, and what becomes of the other side when one goes."""

import asyncio
import contextlib
import os
import re
import socket
import subprocess
import threading
import time
import zlib

import peers
from peers import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawServer, Wire, accept_head

checks = peers.Checks()
websockets = peers.import_websockets()
chosen = peers.options(__doc__.split('\n')[0], echo=False, cat=False, more=lambda parser: (
    parser.add_argument('--relay', metavar='PATH', required=True, help='hawse-relay'),
    parser.add_argument('--echo', metavar='PATH', required=True, help='hawse-echo'),
    parser.add_argument('--sanitized', action='store_true', help='memory is not judged')))


class Server(RawServer):
    """A RawServer whose script comes to its end."""

    def __exit__(self, *failure):
        super().__exit__(*failure)
        checks.check(self.failure is None, f'the server plays its part: {self.failure!r}')


class Relay:
    """hawse-relay in front of `port`. It is stopped when `server`, if given, has played its part."""

    def __init__(self, port, *arguments, server=None, upstream='127.0.0.1', descriptors=1024):
        self.server = server
        self.child = peers.spawn(['sh', '-c', f'ulimit -n {descriptors}; exec "$0" "$@"', chosen.relay,
                                  '--port', '0', *arguments, f'ws://{upstream}:{port}'],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        line = peers.read_line(self.child.stdout, 20)
        match = re.fullmatch(r'listening on ws://(127\.0\.0\.1):(\d+)\n', line)
        self.host, self.port = match[1], int(match[2])
        self.url = f'ws://127.0.0.1:{self.port}/'

    def status(self, name):
        """A line of what the system tells of it: kB, for memory."""
        with open(f'/proc/{self.child.pid}/status') as status:
            return int(re.search(rf'{name}:\s*(\d+)', status.read())[1])

    def seconds(self):
        """Of processor, used so far."""
        with open(f'/proc/{self.child.pid}/stat') as stat:
            fields = stat.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if self.server:
            self.server.thread.join(20)
        checks.check(self.child.poll() is None, 'hawse-relay still runs at the end')
        peers.stop(self.child)


def request(extensions=None, path='/'):
    return (f'GET {path} HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
            'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n'
            + (f'Sec-WebSocket-Extensions: {extensions}\r\n' if extensions else '') + '\r\n')


def accept_with(head, extensions):
    return accept_head(head)[:-2] + f'Sec-WebSocket-Extensions: {extensions}\r\n\r\n'.encode()


# ---- python3-websockets, compressed -------------------------------------------------------------

async def converse_compressed():
    seen = []

    async def serve(connection):
        seen.append([extension.name for extension in connection.extensions])
        async for message in connection:
            await connection.send(message)

    async with websockets.serve(serve, '127.0.0.1', 0, max_size=None, compression='deflate') as server:
        port = server.sockets[0].getsockname()[1]
        with Relay(port) as relay:
            async with websockets.connect(relay.url, max_size=None, compression='deflate') as client:
                checks.equal([extension.name for extension in client.extensions], ['permessage-deflate'],
                             'the client agrees on compression through the relay')
                for message in ['', 'short', peers.text_of(300), peers.text_of(1 << 20),
                                peers.octets_of(70000), b'\0' * (1 << 20), os.urandom(300000)]:
                    await client.send(message)
                    checks.check(await client.recv() == message,
                                 f'{len(message)} {type(message).__name__} come back compressed')
                await client.send(part for part in ['in ', 'three ', 'fragments'])
                checks.equal(await client.recv(), 'in three fragments', 'fragments come back')
                # Both directions at once, with pings between.
                big = peers.text_of(1 << 18)

                async def send():
                    for _ in range(20):
                        await client.send(big)
                        await (await client.ping())

                async def receive():
                    return [await client.recv() == big for _ in range(20)]

                _, same = await asyncio.gather(send(), receive())
                checks.check(all(same), 'twenty messages and pings cross each other')
            checks.equal(client.close_code, 1000, 'the client\'s close code')
        checks.equal(seen, [['permessage-deflate']], 'the server agrees on compression as well')


async def converse_compressed_with_hawse():
    """The relay between the library and hawse-echo: what one compresses the other inflates."""
    with peers.Echo(chosen.echo, checks) as echo, Relay(echo.port) as relay:
        for server_bits, client_bits in ((None, True), (9, 10), (8, 15)):
            offer = websockets.extensions.permessage_deflate.ClientPerMessageDeflateFactory(
                server_max_window_bits=server_bits, client_max_window_bits=client_bits)
            async with websockets.connect(relay.url, max_size=None, compression=None,
                                          extensions=[offer]) as client:
                checks.equal([extension.name for extension in client.extensions], ['permessage-deflate'],
                             'hawse-echo agrees on compression through the relay')
                sent = ['', 'short', peers.text_of(1 << 20), peers.octets_of(70000), os.urandom(300000)] * 3
                for message in sent:
                    await client.send(message)
                    checks.check(await client.recv() == message,
                                 f'{len(message)} {type(message).__name__} come back from hawse-echo')
        wire, _, _ = connect(relay, request('permessage-deflate'))
        with wire:
            text = zlib.compressobj(wbits=-15)
            text = (text.compress(b'Hello ' * 99) + text.flush(zlib.Z_SYNC_FLUSH))[:-4]
            wire.send_frame(TEXT, text, reserved=4)
            first, size = wire.take(2)
            checks.equal(first, 0xC1, 'RSV1 passes there and back')
            checks.equal(zlib.decompressobj(-15).decompress(wire.take(size) + b'\0\0\xff\xff'), b'Hello ' * 99,
                         'and what it stands for')


async def relay_closing():
    async def serve(connection):
        await connection.recv()
        await connection.close(4321, 'for a reason')

    async with websockets.serve(serve, '127.0.0.1', 0) as server:
        with Relay(server.sockets[0].getsockname()[1]) as relay:
            async with websockets.connect(relay.url) as client:
                await client.send('close, please')
                try:
                    await client.recv()
                except websockets.ConnectionClosed:
                    pass
            checks.equal((client.close_code, client.close_reason), (4321, 'for a reason'),
                         'code and reason pass from server to client')


# ---- Raw sockets --------------------------------------------------------------------------------

def connect(relay, head):
    return peers.connect(relay, head)


def frames_pass_as_they_are():
    seen = []

    def script(wire, head):
        wire.send(accept_with(head, 'permessage-deflate'))
        for _ in range(6):
            first, second = wire.take(2)
            size = second & 0x7F
            if size == 126:
                size = int.from_bytes(wire.take(2), 'big')
            key = wire.take(4)
            seen.append((first, peers.masked(wire.take(size), key)))
        wire.send_frame(BINARY, b'not deflate at all', fin=False, reserved=4)
        wire.send_frame(PING, b'server asks')
        wire.send_frame(CONTINUATION, b'', fin=False)
        wire.send_frame(CONTINUATION, peers.octets_of(200000))
        while (answer := wire.frame())[1] != PONG:
            seen.append(answer)
        checks.equal(answer[2], b'server asks', 'the relay answers the server\'s ping itself')
        wire.send_frame(CLOSE, peers.close_payload(1000))
        wire.frame()

    with Server(script) as server, Relay(server.port, server=server) as relay:
        wire, status, fields = connect(relay, request('permessage-deflate; client_max_window_bits'))
        with wire:
            checks.equal((status, fields.get('sec-websocket-extensions')),
                         (101, 'permessage-deflate'), 'the answer passes with its extensions')
            wire.send_frame(TEXT, b'\xff not text', fin=False, reserved=4)
            wire.send_frame(PING, b'client asks')
            for piece in (b'', b'x' * 125, b'y' * 126):
                wire.send_frame(CONTINUATION, piece, fin=False)
            whole = peers.frame(CONTINUATION, b'z' * 60000, True, os.urandom(4))
            for at in range(0, len(whole), 7001):  # one frame, cut by reads
                wire.send(whole[at:at + 7001])
            wire.send_frame(TEXT, b'more', reserved=0)
            answers = [wire.frame() for _ in range(4)]
            pongs = [answer for answer in answers if answer[1] == PONG]
            data = [answer for answer in answers if answer[1] != PONG]
            checks.equal(pongs, [(True, PONG, b'client asks')], 'the relay answers the client\'s ping')
            checks.equal(data, [(False, BINARY, b'not deflate at all'), (False, CONTINUATION, b''),
                                (True, CONTINUATION, peers.octets_of(200000))],
                         'the server\'s frames arrive one for one')
            wire.send_frame(CLOSE, peers.close_payload(1000))
    checks.equal(seen, [(0x41, b'\xff not text'), (0x00, b''), (0x00, b'x' * 125), (0x00, b'y' * 126),
                        (0x80, b'z' * 60000), (0x81, b'more')],
                 'the client\'s frames arrive one for one, masked anew')


def reserved_bits_without_agreement():
    def script(wire, head):
        wire.send(accept_head(head))
        checks.equal(wire.close_code(), 1001, 'the server hears that its client went')

    with Server(script) as server, Relay(server.port, server=server) as relay:
        wire, status, _ = connect(relay, request())
        with wire:
            wire.send_frame(TEXT, b'x', reserved=4)
            checks.equal(wire.close_code(), 1002, 'a reserved bit that nobody agreed on is refused')


def limits_are_the_relays():
    def script(wire, head):
        wire.send(accept_head(head))
        checks.equal(wire.close_code(), 1001, 'the server hears of it')

    with Server(script) as server, Relay(server.port, '--max-message', '1000', server=server) as relay:
        wire, _, _ = connect(relay, request())
        with wire:
            wire.send_frame(BINARY, b'x' * 1001)
            checks.equal(wire.close_code(), 1009, 'a message beyond the relay\'s limit is refused')


def refusals_pass():
    def forbid(wire, _):
        wire.send(b'HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer\r\nContent-Length: 4\r\n\r\nwho?')

    with Server(forbid) as server, Relay(server.port, server=server) as relay:
        wire, status, fields = connect(relay, request())
        with wire:
            checks.equal((status, fields.get('www-authenticate'), wire.take(4)), (401, 'Bearer', b'who?'),
                         'a refusal passes with its challenge and its body')
    for script, what in ((lambda wire, head: None, 'ends without an answer'),
                         (lambda wire, head: wire.send(b'SSH-2.0\r\n\r\n'), 'speaks something else')):
        with Server(script) as server, Relay(server.port, server=server) as relay:
            wire, status, _ = connect(relay, request())
            with wire:
                checks.equal(status, 502, f'502 for a server that {what}')
    closed = socket.create_server(('127.0.0.1', 0))
    port = closed.getsockname()[1]
    closed.close()
    with Relay(port) as relay:
        wire, status, _ = connect(relay, request())
        with wire:
            checks.equal(status, 502, '502 for a server that is not there')


def who_goes_inside_a_frame():
    def script(wire, head):
        wire.send(accept_head(head))
        wire.send(peers.frame(BINARY, b'x' * 100)[:50])
        wire.reset()

    with Server(script) as server, Relay(server.port, server=server) as relay:
        wire, _, _ = connect(relay, request())
        with wire:
            arrived = b''
            try:
                while len(arrived) <= 50:
                    arrived += wire.take(1)
            except peers.Ended:
                pass
            checks.check(peers.frame(BINARY, b'x' * 100)[:50].startswith(arrived),
                         f'nothing but the end comes inside a frame, and not {arrived}')

    def between(wire, head):
        wire.send(accept_head(head))
        wire.send(peers.frame(BINARY, b'whole'))
        wire.reset()

    with Server(between) as server, Relay(server.port, server=server) as relay:
        wire, _, _ = connect(relay, request())
        with wire:
            checks.equal(wire.frame(), (True, BINARY, b'whole'), 'a whole frame arrives')
            checks.equal(wire.close_code(), 1014, 'and then a Close says that the gateway is bad')


def who_does_not_read():
    """A reader that stops holds up the writer, the relay holds little, and nothing is lost."""
    with peers.Echo(chosen.echo, checks) as echo, Relay(echo.port) as relay:
        wire, _, _ = connect(relay, request())
        with wire:
            before = relay.status('VmRSS')
            message = peers.octets_of(1 << 20)
            octets = peers.frame(BINARY, message, True, os.urandom(4))
            wire.socket.settimeout(1)
            sent = 0
            while sent < 150 << 20:
                try:
                    sent += wire.socket.send(octets[sent % len(octets):])
                except TimeoutError:
                    break
            held = relay.status('VmRSS') - before
            checks.check(sent < 150 << 20, f'the writer is held up ({sent} octets)')
            checks.check(chosen.sanitized or held < 4096, f'the relay holds little ({held} kB)')
            spent = relay.seconds()
            time.sleep(0.5)
            checks.check(relay.seconds() - spent < 0.1, 'and sleeps while nobody reads')
            whole = sent // len(octets)
            wire.socket.settimeout(20)
            checks.check(whole > 0 and all(wire.message() == (BINARY, message) for _ in range(whole)),
                         f'{whole} messages come back whole')


def flood(wire):
    """Sends frames until none is taken for a second, or 60 MiB are: how much was."""
    octets = peers.frame(BINARY, peers.octets_of(1 << 16), True, os.urandom(4) if wire.client else None)
    wire.socket.settimeout(1)
    sent = 0
    while sent < 60 << 20:
        try:
            sent += wire.socket.send(octets[sent % len(octets):])
        except TimeoutError:
            break
    return sent


def who_only_sends():
    """Either side may send to one that does not read: it is held up, and the relay holds little."""
    for from_server in (True, False):
        sent, done = [], threading.Event()

        def script(wire, head):
            wire.send(accept_head(head))
            if from_server:
                sent.append(flood(wire))
                done.set()
            done.wait(30)

        with Server(script) as server, Relay(server.port, server=server) as relay:
            wire, _, _ = connect(relay, request())
            before = relay.status('VmRSS')
            with wire:
                if not from_server:
                    sent.append(flood(wire))
                done.wait(1 if not from_server else 30)
                held = relay.status('VmRSS') - before
                done.set()
            who = 'server' if from_server else 'client'
            checks.check(sent and sent[0] < 60 << 20, f'the {who} is held up ({sent} octets)')
            checks.check(chosen.sanitized or held < 2048, f'the relay holds little of the {who}\'s ({held} kB)')


# ---- Openings, and who is waited for ------------------------------------------------------------

def fields_pass():
    heads = []

    def script(wire, head):
        heads.append(head)
        wire.send(b'HTTP/1.1 403 No\r\nWWW-Authenticate: Bearer\r\nwww-authenticate: Basic realm="x"\r\n'
                  b'Location: /elsewhere\r\nRetry-After: 7\r\nContent-Type: text/x\r\nX-Own: 1\r\n'
                  b'Content-Length: 0\r\n\r\n')

    with Server(script) as server, Relay(server.port, server=server) as relay:
        wire = Wire(socket.create_connection((relay.host, relay.port), timeout=20), client=True)
        with wire:
            wire.send((request()[:-2] + 'Cookie: a=1\r\nAuthorization: Bearer t\r\ncookie: b=2\r\n'
                       'User-Agent: u\r\nX-Other: 1\r\n\r\n').encode())
            answer = wire.take_head().lower().split('\r\n')
    asked = heads[0].split('\r\n')
    for line in ('Cookie: a=1; b=2', 'Authorization: Bearer t', 'User-Agent: u'):
        checks.check(line in asked, f'{line!r} in {asked}')
    checks.check('X-Other: 1' not in asked, 'other fields do not pass')
    for line in ('www-authenticate: bearer', 'www-authenticate: basic realm="x"', 'retry-after: 7',
                 'location: /elsewhere', 'content-type: text/x'):
        checks.check(line in answer, f'{line!r} in {answer}')
    checks.check('x-own: 1' not in answer, 'other fields of the answer do not pass')


def upstream_that_waits():
    with Server(lambda wire, head: time.sleep(3.5)) as server, \
            Relay(server.port, '--opening-seconds', '3', server=server) as relay:
        since = time.monotonic()
        wire, status, _ = connect(relay, request())
        with wire:
            checks.equal(status, 504, 'a server that never answers')
            checks.check(1.5 < time.monotonic() - since < 2.9, 'is given two thirds of the time')

    def late(wire, head):
        time.sleep(1.2)
        wire.send(accept_head(head))
        wire.send_frame(TEXT, b'at last')
        wire.close_code()

    with Server(late) as server, Relay(server.port, '--opening-seconds', '3', server=server) as relay:
        wire, status, _ = connect(relay, request())
        with wire:
            checks.equal((status, wire.frame()), (101, (True, TEXT, b'at last')), 'one that answers late')


def upstream_with_two_addresses():
    def script(wire, head):
        wire.send(accept_head(head))
        wire.close_code()

    both = {info[4][0] for info in socket.getaddrinfo('localhost', None)}
    with Server(script) as server, Relay(server.port, server=server, upstream='localhost') as relay:
        wire, status, _ = connect(relay, request())
        with wire:
            checks.equal(status, 101, f'the address that listens is found among {both}')


def upstream_address_that_never_answers():
    """The first address of localhost is one whose queue is full; the second has a server."""
    addresses = [info[4][0] for info in socket.getaddrinfo('localhost', None, type=socket.SOCK_STREAM)]
    if addresses[:2] != ['::1', '127.0.0.1']:
        print(f'an address that never answers is skipped: localhost is {addresses}', flush=True)
        return

    def script(wire, head):
        wire.send(accept_head(head))
        wire.close_code()

    with Server(script) as server, contextlib.ExitStack() as held:
        full = held.enter_context(socket.socket(socket.AF_INET6))
        full.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        full.bind(('::1', server.port))
        full.listen(0)
        for _ in range(4):
            one = held.enter_context(socket.socket(socket.AF_INET6))
            one.setblocking(False)
            one.connect_ex(('::1', server.port))
        relay = held.enter_context(Relay(server.port, '--opening-seconds', '3', server=server,
                                         upstream='localhost'))
        wire, status, _ = connect(relay, request())
        with wire:
            checks.equal(status, 101, 'an address that never answers leaves time for the next')


def listens_over_ipv6():
    if not socket.has_dualstack_ipv6():
        print('listening over IPv6 is skipped: there is none', flush=True)
        return
    child = peers.spawn([chosen.relay, '--port', '0', '--host', '::1', 'ws://127.0.0.1:9'],
                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    line = peers.read_line(child.stdout, 20)
    checks.check(re.fullmatch(r'listening on ws://\[::1\]:\d+\n', line), f'an address in brackets: {line}')
    peers.stop(child)


def misuse_is_told():
    for upstream, status, word in (('ws://127.0.0.1:9/path', 2, 'path'), ('ws://127.0.0.1:9/?q', 2, 'path'),
                                   ('ws://no.such.name.invalid', 1, 'no.such.name.invalid')):
        done = subprocess.run([chosen.relay, '--port', '0', upstream], capture_output=True, text=True,
                              timeout=60)
        checks.equal((done.returncode, word in done.stderr), (status, True), f'{upstream}: {done.stderr}')


def more_clients_than_descriptors():
    with peers.Echo(chosen.echo, checks) as echo, Relay(echo.port, descriptors=40) as relay:
        silent = [socket.create_connection((relay.host, relay.port)) for _ in range(60)]
        time.sleep(1.2)
        spent = relay.seconds()
        time.sleep(1)
        checks.check(relay.seconds() - spent < 0.3, 'the relay does not spin while clients wait')
        checks.check(relay.child.poll() is None, 'the relay bears more clients than descriptors')
        for one in silent:
            one.close()
        wire, status, _ = connect(relay, request())
        with wire:
            checks.equal(status, 101, 'when they left another one is served')


def many_who_say_nothing():
    """Who waits costs those who talk nothing."""
    with peers.Echo(chosen.echo, checks) as echo, Relay(echo.port) as relay:
        idle = [connect(relay, request())[0] for _ in range(200)]
        with connect(relay, request())[0] as wire:
            spent = relay.seconds()
            for number in range(300):
                wire.send_frame(TEXT, b'%d' % number)
                checks.equal(wire.message(), (TEXT, b'%d' % number), 'an echo')
            spent = relay.seconds() - spent
            checks.check(spent < 0.5, f'300 echoes beside 200 idle clients take {spent:.2f} s')
        for one in idle:
            one.socket.close()


def told_to_stop():
    codes = []

    def script(wire, head):
        wire.send(accept_head(head))
        codes.append(wire.close_code())
        wire.send_frame(CLOSE, peers.close_payload(1001))

    with Server(script) as server:
        relay = Relay(server.port)
        wire, _, _ = connect(relay, request())
        silent = socket.create_connection((relay.host, relay.port))
        waiting = socket.create_connection((relay.host, relay.port), timeout=20)
        waiting.sendall(request().encode())     # the server never takes this one
        time.sleep(0.5)
        relay.child.terminate()
        with wire:
            checks.equal(wire.close_code(), 1001, 'the client hears of a stop')
            wire.send_frame(CLOSE, peers.close_payload(1001))
        checks.check(waiting.recv(100).startswith(b'HTTP/1.1 503 '), 'who waits for an answer gets 503')
        waiting.close()
        checks.equal(relay.child.wait(10), 0, 'the status after a stop')
        silent.close()
    checks.equal(codes, [1001], 'the server hears of a stop')


asyncio.run(converse_compressed())
if peers.COMPRESSES:
    asyncio.run(converse_compressed_with_hawse())
asyncio.run(relay_closing())
for story in (frames_pass_as_they_are, reserved_bits_without_agreement, limits_are_the_relays,
              refusals_pass, who_goes_inside_a_frame, who_does_not_read, who_only_sends, fields_pass,
              upstream_that_waits, upstream_with_two_addresses,
              upstream_address_that_never_answers, listens_over_ipv6, misuse_is_told,
              more_clients_than_descriptors, many_who_say_nothing, told_to_stop):
    checks.attempt(story)
raise SystemExit(checks.done())
