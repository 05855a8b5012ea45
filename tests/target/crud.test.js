// SPDX-License-Identifier: Apache-2.0
// The published integration test "Okta SCIM 2.0 CRUD Test", its steps in our words: each call is made by hand, as that
// test makes it, and the target is asked over SCIM, as that test asks it.
'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { World } = require('./world');
const { Scimmy } = require('./scimmy');
const { Practice } = require('../lib/muster');

const MAIL = 'crud.person@integration.example';

for (const [name, start] of [
    ['muster practice', () => Practice.start()],
    ['scimmy', () => Scimmy.start()],
]) {
    describe(`the published CRUD test against ${name}`, () => {
        let world;
        let app;
        let user;
        let scimId;

        before(async () => {
            world = await World.start(start);
            app = await world.org.connectedApp(world.target);
        });
        after(() => world && world.stop());

        const call = async (method, path, body, status = 200) => {
            const answer = await world.muster.call(method, path, { body });
            assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
            return answer.json;
        };
        const assign = (givenName) =>
            call('POST', `/api/v1/apps/${app.id}/users`, {
                id: user.id,
                scope: 'USER',
                credentials: { userName: MAIL },
                profile: { familyName: 'Person', givenName, emailType: 'work', email: MAIL },
            });
        const readScim = (path) => world.target.ask('GET', `/scim/v2${path}`);

        test('the app is there', async () => {
            assert.equal((await call('GET', `/api/v1/apps/${app.id}`)).id, app.id);
        });

        test('a new user, activated, with a password and a recovery question', async () => {
            user = await call('POST', '/api/v1/users?activate=true', {
                profile: {
                    firstName: 'Crud',
                    lastName: 'Person',
                    email: MAIL,
                    login: MAIL,
                    title: 'Tester',
                    primaryPhone: '123-456-7890',
                },
                credentials: {
                    password: { value: 'Kv7J2LEa-long-enough' },
                    recovery_question: { question: 'Which animal?', answer: 'the capybara' },
                },
            });
            assert.equal(user.status, 'ACTIVE');
        });

        test('assigned: found in the target by user name', async () => {
            await assign('Crud');
            await world.settle(app);
            const list = await readScim(`/Users?filter=${encodeURIComponent(`userName eq "${MAIL}"`)}`);
            assert.equal(list.Resources.length, 1);
            const [found] = list.Resources;
            assert.equal(found.userName, MAIL);
            assert.equal(found.emails[0].value, MAIL);
            assert.equal(found.name.familyName, 'Person');
            assert.equal(found.name.givenName, 'Crud');
            scimId = found.id;
        });

        test('the first name changed by PUT of a partial profile', async () => {
            await call('PUT', `/api/v1/users/${user.id}`, {
                profile: { firstName: 'Changed', lastName: 'Person', email: MAIL, login: MAIL },
            });
            await world.settle(app);
            assert.equal((await readScim(`/Users/${scimId}`)).name.givenName, 'Changed');
        });

        test('deactivated', async () => {
            await call('POST', `/api/v1/users/${user.id}/lifecycle/deactivate`);
            await world.settle(app);
            assert.equal((await readScim(`/Users/${scimId}`)).active, false);
        });

        test('activated and assigned again: the same id, active', async () => {
            await call('POST', `/api/v1/users/${user.id}/lifecycle/activate`);
            await assign('Changed');
            await world.settle(app);
            assert.equal((await readScim(`/Users/${scimId}`)).active, true);
            assert.equal((await world.target.users()).length, 1);
        });

        test('the assignment removed: inactive', async () => {
            await call('DELETE', `/api/v1/apps/${app.id}/users/${user.id}`, undefined, 204);
            await world.settle(app);
            assert.equal((await readScim(`/Users/${scimId}`)).active, false);
        });
    });
}
