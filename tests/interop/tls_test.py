#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""wss:// from both ends: hawse-cat and hawse-echo with each other, with python3-websockets, and with
servers whose certificates are wrong; the driver over OpenSSL as well. Certificates are made here."""

import asyncio
import contextlib
import os
import pathlib
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import warnings

import peers
from cat_checks import check_cat, sentence
from peers import (BINARY, CLOSE, TEXT, Cat, Checks, Echo, Wire, accept_head, close_payload, connect,
                   frame, octets_of, text_of)
from websockets_test import PLAIN, LibraryServer, closes, echoes, in_time, misused, websockets


# ---- Certificates -------------------------------------------------------------------------------

class Certificates:
    """An authority, and certificates: `good`, `expired`, for another `name`, self-signed `lone`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.authority = self.path('authority.pem')
        self.openssl('req', '-x509', *self.new_key('authority'), '-out', self.authority, '-days', '2',
                     '-subj', '/CN=authority of the test')
        self.good = self.sign('good', 'DNS:localhost,IP:127.0.0.1', '2')
        self.expired = self.sign('expired', 'DNS:localhost,IP:127.0.0.1', '-1')
        self.named = self.sign('named', 'DNS:elsewhere.example,IP:192.0.2.1', '2')
        self.lone = self.path('lone.pem'), self.path('lone.key')
        self.openssl('req', '-x509', *self.new_key('lone'), '-out', self.lone[0], '-days', '2',
                     '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1')

    def path(self, name):
        return str(self.folder / name)

    def openssl(self, *arguments):
        subprocess.run(['openssl', *arguments], check=True, capture_output=True, timeout=60)

    def new_key(self, name):
        return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout',
                self.path(name + '.key')]

    def sign(self, name, names, days):
        request, certificate = self.path(name + '.request'), self.path(name + '.pem')
        extensions = self.path(name + '.extensions')
        pathlib.Path(extensions).write_text(f'subjectAltName={names}\n')
        self.openssl('req', *self.new_key(name), '-out', request, '-subj', '/CN=server')
        self.openssl('x509', '-req', '-in', request, '-CA', self.authority, '-CAkey',
                     self.path('authority.key'), '-CAcreateserial', '-days', days, '-extfile',
                     extensions, '-out', certificate)
        return certificate, self.path(name + '.key')

    def server(self, pair, **more):
        context = strict(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        context.load_cert_chain(*pair)
        for name, value in more.items():
            setattr(context, name, value)
        return context

    def client(self):
        return strict(ssl.create_default_context(cafile=self.authority))


def strict(context):
    """A stream without close_notify is an error there too; the module takes it for an end."""
    context.options &= ~getattr(ssl, 'OP_IGNORE_UNEXPECTED_EOF', 0)
    return context


# ---- Raw servers over TLS -----------------------------------------------------------------------

class RawTls:
    """Accepts one TCP connection and plays `script(socket)`; `failure` is what that raised."""

    def __init__(self, script):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.listener.settimeout(20)
        self.url = f'wss://localhost:{self.listener.getsockname()[1]}/'
        self.script, self.failure = script, None
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        try:
            accepted, _ = self.listener.accept()
            with accepted:
                accepted.settimeout(20)
                self.script(accepted)
        except Exception as error:
            self.failure = error

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.listener.close()
        self.thread.join(30)


def secured(context, script):
    """A script over TLS: `script(wire, head)` after the request was answered."""
    def play(accepted):
        with context.wrap_socket(accepted, server_side=True) as secure:
            wire = Wire(secure, client=False)
            head = wire.take_head()
            wire.send(accept_head(head))
            script(wire, secure)
    return play


# ---- hawse-cat ----------------------------------------------------------------------------------

def certificates_are_judged(checks, chosen, made):
    """Each wrong certificate has a sentence of its own; --insecure passes all of them."""
    untrusted = ['authority', '--ca FILE', '--insecure']
    for what, pair, authority, words in (
            ('an expired certificate', made.expired, made.authority, ['expired', '--insecure']),
            ('another name', made.named, made.authority, ['not for localhost', '--insecure']),
            ('a self-signed certificate', made.lone, made.authority, untrusted),
            ('an authority not given', made.good, made.lone[0], untrusted)):
        with Echo(chosen.echo, checks, '--tls', *pair) as echo:
            url = f'wss://localhost:{echo.port}/'
            cat = Cat(chosen.cat, url, '--ca', authority)
            status, output, errors = cat.finish()
            checks.equal((status, output), (1, b''), f'{what}: the status')
            sentence(checks, errors, what, *words)
            for word in {'expired', 'not for', 'authority'} - {' '.join(words[0].split()[:2])}:
                checks.check(word not in errors, f'{what}: {errors!r} is of no other')
            cat = Cat(chosen.cat, url, '--ca', authority, '--insecure')
            cat.send(b'anyway')
            checks.equal(cat.lines(1), [b'anyway'], f'{what}: --insecure passes')
            checks.equal(cat.finish()[0], 0, f'{what}: the end with --insecure')
    with Echo(chosen.echo, checks, '--tls', *made.named) as echo:
        status, _, errors = Cat(chosen.cat, echo.url, '--ca', made.authority).finish()
        checks.equal(status, 1, 'another address: the status')
        sentence(checks, errors, 'another address', 'not for 127.0.0.1')
    with Echo(chosen.echo, checks, '--tls', *made.lone) as echo:
        cat = Cat(chosen.cat, echo.url, '--ca', made.lone[0])
        checks.equal(cat.finish()[0], 0, 'a self-signed certificate is its own authority')


def echo_and_cat(checks, chosen, made):
    with Echo(chosen.echo, checks, '--tls', *made.good) as echo:
        for host in ('localhost', '127.0.0.1'):
            for size in peers.SIZES:
                cat = Cat(chosen.cat, f'wss://{host}:{echo.port}/', '--ca', made.authority)
                cat.send(text_of(size).encode())
                checks.check(cat.lines(1) == [text_of(size).encode()], f'{size} octets come back')
                checks.equal(cat.finish()[0::2], (0, ''), f'the end after {size} octets')
        cat = Cat(chosen.cat, echo.url, '--ca', made.authority)
        lines = [b'line %d' % number for number in range(20000)]
        for line in lines:
            cat.send(line)
        checks.check(cat.lines(len(lines)) == lines, 'a long dialogue comes back')
        checks.equal(cat.finish()[0::2], (0, ''), 'the end after a long dialogue')
        status, _, errors = Cat(chosen.cat, f'ws://127.0.0.1:{echo.port}/').finish()
        checks.equal(status, 1, 'ws:// to a port of wss://')
        sentence(checks, errors, 'ws:// to a port of wss://')


def cat_asks_for_what_it_needs(checks, chosen, made):
    """The name it tells, the protocol it offers, the versions it speaks."""
    told = []

    def note_name(_session, name, _context):
        told.append(name)
    for host in ('localhost', '127.0.0.1'):
        context = made.server(made.good, sni_callback=note_name)
        context.set_alpn_protocols(['h2', 'http/1.1'])

        def note_protocol(wire, secure):
            told.append(secure.selected_alpn_protocol())
            wire.send_frame(CLOSE, close_payload(1000))
            wire.close_code()
        with RawTls(secured(context, note_protocol)) as server:
            url = server.url.replace('localhost', host)
            checks.equal(Cat(chosen.cat, url, '--ca', made.authority).finish(), (0, b'', ''), host)
        checks.equal(told, [host if host == 'localhost' else None, 'http/1.1'],
                     f'{host}: the name that is told, and the protocol')
        told.clear()
    for version, accepted in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)):
        context = made.server(made.good)
        context.set_ciphers('ALL:@SECLEVEL=0')
        with warnings.catch_warnings():         # of versions that nobody should speak
            warnings.simplefilter('ignore', DeprecationWarning)
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, version
        with RawTls(secured(context, lambda wire, secure: (
                wire.send_frame(CLOSE, close_payload(1000)), wire.close_code()))) as server:
            status, _, errors = Cat(chosen.cat, server.url, '--ca', made.authority).finish()
        checks.equal(status, 0 if accepted else 1, f'{version.name}: {errors!r}')


def cat_ends(checks, chosen, made):
    """close_notify both ways, and streams that stop without one."""
    heard = []

    def waits_for_notify(wire, secure):
        secure.suppress_ragged_eofs = False
        heard.append(wire.close_code())
        wire.send_frame(CLOSE, close_payload(1000))
        secure.unwrap().close()                 # our close_notify; raises when there is none of theirs

    def fails_them(wire, secure):
        secure.suppress_ragged_eofs = False
        wire.send(b'\x83\x00')                  # a reserved opcode
        heard.append(wire.close_code())
        with contextlib.suppress(ssl.SSLZeroReturnError):
            heard.append(secure.read(1))        # b'' after a close_notify, an error without one

    def cut(wire, secure):
        raw = socket.socket(fileno=os.dup(secure.fileno()))
        raw.shutdown(socket.SHUT_RDWR)
        raw.close()

    def notified(wire, secure):
        with contextlib.suppress(OSError):
            secure.unwrap()
    context = made.server(made.good)
    with RawTls(secured(context, fails_them)) as server:
        status, _, errors = Cat(chosen.cat, server.url, '--ca', made.authority).finish(end_input=False)
        checks.equal(status, 1, 'a violation')
        sentence(checks, errors, 'a violation', '1002')
    checks.equal((heard, server.failure), ([1002, b''], None), 'a failure ends with close_notify')
    for what, script, words in (('a stream that is cut', cut, ['without the end of TLS']),
                                ('a stream that ends', notified, ['The transport ended'])):
        with RawTls(secured(context, script)) as server:
            status, _, errors = Cat(chosen.cat, server.url, '--ca', made.authority).finish(
                end_input=False)
            checks.equal(status, 1, what)
            sentence(checks, errors, what, *words)
    heard.clear()
    with RawTls(secured(context, waits_for_notify)) as server:
        checks.equal(Cat(chosen.cat, server.url, '--ca', made.authority).finish(), (0, b'', ''),
                     'a clean end')
    checks.equal(heard, [1000], 'a clean end: the code')


def cat_and_no_tls(checks, chosen, made):
    def speaks_http(accepted):
        accepted.recv(1 << 16)
        accepted.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n')
        accepted.recv(1)

    def waits(accepted):
        accepted.recv(1 << 16)
        accepted.recv(1)
    with RawTls(speaks_http) as server:
        status, _, errors = Cat(chosen.cat, server.url).finish()
        checks.equal(status, 1, 'a server without TLS')
        sentence(checks, errors, 'a server without TLS', 'does not speak TLS', 'ws://')
    since, spent = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with RawTls(waits) as server:
        status, _, errors = Cat(chosen.cat, server.url, '--timeout', '1').finish()
    checks.equal(status, 1, 'a server that never answers')
    sentence(checks, errors, 'a server that never answers', 'timed out')
    checks.check(time.monotonic() - since < 5, 'the deadline bounds the TLS handshake')
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    checks.check(after.ru_utime + after.ru_stime - spent.ru_utime - spent.ru_stime < 0.4,
                 'hawse-cat sleeps while it waits for TLS')
    with RawTls(lambda accepted: accepted.recv(1)) as server:
        status, _, errors = Cat(chosen.cat, server.url).finish()
        sentence(checks, errors, 'a server that leaves')
    for file in ('/nonexistent/authority.pem', made.good[1]):
        status, _, errors = Cat(chosen.cat, 'wss://localhost:9/', '--ca', file).finish()
        checks.equal(status, 1, f'--ca {file}')
        sentence(checks, errors, f'--ca {file}', file)


def cat_tries_again(checks, chosen, made):
    """A cut stream is tried again, a wrong certificate is not."""
    with Echo(chosen.echo, checks, '--tls', *made.good) as echo:
        cat = Cat(chosen.cat, echo.url, '--ca', made.authority, '--reconnect', '--reconnect-first',
                  '0.1', '--reconnect-most', '0.2')
        cat.send(b'one')
        checks.equal(cat.lines(1), [b'one'], 'a line before the loss')
        port, echo.stopped = echo.port, True
        peers.stop(echo.child)
        with cat.news:
            cat.news.wait_for(lambda: b'attempt 2' in cat.errors, 20)
        checks.check(b'connection lost (' in cat.errors, f'the loss is told: {bytes(cat.errors)!r}')
        cat.send(b'two')
    with Echo(chosen.echo, checks, '--tls', *made.good, port=port):
        checks.equal(cat.lines(2), [b'one', b'two'], 'a line after the loss')
        checks.equal(cat.finish()[0], 0, 'the end after the loss')
    with Echo(chosen.echo, checks, '--tls', *made.expired) as echo:
        status, _, errors = Cat(chosen.cat, echo.url, '--ca', made.authority,
                                '--reconnect').finish(end_input=False)
        checks.equal(status, 1, 'an expired certificate ends --reconnect')
        sentence(checks, errors, 'an expired certificate', 'expired')


def cat_and_proxy(checks, chosen, made):
    """CONNECT before TLS: the certificate is the server's, and the proxy sees nothing in the clear."""
    seen = bytearray()

    def pour(source, into, note=False):
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                if note:
                    seen.extend(octets)
                into.sendall(octets)
            into.shutdown(socket.SHUT_WR)

    def tunnel(accepted):
        head = b''
        while not head.endswith(b'\r\n\r\n'):
            head += accepted.recv(1)
        seen.extend(head)
        target = re.match(rb'CONNECT ([^: ]+):(\d+) HTTP/1\.1\r\n', head)
        with socket.create_connection((target[1].decode(), int(target[2]))) as far:
            accepted.sendall(b'HTTP/1.1 200 OK\r\n\r\n')
            back = threading.Thread(target=pour, args=(far, accepted), daemon=True)
            back.start()
            pour(accepted, far, note=True)
            back.join(20)
    with Echo(chosen.echo, checks, '--tls', *made.good) as echo, RawTls(tunnel) as proxy:
        cat = Cat(chosen.cat, f'wss://localhost:{echo.port}/', '--ca', made.authority, '--proxy',
                  f'user:secret@localhost:{proxy.listener.getsockname()[1]}')
        cat.send(b'through the tunnel')
        checks.equal(cat.lines(1), [b'through the tunnel'], 'wss:// through a proxy')
        checks.equal(cat.finish()[0::2], (0, ''), 'the end of wss:// through a proxy')
    checks.check(b'Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n' in seen, 'credentials are told')
    checks.check(b'websocket' not in seen.lower(), 'the proxy sees no request')


# ---- hawse-echo, and the driver -----------------------------------------------------------------

class Server(Echo):
    """hawse-echo, or the driver."""

    def seconds(self):
        """Of processor, used so far."""
        fields = pathlib.Path(f'/proc/{self.child.pid}/stat').read_text().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def secure_wire(server, made, early=b''):
    """A client over TLS, `early` in the record of its request."""
    plain = socket.create_connection((server.host, server.port), timeout=20)
    secure = made.client().wrap_socket(plain, server_hostname='localhost')
    wire = Wire(secure, client=True)
    wire.send(b'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
              b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n' +
              early)
    if not wire.take_head().startswith('HTTP/1.1 101 '):
        raise AssertionError('no 101')
    return wire, secure


def serves_over_tls(checks, server, made):
    """Raw clients: octets in any portion, ends with and without close_notify, and none that starves."""
    octets = b''.join(frame(TEXT, b'%04d' % number, key=b'\1\2\3\4') for number in range(1000))
    wire, _ = secure_wire(server, made, octets)     # one record, and nothing behind it
    checks.equal([wire.message() for _ in range(1000)],
                 [(TEXT, b'%04d' % number) for number in range(1000)], 'frames behind the request')
    server.idle_descriptors = server.descriptors() - 1  # all that it opens for itself is open by now
    wire.socket.close()
    wire, secure = secure_wire(server, made)
    for begin in range(0, len(octets), 37):     # a record each, cut anywhere
        wire.send(octets[begin:begin + 37])
    checks.equal([wire.message() for _ in range(1000)],
                 [(TEXT, b'%04d' % number) for number in range(1000)], 'records cut anywhere')
    wire.send_frame(CLOSE, close_payload(1000))
    checks.equal(wire.close_code(), 1000, 'the answer to a Close')
    secure.suppress_ragged_eofs = False
    checks.equal(secure.recv(1), b'', 'the server ends with close_notify')
    wire.socket.close()

    for what, leave in (('close_notify', lambda secure: secure.unwrap()),
                        ('the end of TCP', lambda secure: secure.shutdown(socket.SHUT_RDWR))):
        wire, secure = secure_wire(server, made)
        with contextlib.suppress(OSError):
            leave(secure)
        secure.close()
        checks.check(server.settles_at(server.idle_descriptors), f'{what} lets the socket go')

    busy, _ = secure_wire(server, made)         # one who sends and does not read
    busy.socket.settimeout(1)
    load = frame(BINARY, octets_of(60000), key=b'\5\6\7\x08')
    with contextlib.suppress(TimeoutError, ssl.SSLError):
        for _ in range(2000):
            busy.send(load)
    spent = server.seconds()
    time.sleep(0.5)
    checks.check(server.seconds() - spent < 0.2, 'the server sleeps while it cannot write')
    wire, _ = secure_wire(server, made)
    since = time.monotonic()
    for number in range(50):
        wire.send_frame(TEXT, b'%d' % number)
        checks.equal(wire.message(), (TEXT, b'%d' % number), 'another one is served')
    checks.check(time.monotonic() - since < 5, 'another one is served in time')
    wire.socket.close()
    busy.socket.close()

    silent = socket.create_connection((server.host, server.port))
    talker = socket.create_connection((server.host, server.port))
    talker.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    talker.settimeout(5)                        # sooner than the opening wait of 10 s
    answer, is_over = b'', False
    try:
        while piece := talker.recv(1 << 16):
            answer += piece
        is_over = True
    except ConnectionError:
        is_over = True
    except TimeoutError:
        pass
    checks.check(is_over, 'a client without TLS is sent away at once')
    checks.check(b'HTTP' not in answer, f'and not in clear text: {answer[:80]}')
    silent.close()
    talker.close()
    checks.check(server.settles_at(server.idle_descriptors), 'every socket is closed in the end')


def echo_serves_its_page(checks, chosen, made):
    with Echo(chosen.echo, checks, '--tls', *made.good, '--token', 'secret') as echo:
        plain = socket.create_connection((echo.host, echo.port), timeout=20)
        context = made.client()
        context.set_alpn_protocols(['h2', 'http/1.1'])
        with context.wrap_socket(plain, server_hostname='localhost') as secure:
            checks.equal(secure.selected_alpn_protocol(), 'http/1.1', 'the protocol chosen')
            secure.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
            answer = b''
            while piece := secure.recv(1 << 16):
                answer += piece
        checks.check(answer.startswith(b'HTTP/1.1 200 '), 'the page is served over https')
        checks.check(b"location.protocol === 'https:' ? 'wss://'" in answer, 'and speaks wss')
        checks.check(answer.rstrip().endswith(b'</html>'), 'and is whole')
        for path, header, expected in (('/', [], 1), ('/?token=secret', [], 0),
                                       ('/', ['--header', 'Authorization: Bearer secret'], 0)):
            cat = Cat(chosen.cat, echo.url[:-1] + path, '--ca', made.authority, *header)
            checks.equal(cat.finish()[0], expected, f'{path} {header}: the status')
    context = made.client()
    context.set_alpn_protocols(['h2'])
    with Echo(chosen.echo, checks, '--tls', *made.good) as echo:
        plain = socket.create_connection((echo.host, echo.port), timeout=20)
        try:
            context.wrap_socket(plain, server_hostname='localhost').close()
            checks.failed('a client that speaks h2 alone is refused')
        except ssl.SSLError as error:
            checks.check('no application protocol' in str(error).lower().replace('_', ' '),
                         f'h2 alone: {error}')
    for arguments, words in ((('/nonexistent/a', made.good[1]), ['/nonexistent/a']),
                             ((made.good[0], '/nonexistent/b'), ['/nonexistent/b']),
                             ((made.good[1], made.good[1]), [made.good[1]]),
                             ((made.good[0], made.expired[1]), [made.expired[1]])):
        misused(checks, chosen.echo, ['--port', '0', '--tls', *arguments], 1)
        done = subprocess.run([chosen.echo, '--port', '0', '--tls', *arguments],
                              capture_output=True, text=True, timeout=20)
        sentence(checks, done.stderr, f'--tls {arguments}', *words)


def echo_is_stopped(checks, chosen, made):
    with Echo(chosen.echo, checks, '--tls', *made.good) as echo:
        wire, secure = secure_wire(echo, made)
        silent = socket.create_connection((echo.host, echo.port))
        echo.child.send_signal(signal.SIGTERM)
        checks.equal(wire.close_code(), 1001, 'a stop over TLS')
        wire.send_frame(CLOSE, close_payload(1001))
        checks.equal(secure.recv(1), b'', 'the end after a stop')
        checks.equal(echo.child.wait(10), 0, 'the status after a stop')
        echo.stopped = True
        silent.close()


def main():
    chosen = peers.options(__doc__, more=lambda parser: parser.add_argument(
        '--driver', metavar='PATH', help='driver-openssl'))
    if not peers.have('openssl'):
        peers.absent('there is no program openssl (Debian: openssl)')
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        made = Certificates(folder)
        for part in (certificates_are_judged, echo_and_cat, cat_asks_for_what_it_needs, cat_ends,
                     cat_and_no_tls, cat_tries_again, cat_and_proxy, echo_serves_its_page,
                     echo_is_stopped):
            checks.attempt(part, checks, chosen, made)
        # From here on the system's authorities are ours: what the tools and the library trust unasked.
        os.environ['SSL_CERT_FILE'] = made.authority
        with LibraryServer(made.server(made.good)) as server:
            check_cat(checks, chosen.cat, server.url)
        servers = [(chosen.echo, ['--tls', *made.good])]
        if chosen.driver:
            servers.append((chosen.driver, ['--cert', made.good[0], '--key', made.good[1]]))
        for program, arguments in servers:
            with Server(program, checks, *arguments) as server:
                server.url = f'wss://{server.host}:{server.port}/'
                for part in (echoes, closes):
                    checks.attempt(in_time(part, checks, server))
                checks.attempt(serves_over_tls, checks, server, made)
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
