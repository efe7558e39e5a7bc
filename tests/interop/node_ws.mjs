// SPDX-License-Identifier: MIT
// Node's `ws`, driven by node_ws_test.py:
//
//     node node_ws.mjs client URL       the checks against hawse-echo: one line each, then a summary
//     node node_ws.mjs deflate URL      the same for what is compressed
//     node node_ws.mjs asked URL        the same in short, with a server that asks for something
//     node node_ws.mjs stopped URL      five clients that print the close code they are ended with
//     node node_ws.mjs server           behaves as cat_checks.py says; prints its port. /deflate/OPTIONS
//                                       echoes with these options of perMessageDeflate, in JSON
//
// Exits 77 when `ws` is not installed.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

let ws;
try {
    ws = createRequire(import.meta.url)('ws');
} catch {
    console.log('SKIPPED: the package ws is not installed (npm ci in tests/interop)');
    process.exit(77);
}

const sizes = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 16 << 20];
const closeCodes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 4999];
const options = { perMessageDeflate: false, maxPayload: 64 << 20, handshakeTimeout: 20000 };

function octetsOf(size) {
    const octets = Buffer.alloc(size);
    for (let index = 0; index < size; ++index) octets[index] = index * 7 + (index >> 8);
    return octets;
}
function textOf(size) {
    const unit = Array.from({ length: 971 }, (_, index) => String.fromCharCode(33 + (index % 90))).join('');
    return unit.repeat(Math.floor(size / unit.length) + 1).slice(0, size);
}
// The octets that peers.py makes of a size, for what hawse-cat prints.
function pythonOctetsOf(size) {
    const octets = Buffer.alloc(size);
    for (let index = 0; index < size; ++index) {
        const place = index % 4093;
        octets[index] = (place * 7 + Math.floor(place / 251)) % 256;
    }
    return octets;
}

// ---- The client ---------------------------------------------------------------------------------

let count = 0;
let failures = 0;
function check(condition, sentence) {
    ++count;
    if (condition) return;
    ++failures;
    console.log(`FAILED: ${sentence}`);
}
const equal = (seen, expected, sentence) =>
    check(Object.is(seen, expected), `${sentence}: expected ${expected}, saw ${seen}`);

function within(promise, what, milliseconds = 60000) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what} took too long`)), milliseconds);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// A client whose messages are awaited one by one, none lost.
async function open(url, more = {}) {
    const client = new ws.WebSocket(url, more.protocols ?? [], { ...options, ...more });
    const waiting = [];
    const arrived = [];
    const put = (what) => (waiting.length ? waiting.shift()(what) : arrived.push(what));
    client.on('message', (data, binary) => put({ data, binary }));
    client.on('pong', (data) => put({ pong: data }));
    client.on('error', (error) => put({ error }));
    client.ended = new Promise((resolve) =>
        client.on('close', (code, reason) => resolve({ code, reason: reason.toString() })));
    client.next = () => within(
        arrived.length ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve)),
        'an answer');
    await within(once(client, 'open'), 'opening');
    return client;
}

async function echoes(url) {
    const client = await open(url);
    for (const size of sizes) {
        const octets = octetsOf(size);
        client.send(octets);
        let seen = await client.next();
        check(seen.binary === true && octets.equals(seen.data), `binary of ${size} comes back`);
        const text = textOf(size);
        client.send(text);
        seen = await client.next();
        check(seen.binary === false && seen.data.toString() === text, `text of ${size} comes back`);
    }
    const wide = 'h\u00e9 \u6c34 \u{1F40B} \u0000 \ufeff'.repeat(100);
    client.send(wide);
    equal((await client.next()).data.toString(), wide, 'text of every width comes back');

    for (const size of [0, 1, 70000]) {
        const octets = octetsOf(size);
        client.send(octets, { fin: false, binary: true });
        client.ping('inside');
        client.send(octets, { fin: false, binary: true });
        client.send(octets, { fin: true, binary: true });
        equal((await client.next()).pong?.toString(), 'inside', 'a ping inside fragments is answered first');
        check(Buffer.concat([octets, octets, octets]).equals((await client.next()).data),
              `three fragments of ${size} come back as one message`);
    }
    for (let index = 0; index < 500; ++index) client.send(`message ${index}`);
    let inOrder = true;
    for (let index = 0; index < 500; ++index)
        inOrder &&= (await client.next()).data.toString() === `message ${index}`;
    check(inOrder, 'a train keeps its order');
    client.close();
    equal((await within(client.ended, 'closing')).code, 1005, 'an empty Close is answered by an empty one');

}

async function closes(url) {
    for (const code of closeCodes) {
        const client = await open(url);
        client.send('before');
        equal((await client.next()).data.toString(), 'before', `an echo before ${code}`);
        client.close(code, 'that is all');
        const end = await within(client.ended, `closing with ${code}`);
        equal(end.code, code, `close ${code} is echoed`);
        equal(end.reason, '', `the echo of ${code} has no reason`);
    }
    const large = await open(url);
    large.send(Buffer.alloc((16 << 20) + 1));
    equal((await within(large.ended, 'a refusal')).code, 1009, 'one octet more than --max-message');

    const terminated = await open(url);
    terminated.send(octetsOf(1 << 20));
    terminated.terminate();
    equal((await within(terminated.ended, 'terminating')).code, 1006, 'a terminated client');
    const after = await open(url);
    after.send('still there');
    equal((await after.next()).data.toString(), 'still there', 'the server after an abrupt end');
    after.close(1000);
    await within(after.ended, 'closing');
}

// Text or octets that shrink well, a little, or not at all. The same for the same seed.
function makeMessage(seed, size) {
    let state = seed * 2654435761 + 1;
    const draw = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
    const octets = Buffer.alloc(size);
    const spread = [0, 3, 15, 255][seed % 4];
    for (let index = 0; index < size; ++index) octets[index] = 64 + (draw() & spread);
    return spread === 255 ? octets : octets.toString('latin1');
}

// A block that repeats further back than the smallest windows reach, and what else there is.
function aFew(seed) {
    const block = makeMessage(4 * seed + 3, 700).toString('hex');
    const sizes = [0, 1, 5, 127, 128, 1000, 4096, 33000];
    return [block, block, '', ...[0, 1, 2].map((index) =>
        makeMessage(seed + index, sizes[(seed * 3 + index * 5) % sizes.length]))];
}

let conversations = 0;
let messageCount = 0;
async function conversesCompressed(url, perMessageDeflate, messages, what, cut = false) {
    const client = await open(url, { perMessageDeflate });
    equal(client.extensions, 'permessage-deflate', `${what}: compression is agreed`);
    let sent = 0;
    const sendSome = (until) => {
        for (; sent < Math.min(until, messages.length); ++sent) {
            const message = messages[sent];
            const binary = typeof message !== 'string';
            if (!cut) {
                client.send(message);
                continue;
            }
            const octets = Buffer.from(message);
            const [first, second] = [sent % 7, 0.4].map((part) => Math.floor(octets.length * part / 7));
            client.send(octets.subarray(0, first), { fin: false, binary });
            client.send(octets.subarray(first, first + second), { fin: false, binary });
            client.send(octets.subarray(first + second), { fin: true, binary });
        }
    };
    for (let index = 0; index < messages.length; ++index) {
        sendSome(index + 64);
        const seen = await client.next();
        const expected = messages[index];
        const same = seen.data !== undefined && seen.binary === (typeof expected !== 'string') &&
            (seen.binary ? seen.data.equals(expected) : seen.data.toString() === expected);
        check(same, `${what}: message ${index} of ${expected.length} comes back ${seen.error ?? ''}`);
        if (!same) break;
    }
    client.close(1000);
    equal((await within(client.ended, 'closing')).code, 1000, `${what}: the close code`);
    ++conversations;
    messageCount += messages.length;
}

async function compresses(url) {
    const flags = [false, true];
    const bits = [undefined, 8, 9, 10, 11, 12, 13, 14, 15];
    let number = 0;
    for (const serverNoContextTakeover of flags)
        for (const clientNoContextTakeover of flags)
            for (const serverMaxWindowBits of bits)
                for (const clientMaxWindowBits of bits) {
                    const chosen = { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits,
                                     clientMaxWindowBits, threshold: ++number % 2 ? 0 : 1024 };
                    for (const name of Object.keys(chosen))
                        if (chosen[name] === undefined) delete chosen[name];
                    await conversesCompressed(url, chosen, aFew(number), JSON.stringify(chosen));
                }
    const sizes = [0, 1, 2, 127, 128, 129, 1000, 4096, 32767, 32768, 65535, 65536, 100000];
    for (const serverNoContextTakeover of flags)
        for (const clientNoContextTakeover of flags) {
            const chosen = { serverNoContextTakeover, clientNoContextTakeover, threshold: 0 };
            const many = Array.from({ length: 1500 }, (_, index) => makeMessage(index, (index * 37) % 1500));
            const large = sizes.flatMap((size) => [0, 1, 2, 3].map((seed) => makeMessage(seed, size)));
            await conversesCompressed(url, chosen, [...many, ...large], `long, ${JSON.stringify(chosen)}`);
            await conversesCompressed(url, chosen, large, `in fragments, ${JSON.stringify(chosen)}`, true);
        }
    console.log(`${conversations} compressed conversations, ${messageCount} messages`);
}

// The server asks for less of its own accord.
async function isAsked(url) {
    for (const chosen of [{}, { clientMaxWindowBits: 11 }, { serverMaxWindowBits: 10 },
                          { clientNoContextTakeover: true, serverNoContextTakeover: true }])
        await conversesCompressed(url, { ...chosen, threshold: 0 },
                                  [1, 2, 3, 4].flatMap(aFew), JSON.stringify(chosen));
}

async function isStopped(url) {
    const clients = [];
    for (let index = 0; index < 5; ++index) clients.push(await open(url));
    console.log('open');
    for (const client of clients) console.log((await within(client.ended, 'a close')).code);
}

// ---- The server ---------------------------------------------------------------------------------

function serve() {
    const http = createServer();
    const server = new ws.WebSocketServer({
        ...options,
        noServer: true,
        handleProtocols: (offered) => (offered.has('second') ? 'second' : false),
    });
    http.on('upgrade', (request, socket, head) => {
        const [, kind, value] = request.url.split('/');
        if (kind === 'refuse') {
            socket.end('HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n' +
                       'Content-Length: 13\r\nConnection: close\r\n\r\nwho are you?\n');
            return;
        }
        if (kind === 'redirect') {
            socket.end('HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1/elsewhere\r\n' +
                       'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n');
            return;
        }
        const own = kind === 'deflate' && new ws.WebSocketServer({
            ...options, noServer: true, perMessageDeflate: JSON.parse(decodeURIComponent(value)) });
        (own || server).handleUpgrade(request, socket, head, (peer) => {
            peer.on('error', () => {});
            if (kind === 'text') peer.send(textOf(Number(value)));
            if (kind === 'binary') peer.send(pythonOctetsOf(Number(value)));
            if (kind === 'request') peer.send(JSON.stringify(request.headers));
            peer.on('message', (data, binary) => {
                if (kind === 'close') peer.close(Number(value), 'enough');
                else if (kind === 'terminate') peer.terminate();
                else if (kind === 'fragments') {
                    const third = Math.floor(data.length / 3);
                    peer.send(data.subarray(0, third), { fin: false, binary });
                    peer.ping('between');
                    peer.send(data.subarray(third, 2 * third), { fin: false, binary });
                    peer.send(data.subarray(2 * third), { fin: true, binary });
                } else peer.send(data, { binary });
            });
        });
    });
    http.listen(0, '127.0.0.1', () => console.log(http.address().port));
}

const [mode, url] = process.argv.slice(2);
try {
    if (mode === 'server') serve();
    else if (mode === 'stopped') await isStopped(url);
    else if (['client', 'deflate', 'asked'].includes(mode)) {
        if (mode === 'deflate') await compresses(url);
        else if (mode === 'asked') await isAsked(url);
        else await echoes(url).then(() => closes(url));
        console.log(`${count} checks, ${failures} failures`);
        process.exit(failures || !count ? 1 : 0);
    } else throw new Error('client URL, deflate URL, asked URL, stopped URL or server');
} catch (error) {
    console.log(`FAILED: ${error.stack}`);
    process.exit(1);
}
