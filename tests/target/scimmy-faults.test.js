// SPDX-License-Identifier: Apache-2.0
// What a strange target does to a single member or group must stay with it.
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const { after, afterEach, before, describe, test } = require('node:test');
const { World } = require('./world');
const { Scimmy } = require('./scimmy');
const { refused } = require('../lib/sdk');
const { until } = require('./crowd');

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
        const mapping = await org.push(app, bad);
        await org.push(app, good);
        await world.muster.sync(app.id);
        await world.holds(good, [ann]);
        const read = await org.mapping(app, mapping);
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

    test('a redirect is never followed', async () => {
        const elsewhere = [];
        const server = http.createServer((req, res) => {
            elsewhere.push(req.url);
            res.end('{}');
        });
        await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
        try {
            const app = await org.connectedApp(target);
            const ann = await org.user();
            target.intercept = (req) => ({ status: 307, location: `http://127.0.0.1:${server.address().port}${req.originalUrl}` });
            await org.assignUser(app, ann);
            await until('a failure', async () => (await world.muster.ask('GET', `/api/v1/apps/${app.id}/sync`)).quarantine);
            assert.deepEqual(elsewhere, []);
            assert.notEqual((await org.appUser(app, ann)).syncState, 'SYNCHRONIZED');
            await refused(org.connect(app, target), 400, 'E0000059');
            assert.deepEqual(elsewhere, []);
            target.intercept = null;
            await org.connect(app, target);
            await world.settle(app);
            assert.equal((await world.account(ann)).active, true);
        } finally {
            server.close();
        }
    });

    test('headers: those that are documented, and no others', async () => {
        const app = await org.connectedApp(target);
        const ann = await org.user();
        const group = await org.group(null, [ann]);
        await world.settle(app);
        const mark = await target.mark();
        await org.assignGroup(app, group);
        await org.push(app, group);
        await world.settle(app);
        const log = await target.log(mark);
        assert.ok(log.some((entry) => entry.method === 'GET') && log.some((entry) => entry.method === 'POST'), 'both kinds');
        for (const { method, headers } of log) {
            const { host, 'user-agent': agent, 'content-length': length, ...rest } = headers;
            assert.equal(`http://${host}`, target.url);
            assert.match(agent, /^Muster\/\d+\.\d+\.\d+$/);
            assert.deepEqual(rest, {
                accept: 'application/scim+json',
                authorization: `Bearer ${target.token}`,
                ...(method === 'GET' ? {} : { 'content-type': 'application/scim+json; charset=utf-8' }),
            });
            assert.equal(Number(length) > 0, method !== 'GET');
        }
    });

    test('other kinds of credentials: basic, and a header of its own', async () => {
        const bearer = target.authorized;
        const kinds = [
            [{ scheme: 'BASIC', userName: 'muster', password: 'pass:word' }, (req) => req.header('Authorization') === `Basic ${Buffer.from('muster:pass:word').toString('base64')}`],
            [{ scheme: 'HEADER', headerName: 'X-Api-Key', token: 'a-key' }, (req) => req.header('X-Api-Key') === 'a-key' && !req.header('Authorization')],
        ];
        for (const [profile, authorized] of kinds) {
            target.authorized = authorized;
            try {
                const app = await org.app();
                const saved = await world.muster.ask('POST', `/api/v1/apps/${app.id}/connections/default?activate=true`, {
                    baseUrl: target.baseUrl,
                    profile: { authScheme: 'TOKEN', ...profile },
                });
                assert.equal(saved.status, 'ENABLED');
                assert.ok(!JSON.stringify(saved).includes('pass:word') && !JSON.stringify(saved).includes('a-key'));
                await org.switches(app);
                const ann = await org.user();
                await org.assignUser(app, ann);
                await world.settle(app);
                assert.equal((await world.account(ann)).active, true);
            } finally {
                target.authorized = bearer;
            }
        }
    });

    test('two groups of one name: held, never chosen', async () => {
        const app = await org.connectedApp(target);
        const group = await org.group();
        await target.seedGroup({ displayName: group.profile.name });
        await target.seedGroup({ displayName: group.profile.name });
        const mapping = await org.push(app, group);
        await world.muster.sync(app.id);
        const read = await org.mapping(app, mapping);
        assert.equal(read.status, 'ERROR');
        assert.equal((await target.groups()).filter((each) => each.displayName === group.profile.name).length, 2);
    });

    test('members that cannot be read are not removed', async () => {
        const app = await org.connectedApp(target);
        const stranger = await target.seedUser({ userName: `unread-${process.pid}@example.com` });
        const group = await org.group();
        const old = await target.seedGroup({ displayName: group.profile.name, members: [{ value: stranger.id }] });
        let reads = 0;
        target.intercept = (req) => {
            const struck = req.method === 'GET' && req.originalUrl.includes(`/Groups/${old.id}`);
            reads += struck;
            return struck ? { status: 500 } : null;
        };
        await world.muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, {
            sourceGroupId: group.id,
            targetGroupName: group.profile.name,
            existingMembers: 'REMOVE',
        });
        await until('two reads that failed', () => reads >= 2);
        assert.equal((await world.targetGroup(group)).members.length, 1);
        target.intercept = null;
        await world.settle(app);
        await world.holds(group, []);
    });
});
