#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ctypes_client.py --library PATH ws://HOST:PORT/PATH [TEXT...]: sends each text, or each line of
standard input, prints what comes back, and closes. A whole driver for a blocking socket, over the face
in C: hawse/hawse.h. Structs here end with the last member that is used, and the library takes defaults
for the rest. While a line is waited for, nothing is read."""
import argparse
import ctypes
import select
import socket
import sys
import time
from ctypes import c_bool, c_char_p, c_int64, c_size_t, c_uint8, c_uint16, c_void_p, string_at

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('--library', dest='shared', metavar='PATH', required=True, help='libhawse.so')
parser.add_argument('url')
parser.add_argument('text', nargs='*')
chosen = parser.parse_args()
hawse, libc = ctypes.CDLL(chosen.shared), ctypes.CDLL(None)


def call(name, *arguments, answer=c_size_t, library=hawse):
    function = library[name]
    function.restype = answer
    return function(*arguments)


def now():
    return c_int64(time.monotonic_ns())


def struct(**members):
    """Makes structs that begin with their own size."""
    base = type('Struct', (ctypes.Structure,), {'_fields_': [('size', c_size_t), *members.items()]})
    return lambda *values: base(ctypes.sizeof(base), *values)


# ---- As in hawse.h ------------------------------------------------------------------------------

View = type('View', (ctypes.Structure,), {'_fields_': [('data', c_void_p), ('octets', c_size_t)]})
Allocate = ctypes.CFUNCTYPE(c_void_p, c_void_p, c_size_t)
Release = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_size_t)
Fill = ctypes.CFUNCTYPE(c_bool, c_void_p, c_void_p, c_size_t)
Allocator = struct(allocate=Allocate, release=Release)
Options = struct(pool=c_void_p, entropy_fill=Fill)
Place = struct(secure=c_bool, port=c_uint16, host=View, target=View)  # so begin a URL, and a request
Event = struct(kind=c_uint8, message_kind=c_uint8, flags=c_bool * 5, cause=c_uint8,
               violation=c_uint8, first_octet=c_uint8, codes=c_uint16 * 2, payload=View)
TEXT, CLIENT, OPENED, MESSAGE, END_WRITE, CLOSE = 1, 1, 3, 4, 4, 8


# ---- The driver ---------------------------------------------------------------------------------

def on(verb, *arguments, answer=c_size_t):
    return call(f'hawse_session_{verb}', session, *arguments, answer=answer)


def events():
    """Drives the session from one event to the next."""
    event, cause, output = Event(), 0, ctypes.create_string_buffer(65536)
    while True:
        while on('next_event', ctypes.byref(event), answer=c_bool):
            cause = event.cause
            yield event
        while size := on('write_output', output, c_size_t(65536), now()):
            stream.sendall(output.raw[:size])
        if on('wants', answer=c_uint8) & (END_WRITE | CLOSE):  # clients end both at once
            return cause and sys.exit(call('hawse_describe_cause', cause, answer=c_char_p).decode())
        seconds = (on('deadline', answer=c_int64) - now().value) / 1e9
        readable, _, _ = select.select([stream], [], [], min(max(seconds, 0), 3600))
        on('advance', now())
        octets = readable and stream.recv(65536)
        if octets:
            lent = ctypes.create_string_buffer(octets, len(octets))  # until all events are pulled
            on('receive', lent, c_size_t(len(octets)), now())
        elif readable:
            on('receive_end', 0, now())


url, place = chosen.url.encode(), Place()
if call('hawse_parse_url', url, c_size_t(len(url)), ctypes.byref(place), answer=c_uint8) or place.secure:
    parser.error('the URL is ws://HOST:PORT/PATH')
allocator = Allocator(Allocate(lambda _, size: call('malloc', c_size_t(size), library=libc)),
                      Release(lambda _, octets, size: libc.free(c_void_p(octets)) and None))
pool = call('hawse_pool_create', ctypes.byref(allocator), c_size_t(1 << 20), None)
options = Options(pool, Fill(lambda _, into, size: not libc.getentropy(c_void_p(into), c_size_t(size))))
config = c_void_p(call('hawse_config_create', ctypes.byref(options)))

host = string_at(place.host.data, place.host.octets).decode().strip('[]')
with socket.create_connection((host, place.port)) as stream:
    session, told = c_void_p(call('hawse_session_create', config, CLIENT, now())), events()
    on('start', ctypes.byref(place))
    next(event for event in told if event.kind == OPENED)
    connection = c_void_p(on('connection'))
    messages = (string_at(event.payload.data, event.payload.octets).decode()
                for event in told if event.kind == MESSAGE)
    for line in chosen.text or (line.rstrip('\n') for line in sys.stdin):
        call('hawse_connection_send', connection, TEXT, line.encode(), c_size_t(len(line.encode())), None)
        for message in messages:
            print(message, flush=True)
            break
    call('hawse_connection_close', connection, c_uint16(1000), None, c_size_t(0))
    list(messages)
