#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools_test.py [--inspect PATH] [--cat PATH] [--echo PATH] [--tls yes|no] [unittest arguments]

The three example programs from outside: what they print, what they exit with, and how they take bad
input. Only the standard library is used; the peers are written here, frame by frame. What passes
through TLS is in interop/tls_test.py.
"""
import contextlib
import argparse
import base64
import hashlib
import json
import os
import pathlib
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zlib

tools = argparse.Namespace(inspect=None, cat=None, echo=None, tls=None)
SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
MASK = bytes.fromhex('37fa213d')
COMPRESSES = os.environ.get('HAWSE_COMPRESSES') != '0'  # or hawse was built without zlib


def needs(name):
    def decorate(case):
        set_up = case.setUpClass.__func__

        @classmethod
        def checked(cls):
            if getattr(tools, name) is None:
                raise unittest.SkipTest(f'--{name} was not given')
            set_up(cls)
        case.setUpClass = checked
        return case
    return decorate


def run(path, *arguments, given=b'', timeout=60):
    if isinstance(given, str):
        given = given.encode()
    return subprocess.run([path, *map(str, arguments)], input=given, capture_output=True,
                          timeout=timeout)


def frame(opcode, payload=b'', fin=True, mask=None):
    size = len(payload)
    head = bytes([opcode | (0x80 if fin else 0)])
    bit = 0x80 if mask else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + struct.pack('>H', size)
    else:
        head += bytes([bit | 127]) + struct.pack('>Q', size)
    if not mask:
        return head + payload
    key = (mask * (size // 4 + 1))[:size]
    masked = (int.from_bytes(payload, 'big') ^ int.from_bytes(key, 'big')).to_bytes(size, 'big')
    return head + mask + masked


def accept_of(key):
    digest = hashlib.sha1((key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').encode()).digest()
    return base64.b64encode(digest).decode()


def read_exactly(link, size):
    octets = b''
    while len(octets) < size:
        piece = link.recv(min(size - len(octets), 1 << 20))
        if not piece:
            raise EOFError(f'the peer ended {size - len(octets)} octets early')
        octets += piece
    return octets


def read_frame(link, whole=False):
    """(opcode, payload), unmasked; the `whole` first octet for the opcode, if that is wanted."""
    first, second = read_exactly(link, 2)
    size = second & 0x7F
    if size == 126:
        size, = struct.unpack('>H', read_exactly(link, 2))
    elif size == 127:
        size, = struct.unpack('>Q', read_exactly(link, 8))
    mask = read_exactly(link, 4) if second & 0x80 else None
    payload = read_exactly(link, size)
    payload = frame(0, payload, mask=mask)[-size:] if mask and size else payload
    return first if whole else first & 0x0F, payload


def read_head(link):
    head = b''
    while not head.endswith(b'\r\n\r\n'):
        head += read_exactly(link, 1)
    return head.decode('latin-1')


def field(head, name):
    for line in head.split('\r\n')[1:]:
        if line.lower().startswith(name.lower() + ':'):
            return line.partition(':')[2].strip()
    return None


def resident_mib(process):
    for line in pathlib.Path(f'/proc/{process}/status').read_text().splitlines():
        if line.startswith('VmRSS'):
            return int(line.split()[1]) / 1024
    return 0


REQUEST = ('GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n'
           f'Connection: Upgrade\r\nSec-WebSocket-Key: {SAMPLE_KEY}\r\n'
           'Origin: http://example.com\r\nSec-WebSocket-Protocol: chat, superchat\r\n'
           'Sec-WebSocket-Version: 13\r\n\r\n').encode()
REQUEST_FIELDS = [['Host', 'server.example.com'], ['Upgrade', 'websocket'],
                  ['Connection', 'Upgrade'], ['Sec-WebSocket-Key', SAMPLE_KEY],
                  ['Origin', 'http://example.com'], ['Sec-WebSocket-Protocol', 'chat, superchat'],
                  ['Sec-WebSocket-Version', '13']]
RESPONSE = ('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
            'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n'
            'Sec-WebSocket-Protocol: chat\r\n\r\n').encode()
RESPONSE_FIELDS = [['Upgrade', 'websocket'], ['Connection', 'Upgrade'],
                   ['Sec-WebSocket-Accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
                   ['Sec-WebSocket-Protocol', 'chat']]


def deflated(payload, level=6, strategy=zlib.Z_DEFAULT_STRATEGY, bits=15, final=False):
    """One message, as RFC 7692 7.2.1 compresses it; `final` ends it with a block that is the last."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, -bits, 8, strategy)
    octets = compressor.compress(payload)
    return octets + (compressor.flush(zlib.Z_FINISH) + b'\0' if final else
                     compressor.flush(zlib.Z_SYNC_FLUSH)[:-4])


DEFLATE = 0x40  # RSV1, beside an opcode
# The examples of RFC 7692 7.2.3, all of them "Hello".
HELLOS = {'one block': 'f248cdc9c90700', 'again, from the window': 'f200110000',
          'no compression': '000500faff48656c6c6f00', 'a last block': 'f348cdc9c9070000',
          'two blocks': 'f248050000 00ffffcac9c90700'}


def line_of(**members):
    return json.dumps(members, separators=(',', ':'), ensure_ascii=False)


def end(output='', state='open'):
    return line_of(event='end', output=output, state=state)


class ToolTest(unittest.TestCase):
    def check_usage(self, path, cases):
        for arguments in cases:
            with self.subTest(arguments=arguments):
                result = run(path, *arguments)
                self.assertEqual(2, result.returncode)
                self.assertIn(b'usage:', result.stderr)
                self.assertEqual(b'', result.stdout)

    def check_sentence(self, result, status, *words):
        """One line on standard error, which holds `words`."""
        text = result.stderr.decode()
        self.assertEqual((status, 1), (result.returncode, text.count('\n')), text)
        for word in words:
            self.assertIn(word, text)


@needs('inspect')
class InspectTest(ToolTest):
    def inspect(self, octets, *arguments):
        result = run(tools.inspect, *arguments, given=octets)
        self.assertEqual((0, b''), (result.returncode, result.stderr))
        return result.stdout.decode().splitlines()

    def test_wrong_arguments_are_usage(self):
        self.check_usage(tools.inspect, [
            [], ['--role'], ['--role', 'peer'], ['--handshake'], ['--role', 'server', '--unknown'],
            ['--role', 'server', 'one', 'two'], ['--role', 'server', '--max-message', 'many'],
            ['--role', 'server', '--max-message', '-1'],
            ['--role', 'server', '--max-message', '18446744073709551616'],
            ['--role', 'server', '--read-size', '0'], ['--role', 'server', '--read-size', '1x'],
            ['--role', 'client', '--mask-key', '37fa21'],
            ['--role', 'client', '--mask-key', '37fa213g'],
            ['--role', 'client', '--mask-key', '37fa 13d'],
            ['--role', 'client', '--key', SAMPLE_KEY],
            ['--role', 'client', '--handshake', '--key', 'short'],
            ['--role', 'client', '--handshake', '--subprotocol', ','],
            ['--role', 'client', '--handshake', '--subprotocol', 'no token'],
            ['--role', 'client', '--handshake', '--subprotocol', 'a,a'],
        ])

    def test_wrong_parameters_of_compression_say_what_to_write(self):
        cases = {
            'window_bits=9': ("'window_bits'", 'client_max_window_bits'),
            'permessage-deflate': ("'permessage-deflate'", 'server_no_context_takeover'),
            'Server_no_context_takeover': ('is no parameter',),
            ';': ("''",), 'client_no_context_takeover;;server_no_context_takeover': ("''",),
            'client_no_context_takeover=1': ('client_no_context_takeover takes no value',),
            'server_no_context_takeover=': ('takes no value',),
            'server_max_window_bits': ('needs a value from 8 to 15',),
            'server_max_window_bits=': ('needs a value from 8 to 15',),
            'server_max_window_bits=7': ('from 8 to 15',), 'server_max_window_bits=16': ('from 8 to 15',),
            'client_max_window_bits=08': ('from 8 to 15',), 'client_max_window_bits=9x': ('from 8 to 15',),
            'client_max_window_bits="9"': ('from 8 to 15',),
            'client_max_window_bits': ('needs a value', 'only an offer'),
            'client_max_window_bits=9;client_max_window_bits=9': ('stands there twice',),
            'client_no_context_takeover; client_no_context_takeover': ('stands there twice',),
        }
        for parameters, words in cases.items():
            with self.subTest(parameters):
                result = run(tools.inspect, '--role', 'client', '--deflate=' + parameters)
                self.assertEqual((2, b''), (result.returncode, result.stdout))
                sentence = result.stderr.decode().split('\n')[0]
                self.assertIn('hawse-inspect: --deflate: ', sentence)
                for word in words:
                    self.assertIn(word, sentence)

    def test_help_is_no_mistake(self):
        result = run(tools.inspect, '--help')
        self.assertEqual(0, result.returncode)
        self.assertIn(b'usage:', result.stdout)

    def test_what_cannot_be_read_is_one_sentence(self):
        for path in ('/nonexistent/octets', '/'):
            with self.subTest(path=path):
                result = run(tools.inspect, '--role', 'server', path)
                self.check_sentence(result, 1, path)
                self.assertEqual(b'', result.stdout)

    def test_bad_hex_is_one_sentence(self):
        for text in ('8', '81 0', 'xx', '81,02', '0x81'):
            with self.subTest(text=text):
                result = run(tools.inspect, '--role', 'server', '--hex', given=text)
                self.check_sentence(result, 1, 'hexadecimal')
                self.assertEqual(b'', result.stdout)

    def test_a_file_and_standard_input_are_the_same(self):
        octets = frame(1, b'Hello')
        with tempfile.NamedTemporaryFile() as file:
            file.write(octets)
            file.flush()
            from_file = run(tools.inspect, '--role', 'client', file.name).stdout
        from_input = run(tools.inspect, '--role', 'client', '-', given=octets).stdout
        self.assertEqual(from_file, from_input)
        self.assertIn(b'Hello', from_file)

    def test_the_examples_of_rfc_6455_5_7(self):
        text = line_of(event='text', data='Hello')
        long = bytes(range(256))
        cases = {
            'unmasked text': ('client', '81 05 48 65 6c 6c 6f', [text, end()]),
            'masked text': ('server', '81 85 37 fa 21 3d 7f 9f 4d 51 58', [text, end()]),
            'fragments': ('client', '01 03 48 65 6c 80 02 6c 6f', [text, end()]),
            'ping': ('client', '89 05 48 65 6c 6c 6f',
                     [line_of(event='ping', hex='48656c6c6f'), end('8a8537fa213d7f9f4d5158')]),
            'masked pong': ('server', '8a 85 37 fa 21 3d 7f 9f 4d 51 58',
                            [line_of(event='pong', hex='48656c6c6f'), end()]),
            '256 octets': ('client', '82 7e 01 00' + long.hex(),
                           [line_of(event='binary', hex=long.hex()), end()]),
            '64 KiB': ('client', '82 7f 00 00 00 00 00 01 00 00' + long.hex() * 256,
                       [line_of(event='binary', hex=long.hex() * 256), end()]),
        }
        for name, (role, octets, expected) in cases.items():
            with self.subTest(name):
                self.assertEqual(expected, self.inspect(octets, '--role', role, '--hex'))

    def test_the_examples_of_rfc_7692_7_2_3(self):
        for role, mask in (('client', None), ('server', MASK)):
            for name, octets in HELLOS.items():
                payload = bytes.fromhex(octets)
                before = bytes.fromhex(HELLOS['one block'])
                expected = [line_of(event='text', data='Hello', deflated_octets=size, inflated_octets=5)
                            for size in (len(before), len(payload))]
                for cut in range(len(payload) + 1):
                    with self.subTest(name, role=role, cut=cut):
                        pieces = (frame(DEFLATE | 1, payload[:cut], fin=False, mask=mask) +
                                  frame(0, payload[cut:], mask=mask))
                        conversation = frame(DEFLATE | 1, before, mask=mask) + pieces
                        self.assertEqual(expected + [end()],
                                         self.inspect(conversation, '--role', role, '--deflate'))
        first = frame(DEFLATE | 1, bytes.fromhex(HELLOS['one block']))
        self.assertEqual(  # the octets of 7.2.3.1, as they stand there
            [line_of(event='text', data='Hello', deflated_octets=7, inflated_octets=5), end()],
            self.inspect('c1 07 f2 48 cd c9 c9 07 00', '--role', 'client', '--hex', '--deflate'))
        self.assertEqual(1002, json.loads(self.inspect(first, '--role', 'client')[0])['code'])

    def test_a_window_is_what_was_agreed(self):
        block = os.urandom(300)
        octets = frame(DEFLATE | 2, deflated(block + block))
        good = self.inspect(octets, '--role', 'client', '--deflate')
        self.assertEqual((block + block).hex(), json.loads(good[0])['hex'])
        for parameters, event in (('server_max_window_bits=9', 'binary'),
                                  ('server_max_window_bits=8', 'failed'),
                                  ('client_max_window_bits=8', 'binary')):
            with self.subTest(parameters):
                line = json.loads(self.inspect(octets, '--role', 'client', '--deflate=' + parameters)[0])
                self.assertEqual(event, line['event'])
        self.assertEqual([1007, '7692-7.2.1-14'], [
            json.loads(self.inspect(frame(DEFLATE | 2, deflated(block + block), mask=MASK), '--role',
                                    'server', '--deflate=client_max_window_bits=8')[0])[name]
            for name in ('code', 'requirement')])

    def test_takeover_is_what_was_agreed(self):
        hello, again = (bytes.fromhex(HELLOS[name]) for name in ('one block', 'again, from the window'))
        for role, mask, other in (('client', None, 'client'), ('server', MASK, 'server')):
            octets = frame(DEFLATE | 1, hello, mask=mask) + frame(DEFLATE | 1, again, mask=mask)
            peer = 'server' if role == 'client' else 'client'
            for parameters, events in ((f'{peer}_no_context_takeover', ['text', 'failed', 'end']),
                                       (f'{other}_no_context_takeover', ['text', 'text', 'end'])):
                with self.subTest(role=role, parameters=parameters):
                    lines = self.inspect(octets, '--role', role, '--deflate=' + parameters)
                    self.assertEqual(events, [json.loads(line)['event'] for line in lines])

    def test_plain_messages_between_compressed_ones(self):
        hello, again = (bytes.fromhex(HELLOS[name]) for name in ('one block', 'again, from the window'))
        octets = (frame(DEFLATE | 1, hello) + frame(1, b'plain') +
                  frame(DEFLATE | 2, again[:2], fin=False) + frame(9, b'?') + frame(0, again[2:]))
        self.assertEqual([
            line_of(event='text', data='Hello', deflated_octets=7, inflated_octets=5),
            line_of(event='text', data='plain'), line_of(event='ping', hex='3f'),
            line_of(event='binary', hex=b'Hello'.hex(), deflated_octets=5, inflated_octets=5),
        ], self.inspect(octets, '--role', 'client', '--deflate')[:-1])

    def test_what_is_wrong_with_compressed_octets(self):
        hello = bytes.fromhex(HELLOS['one block'])
        cases = {
            'nothing': (frame(DEFLATE | 1), 1007), 'a reserved block': (frame(DEFLATE | 1, b'\x07'), 1007),
            'cut off': (frame(DEFLATE | 1, hello[:3]), 1007),
            'text that is none': (frame(DEFLATE | 1, deflated(b'ab\xff')), 1007),
            'on a continuation': (frame(DEFLATE | 1, hello, fin=False) + frame(DEFLATE, b''), 1002),
            'on a ping': (frame(DEFLATE | 9), 1002), 'RSV2': (frame(0x21), 1002),
            'behind a last block': (frame(DEFLATE | 1, deflated(b'Hello', final=True)[:-1] + b'\x07'), 1007),
            'a large one': (frame(DEFLATE | 2, deflated(bytes(1001))), 1009),
        }
        for name, (octets, code) in cases.items():
            with self.subTest(name):
                lines = self.inspect(octets, '--role', 'client', '--deflate', '--max-message', 1000)
                self.assertEqual(['failed', code],
                                 [json.loads(lines[0])[member] for member in ('event', 'code')])
        exact = self.inspect(frame(DEFLATE | 2, deflated(bytes(1000))), '--role', 'client', '--deflate',
                             '--max-message', 1000)
        self.assertEqual(1000, json.loads(exact[0])['inflated_octets'])

    @unittest.skipUnless(COMPRESSES, 'built without zlib')
    def test_a_handshake_says_what_counts(self):
        request = REQUEST[:-2] + b'Sec-WebSocket-Extensions: %s\r\n\r\n'
        offer = b'permessage-deflate; client_max_window_bits; server_max_window_bits=10'
        hello = frame(DEFLATE | 1, bytes.fromhex(HELLOS['one block']), mask=MASK)
        shown = line_of(event='text', data='Hello', deflated_octets=7, inflated_octets=5)
        cases = [
            (offer, '', 'permessage-deflate; server_max_window_bits=10'),
            (offer, '=client_max_window_bits=9', 'permessage-deflate; server_max_window_bits=10; '
                                                 'client_max_window_bits=9'),
            (offer, '=server_max_window_bits=8;client_no_context_takeover',
             'permessage-deflate; server_max_window_bits=8; client_no_context_takeover'),
            (b'permessage-deflate; nonsense, permessage-deflate', '', 'permessage-deflate'),
            (b'x-other', '', None),
        ]
        for offered, option, agreed in cases:
            with self.subTest(offered=offered, option=option):
                lines = self.inspect(request % offered + hello, '--role', 'server', '--handshake',
                                     '--deflate' + option)
                self.assertEqual(line_of(event='open', subprotocol=None, deflate=agreed), lines[1])
                if agreed:
                    self.assertEqual(shown, lines[2])
                else:
                    self.assertEqual(1002, json.loads(lines[2])['code'])
                head = bytes.fromhex(json.loads(lines[-1])['output'])
                self.assertEqual(bool(agreed), b'permessage-deflate' in head)
        plain = self.inspect(request % offer, '--role', 'server', '--handshake')
        self.assertEqual(line_of(event='open', subprotocol=None), plain[1])

        response = RESPONSE.replace(b'Sec-WebSocket-Protocol: chat', b'Sec-WebSocket-Extensions: %s')
        hello = frame(DEFLATE | 1, bytes.fromhex(HELLOS['one block']))
        for answer, option, agreed in (
                (b'permessage-deflate', '', 'permessage-deflate'),
                (b'permessage-deflate; client_max_window_bits=9', '',
                 'permessage-deflate; client_max_window_bits=9'),
                (b'permessage-deflate; server_max_window_bits="9"; server_no_context_takeover',
                 '=client_max_window_bits; server_max_window_bits=10',
                 'permessage-deflate; server_max_window_bits=9; server_no_context_takeover'),
                (b'permessage-deflate; server_max_window_bits=7', '', None),
                (b'permessage-deflate, permessage-deflate', '', None),
                (b'x-other', '', None)):
            with self.subTest(answer=answer, option=option):
                lines = self.inspect(response % answer + hello, '--role', 'client', '--handshake',
                                     '--deflate' + option)
                if agreed:
                    self.assertEqual([line_of(event='open', subprotocol=None, deflate=agreed), shown],
                                     lines[1:3])
                else:
                    self.assertEqual('failed', json.loads(lines[1])['event'])

    def test_the_server_of_rfc_6455_1_3(self):
        answer = (b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n'
                  b'Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n')
        request = line_of(event='request', method='GET', target='/chat', fields=REQUEST_FIELDS)
        cases = {
            (): (None, b''),
            ('--subprotocol', 'superchat,chat'): ('superchat', b'superchat'),
            ('--subprotocol', 'other, chat'): ('chat', b'chat'),
            ('--subprotocol', 'other'): (None, b''),
        }
        for arguments, (chosen, name) in cases.items():
            with self.subTest(arguments):
                chosen_line = b'Sec-WebSocket-Protocol: ' + name + b'\r\n' if name else b''
                self.assertEqual(
                    [request, line_of(event='open', subprotocol=chosen),
                     line_of(event='text', data='Hello'),
                     end((answer + chosen_line + b'\r\n').hex())],
                    self.inspect(REQUEST + frame(1, b'Hello', mask=MASK),
                                 '--role', 'server', '--handshake', *arguments))

    def test_the_client_of_rfc_6455_1_3(self):
        response = line_of(event='response', status=101, fields=RESPONSE_FIELDS)
        self.assertEqual(
            [response, line_of(event='open', subprotocol='chat'), line_of(event='ping', hex=''),
             end('8a8037fa213d')],
            self.inspect(RESPONSE + frame(9), '--role', 'client', '--handshake',
                         '--subprotocol', 'chat,superchat'))
        wrong = self.inspect(RESPONSE, '--role', 'client', '--handshake', '--subprotocol', 'chat',
                             '--key', 'AQIDBAUGBwgJCgsMDQ4PEA==')
        self.assertEqual([response, end(state='failed')], [wrong[0], wrong[2]])
        failed = json.loads(wrong[1])
        self.assertEqual(['failed', 1006, '6455-4.1-51'],
                         [failed['event'], failed['code'], failed['requirement']])

    def test_a_client_uses_its_key(self):
        key = 'AQIDBAUGBwgJCgsMDQ4PEA=='
        octets = RESPONSE.replace(b's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', accept_of(key).encode())
        lines = self.inspect(octets, '--role', 'client', '--handshake', '--subprotocol', 'chat',
                             '--key', key)
        self.assertEqual(line_of(event='open', subprotocol='chat'), lines[1])

    def test_a_client_uses_its_mask_key(self):
        self.assertEqual(end('8a8200000000' + '6869'),
                         self.inspect(frame(9, b'hi'), '--role', 'client',
                                      '--mask-key', '00000000')[-1])

    def test_a_refused_request(self):
        lines = self.inspect(REQUEST.replace(b'GET', b'PUT'), '--role', 'server', '--handshake')
        refused, last = map(json.loads, lines)
        self.assertEqual(['refused', 405, '6455-4.2.1-05'],
                         [refused['event'], refused['status'], refused['requirement']])
        self.assertEqual(['event', 'status', 'requirement', 'message'], list(refused))
        self.assertEqual('failed', last['state'])
        self.assertIn('HTTP/1.1 405 ', bytes.fromhex(last['output']).decode())

    def test_a_refused_client(self):
        lines = self.inspect(b'HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno',
                             '--role', 'client', '--handshake')
        self.assertEqual(line_of(event='response', status=404, fields=[['Content-Length', '2']]),
                         lines[0])
        failed = json.loads(lines[1])
        self.assertEqual(['failed', 1006, None],
                         [failed['event'], failed['code'], failed['requirement']])
        self.assertEqual(end(state='failed'), lines[2])

    def test_half_a_head_is_still_opening(self):
        for role in ('server', 'client'):
            self.assertEqual([end(state='opening')],
                             self.inspect(b'GET' if role == 'server' else b'HTTP',
                                          '--role', role, '--handshake'))
            self.assertEqual([end(state='opening')],
                             self.inspect(b'', '--role', role, '--handshake'))

    def test_a_field_value_that_is_not_utf_8_stays_json(self):
        octets = REQUEST.replace(b'/example.com', b'/\xe9xample.com')
        request = json.loads(self.inspect(octets, '--role', 'server', '--handshake')[0])
        self.assertIn(['Origin', 'http://\u00e9xample.com'], request['fields'])

    def test_escapes_are_the_short_ones(self):
        data = '"\\/\b\f\n\r\t\x00\x1f\x7f\u20ac\U0001f6a2'
        expected = ('{"event":"text","data":"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f'
                    '\x7f\u20ac\U0001f6a2"}')
        result = run(tools.inspect, '--role', 'client', given=frame(1, data.encode()))
        self.assertEqual(expected, result.stdout.decode().split('\n')[0])

    def test_how_it_ends(self):
        closing = line_of(event='closing', code=1000, reason='bye')
        cases = {
            'clean': (frame(8, b'\x03\xe8bye', mask=MASK),
                      [closing, line_of(event='closed', clean=True, sent=1000, received=1000,
                                        cause='none'), end('880203e8', 'closed')]),
            'empty close': (frame(8, mask=MASK),
                            [line_of(event='closing', code=1005, reason=''),
                             line_of(event='closed', clean=True, sent=1005, received=1005,
                                     cause='none'), end('8800', 'closed')]),
            'cut off': (b'',
                        [line_of(event='closed', clean=False, sent=1006, received=1006,
                                 cause='transport_ended'), end('', 'closed')]),
            'violation': (frame(3, mask=MASK),
                          [line_of(event='failed', code=1002, requirement='6455-5.2-05',
                                   message='The opcode is not defined.'),
                           line_of(event='closed', clean=False, sent=1002, received=1006,
                                   cause='violation'), end('880203ea', 'failed')]),
        }
        for name, (octets, expected) in cases.items():
            with self.subTest(name):
                self.assertEqual(expected, self.inspect(octets, '--role', 'server', '--end'))
                without = self.inspect(octets, '--role', 'server')
                self.assertFalse([line for line in without if '"closed","clean"' in line])

    def test_the_end_of_a_handshake_that_did_not_open(self):
        for octets, arguments, cause in (
                (b'GET', ['--role', 'server'], 'transport_ended'),
                (b'HTTP/1.1 404 No\r\n\r\n', ['--role', 'client'], 'refused'),
                (b'PUT / HTTP/1.1\r\n\r\n', ['--role', 'server'], 'violation')):
            with self.subTest(octets):
                lines = self.inspect(octets, '--handshake', '--end', *arguments)
                self.assertEqual(line_of(event='closed', clean=False, sent=1006, received=1006,
                                         cause=cause), lines[-2])

    def test_the_largest_message_is_exact(self):
        for size, event in ((16, 'text'), (17, 'failed')):
            lines = self.inspect(frame(1, b'x' * size), '--role', 'client', '--max-message', 16)
            self.assertEqual(event, json.loads(lines[0])['event'])
        failed = json.loads(lines[0])
        self.assertEqual([1009, '6455-10.4-01'], [failed['code'], failed['requirement']])

    def test_every_read_size_gives_the_same(self):
        conversation = b''.join([
            frame(1, 'Ahoy \u2693'.encode(), mask=MASK), frame(9, b'inside', mask=MASK),
            frame(1, b'one ', fin=False, mask=MASK), frame(9, b'a', mask=MASK),
            frame(0, b'two', mask=MASK), frame(2, bytes(range(256)) * 300, mask=MASK),
            frame(10, b'unasked', mask=MASK)])
        close = frame(8, b'\x0f\xa1done', mask=MASK)
        bad_text = frame(1, b'fine \xe2\x9a\x93 \xff not fine', mask=MASK)
        cases = {
            'close': (conversation + close + b'after', ['--role', 'server', '--end']),
            'bad text': (conversation + bad_text + conversation, ['--role', 'server', '--end']),
            'cut inside': (conversation[:-3], ['--role', 'server', '--end']),
            'too large': (conversation, ['--role', 'server', '--max-message', 1000]),
            'server': (REQUEST + conversation + close,
                       ['--role', 'server', '--handshake', '--end', '--subprotocol', 'chat']),
            'early octets': (REQUEST + frame(1, b'y' * 30, mask=MASK) * 1000,
                             ['--role', 'server', '--handshake']),
            'client': (RESPONSE + frame(1, b'z' * 5000) + frame(9, b'?') + frame(8),
                       ['--role', 'client', '--handshake', '--end', '--subprotocol', 'chat']),
            'refused': (REQUEST.replace(b'13\r', b'12\r') + conversation,
                        ['--role', 'server', '--handshake', '--end']),
            'compressed': (b''.join(
                frame(DEFLATE | opcode, payload[:at], fin=False, mask=MASK) + frame(9, b'!', mask=MASK) +
                frame(0, payload[at:], mask=MASK) for opcode, payload, at in (
                    (1, deflated('Ahoy \u2693'.encode() * 2000), 20), (2, deflated(bytes(70000)), 30),
                    (2, deflated(os.urandom(9000)), 4000), (1, deflated(b'', final=True), 1),
                    (1, deflated(b'last block' * 99, final=True), 9))) + close,
                ['--role', 'server', '--deflate', '--end']),
            'compressed, and wrong': (frame(DEFLATE | 1, deflated(b'fine ' * 99 + b'\xff'), mask=MASK),
                                      ['--role', 'server', '--deflate', '--end']),
            'refusing': (b'HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy',
                         ['--role', 'client', '--handshake', '--end']),
        }
        for name, (octets, arguments) in cases.items():
            expected = self.inspect(octets, *arguments)
            self.assertGreater(len(expected), 1)
            for size in (1, 2, 3, 7, 64, 4096, 10**9):
                with self.subTest(name, size=size):
                    self.assertEqual(expected,
                                     self.inspect(octets, *arguments, '--read-size', size))


class Echo:
    """hawse-echo on a port of its own."""

    def __init__(self, *arguments, prepare=None):
        self.process = subprocess.Popen([tools.echo, '--port', '0', *map(str, arguments)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        preexec_fn=prepare)
        self.line = self.process.stdout.readline().decode()
        self.port = int(self.line.rsplit(':', 1)[1])
        self.url = f'ws://127.0.0.1:{self.port}/'

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def ask(self, path='/', more=None):
        link = socket.create_connection(('127.0.0.1', self.port), timeout=20)
        link.sendall(f'GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n'
                     f'Connection: Upgrade\r\nSec-WebSocket-Key: {SAMPLE_KEY}\r\n'
                     f'Sec-WebSocket-Version: 13\r\n{more + chr(13) + chr(10) if more else ""}\r\n'
                     .encode())
        return link

    def connect(self, path='/'):
        link = self.ask(path)
        assert read_head(link).startswith('HTTP/1.1 101 ')
        return link

    def get(self, request):
        with socket.create_connection(('127.0.0.1', self.port), timeout=20) as link:
            link.sendall(request)
            answer = b''
            while piece := link.recv(65536):
                answer += piece
        head, _, body = answer.partition(b'\r\n\r\n')
        return head.decode(), body

    def cpu_seconds(self):
        numbers = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text().rsplit(')')[1].split()
        return (int(numbers[11]) + int(numbers[12])) / os.sysconf('SC_CLK_TCK')


@needs('echo')
class EchoTest(ToolTest):
    def test_wrong_arguments_are_usage(self):
        self.check_usage(tools.echo, [
            ['--port'], ['--port', '65536'], ['--port', 'x'], ['--port', ''], ['operand'],
            ['--max-message', '1M'], ['--unknown'], ['--statistics=yes'], ['--no-deflate=no'], ['--tls'],
            ['--tls', 'certificate'], ['--token'], ['--token', ''], ['--token-file', ''],
            ['--token-file', '/nonexistent/token'], ['--deflate=window_bits=9'], ['--deflate-insist=yes'],
            ['--deflate=client_max_window_bits'],  # which only an offer may leave without a value
        ])

    def test_a_certificate_that_is_none_is_one_sentence(self):
        result = run(tools.echo, '--port', 0, '--tls', '/nonexistent/certificate', '/nonexistent/key')
        self.check_sentence(result, 1, 'not built in' if tools.tls == 'no' else
                            '/nonexistent/certificate')

    def test_a_port_in_use_is_one_sentence(self):
        with Echo() as echo:
            self.check_sentence(run(tools.echo, '--port', echo.port), 1, str(echo.port), 'in use')

    def test_a_host_that_is_none_is_one_sentence(self):
        self.check_sentence(run(tools.echo, '--port', 0, '--host', 'nowhere.invalid'), 1,
                            'cannot resolve nowhere.invalid')
        self.check_sentence(run(tools.echo, '--port', 0, '--host', '192.0.2.1'), 1, '192.0.2.1')

    def test_it_says_one_line_and_serves_the_page(self):
        with Echo() as echo:
            self.assertEqual(f'listening on http://127.0.0.1:{echo.port}\n', echo.line)
            head, body = echo.get(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
            self.assertTrue(head.startswith('HTTP/1.1 200 '), head)
            self.assertEqual('text/html; charset=utf-8', field(head, 'Content-Type'))
            self.assertEqual('no-store', field(head, 'Cache-Control'))
            self.assertEqual(len(body), int(field(head, 'Content-Length')))
            for name in ('url connect disconnect close-code close-reason text send file send-file '
                         'state log chart rtt-last close-result').split():
                self.assertIn(f'id="{name}"'.encode(), body)
            for outside in (b'src="http', b'href="http', b'url(http', b'@import'):
                self.assertNotIn(outside, body)
            self.assertTrue(body.rstrip().endswith(b'</html>'))
            echo.process.terminate()
            self.assertEqual((0, b'', b''), (echo.process.wait(20), echo.process.stdout.read(),
                                             echo.process.stderr.read()))

    def test_other_requests_are_refused(self):
        cases = {b'GET /nothing': '404', b'GET /favicon.ico': '404', b'POST /': '405',
                 b'GET /?query': '200'}
        with Echo() as echo:
            for line, status in cases.items():
                with self.subTest(line):
                    head, _ = echo.get(line + b' HTTP/1.1\r\nHost: localhost\r\n\r\n')
                    self.assertEqual(status, head.split(' ')[1])

    def test_messages_come_back_as_they_went(self):
        with Echo() as echo, echo.connect('/any/path?at=all') as link:
            for opcode, payload in ((1, 'Ahoy \u2693'.encode()), (2, bytes(range(256))), (1, b''),
                                    (2, b''), (2, os.urandom(1 << 20))):
                link.sendall(frame(opcode, payload, mask=os.urandom(4)))
                self.assertEqual((opcode, payload), read_frame(link))
            link.sendall(frame(1, b'one ', fin=False, mask=MASK) + frame(9, b'?', mask=MASK) +
                         frame(0, b'two', mask=MASK))
            self.assertEqual([(10, b'?'), (1, b'one two')], [read_frame(link), read_frame(link)])
            link.sendall(frame(8, b'\x03\xe8', mask=MASK))
            self.assertEqual((8, b'\x03\xe8'), read_frame(link))
            self.assertEqual(b'', link.recv(1))

    OFFER = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'

    def open_compressed(self, echo, offer=OFFER):
        link = echo.ask(more=offer)
        head = read_head(link)
        self.assertTrue(head.startswith('HTTP/1.1 101 '), head)
        return link, field(head, 'Sec-WebSocket-Extensions')

    @unittest.skipUnless(COMPRESSES, 'built without zlib')
    def test_what_comes_compressed_goes_back_compressed(self):
        payloads = [b'Hello ' * size for size in (0, 1, 30, 1000, 20000)] + [os.urandom(5000), b'x' * 127]
        with Echo() as echo:
            link, agreed = self.open_compressed(echo)
            self.assertEqual('permessage-deflate', agreed)
            inflater = zlib.decompressobj(-15)
            count = 0
            with link:
                for payload in payloads:
                    for made in ({}, {'level': 0}, {'level': 1}, {'level': 9}, {'strategy': zlib.Z_FIXED},
                                 {'strategy': zlib.Z_HUFFMAN_ONLY}, {'strategy': zlib.Z_RLE},
                                 {'bits': 9}, {'final': True}):
                        octets = deflated(payload, **made)
                        cut = len(octets) // 3
                        link.sendall(frame(DEFLATE | 2, octets[:cut], fin=False, mask=MASK) +
                                     frame(0, octets[cut:], mask=MASK))
                        first, seen = read_frame(link, whole=True)
                        if first & DEFLATE:
                            count += 1
                            size, seen = len(seen), inflater.decompress(seen + b'\0\0\xff\xff')
                            self.assertLess(size, len(seen))
                            self.assertGreaterEqual(len(seen), 128)
                        self.assertTrue(seen == payload, (made, len(payload), len(seen)))
                self.assertEqual(27, count)  # not the short ones, and not what does not shrink
                link.sendall(frame(DEFLATE | 1, b'\x07', mask=MASK))
                self.assertEqual((8, b'\x03\xef'), read_frame(link))

    def test_compression_is_declined_when_told_so(self):
        with Echo('--no-deflate') as echo:
            link, agreed = self.open_compressed(echo)
            with link:
                self.assertIsNone(agreed)
                link.sendall(frame(1, b'plain ' * 100, mask=MASK))
                self.assertEqual((0x81, b'plain ' * 100), read_frame(link, whole=True))
                link.sendall(frame(DEFLATE | 1, bytes.fromhex(HELLOS['one block']), mask=MASK))
                self.assertEqual((8, b'\x03\xea'), read_frame(link))

    @unittest.skipUnless(COMPRESSES, 'built without zlib')
    def test_it_compresses_as_it_is_told(self):
        less = '--deflate=server_max_window_bits=9; client_max_window_bits=10;server_no_context_takeover'
        plain_offer = 'Sec-WebSocket-Extensions: permessage-deflate'
        agreed = 'permessage-deflate; server_max_window_bits=9; server_no_context_takeover'
        for arguments, offer, answer in [
                ([less], self.OFFER, agreed + '; client_max_window_bits=10'),
                ([less], plain_offer, agreed),
                ([less, '--deflate-insist'], self.OFFER, agreed + '; client_max_window_bits=10'),
                ([less, '--deflate-insist'], plain_offer, None),
                ([less, '--no-deflate'], self.OFFER, None)]:
            with self.subTest(arguments=arguments, offer=offer), Echo(*arguments) as echo:
                link, seen = self.open_compressed(echo, offer)
                link.close()
                self.assertEqual(answer, seen)

    @unittest.skipUnless(COMPRESSES, 'built without zlib')
    def test_the_largest_message_is_exact_when_inflated(self):
        with Echo('--max-message', 1000) as echo:
            link, _ = self.open_compressed(echo)
            with link:
                link.sendall(frame(DEFLATE | 2, deflated(bytes(1000)), mask=MASK))
                self.assertEqual(0xC2, read_frame(link, whole=True)[0])
                link.sendall(frame(DEFLATE | 2, deflated(bytes(1001)), mask=MASK))
                self.assertEqual((8, b'\x03\xf1'), read_frame(link))

    @unittest.skipUnless(COMPRESSES, 'built without zlib')
    def test_a_read_full_of_short_messages_fits_however_small_the_largest(self):
        """They come back a dozen times as long, to a client that does not read meanwhile."""
        with Echo('--max-message', 127) as echo:
            link, _ = self.open_compressed(echo)
            compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
            messages = [b'm' * 127 for _ in range(20000)]
            octets = [(compressor.compress(message) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
                      for message in messages]
            with link:
                sender = threading.Thread(target=link.sendall, daemon=True, args=(b''.join(
                    frame(DEFLATE | 2, payload, mask=MASK) for payload in octets),))
                sender.start()
                time.sleep(0.5)
                for _ in messages:
                    self.assertEqual((2, messages[0]), read_frame(link))
                sender.join(20)

    @unittest.skipUnless(COMPRESSES, 'built without zlib')
    def test_it_tells_what_it_has_counted(self):
        def counted(echo, query='', more=''):
            head, body = echo.get(f'GET /statistics{query} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n'.encode())
            return head.split(' ')[1], body
        with Echo() as echo:
            status, body = counted(echo)
            zero = {'messages': 0, 'deflated_messages': 0, 'message_octets': 0, 'wire_octets': 0}
            self.assertEqual(('200', {'received': zero, 'sent': zero}), (status, json.loads(body)))
            link, _ = self.open_compressed(echo)
            with link:
                payload = deflated(b'count me ' * 1000)
                link.sendall(frame(1, b'plain', mask=MASK) + frame(DEFLATE | 1, payload, mask=MASK))
                self.assertEqual((1, b'plain'), read_frame(link))
                _, answer = read_frame(link)
            now = json.loads(counted(echo)[1])
            self.assertEqual({'messages': 2, 'deflated_messages': 1, 'message_octets': 9005,
                              'wire_octets': 11 + 6 + len(payload)}, now['received'])
            self.assertEqual({'messages': 2, 'deflated_messages': 1, 'message_octets': 9005,
                              'wire_octets': 7 + 2 + len(answer)}, now['sent'])
        with Echo('--token', 'secret') as echo:
            self.assertEqual('401', counted(echo)[0])
            self.assertEqual('200', counted(echo, '?token=secret')[0])
            self.assertEqual('200', counted(echo, more='Authorization: Bearer secret\r\n')[0])

    def test_frames_behind_the_request_are_echoed(self):
        with Echo() as echo:
            with socket.create_connection(('127.0.0.1', echo.port), timeout=20) as link:
                early = b''.join(frame(1, b'%04d' % number, mask=MASK) for number in range(2000))
                link.sendall(REQUEST + early)
                read_head(link)
                for number in range(2000):
                    self.assertEqual((1, b'%04d' % number), read_frame(link))

    def test_the_largest_message_is_exact(self):
        with Echo('--max-message', 100) as echo:
            with echo.connect() as link:
                link.sendall(frame(2, b'x' * 100, mask=MASK))
                self.assertEqual((2, b'x' * 100), read_frame(link))
                link.sendall(frame(2, b'x' * 101, mask=MASK))
                self.assertEqual((8, b'\x03\xf1'), read_frame(link))

    def test_a_stop_says_1001_and_exits_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number), Echo() as echo, echo.connect() as link, \
                    socket.create_connection(('127.0.0.1', echo.port)) as silent:
                link.sendall(frame(1, b'here', mask=MASK))
                read_frame(link)
                echo.process.send_signal(number)
                self.assertEqual((8, b'\x03\xe9'), read_frame(link))
                link.sendall(frame(8, b'\x03\xe9', mask=MASK))
                self.assertEqual(b'', link.recv(1))
                link.close()
                self.assertEqual(0, echo.process.wait(10))
                silent.close()

    def test_a_peer_that_does_not_answer_delays_a_stop_for_seconds(self):
        with Echo() as echo, echo.connect() as link:
            since = time.monotonic()
            echo.process.terminate()
            self.assertEqual((8, b'\x03\xe9'), read_frame(link))
            self.assertEqual(0, echo.process.wait(8))
            self.assertGreater(time.monotonic() - since, 1)

    def test_a_second_signal_ends_it_at_once(self):
        with Echo() as echo, echo.connect() as link:
            echo.process.terminate()
            self.assertEqual((8, b'\x03\xe9'), read_frame(link))
            since = time.monotonic()
            echo.process.terminate()
            self.assertEqual(1, echo.process.wait(8))
            self.assertLess(time.monotonic() - since, 1)

    def test_a_peer_that_never_reads_is_not_read_from(self):
        message = frame(2, b'm' * 65000, mask=MASK)
        with Echo() as echo, echo.connect() as link:
            before = resident_mib(echo.process.pid)
            link.settimeout(1)
            sent = 0
            try:
                while sent < 200 << 20:
                    sent += link.send(message[sent % len(message):])
            except TimeoutError:
                pass
            self.assertLess(sent, 64 << 20)     # what the kernel holds for both of us
            self.assertLess(resident_mib(echo.process.pid) - before, 16)
            spent = echo.cpu_seconds()
            time.sleep(1)
            self.assertLess(echo.cpu_seconds() - spent, 0.5)
            link.settimeout(20)
            for _ in range(sent // len(message)):
                self.assertEqual((2, 65000), (lambda got: (got[0], len(got[1])))(read_frame(link)))

    def test_without_descriptors_clients_wait_and_nobody_spins(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
        with Echo(prepare=few) as echo:
            links = [socket.create_connection(('127.0.0.1', echo.port), timeout=20)
                     for _ in range(24)]
            time.sleep(0.3)
            spent = echo.cpu_seconds()
            time.sleep(1.5)
            self.assertLess(echo.cpu_seconds() - spent, 0.5)
            last = links.pop()
            for link in links:
                link.close()
            last.sendall(REQUEST)
            self.assertIn(' 101 ', read_head(last))
            last.close()
            echo.process.terminate()
            echo.process.wait(10)
            text = echo.process.stderr.read().decode()
            self.assertIn('the file limit is 16', text)
            self.assertEqual(1, text.count('no more file descriptors'))

    def test_without_the_token_a_request_is_401(self):
        secret = 'a b&\u00e9%'
        cases = {
            ('/', None): 401,
            ('/', 'Bearer wrong'): 401,
            ('/', 'Bearer a b&\u00e9'): 401,
            ('/', 'Bearer a b&\u00e9%%'): 401,
            ('/', 'Bearer '): 401,
            ('/', 'Basic a b&\u00e9%'): 401,
            ('/?token=', None): 401,
            ('/?token=a%20b%26%C3%A9', None): 401,
            ('/?tokens=a%20b%26%C3%A9%25', None): 401,
            ('/?token=a%20b%26%C3%A9%25', 'Bearer wrong'): 401,
            ('/', 'Bearer a b&\u00e9%'): 101,
            ('/', 'bEARER a b&\u00e9%'): 101,
            ('/?token=a%20b%26%C3%A9%25', None): 101,
            ('/any/path?x=y&token=a%20b%26%c3%a9%&z', None): 101,
        }
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, 'token')
            file.write_text(secret + '\r\nnot this\n')
            echo = Echo('--token-file', file)
        with echo:
            for (path, authorization), status in cases.items():
                with self.subTest(path=path, authorization=authorization), echo.ask(
                        path, authorization and 'Authorization: ' + authorization) as link:
                    head = read_head(link)
                    self.assertEqual(str(status), head.split(' ')[1])
                    self.assertEqual('Bearer realm="hawse-echo"' if status == 401 else None,
                                     field(head, 'WWW-Authenticate'))
            head, body = echo.get(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
            self.assertTrue(head.startswith('HTTP/1.1 200 '), head)
            self.assertIn(b'id="token"', body)

    def test_others_are_served_while_a_token_is_looked_up(self):
        with Echo('--token', 'secret') as echo, echo.ask('/?token=secret') as first:
            read_head(first)
            overtaken = 0
            for _ in range(5):                      # the machine may be slow
                since = time.monotonic()
                with echo.ask('/?token=secret') as link:
                    link.sendall(frame(1, b'early', mask=MASK))
                    first.sendall(frame(1, b'meanwhile', mask=MASK))
                    self.assertEqual((1, b'meanwhile'), read_frame(first))
                    overtaken += not select.select([link], [], [], 0)[0]
                    self.assertIn(' 101 ', read_head(link))
                    self.assertGreater(time.monotonic() - since, 0.045)
                    self.assertEqual((1, b'early'), read_frame(link))
            self.assertGreater(overtaken, 0)
            links = [echo.ask('/?token=' + token) for token in ('secret', 'wrong') * 8]
            links[2].close()                        # one that does not wait for its answer
            for number, link in list(enumerate(links))[3:]:
                self.assertIn(' 401 ' if number % 2 else ' 101 ', read_head(link))
            for link in links:
                link.close()

    def test_a_stop_does_not_wait_for_a_look_up(self):
        with Echo('--token', 'secret') as echo, echo.ask('/?token=secret') as link:
            time.sleep(0.005)
            echo.process.terminate()
            # A request that was not read yet makes a reset of it.
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(b'', link.recv(1))
            self.assertEqual(0, echo.process.wait(2))

    def test_statistics_are_a_line_per_second(self):
        with Echo('--statistics') as echo, echo.connect() as link:
            for _ in range(10):
                link.sendall(frame(1, b'count me', mask=MASK))
                read_frame(link)
            line = echo.process.stderr.readline().decode()
            self.assertIn('connections 1, messages/s 10 in 10 out, octets/s 140 in 100 out', line)


class Server:
    """Answers one client with `answer(link, head)`, in a thread."""

    def __init__(self, answer):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.url = f'ws://127.0.0.1:{self.listener.getsockname()[1]}'
        self.head = ''
        self.problem = None
        self.answer = answer
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self):
        try:
            link, _ = self.listener.accept()
            with link:
                link.settimeout(30)
                self.head = read_head(link)
                self.answer(link, self.head)
        except (OSError, EOFError, AssertionError) as problem:
            self.problem = problem

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.thread.join(30)


def switching(head, *fields):
    lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade',
             'Sec-WebSocket-Accept: ' + accept_of(field(head, 'Sec-WebSocket-Key')), *fields]
    return ('\r\n'.join(lines) + '\r\n\r\n').encode()


def says(*frames, fields=()):
    """A server that says these frames, and ends when it has heard a Close."""
    def answer(link, head):
        link.sendall(switching(head, *fields) + b''.join(frames))
        while read_frame(link)[0] != 8:
            pass
    return answer


def never_closes(link, head):
    link.sendall(switching(head))
    while link.recv(65536):
        pass


@needs('cat')
class CatTest(ToolTest):
    def cat(self, answer, *arguments, given=b''):
        with Server(answer) as server:
            return run(tools.cat, *arguments, server.url, given=given), server

    def test_wrong_arguments_are_usage(self):
        self.check_usage(tools.cat, [
            [], ['http://localhost/'], ['localhost'], ['ws://'], ['ws://a/#b'], ['ws://a:0/'],
            ['ws://a', 'ws://b'], ['--unknown', 'ws://a'], ['--header', 'no colon', 'ws://a'],
            ['--header', 'Upgrade: mine', 'ws://a'], ['--header', 'A: b\r\nC: d', 'ws://a'],
            ['--subprotocol', 'a b', 'ws://a'], ['--subprotocol', 'a,a', 'ws://a'],
            ['--ping-every', 'soon', 'ws://a'], ['--ping-every', '0', 'ws://a'],
            ['--timeout', '-1', 'ws://a'], ['--max-message', 'x', 'ws://a'], ['--origin'],
            ['--ca', '', 'ws://a'], ['--insecure=yes', 'ws://a'], ['--reconnect=0', 'ws://a'],
            ['--reconnect=', 'ws://a'], ['--reconnect-first', '0', 'ws://a'],
            ['--deflate=window=9', 'ws://a'], ['--deflate=server_max_window_bits', 'ws://a'],
            *(['--proxy', proxy, 'ws://a'] for proxy in (
                '', 'p', 'p:', 'p:0', 'p:65536', 'p:1/x', 'p:1?x', 'p:1#x', 'user@p:1', ':1',
                'https://p:1', 'http://', '@p:1', 'p:1\r\nX: y', 'socks5://p:1')),
        ])

    def test_a_server_that_is_not_there_is_one_sentence(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            port = listener.getsockname()[1]
        self.check_sentence(run(tools.cat, f'ws://127.0.0.1:{port}/'), 1, 'refused', str(port))
        self.check_sentence(run(tools.cat, 'ws://nowhere.invalid/'), 1,
                            'cannot resolve nowhere.invalid')
        self.check_sentence(run(tools.cat, f'wss://127.0.0.1:{port}/'), 1,
                            'TLS, which is not built in' if tools.tls == 'no' else 'refused')

    def test_an_answer_that_is_no_101_is_one_sentence(self):
        body = b'Not for you.\r\nNever.'
        cases = {
            b'HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n' % len(body) + body:
                ['refused', '403', 'Not for you.'],
            b'HTTP/1.1 302 Found\r\nLocation: ws://elsewhere/\r\nContent-Length: 0\r\n\r\n':
                ['redirects to ws://elsewhere/', '302'],
            b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="sea"\r\n'
            b'Content-Length: 0\r\n\r\n': ['authentication', '401', 'Basic realm="sea"'],
            b'HTTP/1.1 500 No\r\nConnection: close\r\n\r\n\x1b[31mred': ['500', '?[31mred'],
            b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
            b'Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n':
                ['Sec-WebSocket-Accept', '6455-4.1-51'],
            b'SSH-2.0-OpenSSH\r\n': ['no WebSocket handshake'],
            b'': ['without an answer'],
        }
        for answer, words in cases.items():
            with self.subTest(answer):
                def refuse(link, _head, answer=answer):
                    link.sendall(answer)
                    link.shutdown(socket.SHUT_WR)
                    link.recv(1)
                result, _ = self.cat(refuse)
                self.check_sentence(result, 1, *words)

    def test_a_silent_server_times_out(self):
        since = time.monotonic()
        result, _ = self.cat(lambda link, _head: link.recv(1), '--timeout', '0.3')
        self.check_sentence(result, 1, 'timed out')
        self.assertLess(time.monotonic() - since, 5)

    def test_a_server_that_does_not_close_times_out(self):
        result, _ = self.cat(never_closes, '--timeout', '0.5')
        self.check_sentence(result, 1, 'timed out', 'closing handshake')

    def test_how_the_server_closes_is_the_exit_status(self):
        cases = {
            frame(8, b'\x03\xe8'): None,
            frame(8, b'\x03\xe8fine'): None,
            frame(8): None,
            frame(8, b'\x03\xe9'): ['1001'],
            frame(8, b'\x03\xf3on fire'): ['1011', 'on fire'],
            frame(8, b'\x0f\xa0\xe2\x9a\x93'): ['4000', '\u2693'],
            frame(1, b'\xff'): ['1007', '6455-8.1-01'],
            frame(1, b'x', mask=MASK): ['1002', 'masked'],
        }
        for last, words in cases.items():
            with self.subTest(last):
                with Server(says(last)) as server, \
                        subprocess.Popen([tools.cat, server.url], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE) as cat:
                    status = cat.wait(20)       # its input is still open
                    problem = cat.stderr.read().decode()
                self.assertEqual((0, 0) if words is None else (1, 1),
                                 (status, problem.count('\n')), problem)
                for word in words or ():
                    self.assertIn(word, problem)

    def test_an_abrupt_end_is_one_sentence(self):
        def reset(link, head):
            link.sendall(switching(head))
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        for answer, word in ((lambda link, head: link.sendall(switching(head)), 'ended'),
                             (reset, 'transport')):
            with Server(answer) as server, \
                    subprocess.Popen([tools.cat, server.url], stdin=subprocess.PIPE,
                                     stderr=subprocess.PIPE) as cat:
                self.assertEqual(1, cat.wait(20))
                text = cat.stderr.read().decode()
            self.assertEqual(1, text.count('\n'), text)
            self.assertIn(word, text)

    def test_what_comes_with_the_101_is_printed(self):
        frames = [frame(1, 'early \u2693'.encode()), frame(2, b'\x00\xff'), frame(1, b''),
                  frame(1, b'in ', fin=False), frame(9), frame(0, b'parts'),
                  frame(8, b'\x03\xe8')]
        result, _ = self.cat(says(*frames))
        self.assertEqual((0, b''), (result.returncode, result.stderr))
        self.assertEqual('early \u2693\n00ff\n\nin parts\n', result.stdout.decode())

    def test_the_request_holds_what_was_asked_for(self):
        result, server = self.cat(
            says(frame(8, b'\x03\xe8'), fields=['Sec-WebSocket-Protocol: b']), '--subprotocol',
            'a,b', '--subprotocol', 'c', '--header', 'Authorization:  Bearer sea ', '--origin',
            'https://example.com')
        self.assertEqual((0, b''), (result.returncode, result.stderr))
        self.assertEqual('GET / HTTP/1.1', server.head.split('\r\n')[0])
        self.assertEqual(server.url[5:], field(server.head, 'Host'))
        self.assertEqual('a, b, c', field(server.head, 'Sec-WebSocket-Protocol'))
        self.assertEqual('Bearer sea', field(server.head, 'Authorization'))
        self.assertEqual('https://example.com', field(server.head, 'Origin'))

    @unittest.skipUnless(COMPRESSES, 'built without zlib')
    def test_compression_is_offered_when_asked_for(self):
        offered = []

        def answers(extensions):
            def play(link, head):
                offered.append(field(head, 'Sec-WebSocket-Extensions'))
                link.sendall(switching(head, *extensions))
                first, payload = read_frame(link, whole=True)
                link.sendall(frame(first & 0x4F, payload))
                read_frame(link)
                link.sendall(frame(8, b'\x03\xe8'))
            return play
        line = b'hello ' * 100 + b'\n'
        agrees = 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9'
        result, _ = self.cat(answers([agrees]), '--deflate', given=line)
        self.assertEqual((0, line, b'hawse-cat: permessage-deflate; server_max_window_bits=9 agreed\n'),
                         (result.returncode, result.stdout, result.stderr))
        result, _ = self.cat(answers([]), '--deflate', given=line)
        self.assertEqual((0, line, b'hawse-cat: compression was not agreed\n'),
                         (result.returncode, result.stdout, result.stderr))
        result, _ = self.cat(answers([]), given=line)
        self.assertEqual((0, line, b''), (result.returncode, result.stdout, result.stderr))
        self.cat(answers([agrees]), '--deflate=client_max_window_bits=10; server_no_context_takeover',
                 given=line)
        self.assertEqual(['permessage-deflate; client_max_window_bits'] * 2 + [None], offered[:3])
        self.assertIn('client_max_window_bits=10', offered[3])
        self.assertIn('server_no_context_takeover', offered[3])

    def test_lines_become_messages(self):
        heard = []

        def listen(link, head):
            link.sendall(switching(head))
            while True:
                heard.append(read_frame(link))
                if heard[-1][0] == 8:
                    return link.sendall(frame(8, heard[-1][1]))
        for arguments, opcode in (([], 1), (['--binary'], 2)):
            heard.clear()
            result, _ = self.cat(listen, *arguments, given='one\n\ntwo \u2693\r\nlast')
            self.assertEqual((0, b''), (result.returncode, result.stderr))
            self.assertEqual([(opcode, b'one'), (opcode, b''),
                              (opcode, 'two \u2693\r'.encode()), (opcode, b'last'),
                              (8, b'\x03\xe8')], heard)

    def test_a_line_that_cannot_be_sent_is_one_sentence(self):
        def obey(link, head):
            says()(link, head)
            link.sendall(frame(8, b'\x03\xe8'))
        for given, words in ((b'fine\nnot \xff fine\n', ['line 2', 'UTF-8']),
                             (b'fine\n' + b'x' * 101 + b'\n', ['line 2', '--max-message']),
                             (b'x' * 10**6, ['line 1', '--max-message'])):
            result, _ = self.cat(obey, '--max-message', 100, given=given)
            self.check_sentence(result, 1, *words)

    def test_pings_are_sent_when_asked_for(self):
        pings = []

        def count(link, head):
            link.sendall(switching(head))
            while len(pings) < 3:
                opcode, payload = read_frame(link)
                pings.append(opcode)
                link.sendall(frame(10, payload))
            link.sendall(frame(8, b'\x03\xe8'))
            read_frame(link)
        with Server(count) as server, \
                subprocess.Popen([tools.cat, '--ping-every', '0.1', server.url],
                                 stdin=subprocess.PIPE) as cat:
            self.assertEqual(0, cat.wait(20))
        self.assertEqual([9, 9, 9], pings)

    def test_a_close_before_a_reset_is_still_heard(self):
        """The client, full of output, is not reading when the server says why and leaves."""
        def leave(link, head):
            link.sendall(switching(head))
            time.sleep(0.5)
            link.sendall(frame(8, b'\x0f\xa1bye'))
        with Server(leave) as server:
            result = run(tools.cat, server.url, given=b'y' * (16 << 20) + b'\n')
        self.check_sentence(result, 1, '4001', 'bye')

    def test_the_close_clock_starts_when_all_is_sent(self):
        def dawdle(link, head):
            link.sendall(switching(head))
            time.sleep(2)
            while read_frame(link)[0] != 8:
                pass
            link.sendall(frame(8, b'\x03\xe8'))
        result, _ = self.cat(dawdle, '--timeout', '1.5', given=b'z' * (16 << 20))
        self.assertEqual((0, b''), (result.returncode, result.stderr))

    def test_input_waits_for_a_server_that_does_not_read(self):
        done = threading.Event()

        def ignore(link, head):
            link.sendall(switching(head))
            done.wait(30)
        with Server(ignore) as server, \
                subprocess.Popen([tools.cat, server.url], stdin=subprocess.PIPE) as cat:
            os.set_blocking(cat.stdin.fileno(), False)
            taken = 0
            last = time.monotonic()
            while time.monotonic() - last < 0.5 and taken < 64 << 20:
                try:
                    taken += os.write(cat.stdin.fileno(), b'line of input\n' * 1000)
                    last = time.monotonic()
                except BlockingIOError:
                    time.sleep(0.01)
            self.assertIsNone(cat.poll())
            self.assertLess(taken, 32 << 20)
            self.assertLess(resident_mib(cat.pid), 24)      # 5 of them are OpenSSL
            cat.kill()
            cat.stdin = None
            done.set()


@needs('cat')
@needs('echo')
class TogetherTest(ToolTest):
    def check_echo(self, given, *arguments, expected=None, server=(), said=b''):
        with Echo(*server) as echo:
            result = run(tools.cat, *arguments, echo.url, given=given)
        self.assertEqual((0, said), (result.returncode, result.stderr))
        self.assertTrue(result.stdout == (given if expected is None else expected))

    def test_lines_come_back(self):
        self.check_echo('one\n\ntwo \u2693\n'.encode())
        self.check_echo(b'', expected=b'')
        self.check_echo(b'a\x00\xff\nb', '--binary', expected=b'6100ff\n62\n')

    def test_sixteen_mebioctets_come_back(self):
        self.check_echo(b'm' * (16 << 20) + b'\n')

    def test_a_long_dialogue_is_full_duplex(self):
        self.check_echo(b''.join(b'line %d\n' % number for number in range(200000)))
        self.check_echo(b''.join(b'%d' % (number % 10) * 300000 + b'\n' for number in range(100)))

    @unittest.skipUnless(COMPRESSES, 'built without zlib')
    def test_compressed_lines_come_back(self):
        agreed, declined = b'hawse-cat: permessage-deflate agreed\n', b'hawse-cat: compression was not agreed\n'
        lines = (b''.join(b'line %d, and what it says\n' % number * (number % 7) for number in range(20000)) +
                 b'm' * (16 << 20) + b'\n\n' + os.urandom(1 << 18).hex().encode() + b'\n')
        self.check_echo(lines, '--deflate', said=agreed)
        self.check_echo(lines, '--deflate', server=['--no-deflate'], said=declined)
        self.check_echo(b'a\x00\xff\n' + b'b' * 999 + b'\n', '--deflate', '--binary', said=agreed,
                        expected=b'6100ff\n' + b'62' * 999 + b'\n')
        for parameters, words in (
                ('server_max_window_bits=8;client_max_window_bits=8', 'server_max_window_bits=8'),
                ('server_no_context_takeover; client_no_context_takeover',
                 'server_no_context_takeover; client_no_context_takeover')):
            with Echo() as echo:
                result = run(tools.cat, '--deflate=' + parameters, echo.url, given=lines)
            self.assertEqual((0, True), (result.returncode, result.stdout == lines))
            self.assertIn(words, result.stderr.decode())

    def test_a_message_too_large_for_the_server_is_said(self):
        with Echo('--max-message', 10) as echo:
            result = run(tools.cat, echo.url, given=b'eleven char\n')
        self.check_sentence(result, 1, '1009')

    def test_a_stop_of_the_server_is_said(self):
        with Echo() as echo, \
                subprocess.Popen([tools.cat, echo.url], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE) as cat:
            cat.stdin.write(b'hello\n')
            cat.stdin.flush()
            self.assertEqual(b'hello\n', cat.stdout.readline())
            echo.process.terminate()
            self.assertEqual((0, 1), (echo.process.wait(20), cat.wait(20)))
            self.assertIn(b'1001', cat.stderr.read())


class Port:
    """A server that plays one answer for each client, in their order, and nothing for others."""

    def __init__(self, *answers):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.url = f'ws://127.0.0.1:{self.port}/'
        self.answers, self.heads, self.problem = answers, [], None
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self):
        try:
            for answer in self.answers:
                link, _ = self.listener.accept()
                with link:
                    link.settimeout(20)
                    self.heads.append(read_head(link))
                    answer(link, self.heads[-1])
        except (OSError, EOFError, AssertionError) as problem:
            self.problem = problem

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.thread.join(30)


def refuses(status, *fields):
    def answer(link, _head):
        link.sendall('\r\n'.join([f'HTTP/1.1 {status} No', 'Content-Length: 0', *fields, '', '']).encode())
        link.recv(1)
    return answer


def closes(code):
    return says(frame(8, code.to_bytes(2, 'big')))


def drops(link, head):
    link.sendall(switching(head))


def echoes(link, head):
    link.sendall(switching(head))
    while True:
        opcode, payload = read_frame(link)
        link.sendall(frame(opcode, payload))
        if opcode == 8:
            return


class Talk:
    """hawse-cat with its input still open."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([tools.cat, *map(str, arguments)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def say(self, *lines):
        self.process.stdin.write(b''.join(line + b'\n' for line in lines))
        self.process.stdin.flush()

    def hear(self):
        return self.process.stdout.readline().rstrip(b'\n')

    def complaint(self):
        return self.process.stderr.readline().decode()

    def end(self, ends_input=True):
        """(status, the rest of standard error)."""
        if ends_input:
            self.process.stdin.close()
        status = self.process.wait(20)
        return status, self.process.stderr.read().decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except BrokenPipeError:
                pass


AGAIN = re.compile(r'^hawse-cat: (.*): trying again in ([\d.]+) (m?s) \(attempt (\d+)\)$')


def again_of(line):
    """(problem, wait in seconds, attempt) of a sentence that promises another attempt."""
    match = AGAIN.fullmatch(line.rstrip('\n'))
    assert match, line
    return match[1], float(match[2]) / (1000 if match[3] == 'ms' else 1), int(match[4])


@needs('cat')
class ReconnectTest(ToolTest):
    def test_waits_grow_within_their_bounds_until_attempts_are_used_up(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            url = f'ws://127.0.0.1:{listener.getsockname()[1]}/'
        first_waits = set()
        for _ in range(3):
            since = time.monotonic()
            with Talk('--reconnect=4', '--reconnect-first', '0.08', '--reconnect-most', '0.2',
                      url) as cat:
                status, errors = cat.end(ends_input=False)
            lines = errors.splitlines()
            self.assertEqual((1, 5), (status, len(lines)), errors)
            waits = []
            for number, (line, least, most) in enumerate(
                    zip(lines, (0, 0.08, 0.1, 0.1), (0.08, 0.16, 0.2, 0.2)), 1):
                problem, wait, attempt = again_of(line)
                self.assertIn('refused', problem)
                self.assertEqual(number, attempt)
                self.assertLessEqual(least, wait)
                self.assertLessEqual(wait, most)
                waits.append(wait)
            self.assertIn('given up after 4 attempts', lines[4])
            self.assertGreaterEqual(time.monotonic() - since, sum(waits) - 0.003)
            first_waits.add(waits[0])
        self.assertGreater(len(first_waits), 1)

    def test_a_server_that_comes_back_is_found_and_hears_what_was_said_meanwhile(self):
        with Echo() as echo, Talk('--reconnect', '--reconnect-first', '0.1', '--reconnect-most',
                                  '0.2', echo.url) as cat:
            cat.say(b'one')
            self.assertEqual(b'one', cat.hear())
            echo.process.kill()
            problem, _, attempt = again_of(cat.complaint())
            self.assertIn('connection lost (The transport', problem)
            self.assertEqual(1, attempt)
            cat.say(b'two', b'three')
            self.assertIn('refused', again_of(cat.complaint())[0])
            with Echo('--port', echo.port):
                self.assertEqual([b'two', b'three'], [cat.hear(), cat.hear()])
                status, rest = cat.end()
            self.assertEqual(0, status)
            for line in rest.splitlines():
                self.assertIn('refused', again_of(line)[0])

    def test_what_may_pass_is_tried_again(self):
        cases = {
            'closed with 1001': (closes(1001), 'connection lost (the server closed with code 1001)'),
            'closed with 1012': (closes(1012), 'connection lost (the server closed with code 1012)'),
            'dropped': (drops, 'connection lost (The transport ended'),
            'refused with 503': (refuses(503), 'the server refused: status 503'),
            'refused with 429': (refuses(429), 'the server refused: status 429'),
            'no answer': (lambda link, _head: None, 'ended the connection without an answer'),
        }
        for name, (answer, words) in cases.items():
            with self.subTest(name), Port(answer, echoes) as port, \
                    Talk('--reconnect', '--reconnect-first', '0.02', port.url) as cat:
                self.assertIn(words, again_of(cat.complaint())[0])
                cat.say(b'here')
                self.assertEqual(b'here', cat.hear())
                self.assertEqual((0, ''), cat.end())

    def test_what_stays_ends_it(self):
        cases = {
            'closed with 1000': (closes(1000), 0, ''),
            'closed with 1008': (closes(1008), 1, '1008'),
            'closed with 4001': (closes(4001), 1, '4001'),
            'violation': (says(frame(1, b'\xff')), 1, '1007'),
            'refused with 401': (refuses(401, 'WWW-Authenticate: Basic'), 1, '401'),
            'refused with 403': (refuses(403), 1, '403'),
            'refused with 404': (refuses(404), 1, '404'),
            'redirected': (refuses(302, 'Location: ws://elsewhere/'), 1, 'elsewhere'),
            'no WebSocket': (lambda link, _head: link.sendall(b'SSH-2.0-Open\r\n'), 1, 'handshake'),
        }
        for name, (answer, status, words) in cases.items():
            with self.subTest(name), Port(answer) as port, \
                    Talk('--reconnect', '--reconnect-first', '0.02', port.url) as cat:
                ended, errors = cat.end(ends_input=False)
                self.assertEqual((status, status), (ended, errors.count('\n')), errors)
                self.assertIn(words, errors)
                self.assertNotIn('trying again', errors)
        result = run(tools.cat, '--reconnect', 'ws://nowhere.invalid/', given=b'lost\n')
        self.check_sentence(result, 1, 'cannot resolve nowhere.invalid')

    def test_a_line_that_was_cut_off_is_sent_again_and_whole(self):
        heard = []

        def breaks_off(link, head):
            link.sendall(switching(head))
            heard.append(read_frame(link))
            read_exactly(link, 4 << 20)
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))

        def listens(link, head):
            link.sendall(switching(head))
            while not heard or heard[-1][0] != 8:
                heard.append(read_frame(link))
            link.sendall(frame(*heard[-1]))
        long = bytes(97 + number % 26 for number in range(16 << 20))
        with Port(breaks_off, listens) as port, \
                Talk('--reconnect', '--reconnect-first', '0.02', port.url) as cat:
            cat.say(b'before', long, b'after')
            self.assertEqual(0, cat.end()[0])
        self.assertEqual([(1, b'before'), (1, long), (1, b'after'), (8, b'\x03\xe8')], heard)

    def test_no_line_is_sent_twice_and_none_out_of_order(self):
        count = 200000
        first, second = [], []

        def stalls(link, head):
            link.sendall(switching(head))
            for _ in range(100):
                first.append(int(read_frame(link)[1]))
            time.sleep(0.3)         # until all there is between us is full
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))

        def listens(link, head):
            link.sendall(switching(head))
            stream = link.makefile('rb')
            while True:
                head = stream.read(2)
                size = head[1] & 0x7F
                mask = stream.read(4)
                payload = frame(0, stream.read(size), mask=mask)[-size:]
                if head[0] == 0x88:
                    return link.sendall(frame(8, payload))
                second.append(int(payload))
        with Port(stalls, listens) as port, \
                Talk('--reconnect', '--reconnect-first', '0.02', port.url) as cat:
            cat.say(*(b'%100d' % number for number in range(count)))
            self.assertEqual(0, cat.end()[0])
        self.assertEqual(list(range(100)), first)
        self.assertEqual(list(range(second[0], count)), second)
        self.assertGreater(second[0], 99)

    def test_a_connection_that_lasted_gives_the_attempts_back(self):
        def lasts(link, head):
            link.sendall(switching(head))
            time.sleep(0.5)
        with Port(drops, drops, lasts, drops, closes(1000)) as port, \
                Talk('--reconnect', '--reconnect-first', '0.3', port.url) as cat:
            self.assertEqual([1, 2, 1, 2], [again_of(cat.complaint())[2] for _ in range(4)])
            self.assertEqual((0, ''), cat.end(ends_input=False))

    def test_the_end_of_input_ends_a_wait_when_all_was_sent(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            url = f'ws://127.0.0.1:{listener.getsockname()[1]}/'
        with Talk('--reconnect', '--reconnect-first', '1000000', url) as cat:
            cat.complaint()
            status, errors = cat.end()
            self.assertEqual((1, 1), (status, errors.count('\n')))
            self.assertIn('refused', errors)
        with Talk('--reconnect=1', '--reconnect-first', '0.2', url) as cat:
            cat.complaint()
            cat.process.stdin.write(b'without a newline')
            status, errors = cat.end()
            self.assertEqual((1, 1), (status, errors.count('\n')))
            self.assertIn('given up after 1 attempt\n', errors)

    def test_a_connection_lost_after_all_was_sent_is_not_made_again(self):
        def leaves(link, head):
            link.sendall(switching(head))
            while read_frame(link)[0] != 8:
                pass
        with Port(leaves) as port:
            result = run(tools.cat, '--reconnect', port.url, given=b'one\ntwo\n')
        self.check_sentence(result, 1, 'The transport')
        self.assertNotIn(b'trying again', result.stderr)

    def test_a_signal_ends_a_wait_at_once(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            url = f'ws://127.0.0.1:{listener.getsockname()[1]}/'
        with Talk('--reconnect', '--reconnect-first', '1000000', url) as cat:
            cat.complaint()
            cat.process.send_signal(signal.SIGINT)
            self.assertEqual((-signal.SIGINT, ''), cat.end(ends_input=False))


class ConnectProxy:
    """An HTTP proxy for one client: `answer(link, head)` in place of a tunnel, or a tunnel."""

    def __init__(self, answer=None, piece=1 << 20):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.address = f'127.0.0.1:{self.listener.getsockname()[1]}'
        self.answer, self.piece, self.head = answer, piece, ''
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self):
        try:
            link, _ = self.listener.accept()
            with link:
                link.settimeout(20)
                self.head = read_head(link)
                if self.answer:
                    return self.answer(link, self.head)
                host, _, port = self.head.split(' ')[1].rpartition(':')
                with socket.create_connection((host, int(port)), timeout=20) as far:
                    agreed = b'HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n'
                    for begin in range(0, len(agreed), self.piece):
                        link.sendall(agreed[begin:begin + self.piece])
                        time.sleep(0.001)
                    back = threading.Thread(target=pour, args=(far, link), daemon=True)
                    back.start()
                    pour(link, far)
                    back.join(20)
        except (OSError, EOFError):
            pass

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.thread.join(30)


def pour(source, into):
    try:
        while octets := source.recv(65536):
            into.sendall(octets)
        into.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@needs('cat')
class ProxyTest(ToolTest):
    def test_a_conversation_goes_through_a_tunnel(self):
        for piece, scheme in ((1 << 20, ''), (1, 'http://')):
            with Port(echoes) as port, ConnectProxy(piece=piece) as proxy:
                with Talk('--proxy', scheme + proxy.address, port.url) as cat:
                    cat.say(b'through')
                    self.assertEqual(b'through', cat.hear())
                    self.assertEqual((0, ''), cat.end())
            self.assertEqual(f'CONNECT 127.0.0.1:{port.port} HTTP/1.1\r\n'
                             f'Host: 127.0.0.1:{port.port}\r\n\r\n', proxy.head)
            self.assertEqual(f'127.0.0.1:{port.port}', field(port.heads[0], 'Host'))

    def test_credentials_are_told(self):
        for given, meant in (('sea:shell', 'sea:shell'), ('s%3Aea:sh%40ell:x', 's:ea:sh@ell:x'),
                             (':', ':'), ('a:%C3%A9', 'a:\u00e9'), ('ab:cde', 'ab:cde')):
            with self.subTest(given), ConnectProxy(refuses(403)) as proxy:
                run(tools.cat, '--proxy', f'http://{given}@{proxy.address}/', 'ws://far.invalid:9/')
                self.assertEqual('Basic ' + base64.b64encode(meant.encode()).decode(),
                                 field(proxy.head, 'Proxy-Authorization'))
                self.assertTrue(proxy.head.startswith('CONNECT far.invalid:9 HTTP/1.1\r\n'))

    def test_secrets_may_stand_in_files(self):
        with tempfile.TemporaryDirectory() as folder, ConnectProxy(refuses(403)) as proxy:
            secret = pathlib.Path(folder, 'proxy')
            secret.write_text(f'sea:shell@{proxy.address}\r\nnot this\n')
            run(tools.cat, '--proxy', f'@{secret}', 'ws://far.invalid:9/')
            self.assertEqual('Basic ' + base64.b64encode(b'sea:shell').decode(),
                             field(proxy.head, 'Proxy-Authorization'))
        with tempfile.TemporaryDirectory() as folder, Port(echoes) as port:
            secrets = [pathlib.Path(folder, name) for name in ('short', 'long')]
            secrets[0].write_text('A: b')
            secrets[1].write_text('Authorization: Bearer ' + 'x' * 100 + '\n')
            with Talk(*(word for secret in secrets for word in ('--header', f'@{secret}')),
                      port.url) as cat:
                self.assertEqual((0, ''), cat.end())
            self.assertEqual('b', field(port.heads[0], 'A'))
            self.assertEqual('Bearer ' + 'x' * 100, field(port.heads[0], 'Authorization'))
            self.check_usage(tools.cat, [['--header', f'@{folder}/nothing', 'ws://a']])

    def test_a_proxy_that_gives_no_tunnel_is_one_sentence(self):
        def answers(octets):
            def answer(link, _head):
                link.sendall(octets)
                link.shutdown(socket.SHUT_WR)
                link.recv(1)
            return answer
        cases = {
            b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n':
                ['credentials', '--proxy @FILE', '407'],
            b'HTTP/1.1 403 Not \x1b[31mthere\r\n\r\n': ['the proxy refused', '403 Not ?[31mthere'],
            b'HTTP/1.1 403 \xc2\x9b31m \x9b31m \xc3\xa9\xc3\r\n\r\n':
                ['the proxy refused', '403 ?31m ?31m \u00e9?'],
            b'HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n': ['refused', '302'],
            b'HTTP/1.1 101 Switching Protocols\r\n\r\n': ['refused', '101'],
            b'HTTP/1.1 200\t\r\n\r\n': ['not answer in HTTP'],
            b'HTTP/2.0 200 OK\r\n\r\n': ['not answer in HTTP'],
            b'HTTP/1.1 2000 OK\r\n\r\n': ['not answer in HTTP'],
            b'HTTP/1.1 20\r\n\r\n': ['not answer in HTTP'],
            b'SSH-2.0-OpenSSH\r\n\r\n': ['not answer in HTTP', 'SSH-2.0-OpenSSH'],
            b'HTTP/1.1 200 OK\r\n\r\nmore': ['more than it was asked'],
            b'HTTP/1.1 200 OK\r\n' + b'X: y\r\n' * 3000: ['has no end'],
            b'HTTP/1.1 200 OK\r\n': ['without an answer'],
            b'': ['without an answer'],
        }
        for octets, words in cases.items():
            with self.subTest(octets[:60]), ConnectProxy(answers(octets)) as proxy:
                result = run(tools.cat, '--proxy', proxy.address, 'ws://far.invalid/')
                self.check_sentence(result, 1, *words)

    def test_a_silent_proxy_times_out(self):
        since = time.monotonic()
        with ConnectProxy(lambda link, _head: link.recv(1)) as proxy:
            result = run(tools.cat, '--timeout', '0.3', '--proxy', proxy.address, 'ws://far.invalid/')
        self.check_sentence(result, 1, 'the proxy did not answer in time')
        self.assertLess(time.monotonic() - since, 5)

    def test_a_proxy_that_is_not_there_is_named(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            port = listener.getsockname()[1]
        self.check_sentence(run(tools.cat, '--proxy', f'127.0.0.1:{port}', 'ws://far.invalid/'), 1,
                            'refused', str(port))

    def test_what_may_pass_is_tried_again(self):
        for status, promises in ((502, True), (504, True), (403, False), (407, False)):
            with self.subTest(status), ConnectProxy(refuses(status)) as proxy, \
                    Talk('--reconnect=1', '--reconnect-first', '0.02', '--proxy', proxy.address,
                         'ws://far.invalid/') as cat:
                line = cat.complaint()
                self.assertIn(str(status), line)
                self.assertEqual(promises, 'trying again' in line)


def main():
    parser = argparse.ArgumentParser(description=__doc__, add_help=False)
    for name in vars(tools):
        parser.add_argument('--' + name)
    _, rest = parser.parse_known_args(namespace=tools)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == '__main__':
    main()
