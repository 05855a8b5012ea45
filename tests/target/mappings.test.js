// SPDX-License-Identifier: Apache-2.0
// Profile mappings, end to end: what an app holds of a person follows its schema, its mapping and its assignments.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { World } = require('./world');
const { Scimmy } = require('./scimmy');
const { Practice } = require('../lib/muster');

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const OWN = 'urn:example:2.0:User';

function mappings(name, startTarget, { custom = true } = {}) {
    describe(`profile mappings against ${name}`, () => {
        let world;
        let org;
        let target;
        let muster;

        before(async () => {
            world = await World.start(startTarget);
            ({ org, target, muster } = world);
        });
        after(() => world && world.stop());
        afterEach(() => muster.check());

        const mappingOf = async (app) => (await muster.ask('GET', `/api/v1/mappings?targetId=${app.id}`))[0];
        const map = async (app, properties) => muster.ask('POST', `/api/v1/mappings/${(await mappingOf(app)).id}`, { properties });
        const addAttributes = (app, properties) =>
            muster.ask('POST', `/api/v1/meta/schemas/apps/${app.id}/default`, { definitions: { custom: { properties } } });
        const change = (user, profile) => muster.ask('POST', `/api/v1/users/${user.id}`, { profile });
        const extension = async (user) => (await world.account(user))[ENTERPRISE] || {};

        test('an expression, its change, and the source that is emptied', async () => {
            const app = await org.connectedApp(target);
            const ann = await org.user(null, { department: 'Sales' });
            const bob = await org.user(null, { department: 'Support' });
            await org.assignGroup(app, await org.group(null, [ann, bob]));
            await map(app, { costCenter: { expression: 'String.toUpperCase(user.department)' } });
            await world.settle(app);
            assert.equal((await extension(ann)).costCenter, 'SALES');
            assert.equal((await extension(bob)).costCenter, 'SUPPORT');
            assert.equal((await extension(bob)).department, 'Support');
            const log = await world.during(app, () =>
                map(app, { costCenter: { expression: 'user.department == "Sales" ? "S1" : String.toUpperCase(user.department)' } }),
            );
            assert.equal(log.writes.length, 1, 'only whose document changed');
            assert.equal((await extension(ann)).costCenter, 'S1');
            await change(bob, { department: null });
            await world.settle(app);
            assert.equal((await extension(bob)).costCenter, undefined);
            const quiet = await world.during(app, () => change(ann, { city: null, nickName: null }));
            assert.equal(quiet.writes.length, 0);
        });

        test('only on creation: sent once, and left alone', async () => {
            const app = await org.connectedApp(target);
            const ann = await org.user(null, { userType: 'staff' });
            await map(app, { userType: { expression: 'user.userType', pushStatus: 'DONT_PUSH' } });
            await org.assignUser(app, ann);
            await world.settle(app);
            assert.equal((await world.account(ann)).userType, 'staff');
            const log = await world.during(app, () => change(ann, { userType: 'guest' }));
            assert.equal(log.writes.length, 0);
            await change(ann, { title: 'Boss' });
            await world.settle(app);
            const there = await world.account(ann);
            assert.deepEqual([there.title, there.userType], ['Boss', 'staff']);
        });

        test('addresses and telephones of other types, from lists', async () => {
            const app = await org.connectedApp(target);
            await addAttributes(app, {
                homes: { title: 'Home addresses', type: 'array', items: { type: 'string' }, externalName: 'emails.^[type==home].value' },
                fax: { title: 'Fax', type: 'string', externalName: 'phoneNumbers.^[type==fax].value' },
            });
            await map(app, { fax: { expression: 'user.mobilePhone + "-fax"' } });
            const ann = await org.user(null, { mobilePhone: '+1' });
            await org.assignUser(app, ann, { profile: { homes: ['h1@example.org', 'h2@example.org'] } });
            await world.settle(app);
            const there = await world.account(ann);
            const of = (list, type) => list.filter((each) => each.type === type).map((each) => each.value);
            assert.deepEqual(of(there.emails, 'work'), [ann.profile.email]);
            assert.deepEqual(of(there.emails, 'home'), ['h1@example.org', 'h2@example.org']);
            assert.deepEqual(of(there.phoneNumbers, 'fax'), ['+1-fax']);
            assert.deepEqual(of(there.phoneNumbers, 'mobile'), ['+1']);
            await muster.ask('POST', `/api/v1/apps/${app.id}/users/${ann.id}`, { profile: { homes: ['h2@example.org'] } });
            await world.settle(app);
            assert.deepEqual(of((await world.account(ann)).emails, 'home'), ['h2@example.org']);
        });

        test('the manager: filled in when the account is there, changed, and cleared', async () => {
            const app = await org.connectedApp(target);
            const [boss, other] = [await org.user(), await org.user()];
            const ann = await org.user(null, { managerId: boss.profile.login, manager: 'The boss' });
            const manager = async () => ((await extension(ann)).manager || {}).value;
            await org.assignUser(app, ann);
            await world.settle(app);
            assert.equal(await manager(), undefined, 'the manager has no account yet');
            await org.assignUser(app, boss);
            await world.settle(app);
            assert.equal(await manager(), (await world.account(boss)).id);
            await org.assignUser(app, other);
            await change(ann, { managerId: other.id });
            await world.settle(app);
            assert.equal(await manager(), (await world.account(other)).id);
            await org.unassignUser(app, other);
            await world.settle(app);
            assert.equal(await manager(), undefined, 'the manager has the app no more');
            await change(ann, { managerId: boss.id });
            await world.settle(app);
            assert.equal(await manager(), (await world.account(boss)).id);
            await change(ann, { managerId: null, manager: null });
            await world.settle(app);
            assert.equal((await extension(ann)).manager, undefined);
        });

        test('on the command line: shown, tried, set and ended', async () => {
            const app = await org.connectedApp(target);
            const ann = await org.user(null, { department: 'Sales' });
            await org.assignUser(app, ann);
            await world.settle(app);
            const cli = async (code, ...args) => {
                const done = await muster.cli(['profile-mapping', ...args]);
                assert.equal(done.code, code, done.output);
                return done.output;
            };
            const expression = 'costCenter=String.toUpperCase(user.department)';
            assert.match(await cli(0, 'show', app.label), /costCenter +user\.costCenter +always/);
            const tried = await cli(0, 'preview', app.label, ann.profile.login, expression);
            assert.match(tried, /costCenter +SALES +MAPPING/);
            assert.match(await cli(0, 'preview', app.label, ann.profile.login), /this is what the app holds already/);
            assert.match(await cli(4, 'set', app.label, 'title=user.nothing'), /properties\.title\.expression: position 1/);
            assert.match(await cli(2, 'set', app.label, 'title'), /give ATTRIBUTE=EXPRESSION/);
            await cli(0, 'set', app.label, expression);
            await cli(0, 'set', app.label, 'userType="staff"', '--on-creation');
            await world.settle(app);
            assert.equal((await extension(ann)).costCenter, 'SALES');
            assert.equal((await world.account(ann)).userType, undefined);
            assert.match(await cli(0, 'show', app.label), /userType +"staff" +on creation/);
            await cli(0, 'unset', app.label, 'costCenter');
            assert.doesNotMatch(await cli(0, 'show', app.label), /costCenter/);
            await world.settle(app);
            assert.equal((await extension(ann)).costCenter, 'SALES', 'the app keeps what it has');
            const found = JSON.parse(await cli(0, 'show', app.label, '--json'));
            assert.equal(found.properties.userType.pushStatus, 'DONT_PUSH');
        });

        if (!custom) return;

        test('an extension of its own, values of groups together, and a value of its own', async () => {
            const app = await org.connectedApp(target);
            await addAttributes(app, {
                roles: { title: 'Roles', type: 'array', items: { type: 'string' }, externalNamespace: OWN, union: 'ENABLE' },
                level: { title: 'Level', type: 'integer', externalNamespace: OWN, default: 1 },
            });
            const ann = await org.user();
            const give = (group, profile) =>
                muster.ask('PUT', `/api/v1/apps/${app.id}/groups/${group.id}`, { profile });
            const [first, second] = [await org.group(null, [ann]), await org.group(null, [ann])];
            await give(first, { roles: ['read'] });
            await give(second, { roles: ['write', 'read'] });
            await world.settle(app);
            assert.deepEqual((await world.account(ann))[OWN], { roles: ['read', 'write'], level: 1 });
            assert.ok((await world.account(ann)).schemas.includes(OWN));
            await org.remove(second, ann);
            await world.settle(app);
            assert.deepEqual((await world.account(ann))[OWN].roles, ['read']);
            await muster.ask('POST', `/api/v1/apps/${app.id}/users/${ann.id}`, { profile: { level: 9 } });
            await world.settle(app);
            assert.deepEqual((await world.account(ann))[OWN], { roles: ['read'], level: 9 });
            const log = await world.during(app, () => map(app, { title: null }));
            assert.equal(log.writes.length, 0);
        });

        for (const dialect of ['CATALOG', 'CUSTOM']) {
            test(`the dialect ${dialect} carries it too`, async () => {
                const app = await org.connectedApp(target);
                await muster.ask('PUT', `/api/v1/apps/${app.id}/group-push/settings`, { dialect });
                await addAttributes(app, { level: { title: 'Level', type: 'integer', externalNamespace: OWN } });
                await map(app, { level: { expression: 'String.len(user.title)' } });
                const ann = await org.user(null, { title: 'Boss' });
                await org.assignUser(app, ann);
                await world.settle(app);
                assert.deepEqual((await world.account(ann))[OWN], { level: 4 });
                await change(ann, { title: 'Big boss' });
                await world.settle(app);
                const there = await world.account(ann);
                assert.deepEqual(there[OWN], { level: 8 });
                assert.ok(there.schemas.includes(OWN));
            });
        }
    });
}

mappings('practice', () => Practice.start());
// scimmy drops extensions that it was not told of.
mappings('scimmy', () => Scimmy.start(), { custom: false });
