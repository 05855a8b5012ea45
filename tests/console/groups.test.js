// SPDX-License-Identifier: Apache-2.0
// Groups of the directory by clicks: made, filled, deleted; what that does is read from the practice target.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, test } = require('node:test');
const { Desk } = require('./desk');

let desk;
before(async () => {
    desk = await Desk.start();
});
after(() => desk.stop());
afterEach(() => desk.check());

const open = (group, tab = 'members') => desk.page.goto(`/groups/${group.id}/${tab}`);
const push = (group, name = group.profile.name) =>
    desk.ask('POST', `/api/v1/apps/${desk.app.id}/group-push/mappings`, { sourceGroupId: group.id, targetGroupName: name });
const members = async (group) => (await desk.ask('GET', `/api/v1/groups/${group.id}/users`)).map(({ profile }) => profile.login).sort();

test('a group is made and renamed; a name that is taken is told beside the field', async () => {
    await desk.page.goto('/groups');
    await desk.said('There are no groups yet');
    await desk.button('Add group').first().click();
    await desk.dialog().getByLabel('Name').fill('Engineering');
    await desk.dialog().getByLabel('Description').fill('Those who build');
    await desk.confirm('/api/v1/groups', 'Add');
    await desk.heading('Engineering');
    const [made] = await desk.ask('GET', '/api/v1/groups?q=Engineering');
    assert.equal(made.profile.description, 'Those who build');
    await desk.group('Taken');
    await desk.act('Engineering', 'Edit');
    await desk.dialog().getByLabel('Name').fill('Taken');
    await desk.dialog().getByRole('button', { name: 'Save' }).click();
    await desk.dialog().locator('.pf-v6-c-form__group').filter({ hasText: 'Name' }).getByText(/already exists/).waitFor();
    await desk.dialog().getByLabel('Name').fill('Builders');
    await desk.dialog().getByLabel('Description').fill('');
    await desk.confirm(`/groups/${made.id}`, 'Save');
    await desk.heading('Builders');
    assert.deepEqual((await desk.ask('GET', `/api/v1/groups/${made.id}`)).profile, { name: 'Builders' });
});

test('groups are found by name and description, by type, and sorted', async () => {
    await desk.group('Zebras', [], 'striped builders');
    await desk.target.seedGroup({ displayName: 'There already' });
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/group-push/refresh`);
    await desk.page.goto('/groups?filter=APP_GROUP');
    await desk.row('There already').getByText('My tool').waitFor();
    const names = () => desk.page.locator('tbody tr td:first-child a').allInnerTexts();
    const shows = (wanted) => desk.until(async () => (await names()).join() === wanted, wanted);
    await desk.page.getByLabel('Type').selectOption('OKTA_GROUP');
    await shows('Builders,Taken,Zebras');
    await desk.button('Name').click();
    await shows('Zebras,Taken,Builders');
    await desk.page.getByLabel('Search groups').fill('builders');
    await shows('Zebras,Builders');
    await desk.page.goto('/groups?filter=APP_GROUP');
    await desk.page.getByRole('link', { name: 'There already' }).click();
    await desk.said('A group of My tool');
    await desk.said('Nobody is in this group');
    assert.equal(await desk.page.locator('main').getByRole('button', { name: /^(Add|Actions)/ }).count(), 0, 'an app has its own groups');
});

test('members: several added at once, one who cannot be told with the reason; searched; one removed', async () => {
    const people = [await desk.person('Ann'), await desk.person('Bob'), await desk.person('Cyd')];
    const group = await desk.group('Team');
    await desk.assignGroup(await desk.group('Everybody', people));
    await push(group);
    await open(group);
    await desk.said('Nobody is in this group');
    await desk.button('Add people').first().click();
    for (const person of people) await desk.choose('Person', person.profile.login);
    // Chosen, and then no longer somebody who can be a member.
    await desk.ask('POST', `/api/v1/users/${people[2].id}/lifecycle/deactivate`);
    await desk.button('Add 3').click();
    await desk.dialog().getByText('Not all of it was done').waitFor();
    await desk.dialog().getByText(/^cyd@example.com: /).waitFor();
    assert.deepEqual(await members(group), ['ann@example.com', 'bob@example.com']);
    await desk.dialog().getByRole('button', { name: 'Cancel' }).click();
    await desk.holds('Team', people.slice(0, 2));
    await desk.page.getByRole('link', { name: 'Members (2)' }).waitFor();
    await desk.page.getByLabel('Search members').fill('bo');
    await desk.until(async () => (await desk.page.locator('tbody tr').count()) === 1, 'one is found');
    await desk.button('Remove Bob Lovelace').click();
    await desk.dialog().getByText('0 accounts are deactivated, 1 membership is removed, 0 groups are deleted in 1 app').waitFor();
    await desk.holds('Team', people.slice(0, 2));
    await desk.confirm('/users/', 'Remove');
    await desk.said('No member matches');
    await desk.holds('Team', people.slice(0, 1));
});

test('C9332, C9333: into a group that is assigned and pushed, and out of it again', async () => {
    const people = [await desk.person('Ida'), await desk.person('Jim')];
    const group = await desk.group('Both');
    const account = async (person) => (await desk.target.users()).find(({ userName }) => userName === person.profile.login);
    await desk.page.goto(`/applications/${desk.app.id}/assignments?filter=groups`);
    await desk.button('Assign').click();
    await desk.page.getByRole('menuitem', { name: 'Assign to Groups' }).click();
    await desk.choose('Group', 'Both');
    await desk.confirm('/groups/', 'Assign');
    await desk.openPushGroups();
    await desk.pushByName('Both');
    await open(group);
    await desk.button('Add people').first().click();
    for (const person of people) await desk.choose('Person', person.profile.login);
    await desk.acting('/users/', () => desk.button('Add 2').click());
    await desk.until(async () => (await members(group)).length === 2, 'both are members');
    await desk.holds('Both', people);
    for (const person of people) assert.equal((await account(person)).active, true);
    // Ida has the app by nothing else, Jim has it individually as well.
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/users`, { id: people[1].id, scope: 'USER' });
    for (const person of people) {
        await open(group);
        await desk.button(`Remove ${person.profile.firstName} Lovelace`).click();
        await desk.confirm('/users/', 'Remove');
    }
    await desk.holds('Both', []);
    assert.equal((await account(people[0])).active, false);
    assert.equal((await account(people[1])).active, true);
});

test('apps of a group: given, pushed, failed and mended, as it happens', async () => {
    const group = await desk.group('Shown', [await desk.person('Dan')]);
    await open(group, 'applications');
    await desk.said('No application has to do with this group');
    await desk.assignGroup(group);
    await desk.row('My tool').getByText('Yes, priority').waitFor();
    await desk.target.faults([{ name: 'status', method: 'POST', path: '/Groups', status: 403, text: 'No room' }]);
    await push(group);
    await desk.row('My tool').getByText('Error', { exact: true }).waitFor();
    await desk.page.getByRole('link', { name: 'Why, and what helps' }).click();
    await desk.dialog().getByText('No room').first().waitFor();
    await desk.target.faults([]);
    await desk.page.goBack();
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/group-push/retry`);
    await desk.row('My tool').getByText('Active', { exact: true }).waitFor();
});

test('a group is deleted, after its numbers', async () => {
    const people = [await desk.person('Eve'), await desk.person('Fay')];
    const group = await desk.group('Leaving', people);
    await desk.assignGroup(group);
    await desk.settle();
    await open(group);
    await desk.act('Leaving', 'Delete');
    await desk.dialog().getByText('It has 2 members, gives 1 app and is pushed to 0 apps').waitFor();
    await desk.dialog().getByText('2 accounts are deactivated, 0 memberships are removed, 0 groups are deleted in 1 app').waitFor();
    await desk.confirm(`/groups/${group.id}`, 'Delete');
    await desk.heading('Groups');
    assert.equal((await desk.muster.call('GET', `/api/v1/groups/${group.id}`)).status, 404);
    await desk.settle();
    const there = (await desk.target.users()).filter(({ userName }) => people.some(({ profile }) => profile.login === userName));
    assert.deepEqual(there.map(({ active }) => active), [false, false]);
    await open(group);
    await desk.said('This group is not there');
});

test('who may only read changes nothing', async () => {
    const group = await desk.group('Read');
    const page = await desk.windowOf('READ_ONLY');
    for (const [address, shown] of [
        ['/groups', 'Builders'],
        [`/groups/${group.id}/members`, 'Nobody is in this group'],
        [`/groups/${group.id}/rules`, 'No rule puts people into this group'],
    ]) {
        await page.goto(address);
        await page.getByText(shown).first().waitFor();
        assert.deepEqual(await page.locator('main').getByRole('button', { name: /^(Add|Actions|Remove)/ }).allInnerTexts(), []);
        assert.equal(await page.getByRole('link', { name: 'Add rule' }).count(), 0);
    }
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});
