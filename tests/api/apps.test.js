// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { start } = require('./world');
const { Practice } = require('../lib/muster');
const { all, refused, PASSWORD } = require('../lib/sdk');

describe('apps', () => {
    let muster;
    let client;
    let org;
    let apps;
    let practice;

    before(async () => {
        practice = await Practice.start();
        ({ muster, client, org } = await start());
        apps = client.applicationApi;
    });
    after(async () => {
        if (muster) await muster.stop();
        if (practice) await practice.stop();
    });
    afterEach(() => muster.check());

    test('created, read, replaced, deactivated, deleted', async () => {
        const app = await apps.createApplication({
            application: {
                name: 'okta_org2org',
                label: 'Life of an app',
                signOnMode: 'SAML_2_0',
                visibility: { autoSubmitToolbar: false },
            },
        });
        assert.match(app.id, /^0oa[0-9A-Za-z]{17}$/);
        assert.equal(app.status, 'ACTIVE');
        assert.equal(app.name, 'okta_org2org');
        assert.equal(app.signOnMode, 'SAML_2_0');
        assert.equal((await apps.getApplication({ appId: app.id })).label, 'Life of an app');
        const replaced = await apps.replaceApplication({
            appId: app.id,
            application: { name: 'okta_org2org', label: 'Another label', signOnMode: 'SAML_2_0' },
        });
        assert.equal(replaced.label, 'Another label');
        await refused(apps.deleteApplication({ appId: app.id }), 403, 'E0000056');
        await apps.deactivateApplication({ appId: app.id });
        assert.equal((await apps.getApplication({ appId: app.id })).status, 'INACTIVE');
        await apps.activateApplication({ appId: app.id });
        assert.equal((await apps.getApplication({ appId: app.id })).status, 'ACTIVE');
        await apps.deactivateApplication({ appId: app.id });
        await apps.deleteApplication({ appId: app.id });
        await refused(apps.getApplication({ appId: app.id }), 404, 'E0000007', app.id);
    });

    test('created inactive', async () => {
        assert.equal((await org.app(null, { activate: false })).status, 'INACTIVE');
    });

    test('labels are unique, whatever their letters', async () => {
        await org.app('Only One');
        await refused(org.app('only one'), 400, 'E0000040');
        await refused(org.app('x'.repeat(256)), 400, 'E0000001', 'label');
        await refused(apps.createApplication({ application: { name: 'scim2', signOnMode: 'AUTO_LOGIN' } }), 400, 'E0000001', 'label');
    });

    test('lists: pages, q, filter', async () => {
        for (let i = 0; i < 7; i++) await org.app(`Listed app ${i}`, { activate: i !== 3 });
        const list = async (options) => (await all(apps.listApplications(options))).map((app) => app.label);
        assert.equal((await list({ q: 'Listed app' })).length, 7);
        assert.equal((await list({ limit: 2 })).filter((label) => label.startsWith('Listed app')).length, 7);
        assert.deepEqual(
            (await list({ filter: 'status eq "INACTIVE"' })).filter((label) => label.startsWith('Listed')),
            ['Listed app 3'],
        );
        await refused(list({ filter: 'nonsense eq "x"' }), 400, 'E0000031');
    });

    describe('the connection', () => {
        test('is verified when it is saved, and never shows the token', async () => {
            const app = await org.app();
            const saved = await org.connect(app, practice, { activate: false });
            assert.equal(saved.status, 'DISABLED');
            assert.equal(saved.profile.authScheme, 'TOKEN');
            await apps.activateDefaultProvisioningConnectionForApplication({ appId: app.id });
            const answer = await muster.call('GET', `/api/v1/apps/${app.id}/connections/default`);
            assert.equal(answer.status, 200);
            assert.equal(answer.json.status, 'ENABLED');
            assert.equal(answer.json.baseUrl, practice.baseUrl);
            assert.equal(answer.json.authScheme, 'TOKEN');
            assert.ok(!answer.text.includes(practice.token));
            await apps.deactivateDefaultProvisioningConnectionForApplication({ appId: app.id });
            assert.equal((await apps.getDefaultProvisioningConnectionForApplication({ appId: app.id })).status, 'DISABLED');
            const active = await org.connect(app, practice);
            assert.equal(active.status, 'ENABLED');
        });

        test('that cannot work is refused', async () => {
            const app = await org.app();
            const save = (baseUrl, token = practice.token) =>
                apps.updateDefaultProvisioningConnectionForApplication({
                    appId: app.id,
                    ProvisioningConnectionRequest: { baseUrl, profile: { authScheme: 'TOKEN', token } },
                    activate: true,
                });
            await refused(save(practice.baseUrl, 'wrong'), 400, 'E0000059');
            await refused(save('http://127.0.0.1:9/scim/v2'), 400, 'E0000059');
            for (const url of [
                'ftp://127.0.0.1/scim',
                'http://example.com/scim/v2',
                'https://user:secret@example.com/scim',
                'https://example.com/scim?x=1',
                'https://169.254.169.254/scim',
                'https://[fe80::1]/scim',
                'https://[::ffff:169.254.169.254]/scim',
                'not a url',
                '',
            ]) {
                await refused(save(url), 400, 'E0000001', 'baseUrl');
            }
            await refused(
                apps.activateDefaultProvisioningConnectionForApplication({ appId: app.id }),
                400,
                'E0000001',
            );
        });

        test('a new host or port needs the credential again', async () => {
            const app = await org.app();
            await org.connect(app, practice);
            const save = (baseUrl) =>
                muster.call('POST', `/api/v1/apps/${app.id}/connections/default`, {
                    body: { baseUrl, profile: { authScheme: 'TOKEN' } },
                });
            const moved = await save('http://127.0.0.1:9/scim/v2');
            assert.equal(moved.status, 400, moved.text);
            assert.match(moved.text, /token/i);
            assert.equal((await save(practice.baseUrl)).status, 200, 'the same place keeps the credential');
        });
    });

    describe('the switches', () => {
        const status = (value) => ({ status: value });

        test('are off, and are set one by one', async () => {
            const app = await org.app();
            await org.connect(app, practice);
            const get = () => muster.ask('GET', `/api/v1/apps/${app.id}/features/USER_PROVISIONING`);
            const before = await get();
            assert.equal(before.name, 'USER_PROVISIONING');
            assert.equal(before.capabilities.create.lifecycleCreate.status, 'DISABLED');
            assert.equal(before.capabilities.update.profile.status, 'DISABLED');
            assert.equal(before.capabilities.update.lifecycleDeactivate.status, 'DISABLED');
            assert.equal(before.capabilities.update.password.status, 'DISABLED');
            await apps.updateFeatureForApplication({
                appId: app.id,
                name: 'USER_PROVISIONING',
                CapabilitiesObject: { create: { lifecycleCreate: status('ENABLED') } },
            });
            const now = await get();
            assert.equal(now.capabilities.create.lifecycleCreate.status, 'ENABLED');
            assert.equal(now.capabilities.update.profile.status, 'DISABLED', 'a part that is not given stays');
            const features = await all(apps.listFeaturesForApplication({ appId: app.id }));
            assert.ok(features.some((feature) => feature.name === 'USER_PROVISIONING'));
            const bad = await muster.call('PUT', `/api/v1/apps/${app.id}/features/USER_PROVISIONING`, {
                body: { create: { lifecycleCreate: status('MAYBE') } },
            });
            assert.equal(bad.status, 400);
            assert.equal(bad.json.errorCode, 'E0000001');
            for (const body of [{ profile: null }, { update: { profile: null } }, { update: null }]) {
                const answer = await muster.call('PUT', `/api/v1/apps/${app.id}/features/USER_PROVISIONING`, { body });
                assert.equal(answer.status, 400, JSON.stringify(body));
                assert.match(answer.json.errorCauses[0].errorSummary, new RegExp(`^${body.update === null ? 'update' : 'profile'}`));
            }
            assert.deepEqual(await get(), now, 'what was refused changed nothing');
            assert.equal((await muster.call('GET', `/api/v1/apps/${app.id}/features/NOTHING`)).status, 404);
        });

        test('need provisioning', async () => {
            const app = await org.app();
            const answer = await muster.call('GET', `/api/v1/apps/${app.id}/features/USER_PROVISIONING`);
            assert.equal(answer.status, 400);
            assert.equal(answer.json.errorCode, 'E0000001');
            assert.match(answer.text, /Provisioning is not enabled for the app instance/);
        });
    });

    describe('people and groups of an app', () => {
        test('a person: assigned, read, changed, listed, unassigned', async () => {
            const app = await org.app();
            const user = await org.user();
            const assigned = await org.assignUser(app, user, {
                credentials: { userName: 'other.name@apps.example' },
                profile: { title: 'In this app' },
            });
            assert.equal(assigned.id, user.id);
            assert.equal(assigned.scope, 'USER');
            assert.equal(assigned.credentials.userName, 'other.name@apps.example');
            assert.equal(assigned.profile.title, 'In this app');
            const changed = await apps.updateApplicationUser({
                appId: app.id,
                userId: user.id,
                appUser: { profile: { title: 'Changed' } },
            });
            assert.equal(changed.profile.title, 'Changed');
            assert.deepEqual((await all(apps.listApplicationUsers({ appId: app.id }))).map((each) => each.id), [user.id]);
            await org.unassignUser(app, user);
            await refused(org.appUser(app, user), 404, 'E0000007', user.id);
            await refused(org.unassignUser(app, user), 404, 'E0000007');
            assert.deepEqual(await all(apps.listApplicationUsers({ appId: app.id })), []);
        });

        test('lists of people: pages and q', async () => {
            const app = await org.app();
            const users = [];
            for (let i = 0; i < 7; i++) users.push(await org.user(`app-list-${i}@apps.example`));
            for (const user of users) await org.assignUser(app, user);
            const list = async (options) => (await all(apps.listApplicationUsers({ appId: app.id, ...options }))).map((each) => each.id);
            assert.deepEqual((await list({ limit: 3 })).sort(), users.map((user) => user.id).sort());
            assert.deepEqual(await list({ q: 'app-list-4' }), [users[4].id]);
            const expanded = await muster.ask('GET', `/api/v1/apps/${app.id}/users/${users[0].id}?expand=user`);
            assert.equal(expanded._embedded.user.id, users[0].id);
        });

        test('who cannot be assigned', async () => {
            const app = await org.app();
            const user = await org.user();
            await client.userApi.deactivateUser({ userId: user.id });
            await refused(org.assignUser(app, user), 403, 'E0000117');
            await refused(org.assignUser(app, { id: '00u0000000000000000x' }), 404, 'E0000007');
        });

        test('a suspended person can keep the app', async () => {
            const app = await org.app();
            const user = await org.user(null, { password: PASSWORD });
            await org.assignUser(app, user);
            await client.userApi.suspendUser({ userId: user.id });
            assert.equal((await org.appUser(app, user)).scope, 'USER');
        });

        test('a deactivated person has no app any more', async () => {
            const app = await org.app();
            const user = await org.user();
            await org.assignUser(app, user);
            await client.userApi.deactivateUser({ userId: user.id });
            await refused(org.appUser(app, user), 404, 'E0000007');
        });

        test('groups: priorities, one after the other, and the people they bring', async () => {
            const app = await org.app();
            const ann = await org.user();
            const first = await org.group(null, [ann]);
            const second = await org.group(null, [ann]);
            assert.equal((await org.assignGroup(app, first)).priority, 0);
            assert.equal((await org.assignGroup(app, second)).priority, 1);
            assert.equal((await org.appUser(app, ann)).scope, 'GROUP');
            const put = await apps.assignGroupToApplication({
                appId: app.id,
                groupId: second.id,
                applicationGroupAssignment: { priority: 0, profile: { title: 'From a group' } },
            });
            assert.equal(put.priority, 0);
            assert.equal(put.profile.title, 'From a group');
            const listed = await all(apps.listApplicationGroupAssignments({ appId: app.id }));
            assert.deepEqual(listed.map((each) => each.id).sort(), [first.id, second.id].sort());
            const patched = await apps.updateGroupAssignmentToApplication({
                appId: app.id,
                groupId: second.id,
                jsonPatchOperation: [{ op: 'replace', path: '/profile/title', value: 'Patched' }],
            });
            assert.equal(patched.profile.title, 'Patched');
            assert.equal((await apps.getApplicationGroupAssignment({ appId: app.id, groupId: second.id })).profile.title, 'Patched');
            await org.unassignGroup(app, second);
            await refused(apps.getApplicationGroupAssignment({ appId: app.id, groupId: second.id }), 404, 'E0000007');
            assert.equal((await org.appUser(app, ann)).scope, 'GROUP', 'the other group still gives the app');
            await org.unassignGroup(app, first);
            await refused(org.appUser(app, ann), 404, 'E0000007');
        });

        test('USER stands over GROUP, and falls back to it', async () => {
            const app = await org.app();
            const ann = await org.user();
            const group = await org.group(null, [ann]);
            await org.assignGroup(app, group);
            await org.assignUser(app, ann);
            assert.equal((await org.appUser(app, ann)).scope, 'USER');
            await org.unassignUser(app, ann);
            assert.equal((await org.appUser(app, ann)).scope, 'GROUP');
            await refused(org.unassignUser(app, ann), 403, 'E0000046');
        });

        test('an assignment is converted by its scope', async () => {
            const app = await org.app();
            const ann = await org.user();
            const bob = await org.user();
            await org.assignUser(app, ann);
            await org.assignUser(app, bob);
            await org.assignGroup(app, await org.group(null, [ann]));
            const convert = (user, scope) => apps.updateApplicationUser({ appId: app.id, userId: user.id, appUser: { scope } });
            assert.equal((await convert(ann, 'GROUP')).scope, 'GROUP');
            assert.equal((await convert(ann, 'USER')).scope, 'USER');
            await refused(convert(bob, 'GROUP'), 400, 'E0000001', 'no assigned group holds the person');
            assert.equal((await org.appUser(app, bob)).scope, 'USER');
        });
    });
});
