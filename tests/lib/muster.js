// SPDX-License-Identifier: Apache-2.0
// `muster serve` and `muster practice` as a test uses them.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { Program, run } = require('./program');
const { request } = require('./http');

const ROOT = path.resolve(__dirname, '..', '..');
const BIN = process.env.MUSTER_BIN || path.join(ROOT, 'build-asan', 'src', 'cli', 'muster');
const IMPORT_ROWS = 1000; // as many as one call takes
const SYNC_MS = 300000; // a busy machine takes long
// The build without sanitizers, for what is measured.
const PLAIN_BIN = process.env.MUSTER_PLAIN_BIN || path.join(ROOT, 'build', 'src', 'cli', 'muster');
const READY = /ready on (https?:\/\/[^\s/]+:\d+)/;

function temporaryDirectory() {
    return fs.mkdtempSync(path.join(os.tmpdir(), 'muster-test-'));
}

// Where a server in `dir` keeps its store: arguments for the command line. Nothing on SQLite; with MUSTER_TEST_DATABASE a
// schema of its own in that database.
function databaseOf(dir) {
    const url = process.env.MUSTER_TEST_DATABASE;
    if (!url) return [];
    const schema = `t_${createHash('sha256').update(dir).digest('hex').slice(0, 16)}`;
    const made = spawnSync('psql', ['-q', '-c', `CREATE SCHEMA IF NOT EXISTS ${schema}`, url], { encoding: 'utf8' });
    assert.equal(made.status, 0, made.stderr);
    return ['--database', `${url}?options=-csearch_path%3D${schema}`];
}

class Muster {
    bin = BIN;

    // A server on a port and a data directory of its own. `args` are added to the command line; `where` says where its
    // store is, if not where the ring has it.
    static async start({ args = [], env = {}, dir, bin = BIN, where } = {}) {
        const muster = new Muster();
        muster.bin = bin;
        muster.args = args;
        muster.env = env;
        muster.dir = dir || temporaryDirectory();
        muster.ownsDir = !dir;
        muster.data = path.join(muster.dir, 'data');
        muster.where = ['--data', muster.data, ...(where || databaseOf(muster.data))];
        muster.change = 0; // the newest change that an answer has named
        await muster.startAgain();
        return muster;
    }

    async startAgain(args = this.args) {
        this.program = await Program.start(this.bin, ['serve', ...this.where, '--listen', '127.0.0.1:0', ...args], {
            ready: READY,
            env: this.env,
            cwd: this.dir,
        });
        this.url = this.program.ready[1];
        this.token = this.token || fs.readFileSync(path.join(this.data, 'admin.token'), 'utf8').trim();
    }

    note(value) {
        this.change = Math.max(this.change, Number(value || 0));
    }

    // A call of the API with the administrator's token, or that of `token` (null: none).
    async call(method, path_, { token = this.token, headers = {}, ...rest } = {}) {
        const authorization = token ? { Authorization: `SSWS ${token}` } : {};
        const answer = await request(this.url, method, path_, { headers: { ...authorization, ...headers }, ...rest });
        this.note(answer.headers['x-muster-change']);
        return answer;
    }

    // The same for a call that must succeed; its JSON.
    async ask(method, path_, body, options = {}) {
        const answer = await this.call(method, path_, { body, ...options });
        assert.ok(answer.status >= 200 && answer.status < 300, `${method} ${path_}: ${answer.status} ${answer.text}`);
        return answer.json;
    }

    // Puts people, by login, into the group of that name.
    async bulkMembers(group, logins) {
        for (let from = 0; from < logins.length; from += IMPORT_ROWS) {
            const memberships = logins.slice(from, from + IMPORT_ROWS).map((login) => ({ login, group }));
            const answer = await this.ask('POST', '/api/v1/import', { memberships });
            assert.deepEqual(answer.errors, []);
        }
    }

    // Waits until everything that the calls up to now have caused in an app is done, or the rest waits for somebody to
    // act: the last answer of `sync`. Members that were refused do not count as waiting.
    async sync(appId, { after = this.change, timeout = SYNC_MS } = {}) {
        const deadline = Date.now() + timeout;
        for (;;) {
            const answer = await this.ask('GET', `/api/v1/apps/${appId}/sync?after=${after}&wait=10s`);
            if (answer.pending === 0 && answer.failed.every((each) => each.held)) return answer;
            if (Date.now() > deadline) {
                throw this.program.failure(`app ${appId} was not in step after ${timeout} ms: ${JSON.stringify(answer)}`);
            }
            // The server answers at once when something failed that it will try again.
            if (answer.pending === 0) await new Promise((resolve) => setTimeout(resolve, 100));
        }
    }

    // The same, and nothing may have failed.
    async synced(appId, options) {
        const answer = await this.sync(appId, options);
        assert.ok(answer.done, `work failed: ${JSON.stringify(answer)}`);
        return answer;
    }

    // The command line against this server: { code, output }.
    cli(args, options = {}) {
        return run(this.bin, args, {
            cwd: this.dir,
            ...options,
            env: { MUSTER_URL: this.url, MUSTER_TOKEN: this.token, ...(options.env || {}) },
        });
    }

    // The most memory that this process has had at once, in KiB.
    peakMemory() {
        const status = fs.readFileSync(`/proc/${this.program.child.pid}/status`, 'utf8');
        return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)[1]);
    }

    check() {
        this.program.check();
    }

    kill() {
        return this.program.kill();
    }

    async stop() {
        try {
            await this.program.stop();
        } finally {
            if (this.ownsDir) fs.rmSync(this.dir, { recursive: true, force: true });
        }
    }
}

// A SCIM server to push to. Both kinds of target answer the same questions:
//   baseUrl, token           what a connection needs
//   users(), groups()        everything there is, as SCIM resources
//   mark(), log(mark)        requests received since: { number, method, path, query, json, status, dropped }
//   seedUser(), seedGroup()  what was there before Muster came; the new resource
class Practice {
    static async start({ args = [], bin = BIN } = {}) {
        const target = new Practice();
        target.kind = 'practice';
        target.token = 'a-token-of-the-practice-target';
        target.program = await Program.start(bin, ['practice', '--listen', '127.0.0.1:0', '--token', target.token, ...args], {
            ready: /(https?:\/\/[^\s/]+:\d+)/,
        });
        target.url = target.program.ready[1];
        target.baseUrl = `${target.url}/scim/v2`;
        return target;
    }

    async ask(method, path_, body) {
        const headers = { Authorization: `Bearer ${this.token}` };
        if (body) headers['Content-Type'] = 'application/scim+json';
        const answer = await request(this.url, method, path_, { headers, body });
        assert.ok(answer.status < 300, `${method} ${path_}: ${answer.status} ${answer.text}`);
        return answer.json;
    }

    state() {
        return this.ask('GET', '/practice/state');
    }

    async faults(faults) {
        await this.ask('PUT', '/practice/faults', { faults });
    }

    // The manners of a named target, with its published rates times `rateFactor`, and faults beside them.
    async behaveAs(profile, rateFactor, faults = []) {
        await this.ask('PUT', '/practice/faults', { profile, rateFactor, faults });
    }

    async mark() {
        return (await this.ask('GET', '/practice/journal?after=999999999')).last;
    }

    async log(mark = 0) {
        const { oldest, entries } = await this.ask('GET', `/practice/journal?after=${mark}`);
        assert.ok(entries.length === 0 || oldest <= mark + 1, 'the journal has forgotten requests that are asked for');
        return entries.map((entry) => ({ ...entry, json: tryJson(entry.body) }));
    }

    async list(what) {
        const all = [];
        for (;;) {
            const page = await this.ask('GET', `/scim/v2/${what}?startIndex=${all.length + 1}&count=1000`);
            all.push(...(page.Resources || []));
            if (all.length >= page.totalResults || !(page.Resources || []).length) return all;
        }
    }

    users() {
        return this.list('Users');
    }

    groups() {
        return this.list('Groups');
    }

    seedUser(resource) {
        return this.ask('POST', '/scim/v2/Users', { schemas: [USER_SCHEMA], active: true, ...resource });
    }

    seedGroup(resource) {
        return this.ask('POST', '/scim/v2/Groups', { schemas: [GROUP_SCHEMA], ...resource });
    }

    check() {
        this.program.check();
    }

    stop() {
        return this.program.stop();
    }
}

const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';

function tryJson(text) {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

module.exports = { BIN, PLAIN_BIN, ROOT, Muster, Practice, databaseOf, temporaryDirectory, USER_SCHEMA, GROUP_SCHEMA };
