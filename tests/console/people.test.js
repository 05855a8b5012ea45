// SPDX-License-Identifier: Apache-2.0
// People by clicks: added, found, edited, through their life cycle; what that does is read from the practice target.
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

const open = (person, tab = 'profile') => desk.page.goto(`/people/${person.id}/${tab}`);
const read = (person) => desk.ask('GET', `/api/v1/users/${person.id}`);
const accountOf = async (person) => {
    await desk.settle();
    return (await desk.target.users()).find((user) => user.userName === person.profile.login);
};
const assign = (person) => desk.ask('POST', `/api/v1/apps/${desk.app.id}/users`, { id: person.id, scope: 'USER' });
const names = () => desk.page.locator('tbody tr td:first-child').allInnerTexts();
const shows = (wanted) => desk.until(async () => JSON.stringify(await names()) === JSON.stringify(wanted), `${wanted} are listed`);

test('somebody is added; what is wrong is told beside the field', async () => {
    await desk.page.goto('/people');
    await desk.said('There are no people yet');
    await desk.button('Add person').first().click();
    for (const [label, value] of [['Username', 'ann@example.com'], ['First name', 'Ann'], ['Last name', 'Able'], ['Primary email', 'no address']])
        await desk.dialog().getByLabel(label).fill(value);
    await desk.dialog().getByLabel('Set another attribute').selectOption({ label: 'Title' });
    await desk.dialog().getByLabel('Title', { exact: true }).fill('Engineer');
    await desk.dialog().getByRole('button', { name: 'Add', exact: true }).click();
    const field = desk.dialog().locator('.pf-v6-c-form__group').filter({ hasText: 'Primary email' });
    await field.locator('.pf-m-error').filter({ hasText: /./ }).first().waitFor();
    assert.deepEqual(await desk.ask('GET', '/api/v1/users'), [], 'a refused person is not there');
    await desk.dialog().getByLabel('Primary email').fill('ann@example.com');
    await desk.confirm('/api/v1/users', 'Add');
    await desk.heading('Ann Able');
    const [ann] = await desk.ask('GET', '/api/v1/users');
    assert.equal(ann.status, 'PROVISIONED');
    assert.deepEqual(ann.profile, { login: 'ann@example.com', email: 'ann@example.com', firstName: 'Ann', lastName: 'Able', title: 'Engineer' });
    assert.ok(desk.page.url().endsWith(`/people/${ann.id}/profile`));
});

test('people are found by parts of several names, by status, and sorted', async () => {
    const people = [await desk.person('Bo'), await desk.person('Cy')];
    await desk.ask('POST', `/api/v1/users/${people[1].id}/lifecycle/deactivate`);
    await desk.page.goto('/people');
    await shows(['Ann Able', 'Bo Lovelace']);
    await desk.button('Name').click();
    await desk.page.waitForURL(/sort=-profile.lastName/);
    await shows(['Bo Lovelace', 'Ann Able']);
    await desk.page.getByLabel('Search people').fill('lace bo');
    await shows(['Bo Lovelace']);
    await desk.page.getByLabel('Search people').fill('lace');
    await desk.page.getByLabel('Status').selectOption('DEPROVISIONED');
    await shows(['Cy Lovelace']);
    await desk.page.reload();
    await shows(['Cy Lovelace']);
    await desk.page.goBack();
    await shows(['Bo Lovelace']);
});

test('C9310: a profile is edited, in the app too; what changed elsewhere meanwhile stays, and is seen', async () => {
    const dot = await desk.person('Dot');
    await assign(dot);
    await open(dot);
    await desk.page.getByLabel('Set another attribute').selectOption({ label: 'Department' });
    await desk.page.getByLabel('Department').fill('Sales');
    await desk.ask('POST', `/api/v1/users/${dot.id}`, { profile: { title: 'Set elsewhere' } });
    await desk.page.waitForFunction(() => document.querySelector('#attribute-title')?.value === 'Set elsewhere');
    await desk.page.getByLabel('Last name').fill('');
    await desk.button('Save').click();
    await desk.page.getByText('The profile was not changed').waitFor();
    await desk.page.getByText('The field cannot be left blank').waitFor();
    await desk.page.getByLabel('Last name').fill('Renamed');
    await desk.acting(`/users/${dot.id}`, () => desk.button('Save').click());
    await desk.heading('Dot Renamed');
    const { profile } = await read(dot);
    assert.deepEqual([profile.department, profile.title, profile.lastName], ['Sales', 'Set elsewhere', 'Renamed']);
    const account = await accountOf(dot);
    assert.deepEqual([account.name.familyName, account.title], ['Renamed', 'Set elsewhere']);
    await desk.page.getByLabel('Department').fill('');
    await desk.acting(`/users/${dot.id}`, () => desk.button('Save').click());
    assert.equal((await read(dot)).profile.department, undefined);
});

test('C9292, C9293: deactivate, as the numbers say, and reactivate', async () => {
    const [byGroup, alone] = [await desk.person('Eve'), await desk.person('Fay')];
    await desk.assignGroup(await desk.group('Staff', [byGroup]));
    await assign(alone);
    const before = { byGroup: await accountOf(byGroup), alone: await accountOf(alone) };
    for (const person of [byGroup, alone]) {
        const name = `${person.profile.firstName} Lovelace`;
        await open(person);
        await desk.act(name, 'Deactivate');
        await desk.dialog().getByText('1 account is deactivated, 0 memberships are removed, 0 groups are deleted in 1 app').waitFor();
        assert.equal((await accountOf(person)).active, true, 'it was only rehearsed');
        await desk.confirm('/lifecycle/deactivate', 'Deactivate');
        await desk.said('The accounts in apps are deactivated');
        assert.equal((await accountOf(person)).active, false);
        await open(person, 'applications');
        await desk.said('has no application');
        await desk.acting('/lifecycle/activate', () => desk.act(name, 'Activate'));
    }
    const back = await accountOf(byGroup);
    assert.deepEqual([back.id, back.active], [before.byGroup.id, true], 'the group gives the app again');
    assert.equal((await accountOf(alone)).active, false, 'what was assigned to the person alone is to be assigned again');
    await assign(alone);
    const again = await accountOf(alone);
    assert.deepEqual([again.id, again.active], [before.alone.id, true]);
});

test('C9295, C9300: suspending sends nothing and keeps memberships, unsuspending too', async () => {
    const gus = await desk.person('Gus');
    const group = await desk.group('Pushed', [gus]);
    await assign(gus);
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/group-push/mappings`, { sourceGroupId: group.id, targetGroupName: 'Pushed' });
    await desk.ask('POST', `/api/v1/users/${gus.id}/lifecycle/activate`).catch(() => null);
    await desk.ask('POST', `/api/v1/users/${gus.id}`, { credentials: { password: { value: 'a long enough Passw0rd' } } });
    await desk.holds('Pushed', [gus]);
    const mark = await desk.target.mark();
    const writes = async () => {
        await desk.settle();
        return (await desk.target.log(mark)).filter(({ method }) => method !== 'GET').length;
    };
    await open(gus);
    await desk.act('Gus Lovelace', 'Suspend');
    await desk.dialog().getByText('0 accounts are deactivated, 0 memberships are removed').waitFor();
    await desk.confirm('/lifecycle/suspend', 'Suspend');
    await desk.said('Suspended');
    assert.equal((await read(gus)).status, 'SUSPENDED');
    assert.equal(await writes(), 0);
    await desk.holds('Pushed', [gus]);
    await desk.acting('/lifecycle/unsuspend', () => desk.act('Gus Lovelace', 'Unsuspend'));
    assert.equal((await read(gus)).status, 'ACTIVE');
    assert.equal(await writes(), 0);
    await desk.holds('Pushed', [gus]);
    assert.equal((await accountOf(gus)).active, true);
});

test('somebody who is deactivated is deleted', async () => {
    const hal = await desk.person('Hal');
    await open(hal);
    await desk.button('Actions on Hal Lovelace').click();
    const items = desk.page.getByRole('menuitem');
    await items.first().waitFor();
    assert.ok(!(await items.allInnerTexts()).includes('Delete'), 'it would deactivate');
    await desk.page.keyboard.press('Escape');
    await items.first().waitFor({ state: 'detached' });
    await desk.ask('POST', `/api/v1/users/${hal.id}/lifecycle/deactivate`);
    await desk.said('Deactivated');
    await desk.act('Hal Lovelace', 'Delete');
    await desk.confirm(`/users/${hal.id}`, 'Delete');
    await desk.heading('People');
    assert.equal((await desk.muster.call('GET', `/api/v1/users/${hal.id}`)).status, 404);
    await open(hal);
    await desk.said('This person is not there');
});

test('groups of a person: added to two at once, taken out of one', async () => {
    const ida = await desk.person('Ida');
    for (const name of ['Blue', 'Green']) await desk.group(name);
    await open(ida, 'groups');
    await desk.said('Ida Lovelace is in no group');
    await desk.button('Add to groups').click();
    for (const name of ['Blue', 'Green']) await desk.choose('Group', name);
    await desk.button('Add 2').click();
    await desk.dialog().waitFor({ state: 'detached' });
    await desk.row('Green').waitFor();
    await desk.row('Blue').getByRole('button', { name: 'Remove from Blue' }).click();
    await desk.confirm(`/users/${ida.id}`, 'Remove');
    await desk.until(async () => (await names()).join() === 'Green', 'one is left');
    assert.deepEqual((await desk.ask('GET', `/api/v1/users/${ida.id}/groups`)).map((group) => group.profile.name), ['Green']);
});

test('apps of a person: why an account failed, and pushing again; and what happened', async () => {
    const jo = await desk.person('Jo');
    await desk.target.faults([{ name: 'status', method: 'POST', path: '/Users', status: 400, text: 'Not today' }]);
    await assign(jo);
    await open(jo, 'applications');
    await desk.row('Error').getByText('Not today').waitFor();
    await desk.target.faults([]);
    await desk.acting(`/users/${jo.id}/push`, () => desk.button('Push again everywhere').click());
    await desk.row('In step').waitFor();
    assert.equal((await accountOf(jo)).active, true);
    await desk.page.getByRole('link', { name: 'History' }).click();
    await desk.said('user.lifecycle.create');
    await desk.said('application.user_membership.add');
});

test('who may only read changes nothing', async () => {
    const kim = await desk.person('Kim');
    const page = await desk.windowOf('READ_ONLY');
    for (const [address, shown] of [
        ['/people', 'Kim Lovelace'],
        [`/people/${kim.id}/profile`, 'Primary email'],
        [`/people/${kim.id}/groups`, 'is in no group'],
        [`/people/${kim.id}/applications`, 'has no application'],
    ]) {
        await page.goto(address);
        await page.getByText(shown).first().waitFor();
        assert.deepEqual(await page.locator('main').getByRole('button', { name: /^(Add|Actions|Save|Push|Remove)/ }).allInnerTexts(), []);
    }
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});
