// SPDX-License-Identifier: Apache-2.0
// kill -9 in the middle of the work: nothing is lost, and nothing that does harm is repeated.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World } = require('./world');
const { Practice } = require('../lib/muster');
const { importCrowd, groupByName, until, checkPosts } = require('./crowd');

test('kill -9 in the middle of pushing 2,000 members, again and again', async () => {
    const world = await World.start(() => Practice.start());
    try {
        const { muster, target } = world;
        const logins = await importCrowd(muster, 2000, () => ['Crowd']);
        const app = await world.org.connectedApp(target);
        const group = await groupByName(muster, 'Crowd');
        // Slow enough for the axe to fall in the middle.
        await target.faults([{ name: 'latency', method: 'PATCH', path: '/Groups', ms: 30 }]);
        await world.org.push(app, group);
        await world.org.assignGroup(app, group);

        const restart = async () => {
            await muster.kill();
            await muster.startAgain();
            world.reconnect();
        };
        await until('some accounts', async () => (await target.state()).users >= 300);
        await restart();
        await until('more accounts', async () => (await target.state()).users >= 1100);
        await restart();
        await until('some members', async () => (await target.state()).memberships >= 500);
        await restart();
        await until('more members', async () => (await target.state()).memberships >= 1500);
        await restart();
        await target.faults([]);
        await world.settle(app, { timeout: 120000 });

        await world.holds(group, logins);
        const state = await target.state();
        assert.equal(state.users, 2000);
        assert.equal(state.activeUsers, 2000);
        assert.equal(state.groups, 1);
        assert.equal(state.memberships, 2000);
        checkPosts(await target.log());
        muster.check();
    } finally {
        await world.stop();
    }
});

test('kill -9 while people leave: everybody who left is out and inactive', async () => {
    const world = await World.start(() => Practice.start());
    try {
        const { muster, target } = world;
        const logins = await importCrowd(muster, 300, () => ['Crowd']);
        const app = await world.org.connectedApp(target);
        const group = await groupByName(muster, 'Crowd');
        await world.org.assignGroup(app, group);
        await world.org.push(app, group);
        await world.settle(app);
        await target.faults([{ name: 'latency', method: 'PATCH', ms: 30 }]);
        await world.org.unassignGroup(app, group);
        await until('some are inactive', async () => (await target.state()).activeUsers <= 250);
        await muster.kill();
        await muster.startAgain();
        world.reconnect();
        await target.faults([]);
        await world.settle(app, { timeout: 120000 });
        await world.holds(group, []);
        const state = await target.state();
        assert.equal(state.users, logins.length);
        assert.equal(state.activeUsers, 0);
    } finally {
        await world.stop();
    }
});
