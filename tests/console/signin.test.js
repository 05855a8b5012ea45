// SPDX-License-Identifier: Apache-2.0
// Signing in to the console: the first link, passwords, roles, and what happens when a session ends.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { after, before, test } = require('node:test');
const { Muster } = require('../lib/muster');
const { ADA, Browser, axe, linkFile } = require('./browser');

let muster;
let browser;
before(async () => {
    [muster, browser] = await Promise.all([Muster.start(), Browser.start()]);
});
after(async () => {
    await browser.stop();
    await muster.stop();
});

async function signIn(page, email, password) {
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
}

async function fillPassword(page, password) {
    await page.getByLabel('Password', { exact: false }).first().fill(password);
    await page.getByLabel('The same again').fill(password);
}

async function invited(role, email) {
    const { link } = await muster.ask('POST', '/api/v1/administrators', { name: `The ${role}`, email, role });
    const page = await browser.open(muster);
    await page.goto(link);
    await fillPassword(page, ADA.password);
    await page.getByRole('button', { name: 'Set password and sign in' }).click();
    return page;
}

test('the first administrator follows the link, says who that is, and is in', async () => {
    const page = await browser.open(muster);
    await page.goto(fs.readFileSync(linkFile(muster), 'utf8').trim());
    await fillPassword(page, 'too short');
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.getByText('Give 12 to 72').waitFor();
    assert.deepEqual(await axe(page), []);
    await fillPassword(page, ADA.password);
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.getByLabel('Name').fill(ADA.name);
    await page.getByLabel('E-mail address').fill(ADA.email);
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    assert.ok(!page.url().includes('#'), 'the link is no longer in the address');
    const administrators = await muster.ask('GET', '/api/v1/administrators');
    assert.deepEqual(administrators.map((each) => [each.email, each.role]), [[ADA.email, 'ADMIN']]);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
    muster.claimed = true;
});

test('signing in: a wrong password is told, a deep link is where one lands, signing out ends it', async () => {
    const page = await browser.open(muster);
    await page.goto('/applications?q=none');
    await page.getByRole('heading', { name: 'Sign in to Muster' }).waitFor();
    assert.deepEqual(await axe(page), []);
    await signIn(page, ADA.email, 'wrong wrong wrong');
    await page.getByText('The e-mail address or the password is wrong').waitFor();
    await signIn(page, ADA.email, ADA.password);
    await page.getByText('No application matches').waitFor();
    assert.ok(page.url().endsWith('/applications?q=none'));
    await page.getByRole('button', { name: `Account of ${ADA.name}` }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to Muster' }).waitFor();
    assert.equal((await page.request.get('/api/v1/session')).status(), 401);
    await page.goto('/applications');
    await page.getByRole('heading', { name: 'Sign in to Muster' }).waitFor();
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('one changes one\'s password, and the old one no longer works', async () => {
    const page = await invited('OPERATOR', 'op@example.com');
    await page.getByRole('button', { name: 'Account of The OPERATOR' }).click();
    await page.getByRole('menuitem', { name: 'Change password' }).click();
    await page.getByLabel('Current password').fill('not the password');
    await page.getByLabel('New password').fill('another good password');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('The password is wrong').waitFor();
    await page.getByLabel('Current password').fill(ADA.password);
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('Your password is changed').waitFor();
    const again = await browser.open(muster);
    const sign = (password) => again.request.post('/api/v1/session', { data: { email: 'op@example.com', password } });
    assert.equal((await sign(ADA.password)).status(), 401);
    assert.equal((await sign('another good password')).status(), 200);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
    await again.context().close();
});

test('who may only read is offered nothing that would be refused', async () => {
    const page = await invited('READ_ONLY', 'reader@example.com');
    await page.getByRole('link', { name: 'Applications' }).click();
    await page.getByText('There are no applications yet').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Create app integration' }).count(), 0);
    await page.context().close();
});

test('a session that ends leaves what is typed as it is: one signs in over the page, and it goes on', async () => {
    const page = await browser.openAsAdministrator(muster);
    await page.goto('/applications');
    await page.getByRole('button', { name: 'Create app integration' }).first().click();
    const draft = page.getByRole('dialog', { name: 'Create app integration' });
    await draft.getByLabel('Name').fill('Typed before');
    await page.context().clearCookies();
    await draft.getByRole('button', { name: 'Create' }).click();
    const again = page.getByRole('dialog', { name: 'Sign in to Muster' });
    await again.waitFor();
    assert.deepEqual(await axe(page), []);
    await page.keyboard.press('Escape');
    assert.equal(await again.getByLabel('E-mail address').inputValue(), ADA.email);
    await again.getByLabel('Password').fill('wrong wrong wrong');
    await again.getByRole('button', { name: 'Sign in' }).click();
    await again.getByText('The e-mail address or the password is wrong').waitFor();
    await again.getByLabel('Password').fill(ADA.password);
    await again.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Typed before', level: 1 }).waitFor();
    const apps = await muster.ask('GET', '/api/v1/apps');
    assert.equal(apps.filter(({ label }) => label === 'Typed before').length, 1);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('who signs in as somebody else after a session ended begins anew, and nothing is done in the name of the other', async () => {
    const { link } = await muster.ask('POST', '/api/v1/administrators', { name: 'Eve', email: 'eve@example.com', role: 'ADMIN' });
    const other = await browser.open(muster);
    const claimed = await other.request.post('/api/v1/session/claim', { data: { token: link.split('#')[1], password: ADA.password } });
    assert.equal(claimed.status(), 200);
    await other.context().close();
    const page = await browser.openAsAdministrator(muster);
    await page.goto('/applications');
    await page.getByRole('button', { name: 'Create app integration' }).first().click();
    await page.getByLabel('Name').fill('Not by Eve');
    await page.context().clearCookies();
    await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
    const again = page.getByRole('dialog', { name: 'Sign in to Muster' });
    await again.getByLabel('E-mail address').fill('eve@example.com');
    await again.getByLabel('Password').fill(ADA.password);
    await again.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Account of Eve' }).waitFor();
    assert.equal(await page.getByRole('dialog').count(), 0);
    const apps = await muster.ask('GET', '/api/v1/apps');
    assert.equal(apps.some(({ label }) => label === 'Not by Eve'), false);
    await page.context().close();
});

test('a second tab signs in and out with the first', async () => {
    const first = await browser.open(muster);
    const second = await first.context().newPage();
    for (const page of [first, second]) {
        await page.goto('/applications');
        await page.getByRole('heading', { name: 'Sign in to Muster' }).waitFor();
    }
    await signIn(first, ADA.email, ADA.password);
    for (const page of [first, second]) await page.getByRole('heading', { name: 'Applications', level: 1 }).waitFor();
    await second.getByRole('button', { name: `Account of ${ADA.name}` }).click();
    await second.getByRole('menuitem', { name: 'Sign out' }).click();
    for (const page of [first, second]) await page.getByRole('heading', { name: 'Sign in to Muster' }).waitFor();
    assert.equal(await first.getByRole('dialog').count(), 0, 'what was shown is gone');
    assert.deepEqual(first.wrong, []);
    await first.context().close();
});

test('a session that was ended elsewhere leads to signing in', async () => {
    const page = await browser.openAsAdministrator(muster);
    await page.goto('/applications');
    await page.getByRole('heading', { name: 'Applications', level: 1 }).waitFor();
    await page.context().clearCookies();
    await muster.ask('POST', '/api/v1/apps', { label: 'Made meanwhile', signOnMode: 'AUTO_LOGIN' });
    await page.getByRole('heading', { name: 'Sign in to Muster' }).waitFor();
    await page.context().close();
});
