// SPDX-License-Identifier: Apache-2.0
// Targets that fail: lost answers, refusals, limits. And the cost of one change to a large group.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { World, operations, shown } = require('./world');
const { PLAIN_BIN, Practice } = require('../lib/muster');
const { importCrowd, groupByName, checkPosts, until } = require('./crowd');

test('a target that drops the connection after each tenth POST gets no POST twice without a read', async () => {
    const world = await World.start(() => Practice.start());
    try {
        const { muster, target, org } = world;
        const names = Array.from({ length: 40 }, (_, i) => `Team ${i}`);
        const logins = await importCrowd(muster, 600, (i) => ['Everyone', names[i % 40]]);
        await target.faults([{ name: 'drop_after', method: 'POST', every: 10 }]);
        const app = await org.connectedApp(target);
        await org.assignGroup(app, await groupByName(muster, 'Everyone'));
        for (const name of ['Everyone', ...names]) await org.push(app, await groupByName(muster, name));
        await world.settle(app);

        const log = await target.log();
        checkPosts(log);
        const state = await target.state();
        assert.ok(state.dropped >= 60, `only ${state.dropped} answers were lost`);
        assert.equal(state.users, 600);
        assert.equal(state.groups, 41);
        assert.equal(state.memberships, 1200);
        assert.equal(state.copies['/Users'] ? state.copies['/Users'].most : 1, 1, 'POSTs of one userName');
        await world.holds('Everyone', logins);
        for (let i = 0; i < 40; i += 13) {
            await world.holds(names[i], logins.filter((_, index) => index % 40 === i));
        }
    } finally {
        await world.stop();
    }
});

// By the build without sanitizers: requests are counted, and 10,000 accounts take long under them.
test('one add to a group of 10,000 is one request', async () => {
    const world = await World.start(() => Practice.start({ bin: PLAIN_BIN }), { muster: { bin: PLAIN_BIN } });
    try {
        const { muster, target, org } = world;
        await importCrowd(muster, 10000, () => ['Large']);
        const app = await org.connectedApp(target);
        const group = await groupByName(muster, 'Large');
        await org.assignGroup(app, group);
        await org.push(app, group);
        await world.settle(app, { timeout: 200000 });
        assert.equal((await target.state()).memberships, 10000);
        const ann = await org.user();
        await org.assignUser(app, ann);
        const joined = await world.during(app, () => org.add(group, ann));
        assert.equal(joined.length, 1, shown(joined));
        assert.equal(joined[0].method, 'PATCH');
        assert.equal(operations(joined[0]).length, 1);
        assert.ok(joined[0].bodyBytes < 400, `${joined[0].bodyBytes} bytes`);
        assert.equal((await target.state()).memberships, 10001);
        const left = await world.during(app, () => org.remove(group, ann));
        assert.equal(left.length, 1, shown(left));
        assert.equal((await target.state()).memberships, 10000);
    } finally {
        await world.stop();
    }
});

describe('a target that fails', () => {
    let world;
    let org;
    let target;

    before(async () => {
        world = await World.start(() => Practice.start());
        org = world.org;
        target = world.target;
    });
    after(() => world && world.stop());
    afterEach(async () => {
        await target.faults([]);
        world.muster.check();
    });

    async function pushedPair() {
        const app = await org.connectedApp(target);
        const ann = await org.user();
        const bob = await org.user();
        const group = await org.group(null, [ann, bob]);
        await org.assignGroup(app, group);
        const mapping = await org.push(app, group);
        await world.settle(app);
        return { app, ann, bob, group, mapping };
    }

    test('503 for a while: tried again, nothing lost', async () => {
        const { app, ann, bob, group } = await pushedPair();
        const cyd = await org.user();
        await target.faults([{ name: 'status', status: 503, times: 2 }]);
        await org.add(group, cyd);
        await world.settle(app);
        await world.holds(group, [ann, bob, cyd]);
    });

    test('429 with Retry-After: not asked again before that', async () => {
        const { app, ann, bob, group } = await pushedPair();
        const mark = await target.mark();
        await target.faults([{ name: 'status', status: 429, times: 1, retryAfter: 2 }]);
        await org.remove(group, bob);
        await world.settle(app);
        await world.holds(group, [ann]);
        const log = await target.log(mark);
        const limited = log.findIndex((entry) => entry.status === 429);
        assert.ok(limited >= 0, shown(log));
        const next = Date.parse(log[limited + 1].time) - Date.parse(log[limited].time);
        assert.ok(next >= 1900, `asked again after ${next} ms`);
    });

    test('an answer that never came: the write is read back before it is repeated', async () => {
        const { app, ann, bob, group } = await pushedPair();
        const mark = await target.mark();
        await target.faults([{ name: 'drop_after', method: 'PATCH', path: '/Groups', times: 1 }]);
        await org.remove(group, bob);
        await world.settle(app);
        await world.holds(group, [ann]);
        const patches = (await target.log(mark)).filter((entry) => entry.method === 'PATCH' && /Groups/.test(entry.path));
        assert.ok(patches.length >= 1 && patches.length <= 2, shown(patches));
    });

    test('a connection that dies before the request is read', async () => {
        const { app, ann, bob, group } = await pushedPair();
        const cyd = await org.user();
        await target.faults([
            { name: 'drop_before', method: 'POST', times: 2 },
            { name: 'drop_before', method: 'PATCH', times: 1 },
        ]);
        await org.add(group, cyd);
        await world.settle(app);
        await world.holds(group, [ann, bob, cyd]);
        assert.equal((await target.users()).filter((user) => user.userName === cyd.profile.login).length, 1);
    });

    test('half an answer is no answer', async () => {
        const { app, ann, bob, group } = await pushedPair();
        const cyd = await org.user();
        await target.faults([{ name: 'truncate', method: 'POST', times: 1 }]);
        await org.add(group, cyd);
        await world.settle(app);
        await world.holds(group, [ann, bob, cyd]);
    });

    test('a target that takes few members at once is learned', async () => {
        const app = await org.connectedApp(target);
        const people = await Promise.all(Array.from({ length: 60 }, () => org.user()));
        const group = await org.group(null);
        await Promise.all(people.map((person) => org.add(group, person)));
        await target.faults([{ name: 'members_max', status: 413, max: 10 }]);
        await org.assignGroup(app, group);
        await world.settle(app);
        await org.push(app, group);
        await world.settle(app);
        await world.holds(group, people);
    });

    test('wrong credentials: an error that says so, nothing else is hammered, mended by a new token', async () => {
        const { app, ann, bob, group } = await pushedPair();
        await target.faults([{ name: 'status', status: 401 }]);
        const mark = await target.mark();
        await org.remove(group, bob);
        await until('the first request', async () => (await target.log(mark)).length > 0);
        await new Promise((resolve) => setTimeout(resolve, 2000));
        const times = (await target.log(mark)).map((entry) => Date.parse(entry.time));
        const asked = times.filter((time) => time < times[0] + 2000).length; // by the target's own clock
        assert.ok(asked <= 5, `${asked} requests within two seconds`);
        await target.faults([]);
        await org.connect(app, target);
        await world.settle(app);
        await world.holds(group, [ann]);
    });
});
