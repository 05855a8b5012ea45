// SPDX-License-Identifier: Apache-2.0
// Everything at once: a target that resets connections, answers 500 and applies half of what it is asked, a server that
// is killed every second, and people who come and go all the while. 1,600 membership changes wait at the start; with
// MUSTER_TEST_FULL 20,000.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World } = require('./world');
const { Practice } = require('../lib/muster');
const { importCrowd, inParallel, userIds, groupByName, checkPosts } = require('./crowd');

const PEOPLE = process.env.MUSTER_TEST_FULL ? 2500 : 200;
const TEAMS = 8;
const BATCH = 20; // members in a request, adds and removals apart
const PER_LIFE = 5; // changes that are made between two kills
const KILL_MS = 1000;
// Then nobody comes or goes any more, and what is left is done in peace, but not before enough faults have struck: a slow
// machine would never be done between two kills.
const LIVES = process.env.MUSTER_TEST_FULL ? 1000 : 15;
const LIVES_MIN = 3; // however fast the machine is
const FAULTS = [
    { name: 'drop_before', percent: 2.5 },
    { name: 'drop_after', percent: 2.5 },
    { name: 'status', status: 500, percent: 5 },
    { name: 'half', method: 'PATCH', path: '/Groups/', percent: 5 },
];
// Slow enough for every life of the server to end in the middle of its work.
const SLOW = { name: 'latency', method: 'PATCH', path: '/Groups/', ms: 150 };
const PER_FAULT = 4; // requests beyond the fewest: the one that was struck, a read, and what was left of the batch
const SETTLE_MS = 600000;

// What the directory says: who is in which team. Changes are made until they are acknowledged.
class Teams {
    constructor(muster, groups, ids) {
        this.muster = muster;
        this.groups = groups;
        this.ids = ids;
        this.members = groups.map(() => new Set());
    }

    async change(team, login, join) {
        const path = `/api/v1/groups/${this.groups[team].id}/users/${this.ids.get(login)}`;
        for (;;) {
            try {
                const answer = await this.muster.call(join ? 'PUT' : 'DELETE', path, { timeout: 30000 });
                assert.equal(answer.status, 204, answer.text);
                break;
            } catch (error) {
                if (error.code === 'ERR_ASSERTION') throw error;
                await new Promise((resolve) => setTimeout(resolve, 10)); // killed: it is up again in a moment
            }
        }
        this.note(team, login, join);
    }

    note(team, login, join) {
        if (join) this.members[team].add(login);
        else this.members[team].delete(login);
    }
}

test(`kill -9 every second while ${TEAMS * PEOPLE} membership changes are pushed to a target that resets, fails and does half`, async (t) => {
    const world = await World.start(() => Practice.start({ args: ['--journal-entries', '100000'] }));
    try {
        const { muster, target, org } = world;
        const logins = await importCrowd(muster, PEOPLE, () => ['Everyone']);
        const app = await org.connectedApp(target);
        await org.limitsOff(app); // half of everybody leaves
        await org.assignGroup(app, await groupByName(muster, 'Everyone'));
        const groups = [];
        for (let i = 0; i < TEAMS; i++) groups.push(await org.group(`Team ${i}`));
        const teams = new Teams(muster, groups, await userIds(muster));
        const [first, second] = [logins.slice(0, PEOPLE / 2), logins.slice(PEOPLE / 2)];
        const all = groups.map((_, i) => i);
        const join = async (team, people) => {
            await muster.bulkMembers(groups[team].profile.name, people);
            for (const login of people) teams.note(team, login, true);
        };
        for (const team of all) await join(team, first);
        // Half of the teams are made in the target before the storm, half during it.
        for (const team of all.slice(TEAMS / 2)) await org.push(app, groups[team]);
        await world.settle(app, { timeout: SETTLE_MS });

        await muster.ask('PUT', `/api/v1/apps/${app.id}/target`, {
            membersAddedPerRequest: BATCH,
            membersRemovedPerRequest: BATCH,
            addsAndRemovalsTogether: false,
        });
        await muster.ask('POST', `/api/v1/apps/${app.id}/lifecycle/pause`);
        for (const team of all.slice(0, TEAMS / 2)) await org.push(app, groups[team]);
        for (const team of all) await join(team, second);
        const leaving = all.slice(TEAMS / 2).flatMap((team) => first.map((login) => [team, login]));
        await inParallel(leaving, ([team, login]) => teams.change(team, login, false));
        const changes = TEAMS * PEOPLE;
        const mark = await target.mark();
        await target.faults([...FAULTS, SLOW]);
        await muster.ask('POST', `/api/v1/apps/${app.id}/lifecycle/resume`);

        let kills = 0;
        let made = 0;
        const pending = async () => (await muster.ask('GET', `/api/v1/apps/${app.id}/sync`)).pending;
        const strikes = async () => {
            const { faults } = await target.ask('GET', '/practice/faults');
            return faults.slice(0, FAULTS.length).reduce((sum, fault) => sum + fault.strikes, 0);
        };
        const half = Math.ceil(PEOPLE / 2 / BATCH);
        const fewest = () => (TEAMS / 2) * (2 + Math.ceil(PEOPLE / BATCH)) + (TEAMS / 2) * 2 * half + made;
        let struck = 0;
        do {
            const mover = (async () => {
                for (let i = 0; i < PER_LIFE && kills < LIVES; i++, made++) {
                    const [team, login] = [(made * 3) % TEAMS, logins[(made * 7919) % PEOPLE]];
                    await teams.change(team, login, !teams.members[team].has(login));
                }
            })();
            await new Promise((resolve) => setTimeout(resolve, KILL_MS));
            await muster.kill();
            kills++;
            await muster.startAgain();
            await mover;
            struck = await strikes();
        } while (kills < LIVES_MIN || ((await pending()) > 0 && (kills < LIVES || struck < fewest() / 20)));
        world.reconnect();
        await target.faults([]);
        await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/retry`);
        await world.settle(app, { timeout: SETTLE_MS });

        for (const team of all) await world.holds(groups[team], [...teams.members[team]]);
        const state = await target.state();
        assert.equal(state.users, PEOPLE);
        assert.equal(state.activeUsers, PEOPLE);
        assert.equal(state.groups, TEAMS);
        const log = await target.log(mark);
        checkPosts(log);
        const most = fewest() + PER_FAULT * struck + kills * TEAMS; // a kill: each team has one request out, which is read back
        t.diagnostic(
            `${changes} changes and ${made} more, ${struck} faults, ${kills} kills: ${log.length} requests; ` +
                `the fewest would be ${fewest()}, the bound is ${most}`,
        );
        assert.ok(struck >= fewest() / 20, `only ${struck} faults`);
        assert.ok(log.length <= most, `${log.length} requests; the bound is ${most}`);
        muster.check();
    } finally {
        await world.stop();
    }
});
