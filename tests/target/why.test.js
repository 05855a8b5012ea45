// SPDX-License-Identifier: Apache-2.0
// Why: the answer names a call, and that call, made as it stands, mends it. By API and command line, with the app asked.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, beforeEach, describe, test } = require('node:test');
const { Practice } = require('../lib/muster');
const { World } = require('./world');

describe('why', () => {
    let world;
    let org;
    let muster;
    let app;

    before(async () => {
        world = await World.start(() => Practice.start());
        ({ org, muster } = world);
    });
    beforeEach(async () => {
        app = await org.connectedApp(world.target);
    });
    after(() => world && world.stop());
    afterEach(async () => {
        await world.target.faults([]);
        muster.check();
    });

    const path = (mapping) => `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}/diagnosis`;
    const why = (mapping, user, live = false) => muster.ask('GET', `${path(mapping)}?userId=${user.id}&live=${live}`);

    // Makes the call that the cause names.
    async function mend(answer) {
        const { method, path: where, body } = answer.cause.remedy;
        const done = await muster.call(method, where, { body });
        assert.ok(done.status < 300, `${method} ${where}: ${done.status} ${JSON.stringify(done.json)}`);
    }

    async function pushed(people) {
        const group = await org.group(null, people);
        const mapping = await org.push(app, group);
        await world.settle(app);
        return { group, mapping };
    }

    test('each remedy, one after the other, leads into the group', async () => {
        const user = await org.user(undefined, { activate: false });
        const group = await org.group(null, []);
        await muster.ask('POST', `/api/v1/apps/${app.id}/connections/default/lifecycle/deactivate`);
        const mapping = await org.push(app, group, { status: 'INACTIVE' });
        const causes = [];
        let answer = await why(mapping, user);
        for (let i = 0; answer.cause && i < 10; i++) {
            causes.push(answer.cause.cause);
            await mend(answer);
            if (['CONNECTION_OFF', 'MAPPING_INACTIVE'].includes(answer.cause.cause)) await world.settle(app);
            answer = await why(mapping, user);
        }
        assert.deepEqual(causes, [
            'PERSON_INACTIVE',
            'NOT_A_MEMBER',
            'NOT_ASSIGNED',
            'CONNECTION_OFF',
            'MAPPING_INACTIVE',
        ]);
        assert.equal(answer.verdict, 'IN_STEP', answer.summary);
        assert.equal(answer.cause, undefined);
        assert.ok(answer.since);
        await world.holds(group, [user]);
        const member = answer.checks.find((each) => each.check === 'member');
        assert.equal(member.result, 'PASS');
        assert.ok(member.by, 'the token that added the person');
        assert.ok(member.eventId);
    });

    test('with live=true the app is read: removed there by somebody, and put back by the call', async () => {
        const user = await org.user();
        const other = await org.user(); // an app that shows nobody at all is not believed
        await org.assignUser(app, user);
        await org.assignUser(app, other);
        const { group, mapping } = await pushed([user, other]);
        let answer = await why(mapping, user, true);
        assert.equal(answer.verdict, 'IN_STEP');
        for (const check of ['liveAccount', 'liveGroup', 'liveMember'])
            assert.equal(answer.checks.find((each) => each.check === check).result, 'PASS', check);

        const there = await world.targetGroup(group);
        const account = await world.account(user);
        await world.target.ask('PATCH', `/scim/v2/Groups/${there.id}`, {
            schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
            Operations: [{ op: 'remove', path: `members[value eq "${account.id}"]` }],
        });
        assert.equal((await why(mapping, user)).verdict, 'IN_STEP', 'the store knows nothing of it');
        answer = await why(mapping, user, true);
        assert.equal(answer.verdict, 'MISSING');
        assert.equal(answer.cause.cause, 'LIVE_MEMBER_ABSENT');
        await mend(answer);
        await world.settle(app);
        await world.holds(group, [user, other]);
        assert.equal((await why(mapping, user, true)).verdict, 'IN_STEP');
    });

    test('a whole group: what somebody changed there is told, with live=true and after a scan, and one call mends it', async () => {
        const inside = [await org.user(), await org.user(), await org.user()];
        const outside = await org.user();
        for (const user of [...inside, outside]) await org.assignUser(app, user);
        const { group, mapping } = await pushed(inside);
        await pushed([outside]); // the account is there
        const whole = (live) => muster.ask('GET', `${path(mapping)}?live=${live}`);
        assert.match((await whole(true)).summary, /^3 of 3 members of .*: all is well$/);

        const change = async () => {
            const there = await world.targetGroup(group);
            await world.target.ask('PATCH', `/scim/v2/Groups/${there.id}`, {
                schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
                Operations: [
                    { op: 'remove', path: `members[value eq "${(await world.account(inside[0])).id}"]` },
                    { op: 'add', path: 'members', value: [{ value: (await world.account(outside)).id }] },
                ],
            });
        };
        await change();
        assert.match((await whole(false)).summary, /all is well$/, 'the store knows nothing of it');
        let answer = await whole(true);
        assert.equal(answer.cause.cause, 'LIVE_MEMBERS');
        assert.match(answer.summary, /acknowledged 3 of 3 members of .*But: .*does not show 1 of them.*shows 1 who should not/);
        const { code, output } = await muster.cli(['why', 'everybody', 'in', group.id, 'of', app.label, '--live']);
        assert.equal(code, 1, output);
        assert.match(output, /But: The app does not show 1 of them/);
        await mend(answer);
        await world.settle(app);
        await world.holds(group, inside);
        assert.match((await whole(true)).summary, /all is well$/);

        await change();
        const scan = async () => {
            let run = await muster.ask('POST', `/api/v1/apps/${app.id}/drift/scans`, {});
            while (!run.finished) run = await muster.ask('GET', `/api/v1/apps/${app.id}/drift/scans/${run.id}?wait=30s`);
        };
        await scan();
        answer = await whole(false);
        assert.equal(answer.cause.cause, 'DRIFT_MEMBERS');
        assert.match(answer.summary, /But: A scan did not find 1 of them .*found 1 who should not/);
        assert.equal((await whole(true)).cause.cause, 'LIVE_MEMBERS', 'the app itself is newer');
        await mend(answer);
        await world.settle(app);
        await world.holds(group, inside);
        assert.match((await whole(false)).summary, /all is well$/);
    });

    test('an account that somebody made active again there: one call deactivates it', async () => {
        const user = await org.user();
        await org.assignUser(app, user);
        await world.settle(app);
        await muster.ask('DELETE', `/api/v1/apps/${app.id}/users/${user.id}`);
        await world.settle(app);
        const there = await world.account(user);
        await world.target.ask('PATCH', `/scim/v2/Users/${there.id}`, {
            schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
            Operations: [{ op: 'replace', path: 'active', value: true }],
        });
        const account = `/api/v1/apps/${app.id}/users/${user.id}/diagnosis?live=true`;
        const answer = await muster.ask('GET', account);
        assert.equal(answer.verdict, 'EXTRA');
        assert.equal(answer.cause.cause, 'LIVE_ACCOUNT_ACTIVE');
        await mend(answer);
        await world.settle(app);
        assert.equal((await world.account(user)).active, false);
        assert.equal((await muster.ask('GET', account)).verdict, 'RIGHTLY_ABSENT');
    });

    test('of somebody who left, the account and the groups that are left are told without their names', async () => {
        const user = await org.user();
        await org.assignUser(app, user);
        const { group } = await pushed([user]);
        await muster.ask('POST', `/api/v1/apps/${app.id}/lifecycle/pause`);
        await muster.ask('DELETE', `/api/v1/groups/${group.id}/users/${user.id}`);
        await muster.ask('DELETE', `/api/v1/apps/${app.id}/users/${user.id}`);
        const { code, output } = await muster.cli(['why', user.profile.login]);
        assert.equal(code, 1, output);
        assert.match(output, /has an active account in .* and should have none: The app is paused/);
        assert.match(output, new RegExp(`is in ${group.profile.name} of .* and should not be: The app is paused`));
        await muster.ask('POST', `/api/v1/apps/${app.id}/lifecycle/resume`);
        await world.settle(app);
        const after = await muster.cli(['why', user.profile.login]);
        assert.equal(after.code, 0, after.output);
        assert.match(after.output, /has no app, and is in no group that is pushed/);
    });

    test('with live=true a group that was deleted there is found, and one call makes it again', async () => {
        const user = await org.user();
        await org.assignUser(app, user);
        const { group, mapping } = await pushed([user]);
        await world.target.ask('DELETE', `/scim/v2/Groups/${(await world.targetGroup(group)).id}`);
        const whole = await muster.ask('GET', `${path(mapping)}?live=true`);
        assert.equal(whole.cause.cause, 'LIVE_GROUP_ABSENT');
        const answer = await why(mapping, user, true);
        assert.equal(answer.cause.cause, 'LIVE_GROUP_ABSENT');
        assert.match(answer.cause.remedy.path, /\/repair$/);
        await mend(answer);
        await world.settle(app);
        await world.holds(group, [user]);
        const repaired = await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}/repair`);
        assert.match(repaired.notice, /not restored/);
        assert.equal(repaired.mapping.id, mapping.id);
    });

    test('with live=true an app that does not answer, or may not be asked, is said to be so', async () => {
        const user = await org.user();
        await org.assignUser(app, user);
        const { mapping } = await pushed([user]);
        await world.target.faults([{ name: 'status', method: 'GET', status: 500 }]);
        let answer = await why(mapping, user, true);
        assert.equal(answer.verdict, 'IN_STEP', 'what the store knows stands');
        let check = answer.checks.find((each) => each.check === 'liveMember');
        assert.equal(check.result, 'NOT_APPLICABLE');
        check = answer.checks.find((each) => each.check === 'liveAccount');
        assert.match(check.fact, /did not tell: The app reported an error of its own/);
        await world.target.faults([]);

        await muster.ask('POST', `/api/v1/apps/${app.id}/lifecycle/pause`);
        const mark = await world.target.mark();
        answer = await why(mapping, user, true);
        assert.match(answer.checks.find((each) => each.check === 'liveAccount').fact, /paused/);
        assert.equal((await world.target.log(mark)).length, 0, 'a paused app is not asked');
        await muster.ask('POST', `/api/v1/apps/${app.id}/lifecycle/resume`);
    });

    test('an account: assigned how, and the same with live=true', async () => {
        const user = await org.user();
        const account = `/api/v1/apps/${app.id}/users/${user.id}/diagnosis`;
        let answer = await muster.ask('GET', account);
        assert.equal(answer.cause.cause, 'NOT_ASSIGNED');
        await mend(answer);
        await world.settle(app);
        answer = await muster.ask('GET', `${account}?live=true`);
        assert.equal(answer.verdict, 'IN_STEP');
        assert.equal(answer.checks.find((each) => each.check === 'liveAccount').result, 'PASS');
        assert.match(answer.checks.find((each) => each.check === 'assigned').fact, /individually/);
    });

    test('a whole group: how many of each kind, and who, page by page', async () => {
        const inside = await org.user();
        const outside = [await org.user(), await org.user(), await org.user()];
        await org.assignUser(app, inside);
        const { mapping } = await pushed([inside, ...outside]);
        const whole = await muster.ask('GET', path(mapping));
        assert.equal(whole.members, 4);
        assert.equal(whole.pushed, 1);
        assert.equal(whole.assignedAndPushed, false);
        const counts = Object.fromEntries(whole.people.map((each) => [each.kind, each.count]));
        assert.equal(counts.NOT_ASSIGNED, 3);
        assert.equal(counts.PUSHED, 1);
        const seen = [];
        let next = `${path(mapping)}?kind=NOT_ASSIGNED&limit=2`;
        let pages = 0;
        while (next) {
            const answer = await muster.call('GET', next);
            assert.equal(answer.status, 200);
            pages++;
            for (const person of answer.json) {
                assert.equal(person.cause.cause, 'NOT_ASSIGNED');
                seen.push(person.login);
            }
            const link = /<([^>]*)>; rel="next"/.exec([answer.headers.link || []].flat().join());
            next = link && link[1].replace(/^https?:\/\/[^/]*/, '');
        }
        assert.equal(pages, 2);
        assert.deepEqual(seen.sort(), outside.map((user) => user.profile.login).sort());
        const members = await muster.ask('GET', `${path(mapping)}?kind=MEMBER`);
        assert.deepEqual(Object.fromEntries(members.map((each) => [each.login, each.kind])), {
            [inside.profile.login]: 'PUSHED',
            ...Object.fromEntries(outside.map((user) => [user.profile.login, 'NOT_ASSIGNED'])),
        });
        const found = (kind, q) => muster.ask('GET', `${path(mapping)}?kind=${kind}&q=${encodeURIComponent(q)}`);
        assert.deepEqual((await found('MEMBER', outside[1].profile.login.toUpperCase())).map((each) => each.id), [outside[1].id]);
        assert.deepEqual(await found('PUSHED', outside[1].profile.login), []);
        const everybody = ['why', 'everybody', 'in', mapping.sourceGroupId, 'of', app.label];
        const listed = await muster.cli([...everybody, '--kind', 'not-assigned']);
        assert.equal(listed.code, 0, listed.output);
        for (const user of outside) assert.match(listed.output, new RegExp(`${user.profile.login} +NOT_ASSIGNED +The app is not assigned`));
        assert.ok(!listed.output.includes(inside.profile.login));
        assert.equal((await muster.cli([...everybody, '--kind', 'nobody'])).code, 4);
        assert.equal((await muster.cli(['why', inside.profile.login, '--kind', 'MEMBER'])).code, 2);
    });

    test('bad questions are refused with the field and the remedy', async () => {
        const user = await org.user();
        const { mapping } = await pushed([user]);
        const refused = async (where, status, pattern) => {
            const answer = await muster.call('GET', where);
            assert.equal(answer.status, status, JSON.stringify(answer.json));
            assert.match(JSON.stringify(answer.json), pattern);
        };
        await refused(`${path(mapping)}?kind=NOBODY`, 400, /kind: .*NOT_ASSIGNED/);
        await refused(`${path(mapping)}?kind=PUSHED&userId=${user.id}`, 400, /not both/);
        await refused(`${path(mapping)}?userId=nobody@example.com`, 404, /nobody@example.com/);
        await refused(`${path(mapping)}?live=perhaps`, 400, /live/);
        await refused(`/api/v1/apps/${app.id}/group-push/mappings/gPmNobody/diagnosis?live=true`, 404, /gPmNobody/);
        await refused(`/api/v1/apps/0oaNobody/users/${user.id}/diagnosis`, 404, /0oaNobody/);
        await refused(`/api/v1/users/${user.id}/diagnosis?groupId=00gNobody`, 404, /00gNobody/);
    });

    test('muster why: a sentence, the checks, the call, and a status for scripts', async () => {
        const user = await org.user();
        const late = await org.user();
        await org.assignUser(app, user);
        const { group } = await pushed([user]);
        const args = ['why', user.profile.login, 'in', group.profile.name, 'of', app.label];
        let { code, output } = await muster.cli(args);
        assert.equal(code, 0, output);
        assert.match(output, /as it should be/);
        assert.match(output, /ok {3}SOURCE {3}The person is a member of /);
        ({ code, output } = await muster.cli([...args, '--live']));
        assert.equal(code, 0, output);
        assert.match(output, /The app shows the person in the group/);

        await muster.ask('POST', `/api/v1/apps/${app.id}/lifecycle/pause`);
        await org.assignUser(app, late);
        await org.add(group, late);
        ({ code, output } = await muster.cli(['why', late.profile.login, 'in', group.profile.name]));
        assert.equal(code, 1, output);
        assert.match(output, /FAIL APP {6}The app is paused/);
        assert.match(output, new RegExp(`POST /api/v1/apps/${app.id}/lifecycle/resume`));
        const json = JSON.parse((await muster.cli(['why', late.profile.login, 'of', app.label, '--json'])).output);
        assert.equal(json.diagnoses[0].cause.cause, 'APP_PAUSED');
        ({ code, output } = await muster.cli(['why', 'everybody', 'in', group.profile.name, 'of', app.label]));
        assert.equal(code, 1, output);
        assert.match(output, /1 of 2 members of /);
        await muster.ask('POST', `/api/v1/apps/${app.id}/lifecycle/resume`);
        await world.settle(app);

        for (const words of [['why'], ['why', 'everybody'], ['why', late.profile.login, 'at', 'x'], ['why', late.profile.login, '--live']]) {
            ({ code, output } = await muster.cli(words));
            assert.equal(code, 2, output);
        }
    });

    test('push retry shows what failed and why before it tries again, for one app and for all', async () => {
        const user = await org.user();
        const group = await org.group(null, [user]);
        await org.assignUser(app, user);
        await world.settle(app);
        await world.target.faults([{ name: 'status', method: 'POST', path: '/Groups', status: 403 }]);
        const mapping = await org.push(app, group);
        await muster.sync(app.id);
        const before = await world.target.mark();
        let { code, output } = await muster.cli(['push', 'retry', app.label, '--dry-run']);
        assert.equal(code, 0, output);
        assert.match(output, /FORBIDDEN: 1 groups, 0 accounts, 0 members/);
        assert.match(output, /nothing was done/);
        let plan = await muster.ask('POST', '/api/v1/org/retry?dryRun=true');
        assert.ok(plan.dryRun);
        assert.deepEqual(
            plan.apps.map((each) => [each.appId, each.failed.groups, each.causes[0].errorClass]),
            [[app.id, 1, 'FORBIDDEN']],
        );
        assert.deepEqual(plan.apps[0].causes[0].examples, [group.profile.name]);
        assert.equal((await world.target.log(before)).length, 0);
        assert.equal((await org.mapping(app, mapping)).status, 'ERROR');

        await world.target.faults([]);
        plan = await muster.ask('POST', '/api/v1/org/retry');
        assert.equal(plan.apps.length, 1);
        await world.settle(app);
        await world.holds(group, [user]);
        assert.deepEqual((await muster.ask('POST', '/api/v1/org/retry')).apps, []);
    });

    test('one person is pushed anew to every group of theirs: the account was deleted in the app', async () => {
        const user = await org.user();
        await org.assignUser(app, user);
        const first = await pushed([user]);
        const second = await pushed([user]);
        await world.target.ask('DELETE', `/scim/v2/Users/${(await world.account(user)).id}`);
        const done = await muster.ask('POST', `/api/v1/users/${user.id}/push`);
        assert.deepEqual(done, { accounts: 1, groups: 2, complete: true });
        await world.settle(app);
        await world.holds(first.group, [user]);
        await world.holds(second.group, [user]);
        const { code, output } = await muster.cli(['push', 'person', user.profile.login]);
        assert.equal(code, 0, output);
        assert.match(output, /1 accounts are looked at, and 2 pushed groups/);
    });

    test('one group for assignment and push: said what it means, and warned of or refused where an organisation wants', async () => {
        const policy = (value) => muster.ask('PUT', '/api/v1/org/same-group', { policy: value });
        const group = await org.group(null, [await org.user()]);
        await org.assignGroup(app, group);
        const mapping = await org.push(app, group);
        await world.settle(app);
        const mappings = `/api/v1/apps/${app.id}/group-push/mappings`;
        const shown = await muster.ask('GET', `${mappings}/${mapping.id}`);
        assert.equal(shown.assignedAndPushed, true);
        assert.match(shown.assignedAndPushedMeans, /safe here: who leaves is taken out/);
        assert.equal((await muster.ask('GET', `/api/v1/groups/${group.id}/pushes`))[0].assignedAndPushed, true);
        const listed = await muster.ask('GET', `/api/v1/apps/${app.id}/group-push/same-groups`);
        assert.deepEqual(listed.map((each) => each.groupId), [group.id]);
        const everywhere = await muster.ask('GET', '/api/v1/org/same-groups');
        assert.deepEqual(everywhere.filter((each) => each.appId === app.id), listed);
        assert.equal((await muster.ask('GET', path(mapping))).assignedAndPushed, true);

        try {
            await policy('REFUSE');
            const assigned = await org.group();
            await org.assignGroup(app, assigned);
            let answer = await muster.call('POST', mappings, {
                body: { sourceGroupId: assigned.id, targetGroupName: assigned.profile.name },
            });
            assert.equal(answer.status, 400);
            assert.match(JSON.stringify(answer.json), /sourceGroupId: .* is assigned to this app already, and the organisation refuses/);
            const onlyPushed = await org.group();
            await org.push(app, onlyPushed);
            answer = await muster.call('PUT', `/api/v1/apps/${app.id}/groups/${onlyPushed.id}`, { body: {} });
            assert.equal(answer.status, 400);
            assert.match(JSON.stringify(answer.json), /groupId: .* is pushed to this app already/);
            answer = await muster.call('PUT', `/api/v1/apps/${app.id}/groups/${group.id}`, { body: { priority: 4 } });
            assert.equal(answer.status, 200, 'what is there may be changed');
            const preview = await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/rules/preview`, {
                name: 'x',
                groupName: { operator: 'EQUALS', value: assigned.profile.name },
            });
            assert.equal(preview[0].outcome, 'SAME_GROUP');
            await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/rules`, {
                name: 'Refused',
                groupName: { operator: 'EQUALS', value: assigned.profile.name },
            });
            await world.settle(app);
            assert.equal((await muster.ask('GET', `${mappings}?sourceGroupId=${assigned.id}`)).length, 0);
            const skipped = await muster.ask('GET', `/api/v1/logs?filter=${encodeURIComponent('eventType eq "app.user_management.grouppush.mapping.created.from.rule.error.validation"')}`);
            assert.equal(skipped.length, 1);
            assert.ok(skipped[0].target.some((each) => each.id === assigned.id));

            await policy('WARN');
            await org.push(app, assigned);
            const events = await muster.ask('GET', '/api/v1/logs?limit=1000&filter=eventType%20eq%20%22muster.same_group%22');
            assert.equal(events.length, 1);
            assert.equal(events[0].severity, 'WARN');
            assert.ok(events[0].target.some((target) => target.id === assigned.id));
            assert.equal((await muster.call('PUT', '/api/v1/org/same-group', { body: { policy: 'MAYBE' } })).status, 400);
            assert.match((await muster.cli(['push', 'same-group'])).output, /policy +WARN/);
            assert.equal((await muster.cli(['push', 'same-group', 'perhaps'])).code, 2);
        } finally {
            await policy('ALLOW');
        }
    });
});
