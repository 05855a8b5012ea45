// SPDX-License-Identifier: Apache-2.0
// Activity by clicks: what the app was asked, as it happens; failures, times, pages, one request with its answer; and full
// capture.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, test } = require('node:test');
const { Desk } = require('./desk');

const PAGE_ROWS = 50;

let desk;
before(async () => {
    desk = await Desk.start();
});
after(() => desk.stop());
afterEach(() => desk.check());

const open = (query = '', app = desk.app) => desk.page.goto(`/applications/${app.id}/activity${query}`);
const assign = (person) => desk.ask('POST', `/api/v1/apps/${desk.app.id}/users`, { id: person.id, scope: 'USER' });
const rows = () => desk.page.getByRole('grid', { name: 'Requests' }).getByRole('row');
const shown = async () => (await rows().count()) - 1; // without the head

test('what is sent appears by itself, and is opened: the request without values, and the answer', async () => {
    const other = await desk.ask('POST', '/api/v1/apps', { label: 'Quiet', signOnMode: 'AUTO_LOGIN' });
    await open('', other);
    await desk.said('Nothing was asked of Quiet yet');
    await open();
    await desk.said('Nothing was asked of My tool yet');
    const person = await desk.person('Ann');
    await assign(person);
    await desk.button('POST /Users').waitFor();
    await desk.button('POST /Users').click();
    await desk.dialog().getByText('HTTP 201').first().waitFor();
    const body = await desk.dialog().getByLabel('Body of the request').textContent();
    assert.match(body, /"userName": "ann@example.com"/);
    assert.ok(!body.includes('Lovelace'), 'values are left out');
    await desk.dialog().getByText('Close', { exact: true }).click();
});

test('failures alone, with the answer of the app; the last hour; nothing that failed', async () => {
    await open('?filter=failures');
    await desk.said('Nothing failed');
    await desk.target.faults([{ name: 'status', method: 'POST', path: '/Users', status: 400, text: 'Not today' }]);
    await assign(await desk.person('Bea'));
    await desk.button('POST /Users').first().waitFor();
    const refused = ({ method, path, status }) => method === 'POST' && path.endsWith('/Users') && status === 400;
    await desk.until(async () => (await shown()) === (await desk.target.log()).filter(refused).length, 'each refused request is one row');
    await desk.button('POST /Users').first().click();
    assert.match(await desk.dialog().getByLabel('Body of the answer').textContent(), /"status": "400"/);
    await desk.dialog().getByText('Close', { exact: true }).click();
    await desk.target.faults([]);
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/group-push/retry`);
    await desk.settle();
    await desk.page.getByLabel('Time').selectOption({ label: 'Last hour' });
    await desk.button('POST /Users').first().waitFor();
    await desk.page.getByLabel('Which requests').selectOption({ label: 'All requests' });
    await desk.row('HTTP 201').first().waitFor();
});

test('long lists come in pages', async () => {
    const people = [];
    for (let i = 0; i < PAGE_ROWS; i++) people.push(await desk.person());
    for (const person of people) await assign(person);
    await desk.settle();
    await open();
    await desk.until(async () => (await shown()) === PAGE_ROWS, 'a full page');
    const first = await rows().nth(1).textContent();
    await desk.button('Next').click();
    await desk.page.waitForURL(/after=/);
    await desk.until(async () => (await rows().nth(1).textContent()) !== first, 'other rows');
    await desk.page.goBack();
    await desk.until(async () => (await shown()) === PAGE_ROWS, 'the first page again');
});

test('full capture: begun for some minutes, told on the page, ended', async () => {
    await open();
    await desk.button('Keep requests in full').click();
    await desk.dialog().getByLabel('Minutes').fill('0');
    await desk.dialog().getByRole('button', { name: 'Start' }).click();
    await desk.dialog().getByText('must be a whole number from 1 to').waitFor();
    await desk.dialog().getByLabel('Minutes').fill('5');
    await desk.acting('/capture', () => desk.dialog().getByRole('button', { name: 'Start' }).click());
    await desk.said('Requests and answers are kept in full');
    await assign(await desk.person('Eve'));
    await desk.settle();
    await desk.row('Kept in full').getByRole('button', { name: 'POST /Users' }).click();
    assert.match(await desk.dialog().getByLabel('Body of the request').textContent(), /Lovelace/);
    await desk.dialog().getByText('Close', { exact: true }).click();
    await desk.acting('/capture', () => desk.button('End now').click());
    await desk.button('Keep requests in full').waitFor();
    assert.equal((await desk.ask('GET', `/api/v1/apps/${desk.app.id}/capture`)).status, 'OFF');
});
