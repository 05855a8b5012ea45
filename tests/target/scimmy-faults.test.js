// SPDX-License-Identifier: Apache-2.0
// What a strange target does to a single member or group must stay with it.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { World } = require('./world');
const { Scimmy } = require('./scimmy');

describe('a target that refuses', () => {
    let world;
    let org;
    let target;

    before(async () => {
        world = await World.start(() => Scimmy.start());
        org = world.org;
        target = world.target;
    });
    after(() => world && world.stop());
    afterEach(() => {
        target.intercept = null;
        world.muster.check();
    });

    // Refuses every write that contains the text.
    const refuse = (text, status, detail) => {
        target.refused = 0;
        target.intercept = (req) => {
            if (req.method === 'GET' || !(req.rawText || '').includes(text)) return null;
            target.refused++;
            return { status, detail };
        };
    };

    test('one bad member never stops a group', async () => {
        const app = await org.connectedApp(target);
        const people = await Promise.all(Array.from({ length: 20 }, () => org.user()));
        const everyone = await org.group();
        const group = await org.group();
        for (const person of people) {
            await org.add(everyone, person);
            await org.add(group, person);
        }
        await org.assignGroup(app, everyone);
        await world.settle(app);
        const bad = await world.account(people[7]);
        refuse(bad.id, 400, 'This member is not welcome');
        const mapping = await org.push(app, group);
        await world.muster.sync(app.id);
        await world.holds(group, people.filter((_, index) => index !== 7));
        const read = await world.muster.ask('GET', `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}`);
        assert.equal(read.status, 'ACTIVE', 'a refused member leaves the mapping ACTIVE');
        assert.match(read.errorSummary, /not welcome/);
        assert.equal(read.memberErrors.length, 1);
        assert.equal(read.memberErrors[0].userId, people[7].id);
    });

    test('one bad group never stops an app', async () => {
        const app = await org.connectedApp(target);
        const ann = await org.user();
        const good = await org.group(null, [ann]);
        const bad = await org.group(null, [ann]);
        await org.assignGroup(app, good);
        refuse(JSON.stringify(bad.profile.name), 400, 'No group of this name');
        const refused = await org.push(app, bad);
        await org.push(app, good);
        await world.muster.sync(app.id);
        await world.holds(good, [ann]);
        const read = await org.mapping(app, refused);
        assert.equal(read.status, 'ERROR');
        assert.match(read.errorSummary, /No group of this name/);
        assert.match(read.errorSummary, /^Failed on \d\d-\d\d-\d{4} \d\d:\d\d:\d\d[AP]M UTC: /);
    });

    test('one bad person never stops an app', async () => {
        const app = await org.connectedApp(target);
        const ann = await org.user();
        const bad = await org.user();
        const group = await org.group(null, [ann, bad]);
        refuse(bad.profile.login, 400, 'No user of this name');
        await org.assignGroup(app, group);
        await org.push(app, group);
        await world.muster.sync(app.id);
        await world.holds(group, [ann]);
        assert.equal((await org.appUser(app, bad)).syncState, 'ERROR');
        assert.equal((await org.appUser(app, ann)).syncState, 'SYNCHRONIZED');
    });

    test('a user name in other letters is taken there: never a second user', async () => {
        const app = await org.connectedApp(target);
        const ann = await org.user();
        const old = await target.seedUser({ userName: ann.profile.login.toUpperCase() });
        await org.assignUser(app, ann);
        await world.muster.sync(app.id);
        // scimmy compares userName exactly when it filters and in any case when it creates: found or an error, but
        // never a second user.
        assert.equal((await target.users()).filter((user) => user.userName.toLowerCase() === ann.profile.login).length, 1);
        const appUser = await org.appUser(app, ann);
        assert.ok(appUser.externalId === old.id || appUser.syncState === 'ERROR', JSON.stringify(appUser));
    });
});
