// SPDX-License-Identifier: Apache-2.0
// Groups that are larger than what a target takes at once, over TLS, by the build without sanitizers: how many requests
// it takes, how much memory, and what becomes of members whom the target refuses. 5,000 people; with MUSTER_TEST_FULL
// 100,000.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { World } = require('./world');
const { PLAIN_BIN, Practice, temporaryDirectory } = require('../lib/muster');
const { importCrowd, inParallel, groupByName, until } = require('./crowd');

const FULL = !!process.env.MUSTER_TEST_FULL;
const PEOPLE = FULL ? 100000 : 5000;
const LOG_BATCH = 7; // halvings of 100 members down to one
const LEARN_SPLITS = 8; // parts of 12 or 13 in a batch of 100
const SETTLE_MS = 900000;
const MEMORY_MAX = (FULL ? 100 : 80) * 1024; // KiB
// The ids of the practice target are the user names here, long enough for 800 kB to be less than 10,000 of them.
const LOGIN = `somebody-whose-user-name-is-as-long-as-a-person-can-bear`;
const IDS = { name: 'ids', method: 'POST', path: '/Users', text: 'name' };

describe(`groups of ${PEOPLE}`, () => {
    let dir;
    let world;
    let logins;
    let app;
    const traits = (values) => world.muster.ask('PUT', `/api/v1/apps/${app.id}/target`, values);
    const forgotten = { membersAddedPerRequest: null, membersRemovedPerRequest: null, addsAndRemovalsTogether: null };

    before(async () => {
        dir = temporaryDirectory();
        const [key, cert] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')];
        const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
        const subject = ['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
        execFileSync('openssl', [...request, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' });
        const tls = ['--tls-cert', cert, '--tls-key', key, '--journal-entries', '400000', '--journal-bytes', '1'];
        world = await World.start(() => Practice.start({ args: tls, bin: PLAIN_BIN }), {
            muster: { args: ['--ca-file', cert], bin: PLAIN_BIN },
        });
        assert.match(world.target.url, /^https:/);
        logins = await importCrowd(world.muster, PEOPLE, () => ['Everyone'], { prefix: LOGIN });
    });
    after(async () => {
        if (world) await world.stop();
        fs.rmSync(dir, { recursive: true, force: true });
    });

    // The requests to groups that `act` causes.
    async function groupRequests(act) {
        const mark = await world.target.mark();
        await act();
        await world.muster.sync(app.id, { timeout: SETTLE_MS });
        const log = (await world.target.log(mark)).filter((entry) => /\/Groups/.test(entry.path));
        log.patches = log.filter((entry) => entry.method === 'PATCH');
        log.refused = log.patches.filter((entry) => entry.status >= 400);
        return log;
    }

    // A group of its own with those people, pushed at once: every member waits when the first request is made.
    async function pushed(name, people) {
        const { muster, org } = world;
        const group = await org.group(name);
        await muster.bulkMembers(name, people);
        await muster.ask('POST', `/api/v1/apps/${app.id}/lifecycle/pause`);
        const mapping = await org.push(app, group);
        const state = async () => (await muster.ask('GET', `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}`)).state;
        await until('every member waits', async () => (await state()).pending === people.length);
        await muster.ask('POST', `/api/v1/apps/${app.id}/lifecycle/resume`);
        return { group, mapping };
    }

    // In the target's own count: all groups hold so many members, and this one exactly those people.
    async function holds(group, people) {
        await world.target.faults([IDS]);
        await world.holds(group, people);
    }

    test(`${PEOPLE} members over TLS, to a target that takes 100 in a request: no request too many, and little memory`, async (t) => {
        const { muster, org, target } = world;
        await target.faults([IDS, { name: 'members_max', method: 'PATCH', path: '/Groups/', max: 100, status: 400 }]);
        app = await org.connectedApp(target);
        await org.assignGroup(app, await groupByName(muster, 'Everyone'));
        await world.settle(app, { timeout: SETTLE_MS });
        const log = await groupRequests(() => pushed('By a hundred', logins));
        t.diagnostic(`${log.length} requests to the group, peak memory ${muster.peakMemory()} KiB`);
        // Found, created, and a PATCH for each hundred.
        assert.equal(log.refused.length, 0);
        assert.equal(log.length, 2 + PEOPLE / 100);
        assert.equal((await target.state()).memberships, PEOPLE);
        await holds('By a hundred', logins);
        assert.ok(muster.peakMemory() < MEMORY_MAX, `${muster.peakMemory()} KiB`);
    });

    test('one that takes 20 adds or 1 removal, never both: learned once', async (t) => {
        const { muster, org, target } = world;
        await traits(forgotten);
        const limits = { method: 'PATCH', path: '/Groups/' };
        await target.faults([
            IDS,
            { name: 'adds_max', max: 20, ...limits },
            { name: 'removals_max', max: 1, ...limits },
            { name: 'mixed_refused', ...limits },
            { name: 'members_absent', path: '/Groups' },
        ]);
        const [stay, leave, join] = [logins.slice(40), logins.slice(0, 20), logins.slice(20, 40)];
        let made;
        const filled = await groupRequests(async () => {
            made = await pushed('By twenty', [...stay, ...leave]);
        });
        t.diagnostic(`${filled.length} requests to fill it, ${filled.refused.length} of them refused`);
        // 100, 50 and 25 are refused, each followed by a read; then 12 or 13 pass, and then all that is known to be possible.
        assert.ok(filled.refused.length <= 3 * LEARN_SPLITS, `${filled.refused.length} refused`);
        const known = await muster.ask('GET', `/api/v1/apps/${app.id}/target`);
        const size = known.membersAddedPerRequest.value;
        assert.ok(size > 10 && size <= 20, `${size} were learned`);
        const fewest = Math.ceil((stay.length + leave.length) / size);
        assert.ok(filled.length <= 2 + fewest + 3 * filled.refused.length + LEARN_SPLITS, `${filled.length} requests, ${fewest} at least`);

        const users = new Map();
        for (const login of [...leave, ...join]) users.set(login, (await muster.ask('GET', `/api/v1/users/${login}`)).id);
        const changed = await groupRequests(async () => {
            await inParallel(leave, (login) => muster.ask('DELETE', `/api/v1/groups/${made.group.id}/users/${users.get(login)}`));
            await inParallel(join, (login) => org.add(made.group, { id: users.get(login) }));
        });
        t.diagnostic(`${changed.length} requests for 20 removals and 20 adds, ${changed.refused.length} of them refused`);
        await holds('By twenty', [...stay, ...join]);
        assert.equal((await muster.ask('GET', `/api/v1/apps/${app.id}/target`)).membersRemovedPerRequest.value, 1);
    });

    test('one that takes 800 kB: told 10,000 at once, it is split', async (t) => {
        const { target } = world;
        await traits({ ...forgotten, membersAddedPerRequest: 10000 });
        const bytes = FULL ? 800000 : 80000;
        await target.faults([IDS, { name: 'bytes_max', method: 'PATCH', path: '/Groups/', max: bytes }]);
        const log = await groupRequests(() => pushed('By bytes', logins));
        t.diagnostic(`${log.length} requests, ${log.refused.length} of them refused`);
        assert.ok(log.refused.length > 0 && log.refused.every((entry) => entry.status === 413));
        await holds('By bytes', logins);
    });

    test(`3 of ${PEOPLE / 2} members are refused: everybody else is there, and the three are named`, async (t) => {
        const { muster, target } = world;
        const people = logins.slice(0, PEOPLE / 2);
        const bad = [7, PEOPLE / 4, PEOPLE / 2 - 1].map((i) => people[i]);
        await traits(forgotten);
        const refused = { name: 'member_refused', path: '/Groups/', text: bad.join(' ') };
        await target.faults([IDS, refused]);
        let made;
        const log = await groupRequests(async () => {
            made = await pushed('With three', people);
        });
        t.diagnostic(`${log.length} requests, ${log.refused.length} of them refused`);
        await holds('With three', people.filter((login) => !bad.includes(login)));
        // Halving a batch of 100 down to one member is at most 7 refusals beyond the first.
        assert.ok(log.refused.length <= 3 * (1 + LOG_BATCH), `${log.refused.length} refused`);
        const fewest = 2 + people.length / 100;
        assert.ok(log.length <= fewest + 3 * (2 * LOG_BATCH) + log.refused.length, `${log.length} requests, ${fewest} at least`);

        const mapping = await muster.ask('GET', `/api/v1/apps/${app.id}/group-push/mappings/${made.mapping.id}`);
        assert.equal(mapping.status, 'ACTIVE');
        assert.match(mapping.errorSummary, new RegExp(`^3 of ${people.length.toLocaleString('en-US')} members`));
        assert.deepEqual(mapping.memberErrors.map((each) => each.login).sort(), [...bad].sort());
        for (const each of mapping.memberErrors) assert.match(each.error, /./);
        assert.equal(mapping.state.members, people.length - 3);
        assert.equal(mapping.state.failed, 3);
        const errors = await muster.cli(['push', 'errors', app.label]);
        assert.equal(errors.code, 1, errors.output);
        for (const login of bad) assert.match(errors.output, new RegExp(login));

        // Retry All includes it.
        await target.faults([IDS]);
        const again = await groupRequests(async () => {
            const { retried } = await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/retry`);
            assert.ok(retried >= 1);
        });
        assert.equal(again.patches.length, 1);
        await holds('With three', people);
        const mended = await muster.ask('GET', `/api/v1/apps/${app.id}/group-push/mappings/${made.mapping.id}`);
        assert.equal(mended.errorSummary, undefined);
    });

    test('all of that took little memory', (t) => {
        t.diagnostic(`peak memory ${world.muster.peakMemory()} KiB`);
        assert.ok(world.muster.peakMemory() < MEMORY_MAX, `${world.muster.peakMemory()} KiB`);
    });
});
