// SPDX-License-Identifier: Apache-2.0
// A child process under test: started until it says that it is ready, ended so that a bad end fails the test.
'use strict';

const { spawn } = require('node:child_process');

const READY_MS = 120000;
const STOP_MS = 120000; // the product promises five seconds; a busy machine also looks for leaks then
const OUTPUT_MAX = 4 * 1024 * 1024; // characters of output that are kept
const SANITIZER = /(ERROR: (Address|Leak|Memory|Thread)Sanitizer|runtime error: |SUMMARY: \w+Sanitizer)/;

const running = new Set();
process.on('exit', () => {
    for (const program of running) program.child.kill('SIGKILL');
});

class Program {
    // Resolves when a line of its output matches `ready`; the match is kept in .ready. Without `ready`, when it ends.
    static async start(bin, args, { ready, env = {}, cwd, within = READY_MS } = {}) {
        const program = new Program();
        program.name = [bin.split('/').pop(), ...args].join(' ');
        program.output = '';
        program.child = spawn(bin, args, {
            cwd,
            env: {
                ASAN_OPTIONS: 'halt_on_error=1:detect_leaks=1:strict_string_checks=1',
                UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
                ...process.env,
                ...env,
            },
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        running.add(program);
        program.ended = new Promise((resolve) => {
            program.child.on('error', (error) => program.end({ error }, resolve));
            program.child.on('close', (code, signal) => program.end({ code, signal }, resolve));
        });
        await program.waitFor(ready, within);
        return program;
    }

    end(how, resolve) {
        this.how = this.how || how;
        running.delete(this);
        resolve(this.how);
    }

    waitFor(ready, within) {
        return new Promise((resolve, reject) => {
            const timer = setTimeout(() => {
                this.child.kill('SIGKILL');
                reject(this.failure(`was not ready after ${within} ms`));
            }, within);
            const look = (chunk) => {
                if (this.output.length < OUTPUT_MAX) this.output += chunk;
                const match = !this.ready && ready && ready.exec(this.output);
                if (!match) return;
                this.ready = match;
                clearTimeout(timer);
                resolve();
            };
            for (const stream of [this.child.stdout, this.child.stderr]) stream.setEncoding('utf8').on('data', look);
            this.ended.then((how) => {
                clearTimeout(timer);
                if (!this.ready && !ready) resolve();
                else if (!this.ready) reject(this.failure(`ended before it was ready (${JSON.stringify(how)})`));
            });
        });
    }

    failure(text) {
        return new Error(`${this.name}: ${text}\n--- its output ---\n${this.output.slice(-8000)}`);
    }

    // Throws when it has ended by itself or a sanitizer has complained.
    check() {
        if (SANITIZER.test(this.output)) throw this.failure('a sanitizer has complained');
        if (this.how && !this.stopping) throw this.failure(`has ended by itself (${JSON.stringify(this.how)})`);
    }

    // SIGTERM; throws unless it ends with status 0 in time and no sanitizer complains.
    async stop() {
        if (!this.how) {
            this.stopping = true;
            this.child.kill('SIGTERM');
            let timer;
            const late = new Promise((resolve) => {
                timer = setTimeout(resolve, STOP_MS, { late: true });
            });
            const how = await Promise.race([this.ended, late]);
            clearTimeout(timer);
            if (how.late) {
                this.child.kill('SIGKILL');
                await this.ended;
                throw this.failure(`did not end within ${STOP_MS} ms after SIGTERM`);
            }
        }
        this.check();
        if (this.how.code !== 0) throw this.failure(`ended badly (${JSON.stringify(this.how)})`);
    }

    // As if the power had gone.
    async kill() {
        this.stopping = true;
        this.child.kill('SIGKILL');
        await this.ended;
        if (SANITIZER.test(this.output)) throw this.failure('a sanitizer has complained');
    }
}

// Runs a program to its end: { code, signal, output }.
async function run(bin, args, options = {}) {
    const program = await Program.start(bin, args, options);
    const how = await program.ended;
    if (how.error) throw how.error;
    program.stopping = true;
    program.check();
    return { ...how, output: program.output };
}

module.exports = { Program, run };
