// SPDX-License-Identifier: Apache-2.0
// A database that is lost: it comes back, or its standby takes its place.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { ROOT, temporaryDirectory } = require('../lib/muster');
const { until } = require('../target/crowd');
const { withNodes } = require('./nodes');

const APPS = 2;
const TEAMS = 5;
const PEOPLE = 100;
const CHANGES = 400;
const SETTLE_MS = 600000;
const OPTIONS = ['--lease', '2', '--request-timeout', '2'];

// A private server of the test's own: the primary, and after standby() a second one.
class Database {
    constructor() {
        this.dir = temporaryDirectory();
        fs.chmodSync(this.dir, 0o755); // the server is another user, in directories of its own below
    }

    tool(verb, ...args) {
        const { status, stdout, stderr } = spawnSync(path.join(ROOT, 'tools', 'postgresql'), [verb, ...args], { encoding: 'utf8' });
        assert.equal(status, 0, `tools/postgresql ${verb}: ${stderr}`);
        return stdout.trim();
    }

    at(name) {
        return path.join(this.dir, name);
    }

    start() {
        this.url = this.tool('start', this.at('primary'));
    }

    standby() {
        this.standbyUrl = this.tool('standby', this.at('primary'), this.at('standby'));
    }

    // What libpq needs to find whichever of them can be written to.
    get both() {
        const hosts = [this.url, this.standbyUrl].map((url) => url.slice('postgresql://muster@'.length).replace('/muster', ''));
        return `postgresql://muster@${hosts.join(',')}/muster?target_session_attrs=read-write`;
    }

    ask(sql, url = this.url) {
        const { status, stdout, stderr } = spawnSync('psql', ['-X', '-At', '-c', sql, url], { encoding: 'utf8' });
        assert.equal(status, 0, stderr);
        return stdout.trim();
    }

    remove() {
        for (const name of ['primary', 'standby']) if (fs.existsSync(this.at(name))) this.tool('remove', this.at(name));
        fs.rmSync(this.dir, { recursive: true, force: true });
    }
}

async function onDatabase(story) {
    const database = new Database();
    try {
        database.start();
        await withNodes((nodes, organisation) => story(database, nodes, organisation));
    } finally {
        database.remove();
    }
}

// While the database is away every call is refused for now, in time, and says so.
async function refusedForNow(node) {
    const calls = [
        ['GET', '/api/v1/groups'],
        ['POST', '/api/v1/groups', { profile: { name: 'Nobody hears of it' } }],
    ];
    for (const [method, path_, body] of calls) {
        const answer = await node.call(method, path_, { body });
        assert.equal(answer.status, 503, `${method} ${path_}: ${answer.status} ${answer.text}`);
        assert.ok(Number(answer.headers['retry-after']) > 0, 'Retry-After is missing');
        assert.equal(answer.json.errorCode, 'E0000009');
    }
    assert.equal((await node.call('GET', '/readyz')).status, 503);
    assert.equal((await node.call('GET', '/livez')).status, 200);
}

test('a database that goes away: calls are answered 503 with Retry-After, and go on by themselves when it is back', () =>
    onDatabase(async (database, nodes, organisation) => {
        await nodes.start(1, OPTIONS, ['--database', database.url]);
        await organisation.start(nodes, { apps: 1, teams: TEAMS, people: 20 });
        await organisation.work(50);
        database.tool('stop', database.at('primary'), 'immediate');
        await refusedForNow(nodes.first);
        database.tool('again', database.at('primary'));
        await organisation.work(50); // calls are tried until they are taken
        await nodes.settle(SETTLE_MS);
        await organisation.exact();
        assert.ok(!(await nodes.ask('GET', '/api/v1/groups')).some(({ profile }) => profile.name === 'Nobody hears of it'));
    }));

test('the primary dies while memberships change, its synchronous standby is promoted: nothing acknowledged is lost', (t) =>
    onDatabase(async (database, nodes, organisation) => {
        database.standby();
        await nodes.start(2, OPTIONS, ['--database', database.both]);
        const ready = async () => (await nodes.ask('GET', '/readyz')).warning || '';
        await until('the standby follows', () => database.ask('SELECT count(*) FROM pg_stat_replication') === '1');
        await until('it is said how', async () => /asynchronously.*synchronous_standby_names/.test(await ready()));
        database.ask("ALTER SYSTEM SET synchronous_standby_names = '*'");
        database.ask('SELECT pg_reload_conf()');
        await until('the standby is synchronous', () => database.ask('SELECT sync_state FROM pg_stat_replication') === 'sync');
        await until('nobody is warned any more', async () => (await ready()) === '');

        await organisation.start(nodes, { apps: APPS, teams: TEAMS, people: PEOPLE });
        let done = false;
        const work = organisation.work(CHANGES).finally(() => {
            done = true;
        });
        work.catch(() => {});
        const before = nodes.change;
        await until('changes are made', () => done || nodes.change >= before + CHANGES / 4);
        database.tool('kill', database.at('primary'));
        assert.ok(!done, 'all changes were made before the primary died');
        await refusedForNow(nodes.first);
        database.tool('promote', database.at('standby'));
        await work;
        await nodes.settle(SETTLE_MS);
        const requests = await organisation.exact();
        assert.equal(database.ask('SELECT pg_is_in_recovery()', database.standbyUrl), 'f');
        assert.ok(nodes.refused > 0, 'no call met the gap');
        t.diagnostic(`${requests} requests, ${nodes.refused} calls refused for now`);
        for (const node of nodes.all) node.check();
    }));
