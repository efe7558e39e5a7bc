#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""python3-h2 as client of driver-nghttp2: WebSockets on the streams of one HTTP/2 connection, the
frames on them written by hand; then, given a shared library, by hawse, which opens them, too."""

import ctypes
import os
import re
import socket
import subprocess
import sys
import time
from ctypes import (POINTER, byref, c_bool, c_char_p, c_int64, c_size_t, c_uint8, c_uint16, c_void_p,
                    string_at)

import peers
from peers import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Checks, close_payload, frame,
                   octets_of, read_line, text_of)

peers.import_peer('h2')
import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings

SIZES = [0, 1, 125, 126, 65535, 65536, 1 << 20]


class Stream:
    """What came on one stream so far."""

    def __init__(self):
        self.fields, self.octets, self.unacknowledged = None, b'', 0
        self.ended, self.reset = False, None


class Http2:
    """A client's connection. It acknowledges what it receives unless told to hold a stream."""

    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding='utf-8'))
        self.streams, self.held = {}, set()
        self.h2.initiate_connection()
        self.flush()
        self.pump(lambda: self.h2.remote_settings.enable_connect_protocol == 1)

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def receive(self, seconds):
        """Takes what comes within `seconds`; false when nothing does."""
        self.socket.settimeout(seconds)
        try:
            octets = self.socket.recv(1 << 16)
        except TimeoutError:
            return False
        if not octets:
            raise AssertionError('the server ended the connection')
        for event in self.h2.receive_data(octets):
            self.take(event)
        self.flush()
        return True

    def take(self, event):
        stream = self.streams.get(getattr(event, 'stream_id', None))
        if isinstance(event, h2.events.ResponseReceived):
            stream.fields = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            stream.octets += event.data
            if event.stream_id in self.held:
                stream.unacknowledged += event.flow_controlled_length
                self.h2.increment_flow_control_window(event.flow_controlled_length)
            elif event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            stream.ended = True
        elif isinstance(event, h2.events.StreamReset):
            stream.reset = event.error_code
        elif isinstance(event, h2.events.ConnectionTerminated):
            raise AssertionError(f'GOAWAY {event.error_code}')

    def pump(self, done, seconds=30):
        until = time.monotonic() + seconds
        while not done():
            if not self.receive(max(0.01, until - time.monotonic())) and time.monotonic() >= until:
                raise AssertionError('it does not come')

    def release(self, identifier):
        """Gives a held stream its window back, and goes on doing so."""
        stream = self.streams[identifier]
        self.held.discard(identifier)
        if stream.unacknowledged:
            self.h2.increment_flow_control_window(stream.unacknowledged, identifier)
            stream.unacknowledged = 0
        self.flush()

    def ask(self, changes=(), end=False):
        """Sends a request: the good one with `changes`, where None takes a field away."""
        fields = {':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http', ':path': '/',
                  ':authority': 'localhost', 'sec-websocket-version': '13', **dict(changes)}
        return self.request([pair for pair in fields.items() if pair[1] is not None], end)

    def request(self, fields, end=False):
        identifier = self.h2.get_next_available_stream_id()
        self.streams[identifier] = Stream()
        self.h2.send_headers(identifier, fields, end)
        self.flush()
        return identifier

    def answer(self, identifier):
        self.pump(lambda: self.streams[identifier].fields is not None)
        return self.streams[identifier].fields

    def send(self, identifier, octets):
        """All of it, as the windows allow."""
        while octets:
            self.pump(lambda: self.h2.local_flow_control_window(identifier) > 0)
            size = min(len(octets), self.h2.local_flow_control_window(identifier),
                       self.h2.max_outbound_frame_size)
            self.h2.send_data(identifier, octets[:size])
            self.flush()
            octets = octets[size:]

    def end(self, identifier):
        self.h2.end_stream(identifier)
        self.flush()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.socket.close()


class WebSocket:
    """Frames on one stream."""

    def __init__(self, http, changes=()):
        self.http, self.id = http, http.ask(changes)
        self.stream = http.streams[self.id]
        self.fields = http.answer(self.id)

    def send(self, opcode, payload=b'', fin=True):
        self.http.send(self.id, frame(opcode, payload, fin, os.urandom(4)))

    def take(self, size):
        self.http.pump(lambda: len(self.stream.octets) >= size)
        octets, self.stream.octets = self.stream.octets[:size], self.stream.octets[size:]
        return octets

    def frame(self):
        first, second = self.take(2)
        assert second < 128, 'a server\'s frame is masked'
        if second >= 126:
            second = int.from_bytes(self.take(2 if second == 126 else 8), 'big')
        return first & 0x0F, self.take(second)

    def ends(self):
        """How the server's side ends, nothing else coming before."""
        self.http.pump(lambda: self.stream.ended or self.stream.reset is not None)
        return ('reset' if self.stream.reset is not None else 'ended') if not self.stream.octets else 'data'


# ---- hawse as client, through its face in C. Structs end with the last member that is used ------

def struct(**members):
    return type('Struct', (ctypes.Structure,), {'_fields_': list(members.items())})


Text = struct(data=c_void_p, size=c_size_t)  # and octets
View = struct(one=c_void_p, other=c_void_p)  # opaque
Field = struct(name=View, value=View)
Fields = struct(data=POINTER(Field), count=c_size_t)
Request = struct(size=c_size_t, secure=c_bool, port=c_uint16, host=Text, target=Text)
Head = struct(size=c_size_t, status=c_uint16, transport=c_uint8, version=c_uint8, fields=Fields)
Opened = struct(size=c_size_t, kind=c_uint8, cause=c_uint8, violation=c_uint8, status=c_uint16)
Agreement = struct(size=c_size_t, role=c_uint8, reserved_bits=c_uint8, texts=Text * 2)
Event = struct(size=c_size_t, kind=c_uint8, message_kind=c_uint8, flags=c_bool * 4, clean=c_bool,
               faults=c_uint8 * 2, first_octet=c_uint8, codes=c_uint16 * 2, payload=Text)
Allocate = ctypes.CFUNCTYPE(c_void_p, c_void_p, c_size_t)
Release = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_size_t)
Fill = ctypes.CFUNCTYPE(c_bool, c_void_p, c_void_p, c_size_t)
Allocator = struct(size=c_size_t, allocate=Allocate, release=Release)
Options = struct(size=c_size_t, pool=c_void_p, entropy_fill=Fill)
HTTP2, NONE, OPENED, FAILED, END_WRITE, WANTS_CLOSE = 1, 0, 3, 4, 4, 8


class Hawse:
    """The library, and one config."""

    def __init__(self, path):
        self.engine, libc = ctypes.CDLL(path), ctypes.CDLL(None)
        libc.malloc.restype = c_void_p
        self.kept = (
            Allocate(lambda _, size: libc.malloc(c_size_t(size))),
            Release(lambda _, octets, size: libc.free(c_void_p(octets)) and None),
            Fill(lambda _, into, size: not libc.getentropy(c_void_p(into), c_size_t(size))))
        allocator = Allocator(ctypes.sizeof(Allocator), *self.kept[:2])
        self.pool = c_void_p(self.call('pool_create', byref(allocator), c_size_t(1 << 20), None))
        options = Options(ctypes.sizeof(Options), self.pool, self.kept[2])
        self.config = c_void_p(self.call('config_create', byref(options)))

    def call(self, name, *arguments, answer=c_size_t):
        function = self.engine[f'hawse_{name}']
        function.restype = answer
        return function(*arguments)

    def accepted(self, name, *arguments):
        refusal = self.call(name, *arguments, answer=c_uint8)
        assert not refusal, self.call('describe_refusal', refusal, answer=c_char_p)

    def view(self, text):
        return self.call('view_of', text, c_size_t(len(text)), answer=View)

    def text(self, view):
        text = self.call('text_of', view, answer=Text)
        return string_at(text.data, text.size).decode()


def now():
    return c_int64(time.monotonic_ns())


class Client:
    """Opens a stream, with what `changes` makes of the fields on the way, and converses on it."""

    def __init__(self, hawse, http, changes=()):
        self.hawse, self.http, self.told, self.ended = hawse, http, [], False
        self.event, self.output = Event(ctypes.sizeof(Event)), ctypes.create_string_buffer(1 << 16)
        self.opening = c_void_p(hawse.call('client_opening_create', hawse.config))
        names = [ctypes.create_string_buffer(name) for name in (b'localhost', b'/room?2')]
        request = Request(ctypes.sizeof(Request), False, 0,
                          *(Text(ctypes.addressof(name), len(name.value)) for name in names))
        hawse.accepted('client_opening_start', self.opening, byref(request), c_uint8(HTTP2))
        fields = hawse.call('client_opening_fields', self.opening, answer=Fields)
        self.asked = [(hawse.text(field.name), hawse.text(field.value))
                      for field in fields.data[:fields.count]]
        self.id = http.request([(name, dict(changes).get(name, value)) for name, value in self.asked])
        self.stream, self.connection = http.streams[self.id], None
        self.outcome = self.judge(http.answer(self.id))
        if self.outcome.kind == OPENED:
            agreement = Agreement(ctypes.sizeof(Agreement))
            hawse.call('client_opening_agreement', self.opening, byref(agreement), answer=None)
            self.connection = c_void_p(hawse.call('connection_create', hawse.config,
                                                  byref(agreement), now()))

    def judge(self, answer):
        octets = [(name.encode(), value.encode()) for name, value in answer.items()]
        fields = (Field * len(octets))(*(Field(*map(self.hawse.view, pair)) for pair in octets))
        head = Head(ctypes.sizeof(Head), 0, HTTP2, 0, Fields(fields, len(octets)))
        event = Opened(ctypes.sizeof(Opened))
        self.hawse.call('client_opening_judge', self.opening, byref(head), byref(event), answer=c_bool)
        return event

    def on(self, name, *arguments, answer=None):
        return self.hawse.call(f'connection_{name}', self.connection, *arguments, answer=answer)

    def wants(self, what):
        return self.on('wants', answer=c_uint8) & what

    def turn(self):
        """What has come goes in, events and output come out."""
        if self.stream.octets:
            octets, self.stream.octets = self.stream.octets, b''
            lent = ctypes.create_string_buffer(octets, len(octets))  # until all events are pulled
            self.hawse.accepted('connection_receive', self.connection, lent, c_size_t(len(octets)),
                                now())
        if self.stream.ended:
            self.on('receive_end', 0, now())
        while self.on('next_event', byref(self.event), answer=c_bool):
            name = self.hawse.call('name_of_event_kind', self.event.kind, answer=c_char_p)
            payload = string_at(self.event.payload.data, self.event.payload.size)
            self.told.append((name, *{b'message': (self.event.message_kind, payload),
                                      b'closing': (self.event.codes[0], payload),
                                      b'closed': (self.event.clean, *self.event.codes)}.get(
                                          name, (payload,))))
        while size := self.on('write_output', self.output, c_size_t(1 << 16), now(), answer=c_size_t):
            self.http.send(self.id, self.output.raw[:size])
        if self.wants(END_WRITE | WANTS_CLOSE) and not self.ended:  # a stream is closed by its END_STREAM
            self.ended = True
            self.http.end(self.id)
            self.on('write_ended', now())

    def next(self):
        self.http.pump(lambda: self.turn() or self.told)
        return self.told.pop(0)

    def send(self, kind, payload):
        self.hawse.accepted('connection_send', self.connection, kind, payload, c_size_t(len(payload)),
                            None)

    def destroy(self):
        for name, place in (('connection', self.connection), ('client_opening', self.opening)):
            self.hawse.call(f'{name}_destroy', place, self.hawse.config, answer=None)


# ---- Conversations ------------------------------------------------------------------------------

def echoes(checks, port):
    with Http2(port) as http:
        ws = WebSocket(http)
        checks.equal(ws.fields, {':status': '200'}, 'the answer to an extended CONNECT')
        for size in SIZES:
            for opcode, payload in ((TEXT, text_of(size).encode()), (BINARY, octets_of(size))):
                ws.send(opcode, payload)
                checks.check(ws.frame() == (opcode, payload), f'{size} octets of {opcode} come back')
        ws.send(TEXT, b'one ', fin=False)
        ws.send(PING, b'are you there')
        ws.send(CONTINUATION, b'two')
        checks.equal(ws.frame(), (PONG, b'are you there'), 'a ping inside a message')
        checks.equal(ws.frame(), (TEXT, b'one two'), 'a message in two fragments')
        ws.send(CLOSE, close_payload(1000, 'that is all'))
        checks.equal(ws.frame(), (CLOSE, close_payload(1000)), 'the reply to a Close')
        checks.equal(ws.ends(), 'ended', 'END_STREAM behind the reply')
        http.end(ws.id)
        again = WebSocket(http)
        again.send(TEXT, b'again')
        checks.equal(again.frame(), (TEXT, b'again'), 'the connection serves another stream')
        checks.equal(ws.stream.reset, None, 'a stream that ended on both sides is not reset')


def ends(checks, port):
    with Http2(port) as http:
        for what, octets, code in (('no mask', frame(TEXT, b'x'), 1002),
                                   ('a text that is none', frame(TEXT, b'\xff', key=b'abcd'), 1007),
                                   ('too large', frame(BINARY, octets_of((1 << 20) + 1), key=b'abcd'),
                                    1009)):
            ws = WebSocket(http)
            http.send(ws.id, octets)
            checks.equal(ws.frame(), (CLOSE, close_payload(code)), f'{what}: the Close')
            checks.equal(ws.ends(), 'ended', f'{what}: END_STREAM')
            http.end(ws.id)
        ws = WebSocket(http)
        http.end(ws.id)
        checks.equal(ws.ends(), 'ended', 'END_STREAM without a Close is answered by one')
        ws = WebSocket(http)
        ws.send(CLOSE)
        checks.equal(ws.frame(), (CLOSE, b''), 'an empty Close')
        http.pump(lambda: ws.stream.reset is not None, 8)  # sooner than the close wait of 10 s
        checks.equal(ws.stream.reset, h2.errors.ErrorCodes.CANCEL,
                     'who does not end its side is reset after the linger')
        ws = WebSocket(http)
        http.h2.reset_stream(ws.id, h2.errors.ErrorCodes.CANCEL)
        http.flush()
        other = WebSocket(http)
        other.send(TEXT, b'still here')
        checks.equal(other.frame(), (TEXT, b'still here'), 'a reset stream takes no other with it')


def refuses(checks, port):
    with Http2(port) as http:
        for changes, expected in (
                ({'sec-websocket-version': '12'}, {':status': '400', 'sec-websocket-version': '13'}),
                ({'sec-websocket-version': None}, {':status': '400', 'sec-websocket-version': '13'}),
                ({':protocol': 'connect-udp'}, {':status': '501'}),
                ({':scheme': 'ftp'}, {':status': '400'}),
                ({':method': 'GET', ':protocol': None}, {':status': '405', 'allow': 'CONNECT'}),
                ({'sec-websocket-protocol': 'a b'}, {':status': '400'})):
            identifier = http.ask(changes)
            checks.equal(http.answer(identifier), expected, f'the answer to {changes}')
            http.pump(lambda: http.streams[identifier].ended)
            checks.equal(http.streams[identifier].octets, b'', f'no content for {changes}')
            http.pump(lambda: http.streams[identifier].reset is not None)
            checks.equal(http.streams[identifier].reset, h2.errors.ErrorCodes.NO_ERROR,
                         f'the stream is let go after {changes}')
        ws = WebSocket(http, {'sec-websocket-protocol': 'chat', 'origin': 'http://localhost',
                              'sec-websocket-extensions': 'permessage-deflate'})
        checks.equal(ws.fields, {':status': '200'}, 'what is offered does no harm')
        ws.send(TEXT, b'x')
        checks.equal(ws.frame(), (TEXT, b'x'), 'and the conversation goes on')


def bounds_fields(checks, port):
    with Http2(port) as http:
        ws = WebSocket(http, {f'x-{number}': 'v' * 3900 for number in range(4)})
        checks.equal(ws.fields, {':status': '200'}, 'fields of less than 16 KiB')
        for fields in ({f'x-{number}': 'v' * 3900 for number in range(5)},
                       {f'x-{number}': 'v' for number in range(100)}):
            identifier = http.ask(fields)
            http.pump(lambda: http.streams[identifier].reset is not None)
            checks.equal(http.streams[identifier].reset, h2.errors.ErrorCodes.ENHANCE_YOUR_CALM,
                         f'{len(fields)} fields are too many, or too large')
            checks.equal(http.streams[identifier].fields, None, 'and are not answered')
        ws.send(TEXT, b'still here')
        checks.equal(ws.frame(), (TEXT, b'still here'), 'the other stream goes on')


def waits_for_a_request(checks, port):
    with Http2(port) as http:
        since = time.monotonic()
        try:
            http.pump(lambda: False, 14)
        except AssertionError as end:
            checks.check('GOAWAY' in str(end), f'who asks nothing is sent away: {end}')
        checks.check(8 < time.monotonic() - since < 13, 'after ten seconds')


def without_descriptors(checks, program):
    """Clients wait, nothing spins, and when others leave they are served."""
    child = peers.spawn(['sh', '-c', 'ulimit -n 10; exec "$0" --port 0', program],
                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    port = int(read_line(child.stdout, 20).rpartition(':')[2])
    held = [socket.create_connection(('127.0.0.1', port)) for _ in range(20)]

    def seconds():
        with open(f'/proc/{child.pid}/stat') as stat:
            fields = stat.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
    time.sleep(0.3)
    spent = seconds()
    time.sleep(1)
    checks.check(seconds() - spent < 0.3, 'without descriptors it does not spin')
    for one in held:
        one.close()
    with Http2(port) as http:
        checks.equal(WebSocket(http).fields, {':status': '200'}, 'then it serves again')
    peers.stop(child)


def shares(checks, port):
    with Http2(port) as http:
        one, two = WebSocket(http), WebSocket(http)
        payload = octets_of(200000)
        octets = frame(BINARY, payload, key=b'abcd')
        for start in range(0, len(octets), 5000):
            http.send(one.id, octets[start:start + 5000])
            two.send(TEXT, str(start).encode())
        checks.check(one.frame() == (BINARY, payload), 'a message in pieces between others')
        checks.equal([two.frame() for _ in range(0, len(octets), 5000)],
                     [(TEXT, str(start).encode()) for start in range(0, len(octets), 5000)],
                     'the others, in their order')


def holds_back(checks, port):
    """A stream whose echoes are not read stops getting window, and stops no other stream."""
    with Http2(port) as http:
        slow, other = WebSocket(http), WebSocket(http)
        http.held.add(slow.id)
        message = frame(BINARY, octets_of(16000), key=b'abcd')
        sent = count = 0
        while sent < 8 << 20:
            while http.receive(0.3 if http.h2.local_flow_control_window(slow.id) < len(message) else 0.001):
                pass
            if http.h2.local_flow_control_window(slow.id) < len(message):
                break
            http.send(slow.id, message)
            sent += len(message)
            count += 1
        checks.check(300000 < sent < 1 << 20, f'{sent} octets were let in')
        other.send(TEXT, b'passing by')
        checks.equal(other.frame(), (TEXT, b'passing by'), 'the other stream goes on')
        http.release(slow.id)
        echoed = [slow.frame() for _ in range(count)]
        checks.check(echoed == [(BINARY, octets_of(16000))] * count, 'then all comes back')


def hawse_converses(checks, port, hawse):
    with Http2(port) as http:
        client = Client(hawse, http)
        checks.equal(client.asked, [
            (':method', 'CONNECT'), (':protocol', 'websocket'), (':scheme', 'http'),
            (':path', '/room?2'), (':authority', 'localhost'), ('sec-websocket-version', '13')],
            'the fields that hawse asks with')
        checks.equal((client.outcome.kind, client.outcome.status), (OPENED, 200), 'the opening')
        checks.check(http.h2.local_flow_control_window(client.id) < 1 << 20, 'the window is smaller')
        for size in SIZES:
            for kind, payload in ((TEXT, text_of(size).encode()), (BINARY, octets_of(size))):
                client.send(kind, payload)
                checks.equal(client.next(), (b'message', kind, payload),
                             f'{size} octets of {kind} come back to hawse')
        hawse.accepted('connection_ping', client.connection, b'there?', c_size_t(6))
        checks.equal(client.next(), (b'pong', b'there?'), 'a ping of hawse')
        hawse.accepted('connection_close', client.connection, c_uint16(1000), b'done', c_size_t(4))
        checks.equal(client.next(), (b'closing', 1000, b''), 'the reply to its Close')
        checks.equal(client.next(), (b'closed', True, 1000, 1000), 'a clean close')
        http.pump(lambda: client.turn() or client.wants(WANTS_CLOSE))
        checks.equal((client.stream.ended, client.stream.reset, http.h2.open_outbound_streams,
                      client.told), (True, None, 0, []), 'END_STREAM goes both ways')
        client.destroy()


def hawse_is_refused(checks, port, hawse):
    with Http2(port) as http:
        for changes, status in (({'sec-websocket-version': '12'}, 400),
                                ({':protocol': 'connect-udp'}, 501)):
            client = Client(hawse, http, changes)
            cause = hawse.call('name_of_cause', client.outcome.cause, answer=c_char_p)
            checks.equal((client.outcome.kind, cause, client.outcome.status),
                         (FAILED, b'refused', status), f'what hawse makes of the answer to {changes}')
            checks.equal(client.judge({':status': '200'}).kind, NONE, 'it is judged once')
            client.destroy()


def opens_by_hawse(checks, port, library):
    hawse = Hawse(library)
    checks.attempt(hawse_converses, checks, port, hawse)
    checks.attempt(hawse_is_refused, checks, port, hawse)
    hawse.call('config_destroy', hawse.config, answer=None)
    if checks.equal(hawse.call('pool_leased_size', hawse.pool), 0, 'hawse gives all memory back'):
        hawse.call('pool_destroy', hawse.pool, answer=None)


def more(parser):
    parser.add_argument('--driver', metavar='PATH', required=True, help='driver-nghttp2')
    parser.add_argument('--library', dest='shared', metavar='PATH', help='libhawse.so')


def main():
    chosen = peers.options(__doc__, echo=False, cat=False, seconds=120, more=more)
    checks = Checks()
    child = peers.spawn([chosen.driver, '--port', '0'], stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE)
    line = read_line(child.stdout, 20)
    port = re.fullmatch(r'listening on 127\.0\.0\.1:([1-9]\d*)\n', line)
    if checks.check(port, f'it says where it listens: {line!r}'):
        for part in (echoes, ends, refuses, bounds_fields, shares, holds_back, waits_for_a_request):
            checks.attempt(part, checks, int(port[1]))
        if chosen.shared:
            checks.attempt(opens_by_hawse, checks, int(port[1]), chosen.shared)
        else:
            print('hawse as client is left out: no --library')
    checks.check(child.poll() is None, 'the driver still runs at the end')
    peers.stop(child)
    checks.attempt(without_descriptors, checks, chosen.driver)
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
