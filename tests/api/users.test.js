// SPDX-License-Identifier: Apache-2.0
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { start } = require('./world');
const { all, refused, PASSWORD } = require('../lib/sdk');

describe('users', () => {
    let muster;
    let client;
    let org;
    let life;

    before(async () => {
        ({ muster, client, org } = await start());
        life = client.userApi;
    });
    after(() => muster && muster.stop());
    afterEach(() => muster.check());

    const read = (user) => life.getUser({ userId: user.id });
    const is = async (user, status) => assert.equal((await read(user)).status, status);

    // A user in each published status that the API leads to.
    async function inStatus(status, password = PASSWORD) {
        const user = await org.user(null, { password, activate: status !== 'STAGED' });
        if (status === 'SUSPENDED') await life.suspendUser({ userId: user.id });
        if (status === 'DEPROVISIONED') await life.deactivateUser({ userId: user.id });
        if (status === 'PASSWORD_EXPIRED') await life.expirePassword({ userId: user.id });
        if (status === 'RECOVERY') await life.generateResetPasswordToken({ userId: user.id, sendEmail: false });
        await is(user, status);
        return user;
    }

    test('created as it was given', async () => {
        const user = await org.user('first@users.example', { firstName: 'Fée', lastName: "O'Brien", department: 'R&D 猫' });
        assert.match(user.id, /^00u[0-9A-Za-z]{17}$/);
        assert.equal(user.profile.firstName, 'Fée');
        assert.equal(user.profile.lastName, "O'Brien");
        assert.equal(user.profile.department, 'R&D 猫');
        assert.ok(user.created instanceof Date && !Number.isNaN(user.created.getTime()));
        const again = await read(user);
        assert.deepEqual(JSON.parse(JSON.stringify(again.profile)), JSON.parse(JSON.stringify(user.profile)));
        assert.equal((await life.getUser({ userId: 'first@users.example' })).id, user.id, 'by login');
    });

    test('the status after creating: with and without a password, activated or not', async () => {
        assert.equal((await org.user(null, {})).status, 'PROVISIONED');
        assert.equal((await org.user(null, { password: PASSWORD })).status, 'ACTIVE');
        assert.equal((await org.user(null, { activate: false })).status, 'STAGED');
        assert.equal((await org.user(null, { activate: false, password: PASSWORD })).status, 'STAGED');
    });

    test('a password is never read back', async () => {
        const user = await org.user(null, { password: PASSWORD });
        const text = (await muster.call('GET', `/api/v1/users/${user.id}`)).text;
        assert.ok(!text.includes(PASSWORD));
        assert.deepEqual(JSON.parse(text).credentials.password, {});
    });

    test('activate: from STAGED with and without a password, from DEPROVISIONED', async () => {
        const plain = await inStatus('STAGED', null);
        await life.activateUser({ userId: plain.id, sendEmail: false });
        await is(plain, 'PROVISIONED');
        const secret = await inStatus('STAGED');
        await life.activateUser({ userId: secret.id, sendEmail: false });
        await is(secret, 'ACTIVE');
        const gone = await inStatus('DEPROVISIONED');
        await life.activateUser({ userId: gone.id, sendEmail: false });
        await is(gone, 'ACTIVE');
        await refused(life.activateUser({ userId: gone.id, sendEmail: false }), 403, 'E0000016');
        const suspended = await inStatus('SUSPENDED');
        await refused(life.activateUser({ userId: suspended.id, sendEmail: false }), 403, 'E0000038');
    });

    test('deactivate: from every status but DEPROVISIONED', async () => {
        for (const status of ['STAGED', 'ACTIVE', 'RECOVERY', 'PASSWORD_EXPIRED', 'SUSPENDED']) {
            const user = await inStatus(status);
            await life.deactivateUser({ userId: user.id });
            await is(user, 'DEPROVISIONED');
        }
        const plain = await org.user();
        await life.deactivateUser({ userId: plain.id });
        await is(plain, 'DEPROVISIONED');
        await refused(life.deactivateUser({ userId: plain.id }), 403, 'E0000038');
    });

    test('suspend only from ACTIVE, unsuspend only from SUSPENDED', async () => {
        const user = await inStatus('SUSPENDED');
        await refused(life.suspendUser({ userId: user.id }), 400, 'E0000001');
        await life.unsuspendUser({ userId: user.id });
        await is(user, 'ACTIVE');
        await refused(life.unsuspendUser({ userId: user.id }), 400, 'E0000001');
        for (const status of ['STAGED', 'DEPROVISIONED', 'RECOVERY', 'PASSWORD_EXPIRED']) {
            await refused(life.suspendUser({ userId: (await inStatus(status)).id }), 400, 'E0000001');
        }
        await refused(life.suspendUser({ userId: (await org.user()).id }), 400, 'E0000001');
    });

    test('reactivate, unlock, expire and reset the password: where they are allowed and where not', async () => {
        const provisioned = await org.user();
        await life.reactivateUser({ userId: provisioned.id, sendEmail: false });
        await is(provisioned, 'PROVISIONED');
        const active = await inStatus('ACTIVE');
        await refused(life.reactivateUser({ userId: active.id, sendEmail: false }), 403, 'E0000038');
        await refused(life.unlockUser({ userId: active.id }), 403, 'E0000038');
        assert.equal((await life.expirePassword({ userId: active.id })).status, 'PASSWORD_EXPIRED');
        await life.generateResetPasswordToken({ userId: active.id, sendEmail: false });
        await is(active, 'RECOVERY');
        for (const status of ['STAGED', 'DEPROVISIONED']) {
            const user = await inStatus(status);
            await refused(life.expirePassword({ userId: user.id }), 403, 'E0000038');
            await refused(life.generateResetPasswordToken({ userId: user.id, sendEmail: false }), 403, 'E0000038');
        }
    });

    test('a password set later', async () => {
        const user = await inStatus('PASSWORD_EXPIRED');
        await life.updateUser({ userId: user.id, user: { credentials: { password: { value: 'Another-9-Password' } } } });
        await is(user, 'ACTIVE');
    });

    test('delete in two steps', async () => {
        const user = await org.user();
        await life.deleteUser({ userId: user.id });
        await is(user, 'DEPROVISIONED');
        await life.deleteUser({ userId: user.id });
        await refused(read(user), 404, 'E0000007', user.id);
        await org.user(user.profile.login); // the login is free again
    });

    test('POST changes what is given, PUT replaces the profile', async () => {
        const user = await org.user(null, { department: 'Sales', title: 'Rep' });
        const changed = await life.updateUser({ userId: user.id, user: { profile: { title: 'Boss' } } });
        assert.equal(changed.profile.title, 'Boss');
        assert.equal(changed.profile.department, 'Sales');
        const { login, email, firstName, lastName } = user.profile;
        const replaced = await life.replaceUser({ userId: user.id, user: { profile: { login, email, firstName, lastName } } });
        assert.equal(replaced.profile.title ?? null, null);
        assert.equal(replaced.profile.department ?? null, null);
        assert.ok(replaced.lastUpdated >= user.lastUpdated);
    });

    test('a profile that is not valid', async () => {
        const { id } = await org.user();
        const change = (profile) => life.updateUser({ userId: id, user: { profile } });
        const create = (profile) => life.createUser({ body: { profile } });
        await refused(create({ email: 'a@b.example', firstName: 'A', lastName: 'B' }), 400, 'E0000001', 'login');
        await refused(create({ login: 'x@y.example', firstName: 'A', lastName: 'B' }), 400, 'E0000001', 'email');
        await refused(org.user('shrt'), 400, 'E0000001', 'login');
        await refused(org.user(`${'x'.repeat(100)}@long.example`), 400, 'E0000001', 'login');
        await refused(change({ firstName: 'x'.repeat(51) }), 400, 'E0000001', 'firstName');
        await refused(change({ email: 'not an address' }), 400, 'E0000001', 'email');
        const unknown = await refused(create({ login: 'u@v.example', email: 'u@v.example', firstName: 'A', lastName: 'B', notValid: 'x' }), 400, 'E0000001');
        assert.equal(unknown.errorSummary, 'Api validation failed: newUser');
        assert.match(unknown.errorCauses[0].errorSummary, /Property name 'notValid' is not defined in profile/);
    });

    test('a login is taken whatever its letters', async () => {
        await org.user('Taken@Users.example');
        await refused(org.user('taken@users.EXAMPLE'), 400, 'E0000001', 'login');
        assert.equal((await life.getUser({ userId: 'TAKEN@users.example' })).profile.login, 'Taken@Users.example');
    });

    test('custom attributes: defined, kept, checked', async () => {
        await client.schemaApi.updateUserProfile({
            schemaId: 'default',
            userSchema: {
                definitions: {
                    custom: {
                        id: '#custom',
                        type: 'object',
                        properties: {
                            badgeNumber: { title: 'Badge', type: 'string', maxLength: 10 },
                            shoeSize: { title: 'Shoe size', type: 'integer' },
                        },
                        required: [],
                    },
                },
            },
        });
        const schema = await client.schemaApi.getUserSchema({ schemaId: 'default' });
        assert.equal(schema.definitions.custom.properties.shoeSize.type, 'integer');
        assert.ok(schema.definitions.base.properties.login, 'the base schema is served');
        const user = await org.user(null, { badgeNumber: 'B-7', shoeSize: 43 });
        assert.equal((await read(user)).profile.badgeNumber, 'B-7');
        assert.equal((await read(user)).profile.shoeSize, 43);
        await refused(org.user(null, { shoeSize: 'large' }), 400, 'E0000001', 'shoeSize');
        await refused(org.user(null, { badgeNumber: 'x'.repeat(11) }), 400, 'E0000001', 'badgeNumber');
    });
});

describe('lists of users', () => {
    let muster;
    let client;
    let org;
    const logins = [];

    before(async () => {
        ({ muster, client, org } = await start());
        for (let i = 0; i < 23; i++) {
            logins.push(`list-${String(i).padStart(2, '0')}@users.example`);
            await org.user(logins[i], { firstName: i % 2 ? 'Odd' : 'Even', lastName: `Number${i}`, department: `D${i % 3}` });
        }
    });
    after(() => muster && muster.stop());
    afterEach(() => muster.check());

    const list = async (options) => (await all(client.userApi.listUsers(options))).map((user) => user.profile.login).sort();

    test('over all pages, each once', async () => {
        assert.deepEqual(await list({ limit: 5 }), logins);
        assert.deepEqual(await list({ limit: 23 }), logins);
        assert.deepEqual(await list({}), logins);
    });

    test('pages do not lose anybody when people come and go between them', async () => {
        const collection = await client.userApi.listUsers({ limit: 4 });
        const seen = [];
        for await (const user of collection) {
            if (!user) continue;
            seen.push(user.profile.login);
            if (seen.length === 6) await org.user('a-latecomer@users.example');
        }
        for (const login of logins) assert.equal(seen.filter((each) => each === login).length, 1, login);
        const late = await client.userApi.getUser({ userId: 'a-latecomer@users.example' });
        await client.userApi.deleteUser({ userId: late.id });
        await client.userApi.deleteUser({ userId: late.id });
    });

    test('q finds what starts with it', async () => {
        assert.deepEqual(await list({ q: 'number1', limit: 50 }), logins.filter((_, i) => i === 1 || (i >= 10 && i < 20)));
        assert.deepEqual(await list({ q: 'list-07' }), ['list-07@users.example']);
        assert.deepEqual(await list({ q: 'nobody' }), []);
    });

    test('filter by what is published, and nothing else', async () => {
        assert.deepEqual(await list({ filter: 'profile.login eq "list-03@users.example"' }), ['list-03@users.example']);
        assert.equal((await list({ filter: 'status eq "PROVISIONED"' })).length, 23);
        assert.deepEqual(await list({ filter: 'status eq "STAGED"' }), []);
        assert.equal((await list({ filter: 'lastUpdated gt "2020-01-01T00:00:00.000Z"' })).length, 23);
        assert.deepEqual(await list({ filter: 'profile.lastName eq "Number4" or profile.lastName eq "Number5"' }), [
            'list-04@users.example',
            'list-05@users.example',
        ]);
        await refused(list({ filter: 'profile.department eq "D1"' }), 400, 'E0000031');
        await refused(list({ filter: 'profile.login eq' }), 400, 'E0000031');
    });

    test('search over any attribute', async () => {
        assert.deepEqual(await list({ search: 'profile.department eq "D1"' }), logins.filter((_, i) => i % 3 === 1));
        assert.deepEqual(
            await list({ search: 'profile.department eq "D1" and profile.firstName eq "Odd"' }),
            logins.filter((_, i) => i % 3 === 1 && i % 2 === 1),
        );
        assert.deepEqual(await list({ search: 'profile.login sw "list-1"', limit: 3 }), logins.slice(10, 20));
        assert.deepEqual(await list({ search: '(profile.lastName eq "Number2") or (profile.lastName eq "Number3")' }), logins.slice(2, 4));
        assert.equal((await list({ search: 'profile.department pr' })).length, 23);
        assert.deepEqual(await list({ search: 'profile.email co "-15@"' }), ['list-15@users.example']);
        await refused(list({ search: 'profile.login eq "x' }), 400, 'E0000031');
        await refused(list({ search: 'profile.login ne "x"' }), 400, 'E0000031');
        await refused(list({ search: 'id eq "x"', filter: 'id eq "x"' }), 400, 'E0000033');
    });

    test('sorted', async () => {
        const sorted = async (sortOrder) =>
            (await all(client.userApi.listUsers({ search: 'profile.login sw "list-"', sortBy: 'profile.login', sortOrder, limit: 7 }))).map(
                (user) => user.profile.login,
            );
        assert.deepEqual(await sorted('asc'), logins);
        assert.deepEqual(await sorted('desc'), [...logins].reverse());
    });

    test('deactivated people are left out unless they are asked for', async () => {
        const gone = await org.user('gone@users.example');
        await client.userApi.deactivateUser({ userId: gone.id });
        assert.ok(!(await list({})).includes('gone@users.example'));
        assert.deepEqual(await list({ filter: 'status eq "DEPROVISIONED"' }), ['gone@users.example']);
        assert.deepEqual(await list({ search: 'status eq "DEPROVISIONED"' }), ['gone@users.example']);
    });

    test('limits that are none', async () => {
        for (const limit of ['0', '201', '-1', 'many', '99999999999999999999']) {
            const answer = await muster.call('GET', `/api/v1/users?limit=${limit}`);
            assert.equal(answer.status, 400, `limit=${limit}`);
            assert.equal(answer.json.errorCode, 'E0000001');
        }
        assert.equal((await muster.call('GET', '/api/v1/users?after=nonsense')).status, 400);
        assert.equal((await muster.call('GET', '/api/v1/users?after=')).status, 200);
    });
});
