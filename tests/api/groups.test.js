// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { start } = require('./world');
const { all, refused } = require('../lib/sdk');

describe('groups', () => {
    let muster;
    let client;
    let org;

    before(async () => {
        ({ muster, client, org } = await start());
    });
    after(() => muster && muster.stop());
    afterEach(() => muster.check());

    const members = async (group, limit) =>
        (await all(client.groupApi.listGroupUsers({ groupId: group.id, limit }))).map((user) => user.id).sort();

    test('created, read, changed, deleted', async () => {
        const group = await org.group('Engineering', [], 'Those who build');
        assert.match(group.id, /^00g[0-9A-Za-z]{17}$/);
        assert.equal(group.type, 'OKTA_GROUP');
        assert.deepEqual(group.objectClass, ['okta:user_group']);
        assert.equal(group.profile.description, 'Those who build');
        assert.equal((await client.groupApi.getGroup({ groupId: group.id })).profile.name, 'Engineering');
        const changed = await client.groupApi.replaceGroup({
            groupId: group.id,
            group: { profile: { name: 'Building', description: 'Still' } },
        });
        assert.equal(changed.profile.name, 'Building');
        await client.groupApi.deleteGroup({ groupId: group.id });
        await refused(client.groupApi.getGroup({ groupId: group.id }), 404, 'E0000007', group.id);
        await refused(client.groupApi.deleteGroup({ groupId: group.id }), 404, 'E0000007');
        await org.group('Building'); // the name is free again
    });

    test('names: 255 characters of any Unicode, once', async () => {
        const long = '猫'.repeat(255);
        assert.equal((await org.group(long)).profile.name, long);
        await refused(org.group('x'.repeat(256)), 400, 'E0000001', 'name');
        await refused(client.groupApi.createGroup({ group: { profile: { name: '' } } }), 400, 'E0000001', 'name');
        await refused(client.groupApi.createGroup({ group: { profile: {} } }), 400, 'E0000001', 'name');
        await org.group('Same Name');
        await refused(org.group('Same Name'), 400, 'E0000001', 'name');
    });

    test('a name that nobody can see is refused', async () => {
        const group = await org.group();
        for (const name of [' ', '\u200b', ' \u200b\u00a0\ufeff', '\u3000']) {
            const made = await muster.call('POST', '/api/v1/groups', { body: { profile: { name } } });
            assert.equal(made.status, 400, JSON.stringify(name));
            assert.match(made.text, /name: /);
            const renamed = await muster.call('PUT', `/api/v1/groups/${group.id}`, { body: { profile: { name } } });
            assert.equal(renamed.status, 400, JSON.stringify(name));
        }
        const seen = await muster.call('POST', '/api/v1/groups', { body: { profile: { name: `a\u200b${group.id}` } } });
        assert.equal(seen.status, 200, seen.text);
    });

    test('group update takes a name, or NAME=VALUE', async () => {
        const group = await org.group();
        const update = async (...args) => {
            const done = await muster.cli(['group', 'update', group.id, ...args]);
            return { ...done, profile: (await muster.ask('GET', `/api/v1/groups/${group.id}`)).profile };
        };
        assert.equal((await update(`name=by attribute ${group.id}`)).profile.name, `by attribute ${group.id}`);
        const both = await update(`by word ${group.id}`, 'description=told');
        assert.deepEqual([both.profile.name, both.profile.description], [`by word ${group.id}`, 'told']);
        assert.equal((await update('one', 'two')).code, 2);
    });

    test('members come, go, and are listed over pages', async () => {
        const people = [];
        for (let i = 0; i < 7; i++) people.push(await org.user());
        const group = await org.group(null, people);
        const ids = people.map((user) => user.id).sort();
        assert.deepEqual(await members(group, 3), ids);
        assert.deepEqual(await members(group), ids);
        await org.add(group, people[0]); // once more: no error
        await org.remove(group, people[0]);
        assert.deepEqual(await members(group), ids.filter((id) => id !== people[0].id));
        await org.remove(group, people[0]); // gone already: no error
        const groups = await all(client.userApi.listUserGroups({ userId: people[1].id }));
        assert.ok(groups.some((each) => each.id === group.id));
        assert.ok(!(await all(client.userApi.listUserGroups({ userId: people[0].id }))).some((each) => each.id === group.id));
    });

    test('members that are none', async () => {
        const group = await org.group();
        const user = await org.user();
        const unknown = '00u0000000000000000x';
        await refused(client.groupApi.assignUserToGroup({ groupId: group.id, userId: unknown }), 404, 'E0000007', unknown);
        await refused(client.groupApi.assignUserToGroup({ groupId: '00g0000000000000000x', userId: user.id }), 404, 'E0000007');
        await client.userApi.deactivateUser({ userId: user.id });
        await refused(org.add(group, user), 403, 'E0000038');
    });

    test('a deactivated person stays a member', async () => {
        const user = await org.user();
        const group = await org.group(null, [user]);
        await client.userApi.deactivateUser({ userId: user.id });
        assert.deepEqual(await members(group), [user.id]);
        await client.userApi.deleteUser({ userId: user.id });
        assert.deepEqual(await members(group), []);
    });

    test('lists: q, search, filter, pages', async () => {
        const names = [];
        for (let i = 0; i < 12; i++) {
            names.push(`Listed ${String(i).padStart(2, '0')}`);
            await org.group(names[i], [], i % 2 ? 'odd one' : 'even one');
        }
        const list = async (options) => (await all(client.groupApi.listGroups(options))).map((group) => group.profile.name).sort();
        assert.deepEqual(await list({ q: 'Listed' }), names);
        assert.deepEqual(await list({ q: 'listed 0' }), names.slice(0, 10));
        assert.deepEqual(await list({ search: 'profile.name sw "Listed 1"' }), names.slice(10));
        assert.deepEqual(await list({ search: 'profile.name sw "Listed" and profile.description co "odd"', limit: 2 }), names.filter((_, i) => i % 2));
        assert.deepEqual(await list({ search: 'profile.name eq "Listed 03"' }), ['Listed 03']);
        assert.ok((await list({ filter: 'type eq "OKTA_GROUP"', limit: 5 })).length >= 12);
        assert.deepEqual((await list({ limit: 4 })).filter((name) => name.startsWith('Listed')), names);
        await refused(list({ search: 'profile.name eq' }), 400, 'E0000031');
        await refused(list({ filter: 'profile.name eq "x"' }), 400, 'E0000031');
    });

    test('members are found by what their name, e-mail address or login begins with', async () => {
        const [ada, other] = [await org.user(null, { firstName: 'Zadadora', lastName: 'Nomenclature' }), await org.user()];
        const outside = await org.user(null, { firstName: 'Zadadora' });
        const group = await org.group(null, [ada, other]);
        const found = async (q, more = '') =>
            (await muster.ask('GET', `/api/v1/groups/${group.id}/users?q=${encodeURIComponent(q)}${more}`)).map((user) => user.id);
        assert.deepEqual(await found('zadaDORA'), [ada.id]);
        assert.deepEqual(await found('nomen'), [ada.id]);
        assert.deepEqual(await found(ada.profile.login), [ada.id]);
        assert.deepEqual(await found('dadora'), []);
        assert.deepEqual(await found(outside.profile.login), []);
        assert.deepEqual(await found(''), [ada.id, other.id]);
        const first = await muster.call('GET', `/api/v1/groups/${group.id}/users?q=${ada.profile.login.slice(0, 1)}&limit=1`);
        assert.equal(first.json.length, 1);
    });

    test('expand=stats counts', async () => {
        const group = await org.group(null, [await org.user(), await org.user()]);
        const found = await muster.ask('GET', `/api/v1/groups?search=${encodeURIComponent(`id eq "${group.id}"`)}&expand=stats`);
        assert.equal(found[0]._embedded.stats.usersCount, 2);
        assert.equal(found[0]._embedded.stats.groupPushMappingsCount, 0);
    });

    test('the schema of groups is served', async () => {
        const schema = await client.schemaApi.getGroupSchema();
        assert.ok(schema.definitions.base.properties.name);
    });

    test('the apps of a group', async () => {
        const group = await org.group();
        const app = await org.app();
        await org.assignGroup(app, group);
        const apps = await all(client.groupApi.listAssignedApplicationsForGroup({ groupId: group.id }));
        assert.deepEqual(apps.map((each) => each.id), [app.id]);
    });
});
