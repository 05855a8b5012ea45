// SPDX-License-Identifier: Apache-2.0
// What the published console has and the published API lacks: push rules, unlink, bulk, settings, a group's own side.
// Nothing is sent here: no app has a connection; unit tests and the ring "target" show what is sent.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { start } = require('./world');
const { refused } = require('../lib/sdk');

describe('push rules', () => {
    let muster;
    let client;
    let org;
    let app;

    before(async () => {
        ({ muster, client, org } = await start());
        app = await org.app();
    });
    after(() => muster && muster.stop());
    afterEach(() => muster.check());

    const base = (of = app) => `/api/v1/apps/${of.id}/group-push`;
    const call = async (method, path, body, status = 200) => {
        const answer = await muster.call(method, path, { body });
        assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
        return answer.json;
    };
    const until = async (what, holds) => {
        for (const end = Date.now() + 120000; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 20)))
            assert.ok(Date.now() < end, what);
    };
    const settled = async (of, rule) => {
        let now;
        await until('the rule is evaluated', async () => !(now = await call('GET', `${base(of)}/rules/${rule.id}`)).evaluating);
        return now;
    };
    const sources = async (of, query = '') => (await call('GET', `${base(of)}/mappings${query}`)).map((each) => each.sourceGroupId).sort();

    test('by name and by rule: created, listed, filtered, previewed', async () => {
        const own = await org.app();
        const word = org.name('Region').replace(/ /g, '');
        const north = await org.group(`${word} north`, [], 'sells');
        const south = await org.group(`${word} south`);
        const other = await org.group();
        await org.push(own, other);
        const body = { name: 'Regions', groupName: { operator: 'STARTS_WITH', value: word.toUpperCase() } };
        const seen = await call('POST', `${base(own)}/rules/preview`, body);
        assert.deepEqual(seen.map((each) => [each.groupId, each.outcome]), [[north.id, 'CREATE'], [south.id, 'CREATE']]);
        assert.deepEqual(await sources(own), [other.id], 'a preview changes nothing');
        const byName = { name: 'By name', groupName: { operator: 'EQUALS', value: other.profile.name } };
        assert.deepEqual((await call('POST', `${base(own)}/rules/preview`, byName)).map((each) => each.outcome), ['ALREADY_MAPPED']);
        const rule = await call('POST', `${base(own)}/rules`, body, 201);
        assert.match(rule.id, /^gPr[0-9A-Za-z]{17}$/);
        assert.equal(rule.status, 'ACTIVE');
        assert.equal(rule.pushMembershipsImmediately, true);
        assert.equal(rule.retract, 'NO');
        assert.equal(rule.existingGroups, 'SKIP');
        assert.equal((await settled(own, rule)).mappings, 2);
        assert.deepEqual(await sources(own), [north.id, south.id, other.id].sort());
        assert.deepEqual(await sources(own, `?ruleId=${rule.id}`), [north.id, south.id].sort());
        assert.deepEqual(await sources(own, '?ruleId=none'), [other.id]);
        assert.deepEqual(await sources(own, `?q=${encodeURIComponent('NORTH')}`), [north.id]);
        assert.deepEqual(await sources(own, '?ruleId=gPr00000000000000000'), []);
        const [mapping] = await call('GET', `${base(own)}/mappings?sourceGroupId=${north.id}`);
        assert.equal(mapping.ruleId, rule.id);
        assert.deepEqual((await call('POST', `${base(own)}/rules/preview`, body)).map((each) => each.outcome), ['ALREADY_MAPPED', 'ALREADY_MAPPED']);
        assert.deepEqual((await call('GET', `${base(own)}/rules`)).map((each) => each.id), [rule.id]);
        const later = await org.group(`${word} east`);
        assert.ok((await sources(own)).includes(later.id), 'a group that matches is pushed when it is made');
        const both = { ...body, groupDescription: { operator: 'CONTAINS', value: 'SELL' } };
        assert.deepEqual((await call('POST', `${base(own)}/rules/preview`, both)).map((each) => each.groupId), [north.id]);
    });

    test('previews and lists come in pages', async () => {
        const own = await org.app();
        const word = org.name('Page').replace(/ /g, '');
        const ids = [];
        for (let i = 0; i < 5; i++) ids.push((await org.group(`${word} ${i}`)).id);
        const found = [];
        let path = `${base(own)}/rules/preview?limit=2`;
        let pages = 0;
        while (path) {
            const answer = await muster.call('POST', path, { body: { name: 'x', groupName: { operator: 'CONTAINS', value: word } } });
            assert.equal(answer.status, 200, answer.text);
            found.push(...answer.json.map((each) => each.groupId));
            const next = /<([^>]+)>; rel="next"/.exec([].concat(answer.headers.link).join(','));
            path = next && next[1].replace(muster.url, '');
            pages++;
        }
        assert.deepEqual(found.sort(), ids.sort());
        assert.ok(pages >= 3);
    });

    test('what a rule cannot be', async () => {
        const bad = [
            [{ groupName: { operator: 'EQUALS', value: 'x' } }, 'name'],
            [{ name: 'r' }, 'groupName'],
            [{ name: 'r', groupName: { value: 'x' } }, 'operator'],
            [{ name: 'r', groupName: { operator: 'LIKE', value: 'x' } }, 'STARTS_WITH'],
            [{ name: 'r', groupName: { operator: 'EQUALS' } }, 'groupName.value'],
            [{ name: 'r', groupName: { operator: 'REGEX', value: 'a(b' } }, 'regular expression'],
            [{ name: 'r', groupName: { operator: 'REGEX', value: '(a'.repeat(2000) } }, 'groupName.value'],
            [{ name: 'r', groupName: 'x' }, 'groupName'],
            [{ name: 'r', groupName: { operator: 'EQUALS', value: 'x' }, retract: 'YES' }, 'retract'],
            [{ name: 'r', groupName: { operator: 'EQUALS', value: 'x' }, status: 'DELETED' }, 'status'],
            [{ name: 'r', groupName: { operator: 'EQUALS', value: 'x' }, pushMembershipsImmediately: 'yes' }, 'pushMembershipsImmediately'],
        ];
        for (const [body, word] of bad) {
            const answer = await muster.call('POST', `${base()}/rules`, { body });
            assert.equal(answer.status, 400, JSON.stringify(body));
            assert.equal(answer.json.errorCode, 'E0000001', answer.text);
            assert.match(JSON.stringify(answer.json), new RegExp(word.replace('.', '\\.')));
        }
        assert.equal((await muster.call('GET', `${base()}/rules/gPr00000000000000000`)).status, 404);
        assert.equal((await muster.call('POST', `${base({ id: '0oa0000000000000000x' })}/rules`, { body: {} })).status, 404);
    });

    test('life cycle: deactivate, edit, delete with the three choices', async () => {
        const own = await org.app();
        const word = org.name('Cycle').replace(/ /g, '');
        const one = await org.group(`${word} one`);
        const body = { name: 'Cycle', groupName: { operator: 'STARTS_WITH', value: word } };
        let rule = await call('POST', `${base(own)}/rules`, body, 201);
        await settled(own, rule);
        assert.equal((await call('POST', `${base(own)}/rules/${rule.id}/lifecycle/deactivate`)).status, 'INACTIVE');
        const two = await org.group(`${word} two`);
        assert.deepEqual(await sources(own), [one.id], 'an inactive rule pushes nothing new');
        assert.equal((await call('POST', `${base(own)}/rules/${rule.id}/lifecycle/activate`)).status, 'ACTIVE');
        await settled(own, rule);
        assert.deepEqual(await sources(own), [one.id, two.id].sort());
        const edited = await call('PUT', `${base(own)}/rules/${rule.id}`, { ...body, name: 'Only one', groupName: { operator: 'EQUALS', value: one.profile.name } });
        assert.equal(edited.name, 'Only one');
        await settled(own, rule);
        assert.deepEqual(await sources(own), [one.id, two.id].sort(), 'an edit takes nothing away');
        const wrong = await muster.call('DELETE', `${base(own)}/rules/${rule.id}?mappings=SOME`);
        assert.equal(wrong.status, 400);
        await call('DELETE', `${base(own)}/rules/${rule.id}`, undefined, 204);
        assert.equal((await muster.call('GET', `${base(own)}/rules/${rule.id}`)).status, 404);
        const kept = JSON.stringify([one.id, two.id].sort());
        await until('kept, and as if made by name', async () => JSON.stringify(await sources(own, '?ruleId=none')) === kept);
        const third = await org.group(`${word} three`);
        rule = await call('POST', `${base(own)}/rules`, body, 201);
        assert.equal((await settled(own, rule)).mappings, 1);
        await call('DELETE', `${base(own)}/rules/${rule.id}?mappings=DELETE`, undefined, 204);
        await until('the third goes with the rule', async () => !(await sources(own)).includes(third.id));
        assert.deepEqual(await sources(own), [one.id, two.id].sort());
    });

    test('a mapping of a rule goes alone; rules of an app that is inactive, and of one that is deleted', async () => {
        const own = await org.app();
        const word = org.name('Alone').replace(/ /g, '');
        const [north, south] = [await org.group(`${word} north`), await org.group(`${word} south`)];
        const body = { name: 'All of them', groupName: { operator: 'STARTS_WITH', value: word } };
        const rule = await call('POST', `${base(own)}/rules`, body, 201);
        await settled(own, rule);
        const [mapping] = await call('GET', `${base(own)}/mappings?sourceGroupId=${north.id}`);
        await call('POST', `${base(own)}/mappings/${mapping.id}/unlink`, { deleteTargetGroup: false }, 204);
        assert.deepEqual(await sources(own), [south.id]);
        assert.equal((await settled(own, rule)).mappings, 1);

        await client.applicationApi.deactivateApplication({ appId: own.id });
        const west = await org.group(`${word} west`);
        const other = await call('POST', `${base(own)}/rules`, { ...body, name: 'Made while inactive' }, 201);
        assert.equal((await settled(own, other)).mappings, 0, 'the group that was left has the name, and south and west are mapped');
        assert.equal((await settled(own, rule)).mappings, 2);
        assert.deepEqual(await sources(own), [south.id, west.id].sort());

        await client.applicationApi.deleteApplication({ appId: own.id });
        await call('GET', `${base(own)}/rules/${rule.id}`, undefined, 404);
        const east = await org.group(`${word} east`);
        for (const group of [north, south, west, east]) assert.deepEqual(await call('GET', `/api/v1/groups/${group.id}/pushes`), []);
    });

    test('unlink and bulk work from any status, all or none', async () => {
        const own = await org.app();
        const made = [];
        for (let i = 0; i < 4; i++) made.push(await org.push(own, await org.group()));
        const ids = made.map((each) => each.id);
        await refused(org.deleteMapping(own, made[0], false), 400, 'E0000027', 'INACTIVE');
        await call('POST', `${base(own)}/mappings/${ids[0]}/unlink`, { deleteTargetGroup: false }, 204);
        await refused(org.mapping(own, made[0]), 404, 'E0000007');
        const none = await muster.call('POST', `${base(own)}/mappings/bulk`, { body: { action: 'DEACTIVATE', mappingIds: [ids[1], ids[0]] } });
        assert.equal(none.status, 404);
        assert.equal((await org.mapping(own, made[1])).status, 'ACTIVE', 'nothing is half-done');
        const off = await call('POST', `${base(own)}/mappings/bulk`, { action: 'DEACTIVATE', mappingIds: ids.slice(1) });
        assert.deepEqual([off.count, off.mappings.map((each) => each.status)], [3, ['INACTIVE', 'INACTIVE', 'INACTIVE']]);
        const now = await muster.call('POST', `${base(own)}/mappings/bulk`, { body: { action: 'PUSH_NOW', mappingIds: ids.slice(1) } });
        assert.equal(now.status, 400, 'INACTIVE mappings push nothing');
        assert.match(now.text, new RegExp(ids[1]));
        const on = await call('POST', `${base(own)}/mappings/bulk`, { action: 'ACTIVATE', mappingIds: ids.slice(1) });
        assert.ok(on.mappings.every((each) => each.status === 'ACTIVE'));
        await call('POST', `${base(own)}/mappings/bulk`, { action: 'UNLINK', mappingIds: ids.slice(1), deleteTargetGroup: true });
        assert.deepEqual(await sources(own), []);
        for (const body of [{}, { action: 'UNLINK' }, { action: 'UNLINK', mappingIds: [ids[1]] }, { action: 'BURN', mappingIds: ['x'] },
            { action: 'ACTIVATE', mappingIds: [] }, { action: 'ACTIVATE', mappingIds: [7] }, { action: 'ACTIVATE', mappingIds: new Array(501).fill('gPm') }]) {
            assert.equal((await muster.call('POST', `${base(own)}/mappings/bulk`, { body })).status, 400, JSON.stringify(body));
        }
    });

    test('memberships may wait, and members of a linked group may stay', async () => {
        const mapping = await call('POST', `${base()}/mappings`, {
            sourceGroupId: (await org.group()).id, targetGroupName: org.name('Waits'), pushMembershipsImmediately: false, existingMembers: 'KEEP',
        });
        assert.equal(mapping.pushMembershipsImmediately, false);
        assert.equal(mapping.existingMembers, 'KEEP');
        const plain = await org.push(app, await org.group());
        assert.ok(!('pushMembershipsImmediately' in plain), 'the published object is as published');
    });

    test('settings', async () => {
        const own = await org.app();
        const path = `${base(own)}/settings`;
        assert.deepEqual(await call('GET', path), { renameAppGroups: true, onSourceGroupDeleted: 'LEAVE', deleteLinkedGroups: false, onGroupMissing: 'ALERT', verify: 'NEVER', dialect: 'STANDARD' });
        assert.deepEqual(await call('PUT', path, { renameAppGroups: false }), { renameAppGroups: false, onSourceGroupDeleted: 'LEAVE', deleteLinkedGroups: false, onGroupMissing: 'ALERT', verify: 'NEVER', dialect: 'STANDARD' });
        assert.deepEqual(await call('PUT', path, { onSourceGroupDeleted: 'DELETE', deleteLinkedGroups: true }), { renameAppGroups: false, onSourceGroupDeleted: 'DELETE', deleteLinkedGroups: true, onGroupMissing: 'ALERT', verify: 'NEVER', dialect: 'STANDARD' });
        assert.equal((await call('PUT', path, { verify: 'SAMPLED' })).verify, 'SAMPLED');
        assert.equal((await call('GET', path)).deleteLinkedGroups, true);
        for (const dialect of ['CATALOG', 'CUSTOM', 'STANDARD']) {
            assert.equal((await call('PUT', path, { dialect })).dialect, dialect);
            assert.equal((await call('GET', path)).dialect, dialect);
        }
        assert.equal((await call('GET', path)).verify, 'SAMPLED', 'what is left out stays');
        for (const body of [{}, { renameAppGroups: 1 }, { onSourceGroupDeleted: 'BURN' }, { dialect: 'catalog' }, { dialect: null }]) {
            assert.equal((await muster.call('PUT', path, { body })).status, 400, JSON.stringify(body));
        }
        const group = await org.group();
        const target = await org.push(own, await org.group(), { targetGroupName: 'Its own name' });
        await org.setMapping(own, target, 'INACTIVE');
        await org.deleteMapping(own, target, false);
        const linked = await org.push(own, group, { targetGroupId: target.targetGroupId });
        assert.equal((await client.groupApi.getGroup({ groupId: linked.targetGroupId })).profile.name, 'Its own name', 'rename is off');
    });

    test('a group from its own side: where it is assigned and pushed', async () => {
        const group = await org.group();
        assert.deepEqual(await call('GET', `/api/v1/groups/${group.id}/pushes`), []);
        const assigned = await org.app();
        const pushed = await org.app();
        const both = await org.app();
        await org.assignGroup(assigned, group);
        await org.assignGroup(both, group);
        const mapping = await org.push(pushed, group);
        await org.push(both, group);
        const found = await call('GET', `/api/v1/groups/${group.id}/pushes`);
        assert.deepEqual(found.map((each) => [each.appId, 'assignment' in each, 'mapping' in each, each.assignedAndPushed]), [
            [assigned.id, true, false, false], [pushed.id, false, true, false], [both.id, true, true, true],
        ]);
        assert.equal(found[1].mapping.id, mapping.id);
        assert.equal(found[1].mapping.status, 'ACTIVE');
        const first = await muster.call('GET', `/api/v1/groups/${group.id}/pushes?limit=2`);
        assert.equal(first.json.length, 2);
        assert.match([].concat(first.headers.link).join(), /rel="next"/);
        assert.equal((await muster.call('GET', '/api/v1/groups/00g0000000000000000x/pushes')).status, 404);
    });
});
