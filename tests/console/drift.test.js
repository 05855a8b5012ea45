// SPDX-License-Identifier: Apache-2.0
// Drift by clicks: scanning with progress, what is found and who did it, repairing and accepting one and several, settings
// and the history. What was done is read from the practice target.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, test } = require('node:test');
const { settled } = require('./browser');
const { Desk } = require('./desk');

let desk;
let people;
let group;
before(async () => {
    desk = await Desk.start();
    people = [];
    for (const name of ['Ann', 'Bea', 'Cyd', 'Dan']) people.push(await desk.person(name));
    group = await desk.group('Staff', people);
    await desk.assignGroup(group);
    await desk.ask('POST', api('/group-push/mappings'), { sourceGroupId: group.id, targetGroupName: 'Staff' });
    await desk.settle();
});
after(() => desk.stop());
afterEach(() => desk.check());

const api = (path) => `/api/v1/apps/${desk.app.id}${path}`;
const open = (query = '') => desk.page.goto(`/applications/${desk.app.id}/drift${query}`);
const differences = () => desk.ask('GET', api('/drift/differences'));
const there = async (person) => (await desk.target.users()).find(({ userName }) => userName === person.profile.login);

// Somebody takes people out of the group in the app, or puts a stranger in.
async function behindOurBack(operation) {
    const { id } = await desk.targetGroup('Staff');
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
    await desk.target.ask('PATCH', `/scim/v2/Groups/${id}`, { schemas, Operations: [operation] });
}
const takenOut = async (person) => behindOurBack({ op: 'remove', path: `members[value eq "${(await there(person)).id}"]` });

async function scan() {
    await desk.acting('/drift/scans', () => desk.button('Scan Now').click());
    await desk.until(async () => (await desk.ask('GET', api('/drift/scans')))[0].status === 'COMPLETED', 'the scan is finished');
}

// The scan leaves out what was pushed in the last seconds: until everything was compared.
async function scanUntil(count) {
    await desk.until(async () => {
        await scan();
        return (await differences()).length === count;
    }, `${count} differences`);
}

const select = (text) => desk.page.getByRole('row').filter({ hasText: text }).getByRole('checkbox').check();

test('nothing was scanned, then nothing is different; progress is found again and a scan is cancelled', async () => {
    await open();
    await desk.said('My tool was not scanned yet');
    await scan();
    await desk.said('My tool holds what it should');
    await desk.said('4 of 4');
    await desk.target.faults([{ name: 'latency', method: 'GET', path: '/Users', ms: 600000 }]);
    await desk.acting('/drift/scans', () => desk.button('Scan Now').click());
    await desk.said("Reading the app's users");
    await desk.page.goto('/applications');
    await open();
    await desk.said("Reading the app's users");
    assert.ok(await desk.button('Scan Now').isDisabled());
    await desk.acting('/cancel', () => desk.button('Cancel the scan').click());
    await desk.target.faults([]);
    await open('?view=scans');
    await desk.row('Cancelled').waitFor();
    await desk.row('Done').getByText('0 different').waitFor();
});

test('what somebody did in the app: told, narrowed, repaired together, accepted and taken back', async () => {
    const [ann, bea, cyd, dan] = people;
    const stranger = await desk.target.seedUser({ userName: 'stranger@example.com' });
    for (const each of [ann, bea, cyd]) await takenOut(each);
    await behindOurBack({ op: 'add', path: 'members', value: [{ value: stranger.id }] });
    await open();
    await scanUntil(4);
    await desk.page.getByText('ann@example.com in Staff').waitFor();
    await desk.page.getByRole('row').filter({ hasText: 'Member too many' }).getByText('not known to the directory').waitFor();

    await desk.page.getByLabel('What differs').selectOption({ label: 'Member missing' });
    await desk.page.waitForURL(/kind=MEMBER_MISSING/);
    await desk.row('Member too many').waitFor({ state: 'detached' });
    await select('ann@example.com in Staff');
    await select('bea@example.com in Staff');
    await desk.button('Repair (2)').click();
    await desk.dialog().getByText('adds the person again').waitFor();
    await desk.dialog().getByText('0 accounts are deactivated, 0 memberships are removed').waitFor();
    assert.deepEqual(await desk.membersThere('Staff'), [dan.profile.login, 'stranger@example.com'], 'it was only rehearsed');
    await desk.acting('/drift/repair', () => desk.dialog().getByRole('button', { name: 'Repair' }).click());
    const expected = [ann, bea, dan].map(({ profile }) => profile.login);
    await desk.until(async () => JSON.stringify(await desk.membersThere('Staff')) === JSON.stringify([...expected, 'stranger@example.com']), 'they are in it again');

    await select('cyd@example.com in Staff');
    await desk.button('Accept (1)').click();
    await desk.dialog().getByLabel('Why it may stay so').fill('On leave');
    await desk.acting('/drift/accept', () => desk.dialog().getByRole('button', { name: 'Accept' }).click());
    await open('?view=accepted');
    const row = desk.page.getByRole('row').filter({ hasText: 'cyd@example.com in Staff' });
    await row.getByText('On leave').waitFor();
    assert.equal((await desk.ask('GET', api('/drift/exceptions'))).length, 1);
    await desk.acting('/drift/exceptions', () => row.getByRole('button', { name: /^Take back/ }).click());
    await desk.said('Nothing is accepted');
    assert.equal((await desk.ask('GET', api('/drift/exceptions'))).length, 0);
});

test('an account that was made inactive there is not repaired; a removal is said in numbers', async () => {
    const dan = await there(people[3]);
    await desk.target.ask('PUT', `/scim/v2/Users/${dan.id}`, { ...dan, active: false });
    await open();
    await desk.until(async () => {
        await scan();
        return (await differences()).some(({ kind }) => kind === 'ACCOUNT_INACTIVE');
    }, 'the inactive account is found');
    await select('Account inactive');
    await desk.said('is never activated by a repair');
    assert.ok(await desk.button('Repair (1)').isDisabled());
    await desk.page.getByLabel('What differs').selectOption({ label: 'Member too many' });
    await desk.row('Account inactive').waitFor({ state: 'detached' });
    await select('Member too many');
    await desk.button('Repair (1)').click();
    await desk.dialog().getByText('removes the member, through the deletion limits').waitFor();
    await desk.acting('/drift/repair', () => desk.dialog().getByRole('button', { name: 'Repair' }).click());
    await desk.until(async () => !(await desk.membersThere('Staff')).includes('stranger@example.com'), 'the stranger is out');
});

test('settings: a schedule, what follows, and the words of the server beside the field', async () => {
    await open('?view=settings');
    await desk.page.getByLabel('Scan every so many hours').fill('-3');
    await desk.button('Save').click();
    await desk.said('Must be a whole number of hours');
    await desk.page.getByLabel('Scan every so many hours').fill('24');
    await desk.page.getByLabel('Member missing').selectOption({ label: 'Repair it' });
    assert.deepEqual(await desk.page.getByLabel('Account inactive').locator('option').allTextContents(), ['List it', 'Accept it']);
    await desk.acting('/drift/settings', () => desk.button('Save').click());
    const settings = await desk.ask('GET', api('/drift/settings'));
    assert.equal(settings.everyHours, 24);
    assert.equal(settings.actions.MEMBER_MISSING, 'REPAIR');
    assert.ok(settings.nextScan);
});

test('who may only read sees no button that changes anything; an operator none of an administrator', async () => {
    const changes = /^(Import Now|Refresh|Confirm|Ignore|Say who|Scan Now|Repair|Accept$|Save|Change|Edit|Tell|Forget|Verify now|Keep requests|Assign$|Convert|Actions|Pause|Deactivate|Move)/;
    const tabs = ['general', 'provisioning', 'import', 'import?view=settings', 'assignments', 'assignments?filter=groups', 'drift', 'drift?view=settings', 'activity'];
    const found = async (page, tab) => {
        await page.goto(`/applications/${desk.app.id}/${tab}`);
        await page.locator('main').locator('table, form, .pf-v6-c-empty-state').first().waitFor();
        await settled(page);
        const names = await page.locator('main').getByRole('button').evaluateAll((all) => all.map((each) => each.getAttribute('aria-label') || each.textContent.trim()));
        return names.filter((name) => changes.test(name));
    };
    const reader = await desk.windowOf('READ_ONLY');
    for (const tab of tabs) assert.deepEqual(await found(reader, tab), [], tab);
    assert.deepEqual(reader.wrong, []);
    await reader.context().close();
    const operator = await desk.windowOf('OPERATOR');
    for (const tab of ['general', 'provisioning', 'import?view=settings', 'drift?view=settings', 'activity']) {
        const names = await found(operator, tab);
        assert.deepEqual(names.filter((name) => /^(Save|Change|Edit|Tell|Forget|Keep requests|Deactivate)/.test(name)), [], tab);
    }
    const seen = await found(operator, 'drift');
    assert.ok(seen.includes('Scan Now') && seen.includes('Repair') && !seen.includes('Accept'), String(seen));
    await operator.context().close();
    assert.ok((await found(desk.page, 'drift')).includes('Scan Now'), 'an administrator sees them');
});
