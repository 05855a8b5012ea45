// SPDX-License-Identifier: Apache-2.0
// The published client's dialects on the wire: what stands between Muster and the target keeps the bytes of each
// request, and they are compared to the documented ones.
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const { after, before, describe, test } = require('node:test');
const { World } = require('./world');
const { Practice } = require('../lib/muster');

// A practice target behind a server that keeps what it passes on.
async function startRecorded() {
    const target = await Practice.start();
    const kept = [];
    const server = http.createServer((request, response) => {
        const parts = [];
        request.on('data', (part) => parts.push(part));
        request.on('end', () => {
            const body = Buffer.concat(parts);
            kept.push({ method: request.method, url: request.url, headers: request.headers, body: body.toString() });
            const on = http.request(`${target.url}${request.url}`, { method: request.method, headers: request.headers }, (answer) => {
                response.writeHead(answer.statusCode, answer.headers);
                answer.pipe(response);
            });
            on.on('error', () => response.destroy());
            on.end(body);
        });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    target.kept = kept;
    target.baseUrl = `http://127.0.0.1:${server.address().port}/scim/v2`;
    const stop = target.stop.bind(target);
    target.stop = async () => {
        server.closeAllConnections();
        server.close();
        await stop();
    };
    return target;
}

const PATCH = (operation) => `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[${operation}]}`;

for (const dialect of ['STANDARD', 'CATALOG', 'CUSTOM']) {
    describe(`the wire of ${dialect}`, () => {
        let world;
        let app;
        let user;
        let group;
        let userId;
        let groupId;

        before(async () => {
            world = await World.start(startRecorded);
            app = await world.org.connectedApp(world.target);
            const settings = await world.muster.call('PUT', `/api/v1/apps/${app.id}/group-push/settings`, { body: { dialect } });
            assert.equal(settings.status, 200, settings.text);
            await world.org.limitsOff(app);
        });
        after(() => world && world.stop());

        // The requests that `act` causes, as "METHOD path" with the body where there is one.
        const during = async (act) => {
            await world.settle(app);
            const mark = world.target.kept.length;
            await act();
            await world.settle(app);
            return world.target.kept.slice(mark);
        };
        const writes = (requests, path) => requests.filter((each) => each.method !== 'GET' && each.url.startsWith(path));

        test('headers', async () => {
            user = await world.org.user();
            group = await world.org.group();
            await world.org.add(group, user);
            const requests = await during(() => world.org.assignGroup(app, group));
            userId = (await world.account(user)).id;
            assert.ok(requests.length >= 2);
            for (const { method, headers } of requests) {
                assert.equal(headers.accept, 'application/scim+json');
                assert.equal(headers.authorization, `Bearer ${world.target.token}`);
                assert.equal(headers['content-type'], method === 'GET' ? undefined : 'application/scim+json; charset=utf-8');
                const published = dialect !== 'STANDARD';
                assert.equal(headers['accept-charset'], published ? 'utf-8' : undefined);
                assert.equal(headers['accept-encoding'], published ? 'gzip,deflate' : undefined);
                assert.equal(headers.connection, published ? 'Keep-Alive' : undefined);
                assert.match(headers['user-agent'], published ? /^Okta SCIM Client 1\.0\.0$/ : /^Muster\//);
            }
            const name = encodeURIComponent(user.profile.login);
            const page = dialect === 'STANDARD' ? '&count=100' : '&startIndex=1&count=100';
            assert.equal(requests[0].url, `/scim/v2/Users?filter=userName%20eq%20%22${name}%22${page}`);
            const made = JSON.parse(requests[1].body);
            assert.equal('password' in made, dialect !== 'STANDARD');
            assert.deepEqual(made.groups, dialect === 'STANDARD' ? undefined : []);
        });

        test('a group and its member', async () => {
            const requests = await during(() => world.org.push(app, group));
            groupId = (await world.targetGroup(group)).id;
            const [made, members] = writes(requests, '/scim/v2/Groups');
            const schemas = '"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]';
            const name = group.profile.name;
            const shown = `{"value":"${userId}","display":"${user.profile.login}"}`;
            assert.equal(made.body, dialect === 'STANDARD' ? `{${schemas},"displayName":"${name}"}` : `{${schemas},"displayName":"${name}","members":[]}`);
            if (dialect === 'CUSTOM') {
                assert.equal(members.method, 'PUT');
                assert.equal(members.body, `{${schemas},"id":"${groupId}","displayName":"${name}","members":[${shown}]}`);
            } else {
                const value = dialect === 'STANDARD' ? `{"value":"${userId}"}` : shown;
                assert.equal(members.method, 'PATCH');
                assert.equal(members.body, PATCH(`{"op":"add","path":"members","value":[${value}]}`));
            }
        });

        test('a deactivation', async () => {
            const requests = await during(() => world.client.userApi.deactivateUser({ userId: user.id }));
            const [sent] = writes(requests, '/scim/v2/Users');
            assert.equal((await world.account(user)).active, false);
            if (dialect === 'CUSTOM') {
                assert.equal(sent.method, 'PUT');
                const whole = JSON.parse(sent.body);
                assert.equal(whole.active, false);
                assert.ok(whole.meta, 'the whole resource');
            } else {
                const operation = dialect === 'STANDARD' ? '{"op":"replace","path":"active","value":false}' : '{"op":"replace","value":{"active":false}}';
                assert.equal(sent.body, PATCH(operation));
            }
        });
    });
}
