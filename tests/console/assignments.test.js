// SPDX-License-Identifier: Apache-2.0
// Assignments by clicks: the published cases by their numbers, and the order of groups. Read from the practice target.
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

const open = (query = '') => desk.page.goto(`/applications/${desk.app.id}/assignments${query}`);
const account = async (person) => {
    await desk.settle();
    return (await desk.target.users()).filter((user) => user.userName === person.profile.login);
};
const accountOf = async (person) => (await account(person))[0];

async function assign(kind, name, attributes = {}) {
    await desk.button('Assign').click();
    await desk.page.getByRole('menuitem', { name: kind === 'Person' ? 'Assign to People' : 'Assign to Groups' }).click();
    await desk.choose(kind, name);
    await fill(attributes);
    await desk.dialog().getByRole('button', { name: 'Assign', exact: true }).click();
    await desk.dialog().waitFor({ state: 'detached' });
}

// Sets attributes by their titles; '' empties one.
async function fill(attributes) {
    for (const [title, value] of Object.entries(attributes)) {
        const field = desk.dialog().getByRole('textbox', { name: title, exact: true });
        const more = desk.dialog().getByLabel('Set another attribute');
        await field.or(more.locator('option', { hasText: title })).first().waitFor({ state: 'attached' });
        if ((await field.count()) === 0) await more.selectOption({ label: title });
        if (value) await field.fill(value);
        else await desk.dialog().getByRole('button', { name: `Empty ${title}` }).click();
    }
}

async function act(name, item) {
    await desk.page.getByRole('button', { name: `Actions on ${name}` }).click();
    await desk.page.getByRole('menuitem', { name: item }).click();
}

async function edit(name, attributes) {
    await act(name, 'Edit assignment');
    await fill(attributes);
    await desk.dialog().getByRole('button', { name: 'Save' }).click();
    await desk.dialog().waitFor({ state: 'detached' });
}

test('C9290, C9291: assign to a person, edit the assignment', async () => {
    const ann = await desk.person('Ann');
    await open();
    await desk.said('Nobody has this app yet');
    await assign('Person', 'ann@example.com');
    assert.equal((await accountOf(ann)).name.familyName, 'Lovelace');
    await desk.row('In step').getByText('Individual').waitFor();
    await edit('Ann Lovelace', { Title: 'Of the assignment' });
    assert.equal((await accountOf(ann)).title, 'Of the assignment');
    assert.equal((await desk.ask('GET', `/api/v1/users/${ann.id}`)).profile.title, undefined, 'the directory is as it was');
});

test('C9335, C9336: somebody who is there already is linked; unusual names', async () => {
    const there = await desk.person('Bob');
    await desk.target.seedUser({ userName: 'bob@example.com', name: { familyName: 'Old' } });
    const login = "o'neil+tag_1%x@sub.example.com";
    const odd = await desk.ask('POST', '/api/v1/users', { profile: { login, email: login, firstName: 'Zoë "Z"', lastName: 'Ó Néill <b>' } });
    await open();
    await assign('Person', 'bob@example.com');
    await assign('Person', login);
    const bobs = await account(there);
    assert.deepEqual(bobs.map((each) => each.name.familyName), ['Lovelace']);
    assert.equal((await accountOf(odd)).name.familyName, 'Ó Néill <b>');
});

test('C9307, C9309, C9337: assign to a group, edit its assignment, empty attributes', async () => {
    const people = [await desk.person('Cyd'), await desk.person('Dan')];
    await desk.group('Team', people);
    await open('?filter=groups');
    await assign('Group', 'Team', { Title: 'First' });
    for (const each of people) assert.equal((await accountOf(each)).title, 'First');
    await edit('Team', { Title: 'Second' });
    for (const each of people) assert.equal((await accountOf(each)).title, 'Second');
    await edit('Team', { Title: '' });
    for (const each of people) assert.ok(!(await accountOf(each)).title);
    await open('?q=cyd');
    await desk.row('cyd@example.com').getByText('Group', { exact: true }).waitFor();
});

test('C9294, C9311: unassign a person, and a group; what that does is said in numbers first', async () => {
    const eve = await desk.person('Eve');
    const group = [await desk.person('Fay'), await desk.person('Gus')];
    await desk.group('Leaving', group);
    await open();
    await assign('Person', 'eve@example.com');
    await desk.settle();
    await act('Eve Lovelace', 'Unassign');
    await desk.dialog().getByText('1 account is deactivated, 0 memberships are removed, 0 groups are deleted in 1 app').waitFor();
    assert.equal((await accountOf(eve)).active, true, 'it was only rehearsed');
    await desk.acting('/users/', () => desk.dialog().getByRole('button', { name: 'Unassign' }).click());
    assert.equal((await accountOf(eve)).active, false);
    await open('?filter=groups');
    await assign('Group', 'Leaving');
    await desk.settle();
    await act('Leaving', 'Unassign');
    await desk.dialog().getByText('2 accounts are deactivated').waitFor();
    await desk.acting('/groups/', () => desk.dialog().getByRole('button', { name: 'Unassign' }).click());
    await desk.gone(desk.row('Leaving'));
    for (const each of group) assert.equal((await accountOf(each)).active, false);
});

test('an assignment is converted, and groups are put in order by their arrows', async () => {
    const both = await desk.person('Hal');
    await desk.group('First group', [both]);
    await desk.group('Second group', [both]);
    await open('?filter=groups');
    await assign('Group', 'First group', { Title: 'By the first' });
    await assign('Group', 'Second group', { Title: 'By the second' });
    assert.equal((await accountOf(both)).title, 'By the first');
    await desk.page.getByRole('button', { name: 'Move Second group up' }).focus();
    await desk.page.keyboard.press('Enter');
    await desk.page.waitForFunction(() => {
        const text = document.querySelector('table')?.innerText ?? '';
        return text.indexOf('Second group') < text.indexOf('First group');
    });
    assert.equal((await accountOf(both)).title, 'By the second');
    await open('?q=hal');
    await desk.acting('/assignments/convert', () => act('Hal Lovelace', 'Convert to individual assignment'));
    await desk.row('hal@example.com').getByText('Individual').waitFor();
    await desk.acting('/assignments/convert', () => act('Hal Lovelace', 'Convert to group assignment'));
    await desk.row('hal@example.com').getByText('Group', { exact: true }).waitFor();
    assert.equal((await accountOf(both)).active, true);
});

test('groups are put in order by dragging a row', async () => {
    await open('?filter=groups');
    const order = async () => (await desk.ask('GET', `/api/v1/apps/${desk.app.id}/groups?expand=group`))
        .sort((a, b) => a.priority - b.priority)
        .map((each) => each._embedded.group.profile.name);
    const before = await order();
    const [first] = before;
    const last = before.at(-1);
    await desk.acting('/priorities', () => desk.row(last).dragTo(desk.row(first)));
    assert.deepEqual(await order(), [last, ...before.slice(0, -1)]);
});

test('many assignments are converted at once: those selected, and everybody, counted first', async () => {
    const people = [await desk.person('Jan'), await desk.person('Kim'), await desk.person('Lou')];
    await desk.group('Converted', people.slice(0, 2));
    await desk.ask('PUT', `/api/v1/apps/${desk.app.id}/groups/${(await desk.ask('GET', '/api/v1/groups?q=Converted'))[0].id}`, {});
    for (const { id } of people) await desk.ask('POST', `/api/v1/apps/${desk.app.id}/users`, { id, scope: 'USER' });
    await desk.settle();
    const scope = async ({ id }) => (await desk.ask('GET', `/api/v1/apps/${desk.app.id}/users/${id}`)).scope;
    await open();
    for (const name of ['jan', 'lou']) await desk.page.getByRole('row').filter({ hasText: `${name}@example.com` }).getByRole('checkbox').check();
    await desk.button('Convert assignments (2)').click();
    await desk.acting('/assignments/convert', () => desk.dialog().getByRole('button', { name: 'Convert' }).click());
    await desk.said('1 in no group that has the app');
    assert.deepEqual(await Promise.all(people.map(scope)), ['GROUP', 'USER', 'USER']);
    await desk.button('Convert assignments').click();
    await desk.dialog().getByText(/would be converted; \d+ would stay, in no group that has the app/).waitFor();
    assert.equal(await scope(people[1]), 'USER', 'it was only counted');
    await desk.acting('/assignments/convert', () => desk.dialog().getByRole('button', { name: 'Convert' }).click());
    await desk.settle();
    assert.deepEqual(await Promise.all(people.map(scope)), ['GROUP', 'GROUP', 'USER']);
    for (const each of people) assert.equal((await accountOf(each)).active, true);
});

test('C9334: somebody with every attribute filled', async () => {
    const { definitions } = await desk.ask('GET', '/api/v1/meta/schemas/user/default');
    const texts = Object.entries(definitions.base.properties).filter(([name, { type }]) => type === 'string' && !['login', 'email', 'managerId'].includes(name));
    const given = {
        secondEmail: 'max.second@example.com',
        countryCode: 'AT',
        preferredLanguage: 'de-AT',
        locale: 'de_AT',
        timezone: 'Europe/Vienna',
        profileUrl: 'https://example.com/max',
    };
    const profile = Object.fromEntries(texts.map(([name, { title }]) => [name, given[name] || `${title} of Max`]));
    await desk.ask('POST', '/api/v1/users', { profile: { ...profile, login: 'max@example.com', email: 'max@example.com' } });
    await open();
    await assign('Person', 'max@example.com');
    await desk.settle();
    const there = JSON.stringify((await desk.target.users()).find(({ userName }) => userName === 'max@example.com'));
    const sent = texts.map(([name]) => profile[name]).filter((value) => there.includes(JSON.stringify(value).slice(1, -1)));
    const notSent = texts.filter(([name]) => !sent.includes(profile[name])).map(([name]) => name);
    assert.deepEqual(notSent, []);
    await open('?q=max');
    await desk.row('max@example.com').getByText('In step').waitFor();
});

test('an account that fails: why, and trying again', async () => {
    const ida = await desk.person('Ida');
    await desk.target.faults([{ name: 'status', method: 'POST', path: '/Users', status: 400, text: 'Not today' }]);
    await open('?q=ida');
    await assign('Person', 'ida@example.com');
    await desk.row('Error').getByText('Not today').waitFor();
    await desk.target.faults([]);
    await desk.acting('/group-push/retry', () => desk.button('Retry all that failed').click());
    await desk.row('In step').waitFor();
    assert.equal((await accountOf(ida)).active, true);
});

test('deletion limits of an app: its own, and then those of the organisation again', async () => {
    const app = await desk.connectedApp('Limited');
    const limit = async () => (await desk.ask('GET', `/api/v1/apps/${app.id}/group-push/limits`)).deactivations;
    await desk.page.goto(`/applications/${app.id}/general`);
    await desk.said('Nothing is held');
    await desk.button('Change the limit: Accounts deactivated').click();
    await desk.dialog().getByLabel('A limit of its own').check();
    await desk.dialog().getByLabel('Per cent').fill('500');
    await desk.dialog().getByLabel('As many at any rate').fill('1');
    await desk.dialog().getByRole('button', { name: 'Save' }).click();
    await desk.dialog().locator('.pf-m-error').first().waitFor();
    await desk.dialog().getByLabel('Per cent').fill('0');
    await desk.acting('/group-push/limits', () => desk.dialog().getByRole('button', { name: 'Save' }).click());
    assert.deepEqual(await limit(), { percent: 0, number: 1, source: 'APP' });
    const people = [await desk.person('Lim One'), await desk.person('Lim Two')];
    for (const { id } of people) await desk.ask('POST', `/api/v1/apps/${app.id}/users`, { id, scope: 'USER' });
    await desk.muster.synced(app.id);
    for (const { id } of people) await desk.ask('DELETE', `/api/v1/apps/${app.id}/users/${id}`);
    await desk.page.getByRole('link', { name: /held/ }).waitFor();
    await desk.button('Change the limit: Accounts deactivated').click();
    await desk.dialog().getByLabel('As the organisation has it').check();
    await desk.acting('/group-push/limits', () => desk.dialog().getByRole('button', { name: 'Save' }).click());
    assert.equal((await limit()).source, 'DEFAULT');
});
