// SPDX-License-Identifier: Apache-2.0
// Troubleshoot by clicks: why, for one person, everybody and an account; each remedy as a button, its effect read from the target.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, test } = require('node:test');
const { Desk } = require('./desk');

let desk;
let ann;
let everyone;
before(async () => {
    desk = await Desk.start();
    ann = await desk.person('Ann');
    everyone = await desk.group('Everyone', [ann]);
    await desk.assignGroup(everyone);
    await desk.settle();
});
after(() => desk.stop());
afterEach(() => desk.check());

const open = (query = '') => desk.page.goto(`/troubleshoot/why${query}`);
const mend = (path, text) => desk.acting(path, () => desk.button(text).click());
const filled = (label, text) =>
    desk.until(async () => (await desk.page.getByRole('combobox', { name: label }).inputValue()) === text, `the address keeps the question: ${label}`);
const push = async (group, body = {}) => {
    const mapping = await desk.ask('POST', `/api/v1/apps/${desk.app.id}/group-push/mappings`, {
        sourceGroupId: group.id,
        targetGroupName: group.profile.name,
        ...body,
    });
    await desk.settle();
    return mapping;
};

test('by three pickers, and each remedy one after the other until the person is there', async () => {
    const bob = await desk.person('Bob');
    const group = await desk.group('Readers');
    await open();
    await desk.said('Why is somebody there, or not?');
    await desk.choose('Person', 'bob@example.com');
    await desk.said('The person has no app');
    await desk.choose('Group', 'Readers');
    await desk.choose('App', 'My tool');
    await desk.said('bob@example.com is not in Readers of My tool, and should not be');
    const asked = new URL(desk.page.url()).searchParams;
    assert.deepEqual([asked.get('user'), asked.get('group'), asked.get('app')], [bob.id, group.id, desk.app.id]);
    await mend(`/groups/${group.id}/users/`, 'Add to the group');
    await mend(`/apps/${desk.app.id}/users`, 'Assign the app');
    await mend('/group-push/mappings', 'Push the group');
    await desk.said('bob@example.com is in Readers of My tool, as it should be');
    await desk.holds('Readers', [bob]);
    // Who put him there, from the system log.
    await desk.page.getByRole('listitem').filter({ hasText: 'is a member of Readers' }).getByRole('link', { name: 'ada@example.com' }).click();
    await desk.said('group.user_membership.add');
    await desk.page.goBack();
    await desk.said('as it should be');
    // Its names come after it.
    await filled('Person', 'bob@example.com');
});

test('compared with the app on demand: somebody was removed there, and Push now puts them back after saying so', async () => {
    const people = [ann, await desk.person('Cyd')];
    await desk.join(everyone, people[1]);
    const group = await desk.group('Writers', people);
    await push(group);
    const there = await desk.targetGroup('Writers');
    const cyd = (await desk.target.users()).find((user) => user.userName === 'cyd@example.com');
    await desk.target.ask('PATCH', `/scim/v2/Groups/${there.id}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'remove', path: `members[value eq "${cyd.id}"]` }],
    });
    await open(`?user=${people[1].id}&group=${group.id}&app=${desk.app.id}`);
    await desk.said('is in Writers of My tool, as it should be');
    const mark = await desk.target.mark();
    await desk.button('Compare with the app now').click();
    await desk.said('The app does not show the person in the group');
    const asked = (await desk.target.log(mark)).map(({ method }) => method);
    assert.deepEqual(asked, ['GET', 'GET'], 'two questions, and no write');
    await desk.button('Push now').click();
    await desk.dialog().getByText(/0 members are known there who do not belong/).waitFor();
    await desk.acting('/push', () => desk.dialog().getByRole('button', { name: 'Push now' }).click());
    await desk.holds('Writers', people);
});

test('a whole group: how many are pushed, not assigned, inactive and refused; searched, narrowed, and why for each', async () => {
    const outside = await desk.person('Dan');
    const inactive = await desk.person('Eve');
    const refused = await desk.person('Fay');
    for (const each of [inactive, refused]) await desk.join(everyone, each);
    const group = await desk.group('Mixed', [ann, outside, inactive, refused]);
    await desk.settle();
    await desk.ask('POST', `/api/v1/users/${inactive.id}/lifecycle/deactivate?sendEmail=false`);
    await desk.target.faults([{ name: 'member_refused', status: 400, text: 'fay@example.com' }]);
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/group-push/mappings`, { sourceGroupId: group.id, targetGroupName: 'Mixed' });
    await desk.muster.sync(desk.app.id);
    await open(`?group=${group.id}&app=${desk.app.id}`);
    const states = desk.page.getByLabel('State', { exact: true });
    await desk.said('1 of 4 members are in the group of My tool');
    for (const text of ['All members (4)', 'Pushed (1)', 'Not assigned (1)', 'Inactive (1)', 'Refused (1)', 'Waiting (0)'])
        assert.equal(await states.getByRole('option', { name: text, exact: true }).count(), 1, text);
    for (const [login, state] of [['ann', 'Pushed'], ['dan', 'Not assigned'], ['eve', 'Inactive'], ['fay', 'Refused']])
        await desk.row(`${login}@example.com`).getByText(state, { exact: true }).waitFor();
    await states.selectOption({ label: 'Not assigned (1)' });
    await desk.row('ann@example.com').waitFor({ state: 'detached' });
    await desk.row('dan@example.com').getByRole('button', { name: 'Why: dan@example.com' }).click();
    await desk.dialog().getByText('dan@example.com is not in Mixed of My tool').waitFor();
    await desk.acting('/users', () => desk.dialog().getByRole('button', { name: 'Assign the app' }).click());
    // Nobody reloads: it goes on behind the drawer.
    await desk.dialog().getByText('dan@example.com is in Mixed of My tool, as it should be').waitFor();
    await desk.dialog().getByRole('button', { name: 'Close' }).click();
    await desk.said('Nobody is in this state');
    await states.selectOption('MEMBER');
    await desk.page.getByLabel('Search people').fill('fay');
    await desk.row('dan@example.com').waitFor({ state: 'detached' });
    await desk.row('fay@example.com').waitFor();
    await desk.target.faults([]);
    await desk.page.getByRole('button', { name: 'Why: fay@example.com' }).click();
    await desk.acting('/retry', () => desk.dialog().getByRole('button', { name: 'Retry all that failed' }).click());
    await desk.dialog().getByText('is in Mixed of My tool, as it should be').waitFor();
    await desk.holds('Mixed', [ann, outside, refused]);
});

test('from an account that failed to Troubleshoot, with the fields filled; a reader is told and shown no buttons', async () => {
    const gus = await desk.person('Gus');
    await desk.target.faults([{ name: 'status', method: 'POST', path: '/Users', status: 400, text: 'Not today' }]);
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/users`, { id: gus.id, scope: 'USER' });
    await desk.muster.sync(desk.app.id);
    await desk.page.goto(`/applications/${desk.app.id}/assignments?q=gus`);
    await desk.row('Error').getByRole('link', { name: 'Why' }).click();
    await desk.said('gus@example.com should have an active account in My tool and has none');
    await filled('App', 'My tool');
    await desk.button('Retry all that failed').waitFor();
    const reader = await desk.reader();
    await reader.goto(desk.page.url().replace(desk.muster.url, ''));
    await reader.getByText('gus@example.com should have an active account').first().waitFor();
    assert.equal(await reader.getByRole('button', { name: 'Retry all that failed' }).count(), 0);
    await reader.context().close();
    await desk.target.faults([]);
    await mend('/retry', 'Retry all that failed');
    await desk.said('is as it should be');
    await desk.settle();
    assert.ok((await desk.target.users()).some((user) => user.userName === 'gus@example.com'));
});
