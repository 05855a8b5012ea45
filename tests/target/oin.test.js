// SPDX-License-Identifier: Apache-2.0
// The published integration test plan of a provisioning source, case by case and by its numbers: what an administrator
// does is done through the API, and what the target then shows is read from the target.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { World, shown } = require('./world');
const { Scimmy } = require('./scimmy');
const { Practice } = require('../lib/muster');
const { all, refused, PASSWORD } = require('../lib/sdk');

// Every attribute of the base profile that is provisioned, and where the target shows it.
const EVERY_ATTRIBUTE = {
    middleName: ['Q', (account) => account.name.middleName],
    honorificPrefix: ['Dr.', (account) => account.name.honorificPrefix],
    honorificSuffix: ['III', (account) => account.name.honorificSuffix],
    displayName: ['Dr. Every "One" III', (account) => account.displayName],
    nickName: ['Every', (account) => account.nickName],
    profileUrl: ['https://example.com/~every', (account) => account.profileUrl],
    title: ['Engineer', (account) => account.title],
    userType: ['Employee', (account) => account.userType],
    preferredLanguage: ['de-CH', (account) => account.preferredLanguage],
    locale: ['de_CH', (account) => account.locale],
    timezone: ['Europe/Zurich', (account) => account.timezone],
    secondEmail: ['second@example.com', (account) => account.emails.find((mail) => !mail.primary).value],
    primaryPhone: ['+1 555 0101', (account) => account.phoneNumbers.find((phone) => phone.type === 'work').value],
    mobilePhone: ['+1 555 0100', (account) => account.phoneNumbers.find((phone) => phone.type === 'mobile').value],
    streetAddress: ['1 Main Street', (account) => account.addresses[0].streetAddress],
    city: ['Zürich', (account) => account.addresses[0].locality],
    state: ['ZH', (account) => account.addresses[0].region],
    zipCode: ['8000', (account) => account.addresses[0].postalCode],
    countryCode: ['CH', (account) => account.addresses[0].country],
    postalAddress: ['1 Main Street, 8000 Zürich', (account) => account.addresses[0].formatted],
    employeeNumber: ['0007', (account) => enterprise(account).employeeNumber],
    costCenter: ['CC 1', (account) => enterprise(account).costCenter],
    organization: ['Example Ltd', (account) => enterprise(account).organization],
    division: ['North', (account) => enterprise(account).division],
    department: ['R&D', (account) => enterprise(account).department],
};

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

function enterprise(account) {
    return account[ENTERPRISE] || {};
}

function cases(name, startTarget) {
    describe(`the published cases against ${name}`, () => {
        let world;
        let org;
        let target;
        let client;

        before(async () => {
            world = await World.start(startTarget);
            ({ org, target, client } = world);
        });
        after(() => world && world.stop());
        afterEach(() => {
            world.muster.check();
            target.check();
        });

        const base = (app) => `/api/v1/apps/${app.id}/group-push`;
        const ask = (method, path, body) => world.muster.ask(method, path, body);
        const pushed = (app) => all(client.groupPushMappingApi.listGroupPushMappings({ appId: app.id }));
        const profileOf = (app, user, profile) =>
            client.applicationApi.updateApplicationUser({ appId: app.id, userId: user.id, appUser: { profile } });
        const profileOfGroup = (app, group, profile) =>
            client.applicationApi.assignGroupToApplication({
                appId: app.id,
                groupId: group.id,
                applicationGroupAssignment: { priority: 0, profile },
            });
        const directoryProfile = (user, profile) => client.userApi.updateUser({ userId: user.id, user: { profile } });
        const titles = (people) => Promise.all(people.map(async (each) => (await world.account(each)).title));
        const activity = (people) => Promise.all(people.map(async (each) => (await world.account(each)).active));

        // Two people with the app by one group, and another group of the two that is pushed: the way that is published.
        async function apart(count = 1) {
            const app = await org.connectedApp(target);
            const ann = await org.user();
            const bob = await org.user();
            const everyone = await org.group(null, [ann, bob]);
            await org.assignGroup(app, everyone);
            const groups = [];
            const mappings = [];
            for (let i = 0; i < count; i++) {
                groups.push(await org.group(null, [ann, bob]));
                mappings.push(await org.push(app, groups[i]));
            }
            await world.settle(app);
            for (const group of groups) await world.holds(group, [ann, bob]);
            return { app, ann, bob, everyone, groups, mappings, group: groups[0], mapping: mappings[0] };
        }

        // A person who has the app and will be in the group next.
        async function newcomer({ app, everyone }) {
            const cyd = await org.user();
            await org.add(everyone, cyd);
            await world.settle(app);
            return cyd;
        }

        const assertGone = async (app, mapping) => {
            await refused(org.mapping(app, mapping), 404, 'E0000007');
            assert.ok(!(await pushed(app)).some((each) => each.id === mapping.id), 'it is still listed');
        };
        const bulk = (app, mappings, action, more) =>
            ask('POST', `${base(app)}/mappings/bulk`, { action, mappingIds: mappings.map((each) => each.id), ...more });

        test('C9290: assign the app to a person', async () => {
            const app = await org.connectedApp(target);
            const ann = await org.user(null, { firstName: 'Zoë', lastName: 'Ångström', title: 'Tester' });
            await org.assignUser(app, ann);
            await world.settle(app);
            const account = await world.account(ann);
            assert.equal(account.name.givenName, 'Zoë');
            assert.equal(account.name.familyName, 'Ångström');
            assert.equal(account.title, 'Tester');
            assert.equal(account.emails[0].value, ann.profile.email);
            assert.equal(account.active, true);
            const appUser = await org.appUser(app, ann);
            assert.equal(appUser.scope, 'USER');
            assert.equal(appUser.externalId, account.id);
        });

        test('C9334: a person with every attribute filled', async () => {
            const app = await org.connectedApp(target);
            const filled = Object.fromEntries(Object.entries(EVERY_ATTRIBUTE).map(([key, [value]]) => [key, value]));
            const ann = await org.user(null, filled);
            await org.assignUser(app, ann);
            await world.settle(app);
            const account = await world.account(ann);
            const shownThere = Object.fromEntries(Object.entries(EVERY_ATTRIBUTE).map(([key, [, read]]) => [key, read(account)]));
            assert.deepEqual(shownThere, filled);
            assert.equal((await org.appUser(app, ann)).syncState, 'SYNCHRONIZED');
        });

        test('C9336: a person with an unusual user name and e-mail', async () => {
            const app = await org.connectedApp(target);
            const login = `o'${org.name('brien').replace(/ /g, '_')}.ünïcode~!#$%&*=?^{|}@sub.example.com`;
            const ann = await org.user(login, { email: "first.o'tag+1@sub-domain.example.co" });
            await org.assignUser(app, ann);
            await world.settle(app);
            const account = await world.account(login);
            assert.equal(account.userName, login);
            assert.equal(account.emails[0].value, "first.o'tag+1@sub-domain.example.co");
            assert.equal((await org.appUser(app, ann)).syncState, 'SYNCHRONIZED');
        });

        test('C9335: a person who already exists in the app', async () => {
            const app = await org.connectedApp(target);
            const ann = await org.user(null, { firstName: 'Fresh' });
            const old = await target.seedUser({ userName: ann.profile.login, name: { givenName: 'Stale', familyName: 'X' } });
            await org.assignUser(app, ann);
            await world.settle(app);
            const account = await world.account(ann); // there are not two
            assert.equal(account.id, old.id);
            assert.equal(account.name.givenName, 'Fresh');
            assert.equal((await org.appUser(app, ann)).externalId, old.id);
        });

        test('C9307: assign the app to a group', async () => {
            const app = await org.connectedApp(target);
            const people = [await org.user(), await org.user(), await org.user()];
            const group = await org.group(null, people);
            await org.assignGroup(app, group);
            await world.settle(app);
            assert.deepEqual(await activity(people), [true, true, true]);
            await world.noTargetGroup(group); // an assignment pushes no group
            const listed = await all(client.applicationApi.listApplicationUsers({ appId: app.id }));
            assert.deepEqual(listed.map((each) => each.id).sort(), people.map((each) => each.id).sort());
            assert.deepEqual([...new Set(listed.map((each) => each.scope))], ['GROUP']);
        });

        test('C9291: edit the assignment of a person', async () => {
            const app = await org.connectedApp(target);
            const ann = await org.user(null, { title: 'Of the directory' });
            await org.assignUser(app, ann);
            await world.settle(app);
            await profileOf(app, ann, { title: 'Of the assignment', department: 'Own' });
            await world.settle(app);
            const account = await world.account(ann);
            assert.equal(account.title, 'Of the assignment');
            assert.equal(enterprise(account).department, 'Own');
            assert.equal((await client.userApi.getUser({ userId: ann.id })).profile.title, 'Of the directory');
        });

        test('C9309: edit the assignment of a group', async () => {
            const app = await org.connectedApp(target);
            const people = [await org.user(), await org.user(null, { title: 'Of the directory' })];
            const group = await org.group(null, people);
            await profileOfGroup(app, group, { title: 'First' });
            await world.settle(app);
            assert.deepEqual(await titles(people), ['First', 'First']);
            await profileOfGroup(app, group, { title: 'Second' });
            await world.settle(app);
            assert.deepEqual(await titles(people), ['Second', 'Second']);
        });

        test('C9310: edit the directory profile of a person', async () => {
            const app = await org.connectedApp(target);
            const ann = await org.user();
            await org.assignUser(app, ann);
            await world.settle(app);
            await directoryProfile(ann, { lastName: 'Married', title: 'Head', email: `new-${ann.profile.email}` });
            await world.settle(app);
            const account = await world.account(ann);
            assert.equal(account.name.familyName, 'Married');
            assert.equal(account.title, 'Head');
            assert.equal(account.emails[0].value, `new-${ann.profile.email}`);
        });

        test('C9337: empty attributes on the assignment of a group, then of a person', async () => {
            const app = await org.connectedApp(target);
            const filled = { title: 'Of the directory', nickName: 'Nick', mobilePhone: '+1 555 0100', city: 'Bern' };
            const ann = await org.user(null, filled);
            const bob = await org.user(null, filled);
            const group = await org.group(null, [ann, bob]);
            await org.assignGroup(app, group);
            await world.settle(app);
            assert.equal((await world.account(ann)).title, 'Of the directory');
            await profileOfGroup(app, group, { title: null, nickName: '' });
            await world.settle(app);
            for (const each of [ann, bob]) {
                const account = await world.account(each);
                assert.ok(!account.title && !account.nickName, JSON.stringify(account));
                assert.equal(account.phoneNumbers[0].value, '+1 555 0100', 'what was not emptied stays');
                assert.equal((await org.appUser(app, each)).syncState, 'SYNCHRONIZED');
            }
            await org.assignUser(app, ann, { profile: { mobilePhone: null, city: '' } });
            await world.settle(app);
            const account = await world.account(ann);
            assert.ok(!(account.phoneNumbers || []).length, JSON.stringify(account));
            assert.ok(!(account.addresses || []).some((address) => address.locality), JSON.stringify(account));
            assert.equal((await org.appUser(app, ann)).syncState, 'SYNCHRONIZED');
            assert.equal((await world.account(bob)).phoneNumbers[0].value, '+1 555 0100', 'nobody else is meant');
        });

        // One person who has the app by a group, one who has it individually; both in the group that is pushed.
        async function bothWays() {
            const app = await org.connectedApp(target);
            const ann = await org.user(null, { password: PASSWORD });
            const bob = await org.user(null, { password: PASSWORD });
            const everyone = await org.group(null, [ann]);
            const group = await org.group(null, [ann, bob]);
            await org.assignGroup(app, everyone);
            await org.assignUser(app, bob);
            await org.push(app, group);
            await world.settle(app);
            await world.holds(group, [ann, bob]);
            return { app, ann, bob, group };
        }

        test('C9292: deactivate the person; C9293: reactivate', async () => {
            const { app, ann, bob, group } = await bothWays();
            const ids = [(await world.account(ann)).id, (await world.account(bob)).id];
            for (const each of [ann, bob]) await client.userApi.deactivateUser({ userId: each.id });
            await world.settle(app);
            assert.deepEqual(await activity([ann, bob]), [false, false]);
            for (const each of [ann, bob]) await refused(org.appUser(app, each), 404, 'E0000007');
            await world.holds(group, []);

            for (const each of [ann, bob]) await client.userApi.activateUser({ userId: each.id, sendEmail: false });
            await world.settle(app);
            assert.deepEqual(await activity([ann, bob]), [true, false], 'who was assigned individually waits to be assigned again');
            await world.holds(group, [ann]);
            await org.assignUser(app, bob);
            await world.settle(app);
            assert.deepEqual(await activity([ann, bob]), [true, true]);
            assert.deepEqual([(await world.account(ann)).id, (await world.account(bob)).id], ids, 'the same accounts');
            await world.holds(group, [ann, bob]);
        });

        test('C9295: suspend; C9300: unsuspend', async () => {
            const { app, ann, bob, group } = await bothWays();
            const log = await world.during(app, async () => {
                for (const each of [ann, bob]) await client.userApi.suspendUser({ userId: each.id });
            });
            assert.equal(log.writes.length, 0, shown(log));
            assert.deepEqual(await activity([ann, bob]), [true, true]);
            await world.holds(group, [ann, bob]);
            const back = await world.during(app, async () => {
                for (const each of [ann, bob]) await client.userApi.unsuspendUser({ userId: each.id });
            });
            assert.equal(back.writes.length, 0, shown(back));
            assert.equal((await org.appUser(app, ann)).scope, 'GROUP');
            assert.equal((await org.appUser(app, bob)).scope, 'USER');
            await world.holds(group, [ann, bob]);
        });

        test('C9294: unassign one person', async () => {
            const app = await org.connectedApp(target);
            const people = [await org.user(), await org.user()];
            for (const each of people) await org.assignUser(app, each);
            await world.settle(app);
            await org.unassignUser(app, people[0]);
            await world.settle(app);
            assert.deepEqual(await activity(people), [false, true]);
            await refused(org.appUser(app, people[0]), 404, 'E0000007');
        });

        test('C9311: unassign the group', async () => {
            const app = await org.connectedApp(target);
            const [ann, bob, cyd] = [await org.user(), await org.user(), await org.user()];
            const group = await org.group(null, [ann, bob, cyd]);
            const other = await org.group(null, [cyd]);
            await org.assignGroup(app, group);
            await org.assignGroup(app, other);
            await org.assignUser(app, bob);
            await world.settle(app);
            await org.unassignGroup(app, group);
            await world.settle(app);
            assert.deepEqual(await activity([ann, bob, cyd]), [false, true, true]);
        });

        test('C9312: push a group by name, Create Group', async () => {
            const app = await org.connectedApp(target);
            const [ann, bob] = [await org.user(), await org.user()];
            const group = await org.group(null, [ann, bob]);
            await org.assignUser(app, ann);
            assert.equal((await ask('GET', `${base(app)}/match?sourceGroupId=${group.id}`)).action, 'CREATE');
            const sources = () => all(client.groupApi.listGroups({ filter: 'type eq "OKTA_GROUP"' }));
            const before = (await sources()).length;
            const mapping = await org.push(app, group);
            await world.settle(app);
            await world.holds(group, [ann]);
            assert.equal((await sources()).length, before, 'no new source group');
            assert.equal((await org.mapping(app, mapping)).status, 'ACTIVE');
        });

        test('C9317: push an empty group', async () => {
            const app = await org.connectedApp(target);
            const group = await org.group();
            const mapping = await org.push(app, group);
            await world.settle(app);
            await world.holds(group, []);
            assert.equal((await org.mapping(app, mapping)).status, 'ACTIVE');
        });

        // A group of the app that is known from Refresh App Groups, somebody else in it, and a source of another name
        // that is linked to it.
        async function linked(renameAppGroups) {
            const app = await org.connectedApp(target);
            const [ann, bob] = [await org.user(), await org.user()];
            const everyone = await org.group(null, [ann, bob]);
            await org.assignGroup(app, everyone);
            if (renameAppGroups !== undefined) await ask('PUT', `${base(app)}/settings`, { renameAppGroups });
            const stranger = await target.seedUser({ userName: `${org.name('stranger').replace(/ /g, '-')}@example.com` });
            const name = org.name('There before');
            const old = await target.seedGroup({ displayName: name, members: [{ value: stranger.id }] });
            const { id } = await ask('POST', `${base(app)}/refresh`);
            let run;
            do run = await ask('GET', `/api/v1/apps/${app.id}/imports/${id}?wait=30s`);
            while (!run.finished);
            assert.equal(run.status, 'COMPLETED', run.error);
            const search = `source.id eq "${app.id}" and profile.name eq "${name}"`;
            const [known] = await all(client.groupApi.listGroups({ search }));
            const group = await org.group(null, [ann, bob]);
            const count = (await target.groups()).length;
            const mapping = await org.push(app, group, { targetGroupId: known.id });
            await world.settle(app);
            assert.equal((await target.groups()).length, count, 'no second group');
            assert.equal((await org.mapping(app, mapping)).targetGroupId, known.id);
            return { app, ann, bob, group, name, old };
        }

        test('C9315: Link Group, rename on', async () => {
            const { ann, bob, group, name, old } = await linked();
            assert.equal((await world.holds(group, [ann, bob])).id, old.id);
            await world.noTargetGroup(name);
        });

        test('C9330: Link Group, rename off', async () => {
            const { app, ann, bob, group, name, old } = await linked(false);
            assert.equal((await world.holds(name, [ann, bob])).id, old.id);
            await org.rename(group, org.name('Renamed'));
            await world.settle(app);
            assert.equal((await world.holds(name, [ann, bob])).id, old.id, 'it keeps its name for good');
        });

        test('C9316: members added behind our back, then Push Now', async () => {
            const { app, ann, bob, group, mapping } = await apart();
            const empty = await org.group();
            const other = await org.push(app, empty);
            await world.settle(app);
            const stranger = await target.seedUser({ userName: `${org.name('stranger').replace(/ /g, '-')}@example.com` });
            for (const each of [group, empty]) {
                const { id } = await world.targetGroup(each);
                await target.ask('PATCH', `/scim/v2/Groups/${id}`, {
                    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
                    Operations: [{ op: 'add', path: 'members', value: [{ value: stranger.id }] }],
                });
            }
            await world.holds(group, [ann, bob, stranger.userName]);
            for (const each of [mapping, other]) await ask('POST', `${base(app)}/mappings/${each.id}/push`);
            await world.settle(app);
            await world.holds(group, [ann, bob]);
            await world.holds(empty, []);
        });

        test('C9319: deactivate group push; C9320: activate it again', async () => {
            const start = await apart();
            const { app, ann, bob, group, mapping } = start;
            const cyd = await newcomer(start);
            assert.equal((await org.setMapping(app, mapping, 'INACTIVE')).status, 'INACTIVE');
            await org.add(group, cyd);
            await world.settle(app);
            await world.holds(group, [ann, bob]);
            assert.equal((await org.setMapping(app, mapping, 'ACTIVE')).status, 'ACTIVE');
            await world.settle(app);
            await world.holds(group, [ann, bob, cyd]);
        });

        test('C9318: unlink, delete the group in the target', async () => {
            const { app, ann, bob, group, mapping } = await apart();
            await ask('POST', `${base(app)}/mappings/${mapping.id}/unlink`, { deleteTargetGroup: true });
            await world.settle(app);
            await world.noTargetGroup(group);
            assert.deepEqual(await activity([ann, bob]), [true, true]);
            await assertGone(app, mapping);
            assert.equal((await client.groupApi.getGroup({ groupId: group.id })).id, group.id, 'the source stays');
        });

        test('C9321: unlink, leave the group in the target; C9322: link again to it', async () => {
            const start = await apart();
            const { app, ann, bob, group, mapping } = start;
            const cyd = await newcomer(start);
            const { id } = await world.targetGroup(group);
            const log = await world.during(app, async () => {
                await ask('POST', `${base(app)}/mappings/${mapping.id}/unlink`, { deleteTargetGroup: false });
                await org.add(group, cyd);
                await org.remove(group, ann);
            });
            assert.equal(log.writes.length, 0, shown(log));
            await world.holds(group, [ann, bob]);
            await assertGone(app, mapping);

            const offer = await ask('GET', `${base(app)}/match?sourceGroupId=${group.id}`);
            assert.equal(offer.action, 'LINK');
            await org.push(app, group, { targetGroupId: offer.candidates[0].id });
            await world.settle(app);
            assert.equal((await world.holds(group, [bob, cyd])).id, id);
        });

        const ruled = async (app, rule) => {
            let now;
            do {
                await world.settle(app);
                now = await ask('GET', `${base(app)}/rules/${rule.id}`);
            } while (now.evaluating);
            return now;
        };

        // A rule by name and description, two groups that it pushes, and one whose description does not match.
        async function byRule() {
            const app = await org.connectedApp(target);
            const [ann, bob] = [await org.user(), await org.user()];
            const everyone = await org.group(null, [ann, bob]);
            await org.assignGroup(app, everyone);
            const word = org.name('Region').replace(/ /g, '-');
            const north = await org.group(`${word} north`, [ann, bob], 'pushed to apps');
            const south = await org.group(`${word} south`, [bob], 'pushed too');
            const hidden = await org.group(`${word} hidden`, [ann], 'is for us');
            const rule = await ask('POST', `${base(app)}/rules`, {
                name: 'Regions',
                groupName: { operator: 'STARTS_WITH', value: word },
                groupDescription: { operator: 'STARTS_WITH', value: 'pushed' },
            });
            assert.equal((await ruled(app, rule)).mappings, 2);
            await world.holds(north, [ann, bob]);
            await world.holds(south, [bob]);
            await world.noTargetGroup(hidden);
            return { app, ann, bob, word, north, south, rule };
        }

        test('C9323: push by rule: name and description; C9324: deactivate the rule', async () => {
            const { app, ann, bob, word, north, south, rule } = await byRule();
            const listed = await ask('GET', `${base(app)}/mappings?ruleId=${rule.id}`);
            assert.deepEqual(listed.map((each) => each.sourceGroupId).sort(), [north.id, south.id].sort());
            const west = await org.group(`${word} west`, [ann], 'pushed later');
            await ruled(app, rule);
            await world.holds(west, [ann]);

            await ask('POST', `${base(app)}/rules/${rule.id}/lifecycle/deactivate`);
            const east = await org.group(`${word} east`, [ann], 'pushed never');
            await org.remove(north, ann);
            assert.equal((await ruled(app, rule)).mappings, 3);
            await world.noTargetGroup(east);
            await world.holds(north, [bob]);
            await world.holds(south, [bob]);
        });

        test('C9325: delete the rule and the associated groups', async () => {
            const { app, ann, bob, north, south, rule } = await byRule();
            await ask('DELETE', `${base(app)}/rules/${rule.id}?mappings=DELETE_WITH_APP_GROUPS`);
            await world.settle(app);
            await world.noTargetGroup(north);
            await world.noTargetGroup(south);
            assert.deepEqual(await pushed(app), []);
            assert.deepEqual(await activity([ann, bob]), [true, true]);
        });

        test('C9326: delete the rule, leave the associated groups', async () => {
            const { app, ann, bob, north, south, rule } = await byRule();
            const log = await world.during(app, () => ask('DELETE', `${base(app)}/rules/${rule.id}?mappings=DELETE`));
            assert.equal(log.writes.length, 0, shown(log));
            await world.holds(north, [ann, bob]);
            await world.holds(south, [bob]);
            assert.deepEqual(await pushed(app), []);
        });

        test('C9327: bulk: delete several, delete in the target', async () => {
            const { app, ann, bob, groups, mappings } = await apart(3);
            await bulk(app, mappings.slice(0, 2), 'UNLINK', { deleteTargetGroup: true });
            await world.settle(app);
            await world.noTargetGroup(groups[0]);
            await world.noTargetGroup(groups[1]);
            await world.holds(groups[2], [ann, bob]);
            assert.deepEqual((await pushed(app)).map((each) => each.id), [mappings[2].id]);
            assert.deepEqual(await activity([ann, bob]), [true, true]);
        });

        test('C9331: bulk: delete several, leave in the target', async () => {
            const { app, ann, bob, groups, mappings } = await apart(2);
            const log = await world.during(app, () => bulk(app, mappings, 'UNLINK', { deleteTargetGroup: false }));
            assert.equal(log.writes.length, 0, shown(log));
            for (const group of groups) await world.holds(group, [ann, bob]);
            assert.deepEqual(await pushed(app), []);
            assert.deepEqual(await activity([ann, bob]), [true, true]);
        });

        test('C9328: bulk: deactivate several; C9329: activate several', async () => {
            const start = await apart(2);
            const { app, ann, bob, groups, mappings } = start;
            const cyd = await newcomer(start);
            await bulk(app, mappings, 'DEACTIVATE');
            assert.deepEqual((await pushed(app)).map((each) => each.status), ['INACTIVE', 'INACTIVE']);
            for (const group of groups) await org.add(group, cyd);
            await world.settle(app);
            for (const group of groups) await world.holds(group, [ann, bob]);
            await bulk(app, mappings, 'ACTIVATE');
            await world.settle(app);
            for (const group of groups) await world.holds(group, [ann, bob, cyd]);
            assert.deepEqual((await pushed(app)).map((each) => each.status), ['ACTIVE', 'ACTIVE']);
        });

        test('C9332: add a person to a group that is both assigned and pushed; C9333: remove the person', async () => {
            const app = await org.connectedApp(target);
            const [ann, bob, cyd] = [await org.user(), await org.user(), await org.user()];
            const group = await org.group(null, [ann]);
            await org.assignGroup(app, group);
            await org.push(app, group);
            await world.settle(app);
            for (const each of [bob, cyd]) await org.add(group, each);
            await world.settle(app);
            await world.holds(group, [ann, bob, cyd]);
            assert.deepEqual(await activity([bob, cyd]), [true, true]);

            await org.assignUser(app, cyd);
            for (const each of [bob, cyd]) await org.remove(group, each);
            await world.settle(app);
            await world.holds(group, [ann]);
            assert.deepEqual(await activity([bob, cyd]), [false, true], 'cyd has the app individually as well');
        });

        test('after all of this no user was deleted, and none was sent a password or groups', async () => {
            const users = (await target.log()).filter((entry) => entry.path.includes('/Users'));
            assert.ok(users.filter((entry) => entry.method === 'POST').length > 50, 'the log is there');
            assert.deepEqual(users.filter((entry) => entry.method === 'DELETE' || entry.method === 'PUT'), []);
            for (const { json } of users) assert.ok(!json || !('password' in json || 'groups' in json), JSON.stringify(json));
        });
    });
}

cases('muster practice', () => Practice.start());
cases('scimmy', () => Scimmy.start());
