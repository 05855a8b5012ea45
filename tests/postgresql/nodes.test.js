// SPDX-License-Identifier: Apache-2.0
// Three nodes on one database while memberships change: one is killed every three seconds, another stands still for
// longer than its lease and goes on. 3,000 changes in four apps; with MUSTER_TEST_FULL 50,000 in ten.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { Muster, Practice } = require('../lib/muster');
const { checkPosts, connectedApp, importCrowd, groupByName, inParallel, until, userIds } = require('../target/crowd');

const FULL = Boolean(process.env.MUSTER_TEST_FULL);
const APPS = FULL ? 10 : 4;
const TEAMS = 5; // in each app
const PEOPLE = FULL ? 500 : 150;
const CHANGES = FULL ? 50000 : 3000; // of memberships in targets: a change of a team is one in each app
const LEASE_S = 2;
const REQUEST_S = 2;
const KILL_MS = 3000;
const PAUSE_MS = (LEASE_S + 2) * 1000;
const TAKE_OVER_MS = 10000; // after the end of the lease
const ANSWER_MS = 20000; // for one node: who stands still answers afterwards
const CALL_MS = 60000; // in which some node has to answer a call
const WORK_MS = FULL ? 3600000 : 200000; // for all changes
const SETTLE_MS = 60000; // for all apps, once nobody is killed any more
const TAKEN_OVER = /had been taken over by another node/;
const OPTIONS = ['--lease', String(LEASE_S), '--request-timeout', String(REQUEST_S)];

// Refused for now: the database is away, or others were in the way for too long.
const NOT_NOW = [429, 503];

function pause(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
}

// The nodes of a test: each has a data directory with the one key; the first makes the schema.
class Nodes {
    serial = 0;
    refused = 0; // calls that a node did not take for now
    all = [];
    apps = [];
    past = ''; // what nodes that were killed have said
    change = 0; // the newest that any of them has answered

    async start(count) {
        this.first = await Muster.start({ args: ['--node', 'node-0', ...OPTIONS] });
        this.all.push(this.first);
        while (this.all.length < count) await this.add();
    }

    async add() {
        const node = new Muster();
        const name = `node-${++this.serial}`;
        const data = path.join(this.first.dir, name);
        fs.mkdirSync(data, { mode: 0o700 });
        fs.copyFileSync(path.join(this.first.data, 'muster.key'), path.join(data, 'muster.key'));
        fs.chmodSync(path.join(data, 'muster.key'), 0o600);
        Object.assign(node, { bin: this.first.bin, dir: this.first.dir, data, token: this.first.token, env: {}, change: 0 });
        node.where = ['--data', data, ...this.first.where.slice(2)];
        node.args = ['--node', name, ...OPTIONS];
        await node.startAgain();
        this.all.push(node);
        return node;
    }

    any() {
        const running = this.all.filter((node) => !node.stopped);
        return running[Math.floor(Math.random() * running.length)];
    }

    // A call by way of whoever answers. Fails when nobody does, and at once when the test is over.
    async call(method, path_, body) {
        let why = 'no node runs';
        for (const end = Date.now() + CALL_MS; Date.now() < end && !this.over; await pause(20)) {
            const node = this.any();
            if (!node) continue;
            try {
                const answer = await node.call(method, path_, { body, timeout: ANSWER_MS });
                this.change = Math.max(this.change, node.change);
                if (!NOT_NOW.includes(answer.status)) return answer;
                why = `${answer.status} ${answer.text}`;
                this.refused++;
            } catch (error) {
                why = error.message; // killed, or standing still
            }
        }
        throw new Error(`${method} ${path_}: ${this.over ? 'the test is over' : `nobody answered in ${CALL_MS} ms`}: ${why}`);
    }

    async ask(method, path_, body) {
        const answer = await this.call(method, path_, body);
        assert.ok(answer.status < 300, `${method} ${path_}: ${answer.status} ${answer.text}`);
        return answer.json;
    }

    async kill(node) {
        this.all = this.all.filter((each) => each !== node);
        await node.kill();
        this.past += node.program.output;
    }

    async settle() {
        const node = this.all[0];
        node.change = Math.max(node.change, this.change);
        await Promise.all(this.apps.map((app) => node.synced(app.id, { timeout: SETTLE_MS })));
    }

    // Where everybody stands, for whoever reads why the test failed.
    async report() {
        const text = this.all.map(({ program, stopped }) => {
            const state = program.how ? JSON.stringify(program.how) : stopped ? 'stands still' : 'runs';
            return `--- ${program.name}: ${state}\n${program.output.slice(-4000)}`;
        });
        const asked = this.all.find((node) => !node.stopped && !node.program.how);
        const paths = ['/api/v1/nodes', '/readyz', ...this.apps.map((app) => `/api/v1/apps/${app.id}/sync?after=${this.change}&wait=0s`)];
        for (const path_ of asked ? paths : []) {
            const answer = await asked.call('GET', path_, { timeout: 5000 }).catch((error) => ({ text: error.message }));
            text.push(`--- ${path_}: ${answer.status || ''} ${answer.text.slice(0, 4000)}`);
        }
        const sessions =
            'SELECT pid, state, wait_event_type, wait_event, now() - xact_start AS transaction, now() - state_change AS since,' +
            " pg_blocking_pids(pid) AS behind, left(query, 150) AS query FROM pg_stat_activity WHERE application_name = 'muster'";
        const psql = spawnSync('psql', ['-X', '-c', sessions, process.env.MUSTER_TEST_DATABASE], { encoding: 'utf8', timeout: 10000 });
        text.push(`--- sessions of the database\n${psql.stdout}${psql.stderr}`);
        return text.join('\n');
    }

    said() {
        return this.past + this.all.map((node) => node.program.output).join('');
    }

    // All of them, whatever becomes of one; the first failure.
    async stop() {
        let failure;
        this.over = true;
        for (const node of this.all) {
            if (node.stopped) node.program.child.kill('SIGCONT');
            await node.program.stop().catch((error) => {
                failure = failure || error;
            });
        }
        if (this.first) fs.rmSync(this.first.dir, { recursive: true, force: true });
        return failure;
    }
}

// What the target holds of a group, by login.
async function members(target, name) {
    const found = (await target.groups()).filter((group) => group.displayName === name);
    assert.equal(found.length, 1, `${found.length} groups are called ${name}`);
    const names = new Map((await target.users()).map((user) => [user.id, user.userName]));
    return (found[0].members || []).map((member) => names.get(member.value)).sort();
}

// Until `work` is done: every three seconds one node is killed and another comes; meanwhile one stands still.
async function chaos(nodes, work) {
    const done = { kills: 0, pauses: 0 };
    const end = Date.now() + WORK_MS;
    let working = true;
    let sleep = Promise.resolve();
    const watched = work.finally(() => {
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

// What the changes are about: TEAMS groups that are pushed to every app, and everybody has every app.
async function organisation(nodes, targets) {
    const { first } = nodes;
    await importCrowd(first, PEOPLE, () => ['Everyone']);
    const everyone = await groupByName(first, 'Everyone');
    const ids = [...(await userIds(first))];
    const teams = [];
    for (let i = 0; i < TEAMS; i++) {
        teams.push({ group: await nodes.ask('POST', '/api/v1/groups', { profile: { name: `Team ${i}` } }), has: new Set() });
    }
    for (const target of targets) {
        const app = await connectedApp(nodes, `App ${nodes.apps.length}`, target);
        nodes.apps.push(app);
        await nodes.ask('PUT', `/api/v1/apps/${app.id}/groups/${everyone.id}`, {});
        for (const { group } of teams) {
            await nodes.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, {
                sourceGroupId: group.id,
                targetGroupName: group.profile.name,
            });
        }
    }
    return { ids, teams };
}

// Every target holds what the model says, and nothing was made twice; the number of requests.
async function exact(targets, teams) {
    let requests = 0;
    for (const target of targets) {
        for (const team of teams) assert.deepEqual(await members(target, team.group.profile.name), [...team.has].sort());
        const state = await target.state();
        assert.equal(state.groups, TEAMS);
        assert.equal(state.users, PEOPLE);
        assert.equal(state.activeUsers, PEOPLE);
        const log = await target.log();
        checkPosts(log);
        requests += log.length;
    }
    return requests;
}

async function story(t, nodes, targets) {
    for (let i = 0; i < APPS; i++) targets.push(await Practice.start({ args: ['--journal-entries', '100000'] }));
    await nodes.start(3);
    const { ids, teams } = await organisation(nodes, targets);
    const change = async (i) => {
        const team = teams[(i * 7) % TEAMS];
        const [login, id] = ids[(i * 7919) % PEOPLE];
        const join = !team.has.has(login);
        if (join) team.has.add(login);
        else team.has.delete(login);
        const answer = await nodes.call(join ? 'PUT' : 'DELETE', `/api/v1/groups/${team.group.id}/users/${id}`);
        assert.equal(answer.status, 204, answer.text);
    };
    // One lane a team, so that the model and the directory see the changes of a team in one order.
    const lanes = teams.map((_, k) => Array.from({ length: CHANGES / APPS }, (__, i) => i).filter((i) => (i * 7) % TEAMS === k));
    const work = inParallel(lanes, async (lane) => {
        for (const i of lane) await change(i);
    });
    const { kills, pauses } = await chaos(nodes, work);
    await nodes.settle();
    const requests = await exact(targets, teams);
    t.diagnostic(`${kills} kills, ${pauses} pauses, ${requests} requests, ${nodes.refused} calls refused for now`);
    assert.ok(kills >= (FULL ? 10 : 3), `only ${kills} kills`);
    assert.ok(pauses >= 1, 'nobody stood still');
    assert.match(nodes.said(), TAKEN_OVER, 'a stale holder was refused, and said so');

    // A node dies, and what it did is another's soon after the end of its lease.
    await until('every node asks some apps', async () => {
        const shown = await nodes.ask('GET', '/api/v1/nodes');
        return shown.filter((node) => node.status === 'ALIVE' && node.leases > 0).length === 3;
    });
    await nodes.kill(nodes.all[Math.floor(Math.random() * 3)]);
    await change(0);
    const [login] = ids[0];
    const wanted = teams[0].has.has(login);
    await until(
        'a change reaches every app',
        async () => {
            for (const target of targets) {
                if ((await members(target, 'Team 0')).includes(login) !== wanted) return false;
            }
            return true;
        },
        LEASE_S * 1000 + TAKE_OVER_MS,
    );
    for (const node of nodes.all) node.check();
}

test(`three nodes, ${APPS} apps, ${CHANGES} membership changes, kill -9 every ${KILL_MS / 1000} s and a node that stands still`, async (t) => {
    const targets = [];
    const nodes = new Nodes();
    let failure;
    try {
        await story(t, nodes, targets);
    } catch (error) {
        failure = error;
        failure.message += `\n${await nodes.report()}`;
    }
    const ended = await nodes.stop();
    for (const target of targets) await target.stop();
    if (failure || ended) throw failure || ended;
});
