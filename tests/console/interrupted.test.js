// SPDX-License-Identifier: Apache-2.0
// What comes between: a page that does not come, a second click before the first is seen, and whatever happens while an
// answer is on its way: what is typed or selected then stays, and no number of another time is shown.
'use strict';

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { Muster } = require('../lib/muster');
const { Browser, settled } = require('./browser');

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
const button = (name) => page.getByRole('button', { name, exact: true });

// Does something whose answer waits; what it returns lets the answer come, and waits until the page has shown it.
async function held(path, method, act) {
    let release;
    const free = new Promise((resolve) => (release = resolve));
    const asked = page.waitForRequest((request) => request.method() === method && request.url().includes(path));
    const hold = async (route) => {
        if (route.request().method() === method) await free;
        await route.fallback();
    };
    const matching = (url) => (url.pathname + url.search).includes(path);
    await page.route(matching, hold);
    await act();
    const request = await asked;
    return async () => {
        release();
        await (await request.response()).finished();
        await settled(page);
        await page.unroute(matching, hold);
    };
}

const person = (name) =>
    muster.ask('POST', '/api/v1/users', { profile: { login: `${name}@example.com`, email: `${name}@example.com`, firstName: name, lastName: 'Lovelace' } });
const group = (name) => muster.ask('POST', '/api/v1/groups', { profile: { name } });
const app = (label) => muster.ask('POST', '/api/v1/apps', { label, signOnMode: 'AUTO_LOGIN' });

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

test('what is typed while something is saved stays, and is saved next', async () => {
    const ann = await person('Ann');
    await page.goto(`/people/${ann.id}/profile`);
    await page.getByLabel('First name').fill('Anne');
    let answer = await held(`/users/${ann.id}`, 'POST', () => button('Save').click());
    await page.getByLabel('Last name').fill('Able');
    await answer();
    await heading('Anne Lovelace').waitFor();
    assert.equal(await page.getByLabel('Last name').inputValue(), 'Able');
    assert.equal(await page.getByLabel('First name').inputValue(), 'Anne');
    await (await held(`/users/${ann.id}`, 'POST', () => button('Save').click()))();
    await heading('Anne Able').waitFor();
    assert.equal(await button('Discard changes').count(), 0, 'nothing is left to be saved');

    const made = await app('Renamed');
    await page.goto(`/applications/${made.id}/general`);
    await page.getByLabel('App name').fill('Renamed once');
    answer = await held(`/apps/${made.id}`, 'PUT', () => button('Save').click());
    await page.getByLabel('App name').fill('Renamed twice');
    await answer();
    await heading('Renamed once').waitFor();
    assert.equal(await page.getByLabel('App name').inputValue(), 'Renamed twice');
    await (await held(`/apps/${made.id}`, 'PUT', () => button('Save').click()))();
    await heading('Renamed twice').waitFor();
    assert.equal(await button('Save').isDisabled(), true, 'nothing is left to be saved');
});

test('a group rule is saved: what is typed meanwhile stays, and so does the form when it names somebody new', async () => {
    const target = await group('Filled by a rule');
    const out = await person('Out');
    const rule = await muster.ask('POST', '/api/v1/groups/rules', {
        type: 'group_rule',
        name: 'Before',
        conditions: { expression: { value: 'user.city == "x"', type: 'urn:okta:expression:1.0' } },
        actions: { assignUserToGroups: { groupIds: [target.id] } },
    });
    await page.goto(`/group-rules/${rule.id}`);
    await page.getByLabel('Rule name').fill('After');
    await page.getByRole('combobox', { name: 'Except these people' }).fill('out@example.com');
    await page.getByRole('option', { name: 'out@example.com' }).click();
    await page.getByLabel('Rule name').evaluate((field) => (field.dataset.kept = 'yes'));
    const answer = await held(`/groups/rules/${rule.id}`, 'PUT', () => button('Save').click());
    await page.getByLabel('Whoever').fill('user.city == "y"');
    await answer();
    await heading('After').waitFor();
    await button(`Leave out ${out.profile.login}`).waitFor();
    assert.equal(await page.getByLabel('Whoever').inputValue(), 'user.city == "y"');
    assert.equal(await page.getByLabel('Rule name').evaluate((field) => field.dataset.kept), 'yes', 'the form was there all the time');
});

test('an assignment is edited: what it said before stays, also what was changed elsewhere meanwhile', async () => {
    const [made, eve] = [await app('Assigned'), await person('Eve')];
    const path = `/api/v1/apps/${made.id}/users`;
    await muster.ask('POST', path, { id: eve.id, scope: 'USER', profile: { title: 'Old' } });
    await page.goto(`/applications/${made.id}/assignments`);
    await button('Actions on Eve Lovelace').click();
    await page.getByRole('menuitem', { name: 'Edit assignment' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Title', exact: true }).waitFor();
    await muster.ask('POST', `${path}/${eve.id}`, { profile: { title: 'New' } });
    await dialog.getByLabel('Set another attribute').selectOption({ label: 'Department' });
    await dialog.getByRole('textbox', { name: 'Department', exact: true }).fill('Sales');
    await (await held(`${path}/${eve.id}`, 'POST', () => dialog.getByRole('button', { name: 'Save' }).click()))();
    const { profile } = await muster.ask('GET', `${path}/${eve.id}`);
    assert.deepEqual([profile.title, profile.department], ['New', 'Sales']);
    // The rest follows the directory still.
    await muster.ask('POST', `/api/v1/users/${eve.id}`, { profile: { lastName: 'Renamed' } });
    assert.equal((await muster.ask('GET', `${path}/${eve.id}`)).profile.lastName, 'Renamed');
});

test('what is selected while several are changed stays selected', async () => {
    const made = await app('Pushed');
    for (const name of ['Red', 'Blue']) {
        const { id } = await group(name);
        await muster.ask('POST', `/api/v1/apps/${made.id}/group-push/mappings`, { sourceGroupId: id, targetGroupName: name });
    }
    await page.goto(`/applications/${made.id}/push-groups`);
    await button('Bulk Edit').click();
    await page.getByLabel('Select Red', { exact: true }).check();
    const answer = await held('/mappings/bulk', 'POST', () => button('Deactivate').click());
    await page.getByLabel('Select Blue', { exact: true }).check();
    await answer();
    await button('Inactive: push status of Red').waitFor();
    await button('Active: push status of Blue').waitFor();
    assert.equal(await page.getByLabel('Select Blue', { exact: true }).isChecked(), true);
    assert.equal(await page.getByLabel('Select Red', { exact: true }).isChecked(), false);
});

test('what is counted before something is done is counted anew each time', async () => {
    const dan = await person('Dan');
    await page.goto(`/people/${dan.id}/profile`);
    const dialog = page.getByRole('dialog');
    const ask = async () => {
        await button('Actions on Dan Lovelace').click();
        await page.getByRole('menuitem', { name: 'Deactivate', exact: true }).click();
    };
    await ask();
    await dialog.getByText('0 accounts are deactivated').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    const answer = await held('dryRun=true', 'POST', ask);
    await dialog.getByLabel('Loading what would become of it').waitFor();
    assert.equal(await dialog.getByText('accounts are deactivated').count(), 0);
    await answer();
    await dialog.getByText('0 accounts are deactivated').waitFor();
});
