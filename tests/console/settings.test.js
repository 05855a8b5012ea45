// SPDX-License-Identifier: Apache-2.0
// Settings, by clicks; what they did is read from the API, and from the address that a hook tells.
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const { after, before, test } = require('node:test');
const { Desk } = require('./desk');

// What is told by a hook: answers the challenge, counts deliveries, refuses on demand.
class Receiver {
    static async start() {
        const it = new Receiver();
        it.told = [];
        it.status = 200;
        it.server = http.createServer((request, response) => {
            const challenge = request.headers['x-okta-verification-challenge'];
            let body = '';
            request.on('data', (chunk) => (body += chunk));
            request.on('end', () => {
                if (!challenge) it.told.push({ headers: request.headers, body });
                response.writeHead(it.status, { 'Content-Type': 'application/json' });
                response.end(JSON.stringify(challenge ? { verification: challenge } : {}));
            });
        });
        await new Promise((resolve) => it.server.listen(0, '127.0.0.1', resolve));
        it.url = `http://127.0.0.1:${it.server.address().port}/told`;
        return it;
    }

    stop() {
        return new Promise((resolve) => {
            this.server.closeAllConnections();
            this.server.close(resolve);
        });
    }
}

let desk;
let page;
let receiver;
before(async () => {
    [desk, receiver] = await Promise.all([Desk.start(), Receiver.start()]);
    page = desk.page;
});
after(async () => {
    await desk.stop();
    await receiver.stop();
});

const dialogButton = (name) => desk.dialog().getByRole('button', { name, exact: true });

// A field that shows something this once, and is gone after it.
async function shownOnce(label) {
    const value = await desk.dialog().getByRole('textbox', { name: label, exact: true }).inputValue();
    await dialogButton('Done').click();
    await desk.dialog().waitFor({ state: 'detached' });
    return value;
}

test('a token: refused without a good name, shown once, used, revoked', async () => {
    await page.goto('/settings');
    await page.waitForURL('**/settings/tokens');
    await desk.button('Create token').click();
    await desk.dialog().getByLabel('Token name').fill('n'.repeat(300));
    await dialogButton('Create').click();
    await desk.dialog().getByText(/The name is longer than/).waitFor();
    await desk.dialog().getByLabel('Token name').fill('ci');
    await desk.dialog().getByLabel('Role').selectOption('OPERATOR');
    await desk.acting('/api-tokens', () => dialogButton('Create').click());
    const token = await shownOnce('Token');
    assert.equal((await desk.muster.call('GET', '/api/v1/groups', { token })).status, 200);
    assert.equal((await desk.muster.call('GET', '/api/v1/api-tokens', { token })).status, 403, 'an operator');
    await page.reload();
    await desk.row('ci').getByText('Operator').waitFor();
    assert.ok(!(await page.content()).includes(token), 'it is shown once');
    await desk.button('Revoke ci').click();
    await desk.acting('/api-tokens/', () => dialogButton('Revoke token').click());
    assert.equal((await desk.muster.call('GET', '/api/v1/groups', { token })).status, 401);
    await desk.gone(desk.row('ci'));
});

test('administrators: invited with a link, given a role, reset, removed; not the last one', async () => {
    await page.goto('/settings/administrators');
    await desk.button('Remove Ada Lovelace').click();
    await dialogButton('Remove administrator').click();
    await desk.dialog().getByText(/last administrator/i).first().waitFor();
    await dialogButton('Cancel').click();
    await desk.button('Invite administrator').click();
    await desk.dialog().getByLabel('Name').fill('Grace Hopper');
    await desk.dialog().getByLabel('E-mail address').fill('nonsense');
    await dialogButton('Invite').click();
    await desk.dialog().getByText('Give one address, as in ada@example.com').waitFor();
    await desk.dialog().getByLabel('E-mail address').fill('grace@example.com');
    await desk.dialog().getByLabel('Role').selectOption('READ_ONLY');
    await desk.acting('/administrators', () => dialogButton('Invite').click());
    const link = await shownOnce('Link');
    await desk.row('Grace Hopper').getByText('Invited').waitFor();

    const guest = await desk.browser.open(desk.muster);
    const claimed = await guest.request.post('/api/v1/session/claim', { data: { token: link.split('#')[1], password: 'a password of many words' } });
    assert.equal(claimed.status(), 200, await claimed.text());
    await desk.row('Grace Hopper').getByText('Active').waitFor();
    await guest.goto('/settings');
    await guest.waitForURL('**/settings/hooks');
    await guest.getByText('There are no event hooks').waitFor();
    assert.equal(await guest.getByRole('button', { name: 'Create event hook' }).count(), 0, 'read-only');
    assert.equal(await guest.getByRole('link', { name: 'API Tokens' }).count(), 0);
    await guest.goto('/settings/limits');
    await guest.getByLabel('Window, in hours').waitFor();
    assert.equal(await guest.getByRole('button', { name: /^Save/ }).count(), 0);
    await guest.goto('/settings/tokens');
    await guest.getByText('It may be for administrators alone.').waitFor();
    assert.deepEqual(guest.wrong, []);
    await guest.context().close();

    await desk.button('Edit Grace Hopper').click();
    await desk.dialog().getByLabel('Role').selectOption('OPERATOR');
    await desk.acting('/administrators/', () => dialogButton('Save').click());
    await desk.row('Grace Hopper').getByText('Operator').waitFor();
    await desk.acting('/reset', () => desk.button('New link for Grace Hopper').click());
    assert.match(await shownOnce('Link'), /\/welcome#/);
    await desk.button('Remove Grace Hopper').click();
    await desk.acting('/administrators/', () => dialogButton('Remove administrator').click());
    await desk.gone(desk.row('Grace Hopper'));
    assert.deepEqual((await desk.ask('GET', '/api/v1/administrators')).map((each) => each.name), ['Ada Lovelace']);
});

test('an event hook: created, verified, told, failing, deactivated, deleted', async () => {
    await page.goto('/settings/hooks');
    await desk.said('There are no event hooks');
    await desk.button('Create event hook').first().click();
    await desk.dialog().getByLabel('Name').fill('Groups');
    await desk.dialog().getByLabel('Address').fill('http://example.com/');
    await desk.dialog().getByLabel('Types of events, one a line').fill('group.lifecycle.create\nno.such.event');
    await desk.acting('/eventHooks', () => dialogButton('Create').click(), 400);
    await desk.dialog().getByText(/"no\.such\.event" is no event type that is known here/).first().waitFor();
    await desk.dialog().getByLabel('Types of events, one a line').fill('group.lifecycle.create');
    await desk.acting('/eventHooks', () => dialogButton('Create').click(), 400);
    await desk.dialog().getByText(/plain http is for this machine only/).first().waitFor();
    await desk.dialog().getByLabel('Address').fill(receiver.url);
    await desk.acting('/eventHooks', () => dialogButton('Create').click());
    assert.ok((await shownOnce('Signing secret')).length > 20);
    await desk.row('Groups').getByText('Not verified').waitFor();
    await desk.acting('/verify', () => desk.button('Verify: Groups').click());
    await desk.row('Groups').getByText('Not verified').waitFor({ state: 'detached' });
    await desk.group('Told');
    await desk.until(() => receiver.told.length === 1, 'the receiver is told of the group');
    assert.match(receiver.told[0].body, /group\.lifecycle\.create/);
    receiver.status = 500;
    await desk.group('Not told');
    await desk.row('Groups').getByText('Cannot be told').waitFor();
    await desk.button('Deliveries: Groups').click();
    await desk.dialog().getByText('Failed, tried again').first().waitFor();
    await desk.dialog().getByText('Delivered').waitFor();
    await desk.dialog().getByRole('button', { name: 'Close' }).last().click();
    receiver.status = 200;
    await desk.acting('/deactivate', () => desk.button('Deactivate: Groups').click());
    await desk.row('Groups').getByText('Inactive').waitFor();
    await desk.button('Delete: Groups').click();
    await desk.acting('/eventHooks/', () => dialogButton('Delete event hook').click());
    await desk.said('There are no event hooks');
    assert.deepEqual(await desk.ask('GET', '/api/v1/eventHooks'), []);
});

test('limits: the server says what is wrong beside the field, and what is saved is what it holds', async () => {
    await page.goto('/settings/limits');
    const save = (title) => desk.button(`Save: ${title}`);
    await page.getByLabel('Window, in hours').fill('0');
    await save('Deletion limits').click();
    await page.locator('#window').locator('xpath=ancestor::div[contains(@class,"form__group")][1]').getByText(/hours|from 1/).first().waitFor();
    await page.getByLabel('Window, in hours').fill('12');
    await page.getByLabel('Per cent of the active accounts of an app').fill('7');
    await page.getByLabel('No limit: groups deleted').check();
    await desk.acting('/org/deletion-limits', () => save('Deletion limits').click());
    const limits = await desk.ask('GET', '/api/v1/org/deletion-limits');
    assert.equal(limits.windowHours, 12);
    assert.equal(limits.deactivations.percent, 7);
    assert.equal(limits.groupDeletions.off, true);
    assert.equal(limits.removals.source, 'DEFAULT', 'what was not touched stays what it is by default');

    await page.getByLabel('Per cent of those who have the app').fill('33');
    await desk.acting('/org/import-safeguard', () => save('Import safeguard').click());
    assert.deepEqual((await desk.ask('GET', '/api/v1/org/import-safeguard')).app, { status: 'ENABLED', percent: 33 });

    await page.getByLabel('System log, in days').fill('many');
    await save('How long the record is kept').click();
    await page.getByText('must be a whole number from 1 to 3650 (days)').waitFor();
    await page.getByLabel('System log, in days').fill('45');
    await desk.acting('/org/record', () => save('How long the record is kept').click());
    assert.equal((await desk.ask('GET', '/api/v1/org/record')).logDays, 45);

    await page.getByLabel('When a group that gives an app is pushed to it too').selectOption('REFUSE');
    await desk.acting('/org/same-group', () => save('One group for assignment and push').click());
    assert.equal((await desk.ask('GET', '/api/v1/org/same-group')).policy, 'REFUSE');
});

test('people and groups are protected, and no longer; nodes say that there is one', async () => {
    const ada = await desk.person('Ada');
    const team = await desk.group('Team');
    const protectedNow = async (path) => (await desk.ask('GET', path)).protected;
    await page.goto('/settings/protected');
    await desk.said('Nobody is protected');
    await desk.button('Protect a person').click();
    await desk.choose('Person', ada.profile.login);
    await desk.acting('/protection', () => dialogButton('Protect').click());
    assert.equal(await protectedNow(`/api/v1/users/${ada.id}/protection`), true);
    await desk.row('Ada Lovelace').waitFor();
    await desk.button('Protect a group').click();
    await desk.choose('Group', 'Team');
    await desk.acting('/protection', () => dialogButton('Protect').click());
    assert.equal(await protectedNow(`/api/v1/groups/${team.id}/protection`), true);
    await desk.button('End protection of Team').click();
    await desk.acting('/protection', () => dialogButton('End protection').click());
    assert.equal(await protectedNow(`/api/v1/groups/${team.id}/protection`), false);
    await desk.said('No group is protected');
    await page.goto('/settings/nodes');
    await desk.said('This server is ready');
    await desk.said('This process is alone on its store');
    desk.check();
});
