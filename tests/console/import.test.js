// SPDX-License-Identifier: Apache-2.0
// Import by clicks: read now, with matches that are confirmed one by one and together; settings; past imports; what the
// import safeguard holds. What came of it is read from the API and from the practice target.
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

const open = (query = '', app = desk.app) => desk.page.goto(`/applications/${app.id}/import${query}`);
const api = (path) => `/api/v1/apps/${desk.app.id}${path}`;
const imports = () => desk.ask('GET', api('/imports'));
const waiting = () => desk.ask('GET', api('/imports/users?status=UNCONFIRMED'));
const appUsers = () => desk.ask('GET', api('/users?limit=200'));

async function importNow() {
    await desk.acting('/imports', () => desk.button('Import Now').click());
    await desk.until(async () => (await imports())[0].status === 'COMPLETED', 'the import is finished');
}

const seed = (userName, givenName, familyName, email = userName) =>
    desk.target.seedUser({ userName, name: { givenName, familyName }, emails: [{ value: email, primary: true }] });

test('Import Now: exact, partial and new are told; confirmed one by one and together, and ignored', async () => {
    const ann = await desk.person('Ann');
    const bob = await desk.person('Bob');
    await seed('ann@example.com', 'Ann', 'Lovelace');
    await seed('bobby@elsewhere.example', 'Bob', 'Lovelace');
    await seed('new.one@example.com', 'New', 'One');
    await seed('robot@example.com', 'A', 'Robot');
    await open('?view=settings');
    await desk.page.getByLabel('exact matches', { exact: true }).uncheck();
    await desk.acting('INBOUND_PROVISIONING', () => desk.button('Save').click());
    await open();
    await desk.said('No user waits for you');
    await importNow();
    await desk.row('ann@example.com').getByText('Exact').waitFor();
    await desk.row('bobby@elsewhere.example').getByText('Partial').waitFor();
    await desk.row('bobby@elsewhere.example').getByText(bob.profile.login).waitFor();
    await desk.row('robot@example.com').getByText('New', { exact: true }).waitFor();
    assert.deepEqual((await appUsers()).map(({ id }) => id), [], 'nobody was confirmed by itself');

    // One: the partial match is who Muster suggests.
    await desk.page.getByRole('button', { name: 'Say who bobby@elsewhere.example is' }).click();
    assert.ok(await desk.dialog().getByLabel(bob.profile.login).isChecked());
    await desk.acting('/confirm', () => desk.dialog().getByRole('button', { name: 'Confirm' }).click());
    await desk.until(async () => (await appUsers()).some(({ id }) => id === bob.id), 'Bob has the app');
    // One who is nobody.
    await desk.page.getByRole('button', { name: 'Say who robot@example.com is' }).click();
    await desk.dialog().getByLabel('Nobody: ignore it').check();
    await desk.acting('/ignore', () => desk.dialog().getByRole('button', { name: 'Ignore' }).click());
    await desk.until(async () => (await waiting()).length === 2, 'two are left');
    // Several.
    await desk.gone(desk.row('robot@example.com'));
    await desk.page.getByLabel('Select all rows').check();
    await desk.acting('/imports/users/bulk', () => desk.button('Confirm as matched (2)').click());
    await desk.said('No user waits for you');
    const made = await desk.ask('GET', '/api/v1/users/new.one@example.com');
    assert.deepEqual((await appUsers()).map(({ id }) => id).sort(), [ann.id, bob.id, made.id].sort());
    assert.equal((await desk.target.users()).length, 4, 'nobody was made there');

    // The ignored one can be asked about again.
    await desk.page.getByLabel('Which users').selectOption({ label: 'Ignored' });
    await desk.page.getByLabel('Select row 0').check();
    await desk.acting('/imports/users/bulk', () => desk.button('Ask about again (1)').click());
    assert.deepEqual((await waiting()).map(({ credentials }) => credentials.userName), ['robot@example.com']);
});

test('progress is shown, survives leaving the page, and an import is cancelled', async () => {
    await desk.target.faults([{ name: 'latency', method: 'GET', path: '/Users', ms: 600000 }]);
    await open();
    await desk.acting('/imports', () => desk.button('Import Now').click());
    await desk.page.getByText("Reading the app's users").waitFor();
    assert.ok(await desk.button('Import Now').isDisabled());
    await desk.page.goto('/applications');
    await open();
    await desk.page.getByText("Reading the app's users").waitFor();
    await desk.page.getByText('It goes on when you leave this page.').waitFor();
    await desk.acting('/cancel', () => desk.button('Cancel the import').click());
    await desk.page.getByText('It goes on when you leave this page.').waitFor({ state: 'detached' });
    await desk.target.faults([]);
    assert.equal((await imports())[0].status, 'CANCELLED');
});

test('past imports: counts, and why one failed; Refresh App Groups', async () => {
    await desk.target.seedGroup({ displayName: 'Made there' });
    await open('?view=past');
    await desk.acting('/group-push/refresh', () => desk.button('Refresh App Groups').click());
    await desk.row('Names of groups').getByText('1 groups: 1 new').waitFor();
    assert.equal((await desk.ask('GET', `/api/v1/groups?search=${encodeURIComponent(`source.id eq "${desk.app.id}"`)}`)).length, 1);
    await desk.button('Groups').click();
    await desk.page.getByRole('link', { name: 'Made there' }).waitFor();
    await desk.page.getByLabel('Search groups of the app').fill('nothing');
    await desk.said('No group matches');
    await desk.button('Past imports').click();
    await desk.target.faults([{ name: 'status', method: 'GET', path: '/Users', status: 403, text: 'Not for you' }]);
    await desk.acting('/imports', () => desk.button('Import Now').click());
    await desk.row('Failed').getByText('Not for you').waitFor();
    await desk.target.faults([]);
});

test('settings: a schedule, and the words of the server beside the field', async () => {
    await open('?view=settings');
    await desk.page.getByLabel('Import', { exact: true }).selectOption({ label: 'By an expression of cron' });
    await desk.page.getByRole('textbox', { name: 'Expression' }).fill('every day');
    await desk.page.getByRole('textbox', { name: 'Time zone' }).fill('Europe/Vienna');
    await desk.button('Save').click();
    await desk.said('Must have five fields as of UNIX cron');
    await desk.page.getByRole('textbox', { name: 'Expression' }).fill('30 4 * * *');
    await desk.acting('INBOUND_PROVISIONING', () => desk.button('Save').click());
    await desk.said('Next import');
    const { importSettings } = (await desk.ask('GET', api('/features/INBOUND_PROVISIONING'))).capabilities;
    assert.equal(importSettings.schedule.status, 'ENABLED');
    assert.deepEqual(importSettings.schedule.fullImport, { expression: '30 4 * * *', timezone: 'Europe/Vienna' });
});

test('what the import safeguard holds is approved here, with what it takes away said first', async () => {
    const app = await desk.connectedApp('Guarded');
    const logins = Array.from({ length: 101 }, (_each, i) => `many${i}@example.com`);
    await desk.ask('POST', '/api/v1/import', {
        users: logins.map((login) => ({ profile: { login, email: login, firstName: 'One', lastName: 'Of many' }, activate: true })),
    });
    for (const login of logins) {
        const { id } = await desk.ask('GET', `/api/v1/users/${login}`);
        await desk.ask('POST', `/api/v1/apps/${app.id}/users`, { id, scope: 'USER' });
    }
    await desk.muster.synced(app.id);
    const known = await desk.ask('POST', `/api/v1/apps/${app.id}/imports`);
    assert.equal((await desk.ask('GET', `/api/v1/apps/${app.id}/imports/${known.id}?wait=60s`)).status, 'COMPLETED');
    for (const user of (await desk.target.users()).filter(({ userName }) => userName.startsWith('many')).slice(0, 30)) {
        await desk.target.ask('DELETE', `/scim/v2/Users/${user.id}`);
    }
    await open('', app);
    await desk.acting('/imports', () => desk.button('Import Now').click());
    await desk.page.getByText('Held by the import safeguard').waitFor();
    await desk.button('Review and approve').click();
    await desk.dialog().getByText('more than 20 % of those who have it').waitFor();
    await desk.dialog().getByText('30 differences were found').waitFor();
    const held = await desk.ask('GET', `/api/v1/apps/${app.id}/users?limit=200`);
    assert.equal(held.length, 101, 'nothing was taken away yet');
    await desk.acting('/approve', () => desk.dialog().getByRole('button', { name: 'Approve' }).click());
    await desk.until(
        async () => (await desk.ask('GET', `/api/v1/apps/${app.id}/users?limit=200`)).length === 71,
        'those who are gone there have lost the app',
    );
});
