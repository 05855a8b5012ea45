// SPDX-License-Identifier: Apache-2.0
// The page of one push mapping, by clicks: what a push would do before it does it, what was done, and the way back to the list.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, test } = require('node:test');
const { Desk } = require('./desk');

let desk;
let people;
let group;
before(async () => {
    desk = await Desk.start();
    people = [await desk.person('Ann'), await desk.person('Bob'), await desk.person('Cyd')];
    await desk.assignGroup(await desk.group('Everyone', people));
    group = await desk.group('Engineering', people.slice(0, 2));
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/group-push/mappings`, { sourceGroupId: group.id, targetGroupName: 'Engineering' });
    await desk.settle();
});
after(() => desk.stop());
afterEach(() => desk.check());

async function open() {
    await desk.openPushGroups();
    await desk.page.getByRole('link', { name: 'Engineering', exact: true }).click();
    await desk.row('bob@example.com').waitFor();
}

const part = (name) => desk.page.getByRole('navigation', { name: 'Parts of the push mapping' }).getByRole('link', { name }).click();

test('from the list and back: members, events with who did it, requests and answers, information', async () => {
    await open();
    await desk.row('ann@example.com').getByText('Pushed', { exact: true }).waitFor();
    await part('What happened');
    await desk.said('application.provision.group_push.mapping.created');
    await part('Requests');
    await desk.page.getByRole('button', { name: /POST \/Groups.*HTTP 201/ }).click();
    await desk.page.getByLabel('Body of the request').locator('visible=true').first().waitFor();
    await part('Information');
    await desk.said('2 acknowledged by the app');
    await desk.page.goBack();
    await desk.page.getByRole('button', { name: /HTTP 201/ }).first().waitFor();
    await desk.page.getByRole('link', { name: 'Back to Push Groups' }).click();
    await desk.statusShown('Engineering', 'Active');
});

test('deactivated and activated after saying what that does, and what waits', async () => {
    await open();
    await desk.button('Deactivate group push').click();
    await desk.dialog().getByText('0 accounts are deactivated, 0 memberships are removed').waitFor();
    await desk.acting('/mappings/bulk', () => desk.dialog().getByRole('button', { name: 'Deactivate group push' }).click());
    // As what keeps the members out it is offered a second time.
    await desk.button('Activate group push').first().waitFor();
    await desk.join(group, people[2]);
    await desk.leave(group, people[0]);
    await desk.holds('Engineering', people.slice(0, 2));
    await desk.button('Activate group push').first().click();
    await desk.dialog().getByText('0 accounts are deactivated, 1 membership is removed').waitFor();
    await desk.holds('Engineering', people.slice(0, 2));
    await desk.acting('/mappings/bulk', () => desk.dialog().getByRole('button', { name: 'Activate group push' }).click());
    await desk.holds('Engineering', people.slice(1));
});

test('Push now: the plan first, then the members are exactly those of the group', async () => {
    await open();
    const stranger = await desk.target.seedUser({ userName: 'stranger@example.com' });
    await desk.target.ask('PATCH', `/scim/v2/Groups/${(await desk.targetGroup('Engineering')).id}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'add', path: 'members', value: [{ value: stranger.id }] }],
    });
    const mark = await desk.target.mark();
    await desk.button('Push now').click();
    await desk.dialog().getByText('0 memberships wait to be sent').waitFor();
    await desk.dialog().getByText(/in 0 apps/).waitFor();
    assert.deepEqual(await desk.target.log(mark), [], 'a plan asks nobody');
    await desk.acting('/push', () => desk.dialog().getByRole('button', { name: 'Push now' }).click());
    await desk.holds('Engineering', people.slice(1));
});

test('unlinked from its page, which then says so', async () => {
    await open();
    await desk.button('Unlink pushed group').click();
    await desk.dialog().getByLabel('Leave the group in the target app').check();
    await desk.acting('/mappings/bulk', () => desk.dialog().getByRole('button', { name: 'Unlink' }).click());
    await desk.said('This group is no longer pushed');
    await desk.settle();
    assert.equal((await desk.membersThere('Engineering')).length, 2);
});
