// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');

// Memory means something without sanitizers only: the longer run is of the plain build.
const FULL = Boolean(process.env.MUSTER_TEST_FULL);
if (FULL) {
    const root = path.resolve(__dirname, '..', '..');
    execFileSync(path.join(root, 'dev'), ['build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    process.env.MUSTER_BIN = path.join(root, 'build', 'src', 'cli', 'muster');
}

const { World } = require('./world');
const { Practice, USER_SCHEMA, GROUP_SCHEMA } = require('../lib/muster');
const { importScenarios, imported, settings } = require('./imports');
const { until } = require('./crowd');

const SIZE = FULL ? { users: 100000, groups: 10000, members: 50 } : { users: 3000, groups: 300, members: 50 };
const MEMORY_MIB = 200;
const BULK = 1000; // operations of one bulk request

importScenarios('muster practice', () => Practice.start());

describe('imports that fail, are killed, are large', () => {
    let world;
    let org;
    let target;
    let muster;

    before(async () => {
        world = await World.start(() => Practice.start());
        ({ org, target, muster } = world);
    });
    after(() => world && world.stop());

    const bulk = (operations) =>
        target.ask('POST', '/scim/v2/Bulk', {
            schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
            Operations: operations,
        });

    // The ids of what was made.
    async function make(path, count, resource) {
        const ids = [];
        for (let from = 0; from < count; from += BULK) {
            const operations = [];
            for (let i = from; i < Math.min(from + BULK, count); i++)
                operations.push({ method: 'POST', path, bulkId: `b${i}`, data: resource(i) });
            const answer = await bulk(operations);
            ids.push(...answer.Operations.map((operation) => operation.location.split('/').pop()));
        }
        return ids;
    }

    const groups = (app) => muster.ask('GET', `/api/v1/groups?limit=10000&search=${encodeURIComponent(`source.id eq "${app.id}"`)}`);

    test('users are matched by an attribute of ones choice', async () => {
        const app = await org.connectedApp(target);
        const ann = await org.user(null, { employeeNumber: `N-${app.id}` });
        const there = await target.seedUser({
            schemas: [USER_SCHEMA, 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
            userName: `else-${app.id}@else.example`.toLowerCase(),
            'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { employeeNumber: `n-${app.id}` },
        });
        const feature = await settings(muster, app, { exactMatchCriteria: 'CUSTOM', exactMatchAttribute: 'employeeNumber', autoConfirmExactMatch: true });
        const rules = feature.capabilities.importRules.userCreateAndMatch;
        assert.equal(rules.exactMatchCriteria, 'CUSTOM');
        assert.equal(rules.exactMatchAttribute, 'employeeNumber');
        assert.equal(rules.exactMatchAppAttribute, 'employeeNumber');
        const run = await imported(muster, app);
        assert.equal(run.status, 'COMPLETED', run.error);
        assert.equal(run.users.confirmed, 1);
        const appUser = await muster.ask('GET', `/api/v1/apps/${app.id}/users/${ann.id}`);
        assert.equal(appUser.externalId, there.id);

        const bad = async (match, words) => {
            const body = { importRules: { userCreateAndMatch: match } };
            const answer = await muster.call('PUT', `/api/v1/apps/${app.id}/features/INBOUND_PROVISIONING`, { body });
            assert.equal(answer.status, 400, answer.text);
            assert.match(answer.text, words);
        };
        await bad({ exactMatchCriteria: 'BADGE' }, /exactMatchCriteria: must be one of USERNAME, EMAIL, CUSTOM/);
        await bad({ exactMatchCriteria: 'CUSTOM', exactMatchAttribute: 'shoeSize' }, /exactMatchAttribute: .*shoeSize.* is no attribute of people; add it to their schema/);
        await bad({ exactMatchAppAttribute: 'shoeSize' }, /exactMatchAppAttribute: .*shoeSize.* is nothing that imports read/);
        await bad({ exactMatchCriteria: 'EMAIL', exactMatchAttribute: 'title' }, /exactMatchAttribute: Goes with exactMatchCriteria CUSTOM/);
        const back = await settings(muster, app, { exactMatchCriteria: 'EMAIL' });
        assert.equal(back.capabilities.importRules.userCreateAndMatch.exactMatchAttribute, undefined);
    });

    test('a page that fails: the import fails, names the cause, and nothing is changed', async () => {
        const app = await org.connectedApp(target);
        await make('/Groups', 150, (i) => ({ schemas: [GROUP_SCHEMA], displayName: `Failing ${i}` }));
        await target.faults([{ name: 'status', status: 403, path: '/Groups', every: 2 }]);
        const run = await imported(muster, app, `/api/v1/apps/${app.id}/group-push/refresh`);
        await target.faults([]);
        assert.equal(run.status, 'FAILED');
        assert.equal(run.errorClass, 'FORBIDDEN');
        assert.equal((await groups(app)).length, 0);
        const cli = await muster.cli(['app', 'imports', app.label]);
        assert.match(cli.output, /FAILED/);
        assert.equal((await imported(muster, app, `/api/v1/apps/${app.id}/group-push/refresh`)).groups.created, 150);
    });

    test('kill -9 in the middle of an import: it comes to its end, and nothing is there twice', async () => {
        const app = await org.connectedApp(target);
        await target.faults([{ name: 'latency', ms: 20, msMax: 20 }]);
        const { id } = await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/refresh`);
        await until('a page is read', async () => (await muster.ask('GET', `/api/v1/apps/${app.id}/imports/${id}`)).groups.read > 0);
        await muster.program.kill();
        await muster.startAgain();
        world.reconnect();
        await target.faults([]);
        let run;
        do run = await muster.ask('GET', `/api/v1/apps/${app.id}/imports/${id}?wait=30s`);
        while (!run.finished);
        assert.equal(run.status, 'COMPLETED', run.error);
        const names = (await groups(app)).map((group) => group.profile.name);
        assert.equal(new Set(names).size, names.length);
        assert.equal(names.length, (await target.state()).groups);
    });

    test(`${SIZE.users} users, ${SIZE.groups} groups, ${SIZE.groups * SIZE.members} memberships; the second time nothing is written`, async () => {
        await target.ask('DELETE', '/practice/state');
        const app = await org.connectedApp(target);
        const users = await make('/Users', SIZE.users, (i) => ({
            schemas: [USER_SCHEMA],
            userName: `large${i}@crowd.example`,
            name: { givenName: `First${i}`, familyName: `Last${i}` },
            emails: [{ value: `large${i}@crowd.example`, type: 'work' }],
            active: true,
        }));
        await make('/Groups', SIZE.groups, (g) => ({
            schemas: [GROUP_SCHEMA],
            displayName: `Large ${g}`,
            members: Array.from({ length: SIZE.members }, (_, m) => ({ value: users[(g * 7 + m * 13) % users.length] })),
        }));
        await settings(muster, app, { exactMatchCriteria: 'USERNAME', allowPartialMatch: false });
        const seen = new Set();
        await target.faults([{ name: 'latency', ms: 30, msMax: 30, method: 'GET' }]); // long enough to be looked at
        const { id } = await muster.ask('POST', `/api/v1/apps/${app.id}/imports`);
        let run;
        await until(
            'the import ends',
            async () => {
                run = await muster.ask('GET', `/api/v1/apps/${app.id}/imports/${id}`);
                seen.add(`${run.users.read} ${run.groups.read} ${run.differences.applied}`);
                return run.finished;
            },
            600000,
        );
        assert.equal(run.status, 'COMPLETED', run.error);
        await target.faults([]);
        assert.ok(seen.size > 3, 'progress is shown');
        assert.equal(run.users.created, SIZE.users);
        assert.equal(run.groups.created, SIZE.groups);
        assert.equal(run.memberships.added, SIZE.groups * SIZE.members);
        const again = await imported(muster, app);
        assert.equal(again.status, 'COMPLETED', again.error);
        assert.equal(again.users.read, SIZE.users);
        assert.equal(again.groups.read, SIZE.groups);
        assert.equal(again.memberships.read, SIZE.groups * SIZE.members);
        assert.equal(again.differences.found, 0);
        const peak = Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${muster.program.child.pid}/status`, 'utf8'))[1]) / 1024;
        console.error(`# import of ${SIZE.users} users: ${Math.round(peak)} MiB at most`);
        if (FULL) assert.ok(peak < MEMORY_MIB, `${Math.round(peak)} MiB`);
    });
});
