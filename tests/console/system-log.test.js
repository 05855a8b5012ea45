// SPDX-License-Identifier: Apache-2.0
// The system log: searched, narrowed, opened, and more of it page by page.
'use strict';

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { Desk } = require('./desk');

let desk;
before(async () => {
    desk = await Desk.start();
});
after(() => desk.stop());

const rows = () => desk.page.locator('tbody tr').count();

test('events are listed, searched, narrowed and opened', async () => {
    for (let i = 0; i < 60; i++) await desk.group(`Group ${i}`);
    await desk.page.goto('/system-log');
    await desk.said('group.lifecycle.create');
    assert.equal(await rows(), 50);
    await desk.button('Next').click();
    await desk.page.waitForURL(/after=/);
    await desk.said('application.lifecycle.create');
    await desk.page.getByLabel('Order').selectOption({ label: 'Oldest first' });
    await desk.page.waitForURL(/order=oldest/);
    await desk.page.waitForFunction(() => !/after=/.test(window.location.search));
    const times = () => desk.page.locator('tbody time').evaluateAll((all) => all.map((each) => each.dateTime));
    await desk.until(async () => (await times()).join() === [...(await times())].sort().join(), 'the oldest is the first');
    const [first] = await desk.ask('GET', '/api/v1/logs?limit=1');
    assert.equal((await times())[0], first.published);
    await desk.button('Next').click();
    await desk.page.getByRole('button', { name: 'First page' }).click();
    await desk.until(async () => (await times())[0] === first.published, 'the first page again');
    await desk.page.goto('/system-log');
    await desk.page.getByLabel('Search the system log').fill('application.lifecycle.create');
    await desk.page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
    await desk.page.locator('tbody').getByRole('button').click();
    await desk.dialog().getByText('"eventType": "application.lifecycle.create"').waitFor();
    await desk.dialog().getByRole('button', { name: 'Close' }).last().click();
    await desk.page.goto('/system-log?filter=errors');
    await desk.said('No events match');
    await desk.page.request.post('/api/v1/session', { data: { email: 'nobody@example.com', password: 'not a password' } });
    await desk.said('user.session.start');
    assert.equal(await rows(), 1, 'live, and failures only');
    desk.check();
});
