// SPDX-License-Identifier: Apache-2.0
// Applications: made, connected, switched on and off by clicks; what arrived is read from the practice target.
'use strict';

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { Muster, Practice } = require('../lib/muster');
const { Browser } = require('./browser');

let muster;
let target;
let browser;
let page;
before(async () => {
    [muster, target, browser] = await Promise.all([Muster.start(), Practice.start(), Browser.start()]);
    page = await browser.openAsAdministrator(muster);
});
after(async () => {
    await browser.stop();
    await target.stop();
    await muster.stop();
});

const button = (name) => page.getByRole('button', { name, exact: true });
const appNamed = async (label) => (await muster.ask('GET', '/api/v1/apps')).find((app) => app.label === label);

test('an app is created; a name that is taken is told beside the field', async () => {
    await page.goto('/applications');
    await page.getByText('There are no applications yet').waitFor();
    await button('Create app integration').first().click();
    await page.getByLabel('App name').fill('My tool');
    await button('Create').click();
    await page.getByRole('heading', { name: 'My tool', level: 1 }).waitFor();
    assert.match(page.url(), /\/provisioning$/);
    await page.getByRole('link', { name: 'Applications' }).first().click();
    await button('Create app integration').first().click();
    await page.getByLabel('App name').fill('My tool');
    await button('Create').click();
    await page.getByRole('dialog').getByText(/already|exists|in use|taken/i).first().waitFor();
    await button('Cancel').click();
    assert.equal((await muster.ask('GET', '/api/v1/apps')).length, 1);
    assert.deepEqual(page.wrong, []);
});

test('connecting asks the app first, and shows what it said', async () => {
    const app = await appNamed('My tool');
    await page.goto(`/applications/${app.id}/provisioning`);
    await page.getByLabel('SCIM base URL').fill(target.baseUrl);
    await page.getByLabel('API token').fill('a wrong token');
    await button('Test and save').click();
    await page.getByText('The connection was not saved').waitFor();
    await page.getByText('The app refused the credential').first().waitFor();
    assert.equal((await muster.ask('GET', `/api/v1/apps/${app.id}/connections/default`)).status, 'UNKNOWN');
    await page.getByLabel('SCIM base URL').fill(target.baseUrl);
    await page.getByLabel('API token').fill(target.token);
    await button('Test and save').click();
    await page.getByText('the connection is saved').waitFor();
    assert.equal((await muster.ask('GET', `/api/v1/apps/${app.id}/connections/default`)).status, 'ENABLED');
    const mark = await target.mark();
    await button('Test connection').click();
    await page.getByText('My tool answers as it should').waitFor();
    assert.ok((await target.log(mark)).length > 0, 'the target was asked');
    assert.equal((await muster.ask('GET', `/api/v1/apps/${app.id}/connections/default`)).status, 'ENABLED');
    await button('Turn off').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Turn off' }).click();
    await button('Turn on').click();
    await button('Turn off').waitFor();
    assert.deepEqual(page.wrong, []);
});

test('what was before a switch was on is counted, and sent when one says so', async () => {
    const app = await appNamed('My tool');
    const person = await muster.ask('POST', '/api/v1/users', {
        profile: { login: 'ada@example.com', email: 'ada@example.com', firstName: 'Ada', lastName: 'Lovelace' },
    });
    await muster.ask('POST', `/api/v1/apps/${app.id}/users`, { id: person.id, scope: 'USER' });
    await page.goto(`/applications/${app.id}/provisioning`);
    // The input itself lies under what PatternFly draws of it.
    // One after the other, as quickly as keys are pressed: none is swallowed while another is saved, none loses the focus.
    const saved = Promise.all(
        [/lifecycleCreate/, /profile/, /lifecycleDeactivate/].map((what) => page.waitForResponse((answer) => what.test(answer.request().postData() || ''))),
    );
    await page.getByRole('switch', { name: 'Create Users' }).focus();
    for (const name of ['Create Users', 'Update User Attributes', 'Deactivate Users']) {
        assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), name);
        await page.keyboard.press('Space');
        if (name !== 'Deactivate Users') await page.keyboard.press('Tab');
    }
    await saved;
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Deactivate Users');
    await page.getByText('From before the switches were on: 1 account made').waitFor();
    assert.deepEqual(await target.users(), []);
    await button('Send the backlog').click();
    await page.getByRole('dialog').getByText('1 account made').waitFor();
    await button('Send').click();
    await page.getByText('The backlog is queued').waitFor();
    const { change } = await muster.ask('GET', `/api/v1/apps/${app.id}/sync`);
    await muster.synced(app.id, { after: change });
    assert.deepEqual((await target.users()).map((user) => user.userName), ['ada@example.com']);
    assert.deepEqual(page.wrong, []);
});

test('an app is renamed, paused, deactivated and deleted; nothing is sent by that', async () => {
    const app = await appNamed('My tool');
    await page.goto(`/applications/${app.id}`);
    await page.getByLabel('App name').fill('My renamed tool');
    await button('Save').click();
    await page.getByRole('heading', { name: 'My renamed tool', level: 1 }).waitFor();
    await button('Pause').click();
    await button('Resume').waitFor();
    assert.equal((await appNamed('My renamed tool')).paused, true);
    await button('Resume').click();
    await button('Pause').waitFor();
    const mark = await target.mark();
    await button('Deactivate').click();
    await page.getByRole('dialog').getByText(/0 accounts and 0 groups are changed/).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Deactivate' }).click();
    await button('Delete').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('There are no applications yet').waitFor();
    assert.equal((await muster.ask('GET', '/api/v1/apps')).length, 0);
    assert.deepEqual(await target.log(mark), []);
    assert.deepEqual(page.wrong, []);
});

test('150 apps: pages, search, back and forward; a change elsewhere is on the screen by itself', async () => {
    const long = 'A name that is rather long because a department insisted on saying everything that there is to say in it';
    for (let i = 0; i < 150; i++) {
        await muster.ask('POST', '/api/v1/apps', { label: i ? `Tool ${String(i).padStart(3, '0')}` : long, signOnMode: 'AUTO_LOGIN' });
    }
    await page.goto('/applications');
    const rows = () => page.locator('tbody tr').count();
    await page.getByRole('link', { name: 'Tool 001' }).waitFor();
    assert.equal(await rows(), 50);
    await button('Next').click();
    await page.getByRole('link', { name: 'Tool 050', exact: true }).waitFor();
    assert.match(page.url(), /after=/);
    await page.goBack();
    await page.getByRole('link', { name: 'Tool 001', exact: true }).waitFor();
    await page.goForward();
    await page.getByRole('link', { name: 'Tool 050', exact: true }).waitFor();
    await page.getByLabel('Search applications').fill('Tool 14');
    await page.getByRole('link', { name: 'Tool 140' }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 10);
    await muster.ask('POST', '/api/v1/apps', { label: 'Tool 14 made elsewhere', signOnMode: 'AUTO_LOGIN' });
    await page.getByRole('link', { name: 'Tool 14 made elsewhere' }).waitFor();
    assert.deepEqual(page.wrong, []);
});
