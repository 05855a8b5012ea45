// SPDX-License-Identifier: Apache-2.0
// Assignments that are converted and groups that are put in order: whatever is done here, the target sees nobody
// deactivated, activated or taken out of a group who keeps the app.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { World, activeIn, shown } = require('./world');
const { Practice } = require('../lib/muster');
const { until } = require('./crowd');

describe('assignments', () => {
    let world;
    let org;
    let muster;

    before(async () => {
        world = await World.start(() => Practice.start());
        ({ org, muster } = world);
    });
    after(() => world && world.stop());
    afterEach(() => muster.check());

    const at = (app, more = '') => `/api/v1/apps/${app.id}${more}`;
    const convert = (app, body, query = '') => muster.ask('POST', at(app, `/assignments/convert${query}`), body);
    const scopeOf = async (app, user) => (await muster.ask('GET', at(app, `/users/${user.id}`))).scope;

    // People who have the app individually; the first `shared` of them are in a group that has it too, and is pushed.
    async function mixed(count, shared) {
        const app = await org.connectedApp(world.target);
        const people = [];
        for (let i = 0; i < count; i++) people.push(await org.user());
        const group = await org.group(null, people.slice(0, shared));
        for (const user of people) await org.assignUser(app, user);
        await org.assignGroup(app, group);
        await org.push(app, group);
        await world.settle(app);
        return { app, group, people };
    }

    function undisturbed(log) {
        assert.ok(log.every((entry) => activeIn(entry) === undefined), shown(log));
        assert.ok(!log.writes.some((entry) => /\/Groups/.test(entry.path)), shown(log.writes));
        assert.ok(!log.writes.some((entry) => entry.method === 'DELETE'), shown(log.writes));
    }

    test('those who are named, to group and back', async () => {
        const { app, group, people } = await mixed(4, 3);
        const nobody = await org.user();
        const log = await world.during(app, async () => {
            const answer = await convert(app, { scope: 'GROUP', userIds: [...people, nobody].map((user) => user.id) });
            assert.deepEqual(answer, {
                skipped: [
                    { id: people[3].id, reason: 'NO_GROUP' },
                    { id: nobody.id, reason: 'NOT_ASSIGNED' },
                ],
                converted: 3,
                unchanged: 0,
            });
        });
        undisturbed(log);
        assert.equal(log.writes.length, 0);
        assert.deepEqual(await Promise.all(people.map((user) => scopeOf(app, user))), ['GROUP', 'GROUP', 'GROUP', 'USER']);
        const back = await world.during(app, async () => {
            const answer = await convert(app, { scope: 'USER', userIds: people.slice(0, 2).map((user) => user.id) });
            assert.equal(answer.converted, 2);
        });
        assert.equal(back.writes.length, 0, shown(back));
        // The group loses the app: who has it individually has another reason to stay.
        const unassigned = await world.during(app, () => org.unassignGroup(app, group));
        assert.deepEqual(
            unassigned.writes.filter((entry) => activeIn(entry) === false).map((entry) => entry.path),
            [`/scim/v2/Users/${(await world.account(people[2])).id}`],
            shown(unassigned),
        );
        for (const user of [people[0], people[1], people[3]]) assert.equal((await world.account(user)).active, true);
        await world.holds(group, people.slice(0, 2));
    });

    test('all of an app, after a look', async () => {
        const { app, group, people } = await mixed(5, 4);
        const look = await convert(app, { scope: 'GROUP', all: true }, '?dryRun=true');
        assert.deepEqual(look, { queued: false, looked: 5, complete: true, toConvert: 4, unchanged: 0, withoutGroup: 1 });
        assert.equal(await scopeOf(app, people[0]), 'USER');
        const log = await world.during(app, async () => {
            assert.equal((await convert(app, { scope: 'GROUP', all: true })).queued, true);
        });
        undisturbed(log);
        assert.deepEqual(await Promise.all(people.map((user) => scopeOf(app, user))), ['GROUP', 'GROUP', 'GROUP', 'GROUP', 'USER']);
        await world.holds(group, people.slice(0, 4));
        // Who leaves the group loses the app now.
        await org.remove(group, people[0]);
        await world.settle(app);
        assert.equal((await world.account(people[0])).active, false);
        const cli = await muster.cli(['app', 'convert', app.id, '--to', 'user', '--all']);
        assert.equal(cli.code, 0, cli.output);
        assert.match(cli.output, /3 are being converted, 1 are so already/);
        await until('all are converted', async () => (await scopeOf(app, people[1])) === 'USER');
        await org.remove(group, people[1]);
        await world.settle(app);
        assert.equal((await world.account(people[1])).active, true);
    });

    test('groups in order: the best one decides, and only the profile is sent', async () => {
        const app = await org.connectedApp(world.target);
        const user = await org.user();
        const groups = [];
        for (const title of ['One', 'Two', 'Three']) {
            const group = await org.group(null, [user]);
            await muster.ask('PUT', at(app, `/groups/${group.id}`), { profile: { title } });
            groups.push(group);
        }
        await world.settle(app);
        assert.equal((await world.account(user)).title, 'One');
        const log = await world.during(app, () => muster.ask('PUT', at(app, '/assignments/priorities'), { groupIds: [groups[2], groups[0], groups[1]].map((group) => group.id) }));
        undisturbed(log);
        assert.equal(log.writes.length, 1, shown(log));
        assert.equal((await world.account(user)).title, 'Three');
        const cli = await muster.cli(['app', 'order', app.id, groups[1].profile.name]);
        assert.equal(cli.code, 0, cli.output);
        await until('the second group decides', async () => (await world.account(user)).title === 'Two');
        const priorities = await Promise.all(groups.map(async (group) => (await muster.ask('GET', at(app, `/groups/${group.id}`))).priority));
        assert.deepEqual(priorities, [2, 0, 1]);
        const refused = await muster.call('PUT', at(app, '/assignments/priorities'), { body: { groupIds: [groups[0].id] } });
        assert.equal(refused.status, 400);
        assert.match(refused.text, /names 1 groups, but the app is assigned to 3/);
    });

    test('what is asked for must be clear', async () => {
        const app = await org.app();
        const user = await org.user();
        for (const [body, words] of [
            [{ userIds: [user.id] }, /scope: The field cannot be left blank/],
            [{ scope: 'NONE', all: true }, /scope: must be one of USER, GROUP/],
            [{ scope: 'USER' }, /give either userIds/],
            [{ scope: 'USER', all: true, userIds: [user.id] }, /give either userIds/],
            [{ scope: 'USER', userIds: [] }, /1 to 200 ids/],
            [{ scope: 'USER', userIds: [user.id, 7] }, /userIds\[1\]: must be a text/],
            [{ scope: 'USER', userIds: Array(201).fill(user.id) }, /1 to 200 ids/],
        ]) {
            const answer = await muster.call('POST', at(app, '/assignments/convert'), { body });
            assert.equal(answer.status, 400, answer.text);
            assert.match(answer.text, words);
        }
        const cli = await muster.cli(['app', 'convert', app.id, '--to', 'group']);
        assert.notEqual(cli.code, 0);
        assert.match(cli.output, /either people or --all/);
    });
});
