// SPDX-License-Identifier: Apache-2.0
// Every named target of `muster practice --profile`: a group is pushed, renamed, loses a tenth of its members and gets
// as many others, and holds exactly those, whatever the target's manners are. 200 members; with MUSTER_TEST_FULL 5,000.
'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { World } = require('./world');
const { BIN, PLAIN_BIN, Practice } = require('../lib/muster');
const { importCrowd, groupByName, inParallel, userIds } = require('./crowd');

const MEMBERS = process.env.MUSTER_TEST_FULL ? 5000 : 200;
const CHANGED = MEMBERS / 10;
const SETTLE_MS = 300000;
// Published rates are hours for 5,000 people: each is met, only sooner.
const RATE_FACTOR = process.env.MUSTER_TEST_FULL ? 600 : 60;
// What Muster does not send and the target wants: an administrator made these accounts there, and Muster links them.
const SEEDED = { salesforce: { entitlements: [{ value: 'Standard User' }] } };

// A test compares them with what the program says.
const PROFILES = [
    'aws-iam-identity-center', 'entra-id', 'slack', 'github-emu', 'gitlab', 'atlassian', 'databricks', 'salesforce',
    'snowflake', 'google-cloud', 'zoom', 'miro', 'deel', 'peakon', 'fusionauth', 'wso2', 'polis', 'scimmy',
    'scimmy-express5', 'scimgateway', 'scim2-server', 'scimserver', 'better-auth',
];

describe('every named target', () => {
    let world;
    let people; // { login, id }, those who are in the group at first and then those who are not

    before(async () => {
        const bin = process.env.MUSTER_TEST_FULL ? PLAIN_BIN : BIN; // so many requests take long under the sanitizers
        world = await World.start(() => Practice.start({ bin }), { muster: { bin } });
        const logins = await importCrowd(world.muster, MEMBERS + CHANGED, () => ['Everyone'], { domain: 'example.com' });
        const ids = await userIds(world.muster);
        people = logins.map((login) => ({ login, id: ids.get(login) }));
    });
    after(() => world && world.stop());

    // What the group really holds: without the manners, which may hide it.
    async function holdsInTruth(profile, name, members) {
        await world.target.faults([]);
        await world.holds(name, members.map((person) => person.login));
        assert.equal((await world.target.groups()).length, 1);
        await world.target.behaveAs(profile, RATE_FACTOR);
    }

    async function play(profile) {
        const { muster, org, target } = world;
        await target.ask('DELETE', '/practice/state');
        await target.ask('DELETE', '/practice/journal');
        await target.behaveAs(profile, RATE_FACTOR);
        for (const { login } of profile in SEEDED ? people : []) await target.seedUser({ userName: login, ...SEEDED[profile] });
        const app = await org.connectedApp(target);
        await org.assignGroup(app, await groupByName(muster, 'Everyone'));
        const group = await org.group(`Crowd of ${profile}`);
        const first = people.slice(0, MEMBERS);
        await muster.bulkMembers(group.profile.name, first.map((person) => person.login));
        await org.push(app, group);
        await world.settle(app, { timeout: SETTLE_MS });
        await holdsInTruth(profile, group.profile.name, first);

        const name = `Renamed crowd of ${profile}`;
        await org.rename(group, name);
        await world.settle(app, { timeout: SETTLE_MS });
        await holdsInTruth(profile, name, first);

        const gone = first.filter((_, i) => i % 10 === 3);
        const come = people.slice(MEMBERS);
        const member = (person) => `/api/v1/groups/${group.id}/users/${person.id}`;
        await inParallel(gone, (person) => muster.ask('DELETE', member(person)));
        await inParallel(come, (person) => muster.ask('PUT', member(person)));
        await world.settle(app, { timeout: SETTLE_MS });
        await holdsInTruth(profile, name, [...first.filter((person) => !gone.includes(person)), ...come]);
        const state = await target.state(); // it counts requests, not those of its own controls
        assert.equal(state.users, people.length);
        assert.equal(state.activeUsers, people.length);
        await world.client.applicationApi.deactivateApplication({ appId: app.id });
        return state;
    }

    test('there are as many as are tested', async () => {
        const { profiles } = await world.target.ask('GET', '/practice/profiles');
        assert.deepEqual(profiles.map((profile) => profile.name).sort(), [...PROFILES].sort());
    });

    for (const profile of PROFILES) {
        test(`${profile}: ${MEMBERS} members, a rename, ${CHANGED} removals and ${CHANGED} adds`, async (t) => {
            const state = await play(profile);
            t.diagnostic(`${state.requests} requests: ${JSON.stringify(state.methods)}, ${JSON.stringify(state.statuses)}`);
        });
    }
});
