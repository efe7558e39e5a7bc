#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A thousand clients at once: every message comes back, in order, and the server's memory is seen. Then
one that sends and does not read: it is held up, and the server's memory is not its hostage."""

import argparse
import os
import resource
import selectors
import socket
import sys
import time

import peers
from peers import BINARY, TEXT, Checks, Echo, connect, frame

REQUEST = ('GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
           'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n').encode()
ACCEPT = b's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
WINDOW = 8  # messages on their way at once, per connection


class Client:
    """One connection's script: open, half of `count` messages, a pause, the others, Close, end."""

    def __init__(self, number, address, count):
        self.number, self.count, self.allowed = number, count, count // 2
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(address)
        self.output, self.input = bytearray(REQUEST), bytearray()
        self.key = os.urandom(4)
        self.opened = self.closed = False
        self.sent = self.received = 0
        self.fault = None

    def message(self, index):
        return f'{self.number}:{index}:'.encode() + b'x' * ((self.number * 31 + index * 17) % 500)

    def fill(self):
        while self.sent < self.allowed and self.sent - self.received < WINDOW:
            self.output += frame(TEXT, self.message(self.sent), key=self.key)
            self.sent += 1
        if self.received == self.count and not self.closed:
            self.closed = True
            self.output += frame(8, b'\x03\xe8', key=self.key)

    def take(self):
        """Judges what has arrived; answers whether the script is at its end."""
        if not self.opened:
            end = self.input.find(b'\r\n\r\n')
            if end < 0:
                return False
            if not self.input.startswith(b'HTTP/1.1 101') or ACCEPT not in self.input[:end]:
                self.fault = f'refused: {bytes(self.input[:100])!r}'
                return True
            del self.input[:end + 4]
            self.opened = True
        while len(self.input) >= 2:
            size, start = self.input[1], 2
            if size == 126:
                if len(self.input) < 4:
                    break
                size, start = int.from_bytes(self.input[2:4], 'big'), 4
            if size > 65535 or len(self.input) < start + size:
                break
            first, payload = self.input[0], bytes(self.input[start:start + size])
            del self.input[:start + size]
            if first == 0x88:
                if payload != b'\x03\xe8' or not self.closed:
                    self.fault = f'closed with {payload!r} after {self.received} messages'
                return True
            if first != 0x81 or payload != self.message(self.received):
                self.fault = f'message {self.received} is not its own: {first:#x} {payload[:50]!r}'
                return True
            self.received += 1
        self.fill()
        return False


def play(clients, echo, at_peak, seconds):
    """Runs every script side by side; `at_peak` is called when all of them pause in the middle."""
    events = selectors.DefaultSelector()
    both = selectors.EVENT_READ | selectors.EVENT_WRITE
    for client in clients:
        events.register(client.socket, both, client)
    left, until, peak = len(clients), time.monotonic() + seconds, None
    received, half = 0, sum(client.allowed for client in clients)
    while left and time.monotonic() < until:
        for key, mask in events.select(1):
            client, done = key.data, False
            before = client.received
            try:
                if mask & selectors.EVENT_READ:
                    octets = client.socket.recv(65536)
                    client.input += octets
                    if not octets:
                        client.fault = f'ended after {client.received} messages'
                    done = not octets or client.take()
                if not done and client.output:
                    del client.output[:client.socket.send(client.output)]
                if not done:
                    events.modify(client.socket, both if client.output else selectors.EVENT_READ, client)
            except BlockingIOError:
                pass
            except OSError as error:
                client.fault, done = f'{error} after {client.received} messages', True
            received += client.received - before
            if done:
                events.unregister(client.socket)
                left -= 1
        if peak is None and received == half:
            peak = at_peak()
            for client in clients:
                client.allowed = client.count
                client.fill()
                events.modify(client.socket, both, client)
    for client in clients:
        if client.received < client.count and client.fault is None:
            client.fault = f'{client.received} of {client.count} messages in time'
        client.socket.close()
    return peak


def mebibytes(octets):
    return f'{octets / (1 << 20):.1f} MiB'


def a_thousand(checks, echo, connection_count, message_count):
    before = echo.memory()
    started = time.monotonic()
    clients = [Client(number, (echo.host, echo.port), message_count)
               for number in range(connection_count)]
    peak = play(clients, echo, lambda: (echo.memory(), echo.descriptors()), 150)
    took = time.monotonic() - started
    faults = [f'{client.number}: {client.fault}' for client in clients if client.fault]
    checks.equal(faults, [], f'{connection_count} conversations')
    checks.equal(sum(client.received for client in clients), connection_count * message_count,
                 'messages that came back')
    if checks.check(peak, 'the peak was seen'):
        checks.check(peak[1] >= connection_count, f'all were open at once: {peak[1]} descriptors')
    checks.check(echo.settles_at(echo.idle_descriptors),
                 f'{echo.descriptors()} descriptors are open afterwards, {echo.idle_descriptors} before')
    print(f'{connection_count} connections, {connection_count * message_count} messages there and back '
          f'in {took:.1f} s; resident before {mebibytes(before)}, all open and quiet '
          f'{mebibytes(peak[0] if peak else 0)}, at most {mebibytes(echo.memory("VmHWM"))}, after '
          f'{mebibytes(echo.memory())}', flush=True)


def one_that_does_not_read(checks, echo, sanitized):
    """Sends until it is held up; what is owed then comes back whole."""
    before = echo.memory()
    wire, _, _ = connect(echo)
    message = bytes(range(256)) * 256
    octets = frame(BINARY, message, key=b'\x01\x02\x03\x04')
    most = 1 << 30
    wire.socket.settimeout(2)
    sent, view = 0, memoryview(octets)
    try:
        while sent < most:
            sent += wire.socket.send(view[sent % len(octets):])
        checks.failed(f'a client that does not read is held up before {mebibytes(most)}')
    except TimeoutError:
        pass
    held = echo.memory() - before
    print(f'a client that does not read is held up after {mebibytes(sent)}; '
          f'the server holds {mebibytes(held)} more', flush=True)
    if not sanitized:
        checks.check(held < 64 << 20, f'the server holds {mebibytes(held)} for a client that does not read')
    wire.socket.settimeout(20)
    whole = sent // len(octets)
    came = sum(wire.frame() == (True, BINARY, message) for _ in range(whole))
    checks.equal(came, whole, 'what was owed to the slow client')
    wire.reset()


def main():
    def more(parser):
        parser.add_argument('--connections', type=int, default=1000)
        parser.add_argument('--messages', type=int, default=100)
        parser.add_argument('--sanitized', action=argparse.BooleanOptionalAction, default=False,
                            help='do not judge memory')
    chosen = peers.options(__doc__, cat=False, more=more)
    checks = Checks()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = chosen.connections + 100
    if hard != resource.RLIM_INFINITY and hard < need:
        peers.absent(f'no {need} files may be open here (ulimit -Hn says {hard})')
    # The server must raise its own limit: it starts with a low one.
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
    with Echo(chosen.echo, checks) as echo:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else need, hard))
        a_thousand(checks, echo, chosen.connections, chosen.messages)
        one_that_does_not_read(checks, echo, chosen.sanitized)
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
