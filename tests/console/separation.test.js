// SPDX-License-Identifier: Apache-2.0
// One group for assignment and push, parted by clicks. What the practice target saw of it: nothing.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, test } = require('node:test');
const { groupByName, importCrowd } = require('../target/crowd');
const { Desk } = require('./desk');

const CROWD = 6000;

let desk;
let people;
before(async () => {
    desk = await Desk.start();
    people = [await desk.person('Ann'), await desk.person('Bob'), await desk.person('Cyd')];
});
after(() => desk.stop());
afterEach(() => desk.check());

// A group that gives the app and is pushed to it.
async function both(name, members, app = desk.app) {
    const group = await desk.group(name, members);
    await desk.ask('PUT', `/api/v1/apps/${app.id}/groups/${group.id}`, { profile: { title: `Of ${name}` } });
    const mapping = await desk.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, { sourceGroupId: group.id, targetGroupName: name });
    return { group, mapping };
}

const groupsWithTheApp = async (app = desk.app) =>
    (await desk.ask('GET', `/api/v1/apps/${app.id}/groups?expand=group`)).map((each) => [each._embedded.group.profile.name, each.profile.title]);

async function begin(name, what) {
    await desk.page.goto('/troubleshoot/same-groups');
    await desk.page.getByRole('link', { name: `New group for the ${what} of ${name}` }).click();
}

test('solution 1: preview, bad input, parted; the app sees nothing and everybody stays', async () => {
    await both('Staff', people);
    await desk.settle();
    await desk.ask('POST', `/api/v1/users/${people[2].id}/lifecycle/deactivate?sendEmail=false`);
    await desk.settle();
    const mark = await desk.target.mark();
    await begin('Staff', 'assignment');
    const name = desk.page.getByLabel('Name of the new group');
    await name.fill('Staff');
    await desk.said('This cannot be done');
    await desk.acting('/separations', () => desk.button('Part the group').click(), 400);
    await desk.said('There is a group of this name');
    await name.fill('Staff access');
    await desk.said('3 members in the group, of whom 2 have the app and are put into the new group');
    await desk.said('cyd@example.com (DEPROVISIONED)');
    await desk.said('0 activations, 0 deactivations, 0 memberships added, 0 removed, 0 profiles changed.');
    await desk.acting('/separations', () => desk.button('Part the group').click());
    await desk.said('Nobody lost the account or the membership.');
    await desk.settle();
    assert.deepEqual(await groupsWithTheApp(), [['Staff access', 'Of Staff']]);
    assert.deepEqual(await desk.target.log(mark), [], 'the app was asked for nothing');
    await desk.holds('Staff', people.slice(0, 2));
    // Left and found again.
    await desk.page.goto('/troubleshoot/same-groups');
    await desk.said('No group is used for both');
    await desk.row('Staff').getByText('Done').waitFor();
});

test('solution 2, with its group rule copied or carried over: the same group there', async () => {
    const { group, mapping } = await both('Writers', []);
    const rule = await desk.ask('POST', '/api/v1/groups/rules', {
        name: 'Writers',
        type: 'group_rule',
        conditions: { expression: { value: 'user.login == "ann@example.com"', type: 'urn:okta:expression:1.0' } },
        actions: { assignUserToGroups: { groupIds: [group.id] } },
    });
    await desk.ask('POST', `/api/v1/groups/rules/${rule.id}/lifecycle/activate`);
    await desk.settle();
    await desk.holds('Writers', [people[0]]);
    const mark = await desk.target.mark();
    await begin('Writers', 'push');
    await desk.page.getByLabel('Name of the new group').fill('Writers pushed');
    await desk.said('1 group rule feeds the group: Writers (ACTIVE). The new group is fed by the same.');
    await desk.page.getByLabel('Copy the members once').check();
    await desk.said('The new group is not.');
    await desk.page.getByLabel('Let them feed the new one too').check();
    await desk.said('The new group is fed by the same.');
    await desk.acting('/separations', () => desk.button('Part the group').click());
    await desk.said('Nobody lost the account or the membership.');
    await desk.settle();
    const now = await desk.ask('GET', `/api/v1/apps/${desk.app.id}/group-push/mappings/${mapping.id}`);
    assert.notEqual(now.sourceGroupId, group.id);
    assert.equal(now.targetGroupId, mapping.targetGroupId);
    const rules = await desk.ask('GET', `/api/v1/groups/rules/${rule.id}`);
    assert.deepEqual(rules.actions.assignUserToGroups.groupIds.sort(), [group.id, now.sourceGroupId].sort());
    const writes = (await desk.target.log(mark)).filter(({ method }) => method !== 'GET');
    assert.deepEqual(writes, [], 'the app was told nothing');
    await desk.holds('Writers', [people[0]]);
});

test('taken back before its end: the old group is for both again, and nobody lost the app', async () => {
    // So many that the end does not come before the click.
    await importCrowd(desk.muster, CROWD, () => ['Crowd']);
    const app = await desk.ask('POST', '/api/v1/apps', { label: 'Unconnected', signOnMode: 'AUTO_LOGIN' });
    const crowd = await groupByName(desk.muster, 'Crowd');
    await desk.ask('PUT', `/api/v1/apps/${app.id}/groups/${crowd.id}`, { profile: { title: 'Of Crowd' } });
    await desk.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, { sourceGroupId: crowd.id, targetGroupName: 'Crowd' });
    const withTheApp = async () => {
        const counted = await desk.ask('GET', `/api/v1/groups/${crowd.id}?expand=stats`);
        return counted._embedded.stats.usersCount;
    };
    await desk.until(async () => (await desk.ask('GET', `/api/v1/apps/${app.id}/users?q=crowd-05999`)).length === 1, 'everybody has the app');
    await begin('Crowd', 'assignment');
    await desk.page.getByLabel('Name of the new group').fill('Crowd access');
    await desk.said(`${CROWD.toLocaleString('en-US')} members in the group`);
    await desk.acting('/separations', () => desk.button('Part the group').click());
    await desk.button('Take it back').click();
    await desk.acting('/undo', () => desk.dialog().getByRole('button', { name: 'Take it back' }).click());
    // Not what is said at once: that it is being taken back.
    await desk.page.getByText('Taken back', { exact: true }).waitFor();
    assert.deepEqual(await groupsWithTheApp(app), [['Crowd', 'Of Crowd']]);
    assert.equal(await withTheApp(), CROWD);
    assert.equal((await desk.ask('GET', '/api/v1/groups?q=Crowd%20access')).length, 0, 'the new group is gone');
    assert.equal((await desk.ask('GET', `/api/v1/apps/${app.id}/users?q=crowd-05999`)).length, 1);
});
