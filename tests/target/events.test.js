// SPDX-License-Identifier: Apache-2.0
// What administrators read of what is done around a pushed group. The system log: each step is told by the published
// types, once, with the app and whom it is about as its targets. Failures: in the published words.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { World } = require('./world');
const { Practice } = require('../lib/muster');
const { refused } = require('../lib/sdk');

const TOLD_MS = 300000;

describe('published events', () => {
    let world;
    let org;
    let client;
    let muster;

    before(async () => {
        world = await World.start(() => Practice.start());
        ({ org, client, muster } = world);
    });
    after(() => world && world.stop());
    afterEach(() => muster.check());

    const log = (app) => muster.ask('GET', `/api/v1/logs?limit=1000&filter=${encodeURIComponent(`target.id eq "${app.id}"`)}`);

    // The events that name the app and that `act` causes, until everything is in step (or waits for somebody).
    async function during(app, act) {
        await muster.sync(app.id);
        const seen = new Set((await log(app)).map((event) => event.uuid));
        await act();
        await muster.sync(app.id);
        return (await log(app)).filter((event) => !seen.has(event.uuid));
    }
    const types = (events) => events.map((event) => event.eventType).sort();
    const only = (events, type) => {
        const found = events.filter((event) => event.eventType === type);
        assert.equal(found.length, 1, `${type}: ${types(events)}`);
        return found[0];
    };
    const ofTarget = (event, type) => event.target.filter((each) => each.type === type).map((each) => each.id);
    const PROVISION = 'application.provision.';
    const PUSH = `${PROVISION}group_push.`;

    // An app whose group is assigned and pushed.
    async function pushed() {
        const app = await org.connectedApp(world.target);
        const ann = await org.user();
        const bob = await org.user();
        const group = await org.group(null, [ann, bob]);
        let mapping;
        const events = await during(app, async () => {
            await org.assignGroup(app, group);
            await muster.sync(app.id); // so that both are pushed at once
            mapping = await org.push(app, group);
        });
        return { app, ann, bob, group, mapping, events };
    }

    test('a group is assigned and pushed', async () => {
        const { app, ann, bob, group, mapping, events } = await pushed();
        assert.deepEqual(types(events), [
            `${PUSH}mapping.created`,
            `${PUSH}push_memberships`,
            `${PUSH}pushed`,
            `${PROVISION}user.push`,
            `${PROVISION}user.push`,
            'application.user_membership.add',
            'application.user_membership.add',
            'group.application_assignment.add',
        ]);
        assert.ok(events.every((event) => event.outcome.result === 'SUCCESS'), JSON.stringify(events));
        for (const event of events) assert.deepEqual(ofTarget(event, 'AppInstance'), [app.id]);
        assert.deepEqual(ofTarget(only(events, 'group.application_assignment.add'), 'UserGroup'), [group.id]);
        const people = events.filter((event) => event.eventType === `${PROVISION}user.push`).flatMap((event) => ofTarget(event, 'User'));
        assert.deepEqual(people.sort(), [ann.id, bob.id].sort());
        assert.equal(only(events, `${PUSH}mapping.created`).transaction.type, 'WEB');
        const made = only(events, `${PUSH}pushed`);
        assert.equal(made.transaction.type, 'JOB');
        assert.ok(made.target.some((each) => each.id === mapping.id), JSON.stringify(made.target));
    });

    test('members without the app are left out, and counted', async () => {
        const app = await org.connectedApp(world.target);
        const ann = await org.user();
        const group = await org.group(null, [ann, await org.user(), await org.user(), await org.user(null, { activate: false })]);
        await org.assignUser(app, ann);
        const IGNORED = 'app.user_management.grouppush.mapping.okta.users.ignored';
        let mapping;
        const first = only(await during(app, async () => {
            mapping = await org.push(app, group);
        }), IGNORED);
        assert.equal(first.outcome.result, 'SKIPPED');
        assert.equal(first.outcome.reason, '2 members of the group do not have the app'); // the one who is STAGED would not be pushed with it either
        assert.deepEqual(ofTarget(first, 'UserGroup'), [group.id]);
        assert.deepEqual(ofTarget(first, 'GroupPushMapping'), [mapping.id]);
        await org.assignGroup(app, group);
        await muster.sync(app.id);
        const again = await during(app, () => muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}/push`));
        assert.equal(again.some((event) => event.eventType === IGNORED), false, 'nobody is left out any more');
    });

    test('an assignment of a group is changed and taken away', async () => {
        const { app, group } = await pushed();
        assert.deepEqual(types(await during(app, () => org.assignGroup(app, group, 7))), ['group.application_assignment.update']);
        const gone = types(await during(app, () => org.unassignGroup(app, group)));
        assert.ok(gone.includes(`${PUSH}push_memberships`), `${gone}`); // once, or once for each person
        assert.deepEqual(gone.filter((type) => type !== `${PUSH}push_memberships`), [
            `${PROVISION}user.deactivate`,
            `${PROVISION}user.deactivate`,
            'application.user_membership.remove',
            'application.user_membership.remove',
            'group.application_assignment.remove',
        ]);
    });

    test('a person: linked, changed, renamed, deactivated and back', async () => {
        const app = await org.connectedApp(world.target);
        const ann = await org.user();
        await world.target.seedUser({ userName: ann.profile.login });
        assert.deepEqual(types(await during(app, () => org.assignUser(app, ann))), [
            `${PROVISION}user.push_profile`,
            `${PROVISION}user.sync`,
            'application.user_membership.add',
        ]);
        const update = (appUser) => client.applicationApi.updateApplicationUser({ appId: app.id, userId: ann.id, appUser });
        assert.deepEqual(types(await during(app, () => update({ profile: { title: 'Head' } }))), [
            `${PROVISION}user.push_profile`,
            'application.user_membership.update',
        ]);
        const userName = `renamed-${ann.profile.login}`;
        assert.deepEqual(types(await during(app, () => update({ credentials: { userName } }))), [
            `${PROVISION}user.push_profile`,
            'application.user_membership.change_username',
            'application.user_membership.update',
        ]);
        assert.deepEqual(types(await during(app, () => org.unassignUser(app, ann))), [
            `${PROVISION}user.deactivate`,
            'application.user_membership.remove',
        ]);
        const back = await during(app, () => org.assignUser(app, ann));
        only(back, 'application.user_membership.add');
        only(back, `${PROVISION}user.reactivate`);
    });

    test('a pushed group: renamed, off and on, unlinked and deleted', async () => {
        const { app, group, mapping } = await pushed();
        assert.deepEqual(types(await during(app, () => org.rename(group, org.name('Renamed')))), [`${PUSH}mapping.app.group.renamed`]);
        assert.deepEqual(types(await during(app, () => org.setMapping(app, mapping, 'INACTIVE'))), [`${PUSH}deactivate_mapping`]);
        only(await during(app, () => org.setMapping(app, mapping, 'ACTIVE')), `${PUSH}activate_mapping`);
        const gone = await during(app, () =>
            muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}/unlink`, { deleteTargetGroup: true }),
        );
        assert.deepEqual(types(gone), [`${PUSH}delete_appgroup`, `${PUSH}removed`]);
    });

    test('a push that fails: for now, and for good', async () => {
        const { app, ann, group, mapping } = await pushed();
        await world.target.faults([{ name: 'status', status: 503, method: 'PATCH', path: '/Groups', times: 1 }]);
        const now = only(await during(app, () => org.remove(group, ann)), `${PUSH}mapping.update.or.delete.failed`);
        assert.equal(now.outcome.result, 'FAILURE');
        assert.ok(now.target.some((each) => each.id === mapping.id), JSON.stringify(now.target));
        await world.target.faults([]);
        await world.settle(app);
        assert.equal((await org.mapping(app, mapping)).status, 'ACTIVE');

        await world.target.ask('DELETE', `/scim/v2/Groups/${(await world.targetGroup(group)).id}`);
        const events = await during(app, () => org.rename(group, org.name('Renamed')));
        const held = only(events, `${PUSH}mapping.update.or.delete.failed.with.error`);
        assert.equal(held.outcome.result, 'FAILURE');
        assert.ok(held.outcome.reason.length > 0 && held.outcome.reason.length <= 255, held.outcome.reason);
        only(events, `${PROVISION}group.verify_exists`);
        only(events, `${PUSH}mapping.app.group.renamed.failed`);
        assert.equal((await org.mapping(app, mapping)).status, 'ERROR');
        await refused(org.setMapping(app, mapping, 'INACTIVE'), 400, 'E0000027', 'Retry or delete it');
        await org.deleteMapping(app, mapping, false);
        await refused(org.mapping(app, mapping), 404, 'E0000007');
    });

    test('a member who is not taken, and one who is not let go', async () => {
        const { app, ann, bob, group } = await pushed();
        const everyone = await org.group(null, [ann, bob]);
        const cyd = await org.user();
        await org.assignGroup(app, everyone);
        await org.assignUser(app, cyd);
        await world.settle(app);
        // Not until everything is in step: the account of a refused member is read, but not soon after it was created.
        const told = async (type) => {
            for (const deadline = Date.now() + TOLD_MS; Date.now() < deadline;) {
                const found = (await log(app)).find((event) => event.eventType === `${PROVISION}group_membership.${type}`);
                if (found) return found;
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
            throw new Error(`group_membership.${type} is not told: ${types(await log(app))}`);
        };
        await world.target.faults([{ name: 'status', status: 400, method: 'PATCH', path: '/Groups', text: 'No such member' }]);
        for (const [type, user, act] of [['remove', ann, () => org.remove(group, ann)], ['add', cyd, () => org.add(group, cyd)]]) {
            await act();
            const event = await told(type);
            assert.equal(event.outcome.result, 'FAILURE');
            assert.match(event.outcome.reason, /No such member/);
            assert.deepEqual(ofTarget(event, 'User'), [user.id]);
        }
        await world.target.faults([]);
    });

    test('a rule: its mappings made, its groups deleted with it', async () => {
        const app = await org.connectedApp(world.target);
        const word = org.name('Region').replace(/ /g, '-');
        const groups = [await org.group(`${word} north`), await org.group(`${word} south`)];
        let rule;
        const path = `/api/v1/apps/${app.id}/group-push/rules`;
        const made = await during(app, async () => {
            rule = await muster.ask('POST', path, { name: 'Regions', groupName: { operator: 'STARTS_WITH', value: word } });
            while ((await muster.ask('GET', `${path}/${rule.id}`)).evaluating) await muster.sync(app.id);
        });
        const created = made.filter((event) => event.eventType === 'app.user_management.grouppush.mapping.created.from.rule');
        assert.deepEqual(created.flatMap((event) => ofTarget(event, 'UserGroup')).sort(), groups.map((group) => group.id).sort());
        const gone = await during(app, () => muster.ask('DELETE', `${path}/${rule.id}?mappings=DELETE_WITH_APP_GROUPS`));
        only(gone, `${PUSH}mapping.and.groups.deleted.rule.deleted`);
        assert.equal(gone.filter((event) => event.eventType === `${PUSH}delete_appgroup`).length, 2, `${types(gone)}`);
    });

    describe('published texts of failures', () => {
        // What the target answers to which request, who causes it, and the stage that the text names.
        const refuse = async (method, path, status, text, act) => {
            await world.target.faults([{ name: 'status', status, method, path, text }]);
            try {
                return await act();
            } finally {
                await world.target.faults([]);
            }
        };
        const assertText = (actual, start, stage, words) => {
            const when = /^Failed on \d\d-\d\d-\d{4} \d\d:\d\d:\d\d[AP]M UTC: /;
            assert.equal(actual.replace(when, 'Failed on WHEN: '), `${start}: ${stage}: ${words}`);
        };
        const ofGroup = (group) => `Failed on WHEN: Unable to update Group Push mapping target App group ${group.profile.name}`;
        const ofUser = (app, user) => `Automatic provisioning of user ${user.profile.login} to app ${app.label} failed`;
        const summary = async (app, mapping) => (await org.mapping(app, mapping)).errorSummary;

        test('a group: created, its members, renamed, found', async () => {
            const app = await org.connectedApp(world.target);
            const ann = await org.user();
            const group = await org.group(null, [ann]);
            await org.assignGroup(app, group);
            await world.settle(app);
            const unparsable = 'Bad Request. Errors reported by remote server: Request is unparsable';
            let mapping;
            await refuse('POST', '/Groups', 400, 'Request is unparsable', async () => {
                mapping = await org.push(app, group);
                await muster.sync(app.id);
            });
            assertText(await summary(app, mapping), ofGroup(group), `Error while creating user group ${group.profile.name}`, unparsable);

            await refuse('PATCH', '/Groups', 501, 'patch-REPLACE-operation not supported', async () => {
                await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/retry`);
                await muster.sync(app.id);
            });
            const membership = `Error while updating user group membership for group ${group.profile.name}`;
            const unsupported = 'Not Implemented. Errors reported by remote server: patch-REPLACE-operation not supported';
            assertText(await summary(app, mapping), ofGroup(group), membership, unsupported);
            await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/retry`);
            await world.settle(app);

            const renamed = { profile: { name: org.name('Renamed') } };
            await refuse('PATCH', '/Groups', 400, 'Request is unparsable', async () => {
                await org.rename(group, renamed.profile.name);
                await muster.sync(app.id);
            });
            assertText(await summary(app, mapping), ofGroup(renamed), `Error while renaming user group ${renamed.profile.name}`, unparsable);

            const other = await org.group();
            let unknown;
            await refuse('GET', '/Groups', 400, 'Request is unparsable', async () => {
                unknown = await org.push(app, other);
                await muster.sync(app.id);
            });
            assertText(await summary(app, unknown), ofGroup(other), `Error while trying to get the group ${other.profile.name}`, unparsable);
        });

        test('a person: looked up, created, updated', async () => {
            const app = await org.connectedApp(world.target);
            const words = 'Bad Request. Errors reported by remote server: no, thanks';
            const retry = () => muster.ask('POST', `/api/v1/apps/${app.id}/group-push/retry`);
            const ann = await org.user();
            const steps = [
                ['GET', 'verify_exists', 'verifying if user LOGIN exists', () => org.assignUser(app, ann)],
                ['POST', 'push', 'creating user LOGIN', retry],
                ['PATCH', 'push_profile', 'updating user LOGIN', async () => {
                    await retry();
                    await world.settle(app);
                    await client.userApi.updateUser({ userId: ann.id, user: { profile: { title: 'Head' } } });
                }],
            ];
            for (const [method, type, stage, act] of steps) {
                const told = await during(app, () => refuse(method, '/Users', 400, 'no, thanks', async () => {
                    await act();
                    await muster.sync(app.id);
                }));
                assert.deepEqual(
                    told.filter((event) => event.outcome.result === 'FAILURE').map((event) => event.eventType),
                    [`${PROVISION}user.${type}`],
                );
                const { failed } = await muster.ask('GET', `/api/v1/apps/${app.id}/sync`);
                assert.equal(failed.length, 1, JSON.stringify(failed));
                assertText(failed[0].error, ofUser(app, ann), `Error while ${stage.replace('LOGIN', ann.profile.login)}`, words);
            }
        });
    });
});
