// SPDX-License-Identifier: Apache-2.0
// `muster serve` itself: its files, its addresses, TLS, proxies, and how it ends.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const https = require('node:https');
const net = require('node:net');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { BIN, Muster, temporaryDirectory } = require('../lib/muster');
const { run } = require('../lib/program');
const { links } = require('../lib/http');

// Runs `muster serve` where it must refuse: its status and what it said.
function refused(args) {
    return run(BIN, ['serve', '--listen', '127.0.0.1:0', ...args]);
}

describe('serve', () => {
    let dir;

    before(() => {
        dir = temporaryDirectory();
    });
    after(() => fs.rmSync(dir, { recursive: true, force: true }));

    test('one process a data directory', async () => {
        const muster = await Muster.start();
        try {
            const second = await refused(muster.where);
            assert.equal(second.code, 6, second.output);
            assert.match(second.output, /another|in use|running/i);
        } finally {
            await muster.stop();
        }
    });

    test('the token is made once; a second start keeps it', async () => {
        const muster = await Muster.start();
        try {
            const file = path.join(muster.data, 'admin.token');
            const token = fs.readFileSync(file, 'utf8');
            assert.ok(!muster.program.output.includes(token.trim()), 'never shown');
            await muster.program.stop();
            fs.rmSync(file);
            await muster.startAgain();
            assert.ok(!fs.existsSync(file), 'not made a second time');
            assert.equal((await muster.call('GET', '/api/v1/users')).status, 200, 'and still good');
        } finally {
            await muster.stop();
        }
    });

    test('a wrong or missing key refuses to start and names the key', async () => {
        const muster = await Muster.start();
        const key = path.join(muster.data, 'muster.key');
        const saved = fs.readFileSync(key);
        await muster.program.stop();
        try {
            fs.rmSync(key);
            const missing = await refused(muster.where);
            assert.equal(missing.code, 7, missing.output);
            assert.match(missing.output, /muster\.key/);
            const other = await Muster.start();
            fs.copyFileSync(path.join(other.data, 'muster.key'), key);
            await other.stop();
            const wrong = await refused(muster.where);
            assert.equal(wrong.code, 7, wrong.output);
            assert.match(wrong.output, /key/);
            fs.writeFileSync(key, 'nonsense');
            assert.equal((await refused(muster.where)).code, 7);
            fs.writeFileSync(key, saved);
            await muster.startAgain();
        } finally {
            await muster.stop();
        }
    });

    test('a store that is none', async () => {
        const data = path.join(dir, 'broken');
        fs.mkdirSync(data, { mode: 0o700 });
        fs.writeFileSync(path.join(data, 'muster.db'), 'this is not a database'.repeat(500));
        const answer = await refused(['--data', data]);
        assert.notEqual(answer.code, 0);
        assert.equal(answer.signal, null, answer.output);
    });

    test('beyond loopback only with TLS or behind a proxy', async () => {
        const open = await run(BIN, ['serve', '--data', path.join(dir, 'open'), '--listen', '0.0.0.0:0']);
        assert.equal(open.code, 2, open.output);
        assert.match(open.output, /TLS|--tls-cert/);
        const word = await run(BIN, ['serve', '--data', path.join(dir, 'word'), '--lisen', 'x']);
        assert.equal(word.code, 2);
        assert.match(word.output, /--listen/, 'names the nearest option');
    });

    test('a port that is taken', async () => {
        const muster = await Muster.start();
        try {
            const answer = await run(BIN, ['serve', '--data', path.join(dir, 'taken'), '--listen', new URL(muster.url).host]);
            assert.notEqual(answer.code, 0);
            assert.match(answer.output, new RegExp(new URL(muster.url).port));
        } finally {
            await muster.stop();
        }
    });

    test('TLS', async () => {
        const [key, cert] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')];
        execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
        const muster = await Muster.start({ args: ['--tls-cert', cert, '--tls-key', key] });
        try {
            assert.match(muster.url, /^https:/);
            const answer = await new Promise((resolve, reject) => {
                const { port } = new URL(muster.url);
                https
                    .get({ host: '127.0.0.1', port, path: '/.well-known/okta-organization', ca: fs.readFileSync(cert) }, (res) => {
                        let text = '';
                        res.on('data', (part) => (text += part)).on('end', () => resolve(JSON.parse(text)));
                    })
                    .on('error', reject);
            });
            assert.equal(answer._links.organization.href, muster.url);
        } finally {
            await muster.stop();
        }
        const half = await refused(['--data', path.join(dir, 'half'), '--tls-cert', cert]);
        assert.equal(half.code, 2);
    });

    test('--external-url makes all links', async () => {
        const muster = await Muster.start({ args: ['--external-url', 'https://muster.example.com/path'] });
        try {
            for (let i = 0; i < 3; i++) await muster.ask('POST', '/api/v1/groups', { profile: { name: `Linked ${i}` } });
            const answer = await muster.call('GET', '/api/v1/groups?limit=1');
            assert.match(links(answer).next, /^https:\/\/muster\.example\.com\/path\/api\/v1\/groups\?/);
            assert.match(answer.json[0]._links.users.href, /^https:\/\/muster\.example\.com\/path\//);
        } finally {
            await muster.stop();
        }
    });

    test('X-Forwarded-* is believed from the named proxy alone', async () => {
        const headers = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'front.example' };
        const self = async (args) => {
            const muster = await Muster.start({ args });
            try {
                return links(await muster.call('GET', '/api/v1/groups', { headers })).self;
            } finally {
                await muster.stop();
            }
        };
        assert.match(await self(['--behind-proxy', '127.0.0.0/8']), /^https:\/\/front\.example\/api\/v1\/groups/);
        assert.match(await self([]), /^http:\/\/127\.0\.0\.1:/);
        assert.match(await self(['--behind-proxy', '10.0.0.0/8']), /^http:\/\/127\.0\.0\.1:/);
    });

    test('SIGTERM with calls that wait and connections that say nothing: ends cleanly, and waits for neither', async () => {
        const muster = await Muster.start();
        const app = await muster.ask('POST', '/api/v1/apps', { name: 'scim2', label: 'Waited for', signOnMode: 'AUTO_LOGIN' });
        const group = await muster.ask('POST', '/api/v1/groups', { profile: { name: 'Never pushed' } });
        await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, { sourceGroupId: group.id, targetGroupName: 'x' });
        const { port } = new URL(muster.url);
        const silent = net.connect(Number(port), '127.0.0.1');
        silent.on('error', () => {});
        const waiting = muster.call('GET', `/api/v1/apps/${app.id}/sync?wait=50s`).catch((error) => ({ error }));
        await new Promise((resolve) => setTimeout(resolve, 300));
        await muster.stop();
        silent.destroy();
        const answer = await waiting;
        assert.ok(answer.error || answer.json.done === false || answer.status === 503, JSON.stringify(answer).slice(0, 200));
    });
});
