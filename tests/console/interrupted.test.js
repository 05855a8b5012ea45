// SPDX-License-Identifier: Apache-2.0
// What comes between: a page that does not come, a second click before the first is seen.
'use strict';

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { Muster } = require('../lib/muster');
const { Browser } = require('./browser');

let muster;
let browser;
let page;
before(async () => {
    [muster, browser] = await Promise.all([Muster.start(), Browser.start()]);
    page = await browser.openAsAdministrator(muster);
});
after(async () => {
    await browser.stop();
    await muster.stop();
});

const heading = (name) => page.getByRole('heading', { name, level: 1 });

test('a page that cannot be loaded says so, leaves the others in reach, and comes with a reload', async () => {
    await page.goto('/groups');
    await heading('Groups').waitFor();
    await page.route('**/assets/**', (route) => route.fulfill({ status: 404, body: '' }));
    await page.getByRole('link', { name: 'System Log' }).click();
    await heading('This page could not be loaded').waitFor();
    await page.getByRole('link', { name: 'Groups', exact: true }).click();
    await heading('Groups').waitFor();
    await page.goBack();
    await heading('This page could not be loaded').waitFor();
    await page.unroute('**/assets/**');
    await page.getByRole('button', { name: 'Reload' }).click();
    await heading('System Log').waitFor();
});

test('a second click before the first is seen does nothing twice', async () => {
    await page.goto('/applications');
    await page.getByRole('button', { name: 'Create app integration' }).first().click();
    await page.getByLabel('App name').fill('Once');
    const created = page.waitForURL('**/applications/*/**');
    await page.getByRole('dialog').getByRole('button', { name: 'Create' }).evaluate((button) => {
        button.click();
        button.click();
    });
    await created;
    assert.deepEqual((await muster.ask('GET', '/api/v1/apps')).map((app) => app.label), ['Once']);
});
