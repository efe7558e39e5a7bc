#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One driver of docs/examples/drivers, an echo server over some event loop, against python3-websockets,
hawse-cat and raw sockets. What is asked of one is asked of all: CONVERSATIONS is the list."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import sys
import time

import peers
from peers import (BINARY, CLOSE, CLOSE_CODES, CONTINUATION, PING, PONG, TEXT, Cat, Checks, Echo, Wire,
                   accept_value, close_payload, connect, frame, octets_of, text_of)

websockets = peers.import_websockets()
PLAIN = {'compression': None, 'max_size': None, 'close_timeout': 20, 'ping_interval': None}
SIZES = [0, 1, 125, 126, 65535, 65536, 1 << 20, 16 << 20]
KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
REQUEST = ('GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
           f'Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n').encode()
MASK = b'\x01\x82\x03\xff'


class Driver(Echo):
    """The program under test. One that cannot run on this system says so, and is skipped."""

    def __init__(self, program, checks, *arguments):
        try:
            super().__init__(program, checks, *arguments)
        except RuntimeError:
            if self.child.wait(20) == peers.SKIPPED:
                print(f'SKIPPED: {self.error_text().strip()}', flush=True)
                sys.exit(peers.SKIPPED)
            raise
        with opened(self):  # all that it opens for itself is open
            self.idle_descriptors = self.descriptors() - 1

    def seconds(self):
        """Of processor, used so far."""
        with open(f'/proc/{self.child.pid}/stat') as status:
            fields = status.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def opened(driver):
    wire, status, _ = connect(driver)
    assert status == 101, status
    return wire


def raw(driver):
    """A connection over which nothing was said yet."""
    return Wire(socket.create_connection((driver.host, driver.port), timeout=20), client=True)


def rest(wire):
    """How the transport ends, behind whatever still comes."""
    try:
        while True:
            wire.take(1)
    except peers.Ended as ended:
        return str(ended)


def ends_soon(checks, wire, what):
    """The driver ends its side at once, and does not wait for ours or for its patience to pass."""
    started = time.monotonic()
    checks.equal(rest(wire), 'orderly', f'{what}: the end')
    took = time.monotonic() - started
    checks.check(took < 5, f'{what}: the end comes after {took:.1f} s')


def is_idle(checks, driver, what):
    before = driver.seconds()
    time.sleep(0.5)
    used = driver.seconds() - before
    checks.check(used < 0.2, f'{what}: the driver used {used:.2f} s of processor in half a second of nothing')


def still_echoes(checks, driver, when):
    with opened(driver) as wire:
        wire.send_frame(TEXT, b'still there')
        checks.equal(wire.message(), (TEXT, b'still there'), f'the driver {when}')


# ---- python3-websockets -------------------------------------------------------------------------

def over_library(part):
    def run(checks, driver):
        asyncio.run(asyncio.wait_for(part(checks, driver), 120))
    run.__name__ = part.__name__
    return run


async def answer(client):
    return await asyncio.wait_for(client.recv(), 60)


@over_library
async def echoes(checks, driver):
    async with websockets.connect(driver.url, **PLAIN) as client:
        for size in SIZES:
            for sent in (text_of(size), octets_of(size)):
                await client.send(sent)
                checks.check(await answer(client) == sent, f'{type(sent).__name__} of {size} comes back')
        for parts in (['\u00e4' * 10, '', 'b'], ['', ''], [octets_of(1 << 20)] * 4, [b'x'] * 1000):
            await client.send(parts)
            checks.check(await answer(client) == parts[0][:0].join(parts),
                         f'{len(parts)} fragments come back as one message')
        for payload in (b'', b'x' * 125):
            await asyncio.wait_for(await client.ping(payload), 20)
        for index in range(500):
            await client.send(f'message {index}')
        checks.equal([await answer(client) for _ in range(500)],
                     [f'message {index}' for index in range(500)], 'a train keeps its order')


@over_library
async def closes(checks, driver):
    for code in CLOSE_CODES:
        client = await websockets.connect(driver.url, **PLAIN)
        await client.send('before')
        checks.equal(await answer(client), 'before', f'an echo before {code}')
        await asyncio.wait_for(client.close(code, 'that is all'), 20)
        checks.equal(client.close_code, 1000 if code == 1010 else code, f'close {code} is echoed')


@over_library
async def serves_many(checks, driver):
    async def talk(number):
        async with websockets.connect(driver.url, **PLAIN) as client:
            everyone.append(number)
            while len(everyone) < 50:  # all are open at once
                await asyncio.sleep(0.01)
            for index in range(20):
                sent = f'{number}:{index}:' + 'x' * (number * 97 % 3000)
                await client.send(sent)
                checks.check(await answer(client) == sent, f'message {index} of client {number}')
    everyone = []
    await asyncio.gather(*(talk(number) for number in range(50)))


@over_library
async def keeps_two_apart(checks, driver):
    async with websockets.connect(driver.url, **PLAIN) as one, \
            websockets.connect(driver.url, **PLAIN) as other:
        await one.send([b'1' * 70000, b'2' * 70000])
        await other.send('small')
        checks.equal(await answer(other), 'small', 'a second client does not wait for the first')
        checks.check(await answer(one) == b'1' * 70000 + b'2' * 70000, 'nor does the first suffer')


# ---- hawse-cat ----------------------------------------------------------------------------------

def speaks_to_hawse(checks, driver):
    cat = Cat(driver.cat, driver.url)
    lines = [b'hello', b'', 'sl\u00f6w'.encode(), text_of(1 << 20).encode(), text_of(16 << 20).encode(),
             b'bye']
    for line in lines:
        cat.send(line)
    seen = cat.lines(len(lines), 60)
    checks.check(seen == lines, f'lines of {[len(line) for line in lines]} octets come back, '
                                f'not {[len(line) for line in seen]}')
    status, _, errors = cat.finish()
    checks.equal((status, errors), (0, ''), 'the status of hawse-cat')


# ---- Raw sockets --------------------------------------------------------------------------------

def opens(checks, driver):
    def expect(wire, what, count):
        head = wire.take_head()
        checks.check(head.startswith('HTTP/1.1 101 ') and accept_value(KEY) in head, f'{what}: {head!r}')
        for index in range(count):
            checks.equal(wire.message(), (TEXT, b'%d' % index * 100), f'{what}: message {index}')

    train = b''.join(frame(TEXT, b'%d' % index * 100, key=MASK) for index in range(1000))
    for what, count, octets in (('a request alone', 0, REQUEST),
                                ('a request and little behind it', 10, REQUEST + train),
                                ('a request and much behind it', 1000, REQUEST + train)):
        end = len(octets) if count in (0, 1000) else len(REQUEST) + train.index(
            frame(TEXT, b'%d' % count * 100, key=MASK))
        with raw(driver) as wire:
            wire.send(octets[:end])
            expect(wire, what, count)
            wire.send_frame(CLOSE, close_payload(1000))
            checks.equal(wire.close_code(), 1000, f'{what}: the Close')
            ends_soon(checks, wire, what)
    with raw(driver) as wire:
        for octet in REQUEST + frame(TEXT, b'0' * 100, key=MASK):
            wire.send(bytes([octet]))
        expect(wire, 'octet by octet', 1)
    with raw(driver) as wire:
        wire.send(REQUEST.replace(b'Version: 13', b'Version: 12') + train)
        checks.check(wire.take_head().startswith('HTTP/1.1 426 '), 'version 12 is refused')
        ends_soon(checks, wire, 'a refusal')


def interleaves(checks, driver):
    with opened(driver) as wire:
        for size in (0, 125):
            wire.send_frame(TEXT, b'one ', fin=False)
            wire.send_frame(PING, b'p' * size)
            wire.send_frame(CONTINUATION, b'', fin=False)
            wire.send_frame(PONG, b'unasked')
            wire.send_frame(CONTINUATION, b'two')
            checks.equal(wire.frame(), (True, PONG, b'p' * size), f'a pong of {size} comes first')
            checks.equal(wire.message(), (TEXT, b'one two'), 'then the message')
        half = octets_of(8 << 20)
        wire.send(frame(BINARY, half, fin=False, key=MASK) + frame(PING, b'between', key=MASK) +
                  frame(CONTINUATION, half, key=MASK) + frame(TEXT, b'behind', key=MASK))
        checks.equal(wire.frame(), (True, PONG, b'between'), 'a ping inside 16 MiB is answered')
        checks.check(wire.message() == (BINARY, half + half), '16 MiB in two frames come back')
        checks.equal(wire.message(), (TEXT, b'behind'), 'and what came behind them')
        wire.send(b''.join(frame(BINARY, b'%d' % index, key=MASK) for index in range(5000)))
        checks.check([wire.message()[1] for _ in range(5000)] == [b'%d' % index for index in range(5000)],
                     'five thousand messages in one write')


@over_library
async def compresses(checks, driver):
    """Where a driver accepts an offer, what is compressed comes back as well; elsewhere what is plain."""
    for parameters in ({}, {'server_no_context_takeover': True}, {'client_max_window_bits': 9},
                       {'server_max_window_bits': 8}):
        offer = websockets.extensions.permessage_deflate.ClientPerMessageDeflateFactory(**parameters)
        async with websockets.connect(driver.url, **PLAIN, extensions=[offer]) as client:
            agreed = [extension.name for extension in client.extensions]
            accepts = peers.COMPRESSES and 'driver-epoll' in driver.program
            checks.check(agreed == (['permessage-deflate'] if accepts else []),
                         f'{agreed} is agreed of {parameters}')
            for size in SIZES[:7]:
                for sent in (text_of(size), octets_of(size), os.urandom(size)):
                    await client.send(sent)
                    checks.check(await answer(client) == sent,
                                 f'{type(sent).__name__} of {size} comes back, offered {parameters}')


def fails(checks, driver):
    for what, octets, code in (('a reserved opcode', frame(3, b'', key=MASK), 1002),
                               ('no mask', frame(TEXT, b'x'), 1002),
                               ('a message in a message',
                                frame(TEXT, b'', False, MASK) + frame(TEXT, b'', key=MASK), 1002),
                               ('text that is not UTF-8', frame(TEXT, b'ab\xff', key=MASK), 1007),
                               ('more than 16 MiB', b'\x82\xff' + ((16 << 20) + 1).to_bytes(8, 'big'), 1009)):
        with opened(driver) as wire:
            wire.send(octets + frame(TEXT, b'later', key=MASK) * 1000)
            checks.equal(wire.close_code(), code, f'{what} is answered')
            ends_soon(checks, wire, what)


def outlives(checks, driver):
    """Peers that vanish cost nothing, in the middle of whatever they do."""
    large = frame(BINARY, octets_of(4 << 20), key=MASK)
    for begun in (b'', b'\x81', frame(TEXT, b'begun', fin=False, key=MASK), large[:-1], large):
        for way in ('reset', 'end', 'half'):
            wire = opened(driver)
            wire.send(begun)
            if way == 'reset':
                wire.reset()
            elif way == 'half':
                wire.socket.shutdown(socket.SHUT_WR)
                with contextlib.suppress(peers.Ended):
                    while True:
                        checks.check(wire.frame()[1] != CLOSE, 'no Close answers an end without one')
            wire.socket.close()
    for request in (b'', REQUEST[:40]):
        for way in (Wire.reset, lambda wire: wire.socket.close()):
            wire = raw(driver)
            wire.send(request)
            way(wire)
    checks.check(driver.settles_at(driver.idle_descriptors),
                 f'{driver.descriptors()} descriptors after abrupt ends, {driver.idle_descriptors} before')
    still_echoes(checks, driver, 'after abrupt ends')


def holds_back(checks, driver):
    """A client that sends and does not read is held up, and loses nothing once it reads."""
    message = octets_of(65536)
    octets = memoryview(frame(BINARY, message, key=MASK))
    most = 256 << 20
    with opened(driver) as wire:
        wire.socket.settimeout(1)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < most:
                sent += wire.socket.send(octets[sent % len(octets):])
        checks.check(sent < most, f'a client that does not read is held up before {most} octets')
        is_idle(checks, driver, 'a client that does not read')
        still_echoes(checks, driver, 'while one client does not read')
        wire.socket.settimeout(20)
        whole = sent // len(octets)
        came = sum(wire.frame() == (True, BINARY, message) for _ in range(whole))
        checks.equal(came, whole, 'what was owed to the slow client')
        if sent % len(octets):
            wire.send(octets[sent % len(octets):])
            checks.check(wire.frame() == (True, BINARY, message), 'the message in which it was held up')
        wire.send_frame(CLOSE, close_payload(1000))
        checks.equal(wire.close_code(), 1000, 'the Close of the slow client')
    with opened(driver) as wire:  # and one that never reads at all
        wire.socket.settimeout(1)
        with contextlib.suppress(TimeoutError):
            while True:
                wire.send(octets)
        wire.reset()
    checks.check(driver.settles_at(driver.idle_descriptors), 'one that was held up and reset is dropped')


def waits(checks, driver):
    """Idle peers cost no processor, and one that does not open is dropped in time."""
    with Driver(driver.program, checks, '--opening-seconds', '1') as hasty:
        started = time.monotonic()
        silent, slow = raw(hasty), raw(hasty)
        slow.send(REQUEST[:40])
        talker = opened(hasty)
        is_idle(checks, hasty, 'three peers that say nothing')
        for wire in (silent, slow):
            checks.check(wire.take_head().startswith('HTTP/1.1 408 '), 'who does not open is told')
            ends_soon(checks, wire, 'who does not open')
            wire.socket.close()
        took = time.monotonic() - started
        checks.check(0.9 < took < 10, f'dropped after {took:.1f} s, not after about 1')
        talker.send_frame(TEXT, b'in time')
        checks.equal(talker.message(), (TEXT, b'in time'), 'who opened in time is not dropped')
        talker.socket.close()
        checks.check(hasty.settles_at(hasty.idle_descriptors), 'the descriptors of who was dropped')


def runs_out(checks, driver):
    """Without descriptors a driver neither spins nor ends, and serves on when it has some again."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (driver.idle_descriptors + 10, limits[1]))
    try:
        poor = Driver(driver.program, checks)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    with poor:
        wires = [raw(poor) for _ in range(30)]
        is_idle(checks, poor, 'more peers than descriptors')
        for wire in wires:
            wire.socket.close()
        still_echoes(checks, poor, 'that had run out of descriptors')


def stops(checks, driver):
    for how in (signal.SIGTERM, signal.SIGINT):
        stopping = Driver(driver.program, checks)
        wires = [opened(stopping), raw(stopping)]
        wires[0].send(frame(BINARY, b'x' * 70000, key=MASK)[:-1])
        still_echoes(checks, stopping, f'before {how.name}')
        stopping.terminate(how)
        for wire in wires:
            wire.socket.close()


CONVERSATIONS = [opens, echoes, speaks_to_hawse, interleaves, compresses, closes, fails, outlives,
                 keeps_two_apart, serves_many, holds_back, waits, runs_out, stops]


def main():
    def more(parser):
        parser.add_argument('--only', metavar='NAME', help='one of CONVERSATIONS')
    chosen = peers.options(__doc__, more=more)
    checks = Checks()
    with Driver(chosen.echo, checks) as driver:
        driver.program, driver.cat = chosen.echo, chosen.cat
        for conversation in CONVERSATIONS:
            if chosen.only not in (None, conversation.__name__):
                continue
            started = time.monotonic()
            checks.attempt(conversation, checks, driver)
            print(f'{conversation.__name__}: {time.monotonic() - started:.1f} s', flush=True)
        checks.check(driver.settles_at(driver.idle_descriptors),
                     f'{driver.descriptors()} descriptors at the end, {driver.idle_descriptors} before')
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
