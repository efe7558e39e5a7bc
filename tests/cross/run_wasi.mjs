// SPDX-License-Identifier: MIT
// Runs a WebAssembly program in a system that has standard output and nothing else: no files, no
// clock that was asked for, no sockets. Says which calls into that system the program could make.
//
//     node --no-warnings tests/cross/run_wasi.mjs PROGRAM [ARGUMENT...]
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

const [program, ...rest] = process.argv.slice(2);
const wasi = new WASI({ version: 'preview1', args: [program, ...rest], returnOnExit: true });
const module = new WebAssembly.Module(readFileSync(program));
const { exports } = new WebAssembly.Instance(module, wasi.getImportObject());
process.exitCode = wasi.start({ exports: exports });
