// SPDX-License-Identifier: Apache-2.0
// What an administrator does to the server while it is at work: pause, restart, back up, restore, wait, other keys.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, afterEach, before, describe, test } = require('node:test');
const { World } = require('./world');
const { Muster, Practice } = require('../lib/muster');

const BRIEFLY = 500; // milliseconds in which nothing may happen

const rest = () => new Promise((resolve) => setTimeout(resolve, BRIEFLY));

describe('operations', () => {
    let world;
    let org;
    let target;
    let muster;

    before(async () => {
        world = await World.start(() => Practice.start());
        ({ org, target, muster } = world);
    });
    after(() => world && world.stop());
    afterEach(() => muster.check());

    async function pushedPair() {
        const app = await org.connectedApp(target);
        const ann = await org.user();
        const bob = await org.user();
        const group = await org.group(null, [ann, bob]);
        await org.assignGroup(app, group);
        await org.push(app, group);
        await world.settle(app);
        return { app, ann, bob, group };
    }

    async function restart(args) {
        await muster.program.stop();
        await muster.startAgain(args);
        world.reconnect();
    }

    test('pause and resume of one app: nothing is sent, nothing is lost', async () => {
        const { app, ann, bob, group } = await pushedPair();
        const other = await pushedPair();
        assert.equal((await muster.cli(['pause', app.label])).code, 0);
        const mark = await target.mark();
        await org.remove(group, bob);
        await org.remove(other.group, other.bob);
        await world.settle(other.app);
        await world.holds(other.group, [other.ann]);
        assert.ok(!(await target.log(mark)).some((entry) => JSON.stringify(entry.json || '').includes(bob.profile.login)));
        await world.holds(group, [ann, bob]);
        assert.equal((await muster.cli(['resume', app.label])).code, 0);
        await world.settle(app);
        await world.holds(group, [ann]);
    });

    test('pause and resume of everything, over a restart', async () => {
        const { app, ann, bob, group } = await pushedPair();
        assert.equal((await muster.cli(['pause', '--reason', 'maintenance'])).code, 0);
        await restart();
        const mark = await target.mark();
        await org.remove(group, bob);
        await rest();
        assert.deepEqual(await target.log(mark), []);
        assert.equal((await muster.cli(['resume'])).code, 0);
        await world.settle(app);
        await world.holds(group, [ann]);
    });

    test('serve --paused', async () => {
        const { app, ann, bob, group } = await pushedPair();
        await restart(['--paused']);
        const mark = await target.mark();
        await org.remove(group, bob);
        await rest();
        assert.deepEqual(await target.log(mark), []);
        assert.equal((await muster.cli(['resume'])).code, 0);
        await world.settle(app);
        await world.holds(group, [ann]);
        await restart([]);
    });

    test('a restart forgets nothing: the work goes on', async () => {
        const { app, ann, bob, group } = await pushedPair();
        await target.faults([{ name: 'status', status: 503 }]);
        await org.remove(group, bob);
        await restart();
        await target.faults([]);
        await world.settle(app);
        await world.holds(group, [ann]);
        assert.equal((await world.account(bob)).active, false);
    });

    test('wait: ends with 0 when all is done, with another status when something failed', async () => {
        const { app, ann, bob, group } = await pushedPair();
        await org.remove(group, bob);
        const done = await muster.cli(['wait', '--app', app.label, '--timeout', '60s']);
        assert.equal(done.code, 0, done.output);
        await world.holds(group, [ann]);
        await target.faults([{ name: 'status', status: 403, method: 'PATCH' }]);
        await org.add(group, bob);
        const failed = await muster.cli(['wait', '--app', app.label, '--timeout', '60s']);
        assert.equal(failed.code, 1, failed.output);
        assert.match(failed.output, new RegExp(bob.profile.login));
        await target.faults([]);
        await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/retry`);
        await world.client.applicationApi.deactivateApplication({ appId: app.id });
    });

    test('wait --verified names the groups whose members the app does not show', async () => {
        const { app, group } = await pushedPair();
        await target.faults([{ name: 'members_absent' }, { name: 'filter_refused' }]); // nor can it be asked for a member
        const failed = await muster.cli(['wait', '--app', app.label, '--verified', '--timeout', '60s']);
        await target.faults([]);
        assert.equal(failed.code, 1, failed.output);
        assert.match(failed.output, new RegExp(`group ${group.profile.name}: The app shows no members`));
        const answer = await muster.ask('GET', `/api/v1/apps/${app.id}/sync?verified=true`);
        assert.deepEqual(answer.failed, [{ type: 'group', name: group.profile.name, error: 'The app shows no members, so nothing can be verified', held: true }]);
        assert.deepEqual((await muster.ask('GET', `/api/v1/apps/${app.id}/sync`)).failed, [], 'only when it was asked');
        const verified = await muster.cli(['wait', '--app', app.label, '--verified', '--timeout', '60s']);
        assert.equal(verified.code, 0, verified.output);
    });

    test('app show and push show say that everything is paused, and why', async () => {
        const { app, group } = await pushedPair();
        const shows = [['app', 'show', app.label], ['push', 'show', app.label, group.profile.name]];
        for (const show of shows) assert.ok(!/org\.paused/.test((await muster.cli(show)).output));
        assert.equal((await muster.cli(['pause', '--reason', 'maintenance until six'])).code, 0);
        for (const show of shows) {
            const shown = await muster.cli(show);
            assert.equal(shown.code, 0, shown.output);
            assert.match(shown.output, /org\.paused:?\s+true/);
            assert.match(shown.output, /org\.reason:?\s+maintenance until six/);
        }
        assert.equal((await muster.cli(['resume'])).code, 0);
    });

    // A database has tools of its own for this.
    const onFile = process.env.MUSTER_TEST_DATABASE ? () => {} : test;

    onFile('a backup of the running server; what is restored starts paused and says why', async () => {
        const { app, bob, group } = await pushedPair();
        const file = path.join(muster.dir, 'backup.db');
        const made = await muster.cli(['backup', '--data', muster.data, file]);
        assert.equal(made.code, 0, made.output);
        assert.ok(!fs.readFileSync(file).includes(target.token), 'credentials are sealed');
        const dir = fs.mkdtempSync(path.join(muster.dir, 'restored-'));
        const restored = await muster.cli(['restore', file, '--data', path.join(dir, 'data'), '--key-file', path.join(muster.data, 'muster.key')]);
        assert.equal(restored.code, 0, restored.output);
        const other = new Muster();
        Object.assign(other, { args: [], env: {}, dir, data: path.join(dir, 'data'), where: ['--data', path.join(dir, 'data')], change: 0, token: fs.readFileSync(path.join(dir, 'data', 'admin.token'), 'utf8').trim() });
        await other.startAgain();
        try {
            const mark = await target.mark();
            assert.equal((await other.ask('GET', `/api/v1/groups/${group.id}`)).id, group.id);
            await other.ask('DELETE', `/api/v1/groups/${group.id}/users/${bob.id}`);
            await rest();
            assert.deepEqual(await target.log(mark), []);
            const state = await other.ask('GET', '/api/v1/org');
            assert.equal(state.paused, true);
            assert.match(state.reason, /restore|backup/i);
            assert.equal((await other.cli(['resume'])).code, 0);
            await other.synced(app.id);
            assert.equal((await world.targetGroup(group)).members.length, 1, 'the restored server can use the credential');
        } finally {
            await other.stop();
        }
    });

    test('key rotate: the credentials still open, and the old key file does not', async () => {
        const { app, ann, bob, group } = await pushedPair();
        const keyFile = path.join(muster.data, 'muster.key');
        const old = fs.readFileSync(keyFile);
        await muster.program.stop();
        const rotated = await muster.cli(['key', 'rotate', ...muster.where]);
        assert.equal(rotated.code, 0, rotated.output);
        const fresh = fs.readFileSync(keyFile);
        fs.writeFileSync(keyFile, old);
        await assert.rejects(muster.startAgain(), /key/i);
        fs.writeFileSync(keyFile, fresh);
        await muster.startAgain();
        world.reconnect();
        await org.remove(group, bob);
        await world.settle(app);
        await world.holds(group, [ann]);
    });
});
