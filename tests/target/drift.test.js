// SPDX-License-Identifier: Apache-2.0
// Drift, end to end: somebody changes the app, a scan finds it and says who did it, and what is asked for is done.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { Muster, Practice } = require('../lib/muster');
const { connectedApp, groupByName, importCrowd, until, userIds } = require('./crowd');

const PEOPLE = 30;
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

describe('drift', () => {
    let muster;
    let target;
    let app;
    let logins;
    let ids;

    const drift = (path = '') => `/api/v1/apps/${app.id}/drift${path}`;
    const patch = (path, ...operations) => target.ask('PATCH', `/scim/v2${path}`, { schemas: [PATCH], Operations: operations });
    const there = async (login) => (await target.users()).find((each) => each.userName === login);
    const groupThere = async (name) => (await target.groups()).find((each) => each.displayName === name);
    const membersOf = async (name) => ((await groupThere(name)).members || []).map((each) => each.value);
    const addMember = async (name, id) => patch(`/Groups/${(await groupThere(name)).id}`, { op: 'add', path: 'members', value: [{ value: id }] });
    const removeMember = async (name, id) =>
        patch(`/Groups/${(await groupThere(name)).id}`, { op: 'remove', path: `members[value eq "${id}"]` });
    const differences = (query = '') => muster.ask('GET', drift(`/differences${query}`));

    // A scan from beginning to end. What was just pushed may not be shown yet, so that it waits for that.
    async function scan() {
        let run = await muster.ask('POST', drift('/scans'), {});
        while (!run.finished) run = await muster.ask('GET', drift(`/scans/${run.id}?wait=30s`));
        return run;
    }

    before(async () => {
        muster = await Muster.start();
        target = await Practice.start();
        logins = await importCrowd(muster, PEOPLE, (i) => (i < 20 ? ['Everyone', 'Team'] : ['Everyone']));
        ids = await userIds(muster);
        app = await connectedApp(muster, 'Drifting', target);
        await muster.ask('PUT', `/api/v1/apps/${app.id}/groups/${(await groupByName(muster, 'Everyone')).id}`, {});
        await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, {
            sourceGroupId: (await groupByName(muster, 'Team')).id,
            targetGroupName: 'Team',
        });
        await muster.synced(app.id);
    });
    after(async () => {
        if (target) await target.stop();
        if (muster) await muster.stop();
    });
    afterEach(() => muster.check());

    test('before the first scan there are no numbers, and they are not invented', async () => {
        const now = await muster.ask('GET', drift());
        assert.equal(now.members, undefined);
        assert.equal(now.lastScan, undefined);
        assert.deepEqual(now.differences, []);
        const { code, output } = await muster.cli(['drift', 'show', 'Drifting']);
        assert.equal(code, 0, output);
        assert.match(output, /no scan was completed yet/);
    });

    test('in step, nothing is reported and nothing is written', async () => {
        let run;
        await until('every account is compared', async () => {
            run = await scan();
            return run.accounts === PEOPLE;
        });
        assert.equal(run.status, 'COMPLETED');
        assert.equal(run.members, 20);
        assert.equal(run.membersInStep, 20);
        assert.equal(run.accountsInStep, PEOPLE);
        assert.equal(run.differences, 0);
        assert.equal((await muster.ask('GET', drift())).membersInStep, 20);
    });

    test('each edit is found with its cause, as JSON, by filters, and as CSV', async () => {
        const stranger = await target.seedUser({ userName: '=stranger@example.com' });
        await removeMember('Team', (await there(logins[0])).id);
        await addMember('Team', (await there(logins[25])).id);
        await addMember('Team', stranger.id);
        await patch(`/Users/${(await there(logins[1])).id}`, { op: 'replace', path: 'name.givenName', value: '=Other' });
        await patch(`/Users/${(await there(logins[2])).id}`, { op: 'replace', path: 'active', value: false });
        const mark = await target.mark();
        const run = await scan();
        assert.equal(run.differences, 5);
        assert.equal(run.new, 5);
        assert.equal(run.membersInStep, 19);
        assert.ok((await target.log(mark)).every((entry) => entry.method === 'GET'), 'alert is the default');

        const all = await differences();
        assert.deepEqual(all.map((each) => each.kind).sort(), ['ACCOUNT_INACTIVE', 'ATTRIBUTE_DIFFERS', 'MEMBER_EXTRA', 'MEMBER_EXTRA', 'MEMBER_MISSING']);
        assert.ok(all.every((each) => each.cause === 'TARGET' && each.status === 'OPEN'));
        const [attribute] = await differences('?kind=ATTRIBUTE_DIFFERS');
        assert.equal(attribute.attribute, 'firstName');
        assert.deepEqual([attribute.acknowledged, attribute.wanted, attribute.found], ['First1', 'First1', '=Other']);
        const [missing] = await differences(`?userId=${ids.get(logins[0])}`);
        assert.equal(missing.kind, 'MEMBER_MISSING');
        assert.equal(missing.targetGroupName, 'Team');
        const [unknown] = await differences('?class=UNKNOWN');
        assert.equal(unknown.externalId, stranger.id);
        assert.equal((await differences(`?targetGroupId=${missing.targetGroupId}`)).length, 3);

        const csv = await muster.call('GET', drift('/differences?format=csv&limit=2'));
        assert.match(csv.headers['content-type'], /^text\/csv/);
        assert.match(csv.text, /^id,kind,cause,class,status,login,group,externalId,attribute,acknowledged,wanted,found,error,since\r\n/);
        assert.equal(csv.text.trim().split('\r\n').length, 3);
        assert.match([csv.headers.link].flat().join(', '), /rel="next"/);
        const { code, output } = await muster.cli(['drift', 'list', 'Drifting', '--csv']);
        assert.equal(code, 0, output);
        assert.equal(output.trim().split('\r\n').length, 6);
        assert.match(output, /"'=Other"/, 'no formula for a spreadsheet');

        const wrong = await muster.call('GET', drift('/differences?kind=NONSENSE'));
        assert.equal(wrong.status, 400);
        assert.match(wrong.json.errorCauses[0].errorSummary, /kind: Must be one of MEMBER_MISSING/);
    });

    test('new drift is an event that hooks can be told of', async () => {
        const events = await muster.ask('GET', `/api/v1/logs?filter=${encodeURIComponent('eventType eq "muster.drift.found"')}`);
        assert.equal(events.length, 1);
        assert.equal(events[0].severity, 'WARN');
        assert.equal(events[0].target[0].id, app.id);
        assert.match(events[0].outcome.reason, /5 differences were found/);
    });

    test('one call for a person, one for a group, and an exception', async () => {
        // While nothing is repaired yet: what is, is no longer open.
        const inactive = (await differences('?kind=ACCOUNT_INACTIVE'))[0];
        const never = await muster.call('POST', drift('/repair'), { body: { differenceId: inactive.id } });
        assert.equal(never.status, 400);
        assert.match(never.json.errorCauses[0].errorSummary, /never activated/);
        const other = (await differences('?status=OPEN')).find(({ kind }) => kind !== 'ACCOUNT_INACTIVE');
        const refused = await muster.call('POST', drift('/repair'), { body: { differenceIds: [other.id, inactive.id] } });
        assert.match(refused.json.errorCauses[0].errorSummary, /never activated/);
        assert.equal((await muster.ask('GET', drift(`/differences/${other.id}`))).status, 'OPEN', 'all that are named, or none');
        const both = await muster.call('POST', drift('/repair'), { body: { differenceId: other.id, differenceIds: [other.id] } });
        assert.match(both.json.errorCauses[0].errorSummary, /^differenceIds: Does not go together/);
        const accepted = await muster.ask('POST', drift('/accept'), { userId: logins[25], note: 'as agreed' });
        assert.equal(accepted.accepted, 1);
        const repaired = await muster.ask('POST', drift('/repair'), { targetGroupId: (await differences('?kind=MEMBER_MISSING'))[0].targetGroupId });
        assert.equal(repaired.repairing, 2, 'who is accepted is left alone');
        const stranger = (await there('=stranger@example.com')).id;
        await until('the group is as it should be', async () => {
            const members = await membersOf('Team');
            return !members.includes(stranger) && members.includes((await there(logins[0])).id);
        });
        assert.ok((await membersOf('Team')).includes((await there(logins[25])).id));
        const { code, output } = await muster.cli(['drift', 'repair', 'Drifting', '--user', logins[1]]);
        assert.equal(code, 0, output);
        await until('the name is as it should be', async () => (await there(logins[1])).name.givenName === 'First1');
        for (const [body, field] of [
            [{ kind: 'MEMBER_EXTRA', userid: 'x' }, /userid: There is no such field/],
            [{ kind: 'MEMBER_EXTRA', userId: null }, /userId: null selects nothing/],
        ]) {
            const slip = await muster.call('POST', drift('/repair'), { body });
            assert.equal(slip.status, 400, slip.text);
            assert.match(slip.text, field);
        }
        const nothing = await muster.call('POST', drift('/repair'), { body: {} });
        assert.equal(nothing.status, 400);
        assert.match(nothing.json.errorCauses[0].errorSummary, /Say which/);
        assert.equal((await there(logins[2])).active, false);
        const account = await muster.ask('GET', `/api/v1/apps/${app.id}/users/${ids.get(logins[2])}`);
        assert.equal(account.status, 'INACTIVE');
    });

    test('exceptions are listed and taken back, and a setting repairs by itself', async () => {
        const [exception] = await muster.ask('GET', drift('/exceptions'));
        assert.equal(exception.login, logins[25]);
        assert.equal(exception.accepted.note, 'as agreed');
        const settings = await muster.ask('PUT', drift('/settings'), { everyHours: 24, actions: { MEMBER_EXTRA: 'REPAIR' } });
        assert.equal(settings.actions.MEMBER_EXTRA, 'REPAIR');
        assert.equal(settings.actions.MEMBER_MISSING, 'ALERT');
        assert.ok(settings.nextScan);
        const refused = await muster.call('PUT', drift('/settings'), { body: { actions: { ACCOUNT_INACTIVE: 'REPAIR' } } });
        assert.equal(refused.status, 400);
        const run = await scan();
        assert.equal(run.differences, 1, 'the inactive account');
        assert.ok((await membersOf('Team')).includes((await there(logins[25])).id));
        const { code, output } = await muster.cli(['drift', 'revoke', 'Drifting', exception.id]);
        assert.equal(code, 0, output);
        await scan();
        const id = (await there(logins[25])).id;
        await until('the extra member is out', async () => !(await membersOf('Team')).includes(id));
        assert.deepEqual(await muster.ask('GET', drift('/exceptions')), []);
    });

    test('a scan that cannot read everything says so and changes nothing', async () => {
        await removeMember('Team', (await there(logins[3])).id);
        await target.faults([{ name: 'status', method: 'GET', path: '/Groups', status: 403 }]);
        const run = await scan();
        assert.equal(run.status, 'FAILED');
        assert.ok(run.error);
        assert.deepEqual(await differences(`?userId=${ids.get(logins[3])}`), []);
        await target.faults([]);
        await scan();
        assert.equal((await differences(`?userId=${ids.get(logins[3])}`)).length, 1);
        const states = (await muster.ask('GET', drift('/scans'))).map((each) => each.status);
        assert.deepEqual(states.slice(0, 2), ['COMPLETED', 'FAILED']);
    });
});
