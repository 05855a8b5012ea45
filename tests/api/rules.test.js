// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { start } = require('./world');
const { all, refused } = require('../lib/sdk');

describe('group rules', () => {
    let muster;
    let client;
    let org;
    let count = 0;

    before(async () => {
        ({ muster, client, org } = await start());
    });
    after(() => muster && muster.stop());
    afterEach(() => muster.check());

    const plain = (value) => JSON.parse(JSON.stringify(value));
    const rules = () => client.groupApi;
    const body = (expression, groups, more = {}) => ({
        type: 'group_rule',
        name: `Rule ${++count}`,
        conditions: { expression: { type: 'urn:okta:expression:1.0', value: expression }, ...more },
        actions: { assignUserToGroups: { groupIds: groups.map((group) => group.id) } },
    });
    const create = (...args) => rules().createGroupRule({ groupRule: body(...args) });
    const activate = (rule) => rules().activateGroupRule({ ruleId: rule.id });
    const deactivate = (rule) => rules().deactivateGroupRule({ ruleId: rule.id });
    const read = (rule) => rules().getGroupRule({ ruleId: rule.id });
    const members = async (group) =>
        (await all(client.groupApi.listGroupUsers({ groupId: group.id }))).map((user) => user.id).sort();
    const until = async (what, holds) => {
        for (const end = Date.now() + 300000; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 20)))
            assert.ok(Date.now() < end, what);
    };
    // An activation has gone through everybody.
    const settle = (rule) =>
        until('evaluated', async () => (await muster.ask('GET', `/api/v1/groups/rules/${rule.id}`)).evaluated);
    const membersBecome = (group, ids) =>
        until(`members ${ids}`, async () => JSON.stringify(await members(group)) === JSON.stringify(ids));
    const change = (user, profile) => client.userApi.updateUser({ userId: user.id, user: { profile } });

    test('made INACTIVE, read, listed, activated, deactivated, deleted', async () => {
        const group = await org.group();
        const made = await create('user.department == "Lists"', [group]);
        assert.match(made.id, /^0pr[0-9A-Za-z]{17}$/);
        assert.equal(made.status, 'INACTIVE');
        assert.equal(made.type, 'group_rule');
        assert.equal(made.conditions.expression.value, 'user.department == "Lists"');
        assert.equal(made.conditions.expression.type, 'urn:okta:expression:1.0');
        assert.deepEqual(plain(made.conditions.people), { users: { exclude: [] }, groups: { exclude: [] } });
        assert.deepEqual(made.actions.assignUserToGroups.groupIds, [group.id]);
        assert.deepEqual((await read(made)).id, made.id);
        const listed = await all(rules().listGroupRules({ search: made.name.toUpperCase() }));
        assert.deepEqual(listed.map((rule) => rule.id), [made.id]);
        const expanded = await muster.ask('GET', `/api/v1/groups/rules/${made.id}?expand=groupIdToGroupNameMap`);
        assert.deepEqual(expanded._embedded, { groupIdToGroupNameMap: { [group.id]: group.profile.name } });
        await activate(made);
        assert.equal((await read(made)).status, 'ACTIVE');
        await activate(made); // again is no error
        await deactivate(made);
        assert.equal((await read(made)).status, 'INACTIVE');
        const gone = await muster.call('DELETE', `/api/v1/groups/rules/${made.id}`);
        assert.equal(gone.status, 202);
        await refused(read(made), 404, 'E0000007', made.id);
        await refused(activate(made), 404, 'E0000007', 'GroupRule');
    });

    test('the rules that fill a group', async () => {
        const [group, another] = [await org.group(), await org.group()];
        const both = await create('user.city == "Both"', [group, another]);
        const one = await create('user.city == "One"', [another]);
        const filling = async (id) => (await muster.ask('GET', `/api/v1/groups/rules?groupId=${id}`)).map((rule) => rule.id);
        assert.deepEqual(await filling(group.id), [both.id]);
        assert.deepEqual(await filling(another.id), [both.id, one.id]);
        assert.equal((await muster.call('GET', '/api/v1/groups/rules?groupId=00g00000000000000000')).status, 404);
    });

    test('pages', async () => {
        const group = await org.group();
        const made = [];
        for (let i = 0; i < 5; i++) made.push(await create('user.city == "Pages"', [group]));
        const seen = await all(rules().listGroupRules({ limit: 2 }));
        for (const rule of made) assert.equal(seen.filter((each) => each.id === rule.id).length, 1);
        await refused(all(rules().listGroupRules({ limit: 201 })), 400, 'E0000001', 'limit');
    });

    test('bad rules are refused, each with its field', async () => {
        const group = await org.group();
        const good = 'user.department == "x"';
        await refused(create('user.department = "x"', [group]), 400, 'E0000001', 'position 17: one = assigns');
        await refused(create('Convert.toInt(user.title) > 1', [group]), 400, 'E0000001', 'cannot be used in a group rule');
        await refused(create('user.nothing', [group]), 400, 'E0000001', 'user has no attribute nothing');
        await refused(create(good, []), 400, 'E0000001', 'groupIds: Name one group at least');
        await refused(create(good, [{ id: '00gnone' }]), 400, 'E0000001', 'There is no group with the id 00gnone');
        const long = { ...body(good, [group]), name: 'x'.repeat(51) };
        await refused(rules().createGroupRule({ groupRule: long }), 400, 'E0000001', 'at most 50 characters');
        const other = { ...body(good, [group]), type: 'other_rule' };
        const answer = await muster.call('POST', '/api/v1/groups/rules', { body: other });
        assert.equal(answer.status, 400);
        assert.match(answer.text, /The only type is group_rule/);
        const rule = await create(good, [group]);
        const again = { ...body(good, [group]), name: rule.name };
        await refused(rules().createGroupRule({ groupRule: again }), 400, 'E0000001', 'already exists');
    });

    test('changed only while not ACTIVE, and never its groups', async () => {
        const group = await org.group();
        const rule = await create('user.department == "Change"', [group]);
        await activate(rule);
        const replace = (more) => rules().replaceGroupRule({ ruleId: rule.id, groupRule: { ...rule, ...more } });
        await refused(replace({ name: 'Other name' }), 400, 'E0000001', 'deactivate it first');
        await deactivate(rule);
        assert.equal((await replace({ name: 'Other name' })).name, 'Other name');
        const groups = { assignUserToGroups: { groupIds: [(await org.group()).id] } };
        await refused(replace({ actions: groups }), 400, 'E0000001', 'make another rule');
    });

    test('activation looks at everybody, then changes decide', async () => {
        const group = await org.group();
        const [ada, bob] = [await org.user(null, { department: 'Act' }), await org.user(null, { department: 'Other' })];
        const rule = await create('user.department == "Act"', [group]);
        await settle(rule);
        assert.deepEqual(await members(group), []);
        await activate(rule);
        await settle(rule);
        assert.deepEqual(await members(group), [ada.id]);
        await change(bob, { department: 'Act' });
        assert.deepEqual(await members(group), [ada.id, bob.id].sort());
        await change(ada, { department: 'Gone' });
        assert.deepEqual(await members(group), [bob.id]);
        const late = await org.user(null, { department: 'Act' });
        assert.deepEqual(await members(group), [bob.id, late.id].sort());
        await deactivate(rule);
        await change(bob, { department: 'Gone' });
        assert.deepEqual(await members(group), [bob.id, late.id].sort(), 'who was put there stays');
        await activate(rule);
        await settle(rule);
        assert.deepEqual(await members(group), [late.id]);
    });

    test('removed by hand: excluded, and the log says so', async () => {
        const group = await org.group();
        const ada = await org.user(null, { department: 'Hand' });
        const rule = await create('user.department == "Hand"', [group]);
        await activate(rule);
        await settle(rule);
        await client.groupApi.unassignUserFromGroup({ groupId: group.id, userId: ada.id });
        assert.deepEqual((await read(rule)).conditions.people.users.exclude, [ada.id]);
        await change(ada, { title: 'x' });
        await deactivate(rule);
        await activate(rule);
        await settle(rule);
        assert.deepEqual(await members(group), []);
        const log = (await muster.ask('GET', '/api/v1/logs?limit=1000')).filter((event) =>
            event.target && event.target.some((target) => target.id === rule.id));
        const types = new Set(log.map((event) => event.eventType));
        for (const type of ['trigger', 'evaluation', 'deactivated', 'add_exclusion'])
            assert.ok(types.has(`group.user_membership.rule.${type}`), `${type} in ${[...types]}`);
    });

    test('deleted with removeUsers: what it gave goes, what others gave stays', async () => {
        const group = await org.group();
        const [ada, bob] = [await org.user(null, { department: 'Del' }), await org.user(null, { department: 'Del' })];
        await client.groupApi.assignUserToGroup({ groupId: group.id, userId: bob.id });
        const rule = await create('user.department == "Del"', [group]);
        await activate(rule);
        await settle(rule);
        assert.deepEqual(await members(group), [ada.id, bob.id].sort());
        await rules().deleteGroupRule({ ruleId: rule.id, removeUsers: true });
        await membersBecome(group, [bob.id]);
    });

    test('INVALID when a group is gone', async () => {
        const [group, read1] = [await org.group(), await org.group()];
        const rule = await create(`isMemberOfGroup("${read1.id}")`, [group]);
        await activate(rule);
        await client.groupApi.deleteGroup({ groupId: read1.id });
        const raw = await muster.ask('GET', `/api/v1/groups/rules/${rule.id}`);
        assert.equal(raw.status, 'INVALID');
        assert.equal(raw.allGroupsValid, false);
        await refused(activate(rule), 400, 'E0000001', 'There is no group with the id');
        // with another condition it works again
        const groupRule = { ...raw, conditions: { expression: { type: 'urn:okta:expression:1.0', value: 'user.city == "I"' } } };
        assert.equal((await muster.ask('PUT', `/api/v1/groups/rules/${rule.id}`, groupRule)).status, 'INACTIVE');
        await activate(rule);
    });

    test('a preview matches and changes nothing', async () => {
        const group = await org.group();
        const ada = await org.user(null, { department: 'Preview' });
        await org.user(null, { department: 'Elsewhere' });
        const wanted = body('user.department == "Preview"', [group]);
        const preview = await muster.ask('POST', '/api/v1/groups/rules/preview', wanted);
        assert.equal(preview.matched, 1);
        assert.equal(preview.complete, true);
        assert.ok(preview.looked >= 2);
        assert.deepEqual(preview.users.map((user) => user.id), [ada.id]);
        assert.deepEqual(await members(group), []);
        const { conditions } = wanted;
        assert.equal((await muster.ask('POST', '/api/v1/groups/rules/preview', { conditions })).matched, 1, 'before groups are chosen');
        await refused(create(conditions.expression.value, []), 400, 'E0000001', 'groupIds');
        const bad = await muster.call('POST', '/api/v1/groups/rules/preview', { body: body('user.x', [group]) });
        assert.equal(bad.status, 400);
    });

    test('an expression is checked: right, wrong at a place, wrong as a whole', async () => {
        const check = (expression) => muster.ask('POST', '/api/v1/groups/rules/check', { expression });
        assert.deepEqual(await check('user.department == "Sales"'), { valid: true });
        const misspelt = await check('true AND user.departmnt == "Sales"');
        assert.equal(misspelt.valid, false);
        assert.equal(misspelt.position, 10);
        assert.match(misspelt.errorSummary, /departmnt/);
        assert.equal((await check('"é" == user.city AND')).position, 21, 'in characters, not in bytes');
        assert.equal((await check('')).position, 1);
        assert.equal((await check('"a text"')).valid, false, 'a condition is true or false');
        const changing = await check('user.getInternalProperty("lastUpdated") == "x"');
        assert.equal(changing.valid, false);
        assert.equal(changing.position, undefined);
        const absent = await check('isMemberOfGroup("00gNOPE")');
        assert.deepEqual(absent, { valid: false, errorSummary: 'There is no group with the id 00gNOPE' });
        assert.deepEqual(await check(`isMemberOfGroup("${(await org.group()).id}")`), { valid: true });
        const nothing = await muster.call('POST', '/api/v1/groups/rules/check', { body: {} });
        assert.equal(nothing.status, 400);
        assert.match(nothing.json.errorCauses[0].errorSummary, /^expression: /);
    });

    test('the command line: make, preview, activate, list, delete', async () => {
        const group = await org.group();
        const ada = await org.user(null, { department: 'Cli' });
        const run = async (...args) => {
            const { code, output } = await muster.cli(['rule', ...args]);
            assert.equal(code, 0, output);
            return output;
        };
        await run('create', 'By hand', 'user.department == "Cli"', group.profile.name, '--exclude-group', (await org.group()).id);
        assert.match(await run('preview', 'By hand'), new RegExp(`${ada.profile.login}[^]*1 of \\d+ people match`));
        assert.match(await run('preview', 'user.department == "Cli"', group.profile.name), /1 of \d+ people match/);
        await run('activate', 'by HAND');
        await membersBecome(group, [ada.id]);
        assert.match(await run('list'), /By hand +ACTIVE +user\.department == "Cli"/);
        assert.match(await run('show', 'By hand'), /ACTIVE/);
        await run('deactivate', 'By hand');
        await run('delete', 'By hand', '--remove-users');
        await membersBecome(group, []);
        const bad = await muster.cli(['rule', 'create', 'Bad', 'user.department', group.profile.name]);
        assert.notEqual(bad.code, 0);
        assert.match(bad.output, /must give true or false; this gives a text/);
    });
});
