// SPDX-License-Identifier: Apache-2.0
// Authoritative imports: what an earlier import made and the files no longer hold ends, after the plan was shown, and
// never by a file that was cut.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, afterEach, before, describe, test } = require('node:test');
const { World } = require('./world');
const { Practice } = require('../lib/muster');
const { until } = require('./crowd');

describe('authoritative imports', () => {
    let world;
    let org;
    let muster;
    let app;
    let hand;
    const people = Array.from({ length: 60 }, (_, i) => `auth-${String(i).padStart(2, '0')}@example.com`);
    const group = 'Authoritative';
    const group_ = () => ({ profile: { name: group } });

    before(async () => {
        world = await World.start(() => Practice.start());
        ({ org, muster } = world);
        app = await org.connectedApp(world.target);
    });
    after(() => world && world.stop());
    afterEach(() => muster.check());

    const file = (name, text) => {
        const where = path.join(muster.dir, name);
        fs.writeFileSync(where, text);
        return where;
    };
    const users = (logins, end = '\n') => file('users.csv', ['login,email,firstName,lastName', ...logins.map((login) => `${login},${login},First,Last`)].join('\n') + end);
    const members = (logins, end = '\n') => file('memberships.csv', ['login,group', ...logins.map((login) => `${login},${group}`)].join('\n') + end);
    const bring = (...args) => muster.cli(['import', ...args]);
    const bringAll = (files, ...more) => bring(...files, '--authoritative', '--yes', ...more);
    const status = async (login) => (await muster.ask('GET', `/api/v1/users/${login}`)).status;
    const lastEvent = async () => (await muster.ask('GET', '/api/v1/logs?limit=1&sortOrder=DESCENDING&since=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00Z'))[0].uuid;

    // Nothing was written, and it was said why.
    async function refused(run, words) {
        const before_ = await lastEvent();
        const { code, output } = await run();
        assert.notEqual(code, 0, output);
        assert.match(output, words);
        assert.equal(await lastEvent(), before_, 'something was written');
    }

    test('what is missing ends, and nothing else', async () => {
        const first = await bring(users(people), members(people.slice(0, 40)));
        assert.equal(first.code, 0, first.output);
        hand = await org.user('by-hand@example.com');
        const [imported] = await muster.ask('GET', `/api/v1/groups?q=${group}`);
        await org.add(imported, hand);
        await org.assignGroup(app, imported);
        await org.push(app, imported);
        await org.limitsOff(app);
        await world.settle(app);
        await world.holds(group_(), [...people.slice(0, 40), hand]);

        const files = [users(people.slice(3)), members(people.slice(5, 40))];
        const plan = await bring(...files, '--authoritative', '--dry-run');
        assert.equal(plan.code, 0, plan.output);
        assert.match(plan.output, /3 people are deactivated\n {2}auth-00@example\.com\n {2}auth-01@example\.com\n {2}auth-02@example\.com\n/);
        assert.match(plan.output, /5 memberships end\n {2}auth-00@example\.com in Authoritative\n/);
        assert.equal(await status(people[0]), 'PROVISIONED');
        await refused(() => bring(...files, '--authoritative'), /nobody is there to agree/);

        const uncounted = /users\.csv does not tell how many rows it has.*#rows,NUMBER/;
        await refused(() => bringAll(files), uncounted);
        await refused(() => bringAll([users(people.slice(3), '\n#rows,57\n'), files[1]]), /memberships\.csv does not tell how many rows/);
        const counted = [users(people.slice(3), '\n#rows,57\n'), members(people.slice(5, 40), '\n#rows,35\n')];
        const done = await bringAll(counted, '--json');
        assert.equal(done.code, 0, done.output);
        const { ended } = JSON.parse(done.output.slice(done.output.indexOf('{')));
        assert.deepEqual(ended, { plannedPeople: 3, plannedMemberships: 5, people: 3, memberships: 5 });
        for (const login of people.slice(0, 3)) assert.equal(await status(login), 'DEPROVISIONED');
        assert.equal(await status(people[3]), 'PROVISIONED');
        assert.equal(await status(hand.profile.login), 'PROVISIONED', 'whom no import made is left alone');
        // The app follows: who was deactivated is inactive there, and out of the group.
        await until('the app follows', async () => (await world.account(people[2])).active === false);
        await until('the group follows', async () => (await world.targetGroup(group_())).members.length === 36);
        await world.holds(group_(), [...people.slice(5, 40), hand]);
        const again = await bringAll(files, '--json');
        assert.equal(again.code, 0, again.output);
        assert.match(again.output, /"people": ?0/);
    });

    test('never by a file that is empty or was cut', async () => {
        const rest = people.slice(3);
        const whole = members(people.slice(5, 40));
        await refused(() => bringAll([users([]), whole]), /holds no rows/);
        await refused(() => bringAll([file('users.csv', ''), whole]), /is empty/);
        await refused(() => bringAll([users(rest, ''), whole]), /does not end with a line break/);
        await refused(() => bringAll([users(rest.slice(0, 20)), whole]), /37 of 57 people that imports made are not in the file: more than 20 %/);
        await refused(() => bringAll([users(rest), members(people.slice(5, 10))]), /30 of 35 memberships/);
        await refused(() => bringAll([users(rest.slice(1), `\n#rows,${rest.length}\n`), whole]), /holds 56 rows, but its last line tells of 57/);
        await refused(() => bringAll([users(rest, '\n#rows,57\nlate@example.com,l,L,L\n'), whole]), /nothing may stand behind the line #rows/);
        await refused(() => bringAll([users([...rest, 'no-login']), whole]), /1 bad rows: nothing was changed/);
        const told = await bringAll([users(rest, `\n#rows,${rest.length}\n`), members(people.slice(5, 40))]);
        assert.equal(told.code, 0, told.output);
    });

    test('many may go when that is said, and only of what there is a file for', async () => {
        const rest = people.slice(23);
        const without = await bringAll([users(rest)], '--allow-missing', '50');
        assert.equal(without.code, 0, without.output);
        assert.match(without.output, /ended: 20 people deactivated, 0 memberships/);
        assert.equal(await status(people[22]), 'DEPROVISIONED');
        assert.equal(await status(people[23]), 'PROVISIONED');
        for (const [args, words] of [
            [['--yes'], /go with --authoritative/],
            [['--authoritative', '--resume'], /does not go with --authoritative/],
        ]) {
            const bad = await bring(users(rest), ...args);
            assert.notEqual(bad.code, 0);
            assert.match(bad.output, words);
        }
    });
});
