// SPDX-License-Identifier: Apache-2.0
// Push Groups by clicks: the published cases by their numbers, and what this console adds. Read from the practice target.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, test } = require('node:test');
const { Desk } = require('./desk');

const DELETE = 'Delete the group in the target app';
const LEAVE = 'Leave the group in the target app';

let desk;
let ann;
let bob;
let everyone;
before(async () => {
    desk = await Desk.start();
    [ann, bob] = [await desk.person('Ann'), await desk.person('Bob')];
    everyone = await desk.group('Everyone', [ann, bob]);
    await desk.assignGroup(everyone);
    await desk.settle();
});
after(() => desk.stop());
afterEach(() => desk.check());

async function pushed(name, people = [ann, bob]) {
    const group = await desk.group(name, people);
    await desk.openPushGroups();
    await desk.pushByName(name);
    await desk.holds(name, people);
    return group;
}

async function newcomer(name) {
    const person = await desk.person(name);
    await desk.join(everyone, person);
    await desk.settle();
    return person;
}

test('C9312, C9317: by name, Create Group: with its members, and empty', async () => {
    const before_ = (await desk.ask('GET', '/api/v1/groups?filter=type%20eq%20%22OKTA_GROUP%22')).length;
    await pushed('Created');
    await pushed('Created empty', []);
    await desk.statusShown('Created', 'Active');
    assert.equal((await desk.ask('GET', '/api/v1/groups?filter=type%20eq%20%22OKTA_GROUP%22')).length, before_ + 2, 'no new source');
});

test('C9315, C9330: Link Group, with and without renaming', async () => {
    for (const rename of [true, false]) {
        const name = rename ? 'Renamed' : 'Not renamed';
        const there = `There before ${rename}`;
        await desk.target.seedGroup({ displayName: there });
        await desk.group(name, [ann, bob]);
        await desk.openPushGroups();
        await desk.button('Settings').click();
        await desk.dialog().getByLabel('When a pushed group was deleted in the app').selectOption({ label: 'make it again, or link one of its name' });
        await desk.page.getByLabel('Rename app groups to match group name').setChecked(rename);
        await desk.acting('/group-push/settings', () => desk.button('Save').click());
        await desk.acting('/group-push/refresh', () => desk.button('Refresh App Groups').click());
        await desk.settle();
        await desk.pushByName(name, { target: there });
        await desk.holds(rename ? name : there, [ann, bob]);
        const names = (await desk.target.groups()).map((group) => group.displayName);
        assert.ok(!names.includes(rename ? there : name), 'no second group');
    }
    const settings = `/api/v1/apps/${desk.app.id}/group-push/settings`;
    assert.equal((await desk.ask('GET', settings)).onGroupMissing, 'REPAIR');
    await desk.ask('PUT', settings, { renameAppGroups: true, onGroupMissing: 'ALERT' });
});

test('C9316: Push now makes exact what was changed behind our back', async () => {
    await pushed('Exact');
    await pushed('Exact empty', []);
    const stranger = await desk.target.seedUser({ userName: 'stranger@example.com' });
    for (const [name, people] of [['Exact', [ann, bob]], ['Exact empty', []]]) {
        const group = await desk.targetGroup(name);
        await desk.target.ask('PATCH', `/scim/v2/Groups/${group.id}`, {
            schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
            Operations: [{ op: 'add', path: 'members', value: [{ value: stranger.id }] }],
        });
        await desk.statusMenu(name, 'Push now');
        await desk.holds(name, people);
    }
});

test('C9319, C9320: deactivate group push, then activate it', async () => {
    const group = await pushed('Paused');
    const cyd = await newcomer('Cyd');
    await desk.statusMenu('Paused', 'Deactivate group push');
    await desk.statusShown('Paused', 'Inactive');
    await desk.join(group, cyd);
    await desk.holds('Paused', [ann, bob]);
    await desk.statusMenu('Paused', 'Activate group push');
    await desk.statusShown('Paused', 'Active');
    await desk.holds('Paused', [ann, bob, cyd]);
});

test('C9318, C9321, C9322: unlink and delete, unlink and leave, link again', async () => {
    const users = (await desk.target.users()).length;
    await pushed('Deleted there');
    await pushed('Left there');
    await desk.unlink('Deleted there', DELETE);
    await desk.settle();
    assert.equal(await desk.targetGroup('Deleted there'), undefined);
    await desk.unlink('Left there', LEAVE);
    await desk.holds('Left there', [ann, bob]);
    assert.equal((await desk.target.users()).length, users, 'nobody is gone');
    // Its name is found, so that linking is what is offered.
    await desk.pushByName('Left there');
    await desk.holds('Left there', [ann, bob]);
    assert.equal((await desk.target.groups()).filter((group) => group.displayName === 'Left there').length, 1);
});

test('C9323, C9324: by rule: what matches now; not what comes while it is inactive', async () => {
    await desk.group('Region North', [ann]);
    await desk.group('Region South', [bob]);
    await desk.group('Elsewhere', [bob], 'described: pushed');
    await desk.openPushGroups();
    await desk.pushByRule('Regions', { groupName: 'Region ' });
    await desk.holds('Region North', [ann]);
    await desk.holds('Region South', [bob]);
    await desk.pushByRule('By description', { description: 'described' });
    await desk.holds('Elsewhere', [bob]);
    await desk.row('Regions').getByText('2', { exact: true }).waitFor();
    await desk.statusMenu('Regions', 'Deactivate rule');
    await desk.row('Regions').getByRole('button', { name: /^Inactive/ }).waitFor();
    await desk.group('Region West', [ann]);
    await desk.settle();
    assert.equal(await desk.targetGroup('Region West'), undefined);
    await desk.holds('Region North', [ann]);
    await desk.button('Regions').click();
    await desk.statusShown('Region North', 'Active');
});

test('C9325, C9326: delete a rule with its groups, or without them', async () => {
    await desk.openPushGroups('?filter=rule');
    for (const [rule, fate, group, there] of [
        ['Regions', 'Delete the associated groups in the target app', 'Region North', undefined],
        ['By description', 'Unlink them, and leave the groups', 'Elsewhere', [bob.profile.login]],
    ]) {
        await desk.statusMenu(rule, 'Delete rule');
        await desk.dialog().getByText(/deleted in My tool, with their memberships/).waitFor();
        await desk.dialog().getByLabel(fate).check();
        await desk.acting('/group-push/rules', () => desk.dialog().getByRole('button', { name: 'Delete rule' }).click());
        await desk.gone(desk.row(rule));
        // The mappings of a rule go in chunks, each of which queues what it has to send.
        await desk.until(async () => (await desk.mappings(`&q=${encodeURIComponent(group)}`)).length === 0, `${group} is unlinked`);
        await desk.settle();
        assert.deepEqual(await desk.membersThere(group), there);
    }
});

test('C9327, C9331, C9328, C9329: several at once', async () => {
    const names = ['Bulk one', 'Bulk two', 'Bulk three', 'Bulk four'];
    for (const name of names) await desk.group(name, [ann]);
    await desk.openPushGroups();
    await desk.pushByName(names[0], { save: 'Save & Add Another' });
    await desk.button('Cancel').click();
    for (const name of names.slice(1)) await desk.pushByName(name);
    await desk.settle();
    await desk.openPushGroups('?q=Bulk');
    await desk.button('Bulk Edit').click();
    const select = async (chosen) => {
        for (const name of chosen) await desk.page.getByLabel(`Select ${name}`, { exact: true }).check();
        await desk.said(`${chosen.length} groups selected`);
    };
    await select(names);
    await desk.acting('/mappings/bulk', () => desk.button('Deactivate').click());
    await desk.said('0 groups selected');
    for (const name of names) await desk.statusShown(name, 'Inactive');
    await select(names);
    await desk.acting('/mappings/bulk', () => desk.button('Activate').click());
    await desk.said('0 groups selected');
    for (const name of names) await desk.statusShown(name, 'Active');
    await desk.settle();
    for (const [chosen, how, there] of [
        [names.slice(0, 2), DELETE, undefined],
        [names.slice(2), LEAVE, [ann.profile.login]],
    ]) {
        await select(chosen);
        await desk.button('Delete').click();
        await desk.dialog().getByText('2 groups with 2 memberships deleted there; 0 accounts').waitFor();
        await desk.dialog().getByLabel(how).check();
        await desk.acting('/mappings/bulk', () => desk.dialog().getByRole('button', { name: 'Unlink' }).click());
        for (const name of chosen) await desk.gone(desk.row(name));
        await desk.settle();
        for (const name of chosen) assert.deepEqual(await desk.membersThere(name), there);
    }
});

test('a group that fails: under Errors with its cause, the words of the app and a remedy; live', async () => {
    await desk.group('Broken', [ann]);
    await desk.target.faults([{ name: 'status', method: 'POST', path: '/Groups', status: 403, text: 'No groups today' }]);
    await desk.openPushGroups();
    await desk.pushByName('Broken');
    // Nobody reloads: the stream says that it failed.
    await desk.statusShown('Broken', 'Error');
    await desk.page.getByRole('button', { name: 'Errors', exact: true }).click();
    await desk.row('Broken').getByRole('button', { name: 'Information on Broken' }).click();
    await desk.dialog().getByText('The app does not allow this operation').waitFor();
    await desk.dialog().getByText('POST /Groups').waitFor();
    await desk.dialog().getByText('HTTP 403').waitFor();
    await desk.target.faults([]);
    await desk.acting('/push', () => desk.dialog().getByRole('button', { name: 'Try again now' }).click());
    await desk.dialog().getByText('ACTIVE').waitFor();
    await desk.holds('Broken', [ann]);
    await desk.dialog().getByRole('button', { name: 'Close' }).last().click();
    await desk.said('No errors');
});

test('by the keyboard alone: a group is pushed, and an error tried again', async () => {
    await desk.group('By keys', [bob]);
    await desk.target.faults([{ name: 'status', method: 'POST', path: '/Groups', status: 403, text: 'No groups today' }]);
    await desk.openPushGroups();
    const { keyboard } = desk.page;
    // Tab until what has the focus has this name.
    const reach = async (name) => {
        for (let i = 0; i < 60; i++) {
            const here = await desk.page.evaluate(() => {
                const each = document.activeElement;
                if (each.tagName === 'A') return ''; // the tab of the same name
                return `${each.getAttribute('aria-label') ?? ''}|${each.innerText ?? ''}|${each.labels?.[0]?.innerText ?? ''}`;
            });
            if (here.split('|').some((text) => text.trim() === name)) return;
            await keyboard.press('Tab');
        }
        throw new Error(`Tab does not lead to ${name}`);
    };
    await reach('Push Groups');
    await keyboard.press('Enter');
    await desk.page.getByRole('menuitem', { name: 'Find groups by name' }).waitFor();
    await desk.page.waitForFunction(() => document.activeElement.innerText === 'Find groups by name');
    await keyboard.press('Enter');
    await desk.dialog().waitFor();
    await reach('Group to push');
    await keyboard.type('By keys');
    await desk.page.getByRole('option', { name: 'By keys' }).waitFor();
    await keyboard.press('Enter');
    await desk.said('Match result & push action');
    await reach('Save');
    await keyboard.press('Enter');
    await desk.said('By keys is being pushed');
    await desk.statusShown('By keys', 'Error');
    await desk.target.faults([]);
    await reach('Errors');
    await keyboard.press('Space');
    await desk.button('Retry All Groups').waitFor();
    await reach('Retry All Groups');
    await keyboard.press('Enter');
    await desk.said('No errors');
    await desk.holds('By keys', [bob]);
});
