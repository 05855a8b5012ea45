// SPDX-License-Identifier: Apache-2.0
// Signing in to the console: the first link, passwords, cookies, roles, what pages of others may not do, the stream.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { Muster } = require('../lib/muster');

const PASSWORD = 'correct horse battery staple';
const ADA = { name: 'Ada Lovelace', email: 'ada@example.com' };

let muster;
before(async () => {
    muster = await Muster.start();
});
after(async () => {
    await muster.stop();
});

const linkFile = () => path.join(muster.data, 'first-administrator.link');
const secretOf = (link) => link.trim().split('/welcome#')[1];

// What a browser keeps of a sign-in.
class Browser {
    take(answer) {
        const line = answer.headers['set-cookie'][0];
        this.line = line;
        this.cookie = line.split(';')[0];
        this.csrf = answer.json.csrf;
        this.id = answer.json.id;
        return this;
    }

    call(method, path_, { body, headers = {}, csrf = this.csrf } = {}) {
        const known = csrf ? { 'X-Muster-Csrf': csrf } : {};
        return muster.call(method, path_, { token: null, body, headers: { Cookie: `other=1; ${this.cookie}`, ...known, ...headers } });
    }
}

const post = (path_, body, headers = {}) => muster.call('POST', path_, { token: null, body, headers });
const signIn = (email, password = PASSWORD) => post('/api/v1/session', { email, password });

const logged = (type) => muster.ask('GET', `/api/v1/logs?filter=${encodeURIComponent(`eventType eq "${type}"`)}`);

async function signedIn(email, password) {
    const answer = await signIn(email, password);
    assert.equal(answer.status, 200, answer.text);
    return new Browser().take(answer);
}

async function invited(role, email) {
    const answer = await muster.ask('POST', '/api/v1/administrators', { name: `The ${role}`, email, role });
    assert.equal(answer.status, 'INVITED');
    const claimed = await post('/api/v1/session/claim', { token: secretOf(answer.link), password: PASSWORD });
    assert.equal(claimed.status, 200, claimed.text);
    return new Browser().take(claimed);
}

function refused(answer, status, code, words) {
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.errorCode, code);
    assert.match(JSON.stringify(answer.json.errorCauses), words);
}

test('the first administrator: a link in a file that only its owner reads, used once', async () => {
    assert.equal(fs.statSync(linkFile()).mode & 0o777, 0o600);
    const link = fs.readFileSync(linkFile(), 'utf8');
    assert.ok(link.startsWith(`${muster.url}/welcome#`));
    assert.ok(!muster.program.output.includes(secretOf(link)), 'not printed to what is no terminal');
    assert.match(muster.program.output, /nobody can sign in to the console yet: open the link in the file/);

    const token = secretOf(link);
    refused(await post('/api/v1/session/claim', { ...ADA, token, password: 'short' }), 400, 'E0000001', /password: Give 12 to 72/);
    refused(await post('/api/v1/session/claim', { ...ADA, token: 'musterl_wrong', password: PASSWORD }), 400, 'E0000001', /token: The link was used/);
    refused(await post('/api/v1/session/claim', { name: 'Ada', token, password: PASSWORD }), 400, 'E0000001', /email:/);
    assert.ok(fs.existsSync(linkFile()), 'kept while nobody can sign in');
    const claimed = await post('/api/v1/session/claim', { ...ADA, token, password: PASSWORD });
    assert.equal(claimed.status, 200, claimed.text);
    assert.equal(fs.existsSync(linkFile()), false, 'a link that was used stays nowhere');
    assert.equal(claimed.json.role, 'ADMIN');
    const browser = new Browser().take(claimed);
    assert.match(browser.line, /; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    refused(await post('/api/v1/session/claim', { ...ADA, token, password: PASSWORD }), 400, 'E0000001', /token: The link was used/);

    const session = await browser.call('GET', '/api/v1/session');
    assert.equal(session.status, 200, session.text);
    assert.equal(session.json.email, ADA.email);
    assert.equal(session.json.csrf, browser.csrf);
    assert.equal(session.headers['set-cookie'], undefined);

    await muster.program.stop();
    await muster.startAgain();
    assert.ok(!fs.existsSync(linkFile()), 'no link while somebody can sign in');
    assert.equal((await browser.call('GET', '/api/v1/session')).status, 200, 'a restart ends no session');
});

test('signing in and out', async () => {
    const browser = await signedIn('ADA@example.com');
    assert.equal((await browser.call('GET', '/api/v1/users')).status, 200);
    const other = await signedIn(ADA.email);
    assert.equal((await browser.call('DELETE', '/api/v1/session')).status, 204);
    refused(await browser.call('GET', '/api/v1/users'), 401, 'E0000011', /\[\]/);
    assert.equal((await other.call('GET', '/api/v1/users')).status, 200);

    const events = await logged('user.session.end');
    assert.equal(events.length, 1);
    assert.equal(events[0].actor.alternateId ?? events[0].actor.displayName, ADA.email);
});

test('wrong passwords are refused alike, logged, and slowed down', async () => {
    await invited('READ_ONLY', 'slow@example.com');
    const wrong = await signIn('slow@example.com', 'not it, not it');
    const nobody = await signIn('nobody@example.com', 'not it, not it');
    for (const answer of [wrong, nobody]) {
        refused(answer, 401, 'E0000004', /e-mail address or the password is wrong/);
        assert.equal(answer.headers['set-cookie'], undefined);
    }
    for (let i = 0; i < 4; i++) refused(await signIn('slow@example.com', `guess number ${i}`), 401, 'E0000004', /wrong/);
    refused(await signIn('slow@example.com'), 429, 'E0000047', /wait 5 minutes/);
    assert.equal((await signIn(ADA.email)).status, 200, 'others do not wait');

    const failures = (await logged('user.session.start')).filter(
        (event) => event.outcome.result === 'FAILURE',
    );
    assert.equal(failures.length, 6);
    assert.ok(failures.every((event) => event.outcome.reason === 'INVALID_CREDENTIALS'));
    refused(await post('/api/v1/session', { email: ADA.email }), 400, 'E0000001', /password: The field cannot be left blank/);
    refused(await post('/api/v1/session', undefined), 400, 'E0000003', /JSON object/);
});

test('many guesses at once are no way around that', async () => {
    await invited('READ_ONLY', 'many@example.com');
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => signIn('many@example.com', `guess number ${i}`)));
    const count = (status) => answers.filter((answer) => answer.status === status).length;
    assert.equal(count(401), 5);
    assert.equal(count(429), 7);
});

test('what changes something has to come from a page of ours', async () => {
    const browser = await signedIn(ADA.email);
    const group = { profile: { name: 'Made by clicks' } };
    refused(await browser.call('POST', '/api/v1/groups', { body: group, csrf: null }), 403, 'E0000006', /X-Muster-Csrf/);
    const other = await signedIn(ADA.email);
    refused(await browser.call('POST', '/api/v1/groups', { body: group, csrf: other.csrf }), 403, 'E0000006', /X-Muster-Csrf/);
    refused(
        await browser.call('POST', '/api/v1/groups', { body: group, headers: { 'Sec-Fetch-Site': 'cross-site' } }),
        403,
        'E0000006',
        /another site/,
    );
    refused(await post('/api/v1/session', { email: ADA.email, password: PASSWORD }, { 'Sec-Fetch-Site': 'same-site' }), 403, 'E0000006', /another site/);
    const made = await browser.call('POST', '/api/v1/groups', { body: group, headers: { 'Sec-Fetch-Site': 'same-origin' } });
    assert.equal(made.status, 200, made.text);
    const [event] = await logged('group.lifecycle.create');
    assert.equal(event.actor.id, browser.id);

    // A token needs none of it, and a cookie of somebody else's does not weaken it.
    const answer = await muster.call('POST', '/api/v1/groups', { body: { profile: { name: 'By token' } }, headers: { Cookie: browser.cookie } });
    assert.equal(answer.status, 200, answer.text);
});

test('roles: what somebody may do', async () => {
    const reader = await invited('READ_ONLY', 'reader@example.com');
    const operator = await invited('OPERATOR', 'operator@example.com');
    const group = (name) => ({ body: { profile: { name } } });
    assert.equal((await reader.call('GET', '/api/v1/groups')).status, 200);
    refused(await reader.call('POST', '/api/v1/groups', group('no')), 403, 'E0000006', /an administrator with the role OPERATOR/);
    assert.equal((await operator.call('POST', '/api/v1/groups', group('yes'))).status, 200);
    refused(await operator.call('GET', '/api/v1/administrators'), 403, 'E0000006', /role ADMIN/);
    refused(await operator.call('GET', '/api/v1/api-tokens'), 403, 'E0000006', /role ADMIN/);

    const change = { name: 'Reader', email: 'reader@example.com', role: 'OPERATOR' };
    const changed = await muster.ask('PUT', `/api/v1/administrators/${reader.id}`, change);
    assert.equal(changed.role, 'OPERATOR');
    assert.equal((await reader.call('POST', '/api/v1/groups', group('now'))).status, 200, 'a role counts at once');
    assert.equal((await muster.call('DELETE', `/api/v1/administrators/${reader.id}`)).status, 204);
    assert.equal((await reader.call('GET', '/api/v1/groups')).status, 401);
    refused(await muster.call('GET', `/api/v1/administrators/${reader.id}`), 404, 'E0000007', /\[\]/);
});

test('administrators: bad input, the last one, the list page by page', async () => {
    const { id } = (await signedIn(ADA.email)) || {};
    const at = `/api/v1/administrators/${id}`;
    refused(await muster.call('DELETE', at), 400, 'E0000001', /last administrator with the role ADMIN/);
    refused(await muster.call('PUT', at, { body: { ...ADA, role: 'OPERATOR' } }), 400, 'E0000001', /last administrator/);
    refused(await muster.call('PUT', at, { body: { ...ADA, role: 'KING' } }), 400, 'E0000001', /role: The value must be/);
    refused(await muster.call('POST', '/api/v1/administrators', { body: { ...ADA, role: 'ADMIN' } }), 400, 'E0000001', /has this address/);
    refused(await muster.call('POST', '/api/v1/administrators', { body: { ...ADA, role: 'ADMIN', password: 'x' } }), 400, 'E0000001', /password:/);

    const all = await muster.ask('GET', '/api/v1/administrators');
    assert.ok(all.length >= 3);
    assert.ok(all.every((each) => !JSON.stringify(each).includes('argon2') && each.link === undefined));
    const seen = [];
    for (let url = '/api/v1/administrators?limit=2'; url; ) {
        const page = await muster.call('GET', url);
        seen.push(...page.json.map((each) => each.id));
        const next = /<([^>]+)>; rel="next"/.exec([].concat(page.headers.link).join(', '));
        url = next && next[1].replace(muster.url, '');
    }
    assert.deepEqual(seen, all.map((each) => each.id));
});

test('another password ends the other sessions', async () => {
    const mine = await invited('OPERATOR', 'mine@example.com');
    const elsewhere = await signedIn('mine@example.com');
    refused(
        await mine.call('POST', '/api/v1/session/password', { body: { currentPassword: 'not it at all', newPassword: 'another long password' } }),
        401,
        'E0000004',
        /wrong/,
    );
    refused(
        await mine.call('POST', '/api/v1/session/password', { body: { currentPassword: PASSWORD, newPassword: 'short' } }),
        400,
        'E0000001',
        /newPassword: Give 12/,
    );
    const changed = await mine.call('POST', '/api/v1/session/password', {
        body: { currentPassword: PASSWORD, newPassword: 'another long password' },
    });
    assert.equal(changed.status, 200, changed.text);
    assert.equal((await elsewhere.call('GET', '/api/v1/session')).status, 401);
    assert.equal((await mine.call('GET', '/api/v1/session')).status, 401);
    assert.equal((await new Browser().take(changed).call('GET', '/api/v1/session')).status, 200);
    assert.equal((await signIn('mine@example.com', 'another long password')).status, 200);
    refused(await muster.call('GET', '/api/v1/session'), 403, 'E0000005', /made with a token/);

    // A link of an administrator: the old password works until it is used.
    const { link } = await muster.ask('POST', `/api/v1/administrators/${mine.id}/reset`);
    assert.equal((await signIn('mine@example.com', 'another long password')).status, 200);
    const claimed = await post('/api/v1/session/claim', { token: secretOf(link), password: PASSWORD });
    assert.equal(claimed.json.id, mine.id);
    refused(await signIn('mine@example.com', 'another long password'), 401, 'E0000004', /wrong/);
});

test('the stream tells of a commit, once', async () => {
    const browser = await signedIn(ADA.email);
    const stream = (id) => browser.call('GET', '/api/v1/stream', { headers: id ? { 'Last-Event-ID': id } : {}, timeout: 20000 });
    const first = await stream();
    assert.equal(first.status, 200, first.text);
    assert.match(first.headers['content-type'], /^text\/event-stream/);
    assert.match(first.text, /^retry: \d+\nevent: change\nid: (\S+)\ndata: {}\n\n$/);
    let [, id] = /id: (\S+)/.exec(first.text);
    // Nothing else is going on here: the next answer is due to the group.
    const waiting = stream(id);
    const made = await muster.call('POST', '/api/v1/groups', { body: { profile: { name: 'Seen live' } } });
    assert.equal(made.status, 200, made.text);
    const second = await waiting;
    assert.match(second.text, /event: change/);
    assert.notEqual(/id: (\S+)/.exec(second.text)[1], id);
    // What came while nobody listened is told at once.
    [, id] = /id: (\S+)/.exec((await stream(id)).text);
    await muster.ask('POST', '/api/v1/groups', { profile: { name: 'Seen later' } });
    assert.match((await stream(id)).text, /event: change/);
    assert.equal((await muster.call('GET', '/api/v1/stream', { token: null })).status, 401);
});

test('the stream goes on from where the session was read: nothing is told twice, nothing is left out', async () => {
    const browser = await signedIn(ADA.email);
    const { stream } = (await browser.call('GET', '/api/v1/session')).json;
    let answered = false;
    const waiting = browser.call('GET', `/api/v1/stream?after=${stream}`, { timeout: 20000 }).then((answer) => {
        answered = true;
        return answer;
    });
    // A call that is made and answered after it: it would have been answered by now.
    await browser.call('GET', '/api/v1/session');
    assert.equal(answered, false);
    await muster.ask('POST', '/api/v1/groups', { profile: { name: 'Seen from the session on' } });
    assert.match((await waiting).text, /event: change/);
    // The header, which tells of a later one, is what counts.
    const [, id] = /id: (\S+)/.exec((await browser.call('GET', `/api/v1/stream?after=${stream}`)).text);
    await muster.ask('POST', '/api/v1/groups', { profile: { name: 'Seen after that' } });
    const { text } = await browser.call('GET', `/api/v1/stream?after=${id}`, { headers: { 'Last-Event-ID': stream } });
    assert.match(text, /event: change/);
});

test('muster admin reset: without a server', async () => {
    await muster.program.stop();
    try {
        const reset = (...args) => muster.cli(['admin', 'reset', ...muster.where, ...args]);
        const none = await reset();
        assert.equal(none.code, 2);
        assert.match(none.output, /name whose password is to be set with --email/);
        const bad = await reset('--email', 'nonsense');
        assert.equal(bad.code, 2);
        assert.match(bad.output, /email: Give one address/);
        const made = await reset('--email', 'rescue@example.com', '--url', 'https://muster.example.com/');
        assert.equal(made.code, 0, made.output);
        const [, secret] = /https:\/\/muster\.example\.com\/welcome#(\S+)/.exec(made.output);
        await muster.startAgain();
        const claimed = await post('/api/v1/session/claim', { token: secret, password: PASSWORD });
        assert.equal(claimed.status, 200, claimed.text);
        assert.equal(claimed.json.role, 'ADMIN');
        assert.equal(claimed.json.email, 'rescue@example.com');
        const busy = await reset('--email', ADA.email);
        if (!process.env.MUSTER_TEST_DATABASE) assert.equal(busy.code, 6, busy.output);
    } finally {
        if (muster.program.child.exitCode !== null) await muster.startAgain();
    }
});
