// SPDX-License-Identifier: Apache-2.0
// Imports from a target: what it holds becomes known here, and nothing is sent to it.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { World } = require('./world');
const { all } = require('../lib/sdk');

const GROUPS = (app) => `/api/v1/apps/${app.id}/group-push`;
const IMPORTS = (app) => `/api/v1/apps/${app.id}/imports`;

// Starts a run and waits for its end.
async function imported(muster, app, path = IMPORTS(app)) {
    const { id } = await muster.ask('POST', path);
    let run;
    do run = await muster.ask('GET', `${IMPORTS(app)}/${id}?wait=30s`);
    while (!run.finished && run.status !== 'HELD');
    return run;
}

async function settings(muster, app, userCreateAndMatch, importSettings = {}) {
    return muster.ask('PUT', `/api/v1/apps/${app.id}/features/INBOUND_PROVISIONING`, {
        importSettings,
        importRules: { userCreateAndMatch },
    });
}

function importScenarios(name, startTarget) {
    describe(`imports from ${name}`, () => {
        let world;
        let org;
        let target;
        let muster;
        let client;

        before(async () => {
            world = await World.start(startTarget);
            ({ org, target, muster, client } = world);
        });
        after(() => world && world.stop());
        afterEach(() => muster.check());

        const person = (login, given = 'Given', family = 'Family') => ({
            userName: login,
            name: { givenName: given, familyName: family },
            emails: [{ value: login, type: 'work', primary: true }],
        });
        const appGroups = async (app) =>
            (await all(client.groupApi.listGroups({ filter: 'type eq "APP_GROUP"' }))).filter((group) => group._links.source.href.endsWith(app.id));

        test('Refresh App Groups: listed, searched, offered for linking, and linked by a push', async () => {
            const app = await org.connectedApp(target);
            const names = Array.from({ length: 130 }, (_, i) => `${org.name('Refreshed')} ${i}`);
            for (const displayName of names) await target.seedGroup({ displayName });
            const mark = await target.mark();
            const run = await imported(muster, app, `${GROUPS(app)}/refresh`);
            assert.equal(run.status, 'COMPLETED', run.error);
            assert.equal(run.type, 'GROUPS');
            assert.ok(run.groups.created >= 130);
            assert.ok((await target.log(mark)).every((entry) => entry.method === 'GET'), 'nothing is written');
            const groups = await appGroups(app);
            assert.ok(names.every((each) => groups.some((group) => group.profile.name === each)));
            const found = await all(client.groupApi.listGroups({ search: `source.id eq "${app.id}" and profile.name eq "${names[7]}"` }));
            assert.equal(found.length, 1);
            assert.equal(found[0].type, 'APP_GROUP');
            assert.match(found[0].id, /^00g/);

            const source = await org.group(names[7]);
            const offer = await muster.ask('GET', `${GROUPS(app)}/match?sourceGroupId=${source.id}`);
            assert.equal(offer.action, 'LINK');
            assert.equal(offer.candidates[0].id, found[0].id);
            const other = await muster.ask('GET', `${GROUPS(app)}/match?sourceGroupId=${source.id}&targetGroupName=Nowhere`);
            assert.equal(other.action, 'CREATE');
            const mapping = await org.push(app, source);
            assert.equal(mapping.targetGroupId, found[0].id, 'the same APP_GROUP');
            await world.settle(app);
            await world.targetGroup(source); // exactly one of this name
            assert.equal((await muster.ask('GET', `${GROUPS(app)}/match?sourceGroupId=${source.id}`)).action, 'NONE');
            const refused = await muster.call('DELETE', `/api/v1/groups/${found[0].id}`);
            assert.equal(refused.status, 403);
            assert.equal(refused.json.errorCode, 'E0000111');

            const again = await imported(muster, app, `${GROUPS(app)}/refresh`);
            assert.equal(again.differences.found, 0);
        });

        test('Import Now: matched, confirmed by an administrator, memberships known, and not to be changed by hand', async () => {
            const app = await org.connectedApp(target, {});
            const exact = await org.user();
            const partial = await org.user(null, { firstName: 'Wilhelmina', lastName: `Part${process.pid}` });
            const logins = [exact.profile.login, `partial-${app.id}@else.example`, `new-${app.id}@else.example`].map((login) => login.toLowerCase());
            const there = [
                await target.seedUser(person(logins[0])),
                await target.seedUser(person(logins[1], 'Wilhelmina', `Part${process.pid}`)),
                await target.seedUser(person(logins[2])),
            ];
            const group = await target.seedGroup({ displayName: org.name('Imported'), members: there.map((user) => ({ value: user.id })) });
            await settings(muster, app, { exactMatchCriteria: 'USERNAME', allowPartialMatch: true });
            const mark = await target.mark();
            const run = await imported(muster, app);
            assert.equal(run.status, 'COMPLETED', run.error);
            const list = await muster.ask('GET', `${IMPORTS(app)}/users?limit=200`);
            const matches = logins.map((login) => list.find((user) => user.credentials.userName.toLowerCase() === login));
            assert.deepEqual(
                matches.map((user) => user.match),
                ['EXACT', 'PARTIAL', 'NEW'],
            );
            assert.equal(matches[0].user.id, exact.id);
            assert.equal(matches[1].user.id, partial.id);
            const published = await muster.ask('GET', `/api/v1/apps/${app.id}/unconfirmed-users?limit=200`);
            assert.equal(published.users.length, list.length);

            const bulk = await muster.ask('POST', `${IMPORTS(app)}/users/bulk`, { action: 'CONFIRM', ids: [matches[0].id, matches[1].id] });
            assert.deepEqual(bulk, { refused: [], done: 2 });
            const made = await muster.ask('POST', `${IMPORTS(app)}/users/${matches[2].id}/confirm`, { create: true, activate: true });
            assert.equal(made.status, 'CONFIRMED');
            const appUser = await client.applicationApi.getApplicationUser({ appId: app.id, userId: partial.id });
            assert.equal(appUser.externalId, there[1].id);
            assert.equal(appUser.scope, 'USER');
            const known = (await appGroups(app)).find((each) => each.profile.name === group.displayName);
            const members = await all(client.groupApi.listGroupUsers({ groupId: known.id }));
            assert.deepEqual(members.map((user) => user.id).sort(), [exact.id, partial.id, made.user.id].sort());
            const byHand = await muster.call('PUT', `/api/v1/groups/${known.id}/users/${exact.id}`);
            assert.equal(byHand.status, 403);
            assert.equal(byHand.json.errorCode, 'E0000111');
            await world.settle(app);
            assert.ok((await target.log(mark)).every((entry) => entry.method !== 'POST' && entry.method !== 'DELETE'), 'nobody is made a second time');
        });

        test('with importGroups off an import reads users alone, and what is known of groups stays', async () => {
            const app = await org.connectedApp(target);
            const { displayName } = await target.seedGroup({ displayName: org.name('Known') });
            assert.equal((await imported(muster, app)).status, 'COMPLETED');
            assert.ok((await appGroups(app)).some((group) => group.profile.name === displayName));
            await settings(muster, app, {}, { importGroups: false });
            const login = `alone-${app.id}@else.example`.toLowerCase();
            await target.seedUser(person(login));
            const mark = await target.mark();
            const run = await imported(muster, app);
            assert.equal(run.status, 'COMPLETED', run.error);
            assert.deepEqual((await target.log(mark)).filter((entry) => entry.path.includes('/Groups')), []);
            const list = await muster.ask('GET', `${IMPORTS(app)}/users?limit=200`);
            assert.ok(list.some((user) => user.credentials.userName.toLowerCase() === login));
            assert.ok((await appGroups(app)).some((group) => group.profile.name === displayName));
        });

        test('who is inactive there is told as disabled, and never activated', async () => {
            const app = await org.connectedApp(target);
            const login = `off-${app.id}@else.example`.toLowerCase();
            await target.seedUser({ ...person(login, 'Off', app.id), active: false });
            await settings(muster, app, { autoConfirmNewUsers: true, autoActivateNewUsers: true });
            const mark = await target.mark();
            const run = await imported(muster, app);
            assert.equal(run.status, 'COMPLETED', run.error);
            const user = await client.userApi.getUser({ userId: login });
            await world.settle(app);
            assert.equal((await client.applicationApi.getApplicationUser({ appId: app.id, userId: user.id })).status, 'INACTIVE');
            await client.userApi.updateUser({ userId: user.id, user: { profile: { title: 'Director' } } });
            await world.settle(app);
            await imported(muster, app);
            await world.settle(app);
            assert.equal((await world.account(login)).active, false);
            assert.ok(!(await target.log(mark)).some((entry) => JSON.stringify(entry.json || '').includes('"active":true')));
        });

        test('from the command line: progress, lists, confirm, ignore', async () => {
            const app = await org.connectedApp(target);
            const login = `cli-${app.id}@else.example`.toLowerCase();
            await target.seedUser(person(login, 'Cli', app.id));
            const refresh = await muster.cli(['app', 'refresh', app.label]);
            assert.equal(refresh.code, 0, refresh.output);
            const run = await muster.cli(['app', 'import', app.label]);
            assert.equal(run.code, 0, run.output);
            assert.match(run.output, /users and \d+ groups/);
            const list = await muster.cli(['app', 'imports', app.label]);
            assert.match(list.output, /COMPLETED/);
            assert.match((await muster.cli(['app', 'imported', app.label])).output, new RegExp(login));
            assert.equal((await muster.cli(['app', 'ignore', app.label, login])).code, 0);
            assert.match((await muster.cli(['app', 'imported', app.label, '--status', 'IGNORED'])).output, new RegExp(login));
            assert.equal((await muster.cli(['app', 'unignore', app.label, login])).code, 0);
            assert.equal((await muster.cli(['app', 'confirm', app.label, login, '--new'])).code, 0);
            assert.equal((await client.userApi.getUser({ userId: login })).profile.login, login);
            const late = await muster.cli(['app', 'import-cancel', app.label]);
            assert.notEqual(late.code, 0);
            assert.match(late.output, /COMPLETED/);
        });
    });
}

module.exports = { importScenarios, imported, settings };
