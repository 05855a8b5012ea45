// SPDX-License-Identifier: Apache-2.0
// Push mappings as resources. Nothing is sent here: no app has a connection; the ring "target" tests what is sent.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { start } = require('./world');
const { all, refused } = require('../lib/sdk');

describe('push mappings', () => {
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

    const path = () => `/api/v1/apps/${app.id}/group-push/mappings`;
    const list = async (options) => (await all(client.groupPushMappingApi.listGroupPushMappings({ appId: app.id, ...options }))).map((each) => each.id);

    test('by name: as recorded on the wire', async () => {
        const group = await org.group();
        const answer = await muster.call('POST', path(), {
            body: { sourceGroupId: group.id, status: 'ACTIVE', targetGroupName: 'A name of its own' },
        });
        assert.equal(answer.status, 200);
        const mapping = answer.json;
        assert.match(mapping.id, /^gPm[0-9A-Za-z]{17}$/);
        assert.match(mapping.targetGroupId, /^00g[0-9A-Za-z]{17}$/);
        assert.notEqual(mapping.targetGroupId, group.id);
        assert.equal(mapping.sourceGroupId, group.id);
        assert.equal(mapping.status, 'ACTIVE');
        assert.match(mapping.created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'without milliseconds');
        assert.match(mapping.lastUpdated, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        assert.ok(!('lastPush' in mapping), 'not before the first push');
        assert.ok(!('errorSummary' in mapping), 'not without an error');
        for (const link of ['app', 'sourceGroup', 'targetGroup']) assert.match(mapping._links[link].href, /^http:\/\/127\.0\.0\.1/);
        const target = await client.groupApi.getGroup({ groupId: mapping.targetGroupId });
        assert.equal(target.type, 'APP_GROUP');
        assert.equal(target.profile.name, 'A name of its own');
    });

    test('status: default ACTIVE, INACTIVE on request, changed by PATCH', async () => {
        const mapping = await org.push(app, await org.group());
        assert.equal(mapping.status, 'ACTIVE');
        assert.equal((await org.setMapping(app, mapping, 'INACTIVE')).status, 'INACTIVE');
        assert.equal((await org.mapping(app, mapping)).status, 'INACTIVE');
        assert.equal((await org.setMapping(app, mapping, 'ACTIVE')).status, 'ACTIVE');
        assert.equal((await org.push(app, await org.group(), { status: 'INACTIVE' })).status, 'INACTIVE');
        await refused(org.setMapping(app, mapping, 'ERROR'), 400, 'E0000001', 'status');
    });

    test('what is known of the target: unknown, told, forgotten', async () => {
        const target = `/api/v1/apps/${app.id}/target`;
        const unknown = await muster.call('GET', target);
        assert.equal(unknown.status, 200);
        assert.deepEqual(unknown.json.membersAddedPerRequest, { source: 'UNKNOWN' });
        const told = await muster.call('PUT', target, {
            body: { membersAddedPerRequest: 50, addsAndRemovalsTogether: false, usersWrittenPerMinute: 180 },
        });
        assert.equal(told.status, 200);
        assert.equal(told.json.membersAddedPerRequest.value, 50);
        assert.equal(told.json.membersAddedPerRequest.source, 'TOLD');
        assert.equal(told.json.addsAndRemovalsTogether.value, false);
        const forgotten = await muster.call('PUT', target, { body: { membersAddedPerRequest: null } });
        assert.equal(forgotten.json.membersAddedPerRequest.source, 'UNKNOWN');
        assert.equal(forgotten.json.usersWrittenPerMinute.value, 180, 'what is not named stays');
        for (const body of [{ membersAddedPerRequest: 0 }, { membersAddedPerRequest: '50' }, { addsAndRemovalsTogether: 1 },
            { usersWrittenPerMinute: 1e9 }, { colour: 'red' }]) {
            const answer = await muster.call('PUT', target, { body });
            assert.equal(answer.status, 400, JSON.stringify(body));
            assert.match(answer.json.errorCauses[0].errorSummary, new RegExp(Object.keys(body)[0]));
        }
    });

    test('calls that need no body refuse one that is no object', async () => {
        const mapping = await org.push(app, await org.group());
        const base = `/api/v1/apps/${app.id}`;
        for (const each of [`${base}/backlog`, `${base}/group-push/retry`, `${base}/group-push/verify`, `${path()}/${mapping.id}/push`]) {
            for (const body of [[], 7, 'all']) {
                const answer = await muster.call('POST', each, { body });
                assert.equal(answer.status, 400, `${each} ${JSON.stringify(body)}: ${answer.text}`);
                assert.equal(answer.json.errorCode, 'E0000003');
            }
        }
        assert.equal((await muster.call('POST', `${base}/group-push/retry`, { body: {} })).status, 200);
        assert.equal((await muster.call('POST', `${base}/group-push/verify`)).status, 200);
    });

    test('attempts: limit', async () => {
        const attempts = (query) => muster.call('GET', `/api/v1/apps/${app.id}/attempts${query}`);
        for (const good of ['', '?limit=1', '?limit=200']) assert.equal((await attempts(good)).status, 200, good);
        for (const bad of ['0', '201', '-1', 'many']) assert.equal((await attempts(`?limit=${bad}`)).status, 400, bad);
    });

    test('a cursor is of the list that it came from, with its filters', async () => {
        for (let i = 0; i < 2; i++) await org.push(app, await org.group());
        const list = (query) => muster.call('GET', `${path()}?limit=1${query}`);
        const [, after] = /[?&]after=([^&>]+)[^>]*>; *rel="next"/.exec((await list('&status=ACTIVE')).headers.link);
        assert.equal((await list(`&after=${after}&status=ACTIVE`)).status, 200);
        assert.equal((await muster.call('GET', `${path()}?limit=2&after=${after}&status=ACTIVE&_=1`)).status, 200, 'size, and what no list knows');
        for (const other of ['', '&status=INACTIVE', '&status=ACTIVE&q=x']) {
            const answer = await list(`&after=${after}${other}`);
            assert.equal(answer.status, 400, other);
            assert.match(answer.json.errorCauses[0].errorSummary, /^after: .*with these filters/);
        }
    });

    test('attempts of a mapping: what only the list of the app takes is refused', async () => {
        const mapping = await org.push(app, await org.group());
        const attempts = (query) => muster.call('GET', `${path()}/${mapping.id}/attempts${query}`);
        for (const good of ['', '?limit=1']) assert.equal((await attempts(good)).status, 200, good);
        for (const bad of ['failed=maybe', 'failed=true', 'since=x', 'until=2026-01-01T00:00:00Z']) {
            const answer = await attempts(`?${bad}`);
            assert.equal(answer.status, 400, bad);
            assert.match(answer.json.errorCauses[0].errorSummary, new RegExp(`^${bad.split('=')[0]}: .*list of the app`));
        }
    });

    test('what cannot be created', async () => {
        const group = await org.group();
        const create = (body) => client.groupPushMappingApi.createGroupPushMapping({ appId: app.id, body });
        await refused(create({ sourceGroupId: group.id }), 400, 'E0000001', 'targetGroupId');
        await refused(create({ sourceGroupId: group.id, targetGroupId: group.id, targetGroupName: 'x' }), 400, 'E0000001');
        await refused(create({ targetGroupName: 'x' }), 400, 'E0000001', 'sourceGroupId');
        await refused(create({ sourceGroupId: group.id, targetGroupId: group.id }), 400, 'E0000001', 'targetGroupId');
        await refused(create({ sourceGroupId: group.id, targetGroupName: 'x'.repeat(256) }), 400, 'E0000001', 'targetGroupName');
        await refused(create({ sourceGroupId: group.id, targetGroupName: 'x', status: 'ERROR' }), 400, 'E0000001', 'status');
        const appConfig = { type: 'ACTIVE_DIRECTORY', distinguishedName: 'OU=x', groupScope: 'GLOBAL', groupType: 'SECURITY', samAccountName: 'x' };
        await refused(create({ sourceGroupId: group.id, targetGroupName: 'x', appConfig }), 400, 'E0000001', 'appConfig');
        const unknown = await muster.call('POST', path(), { body: { sourceGroupId: '00g0000000000000000x', targetGroupName: 'x' } });
        assert.ok(unknown.status === 400 || unknown.status === 404, unknown.text);
        assert.match(unknown.text, /00g0000000000000000x/);
        const mapping = await org.push(app, group);
        await refused(org.push(app, group), 400, 'E0000001', mapping.id);
        await refused(create({ sourceGroupId: mapping.targetGroupId, targetGroupName: 'x' }), 400, 'E0000001', 'APP_GROUP');
        const other = await org.group();
        await refused(create({ sourceGroupId: other.id, targetGroupId: mapping.targetGroupId }), 400, 'E0000001', mapping.id);
        await refused(org.push({ id: '0oa0000000000000000x' }, other), 404, 'E0000007');
    });

    test('the same group goes into two apps', async () => {
        const group = await org.group();
        const second = await org.app();
        const one = await org.push(app, group);
        const two = await org.push(second, group);
        assert.notEqual(one.targetGroupId, two.targetGroupId);
        await refused(org.mapping(second, one), 404, 'E0000007', one.id);
    });

    test('lists: source, status, date, pages', async () => {
        const own = await org.app();
        const made = [];
        for (let i = 0; i < 7; i++) {
            made.push(await org.push(own, await org.group(), { status: i % 2 ? 'INACTIVE' : 'ACTIVE' }));
        }
        const listOwn = async (options) =>
            (await all(client.groupPushMappingApi.listGroupPushMappings({ appId: own.id, ...options }))).map((each) => each.id);
        const ids = made.map((mapping) => mapping.id);
        assert.deepEqual((await listOwn({})).sort(), [...ids].sort());
        assert.deepEqual((await listOwn({ limit: 2 })).sort(), [...ids].sort());
        assert.deepEqual(await listOwn({ sourceGroupId: made[3].sourceGroupId }), [ids[3]]);
        assert.deepEqual((await listOwn({ status: 'INACTIVE', limit: 2 })).sort(), [ids[1], ids[3], ids[5]].sort());
        assert.deepEqual(await listOwn({ status: 'ERROR' }), []);
        assert.deepEqual((await listOwn({ lastUpdated: '2020-01-01T00:00:00Z' })).length, 7);
        assert.deepEqual(await listOwn({ lastUpdated: '2100-01-01T00:00:00Z' }), []);
        await refused(listOwn({ status: 'SOMETHING' }), 400, 'E0000001', 'status');
        assert.equal((await muster.call('GET', `/api/v1/apps/${own.id}/group-push/mappings?lastUpdated=yesterday`)).status, 400);
        assert.equal((await muster.call('GET', `/api/v1/apps/${own.id}/group-push/mappings?after=&sourceGroupId=`)).status, 200);
    });

    test('lists: with the names of both groups, and those with an error alone', async () => {
        const own = await org.app();
        const group = await org.group('Named');
        const mapping = await org.push(own, group);
        const list = (query) => muster.ask('GET', `/api/v1/apps/${own.id}/group-push/mappings?${query}`);
        const [named] = await list('expand=groups');
        assert.deepEqual(named._embedded.sourceGroup, { id: group.id, name: group.profile.name });
        assert.equal(named._embedded.targetGroup.id, mapping.targetGroupId);
        assert.equal((await list(''))[0]._embedded, undefined);
        assert.deepEqual(await list('errors=true'), []);
        assert.equal((await list('errors=false')).length, 1);
        assert.equal((await muster.call('GET', `/api/v1/apps/${own.id}/group-push/mappings?errors=some`)).status, 400);
    });

    test('deleted: only when INACTIVE', async () => {
        const group = await org.group();
        const mapping = await org.push(app, group);
        await refused(org.deleteMapping(app, mapping, false), 400, 'E0000027', 'INACTIVE');
        await org.setMapping(app, mapping, 'INACTIVE');
        const wrong = await muster.call('DELETE', `${path()}/${mapping.id}?deleteTargetGroup=perhaps`);
        assert.equal(wrong.status, 400);
        const answer = await muster.call('DELETE', `${path()}/${mapping.id}?deleteTargetGroup=false`);
        assert.ok(answer.status === 200 || answer.status === 204, answer.text);
        assert.equal(answer.text, '');
        assert.equal(answer.headers['content-type'], undefined, 'an empty body has no type');
        await refused(org.mapping(app, mapping), 404, 'E0000007', mapping.id);
        assert.ok(!(await list({})).includes(mapping.id));
        await org.push(app, group); // it can be pushed again
    });

    test('deleteTargetGroup has the published default: the group stays', async () => {
        const mapping = await org.push(app, await org.group(), { status: 'INACTIVE' });
        const answer = await muster.call('DELETE', `${path()}/${mapping.id}`);
        assert.ok(answer.status === 200 || answer.status === 204, answer.text);
        assert.equal((await client.groupApi.getGroup({ groupId: mapping.targetGroupId })).type, 'APP_GROUP');
    });

    test('deleted together with a group that was never there', async () => {
        const mapping = await org.push(app, await org.group(), { status: 'INACTIVE' });
        await org.deleteMapping(app, mapping, true);
        await refused(org.mapping(app, mapping), 404, 'E0000007');
    });

    test('a group that is the target of a mapping cannot be deleted', async () => {
        const mapping = await org.push(app, await org.group());
        const answer = await muster.call('DELETE', `/api/v1/groups/${mapping.targetGroupId}`);
        assert.ok([400, 403].includes(answer.status), `${answer.status} ${answer.text}`);
        assert.equal((await client.groupApi.getGroup({ groupId: mapping.targetGroupId })).type, 'APP_GROUP');
    });

    test('an app that is deleted takes its mappings along', async () => {
        const own = await org.app();
        const mapping = await org.push(own, await org.group());
        await client.applicationApi.deactivateApplication({ appId: own.id });
        await client.applicationApi.deleteApplication({ appId: own.id });
        const answer = await muster.call('GET', `/api/v1/apps/${own.id}/group-push/mappings/${mapping.id}`);
        assert.equal(answer.status, 404);
    });

    test('groups count their mappings', async () => {
        const group = await org.group();
        await org.push(app, group);
        const found = await muster.ask('GET', `/api/v1/groups?search=${encodeURIComponent(`id eq "${group.id}"`)}&expand=stats`);
        assert.equal(found[0]._embedded.stats.groupPushMappingsCount, 1);
    });
});
