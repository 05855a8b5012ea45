// SPDX-License-Identifier: Apache-2.0
// `muster migrate`: a running organisation moves to PostgreSQL and back. With MUSTER_TEST_FULL also 100,000 people with
// 1,000,000 memberships, both ways.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { BIN, Muster, Practice, databaseOf } = require('../lib/muster');
const { run } = require('../lib/program');
const { connectedApp, groupByName, importCrowd, until } = require('../target/crowd');

const PEOPLE = 300;
const MIGRATE_MS = 1800000;
const FULL_PEOPLE = 100000;
const FULL_MEMBERSHIPS = 10; // of each person

// A server whose store is a file, whatever the ring runs on.
async function onFile(dir) {
    const url = process.env.MUSTER_TEST_DATABASE;
    delete process.env.MUSTER_TEST_DATABASE;
    try {
        return await Muster.start({ dir });
    } finally {
        process.env.MUSTER_TEST_DATABASE = url;
    }
}

function temporary() {
    return fs.mkdtempSync('/tmp/muster-test-migrate-');
}

async function migrate(from, to) {
    const { code, output } = await run(BIN, ['migrate', '--from', from, '--to', to, '--json'], { within: MIGRATE_MS });
    assert.equal(code, 0, output);
    return JSON.parse(output.slice(output.indexOf('{')));
}

// What both copies must have alike: all but what a copy is told at the end: that it is paused (which is logged), and that
// nobody holds a lease.
const TOLD = ['org_state', 'system_log', 'log_counter', 'leases', 'nodes'];
function tablesOf(report) {
    return report.tables.filter(({ table }) => !TOLD.includes(table));
}

test('an organisation moves to PostgreSQL and back, and pushing goes on', async () => {
    const dir = temporary();
    const target = await Practice.start();
    let muster;
    try {
        muster = await onFile(dir);
        await importCrowd(muster, PEOPLE, () => ['Engineering']);
        const app = await connectedApp(muster, 'Practice', target);
        const group = await groupByName(muster, 'Engineering');
        await muster.ask('PUT', `/api/v1/apps/${app.id}/groups/${group.id}`, {});
        await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, {
            sourceGroupId: group.id,
            targetGroupName: 'Engineering',
        });
        await muster.synced(app.id);
        await muster.program.stop();

        // There.
        const [, url] = databaseOf(path.join(dir, 'elsewhere'));
        const there = await migrate(muster.data, url);
        assert.equal(there.tables.find(({ table }) => table === 'memberships').rows, PEOPLE);
        assert.match(there.key, /^[a-z0-9]+$/);
        const again = await run(BIN, ['migrate', '--from', muster.data, '--to', url]);
        assert.equal(again.code, 1, again.output);
        assert.match(again.output, /choose an empty place/);
        muster.where = ['--data', muster.data, '--database', url];
        await muster.startAgain(['--lease', '120']); // it runs, even if the machine stands still for a moment
        const state = await muster.ask('GET', '/api/v1/org');
        assert.equal(state.paused, true);
        assert.match(state.reason, /migrated from .*muster\.db/);
        const mark = await target.mark();
        const members = await muster.ask('GET', `/api/v1/groups/${group.id}/users?limit=1000`);
        assert.equal(members.length, PEOPLE);
        await muster.ask('DELETE', `/api/v1/groups/${group.id}/users/${members[0].id}`);
        assert.equal((await muster.cli(['resume'])).code, 0);
        await muster.synced(app.id);
        // Not while a node runs on it: what that writes meanwhile would be lost.
        const running = await run(BIN, ['migrate', '--from', url, '--to', path.join(dir, 'too-early')]);
        assert.equal(running.code, 6, running.output);
        assert.match(running.output, /the node .* is running on postgresql:.*stop every node/);
        assert.equal(fs.existsSync(path.join(dir, 'too-early', 'muster.db')), false);
        const log = (await target.log(mark)).filter(({ method }) => method !== 'GET');
        assert.ok(log.length > 0 && log.every(({ method }) => method === 'PATCH'), JSON.stringify(log));
        assert.equal((await target.state()).memberships, PEOPLE - 1);
        await muster.program.stop();

        // And back: what goes there once more is the same again.
        const back = path.join(dir, 'back');
        const first = await migrate(url, back);
        const [, second] = databaseOf(path.join(dir, 'once-more'));
        assert.deepEqual(tablesOf(await migrate(back, second)), tablesOf(first));
        fs.copyFileSync(path.join(muster.data, 'muster.key'), path.join(back, 'muster.key'));
        muster.data = back;
        muster.where = ['--data', back];
        await muster.startAgain();
        assert.equal((await muster.cli(['resume'])).code, 0);
        await muster.ask('DELETE', `/api/v1/groups/${group.id}/users/${members[1].id}`);
        await muster.synced(app.id);
        assert.equal((await target.state()).memberships, PEOPLE - 2);
    } finally {
        if (muster) await muster.stop();
        await target.stop();
        fs.rmSync(dir, { recursive: true, force: true });
    }
});

test('a migration that is killed leaves the source as it was, and a place that no server starts on', async () => {
    const dir = temporary();
    try {
        const muster = await onFile(dir);
        await importCrowd(muster, 3000, (i) => [`Team ${i % 10}`, 'All']);
        await muster.program.stop();
        const before = fs.readFileSync(path.join(muster.data, 'muster.db'));
        const [, url] = databaseOf(path.join(dir, 'killed'));
        // Killed as soon as it has something in the place: its schema says so.
        const child = spawn(BIN, ['migrate', '--from', muster.data, '--to', url], { stdio: 'ignore' });
        const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal)));
        await until('the place says that it is unfinished', async () => {
            const made = await run('psql', ['-qAtc', "SELECT count(*) FROM store_state WHERE name = 'unfinished'", url]);
            return made.code === 0 && made.output.trim() === '1';
        });
        child.kill('SIGKILL');
        assert.equal(await ended, 'SIGKILL');
        const refused = await run(BIN, ['serve', '--data', muster.data, '--database', url, '--listen', '127.0.0.1:0']);
        assert.equal(refused.code, 1, refused.output);
        assert.match(refused.output, /unfinished copy \(from .*muster\.db/);
        assert.ok(before.equals(fs.readFileSync(path.join(muster.data, 'muster.db'))), 'the source is the same, byte by byte');
        await muster.startAgain();
        await muster.program.stop();
    } finally {
        fs.rmSync(dir, { recursive: true, force: true });
    }
});

const full = process.env.MUSTER_TEST_FULL ? test : () => {};

full('100,000 people and 1,000,000 memberships, both ways', async () => {
    const dir = temporary();
    try {
        const lines = ['login,email,firstName,lastName'];
        const rows = ['login,group'];
        for (let i = 0; i < FULL_PEOPLE; i++) {
            lines.push(`p${i}@example.com,p${i}@example.com,First${i},Zoë ${i}`);
            for (let k = 0; k < FULL_MEMBERSHIPS; k++) rows.push(`p${i}@example.com,Group ${(i * 7 + k * 13) % 2000}`);
        }
        fs.writeFileSync(path.join(dir, 'u.csv'), `${lines.join('\n')}\n`);
        fs.writeFileSync(path.join(dir, 'm.csv'), `${rows.join('\n')}\n`);
        const data = path.join(dir, 'data');
        const child = spawn(BIN, ['import', '--data', data, path.join(dir, 'u.csv'), path.join(dir, 'm.csv')], { stdio: 'ignore' });
        assert.equal(await new Promise((resolve) => child.on('close', resolve)), 0);
        const [, url] = databaseOf(path.join(dir, 'large'));
        const start = Date.now();
        const there = await migrate(data, url);
        const between = Date.now();
        const back = await migrate(url, path.join(dir, 'back'));
        console.log(`# ${there.rows} rows there in ${between - start} ms, back in ${Date.now() - between} ms`);
        assert.equal(there.tables.find(({ table }) => table === 'users').rows, FULL_PEOPLE);
        assert.equal(there.tables.find(({ table }) => table === 'memberships').rows, FULL_PEOPLE * FULL_MEMBERSHIPS);
        assert.deepEqual(tablesOf(back), tablesOf(there));
    } finally {
        fs.rmSync(dir, { recursive: true, force: true });
    }
});
