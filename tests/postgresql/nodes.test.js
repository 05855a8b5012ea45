// SPDX-License-Identifier: Apache-2.0
// Three nodes on one database while memberships change: one is killed every three seconds, another stands still for
// longer than its lease and goes on. 3,000 changes in four apps; with MUSTER_TEST_FULL 50,000 in ten.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { test } = require('node:test');
const { until } = require('../target/crowd');
const { members, pause, withNodes } = require('./nodes');

const FULL = Boolean(process.env.MUSTER_TEST_FULL);
const APPS = FULL ? 10 : 4;
const TEAMS = 5; // in each app
const PEOPLE = FULL ? 500 : 150;
const CHANGES = FULL ? 50000 : 3000; // of memberships in targets: a change of a team is one in each app
const LEASE_S = 2;
const REQUEST_S = 2;
const KILL_MS = 3000;
const PAUSE_MS = (LEASE_S + 2) * 1000;
const KILLS_MIN = FULL ? 10 : 3; // however soon the changes are made
const WORK_MS = FULL ? 3600000 : 600000; // for all changes
const SETTLE_MS = 600000; // for all apps, once nobody is killed any more
const TAKEN_OVER = /had been taken over by another node/;
const IN_USE = 6; // the exit status of a verb that needs the store for itself
const OPTIONS = ['--lease', String(LEASE_S), '--request-timeout', String(REQUEST_S)];

// Until `work` is done: every three seconds one node is killed and another comes; meanwhile one stands still. The work
// is to go on until there was enough of that, however fast the machine is.
async function chaos(nodes, work) {
    const done = { kills: 0, pauses: 0 };
    const end = Date.now() + WORK_MS;
    let working = true;
    let sleep = Promise.resolve();
    const enough = () => done.kills >= KILLS_MIN && done.pauses >= 1 && TAKEN_OVER.test(nodes.said());
    const watched = work(enough).finally(() => {
        working = false;
    });
    watched.catch(() => {});
    while (working) {
        assert.ok(Date.now() < end, `the changes were not made within ${WORK_MS} ms`);
        await pause(KILL_MS);
        const [victim, sleeper] = nodes.all.filter((node) => !node.stopped).sort(() => Math.random() - 0.5);
        if (sleeper && !nodes.all.some((node) => node.stopped)) {
            sleeper.program.child.kill('SIGSTOP');
            sleeper.stopped = true;
            done.pauses++;
            sleep = pause(PAUSE_MS).then(() => {
                sleeper.program.child.kill('SIGCONT');
                sleeper.stopped = false;
            });
        }
        await nodes.kill(victim);
        done.kills++;
        await nodes.add();
    }
    await sleep;
    await watched;
    return done;
}

async function story(t, nodes, organisation) {
    await nodes.start(3, OPTIONS);
    await organisation.start(nodes, { apps: APPS, teams: TEAMS, people: PEOPLE });
    const { kills, pauses } = await chaos(nodes, (enough) => organisation.work(CHANGES / APPS, enough));
    await nodes.settle(SETTLE_MS);
    const requests = await organisation.exact();
    t.diagnostic(`${kills} kills, ${pauses} pauses, ${requests} requests, ${nodes.refused} calls refused for now`);
    // A node dies, and what it did is another's after the end of its lease.
    await until('every node asks some apps', async () => {
        const shown = await nodes.ask('GET', '/api/v1/nodes');
        return shown.filter((node) => node.status === 'ALIVE' && node.leases > 0).length === 3;
    });
    await nodes.kill(nodes.all[Math.floor(Math.random() * 3)]);
    await organisation.change(0);
    const [login] = organisation.people[0];
    const wanted = organisation.teams[0].has.has(login);
    await until('a change reaches every app', async () => {
        for (const target of organisation.targets) {
            if ((await members(target, 'Team 0')).includes(login) !== wanted) return false;
        }
        return true;
    });
    for (const node of nodes.all) node.check();
}

test(`three nodes, ${APPS} apps, ${CHANGES} membership changes, kill -9 every ${KILL_MS / 1000} s and a node that stands still`, (t) =>
    withNodes((nodes, organisation) => story(t, nodes, organisation)));

test('key rotate is refused while a node runs, wherever it runs', () =>
    withNodes(async (nodes) => {
        await nodes.start(1, ['--lease', '120']); // a machine that stands still for a moment has not left
        const { key, where } = nodes.directory('elsewhere');
        const before = fs.readFileSync(key);
        const refused = await nodes.first.cli(['key', 'rotate', ...where]);
        assert.equal(refused.code, IN_USE, refused.output);
        assert.match(refused.output, /the node node-0 \(of 1\) is running/);
        assert.deepEqual(fs.readFileSync(key), before, 'the key file is as it was');
        await nodes.first.program.stop(); // takes its name out of the database
        const rotated = await nodes.first.cli(['key', 'rotate', ...where]);
        assert.equal(rotated.code, 0, rotated.output);
        await assert.rejects(nodes.first.startAgain(), /key/i, 'the old key does not fit any more');
        fs.copyFileSync(key, `${nodes.first.data}/muster.key`);
        await nodes.first.startAgain();
    }));

test('the link of the first administrator goes from every node when it is used', () =>
    withNodes(async (nodes) => {
        await nodes.start(2, OPTIONS);
        const files = nodes.all.map((node) => `${node.data}/first-administrator.link`);
        const [before, newest] = files.map((file) => fs.readFileSync(file, 'utf8').trim().split('/welcome#')[1]);
        const claim = (token, email) =>
            nodes.first.call('POST', '/api/v1/session/claim', { token: null, body: { token, name: 'Ada', email, password: 'a long enough password' } });
        const replaced = await claim(before, 'ada@example.com');
        assert.equal(replaced.status, 400, 'the node that started last has the link that counts');
        assert.match(replaced.text, /replaced by a newer one/);
        const claimed = await claim(newest, 'ada@example.com');
        assert.equal(claimed.status, 200, claimed.text);
        await until('no node has a link', () => files.every((file) => !fs.existsSync(file)));
    }));
