// SPDX-License-Identifier: Apache-2.0
// What is left of requests and of people in the journal and in the system log.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { Practice } = require('../lib/muster');
const { World } = require('./world');

describe('the record', () => {
    let world;
    let app;
    let group;

    before(async () => {
        world = await World.start(() => Practice.start());
        app = await world.org.connectedApp(world.target);
        group = await world.org.group();
        await world.org.assignGroup(app, group);
        await world.settle(app);
    });
    after(() => world && world.stop());
    afterEach(() => world.muster.check());

    const journal = () => world.muster.ask('GET', `/api/v1/apps/${app.id}/attempts?limit=200`);
    const log = () => world.muster.ask('GET', '/api/v1/logs?limit=1000');
    const types = async () => (await log()).map((event) => event.eventType);
    const cli = async (...args) => {
        const { code, output } = await world.muster.cli(args);
        assert.equal(code, 0, output);
        return output;
    };

    async function until(condition, what) {
        const deadline = Date.now() + 300000;
        while (!(await condition())) {
            assert.ok(Date.now() < deadline, what);
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    }

    test('bodies are redacted, in full while an administrator wants them, and redacted again', async () => {
        const user = await world.org.user(undefined, { title: 'Keeper of the keys' });
        await world.org.add(group, user);
        await world.settle(app);
        assert.ok((await journal()).every((each) => each.captured === false));
        assert.ok(!JSON.stringify(await journal()).includes('Keeper'));

        assert.match(await cli('app', 'capture', app.label, 'on', '--for', '30m'), /in full until/);
        assert.equal(JSON.parse(await cli('app', 'show', app.label, '--json')).capture.status, 'ON');
        await world.muster.ask('POST', `/api/v1/users/${user.id}`, { profile: { title: 'Keeper of the gate' } });
        await world.settle(app);
        const [newest] = await journal();
        assert.equal(newest.captured, true);
        assert.match(newest.request, /Keeper of the gate/);
        assert.match(newest.answer, /Keeper of the gate/, 'answers of success too');
        assert.ok(!JSON.stringify(newest).includes(world.target.token), 'never the credential');

        assert.match(await cli('app', 'capture', app.label, 'off'), /redacted/);
        await world.muster.ask('POST', `/api/v1/users/${user.id}`, { profile: { title: 'Keeper of the tower' } });
        await world.settle(app);
        assert.equal((await journal())[0].captured, false);
        assert.ok(!JSON.stringify(await journal()).includes('tower'));
        const seen = await types();
        assert.equal(seen.filter((type) => type === 'muster.app.capture.start').length, 1);
        assert.equal(seen.filter((type) => type === 'muster.app.capture.end').length, 1);
    });

    test('capture is for an administrator, for one app, and for a day at most', async () => {
        const path = `/api/v1/apps/${app.id}/capture`;
        const { token } = await world.muster.ask('POST', '/api/v1/api-tokens', { name: 'operator', role: 'OPERATOR' });
        assert.equal((await world.muster.call('PUT', path, { token, body: { minutes: 5 } })).status, 403);
        for (const minutes of [0, 1441, 'x', 1.5]) {
            const answer = await world.muster.call('PUT', path, { body: { minutes } });
            assert.equal(answer.status, 400);
            assert.match(answer.json.errorCauses[0].errorSummary, /minutes: must be a whole number from 1 to 1440/);
        }
        assert.equal((await world.muster.ask('GET', path)).status, 'OFF');
        assert.equal((await world.muster.call('PUT', '/api/v1/apps/0oaNobody/capture', { body: { minutes: 5 } })).status, 404);
        assert.equal((await world.muster.cli(['app', 'capture', app.label, 'on', '--for', '25h'])).code, 2);
    });

    test('who is deleted leaves ids only', async () => {
        const user = await world.org.user('ghost@example.com', { title: 'Ghost' });
        const other = await world.org.user();
        await world.org.add(group, user);
        await world.org.add(group, other);
        await world.settle(app);
        const text = async () => JSON.stringify([await log(), await journal()]);
        assert.match(await text(), /ghost@example\.com/);
        await world.client.userApi.deactivateUser({ userId: user.id });
        await world.client.userApi.deleteUser({ userId: user.id });
        await world.settle(app);
        await until(async () => !/ghost/i.test(await text()), 'the values are still there');
        const events = (await log()).filter((event) => (event.target || []).some((target) => target.id === user.id));
        assert.ok(events.some((event) => event.eventType === 'user.lifecycle.create'), 'that it happened stays');
        assert.ok(events.some((event) => event.eventType === 'user.lifecycle.delete.completed'));
        assert.ok((await text()).includes(other.profile.login), 'of somebody else nothing is lost');
    });

    test('the times are set by an administrator, within bounds', async () => {
        const path = '/api/v1/org/record';
        assert.deepEqual(await world.muster.ask('GET', path), { attemptDays: 30, logDays: 90 });
        assert.match(await cli('record', 'keep', 'attempts=14', 'log=365'), /14 days, the system log for 365 days/);
        assert.deepEqual(await world.muster.ask('PUT', path, { logDays: 90 }), { attemptDays: 14, logDays: 90 });
        for (const body of [{ logDays: 0 }, { attemptDays: 3651 }, { attemptDays: '5' }]) {
            const answer = await world.muster.call('PUT', path, { body });
            assert.equal(answer.status, 400);
            assert.match(answer.json.errorCauses[0].errorSummary, /must be a whole number from 1 to 3650/);
        }
        assert.equal((await world.muster.cli(['record', 'keep', 'log=none'])).code, 2);
        assert.ok((await types()).includes('muster.record.keep'));
    });
});
