// SPDX-License-Identifier: Apache-2.0
// The start page: how a new organisation begins, what needs attention with the way to where it is solved, and the charts.
'use strict';

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { Desk } = require('./desk');
const { Muster } = require('../lib/muster');

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

let desk;
let page;
let team;
let ada;
before(async () => {
    desk = await Desk.start();
    page = desk.page;
});
after(() => desk.stop());

const attention = () => page.getByRole('list', { name: 'Needs attention' });
const place = (path) => page.waitForURL((url) => url.pathname + url.search === path);
const push = (group, name = group.profile.name, app = desk.app) =>
    desk.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, { sourceGroupId: group.id, targetGroupName: name });

test('a new organisation is told how to begin, and what is done already', async () => {
    const muster = await Muster.start();
    try {
        const fresh = await desk.browser.openAsAdministrator(muster);
        await fresh.goto('/');
        await fresh.getByRole('heading', { name: 'Bring the first group into an app' }).waitFor();
        assert.equal(await fresh.getByRole('listitem', { name: 'done' }).count(), 0);
        await muster.ask('POST', '/api/v1/users', { profile: { login: 'ada@example.com', email: 'ada@example.com', firstName: 'Ada', lastName: 'L' } });
        await muster.ask('POST', '/api/v1/groups', { profile: { name: 'Team' } });
        await fresh.getByRole('link', { name: 'Groups', exact: true }).and(fresh.locator('main a')).waitFor({ state: 'detached' });
        await fresh.getByRole('link', { name: 'Create app integration' }).click();
        await fresh.waitForURL('**/applications');
        assert.deepEqual(fresh.wrong, []);
        await fresh.context().close();
    } finally {
        await muster.stop();
    }
});

test('while all is in step nothing needs attention, and the charts tell what was pushed', async () => {
    ada = await desk.person('Ada');
    const grace = await desk.person('Grace');
    team = await desk.group('Team', [ada, grace]);
    await desk.assignGroup(await desk.group('Everyone', [ada, grace]));
    await desk.settle();
    await page.goto('/');
    await desk.said('The group and its members are kept in step from then on.');
    await push(team);
    await desk.settle();
    await desk.said('Nothing needs attention');
    await page.getByRole('img', { name: /^Pushes and failures\. [1-9]\d* acknowledged and 0 failed/ }).waitFor();
    await page.getByRole('img', { name: /^From change to app\. In the slowest hour/ }).waitFor();
    await page.getByRole('figure', { name: 'Members in step. All members are in step.' }).waitFor();
    await desk.button('Members in step: show as table').click();
    const row = page.getByRole('grid', { name: 'Members in step' }).getByRole('row', { name: /My tool/ });
    await row.waitFor();
    assert.deepEqual(await row.getByRole('gridcell').allTextContents(), ['My tool', '1', '2', '0', '0']);
    await desk.button('7 days').click();
    await page.waitForURL(/hours=168/);
    await desk.button('Pushes and failures: show as table').click();
    const hours = page.getByRole('grid', { name: 'Pushes and failures' }).getByRole('row');
    await desk.until(async () => (await hours.count()) === 169, 'a row for each hour of 7 days');
});

test('failures stand there by cause without a reload, and lead to where they are mended', async () => {
    await page.goto('/');
    await desk.said('Nothing needs attention');
    await desk.target.faults([{ name: 'status', method: 'POST', path: '/Groups', status: 403 }]);
    await push(await desk.group('Late', [ada]));
    await push(await desk.group('Later', [ada]));
    const link = attention().getByRole('link', { name: '2 groups in My tool' });
    await link.waitFor();
    await attention().getByText('The app does not allow this operation').waitFor();
    await desk.target.faults([]);
    await link.click();
    await place(`/applications/${desk.app.id}/push-groups?filter=errors`);
    await desk.acting('/group-push/retry', () => desk.button('Retry All Groups').click());
    await desk.settle();
    assert.ok(await desk.targetGroup('Late'));
    await page.goBack();
    await desk.said('Nothing needs attention');
});

test('held changes and drift are there in numbers, and gone when they are decided', async () => {
    await desk.ask('PUT', `/api/v1/apps/${desk.app.id}/group-push/limits`, { removals: { percent: 0, number: 0 } });
    await desk.leave(team, ada);
    await attention().getByText('1 change in My tool waits for a decision.').waitFor();
    await page.getByRole('figure', { name: 'Members in step. 1 of 1 apps have members that are not in step.' }).waitFor();
    await attention().getByRole('link', { name: 'Look and decide' }).click();
    await place('/troubleshoot/held');
    await desk.said('My tool');
    await page.goBack();
    const there = (await desk.target.users()).find((user) => user.userName === ada.profile.login);
    await desk.target.ask('PATCH', `/scim/v2/Users/${there.id}`, {
        schemas: [PATCH],
        Operations: [{ op: 'replace', path: 'name.familyName', value: 'Other' }],
    });
    await desk.until(async () => {
        let run = await desk.ask('POST', `/api/v1/apps/${desk.app.id}/drift/scans`, {});
        while (!run.finished) run = await desk.ask('GET', `/api/v1/apps/${desk.app.id}/drift/scans/${run.id}?wait=30s`);
        return run.differences === 2;
    }, 'the scan finds what was changed there, and the member whose removal is held');
    await attention().getByText('My tool holds 1 thing otherwise than it should.').waitFor();
    await attention().getByRole('link', { name: 'Look at the differences' }).click();
    await place(`/applications/${desk.app.id}/drift`);
    await page.goBack();
    const [hold] = await desk.ask('GET', `/api/v1/apps/${desk.app.id}/group-push/holds?status=OPEN`);
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/group-push/holds/${hold.id}/approve`, { revision: hold.revision });
    await attention().getByText('waits for a decision').waitFor({ state: 'detached' });
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/drift/accept`, { all: true });
    await desk.said('Nothing needs attention');
});

test('an app that nothing gets through to leads to its connection; everything is paused and resumed here', async () => {
    await desk.target.faults([{ name: 'status', status: 401, text: 'No such token' }]);
    await desk.ask('POST', `/api/v1/users/${ada.id}`, { profile: { lastName: 'New' } });
    await push(team, 'Team', await desk.ask('POST', '/api/v1/apps', { label: 'Alone', signOnMode: 'AUTO_LOGIN' }));
    await attention().getByText('1 group is pushed to Alone, and nothing is sent: the app has no connection yet.').waitFor();
    await attention().getByText('Nothing gets through to My tool.').waitFor();
    await attention().getByRole('link', { name: 'Connection of My tool' }).click();
    await place(`/applications/${desk.app.id}/provisioning`);
    await desk.target.faults([]);
    await page.goto('/');
    await desk.button('Pause all apps').click();
    await desk.dialog().getByLabel('Reason').fill('We move house');
    await desk.acting('/org/pause', () => desk.dialog().getByRole('button', { name: 'Pause all apps' }).click());
    assert.deepEqual(await desk.ask('GET', '/api/v1/org'), { paused: true, reason: 'We move house' });
    await attention().getByText('We move house').waitFor();
    await desk.acting('/org/resume', () => attention().getByRole('button', { name: 'Resume all apps' }).click());
    assert.equal((await desk.ask('GET', '/api/v1/org')).paused, false);
    await attention().getByText('We move house').waitFor({ state: 'detached' });
    desk.check();
});
