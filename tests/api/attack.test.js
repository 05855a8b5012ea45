// SPDX-License-Identifier: Apache-2.0
// Requests that nobody should send: each gets the right 4xx and a clear message, and the server lives on.
'use strict';

const assert = require('node:assert/strict');
const net = require('node:net');
const { after, afterEach, before, describe, test } = require('node:test');
const { start } = require('./world');
const { rawRequest } = require('../lib/http');

const MIB = 1024 * 1024;

describe('attacks', () => {
    let muster;
    let org;
    let head;

    before(async () => {
        ({ muster, org } = await start());
        head = `Host: 127.0.0.1\r\nAuthorization: SSWS ${muster.token}\r\n`;
    });
    after(() => muster && muster.stop());
    afterEach(async () => {
        muster.check();
        assert.equal((await muster.call('GET', '/api/v1/groups?limit=1')).status, 200, 'the server still answers');
    });

    const post = (path, body, options = {}) =>
        muster.call('POST', path, { body, headers: { 'Content-Type': 'application/json', ...(options.headers || {}) }, ...options });

    function assertRefused(answer, status, code) {
        assert.equal(answer.status, status, answer.text.slice(0, 300));
        assert.ok(answer.json, 'an error object');
        if (code) assert.equal(answer.json.errorCode, code, answer.text);
        assert.ok(answer.json.errorSummary);
        assert.notEqual(answer.json.errorCode, 'E0000009');
    }

    test('a body over 1 MiB', async () => {
        assertRefused(await post('/api/v1/groups', `{"profile":{"name":"${'x'.repeat(MIB)}"}}`), 413);
        const fits = `{"profile":{"name":"${'x'.repeat(255)}"},"x":"${'y'.repeat(MIB - 400)}"}`;
        const answer = await post('/api/v1/groups', fits);
        assert.ok(answer.status === 200 || answer.status === 400, `${answer.status}`);
    });

    test('a body that is announced as huge, or chunked without end', async () => {
        const announced = await rawRequest(muster.url, [`POST /api/v1/groups HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n`, 'x'.repeat(4096)], { timeout: 1500 }).catch(() => ({ status: 0 }));
        assert.ok([0, 400, 413].includes(announced.status), `${announced.status}`);
        const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
        const chunked = await rawRequest(muster.url, [
            `POST /api/v1/groups HTTP/1.1\r\n${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
            ...Array.from({ length: 20 }, () => chunk),
            '0\r\n\r\n',
        ]);
        assert.ok([0, 413].includes(chunked.status), chunked.text.slice(0, 200));
    });

    test('deep nesting', async () => {
        for (const depth of [65, 1000, 100000]) {
            assertRefused(await post('/api/v1/groups', `{"profile":${'['.repeat(depth)}${']'.repeat(depth)}}`), 400, 'E0000003');
            assertRefused(await post('/api/v1/groups', '{"a":'.repeat(depth)), 400, 'E0000003');
        }
    });

    test('JSON that is none', async () => {
        for (const body of ['{', '{"profile":', 'null', '[]', '"text"', '17', '{"a":1}{"b":2}', '{"a":01}', '{"a":NaN}', "{'a':1}", '\u0000', '{"profile":{"name":"\u0001"}}']) {
            const answer = await post('/api/v1/groups', body);
            assert.equal(answer.status, 400, JSON.stringify(body));
        }
    });

    test('duplicate keys', async () => {
        assertRefused(await post('/api/v1/groups', '{"profile":{"name":"one","name":"two"}}'), 400, 'E0000003');
        assertRefused(await post('/api/v1/groups', '{"profile":{"name":"one"},"profile":{"name":"two"}}'), 400, 'E0000003');
    });

    test('invalid UTF-8 in a body, a path and a query', async () => {
        const body = Buffer.concat([Buffer.from('{"profile":{"name":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}}')]);
        assertRefused(await post('/api/v1/groups', body), 400, 'E0000003');
        for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
            const text = bytes.map((byte) => `%${byte.toString(16)}`).join('');
            assert.equal((await muster.call('GET', `/api/v1/users/${text}`)).status, 400, text);
            assert.equal((await muster.call('GET', `/api/v1/users?q=${text}`)).status, 400, text);
        }
        assertRefused(await post('/api/v1/groups', '{"profile":{"name":"\\ud800"}}'), 400);
        assertRefused(await post('/api/v1/groups', '{"profile":{"name":"a\\u0000b"}}'), 400);
    });

    test('%2F, %00, dots and broken percent signs in a path', async () => {
        for (const part of ['a%2Fb', '%2f', '%00', 'a%00', '%', '%4', '%zz', '..%2f..', '%2e%2e', '..', '.']) {
            const answer = await rawRequest(muster.url, [`GET /api/v1/users/${part} HTTP/1.1\r\n${head}Connection: close\r\n\r\n`]);
            assert.ok(answer.status >= 400 && answer.status < 500, `${part}: ${answer.text.slice(0, 100)}`);
        }
        for (const path of ['/api/v1//users', '/api/v1/users/', '/api/../api/v1/users', `/${'a/'.repeat(50)}`]) {
            const answer = await rawRequest(muster.url, [`GET ${path} HTTP/1.1\r\n${head}Connection: close\r\n\r\n`]);
            assert.ok(answer.status < 500, `${path}: ${answer.text.slice(0, 100)}`);
        }
    });

    test('a search of 17 KiB, and one that is deep or long', async () => {
        const search = (text) => muster.call('GET', `/api/v1/users?search=${encodeURIComponent(text)}`);
        assertRefused(await search(`profile.login eq "${'x'.repeat(17 * 1024)}"`), 400, 'E0000001');
        assertRefused(await search(`${'('.repeat(100)}id pr${')'.repeat(100)}`), 400, 'E0000031');
        assertRefused(await search(Array.from({ length: 300 }, () => 'id pr').join(' or ')), 400, 'E0000031');
        assertRefused(await search('profile.login eq "a" and'), 400, 'E0000031');
        assertRefused(await search("profile.login eq \"'; DROP TABLE users; --\" or"), 400, 'E0000031');
        assert.equal((await search("profile.login eq \"'; DROP TABLE users; --\"")).status, 200);
        assert.equal((await search('profile.login sw "%_\\\\"')).status, 200);
    });

    test('a query that is too long or has too many parts', async () => {
        const long = await rawRequest(muster.url, [`GET /api/v1/users?q=${'x'.repeat(40 * 1024)} HTTP/1.1\r\n${head}Connection: close\r\n\r\n`]);
        assert.ok([400, 414, 431].includes(long.status), long.text.slice(0, 100));
        const many = await muster.call('GET', `/api/v1/users?${Array.from({ length: 200 }, (_, i) => `p${i}=1`).join('&')}`);
        assert.equal(many.status, 400);
    });

    test('wrong types everywhere', async () => {
        const user = await org.user();
        const group = await org.group();
        const app = await org.app();
        const values = [null, true, 17, 1.5, 'text', [], {}, [1], { a: 1 }];
        const shapes = [
            ['POST', '/api/v1/users', (value) => ({ profile: value })],
            ['POST', '/api/v1/users', (value) => ({ profile: { login: value, email: 'a@b.example', firstName: 'A', lastName: 'B' } })],
            ['POST', '/api/v1/users', (value) => ({ profile: { login: 'type@x.example', email: 'a@b.example', firstName: 'A', lastName: 'B' }, credentials: value })],
            ['POST', '/api/v1/users', (value) => ({ profile: { login: 'type@x.example', email: 'a@b.example', firstName: 'A', lastName: 'B' }, credentials: { password: { value } } })],
            ['POST', `/api/v1/users/${user.id}`, (value) => ({ profile: { title: value } })],
            ['PUT', `/api/v1/users/${user.id}`, (value) => value],
            ['POST', '/api/v1/groups', (value) => ({ profile: value })],
            ['PUT', `/api/v1/groups/${group.id}`, (value) => ({ profile: { name: value } })],
            ['POST', '/api/v1/apps', (value) => ({ label: value, signOnMode: value, name: value })],
            ['POST', '/api/v1/apps', (value) => ({ label: 'Typed', settings: value, visibility: value, credentials: value })],
            ['PUT', `/api/v1/apps/${app.id}`, (value) => value],
            ['POST', `/api/v1/apps/${app.id}/users`, (value) => ({ id: value })],
            ['POST', `/api/v1/apps/${app.id}/users`, (value) => ({ id: user.id, scope: value, credentials: value, profile: value })],
            ['PUT', `/api/v1/apps/${app.id}/groups/${group.id}`, (value) => ({ priority: value, profile: value })],
            ['PATCH', `/api/v1/apps/${app.id}/groups/${group.id}`, (value) => value],
            ['PATCH', `/api/v1/apps/${app.id}/groups/${group.id}`, (value) => [{ op: value, path: value, value }]],
            ['PUT', `/api/v1/apps/${app.id}/features/USER_PROVISIONING`, (value) => ({ create: value, update: value })],
            ['POST', `/api/v1/apps/${app.id}/connections/default`, (value) => ({ baseUrl: value, profile: value })],
            ['POST', `/api/v1/apps/${app.id}/group-push/mappings`, (value) => ({ sourceGroupId: value, targetGroupName: value, status: value, existingMembers: value })],
            ['PATCH', `/api/v1/apps/${app.id}/group-push/mappings/gPm0000000000000000x`, (value) => ({ status: value })],
            ['POST', '/api/v1/api-tokens', (value) => ({ name: value, role: value })],
            ['POST', '/api/v1/meta/schemas/user/default', (value) => ({ definitions: value })],
            ['POST', '/api/v1/meta/schemas/user/default', (value) => ({ definitions: { custom: { properties: { x: value } } } })],
            ['POST', '/api/v1/meta/schemas/group/default', (value) => value],
        ];
        for (const [method, path, shape] of shapes) {
            for (const value of values) {
                const body = JSON.stringify(shape(value));
                const answer = await muster.call(method, path, { body, headers: { 'Content-Type': 'application/json' } });
                assert.ok(answer.status < 500, `${method} ${path} ${body}: ${answer.status} ${answer.text}`);
                if (answer.status >= 400) assert.ok(answer.json.errorCode, `${method} ${path} ${body}: ${answer.text}`);
            }
        }
    });

    test('unknown ids of every kind', async () => {
        const app = await org.app();
        const user = await org.user();
        for (const id of ['x', '00u0000000000000000x', "00u' OR 1=1 --", '%F0%9F%90%88', 'a'.repeat(2000)]) {
            for (const path of [
                `/api/v1/users/${id}`,
                `/api/v1/users/${id}/groups`,
                `/api/v1/groups/${id}`,
                `/api/v1/groups/${id}/users`,
                `/api/v1/apps/${id}`,
                `/api/v1/apps/${id}/users`,
                `/api/v1/apps/${id}/groups`,
                `/api/v1/apps/${id}/features`,
                `/api/v1/apps/${id}/connections/default`,
                `/api/v1/apps/${id}/group-push/mappings`,
                `/api/v1/apps/${app.id}/users/${id}`,
                `/api/v1/apps/${app.id}/groups/${id}`,
                `/api/v1/apps/${app.id}/group-push/mappings/${id}`,
                `/api/v1/api-tokens/${id}`,
                `/api/v1/meta/schemas/user/${id}`,
            ]) {
                const answer = await muster.call('GET', encodeURI(decodeURIComponent(path)));
                assert.equal(answer.status, 404, `${path}: ${answer.status} ${answer.text.slice(0, 200)}`);
                assert.equal(answer.json.errorCode, 'E0000007');
            }
        }
        for (const [method, path] of [
            ['DELETE', '/api/v1/users/x'],
            ['POST', '/api/v1/users/x/lifecycle/activate'],
            ['POST', `/api/v1/users/${user.id}/lifecycle/fly`],
            ['DELETE', '/api/v1/groups/x'],
            ['DELETE', '/api/v1/apps/x'],
            ['POST', '/api/v1/apps/x/lifecycle/deactivate'],
            ['DELETE', `/api/v1/apps/${app.id}/group-push/mappings/x?deleteTargetGroup=true`],
        ]) {
            assert.equal((await muster.call(method, path)).status, 404, `${method} ${path}`);
        }
    });

    test('floods of headers', async () => {
        const many = Array.from({ length: 2000 }, (_, i) => `X-Flood-${i}: ${'y'.repeat(20)}\r\n`).join('');
        const flood = await rawRequest(muster.url, [`GET /api/v1/users HTTP/1.1\r\n${head}${many}\r\n`]);
        assert.ok([0, 400, 413, 431].includes(flood.status), flood.text.slice(0, 100));
        const wide = await rawRequest(muster.url, [`GET /api/v1/users HTTP/1.1\r\n${head}X-Wide: ${'y'.repeat(200000)}\r\n\r\n`]);
        assert.ok([0, 400, 413, 431].includes(wide.status), wide.text.slice(0, 100));
        const long = await rawRequest(muster.url, [`GET /${'y'.repeat(200000)} HTTP/1.1\r\n${head}\r\n`]);
        assert.ok([0, 400, 414, 431].includes(long.status), long.text.slice(0, 100));
    });

    test('requests that are not HTTP', async () => {
        for (const text of ['\r\n\r\n\r\n', 'GET\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', '\u0016\u0003\u0001\u0002\u0000\u0001', 'GET /api/v1/users HTTP/1.1\r\nHost: x\r\n broken\r\n\r\n', `POST /api/v1/groups HTTP/1.1\r\n${head}Content-Length: -5\r\n\r\n`, `POST /api/v1/groups HTTP/1.1\r\n${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345`]) {
            const answer = await rawRequest(muster.url, [text], { timeout: 1500 }).catch(() => ({ status: 0 }));
            assert.ok(answer.status === 0 || (answer.status >= 400 && answer.status <= 505), `${JSON.stringify(text)}: ${answer.status}`);
        }
    });

    test('slow senders keep nobody waiting', async () => {
        const { hostname, port } = new URL(muster.url);
        let ended = 0;
        const slow = Array.from({ length: 30 }, () => {
            const socket = net.connect(Number(port), hostname);
            socket.on('error', () => {});
            socket.on('data', () => ended++);
            socket.on('close', () => ended++);
            socket.write(`POST /api/v1/groups HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n`);
            return socket;
        });
        for (let i = 0; i < 50; i++) {
            for (const socket of slow) socket.write(' ');
            assert.equal((await muster.call('GET', '/api/v1/groups?limit=1')).status, 200);
        }
        assert.equal(ended, 0, 'they were answered while all of them were still sending');
        for (const socket of slow) socket.destroy();
    });

    test('clients that leave before the answer', async () => {
        for (let i = 0; i < 50; i++) {
            await rawRequest(muster.url, [`GET /api/v1/users?limit=200 HTTP/1.1\r\n${head}\r\n`], { timeout: 1 }).catch(() => null);
        }
    });

    test('many at once', async () => {
        const answers = await Promise.all(
            Array.from({ length: 100 }, (_, i) => muster.call('POST', '/api/v1/groups', { body: { profile: { name: `Crowded ${i % 50}` } } })),
        );
        assert.equal(answers.filter((answer) => answer.status === 200).length, 50);
        assert.equal(answers.filter((answer) => answer.status === 400).length, 50);
    });

    test('what is wrong with a request is not told to strangers', async () => {
        const answer = await muster.call('POST', '/api/v1/groups', { token: 'wrong', body: '{', headers: { 'Content-Type': 'application/json' } });
        assert.equal(answer.status, 401);
    });
});
