// SPDX-License-Identifier: Apache-2.0
// Imports as resources: settings, refusals, roles. No app has a target here: the ring "target" tests what is read.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { okta, start, sdkClient } = require('./world');
const { refused } = require('../lib/sdk');

describe('imports', () => {
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

    const path = (rest = '') => `/api/v1/apps/${app.id}/imports${rest}`;
    const fails = async (status, code, cause, method, url, body) => {
        const answer = await muster.call(method, url, { body });
        assert.equal(answer.status, status, answer.text);
        assert.equal(answer.json.errorCode, code, answer.text);
        if (cause) assert.match(JSON.stringify(answer.json.errorCauses), cause);
        return answer.json;
    };

    test('an app that cannot be read says why, for both kinds', async () => {
        await fails(400, 'E0000001', /no connection yet/, 'POST', path());
        await fails(400, 'E0000001', /no connection yet/, 'POST', `/api/v1/apps/${app.id}/group-push/refresh`);
        assert.deepEqual(await muster.ask('GET', path()), []);
    });

    test('what is not there is not found', async () => {
        await fails(404, 'E0000007', null, 'GET', path('/imp00000000000000000'));
        await fails(404, 'E0000007', null, 'POST', path('/imp00000000000000000/cancel'));
        await fails(404, 'E0000007', null, 'POST', path('/imp00000000000000000/approve'));
        await fails(404, 'E0000007', null, 'POST', path('/users/imu00000000000000000/confirm'));
        await fails(404, 'E0000007', null, 'GET', '/api/v1/apps/0oa00000000000000000/imports');
    });

    test('bad input names the field and the remedy', async () => {
        await fails(400, 'E0000001', /wait: .*0 to 60/, 'GET', path('/imp00000000000000000?wait=61s'));
        await fails(400, 'E0000001', /UNCONFIRMED, CONFIRMED or IGNORED/, 'GET', path('/users?status=NEW'));
        await fails(400, 'E0000001', /CONFIRM, IGNORE or UNIGNORE/, 'POST', path('/users/bulk'), { ids: ['imu1'] });
        await fails(400, 'E0000001', /1 to 200/, 'POST', path('/users/bulk'), { action: 'IGNORE', ids: [] });
        const many = Array.from({ length: 201 }, (_, i) => `imu${i}`);
        await fails(400, 'E0000001', /1 to 200/, 'POST', path('/users/bulk'), { action: 'IGNORE', ids: many });
        const unknown = await muster.ask('POST', path('/users/bulk'), { action: 'IGNORE', ids: ['imu00000000000000000'] });
        assert.equal(unknown.done, 0);
        assert.equal(unknown.refused.length, 1);
        await fails(400, 'E0000001', /sourceGroupId/, 'GET', `/api/v1/apps/${app.id}/group-push/match`);
    });

    test('nothing imported: empty lists, and a push would create', async () => {
        assert.deepEqual(await muster.ask('GET', path('/users')), []);
        assert.deepEqual(await muster.ask('GET', `/api/v1/apps/${app.id}/unconfirmed-users`), { users: [] });
        const group = await org.group();
        const offer = await muster.ask('GET', `/api/v1/apps/${app.id}/group-push/match?sourceGroupId=${group.id}`);
        assert.deepEqual(offer, { sourceGroupId: group.id, targetGroupName: group.profile.name, action: 'CREATE', candidates: [] });
        const mapping = await org.push(app, group);
        const mapped = await muster.ask('GET', `/api/v1/apps/${app.id}/group-push/match?sourceGroupId=${group.id}`);
        assert.equal(mapped.action, 'NONE');
        assert.equal(mapped.mappingId, mapping.id);
    });

    test('an APP_GROUP is read-only while it is pushed, and can be forgotten when it is not', async () => {
        const user = await org.user();
        const mapping = await org.push(app, await org.group());
        const target = mapping.targetGroupId;
        await refused(client.groupApi.assignUserToGroup({ groupId: target, userId: user.id }), 403, 'E0000111');
        await refused(client.groupApi.deleteGroup({ groupId: target }), 403, 'E0000111', 'group push mapping');
        await org.setMapping(app, mapping, 'INACTIVE');
        await muster.ask('DELETE', `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}?deleteTargetGroup=false`);
        assert.equal((await client.groupApi.getGroup({ groupId: target })).type, 'APP_GROUP');
        await client.groupApi.deleteGroup({ groupId: target });
        await refused(client.groupApi.getGroup({ groupId: target }), 404, 'E0000007');
    });

    test('the import safeguard: on at 20 per cent, changed in part, within bounds', async () => {
        const safeguard = '/api/v1/org/import-safeguard';
        const on = { status: 'ENABLED', percent: 20 };
        assert.deepEqual(await muster.ask('GET', safeguard), { app: on, organization: on });
        const changed = await muster.ask('PUT', safeguard, { app: { percent: 35 }, organization: { status: 'DISABLED' } });
        assert.deepEqual(changed, { app: { status: 'ENABLED', percent: 35 }, organization: { status: 'DISABLED', percent: 20 } });
        await fails(400, 'E0000001', /app\.percent: Must be from 1 to 100/, 'PUT', safeguard, { app: { percent: 0 } });
        await fails(400, 'E0000001', /ENABLED or DISABLED/, 'PUT', safeguard, { app: { status: 'MAYBE' } });
        assert.deepEqual(await muster.ask('GET', safeguard), changed, 'what was refused changed nothing');
        const { token } = await muster.ask('POST', '/api/v1/api-tokens', { name: 'operator', role: 'OPERATOR' });
        assert.ok(token);
        assert.equal((await muster.call('PUT', safeguard, { token, body: changed })).status, 403);
        assert.equal((await muster.call('GET', safeguard, { token })).status, 200);
    });

    test('the feature INBOUND_PROVISIONING needs provisioning, as published', async () => {
        const features = sdkClient(okta, muster).applicationApi;
        await refused(features.getFeatureForApplication({ appId: app.id, name: 'INBOUND_PROVISIONING' }), 400, 'E0000001');
    });
});
