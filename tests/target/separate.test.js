// SPDX-License-Identifier: Apache-2.0
// One group for assignment and push becomes two, while the target's journal is watched: it must see nothing of it.
'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { Muster, Practice } = require('../lib/muster');
const { connectedApp, importCrowd, groupByName, userIds } = require('./crowd');

const PEOPLE = 60;

let muster;
let target;
before(async () => {
    muster = await Muster.start();
    target = await Practice.start();
});
after(async () => {
    await target.stop();
    await muster.stop();
});

// An app with a group of everybody that it is assigned to and that is pushed to it; one person has left.
async function scene(name, logins) {
    const app = await connectedApp(muster, name, target);
    const group = await muster.ask('POST', '/api/v1/groups', { profile: { name: `${name} staff` } });
    await muster.bulkMembers(group.profile.name, logins);
    const assignment = await muster.ask('PUT', `/api/v1/apps/${app.id}/groups/${group.id}`, {
        priority: 3,
        profile: { title: 'Consultant' },
    });
    const mapping = await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, {
        sourceGroupId: group.id,
        targetGroupName: group.profile.name,
    });
    await muster.synced(app.id);
    const path = `/api/v1/apps/${app.id}/group-push/separations`;
    return { app, group, assignment, mapping, path };
}

const writes = async () => (await target.log()).filter((entry) => entry.method !== 'GET').length;

async function ended(path, id) {
    for (;;) {
        const now = await muster.ask('GET', `${path}/${id}?wait=true`);
        if (!['RUNNING', 'UNDOING'].includes(now.status)) return now;
    }
}

describe('one group becomes two', () => {
    let logins;
    before(async () => {
        await importCrowd(muster, PEOPLE, () => ['Everyone']);
        logins = [...(await userIds(muster)).keys()].sort();
    });

    test('a new group for the assignment: the plan, and the app sees nothing', async () => {
        const { app, group, mapping, path } = await scene('First', logins);
        const gone = (await userIds(muster)).get(logins[0]);
        await muster.ask('POST', `/api/v1/users/${gone}/lifecycle/deactivate`);
        await muster.synced(app.id);
        const seen = await writes();
        const body = { groupId: group.id, solution: 'ASSIGNMENT', name: 'First access' };
        const plan = await muster.ask('POST', `${path}?dryRun=true`, body);
        assert.deepEqual(plan.members, { total: PEOPLE, copied: PEOPLE - 1, byRules: 0, leftOut: 1 });
        assert.deepEqual(plan.leftOut, [{ userId: gone, login: logins[0], status: 'DEPROVISIONED' }]);
        assert.deepEqual(plan.assignment, { priority: 3, profile: { title: 'Consultant' } });
        assert.equal(plan.target.deactivations + plan.target.removals + plan.target.profileChanges, 0);
        assert.equal((await muster.ask('GET', '/api/v1/groups?q=First%20access')).length, 0, 'a plan changes nothing');

        const begun = await muster.ask('POST', path, body);
        const done = await ended(path, begun.id);
        assert.equal(done.status, 'DONE');
        assert.equal(done.copied, PEOPLE - 1);
        await muster.synced(app.id);
        assert.equal(await writes(), seen, 'the app was asked for nothing');
        const assigned = await muster.ask('GET', `/api/v1/apps/${app.id}/groups`);
        assert.deepEqual(
            assigned.map((each) => [each.id, each.priority, each.profile]),
            [[done.newGroup.id, 3, { title: 'Consultant' }]],
        );
        assert.equal((await muster.ask('GET', `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}`)).sourceGroupId, group.id);
        assert.deepEqual((await muster.ask('GET', path)).map((each) => each.id), [begun.id]);
        const [newest] = await muster.ask('GET', '/api/v1/org/separations?limit=1');
        assert.deepEqual([newest.id, newest.appId, newest.appLabel], [begun.id, app.id, app.label]);
        const late = await muster.call('POST', `${path}/${begun.id}/undo`);
        assert.equal(late.status, 400);
        assert.match(late.text, /It has ended \(DONE\)/);
    });

    test('a new group for the push: the same mapping and the same group there', async () => {
        const { app, group, mapping, path } = await scene('Second', logins.slice(1));
        const seen = await writes();
        const text = await muster.cli(['separate', 'start', 'Second', group.id, 'Second push', '--new-group-for', 'push', '--dry-run']);
        assert.equal(text.code, 0, text.output);
        assert.match(text.output, /Make it the source of the push mapping/);
        const rule = await muster.ask('POST', '/api/v1/groups/rules', {
            type: 'group_rule',
            name: 'Feeds the second',
            conditions: { expression: { type: 'urn:okta:expression:1.0', value: 'user.login == "nobody"' } },
            actions: { assignUserToGroups: { groupIds: [group.id] } },
        });
        const fed = ['separate', 'start', 'Second', group.id, 'Second push', '--new-group-for', 'push', '--dry-run'];
        assert.match((await muster.cli(fed)).output, /will feed the new one too:[^]*Feeds the second/);
        assert.match((await muster.cli([...fed, '--copy-once'])).output, /will not feed the new one[^]*Feeds the second/);
        await muster.ask('DELETE', `/api/v1/groups/rules/${rule.id}`);
        const run = await muster.cli(['separate', 'start', 'Second', group.id, 'Second push', '--new-group-for', 'push']);
        assert.equal(run.code, 0, run.output);
        assert.match(run.output, /done: the new group is Second push/);
        await muster.synced(app.id);
        assert.equal(await writes(), seen);
        const after_ = await muster.ask('GET', `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}`);
        assert.notEqual(after_.sourceGroupId, group.id);
        assert.equal(after_.targetGroupId, mapping.targetGroupId);
        assert.match((await muster.cli(['separate', 'list', 'Second'])).output, /Second push\s+PUSH\s+DONE/);
        const everywhere = (await muster.cli(['separate', 'list'])).output;
        assert.match(everywhere, /Second push\s+PUSH\s+DONE.*Second/);
        assert.match(everywhere, /ASSIGNMENT\s+DONE.*First/, 'those of other apps too');

        const names = (await target.groups()).map((each) => each.displayName);
        assert.ok(names.includes('Second staff') && !names.includes('Second push'));
    });

    test('a crash in the middle, and back', async () => {
        const { app, group, path } = await scene('Third', logins.slice(1));
        const seen = await writes();
        const begun = await muster.ask('POST', path, { groupId: group.id, solution: 'ASSIGNMENT', name: 'Third access' });
        await muster.kill();
        await muster.startAgain();
        const undone = await muster.call('POST', `${path}/${begun.id}/undo`);
        const now = await ended(path, begun.id);
        assert.equal(now.status, undone.status === 200 ? 'UNDONE' : 'DONE', undone.text);
        await muster.synced(app.id);
        assert.equal(await writes(), seen);
        const assigned = await muster.ask('GET', `/api/v1/apps/${app.id}/groups`);
        assert.equal(assigned.length, 1);
        assert.equal(assigned[0].id, undone.status === 200 ? group.id : now.newGroup.id);
    });

    test('bad input names the field', async () => {
        const { app, group, path } = await scene('Fourth', logins.slice(1, 4));
        const cases = [
            [{}, /solution: Give ASSIGNMENT/],
            [{ solution: 'BOTH' }, /solution: must be one of ASSIGNMENT, PUSH/],
            [{ solution: 'PUSH', name: 'x' }, /groupId: The field cannot be left blank/],
            [{ solution: 'PUSH', groupId: group.id }, /name: The field cannot be left blank/],
            [{ solution: 'PUSH', groupId: group.id, name: 'Everyone' }, /name: There is a group of this name/],
            [{ solution: 'PUSH', groupId: (await groupByName(muster, 'Everyone')).id, name: 'x' }, /Everyone is not pushed/],
        ];
        for (const [body, words] of cases) {
            const answer = await muster.call('POST', path, { body });
            assert.equal(answer.status, 400, answer.text);
            assert.match(answer.text, words);
        }
        await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/rules`, { name: 'r', status: 'ACTIVE', groupName: { operator: 'STARTS_WITH', value: 'Zed' } });
        const matched = await muster.call('POST', path, { body: { solution: 'ASSIGNMENT', groupId: group.id, name: 'Zed access' } });
        assert.match(matched.text, /The push rule \\"r\\" of the app \\"Fourth\\" would push a group of this name/);
        await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/rules`, { name: 'd', status: 'ACTIVE', groupDescription: { operator: 'CONTAINS', value: 'to be pushed' } });
        const described = await muster.ask('POST', '/api/v1/groups', { profile: { name: 'Described', description: 'is to be pushed' } });
        await muster.ask('PUT', `/api/v1/apps/${app.id}/groups/${described.id}`, {});
        const copied = await muster.call('POST', path, { body: { solution: 'ASSIGNMENT', groupId: described.id, name: 'Fine' } });
        assert.match(copied.text, /The push rule \\"d\\" of the app/, 'the new group has the description of the old one');
        for (const name of ['a\nb', 'x'.repeat(256)]) {
            const bad = await muster.call('POST', `${path}?dryRun=true`, { body: { solution: 'ASSIGNMENT', groupId: group.id, name } });
            assert.match(bad.text, /name: Give 1 to 255 characters/);
        }
        assert.equal((await muster.call('GET', `${path}/sep00000000`)).status, 404);
    });
});
