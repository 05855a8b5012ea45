// SPDX-License-Identifier: Apache-2.0
// Schemas of app users and profile mappings: through the SDK where it knows the fields, and as JSON where it does not.
'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { start } = require('./world');
const { all, refused } = require('../lib/sdk');

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';

describe('schemas and mappings of apps', () => {
    let muster;
    let client;
    let org;

    before(async () => {
        ({ muster, client, org } = await start());
    });
    after(() => muster && muster.stop());

    const mappingOf = async (app) => (await all(client.profileMappingApi.listProfileMappings({ targetId: app.id })))[0];
    const read = (mapping) => muster.ask('GET', `/api/v1/mappings/${mapping.id}`);
    const update = (mapping, properties) => muster.call('POST', `/api/v1/mappings/${mapping.id}`, { body: { properties } });
    const schemaUrl = (app) => `/api/v1/meta/schemas/apps/${app.id}/default`;
    const addAttributes = (app, properties) =>
        muster.call('POST', schemaUrl(app), { body: { definitions: { custom: { properties } } } });

    test('an expression is checked for the attribute that it is for', async () => {
        const app = await org.app();
        const { id } = await mappingOf(app);
        const check = (body) => muster.call('POST', `/api/v1/mappings/${id}/check`, { body });
        assert.deepEqual((await check({ property: 'title', expression: 'user.title ?: "Employee"' })).json, { valid: true });
        const wrong = (await check({ property: 'title', expression: 'user.title + user.none' })).json;
        assert.equal(wrong.valid, false);
        assert.equal(wrong.position, 14);
        assert.match(wrong.errorSummary, /none/);
        const badge = { title: 'Badge', type: 'integer', externalName: 'badge', externalNamespace: 'urn:example:2.0:User' };
        await addAttributes(app, { badge });
        assert.equal((await check({ property: 'badge', expression: 'user.title' })).json.valid, false, 'a text is no integer');
        assert.equal((await check({ property: 'badge', expression: 'Convert.toInt(user.title)' })).json.valid, true);
        const now = { property: 'title', expression: 'Time.now()' };
        assert.match((await check(now)).json.errorSummary, /DONT_PUSH/);
        assert.deepEqual((await check({ ...now, pushStatus: 'DONT_PUSH' })).json, { valid: true });
        assert.equal((await update({ id }, { title: { expression: 'user.title', pushStatus: 'DONT_PUSH' } })).status, 200);
        assert.deepEqual((await check(now)).json, { valid: true }, 'what is not said stays as it is, as in a change');
        for (const [body, field] of [
            [{ property: 'nothing', expression: 'user.title' }, /^properties.nothing: /],
            [{ property: 'userName', expression: 'user.login' }, /userNameTemplate/],
            [{ expression: 'user.title' }, /^property: /],
            [{ property: 'title' }, /^expression: /],
            [{ property: 'title', expression: 'user.title', pushStatus: 'NOPE' }, /^pushStatus: Give PUSH /],
            [{ property: 'title', expression: 'user.title', pushStatus: 1 }, /^pushStatus: Give PUSH /],
        ]) {
            const refusal = await check(body);
            assert.equal(refusal.status, 400);
            assert.match(refusal.json.errorCauses[0].errorSummary, field);
        }
    });

    describe('the schema of an app', () => {
        test('shows where base attributes stand', async () => {
            const app = await org.app();
            const schema = await client.schemaApi.getApplicationUserSchema({ appInstanceId: app.id });
            assert.equal(schema.id, `${muster.url}${schemaUrl(app)}`);
            assert.equal(schema.name, app.name);
            const { base, custom } = schema.definitions;
            assert.deepEqual(base.required, ['userName']);
            assert.deepEqual(custom.properties || {}, {});
            assert.equal(base.properties.department.externalName, 'department');
            assert.equal(base.properties.department.externalNamespace, ENTERPRISE);
            assert.equal(base.properties.email.externalName, 'emails.^[type==work].value');
            assert.equal(base.properties.lastName.externalName, 'name.familyName');
            assert.equal(base.properties.lastName.externalNamespace, CORE);
            await refused(client.schemaApi.getApplicationUserSchema({ appInstanceId: '0oa0000000000000000x' }), 404, 'E0000007');
        });

        test('an attribute is added through the SDK, changed, and removed', async () => {
            const app = await org.app();
            const badge = { title: 'Badge', type: 'integer', externalName: 'badge', externalNamespace: 'urn:example:2.0:User' };
            const added = await client.schemaApi.updateApplicationUserProfile({
                appInstanceId: app.id,
                body: { definitions: { custom: { id: '#custom', type: 'object', properties: { badge } } } },
            });
            assert.equal(added.definitions.custom.properties.badge.externalNamespace, badge.externalNamespace);
            assert.equal(added.definitions.custom.properties.badge.scope, 'NONE');
            const whole = await muster.ask('GET', schemaUrl(app));
            const back = await muster.ask('POST', schemaUrl(app), whole); // the whole of it changes nothing
            assert.deepEqual(back, whole);
            const gone = await addAttributes(app, { badge: null });
            assert.equal(gone.status, 200, gone.text);
            assert.deepEqual(gone.json.definitions.custom.properties, {});
        });

        test('what cannot be is refused by its place', async () => {
            const app = await org.app();
            const bad = await addAttributes(app, { x: { title: 'X', type: 'string', externalName: 'userName' } });
            assert.equal(bad.status, 400);
            assert.equal(bad.json.errorCode, 'E0000001');
            assert.match(bad.json.errorCauses[0].errorSummary, /^definitions\.custom\.properties\.x\.externalName: .*userName/);
            const base = await muster.call('POST', schemaUrl(app), {
                body: { definitions: { base: { properties: { title: { type: 'integer' } } } } },
            });
            assert.match(base.json.errorCauses[0].errorSummary, /^definitions\.base\.properties\.title\.type: /);
        });
    });

    describe('mappings', () => {
        test('each app has one; lists come in pages and by either end', async () => {
            const apps = [await org.app(), await org.app(), await org.app()];
            const listed = await all(client.profileMappingApi.listProfileMappings({ limit: 2 }));
            assert.equal(new Set(listed.map((each) => each.id)).size, listed.length);
            for (const app of apps) assert.ok(listed.some((each) => each.target.id === app.id));
            const [one] = await all(client.profileMappingApi.listProfileMappings({ targetId: apps[1].id }));
            assert.match(one.id, /^prm[0-9A-Za-z]{17}$/);
            assert.deepEqual([one.source.name, one.source.type, one.target.name, one.target.type], ['user', 'user', 'scim2', 'appuser']);
            const user = await org.user();
            assert.equal(one.source.id, (await client.userApi.getUser({ userId: user.id })).type.id);
            assert.deepEqual(await all(client.profileMappingApi.listProfileMappings({ sourceId: apps[0].id })), []);
            const found = await client.profileMappingApi.getProfileMapping({ mappingId: one.id });
            assert.equal(found.id, one.id);
            await refused(client.profileMappingApi.getProfileMapping({ mappingId: 'prm0000000000000000x' }), 404, 'E0000007');
            assert.equal((await muster.call('GET', '/api/v1/mappings?limit=201')).status, 400);
        });

        test('the default is what was always sent', async () => {
            const { properties } = await read(await mappingOf(await org.app()));
            assert.deepEqual(properties.department, { expression: 'user.department', pushStatus: 'PUSH' });
            assert.equal(properties.displayName.expression, 'user.displayName ?: String.join(" ", user.firstName, user.lastName)');
            assert.equal(Object.keys(properties).length, 30);
            assert.ok(!properties.userName);
        });

        test('a property is changed, ended and set back; the others stay', async () => {
            const app = await org.app();
            const mapping = await mappingOf(app);
            const before = await read(mapping);
            const answer = await update(mapping, {
                title: { expression: 'user.title ?: "none"', pushStatus: 'DONT_PUSH' },
                city: null,
                displayName: before.properties.displayName,
            });
            assert.equal(answer.status, 200, answer.text);
            assert.deepEqual(answer.json.properties.title, { expression: 'user.title ?: "none"', pushStatus: 'DONT_PUSH' });
            assert.equal(answer.json.properties.city, undefined);
            assert.deepEqual(answer.json.properties.state, before.properties.state);
            assert.deepEqual(await read(mapping), answer.json);
            const { title, city } = before.properties;
            assert.deepEqual((await update(mapping, { title, city })).json, before);
            const log = await muster.ask('GET', `/api/v1/logs?filter=${encodeURIComponent('eventType eq "muster.profile_mapping.update"')}&limit=1000`);
            const mine = log.filter((each) => each.target.some((one) => one.id === app.id));
            assert.equal(mine.length, 2);
            assert.equal(mine[0].target[0].id, mapping.id);
        });

        test('an expression that is wrong names its property', async () => {
            const mapping = await mappingOf(await org.app());
            const answer = await update(mapping, { city: { expression: 'user.title' }, title: { expression: 'user.nothing' } });
            assert.equal(answer.status, 400);
            assert.equal(answer.json.errorCode, 'E0000001');
            assert.match(answer.json.errorCauses[0].errorSummary, /^properties\.title\.expression: position 1: /);
            assert.equal((await read(mapping)).properties.city.expression, 'user.city', 'nothing of it was saved');
            assert.equal((await muster.call('POST', `/api/v1/mappings/${mapping.id}`, { body: {} })).status, 400);
            assert.equal((await muster.call('POST', '/api/v1/mappings/prm0000000000000000x', { body: { properties: {} } })).status, 404);
        });
    });

    describe('what a person gets', () => {
        test('preview: of a mapping as it is, and of one that is not saved', async () => {
            const app = await org.app();
            const mapping = await mappingOf(app);
            const ann = await org.user(null, { department: 'Sales' });
            const group = await org.group(null, [ann]);
            await org.assignGroup(app, group);
            await client.applicationApi.assignGroupToApplication({
                appId: app.id,
                groupId: group.id,
                applicationGroupAssignment: { profile: { city: 'From the group' } },
            });
            const preview = (body) => muster.ask('POST', `/api/v1/mappings/${mapping.id}/preview`, body);
            const now = await preview({ userId: ann.id });
            assert.equal(now.userId, ann.id);
            assert.equal(now.assigned, true);
            assert.equal(now.credentials.userName, ann.profile.login);
            assert.equal(now.profile.department, 'Sales');
            assert.equal(now.profile.city, 'From the group');
            assert.deepEqual([now.sources.department, now.sources.city, now.sources.title], ['MAPPING', 'GROUP', undefined]);
            assert.deepEqual(now.errors, []);
            const then = await preview({
                userId: ann.profile.login,
                properties: { title: { expression: 'user.department + "!"' }, department: null },
            });
            assert.equal(then.profile.title, 'Sales!');
            assert.equal(then.profile.department, undefined);
            assert.equal((await read(mapping)).properties.title.expression, 'user.title', 'nothing was saved');
            const other = await org.user();
            assert.equal((await preview({ userId: other.id })).assigned, false);
        });

        test('preview: what is wrong with the mapping, the values and the question', async () => {
            const app = await org.app();
            const mapping = await mappingOf(app);
            const ann = await org.user(null, { city: 'A very long name' });
            await addAttributes(app, { code: { title: 'Code', type: 'string', maxLength: 3 } });
            const ask = (body) => muster.call('POST', `/api/v1/mappings/${mapping.id}/preview`, { body });
            const long = await ask({ userId: ann.id, properties: { code: { expression: 'user.city' } } });
            assert.equal(long.status, 200, long.text);
            assert.deepEqual(long.json.errors, [
                { property: 'code', errorSummary: 'code: The field is too long (at most 3 characters)' },
            ]);
            assert.equal(long.json.profile.code, undefined);
            const bad = await ask({ userId: ann.id, properties: { code: { expression: 'user.' } } });
            assert.match(bad.json.errorCauses[0].errorSummary, /^properties\.code\.expression: /);
            assert.equal((await ask({})).status, 400);
            assert.equal((await ask({ userId: 'nobody' })).status, 404);
        });

        test('assignments: only what the schema has, and what fits', async () => {
            const app = await org.app();
            const ann = await org.user();
            const group = await org.group(null, [ann]);
            await addAttributes(app, {
                roles: { title: 'Roles', type: 'array', items: { type: 'string' }, union: 'ENABLE' },
                own: { title: 'Own', type: 'string', scope: 'SELF' },
            });
            const put = (profile) =>
                muster.call('PUT', `/api/v1/apps/${app.id}/groups/${group.id}`, { body: { profile } });
            assert.equal((await put({ roles: ['a', 'b'] })).status, 200);
            for (const [profile, cause] of [
                [{ nothing: 1 }, /Property name 'nothing' is not defined in profile/],
                [{ roles: 'a' }, /^roles: The value must be of type array/],
                [{ title: 7 }, /^title: The value must be of type string/],
                [{ own: 'x' }, /^own: The attribute is personal/],
            ]) {
                const answer = await put(profile);
                assert.equal(answer.status, 400, answer.text);
                assert.match(answer.json.errorCauses[0].errorSummary, cause);
            }
            const seen = await muster.ask('GET', `/api/v1/apps/${app.id}/users/${ann.id}`);
            assert.deepEqual(seen.profile.roles, ['a', 'b']);
            await org.assignUser(app, ann, { profile: { own: 'mine', roles: ['c'] } });
            assert.deepEqual((await muster.ask('GET', `/api/v1/apps/${app.id}/users/${ann.id}`)).profile.roles, ['c']);
        });

        test('who only reads may look and preview, and change nothing', async () => {
            const mapping = await mappingOf(await org.app());
            const ann = await org.user();
            const { token } = await muster.ask('POST', '/api/v1/api-tokens', { name: 'reader of mappings', role: 'READ_ONLY' });
            const as = (method, path, body) => muster.call(method, path, { body, token });
            assert.equal((await as('GET', `/api/v1/mappings/${mapping.id}`)).status, 200);
            assert.equal((await as('POST', `/api/v1/mappings/${mapping.id}/preview`, { userId: ann.id })).status, 200);
            assert.equal((await as('POST', `/api/v1/mappings/${mapping.id}`, { properties: {} })).status, 403);
            assert.equal((await as('POST', schemaUrl({ id: mapping.target.id }), {})).status, 403);
        });
    });
});
