#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Headless Chromium and the page that hawse-echo serves: a person's visit, through WebDriver."""

import base64
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import peers
from peers import Checks, Echo, octets_of, read_line, spawn, stop

ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'  # how WebDriver names a reference


class Browser:
    """As much of the WebDriver protocol as the visit needs."""

    def __init__(self, driver, browser, profile):
        self.driver = spawn([driver, '--port=0'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, env={**os.environ, 'TMPDIR': profile})
        while True:
            line = read_line(self.driver.stdout, 60)
            if match := re.search(r'started successfully on port (\d+)', line):
                break
            if not line:
                raise RuntimeError('chromedriver does not start')
        self.base = f'http://127.0.0.1:{match[1]}'
        answer = self.ask('POST', '/session', {'capabilities': {'alwaysMatch': {
            'browserName': 'chrome',
            'goog:loggingPrefs': {'browser': 'ALL'},
            'goog:chromeOptions': {'binary': browser, 'args': [
                '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
                '--disable-background-networking', '--no-first-run', '--window-size=1280,1000',
                f'--user-data-dir={profile}/profile']}}}}, seconds=120)
        self.base += f'/session/{answer["sessionId"]}'

    def ask(self, method, path, body=None, seconds=60):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {'Content-Type': 'application/json'},
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=seconds) as response:
                return json.load(response)['value']
        except urllib.error.HTTPError as error:
            raise RuntimeError(f'{method} {path}: {error.read().decode()[:500]}') from None

    def visit(self, url):
        self.ask('POST', '/url', {'url': url})

    def run(self, script, *arguments):
        return self.ask('POST', '/execute/sync', {'script': script, 'args': list(arguments)})

    def find(self, identifier):
        value = self.ask('POST', '/element', {'using': 'css selector', 'value': f'#{identifier}'})
        return f'/element/{value[ELEMENT]}'

    def click(self, identifier):
        self.ask('POST', f'{self.find(identifier)}/click', {})

    def type(self, identifier, text, clear=True):
        if clear:
            self.ask('POST', f'{self.find(identifier)}/clear', {})
        self.ask('POST', f'{self.find(identifier)}/value', {'text': text})

    def value(self, identifier):
        return self.ask('GET', f'{self.find(identifier)}/property/value')

    def text(self, identifier):
        return self.run('return document.getElementById(arguments[0]).textContent', identifier)

    def until(self, identifier, pattern, seconds=20):
        """Waits until an element's text has the pattern, and answers its text then or at last."""
        end = time.monotonic() + seconds
        while True:
            text = self.text(identifier)
            if re.search(pattern, text, re.I) or time.monotonic() > end:
                return text
            time.sleep(0.05)

    def screenshot(self, path):
        octets = base64.b64decode(self.ask('GET', '/screenshot'))
        pathlib.Path(path).write_bytes(octets)
        return octets

    def errors(self):
        """What the page's console complains about."""
        entries = self.ask('POST', '/se/log', {'type': 'browser'})
        return [entry['message'] for entry in entries
                if entry['level'] == 'SEVERE' and 'favicon' not in entry['message']]

    def end(self):
        try:
            self.ask('DELETE', '')
        except (RuntimeError, OSError):
            pass
        stop(self.driver)


def agrees(checks, browser, shows):
    """What the browser agreed on, and what the server says that saves."""
    if not peers.COMPRESSES:
        shows('compression', r'^Compression was not agreed', 'what was agreed')
        return
    shows('compression', r'^Compression agreed: permessage-deflate', 'what was agreed')
    text = browser.until('compression', r'\((\d\d[\d.e+]*) to 1\).*\((\d\d[\d.e+]*) to 1\)')
    ratios = [float(ratio) for ratio in re.findall(r'\(([\d.e+]+) to 1\)', text)]
    print(f'#compression: {text}', flush=True)
    checks.check(len(ratios) == 2 and min(ratios) > 2, f'the ratios of both directions: {text!r}')


def a_visit(checks, browser, echo, folder, screenshot):
    def shows(identifier, pattern, what):
        text = browser.until(identifier, pattern)
        return checks.check(re.search(pattern, text, re.I), f'{what}: #{identifier} shows {text[-300:]!r}')

    browser.visit(f'http://{echo.host}:{echo.port}/')
    checks.equal(browser.value('url'), echo.url, 'the page knows its own URL')
    shows('state', 'closed|disconnected|not connected|idle', 'before connecting')
    browser.click('connect')
    shows('state', r'^\s*(open|connected)', 'after connecting')

    browser.type('text', 'good morning \u00e4 \u6c34')
    browser.click('send')
    shows('log', 'good morning \u00e4 \u6c34(?s:.*)good morning \u00e4 \u6c34', 'a text sent and received')
    shows('rtt-last', r'\d', 'a round-trip time')

    file = folder / 'megabyte.bin'
    file.write_bytes(octets_of(1 << 20))
    browser.type('file', str(file), clear=False)
    browser.click('send-file')
    size = r'1[, .\u202f\u00a0]?048[, .\u202f\u00a0]?576|1(\.0+)? MiB'
    shows('log', rf'({size})(?s:.*)({size})', 'a file of 1 MiB sent and received')

    for index in range(5):
        browser.type('text', f'again {index}')
        browser.click('send')
        shows('log', rf'again {index}(?s:.*)again {index}', 'a further text')
    checks.check(browser.run('''
        const chart = document.getElementById('chart');
        if (chart instanceof HTMLCanvasElement) {
            const pixels = chart.getContext('2d').getImageData(0, 0, chart.width, chart.height).data;
            return new Set(new Uint32Array(pixels.buffer)).size > 1;
        }
        return chart.querySelectorAll('*').length > 1;
    '''), 'the chart shows something')
    agrees(checks, browser, shows)
    octets = browser.screenshot(screenshot or folder / 'page.png')
    checks.check(octets.startswith(b'\x89PNG') and len(octets) > 10000, 'a screenshot')

    browser.run('document.getElementById("close-code").value = ""')
    browser.type('close-code', '1000')
    browser.type('close-reason', 'good night')
    browser.click('disconnect')
    shows('close-result', r'\b1000\b', 'the close code')
    shows('state', r'closed|disconnected|not connected', 'after disconnecting')

    browser.click('connect')  # once more, with an application's code
    shows('state', r'^\s*(open|connected)', 'after connecting again')
    browser.run('document.getElementById("close-code").value = ""')
    browser.type('close-code', '4001')
    browser.click('disconnect')
    shows('close-result', r'\b4001\b', 'an application\'s close code')


def the_script(checks, browser, echo, extensions):
    """The same browser's WebSocket without the page: whole octets there and back, both ways cut."""
    results = browser.ask('POST', '/execute/async', {'args': [echo.url], 'script': '''
        const [url, done] = arguments;
        const socket = new WebSocket(url), sizes = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 16 << 20];
        const of = (size) => Uint8Array.from({length: size}, (_, index) => index * 7 + (index >> 8));
        socket.binaryType = 'arraybuffer';
        const seen = [], sent = sizes.map(of);
        socket.onopen = () => sent.forEach((octets) => socket.send(octets));
        socket.onmessage = (event) => {
            const octets = new Uint8Array(event.data), expected = sent[seen.length];
            seen.push(octets.length === expected.length && octets.every((value, at) => value === expected[at]));
            if (seen.length === sizes.length) socket.close(3000, 'done');
        };
        socket.onclose = (event) => done([seen, event.code, event.wasClean, socket.extensions]);
    '''})
    checks.equal(results, [[True] * 9, 3000, True, extensions],
                 'nine sizes through the browser\'s WebSocket')


def compresses(checks, browser, echo, agreed='permessage-deflate', counts=(3000, *[100] * 20)):
    """Thousands of messages of all sizes over one compressed connection, and several beside it."""
    results = browser.ask('POST', '/execute/async', {'args': [echo.url, counts], 'script': '''
        const [url, counts, done] = arguments;
        const of = (index) => {
            const size = index % 50 === 0 ? index * 17 % 100001 : index * 37 % 1500;
            if (index % 3 === 0) return 'cable ' .repeat(size / 6) + index;
            const octets = new Uint8Array(size);
            if (index % 3 === 1) octets.fill(index); else
                for (let at = 0; at < size; at += 65536) crypto.getRandomValues(octets.subarray(at, at + 65536));
            return octets;
        };
        const same = (left, right) => typeof left === 'string' ? left === right :
            right instanceof ArrayBuffer && left.length === right.byteLength &&
            new Uint8Array(right).every((octet, at) => octet === left[at]);
        const converse = (count) => new Promise((resolve) => {
            const socket = new WebSocket(url), sent = [];
            let next = 0, good = 0;
            const send = () => { if (next < count) socket.send(sent[next] = of(next++)); };
            socket.binaryType = 'arraybuffer';
            socket.onopen = () => { for (let index = 0; index < 64; ++index) send(); };
            socket.onmessage = (event) => {
                good += same(sent[good], event.data);
                send();
                if (good === count) socket.close(1000);
            };
            socket.onclose = (event) => resolve([good, event.code, socket.extensions]);
        });
        Promise.all(counts.map(converse)).then(done);
    '''})
    checks.equal(results, [[count, 1000, agreed] for count in counts],
                 f'compressed conversations through the browser\'s WebSocket: {agreed}')


def is_asked(checks, browser, program):
    """By servers that ask for less of their own accord."""
    for parameters in ('server_max_window_bits=8; client_max_window_bits=9', 'client_max_window_bits=12',
                       'server_no_context_takeover; client_no_context_takeover'):
        with Echo(program, checks, f'--deflate={parameters}', '--deflate-insist') as echo:
            browser.visit(f'http://{echo.host}:{echo.port}/')
            compresses(checks, browser, echo, f'permessage-deflate; {parameters}', [300, 50])


def declines(checks, browser, program):
    with Echo(program, checks, '--no-deflate') as echo:
        browser.visit(f'http://{echo.host}:{echo.port}/')
        browser.click('connect')
        text = browser.until('compression', r'agreed')
        checks.equal(text, 'Compression was not agreed.', 'with --no-deflate the page says so')
        the_script(checks, browser, echo, '')
        browser.click('disconnect')
        browser.until('state', 'closed')


def is_stopped(checks, browser, program):
    """The server goes away under an open page, which says so and can come back."""
    echo = Echo(program, checks)
    browser.visit(f'http://{echo.host}:{echo.port}/')
    browser.click('connect')
    browser.until('state', r'^\s*(open|connected)')
    echo.terminate(signal.SIGTERM)
    text = browser.until('close-result', r'\b1001\b')
    checks.check('1001' in text, f'the page shows 1001 when the server goes: {text!r}')


def main():
    chosen = peers.options(__doc__, cat=False, seconds=180, more=lambda parser: parser.add_argument(
        '--screenshot', metavar='PATH', help='keep the picture of the open page here'))
    driver = peers.have('chromedriver')
    browser_path = peers.have('chromium') or peers.have('chromium-browser') or peers.have('google-chrome')
    if not driver or not browser_path:
        peers.absent('no Chromium with chromedriver is installed (Debian: chromium chromium-driver)')
    checks = Checks()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(driver, browser_path, folder)
        try:
            with Echo(chosen.echo, checks) as echo:
                a_visit(checks, browser, echo, pathlib.Path(folder), chosen.screenshot)
                checks.equal(browser.errors(), [], 'the page\'s console')
                the_script(checks, browser, echo, 'permessage-deflate' if peers.COMPRESSES else '')
                if peers.COMPRESSES:
                    checks.attempt(compresses, checks, browser, echo)
            if peers.COMPRESSES:
                checks.attempt(is_asked, checks, browser, chosen.echo)
            checks.attempt(declines, checks, browser, chosen.echo)
            is_stopped(checks, browser, chosen.echo)
        finally:
            browser.end()
    return checks.done()


if __name__ == '__main__':
    sys.exit(main())
