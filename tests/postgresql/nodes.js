// SPDX-License-Identifier: Apache-2.0
// Several nodes on one database, as a test uses them: calls go to whoever answers.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Muster, Practice } = require('../lib/muster');
const { checkPosts, connectedApp, importCrowd, groupByName, inParallel, userIds } = require('../target/crowd');

const ANSWER_MS = 30000; // for one node: who stands still answers afterwards
const CALL_MS = 180000; // in which some node has to answer a call

const OFF = { off: true };
const NO_LIMITS = { deactivations: OFF, groupDeletions: OFF, removalsPerGroup: OFF, removals: OFF };

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

    // `options` are added to the command line of each; `where` names the database, if it is not that of the ring.
    async start(count, options, where) {
        this.options = options;
        this.first = await Muster.start({ args: ['--node', 'node-0', ...options], where });
        this.all.push(this.first);
        while (this.all.length < count) await this.add();
    }

    // A data directory with the key of the first node, as a machine beside it has one.
    directory(name) {
        const data = path.join(this.first.dir, name);
        const key = path.join(data, 'muster.key');
        fs.mkdirSync(data, { mode: 0o700 });
        fs.copyFileSync(path.join(this.first.data, 'muster.key'), key);
        fs.chmodSync(key, 0o600);
        return { data, key, where: ['--data', data, ...this.first.where.slice(2)] };
    }

    async add() {
        const node = new Muster();
        const name = `node-${++this.serial}`;
        const { data, where } = this.directory(name);
        Object.assign(node, { bin: this.first.bin, dir: this.first.dir, data, where, token: this.first.token, env: {}, change: 0 });
        node.args = ['--node', name, ...this.options];
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

    // Until every app holds what it should. Nodes that are busy, or find their database again, are asked again.
    async settle(timeout) {
        const settled = async (app) => {
            for (const end = Date.now() + timeout; ; await pause(100)) {
                const answer = await this.ask('GET', `/api/v1/apps/${app.id}/sync?after=${this.change}&wait=10s`);
                if (answer.pending === 0 && answer.failed.every((each) => each.held)) {
                    assert.ok(answer.done, `work failed: ${JSON.stringify(answer)}`);
                    return;
                }
                assert.ok(Date.now() < end, `app ${app.id} was not in step after ${timeout} ms: ${JSON.stringify(answer)}`);
            }
        };
        await Promise.all(this.apps.map(settled));
    }

    // Where everybody stands, for whoever reads why the test failed.
    async report() {
        if (!this.first) return 'no node has started';
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
        const psql = spawnSync('psql', ['-X', '-c', sessions, this.first.where[3]], { encoding: 'utf8', timeout: 10000 });
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

// What memberships change in: teams that are pushed to every app, and people who have every app.
class Organisation {
    targets = []; // one for each app
    teams = []; // { group, has }: `has` is the model of who should be in

    async start(nodes, { apps, teams, people }) {
        this.nodes = nodes;
        for (let i = 0; i < apps; i++) this.targets.push(await Practice.start({ args: ['--journal-entries', '100000'] }));
        await importCrowd(nodes.first, people, () => ['Everyone']);
        this.people = [...(await userIds(nodes.first))];
        const everyone = await groupByName(nodes.first, 'Everyone');
        for (let i = 0; i < teams; i++) {
            const group = await nodes.ask('POST', '/api/v1/groups', { profile: { name: `Team ${i}` } });
            this.teams.push({ group, has: new Set() });
        }
        for (const target of this.targets) {
            const app = await connectedApp(nodes, `App ${nodes.apps.length}`, target);
            nodes.apps.push(app);
            await nodes.ask('PUT', `/api/v1/apps/${app.id}/group-push/limits`, NO_LIMITS); // who comes and goes is the test's
            await nodes.ask('PUT', `/api/v1/apps/${app.id}/groups/${everyone.id}`, {});
            for (const { group } of this.teams) {
                const mapping = { sourceGroupId: group.id, targetGroupName: group.profile.name };
                await nodes.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, mapping);
            }
        }
    }

    teamOf(i) {
        return (i * 7) % this.teams.length;
    }

    // The i-th change: somebody joins a team, or leaves it if he is in.
    async change(i) {
        const team = this.teams[this.teamOf(i)];
        const [login, id] = this.people[(i * 7919) % this.people.length];
        const join = !team.has.has(login);
        if (join) team.has.add(login);
        else team.has.delete(login);
        const answer = await this.nodes.call(join ? 'PUT' : 'DELETE', `/api/v1/groups/${team.group.id}/users/${id}`);
        assert.equal(answer.status, 204, answer.text);
    }

    // So many changes and as many more as it takes for `enough()`, in a lane for each team: the model and the directory
    // see those of a team in one order.
    async work(changes, enough = () => true) {
        await inParallel([...this.teams.keys()], async (lane) => {
            for (let i = lane; i < changes || !enough(); i += this.teams.length) await this.change(i);
        });
    }

    // Every target holds what the model says, and nothing was made twice; the number of requests.
    async exact() {
        let requests = 0;
        for (const target of this.targets) {
            for (const { group, has } of this.teams) assert.deepEqual(await members(target, group.profile.name), [...has].sort());
            const state = await target.state();
            assert.equal(state.groups, this.teams.length);
            assert.equal(state.users, this.people.length);
            assert.equal(state.activeUsers, this.people.length);
            const log = await target.log();
            checkPosts(log);
            requests += log.length;
        }
        return requests;
    }

    async stop() {
        for (const target of this.targets) await target.stop();
    }
}

// Runs `story(nodes, organisation)`; when it fails the error says where every node stands.
async function withNodes(story) {
    const nodes = new Nodes();
    const organisation = new Organisation();
    let failure;
    try {
        await story(nodes, organisation);
    } catch (error) {
        failure = error;
        failure.message += `\n${await nodes.report()}`;
    }
    const ended = await nodes.stop();
    await organisation.stop();
    if (failure || ended) throw failure || ended;
}

module.exports = { members, pause, withNodes };
