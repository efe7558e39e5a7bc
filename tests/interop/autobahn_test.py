#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What tests/interop/autobahn/ has for the public suite, without the suite: a stand-in plays the
fuzzing server's protocol with a handful of cases to the testee, and the same cases as a client to
hawse-echo; the configuration files and the commands of the page must fit each other."""

import json
import pathlib
import re
import shlex
import socket
import subprocess
import sys
import threading
import urllib.parse

import peers
from peers import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Checks, Echo, Ended, Wire,
                   accept_head, close_payload, connect, frame, octets_of, text_of)

FOLDER = pathlib.Path(__file__).resolve().parent / 'autobahn'
DATA = FOLDER.parent.parent / 'data' / 'autobahn_cases.tsv'
KEY = b'\x37\xfa\x21\x3d'


# ---- Cases: each talks over a Wire, as either side, and raises when the testee is not strict ------

class Wrong(Exception):
    pass


def expect(seen, expected):
    if seen != expected:
        raise Wrong(f'expected {peers.brief(expected)}, saw {peers.brief(seen)}')


def end_cleanly(wire, payload=close_payload(1000), reply=close_payload(1000)):
    """We close; the answer is a Close; and then the server, whoever that is, ends the transport."""
    wire.send_frame(CLOSE, payload)
    expect(wire.frame(), (True, CLOSE, reply))
    wire.socket.settimeout(20 if wire.client else 0.05)
    expect(wire.end(), 'orderly' if wire.client else 'no end')


def expect_failure(wire, code):
    """The testee closes, and ends its side unasked."""
    expect(wire.frame(), (True, CLOSE, close_payload(code)))
    expect(wire.end(), 'orderly')


def echoes(opcode, payload):
    def play(wire):
        wire.send_frame(opcode, payload)
        expect(wire.message(), (opcode, payload))
        end_cleanly(wire)
    return play


def pong_inside_message(wire):
    wire.send_frame(TEXT, 'gr\u00fc'.encode()[:3], fin=False)
    wire.send_frame(PING, b'now')
    expect(wire.frame(), (True, PONG, b'now'))
    wire.send_frame(CONTINUATION, 'gr\u00fc\u00dfe'.encode()[3:])
    expect(wire.message(), (TEXT, 'gr\u00fc\u00dfe'.encode()))
    end_cleanly(wire)


def many_frames(wire):
    payload = text_of(4 << 20).encode()
    key = KEY if wire.client else None
    sender = threading.Thread(target=wire.send, args=(b''.join(
        frame(TEXT if at == 0 else CONTINUATION, payload[at:at + 64], at + 64 == len(payload), key)
        for at in range(0, len(payload), 64)),))
    sender.start()
    expect(wire.message(), (TEXT, payload))
    sender.join()
    end_cleanly(wire)


def invalid_text_inside_frame(wire):
    """The frame that holds it does not end."""
    octets = frame(TEXT, b'\xce\xba\xf4\x90\x80\x80edited', key=KEY if wire.client else None)
    wire.send(octets[:-8])
    expect_failure(wire, 1007)


def reserved_bit(wire):
    wire.send_frame(TEXT, b'before')
    wire.send_frame(TEXT, b'reserved', reserved=2)
    wire.send_frame(PING)
    expect(wire.frame(), (True, TEXT, b'before'))
    expect_failure(wire, 1002)


def closes_with_a_reason(wire):
    end_cleanly(wire, close_payload(3000, 'fare well'), close_payload(3000))


def breaks_off(wire):
    wire.send_frame(TEXT, b'never whole', fin=False)


CASES = [echoes(TEXT, b''), echoes(BINARY, octets_of(70000)), echoes(TEXT, text_of(16 << 20).encode()),
         pong_inside_message, many_frames, invalid_text_inside_frame, reserved_bit,
         closes_with_a_reason, breaks_off]


# ---- The stand-in for the fuzzing server ----------------------------------------------------------

class FuzzingServer:
    """Serves one connection after the other, and notes what was asked and how the cases went."""

    def __init__(self, cases=None, **answers):
        self.cases = cases if cases is not None else CASES
        self.answers = {'/getCaseCount': json.dumps(len(self.cases)), **answers}
        self.asked, self.verdicts, self.failure = [], {}, None
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.url = f'ws://127.0.0.1:{self.listener.getsockname()[1]}'
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return  # the block was left
            try:
                with Wire(accepted, client=False) as wire:
                    self.answer(wire)
            except Exception as error:
                self.failure = f'{self.asked[-1:]}: {error!r}'

    def answer(self, wire):
        head = wire.take_head()
        target = head.split(' ')[1]
        self.asked.append(target)
        path, query = urllib.parse.urlsplit(target)[2:4]
        chosen = {name: value for name, (value,) in urllib.parse.parse_qs(query).items()}
        if path in self.answers and self.answers[path] is None:
            return wire.send(b'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
        wire.send(accept_head(head))
        if path == '/runCase':
            return self.run_case(wire, int(chosen['case']))
        answer = self.answers.get(path)
        if path == '/getCaseStatus' and answer is None:
            answer = json.dumps({'behavior': self.verdicts.get(int(chosen['case']), 'never run')})
        if answer is not None:
            wire.send_frame(TEXT, answer.encode())
        end_cleanly(wire, b'', b'')

    def run_case(self, wire, number):
        try:
            self.cases[number - 1](wire)
            self.verdicts[number] = 'OK'
        except (Wrong, Ended, AssertionError, TimeoutError) as wrong:
            self.verdicts[number] = 'FAILED'
            print(f'case {number} ({self.cases[number - 1].__name__}): {wrong!r}', flush=True)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(30)


def run_testee(program, *arguments):
    return subprocess.run([program, *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120)


def check_whole_run(checks, program):
    with FuzzingServer() as server:
        result = run_testee(program, '--url', server.url)
    count = len(CASES)
    checks.equal(result.returncode, 0, f'the testee\'s status ({result.stderr})')
    checks.equal(result.stderr, '', 'the testee\'s errors')
    checks.equal(result.stdout.splitlines(), [f'case {number} of {count}: OK'
                 for number in range(1, count + 1)] + [f'{count} OK'], 'what the testee prints')
    asked = ['/getCaseCount']
    for number in range(1, count + 1):
        asked += [f'/runCase?case={number}&agent=hawse', f'/getCaseStatus?case={number}&agent=hawse']
    checks.equal(server.asked, asked + ['/updateReports?agent=hawse'], 'what the testee asks')
    checks.equal(server.failure, None, 'a failure of the stand-in')


def check_one_case(checks, program):
    with FuzzingServer() as server:
        result = run_testee(program, '--url', server.url, '--case', 4, '--agent=other_agent-1.0')
    checks.equal(result.returncode, 0, f'the status of one case ({result.stderr})')
    checks.equal(server.asked, ['/getCaseCount', '/runCase?case=4&agent=other_agent-1.0',
                                '/getCaseStatus?case=4&agent=other_agent-1.0',
                                '/updateReports?agent=other_agent-1.0'], 'what is asked for one case')
    with FuzzingServer() as server:
        result = run_testee(program, '--url', server.url, '--case', len(CASES) + 1)
    checks.equal(result.returncode, 2, 'the status of a case that there is not')
    checks.check(f'only {len(CASES)} cases' in result.stderr, 'a case that there is not is said')


def check_limits(checks, program):
    def too_large(wire):
        wire.send_frame(BINARY, b'1' * 100)
        expect(wire.message(), (BINARY, b'1' * 100))
        wire.send_frame(BINARY, b'1' * 101)
        expect_failure(wire, 1009)

    def too_many(wire):
        for opcode, fin in ((TEXT, False), (CONTINUATION, False), (CONTINUATION, True)):
            wire.send_frame(opcode, b'a', fin)
        expect(wire.message(), (TEXT, b'aaa'))
        for opcode in (TEXT, CONTINUATION, CONTINUATION, CONTINUATION):
            wire.send_frame(opcode, b'a', False)
        expect_failure(wire, 1008)

    with FuzzingServer([too_large, too_many]) as server:
        result = run_testee(program, '--url', server.url, '--max-message', 100, '--max-fragments', 3)
    checks.equal((result.returncode, server.verdicts), (0, {1: 'OK', 2: 'OK'}), 'limits of one\'s own')


def check_bad_news(checks, program):
    """Verdicts that are no pass, and servers that are no fuzzing server."""
    for verdict, status in (('OK', 0), ('INFORMATIONAL', 0), ('UNIMPLEMENTED', 0), ('NON-STRICT', 1),
                            ('FAILED', 1), ('UNCLEAN', 1)):
        with FuzzingServer(CASES[:2], **{'/getCaseStatus': json.dumps({'behavior': verdict})}) as server:
            result = run_testee(program, '--url', server.url)
        checks.equal((result.returncode, result.stdout.splitlines()[-1:]), (status, [f'2 {verdict}']),
                     f'a run of {verdict}')
        checks.equal(server.asked[-1:], ['/updateReports?agent=hawse'], f'the end after {verdict}')
    for answers in ({'/getCaseCount': 'many'}, {'/getCaseCount': '0'}, {'/getCaseCount': '1e3'},
                    {'/getCaseCount': None}, {'/getCaseStatus': '{}'}, {'/getCaseStatus': '"OK"'},
                    {'/getCaseStatus': '{"behavior'}, {'/runCase': None}, {'/updateReports': None}):
        with FuzzingServer(CASES[:1], **answers) as server:
            result = run_testee(program, '--url', server.url)
        checks.equal(result.returncode, 3, f'the status when the server says {answers}')
        checks.check(next(iter(answers)) in result.stderr, f'{answers} is blamed: {result.stderr}')
    with socket.create_server(('127.0.0.1', 0)) as nobody:
        port = nobody.getsockname()[1]
    result = run_testee(program, '--url', f'ws://127.0.0.1:{port}')
    checks.equal(result.returncode, 3, 'the status without a server')
    checks.check(str(port) in result.stderr, f'its port is named: {result.stderr}')


def check_arguments(checks, program):
    for arguments in (['--url'], ['--url', 'http://a'], ['--url', 'wss://a'], ['--url', 'ws://a/path'],
                      ['--agent', ''], ['--agent', 'a b'], ['--agent', 'a&case=1'], ['--case', '0'],
                      ['--case', 'x'], ['--max-message', '-1'], ['--max-fragments', '0'], ['--unknown'],
                      ['operand']):
        result = run_testee(program, *arguments)
        checks.equal((result.returncode, result.stdout), (2, ''), f'the status of {arguments}')
        checks.check('usage: ' in result.stderr, f'{arguments} prints the usage')
    result = run_testee(program, '--help')
    checks.equal((result.returncode, result.stderr), (0, ''), 'the status of --help')


# ---- The other direction, and the page -----------------------------------------------------------

def check_echo(checks, program, arguments):
    with Echo(program, checks, *arguments) as echo:
        for case in CASES:
            wire, status, _ = connect(echo)
            with wire:
                checks.equal(status, 101, 'hawse-echo opens')
                checks.attempt(case, wire)


def commands_of(page):
    """The words of each command in the page's blocks of code."""
    blocks = re.findall(r'^```sh\n(.*?)^```', page, re.M | re.S)
    return [shlex.split(line, comments=True)
            for block in blocks for line in block.replace('\\\n', ' ').splitlines() if line]


def check_configuration(checks, page, ports):
    said = re.search(r'^Excluded: (.*)\.$', page, re.M)
    excluded = [] if said and said[1] == 'nothing' else re.findall(r'`([^`]*)`', said[1] if said else '?')
    for name, own in (('fuzzingclient', {'servers'}), ('fuzzingserver', {'url'})):
        chosen = json.loads((FOLDER / f'{name}.json').read_text())
        checks.equal(set(chosen), own | {'options', 'outdir', 'cases', 'exclude-cases',
                                         'exclude-agent-cases'}, f'the members of {name}.json')
        checks.equal(chosen['cases'], ['*'], f'the cases of {name}.json')
        checks.equal(chosen['exclude-cases'], excluded, f'what {name}.json excludes')
        checks.equal(chosen['exclude-agent-cases'], {}, f'what {name}.json excludes for one agent')
        urls = [chosen['url']] if 'url' in own else [one['url'] for one in chosen['servers']]
        checks.equal([urllib.parse.urlsplit(url).port for url in urls], [int(next(iter(ports)))],
                     f'the ports in {name}.json')
        checks.check(page.count(chosen['outdir'].removeprefix('./')) > 0,
                     f'the page says where {name} writes')


def check_page(checks, testee):
    """Answers the arguments with which the page starts hawse-echo."""
    page = (FOLDER / 'README.md').read_text()
    commands = commands_of(page)
    text = ' '.join(' '.join(command) for command in commands)
    ports = set(re.findall(r'(?:--port |127\.0\.0\.1:|-p )(\d+)', text))
    checks.equal(len(ports), 1, f'the ports in the page ({ports})')
    check_configuration(checks, page, ports)
    for name in ('fuzzingclient', 'fuzzingserver'):
        checks.check(re.search(rf'-m {name}\b.* -s \S*{name}\.json', text), f'the page starts {name}')
    checks.check(f'/{pathlib.Path(testee).name}' in text, 'the page starts the testee')
    listed = [line.split('\t')[0] for line in DATA.read_text().splitlines()[1:]]
    rows = re.findall(r'^\| ((?:\d+\.)*\d+)\S* .*?\| (\w+)', page, re.M)
    for number, _ in rows:
        checks.check(any(f'{one}.'.startswith(f'{number}.') for one in listed),
                     f'{number} in the page is a case')
    informational = sum(expected == 'INFORMATIONAL' for _, expected in rows)
    said = re.search(r'^Of (\d+) cases (\d+) are OK.*: (\d+) cases \|$', page, re.M | re.S)
    if checks.check(said and informational, 'the page says how many cases are OK'):
        compressing = sum(one.startswith(('12.', '13.')) for one in listed)
        checks.equal(tuple(map(int, said.groups())),
                     (len(listed), len(listed) - informational, compressing),
                     'how many cases the page expects to be OK')
    started = [command for command in commands if pathlib.Path(command[0]).name == 'hawse-echo']
    if not checks.equal(len(started), 1, 'how often the page starts hawse-echo'):
        return []
    arguments = started[0][1:]
    at = arguments.index('--port')
    return arguments[:at] + arguments[at + 2:]  # a port of the test's own instead


def main():
    chosen = peers.options(__doc__, cat=False, more=lambda parser: parser.add_argument(
        '--testee', metavar='PATH', required=True, help='the client that is tested'))
    checks = Checks()
    arguments = checks.attempt(check_page, checks, chosen.testee)
    for check in (check_whole_run, check_one_case, check_limits, check_bad_news, check_arguments):
        checks.attempt(check, checks, chosen.testee)
    check_echo(checks, chosen.echo, arguments or [])
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
