// SPDX-License-Identifier: Apache-2.0
// Deletion limits, end to end: what would take too much away at once is held, and what a decision sends.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { World } = require('./world');
const { importCrowd } = require('./crowd');
const { Practice } = require('../lib/muster');

const PEOPLE = 1000;
const LEAVERS = 400; // 40 %: the limit is 20 %

describe('deletion limits', () => {
    let world;
    let org;
    let target;
    let muster;
    let app;
    let stay;
    let go;

    const login = (i) => `crowd-${String(i).padStart(5, '0')}@crowd.example`;
    const push = (path = '') => `/api/v1/apps/${app.id}/group-push/${path}`;
    const holds = (query = '') => muster.ask('GET', push(`holds${query}`));
    const inactive = async () => (await target.users()).filter((each) => each.active === false).map((each) => each.userName);

    // Every person of a hold, over its pages.
    async function peopleOf(hold, limit) {
        const people = [];
        let path = `${push(`holds/${hold.id}/changes`)}?limit=${limit}`;
        while (path) {
            const answer = await muster.call('GET', path);
            assert.equal(answer.status, 200, answer.text);
            assert.ok(answer.json.length <= limit);
            people.push(...answer.json);
            const next = [answer.headers.link].flat().join(', ').match(/<([^>]+)>; rel="next"/);
            path = next && next[1].replace(/^https?:\/\/[^/]+/, '');
        }
        return people;
    }

    before(async () => {
        world = await World.start(() => Practice.start());
        ({ org, target, muster } = world);
        await importCrowd(muster, PEOPLE, (i) => [i < LEAVERS ? 'Go' : 'Stay']);
        const groups = await muster.ask('GET', '/api/v1/groups?limit=10');
        stay = groups.find((each) => each.profile.name === 'Stay');
        go = groups.find((each) => each.profile.name === 'Go');
        app = await org.connectedApp(target);
        await org.assignGroup(app, stay);
        await org.assignGroup(app, go);
        await world.settle(app);
        assert.equal((await target.users()).length, PEOPLE);
    });
    after(() => world && world.stop());
    afterEach(() => muster.check());

    test("40 % of an app's people by one call: held as a whole; approved, those who are still to go", async () => {
        const mark = await target.mark();
        await org.unassignGroup(app, go);
        const sync = await muster.sync(app.id);
        assert.equal(sync.done, false);
        assert.equal(sync.holds.length, 1);
        assert.equal(sync.holds[0].changes, LEAVERS);
        assert.equal(sync.failed[0].errorClass, 'HELD');
        assert.deepEqual(await target.log(mark), [], 'nothing was sent');
        const [hold] = await holds();
        assert.equal(hold.kind, 'DEACTIVATION');
        assert.equal(hold.status, 'OPEN');
        assert.equal(hold.changes, LEAVERS);
        assert.match(hold.reason, /400 deactivations wait and 0 were let go within 24 hours; of 1000 active accounts 20 %/);
        const people = await peopleOf(hold, 150);
        assert.equal(new Set(people.map((each) => each.login)).size, LEAVERS);
        assert.ok(people.every((each) => each.state === 'HELD' && each.holdId === hold.id && each.userId && each.externalId));

        const back = await muster.ask('GET', `/api/v1/users/${login(7)}`);
        await org.add(stay, back);
        assert.equal((await holds())[0].changes, LEAVERS - 1);
        const wrong = await muster.call('POST', push(`holds/${hold.id}/approve`), { body: {} });
        assert.equal(wrong.status, 400);
        assert.match(wrong.json.errorCauses[0].errorSummary, /revision/);
        await muster.ask('POST', push(`holds/${hold.id}/approve`), { revision: hold.revision });
        await world.settle(app);
        const gone = new Set(await inactive());
        assert.equal(gone.size, LEAVERS - 1);
        assert.ok(!gone.has(login(7)));
        for (let i = 0; i < LEAVERS; i++) assert.equal(gone.has(login(i)), i !== 7, login(i));
        const [decided] = await holds('?status=APPROVED');
        assert.equal(decided.changes, 0);
        assert.ok(decided.decidedBy);
        const again = await muster.call('POST', push(`holds/${hold.id}/reject`), { body: { revision: hold.revision } });
        assert.equal(again.status, 400, 'decided already');
    });

    test('40 % by single calls: held after the limit; rejected, nothing happens and it stays to be seen', async () => {
        const left = PEOPLE - LEAVERS + 1;
        const leavers = Math.round(left * 0.4);
        const before_ = (await inactive()).length;
        for (let i = LEAVERS; i < LEAVERS + leavers; i += 8) {
            await Promise.all(
                Array.from({ length: Math.min(8, LEAVERS + leavers - i) }, (_, k) =>
                    muster.ask('POST', `/api/v1/users/${login(i + k)}/lifecycle/deactivate?sendEmail=false`)),
            );
        }
        await muster.sync(app.id);
        const sent = (await inactive()).length - before_;
        assert.ok(sent <= Math.floor(left * 0.2), `${sent} were deactivated, of ${left}`);
        let [hold] = await holds('?status=OPEN');
        assert.equal(hold.changes, leavers - sent, 'all others are held');
        const everywhere = await muster.ask('GET', '/api/v1/org/holds?status=OPEN');
        assert.deepEqual(everywhere.map((each) => [each.id, each.appId, each.appLabel]), [[hold.id, app.id, app.label]]);
        assert.equal((await muster.ask('GET', '/api/v1/org/holds')).length, 2, 'the approved one too');

        const list = await muster.cli(['hold', 'list']);
        assert.match(list.output, new RegExp(`${hold.id} +DEACTIVATION +OPEN .*${app.label}`), list.output);
        const waited = await muster.cli(['wait', '--app', app.label]);
        assert.equal(waited.code, 1, waited.output);
        assert.match(waited.output, new RegExp(`hold ${hold.id}`));
        const rejected = await muster.cli(['hold', 'reject', app.label, hold.id]);
        assert.equal(rejected.code, 0, rejected.output);
        await muster.sync(app.id);
        await muster.ask('POST', push('retry'));
        await muster.kill();
        await muster.startAgain();
        world.reconnect();
        await muster.sync(app.id);
        assert.equal((await inactive()).length - before_, sent, 'nothing happened');
        [hold] = await holds('?status=REJECTED');
        assert.equal(hold.changes, leavers - sent);
        const shown = await muster.cli(['hold', 'show', app.label, hold.id, '--json']);
        assert.equal(shown.code, 0, shown.output);
        const changes = JSON.parse(shown.output);
        assert.equal(changes.length, leavers - sent);
        assert.ok(changes.every((each) => each.state === 'REJECTED'));

        const [explained] = await muster.ask('GET', push(`holds/${hold.id}/changes?expand=reason&limit=1`));
        assert.match(explained.reason.fact, /The person is DEPROVISIONED/);
        assert.ok(explained.reason.by && explained.reason.since && explained.reason.eventId, 'who did it, and when');
        const one = changes[0].login;
        const released = await muster.cli(['hold', 'release', app.label, hold.id, one]);
        assert.equal(released.code, 0, released.output);
        await muster.sync(app.id);
        assert.equal((await inactive()).length - before_, sent + 1);
        assert.ok((await inactive()).includes(one));
    });

    test('a removal that is held shows on the mapping, and adds go on', async () => {
        const member = async (i) => muster.ask('GET', `/api/v1/users/${login(i)}`);
        const people = await Promise.all(Array.from({ length: 15 }, (_, i) => member(PEOPLE - 1 - i)));
        const group = await org.group(null, people);
        const mapping = await org.push(app, group);
        await muster.sync(app.id);
        await world.holds(group, people);
        // One call that takes twelve of fifteen away: the group's source loses them while the app is paused.
        assert.equal((await muster.cli(['pause', app.label])).code, 0);
        for (const person of people.slice(0, 12)) await org.remove(group, person);
        const newcomer = await member(PEOPLE - 20);
        await org.add(group, newcomer);
        assert.equal((await muster.cli(['resume', app.label])).code, 0);
        const sync = await muster.sync(app.id);
        assert.equal(sync.heldMembers, 12);
        await world.holds(group, [...people, newcomer]);
        const shown = await muster.ask('GET', push(`mappings/${mapping.id}`));
        assert.equal(shown.status, 'ACTIVE');
        assert.equal(shown.state.held, 12);
        assert.equal(shown.state.activity, 'held');
        assert.match(shown.errorSummary, /12 removals/);
        assert.equal(shown.memberErrors.filter((each) => each.errorClass === 'HELD').length, 12);
        const hold = (await holds('?status=OPEN')).find((each) => each.kind === 'REMOVAL');
        const approved = await muster.cli(['hold', 'approve', app.label, hold.id, '--revision', String(hold.revision)]);
        assert.equal(approved.code, 0, approved.output);
        const { change } = await muster.ask('GET', `/api/v1/apps/${app.id}/sync`); // the command's, which no answer here told
        await muster.sync(app.id, { after: change });
        await world.holds(group, [...people.slice(12), newcomer]);
    });
});
