// SPDX-License-Identifier: Apache-2.0
// What holds for every call: who may, headers, links, repeats, forms of a request.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, afterEach, before, describe, test } = require('node:test');
const { start, sdkClient, okta } = require('./world');
const { all, refused } = require('../lib/sdk');
const { rawRequest, links, headerValues } = require('../lib/http');

describe('every call', () => {
    let muster;
    let client;
    let org;

    before(async () => {
        ({ muster, client, org } = await start());
    });
    after(() => muster && muster.stop());
    afterEach(() => muster.check());

    const json = (text) => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));

    test('SSWS and Bearer, and nothing else', async () => {
        const ask = (Authorization) => muster.call('GET', '/api/v1/users', { token: null, headers: Authorization ? { Authorization } : {} });
        assert.equal((await ask(`SSWS ${muster.token}`)).status, 200);
        assert.equal((await ask(`Bearer ${muster.token}`)).status, 200);
        assert.equal((await ask(`ssws ${muster.token}`)).status, 200);
        for (const wrong of [undefined, 'SSWS', 'SSWS ', `Basic ${muster.token}`, `SSWS ${muster.token}x`, `SSWS ${muster.token.slice(1)}`, `SSWS ${'x'.repeat(4000)}`]) {
            const answer = await ask(wrong);
            assert.equal(answer.status, 401, String(wrong).slice(0, 40));
            assert.equal(answer.json.errorCode, 'E0000011');
            assert.ok(answer.headers['www-authenticate']);
        }
    });

    test('the files of the data directory are for the owner alone', async () => {
        assert.equal(fs.statSync(path.join(muster.data, 'admin.token')).mode & 0o777, 0o600);
        assert.equal(fs.statSync(path.join(muster.data, 'muster.key')).mode & 0o777, 0o600);
        assert.equal(fs.statSync(muster.data).mode & 0o077, 0);
    });

    test('errors have the published shape', async () => {
        const answer = await muster.call('GET', '/api/v1/users/00u0000000000000000x');
        assert.equal(answer.status, 404);
        assert.match(answer.headers['content-type'], /^application\/json/);
        const { errorCode, errorSummary, errorLink, errorId, errorCauses } = answer.json;
        assert.equal(errorCode, 'E0000007');
        assert.equal(errorLink, 'E0000007');
        assert.equal(errorSummary, 'Not found: Resource not found: 00u0000000000000000x (User)');
        assert.match(errorId, /^oae/);
        assert.deepEqual(errorCauses, []);
        assert.equal((await muster.call('GET', '/api/v1/nothing')).json.errorCode, 'E0000008');
        const method = await muster.call('PATCH', '/api/v1/users');
        assert.equal(method.status, 405);
        assert.equal(method.json.errorCode, 'E0000022');
        assert.match(method.headers.allow, /GET/);
    });

    test('every answer names the request and the rate limit', async () => {
        for (const [method, target] of [
            ['GET', '/api/v1/users'],
            ['GET', '/api/v1/users/unknown@nobody.example'],
            ['GET', '/api/v1/nothing'],
            ['GET', '/.well-known/okta-organization'],
        ]) {
            const answer = await muster.call(method, target);
            assert.equal(headerValues(answer, 'X-Okta-Request-Id').length, 1, target);
            for (const name of ['X-Rate-Limit-Limit', 'X-Rate-Limit-Remaining', 'X-Rate-Limit-Reset']) {
                assert.equal(headerValues(answer, name).length, 1, `${name} of ${target}`);
                assert.match(headerValues(answer, name)[0], /^\d+$/);
            }
            assert.ok(answer.headers.date);
        }
        const ids = new Set();
        for (let i = 0; i < 5; i++) ids.add((await muster.call('GET', '/api/v1/users')).headers['x-okta-request-id']);
        assert.equal(ids.size, 5);
    });

    test('lists: absolute links, each on a line, no next on the last page', async () => {
        for (let i = 0; i < 5; i++) await org.group(`Linked ${i}`);
        const first = await muster.call('GET', '/api/v1/groups?limit=2&search=profile.name%20sw%20%22Linked%22');
        assert.equal(headerValues(first, 'Link').length, 2);
        const { self, next } = links(first);
        assert.ok(self.startsWith(`${muster.url}/api/v1/groups?`), self);
        assert.ok(next.startsWith(`${muster.url}/api/v1/groups?`), next);
        assert.match(next, /limit=2/);
        assert.match(next, /search=profile.name/);
        const names = first.json.map((group) => group.profile.name);
        let url = next;
        while (url) {
            const page = await muster.call('GET', url.slice(muster.url.length));
            assert.equal(page.status, 200);
            assert.ok(page.json.length > 0, 'a page that a next led to is not empty');
            names.push(...page.json.map((group) => group.profile.name));
            url = links(page).next;
        }
        assert.deepEqual(names.sort(), ['Linked 0', 'Linked 1', 'Linked 2', 'Linked 3', 'Linked 4']);
    });

    test('a cursor of one list is none of another', async () => {
        const { next } = links(await muster.call('GET', '/api/v1/groups?limit=2'));
        const cursor = new URL(next).searchParams.get('after');
        const answer = await muster.call('GET', `/api/v1/users?after=${encodeURIComponent(`${cursor}x`)}`);
        assert.equal(answer.status, 400);
    });

    test('a change has a number that grows; reading has none', async () => {
        const first = await muster.call('POST', '/api/v1/groups', { body: { profile: { name: 'Counted 1' } } });
        const second = await muster.call('POST', '/api/v1/groups', { body: { profile: { name: 'Counted 2' } } });
        assert.ok(Number(second.headers['x-muster-change']) > Number(first.headers['x-muster-change']));
        assert.equal((await muster.call('GET', '/api/v1/groups')).headers['x-muster-change'], undefined);
    });

    test('sync: nothing to wait for is done at once', async () => {
        const app = await org.app();
        const answer = await muster.sync(app.id);
        assert.equal(answer.done, true);
        assert.equal(answer.pending, 0);
        assert.deepEqual(answer.failed, []);
        assert.equal((await muster.call('GET', `/api/v1/apps/0oa0000000000000000x/sync?after=1&wait=1s`)).status, 404);
        assert.equal((await muster.call('GET', `/api/v1/apps/${app.id}/sync?after=x`)).status, 400);
        assert.equal((await muster.call('GET', `/api/v1/apps/${app.id}/sync?after=1&wait=forever`)).status, 400);
    });

    test('Idempotency-Key: the same answer again, one change', async () => {
        const headers = { 'Idempotency-Key': 'key-1' };
        const body = { profile: { name: 'Made once' } };
        const first = await muster.call('POST', '/api/v1/groups', { headers, body });
        const again = await muster.call('POST', '/api/v1/groups', { headers, body });
        assert.equal(first.status, 200);
        assert.equal(again.status, 200);
        assert.equal(again.json.id, first.json.id);
        assert.equal(again.headers['x-muster-change'], first.headers['x-muster-change']);
        const other = await muster.call('POST', '/api/v1/groups', { headers, body: { profile: { name: 'Another' } } });
        assert.equal(other.status, 409, 'one key is for one request');
        assert.equal((await muster.call('POST', '/api/v1/groups', { headers: { 'Idempotency-Key': 'x'.repeat(256) }, body })).status, 400);
    });

    test('Idempotency-Key: many at once are one', async () => {
        const headers = { 'Idempotency-Key': 'key-race' };
        const body = { profile: { name: 'Raced for' } };
        const answers = await Promise.all(Array.from({ length: 8 }, () => muster.call('POST', '/api/v1/groups', { headers, body })));
        assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]));
        assert.equal(new Set(answers.map((answer) => answer.json.id)).size, 1);
    });

    test('absolute-form targets, as through a proxy', async () => {
        const ask = (target, host) =>
            rawRequest(muster.url, [
                `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: SSWS ${muster.token}\r\nProxy-Authorization: Basic eDp5\r\nConnection: close\r\n\r\n`,
            ]);
        const { port } = new URL(muster.url);
        for (const target of [`http://127.0.0.1:${port}/api/v1/groups?limit=1`, 'http://127.0.0.1/api/v1/groups?limit=1', 'http://muster.example/api/v1/groups?limit=1']) {
            const answer = await ask(target, 'muster.example');
            assert.equal(answer.status, 200, `${target}: ${answer.text.slice(0, 300)}`);
            assert.equal(json(answer.text).length, 1);
        }
        const post = 'POST http://127.0.0.1/api/v1/groups HTTP/1.1\r\n';
        const body = JSON.stringify({ profile: { name: 'By absolute form' } });
        const made = await rawRequest(muster.url, [
            `${post}Host: 127.0.0.1\r\nAuthorization: SSWS ${muster.token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
        ]);
        assert.equal(made.status, 200, made.text);
    });

    test('a body-less POST and PUT, as the SDK sends them', async () => {
        const user = await org.user();
        const group = await org.group();
        const app = await org.app();
        assert.equal((await muster.call('POST', `/api/v1/users/${user.id}/lifecycle/deactivate`)).status, 200);
        assert.equal((await muster.call('POST', `/api/v1/users/${user.id}/lifecycle/activate?sendEmail=false`)).status, 200);
        assert.equal((await muster.call('PUT', `/api/v1/groups/${group.id}/users/${user.id}`)).status, 204);
        const typed = { headers: { 'Content-Type': 'application/json' } };
        assert.equal((await muster.call('PUT', `/api/v1/apps/${app.id}/groups/${group.id}`, typed)).status, 200);
    });

    test('content types', async () => {
        const post = (type) => muster.call('POST', '/api/v1/groups', { headers: { 'Content-Type': type }, body: '{"profile":{"name":"x"}}' });
        const wrong = await post('text/xml');
        assert.ok(wrong.status >= 400 && wrong.status < 500, wrong.text);
        assert.equal((await post('application/json; charset=utf-8')).status, 200);
    });

    test('/.well-known/okta-organization needs no token', async () => {
        const answer = await muster.call('GET', '/.well-known/okta-organization', { token: null });
        assert.equal(answer.status, 200);
        assert.equal(answer.json.pipeline, 'v1');
        assert.match(answer.json.id, /^00o/);
        assert.equal(answer.json._links.organization.href, muster.url);
        assert.equal((await client.orgSettingApi.getWellknownOrgMetadata()).id, answer.json.id);
    });

    test('the description of the API is served and names what is there', async () => {
        const answer = await muster.call('GET', '/openapi.json', { token: null });
        assert.equal(answer.status, 200);
        assert.ok(answer.json.paths['/api/v1/users']);
        assert.ok(answer.json.paths['/api/v1/apps/{appId}/group-push/mappings']);
    });

    test('HEAD is GET without a body', async () => {
        const answer = await rawRequest(muster.url, [`HEAD /api/v1/users HTTP/1.1\r\nHost: x\r\nAuthorization: SSWS ${muster.token}\r\nConnection: close\r\n\r\n`]);
        assert.ok([200, 405].includes(answer.status), answer.text);
    });

    describe('tokens and roles', () => {
        const make = async (role) => muster.ask('POST', '/api/v1/api-tokens', { name: `A ${role} token ${org.name('t')}`, role });

        test('made, listed, renamed, revoked', async () => {
            const made = await make('OPERATOR');
            assert.match(made.id, /^00T/);
            assert.ok(made.token.length >= 30);
            const own = sdkClient(okta, muster, { token: made.token });
            assert.ok(Array.isArray(await all(own.userApi.listUsers())));
            const listed = (await all(client.apiTokenApi.listApiTokens())).find((each) => each.id === made.id);
            assert.equal(listed.name, made.name);
            assert.ok(!(await muster.call('GET', '/api/v1/api-tokens')).text.includes(made.token), 'shown once');
            const renamed = await client.apiTokenApi.upsertApiToken({ apiTokenId: made.id, apiTokenUpdate: { name: 'Renamed' } });
            assert.equal(renamed.name, 'Renamed');
            assert.equal((await client.apiTokenApi.getApiToken({ apiTokenId: made.id })).name, 'Renamed');
            await client.apiTokenApi.revokeApiToken({ apiTokenId: made.id });
            await refused(own.userApi.listUsers().then(all), 401, 'E0000011');
            await refused(client.apiTokenApi.getApiToken({ apiTokenId: made.id }), 404, 'E0000007');
        });

        test('a token can end itself', async () => {
            const made = await make('READ_ONLY');
            const own = sdkClient(okta, muster, { token: made.token });
            await own.apiTokenApi.revokeCurrentApiToken();
            await refused(own.userApi.getUser({ userId: '00u0000000000000000x' }), 401, 'E0000011');
        });

        test('READ_ONLY sees, OPERATOR works, ADMIN rules', async () => {
            const reader = (await make('READ_ONLY')).token;
            const operator = (await make('OPERATOR')).token;
            const app = await org.app();
            const status = async (token, method, target, body) => (await muster.call(method, target, { token, body })).status;
            assert.equal(await status(reader, 'GET', '/api/v1/users'), 200);
            assert.equal(await status(reader, 'POST', '/api/v1/groups', { profile: { name: 'Not by a reader' } }), 403);
            assert.equal(await status(operator, 'POST', '/api/v1/groups', { profile: { name: 'By an operator' } }), 200);
            for (const token of [reader, operator]) {
                const answer = await muster.call('GET', '/api/v1/api-tokens', { token });
                assert.equal(answer.status, 403);
                assert.equal(answer.json.errorCode, 'E0000006');
                assert.equal(await status(token, 'POST', `/api/v1/apps/${app.id}/connections/default`, { baseUrl: 'https://x.example', profile: { authScheme: 'TOKEN', token: 'x' } }), 403);
                assert.equal(await status(token, 'POST', '/api/v1/api-tokens', { name: 'x', role: 'ADMIN' }), 403);
            }
        });

        test('a key of a repeat shows no secret twice', async () => {
            const headers = { 'Idempotency-Key': 'secret-key' };
            const body = { name: 'Once', role: 'READ_ONLY' };
            const first = await muster.call('POST', '/api/v1/api-tokens', { headers, body });
            assert.equal(first.status, 200);
            const again = await muster.call('POST', '/api/v1/api-tokens', { headers, body });
            assert.ok(!again.text.includes(first.json.token));
            assert.ok(again.status >= 400, again.text);
        });
    });
});
