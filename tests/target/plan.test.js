// SPDX-License-Identifier: Apache-2.0
// dryRun=true: what an act would take away from the app is told, nothing is done, and doing it does exactly that.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { Muster, Practice } = require('../lib/muster');
const { connectedApp, groupByName, importCrowd, userIds } = require('./crowd');
const { operations, activeIn } = require('./world');

const PEOPLE = 120; // the import safeguard looks at apps of more than 100

describe('a plan before the push', () => {
    let muster;
    let target;
    let app;
    let logins;
    let ids;
    const groups = {};

    const api = (path) => `/api/v1/apps/${app.id}${path}`;

    // What the app was asked to take away: "deactivation <id>", "removal <group id> <id>", "deletion <group id>".
    async function taken(mark) {
        const all = [];
        for (const entry of await target.log(mark)) {
            const [, kind, id] = /\/(Users|Groups)\/?([^/]*)$/.exec(entry.path);
            if (entry.method === 'DELETE') all.push(`deletion ${id}`);
            if (kind === 'Users' && entry.method === 'PATCH' && activeIn(entry) === false) all.push(`deactivation ${id}`);
            if (kind !== 'Groups') continue;
            for (const operation of operations(entry)) {
                const member = operation.op === 'remove' && /members\[value eq "([^"]+)"\]/.exec(operation.path);
                if (member) all.push(`removal ${id} ${member[1]}`);
            }
        }
        return all.sort();
    }

    // The same, as the plan's changes say it.
    async function told(changes) {
        const there = new Map((await target.groups()).map((each) => [each.displayName, each.id]));
        return changes
            .map((each) => {
                const group = there.get(each.targetGroupName);
                if (each.kind === 'GROUP_DELETION') return `deletion ${group}`;
                return each.kind === 'REMOVAL' ? `removal ${group} ${each.externalId}` : `deactivation ${each.externalId}`;
            })
            .sort();
    }

    const logged = async () => (await muster.ask('GET', '/api/v1/logs?sortOrder=DESCENDING&limit=1'))[0].uuid;

    // The plan, page by page; nothing of it may have happened.
    async function plan(method, path, body, limit = 7) {
        const before_ = await logged();
        const mark = await target.mark();
        const changes = [];
        let next = `${path}${path.includes('?') ? '&' : '?'}dryRun=true&limit=${limit}`;
        let first;
        while (next) {
            const answer = await muster.call(method, next, body === undefined ? {} : { body });
            assert.equal(answer.status, 200, answer.text);
            assert.equal(answer.json.dryRun, true);
            assert.equal(answer.json.complete, true);
            assert.equal(answer.headers['x-muster-change'], undefined, 'no change was made');
            assert.ok(answer.json.changes.length <= limit);
            first = first || answer.json;
            changes.push(...answer.json.changes);
            const link = [answer.headers.link].flat().join(', ').match(/<([^>]+)>; rel="next"/);
            next = link && link[1].replace(/^https?:\/\/[^/]+/, '');
        }
        await muster.synced(app.id);
        assert.equal(await logged(), before_, 'nothing was logged');
        assert.deepEqual(await target.log(mark), [], 'nothing was sent');
        assert.equal(first.deactivations + first.removals + first.groupDeletions + first.protected, changes.length);
        return { ...first, changes };
    }

    // The plan of an act, then the act: it does what the plan said.
    async function planned(method, path, body) {
        const said = await plan(method, path, body);
        const expected = await told(said.changes);
        const mark = await target.mark();
        const answer = await muster.call(method, path, body === undefined ? {} : { body });
        assert.ok(answer.status < 300, answer.text);
        await muster.synced(app.id);
        assert.deepEqual(await taken(mark), expected);
        return said;
    }

    const limits = (limit) => muster.ask('PUT', api('/group-push/limits'), { deactivations: limit, removals: limit, removalsPerGroup: limit, groupDeletions: limit });

    before(async () => {
        muster = await Muster.start();
        target = await Practice.start();
        logins = await importCrowd(muster, PEOPLE, (i) => ['Everyone', ...(i < 30 ? ['Team'] : []), ...(i < 12 ? ['Night'] : [])]);
        ids = await userIds(muster);
        app = await connectedApp(muster, 'Planned', target);
        await limits({ off: true });
        for (const name of ['Everyone', 'Team', 'Night']) groups[name] = await groupByName(muster, name);
        await muster.ask('PUT', api(`/groups/${groups.Everyone.id}`), {});
        for (const name of ['Team', 'Night']) {
            groups[name].mapping = await muster.ask('POST', api('/group-push/mappings'), {
                sourceGroupId: groups[name].id,
                targetGroupName: name,
            });
        }
        await muster.synced(app.id);
    });
    after(async () => {
        if (target) await target.stop();
        if (muster) await muster.stop();
    });
    afterEach(() => muster.check());

    // On the command line: what --dry-run of a verb says is the call's plan, and nothing is done.
    test('--dry-run of each verb that may take something away', async () => {
        const before_ = await logged();
        const mark = await target.mark();
        const dry = async (args, deactivations, removals, groupDeletions = 0) => {
            const { code, output } = await muster.cli([...args, '--dry-run', '--json']);
            assert.equal(code, 0, `${args}: ${output}`);
            const said = JSON.parse(output);
            assert.deepEqual([said.deactivations, said.removals, said.groupDeletions], [deactivations, removals, groupDeletions], args.join(' '));
            return said;
        };
        await dry(['user', 'deactivate', logins[2]], 1, 2);
        await dry(['user', 'delete', logins[2], '--deactivate'], 1, 2);
        await dry(['user', 'update', logins[2], 'title=Head'], 0, 0);
        await dry(['group', 'remove', 'Team', logins[2]], 0, 1);
        await dry(['group', 'delete', 'Night'], 0, 0); // the app keeps its group
        await dry(['group', 'delete', 'Everyone'], PEOPLE, 42);
        await dry(['app', 'unassign', 'Planned', 'Everyone'], PEOPLE, 42);
        await dry(['push', 'deactivate', 'Planned', 'Night'], 0, 0);
        await dry(['push', 'activate', 'Planned', 'Night'], 0, 0);
        await dry(['push', 'unlink', 'Planned', 'Night', '--keep-group'], 0, 0);
        await dry(['push', 'unlink', 'Planned', 'Night', '--delete-group'], 0, 0, 1);

        // Several calls are several plans.
        const two = await muster.cli(['user', 'deactivate', logins[2], logins[40], '--dry-run', '--json']);
        assert.equal(two.code, 0);
        assert.deepEqual(JSON.parse(two.output).map((each) => each.removals), [2, 0]);
        const mixed = await muster.cli(['user', 'deactivate', 'nobody@example.com', logins[2], '--dry-run']);
        assert.notEqual(mixed.code, 0, 'one of them failed');

        const words = await muster.cli(['user', 'deactivate', logins[2], '--dry-run']);
        assert.match(words.output, new RegExp(`DEACTIVATION +${logins[2]}`));
        assert.match(words.output, /2 removals, 1 deactivation and 0 group deletions; of these 0 would be held by deletion limits, and 0 are protected\nnothing was done/);
        assert.doesNotMatch(words.output, /^deactivated/m);
        const steps = await muster.cli(['push', 'delete', 'Planned', 'Night', '--keep-group', '--deactivate', '--dry-run']);
        assert.equal(steps.code, 2);
        assert.match(steps.output, /muster push unlink --dry-run/);

        await muster.synced(app.id);
        assert.equal(await logged(), before_, 'nothing was logged');
        assert.deepEqual(await target.log(mark), [], 'nothing was sent');
    });

    test('one member', async () => {
        const said = await planned('DELETE', `/api/v1/groups/${groups.Team.id}/users/${ids.get(logins[0])}`);
        assert.equal(said.removals, 1);
        assert.equal(said.changes[0].login, logins[0]);
        assert.equal(said.apps[0].appId, app.id);
    });

    test('a person who is deactivated', async () => {
        const said = await planned('POST', `/api/v1/users/${ids.get(logins[1])}/lifecycle/deactivate`);
        assert.equal(said.deactivations, 1);
        assert.equal(said.removals, 2, 'of both groups');
    });

    test('a rule of the directory that changes', async () => {
        const late = await muster.ask('POST', '/api/v1/groups', { profile: { name: 'Late' } });
        await muster.ask('POST', api('/group-push/mappings'), { sourceGroupId: late.id, targetGroupName: 'Late' });
        const rule = await muster.ask('POST', '/api/v1/groups/rules', {
            type: 'group_rule',
            name: 'late',
            conditions: { expression: { type: 'urn:okta:expression:1.0', value: 'String.startsWith(user.login, "crowd-0000")' } },
            actions: { assignUserToGroups: { groupIds: [late.id] } },
        });
        await muster.ask('POST', `/api/v1/groups/rules/${rule.id}/lifecycle/activate`);
        await muster.synced(app.id);
        await muster.ask('POST', `/api/v1/groups/rules/${rule.id}/lifecycle/deactivate`);
        const said = await planned('DELETE', `/api/v1/groups/rules/${rule.id}?removeUsers=true`);
        assert.equal(said.removals, 9, 'ten less the one who is not active');
    });

    test('a mapping that is switched off takes nothing away; one that is deleted with its group does', async () => {
        const mapping = api(`/group-push/mappings/${groups.Night.mapping.id}`);
        const off = await planned('PATCH', mapping, { status: 'INACTIVE' });
        assert.equal(off.changes.length, 0);
        const said = await planned('DELETE', `${mapping}?deleteTargetGroup=true`);
        assert.equal(said.groupDeletions, 1);
        assert.equal(said.changes[0].targetGroupName, 'Night');
    });

    test('push rules', async () => {
        for (const name of ['Site A', 'Site B']) {
            const site = await muster.ask('POST', '/api/v1/groups', { profile: { name } });
            await muster.bulkMembers(name, logins.slice(20, 24));
            groups[name] = site;
        }
        const rule = await muster.ask('POST', api('/group-push/rules'), {
            name: 'sites',
            groupName: { operator: 'STARTS_WITH', value: 'Site ' },
        });
        await muster.synced(app.id);
        const said = await planned('DELETE', api(`/group-push/rules/${rule.id}?mappings=DELETE_WITH_APP_GROUPS`));
        assert.equal(said.groupDeletions, 2);
    });

    test('drift that is repaired', async () => {
        const team = (await target.groups()).find((each) => each.displayName === 'Team');
        const stranger = await target.seedUser({ userName: 'stranger@example.com' });
        await target.ask('PATCH', `/scim/v2/Groups/${team.id}`, {
            schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
            Operations: [{ op: 'add', path: 'members', value: [{ value: stranger.id }] }],
        });
        let run = await muster.ask('POST', api('/drift/scans'), {});
        while (!run.finished) run = await muster.ask('GET', api(`/drift/scans/${run.id}?wait=30s`));
        assert.equal(run.differences, 1);
        assert.equal((await muster.call('GET', api(`/imports/${run.id}`))).status, 404); // a scan is no import
        const { code, output } = await muster.cli(['drift', 'repair', 'Planned', '--kind', 'MEMBER_EXTRA', '--dry-run']);
        assert.equal(code, 0, output);
        assert.match(output, /1 removal, 0 deactivations and 0 group deletions; of these 0 would be held/);
        const said = await planned('POST', api('/drift/repair'), { kind: 'MEMBER_EXTRA' });
        assert.equal(said.removals, 1);
        assert.equal(said.changes[0].externalId, stranger.id);
    });

    test('an import that the safeguard holds', async () => {
        const alone = ['solo@example.com', 'sola@example.com']; // more than one per cent
        for (const login of alone) {
            const profile = { login, email: login, firstName: 'Some', lastName: 'One' };
            const user = await muster.ask('POST', '/api/v1/users?activate=true', { profile });
            await muster.ask('POST', api('/users'), { id: user.id, scope: 'USER' });
        }
        await muster.bulkMembers('Team', alone);
        await muster.synced(app.id);
        const imported = async () => {
            let run = await muster.ask('POST', api('/imports'), {});
            while (!run.finished && run.status !== 'HELD') run = await muster.ask('GET', api(`/imports/${run.id}?wait=30s`));
            return run;
        };
        assert.equal((await imported()).status, 'COMPLETED');
        const gone = (await target.users()).filter((each) => alone.includes(each.userName));
        for (const each of gone) await target.ask('DELETE', `/scim/v2/Users/${each.id}`);
        await muster.ask('PUT', '/api/v1/org/import-safeguard', { app: { status: 'ENABLED', percent: 1 } });
        const run = await imported();
        assert.equal(run.status, 'HELD');
        const said = await plan('POST', api(`/imports/${run.id}/approve`), {});
        assert.equal(said.removals, 2);
        assert.deepEqual(said.changes.map((each) => each.login).sort(), alone.sort());
        assert.equal((await muster.ask('GET', api(`/imports/${run.id}`))).status, 'HELD');
        const mark = await target.mark();
        await muster.ask('POST', api(`/imports/${run.id}/approve`), {});
        let ended;
        do ended = await muster.ask('GET', api(`/imports/${run.id}?wait=30s`));
        while (!ended.finished);
        assert.equal(ended.status, 'COMPLETED');
        await muster.synced(app.id);
        const team = (await target.groups()).find((each) => each.displayName === 'Team');
        assert.deepEqual(await taken(mark), gone.map((each) => `removal ${team.id} ${each.id}`).sort());
    });

    test('what deletion limits would hold, and who is protected', async () => {
        await limits(null);
        await muster.ask('PUT', `/api/v1/users/${ids.get(logins[5])}/protection`, { protected: true });
        const said = await plan('DELETE', api(`/groups/${groups.Everyone.id}`), undefined, 50);
        assert.equal(said.deactivations, PEOPLE - 2);
        assert.equal(said.removals, 27);
        assert.equal(said.protected, 2, 'the account and the membership of one person');
        assert.equal(said.held, PEOPLE - 2 + 27);
        assert.ok(said.changes.every((each) => each.state === (each.login === logins[5] ? 'PROTECTED' : 'HELD')));
        await muster.ask('PUT', `/api/v1/users/${ids.get(logins[5])}/protection`, { protected: false });
    });

    test('without limits, a group that gives the app', async () => {
        await limits({ off: true });
        const said = await planned('DELETE', `/api/v1/groups/${groups.Everyone.id}`);
        assert.equal(said.deactivations, PEOPLE - 1);
        assert.equal(said.removals, 28);
        assert.equal(said.held, 0);
    });

    test('a refusal is the same, and what has no plan says so', async () => {
        const none = await muster.call('DELETE', '/api/v1/groups/00gnothing?dryRun=true');
        assert.equal(none.status, 404);
        for (const slip of ['dryRun=false&dryRun=true', 'dryrun=true', 'DryRun=true']) {
            const answer = await muster.call('DELETE', `/api/v1/groups/${groups.Team.id}?${slip}`);
            assert.equal(answer.status, 400, slip);
            assert.match(answer.text, /dryRun: The parameter is .*nothing was done/);
        }
        const wrong = await muster.call('DELETE', `/api/v1/groups/${groups.Team.id}?dryRun=perhaps`);
        assert.equal(wrong.status, 400);
        assert.match(wrong.json.errorCauses[0].errorSummary, /dryRun/);
        const connection = await muster.call('POST', api('/connections/default?dryRun=true'), {
            body: { baseUrl: target.baseUrl, profile: { authScheme: 'TOKEN', token: 'another-token' } },
        });
        assert.equal(connection.status, 400);
        assert.match(connection.json.errorCauses[0].errorSummary, /no plan/);
    });
});
