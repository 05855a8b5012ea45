// SPDX-License-Identifier: Apache-2.0
// Provisioning by clicks: the profile mapping with its preview, verification, and what is known of the app. What the app
// is told then is read from the practice target.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, test } = require('node:test');
const { Desk } = require('./desk');

let desk;
let ann;
before(async () => {
    desk = await Desk.start();
    ann = await desk.person('Ann');
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/users`, { id: ann.id, scope: 'USER' });
    await desk.settle();
});
after(() => desk.stop());
afterEach(() => desk.check());

const api = (path) => `/api/v1/apps/${desk.app.id}${path}`;
const open = () => desk.page.goto(`/applications/${desk.app.id}/provisioning`);
const there = async () => (await desk.target.users()).find(({ userName }) => userName === 'ann@example.com');

async function edit(title) {
    await desk.page.getByRole('button', { name: `Edit the mapping of ${title}`, exact: true }).click();
    await desk.dialog().waitFor();
}

test('an expression is checked as one types, tried on a person, saved, and sent to everybody', async () => {
    await open();
    await edit('Title');
    const expression = desk.dialog().getByRole('textbox', { name: 'Expression' });
    await expression.fill('user.nothing');
    await desk.dialog().locator('textarea[aria-invalid=true]').waitFor();
    await expression.fill('user.title ?: "Employee of " + user.firstName');
    await desk.dialog().getByText('The expression is right').waitFor();
    await desk.choose('Preview for', 'ann@example.com');
    await desk.dialog().getByText('Employee of Ann').waitFor();
    await desk.dialog().getByText('This differs from what the app acknowledged.').waitFor();
    assert.ok(!(await there()).title, 'it was only tried');
    await desk.acting('/api/v1/mappings/', () => desk.dialog().getByRole('button', { name: 'Save' }).click());
    await desk.dialog().waitFor({ state: 'detached' });
    await desk.until(async () => (await there()).title === 'Employee of Ann', 'the app has the new title');
    await desk.row('Title').getByText('user.title ?: "Employee of " + user.firstName').waitFor();
});

test('an attribute is sent on creation alone, and then not mapped: what is there stays', async () => {
    await open();
    await edit('Title');
    await desk.dialog().getByLabel('Sent').selectOption({ label: 'never: not mapped' });
    await desk.acting('/api/v1/mappings/', () => desk.dialog().getByRole('button', { name: 'Save' }).click());
    await desk.row('Title').getByText('Not mapped').waitFor();
    await desk.settle();
    assert.equal((await there()).title, 'Employee of Ann');
    await edit('Title');
    await desk.dialog().getByLabel('Sent').selectOption({ label: 'when the account is created, and never again' });
    await desk.dialog().getByRole('textbox', { name: 'Expression' }).fill('"At first"');
    await desk.acting('/api/v1/mappings/', () => desk.dialog().getByRole('button', { name: 'Save' }).click());
    await desk.row('Title').getByText('On creation').waitFor();
    const bob = await desk.person('Bob');
    await desk.ask('POST', api('/users'), { id: bob.id, scope: 'USER' });
    await desk.settle();
    const users = await desk.target.users();
    assert.equal(users.find(({ userName }) => userName === 'bob@example.com').title, 'At first');
    assert.equal((await there()).title, 'Employee of Ann');
});

test('preview of all attributes, and where each comes from', async () => {
    await desk.ask('POST', api(`/users/${ann.id}`), { profile: { nickName: 'Annie' } });
    await open();
    await desk.button('Preview').click();
    await desk.choose('Preview for', 'ann@example.com');
    await desk.dialog().getByRole('row').filter({ hasText: 'Annie' }).getByText("the person's own assignment").waitFor();
    await desk.dialog().getByText('User name ann@example.com').waitFor();
    await desk.dialog().getByText('Close', { exact: true }).click();
});

test('what is known of the app is told and forgotten; the words of the server stand beside the field', async () => {
    const told = async () => (await desk.ask('GET', api('/target'))).membersAddedPerRequest;
    await open();
    await desk.button('Tell: Members added in one request').click();
    await desk.dialog().getByRole('textbox', { name: 'Value' }).fill('0');
    await desk.dialog().getByRole('button', { name: 'Save' }).click();
    await desk.dialog().getByText('Must be a whole number from 1 to').waitFor();
    await desk.dialog().getByRole('textbox', { name: 'Value' }).fill('2');
    await desk.acting('/target', () => desk.dialog().getByRole('button', { name: 'Save' }).click());
    assert.deepEqual([(await told()).source, (await told()).value], ['TOLD', 2]);
    const people = [];
    for (let i = 0; i < 5; i++) people.push(await desk.person());
    const group = await desk.group('Told', people);
    await desk.assignGroup(group);
    await desk.settle();
    const mark = await desk.target.mark();
    await desk.ask('POST', api('/group-push/mappings'), { sourceGroupId: group.id, targetGroupName: 'Told' });
    await desk.holds('Told', people);
    const most = (await desk.target.log(mark))
        .filter(({ path }) => path.includes('/Groups'))
        .flatMap(({ json }) => [json?.members, ...(json?.Operations || []).map(({ value }) => value)])
        .map((value) => (Array.isArray(value) ? value.length : 0));
    assert.ok(Math.max(...most) <= 2, 'no request names more than two');
    await desk.acting('/target', () => desk.button('Forget: Members added in one request').click());
    assert.equal((await told()).source, 'UNKNOWN');
});

test('verification: when, and now', async () => {
    await open();
    await desk.acting('/group-push/settings', () => desk.page.getByLabel('Read members of groups back').selectOption({ label: 'each time' }));
    assert.equal((await desk.ask('GET', api('/group-push/settings'))).verify, 'ALWAYS');
    const mark = await desk.target.mark();
    await desk.acting('/group-push/verify', () => desk.button('Verify now').click());
    await desk.until(async () => (await desk.target.log(mark)).some(({ method, path }) => method === 'GET' && path.includes('/Groups/')), 'the group is read back');
});
