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
        await world.settle(app, { timeout: 600000 });

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
        await world.org.limitsOff(app);
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
        await world.settle(app, { timeout: 600000 });
        await world.holds(group, []);
        const state = await target.state();
        assert.equal(state.users, logins.length);
        assert.equal(state.activeUsers, 0);
    } finally {
        await world.stop();
    }
});

// Longer, and different every time: the seed is printed, and MUSTER_TEST_SEED repeats it.
if (process.env.MUSTER_TEST_FULL) {
    test('kill -9 at any moment, with a target that loses answers, while people come and go', async () => {
        const seed = Number(process.env.MUSTER_TEST_SEED || Date.now() % 1000000);
        console.error(`crash.test.js: MUSTER_TEST_SEED=${seed}`);
        let state = seed;
        const random = (below) => {
            state = (state * 1103515245 + 12345) % 2147483648;
            return Math.floor((state / 2147483648) * below);
        };
        const world = await World.start(() => Practice.start());
        try {
            const { muster, target } = world;
            const logins = await importCrowd(muster, 400, (i) => ['Crowd', `Team ${i % 5}`]);
            const app = await world.org.connectedApp(target);
            await world.org.limitsOff(app);
            const crowd = await groupByName(muster, 'Crowd');
            const teams = await Promise.all([0, 1, 2, 3, 4].map((i) => groupByName(muster, `Team ${i}`)));
            const users = [];
            for (const login of logins) users.push((await muster.ask('GET', `/api/v1/users/${login}`)).id);
            await world.org.assignGroup(app, crowd);
            for (const group of teams) await world.org.push(app, group);
            await target.faults([
                { name: 'drop_after', every: 7 },
                { name: 'drop_before', every: 23 },
                { name: 'status', status: 503, every: 31 },
            ]);
            const inCrowd = new Set(users);
            const inTeam = users.map((_, i) => i % 5);
            for (let round = 0; round < 12; round++) {
                for (let i = 0; i < 20; i++) {
                    const at = random(users.length);
                    const gone = inCrowd.has(users[at]);
                    await muster.ask(gone ? 'DELETE' : 'PUT', `/api/v1/groups/${crowd.id}/users/${users[at]}`);
                    if (gone) inCrowd.delete(users[at]);
                    else inCrowd.add(users[at]);
                    const mover = random(users.length);
                    await muster.ask('DELETE', `/api/v1/groups/${teams[inTeam[mover]].id}/users/${users[mover]}`);
                    inTeam[mover] = random(5);
                    await muster.ask('PUT', `/api/v1/groups/${teams[inTeam[mover]].id}/users/${users[mover]}`);
                }
                await new Promise((resolve) => setTimeout(resolve, random(700)));
                await muster.kill();
                await muster.startAgain();
                world.reconnect();
            }
            await target.faults([]);
            await world.settle(app, { timeout: 300000 });
            for (let i = 0; i < 5; i++) {
                await world.holds(`Team ${i}`, logins.filter((_, at) => inTeam[at] === i && inCrowd.has(users[at])));
            }
            const found = new Map((await target.users()).map((user) => [user.userName, user.active]));
            logins.forEach((login, at) => {
                assert.equal(found.get(login) || false, inCrowd.has(users[at]), login);
            });
            checkPosts(await target.log());
        } finally {
            await world.stop();
        }
    });
}
