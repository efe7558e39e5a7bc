#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""permessage-deflate between python3-websockets and the tools, both ways: every parameter with every
other, long conversations with and without takeover, all sizes, cut into fragments. Window bits 8 are
left to us wherever the library would have to compress with them, which zlib cannot."""

import asyncio
import contextlib
import itertools
import json
import random
import sys
import threading
import time
import urllib.request

import peers
from peers import Cat, Checks, Echo

websockets = peers.import_websockets()
from websockets.extensions import permessage_deflate as library  # noqa: E402  (it may be elsewhere)

PLAIN = {'compression': None, 'max_size': None, 'close_timeout': 20, 'ping_interval': None}
SIZES = [0, 1, 2, 5, 127, 128, 129, 255, 257, 511, 1023, 4096, 32767, 32768, 33000, 65535, 65536, 100000]
BITS = [None, *range(8, 16)]
FLAGS = [False, True]
WORDS = [b'anchor', b'bow', b'cable', b'deck', b'ensign', b'fathom', b'gangway', b'hawse', b'ironsick']


# ---- What is sent -------------------------------------------------------------------------------

def message(chance, size):
    """Text or octets of that size, which shrink well, a little, or not at all; without a line break."""
    kind = chance.randrange(5)
    if kind == 0:
        octets = b'a' * size
    elif kind == 1:
        octets = b' '.join(chance.choices(WORDS, k=size // 4 + 1))[:size]
    elif kind == 2:
        octets = chance.randbytes(size // 2).hex().encode().ljust(size, b'.')
    elif kind == 3:
        return '\u6c34\u00e9 \U0001F40B'[chance.randrange(4):] * (size // 6)
    else:
        return chance.randbytes(size).replace(b'\n', b' ')
    return octets if chance.randrange(2) else octets.decode()


def messages(seed, sizes):
    chance = random.Random(seed)
    return [message(chance, size) for size in sizes]


def a_few(seed):
    """The first two repeat themselves further back than the smallest windows reach."""
    chance = random.Random(seed)
    block = chance.randbytes(300).replace(b'\n', b' ').hex()
    return [block, block, *messages(seed, chance.sample(SIZES[:15], 5)), '']


def cut(chance, sent):
    """The same in one to five pieces."""
    places = sorted(chance.randint(0, len(sent)) for _ in range(chance.randrange(5)))
    return [sent[start:end] for start, end in zip([0, *places], [*places, len(sent)])]


# ---- The library as client of hawse-echo --------------------------------------------------------

class Count:
    conversations = messages = 0


async def talks(checks, url, factory, sent, what, fragments=None):
    """Sends all, up to a window of 64 unanswered, and wants all back; what was agreed."""
    async with websockets.connect(url, extensions=[factory], **PLAIN) as client:
        if not checks.equal(len(client.extensions), 1, f'{what}: compression is agreed'):
            return None
        room = asyncio.Semaphore(64)

        async def send():
            for one in sent:
                await room.acquire()
                await client.send(cut(fragments, one) if fragments and one else one)

        sending = asyncio.ensure_future(send())
        for index, one in enumerate(sent):
            seen = await asyncio.wait_for(client.recv(), 30)
            room.release()
            if not checks.check(seen == one, f'{what}: message {index}, {type(one).__name__} of '
                                             f'{len(one)}, comes back'):
                sending.cancel()
                return None
        await sending
        Count.conversations += 1
        Count.messages += len(sent)
        return client.extensions[0]


async def every_offer(checks, echo):
    offers = [offer for offer in itertools.product(FLAGS, FLAGS, BITS, [None, True, *range(9, 16)])]
    for number, offer in enumerate(offers):
        server_forgets, client_forgets, server_bits, client_bits = offer
        agreed = await talks(checks, echo.url, library.ClientPerMessageDeflateFactory(*offer),
                             a_few(number), f'offer {offer}')
        if agreed is None:
            continue
        checks.equal((agreed.remote_no_context_takeover, agreed.remote_max_window_bits),
                     (server_forgets, server_bits or 15), f'offer {offer}: the server keeps to it')
        checks.equal((agreed.local_no_context_takeover, agreed.local_max_window_bits),
                     (client_forgets, 15 if client_bits in (None, True) else client_bits),
                     f'offer {offer}: the client may keep to its own')


async def long_conversations(checks, echo):
    for number, (server_forgets, client_forgets) in enumerate(itertools.product(FLAGS, FLAGS)):
        chance = random.Random(number)
        sizes = [chance.choice(SIZES[:12]) + chance.randrange(3) for _ in range(2000)] + SIZES * 2
        await talks(checks, echo.url, library.ClientPerMessageDeflateFactory(server_forgets, client_forgets),
                    messages(number, sizes), f'a long conversation, {server_forgets, client_forgets}')
        await talks(checks, echo.url, library.ClientPerMessageDeflateFactory(server_forgets, client_forgets),
                    messages(number, SIZES[1:] * 4), f'in fragments, {server_forgets, client_forgets}', chance)


async def together(checks, echo):
    """More connections at once than there are compressors, each with what it remembers."""
    await asyncio.gather(*(
        talks(checks, echo.url, library.ClientPerMessageDeflateFactory(number % 3 == 0),
              messages(number, SIZES[2:14] * 4), f'connection {number} of 40') for number in range(40)))


def statistics_of(echo):
    with urllib.request.urlopen(f'http://{echo.host}:{echo.port}/statistics', timeout=20) as answer:
        return json.load(answer)


def saves(checks, echo):
    """The server says what compression was worth, and it was worth something."""
    for direction, counted in statistics_of(echo).items():
        checks.check(counted['deflated_messages'] > 1000, f'{direction}: compressed messages, {counted}')
        checks.check(counted['wire_octets'] < counted['message_octets'] / 2,
                     f'{direction}: fewer octets on the wire, {counted}')
        print(f'{direction}: {counted}', flush=True)


async def every_policy(checks, program):
    """Servers that ask for less of their own accord, and clients that ask for nothing, for as much, for
    less still. Who cannot be asked for a smaller window is declined only by a server that insists."""
    offers = [(False, False, None, None), (False, False, None, True), (True, True, 10, 11), (False, True, 13, 15)]
    policies = itertools.product(FLAGS, FLAGS, [None, 8, 12], [None, 9, 12])
    for number, policy in enumerate(policies):
        server_forgets, client_forgets, server_bits, client_bits = policy
        insists = ['--deflate-insist'] if number % 2 else []
        parameters = ';'.join(filter(None, [
            server_bits and f'server_max_window_bits={server_bits}',
            client_bits and f'client_max_window_bits={client_bits}',
            server_forgets and 'server_no_context_takeover', client_forgets and 'client_no_context_takeover']))
        with Echo(program, checks, f'--deflate={parameters}', *insists) as echo:
            for offer in offers:
                what = f'policy {parameters or "as it stands"} {insists}, offer {offer}'
                factory = library.ClientPerMessageDeflateFactory(*offer)
                if insists and client_bits and offer[3] is None:
                    async with websockets.connect(echo.url, extensions=[factory], **PLAIN) as client:
                        checks.equal(client.extensions, [], f'{what}: it is declined')
                    continue
                agreed = await talks(checks, echo.url, factory, a_few(number), what)
                if agreed is None:
                    continue
                checks.equal((agreed.remote_no_context_takeover, agreed.remote_max_window_bits),
                             (server_forgets or offer[0], min(server_bits or 15, offer[2] or 15)),
                             f'{what}: how the server compresses')
                hint = 15 if offer[3] in (None, True) else offer[3]
                asked = 15 if offer[3] is None else client_bits or 15
                checks.equal((agreed.local_no_context_takeover, agreed.local_max_window_bits),
                             (client_forgets or offer[1], min(asked, hint)), f'{what}: how the client does')


async def declines(checks, program):
    with Echo(program, checks, '--no-deflate') as echo:
        async with websockets.connect(echo.url, max_size=None) as client:
            checks.equal(client.extensions, [], 'with --no-deflate the offer is declined')
            for one in messages(1, SIZES):
                await client.send(one)
                checks.check(await asyncio.wait_for(client.recv(), 30) == one, 'and all comes back plain')
        counted = statistics_of(echo)
        checks.equal([counted[way]['deflated_messages'] for way in ('received', 'sent')], [0, 0],
                     'with --no-deflate nothing is compressed')


# ---- The library as server of hawse-cat ---------------------------------------------------------

class LibraryServer:
    """Echoes with each factory at an address of its own, and keeps what was agreed, and how many
    frames came compressed, by path."""

    def __init__(self, factories):
        self.factories, self.seen, self.ports = factories, {}, []

    async def handle(self, connection, path=None):
        path = path or connection.path
        extension = connection.extensions[0] if connection.extensions else None
        compressed = [0]
        self.seen[path] = extension, compressed
        if extension is not None:
            decode = extension.decode

            def counting(frame, **more):
                compressed[0] += bool(frame.rsv1)
                return decode(frame, **more)
            extension.decode = counting
        with contextlib.suppress(websockets.ConnectionClosed):
            async for one in connection:
                await connection.send(one)

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        started = threading.Event()

        async def start():
            for factory in self.factories:
                server = await websockets.serve(self.handle, '127.0.0.1', 0, extensions=[factory], **PLAIN)
                self.ports.append(server.sockets[0].getsockname()[1])
            started.set()

        def run():
            self.loop.run_until_complete(start())
            self.loop.run_forever()
        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        assert started.wait(20)
        return self

    def __exit__(self, *failure):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


def as_line(one):
    return one.encode() if isinstance(one, str) else one


def cat_talks(checks, program, server, port, parameters, sent, what, binary=False):
    """hawse-cat says what was agreed, and prints all that it sent."""
    path = '/' + what.replace(' ', '-')
    lines = [as_line(one) for one in sent]
    option = '--deflate' + ('=' + parameters if parameters else '')
    expected = [line.hex().encode() for line in lines] if binary else lines
    cat = Cat(program, f'ws://127.0.0.1:{port}{path}', option, *(['--binary'] if binary else []))
    cat.send(b'\n'.join(lines))
    cat.lines(len(lines))  # the library answers nothing that a Close stands behind
    status, output, errors = cat.finish()
    checks.equal((status, output == b''.join(line + b'\n' for line in expected)), (0, True),
                 f'{what}: the status, and all lines come back ({errors!r})')
    extension, compressed = server.seen.get(path, (None, [0]))
    if not checks.check(extension is not None, f'{what}: compression is agreed'):
        return
    words = 'permessage-deflate'
    for side, bits, forgets in (('server', extension.local_max_window_bits, extension.local_no_context_takeover),
                                ('client', extension.remote_max_window_bits,
                                 extension.remote_no_context_takeover)):
        words += f'; {side}_max_window_bits={bits}' if bits != 15 else ''
        words += f'; {side}_no_context_takeover' if forgets else ''
    checks.equal(errors, f'hawse-cat: {words} agreed\n', f'{what}: what is said')
    checks.check(compressed[0] > 0, f'{what}: messages go out compressed')
    Count.conversations += 1
    Count.messages += len(sent)
    return extension


def text_of(sent):
    return [one for one in sent if isinstance(one, str)]


def cat_and_library(checks, program):
    """Every offer of ours to a server that takes any, and servers that ask for one thing and another."""
    jobs = []
    windows = [(None, None), *((bits, None) for bits in range(9, 16)), *((None, bits) for bits in BITS[1:])]
    demands = [(*flags, *window) for flags in itertools.product(FLAGS, FLAGS) for window in windows]
    factories = [library.ServerPerMessageDeflateFactory(*demand) for demand in demands]
    with LibraryServer([library.ServerPerMessageDeflateFactory(), *factories]) as server:
        for server_bits, client_bits in itertools.product([None, *range(9, 16)], BITS):
            for server_forgets, client_forgets in itertools.product(FLAGS, FLAGS):
                parameters = ';'.join(filter(None, [
                    server_bits and f'server_max_window_bits={server_bits}',
                    client_bits and f'client_max_window_bits={client_bits}',
                    server_forgets and 'server_no_context_takeover',
                    client_forgets and 'client_no_context_takeover']))
                jobs.append((server.ports[0], parameters, f'offering {parameters or "nothing more"}'))
        for port, demand in zip(server.ports[1:], demands):
            jobs.append((port, '', f'a server that demands {demand}'))
        for number, (port, parameters, what) in enumerate(jobs):
            sent = a_few(number) if number % 2 else text_of(a_few(number))
            agreed = cat_talks(checks, program, server, port, parameters, sent, what, number % 2)
            for parameter in filter(None, parameters.split(';') if agreed else []):
                name, _, bits = parameter.partition('=')
                side = {'server': 'local', 'client': 'remote'}[name[:6]]
                checks.equal(getattr(agreed, side + name[6:]), int(bits) if bits else True,
                             f'{what}: {name} is agreed')
        for number, (server_forgets, client_forgets) in enumerate(itertools.product(FLAGS, FLAGS)):
            chance = random.Random(number)
            port = server.ports[1 + demands.index((server_forgets, client_forgets, None, None))]
            sizes = [chance.choice(SIZES[:12]) for _ in range(1500)] + SIZES
            for binary in FLAGS:
                sent = messages(number, sizes)
                cat_talks(checks, program, server, port, '', sent if binary else text_of(sent),
                          f'long {server_forgets, client_forgets, binary}', binary)


def in_time(part, *arguments):
    def run():
        asyncio.run(asyncio.wait_for(part(*arguments), 120))
    run.__name__ = part.__name__
    return run


def main():
    chosen = peers.options(__doc__)
    checks = Checks()
    with Echo(chosen.echo, checks) as echo:
        for part in (every_offer, long_conversations, together):
            since = time.monotonic()
            checks.attempt(in_time(part, checks, echo))
            print(f'{part.__name__}: {time.monotonic() - since:.1f} s, until now {Count.conversations} '
                  f'conversations, {Count.messages} messages', flush=True)
        checks.attempt(saves, checks, echo)
    since = time.monotonic()
    checks.attempt(in_time(every_policy, checks, chosen.echo))
    print(f'every_policy: {time.monotonic() - since:.1f} s', flush=True)
    checks.attempt(in_time(declines, checks, chosen.echo))
    since = time.monotonic()
    checks.attempt(cat_and_library, checks, chosen.cat)
    print(f'cat_and_library: {time.monotonic() - since:.1f} s', flush=True)
    print(f'{Count.conversations} conversations, {Count.messages} messages', flush=True)
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
