// SPDX-License-Identifier: Apache-2.0
// Everything that a target must show, whichever it is. Each test has people, groups and an app of its own.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { World, removalOf, activationOf, activeIn, operations, shown } = require('./world');
const { all, refused, PASSWORD } = require('../lib/sdk');

// `quirks.filterWithoutQuotes`: the target cannot look up a name that has quotes or backslashes.
function scenarios(name, startTarget, quirks = {}) {
    describe(`against ${name}`, () => {
        let world;
        let org;
        let target;

        before(async () => {
            world = await World.start(startTarget);
            org = world.org;
            target = world.target;
        });
        after(() => world && world.stop());
        afterEach(() => {
            world.muster.check();
            target.check();
        });

        // An app with two people in a group that is both assigned and pushed, everything in step.
        async function pushedPair(switches) {
            const app = await org.connectedApp(target, switches);
            const ann = await org.user();
            const bob = await org.user();
            const group = await org.group(null, [ann, bob]);
            await org.assignGroup(app, group);
            const mapping = await org.push(app, group);
            await world.settle(app);
            await world.holds(group, [ann, bob]);
            return { app, ann, bob, group, mapping };
        }

        // The same, with a second group that is assigned only: who leaves the first keeps the account.
        async function pushedApart() {
            const app = await org.connectedApp(target);
            const ann = await org.user();
            const bob = await org.user();
            const everyone = await org.group(null, [ann, bob]);
            const group = await org.group(null, [ann, bob]);
            await org.assignGroup(app, everyone);
            const mapping = await org.push(app, group);
            await world.settle(app);
            await world.holds(group, [ann, bob]);
            return { app, ann, bob, everyone, group, mapping };
        }

        test('the main job, with the SDK alone', async () => {
            const ann = await org.user('ann@main.example');
            const bob = await org.user('bob@main.example');
            const cyd = await org.user('cyd@main.example');
            const first = await org.group('Main engineering', [ann, bob]);
            const second = await org.group('Main everyone', [bob, cyd]);
            const app = await org.connectedApp(target);
            await org.assignGroup(app, first);
            const mapping = await org.push(app, first);
            const other = await org.push(app, second);
            assert.match(mapping.targetGroupId, /^00g/);
            await world.settle(app);

            await world.holds(first, [ann, bob]);
            await world.holds(second, [bob]);
            assert.equal(await world.account(cyd), undefined, 'cyd is not assigned');
            assert.deepEqual((await target.users()).map((user) => user.userName).sort(), ['ann@main.example', 'bob@main.example']);
            assert.equal((await target.groups()).length, 2);
            for (const each of [mapping, other]) {
                const read = await org.mapping(app, each);
                assert.equal(read.status, 'ACTIVE');
                assert.ok(read.lastPush, 'lastPush is set after the first push');
                assert.ok(!read.errorSummary);
            }
            const appUser = await org.appUser(app, ann);
            assert.equal(appUser.externalId, (await world.account(ann)).id);
            assert.equal(appUser.scope, 'GROUP');
            assert.equal(appUser.status, 'PROVISIONED');
            assert.equal(appUser.syncState, 'SYNCHRONIZED');
        });

        test('an account is created once, with the profile, and active', async () => {
            const app = await org.connectedApp(target);
            const user = await org.user(null, { firstName: 'Zoë', lastName: 'Núñez Ångström', title: 'Head of 猫' });
            const log = await world.during(app, () => org.assignUser(app, user));
            const posts = log.writes.filter((entry) => entry.method === 'POST');
            assert.equal(posts.length, 1, shown(log));
            assert.ok(!('groups' in posts[0].json), 'groups is read-only in SCIM');
            assert.ok(!('password' in posts[0].json), 'no dummy password');
            const account = await world.account(user);
            assert.equal(account.active, true);
            assert.equal(account.name.givenName, 'Zoë');
            assert.equal(account.name.familyName, 'Núñez Ångström');
            assert.equal(account.emails[0].value, user.profile.email);
            const appUser = await org.appUser(app, user);
            assert.equal(appUser.scope, 'USER');
            assert.equal(appUser.externalId, account.id);
        });

        test('who may have an account: each status, with and without a password', async () => {
            const app = await org.connectedApp(target);
            const life = world.client.userApi;
            const people = {
                'STAGED without a password': await org.user(null, { activate: false }),
                'STAGED with a password': await org.user(null, { activate: false, password: PASSWORD }),
                'PROVISIONED (no password)': await org.user(),
                'ACTIVE (password)': await org.user(null, { password: PASSWORD }),
                RECOVERY: await org.user(null, { password: PASSWORD }),
                PASSWORD_EXPIRED: await org.user(null, { password: PASSWORD }),
                SUSPENDED: await org.user(null, { password: PASSWORD }),
                DEPROVISIONED: await org.user(null, { password: PASSWORD }),
            };
            await life.generateResetPasswordToken({ userId: people.RECOVERY.id, sendEmail: false });
            await life.expirePassword({ userId: people.PASSWORD_EXPIRED.id });
            await life.suspendUser({ userId: people.SUSPENDED.id });
            const members = Object.entries(people).filter(([status]) => status !== 'DEPROVISIONED');
            const group = await org.group(null, members.map(([, user]) => user));
            await life.deactivateUser({ userId: people.DEPROVISIONED.id });
            await org.assignGroup(app, group);
            await org.push(app, group);
            await world.settle(app);
            const eligible = ['PROVISIONED (no password)', 'ACTIVE (password)', 'RECOVERY', 'PASSWORD_EXPIRED'];
            await world.holds(group, eligible.map((status) => people[status]));
            for (const [status, user] of Object.entries(people)) {
                assert.equal(Boolean(await world.account(user)), eligible.includes(status), status);
            }
            // What the statuses lead to is followed as well.
            await life.unsuspendUser({ userId: people.SUSPENDED.id });
            await life.activateUser({ userId: people['STAGED without a password'].id, sendEmail: false });
            await world.settle(app);
            await world.holds(group, [
                ...eligible.map((status) => people[status]),
                people.SUSPENDED,
                people['STAGED without a password'],
            ]);
        });

        test('a person with every attribute, an unusual user name and mail address', async () => {
            const app = await org.connectedApp(target);
            const login = `o'brien+${org.name('x').replace(/ /g, '_')}.ünïcode~!#$%&*=?^{|}@sub.example.com`;
            const user = await org.user(login, {
                email: 'first.o+tag@sub-domain.example.com',
                middleName: 'Q',
                honorificPrefix: 'Dr.',
                honorificSuffix: 'III',
                nickName: 'Nick',
                displayName: 'Dr. First "Nick" Example III',
                profileUrl: 'https://example.com/~first',
                secondEmail: 'second@example.com',
                mobilePhone: '+1 555 0100',
                primaryPhone: '+1 555 0101',
                streetAddress: '1 Main Street',
                city: 'Zürich',
                state: 'ZH',
                zipCode: '8000',
                countryCode: 'CH',
                preferredLanguage: 'de-CH',
                locale: 'de_CH',
                timezone: 'Europe/Zurich',
                userType: 'Employee',
                employeeNumber: '0007',
                costCenter: 'CC 1',
                organization: 'Example Ltd',
                division: 'North',
                department: 'R&D',
                title: 'Engineer',
            });
            await org.assignUser(app, user);
            await world.settle(app);
            const account = await world.account(login);
            assert.equal(account.userName, login);
            assert.equal(account.displayName, 'Dr. First "Nick" Example III');
            assert.equal(account.emails.find((mail) => mail.primary || account.emails.length === 1).value, user.profile.email);
            await world.client.userApi.deactivateUser({ userId: user.id });
            await world.settle(app);
            assert.equal((await world.account(login)).active, false);
        });

        test('profiles: the person, then the best group, then the assignment', async () => {
            const app = await org.connectedApp(target);
            const ann = await org.user(null, { title: 'From the directory' });
            const bob = await org.user();
            const first = await org.group(null, [ann, bob]);
            const second = await org.group(null, [ann]);
            const assign = (group, priority, profile) =>
                world.client.applicationApi.assignGroupToApplication({
                    appId: app.id,
                    groupId: group.id,
                    applicationGroupAssignment: { priority, profile },
                });
            const title = async (user) => {
                await world.settle(app);
                return (await world.account(user)).title;
            };
            await assign(first, 5, { title: 'First' });
            assert.equal(await title(ann), 'First');
            await assign(second, 9, { title: 'Second' });
            assert.equal(await title(ann), 'First', 'the better priority wins');
            await assign(second, 1, { title: 'Second' });
            assert.equal(await title(ann), 'Second');
            assert.equal(await title(bob), 'First');
            await assign(first, 5, { title: 'Changed' });
            assert.equal(await title(bob), 'Changed', 'changed for all members of the group');
            await org.assignUser(app, ann, { profile: { title: 'Her own' } });
            assert.equal(await title(ann), 'Her own');
            await world.client.applicationApi.updateApplicationUser({
                appId: app.id,
                userId: ann.id,
                appUser: { profile: { title: 'Edited' } },
            });
            assert.equal(await title(ann), 'Edited');
            await org.unassignUser(app, ann);
            assert.equal(await title(ann), 'Second', 'back to what the group gives');
        });

        test('an account that exists is linked, not created again', async () => {
            const app = await org.connectedApp(target);
            const user = await org.user(null, { firstName: 'Fresh' });
            const old = await target.seedUser({ userName: user.profile.login, name: { givenName: 'Stale', familyName: 'X' } });
            const log = await world.during(app, () => org.assignUser(app, user));
            assert.equal(log.filter((entry) => entry.method === 'POST').length, 0, shown(log));
            const account = await world.account(user);
            assert.equal(account.id, old.id);
            assert.equal(account.name.givenName, 'Fresh', 'a linked account gets the profile');
            assert.equal((await org.appUser(app, user)).externalId, old.id);
        });

        test('an inactive account that exists is linked and activated by the assignment', async () => {
            const app = await org.connectedApp(target);
            const user = await org.user();
            const old = await target.seedUser({ userName: user.profile.login, active: false });
            await org.assignUser(app, user);
            await world.settle(app);
            const account = await world.account(user);
            assert.equal(account.id, old.id);
            assert.equal(account.active, true);
        });

        test('a person who joins is one small PATCH', async () => {
            const { app, ann, bob, everyone, group } = await pushedApart();
            const cyd = await org.user();
            await org.add(everyone, cyd);
            const log = await world.during(app, () => org.add(group, cyd));
            assert.equal(log.length, 1, shown(log));
            assert.equal(log[0].method, 'PATCH');
            assert.deepEqual(
                operations(log[0]).map(({ op, path, value }) => [op, path, [value].flat().map((each) => each.value)]),
                [['add', 'members', [(await world.account(cyd)).id]]],
            );
            await world.holds(group, [ann, bob, cyd]);
        });

        test('a person who joins a group that is assigned and pushed gets the account first', async () => {
            const { app, ann, bob, group } = await pushedPair();
            const cyd = await org.user();
            const log = await world.during(app, () => org.add(group, cyd));
            const created = log.findIndex((entry) => entry.method === 'POST' && entry.path.endsWith('/Users'));
            const joined = log.findIndex((entry) => entry.method === 'PATCH' && /\/Groups\//.test(entry.path));
            assert.ok(created >= 0 && created < joined, shown(log));
            assert.equal(log.writes.length, 2, shown(log));
            await world.holds(group, [ann, bob, cyd]);
        });

        test('a person who leaves is one small PATCH, and keeps the account that another group gives', async () => {
            const { app, ann, bob, group } = await pushedApart();
            const log = await world.during(app, () => org.remove(group, bob));
            assert.equal(log.length, 1, shown(log));
            assert.deepEqual(
                operations(log[0]).map(({ op, path }) => [op, path]),
                [['remove', `members[value eq "${(await world.account(bob)).id}"]`]],
            );
            await world.holds(group, [ann]);
            assert.equal((await world.account(bob)).active, true);
        });

        test('a person who leaves a group that is assigned and pushed is out first, then inactive', async () => {
            const { app, ann, bob, group } = await pushedPair();
            const { id } = await world.account(bob);
            const log = await world.during(app, () => org.remove(group, bob));
            const out = removalOf(log, id);
            const inactive = activationOf(log, id, false);
            assert.ok(out >= 0 && out < inactive, shown(log));
            await world.holds(group, [ann]);
            assert.equal((await world.account(bob)).active, false);
        });

        test('coming and going within a moment ends as the directory says', async () => {
            const { app, ann, bob, group } = await pushedPair();
            for (let i = 0; i < 5; i++) {
                await org.remove(group, bob);
                await org.add(group, bob);
            }
            await org.remove(group, ann);
            await org.add(group, ann);
            await org.remove(group, ann);
            await world.settle(app);
            await world.holds(group, [bob]);
            assert.equal((await world.account(bob)).active, true);
            assert.equal((await world.account(ann)).active, false);
        });

        test('a renamed group is renamed there', async () => {
            const { app, ann, bob, group } = await pushedPair();
            const before = await world.targetGroup(group);
            const name = org.name('Renamed Ω');
            const log = await world.during(app, () => org.rename(group, name));
            assert.equal(log.writes.length, 1, shown(log));
            const now = await world.holds(name, [ann, bob]);
            assert.equal(now.id, before.id);
            await world.noTargetGroup(group);
        });

        test('a name of 255 characters, some of them awkward, is found again', async () => {
            const app = await org.connectedApp(target);
            const ann = await org.user();
            const quoted = quirks.filterWithoutQuotes ? '' : 'quoted "so" or \\so, ';
            const start = org.name(`A ${quoted}name & (ümläut) 猫 %41 eq`);
            const group = await org.group(start + 'x'.repeat(255 - start.length), [ann]);
            await org.assignGroup(app, group);
            const mapping = await org.push(app, group);
            await world.settle(app);
            await world.holds(group, [ann]);
            await org.setMapping(app, mapping, 'INACTIVE');
            await org.deleteMapping(app, mapping, false);
            await org.push(app, group);
            await world.settle(app);
            await world.holds(group, [ann]);
        });

        test('a changed profile is sent, and says nothing of active', async () => {
            const { app, ann } = await pushedPair();
            const log = await world.during(app, () =>
                world.client.userApi.updateUser({ userId: ann.id, user: { profile: { lastName: 'Married' } } }),
            );
            assert.equal(log.writes.length, 1, shown(log));
            assert.equal(activeIn(log.writes[0]), undefined, shown(log));
            assert.equal((await world.account(ann)).name.familyName, 'Married');
        });

        test('a changed login is a changed userName, the same account', async () => {
            const { app, ann, bob, group } = await pushedPair();
            const before = await world.account(ann);
            const login = `renamed-${ann.profile.login}`;
            await world.client.userApi.updateUser({ userId: ann.id, user: { profile: { login } } });
            await world.settle(app);
            assert.equal((await world.account(login)).id, before.id);
            await world.holds(group, [login, bob]);
        });

        test('a deactivated person is out of the groups first, then inactive; back with the same id', async () => {
            const { app, ann, bob, group } = await pushedPair();
            const second = await org.group(null, [ann, bob]);
            await org.push(app, second);
            await world.settle(app);
            const { id } = await world.account(bob);
            const log = await world.during(app, () => world.client.userApi.deactivateUser({ userId: bob.id }));
            const inactive = activationOf(log, id, false);
            const removals = log.filter((entry, index) => index < inactive && removalOf([entry], id) === 0);
            assert.equal(removals.length, 2, `both memberships go before active: false\n${shown(log)}`);
            assert.equal((await world.account(bob)).active, false);
            await world.holds(group, [ann]);
            await world.holds(second, [ann]);

            const back = await world.during(app, () => world.client.userApi.activateUser({ userId: bob.id, sendEmail: false }));
            assert.equal(back.filter((entry) => entry.method === 'POST').length, 0, shown(back));
            const account = await world.account(bob);
            assert.equal(account.id, id);
            assert.equal(account.active, true);
            await world.holds(group, [ann, bob]);
            await world.holds(second, [ann, bob]);
        });

        test('suspending and unsuspending send nothing', async () => {
            const app = await org.connectedApp(target);
            const ann = await org.user(null, { password: PASSWORD });
            const group = await org.group(null, [ann]);
            await org.assignGroup(app, group);
            await org.push(app, group);
            await world.settle(app);
            const suspended = await world.during(app, () => world.client.userApi.suspendUser({ userId: ann.id }));
            assert.equal(suspended.length, 0, shown(suspended));
            await world.holds(group, [ann]);
            assert.equal((await world.account(ann)).active, true);
            const back = await world.during(app, () => world.client.userApi.unsuspendUser({ userId: ann.id }));
            assert.equal(back.length, 0, shown(back));
            await world.holds(group, [ann]);
        });

        test('a suspended person who leaves the group is taken out', async () => {
            const app = await org.connectedApp(target);
            const ann = await org.user(null, { password: PASSWORD });
            const everyone = await org.group(null, [ann]);
            const group = await org.group(null, [ann]);
            await org.assignGroup(app, everyone);
            await org.push(app, group);
            await world.client.userApi.suspendUser({ userId: ann.id });
            await world.settle(app);
            await org.remove(group, ann);
            await world.settle(app);
            await world.holds(group, []);
        });

        test('an unassigned person is out and inactive; assigned again, the same account', async () => {
            const app = await org.connectedApp(target);
            const ann = await org.user();
            const group = await org.group(null, [ann]);
            await org.assignUser(app, ann);
            await org.push(app, group);
            await world.settle(app);
            const { id } = await world.holds(group, [ann]).then(() => world.account(ann));
            const log = await world.during(app, () => org.unassignUser(app, ann));
            const out = removalOf(log, id);
            assert.ok(out >= 0 && out < activationOf(log, id, false), shown(log));
            assert.equal((await world.account(ann)).active, false);
            await world.holds(group, []);
            await refused(org.appUser(app, ann), 404, 'E0000007');

            await org.assignUser(app, ann);
            await world.settle(app);
            const account = await world.account(ann);
            assert.equal(account.id, id);
            assert.equal(account.active, true);
            await world.holds(group, [ann]);
        });

        test('an unassigned group: its members go, unless something else gives them the app', async () => {
            const { app, ann, bob, group } = await pushedPair();
            await org.assignUser(app, ann);
            assert.equal((await org.appUser(app, ann)).scope, 'USER');
            await org.unassignGroup(app, group);
            await world.settle(app);
            await world.holds(group, [ann]);
            assert.equal((await world.account(ann)).active, true);
            assert.equal((await world.account(bob)).active, false);
        });

        test('an unassigned person whom a group still gives the app stays', async () => {
            const { app, ann, bob, group } = await pushedPair();
            await org.assignUser(app, ann);
            await world.settle(app);
            const log = await world.during(app, () => org.unassignUser(app, ann));
            assert.equal(log.writes.length, 0, shown(log));
            assert.equal((await org.appUser(app, ann)).scope, 'GROUP');
            await world.holds(group, [ann, bob]);
        });

        test('a member without an account is skipped, and joins when assigned', async () => {
            const app = await org.connectedApp(target);
            const ann = await org.user();
            const bob = await org.user();
            const group = await org.group(null, [ann, bob]);
            await org.assignUser(app, ann);
            await org.push(app, group);
            await world.settle(app);
            await world.holds(group, [ann]);
            await org.assignUser(app, bob);
            await world.settle(app);
            await world.holds(group, [ann, bob]);
        });

        test('an empty group is pushed empty', async () => {
            const app = await org.connectedApp(target);
            const group = await org.group();
            await org.push(app, group);
            await world.settle(app);
            await world.holds(group, []);
        });

        test('a group that is larger than a request', async () => {
            const app = await org.connectedApp(target);
            await org.limitsOff(app);
            const people = await Promise.all(Array.from({ length: 230 }, () => org.user()));
            const group = await org.group();
            await Promise.all(people.map((person) => org.add(group, person)));
            await org.assignGroup(app, group);
            await org.push(app, group);
            await world.settle(app);
            await world.holds(group, people);
            const log = await world.during(app, () => org.unassignGroup(app, group));
            await world.holds(group, []);
            for (const person of people) assert.equal((await world.account(person)).active, false, person.profile.login);
            const patches = log.filter((entry) => entry.method === 'PATCH' && /\/Groups\//.test(entry.path));
            assert.ok(patches.length < 40, `${patches.length} requests to remove 230 members`);
        });

        test('a deactivated mapping sends nothing; activated, it catches up', async () => {
            const { app, ann, bob, everyone, group, mapping } = await pushedApart();
            const cyd = await org.user();
            await org.add(everyone, cyd);
            const off = await world.during(app, async () => {
                assert.equal((await org.setMapping(app, mapping, 'INACTIVE')).status, 'INACTIVE');
            });
            assert.equal(off.length, 0, shown(off));
            const quiet = await world.during(app, async () => {
                await org.add(group, cyd);
                await org.remove(group, ann);
            });
            assert.equal(quiet.length, 0, shown(quiet));
            await world.holds(group, [ann, bob]);
            await org.setMapping(app, mapping, 'ACTIVE');
            await world.settle(app);
            await world.holds(group, [bob, cyd]);
        });

        test('a mapping that is created INACTIVE sends nothing before it is activated', async () => {
            const { app, ann, bob } = await pushedPair();
            const group = await org.group(null, [ann, bob]);
            let mapping;
            const log = await world.during(app, async () => {
                mapping = await org.push(app, group, { status: 'INACTIVE' });
            });
            assert.equal(log.length, 0, shown(log));
            await world.noTargetGroup(group);
            await org.setMapping(app, mapping, 'ACTIVE');
            await world.settle(app);
            await world.holds(group, [ann, bob]);
        });

        test('unlink and leave: nothing is sent; pushed again, the same group is linked', async () => {
            const { app, ann, bob, everyone, group, mapping } = await pushedApart();
            const before = await world.targetGroup(group);
            const log = await world.during(app, async () => {
                await org.setMapping(app, mapping, 'INACTIVE');
                await org.deleteMapping(app, mapping, false);
            });
            assert.equal(log.length, 0, shown(log));
            await world.holds(group, [ann, bob]);
            await refused(org.mapping(app, mapping), 404, 'E0000007');
            const cyd = await org.user();
            await org.add(everyone, cyd);
            const quiet = await world.during(app, () => org.add(group, cyd));
            assert.equal(quiet.writes.filter((entry) => /Groups/.test(entry.path)).length, 0, shown(quiet));

            await org.push(app, group);
            await world.settle(app);
            assert.equal((await world.holds(group, [ann, bob, cyd])).id, before.id);
        });

        test('unlink and delete: the group goes, the people stay', async () => {
            const { app, ann, bob, group, mapping } = await pushedPair();
            await refused(org.deleteMapping(app, mapping, true), 400, 'E0000027');
            await org.setMapping(app, mapping, 'INACTIVE');
            await org.deleteMapping(app, mapping, true);
            await world.settle(app);
            await world.noTargetGroup(group);
            assert.equal((await world.account(ann)).active, true);
            assert.equal((await world.account(bob)).active, true);
            assert.deepEqual(await all(world.client.groupPushMappingApi.listGroupPushMappings({ appId: app.id })), []);
        });

        test('a group that exists is linked by name; missing members are added, none twice', async () => {
            const { app, ann, bob } = await pushedPair();
            const group = await org.group(null, [ann, bob]);
            const old = await target.seedGroup({
                displayName: group.profile.name,
                members: [{ value: (await world.account(ann)).id }],
            });
            const log = await world.during(app, () => org.push(app, group));
            assert.equal(log.filter((entry) => entry.method === 'POST').length, 0, shown(log));
            assert.equal((await world.holds(group, [ann, bob])).id, old.id);
        });

        test('a linked group is not deleted', async () => {
            const { app, ann } = await pushedPair();
            const group = await org.group(null, [ann]);
            await target.seedGroup({ displayName: group.profile.name });
            const mapping = await org.push(app, group);
            await world.settle(app);
            await org.setMapping(app, mapping, 'INACTIVE');
            await refused(org.deleteMapping(app, mapping, true), 400, 'E0000027');
            await org.deleteMapping(app, mapping, false);
            await world.holds(group, [ann]);
        });

        test('a linked group is deleted where the app allows it in so many words', async () => {
            const { app, ann } = await pushedPair();
            const group = await org.group(null, [ann]);
            await target.seedGroup({ displayName: group.profile.name });
            const mapping = await org.push(app, group);
            await world.settle(app);
            await org.setMapping(app, mapping, 'INACTIVE');
            await world.muster.ask('PUT', `/api/v1/apps/${app.id}/group-push/settings`, { deleteLinkedGroups: true });
            await org.deleteMapping(app, mapping, true);
            await world.settle(app);
            await world.noTargetGroup(group);
        });

        test('Push Now: what was changed in the target behind our back is set right', async () => {
            const { app, ann, bob, group, mapping } = await pushedPair();
            const stranger = await target.seedUser({ userName: `stranger-${org.name('z')}@example.com`.replace(/ /g, '-') });
            const { id } = await world.targetGroup(group);
            await target.ask('PATCH', `/scim/v2/Groups/${id}`, {
                schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
                Operations: [
                    { op: 'remove', path: `members[value eq "${(await world.account(bob)).id}"]` },
                    { op: 'add', path: 'members', value: [{ value: stranger.id }] },
                ],
            });
            const log = await world.during(app, () =>
                world.muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}/push`),
            );
            await world.holds(group, [ann, bob]);
            assert.ok(log.writes.every((entry) => entry.method === 'PATCH'), shown(log));
            const quiet = await world.during(app, () =>
                world.muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}/push`),
            );
            assert.equal(quiet.writes.length, 0, `nothing differs, so nothing is written\n${shown(quiet)}`);
        });

        test('a link that may not remove members waits until that is allowed', async () => {
            const { app, ann, bob } = await pushedPair();
            const stranger = await target.seedUser({ userName: `stranger-${org.name('x')}@example.com`.replace(/ /g, '-') });
            const group = await org.group(null, [ann, bob]);
            await target.seedGroup({
                displayName: group.profile.name,
                members: [{ value: (await world.account(ann)).id }, { value: stranger.id }],
            });
            const mapping = await world.muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, {
                sourceGroupId: group.id,
                targetGroupName: group.profile.name,
                existingMembers: 'REFUSE',
            });
            await world.muster.sync(app.id);
            const held = await org.mapping(app, mapping);
            assert.equal(held.status, 'ERROR');
            assert.match(held.errorSummary, /member/i);
            const now = await world.targetGroup(group);
            assert.ok(now.members.some((member) => member.value === stranger.id), 'the stranger is still there');

            await world.muster.ask('PATCH', `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}`, {
                status: 'ACTIVE',
                existingMembers: 'REMOVE',
            });
            await world.settle(app);
            assert.equal((await org.mapping(app, mapping)).status, 'ACTIVE');
            await world.holds(group, [ann, bob]);
        });

        test('a link overwrites the members of the app\'s group, as published', async () => {
            const { app, ann, bob } = await pushedPair();
            const stranger = await target.seedUser({ userName: `stranger-${org.name('y')}@example.com`.replace(/ /g, '-') });
            const group = await org.group(null, [ann, bob]);
            await target.seedGroup({ displayName: group.profile.name, members: [{ value: stranger.id }] });
            await world.muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, {
                sourceGroupId: group.id,
                targetGroupName: group.profile.name,
            });
            await world.settle(app);
            await world.holds(group, [ann, bob]);
        });

        test('a linked group by id takes the name of the source', async () => {
            const { app, ann, bob, group, mapping } = await pushedPair();
            const id = (await world.targetGroup(group)).id;
            await org.setMapping(app, mapping, 'INACTIVE');
            await org.deleteMapping(app, mapping, false);
            const other = await org.group(null, [ann, bob]);
            await org.push(app, other, { targetGroupId: mapping.targetGroupId });
            await world.settle(app);
            assert.equal((await world.holds(other, [ann, bob])).id, id);
            await world.noTargetGroup(group);
        });

        test('switch "create" off: no account; turned on, what was missed is offered as a plan', async () => {
            const app = await org.connectedApp(target, { create: false });
            const ann = await org.user();
            const log = await world.during(app, () => org.assignUser(app, ann));
            assert.equal(log.writes.length, 0, shown(log));
            const quiet = await world.during(app, () => org.switches(app));
            assert.equal(quiet.writes.length, 0, 'turning a switch on acts on changes made from then on');
            assert.equal(await world.account(ann), undefined);
            const bob = await org.user();
            await org.assignUser(app, bob);
            await world.settle(app);
            assert.equal((await world.account(bob)).active, true);
            const plan = await world.muster.ask('GET', `/api/v1/apps/${app.id}/backlog`);
            assert.equal(plan.create, 1, JSON.stringify(plan));
            await world.muster.ask('POST', `/api/v1/apps/${app.id}/backlog`);
            await world.settle(app);
            assert.equal((await world.account(ann)).active, true);
        });

        test('switch "update" off: a changed profile sends nothing', async () => {
            const { app, ann } = await pushedPair({ update: false });
            const log = await world.during(app, () =>
                world.client.userApi.updateUser({ userId: ann.id, user: { profile: { lastName: 'Unsent' } } }),
            );
            assert.equal(log.length, 0, shown(log));
            assert.notEqual((await world.account(ann)).name.familyName, 'Unsent');
        });

        test('switch "deactivate" off: out of the groups, but not deactivated', async () => {
            const { app, ann, bob, group } = await pushedPair({ deactivate: false });
            const log = await world.during(app, () => org.remove(group, bob));
            assert.equal(log.writes.filter((entry) => /Users/.test(entry.path)).length, 0, shown(log));
            assert.equal((await world.account(bob)).active, true);
            await world.holds(group, [ann]);
        });

        test('a deactivated app: no traffic and nothing taken away; activated, it catches up', async () => {
            const { app, ann, bob, everyone, group } = await pushedApart();
            const cyd = await org.user();
            const mark = await target.mark();
            await world.client.applicationApi.deactivateApplication({ appId: app.id });
            await org.add(everyone, cyd);
            await org.add(group, cyd);
            await org.remove(group, ann);
            await new Promise((resolve) => setTimeout(resolve, 500));
            assert.deepEqual(await target.log(mark), []);
            await world.holds(group, [ann, bob]);
            await world.client.applicationApi.activateApplication({ appId: app.id });
            await world.settle(app);
            await world.holds(group, [bob, cyd]);
            assert.equal((await world.account(cyd)).active, true);
        });

        test('a connection that is off: no traffic; on again, it catches up', async () => {
            const { app, ann, bob, group } = await pushedApart();
            const mark = await target.mark();
            await world.client.applicationApi.deactivateDefaultProvisioningConnectionForApplication({ appId: app.id });
            await org.remove(group, ann);
            await new Promise((resolve) => setTimeout(resolve, 500));
            assert.deepEqual(await target.log(mark), []);
            await world.client.applicationApi.activateDefaultProvisioningConnectionForApplication({ appId: app.id });
            await world.settle(app);
            await world.holds(group, [bob]);
        });

        test('a deleted app sends nothing', async () => {
            const { app, ann, bob, group } = await pushedPair();
            const mark = await target.mark();
            await world.client.applicationApi.deactivateApplication({ appId: app.id });
            await world.client.applicationApi.deleteApplication({ appId: app.id });
            await new Promise((resolve) => setTimeout(resolve, 500));
            assert.deepEqual(await target.log(mark), []);
            await world.holds(group, [ann, bob]);
            assert.equal((await world.account(ann)).active, true);
            await refused(world.client.applicationApi.getApplication({ appId: app.id }), 404, 'E0000007');
            await world.client.groupApi.deleteGroup({ groupId: group.id });
        });

        test('a deleted person: deactivated there, and out', async () => {
            const { app, ann, bob, group } = await pushedPair();
            await world.client.userApi.deleteUser({ userId: bob.id });
            await world.client.userApi.deleteUser({ userId: bob.id });
            await world.settle(app);
            await world.holds(group, [ann]);
            assert.equal((await world.account(bob)).active, false);
            await refused(world.client.userApi.getUser({ userId: bob.id }), 404, 'E0000007');
        });

        test('a group that was deleted in the target is an error, and made again on retry', async () => {
            const { app, ann, bob, group, mapping } = await pushedApart();
            const old = await world.targetGroup(group);
            await target.ask('DELETE', `/scim/v2/Groups/${old.id}`);
            await org.remove(group, bob);
            await world.muster.sync(app.id);
            const read = await org.mapping(app, mapping);
            assert.equal(read.status, 'ERROR');
            assert.match(read.errorSummary, /^Failed on \d\d-\d\d-\d{4} \d\d:\d\d:\d\d[AP]M UTC: /);
            await world.noTargetGroup(group);
            await world.muster.ask('POST', `/api/v1/apps/${app.id}/group-push/retry`);
            await world.settle(app);
            assert.notEqual((await world.holds(group, [ann])).id, old.id);
            assert.equal((await org.mapping(app, mapping)).status, 'ACTIVE');
        });

        test('two apps at one target do not disturb each other', async () => {
            const first = await pushedPair();
            const app = await org.connectedApp(target);
            const group = await org.group(null, [first.ann]);
            await org.assignGroup(app, group);
            await org.push(app, group);
            await world.settle(app);
            await world.holds(group, [first.ann]);
            await world.holds(first.group, [first.ann, first.bob]);
        });
    });
}

module.exports = { scenarios };
