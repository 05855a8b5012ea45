// SPDX-License-Identifier: Apache-2.0
'use strict';

/*
 * Group rules: 200 of them over many people. Measured are one profile change that 100 rules read, beside one that none
 * reads; one more rule's activation over everybody; and calls that are made meanwhile, beside the same calls at rest.
 */

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { BIN } = require('../lib/muster');

const RULES = 200;
const DEPARTMENTS = 1000; // so that a rule matches a thousandth of the people
const CHANGES = 300; // profile changes of each kind
const AIM = { change: 5, activation: 5, call: 50 }; // ms, s, ms at the 99th percentile

const login = (i) => `ruled-${String(i).padStart(6, '0')}@bench.example`;

async function timed(act) {
    const start = process.hrtime.bigint();
    await act();
    return Number(process.hrtime.bigint() - start) / 1e6;
}

function percentile(times, share) {
    const sorted = [...times].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

async function makeRule(muster, name, expression) {
    const group = await muster.ask('POST', '/api/v1/groups', { profile: { name } });
    const rule = await muster.ask('POST', '/api/v1/groups/rules', {
        type: 'group_rule',
        name,
        conditions: { expression: { type: 'urn:okta:expression:1.0', value: expression } },
        actions: { assignUserToGroups: { groupIds: [group.id] } },
    });
    return { rule, group };
}

const activate = (muster, made) => muster.ask('POST', `/api/v1/groups/rules/${made.rule.id}/lifecycle/activate`);

// Longer than a test may take.
function cli(muster, args) {
    return new Promise((resolve, reject) => {
        const child = spawn(BIN, args, { env: { ...process.env, MUSTER_URL: muster.url, MUSTER_TOKEN: muster.token }, stdio: ['ignore', 'ignore', 'inherit'] });
        child.on('error', reject);
        child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`muster ${args[0]} ended with ${code}`))));
    });
}

async function settle(muster, made) {
    while (!(await muster.ask('GET', `/api/v1/groups/rules/${made.rule.id}`)).evaluated) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function bringPeople(muster, people) {
    const rows = ['login,email,firstName,lastName,department,userType'];
    for (let i = 0; i < people; i++)
        rows.push(`${login(i)},${login(i)},First${i},Last${i},Department ${i % DEPARTMENTS},${i % 10 ? 'Employee' : 'Contractor'}`);
    const file = path.join(muster.dir, 'ruled.csv');
    fs.writeFileSync(file, `${rows.join('\n')}\n`);
    await cli(muster, ['import', file, '--json']);
}

async function profileChanges(muster, people, attribute) {
    const times = [];
    for (let i = 0; i < CHANGES; i++) {
        const who = `/api/v1/users/${login((i * 7919) % people)}`;
        times.push(await timed(() => muster.ask('POST', who, { profile: { [attribute]: `Department ${(i * 31) % DEPARTMENTS}` } })));
    }
    return { median: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

// Calls one after another, reading and writing, until `done()`.
async function callsUntil(muster, people, done) {
    const times = [];
    for (let i = 0; !done() || times.length < 200; i++) {
        const who = `/api/v1/users/${login((i * 104729) % people)}`;
        times.push(await timed(() => (i % 2 ? muster.ask('GET', who) : muster.ask('POST', who, { profile: { nickName: `n${i}` } }))));
    }
    return { calls: times.length, median: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

async function measureRules(muster, people) {
    for (let i = 0; i < RULES; i++) {
        const value = i < RULES / 2 ? `user.department == "Department ${i}"` : `user.costCenter == "Department ${i}"`;
        await activate(muster, await makeRule(muster, `Rule ${i}`, value));
    }
    const imported = await timed(() => bringPeople(muster, people));
    const unread = await profileChanges(muster, people, 'nickName');
    const read = await profileChanges(muster, people, 'department');
    const rest = await callsUntil(muster, people, () => true);
    const more = await makeRule(muster, 'One more', 'user.userType == "Contractor"');
    let over = false;
    let activation = 0;
    const working = timed(async () => {
        await activate(muster, more);
        await settle(muster, more);
    }).then((ms) => {
        activation = ms / 1000;
        over = true;
    });
    const meanwhile = await callsUntil(muster, people, () => over);
    await working;
    const stats = (await muster.ask('GET', `/api/v1/groups/${more.group.id}?expand=stats`))._embedded.stats;
    assert.equal(stats.usersCount, Math.ceil(people / 10));
    return { people, rules: RULES, imported: imported / 1000, unread, read, activation, members: stats.usersCount, rest, meanwhile, aim: AIM };
}

const ms = (number) => `${number.toFixed(1)} ms`;

function rulesRows(r) {
    const row = (what, value, aim, reference) => [what, value, aim, reference];
    return [
        [`rules: ${r.rules} over ${r.people} people`, 'measured', 'aim', 'for comparison'],
        row('a profile change that 100 rules read, median', ms(r.read.median), `< ${r.aim.change} ms`, `one that none reads: ${ms(r.unread.median)}`),
        row('the same, 99th percentile', ms(r.read.p99), '', ms(r.unread.p99)),
        row(`activation of one more rule, ${r.members} members`, `${r.activation.toFixed(1)} s`, `< ${r.aim.activation} s`, `the import before: ${r.imported.toFixed(1)} s`),
        row(`${r.meanwhile.calls} calls meanwhile, 99th percentile`, ms(r.meanwhile.p99), `< ${r.aim.call} ms`, `at rest: ${ms(r.rest.p99)}`),
    ];
}

module.exports = { measureRules, rulesRows };
