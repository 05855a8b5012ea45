// SPDX-License-Identifier: Apache-2.0
// The system log as published: bounded queries, polling, filter and q, through the SDK and on the wire.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { start } = require('./world');
const { all, refused } = require('../lib/sdk');

describe('the system log', () => {
    let muster;
    let client;
    let org;

    before(async () => {
        ({ muster, client, org } = await start());
    });
    after(() => muster && muster.stop());
    afterEach(() => muster.check());

    // A query with `until` ends; the SDK reads its pages.
    const bounded = (query) => all(client.systemLogApi.listLogEvents({ until: new Date(Date.now() + 1000).toISOString(), ...query }));
    const next = (answer) => {
        const match = /<([^>]*)>; *rel="next"/.exec([answer.headers.link].flat().join(', '));
        return match && match[1].replace(muster.url, '');
    };

    test('who did what to whom, with outcome, transaction and request', async () => {
        const answer = await muster.call('POST', '/api/v1/groups', { body: { profile: { name: org.name('Logged') } }, headers: { 'User-Agent': 'test/1' } });
        const group = answer.json;
        const [event, ...rest] = await bounded({ filter: `target.id eq "${group.id}"` });
        assert.equal(rest.length, 0);
        assert.equal(event.eventType, 'group.lifecycle.create');
        assert.equal(event.severity, 'INFO');
        assert.equal(event.displayMessage, 'Create Okta group');
        assert.equal(event.actor.type, 'User');
        assert.match(event.actor.id, /^00T/);
        assert.equal(event.outcome.result, 'SUCCESS');
        assert.deepEqual({ ...event.target[0] }, { ...event.target[0], id: group.id, type: 'UserGroup', displayName: group.profile.name });
        assert.equal(event.transaction.type, 'WEB');
        assert.equal(event.transaction.id, answer.headers['x-okta-request-id']);
        assert.equal(event.transaction.detail.requestApiTokenId, event.actor.id);
        assert.equal(event.client.userAgent.rawUserAgent, 'test/1');
        assert.equal(event.client.ipAddress, '127.0.0.1');
        assert.ok(event.uuid && event.published instanceof Date);
    });

    test('bounded: between two times, both ways, over pages', async () => {
        const groups = [];
        for (let i = 0; i < 7; i++) groups.push(await org.group());
        const ids = (events) => events.map((event) => event.target[0].id);
        const filter = `eventType eq "group.lifecycle.create" and (${groups.map((group) => `target.id eq "${group.id}"`).join(' or ')})`;
        assert.deepEqual(ids(await bounded({ filter, limit: 3 })), groups.map((group) => group.id));
        assert.deepEqual(ids(await bounded({ filter, limit: 3, sortOrder: 'DESCENDING' })), groups.map((group) => group.id).reverse());
        const [, , third] = await bounded({ filter });
        const since = third.published.toISOString();
        assert.ok(ids(await bounded({ filter, since })).includes(groups[2].id));
        assert.ok(!ids(await all(client.systemLogApi.listLogEvents({ filter, until: since }))).includes(groups[2].id));
        assert.deepEqual(await bounded({ filter, since: '2020-01-01T00:00:00Z', until: '2020-01-02T00:00:00Z' }), []);
    });

    test('polling: a next link even when there is nothing, and nothing is missed or repeated', async () => {
        const filter = encodeURIComponent('eventType eq "group.lifecycle.create"');
        let link = `/api/v1/logs?limit=7&filter=${filter}`;
        const seen = [];
        const poll = async () => {
            const answer = await muster.call('GET', link);
            assert.equal(answer.status, 200);
            link = next(answer);
            assert.ok(link, 'no next link');
            seen.push(...answer.json.map((event) => event.target[0].id));
            return answer.json.length;
        };
        while ((await poll()) > 0);
        assert.equal(await poll(), 0);
        const before = seen.length;
        // Forty writers, and a poller that reads while they write.
        const made = Array.from({ length: 40 }, () => org.group().then((group) => group.id));
        const deadline = Date.now() + 120000;
        while (seen.length < before + made.length) {
            if ((await poll()) === 0) await new Promise((resolve) => setTimeout(resolve, 5)); // the rate of a token is limited
            assert.ok(Date.now() < deadline, `${seen.length - before} of ${made.length} events were seen`);
        }
        assert.equal(await poll(), 0);
        assert.deepEqual(seen.slice(before).sort(), (await Promise.all(made)).sort());
        const none = await muster.call('GET', '/api/v1/logs?limit=0');
        assert.deepEqual(none.json, []);
        assert.ok(next(none));
    });

    test('filter and q', async () => {
        const user = await org.user('logged.person@example.com');
        await client.userApi.deactivateUser({ userId: user.id });
        const types = async (query) => (await bounded(query)).map((event) => event.eventType);
        assert.deepEqual(await types({ filter: `target.id eq "${user.id}" and eventType sw "user.lifecycle."` }), [
            'user.lifecycle.create',
            'user.lifecycle.activate',
            'user.lifecycle.deactivate',
        ]);
        assert.deepEqual(await types({ filter: `target.id eq "${user.id}" and not (eventType co "create")`, q: 'LOGGED.PERSON deactivate' }), [
            'user.lifecycle.deactivate',
        ]);
        assert.deepEqual(await types({ q: 'nobody-has-done-this' }), []);
    });

    test('what is wrong is named', async () => {
        const list = (query) => all(client.systemLogApi.listLogEvents(query));
        await refused(list({ since: 'yesterday' }), 400, 'E0000001', 'since');
        await refused(list({ until: '2026-13-01' }), 400, 'E0000001', 'until');
        await refused(list({ sortOrder: 'UP' }), 400, 'E0000001', 'sortOrder');
        await refused(list({ limit: 1001 }), 400, 'E0000001', 'limit');
        await refused(list({ q: 'x'.repeat(41) }), 400, 'E0000001', '40 characters');
        await refused(list({ q: 'a b c d e f g h i j k' }), 400, 'E0000001', '10 keywords');
        await refused(list({ filter: 'eventType eq' }), 400, 'E0000031', 'filter');
        await refused(list({ filter: 'colour eq "red"' }), 400, 'E0000031', 'colour');
        await refused(list({ filter: 'target[id eq "x"]' }), 400, 'E0000031', 'filter');
        await refused(list({ since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' }), 400, 'E0000001', 'since');
        const link = next(await muster.call('GET', '/api/v1/logs?limit=1'));
        assert.equal((await muster.call('GET', `${link}&sortOrder=DESCENDING`)).status, 400);
    });
});
