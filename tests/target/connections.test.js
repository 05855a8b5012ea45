// SPDX-License-Identifier: Apache-2.0
// Connections beyond a token: OAuth 2 client credentials, authorities and client certificates, proxies, two credentials
// during a rotation, and ends. What each party was sent is looked at: nobody sees a secret that is not meant for him.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { after, afterEach, before, beforeEach, describe, test } = require('node:test');
const { World } = require('./world');
const { Muster, Practice, temporaryDirectory } = require('../lib/muster');
const { request } = require('../lib/http');
const { until } = require('./crowd');
const { certificates, TokenServer, Gate, Proxy } = require('./gateway');

const CLIENT = 'muster-client';
const SECRET = 'a-client-secret/with+odd=signs';
const DAY_MS = 24 * 3600 * 1000;

describe('connections', () => {
    let dir;
    let pki;
    let world;
    let org;
    let muster;
    let target;
    let parties;

    before(async () => {
        dir = temporaryDirectory();
        pki = certificates(dir);
        world = await World.start(() => Practice.start());
        ({ org, muster, target } = world);
    });
    after(async () => {
        if (world) await world.stop();
        fs.rmSync(dir, { recursive: true, force: true });
    });
    beforeEach(() => {
        parties = [];
    });
    afterEach(async () => {
        for (const party of parties) await party.stop();
        muster.check();
    });

    async function party(starting) {
        const one = await starting;
        parties.push(one);
        return one;
    }

    const pem = (name) => fs.readFileSync(name, 'utf8');
    const at = (app) => `/api/v1/apps/${app.id}/connections/default`;
    const shown = (app) => muster.ask('GET', at(app));
    const save = (app, gate, profile, activate = true) =>
        muster.call('POST', `${at(app)}?activate=${activate}`, { body: { baseUrl: gate.baseUrl, profile } });

    async function saved(app, gate, profile) {
        const answer = await save(app, gate, profile);
        assert.equal(answer.status, 200, answer.text);
        return answer.json;
    }

    async function refusedSave(app, gate, profile, words) {
        const answer = await save(app, gate, profile);
        assert.equal(answer.status, 400, answer.text);
        assert.match(answer.json.errorCauses.map((each) => each.errorSummary).join('\n'), words);
        return answer.json;
    }

    async function appAt(gate, profile) {
        const app = await org.app();
        const connection = await saved(app, gate, profile);
        assert.equal(connection.status, 'ENABLED');
        await org.switches(app);
        return app;
    }

    // Gives the app to somebody new, and waits until he is there.
    async function somebody(app) {
        const user = await org.user();
        await org.assignUser(app, user);
        await world.settle(app);
        assert.equal((await world.account(user)).active, true);
        return user;
    }

    const oauth = (tokens, more = {}) => ({ authScheme: 'OAUTH2', tokenUrl: tokens.url, clientId: CLIENT, clientSecret: SECRET, ...more });

    async function oauthGate(options = {}) {
        const tokens = await party(TokenServer.start({ clientId: CLIENT, secret: SECRET, ...options }));
        const gate = await party(Gate.start(target, { accepts: (token) => tokens.takes(token) }));
        return { tokens, gate };
    }

    // Nothing that was sent to this party, by any path, holds the text.
    function neverSaw(one, text) {
        const all = JSON.stringify(one.requests.map((each) => ({ ...each, form: each.form && each.form.toString() })));
        for (const form of [text, encodeURIComponent(text), Buffer.from(text).toString('base64')]) assert.ok(!all.includes(form), `${form} in ${all}`);
    }

    for (const clientAuth of ['CLIENT_SECRET_BASIC', 'CLIENT_SECRET_POST']) {
        test(`OAuth 2: ${clientAuth}: one token for many requests`, async () => {
            const { tokens, gate } = await oauthGate();
            const app = await appAt(gate, oauth(tokens, { clientAuth, scope: 'scim' }));
            assert.equal(tokens.requests.length, 1, 'for asking the app before saving');
            const group = await org.group(null, [await org.user(), await org.user(), await org.user()]);
            await org.assignGroup(app, group);
            await org.push(app, group);
            await world.settle(app);
            assert.equal((await world.targetGroup(group)).members.length, 3);
            assert.equal(tokens.requests.length, 2, 'and one for all that followed');
            assert.ok(gate.requests.length > 5);
            assert.equal(gate.refused.length, 0);
            for (const each of tokens.requests) {
                assert.equal(each.method, 'POST');
                assert.equal(each.path, '/oauth2/token');
                assert.equal(each.headers['content-type'], 'application/x-www-form-urlencoded');
                const fields = clientAuth === 'CLIENT_SECRET_POST' ? ['client_id', 'client_secret', 'grant_type', 'scope'] : ['grant_type', 'scope'];
                assert.deepEqual([...each.form.keys()].sort(), fields);
                assert.equal(!!each.headers.authorization, clientAuth === 'CLIENT_SECRET_BASIC');
            }
            neverSaw(gate, SECRET);
            for (const token of tokens.tokens.keys()) neverSaw(tokens, token);
            neverSaw(tokens, group.profile.name);
            const { authScheme, profile, status } = await shown(app);
            assert.equal(authScheme, undefined, 'as published, TOKEN or nothing');
            assert.equal(status, 'ENABLED');
            assert.deepEqual(profile, {
                authScheme: 'OAUTH2',
                scheme: 'OAUTH2',
                clientId: CLIENT,
                tokenUrl: tokens.url,
                clientAuth,
                scope: 'scim',
                allowPlainHttp: false,
            });
        });
    }

    for (const [alg, kind, options] of [
        ['RS256', 'rsa', { modulusLength: 2048 }],
        ['ES256', 'ec', { namedCurve: 'P-256' }],
    ]) {
        test(`OAuth 2: a private key, ${alg}`, async () => {
            const { publicKey, privateKey } = crypto.generateKeyPairSync(kind, options);
            const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
            const { tokens, gate } = await oauthGate({ publicKey });
            const profile = { authScheme: 'OAUTH2', tokenUrl: tokens.url, clientId: CLIENT, clientAuth: 'PRIVATE_KEY_JWT', privateKey: key, keyId: 'key-1' };
            const app = await appAt(gate, profile);
            await somebody(app);
            assert.deepEqual(tokens.last, { alg, kid: 'key-1' });
            assert.equal(tokens.requests.length, 2);
            assert.ok(!JSON.stringify(await shown(app)).includes('PRIVATE KEY'));
        });
    }

    test('OAuth 2: a token is renewed before it ends', async () => {
        // Taken for longer than is said: on a busy machine a request may arrive late. That it is renewed in time is shown
        // under a clock of its own (tests/unit/engine_token_test.c).
        const { tokens, gate } = await oauthGate({ lifetime: 2, grace: 600 });
        const app = await appAt(gate, oauth(tokens));
        await until('a third token is asked for', async () => {
            await somebody(app);
            return tokens.requests.length >= 4;
        });
        assert.equal(gate.refused.length, 0);
        const given = [...tokens.tokens.keys()];
        const used = gate.requests.map((each) => given.indexOf(each.token));
        assert.ok(new Set(used).size >= 4, 'each of them was used');
        assert.deepEqual(used, [...used].sort((a, b) => a - b), 'none after the next was there');
    });

    test('OAuth 2: a token that the app refuses is renewed once', async () => {
        const { tokens, gate } = await oauthGate();
        const app = await appAt(gate, oauth(tokens));
        await somebody(app);
        const asked = tokens.requests.length;
        tokens.revoke();
        await somebody(app);
        assert.equal(tokens.requests.length, asked + 1);
        assert.equal(gate.refused.length, 1);
        gate.accepts = () => false;
        const user = await org.user();
        await org.assignUser(app, user);
        await until('the app is quarantined', async () => (await muster.ask('GET', `/api/v1/apps/${app.id}/sync?after=0`)).quarantine);
        const { quarantine } = await muster.ask('GET', `/api/v1/apps/${app.id}/sync?after=0`);
        assert.equal(quarantine.errorClass, 'CREDENTIALS');
        const [, there, renewed] = gate.refused; // what follows are probes, if it took long to look
        assert.ok(there && renewed && there.token !== renewed.token, 'with the token that was there, and with a new one');
        assert.doesNotMatch(JSON.stringify(quarantine), /access-/, 'the app repeats the token, and it is hidden');
        gate.accepts = (token) => tokens.takes(token);
        await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/retry`);
        await world.settle(app);
        assert.ok(await world.account(user));
    });

    test('OAuth 2: a token endpoint that fails', async () => {
        const { tokens, gate } = await oauthGate();
        const app = await org.app();
        await refusedSave(app, gate, oauth(tokens, { clientSecret: 'wrong-secret' }), /refused the credential.*is not the secret/s);
        const wrong = await refusedSave(app, gate, oauth(tokens, { clientSecret: 'wrong-secret' }), /token endpoint/);
        assert.ok(!JSON.stringify(wrong).includes('wrong-secret'), 'the endpoint repeats the secret, and it is hidden');
        tokens.answer = { status: 503, body: {} };
        await refusedSave(app, gate, oauth(tokens), /No access token could be had/);
        tokens.answer = { status: 200, body: 'access_token=abc' };
        await refusedSave(app, gate, oauth(tokens), /without an access_token/);
        assert.equal(gate.requests.length, 0, 'without a token the app is not asked');
        tokens.answer = null;
        await saved(app, gate, oauth(tokens));
    });

    test('OAuth 2: a client secret goes to no other endpoint', async () => {
        const { tokens, gate } = await oauthGate();
        const thief = await party(TokenServer.start({ clientId: CLIENT, secret: SECRET }));
        const app = await appAt(gate, oauth(tokens));
        await refusedSave(app, gate, { authScheme: 'OAUTH2', tokenUrl: thief.url }, /clientSecret: is needed again/);
        const other = await party(Gate.start(target, { accepts: () => true }));
        await refusedSave(app, other, { authScheme: 'OAUTH2' }, /clientSecret: is needed again/);
        assert.equal(thief.requests.length, 0);
        assert.equal(other.requests.length, 0);
    });

    test('own authorities and a client certificate', async () => {
        const gate = await party(Gate.start(target, { accepts: (token) => token === 'gate-token', tls: pki.server, clients: pki.clients }));
        const app = await org.app();
        const token = { authScheme: 'TOKEN', token: 'gate-token' };
        const shownCertificate = { clientCertificate: pem(pki.client.cert), clientKey: pem(pki.client.key) };
        await refusedSave(app, gate, token, /certificate was not accepted/);
        const other = await refusedSave(app, gate, { ...token, authorities: pem(pki.clients.cert) }, /certificate was not accepted/);
        assert.ok(other);
        const none = await save(app, gate, { ...token, authorities: pem(pki.servers.cert) });
        assert.equal(none.status, 400, 'without a client certificate it lets nobody in');
        assert.equal(gate.requests.length, 0);
        const connection = await saved(app, gate, { ...token, authorities: pem(pki.servers.cert), ...shownCertificate });
        assert.equal(connection.profile.authorities, pem(pki.servers.cert));
        assert.equal(connection.profile.clientCertificate, pem(pki.client.cert));
        assert.deepEqual(connection.expiry.map((each) => [each.what, each.status]), [['CLIENT_CERTIFICATE', 'VALID']]);
        assert.ok(!JSON.stringify(connection).includes('PRIVATE KEY'));
        await org.switches(app);
        await somebody(app);
        assert.ok(gate.requests.every((each) => each.client === 'client'));
        // What is not said is kept; null takes it away.
        await saved(app, gate, token);
        await refusedSave(app, gate, { ...token, authorities: null }, /certificate was not accepted/);
        // An app without authorities of its own, and the endpoint of a client, are not trusted by them.
        await refusedSave(await org.app(), gate, token, /certificate was not accepted/);
    });

    test('a token endpoint with an authority of the app, and no client certificate', async () => {
        const tokens = await party(TokenServer.start({ clientId: CLIENT, secret: SECRET, tls: pki.server }));
        const gate = await party(Gate.start(target, { accepts: (token) => tokens.takes(token), tls: pki.server, clients: pki.clients }));
        const app = await org.app();
        await refusedSave(app, gate, oauth(tokens), /No access token could be had/);
        const way = { authorities: pem(pki.servers.cert), clientCertificate: pem(pki.client.cert), clientKey: pem(pki.client.key) };
        await saved(app, gate, oauth(tokens, way));
        await org.switches(app);
        await somebody(app);
    });

    test('a proxy of the app', async () => {
        const proxy = await party(Proxy.start({ credential: 'proxy-user:proxy-password' }));
        const gate = await party(Gate.start(target, { accepts: (token) => token === 'gate-token', tls: pki.server }));
        const token = { authScheme: 'TOKEN', token: 'gate-token', authorities: pem(pki.servers.cert) };
        const app = await org.app();
        await refusedSave(app, gate, { ...token, proxy: proxy.url, proxyCredential: 'proxy-user:wrong' }, /proxy did not connect.*407/s);
        assert.equal(gate.requests.length, 0);
        const connection = await saved(app, gate, { ...token, proxy: proxy.url, proxyCredential: 'proxy-user:proxy-password' });
        assert.equal(connection.profile.proxy, proxy.url);
        assert.equal(connection.profile.proxyCredentialStored, true);
        assert.doesNotMatch(JSON.stringify(connection), /proxy-password/);
        await org.switches(app);
        await somebody(app);
        const used = proxy.requests.filter((each) => each.status === 200);
        assert.ok(used.length > 0);
        assert.deepEqual([...new Set(used.map((each) => each.url))], [`127.0.0.1:${gate.port}`]);
        neverSaw(proxy, 'gate-token');
        neverSaw(gate, 'proxy-password');
        assert.ok(gate.requests.every((each) => !each.headers['proxy-authorization']));
        // An exception: asked directly.
        const before = proxy.requests.length;
        await saved(app, gate, { ...token, noProxy: '127.0.0.0/8' });
        await somebody(app);
        assert.equal(proxy.requests.length, before);
        await refusedSave(app, gate, { ...token, noProxy: null, proxy: 'http://127.0.0.1:1' }, /proxyCredential: is needed again/);
        await refusedSave(app, gate, { ...token, noProxy: null, proxy: 'http://127.0.0.1:1', proxyCredential: null }, /Nobody answers/);
    });

    test('a proxy of the server, and apps that do not use it', async () => {
        const proxy = await party(Proxy.start({ credential: 'proxy-user:proxy-password' }));
        const gate = await party(Gate.start(target, { accepts: (token) => token === 'gate-token', tls: pki.server }));
        const file = path.join(dir, 'proxy-credential');
        fs.writeFileSync(file, 'proxy-user:proxy-password\n');
        const args = ['--proxy', proxy.url, '--proxy-credential-file', file, '--no-proxy', '127.0.0.2', '--ca-file', pki.servers.cert];
        const other = await party(Muster.start({ args }));
        const make = async (profile) => {
            const app = await other.ask('POST', '/api/v1/apps', { name: 'scim2', label: org.name('App'), signOnMode: 'AUTO_LOGIN' });
            const body = { baseUrl: gate.baseUrl, profile: { authScheme: 'TOKEN', token: 'gate-token', ...profile } };
            return other.ask('POST', `/api/v1/apps/${app.id}/connections/default?activate=true`, body);
        };
        await make({});
        assert.deepEqual([...new Set(proxy.requests.map((each) => each.url))], [`127.0.0.1:${gate.port}`]);
        const used = proxy.requests.length;
        assert.equal((await make({ proxy: 'DIRECT' })).profile.proxy, 'DIRECT');
        await make({ noProxy: '127.0.0.1' });
        assert.equal(proxy.requests.length, used);
        assert.equal(gate.refused.length, 0);
    });

    test('two credentials: a new one that is refused later', async () => {
        const good = new Set(['old-token-1', 'new-token-1']);
        const gate = await party(Gate.start(target, { accepts: (token) => good.has(token) }));
        const app = await appAt(gate, { authScheme: 'TOKEN', token: 'old-token-1' });
        await somebody(app);
        const answer = await save(app, gate, { authScheme: 'TOKEN', token: 'unknown-token', rotate: true }, false);
        assert.equal(answer.status, 400, answer.text);
        assert.match(answer.text, /The credential in use was left as it is/);
        assert.equal((await shown(app)).rotation, undefined);

        let connection = await saved(app, gate, { authScheme: 'TOKEN', token: 'new-token-1', rotate: true });
        assert.equal(connection.rotation.status, 'TRYING');
        assert.equal(connection.rotation.previousKept, true);
        good.delete('new-token-1');
        await somebody(app);
        connection = await shown(app);
        assert.equal(connection.rotation.status, 'FELL_BACK');
        assert.equal(connection.rotation.previousKept, false);
        assert.match(connection.rotation.reason, /Unauthorized/);
        assert.doesNotMatch(JSON.stringify(connection), /token-1/);
        const mark = gate.requests.length;
        await somebody(app);
        assert.ok(gate.requests.slice(mark).every((each) => each.token === 'old-token-1'));
        const log = await muster.ask('GET', '/api/v1/logs?limit=1000&filter=eventType eq "muster.app.credential.fell_back"'.replace(/ /g, '%20').replace(/"/g, '%22'));
        assert.ok(log.some((each) => each.severity === 'WARN' && each.target.some((one) => one.id === app.id)));
    });

    test('two credentials: a new one that is taken, and the old one forgotten', async () => {
        const gate = await party(Gate.start(target, { accepts: (token) => /^(old|new)-token-2$/.test(token) }));
        const app = await appAt(gate, { authScheme: 'TOKEN', token: 'old-token-2' });
        const file = path.join(dir, 'new-token');
        fs.writeFileSync(file, 'new-token-2\n');
        const connect = await muster.cli(['app', 'connect', app.id, gate.baseUrl, '--secret-file', file, '--rotate']);
        assert.equal(connect.code, 0, connect.output);
        const early = await muster.cli(['app', 'forget-credential', app.id]);
        assert.notEqual(early.code, 0);
        assert.match(early.output, /not proven yet/);
        await somebody(app);
        assert.equal((await shown(app)).rotation.status, 'PROVEN');
        const forget = await muster.cli(['app', 'forget-credential', app.id]);
        assert.equal(forget.code, 0, forget.output);
        assert.equal((await shown(app)).rotation, undefined);
        await somebody(app);
        assert.equal(gate.refused.length, 0);
    });

    test('two credentials: a client secret that the token endpoint refuses later', async () => {
        const [old, fresh] = ['an-old-client-secret', 'a-fresh-client-secret'];
        const { tokens, gate } = await oauthGate({ secret: [old, fresh] });
        const used = (each) => Buffer.from(each.headers.authorization.slice('Basic '.length), 'base64').toString('utf8').split(':')[1];
        const app = await appAt(gate, oauth(tokens, { clientSecret: old }));
        await somebody(app);
        const wrong = await save(app, gate, oauth(tokens, { clientSecret: 'unknown-secret', rotate: true }), false);
        assert.equal(wrong.status, 400, wrong.text);
        assert.match(wrong.text, /The credential in use was left as it is/);
        assert.ok(!wrong.text.includes('unknown-secret'), 'the endpoint repeats it, and it is hidden');

        let connection = await saved(app, gate, oauth(tokens, { clientSecret: fresh, rotate: true }));
        assert.equal(connection.rotation.status, 'TRYING');
        tokens.secret = [old];
        tokens.revoke();
        let mark = tokens.requests.length;
        await somebody(app);
        assert.deepEqual(tokens.requests.slice(mark).map(used), [fresh, old], 'one try with each');
        connection = await shown(app);
        assert.equal(connection.rotation.status, 'FELL_BACK');
        assert.equal(connection.rotation.previousKept, false);
        for (const secret of [old, fresh]) assert.ok(!JSON.stringify(connection).includes(secret));
        assert.equal((await muster.ask('GET', `/api/v1/apps/${app.id}/sync?after=0`)).quarantine, undefined);

        tokens.secret = [old, fresh];
        await saved(app, gate, oauth(tokens, { clientSecret: fresh, rotate: true }));
        mark = tokens.requests.length;
        await somebody(app);
        assert.equal((await shown(app)).rotation.status, 'PROVEN');
        assert.deepEqual(tokens.requests.slice(mark).map(used), [fresh]);
        const forget = await muster.cli(['app', 'forget-credential', app.id]);
        assert.equal(forget.code, 0, forget.output);
        assert.equal((await shown(app)).rotation, undefined);
        tokens.secret = [fresh];
        tokens.revoke();
        mark = gate.requests.length;
        await somebody(app);
        assert.deepEqual(gate.requests.slice(mark).filter((each) => each.status === 401).length, 1, 'a revoked token is renewed once');
        for (const secret of [old, fresh]) neverSaw(gate, secret);
    });

    test('a credential that ends is warned of', async () => {
        const gate = await party(Gate.start(target, { accepts: (token) => token === 'ends-soon' }));
        const app = await org.app();
        const expires = new Date(Date.now() + 10 * DAY_MS).toISOString();
        const file = path.join(dir, 'ends-soon');
        fs.writeFileSync(file, 'ends-soon\n');
        const connect = await muster.cli(['app', 'connect', app.id, gate.baseUrl, '--secret-file', file, '--expires', expires]);
        assert.equal(connect.code, 0, connect.output);
        assert.deepEqual((await shown(app)).expiry, [{ what: 'CREDENTIAL', status: 'EXPIRING', expires }]);
        const ready = await request(muster.url, 'GET', '/readyz');
        assert.equal(ready.status, 200);
        assert.match(ready.json.warning, /of 1 apps end within 30 days/);
        const query = '/api/v1/logs?limit=100&filter=eventType%20eq%20%22muster.app.credential.expiring%22';
        await until('the system log warns', async () => (await muster.ask('GET', query)).some((each) => each.target[0].id === app.id));
        const warning = (await muster.ask('GET', query)).find((each) => each.target[0].id === app.id);
        assert.equal(warning.severity, 'WARN');
        assert.deepEqual(warning.debugContext.debugData, { what: 'CREDENTIAL', expires, days: 9 });
        await saved(app, gate, { authScheme: 'TOKEN', expires: null });
        assert.deepEqual((await shown(app)).expiry, []);
        assert.equal((await request(muster.url, 'GET', '/readyz')).json.warning, undefined);
    });

    test('the command line sets all of it', async () => {
        const tokens = await party(TokenServer.start({ clientId: CLIENT, secret: SECRET, tls: pki.server }));
        const gate = await party(Gate.start(target, { accepts: (token) => tokens.takes(token), tls: pki.server, clients: pki.clients }));
        const proxy = await party(Proxy.start());
        const app = await org.app();
        const file = path.join(dir, 'client-secret');
        fs.writeFileSync(file, `${SECRET}\n`);
        const options = ['--token-url', tokens.url, '--client-id', CLIENT, '--client-auth', 'post', '--scope', 'scim', '--secret-file', file];
        const way = ['--app-ca-file', pki.servers.cert, '--client-cert-file', pki.client.cert, '--client-key-file', pki.client.key];
        const through = ['--proxy', proxy.url, '--no-proxy', '127.0.0.2'];
        const connect = await muster.cli(['app', 'connect', app.id, gate.baseUrl, ...options, ...way, ...through]);
        assert.equal(connect.code, 0, connect.output);
        const { profile } = await shown(app);
        assert.equal(profile.clientAuth, 'CLIENT_SECRET_POST');
        assert.equal(profile.noProxy, '127.0.0.2');
        assert.ok(proxy.requests.some((each) => each.url === `127.0.0.1:${gate.port}`));
        const show = await muster.cli(['app', 'show', app.id, '--json']);
        assert.doesNotMatch(show.output, /PRIVATE KEY/);
        assert.ok(!show.output.includes(SECRET));
        const bad = await muster.cli(['app', 'connect', app.id, gate.baseUrl, '--client-id', CLIENT]);
        assert.notEqual(bad.code, 0);
        assert.match(bad.output, /--client-id goes with --token-url/);
        const none = await muster.cli(['app', 'connect', app.id, gate.baseUrl, '--token-url', tokens.url, '--proxy', 'none', '--no-proxy', 'none']);
        assert.equal(none.code, 0, none.output);
        assert.equal((await shown(app)).profile.proxy, undefined);
    });

    // After all of this: invariant 12.
    test('no secret is in any answer, in the log or in the journal', async () => {
        const texts = [];
        const apps = await muster.ask('GET', '/api/v1/apps?limit=200');
        for (const app of apps) {
            texts.push(await muster.ask('GET', at(app)), await muster.ask('GET', `/api/v1/apps/${app.id}/attempts`), app);
        }
        texts.push(await muster.ask('GET', '/api/v1/logs?limit=1000'));
        const all = JSON.stringify(texts);
        for (const secret of [SECRET, 'proxy-password', 'old-token', 'new-token', 'gate-token', 'ends-soon', 'access-', 'PRIVATE KEY']) {
            assert.ok(!all.includes(secret), secret);
        }
        assert.ok(all.includes(CLIENT), 'what is no secret is found');
    });
});
