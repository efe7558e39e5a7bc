# SPDX-License-Identifier: MIT
"""What the interoperability tests share: checks that count, the programs under test as children that
cannot be left behind, a WebSocket client and server of raw sockets for what real peers cannot be made
to send, and the rule for absent peers: skip (77), or fail when HAWSE_PEERS_REQUIRED=1."""

import argparse
import atexit
import base64
import ctypes
import hashlib
import importlib
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

SKIPPED = 77
COMPRESSES = os.environ.get('HAWSE_COMPRESSES') != '0'  # or hawse was built without zlib
SIZES = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 16 << 20]
CLOSE_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]
TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0


# ---- Checks -------------------------------------------------------------------------------------

class Checks:
    """Counts, says what failed, and knows the exit status. No check at all is a failure."""

    def __init__(self):
        self.count = self.failures = 0

    def check(self, condition, sentence):
        self.count += 1
        if not condition:
            self.failures += 1
            print(f'FAILED: {sentence}', flush=True)
        return bool(condition)

    def equal(self, seen, expected, sentence):
        return self.check(seen == expected, f'{sentence}: expected {brief(expected)}, '
                                            f'saw {brief(seen)}')

    def failed(self, sentence):
        self.check(False, sentence)

    def attempt(self, what, *arguments):
        """Calls `what`; whatever it raises is a failure, and the rest goes on."""
        try:
            return what(*arguments)
        except Exception:
            self.failed(f'{what.__name__}: {traceback.format_exc()}')

    def done(self):
        print(f'{self.count} checks, {self.failures} failures', flush=True)
        return 1 if self.failures or self.count == 0 else 0


def brief(value):
    text = repr(value)
    return text if len(text) <= 200 else f'{text[:200]}... ({len(text)} characters)'


def text_of(size):
    """`size` characters that differ from place to place."""
    unit = ''.join(chr(33 + index % 90) for index in range(971))
    return (unit * (size // len(unit) + 1))[:size]


def octets_of(size):
    unit = bytes((index * 7 + index // 251) % 256 for index in range(4093))
    return (unit * (size // len(unit) + 1))[:size]


# ---- Absent peers and time ----------------------------------------------------------------------

def absent(sentence):
    """Ends the test: a peer is not installed."""
    required = os.environ.get('HAWSE_PEERS_REQUIRED') == '1'
    print(f'{"FAILED" if required else "SKIPPED"}: {sentence}', flush=True)
    sys.exit(1 if required else SKIPPED)


def import_peer(name):
    """A module of Debian's python3-`name`, from this python3 or from another one on the path."""
    try:
        return importlib.import_module(name)
    except ImportError:
        pass
    if 'HAWSE_PYTHON_SEARCHED' not in os.environ:
        for folder in os.environ.get('PATH', '').split(os.pathsep):
            python = os.path.join(folder, 'python3')
            if os.access(python, os.X_OK) and subprocess.run(
                    [python, '-c', f'import {name}'], stderr=subprocess.DEVNULL).returncode == 0:
                os.environ['HAWSE_PYTHON_SEARCHED'] = '1'
                os.execv(python, [python, *sys.argv])
    absent(f'python3 has no module {name} (Debian: python3-{name})')


def import_websockets():
    return import_peer('websockets')


def options(description, *, echo=True, cat=True, seconds=240, more=None):
    """Parses the command line and starts the watchdog: no run is longer than `seconds`."""
    parser = argparse.ArgumentParser(description=description)
    if echo:
        parser.add_argument('--echo', metavar='PATH', required=True, help='hawse-echo')
    if cat:
        parser.add_argument('--cat', metavar='PATH', required=True, help='hawse-cat')
    parser.add_argument('--timeout', type=int, default=seconds, help='seconds for everything')
    if more:
        more(parser)
    chosen = parser.parse_args()

    def out_of_time(*_):
        print(f'FAILED: not done after {chosen.timeout} s', flush=True)
        traceback.print_stack()
        stop_children()
        os._exit(1)

    signal.signal(signal.SIGALRM, out_of_time)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('terminated'))
    signal.alarm(chosen.timeout)
    return chosen


# ---- Children -----------------------------------------------------------------------------------

children = []


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def spawn(command, **more):
    """A child in a group of its own, killed with its children when this program ends anyhow."""
    child = subprocess.Popen(command, start_new_session=True, preexec_fn=die_with_parent, **more)
    children.append(child)
    return child


def stop(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    child.wait()
    if child in children:
        children.remove(child)


@atexit.register
def stop_children():
    for child in list(children):
        stop(child)


def read_line(stream, seconds):
    """One line of a child's output, or '' at its end; an exception when it takes too long."""
    line, until = b'', time.monotonic() + seconds
    while not line.endswith(b'\n'):
        ready, _, _ = select.select([stream], [], [], max(0, until - time.monotonic()))
        if not ready:
            raise TimeoutError(f'no line within {seconds} s, only {line!r}')
        octet = os.read(stream.fileno(), 1)
        if not octet:
            break
        line += octet
    return line.decode()


class Echo:
    """hawse-echo, listening. Leaving the block stops it as a person would and looks at its status."""

    def __init__(self, program, checks, *arguments, port=0):
        self.checks, self.stopped = checks, False
        self.errors = tempfile.TemporaryFile()
        self.child = spawn([program, '--port', str(port), *arguments],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors)
        line = read_line(self.child.stdout, 20)
        match = re.fullmatch(r'listening on (?:http(s?)://)?(127\.0\.0\.1):([1-9]\d*)\n', line)
        if not match:
            raise RuntimeError(f'hawse-echo says {line!r}, and {self.error_text()!r}')
        self.host, self.port = match[2], int(match[3])
        self.url = f'ws{match[1] or ""}://{self.host}:{self.port}/'
        self.idle_descriptors = self.descriptors()

    def error_text(self):
        self.errors.seek(0)
        return self.errors.read().decode('utf-8', 'replace')

    def memory(self, field='VmRSS'):
        """Resident octets now; with VmHWM, the most there ever were."""
        with open(f'/proc/{self.child.pid}/status') as status:
            return int(re.search(rf'{field}:\s*(\d+) kB', status.read())[1]) * 1024

    def descriptors(self):
        return len(os.listdir(f'/proc/{self.child.pid}/fd'))

    def settles_at(self, descriptors, seconds=15):
        """Waits until no more than so many are open."""
        until = time.monotonic() + seconds
        time.sleep(0.05)  # who has connected and gone may still wait to be accepted
        while (too_many := self.descriptors() > descriptors) and time.monotonic() < until:
            time.sleep(0.05)
        return not too_many

    def terminate(self, how=signal.SIGTERM):
        """Asks it to end; checks that it does, with status 0 and without another word."""
        self.stopped = True
        self.checks.check(self.child.poll() is None, 'hawse-echo still runs at the end '
                          f'(status {self.child.returncode}; {self.error_text()[-3000:]})')
        self.child.send_signal(how)
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.checks.failed(f'hawse-echo ends within 15 s of {how.name}')
        self.checks.equal(self.child.returncode, 0,
                          f'hawse-echo\'s status after {how.name} ({self.error_text()[-3000:]})')
        self.checks.equal(self.child.stdout.read(), b'', 'hawse-echo prints exactly one line')
        stop(self.child)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if not self.stopped:
            self.terminate()


class Cat:
    """hawse-cat in a conversation: lines in, lines out."""

    def __init__(self, program, url, *arguments):
        self.child = spawn([program, *arguments, url], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.output, self.errors = bytearray(), bytearray()
        self.news = threading.Condition()
        self.readers = [threading.Thread(target=self.drain, args=pair, daemon=True)
                        for pair in ((self.child.stdout, self.output),
                                     (self.child.stderr, self.errors))]
        for reader in self.readers:
            reader.start()

    def drain(self, stream, into):
        while octets := os.read(stream.fileno(), 1 << 20):
            with self.news:
                into += octets
                self.news.notify_all()

    def send(self, line):
        """One line; a broken pipe is the program's end, which finish() judges."""
        try:
            self.child.stdin.write(line + b'\n')
            self.child.stdin.flush()
        except BrokenPipeError:
            pass

    def lines(self, count, seconds=30):
        """The first `count` lines printed so far, waiting for them."""
        with self.news:
            self.news.wait_for(lambda: self.output.count(b'\n') >= count, seconds)
            return bytes(self.output).split(b'\n')[:-1][:count]

    def finish(self, seconds=30, end_input=True):
        """Ends its input, waits for its end: (status, all output, all errors)."""
        if end_input:
            try:
                self.child.stdin.close()
            except BrokenPipeError:
                pass
        until = time.monotonic() + seconds
        for reader in self.readers:  # the end of its output is heard at once, and wait() polls
            reader.join(max(0, until - time.monotonic()))
        try:
            self.child.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            stop(self.child)
            return 'still running', bytes(self.output), bytes(self.errors).decode()
        for reader in self.readers:
            reader.join(10)
        status = self.child.returncode
        stop(self.child)
        return status, bytes(self.output), bytes(self.errors).decode('utf-8', 'replace')


# ---- Raw sockets --------------------------------------------------------------------------------

def accept_value(key):
    return base64.b64encode(hashlib.sha1(
        (key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').encode()).digest()).decode()


def masked(octets, key):
    pattern = int.from_bytes((key * (len(octets) // 4 + 1))[:len(octets)], 'big')
    return (int.from_bytes(octets, 'big') ^ pattern).to_bytes(len(octets), 'big')


def frame(opcode, payload=b'', fin=True, key=None, reserved=0):
    size = len(payload)
    first = (0x80 if fin else 0) | reserved << 4 | opcode
    bit = 0x80 if key is not None else 0
    if size < 126:
        head = struct.pack('!BB', first, bit | size)
    elif size < 65536:
        head = struct.pack('!BBH', first, bit | 126, size)
    else:
        head = struct.pack('!BBQ', first, bit | 127, size)
    return head + (key + masked(payload, key) if key is not None else payload)


def close_payload(code, reason=''):
    return b'' if code is None else struct.pack('!H', code) + reason.encode()


class Ended(Exception):
    """The transport ended: orderly or by a reset."""


class Wire:
    """Frames over a socket, as either side."""

    def __init__(self, connected, client):
        self.socket, self.client, self.kept = connected, client, b''
        self.socket.settimeout(20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def take(self, size):
        parts = [self.kept]
        have = len(self.kept)
        while have < size:
            try:
                part = self.socket.recv(1 << 20)
            except ConnectionError as error:
                raise Ended(f'broken: {error}') from None
            if not part:
                raise Ended('orderly')
            parts.append(part)
            have += len(part)
        octets = b''.join(parts)
        self.kept = octets[size:]
        return octets[:size]

    def take_head(self):
        head = b''
        while not head.endswith(b'\r\n\r\n'):
            head += self.take(1)
        return head.decode('latin-1')

    def send(self, octets):
        self.socket.sendall(octets)

    def send_frame(self, opcode, payload=b'', fin=True, reserved=0):
        self.send(frame(opcode, payload, fin, os.urandom(4) if self.client else None, reserved))

    def frame(self):
        """(fin, opcode, payload) of the next frame, which must be masked by clients alone."""
        first, second = self.take(2)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(self.take(2 if size == 126 else 8), 'big')
        if bool(second & 0x80) == self.client:
            raise AssertionError('a frame is masked by the wrong side')
        key = self.take(4) if second & 0x80 else None
        payload = self.take(size)
        return bool(first & 0x80), first & 0x0F, masked(payload, key) if key else payload

    def message(self):
        """(opcode, payload) of the next message, or of a control frame before it."""
        fin, opcode, payload = self.frame()
        while not fin:
            fin, _, more = self.frame()
            payload += more
        return opcode, payload

    def close_code(self):
        """Reads to the peer's Close: its code, None for an empty one."""
        while True:
            _, opcode, payload = self.frame()
            if opcode == CLOSE:
                return int.from_bytes(payload[:2], 'big') if payload else None

    def end(self):
        """How the transport ends, nothing else coming before: 'orderly', 'broken: ...' or 'data'."""
        try:
            self.take(1)
            return 'data'
        except Ended as ended:
            return str(ended)
        except TimeoutError:
            return 'no end'

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.socket.close()


def connect(echo, request=None):
    """A raw client, its opening handshake sent: (Wire, status, fields in lower case)."""
    wire = Wire(socket.create_connection((echo.host, echo.port), timeout=20), client=True)
    key = base64.b64encode(os.urandom(16)).decode()
    wire.send((request or (f'GET / HTTP/1.1\r\nHost: {echo.host}:{echo.port}\r\n'
                           'Upgrade: websocket\r\nConnection: Upgrade\r\n'
                           f'Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n')
               ).encode('latin-1'))
    lines = wire.take_head().split('\r\n')
    fields = {name.lower(): value.strip() for name, _, value in
              (line.partition(':') for line in lines[1:] if line)}
    status = int(lines[0].split(' ')[1])
    if status == 101 and request is None and fields.get('sec-websocket-accept') != accept_value(key):
        raise AssertionError('Sec-WebSocket-Accept is wrong')
    return wire, status, fields


class RawServer:
    """Accepts one connection and plays `script(wire, head)`: what no library can be made to send."""

    def __init__(self, script):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.listener.settimeout(20)
        self.port = self.listener.getsockname()[1]
        self.url = f'ws://127.0.0.1:{self.port}/'
        self.script, self.failure = script, None
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        try:
            accepted, _ = self.listener.accept()
            with Wire(accepted, client=False) as wire:
                self.script(wire, wire.take_head())
        except Exception as error:
            self.failure = error

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.listener.close()
        self.thread.join(30)


def accept_head(head):
    """The 101 that answers a request head."""
    key = re.search(r'^sec-websocket-key:\s*(\S+)', head, re.I | re.M)[1]
    return ('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
            f'Sec-WebSocket-Accept: {accept_value(key)}\r\n\r\n').encode()


def have(program):
    return shutil.which(program)
