// SPDX-License-Identifier: Apache-2.0
// The table of errors (src/target/errors.def): each row is provoked and read through the management API: class, words,
// cause, what to do, status, when it is tried again; then it is mended, by itself or by Retry All as the row says.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, afterEach, before, describe, test } = require('node:test');
const { execFileSync } = require('node:child_process');
const { World, shown } = require('./world');
const { BIN, Practice, ROOT } = require('../lib/muster');
const { Program } = require('../lib/program');
const { until } = require('./crowd');
const { TokenServer } = require('./gateway');

const RETRIES = { RETRY: 'AUTOMATIC', HOLD: 'ON_REQUEST', RELOOK: 'AFTER_LOOKING_UP', READ_BACK: 'AFTER_READING' };
const FAILED_ON = /^Failed on \d\d-\d\d-\d{4} \d\d:\d\d:\d\d[AP]M UTC: Unable to update Group Push mapping target App group /;

// X(NAME, SCOPE, ACTION, "code", "event", "cause", "remedy"): the rows by name.
function table() {
    const text = fs.readFileSync(path.join(ROOT, 'src', 'target', 'errors.def'), 'utf8').replace(/^[^]*?\*\//, '').replace(/^[^]*?\*\//, '');
    const rows = new Map();
    for (const [, name, scope, action, rest] of text.matchAll(/X\(([A-Z_]+), ([A-Z]+), ([A-Z_]+),([^]*?)"\)/g)) {
        const [code, event, cause, remedy] = `${rest}"`.replace(/"\s+"/g, '').match(/"[^"]*"/g).map((each) => JSON.parse(each));
        rows.set(name, { scope, action, code, event, cause, remedy });
    }
    return rows;
}

const errors = table();
const provoked = new Set();

// What of an answer comes from the table.
function checkRow(details, name) {
    const expected = errors.get(name);
    assert.ok(details, `nothing is said of ${name}`);
    assert.equal(details.errorClass, name, JSON.stringify(details));
    assert.equal(details.errorCode, expected.code);
    assert.equal(details.cause, expected.cause);
    assert.equal(details.action, expected.remedy);
    assert.equal(details.retry, RETRIES[expected.action]);
}

// A test of one row.
function row(name, run) {
    provoked.add(name);
    test(name, () => run(errors.get(name)));
}

describe('the table of errors', () => {
    let world;
    let org;
    let target;
    let muster;

    before(async () => {
        world = await World.start(() => Practice.start());
        ({ org, target, muster } = world);
    });
    after(() => world && world.stop());
    afterEach(async () => {
        await target.faults([]);
        muster.check();
    });

    const url = (app, mapping, more = '') => `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}${more}`;
    const read = (app, mapping) => muster.ask('GET', url(app, mapping));
    const attempts = (app) => muster.ask('GET', `/api/v1/apps/${app.id}/attempts`);
    const appUser = (app, user) => muster.ask('GET', `/api/v1/apps/${app.id}/users/${user.id}`);
    const retry = (app) => muster.ask('POST', `/api/v1/apps/${app.id}/group-push/retry`);

    async function pair() {
        const app = await org.connectedApp(target);
        const [ann, bob] = [await org.user(), await org.user()];
        const group = await org.group(null, [ann, bob]);
        await org.assignGroup(app, group);
        await world.settle(app);
        return { app, ann, bob, group };
    }

    async function pushedPair() {
        const made = await pair();
        const mapping = await org.push(made.app, made.group);
        await world.settle(made.app);
        return { ...made, mapping };
    }

    // The events of this app's failures with this class, from the system log.
    async function events(app, errorClass) {
        const found = [];
        for (let after = ''; ; ) {
            const answer = await muster.call('GET', `/api/v1/logs?limit=1000${after}`);
            assert.equal(answer.status, 200, answer.text);
            found.push(...answer.json);
            const next = answer.json.length === 1000 && /[?&]after=([^&>]+)[^>]*>; *rel="next"/.exec(answer.headers.link);
            if (!next) break;
            after = `&after=${next[1]}`;
        }
        return found.filter(
            (each) =>
                each.target.some((one) => one.id === app.id) &&
                each.outcome.result === 'FAILURE' &&
                (!errorClass || (each.debugContext.debugData || {}).errorClass === errorClass),
        );
    }

    function checkDetails(details, name, { httpStatus = null, words }) {
        const expected = errors.get(name);
        checkRow(details, name);
        assert.equal(details.httpStatus, httpStatus);
        assert.match(details.words, words);
        assert.ok(Math.abs(Date.now() - Date.parse(details.failed)) < 600000, details.failed);
        assert.ok(details.attempts >= 1);
        if (expected.action === 'HOLD') assert.ok(!details.nextTry, 'held, and yet there is a next try');
        else assert.ok(details.nextTry, 'tried again, and nobody says when');
        assert.ok(details.attempt.method && details.attempt.path, 'the request and its answer');
        assert.equal(details.attempt.status, httpStatus);
    }

    // A mapping that cannot be pushed for this reason. The mapping.
    async function failedGroup(app, mapping, name, options) {
        let found;
        await until(`${name} of ${mapping.id}`, async () => {
            found = await read(app, mapping);
            return found.state.errorClass === name && found.errorDetails;
        });
        checkDetails(found.errorDetails, name, options);
        assert.match(found.errorSummary, FAILED_ON);
        assert.match(found.errorSummary, options.words);
        const held = errors.get(name).action === 'HOLD';
        assert.equal(found.status, held ? 'ERROR' : 'ACTIVE');
        assert.equal(found.state.activity, held ? 'held' : 'retrying');
        const type = `application.provision.group_push.mapping.update.or.delete.failed${held ? '.with.error' : ''}`;
        const told = await events(app, name);
        const event = told.find((each) => each.eventType === type);
        assert.ok(event, `no event ${type}: ${told.map((each) => each.eventType)}`);
        assert.equal(event.debugContext.debugData.errorCode, errors.get(name).code);
        assert.deepEqual(event.target.map((each) => each.type), ['AppInstance', 'UserGroup', 'GroupPushMapping']);
        assert.equal(event.target[2].id, mapping.id);
        if (/^application\.provision\.group/.test(errors.get(name).event))
            assert.ok(told.some((each) => each.eventType === errors.get(name).event), errors.get(name).event);
        return found;
    }

    async function refusedMember(app, mapping, user, name, words) {
        let found;
        let error;
        await until(`${name} of ${user.profile.login}`, async () => {
            found = await read(app, mapping);
            error = (found.memberErrors || []).find((each) => each.userId === user.id && each.errorClass === name);
            return error;
        });
        assert.equal(found.status, 'ACTIVE', 'a member never makes the group an ERROR');
        assert.equal(error.login, user.profile.login);
        checkRow(error, name);
        assert.match(error.error, words);
        assert.ok(Math.abs(Date.now() - Date.parse(error.failed)) < 600000);
        return found;
    }

    // The app is in quarantine for this reason, everybody can see it, and it is lifted by itself.
    async function quarantined(app, mapping, name, options, mend) {
        const expected = errors.get(name);
        await failedGroup(app, mapping, name, options);
        const { quarantine } = await muster.ask('GET', `/api/v1/apps/${app.id}/sync`);
        checkRow(quarantine, name);
        assert.ok(quarantine.nextTry && quarantine.since && quarantine.failures >= 1);
        assert.ok((await events(app)).some((each) => each.eventType === expected.event && /quarantine/.test(each.displayMessage)));
        await mend();
        await world.settle(app);
        const after = await muster.ask('GET', `/api/v1/apps/${app.id}/sync`);
        assert.equal(after.quarantine, undefined, 'the quarantine is lifted');
        assert.equal((await read(app, mapping)).errorSummary, undefined);
    }

    /* --- the whole app ------------------------------------------------------------------------------------------ */

    row('CREDENTIALS', async () => {
        const { app, ann, bob, group, mapping } = await pushedPair();
        await target.faults([{ name: 'status', status: 401, text: 'No such token' }]);
        await org.remove(group, bob);
        await quarantined(app, mapping, 'CREDENTIALS', { httpStatus: 401, words: /Unauthorized.*No such token/ }, () => target.faults([]));
        await world.holds(group, [ann]);
    });

    row('UNAVAILABLE', async () => {
        const { app, ann, bob, group, mapping } = await pushedPair();
        await target.faults([{ name: 'status', status: 503, text: 'Closed for today' }]);
        await org.remove(group, bob);
        await quarantined(app, mapping, 'UNAVAILABLE', { httpStatus: 503, words: /Closed for today/ }, () => target.faults([]));
        await world.holds(group, [ann]);
    });

    // Connected without being asked: as a target that was moved or got a new certificate after it was connected.
    async function pushedElsewhere(baseUrl) {
        const made = await pushedPair();
        await org.connect(made.app, { baseUrl, token: target.token }, { activate: false });
        await muster.ask('POST', `/api/v1/apps/${made.app.id}/connections/default/lifecycle/activate`);
        await org.remove(made.group, made.bob);
        return made;
    }

    row('TLS', async () => {
        const bad = await Program.start(BIN, ['practice', '--listen', '127.0.0.1:0', '--token', target.token, '--bad-certificate', 'expired'], {
            ready: /(https:\/\/[^\s/]+:\d+)/,
        });
        try {
            const { app, ann, group, mapping } = await pushedElsewhere(`${bad.ready[1]}/scim/v2`);
            await quarantined(app, mapping, 'TLS', { words: /certificate/i }, () => org.connect(app, target));
            await world.holds(group, [ann]);
        } finally {
            await bad.stop();
        }
    });

    row('NAME_RESOLUTION', async () => {
        // A label of a name has at most 63 letters: nobody has to be asked.
        const { app, ann, group, mapping } = await pushedElsewhere(`https://${'x'.repeat(64)}.invalid/scim/v2`);
        await quarantined(app, mapping, 'NAME_RESOLUTION', { words: /resolve/i }, () => org.connect(app, target));
        await world.holds(group, [ann]);
    });

    row('TOKEN_UNAVAILABLE', async () => {
        const tokens = await TokenServer.start({ clientId: 'muster', secret: 'client-secret' });
        tokens.give = () => ({ status: 200, body: { access_token: target.token, expires_in: 1 } });
        try {
            const { app, ann, group, bob, mapping } = await pushedPair();
            const profile = { authScheme: 'OAUTH2', tokenUrl: tokens.url, clientId: 'muster', clientSecret: 'client-secret' };
            await muster.ask('POST', `/api/v1/apps/${app.id}/connections/default?activate=true`, { baseUrl: target.baseUrl, profile });
            tokens.answer = { status: 503, body: { error: 'temporarily_unavailable' } };
            await org.remove(group, bob);
            await quarantined(app, mapping, 'TOKEN_UNAVAILABLE', { words: /token endpoint: Service Unavailable/ }, () => {
                tokens.answer = null;
            });
            await world.holds(group, [ann]);
        } finally {
            await tokens.stop();
        }
    });

    row('REFUSED_CONNECTION', async () => {
        const gone = await Practice.start();
        const { baseUrl } = gone;
        await gone.stop();
        const { app, ann, group, mapping } = await pushedElsewhere(baseUrl);
        await quarantined(app, mapping, 'REFUSED_CONNECTION', { words: /connect/i }, () => org.connect(app, target));
        await world.holds(group, [ann]);
    });

    row('REDIRECT', async () => {
        const { app, ann, bob, group, mapping } = await pushedPair();
        await target.faults([{ name: 'status', status: 307 }]);
        await org.remove(group, bob);
        await failedGroup(app, mapping, 'REDIRECT', { httpStatus: 307, words: /Temporary Redirect/ });
        await target.faults([]);
        await retry(app);
        await world.settle(app);
        await world.holds(group, [ann]);
    });

    /* --- tried again by itself ---------------------------------------------------------------------------------- */

    row('SERVER_ERROR', async () => {
        const { app, ann, bob, group, mapping } = await pushedPair();
        await target.faults([{ name: 'status', status: 500, method: 'PATCH', text: 'Out of cheese' }]);
        await org.remove(group, bob);
        await failedGroup(app, mapping, 'SERVER_ERROR', { httpStatus: 500, words: /Internal Server Error.*Out of cheese/ });
        await target.faults([]);
        await world.settle(app);
        await world.holds(group, [ann]);
    });

    row('TIMEOUT', async () => {
        const { app, ann, bob, group } = await pair();
        await muster.ask('PUT', `/api/v1/apps/${app.id}/target`, { secondsToAnswer: 1 });
        await target.faults([{ name: 'latency', ms: 3000, method: 'GET', path: '/Groups' }]);
        const mapping = await org.push(app, group);
        await failedGroup(app, mapping, 'TIMEOUT', { words: /Read timed out/ });
        await target.faults([]);
        await world.settle(app);
        await world.holds(group, [ann, bob]);
    });

    row('CONNECTION_LOST', async () => {
        const { app, ann, bob, group } = await pair();
        await target.faults([{ name: 'drop_before', method: 'GET', path: '/Groups' }]);
        const mapping = await org.push(app, group);
        await failedGroup(app, mapping, 'CONNECTION_LOST', { words: /./ });
        await target.faults([]);
        await world.settle(app);
        await world.holds(group, [ann, bob]);
    });

    row('RATE_LIMITED', async () => {
        const { app, ann, bob, group, mapping } = await pushedPair();
        await target.faults([{ name: 'status', status: 429, method: 'PATCH', retryAfter: 1, times: 1 }]);
        await org.remove(group, bob);
        await world.settle(app); // no failure: nobody is told, and it goes on by itself
        await world.holds(group, [ann]);
        assert.ok((await attempts(app)).some((each) => each.errorClass === 'RATE_LIMITED' && each.status === 429));
        assert.equal((await read(app, mapping)).errorSummary, undefined);
        const told = (await events(app)).filter((each) => each.eventType === errors.get('RATE_LIMITED').event);
        assert.equal(told.length, 1);
        assert.match(told[0].outcome.reason, /Too Many Requests/);
    });

    /* --- read back, looked up again ----------------------------------------------------------------------------- */

    row('OUTCOME_UNKNOWN', async () => {
        const { app, ann, bob, group, mapping } = await pushedPair();
        const mark = await target.mark();
        await target.faults([
            { name: 'drop_after', method: 'PATCH', path: '/Groups', times: 1 },
            { name: 'latency', ms: 8000, method: 'GET', path: '/Groups', times: 1 }, // long enough to be seen meanwhile
        ]);
        await org.remove(group, bob);
        await failedGroup(app, mapping, 'OUTCOME_UNKNOWN', { words: /./ });
        await world.settle(app);
        await world.holds(group, [ann]);
        const log = (await target.log(mark)).filter((each) => each.path.includes('/Groups/'));
        assert.deepEqual(log.map((each) => each.method), ['PATCH', 'GET'], `applied, and read back instead of repeated\n${shown(log)}`);
    });

    row('MALFORMED_ANSWER', async () => {
        const { app, ann, bob, group } = await pair();
        await target.faults([{ name: 'not_json', method: 'GET', path: '/Groups' }]);
        const mapping = await org.push(app, group);
        await failedGroup(app, mapping, 'MALFORMED_ANSWER', { httpStatus: 200, words: /The answer is not SCIM/ });
        await target.faults([{ name: 'truncate', method: 'GET', path: '/Groups' }]);
        await until('a truncated answer', async () => (await attempts(app))[0].errorClass === 'MALFORMED_ANSWER');
        await target.faults([]);
        await world.settle(app);
        await world.holds(group, [ann, bob]);
    });

    row('NOT_FOUND', async () => {
        const { app, ann, bob, group } = await pushedPair();
        const old = await world.account(bob);
        await target.ask('DELETE', `/scim/v2/Users/${old.id}`);
        await world.client.userApi.updateUser({ userId: bob.id, user: { profile: { title: 'Director' } } });
        await world.settle(app); // looked up again, made anew, and a member again: by itself
        const made = await world.account(bob);
        assert.notEqual(made.id, old.id);
        assert.equal(made.title, 'Director');
        await world.holds(group, [ann, bob]);
        const told = (await attempts(app)).find((each) => each.errorClass === 'NOT_FOUND');
        assert.equal(told.status, 404);
        assert.match(told.path, new RegExp(old.id));
    });

    /* --- held until somebody acts ------------------------------------------------------------------------------- */

    // A first push that is held for this reason; mended, and retried.
    async function heldPush(name, faults, options) {
        const { app, ann, bob, group } = await pair();
        await target.faults(faults());
        const mapping = await org.push(app, group);
        await failedGroup(app, mapping, name, options);
        const asked = (await target.state()).requests;
        await target.faults([]);
        await muster.sync(app.id);
        assert.equal((await read(app, mapping)).status, 'ERROR', 'held: nothing happens by itself');
        assert.deepEqual((await target.state()).requests, asked);
        assert.ok((await retry(app)).retried >= 1);
        await world.settle(app);
        await world.holds(group, [ann, bob]);
        const mended = await read(app, mapping);
        assert.equal(mended.status, 'ACTIVE');
        assert.equal(mended.errorSummary, undefined);
        assert.equal(mended.errorDetails, undefined);
    }

    row('FORBIDDEN', () =>
        heldPush('FORBIDDEN', () => [{ name: 'status', status: 403, method: 'POST', text: 'Not yours' }], {
            httpStatus: 403,
            words: /Forbidden.*Not yours/,
        }));

    row('TOO_LARGE', () =>
        heldPush('TOO_LARGE', () => [{ name: 'bytes_max', max: 10, method: 'POST' }], { httpStatus: 413, words: /Payload Too Large/ }));

    row('UNSUPPORTED', () =>
        heldPush('UNSUPPORTED', () => [{ name: 'status', status: 501, method: 'POST' }], { httpStatus: 501, words: /Not Implemented/ }));

    row('ATTRIBUTE_REFUSED', async () => {
        await heldPush('ATTRIBUTE_REFUSED', () => [{ name: 'attribute_refused', text: 'displayName', method: 'POST' }], {
            httpStatus: 400,
            words: /displayName/,
        });
        // And of an account: the mapping is fine, the person's account is not.
        const { app, ann } = await pushedPair();
        await target.faults([{ name: 'status', status: 400, method: 'PATCH', path: '/Users', text: 'title: too long' }]);
        await world.client.userApi.updateUser({ userId: ann.id, user: { profile: { title: 'Lord High Everything Else' } } });
        await muster.sync(app.id);
        const held = await appUser(app, ann);
        assert.equal(held.syncState, 'ERROR');
        assert.match(held.errorSummary, /^Automatic provisioning of user .* failed: .*title: too long/);
        checkDetails(held.errorDetails, 'ATTRIBUTE_REFUSED', { httpStatus: 400, words: /title: too long/ });
        const told = await events(app, 'ATTRIBUTE_REFUSED');
        assert.deepEqual(told.map((each) => each.eventType), ['application.provision.user.push_profile']);
        assert.ok(told[0].target.some((each) => each.type === 'User' && each.id === ann.id));
        await target.faults([]);
        await retry(app);
        await world.settle(app);
        assert.equal((await world.account(ann)).title, 'Lord High Everything Else');
    });

    row('ATTRIBUTE_UNUSABLE', async () => {
        const app = await org.connectedApp(target);
        const [ann, bob] = [await org.user(null, { city: 'Rome' }), await org.user(null, { city: 'Rom' })];
        const code = { title: 'Code', type: 'string', maxLength: 3, required: true };
        await muster.ask('POST', `/api/v1/meta/schemas/apps/${app.id}/default`, {
            definitions: { custom: { properties: { code } } },
        });
        const [mapping] = await muster.ask('GET', `/api/v1/mappings?targetId=${app.id}`);
        await muster.ask('POST', `/api/v1/mappings/${mapping.id}`, { properties: { code: { expression: 'user.city' } } });
        for (const user of [ann, bob]) await org.assignUser(app, user);
        await muster.sync(app.id);
        assert.equal((await world.account(bob)).code, 'Rom', 'one person stops nobody else');
        assert.equal(await world.account(ann), undefined, 'nobody is made without what the app requires');
        const check = async () => {
            const held = await appUser(app, ann);
            assert.equal(held.syncState, 'ERROR');
            checkRow(held.errorDetails, 'ATTRIBUTE_UNUSABLE');
            assert.match(held.errorSummary, /code: .*too long \(at most 3 characters\)/);
        };
        await check();
        assert.equal((await events(app, 'ATTRIBUTE_UNUSABLE')).length, 1);
        await muster.ask('POST', `/api/v1/users/${ann.id}`, { profile: { city: 'Rio' } });
        await world.settle(app);
        assert.equal((await world.account(ann)).code, 'Rio');
        // What is wrong later leaves that attribute as it is; the others are sent.
        await muster.ask('POST', `/api/v1/users/${ann.id}`, { profile: { city: 'Rome', title: 'Boss' } });
        await muster.sync(app.id);
        await check();
        const there = await world.account(ann);
        assert.deepEqual([there.code, there.title], ['Rio', 'Boss']);
        await muster.ask('POST', `/api/v1/mappings/${mapping.id}`, {
            properties: { code: { expression: 'String.substring(user.city, 0, 3)' } },
        });
        await world.settle(app);
        assert.equal((await world.account(ann)).code, 'Rom');
    });

    row('NAME_UNUSABLE', async () => {
        const hide = [
            { name: 'filter_blind', text: 'displayName' },
            { name: 'status', status: 409, method: 'POST', path: '/Groups' },
        ];
        await heldPush('NAME_UNUSABLE', () => hide, { httpStatus: 200, words: /Conflict, but no group of this name was found/ });
    });

    row('NAME_TAKEN', async () => {
        const { app, ann, bob, group, mapping } = await pushedPair();
        const name = org.name('Taken');
        const other = await target.seedGroup({ displayName: name });
        await org.rename(group, name);
        await failedGroup(app, mapping, 'NAME_TAKEN', { httpStatus: 409, words: /Conflict/ });
        assert.ok((await events(app, 'NAME_TAKEN')).some((each) => /app\.group\.renamed\.failed$/.test(each.eventType)));
        await target.ask('DELETE', `/scim/v2/Groups/${other.id}`);
        await retry(app);
        await world.settle(app);
        await world.holds(name, [ann, bob]);
    });

    row('TWO_MATCHES', async () => {
        const { app, ann, bob, group } = await pair();
        await target.faults([{ name: 'duplicates_allowed' }]);
        const [, second] = [await target.seedGroup({ displayName: group.profile.name }), await target.seedGroup({ displayName: group.profile.name })];
        const mapping = await org.push(app, group);
        await failedGroup(app, mapping, 'TWO_MATCHES', { httpStatus: 200, words: /Two or more groups have this name/ });
        await target.ask('DELETE', `/scim/v2/Groups/${second.id}`);
        await retry(app);
        await world.settle(app);
        await world.holds(group, [ann, bob]);
    });

    row('LINK_WOULD_REMOVE', async () => {
        const { app, ann, bob, group } = await pair();
        const stranger = await target.seedUser({ userName: `${org.name('stranger').replace(/ /g, '-')}@example.com` });
        await target.seedGroup({ displayName: group.profile.name, members: [{ value: stranger.id }] });
        const mapping = await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, {
            sourceGroupId: group.id,
            targetGroupName: group.profile.name,
            existingMembers: 'REFUSE',
        });
        await failedGroup(app, mapping, 'LINK_WOULD_REMOVE', { httpStatus: 200, words: /Linking would remove 1 of 1 members/ });
        await muster.ask('PATCH', url(app, mapping), { status: 'ACTIVE', existingMembers: 'REMOVE' });
        await world.settle(app);
        await world.holds(group, [ann, bob]);
    });

    row('GROUP_MISSING', async () => {
        const { app, ann, bob, group, mapping } = await pushedPair();
        await org.assignUser(app, bob); // he keeps the app: nothing waits for a membership that cannot be removed
        const old = await world.targetGroup(group);
        await target.ask('DELETE', `/scim/v2/Groups/${old.id}`);
        await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/verify`); // nothing changed here: reading finds it
        await failedGroup(app, mapping, 'GROUP_MISSING', { httpStatus: 404, words: /Not Found/ });
        await retry(app);
        await world.settle(app);
        assert.notEqual((await world.holds(group, [ann, bob])).id, old.id);
        const made = await world.targetGroup(group);
        await target.ask('DELETE', `/scim/v2/Groups/${made.id}`);
        await org.remove(group, bob); // and so does a write
        await failedGroup(app, mapping, 'GROUP_MISSING', { httpStatus: 404, words: /Not Found/ });
        await retry(app);
        await world.settle(app);
        await world.holds(group, [ann]);
    });

    row('HELD', async () => {
        const { app, ann, bob, group } = await pushedPair();
        await muster.ask('PUT', `/api/v1/apps/${app.id}/group-push/limits`, { deactivations: { percent: 1, number: 0 } });
        await org.remove(group, bob); // who loses the app with it
        const { failed } = await muster.sync(app.id);
        assert.equal(failed.length, 1);
        checkRow(failed[0], 'HELD');
        assert.equal(failed[0].held, true);
        assert.equal(failed[0].name, bob.profile.login);
        assert.equal((await world.account(bob)).active, true);
        await retry(app);
        await muster.sync(app.id);
        assert.equal((await world.account(bob)).active, true, 'a hold is decided, not retried');
        const [hold] = await muster.ask('GET', `/api/v1/apps/${app.id}/group-push/holds`);
        await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/holds/${hold.id}/approve`, { revision: hold.revision });
        await world.settle(app);
        assert.equal((await world.account(bob)).active, false);
        await world.holds(group, [ann]);
    });

    /* --- one member --------------------------------------------------------------------------------------------- */

    row('MEMBER_UNKNOWN', async () => {
        const { app, ann, bob, group } = await pair();
        await target.faults([{ name: 'member_refused', text: bob.profile.login }]);
        const mapping = await org.push(app, group);
        await muster.sync(app.id);
        const found = await refusedMember(app, mapping, bob, 'MEMBER_UNKNOWN', /Bad Request/);
        assert.match(found.errorSummary, /^1 of 2 members could not be pushed\. The reason: Bad Request/);
        await world.holds(group, [ann]);
        const told = (await events(app, 'MEMBER_UNKNOWN')).filter((each) => each.eventType === errors.get('MEMBER_UNKNOWN').event);
        assert.equal(told.length, 1);
        assert.deepEqual(told[0].target.map((each) => each.type), ['AppInstance', 'UserGroup', 'GroupPushMapping', 'User']);
        assert.equal(told[0].target[3].id, bob.id);
        await target.faults([]);
        assert.equal((await retry(app)).retried, 1, 'a mapping with a refused member is retried');
        await world.settle(app);
        await world.holds(group, [ann, bob]);
        assert.equal((await read(app, mapping)).errorSummary, undefined);
    });

    row('MEMBER_INACTIVE', async () => {
        const { app, ann, bob, group } = await pair();
        const account = await world.account(bob);
        const active = (value) =>
            target.ask('PATCH', `/scim/v2/Users/${account.id}`, {
                schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
                Operations: [{ op: 'replace', path: 'active', value }],
            });
        await active(false);
        await target.faults([{ name: 'inactive_members_refused' }]);
        const mapping = await org.push(app, group);
        await refusedMember(app, mapping, bob, 'MEMBER_INACTIVE', /Bad Request/);
        await world.holds(group, [ann]);
        assert.equal((await appUser(app, bob)).disabledInApp, true);
        assert.equal((await world.account(bob)).active, false, 'reported, not repaired');
        await active(true);
        await retry(app);
        await world.settle(app);
        await world.holds(group, [ann, bob]);
    });

    row('MEMBER_NOT_PROVISIONED', async () => {
        const app = await org.connectedApp(target);
        const [ann, bob] = [await org.user(), await org.user(null, { title: 'Director' })];
        const group = await org.group(null, [ann, bob]);
        await target.faults([{ name: 'attribute_refused', text: 'title' }]);
        await org.assignGroup(app, group);
        const mapping = await org.push(app, group);
        await muster.sync(app.id);
        await refusedMember(app, mapping, bob, 'MEMBER_NOT_PROVISIONED', /Error while creating user .*title/);
        checkDetails((await appUser(app, bob)).errorDetails, 'ATTRIBUTE_REFUSED', { httpStatus: 400, words: /title/ });
        await world.holds(group, [ann]);
        await target.faults([]);
        await retry(app); // the account; the membership follows by itself
        await world.settle(app);
        await world.holds(group, [ann, bob]);
        assert.equal((await read(app, mapping)).memberErrors, undefined);
    });

    row('NOT_KEPT', async () => {
        const { app, ann, bob, group } = await pair();
        await target.faults([{ name: 'members_lost', max: 1 }]);
        const mapping = await org.push(app, group);
        await world.settle(app); // acknowledged
        assert.equal((await world.targetGroup(group)).members.length, 1);
        await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/verify`);
        await muster.sync(app.id);
        const lost = (await world.targetGroup(group)).members.map((each) => each.value);
        const victim = lost.includes((await world.account(ann)).id) ? bob : ann;
        await refusedMember(app, mapping, victim, 'NOT_KEPT', /does not hold it/);
        assert.ok((await events(app, 'NOT_KEPT')).some((each) => each.eventType === errors.get('NOT_KEPT').event));
        await target.faults([]);
        assert.equal((await retry(app)).retried, 1);
        await world.settle(app);
        await world.holds(group, [ann, bob]);
    });
});

// By the app's setting: the command line turns it, reading finds what nobody asked about.
test('verify=always: what the app drops is found by itself', async () => {
    const world = await World.start(() => Practice.start());
    try {
        const { muster, org, target } = world;
        const app = await org.connectedApp(target);
        const [ann, bob] = [await org.user(), await org.user()];
        const group = await org.group(null, [ann, bob]);
        await org.assignGroup(app, group);
        await world.settle(app);
        const wrong = await muster.cli(['app', 'switch', app.label, 'verify=often']);
        assert.equal(wrong.code, 2);
        assert.match(wrong.output, /verify=never\|sampled\|always/);
        const set = await muster.cli(['app', 'switch', app.label, 'verify=always']);
        assert.equal(set.code, 0, set.output);
        assert.match(set.output, /verify +always/);
        assert.equal((await muster.ask('GET', `/api/v1/apps/${app.id}/group-push/settings`)).verify, 'ALWAYS');
        await target.faults([{ name: 'members_lost', max: 1, times: 1 }]);
        const mapping = await org.push(app, group);
        await world.settle(app); // dropped once: pushed again
        await world.holds(group, [ann, bob]);
        const read = await muster.ask('GET', `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}`);
        assert.ok(Math.abs(Date.now() - Date.parse(read.state.verified)) < 600000, JSON.stringify(read.state));
        const log = await world.during(app, () => org.remove(group, bob));
        assert.ok(log.some((each) => each.method === 'GET' && each.path.includes('/Groups/')), shown(log));
    } finally {
        await world.stop();
    }
});

// What no target can cause: the store is changed while the server is down.
describe('rows that take more than a target', () => {
    let world;

    before(async () => {
        world = await World.start(() => Practice.start());
    });
    after(() => world && world.stop());

    async function rewritten(sql) {
        await world.muster.program.stop();
        execFileSync('python3', ['-c', 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.executescript(sys.argv[2]); db.commit()', path.join(world.muster.data, 'muster.db'), sql]);
        await world.muster.startAgain();
        world.reconnect();
    }

    async function heldAccount(app, user, name, words) {
        await world.muster.sync(app.id);
        const held = await world.muster.ask('GET', `/api/v1/apps/${app.id}/users/${user.id}`);
        assert.equal(held.syncState, 'ERROR');
        checkRow(held.errorDetails, name);
        assert.match(held.errorSummary, words);
    }

    row('FORBIDDEN_ADDRESS', async () => {
        const { org, target, muster } = world;
        const app = await org.connectedApp(target);
        const ann = await org.user();
        // As if a host name had begun to lead there.
        await rewritten(`UPDATE app_connections SET base_url = 'http://169.254.169.254/scim/v2', allow_plain_http = 1`);
        await org.assignUser(app, ann);
        await heldAccount(app, ann, 'FORBIDDEN_ADDRESS', /not one that Muster connects to/);
        const { quarantine } = await muster.ask('GET', `/api/v1/apps/${app.id}/sync`);
        assert.equal(quarantine.errorClass, 'FORBIDDEN_ADDRESS');
        await org.connect(app, target);
        await world.settle(app);
        assert.equal((await world.account(ann)).active, true);
    });

    row('INTERNAL', async () => {
        const { org, target, muster } = world;
        const app = await org.connectedApp(target);
        const [ann, bob] = [await org.user(), await org.user()];
        const group = await org.group(null, [ann, bob]);
        await org.assignGroup(app, group);
        await org.assignUser(app, bob); // he keeps the app: nothing waits for a membership that cannot be removed
        const mapping = await org.push(app, group);
        await world.settle(app);
        // A note of a write in doubt that nobody can read.
        await rewritten(`INSERT INTO intent (app_rid, work_kind, object_rid, request_kind, epoch, deadline, detail)
            SELECT app_rid, 2, rid, 8, 1, 0, 'not JSON' FROM target_groups`);
        await org.remove(group, bob);
        await muster.sync(app.id);
        const held = await muster.ask('GET', `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}`);
        assert.equal(held.status, 'ERROR');
        assert.equal(held.state.activity, 'held');
        assert.match(held.errorSummary, /could not handle this object.*\(.+\)/);
        checkRow(held.errorDetails, 'INTERNAL');
        const other = await org.group(null, [ann]); // it stops nobody else
        await org.push(app, other);
        await muster.sync(app.id);
        await world.holds(other, [ann]);
        await rewritten(`DELETE FROM intent`);
        await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/retry`);
        await world.settle(app);
        await world.holds(group, [ann]);
    });
});

test('every row of the table is provoked', () => {
    assert.ok(errors.size >= 28, `only ${errors.size} rows were read`);
    assert.deepEqual([...errors.keys()].filter((name) => !provoked.has(name)), []);
    assert.deepEqual([...provoked].filter((name) => !errors.has(name)), []);
});
