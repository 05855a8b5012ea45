// SPDX-License-Identifier: Apache-2.0
// Event hooks through the SDK, against a receiver of our own.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const http = require('node:http');
const { after, afterEach, before, beforeEach, describe, test } = require('node:test');
const { start } = require('./world');
const { all, refused } = require('../lib/sdk');

// What is told of events: remembers every request, answers as `answer` says.
class Receiver {
    static start() {
        const receiver = new Receiver();
        receiver.reset();
        receiver.server = http.createServer((request, response) => {
            let body = '';
            request.on('data', (piece) => (body += piece));
            request.on('end', () => {
                const entry = { method: request.method, url: request.url, headers: request.headers, body };
                receiver.requests.push(entry);
                const [status, text, headers] = receiver.answer(entry);
                response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
                response.end(text);
            });
        });
        return new Promise((resolve) => {
            receiver.server.listen(0, '127.0.0.1', () => {
                receiver.url = `http://127.0.0.1:${receiver.server.address().port}`;
                resolve(receiver);
            });
        });
    }

    reset() {
        this.requests = [];
        this.answer = (entry) =>
            entry.method === 'GET'
                ? [200, JSON.stringify({ verification: entry.headers['x-okta-verification-challenge'] })]
                : [200, '{}'];
    }

    get deliveries() {
        return this.requests.filter((entry) => entry.method === 'POST').map((entry) => ({ ...entry, json: JSON.parse(entry.body) }));
    }

    get events() {
        return this.deliveries.flatMap((delivery) => delivery.json.data.events);
    }

    stop() {
        this.server.closeAllConnections();
        return new Promise((resolve) => this.server.close(resolve));
    }
}

async function until(condition, what) {
    const deadline = Date.now() + 300000;
    while (!(await condition())) {
        assert.ok(Date.now() < deadline, what);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

describe('event hooks', () => {
    let muster;
    let client;
    let org;
    let receiver;

    before(async () => {
        receiver = await Receiver.start();
        ({ muster, client, org } = await start());
    });
    after(async () => {
        await (muster && muster.stop());
        await receiver.stop();
    });
    beforeEach(() => receiver.reset());
    afterEach(async () => {
        for (const hook of await all(client.eventHookApi.listEventHooks())) {
            if (hook.status === 'ACTIVE') await client.eventHookApi.deactivateEventHook({ eventHookId: hook.id });
            await client.eventHookApi.deleteEventHook({ eventHookId: hook.id });
        }
        muster.check();
    });

    const body = (change = {}) => ({
        name: 'Groups',
        events: { type: 'EVENT_TYPE', items: ['group.lifecycle.create'] },
        channel: {
            type: 'HTTP',
            version: '1.0.0',
            config: {
                uri: `${receiver.url}/told?tenant=7`,
                headers: [{ key: 'X-Tenant', value: 'seven' }],
                authScheme: { type: 'HEADER', key: 'Authorization', value: 'a-secret-of-the-receiver' },
            },
        },
        ...change,
    });
    const config = (change) => ({ channel: { ...body().channel, config: { ...body().channel.config, ...change } } });
    const create = (change) => client.eventHookApi.createEventHook({ eventHook: body(change) });
    const path = (hook, rest = '') => `/api/v1/eventHooks/${hook.id}${rest}`;
    const verified = async (change) => {
        const hook = await muster.ask('POST', '/api/v1/eventHooks', body(change));
        const answer = await client.eventHookApi.verifyEventHook({ eventHookId: hook.id });
        assert.equal(answer.verificationStatus, 'VERIFIED');
        return hook;
    };

    test('created, read, replaced, deactivated, deleted, as published', async () => {
        const hook = await create({ description: 'tells of groups' });
        assert.match(hook.id, /^who[0-9A-Za-z]{17}$/);
        assert.equal(hook.status, 'ACTIVE');
        assert.equal(hook.verificationStatus, 'UNVERIFIED');
        assert.equal(hook.channel.config.method, 'POST');
        assert.equal(hook.channel.config.authScheme.key, 'Authorization');
        assert.match(hook.createdBy, /^00T/);
        assert.match(hook._links.verify.href, /\/lifecycle\/verify$/);
        const read = await muster.ask('GET', path(hook));
        assert.equal(read.description, 'tells of groups');
        assert.ok(!('value' in read.channel.config.authScheme), 'the credential is never shown');
        assert.ok(!('signingSecret' in read), 'nor the secret to sign with');
        const replaced = await client.eventHookApi.replaceEventHook({ eventHookId: hook.id, eventHook: body({ name: 'Renamed' }) });
        assert.equal(replaced.name, 'Renamed');
        assert.deepEqual((await all(client.eventHookApi.listEventHooks())).map((each) => each.name), ['Renamed']);
        await refused(client.eventHookApi.deleteEventHook({ eventHookId: hook.id }), 400, 'E0000001', 'deactivate it first');
        assert.equal((await client.eventHookApi.deactivateEventHook({ eventHookId: hook.id })).status, 'INACTIVE');
        assert.equal((await client.eventHookApi.activateEventHook({ eventHookId: hook.id })).status, 'ACTIVE');
        await client.eventHookApi.deactivateEventHook({ eventHookId: hook.id });
        await client.eventHookApi.deleteEventHook({ eventHookId: hook.id });
        await refused(client.eventHookApi.getEventHook({ eventHookId: hook.id }), 404, 'E0000007');
    });

    test('what is wrong is named', async () => {
        const wrong = async (change, cause) => refused(create(change), 400, 'E0000001', cause);
        await wrong({ name: '' }, 'name:');
        await wrong({ events: { type: 'EVENT_TYPE', items: [] } }, 'events.items');
        await wrong({ events: { type: 'EVENT_TYPE', items: ['nonsense'] } }, 'events.items');
        await wrong({ events: { type: 'EVENT_TYPE', items: ['user.lifecycle.create', 'no.such.event'] } }, 'no.such.event');
        await wrong({ events: { type: 'EVENT_TYPE', items: ['event_hook.delivery'] } }, 'tells of deliveries');
        await wrong({ events: { type: 'FLOW_EVENT', items: ['a.b'] } }, 'events.type');
        await wrong({ channel: { ...body().channel, version: '2.0.0' } }, 'channel.version');
        await wrong(config({ uri: 'http://169.254.169.254/latest' }), 'channel.config.uri');
        await wrong(config({ uri: 'http://example.com/told' }), 'this machine only');
        await wrong(config({ uri: 'ftp://example.com/told' }), 'channel.config.uri: must be like https://hooks.example.com/muster, ');
        await wrong(config({ headers: [{ key: 'Host', value: 'x' }] }), 'channel.config.headers.key');
        await wrong(config({ authScheme: { type: 'HEADER', key: 'Authorization' } }), 'channel.config.authScheme.value');
        await wrong(config({ authScheme: { type: 'HEADER', key: 'a b', value: 'x' } }), 'channel.config.authScheme.key');
        const { token } = await muster.ask('POST', '/api/v1/api-tokens', { name: 'operator', role: 'OPERATOR' });
        assert.equal((await muster.call('POST', '/api/v1/eventHooks', { token, body: body() })).status, 403);
    });

    test('verified by a challenge that is sent with the credential', async () => {
        const hook = await create();
        receiver.answer = () => [200, '{"verification":"something else"}'];
        await refused(client.eventHookApi.verifyEventHook({ eventHookId: hook.id }), 400, 'E0000001', 'without the challenge');
        receiver.answer = () => [302, '', { Location: 'http://127.0.0.1:1/' }];
        await refused(client.eventHookApi.verifyEventHook({ eventHookId: hook.id }), 400, 'E0000001', 'did not answer as it should');
        assert.equal((await muster.ask('GET', path(hook))).verificationStatus, 'UNVERIFIED');
        receiver.reset();
        assert.equal((await client.eventHookApi.verifyEventHook({ eventHookId: hook.id })).verificationStatus, 'VERIFIED');
        const [{ method, url, headers }] = receiver.requests;
        assert.deepEqual([method, url], ['GET', '/told?tenant=7']);
        assert.equal(headers.authorization, 'a-secret-of-the-receiver');
        assert.equal(headers['x-tenant'], 'seven');
        // Another address: not verified, and the credential is not taken there.
        const moved = config({ uri: 'https://elsewhere.example.com/', authScheme: { type: 'HEADER', key: 'Authorization' } });
        await refused(client.eventHookApi.replaceEventHook({ eventHookId: hook.id, eventHook: body(moved) }), 400, 'E0000001', 'is needed again');
        const same = config({ uri: `${receiver.url}/other`, authScheme: { type: 'HEADER', key: 'Authorization' } });
        const replaced = await client.eventHookApi.replaceEventHook({ eventHookId: hook.id, eventHook: body(same) });
        assert.equal(replaced.verificationStatus, 'UNVERIFIED');
    });

    test('told of the events it asked for, in order, each once, signed', async () => {
        await org.group('before it was verified');
        const hook = await verified();
        const made = [];
        for (let i = 0; i < 12; i++) {
            made.push((await org.group()).id);
            await org.user();
        }
        await until(() => receiver.events.length >= made.length, 'the events did not come');
        assert.deepEqual(receiver.events.map((event) => event.target[0].id), made);
        const [delivery] = receiver.deliveries;
        assert.equal(delivery.url, '/told?tenant=7');
        assert.equal(delivery.headers['content-type'], 'application/json');
        assert.equal(delivery.headers.authorization, 'a-secret-of-the-receiver');
        assert.equal(delivery.headers['x-tenant'], 'seven');
        assert.equal(delivery.json.eventType, 'com.okta.event_hook');
        assert.equal(delivery.json.eventTypeVersion, '1.0');
        assert.equal(delivery.json.cloudEventsVersion, '0.1');
        assert.ok(delivery.json.eventId && delivery.json.eventTime);
        assert.ok(delivery.json.source.endsWith(path(hook)));
        assert.equal(delivery.json.data.events[0].eventType, 'group.lifecycle.create');
        const signature = (secret, { headers, body: text }) =>
            `v1=${crypto.createHmac('sha256', secret).update(`${headers['x-muster-timestamp']}.${text}`).digest('hex')}`;
        for (const each of receiver.deliveries) assert.equal(each.headers['x-muster-signature'], signature(hook.signingSecret, each));
        // A new secret is used from then on.
        const { signingSecret } = await muster.ask('POST', path(hook, '/signing-secret'));
        assert.notEqual(signingSecret, hook.signingSecret);
        receiver.reset();
        await org.group();
        await until(() => receiver.deliveries.length > 0, 'the event did not come');
        assert.equal(receiver.deliveries[0].headers['x-muster-signature'], signature(signingSecret, receiver.deliveries[0]));
        let seen = [];
        const told = () => seen.reduce((sum, each) => sum + each.events, 0);
        await until(async () => (seen = await muster.ask('GET', path(hook, '/deliveries'))) && told() > made.length, 'not all were noted');
        assert.ok(seen.every((each) => each.outcome === 'DELIVERED' && each.status === 200 && each.attempt === 1));
        assert.equal(told(), made.length + 1);
    });

    test('a delivery that fails is tried again, the same one, and nothing overtakes it', async () => {
        const hook = await verified();
        let failures = 2;
        const well = receiver.answer;
        receiver.answer = (entry) => (entry.method === 'POST' && failures-- > 0 ? [500, '{"message":"no"}'] : well(entry));
        const first = (await org.group()).id;
        await until(() => receiver.deliveries.length > 0, 'nothing came');
        const state = async () => (await muster.ask('GET', path(hook))).delivery;
        await until(async () => (await state()).status === 'RETRYING', 'it does not say that it is tried again');
        assert.match((await state()).error, /Internal Server Error/);
        const second = (await org.group()).id;
        await until(() => receiver.events.filter((event) => event.target[0].id === second).length > 0, 'the second did not come');
        const ids = receiver.deliveries.map((delivery) => delivery.json.eventId);
        assert.equal(ids[0], ids[1]);
        assert.equal(ids[1], ids[2]);
        assert.deepEqual(receiver.events.map((event) => event.target[0].id), [first, first, first, second]);
        // It is noted after the answer, and that it is well again was so before the second.
        let noted = [];
        await until(async () => (noted = await muster.ask('GET', path(hook, '/deliveries'))).length > 3, 'not all were noted');
        assert.equal((await state()).status, 'OK', 'it says that it is well again');
        const outcomes = noted.map((each) => [each.attempt, each.status, each.outcome]);
        assert.deepEqual(outcomes, [[1, 200, 'DELIVERED'], [3, 200, 'DELIVERED'], [2, 500, 'RETRYING'], [1, 500, 'RETRYING']]);
    });

    test('what happened while it was not running is told after the start', async () => {
        const hook = await verified();
        const well = receiver.answer;
        receiver.answer = () => [503, ''];
        const group = await org.group();
        await until(() => receiver.deliveries.length > 0, 'nothing came');
        await muster.kill();
        receiver.reset();
        receiver.answer = well;
        await muster.startAgain();
        client = require('../lib/sdk').sdkClient(require('./world').okta, muster);
        org.client = client;
        await until(() => receiver.events.length > 0, 'it was forgotten');
        assert.equal(receiver.events[0].target[0].id, group.id);
        assert.equal((await muster.ask('GET', path(hook))).verificationStatus, 'VERIFIED');
    });

    test('one that is inactive is told nothing, and later only of what happens later', async () => {
        const hook = await verified();
        await client.eventHookApi.deactivateEventHook({ eventHookId: hook.id });
        await org.group();
        await client.eventHookApi.activateEventHook({ eventHookId: hook.id });
        const later = await org.group();
        await until(() => receiver.events.length > 0, 'nothing came');
        assert.deepEqual(receiver.events.map((event) => event.target[0].id), [later.id]);
    });
});
