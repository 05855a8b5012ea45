// SPDX-License-Identifier: Apache-2.0
// The organisation at a glance, end to end: what needs attention, what went on, and what of each app is in step.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { Muster, Practice } = require('../lib/muster');
const { connectedApp, groupByName, importCrowd, until, userIds } = require('./crowd');

const PEOPLE = 12;
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

describe('overview', () => {
    let muster;
    let target;
    let app;
    let logins;

    const overview = (path = '') => muster.ask('GET', `/api/v1/overview${path}`);
    const push = (name) =>
        groupByName(muster, name).then((group) =>
            muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, { sourceGroupId: group.id, targetGroupName: name }),
        );

    before(async () => {
        muster = await Muster.start();
        target = await Practice.start();
        logins = await importCrowd(muster, PEOPLE, (i) => (i < 10 ? ['Everyone', 'Team'] : ['Everyone', 'Late']));
        app = await connectedApp(muster, 'Seen', target);
        await muster.ask('PUT', `/api/v1/apps/${app.id}/groups/${(await groupByName(muster, 'Everyone')).id}`, {});
        await push('Team');
        await muster.synced(app.id);
    });
    after(async () => {
        if (target) await target.stop();
        if (muster) await muster.stop();
    });
    afterEach(() => muster.check());

    test('nothing needs attention while everything is in step', async () => {
        assert.deepEqual(await overview(), { quarantines: [], holds: [], imports: [], errors: [], drift: [], complete: true });
        const [row, ...others] = await overview('/apps');
        assert.deepEqual(row, { appId: app.id, appLabel: 'Seen', groups: 1, inStep: 10, waiting: 0, refused: 0, complete: true, waits: null });
        assert.deepEqual(others, []);
    });

    test('of an app to which nothing is sent it is said why', async () => {
        const alone = await muster.ask('POST', '/api/v1/apps', { label: 'Not connected', signOnMode: 'AUTO_LOGIN' });
        const { id } = await groupByName(muster, 'Team');
        const mapping = await muster.ask('POST', `/api/v1/apps/${alone.id}/group-push/mappings`, { sourceGroupId: id, targetGroupName: 'Team' });
        const waits = async () => (await overview('/apps')).map((row) => [row.appLabel, row.waits]);
        assert.deepEqual(await waits(), [['Seen', null], ['Not connected', 'the app has no connection yet']]);
        await muster.ask('POST', `/api/v1/apps/${alone.id}/group-push/mappings/${mapping.id}/unlink`, { deleteTargetGroup: false });
    });

    test('what was pushed is counted in its hour, with how long it took', async () => {
        const hours = await overview('/activity?hours=2');
        assert.equal(hours.length, 2);
        assert.equal(Date.parse(hours[1].hour) - Date.parse(hours[0].hour), 3600000);
        const pushed = hours[0].pushed + hours[1].pushed; // the test may run over a full hour
        assert.ok(pushed >= PEOPLE + 2, `${pushed} requests were acknowledged: the accounts, the group and its members`);
        assert.equal(hours[0].inStep + hours[1].inStep, PEOPLE + 1);
        const last = hours[1].inStep ? hours[1] : hours[0];
        assert.ok(last.medianMs > 0 && last.mostMs >= last.medianMs);
        assert.equal((await overview('/activity')).length, 24);
        const wrong = await muster.call('GET', '/api/v1/overview/activity?hours=0');
        assert.equal(wrong.status, 400);
        assert.match(wrong.json.errorCauses[0].errorSummary, /^hours: must be a whole number from 1 to 744/);
    });

    test('failures are told by cause, and end with it', async () => {
        await target.faults([{ name: 'status', method: 'POST', path: '/Groups', status: 403 }]);
        await push('Late');
        await muster.sync(app.id);
        const { errors } = await overview();
        assert.equal(errors.length, 1);
        assert.equal(errors[0].appId, app.id);
        assert.equal(errors[0].appLabel, 'Seen');
        assert.equal(errors[0].concerns, 'GROUP');
        assert.equal(errors[0].errorClass, 'FORBIDDEN');
        assert.equal(errors[0].count, 1);
        assert.equal(errors[0].held, 1);
        assert.match(errors[0].cause, /does not allow/);
        assert.match(errors[0].action, /then retry/);
        await target.faults([]);
        await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/retry`, {});
        await muster.synced(app.id);
        assert.deepEqual((await overview()).errors, []);
        assert.ok((await overview('/activity')).some((hour) => hour.failed > 0));
    });

    const scan = async () => {
        let run = await muster.ask('POST', `/api/v1/apps/${app.id}/drift/scans`, {});
        while (!run.finished) run = await muster.ask('GET', `/api/v1/apps/${app.id}/drift/scans/${run.id}?wait=30s`);
        return run;
    };

    test('held changes, with how many there are; a scan that sees them is nothing more to decide', async () => {
        await muster.ask('PUT', `/api/v1/apps/${app.id}/group-push/limits`, { removals: { percent: 0, number: 0 } });
        const team = await groupByName(muster, 'Team');
        const ids = await userIds(muster);
        for (const i of [0, 1]) await muster.ask('DELETE', `/api/v1/groups/${team.id}/users/${ids.get(logins[i])}`);
        await until('two removals are held', async () => ((await overview()).holds[0] || {}).changes === 2);
        const { holds } = await overview();
        assert.equal(holds.length, 1);
        assert.equal(holds[0].appLabel, 'Seen');
        const [row] = await overview('/apps');
        assert.equal(row.refused, 2, 'who is held back is not in step');
        await until('a scan sees both', async () => (await scan()).differences === 2);
        assert.deepEqual((await overview()).drift, []);
        const [hold] = await muster.ask('GET', `/api/v1/apps/${app.id}/group-push/holds?status=OPEN`);
        await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/holds/${hold.id}/approve`, { revision: hold.revision });
        await muster.synced(app.id);
        assert.deepEqual((await overview()).holds, []);
    });

    test('drift that the last scan found', async () => {
        const ada = (await target.users()).find((each) => each.userName === logins[5]);
        await target.ask('PATCH', `/scim/v2/Users/${ada.id}`, {
            schemas: [PATCH],
            Operations: [{ op: 'replace', path: 'name.givenName', value: 'Other' }],
        });
        await until('it is found', async () => (await scan()).differences === 1);
        const { drift } = await overview();
        assert.deepEqual(drift.map(({ appLabel, differences }) => [appLabel, differences]), [['Seen', 1]]);
        await muster.ask('POST', `/api/v1/apps/${app.id}/drift/accept`, { all: true });
        assert.deepEqual((await overview()).drift, [], 'what is accepted needs nobody');
    });

    test('an app that nothing gets through to; not one that was switched off', async () => {
        await target.faults([{ name: 'status', status: 401, text: 'No such token' }]);
        await muster.ask('POST', `/api/v1/users/${logins[6]}`, { profile: { lastName: 'New' } });
        await until('it is in quarantine', async () => (await overview()).quarantines.length === 1);
        const [quarantine] = (await overview()).quarantines;
        assert.equal(quarantine.errorClass, 'CREDENTIALS');
        assert.match(quarantine.action, /Connect the app again/);
        await muster.ask('POST', `/api/v1/apps/${app.id}/lifecycle/deactivate`, {});
        assert.deepEqual((await overview()).quarantines, []);
        await target.faults([]);
    });

    test('apps come page by page', async () => {
        const other = await connectedApp(muster, 'Other', target);
        const team = await groupByName(muster, 'Team');
        await muster.ask('POST', `/api/v1/apps/${other.id}/group-push/mappings`, { sourceGroupId: team.id, targetGroupName: 'Team of Other' });
        const first = await muster.call('GET', '/api/v1/overview/apps?limit=1');
        assert.deepEqual(first.json.map((each) => each.appLabel), ['Seen']);
        const next = [first.headers.link].flat().join(', ').match(/<([^>]+)>; rel="next"/)[1].replace(/^https?:\/\/[^/]+/, '');
        const second = await muster.call('GET', next);
        assert.deepEqual(second.json.map((each) => each.appLabel), ['Other']);
        assert.ok(![second.headers.link].flat().join(', ').includes('rel="next"'));
    });

    test('who and what is protected', async () => {
        const team = await groupByName(muster, 'Team');
        await muster.ask('PUT', `/api/v1/users/${logins[3]}/protection`, { protected: true });
        await muster.ask('PUT', `/api/v1/users/${logins[4]}/protection`, { protected: true });
        await muster.ask('PUT', `/api/v1/groups/${team.id}/protection`, { protected: true });
        const page = await muster.call('GET', '/api/v1/org/protected-users?limit=1');
        assert.deepEqual(page.json.map((each) => each.login), [logins[3]]);
        assert.match([page.headers.link].flat().join(', '), /rel="next"/);
        const users = await muster.ask('GET', '/api/v1/org/protected-users');
        assert.deepEqual(users.map((each) => [each.login, each.status]), [[logins[3], 'PROVISIONED'], [logins[4], 'PROVISIONED']]);
        assert.deepEqual(await muster.ask('GET', '/api/v1/org/protected-groups'), [{ id: team.id, name: 'Team' }]);
        await muster.ask('PUT', `/api/v1/users/${logins[3]}/protection`, { protected: false });
        assert.equal((await muster.ask('GET', '/api/v1/org/protected-users')).length, 1);
    });
});
