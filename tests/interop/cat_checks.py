# SPDX-License-Identifier: MIT
"""What hawse-cat must do with any server. The server, of either library, behaves by path:

    /echo               sends every message back
    /fragments          sends every message back in three fragments, with a ping between two of them
    /text/N /binary/N   sends one message of that size, then echoes
    /request            sends the request's fields back as one line of JSON, names in lower case
    /close/CODE         closes with that code and the reason `enough` at the first message
    /terminate          ends the transport without a Close at the first message
    /subprotocol        chooses `second`
    /refuse             answers 401 with a challenge
    /redirect           answers 302 to /elsewhere
"""

import json

from peers import CLOSE_CODES, Cat, SIZES, octets_of, text_of


def sentence(checks, errors, what, *words):
    """Standard error is exactly one line, and it names what matters."""
    lines = errors.splitlines()
    checks.check(len(lines) == 1 and lines[0].strip(), f'{what}: one sentence, not {errors!r}')
    for word in words:
        checks.check(word.lower() in errors.lower(), f'{what}: {errors!r} says {word!r}')


def converses(checks, program, url):
    with_three = [b'one', 'zwei \u00e4 \u6c34 \U0001F40B'.encode(), b'']
    cat = Cat(program, f'{url}/echo')
    for line in with_three:
        cat.send(line)
    checks.equal(cat.lines(3), with_three, 'hawse-cat prints every echo, in order')
    checks.equal(cat.finish(), (0, b''.join(line + b'\n' for line in with_three), ''),
                 'hawse-cat ends with 0 at the end of its input')

    for size in SIZES:
        cat = Cat(program, f'{url}/echo')
        line = text_of(size).encode()
        cat.send(line)
        checks.check(cat.lines(1) == [line], f'a text line of {size} octets comes back')
        status, _, errors = cat.finish()
        checks.equal((status, errors), (0, ''), f'the end after {size} octets of text')

        cat = Cat(program, f'{url}/text/{size}')
        checks.check(cat.lines(1) == [line], f'a text of {size} octets is printed')
        checks.equal(cat.finish()[0], 0, f'the end after printing {size} octets')

    cat = Cat(program, f'{url}/fragments')
    line = text_of(1000).encode()
    for _ in range(3):
        cat.send(line)
    checks.equal(cat.lines(3), [line] * 3, 'fragments with pings inside are one message')
    checks.equal(cat.finish()[0], 0, 'the end after fragments')


def sends_binary(checks, program, url):
    """Binary messages are printed in hexadecimal."""
    for size in SIZES:
        octets = octets_of(size).replace(b'\n', b' ')
        cat = Cat(program, f'{url}/echo', '--binary')
        cat.send(octets)
        checks.check(cat.lines(1) == [octets.hex().encode()],
                     f'a binary line of {size} octets comes back')
        checks.equal(cat.finish()[0], 0, f'the end after {size} octets of binary')

        cat = Cat(program, f'{url}/binary/{size}')
        checks.check(cat.lines(1) == [octets_of(size).hex().encode()],
                     f'a binary message of {size} octets is printed')
        checks.equal(cat.finish()[0], 0, f'the end after printing {size} octets of binary')


def is_closed(checks, program, url):
    for code in CLOSE_CODES:
        if code == 1010:
            continue  # a client's to send
        cat = Cat(program, f'{url}/close/{code}')
        cat.send(b'now')
        status, _, errors = cat.finish(end_input=False)
        if code == 1000:
            checks.equal((status, errors), (0, ''), 'closed with 1000: the status')
        else:
            checks.check(status not in (0, 'still running'), f'closed with {code}: status {status}')
            sentence(checks, errors, f'closed with {code}', str(code), 'enough')

    cat = Cat(program, f'{url}/terminate')
    cat.send(b'now')
    status, _, errors = cat.finish(end_input=False)
    checks.check(status not in (0, 'still running'), f'a terminated transport: status {status}')
    sentence(checks, errors, 'a terminated transport')


def opens(checks, program, url):
    cat = Cat(program, f'{url}/request', '--origin', 'http://example.com',
              '--header', 'X-One: 1', '--header', 'Authorization: Bearer two')
    seen = cat.lines(1)
    fields = json.loads(seen[0]) if seen else {}
    checks.equal(fields.get('origin'), 'http://example.com', '--origin arrives')
    checks.equal(fields.get('x-one'), '1', '--header arrives')
    checks.equal(fields.get('authorization'), 'Bearer two', 'a second --header arrives')
    checks.equal(fields.get('sec-websocket-version'), '13', 'the version arrives')
    checks.check('sec-websocket-extensions' not in fields, 'no extension is offered')
    checks.equal(cat.finish()[0], 0, 'the end after /request')

    cat = Cat(program, f'{url}/subprotocol', '--subprotocol', 'first,second')
    cat.send(b'agreed')
    checks.equal(cat.lines(1), [b'agreed'], 'a chosen subprotocol opens')
    checks.equal(cat.finish()[0], 0, 'the end after a subprotocol')

    status, output, errors = Cat(program, f'{url}/refuse').finish()
    checks.check(status not in (0, 'still running') and output == b'', f'401: status {status}')
    sentence(checks, errors, '401', '401')

    status, output, errors = Cat(program, f'{url}/redirect').finish()
    checks.check(status not in (0, 'still running') and output == b'', f'302: status {status}')
    sentence(checks, errors, '302', '302', '/elsewhere')


def check_cat(checks, program, url):
    for part in (converses, sends_binary, is_closed, opens):
        checks.attempt(part, checks, program, url)
