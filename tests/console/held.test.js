// SPDX-License-Identifier: Apache-2.0
// Held changes by clicks: who is on the list and who caused it, one released, some put back, approved, rejected.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, test } = require('node:test');
const { Desk } = require('./desk');

const PEOPLE = 16;
const LEAVERS = 12; // more than 10, and more than 20 %

let desk;
let people;
let group;
before(async () => {
    desk = await Desk.start();
    people = [];
    for (let i = 0; i < PEOPLE; i++) people.push(await desk.person(`Person ${String.fromCharCode(97 + i)}`));
    group = await desk.group('Staff', people);
    await desk.assignGroup(group);
    await desk.settle();
});
after(() => desk.stop());
afterEach(() => desk.check());

const inactive = async () => {
    const { change } = await desk.ask('GET', `/api/v1/apps/${desk.app.id}/sync`);
    await desk.muster.sync(desk.app.id, { after: change });
    return (await desk.target.users()).filter((user) => !user.active).map((user) => user.userName).sort();
};
const logins = (some) => some.map((person) => person.profile.login).sort();

// Takes the app from the first twelve at once.
async function tooMany() {
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/lifecycle/pause`);
    for (const person of people.slice(0, LEAVERS)) await desk.leave(group, person);
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/lifecycle/resume`);
    assert.deepEqual(await inactive(), [], 'all of them are held');
}

async function openList(text) {
    await desk.page.getByRole('link', { name: text }).click();
    await desk.said('Still wanted gone');
}

test('held, explained, one released, one put back, approved: exactly those still wanted gone', async () => {
    await desk.page.goto('/troubleshoot/held');
    await desk.said('Nothing is held');
    await tooMany();
    // Nobody reloads.
    await desk.page.getByRole('link', { name: '12 accounts to deactivate' }).waitFor();
    await desk.page.goto(`/applications/${desk.app.id}/assignments`);
    await desk.said('12 accounts held back by a deletion limit');
    assert.equal(await desk.page.getByText(/accounts? failed/).count(), 0, 'what is held did not fail');
    await desk.page.getByRole('link', { name: 'Look and decide' }).click();
    await openList('12 accounts to deactivate');
    const [first, second] = people;
    const row = desk.row(first.profile.login);
    await row.getByText('Account deactivated').waitFor();
    await row.getByText('The app is not assigned to the person').waitFor();
    await row.getByRole('button', { name: /^Why/ }).click();
    await desk.dialog().getByText('has an active account in My tool and should have none').waitFor();
    await desk.dialog().getByRole('button', { name: 'Close' }).click();
    await desk.page.getByRole('button', { name: `Release ${first.profile.login}` }).click();
    await desk.acting('/release', () => desk.dialog().getByRole('button', { name: 'Release' }).click());
    await desk.said('11 accounts to deactivate');
    assert.deepEqual(await inactive(), logins([first]));
    await desk.join(group, second);
    await desk.said('10 accounts to deactivate');
    await desk.button('Approve').click();
    await desk.dialog().getByText('10 accounts to deactivate').waitFor();
    await desk.acting('/approve', () => desk.dialog().getByRole('button', { name: 'Approve' }).click());
    await desk.said('Nothing is left on this list');
    assert.deepEqual(await inactive(), logins([first, ...people.slice(2, LEAVERS)]));
    await desk.page.goto('/troubleshoot/held?filter=APPROVED');
    await desk.row('Approved').getByText('by ada@example.com').waitFor();
});

test('rejected: nothing happens, and it stays to be seen and can still be approved; a reader decides nothing', async () => {
    for (const person of people.slice(0, LEAVERS)) await desk.join(group, person);
    await desk.settle();
    assert.deepEqual(await inactive(), []);
    await tooMany();
    await desk.page.goto('/troubleshoot/held');
    await openList('12 accounts to deactivate');
    const reader = await desk.reader();
    await reader.goto(desk.page.url().replace(desk.muster.url, ''));
    await reader.getByText('Still wanted gone').waitFor();
    await reader.getByText(people[0].profile.login).first().waitFor();
    assert.equal(await reader.getByRole('button', { name: /^(Approve|Reject|Release)/ }).count(), 0);
    await reader.context().close();
    await desk.button('Reject').click();
    await desk.dialog().getByText('0 of them are sent').waitFor();
    await desk.acting('/reject', () => desk.dialog().getByRole('button', { name: 'Reject' }).click());
    await desk.row(people[0].profile.login).getByText('Rejected').waitFor();
    assert.deepEqual(await inactive(), []);
    await desk.page.goto('/troubleshoot/held');
    await desk.said('Nothing is held');
    await desk.button('Rejected').click();
    await openList('12 accounts to deactivate');
    await desk.button('Approve').click();
    await desk.acting('/approve', () => desk.dialog().getByRole('button', { name: 'Approve' }).click());
    await desk.said('Nothing is left on this list');
    assert.deepEqual(await inactive(), logins(people.slice(0, LEAVERS)));
});
