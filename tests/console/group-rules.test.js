// SPDX-License-Identifier: Apache-2.0
// Group rules by clicks: written with the fault shown at its place, previewed, activated, changed and deleted.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, test } = require('node:test');
const { Desk } = require('./desk');

let desk;
let sales;
let berlin;
const people = {};
before(async () => {
    desk = await Desk.start();
    for (const [name, department] of [['Ann', 'Sales'], ['Bob', 'Sales'], ['Cyd', 'Legal']]) {
        people[name] = await desk.person(name);
        await desk.ask('POST', `/api/v1/users/${people[name].id}`, { profile: { department } });
    }
    sales = await desk.group('Sales team');
    berlin = await desk.group('Berlin');
});
after(() => desk.stop());
afterEach(() => desk.check());

const expression = () => desk.page.getByLabel('Whoever');
const rules = () => desk.ask('GET', '/api/v1/groups/rules');
const members = async (group) => (await desk.ask('GET', `/api/v1/groups/${group.id}/users`)).map(({ profile }) => profile.firstName).sort();
const become = (group, wanted) => desk.until(async () => (await members(group)).join() === wanted, `${group.profile.name} is ${wanted}`);
const matching = async (wanted) =>
    desk.until(async () => (await desk.page.locator('table[aria-label="Who matches"] tbody td:first-child').allInnerTexts()).join() === wanted, wanted);

async function make(name, condition, group) {
    const rule = await desk.ask('POST', '/api/v1/groups/rules', {
        type: 'group_rule',
        name,
        conditions: { expression: { value: condition, type: 'urn:okta:expression:1.0' } },
        actions: { assignUserToGroups: { groupIds: [group.id] } },
    });
    return rule;
}

test('a fault is shown at its place as one types, and who matches once it is right', async () => {
    await desk.page.goto('/group-rules');
    await desk.said('There are no group rules yet');
    await desk.page.getByRole('link', { name: 'Add rule' }).first().click();
    await desk.heading('Add rule');
    const begun = 'user.departmnt == "Sales"';
    await expression().fill(begun);
    await desk.page.getByText('position 1').waitFor();
    assert.equal(await desk.page.locator('.muster-expression mark').innerText(), 'user.departmnt');
    assert.equal(await expression().getAttribute('aria-invalid'), 'true');
    await desk.page.getByText('Nobody can be shown until the rule is right').waitFor();
    await expression().fill(`"é" == "é" AND ${begun}`);
    await desk.page.getByText('position 16').waitFor();
    await desk.button('Go to the fault').click();
    await desk.page.keyboard.type('user.department');
    await desk.said('The expression is right');
    assert.equal(await expression().inputValue(), '"é" == "é" AND user.department == "Sales"');
    assert.equal(await desk.page.locator('.muster-expression mark').count(), 0);
    await matching('Ann Lovelace,Bob Lovelace');
    await desk.said('2 people match of 3 people');
    await expression().fill('user.title == "x" AND ');
    await desk.page.getByLabel('Insert an attribute').selectOption('nickName');
    assert.equal(await expression().inputValue(), 'user.title == "x" AND user.nickName');
    assert.deepEqual(await rules(), [], 'looking makes no rule');
});

test('a rule is made with an exclusion, activated, and does what it says', async () => {
    await desk.page.goto('/group-rules/new');
    await desk.page.getByLabel('Rule name').fill('Everybody in sales');
    await expression().fill('user.department == "Sales"');
    await desk.choose('Is put into', 'Sales team');
    await desk.choose('Except these people', 'bob@example.com');
    await matching('Ann Lovelace');
    await desk.acting('/api/v1/groups/rules', () => desk.button('Add rule').click());
    await desk.heading('Everybody in sales');
    await desk.said('Inactive');
    assert.deepEqual(await members(sales), []);
    await desk.button('Activate').click();
    await desk.dialog().getByText('0 accounts are deactivated').waitFor();
    await desk.confirm('/lifecycle/activate', 'Activate');
    await desk.button('Deactivate').waitFor();
    await become(sales, 'Ann');
    await desk.ask('POST', `/api/v1/users/${people.Cyd.id}`, { profile: { department: 'Sales' } });
    await become(sales, 'Ann,Cyd');
    await matching('Ann Lovelace,Cyd Lovelace');
    assert.equal(await expression().isEditable(), false, 'an active rule cannot be changed');
    await desk.page.goto(`/groups/${sales.id}/rules`);
    await desk.row('Everybody in sales').getByText('Active').waitFor();
});

test('a rule is deactivated, changed, and refused with the words of the server', async () => {
    const [rule] = await rules();
    await make('Taken', 'user.city == "x"', berlin);
    await desk.page.goto(`/group-rules/${rule.id}`);
    await desk.acting('/lifecycle/deactivate', () => desk.button('Deactivate').click());
    await desk.page.getByLabel('Rule name').fill('Taken');
    await desk.button('Leave out bob@example.com').click();
    await desk.button('Save').click();
    await desk.page.getByText('The rule was not saved').waitFor();
    await desk.page.locator('.pf-v6-c-form__group').filter({ hasText: 'Rule name' }).getByText(/already exists/).waitFor();
    await desk.page.getByLabel('Rule name').fill('All of sales');
    await desk.acting(`/rules/${rule.id}`, () => desk.button('Save').click());
    await desk.heading('All of sales');
    const changed = await desk.ask('GET', `/api/v1/groups/rules/${rule.id}`);
    assert.deepEqual([changed.name, changed.conditions.people.users.exclude], ['All of sales', []]);
    await desk.button('Activate').click();
    await desk.confirm('/lifecycle/activate', 'Activate');
    await become(sales, 'Ann,Bob,Cyd');
});

test('a rule is deleted with what it gave, after the numbers', async () => {
    const rule = (await rules()).find(({ name }) => name === 'All of sales');
    await desk.assignGroup(await desk.group('With the tool', Object.values(people)));
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/group-push/mappings`, { sourceGroupId: sales.id, targetGroupName: 'Sales team' });
    await desk.join(sales, people.Ann); // by hand too
    await desk.holds('Sales team', Object.values(people));
    await desk.page.goto('/group-rules');
    await desk.page.getByRole('link', { name: 'All of sales' }).click();
    await desk.act('All of sales', 'Delete');
    await desk.dialog().getByText('0 accounts are deactivated, 0 memberships are removed').waitFor();
    await desk.dialog().getByLabel('Whom only this rule put into groups is removed').check();
    await desk.dialog().getByText('0 accounts are deactivated, 2 memberships are removed, 0 groups are deleted in 1 app').waitFor();
    await desk.confirm(`/rules/${rule.id}`, 'Delete');
    await desk.heading('Group Rules');
    await become(sales, 'Ann');
    await desk.holds('Sales team', [people.Ann]);
});

test('a rule that can no longer do what it says tells why', async () => {
    const gone = await desk.group('Soon gone');
    const rule = await make('Into nowhere', 'user.city == "Rome"', gone);
    await desk.ask('POST', `/api/v1/groups/rules/${rule.id}/lifecycle/activate`);
    await desk.ask('DELETE', `/api/v1/groups/${gone.id}`);
    await desk.page.goto('/group-rules?q=nowhere');
    await desk.row('Into nowhere').getByText('Invalid').waitFor();
    await desk.page.getByRole('link', { name: 'Into nowhere' }).click();
    await desk.said(/The group Soon gone .* was deleted/);
});

test('an activation that goes on is told, and seen to end', async () => {
    const rule = (await rules()).find(({ name }) => name === 'Taken');
    // As with so many people that it takes its time.
    let evaluated = false;
    await desk.page.route(`**/groups/rules/${rule.id}?*`, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, json: { ...(await response.json()), evaluated } });
    });
    await desk.page.goto(`/group-rules/${rule.id}`);
    await desk.said('The rule looks at everybody');
    evaluated = true;
    await desk.person();
    await desk.page.getByText('The rule looks at everybody').waitFor({ state: 'detached' });
    await desk.page.unrouteAll({ behavior: 'wait' });
});

test('who may only read sees rules and changes none', async () => {
    const page = await desk.windowOf('READ_ONLY');
    const rule = (await rules()).find(({ name }) => name === 'Taken');
    await page.goto('/group-rules');
    await page.getByRole('link', { name: 'Taken' }).waitFor();
    assert.equal(await page.getByRole('link', { name: 'Add rule' }).count(), 0);
    await page.goto(`/group-rules/${rule.id}`);
    await page.getByText('0 people match of 4 people').waitFor();
    assert.equal(await page.getByLabel('Whoever').isEditable(), false);
    assert.deepEqual(await page.locator('main').getByRole('button').allInnerTexts(), []);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});
